/* What is asked over a session, and its answers awaited: hub_session.h. */
#include "hub_session_private.h"

#include <stdio.h>
#include <time.h>

#include "core/limits.h"
#include "print.h"

/* While another decision is written down, for milliseconds, one asks again by oneself: so often, each time after a longer pause. */
#define BUSY_TRIES 6u
#define BUSY_PAUSE_MS 50u
/* A change that came first is told when it is durable: asked for so often. */
#define OVERTAKEN_TRIES 20u

/* NONE, or why the broker would not. */
struct answer {
	enum consign_code code;
	char detail[CONSIGN_TEXT_MAX_BYTES + 1];
};

static void
rest(unsigned ms)
{
	const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)nanosleep(&pause, NULL);
}

static enum consign_err
await_done(struct hub_session *s, struct answer *ret_answer)
{
	struct session_command *answer;

	for (;;) {
		enum consign_err err = hub_session_next(s, false, &answer);

		if (err != CONSIGN_OK)
			return err;
		if (answer->done == NULL || answer->done->request != s->requests)
			continue; /* a welcome, or what an earlier question left behind */
		ret_answer->code = (enum consign_code)answer->done->code;
		snprintf(ret_answer->detail, sizeof ret_answer->detail, "%.*s", (int)answer->done->detail.len,
		    (const char *)answer->done->detail.data);
		return CONSIGN_OK;
	}
}

static enum consign_err
send_and_wait(struct hub_session *s, const struct session_command *command, struct answer *ret_answer)
{
	enum consign_err err = hub_session_send(s, command);

	if (err != CONSIGN_OK)
		return err;
	err = await_done(s, ret_answer);
	if ((err == CONSIGN_E_UNREACHABLE || err == CONSIGN_E_TIMEOUT) && s->options.party == PARTY_ADMIN)
		say_hint("the broker may have taken it before the answer was lost: `consign status` and `consign proposal list` show what there is");
	return err;
}

static enum consign_err
say_answer(const struct hub_session *s, const struct answer *a)
{
	if (a->code == CONSIGN_CODE_NONE)
		return CONSIGN_OK;
	say_error("the broker refused: %s%s%s", consign_code_text(a->code), a->detail[0] != '\0' ? ": " : "", a->detail);
	if (a->code == CONSIGN_CODE_TRY_LATER && s->options.party == PARTY_ADMIN)
		say_hint("nothing was changed: run the same command again in a moment");
	return CONSIGN_E_DENIED;
}

static enum consign_err
ask(struct hub_session *s, const struct session_command *command)
{
	struct answer a;
	enum consign_err err = send_and_wait(s, command, &a);

	return err == CONSIGN_OK ? say_answer(s, &a) : err;
}

/* Of a proposal or a decision; request is its number, which each try has anew. */
static enum consign_err
ask_when_free(struct hub_session *s, const struct session_command *command, uint64_t *request, struct answer *ret_answer)
{
	enum consign_err err = CONSIGN_OK;

	for (unsigned n = 1; err == CONSIGN_OK; n++) {
		*request = ++s->requests;
		err = send_and_wait(s, command, ret_answer);
		if (ret_answer->code != CONSIGN_CODE_TRY_LATER || n == BUSY_TRIES)
			break;
		rest(n * BUSY_PAUSE_MS);
	}
	return err;
}

/* A broker drops who fetches more than CONSIGN_FETCHES_PER_SECOND: whoever needs many takes half of that. */
static void
pace_fetches(struct hub_session *s)
{
	if (++s->fetches % (CONSIGN_FETCHES_PER_SECOND / 2) == 0)
		rest(1000);
}

enum consign_err
hub_session_invite(struct hub_session *s, struct invite_notice *notice)
{
	struct session_invite invite = {.request = ++s->requests, .notice = notice};

	return ask(s, &(struct session_command){.invite = &invite});
}

enum consign_err
hub_session_join(struct hub_session *s, struct join_request *join)
{
	struct session_join command = {.request = ++s->requests, .join = join};

	return ask(s, &(struct session_command){.join = &command});
}

static bool
holds(const struct hub *hub, const struct root *root)
{
	return (root->policy == NULL || hub_policy_at(hub, root->policy->version) != NULL) &&
	    (root->directory == NULL || hub_directory_at(hub, root->directory->version) != NULL);
}

/* What the broker said before its pong has been dealt with then. */
static enum consign_err
ping_and_wait(struct hub_session *s)
{
	struct session_ping ping = {.at_us = ++s->requests};
	struct session_command *answer;

	s->pong_us = 0;
	s->awaits_pong = true;
	enum consign_err err = hub_session_send(s, &(struct session_command){.ping = &ping});

	while (err == CONSIGN_OK && s->pong_us != ping.at_us)
		err = hub_session_next(s, false, &answer);
	s->awaits_pong = false;
	return err;
}

