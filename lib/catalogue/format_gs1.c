/*
 * Keys of GS1: SSCCs, EPC URNs, and Digital Links, as EPCIS documents carry them. The check is of their form: whose company
 * prefix it is, nobody can tell without asking GS1.
 *
 * In an EPC URN the company prefix stands apart and the check digit is left out, so only lengths can be checked; in a Digital
 * Link the key stands whole, and its check digit is held.
 *
 * Source: GS1 EPC Tag Data Standard 1.13, 6 and 8; GS1 Digital Link URI Syntax 1.2, 4; GS1 General Specifications 7.9 (check
 * digit).
 */
#include "catalogue/formats.h"

#include <string.h>

#define SSCC_DIGITS 18u
#define PREFIX_MIN_DIGITS 6u
#define PREFIX_MAX_DIGITS 12u
#define PARTS_MAX 5u

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

static bool
is_digits(struct consign_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!is_digit(s.data[i]))
			return false;
	}
	return true;
}

static bool
is_one_of(uint8_t c, const char *set)
{
	return c != 0 && strchr(set, c) != NULL;
}

/* The digits before the last weigh 3, 1, 3 … from the right; with the last they make a multiple of ten. */
static bool
has_check_digit(struct consign_slice digits)
{
	unsigned sum = 0;

	for (size_t i = 0; i < digits.len; i++)
		sum += (unsigned)(digits.data[i] - '0') * ((digits.len - i) % 2 == 0 ? 3u : 1u);
	return sum % 10 == 0;
}

bool
sscc_is(struct consign_slice text)
{
	return text.len == SSCC_DIGITS && is_digits(text) && has_check_digit(text);
}

static struct consign_slice
behind(struct consign_slice s, size_t len)
{
	return slice_of(s.data + len, s.len - len);
}

static bool
begins_with(struct consign_slice s, const char *start)
{
	size_t len = strlen(start);

	return s.len >= len && memcmp(s.data, start, len) == 0;
}

/* Takes what stands before the next mark, and the mark; all when there is none. Whether there was one. */
static bool
take_until(char mark, struct consign_slice *left, struct consign_slice *ret_part)
{
	const uint8_t *end = left->len > 0 ? memchr(left->data, mark, left->len) : NULL;
	size_t len = end != NULL ? (size_t)(end - left->data) : left->len;

	*ret_part = slice_of(left->data, len);
	*left = behind(*left, end != NULL ? len + 1 : len);
	return end != NULL;
}

static int
hex_value(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* From 1 to max characters, each a letter, a digit, one of `marks`, or an escape of one of `escaped`. */
static bool
is_text(struct consign_slice s, size_t max, const char *marks, const char *escaped)
{
	size_t characters = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (++characters > max)
			return false;
		if (s.data[i] == '%') {
			int high = s.len - i > 2 ? hex_value(s.data[i + 1]) : -1;
			int low = high >= 0 ? hex_value(s.data[i + 2]) : -1;

			if (low < 0 || !is_one_of((uint8_t)(high << 4 | low), escaped))
				return false;
			i += 2;
		} else if (!is_alphanumeric(s.data[i]) && !is_one_of(s.data[i], marks)) {
			return false;
		}
	}
	return characters > 0;
}

/* The characters of a serial number or lot, of which a URN escapes some. */
static bool
is_serial(struct consign_slice s, size_t max)
{
	return is_text(s, max, "-_.!'()*+,:;=", "\"%&/<>?");
}

/* What stands between two points of a URN. A number of digits or characters counts the company prefix, where one stands before.
 */
enum part_kind {
	PART_NONE = 0,
	PART_PREFIX,    /* company prefix */
	PART_REFERENCE, /* exactly so many digits with the prefix; none are left when the prefix takes them all */
	PART_ASSET,     /* up to so many characters with the prefix */
	PART_COMPONENT, /* the same, of capitals, digits, -, # and / */
	PART_SERIAL,    /* up to so many characters */
	PART_NUMBER,    /* up to so many digits */
	PART_DIGITS,    /* exactly so many digits */
};

struct part {
	enum part_kind kind;
	uint8_t size;
};

struct scheme {
	const char *name;
	struct part parts[PARTS_MAX]; /* PART_NONE behind the last */
};

#define COMPANY                                                                                                                  \
	{                                                                                                                        \
		PART_PREFIX, 0                                                                                                   \
	}

