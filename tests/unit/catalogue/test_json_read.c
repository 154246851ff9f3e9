/* JSON to messages: every field kind, every rule with its path and words, torture. */
#include "json_fixture.h"

#include "core/text.h"

static void
every_kind_of_field_is_set(void **state)
{
	struct fixture *f = *state;
	const Consign__V1__LabResult *m;

	assert_int_equal(
	    read_text(f,
		" { \"event\" : {\"state\":\"final\",\"recordedAt\":{\"text\":\"2026-03-30\"},\"sequence\":0,\r\n\t"
		"\"causes\":[\"a.0\",\"b.1\"],\"references\":[{\"id\":\"r1\"},{}],\"originals\":[{\"size\":3,\"content\":\"AP/"
		"+\"}]},"
		"\"studyDay\":-29,\"baseline\":false,\"sequence\":4294967295,\"testName\":\"K\\u00e9\\n\\ud83d\\ude00\"} \n"),
	    CONSIGN_OK);
	m = (const Consign__V1__LabResult *)f->message;
	assert_ptr_equal(m->base.descriptor, LAB);
	assert_string_equal(m->event->state, "final");
	assert_string_equal(m->event->recorded_at->text, "2026-03-30");
	assert_null(m->event->occurred_at);
	assert_true(m->event->has_sequence);
	assert_int_equal(m->event->sequence, 0);
	assert_int_equal(m->event->n_causes, 2);
	assert_string_equal(m->event->causes[0], "a.0");
	assert_string_equal(m->event->causes[1], "b.1");
	assert_int_equal(m->event->n_references, 2);
	assert_string_equal(m->event->references[0]->id, "r1");
	assert_null(m->event->references[1]->id);
	assert_int_equal(m->event->n_originals, 1);
	assert_int_equal(m->event->originals[0]->size, 3);
	assert_true(m->event->originals[0]->has_content);
	assert_int_equal(m->event->originals[0]->content.len, 3);
	assert_memory_equal(m->event->originals[0]->content.data, "\x00\xff\xfe", 3);
	assert_true(m->has_study_day);
	assert_int_equal(m->study_day, -29);
	assert_true(m->has_baseline);
	assert_false(m->baseline);
	assert_int_equal(m->sequence, UINT32_MAX);
	assert_string_equal(m->test_name, "Ké\n\xf0\x9f\x98\x80");
	assert_null(m->study_id);
	assert_int_equal(m->event->n_signatures, 0);
	assert_comes_back(f);
}

/* Absent and present but empty are two things. */
static void
an_empty_object_is_a_present_part(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "{}"), CONSIGN_OK);
	assert_null(((const Consign__V1__LabResult *)f->message)->event);
	assert_int_equal(read_text(f, "{\"event\":{ }}"), CONSIGN_OK);
	assert_non_null(((const Consign__V1__LabResult *)f->message)->event);
	assert_comes_back(f);
}

static void
a_key_may_be_spelled_as_in_the_proto(void **state)
{
	static const char *const texts[] = {
	    "{\"studyId\":\"A\"}", "{\"study_id\":\"A\"}", "{\"study\\u0049d\":\"A\"}", "{\"study\\u005fid\":\"A\"}"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_int_equal(read_text(f, texts[i]), CONSIGN_OK);
		assert_string_equal(((const Consign__V1__LabResult *)f->message)->study_id, "A");
		write_message(f, f->message, 0);
		assert_out(f, "{\"studyId\":\"A\"}");
	}
}

static void
keys_come_in_any_order(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "{\"studyDay\":1,\"visit\":\"W\",\"visitNumber\":\"5\",\"testName\":\"K\",\"event\":{"
				      "\"note\":\"n\",\"state\":\"s\"},"
				      "\"siteId\":\"1\"}"),
	    CONSIGN_OK);
	write_message(f, f->message, 0);
	assert_out(f, "{\"event\":{\"state\":\"s\",\"note\":\"n\"},\"siteId\":\"1\",\"testName\":\"K\",\"visitNumber\":\"5\","
		      "\"visit\":\"W\",\"studyDay\":1}");
}

#define U32 "a whole number from 0 to 4294967295, written in digits alone"
#define I32 "a whole number from -2147483648 to 2147483647, written in digits alone"
#define BASE64 "base64 with padding, in one line, unused bits zero (RFC 4648 4)"
#define PAIR "whole characters: above U+FFFF two escapes stand together, \\ud83d\\ude00"
#define NO_KEY "no key where there is no value: null says nothing"
#define REFERENCE "a key of Reference: kind, id, version, message, sha256"

