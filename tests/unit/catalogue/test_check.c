/* Fields against their rows: presence, formats, limits, codes, lists, labels, originals; and the path, the finding and the words
 * of each problem. */
#include "check_fixture.h"

/* ── presence ── */

static void
test_check_passes_what_is_complete(void **state)
{
	struct lab l;

	lab_begin(&l);
	assert_passes(*state, type_of("lab.result"), &l.m);
}

static void
test_check_names_every_mandatory_field_that_is_absent(void **state)
{
	struct fixture *f = *state;
	Consign__V1__LabResult m = CONSIGN__V1__LAB_RESULT__INIT;

	assert_int_equal(check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &m), CONSIGN_E_MALFORMED);
	assert_int_equal(f->problems.total, 7);
	assert_problem(&f->problems, 0, "event", "mandatory", "nothing", "Event");
	assert_problem(&f->problems, 1, "studyId", "mandatory", "nothing", "Study (STUDYID)");
	assert_problem(&f->problems, 2, "subjectKey", "mandatory", "nothing", "Subject (USUBJID)");
	assert_problem(&f->problems, 3, "testCode", "mandatory", "nothing", "Test code (LBTESTCD)");
	assert_problem(&f->problems, 4, "testName", "mandatory", "nothing", "Test (LBTEST)");
	assert_problem(&f->problems, 5, "result", "mandatory", "nothing", "Result (LBORRES)");
	assert_problem(&f->problems, 6, "collectedAt", "mandatory", "nothing", "Collected at (LBDTC)");
}

static void
test_check_names_mandatory_fields_of_parts(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.event.occurred_at = NULL;
	l.source.name = NULL;
	assert_int_equal(check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m), CONSIGN_E_MALFORMED);
	assert_int_equal(f->problems.total, 2);
	assert_problem(&f->problems, 0, "event.occurredAt", "mandatory", "nothing", "Occurred at");
	assert_problem(&f->problems, 1, "event.source.name", "mandatory", "nothing", "System");
}

static void
test_check_refuses_an_empty_text_wherever_it_is(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.m.study_id = (char *)"";
	l.m.site_id = (char *)"";
	l.m.indicator = (char *)"";
	l.m.standard_low = (char *)"";
	l.event.state = (char *)"";
	l.event.supersedes = (char *)"";
	l.result.value = (char *)"";
	l.collected_at.text = (char *)"";
	assert_int_equal(check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m), CONSIGN_E_MALFORMED);
	static const char *const paths[] = {"event.state", "event.supersedes", "event.reason", "event.author", "studyId",
	    "siteId", "result.value", "standardLow", "indicator", "collectedAt.text"};

	assert_int_equal(f->problems.total, sizeof paths / sizeof paths[0]);
	for (size_t i = 0; i < f->problems.n; i++) {
		bool is_rule = i == 2 || i == 3; /* the empty supersedes is present: a correction wants its reason and author */

		assert_string_equal(f->problems.v[i].path, paths[i]);
		assert_string_equal(f->problems.v[i].rule, i == 2 ? "event.reason" : i == 3 ? "event.author" : "empty");
		assert_string_equal(f->problems.v[i].found, is_rule ? "nothing" : "an empty text");
		if (!is_rule)
			assert_string_equal(f->problems.v[i].expected, "a text, or no such field");
	}
}

static void
test_check_refuses_an_empty_element_of_a_list(void **state)
{
	struct fixture *f = *state;
	char *causes[] = {(char *)"01a201e5-5f6c-7a7b-99da-7c293136ca17.0", (char *)""};
	struct lab l;

	lab_begin(&l);
	l.event.causes = causes;
	l.event.n_causes = 2;
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "event.causes[1]", "empty", "an empty text", "a text, or no such field");
}

static void
test_check_takes_a_flag_that_says_no_as_present(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_begin();
	custom_row("baseline")->need = MANDATORY;
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "baseline", "mandatory", "nothing", "Last before treatment (LBLOBXFL)");
	l.m.has_baseline = 1;
	assert_passes(f, &custom, &l.m);
	l.m.baseline = 1;
	assert_passes(f, &custom, &l.m);
}

