/* Lists against their rows, how many problems are listed, and the paths at which they are. */
#include "check_fixture.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_check_counts_a_list_and_looks_at_no_more_than_it_may_have),
	    EACH(test_check_refuses_ten_thousand_elements_once),
	    EACH(test_check_gives_paths_with_the_index_of_each_list),
	    EACH(test_check_counts_problems_beyond_those_it_lists),
	    EACH(test_check_writes_paths_in_the_names_of_the_json_form),
	    EACH(test_check_cuts_paths_that_are_too_long),
	};

	return cmocka_run_group_tests_name("catalogue/check_lists", tests, NULL, NULL);
}
