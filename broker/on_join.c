/*
 * Joining: an administrator's invite, a company's request, an administrator's question for requests. The broker holds a
 * hash of the token only, so it cannot make a request of its own (design 6).
 */
#include "broker.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "watching.h"

struct admin_act {
	struct store_entry entry; /* first */
	struct broker *broker;
	uint64_t session;
	uint64_t request;
	struct invited *invited; /* made now; joins the list when durable */
	struct consign_org org;
};

static struct invited *
find_invited(struct broker *b, const char *org)
{
	for (struct invited *i = b->invited; i != NULL; i = i->next)
		if (strcmp(i->notice.org.s, org) == 0)
			return i;
	return NULL;
}

static void
free_invited(struct invited *i)
{
	if (i == NULL)
		return;
	buf_clear(&i->request);
	free(i);
}

/* Replaces an earlier invite of the same org: a new invite makes the old one useless. */
static void
adopt_invited(struct broker *b, struct invited *i)
{
	for (struct invited **at = &b->invited; *at != NULL; at = &(*at)->next)
		if (strcmp((*at)->notice.org.s, i->notice.org.s) == 0) {
			struct invited *old = *at;

			*at = old->next;
			free_invited(old);
			break;
		}
	i->next = b->invited;
	b->invited = i;
}

static void
act_done(struct commit_job *job, enum consign_err err)
{
	struct admin_act *a = (struct admin_act *)job;
	struct broker *b = a->broker;
	struct session *s = sessions_by_number(b->sessions, a->session);

	broker_done(b, &a->entry, err);
	if (err == CONSIGN_OK && a->invited != NULL) {
		adopt_invited(b, a->invited);
		a->invited = NULL;
	}
	if (err == CONSIGN_OK && a->entry.join.len > 0) {
		struct invited *i = find_invited(b, a->org.s);

		if (i != NULL) {
			i->is_asking = false;
			buf_reset(&i->request);
			if (buf_append(&i->request, a->entry.join) != CONSIGN_OK)
				b->store_failed = true; /* it is stored: read it back */
		}
	}
	if (s != NULL && s->state != SESSION_STATES)
		say_done(b, s, a->request, err == CONSIGN_OK ? CONSIGN_CODE_NONE : CONSIGN_CODE_TRY_LATER, err == CONSIGN_OK ? "" : consign_err_text(err));
	free_invited(a->invited);
	store_entry_clear(&a->entry);
	free(a);
}

static enum consign_err
new_act(struct broker *b, struct session *s, uint64_t request, const char *act, const char *org, size_t bytes, struct admin_act **ret_act)
{
	struct store_entry *entry;
	struct act_record record_act = {.subject = slice_text(org), .count = 1};
	struct ledger_record record = broker_record(b);
	enum consign_err err = broker_entry(b, CONSIGN_UNPACK_BUDGET_BASE_BYTES + bytes, sizeof(struct admin_act), &entry);

	if (err != CONSIGN_OK)
		return err;
	struct admin_act *a = (struct admin_act *)entry;

	a->broker = b;
	a->session = s->number;
	a->request = request;
	memcpy(a->org.s, org, strlen(org) + 1);
	entry->job.done = act_done;
	memcpy(record_act.act, act, strlen(act) + 1);
	record_act.detail = slice_text(s->name);
	record.act = &record_act;
	entry->leaves = arena_alloc(entry->arena, sizeof *entry->leaves);
	err = entry->leaves == NULL ? CONSIGN_E_NO_MEMORY : ledger_append(b->ledger, &record, entry->arena, &entry->leaves[0]);
	if (err != CONSIGN_OK) {
		store_entry_clear(entry);
		free(a);
		return err;
	}
	entry->n_leaves = 1;
	entry->consignee = a->org;
	*ret_act = a;
	return CONSIGN_OK;
}

void
on_invite(struct broker *b, struct request *r)
{
	const struct session_invite *in = r->command->invite;
	const struct invite_notice *n = in->notice;
	const struct member *member = hub_member(hub_directory(b->hub), n->org.s);
	uint64_t now = clock_wall_us(b->clock);
	struct admin_act *a;

	if (member != NULL && member->status == MEMBER_ACTIVE) {
		say_done(b, r->session, in->request, CONSIGN_CODE_DENIED, "this organisation is a member already");
		return;
	}
	if (n->expires_us <= now || n->expires_us > now + 2 * CONSIGN_INVITE_LIFE_US) {
		say_done(b, r->session, in->request, CONSIGN_CODE_DENIED, "an invite must expire within two weeks");
		return;
	}
	struct invited *before = find_invited(b, n->org.s);

	if (before != NULL && before->is_asking) {
		say_done(b, r->session, in->request, CONSIGN_CODE_TRY_LATER, "the company's request is being written down; look at it first");
		return;
	}
	struct invited *i = calloc(1, sizeof *i);

	if (i == NULL || new_act(b, r->session, in->request, "invite", n->org.s, 0, &a) != CONSIGN_OK) {
		free(i);
		say_done(b, r->session, in->request, CONSIGN_CODE_TRY_LATER, "out of memory");
		return;
	}
	if (before != NULL)
		before->is_asking = true; /* it is being replaced: nothing is asked with it any more */
	i->notice = *n;
	a->invited = i;
	a->entry.invite = &i->notice; /* lives as long as the act */
	broker_commit(b, &a->entry);
}

