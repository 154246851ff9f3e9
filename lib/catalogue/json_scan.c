/*
 * The tokenizer of json_scan.h.
 *
 * Invariants   begin <= start <= pos <= end; a token is never empty but END and BAD; every byte of a TEXT token was looked at
 * once
 */
#include "catalogue/json_scan.h"

#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

/* Not inlined, so that the way of plain text needs few registers and no stack. */
#define APART __attribute__((noinline))

#define EACH_BYTE(v) (UINT64_C(0x0101010101010101) * (v))

struct json_scan
json_scan_over(struct consign_slice text)
{
	struct cursor c = cursor_over(text);

	return (struct json_scan){.begin = c.pos, .pos = c.pos, .end = c.end, .start = c.pos};
}

static enum json_token
bad(struct json_scan *s, const uint8_t *at, const char *expected)
{
	s->start = at;
	s->pos = at;
	s->expected = expected;
	return JSON_BAD;
}

/* A token that does not belong where it stands: what the tokenizer itself missed comes first. */
static enum json_token
unexpected(struct json_scan *s, enum json_token t, const char *expected)
{
	return bad(s, s->start, t == JSON_BAD && s->expected != NULL ? s->expected : expected);
}

/* Passes ASCII that stands for itself: the first quote, backslash, control character, byte from 0x80 on, or the end. */
static const uint8_t *
pass_plain(const uint8_t *p, const uint8_t *end)
{
	while (end - p >= 8) {
		uint64_t v, quote, backslash, special;

		memcpy(&v, p, sizeof v);
		quote = v ^ EACH_BYTE('"');
		backslash = v ^ EACH_BYTE('\\');
		/* A byte that is 0 (or below a blank) borrows into its top bit; what that spoils lies behind a right answer. */
		special = (v | (v - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) | (backslash - EACH_BYTE(1))) & EACH_BYTE(0x80);
		if (special != 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
			return p + (__builtin_ctzll(special) >> 3);
#else
			break;
#endif
		}
		p += 8;
	}
	while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

static int
hex_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The four hex digits of \uXXXX, or -1; p is at the backslash, whose escape is known to begin \u when `left` is enough. */
static int32_t
read_unit(const uint8_t *p, size_t left)
{
	int32_t unit = 0;

	if (left < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		int digit = hex_of(p[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static bool
is_high(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool
is_low(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Passes the escape at p; NULL when it is none. */
static const uint8_t *
pass_escape(struct json_scan *s, const uint8_t *p)
{
	size_t left = (size_t)(s->end - p);
	int32_t unit;

	s->has_escape = true;
	if (left < 2)
		return NULL;
	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return p + 2;
	default:
		break;
	}
	unit = read_unit(p, left);
	if (unit < 0)
		return NULL;
	if (unit == 0)
		s->flaw = JSON_FLAW_NUL;
	if (is_high(unit) && is_low(read_unit(p + 6, left - 6)))
		return p + 12;
	if (is_high(unit) || is_low(unit))
		s->flaw = JSON_FLAW_SURROGATE;
	return p + 6;
}

/* Passes escapes and characters beyond ASCII until something plain follows; NULL when one is none, and the scan is bad. */
static APART const uint8_t *
pass_special(struct json_scan *s, const uint8_t *p)
{
	uint32_t point;

	while (p < s->end && (*p == '\\' || *p >= 0x80)) {
		const uint8_t *behind = *p == '\\' ? pass_escape(s, p) : p + utf8_step(slice_of(p, (size_t)(s->end - p)), &point);

		if (behind == NULL || behind == p) {
			(void)bad(s, p,
			    *p == '\\' ? "an escape of JSON: \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and four hex digits"
				       : "valid UTF-8");
			return NULL;
		}
		p = behind;
	}
	if (p < s->end && *p < 0x20) {
		(void)bad(s, p, "text without bare control characters: a line break is written \\n");
		return NULL;
	}
	return p;
}

/* s->pos is behind the opening quote. */
static enum json_token
scan_text(struct json_scan *s)
{
	const uint8_t *p = s->pos;

	s->has_escape = false;
	s->flaw = JSON_FLAWLESS;
	for (;;) {
		p = pass_plain(p, s->end);
		if (p == s->end)
			return bad(s, p, "the quote that ends a text");
		if (*p == '"')
			break;
		p = pass_special(s, p);
		if (p == NULL)
			return JSON_BAD;
	}
	s->text = (struct consign_slice){.data = s->pos, .len = (size_t)(p - s->pos)};
	s->pos = p + 1;
	return JSON_TEXT;
}

static const uint8_t *
pass_digits(const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static enum json_token
scan_number(struct json_scan *s)
{
	const uint8_t *p = s->start;
	const uint8_t *digits;

	if (*p == '-')
		p++;
	digits = p;
	p = pass_digits(p, s->end);
	if (p == digits)
		return bad(s, p, "a digit");
	if (*digits == '0' && p - digits > 1)
		return bad(s, digits, "a number without a leading zero");
	if (p < s->end && *p == '.') {
		digits = ++p;
		p = pass_digits(p, s->end);
		if (p == digits)
			return bad(s, p, "a digit");
	}
	if (p < s->end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < s->end && (*p == '+' || *p == '-'))
			p++;
		digits = p;
		p = pass_digits(p, s->end);
		if (p == digits)
			return bad(s, p, "a digit");
	}
	s->text = slice_of(s->start, (size_t)(p - s->start));
	s->pos = p;
	return JSON_NUMBER;
}

static enum json_token
scan_word(struct json_scan *s, const char *word, size_t len, enum json_token token)
{
	if (len > (size_t)(s->end - s->start) || memcmp(s->start, word, len) != 0)
		return bad(s, s->start, NULL);
	s->pos = s->start + len;
	return token;
}

/* A token that begins with no quote; s->pos is behind its first byte. */
static APART enum json_token
scan_other(struct json_scan *s)
{
	const uint8_t *p = s->start;

	switch (*p) {
	case ':':
		return JSON_COLON;
	case ',':
		return JSON_COMMA;
	case '{':
		return JSON_OBJECT;
	case '}':
		return JSON_OBJECT_END;
	case '[':
		return JSON_LIST;
	case ']':
		return JSON_LIST_END;
	case 't':
		return scan_word(s, "true", 4, JSON_TRUE);
	case 'f':
		return scan_word(s, "false", 5, JSON_FALSE);
	case 'n':
		return scan_word(s, "null", 4, JSON_NULL);
	default:
		if (*p == '-' || (*p >= '0' && *p <= '9'))
			return scan_number(s);
		return bad(s, p, NULL);
	}
}

enum json_token
json_scan_next(struct json_scan *s)
{
	json_scan_blanks(s);
	s->start = s->pos;
	if (s->pos == s->end)
		return JSON_END;
	return *s->pos++ == '"' ? scan_text(s) : scan_other(s);
}

/* The key and the colon before a value; `t` is the token where the key should be. Gives the token of the value. */
static enum json_token
skip_key(struct json_scan *s, enum json_token t)
{
	if (t != JSON_TEXT)
		return unexpected(s, t, "a key in quotes");
	t = json_scan_next(s);
	return t == JSON_COLON ? json_scan_next(s) : unexpected(s, t, "a colon");
}

/* What is open while a value is passed: one bit a level, the innermost lowest. */
struct nest {
	uint64_t lists; /* 1: a list, 0: an object */
	unsigned open;
};
_Static_assert(JSON_DEPTH_MAX <= 64, "a nest has a bit for each level");

/* Goes behind a value: past closings, to the token where the next value begins. END: the outermost value is passed. */
static enum json_token
skip_onward(struct json_scan *s, struct nest *n)
{
	while (n->open > 0) {
		bool is_list = n->lists & 1;
		enum json_token t = json_scan_next(s);

		if (t == JSON_COMMA)
			return is_list ? json_scan_next(s) : skip_key(s, json_scan_next(s));
		if (t != (is_list ? JSON_LIST_END : JSON_OBJECT_END))
			return unexpected(s, t, is_list ? "a comma or ]" : "a comma or }");
		n->lists >>= 1;
		n->open--;
	}
	return JSON_END;
}

/* Steps into the object or list that t begins: to its first value, or past it when it is empty. */
static enum json_token
skip_into(struct json_scan *s, struct nest *n, enum json_token t)
{
	bool is_list = t == JSON_LIST;

	t = json_scan_next(s);
	if (t == (is_list ? JSON_LIST_END : JSON_OBJECT_END))
		return skip_onward(s, n);
	n->lists = n->lists << 1 | is_list;
	n->open++;
	return is_list ? t : skip_key(s, t);
}

bool
json_scan_skip(struct json_scan *s, enum json_token first, unsigned open)
{
	struct nest n = {0};
	enum json_token t = first;

	do {
		switch (t) {
		case JSON_OBJECT:
		case JSON_LIST:
			if (open + n.open >= JSON_DEPTH_MAX)
				t = bad(s, s->start, "no more than 64 objects and lists in each other");
			else
				t = skip_into(s, &n, t);
			break;
		case JSON_TEXT:
		case JSON_NUMBER:
		case JSON_TRUE:
		case JSON_FALSE:
		case JSON_NULL:
			t = skip_onward(s, &n);
			break;
		default:
			t = unexpected(s, t, "a value");
			break;
		}
		/* END is skip_onward's word for done when nothing is open; else it is the end of the text, and no value. */
	} while (t != JSON_BAD && !(t == JSON_END && n.open == 0));
	/* Only where a value was due does the tokenizer leave open what was expected. */
	if (t == JSON_BAD && s->expected == NULL)
		s->expected = "a value";
	return t != JSON_BAD;
}

void
json_scan_place(const struct json_scan *s, size_t *ret_line, size_t *ret_column)
{
	size_t line = 1, column = 1;

	for (const uint8_t *p = s->begin; p < s->start; p++) {
		if (*p == '\n') {
			line++;
			column = 1;
		} else if ((*p & 0xc0) != 0x80) {
			column++;
		}
	}
	*ret_line = line;
	*ret_column = column;
}

static bool
is_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' ||
	       c == '+';
}

void
json_scan_name_place(const struct json_scan *s, char *ret_words, size_t size)
{
	size_t left = (size_t)(s->end - s->start), len = 0, line, column;
	uint32_t point;
	char what[48];

	while (len < left && len < 24 && is_word(s->start[len]))
		len++;
	if (left == 0)
		(void)snprintf(what, sizeof what, "the end of the text");
	else if (len > 0)
		(void)snprintf(what, sizeof what, "'%.*s'", (int)len, (const char *)s->start);
	else if (*s->start == '"')
		(void)snprintf(what, sizeof what, "text in quotes");
	else if (*s->start > ' ' && *s->start < 0x7f)
		(void)snprintf(what, sizeof what, "'%c'", *s->start);
	else if (utf8_step(slice_of(s->start, left), &point) == 0)
		(void)snprintf(what, sizeof what, "byte 0x%02x", *s->start);
	else if (point == 0xfeff)
		(void)snprintf(what, sizeof what, "a byte order mark");
	else
		(void)snprintf(what, sizeof what, "U+%04X", (unsigned)point);
	json_scan_place(s, &line, &column);
	(void)snprintf(ret_words, size, "%s at line %zu, column %zu", what, line, column);
}

static size_t
put_point(uint32_t point, uint8_t *to)
{
	if (point < 0x80) {
		to[0] = (uint8_t)point;
		return 1;
	}
	if (point < 0x800) {
		to[0] = (uint8_t)(0xc0 | point >> 6);
		to[1] = (uint8_t)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		to[0] = (uint8_t)(0xe0 | point >> 12);
		to[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
		to[2] = (uint8_t)(0x80 | (point & 0x3f));
		return 3;
	}
	to[0] = (uint8_t)(0xf0 | point >> 18);
	to[1] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
	to[2] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
	to[3] = (uint8_t)(0x80 | (point & 0x3f));
	return 4;
}

size_t
json_unescape(struct consign_slice text, uint8_t *ret_bytes)
{
	static const char letters[] = "bfnrt", controls[] = "\b\f\n\r\t";
	const uint8_t *p = text.data;
	const uint8_t *end = text.len > 0 ? p + text.len : p;
	uint8_t *out = ret_bytes;

	while (p < end) {
		const char *letter;

		if (*p != '\\') {
			*out++ = *p++;
		} else if (p[1] == 'u') {
			uint32_t point = (uint32_t)read_unit(p, 6);

			p += 6;
			if (is_high((int32_t)point)) {
				point = 0x10000 + ((point - 0xd800) << 10) + ((uint32_t)read_unit(p, 6) - 0xdc00);
				p += 6;
			}
			out += put_point(point, out);
		} else {
			letter = memchr(letters, p[1], sizeof letters - 1);
			*out++ = letter != NULL ? (uint8_t)controls[letter - letters] : p[1];
			p += 2;
		}
	}
	return (size_t)(out - ret_bytes);
}
