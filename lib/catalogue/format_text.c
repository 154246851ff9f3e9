/*
 * Texts: what may be shown to a person without lying about what stands there, and the names and codes made of it.
 *
 * Most texts are plain ASCII, so eight bytes are looked at in one step; whatever else they are is looked at one character at a
 * time.
 */
#include "catalogue/format_text.h"

#include <string.h>

#include "catalogue/formats.h"
#include "core/text.h"
#include "core/utf8.h"

#define EVERY_BYTE(v) (UINT64_C(0x0101010101010101) * (v))

struct range {
	uint32_t first, last;
};

/* Controls, directions, line and paragraph ends. Source: Unicode 15 chapter 23; UAX #9 2. Noncharacters are found by their bits.
 */
static const struct range unshown[] = {
    {0x0000, 0x001f},
    {0x007f, 0x009f},
    {0x061c, 0x061c},
    {0x200e, 0x200f},
    {0x2028, 0x202e},
    {0x2066, 0x2069},
    {0xfdd0, 0xfdef},
    {0xfeff, 0xfeff},
};
/* White space of Unicode that is no control. */
static const struct range blanks[] = {
    {0x0020, 0x0020},
    {0x00a0, 0x00a0},
    {0x1680, 0x1680},
    {0x2000, 0x200a},
    {0x202f, 0x202f},
    {0x205f, 0x205f},
    {0x3000, 0x3000},
};
/* Takes no room on the screen, so that an id with it looks like one without: joiners, fillers, selectors, tags. */
static const struct range invisible[] = {
    {0x00ad, 0x00ad},
    {0x034f, 0x034f},
    {0x115f, 0x1160},
    {0x17b4, 0x17b5},
    {0x180b, 0x180f},
    {0x200b, 0x200d},
    {0x2060, 0x2065},
    {0x206a, 0x206f},
    {0x3164, 0x3164},
    {0xfe00, 0xfe0f},
    {0xffa0, 0xffa0},
    {0xfff0, 0xfffb},
    {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a},
    {0xe0000, 0xe0fff},
};

/* Of those, what scripts and signs are written with: joiners, and selectors of variants. */
static const struct range joining[] = {
    {0x034f, 0x034f},
    {0x200c, 0x200d},
    {0xfe00, 0xfe0f},
    {0xe0100, 0xe01ef},
};

#define IS_IN(ranges, point) is_in((ranges), sizeof(ranges) / sizeof((ranges)[0]), (point))

/* Ranges rise. */
static bool
is_in(const struct range *ranges, size_t n, uint32_t point)
{
	for (size_t i = 0; i < n && point >= ranges[i].first; i++) {
		if (point <= ranges[i].last)
			return true;
	}
	return false;
}

static bool
is_unshown(uint32_t point)
{
	return IS_IN(unshown, point) || (point & 0xfffe) == 0xfffe;
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_alphanumeric(uint8_t c)
{
	return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z');
}

/* The first place from i on whose byte is not from `least` (0x20 or 0x21) to 0x7e; the length when there is none. */
static size_t
skip_plain(struct consign_slice s, size_t i, uint8_t least)
{
	while (s.len - i >= 8) {
		uint64_t v, del;

		memcpy(&v, s.data + i, 8);
		/* A top bit remains where a byte is below `least`, is 0x7f, or has its own. A borrow needs such a byte beside it,
		   so a word without one is never stopped at. */
		del = v ^ EVERY_BYTE(0x7f);
		if ((((v - EVERY_BYTE(least)) | (del - EVERY_BYTE(1)) | v) & EVERY_BYTE(0x80)) != 0)
			break;
		i += 8;
	}
	while (i < s.len && s.data[i] >= least && s.data[i] <= 0x7e)
		i++;
	return i;
}

/* CR LF, as half of the world ends its lines. */
static bool
is_line_end(struct consign_slice text, size_t i)
{
	return text.data[i] == '\r' && text.len - i > 1 && text.data[i + 1] == '\n';
}

bool
text_is_shown(struct consign_slice text, bool prose)
{
	size_t i = 0;

	while ((i = skip_plain(text, i, 0x20)) < text.len) {
		uint32_t point = 0;
		size_t len = utf8_step(slice_of(text.data + i, text.len - i), &point);

		if (len == 0 || (IS_IN(invisible, point) && !IS_IN(joining, point)))
			return false;
		if (is_unshown(point) && !(prose && (point == '\n' || point == '\t' || is_line_end(text, i))))
			return false;
		i += len;
	}
	return true;
}

static bool
is_blank(uint32_t point)
{
	return IS_IN(blanks, point) || point == '\t' || point == '\n';
}

/* Of valid UTF-8 that is not empty. */
static bool
has_blank_end(struct consign_slice text)
{
	uint32_t first = 0, last = 0;
	size_t start = text.len - 1;

	if (text.data[0] < 0x80 && text.data[start] < 0x80)
		return is_blank(text.data[0]) || is_blank(text.data[start]);
	while (start > 0 && (text.data[start] & 0xc0) == 0x80)
		start--;
	if (utf8_step(text, &first) == 0 || utf8_step(slice_of(text.data + start, text.len - start), &last) == 0)
		return true;
	return is_blank(first) || is_blank(last);
}

bool
line_is(struct consign_slice text)
{
	return text.len > 0 && text_is_shown(text, false) && !has_blank_end(text);
}

bool
prose_is(struct consign_slice text)
{
	struct consign_slice body = text;

	/* The end of the last line is no blank end. */
	if (body.len > 1 && body.data[body.len - 1] == '\n')
		body.len -= body.len > 2 && body.data[body.len - 2] == '\r' ? 2 : 1;
	return text.len > 0 && text_is_shown(text, true) && !has_blank_end(body);
}

bool
id_is(struct consign_slice text)
{
	size_t i = 0;

	while ((i = skip_plain(text, i, 0x21)) < text.len) {
		uint32_t point = 0;
		size_t len = utf8_step(slice_of(text.data + i, text.len - i), &point);

		if (len == 0 || is_unshown(point) || is_blank(point) || IS_IN(invisible, point))
			return false;
		i += len;
	}
	return text.len > 0;
}

static bool
equals_ignoring_case(struct consign_slice text, const char *lower)
{
	if (text.len != strlen(lower))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if ((is_upper(c) ? c - 'A' + 'a' : c) != lower[i])
			return false;
	}
	return true;
}

