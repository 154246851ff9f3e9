/*
 * Payloads: what is inside an item. Not for typed business messages; in this version only x.*, opaque bytes.
 *
 * A payload comes from a stranger who is merely authentic. protobuf-c would keep unknown fields, merge or overwrite
 * repeated ones and cut a wide number to 32 bits without a word, so the bytes are walked first: every field known, at
 * most once, of its own wire type, in shortest form. Two readers of one payload then read the same, whatever library they use.
 *
 * Invariants
 *   the content is copied once: into the arena by decode, into the buffer by encode
 *   what decode gives passes the checks that encode makes
 * Source: docs/PROTOCOL.md 9.
 */
#include "catalogue/payload.h"

#include <stdio.h>
#include <string.h>

#include "consign/v1/payload.pb-c.h"
#include "core/text.h"

#define PAYLOAD_FORMAT 1u

_Static_assert(
    CONSIGN_CONTENT_MAX_BYTES + CONSIGN_NAME_MAX_BYTES + CONSIGN_MEDIA_TYPE_MAX_BYTES + 64 <= CONSIGN_PAYLOAD_MAX_BYTES,
    "the largest payload encodes within its limit");

enum field_type { FIELD_VARINT = 0, FIELD_BYTES = 2 };

/* One field as it stands on the wire: number i + 1 of its message. */
struct field {
	enum field_type type; /* what it must be */
	bool is_set;
	uint64_t number;            /* of a varint */
	struct consign_slice bytes; /* of bytes; borrowed */
};

