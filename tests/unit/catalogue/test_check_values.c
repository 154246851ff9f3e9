/* Fields against their rows: texts, codes and their lengths; decimals and numbers in their ranges. */
#include "check_fixture.h"

/* ── texts ── */

static void
test_check_counts_the_bytes_of_a_text(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.m.test_code = text_of_length(f, 40, 'K');
	assert_passes(f, type_of("lab.result"), &l.m);
	l.m.test_code = text_of_length(f, 41, 'K');
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "testCode", "length", "\"KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK\"", "at most 40 bytes");
	/* The limit of the format where the row has none: 200 of a line. */
	l.m.test_code = (char *)"K";
	l.m.test_name = text_of_length(f, 200, 'n');
	assert_passes(f, type_of("lab.result"), &l.m);
	l.m.test_name = text_of_length(f, 201, 'n');
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 1);
	assert_string_equal(f->problems.v[0].path, "testName");
	assert_string_equal(f->problems.v[0].rule, "length");
	assert_string_equal(f->problems.v[0].expected, "at most 200 bytes");
}

static void
test_check_refuses_a_mebibyte_of_text_in_every_field(void **state)
{
	struct fixture *f = *state;
	char *big = text_of_length(f, 1u << 20, '7');
	struct lab l;

	lab_begin(&l);
	l.m.study_id = l.m.test_name = l.m.indicator = l.m.standard_low = l.m.standard_high = l.m.visit_number = big;
	l.event.state = l.event.note = l.result.value = l.collected_at.text = l.collected_at.precision = l.collected_at.offset =
	    big;
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 12);
	for (size_t i = 0; i < f->problems.n; i++) {
		assert_string_equal(f->problems.v[i].rule, "length");
		assert_non_null(strstr(f->problems.v[i].found, "…\" (1048576 bytes)"));
	}
}

static void
test_check_says_what_a_format_expects(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.m.study_id = (char *)"ACME 301";
	l.m.standard_low = (char *)"3,5";
	l.m.epoch = (char *)"TREAT\nMENT";
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 3);
	assert_problem(&f->problems, 0, "studyId", "format", "\"ACME 301\"",
	    "an identifier without blanks, control or invisible characters, such as ACME-301-101-1007");
	assert_string_equal(f->problems.v[1].path, "standardLow");
	assert_string_equal(f->problems.v[1].found, "\"3,5\"");
	assert_string_equal(f->problems.v[2].path, "epoch");
	assert_string_equal(f->problems.v[2].found, "\"TREAT\\u{a}MENT\"");
}

static void
test_check_takes_codes_to_the_letter(void **state)
{
	static const char *const wrong[] = {"high", "HIGH ", "HIG", "HIGHX", "HIGH|LOW", "LOW,HIGH", "HIGH HIGH HIGH"};
	struct fixture *f = *state;
	char found[64];
	struct lab l;

	lab_begin(&l);
	custom_begin();
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		l.m.indicator = (char *)(uintptr_t)wrong[i];
		check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
		snprintf(found, sizeof found, "\"%s\"", wrong[i]);
		assert_only(&f->problems, "indicator", "code", found,
		    "one of NORMAL, LOW, HIGH, LOW LOW, HIGH HIGH, ABNORMAL (Reference range indicator)");
	}
	l.m.indicator = (char *)"HIGH HIGH";
	assert_passes(f, &custom, &l.m);
}

static void
test_check_cuts_a_long_list_of_codes(void **state)
{
	static char texts[100][12];
	static struct catalogue_code codes[101];
	static struct catalogue_codes list = {.name = "Hundred", .codes = codes};
	struct fixture *f = *state;
	struct lab l;

	for (size_t i = 0; i < 100; i++) {
		snprintf(texts[i], sizeof texts[i], "code-%03zu", i);
		codes[i] = (struct catalogue_code){texts[i], "m"};
	}
	lab_begin(&l);
	custom_begin();
	custom_row("indicator")->codes = &list;
	l.m.indicator = (char *)"code-100";
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 1);
	const char *expected = f->problems.v[0].expected, *end = " code-017, code-018, … (Hundred)";

	assert_memory_equal(expected, "one of code-000, code-001,", 26);
	assert_non_null(strstr(expected, end));
	assert_string_equal(strstr(expected, end), end);
	assert_true(strlen(expected) < PROBLEM_EXPECTED_BYTES);
	l.m.indicator = (char *)"code-099";
	assert_passes(f, &custom, &l.m);
}

