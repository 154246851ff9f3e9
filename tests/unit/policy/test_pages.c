/* How much compile lays down, and that what lies in pages, blocks and long lists is found. */
#include "compile_fixture.h"

static void
test_compile_long_lists_at_both_ends_mean_what_they_say(void **state)
{
	struct fixture *f = *state;
	char from[32], to[32];
	give_parties(f->arena, &f->study, 120);
	/* org-0..59 to org-40..99: 3,600 pairs, and one bit in the row of each party. */
	name_orgs(f->arena, f->study.rules.v[0]->from, 0, 60);
	name_orgs(f->arena, f->study.rules.v[0]->to, 40, 60);
	struct policy_part *parts[] = {&f->study_part};
	struct policy *policy = NULL;
	assert_int_equal(policy_compile(parts, 1, &policy), CONSIGN_OK);
	assert_int_equal(policy->page_n, 1);
	assert_int_equal(policy->studies[0].page->n, 1);
	assert_int_equal(policy->studies[0].page->classes, 101);
	for (size_t i = 0; i < 120; i += 3) {
		for (size_t j = 0; j < 120; j++) {
			(void)snprintf(from, sizeof from, "org-%zu", i);
			(void)snprintf(to, sizeof to, "org-%zu", j);
			bool expected = i < 60 && j >= 40 && j < 100;
			enum consign_code code = ask(policy, from, to, "S1", "b.a", CONSIGN_LABEL_OPEN).code;
			assert_int_equal(code, expected ? CONSIGN_CODE_NONE : CONSIGN_CODE_POLICY_NO_RULE);
		}
	}
	policy_free(&policy);
}

/* Thousands of studies may lie beside the one that a rule means. */
static void
test_compile_a_rule_costs_nothing_where_it_cannot_match(void **state)
{
	struct fixture *f = *state;
	struct policy_part *parts[] = {&f->common_part, &f->other_part};
	struct policy *policy = NULL;
	f->other.rules.n = 0;
	name_orgs(f->arena, f->common.rules.v[0]->from, 0, 1);
	name_orgs(f->arena, f->common.rules.v[0]->to, 5, 1);
	assert_int_equal(policy_compile(parts, 2, &policy), CONSIGN_OK);
	assert_int_equal(policy->page_n, 0);
	policy_free(&policy);
	name_orgs(f->arena, f->common.rules.v[0]->from, 5, 1);
	name_orgs(f->arena, f->common.rules.v[0]->to, 0, 1);
	assert_int_equal(policy_compile(parts, 2, &policy), CONSIGN_OK);
	assert_int_equal(policy->page_n, 0);
	policy_free(&policy);
}

static void
test_compile_a_rule_of_many_studies_has_one_record(void **state)
{
	struct fixture *f = *state;
	struct policy_part *parts[] = {&f->study_part, &f->other_part};
	struct policy *one = NULL, *two = NULL;
	assert_int_equal(policy_compile(parts, 1, &one), CONSIGN_OK);
	f->other.rules = f->study.rules;
	assert_int_equal(policy_compile(parts, 2, &two), CONSIGN_OK);
	assert_int_equal(two->records.len, one->records.len);
	/* And what rules have no condition for, takes no memory. */
	assert_int_equal(two->condition_n, 0);
	assert_null(two->studies[0].page->conditions);
	policy_free(&two);
	policy_free(&one);
}

/* So those that one type meets are near each other in memory. */
static void
test_compile_nodes_are_numbered_by_their_texts(void **state)
{
	static const char *const globs[] = {"b.*", "a.b", "a.*", "a.b*", "b.a"};
	struct fixture *f = *state;
	struct policy_part *parts[] = {&f->study_part};
	struct policy *policy = NULL;
	struct policy_rule *rule = f->study.rules.v[0];
	rule->types.v = arena_alloc(f->arena, 5 * sizeof *rule->types.v);
	rule->types.n = 5;
	for (size_t i = 0; i < 5; i++)
		(void)snprintf(rule->types.v[i].s, sizeof rule->types.v[i].s, "%s", globs[i]);
	assert_int_equal(policy_compile(parts, 1, &policy), CONSIGN_OK);
	assert_int_equal(policy->prefix_nodes[names_find_text(&policy->prefixes, "a.")], 0);
	assert_int_equal(policy->prefix_nodes[names_find_text(&policy->prefixes, "a.b")], 1);
	assert_int_equal(policy->type_nodes[names_find_text(&policy->types, "a.b")], 2);
	assert_int_equal(policy->prefix_nodes[names_find_text(&policy->prefixes, "b.")], 3);
	assert_int_equal(policy->type_nodes[names_find_text(&policy->types, "b.a")], 4);
	const uint32_t parents[] = {TABLE_NONE, 0, 1, TABLE_NONE, 3};
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(policy->parents[i], parents[i]);
	policy_free(&policy);
}