/*
 * Windows opens a device by these names in any folder, whatever follows the first dot and however many blanks stand before it.
 * Its ports are numbered by digits, also by superscript ones (U+00B9, U+00B2, U+00B3).
 */
static bool
is_device(struct consign_slice name)
{
	static const char *const devices[] = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"};
	const uint8_t *dot = memchr(name.data, '.', name.len);
	struct consign_slice stem = slice_of(name.data, dot != NULL ? (size_t)(dot - name.data) : name.len);
	struct consign_slice port;

	while (stem.len > 0 && stem.data[stem.len - 1] == ' ')
		stem.len--;
	if (stem.len < 3 || stem.len > 7)
		return false;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (equals_ignoring_case(stem, devices[i]))
			return true;
	}
	port = slice_of(stem.data, 3);
	if (!equals_ignoring_case(port, "com") && !equals_ignoring_case(port, "lpt"))
		return false;
	if (stem.len == 4)
		return is_digit(stem.data[3]);
	return stem.len == 5 && stem.data[3] == 0xc2 && (stem.data[4] == 0xb9 || stem.data[4] == 0xb2 || stem.data[4] == 0xb3);
}

bool
file_name_is(struct consign_slice text)
{
	if (!line_is(text) || text.data[0] == '.' || text.data[text.len - 1] == '.')
		return false;
	/* A colon parts a drive (C:x) or a stream (x:y) from a name on Windows. */
	if (memchr(text.data, '/', text.len) != NULL || memchr(text.data, '\\', text.len) != NULL ||
	    memchr(text.data, ':', text.len) != NULL)
		return false;
	return !is_device(text);
}

/* The length of what s begins with and is a name of RFC 6838 4.2. */
static size_t
media_name(struct consign_slice s)
{
	size_t len = 0;

	if (s.len == 0 || !is_alphanumeric(s.data[0]))
		return 0;
	while (len < s.len && (is_alphanumeric(s.data[len]) || (s.data[len] != 0 && strchr("!#$&-^_.+", s.data[len]) != NULL)))
		len++;
	return len;
}

/* The length of the token or quoted text (RFC 9110 5.6.2, 5.6.4; ASCII only) that s begins with; 0 when it begins with neither.
 */
static size_t
parameter_value(struct consign_slice s)
{
	size_t len = 0;

	if (s.len > 0 && s.data[0] == '"') {
		for (len = 1; len < s.len && s.data[len] >= 0x20 && s.data[len] <= 0x7e; len++) {
			if (s.data[len] == '"')
				return len + 1;
			if (s.data[len] == '\\')
				len++;
		}
		return 0;
	}
	while (
	    len < s.len && (is_alphanumeric(s.data[len]) || (s.data[len] != 0 && strchr("!#$%&'*+-.^_`|~", s.data[len]) != NULL)))
		len++;
	return len;
}

static struct consign_slice
behind(struct consign_slice s, size_t len)
{
	return slice_of(s.data + len, s.len - len);
}

static struct consign_slice
behind_blanks(struct consign_slice s)
{
	while (s.len > 0 && s.data[0] == ' ')
		s = behind(s, 1);
	return s;
}

