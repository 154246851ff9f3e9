/* The reading side: any connection, any thread that owns it. */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "core/bodies.h"
#include "core/limits.h"

#define NODE_LEVEL_SHIFT 48
#define OPENING_BYTES (8 + 32 + 32)

enum consign_err
store_size(struct db *db, uint64_t *ret_leaves)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "SELECT id FROM leaf ORDER BY id DESC LIMIT 1", &s);

	if (err != CONSIGN_OK)
		return err;
	err = db_row(s);
	if (err == CONSIGN_OK)
		*ret_leaves = db_column_u64(s, 0) + 1;
	if (err == CONSIGN_E_NOT_FOUND) {
		*ret_leaves = 0;
		err = CONSIGN_OK;
	}
	db_reset(s);
	return err;
}

enum consign_err
store_note_read(struct db *db, struct buf *ret_note)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "SELECT note FROM checkpoint", &s);

	if (err != CONSIGN_OK)
		return err;
	err = db_row(s);
	if (err == CONSIGN_OK)
		err = buf_append(ret_note, db_column_slice(s, 0));
	db_reset(s);
	return err;
}

enum consign_err
store_node(struct db *db, uint32_t level, uint64_t index, struct consign_hash *ret_hash)
{
	struct db_statement *s;
	struct consign_hash hash;
	enum consign_err err = db_statement(db, "SELECT hash FROM node WHERE id = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, (uint64_t)level << NODE_LEVEL_SHIFT | index);
	err = db_row(s);
	if (err == CONSIGN_OK)
		err = db_column_fixed(s, 0, hash.b, sizeof hash.b);
	db_reset(s);
	if (err == CONSIGN_OK)
		*ret_hash = hash;
	return err;
}

enum consign_err
store_leaf_read(struct db *db, uint64_t index, struct arena *arena, struct leaf *ret_leaf)
{
	struct db_statement *s;
	struct leaf leaf = {.index = index};
	enum consign_err err = db_statement(db, "SELECT salt, record FROM leaf WHERE id = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, index);
	err = db_row(s);
	if (err == CONSIGN_OK)
		err = db_column_fixed(s, 0, leaf.salt.b, sizeof leaf.salt.b);
	if (err == CONSIGN_OK)
		err = db_column_copy(s, 1, arena, &leaf.record);
	db_reset(s);
	if (err == CONSIGN_OK)
		*ret_leaf = leaf;
	return err;
}

enum consign_err
store_tails(struct db *db, void (*each)(void *context, const struct store_tail *tail), void *context)
{
	struct db_statement *s;
	bool row;
	enum consign_err err = db_statement(db, "SELECT org, position, head FROM mailbox_tail", &s);

	if (err != CONSIGN_OK)
		return err;
	while ((err = db_step(s, &row)) == CONSIGN_OK && row) {
		struct store_tail tail = {.position = db_column_u64(s, 1)};

		err = db_column_text(s, 0, (tail.org).s, sizeof (tail.org).s);
		if (err == CONSIGN_OK)
			err = db_column_fixed(s, 2, tail.head.b, sizeof tail.head.b);
		if (err != CONSIGN_OK)
			break;
		each(context, &tail);
	}
	db_reset(s);
	return err;
}

enum consign_err
store_uses(struct db *db, void (*each)(void *context, const struct store_use *use), void *context)
{
	struct db_statement *s;
	bool row;
	enum consign_err err = db_statement(db, "SELECT org, consignor, consignments, bytes FROM mailbox_use WHERE consignments > 0", &s);

	if (err != CONSIGN_OK)
		return err;
	while ((err = db_step(s, &row)) == CONSIGN_OK && row) {
		struct store_use use = {.consignments = db_column_u64(s, 2), .bytes = db_column_u64(s, 3)};

		err = db_column_text(s, 0, use.org.s, sizeof use.org.s);
		if (err == CONSIGN_OK)
			err = db_column_text(s, 1, use.consignor.s, sizeof use.consignor.s);
		if (err != CONSIGN_OK)
			break;
		each(context, &use);
	}
	db_reset(s);
	return err;
}

enum consign_err
store_documents(struct db *db, enum consign_err (*each)(void *context, struct consign_slice documents), void *context)
{
	struct db_statement *s;
	bool row;
	enum consign_err err = db_statement(db, "SELECT documents FROM document ORDER BY n", &s);

	if (err != CONSIGN_OK)
		return err;
	while ((err = db_step(s, &row)) == CONSIGN_OK && row) {
		err = each(context, db_column_slice(s, 0));
		if (err != CONSIGN_OK)
			break;
	}
	db_reset(s);
	return err;
}

enum consign_err
store_invites(struct db *db, enum consign_err (*each)(void *context, const struct invite_notice *notice, struct consign_slice join),
    void *context)
{
	struct db_statement *s;
	bool row;
	enum consign_err err = db_statement(db, "SELECT org, transport_key, token_hash, expires_us, request FROM invite", &s);

	if (err != CONSIGN_OK)
		return err;
	while ((err = db_step(s, &row)) == CONSIGN_OK && row) {
		struct invite_notice n = {.expires_us = db_column_u64(s, 3)};

		err = db_column_text(s, 0, (n.org).s, sizeof (n.org).s);
		if (err == CONSIGN_OK)
			err = db_column_fixed(s, 1, n.transport_key.b, sizeof n.transport_key.b);
		if (err == CONSIGN_OK)
			err = db_column_fixed(s, 2, n.token_hash.b, sizeof n.token_hash.b);
		if (err == CONSIGN_OK)
			err = each(context, &n, db_column_slice(s, 4));
		if (err != CONSIGN_OK)
			break;
	}
	db_reset(s);
	return err;
}

/* leaf index, salt, record at columns first … first + 2, as a statement without path. */
static enum consign_err
column_statement(struct db_statement *s, int first, struct arena *arena, struct statement **ret_statement)
{
	struct statement *st = arena_alloc(arena, sizeof *st);
	enum consign_err err;

	if (st == NULL || (st->leaf = arena_alloc(arena, sizeof *st->leaf)) == NULL)
		return CONSIGN_E_NO_MEMORY;
	st->has_place = 1;
	st->leaf->index = db_column_u64(s, first);
	err = db_column_fixed(s, first + 1, st->leaf->salt.b, sizeof st->leaf->salt.b);
	if (err == CONSIGN_OK)
		err = db_column_copy(s, first + 2, arena, &st->leaf->record);
	if (err == CONSIGN_OK)
		*ret_statement = st;
	return err;
}

static enum consign_err
decode_openings(struct consign_slice bytes, struct consign_slice signed_manifest, struct arena *arena, struct statement *st)
{
	struct signed_manifest *sm;
	struct manifest *m;
	struct cursor c = cursor_over(bytes);
	enum consign_err err = signed_manifest_decode(signed_manifest, arena, &sm);

	if (err == CONSIGN_OK)
		err = manifest_decode(sm->manifest, arena, &m);
	if (err != CONSIGN_OK || bytes.len != m->consignees.n * OPENING_BYTES)
		return CONSIGN_E_CORRUPT;
	st->openings.v = arena_alloc(arena, (m->consignees.n + 1) * sizeof *st->openings.v);
	if (st->openings.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < m->consignees.n; i++) {
		struct mailbox_opening *o = arena_alloc(arena, sizeof *o);

		if (o == NULL)
			return CONSIGN_E_NO_MEMORY;
		o->org = m->consignees.v[i]->org;
		err = cursor_be64(&c, &o->position);
		if (err == CONSIGN_OK)
			err = cursor_copy(&c, o->previous.b, sizeof o->previous.b);
		if (err == CONSIGN_OK)
			err = cursor_copy(&c, o->salt.b, sizeof o->salt.b);
		if (err != CONSIGN_OK)
			return CONSIGN_E_CORRUPT;
		st->openings.v[st->openings.n++] = o;
	}
	return CONSIGN_OK;
}

static enum consign_err
past_acceptance(struct db *db, const char *consignor, const struct consign_id *id, struct arena *arena, struct store_past *past)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db,
	    "SELECT c.attempt, c.digest, c.openings, kept(c.manifest, c.manifest_at, c.manifest_bytes), l.id, l.salt, l.record FROM consignment c"
	    " JOIN leaf l ON l.id = c.leaf WHERE c.id = ?1 AND c.consignor = ?2",
	    &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(id->b));
	db_bind_text(s, 2, consignor);
	err = db_row(s);
	if (err == CONSIGN_OK) {
		past->accepted = true;
		past->attempt = (uint32_t)db_column_u64(s, 0);
		err = db_column_fixed(s, 1, past->digest.b, sizeof past->digest.b);
		if (err == CONSIGN_OK)
			err = column_statement(s, 4, arena, &past->statement);
		if (err == CONSIGN_OK)
			err = decode_openings(db_column_slice(s, 2), db_column_slice(s, 3), arena, past->statement);
	}
	db_reset(s);
	return err;
}

