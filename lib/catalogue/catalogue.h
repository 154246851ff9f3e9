/*
 * Business messages: what the types are, and whether a message is one of its type.
 *
 *     const struct catalogue_type *type = catalogue_find("lab.result");
 *     err = business_from_json(type, text, arena, &problems, &message);
 *     err = err == CONSIGN_OK ? business_check(type, label, message, &problems) : err;
 *     err = err == CONSIGN_OK ? business_encode(message, &bytes) : err;
 *
 * A message is a ProtobufCMessage of the type's descriptor; nobody outside this room looks into it.
 *
 * Threads   pure; descriptions are constants
 * Security  NOT linked by the broker. Every function takes bytes of strangers; cost is bounded by their length and the arena
 * Source    docs/CATALOGUE.md, made of the same tables
 */
#ifndef CATALOGUE_CATALOGUE_H
#define CATALOGUE_CATALOGUE_H

#include <stdbool.h>

#include "catalogue/problems.h"
#include "core/bytes.h"

struct catalogue_type;
struct ProtobufCMessage;

/* What an arena for one message of n encoded (or JSON) bytes needs. */
#define BUSINESS_ARENA_BYTES(n) (64u * 1024u + 24u * (size_t)(n))

/* NULL: no such type. */
const struct catalogue_type *catalogue_find(const char *name);
/* Type i of the catalogue, in the order of names; NULL past the last. */
const struct catalogue_type *catalogue_at(size_t i);
const char *catalogue_type_name(const struct catalogue_type *t);
const char *catalogue_type_title(const struct catalogue_type *t);
/* Full name of its protobuf message: consign.v1.LabResult */
const char *catalogue_type_message(const struct catalogue_type *t);
uint32_t catalogue_type_version(const struct catalogue_type *t);
enum consign_label catalogue_type_label(const struct catalogue_type *t);

/*
 * Reads the encoded form: every field known, of its own wire type, once unless it is a list, in shortest form; text is UTF-8
 * without NUL. What an honest encoder writes passes, and two readers of the same bytes read the same.
 * ret_message   lives in arena
 * Errors: MALFORMED (problems say where), TOO_BIG, NO_MEMORY (the arena is spent)
 */
CONSIGN_MUST_CHECK enum consign_err business_decode(const struct catalogue_type *t, struct consign_slice bytes, struct arena *arena,
    struct problems *problems, const struct ProtobufCMessage **ret_message);
CONSIGN_MUST_CHECK enum consign_err business_encode(const struct ProtobufCMessage *message, struct buf *out);

/*
 * Reads the JSON form (the mapping of proto3: lowerCamelCase keys, or the names of the .proto; bytes in base64). Unknown and repeated
 * keys, null, empty texts and lists, and numbers that are no integers are problems with their path.
 * ret_message  also set when problems were found in a text that is JSON: what could be read, so that the rest can be checked too; else NULL
 * Errors: MALFORMED (problems say where), TOO_BIG, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err business_from_json(const struct catalogue_type *t, struct consign_slice text, struct arena *arena,
    struct problems *problems, const struct ProtobufCMessage **ret_message);
/* indent: 0 for one line, else blanks a level. Reading it again gives the same message. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err business_to_json(const struct ProtobufCMessage *message, unsigned indent, struct buf *out);

/*
 * Adds an original to a message that was read: name and media type are checked by business_check, size and digest are made here.
 * arena   the message's; content is borrowed for as long as the message lives
 * Errors: NO_MEMORY, TOO_BIG (more than 16 of them), MALFORMED (the message has no event)
 */
CONSIGN_MUST_CHECK enum consign_err business_attach(const struct catalogue_type *t, const struct ProtobufCMessage *message, const char *media_type,
    const char *name, struct consign_slice content, struct arena *arena);
/* An original of a message; lends for as long as the message lives. false: there is none at i. */
struct business_original {
	const char *media_type; /* "" when absent */
	const char *name;
	struct consign_slice content;
};
bool business_original(const struct catalogue_type *t, const struct ProtobufCMessage *message, size_t i, struct business_original *ret_original);

/*
 * Holds the message against its description; every problem is listed, not the first.
 * label    the message's: some fields need a higher one than their type
 * Errors: MALFORMED (there are problems)
 */
CONSIGN_MUST_CHECK enum consign_err business_check(
    const struct catalogue_type *t, enum consign_label label, const struct ProtobufCMessage *message, struct problems *problems);
/* The label that the message needs at least: of its type, and of the fields that it has. */
enum consign_label business_least_label(const struct catalogue_type *t, const struct ProtobufCMessage *message);

#endif