static void
test_check_takes_an_empty_list_as_absent(void **state)
{
	struct fixture *f = *state;
	const struct catalogue_type *t = type_of("quality.coa");
	void *m = message_of(f, t, "{\"event\": {}}");

	check_as(f, t, CONSIGN_LABEL_RESTRICTED, m);
	for (size_t i = 0; i < f->problems.n; i++)
		if (strcmp(f->problems.v[i].path, "tests") == 0) {
			assert_problem(&f->problems, i, "tests", "mandatory", "nothing", "Test");
			return;
		}
	fail_msg("an absent list is not missed");
}

static void
test_check_adds_to_problems_that_are_there(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	problems_add_words(&f->problems, "", "other", "x", "y");
	assert_int_equal(business_check(type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m.base, &f->problems), CONSIGN_OK);
	assert_int_equal(f->problems.total, 1);
	l.m.study_id = NULL;
	assert_int_equal(business_check(type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m.base, &f->problems), CONSIGN_E_MALFORMED);
	assert_int_equal(f->problems.total, 2);
	assert_problem(&f->problems, 0, "", "other", "x", "y");
}

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

/* ── lists ── */

static void
test_check_counts_a_list_and_looks_at_no_more_than_it_may_have(void **state)
{
	static const char id[] = "01a201e5-5f6c-7a7b-99da-7c293136ca17.0";
	struct fixture *f = *state;
	char *causes[33];
	struct lab l;

	lab_begin(&l);
	for (size_t i = 0; i < 33; i++)
		causes[i] = (char *)(uintptr_t)id;
	l.event.causes = causes;
	l.event.n_causes = 32;
	assert_passes(f, type_of("lab.result"), &l.m);
	causes[31] = (char *)"x";
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "event.causes[31]", "format", "\"x\"",
	    "the id of a message of this hub, such as 01a201e5-5f6c-7a7b-99da-7c293136ca15.0");
	causes[31] = (char *)(uintptr_t)id;
	causes[32] = (char *)"x";
	l.event.n_causes = 33;
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "event.causes", "count", "33 of them", "at most 32 of them");
}

static void
test_check_refuses_ten_thousand_elements_once(void **state)
{
	enum { N = 10000 };
	struct fixture *f = *state;
	Consign__V1__Reference **references = arena_alloc(f->arena, N * sizeof(Consign__V1__Reference *));
	Consign__V1__Reference one = CONSIGN__V1__REFERENCE__INIT;
	struct lab l;

	assert_non_null(references);
	lab_begin(&l);
	one.kind = (char *)"protocol";
	one.id = (char *)"P";
	for (size_t i = 0; i < N; i++)
		references[i] = &one;
	l.event.references = references;
	l.event.n_references = N;
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "event.references", "count", "10000 of them", "at most 64 of them");
}

static void
test_check_gives_paths_with_the_index_of_each_list(void **state)
{
	struct fixture *f = *state;
	const struct catalogue_type *t = type_of("quality.coa");
	void *m = message_of(f, t,
	    "{\"event\": {\"state\": \"draft\", \"occurredAt\": {\"text\": \"2026-03-02\"}, \"source\": {\"name\": \"LIMS\"},"
	    " \"signatures\": [{\"signer\": {\"id\": \"u-1\", \"name\": \"N\", \"role\": \"nobody\"}, \"meaning\": \"approval\","
	    "   \"signedAt\": {\"text\": \"2026-03-02T10:00+01:00\"}}]},"
	    " \"coaNo\": \"C-1\", \"issuer\": {\"name\": \"B\", \"address\": \"B\"}, \"material\": \"M\", \"batchId\": \"B-1\", "
	    "\"specId\": \"S\","
	    " \"specVersion\": \"4\", \"tests\": ["
	    "  {\"test\": \"Assay\", \"method\": \"HPLC\", \"limit\": \"x\", \"result\": {\"value\": \"1\"}, \"verdict\": "
	    "\"pass\"},"
	    "  {\"test\": \"Water\", \"method\": \"KF\", \"limit\": \"x\", \"result\": {\"value\": \"1\"}, \"verdict\": \"pass\","
	    "   \"resultValue\": {\"value\": \"1\", \"unit\": \"no unit\"}}]}");

	check_as(f, t, CONSIGN_LABEL_RESTRICTED, m);
	assert_int_equal(f->problems.total, 2);
	assert_string_equal(f->problems.v[0].path, "event.signatures[0].signer.role");
	assert_string_equal(f->problems.v[0].rule, "code");
	assert_string_equal(f->problems.v[1].path, "tests[1].resultValue.unit");
	assert_string_equal(f->problems.v[1].rule, "format");
}

