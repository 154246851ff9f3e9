/* Times, spans and sizes: what is read, what is not, and that what is written reads the same. */
#include "build.h"
#include "policy/units.h"

static const struct row {
	const char *text;
	uint64_t value; /* 0: refused */
	const char *as; /* how it is written; NULL: as it was read */
} times[] = {
    {"2026-12-01", 1796083200, NULL},
    {"2026-12-01T00:00:00Z", 1796083200, "2026-12-01"},
    {"2026-12-01T08:30:05Z", 1796113805, NULL},
    {"2000-01-01", 946684800, NULL},
    {"2000-02-29", 951782400, NULL},
    {"2000-03-01", 951868800, NULL},
    {"2024-02-29T23:59:59Z", 1709251199, NULL},
    {"2100-03-01", 4107542400, NULL},
    {"9999-12-31T23:59:59Z", 253402300799, NULL},
    {"2100-02-29", 0, NULL},
    {"2026-02-29", 0, NULL},
    {"2026-04-31", 0, NULL},
    {"2026-00-10", 0, NULL},
    {"2026-13-01", 0, NULL},
    {"2026-01-00", 0, NULL},
    {"2026-01-32", 0, NULL},
    {"1999-12-31", 0, NULL},
    {"0000-00-00", 0, NULL},
    {"2026-12-01T24:00:00Z", 0, NULL},
    {"2026-12-01T00:60:00Z", 0, NULL},
    {"2026-12-01T00:00:60Z", 0, NULL},
    {"2026-12-01T00:00:00", 0, NULL},
    {"2026-12-01T00:00:00z", 0, NULL},
    {"2026-12-01t00:00:00Z", 0, NULL},
    {"2026-12-01 00:00:00Z", 0, NULL},
    {"2026-12-01T00:00Z", 0, NULL},
    {"2026-12-01T00:00:00+00:00", 0, NULL},
    {"2026-12-1", 0, NULL},
    {"20261201", 0, NULL},
    {"2026/12/01", 0, NULL},
    {"+026-12-01", 0, NULL},
    {"2026-12-01 ", 0, NULL},
    {"", 0, NULL},
};

/* What units_time_parse refuses and yet says what it means. */
static const struct {
	const char *text, *as; /* NULL: nobody knows */
	bool is_guess;
} slips[] = {
    {"2026-12-01T00:00:00+01:00", "2026-11-30T23:00:00Z", false},
    {"2026-12-01T08:30:00+05:45", "2026-12-01T02:45:00Z", false},
    {"2026-12-31 19:00-05:00", "2027-01-01", false},
    {"2026-12-01T00:00:00-23:59", "2026-12-01T23:59:00Z", false},
    {"2026-12-01T08:30Z", "2026-12-01T08:30:00Z", false},
    {"2026-12-01t08:30:05z", "2026-12-01T08:30:05Z", false},
    {"2026-12-01T08:30:05.999Z", "2026-12-01T08:30:05Z", false},
    {"2026-12-01T08:30:05.5+00:30", "2026-12-01T08:00:05Z", false},
    {"2026-12-01 08:30", "2026-12-01T08:30:00Z", true},
    {"2026-12-01T08:30:05", "2026-12-01T08:30:05Z", true},
    {"2026-02-29 08:30", NULL, false},
    {"2026-12-01 24:30", NULL, false},
    {"2026-12-01T08:30+24:00", NULL, false},
    {"2026-12-01T08:30+00:60", NULL, false},
    {"2026-12-01T08:30+1", NULL, false},
    {"2026-12-01T08:30.", NULL, false},
    {"2026-12-01T08:30 UTC", NULL, false},
    {"2000-01-01T00:00:00+00:01", NULL, false}, /* there are no times before that year */
    {"9999-12-31T23:59:59-00:01", NULL, false},
    {"1999-12-31T23:59:59-00:01", NULL, false},
    {"2026-12-01", NULL, false},
    {"2026-12-01T", NULL, false},
    {"2026-12-01T08", NULL, false},
    {"tomorrow at noon", NULL, false},
    {"", NULL, false},
};

