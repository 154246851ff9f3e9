/* Messages for people: headlines and whole messages as they stand on a terminal, and text that would like to do something to one. */
#include "reading.h"

#include "catalogue/render.h"

#define MESSAGE_ID "01a201e5-5f6c-7a7b-99da-7c293136ca15.0"
#define FOO_SHA256 "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

static void
assert_rendered(const char *type, const char *json, const char *headline, const char *expected)
{
	struct reading r = read_json(catalogue_find(type), slice_text(json));
	struct buf out = {0};

	if (r.message == NULL)
		print_problems(&r);
	assert_non_null(r.message);
	assert_int_equal(render_headline(r.type, r.message, &out), CONSIGN_OK);
	assert_string_equal(text_of_buf(&out), headline);
	buf_reset(&out);
	assert_int_equal(render_message(r.type, r.message, &out), CONSIGN_OK);
	if (expected != NULL)
		assert_string_equal(text_of_buf(&out), expected);
	buf_clear(&out);
	end_reading(&r);
}

static void
test_render_message_shows_a_corrected_laboratory_result(void **state)
{
	(void)state;
	assert_rendered("lab.result",
	    "{\"event\": {\"state\": \"corrected\", \"occurredAt\": {\"text\": \"2026-03-30T10:12:00Z\", \"precision\": \"minute\", \"offset\": \"+02:00\"},"
	    " \"source\": {\"name\": \"LIMS\", \"version\": \"7.2\"}, \"author\": {\"id\": \"u-2107\", \"name\": \"R. Okafor\", \"role\": \"quality\","
	    " \"org\": \"biomake\"}, \"supersedes\": \"" MESSAGE_ID "\", \"reason\": \"unit was wrong\\nmg/dL was meant\","
	    " \"references\": [{\"kind\": \"protocol\", \"id\": \"ACME-301-PRT\", \"version\": \"3.0\"}, {\"kind\": \"capa\", \"id\": \"C-7\"}],"
	    " \"originals\": [{\"mediaType\": \"text/plain\", \"name\": \"note.txt\", \"size\": 3, \"sha256\": \"" FOO_SHA256 "\", \"content\": \"Zm9v\"}]},"
	    " \"studyId\": \"ACME-301\", \"subjectKey\": \"ACME-301-101-1007\", \"testCode\": \"K\", \"testName\": \"Potassium\","
	    " \"result\": {\"value\": \"6.4\"}, \"resultUnit\": \"mmol/L\", \"standard\": {\"value\": \"6.4\", \"unit\": \"mmol/L\", \"reportedUnit\": \"mM\"},"
	    " \"indicator\": \"HIGH HIGH\", \"baseline\": false, \"collectedAt\": {\"nullFlavor\": \"NASK\"}}",
	    "ACME-301-101-1007 Potassium 6.4 mmol/L HIGH HIGH, corrected",
	    "Laboratory result: corrected (replaces a result that was wrong)\n"
	    "  Correction             supersedes " MESSAGE_ID ": unit was wrong\n"
	    "                         mg/dL was meant\n"
	    "                         consign show " MESSAGE_ID " shows what stood there\n"
	    "  Study                  ACME-301\n"
	    "  Subject                ACME-301-101-1007\n"
	    "  Test code              K\n"
	    "  Test                   Potassium\n"
	    "  Result                 6.4\n"
	    "  Unit                   mmol/L\n"
	    "  Standard value         6.4 mmol/L (reported in mM)\n"
	    "  Indicator              HIGH HIGH (critically high)\n"
	    "  Last before treatment  no\n"
	    "  Collected at           - (not asked)\n"
	    "Event\n"
	    "  Occurred at   2026-03-30T10:12:00Z, known to the minute, offset +02:00\n"
	    "  Source        LIMS 7.2\n"
	    "  Author        R. Okafor, quality, biomake (u-2107)\n"
	    "  See 1         protocol ACME-301-PRT, version 3.0\n"
	    "  See 2         capa C-7\n"
	    "  Original 1    note.txt, text/plain, 3 bytes, SHA-256 " FOO_SHA256 " (--attachment 1)\n");
}