enum consign_err
store_past(struct db *db, const char *consignor, const struct consign_id *id, struct arena *arena, struct store_past *ret_past)
{
	struct store_past past = {0};
	struct db_statement *s;
	enum consign_err err = past_acceptance(db, consignor, id, arena, &past);

	if (err == CONSIGN_E_NOT_FOUND) {
		err = db_statement(db,
		    "SELECT r.attempt, r.digest, l.id, l.salt, l.record FROM refusal r JOIN leaf l ON l.id = r.leaf"
		    " WHERE r.id = ?1 AND r.consignor = ?2 ORDER BY r.attempt DESC LIMIT 1",
		    &s);
		if (err != CONSIGN_OK)
			return err;
		db_bind_slice(s, 1, SLICE_ARRAY(id->b));
		db_bind_text(s, 2, consignor);
		err = db_row(s);
		if (err == CONSIGN_OK) {
			past.attempt = (uint32_t)db_column_u64(s, 0);
			err = db_column_fixed(s, 1, past.digest.b, sizeof past.digest.b);
			if (err == CONSIGN_OK)
				err = column_statement(s, 2, arena, &past.statement);
		}
		db_reset(s);
	}
	if (err == CONSIGN_OK)
		*ret_past = past;
	return err;
}

static enum consign_err
tombstone_statement(struct db *db, uint64_t leaf, struct arena *arena, struct statement **ret_statement)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "SELECT id, salt, record FROM leaf WHERE id = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, leaf);
	err = db_row(s);
	if (err == CONSIGN_OK)
		err = column_statement(s, 0, arena, ret_statement);
	db_reset(s);
	return err;
}

