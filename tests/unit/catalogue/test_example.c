/*
 * The examples of every type keep its rules; and, written by hand for three types, what the check says of messages, so that descriptions and
 * examples cannot be wrong together.
 */
#include "reading.h"

#include "catalogue/example.h"

static void
assert_passes(const struct catalogue_type *t, enum example_kind kind)
{
	struct buf json = {0}, again = {0};
	struct reading r;

	assert_int_equal(example_make(t, kind, &json), CONSIGN_OK);
	r = read_json(t, buf_slice(&json));
	check_reading(&r, 0);
	if (r.message == NULL || r.problems.total > 0) {
		print_problems(&r);
		fail_msg("%s: the %s example is refused", t->name, kind == EXAMPLE_FULL ? "full" : "minimal");
	}
	assert_int_equal(example_make(t, kind, &again), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(&json), buf_slice(&again)));
	buf_clear(&json);
	buf_clear(&again);
	end_reading(&r);
}

static void
test_example_make_keeps_every_rule_of_every_type(void **state)
{
	(void)state;
	assert_true(catalogue_n_types > 0);
	for (size_t i = 0; i < catalogue_n_types; i++) {
		assert_passes(catalogue_types[i], EXAMPLE_MINIMAL);
		assert_passes(catalogue_types[i], EXAMPLE_FULL);
	}
}

static void
test_example_make_appends(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(buf_append(&out, slice_text("before ")), CONSIGN_OK);
	assert_int_equal(example_make(catalogue_find("lab.result"), EXAMPLE_MINIMAL, &out), CONSIGN_OK);
	assert_memory_equal(out.data, "before {\n", 9);
	buf_clear(&out);
}

static void
test_example_make_gives_a_minimal_example_what_is_mandatory_and_no_more(void **state)
{
	struct buf json = {0};

	(void)state;
	assert_int_equal(example_make(catalogue_find("lab.result"), EXAMPLE_MINIMAL, &json), CONSIGN_OK);
	assert_string_equal(text_of_buf(&json),
	    "{\n"
	    "  \"event\": {\n"
	    "    \"state\": \"preliminary\",\n"
	    "    \"occurredAt\": {\"text\": \"2026-03-02T09:14:00+01:00\"},\n"
	    "    \"source\": {\"name\": \"LIMS\"}\n"
	    "  },\n"
	    "  \"studyId\": \"ACME-301\",\n"
	    "  \"subjectKey\": \"ACME-301-101-1007\",\n"
	    "  \"testCode\": \"K\",\n"
	    "  \"testName\": \"Potassium\",\n"
	    "  \"result\": {\"value\": \"6.4\"},\n"
	    "  \"collectedAt\": {\"text\": \"2026-03-30T08:05\"}\n"
	    "}");
	buf_clear(&json);
}

static bool
has_field(const struct reading *r, const char *name)
{
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(r->message->descriptor, name);
	const void *member = (const uint8_t *)r->message + f->offset;

	assert_non_null(f);
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)(const void *)((const uint8_t *)r->message + f->quantifier_offset) > 0;
	if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(void *const *)member != NULL;
	return *(const protobuf_c_boolean *)(const void *)((const uint8_t *)r->message + f->quantifier_offset) != 0;
}

static void
test_example_make_gives_a_full_example_every_field_that_can_stand_together(void **state)
{
	static const char *const types[] = {"lab.result", "quality.coa", "material.shipment.dispatched"};

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		const struct catalogue_type *t = catalogue_find(types[i]);
		struct buf json = {0};
		struct reading r;

		assert_int_equal(example_make(t, EXAMPLE_FULL, &json), CONSIGN_OK);
		r = read_json(t, buf_slice(&json));
		assert_non_null(r.message);
		for (unsigned k = 0; k < t->message.descriptor->n_fields; k++)
			if (!has_field(&r, t->message.fields[k].name))
				fail_msg("%s: %s is not in the full example", t->name, t->message.fields[k].name);
		/* A message corrects another, or voids it. */
		assert_non_null(strstr(text_of_buf(&json), "\"supersedes\""));
		assert_non_null(strstr(text_of_buf(&json), "\"reason\""));
		assert_non_null(strstr(text_of_buf(&json), "\"author\""));
		assert_null(strstr(text_of_buf(&json), "\"voids\""));
		buf_clear(&json);
		end_reading(&r);
	}
}

/* ── written by hand ── */

struct expectation {
	const char *type;
	enum consign_label label;
	const char *json;
	const char *problems[16][3]; /* path, rule, found; in this order, and no others. Ends with NULL */
};

