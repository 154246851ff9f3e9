/*
 * The encoded form and the validation. Input: one byte that picks the type, then bytes.
 *
 * What is read is packed again, unpacked as the same, rendered, and held against its description; a message that passes its check
 * under the label that it needs passes it at the consignee too, and goes through JSON unchanged.
 */
#include <stdlib.h>

#include "catalogue/catalogue.h"
#include "catalogue/payload.h"
#include "catalogue/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool is_so)
{
	if (!is_so)
		abort();
}

/* A message that holds: both ends agree on it, and JSON is only another form of it. */
static void
check_sent(const struct catalogue_type *type, const struct ProtobufCMessage *message, struct consign_slice packed, enum consign_label label)
{
	struct payload handed = {.content = packed}, got;
	const struct ProtobufCMessage *again;
	struct problems problems = {0};
	struct buf plain = {0}, json = {0}, repacked = {0};
	struct arena *arena = NULL;
	enum consign_label under;

	check(arena_new(BUSINESS_ARENA_BYTES(16 * packed.len + 4096), &arena) == CONSIGN_OK);
	check(payload_make(catalogue_type_name(type), &handed, 0, arena, &problems, &plain, &under) == CONSIGN_OK && under == label);
	check(payload_accept(catalogue_type_name(type), under, buf_slice(&plain), arena, &problems, &got) == CONSIGN_OK);
	check(slice_equal(got.content, packed));
	check(business_to_json(message, 0, &json) == CONSIGN_OK);
	check(business_from_json(type, buf_slice(&json), arena, &problems, &again) == CONSIGN_OK);
	check(business_encode(again, &repacked) == CONSIGN_OK);
	check(slice_equal(buf_slice(&repacked), packed));
	arena_free(&arena);
	buf_clear(&plain);
	buf_clear(&json);
	buf_clear(&repacked);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = {0};
	struct arena *arena = NULL;
	const struct ProtobufCMessage *message, *again;
	struct buf packed = {0}, text = {0};
	size_t n = 0;

	while (catalogue_at(n) != NULL)
		n++;
	if (size == 0 || arena_new(BUSINESS_ARENA_BYTES(16 * size), &arena) != CONSIGN_OK)
		return 0;
	const struct catalogue_type *type = catalogue_at(data[0] % n);
	enum consign_err err = business_decode(type, slice_of(data + 1, size - 1), arena, &problems, &message);

	if (err != CONSIGN_OK) {
		check(err == CONSIGN_E_NO_MEMORY || problems.total > 0);
	} else {
		enum consign_label label = business_least_label(type, message);

		check(business_encode(message, &packed) == CONSIGN_OK);
		check(business_decode(type, buf_slice(&packed), arena, &problems, &again) == CONSIGN_OK);
		check(render_message(type, message, &text) == CONSIGN_OK);
		if (business_check(type, label, message, &problems) == CONSIGN_OK)
			check_sent(type, message, buf_slice(&packed), label);
		else
			check(problems.total > 0);
	}
	problems_clear(&problems);
	arena_free(&arena);
	buf_clear(&packed);
	buf_clear(&text);
	return 0;
}
