/*
 * Message to JSON: the writer of json.h; and what it shares with the reader: keys and base64.
 *
 * Invariants   room for a piece is made before it is written, so that writing itself only moves bytes
 *              what the reader gave comes back as it stood, but for white space, the order of keys and how they and the text are
 * spelled
 */
#include "catalogue/json.h"

#include <string.h>

#define EACH_BYTE(v) (UINT64_C(0x0101010101010101) * (v))

/* --- keys --- */

bool
json_key_is(const char *name, struct consign_slice key)
{
	return key.len > 0 && (json_key_match(name, key.data, key.len) == key.len || slice_equal(slice_text(name), key));
}

size_t
json_key_put(const char *name, char *ret_key, size_t size)
{
	char *out = ret_key, *end = ret_key + size - 1;

	for (; *name != '\0' && out < end; name++) {
		char c = *name;

		while (c >= 'a' && out < end) {
			*out++ = c;
			c = *++name;
		}
		if (c == '\0' || out == end)
			break;
		if (c == '_') {
			c = json_key_hump(name);
			name += name[1] != '\0';
		}
		*out++ = c;
	}
	*out = '\0';
	return (size_t)(out - ret_key);
}

/* --- base64 --- */

#define X 0xff
#define X16 X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X
/* The six bits of a base64 letter; X for any other byte. Source: RFC 4648 4. */
static const uint8_t base64_bits[] = {X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X, X, 0, 1, 2, 3,
    4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X, X, 26, 27, 28, 29, 30, 31,
    32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X, X16, X16, X16, X16, X16, X16,
    X16, X16};
#undef X16
#undef X
_Static_assert(sizeof base64_bits == 256, "a row for each byte");

bool
json_base64_decode(struct consign_slice text, uint8_t *ret_bytes, size_t *ret_len)
{
	const uint8_t *p = text.data;
	size_t pad, whole;
	uint8_t wrong = 0;
	uint8_t *out = ret_bytes;

	if (text.len == 0 || text.len % 4 != 0)
		return false;
	pad = p[text.len - 1] != '=' ? 0 : p[text.len - 2] != '=' ? 1 : 2;
	whole = text.len / 4 - (pad > 0);
	/* One test at the end: a byte that is no letter has bits that letters lack. */
	for (size_t i = 0; i < whole; i++, p += 4, out += 3) {
		uint8_t a = base64_bits[p[0]], b = base64_bits[p[1]], c = base64_bits[p[2]], d = base64_bits[p[3]];
		uint32_t bits = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | d;

		wrong |= a | b | c | d;
		out[0] = (uint8_t)(bits >> 16);
		out[1] = (uint8_t)(bits >> 8);
		out[2] = (uint8_t)bits;
	}
	if (pad > 0) {
		uint8_t a = base64_bits[p[0]], b = base64_bits[p[1]], c = pad == 1 ? base64_bits[p[2]] : 0;
		uint32_t bits = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6;

		wrong |= a | b | c;
		if ((bits & (pad == 1 ? 0xffu : 0xffffu)) != 0)
			return false;
		*out++ = (uint8_t)(bits >> 16);
		if (pad == 1)
			*out++ = (uint8_t)(bits >> 8);
	}
	*ret_len = (size_t)(out - ret_bytes);
	return (wrong & 0xc0) == 0;
}

void
json_base64_encode(struct consign_slice bytes, uint8_t *ret_text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = bytes.data;
	uint8_t *out = ret_text;
	size_t left = bytes.len;

	for (; left >= 3; left -= 3, p += 3, out += 4) {
		uint32_t bits = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

		out[0] = (uint8_t)letters[bits >> 18];
		out[1] = (uint8_t)letters[bits >> 12 & 63];
		out[2] = (uint8_t)letters[bits >> 6 & 63];
		out[3] = (uint8_t)letters[bits & 63];
	}
	if (left > 0) {
		uint32_t bits = (uint32_t)p[0] << 16 | (left > 1 ? (uint32_t)p[1] << 8 : 0);

		out[0] = (uint8_t)letters[bits >> 18];
		out[1] = (uint8_t)letters[bits >> 12 & 63];
		out[2] = left > 1 ? (uint8_t)letters[bits >> 6 & 63] : '=';
		out[3] = '=';
	}
}

