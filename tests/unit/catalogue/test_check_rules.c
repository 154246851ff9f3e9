/* Rules over several fields: their conditions and paths, what they require, forbid and hold to words; and rules of real types. */
#include "check_fixture.h"

/* ── conditions ── */

static void
test_check_rules_asks_conditions_of_texts(void **state)
{
	static const struct {
		enum catalogue_test test;
		const char *visit; /* NULL: absent */
		const char *values;
		bool holds;
	} rows[] = {
	    {TEST_IS, "B", "A|B|C", true},
	    {TEST_IS, "A", "A|B|C", true},
	    {TEST_IS, "C", "A|B|C", true},
	    {TEST_IS, "D", "A|B|C", false},
	    {TEST_IS, "A|B", "A|B|C", false},
	    {TEST_IS, "A|B|C", "A|B|C", false},
	    {TEST_IS, "a", "A|B|C", false},
	    {TEST_IS, "|", "A|B|C", false},
	    {TEST_IS, "WEEK", "WEEK 4", false},
	    {TEST_IS, "WEEK 4 ", "WEEK 4", false},
	    {TEST_IS, "WEEK 4", "WEEK 4", true},
	    {TEST_IS, NULL, "A", false},
	    {TEST_IS, "", "A", false},
	    {TEST_IS_NOT, "A", "A|B", false},
	    {TEST_IS_NOT, "C", "A|B", true},
	    {TEST_IS_NOT, NULL, "A", false},
	    {TEST_IS_NOT, "", "A", false},
	    {TEST_PRESENT, NULL, NULL, false},
	    {TEST_PRESENT, "A", NULL, true},
	    {TEST_PRESENT, "", NULL, true}, /* on the wire, so there */
	    {TEST_ABSENT, NULL, NULL, true},
	    {TEST_ABSENT, "A", NULL, false},
	    {TEST_ABSENT, "", NULL, false},
	};
	struct fixture *f = *state;
	struct lab l;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (int second = 0; second < 2; second++) {
			struct catalogue_rule rule = {.kind = RULE_REQUIRED, .paths = {"site_id"}};
			size_t n = 0;

			*(second ? &rule.and_when : &rule.when) =
			    (struct catalogue_condition){"visit", rows[i].test, rows[i].values};
			custom_rule(rule);
			lab_begin(&l);
			l.m.visit = words(rows[i].visit);
			check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
			for (size_t k = 0; k < f->problems.n; k++)
				n += strcmp(f->problems.v[k].rule, "test.rule") == 0;
			if (n != rows[i].holds)
				fail_msg("row %zu", i);
		}
}

static void
test_check_rules_asks_conditions_of_flags_and_numbers(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_REQUIRED, .when = {"baseline", TEST_IS, "true"}, .paths = {"site_id"}});
	assert_passes(f, &custom, &l.m);
	l.m.has_baseline = 1;
	assert_passes(f, &custom, &l.m);
	l.m.baseline = 1;
	assert_rule_broken(f, &l, "siteId", "nothing");
	custom_rule(
	    (struct catalogue_rule){.kind = RULE_REQUIRED, .when = {"baseline", TEST_IS_NOT, "true"}, .paths = {"site_id"}});
	assert_passes(f, &custom, &l.m);
	l.m.baseline = 0;
	assert_rule_broken(f, &l, "siteId", "nothing");
	l.m.has_baseline = 0;
	assert_passes(f, &custom, &l.m);
	custom_rule((struct catalogue_rule){
	    .kind = RULE_REQUIRED, .when = {"study_day", TEST_IS, "0|-2147483648"}, .paths = {"site_id"}});
	assert_passes(f, &custom, &l.m);
	l.m.has_study_day = 1;
	assert_rule_broken(f, &l, "siteId", "nothing");
	l.m.study_day = INT32_MIN;
	assert_rule_broken(f, &l, "siteId", "nothing");
	l.m.study_day = INT32_MAX;
	assert_passes(f, &custom, &l.m);
	/* The number of a flag that is not there is not looked at. */
	l.m.has_study_day = 0;
	l.m.study_day = 0;
	assert_passes(f, &custom, &l.m);
}

static void
test_check_rules_wants_both_conditions(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	custom_rule((struct catalogue_rule){.kind = RULE_REQUIRED,
	    .when = {"visit", TEST_PRESENT, NULL},
	    .and_when = {"epoch", TEST_IS, "E"},
	    .paths = {"site_id"}});
	for (int i = 0; i < 4; i++) {
		lab_begin(&l);
		l.m.visit = i & 1 ? words("V") : NULL;
		l.m.epoch = i & 2 ? words("E") : words("F");
		if (i == 3)
			assert_rule_broken(f, &l, "siteId", "nothing");
		else
			assert_passes(f, &custom, &l.m);
	}
}

