/* Tests of cli/policy_proof.c: the tree comes to what the engine says, and shows what it rests on. */
#include "policies.h"

#include "policy_proof.h"

static const char text[] = "studies:\n"
			   "  - id: S-1\n"
			   "    parties:\n"
			   "      - {org: acme, roles: [sponsor], clearance: restricted}\n"
			   "      - {org: biomake, roles: [cdmo, cmo], clearance: unblinded}\n"
			   "      - {org: sitecare, roles: [smo]}\n"
			   "  - id: S-2\n"
			   "    parties:\n"
			   "      - {org: acme, roles: [cro]}\n"
			   "      - {org: sitecare, roles: [site]}\n"
			   "rules:\n"
			   "  # goes with no rule\n"
			   "  - id: up\n"
			   "    permit: [x.*]   # everything\n"
			   "    from: {roles: [smo, cdmo]}\n"
			   "    to: {roles: [sponsor]}\n"
			   "\n"
			   "  - {id: named, permit: [x.a, x.b.*], from: {orgs: [acme]}, to: {orgs: [sitecare, biomake]}, studies: [S-1]}\n"
			   "  - id: no-lots\n"
			   "    forbid: [x.lot, \"*.secret\"]\n"
			   "    to: {roles: [smo, sponsor]}\n"
			   "    label: [open]\n"
			   "  - {id: timed, permit: [y.*], since: 2026-11-01, until: 2026-12-01, max-size: 1KiB}\n"
			   "  - {id: not-now, forbid: [y.secret], to: {roles: [sponsor]}, since: 2026-11-01, until: 2026-12-01}\n"
			   "  - {id: back, permit: [x.b.c], from: {roles: [sponsor, cro]}}\n";

#define SINCE_US (1793491200ull * 1000000) /* 2026-11-01 */
#define UNTIL_US (1796083200ull * 1000000) /* 2026-12-01 */

static const struct proof_members unknown;

static void
make(const struct read_policy *p, const char *from, const char *to, const char *study, const char *type, enum consign_label label,
    struct policy_proof *ret_proof)
{
	struct policy_question q = {.consignor = from, .consignee = to, .study = study, .type = type, .label = label};

	proof_make(&p->view, &q, &unknown, ret_proof);
}

/* Over every question of this policy, and some about what is not there. */
static void
test_policy_proof_comes_to_the_verdict_of_the_engine(void **state)
{
	static const char *const orgs[] = {"acme", "biomake", "sitecare", "nobody"};
	static const char *const studies[] = {"S-1", "S-2", "S-3"};
	static const char *const types[] = {"x.a", "x.b.c", "x.lot", "x.secret", "y.secret", "y.a", "x"};
	struct read_policy p;
	size_t permitted = 0, forbidden = 0;

	(void)state;
	policy_of(text, &p);
	for (size_t i = 0; i < 4 * 4 * 3 * 7 * 3 * 5; i++) {
		/* Unknown; before, at the first and the last moment, and after `timed` holds. */
		static const uint64_t times[] = {0, SINCE_US - 1, SINCE_US, UNTIL_US - 1, UNTIL_US};
		struct policy_question q = {.consignor = orgs[i % 4],
		    .consignee = orgs[i / 4 % 4],
		    .study = studies[i / 16 % 3],
		    .type = types[i / 48 % 7],
		    .label = (enum consign_label)(CONSIGN_LABEL_OPEN + i / 336 % 3),
		    .at_us = times[i / 1008],
		    .bytes = i % 11 == 0 ? 2000 : i % 11};
		struct policy_verdict v;
		struct policy_proof proof;

		policy_decide(p.policy, &q, &v);
		proof_make(&p.view, &q, &unknown, &proof);
		if (proof.code != v.code || strcmp(proof.rule, v.rule) != 0)
			fail_msg("%s to %s in %s, %s label %d at %llu: the engine %s by '%s', the tree %s by '%s'", q.consignor, q.consignee,
			    q.study, q.type, (int)q.label, (unsigned long long)q.at_us, consign_code_text(v.code), v.rule, consign_code_text(proof.code), proof.rule);
		permitted += v.code == CONSIGN_CODE_NONE;
		forbidden += v.code == CONSIGN_CODE_POLICY_FORBIDDEN;
	}
	assert_true(permitted > 10);
	assert_true(forbidden > 3);
	policy_end(&p);
}

