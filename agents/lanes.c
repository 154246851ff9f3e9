/* The queue of unanswered consignments, a list a study. */
#include "lanes_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "freshness.h"
#include "store/store.h"
#include "uplink.h"

#define UNREADABLE_PAUSE_US 1000000u
/* What is stale still after it was sealed anew waits so much longer each time. */
#define STALE_PAUSE_US 500000u
/* Unanswered consignments of a study, small or not, from which on there is no hurry to begin another: one is on its way there, one is judged. */
#define BUSY_SENT 2u

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
free_studies(struct lanes *l)
{
	while (l->studies != NULL) {
		struct out_study *next = l->studies->next;

		while (l->studies->first != NULL) {
			struct out_entry *e = l->studies->first;

			l->studies->first = e->next;
			lanes_entry_free(e);
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
	l->held = l->sent_lanes = 0;
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

void
lanes_added(struct lanes *l, uint64_t seq, struct sealed *sealed)
{
	struct out_study *s = study_of(l, sealed->manifest->study.s);

	if (s == NULL) {
		agent_store_failed(l->agent, CONSIGN_E_NO_MEMORY); /* it is stored: start over from there */
		return;
	}
	if (s->more || !lanes_append(s, seq, sealed))
		s->more = true;
}

bool
lanes_are_busy(const struct lanes *l, const struct consign_study *study)
{
	for (const struct out_study *s = l->studies; s != NULL; s = s->next)
		if (strcmp(s->id.s, study->s) == 0)
			return s->bytes >= CONSIGN_BUNDLE_MAX_BYTES || s->sent >= BUSY_SENT;
	return false;
}

void
lanes_window(struct lanes *l, uint32_t consignments, uint64_t bytes)
{
	l->window_consignments = consignments;
	l->window_bytes = bytes;
}

static bool
is_held(const struct held *h, const struct out_entry *e)
{
	for (size_t i = 0; i < e->n_consignees; i++)
		if (held_has(h, &e->consignees[i]))
			return true;
	return h->all;
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
		held_put(h, e);
	}
	return NULL;
}

/* The next one to go; NULL none. */
static struct out_entry *
find_next(struct lanes *l, struct out_study *s, uint64_t now)
{
	struct held h = {.n = 0};
	struct out_entry *e = next_of(s, now, &h);

	if (e == NULL && s->more) {
		lanes_look_further(l, s, &h);
		h = (struct held){.n = 0};
		e = next_of(s, now, &h);
	}
	if (e == NULL || !e->is_bare)
		return e;
	enum consign_err err = lanes_load_frames(l, s, e);

	if (err == CONSIGN_OK)
		return e;
	e->retry_us = now + UNREADABLE_PAUSE_US;
	log_event(LOG_ERROR, "outbox.unreadable", "study", "s", s->id.s, "reason", "s", consign_err_text(err), NULL);
	return NULL;
}

/* ── what the broker holds ── */

static uint64_t
unheld_lanes(const struct out_entry *e)
{
	return e->held > 0 ? 0 : e->n_consignees;
}

static void
forget_held(struct lanes *l, struct out_study *s, struct out_entry *e)
{
	s->held -= e->held;
	l->held -= e->held;
	e->held = 0;
}

void
lanes_holds(struct lanes *l, struct out_entry *e)
{
	struct out_study *s = study_of(l, e->study.s);

	if (s == NULL || e->held > 0)
		return;
	e->held = (uint32_t)e->n_consignees;
	s->held += e->held;
	l->held += e->held;
}

/*
 * All of a study that waits: what stands behind another in a lane would else come to stand before it. None of it is on its way, nor
 * is what may pass it, so nothing is overtaken.
 */
static bool
release_study(struct lanes *l, struct out_study *s)
{
	for (struct out_entry *e = s->first; e != NULL; e = e->next) {
		struct session_release release = {e->id};

		if (e->state != OUT_WAITING || e->held == 0)
			continue;
		if (uplink_say(l->agent->uplink, &(struct session_command){.release = &release}, NULL, NULL) != CONSIGN_OK) {
			uplink_break(l->agent->uplink, "a release could not be sent");
			return false;
		}
		forget_held(l, s, e);
	}
	return true;
}

static bool
has_waiting_held(const struct out_study *s)
{
	for (const struct out_entry *e = s->first; e != NULL; e = e->next)
		if (e->state == OUT_WAITING && e->held > 0)
			return true;
	return false;
}

/* False: not now. Answers are on their way, after which there is room, or the connection is gone. */
static bool
make_room(struct lanes *l, const struct out_entry *for_this)
{
	while (l->held + l->sent_lanes + unheld_lanes(for_this) > CONSIGN_HELD_LANES_MAX) {
		struct out_study *most = NULL;

		for (struct out_study *s = l->studies; s != NULL; s = s->next)
			if (!s->rewinding && (most == NULL || s->held > most->held) && has_waiting_held(s))
				most = s;
		if (most == NULL || !release_study(l, most))
			return false;
	}
	return true;
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
	l->sent_lanes += unheld_lanes(e);
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

			lanes_refill(l, s);
			if ((best == NULL || s->served < best->served) && (e = find_next(l, s, now)) != NULL) {
				best = s;
				entry = e;
			}
		}
		if (best == NULL || !make_room(l, entry) || !send_entry(l, best, entry))
			return;
	}
}

void
lanes_unsent(struct lanes *l)
{
	for (struct out_study *s = l->studies; s != NULL; s = s->next) {
		for (struct out_entry *e = s->first; e != NULL; e = e->next) {
			if (e->state == OUT_SENT)
				e->state = OUT_WAITING;
			e->held = 0; /* the line was the session's */
		}
		s->sent = 0;
		s->held = 0;
		s->rewinding = false;
	}
	l->sent = 0;
	l->sent_bytes = 0;
	l->held = l->sent_lanes = 0;
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
				l->sent_lanes -= unheld_lanes(e);
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
	lanes_holds(l, e);
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

	if (s != NULL) {
		forget_held(l, s, e);
		unlink_entry(s, e);
	}
	lanes_entry_free(e);
}

enum consign_err
lanes_replaced(struct lanes *l, struct out_entry *e, struct sealed *sealed)
{
	struct out_study *s = study_of(l, e->study.s);
	uint64_t before = lanes_entry_bytes(e);
	enum consign_err err = lanes_entry_set(e, sealed);

	if (err != CONSIGN_OK)
		return err;
	if (s != NULL)
		s->bytes += lanes_entry_bytes(e) - before;
	/* The documents that made it stale are durable at the broker before the refusal is, and so have come before it: the first time at once. */
	lanes_postpone(l, e, e->stale_tries > 1 ? (uint64_t)(e->stale_tries - 1) * STALE_PAUSE_US : 0);
	return CONSIGN_OK;
}