/* A fetch that finds nothing has no answer: the pong behind it tells that there will be none. */
static enum consign_err
fetch_and_wait(struct hub_session *s, uint64_t version)
{
	struct session_fetch fetch = {.root_version = version};

	pace_fetches(s);
	enum consign_err err = hub_session_send(s, &(struct session_command){.fetch = &fetch});

	return err == CONSIGN_OK ? ping_and_wait(s) : err;
}

enum consign_err
hub_session_fetch_root(struct hub_session *s, uint64_t version)
{
	const struct hub_root *root = hub_root_at(s->hub, version);

	if (root == NULL)
		return say_fail(CONSIGN_E_NOT_FOUND, "this hub has no root %llu", (unsigned long long)version);
	if (holds(s->hub, root->root))
		return CONSIGN_OK;
	enum consign_err err = fetch_and_wait(s, version);

	if (err != CONSIGN_OK || holds(s->hub, root->root))
		return err;
	say_error("the broker does not hold the documents of root %llu any more", (unsigned long long)version);
	say_hint("a broker keeps the newest %u versions at hand; older ones are in its store and its backups", HUB_VERSIONS_KEPT);
	return CONSIGN_E_NOT_FOUND;
}

/*
 * A change that was made for a root version which the broker has another root for by now. Whether that is another change that came first
 * or a second history is not believed but seen: the root that took its place follows those verified here, or is refused.
 */
static enum consign_err
say_change_answer(struct hub_session *s, const struct answer *a, uint64_t root_version)
{
	enum consign_err err = CONSIGN_OK;

	if (a->code != CONSIGN_CODE_CHAIN_BROKEN && a->code != CONSIGN_CODE_STALE_DOCUMENT)
		return say_answer(s, a);
	for (unsigned n = 0; err == CONSIGN_OK && hub_root(s->hub)->root->version < root_version && n < OVERTAKEN_TRIES; n++) {
		if (n > 0)
			rest(BUSY_PAUSE_MS);
		err = ping_and_wait(s);
	}
	if (err != CONSIGN_OK || hub_root(s->hub)->root->version < root_version)
		return say_answer(s, a);
	say_error("another change came into force first, as root %llu: this one was made before it, and changed nothing",
		    (unsigned long long)root_version);
	say_hint("run the same command again: it starts from what holds now");
	return CONSIGN_E_CONFLICT;
}

enum consign_err
hub_session_publish(struct hub_session *s, struct session_documents *documents, uint64_t root_version)
{
	struct session_publish publish = {.documents = documents, .request = ++s->requests};
	struct answer a;
	enum consign_err err = send_and_wait(s, &(struct session_command){.publish = &publish}, &a);

	return err == CONSIGN_OK ? say_change_answer(s, &a, root_version) : err;
}

enum consign_err
hub_session_propose(
    struct hub_session *s, struct signed_document *proposal, struct session_documents *documents, uint64_t root_version)
{
	struct session_propose propose = {.proposal = proposal, .documents = documents};
	struct answer a = {0};
	enum consign_err err = ask_when_free(s, &(struct session_command){.propose = &propose}, &propose.request, &a);

	if (err != CONSIGN_OK)
		return err;
	err = say_change_answer(s, &a, root_version);
	if (a.code == CONSIGN_CODE_QUOTA)
		say_hint("take one back: consign proposal withdraw ID, or wait until the others have decided; "
			 "`consign proposal list --open` shows them");
	return err;
}

enum consign_err
hub_session_decide(struct hub_session *s, struct signed_document *decision)
{
	struct session_decide decide = {.decision = decision};
	struct answer a = {0};
	enum consign_err err = ask_when_free(s, &(struct session_command){.decide = &decide}, &decide.request, &a);

	return err == CONSIGN_OK ? say_answer(s, &a) : err;
}

/* The question was sent; the next command that answers it, which `is_answer` knows. Lends until the next call. */
static enum consign_err
await_answer(struct hub_session *s, bool (*is_answer)(const struct session_command *command, uint64_t request), struct session_command **ret_answer)
{
	for (;;) {
		enum consign_err err = hub_session_next(s, false, ret_answer);

		if (err != CONSIGN_OK)
			return err;
		if (is_answer(*ret_answer, s->requests))
			return CONSIGN_OK;
		const struct session_done *done = (*ret_answer)->done;

		if (done != NULL && done->request == s->requests)
			return say_fail(CONSIGN_E_DENIED, "the broker refused: %s%s%.*s", consign_code_text((enum consign_code)done->code),
			    done->detail.len > 0 ? ": " : "", (int)done->detail.len, (const char *)done->detail.data);
	}
}

static bool
is_proposals(const struct session_command *c, uint64_t request)
{
	return c->proposals_reply != NULL && c->proposals_reply->request == request;
}

enum consign_err
hub_session_proposals(struct hub_session *s, const struct consign_hash *id, const struct session_proposals_reply **ret_reply)
{
	struct session_proposals_query query = {.request = ++s->requests};
	struct session_command *answer;

	if (id != NULL)
		query.id = SLICE_ARRAY(id->b);
	enum consign_err err = hub_session_send(s, &(struct session_command){.proposals_query = &query});

	if (err == CONSIGN_OK)
		err = await_answer(s, is_proposals, &answer);
	if (err == CONSIGN_OK)
		*ret_reply = answer->proposals_reply;
	return err;
}

