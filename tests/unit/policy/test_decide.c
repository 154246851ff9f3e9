/* Verdicts by table: every code, the order in which they are given, labels, roles, organisations, globs. */
#include <time.h>

#include "build.h"

#define OPEN CONSIGN_LABEL_OPEN
#define RESTRICTED CONSIGN_LABEL_RESTRICTED
#define UNBLINDED CONSIGN_LABEL_UNBLINDED
#define PERMITTED CONSIGN_CODE_NONE

static const char *const journey =
    "studies:\n"
    "  - id: S1\n"
    "    title: first\n"
    "    parties:\n"
    "      - {org: acme, roles: [sponsor], clearance: restricted}\n"
    "      - {org: globalcro, roles: [cro, pv]}\n"
    "      - {org: biomake, roles: [cdmo], clearance: unblinded}\n"
    "      - {org: sitecare, roles: [smo]}\n"
    "      - {org: unblindlab, roles: [smo, lab], clearance: unblinded}\n"
    "  - id: S2\n"
    "    parties:\n"
    "      - {org: acme, roles: [sponsor]}\n"
    "      - {org: globalcro, roles: [sponsor]}\n"
    "      - {org: otherlab, roles: [lab]}\n"
    "rules:\n"
    "  - {id: data-up, permit: [trial.*, safety.*], from: {roles: [smo, cro]}, to: {roles: [sponsor, cro]}}\n"
    "  - {id: data-up-again, permit: [trial.*], from: {roles: [smo]}, to: {roles: [sponsor]}}\n"
    "  - {id: kits, permit: [material.shipment.*], from: {roles: [cdmo]}, to: {roles: [smo, sponsor]}, studies: [S1]}\n"
    "  - {id: no-secret-to-sites, forbid: ['*'], label: [unblinded], to: {roles: [smo, site]}}\n"
    "  - {id: no-queries-to-acme, forbid: [trial.query], from: {orgs: [sitecare]}, to: {orgs: [acme]}}\n"
    "  - {id: no-queries, forbid: [trial.q*], from: {orgs: [sitecare]}}\n"
    "  - {id: anyone-notes, permit: [x.note]}\n"
    "  - {id: middle, permit: [lab.*.final], to: {roles: [lab]}}\n"
    "  - {id: open-only, permit: [x.letter], label: [open, restricted]}\n"
    "  - {id: both, permit: [x.both], from: {orgs: [acme, globalcro], roles: [sponsor]}}\n"
    "  - {id: exact-late, permit: [trial.data.crf], from: {roles: [smo]}}\n"
    "  - {id: secret-kits, permit: [material.*], label: [unblinded], from: {roles: [cdmo]}}\n";