static void
test_compile_role_rules_cost_the_same_whatever_the_number_of_studies(void **state)
{
	struct fixture *f = *state;
	enum { STUDIES = 200, RULES = 10000 };
	struct policy_part *parts[STUDIES + 1];
	uint32_t roles[] = {ROLE_SITE, ROLE_LAB, ROLE_CRO};
	char id[32], glob[32];
	struct policy *policy = NULL;
	f->common.rules.v = arena_alloc(f->arena, RULES * sizeof(struct policy_rule *));
	f->common.rules.n = RULES;
	for (uint32_t i = 0; i < RULES; i++) {
		(void)snprintf(id, sizeof id, "rule-%u", i);
		(void)snprintf(glob, sizeof glob, "area%u.*", i);
		struct policy_rule *rule = make_rule(f->arena, id, i + 1, glob);
		rule->from->roles.v = rule->to->roles.v = roles;
		rule->from->roles.n = rule->to->roles.n = 3;
		f->common.rules.v[i] = rule;
	}
	for (size_t i = 0; i < STUDIES; i++) {
		parts[i] = arena_alloc(f->arena, sizeof *parts[i]);
		parts[i]->study = arena_alloc(f->arena, sizeof *parts[i]->study);
		(void)snprintf(parts[i]->study->id.s, sizeof parts[i]->study->id.s, "S-%zu", i);
		give_parties(f->arena, parts[i]->study, 20);
	}
	parts[STUDIES] = &f->common_part;
	assert_int_equal(policy_compile(parts, STUDIES + 1, &policy), CONSIGN_OK);
	assert_int_equal(policy->page_n, 1);
	assert_int_equal(policy->common_page->n, RULES);
	assert_int_equal(policy->common_page->classes, 1);
	assert_string_equal(ask(policy, "org-3", "org-7", "S-150", "area9876.a", CONSIGN_LABEL_OPEN).rule, "rule-9876");
	policy_free(&policy);
}

/* n rules for one type each; every third forbids. */
static void
give_types(struct arena *arena, struct policy_study *study, uint32_t n)
{
	char id[32], glob[32];
	study->rules.v = arena_alloc(arena, n * sizeof(struct policy_rule *));
	study->rules.n = n;
	for (uint32_t i = 0; i < n; i++) {
		(void)snprintf(id, sizeof id, "rule-%u", i);
		(void)snprintf(glob, sizeof glob, "area%u.a", i);
		study->rules.v[i] = make_rule(arena, id, n - i, glob);
		study->rules.v[i]->effect = i % 3 == 0 ? POLICY_FORBID : POLICY_PERMIT;
	}
}

/* A study has rules for a few of many types: its lists lie in blocks of their own. */
static void
test_compile_finds_types_that_lie_far_apart(void **state)
{
	struct fixture *f = *state;
	struct policy_part *parts[] = {&f->study_part, &f->other_part};
	struct policy *policy = NULL;
	struct policy_rule *few[3];
	give_types(f->arena, &f->study, 400);
	for (size_t i = 0; i < 3; i++)
		few[i] = f->study.rules.v[i == 0 ? 1 : i == 1 ? 250 : 98];
	f->other.rules.v = few;
	f->other.rules.n = 3;
	assert_int_equal(policy_compile(parts, 2, &policy), CONSIGN_OK);
	assert_string_equal(ask(policy, "org-0", "org-1", "S2", "area1.a", CONSIGN_LABEL_OPEN).rule, "rule-1");
	assert_string_equal(ask(policy, "org-0", "org-1", "S2", "area250.a", CONSIGN_LABEL_OPEN).rule, "rule-250");
	assert_string_equal(ask(policy, "org-0", "org-1", "S2", "area98.a", CONSIGN_LABEL_OPEN).rule, "rule-98");
	assert_int_equal(ask(policy, "org-0", "org-1", "S2", "area2.a", CONSIGN_LABEL_OPEN).code, CONSIGN_CODE_POLICY_NO_RULE);
	policy_free(&policy);
}

