/* What doctor is told: each gap between a profile and the policy, with its reason, and how much was compared. */
#include "build.h"

#include "policy/profile.h"

#define GAPS_MAX 16

static const struct profile_type types[] = {
    {"batch.release", CONSIGN_LABEL_RESTRICTED},
    {"lab.result", CONSIGN_LABEL_OPEN},
    {"quality.coa", CONSIGN_LABEL_RESTRICTED},
    {"quality.deviation", CONSIGN_LABEL_OPEN},
    {"trial.query", CONSIGN_LABEL_OPEN},
};

struct told {
	char text[GAPS_MAX][320];
	size_t n;
	struct profile_sum sum;
};

/* One line a gap, so that a whole answer is compared at once. */
static void
hear(void *context, const struct profile_gap *gap)
{
	static const char *const kinds[] = {"", "role", "send", "receive"};
	struct told *told = context;
	assert_true(told->n < GAPS_MAX);
	char *line = told->text[told->n++];
	size_t size = sizeof told->text[0];
	if (gap->kind == PROFILE_GAP_ROLE) {
		snprintf(line, size, "role %s: %s as %s", gap->study->id.s, gap->own->org.s, policy_role_text(gap->own->roles.v[0]));
		return;
	}
	int at = snprintf(line, size, "%s %s: %s %s", kinds[gap->kind], gap->study->id.s, policy_role_text(gap->role),
	    gap->partner->org.s);
	for (size_t i = 0; i < gap->n_types; i++)
		at += snprintf(line + at, size - (size_t)at, " %s", gap->types[i]);
	snprintf(line + at, size - (size_t)at, ": %s %s%s", consign_code_text(gap->code), gap->rule,
	    gap->label == CONSIGN_LABEL_RESTRICTED ? "restricted" : "open");
}

static struct told
compare(const char *profile_yaml, const char *policy_yaml)
{
	struct arena *arena = build_arena();
	struct policy_file_parts parts = build_parts(arena, policy_yaml);
	struct policy_study *studies[8];
	struct policy_file_error error = {0};
	struct policy *policy = NULL;
	struct profile *profile = NULL;
	struct told told = {0};
	size_t n = 0;
	enum consign_err err = profile_read(slice_text(profile_yaml), arena, &profile, &error);
	if (err == CONSIGN_E_CONFIG)
		print_error("%zu:%zu: %s\n", error.line, error.column, error.text);
	assert_int_equal(err, CONSIGN_OK);
	assert_int_equal(policy_compile(parts.parts.v, parts.parts.n, &policy), CONSIGN_OK);
	for (size_t i = 0; i < parts.parts.n; i++)
		if (parts.parts.v[i]->study != NULL)
			studies[n++] = parts.parts.v[i]->study;
	struct profile_question q = {.profile = profile,
	    .org = "bio",
	    .policy = policy,
	    .studies = studies,
	    .n_studies = n,
	    .types = types,
	    .n_types = sizeof types / sizeof *types};
	assert_int_equal(profile_compare(&q, hear, &told, &told.sum), CONSIGN_OK);
	policy_free(&policy);
	arena_free(&arena);
	return told;
}

#define PROFILE                                                                                                                  \
	"role: cdmo\n"                                                                                                           \
	"title: Maker\n"                                                                                                         \
	"sends:\n"                                                                                                               \
	"  - {type: quality.coa, to: [sponsor, cmo]}\n"                                                                          \
	"  - {type: quality.deviation, to: [sponsor]}\n"                                                                         \
	"receives:\n"                                                                                                            \
	"  - {type: batch.release, from: [sponsor]}\n"

#define PARTIES                                                                                                                  \
	"studies:\n"                                                                                                             \
	"  - id: S1\n"                                                                                                           \
	"    parties:\n"                                                                                                         \
	"      - {org: acme, roles: [sponsor], clearance: restricted}\n"                                                         \
	"      - {org: bio, roles: [cdmo], clearance: restricted}\n"                                                             \
	"      - {org: site-x, roles: [smo]}\n"

