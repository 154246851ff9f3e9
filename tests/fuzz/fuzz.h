/*
 * What the targets share: a check that ends the process, and inputs that are taken apart.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdlib.h>

#include "core/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant. libFuzzer keeps the input when it does not hold. */
static inline void
check(bool is_so)
{
	if (!is_so)
		abort();
}

/* The first byte, which picks something; 0 when there is none. */
static inline uint8_t
fuzz_byte(struct consign_slice *in)
{
	uint8_t b;

	if (in->len == 0)
		return 0;
	b = in->data[0];
	*in = slice_of(in->data + 1, in->len - 1);
	return b;
}

/* Eight bytes, big endian; those that are not there are 0. */
static inline uint64_t
fuzz_u64(struct consign_slice *in)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | fuzz_byte(in);
	return v;
}

/* A hash; bytes that are not there are 0. */
static inline struct consign_hash
fuzz_hash(struct consign_slice *in)
{
	struct consign_hash hash;

	for (size_t i = 0; i < sizeof hash.b; i++)
		hash.b[i] = fuzz_byte(in);
	return hash;
}

#endif
