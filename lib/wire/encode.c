/*
 * Encode by tables, in two walks over the struct: one that measures and holds our own code to every rule that decode holds a peer
 * to, one that writes. It writes from the end to the beginning, so that the length of a message inside is known when it is due.
 * Source: docs/PROTOCOL.md 2.
 */
#include <string.h>

#include "wire/engine.h"

enum { WIRE_TYPE_VARINT = 0, WIRE_TYPE_LENGTH = 2 };

/* The bytes of a member or element, borrowed. False when they are nowhere, or a text has no end. */
static inline bool
bytes_of(const struct wire_field *f, const uint8_t *in, struct consign_slice *ret_s)
{
	if (f->kind == WIRE_BYTES)
		memcpy(ret_s, in, sizeof(*ret_s));
	else if (f->kind == WIRE_FIXED)
		*ret_s = slice_of(in, f->size);
	else
		*ret_s = slice_of(in, strnlen((const char *)in, f->size));
	return (f->kind != WIRE_TEXT || ret_s->len < f->size) && (ret_s->len == 0 || ret_s->data != NULL);
}

static inline uint64_t
number_of(const struct wire_field *f, const uint8_t *in)
{
	uint32_t small;
	uint64_t v;

	if (f->kind == WIRE_U32) {
		memcpy(&small, in, sizeof(small));
		return small;
	}
	memcpy(&v, in, sizeof(v));
	return v;
}

static inline const void *
message_of(const uint8_t *in)
{
	const void *message;

	memcpy(&message, in, sizeof(message));
	return message;
}

/* ── measure ── */

static inline size_t
varint_bytes(uint64_t v)
{
	size_t n = 1;

	for (; v > 0x7f; v >>= 7)
		n++;
	return n;
}

/* Of a field's key, a length and so many bytes. */
static inline size_t
field_bytes(const struct wire_field *f, size_t len)
{
	return varint_bytes((uint64_t)f->tag << 3) + varint_bytes(len) + len;
}

static bool measure_message(const struct wire_message *m, const void *in, size_t *ret_len);

/* A list of numbers is one run. */
static bool
measure_packed(const struct wire_field *f, const struct wire_list *list, size_t *ret_len)
{
	const uint32_t *numbers = list->v;
	size_t len = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (!wire_number_fits(f, numbers[i]))
			return false;
		len += varint_bytes(numbers[i]);
	}
	*ret_len = list->n == 0 ? 0 : field_bytes(f, len);
	return true;
}

static bool
measure_list(const struct wire_field *f, const uint8_t *in, size_t *ret_len, size_t *ret_n)
{
	struct wire_list list;
	struct consign_slice s;
	size_t len;

	memcpy(&list, in, sizeof(list));
	*ret_n = list.n;
	*ret_len = 0;
	if (list.n > f->max_count || (list.n > 0 && list.v == NULL))
		return false;
	if (f->kind == WIRE_U32)
		return measure_packed(f, &list, ret_len);
	for (size_t i = 0; i < list.n; i++) {
		if (f->kind == WIRE_MESSAGE) {
			const void *message = ((void *const *)list.v)[i];

			if (message == NULL || !measure_message(f->sub, message, &len))
				return false;
		} else {
			if (!bytes_of(f, (const uint8_t *)list.v + i * f->size, &s) || !wire_bytes_fit(f, s))
				return false;
			len = s.len;
		}
		*ret_len += field_bytes(f, len);
	}
	return true;
}

/* A number, bytes or a message, once. ret_n 0: it is absent. */
static inline bool
measure_single(const struct wire_field *f, const uint8_t *in, size_t *ret_len, size_t *ret_n)
{
	struct consign_slice s;
	uint64_t v;
	size_t len;

	*ret_n = *ret_len = 0;
	if (f->kind == WIRE_U32 || f->kind == WIRE_U64) {
		v = number_of(f, in);
		if (v == 0)
			return true;
		if (!wire_number_fits(f, v))
			return false;
		*ret_len = varint_bytes((uint64_t)f->tag << 3) + varint_bytes(v);
	} else if (f->kind == WIRE_MESSAGE) {
		if (message_of(in) == NULL)
			return true;
		if (!measure_message(f->sub, message_of(in), &len))
			return false;
		*ret_len = field_bytes(f, len);
	} else {
		if (!bytes_of(f, in, &s))
			return false;
		if (s.len == 0)
			return true;
		if (!wire_bytes_fit(f, s))
			return false;
		*ret_len = field_bytes(f, s.len);
	}
	*ret_n = 1;
	return true;
}

