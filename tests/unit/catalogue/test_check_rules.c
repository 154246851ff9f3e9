/* Rules over several fields: each kind, each condition, and what must not slip by them. */
#include "check_fixture.h"

#include "consign/v1/quality.pb-c.h"

static char *
words(const char *text)
{
	return (char *)(uintptr_t)text;
}

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

/* ── order ── */

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

/* ── lists ── */

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

/* ── limits ── */

static void
test_check_rules_holds_an_indicator_to_value_and_limits(void **state)
{
	static const struct {
		const char *indicator, *value, *low, *high;
		bool broken;
	} rows[] = {
	    {"NORMAL", "3.5", "3.5", "5.1", false},
	    {"NORMAL", "5.10", "3.5", "5.1", false},
	    {"NORMAL", "3.49", "3.5", "5.1", true},
	    {"NORMAL", "5.11", "3.5", "5.1", true},
	    {"LOW", "3.49", "3.5", "5.1", false},
	    {"LOW LOW", "3.49", "3.5", "5.1", false},
	    {"HIGH", "3.49", "3.5", "5.1", true},
	    {"HIGH", "5.2", "3.5", "5.1", false},
	    {"HIGH HIGH", "5.2", "3.5", "5.1", false},
	    {"LOW", "5.2", "3.5", "5.1", true},
	    {"LOW", "4", "3.5", "5.1", true},
	    {"ABNORMAL", "4", "3.5", "5.1", false},
	    {"HIGH", "5.2", NULL, "5.1", false},
	    {"NORMAL", "5.2", NULL, "5.1", true},
	    {"NORMAL", "-9", NULL, "5.1", false},
	    {"LOW", "3", "3.5", NULL, false},
	    {"NORMAL", "3", "3.5", NULL, true},
	    {"NORMAL", "99", "3.5", NULL, false},
	    {"HIGH", "4", NULL, NULL, false},
	    {"HIGH", "<5", "3.5", "5.1", false},
	    {"HIGH", "4", "<3.5", "5.1", false},
	    {"HIGH", "4", ".32", NULL, false},
	    {NULL, "4", "3.5", "5.1", false},
	};
	struct fixture *f = *state;
	struct lab l;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		lab_begin(&l);
		l.m.indicator = words(rows[i].indicator);
		l.result.value = words(rows[i].value);
		l.m.range_low = words(rows[i].low);
		l.m.range_high = words(rows[i].high);
		check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
		if (f->problems.total != rows[i].broken)
			fail_msg("row %zu: %zu problems", i, f->problems.total);
		if (rows[i].broken) {
			assert_string_equal(f->problems.v[0].path, "indicator");
			assert_string_equal(f->problems.v[0].rule, "lab.result.indicator");
		}
	}
}

static void
test_check_rules_passes_a_test_exactly_within_its_limits(void **state)
{
	static const struct {
		const char *verdict, *value, *low, *high;
		bool broken;
	} rows[] = {
	    {"pass", "95.0", "95.0", "105.0", false},
	    {"pass", "105", "95.0", "105.0", false},
	    {"pass", "94.999", "95.0", "105.0", true},
	    {"pass", "105.001", "95.0", "105.0", true},
	    {"fail", "94.9", "95.0", "105.0", false},
	    {"fail", "105.1", "95.0", "105.0", false},
	    {"fail", "100", "95.0", "105.0", true},
	    {"pass", "0.1", NULL, "0.5", false},
	    {"pass", "0.6", NULL, "0.5", true},
	    {"fail", "0.6", NULL, "0.5", false},
	};
	const struct catalogue_type *t = type_of("quality.coa");
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		Consign__V1__QualityCoa coa = CONSIGN__V1__QUALITY_COA__INIT;
		Consign__V1__CoaTest test = CONSIGN__V1__COA_TEST__INIT, *tests[] = {&test};
		Consign__V1__Text result = CONSIGN__V1__TEXT__INIT;
		Consign__V1__Quantity value = CONSIGN__V1__QUANTITY__INIT;
		size_t n = 0;

		result.value = words("as reported");
		value.value = words(rows[i].value);
		value.unit = words("%");
		test.test = test.method = test.limit = words("T");
		test.result = &result;
		test.result_value = &value;
		test.limit_low = words(rows[i].low);
		test.limit_high = words(rows[i].high);
		test.verdict = words(rows[i].verdict);
		coa.tests = tests;
		coa.n_tests = 1;
		check_as(f, t, CONSIGN_LABEL_RESTRICTED, &coa);
		for (size_t k = 0; k < f->problems.n; k++)
			if (strcmp(f->problems.v[k].rule, "quality.coa.test.verdict") == 0) {
				n++;
				assert_string_equal(f->problems.v[k].path, "tests[0].verdict");
			}
		if (n != rows[i].broken)
			fail_msg("row %zu", i);
	}
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
	    EACH(test_check_rules_orders_dates_as_far_as_they_are_precise),
	    EACH(test_check_rules_sees_a_fall_behind_what_has_no_order),
	    EACH(test_check_rules_orders_decimals_numbers_and_texts_that_are_numbers),
	    EACH(test_check_rules_orders_quantities_of_one_unit),
	    EACH(test_check_rules_finds_equal_keys),
	    EACH(test_check_rules_tells_nearly_equal_keys_apart),
	    EACH(test_check_rules_passes_no_list_that_it_has_not_compared),
	    EACH(test_check_rules_holds_every_element_to_words),
	    EACH(test_check_rules_counts_a_list),
	    EACH(test_check_rules_holds_an_indicator_to_value_and_limits),
	    EACH(test_check_rules_passes_a_test_exactly_within_its_limits),
	    EACH(test_check_rules_wants_reason_and_author_of_a_correction),
	    EACH(test_check_rules_knows_no_study_day_zero),
	    EACH(test_check_rules_compares_all_kits_of_a_full_shipment),
	};

	return cmocka_run_group_tests_name("check rules", tests, NULL, NULL);
}
