/*
 * Tests of lib/core/text.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/text.h"

static void
test_text_is_follows_the_rules_of_each_charset(void **state)
{
	static const struct {
		enum charset charset;
		const char *text;
		bool expected;
	} rows[] = {
	    {CHARSET_ORG, "globalcro", true},
	    {CHARSET_ORG, "a-1", true},
	    {CHARSET_ORG, "ab", true},
	    {CHARSET_ORG, "a", false},
	    {CHARSET_ORG, "", false},
	    {CHARSET_ORG, "-ab", false},
	    {CHARSET_ORG, "ab-", false},
	    {CHARSET_ORG, "Ab", false},
	    {CHARSET_ORG, "a_b", false},
	    {CHARSET_STUDY, "ACME-301", true},
	    {CHARSET_STUDY, "a.b_c-D", true},
	    {CHARSET_STUDY, "", false},
	    {CHARSET_STUDY, "a b", false},
	    {CHARSET_STUDY, "a/b", false},
	    {CHARSET_TYPE, "material.shipment.dispatched", true},
	    {CHARSET_TYPE, "x", true},
	    {CHARSET_TYPE, "x.1_a", true},
	    {CHARSET_TYPE, "", false},
	    {CHARSET_TYPE, ".x", false},
	    {CHARSET_TYPE, "x.", false},
	    {CHARSET_TYPE, "x..y", false},
	    {CHARSET_TYPE, "x.*", false},
	    {CHARSET_TYPE, "X", false},
	    {CHARSET_GLOB, "*", true},
	    {CHARSET_GLOB, "material.*", true},
	    {CHARSET_GLOB, "*.shipment.*", true},
	    {CHARSET_GLOB, "mat*", true},
	    {CHARSET_GLOB, "", false},
	    {CHARSET_GLOB, "x..*", false},
	    {CHARSET_GLOB, "*.", false},
	    {CHARSET_GLOB, "?", false},
	    {CHARSET_ASCII, "text/plain; charset=utf-8", true},
	    {CHARSET_ASCII, "", true},
	    {CHARSET_ASCII, "a\tb", false},
	    {CHARSET_ASCII, "a\x7f", false},
	    {CHARSET_ASCII, "\xc3\xa9", false},
	    {CHARSET_UTF8, "Phase III, \xc3\xa9tude", true},
	    {CHARSET_UTF8, "", true},
	    {CHARSET_UTF8, "a\nb", false},
	    {CHARSET_UTF8, "a\x1b[31m", false},
	    {CHARSET_UTF8, "\xc2\x9b", false},
	    {CHARSET_UTF8, "\xc3", false},
	    {CHARSET_UTF8, "\xed\xa0\x80", false},
	    {CHARSET_TEXT, "a:\n\t- b\r\n", true},
	    {CHARSET_TEXT, "", true},
	    {CHARSET_TEXT, "a\rb", false},
	    {CHARSET_TEXT, "a\r", false},
	    {CHARSET_TEXT, "a\x01", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (text_is(rows[i].charset, slice_text(rows[i].text)) != rows[i].expected)
			fail_msg("charset %d, text '%s'", (int)rows[i].charset, rows[i].text);
	}
}

static void
test_text_run_ends_before_the_first_character_that_is_no_text(void **state)
{
	static const struct {
		const char *text;
		size_t run;
	} rows[] = {{"", 0}, {"a:\n\t\xc3\xa9\r\n", 8}, {"ab\rc", 2}, {"ab\r", 2}, {"a\n\xc3\xa9\xc2\x85z", 4}, {"\x7f", 0}, {"a\xc3", 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(text_run(slice_text(rows[i].text)), rows[i].run);
	assert_int_equal(text_run(slice_of("ab\0cd", 5)), 2);
}

static void
test_text_is_refuses_a_nul_everywhere(void **state)
{
	(void)state;
	for (int charset = CHARSET_ORG; charset <= CHARSET_TEXT; charset++)
		assert_false(text_is((enum charset)charset, slice_of("ab\0cd", 5)));
}

static void
test_text_glob_matches_the_whole_text(void **state)
{
	static const struct {
		const char *glob;
		const char *text;
		bool expected;
	} rows[] = {
	    {"*", "anything.at.all", true},
	    {"*", "", true},
	    {"trial.*", "trial.subject.enrolled", true},
	    {"trial.*", "trial.", true},
	    {"trial.*", "trial", false},
	    {"trial.*", "atrial.x", false},
	    {"*.shipment.*", "material.shipment.dispatched", true},
	    {"*.shipment.*", "material.shipments.dispatched", false},
	    {"a*b*c", "abc", true},
	    {"a*b*c", "axxbyybzzc", true},
	    {"a*b*c", "axxbyybzz", false},
	    {"a**c", "ac", true},
	    {"abc", "abc", true},
	    {"abc", "abcd", false},
	    {"abc", "ab", false},
	    {"", "", true},
	    {"", "a", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (glob_match(rows[i].glob, rows[i].text) != rows[i].expected)
			fail_msg("glob '%s', text '%s'", rows[i].glob, rows[i].text);
	}
}

/* Exponential matchers would not come back from this one. */
static void
test_text_glob_with_many_stars_is_quick(void **state)
{
	char glob[97];
	char text[97];

	(void)state;
	for (size_t i = 0; i < 94; i += 2)
		memcpy(glob + i, "*a", 2);
	memcpy(glob + 94, "*b", 3);
	memset(text, 'a', 96);
	text[96] = '\0';
	assert_false(glob_match(glob, text));
}

static void
test_text_label_parse_knows_three_words(void **state)
{
	enum consign_label label = CONSIGN_LABEL_RESTRICTED;

	(void)state;
	assert_int_equal(label_parse("blind", &label), CONSIGN_E_MALFORMED);
	assert_int_equal(label_parse("", &label), CONSIGN_E_MALFORMED);
	assert_int_equal(label_parse("unknown", &label), CONSIGN_E_MALFORMED);
	assert_int_equal(label_parse("OPEN", &label), CONSIGN_E_MALFORMED);
	assert_int_equal(label, CONSIGN_LABEL_RESTRICTED);
	assert_int_equal(label_parse("open", &label), CONSIGN_OK);
	assert_int_equal(label, CONSIGN_LABEL_OPEN);
	assert_int_equal(label_parse("unblinded", &label), CONSIGN_OK);
	assert_int_equal(label, CONSIGN_LABEL_UNBLINDED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_is_follows_the_rules_of_each_charset),
	    cmocka_unit_test(test_text_run_ends_before_the_first_character_that_is_no_text),
	    cmocka_unit_test(test_text_is_refuses_a_nul_everywhere),
	    cmocka_unit_test(test_text_glob_matches_the_whole_text),
	    cmocka_unit_test(test_text_glob_with_many_stars_is_quick),
	    cmocka_unit_test(test_text_label_parse_knows_three_words),
	};

	return cmocka_run_group_tests_name("core/text", tests, NULL, NULL);
}