static const struct scheme schemes[] = {
    {"sgtin", {COMPANY, {PART_REFERENCE, 13}, {PART_SERIAL, 20}}},
    {"sscc", {COMPANY, {PART_REFERENCE, 17}}},
    {"sgln", {COMPANY, {PART_REFERENCE, 12}, {PART_SERIAL, 20}}},
    {"pgln", {COMPANY, {PART_REFERENCE, 12}}},
    {"grai", {COMPANY, {PART_REFERENCE, 12}, {PART_SERIAL, 16}}},
    {"giai", {COMPANY, {PART_ASSET, 30}}},
    {"gsrn", {COMPANY, {PART_REFERENCE, 17}}},
    {"gsrnp", {COMPANY, {PART_REFERENCE, 17}}},
    {"gdti", {COMPANY, {PART_REFERENCE, 12}, {PART_SERIAL, 17}}},
    {"cpi", {COMPANY, {PART_COMPONENT, 30}, {PART_NUMBER, 12}}},
    {"sgcn", {COMPANY, {PART_REFERENCE, 12}, {PART_NUMBER, 12}}},
    {"ginc", {COMPANY, {PART_ASSET, 30}}},
    {"gsin", {COMPANY, {PART_REFERENCE, 16}}},
    {"itip", {COMPANY, {PART_REFERENCE, 13}, {PART_DIGITS, 2}, {PART_DIGITS, 2}, {PART_SERIAL, 20}}},
    {"upui", {COMPANY, {PART_REFERENCE, 13}, {PART_SERIAL, 28}}},
    {"gid", {{PART_NUMBER, 9}, {PART_NUMBER, 8}, {PART_NUMBER, 11}}},
    {"bic", {{PART_SERIAL, 11}}},
    {"imovn", {{PART_DIGITS, 7}}},
};
/* The only scheme of classes: a lot. */
static const struct scheme lot_scheme = {"lgtin", {COMPANY, {PART_REFERENCE, 13}, {PART_SERIAL, 20}}};

static bool
has_lower_case(struct consign_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] >= 'a' && s.data[i] <= 'z')
			return true;
	}
	return false;
}

static bool
holds_part(struct part part, size_t prefix_len, struct consign_slice s)
{
	size_t size = part.size - prefix_len; /* not of PART_PREFIX, nor behind the part that counts it */

	switch (part.kind) {
	case PART_PREFIX:
		return s.len >= PREFIX_MIN_DIGITS && s.len <= PREFIX_MAX_DIGITS && is_digits(s);
	case PART_REFERENCE:
		return s.len == size && is_digits(s);
	case PART_ASSET:
		return is_serial(s, size);
	case PART_COMPONENT:
		return !has_lower_case(s) && is_text(s, size, "-", "#/");
	case PART_SERIAL:
		return is_serial(s, part.size);
	case PART_NUMBER:
		return s.len > 0 && s.len <= part.size && is_digits(s);
	case PART_DIGITS:
		return s.len == part.size && is_digits(s);
	case PART_NONE:
		break;
	}
	return false;
}

/* What stands behind the scheme. The last part takes all that is left, for a serial number may hold points. In a pattern a star
   stands for a part, and then for each behind it. */
static bool
holds_body(const struct scheme *scheme, struct consign_slice left, bool is_pattern)
{
	size_t prefix_len = 0;
	bool is_open = false;

	for (size_t i = 0; i < PARTS_MAX && scheme->parts[i].kind != PART_NONE; i++) {
		bool is_last = i + 1 == PARTS_MAX || scheme->parts[i + 1].kind == PART_NONE;
		struct consign_slice s = left;

		if (!is_last && !take_until('.', &left, &s))
			return false;
		if (is_pattern && s.len == 1 && s.data[0] == '*')
			is_open = true;
		else if (is_open || !holds_part(scheme->parts[i], prefix_len, s))
			return false;
		prefix_len = scheme->parts[i].kind == PART_PREFIX ? s.len : prefix_len;
	}
	return true;
}

static bool
is_urn(struct consign_slice text)
{
	struct consign_slice kind, name;

	text = behind(text, strlen("urn:epc:"));
	if (!take_until(':', &text, &kind) || !take_until(':', &text, &name))
		return false;
	if (slice_equal(kind, slice_text("class")))
		return slice_equal(name, slice_text(lot_scheme.name)) && holds_body(&lot_scheme, text, false);
	if (!slice_equal(kind, slice_text("id")) && !slice_equal(kind, slice_text("idpat")))
		return false;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (slice_equal(name, slice_text(schemes[i].name)))
			return holds_body(&schemes[i], text, kind.len > 2);
	}
	return false;
}

/* A key as a Digital Link has it: digits, of which `checked` end in a check digit, and then a text. */
struct link_key {
	const char *ai; /* application identifier */
	uint8_t digits;
	uint8_t checked;
	uint8_t text;           /* most characters behind the digits; there must be some when there are no digits */
	const char *qualifiers; /* that may follow, in this order, parted by blanks */
};