static void
test_policy_proof_stops_at_the_step_that_fails(void **state)
{
	struct read_policy p;
	struct policy_proof proof;

	(void)state;
	policy_of(text, &p);
	make(&p, "nobody", "acme", "S-1", "x.a", CONSIGN_LABEL_OPEN, &proof);
	assert_int_equal(proof.steps[STEP_CONSIGNOR].mark, PROOF_FAILS);
	assert_int_equal(proof.steps[STEP_CONSIGNEE].mark, PROOF_OPEN);
	make(&p, "acme", "sitecare", "S-1", "x.a", CONSIGN_LABEL_RESTRICTED, &proof);
	assert_int_equal(proof.steps[STEP_CONSIGNEE].mark, PROOF_HOLDS);
	assert_int_equal(proof.steps[STEP_CLEARANCE].mark, PROOF_FAILS);
	assert_int_equal(proof.steps[STEP_FORBIDS].mark, PROOF_OPEN);
	make(&p, "biomake", "acme", "S-1", "x.lot", CONSIGN_LABEL_OPEN, &proof);
	assert_int_equal(proof.steps[STEP_FORBIDS].mark, PROOF_FAILS);
	assert_int_equal(proof.steps[STEP_PERMITS].mark, PROOF_OPEN);
	make(&p, "biomake", "acme", "S-1", "x.lot", CONSIGN_LABEL_RESTRICTED, &proof);
	assert_int_equal(proof.steps[STEP_FORBIDS].mark, PROOF_HOLDS);
	assert_int_equal(proof.forbids.n, 1);
	assert_false(proof.forbids.v[0].fits_label);
	assert_true(proof.forbids.v[0].fits_to);
	assert_int_equal(proof.steps[STEP_PERMITS].mark, PROOF_HOLDS);
	policy_end(&p);
}

static void
test_policy_proof_shows_what_matches_first_and_counts_the_rest(void **state)
{
	struct read_policy p;
	struct policy_proof proof;

	(void)state;
	policy_of(text, &p);
	make(&p, "acme", "sitecare", "S-1", "x.b.c", CONSIGN_LABEL_OPEN, &proof);
	assert_int_equal(proof.permits.n_matching, 2);
	assert_int_equal(proof.permits.n, 3);
	assert_string_equal(proof.permits.v[0].rule->id.s, "named");
	assert_string_equal(proof.permits.v[1].rule->id.s, "back");
	assert_string_equal(proof.permits.v[2].rule->id.s, "up");
	assert_false(proof.permits.v[2].fits_from);
	assert_string_equal(proof.rule, "named");
	assert_int_equal(proof.forbids.n_others, 2);
	policy_end(&p);
}

static void
test_policy_proof_says_what_the_directory_says(void **state)
{
	struct read_policy p;
	struct policy_proof proof;
	struct member active = {.status = MEMBER_ACTIVE}, suspended = {.status = MEMBER_SUSPENDED};
	struct policy_question q = {
	    .consignor = "biomake", .consignee = "acme", .study = "S-1", .type = "x.a", .label = CONSIGN_LABEL_OPEN};

	(void)state;
	policy_of(text, &p);
	proof_make(&p.view, &q, &(struct proof_members){true, &active, &active}, &proof);
	assert_int_equal(proof.steps[STEP_MEMBERS].mark, PROOF_HOLDS);
	proof_make(&p.view, &q, &(struct proof_members){true, &active, &suspended}, &proof);
	assert_int_equal(proof.steps[STEP_MEMBERS].mark, PROOF_FAILS);
	assert_string_equal(proof.steps[STEP_MEMBERS].words, "biomake is active, acme is suspended");
	proof_make(&p.view, &q, &(struct proof_members){true, NULL, &active}, &proof);
	assert_int_equal(proof.steps[STEP_MEMBERS].mark, PROOF_FAILS);
	proof_make(&p.view, &q, &unknown, &proof);
	assert_int_equal(proof.steps[STEP_MEMBERS].mark, PROOF_OPEN);
	assert_int_equal(proof_member_code(&suspended), CONSIGN_CODE_ORG_SUSPENDED);
	assert_int_equal(proof_member_code(NULL), CONSIGN_CODE_ORG_UNKNOWN);
	policy_end(&p);
}

static void
check_text(const struct read_policy *p, const struct proof_rule *rule, const char *expected)
{
	struct buf out = {0};

	assert_int_equal(proof_rule_text(&p->view, rule, &out), CONSIGN_OK);
	if (!slice_equal(buf_slice(&out), slice_text(expected)))
		fail_msg("expected\n%s\ngot\n%.*s", expected, (int)out.len, (const char *)out.data);
	buf_clear(&out);
}