static void
test_units_time_is_mended_where_it_says_what_it_means(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
		char text[UNITS_TEXT_BYTES] = "untouched";
		bool is_guess = false;
		bool is_mended = units_time_mend(slice_text(slips[i].text), &is_guess, text);
		if (is_mended != (slips[i].as != NULL) || is_guess != slips[i].is_guess ||
		    strcmp(text, is_mended ? slips[i].as : "untouched") != 0)
			fail_msg("%s: %d, \"%s\", a guess: %d", slips[i].text, is_mended, text, is_guess);
	}
}

static const struct row spans[] = {
    {"1s", 1, NULL},
    {"90s", 90, NULL},
    {"60s", 60, "1m"},
    {"30m", 1800, NULL},
    {"4h", 14400, NULL},
    {"24h", 86400, "1d"},
    {"366d", 31622400, NULL},
    {"31622400s", 31622400, "366d"},
    {"31622401s", 0, NULL},
    {"367d", 0, NULL},
    {"0s", 0, NULL},
    {"04h", 0, NULL},
    {"4", 0, NULL},
    {"h", 0, NULL},
    {"4hh", 0, NULL},
    {"4H", 0, NULL},
    {"4 h", 0, NULL},
    {" 4h", 0, NULL},
    {"-4h", 0, NULL},
    {"1.5h", 0, NULL},
    {"4w", 0, NULL},
    {"999999999d", 0, NULL},
    {"18446744073709551617s", 0, NULL},
    {"", 0, NULL},
};

static const struct row sizes[] = {
    {"1", 1, NULL},
    {"1000", 1000, NULL},
    {"1024", 1024, "1KiB"},
    {"64KiB", 65536, NULL},
    {"1536KiB", 1572864, NULL},
    {"1MiB", 1048576, NULL},
    {"1024KiB", 1048576, "1MiB"},
    {"99999999", 99999999, NULL},
    {"100000000", 0, NULL},
    {"0", 0, NULL},
    {"064", 0, NULL},
    {"64kib", 0, NULL},
    {"64KB", 0, NULL},
    {"64K", 0, NULL},
    {"1GiB", 0, NULL},
    {"64 KiB", 0, NULL},
    {"KiB", 0, NULL},
    {"0x40", 0, NULL},
    {"-1", 0, NULL},
    {"1e3", 0, NULL},
    {"", 0, NULL},
};

static const struct row stores[] = {
    {"2GiB", 2147483648, NULL}, {"1024MiB", 1073741824, "1GiB"}, {"1536MiB", 1610612736, NULL}, {"99999999GiB", 107374181326258176, NULL},
    {"64KiB", 65536, NULL}, {"1TiB", 0, NULL}, {"0GiB", 0, NULL}, {"", 0, NULL},
};

static const struct row counts[] = {
    {"1", 1, NULL}, {"10000", 10000, NULL}, {"99999999", 99999999, NULL}, {"100000000", 0, NULL}, {"0", 0, NULL}, {"1k", 0, NULL}, {"-1", 0, NULL},
    {"", 0, NULL},
};

static void
count_format(uint64_t count, char ret_text[UNITS_TEXT_BYTES])
{
	(void)snprintf(ret_text, UNITS_TEXT_BYTES, "%llu", (unsigned long long)count);
}

static void
check_rows(const struct row *rows, size_t n, uint64_t unit, enum consign_err (*parse)(struct consign_slice, uint64_t *),
    void (*format)(uint64_t, char[UNITS_TEXT_BYTES]))
{
	size_t wrong = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t value = 77;
		char text[UNITS_TEXT_BYTES] = "";
		enum consign_err err = parse(slice_text(rows[i].text), &value);
		bool is_right = err == CONSIGN_E_MALFORMED && rows[i].value == 0 && value == 77;
		if (err == CONSIGN_OK) {
			format(value, text);
			is_right =
			    value == rows[i].value * unit && strcmp(text, rows[i].as != NULL ? rows[i].as : rows[i].text) == 0;
		}
		wrong += !is_right;
		if (!is_right)
			print_error("\"%s\": 0x%x, %llu, written \"%s\"\n", rows[i].text, err, (unsigned long long)value, text);
	}
	assert_int_equal(wrong, 0);
}

#define CHECK(ROWS, UNIT, PARSE, FORMAT) check_rows(ROWS, sizeof(ROWS) / sizeof(ROWS)[0], UNIT, PARSE, FORMAT)

