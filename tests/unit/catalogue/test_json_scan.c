/* JSON tokens: every token, every refusal with its place, escapes, skipping. */
#include "json_fixture.h"

#include "catalogue/json_scan.h"
#include "core/utf8.h"

/* A scan over a copy of exact size; freed by the test. */
static struct json_scan
scan_copy(struct consign_slice text, uint8_t **ret_copy)
{
	uint8_t *copy = malloc(text.len > 0 ? text.len : 1);

	assert_non_null(copy);
	if (text.len > 0)
		memcpy(copy, text.data, text.len);
	*ret_copy = copy;
	return json_scan_over(slice_of(copy, text.len));
}

static void
tokens_come_in_order(void **state)
{
	static const char text[] = " {\"a\" :\t[1,-2.5e+3 , true,false,\r\nnull , \"\"]}\n";
	static const enum json_token expected[] = {JSON_OBJECT, JSON_TEXT, JSON_COLON, JSON_LIST, JSON_NUMBER, JSON_COMMA,
	    JSON_NUMBER, JSON_COMMA, JSON_TRUE, JSON_COMMA, JSON_FALSE, JSON_COMMA, JSON_NULL, JSON_COMMA, JSON_TEXT,
	    JSON_LIST_END, JSON_OBJECT_END, JSON_END, JSON_END};
	uint8_t *copy;
	struct json_scan s = scan_copy(slice_text(text), &copy);

	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
		assert_int_equal(json_scan_next(&s), expected[i]);
	free(copy);
	s = json_scan_over(slice_of(NULL, 0));
	assert_int_equal(json_scan_next(&s), JSON_END);
}

