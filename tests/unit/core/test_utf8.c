/*
 * Tests of lib/core/utf8.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/utf8.h"

static void
test_utf8_step_reads_one_character(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		uint32_t point;
	} rows[] = {
	    {"a", 1, 'a'},
	    {"\x7f", 1, 0x7f},
	    {"\xc2\x80", 2, 0x80},
	    {"\xdf\xbf", 2, 0x7ff},
	    {"\xe0\xa0\x80", 3, 0x800},
	    {"\xed\x9f\xbf", 3, 0xd7ff},
	    {"\xee\x80\x80", 3, 0xe000},
	    {"\xf0\x90\x80\x80", 4, 0x10000},
	    {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t point = 0;

		assert_int_equal(utf8_step(slice_text(rows[i].text), &point), rows[i].len);
		assert_int_equal(point, rows[i].point);
	}
}

static void
test_utf8_step_refuses_what_is_not_utf8(void **state)
{
	static const char *const bad[] = {
	    "",
	    "\x80",
	    "\xbf",
	    "\xc0\x80",
	    "\xc1\xbf",
	    "\xc2",
	    "\xc2\x61",
	    "\xe0\x9f\xbf",
	    "\xe2\x82",
	    "\xed\xa0\x80",
	    "\xed\xbf\xbf",
	    "\xf0\x8f\xbf\xbf",
	    "\xf4\x90\x80\x80",
	    "\xf5\x80\x80\x80",
	    "\xf8\x88\x80\x80\x80",
	    "\xff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t point = 77;

		assert_int_equal(utf8_step(slice_text(bad[i]), &point), 0);
		assert_int_equal(point, 77);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_utf8_step_reads_one_character),
	    cmocka_unit_test(test_utf8_step_refuses_what_is_not_utf8),
	};

	return cmocka_run_group_tests_name("core/utf8", tests, NULL, NULL);
}
