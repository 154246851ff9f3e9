/*
 * Decode by tables. For every message of the hub; not for what is inside items (lib/catalogue).
 *
 * It goes over the bytes in this order:
 *   1. the length of the whole, before anything is read
 *   2. scan: every rule of the tables that concerns one field, on the raw bytes, without allocating. protobuf-c therefore
 *      never sees an unknown field, a wrong wire type, a second occurrence (which it would merge) or a wide number
 *      (which it would cut off)
 *   3. protobuf_c_message_unpack through an allocator that takes from the caller's arena and counts against a budget;
 *      the structs of 4 have a budget of the same size
 *   4. convert: the unpacked tree becomes our structs; free bytes and lists of numbers stay where protobuf-c put them
 *   5. the checks over several fields
 *
 * Invariants: what decode accepts, encode (encode.c) gives back, byte for byte when the fields came in the order of their
 * numbers. Recursion follows the tables, which contain no cycle. Source: docs/PROTOCOL.md 2.
 */
#include "wire/engine.h"

#include <protobuf-c/protobuf-c.h>
#include <stdalign.h>
#include <string.h>

/* The only wire types of proto/consign: protobuf encoding, "Message Structure". */
enum { WIRE_TYPE_VARINT = 0, WIRE_TYPE_LENGTH = 2 };

/* ── rules of one field ── */

static bool
form_holds(enum wire_form form, struct consign_slice s)
{
	struct consign_message_id id;

	if (form == FORM_RAW)
		return true;
	if (form == FORM_MESSAGE_ID)
		return message_id_parse(s, &id) == CONSIGN_OK;
	return text_is((enum charset)(form - FORM_ORG), s);
}

bool
wire_number_fits(const struct wire_field *f, uint64_t v)
{
	return v >= f->min && v <= f->max;
}

bool
wire_bytes_fit(const struct wire_field *f, struct consign_slice s)
{
	return s.len >= f->min && s.len <= f->max && form_holds(f->form, s);
}

bool
wire_checks_hold(const struct wire_message *m, const void *message)
{
	for (size_t i = 0; i < m->n_checks; i++)
		if (!m->checks[i].holds(message))
			return false;
	return true;
}

/* ── scan ── */

/* Reads a varint in its only form: no longer than needed, at most 64 bits. */
static bool
read_varint(struct cursor *c, uint64_t *ret_v)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 10 && c->pos < c->end; i++) {
		uint8_t b = *c->pos++;

		v |= (uint64_t)(b & 0x7f) << (7 * i);
		if (b & 0x80)
			continue;
		if ((b == 0 && i > 0) || (i == 9 && b > 1))
			return false;
		*ret_v = v;
		return true;
	}
	return false;
}

/* A list of numbers comes packed, in one run: as every proto3 encoder writes it. */
static bool
scan_packed(const struct wire_field *f, struct cursor c, uint32_t *ret_count)
{
	uint32_t n = 0;
	uint64_t v;

	while (c.pos < c.end) {
		if (!read_varint(&c, &v) || !wire_number_fits(f, v) || n == f->max_count)
			return false;
		n++;
	}
	*ret_count = n;
	return n > 0;
}

static bool scan_message(const struct wire_message *m, struct cursor c);

/* Reads the value behind a field's key; count is how many of it came before. */
static bool
scan_value(const struct wire_field *f, unsigned wire_type, struct cursor *c, uint32_t *count)
{
	bool is_number = f->kind == WIRE_U32 || f->kind == WIRE_U64;
	struct cursor inner;
	uint64_t v;

	if (wire_type != (is_number && !f->is_repeated ? WIRE_TYPE_VARINT : WIRE_TYPE_LENGTH))
		return false;
	if (*count == f->max_count || !read_varint(c, &v))
		return false;
	if (wire_type == WIRE_TYPE_VARINT) {
		*count = 1;
		/* proto3 never writes a 0: absent and 0 are one thing, and have one form. */
		return v != 0 && wire_number_fits(f, v);
	}
	if (v > cursor_left(c))
		return false;
	inner = (struct cursor){.pos = c->pos, .end = c->pos + v};
	c->pos = inner.end;
	if (is_number)
		return *count == 0 && scan_packed(f, inner, count);
	*count += 1;
	if (f->kind == WIRE_MESSAGE)
		return scan_message(f->sub, inner);
	return wire_bytes_fit(f, slice_of(inner.pos, (size_t)v));
}

bool
wire_counts_hold(const struct wire_message *m, const uint32_t *counts)
{
	size_t chosen = 0;

	for (size_t i = 0; i < m->n_fields; i++) {
		if (counts[i] < m->fields[i].min_count)
			return false;
		chosen += m->fields[i].is_choice && counts[i] > 0;
	}
	return !m->has_choice || chosen == 1;
}

static bool
scan_message(const struct wire_message *m, struct cursor c)
{
	uint32_t counts[WIRE_FIELDS_MAX] = {0};
	uint64_t key;

	while (c.pos < c.end) {
		if (!read_varint(&c, &key))
			return false;
		if (key >> 3 == 0 || key >> 3 > m->n_fields)
			return false;
		if (!scan_value(&m->fields[(key >> 3) - 1], key & 7, &c, &counts[(key >> 3) - 1]))
			return false;
	}
	return wire_counts_hold(m, counts);
}

/* ── unpack and convert ── */

/* Counts what a message costs: protobuf-c's tree, then, with as much again, our structs. */
struct budget {
	struct arena *arena;
	size_t left;
	enum consign_err err; /* why the last take failed */
};

