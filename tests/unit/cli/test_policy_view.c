/* Tests of cli/policy_view.c: what it renders says the same as what was read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "policy/policy_file.h"
#include "policy_view.h"

static const char source[] = "studies:\n"
			     "  - id: S-1\n"
			     "    title: 'A \"quoted\" title'\n"
			     "    parties:\n"
			     "      - {org: acme, roles: [sponsor], clearance: restricted}\n"
			     "      - {org: biomake, roles: [cdmo, cmo]}\n"
			     "  - id: S-2\n"
			     "    parties:\n"
			     "      - {org: acme, roles: [sponsor]}\n"
			     "      - {org: biomake, roles: [cdmo]}\n"
			     "rules:\n"
			     "  - id: all\n"
			     "    permit: [\"x.*\"]\n"
			     "  - id: some\n"
			     "    forbid: [x.a, x.b]\n"
			     "    from: {roles: [sponsor], orgs: [acme]}\n"
			     "    to: {roles: [cdmo]}\n"
			     "    studies: [\"S-*\"]\n"
			     "    label: [restricted, unblinded]\n"
			     "    since: 2026-12-01\n"
			     "  - id: small\n"
			     "    permit: [x.c]\n"
			     "    until: 2027-06-30T12:00:00Z\n"
			     "    max-size: 64KiB\n"
			     "    deliver-within: 4h\n";

struct fixture {
	struct arena *arena;
	struct policy_study *studies[8];
	struct policy_view view;
};

static void
parse(struct fixture *f, struct consign_slice yaml)
{
	struct policy_file_parts parts;
	struct policy_file_error where = {0};
	enum consign_err err = policy_file_parse(yaml, NULL, NULL, f->arena, &parts, &where);

	if (err != CONSIGN_OK)
		print_message("%zu:%zu: %s\n", where.line, where.column, where.text);
	assert_int_equal(err, CONSIGN_OK);
	memset(&f->view, 0, sizeof f->view);
	f->view.version = 3;
	policy_view_of(parts.parts.v, parts.parts.n, f->studies, &f->view);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_int_equal(arena_new(1u << 24, &f->arena), CONSIGN_OK);
	parse(f, slice_text(source));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	free(f);
	return 0;
}

static void
test_policy_view_counts_a_rule_of_several_studies_once(void **state)
{
	struct fixture *f = *state;
	size_t rules = 0;

	assert_int_equal(f->view.n_studies, 2);
	assert_int_equal(policy_view_count(&f->view, &rules), CONSIGN_OK);
	assert_int_equal(rules, 3);
}

static void
test_policy_view_format_is_a_policy_file_that_says_the_same(void **state)
{
	struct fixture *f = *state;
	struct buf first = {0}, second = {0};

	assert_int_equal(policy_view_format(&f->view, &first), CONSIGN_OK);
	parse(f, buf_slice(&first));
	assert_int_equal(policy_view_format(&f->view, &second), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
	assert_int_equal(buf_append_u8(&first, '\0'), CONSIGN_OK);
	const char *text = (const char *)first.data;

	assert_non_null(strstr(text, "title: \"A \\\"quoted\\\" title\""));
	assert_non_null(strstr(text, "- {org: biomake, roles: [cdmo, cmo], clearance: open}"));
	assert_non_null(strstr(text, "forbid: [\"x.a\", \"x.b\"]"));
	assert_non_null(strstr(text, "from: {roles: [sponsor], orgs: [acme]}"));
	assert_non_null(strstr(text, "studies: [S-1, S-2]"));
	assert_non_null(strstr(text, "label: [restricted, unblinded]\n    since: 2026-12-01\n  - id"));
	assert_non_null(strstr(text, "    until: 2027-06-30T12:00:00Z\n    max-size: 64KiB\n    deliver-within: 4h\n"));
	buf_clear(&first);
	buf_clear(&second);
}

static void
test_policy_view_format_of_nothing_is_empty_lists(void **state)
{
	struct policy_view nothing = {0};
	struct buf out = {0};

	(void)state;
	assert_int_equal(policy_view_format(&nothing, &out), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(&out), slice_text("# policy 0\nstudies: []\nrules: []\n")));
	buf_clear(&out);
}

static void
test_policy_view_json_has_studies_and_rules(void **state)
{
	struct fixture *f = *state;
	json_t *json = policy_view_json(&f->view);

	assert_non_null(json);
	assert_int_equal(json_integer_value(json_object_get(json, "version")), 3);
	assert_int_equal(json_array_size(json_object_get(json, "studies")), 2);
	json_t *rule = json_array_get(json_object_get(json, "rules"), 1);

	assert_string_equal(json_string_value(json_object_get(rule, "effect")), "forbid");
	assert_int_equal(json_array_size(json_object_get(rule, "studies")), 2);
	assert_string_equal(json_string_value(json_object_get(rule, "since")), "2026-12-01T00:00:00.000000Z");
	assert_null(json_object_get(rule, "until"));
	rule = json_array_get(json_object_get(json, "rules"), 2);
	assert_string_equal(json_string_value(json_object_get(rule, "until")), "2027-06-30T12:00:00.000000Z");
	assert_int_equal(json_integer_value(json_object_get(rule, "max_size")), 65536);
	assert_int_equal(json_integer_value(json_object_get(rule, "deliver_within_us")), 14400000000);
	json_decref(json);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_policy_view_counts_a_rule_of_several_studies_once),
	    TEST(test_policy_view_format_is_a_policy_file_that_says_the_same),
	    TEST(test_policy_view_format_of_nothing_is_empty_lists),
	    TEST(test_policy_view_json_has_studies_and_rules),
	};

	return cmocka_run_group_tests_name("cli/policy_view", tests, NULL, NULL);
}
