/*
 * Against jansson: valid texts, changed token by token, are JSON to both or to neither; what we read and write again is the
 * same value to jansson.
 *
 * Both differ by intent in this alone:
 *   jansson refuses numbers beyond its own integers and doubles, wherever they stand. To us a number is text until a field wants
 * it; no text with such a number is accepted, because none of our fields holds one, but the rule is "kind" or "range", not
 * "json". jansson refuses \u0000 and half surrogate pairs also in keys and in values of unknown keys. We name the key unknown and
 * do not look further. We stop at 64 levels, jansson at 2048. The texts here are not that deep.
 */
#include "json_fixture.h"

#include <jansson.h>

#define TOKENS_MAX 512
#define TOKEN_BYTES 160

struct tokens {
	char v[TOKENS_MAX][TOKEN_BYTES];
	size_t n;
};

/* Cuts a text that is valid into its tokens; false when they are too many or too long. */
static bool
cut(struct consign_slice text, struct tokens *ret_tokens)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; n++) {
		size_t end = i + 1;

		if (text.data[i] == '"') {
			while (text.data[end] != '"')
				end += text.data[end] == '\\' ? 2 : 1;
			end++;
		} else if (strchr("{}[],:", text.data[i]) == NULL) {
			while (strchr("{}[],:\" ", text.data[end]) == NULL)
				end++;
		}
		if (end - i >= TOKEN_BYTES || n + 8 > TOKENS_MAX)
			return false;
		snprintf(ret_tokens->v[n], TOKEN_BYTES, "%.*s", (int)(end - i), (const char *)text.data + i);
		i = end;
	}
	ret_tokens->n = n;
	return true;
}

/* Takes away, doubles, swaps or replaces one token. */
static void
change(struct tokens *t, struct chance *c)
{
	static const char *const pool[] = {"{", "}", "[", "]", ",", ":", "\"\"", "\"a\"", "\"studyId\"", "\"event\"",
	    "\"\\u0073tate\"", "\"\\u00e9\\/\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\u0000\"", "\"\\x\"", "\"\\u12\"",
	    "\"a", "\"\xff\"", "\"\xed\xa0\x80\"", "\"\x01\"", "\"€\"", "0", "-0", "01", "14", "-1", "4294967296",
	    "99999999999999999999", "1.5", "1.", ".5", "1e5", "1E+2", "1e", "1e999", "-", "+1", "true", "false", "null", "tru",
	    "True", "nul", "NaN", "'a'", "//", "\xef\xbb\xbf", "\x0c", "\xc2\xa0", "{}", "[]", "[[]]", "\"AA==\"", "AA"};
	size_t i = chance_below(c, (uint32_t)t->n), k = chance_below(c, (uint32_t)t->n);
	char held[TOKEN_BYTES];

	switch (chance_below(c, 8)) {
	case 0:
		memmove(t->v[i], t->v[i + 1], (t->n - i - 1) * TOKEN_BYTES);
		t->n--;
		break;
	case 1:
		memmove(t->v[i + 1], t->v[i], (t->n - i) * TOKEN_BYTES);
		t->n++;
		break;
	case 2:
		memcpy(held, t->v[i], TOKEN_BYTES);
		memcpy(t->v[i], t->v[k], TOKEN_BYTES);
		memcpy(t->v[k], held, TOKEN_BYTES);
		break;
	case 3:
		/* One value for another of the same text: mostly still JSON. */
		memcpy(t->v[i], t->v[k], TOKEN_BYTES);
		break;
	default:
		/* Where a key or a value stands, or else most would be no JSON for a dull reason. */
		while (chance_below(c, 8) > 0 && strchr("{}[],:", t->v[i][0]) != NULL)
			i = chance_below(c, (uint32_t)t->n);
		snprintf(t->v[i], TOKEN_BYTES, "%s", pool[chance_below(c, sizeof pool / sizeof pool[0])]);
		break;
	}
}

static void
join(const struct tokens *t, struct chance *c, struct buf *out)
{
	static const char *const blanks[] = {"", "", "", "", " ", "\n", "\t\r\n", "  "};

	buf_reset(out);
	for (size_t i = 0; i < t->n; i++)
		assert_int_equal(buf_printf(out, "%s%s", blanks[chance_below(c, 8)], t->v[i]), CONSIGN_OK);
}

/* Why jansson may refuse what is no syntax error to us. */
static bool
is_known_difference(const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);

	return code == json_error_numeric_overflow || code == json_error_null_character || code == json_error_null_byte_in_key ||
	       strncmp(error->text, "invalid Unicode", strlen("invalid Unicode")) == 0;
}

static bool
has_syntax_problem(const struct problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].rule, "json") == 0)
			return true;
	return false;
}

static void
compare(struct fixture *f, struct consign_slice text, unsigned counts[3])
{
	json_error_t error;
	json_t *theirs = json_loadb((const char *)text.data, text.len, JSON_DECODE_ANY, &error);
	enum consign_err err = read_as(f, LAB, text);

	if (theirs != NULL && err == CONSIGN_OK) {
		json_t *again, *strict = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);

		counts[0]++;
		write_message(f, f->message, (unsigned)(text.len % 3));
		again = json_loadb((const char *)f->out.data, f->out.len, JSON_REJECT_DUPLICATES, &error);
		if (strict == NULL || again == NULL || !json_equal(theirs, again))
			fail_msg(
			    "%.*s is %.*s", (int)text.len, (const char *)text.data, (int)f->out.len, (const char *)f->out.data);
		json_decref(again);
		json_decref(strict);
	} else if (theirs != NULL) {
		counts[1]++;
		if (has_syntax_problem(&f->problems))
			fail_msg("JSON to jansson: %.*s", (int)text.len, (const char *)text.data);
	} else {
		counts[2]++;
		if (err == CONSIGN_OK)
			fail_msg("no JSON to jansson: %.*s: %s", (int)text.len, (const char *)text.data, error.text);
		if (!has_syntax_problem(&f->problems) && f->problems.total <= CONSIGN_PROBLEMS_MAX && !is_known_difference(&error))
			fail_msg("a syntax error to jansson: %.*s: %s", (int)text.len, (const char *)text.data, error.text);
	}
	json_decref(theirs);
}

static void
both_know_json_when_they_see_it(void **state)
{
	struct fixture *f = *state;
	unsigned counts[3] = {0}; /* read by both; JSON that we refuse by our own rules; no JSON */
	struct tokens whole, changed;
	struct chance c = {20260330};
	struct arena *arena;

	assert_int_equal(arena_new(1 << 20, &arena), CONSIGN_OK);
	for (unsigned round = 0; round < 5000; round++) {
		if (round % 20 == 0) {
			do {
				arena_reset(arena);
				write_message(f, random_message(&c, LAB, arena), 0);
			} while (!cut(buf_slice(&f->out), &whole));
		}
		changed = whole;
		for (unsigned n = chance_below(&c, 4); n > 0 && changed.n > 1; n--)
			change(&changed, &c);
		join(&changed, &c, &f->again);
		compare(f, buf_slice(&f->again), counts);
	}
	arena_free(&arena);
	print_message("%u read by both, %u refused by our rules, %u no JSON\n", counts[0], counts[1], counts[2]);
	/* Each of the three was met often enough to mean something. */
	assert_true(counts[0] > 300 && counts[1] > 100 && counts[2] > 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_know_json_when_they_see_it),
	};

	return cmocka_run_group_tests_name("catalogue/json_differential", tests, setup, teardown);
}
