/* Tests of cli/profiles.c: where a profile is found, and the words of doctor about what a policy lacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalogue/catalogue.h"
#include "core/file.h"
#include "core/text.h"
#include "profiles.h"

#define PROFILE "role: cdmo\ntitle: Maker\n"
#define OTHER "role: lab\ntitle: Laboratory\n"

struct fixture {
	char first[32], second[32], none[32];
	const char *folders[4];
};

static void
put_file(const char *folder, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(file_write(path, slice_text(text), 0600), CONSIGN_OK);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	snprintf(f->first, sizeof f->first, "/tmp/consign-profiles-XXXXXX");
	snprintf(f->second, sizeof f->second, "/tmp/consign-profiles-XXXXXX");
	snprintf(f->none, sizeof f->none, "/tmp/consign-profiles-none");
	assert_non_null(mkdtemp(f->first));
	assert_non_null(mkdtemp(f->second));
	f->folders[0] = f->none;
	f->folders[1] = f->first;
	f->folders[2] = f->second;
	put_file(f->first, "maker.yaml", PROFILE);
	put_file(f->second, "maker.yaml", OTHER);
	put_file(f->second, "lab.yaml", OTHER);
	put_file(f->second, "broken.yaml", PROFILE "send: []\n");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	static const char *const files[] = {"maker.yaml", "lab.yaml", "broken.yaml"};
	char path[128];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", f->first, files[i]);
		unlink(path);
		snprintf(path, sizeof path, "%s/%s", f->second, files[i]);
		unlink(path);
	}
	rmdir(f->first);
	rmdir(f->second);
	free(f);
	return 0;
}

static void
assert_text(struct buf *text, const char *expected)
{
	assert_int_equal(buf_append_u8(text, '\0'), CONSIGN_OK);
	assert_string_equal((const char *)text->data, expected);
	buf_clear(text);
}

/* ── finding ── */

static void
test_profiles_take_finds_a_name_in_the_first_folder_that_has_it(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};

	assert_int_equal(profiles_take(f->folders, "maker", &text), CONSIGN_OK);
	assert_text(&text, PROFILE);
	assert_int_equal(profiles_take(f->folders, "lab", &text), CONSIGN_OK);
	assert_text(&text, OTHER);
}

static void
test_profiles_take_reads_a_file_that_is_named_with_a_slash(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};
	char path[128];

	snprintf(path, sizeof path, "%s/lab.yaml", f->second);
	assert_int_equal(profiles_take(f->folders, path, &text), CONSIGN_OK);
	assert_text(&text, OTHER);
	snprintf(path, sizeof path, "%s/other.yaml", f->second);
	assert_int_equal(profiles_take(f->folders, path, &text), CONSIGN_E_NOT_FOUND);
	assert_int_equal(text.len, 0);
}

static void
test_profiles_take_refuses_unknown_names_and_broken_files(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};

	assert_int_equal(profiles_take(f->folders, "marker", &text), CONSIGN_E_NOT_FOUND);
	assert_int_equal(profiles_take(f->folders, "lab.yaml", &text), CONSIGN_E_NOT_FOUND);
	assert_int_equal(profiles_take(f->folders, "", &text), CONSIGN_E_NOT_FOUND);
	assert_int_equal(profiles_take(f->folders, "broken", &text), CONSIGN_E_CONFIG);
	assert_int_equal(text.len, 0);
}

static void
test_profiles_read_says_the_place_of_a_mistake(void **state)
{
	struct fixture *f = *state;
	char path[128], problem[PROFILES_PROBLEM_BYTES], expected[PROFILES_PROBLEM_BYTES];
	struct arena *arena;
	struct profile *profile = NULL;
	struct buf text = {0};

	assert_int_equal(arena_new(PROFILE_ARENA_BYTES, &arena), CONSIGN_OK);
	snprintf(path, sizeof path, "%s/broken.yaml", f->second);
	assert_int_equal(profiles_read(path, arena, &text, &profile, problem), CONSIGN_E_CONFIG);
	snprintf(expected, sizeof expected,
	    "%s:3:1: found the unknown key 'send' in a profile: expected one of role, title, sends, receives, watches, alarms", path);
	assert_string_equal(problem, expected);
	buf_clear(&text);
	arena_free(&arena);
}