static void
refuse_join(struct broker *b, struct session *s, uint64_t request, enum consign_code code, const char *why)
{
	log_event(LOG_WARN, "join.refused", "org", "s", s->name, "reason", "s", why, NULL);
	atomic_fetch_add(&b->metrics->refused[code], 1);
	watching_tell(b, &(struct admin_event){.kind = "denied", .org = slice_text(s->name), .subject = slice_text("join"), .code = code,
	    .detail = slice_text(why)});
	say_done(b, s, request, code, why);
}

void
on_join(struct broker *b, struct request *r)
{
	const struct session_join *join = r->command->join;
	struct session *s = r->session;
	struct invited *i = find_invited(b, s->name);
	struct buf bytes = {0};
	struct admin_act *a;
	enum consign_err err;

	if (i == NULL || strcmp(join->join->org.s, s->name) != 0 || !hash_equal(&i->notice.token_hash, &join->join->token_hash)
	    || memcmp(i->notice.transport_key.b, s->route.key.b, sizeof s->route.key.b) != 0 || i->notice.expires_us <= clock_wall_us(b->clock)) {
		refuse_join(b, s, join->request, CONSIGN_CODE_INVITE_UNKNOWN, "the invite is unknown, used or expired");
		return;
	}
	err = join_request_encode(join->join, &bytes);
	if (err != CONSIGN_OK) {
		say_done(b, s, join->request, CONSIGN_CODE_TRY_LATER, consign_err_text(err));
		goto out;
	}
	/* One token, one request: the same again is answered, another is not taken. */
	if (i->request.len > 0) {
		bool same = slice_equal(buf_slice(&i->request), buf_slice(&bytes));

		if (same)
			say_done(b, s, join->request, CONSIGN_CODE_NONE, "");
		else
			refuse_join(b, s, join->request, CONSIGN_CODE_DENIED, "this invite was used for another request");
		goto out;
	}
	if (i->is_asking) {
		say_done(b, s, join->request, CONSIGN_CODE_TRY_LATER, "another request with this invite is being written down");
		goto out;
	}
	err = new_act(b, s, join->request, "join", s->name, bytes.len, &a);
	if (err == CONSIGN_OK && (a->entry.join = arena_copy(a->entry.arena, buf_slice(&bytes))).data == NULL) {
		b->store_failed = true; /* its leaf was made and will not be written */
		store_entry_clear(&a->entry);
		free(a);
		err = CONSIGN_E_NO_MEMORY;
	}
	if (err != CONSIGN_OK) {
		say_done(b, s, join->request, CONSIGN_CODE_TRY_LATER, consign_err_text(err));
		goto out;
	}
	i->is_asking = true;
	log_event(LOG_INFO, "join.requested", "org", "s", s->name, NULL);
	broker_commit(b, &a->entry);
out:
	buf_clear(&bytes);
}

void
on_joins_query(struct broker *b, struct request *r)
{
	const struct session_joins_query *q = r->command->joins_query;
	struct session_joins_reply reply = {.request = q->request};
	struct arena *arena = NULL;
	size_t most = 1, bytes = 0;
	enum consign_err err;

	for (struct invited *i = b->invited; i != NULL; i = i->next) {
		most++;
		bytes += i->request.len;
	}
	err = arena_new(most * CONSIGN_UNPACK_BUDGET_BASE_BYTES + bytes * CONSIGN_UNPACK_BUDGET_PER_BYTE, &arena);
	if (err != CONSIGN_OK)
		goto out;
	reply.joins.v = arena_alloc(arena, most * sizeof *reply.joins.v);
	reply.invites.v = arena_alloc(arena, most * sizeof *reply.invites.v);
	if (reply.joins.v == NULL || reply.invites.v == NULL) {
		err = CONSIGN_E_NO_MEMORY;
		goto out;
	}
	for (struct invited *i = b->invited; err == CONSIGN_OK && i != NULL && reply.invites.n < CONSIGN_BATCH_MAX; i = i->next) {
		if (q->org[0] != '\0' && strcmp(q->org, i->notice.org.s) != 0)
			continue;
		reply.invites.v[reply.invites.n++] = &i->notice;
		if (i->request.len > 0) {
			err = join_request_decode(buf_slice(&i->request), arena, &reply.joins.v[reply.joins.n]);
			if (err == CONSIGN_OK)
				reply.joins.n++;
		}
	}
	if (err == CONSIGN_OK)
		say(b, r->session, &(struct session_command){.joins_reply = &reply});
out:
	if (err != CONSIGN_OK)
		say_done(b, r->session, q->request, CONSIGN_CODE_TRY_LATER, consign_err_text(err));
	arena_free(&arena);
}
