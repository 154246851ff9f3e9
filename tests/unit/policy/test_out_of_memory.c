/* lib/policy whichever allocation fails: NO_MEMORY each time, from the text of a policy to a verdict, and profiles. */
#include "build.h"
#include "failing.h"
#include "policy/policy_changes.h"
#include "policy/policy_edit.h"
#include "policy/profile.h"
#include "policy/table.h"

#define YAML                                                                                                                     \
	"version: 1\n"                                                                                                           \
	"studies:\n"                                                                                                             \
	"  - id: S1\n"                                                                                                           \
	"    title: First\n"                                                                                                     \
	"    parties:\n"                                                                                                         \
	"      - {org: acme, roles: [sponsor, cro], clearance: unblinded}\n"                                                     \
	"      - {org: bio, roles: [cdmo], clearance: restricted}\n"                                                             \
	"  - id: S2\n"                                                                                                           \
	"    parties:\n"                                                                                                         \
	"      - {org: acme, roles: [sponsor]}\n"                                                                                \
	"      - {org: cora, roles: [site]}\n"                                                                                   \
	"groups: {orgs: {makers: [bio, idle]}, types: {lab: ['lab.*', x.note]}}\n"                                              \
	"rules:\n"                                                                                                               \
	"  - {id: own, permit: ['@lab'], from: {roles: [sponsor]}, to: {orgs: ['@makers']}, studies: [S1], label: [open]}\n"     \
	"  - {id: never, forbid: [x.secret], from: {roles: [sponsor]}, to: {orgs: [cora]}}\n"                                    \
	"  - {id: all, permit: ['x.*', quality.coa]}\n"                                                                          \
	"  - {id: odd, permit: ['y.*.z'], until: 2100-01-01}\n"

static const char profile_yaml[] = "role: cdmo\n"
				   "title: Maker\n"
				   "sends:\n"
				   "  - {type: quality.coa, to: [sponsor, cmo]}\n"
				   "  - {type: 'lab.*', to: [sponsor]}\n"
				   "receives:\n"
				   "  - {type: x.note, from: [sponsor]}\n";

static void
test_out_of_memory_reads_no_policy(void **state)
{
	struct arena *arena = build_arena();
	struct policy_file_error error;
	const char *text = *state;

	for (size_t nth = 1;; nth++) {
		struct policy_file_parts parts = {0};

		arena_reset(arena);
		failing_alloc(nth);
		enum consign_err err = policy_file_parse(slice_text(text), NULL, NULL, arena, &parts, &error);

		if (!failing_end()) {
			if (err == CONSIGN_E_CONFIG)
				print_error("%zu:%zu: %s\n", error.line, error.column, error.text);
			assert_int_equal(err, CONSIGN_OK);
			assert_int_equal(parts.parts.n, 3);
			assert_true(nth > 50);
			break;
		}
		assert_int_equal(err, CONSIGN_E_NO_MEMORY);
		assert_int_equal(parts.parts.n, 0);
	}
	arena_free(&arena);
}

static void
test_out_of_memory_compiles_no_policy(void **state)
{
	struct arena *arena = build_arena();
	struct policy_file_parts parts = build_parts(arena, *state);

	for (size_t nth = 1;; nth++) {
		struct policy *policy = NULL;

		failing_alloc(nth);
		enum consign_err err = policy_compile(parts.parts.v, parts.parts.n, &policy);

		if (!failing_end()) {
			assert_int_equal(err, CONSIGN_OK);
			assert_int_equal(ask(policy, "acme", "bio", "S1", "x.note", CONSIGN_LABEL_OPEN).code, CONSIGN_CODE_NONE);
			assert_int_equal(ask(policy, "acme", "cora", "S2", "x.secret", CONSIGN_LABEL_OPEN).code,
			    CONSIGN_CODE_POLICY_FORBIDDEN);
			policy_free(&policy);
			assert_true(nth > 15);
			break;
		}
		assert_int_equal(err, CONSIGN_E_NO_MEMORY);
		assert_null(policy);
	}
	arena_free(&arena);
}

