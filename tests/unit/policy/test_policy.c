/* The words of roles. */
#include "build.h"

static void
test_policy_every_role_has_a_word_that_parses_back(void **state)
{
	(void)state;
	for (uint32_t role = ROLE_SPONSOR; role <= ROLE_LAST; role++)
		assert_int_equal(policy_role_parse(policy_role_text(role)), role);
}

static void
test_policy_other_words_and_numbers_are_no_roles(void **state)
{
	(void)state;
	assert_int_equal(policy_role_parse(""), 0);
	assert_int_equal(policy_role_parse("Sponsor"), 0);
	assert_int_equal(policy_role_parse("sponsors"), 0);
	assert_int_equal(policy_role_parse("unknown"), 0);
	assert_string_equal(policy_role_text(0), "unknown");
	assert_string_equal(policy_role_text(ROLE_LAST + 1), "unknown");
}

static void
test_policy_free_takes_null(void **state)
{
	(void)state;
	struct policy *policy = NULL;
	policy_free(&policy);
	assert_null(policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_every_role_has_a_word_that_parses_back),
	    cmocka_unit_test(test_policy_other_words_and_numbers_are_no_roles),
	    cmocka_unit_test(test_policy_free_takes_null),
	};
	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
