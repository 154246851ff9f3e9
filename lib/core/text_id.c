/*
 * Ids and spoken fingerprints. An id has one text only (lower case, no leading zeros), so that texts can be compared.
 */
#include "core/text.h"
#include "core/limits.h"

#include <string.h>

#define ID_TEXT_LEN 36u
#define WORD_LEN 5u
#define WORDS 6u

_Static_assert(CONSIGN_BUNDLE_MAX_ITEMS <= 1000, "an index has at most three digits");
_Static_assert(CONSIGN_MESSAGE_ID_TEXT_BYTES == ID_TEXT_LEN + 1 + 3 + 1, "uuid, dot, index, NUL");
_Static_assert(FINGERPRINT_TEXT_BYTES == WORDS * WORD_LEN + WORDS - 1 + 1, "words, hyphens, NUL");

void
id_make(uint64_t wall_us, const uint8_t random[10], struct consign_id *ret_id)
{
	uint64_t ms = wall_us / 1000;

	/* RFC 9562 5.7: time big endian, so that ids sort by age; version 7; variant 10. */
	for (size_t i = 0; i < 6; i++)
		ret_id->b[i] = (uint8_t)(ms >> (40 - 8 * i));
	memcpy(ret_id->b + 6, random, 10);
	ret_id->b[6] = (uint8_t)(0x70 | (ret_id->b[6] & 0x0f));
	ret_id->b[8] = (uint8_t)(0x80 | (ret_id->b[8] & 0x3f));
}

/* Where the two digits of each byte stand; hyphens are at 8, 13, 18 and 23. */
static const uint8_t places[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

void
id_format(const struct consign_id *id, char ret_text[37])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < sizeof id->b; i++) {
		ret_text[places[i]] = digits[id->b[i] >> 4];
		ret_text[places[i] + 1] = digits[id->b[i] & 15];
	}
	ret_text[8] = ret_text[13] = ret_text[18] = ret_text[23] = '-';
	ret_text[ID_TEXT_LEN] = '\0';
}

void
message_id_format(const struct consign_message_id *id, char ret_text[CONSIGN_MESSAGE_ID_TEXT_BYTES])
{
	char *p = ret_text + ID_TEXT_LEN;
	uint32_t index = id->index;

	id_format(&id->consignment, ret_text);
	*p++ = '.';
	/* An index of more digits is no message's, and its text is no id: it must not look like another's. */
	if (index > 999) {
		memcpy(p, "???", 4);
		return;
	}
	if (index > 99)
		*p++ = (char)('0' + index / 100);
	if (index > 9)
		*p++ = (char)('0' + index / 10 % 10);
	*p++ = (char)('0' + index % 10);
	*p = '\0';
}

/* Values of lower-case digits, with IS_DIGIT. */
#define IS_DIGIT 16u
static const uint8_t digit_values[256] = {
    ['0'] = 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, ['a'] = 26, 27, 28, 29, 30, 31};

static enum consign_err
parse_id(const uint8_t *text, struct consign_id *ret_id)
{
	struct consign_id id;
	unsigned all = IS_DIGIT;

	for (size_t i = 0; i < sizeof id.b; i++) {
		unsigned high = digit_values[text[places[i]]], low = digit_values[text[places[i] + 1]];

		all &= high & low;
		id.b[i] = (uint8_t)(high << 4 | (low & 15));
	}
	if (all != IS_DIGIT || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
		return CONSIGN_E_MALFORMED;
	*ret_id = id;
	return CONSIGN_OK;
}

enum consign_err
message_id_parse(struct consign_slice text, struct consign_message_id *ret_id)
{
	struct consign_message_id id = {0};
	enum consign_err err;

	if (text.len < ID_TEXT_LEN + 2 || text.len > ID_TEXT_LEN + 4 || text.data[ID_TEXT_LEN] != '.')
		return CONSIGN_E_MALFORMED;
	for (size_t i = ID_TEXT_LEN + 1; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return CONSIGN_E_MALFORMED;
		id.index = id.index * 10 + (uint32_t)(text.data[i] - '0');
	}
	if (id.index >= CONSIGN_BUNDLE_MAX_ITEMS)
		return CONSIGN_E_MALFORMED;
	if (text.data[ID_TEXT_LEN + 1] == '0' && text.len != ID_TEXT_LEN + 2)
		return CONSIGN_E_MALFORMED;
	err = parse_id(text.data, &id.consignment);
	if (err != CONSIGN_OK)
		return err;
	*ret_id = id;
	return CONSIGN_OK;
}

void
fingerprint_format(const uint8_t bits[12], char ret_text[FINGERPRINT_TEXT_BYTES])
{
	static const char consonants[] = "bdfghjklmnprstvz";
	static const char vowels[] = "aiou";
	char *p = ret_text;

	for (size_t word = 0; word < WORDS; word++) {
		unsigned v = (unsigned)bits[2 * word] << 8 | bits[2 * word + 1];

		if (word > 0)
			*p++ = '-';
		*p++ = consonants[v >> 12];
		*p++ = vowels[v >> 10 & 3];
		*p++ = consonants[v >> 6 & 15];
		*p++ = vowels[v >> 4 & 3];
		*p++ = consonants[v & 15];
	}
	*p = '\0';
}

/* Takes the letters out of a spoken text, in lower case; false unless they are exactly those of six words. */
static bool
letters_of(const char *text, char ret_letters[WORDS * WORD_LEN])
{
	size_t len = 0;

	for (; *text != '\0'; text++) {
		char c = *text;

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '-')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c < 'a' || c > 'z' || len == WORDS * WORD_LEN)
			return false;
		ret_letters[len++] = c;
	}
	return len == WORDS * WORD_LEN;
}

bool
fingerprint_match(const char *expected, const char *typed)
{
	char a[WORDS * WORD_LEN];
	char b[WORDS * WORD_LEN];
	unsigned differ = 0;

	if (!letters_of(expected, a) || !letters_of(typed, b))
		return false;
	for (size_t i = 0; i < sizeof(a); i++)
		differ |= (unsigned)(a[i] ^ b[i]);
	return differ == 0;
}
