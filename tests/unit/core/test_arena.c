/*
 * Tests of lib/core/arena.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

#include "core/bytes.h"

static struct arena *
make(size_t budget)
{
	struct arena *a = NULL;

	assert_int_equal(arena_new(budget, &a), CONSIGN_OK);
	return a;
}

static void
test_arena_alloc_gives_zeroed_aligned_memory(void **state)
{
	struct arena *a = make(1 << 20);

	(void)state;
	for (size_t size = 0; size < 700; size += 7) {
		uint8_t *p = arena_alloc(a, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		if (size > 0)
			memset(p, 0xff, size);
	}
	arena_free(&a);
	assert_null(a);
	arena_free(&a);
}

static void
test_arena_alloc_stops_exactly_at_the_budget(void **state)
{
	struct arena *a = make(100);

	(void)state;
	assert_null(arena_alloc(a, 101));
	assert_non_null(arena_alloc(a, 100));
	assert_int_equal(arena_used(a), 100);
	assert_null(arena_alloc(a, 1));
	assert_null(arena_alloc(a, 0));
	arena_free(&a);
}

static void
test_arena_budget_bounds_the_sum_of_small_pieces(void **state)
{
	const size_t budget = 1 << 16;
	struct arena *a = make(budget);
	size_t count = 0;

	(void)state;
	while (arena_alloc(a, 1) != NULL)
		count++;
	assert_int_equal(count, budget / alignof(max_align_t));
	assert_int_equal(arena_used(a), budget);
	arena_free(&a);
}

static void
test_arena_alloc_refuses_sizes_that_would_overflow(void **state)
{
	struct arena *a = make(SIZE_MAX);

	(void)state;
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_alloc(a, SIZE_MAX - 8));
	assert_null(arena_alloc(a, SIZE_MAX - 64));
	assert_non_null(arena_alloc(a, 16));
	assert_null(arena_copy(a, slice_of("x", SIZE_MAX)).data);
	arena_free(&a);
}

static void
test_arena_reset_gives_back_the_budget_and_zeroes(void **state)
{
	struct arena *a = make(200000);

	(void)state;
	for (int round = 0; round < 3; round++) {
		uint8_t *p = arena_alloc(a, 3000);

		assert_non_null(p);
		for (size_t i = 0; i < 3000; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, 3000);
		assert_non_null(arena_alloc(a, 100000));
		assert_null(arena_alloc(a, 100000));
		arena_reset(a);
		assert_int_equal(arena_used(a), 0);
	}
	arena_free(&a);
}

static void
test_arena_copy_puts_a_nul_behind(void **state)
{
	struct arena *a = make(64);
	struct consign_slice s;

	(void)state;
	s = arena_copy(a, slice_of("abcdef", 3));
	assert_int_equal(s.len, 3);
	assert_string_equal((const char *)s.data, "abc");
	s = arena_copy(a, slice_of(NULL, 0));
	assert_int_equal(s.len, 0);
	assert_string_equal((const char *)s.data, "");
	s = arena_copy(a, slice_of("0123456789012345678901234567890123456789", 40));
	assert_null(s.data);
	assert_int_equal(s.len, 0);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_arena_alloc_gives_zeroed_aligned_memory),
	    cmocka_unit_test(test_arena_alloc_stops_exactly_at_the_budget),
	    cmocka_unit_test(test_arena_budget_bounds_the_sum_of_small_pieces),
	    cmocka_unit_test(test_arena_alloc_refuses_sizes_that_would_overflow),
	    cmocka_unit_test(test_arena_reset_gives_back_the_budget_and_zeroes),
	    cmocka_unit_test(test_arena_copy_puts_a_nul_behind),
	};

	return cmocka_run_group_tests_name("core/arena", tests, NULL, NULL);
}
