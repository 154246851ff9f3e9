/*
 * Hex and base64 of public bytes, appended to a buffer that is unchanged on failure. Not constant-time: the key file
 * encodes its secrets by other means.
 */
#include "core/text.h"

#include <string.h>

static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char hex_digits[] = "0123456789abcdef";

enum consign_err
hex_format(struct consign_slice s, struct buf *out)
{
	enum consign_err err;

	if (s.len > SIZE_MAX / 2)
		return CONSIGN_E_NO_MEMORY;
	err = buf_reserve(out, s.len * 2);
	if (err != CONSIGN_OK)
		return err;
	for (size_t i = 0; i < s.len; i++) {
		out->data[out->len++] = (uint8_t)hex_digits[s.data[i] >> 4];
		out->data[out->len++] = (uint8_t)hex_digits[s.data[i] & 15];
	}
	return CONSIGN_OK;
}

void
hex_text(const uint8_t *bytes, size_t n, char *ret_text)
{
	for (size_t i = 0; i < n; i++) {
		ret_text[2 * i] = hex_digits[bytes[i] >> 4];
		ret_text[2 * i + 1] = hex_digits[bytes[i] & 15];
	}
	ret_text[2 * n] = '\0';
}

/* The value of a hex digit in either case, or -1. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum consign_err
hex_parse(const char *text, struct buf *out)
{
	size_t len = strlen(text);
	size_t old_len = out->len;
	enum consign_err err;

	if (len % 2 != 0)
		return CONSIGN_E_MALFORMED;
	err = buf_reserve(out, len / 2);
	if (err != CONSIGN_OK)
		return err;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_value(text[i]);
		int low = hex_value(text[i + 1]);

		if (high < 0 || low < 0) {
			out->len = old_len;
			return CONSIGN_E_MALFORMED;
		}
		out->data[out->len++] = (uint8_t)(high << 4 | low);
	}
	return CONSIGN_OK;
}

enum consign_err
base64_format(struct consign_slice s, struct buf *out)
{
	enum consign_err err;

	if (s.len > SIZE_MAX / 2)
		return CONSIGN_E_NO_MEMORY;
	err = buf_reserve(out, (s.len + 2) / 3 * 4);
	if (err != CONSIGN_OK)
		return err;
	for (size_t i = 0; i < s.len; i += 3) {
		size_t left = s.len - i;
		uint32_t bits = (uint32_t)s.data[i] << 16;

		if (left > 1)
			bits |= (uint32_t)s.data[i + 1] << 8;
		if (left > 2)
			bits |= s.data[i + 2];
		out->data[out->len++] = (uint8_t)base64_alphabet[bits >> 18];
		out->data[out->len++] = (uint8_t)base64_alphabet[bits >> 12 & 63];
		out->data[out->len++] = left > 1 ? (uint8_t)base64_alphabet[bits >> 6 & 63] : '=';
		out->data[out->len++] = left > 2 ? (uint8_t)base64_alphabet[bits & 63] : '=';
	}
	return CONSIGN_OK;
}

/* The value of a character of the standard alphabet, or -1. */
static int
base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

enum consign_err
base64_parse(struct consign_slice text, struct buf *out)
{
	size_t old_len = out->len;
	size_t padding = 0;
	enum consign_err err;

	if (text.len % 4 != 0)
		return CONSIGN_E_MALFORMED;
	while (padding < 2 && padding < text.len && text.data[text.len - 1 - padding] == '=')
		padding++;
	err = buf_reserve(out, text.len / 4 * 3);
	if (err != CONSIGN_OK)
		return err;
	for (size_t i = 0; i < text.len; i += 4) {
		size_t pads = text.len - i == 4 ? padding : 0;
		uint32_t bits = 0;

		for (size_t k = 0; k < 4; k++) {
			int value = k < 4 - pads ? base64_value(text.data[i + k]) : 0;

			if (value < 0)
				goto malformed;
			bits = bits << 6 | (uint32_t)value;
		}
		/* RFC 4648 3.5: bits behind the last byte are zero, or one value had several texts. */
		if ((bits & (pads == 2 ? 0xffffu : pads == 1 ? 0xffu : 0u)) != 0)
			goto malformed;
		out->data[out->len++] = (uint8_t)(bits >> 16);
		if (pads < 2)
			out->data[out->len++] = (uint8_t)(bits >> 8);
		if (pads < 1)
			out->data[out->len++] = (uint8_t)bits;
	}
	return CONSIGN_OK;
malformed:
	out->len = old_len;
	return CONSIGN_E_MALFORMED;
}
