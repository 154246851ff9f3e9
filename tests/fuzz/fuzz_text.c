/*
 * Text forms: base64, hex, ids, labels, charsets, globs, spoken fingerprints. Input: one byte that picks the form, then text.
 *
 * One text for one value: what parses is formatted as the same text. Whatever is formatted parses as the same value. Charsets
 * lie within one another as they must; a glob matches as its definition says.
 */
#include <ctype.h>

#include "core/text.h"
#include "core/utf8.h"
#include "fuzz.h"

static void
fuzz_base64(struct consign_slice in)
{
	struct buf bytes = {0}, text = {0}, again = {0};

	if (base64_parse(in, &bytes) == CONSIGN_OK) {
		check(base64_format(buf_slice(&bytes), &text) == CONSIGN_OK && slice_equal(buf_slice(&text), in));
	} else {
		check(bytes.len == 0);
		check(base64_format(in, &text) == CONSIGN_OK && base64_parse(buf_slice(&text), &again) == CONSIGN_OK);
		check(slice_equal(buf_slice(&again), in));
	}
	buf_clear(&bytes);
	buf_clear(&text);
	buf_clear(&again);
}

static void
fuzz_hex(const char *text, struct consign_slice in)
{
	struct buf bytes = {0}, formatted = {0}, again = {0};

	if (hex_parse(text, &bytes) == CONSIGN_OK) {
		check(hex_format(buf_slice(&bytes), &formatted) == CONSIGN_OK && formatted.len == strlen(text));
		for (size_t i = 0; i < formatted.len; i++)
			check(formatted.data[i] == tolower((unsigned char)text[i]));
	} else {
		check(bytes.len == 0);
	}
	buf_reset(&formatted);
	check(hex_format(in, &formatted) == CONSIGN_OK && buf_append_u8(&formatted, '\0') == CONSIGN_OK);
	check(hex_parse((const char *)formatted.data, &again) == CONSIGN_OK && slice_equal(buf_slice(&again), in));
	buf_clear(&bytes);
	buf_clear(&formatted);
	buf_clear(&again);
}

static void
fuzz_id(struct consign_slice in)
{
	char text[CONSIGN_MESSAGE_ID_TEXT_BYTES];
	struct consign_message_id id, again;
	enum consign_label label;

	if (message_id_parse(in, &id) == CONSIGN_OK) {
		message_id_format(&id, text);
		check(slice_equal(slice_text(text), in));
	}
	id.index = fuzz_byte(&in);
	for (size_t i = 0; i < sizeof id.consignment.b; i++)
		id.consignment.b[i] = fuzz_byte(&in);
	message_id_format(&id, text);
	if (message_id_parse(slice_text(text), &again) == CONSIGN_OK)
		check(again.index == id.index && memcmp(&again.consignment, &id.consignment, sizeof id.consignment) == 0);
	else
		check(id.index >= 128);
	if (label_parse(text, &label) == CONSIGN_OK)
		check(false);
}

static void
fuzz_charset(const char *text, struct consign_slice in)
{
	enum consign_label label;
	size_t at = 0;

	check(!text_is(CHARSET_ORG, in) || text_is(CHARSET_STUDY, in));
	check(!text_is(CHARSET_STUDY, in) || text_is(CHARSET_ASCII, in));
	check(!text_is(CHARSET_TYPE, in) || (text_is(CHARSET_GLOB, in) && text_is(CHARSET_STUDY, in)));
	check(!text_is(CHARSET_GLOB, in) || text_is(CHARSET_ASCII, in));
	check(!text_is(CHARSET_ASCII, in) || text_is(CHARSET_UTF8, in));
	check(!text_is(CHARSET_UTF8, in) || text_is(CHARSET_TEXT, in));
	check(!text_is(CHARSET_TEXT, in) || strlen(text) == in.len);
	while (at < in.len) {
		uint32_t point = UINT32_MAX;
		size_t len = utf8_step(slice_of(in.data + at, in.len - at), &point);

		check(len <= 4 && len <= in.len - at);
		if (len == 0) {
			check(point == UINT32_MAX && !text_is(CHARSET_TEXT, in));
			break;
		}
		check(point <= 0x10ffff && (point < 0xd800 || point > 0xdfff));
		check(len == (point < 0x80 ? 1u : point < 0x800 ? 2u : point < 0x10000 ? 3u : 4u));
		at += len;
	}
	if (label_parse(text, &label) == CONSIGN_OK)
		check(strcmp(consign_label_text(label), text) == 0);
}

/* As the definition says: table[i][j] is whether the first i of the glob match the first j of the text. */
#define GLOB_MAX 48u
static bool
matches(const char *glob, const char *text)
{
	bool table[GLOB_MAX + 1][GLOB_MAX + 1] = {{true}};
	size_t m = strlen(glob), n = strlen(text);

	for (size_t i = 1; i <= m; i++)
		for (size_t j = 0; j <= n; j++)
			table[i][j] = glob[i - 1] == '*' ? table[i - 1][j] || (j > 0 && table[i][j - 1])
							 : j > 0 && glob[i - 1] == text[j - 1] && table[i - 1][j - 1];
	return table[m][n];
}

/* The glob, a newline, the text. */
static void
fuzz_glob(char *text)
{
	char *newline = strchr(text, '\n');

	if (newline == NULL)
		return;
	*newline = '\0';
	if (strlen(text) <= GLOB_MAX && strlen(newline + 1) <= GLOB_MAX)
		check(glob_match(text, newline + 1) == matches(text, newline + 1));
}

static void
fuzz_fingerprint(const char *typed, struct consign_slice in)
{
	char text[FINGERPRINT_TEXT_BYTES], other[FINGERPRINT_TEXT_BYTES];
	uint8_t bits[12];

	for (size_t i = 0; i < sizeof bits; i++)
		bits[i] = fuzz_byte(&in);
	fingerprint_format(bits, text);
	check(strlen(text) == FINGERPRINT_TEXT_BYTES - 1 && fingerprint_match(text, text));
	bits[0] ^= 0x80;
	fingerprint_format(bits, other);
	check(!fingerprint_match(text, other) && !fingerprint_match(other, text));
	if (fingerprint_match(text, typed))
		check(!fingerprint_match(other, typed) && strlen(typed) >= 30);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct consign_slice in = slice_of(data, size);
	unsigned form = fuzz_byte(&in) % 6;
	char *text = malloc(in.len + 1);

	check(text != NULL);
	if (in.len > 0)
		memcpy(text, in.data, in.len);
	text[in.len] = '\0';
	switch (form) {
	case 0:
		fuzz_base64(in);
		break;
	case 1:
		fuzz_hex(text, in);
		break;
	case 2:
		fuzz_id(in);
		break;
	case 3:
		fuzz_charset(text, in);
		break;
	case 4:
		fuzz_glob(text);
		break;
	default:
		fuzz_fingerprint(text, in);
	}
	free(text);
	return 0;
}
