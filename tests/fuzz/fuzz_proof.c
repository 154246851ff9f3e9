/*
 * Inclusion and consistency proofs. Input: one byte that picks the kind, two bytes that pick the places in a tree, the number of
 * hashes, a byte that says by how much that number is wrong, then what is wrong with each hash (32 bytes to XOR; the entry or older
 * head first). So the shortest inputs are right proofs, and anything but zeros makes them wrong.
 * Or (kinds 2 and 3): sizes of 8 bytes each, and a path of the input alone.
 *
 * A proof verifies if and only if it is the right one.
 */
#include "core/sign.h"
#include "fuzz.h"
#include "ledger/tree.h"

#define LEAVES 130u

static struct tree *tree;
static struct consign_hash entries[LEAVES];

/* Everything is in the tree's cache. */
static enum consign_err
read_nothing(void *self, uint32_t level, uint64_t index, struct consign_hash *ret_hash)
{
	(void)self;
	(void)level;
	(void)index;
	(void)ret_hash;
	return CONSIGN_E_NOT_FOUND;
}

static void
make_tree(void)
{
	const struct tree_store store = {.read = read_nothing};
	struct tree_node nodes[CONSIGN_PATH_MAX];
	size_t n;

	check(tree_new(&store, 0, &tree) == CONSIGN_OK);
	for (size_t i = 0; i < LEAVES; i++) {
		/* Each third leaf is the same, as an attacker may have it. */
		uint8_t number = i % 3 == 0 ? 0 : (uint8_t)i;

		hash_sha256(slice_of(&number, 1), &entries[i]);
		tree_append(tree, &entries[i], nodes, &n);
	}
}

/* Changes a hash as the input says; whether it is another now. */
static bool
spoil(struct consign_hash *hash, struct consign_slice *in)
{
	struct consign_hash by = fuzz_hash(in);
	bool is_other = false;

	for (size_t i = 0; i < sizeof by.b; i++) {
		hash->b[i] ^= by.b[i];
		is_other = is_other || by.b[i] != 0;
	}
	return is_other;
}

static bool
spoil_path(struct tree_path *path, struct consign_slice *in)
{
	size_t right = path->n;
	bool is_other = false;

	path->n = (path->n + fuzz_byte(in)) % (CONSIGN_PATH_MAX + 1);
	for (size_t i = right; i < path->n; i++)
		path->hash[i] = entries[i % LEAVES];
	for (size_t i = 0; i < path->n; i++)
		is_other = spoil(&path->hash[i], in) || is_other;
	return is_other || path->n != right;
}

static void
fuzz_inclusion(struct consign_slice in)
{
	uint64_t size = 1 + fuzz_byte(&in) % LEAVES, index = fuzz_byte(&in) % size;
	uint64_t claimed = (index + fuzz_byte(&in)) % size; /* the place that is asked for */
	struct consign_hash head, entry = entries[index];
	struct tree_path path = {0}, right = {0};
	enum consign_err err;
	bool is_other;

	check(tree_head(tree, size, &head) == CONSIGN_OK);
	check(tree_inclusion(tree, index, size, &path) == CONSIGN_OK);
	check(tree_inclusion(tree, claimed, size, &right) == CONSIGN_OK);
	is_other = spoil_path(&path, &in);
	is_other = spoil(&entry, &in) || is_other;
	if (claimed != index)
		is_other = !hash_equal(&entry, &entries[claimed]) || path.n != right.n ||
			   memcmp(path.hash, right.hash, path.n * sizeof path.hash[0]) != 0;
	err = tree_verify_inclusion(&entry, claimed, size, path.hash, path.n, &head);
	check(err == (is_other ? CONSIGN_E_BAD_PROOF : CONSIGN_OK));
	check(tree_verify_inclusion(&entry, size, size, path.hash, path.n, &head) == CONSIGN_E_BAD_PROOF);
	head.b[0] ^= 1;
	check(tree_verify_inclusion(&entry, claimed, size, path.hash, path.n, &head) == CONSIGN_E_BAD_PROOF);
}

static void
fuzz_consistency(struct consign_slice in)
{
	uint64_t to = 1 + fuzz_byte(&in) % LEAVES, from = 1 + fuzz_byte(&in) % to;
	struct consign_hash older, newer;
	struct tree_path path = {0};
	enum consign_err err;
	bool is_other;

	check(tree_head(tree, from, &older) == CONSIGN_OK && tree_head(tree, to, &newer) == CONSIGN_OK);
	check(tree_consistency(tree, from, to, &path) == CONSIGN_OK);
	is_other = spoil_path(&path, &in);
	is_other = spoil(&older, &in) || is_other;
	err = tree_verify_consistency(from, &older, to, &newer, path.hash, path.n);
	check(err == (is_other ? CONSIGN_E_BAD_PROOF : CONSIGN_OK));
	if (from < to)
		check(tree_verify_consistency(to, &newer, from, &older, path.hash, path.n) == CONSIGN_E_BAD_PROOF);
	if (is_other && from == to) /* two heads that are wrong alike are the same head */
		return;
	newer.b[31] ^= 1;
	check(tree_verify_consistency(from, &older, to, &newer, path.hash, path.n) == CONSIGN_E_BAD_PROOF);
}

/* Any sizes and hashes: nothing but the cases without a path may hold. */
static void
fuzz_any(struct consign_slice in, bool is_inclusion)
{
	uint64_t a = fuzz_u64(&in), b = fuzz_u64(&in);
	struct tree_path path = {.n = fuzz_byte(&in) % (CONSIGN_PATH_MAX + 1)};
	struct consign_hash first = fuzz_hash(&in), second = fuzz_hash(&in);
	enum consign_err err;

	for (size_t i = 0; i < path.n; i++)
		path.hash[i] = fuzz_hash(&in);
	if (is_inclusion) {
		err = tree_verify_inclusion(&first, a, b, path.hash, path.n, &second);
		check(err == CONSIGN_E_BAD_PROOF);
		return;
	}
	err = tree_verify_consistency(a, &first, b, &second, path.hash, path.n);
	if (err == CONSIGN_OK)
		check(b <= TREE_SIZE_MAX && path.n == 0 && (a == 0 || (a == b && hash_equal(&first, &second))));
	else
		check(err == CONSIGN_E_BAD_PROOF);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct consign_slice in = slice_of(data, size);
	unsigned kind = fuzz_byte(&in) % 4;

	if (tree == NULL)
		make_tree();
	if (kind == 0)
		fuzz_inclusion(in);
	else if (kind == 1)
		fuzz_consistency(in);
	else
		fuzz_any(in, kind == 2);
	return 0;
}
