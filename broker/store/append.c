/*
 * The writing side, on the commit thread: an entry's leaves, nodes and rows in the group's transaction, and the group's
 * checkpoint. That is signed here, so that the loop never waits for it.
 *
 * The writer keeps a tree of its own. When a group fails it has run ahead of the store: the next entry's leaf index then
 * differs from the tree's size, and the tree is opened anew at what is really stored.
 */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "core/bodies.h"
#include "core/clock.h"

#define NODE_LEVEL_SHIFT 48

struct store_writer {
	char origin[256];
	const struct secret *ledger_key;
	struct tree *tree;
	struct db *db; /* of the group under way: the tree reads through it */
	struct store_note *note; /* of the group under way */
	bool has_leaf; /* the group under way added one */
};

static enum consign_err
read_node(void *self, uint32_t level, uint64_t index, struct consign_hash *ret_hash)
{
	struct store_writer *w = self;

	return store_node(w->db, level, index, ret_hash);
}

enum consign_err
store_writer_new(const struct consign_hash *hub_id, const struct secret *ledger_key, struct store_writer **ret_writer)
{
	struct store_writer *w = calloc(1, sizeof *w);

	if (w == NULL)
		return CONSIGN_E_NO_MEMORY;
	w->ledger_key = ledger_key;
	checkpoint_origin(hub_id, w->origin);
	*ret_writer = w;
	return CONSIGN_OK;
}

static void
note_release(struct store_note **note)
{
	struct store_note *n = *note;

	*note = NULL;
	if (n == NULL || atomic_fetch_sub(&n->refs, 1) > 1)
		return;
	buf_clear(&n->note);
	free(n);
}

void
store_writer_free(struct store_writer **writer)
{
	if (*writer == NULL)
		return;
	tree_free(&(*writer)->tree);
	note_release(&(*writer)->note);
	free(*writer);
	*writer = NULL;
}

void
store_entry_clear(struct store_entry *entry)
{
	note_release(&entry->note);
	arena_free(&entry->arena);
}

static enum consign_err
follow_tree(struct store_writer *w, struct db *db, uint64_t next_leaf)
{
	uint64_t size;
	struct tree_store store = {read_node, w};

	w->db = db;
	if (w->tree != NULL && tree_size(w->tree) == next_leaf)
		return CONSIGN_OK;
	tree_free(&w->tree);
	enum consign_err err = store_size(db, &size);

	if (err != CONSIGN_OK)
		return err;
	if (size != next_leaf)
		return CONSIGN_E_CORRUPT; /* the loop counted differently: nothing may be promised on that */
	return tree_new(&store, size, &w->tree);
}

static enum consign_err
put_leaf(struct store_writer *w, struct db *db, struct store_leaf *leaf)
{
	struct tree_node nodes[CONSIGN_PATH_MAX];
	struct db_statement *s;
	size_t n;
	enum consign_err err = follow_tree(w, db, leaf->index);

	w->has_leaf = true;
	if (err != CONSIGN_OK)
		return err;
	err = db_statement(db, "INSERT INTO leaf (id, salt, record) VALUES (?1, ?2, ?3)", &s);
	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, leaf->index);
	db_bind_slice(s, 2, SLICE_ARRAY(leaf->salt.b));
	db_bind_slice(s, 3, leaf->record);
	err = db_run(s);
	if (err != CONSIGN_OK)
		return err;
	tree_append(w->tree, &leaf->entry, nodes, &n);
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++) {
		err = db_statement(db, "INSERT OR REPLACE INTO node (id, hash) VALUES (?1, ?2)", &s);
		if (err != CONSIGN_OK)
			break;
		db_bind_u64(s, 1, (uint64_t)nodes[i].level << NODE_LEVEL_SHIFT | nodes[i].index);
		db_bind_slice(s, 2, SLICE_ARRAY(nodes[i].hash.b));
		err = db_run(s);
	}
	return err;
}