static void
test_policy_proof_gives_a_rule_as_it_was_written(void **state)
{
	struct read_policy p;
	struct policy_proof proof;

	(void)state;
	policy_of(text, &p);
	make(&p, "biomake", "acme", "S-1", "x.a", CONSIGN_LABEL_OPEN, &proof);
	check_text(&p, &proof.permits.v[0],
	    "  - id: up\n    permit: [x.*]   # everything\n    from: {roles: [smo, cdmo]}\n    to: {roles: [sponsor]}\n");
	make(&p, "acme", "sitecare", "S-1", "x.a", CONSIGN_LABEL_OPEN, &proof);
	check_text(&p, &proof.permits.v[0],
	    "  - {id: named, permit: [x.a, x.b.*], from: {orgs: [acme]}, to: {orgs: [sitecare, biomake]}, studies: [S-1]}\n");
	/* A company has no source: the rule in the same language. */
	p.view.source = (struct consign_slice){0};
	check_text(&p, &proof.permits.v[0],
	    "  - id: named\n    permit: [\"x.a\", \"x.b.*\"]\n    from: {orgs: [acme]}\n    to: {orgs: [sitecare, biomake]}\n"
	    "    studies: [S-1]\n");
	policy_end(&p);
}

static void
test_policy_proof_format_is_a_tree_and_json_has_the_same(void **state)
{
	struct read_policy p;
	struct policy_proof proof;
	struct buf out = {0};

	(void)state;
	policy_of(text, &p);
	make(&p, "biomake", "acme", "S-1", "x.lot", CONSIGN_LABEL_OPEN, &proof);
	assert_int_equal(proof_format(&p.view, &proof, &out), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&out, '\0'), CONSIGN_OK);
	const char *words = (const char *)out.data;

	assert_non_null(strstr(words, "  ✓ 1 study and consignor: biomake is a party to S-1: cdmo, cmo\n"));
	assert_non_null(strstr(words, "  ✓ 3 clearance and label: acme may receive up to restricted in S-1, and the message is open\n"));
	assert_non_null(strstr(words, "  ✗ 4 forbids: rule no-lots forbids it\n      ✗ no-lots: matches\n            - id: no-lots\n"));
	assert_non_null(strstr(words, "  · 5 permits: not asked\n"));
	json_t *json = proof_json(&p.view, &proof);

	assert_int_equal(json_array_size(json), PROOF_STEPS);
	json_t *forbids = json_array_get(json, STEP_FORBIDS), *rule = json_array_get(json_object_get(forbids, "rules"), 0);

	assert_true(json_is_false(json_object_get(forbids, "holds")));
	assert_true(json_is_true(json_object_get(rule, "matches")));
	assert_non_null(strstr(json_string_value(json_object_get(rule, "text")), "forbid: [x.lot"));
	assert_true(json_is_null(json_object_get(json_array_get(json, STEP_PERMITS), "holds")));
	json_decref(json);
	buf_clear(&out);
	policy_end(&p);
}

/* More rules than are shown: those that match stand there all the same. */
static void
test_policy_proof_keeps_the_matching_rule_among_many(void **state)
{
	struct buf yaml = {0};
	struct read_policy p;
	struct policy_proof proof;

	(void)state;
	assert_int_equal(buf_printf(&yaml, "studies:\n  - id: S-1\n    parties:\n      - {org: acme, roles: [sponsor]}\n"
					   "      - {org: bb, roles: [cro]}\nrules:\n"),
	    CONSIGN_OK);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(buf_printf(&yaml, "  - {id: r%u, permit: [x.*], from: {roles: [%s]}}\n", i, i < 190 ? "cro" : "sponsor"), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&yaml, '\0'), CONSIGN_OK);
	policy_of((const char *)yaml.data, &p);
	make(&p, "acme", "bb", "S-1", "x.a", CONSIGN_LABEL_OPEN, &proof);
	assert_int_equal(proof.permits.n, PROOF_RULES_MAX);
	assert_int_equal(proof.permits.n_more, 200 - PROOF_RULES_MAX);
	assert_int_equal(proof.permits.n_matching, 10);
	assert_string_equal(proof.rule, "r190");
	assert_string_equal(proof.permits.v[9].rule->id.s, "r199");
	assert_string_equal(proof.permits.v[10].rule->id.s, "r0");
	policy_end(&p);
	buf_clear(&yaml);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_proof_comes_to_the_verdict_of_the_engine),
	    cmocka_unit_test(test_policy_proof_stops_at_the_step_that_fails),
	    cmocka_unit_test(test_policy_proof_shows_what_matches_first_and_counts_the_rest),
	    cmocka_unit_test(test_policy_proof_says_what_the_directory_says),
	    cmocka_unit_test(test_policy_proof_gives_a_rule_as_it_was_written),
	    cmocka_unit_test(test_policy_proof_format_is_a_tree_and_json_has_the_same),
	    cmocka_unit_test(test_policy_proof_keeps_the_matching_rule_among_many),
	};

	return cmocka_run_group_tests_name("policy_proof", tests, NULL, NULL);
}