static const struct {
	const char *text, *path, *rule, *found, *expected;
} wrong[] = {
    /* kinds */
    {"{\"studyId\":7}", "studyId", "kind", "7", "a decimal is written as text: \"7\""},
    {"{\"rangeLow\":48.9}", "rangeLow", "kind", "48.9", "a decimal is written as text: \"48.9\""},
    {"{\"standard\":{\"value\":6.40}}", "standard.value", "kind", "6.40", "a decimal is written as text: \"6.40\""},
    {"{\"rangeLow\":4e2}", "rangeLow", "kind", "4e2", "a decimal is written as text: \"48.9\""},
    {"{\"rangeLow\":1234567890123456789012345678901234567890123456789}", "rangeLow", "kind",
	"123456789012345678901234567890123456789012345678…", "a decimal is written as text: \"48.9\""},
    {"{\"event\":{\"causes\":[1.5]}}", "event.causes[0]", "kind", "1.5", "a decimal is written as text: \"1.5\""},
    {"{\"event\":{\"causes\":1.5}}", "event.causes", "kind", "1.5", "a list"},
    {"{\"standard\":6.4}", "standard", "kind", "6.4", "an object"},
    {"{\"studyId\":true}", "studyId", "kind", "true", "text in quotes"},
    {"{\"studyId\":false}", "studyId", "kind", "false", "text in quotes"},
    {"{\"studyId\":{\"a\":[]}}", "studyId", "kind", "an object", "text in quotes"},
    {"{\"studyId\":[\"A\"]}", "studyId", "kind", "a list", "text in quotes"},
    {"{\"sequence\":\"14\"}", "sequence", "kind", "\"14\"", "a whole number"},
    {"{\"studyDay\":true}", "studyDay", "kind", "true", "a whole number"},
    {"{\"baseline\":\"true\"}", "baseline", "kind", "\"true\"", "true or false"},
    {"{\"baseline\":1}", "baseline", "kind", "1", "true or false"},
    {"{\"event\":[]}", "event", "kind", "a list", "an object"},
    {"{\"event\":\"\"}", "event", "kind", "\"\"", "an object"},
    {"{\"event\":{\"originals\":[{\"content\":5}]}}", "event.originals[0].content", "kind", "5", "base64 in quotes"},
    {"{\"event\":{\"causes\":\"a\"}}", "event.causes", "kind", "\"a\"", "a list"},
    {"{\"event\":{\"causes\":{\"0\":\"a\"}}}", "event.causes", "kind", "an object", "a list"},
    {"{\"event\":{\"causes\":[\"a\",[\"b\"]]}}", "event.causes[1]", "kind", "a list", "text in quotes"},
    {"{\"event\":{\"references\":[{},\"b\"]}}", "event.references[1]", "kind", "\"b\"", "an object"},
    {"{\"studyId\":null}", "studyId", "kind", "null", NO_KEY},
    {"{\"event\":null}", "event", "kind", "null", NO_KEY},
    {"{\"event\":{\"causes\":null}}", "event.causes", "kind", "null", NO_KEY},
    {"{\"event\":{\"causes\":[null]}}", "event.causes[0]", "kind", "null", "text in quotes"},
    {"{\"baseline\":null}", "baseline", "kind", "null", NO_KEY},
    {"[{}]", "", "kind", "a list", "an object"},
    {"\"x\"", "", "kind", "text", "an object"},
    {"12", "", "kind", "a number", "an object"},
    {"null", "", "kind", "null", "an object"},
    {"true", "", "kind", "true", "an object"},
    {" false ", "", "kind", "false", "an object"},
    /* numbers */
    {"{\"sequence\":4294967296}", "sequence", "range", "4294967296", U32},
    {"{\"sequence\":-1}", "sequence", "range", "-1", U32},
    {"{\"sequence\":-0}", "sequence", "range", "-0", U32},
    {"{\"sequence\":14.0}", "sequence", "range", "14.0", U32},
    {"{\"sequence\":1e2}", "sequence", "range", "1e2", U32},
    {"{\"sequence\":99999999999999999999999999999999999999999999999999}", "sequence", "range",
	"999999999999999999999999999999999999999999999999…", U32},
    {"{\"studyDay\":2147483648}", "studyDay", "range", "2147483648", I32},
    {"{\"studyDay\":-2147483649}", "studyDay", "range", "-2147483649", I32},
    {"{\"studyDay\":-0}", "studyDay", "range", "-0", I32},
    {"{\"studyDay\":1E0}", "studyDay", "range", "1E0", I32},
    {"{\"studyDay\":12345678901}", "studyDay", "range", "12345678901", I32},
    /* empty */
    {"{\"studyId\":\"\"}", "studyId", "empty", "\"\"", "a value, or no key"},
    {"{\"event\":{\"causes\":[]}}", "event.causes", "empty", "[]", "at least one element, or no key"},
    {"{\"event\":{\"causes\":[\"\"]}}", "event.causes[0]", "empty", "\"\"", "a value, or no key"},
    {"{\"event\":{\"originals\":[{},{\"name\":\"\"}]}}", "event.originals[1].name", "empty", "\"\"", "a value, or no key"},
    /* text that is none */
    {"{\"studyId\":\"A\\u0000\"}", "studyId", "json", "\\u0000", "text without the character U+0000"},
    {"{\"studyId\":\"\\ud83d\"}", "studyId", "json", "half of a surrogate pair", PAIR},
    {"{\"event\":{\"causes\":[\"a\",\"\\ude00\"]}}", "event.causes[1]", "json", "half of a surrogate pair", PAIR},
    {"{\"event\":{\"originals\":[{\"content\":\"\\u0000\"}]}}", "event.originals[0].content", "json", "\\u0000",
	"text without the character U+0000"},
    /* keys */
    {"{\"event\":{\"references\":[{\"id\":\"a\"},{\"ID\":{\"x\":[1]}}]}}", "event.references[1].ID", "unknown", "\"ID\"",
	REFERENCE},
    {"{\"event\":{\"references\":[{\"\":1}]}}", "event.references[0].?", "unknown", "\"\"", REFERENCE},
    {"{\"event\":{\"references\":[{\"i d\":1}]}}", "event.references[0].?", "unknown", "\"i d\"", REFERENCE},
    {"{\"event\":{\"references\":[{\"\\u0069d\\u0021\":null}]}}", "event.references[0].?", "unknown", "\"id!\"", REFERENCE},
    {"{\"event\":{\"references\":[{\"id\\u0000\":1}]}}", "event.references[0].?", "unknown", "\"id\\\\u0000\"", REFERENCE},
    {"{\"event\":{\"references\":[{\"\\udc00\":1}]}}", "event.references[0].?", "unknown", "\"\\\\udc00\"", REFERENCE},
    {"{\"event\":{\"references\":[{\"kin\":1}]}}", "event.references[0].kin", "unknown", "\"kin\"", REFERENCE},
    {"{\"event\":{\"references\":[{\"kinds\":1}]}}", "event.references[0].kinds", "unknown", "\"kinds\"", REFERENCE},
    {"{\"studyID\":\"A\"}", "studyID", "unknown", "\"studyID\"",
	"a key of LabResult: event, studyId, siteId, subjectKey, sequence, accession, specimenId, testCode, testName, category, "
	"result, resultUnit, "
	"rangeLow, rangeHigh, standardText, standard, standardLow, standardHigh, …"},
    {"{\"studyId\":\"A\",\"studyId\":\"A\"}", "studyId", "duplicate", "the key once more",
	"each key once, whichever way it is spelled"},
    {"{\"studyId\":\"A\",\"study_id\":7}", "studyId", "duplicate", "the key once more",
	"each key once, whichever way it is spelled"},
    {"{\"study_id\":\"A\",\"study\\u0049d\":\"A\"}", "studyId", "duplicate", "the key once more",
	"each key once, whichever way it is spelled"},
    {"{\"event\":{\"references\":[{\"id\":\"a\"},{\"id\":\"a\",\"kind\":\"k\",\"id\":[{}]}]}}", "event.references[1].id",
	"duplicate", "the key once more", "each key once, whichever way it is spelled"},
    /* base64 */
    {"{\"event\":{\"originals\":[{\"content\":\"AP/\"}]}}", "event.originals[0].content", "base64", "\"AP/\"", BASE64},
    {"{\"event\":{\"originals\":[{\"content\":\"AP/+A\"}]}}", "event.originals[0].content", "base64", "\"AP/+A\"", BASE64},
    {"{\"event\":{\"originals\":[{\"content\":\"AP_-\"}]}}", "event.originals[0].content", "base64", "\"AP_-\"", BASE64},
    {"{\"event\":{\"originals\":[{\"content\":\"AB==\"}]}}", "event.originals[0].content", "base64", "\"AB==\"", BASE64},
    {"{\"event\":{\"originals\":[{\"content\":\"AAB=\"}]}}", "event.originals[0].content", "base64", "\"AAB=\"", BASE64},
    {"{\"event\":{\"originals\":[{\"content\":\"A===\"}]}}", "event.originals[0].content", "base64", "\"A===\"", BASE64},
    {"{\"event\":{\"originals\":[{\"content\":\"====\"}]}}", "event.originals[0].content", "base64", "\"====\"", BASE64},
    {"{\"event\":{\"originals\":[{\"content\":\"AA==AAAA\"}]}}", "event.originals[0].content", "base64", "\"AA==AAAA\"", BASE64},
    {"{\"event\":{\"originals\":[{\"content\":\"AA=A\"}]}}", "event.originals[0].content", "base64", "\"AA=A\"", BASE64},
    {"{\"event\":{\"originals\":[{\"content\":\"AAA \"}]}}", "event.originals[0].content", "base64", "\"AAA \"", BASE64},
    {"{\"event\":{\"originals\":[{\"content\":\"AAAA\\n\"}]}}", "event.originals[0].content", "base64", "\"AAAA\\\\n\"", BASE64},
    {"{\"event\":{\"originals\":[{\"content\":\"éé\"}]}}", "event.originals[0].content", "base64", "\"éé\"", BASE64},
    /* syntax */
    {"", "", "json", "the end of the text at line 1, column 1", "an object: {"},
    {"  \n", "", "json", "the end of the text at line 2, column 1", "an object: {"},
    {"\xef\xbb\xbf{}", "", "json", "a byte order mark at line 1, column 1", "an object: {"},
    {"}", "", "json", "'}' at line 1, column 1", "an object: {"},
    {"{", "", "json", "the end of the text at line 1, column 2", "a key in quotes, or }"},
    {"{studyId:1}", "", "json", "'studyId' at line 1, column 2", "a key in quotes, or }"},
    {"{,}", "", "json", "',' at line 1, column 2", "a key in quotes, or }"},
    {"{\"studyId\"}", "studyId", "json", "'}' at line 1, column 11", "a colon"},
    {"{\"studyId\" \"A\"}", "studyId", "json", "text in quotes at line 1, column 12", "a colon"},
    {"{\"studyId\":}", "studyId", "json", "'}' at line 1, column 12", "a value"},
    {"{\"studyId\":NaN}", "studyId", "json", "'NaN' at line 1, column 12", "a value"},
    {"{\"studyId\":'A'}", "studyId", "json", "''' at line 1, column 12", "a value"},
    {"{\"sequence\":+1}", "sequence", "json", "'+1' at line 1, column 13", "a value"},
    {"{\"sequence\":014}", "sequence", "json", "'014' at line 1, column 13", "a number without a leading zero"},
    {"{\"sequence\":1.}", "sequence", "json", "'}' at line 1, column 15", "a digit"},
    {"{\"baseline\":True}", "baseline", "json", "'True' at line 1, column 13", "a value"},
    {"{\"baseline\":truest}", "", "json", "'st' at line 1, column 17", "a comma or }"},
    {"{\"studyId\":\"A\",}", "", "json", "'}' at line 1, column 16", "a key in quotes"},
    {"{\"studyId\":\"A\"\n \"siteId\":\"1\"}", "", "json", "text in quotes at line 2, column 2", "a comma or }"},
    {"{\"studyId\":\"A\"]", "", "json", "']' at line 1, column 15", "a comma or }"},
    {"{\"studyId\":\"A\" /* x */}", "", "json", "'/' at line 1, column 16", "a comma or }"},
    {"{\"studyId\":\"A\\x\"}", "studyId", "json", "'\\' at line 1, column 14",
	"an escape of JSON: \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and four hex digits"},
    {"{\"studyId\":\"A\tB\"}", "studyId", "json", "U+0009 at line 1, column 14",
	"text without bare control characters: a line break is written \\n"},
    {"{\"studyId\":\"A\xc3\"}", "studyId", "json", "byte 0xc3 at line 1, column 14", "valid UTF-8"},
    {"{\"study\xc3\":\"A\"}", "", "json", "byte 0xc3 at line 1, column 8", "valid UTF-8"},
    {"{\"event\":{\"causes\":[\"a\",]}}", "event.causes[1]", "json", "']' at line 1, column 25", "a value"},
    {"{\"event\":{\"causes\":[,]}}", "event.causes[0]", "json", "',' at line 1, column 21", "a value"},
    {"{\"event\":{\"causes\":[\"a\" \"b\"]}}", "event.causes[0]", "json", "text in quotes at line 1, column 25", "a comma or ]"},
    {"{\"event\":{\"references\":[{\"id\":\"a\"},{\"id\" 1}]}}", "event.references[1].id", "json", "'1' at line 1, column 42",
	"a colon"},
    {"{} {}", "", "json", "'{' at line 1, column 4", "nothing behind the message"},
    {"{}}", "", "json", "'}' at line 1, column 3", "nothing behind the message"},
    {"{}\n\"", "", "json", "the end of the text at line 2, column 2", "the quote that ends a text"},
};

