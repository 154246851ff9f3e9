/* The queue of unanswered consignments, a list a study. */
#include "lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bodies.h"
#include "core/limits.h"
#include "core/log.h"
#include "freshness.h"
#include "store/store.h"
#include "uplink.h"

/* In memory for one study: twice the window, so that the next window is there when one is answered. */
#define ENTRIES_A_STUDY 128u
#define BYTES_A_STUDY (16u * 1024u * 1024u)
/*
 * Behind those, what waits for one before it is known without its frames: else a company whose limit is used up for a day would
 * hold up all others of its study. About a megabyte a study, and a walk of some 100 us.
 */
#define BARE_A_STUDY 4096u
#define ROWS_A_LOOK 128u
#define UNREADABLE_PAUSE_US 1000000u
#define HELD_MAX 256u
/* What is stale still after it was sealed anew waits so much longer each time. */
#define STALE_PAUSE_US 500000u

struct out_study {
	struct consign_study id;
	struct out_entry *first;
	struct out_entry **last;
	size_t n;           /* with their frames */
	size_t bare_n;      /* without */
	uint64_t bytes;     /* in memory */
	uint64_t loaded_to; /* highest seq that is, or was, in memory */
	bool more;          /* the store has queued ones behind loaded_to */
	bool rewinding;     /* something was postponed: what is under way is answered first */
	uint32_t sent;      /* unanswered */
	uint64_t served;    /* bytes sent: the study with the least goes first */
	struct out_study *next;
};

struct lanes {
	struct agent *agent;
	struct out_study *studies;
	uint32_t window_consignments;
	uint64_t window_bytes;
	uint32_t sent;
	uint64_t sent_bytes;
	uint64_t last_sequence;
};

enum consign_err
lanes_new(struct agent *a, struct lanes **ret_lanes)
{
	struct lanes *l = calloc(1, sizeof *l);

	if (l == NULL)
		return CONSIGN_E_NO_MEMORY;
	l->agent = a;
	*ret_lanes = l;
	return CONSIGN_OK;
}

static void
free_entry(struct out_entry *e)
{
	free(e->consignees);
	frame_clear(&e->manifest);
	frame_clear(&e->body);
	free(e);
}

static void
free_studies(struct lanes *l)
{
	while (l->studies != NULL) {
		struct out_study *next = l->studies->next;

		while (l->studies->first != NULL) {
			struct out_entry *e = l->studies->first;

			l->studies->first = e->next;
			free_entry(e);
		}
		free(l->studies);
		l->studies = next;
	}
}

void
lanes_free(struct lanes **lanes)
{
	if (*lanes == NULL)
		return;
	free_studies(*lanes);
	free(*lanes);
	*lanes = NULL;
}

static struct out_study *
study_of(struct lanes *l, const char *id)
{
	uint64_t least = 0;

	for (struct out_study *s = l->studies; s != NULL; s = s->next) {
		if (strcmp(s->id.s, id) == 0)
			return s;
		if (least == 0 || s->served < least)
			least = s->served;
	}
	struct out_study *s = calloc(1, sizeof *s);

	if (s == NULL || strlen(id) > CONSIGN_STUDY_MAX_BYTES) {
		free(s);
		return NULL;
	}
	memcpy(s->id.s, id, strlen(id) + 1);
	s->last = &s->first;
	s->served = least; /* a newcomer is not owed the past */
	s->next = l->studies;
	l->studies = s;
	return s;
}

enum consign_err
lanes_load(struct lanes *l)
{
	struct db_statement *st;
	bool row;

	free_studies(l);
	l->sent = 0;
	l->sent_bytes = 0;
	enum consign_err err = db_statement(l->agent->db, "SELECT DISTINCT study FROM outbox WHERE state = 1", &st);

	if (err != CONSIGN_OK)
		return err;
	while ((err = db_step(st, &row)) == CONSIGN_OK && row) {
		struct consign_study id;

		err = db_column_text(st, 0, id.s, sizeof id.s);
		if (err != CONSIGN_OK)
			break;
		struct out_study *s = study_of(l, id.s);

		if (s == NULL) {
			err = CONSIGN_E_NO_MEMORY;
			break;
		}
		s->more = true;
	}
	db_reset(st);
	return err;
}

uint64_t
lanes_entry_bytes(struct out_entry *e)
{
	return frame_slice(&e->manifest).len + frame_slice(&e->body).len;
}

