#include "wire/body.h"

static bool
read_sizes(struct consign_slice body, size_t consignees, size_t items, uint64_t *ret_bytes)
{
	struct cursor c = cursor_over(body);
	struct consign_slice part;
	uint32_t len;

	for (size_t i = 0; i < consignees; i++)
		if (cursor_take(&c, BODY_WRAP_BYTES, &part) != CONSIGN_OK)
			return false;
	for (size_t i = 0; i < items; i++) {
		if (cursor_be32(&c, &len) != CONSIGN_OK || len <= BODY_TAG_BYTES || cursor_take(&c, len, &part) != CONSIGN_OK)
			return false;
		ret_bytes[i] = len - BODY_TAG_BYTES;
	}
	return cursor_left(&c) == 0;
}

void
body_sizes(struct consign_slice body, size_t consignees, size_t items, uint64_t *ret_bytes)
{
	if (read_sizes(body, consignees, items, ret_bytes))
		return;
	for (size_t i = 0; i < items; i++)
		ret_bytes[i] = BODY_SIZE_UNKNOWN;
}
