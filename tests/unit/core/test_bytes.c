/*
 * Tests of lib/core/bytes.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/bytes.h"

static void
test_bytes_slice_equal_compares_content(void **state)
{
	const uint8_t bytes[3] = {1, 0, 2};

	(void)state;
	assert_true(slice_equal(slice_text("abc"), slice_of("abcd", 3)));
	assert_false(slice_equal(slice_text("abc"), slice_text("abd")));
	assert_false(slice_equal(slice_text("abc"), slice_text("ab")));
	assert_true(slice_equal(slice_of(NULL, 0), slice_text("")));
	assert_int_equal(SLICE_ARRAY(bytes).len, 3);
}

static void
test_bytes_buf_keeps_content_when_it_grows(void **state)
{
	struct buf b = {0};

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(buf_append_u8(&b, (uint8_t)(i * 7)), CONSIGN_OK);
	assert_int_equal(b.len, 5000);
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(b.data[i], (uint8_t)(i * 7));
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_true(b.cap >= 5000);
	buf_wipe(&b);
	assert_null(b.data);
	buf_wipe(&b);
	buf_clear(&b);
}

static void
test_bytes_buf_is_unchanged_when_an_append_fails(void **state)
{
	struct buf b = {0};
	uint8_t *data;

	(void)state;
	assert_int_equal(buf_append(&b, slice_text("kept")), CONSIGN_OK);
	data = b.data;
	assert_int_equal(buf_reserve(&b, SIZE_MAX), CONSIGN_E_NO_MEMORY);
	assert_int_equal(buf_reserve(&b, SIZE_MAX - 4), CONSIGN_E_NO_MEMORY);
	assert_int_equal(buf_append(&b, slice_of(data, SIZE_MAX / 2)), CONSIGN_E_NO_MEMORY);
	assert_ptr_equal(b.data, data);
	assert_true(slice_equal(buf_slice(&b), slice_text("kept")));
	buf_clear(&b);
}

static void
test_bytes_buf_append_writes_big_endian(void **state)
{
	static const uint8_t expected[] = {9, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8};
	struct buf b = {0};

	(void)state;
	assert_int_equal(buf_append_u8(&b, 9), CONSIGN_OK);
	assert_int_equal(buf_append_be32(&b, 0x01020304), CONSIGN_OK);
	assert_int_equal(buf_append_be64(&b, 0x0102030405060708), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(&b), SLICE_ARRAY(expected)));
	buf_clear(&b);
}

static void
test_bytes_buf_printf_appends_without_the_nul(void **state)
{
	struct buf b = {0};
	char wide[300];

	(void)state;
	assert_int_equal(buf_printf(&b, "%s=%d", "a", 7), CONSIGN_OK);
	memset(wide, 'x', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	assert_int_equal(buf_printf(&b, "%s", wide), CONSIGN_OK);
	assert_int_equal(b.len, 3 + 299);
	assert_memory_equal(b.data, "a=7x", 4);
	assert_int_equal(buf_printf(&b, "%s", ""), CONSIGN_OK);
	assert_int_equal(b.len, 3 + 299);
	buf_clear(&b);
}

static void
test_bytes_cursor_reads_to_the_last_byte(void **state)
{
	static const uint8_t bytes[] = {0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 'x', 'y', 'z'};
	struct cursor c = cursor_over(SLICE_ARRAY(bytes));
	struct consign_slice s;
	uint32_t v32;
	uint64_t v64;
	uint8_t one;

	(void)state;
	assert_int_equal(cursor_be32(&c, &v32), CONSIGN_OK);
	assert_int_equal(v32, 256);
	assert_int_equal(cursor_be64(&c, &v64), CONSIGN_OK);
	assert_int_equal(v64, 512);
	assert_int_equal(cursor_take(&c, 2, &s), CONSIGN_OK);
	assert_true(slice_equal(s, slice_text("xy")));
	assert_int_equal(cursor_copy(&c, &one, 1), CONSIGN_OK);
	assert_int_equal(one, 'z');
	assert_int_equal(cursor_left(&c), 0);
	assert_int_equal(cursor_take(&c, 0, &s), CONSIGN_OK);
	assert_int_equal(s.len, 0);
}

static void
test_bytes_cursor_stays_when_a_read_is_too_long(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct cursor c = cursor_over(SLICE_ARRAY(bytes));
	struct consign_slice s = slice_text("old");
	uint32_t v32 = 77;
	uint64_t v64 = 88;
	uint8_t copy[4] = {9, 9, 9, 9};

	(void)state;
	assert_int_equal(cursor_be32(&c, &v32), CONSIGN_E_MALFORMED);
	assert_int_equal(cursor_be64(&c, &v64), CONSIGN_E_MALFORMED);
	assert_int_equal(cursor_take(&c, 4, &s), CONSIGN_E_MALFORMED);
	assert_int_equal(cursor_take(&c, SIZE_MAX, &s), CONSIGN_E_MALFORMED);
	assert_int_equal(cursor_copy(&c, copy, 4), CONSIGN_E_MALFORMED);
	assert_int_equal(v32, 77);
	assert_int_equal(v64, 88);
	assert_int_equal(copy[0], 9);
	assert_true(slice_equal(s, slice_text("old")));
	assert_int_equal(cursor_left(&c), 3);
}

static void
test_bytes_cursor_over_nothing_has_nothing(void **state)
{
	struct cursor c = cursor_over(slice_of(NULL, 0));
	struct consign_slice s;

	(void)state;
	assert_int_equal(cursor_left(&c), 0);
	assert_int_equal(cursor_take(&c, 1, &s), CONSIGN_E_MALFORMED);
	assert_int_equal(cursor_copy(&c, NULL, 0), CONSIGN_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bytes_slice_equal_compares_content),
	    cmocka_unit_test(test_bytes_buf_keeps_content_when_it_grows),
	    cmocka_unit_test(test_bytes_buf_is_unchanged_when_an_append_fails),
	    cmocka_unit_test(test_bytes_buf_append_writes_big_endian),
	    cmocka_unit_test(test_bytes_buf_printf_appends_without_the_nul),
	    cmocka_unit_test(test_bytes_cursor_reads_to_the_last_byte),
	    cmocka_unit_test(test_bytes_cursor_stays_when_a_read_is_too_long),
	    cmocka_unit_test(test_bytes_cursor_over_nothing_has_nothing),
	};

	return cmocka_run_group_tests_name("core/bytes", tests, NULL, NULL);
}
