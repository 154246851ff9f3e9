/*
 * Encode by tables: a tree of generated structs that borrow from ours, in a temporary arena, and protobuf-c packs it.
 * Every rule that decode holds a peer to is held here to our own code first. Source: docs/PROTOCOL.md 2.
 */
#include <protobuf-c/protobuf-c.h>
#include <string.h>

#include "wire/engine.h"

static enum consign_err
build_message(const struct wire_message *m, const void *in, struct arena *arena, ProtobufCMessage **ret_tree);

/* The bytes of a member or element, borrowed. False when a text has no end. */
static bool
bytes_of(const struct wire_field *f, const uint8_t *in, struct consign_slice *ret_s)
{
	if (f->kind == WIRE_BYTES)
		memcpy(ret_s, in, sizeof(*ret_s));
	else if (f->kind == WIRE_FIXED)
		*ret_s = slice_of(in, f->size);
	else
		*ret_s = slice_of(in, strnlen((const char *)in, f->size));
	return f->kind != WIRE_TEXT || ret_s->len < f->size;
}

static ProtobufCBinaryData
lend(struct consign_slice s)
{
	return (ProtobufCBinaryData){.len = s.len, .data = (uint8_t *)(uintptr_t)s.data}; /* packing reads only */
}

static enum consign_err
build_bytes_list(const struct wire_field *f, const struct wire_list *list, struct arena *arena, void **ret_elements)
{
	ProtobufCBinaryData *bytes = arena_alloc(arena, list->n * sizeof(*bytes));
	struct consign_slice s;

	if (bytes == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < list->n; i++) {
		if (!bytes_of(f, (const uint8_t *)list->v + i * f->size, &s) || !wire_bytes_fit(f, s))
			return CONSIGN_E_MALFORMED;
		bytes[i] = lend(s);
	}
	*ret_elements = bytes;
	return CONSIGN_OK;
}

static enum consign_err
build_message_list(const struct wire_field *f, const struct wire_list *list, struct arena *arena, void **ret_elements)
{
	ProtobufCMessage **trees = arena_alloc(arena, list->n * sizeof(ProtobufCMessage *));
	void *const *messages = list->v;
	enum consign_err err;

	if (trees == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < list->n; i++) {
		if (messages[i] == NULL)
			return CONSIGN_E_MALFORMED;
		err = build_message(f->sub, messages[i], arena, &trees[i]);
		if (err != CONSIGN_OK)
			return err;
	}
	*ret_elements = trees;
	return CONSIGN_OK;
}

static enum consign_err
build_list(const struct wire_field *f, const struct wire_list *list, struct arena *arena, void **ret_elements)
{
	const uint32_t *numbers = list->v;

	if (list->n < f->min_count || list->n > f->max_count || (list->n > 0 && list->v == NULL))
		return CONSIGN_E_MALFORMED;
	if (list->n == 0)
		return CONSIGN_OK;
	if (f->kind == WIRE_MESSAGE)
		return build_message_list(f, list, arena, ret_elements);
	if (f->kind != WIRE_U32)
		return build_bytes_list(f, list, arena, ret_elements);
	for (size_t i = 0; i < list->n; i++)
		if (!wire_number_fits(f, numbers[i]))
			return CONSIGN_E_MALFORMED;
	*ret_elements = list->v;
	return CONSIGN_OK;
}

