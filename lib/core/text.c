/*
 * Charsets, globs, labels. How long a text may be is its owner's business (limits.h, types.h), not the charset's.
 */
#include "core/text.h"
#include "core/utf8.h"

#include <string.h>

static bool
is_lower_or_digit(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_org(struct consign_slice s)
{
	if (s.len < 2 || s.data[0] == '-' || s.data[s.len - 1] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!is_lower_or_digit(s.data[i]) && s.data[i] != '-')
			return false;
	}
	return true;
}

static bool
is_study(struct consign_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];

		if (!is_lower_or_digit(c) && !(c >= 'A' && c <= 'Z') && c != '.' && c != '_' && c != '-')
			return false;
	}
	return s.len > 0;
}

/* Parts joined by single dots, none empty. */
static bool
is_type(struct consign_slice s, bool may_star)
{
	bool part_is_empty = true;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];

		if (c == '.') {
			if (part_is_empty)
				return false;
			part_is_empty = true;
		} else if (is_lower_or_digit(c) || c == '_' || (may_star && c == '*')) {
			part_is_empty = false;
		} else {
			return false;
		}
	}
	return !part_is_empty;
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

static bool
is_utf8(struct consign_slice s, bool may_break)
{
	size_t i = 0;

	while (i < s.len) {
		uint32_t point = 0;
		size_t len = utf8_step(slice_of(s.data + i, s.len - i), &point);

		if (len == 0)
			return false;
		if (is_control(point)) {
			/* A carriage return only as half of the newline that some editors write. */
			bool is_crlf = point == '\r' && s.len - i > 1 && s.data[i + 1] == '\n';

			if (!may_break || (point != '\t' && point != '\n' && !is_crlf))
				return false;
		}
		i += len;
	}
	return true;
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
		return is_utf8(s, false);
	case CHARSET_TEXT:
		return is_utf8(s, true);
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