/* The shortest form only. */
static enum consign_err
read_varint(struct cursor *c, uint64_t *ret_v)
{
	uint64_t v = 0;
	uint8_t byte;
	unsigned shift;

	for (shift = 0; shift < 64; shift += 7) {
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

/* Walks one message: each field one of these n, of its type, at most once; nothing left over. */
static enum consign_err
walk_fields(struct consign_slice in, struct field *fields, size_t n)
{
	struct cursor c = cursor_over(in);
	struct field *f;
	uint64_t tag, v;

	while (cursor_left(&c) > 0) {
		if (read_varint(&c, &tag) != CONSIGN_OK || tag >> 3 < 1 || tag >> 3 > n)
			return CONSIGN_E_MALFORMED;
		f = &fields[(tag >> 3) - 1];
		if (f->is_set || (tag & 7) != (uint64_t)f->type || read_varint(&c, &v) != CONSIGN_OK)
			return CONSIGN_E_MALFORMED;
		if (f->type == FIELD_VARINT)
			f->number = v;
		else if (v > cursor_left(&c) || cursor_take(&c, (size_t)v, &f->bytes) != CONSIGN_OK)
			return CONSIGN_E_MALFORMED;
		f->is_set = true;
	}
	return CONSIGN_OK;
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

static bool
is_token(struct consign_slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		uint8_t b = s.data[i];
		bool is_alnum = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');

		if (!is_alnum && (b == 0 || strchr("!#$%&'*+-.^_`|~", b) == NULL))
			return false;
	}
	return s.len > 0;
}

/* type/subtype, then nothing or (after blanks) a semicolon and parameters that are not looked into. Source: RFC 9110 8.3.1. */
static bool
is_media_type(struct consign_slice s)
{
	const uint8_t *slash, *end;

	if (s.len == 0)
		return true;
	if (!text_is(CHARSET_ASCII, s))
		return false;
	end = memchr(s.data, ';', s.len);
	if (end == NULL)
		end = s.data + s.len;
	else
		while (end > s.data && end[-1] == ' ')
			end--;
	slash = memchr(s.data, '/', (size_t)(end - s.data));
	return slash != NULL && is_token(slice_of(s.data, (size_t)(slash - s.data))) &&
	       is_token(slice_of(slash + 1, (size_t)(end - slash - 1)));
}

/* What every payload must keep to, known type or not. Sets ret_problem to a constant text on failure. */
static enum consign_err
check_shape(struct consign_slice media_type, struct consign_slice name, struct consign_slice content, const char **ret_problem)
{
	enum consign_err err = CONSIGN_E_TOO_BIG;
	const char *problem = NULL;

	if (content.len > CONSIGN_CONTENT_MAX_BYTES)
		problem = "the content is over 1 MiB";
	else if (name.len > CONSIGN_NAME_MAX_BYTES)
		problem = "the name is over 255 bytes";
	else if (media_type.len > CONSIGN_MEDIA_TYPE_MAX_BYTES)
		problem = "the media type is over 127 bytes";
	if (problem == NULL) {
		err = CONSIGN_E_MALFORMED;
		if (!text_is(CHARSET_UTF8, name))
			problem = "the name is not UTF-8 without control characters";
		else if (name.len > 0 && memchr(name.data, '/', name.len) != NULL)
			problem = "the name holds a slash: give the file's name, not its path";
		else if (!is_media_type(media_type))
			problem = "the media type is not of the form type/subtype[; parameters]";
	}
	if (problem == NULL)
		return CONSIGN_OK;
	*ret_problem = problem;
	return err;
}

static struct consign_slice
media_type_of(const struct payload *p)
{
	return slice_of(p->media_type, strnlen(p->media_type, sizeof p->media_type));
}

bool
payload_type_is_known(const char *type)
{
	size_t len = strlen(type);

	return len <= CONSIGN_TYPE_MAX_BYTES && len > 2 && memcmp(type, "x.", 2) == 0 && text_is(CHARSET_TYPE, slice_text(type));
}

enum consign_label
payload_least_label(const char *type)
{
	/* Only whoever made an x.* type knows what it says about treatment: the consignor's label stands. */
	(void)type;
	return CONSIGN_LABEL_OPEN;
}

enum consign_err
payload_check(const char *type, const struct payload *p, char ret_problem[256])
{
	enum consign_err err;
	const char *problem = NULL;

	if (!payload_type_is_known(type)) {
		(void)snprintf(ret_problem, 256, "unknown message type %.96s: this version carries x.* only", type);
		return CONSIGN_E_MALFORMED;
	}
	err = check_shape(media_type_of(p), p->name, p->content, &problem);
	if (err != CONSIGN_OK)
		(void)snprintf(ret_problem, 256, "%s", problem);
	return err;
}

static ProtobufCBinaryData
binary(struct consign_slice s)
{
	/* protobuf-c has no const here; packing does not write. */
	return (ProtobufCBinaryData){.len = s.len, .data = (uint8_t *)(uintptr_t)s.data};
}

enum consign_err
payload_encode(const struct payload *p, struct buf *out)
{
	Consign__V1__OpaquePayload opaque = CONSIGN__V1__OPAQUE_PAYLOAD__INIT;
	Consign__V1__Payload message = CONSIGN__V1__PAYLOAD__INIT;
	enum consign_err err;
	const char *problem;
	size_t size;

	err = check_shape(media_type_of(p), p->name, p->content, &problem);
	if (err != CONSIGN_OK)
		return err;
	opaque.media_type = binary(media_type_of(p));
	opaque.name = binary(p->name);
	opaque.content = binary(p->content);
	message.format = PAYLOAD_FORMAT;
	message.opaque = &opaque;
	size = consign__v1__payload__get_packed_size(&message);
	err = buf_reserve(out, size);
	if (err != CONSIGN_OK)
		return err;
	out->len += consign__v1__payload__pack(&message, out->data + out->len);
	return CONSIGN_OK;
}

static enum consign_err
check_bytes(struct consign_slice in)
{
	struct field outer[] = {{.type = FIELD_VARINT}, {.type = FIELD_BYTES}};
	struct field inner[] = {{.type = FIELD_BYTES}, {.type = FIELD_BYTES}, {.type = FIELD_BYTES}};
	enum consign_err err;
	const char *problem;

	if (in.len > CONSIGN_PAYLOAD_MAX_BYTES)
		return CONSIGN_E_TOO_BIG;
	err = walk_fields(in, outer, sizeof outer / sizeof outer[0]);
	if (err != CONSIGN_OK)
		return err;
	/* The number in full width: 2^32 + 1 is not format 1. */
	if (outer[0].number != PAYLOAD_FORMAT || !outer[1].is_set)
		return CONSIGN_E_MALFORMED;
	err = walk_fields(outer[1].bytes, inner, sizeof inner / sizeof inner[0]);
	if (err != CONSIGN_OK)
		return err;
	return check_shape(inner[0].bytes, inner[1].bytes, inner[2].bytes, &problem);
}

enum consign_err
payload_decode(struct consign_slice in, struct arena *arena, struct payload *ret_payload)
{
	ProtobufCAllocator allocator = {.alloc = alloc_from_arena, .free = free_with_arena, .allocator_data = arena};
	Consign__V1__Payload *message;
	struct payload p = {0};
	enum consign_err err;

	err = check_bytes(in);
	if (err != CONSIGN_OK)
		return err;
	message = consign__v1__payload__unpack(&allocator, in.len, in.data);
	/* After the walk there is nothing left to refuse: only the arena can have said no. */
	if (message == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (message->opaque->media_type.len > 0)
		memcpy(p.media_type, message->opaque->media_type.data, message->opaque->media_type.len);
	p.name = slice_of(message->opaque->name.data, message->opaque->name.len);
	p.content = slice_of(message->opaque->content.data, message->opaque->content.len);
	*ret_payload = p;
	return CONSIGN_OK;
}
