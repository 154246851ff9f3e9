/*
 * How a body is laid out (docs/PROTOCOL.md 5.3), for whoever must know the sizes of its items without being able to unseal them.
 *
 * Threads   pure
 */
#ifndef WIRE_BODY_H
#define WIRE_BODY_H

#include "core/bytes.h"

#define BODY_WRAP_BYTES 80u
#define BODY_TAG_BYTES 16u
/* The size of an item of a body that is not laid out as it must be: larger than any limit. */
#define BODY_SIZE_UNKNOWN UINT64_MAX

/*
 * The size of each item as access policies count it: of the padded plaintext, that is of its ciphertext without the tag.
 * Consignor, broker and consignee get the same numbers. ret_bytes: one for each item of the manifest.
 */
void body_sizes(struct consign_slice body, size_t consignees, size_t items, uint64_t *ret_bytes);

#endif