static const struct row {
	const char *name, *from, *to, *study, *type;
	enum consign_label label;
	enum consign_code code;
	const char *rule;
} rows[] = {
    {"study unknown", "acme", "globalcro", "S9", "trial.a", OPEN, CONSIGN_CODE_STUDY_UNKNOWN, ""},
    {"consignor no party: the same words", "otherlab", "globalcro", "S1", "trial.a", OPEN, CONSIGN_CODE_STUDY_UNKNOWN, ""},
    {"consignor nowhere", "nobody", "globalcro", "S1", "trial.a", OPEN, CONSIGN_CODE_STUDY_UNKNOWN, ""},
    {"both no party: still study unknown", "nobody", "noone", "S1", "trial.a", OPEN, CONSIGN_CODE_STUDY_UNKNOWN, ""},
    {"consignee no party", "acme", "otherlab", "S1", "x.note", OPEN, CONSIGN_CODE_NOT_A_PARTY, ""},
    {"consignee nowhere", "acme", "nobody", "S1", "x.note", OPEN, CONSIGN_CODE_NOT_A_PARTY, ""},
    {"names are compared whole", "acm", "globalcro", "S1", "x.note", OPEN, CONSIGN_CODE_STUDY_UNKNOWN, ""},
    {"clearance, one below", "sitecare", "globalcro", "S1", "trial.a", RESTRICTED, CONSIGN_CODE_CLEARANCE, ""},
    {"clearance, restricted is not unblinded", "sitecare", "acme", "S1", "trial.a", UNBLINDED, CONSIGN_CODE_CLEARANCE, ""},
    {"clearance comes before forbid", "biomake", "sitecare", "S1", "material.x", UNBLINDED, CONSIGN_CODE_CLEARANCE, ""},
    {"clearance is of the study", "globalcro", "acme", "S2", "x.note", RESTRICTED, CONSIGN_CODE_CLEARANCE, ""},
    {"label 0 is no label", "acme", "biomake", "S1", "x.note", (enum consign_label)0, CONSIGN_CODE_CLEARANCE, ""},
    {"label 4 is no label", "acme", "biomake", "S1", "x.note", (enum consign_label)4, CONSIGN_CODE_CLEARANCE, ""},
    {"permit by roles", "sitecare", "globalcro", "S1", "trial.a", OPEN, PERMITTED, "data-up"},
    {"permit up to the clearance", "globalcro", "acme", "S1", "trial.a", RESTRICTED, PERMITTED, "data-up"},
    {"first permit is named", "sitecare", "acme", "S1", "trial.a", OPEN, PERMITTED, "data-up"},
    {"first permit by order, whatever is more exact", "sitecare", "acme", "S1", "trial.data.crf", OPEN, PERMITTED, "data-up"},
    {"a later permit where the first does not reach", "sitecare", "biomake", "S1", "trial.data.crf", OPEN, PERMITTED,
	"exact-late"},
    {"glob spans dots", "biomake", "sitecare", "S1", "material.shipment.a.b", OPEN, PERMITTED, "kits"},
    {"glob needs its dot", "biomake", "sitecare", "S1", "material.shipment", OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"glob's prefix is no type", "sitecare", "globalcro", "S1", "trial", OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"rule has no way back", "globalcro", "sitecare", "S1", "trial.a", OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"a role is of the study", "globalcro", "acme", "S2", "trial.a", OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"second role counts", "acme", "unblindlab", "S1", "lab.x.final", OPEN, PERMITTED, "middle"},
    {"star in the middle, other end", "acme", "unblindlab", "S1", "lab.x.draft", OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"star in the middle, two parts", "acme", "otherlab", "S2", "lab.x.y.final", OPEN, PERMITTED, "middle"},
    {"star in the middle wants both dots", "acme", "otherlab", "S2", "lab.final", OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"forbid beats an earlier permit", "biomake", "unblindlab", "S1", "material.shipment.a", UNBLINDED,
	CONSIGN_CODE_POLICY_FORBIDDEN, "no-secret-to-sites"},
    {"forbid holds for its labels only", "biomake", "unblindlab", "S1", "material.shipment.a", RESTRICTED, PERMITTED, "kits"},
    {"first forbid is named", "sitecare", "acme", "S1", "trial.query", OPEN, CONSIGN_CODE_POLICY_FORBIDDEN, "no-queries-to-acme"},
    {"second forbid elsewhere", "sitecare", "globalcro", "S1", "trial.query", OPEN, CONSIGN_CODE_POLICY_FORBIDDEN, "no-queries"},
    {"prefix without a dot", "sitecare", "globalcro", "S1", "trial.qa", OPEN, CONSIGN_CODE_POLICY_FORBIDDEN, "no-queries"},
    {"prefix matches itself", "sitecare", "globalcro", "S1", "trial.q", OPEN, CONSIGN_CODE_POLICY_FORBIDDEN, "no-queries"},
    {"forbid also where nothing permits", "sitecare", "biomake", "S1", "trial.q", OPEN, CONSIGN_CODE_POLICY_FORBIDDEN,
	"no-queries"},
    {"no ends: any party", "sitecare", "biomake", "S1", "x.note", OPEN, PERMITTED, "anyone-notes"},
    {"no ends: any study", "otherlab", "acme", "S2", "x.note", OPEN, PERMITTED, "anyone-notes"},
    {"exact type only", "sitecare", "biomake", "S1", "x.notes", OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"exact type, nothing behind", "sitecare", "biomake", "S1", "x.note.a", OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"permit's labels, listed", "acme", "biomake", "S1", "x.letter", RESTRICTED, PERMITTED, "open-only"},
    {"permit's labels, not listed", "acme", "biomake", "S1", "x.letter", UNBLINDED, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"roles and orgs: both hold", "acme", "globalcro", "S1", "x.both", OPEN, PERMITTED, "both"},
    {"roles and orgs: the role fails", "globalcro", "acme", "S1", "x.both", OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"roles and orgs: both hold in the other study", "globalcro", "acme", "S2", "x.both", OPEN, PERMITTED, "both"},
    {"a rule's studies", "otherlab", "acme", "S2", "material.shipment.a", OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"to itself like to any party", "acme", "acme", "S1", "x.note", OPEN, PERMITTED, "anyone-notes"},
    {"empty type", "acme", "biomake", "S1", "", OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"everything empty", "", "", "", "", OPEN, CONSIGN_CODE_STUDY_UNKNOWN, ""},
};

