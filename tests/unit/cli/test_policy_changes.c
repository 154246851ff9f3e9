/* Tests of cli/policy_changes.c: what came, what went, what says something else. */
#include "policies.h"

#include "policy_changes.h"

static const char before[] = "studies:\n"
			     "  - id: S-1\n"
			     "    parties: [{org: aa, roles: [cro]}, {org: bb, roles: [lab]}]\n"
			     "  - id: S-2\n"
			     "    parties: [{org: aa, roles: [cro]}, {org: bb, roles: [lab]}]\n"
			     "rules:\n"
			     "  - {id: one, permit: [x.a]}\n"
			     "  - {id: two, permit: [x.b], studies: [S-1, S-2]}\n"
			     "  - {id: three, permit: [x.c], studies: [S-1]}\n";
static const char after[] = "studies:\n"
			    "  - id: S-3\n"
			    "    parties: [{org: aa, roles: [cro]}, {org: bb, roles: [lab]}]\n"
			    "  - id: S-1\n"
			    "    parties: [{org: aa, roles: [cro], clearance: restricted}, {org: bb, roles: [lab]}]\n"
			    "rules:\n"
			    "  - {id: four, permit: [x.d]}\n"
			    "  - {id: one, permit: [x.a]}\n"
			    "  - {id: two, permit: [x.b], studies: [S-1, S-3]}\n"
			    "  - {id: five, permit: [x.d]}\n";

static struct policy_changes
count(const char *old_text, const char *new_text)
{
	struct read_policy a, b;
	struct policy_changes changes = {0};

	policy_of(old_text, &a);
	policy_of(new_text, &b);
	assert_int_equal(policy_changes_count(&a.view, &b.view, &changes), CONSIGN_OK);
	policy_end(&a);
	policy_end(&b);
	return changes;
}

static void
test_policy_changes_count_by_id(void **state)
{
	struct policy_changes c = count(before, after);

	(void)state;
	assert_int_equal(c.studies.added, 1);
	assert_int_equal(c.studies.removed, 1);
	assert_int_equal(c.studies.changed, 1);
	assert_int_equal(c.rules.added, 2);
	assert_int_equal(c.rules.removed, 1);
	assert_int_equal(c.rules.changed, 1); /* two goes for another study; one only stands elsewhere */
}

static void
test_policy_changes_of_the_same_are_none(void **state)
{
	struct policy_changes c = count(before, before), none = {0};

	(void)state;
	assert_memory_equal(&c, &none, sizeof c);
}

static void
test_policy_changes_from_nothing_are_all_new(void **state)
{
	struct policy_changes c = count("studies: []\nrules: []\n", before);

	(void)state;
	assert_int_equal(c.studies.added, 2);
	assert_int_equal(c.rules.added, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_changes_count_by_id),
	    cmocka_unit_test(test_policy_changes_of_the_same_are_none),
	    cmocka_unit_test(test_policy_changes_from_nothing_are_all_new),
	};

	return cmocka_run_group_tests_name("policy_changes", tests, NULL, NULL);
}
