/*
 * Tests of lib/catalogue/format_date.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "format_texts.h"

static bool
is_date(struct consign_slice text)
{
	struct date date;

	return date_parse(text, &date);
}

static bool
is_offset(struct consign_slice text)
{
	int16_t minutes;

	return offset_parse(text, &minutes);
}

static void
test_date_parse_reads_iso_8601(void **state)
{
	static const struct text accepted[] = {T("2026"), T("0001"), T("9999"), T("2026-03"), T("2026-12"), T("2026-03-02"),
	    T("2024-02-29"), T("2000-02-29"), T("2026-02-28"), T("2026-04-30"), T("2026-12-31"), T("2012-11-23T11:20"),
	    T("2026-03-02T00:00"), T("2026-03-02T23:59"), T("2026-03-02T09:14Z"), T("2026-03-02T09:14+01:00"),
	    T("2026-03-02T09:14:07"), T("2026-03-02T09:14:07Z"), T("2026-03-02T09:14:07-05:00"), T("2026-03-02T09:14:07.1"),
	    T("2026-03-02T09:14:07.123+01:00"), T("2022-04-13T12:35:29.017069617Z"), T("2005-07-11T11:30:47.0Z"),
	    T("2021-02-01T22:46:31.117000+00:00"), T("2026-03-02T09:14:59+14:00"), T("2026-03-02T09:14:00-14:00"),
	    T("2026-03-02T09:14+05:30"), T("2026-03-02T09"), T("2026-03-02T09Z"), T("2026-03-02T09+01:00"), T("2003---15"), T("2003---31"),
	    T("2003-12-15T-:15")};
	static const struct text refused[] = {T(""), T("2"), T("20"), T("202"), T("0000"), T("20 6"), T("-2026"), T("+2026"),
	    T("2026-"), T("2026-00"), T("2026-13"), T("2026-3"), T("2026-03-"), T("2026-3-02"), T("2026-03-2"), T("2026-03-00"),
	    T("2026-03-32"), T("2026-02-30"), T("2026-04-31"), T("2025-02-29"), T("2024-02-30"), T("1900-02-29"), T("2100-02-29"),
	    T("0000-01-01"), T("2026/03/02"), T("02-03-2026"), T("22-07-2026"), T("03/02/2026"), T("2026-03-02T"),
	    T("2026-03-02T9:14"), T("2026-03-02T09:"), T("2026-03-02T09:1"),
	    T("2026-03-02T09:60"), T("2026-03-02T24:00"), T("2026-03-02T24:00:00"), T("2026-03-02T25:00"), T("2026-03-02T09:14:"),
	    T("2026-03-02T09:14:7"), T("2026-03-02T09:14:60"), T("2016-12-31T23:59:60Z"), T("2026-03-02T09:14:07."),
	    T("2026-03-02T09:14:07.Z"), T("2026-03-02T09:14:07,5"), T("2026-03-02T09:14.5"), T("2026-03-02 09:14"),
	    T("2026-03-02t09:14"), T("2026-03-02T09:14z"), T("2026-03-02T09:14 Z"), T("2026-03-02T09:14ZZ"),
	    T("2026-03-02T09:14Z+01:00"), T("2026-03-02T09:14+1:00"), T("2026-03-02T09:14+0100"), T("2026-03-02T09:14+01"),
	    T("2026-03-02T09:14+14:01"), T("2026-03-02T09:14+15:00"), T("2026-03-02T09:14+01:60"), T("2026-03-02T09:14-00:00"),
	    T("2026-03-02T09:14+"), T("2026-03-02Z"), T("2026-03-02+01:00"), T("2026-03+01:00"), T("2026Z"), T("2003---32"), T("2003---00"), T("2003----15"), T("2003---1"),
	    T("--12-15"), T("2003-12-15T-:60"), T("2003-12-15T-:15Z"), T("2003-12T-:15"), T("2026-W10"),
	    T("2026-W10-1"), T("2026-061"), T("2026-0302"), T("202603-02"), T("2026-03-02T0914"), T("2026-03-02T09:1407"),
	    T("2026-03-02T-9:14"), T("NA"), T("UNK"), T("2026-UN-UN"), T("2026-03-02T09:14:07.1.2"), T(" 2026"), T("2026 "),
	    T("12026-03-02"), T("2026\0"),
	    T("2026-03-02\0"
	      "T09:14"),
	    T("2026-03-02T09:14:07.\0"),
	    T("2026\xe2\x80\x93"
	      "03"),
	    T("\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa6"), T("2026-03-02\n")};

	(void)state;
	ACCEPT(is_date, accepted);
	REFUSE(is_date, refused);
}

static void
test_date_parse_reads_e2b(void **state)
{
	static const struct text accepted[] = {T("202603"), T("20260302"), T("2026030209"), T("202603020914"),
	    T("20260302091407"), T("20260302091407.1"), T("20260302091407.1234"), T("2026030209+0100"), T("202603020914-0500"),
	    T("20220614101010-0500"), T("20260302091407.1234+0100"), T("20240229"), T("20260302235959+1400"),
	    T("20260302091407+0000")};
	static const struct text refused[] = {T("20261"), T("202613"), T("202600"), T("2026030"), T("20260230"), T("20250229"),
	    T("20260431"), T("202603020"), T("2026030224"), T("20260302091"), T("202603020960"), T("2026030209140"),
	    T("20260302091460"), T("20260302240000"), T("202603020914077"), T("20260302091407."), T("20260302091407.+0100"),
	    T("202603020914.5"), T("20260302091407Z"), T("20260302091407+01:00"), T("20260302091407+01"),
	    T("20260302091407+1401"), T("20260302091407-0000"), T("20260302091407+0160"), T("20260302-0500"), T("202603-0500"),
	    T("2026-0500"), T("2026+0500"), T("20260302T0914"), T("20260302T09:14"), T("20260302 091407"), T("20260302091407+"),
	    T("20260302091407+0100x"), T("20260302\0"), T("2026030209140\0")};

	(void)state;
	ACCEPT(is_date, accepted);
	REFUSE(is_date, refused);
}

static void
test_date_parse_reads_printed_days(void **state)
{
	static const struct text accepted[] = {
	    T("02-MAR-2026"), T("20-JAN-2019"), T("29-FEB-2024"), T("31-DEC-9999"), T("01-SEP-0001"), T("02-Mar-2026"),
	    T("02-mar-2026")};
	static const struct text refused[] = {T("30-FEB-2026"), T("29-FEB-2025"), T("31-APR-2026"), T("00-MAR-2026"),
	    T("32-MAR-2026"), T("2-MAR-2026"), T("02-MRZ-2026"), T("02-MAR-26"),
	    T("02-MAR-0000"), T("UN-MAR-2026"), T("02-MAR-2026 "), T("02-MAR-2026T09:14"), T("02 MAR 2026"), T("02-MAR"),
	    T("02-MAR-2O26"), T("02-03-2026"), T("02-MAR-202\0")};

	(void)state;
	ACCEPT(is_date, accepted);
	REFUSE(is_date, refused);
}

static void
test_offset_parse_reads_hours_and_minutes(void **state)
{
	static const struct text accepted[] = {
	    T("+00:00"), T("+01:00"), T("-05:00"), T("+05:30"), T("+05:45"), T("+14:00"), T("-14:00"), T("-00:30"), T("+13:59")};
	static const struct text refused[] = {T(""), T("Z"), T("+"), T("01:00"), T("+1:00"), T("+0100"), T("+01"), T("+01:0"),
	    T("+01:000"), T("+14:01"), T("-14:30"), T("+15:00"), T("+23:59"), T("+01:60"), T("+99:99"), T("-00:00"), T("+ 1:00"),
	    T("+-1:00"), T("+01-00"), T("~01:00"), T(" +01:00"), T("+01:00 "), T("+01:0\0"),
	    T("\xe2\x88\x92"
	      "05:00")};

	(void)state;
	ACCEPT(is_offset, accepted);
	REFUSE(is_offset, refused);
}

static void
test_date_parse_of_1_mib_is_linear(void **state)
{
	(void)state;
	check_long(is_date, "", "2", false);
	check_long(is_date, "2026-", "0", false);
	check_long(is_date, "2026-03-02T09:14:07.", "1", true);
	check_long(is_date, "20260302091407.", "1", true);
	check_long(is_offset, "+", "0", false);
}

static void
test_date_parse_says_what_it_read(void **state)
{
	struct date d;

	(void)state;
	assert_true(date_parse(slice_text("2026-03-02T09:14:07.123+01:30"), &d));
	assert_int_equal(d.year, 2026);
	assert_int_equal(d.month, 3);
	assert_int_equal(d.day, 2);
	assert_int_equal(d.hour, 9);
	assert_int_equal(d.minute, 14);
	assert_int_equal(d.second, 7);
	assert_true(slice_equal(d.fraction, slice_text("123")));
	assert_int_equal(d.precision, PRECISION_FRACTION);
	assert_true(d.has_offset);
	assert_false(d.is_z);
	assert_int_equal(d.offset_min, 90);

	assert_true(date_parse(slice_text("2026-03-02T09:14Z"), &d));
	assert_int_equal(d.precision, PRECISION_MINUTE);
	assert_int_equal(d.second, 0);
	assert_int_equal(d.fraction.len, 0);
	assert_true(d.has_offset);
	assert_true(d.is_z);
	assert_int_equal(d.offset_min, 0);

	assert_true(date_parse(slice_text("2026030209-0530"), &d));
	assert_int_equal(d.precision, PRECISION_HOUR);
	assert_int_equal(d.hour, 9);
	assert_true(d.has_offset);
	assert_int_equal(d.offset_min, -330);

	assert_true(date_parse(slice_text("2026"), &d));
	assert_int_equal(d.precision, PRECISION_YEAR);
	assert_int_equal(d.month, 0);
	assert_int_equal(d.day, 0);
	assert_false(d.has_offset);

	assert_true(date_parse(slice_text("202603"), &d));
	assert_int_equal(d.precision, PRECISION_MONTH);
	assert_int_equal(d.month, 3);
	assert_int_equal(d.day, 0);

	assert_true(date_parse(slice_text("20-JAN-2019"), &d));
	assert_int_equal(d.precision, PRECISION_DAY);
	assert_int_equal(d.year, 2019);
	assert_int_equal(d.month, 1);
	assert_int_equal(d.day, 20);
}

static void
test_date_parse_leaves_its_outputs_alone_when_it_refuses(void **state)
{
	struct date d, before;
	int16_t minutes = 77;

	(void)state;
	memset(&d, 0x5a, sizeof(d));
	memcpy(&before, &d, sizeof(d));
	assert_false(date_parse(slice_text("2026-03-02T09:14:61"), &d));
	assert_memory_equal(&d, &before, sizeof(d));
	assert_false(offset_parse(slice_text("+14:01"), &minutes));
	assert_int_equal(minutes, 77);
}

#define NOT_COMPARABLE 2

static void
test_date_compare_goes_as_far_as_both_are_precise(void **state)
{
	static const struct {
		const char *a, *b;
		int expected;
	} rows[] = {
	    {"2025", "2026", -1},
	    {"2026", "2026-03", 0},
	    {"2026", "2026-12-31T23:59:59", 0},
	    {"2026", "2027-01-01", -1},
	    {"2026-02", "2026-03-01", -1},
	    {"2024-02", "2024-02-29", 0},
	    {"2026-03-02", "20260302", 0},
	    {"2026-03-02", "02-MAR-2026", 0},
	    {"2026-03-02", "2026-03-02T09:14", 0},
	    {"2026-03-02T09:14", "2026-03-02T09:13:59", 1},
	    {"2026-03-02T09:14", "2026-03-02T09:14:59", 0},
	    {"2026-03-02T09:14:07.1", "2026-03-02T09:14:07", 0},
	    {"2026-03-02T09:14:07.1", "2026-03-02T09:14:07.12", 0},
	    {"2026-03-02T09:14:07.1", "2026-03-02T09:14:07.2", -1},
	    {"2026-03-02T09:14:07.1", "2026-03-02T09:14:07.09", 1},
	    {"2026-03-02T09:14:07.9", "2026-03-02T09:14:08.1", -1},
	    {"2023-12-31", "2024-01-01", -1},
	    {"1999-12-31", "2000-01-01", -1},
	    {"0001", "9999", -1},
	    /* Both with an offset: by UTC. */
	    {"2026-03-02T09:14Z", "2026-03-02T10:14+01:00", 0},
	    {"2026-03-02T09:14Z", "2026-03-02T09:14+01:00", 1},
	    {"2026-03-01T23:30-05:00", "2026-03-02T04:29Z", 1},
	    {"2026-03-02T00:30+14:00", "2026-03-01T09:00Z", 1},
	    {"20220614101010-0500", "2022-06-14T15:10:10.5Z", 0},
	    {"2026-12-31T23:30-01:00", "2027-01-01T00:30Z", 0},
	    {"2026030209+0530", "2026-03-02T03:29Z", 1},
	    {"2026030209+0530", "2026-03-02T04:29Z", 0},
	    {"2026030209+0530", "2026-03-02T04:30Z", -1},
	    /* Only one with an offset: the other clock may be anywhere. */
	    {"2026-03-02T09:14Z", "2026-03-02T09:14", NOT_COMPARABLE},
	    {"2026-03-02T09:14+01:00", "2026-03-03", NOT_COMPARABLE},
	    {"2026-03-02T09:14+01:00", "2026-03", NOT_COMPARABLE},
	    {"2026-03-02T09:14+01:00", "2026", NOT_COMPARABLE},
	    {"2026-03-02T09:14Z", "2026-03-03T09:13", NOT_COMPARABLE},
	    {"2026-03-02T09:14Z", "2026-03-03T09:15", -1},
	    {"2026-03-02T09:14Z", "2026-03-04", -1},
	    {"2026-03-02T09:14Z", "2026-02", 1},
	    {"2026-03-02T09:14Z", "2025", 1},
	    {"2026-03-02T00:30+14:00", "2026-02-28", NOT_COMPARABLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct date a, b;
		int order = NOT_COMPARABLE;
		int back = -NOT_COMPARABLE;

		assert_true(date_parse(slice_text(rows[i].a), &a) && date_parse(slice_text(rows[i].b), &b));
		assert_int_equal(date_compare(&a, &b, &order), rows[i].expected != NOT_COMPARABLE);
		assert_int_equal(date_compare(&b, &a, &back), rows[i].expected != NOT_COMPARABLE);
		if (order != rows[i].expected || back != -rows[i].expected)
			fail_msg("%s against %s: %d and back %d", rows[i].a, rows[i].b, order, back);
	}
}

