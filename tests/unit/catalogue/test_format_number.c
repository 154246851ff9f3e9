/*
 * Tests of lib/catalogue/format_number.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "format_texts.h"

static void
test_decimal_is_a_number_written_out(void **state)
{
	static const struct text accepted[] = {T("0"), T("1"), T("-1"), T("12.50"), T("-0.5"), T("0.0"), T("0.00"), T("10"),
	    T("100.001"), T("6.4"), T("1234567890123456789012345678901234"), T("-1234567890123456789012345678901234"),
	    T("0.111111111111111111111111111111111"), T("1.000000000000000000000000000000000"),
	    T("99999999999999999.99999999999999999")};
	static const struct text refused[] = {T(""), T("-"), T("."), T("-."), T(".5"), T("5."), T("-.5"), T("01"), T("00"),
	    T("-01"), T("00.5"), T("+1"), T("-0"), T("-0.0"), T("-0.00"), T("1e5"), T("1E5"), T("1.5e-3"), T("12,5"), T("1 000"),
	    T("1,000.0"), T(" 1"), T("1 "), T("0x10"), T("NaN"), T("inf"), T("Infinity"), T("1.2.3"), T("--1"), T("1-"),
	    T("1.-2"), T("12345678901234567890123456789012345"), T("0.1111111111111111111111111111111111"),
	    T("1234567890123456789012345678901234.5"), T("1/2"), T("<5"), T("1\0"),
	    T("\0"
	      "1"),
	    T("1\n"), T("\xd9\xa1"), T("1.\xd9\xa1"),
	    T("\xe2\x88\x92"
	      "1"),
	    T("\xff")};

	(void)state;
	ACCEPT(decimal_is, accepted);
	REFUSE(decimal_is, refused);
}

static void
test_decimal_of_400_digits_or_1_mib_is_refused(void **state)
{
	char digits[400];

	(void)state;
	memset(digits, '7', sizeof(digits));
	assert_false(decimal_is(SLICE_ARRAY(digits)));
	digits[1] = '.';
	assert_false(decimal_is(SLICE_ARRAY(digits)));
	check_long(decimal_is, "", "7", false);
	check_long(decimal_is, "0.", "0", false);
	check_long(decimal_is, "-0.", "0", false);
}

static void
test_decimal_compare_goes_by_value(void **state)
{
	static const struct {
		const char *a, *b;
		int expected;
	} rows[] = {
	    {"0", "0", 0},
	    {"0", "0.00", 0},
	    {"1.50", "1.5", 0},
	    {"10", "10.0", 0},
	    {"-1.50", "-1.5", 0},
	    {"1", "2", -1},
	    {"9", "10", -1},
	    {"99.9", "100", -1},
	    {"0.5", "0.45", 1},
	    {"0.5", "0.51", -1},
	    {"0.09", "0.1", -1},
	    {"1.05", "1.5", -1},
	    {"0.1", "1", -1},
	    {"0.1", "0", 1},
	    {"-1", "0", -1},
	    {"-1", "1", -1},
	    {"-2", "-1", -1},
	    {"-10", "-9", -1},
	    {"-0.5", "-0.45", -1},
	    {"-0.5", "0.5", -1},
	    {"5.10", "5.1", 0},
	    {"5.1", "5.11", -1},
	    /* A double holds these as one number. */
	    {"9007199254740993", "9007199254740992", 1},
	    {"0.30000000000000000001", "0.3", 1},
	    {"1234567890123456789012345678901234", "1234567890123456789012345678901235", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct consign_slice a = slice_text(rows[i].a);
		struct consign_slice b = slice_text(rows[i].b);

		assert_true(decimal_is(a) && decimal_is(b));
		if (decimal_compare(a, b) != rows[i].expected || decimal_compare(b, a) != -rows[i].expected)
			fail_msg("%s against %s: %d", rows[i].a, rows[i].b, decimal_compare(a, b));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decimal_is_a_number_written_out),
	    cmocka_unit_test(test_decimal_of_400_digits_or_1_mib_is_refused),
	    cmocka_unit_test(test_decimal_compare_goes_by_value),
	};

	return cmocka_run_group_tests_name("catalogue/format_number", tests, NULL, NULL);
}
