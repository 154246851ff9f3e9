/*
 * What is inside an item. Input: the payload.
 *
 * What decodes encodes again, and that decodes to the same and is its own encoding.
 */
#include "catalogue/payload.h"
#include "fuzz.h"

static void
check_same(const struct payload *a, const struct payload *b)
{
	check(strcmp(a->media_type, b->media_type) == 0 && slice_equal(a->name, b->name));
	check(slice_equal(a->content, b->content) && a->version == b->version);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = {0}, second = {0};
	struct payload payload, again;
	struct arena *arena = NULL;
	enum consign_err err;

	check(arena_new(65536 + 16 * size, &arena) == CONSIGN_OK);
	err = payload_decode(slice_of(data, size), arena, &payload);
	check(err == CONSIGN_OK || err == CONSIGN_E_MALFORMED || err == CONSIGN_E_TOO_BIG);
	if (err == CONSIGN_OK) {
		check(payload.name.len <= CONSIGN_NAME_MAX_BYTES && memchr(payload.media_type, '\0', sizeof payload.media_type) != NULL);
		check(payload.version == 0 || payload.name.len == 0);
		check(payload_encode(&payload, &first) == CONSIGN_OK);
		check(payload_decode(buf_slice(&first), arena, &again) == CONSIGN_OK);
		check_same(&payload, &again);
		check(payload_encode(&again, &second) == CONSIGN_OK && slice_equal(buf_slice(&first), buf_slice(&second)));
	}
	arena_free(&arena);
	buf_clear(&first);
	buf_clear(&second);
	return 0;
}