/* No check digit of a GRAI (8003) is held: those of the published EPCIS examples are wrong, two of three. */
static const struct link_key link_keys[] = {
    {"00", 18, 18, 0, ""},
    {"01", 14, 14, 0, "22 10 21 235"},
    {"253", 13, 13, 17, ""},
    {"255", 13, 13, 12, ""},
    {"401", 0, 0, 30, ""},
    {"402", 17, 17, 0, ""},
    {"414", 13, 13, 0, "254 7040"},
    {"417", 13, 13, 0, "7040"},
    {"8003", 14, 0, 16, ""},
    {"8004", 0, 0, 30, "7040"},
    {"8006", 18, 14, 0, "22 10 21"},
    {"8010", 0, 0, 30, "8011"},
    {"8013", 0, 0, 25, ""},
    {"8017", 18, 18, 0, "8019"},
    {"8018", 18, 18, 0, "8019"},
};

/* The most that a qualifier holds: a third-party extension (235); the others hold 20 or less. */
#define QUALIFIER_MAX_CHARS 28u

/* A value in a path: what RFC 3986 leaves as it is, and escapes of what the character set 82 of GS1 has besides. */
static bool
is_path_value(struct consign_slice s, size_t max)
{
	return is_text(s, max, "-_.~!'()*+,:;=", "!\"#%&'()*+,/:;<=>?");
}

static bool
holds_key(const struct link_key *key, struct consign_slice s)
{
	struct consign_slice digits, text;

	if (s.len < key->digits)
		return false;
	digits = slice_of(s.data, key->digits);
	text = behind(s, key->digits);
	if (!is_digits(digits) || !has_check_digit(slice_of(s.data, key->checked)))
		return false;
	return text.len == 0 ? key->digits > 0 : is_path_value(text, key->text);
}

/* Pairs of qualifier and value, each at most once, in the order of the key's. */
static bool
hold_qualifiers(const struct link_key *key, struct consign_slice path)
{
	struct consign_slice known = slice_text(key->qualifiers);

	while (path.len > 0) {
		struct consign_slice ai, value, next;

		if (!take_until('/', &path, &ai))
			return false;
		if (take_until('/', &path, &value) && path.len == 0)
			return false;
		do {
			if (known.len == 0)
				return false;
			(void)take_until(' ', &known, &next);
		} while (!slice_equal(ai, next));
		if (!is_path_value(value, QUALIFIER_MAX_CHARS))
			return false;
	}
	return true;
}

static const struct link_key *
find_key(struct consign_slice ai)
{
	if (ai.len < 2 || ai.len > 4)
		return NULL;
	for (size_t i = 0; i < sizeof(link_keys) / sizeof(link_keys[0]); i++) {
		if (slice_equal(ai, slice_text(link_keys[i].ai)))
			return &link_keys[i];
	}
	return NULL;
}

/* Characters of a URI (RFC 3986 2) without a fragment. */
static bool
is_uri_text(struct consign_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!is_alphanumeric(s.data[i]) && !is_one_of(s.data[i], "-._~:/?@!$&'()*+,;=%"))
			return false;
	}
	return true;
}

static bool
is_host(struct consign_slice s)
{
	struct consign_slice name;

	if (take_until(':', &s, &name) && (s.len == 0 || s.len > 5 || !is_digits(s)))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (!is_alphanumeric(name.data[i]) && name.data[i] != '-' && name.data[i] != '.')
			return false;
	}
	return name.len > 0 && is_alphanumeric(name.data[0]);
}

/* https://host/any/folders/AI/key/qualifier/value?query. The first folder that is named as a key and followed by one begins the
   key; what stands behind belongs to it. */
static bool
is_link(struct consign_slice text)
{
	struct consign_slice path, host, folder, value;

	text = behind(text, strlen("https://"));
	(void)take_until('?', &text, &path);
	if (!is_uri_text(path) || !is_uri_text(text) || !take_until('/', &path, &host) || !is_host(host))
		return false;
	while (take_until('/', &path, &folder)) {
		const struct link_key *key = find_key(folder);
		struct consign_slice rest = path;

		if (key == NULL)
			continue;
		if (take_until('/', &rest, &value) && rest.len == 0)
			return false;
		if (holds_key(key, value))
			return hold_qualifiers(key, rest);
	}
	return false;
}

bool
epc_is(struct consign_slice text)
{
	if (begins_with(text, "urn:epc:"))
		return is_urn(text);
	return begins_with(text, "https://") && is_link(text);
}

static bool
holds_text(struct consign_slice s, const char *text)
{
	return memmem(s.data, s.len, text, strlen(text)) != NULL;
}

bool
epc_of_one_is(struct consign_slice text)
{
	if (!epc_is(text))
		return false;
	if (begins_with(text, "urn:"))
		return begins_with(text, "urn:epc:id:");
	/* Values of a link never hold a slash (is_path_value), so these are its application identifiers. */
	if (holds_text(text, "/10/"))
		return false;
	return !(holds_text(text, "/01/") || holds_text(text, "/8006/")) || holds_text(text, "/21/");
}
