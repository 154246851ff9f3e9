/* Rules of order: dates as far as they are precise, decimals, numbers and quantities; and what has no order. */
#include "check_fixture.h"

static void
test_check_rules_orders_dates_as_far_as_they_are_precise(void **state)
{
	static const struct {
		const char *first, *first_precision, *first_offset, *second, *second_precision, *second_offset;
		bool falls;
	} rows[] = {
	    {"2026-03-02", NULL, NULL, "2026-03-02", NULL, NULL, false},
	    {"2026-03-02", NULL, NULL, "2026-03-01", NULL, NULL, true},
	    {"2026-03-31", NULL, NULL, "2026-03", NULL, NULL, false},
	    {"2026-04-01", NULL, NULL, "2026-03", NULL, NULL, true},
	    {"2026", NULL, NULL, "2026-01-01", NULL, NULL, false},
	    {"2026", NULL, NULL, "2025-12-31", NULL, NULL, true},
	    {"20260302", NULL, NULL, "01-MAR-2026", NULL, NULL, true},
	    /* The same clock, then clocks that are known. */
	    {"2026-03-02T10:00", NULL, NULL, "2026-03-02T09:59", NULL, NULL, true},
	    {"2026-03-02T10:00+02:00", NULL, NULL, "2026-03-02T08:30Z", NULL, NULL, false},
	    {"2026-03-02T10:00+01:00", NULL, NULL, "2026-03-02T08:30Z", NULL, NULL, true},
	    {"2026-03-02T10:00", NULL, "+01:00", "2026-03-02T08:30Z", NULL, NULL, true},
	    {"2026-03-02T10:00", NULL, "+02:00", "2026-03-02T08:30", NULL, "+00:00", false},
	    /* Z beside an offset is still Z. */
	    {"2026-03-02T10:00Z", NULL, "+05:00", "2026-03-02T09:00Z", NULL, NULL, true},
	    /* One clock is not known: only what lies more than a day apart is ordered. */
	    {"2026-03-02T10:00+01:00", NULL, NULL, "2026-03-02T08:00", NULL, NULL, false},
	    {"2026-03-02T10:00+01:00", NULL, NULL, "2026-02-27T08:00", NULL, NULL, true},
	    {"2026-03-02T10:00:00.2+01:00", NULL, NULL, "2026-03-02T10:00:00.10+01:00", NULL, NULL, true},
	    {"2026-03-02T10:00:00.1+01:00", NULL, NULL, "2026-03-02T10:00:00.10+01:00", NULL, NULL, false},
	    /* Filled up by the source, and meant as a month or a year: what is not meant is not compared. */
	    {"2026-03-15", "month", NULL, "2026-03-01", NULL, NULL, false},
	    {"2026-03-15", NULL, NULL, "2026-03-01", "month", NULL, false},
	    {"2026-03-15", NULL, NULL, "2026-01-01", "year", NULL, false},
	    {"2026-03-15", NULL, NULL, "2025-01-01", "year", NULL, true},
	    {"2026-03-15T10:00:00", "day", NULL, "2026-03-15T09:00:00", NULL, NULL, false},
	    /* Malformed: not compared, and a problem of its own. */
	    {"2026-02-30", NULL, NULL, "2025-01-01", NULL, NULL, false},
	};
	struct fixture *f = *state;
	struct lab l;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = 0;

		lab_begin(&l);
		l.event.recorded_at = &l.recorded_at;
		l.recorded_at.text = words(rows[i].first);
		l.recorded_at.precision = words(rows[i].first_precision);
		l.recorded_at.offset = words(rows[i].first_offset);
		l.collected_at.text = words(rows[i].second);
		l.collected_at.precision = words(rows[i].second_precision);
		l.collected_at.offset = words(rows[i].second_offset);
		custom_rule((struct catalogue_rule){.kind = RULE_ORDER, .paths = {"event.recorded_at", "collected_at"}});
		check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
		for (size_t k = 0; k < f->problems.n; k++)
			if (strcmp(f->problems.v[k].rule, "test.rule") == 0) {
				n++;
				assert_string_equal(f->problems.v[k].path, "collectedAt");
				assert_memory_equal(f->problems.v[k].found + 1, rows[i].second, strlen(rows[i].second));
			}
		if (n != rows[i].falls)
			fail_msg("row %zu: %s, %s", i, rows[i].first, rows[i].second);
	}
}

static void
test_check_rules_sees_a_fall_behind_what_has_no_order(void **state)
{
	/* The one in the middle is comparable with neither, or equal to both: the fall from the first to the last stays one. */
	static const char *const middles[] = {"2026-03", "2026", "2026-03-15T12:00"};
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_rule((struct catalogue_rule){
	    .kind = RULE_ORDER, .paths = {"event.occurred_at", "event.recorded_at", "event.due_at", "collected_at"}});
	l.event.recorded_at = &l.recorded_at;
	for (size_t i = 0; i < 3; i++) {
		l.occurred_at.text = words(i == 2 ? "2026-03-15T16:00+01:00" : "2026-03-16");
		l.recorded_at.text = words(middles[i]);
		l.collected_at.text = words(i == 2 ? "2026-03-15T15:59+01:00" : "2026-03-15");
		check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
		assert_only(&f->problems, "collectedAt", "test.rule", i == 2 ? "\"2026-03-15T15:59+01:00\"" : "\"2026-03-15\"",
		    "As it should be.");
	}
	/* Everything that falls is named, once. */
	l.event.due_at = &l.due_at;
	l.occurred_at.text = words("2026-03-16");
	l.recorded_at.text = words("2026-03-15");
	l.due_at.text = words("2026-03-14");
	l.collected_at.text = words("2026-03-17");
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 2);
	assert_problem(&f->problems, 0, "event.recordedAt", "test.rule", "\"2026-03-15\"", "As it should be.");
	assert_problem(&f->problems, 1, "event.dueAt", "test.rule", "\"2026-03-14\"", "As it should be.");
}