/*
 * What the consignee would hold against the broker or the consignor is held against the store first, whenever it is read,
 * so that a rotten disk frames nobody: the manifest against its digest, the record against its leaf in the tree.
 */
static enum consign_err
check_mail(struct db *db, struct arena *arena, struct store_mail *m)
{
	static const uint8_t leaf_prefix = 0;
	struct consign_hash entry, leaf, stored, digest;
	struct signed_manifest *sm;
	enum consign_err err = signed_manifest_decode(m->manifest, arena, &sm);

	if (err == CONSIGN_E_NO_MEMORY)
		return err;
	if (err == CONSIGN_OK)
		hash_sha256(sm->manifest, &digest);
	m->corrupt = err != CONSIGN_OK || !hash_equal(&digest, &m->digest);
	if (m->corrupt)
		return CONSIGN_OK;
	tree_entry(&m->record.salt, m->record.record, &entry);
	hash_sha256_2(slice_of(&leaf_prefix, 1), SLICE_ARRAY(entry.b), &leaf);
	err = store_node(db, 0, m->record.index, &stored);
	if (err == CONSIGN_OK)
		m->corrupt = !hash_equal(&leaf, &stored);
	return err;
}

static enum consign_err
read_mail_row(struct db *db, struct db_statement *s, struct arena *arena, struct store_mail *m)
{
	struct statement *st;
	struct consign_hash digest, computed;
	enum consign_err err;

	m->position = db_column_u64(s, 0);
	m->leaf = db_column_u64(s, 1);
	m->bytes = db_column_u64(s, 13);
	err = db_column_fixed(s, 2, m->previous.b, sizeof m->previous.b);
	if (err == CONSIGN_OK)
		err = db_column_fixed(s, 3, m->salt.b, sizeof m->salt.b);
	if (err == CONSIGN_OK)
		err = db_column_text(s, 5, (m->consignor).s, sizeof (m->consignor).s);
	if (err == CONSIGN_OK)
		err = db_column_fixed(s, 6, m->consignment_id.b, sizeof m->consignment_id.b);
	if (err == CONSIGN_OK)
		err = db_column_fixed(s, 7, m->digest.b, sizeof m->digest.b);
	if (err == CONSIGN_OK)
		err = column_statement(s, 10, arena, &st);
	if (err != CONSIGN_OK)
		return err;
	m->record = *st->leaf;
	if (!db_column_is_null(s, 4))
		return tombstone_statement(db, db_column_u64(s, 4), arena, &m->tombstone);
	m->seen_size = db_column_u64(s, 9);
	err = db_column_fixed(s, 8, digest.b, sizeof digest.b);
	if (err == CONSIGN_OK)
		err = bodies_column(db, s, 14, arena, &m->manifest);
	if (err == CONSIGN_OK)
		err = bodies_column(db, s, 17, arena, &m->body);
	m->corrupt = err == CONSIGN_E_CORRUPT; /* told as its place is: the store as a whole is readable */
	if (err != CONSIGN_OK)
		return m->corrupt ? CONSIGN_OK : err;
	hash_sha256(m->body, &computed);
	m->corrupt = !hash_equal(&digest, &computed);
	return m->corrupt ? CONSIGN_OK : check_mail(db, arena, m);
}

