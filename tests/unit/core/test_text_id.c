/*
 * Tests of lib/core/text_id.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/text.h"

static const uint8_t ones[10] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t zeros[10];

static void
test_text_id_make_lays_out_a_uuid_v7(void **state)
{
	struct consign_id id;
	char text[37];

	(void)state;
	/* The example of RFC 9562 A.6: 2022-02-22 19:22:22.000 UTC. */
	id_make(1645557742000000, (const uint8_t[10]){0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f}, &id);
	id_format(&id, text);
	assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
	id_make(0, ones, &id);
	id_format(&id, text);
	assert_string_equal(text, "00000000-0000-7fff-bfff-ffffffffffff");
}

static void
test_text_id_make_rises_with_time(void **state)
{
	struct consign_id early;
	struct consign_id late;

	(void)state;
	id_make(1000 * 0xffull, ones, &early);
	id_make(1000 * 0x100ull, zeros, &late);
	assert_true(memcmp(early.b, late.b, sizeof(early.b)) < 0);
}

static void
test_text_id_message_id_round_trips(void **state)
{
	static const uint32_t indexes[] = {0, 9, 10, 99, 100, 511};
	struct consign_message_id id;
	struct consign_message_id back;
	char text[CONSIGN_MESSAGE_ID_TEXT_BYTES];

	(void)state;
	id_make(1645557742000000, ones, &id.consignment);
	for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
		id.index = indexes[i];
		message_id_format(&id, text);
		assert_int_equal(message_id_parse(slice_text(text), &back), CONSIGN_OK);
		assert_int_equal(back.index, indexes[i]);
		assert_memory_equal(back.consignment.b, id.consignment.b, sizeof(id.consignment.b));
	}
	assert_string_equal(text, "017f22e2-79b0-7fff-bfff-ffffffffffff.511");
}

static void
test_text_id_message_id_has_one_text(void **state)
{
	static const char *const bad[] = {
	    "",
	    "017f22e2-79b0-7fff-bfff-ffffffffffff",
	    "017f22e2-79b0-7fff-bfff-ffffffffffff.",
	    "017f22e2-79b0-7fff-bfff-ffffffffffff.512",
	    "017f22e2-79b0-7fff-bfff-ffffffffffff.999",
	    "017f22e2-79b0-7fff-bfff-ffffffffffff.1000",
	    "017f22e2-79b0-7fff-bfff-ffffffffffff.00",
	    "017f22e2-79b0-7fff-bfff-ffffffffffff.01",
	    "017f22e2-79b0-7fff-bfff-ffffffffffff.-1",
	    "017f22e2-79b0-7fff-bfff-ffffffffffff.1 ",
	    "017F22E2-79b0-7fff-bfff-ffffffffffff.1",
	    "017f22e2079b0-7fff-bfff-ffffffffffff.1",
	    "017f22e2-79b0-7fff-bfff-fffffffffffg.1",
	    "{17f22e2-79b0-7fff-bfff-ffffffffffff.1",
	};
	struct consign_message_id id = {.index = 77};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (message_id_parse(slice_text(bad[i]), &id) != CONSIGN_E_MALFORMED)
			fail_msg("'%s' was taken", bad[i]);
	}
	assert_int_equal(id.index, 77);
}

static void
test_text_id_message_id_with_an_impossible_index_is_no_id(void **state)
{
	struct consign_message_id id = {.index = UINT32_MAX};
	char text[CONSIGN_MESSAGE_ID_TEXT_BYTES];

	(void)state;
	message_id_format(&id, text);
	assert_int_equal(strlen(text), CONSIGN_MESSAGE_ID_TEXT_BYTES - 1);
	assert_int_equal(message_id_parse(slice_text(text), &id), CONSIGN_E_MALFORMED);
}

static void
test_text_id_fingerprint_is_six_words(void **state)
{
	/* 127.0.0.1 and 63.84.220.193 are examples of the proquint article; then all zeros and all ones. */
	static const uint8_t bits[12] = {127, 0, 0, 1, 63, 84, 220, 193, 0, 0, 255, 255};
	char text[FINGERPRINT_TEXT_BYTES];

	(void)state;
	fingerprint_format(bits, text);
	assert_string_equal(text, "lusab-babad-gutih-tugad-babab-zuzuz");
	assert_int_equal(strlen(text), FINGERPRINT_TEXT_BYTES - 1);
}

static void
test_text_id_fingerprint_match_forgives_case_and_blanks(void **state)
{
	static const char expected[] = "lusab-babad-gutih-tugad-babab-zuzuz";

	(void)state;
	assert_true(fingerprint_match(expected, "lusab-babad-gutih-tugad-babab-zuzuz"));
	assert_true(fingerprint_match(expected, " LUSAB babad  Gutih\ttugad - babab-zuzuz\n"));
	assert_true(fingerprint_match(expected, "lusabbabadgutihtugadbababzuzuz"));
}

static void
test_text_id_fingerprint_match_refuses_any_other_letters(void **state)
{
	static const char expected[] = "lusab-babad-gutih-tugad-babab-zuzuz";

	(void)state;
	assert_false(fingerprint_match(expected, "lusab-babad-gutih-tugad-babab-zuzuv"));
	assert_false(fingerprint_match(expected, "musab-babad-gutih-tugad-babab-zuzuz"));
	assert_false(fingerprint_match(expected, "lusab-babad-gutih-tugad-babab"));
	assert_false(fingerprint_match(expected, "lusab-babad-gutih-tugad-babab-zuzuz-babab"));
	assert_false(fingerprint_match(expected, "lusab-babad-gutih-tugad-babab-zuzu1"));
	assert_false(fingerprint_match(expected, ""));
	assert_false(fingerprint_match("", ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_id_make_lays_out_a_uuid_v7),
	    cmocka_unit_test(test_text_id_make_rises_with_time),
	    cmocka_unit_test(test_text_id_message_id_round_trips),
	    cmocka_unit_test(test_text_id_message_id_has_one_text),
	    cmocka_unit_test(test_text_id_message_id_with_an_impossible_index_is_no_id),
	    cmocka_unit_test(test_text_id_fingerprint_is_six_words),
	    cmocka_unit_test(test_text_id_fingerprint_match_forgives_case_and_blanks),
	    cmocka_unit_test(test_text_id_fingerprint_match_refuses_any_other_letters),
	};

	return cmocka_run_group_tests_name("core/text_id", tests, NULL, NULL);
}