static void
each_mistake_is_one_problem_with_its_path(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		const struct problem *p;

		if (read_text(f, wrong[i].text) != CONSIGN_E_MALFORMED || f->problems.total != 1)
			fail_msg("%s: %zu problems", wrong[i].text, f->problems.total);
		p = &f->problems.v[0];
		if (strcmp(p->path, wrong[i].path) != 0 || strcmp(p->rule, wrong[i].rule) != 0 ||
		    strcmp(p->found, wrong[i].found) != 0 || strcmp(p->expected, wrong[i].expected) != 0)
			fail_msg("%s\nsays %s | %s | %s | %s", wrong[i].text, p->path, p->rule, p->found, p->expected);
	}
}

static void
reading_goes_on_behind_a_problem(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    read_text(f, "{\"studyId\":7,\"colour\":{\"a\":[1,{\"b\":null}]},\"siteId\":\"\",\"sequence\":-1,\"study_id\":[[]],\n"
			 "\"event\":{\"causes\":[\"a\",null,\"\"],\"references\":[{\"id\":\"a\"},{\"id\":{}},[]],"
			 "\"originals\":[{\"content\":\"?\",\"content\":\"AAAA\"}]},\"baseline\":null,\"visit\" 5}"),
	    CONSIGN_E_MALFORMED);
	assert_int_equal(f->problems.total, 13);
	assert_problem(f, 0, "studyId", "kind", "7", "a decimal is written as text: \"7\"");
	assert_string_equal(f->problems.v[1].path, "colour");
	assert_string_equal(f->problems.v[1].rule, "unknown");
	assert_problem(f, 2, "siteId", "empty", "\"\"", "a value, or no key");
	assert_problem(f, 3, "sequence", "range", "-1", U32);
	assert_problem(f, 4, "studyId", "duplicate", "the key once more", "each key once, whichever way it is spelled");
	assert_problem(f, 5, "event.causes[1]", "kind", "null", "text in quotes");
	assert_problem(f, 6, "event.causes[2]", "empty", "\"\"", "a value, or no key");
	assert_problem(f, 7, "event.references[1].id", "kind", "an object", "text in quotes");
	assert_problem(f, 8, "event.references[2]", "kind", "a list", "an object");
	assert_problem(f, 9, "event.originals[0].content", "base64", "\"?\"", BASE64);
	assert_problem(
	    f, 10, "event.originals[0].content", "duplicate", "the key once more", "each key once, whichever way it is spelled");
	assert_problem(f, 11, "baseline", "kind", "null", NO_KEY);
	assert_problem(f, 12, "visit", "json", "'5' at line 2, column 144", "a colon");
}

