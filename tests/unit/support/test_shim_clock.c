/* The clock shim: the wall clock is wrong by what its file says; clocks that measure durations are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SHIM "shim_clock"
#define SHIM_ORDER "SHIM_CLOCK"
#include "unit/support/ordered_shim.h"

#define DAY_US 86400000000ll

/* The clocks of one run, in microseconds. */
struct clocks {
	long long wall, day, seconds, steady;
};

static struct clocks
clocks_under(struct fixture *f, const char *order)
{
	struct clocks c;
	assert_int_equal(sscanf(run(f, order, "clock"), "clock %lld %lld %lld %lld", &c.wall, &c.day, &c.seconds, &c.steady), 4);
	return c;
}

/* Whether the second is later by so much, and by no more than a run of a program takes. */
static void
assert_later(long long first, long long second, long long by)
{
	assert_true(second - first >= by);
	assert_true(second - first <= by + 20000000);
}

static void
test_shim_clock_shifts_what_a_clock_on_the_wall_says(void **state)
{
	static const struct {
		const char *order;
		long long us;
	} table[] = {{"86400000000\n", DAY_US}, {"-86400000000\n", -DAY_US}, {"-1", -1}, {"999999\n", 999999}, {"-999999\n", -999999},
	    {"0\n", 0}, {"", 0}, {NULL, 0}};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct clocks before = clocks_under(f, NULL), after = clocks_under(f, table[i].order);
		assert_later(before.wall, after.wall, table[i].us);
		assert_later(before.day, after.day, table[i].us);
		assert_later(before.seconds, after.seconds, table[i].us / 1000000 * 1000000 - 1000000);
		assert_later(before.steady, after.steady, 0);
	}
}

static void
test_shim_clock_refuses_an_order_that_is_no_number(void **state)
{
	struct fixture *f = *state;
	FILE *file = fopen(f->order, "w");
	assert_non_null(file);
	assert_true(fputs("tomorrow", file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_not_equal(runner_run(&f->runner, SHIM, f->extra, "clock"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_shim_clock_shifts_what_a_clock_on_the_wall_says, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_clock_refuses_an_order_that_is_no_number, setup, teardown),
	};
	return cmocka_run_group_tests_name("shim_clock", tests, NULL, NULL);
}