static void
test_decide_gives_the_code_and_rule_of_every_row(void **state)
{
	(void)state;
	struct policy *policy = build_policy(journey);
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct policy_verdict v = ask(policy, r->from, r->to, r->study, r->type, r->label);
		if (v.code == r->code && strcmp(v.rule, r->rule) == 0)
			continue;
		wrong++;
		print_error("%s: found %s by '%s', expected %s by '%s'\n", r->name, consign_code_text(v.code), v.rule,
		    consign_code_text(r->code), r->rule);
	}
	policy_free(&policy);
	assert_int_equal(wrong, 0);
}

static void
test_decide_tells_the_clearance_of_parties_only(void **state)
{
	(void)state;
	struct policy *policy = build_policy(journey);
	assert_int_equal(ask(policy, "acme", "biomake", "S1", "x.note", OPEN).clearance, UNBLINDED);
	assert_int_equal(ask(policy, "biomake", "acme", "S1", "x.note", UNBLINDED).clearance, RESTRICTED);
	assert_int_equal(ask(policy, "biomake", "globalcro", "S1", "x.note", UNBLINDED).clearance, OPEN);
	/* An outsider does not learn it. */
	assert_int_equal(ask(policy, "otherlab", "biomake", "S1", "x.note", OPEN).clearance, OPEN);
	policy_free(&policy);
}

static void
test_decide_types_at_and_over_the_length_limit(void **state)
{
	(void)state;
	struct policy *policy = build_policy(journey);
	char type[CONSIGN_TYPE_MAX_BYTES + 2];
	memset(type, 'a', sizeof type);
	memcpy(type, "trial.", 6);
	type[CONSIGN_TYPE_MAX_BYTES] = '\0';
	assert_int_equal(ask(policy, "sitecare", "globalcro", "S1", type, OPEN).code, PERMITTED);
	type[CONSIGN_TYPE_MAX_BYTES] = 'a';
	type[CONSIGN_TYPE_MAX_BYTES + 1] = '\0';
	assert_int_equal(ask(policy, "sitecare", "globalcro", "S1", type, OPEN).code, PERMITTED);
	policy_free(&policy);
}

static void
test_decide_a_longest_type_matches_itself(void **state)
{
	(void)state;
	char type[CONSIGN_TYPE_MAX_BYTES + 1], yaml[512];
	memset(type, 'a', sizeof type - 1);
	type[CONSIGN_TYPE_MAX_BYTES] = '\0';
	(void)snprintf(yaml, sizeof yaml,
	    "studies: [{id: S, parties: [{org: aa, roles: [cro]}, {org: bb, roles: [cro]}]}]\nrules: [{id: r, permit: [%s]}]\n",
	    type);
	struct policy *policy = build_policy(yaml);
	assert_int_equal(ask(policy, "aa", "bb", "S", type, OPEN).code, PERMITTED);
	type[CONSIGN_TYPE_MAX_BYTES - 1] = '\0';
	assert_int_equal(ask(policy, "aa", "bb", "S", type, OPEN).code, CONSIGN_CODE_POLICY_NO_RULE);
	policy_free(&policy);
}

static void
test_decide_clearance_and_parties_are_told(void **state)
{
	(void)state;
	struct policy *policy = build_policy(journey);
	enum consign_label clearance = UNBLINDED;
	assert_true(policy_clearance(policy, "S1", "sitecare", &clearance));
	assert_int_equal(clearance, OPEN);
	assert_true(policy_clearance(policy, "S1", "biomake", &clearance));
	assert_int_equal(clearance, UNBLINDED);
	clearance = RESTRICTED;
	assert_false(policy_clearance(policy, "S2", "biomake", &clearance));
	assert_false(policy_clearance(policy, "S9", "acme", &clearance));
	assert_int_equal(clearance, RESTRICTED);
	assert_true(policy_is_party(policy, "S2", "otherlab"));
	assert_false(policy_is_party(policy, "S1", "otherlab"));
	assert_false(policy_is_party(policy, "S1", "nobody"));
	assert_false(policy_is_party(policy, "S9", "acme"));
	policy_free(&policy);
}

static void
test_decide_share_study_is_of_two_parties_to_one_study(void **state)
{
	(void)state;
	struct policy *policy = build_policy(journey);
	assert_true(policy_share_study(policy, "acme", "globalcro"));
	assert_true(policy_share_study(policy, "globalcro", "otherlab"));
	assert_true(policy_share_study(policy, "otherlab", "acme"));
	assert_false(policy_share_study(policy, "biomake", "otherlab"));
	assert_false(policy_share_study(policy, "otherlab", "sitecare"));
	assert_false(policy_share_study(policy, "nobody", "acme"));
	assert_false(policy_share_study(policy, "acme", "nobody"));
	assert_true(policy_share_study(policy, "acme", "acme"));
	policy_free(&policy);
}