static void
test_profiles_that_come_with_consign_are_found(void **state)
{
	static const char *const names[] = {"sponsor", "cro", "cdmo", "cmo", "smo", "lab"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buf text = {0};

		assert_int_equal(profiles_take(profiles_folders, names[i], &text), CONSIGN_OK);
		assert_true(text.len > 0);
		buf_clear(&text);
	}
}

static bool
names_type(const struct profile_way *ways, size_t n, const char *type)
{
	for (size_t i = 0; i < n; i++)
		if (glob_match(ways[i].type.s, type))
			return true;
	return false;
}

static void
test_profiles_that_come_with_consign_send_and_receive_every_type_of_the_catalogue(void **state)
{
	static const char *const names[] = {"sponsor", "cro", "cdmo", "cmo", "smo", "lab"};
	struct profile *profiles[sizeof names / sizeof *names];
	struct policy_file_error where;
	struct arena *arena;

	(void)state;
	assert_int_equal(arena_new(6 * PROFILE_ARENA_BYTES, &arena), CONSIGN_OK);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buf text = {0};

		assert_int_equal(profiles_take(profiles_folders, names[i], &text), CONSIGN_OK);
		assert_int_equal(profile_read(buf_slice(&text), arena, &profiles[i], &where), CONSIGN_OK);
		buf_clear(&text);
	}
	for (size_t t = 0; catalogue_at(t) != NULL; t++) {
		const char *type = catalogue_type_name(catalogue_at(t));
		bool is_sent = false, is_received = false;

		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			is_sent = is_sent || names_type(profiles[i]->sends.v, profiles[i]->sends.n, type);
			is_received = is_received || names_type(profiles[i]->receives.v, profiles[i]->receives.n, type);
		}
		if (!is_sent || !is_received)
			fail_msg("no profile %s %s", is_sent ? "receives" : "sends", type);
	}
	arena_free(&arena);
}

/* ── words ── */

static uint32_t sponsor[] = {ROLE_SPONSOR}, two[] = {ROLE_LAB, ROLE_CRO};
static const struct profile cdmo = {.role = ROLE_CDMO, .title = "Maker"};
static struct policy_study study = {.id = {"ACME-301"}};
static struct policy_party acme = {.org = {"acme"}, .roles = {sponsor, 1}, .clearance = CONSIGN_LABEL_OPEN};
static struct policy_party bio = {.org = {"bio"}, .roles = {two, 2}, .clearance = CONSIGN_LABEL_RESTRICTED};
static const char *const types[] = {"quality.coa", "quality.deviation"};

static void
assert_words(const struct profile_gap *gap, const char *text, const char *todo)
{
	struct buf said = {0}, ask = {0};

	assert_int_equal(profiles_gap_words(&cdmo, gap, &said, &ask), CONSIGN_OK);
	assert_text(&said, text);
	assert_text(&ask, todo);
}

static void
test_profiles_gap_words_name_types_ends_study_and_code(void **state)
{
	struct profile_gap gap = {.kind = PROFILE_GAP_SEND, .study = &study, .own = &bio, .partner = &acme, .role = ROLE_SPONSOR,
	    .code = CONSIGN_CODE_POLICY_NO_RULE, .rule = "", .label = CONSIGN_LABEL_OPEN, .types = types, .n_types = 1};

	(void)state;
	assert_words(&gap, "cdmo: quality.coa to sponsor acme in ACME-301 is not permitted (POLICY_NO_RULE)",
	    "should it pass, ask the hub's administrator for a rule such as {id: NAME, permit: [quality.coa], from: {roles: [cdmo]}, "
	    "to: {roles: [sponsor]}, studies: [ACME-301]}");
	gap.kind = PROFILE_GAP_RECEIVE;
	gap.n_types = 2;
	assert_words(&gap, "cdmo: quality.coa, quality.deviation from sponsor acme in ACME-301 are not permitted (POLICY_NO_RULE)",
	    "should it pass, ask the hub's administrator for a rule such as {id: NAME, permit: [quality.coa, quality.deviation], "
	    "from: {roles: [sponsor]}, to: {roles: [cdmo]}, studies: [ACME-301]}");
}