static void
test_check_rules_orders_decimals_numbers_and_texts_that_are_numbers(void **state)
{
	static const struct {
		const char *low, *high;
		bool falls;
	} rows[] = {
	    {"3.5", "5.1", false},
	    {"5.1", "3.5", true},
	    {"1.50", "1.5", false},
	    {"9", "10", false},
	    {"10", "9", true},
	    {"-1", "-2", true},
	    {"0.1000000000000000000000000000001", "0.1", true},
	    {"<5", "1", false},
	    {"5", ".32", false},
	    {"5", "4 ", false},
	};
	struct fixture *f = *state;
	struct lab l;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		lab_begin(&l);
		custom_rule((struct catalogue_rule){.kind = RULE_ORDER, .paths = {"range_low", "range_high"}});
		l.m.range_low = words(rows[i].low);
		l.m.range_high = words(rows[i].high);
		check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
		bool falls = f->problems.n > 0 && strcmp(f->problems.v[0].rule, "test.rule") == 0;

		if (falls != rows[i].falls)
			fail_msg("row %zu: %s, %s", i, rows[i].low, rows[i].high);
	}
	lab_begin(&l);
	custom_rule((struct catalogue_rule){.kind = RULE_ORDER, .paths = {"sequence", "study_day", "visit_number"}});
	l.m.has_sequence = l.m.has_study_day = 1;
	l.m.sequence = 3000000000u;
	l.m.study_day = -5;
	l.m.visit_number = words("3000000000.5");
	assert_rule_broken(f, &l, "studyDay", "\"-5\"");
	/* Each number keeps its own text while others are read. */
	l.m.study_day = 0;
	l.m.has_study_day = 0;
	l.m.visit_number = words("2999999999.5");
	assert_rule_broken(f, &l, "visitNumber", "\"2999999999.5\"");
}

static void
test_check_rules_orders_quantities_of_one_unit(void **state)
{
	struct fixture *f = *state;
	struct catalogue_type t = *type_of("material.temperature_log");
	const struct catalogue_rule order[] = {
	    {.id = "test.rule", .says = "As it should be.", .kind = RULE_ORDER, .paths = {"min", "mean", "max"}}};
	char json[400];
	static const struct {
		const char *units[3], *values[3];
		const char *path;
	} cases[] = {
	    {{"Cel", "Cel", "Cel"}, {"1", "2", "3"}, NULL},
	    {{"Cel", "Cel", "Cel"}, {"1", "4", "3"}, "max"},
	    {{"Cel", "K", "Cel"}, {"4", "2", "3"}, "max"},
	    {{"Cel", "K", "K"}, {"4", "3", "2"}, "max"},
	    {{"Cel", "K", "[degF]"}, {"4", "3", "2"}, NULL},
	};

	t.message.rules = order;
	t.message.n_rules = 1;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = 0;

		snprintf(json, sizeof json,
		    "{\"min\": {\"value\": \"%s\", \"unit\": \"%s\"}, \"mean\": {\"value\": \"%s\", \"unit\": \"%s\"}, \"max\": "
		    "{\"value\": \"%s\", \"unit\": \"%s\"}}",
		    cases[i].values[0], cases[i].units[0], cases[i].values[1], cases[i].units[1], cases[i].values[2],
		    cases[i].units[2]);
		check_as(f, &t, CONSIGN_LABEL_OPEN, message_of(f, &t, json));
		for (size_t k = 0; k < f->problems.n; k++)
			if (strcmp(f->problems.v[k].rule, "test.rule") == 0) {
				n++;
				assert_string_equal(f->problems.v[k].path, cases[i].path == NULL ? "" : cases[i].path);
			}
		assert_int_equal(n, cases[i].path != NULL);
	}
	/* Reported in words only: nothing to order. */
	check_as(f, &t, CONSIGN_LABEL_OPEN,
	    message_of(f, &t,
		"{\"min\": {\"value\": \"9\", \"reportedUnit\": \"C\"}, \"max\": {\"value\": \"1\", \"reportedUnit\": \"C\"}}"));
	for (size_t k = 0; k < f->problems.n; k++)
		assert_string_not_equal(f->problems.v[k].rule, "test.rule");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_check_rules_orders_dates_as_far_as_they_are_precise),
	    EACH(test_check_rules_sees_a_fall_behind_what_has_no_order),
	    EACH(test_check_rules_orders_decimals_numbers_and_texts_that_are_numbers),
	    EACH(test_check_rules_orders_quantities_of_one_unit),
	};

	return cmocka_run_group_tests_name("catalogue/check_rules_order", tests, NULL, NULL);
}
