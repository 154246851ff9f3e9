/*
 * The body of a consignment. Input: consignees and items (a byte each), then the body.
 *
 * A body that parses is its wraps and items one after the other, and nothing else; with a byte more, a byte less, an item more
 * or less, it is none.
 */
#include "fuzz.h"
#include "seal/seal.h"

static void
check_parsed(struct consign_slice body, const struct seal_body *parsed)
{
	struct buf again = {0};

	for (size_t i = 0; i < parsed->n_wraps; i++) {
		check(parsed->wraps[i].len == SEAL_WRAP_BYTES);
		check(buf_append(&again, parsed->wraps[i]) == CONSIGN_OK);
	}
	for (size_t i = 0; i < parsed->n_items; i++) {
		check(parsed->items[i].len <= CONSIGN_SEALED_MAX_BYTES);
		check(buf_append_be32(&again, (uint32_t)parsed->items[i].len) == CONSIGN_OK);
		check(buf_append(&again, parsed->items[i]) == CONSIGN_OK);
	}
	check(slice_equal(buf_slice(&again), body));
	buf_clear(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct consign_slice body = slice_of(data, size);
	size_t consignees = fuzz_byte(&body), items = fuzz_byte(&body);
	struct seal_body parsed, other;
	enum consign_err err = seal_body_parse(body, consignees, items, &parsed);

	check(err == CONSIGN_OK || err == CONSIGN_E_MALFORMED);
	if (err != CONSIGN_OK)
		return 0;
	check(parsed.n_wraps == consignees && parsed.n_items == items);
	check_parsed(body, &parsed);
	check(seal_body_parse(slice_of(body.data, body.len - 1), consignees, items, &other) == CONSIGN_E_MALFORMED);
	check(seal_body_parse(body, consignees, items + 1, &other) == CONSIGN_E_MALFORMED);
	check(seal_body_parse(body, consignees, items - 1, &other) == CONSIGN_E_MALFORMED);
	return 0;
}