/* Openings are kept beside the consignment: position, previous, salt of each consignee, in the manifest's order. */
static enum consign_err
encode_openings(const struct store_entry *e, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < e->n_mailboxes; i++) {
		err = buf_append_be64(out, e->mailboxes[i].position);
		if (err == CONSIGN_OK)
			err = buf_append(out, SLICE_ARRAY(e->mailboxes[i].previous.b));
		if (err == CONSIGN_OK)
			err = buf_append(out, SLICE_ARRAY(e->mailboxes[i].salt.b));
	}
	return err;
}

static enum consign_err
put_mailbox(struct db *db, const struct store_mailbox *m, const struct store_entry *e)
{
	struct db_statement *s;
	uint64_t bytes = e->manifest_frame.len + e->body.len;
	enum consign_err err
	    = db_statement(db, "INSERT INTO mailbox (org, position, leaf, previous, salt, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, m->org.s);
	db_bind_u64(s, 2, m->position);
	db_bind_u64(s, 3, e->leaves[0].index);
	db_bind_slice(s, 4, SLICE_ARRAY(m->previous.b));
	db_bind_slice(s, 5, SLICE_ARRAY(m->salt.b));
	db_bind_u64(s, 6, bytes);
	err = db_run(s);
	if (err != CONSIGN_OK)
		return err;
	err = db_statement(db,
	    "INSERT INTO mailbox_use (org, consignor, consignments, bytes) VALUES (?1, ?2, 1, ?3) ON CONFLICT (org, consignor)"
	    " DO UPDATE SET consignments = consignments + 1, bytes = bytes + excluded.bytes",
	    &s);
	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, m->org.s);
	db_bind_text(s, 2, e->manifest->consignor.s);
	db_bind_u64(s, 3, bytes);
	err = db_run(s);
	if (err != CONSIGN_OK)
		return err;
	err = db_statement(db, "INSERT OR REPLACE INTO mailbox_tail (org, position, head) VALUES (?1, ?2, ?3)", &s);
	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, m->org.s);
	db_bind_u64(s, 2, m->position);
	db_bind_slice(s, 3, SLICE_ARRAY(m->head.b));
	return db_run(s);
}

static enum consign_err
put_consignment(struct db *db, const struct store_entry *e)
{
	const struct manifest *m = e->manifest;
	struct buf openings = {0};
	struct db_statement *s;
	uint64_t at, manifest_at;
	enum consign_err err = encode_openings(e, &openings);

	if (err == CONSIGN_OK)
		err = bodies_put_mail(db, e->manifest_frame, e->body, &manifest_at, &at);
	if (err != CONSIGN_OK)
		goto out;
	err = db_statement(db,
	    "INSERT INTO consignment (leaf, consignor, id, attempt, digest, openings, body_digest, seen_size, expires_us, waiting,"
	    " manifest, manifest_at, manifest_bytes, body, body_at, body_bytes)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	    &s);
	if (err != CONSIGN_OK)
		goto out;
	db_bind_u64(s, 1, e->leaves[0].index);
	db_bind_text(s, 2, m->consignor.s);
	db_bind_slice(s, 3, SLICE_ARRAY(m->consignment_id.b));
	db_bind_u64(s, 4, m->attempt);
	db_bind_slice(s, 5, SLICE_ARRAY(e->manifest_digest.b));
	db_bind_slice(s, 6, buf_slice(&openings));
	db_bind_slice(s, 7, SLICE_ARRAY(m->body_digest.b));
	db_bind_u64(s, 8, m->seen->checkpoint != NULL ? m->seen->checkpoint->size : 0);
	db_bind_u64(s, 9, m->expires_us);
	db_bind_u64(s, 10, e->n_mailboxes);
	bodies_bind(s, 11, e->manifest_frame, manifest_at);
	bodies_bind(s, 14, e->body, at);
	err = db_run(s);
	for (size_t i = 0; err == CONSIGN_OK && i < e->n_mailboxes; i++)
		err = put_mailbox(db, &e->mailboxes[i], e);
out:
	buf_clear(&openings);
	return err;
}

static enum consign_err
put_refusal(struct db *db, const struct store_entry *e)
{
	struct db_statement *s;
	enum consign_err err
	    = db_statement(db, "INSERT OR IGNORE INTO refusal (id, consignor, attempt, digest, leaf, manifest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(e->manifest->consignment_id.b));
	db_bind_text(s, 2, e->manifest->consignor.s);
	db_bind_u64(s, 3, e->manifest->attempt);
	db_bind_slice(s, 4, SLICE_ARRAY(e->manifest_digest.b));
	db_bind_u64(s, 5, e->leaves[0].index);
	if (e->manifest_frame.len > 0)
		db_bind_slice(s, 6, e->manifest_frame);
	return db_run(s);
}

static enum consign_err
put_settlement(struct db *db, const struct store_entry *e)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db,
	    "INSERT INTO settlement_tail (consignor, n) VALUES (?1, 1) ON CONFLICT (consignor) DO UPDATE SET n = n + 1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, e->consignor.s);
	err = db_run(s);
	if (err != CONSIGN_OK)
		return err;
	err = db_statement(db,
	    "INSERT INTO settlement (consignor, n, leaf, receipt) SELECT ?1, n, ?2, ?3 FROM settlement_tail WHERE consignor = ?1", &s);
	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, e->consignor.s);
	db_bind_u64(s, 2, e->leaves[0].index);
	db_bind_slice(s, 3, e->receipt);
	return db_run(s);
}

