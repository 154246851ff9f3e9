/* What compile refuses, its limits, and what rules mean whatever their place and order. */
#include "compile_fixture.h"

static enum consign_err
compile(struct policy_part *a, struct policy_part *b)
{
	struct policy_part *parts[] = {a, b};
	struct policy *policy = NULL;
	enum consign_err err = policy_compile(parts, 2, &policy);
	if (err != CONSIGN_OK)
		assert_null(policy);
	policy_free(&policy);
	return err;
}

static void
test_compile_nothing_refuses_everything(void **state)
{
	(void)state;
	struct policy *policy = NULL;
	assert_int_equal(policy_compile(NULL, 0, &policy), CONSIGN_OK);
	assert_int_equal(ask(policy, "aa", "bb", "S1", "x.a", CONSIGN_LABEL_OPEN).code, CONSIGN_CODE_STUDY_UNKNOWN);
	assert_false(policy_share_study(policy, "aa", "bb"));
	policy_free(&policy);
}

static void
test_compile_skips_source_parts(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(compile(&f->source_part, &f->study_part), CONSIGN_OK);
}

static void
test_compile_takes_studies_before_and_without_the_common_part(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_OK);
	assert_int_equal(compile(&f->study_part, &f->other_part), CONSIGN_OK);
}

static void
test_compile_refuses_two_common_parts(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(compile(&f->common_part, &f->common_part), CONSIGN_E_MALFORMED);
}

static void
test_compile_refuses_a_part_that_is_common_and_study(void **state)
{
	struct fixture *f = *state;
	f->study_part.common = &f->common;
	assert_int_equal(compile(&f->study_part, &f->other_part), CONSIGN_E_MALFORMED);
}

static void
test_compile_refuses_a_study_twice(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(compile(&f->study_part, &f->study_part), CONSIGN_E_MALFORMED);
}

static void
test_compile_refuses_a_party_twice(void **state)
{
	struct fixture *f = *state;
	f->study.parties.v[1] = make_party(f->arena, "org-0", ROLE_LAB);
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
}

static void
test_compile_refuses_numbers_that_mean_nothing(void **state)
{
	struct fixture *f = *state;
	uint32_t number = ROLE_LAST + 1;
	struct policy_rule *rule = f->common.rules.v[0];
	struct policy_party *party = f->study.parties.v[0];
	party->roles.v[0] = 0;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
	party->roles.v[0] = ROLE_LAST + 1;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
	party->roles.v[0] = ROLE_LAST;
	party->clearance = 0;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
	party->clearance = 4;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
	party->clearance = 3;
	rule->effect = 3;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
	rule->effect = 0;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
	rule->effect = POLICY_FORBID;
	rule->to->roles.v = &number;
	rule->to->roles.n = 1;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
	rule->to->roles.n = 0;
	rule->labels.v = &number;
	rule->labels.n = 1;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
	number = 3;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_OK);
	rule->types.n = 0;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
}

static void
test_compile_refuses_a_validity_that_ends_before_it_begins(void **state)
{
	struct fixture *f = *state;
	struct policy_rule *rule = f->common.rules.v[0];
	rule->from_us = 20;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_OK);
	rule->until_us = 20;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
	rule->until_us = 19;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
	rule->until_us = 21;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_OK);
	rule->from_us = 0;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_OK);
}

static void
test_compile_refuses_obligations_of_a_forbid(void **state)
{
	struct fixture *f = *state;
	struct policy_rule *rule = f->study.rules.v[0];
	rule->max_bytes = 1;
	rule->deliver_within_us = 1;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_OK);
	rule->effect = POLICY_FORBID;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
	rule->max_bytes = 0;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
	rule->deliver_within_us = 0;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_OK);
	rule->max_bytes = 1;
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_MALFORMED);
}