static void
test_check_counts_problems_beyond_those_it_lists(void **state)
{
	struct fixture *f = *state;
	Consign__V1__Reference empty = CONSIGN__V1__REFERENCE__INIT, *references[64];
	struct lab l;

	lab_begin(&l);
	for (size_t i = 0; i < 64; i++)
		references[i] = &empty;
	l.event.references = references;
	l.event.n_references = 64;
	/* kind and id of each are missing */
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.n, CONSIGN_PROBLEMS_MAX);
	assert_int_equal(f->problems.total, 128);
	assert_string_equal(f->problems.v[CONSIGN_PROBLEMS_MAX - 1].path, "event.references[31].id");
}

/* ── paths ── */

static void
test_check_writes_paths_in_the_names_of_the_json_form(void **state)
{
	const struct place event = {NULL, "event", SIZE_MAX}, list = {&event, "due_at_or_so", 17}, deep = {&list, "a", SIZE_MAX};
	char path[PROBLEM_PATH_BYTES];

	(void)state;
	place_path(NULL, NULL, path);
	assert_string_equal(path, "");
	place_path(NULL, "study_id", path);
	assert_string_equal(path, "studyId");
	place_path(&event, NULL, path);
	assert_string_equal(path, "event");
	place_path(&list, NULL, path);
	assert_string_equal(path, "event.dueAtOrSo[17]");
	place_path(&deep, "sha256", path);
	assert_string_equal(path, "event.dueAtOrSo[17].a.sha256");
	place_path(&event, "source.name_of", path);
	assert_string_equal(path, "event.source.nameOf");
}

static void
test_check_cuts_paths_that_are_too_long(void **state)
{
	struct place places[40];
	char path[PROBLEM_PATH_BYTES + 1];
	char whole[1024] = "";

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		places[i] = (struct place){i > 0 ? &places[i - 1] : NULL, "a_longer_name", i % 2 == 0 ? i : SIZE_MAX};
		snprintf(whole + strlen(whole), sizeof whole - strlen(whole), i % 2 == 0 ? "%saLongerName[%zu]" : "%saLongerName",
		    i > 0 ? "." : "", i);
		path[PROBLEM_PATH_BYTES] = '~';
		place_path(&places[i], "x", path);
		assert_int_equal(path[PROBLEM_PATH_BYTES], '~');
		assert_true(strlen(path) < PROBLEM_PATH_BYTES);
		/* What is left names the place from the outside. */
		assert_memory_equal(path, whole, strlen(path) < strlen(whole) ? strlen(path) : strlen(whole));
		if (strlen(whole) + 2 < PROBLEM_PATH_BYTES)
			assert_string_equal(path + strlen(whole), ".x");
		else
			assert_true(strlen(path) > PROBLEM_PATH_BYTES - 8);
	}
}

/* ── labels ── */

static void
test_check_asks_for_the_label_of_the_type(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_begin();
	custom.least_label = CONSIGN_LABEL_RESTRICTED;
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "", "label", "open", "the label restricted or higher: it is the least of lab.result");
	assert_int_equal(check_as(f, &custom, CONSIGN_LABEL_RESTRICTED, &l.m), CONSIGN_OK);
	assert_int_equal(check_as(f, &custom, CONSIGN_LABEL_UNBLINDED, &l.m), CONSIGN_OK);
	assert_int_equal(business_least_label(&custom, &l.m.base), CONSIGN_LABEL_RESTRICTED);
}