static void
a_syntax_error_ends_the_reading(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    read_text(f, "{\"studyId\":7,\n  \"visit\" 5, \"siteId\":8, \"colour\":{\"a\":[1,]}}"), CONSIGN_E_MALFORMED);
	assert_int_equal(f->problems.total, 2);
	assert_problem(f, 0, "studyId", "kind", "7", "a decimal is written as text: \"7\"");
	assert_problem(f, 1, "visit", "json", "'5' at line 2, column 11", "a colon");
	assert_int_equal(read_text(f, "{\"colour\":{\"a\":[1,]}, \"siteId\":8}"), CONSIGN_E_MALFORMED);
	assert_int_equal(f->problems.total, 2);
	assert_problem(f, 1, "", "json", "']' at line 1, column 19", "a value");
	assert_int_equal(read_text(f, "[1,}"), CONSIGN_E_MALFORMED);
	assert_int_equal(f->problems.total, 2);
	assert_problem(f, 0, "", "kind", "a list", "an object");
	assert_problem(f, 1, "", "json", "'}' at line 1, column 4", "a value");
}

/* Problems that were there before are no reason to refuse. */
static void
problems_are_added_to_those_before(void **state)
{
	struct fixture *f = *state;
	ProtobufCMessage *m = NULL;

	problems_clear(&f->problems);
	arena_reset(f->arena);
	problems_add_words(&f->problems, "a", "b", "c", "d");
	assert_int_equal(json_read(LAB, slice_text("{}"), f->arena, &f->problems, &m), CONSIGN_OK);
	assert_non_null(m);
	assert_int_equal(f->problems.total, 1);
	m = NULL;
	assert_int_equal(json_read(LAB, slice_text("{\"a\":1}"), f->arena, &f->problems, &m), CONSIGN_E_MALFORMED);
	assert_non_null(m); /* what could be read, to be checked too */
	assert_int_equal(f->problems.total, 2);
	m = NULL;
	assert_int_equal(json_read(LAB, slice_text("{\"a\":1"), f->arena, &f->problems, &m), CONSIGN_E_MALFORMED);
	assert_null(m);
	assert_int_equal(f->problems.total, 4);
}

