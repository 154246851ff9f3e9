/*
 * RFC 6962 2.1 as it is written, by recursion over all leaves: what tree.c and proof.c are measured against. Slow.
 */
#ifndef TESTS_LEDGER_NAIVE_H
#define TESTS_LEDGER_NAIVE_H

#include <string.h>

#include "core/sign.h"
#include "ledger/tree.h"

/* The entry number i of every tree in these tests: SHA-256("consign-vector" ‖ i), as in tests/vectors/ledger. */
static inline struct consign_hash
naive_entry(uint64_t i)
{
	struct consign_hash hash;
	uint8_t number[8];

	be64_store(number, i);
	hash_sha256_2(slice_text("consign-vector"), SLICE_ARRAY(number), &hash);
	return hash;
}

static inline struct consign_hash
naive_join(struct consign_hash left, struct consign_hash right)
{
	struct consign_hash hash;
	uint8_t bytes[65] = {0x01};

	memcpy(bytes + 1, left.b, 32);
	memcpy(bytes + 33, right.b, 32);
	hash_sha256(SLICE_ARRAY(bytes), &hash);
	return hash;
}

static inline uint64_t
naive_split(uint64_t n)
{
	uint64_t k = 1;

	while (k < n - k)
		k *= 2;
	return k;
}

/* MTH(D[n]) */
static inline struct consign_hash
naive_head(const struct consign_hash *entries, uint64_t n)
{
	struct consign_hash hash;
	uint8_t bytes[33] = {0x00};
	uint64_t k;

	if (n == 0) {
		hash_sha256(slice_of(NULL, 0), &hash);
		return hash;
	}
	if (n == 1) {
		memcpy(bytes + 1, entries[0].b, 32);
		hash_sha256(SLICE_ARRAY(bytes), &hash);
		return hash;
	}
	k = naive_split(n);
	return naive_join(naive_head(entries, k), naive_head(entries + k, n - k));
}

/* PATH(m, D[n]), appended */
static inline void
naive_path(uint64_t m, const struct consign_hash *entries, uint64_t n, struct tree_path *path)
{
	uint64_t k;

	if (n == 1)
		return;
	k = naive_split(n);
	if (m < k) {
		naive_path(m, entries, k, path);
		path->hash[path->n++] = naive_head(entries + k, n - k);
	} else {
		naive_path(m - k, entries + k, n - k, path);
		path->hash[path->n++] = naive_head(entries, k);
	}
}

/* SUBPROOF(m, D[n], b), appended; PROOF(m, D[n]) with b true */
static inline void
naive_subproof(uint64_t m, const struct consign_hash *entries, uint64_t n, bool b, struct tree_path *path)
{
	uint64_t k;

	if (m == n) {
		if (!b)
			path->hash[path->n++] = naive_head(entries, n);
		return;
	}
	k = naive_split(n);
	if (m <= k) {
		naive_subproof(m, entries, k, b, path);
		path->hash[path->n++] = naive_head(entries + k, n - k);
	} else {
		naive_subproof(m - k, entries + k, n - k, false, path);
		path->hash[path->n++] = naive_head(entries, k);
	}
}

#endif
