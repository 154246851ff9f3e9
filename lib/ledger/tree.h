/*
 * The RFC 6962 Merkle tree of the ledger: append, head, inclusion and consistency proofs. The nodes live in a store
 * that the caller gives in; the tree keeps its right edge and a cache of recent nodes.
 *
 *   leaf hash = SHA-256(0x00 ‖ entry), entry = SHA-256(salt ‖ record);  node = SHA-256(0x01 ‖ left ‖ right)
 *
 * Threads   one owner
 * Source    RFC 6962 2.1; docs/PROTOCOL.md 6
 */
#ifndef LEDGER_TREE_H
#define LEDGER_TREE_H

#include <stdbool.h>

#include "core/bytes.h"
#include "core/limits.h"

/* The largest tree: what 63 levels above the leaves hold. Nothing larger is opened, proved or verified. */
#define TREE_SIZE_MAX (UINT64_C(1) << 63)

/* Perfect subtrees only: level 0 are leaf hashes; node (level, index) covers leaves [index << level, (index + 1) << level). */
struct tree_store {
	/* Reads a node written before. Errors: NOT_FOUND, IO, CORRUPT. */
	enum consign_err (*read)(void *self, uint32_t level, uint64_t index, struct consign_hash *ret_hash);
	void *self;
};

/* A node that an append completed: the caller stores it in the same transaction as the record. */
struct tree_node {
	uint32_t level;
	uint64_t index;
	struct consign_hash hash;
};

struct tree_path {
	struct consign_hash hash[CONSIGN_PATH_MAX];
	size_t n;
};

struct tree;

/* Opens at a size; reads the right edge from the store. store is copied. Errors: those of read, NO_MEMORY, CORRUPT (size). */
CONSIGN_MUST_CHECK enum consign_err tree_new(const struct tree_store *store, uint64_t size, struct tree **ret_tree);
void tree_free(struct tree **tree);
uint64_t tree_size(const struct tree *tree);
/*
 * Appends a leaf. nodes receives what it completed: the leaf hash and every perfect subtree that it ends.
 * The nodes are also kept in the cache, so proofs work before they are stored: the nodes of the last 32768 leaves stay
 * there whatever else is read.
 */
void tree_append(struct tree *tree, const struct consign_hash *entry, struct tree_node nodes[CONSIGN_PATH_MAX], size_t *ret_n);
/* The head at a size up to tree_size; size 0 gives SHA-256 of nothing. Errors: NOT_FOUND (size > tree_size), those of read. */
CONSIGN_MUST_CHECK enum consign_err tree_head(struct tree *tree, uint64_t size, struct consign_hash *ret_head);
/* RFC 6962 PATH(index, D[size]). Errors: NOT_FOUND (index >= size, or size > tree_size), those of read. */
CONSIGN_MUST_CHECK enum consign_err tree_inclusion(struct tree *tree, uint64_t index, uint64_t size, struct tree_path *ret_path);
/*
 * RFC 6962 PROOF(from, D[to]); from 0 or from == to gives an empty path.
 * Errors: NOT_FOUND (from > to, or to > tree_size), those of read.
 */
CONSIGN_MUST_CHECK enum consign_err tree_consistency(struct tree *tree, uint64_t from, uint64_t to, struct tree_path *ret_path);

/* The verifier's side (proof.c): pure, needs no tree. Errors: BAD_PROOF. Every hash given must be used, none may be missing. */
void tree_entry(const struct consign_hash *salt, struct consign_slice record, struct consign_hash *ret_entry);
CONSIGN_MUST_CHECK enum consign_err tree_verify_inclusion(const struct consign_hash *entry, uint64_t index, uint64_t size,
    const struct consign_hash *path, size_t n, const struct consign_hash *head);
/* from 0: any head follows, path must be empty. from == to: heads equal and path empty. */
CONSIGN_MUST_CHECK enum consign_err tree_verify_consistency(uint64_t from, const struct consign_hash *from_head, uint64_t to,
    const struct consign_hash *to_head, const struct consign_hash *path, size_t n);

#endif
