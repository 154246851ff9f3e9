/* What the engine does whatever the table: lengths, varints, order, budgets, untouched outputs. */
#include "support/wire_fixture.h"

#include "wire/identity_wire.h"
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

static enum consign_err
decode_signed(struct wire_fixture *f, struct consign_slice in)
{
	struct signed_manifest *m = NULL;
	enum consign_err err = signed_manifest_decode(in, f->arena, &m);

	assert_true((err == CONSIGN_OK) == (m != NULL));
	return err;
}

static void
test_engine_decode_copies_everything_when_the_input_ends_first(void **state)
{
	struct wire_fixture *f = *state;
	struct signed_manifest *m = NULL;

	put_signed_manifest(&f->bytes);
	assert_int_equal(signed_manifest_decode(buf_slice(&f->bytes), f->arena, &m), CONSIGN_OK);
	buf_clear(&f->bytes);
	assert_true(slice_equal(m->manifest, slice_text("abc")));
	assert_int_equal(m->signature.b[63], 7);
}

static void
test_engine_decode_accepts_fields_in_any_order(void **state)
{
	struct wire_fixture *f = *state;
	struct buf turned = {0};

	put_signed_manifest(&f->bytes);
	assert_int_equal(buf_append(&turned, slice_of(f->bytes.data + 5, f->bytes.len - 5)), CONSIGN_OK);
	assert_int_equal(buf_append(&turned, slice_of(f->bytes.data, 5)), CONSIGN_OK);
	assert_int_equal(decode_signed(f, buf_slice(&turned)), CONSIGN_OK);
	buf_clear(&turned);
}

static void
test_engine_decode_refuses_every_shorter_input(void **state)
{
	struct wire_fixture *f = *state;

	put_signed_manifest(&f->bytes);
	for (size_t len = 0; len < f->bytes.len; len++)
		assert_int_equal(decode_signed(f, slice_of(f->bytes.data, len)), CONSIGN_E_MALFORMED);
	assert_int_equal(decode_signed(f, slice_of(NULL, 0)), CONSIGN_E_MALFORMED);
}

