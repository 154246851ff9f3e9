/* Labels against what the type, a field that is there, or a code asks for. */
#include "check_fixture.h"

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
	    EACH(test_check_asks_for_the_label_of_the_type),
	    EACH(test_check_asks_for_the_label_of_each_field_that_is_there),
	    EACH(test_check_finds_the_label_of_a_field_deep_in_a_list),
	    EACH(test_check_asks_for_the_label_of_a_code),
	};

	return cmocka_run_group_tests_name("catalogue/check_labels", tests, NULL, NULL);
}
