/* What encode does whatever the table: it appends, or refuses and leaves the buffer. */
#include "support/wire_fixture.h"

#include "wire/local_wire.h"
#include "wire/manifest_wire.h"
#include "wire/session_wire.h"

/* A signed manifest by hand: manifest (1) of three bytes, signature (2) of 64. */
static void
put_signed_manifest(struct buf *b)
{
	static const uint8_t start[] = {0x0a, 3, 'a', 'b', 'c', 0x12, 64};
	uint8_t signature[64];

	memset(signature, 7, sizeof(signature));
	assert_int_equal(buf_append(b, SLICE_ARRAY(start)), CONSIGN_OK);
	assert_int_equal(buf_append(b, SLICE_ARRAY(signature)), CONSIGN_OK);
}

static void
test_encode_appends_and_leaves_the_buffer_when_it_refuses(void **state)
{
	struct wire_fixture *f = *state;
	struct signed_manifest m = {.manifest = slice_text("abc")};
	struct buf expected = {0};

	FILL(m.signature, 7);
	put_signed_manifest(&expected);
	assert_int_equal(buf_append_u8(&f->bytes, 9), CONSIGN_OK);
	assert_int_equal(signed_manifest_encode(&m, &f->bytes), CONSIGN_OK);
	assert_int_equal(f->bytes.len, expected.len + 1);
	assert_memory_equal(f->bytes.data + 1, expected.data, expected.len);
	m.manifest.len = 0;
	assert_int_equal(signed_manifest_encode(&m, &f->bytes), CONSIGN_E_MALFORMED);
	assert_int_equal(f->bytes.len, expected.len + 1);
	buf_clear(&expected);
}

static void
test_encode_refuses_structs_that_break_their_table(void **state)
{
	struct wire_fixture *f = *state;
	struct session_ping ping = {.at_us = NOON_US};
	struct session_done done = {.code = CONSIGN_CODE_LAST + 1};
	struct session_bye bye = {.detail = slice_text("a\x1b[2J")};
	struct session_fetch fetch = {0};
	struct session_delivered delivered = {.receipts = {.v = NULL, .n = 1}};
	struct delivery_receipt *missing[1] = {NULL};

	REFUSES_TO_ENCODE(f, session_command, &(struct session_command){0}); /* nothing chosen */
	REFUSES_TO_ENCODE(f, session_command, (&(struct session_command){.ping = &ping, .pong = &ping}));
	REFUSES_TO_ENCODE(f, session_command, &(struct session_command){.done = &done});
	REFUSES_TO_ENCODE(f, session_command, &(struct session_command){.bye = &bye});
	memset(fetch.card_org, 'a', sizeof(fetch.card_org)); /* no NUL */
	REFUSES_TO_ENCODE(f, session_command, &(struct session_command){.fetch = &fetch});
	REFUSES_TO_ENCODE(f, session_command, &(struct session_command){.delivered = &delivered});
	delivered.receipts.v = missing;
	REFUSES_TO_ENCODE(f, session_command, &(struct session_command){.delivered = &delivered});
	ping.at_us = UINT64_MAX;
	REFUSES_TO_ENCODE(f, session_command, &(struct session_command){.ping = &ping});
}

/* Each message is within its limit, all together are not. */
static void
test_encode_refuses_what_is_longer_than_its_frame(void **state)
{
	struct wire_fixture *f = *state;
	uint8_t *content = calloc(1, CONSIGN_CONTENT_MAX_BYTES);
	struct consign_org to[] = {{"globalcro"}};
	struct local_outgoing message = {.to = {.v = to, .n = 1},
	    .study = {"ACME-301"},
	    .type = {"x.note"},
	    .content = slice_of(content, CONSIGN_CONTENT_MAX_BYTES)};
	struct local_outgoing *messages[] = {&message, &message, &message, &message, &message, &message, &message, &message};
	struct local_send send = {.messages = {.v = messages, .n = 7}};
	struct local_request in = {.number = 1, .send = &send};

	assert_non_null(content);
	assert_int_equal(local_request_encode(&in, &f->bytes), CONSIGN_OK);
	send.messages.n = 8;
	buf_reset(&f->bytes);
	assert_int_equal(local_request_encode(&in, &f->bytes), CONSIGN_E_TOO_BIG);
	assert_int_equal(f->bytes.len, 0);
	free(content);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, wire_fixture_setup, wire_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_encode_appends_and_leaves_the_buffer_when_it_refuses),
	    TEST(test_encode_refuses_structs_that_break_their_table),
	    TEST(test_encode_refuses_what_is_longer_than_its_frame),
	};

	return cmocka_run_group_tests_name("wire encode", tests, NULL, NULL);
}
