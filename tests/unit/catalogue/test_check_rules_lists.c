/* Rules over lists: keys that differ, elements that are held to words, how many there are. */
#include "check_fixture.h"

static void
reference_ids(struct fixture *f, struct lab *l, size_t n)
{
	Consign__V1__Reference **v = arena_alloc(f->arena, (n + 1) * sizeof(Consign__V1__Reference *));

	assert_non_null(v);
	for (size_t i = 0; i < n; i++) {
		v[i] = arena_alloc(f->arena, sizeof *v[i]);
		assert_non_null(v[i]);
		consign__v1__reference__init(v[i]);
		v[i]->kind = words("protocol");
		v[i]->id = arena_alloc(f->arena, 16);
		assert_non_null(v[i]->id);
		/* Not in order, all different. */
		snprintf(v[i]->id, 16, "P-%06zu", i * 7919 % 100003);
	}
	l->event.references = v;
	l->event.n_references = n;
}

/* How many problems the custom rule has made. */
static size_t
count_of_rule(const struct fixture *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->problems.n; i++)
		n += strcmp(f->problems.v[i].rule, "test.rule") == 0;
	return n;
}

static void
test_check_rules_finds_equal_keys(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_UNIQUE, .paths = {"event.references", "id"}});
	assert_passes(f, &custom, &l.m);
	reference_ids(f, &l, 64);
	assert_passes(f, &custom, &l.m);
	for (size_t i = 0; i < 63; i += 9) {
		reference_ids(f, &l, 64);
		l.event.references[63]->id = l.event.references[i]->id;
		check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
		assert_int_equal(f->problems.total, 1);
		assert_string_equal(f->problems.v[0].path, "event.references");
		assert_memory_equal(f->problems.v[0].found + 1, l.event.references[i]->id, 8);
	}
	/* Three equal keys and two other equal keys are one problem. */
	l.event.references[1]->id = l.event.references[2]->id = l.event.references[0]->id;
	l.event.references[4]->id = l.event.references[5]->id;
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 1);
}

static void
test_check_rules_tells_nearly_equal_keys_apart(void **state)
{
	static const char *const near[] = {"P", "p", "PP", "P1", "P-", "P.", "\xc3\xa9", "e\xcc\x81", "P1 1"};
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_UNIQUE, .paths = {"event.references", "id"}});
	reference_ids(f, &l, sizeof near / sizeof near[0]);
	for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
		l.event.references[i]->id = words(near[i]);
	assert_passes(f, &custom, &l.m);
	/* Absent keys are not equal to one another; empty ones are. */
	l.event.references[0]->id = l.event.references[1]->id = NULL;
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(count_of_rule(f), 0);
	assert_int_equal(f->problems.total, 2);
	l.event.references[0]->id = l.event.references[1]->id = words("");
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(count_of_rule(f), 1);
	assert_int_equal(f->problems.total, 3);
}

static void
test_check_rules_passes_no_list_that_it_has_not_compared(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_UNIQUE, .paths = {"event.references", "id"}});
	reference_ids(f, &l, 1024);
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "event.references", "count", "1024 of them", "at most 64 of them");
	l.event.references[1023]->id = l.event.references[0]->id;
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(count_of_rule(f), 1);
	reference_ids(f, &l, 1025);
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 2);
	assert_problem(&f->problems, 1, "event.references", "test.rule", "too many to compare", "As it should be.");
	reference_ids(f, &l, 10000);
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 2);
}

static void
test_check_rules_holds_every_element_to_words(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_EVERY, .paths = {"event.references", "version"}, .values = "1|2"});
	assert_passes(f, &custom, &l.m);
	reference_ids(f, &l, 3);
	l.event.references[0]->version = words("1");
	l.event.references[2]->version = words("2");
	/* Leaving the word out does not get by the rule. */
	assert_rule_broken(f, &l, "event.references[1].version", "nothing");
	l.event.references[1]->version = words("2");
	assert_passes(f, &custom, &l.m);
	l.event.references[0]->version = words("1|2");
	l.event.references[2]->version = words("3");
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 2);
	assert_problem(&f->problems, 0, "event.references[0].version", "test.rule", "\"1|2\"", "As it should be.");
	assert_problem(&f->problems, 1, "event.references[2].version", "test.rule", "\"3\"", "As it should be.");
	/* Nobody gets by with an empty word. */
	l.event.references[0]->version = words("");
	l.event.references[2]->version = words("2");
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 2);
	assert_problem(&f->problems, 0, "event.references[0].version", "empty", "an empty text", "a text, or no such field");
	assert_problem(&f->problems, 1, "event.references[0].version", "test.rule", "nothing", "As it should be.");
}

static void
test_check_rules_counts_a_list(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_COUNT, .paths = {"study_day", "event.references"}});
	reference_ids(f, &l, 3);
	assert_passes(f, &custom, &l.m);
	l.m.has_study_day = 1;
	l.m.study_day = 3;
	assert_passes(f, &custom, &l.m);
	l.m.study_day = -3;
	assert_rule_broken(f, &l, "studyDay", "\"-3\"");
	l.event.n_references = 0;
	assert_rule_broken(f, &l, "studyDay", "\"-3\"");
	l.m.study_day = 0;
	assert_passes(f, &custom, &l.m);
	/* A list in a part that is not there has no elements: leaving the part out does not get by the rule. */
	l.m.event = NULL;
	custom_row("event")->need = OPTIONAL;
	assert_passes(f, &custom, &l.m);
	l.m.study_day = 3;
	assert_rule_broken(f, &l, "studyDay", "\"3\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_check_rules_finds_equal_keys),
	    EACH(test_check_rules_tells_nearly_equal_keys_apart),
	    EACH(test_check_rules_passes_no_list_that_it_has_not_compared),
	    EACH(test_check_rules_holds_every_element_to_words),
	    EACH(test_check_rules_counts_a_list),
	};

	return cmocka_run_group_tests_name("catalogue/check_rules_lists", tests, NULL, NULL);
}
