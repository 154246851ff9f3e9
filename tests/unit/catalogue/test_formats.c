/*
 * Tests of lib/catalogue/formats.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "format_texts.h"

static const struct {
	enum catalogue_format format;
	const char *name;
	uint32_t max_bytes;
	const char *good; /* NULL: no text */
} rows[] = {
    {FORMAT_LINE, "line", 200, "NEGATIVE"},
    {FORMAT_PROSE, "prose", 8000, "unit was wrong\nreported again"},
    {FORMAT_ID, "id", 128, "ACME-301-101-1007"},
    {FORMAT_STUDY, "study", 64, "ACME-301"},
    {FORMAT_ORG, "org", 40, "globalcro"},
    {FORMAT_CODE, "code", 100, NULL},
    {FORMAT_STATE, "state", 64, NULL},
    {FORMAT_DECIMAL, "decimal", 40, "-12.50"},
    {FORMAT_UNIT, "unit", 64, "mmol/L"},
    {FORMAT_DATE, "date", 48, "2026-03-02T09:14:00+01:00"},
    {FORMAT_OFFSET, "offset", 6, "+01:00"},
    {FORMAT_MESSAGE_ID, "message-id", 40, "01a201e5-5f6c-7a7b-99da-7c293136ca15.127"},
    {FORMAT_SHA256, "sha256", 64, "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"},
    {FORMAT_MEDIA_TYPE, "media-type", 127, "text/csv; charset=utf-8"},
    {FORMAT_FILE_NAME, "file-name", 255, "note.txt"},
    {FORMAT_COUNTRY, "country", 2, "DE"},
    {FORMAT_SSCC, "sscc", 18, "106141412345678908"},
    {FORMAT_EPC, "epc", 256, "https://id.gs1.org/01/09521141012345/21/2017"},
    {FORMAT_EPC_OF_ONE, "epc-of-one", 256, "https://id.gs1.org/01/09521141012345/21/2017"},
    {FORMAT_CASE_ID, "case-id", 100, "GB-ACME-2026-00017"},
    {FORMAT_MEDDRA, "meddra", 8, "10019211"},
    {FORMAT_MEDDRA_VERSION, "meddra-version", 4, "27.0"},
    {FORMAT_NUMBER, "number", 0, NULL},
    {FORMAT_FLAG, "flag", 0, NULL},
    {FORMAT_BYTES, "bytes", 1048576, NULL},
    {FORMAT_PART, "part", 0, NULL},
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) == FORMATS_END - 1, "a row for each format");

/* The text of a JSON string that has no escape but \n. */
static struct consign_slice
text_of_json(const char *json, uint8_t *buffer, size_t size)
{
	size_t len = strlen(json), n = 0;

	assert_true(len >= 2 && len < size && json[0] == '"' && json[len - 1] == '"');
	for (size_t i = 1; i < len - 1; i++) {
		assert_true(json[i] != '"' && (uint8_t)json[i] >= 0x20);
		if (json[i] == '\\') {
			assert_int_equal(json[++i], 'n');
			buffer[n++] = '\n';
		} else {
			buffer[n++] = (uint8_t)json[i];
		}
	}
	return slice_of(buffer, n);
}

static void
test_format_of_gives_each_format_its_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct format *f = format_of(rows[i].format);

		assert_int_equal(rows[i].format, i + 1);
		assert_string_equal(f->name, rows[i].name);
		assert_int_equal(f->max_bytes, rows[i].max_bytes);
		assert_int_equal(f->holds != NULL, rows[i].good != NULL);
	}
}

static void
test_format_of_says_what_is_expected_in_words_that_fit_a_problem(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *expected = format_of(rows[i].format)->expected;

		assert_non_null(expected);
		if (strlen(expected) < 8 || strlen(expected) >= PROBLEM_EXPECTED_BYTES ||
		    !text_is_shown(slice_text(expected), false))
			fail_msg("%s: \"%s\"", rows[i].name, expected);
	}
}

