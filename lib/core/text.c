/*
 * Charsets, globs, labels. How long a text may be is its owner's business (limits.h, types.h), not the charset's.
 */
#include "core/text.h"
#include "core/utf8.h"

#include <string.h>

/* What a byte may be part of. */
enum { LOWER = 1, DIGIT = 2, UPPER = 4, DOT = 8, LINE = 16, HYPHEN = 32, STAR = 64 };
#define FIVE(C) C, C, C, C, C
#define TEN(C) FIVE(C), FIVE(C)
#define TWENTY_SIX(C) TEN(C), TEN(C), FIVE(C), C
static const uint8_t classes[256] = {['*'] = STAR, ['-'] = HYPHEN, ['.'] = DOT, ['0'] = TEN(DIGIT), ['A'] = TWENTY_SIX(UPPER), ['_'] = LINE,
    ['a'] = TWENTY_SIX(LOWER)};

/* Whether every byte is of one of these. */
static bool
is_all(struct consign_slice s, unsigned allowed)
{
	for (size_t i = 0; i < s.len; i++)
		if ((classes[s.data[i]] & allowed) == 0)
			return false;
	return true;
}

static bool
is_org(struct consign_slice s)
{
	return s.len >= 2 && s.data[0] != '-' && s.data[s.len - 1] != '-' && is_all(s, LOWER | DIGIT | HYPHEN);
}

static bool
is_study(struct consign_slice s)
{
	return s.len > 0 && is_all(s, LOWER | DIGIT | UPPER | DOT | LINE | HYPHEN);
}

/* Parts joined by single dots, none empty. */
static bool
is_type(struct consign_slice s, bool may_star)
{
	unsigned allowed = LOWER | DIGIT | LINE | DOT | (may_star ? STAR : 0), before = DOT;

	for (size_t i = 0; i < s.len; i++) {
		unsigned class = classes[s.data[i]];

		if ((class & allowed) == 0 || (class & before & DOT) != 0)
			return false;
		before = class;
	}
	return before != DOT;
}

static bool
is_ascii(struct consign_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < 0x20 || s.data[i] > 0x7e)
			return false;
	}
	return true;
}

/* C0, DEL and C1: what could move a terminal's cursor or end a line. */
static bool
is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f);
}

/* How many bytes from the first on are such text. */
static size_t
utf8_run(struct consign_slice s, bool may_break)
{
	size_t i = 0;

	while (i < s.len) {
		if (s.data[i] >= 0x20 && s.data[i] < 0x7f) { /* nearly all of them */
			i++;
			continue;
		}
		uint32_t point = 0;
		size_t len = utf8_step(slice_of(s.data + i, s.len - i), &point);

		if (len == 0)
			return i;
		if (is_control(point)) {
			/* A carriage return only as half of the newline that some editors write. */
			bool is_crlf = point == '\r' && s.len - i > 1 && s.data[i + 1] == '\n';

			if (!may_break || (point != '\t' && point != '\n' && !is_crlf))
				return i;
		}
		i += len;
	}
	return i;
}

size_t
text_run(struct consign_slice s)
{
	return utf8_run(s, true);
}

bool
text_is(enum charset charset, struct consign_slice s)
{
	switch (charset) {
	case CHARSET_ORG:
		return is_org(s);
	case CHARSET_STUDY:
		return is_study(s);
	case CHARSET_TYPE:
		return is_type(s, false);
	case CHARSET_GLOB:
		return is_type(s, true);
	case CHARSET_ASCII:
		return is_ascii(s);
	case CHARSET_UTF8:
		return utf8_run(s, false) == s.len;
	case CHARSET_TEXT:
		return text_run(s) == s.len;
	}
	return false;
}

bool
glob_match(const char *glob, const char *text)
{
	/* Where to start again when the tail does not match: only the last star matters, so the cost is at most the product. */
	const char *star = NULL;
	const char *resume = NULL;

	while (*text != '\0') {
		if (*glob == '*') {
			star = glob++;
			resume = text;
		} else if (*glob == *text) {
			glob++;
			text++;
		} else if (star != NULL) {
			glob = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

enum consign_err
label_parse(const char *text, enum consign_label *ret_label)
{
	for (int label = CONSIGN_LABEL_OPEN; label <= CONSIGN_LABEL_UNBLINDED; label++) {
		if (strcmp(text, consign_label_text((enum consign_label)label)) == 0) {
			*ret_label = (enum consign_label)label;
			return CONSIGN_OK;
		}
	}
	return CONSIGN_E_MALFORMED;
}