/* Takes frame and body; a failure leaves the entry as it was. */
static enum consign_err
set_content(struct out_entry *e, struct sealed *sealed)
{
	const struct manifest *m = sealed->manifest;
	struct consign_org *orgs = calloc(m->consignees.n, sizeof *orgs);
	struct frame manifest, body;
	enum consign_err err = orgs == NULL ? CONSIGN_E_NO_MEMORY : frame_take(&manifest, &sealed->frame);

	if (err != CONSIGN_OK) {
		free(orgs);
		return err;
	}
	err = frame_take(&body, &sealed->body);
	if (err != CONSIGN_OK) {
		frame_clear(&manifest);
		free(orgs);
		return err;
	}
	for (size_t i = 0; i < m->consignees.n; i++)
		orgs[i] = m->consignees.v[i]->org;
	free(e->consignees);
	frame_clear(&e->manifest);
	frame_clear(&e->body);
	e->consignees = orgs;
	e->n_consignees = m->consignees.n;
	frame_move(&e->manifest, &manifest);
	frame_move(&e->body, &body);
	e->digest = sealed->digest;
	e->created_us = m->created_us;
	e->expires_us = m->expires_us;
	return CONSIGN_OK;
}

static enum consign_err
append(struct out_study *s, uint64_t seq, struct sealed *sealed)
{
	struct out_entry *e = calloc(1, sizeof *e);
	enum consign_err err;

	if (e == NULL)
		return CONSIGN_E_NO_MEMORY;
	frame_init(&e->manifest);
	frame_init(&e->body);
	err = set_content(e, sealed);
	if (err != CONSIGN_OK) {
		free_entry(e);
		return err;
	}
	e->seq = seq;
	e->id = sealed->manifest->consignment_id;
	e->study = sealed->manifest->study;
	e->is_bare = lanes_entry_bytes(e) == 0;
	*s->last = e;
	s->last = &e->next;
	s->n += !e->is_bare;
	s->bare_n += e->is_bare;
	s->bytes += lanes_entry_bytes(e);
	s->loaded_to = seq;
	return CONSIGN_OK;
}

static bool
has_room(const struct out_study *s)
{
	return s->n < ENTRIES_A_STUDY && s->bytes < BYTES_A_STUDY;
}

void
lanes_added(struct lanes *l, uint64_t seq, struct sealed *sealed)
{
	struct out_study *s = study_of(l, sealed->manifest->study.s);

	if (s == NULL) {
		agent_store_failed(l->agent, CONSIGN_E_NO_MEMORY); /* it is stored: start over from there */
		return;
	}
	if (s->more || !has_room(s) || append(s, seq, sealed) != CONSIGN_OK)
		s->more = true;
}

/* The columns of a row that is read; body: where they are read from */
#define ROW "SELECT seq, manifest, body, body_at, body_bytes FROM outbox WHERE "

/* ret_sealed: without its frames until take_frames. The arena must outlive it. */
static enum consign_err
read_row(struct db_statement *st, struct arena *arena, struct sealed *ret_sealed)
{
	struct signed_manifest *sm;
	enum consign_err err = signed_manifest_decode(db_column_slice(st, 1), arena, &sm);

	if (err == CONSIGN_OK)
		err = manifest_decode(sm->manifest, arena, &ret_sealed->manifest);
	if (err == CONSIGN_OK)
		hash_sha256(sm->manifest, &ret_sealed->digest);
	return err;
}

static enum consign_err
take_frames(struct db *db, struct db_statement *st, struct arena *arena, struct sealed *sealed)
{
	struct consign_slice body;
	enum consign_err err = bodies_column(db, st, 2, arena, &body);

	if (err == CONSIGN_OK)
		err = buf_append(&sealed->frame, db_column_slice(st, 1));
	if (err == CONSIGN_OK)
		err = buf_append(&sealed->body, body);
	return err;
}

static enum consign_err
arena_for_row(struct db_statement *st, struct arena **ret_arena)
{
	return arena_new(
	    2 * CONSIGN_UNPACK_BUDGET_BASE_BYTES + 2 * db_column_slice(st, 1).len * CONSIGN_UNPACK_BUDGET_PER_BYTE + CONSIGN_BODY_MAX_BYTES, ret_arena);
}

static enum consign_err
load_one(struct out_study *s, struct db *db, struct db_statement *st)
{
	struct arena *arena = NULL;
	struct sealed sealed = {0};
	enum consign_err err = arena_for_row(st, &arena);

	if (err == CONSIGN_OK)
		err = read_row(st, arena, &sealed);
	if (err == CONSIGN_OK)
		err = take_frames(db, st, arena, &sealed);
	if (err == CONSIGN_OK)
		err = append(s, db_column_u64(st, 0), &sealed);
	sealed_clear(&sealed);
	arena_free(&arena);
	return err;
}