/* --- the writer --- */

struct writer {
	struct buf *out;
	unsigned indent;
	unsigned depth;
};

static enum consign_err
make_room(struct writer *w, size_t n)
{
	return n <= w->out->cap - w->out->len ? CONSIGN_OK : buf_reserve(w->out, n);
}

/* The next few need room made before. */
static void
put_byte(struct writer *w, char c)
{
	w->out->data[w->out->len++] = (uint8_t)c;
}

/* A new line at the depth; room: line_bytes. */
static size_t
line_bytes(const struct writer *w)
{
	return w->indent == 0 ? 0 : 1 + (size_t)w->indent * w->depth;
}

static void
put_line(struct writer *w)
{
	if (w->indent == 0)
		return;
	put_byte(w, '\n');
	memset(w->out->data + w->out->len, ' ', (size_t)w->indent * w->depth);
	w->out->len += (size_t)w->indent * w->depth;
}

/* Six bytes at most. */
static void
put_escape(struct writer *w, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";
	static const char controls[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
	const char *known = memchr(controls, c, sizeof controls - 1);

	put_byte(w, '\\');
	if (known != NULL) {
		put_byte(w, letters[known - controls]);
		return;
	}
	put_byte(w, 'u');
	put_byte(w, '0');
	put_byte(w, '0');
	put_byte(w, hex[c >> 4]);
	put_byte(w, hex[c & 15]);
}

/* Copies until a byte that must be escaped, and gives how many; both have room for len bytes. */
static size_t
copy_plain(uint8_t *to, const uint8_t *from, size_t len)
{
	size_t i = 0;

	for (; len - i >= 8; i += 8) {
		uint64_t v, quote, backslash, special;

		memcpy(&v, from + i, sizeof v);
		memcpy(to + i, &v, sizeof v);
		quote = v ^ EACH_BYTE('"');
		backslash = v ^ EACH_BYTE('\\');
		/* As in json_scan.c, but a byte from 0x80 on is as good as a letter. */
		special =
		    ((v - EACH_BYTE(0x20)) & ~v) | ((quote - EACH_BYTE(1)) & ~quote) | ((backslash - EACH_BYTE(1)) & ~backslash);
		if ((special & EACH_BYTE(0x80)) != 0)
			break;
	}
	for (; i < len && from[i] >= 0x20 && from[i] != '"' && from[i] != '\\'; i++)
		to[i] = from[i];
	return i;
}

static enum consign_err
put_text(struct writer *w, const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text);
	enum consign_err err = make_room(w, left + 2);

	if (err != CONSIGN_OK)
		return err;
	put_byte(w, '"');
	for (;;) {
		size_t run = copy_plain(w->out->data + w->out->len, p, left);

		w->out->len += run;
		p += run;
		left -= run;
		if (left == 0)
			break;
		err = make_room(w, 6 + left + 1);
		if (err != CONSIGN_OK)
			return err;
		put_escape(w, *p++);
		left--;
	}
	put_byte(w, '"');
	return CONSIGN_OK;
}

static enum consign_err
put_base64(struct writer *w, const ProtobufCBinaryData *bytes)
{
	size_t len = (bytes->len + 2) / 3 * 4;
	enum consign_err err = bytes->len > SIZE_MAX / 2 ? CONSIGN_E_NO_MEMORY : make_room(w, len + 2);

	if (err != CONSIGN_OK)
		return err;
	put_byte(w, '"');
	json_base64_encode(slice_of(bytes->data, bytes->len), w->out->data + w->out->len);
	w->out->len += len;
	put_byte(w, '"');
	return CONSIGN_OK;
}

