/* Tests of cli/when.c: times as in policy files, and as the command prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/clock.h"
#include "when.h"

#define NOON_US (1795348800ull * 1000000) /* 2026-11-22T12:00:00Z */

static void
test_when_parse_takes_days_times_and_fractions(void **state)
{
	static const struct {
		const char *text;
		uint64_t us;
	} rows[] = {
	    {"2026-11-22T12:00:00Z", NOON_US},
	    {"2026-11-22", NOON_US - 43200ull * 1000000},
	    {"2026-11-22T12:00:00.25Z", NOON_US + 250000},
	    {"2026-11-22T12:00:00.000001Z", NOON_US + 1},
	    {"2026-11-22T12:00:00.123456789Z", NOON_US + 123456},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t us = 1;

		if (when_parse(slice_text(rows[i].text), &us) != CONSIGN_OK || us != rows[i].us)
			fail_msg("%s: %llu", rows[i].text, (unsigned long long)us);
	}
}

static void
test_when_parse_reads_what_the_command_prints(void **state)
{
	char text[CLOCK_TEXT_BYTES];
	uint64_t us = 0;

	(void)state;
	clock_format(NOON_US + 654321, text);
	assert_int_equal(when_parse(slice_text(text), &us), CONSIGN_OK);
	assert_int_equal(us, NOON_US + 654321);
}

static void
test_when_parse_refuses_what_is_no_time(void **state)
{
	static const char *const rows[] = {"", "2026", "yesterday", "2026-11-31", "2026-11-22T12:00:00", "2026-11-22T12:00:00.Z",
	    "2026-11-22T12:00:00.5", "2026-11-22T12:00:00.5Zulu", "2026-11-22T12:00:00.5x5Z", "2026-11-22T25:00:00.5Z"};
	uint64_t us = 7;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (when_parse(slice_text(rows[i]), &us) != CONSIGN_E_MALFORMED || us != 7)
			fail_msg("'%s' was taken", rows[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_when_parse_takes_days_times_and_fractions),
	    cmocka_unit_test(test_when_parse_reads_what_the_command_prints),
	    cmocka_unit_test(test_when_parse_refuses_what_is_no_time),
	};

	return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}