/* A decision asks for no memory, whichever way it goes: the first time it did would be noticed. */
static void
test_out_of_memory_makes_no_difference_to_decisions(void **state)
{
	static const struct {
		const char *from, *to, *study, *type;
		enum consign_label label;
		enum consign_code code;
	} rows[] = {
	    {"acme", "bio", "S1", "lab.result", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE},
	    {"acme", "bio", "S1", "x.note", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE},
	    {"acme", "cora", "S2", "x.secret", CONSIGN_LABEL_OPEN, CONSIGN_CODE_POLICY_FORBIDDEN},
	    {"acme", "cora", "S2", "y.a.long.way.to.z", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE},
	    {"acme", "cora", "S2", "y.a.z.b", CONSIGN_LABEL_OPEN, CONSIGN_CODE_POLICY_NO_RULE},
	    {"acme", "cora", "S2", "lab.result", CONSIGN_LABEL_OPEN, CONSIGN_CODE_POLICY_NO_RULE},
	    {"bio", "acme", "S1", "no.type.that.anybody.knows", CONSIGN_LABEL_OPEN, CONSIGN_CODE_POLICY_NO_RULE},
	    {"bio", "cora", "S1", "x.note", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NOT_A_PARTY},
	    {"cora", "bio", "S1", "x.note", CONSIGN_LABEL_OPEN, CONSIGN_CODE_STUDY_UNKNOWN},
	    {"acme", "bio", "S3", "x.note", CONSIGN_LABEL_OPEN, CONSIGN_CODE_STUDY_UNKNOWN},
	    {"bio", "acme", "S1", "x.note", CONSIGN_LABEL_UNBLINDED, CONSIGN_CODE_NONE},
	    {"acme", "bio", "S1", "x.note", CONSIGN_LABEL_UNBLINDED, CONSIGN_CODE_CLEARANCE},
	};
	struct policy *policy = build_policy(*state);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct policy_question q = {.consignor = rows[i].from,
		    .consignee = rows[i].to,
		    .study = rows[i].study,
		    .type = rows[i].type,
		    .label = rows[i].label,
		    .at_us = 1};
		struct policy_verdict verdict;

		failing_alloc(1);
		policy_decide(policy, &q, &verdict);
		assert_false(failing_end());
		assert_int_equal(verdict.code, rows[i].code);
	}
	policy_free(&policy);
}

static void
count(void *context, const struct profile_gap *gap)
{
	(void)gap;
	++*(size_t *)context;
}

static void
test_out_of_memory_reads_and_compares_no_profile(void **state)
{
	struct arena *arena = build_arena(), *own = build_arena();
	struct policy_file_parts parts = build_parts(arena, *state);
	struct policy *policy = build_policy(*state);
	struct policy_study *studies[] = {parts.parts.v[1]->study, parts.parts.v[2]->study};
	static const struct profile_type types[] = {
	    {"lab.alert", CONSIGN_LABEL_OPEN}, {"lab.result", CONSIGN_LABEL_OPEN}, {"quality.coa", CONSIGN_LABEL_OPEN}};
	struct profile *profile = NULL;
	struct policy_file_error error;
	size_t gaps = 0;

	for (size_t nth = 1; profile == NULL; nth++) {
		arena_reset(own);
		failing_alloc(nth);
		enum consign_err err = profile_read(slice_text(profile_yaml), own, &profile, &error);

		if (err == CONSIGN_E_CONFIG)
			print_error("%zu:%zu: %s\n", error.line, error.column, error.text);
		assert_int_equal(err, failing_end() ? CONSIGN_E_NO_MEMORY : CONSIGN_OK);
	}
	struct profile_question q = {profile, "bio", policy, studies, 2, types, 3};

	for (size_t nth = 1;; nth++) {
		struct profile_sum sum = {0};

		gaps = 0;
		failing_alloc(nth);
		enum consign_err err = profile_compare(&q, count, &gaps, &sum);

		if (!failing_end()) {
			assert_int_equal(err, CONSIGN_OK);
			assert_int_equal(sum.studies, 1);
			assert_int_equal(sum.permitted, 2);
			assert_int_equal(sum.missing, 2);
			assert_int_equal(gaps, 1);
			assert_true(nth > 1);
			break;
		}
		assert_int_equal(err, CONSIGN_E_NO_MEMORY);
	}
	policy_free(&policy);
	arena_free(&own);
	arena_free(&arena);
}

