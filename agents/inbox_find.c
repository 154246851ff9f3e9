/*
 * Finding received messages by id, for `show` and for acknowledgements (inbox.h, inbox_private.h). An id is its consignor's invention: two may
 * have used the same one.
 */
#include <stdlib.h>
#include <string.h>

#include "inbox_row.h"

/* Consignments with this id, one row for each consignor that used it. */
static enum consign_err
find_rows(struct inbox_row *r, const struct consign_id *id)
{
	enum consign_err err =
	    db_statement(r->in->agent->db, "SELECT " INBOX_ROW_COLUMNS " FROM inbox WHERE id = ?1 ORDER BY seq", &r->statement);

	if (err == CONSIGN_OK)
		db_bind_slice(r->statement, 1, SLICE_ARRAY(id->b));
	return err;
}

/* Errors: NOT_FOUND (there is no further row), NO_MEMORY, CORRUPT, those of the store */
static enum consign_err
next_row(struct inbox_row *r)
{
	enum consign_err err = db_row(r->statement);

	if (err == CONSIGN_OK)
		err = inbox_row_take(r);
	return err == CONSIGN_OK ? inbox_row_manifest(r) : err;
}

/* Whether the row has this item, not rejected. */
static bool
row_has(const struct inbox_row *r, uint32_t index, size_t *ret_idx)
{
	for (size_t i = 0; i < r->n_items; i++)
		if (r->manifest->items.v[i]->index == index && inbox_is_accepted(r->outcomes, i)) {
			*ret_idx = i;
			return true;
		}
	return false;
}

/* Leaves the row on the first consignment with this message. */
static enum consign_err
find_message(struct inbox_row *r, const struct consign_message_id *id, size_t *ret_idx)
{
	enum consign_err err = find_rows(r, &id->consignment);

	if (err != CONSIGN_OK)
		return err;
	while ((err = next_row(r)) == CONSIGN_OK)
		if (row_has(r, id->index, ret_idx))
			return CONSIGN_OK;
	db_reset(r->statement);
	return err;
}

static enum consign_err
find_in_snapshot(
    struct inbox_row *r, const struct consign_message_id *id, struct arena *arena, struct local_message **ret_message, size_t *ret_idx)
{
	struct db *db = r->in->agent->db;
	struct subscription s;
	struct inbox_acks acks;
	struct local_message *message;
	size_t idx;
	enum consign_err err = find_message(r, id, &idx);

	if (err != CONSIGN_OK)
		return err;
	err = inbox_row_message(r, idx, true, arena, &message);
	if (err == CONSIGN_OK)
		err = subscription_read(db, "default", &s);
	if (err == CONSIGN_OK)
		err = subscription_acks(db, s.name, r->seq, &acks);
	if (err != CONSIGN_OK)
		return err == CONSIGN_E_NOT_FOUND ? CONSIGN_E_CORRUPT : err;
	message->acked = inbox_is_behind(&s.cursor, r->seq, (uint32_t)idx) || acks.is_acked[idx];
	*ret_message = message;
	*ret_idx = idx;
	return CONSIGN_OK;
}

enum consign_err
inbox_find(struct inbox *in, const struct consign_message_id *id, struct arena *arena, struct local_message **ret_message,
    struct inbox_cursor *ret_cursor)
{
	struct inbox_row r = {.in = in};
	struct local_message *message = NULL;
	size_t idx = 0;
	enum consign_err err = arena_new(inbox_row_budget(), &r.scratch);

	if (err == CONSIGN_OK)
		err = db_begin_read(in->agent->db);
	if (err == CONSIGN_OK) {
		err = find_in_snapshot(&r, id, arena, &message, &idx);
		db_rollback(in->agent->db);
	}
	inbox_row_clear(&r);
	if (err != CONSIGN_OK)
		return err;
	*ret_message = message;
	*ret_cursor = (struct inbox_cursor){r.seq, (uint32_t)idx};
	return CONSIGN_OK;
}