/* When.precision makes a date say less than its text, and When.offset adds an offset: the caller changes the date then. */
static void
test_date_compare_keeps_to_a_lower_precision_and_an_added_offset(void **state)
{
	struct date a, b;
	int order;

	(void)state;
	assert_true(date_parse(slice_text("2026-03-02T09:14:07.5"), &a) && date_parse(slice_text("2026-03-02T08:00:00.1"), &b));
	assert_true(date_compare(&a, &b, &order));
	assert_int_equal(order, 1);
	a.precision = PRECISION_DAY;
	assert_true(date_compare(&a, &b, &order));
	assert_int_equal(order, 0);
	a.precision = PRECISION_YEAR;
	assert_true(date_compare(&a, &b, &order));
	assert_int_equal(order, 0);

	assert_true(date_parse(slice_text("2026-03-02T09:14Z"), &a) && date_parse(slice_text("2026-03-02T10:14"), &b));
	assert_false(date_compare(&a, &b, &order));
	b.has_offset = true;
	b.offset_min = 60;
	assert_true(date_compare(&a, &b, &order));
	assert_int_equal(order, 0);
	/* The offset of the place does not move a time in Z. */
	a.offset_min = 120;
	assert_true(date_compare(&a, &b, &order));
	assert_int_equal(order, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_date_parse_reads_iso_8601),
	    cmocka_unit_test(test_date_parse_reads_e2b),
	    cmocka_unit_test(test_date_parse_reads_printed_days),
	    cmocka_unit_test(test_offset_parse_reads_hours_and_minutes),
	    cmocka_unit_test(test_date_parse_of_1_mib_is_linear),
	    cmocka_unit_test(test_date_parse_says_what_it_read),
	    cmocka_unit_test(test_date_parse_leaves_its_outputs_alone_when_it_refuses),
	    cmocka_unit_test(test_date_compare_goes_as_far_as_both_are_precise),
	    cmocka_unit_test(test_date_compare_keeps_to_a_lower_precision_and_an_added_offset),
	};

	return cmocka_run_group_tests_name("catalogue/format_date", tests, NULL, NULL);
}