static void
test_compile_parties_up_to_the_limit(void **state)
{
	struct fixture *f = *state;
	give_parties(f->arena, &f->study, CONSIGN_PARTIES_MAX);
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_OK);
	give_parties(f->arena, &f->study, CONSIGN_PARTIES_MAX + 1);
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_TOO_BIG);
}

static void
test_compile_rules_up_to_the_limit(void **state)
{
	struct fixture *f = *state;
	give_rules(f->arena, &f->common.rules.v, &f->common.rules.n, CONSIGN_RULES_MAX, "a.*");
	give_rules(f->arena, &f->study.rules.v, &f->study.rules.n, CONSIGN_RULES_MAX, "a.*");
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_OK);
	f->study.rules.n = f->common.rules.n = 1;
	give_rules(f->arena, &f->common.rules.v, &f->common.rules.n, CONSIGN_RULES_MAX + 1, "a.*");
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_TOO_BIG);
	f->common.rules.n = 1;
	give_rules(f->arena, &f->study.rules.v, &f->study.rules.n, CONSIGN_RULES_MAX + 1, "a.*");
	assert_int_equal(compile(&f->study_part, &f->common_part), CONSIGN_E_TOO_BIG);
}

static void
test_compile_studies_up_to_the_limit(void **state)
{
	struct fixture *f = *state;
	size_t n = CONSIGN_STUDIES_MAX + 1;
	struct policy_part **parts = arena_alloc(f->arena, n * sizeof(struct policy_part *));
	struct policy *policy = NULL;
	for (size_t i = 0; i < n; i++) {
		parts[i] = arena_alloc(f->arena, sizeof *parts[i]);
		parts[i]->study = arena_alloc(f->arena, sizeof *parts[i]->study);
		(void)snprintf(parts[i]->study->id.s, sizeof parts[i]->study->id.s, "S-%zu", i);
	}
	assert_int_equal(policy_compile(parts, n, &policy), CONSIGN_E_TOO_BIG);
	assert_null(policy);
	assert_int_equal(policy_compile(parts, n - 1, &policy), CONSIGN_OK);
	policy_free(&policy);
}

static void
test_compile_a_common_rule_that_names_orgs_holds_in_every_study(void **state)
{
	struct fixture *f = *state;
	name_orgs(f->arena, f->common.rules.v[0]->from, 1, 5);
	struct policy_part *parts[] = {&f->common_part, &f->study_part, &f->other_part};
	struct policy *policy = NULL;
	assert_int_equal(policy_compile(parts, 3, &policy), CONSIGN_OK);
	assert_int_equal(ask(policy, "org-1", "org-0", "S1", "a.a", CONSIGN_LABEL_OPEN).code, CONSIGN_CODE_NONE);
	assert_int_equal(ask(policy, "org-1", "org-0", "S2", "a.a", CONSIGN_LABEL_OPEN).code, CONSIGN_CODE_NONE);
	assert_int_equal(ask(policy, "org-0", "org-1", "S1", "a.a", CONSIGN_LABEL_OPEN).code, CONSIGN_CODE_POLICY_NO_RULE);
	policy_free(&policy);
}

static void
test_compile_equal_orders_are_settled_by_place_common_first(void **state)
{
	struct fixture *f = *state;
	f->study.rules.v[0] = make_rule(f->arena, "of-study", 1, "a.*");
	f->common.rules.v[0] = make_rule(f->arena, "of-common", 1, "a.*");
	struct policy_part *parts[] = {&f->study_part, &f->common_part};
	struct policy *policy = NULL;
	assert_int_equal(policy_compile(parts, 2, &policy), CONSIGN_OK);
	assert_string_equal(ask(policy, "org-0", "org-1", "S1", "a.a", CONSIGN_LABEL_OPEN).rule, "of-common");
	policy_free(&policy);
}

