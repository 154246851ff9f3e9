/*
 * How the agent is: facts, each a name and a text. Names and their order are fixed; one that has nothing to say says
 * "none". Only `postponed`, `alarm` and `accusation` may stand there several times, each at the end of its kind.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "alarms.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/text.h"
#include "doors/local.h"
#include "freshness.h"
#include "lanes.h"
#include "outbox.h"
#include "reception.h"
#include "uplink.h"

#define POSTPONED_SHOWN 16u
#define FACTS_MAX (39u + PROFILE_ALARMS_MAX + CONSIGN_ACCUSATIONS_MAX + POSTPONED_SHOWN)

struct facts {
	struct arena *arena;
	struct local_fact *v[FACTS_MAX];
	size_t n;
	enum consign_err err; /* the first */
};

static void put(struct facts *f, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
put(struct facts *f, const char *name, const char *format, ...)
{
	char text[CONSIGN_TEXT_MAX_BYTES];
	struct local_fact *fact = arena_alloc(f->arena, sizeof *fact);
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (len < 0)
		len = 0;
	if ((size_t)len >= sizeof text)
		len = (int)sizeof text - 1;
	/* Other people's words may be among them, and may have been cut: a fact is one line of text. */
	if (!text_is(CHARSET_UTF8, slice_of(text, (size_t)len)))
		for (int i = 0; i < len; i++)
			if (text[i] < 0x20 || text[i] > 0x7e)
				text[i] = '?';
	if (fact != NULL) {
		snprintf(fact->name, sizeof fact->name, "%s", name);
		fact->value = arena_copy(f->arena, slice_of(text, (size_t)len));
	}
	if (fact == NULL || fact->value.data == NULL)
		f->err = CONSIGN_E_NO_MEMORY;
	else if (f->n < FACTS_MAX)
		f->v[f->n++] = fact;
}

static void
put_time(struct facts *f, const char *name, uint64_t at_us)
{
	char text[CLOCK_TEXT_BYTES];

	if (at_us == 0) {
		put(f, name, "none");
		return;
	}
	clock_format(at_us, text);
	put(f, name, "%s", text);
}

static void
put_hash(struct facts *f, const char *name, const struct consign_hash *hash)
{
	char text[2 * sizeof hash->b + 1] = "none";

	if (hash != NULL)
		hex_text(hash->b, sizeof hash->b, text);
	put(f, name, "%s", text);
}

/* What the directory says that is held; who is suspended or compromised is not connected, and not told so: then last_problem speaks. */
static void
put_standing(struct facts *f, const struct agent *a)
{
	const struct hub_directory *directory = hub_directory(a->hub);
	const struct member *me = directory == NULL ? NULL : hub_member(directory, a->org.s);
	const char *meaning = me != NULL && me->status == MEMBER_ENDED ? ": nothing is sent any more; what was accepted before still comes" : "";

	if (me == NULL)
		put(f, "standing", "none");
	else if (uplink_state(a->uplink) == UPLINK_UP)
		put(f, "standing", "%s%s", member_status_text(me->status), meaning);
	else
		put(f, "standing", "%s when it was connected last (directory %" PRIu64 ")", member_status_text(me->status), directory->version);
}

static void
put_hub(struct facts *f, const struct agent *a)
{
	const struct hub_root *root = hub_root(a->hub);

	if (root != NULL)
		put(f, "hub", "%.*s", (int)root->root->name.len, (const char *)root->root->name.data);
	else
		put(f, "hub", "none");
	put(f, "org", "%s", a->org.s);
	put_standing(f, a);
	put_hash(f, "hub_id", &a->hub_id);
}

static void
put_connection(struct facts *f, const struct agent *a)
{
	struct uplink_facts u;

	uplink_facts(a->uplink, &u);
	put(f, "connection", "%s", uplink_state_text(u.state));
	put(f, "endpoint", "%s", u.endpoint);
	if (u.state == UPLINK_UP)
		put_time(f, "connected_since", u.since_us);
	else
		put(f, "last_problem", "%s", u.last_problem[0] != '\0' ? u.last_problem : "none");
	put(f, "clock_skew_ms", "%" PRId64, u.skew_us / 1000);
}

static void
put_documents(struct facts *f, const struct agent *a)
{
	const struct hub_root *root = hub_root(a->hub);
	const struct hub_directory *directory = hub_directory(a->hub);
	const struct hub_policy *policy = hub_policy(a->hub);
	const struct hub_card *card = hub_card(a->hub, a->org.s);

	put(f, "root_version", "%" PRIu64, root == NULL ? 0 : root->root->version);
	put_hash(f, "root_hash", root == NULL ? NULL : &root->hash);
	put(f, "directory_version", "%" PRIu64, directory == NULL ? 0 : directory->version);
	put_hash(f, "directory_hash", directory == NULL ? NULL : &directory->hash);
	put(f, "policy_version", "%" PRIu64, policy == NULL ? 0 : policy->version);
	put_hash(f, "policy_hash", policy == NULL ? NULL : &policy->hash);
	put(f, "checkpoint_size", "%" PRIu64, hub_checkpoint(a->hub)->size);
	put(f, "card_version", "%" PRIu64, card == NULL ? 0 : card->card->version);
	put_time(f, "card_expires", card == NULL ? 0 : card->card->expires_us);
}

/* Who states that what is here is the newest, until when; and what waits for a statement. */
static void
put_freshness(struct facts *f, const struct agent *a)
{
	struct freshness_facts x;
	char why[FRESHNESS_HELD_BYTES];

	freshness_facts(a, &x);
	put(f, "freshness", "%s", !x.is_wanted ? "not asked for" : x.by[0] == '\0' ? "nobody has stated it yet" : x.is_ours ? "stated by this agent" : "stated");
	put(f, "freshness_by", "%s", x.by[0] != '\0' ? x.by : "none");
	put(f, "freshness_root", "%" PRIu64, x.root_version);
	put_time(f, "freshness_stated", x.created_us);
	put_time(f, "freshness_until", x.expires_us);
	freshness_holds(a, why);
	put(f, "sending_held", "%s", why);
}

static void
put_mail(struct facts *f, const struct agent *a)
{
	struct outbox_facts out;
	struct inbox_facts in;
	enum consign_err err = outbox_facts(a->outbox, &out);

	if (err == CONSIGN_OK)
		err = inbox_facts(a->inbox, &in);
	if (err != CONSIGN_OK) {
		f->err = err;
		return;
	}
	put(f, "outbox_queued", "%" PRIu64, out.queued);
	put_time(f, "outbox_oldest", out.oldest_us);
	put(f, "inbox_consignments", "%" PRIu64, in.consignments);
	put(f, "mailbox_position", "%" PRIu64, in.position);
}

/* What the hub has not taken yet, and why. */
static void
put_postponed(struct facts *f, const struct agent *a)
{
	struct postponed list[POSTPONED_SHOWN];
	size_t n = lanes_postponed(a->lanes, list, POSTPONED_SHOWN);

	uint64_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += list[i].consignments;
	put(f, "outbox_postponed", "%" PRIu64, all);
	for (size_t i = 0; i < n; i++) {
		const struct postponement *why = &list[i].why;
		char since[CLOCK_TEXT_BYTES];

		clock_format(why->since_us, since);
		put(f, "postponed", "%" PRIu64 " consignment%s since %s: %s%s%s, %s", list[i].consignments, list[i].consignments == 1 ? "" : "s", since,
		    consign_code_text(why->code), why->org.s[0] != '\0' ? " for " : "", why->org.s, why->detail);
	}
}

static void
put_disk(struct facts *f, const struct agent *a)
{
	unsigned used;
	uint64_t left;
	const char *word = a->store_failed ? "; the store failed" : a->disk_full ? "; nothing is taken before there is more" : "";

	if (file_disk_use(a->home, &used, &left) != CONSIGN_OK) {
		put(f, "disk", "unknown%s", word);
		return;
	}
	put(f, "disk", "%u %% used, %" PRIu64 " MiB free%s", used, left / (1024 * 1024), word);
}

static void
put_held(struct facts *f, const struct agent *a)
{
	const char *held = a->reception != NULL ? reception_held(a->reception) : NULL;

	put(f, "mail_held", "%s", held != NULL ? held : "none");
	const char *last = "";
	uint64_t rejected = a->reception != NULL ? reception_rejected(a->reception, &last) : 0;

	if (rejected > 0)
		put(f, "mail_rejected", "%" PRIu64 " since the start, the last from %s", rejected, last);
	else
		put(f, "mail_rejected", "none");
}

static void
put_alarms(struct facts *f, const struct agent *a)
{
	const struct profile *profile = alarms_profile(a->alarms);
	struct alarm x;
	size_t n = 0;

	put(f, "profile", "%s", profile != NULL ? policy_role_text(profile->role) : "none");
	alarms_look(a->alarms);
	while (alarms_raised(a->alarms, n, &x))
		n++;
	put(f, "alarms", "%zu", n);
	for (size_t i = 0; alarms_raised(a->alarms, i, &x); i++) {
		bool is_refused = x.profile->when == PROFILE_REFUSED;
		char since[CLOCK_TEXT_BYTES];

		clock_format(x.since_us, since);
		put(f, "alarm", "%" PRIu64 "%s %s %s %s, the oldest of %s: %s", x.count, x.is_more ? " or more" : "", x.profile->type.s,
		    is_refused ? "refused in the last" : "unacknowledged for", x.profile->within, since, x.profile->says);
	}
}

static void
put_accusations(struct facts *f, const struct agent *a)
{
	uint64_t count = 0;

	for (const struct accusation *x = accusations(a); x != NULL; x = x->next)
		count++;
	put(f, "accusations", "%" PRIu64, count);
	count = 0;
	for (const struct accusation *x = accusations(a); x != NULL; x = x->next, count++) {
		char since[CLOCK_TEXT_BYTES], last[CLOCK_TEXT_BYTES];

		clock_format(x->since_us, since);
		clock_format(x->at_us, last);
		put(f, "accusation", "%s the broker, %s: %s (%" PRIu64 " times since the start, the last %s); evidence: %s%s%s", since, x->kind,
		    x->what, x->count, last, x->folder[0] != '\0' ? a->home : "none could be kept", x->folder[0] != '\0' ? "/evidence/" : "", x->folder);
	}
}

void
local_status(struct tool *t, uint64_t number, struct arena *arena)
{
	const struct agent *a = t->door->agent;
	struct facts f = {.arena = arena};

	put_hub(&f, a);
	put_connection(&f, a);
	put_documents(&f, a);
	put_freshness(&f, a);
	put_mail(&f, a);
	put_postponed(&f, a);
	put_disk(&f, a);
	put_held(&f, a);
	put_alarms(&f, a);
	put_accusations(&f, a);
	put(&f, "software", "consign-agent %s", CONSIGN_VERSION);
	put_time(&f, "started", a->started_us);
	if (f.err != CONSIGN_OK) {
		tool_fail(t, number, f.err);
		return;
	}
	struct local_status_reply reply = {.facts = {f.v, f.n}};

	tool_reply(t, &(struct local_reply){.number = number, .status = &reply});
}
