/*
 * The owner's side of the tree: append, heads, proofs. What a leaf or a record means is not known here.
 *
 * Only perfect subtrees are stored; they never change once complete. Every head and every hash of a proof is a join of
 * at most 63 of them, so nothing here walks the leaves.
 *
 *   edge    the perfect subtrees that the tree consists of now, one for each bit set in size: what append joins to
 *   cache   one ring a level, direct-mapped by index. Level 0 has 32768 slots, each level above half as many, none
 *           fewer than 64. A node never makes room for an older one of its level; so what was appended since the tree
 *           was opened is found, for the last 32768 leaves, before it is stored.
 *
 * Source: RFC 6962 2.1; docs/PROTOCOL.md 6
 */
#include "ledger/tree.h"

#include <assert.h>
#include <stdlib.h>

#include "core/sign.h"
#include "ledger/path.h"

#define LEVELS 64u
#define RING_LEAVES 32768u
#define RING_MIN 64u
#define RING_MIN_LEVEL 9u /* from this level on every ring has RING_MIN slots */
#define CACHE_SLOTS (2 * RING_LEAVES - 2 * RING_MIN + (LEVELS - RING_MIN_LEVEL) * RING_MIN)

_Static_assert(RING_LEAVES >> RING_MIN_LEVEL == RING_MIN, "the rings halve down to RING_MIN at RING_MIN_LEVEL");
_Static_assert(CONSIGN_PATH_MAX >= LEVELS, "an append completes at most one node a level; a proof is no longer");

struct cached_node {
	uint64_t number; /* index + 1; 0: the slot is empty */
	struct consign_hash hash;
};

struct tree {
	struct tree_store store;
	uint64_t size;
	struct consign_hash edge[LEVELS]; /* meant where size has the bit */
	struct cached_node cache[CACHE_SLOTS];
};

static struct cached_node *
slot_of(struct tree *tree, uint32_t level, uint64_t index)
{
	size_t first, count;

	if (level <= RING_MIN_LEVEL) {
		count = RING_LEAVES >> level;
		first = 2 * RING_LEAVES - 2 * count;
	} else {
		count = RING_MIN;
		first = 2 * RING_LEAVES - 2 * RING_MIN + (level - RING_MIN_LEVEL) * RING_MIN;
	}
	return &tree->cache[first + (index & (count - 1))];
}

static void
remember(struct tree *tree, uint32_t level, uint64_t index, const struct consign_hash *hash)
{
	struct cached_node *slot = slot_of(tree, level, index);

	if (slot->number <= index) {
		slot->number = index + 1;
		slot->hash = *hash;
	}
}

static enum consign_err
read_node(struct tree *tree, uint32_t level, uint64_t index, struct consign_hash *ret_hash)
{
	enum consign_err err;
	struct consign_hash hash;
	const struct cached_node *slot = slot_of(tree, level, index);

	if (slot->number == index + 1) {
		*ret_hash = slot->hash;
		return CONSIGN_OK;
	}
	err = tree->store.read(tree->store.self, level, index, &hash);
	if (err != CONSIGN_OK)
		return err;
	remember(tree, level, index, &hash);
	*ret_hash = hash;
	return CONSIGN_OK;
}

/* The index of the last of the perfect subtrees that cover len leaves from 0 on, among those of its level (a bit of len). */
static uint64_t
last_of_level(uint64_t len, uint32_t level)
{
	return (len >> level) - 1;
}

/*
 * MTH(D[start:start + len]) for a range of path.h. Its perfect subtrees stand in falling size, one for each bit of len;
 * RFC 6962 joins them from the right, the smallest first.
 */
static enum consign_err
hash_range(struct tree *tree, uint64_t start, uint64_t len, struct consign_hash *ret_hash)
{
	enum consign_err err;
	struct consign_hash hash, node;
	bool has_hash = false;

	for (uint32_t level = 0; level < LEVELS; level++) {
		if ((len >> level & 1) == 0)
			continue;
		err = read_node(tree, level, (start >> level) + last_of_level(len, level), &node);
		if (err != CONSIGN_OK)
			return err;
		if (has_hash)
			path_concat(&node, &hash, &hash);
		else
			hash = node;
		has_hash = true;
	}
	assert(has_hash);
	*ret_hash = hash;
	return CONSIGN_OK;
}

