/* Rules of values and their limits: what an indicator or a result says of them. */
#include "check_fixture.h"

#include "consign/v1/quality.pb-c.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_check_rules_holds_an_indicator_to_value_and_limits),
	    EACH(test_check_rules_passes_a_test_exactly_within_its_limits),
	};

	return cmocka_run_group_tests_name("catalogue/check_rules_limits", tests, NULL, NULL);
}