/* One page more, or a rule of it less, at each n: the last rule by order stands in the last page. */
static void
test_compile_more_rules_than_a_page_holds_are_all_found(void **state)
{
	struct fixture *f = *state;
	const uint32_t counts[] = {PAGE_POSITIONS - 1, PAGE_POSITIONS, PAGE_POSITIONS + 1, CONSIGN_RULES_MAX};
	struct policy_part *parts[] = {&f->study_part};
	char id[32], type[32];
	for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
		struct policy *policy = NULL;
		give_types(f->arena, &f->study, counts[n]);
		assert_int_equal(policy_compile(parts, 1, &policy), CONSIGN_OK);
		assert_int_equal(policy->page_n, (counts[n] + PAGE_POSITIONS - 1) / PAGE_POSITIONS);
		for (uint32_t i = 0; i < counts[n]; i += i == 0 || i + 100 > counts[n] ? 1 : 97) {
			(void)snprintf(id, sizeof id, "rule-%u", i);
			(void)snprintf(type, sizeof type, "area%u.a", i);
			struct policy_verdict v = ask(policy, "org-0", "org-1", "S1", type, CONSIGN_LABEL_OPEN);
			assert_int_equal(v.code, i % 3 == 0 ? CONSIGN_CODE_POLICY_FORBIDDEN : CONSIGN_CODE_NONE);
			assert_string_equal(v.rule, id);
		}
		policy_free(&policy);
	}
}

/* Rules for one type, of which only the last by order is still valid: in one window, and behind several. */
static void
test_compile_a_list_of_any_length_keeps_its_order(void **state)
{
	struct fixture *f = *state;
	struct policy_part *parts[] = {&f->study_part};
	char id[32];
	for (uint32_t n = 1; n <= 3 * WINDOW_BITS + 2; n++) {
		struct policy *policy = NULL;
		f->study.rules.v = arena_alloc(f->arena, n * sizeof(struct policy_rule *));
		f->study.rules.n = n;
		for (uint32_t i = 0; i < n; i++) {
			(void)snprintf(id, sizeof id, "rule-%u", i);
			f->study.rules.v[i] = make_rule(f->arena, id, i + 1, "b.*");
			f->study.rules.v[i]->until_us = i + 1 < n ? 10 : 0;
		}
		assert_int_equal(policy_compile(parts, 1, &policy), CONSIGN_OK);
		struct policy_question q = {.consignor = "org-0",
		    .consignee = "org-1",
		    .study = "S1",
		    .type = "b.a",
		    .label = CONSIGN_LABEL_OPEN,
		    .at_us = 9};
		struct policy_verdict v;
		policy_decide(policy, &q, &v);
		assert_string_equal(v.rule, "rule-0");
		q.at_us = 10;
		policy_decide(policy, &q, &v);
		assert_string_equal(v.rule, id);
		assert_int_equal(v.code, CONSIGN_CODE_NONE);
		policy_free(&policy);
	}
}

/* A family (a prefix, and what it begins) is in one block, if it fits into one: prefix p0. has `first` nodes, p1. `second`. */
static void
number_families(struct fixture *f, uint32_t first, uint32_t second, uint32_t *ret_second_at, size_t *ret_nodes)
{
	struct policy_part *parts[] = {&f->study_part};
	struct policy *policy = NULL;
	struct policy_rule *rule = f->study.rules.v[0];
	rule->types.n = first + second;
	rule->types.v = arena_alloc(f->arena, rule->types.n * sizeof *rule->types.v);
	for (uint32_t i = 0; i < first; i++)
		(void)snprintf(rule->types.v[i].s, sizeof rule->types.v[i].s, i == 0 ? "p0.*" : "p0.a%03u", i);
	for (uint32_t i = 0; i < second; i++)
		(void)snprintf(rule->types.v[first + i].s, sizeof rule->types.v[0].s, i == 0 ? "p1.*" : "p1.a%03u", i);
	assert_int_equal(policy_compile(parts, 1, &policy), CONSIGN_OK);
	*ret_second_at = policy->prefix_nodes[names_find_text(&policy->prefixes, "p1.")];
	*ret_nodes = policy->node_n;
	/* And each is found, wherever it lies. */
	for (size_t i = 0; i < rule->types.n; i++) {
		bool is_glob = strchr(rule->types.v[i].s, '*') != NULL;
		const char *type = is_glob ? (i == 0 ? "p0.x" : "p1.x") : rule->types.v[i].s;
		assert_string_equal(ask(policy, "org-0", "org-1", "S1", type, CONSIGN_LABEL_OPEN).rule, rule->id.s);
	}
	assert_int_equal(ask(policy, "org-0", "org-1", "S1", "p2.x", CONSIGN_LABEL_OPEN).code, CONSIGN_CODE_POLICY_NO_RULE);
	policy_free(&policy);
}

