/*
 * Two hash tables that only grow: texts to dense numbers, and 64-bit keys to 32-bit values. For lib/policy and for what is counted
 * under its names: what is put comes from signed documents; what strangers send is only ever looked up, so that nobody can make it degrade.
 *
 * Zero-initialise; end with *_clear. After a failed put the table is unchanged.
 * Threads   look-ups are pure: any number of threads while nobody puts
 */
#ifndef POLICY_TABLE_H
#define POLICY_TABLE_H

#include "core/bytes.h"

#define TABLE_NONE UINT32_MAX

/* Texts (any bytes) numbered 0, 1, 2 … in the order of their first put. */
struct names {
	struct buf bytes; /* every text, each with a NUL behind */
	struct name *v;
	size_t n, cap;
	struct name_slot *slots; /* a power of two of them, at most half of them taken */
	size_t slot_count;
};

void names_clear(struct names *t);
/* ret_id: the number, new when it equals the n from before. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err names_put(struct names *t, struct consign_slice text, uint32_t *ret_id);
/* TABLE_NONE when absent. */
uint32_t names_find(const struct names *t, struct consign_slice text);
uint32_t names_find_text(const struct names *t, const char *text);

/* A set of lengths from 0 to 127: bit n, whether there is a text of n bytes. */
struct lengths {
	uint64_t bits[2];
};

void lengths_add(struct lengths *lengths, size_t len);
/* The longest text of the table that begins `text`, among those of a length in the set; TABLE_NONE when there is none. */
uint32_t names_find_longest(const struct names *t, const struct lengths *lengths, struct consign_slice text);
/* Lends until the next put. */
const char *names_text(const struct names *t, uint32_t id);

/* Keys to values; a value is never TABLE_NONE. */
struct numbers {
	struct number *slots;
	size_t slot_count;
	size_t n;
};

void numbers_clear(struct numbers *t);
/* Puts value unless the key is there; ret_value is what the table then holds. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err numbers_put(struct numbers *t, uint64_t key, uint32_t value, uint32_t *ret_value);
/* TABLE_NONE when absent. */
uint32_t numbers_find(const struct numbers *t, uint64_t key);

/* Spreads a number over all bits, so that the low ones can choose a slot. */
static inline uint64_t
table_spread(uint64_t x)
{
	x *= 0x9e3779b97f4a7c15u;
	return x ^ x >> 32;
}

/* Little-endian whatever the machine. Compilers make one load of it. */
static inline uint64_t
load_le64(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* Makes room for one more element of size bytes in a growing array. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err table_grow(void *array, size_t size, size_t n, size_t *cap);

#endif