static void
test_profiles_gap_words_say_whose_clearance_is_too_low(void **state)
{
	struct profile_gap gap = {.kind = PROFILE_GAP_SEND, .study = &study, .own = &bio, .partner = &acme, .role = ROLE_SPONSOR,
	    .code = CONSIGN_CODE_CLEARANCE, .rule = "", .label = CONSIGN_LABEL_UNBLINDED, .types = types, .n_types = 1};

	(void)state;
	assert_words(&gap,
	    "cdmo: quality.coa to sponsor acme in ACME-301 is not permitted (CLEARANCE: acme is cleared for open, and the least label "
	    "is unblinded)",
	    "should it pass, ask the hub's administrator for clearance: unblinded of acme in ACME-301");
	gap.kind = PROFILE_GAP_RECEIVE;
	assert_words(&gap,
	    "cdmo: quality.coa from sponsor acme in ACME-301 is not permitted (CLEARANCE: bio is cleared for restricted, and the least "
	    "label is unblinded)",
	    "should it pass, ask the hub's administrator for clearance: unblinded of bio in ACME-301");
}

static void
test_profiles_gap_words_name_the_rule_that_forbids(void **state)
{
	struct profile_gap gap = {.kind = PROFILE_GAP_SEND, .study = &study, .own = &bio, .partner = &acme, .role = ROLE_SPONSOR,
	    .code = CONSIGN_CODE_POLICY_FORBIDDEN, .rule = "no-coa", .label = CONSIGN_LABEL_OPEN, .types = types, .n_types = 1};

	(void)state;
	assert_words(&gap, "cdmo: quality.coa to sponsor acme in ACME-301 is not permitted (POLICY_FORBIDDEN by rule no-coa)",
	    "no permit undoes a forbid: ask the hub's administrator whether rule no-coa is meant so");
}

static void
test_profiles_gap_words_say_which_roles_the_company_has_instead(void **state)
{
	struct profile_gap gap = {.kind = PROFILE_GAP_ROLE, .study = &study, .own = &bio, .rule = ""};

	(void)state;
	assert_words(&gap, "cdmo: in ACME-301 this company is lab, cro and not cdmo; not compared there",
	    "either the profile is not this company's, or ask the hub's administrator for the role cdmo");
}

static void
test_profiles_sum_words_say_what_was_compared(void **state)
{
	struct buf text = {0};

	(void)state;
	assert_int_equal(profiles_sum_words(&cdmo, &(struct profile_sum){0}, &text), CONSIGN_OK);
	assert_text(&text, "cdmo: no study has this company as cdmo, so nothing was compared; a profile is a convenience, never a right");
	assert_int_equal(
	    profiles_sum_words(&cdmo, &(struct profile_sum){.studies = 1, .permitted = 5, .missing = 2}, &text), CONSIGN_OK);
	assert_text(&text, "cdmo: in 1 study as cdmo, 5 of 7 usual ways are permitted; a profile is a convenience, never a right");
	assert_int_equal(
	    profiles_sum_words(&cdmo, &(struct profile_sum){.studies = 2, .permitted = 5, .unknown = 3}, &text), CONSIGN_OK);
	assert_text(&text, "cdmo: in 2 studies as cdmo, 5 of 5 usual ways are permitted; 3 entries name types that this version does "
			   "not know; a profile is a convenience, never a right");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_profiles_take_finds_a_name_in_the_first_folder_that_has_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_profiles_take_reads_a_file_that_is_named_with_a_slash, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_profiles_take_refuses_unknown_names_and_broken_files, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_profiles_read_says_the_place_of_a_mistake, setup, teardown),
	    cmocka_unit_test(test_profiles_that_come_with_consign_are_found),
	    cmocka_unit_test(test_profiles_that_come_with_consign_send_and_receive_every_type_of_the_catalogue),
	    cmocka_unit_test(test_profiles_gap_words_name_types_ends_study_and_code),
	    cmocka_unit_test(test_profiles_gap_words_say_whose_clearance_is_too_low),
	    cmocka_unit_test(test_profiles_gap_words_name_the_rule_that_forbids),
	    cmocka_unit_test(test_profiles_gap_words_say_which_roles_the_company_has_instead),
	    cmocka_unit_test(test_profiles_sum_words_say_what_was_compared),
	};

	return cmocka_run_group_tests_name("cli/profiles", tests, NULL, NULL);
}
