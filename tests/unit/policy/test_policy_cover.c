/* Which rules cover which, and that what is said to be superfluous is: without it every verdict is the same. */
#include <stdlib.h>

#include "build.h"
#include "policy/policy_cover.h"

#define STUDIES                                                                                                                  \
	"studies:\n"                                                                                                             \
	"  - id: A-1\n"                                                                                                          \
	"    parties: [{org: acme, roles: [sponsor]}, {org: one, roles: [site]}, {org: two, roles: [site, lab]}]\n"              \
	"  - id: B-1\n"                                                                                                          \
	"    parties: [{org: acme, roles: [sponsor]}, {org: one, roles: [site]}, {org: two, roles: [site]}]\n"                   \
	"rules:\n"

static const struct row {
	const char *name, *by, *rule;
	bool covers;
} rows[] = {
    {"the same", "permit: [a]", "permit: [a]", true},
    {"types: a glob", "permit: [a.*]", "permit: [a.b, a.c.*]", true},
    {"types: one too many", "permit: [a.*]", "permit: [a.b, b]", false},
    {"types: a wider glob", "permit: [a.b.*]", "permit: [a.*]", false},
    {"types: a star for a star", "permit: ['*.b']", "permit: [a.*.b]", true},
    {"types: a star that one star does not match", "permit: [a.*.b]", "permit: [a.*]", false},
    {"types: of two lists", "permit: [b, 'a.*']", "permit: [a.x, b]", true},
    {"from any", "permit: [a]", "permit: [a], from: {roles: [site]}", true},
    {"from some only", "permit: [a], from: {roles: [site]}", "permit: [a]", false},
    {"from fewer roles", "permit: [a], from: {roles: [site, lab]}", "permit: [a], from: {roles: [lab]}", true},
    {"from more roles", "permit: [a], from: {roles: [lab]}", "permit: [a], from: {roles: [site, lab]}", false},
    {"to fewer orgs", "permit: [a], to: {orgs: [one, two]}", "permit: [a], to: {orgs: [two]}", true},
    {"to more orgs", "permit: [a], to: {orgs: [two]}", "permit: [a], to: {orgs: [one, two]}", false},
    {"to any org", "permit: [a], to: {orgs: [two]}", "permit: [a]", false},
    {"to orgs with a role", "permit: [a], to: {orgs: [one, two]}", "permit: [a], to: {orgs: [two], roles: [site]}", true},
    {"to a role, of orgs", "permit: [a], to: {orgs: [two], roles: [site]}", "permit: [a], to: {orgs: [two]}", false},
    {"studies: all", "permit: [a]", "permit: [a], studies: [A-1]", true},
    {"studies: a star", "permit: [a], studies: ['*', A-1]", "permit: [a]", true},
    {"studies: a glob", "permit: [a], studies: ['A-*', B-1]", "permit: [a], studies: [A-1, 'B-1']", true},
    {"studies: fewer", "permit: [a], studies: [A-1]", "permit: [a], studies: [A-1, B-1]", false},
    {"studies: not all", "permit: [a], studies: [A-1, B-1]", "permit: [a]", false},
    {"labels: all", "permit: [a]", "permit: [a], label: [open]", true},
    {"labels: some", "permit: [a], label: [open, restricted]", "permit: [a], label: [restricted]", true},
    {"labels: others", "permit: [a], label: [open]", "permit: [a], label: [open, restricted]", false},
    {"labels: not all", "permit: [a], label: [open]", "permit: [a]", false},
    {"times: always", "permit: [a]", "permit: [a], since: 2026-01-01, until: 2027-01-01", true},
    {"times: since later", "permit: [a], since: 2026-06-01", "permit: [a], since: 2026-01-01", false},
    {"times: since sooner", "permit: [a], since: 2026-01-01", "permit: [a], since: 2026-06-01", true},
    {"times: since, of always", "permit: [a], since: 2026-01-01", "permit: [a]", false},
    {"times: until later", "permit: [a], until: 2026-06-01", "permit: [a], until: 2026-01-01", true},
    {"times: until sooner", "permit: [a], until: 2026-01-01", "permit: [a], until: 2026-06-01", false},
    {"times: until, of for ever", "permit: [a], until: 2026-01-01", "permit: [a]", false},
    {"sizes: any", "permit: [a]", "permit: [a], max-size: 1KiB", true},
    {"sizes: smaller", "permit: [a], max-size: 2KiB", "permit: [a], max-size: 1KiB", true},
    {"sizes: larger", "permit: [a], max-size: 1KiB", "permit: [a], max-size: 2KiB", false},
    {"sizes: not any", "permit: [a], max-size: 1KiB", "permit: [a]", false},
};

