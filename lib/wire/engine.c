/*
 * Decode by tables. For every message of the hub; not for what is inside items (lib/catalogue).
 *
 * It goes over the bytes in this order:
 *   1. the length of the whole, before anything is read
 *   2. scan: every rule of the tables that concerns one field, on the raw bytes, without allocating; and what 3 will take
 *   3. fill: the structs, from the bytes, in one more walk; free bytes are copied, or lent where the caller keeps the input
 *   4. the checks over several fields, as each struct is full
 *
 * The scan is where everything is refused: protobuf readers merge a second occurrence, keep unknown fields and cut wide numbers.
 * What unpacking may cost is reckoned as protobuf-c takes it (tests/unit/wire/test_differential.c lets it unpack the same bytes and
 * compares both): the budget is a rule of the wire, and holds whoever unpacks.
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

/* ── what unpacking costs ── */

/* protobuf-c notes each field that it meets in 32 bytes: the first 16 on its stack, the others in slabs for 32, 64, 128 … */
#define NOTE_BYTES 32u
#define NOTES_ON_STACK 16u
#define NOTES_OF_FIRST_SLAB 32u

/* As the arena rounds: small pieces must not cost more than they count. */
static size_t
piece(size_t bytes)
{
	return (bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
}

static void
charge_message(const struct wire_message *m, size_t fields, struct wire_cost *cost)
{
	size_t notes = 0;

	for (size_t slab = NOTES_OF_FIRST_SLAB; fields > NOTES_ON_STACK + notes; slab *= 2)
		notes += slab;
	cost->tree += piece(m->descriptor->sizeof_message) + notes * NOTE_BYTES;
	cost->structs += piece(m->size);
}

static void
charge_list(const struct wire_field *f, size_t n, struct wire_cost *cost)
{
	if (f->kind == WIRE_MESSAGE) {
		cost->tree += piece(n * sizeof(void *));
	} else if (f->kind == WIRE_U32) {
		cost->tree += piece(n * sizeof(uint32_t));
	} else {
		cost->tree += piece(n * sizeof(ProtobufCBinaryData));
		cost->structs += piece(n * f->size);
	}
}

/* ── scan ── */

/* Reads a varint in its only form: no longer than needed, at most 64 bits. */
static bool
read_long_varint(struct cursor *c, uint64_t *ret_v)
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

static inline bool
read_varint(struct cursor *c, uint64_t *ret_v)
{
	if (c->pos < c->end && *c->pos < 0x80) { /* nearly all of them */
		*ret_v = *c->pos++;
		return true;
	}
	return read_long_varint(c, ret_v);
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

static bool scan_message(const struct wire_message *m, struct cursor c, struct wire_cost *cost);

/* Reads the value behind a field's key; count is how many of it came before. */
static inline bool
scan_value(const struct wire_field *f, unsigned wire_type, struct cursor *c, uint32_t *count, struct wire_cost *cost)
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
		return scan_message(f->sub, inner, cost);
	cost->tree += piece((size_t)v);
	return wire_bytes_fit(f, slice_of(inner.pos, (size_t)v));
}

/* counts: occurrences by row. What is required is there, and one of the choice. */
static bool
counts_hold(const struct wire_message *m, const uint32_t *counts, struct wire_cost *cost)
{
	size_t chosen = 0;

	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];

		if (counts[i] < f->min_count)
			return false;
		chosen += f->is_choice && counts[i] > 0;
		if (f->is_repeated && counts[i] > 0)
			charge_list(f, counts[i], cost);
	}
	return !m->has_choice || chosen == 1;
}

static bool
scan_message(const struct wire_message *m, struct cursor c, struct wire_cost *cost)
{
	uint32_t counts[WIRE_FIELDS_MAX];
	size_t fields = 0;
	uint64_t key;

	memset(counts, 0, m->n_fields * sizeof(counts[0]));
	for (; c.pos < c.end; fields++) {
		if (!read_varint(&c, &key))
			return false;
		if (key >> 3 == 0 || key >> 3 > m->n_fields)
			return false;
		if (!scan_value(&m->fields[(key >> 3) - 1], key & 7, &c, &counts[(key >> 3) - 1], cost))
			return false;
	}
	charge_message(m, fields, cost);
	return counts_hold(m, counts, cost);
}

bool
wire_scan(const struct wire_message *table, struct consign_slice in, struct wire_cost *ret_cost)
{
	*ret_cost = (struct wire_cost){0};
	return scan_message(table, cursor_over(in), ret_cost);
}

/* ── fill ── */

/* Where structs go. What is filled was scanned: every length is within its bytes, and every count within its row. */
struct filling {
	struct arena *arena;
	bool may_lend; /* free bytes stay in the input */
};

static enum consign_err fill_message(const struct filling *f, const struct wire_message *m, struct cursor c, uint8_t *out);

/* One element: bytes of any kind. NUL behind a text: the struct is zeroed and has room for one byte more than row->max. */
static enum consign_err
fill_bytes(const struct filling *f, const struct wire_field *row, struct consign_slice s, uint8_t *out)
{
	uint8_t *copy;

	if (row->kind != WIRE_BYTES) {
		memcpy(out, s.data, s.len);
		return CONSIGN_OK;
	}
	if (!f->may_lend) {
		copy = arena_alloc(f->arena, s.len);
		if (copy == NULL)
			return CONSIGN_E_NO_MEMORY;
		memcpy(copy, s.data, s.len);
		s.data = copy;
	}
	memcpy(out, &s, sizeof(s));
	return CONSIGN_OK;
}