static enum consign_err
put_place(struct inbox_places *places, uint64_t seq, size_t idx)
{
	if (places->n == places->cap) {
		size_t cap = places->cap == 0 ? 64 : 2 * places->cap;
		struct inbox_cursor *v = reallocarray(places->v, cap, sizeof *v);

		if (v == NULL)
			return CONSIGN_E_NO_MEMORY;
		places->v = v;
		places->cap = cap;
	}
	places->v[places->n++] = (struct inbox_cursor){seq, (uint32_t)idx};
	return CONSIGN_OK;
}

/* What an acknowledgement looks for: places that the subscription shows and has not acknowledged. */
struct unacked {
	struct subscription by;                  /* name "": any place will do */
	struct inbox_acks acks;                  /* of the row */
	bool is_taken[CONSIGN_BUNDLE_MAX_ITEMS]; /* places of the row, by an id before */
};

static enum consign_err
next_unacked_row(struct inbox_row *r, struct unacked *u)
{
	enum consign_err err = next_row(r);

	if (err != CONSIGN_OK || u->by.name[0] == '\0')
		return err;
	memset(u->is_taken, 0, sizeof u->is_taken);
	err = subscription_acks(r->in->agent->db, u->by.name, r->seq, &u->acks);
	return err == CONSIGN_E_NOT_FOUND ? CONSIGN_E_CORRUPT : err;
}

/* An id that was served takes no second place: the next message under it, another consignor's, has not been seen yet. */
static enum consign_err
take_place(struct inbox_row *r, struct unacked *u, size_t idx, bool *is_served, struct inbox_places *places)
{
	if (u->by.name[0] != '\0') {
		if (*is_served || u->is_taken[idx] || u->acks.is_acked[idx] ||
		    inbox_is_behind(&u->by.cursor, r->seq, (uint32_t)idx) ||
		    !inbox_matches(u->by.type, u->by.study, r->manifest, idx))
			return CONSIGN_OK;
		*is_served = u->is_taken[idx] = true;
	}
	return put_place(places, r->seq, idx);
}

/* The places of n messages of one consignment id, in the order of arrival. */
static enum consign_err
find_neighbours(struct inbox_row *r, struct unacked *u, const struct consign_message_id *ids, size_t n, struct inbox_places *places)
{
	bool *is_served = calloc(n, sizeof *is_served);
	size_t idx;
	enum consign_err err = is_served == NULL ? CONSIGN_E_NO_MEMORY : find_rows(r, &ids[0].consignment);

	if (err != CONSIGN_OK) {
		free(is_served);
		return err;
	}
	while (err == CONSIGN_OK && (err = next_unacked_row(r, u)) == CONSIGN_OK)
		for (size_t i = 0; err == CONSIGN_OK && i < n; i++)
			if (row_has(r, ids[i].index, &idx))
				err = take_place(r, u, idx, &is_served[i], places);
	db_reset(r->statement);
	free(is_served);
	return err == CONSIGN_E_NOT_FOUND ? CONSIGN_OK : err;
}

enum consign_err
inbox_find_places(
    struct inbox *in, const char *unacked_by, const struct consign_message_id *ids, size_t n, struct inbox_places *places)
{
	struct inbox_row r = {.in = in};
	struct unacked u = {0};
	size_t run;
	enum consign_err err = arena_new(inbox_row_budget(), &r.scratch);

	if (err == CONSIGN_OK && unacked_by != NULL)
		err = subscription_read(in->agent->db, unacked_by, &u.by);
	if (err == CONSIGN_E_NOT_FOUND) /* it has acknowledged nothing; whoever acknowledges for it hears that it is none */
		err = CONSIGN_OK;

	/* Neighbours are acknowledged together: one look at their row serves them all. */
	for (size_t i = 0; err == CONSIGN_OK && i < n; i += run) {
		for (run = 1; i + run < n; run++)
			if (memcmp(ids[i].consignment.b, ids[i + run].consignment.b, sizeof ids[i].consignment.b) != 0)
				break;
		err = find_neighbours(&r, &u, ids + i, run, places);
	}
	inbox_row_clear(&r);
	return err;
}