static void
test_units_read_and_write_every_row(void **state)
{
	(void)state;
	CHECK(times, 1000000, units_time_parse, units_time_format);
	CHECK(spans, 1000000, units_span_parse, units_span_format);
	CHECK(sizes, 1, units_size_parse, units_size_format);
	CHECK(stores, 1, units_store_parse, units_store_format);
	CHECK(counts, 1, units_count_parse, count_format);
}

/* Every day of 400 years, after which the calendar repeats: the next one is 86,400 seconds on. */
static void
test_units_count_every_day_once(void **state)
{
	(void)state;
	uint64_t us = 946684800ull * 1000000, read;
	char text[UNITS_TEXT_BYTES], before[UNITS_TEXT_BYTES] = "";
	for (size_t day = 0; day < 146097; day++, us += 86400ull * 1000000) {
		units_time_format(us, text);
		assert_true(strcmp(before, text) < 0);
		assert_int_equal(units_time_parse(slice_text(text), &read), CONSIGN_OK);
		assert_int_equal(read, us);
		memcpy(before, text, sizeof text);
	}
	assert_string_equal(before, "2399-12-31");
}

static void
test_units_format_whatever_they_are_given(void **state)
{
	(void)state;
	char text[UNITS_TEXT_BYTES];
	units_time_format(UINT64_MAX, text);
	assert_true(memchr(text, '\0', sizeof text) != NULL);
	units_time_format(0, text);
	assert_string_equal(text, "1970-01-01");
	units_span_format(0, text);
	assert_string_equal(text, "0s");
	units_size_format(0, text);
	assert_string_equal(text, "0");
	units_size_format(UINT64_MAX, text);
	assert_string_equal(text, "18446744073709551615");
}

/* Amount and time; 0: refused. */
static const struct rate_row {
	const char *text;
	bool is_bytes;
	uint64_t amount, seconds;
	const char *as; /* NULL: as it was read */
} rates[] = {
    {"20/s", false, 20, 1, NULL},
    {"500/h", false, 500, 3600, NULL},
    {"1/d", false, 1, 86400, NULL},
    {"90/m", false, 90, 60, NULL},
    {"99999999/s", false, 99999999, 1, NULL},
    {"1024/m", false, 1024, 60, NULL},
    {"64MiB/h", true, 67108864, 3600, NULL},
    {"1024KiB/d", true, 1048576, 86400, "1MiB/d"},
    {"1000/s", true, 1000, 1, NULL},
    {"1024GiB/d", true, UINT64_C(1) << 40, 86400, NULL},
    {"1025GiB/d", true, 0, 0, NULL},
    {"1KiB/s", false, 0, 0, NULL},
    {"100000000/s", false, 0, 0, NULL},
    {"0/s", false, 0, 0, NULL},
    {"20", false, 0, 0, NULL},
    {"20/", false, 0, 0, NULL},
    {"/s", false, 0, 0, NULL},
    {"/", false, 0, 0, NULL},
    {"20/w", false, 0, 0, NULL},
    {"20/2h", false, 0, 0, NULL},
    {"20/s/s", false, 0, 0, NULL},
    {"20 / s", false, 0, 0, NULL},
    {"20/S", false, 0, 0, NULL},
    {"", false, 0, 0, NULL},
};

static void
test_units_read_and_write_every_rate(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		const struct rate_row *r = &rates[i];
		uint64_t amount = 77, us = 77;
		char text[UNITS_TEXT_BYTES];
		enum consign_err err = units_rate_parse(slice_text(r->text), r->is_bytes, &amount, &us);
		if (r->amount == 0) {
			if (err != CONSIGN_E_MALFORMED || amount != 77 || us != 77)
				fail_msg("\"%s\" was read", r->text);
			continue;
		}
		assert_int_equal(err, CONSIGN_OK);
		assert_int_equal(amount, r->amount);
		assert_int_equal(us, r->seconds * 1000000);
		units_rate_format(amount, us, r->is_bytes, text);
		assert_string_equal(text, r->as == NULL ? r->text : r->as);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_units_time_is_mended_where_it_says_what_it_means),
	    cmocka_unit_test(test_units_read_and_write_every_row),
	    cmocka_unit_test(test_units_read_and_write_every_rate),
	    cmocka_unit_test(test_units_count_every_day_once),
	    cmocka_unit_test(test_units_format_whatever_they_are_given),
	};
	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
