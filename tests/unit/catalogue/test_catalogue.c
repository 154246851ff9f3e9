/* Finding types by name and by number, and what they say of themselves. */
#include "check_fixture.h"

static void
test_catalogue_finds_each_type_by_its_name(void **state)
{
	size_t n = 0;

	(void)state;
	for (; catalogue_at(n) != NULL; n++) {
		const struct catalogue_type *t = catalogue_at(n);

		assert_ptr_equal(catalogue_find(catalogue_type_name(t)), t);
		if (n > 0)
			assert_true(strcmp(catalogue_type_name(catalogue_at(n - 1)), catalogue_type_name(t)) < 0);
	}
	assert_true(n >= 13);
	assert_int_equal(n, catalogue_n_types);
	assert_null(catalogue_at(n));
	assert_null(catalogue_at(n + 1));
	assert_null(catalogue_at(SIZE_MAX));
}

static void
test_catalogue_finds_no_other_name(void **state)
{
	static const char *const names[] = {"", "l", "lab", "lab.", "lab.resul", "lab.results", "lab.result.", "LAB.RESULT",
	    " lab.result", "lab.result ", "lab_result", "a", "zzz", "x.lab.result", "\xff\xff", "material.shipment"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_null(catalogue_find(names[i]));
}

static void
test_catalogue_says_what_a_type_is(void **state)
{
	const struct catalogue_type *t = catalogue_find("lab.result");

	(void)state;
	assert_non_null(t);
	assert_string_equal(catalogue_type_name(t), "lab.result");
	assert_string_equal(catalogue_type_title(t), "Laboratory result");
	assert_string_equal(catalogue_type_message(t), "consign.v1.LabResult");
	assert_int_equal(catalogue_type_version(t), 1);
	assert_int_equal(catalogue_type_label(t), CONSIGN_LABEL_OPEN);
	assert_int_equal(catalogue_type_label(type_of("quality.coa")), CONSIGN_LABEL_RESTRICTED);
	assert_string_equal(catalogue_type_message(type_of("material.temperature_log")), "consign.v1.MaterialTemperatureLog");
}

/* The walk of strict.c has room for as many. */
static void
test_catalogue_has_no_message_of_more_than_sixty_four_fields(void **state)
{
	(void)state;
	for (size_t i = 0; catalogue_at(i) != NULL; i++) {
		const struct catalogue_message *d = &catalogue_at(i)->message;

		assert_true(d->descriptor->n_fields <= 64);
		for (unsigned k = 0; k < d->descriptor->n_fields; k++)
			assert_true(d->fields[k].part == NULL || d->fields[k].part->descriptor->n_fields <= 64);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_catalogue_finds_each_type_by_its_name),
	    EACH(test_catalogue_finds_no_other_name),
	    EACH(test_catalogue_says_what_a_type_is),
	    EACH(test_catalogue_has_no_message_of_more_than_sixty_four_fields),
	};

	return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