static void
test_check_names_a_code_list_with_a_name_of_any_length(void **state)
{
	static const struct catalogue_code codes[] = {{"A", "a"}, {0}};
	struct fixture *f = *state;
	struct catalogue_codes list = {.codes = codes};
	struct lab l;

	lab_begin(&l);
	custom_begin();
	l.m.indicator = (char *)"B";
	custom_row("indicator")->codes = &list;
	for (size_t n = 180; n < 260; n++) {
		list.name = text_of_length(f, n, 'n');
		check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
		assert_int_equal(f->problems.total, 1);
		assert_memory_equal(f->problems.v[0].expected, "one of", 6);
		assert_true(strlen(f->problems.v[0].expected) < PROBLEM_EXPECTED_BYTES);
	}
}

static void
test_check_lists_the_states_of_the_type(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.event.state = (char *)"finall";
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_only(
	    &f->problems, "event.state", "code", "\"finall\"", "a state of the type: preliminary final corrected cancelled");
}

/* ── ranges ── */

static void
test_check_holds_decimals_to_their_range(void **state)
{
	static const struct {
		const char *text, *lo, *hi;
		const char *expected; /* NULL: within */
	} rows[] = {
	    {"0", "0", "1", NULL},
	    {"1.000", "0", "1", NULL},
	    {"1.0000000000000000000000000000001", "0", "1", "from 0 to 1"},
	    {"-0.1", "0", "1", "from 0 to 1"},
	    {"-273.15", "-273.15", NULL, NULL},
	    {"-273.150", "-273.15", NULL, NULL},
	    {"-273.16", "-273.15", NULL, "-273.15 or more"},
	    {"10", NULL, "9", "9 or less"},
	    {"9", NULL, "9", NULL},
	    {"9999999999999999999999999999999999", NULL, NULL, NULL},
	};
	struct fixture *f = *state;
	char found[64];
	struct lab l;

	lab_begin(&l);
	custom_begin();
	l.m.standard = &l.standard;
	l.standard.unit = (char *)"Cel";
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(found, sizeof found, "\"%s\"", rows[i].text);
		/* A decimal, then a quantity under the same limits: the same answer at another path. */
		for (int quantity = 0; quantity < 2; quantity++) {
			struct catalogue_field *row = custom_row(quantity ? "standard" : "standard_low");

			custom_row("standard")->lo = custom_row("standard")->hi = custom_row("standard_low")->lo =
			    custom_row("standard_low")->hi = NULL;
			row->lo = rows[i].lo;
			row->hi = rows[i].hi;
			l.m.standard_low = (char *)(uintptr_t)(quantity ? "1" : rows[i].text);
			l.standard.value = (char *)(uintptr_t)(quantity ? rows[i].text : "1");
			if (rows[i].expected == NULL) {
				assert_passes(f, &custom, &l.m);
				continue;
			}
			check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
			assert_only(&f->problems, quantity ? "standard.value" : "standardLow", "range", found, rows[i].expected);
		}
	}
}

static void
test_check_holds_no_malformed_decimal_to_a_range(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_begin();
	custom_row("standard")->lo = "0";
	l.m.standard = &l.standard;
	l.standard.unit = (char *)"Cel";
	l.standard.value = (char *)"-1e3";
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 1);
	assert_string_equal(f->problems.v[0].path, "standard.value");
	assert_string_equal(f->problems.v[0].rule, "format");
}

static void
test_check_holds_numbers_to_their_range(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.m.has_sequence = 1;
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "sequence", "range", "\"0\"", "from 1 to 4294967295");
	l.m.sequence = UINT32_MAX;
	assert_passes(f, type_of("lab.result"), &l.m);
	/* Without limits every number is one. */
	l.m.has_study_day = 1;
	l.m.study_day = INT32_MIN;
	assert_passes(f, type_of("lab.result"), &l.m);
	custom_begin();
	custom_row("study_day")->lo = "-2147483647";
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "studyDay", "range", "\"-2147483648\"", "-2147483647 or more");
	custom_row("study_day")->lo = NULL;
	custom_row("study_day")->hi = "-3";
	assert_passes(f, &custom, &l.m);
	l.m.study_day = -2;
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "studyDay", "range", "\"-2\"", "-3 or less");
	/* A number that is absent is not 0. */
	l.m.has_sequence = 0;
	l.m.has_study_day = 0;
	assert_passes(f, &custom, &l.m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_check_counts_the_bytes_of_a_text),
	    EACH(test_check_refuses_a_mebibyte_of_text_in_every_field),
	    EACH(test_check_says_what_a_format_expects),
	    EACH(test_check_takes_codes_to_the_letter),
	    EACH(test_check_cuts_a_long_list_of_codes),
	    EACH(test_check_names_a_code_list_with_a_name_of_any_length),
	    EACH(test_check_lists_the_states_of_the_type),
	    EACH(test_check_holds_decimals_to_their_range),
	    EACH(test_check_holds_no_malformed_decimal_to_a_range),
	    EACH(test_check_holds_numbers_to_their_range),
	};

	return cmocka_run_group_tests_name("catalogue/check_values", tests, NULL, NULL);
}