static void
test_format_holds_accepts_a_good_text_and_refuses_the_bad_one(void **state)
{
	uint8_t buffer[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct format *f = format_of(rows[i].format);

		if (f->holds == NULL) {
			assert_null(f->bad);
			continue;
		}
		assert_non_null(f->bad);
		struct consign_slice bad = text_of_json(f->bad, buffer, sizeof(buffer));

		/* It must break the format and no limit, also where a field is short. */
		if (f->holds(bad) || bad.len == 0 || bad.len > f->max_bytes || bad.len > 40)
			fail_msg("%s: %s breaks something else, or nothing", f->name, f->bad);
		if (!f->holds(slice_text(rows[i].good)) || strlen(rows[i].good) > f->max_bytes)
			fail_msg("%s: %s is good", f->name, rows[i].good);
	}
}

static void
test_format_holds_refuses_nothing_nul_bad_utf8_and_overrides_in_every_format(void **state)
{
	static const struct text refused[] = {T(""), T("\0"), T("\xff"),
	    T("\xe2\x80\xae"
	      "1"),
	    T(" ")};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct format *f = format_of(rows[i].format);

		if (f->holds == NULL)
			continue;
		assert_false(f->holds((struct consign_slice){0}));
		check_texts(f->name, f->holds, refused, sizeof(refused) / sizeof(refused[0]), false);
		/* A NUL behind a good text, and in its middle. */
		size_t len = strlen(rows[i].good);

		memcpy(text, rows[i].good, len + 1);
		assert_false(f->holds(slice_of(text, len + 1)));
		text[len / 2] = '\0';
		assert_false(f->holds(slice_of(text, len)));
	}
}

/* The words of a format name examples: they are right, too. */
static void
test_format_expected_gives_examples_that_hold(void **state)
{
	static const struct {
		enum catalogue_format format;
		const char *example;
	} examples[] = {
	    {FORMAT_ID, "ACME-301-101-1007"},
	    {FORMAT_STUDY, "ACME-301"},
	    {FORMAT_ORG, "globalcro"},
	    {FORMAT_DECIMAL, "-12.50"},
	    {FORMAT_UNIT, "mg/dL"},
	    {FORMAT_UNIT, "10*9/L"},
	    {FORMAT_UNIT, "[iU]/mL"},
	    {FORMAT_UNIT, "Cel"},
	    {FORMAT_UNIT, "{kit}"},
	    {FORMAT_DATE, "2026-03"},
	    {FORMAT_DATE, "2026-03-02T09:14:07+01:00"},
	    {FORMAT_DATE, "20260302091407+0100"},
	    {FORMAT_DATE, "02-MAR-2026"},
	    {FORMAT_OFFSET, "-05:00"},
	    {FORMAT_MESSAGE_ID, "01a201e5-5f6c-7a7b-99da-7c293136ca15.0"},
	    {FORMAT_MEDIA_TYPE, "application/pdf"},
	    {FORMAT_MEDIA_TYPE, "text/csv; charset=utf-8"},
	    {FORMAT_COUNTRY, "DE"},
	    {FORMAT_EPC, "urn:epc:id:sgtin:0614141.107346.2017"},
	    {FORMAT_EPC, "https://id.gs1.org/01/09521141012345/21/2017"},
	    {FORMAT_CASE_ID, "GB-ACME-2026-00017"},
	    {FORMAT_MEDDRA, "10019211"},
	    {FORMAT_MEDDRA_VERSION, "27.0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct format *f = format_of(examples[i].format);

		if (strstr(f->expected, examples[i].example) == NULL || !f->holds(slice_text(examples[i].example)))
			fail_msg("%s: %s", f->name, examples[i].example);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_format_of_gives_each_format_its_row),
	    cmocka_unit_test(test_format_of_says_what_is_expected_in_words_that_fit_a_problem),
	    cmocka_unit_test(test_format_holds_accepts_a_good_text_and_refuses_the_bad_one),
	    cmocka_unit_test(test_format_holds_refuses_nothing_nul_bad_utf8_and_overrides_in_every_format),
	    cmocka_unit_test(test_format_expected_gives_examples_that_hold),
	};

	return cmocka_run_group_tests_name("catalogue/formats", tests, NULL, NULL);
}
