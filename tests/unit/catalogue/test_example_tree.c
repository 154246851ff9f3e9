/* Trees of examples: paths, patches, and how they are printed. */
#include "reading.h"

#include <stdlib.h>

#include "catalogue/example_tree.h"

static void
assert_json(const json_t *value, const char *expected)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void
test_tree_at_follows_a_path_by_the_names_of_the_proto(void **state)
{
	json_t *tree = json_loads("{\"shipTo\": {\"streetName\": \"Hafenstrasse\"}}", 0, NULL);

	(void)state;
	assert_json(tree_at(tree, "ship_to.street_name"), "\"Hafenstrasse\"");
	assert_null(tree_at(tree, "ship_to.city"));
	assert_null(tree_at(tree, "ship_from.street_name"));
	assert_true(tree_put_at(tree, "ship_to.city", json_string("Basel")));
	assert_false(tree_put_at(tree, "ship_from.city", json_string("Basel")));
	assert_true(tree_drop(tree, "ship_to.street_name"));
	assert_false(tree_drop(tree, "ship_to.street_name"));
	assert_false(tree_drop(tree, "ship_from.street_name"));
	assert_json(tree, "{\"shipTo\": {\"city\": \"Basel\"}}");
	json_decref(tree);
}

/* Cases of RFC 7386, appendix A, where the target stays an object. */
static void
test_tree_merge_is_rfc_7386(void **state)
{
	static const char *const rows[][3] = {
	    {"{\"a\": \"b\"}", "{\"a\": \"c\"}", "{\"a\": \"c\"}"},
	    {"{\"a\": \"b\"}", "{\"b\": \"c\"}", "{\"a\": \"b\", \"b\": \"c\"}"},
	    {"{\"a\": \"b\"}", "{\"a\": null}", "{}"},
	    {"{\"a\": \"b\", \"b\": \"c\"}", "{\"a\": null}", "{\"b\": \"c\"}"},
	    {"{\"a\": [\"b\"]}", "{\"a\": \"c\"}", "{\"a\": \"c\"}"},
	    {"{\"a\": \"c\"}", "{\"a\": [\"b\"]}", "{\"a\": [\"b\"]}"},
	    {"{\"a\": {\"b\": \"c\"}}", "{\"a\": {\"b\": \"d\", \"c\": null}}", "{\"a\": {\"b\": \"d\"}}"},
	    {"{\"a\": [{\"b\": \"c\"}]}", "{\"a\": [1]}", "{\"a\": [1]}"},
	    {"{\"e\": null}", "{\"a\": 1}", "{\"e\": null, \"a\": 1}"},
	    {"{}", "{\"a\": {\"bb\": {\"ccc\": null}}}", "{\"a\": {\"bb\": {}}}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		json_t *target = json_loads(rows[i][0], 0, NULL), *patch = json_loads(rows[i][1], 0, NULL);

		tree_merge(target, patch);
		assert_json(target, rows[i][2]);
		json_decref(target);
		json_decref(patch);
	}
}

static void
test_example_patch_words_say_what_changes(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(
	    example_patch_words("{\"event\": {\"state\": \"draft\", \"reason\": null}, \"items\": [{\"id\": \"K-1\"}], \"studyDay\": 0}", &out), CONSIGN_OK);
	assert_string_equal(text_of_buf(&out), "event.state \"draft\", without event.reason, items [{\"id\": \"K-1\"}], studyDay 0");
	buf_clear(&out);
}

static void
test_example_text_puts_into_a_line_what_fits(void **state)
{
	char long_text[101], json[200], expected[200];
	struct buf out = {0};
	json_t *tree;

	(void)state;
	memset(long_text, 'x', 100);
	long_text[100] = '\0';
	snprintf(json, sizeof json, "{\"a\": {\"b\": 1, \"c\": [true]}, \"d\": [\"%s\"], \"e\": {}}", long_text);
	snprintf(expected, sizeof expected, "{\n  \"a\": {\"b\": 1, \"c\": [true]},\n  \"d\": [\n    \"%s\"\n  ],\n  \"e\": {}\n}", long_text);
	tree = json_loads(json, 0, NULL);
	assert_int_equal(example_text(tree, &out), CONSIGN_OK);
	assert_string_equal(text_of_buf(&out), expected);
	json_decref(tree);
	buf_clear(&out);
}

static void
test_example_value_is_that_of_the_field_or_made_of_its_part(void **state)
{
	const struct catalogue_type *t = catalogue_find("lab.result");
	json_t *whole = example_value(t, &t->message.fields[1]), *part = example_value(t, &part_event.fields[3]);

	(void)state;
	assert_json(whole, "\"ACME-301\"");
	assert_json(part, "{\"name\": \"LIMS\", \"version\": \"7.2\"}");
	json_decref(whole);
	json_decref(part);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tree_at_follows_a_path_by_the_names_of_the_proto),
	    cmocka_unit_test(test_tree_merge_is_rfc_7386),
	    cmocka_unit_test(test_example_patch_words_say_what_changes),
	    cmocka_unit_test(test_example_text_puts_into_a_line_what_fits),
	    cmocka_unit_test(test_example_value_is_that_of_the_field_or_made_of_its_part),
	};

	return cmocka_run_group_tests_name("catalogue/example_tree", tests, NULL, NULL);
}
