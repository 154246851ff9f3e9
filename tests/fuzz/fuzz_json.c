/*
 * The JSON form. Input: one byte that picks the type, then text.
 *
 * What is read must come out again and be read as the same message; what jansson cannot read we must not read; and a refusal
 * names a problem.
 */
#include <jansson.h>
#include <stdlib.h>

#include "catalogue/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool is_so)
{
	if (!is_so)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = {0};
	struct arena *arena = NULL;
	const struct ProtobufCMessage *message = NULL, *again;
	struct buf text = {0}, first = {0}, second = {0};
	size_t n = 0;
	enum consign_err err;

	while (catalogue_at(n) != NULL)
		n++;
	if (size == 0 || arena_new(BUSINESS_ARENA_BYTES(4 * size), &arena) != CONSIGN_OK)
		return 0;
	const struct catalogue_type *type = catalogue_at(data[0] % n);
	struct consign_slice json = slice_of(data + 1, size - 1);

	err = business_from_json(type, json, arena, &problems, &message);
	check((err == CONSIGN_OK) == (problems.total == 0) || err == CONSIGN_E_NO_MEMORY);
	/* What was read of a text with problems can be checked too. */
	if (err == CONSIGN_E_MALFORMED && message != NULL)
		(void)!business_check(type, business_least_label(type, message), message, &problems);
	if (err == CONSIGN_OK) {
		json_t *value = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, NULL);

		check(value != NULL);
		json_decref(value);
		check(business_encode(message, &first) == CONSIGN_OK);
		check(business_to_json(message, 2, &text) == CONSIGN_OK);
		check(business_from_json(type, buf_slice(&text), arena, &problems, &again) == CONSIGN_OK);
		check(business_encode(again, &second) == CONSIGN_OK);
		check(slice_equal(buf_slice(&first), buf_slice(&second)));
		(void)!business_check(type, CONSIGN_LABEL_OPEN, message, &problems);
	}
	problems_clear(&problems);
	arena_free(&arena);
	buf_clear(&text);
	buf_clear(&first);
	buf_clear(&second);
	return 0;
}