enum consign_err
store_mailbox_read(struct db *db, const char *org, uint64_t from, size_t max, size_t max_bytes, struct arena *arena,
    struct store_mail **ret_mail, size_t *ret_n)
{
	struct db_statement *s;
	size_t n = 0, bytes = 0;
	bool row;
	struct store_mail *mail = arena_alloc(arena, (max + 1) * sizeof *mail);
	enum consign_err err;

	if (mail == NULL)
		return CONSIGN_E_NO_MEMORY;
	err = db_begin_read(db);
	if (err != CONSIGN_OK)
		return err;
	err = db_statement(db,
	    "SELECT m.position, m.leaf, m.previous, m.salt, m.tombstone, c.consignor, c.id, c.digest, c.body_digest, c.seen_size,"
	    " l.id, l.salt, l.record, m.bytes, c.manifest, c.manifest_at, c.manifest_bytes, c.body, c.body_at, c.body_bytes"
	    " FROM mailbox m JOIN consignment c ON c.leaf = m.leaf"
	    " JOIN leaf l ON l.id = m.leaf WHERE m.org = ?1 AND m.position >= ?2 AND m.settled = 0 ORDER BY m.position LIMIT ?3",
	    &s);
	if (err != CONSIGN_OK)
		goto out;
	db_bind_text(s, 1, org);
	db_bind_u64(s, 2, from);
	db_bind_u64(s, 3, max);
	/* At least one, whatever its size: a consignment larger than the window must still arrive. */
	while ((n == 0 || bytes < max_bytes) && (err = db_step(s, &row)) == CONSIGN_OK && row) {
		err = read_mail_row(db, s, arena, &mail[n]);
		if (err != CONSIGN_OK)
			break;
		bytes += mail[n].body.len + mail[n].manifest.len;
		n++;
	}
	db_reset(s);
out:
	if (err == CONSIGN_OK)
		err = db_commit(db);
	if (err != CONSIGN_OK)
		db_rollback(db); /* of a commit that failed, too: the connection is used again */
	if (err == CONSIGN_OK) {
		*ret_mail = mail;
		*ret_n = n;
	}
	return err;
}

enum consign_err
store_settlements(struct db *db, const char *consignor, size_t max, size_t max_bytes, struct arena *arena,
    struct store_settlement **ret_settlements, size_t *ret_n)
{
	struct db_statement *s;
	struct store_settlement *list = arena_alloc(arena, (max + 1) * sizeof *list);
	size_t n = 0, bytes = 0;
	bool row;
	enum consign_err err;

	if (list == NULL)
		return CONSIGN_E_NO_MEMORY;
	err = db_statement(db,
	    "SELECT t.n, t.receipt, l.id, l.salt, l.record FROM settlement t JOIN leaf l ON l.id = t.leaf"
	    " WHERE t.consignor = ?1 ORDER BY t.n LIMIT ?2",
	    &s);
	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, consignor);
	db_bind_u64(s, 2, max);
	/* Of receipts that are large, fewer: the last may go over. */
	while (bytes < max_bytes && (err = db_step(s, &row)) == CONSIGN_OK && row) {
		struct statement *st;

		err = db_column_copy(s, 1, arena, &list[n].receipt);
		if (err == CONSIGN_OK)
			err = column_statement(s, 2, arena, &st);
		if (err != CONSIGN_OK)
			break;
		bytes += list[n].receipt.len;
		list[n].n = db_column_u64(s, 0);
		list[n++].record = *st->leaf;
	}
	db_reset(s);
	if (err == CONSIGN_OK) {
		*ret_settlements = list;
		*ret_n = n;
	}
	return err;
}