/* A position that was just settled waits no more. */
static enum consign_err
take_from_use(struct db *db, const struct store_entry *e)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db,
	    "UPDATE mailbox_use SET consignments = consignments - 1, bytes = bytes - (SELECT m.bytes FROM mailbox m WHERE m.org = ?1"
	    " AND m.position = ?2) WHERE org = ?1 AND consignor = ?3",
	    &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, e->consignee.s);
	db_bind_u64(s, 2, e->position);
	db_bind_text(s, 3, e->consignor.s);
	return db_run(s);
}

static enum consign_err
put_delivery(struct db *db, struct store_entry *e)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "UPDATE mailbox SET settled = 1 WHERE org = ?1 AND position = ?2 AND settled = 0", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, e->consignee.s);
	db_bind_u64(s, 2, e->position);
	err = db_run(s);
	if (err != CONSIGN_OK)
		return err;
	/* A receipt of an earlier session came first, and is the one that its consignor gets. The leaf stays: it was decided. */
	e->was_settled = db_changes(db) == 0;
	if (e->was_settled)
		return CONSIGN_OK;
	err = db_statement(db, "UPDATE consignment SET waiting = waiting - 1, settled_us = CASE waiting WHEN 1 THEN ?2 END WHERE leaf = ?1", &s);
	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, e->mail_leaf);
	db_bind_u64(s, 2, clock_wall_us(clock_system()));
	err = db_run(s);
	if (err == CONSIGN_OK)
		err = take_from_use(db, e);
	if (err == CONSIGN_OK && e->n_leaves > 0)
		err = put_settlement(db, e);
	return err;
}

static enum consign_err
put_tombstone(struct db *db, const struct store_entry *e)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "UPDATE mailbox SET tombstone = ?3 WHERE org = ?1 AND position = ?2 AND settled = 0 AND tombstone IS NULL", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, e->consignee.s);
	db_bind_u64(s, 2, e->position);
	db_bind_u64(s, 3, e->leaves[0].index);
	err = db_run(s);
	/* Settled in the meantime: the delivery receipt is the news, and it is on its way. The leaf stays: it was decided. */
	if (err != CONSIGN_OK || db_changes(db) == 0)
		return err;
	return put_settlement(db, e);
}

