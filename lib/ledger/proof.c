/*
 * The verifier's side of tree.h: whether hashes from outside prove a place, or that a tree grew from an older one. The
 * length of a path is known from the sizes alone and is checked before anything is hashed; so every hash given is used.
 *
 * Source: RFC 6962 2.1.1, 2.1.2; docs/PROTOCOL.md 6
 */
#include "core/sign.h"
#include "ledger/path.h"
#include "ledger/tree.h"

void
tree_entry(const struct consign_hash *salt, struct consign_slice record, struct consign_hash *ret_entry)
{
	hash_sha256_2(SLICE_ARRAY(salt->b), record, ret_entry);
}

enum consign_err
tree_verify_inclusion(const struct consign_hash *entry, uint64_t index, uint64_t size, const struct consign_hash *path, size_t n,
    const struct consign_hash *head)
{
	struct path_shape shape;
	struct consign_hash hash;

	if (size > TREE_SIZE_MAX || index >= size)
		return CONSIGN_E_BAD_PROOF;
	path_to_leaf(index, size, &shape);
	if (n != shape.n)
		return CONSIGN_E_BAD_PROOF;
	path_leaf(entry, &hash);
	for (size_t i = 0; i < n; i++) {
		if (shape.step[n - 1 - i].is_left)
			path_concat(&path[i], &hash, &hash);
		else
			path_concat(&hash, &path[i], &hash);
	}
	return hash_equal(&hash, head) ? CONSIGN_OK : CONSIGN_E_BAD_PROOF;
}

enum consign_err
tree_verify_consistency(uint64_t from, const struct consign_hash *from_head, uint64_t to, const struct consign_hash *to_head,
    const struct consign_hash *path, size_t n)
{
	struct path_shape shape;
	struct consign_hash older, newer;
	size_t used;

	if (to > TREE_SIZE_MAX || from > to)
		return CONSIGN_E_BAD_PROOF;
	if (from == 0)
		return n == 0 ? CONSIGN_OK : CONSIGN_E_BAD_PROOF;
	if (from == to)
		return n == 0 && hash_equal(from_head, to_head) ? CONSIGN_OK : CONSIGN_E_BAD_PROOF;
	path_to_prefix(from, to, &shape);
	/* The way ends at the whole older tree (its head is ours already) or at its last subtree (the path begins with it). */
	used = shape.start == 0 ? 0 : 1;
	if (n != shape.n + used)
		return CONSIGN_E_BAD_PROOF;
	older = used == 0 ? *from_head : path[0];
	newer = older;
	for (size_t i = 0; i < shape.n; i++) {
		const struct consign_hash *beside = &path[used + i];

		if (shape.step[shape.n - 1 - i].is_left) {
			path_concat(beside, &older, &older);
			path_concat(beside, &newer, &newer);
		} else {
			path_concat(&newer, beside, &newer);
		}
	}
	return hash_equal(&older, from_head) && hash_equal(&newer, to_head) ? CONSIGN_OK : CONSIGN_E_BAD_PROOF;
}
