/* What compile refuses, its limits, long lists of organisations, and how much it lays down. */
#include <stdlib.h>

#include "build.h"
#include "policy/compiled.h"

struct fixture {
	struct arena *arena;
	struct policy_common common;
	struct policy_study study, other;
	struct policy_part common_part, study_part, other_part, source_part;
};

static struct policy_party *
make_party(struct arena *arena, const char *org, uint32_t role)
{
	struct policy_party *party = arena_alloc(arena, sizeof *party);
	(void)snprintf(party->org.s, sizeof party->org.s, "%s", org);
	party->roles.v = arena_alloc(arena, sizeof *party->roles.v);
	party->roles.v[0] = role;
	party->roles.n = 1;
	party->clearance = CONSIGN_LABEL_OPEN;
	return party;
}

static struct policy_rule *
make_rule(struct arena *arena, const char *id, uint32_t order, const char *glob)
{
	struct policy_rule *rule = arena_alloc(arena, sizeof *rule);
	(void)snprintf(rule->id.s, sizeof rule->id.s, "%s", id);
	rule->order = order;
	rule->effect = POLICY_PERMIT;
	rule->types.v = arena_alloc(arena, sizeof *rule->types.v);
	(void)snprintf(rule->types.v[0].s, sizeof rule->types.v[0].s, "%s", glob);
	rule->types.n = 1;
	rule->from = arena_alloc(arena, sizeof *rule->from);
	rule->to = arena_alloc(arena, sizeof *rule->to);
	return rule;
}

static void
give_parties(struct arena *arena, struct policy_study *study, size_t n)
{
	char org[32];
	study->parties.v = arena_alloc(arena, n * sizeof(struct policy_party *));
	study->parties.n = n;
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(org, sizeof org, "org-%zu", i);
		study->parties.v[i] = make_party(arena, org, ROLE_SITE);
	}
}

static void
give_rules(struct arena *arena, struct policy_rule ***ret_v, size_t *ret_n, size_t n, const char *glob)
{
	struct policy_rule *rule = make_rule(arena, "same", 1, glob);
	*ret_v = arena_alloc(arena, n * sizeof(struct policy_rule *));
	*ret_n = n;
	for (size_t i = 0; i < n; i++)
		(*ret_v)[i] = rule;
}

static int
setup(void **state)
{
	static struct fixture f;
	f = (struct fixture){.arena = build_arena(), .study = {.id = {"S1"}}, .other = {.id = {"S2"}}};
	give_parties(f.arena, &f.study, 2);
	give_parties(f.arena, &f.other, 2);
	give_rules(f.arena, &f.common.rules.v, &f.common.rules.n, 1, "a.*");
	give_rules(f.arena, &f.study.rules.v, &f.study.rules.n, 1, "b.*");
	f.common_part.common = &f.common;
	f.study_part.study = &f.study;
	f.other_part.study = &f.other;
	f.source_part.source = slice_text("rules: []");
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	arena_free(&f->arena);
	return 0;
}

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
name_orgs(struct arena *arena, struct policy_end *end, size_t first, size_t n)
{
	end->orgs.v = arena_alloc(arena, n * sizeof *end->orgs.v);
	end->orgs.n = n;
	for (size_t i = 0; i < n; i++)
		(void)snprintf(end->orgs.v[i].s, sizeof end->orgs.v[i].s, "org-%zu", first + i);
}

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

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(test_compile_nothing_refuses_everything),
	    CASE(test_compile_skips_source_parts),
	    CASE(test_compile_takes_studies_before_and_without_the_common_part),
	    CASE(test_compile_refuses_two_common_parts),
	    CASE(test_compile_refuses_a_part_that_is_common_and_study),
	    CASE(test_compile_refuses_a_study_twice),
	    CASE(test_compile_refuses_a_party_twice),
	    CASE(test_compile_refuses_numbers_that_mean_nothing),
	    CASE(test_compile_refuses_a_validity_that_ends_before_it_begins),
	    CASE(test_compile_refuses_obligations_of_a_forbid),
	    CASE(test_compile_reads_nothing_behind_its_lists),
	    CASE(test_compile_finds_types_that_lie_far_apart),
	    CASE(test_compile_more_rules_than_a_page_holds_are_all_found),
	    CASE(test_compile_a_list_of_any_length_keeps_its_order),
	    CASE(test_compile_parties_up_to_the_limit),
	    CASE(test_compile_rules_up_to_the_limit),
	    CASE(test_compile_studies_up_to_the_limit),
	    CASE(test_compile_long_lists_at_both_ends_mean_what_they_say),
	    CASE(test_compile_a_common_rule_that_names_orgs_holds_in_every_study),
	    CASE(test_compile_a_rule_costs_nothing_where_it_cannot_match),
	    CASE(test_compile_a_rule_of_many_studies_has_one_record),
	    CASE(test_compile_rules_of_one_id_and_order_stay_apart),
	    CASE(test_compile_an_obligation_of_the_only_rule_is_told),
	    CASE(test_compile_nodes_are_numbered_by_their_texts),
	    CASE(test_compile_equal_orders_are_settled_by_place_common_first),
	    CASE(test_compile_role_rules_cost_the_same_whatever_the_number_of_studies),
	};
	return cmocka_run_group_tests_name("compile", tests, NULL, NULL);
}