/* False: the struct breaks its table. */
static bool
measure_message(const struct wire_message *m, const void *in, size_t *ret_len)
{
	size_t chosen = 0, all = 0, len, n;

	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];
		const uint8_t *member = (const uint8_t *)in + f->offset;

		if (!(f->is_repeated ? measure_list(f, member, &len, &n) : measure_single(f, member, &len, &n)) || n < f->min_count)
			return false;
		chosen += f->is_choice && n > 0;
		all += len;
	}
	*ret_len = all;
	return (!m->has_choice || chosen == 1) && wire_checks_hold(m, in);
}

/* ── write ── */

/* What is written stands at `at`, and what comes next is put before it. */

static inline uint8_t *
put_varint(uint8_t *at, uint64_t v)
{
	uint8_t *p = at - varint_bytes(v);

	at = p;
	for (; v > 0x7f; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p = (uint8_t)v;
	return at;
}

/* Key and length of what stands between `at` and `end`. */
static inline uint8_t *
put_head(const struct wire_field *f, uint8_t *at, const uint8_t *end)
{
	at = put_varint(at, (uint64_t)(end - at));
	return put_varint(at, (uint64_t)f->tag << 3 | WIRE_TYPE_LENGTH);
}

static uint8_t *write_message(const struct wire_message *m, const void *in, uint8_t *at);

static inline uint8_t *
write_bytes(const struct wire_field *f, struct consign_slice s, uint8_t *at)
{
	uint8_t *start = at - s.len;

	if (s.len > 0)
		memcpy(start, s.data, s.len);
	return put_head(f, start, at);
}

static uint8_t *
write_list(const struct wire_field *f, const uint8_t *in, uint8_t *at)
{
	struct wire_list list;
	struct consign_slice s;
	uint8_t *end = at;

	memcpy(&list, in, sizeof(list));
	if (f->kind == WIRE_U32) {
		for (size_t i = list.n; i-- > 0;)
			at = put_varint(at, ((const uint32_t *)list.v)[i]);
		return list.n == 0 ? at : put_head(f, at, end);
	}
	for (size_t i = list.n; i-- > 0; end = at)
		if (f->kind == WIRE_MESSAGE)
			at = put_head(f, write_message(f->sub, ((void *const *)list.v)[i], at), end);
		else if (bytes_of(f, (const uint8_t *)list.v + i * f->size, &s))
			at = write_bytes(f, s, at);
	return at;
}

static inline uint8_t *
write_single(const struct wire_field *f, const uint8_t *in, uint8_t *at)
{
	struct consign_slice s;
	uint64_t v;

	if (f->kind == WIRE_U32 || f->kind == WIRE_U64) {
		v = number_of(f, in);
		return v == 0 ? at : put_varint(put_varint(at, v), (uint64_t)f->tag << 3 | WIRE_TYPE_VARINT);
	}
	if (f->kind == WIRE_MESSAGE)
		return message_of(in) == NULL ? at : put_head(f, write_message(f->sub, message_of(in), at), at);
	return bytes_of(f, in, &s) && s.len > 0 ? write_bytes(f, s, at) : at;
}

static uint8_t *
write_message(const struct wire_message *m, const void *in, uint8_t *at)
{
	for (size_t i = m->n_fields; i-- > 0;) {
		const struct wire_field *f = &m->fields[i];
		const uint8_t *member = (const uint8_t *)in + f->offset;

		at = f->is_repeated ? write_list(f, member, at) : write_single(f, member, at);
	}
	return at;
}

enum consign_err
wire_encode(const struct wire_message *table, const void *in, struct buf *out)
{
	enum consign_err err;
	size_t len;

	if (!measure_message(table, in, &len))
		return CONSIGN_E_MALFORMED;
	if (len > wire_longest(table))
		return CONSIGN_E_TOO_BIG;
	err = buf_reserve(out, len);
	if (err != CONSIGN_OK)
		return err;
	if (len > 0)
		(void)write_message(table, in, out->data + out->len + len);
	out->len += len;
	return CONSIGN_OK;
}
