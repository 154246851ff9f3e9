/*
 * What is inside an item. In this version: x.* types, opaque bytes with a media type and a name.
 * NOT linked by the broker.
 * Threads   pure
 * Source    docs/PROTOCOL.md 9
 */
#ifndef CATALOGUE_PAYLOAD_H
#define CATALOGUE_PAYLOAD_H

#include "core/bytes.h"
#include "core/limits.h"

struct payload {
	char media_type[CONSIGN_MEDIA_TYPE_MAX_BYTES + 1]; /* type/subtype[; parameters], printable ASCII; may be empty */
	struct consign_slice name;                         /* UTF-8, no control characters, no slash; may be empty */
	struct consign_slice content;                      /* 0 to CONSIGN_CONTENT_MAX_BYTES */
};

/* Whether this version knows the type ("x." and at least one more part), and its least label. */
bool payload_type_is_known(const char *type);
enum consign_label payload_least_label(const char *type);
/* Checks against the rules of the type; ret_problem (256 bytes) says what is wrong. Errors: MALFORMED, TOO_BIG */
CONSIGN_MUST_CHECK enum consign_err payload_check(const char *type, const struct payload *p, char ret_problem[256]);
CONSIGN_MUST_CHECK enum consign_err payload_encode(const struct payload *p, struct buf *out);
/* ret_payload's slices live in arena. Errors: MALFORMED, TOO_BIG, NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err payload_decode(struct consign_slice in, struct arena *arena, struct payload *ret_payload);

#endif