static void
assert_sum(const struct told *told, size_t studies, size_t permitted, size_t missing, size_t unknown)
{
	assert_int_equal(told->sum.studies, studies);
	assert_int_equal(told->sum.permitted, permitted);
	assert_int_equal(told->sum.missing, missing);
	assert_int_equal(told->sum.unknown, unknown);
}

static void
test_profile_compare_says_nothing_when_all_is_permitted(void **state)
{
	(void)state;
	struct told told = compare(PROFILE, PARTIES "rules:\n"
						    "  - {id: up, permit: [quality.*], from: {roles: [cdmo]}, to: {roles: [sponsor]}}\n"
						    "  - {id: down, permit: [batch.*], from: {roles: [sponsor]}, to: {roles: [cdmo]}}\n");
	assert_int_equal(told.n, 0);
	assert_sum(&told, 1, 3, 0, 0);
}

static void
test_profile_compare_names_what_no_rule_permits_either_way(void **state)
{
	(void)state;
	struct told told = compare(
	    PROFILE, PARTIES "rules:\n"
			     "  - {id: up, permit: [quality.coa], from: {roles: [cdmo]}, to: {roles: [sponsor]}}\n");
	assert_int_equal(told.n, 2);
	assert_string_equal(told.text[0], "send S1: sponsor acme quality.deviation: POLICY_NO_RULE open");
	assert_string_equal(told.text[1], "receive S1: sponsor acme batch.release: POLICY_NO_RULE restricted");
	assert_sum(&told, 1, 1, 2, 0);
}

static void
test_profile_compare_puts_types_of_one_reason_together(void **state)
{
	(void)state;
	struct told told = compare(PROFILE, PARTIES "rules: []\n");
	assert_int_equal(told.n, 2);
	assert_string_equal(told.text[0], "send S1: sponsor acme quality.coa quality.deviation: POLICY_NO_RULE restricted");
	assert_string_equal(told.text[1], "receive S1: sponsor acme batch.release: POLICY_NO_RULE restricted");
}

static void
test_profile_compare_keeps_reasons_apart(void **state)
{
	(void)state;
	struct told told =
	    compare(PROFILE, "studies:\n"
			     "  - id: S1\n"
			     "    parties:\n"
			     "      - {org: acme, roles: [sponsor], clearance: open}\n"
			     "      - {org: bio, roles: [cdmo], clearance: open}\n"
			     "rules:\n"
			     "  - {id: all, permit: ['*']}\n"
			     "  - {id: no-deviations, forbid: [quality.deviation]}\n");
	assert_int_equal(told.n, 3);
	assert_string_equal(told.text[0], "send S1: sponsor acme quality.coa: CLEARANCE restricted");
	assert_string_equal(told.text[1], "send S1: sponsor acme quality.deviation: POLICY_FORBIDDEN no-deviationsopen");
	assert_string_equal(told.text[2], "receive S1: sponsor acme batch.release: CLEARANCE restricted");
	assert_sum(&told, 1, 0, 3, 0);
}

static void
test_profile_compare_asks_every_study_and_party_and_no_others(void **state)
{
	(void)state;
	struct told told = compare(PROFILE, PARTIES "  - id: S2\n"
						    "    parties:\n"
						    "      - {org: zeta, roles: [lab, cmo], clearance: unblinded}\n"
						    "      - {org: bio, roles: [cdmo], clearance: unblinded}\n"
						    "  - id: S3\n"
						    "    parties:\n"
						    "      - {org: acme, roles: [sponsor]}\n"
						    "      - {org: zeta, roles: [cmo]}\n"
						    "rules:\n"
						    "  - {id: up, permit: ['*'], studies: [S1]}\n");
	assert_int_equal(told.n, 1);
	assert_string_equal(told.text[0], "send S2: cmo zeta quality.coa: POLICY_NO_RULE restricted");
	assert_sum(&told, 2, 3, 1, 0);
}