enum consign_err
tree_new(const struct tree_store *store, uint64_t size, struct tree **ret_tree)
{
	enum consign_err err = CONSIGN_OK;
	struct tree *tree;

	if (size > TREE_SIZE_MAX)
		return CONSIGN_E_CORRUPT;
	tree = calloc(1, sizeof *tree);
	if (tree == NULL)
		return CONSIGN_E_NO_MEMORY;
	tree->store = *store;
	tree->size = size;
	for (uint32_t level = 0; level < LEVELS; level++) {
		if ((size >> level & 1) == 0)
			continue;
		err = read_node(tree, level, last_of_level(size, level), &tree->edge[level]);
		if (err != CONSIGN_OK)
			goto out;
	}
	*ret_tree = tree;
	tree = NULL;
out:
	tree_free(&tree);
	return err;
}

void
tree_free(struct tree **tree)
{
	free(*tree);
	*tree = NULL;
}

uint64_t
tree_size(const struct tree *tree)
{
	return tree->size;
}

void
tree_append(struct tree *tree, const struct consign_hash *entry, struct tree_node nodes[CONSIGN_PATH_MAX], size_t *ret_n)
{
	struct tree_node node = {.level = 0, .index = tree->size};
	size_t n = 0;

	assert(tree->size < TREE_SIZE_MAX);
	path_leaf(entry, &node.hash);
	for (;;) {
		remember(tree, node.level, node.index, &node.hash);
		nodes[n++] = node;
		if ((node.index & 1) == 0)
			break;
		/* A right child: with the left one, which stands on the edge, its parent is complete. */
		path_concat(&tree->edge[node.level], &node.hash, &node.hash);
		node.level++;
		node.index >>= 1;
	}
	tree->edge[node.level] = node.hash;
	tree->size++;
	*ret_n = n;
}

enum consign_err
tree_head(struct tree *tree, uint64_t size, struct consign_hash *ret_head)
{
	if (size > tree->size)
		return CONSIGN_E_NOT_FOUND;
	if (size == 0) {
		hash_sha256(slice_of(NULL, 0), ret_head);
		return CONSIGN_OK;
	}
	/* The head of now, which every commit asks for, is all in the cache: the edge is the newest of each level. */
	return hash_range(tree, 0, size, ret_head);
}

/* Appends the hashes of a shape's subtrees, from the leaf up. */
static enum consign_err
fill_path(struct tree *tree, const struct path_shape *shape, struct tree_path *path)
{
	enum consign_err err;

	for (size_t i = shape->n; i > 0; i--) {
		const struct path_step *step = &shape->step[i - 1];

		err = hash_range(tree, step->start, step->len, &path->hash[path->n]);
		if (err != CONSIGN_OK)
			return err;
		path->n++;
	}
	return CONSIGN_OK;
}

enum consign_err
tree_inclusion(struct tree *tree, uint64_t index, uint64_t size, struct tree_path *ret_path)
{
	enum consign_err err;
	struct path_shape shape;
	struct tree_path path;

	if (index >= size || size > tree->size)
		return CONSIGN_E_NOT_FOUND;
	path_to_leaf(index, size, &shape);
	path.n = 0;
	err = fill_path(tree, &shape, &path);
	if (err != CONSIGN_OK)
		return err;
	*ret_path = path;
	return CONSIGN_OK;
}

enum consign_err
tree_consistency(struct tree *tree, uint64_t from, uint64_t to, struct tree_path *ret_path)
{
	enum consign_err err;
	struct path_shape shape;
	struct tree_path path;

	if (from > to || to > tree->size)
		return CONSIGN_E_NOT_FOUND;
	path.n = 0;
	if (from != 0 && from != to) {
		path_to_prefix(from, to, &shape);
		if (shape.start != 0) {
			err = hash_range(tree, shape.start, shape.len, &path.hash[path.n]);
			if (err != CONSIGN_OK)
				return err;
			path.n++;
		}
		err = fill_path(tree, &shape, &path);
		if (err != CONSIGN_OK)
			return err;
	}
	*ret_path = path;
	return CONSIGN_OK;
}
