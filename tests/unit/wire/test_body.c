/* The sizes of the items of a body, as policies count them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/body.h"

enum { ITEMS = 3 };

/* Two wraps, then items of these lengths. */
static struct buf
make_body(const uint32_t lengths[ITEMS])
{
	struct buf b = {0};

	for (size_t i = 0; i < 2 * 80; i++)
		assert_int_equal(buf_append_u8(&b, 7), CONSIGN_OK);
	for (size_t i = 0; i < ITEMS; i++) {
		assert_int_equal(buf_append_be32(&b, lengths[i]), CONSIGN_OK);
		for (uint32_t j = 0; j < lengths[i]; j++)
			assert_int_equal(buf_append_u8(&b, 9), CONSIGN_OK);
	}
	return b;
}

static void
test_body_sizes_are_those_of_the_padded_texts(void **state)
{
	const uint32_t lengths[ITEMS] = {272, 4112, 528};
	struct buf b = make_body(lengths);
	uint64_t sizes[ITEMS];

	(void)state;
	body_sizes(buf_slice(&b), 2, ITEMS, sizes);
	assert_int_equal(sizes[0], 256);
	assert_int_equal(sizes[1], 4096);
	assert_int_equal(sizes[2], 512);
	buf_clear(&b);
}

static void
test_body_sizes_of_what_is_no_body_are_larger_than_any_limit(void **state)
{
	const uint32_t lengths[ITEMS] = {272, 272, 272}, only_a_tag[ITEMS] = {272, 16, 272};
	struct buf b = make_body(lengths), tag = make_body(only_a_tag);
	uint64_t sizes[ITEMS + 1];

	(void)state;
	/* Cut anywhere, or with a byte too much: no size of it is believed. */
	for (size_t len = 0; len < b.len; len++) {
		body_sizes(slice_of(b.data, len), 2, ITEMS, sizes);
		for (size_t i = 0; i < ITEMS; i++)
			assert_true(sizes[i] == BODY_SIZE_UNKNOWN);
	}
	assert_int_equal(buf_append_u8(&b, 0), CONSIGN_OK);
	body_sizes(buf_slice(&b), 2, ITEMS, sizes);
	assert_true(sizes[0] == BODY_SIZE_UNKNOWN);
	body_sizes(slice_of(b.data, b.len - 1), 2, ITEMS + 1, sizes);
	assert_true(sizes[0] == BODY_SIZE_UNKNOWN && sizes[ITEMS] == BODY_SIZE_UNKNOWN);
	body_sizes(buf_slice(&tag), 2, ITEMS, sizes);
	assert_true(sizes[1] == BODY_SIZE_UNKNOWN);
	buf_clear(&b);
	buf_clear(&tag);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_body_sizes_are_those_of_the_padded_texts),
	    cmocka_unit_test(test_body_sizes_of_what_is_no_body_are_larger_than_any_limit),
	};

	return cmocka_run_group_tests_name("wire/body", tests, NULL, NULL);
}
