/* Which word somebody will have meant. */
#include "build.h"
#include "policy/nearest.h"

static const struct row {
	const char *word, *best;
} rows[] = {
    {"sponser", "sponsor"}, {"sposnor", "sponsor"}, {"SPONSOR", "sponsor"}, {"sponso", "sponsor"}, {"sponsorr", "sponsor"},
    {"spnosro", "sponsor"}, {"cr0", "cro"}, {"crp", "cro"}, {"cor", "cro"}, {"crdo", "cro"}, {"permti", "permit"},
    {"permitt", "permit"}, {"primet", NULL}, {"pemrite", "permit"}, {"x", NULL}, {"", NULL}, {"ghost", NULL},
    {"dleiver-wthin", "deliver-within"}, {"deliver_in", NULL},
    {"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", NULL}, /* longer than a word is */
};

static void
test_nearest_finds_the_word_of_every_row(void **state)
{
	(void)state;
	static const char *const words[] = {"sponsor", "cro", "permit", "deliver-within",
	    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
	    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"};
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct nearest near = nearest_to(slice_text(rows[i].word));
		for (size_t j = 0; j < sizeof words / sizeof words[0]; j++)
			nearest_try(&near, words[j]);
		bool is_right =
		    rows[i].best == NULL ? near.best == NULL : near.best != NULL && strcmp(near.best, rows[i].best) == 0;
		wrong += !is_right;
		if (!is_right)
			print_error("%s: found %s, expected %s\n", rows[i].word, near.best != NULL ? near.best : "none",
			    rows[i].best != NULL ? rows[i].best : "none");
	}
	assert_int_equal(wrong, 0);
}

static void
test_nearest_of_two_as_near_is_the_first(void **state)
{
	(void)state;
	struct nearest near = nearest_to(slice_text("S3"));
	nearest_try(&near, "S1");
	nearest_try(&near, "S2");
	assert_string_equal(near.best, "S1");
	nearest_try(&near, "S3");
	assert_string_equal(near.best, "S3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nearest_finds_the_word_of_every_row),
	    cmocka_unit_test(test_nearest_of_two_as_near_is_the_first),
	};
	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
