/*
 * Tests of lib/core/text_encode.c. The base64 pairs are those of RFC 4648 10.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/text.h"

static const struct {
	const char *plain;
	const char *text;
} base64_rows[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+"},
};

static void
test_text_encode_base64_round_trips(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(base64_rows) / sizeof(base64_rows[0]); i++) {
		struct buf text = {0};
		struct buf plain = {0};

		assert_int_equal(base64_format(slice_text(base64_rows[i].plain), &text), CONSIGN_OK);
		assert_true(slice_equal(buf_slice(&text), slice_text(base64_rows[i].text)));
		assert_int_equal(base64_parse(buf_slice(&text), &plain), CONSIGN_OK);
		assert_true(slice_equal(buf_slice(&plain), slice_text(base64_rows[i].plain)));
		buf_clear(&text);
		buf_clear(&plain);
	}
}

static void
test_text_encode_base64_has_one_text_for_one_content(void **state)
{
	static const char *const bad[] = {
	    "Z",
	    "Zg",
	    "Zg=",
	    "Zg===",
	    "Zh==",
	    "Zm9=",
	    "Zm8",
	    "=",
	    "====",
	    "Zg==Zg==",
	    "Zm9v\n",
	    "Zm 9v",
	    "Zm9-",
	    "Zm9_",
	    "Z=9v",
	    "Zm=v",
	    "Zm\xffv",
	};
	struct buf out = {0};

	(void)state;
	assert_int_equal(buf_append(&out, slice_text("kept")), CONSIGN_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (base64_parse(slice_text(bad[i]), &out) != CONSIGN_E_MALFORMED)
			fail_msg("'%s' was taken", bad[i]);
		assert_true(slice_equal(buf_slice(&out), slice_text("kept")));
	}
	buf_clear(&out);
}

static void
test_text_encode_hex_round_trips(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x9f, 0xa0, 0xff};
	struct buf text = {0};
	struct buf out = {0};

	(void)state;
	assert_int_equal(hex_format(SLICE_ARRAY(bytes), &text), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(&text), slice_text("009fa0ff")));
	char fixed[9];

	hex_text(bytes, sizeof bytes, fixed);
	assert_string_equal(fixed, "009fa0ff");
	assert_int_equal(hex_parse("009fA0Ff", &out), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(&out), SLICE_ARRAY(bytes)));
	assert_int_equal(hex_parse("", &out), CONSIGN_OK);
	assert_int_equal(out.len, 4);
	buf_clear(&text);
	buf_clear(&out);
}

static void
test_text_encode_hex_refuses_anything_else(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(hex_parse("0", &out), CONSIGN_E_MALFORMED);
	assert_int_equal(hex_parse("0g", &out), CONSIGN_E_MALFORMED);
	assert_int_equal(hex_parse("00 0", &out), CONSIGN_E_MALFORMED);
	assert_int_equal(hex_parse("0x00", &out), CONSIGN_E_MALFORMED);
	assert_int_equal(out.len, 0);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_encode_base64_round_trips),
	    cmocka_unit_test(test_text_encode_base64_has_one_text_for_one_content),
	    cmocka_unit_test(test_text_encode_hex_round_trips),
	    cmocka_unit_test(test_text_encode_hex_refuses_anything_else),
	};

	return cmocka_run_group_tests_name("core/text_encode", tests, NULL, NULL);
}
