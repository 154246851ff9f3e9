/* The forms of a business message: encoded, JSON. The work is in strict.c, json_read.c and json_write.c. */
#include <stdio.h>
#include <string.h>

#include "catalogue/catalogue.h"
#include "catalogue/describe.h"
#include "catalogue/json.h"
#include "catalogue/strict.h"
#include "consign/v1/parts.pb-c.h"
#include "core/limits.h"
#include "core/sign.h"

enum consign_err
business_decode(const struct catalogue_type *t, struct consign_slice bytes, struct arena *arena, struct problems *problems,
    const ProtobufCMessage **ret_message)
{
	if (bytes.len > CONSIGN_CONTENT_MAX_BYTES + BUSINESS_FIELDS_MAX_BYTES) {
		problems_add_words(problems, "", "length", "more", "up to 1 MiB of originals and 60 KiB of fields");
		return CONSIGN_E_TOO_BIG;
	}
	return strict_unpack(t->message.descriptor, bytes, arena, problems, ret_message);
}

enum consign_err
business_encode(const ProtobufCMessage *message, struct buf *out)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	enum consign_err err = buf_reserve(out, size);

	/* A message without a field is no bytes, and there may be no buffer yet. */
	if (err == CONSIGN_OK && size > 0)
		out->len += protobuf_c_message_pack(message, out->data + out->len);
	return err;
}

enum consign_err
business_from_json(const struct catalogue_type *t, struct consign_slice text, struct arena *arena, struct problems *problems,
    const ProtobufCMessage **ret_message)
{
	ProtobufCMessage *message = NULL;
	enum consign_err err = json_read(t->message.descriptor, text, arena, problems, &message);

	*ret_message = message;
	return err;
}

enum consign_err
business_to_json(const ProtobufCMessage *message, unsigned indent, struct buf *out)
{
	return json_write(message, indent, out);
}

/* ── originals ── */

/* Field 1 of every type is its event (describe.h), so the first pointer behind the header is. */
static Consign__V1__Event *
event_of(const struct catalogue_type *t, const ProtobufCMessage *message)
{
	return *(Consign__V1__Event *const *)(const void *)((const uint8_t *)message + t->message.descriptor->fields[0].offset);
}

static char *
copy_text(struct arena *arena, const char *text)
{
	return (char *)(uintptr_t)arena_copy(arena, slice_text(text)).data;
}

enum consign_err
business_attach(const struct catalogue_type *t, const ProtobufCMessage *message, const char *media_type, const char *name,
    struct consign_slice content, struct arena *arena)
{
	Consign__V1__Event *event = event_of(t, message);
	Consign__V1__Original *original = arena_alloc(arena, sizeof *original), **all;
	struct consign_hash digest;
	char hex[65];

	if (event == NULL || original == NULL)
		return event == NULL ? CONSIGN_E_MALFORMED : CONSIGN_E_NO_MEMORY;
	if (event->n_originals >= CONSIGN_ORIGINALS_MAX)
		return CONSIGN_E_TOO_BIG;
	all = arena_alloc(arena, (event->n_originals + 1) * sizeof(Consign__V1__Original *));
	if (all == NULL)
		return CONSIGN_E_NO_MEMORY;
	consign__v1__original__init(original);
	hash_sha256(content, &digest);
	for (size_t i = 0; i < sizeof digest.b; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest.b[i]);
	original->media_type = copy_text(arena, media_type);
	original->name = copy_text(arena, name);
	original->sha256 = copy_text(arena, hex);
	if (original->media_type == NULL || original->name == NULL || original->sha256 == NULL)
		return CONSIGN_E_NO_MEMORY;
	original->has_size = 1;
	original->size = (uint32_t)content.len;
	original->has_content = 1;
	original->content = (ProtobufCBinaryData){content.len, (uint8_t *)(uintptr_t)content.data};
	if (event->n_originals > 0)
		memcpy(all, event->originals, event->n_originals * sizeof *all);
	all[event->n_originals] = original;
	event->originals = all;
	event->n_originals++;
	return CONSIGN_OK;
}

bool
business_original(const struct catalogue_type *t, const ProtobufCMessage *message, size_t i, struct business_original *ret_original)
{
	const Consign__V1__Event *event = event_of(t, message);

	if (event == NULL || i >= event->n_originals)
		return false;
	const Consign__V1__Original *o = event->originals[i];

	*ret_original = (struct business_original){o->media_type == NULL ? "" : o->media_type, o->name == NULL ? "" : o->name,
	    o->has_content ? slice_of(o->content.data, o->content.len) : (struct consign_slice){0}};
	return true;
}
