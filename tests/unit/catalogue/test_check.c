/* Fields against their rows: presence and originals, in every type; and the path, the finding and the words of each problem. */
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
	    EACH(test_check_adds_up_the_originals),
	    EACH(test_check_refuses_an_original_over_a_mebibyte),
	    EACH(test_check_refuses_the_seventeenth_original),
	    EACH(test_check_refuses_the_empty_message_of_every_type),
	};

	return cmocka_run_group_tests_name("catalogue/check", tests, NULL, NULL);
}
