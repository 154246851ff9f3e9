/* The walk, and the unpacking after it. Recursion is bounded by the schema, which has no message in itself (test_describe.c). */
#include "catalogue/strict.h"

#include <stdio.h>

#include "catalogue/check.h"
#include "core/utf8.h"

/* Fields of one message. */
#define FIELDS_MAX 64u

/*
 * What unpacking may take of the arena: what an arena for so many bytes has (catalogue.h), less what the payload around them took of it.
 * Two bytes can stand for an element whose struct has hundreds, so a stranger could spend any arena; that is refused for good here, or it
 * would look like a lack of memory and be tried again and again.
 */
#define ROOM_BYTES(n) (BUSINESS_ARENA_BYTES(n) - (size_t)(n) - 4096u)
/* protobuf-c keeps 32 bytes for each field that it meets, in slabs that double; the first 16 are on its stack. */
#define SLAB_FIELDS 16u
#define SLAB_BYTES(fields) ((fields) > SLAB_FIELDS ? 1024u + 64u * (size_t)(fields) : 0)

struct walk {
	struct problems *problems;
	size_t room; /* what unpacking may still take */
};

static enum consign_err
bad(struct walk *w, const struct place *at, const char *field, const char *found, const char *expected)
{
	char path[PROBLEM_PATH_BYTES];

	if (w->problems != NULL) {
		place_path(at, field, path);
		problems_add_words(w->problems, path, "encoding", found, expected);
	}
	return CONSIGN_E_MALFORMED;
}

/* One piece of the arena, which aligns to 16. */
static enum consign_err
take(struct walk *w, const struct place *at, size_t bytes)
{
	size_t piece = (bytes + 15) / 16 * 16;

	if (piece > w->room)
		return bad(w, at, NULL, "more elements than bytes that say something", "elements with content");
	w->room -= piece;
	return CONSIGN_OK;
}

/* The shortest form only. */
static enum consign_err
read_varint(struct cursor *c, uint64_t *ret_v)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte;

		if (cursor_copy(c, &byte, 1) != CONSIGN_OK)
			return CONSIGN_E_MALFORMED;
		/* The tenth byte has room for one bit; a last byte of zero says nothing, and some readers refuse it. */
		if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0))
			return CONSIGN_E_MALFORMED;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret_v = v;
			return CONSIGN_OK;
		}
	}
	return CONSIGN_E_MALFORMED;
}

static enum consign_err
check_number(struct walk *w, const struct place *at, ProtobufCType type, uint64_t v)
{
	switch (type) {
	case PROTOBUF_C_TYPE_UINT32:
		return v <= UINT32_MAX ? CONSIGN_OK : bad(w, at, NULL, "a wider number", "a number of 32 bits");
	case PROTOBUF_C_TYPE_INT32:
		return v <= INT32_MAX || v >= (uint64_t)(int64_t)INT32_MIN ? CONSIGN_OK : bad(w, at, NULL, "a wider number", "a signed number of 32 bits");
	default:
		return v <= 1 ? CONSIGN_OK : bad(w, at, NULL, "another number", "true or false");
	}
}

static enum consign_err
check_text(struct walk *w, const struct place *at, struct consign_slice text)
{
	const uint8_t *p = text.data, *end = text.data + text.len;

	while (p < end) {
		uint32_t point;

		if (*p < 0x80) {
			if (*p == 0)
				return bad(w, at, NULL, "a NUL in the text", "text without NUL");
			p++;
			continue;
		}
		size_t step = utf8_step(slice_of(p, (size_t)(end - p)), &point);

		if (step == 0)
			return bad(w, at, NULL, "bytes that are not UTF-8", "text in UTF-8");
		p += step;
	}
	return CONSIGN_OK;
}

static enum consign_err walk_message(struct walk *w, const struct place *at, const ProtobufCMessageDescriptor *d, struct consign_slice bytes);

