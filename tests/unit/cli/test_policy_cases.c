/* Tests of cli/policy_cases.c: what a file of cases may say, and whether its cases hold. */
#include "policies.h"

#include "policy_cases.h"

static const char policy_text[] = "studies:\n"
				  "  - id: S-1\n"
				  "    parties:\n"
				  "      - {org: acme, roles: [sponsor], clearance: restricted}\n"
				  "      - {org: biomake, roles: [cdmo]}\n"
				  "rules:\n"
				  "  - {id: up, permit: [x.*], from: {roles: [cdmo]}}\n"
				  "  - {id: no-lots, forbid: [x.lot]}\n";

static const char cases_text[] =
    "- {from: biomake, to: acme, study: S-1, type: x.a, expect: permit}\n"
    "- {from: biomake, to: acme, study: S-1, type: x.a, expect: permit, rule: up}\n"
    "- {from: biomake, to: acme, study: S-1, type: x.lot, expect: refuse}\n"
    "- {from: biomake, to: acme, study: S-1, type: x.lot, expect: POLICY_FORBIDDEN, rule: no-lots}\n"
    "- {from: biomake, to: acme, study: S-1, type: x.a, label: unblinded, expect: CLEARANCE}\n"
    "- {from: acme, to: biomake, study: S-1, type: x.a, expect: POLICY_NO_RULE}\n"
    "- {from: acme, to: nobody, study: S-1, type: x.a, expect: NOT_A_PARTY, at: 2026-11-22}\n"
    "- {from: nobody, to: acme, study: S-1, type: x.a, expect: STUDY_UNKNOWN}\n";

static const char failing_text[] = "- {from: biomake, to: acme, study: S-1, type: x.lot, expect: permit}\n"
				   "- {from: biomake, to: acme, study: S-1, type: x.a, expect: refuse}\n"
				   "- {from: biomake, to: acme, study: S-1, type: x.a, expect: permit, rule: down}\n"
				   "- {from: biomake, to: acme, study: S-1, type: x.lot, expect: CLEARANCE}\n"
				   "- {from: acme, to: biomake, study: S-1, type: x.a, expect: refuse, rule: up}\n";

/* How many hold. */
static size_t
hold(const char *text, size_t *ret_n)
{
	struct read_policy p;
	struct policy_case *cases;
	struct policy_file_error where = {0};
	size_t n, held = 0;

	policy_of(policy_text, &p);
	enum consign_err err = policy_cases_parse(slice_text(text), p.arena, &cases, &n, &where);

	if (err != CONSIGN_OK)
		print_error("%zu:%zu: %s\n", where.line, where.column, where.text);
	assert_int_equal(err, CONSIGN_OK);
	for (size_t i = 0; i < n; i++) {
		struct policy_verdict v;

		assert_int_equal(cases[i].line, i + 1);
		held += policy_case_holds(p.policy, &cases[i], 1, &v);
	}
	policy_end(&p);
	*ret_n = n;
	return held;
}

static void
test_policy_cases_hold_when_the_policy_answers_as_expected(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(hold(cases_text, &n), 8);
	assert_int_equal(n, 8);
}

static void
test_policy_cases_fail_by_verdict_code_and_rule(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(hold(failing_text, &n), 0);
	assert_int_equal(n, 5);
}

static void
test_policy_cases_keep_what_was_said(void **state)
{
	struct arena *arena = NULL;
	struct policy_case *cases;
	struct policy_file_error where;
	char words[CASE_WORDS_BYTES];
	size_t n;

	(void)state;
	assert_int_equal(arena_new(1u << 20, &arena), CONSIGN_OK);
	assert_int_equal(policy_cases_parse(slice_text("- from: a-1\n  to: b-2\n  study: S-1\n  type: x.a\n  label: restricted\n"
						       "  at: 2026-11-22T12:00:00Z\n  expect: permit\n  rule: up\n"),
			     arena, &cases, &n, &where),
	    CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_string_equal(cases[0].from.s, "a-1");
	assert_string_equal(cases[0].to.s, "b-2");
	assert_string_equal(cases[0].study.s, "S-1");
	assert_string_equal(cases[0].type.s, "x.a");
	assert_int_equal(cases[0].label, CONSIGN_LABEL_RESTRICTED);
	assert_int_equal(cases[0].at_us, 1795348800ull * 1000000);
	assert_string_equal(policy_case_expected(&cases[0], words), "permit by rule up");
	cases[0] = (struct policy_case){.code = CONSIGN_CODE_CLEARANCE};
	assert_string_equal(policy_case_expected(&cases[0], words), "CLEARANCE");
	assert_string_equal(policy_case_expected(&(struct policy_case){0}, words), "refuse");
	arena_free(&arena);
}

#define CASE(KEYS) "- {from: acme, to: biomake, study: S-1, type: x.a, expect: permit" KEYS "}\n"

static void
test_policy_cases_parse_refuses_with_line_and_column(void **state)
{
	static const struct {
		const char *text;
		size_t line, column;
		const char *words;
	} rows[] = {
	    {"", 1, 1, "empty"},
	    {"[]\n", 1, 1, "empty list"},
	    {"from: acme\n", 1, 1, "expected a list of cases"},
	    {CASE("") "- {from: acme}\n", 2, 3, "no key 'to'"},
	    {CASE(", frm: a"), 1, 68, "unknown key 'frm'"},
	    {CASE(", label: secret"), 1, 75, "expected a label"},
	    {CASE(", at: tomorrow"), 1, 72, "expected a time"},
	    {CASE(", rule: 'a b'"), 1, 74, "a rule id"},
	    {"- {from: ACME, to: biomake, study: S-1, type: x.a, expect: permit}\n", 1, 10, "an organisation"},
	    {"- {from: acme, to: biomake, study: S-1, type: x.*, expect: permit}\n", 1, 47, "without *"},
	    {"- {from: acme, to: biomake, study: S-1, type: x.a, expect: QUOTA}\n", 1, 60, "expected permit, refuse, or a code"},
	    {"- {from: acme, to: biomake, study: S-1, type: x.a, expect: [permit]}\n", 1, 60, "expected permit, refuse, or a code"},
	};
	struct arena *arena = NULL;

	(void)state;
	assert_int_equal(arena_new(1u << 20, &arena), CONSIGN_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct policy_case *cases = NULL;
		struct policy_file_error where = {0};
		size_t n = 7;

		assert_int_equal(policy_cases_parse(slice_text(rows[i].text), arena, &cases, &n, &where), CONSIGN_E_CONFIG);
		if (where.line != rows[i].line || where.column != rows[i].column || strstr(where.text, rows[i].words) == NULL)
			fail_msg("row %zu: %zu:%zu: %s", i, where.line, where.column, where.text);
		assert_int_equal(n, 7);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_cases_hold_when_the_policy_answers_as_expected),
	    cmocka_unit_test(test_policy_cases_fail_by_verdict_code_and_rule),
	    cmocka_unit_test(test_policy_cases_keep_what_was_said),
	    cmocka_unit_test(test_policy_cases_parse_refuses_with_line_and_column),
	};

	return cmocka_run_group_tests_name("policy_cases", tests, NULL, NULL);
}
