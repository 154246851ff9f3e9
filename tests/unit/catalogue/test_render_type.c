/* A type for a terminal. */
#include "reading.h"

#include <jansson.h>

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
	/* What all types share is shown by itself. */
	assert_has(&out, "\nFields (* is mandatory; event and shared parts: consign catalogue show event)\n");
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

static void
test_render_part_type_shows_a_shared_part_by_name_or_title(void **state)
{
	static const char *const names[] = {"Coded", "coded", "Coded value"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct buf out = {0};

		assert_int_equal(render_part_type(names[i], 100, &out), CONSIGN_OK);
		assert_memory_equal(out.data, "Coded: A code with its code system", 34);
		assert_has(&out, "\n  originalText        As reported; line, up to 1000 bytes\n");
		assert_has(&out, "\n  coded.system\n    A code belongs to a code system.\n");
		/* Its code lists too, which no type repeats. */
		assert_has(&out, "\n  UNK ");
		assert_null(strstr(text_of_buf(&out), "\nQuantity: "));
		buf_clear(&out);
	}
}

static void
test_render_part_type_shows_what_a_part_is_made_of(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(render_part_type("Signature", 100, &out), CONSIGN_OK);
	assert_memory_equal(out.data, "ElectronicSignature: ", 21);
	assert_has(&out, "\nWhen: ");
	assert_has(&out, "\nPerson: ");
	assert_null(strstr(text_of_buf(&out), "\nQuantity: "));
	buf_clear(&out);
}

static void
test_render_part_type_event_shows_every_shared_part_once(void **state)
{
	static const char *const parts[] = {
	    "\nWhen: ", "\nQuantity: ", "\nText: ", "\nCoded: ", "\nPerson: ", "\nElectronicSignature: ", "\nReference: ", "\nSourceSystem: ", "\nOriginal: "};
	struct buf out = {0};

	(void)state;
	assert_int_equal(render_part_type("event", 100, &out), CONSIGN_OK);
	assert_memory_equal(out.data, "Event: ", 7);
	assert_has(&out, "\n  state *             State; state\n");
	assert_has(&out, "\n  event.reason (ICH E6(R3) 4.2.4)\n    A correction says why.\n");
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		const char *first;

		assert_has(&out, parts[i]);
		first = strstr(text_of_buf(&out), parts[i]);
		assert_null(strstr(first + 1, parts[i]));
	}
	buf_clear(&out);
}

static void
test_render_part_type_of_an_unknown_name_is_not_found(void **state)
{
	static const char *const names[] = {"", "Whenever", "MaterialPlace", "lab.result"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct buf out = {0};

		assert_int_equal(render_part_type(names[i], 100, &out), CONSIGN_E_NOT_FOUND);
		assert_int_equal(render_part_type_json(names[i], &out), CONSIGN_E_NOT_FOUND);
		assert_int_equal(out.len, 0);
	}
}

/* ── for programs ── */

