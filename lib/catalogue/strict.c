/* The walk, and the unpacking after it. Recursion is bounded by the schema, which has no message in itself (test_describe.c). */
#include "catalogue/strict.h"

#include <stdio.h>
#include <string.h>

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
/* protobuf-c notes each field that it meets in 32 bytes: the first 16 on its stack, the others in slabs for 32, 64, 128 … */
#define NOTE_BYTES 32u
#define NOTES_ON_STACK 16u
#define NOTES_OF_FIRST_SLAB 32u
/* A piece of an arena, which aligns to 16. */
#define PIECE_BYTES(n) (((size_t)(n) + 15) / 16 * 16)

/* Where the walk is: a message and the way there; written out only for a problem. */
struct walk {
	struct place at;
	struct problems *problems;
	size_t *room; /* bytes of arena that the message may still take */
};

/* index: of a list; SIZE_MAX otherwise. field NULL: the message itself */
static enum consign_err
bad(const struct walk *w, const char *field, size_t index, const char *found, const char *expected)
{
	struct place here = {&w->at, field, index};
	char path[PROBLEM_PATH_BYTES];

	if (w->problems != NULL) {
		place_path(field == NULL ? &w->at : &here, NULL, path);
		problems_add_words(w->problems, path, "encoding", found, expected);
	}
	return CONSIGN_E_MALFORMED;
}

enum consign_err
strict_varint(struct cursor *c, uint64_t *ret_v)
{
	const uint8_t *p = c->pos;
	uint64_t v = 0;

	if (p < c->end && *p < 0x80) { /* nearly all of them */
		*ret_v = *p;
		c->pos = p + 1;
		return CONSIGN_OK;
	}
	for (unsigned shift = 0; shift < 64 && p < c->end; shift += 7) {
		uint8_t byte = *p++;

		/* The tenth byte has room for one bit; a last byte of zero says nothing, and some readers refuse it. */
		if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0))
			return CONSIGN_E_MALFORMED;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret_v = v;
			c->pos = p;
			return CONSIGN_OK;
		}
	}
	return CONSIGN_E_MALFORMED;
}

static enum consign_err
charge(const struct walk *w, const char *field, size_t index, size_t bytes)
{
	if (bytes > *w->room)
		return bad(w, field, index, "more parts than a message of its size may have", "fewer empty elements");
	*w->room -= bytes;
	return CONSIGN_OK;
}

static enum consign_err
check_number(const struct walk *w, const ProtobufCFieldDescriptor *f, uint64_t v)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_UINT32:
		return v <= UINT32_MAX ? CONSIGN_OK : bad(w, f->name, SIZE_MAX, "a wider number", "a number of 32 bits");
	case PROTOBUF_C_TYPE_INT32:
		return v <= INT32_MAX || v >= (uint64_t)(int64_t)INT32_MIN ? CONSIGN_OK
									   : bad(w, f->name, SIZE_MAX, "a wider number", "a signed number of 32 bits");
	default:
		return v <= 1 ? CONSIGN_OK : bad(w, f->name, SIZE_MAX, "another number", "true or false");
	}
}

static enum consign_err
check_text(const struct walk *w, const char *field, size_t index, struct consign_slice text)
{
	const uint8_t *p = text.data, *end = text.data + text.len;

	while (p < end) {
		uint32_t point;

		if (*p < 0x80) {
			if (*p == 0)
				return bad(w, field, index, "a NUL in the text", "text without NUL");
			p++;
			continue;
		}
		size_t step = utf8_step(slice_of(p, (size_t)(end - p)), &point);

		if (step == 0)
			return bad(w, field, index, "bytes that are not UTF-8", "text in UTF-8");
		p += step;
	}
	return CONSIGN_OK;
}

static enum consign_err walk_message(const struct walk *w, const ProtobufCMessageDescriptor *d, struct consign_slice bytes);

