/*
 * Tests of lib/core/clock.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/clock.h"

static void
test_clock_format_writes_utc_with_microseconds(void **state)
{
	static const struct {
		uint64_t wall_us;
		const char *text;
	} rows[] = {
	    {0, "1970-01-01T00:00:00.000000Z"},
	    {1, "1970-01-01T00:00:00.000001Z"},
	    {951827696000000, "2000-02-29T12:34:56.000000Z"},
	    {1795320716000000, "2026-11-22T04:11:56.000000Z"},
	    {253402300799999999, "9999-12-31T23:59:59.999999Z"},
	    {253402300800000000, "9999-12-31T23:59:59.999999Z"},
	    {UINT64_MAX, "9999-12-31T23:59:59.999999Z"},
	};
	char text[CLOCK_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		clock_format(rows[i].wall_us, text);
		assert_string_equal(text, rows[i].text);
	}
}

static uint64_t
read_hand(void *self)
{
	return *(uint64_t *)self;
}

static void
test_clock_reads_the_clock_it_is_given(void **state)
{
	uint64_t now = 42;
	struct consign_clock clock = {.wall_us = read_hand, .steady_us = read_hand, .self = &now};

	(void)state;
	assert_int_equal(clock_wall_us(&clock), 42);
	now = 43;
	assert_int_equal(clock_steady_us(&clock), 43);
}

static void
test_clock_system_goes_forward(void **state)
{
	uint64_t before = clock_steady_us(clock_system());

	(void)state;
	assert_true(clock_steady_us(clock_system()) >= before);
	/* Later than the day this was written. */
	assert_true(clock_wall_us(clock_system()) > 1700000000000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clock_format_writes_utc_with_microseconds),
	    cmocka_unit_test(test_clock_reads_the_clock_it_is_given),
	    cmocka_unit_test(test_clock_system_goes_forward),
	};

	return cmocka_run_group_tests_name("core/clock", tests, NULL, NULL);
}
