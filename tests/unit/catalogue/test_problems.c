/* Problems: what was found is made fit to be shown, everything is cut at a character, and counting goes on. */
#include "check_fixture.h"

#include "core/utf8.h"

static const char *
shown(struct fixture *f, struct consign_slice found)
{
	problems_clear(&f->problems);
	problems_add(&f->problems, "p", "r", found, "e");
	assert_int_equal(f->problems.n, 1);
	return f->problems.v[0].found;
}

/* Nothing in it moves a cursor, turns a line round or breaks a reader of UTF-8. */
static void
assert_is_harmless(const char *text)
{
	struct consign_slice left = slice_text(text);

	while (left.len > 0) {
		uint32_t point = 0;
		size_t step = utf8_step(left, &point);

		assert_true(step > 0);
		assert_true(point >= 0x20 && point != 0x7f && !(point >= 0x80 && point < 0xa0));
		assert_false((point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0x2028 ||
			     point == 0x2029);
		left = slice_of(left.data + step, left.len - step);
	}
}

static void
test_problems_quotes_what_was_found(void **state)
{
	static const struct {
		const char *found;
		size_t len;
		const char *shown;
	} rows[] = {
	    {"", 0, "\"\""},
	    {"abc", 3, "\"abc\""},
	    {"say \"no\"", 8, "\"say \\\"no\\\"\""},
	    {"back\\slash", 10, "\"back\\\\slash\""},
	    {"a\0b", 3, "\"a\\u{0}b\""},
	    {"\x1b[2J", 4, "\"\\u{1b}[2J\""},
	    {"a\nb\tc\r", 6, "\"a\\u{a}b\\u{9}c\\u{d}\""},
	    {"\x7f", 1, "\"\\u{7f}\""},
	    {"\xc2\x85", 2, "\"\\u{85}\""},
	    {"\xe2\x80\xae"
	     "cod.exe",
		10, "\"\\u{202e}cod.exe\""},
	    {"\xe2\x81\xa6\xe2\x81\xa9", 6, "\"\\u{2066}\\u{2069}\""},
	    {"\xe2\x80\xa8", 3, "\"\\u{2028}\""},
	    {"\xef\xbb\xbfx", 4, "\"\\u{feff}x\""},
	    {"\xf4\x8f\xbf\xbf", 4, "\"\\u{10ffff}\""},
	    {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
	    {"\xff\xfe", 2, "\"\\xff\\xfe\""},
	    {"a\xc3", 2, "\"a\\xc3\""},
	    {"\xc0\xaf", 2, "\"\\xc0\\xaf\""},
	    {"\xed\xa0\x80", 3, "\"\\xed\\xa0\\x80\""},
	    {"\xf0\x9f\x98", 3, "\"\\xf0\\x9f\\x98\""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(shown(f, slice_of(rows[i].found, rows[i].len)), rows[i].shown);
	assert_string_equal(shown(f, (struct consign_slice){0}), "\"\"");
}

static void
test_problems_cuts_what_was_found_and_says_how_long_it_is(void **state)
{
	struct fixture *f = *state;
	char text[64] = "", expected[128];

	for (size_t n = 1; n < 60; n++) {
		text[n - 1] = 'x';
		if (n <= 55)
			snprintf(expected, sizeof expected, "\"%.*s\"", (int)n, text);
		else
			snprintf(expected, sizeof expected, "\"%.55s…\" (%zu bytes)", text, n);
		assert_string_equal(shown(f, slice_of(text, n)), expected);
	}
	assert_string_equal(shown(f, slice_of(text_of_length(f, 1u << 20, 'y'), 1u << 20)),
	    "\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…\" (1048576 bytes)");
}

static void
test_problems_cuts_between_characters_and_never_writes_too_far(void **state)
{
	static const char *const characters[] = {"a", "\"", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\x01", "\xff",
	    "\xe2\x80\xae", "\xf4\x8f\xbf\xbf", "\xc3"};
	const size_t n_characters = sizeof characters / sizeof characters[0];
	struct fixture *f = *state;
	char text[400];

	/* Each character many times behind 0 to 60 others, so that the cut falls at every place of it. */
	for (size_t c = 0; c < n_characters; c++)
		for (size_t before = 0; before < 60; before++) {
			size_t step = strlen(characters[c]), len = before;

			memset(text, 'x', before);
			while (len + step < sizeof text)
				memcpy(text + len, characters[c], step), len += step;
			const char *got = shown(f, slice_of(text, len));
			char end[32];

			snprintf(end, sizeof end, "…\" (%zu bytes)", len);
			assert_is_harmless(got);
			assert_true(strlen(got) < PROBLEM_FOUND_BYTES);
			assert_string_equal(got + strlen(got) - strlen(end), end);
		}
}

static void
test_problems_cuts_words_at_a_character(void **state)
{
	struct fixture *f = *state;
	char text[400];

	/* Every length around the limits, of characters of one to four bytes. */
	static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};

	for (size_t c = 0; c < 4; c++)
		for (size_t len = 40; len < 300; len++) {
			size_t step = strlen(characters[c]), at = len % step;
			size_t limits[] = {PROBLEM_PATH_BYTES, PROBLEM_RULE_BYTES, PROBLEM_FOUND_BYTES, PROBLEM_EXPECTED_BYTES};

			memset(text, 'x', at);
			for (; at < len; at += step)
				memcpy(text + at, characters[c], step);
			text[len] = '\0';
			problems_clear(&f->problems);
			problems_add_words(&f->problems, text, text, text, text);
			const char *got[] = {
			    f->problems.v[0].path, f->problems.v[0].rule, f->problems.v[0].found, f->problems.v[0].expected};

			for (size_t i = 0; i < 4; i++) {
				if (len < limits[i]) {
					assert_string_equal(got[i], text);
					continue;
				}
				size_t kept = strlen(got[i]) - strlen("…");

				assert_string_equal(got[i] + kept, "…");
				assert_memory_equal(got[i], text, kept);
				assert_true(kept + strlen("…") < limits[i]);
				assert_true(kept + strlen("…") + step >= limits[i]);
				assert_is_harmless(got[i]);
			}
		}
}

static void
test_problems_lists_sixty_four_and_counts_the_rest(void **state)
{
	struct fixture *f = *state;
	char path[16];

	for (size_t i = 0; i < 1000; i++) {
		snprintf(path, sizeof path, "p[%zu]", i);
		problems_add_words(&f->problems, path, "r", "f", "e");
		assert_int_equal(f->problems.total, i + 1);
		assert_int_equal(f->problems.n, i < CONSIGN_PROBLEMS_MAX ? i + 1 : CONSIGN_PROBLEMS_MAX);
	}
	assert_string_equal(f->problems.v[CONSIGN_PROBLEMS_MAX - 1].path, "p[63]");
	problems_clear(&f->problems);
	assert_int_equal(f->problems.total, 0);
	assert_int_equal(f->problems.n, 0);
	assert_null(f->problems.v);
	problems_clear(&f->problems);
	problems_add_words(&f->problems, "again", "r", "f", "e");
	assert_problem(&f->problems, 0, "again", "r", "f", "e");
}

static void
test_problems_formats_one_line(void **state)
{
	struct fixture *f = *state;

	problems_add(&f->problems, "items[3].quantity.value", "format", slice_text("1,5\n"), "a decimal");
	problems_add_words(&f->problems, "", "label", "open", "restricted");
	assert_int_equal(buf_append(&f->out, slice_text("> ")), CONSIGN_OK);
	assert_int_equal(problem_format(&f->problems.v[0], &f->out), CONSIGN_OK);
	assert_true(slice_equal(
	    buf_slice(&f->out), slice_text("> items[3].quantity.value: found \"1,5\\u{a}\", expected a decimal (format)")));
	buf_reset(&f->out);
	assert_int_equal(problem_format(&f->problems.v[1], &f->out), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(&f->out), slice_text("found open, expected restricted (label)")));
}

/* Percent signs of a stranger are no format. */
static void
test_problems_takes_percent_signs_as_they_are(void **state)
{
	struct fixture *f = *state;

	problems_add(&f->problems, "%n", "%s", slice_text("%s%n%x"), "%d");
	assert_problem(&f->problems, 0, "%n", "%s", "\"%s%n%x\"", "%d");
	assert_int_equal(problem_format(&f->problems.v[0], &f->out), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(&f->out), slice_text("%n: found \"%s%n%x\", expected %d (%s)")));
}

/* What follows from a place that is named already is not told again; everything else is. */
static void
test_problems_merge_tells_of_other_places(void **state)
{
	static const struct {
		const char *path;
		bool is_new;
	} rows[] = {
	    {"result", false},
	    {"result.value", false},
	    {"event", false}, /* leads to event.note */
	    {"resultUnit", true},
	    {"event.noted", true},
	    {"items[1]", false},
	    {"items[11].epc", true},
	    {"", true},
	};
	struct problems p = {0}, more = {0};

	(void)state;
	problems_add_words(&p, "result", "kind", "a number", "an object");
	problems_add_words(&p, "event.note", "unknown", "x", "y");
	problems_add_words(&p, "items[1].epc", "kind", "x", "y");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		problems_add_words(&more, rows[i].path, "mandatory", "nothing", "something");
	problems_merge(&p, &more);
	assert_int_equal(p.total, 3 + 4);
	for (size_t i = 0, at = 3; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].is_new)
			assert_string_equal(p.v[at++].path, rows[i].path);
	problems_clear(&p);
	problems_clear(&more);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_problems_quotes_what_was_found),
	    EACH(test_problems_cuts_what_was_found_and_says_how_long_it_is),
	    EACH(test_problems_cuts_between_characters_and_never_writes_too_far),
	    EACH(test_problems_cuts_words_at_a_character),
	    EACH(test_problems_lists_sixty_four_and_counts_the_rest),
	    EACH(test_problems_formats_one_line),
	    EACH(test_problems_takes_percent_signs_as_they_are),
	    cmocka_unit_test(test_problems_merge_tells_of_other_places),
	};

	return cmocka_run_group_tests_name("problems", tests, NULL, NULL);
}
