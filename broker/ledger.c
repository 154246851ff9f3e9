/* Leaves in the order of acts; proofs under the newest durable checkpoint. */
#include "ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"

struct ledger {
	struct db *db;
	struct tree *tree; /* ahead of the checkpoint by what waits for its commit */
	struct consign_hash hub_id;
	struct checkpoint checkpoint;
	struct buf note;
};

static enum consign_err
read_node(void *self, uint32_t level, uint64_t index, struct consign_hash *ret_hash)
{
	return store_node(((struct ledger *)self)->db, level, index, ret_hash);
}

/* Whether the stored note, which this broker signed, says what the stored tree says: a damaged store must not be signed for. */
static enum consign_err
check_note(const struct ledger *ledger)
{
	char origin[256];
	struct buf says = {0};

	checkpoint_origin(&ledger->hub_id, origin);
	enum consign_err err = buf_printf(&says, "%s\n%" PRIu64 "\n", origin, ledger->checkpoint.size);

	if (err == CONSIGN_OK)
		err = base64_format(SLICE_ARRAY(ledger->checkpoint.head.b), &says);
	if (err == CONSIGN_OK)
		err = buf_append_u8(&says, '\n');
	if (err == CONSIGN_OK && (ledger->note.len < says.len || memcmp(ledger->note.data, says.data, says.len) != 0))
		err = CONSIGN_E_CORRUPT;
	buf_clear(&says);
	return err;
}

enum consign_err
ledger_reload(struct ledger *ledger)
{
	struct tree_store store = {read_node, ledger};
	struct tree *tree;
	uint64_t size;
	enum consign_err err = store_size(ledger->db, &size);

	if (err == CONSIGN_OK)
		err = tree_new(&store, size, &tree);
	if (err != CONSIGN_OK)
		return err;
	tree_free(&ledger->tree);
	ledger->tree = tree;
	buf_reset(&ledger->note);
	ledger->checkpoint = (struct checkpoint){0};
	err = store_note_read(ledger->db, &ledger->note);
	if (err == CONSIGN_E_NOT_FOUND)
		return size == 0 ? CONSIGN_OK : CONSIGN_E_CORRUPT;
	if (err == CONSIGN_OK) {
		ledger->checkpoint.size = size;
		err = tree_head(tree, size, &ledger->checkpoint.head);
	}
	if (err == CONSIGN_OK)
		err = check_note(ledger);
	return err;
}

enum consign_err
ledger_open(struct db *db, const struct consign_hash *hub_id, struct ledger **ret_ledger)
{
	struct ledger *ledger = calloc(1, sizeof *ledger);

	if (ledger == NULL)
		return CONSIGN_E_NO_MEMORY;
	ledger->db = db;
	ledger->hub_id = *hub_id;
	enum consign_err err = ledger_reload(ledger);

	if (err != CONSIGN_OK) {
		ledger_close(&ledger);
		return err;
	}
	*ret_ledger = ledger;
	return CONSIGN_OK;
}

void
ledger_close(struct ledger **ledger)
{
	if (*ledger == NULL)
		return;
	tree_free(&(*ledger)->tree);
	buf_clear(&(*ledger)->note);
	free(*ledger);
	*ledger = NULL;
}

uint64_t
ledger_next(const struct ledger *ledger)
{
	return tree_size(ledger->tree);
}

enum consign_err
ledger_append(struct ledger *ledger, const struct ledger_record *record, struct arena *arena, struct store_leaf *ret_leaf)
{
	struct store_leaf leaf = {0};
	struct tree_node nodes[CONSIGN_PATH_MAX];
	struct buf bytes = {0};
	size_t n;
	enum consign_err err = ledger_record_encode(record, &bytes);

	if (err != CONSIGN_OK)
		goto out;
	leaf.record = arena_copy(arena, buf_slice(&bytes));
	if (leaf.record.data == NULL) {
		err = CONSIGN_E_NO_MEMORY;
		goto out;
	}
	random_bytes(leaf.salt.b, sizeof leaf.salt.b);
	tree_entry(&leaf.salt, leaf.record, &leaf.entry);
	leaf.index = tree_size(ledger->tree);
	tree_append(ledger->tree, &leaf.entry, nodes, &n);
	*ret_leaf = leaf;
out:
	buf_clear(&bytes);
	return err;
}

enum consign_err
ledger_committed(struct ledger *ledger, const struct store_note *note)
{
	struct buf copy = {0};

	if (note->checkpoint.size <= ledger->checkpoint.size)
		return CONSIGN_OK; /* a group whose entries made no leaf, or one told already */
	enum consign_err err = buf_append(&copy, slice_of(note->note.data, note->note.len));

	if (err != CONSIGN_OK)
		return err;
	buf_clear(&ledger->note);
	ledger->note = copy;
	ledger->checkpoint = note->checkpoint;
	return CONSIGN_OK;
}

const struct checkpoint *
ledger_checkpoint(const struct ledger *ledger)
{
	return &ledger->checkpoint;
}

static enum consign_err
path_to_proof(const struct tree_path *path, struct arena *arena, struct proof **ret_proof)
{
	struct proof *p = arena_alloc(arena, sizeof *p);

	if (p == NULL || (p->path.v = arena_alloc(arena, (path->n + 1) * sizeof *p->path.v)) == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < path->n; i++)
		p->path.v[i] = path->hash[i];
	p->path.n = path->n;
	*ret_proof = p;
	return CONSIGN_OK;
}

enum consign_err
ledger_consistency(struct ledger *ledger, uint64_t from_size, struct arena *arena, struct proof **ret_proof)
{
	struct tree_path path = {.n = 0};

	if (from_size > ledger->checkpoint.size)
		return CONSIGN_E_NOT_FOUND;
	enum consign_err err = tree_consistency(ledger->tree, from_size, ledger->checkpoint.size, &path);

	return err != CONSIGN_OK ? err : path_to_proof(&path, arena, ret_proof);
}

enum consign_err
ledger_update(struct ledger *ledger, uint64_t from_size, struct arena *arena, struct checkpoint_update **ret_update)
{
	struct checkpoint_update *u = arena_alloc(arena, sizeof *u);

	if (u == NULL)
		return CONSIGN_E_NO_MEMORY;
	u->note = arena_copy(arena, buf_slice(&ledger->note));
	if (u->note.data == NULL)
		return CONSIGN_E_NO_MEMORY;
	/* A peer that has seen more than we hold finds that out by itself: it gets what there is. */
	if (from_size > 0 && from_size <= ledger->checkpoint.size) {
		u->from_size = from_size;
		enum consign_err err = ledger_consistency(ledger, from_size, arena, &u->consistency);

		if (err != CONSIGN_OK)
			return err;
	}
	*ret_update = u;
	return CONSIGN_OK;
}

enum consign_err
ledger_prove(void *self, uint64_t leaf, struct arena *arena, struct proof **ret_proof)
{
	struct ledger *ledger = self;
	struct tree_path path = {.n = 0};
	enum consign_err err = tree_inclusion(ledger->tree, leaf, ledger->checkpoint.size, &path);

	return err != CONSIGN_OK ? err : path_to_proof(&path, arena, ret_proof);
}

enum consign_err
ledger_head_at(struct ledger *ledger, uint64_t size, struct consign_hash *ret_head)
{
	if (size > ledger->checkpoint.size)
		return CONSIGN_E_NOT_FOUND;
	return tree_head(ledger->tree, size, ret_head);
}