static void
text_and_numbers_are_lent_as_written(void **state)
{
	struct json_scan s = json_scan_over(slice_text("\"a\\n\\u00e9\" -0.50E-2"));

	(void)state;
	assert_int_equal(json_scan_next(&s), JSON_TEXT);
	assert_true(slice_equal(s.text, slice_text("a\\n\\u00e9")));
	assert_true(s.has_escape);
	assert_int_equal(json_scan_next(&s), JSON_NUMBER);
	assert_true(slice_equal(s.text, slice_text("-0.50E-2")));
	s = json_scan_over(slice_text("\"\""));
	assert_int_equal(json_scan_next(&s), JSON_TEXT);
	assert_int_equal(s.text.len, 0);
	assert_false(s.has_escape);
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
a_bad_token_says_where_and_why(void **state)
{
	static const char escape[] = "an escape of JSON: \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and four hex digits";
	static const char control[] = "text without bare control characters: a line break is written \\n";
	static const struct {
		const char *text;
		size_t at;
		const char *expected; /* NULL: the caller knows */
	} rows[] = {
	    {"\"abc", 4, "the quote that ends a text"},
	    {"\"", 1, "the quote that ends a text"},
	    {"\"abc\\\"", 6, "the quote that ends a text"},
	    {"\"ab\\", 3, escape},
	    {"\"ab\\q\"", 3, escape},
	    {"\"ab\\'\"", 3, escape},
	    {"\"ab\\u12", 3, escape},
	    {"\"ab\\u12g4\"", 3, escape},
	    {"\"\\u00e9\\U0041\"", 7, escape},
	    {"\"a\nb\"", 2, control},
	    {"\"a\tb\"", 2, control},
	    {"\"long enough text\x1f\"", 17, control},
	    {"\"é\x01\"", 3, control},
	    {"\"a\xff\"", 2, "valid UTF-8"},
	    {"\"a\xc0\x80\"", 2, "valid UTF-8"},
	    {"\"a\xed\xa0\x80\"", 2, "valid UTF-8"},
	    {"\"a\xf4\x90\x80\x80\"", 2, "valid UTF-8"},
	    {"\"a\xe2\x82", 2, "valid UTF-8"},
	    {"\"éé\x80\"", 5, "valid UTF-8"},
	    {"01", 0, "a number without a leading zero"},
	    {"-01", 1, "a number without a leading zero"},
	    {"-", 1, "a digit"},
	    {"-a", 1, "a digit"},
	    {"1.", 2, "a digit"},
	    {"1.e3", 2, "a digit"},
	    {"1e", 2, "a digit"},
	    {"1e+", 3, "a digit"},
	    {"1E-x", 3, "a digit"},
	    {"+1", 0, NULL},
	    {".5", 0, NULL},
	    {"tru", 0, NULL},
	    {"True", 0, NULL},
	    {"nul", 0, NULL},
	    {"fals", 0, NULL},
	    {"NaN", 0, NULL},
	    {"'a'", 0, NULL},
	    {"// x", 0, NULL},
	    {"\x0c", 0, NULL},
	    {"\xef\xbb\xbf{}", 0, NULL},
	    {"\xc2\xa0", 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t *copy;
		struct json_scan s = scan_copy(slice_text(rows[i].text), &copy);

		if (json_scan_next(&s) != JSON_BAD || (size_t)(s.start - s.begin) != rows[i].at ||
		    !is_same(s.expected, rows[i].expected))
			fail_msg("%s: at %zu, %s", rows[i].text, (size_t)(s.start - s.begin),
			    s.expected == NULL ? "NULL" : s.expected);
		free(copy);
	}
}

/* Eight bytes are looked at together: whatever byte stands wherever, the same is seen as one by one. */
static void
every_byte_at_every_place_is_seen(void **state)
{
	uint8_t text[32];

	(void)state;
	for (size_t len = 0; len <= 20; len++)
		for (size_t at = 0; at < len; at++)
			for (unsigned byte = 0; byte < 256; byte++)
				for (unsigned behind = 0; behind < 2; behind++) {
					struct json_scan s;
					enum json_token t;

					text[0] = '"';
					memset(text + 1, byte == '!' ? '#' : '!', len);
					text[1 + at] = (uint8_t)byte;
					if (behind == 1 && at + 1 < len)
						text[2 + at] = '\\';
					text[1 + len] = '"';
					s = json_scan_over(slice_of(text, len + 2));
					t = json_scan_next(&s);
					if (byte == '"') {
						assert_int_equal(t, JSON_TEXT);
						assert_int_equal(s.text.len, at);
					} else if (byte == '\\' && behind == 1 && at + 1 < len) {
						assert_int_equal(t, JSON_TEXT);
						assert_true(s.has_escape);
						assert_int_equal(s.text.len, len);
					} else if (byte < 0x20 || byte == '\\' || byte >= 0x80 || (behind == 1 && at + 1 < len)) {
						/* The byte itself, or an escape that is none or takes the last quote with it. */
						assert_int_equal(t, JSON_BAD);
					} else {
						assert_int_equal(t, JSON_TEXT);
						assert_int_equal(s.text.len, len);
					}
				}
}

static void
what_is_json_but_no_text_has_a_flaw(void **state)
{
	static const struct {
		const char *text;
		enum json_flaw flaw;
	} rows[] = {
	    {"\"\\u0000\"", JSON_FLAW_NUL},
	    {"\"a\\u0000b\"", JSON_FLAW_NUL},
	    {"\"\\ud83d\"", JSON_FLAW_SURROGATE},
	    {"\"\\ud83dx\"", JSON_FLAW_SURROGATE},
	    {"\"\\ude00\"", JSON_FLAW_SURROGATE},
	    {"\"\\ude00\\ud83d\"", JSON_FLAW_SURROGATE},
	    {"\"\\ud83d\\ud83d\\ude00\"", JSON_FLAW_SURROGATE},
	    {"\"\\ud83d\\u0041\"", JSON_FLAW_SURROGATE},
	    {"\"\\uD83D\\uDE00\"", JSON_FLAWLESS},
	    {"\"\\ud7ff\\ue000\"", JSON_FLAWLESS},
	    {"\"\\\\u0000\"", JSON_FLAWLESS},
	    {"\"\\u0001\"", JSON_FLAWLESS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t *copy;
		struct json_scan s = scan_copy(slice_text(rows[i].text), &copy);

		if (json_scan_next(&s) != JSON_TEXT || s.flaw != rows[i].flaw || json_scan_next(&s) != JSON_END)
			fail_msg("%s", rows[i].text);
		free(copy);
	}
	/* The flaw of one text is not the next one's. */
	struct json_scan s = json_scan_over(slice_text("\"\\u0000\" \"a\""));

	assert_int_equal(json_scan_next(&s), JSON_TEXT);
	assert_int_equal(json_scan_next(&s), JSON_TEXT);
	assert_int_equal(s.flaw, JSON_FLAWLESS);
	assert_false(s.has_escape);
}

static void
escapes_are_undone(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
	    {"", ""},
	    {"plain", "plain"},
	    {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
	    {"a\\u0041\\u00e9\\u20ac\\uD83D\\uDE00b", "aAé€\xf0\x9f\x98\x80"
						      "b"},
	    {"\\u0001\\u007f\\u0080\\u07ff\\u0800\\ud7ff\\ue000\\uffff",
		"\x01\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"},
	    {"\\ud800\\udc00\\udbff\\udfff", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
	    {"é\\né", "é\né"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t size = strlen(rows[i].text), len;
		uint8_t *bytes = malloc(size + 1);

		assert_non_null(bytes);
		len = json_unescape(slice_text(rows[i].text), bytes);
		assert_true(slice_equal(slice_of(bytes, len), slice_text(rows[i].expected)));
		/* In place. */
		memcpy(bytes, rows[i].text, size);
		len = json_unescape(slice_of(bytes, size), bytes);
		assert_true(slice_equal(slice_of(bytes, len), slice_text(rows[i].expected)));
		free(bytes);
	}
}

/* Each character of Unicode, escaped by the rules, comes back as itself. */
static void
every_character_comes_back(void **state)
{
	(void)state;
	for (uint32_t point = 1; point <= 0x10ffff; point += point < 0x3000 ? 1 : 61) {
		char text[16];
		uint8_t bytes[16];
		uint32_t back = 0;
		size_t len;

		if (point >= 0xd800 && point <= 0xdfff)
			continue;
		if (point < 0x10000)
			snprintf(text, sizeof text, "\\u%04x", (unsigned)point);
		else
			snprintf(text, sizeof text, "\\u%04X\\u%04x", (unsigned)(0xd800 + ((point - 0x10000) >> 10)),
			    (unsigned)(0xdc00 + (point & 0x3ff)));
		len = json_unescape(slice_text(text), bytes);
		assert_int_equal(utf8_step(slice_of(bytes, len), &back), len);
		assert_int_equal(back, point);
	}
}

static void
a_place_is_told_in_lines_and_characters(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
	    {"", "the end of the text at line 1, column 1"},
	    {" \n", "the end of the text at line 2, column 1"},
	    {"\n\n  True", "'True' at line 3, column 3"},
	    {"\r\n  undefined_and_very_long_word_indeed", "'undefined_and_very_long_' at line 2, column 3"},
	    {";", "';' at line 1, column 1"},
	    {"\"é€\xf0\x9f\x98\x80\\q\"", "'\\' at line 1, column 5"},
	    {"\"é\n\"", "U+000A at line 1, column 3"},
	    {"\x7f", "U+007F at line 1, column 1"},
	    {"\"\xff\"", "byte 0xff at line 1, column 2"},
	    {"\xef\xbb\xbf{}", "a byte order mark at line 1, column 1"},
	    {"\xe2\x80\x9c"
	     "a",
		"U+201C at line 1, column 1"},
	};
	char words[96];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t *copy;
		struct json_scan s = scan_copy(slice_text(rows[i].text), &copy);
		enum json_token t = json_scan_next(&s);

		assert_true(t == JSON_BAD || t == JSON_END);
		json_scan_name_place(&s, words, sizeof words);
		assert_string_equal(words, rows[i].words);
		free(copy);
	}
	struct json_scan s = json_scan_over(slice_text("  \"abc\""));

	assert_int_equal(json_scan_next(&s), JSON_TEXT);
	json_scan_name_place(&s, words, sizeof words);
	assert_string_equal(words, "text in quotes at line 1, column 3");
}

static void
a_value_is_passed_over_whole(void **state)
{
	static const char *const values[] = {"1", "\"a\"", "true", "false", "null", "{}", "[]", "[[],{}]", "{\"a\":{}}",
	    "{\"a\":[1,2,{\"b\":null}],\"c\":[]}", " [ 1 , 2 ] ", "[[[[]]],[[]]]", "{\"a\":[],\"b\":{},\"c\":\"]}\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		char text[128];
		struct json_scan s;

		snprintf(text, sizeof text, "%s,7", values[i]);
		s = json_scan_over(slice_text(text));
		assert_true(json_scan_skip(&s, json_scan_next(&s), 0));
		assert_int_equal(json_scan_next(&s), JSON_COMMA);
		assert_int_equal(json_scan_next(&s), JSON_NUMBER);
	}
}

static void
a_value_that_is_none_stops_the_passing(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *expected;
	} rows[] = {
	    {"", 0, "a value"},
	    {"]", 0, "a value"},
	    {",", 0, "a value"},
	    {"@", 0, "a value"},
	    {"[", 1, "a value"},
	    {"[@", 1, "a value"},
	    {"[1", 2, "a comma or ]"},
	    {"[1 2]", 3, "a comma or ]"},
	    {"[1}", 2, "a comma or ]"},
	    {"[1@", 2, "a comma or ]"},
	    {"[1,]", 3, "a value"},
	    {"[1,", 3, "a value"},
	    {"[,1]", 1, "a value"},
	    {"{", 1, "a key in quotes"},
	    {"{@", 1, "a key in quotes"},
	    {"{a:1}", 1, "a key in quotes"},
	    {"{1:1}", 1, "a key in quotes"},
	    {"{\"a\"}", 4, "a colon"},
	    {"{\"a\" 1}", 5, "a colon"},
	    {"{\"a\"=1}", 4, "a colon"},
	    {"{\"a\":}", 5, "a value"},
	    {"{\"a\":", 5, "a value"},
	    {"{\"a\":1", 6, "a comma or }"},
	    {"{\"a\":1]", 6, "a comma or }"},
	    {"{\"a\":1,}", 7, "a key in quotes"},
	    {"{\"a\":1,", 7, "a key in quotes"},
	    {"{\"a\":1 \"b\":2}", 7, "a comma or }"},
	    {"[{\"a\":[01]}]", 7, "a number without a leading zero"},
	    {"[\"a\xff\"]", 3, "valid UTF-8"},
	    {"{\"a\nb\":1}", 3, "text without bare control characters: a line break is written \\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t *copy;
		struct json_scan s = scan_copy(slice_text(rows[i].text), &copy);

		if (json_scan_skip(&s, json_scan_next(&s), 0) || (size_t)(s.start - s.begin) != rows[i].at ||
		    !is_same(s.expected, rows[i].expected))
			fail_msg("%s: at %zu, %s", rows[i].text, (size_t)(s.start - s.begin), s.expected);
		free(copy);
	}
}

/* As many brackets as may be, and one more; with `open` around them already; and a million, which must cost no stack. */
static void
depth_is_bounded(void **state)
{
	static const char *const opens[] = {"[", "{\"a\":"}, *const closes[] = {"]", "}"};

	(void)state;
	for (unsigned kind = 0; kind < 2; kind++)
		for (unsigned open = 0; open <= JSON_DEPTH_MAX; open++)
			for (unsigned over = 0; over < 2; over++) {
				unsigned depth = JSON_DEPTH_MAX - open + over;
				char text[1024] = "";
				struct json_scan s;
				bool passed;

				for (unsigned i = 0; i < depth; i++)
					strcat(text, opens[kind]);
				strcat(text, "1");
				for (unsigned i = 0; i < depth; i++)
					strcat(text, closes[kind]);
				s = json_scan_over(slice_text(text));
				passed = json_scan_skip(&s, json_scan_next(&s), open);
				assert_int_equal(passed, over == 0);
				if (over == 0) {
					assert_int_equal(json_scan_next(&s), JSON_END);
				} else {
					assert_int_equal(s.start - s.begin, (depth - 1) * strlen(opens[kind]));
					assert_string_equal(s.expected, "no more than 64 objects and lists in each other");
				}
			}
	char *text = malloc(1000000);
	struct json_scan s;

	assert_non_null(text);
	memset(text, '[', 1000000);
	s = json_scan_over(slice_of(text, 1000000));
	assert_false(json_scan_skip(&s, json_scan_next(&s), 0));
	free(text);
}

static void
a_cut_text_is_never_passed(void **state)
{
	static const char text[] = "{\"a\":[1.5e3,true,{\"b\":\"x\\u00e9\\n€\"},null],\"c\":false}";

	(void)state;
	for (size_t len = 0; len < sizeof text - 1; len++) {
		uint8_t *copy;
		struct json_scan s = scan_copy(slice_of(text, len), &copy);

		assert_false(json_scan_skip(&s, json_scan_next(&s), 0));
		assert_non_null(s.expected);
		assert_true(s.start >= s.begin && s.start <= s.end);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tokens_come_in_order),
	    cmocka_unit_test(text_and_numbers_are_lent_as_written),
	    cmocka_unit_test(a_bad_token_says_where_and_why),
	    cmocka_unit_test(every_byte_at_every_place_is_seen),
	    cmocka_unit_test(what_is_json_but_no_text_has_a_flaw),
	    cmocka_unit_test(escapes_are_undone),
	    cmocka_unit_test(every_character_comes_back),
	    cmocka_unit_test(a_place_is_told_in_lines_and_characters),
	    cmocka_unit_test(a_value_is_passed_over_whole),
	    cmocka_unit_test(a_value_that_is_none_stops_the_passing),
	    cmocka_unit_test(depth_is_bounded),
	    cmocka_unit_test(a_cut_text_is_never_passed),
	};

	return cmocka_run_group_tests_name("catalogue/json_scan", tests, NULL, NULL);
}
