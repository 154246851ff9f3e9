/*
 * What the tests of lib/wire share: an arena, a buffer, values that are easy to tell apart.
 */
#ifndef SUPPORT_WIRE_FIXTURE_H
#define SUPPORT_WIRE_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "wire/wire.h"

struct wire_fixture {
	struct arena *arena;
	struct buf bytes;
};

static inline int
wire_fixture_setup(void **state)
{
	struct wire_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(arena_new((size_t)256 << 20, &f->arena), CONSIGN_OK);
	*state = f;
	return 0;
}

static inline int
wire_fixture_teardown(void **state)
{
	struct wire_fixture *f = *state;

	arena_free(&f->arena);
	buf_clear(&f->bytes);
	free(f);
	return 0;
}

/* Fills an id, key or hash with one byte. */
#define FILL(MEMBER, BYTE) memset((MEMBER).b, (BYTE), sizeof((MEMBER).b))

#define NOON_US 1700000000000000ull
#define LATER_US (NOON_US + 3600000000ull)

/* Encodes NAME into the fixture's buffer and decodes it again. */
#define ROUND_TRIP(FIXTURE, NAME, IN, RET)                                                                                       \
	do {                                                                                                                     \
		*(RET) = NULL;                                                                                                   \
		buf_reset(&(FIXTURE)->bytes);                                                                                    \
		assert_int_equal(NAME##_encode((IN), &(FIXTURE)->bytes), CONSIGN_OK);                                            \
		assert_int_equal(NAME##_decode(buf_slice(&(FIXTURE)->bytes), (FIXTURE)->arena, (RET)), CONSIGN_OK);              \
	} while (0)

/* The struct breaks its table, and nothing is appended. */
#define REFUSES_TO_ENCODE(FIXTURE, NAME, IN)                                                                                     \
	do {                                                                                                                     \
		buf_reset(&(FIXTURE)->bytes);                                                                                    \
		assert_int_equal(NAME##_encode((IN), &(FIXTURE)->bytes), CONSIGN_E_MALFORMED);                                   \
		assert_int_equal((FIXTURE)->bytes.len, 0);                                                                       \
	} while (0)

#endif
