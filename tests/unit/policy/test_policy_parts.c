/* Which rule goes into which part, and what it says there. */
#include "build.h"

#define STUDIES                                                                                                                  \
	"studies:\n"                                                                                                             \
	"  - id: A-1\n"                                                                                                          \
	"    parties: [{org: acme, roles: [sponsor]}, {org: site-one, roles: [site]}, {org: lab-x, roles: [lab]}]\n"             \
	"  - id: A-2\n"                                                                                                          \
	"    parties: [{org: acme, roles: [sponsor]}, {org: site-two, roles: [site]}]\n"                                         \
	"  - id: B-1\n"                                                                                                          \
	"    parties: [{org: beta, roles: [sponsor]}, {org: site-two, roles: [site]}]\n"                                         \
	"rules:\n"

/* "common: a b; A-1: c(acme>site-one); …": the rules of each part with the orgs they name there. */
static const char *
dealt(struct arena *arena, const char *rules)
{
	struct buf yaml = {0}, out = {0};
	assert_int_equal(buf_printf(&yaml, "%s%s", STUDIES, rules), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&yaml, 0), CONSIGN_OK);
	struct policy_file_parts parts = build_parts(arena, (const char *)yaml.data);
	assert_int_equal(parts.parts.n, 4);
	for (size_t i = 0; i < parts.parts.n; i++) {
		const struct policy_part *part = parts.parts.v[i];
		struct policy_rule **v = i == 0 ? part->common->rules.v : part->study->rules.v;
		size_t n = i == 0 ? part->common->rules.n : part->study->rules.n;
		if (n > 0)
			assert_int_equal(
			    buf_printf(&out, "%s%s:", out.len > 0 ? "; " : "", i == 0 ? "common" : part->study->id.s),
			    CONSIGN_OK);
		for (size_t j = 0; j < n; j++) {
			assert_int_equal(buf_printf(&out, " %u", v[j]->order), CONSIGN_OK);
			for (size_t k = 0; v[j]->from != NULL && k < v[j]->from->orgs.n; k++)
				assert_int_equal(buf_printf(&out, " %s", v[j]->from->orgs.v[k].s), CONSIGN_OK);
			if (v[j]->to != NULL && v[j]->to->orgs.n > 0)
				assert_int_equal(buf_printf(&out, " >"), CONSIGN_OK);
			for (size_t k = 0; v[j]->to != NULL && k < v[j]->to->orgs.n; k++)
				assert_int_equal(buf_printf(&out, " %s", v[j]->to->orgs.v[k].s), CONSIGN_OK);
		}
	}
	struct consign_slice copy = arena_copy(arena, buf_slice(&out));
	buf_clear(&yaml);
	buf_clear(&out);
	return (const char *)copy.data;
}

static const struct row {
	const char *name, *rules, *dealt;
} rows[] = {
    {"roles only: common", "  - {id: r, permit: [a], from: {roles: [site]}}\n", "common: 1"},
    {"nothing at all: common", "  - {id: r, permit: [a]}\n", "common: 1"},
    {"studies *: common", "  - {id: r, permit: [a], studies: ['*']}\n", "common: 1"},
    {"one study", "  - {id: r, permit: [a], studies: [A-2]}\n", "A-2: 1"},
    {"a glob of studies", "  - {id: r, permit: [a], studies: ['A-*']}\n", "A-1: 1; A-2: 1"},
    {"a study meant twice gets the rule once", "  - {id: r, permit: [a], studies: ['*-1', B-1, A-1]}\n", "A-1: 1; B-1: 1"},
    {"an org: its studies", "  - {id: r, permit: [a], to: {orgs: [site-two]}}\n", "A-2: 1 > site-two; B-1: 1 > site-two"},
    {"an org in one of its studies", "  - {id: r, permit: [a], to: {orgs: [site-two]}, studies: [B-1]}\n", "B-1: 1 > site-two"},
    {"studies * with an org", "  - {id: r, permit: [a], to: {orgs: [beta]}, studies: ['*']}\n", "B-1: 1 > beta"},
    {"a list of orgs: each study sees its own", "  - {id: r, forbid: [a], to: {orgs: [site-two, lab-x, site-one]}}\n",
	"A-1: 1 > lab-x site-one; A-2: 1 > site-two; B-1: 1 > site-two"},
    {"orgs at both ends: only where they meet",
	"  - {id: r, permit: [a], from: {orgs: [acme, beta]}, to: {orgs: [site-one, site-two]}}\n",
	"A-1: 1 acme > site-one; A-2: 1 acme > site-two; B-1: 1 beta > site-two"},
    {"orgs at both ends: not where one is missing", "  - {id: r, permit: [a], from: {orgs: [acme]}, to: {orgs: [site-two]}}\n",
	"A-2: 1 acme > site-two"},
    {"order is the place in the file",
	"  - {id: a, permit: [a]}\n  - {id: b, permit: [a], studies: [A-1]}\n  - {id: c, permit: [a]}\n", "common: 1 3; A-1: 2"},
};