static enum consign_err
walk_value(const struct walk *w, const ProtobufCFieldDescriptor *f, size_t index, struct cursor *c)
{
	const ProtobufCMessageDescriptor *d = f->type == PROTOBUF_C_TYPE_MESSAGE ? (const ProtobufCMessageDescriptor *)f->descriptor : NULL;
	struct consign_slice bytes;
	uint64_t v;

	if (strict_varint(c, &v) != CONSIGN_OK)
		return bad(w, f->name, index, "a number that is cut short or longer than need be", "its shortest form");
	if (f->type == PROTOBUF_C_TYPE_UINT32 || f->type == PROTOBUF_C_TYPE_INT32 || f->type == PROTOBUF_C_TYPE_BOOL)
		return check_number(w, f, v);
	if (v > cursor_left(c) || cursor_take(c, (size_t)v, &bytes) != CONSIGN_OK)
		return bad(w, f->name, index, "fewer bytes than it says", "all of them");
	/* A list also has an array of pointers: 16 for its beginning, 8 for each. */
	if (charge(w, f->name, index, PIECE_BYTES(d == NULL ? bytes.len + 1 : d->sizeof_message) + (index == SIZE_MAX ? 0 : index == 0 ? 24 : 8)) !=
	    CONSIGN_OK)
		return CONSIGN_E_MALFORMED;
	if (f->type == PROTOBUF_C_TYPE_STRING)
		return check_text(w, f->name, index, bytes);
	if (d == NULL)
		return CONSIGN_OK;
	struct walk inner = {{&w->at, f->name, index}, w->problems, w->room};

	return walk_message(&inner, d, bytes);
}

/* The field of a tag's number; `guess` is where an honest encoder would be. NULL: none. */
static const ProtobufCFieldDescriptor *
field_of(const ProtobufCMessageDescriptor *d, uint64_t number, size_t guess)
{
	if (guess < d->n_fields && d->fields[guess].id == number)
		return &d->fields[guess];
	return number == 0 || number > UINT32_MAX ? NULL : protobuf_c_message_descriptor_get_field(d, (unsigned)number);
}

static size_t
slab_bytes(size_t fields)
{
	size_t notes = 0;

	for (size_t slab = NOTES_OF_FIRST_SLAB; fields > NOTES_ON_STACK + notes; slab *= 2)
		notes += slab;
	return notes * NOTE_BYTES;
}

static enum consign_err
walk_message(const struct walk *w, const ProtobufCMessageDescriptor *d, struct consign_slice bytes)
{
	struct cursor c = cursor_over(bytes);
	size_t last = SIZE_MAX, n = 0; /* the field before; how many */
	uint32_t counts[FIELDS_MAX];
	enum consign_err err = CONSIGN_OK;
	char words[48];

	memset(counts, 0, (d->n_fields < FIELDS_MAX ? d->n_fields : FIELDS_MAX) * sizeof counts[0]);
	while (err == CONSIGN_OK && cursor_left(&c) > 0) {
		const ProtobufCFieldDescriptor *f;
		uint64_t tag;

		if (strict_varint(&c, &tag) != CONSIGN_OK)
			return bad(w, NULL, SIZE_MAX, "a field number that is cut short or longer than need be", "its shortest form");
		f = field_of(d, tag >> 3, last != SIZE_MAX && d->fields[last].id == tag >> 3 ? last : last + 1);
		if (f == NULL) {
			snprintf(words, sizeof words, "field %llu", (unsigned long long)(tag >> 3));
			return bad(w, NULL, SIZE_MAX, words, "a field of this version of the type");
		}
		size_t i = (size_t)(f - d->fields);
		bool is_number = f->type == PROTOBUF_C_TYPE_UINT32 || f->type == PROTOBUF_C_TYPE_INT32 || f->type == PROTOBUF_C_TYPE_BOOL;

		if ((tag & 7) != (is_number ? 0u : 2u) || i >= FIELDS_MAX)
			return bad(w, f->name, SIZE_MAX, "another wire type", "that of the field");
		bool is_list = f->label == PROTOBUF_C_LABEL_REPEATED;

		if (counts[i] > 0 && !is_list)
			return bad(w, f->name, SIZE_MAX, "the field twice", "it once");
		last = i;
		err = walk_value(w, f, is_list ? counts[i] : SIZE_MAX, &c);
		counts[i]++;
		n++;
	}
	return err == CONSIGN_OK ? charge(w, NULL, SIZE_MAX, slab_bytes(n)) : err;
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
	size_t room = ROOM_BYTES(bytes.len);
	struct walk w = {.at = {NULL, NULL, SIZE_MAX}, .problems = problems, .room = &room};
	const ProtobufCMessage *message;
	enum consign_err err = walk_message(&w, d, bytes);

	if (err != CONSIGN_OK)
		return err;
	message = protobuf_c_message_unpack(d, &allocator, bytes.len, bytes.data);
	/* After the walk there is nothing left to refuse: only the arena can have said no. */
	if (message == NULL)
		return CONSIGN_E_NO_MEMORY;
	*ret_message = message;
	return CONSIGN_OK;
}