static void
test_render_message_shows_the_tests_of_a_certificate(void **state)
{
	(void)state;
	assert_rendered("quality.coa",
	    "{\"event\": {\"state\": \"draft\", \"occurredAt\": {\"text\": \"2026-02\"}, \"source\": {\"name\": \"QMS\"}, \"reason\": \"first look\","
	    " \"signatures\": [{\"signer\": {\"id\": \"u-1\", \"role\": \"quality\"}, \"meaning\": \"review\", \"signedAt\": {\"text\": \"2026-02-11T10:00Z\"}}]},"
	    " \"coaNo\": \"COA-1\", \"issuer\": {\"name\": \"Biomake GmbH\", \"address\": \"Werkstrasse 8\\n4057 Basel\"}, \"material\": \"tablets\","
	    " \"batchId\": \"B-1\", \"specId\": \"S-1\", \"specVersion\": \"1\","
	    " \"tests\": [{\"test\": \"Assay\", \"method\": \"HPLC\", \"limit\": \"95 to 105 %\", \"result\": {\"value\": \"99.2 %\"}, \"verdict\": \"pass\"},"
	    " {\"test\": \"Water\", \"method\": \"KF\", \"limit\": \"at most 5 %\", \"result\": {\"nullFlavor\": \"NA\"}}]}",
	    "COA-1 tablets B-1, draft",
	    "Certificate of analysis: draft (results may be missing; nobody has signed)\n"
	    "  Certificate    COA-1\n"
	    "  Issued by\n"
	    "    Name          Biomake GmbH\n"
	    "    Address       Werkstrasse 8\n"
	    "                  4057 Basel\n"
	    "  Material       tablets\n"
	    "  Batch          B-1\n"
	    "  Specification  S-1\n"
	    "  Version of it  1\n"
	    "  Test 1\n"
	    "    Test          Assay\n"
	    "    Method        HPLC\n"
	    "    Limit         95 to 105 %\n"
	    "    Result        99.2 %\n"
	    "    Verdict       pass (within its limits)\n"
	    "  Test 2\n"
	    "    Test          Water\n"
	    "    Method        KF\n"
	    "    Limit         at most 5 %\n"
	    "    Result        - (not applicable: no proper value exists)\n"
	    "Event\n"
	    "  Occurred at   2026-02\n"
	    "  Source        QMS\n"
	    "  Reason        first look\n"
	    "  Signed by     u-1, quality: review, 2026-02-11T10:00Z\n");
}

static void
test_render_message_shows_a_shipment_that_breaks_rules(void **state)
{
	(void)state;
	assert_rendered("material.shipment.dispatched",
	    "{\"event\": {\"state\": \"vanished\", \"occurredAt\": {\"offset\": \"+01:00\"}, \"voids\": \"" MESSAGE_ID "\"},"
	    " \"items\": [{\"kitNumber\": \"K-1\", \"quantity\": {\"value\": \"2\", \"unit\": \"{kit}\"}}],"
	    " \"storageLow\": {\"value\": \"2\", \"unit\": \"Cel\"}, \"storageHigh\": {\"value\": \"46\", \"reportedUnit\": \"F\"},"
	    " \"loggerIds\": [\"TL-1\", \"TL-2\"], \"dispatchedAt\": {\"nullFlavor\": \"what\"}, \"expectedAt\": {\"text\": \"tomorrow\"}}",
	    "dispatched at - (null flavour what) expected tomorrow, vanished",
	    "Shipment dispatched: vanished\n"
	    "  Correction     voids " MESSAGE_ID "\n"
	    "                 consign show " MESSAGE_ID " shows what stood there\n"
	    "  Item\n"
	    "    Kit           K-1\n"
	    "    Quantity      2 kit\n"
	    "  Keep above     2 °C\n"
	    "  Keep below     46 F\n"
	    "  Logger 1       TL-1\n"
	    "  Logger 2       TL-2\n"
	    "  Dispatched at  - (null flavour what)\n"
	    "  Expected       tomorrow\n"
	    "Event\n"
	    "  Occurred at   -, offset +01:00\n");
}

