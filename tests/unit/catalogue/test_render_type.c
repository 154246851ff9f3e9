/* A type for a terminal. */
#include "reading.h"

#include "catalogue/render.h"
#include "catalogue/render_page.h"

static void
assert_has(struct buf *out, const char *text)
{
	if (strstr(text_of_buf(out), text) == NULL)
		fail_msg("%s\nlacks: %s", text_of_buf(out), text);
}

static void
test_render_type_shows_fields_rules_and_code_lists(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(render_type(catalogue_find("lab.result"), 100, &out), CONSIGN_OK);
	assert_memory_equal(out.data, "lab.result: Laboratory result, version 1\n", 41);
	assert_has(&out, "\n  From                lab, smo, site, cro\n");
	assert_has(&out, "\n  Label               open or higher. ");
	assert_has(&out, "\n  preliminary         measured, not yet confirmed; then final, corrected, cancelled\n");
	assert_has(&out, "\n  cancelled           the result does not stand: the specimen or the test was not usable; ends here\n");
	assert_has(&out, "\n  studyId *           Study; id (STUDYID)\n");
	assert_has(&out, "\n  sequence            Number; number, 1 to 4294967295 (LBSEQ)\n");
	assert_has(&out, "\n  testCode *          Test code; id, up to 40 bytes (LBTESTCD)\n");
	assert_has(&out, "\n  result *            Result; Text, or a null flavour (LBORRES). As the laboratory reported it.\n");
	assert_has(&out, "\n  indicator           Indicator; code of: Reference range indicator (LBNRIND)\n");
	assert_has(&out, "\n  lab.result.study-day (CDISC SDTMIG 4.4.4)\n    There is no study day 0: day 1 follows day -1.\n");
	assert_has(&out, "\nReference range indicator (CDISC NRIND)\n  NORMAL              within the reference range\n");
	buf_clear(&out);
}

static void
test_render_type_shows_limits_lists_and_parts(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(render_type(catalogue_find("material.shipment.dispatched"), 200, &out), CONSIGN_OK);
	assert_has(&out, "\n  storageLow          Keep above; Quantity in Cel, -273.15 or more\n");
	assert_has(&out, "\n  loggerIds           Logger; up to 64 of: id, up to 200 bytes (EPCIS deviceID). ");
	assert_has(&out, "\n  dispatchedAt *      Dispatched at; When, known to the minute, with offset (");
	assert_has(&out, "; label unblinded or higher. ");
	assert_has(&out, "\nMaterialPlace: Where something is, comes from or goes to, and who has it there.\n");
	/* What all types share stands in the page. */
	assert_null(strstr(text_of_buf(&out), "\nQuantity: "));
	buf_clear(&out);
}

static void
test_render_type_fits_the_width_and_says_a_rule_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalogue_n_types; i++) {
		struct buf out = {0};
		const char *line, *end;

		assert_int_equal(render_type(catalogue_types[i], 80, &out), CONSIGN_OK);
		for (line = text_of_buf(&out); (end = strchr(line, '\n')) != NULL; line = end + 1) {
			char text[1024];

			snprintf(text, sizeof text, "%.*s", (int)(end - line), line);
			/* A heading, a rule's id with its source, or one long word may be wider. */
			if (page_width(text) > 80 && strncmp(text, "  ", 2) == 0 && strchr(text + 24, ' ') != NULL && strchr(text, '(') == NULL)
				fail_msg("%s: wider than 80: %s", catalogue_types[i]->name, text);
		}
		buf_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_render_type_shows_fields_rules_and_code_lists),
	    cmocka_unit_test(test_render_type_shows_limits_lists_and_parts),
	    cmocka_unit_test(test_render_type_fits_the_width_and_says_a_rule_once),
	};

	return cmocka_run_group_tests_name("catalogue/render_type", tests, NULL, NULL);
}
