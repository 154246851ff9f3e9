/* Tests of cli/policy_stopped.c: which companies of a policy are stopped, where the file names them first, and in how many studies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "policy_stopped.h"

struct directory {
	const struct member *v;
	size_t n;
};

static const struct member *
find(void *context, const char *org)
{
	const struct directory *d = context;

	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->v[i].org.s, org) == 0)
			return &d->v[i];
	return NULL;
}

static struct policy_file_parts
parts_of(struct arena *arena, const char *yaml)
{
	struct policy_file_parts parts = {0};
	struct policy_file_error where;

	assert_int_equal(policy_file_parse(slice_text(yaml), NULL, NULL, arena, &parts, &where), CONSIGN_OK);
	return parts;
}

static const char text[] = "studies:\n"
			   "  - id: S-1\n"
			   "    parties: [{org: acme, roles: [sponsor]}, {org: gone, roles: [cro]}, {org: away, roles: [lab]}]\n"
			   "  - id: S-2\n"
			   "    parties:\n"
			   "      - {org: broken, roles: [sponsor]}\n"
			   "      - {org: gone, roles: [cro]}\n"
			   "      - {org: stranger, roles: [smo]}\n"
			   "rules: []\n"
			   "quotas: [{org: gone, messages: 1/s}]\n";

static void
test_policy_stopped_finds_who_is_ended_or_compromised(void **state)
{
	static const struct member members[] = {{.org = {"acme"}, .status = MEMBER_ACTIVE}, {.org = {"gone"}, .status = MEMBER_ENDED},
	    {.org = {"away"}, .status = MEMBER_SUSPENDED}, {.org = {"broken"}, .status = MEMBER_COMPROMISED}};
	struct directory d = {.v = members, .n = sizeof members / sizeof members[0]};
	struct arena *arena = NULL;
	struct stopped_list list;
	char said[STOPPED_TEXT_BYTES];

	(void)state;
	assert_int_equal(arena_new(1u << 24, &arena), CONSIGN_OK);
	struct policy_file_parts parts = parts_of(arena, text);

	policy_stopped_find(&parts, find, &d, &list);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.more, 0);
	assert_int_equal(list.v[0].at.line, 3);
	assert_int_equal(list.v[0].at.column, 46);
	assert_string_equal(policy_stopped_text(&list.v[0], said),
	    "'gone' is ended, and a party to study S-1 and 1 more: what the policy permits it is refused all the same");
	assert_int_equal(list.v[1].at.line, 6);
	assert_int_equal(list.v[1].at.column, 9);
	assert_string_equal(policy_stopped_text(&list.v[1], said),
	    "'broken' is compromised, and a party to study S-2: what the policy permits it is refused all the same");
	parts = parts_of(arena, "studies: []\nrules: []\n");
	policy_stopped_find(&parts, find, &d, &list);
	assert_int_equal(list.n + list.more, 0);
	arena_free(&arena);
}

static void
test_policy_stopped_shows_so_many_and_counts_the_others(void **state)
{
	struct member ended[STOPPED_SHOWN + 2];
	struct directory d = {.v = ended, .n = STOPPED_SHOWN + 2};
	struct arena *arena = NULL;
	struct stopped_list list;
	struct buf yaml = {0};

	(void)state;
	assert_int_equal(arena_new(1u << 24, &arena), CONSIGN_OK);
	assert_int_equal(buf_printf(&yaml, "rules: []\nstudies:\n"), CONSIGN_OK);
	for (unsigned study = 1; study <= 2; study++) {
		assert_int_equal(buf_printf(&yaml, "  - id: S-%u\n    parties:\n", study), CONSIGN_OK);
		for (unsigned i = 0; i < STOPPED_SHOWN + 2; i++) {
			ended[i] = (struct member){.status = MEMBER_ENDED};
			(void)snprintf(ended[i].org.s, sizeof ended[i].org.s, "gone-%u", i);
			assert_int_equal(buf_printf(&yaml, "      - {org: gone-%u, roles: [cro]}\n", i), CONSIGN_OK);
		}
	}
	assert_int_equal(buf_append_u8(&yaml, '\0'), CONSIGN_OK);
	struct policy_file_parts parts = parts_of(arena, (const char *)yaml.data);

	policy_stopped_find(&parts, find, &d, &list);
	assert_int_equal(list.n, STOPPED_SHOWN);
	assert_int_equal(list.v[STOPPED_SHOWN - 1].n_studies, 2);
	assert_int_equal(list.more, 4); /* two companies in two studies */
	buf_clear(&yaml);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_stopped_finds_who_is_ended_or_compromised),
	    cmocka_unit_test(test_policy_stopped_shows_so_many_and_counts_the_others),
	};

	return cmocka_run_group_tests_name("policy_stopped", tests, NULL, NULL);
}