static void
refill(struct lanes *l, struct out_study *s)
{
	struct db_statement *st;
	bool row = false;

	if (!s->more || s->n > ENTRIES_A_STUDY / 2)
		return;
	enum consign_err err = db_statement(l->agent->db,
	    ROW "state = 1 AND study = ?1 AND seq > ?2 ORDER BY seq LIMIT 128", &st);

	if (err != CONSIGN_OK)
		return;
	db_bind_text(st, 1, s->id.s);
	db_bind_u64(st, 2, s->loaded_to);
	s->more = false;
	while ((err = db_step(st, &row)) == CONSIGN_OK && row) {
		if (!has_room(s)) {
			s->more = true;
			break;
		}
		err = load_one(s, l->agent->db, st);
		if (err != CONSIGN_OK)
			break;
	}
	db_reset(st);
	if (err != CONSIGN_OK) {
		s->more = true;
		log_event(LOG_ERROR, "outbox.unreadable", "study", "s", s->id.s, "reason", "s", consign_err_text(err), NULL);
	}
}

void
lanes_window(struct lanes *l, uint32_t consignments, uint64_t bytes)
{
	l->window_consignments = consignments;
	l->window_bytes = bytes;
}

/* Consignees held back in one scan of a study. */
struct held {
	const struct consign_org *org[HELD_MAX];
	size_t n;
	bool all; /* more than fit: nothing passes */
};

static bool
holds(const struct held *h, const struct consign_org *org)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->org[i]->s, org->s) == 0)
			return true;
	return false;
}

static bool
is_held(const struct held *h, const struct out_entry *e)
{
	for (size_t i = 0; i < e->n_consignees; i++)
		if (holds(h, &e->consignees[i]))
			return true;
	return h->all;
}

static void
hold(struct held *h, const struct out_entry *e)
{
	for (size_t i = 0; i < e->n_consignees; i++) {
		if (holds(h, &e->consignees[i]))
			continue;
		if (h->n == HELD_MAX) {
			h->all = true;
			return;
		}
		h->org[h->n++] = &e->consignees[i];
	}
}

/* NULL: nothing that is in memory may go, and `h` has what holds the rest. */
static struct out_entry *
next_of(struct out_study *s, uint64_t now, struct held *h)
{
	if (s->rewinding)
		return NULL;
	for (struct out_entry *e = s->first; e != NULL && !h->all; e = e->next) {
		if (e->state == OUT_SENT)
			continue; /* on its way, in order */
		if (e->state == OUT_WAITING && e->retry_us <= now && !is_held(h, e))
			return e;
		hold(h, e);
	}
	return NULL;
}

/* ── behind what is in memory, when all of that waits ── */

/* One more row: as it is when it may go, else bare. */
static enum consign_err
look_at(struct out_study *s, struct db *db, struct db_statement *st, struct held *h, bool *ret_may_go)
{
	struct arena *arena = NULL;
	struct sealed sealed = {0};
	enum consign_err err = arena_for_row(st, &arena);

	if (err == CONSIGN_OK)
		err = read_row(st, arena, &sealed);
	*ret_may_go = err == CONSIGN_OK && !h->all;
	for (size_t i = 0; *ret_may_go && i < sealed.manifest->consignees.n; i++)
		*ret_may_go = !holds(h, &sealed.manifest->consignees.v[i]->org);
	if (*ret_may_go)
		err = take_frames(db, st, arena, &sealed);
	struct out_entry **added = s->last;

	if (err == CONSIGN_OK)
		err = append(s, db_column_u64(st, 0), &sealed);
	if (err == CONSIGN_OK && !*ret_may_go)
		hold(h, *added);
	sealed_clear(&sealed);
	arena_free(&arena);
	return err;
}

/* Up to the first that may go. Some rows a time: the loop has others to serve. */
static void
look_further(struct lanes *l, struct out_study *s, struct held *h)
{
	struct db_statement *st;
	bool row = false, may_go = false;
	size_t n = 0;

	if (!s->more || s->rewinding || h->all || s->bare_n >= BARE_A_STUDY || s->n >= ENTRIES_A_STUDY + l->window_consignments)
		return;
	enum consign_err err = db_statement(l->agent->db, ROW "state = 1 AND study = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3", &st);

	if (err != CONSIGN_OK)
		return;
	db_bind_text(st, 1, s->id.s);
	db_bind_u64(st, 2, s->loaded_to);
	db_bind_u64(st, 3, ROWS_A_LOOK);
	while (!may_go && (err = db_step(st, &row)) == CONSIGN_OK && row) {
		n++;
		err = look_at(s, l->agent->db, st, h, &may_go);
		if (err != CONSIGN_OK)
			break;
	}
	db_reset(st);
	s->more = may_go || n == ROWS_A_LOOK || err != CONSIGN_OK;
	if (err != CONSIGN_OK)
		log_event(LOG_ERROR, "outbox.unreadable", "study", "s", s->id.s, "reason", "s", consign_err_text(err), NULL);
}