static void
test_check_asks_for_the_label_of_each_field_that_is_there(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_begin();
	custom_row("visit")->least_label = CONSIGN_LABEL_RESTRICTED;
	custom_row("baseline")->least_label = CONSIGN_LABEL_UNBLINDED;
	assert_passes(f, &custom, &l.m);
	assert_int_equal(business_least_label(&custom, &l.m.base), CONSIGN_LABEL_OPEN);
	l.m.visit = (char *)"WEEK 4";
	assert_int_equal(business_least_label(&custom, &l.m.base), CONSIGN_LABEL_RESTRICTED);
	/* A flag that says no needs no label. */
	l.m.has_baseline = 1;
	l.m.baseline = 0;
	assert_int_equal(business_least_label(&custom, &l.m.base), CONSIGN_LABEL_RESTRICTED);
	l.m.baseline = 1;
	assert_int_equal(business_least_label(&custom, &l.m.base), CONSIGN_LABEL_UNBLINDED);
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 2);
	assert_problem(&f->problems, 0, "baseline", "label", "open",
	    "the label unblinded or higher on a message with this field, or no such field");
	assert_problem(&f->problems, 1, "visit", "label", "open",
	    "the label restricted or higher on a message with this field, or no such field");
	check_as(f, &custom, CONSIGN_LABEL_RESTRICTED, &l.m);
	assert_only(&f->problems, "baseline", "label", "restricted",
	    "the label unblinded or higher on a message with this field, or no such field");
	assert_int_equal(check_as(f, &custom, CONSIGN_LABEL_UNBLINDED, &l.m), CONSIGN_OK);
}

static void
test_check_finds_the_label_of_a_field_deep_in_a_list(void **state)
{
	static const char before[] =
	    "{\"event\": {\"state\": \"dispatched\", \"occurredAt\": {\"text\": \"2026-03-02\"}, \"source\": {\"name\": \"W\"}},"
	    " \"items\": [{\"kitNumber\": \"K-1\"}, {\"kitNumber\": \"K-2\"%s}]}";
	static const struct {
		const char *field;
		enum consign_label least;
	} rows[] = {{"", CONSIGN_LABEL_OPEN}, {", \"trueLot\": \"L-17\"", CONSIGN_LABEL_RESTRICTED},
	    {", \"treatment\": \"A\"", CONSIGN_LABEL_UNBLINDED}};
	const struct catalogue_type *t = type_of("material.shipment.dispatched");
	struct fixture *f = *state;
	char json[400];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(json, sizeof json, before, rows[i].field);
		const ProtobufCMessage *m = message_of(f, t, json);
		bool labelled = false;

		assert_int_equal(business_least_label(t, m), rows[i].least);
		check_as(f, t, CONSIGN_LABEL_OPEN, m);
		for (size_t k = 0; k < f->problems.n; k++)
			if (strcmp(f->problems.v[k].rule, "label") == 0) {
				labelled = true;
				assert_string_equal(f->problems.v[k].path, i == 1 ? "items[1].trueLot" : "items[1].treatment");
			}
		assert_int_equal(labelled, rows[i].least > CONSIGN_LABEL_OPEN);
		check_as(f, t, business_least_label(t, m), m);
		for (size_t k = 0; k < f->problems.n; k++)
			assert_string_not_equal(f->problems.v[k].rule, "label");
	}
}

/* ── originals ── */

/* Attaches n bytes, truly described. */
static void
attach(struct fixture *f, const struct catalogue_type *t, struct lab *l, size_t n)
{
	assert_int_equal(
	    business_attach(t, &l->m.base, "text/plain", "note.txt", slice_of(text_of_length(f, n, 'a'), n), f->arena),
	    CONSIGN_OK);
}

static void
test_check_adds_up_the_originals(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	attach(f, t, &l, CONSIGN_CONTENT_MAX_BYTES - 1);
	attach(f, t, &l, 0);
	attach(f, t, &l, 1);
	assert_passes(f, t, &l.m);
	attach(f, t, &l, 1);
	check_as(f, t, CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "event.originals", "length", "more than 1 MiB in all", "originals of up to 1 MiB together");
}

