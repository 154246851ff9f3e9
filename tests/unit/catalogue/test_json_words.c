/* What the reader of JSON says of what it expected, and which numbers it takes. */
#include "json_fixture.h"

#include "catalogue/json_words.h"

static void
json_read_whole_takes_what_comes_back_the_same(void **state)
{
	static const struct {
		const char *text;
		bool is_taken;
		int64_t v;
	} rows[] = {
	    {"0", true, 0},
	    {"-1", true, -1},
	    {"2147483647", true, INT32_MAX},
	    {"-2147483648", true, INT32_MIN},
	    {"2147483648", false, 0},
	    {"-2147483649", false, 0},
	    {"-0", false, 0},
	    {"1.0", false, 0},
	    {"1e3", false, 0},
	    {"999999999999", false, 0},
	};
	int64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(json_read_whole(slice_text(rows[i].text), INT32_MIN, INT32_MAX, &v), rows[i].is_taken);
		if (rows[i].is_taken)
			assert_true(v == rows[i].v);
	}
}

static void
json_is_plain_key_knows_what_a_terminal_can_show(void **state)
{
	char key[JSON_KEY_MAX_BYTES];

	(void)state;
	memset(key, 'a', sizeof key);
	assert_true(json_is_plain_key(slice_text("lotNumber_2-b")));
	assert_false(json_is_plain_key(slice_text("")));
	assert_false(json_is_plain_key(slice_text("a b")));
	assert_false(json_is_plain_key(slice_text("a\x1b[2J")));
	assert_true(json_is_plain_key(slice_of(key, JSON_KEY_MAX_BYTES / 2)));
	assert_false(json_is_plain_key(slice_of(key, JSON_KEY_MAX_BYTES / 2 + 1)));
}

static void
json_name_keys_lists_as_many_as_fit(void **state)
{
	char text[PROBLEM_EXPECTED_BYTES];

	(void)state;
	json_name_keys(LAB, text);
	assert_memory_equal(text, "a key of LabResult: event, ", 27);
	assert_true(strlen(text) < sizeof text);
	assert_string_equal(json_name_kind(&LAB->fields[0], false), "an object");
	assert_string_equal(json_name_kind(&LAB->fields[0], true), "an object");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_read_whole_takes_what_comes_back_the_same),
	    cmocka_unit_test(json_is_plain_key_knows_what_a_terminal_can_show),
	    cmocka_unit_test(json_name_keys_lists_as_many_as_fit),
	};

	return cmocka_run_group_tests_name("catalogue/json_words", tests, NULL, NULL);
}