/* Ids and orders are for people: what else differs is another rule, whatever they say. */
static void
test_compile_rules_of_one_id_and_order_stay_apart(void **state)
{
	struct fixture *f = *state;
	struct policy_part *parts[] = {&f->study_part};
	struct policy *policy = NULL;
	struct policy_rule *rules[4];
	for (uint32_t i = 0; i < 4; i++) {
		rules[i] = make_rule(f->arena, "same", 1,
		    i == 0   ? "b.never"
		    : i == 1 ? "b.soon"
		    : i == 2 ? "b.later"
			     : "b.other");
		rules[i]->effect = i == 0 ? POLICY_FORBID : POLICY_PERMIT;
		rules[i]->deliver_within_us = i == 0 || i == 3 ? 0 : i;
	}
	(void)snprintf(rules[3]->id.s, sizeof rules[3]->id.s, "other");
	f->study.rules.v = rules;
	f->study.rules.n = 4;
	assert_int_equal(policy_compile(parts, 1, &policy), CONSIGN_OK);
	assert_int_equal(ask(policy, "org-0", "org-1", "S1", "b.never", CONSIGN_LABEL_OPEN).code, CONSIGN_CODE_POLICY_FORBIDDEN);
	struct policy_verdict soon = ask(policy, "org-0", "org-1", "S1", "b.soon", CONSIGN_LABEL_OPEN);
	struct policy_verdict later = ask(policy, "org-0", "org-1", "S1", "b.later", CONSIGN_LABEL_OPEN);
	struct policy_verdict other = ask(policy, "org-0", "org-1", "S1", "b.other", CONSIGN_LABEL_OPEN);
	assert_int_equal(soon.code, CONSIGN_CODE_NONE);
	assert_int_equal(soon.deliver_within_us, 1);
	assert_int_equal(later.deliver_within_us, 2);
	assert_int_equal(other.deliver_within_us, 0);
	assert_string_equal(later.rule, "same");
	assert_string_equal(other.rule, "other");
	policy_free(&policy);
}

static void
test_compile_an_obligation_of_the_only_rule_is_told(void **state)
{
	struct fixture *f = *state;
	struct policy_part *parts[] = {&f->study_part};
	struct policy *policy = NULL;
	f->study.rules.v[0]->deliver_within_us = 9;
	assert_int_equal(policy_compile(parts, 1, &policy), CONSIGN_OK);
	assert_int_equal(ask(policy, "org-0", "org-1", "S1", "b.a", CONSIGN_LABEL_OPEN).deliver_within_us, 9);
	assert_int_equal(ask(policy, "org-0", "org-1", "S1", "a.a", CONSIGN_LABEL_OPEN).deliver_within_us, 0);
	policy_free(&policy);
}

static void *
exactly(const void *bytes, size_t n)
{
	void *copy = malloc(n);
	assert_non_null(copy);
	memcpy(copy, bytes, n);
	return copy;
}