static void
test_check_refuses_an_original_over_a_mebibyte(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	attach(f, t, &l, CONSIGN_CONTENT_MAX_BYTES + 1);
	check_as(f, t, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 3);
	assert_problem(&f->problems, 0, "event.originals[0].size", "range", "\"1048577\"", "from 0 to 1048576");
	assert_problem(&f->problems, 1, "event.originals[0].content", "length", "1048577 bytes", "at most 1048576 bytes");
	assert_string_equal(f->problems.v[2].path, "event.originals");
}

static void
test_check_refuses_the_seventeenth_original(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	Consign__V1__Original *seventeen[17];
	struct lab l;

	lab_begin(&l);
	for (int i = 0; i < 16; i++)
		attach(f, t, &l, 3);
	assert_passes(f, t, &l.m);
	for (int i = 0; i < 17; i++)
		seventeen[i] = l.event.originals[0];
	l.event.originals = seventeen;
	l.event.n_originals = 17;
	check_as(f, t, CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "event.originals", "count", "17 of them", "at most 16 of them");
}

/* ── every type ── */

static void
test_check_refuses_the_empty_message_of_every_type(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; catalogue_at(i) != NULL; i++) {
		const struct catalogue_type *t = catalogue_at(i);
		ProtobufCMessage *m = arena_alloc(f->arena, t->message.descriptor->sizeof_message);

		assert_non_null(m);
		t->message.descriptor->message_init(m);
		assert_int_equal(check_as(f, t, CONSIGN_LABEL_UNBLINDED, m), CONSIGN_E_MALFORMED);
		assert_problem(&f->problems, 0, "event", "mandatory", "nothing", "Event");
		assert_int_equal(business_least_label(t, m), catalogue_type_label(t));
	}
}

/* A certificate names the true batch, whichever message refers to it. */
static void
test_check_asks_for_the_label_of_a_code(void **state)
{
	struct fixture *f = *state;
	Consign__V1__Reference reference = CONSIGN__V1__REFERENCE__INIT, *references[] = {&reference};
	struct lab l;

	lab_begin(&l);
	custom_begin();
	reference.id = (char *)"COA-1";
	reference.kind = (char *)"order";
	l.event.n_references = 1;
	l.event.references = references;
	assert_int_equal(business_least_label(&custom, &l.m.base), CONSIGN_LABEL_OPEN);
	assert_passes(f, &custom, &l.m);
	reference.kind = (char *)"certificate-of-analysis";
	assert_int_equal(business_least_label(&custom, &l.m.base), CONSIGN_LABEL_RESTRICTED);
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 1);
	assert_problem(&f->problems, 0, "event.references[0].kind", "label", "open",
	    "the label restricted or higher on a message with this code, or no such field");
	check_as(f, &custom, CONSIGN_LABEL_RESTRICTED, &l.m);
	assert_int_equal(f->problems.total, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_check_passes_what_is_complete),
	    EACH(test_check_names_every_mandatory_field_that_is_absent),
	    EACH(test_check_names_mandatory_fields_of_parts),
	    EACH(test_check_refuses_an_empty_text_wherever_it_is),
	    EACH(test_check_refuses_an_empty_element_of_a_list),
	    EACH(test_check_takes_a_flag_that_says_no_as_present),
	    EACH(test_check_takes_an_empty_list_as_absent),
	    EACH(test_check_adds_to_problems_that_are_there),
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
	    EACH(test_check_counts_a_list_and_looks_at_no_more_than_it_may_have),
	    EACH(test_check_refuses_ten_thousand_elements_once),
	    EACH(test_check_gives_paths_with_the_index_of_each_list),
	    EACH(test_check_counts_problems_beyond_those_it_lists),
	    EACH(test_check_writes_paths_in_the_names_of_the_json_form),
	    EACH(test_check_cuts_paths_that_are_too_long),
	    EACH(test_check_asks_for_the_label_of_the_type),
	    EACH(test_check_asks_for_the_label_of_each_field_that_is_there),
	    EACH(test_check_finds_the_label_of_a_field_deep_in_a_list),
	    EACH(test_check_adds_up_the_originals),
	    EACH(test_check_refuses_an_original_over_a_mebibyte),
	    EACH(test_check_refuses_the_seventeenth_original),
	    EACH(test_check_refuses_the_empty_message_of_every_type),
	    EACH(test_check_asks_for_the_label_of_a_code),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
