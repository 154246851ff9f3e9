/*
 * JSON both ways, for any message of the catalogue: one reader and one writer over the descriptors that protoc-c makes. Behind
 * business_from_json and business_to_json; private to this room and its tests. Not for checking a message: check.c does that.
 *
 * A message is an object, a list is a list, bytes are base64, keys are lowerCamelCase of the names in the .proto, or those names.
 * Own code because jansson's load and dump together ran at 17 MB/s where 150 are asked for.
 *
 * Descriptors   optional string, bytes, bool, uint32, int32 and message without defaults; repeated string and message
 * Threads       pure
 */
#ifndef CATALOGUE_JSON_H
#define CATALOGUE_JSON_H

#include <protobuf-c/protobuf-c.h>

#include "catalogue/catalogue.h"

/* Fields of one message; more are our own mistake. */
#define JSON_FIELDS_MAX 256u

/*
 * Reads a text that is one message and nothing else. What is wrong is listed with its JSON path and one of the rules "json"
 * (syntax, which ends the reading, and text that is none), "unknown", "duplicate", "kind", "range", "empty", "base64", "count".
 * ret_message   lives in arena. Also set with MALFORMED when the text is JSON: what could be read, with an
 *               empty element where one of a list could not be; untouched otherwise
 * Errors: MALFORMED (problems were added), TOO_BIG (over CONSIGN_LOCAL_CONTENT_MAX_BYTES; nothing is read), NO_MEMORY (the arena is
 * spent), USAGE (a descriptor with other fields)
 */
CONSIGN_MUST_CHECK enum consign_err json_read(const ProtobufCMessageDescriptor *descriptor, struct consign_slice text,
    struct arena *arena, struct problems *problems, ProtobufCMessage **ret_message);

/*
 * Appends the message, fields in the order of their numbers. indent: 0 for one line without blanks, else blanks a level. Text
 * must be UTF-8. out is unchanged on failure. Errors: NO_MEMORY, USAGE
 */
CONSIGN_MUST_CHECK enum consign_err json_write(const ProtobufCMessage *message, unsigned indent, struct buf *out);

/* The rest is what reader and writer share. */

/* The letter that stands for _x in lowerCamelCase; name is at the underscore. One at the end stands for itself. */
static inline char
json_key_hump(const char *name)
{
	char c = name[1];

	if (c == '\0')
		return '_';
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* The length of the name in lowerCamelCase when the text begins with it, else 0. Here, because half of a message is keys. */
static inline size_t
json_key_match(const char *name, const uint8_t *text, size_t len)
{
	for (size_t i = 0;; i++, name++) {
		uint8_t c = (uint8_t)*name;

		while (i < len && c == text[i] && c >= 'a') {
			name++;
			i++;
			c = (uint8_t)*name;
		}
		if (c == '\0')
			return i;
		if (c == '_') {
			c = (uint8_t)json_key_hump(name);
			name += name[1] != '\0';
		}
		if (i == len || text[i] != c)
			return 0;
	}
}

/* Whether the key is the name as in the .proto, or in lowerCamelCase. */
bool json_key_is(const char *name, struct consign_slice key);
/* Writes the name in lowerCamelCase with a NUL, cut to size, and gives its length. */
size_t json_key_put(const char *name, char *ret_key, size_t size);

/*
 * Standard base64 with padding whose unused bits are zero (RFC 4648 4), faster than that of core/text.h and without growing a
 * buffer. ret_bytes has room for text.len / 4 * 3 bytes, and holds nothing of use when the text is something else (false).
 */
bool json_base64_decode(struct consign_slice text, uint8_t *ret_bytes, size_t *ret_len);
/* ret_text has room for (bytes.len + 2) / 3 * 4 bytes: its length. */
void json_base64_encode(struct consign_slice bytes, uint8_t *ret_text);

/* Whether a descriptor's field is of a kind that both know. */
static inline bool
json_knows(const ProtobufCFieldDescriptor *f)
{
	const unsigned lists = 1u << PROTOBUF_C_TYPE_STRING | 1u << PROTOBUF_C_TYPE_MESSAGE;
	const unsigned singles = lists | 1u << PROTOBUF_C_TYPE_BYTES | 1u << PROTOBUF_C_TYPE_BOOL | 1u << PROTOBUF_C_TYPE_UINT32 |
				 1u << PROTOBUF_C_TYPE_INT32;
	unsigned kinds = f->label == PROTOBUF_C_LABEL_OPTIONAL ? singles : f->label == PROTOBUF_C_LABEL_REPEATED ? lists : 0;

	return (kinds >> f->type & 1) != 0 && f->default_value == NULL && (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0;
}

#endif