static void
test_profile_compare_says_where_the_role_is_another(void **state)
{
	(void)state;
	struct told told = compare(PROFILE, "studies:\n"
					    "  - id: S1\n"
					    "    parties:\n"
					    "      - {org: acme, roles: [sponsor]}\n"
					    "      - {org: bio, roles: [lab]}\n"
					    "rules: []\n");
	assert_int_equal(told.n, 1);
	assert_string_equal(told.text[0], "role S1: bio as lab");
	assert_sum(&told, 0, 0, 0, 0);
}

static void
test_profile_compare_takes_a_glob_for_the_types_it_matches_and_each_once(void **state)
{
	(void)state;
	struct told told = compare("role: cdmo\n"
				   "title: Maker\n"
				   "sends:\n"
				   "  - {type: quality.coa, to: [sponsor]}\n"
				   "  - {type: quality.*, to: [sponsor]}\n"
				   "  - {type: '*.query', to: [smo]}\n"
				   "  - {type: x.lot.*, to: [sponsor]}\n"
				   "  - {type: x.note, to: [sponsor]}\n",
	    PARTIES "rules:\n"
		    "  - {id: some, permit: [x.lot.*]}\n");
	assert_int_equal(told.n, 2);
	assert_string_equal(told.text[0], "send S1: sponsor acme quality.coa quality.deviation x.note: POLICY_NO_RULE restricted");
	assert_string_equal(told.text[1], "send S1: smo site-x trial.query: POLICY_NO_RULE open");
	assert_sum(&told, 1, 1, 4, 0);
}

static void
test_profile_compare_counts_what_this_version_does_not_know(void **state)
{
	(void)state;
	struct told told = compare("role: cdmo\n"
				   "title: Maker\n"
				   "sends:\n"
				   "  - {type: quality.capa, to: [sponsor]}\n"
				   "  - {type: regulatory.*, to: [sponsor]}\n"
				   "receives:\n"
				   "  - {type: material.order, from: [sponsor]}\n",
	    PARTIES "rules: []\n");
	assert_int_equal(told.n, 0);
	assert_sum(&told, 1, 0, 0, 3);
}

static void
test_profile_compare_cuts_a_sample_that_would_be_too_long(void **state)
{
	struct buf yaml = {0};
	(void)state;
	assert_int_equal(buf_append(&yaml, slice_text("role: cdmo\ntitle: Maker\nsends:\n  - {type: x.")), CONSIGN_OK);
	while (yaml.len < 40 + CONSIGN_TYPE_MAX_BYTES - 3)
		assert_int_equal(buf_append_u8(&yaml, 'a'), CONSIGN_OK);
	assert_int_equal(buf_append(&yaml, slice_of("*, to: [sponsor]}\n", 19)), CONSIGN_OK);
	struct told told = compare((const char *)yaml.data, PARTIES "rules:\n  - {id: all, permit: ['x.a*']}\n");
	assert_int_equal(told.n, 0);
	assert_sum(&told, 1, 1, 0, 0);
	buf_clear(&yaml);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_profile_compare_says_nothing_when_all_is_permitted),
	    cmocka_unit_test(test_profile_compare_names_what_no_rule_permits_either_way),
	    cmocka_unit_test(test_profile_compare_puts_types_of_one_reason_together),
	    cmocka_unit_test(test_profile_compare_keeps_reasons_apart),
	    cmocka_unit_test(test_profile_compare_asks_every_study_and_party_and_no_others),
	    cmocka_unit_test(test_profile_compare_says_where_the_role_is_another),
	    cmocka_unit_test(test_profile_compare_takes_a_glob_for_the_types_it_matches_and_each_once),
	    cmocka_unit_test(test_profile_compare_counts_what_this_version_does_not_know),
	    cmocka_unit_test(test_profile_compare_cuts_a_sample_that_would_be_too_long),
	};
	return cmocka_run_group_tests_name("profile_compare", tests, NULL, NULL);
}