/* Lists in memory of their own: the sanitizers see a step behind the end of one. */
static void
test_compile_reads_nothing_behind_its_lists(void **state)
{
	struct fixture *f = *state;
	const uint32_t role = ROLE_SITE, label = CONSIGN_LABEL_OPEN;
	const struct consign_type type = {"b.*b"}, common_type = {"a.*"};
	const struct consign_org org = {"org-1"};
	struct policy_party *party = f->study.parties.v[0], *parties[] = {party, f->study.parties.v[1]};
	struct policy_rule *rule = f->study.rules.v[0];
	struct policy *policy = NULL;
	party->roles.v = exactly(&role, sizeof role);
	rule->types.v = exactly(&type, sizeof type);
	f->common.rules.v[0]->types.v = exactly(&common_type, sizeof common_type);
	rule->labels.v = exactly(&label, sizeof label);
	rule->labels.n = 1;
	rule->from->roles.v = exactly(&role, sizeof role);
	rule->to->orgs.v = exactly(&org, sizeof org);
	rule->to->roles.v = exactly(&role, sizeof role);
	rule->from->roles.n = rule->to->roles.n = rule->to->orgs.n = 1;
	f->study.parties.v = exactly(parties, sizeof parties);
	f->study.rules.v = exactly(&rule, sizeof(struct policy_rule *));
	f->common.rules.v = exactly(f->common.rules.v, sizeof(struct policy_rule *));
	struct policy_part *both[] = {&f->study_part, &f->common_part}, **parts = exactly(both, sizeof both);
	assert_int_equal(policy_compile(parts, 2, &policy), CONSIGN_OK);
	assert_string_equal(ask(policy, "org-0", "org-1", "S1", "b.bb", CONSIGN_LABEL_OPEN).rule, "same");
	assert_int_equal(ask(policy, "org-1", "org-0", "S1", "b.bb", CONSIGN_LABEL_OPEN).code, CONSIGN_CODE_POLICY_NO_RULE);
	assert_int_equal(ask(policy, "org-0", "org-1", "S1", "b.ba", CONSIGN_LABEL_OPEN).code, CONSIGN_CODE_POLICY_NO_RULE);
	policy_free(&policy);
	free(party->roles.v);
	free(rule->types.v);
	free(rule->labels.v);
	free(rule->from->roles.v);
	free(rule->to->orgs.v);
	free(rule->to->roles.v);
	free(f->study.parties.v);
	free(f->study.rules.v);
	free(f->common.rules.v[0]->types.v);
	free(f->common.rules.v);
	free(parts);
}

/* With and without obligations and permits in the policy: what no rule decides has none. */
static void
test_compile_no_rule_tells_nothing(void **state)
{
	struct fixture *f = *state;
	struct policy_part *parts[] = {&f->study_part};
	for (uint32_t i = 0; i < 3; i++) {
		struct policy *policy = NULL;
		f->study.rules.v[0]->effect = i == 2 ? POLICY_FORBID : POLICY_PERMIT;
		f->study.rules.v[0]->deliver_within_us = i == 1 ? 9 : 0;
		assert_int_equal(policy_compile(parts, 1, &policy), CONSIGN_OK);
		struct policy_verdict v = ask(policy, "org-0", "org-1", "S1", "nobody.asks", CONSIGN_LABEL_OPEN);
		assert_int_equal(v.code, CONSIGN_CODE_POLICY_NO_RULE);
		assert_string_equal(v.rule, "");
		assert_int_equal(v.deliver_within_us, 0);
		policy_free(&policy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    COMPILE_TEST(test_compile_nothing_refuses_everything),
	    COMPILE_TEST(test_compile_skips_source_parts),
	    COMPILE_TEST(test_compile_takes_studies_before_and_without_the_common_part),
	    COMPILE_TEST(test_compile_refuses_two_common_parts),
	    COMPILE_TEST(test_compile_refuses_a_part_that_is_common_and_study),
	    COMPILE_TEST(test_compile_refuses_a_study_twice),
	    COMPILE_TEST(test_compile_refuses_a_party_twice),
	    COMPILE_TEST(test_compile_refuses_numbers_that_mean_nothing),
	    COMPILE_TEST(test_compile_refuses_a_validity_that_ends_before_it_begins),
	    COMPILE_TEST(test_compile_refuses_obligations_of_a_forbid),
	    COMPILE_TEST(test_compile_parties_up_to_the_limit),
	    COMPILE_TEST(test_compile_rules_up_to_the_limit),
	    COMPILE_TEST(test_compile_studies_up_to_the_limit),
	    COMPILE_TEST(test_compile_a_common_rule_that_names_orgs_holds_in_every_study),
	    COMPILE_TEST(test_compile_equal_orders_are_settled_by_place_common_first),
	    COMPILE_TEST(test_compile_rules_of_one_id_and_order_stay_apart),
	    COMPILE_TEST(test_compile_an_obligation_of_the_only_rule_is_told),
	    COMPILE_TEST(test_compile_reads_nothing_behind_its_lists),
	    COMPILE_TEST(test_compile_no_rule_tells_nothing),
	};
	return cmocka_run_group_tests_name("compile", tests, NULL, NULL);
}