static enum consign_err
put_admin(struct db *db, const struct store_entry *e)
{
	struct db_statement *s;
	enum consign_err err = CONSIGN_OK;

	if (e->documents.len > 0) {
		err = db_statement(db, "INSERT INTO document (documents) VALUES (?1)", &s);
		if (err != CONSIGN_OK)
			return err;
		db_bind_slice(s, 1, e->documents);
		err = db_run(s);
	}
	if (err == CONSIGN_OK && e->invite != NULL) {
		err = db_statement(db, "INSERT OR REPLACE INTO invite (org, transport_key, token_hash, expires_us) VALUES (?1, ?2, ?3, ?4)", &s);
		if (err != CONSIGN_OK)
			return err;
		db_bind_text(s, 1, e->invite->org.s);
		db_bind_slice(s, 2, SLICE_ARRAY(e->invite->transport_key.b));
		db_bind_slice(s, 3, SLICE_ARRAY(e->invite->token_hash.b));
		db_bind_u64(s, 4, e->invite->expires_us);
		err = db_run(s);
	}
	if (err == CONSIGN_OK && e->join.len > 0) {
		err = db_statement(db, "UPDATE invite SET request = ?2 WHERE org = ?1", &s);
		if (err != CONSIGN_OK)
			return err;
		db_bind_text(s, 1, e->consignee.s);
		db_bind_slice(s, 2, e->join);
		err = db_run(s);
	}
	if (err == CONSIGN_OK && e->has_joined) {
		err = db_statement(db, "DELETE FROM invite WHERE org = ?1", &s);
		if (err != CONSIGN_OK)
			return err;
		db_bind_text(s, 1, e->consignee.s);
		err = db_run(s);
	}
	return err;
}

static enum consign_err
drop_settlements(struct db *db, const struct store_entry *e)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "DELETE FROM settlement WHERE consignor = ?1 AND n <= ?2", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, e->consignor.s);
	db_bind_u64(s, 2, e->confirm_to);
	return db_run(s);
}

enum consign_err
store_apply(struct commit_job *job, struct db *db)
{
	struct store_entry *e = (struct store_entry *)job;
	struct store_writer *w = e->writer;
	enum consign_err err = CONSIGN_OK;

	if (w->note == NULL) {
		w->note = calloc(1, sizeof *w->note);
		if (w->note == NULL)
			return CONSIGN_E_NO_MEMORY;
		atomic_init(&w->note->refs, 1);
	}
	note_release(&e->note);
	e->note = w->note;
	atomic_fetch_add(&w->note->refs, 1);
	for (size_t i = 0; err == CONSIGN_OK && i < e->n_leaves; i++)
		err = put_leaf(w, db, &e->leaves[i]);
	if (err == CONSIGN_OK && e->has_consignment)
		err = put_consignment(db, e);
	if (err == CONSIGN_OK && e->has_refusal)
		err = put_refusal(db, e);
	if (err == CONSIGN_OK && e->has_delivery)
		err = put_delivery(db, e);
	if (err == CONSIGN_OK && e->has_tombstone)
		err = put_tombstone(db, e);
	if (err == CONSIGN_OK && e->has_confirm)
		err = drop_settlements(db, e);
	if (err == CONSIGN_OK)
		err = put_admin(db, e);
	if (err == CONSIGN_OK)
		err = store_put_proposals(db, e);
	return err;
}

enum consign_err
store_before_commit(void *context, struct db *db)
{
	struct store_writer *w = context;
	struct store_note *note = w->note;
	struct db_statement *s;
	uint64_t size;
	enum consign_err err = CONSIGN_OK;

	if (note == NULL)
		return CONSIGN_OK; /* a group that failed before its first entry was applied */
	if (!w->has_leaf) {
		note_release(&w->note); /* the checkpoint before is still what the tree is */
		return CONSIGN_OK;
	}
	w->db = db;
	err = store_size(db, &size);
	if (err == CONSIGN_OK)
		err = follow_tree(w, db, size);
	if (err != CONSIGN_OK)
		goto out;
	note->checkpoint.size = size;
	err = tree_head(w->tree, size, &note->checkpoint.head);
	if (err != CONSIGN_OK)
		goto out;
	err = checkpoint_make(w->origin, &note->checkpoint, w->ledger_key, &note->note);
	if (err != CONSIGN_OK)
		goto out;
	err = db_statement(db, "INSERT OR REPLACE INTO checkpoint (id, note) VALUES (1, ?1)", &s);
	if (err != CONSIGN_OK)
		goto out;
	db_bind_slice(s, 1, buf_slice(&note->note));
	err = db_run(s);
out:
	w->has_leaf = err != CONSIGN_OK; /* what was not signed for is with the next */
	note_release(&w->note);
	return err;
}
