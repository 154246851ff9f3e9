/* What of the stored outbox is in memory (lanes_private.h). */
#include "lanes_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/bodies.h"
#include "core/limits.h"
#include "core/log.h"
#include "store/store.h"

/* In memory for one study: twice the window, so that the next window is there when one is answered. */
#define ENTRIES_A_STUDY 128u
#define BYTES_A_STUDY (16u * 1024u * 1024u)
/*
 * Behind those, what waits for one before it is known without its frames: else a company whose limit is used up for a day would
 * hold up all others of its study. About a megabyte a study, and a walk of some 100 us.
 */
#define BARE_A_STUDY 4096u
#define ROWS_A_LOOK 128u

void
lanes_entry_free(struct out_entry *e)
{
	free(e->consignees);
	frame_clear(&e->manifest);
	frame_clear(&e->body);
	free(e);
}

enum consign_err
lanes_entry_set(struct out_entry *e, struct sealed *sealed)
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
	err = lanes_entry_set(e, sealed);
	if (err != CONSIGN_OK) {
		lanes_entry_free(e);
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

bool
lanes_append(struct out_study *s, uint64_t seq, struct sealed *sealed)
{
	return has_room(s) && append(s, seq, sealed) == CONSIGN_OK;
}

/* ── what holds back what is behind it ── */

/* FNV-1a */
static uint32_t
name_of(const struct consign_org *org)
{
	uint32_t h = UINT32_C(0x811c9dc5);

	for (const char *c = org->s; *c != '\0'; c++)
		h = (h ^ (unsigned char)*c) * UINT32_C(0x01000193);
	return h;
}

static bool
has_name(const struct held *h, const struct consign_org *org, uint32_t name)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->name[i] == name && strcmp(h->org[i]->s, org->s) == 0)
			return true;
	return false;
}

bool
held_has(const struct held *h, const struct consign_org *org)
{
	return has_name(h, org, name_of(org));
}

void
held_put(struct held *h, const struct out_entry *e)
{
	for (size_t i = 0; i < e->n_consignees; i++) {
		uint32_t name = name_of(&e->consignees[i]);

		if (has_name(h, &e->consignees[i], name))
			continue;
		if (h->n == HELD_MAX) {
			h->all = true;
			return;
		}
		h->org[h->n] = &e->consignees[i];
		h->name[h->n++] = name;
	}
}

/* ── the store ── */

/* The columns of a row that is read; body: where they are read from */
#define ROW "SELECT seq, kept(manifest, manifest_at, manifest_bytes), body, body_at, body_bytes FROM outbox WHERE "

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

void
lanes_refill(struct lanes *l, struct out_study *s)
{
	struct db_statement *st;
	bool row = false;

	if (!s->more || s->n > ENTRIES_A_STUDY / 2)
		return;
	enum consign_err err = db_statement(l->agent->db,
	    ROW "state = 1 AND study = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3", &st);

	if (err != CONSIGN_OK)
		return;
	db_bind_text(st, 1, s->id.s);
	db_bind_u64(st, 2, s->loaded_to);
	db_bind_u64(st, 3, ENTRIES_A_STUDY + 1); /* one that has no room says that there are more */
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
		*ret_may_go = !held_has(h, &sealed.manifest->consignees.v[i]->org);
	if (*ret_may_go)
		err = take_frames(db, st, arena, &sealed);
	struct out_entry **added = s->last;

	if (err == CONSIGN_OK)
		err = append(s, db_column_u64(st, 0), &sealed);
	if (err == CONSIGN_OK && !*ret_may_go)
		held_put(h, *added);
	sealed_clear(&sealed);
	arena_free(&arena);
	return err;
}

void
lanes_look_further(struct lanes *l, struct out_study *s, struct held *h)
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

enum consign_err
lanes_load_frames(struct lanes *l, struct out_study *s, struct out_entry *e)
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
		err = lanes_entry_set(e, &sealed);
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