/* A number, bytes or a message, once; ret_present says whether it goes out. */
static enum consign_err
build_single(const struct wire_field *f, const uint8_t *in, struct arena *arena, uint8_t *member, bool *ret_present)
{
	struct consign_slice s;
	ProtobufCBinaryData bytes;
	ProtobufCMessage *tree = NULL;
	const void *message;
	uint64_t v = 0;
	enum consign_err err = CONSIGN_OK;

	if (f->kind == WIRE_MESSAGE) {
		memcpy(&message, in, sizeof(message));
		if (message != NULL)
			err = build_message(f->sub, message, arena, &tree);
		if (err != CONSIGN_OK)
			return err;
		memcpy(member, &tree, sizeof(tree));
		*ret_present = tree != NULL;
		return CONSIGN_OK;
	}
	if (f->kind == WIRE_U32 || f->kind == WIRE_U64) {
		if (f->kind == WIRE_U32)
			v = *(const uint32_t *)(const void *)in;
		else
			v = *(const uint64_t *)(const void *)in;
		if (v != 0 && !wire_number_fits(f, v))
			return CONSIGN_E_MALFORMED;
		memcpy(member, in, f->size);
		*ret_present = v != 0;
		return CONSIGN_OK;
	}
	if (!bytes_of(f, in, &s) || (s.len > 0 && (s.data == NULL || !wire_bytes_fit(f, s))))
		return CONSIGN_E_MALFORMED;
	bytes = lend(s);
	memcpy(member, &bytes, sizeof(bytes));
	*ret_present = s.len > 0;
	return CONSIGN_OK;
}

static enum consign_err
build_field(const struct wire_field *f, const ProtobufCFieldDescriptor *d, const uint8_t *in, struct arena *arena,
    ProtobufCMessage *tree, uint32_t *ret_count)
{
	uint8_t *member = (uint8_t *)tree + d->offset;
	struct wire_list list;
	void *elements = NULL;
	bool is_present = false;
	enum consign_err err;

	if (!f->is_repeated) {
		err = build_single(f, in, arena, member, &is_present);
		if (err == CONSIGN_OK)
			*ret_count = is_present;
		return err;
	}
	memcpy(&list, in, sizeof(list));
	err = build_list(f, &list, arena, &elements);
	if (err != CONSIGN_OK)
		return err;
	memcpy(member, &elements, sizeof(elements));
	memcpy((uint8_t *)tree + d->quantifier_offset, &list.n, sizeof(list.n));
	*ret_count = (uint32_t)list.n; /* at most f->max_count */
	return CONSIGN_OK;
}

static enum consign_err
build_message(const struct wire_message *m, const void *in, struct arena *arena, ProtobufCMessage **ret_tree)
{
	uint32_t counts[WIRE_FIELDS_MAX] = {0};
	ProtobufCMessage *tree = arena_alloc(arena, m->descriptor->sizeof_message);
	enum consign_err err;

	if (tree == NULL)
		return CONSIGN_E_NO_MEMORY;
	protobuf_c_message_init(m->descriptor, tree);
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];
		err = build_field(f, &m->descriptor->fields[i], (const uint8_t *)in + f->offset, arena, tree, &counts[i]);
		if (err != CONSIGN_OK)
			return err;
	}
	if (!wire_counts_hold(m, counts) || !wire_checks_hold(m, in))
		return CONSIGN_E_MALFORMED;
	*ret_tree = tree;
	return CONSIGN_OK;
}

static enum consign_err
pack(const struct wire_message *table, const ProtobufCMessage *tree, struct buf *out)
{
	size_t len = protobuf_c_message_get_packed_size(tree);
	enum consign_err err;

	if (len > wire_longest(table))
		return CONSIGN_E_TOO_BIG;
	err = buf_reserve(out, len);
	if (err != CONSIGN_OK)
		return err;
	if (len > 0)
		out->len += protobuf_c_message_pack(tree, out->data + out->len);
	return CONSIGN_OK;
}

enum consign_err
wire_encode(const struct wire_message *table, const void *in, struct buf *out)
{
	struct arena *arena = NULL;
	ProtobufCMessage *tree;
	enum consign_err err;

	err = arena_new(wire_budget_bytes(wire_longest(table)), &arena);
	if (err != CONSIGN_OK)
		return err;
	err = build_message(table, in, arena, &tree);
	if (err == CONSIGN_OK)
		err = pack(table, tree, out);
	arena_free(&arena);
	return err;
}
