/*
 * The hashes of RFC 6962 2.1 and the shape of its paths: which subtrees stand beside the way from the head down to a
 * leaf, or to the end of an older tree. The tree (tree.c) reads the subtrees that a shape names, the verifier (proof.c)
 * counts them and folds them; so both follow one definition. Private to this room.
 *
 * Threads   pure
 * Source    RFC 6962 2.1.1, 2.1.2; docs/PROTOCOL.md 6
 */
#ifndef LEDGER_PATH_H
#define LEDGER_PATH_H

#include <stdbool.h>

#include "core/bytes.h"
#include "core/limits.h"

/* A subtree beside the way: leaves [start, start + len). start is a multiple of a power of two that is at least len. */
struct path_step {
	uint64_t start;
	uint64_t len;
	bool is_left; /* whether it stands left of the way */
};

struct path_shape {
	struct path_step step[CONSIGN_PATH_MAX]; /* from the head down; a path on the wire goes the other way, up */
	size_t n;
	uint64_t start; /* where the way ends: a leaf, or the last subtree of the older tree */
	uint64_t len;
};

/* SHA-256(0x00 ‖ entry) and SHA-256(0x01 ‖ left ‖ right). The result may be one of the inputs. */
void path_leaf(const struct consign_hash *entry, struct consign_hash *ret_hash);
void path_concat(const struct consign_hash *left, const struct consign_hash *right, struct consign_hash *ret_hash);

/* PATH(index, D[size]). Needs index < size <= TREE_SIZE_MAX. */
void path_to_leaf(uint64_t index, uint64_t size, struct path_shape *ret_shape);
/*
 * PROOF(from, D[to]). Needs 0 < from <= to <= TREE_SIZE_MAX. The path begins with the subtree where the way ends, unless
 * that is the whole older tree (start is 0): its head is known to who asks.
 */
void path_to_prefix(uint64_t from, uint64_t to, struct path_shape *ret_shape);

#endif