static void
test_render_message_shows_coded_values_with_their_words(void **state)
{
	static const struct {
		const char *coded, *line;
	} rows[] = {
	    {"{\"code\": \"10019211\", \"system\": \"MedDRA\", \"version\": \"28.1\", \"display\": \"Headache\", \"originalText\": \"bad head\"}",
		"Headache (MedDRA 28.1: 10019211), reported as \"bad head\""},
	    {"{\"code\": \"10019211\", \"system\": \"MedDRA\"}", "10019211 (MedDRA)"},
	    {"{\"originalText\": \"bad head\"}", "reported as \"bad head\""},
	    {"{\"nullFlavor\": \"UNK\", \"originalText\": \"?\"}", "- (unknown: a proper value exists and is not known), reported as \"?\""},
	};
	static const struct catalogue_type *t;
	const char *field = NULL;

	(void)state;
	/* Any field of a type that holds a coded value shows it. */
	for (size_t i = 0; i < catalogue_n_types && field == NULL; i++)
		for (unsigned k = 0; k < catalogue_types[i]->message.descriptor->n_fields && field == NULL; k++)
			if (catalogue_types[i]->message.fields[k].part == &part_coded && catalogue_types[i]->message.fields[k].max_count == 0) {
				t = catalogue_types[i];
				field = t->message.fields[k].name;
			}
	assert_non_null(field);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char json[400];
		struct buf out = {0};
		struct reading r;

		snprintf(json, sizeof json, "{\"%s\": %s}", field, rows[i].coded);
		r = read_json(t, slice_text(json));
		assert_non_null(r.message);
		assert_int_equal(render_message(t, r.message, &out), CONSIGN_OK);
		if (strstr(text_of_buf(&out), rows[i].line) == NULL)
			fail_msg("%s\nlacks: %s", text_of_buf(&out), rows[i].line);
		buf_clear(&out);
		end_reading(&r);
	}
}

static void
test_render_message_escapes_what_would_act_on_a_terminal(void **state)
{
	(void)state;
	assert_rendered("lab.result",
	    "{\"event\": {\"state\": \"final\\u001b[31m\", \"note\": \"one\\ntwo\\u0007\\u202ethree\"},"
	    " \"testName\": \"a\\nStudy  FORGED\\u001b]0;x\\u0007\", \"resultUnit\": \"\\u202egnp\","
	    " \"indicator\": \"HIGH\\rLOW\", \"result\": {\"value\": \"\\u0085\"}}",
	    "a\\u{a}Study  FORGED\\u{1b}]0;x\\u{7} \\u{85} \\u{202e}gnp HIGH\\u{d}LOW, final\\u{1b}[31m",
	    "Laboratory result: final\\u{1b}[31m\n"
	    "  Test          a\\u{a}Study  FORGED\\u{1b}]0;x\\u{7}\n"
	    "  Result        \\u{85}\n"
	    "  Unit          \\u{202e}gnp\n"
	    "  Indicator     HIGH\\u{d}LOW\n"
	    "Event\n"
	    "  Note          one\n"
	    "                two\\u{7}\\u{202e}three\n");
}

static void
test_render_headline_falls_back_to_key_and_title(void **state)
{
	(void)state;
	assert_rendered("quality.deviation", "{}", "Deviation", "Deviation\n");
	assert_rendered("lab.result", "{\"testCode\": \"K\", \"event\": {\"state\": \"final\"}}", "K, final", NULL);
	assert_rendered("lab.result", "{\"accession\": \"A-1\"}", "A-1", NULL);
}

static void
test_render_headline_cuts_long_values(void **state)
{
	char json[400], headline[200];

	(void)state;
	snprintf(json, sizeof json, "{\"testName\": \"%0100d\"}", 0);
	snprintf(headline, sizeof headline, "%080d…", 0);
	assert_rendered("lab.result", json, headline, NULL);
}

static void
test_render_appends(void **state)
{
	struct reading r = read_json(catalogue_find("lab.result"), slice_text("{\"testCode\": \"K\"}"));
	struct buf out = {0};

	(void)state;
	assert_int_equal(render_headline(r.type, r.message, &out), CONSIGN_OK);
	assert_int_equal(render_message(r.type, r.message, &out), CONSIGN_OK);
	assert_string_equal(text_of_buf(&out), "KLaboratory result\n  Test code     K\n");
	buf_clear(&out);
	end_reading(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_render_message_shows_a_corrected_laboratory_result),
	    cmocka_unit_test(test_render_message_shows_the_tests_of_a_certificate),
	    cmocka_unit_test(test_render_message_shows_a_shipment_that_breaks_rules),
	    cmocka_unit_test(test_render_message_shows_coded_values_with_their_words),
	    cmocka_unit_test(test_render_message_escapes_what_would_act_on_a_terminal),
	    cmocka_unit_test(test_render_headline_falls_back_to_key_and_title),
	    cmocka_unit_test(test_render_headline_cuts_long_values),
	    cmocka_unit_test(test_render_appends),
	};

	return cmocka_run_group_tests_name("catalogue/render", tests, NULL, NULL);
}