static void *
take(struct budget *b, size_t size)
{
	/* As the arena rounds: small pieces must not cost more than they count. */
	size_t cost = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	void *p;

	if (cost < size || cost > b->left) {
		b->err = CONSIGN_E_TOO_BIG;
		return NULL;
	}
	p = arena_alloc(b->arena, size);
	if (p == NULL) {
		b->err = CONSIGN_E_NO_MEMORY;
		return NULL;
	}
	b->left -= cost;
	return p;
}

static void *
unpack_alloc(void *data, size_t size)
{
	return take(data, size);
}

/* The arena frees everything at once; nothing of the input is freed before. */
static void
unpack_free(void *data, void *p)
{
	(void)data;
	(void)p;
}

static enum consign_err convert_message(const struct wire_message *m, ProtobufCMessage *in, struct budget *b, void **ret_struct);

/* NUL behind a text: the struct is zeroed and has room for one byte more than f->max. */
static void
convert_bytes(const struct wire_field *f, const ProtobufCBinaryData *in, uint8_t *out)
{
	struct consign_slice s;

	if (f->kind == WIRE_BYTES) {
		s = slice_of(in->data, in->len);
		memcpy(out, &s, sizeof(s));
	} else if (in->len > 0) {
		memcpy(out, in->data, in->len);
	}
}

static enum consign_err
convert_list(const struct wire_field *f, void *elements, size_t n, struct budget *b, uint8_t *out)
{
	struct wire_list list = {.v = elements, .n = n};
	enum consign_err err;

	if (n == 0)
		return CONSIGN_OK;
	if (f->kind == WIRE_MESSAGE) {
		/* The array of pointers is reused: each becomes a pointer to our struct. */
		void **messages = elements;
		for (size_t i = 0; i < n; i++) {
			err = convert_message(f->sub, messages[i], b, &messages[i]);
			if (err != CONSIGN_OK)
				return err;
		}
	} else if (f->kind != WIRE_U32) {
		const ProtobufCBinaryData *bytes = elements;
		list.v = take(b, n * f->size); /* n is at most f->max_count: no overflow */
		if (list.v == NULL)
			return b->err;
		for (size_t i = 0; i < n; i++)
			convert_bytes(f, &bytes[i], (uint8_t *)list.v + i * f->size);
	}
	memcpy(out, &list, sizeof(list));
	return CONSIGN_OK;
}

static enum consign_err
convert_field(const struct wire_field *f, const ProtobufCFieldDescriptor *d, ProtobufCMessage *in, struct budget *b, uint8_t *out)
{
	uint8_t *member = (uint8_t *)in + d->offset;
	void *message;
	enum consign_err err;

	if (f->is_repeated) {
		size_t n;
		void *elements;
		memcpy(&n, (uint8_t *)in + d->quantifier_offset, sizeof(n));
		memcpy(&elements, member, sizeof(elements));
		return convert_list(f, elements, n, b, out);
	}
	switch (f->kind) {
	case WIRE_U32:
	case WIRE_U64:
		memcpy(out, member, f->size);
		return CONSIGN_OK;
	case WIRE_FIXED:
	case WIRE_TEXT:
	case WIRE_BYTES:
		convert_bytes(f, (const ProtobufCBinaryData *)member, out);
		return CONSIGN_OK;
	case WIRE_MESSAGE:
		memcpy(&message, member, sizeof(message));
		if (message == NULL)
			return CONSIGN_OK;
		err = convert_message(f->sub, message, b, &message);
		if (err == CONSIGN_OK)
			memcpy(out, &message, sizeof(message));
		return err;
	}
	return CONSIGN_E_MALFORMED;
}

static enum consign_err
convert_message(const struct wire_message *m, ProtobufCMessage *in, struct budget *b, void **ret_struct)
{
	uint8_t *out;
	enum consign_err err;

	if (in->n_unknown_fields != 0)
		return CONSIGN_E_MALFORMED;
	out = take(b, m->size);
	if (out == NULL)
		return b->err;
	for (size_t i = 0; i < m->n_fields; i++) {
		err = convert_field(&m->fields[i], &m->descriptor->fields[i], in, b, out + m->fields[i].offset);
		if (err != CONSIGN_OK)
			return err;
	}
	if (!wire_checks_hold(m, out))
		return CONSIGN_E_MALFORMED;
	*ret_struct = out;
	return CONSIGN_OK;
}

size_t
wire_longest(const struct wire_message *table)
{
	return table->max_bytes > 0 ? table->max_bytes : CONSIGN_FRAME_MAX_BYTES;
}

size_t
wire_budget_bytes(size_t wire_bytes)
{
	return CONSIGN_UNPACK_BUDGET_BASE_BYTES + (size_t)CONSIGN_UNPACK_BUDGET_PER_BYTE * wire_bytes;
}

enum consign_err
wire_decode(const struct wire_message *table, struct consign_slice in, struct arena *arena, void **ret_struct)
{
	struct budget budget = {.arena = arena, .err = CONSIGN_E_MALFORMED};
	ProtobufCAllocator allocator = {.alloc = unpack_alloc, .free = unpack_free, .allocator_data = &budget};
	ProtobufCMessage *tree;

	if (in.len > wire_longest(table))
		return CONSIGN_E_TOO_BIG;
	if (!scan_message(table, cursor_over(in)))
		return CONSIGN_E_MALFORMED;
	budget.left = wire_budget_bytes(in.len);
	tree = protobuf_c_message_unpack(table->descriptor, &allocator, in.len, in.data);
	if (tree == NULL)
		return budget.err;
	budget.left = wire_budget_bytes(in.len);
	return convert_message(table, tree, &budget, ret_struct);
}