/* The frames of a bare one, whose turn has come. */
static enum consign_err
load_frames(struct lanes *l, struct out_study *s, struct out_entry *e)
{
	struct db_statement *st;
	struct arena *arena = NULL;
	struct sealed sealed = {0};
	bool row = false;
	enum consign_err err = db_statement(l->agent->db, ROW "seq = ?1", &st);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(st, 1, e->seq);
	err = db_step(st, &row);
	if (err == CONSIGN_OK)
		err = row ? arena_for_row(st, &arena) : CONSIGN_E_NOT_FOUND;
	if (err == CONSIGN_OK)
		err = read_row(st, arena, &sealed);
	if (err == CONSIGN_OK)
		err = take_frames(l->agent->db, st, arena, &sealed);
	db_reset(st);
	if (err == CONSIGN_OK)
		err = set_content(e, &sealed);
	if (err == CONSIGN_OK) {
		e->is_bare = false;
		s->n++;
		s->bare_n--;
		s->bytes += lanes_entry_bytes(e);
	}
	sealed_clear(&sealed);
	arena_free(&arena);
	return err;
}

/* The next one to go; NULL none. */
static struct out_entry *
find_next(struct lanes *l, struct out_study *s, uint64_t now)
{
	struct held h = {.n = 0};
	struct out_entry *e = next_of(s, now, &h);

	if (e == NULL && s->more) {
		look_further(l, s, &h);
		h = (struct held){.n = 0};
		e = next_of(s, now, &h);
	}
	if (e == NULL || !e->is_bare)
		return e;
	enum consign_err err = load_frames(l, s, e);

	if (err == CONSIGN_OK)
		return e;
	e->retry_us = now + UNREADABLE_PAUSE_US;
	log_event(LOG_ERROR, "outbox.unreadable", "study", "s", s->id.s, "reason", "s", consign_err_text(err), NULL);
	return NULL;
}

static bool
send_entry(struct lanes *l, struct out_study *s, struct out_entry *e)
{
	struct session_submit submit = {.sequence = ++l->last_sequence};
	struct frame manifest, body;
	enum consign_err err;

	frame_share(&manifest, &e->manifest);
	frame_share(&body, &e->body);
	err = uplink_say(l->agent->uplink, &(struct session_command){.submit = &submit}, &manifest, &body);
	frame_clear(&manifest);
	frame_clear(&body);
	if (err != CONSIGN_OK)
		return false;
	e->state = OUT_SENT;
	e->sequence = submit.sequence;
	s->sent++;
	s->served += lanes_entry_bytes(e);
	l->sent++;
	l->sent_bytes += lanes_entry_bytes(e);
	return true;
}

void
lanes_pump(struct lanes *l)
{
	uint64_t now = clock_steady_us(l->agent->clock);

	if (freshness_holds(l->agent, NULL))
		return; /* it may be shown a hub of yesterday: nothing is sent by its rules */
	while (uplink_state(l->agent->uplink) == UPLINK_UP && l->sent < l->window_consignments
	    && (l->sent == 0 || l->sent_bytes < l->window_bytes)) {
		struct out_study *best = NULL;
		struct out_entry *entry = NULL;

		for (struct out_study *s = l->studies; s != NULL; s = s->next) {
			struct out_entry *e;

			refill(l, s);
			if ((best == NULL || s->served < best->served) && (e = find_next(l, s, now)) != NULL) {
				best = s;
				entry = e;
			}
		}
		if (best == NULL || !send_entry(l, best, entry))
			return;
	}
}

void
lanes_unsent(struct lanes *l)
{
	for (struct out_study *s = l->studies; s != NULL; s = s->next) {
		for (struct out_entry *e = s->first; e != NULL; e = e->next)
			if (e->state == OUT_SENT)
				e->state = OUT_WAITING;
		s->sent = 0;
		s->rewinding = false;
	}
	l->sent = 0;
	l->sent_bytes = 0;
}

