/*
 * Unpacking what strangers encoded. protobuf-c would keep unknown fields, merge or overwrite repeated ones, cut a wide number to 32 bits and
 * end a text at a NUL without a word; so the bytes are walked first, by the same descriptors. Private to this room.
 */
#ifndef CATALOGUE_STRICT_H
#define CATALOGUE_STRICT_H

#include <protobuf-c/protobuf-c.h>

#include "catalogue/problems.h"
#include "core/bytes.h"

/* A number in its shortest form. Errors: MALFORMED (another form, more than 64 bits, or cut short; c is then anywhere) */
CONSIGN_MUST_CHECK enum consign_err strict_varint(struct cursor *c, uint64_t *ret_v);

/*
 * problems   NULL: the caller needs no words
 * ret_message   lives in arena
 * Errors: MALFORMED (a field unknown, given twice, of another wire type, not in shortest form, out of its range; text that is not UTF-8 or
 *         holds NUL; anything cut short; so many empty elements that no arena of BUSINESS_ARENA_BYTES would hold them), NO_MEMORY (the
 *         arena is smaller than that, or memory is out)
 */
CONSIGN_MUST_CHECK enum consign_err strict_unpack(const ProtobufCMessageDescriptor *d, struct consign_slice bytes, struct arena *arena,
    struct problems *problems, const ProtobufCMessage **ret_message);

#endif