static json_t *
read_made(struct buf *out)
{
	json_t *json = json_loadb((const char *)out->data, out->len, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(json);
	assert_null(memchr(out->data, '\n', out->len));
	buf_clear(out);
	return json;
}

static json_t *
json_of_type(const char *name)
{
	struct buf out = {0};

	assert_int_equal(render_type_json(catalogue_find(name), &out), CONSIGN_OK);
	return read_made(&out);
}

static void
assert_value(const json_t *json, const char *expected)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

/* The one of a list whose member is this text. */
static const json_t *
one_of(const json_t *list, const char *member, const char *text)
{
	const json_t *found = NULL, *one;
	size_t i;

	json_array_foreach(list, i, one) {
		if (strcmp(json_string_value(json_object_get(one, member)), text) != 0)
			continue;
		assert_null(found);
		found = one;
	}
	if (found == NULL)
		fail_msg("no %s %s", member, text);
	return found;
}

static void
test_render_type_json_says_what_the_type_is(void **state)
{
	json_t *json = json_of_type("lab.result");

	(void)state;
	assert_value(json_object_get(json, "type"), "\"lab.result\"");
	assert_value(json_object_get(json, "version"), "1");
	assert_value(json_object_get(json, "title"), "\"Laboratory result\"");
	assert_value(json_object_get(json, "message"), "\"consign.v1.LabResult\"");
	assert_value(json_object_get(json, "producers"), "[\"lab\",\"smo\",\"site\",\"cro\"]");
	assert_value(json_object_get(json, "least_label"), "\"open\"");
	assert_value(one_of(json_object_get(json, "states"), "state", "final"),
	    "{\"state\":\"final\",\"next\":[\"corrected\",\"cancelled\"],\"meaning\":\"confirmed by the laboratory\"}");
	assert_value(json_object_get(one_of(json_object_get(json, "states"), "state", "cancelled"), "next"), "[]");
	assert_value(one_of(json_object_get(json, "rules"), "id", "lab.result.study-day"),
	    "{\"id\":\"lab.result.study-day\",\"says\":\"There is no study day 0: day 1 follows day -1.\",\"source\":\"CDISC SDTMIG 4.4.4\"}");
	json_decref(json);
}

static void
test_render_type_json_says_all_of_a_field(void **state)
{
	json_t *json = json_of_type("lab.result");
	const json_t *fields = json_object_get(json, "fields");

	(void)state;
	assert_value(one_of(fields, "path", "sequence"),
	    "{\"path\":\"sequence\",\"title\":\"Number\",\"help\":null,\"source\":\"LBSEQ\",\"mandatory\":false,\"list\":false,"
	    "\"format\":\"number\",\"part\":null,\"codes\":[],\"max_bytes\":null,\"max_count\":null,\"low\":\"1\",\"high\":\"4294967295\","
	    "\"unit\":null,\"least_label\":null}");
	assert_value(json_object_get(one_of(fields, "path", "indicator"), "codes"),
	    "[\"NORMAL\",\"LOW\",\"HIGH\",\"LOW LOW\",\"HIGH HIGH\",\"ABNORMAL\"]");
	assert_value(json_object_get(one_of(fields, "path", "testCode"), "max_bytes"), "40");
	assert_value(json_object_get(one_of(fields, "path", "studyId"), "mandatory"), "true");
	/* The shared parts are named. */
	assert_value(json_object_get(one_of(fields, "path", "event"), "part"), "\"Event\"");
	for (size_t i = 0; i < json_array_size(fields); i++)
		assert_null(strchr(json_string_value(json_object_get(json_array_get(fields, i), "path")), '.'));
	json_decref(json);
}

static void
test_render_type_json_goes_into_the_parts_of_the_type(void **state)
{
	json_t *json = json_of_type("material.shipment.dispatched");
	const json_t *fields = json_object_get(json, "fields"), *field;
	size_t i, n_within = 0, n_lists = 0;

	(void)state;
	assert_value(json_object_get(one_of(fields, "path", "storageLow"), "unit"), "\"Cel\"");
	assert_value(json_object_get(one_of(fields, "path", "storageLow"), "low"), "\"-273.15\"");
	assert_value(json_object_get(one_of(fields, "path", "loggerIds"), "list"), "true");
	assert_value(json_object_get(one_of(fields, "path", "loggerIds"), "max_count"), "64");
	json_array_foreach(fields, i, field) {
		const char *path = json_string_value(json_object_get(field, "path"));

		n_within += strchr(path, '.') != NULL;
		n_lists += strstr(path, "[].") != NULL;
	}
	assert_true(n_within > n_lists);
	assert_true(n_lists > 0);
	json_decref(json);
}

static void
test_render_type_json_of_every_type_has_no_path_and_no_rule_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalogue_n_types; i++) {
		json_t *json = json_of_type(catalogue_types[i]->name);
		const json_t *fields = json_object_get(json, "fields"), *rules = json_object_get(json, "rules");

		assert_true(json_array_size(fields) >= catalogue_types[i]->message.descriptor->n_fields);
		for (size_t j = 0; j < json_array_size(fields); j++)
			(void)one_of(fields, "path", json_string_value(json_object_get(json_array_get(fields, j), "path")));
		for (size_t j = 0; j < json_array_size(rules); j++)
			(void)one_of(rules, "id", json_string_value(json_object_get(json_array_get(rules, j), "id")));
		json_decref(json);
	}
}

static void
test_render_part_type_json_has_fields_and_rules(void **state)
{
	struct buf out = {0};
	json_t *json;

	(void)state;
	assert_int_equal(render_part_type_json("quantity", &out), CONSIGN_OK);
	json = read_made(&out);
	assert_value(json_object_get(json, "part"), "\"Quantity\"");
	assert_value(json_object_get(json, "message"), "\"consign.v1.Quantity\"");
	assert_value(json_object_get(one_of(json_object_get(json, "fields"), "path", "reportedUnit"), "max_bytes"), "40");
	assert_value(one_of(json_object_get(json, "rules"), "id", "quantity.unit"),
	    "{\"id\":\"quantity.unit\",\"says\":\"A value has a unit.\",\"source\":null}");
	json_decref(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_render_type_shows_fields_rules_and_code_lists),
	    cmocka_unit_test(test_render_type_shows_limits_lists_and_parts),
	    cmocka_unit_test(test_render_type_fits_the_width_and_says_a_rule_once),
	    cmocka_unit_test(test_render_part_type_shows_a_shared_part_by_name_or_title),
	    cmocka_unit_test(test_render_part_type_shows_what_a_part_is_made_of),
	    cmocka_unit_test(test_render_part_type_event_shows_every_shared_part_once),
	    cmocka_unit_test(test_render_part_type_of_an_unknown_name_is_not_found),
	    cmocka_unit_test(test_render_type_json_says_what_the_type_is),
	    cmocka_unit_test(test_render_type_json_says_all_of_a_field),
	    cmocka_unit_test(test_render_type_json_goes_into_the_parts_of_the_type),
	    cmocka_unit_test(test_render_type_json_of_every_type_has_no_path_and_no_rule_twice),
	    cmocka_unit_test(test_render_part_type_json_has_fields_and_rules),
	};

	return cmocka_run_group_tests_name("catalogue/render_type", tests, NULL, NULL);
}