struct out_entry *
lanes_answered(struct lanes *l, uint64_t sequence)
{
	for (struct out_study *s = l->studies; s != NULL; s = s->next)
		for (struct out_entry *e = s->first; e != NULL; e = e->next)
			if (e->state == OUT_SENT && e->sequence == sequence) {
				e->state = OUT_BUSY;
				s->sent--;
				l->sent--;
				l->sent_bytes -= lanes_entry_bytes(e);
				if (s->sent == 0)
					s->rewinding = false;
				return e;
			}
	return NULL;
}

void
lanes_postpone(struct lanes *l, struct out_entry *e, uint64_t pause_us)
{
	struct out_study *s = study_of(l, e->study.s);

	e->state = OUT_WAITING;
	e->retry_us = pause_us == 0 ? 0 : clock_steady_us(l->agent->clock) + pause_us;
	/* What was sent behind it comes back postponed too: it is sent again after this one. */
	if (s != NULL && s->sent > 0)
		s->rewinding = true;
}

void
lanes_try_later(struct lanes *l, struct out_entry *e, const struct session_try_later *why)
{
	struct postponement p = {.code = (enum consign_code)why->code, .since_us = e->postponed.since_us};

	memcpy(p.org.s, why->org, sizeof p.org.s);
	snprintf(p.detail, sizeof p.detail, "%.*s", (int)why->detail.len, why->detail.len > 0 ? (const char *)why->detail.data : "");
	if (p.code != e->postponed.code || strcmp(p.org.s, e->postponed.org.s) != 0)
		p.since_us = clock_wall_us(l->agent->clock);
	e->postponed = p;
	lanes_postpone(l, e, (uint64_t)why->retry_ms * 1000);
}

void
lanes_hurry(struct lanes *l)
{
	for (struct out_study *s = l->studies; s != NULL; s = s->next)
		for (struct out_entry *e = s->first; e != NULL; e = e->next)
			if (e->state == OUT_WAITING && (e->postponed.code == CONSIGN_CODE_QUOTA || e->postponed.code == CONSIGN_CODE_MAILBOX_FULL))
				e->retry_us = 0;
}

const struct postponement *
lanes_postponement(const struct lanes *l, const struct consign_id *id)
{
	for (const struct out_study *s = l->studies; s != NULL; s = s->next)
		for (const struct out_entry *e = s->first; e != NULL; e = e->next)
			if (memcmp(e->id.b, id->b, sizeof id->b) == 0)
				return e->postponed.code == CONSIGN_CODE_NONE ? NULL : &e->postponed;
	return NULL;
}

static void
count_postponed(const struct postponement *p, struct postponed *list, size_t max, size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		if (list[i].why.code != p->code || strcmp(list[i].why.org.s, p->org.s) != 0)
			continue;
		list[i].consignments++;
		if (p->since_us < list[i].why.since_us)
			list[i].why = *p;
		return;
	}
	if (*n < max)
		list[(*n)++] = (struct postponed){*p, 1};
}

size_t
lanes_postponed(const struct lanes *l, struct postponed *ret_list, size_t max)
{
	size_t n = 0;

	for (const struct out_study *s = l->studies; s != NULL; s = s->next)
		for (const struct out_entry *e = s->first; e != NULL; e = e->next)
			if (e->postponed.code != CONSIGN_CODE_NONE && e->postponed.code != CONSIGN_CODE_LANE_HELD)
				count_postponed(&e->postponed, ret_list, max, &n);
	return n;
}

static void
unlink_entry(struct out_study *s, struct out_entry *e)
{
	for (struct out_entry **at = &s->first; *at != NULL; at = &(*at)->next)
		if (*at == e) {
			*at = e->next;
			if (s->last == &e->next)
				s->last = at;
			s->n -= !e->is_bare;
			s->bare_n -= e->is_bare;
			s->bytes -= lanes_entry_bytes(e);
			return;
		}
}

void
lanes_finished(struct lanes *l, struct out_entry *e)
{
	struct out_study *s = study_of(l, e->study.s);

	if (s != NULL)
		unlink_entry(s, e);
	free_entry(e);
}

enum consign_err
lanes_replaced(struct lanes *l, struct out_entry *e, struct sealed *sealed)
{
	struct out_study *s = study_of(l, e->study.s);
	uint64_t before = lanes_entry_bytes(e);
	enum consign_err err = set_content(e, sealed);

	if (err != CONSIGN_OK)
		return err;
	if (s != NULL)
		s->bytes += lanes_entry_bytes(e) - before;
	/* The documents that made it stale are durable at the broker before the refusal is, and so have come before it: the first time at once. */
	lanes_postpone(l, e, e->stale_tries > 1 ? (uint64_t)(e->stale_tries - 1) * STALE_PAUSE_US : 0);
	return CONSIGN_OK;
}