static struct policy_file_parts
parts_of(struct arena *arena, const char *a, const char *b)
{
	struct buf yaml = {0};
	assert_int_equal(buf_printf(&yaml, "%s  - {id: a, %s}\n  - {id: b, %s}\n", STUDIES, a, b), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&yaml, 0), CONSIGN_OK);
	struct policy_file_parts parts = build_parts(arena, (const char *)yaml.data);
	buf_clear(&yaml);
	return parts;
}

static void
test_policy_cover_tells_what_every_row_says(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena *arena = build_arena();
		struct policy_file_parts parts = parts_of(arena, rows[i].by, rows[i].rule);
		uint32_t by[2];
		bool is_all = false;
		assert_int_equal(policy_cover_find(parts.rules.v, 2, by, &is_all), CONSIGN_OK);
		assert_true(is_all);
		bool covers = policy_covers(&parts.rules.v[0], &parts.rules.v[1]);
		if (covers != rows[i].covers || by[1] != (covers ? 0 : 2) || by[0] != 2) {
			wrong++;
			print_error("%s: covers %d, found %u and %u\n", rows[i].name, covers, by[0], by[1]);
		}
		arena_free(&arena);
	}
	assert_int_equal(wrong, 0);
}

static void
test_policy_cover_a_forbid_wins_wherever_it_stands(void **state)
{
	(void)state;
	struct arena *arena = build_arena();
	uint32_t by[4];
	bool is_all;
	struct policy_file_parts parts =
	    build_parts(arena, STUDIES "  - {id: a, permit: [x.*]}\n  - {id: b, permit: [x.y]}\n"
				       "  - {id: c, forbid: [x.y]}\n  - {id: d, forbid: [x.y, z]}\n");
	assert_int_equal(policy_cover_find(parts.rules.v, 4, by, &is_all), CONSIGN_OK);
	assert_int_equal(by[0], 4);
	assert_int_equal(by[1], 2); /* not a, which permits it: c refuses it all, as d does */
	assert_int_equal(by[2], 4); /* d says more, but later */
	assert_int_equal(by[3], 4);
	arena_free(&arena);
}

/* Random small policies: whatever is covered can go, and no verdict changes but for the rule that is named. */
static void
put_rule(struct buf *yaml, uint64_t *seed, unsigned i)
{
	static const char *const types[] = {"x", "x.*", "'*'", "x.y", "y, x.y", "x.y.*"};
	static const char *const ends[] = {"", ", from: {roles: [site]}", ", from: {roles: [site, lab]}", ", from: {orgs: [two]}",
	    ", to: {roles: [sponsor]}", ", to: {orgs: [acme, one]}", ", to: {orgs: [one]}, from: {orgs: [acme, two]}"};
	static const char *const rest[] = {
	    "", "", ", studies: [A-1]", ", studies: ['*-1']", ", label: [open]", ", label: [open, restricted]"};
	assert_int_equal(buf_printf(yaml, "  - {id: r%u, %s: [%s]%s%s}\n", i, roll(seed, 4) == 0 ? "forbid" : "permit",
			     types[roll(seed, 6)], ends[roll(seed, 7)], rest[roll(seed, 6)]),
	    CONSIGN_OK);
}

