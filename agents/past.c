/* Messages of the past (past.h). What was sent is track's to put together; what came is a row of the inbox, with the receipt given for it. */
#include "past.h"

#include <string.h>

#include "inbox_private.h"
#include "track.h"

static enum consign_err
past_new(struct arena *arena, struct local_past **ret_message)
{
	struct local_past *m = arena_alloc(arena, sizeof *m);

	if (m != NULL)
		m->consignees.v = arena_alloc(arena, CONSIGN_CONSIGNEES_MAX * sizeof *m->consignees.v);
	if (m == NULL || m->consignees.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	*ret_message = m;
	return CONSIGN_OK;
}

static enum consign_err
add_consignee(struct local_past *m, const struct consign_org *org, struct arena *arena, struct local_past_consignee **ret_consignee)
{
	struct local_past_consignee *c = arena_alloc(arena, sizeof *c);

	if (c == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (m->consignees.n == CONSIGN_CONSIGNEES_MAX)
		return CONSIGN_E_CORRUPT;
	c->org = *org;
	m->consignees.v[m->consignees.n++] = c;
	*ret_consignee = c;
	return CONSIGN_OK;
}

/* ── sent ── */

static enum consign_err
find_sent(struct agent *a, const struct consign_message_id *id, struct arena *arena, struct past *past)
{
	struct local_track_reply *t;
	struct local_past *m;
	enum consign_err err = track_message(a, id, arena, &t);

	if (err == CONSIGN_OK)
		err = past_new(arena, &m);
	if (err != CONSIGN_OK)
		return err;
	m->consignor = a->org;
	m->study = t->study;
	m->type = t->type;
	m->label = t->label;
	m->at_us = t->accepted_us != 0 ? t->accepted_us : t->created_us;
	for (size_t i = 0; err == CONSIGN_OK && i < t->consignees.n; i++) {
		const struct local_track_consignee *from = t->consignees.v[i];
		struct local_past_consignee *c;

		err = add_consignee(m, &from->org, arena, &c);
		if (err != CONSIGN_OK)
			break;
		c->rejected = strcmp(from->state, "rejected") == 0;
		c->code = c->rejected ? from->code : t->code;
		memcpy(c->rule, t->rule, sizeof c->rule);
	}
	*past = (struct past){m, t->has_leaf == 1, t->leaf};
	return err;
}

/* ── received ── */

/* What this organisation's own receipt says about the item. */
static enum consign_err
read_verdict(struct consign_slice bytes, uint32_t index, struct arena *scratch, struct local_past_consignee *c)
{
	struct delivery_receipt *receipt;
	struct delivery_receipt_content *content;
	enum consign_err err = delivery_receipt_decode(bytes, scratch, &receipt);

	if (err == CONSIGN_OK)
		err = delivery_receipt_content_decode(receipt->content, scratch, &content);
	if (err != CONSIGN_OK)
		return err == CONSIGN_E_NO_MEMORY ? err : CONSIGN_E_CORRUPT;
	for (size_t i = 0; i < content->verdicts.n; i++)
		if (content->verdicts.v[i]->index == index && content->verdicts.v[i]->outcome == ITEM_REJECTED) {
			c->rejected = 1;
			c->code = content->verdicts.v[i]->code;
		}
	return CONSIGN_OK;
}

enum { ROW_CONSIGNOR, ROW_ACCEPTED, ROW_LEAF, ROW_MANIFEST, ROW_RECEIPT };

/* NOT_FOUND: the consignment has no such item. */
static enum consign_err
read_row(struct agent *a, struct db_statement *s, uint32_t index, struct arena *scratch, struct arena *arena, struct past *past)
{
	const struct manifest_item *item = NULL;
	struct manifest *manifest;
	struct local_past *m;
	enum consign_err err = inbox_manifest(db_column_slice(s, ROW_MANIFEST), scratch, &manifest);

	for (size_t i = 0; err == CONSIGN_OK && item == NULL && i < manifest->items.n; i++)
		if (manifest->items.v[i]->index == index)
			item = manifest->items.v[i];
	if (err == CONSIGN_OK)
		err = item == NULL ? CONSIGN_E_NOT_FOUND : past_new(arena, &m);
	if (err != CONSIGN_OK)
		return err;
	m->study = manifest->study;
	m->type = item->type;
	m->label = manifest->label;
	m->at_us = db_column_u64(s, ROW_ACCEPTED);
	err = db_column_text(s, ROW_CONSIGNOR, m->consignor.s, sizeof m->consignor.s);
	for (size_t i = 0; err == CONSIGN_OK && i < manifest->consignees.n; i++) {
		struct local_past_consignee *c;

		err = add_consignee(m, &manifest->consignees.v[i]->org, arena, &c);
		if (err == CONSIGN_OK && strcmp(c->org.s, a->org.s) == 0)
			err = read_verdict(db_column_slice(s, ROW_RECEIPT), index, scratch, c);
	}
	if (err == CONSIGN_OK)
		*past = (struct past){m, true, db_column_u64(s, ROW_LEAF)};
	return err;
}

static enum consign_err
find_received(struct agent *a, const struct consign_message_id *id, struct arena *scratch, struct arena *arena, struct past *past)
{
	struct db_statement *s;
	enum consign_err err = db_statement(
	    a->db, "SELECT consignor, accepted_us, leaf, kept(manifest, manifest_at, manifest_bytes), receipt FROM inbox WHERE id = ?1"
		   " ORDER BY seq", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(id->consignment.b));
	while ((err = db_row(s)) == CONSIGN_OK) {
		arena_reset(scratch);
		err = read_row(a, s, id->index, scratch, arena, past);
		if (err != CONSIGN_E_NOT_FOUND)
			break;
	}
	db_reset(s);
	return err;
}

/* EXPIRED when there is one. */
static enum consign_err
find_tombstone(struct agent *a, const struct consign_message_id *id)
{
	struct db_statement *s;
	enum consign_err err = db_statement(a->db, "SELECT 1 FROM tombstone WHERE id = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(id->consignment.b));
	err = db_row(s);
	db_reset(s);
	return err == CONSIGN_OK ? CONSIGN_E_EXPIRED : err;
}

enum consign_err
past_find(struct agent *a, const struct consign_message_id *id, struct arena *arena, struct past *ret_past)
{
	struct arena *scratch = NULL;
	struct past past = {0};
	enum consign_err err = find_sent(a, id, arena, &past);

	if (err == CONSIGN_E_NOT_FOUND)
		/* Twice for the receipt: it, and its content. */
		err = arena_new(inbox_manifest_budget()
			+ 2 * (CONSIGN_UNPACK_BUDGET_BASE_BYTES + (size_t)CONSIGN_RECEIPT_MAX_BYTES * CONSIGN_UNPACK_BUDGET_PER_BYTE), &scratch);
	if (err == CONSIGN_OK && scratch != NULL)
		err = find_received(a, id, scratch, arena, &past);
	if (err == CONSIGN_E_NOT_FOUND)
		err = find_tombstone(a, id);
	arena_free(&scratch);
	if (err == CONSIGN_OK)
		*ret_past = past;
	return err;
}