static const struct expectation expectations[] = {
    {"lab.result", CONSIGN_LABEL_OPEN,
	"{\"event\": {\"state\": \"final\", \"occurredAt\": {\"text\": \"2026-03-30T10:12:00Z\", \"offset\": \"+02:00\"}, \"source\": {\"name\": \"LIMS\"}},"
	" \"studyId\": \"ACME-301\", \"subjectKey\": \"ACME-301-101-1007\", \"testCode\": \"K\", \"testName\": \"Potassium\","
	" \"result\": {\"value\": \"6.4\"}, \"resultUnit\": \"mmol/L\", \"rangeLow\": \"3.5\", \"rangeHigh\": \"5.1\", \"indicator\": \"HIGH\","
	" \"collectedAt\": {\"text\": \"2026-03\"}, \"studyDay\": -1}",
	{{NULL}}},
    {"lab.result", CONSIGN_LABEL_OPEN,
	"{\"event\": {\"state\": \"done\", \"occurredAt\": {\"text\": \"2026-02-30\"}, \"source\": {\"name\": \"LIMS\"},"
	" \"supersedes\": \"01a201e5-5f6c-7a7b-99da-7c293136ca15.0\"},"
	" \"studyId\": \"ACME 301\", \"testCode\": \"K\", \"testName\": \"Potassium\","
	" \"result\": {\"value\": \"6.4\", \"nullFlavor\": \"NASK\"}, \"rangeLow\": \"3.5\", \"rangeHigh\": \"5.1\","
	" \"standardLow\": \"5.1\", \"standardHigh\": \"3.5\", \"indicator\": \"LOW\","
	" \"collectedAt\": {\"text\": \"2026-03-30T08:05\", \"precision\": \"second\"}, \"studyDay\": 0}",
	{{"event.state", "code", "\"done\""}, {"event.occurredAt.text", "format", "\"2026-02-30\""}, {"event.reason", "event.reason", "nothing"},
	    {"event.author", "event.author", "nothing"}, {"studyId", "format", "\"ACME 301\""}, {"subjectKey", "mandatory", "nothing"},
	    {"result.value", "text.one", "2 of them"}, {"collectedAt.precision", "date.precision", "\"second\""},
	    {"standardHigh", "lab.result.range", "\"3.5\""}, {"indicator", "lab.result.indicator", "\"LOW\""},
	    {"studyDay", "lab.result.study-day", "\"0\""}, {NULL}}},
    {"quality.coa", CONSIGN_LABEL_RESTRICTED,
	"{\"event\": {\"state\": \"draft\", \"occurredAt\": {\"text\": \"2026-02-11\"}, \"source\": {\"name\": \"QMS\"}},"
	" \"coaNo\": \"COA-1\", \"issuer\": {\"name\": \"Biomake GmbH\", \"address\": \"Basel\"}, \"material\": \"tablets\", \"batchId\": \"B-1\","
	" \"specId\": \"S-1\", \"specVersion\": \"1\", \"tests\": [{\"test\": \"Assay\", \"method\": \"HPLC\", \"limit\": \"95 to 105 %\","
	" \"limitLow\": \"95\", \"limitHigh\": \"105\", \"result\": {\"value\": \"95.0 %\"}, \"resultValue\": {\"value\": \"95.0\", \"unit\": \"%\"},"
	" \"verdict\": \"pass\"}]}",
	{{NULL}}},
    {"quality.coa", CONSIGN_LABEL_OPEN,
	"{\"event\": {\"state\": \"issued\", \"occurredAt\": {\"text\": \"2026-02-11T10:00:00Z\"}, \"source\": {\"name\": \"QMS\"}},"
	" \"coaNo\": \"COA-1\", \"issuer\": {\"name\": \"Biomake GmbH\"}, \"material\": \"tablets\", \"batchId\": \"B-1\", \"specId\": \"S-1\","
	" \"specVersion\": \"1\", \"testedFrom\": {\"text\": \"2026-02-06\"}, \"testedTo\": {\"text\": \"2026-02-05\"},"
	" \"tests\": [{\"test\": \"Assay\", \"method\": \"HPLC\", \"limit\": \"95 to 105 %\", \"limitLow\": \"95.0\", \"limitHigh\": \"105.0\","
	" \"result\": {\"value\": \"94.9 %\"}, \"resultValue\": {\"value\": \"94.9\", \"unit\": \"%\"}, \"verdict\": \"pass\"},"
	" {\"test\": \"Water\", \"method\": \"KF\", \"limit\": \"at most 5 %\", \"result\": {\"value\": \"2.1 %\"}}],"
	" \"releasedAt\": {\"text\": \"2026\"}, \"expiresAt\": {\"text\": \"2028-01\"}, \"issuedAt\": {\"nullFlavor\": \"UNK\"},"
	" \"signatory\": {\"id\": \"u-1\", \"role\": \"production\"}}",
	{{"", "label", "open"}, {"issuer.address", "mandatory", "nothing"}, {"tests[0].verdict", "quality.coa.test.verdict", "\"pass\""},
	    {"tests[1].verdict", "quality.coa.test.judged", "nothing"}, {"releasedAt.text", "date.least", "\"2026\""},
	    {"issuedAt.nullFlavor", "null-flavour", "\"UNK\""}, {"signatory.name", "quality.coa.signatory", "nothing"},
	    {"signatoryTitle", "quality.coa.signatory-title", "nothing"}, {"signatory.role", "quality.coa.quality-unit", "\"production\""},
	    {"conclusion", "quality.coa.conclusion", "nothing"}, {"testedTo", "quality.coa.test-dates", "\"2026-02-05\""}, {NULL}}},
    {"material.shipment.dispatched", CONSIGN_LABEL_OPEN,
	"{\"event\": {\"state\": \"dispatched\", \"occurredAt\": {\"text\": \"2026-03-02T16:30:00+01:00\"}, \"source\": {\"name\": \"WMS\"}},"
	" \"shipmentId\": \"SH-1\", \"items\": [{\"kitNumber\": \"K-1\"}, {\"kitNumber\": \"K-2\"}], \"shipFrom\": {\"id\": \"depot-1\"},"
	" \"orderNo\": \"SO-1\", \"dispatchedAt\": {\"text\": \"20260302163000+0100\"}}",
	{{NULL}}},
    {"material.shipment.dispatched", CONSIGN_LABEL_OPEN,
	"{\"event\": {\"state\": \"delivered\", \"occurredAt\": {\"text\": \"2026-03-02\"}, \"source\": {\"name\": \"WMS\"}},"
	" \"shipmentId\": \"SH-1\", \"sscc\": [\"095213210000047113\"],"
	" \"items\": [{\"kitNumber\": \"K-1\", \"trueLot\": \"BM-1\"}, {\"kitNumber\": \"K-1\", \"quantity\": {\"value\": \"-1\", \"unit\": \"{kit}\"}},"
	" {\"remark\": \"what is this?\"}],"
	" \"shipFrom\": {\"id\": \"depot-1\", \"country\": \"Schweiz\"}, \"shipTo\": {\"id\": \"depot-1\"},"
	" \"storageLow\": {\"value\": \"36\", \"unit\": \"[degF]\"},"
	" \"dispatchedAt\": {\"text\": \"2026-03-02T16:30\"}, \"expectedAt\": {\"text\": \"2026-03-01\"}}",
	{{"sscc[0]", "format", "\"095213210000047113\""}, {"items[0].trueLot", "label", "open"}, {"items[1].quantity.value", "range", "\"-1\""},
	    {"items[2].kitNumber", "item.named", "none of them"}, {"shipFrom.country", "length", "\"Schweiz\""},
	    {"storageLow.unit", "unit", "\"[degF]\""}, {"dispatchedAt.text", "date.no-offset", "\"2026-03-02T16:30\""},
	    {"shipFrom.id", "material.shipment.dispatched.way", "\"depot-1\""}, {"items", "material.shipment.dispatched.kits", "\"K-1\""},
	    {"expectedAt", "material.shipment.dispatched.expected", "\"2026-03-01\""},
	    {"deliveredAt", "material.shipment.dispatched.delivered", "nothing"}, {NULL}}},
};

static void
assert_expected(const struct expectation *e)
{
	struct reading r = read_json(catalogue_find(e->type), slice_text(e->json));
	size_t n = 0;

	assert_non_null(r.message);
	check_reading(&r, e->label);
	while (e->problems[n][0] != NULL)
		n++;
	if (r.problems.total != n)
		print_problems(&r);
	assert_int_equal(r.problems.total, n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(r.problems.v[i].path, e->problems[i][0]);
		assert_string_equal(r.problems.v[i].rule, e->problems[i][1]);
		assert_string_equal(r.problems.v[i].found, e->problems[i][2]);
	}
	end_reading(&r);
}

static void
test_example_types_say_of_a_message_what_a_reader_expects(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++)
		assert_expected(&expectations[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_example_make_keeps_every_rule_of_every_type),
	    cmocka_unit_test(test_example_make_appends),
	    cmocka_unit_test(test_example_make_gives_a_minimal_example_what_is_mandatory_and_no_more),
	    cmocka_unit_test(test_example_make_gives_a_full_example_every_field_that_can_stand_together),
	    cmocka_unit_test(test_example_types_say_of_a_message_what_a_reader_expects),
	};

	return cmocka_run_group_tests_name("catalogue/example", tests, NULL, NULL);
}
