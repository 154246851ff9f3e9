/* Policy parts: one of three things, rules with open and closed ends. */
#include "support/wire_fixture.h"

#include "wire/policy_wire.h"

struct made {
	struct policy_rule rule;
	struct policy_rule *rules[1];
	struct consign_type types[2];
	struct policy_end from;
	uint32_t roles[2];
	struct consign_org orgs[1];
	uint32_t labels[1];
	struct policy_party party;
	struct policy_party *parties[1];
	struct policy_study study;
	struct policy_common common;
};

static void
make(struct made *m)
{
	*m = (struct made){.types = {{"trial.*"}, {"*"}},
	    .roles = {ROLE_CRO, ROLE_SMO},
	    .orgs = {{"sitecare"}},
	    .labels = {CONSIGN_LABEL_UNBLINDED}};
	m->from.roles.v = m->roles;
	m->from.roles.n = 2;
	m->from.orgs.v = m->orgs;
	m->from.orgs.n = 1;
	m->rule = (struct policy_rule){.id = {"trial-data-up"},
	    .order = 0,
	    .effect = POLICY_FORBID,
	    .types = {.v = m->types, .n = 2},
	    .from = &m->from,
	    .labels = {.v = m->labels, .n = 1}};
	m->rules[0] = &m->rule;
	m->party =
	    (struct policy_party){.org = {"sitecare"}, .roles = {.v = m->roles, .n = 2}, .clearance = CONSIGN_LABEL_RESTRICTED};
	m->parties[0] = &m->party;
	m->study = (struct policy_study){.id = {"ACME-301"},
	    .title = slice_text("Phase III"),
	    .parties = {.v = m->parties, .n = 1},
	    .rules = {.v = m->rules, .n = 1}};
	m->common = (struct policy_common){.rules = {.v = m->rules, .n = 1}};
}

static void
test_policy_wire_study_part_keeps_parties_and_rules(void **state)
{
	struct wire_fixture *f = *state;
	struct made m;
	struct policy_part in = {0}, *out;

	make(&m);
	in.study = &m.study;
	ROUND_TRIP(f, policy_part, &in, &out);
	assert_null(out->common);
	assert_int_equal(out->source.len, 0);
	assert_string_equal(out->study->id.s, "ACME-301");
	assert_int_equal(out->study->parties.v[0]->roles.v[1], ROLE_SMO);
	assert_int_equal(out->study->parties.v[0]->clearance, CONSIGN_LABEL_RESTRICTED);
	assert_string_equal(out->study->rules.v[0]->types.v[1].s, "*");
	assert_string_equal(out->study->rules.v[0]->from->orgs.v[0].s, "sitecare");
	assert_null(out->study->rules.v[0]->to);
	assert_int_equal(out->study->rules.v[0]->order, 0);
}

static void
test_policy_wire_end_without_words_differs_from_no_end(void **state)
{
	struct wire_fixture *f = *state;
	struct made m;
	struct policy_end any = {0};
	struct policy_part in = {0}, *out;

	make(&m);
	m.rule.to = &any;
	in.common = &m.common;
	ROUND_TRIP(f, policy_part, &in, &out);
	assert_non_null(out->common->rules.v[0]->to);
	assert_int_equal(out->common->rules.v[0]->to->roles.n, 0);
}

static void
test_policy_wire_part_is_exactly_one_thing(void **state)
{
	struct wire_fixture *f = *state;
	struct made m;
	struct policy_part in = {0}, *out;

	make(&m);
	REFUSES_TO_ENCODE(f, policy_part, &in);
	in.source = slice_text("rules:\n\t- all\n");
	ROUND_TRIP(f, policy_part, &in, &out);
	assert_true(slice_equal(out->source, in.source));
	in.study = &m.study;
	REFUSES_TO_ENCODE(f, policy_part, &in);
	in.source.len = 0;
	in.common = &m.common;
	REFUSES_TO_ENCODE(f, policy_part, &in);
}

static void
test_policy_wire_refuses_words_that_are_none(void **state)
{
	struct wire_fixture *f = *state;
	struct made m;
	struct policy_part in = {.study = &m.study};

	make(&m);
	m.roles[0] = ROLE_LAST + 1;
	REFUSES_TO_ENCODE(f, policy_part, &in);
	make(&m);
	m.labels[0] = 0;
	REFUSES_TO_ENCODE(f, policy_part, &in);
	make(&m);
	m.rule.effect = 3;
	REFUSES_TO_ENCODE(f, policy_part, &in);
	make(&m);
	m.rule.types.n = 0;
	REFUSES_TO_ENCODE(f, policy_part, &in);
	make(&m);
	strcpy(m.types[0].s, "Trial.*");
	REFUSES_TO_ENCODE(f, policy_part, &in);
	make(&m);
	m.party.clearance = 0;
	REFUSES_TO_ENCODE(f, policy_part, &in);
	make(&m);
	m.party.roles.n = 0;
	REFUSES_TO_ENCODE(f, policy_part, &in);
}

static void
test_policy_wire_source_ends_at_its_limit(void **state)
{
	struct wire_fixture *f = *state;
	char *text = calloc(1, CONSIGN_POLICY_SOURCE_MAX_BYTES + 1);
	struct policy_part in = {.source = slice_of(text, CONSIGN_POLICY_SOURCE_MAX_BYTES)}, *out;

	assert_non_null(text);
	memset(text, '#', CONSIGN_POLICY_SOURCE_MAX_BYTES + 1);
	ROUND_TRIP(f, policy_part, &in, &out);
	in.source.len++;
	REFUSES_TO_ENCODE(f, policy_part, &in);
	free(text);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, wire_fixture_setup, wire_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_policy_wire_study_part_keeps_parties_and_rules),
	    TEST(test_policy_wire_end_without_words_differs_from_no_end),
	    TEST(test_policy_wire_part_is_exactly_one_thing),
	    TEST(test_policy_wire_refuses_words_that_are_none),
	    TEST(test_policy_wire_source_ends_at_its_limit),
	};

	return cmocka_run_group_tests_name("policy wire", tests, NULL, NULL);
}