static void
test_compile_a_family_is_in_one_block(void **state)
{
	static const struct {
		uint32_t first, second, second_at;
		size_t nodes;
	} cases[] = {
	    {4, 3, 4, 7},
	    {4, BLOCK_NODES - 4, 4, BLOCK_NODES},
	    {4, BLOCK_NODES - 3, BLOCK_NODES, 2 * BLOCK_NODES - 3},
	    {BLOCK_NODES, 3, BLOCK_NODES, BLOCK_NODES + 3},
	    {4, BLOCK_NODES, BLOCK_NODES, 2 * BLOCK_NODES},
	    /* What fits into none begins where it is. */
	    {4, BLOCK_NODES + 1, 4, BLOCK_NODES + 5},
	    {BLOCK_NODES + 9, 3, BLOCK_NODES + 9, BLOCK_NODES + 12},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t second_at;
		size_t nodes;
		number_families(*state, cases[i].first, cases[i].second, &second_at, &nodes);
		assert_int_equal(second_at, cases[i].second_at);
		assert_int_equal(nodes, cases[i].nodes);
	}
}

/* Rules for types of one block, each between two parties of its own: as many as one load has, and one more, are told apart. */
static void
test_compile_a_block_of_any_size_keeps_its_rules_apart(void **state)
{
	struct fixture *f = *state;
	struct policy_part *parts[] = {&f->study_part};
	char id[32], type[32], to[32];
	give_parties(f->arena, &f->study, 8);
	for (uint32_t n = 1; n <= FEW_POSITIONS + 66; n++) {
		struct policy *policy = NULL;
		f->study.rules.v = arena_alloc(f->arena, n * sizeof(struct policy_rule *));
		f->study.rules.n = n;
		for (uint32_t i = 0; i < n; i++) {
			(void)snprintf(id, sizeof id, "rule-%u", i);
			(void)snprintf(type, sizeof type, "t.%u", i % 5);
			(void)snprintf(to, sizeof to, "org-%u", i % 7);
			struct policy_rule *rule = make_rule(f->arena, id, i + 1, type);
			rule->to->roles.n = 0;
			rule->to->orgs.n = 1;
			rule->to->orgs.v = arena_alloc(f->arena, sizeof *rule->to->orgs.v);
			(void)snprintf(rule->to->orgs.v[0].s, sizeof rule->to->orgs.v[0].s, "%s", to);
			f->study.rules.v[i] = rule;
		}
		assert_int_equal(policy_compile(parts, 1, &policy), CONSIGN_OK);
		assert_int_equal(policy->studies[0].page->n, n);
		for (uint32_t i = 0; i < 35; i++) {
			(void)snprintf(id, sizeof id, "rule-%u", i);
			(void)snprintf(type, sizeof type, "t.%u", i % 5);
			(void)snprintf(to, sizeof to, "org-%u", i % 7);
			struct policy_verdict v = ask(policy, "org-7", to, "S1", type, CONSIGN_LABEL_OPEN);
			assert_int_equal(v.code, i < n ? CONSIGN_CODE_NONE : CONSIGN_CODE_POLICY_NO_RULE);
			assert_string_equal(v.rule, i < n ? id : "");
		}
		policy_free(&policy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    COMPILE_TEST(test_compile_long_lists_at_both_ends_mean_what_they_say),
	    COMPILE_TEST(test_compile_a_rule_costs_nothing_where_it_cannot_match),
	    COMPILE_TEST(test_compile_a_rule_of_many_studies_has_one_record),
	    COMPILE_TEST(test_compile_nodes_are_numbered_by_their_texts),
	    COMPILE_TEST(test_compile_role_rules_cost_the_same_whatever_the_number_of_studies),
	    COMPILE_TEST(test_compile_finds_types_that_lie_far_apart),
	    COMPILE_TEST(test_compile_more_rules_than_a_page_holds_are_all_found),
	    COMPILE_TEST(test_compile_a_list_of_any_length_keeps_its_order),
	    COMPILE_TEST(test_compile_a_family_is_in_one_block),
	    COMPILE_TEST(test_compile_a_block_of_any_size_keeps_its_rules_apart),
	};
	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