/* How often a field stands in bytes that were scanned. */
static size_t
count_of(const struct wire_field *row, struct cursor c)
{
	size_t n = 0;
	uint64_t key, v;

	while (c.pos < c.end && read_varint(&c, &key) && read_varint(&c, &v)) {
		if ((key & 7) == WIRE_TYPE_LENGTH)
			c.pos += v;
		n += key >> 3 == row->tag;
	}
	return n;
}

static enum consign_err
fill_packed(const struct filling *f, struct cursor c, uint8_t *out)
{
	struct wire_list list = {0};
	uint32_t *numbers;
	uint64_t v;

	for (const uint8_t *p = c.pos; p < c.end; p++)
		list.n += *p < 0x80;
	list.v = numbers = arena_alloc(f->arena, list.n * sizeof(*numbers));
	if (numbers == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < list.n && read_varint(&c, &v); i++)
		numbers[i] = (uint32_t)v;
	memcpy(out, &list, sizeof(list));
	return CONSIGN_OK;
}

/* The list with the first of its elements: room for all that come, which begin where `from` is. */
static enum consign_err
begin_list(const struct filling *f, const struct wire_field *row, struct cursor from, struct wire_list *list)
{
	size_t n = count_of(row, from);
	uint8_t *structs;

	list->v = arena_alloc(f->arena, n * (row->kind == WIRE_MESSAGE ? sizeof(void *) : row->size));
	if (list->v == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (row->kind != WIRE_MESSAGE)
		return CONSIGN_OK;
	structs = arena_alloc(f->arena, n * piece(row->sub->size));
	if (structs == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		((void **)list->v)[i] = structs + i * piece(row->sub->size);
	return CONSIGN_OK;
}

static enum consign_err
fill_element(const struct filling *f, const struct wire_field *row, struct cursor from, struct cursor inner, uint8_t *out)
{
	struct wire_list list;
	enum consign_err err = CONSIGN_OK;

	memcpy(&list, out, sizeof(list));
	if (list.v == NULL)
		err = begin_list(f, row, from, &list);
	if (err != CONSIGN_OK)
		return err;
	list.n++;
	memcpy(out, &list, sizeof(list));
	if (row->kind == WIRE_MESSAGE)
		return fill_message(f, row->sub, inner, ((void **)list.v)[list.n - 1]);
	return fill_bytes(f, row, slice_of(inner.pos, cursor_left(&inner)), (uint8_t *)list.v + (list.n - 1) * row->size);
}

static enum consign_err
fill_one_message(const struct filling *f, const struct wire_field *row, struct cursor inner, uint8_t *out)
{
	void *message = arena_alloc(f->arena, row->sub->size);

	if (message == NULL)
		return CONSIGN_E_NO_MEMORY;
	memcpy(out, &message, sizeof(message));
	return fill_message(f, row->sub, inner, message);
}

/* from: where the field's key is; c: behind it. */
static enum consign_err
fill_field(const struct filling *f, const struct wire_field *row, struct cursor from, struct cursor *c, uint8_t *out)
{
	struct cursor inner;
	uint32_t number;
	uint64_t v;

	if (!read_varint(c, &v))
		return CONSIGN_E_MALFORMED;
	if (row->kind <= WIRE_U64 && !row->is_repeated) {
		number = (uint32_t)v;
		if (row->kind == WIRE_U32)
			memcpy(out, &number, sizeof(number));
		else
			memcpy(out, &v, sizeof(v));
		return CONSIGN_OK;
	}
	inner = (struct cursor){.pos = c->pos, .end = c->pos + v};
	c->pos = inner.end;
	if (row->kind <= WIRE_U64)
		return fill_packed(f, inner, out);
	if (row->is_repeated)
		return fill_element(f, row, from, inner, out);
	if (row->kind == WIRE_MESSAGE)
		return fill_one_message(f, row, inner, out);
	return fill_bytes(f, row, slice_of(inner.pos, (size_t)v), out);
}

/* out: zeroed. */
static enum consign_err
fill_message(const struct filling *f, const struct wire_message *m, struct cursor c, uint8_t *out)
{
	while (c.pos < c.end) {
		struct cursor from = c;
		const struct wire_field *row;
		enum consign_err err;
		uint64_t key;

		if (!read_varint(&c, &key))
			return CONSIGN_E_MALFORMED;
		row = &m->fields[(key >> 3) - 1];
		err = fill_field(f, row, from, &c, out + row->offset);
		if (err != CONSIGN_OK)
			return err;
	}
	return wire_checks_hold(m, out) ? CONSIGN_OK : CONSIGN_E_MALFORMED;
}

/* ── all of it ── */

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

static enum consign_err
decode(const struct wire_message *table, struct consign_slice in, const struct filling *f, void **ret_struct)
{
	size_t budget = wire_budget_bytes(in.len);
	struct wire_cost cost;
	void *message;
	enum consign_err err;

	if (in.len > wire_longest(table))
		return CONSIGN_E_TOO_BIG;
	if (!wire_scan(table, in, &cost))
		return CONSIGN_E_MALFORMED;
	if (cost.tree > budget || cost.structs > budget)
		return CONSIGN_E_TOO_BIG;
	message = arena_alloc(f->arena, table->size);
	if (message == NULL)
		return CONSIGN_E_NO_MEMORY;
	err = fill_message(f, table, cursor_over(in), message);
	if (err == CONSIGN_OK)
		*ret_struct = message;
	return err;
}

enum consign_err
wire_decode(const struct wire_message *table, struct consign_slice in, struct arena *arena, void **ret_struct)
{
	return decode(table, in, &(struct filling){.arena = arena}, ret_struct);
}

enum consign_err
wire_decode_lent(const struct wire_message *table, struct consign_slice in, struct arena *arena, void **ret_struct)
{
	return decode(table, in, &(struct filling){.arena = arena, .may_lend = true}, ret_struct);
}