enum consign_err
store_expired(struct db *db, uint64_t now_us, size_t max, struct arena *arena, struct store_expired **ret_expired, size_t *ret_n)
{
	struct db_statement *s;
	struct store_expired *list = arena_alloc(arena, (max + 1) * sizeof *list);
	size_t n = 0;
	bool row;
	enum consign_err err;

	if (list == NULL)
		return CONSIGN_E_NO_MEMORY;
	err = db_statement(db,
	    /* CROSS: in this order. Else all that waits is looked at, each time. */
	    "SELECT m.org, m.position, c.consignor, c.id FROM consignment c CROSS JOIN mailbox m ON m.leaf = c.leaf AND m.settled = 0"
	    " WHERE c.waiting > 0 AND c.expires_us <= ?1 AND m.tombstone IS NULL LIMIT ?2",
	    &s);
	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, now_us);
	db_bind_u64(s, 2, max);
	while ((err = db_step(s, &row)) == CONSIGN_OK && row) {
		err = db_column_text(s, 0, (list[n].consignee).s, sizeof (list[n].consignee).s);
		if (err == CONSIGN_OK)
			err = db_column_text(s, 2, (list[n].consignor).s, sizeof (list[n].consignor).s);
		if (err == CONSIGN_OK)
			err = db_column_fixed(s, 3, list[n].consignment_id.b, sizeof list[n].consignment_id.b);
		if (err != CONSIGN_OK)
			break;
		list[n++].position = db_column_u64(s, 1);
	}
	db_reset(s);
	if (err == CONSIGN_OK) {
		*ret_expired = list;
		*ret_n = n;
	}
	return err;
}

/* One round of dropping; the next one takes what is left. */
#define DROPPED_A_ROUND 1000u

struct droppable {
	uint64_t leaf, manifest_at, manifest_bytes, at, bytes;
};

static enum consign_err
find_droppable(struct db *db, uint64_t settled_before_us, struct droppable *list, size_t *ret_n)
{
	struct db_statement *s;
	bool row;
	size_t n = 0;
	enum consign_err err = db_statement(db,
	    "SELECT leaf, manifest_at, manifest_bytes, body_at, body_bytes FROM consignment WHERE settled_us IS NOT NULL AND body IS NOT NULL"
	    " AND settled_us < ?1 LIMIT ?2",
	    &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, settled_before_us);
	db_bind_u64(s, 2, DROPPED_A_ROUND);
	while ((err = db_step(s, &row)) == CONSIGN_OK && row)
		list[n++] = (struct droppable){
		    db_column_u64(s, 0), db_column_u64(s, 1), db_column_u64(s, 2), db_column_u64(s, 3), db_column_u64(s, 4)};
	*ret_n = n;
	return err;
}

/* The manifest stays: in the row from now on, so that it keeps no file from going. One that its file lost is told as such when it is read. */
static enum consign_err
drop_body(struct db *db, const struct droppable *d)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db,
	    "UPDATE consignment SET manifest = ifnull(kept(manifest, manifest_at, manifest_bytes), x''), manifest_at = 0,"
	    " body = NULL, body_at = 0, body_bytes = 0 WHERE leaf = ?1",
	    &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, d->leaf);
	err = db_run(s);
	if (err == CONSIGN_OK)
		err = bodies_drop(db, d->manifest_at, d->manifest_bytes);
	return err == CONSIGN_OK ? bodies_drop(db, d->at, d->bytes) : err;
}

enum consign_err
store_drop_bodies(struct db *db, uint64_t settled_before_us, uint64_t *ret_dropped)
{
	struct droppable *list = calloc(DROPPED_A_ROUND, sizeof *list);
	size_t n = 0;
	enum consign_err err = list == NULL ? CONSIGN_E_NO_MEMORY : find_droppable(db, settled_before_us, list, &n);

	for (size_t i = 0; err == CONSIGN_OK && i < n; i++)
		err = drop_body(db, &list[i]);
	free(list);
	if (err == CONSIGN_OK)
		*ret_dropped = n;
	return err;
}