static bool
is_traffic(const struct session_command *c, uint64_t request)
{
	return c->traffic_reply != NULL && c->traffic_reply->request == request;
}

enum consign_err
hub_session_traffic(struct hub_session *s, uint64_t since_us, uint64_t from_leaf, const struct consign_id *id,
    const struct session_traffic_reply **ret_reply)
{
	struct session_traffic_query query = {.request = ++s->requests, .since_us = since_us, .from_leaf = from_leaf};
	struct session_command *answer;

	if (id != NULL)
		query.consignment_id = SLICE_ARRAY(id->b);
	enum consign_err err = hub_session_send(s, &(struct session_command){.traffic_query = &query});

	if (err == CONSIGN_OK)
		err = await_answer(s, is_traffic, &answer);
	if (err == CONSIGN_OK)
		*ret_reply = answer->traffic_reply;
	return err;
}

static bool
is_quotas(const struct session_command *c, uint64_t request)
{
	return c->quotas_reply != NULL && c->quotas_reply->request == request;
}

enum consign_err
hub_session_quotas(
    struct hub_session *s, const char *org, const char *study, uint32_t from, const struct session_quotas_reply **ret_reply)
{
	struct session_quotas_query query = {.request = ++s->requests, .from = from};
	struct session_command *answer;

	snprintf(query.org, sizeof query.org, "%s", org);
	snprintf(query.study, sizeof query.study, "%s", study);
	enum consign_err err = hub_session_send(s, &(struct session_command){.quotas_query = &query});

	if (err == CONSIGN_OK)
		err = await_answer(s, is_quotas, &answer);
	if (err == CONSIGN_OK)
		*ret_reply = answer->quotas_reply;
	return err;
}

static bool
is_joins(const struct session_command *c, uint64_t request)
{
	return c->joins_reply != NULL && c->joins_reply->request == request;
}

enum consign_err
hub_session_joins(struct hub_session *s, const char *org, const struct session_joins_reply **ret_reply)
{
	struct session_joins_query query = {.request = ++s->requests};
	struct session_command *answer;

	snprintf(query.org, sizeof query.org, "%s", org);
	enum consign_err err = hub_session_send(s, &(struct session_command){.joins_query = &query});

	if (err == CONSIGN_OK)
		err = await_answer(s, is_joins, &answer);
	if (err == CONSIGN_OK)
		*ret_reply = answer->joins_reply;
	return err;
}

enum consign_err
hub_session_root(struct hub_session *s, uint64_t root_version)
{
	const struct hub_root *root = hub_root_at(s->hub, root_version);
	struct session_fetch fetch = {.root_version = root_version};
	struct session_command *answer;

	if (root == NULL || root->root->directory == NULL)
		return say_fail(CONSIGN_E_NOT_FOUND, "there is no root %llu with a directory", (unsigned long long)root_version);
	enum consign_err err = hub_session_send(s, &(struct session_command){.fetch = &fetch});

	/* What comes first may be news that were on their way. */
	while (err == CONSIGN_OK && (hub_directory_at(s->hub, root->root->directory->version) == NULL
	                             || hub_policy_at(s->hub, root->root->policy->version) == NULL))
		err = hub_session_next(s, true, &answer);
	return err;
}

static void
on_interrupt(void *context)
{
	struct hub_session *s = context;

	s->is_interrupted = true;
	loop_stop(s->loop);
}

static void
on_second(void *context)
{
	struct hub_session *s = context;

	if (!s->each_second(s->tick_context))
		on_interrupt(s);
}

static bool
is_events(const struct session_command *c, uint64_t request)
{
	return c->admin_events != NULL && c->admin_events->request == request;
}

enum consign_err
hub_session_watch(struct hub_session *s, struct session_admin_watch *question, int interrupt, hub_session_tick *each_second,
    void *context, const struct session_admin_events **ret_events)
{
	struct session_command *answer = NULL;
	int timer = -1;

	question->request = ++s->requests;
	s->options.is_quiet = true; /* that the broker goes is for the caller to say */
	s->each_second = each_second;
	s->tick_context = context;
	enum consign_err err = loop_watch(s->loop, interrupt, LOOP_READ, on_interrupt, s);

	if (err == CONSIGN_OK)
		err = loop_every(s->loop, 1000, on_second, s, &timer);
	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	s->is_patient = true;
	err = hub_session_send(s, &(struct session_command){.admin_watch = question});
	if (err == CONSIGN_OK)
		err = await_answer(s, is_events, &answer);
	s->is_patient = false;
	loop_cancel(s->loop, timer);
	loop_unwatch(s->loop, interrupt);
	if (s->is_interrupted)
		err = CONSIGN_OK;
	if (err == CONSIGN_OK)
		*ret_events = answer == NULL ? NULL : answer->admin_events;
	return err;
}