static enum consign_err
put_int(struct writer *w, int64_t v)
{
	char digits[20];
	size_t n = sizeof digits;
	uint64_t rest = v < 0 ? (uint64_t)-v : (uint64_t)v;

	do {
		digits[--n] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (v < 0)
		digits[--n] = '-';
	return buf_append(w->out, slice_of(digits + n, sizeof digits - n));
}

static enum consign_err put_message(struct writer *w, const ProtobufCMessage *m);

/* One text or object: a field's, or an element of a list. */
static enum consign_err
put_pointed(struct writer *w, const ProtobufCFieldDescriptor *f, const void *value)
{
	return f->type == PROTOBUF_C_TYPE_STRING ? put_text(w, value) : put_message(w, value);
}

static enum consign_err
put_list(struct writer *w, const ProtobufCFieldDescriptor *f, void *const *v, size_t n)
{
	enum consign_err err = make_room(w, 1);

	if (err != CONSIGN_OK)
		return err;
	put_byte(w, '[');
	w->depth++;
	for (size_t i = 0; i < n; i++) {
		err = make_room(w, 1 + line_bytes(w));
		if (err != CONSIGN_OK)
			return err;
		if (i > 0)
			put_byte(w, ',');
		put_line(w);
		err = put_pointed(w, f, v[i]);
		if (err != CONSIGN_OK)
			return err;
	}
	w->depth--;
	err = make_room(w, line_bytes(w) + 1);
	if (err != CONSIGN_OK)
		return err;
	put_line(w);
	put_byte(w, ']');
	return CONSIGN_OK;
}

static enum consign_err
put_value(struct writer *w, const ProtobufCFieldDescriptor *f, const void *at, size_t n)
{
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return put_list(w, f, *(void *const *const *)at, n);
	switch (f->type) {
	case PROTOBUF_C_TYPE_BYTES:
		return put_base64(w, at);
	case PROTOBUF_C_TYPE_BOOL:
		return buf_append(w->out, slice_text(*(const protobuf_c_boolean *)at ? "true" : "false"));
	case PROTOBUF_C_TYPE_UINT32:
		return put_int(w, *(const uint32_t *)at);
	case PROTOBUF_C_TYPE_INT32:
		return put_int(w, *(const int32_t *)at);
	default:
		return put_pointed(w, f, *(void *const *)at);
	}
}

/* How many values the field has: 0 or 1, or the length of a list. */
static size_t
count_values(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	const uint8_t *base = (const uint8_t *)m;
	const void *quantifier = base + f->quantifier_offset, *at = base + f->offset;

	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)quantifier;
	if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(void *const *)at != NULL;
	return *(const protobuf_c_boolean *)quantifier != 0;
}

/* The comma before it, a new line, the key and the colon. */
static enum consign_err
put_key(struct writer *w, const char *name, bool is_first)
{
	size_t len = strlen(name);
	enum consign_err err = make_room(w, 1 + line_bytes(w) + 1 + len + 1 + 2);

	if (err != CONSIGN_OK)
		return err;
	if (!is_first)
		put_byte(w, ',');
	put_line(w);
	put_byte(w, '"');
	w->out->len += json_key_put(name, (char *)w->out->data + w->out->len, len + 1);
	put_byte(w, '"');
	put_byte(w, ':');
	if (w->indent > 0)
		put_byte(w, ' ');
	return CONSIGN_OK;
}

static enum consign_err
put_message(struct writer *w, const ProtobufCMessage *m)
{
	bool is_first = true;
	enum consign_err err = make_room(w, 1);

	if (err != CONSIGN_OK)
		return err;
	put_byte(w, '{');
	w->depth++;
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		size_t n;

		if (!json_knows(f))
			return CONSIGN_E_USAGE;
		n = count_values(m, f);
		if (n == 0)
			continue;
		err = put_key(w, f->name, is_first);
		if (err == CONSIGN_OK)
			err = put_value(w, f, (const uint8_t *)m + f->offset, n);
		if (err != CONSIGN_OK)
			return err;
		is_first = false;
	}
	w->depth--;
	err = make_room(w, line_bytes(w) + 1);
	if (err != CONSIGN_OK)
		return err;
	if (!is_first)
		put_line(w);
	put_byte(w, '}');
	return CONSIGN_OK;
}

enum consign_err
json_write(const ProtobufCMessage *message, unsigned indent, struct buf *out)
{
	struct writer w = {.out = out, .indent = indent};
	size_t old_len = out->len;
	enum consign_err err = put_message(&w, message);

	if (err != CONSIGN_OK)
		out->len = old_len;
	return err;
}
