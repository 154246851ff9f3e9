/* See alarms.h. Reading is the inbox's and the store's; what is acknowledged is said by subscription.c. */
#include "alarms.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "inbox_private.h"

/* Pages of the inbox that one look reads for one alarm: thousands of messages a second while it catches up. */
#define PAGES_PER_LOOK 4u
/* A page without content: ALARM_OPEN_MAX messages, each with its consignees. */
#define PAGE_BUDGET_BYTES (2u * 1024u * 1024u)

/* A received message that was not acknowledged when it was last looked at. */
struct open_message {
	struct inbox_cursor place;
	uint64_t received_us;
};

struct alarm_state {
	const struct profile_alarm *profile;
	struct inbox_cursor at; /* everything up to here was looked at */
	struct open_message open[ALARM_OPEN_MAX];
	size_t n;
	bool is_behind; /* there is more to look at, and room for it */
	bool is_full;   /* there is more to look at, and no room */
	uint64_t count; /* raised by so many */
	uint64_t since_us;
	uint64_t said;
};

struct alarms {
	struct agent *agent;
	const struct profile *profile;
	uint64_t next_us; /* steady: when to look again */
	bool are_watches_there;
	size_t watches_open; /* that wait for their commit */
	struct arena *arena; /* one page's */
	struct alarm_state states[PROFILE_ALARMS_MAX];
};

/* ── subscriptions ── */

static void
on_created(void *context, uint64_t request, enum consign_err err, uint32_t count)
{
	struct alarms *x = context;

	(void)request;
	(void)count;
	x->watches_open--;
	/* A store that failed has said so; the next turn tries again. */
	if (err != CONSIGN_OK)
		x->are_watches_there = false;
}

static void
create_watch(struct alarms *x, const struct profile_watch *watch)
{
	struct inbox *in = x->agent->inbox;
	struct subscription s;
	enum consign_err err = subscription_find(in, watch->name, &s);

	if (err == CONSIGN_E_NOT_FOUND) {
		s = (struct subscription){0};
		memcpy(s.name, watch->name, sizeof watch->name);
		memcpy(s.type, watch->type.s, sizeof s.type);
		memcpy(s.study, watch->study.s, sizeof s.study);
		x->watches_open++;
		subscription_create(in, &s, false, on_created, x, 0);
	} else if (err != CONSIGN_OK) {
		x->are_watches_there = false;
	} else if (strcmp(s.type, watch->type.s) != 0 || strcmp(s.study, watch->study.s) != 0) {
		log_event(LOG_WARN, "profile.watch_differs", "subscription", "s", s.name, "has_type", "s", s.type, "has_study", "s",
		    s.study, "profile_type", "s", watch->type.s, "profile_study", "s", watch->study.s, NULL);
	}
}

_Static_assert(sizeof(((struct profile_watch *)0)->name) <= sizeof(((struct subscription *)0)->name) &&
		   sizeof(((struct profile_watch *)0)->type.s) == sizeof(((struct subscription *)0)->type) &&
		   sizeof(((struct profile_watch *)0)->study.s) == sizeof(((struct subscription *)0)->study),
    "a watch is copied into a subscription");

static void
create_watches(struct alarms *x)
{
	if (x->are_watches_there || x->watches_open > 0 || x->agent->store_failed)
		return;
	x->are_watches_there = true;
	for (size_t i = 0; i < x->profile->watches.n; i++)
		create_watch(x, &x->profile->watches.v[i]);
}

/* ── what is not acknowledged ── */

/* Acknowledgements of one subscription, as far as the open messages need them: rows are asked for in their order. */
struct acks_reader {
	struct db *db;
	const char *name;
	struct subscription s;
	struct inbox_acks acks;
	uint64_t acks_seq; /* whose they are; 0: none yet */
};

static enum consign_err
is_acknowledged(struct acks_reader *r, const struct inbox_cursor *place, bool *ret_is)
{
	if (inbox_is_behind(&r->s.cursor, place->seq, place->idx)) {
		*ret_is = true;
		return CONSIGN_OK;
	}
	if (r->acks_seq != place->seq) {
		enum consign_err err = subscription_acks(r->db, r->name, place->seq, &r->acks);

		if (err != CONSIGN_OK)
			return err;
		r->acks_seq = place->seq;
	}
	*ret_is = place->idx < CONSIGN_BUNDLE_MAX_ITEMS && r->acks.is_acked[place->idx];
	return CONSIGN_OK;
}