/* Tables grow step by step; at each step memory may be out, and what is in stays. */
static void
test_out_of_memory_leaves_tables_as_they_were(void **state)
{
	struct names names = {0};
	struct numbers numbers = {0};
	char text[16];
	uint32_t id;

	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		size_t nth = 1;

		snprintf(text, sizeof text, "name-%u", i);
		for (;; nth++) {
			failing_alloc(nth);
			enum consign_err err = names_put(&names, slice_text(text), &id);

			if (!failing_end()) {
				assert_int_equal(err, CONSIGN_OK);
				break;
			}
			assert_int_equal(err, CONSIGN_E_NO_MEMORY);
			assert_int_equal(names_find_text(&names, text), TABLE_NONE);
		}
		assert_int_equal(id, i);
		for (nth = 1;; nth++) {
			failing_alloc(nth);
			enum consign_err err = numbers_put(&numbers, (uint64_t)i << 32, i, &id);

			if (!failing_end()) {
				assert_int_equal(err, CONSIGN_OK);
				break;
			}
			assert_int_equal(err, CONSIGN_E_NO_MEMORY);
			assert_int_equal(numbers_find(&numbers, (uint64_t)i << 32), TABLE_NONE);
		}
		assert_int_equal(names_find_text(&names, "name-0"), 0);
		assert_int_equal(numbers_find(&numbers, 0), 0);
	}
	names_clear(&names);
	numbers_clear(&numbers);
}

static void
count_line(void *context, const char *line)
{
	(void)line;
	++*(size_t *)context;
}

/* Each kind of change, whichever allocation fails: nothing comes out of it. */
static void
test_out_of_memory_edits_no_policy(void **state)
{
	static const char *const roles[] = {"cdmo", "depot"}, *const types[] = {"x.new"};
	const struct policy_edit_party dora = {.org = "dora", .roles = {roles, 2}, .clearance = "open"};
	const struct policy_edit_party bio = {.org = "bio", .roles = {roles, 2}, .clearance = "open"};
	const struct policy_edit edits[] = {
	    {.kind = POLICY_ADD_RULE, .rule = {.id = "new", .types = {types, 1}, .from = {.roles = {roles, 2}}}},
	    {.kind = POLICY_ADD_STUDY, .study = "S3", .title = "Third", .parties = &dora, .n_parties = 1},
	    {.kind = POLICY_CLOSE_STUDY, .study = "S2"},
	    {.kind = POLICY_ADD_PARTY, .study = "S1", .parties = &dora, .n_parties = 1},
	    {.kind = POLICY_SET_CLEARANCE, .study = "S1", .parties = &bio, .n_parties = 1},
	    {.kind = POLICY_SET_ROLES, .study = "S1", .parties = &bio, .n_parties = 1},
	};
	const char *text = *state;

	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
		struct buf out = {0};
		size_t changes = 0, lines = 0;

		for (size_t nth = 1; out.len == 0; nth++) {
			struct policy_edit_problem problem;

			failing_alloc(nth);
			enum consign_err err = policy_edit(slice_text(text), &edits[i], NULL, NULL, &out, &problem);

			assert_int_equal(err, failing_end() ? CONSIGN_E_NO_MEMORY : CONSIGN_OK);
		}
		for (size_t nth = 1; changes == 0; nth++) {
			lines = 0;
			failing_alloc(nth);
			enum consign_err err = policy_changes(slice_text(text), buf_slice(&out), count_line, &lines, &changes);

			assert_int_equal(err, failing_end() ? CONSIGN_E_NO_MEMORY : CONSIGN_OK);
		}
		assert_int_equal(lines, changes);
		buf_clear(&out);
	}
}

#define CASE(name) cmocka_unit_test_prestate(test_out_of_memory_##name, (void *)(uintptr_t)YAML)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(reads_no_policy),
	    CASE(compiles_no_policy),
	    CASE(makes_no_difference_to_decisions),
	    CASE(reads_and_compares_no_profile),
	    CASE(edits_no_policy),
	    CASE(leaves_tables_as_they_were),
	};

	return cmocka_run_group_tests_name("policy/out_of_memory", tests, NULL, NULL);
}