static enum consign_err
walk_value(struct walk *w, const struct place *at, const ProtobufCFieldDescriptor *f, size_t index, struct cursor *c)
{
	struct place here = {at, f->name, f->label == PROTOBUF_C_LABEL_REPEATED ? index : SIZE_MAX};
	struct consign_slice bytes;
	uint64_t v;

	if (read_varint(c, &v) != CONSIGN_OK)
		return bad(w, &here, NULL, "a number that is cut short or longer than need be", "its shortest form");
	if (f->type == PROTOBUF_C_TYPE_UINT32 || f->type == PROTOBUF_C_TYPE_INT32 || f->type == PROTOBUF_C_TYPE_BOOL)
		return check_number(w, &here, f->type, v);
	if (v > cursor_left(c) || cursor_take(c, (size_t)v, &bytes) != CONSIGN_OK)
		return bad(w, &here, NULL, "fewer bytes than it says", "all of them");
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return walk_message(w, &here, (const ProtobufCMessageDescriptor *)f->descriptor, bytes);
	if (take(w, &here, bytes.len + 1) != CONSIGN_OK)
		return CONSIGN_E_MALFORMED;
	return f->type == PROTOBUF_C_TYPE_STRING ? check_text(w, &here, bytes) : CONSIGN_OK;
}

static enum consign_err
walk_message(struct walk *w, const struct place *at, const ProtobufCMessageDescriptor *d, struct consign_slice bytes)
{
	enum consign_err err = take(w, at, d->sizeof_message);
	struct cursor c = cursor_over(bytes);
	size_t counts[FIELDS_MAX] = {0}, n = 0;
	char words[48];

	while (err == CONSIGN_OK && cursor_left(&c) > 0) {
		const ProtobufCFieldDescriptor *f;
		uint64_t tag;

		if (read_varint(&c, &tag) != CONSIGN_OK)
			return bad(w, at, NULL, "a field number that is cut short or longer than need be", "its shortest form");
		f = tag >> 3 == 0 || tag >> 3 > UINT32_MAX ? NULL : protobuf_c_message_descriptor_get_field(d, (unsigned)(tag >> 3));
		if (f == NULL) {
			snprintf(words, sizeof words, "field %llu", (unsigned long long)(tag >> 3));
			return bad(w, at, NULL, words, "a field of this version of the type");
		}
		size_t i = (size_t)(f - d->fields);
		bool is_number = f->type == PROTOBUF_C_TYPE_UINT32 || f->type == PROTOBUF_C_TYPE_INT32 || f->type == PROTOBUF_C_TYPE_BOOL;

		if ((tag & 7) != (is_number ? 0u : 2u) || i >= FIELDS_MAX)
			return bad(w, at, f->name, "another wire type", "that of the field");
		if (counts[i] > 0 && f->label != PROTOBUF_C_LABEL_REPEATED)
			return bad(w, at, f->name, "the field twice", "it once");
		err = walk_value(w, at, f, counts[i]++, &c);
		n++;
	}
	if (err != CONSIGN_OK)
		return err;
	return take(w, at, SLAB_BYTES(n));
}

/* An allocator that gives from an arena and frees with it. */
static void *
alloc_from_arena(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void
free_with_arena(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

enum consign_err
strict_unpack(const ProtobufCMessageDescriptor *d, struct consign_slice bytes, struct arena *arena, struct problems *problems,
    const ProtobufCMessage **ret_message)
{
	ProtobufCAllocator allocator = {.alloc = alloc_from_arena, .free = free_with_arena, .allocator_data = arena};
	struct walk w = {.problems = problems, .room = ROOM_BYTES(bytes.len)};
	const ProtobufCMessage *message;
	enum consign_err err = walk_message(&w, NULL, d, bytes);

	if (err != CONSIGN_OK)
		return err;
	message = protobuf_c_message_unpack(d, &allocator, bytes.len, bytes.data);
	/* After the walk there is nothing left to refuse: only the arena can have said no. */
	if (message == NULL)
		return CONSIGN_E_NO_MEMORY;
	*ret_message = message;
	return CONSIGN_OK;
}