static void
problems_beyond_the_list_are_counted(void **state)
{
	struct fixture *f = *state;

	buf_reset(&f->again);
	assert_int_equal(buf_append(&f->again, slice_text("{")), CONSIGN_OK);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(buf_printf(&f->again, "\"x%u\":%u,", i, i), CONSIGN_OK);
	assert_int_equal(
	    buf_append(&f->again, slice_text("\"studyId\":1,\"studyId\":1,\"siteId\":\"\",\"sequence\":-1}")), CONSIGN_OK);
	assert_int_equal(read_as(f, LAB, buf_slice(&f->again)), CONSIGN_E_MALFORMED);
	assert_int_equal(f->problems.n, CONSIGN_PROBLEMS_MAX);
	assert_int_equal(f->problems.total, 1004);
	assert_string_equal(f->problems.v[63].path, "x63");
}

static void
numbers_reach_their_edges(void **state)
{
	static const struct {
		const char *text;
		uint32_t sequence;
		int32_t study_day;
	} rows[] = {
	    {"{\"sequence\":0,\"studyDay\":0}", 0, 0},
	    {"{\"sequence\":4294967295,\"studyDay\":2147483647}", UINT32_MAX, INT32_MAX},
	    {"{\"sequence\":2147483648,\"studyDay\":-2147483648}", 2147483648u, INT32_MIN},
	    {"{\"sequence\":10,\"studyDay\":-1}", 10, -1},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const Consign__V1__LabResult *m;

		assert_int_equal(read_text(f, rows[i].text), CONSIGN_OK);
		m = (const Consign__V1__LabResult *)f->message;
		assert_int_equal(m->sequence, rows[i].sequence);
		assert_int_equal(m->study_day, rows[i].study_day);
		assert_comes_back(f);
	}
}