/* Rules over roles, over organisations, with labels and several globs; none of them matches what is asked. */
static struct policy *
build_large(struct arena *arena, uint32_t rule_n)
{
	struct policy_study study = {.id = {"S1"}};
	struct policy_common common = {0};
	struct policy_part common_part = {.common = &common}, study_part = {.study = &study};
	struct policy_part *parts[] = {&common_part, &study_part};
	struct policy_party parties[20] = {0};
	struct policy_party *party_list[20];
	uint32_t role[20];
	for (uint32_t i = 0; i < 20; i++) {
		(void)snprintf(parties[i].org.s, sizeof parties[i].org.s, "org-%u", i);
		role[i] = 1 + i % 4;
		parties[i].roles.v = &role[i];
		parties[i].roles.n = 1;
		parties[i].clearance = CONSIGN_LABEL_OPEN;
		party_list[i] = &parties[i];
	}
	study.parties.v = party_list;
	study.parties.n = 20;
	common.rules.v = arena_alloc(arena, rule_n * sizeof(struct policy_rule *));
	study.rules.v = arena_alloc(arena, rule_n * sizeof(struct policy_rule *));
	for (uint32_t i = 0; i < rule_n; i++) {
		struct policy_rule *rule = arena_alloc(arena, sizeof *rule);
		struct policy_end *end = arena_alloc(arena, sizeof *end);
		rule->types.v = arena_alloc(arena, sizeof *rule->types.v);
		rule->types.n = 1;
		(void)snprintf(rule->id.s, sizeof rule->id.s, "rule-%u", i);
		(void)snprintf(rule->types.v[0].s, sizeof rule->types.v[0].s, i % 2 ? "area%u.*" : "area%u.part.exact", i);
		rule->order = i + 1;
		rule->effect = i % 5 == 0 ? POLICY_FORBID : POLICY_PERMIT;
		rule->from = end;
		if (i % 3 == 0) {
			end->orgs.v = &parties[i % 20].org;
			end->orgs.n = 1;
			study.rules.v[study.rules.n++] = rule;
		} else {
			end->roles.v = &role[i % 20];
			end->roles.n = 1;
			common.rules.v[common.rules.n++] = rule;
		}
	}
	struct policy *policy = NULL;
	assert_int_equal(policy_compile(parts, 2, &policy), CONSIGN_OK);
	return policy;
}

/* Processor time of a batch of decisions: the least of several tries, as others use the machine too. */
static uint64_t
decide_cost_ns(const struct policy *policy)
{
	uint64_t least = UINT64_MAX;
	for (int round = 0; round < 15; round++) {
		struct timespec a, b;
		size_t permitted = 0;
		(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
		for (uint32_t i = 0; i < 2000; i++) {
			const char *type = i % 2 ? "area7.some.message" : "nowhere.to.be.found";
			permitted += ask(policy, i % 3 ? "org-1" : "org-3", "org-2", "S1", type, OPEN).code == PERMITTED;
		}
		(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
		assert_true(permitted > 0);
		uint64_t cost = (uint64_t)(b.tv_sec - a.tv_sec) * 1000000000u + (uint64_t)b.tv_nsec - (uint64_t)a.tv_nsec;
		least = cost < least ? cost : least;
	}
	return least;
}

static void
test_decide_costs_nothing_like_a_hundred_times_as_much_with_a_hundred_times_the_rules(void **state)
{
	(void)state;
	struct arena *arena = build_arena();
	struct policy *small = build_large(arena, 100), *large = build_large(arena, 10000);
	uint64_t small_ns = decide_cost_ns(small), large_ns = decide_cost_ns(large);
	print_message("a decision: %lu ns with 100 rules, %lu ns with 10,000\n", (unsigned long)(small_ns / 2000),
	    (unsigned long)(large_ns / 2000));
	policy_free(&small);
	policy_free(&large);
	arena_free(&arena);
	assert_true(large_ns < small_ns * 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decide_gives_the_code_and_rule_of_every_row),
	    cmocka_unit_test(test_decide_tells_the_clearance_of_parties_only),
	    cmocka_unit_test(test_decide_types_at_and_over_the_length_limit),
	    cmocka_unit_test(test_decide_a_longest_type_matches_itself),
	    cmocka_unit_test(test_decide_clearance_and_parties_are_told),
	    cmocka_unit_test(test_decide_share_study_is_of_two_parties_to_one_study),
	    cmocka_unit_test(test_decide_costs_nothing_like_a_hundred_times_as_much_with_a_hundred_times_the_rules),
	};
	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