bool
media_type_is(struct consign_slice text)
{
	struct consign_slice left = text;
	size_t len = media_name(left);

	if (!text_is(CHARSET_ASCII, text) || len == 0 || len == left.len || left.data[len] != '/')
		return false;
	left = behind(left, len + 1);
	len = media_name(left);
	if (len == 0)
		return false;
	left = behind(left, len);
	while (left.len > 0) {
		left = behind_blanks(left);
		if (left.len == 0 || left.data[0] != ';')
			return false;
		left = behind_blanks(behind(left, 1));
		len = media_name(left);
		if (len == 0 || len == left.len || left.data[len] != '=')
			return false;
		left = behind(left, len + 1);
		len = parameter_value(left);
		if (len == 0)
			return false;
		left = behind(left, len);
	}
	return true;
}

bool
org_is(struct consign_slice text)
{
	return text.len <= CONSIGN_ORG_MAX_BYTES && text_is(CHARSET_ORG, text);
}

bool
study_is(struct consign_slice text)
{
	return text.len <= CONSIGN_STUDY_MAX_BYTES && text_is(CHARSET_STUDY, text);
}

bool
message_id_is(struct consign_slice text)
{
	struct consign_message_id id;

	return message_id_parse(text, &id) == CONSIGN_OK;
}

bool
sha256_is(struct consign_slice text)
{
	if (text.len != 64)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.data[i]) && !(text.data[i] >= 'a' && text.data[i] <= 'f'))
			return false;
	}
	return true;
}

bool
country_is(struct consign_slice text)
{
	/* By the first letter, the second letters of what is assigned; XK, left to users by the standard, is Kosovo to everyone, and
	 * EU (exceptionally reserved) is what E2B(R3) lets an authority of the Union give.
	 */
	static const char second[26][27] = {
	    ['A' - 'A'] = "DEFGILMOQRSTUWXZ",
	    ['B' - 'A'] = "ABDEFGHIJLMNOQRSTVWYZ",
	    ['C' - 'A'] = "ACDFGHIKLMNORUVWXYZ",
	    ['D' - 'A'] = "EJKMOZ",
	    ['E' - 'A'] = "CEGHRSTU",
	    ['F' - 'A'] = "IJKMOR",
	    ['G' - 'A'] = "ABDEFGHILMNPQRSTUWY",
	    ['H' - 'A'] = "KMNRTU",
	    ['I' - 'A'] = "DELMNOQRST",
	    ['J' - 'A'] = "EMOP",
	    ['K' - 'A'] = "EGHIMNPRWYZ",
	    ['L' - 'A'] = "ABCIKRSTUVY",
	    ['M' - 'A'] = "ACDEFGHKLMNOPQRSTUVWXYZ",
	    ['N' - 'A'] = "ACEFGILOPRUZ",
	    ['O' - 'A'] = "M",
	    ['P' - 'A'] = "AEFGHKLMNRSTWY",
	    ['Q' - 'A'] = "A",
	    ['R' - 'A'] = "EOSUW",
	    ['S' - 'A'] = "ABCDEGHIJKLMNORSTVXYZ",
	    ['T' - 'A'] = "CDFGHJKLMNORTVWZ",
	    ['U' - 'A'] = "AGMSYZ",
	    ['V' - 'A'] = "ACEGINU",
	    ['W' - 'A'] = "FS",
	    ['X' - 'A'] = "K",
	    ['Y' - 'A'] = "ET",
	    ['Z' - 'A'] = "AMW",
	};

	return text.len == 2 && is_upper(text.data[0]) && is_upper(text.data[1]) &&
	       strchr(second[text.data[0] - 'A'], text.data[1]) != NULL;
}

/* The country is two letters of whoever gave the number: E2B also knows EU. An organisation may have hyphens and blanks in its
   name, so all that can be said is that a hyphen and then a number follow. */
bool
case_id_is(struct consign_slice text)
{
	const uint8_t *hyphen;
	const uint8_t *end;
	struct consign_slice org;

	if (text.len < 6 || !is_upper(text.data[0]) || !is_upper(text.data[1]) || text.data[2] != '-')
		return false;
	org = behind(text, 3);
	end = org.data + org.len;
	if (skip_plain(text, 0, 0x20) < text.len || !is_alphanumeric(org.data[0]) || !is_alphanumeric(end[-1]))
		return false;
	hyphen = memchr(org.data, '-', org.len);
	if (hyphen == NULL)
		return false;
	while (hyphen < end && !is_digit(*hyphen))
		hyphen++;
	return hyphen < end;
}

bool
meddra_is(struct consign_slice text)
{
	if (text.len != 8)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.data[i]))
			return false;
	}
	return true;
}

/* Two releases a year: x.0 and x.1. */
bool
meddra_version_is(struct consign_slice text)
{
	size_t whole = text.len - 2;

	if (text.len < 3 || text.len > 4 || text.data[0] < '1' || text.data[0] > '9' || (whole == 2 && !is_digit(text.data[1])))
		return false;
	return text.data[whole] == '.' && is_digit(text.data[whole + 1]);
}