static void
a_slash_in_base64_may_be_escaped(void **state)
{
	struct fixture *f = *state;
	const Consign__V1__LabResult *m;

	assert_int_equal(read_text(f, "{\"event\":{\"originals\":[{\"content\":\"AP\\/+\\u0041A==\"}]}}"), CONSIGN_OK);
	m = (const Consign__V1__LabResult *)f->message;
	assert_int_equal(m->event->originals[0]->content.len, 4);
	assert_memory_equal(m->event->originals[0]->content.data, "\x00\xff\xfe\x00", 4);
}

static void
assert_judged_as_core_does(const char *text, struct buf *out)
{
	uint8_t bytes[6];
	size_t len = 0;
	enum consign_err err;
	bool is_fine;

	buf_reset(out);
	err = base64_parse(slice_of(text, 8), out);
	is_fine = json_base64_decode(slice_of(text, 8), bytes, &len);
	if (is_fine != (err == CONSIGN_OK) || (is_fine && !slice_equal(buf_slice(out), slice_of(bytes, len))))
		fail_msg("%.8s", text);
}

/* Four characters of a small alphabet, and every byte at every place: judged as core/text.h does. */
static void
base64_is_judged_as_core_does(void **state)
{
	static const char letters[] = "AQgw/=-_ Bz9+\xff";
	const size_t n = sizeof letters - 1;
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < n * n * n * n * 2; i++) {
		char text[] = "AAAAAAAA";
		size_t at = i % 2 * 4;

		text[at] = letters[i / 2 % n];
		text[at + 1] = letters[i / 2 / n % n];
		text[at + 2] = letters[i / 2 / n / n % n];
		text[at + 3] = letters[i / 2 / n / n / n % n];
		assert_judged_as_core_does(text, &out);
	}
	for (size_t i = 0; i < 8 * 256; i++) {
		char text[] = "AAAAAAAA";

		text[i / 256] = (char)(i % 256);
		assert_judged_as_core_does(text, &out);
	}
	buf_clear(&out);
}