/* Drops what the subscription has acknowledged since. */
static enum consign_err
drop_acknowledged(struct alarms *x, struct alarm_state *s, const char *name)
{
	struct acks_reader r = {.db = x->agent->db, .name = name};
	size_t kept = 0;
	enum consign_err err = subscription_read(r.db, name, &r.s);

	if (err == CONSIGN_E_NOT_FOUND) /* not made yet: nothing is acknowledged */
		return CONSIGN_OK;
	for (size_t i = 0; err == CONSIGN_OK && i < s->n; i++) {
		bool is_acked = false;

		err = is_acknowledged(&r, &s->open[i].place, &is_acked);
		if (err == CONSIGN_OK && !is_acked)
			s->open[kept++] = s->open[i];
	}
	if (err == CONSIGN_OK)
		s->n = kept;
	return err;
}

static enum consign_err
drop_handled(struct alarms *x, struct alarm_state *s)
{
	/* One snapshot: else a place could move between its two reads. */
	enum consign_err err = s->n == 0 ? CONSIGN_OK : db_begin_read(x->agent->db);

	if (s->n == 0 || err != CONSIGN_OK)
		return err;
	err = drop_acknowledged(x, s, s->profile->as);
	if (err == CONSIGN_OK && strcmp(s->profile->as, "default") != 0)
		err = drop_acknowledged(x, s, "default");
	db_rollback(x->agent->db);
	return err;
}

/* Takes the next page of the inbox in. */
static enum consign_err
look_further(struct alarms *x, struct alarm_state *s)
{
	struct subscription of;
	struct inbox_query q = {
	    .after = s->at, .type = s->profile->type.s, .acked_by = s->profile->as, .only_unacked = true, .max = ALARM_OPEN_MAX - s->n};
	struct inbox_page page;
	enum consign_err err = subscription_find(x->agent->inbox, s->profile->as, &of);

	if (err != CONSIGN_OK && err != CONSIGN_E_NOT_FOUND)
		return err;
	q.study = err == CONSIGN_OK ? of.study : "";
	arena_reset(x->arena);
	err = inbox_page(x->agent->inbox, &q, x->arena, &page);
	if (err != CONSIGN_OK)
		return err;
	for (size_t i = 0; i < page.n; i++)
		s->open[s->n++] = (struct open_message){page.places[i], page.messages[i]->received_us};
	s->at = page.cursor;
	s->is_behind = page.has_more;
	return CONSIGN_OK;
}

static enum consign_err
look_at_unacknowledged(struct alarms *x, struct alarm_state *s)
{
	uint64_t now_us = clock_wall_us(x->agent->clock);
	enum consign_err err = drop_handled(x, s);

	s->is_behind = s->n < ALARM_OPEN_MAX;
	s->is_full = !s->is_behind;
	for (size_t pages = 0; err == CONSIGN_OK && s->is_behind && pages < PAGES_PER_LOOK; pages++) {
		err = look_further(x, s);
		if (err == CONSIGN_OK)
			err = drop_handled(x, s); /* default may have acknowledged what `as` has not */
		s->is_full = s->n == ALARM_OPEN_MAX && s->is_behind;
		s->is_behind = s->n < ALARM_OPEN_MAX && s->is_behind;
	}
	if (err != CONSIGN_OK)
		return err;
	s->count = 0;
	for (size_t i = 0; i < s->n; i++) {
		/* A message from the future, by a clock that was set back, is not late. */
		if (now_us < s->open[i].received_us || now_us - s->open[i].received_us < s->profile->within_us)
			continue;
		if (s->count++ == 0 || s->open[i].received_us < s->since_us)
			s->since_us = s->open[i].received_us;
	}
	return CONSIGN_OK;
}

/* ── what was refused ── */

