/*
 * What is inside an item: an opaque file (x.*) or a business message of the catalogue.
 * NOT linked by the broker.
 * Threads   pure
 * Source    docs/PROTOCOL.md 9
 */
#ifndef CATALOGUE_PAYLOAD_H
#define CATALOGUE_PAYLOAD_H

#include "catalogue/problems.h"
#include "core/bytes.h"
#include "core/limits.h"

struct payload {
	char media_type[CONSIGN_MEDIA_TYPE_MAX_BYTES + 1]; /* type/subtype[; parameters], printable ASCII; may be empty */
	struct consign_slice name;                         /* UTF-8, no control characters, no slash; may be empty */
	struct consign_slice content;                      /* opaque: 0 to CONSIGN_CONTENT_MAX_BYTES; else the encoded message */
	uint32_t version;                                  /* 0: opaque. Else of the type's description; name is empty then */
};

/* Media types of business messages at the local door. The second is how they are stored and given out. */
#define PAYLOAD_JSON "application/json"
#define PAYLOAD_PROTOBUF "application/protobuf"

/* Whether this version knows the type: one of the catalogue, or "x." and at least one more part. */
bool payload_type_is_known(const char *type);
/* The least label of the type itself; a message may need a higher one. */
enum consign_label payload_least_label(const char *type);

/*
 * What a tool handed in, checked and encoded: at the consignor, before anything is promised.
 * handed      media type application/json: the JSON form of a business message; application/protobuf or none: its encoded form
 * wish        0: the least label that the message needs
 * arena       of what is unpacked meanwhile; may be NULL for a type that is not in the catalogue
 * plain       appended: the encoded payload
 * ret_label   the label it goes under
 * Errors: MALFORMED (problems say what), TOO_BIG (problems say so too), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err payload_make(const char *type, const struct payload *handed, enum consign_label wish, struct arena *arena,
    struct problems *problems, struct buf *plain, enum consign_label *ret_label);
/*
 * What arrived, checked in the same way: at the consignee, before it is accepted. ret_payload's slices are lent from plain.
 * Errors: MALFORMED, TOO_BIG (problems say what), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err payload_accept(const char *type, enum consign_label label, struct consign_slice plain, struct arena *arena,
    struct problems *problems, struct payload *ret_payload);

/* The bytes of a payload, and back. ret_payload's slices live in arena. Errors: MALFORMED, TOO_BIG, NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err payload_encode(const struct payload *p, struct buf *out);
CONSIGN_MUST_CHECK enum consign_err payload_decode(struct consign_slice in, struct arena *arena, struct payload *ret_payload);

#endif
