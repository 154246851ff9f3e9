/* Tests of cli/print.c: tables and the JSON that programs read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "print.h"

static const char *const headings[] = {"org", "name"};

static void
assert_rendered(struct table *t, bool aligned, const char *expected)
{
	struct buf out = {0};

	assert_int_equal(table_render(t, aligned, &out), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&out, '\0'), CONSIGN_OK);
	assert_string_equal((const char *)out.data, expected);
	buf_clear(&out);
}

static void
test_table_render_aligns_by_characters_not_bytes(void **state)
{
	struct table t = {.headings = headings, .columns = 2};

	(void)state;
	table_put(&t, "bio-müller");
	table_put(&t, "Müller");
	table_put(&t, "acme");
	table_putf(&t, "%s %d", "Acme", 7);
	assert_rendered(&t, true,
	    "org         name\n"
	    "bio-müller  Müller\n"
	    "acme        Acme 7\n");
	table_clear(&t);
}

static void
test_table_render_is_plain_for_programs(void **state)
{
	struct table t = {.headings = headings, .columns = 2};

	(void)state;
	table_put(&t, "acme");
	table_put(&t, "");
	table_put(&t, "biomake");
	table_put(&t, "Bio Make");
	assert_rendered(&t, false, "acme\t\nbiomake\tBio Make\n");
	table_clear(&t);
}

static void
assert_json(json_t *json, const char *expected)
{
	char *text;

	assert_non_null(json);
	text = json_dumps(json, JSON_COMPACT);
	assert_string_equal(text, expected);
	free(text);
	json_decref(json);
}

static const char *const consignees[] = {"biomake", "globalcro"};
static const struct consign_message message = {.id = "i.0",
    .consignor = "acme",
    .study = "S",
    .type = "x.note",
    .label = CONSIGN_LABEL_RESTRICTED,
    .sent_us = 1700000000000001,
    .accepted_us = 1700000000000002,
    .received_us = 0,
    .position = 7,
    .consignees = consignees,
    .n_consignees = 2,
    .size_bytes = 3,
    .is_acked = true,
    .media_type = "text/plain",
    .name = "ü",
    .content = {(const uint8_t *)"\xff\x00\x01", 3}};

static void
test_json_message_has_exactly_the_promised_members(void **state)
{
	(void)state;
	assert_json(json_message(&message, false),
	    "{\"id\":\"i.0\",\"consignor\":\"acme\",\"study\":\"S\",\"type\":\"x.note\",\"label\":\"restricted\","
	    "\"sent_at\":\"2023-11-14T22:13:20.000001Z\",\"received_at\":null,\"size\":3,\"acked\":true,"
	    "\"consignees\":[\"biomake\",\"globalcro\"],\"position\":7,\"accepted_at\":\"2023-11-14T22:13:20.000002Z\"}");
}

static void
test_json_message_without_consignees_has_an_empty_list(void **state)
{
	struct consign_message alone = message;
	json_t *json;

	(void)state;
	alone.n_consignees = 0;
	alone.accepted_us = 0;
	json = json_message(&alone, false);
	assert_true(json_is_array(json_object_get(json, "consignees")));
	assert_int_equal(json_array_size(json_object_get(json, "consignees")), 0);
	assert_true(json_is_null(json_object_get(json, "accepted_at")));
	json_decref(json);
}

static void
test_json_message_carries_any_bytes_as_base64(void **state)
{
	json_t *json = json_message(&message, true);

	(void)state;
	assert_non_null(json);
	assert_json(json_incref(json_object_get(json, "payload")),
	    "{\"media_type\":\"text/plain\",\"name\":\"ü\",\"encoding\":\"base64\",\"content\":\"/wAB\"}");
	json_decref(json);
}

static void
test_json_message_with_empty_content_has_an_empty_payload(void **state)
{
	struct consign_message empty = message;

	(void)state;
	empty.content = (struct consign_slice){0};
	json_t *json = json_message(&empty, true);

	assert_string_equal(json_string_value(json_object_get(json_object_get(json, "payload"), "content")), "");
	json_decref(json);
}

static void
test_json_refusal_is_null_when_nothing_was_refused(void **state)
{
	json_t *none = json_refusal(CONSIGN_CODE_NONE, "", "");

	(void)state;
	assert_true(json_is_null(none));
	json_decref(none);
	assert_json(json_refusal(CONSIGN_CODE_CLEARANCE, "r1", "d"), "{\"code\":\"CLEARANCE\",\"rule\":\"r1\",\"detail\":\"d\"}");
}

static void
test_text_shown_escapes_what_hides_or_turns_text(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
	    {"", ""},
	    {"is not what its type demands", "is not what its type demands"},
	    {"Kühlkette \xe2\x80\x94 zu warm", "Kühlkette \xe2\x80\x94 zu warm"},
	    {"no \xe2\x80\xae deraeppa", "no \\u{202e} deraeppa"},
	    {"a\nb\x1b[1m", "a\\u{a}b\\u{1b}[1m"},
	    {"cut \xe2\x80", "cut \\xe2\\x80"},
	};
	char shown[PRINT_SHOWN_BYTES], *long_text = calloc(1, 3 * PRINT_SHOWN_BYTES);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(text_shown(rows[i].text, shown), rows[i].shown);
	assert_non_null(long_text);
	for (size_t i = 0; i < 2000; i++) /* each becomes eight characters */
		memcpy(long_text + 3 * i, "\xe2\x80\xae", 3);
	assert_true(strlen(text_shown(long_text, shown)) < PRINT_SHOWN_BYTES);
	assert_string_equal(shown + strlen(shown) - strlen("…"), "…");
	free(long_text);
}

static void
test_time_text_of_nothing_is_a_dash(void **state)
{
	char text[PRINT_TIME_BYTES];

	(void)state;
	assert_string_equal(time_text(0, text), "-");
	assert_string_equal(time_text(1000000, text), "1970-01-01T00:00:01.000000Z");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table_render_aligns_by_characters_not_bytes),
	    cmocka_unit_test(test_table_render_is_plain_for_programs),
	    cmocka_unit_test(test_json_message_has_exactly_the_promised_members),
	    cmocka_unit_test(test_json_message_without_consignees_has_an_empty_list),
	    cmocka_unit_test(test_json_message_carries_any_bytes_as_base64),
	    cmocka_unit_test(test_json_message_with_empty_content_has_an_empty_payload),
	    cmocka_unit_test(test_json_refusal_is_null_when_nothing_was_refused),
	    cmocka_unit_test(test_text_shown_escapes_what_hides_or_turns_text),
	    cmocka_unit_test(test_time_text_of_nothing_is_a_dash),
	};

	return cmocka_run_group_tests_name("cli/print", tests, NULL, NULL);
}