/* GLOB knows more than our *, but nothing of that can stand in the glob of a type. */
static enum consign_err
look_at_refused(struct alarms *x, struct alarm_state *s)
{
	uint64_t now_us = clock_wall_us(x->agent->clock);
	struct db_statement *statement;
	enum consign_err err = db_statement(x->agent->db,
	    "SELECT count(*), ifnull(min(at_us), 0) FROM (SELECT at_us FROM refused_item WHERE at_us > ?1 AND type GLOB ?2"
	    " UNION ALL SELECT at_us FROM local_refusal WHERE at_us > ?1 AND type GLOB ?2)",
	    &statement);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(statement, 1, now_us > s->profile->within_us ? now_us - s->profile->within_us : 0);
	db_bind_text(statement, 2, s->profile->type.s);
	err = db_row(statement);
	if (err != CONSIGN_OK)
		return err;
	s->count = db_column_u64(statement, 0);
	s->since_us = db_column_u64(statement, 1);
	db_reset(statement);
	return CONSIGN_OK;
}

/* ── looking ── */

static void
say(struct alarm_state *s)
{
	const struct profile_alarm *p = s->profile;
	char since[CLOCK_TEXT_BYTES];

	/* While it catches up it has not seen all, and would count aloud. */
	if (s->count == s->said || s->is_behind)
		return;
	s->said = s->count;
	if (s->count == 0) {
		log_event(LOG_INFO, "alarm.over", "type", "s", p->type.s, "when", "s", profile_when_text(p->when), NULL);
		return;
	}
	clock_format(s->since_us, since);
	log_event(LOG_WARN, "alarm.raised", "type", "s", p->type.s, "when", "s", profile_when_text(p->when), "within", "s", p->within,
	    "messages", "u", s->count, "more", "s", s->is_full ? "yes" : "no", "since", "s", since, "says", "s", p->says, NULL);
}

void
alarms_look(struct alarms *x)
{
	bool is_behind = false;

	if (x == NULL || x->profile == NULL)
		return;
	for (size_t i = 0; i < x->profile->alarms.n; i++) {
		struct alarm_state *s = &x->states[i];
		enum consign_err err =
		    s->profile->when == PROFILE_REFUSED ? look_at_refused(x, s) : look_at_unacknowledged(x, s);

		if (err != CONSIGN_OK)
			log_event(LOG_WARN, "alarm.not_looked_at", "type", "s", s->profile->type.s, "reason", "s",
			    consign_err_text(err), NULL);
		else
			say(s);
		is_behind = is_behind || (err == CONSIGN_OK && s->is_behind);
	}
	x->next_us = is_behind ? 0 : clock_steady_us(x->agent->clock) + ALARM_EVERY_US;
}

void
alarms_turn(struct alarms *x)
{
	if (x == NULL || x->profile == NULL)
		return;
	create_watches(x);
	if (clock_steady_us(x->agent->clock) >= x->next_us)
		alarms_look(x);
}

bool
alarms_raised(const struct alarms *x, size_t i, struct alarm *ret_alarm)
{
	if (x == NULL || x->profile == NULL)
		return false;
	for (size_t k = 0; k < x->profile->alarms.n; k++) {
		const struct alarm_state *s = &x->states[k];

		if (s->count == 0 || i-- > 0)
			continue;
		*ret_alarm = (struct alarm){
		    .profile = s->profile, .count = s->count, .is_more = s->is_full || s->is_behind, .since_us = s->since_us};
		return true;
	}
	return false;
}

/* ── the object ── */

const struct profile *
alarms_profile(const struct alarms *x)
{
	return x == NULL ? NULL : x->profile;
}

enum consign_err
alarms_new(struct agent *a, const struct profile *profile, struct alarms **ret_alarms)
{
	struct alarms *x = calloc(1, sizeof *x);
	enum consign_err err = x == NULL ? CONSIGN_E_NO_MEMORY : arena_new(PAGE_BUDGET_BYTES, &x->arena);

	if (err != CONSIGN_OK) {
		free(x);
		return err;
	}
	x->agent = a;
	x->profile = profile;
	for (size_t i = 0; profile != NULL && i < profile->alarms.n; i++)
		x->states[i].profile = &profile->alarms.v[i];
	*ret_alarms = x;
	return CONSIGN_OK;
}

void
alarms_free(struct alarms **alarms)
{
	if (*alarms == NULL)
		return;
	arena_free(&(*alarms)->arena);
	free(*alarms);
	*alarms = NULL;
}