static void
over_the_size_limit_nothing_is_read(void **state)
{
	struct fixture *f = *state;
	char *text = malloc(CONSIGN_LOCAL_CONTENT_MAX_BYTES + 1);

	assert_non_null(text);
	memset(text, ' ', CONSIGN_LOCAL_CONTENT_MAX_BYTES + 1);
	memcpy(text, "{}", 2);
	assert_int_equal(read_as(f, LAB, slice_of(text, CONSIGN_LOCAL_CONTENT_MAX_BYTES)), CONSIGN_OK);
	assert_int_equal(read_as(f, LAB, slice_of(text, CONSIGN_LOCAL_CONTENT_MAX_BYTES + 1)), CONSIGN_E_TOO_BIG);
	assert_int_equal(f->problems.total, 0);
	free(text);
}

/* With every budget up to what the message needs the answer is NO_MEMORY, and then it is OK. */
static void
a_spent_arena_is_said(void **state)
{
	static const char text[] = "{\"event\":{\"causes\":[\"a.0\",\"b\\n1\",\"c\",\"d\",\"e\"],\"references\":[{\"id\":\"x\"}],"
				   "\"originals\":[{\"content\":"
				   "\"AA\\/A\"},{\"content\":\"AAAA\"}]},\"sequence\":3}";
	struct fixture *f = *state;
	size_t needs;

	assert_int_equal(read_text(f, text), CONSIGN_OK);
	needs = arena_used(f->arena);
	for (size_t budget = 0; budget <= needs; budget++) {
		struct arena *arena;
		ProtobufCMessage *m = NULL;
		enum consign_err err;

		assert_int_equal(arena_new(budget, &arena), CONSIGN_OK);
		err = json_read(LAB, slice_text(text), arena, &f->problems, &m);
		/* The last piece need not be rounded up. */
		if (budget <= needs - 16 || err != CONSIGN_OK)
			assert_int_equal(err, budget == needs ? CONSIGN_OK : CONSIGN_E_NO_MEMORY);
		assert_int_equal(f->problems.total, 0);
		assert_int_equal(m == NULL, err != CONSIGN_OK);
		arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_of_field_is_set),
	    cmocka_unit_test(an_empty_object_is_a_present_part),
	    cmocka_unit_test(a_key_may_be_spelled_as_in_the_proto),
	    cmocka_unit_test(keys_come_in_any_order),
	    cmocka_unit_test(each_mistake_is_one_problem_with_its_path),
	    cmocka_unit_test(reading_goes_on_behind_a_problem),
	    cmocka_unit_test(a_syntax_error_ends_the_reading),
	    cmocka_unit_test(problems_are_added_to_those_before),
	    cmocka_unit_test(problems_beyond_the_list_are_counted),
	    cmocka_unit_test(numbers_reach_their_edges),
	    cmocka_unit_test(a_slash_in_base64_may_be_escaped),
	    cmocka_unit_test(base64_is_judged_as_core_does),
	    cmocka_unit_test(over_the_size_limit_nothing_is_read),
	    cmocka_unit_test(a_spent_arena_is_said),
	};

	return cmocka_run_group_tests_name("catalogue/json_read", tests, setup, teardown);
}