static void
test_check_rules_takes_a_path_through_an_absent_part_as_absent(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){
	    .kind = RULE_REQUIRED, .when = {"standard.value", TEST_ABSENT, NULL}, .paths = {"event.author.name"}});
	assert_rule_broken(f, &l, "event.author.name", "nothing");
	l.m.standard = &l.standard;
	l.standard.value = words("1");
	l.standard.unit = words("1");
	assert_passes(f, &custom, &l.m);
}

/* ── presence ── */

static void
test_check_rules_requires_and_forbids(void **state)
{
	struct fixture *f = *state;
	char *causes[] = {words("01a201e5-5f6c-7a7b-99da-7c293136ca17.0")};
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_REQUIRED, .paths = {"baseline"}});
	assert_rule_broken(f, &l, "baseline", "nothing");
	l.m.has_baseline = 1;
	assert_passes(f, &custom, &l.m);
	custom_rule((struct catalogue_rule){.kind = RULE_FORBIDDEN, .paths = {"baseline"}});
	assert_rule_broken(f, &l, "baseline", "\"false\"");
	l.m.has_baseline = 0;
	assert_passes(f, &custom, &l.m);
	custom_rule((struct catalogue_rule){.kind = RULE_FORBIDDEN, .paths = {"event.causes"}});
	assert_passes(f, &custom, &l.m);
	l.event.causes = causes;
	l.event.n_causes = 1;
	assert_rule_broken(f, &l, "event.causes", "\"01a201e5-5f6c-7a7b-99da-7c293136ca17.0\"");
	custom_rule((struct catalogue_rule){.kind = RULE_FORBIDDEN, .paths = {"event.source"}});
	assert_rule_broken(f, &l, "event.source", "a value");
	custom_rule((struct catalogue_rule){.kind = RULE_FORBIDDEN, .paths = {"study_day"}});
	l.m.has_study_day = 1;
	assert_rule_broken(f, &l, "studyDay", "\"0\"");
}

static void
test_check_rules_forbids_a_text_that_is_there_and_empty(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_FORBIDDEN, .paths = {"visit"}});
	l.m.visit = words("");
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 2);
	assert_problem(&f->problems, 0, "visit", "empty", "an empty text", "a text, or no such field");
	assert_problem(&f->problems, 1, "visit", "test.rule", "a value", "As it should be.");
}

static void
test_check_rules_wants_some_or_one(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	for (int i = 0; i < 16; i++) {
		int n = (i & 1) + (i >> 1 & 1) + (i >> 2 & 1);

		lab_begin(&l);
		l.m.visit = i & 1 ? words("V") : NULL;
		l.m.epoch = i & 2 ? words("E") : NULL;
		/* A flag counts when it says yes. */
		l.m.has_baseline = (i & 12) != 0;
		l.m.baseline = (i & 4) != 0;
		custom_rule((struct catalogue_rule){.kind = RULE_SOME, .paths = {"visit", "epoch", "baseline"}});
		if (n > 0)
			assert_passes(f, &custom, &l.m);
		else
			assert_rule_broken(f, &l, "visit", "none of them");
		custom_rule((struct catalogue_rule){.kind = RULE_ONE, .paths = {"visit", "epoch", "baseline"}});
		if (n == 1)
			assert_passes(f, &custom, &l.m);
		else
			assert_rule_broken(f, &l, "visit", n == 0 ? "none of them" : n == 2 ? "2 of them" : "3 of them");
	}
}

static void
test_check_rules_reads_all_eight_paths(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_SOME,
	    .paths = {"site_id", "accession", "specimen_id", "category", "result_unit", "range_low", "range_high", "epoch"}});
	assert_rule_broken(f, &l, "siteId", "none of them");
	l.m.epoch = words("E");
	assert_passes(f, &custom, &l.m);
}

/* ── values ── */

static void
test_check_rules_holds_a_value_to_words(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_VALUE, .paths = {"visit"}, .values = "WEEK 4|WEEK 8"});
	assert_passes(f, &custom, &l.m);
	l.m.visit = words("WEEK 8");
	assert_passes(f, &custom, &l.m);
	l.m.visit = words("WEEK 4|WEEK 8");
	assert_rule_broken(f, &l, "visit", "\"WEEK 4|WEEK 8\"");
	l.m.visit = words("WEEK");
	assert_rule_broken(f, &l, "visit", "\"WEEK\"");
	/* Empty is no value, and a problem of its own. */
	l.m.visit = words("");
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "visit", "empty", "an empty text", "a text, or no such field");
	l.m.visit = NULL;
	custom_rule((struct catalogue_rule){.kind = RULE_VALUE, .paths = {"sequence"}, .values = "1|4294967295"});
	l.m.has_sequence = 1;
	l.m.sequence = UINT32_MAX;
	assert_passes(f, &custom, &l.m);
	l.m.sequence = 2;
	assert_rule_broken(f, &l, "sequence", "\"2\"");
	custom_rule((struct catalogue_rule){.kind = RULE_VALUE, .paths = {"baseline"}, .values = "true"});
	assert_passes(f, &custom, &l.m);
	l.m.has_baseline = 1;
	assert_rule_broken(f, &l, "baseline", "\"false\"");
}