/* What may stand in front of a good message and spoil it. */
static void
test_engine_decode_refuses_keys_and_lengths_that_are_not_in_their_one_form(void **state)
{
	static const struct {
		const char *name;
		uint8_t bytes[16];
		size_t len;
	} rows[] = {
	    {"field number 0", {0x02, 0x00}, 2},
	    {"wire type 1", {0x19, 0, 0, 0, 0, 0, 0, 0, 0}, 9},
	    {"start of a group", {0x1b}, 1},
	    {"end of a group", {0x1c}, 1},
	    {"wire type 6", {0x1e, 0}, 2},
	    {"wire type 7", {0x1f, 0}, 2},
	    {"key longer than needed", {0x8a, 0x00, 0x01, 'a'}, 4},
	    {"length longer than needed", {0x0a, 0x81, 0x00, 'a'}, 4},
	    {"key of 2^64 and more", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, 10},
	    {"key without end", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 11},
	    {"field number over 2^29", {0x82, 0x80, 0x80, 0x80, 0x10, 0x00}, 6},
	    {"length of 2^63", {0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, 11},
	    {"length of 2^64 - 1", {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 11},
	};
	struct wire_fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = {0};
		assert_int_equal(buf_append(&b, slice_of(rows[i].bytes, rows[i].len)), CONSIGN_OK);
		put_signed_manifest(&b);
		if (decode_signed(f, buf_slice(&b)) != CONSIGN_E_MALFORMED)
			fail_msg("accepted: %s", rows[i].name);
		buf_clear(&b);
	}
}

static void
test_engine_decode_names_the_length_as_the_fault_from_n_plus_1_on(void **state)
{
	struct wire_fixture *f = *state;
	size_t most = 8u * 1024u; /* of an invite */
	uint8_t *zeros = calloc(1, most + 1);
	struct invite *i = NULL;

	assert_non_null(zeros);
	assert_int_equal(invite_decode(slice_of(zeros, most), f->arena, &i), CONSIGN_E_MALFORMED);
	assert_int_equal(invite_decode(slice_of(zeros, most + 1), f->arena, &i), CONSIGN_E_TOO_BIG);
	assert_null(i);
	free(zeros);
}

/* 5 bytes on the wire for each study, some 250 in memory. */
static void
test_engine_decode_refuses_small_bytes_that_cost_much_memory(void **state)
{
	struct wire_fixture *f = *state;
	struct policy_study study = {.id = {"A"}};
	struct policy_study **studies = calloc(CONSIGN_STUDIES_MAX, sizeof(struct policy_study *));
	struct local_policy_reply policy = {.studies = {.v = studies, .n = CONSIGN_STUDIES_MAX}};
	struct local_reply in = {.policy = &policy}, *out = NULL;

	assert_non_null(studies);
	for (size_t i = 0; i < CONSIGN_STUDIES_MAX; i++)
		studies[i] = &study;
	assert_int_equal(local_reply_encode(&in, &f->bytes), CONSIGN_OK);
	assert_int_equal(local_reply_decode(buf_slice(&f->bytes), f->arena, &out), CONSIGN_E_TOO_BIG);
	assert_null(out);
	assert_true(arena_used(f->arena) <= CONSIGN_UNPACK_BUDGET_BASE_BYTES + CONSIGN_UNPACK_BUDGET_PER_BYTE * f->bytes.len);
	free(studies);
}

static void
test_engine_decode_reports_an_arena_that_is_full(void **state)
{
	struct wire_fixture *f = *state;
	struct arena *small;
	struct signed_manifest *m = NULL;

	put_signed_manifest(&f->bytes);
	assert_int_equal(arena_new(64, &small), CONSIGN_OK);
	assert_int_equal(signed_manifest_decode(buf_slice(&f->bytes), small, &m), CONSIGN_E_NO_MEMORY);
	assert_null(m);
	arena_free(&small);
}

static void
test_engine_decode_refuses_an_unknown_field_at_any_depth(void **state)
{
	struct wire_fixture *f = *state;
	/* Command { ping { 2: 1 } } and Command { ping { 1: 1 } } */
	static const uint8_t unknown[] = {0xb2, 0x01, 2, 0x10, 1}, known[] = {0xb2, 0x01, 2, 0x08, 1};
	struct session_command *c = NULL;

	assert_int_equal(session_command_decode(SLICE_ARRAY(unknown), f->arena, &c), CONSIGN_E_MALFORMED);
	assert_int_equal(session_command_decode(SLICE_ARRAY(known), f->arena, &c), CONSIGN_OK);
	assert_int_equal(c->ping->at_us, 1);
}

static void
test_engine_decode_takes_lists_of_numbers_packed_and_in_one_run(void **state)
{
	struct wire_fixture *f = *state;
	uint32_t versions[] = {1, 300};
	struct session_open open = {.versions = {.v = versions, .n = 2}};
	struct session_command in = {.open = &open}, *out;
	static const uint8_t start[] = {0x0a, 39, 0x0a, 3, 1, 0xac, 0x02, 0x12, 32};
	static const uint8_t unpacked[] = {0x0a, 38, 0x08, 1, 0x08, 2, 0x12, 32};
	uint8_t bytes[sizeof(unpacked) + 32] = {0};

	ROUND_TRIP(f, session_command, &in, &out);
	assert_memory_equal(f->bytes.data, start, sizeof(start));
	assert_int_equal(out->open->versions.n, 2);
	assert_int_equal(out->open->versions.v[1], 300);
	memcpy(bytes, unpacked, sizeof(unpacked));
	assert_int_equal(session_command_decode(SLICE_ARRAY(bytes), f->arena, &out), CONSIGN_E_MALFORMED);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, wire_fixture_setup, wire_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_engine_decode_copies_everything_when_the_input_ends_first),
	    TEST(test_engine_decode_accepts_fields_in_any_order),
	    TEST(test_engine_decode_refuses_every_shorter_input),
	    TEST(test_engine_decode_refuses_keys_and_lengths_that_are_not_in_their_one_form),
	    TEST(test_engine_decode_names_the_length_as_the_fault_from_n_plus_1_on),
	    TEST(test_engine_decode_refuses_small_bytes_that_cost_much_memory),
	    TEST(test_engine_decode_reports_an_arena_that_is_full),
	    TEST(test_engine_decode_refuses_an_unknown_field_at_any_depth),
	    TEST(test_engine_decode_takes_lists_of_numbers_packed_and_in_one_run),
	};

	return cmocka_run_group_tests_name("wire engine", tests, NULL, NULL);
}