static void
test_policy_parts_hold_the_rules_of_every_row(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena *arena = build_arena();
		const char *found = dealt(arena, rows[i].rules);
		if (strcmp(found, rows[i].dealt) != 0) {
			wrong++;
			print_error("%s: found \"%s\", expected \"%s\"\n", rows[i].name, found, rows[i].dealt);
		}
		arena_free(&arena);
	}
	assert_int_equal(wrong, 0);
}

static void
test_policy_parts_a_forbid_over_several_orgs_holds_where_only_one_takes_part(void **state)
{
	(void)state;
	struct policy *policy = build_policy(STUDIES "  - {id: all, permit: ['*']}\n"
						     "  - {id: no, forbid: ['*'], to: {orgs: [site-one, site-two]}}\n");
	assert_string_equal(ask(policy, "acme", "site-one", "A-1", "x.a", CONSIGN_LABEL_OPEN).rule, "no");
	assert_string_equal(ask(policy, "acme", "site-two", "A-2", "x.a", CONSIGN_LABEL_OPEN).rule, "no");
	assert_string_equal(ask(policy, "beta", "site-two", "B-1", "x.a", CONSIGN_LABEL_OPEN).rule, "no");
	assert_string_equal(ask(policy, "acme", "lab-x", "A-1", "x.a", CONSIGN_LABEL_OPEN).rule, "all");
	policy_free(&policy);
}

static void
test_policy_parts_ten_thousand_rules_for_two_hundred_studies_stay_small(void **state)
{
	(void)state;
	struct arena *arena = NULL;
	struct policy_file_parts parts;
	struct policy_file_error error;
	struct policy *policy = NULL;
	struct buf yaml = {0};
	assert_int_equal(arena_new(32u * 1024u * 1024u, &arena), CONSIGN_OK);
	assert_int_equal(buf_printf(&yaml, "studies:\n"), CONSIGN_OK);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(
		    buf_printf(&yaml, " - {id: S%u, parties: [{org: aa, roles: [cro]}, {org: o%u, roles: [smo]}]}\n", i, i),
		    CONSIGN_OK);
	assert_int_equal(buf_printf(&yaml, "rules:\n"), CONSIGN_OK);
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(
		    buf_printf(&yaml, " - {id: r%u, permit: [t%u.*], from: {roles: [cro]}, studies: ['*']}\n", i, i), CONSIGN_OK);
	assert_int_equal(policy_file_parse(buf_slice(&yaml), NULL, NULL, arena, &parts, &error), CONSIGN_OK);
	assert_int_equal(parts.parts.v[0]->common->rules.n, 10000);
	assert_int_equal(parts.parts.v[200]->study->rules.n, 0);
	assert_int_equal(policy_compile(parts.parts.v, parts.parts.n, &policy), CONSIGN_OK);
	assert_string_equal(ask(policy, "aa", "o199", "S199", "t9999.a", CONSIGN_LABEL_OPEN).rule, "r9999");
	policy_free(&policy);
	buf_clear(&yaml);
	arena_free(&arena);
}

/* 2,048 studies: 2,048 rules for all of them are CONSIGN_RULE_COPIES_MAX. */
_Static_assert(CONSIGN_RULE_COPIES_MAX == 2048u * 2048u, "the test below says how many that is");

static enum consign_err
parse_copies(unsigned rules, struct policy_file_error *ret_error)
{
	struct arena *arena = build_arena();
	struct policy_file_parts parts;
	struct buf yaml = {0};
	assert_int_equal(buf_printf(&yaml, "studies:\n"), CONSIGN_OK);
	for (unsigned i = 0; i < 2048; i++)
		assert_int_equal(buf_printf(&yaml, " - {id: S%u, parties: [{org: aa, roles: [cro]}]}\n", i), CONSIGN_OK);
	assert_int_equal(buf_printf(&yaml, "rules:\n"), CONSIGN_OK);
	for (unsigned i = 0; i < rules; i++)
		assert_int_equal(buf_printf(&yaml, " - {id: r%u, permit: [a], studies: ['S*']}\n", i), CONSIGN_OK);
	enum consign_err err = policy_file_parse(buf_slice(&yaml), NULL, NULL, arena, &parts, ret_error);
	buf_clear(&yaml);
	arena_free(&arena);
	return err;
}

static void
test_policy_parts_rules_of_all_studies_up_to_the_limit(void **state)
{
	(void)state;
	struct policy_file_error error;
	assert_int_equal(parse_copies(2048, &error), CONSIGN_OK);
	assert_int_equal(parse_copies(2049, &error), CONSIGN_E_CONFIG);
	assert_int_equal(error.line, 1 + 2048 + 1 + 2049);
	assert_int_equal(error.column, 4);
	assert_string_equal(error.text,
	    "found rule 'r2048' to be one too many for its studies: expected at most 4194304 rules in all studies together");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_parts_hold_the_rules_of_every_row),
	    cmocka_unit_test(test_policy_parts_a_forbid_over_several_orgs_holds_where_only_one_takes_part),
	    cmocka_unit_test(test_policy_parts_ten_thousand_rules_for_two_hundred_studies_stay_small),
	    cmocka_unit_test(test_policy_parts_rules_of_all_studies_up_to_the_limit),
	};
	return cmocka_run_group_tests_name("policy_parts", tests, NULL, NULL);
}