static void
test_check_rules_tells_two_values_apart(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_DIFFER, .paths = {"visit", "epoch"}});
	assert_passes(f, &custom, &l.m);
	l.m.visit = words("X");
	assert_passes(f, &custom, &l.m);
	l.m.epoch = words("X ");
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 1); /* the blank, not the rule */
	assert_string_equal(f->problems.v[0].rule, "format");
	l.m.epoch = words("XX");
	assert_passes(f, &custom, &l.m);
	l.m.epoch = words("X");
	assert_rule_broken(f, &l, "visit", "\"X\"");
	/* Two numbers: each in a buffer of its own. */
	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_DIFFER, .paths = {"sequence", "study_day"}});
	l.m.has_sequence = l.m.has_study_day = 1;
	l.m.sequence = 7;
	l.m.study_day = -7;
	assert_passes(f, &custom, &l.m);
	l.m.study_day = 7;
	assert_rule_broken(f, &l, "sequence", "\"7\"");
	/* Two that are absent are not the same. */
	l.m.has_sequence = l.m.has_study_day = 0;
	assert_passes(f, &custom, &l.m);
}

/* ── rules that real types have ── */

static void
test_check_rules_wants_reason_and_author_of_a_correction(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.event.supersedes = words("01a201e5-5f6c-7a7b-99da-7c293136ca15.0");
	l.event.voids = words("01a201e5-5f6c-7a7b-99da-7c293136ca15.0");
	check_as(f, t, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 5);
	assert_problem(&f->problems, 0, "event.voids", "event.correction", "\"01a201e5-5f6c-7a7b-99da-7c293136ca15.0\"",
	    "A message corrects another or voids it, not both.");
	assert_problem(&f->problems, 1, "event.reason", "event.reason", "nothing", "A correction says why.");
	assert_problem(&f->problems, 2, "event.reason", "event.reason", "nothing", "A correction says why.");
	assert_problem(&f->problems, 3, "event.author", "event.author", "nothing", "A correction has an author.");
}

static void
test_check_rules_knows_no_study_day_zero(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.m.has_study_day = 1;
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "studyDay", "lab.result.study-day", "\"0\"", "There is no study day 0: day 1 follows day -1.");
	l.m.study_day = -1;
	assert_passes(f, type_of("lab.result"), &l.m);
}

static void
test_check_rules_compares_all_kits_of_a_full_shipment(void **state)
{
	enum { N = 500 };
	const struct catalogue_type *t = type_of("material.shipment.dispatched");
	struct fixture *f = *state;

	for (int twice = 0; twice < 2; twice++) {
		bool broken = false;

		buf_reset(&f->out);
		assert_int_equal(buf_printf(&f->out, "{\"items\": ["), CONSIGN_OK);
		for (size_t i = 0; i < N; i++)
			assert_int_equal(
			    buf_printf(&f->out, "%s{\"kitNumber\": \"K-%zu\"}", i > 0 ? "," : "", twice && i == N - 1 ? 0 : i),
			    CONSIGN_OK);
		assert_int_equal(buf_printf(&f->out, "]}"), CONSIGN_OK);
		check_as(f, t, CONSIGN_LABEL_OPEN, message_of(f, t, (const char *)f->out.data));
		for (size_t k = 0; k < f->problems.n; k++) {
			assert_string_not_equal(f->problems.v[k].rule, "count");
			if (strcmp(f->problems.v[k].rule, "material.shipment.dispatched.kits") == 0) {
				broken = true;
				assert_string_equal(f->problems.v[k].path, "items");
				assert_string_equal(f->problems.v[k].found, "\"K-0\"");
			}
		}
		assert_int_equal(broken, twice);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_check_rules_asks_conditions_of_texts),
	    EACH(test_check_rules_asks_conditions_of_flags_and_numbers),
	    EACH(test_check_rules_wants_both_conditions),
	    EACH(test_check_rules_takes_a_path_through_an_absent_part_as_absent),
	    EACH(test_check_rules_requires_and_forbids),
	    EACH(test_check_rules_forbids_a_text_that_is_there_and_empty),
	    EACH(test_check_rules_wants_some_or_one),
	    EACH(test_check_rules_reads_all_eight_paths),
	    EACH(test_check_rules_holds_a_value_to_words),
	    EACH(test_check_rules_tells_two_values_apart),
	    EACH(test_check_rules_wants_reason_and_author_of_a_correction),
	    EACH(test_check_rules_knows_no_study_day_zero),
	    EACH(test_check_rules_compares_all_kits_of_a_full_shipment),
	};

	return cmocka_run_group_tests_name("catalogue/check_rules", tests, NULL, NULL);
}
