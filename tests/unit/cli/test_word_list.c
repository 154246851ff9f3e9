/* Words of the command line that come as lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "word_list.h"

static void
test_word_list_splits_at_every_mark(void **state)
{
	(void)state;
	struct word_list list = {0};

	assert_int_equal(word_list_split(&list, "acme:cro,lab:open", ':'), CONSIGN_OK);
	assert_int_equal(word_list_split(&list, ",a,", ','), CONSIGN_OK);
	assert_int_equal(word_list_split(&list, "", ','), CONSIGN_OK);
	const char *const wanted[] = {"acme", "cro,lab", "open", "", "a", "", ""};
	struct policy_words words = word_list_words(&list);

	assert_int_equal(words.n, sizeof wanted / sizeof wanted[0]);
	for (size_t i = 0; i < words.n; i++)
		assert_string_equal(words.v[i], wanted[i]);
	word_list_clear(&list);
	assert_int_equal(word_list_words(&list).n, 0);
	word_list_clear(&list);
}

static void
test_word_list_takes_an_option_as_often_as_it_is_given(void **state)
{
	(void)state;
	static const char *const argv[] = {"consign", "policy", "allow", "--type", "a,b", "--from", "x", "--type=c", "--to", "y", "--reason", "r"};
	struct word_list list = {0};
	struct args args = {0};
	char problem[ARGS_PROBLEM_BYTES];

	assert_int_equal(args_parse(sizeof argv / sizeof argv[0], (char *const *)(uintptr_t)argv, &args, problem), CONSIGN_OK);
	assert_int_equal(word_list_given(&list, &args, "type"), CONSIGN_OK);
	assert_int_equal(word_list_given(&list, &args, "study"), CONSIGN_OK);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.v[0], "a");
	assert_string_equal(list.v[1], "b");
	assert_string_equal(list.v[2], "c");
	word_list_clear(&list);
	args_clear(&args);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_word_list_splits_at_every_mark),
	    cmocka_unit_test(test_word_list_takes_an_option_as_often_as_it_is_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