static struct policy *
compiled(struct policy_file_parts *parts, uint32_t without)
{
	struct policy *policy = NULL;
	for (size_t i = 0; i < parts->parts.n; i++) {
		struct policy_part *part = parts->parts.v[i];
		struct policy_rule **v = i == 0 ? part->common->rules.v : part->study->rules.v;
		size_t n = i == 0 ? part->common->rules.n : part->study->rules.n, kept = 0;
		for (size_t j = 0; j < n; j++) {
			if (v[j]->order != without)
				v[kept++] = v[j];
		}
		*(i == 0 ? &part->common->rules.n : &part->study->rules.n) = kept;
	}
	assert_int_equal(policy_compile(parts->parts.v, parts->parts.n, &policy), CONSIGN_OK);
	return policy;
}

static void
assert_same_verdicts(const struct policy *a, const struct policy *b)
{
	static const char *const orgs[] = {"acme", "one", "two"}, *const studies[] = {"A-1", "B-1"},
				 *const types[] = {"x", "y", "x.y", "x.z", "x.y.z", "z"};
	for (size_t i = 0; i < 3 * 3 * 2 * 6 * 2; i++) {
		const char *from = orgs[i % 3], *to = orgs[i / 3 % 3], *study = studies[i / 9 % 2], *type = types[i / 18 % 6];
		enum consign_label label = i / 108 == 0 ? CONSIGN_LABEL_OPEN : CONSIGN_LABEL_RESTRICTED;
		assert_int_equal(ask(a, from, to, study, type, label).code, ask(b, from, to, study, type, label).code);
	}
}

static void
test_policy_cover_what_is_covered_can_go(void **state)
{
	(void)state;
	uint64_t seed = 20261122;
	size_t gone = 0;
	for (unsigned round = 0; round < 400; round++) {
		struct arena *arena = build_arena();
		struct buf yaml = {0};
		uint32_t by[8];
		bool is_all;
		assert_int_equal(buf_printf(&yaml, "%s", STUDIES), CONSIGN_OK);
		for (unsigned i = 0; i < 8; i++)
			put_rule(&yaml, &seed, i);
		assert_int_equal(buf_append_u8(&yaml, 0), CONSIGN_OK);
		struct policy_file_parts parts = build_parts(arena, (const char *)yaml.data);
		assert_int_equal(policy_cover_find(parts.rules.v, 8, by, &is_all), CONSIGN_OK);
		struct policy *whole = compiled(&parts, UINT32_MAX);
		for (uint32_t i = 0; i < 8; i++) {
			if (by[i] == 8)
				continue;
			struct policy_file_parts again = build_parts(arena, (const char *)yaml.data);
			struct policy *without = compiled(&again, i + 1);
			assert_same_verdicts(whole, without);
			policy_free(&without);
			gone++;
		}
		policy_free(&whole);
		buf_clear(&yaml);
		arena_free(&arena);
	}
	assert_true(gone > 400);
}

/* Rules that all begin alike are not compared for ever. */
static void
test_policy_cover_of_too_many_says_so(void **state)
{
	(void)state;
	struct arena *arena = build_arena();
	struct buf yaml = {0};
	uint32_t *by = calloc(20000, sizeof *by);
	bool is_all = true;
	assert_non_null(by);
	assert_int_equal(buf_printf(&yaml, "studies: []\nrules:\n"), CONSIGN_OK);
	for (unsigned i = 0; i < 20000; i++)
		assert_int_equal(buf_printf(&yaml, " - {id: r%u, permit: ['*.%u']}\n", i, i), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&yaml, 0), CONSIGN_OK);
	struct policy_file_parts parts = build_parts(arena, (const char *)yaml.data);
	assert_int_equal(policy_cover_find(parts.rules.v, parts.rules.n, by, &is_all), CONSIGN_OK);
	assert_false(is_all);
	/* Types that begin otherwise are found at once. */
	assert_int_equal(policy_cover_find(parts.rules.v, 1000, by, &is_all), CONSIGN_OK);
	assert_true(is_all);
	free(by);
	buf_clear(&yaml);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_cover_tells_what_every_row_says),
	    cmocka_unit_test(test_policy_cover_a_forbid_wins_wherever_it_stands),
	    cmocka_unit_test(test_policy_cover_what_is_covered_can_go),
	    cmocka_unit_test(test_policy_cover_of_too_many_says_so),
	};
	return cmocka_run_group_tests_name("policy_cover", tests, NULL, NULL);
}
