/* Payloads of x.* types: encoding, decoding, every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../support/tsv.h"
#include "catalogue/payload.h"

#define VECTORS(NAME) CONSIGN_SOURCE_DIR "/tests/vectors/payload/" NAME

struct fixture {
	struct arena *arena;
	struct buf out;
};

static uint8_t content[CONSIGN_CONTENT_MAX_BYTES + 1];

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_int_equal(arena_new(CONSIGN_PAYLOAD_MAX_BYTES + 4096, &f->arena), CONSIGN_OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	buf_clear(&f->out);
	free(f);
	return 0;
}

static struct payload
some_payload(void)
{
	return (struct payload){
	    .media_type = "application/xml",
	    .name = slice_text("shipment.xml"),
	    .content = slice_text("<epcis/>"),
	};
}

static enum consign_err
expected(const struct tsv *t, size_t row)
{
	const char *word = tsv_cell(t, row, "expect");

	if (strcmp(word, "ok") == 0)
		return CONSIGN_OK;
	if (strcmp(word, "too_big") == 0)
		return CONSIGN_E_TOO_BIG;
	assert_string_equal(word, "malformed");
	return CONSIGN_E_MALFORMED;
}

/* Compares with a cell of bytes. */
static void
assert_cell(const struct tsv *t, size_t row, const char *column, struct consign_slice got)
{
	size_t len;
	uint8_t *bytes = tsv_bytes(t, row, column, &len);

	if (!slice_equal(got, slice_of(bytes, len)))
		fail_msg("%s: another %s", tsv_cell(t, row, "name"), column);
	free(bytes);
}

static void
test_payload_decode_keeps_to_the_vectors(void **state)
{
	struct fixture *f = *state;
	struct tsv t;
	size_t row;

	tsv_open(&t, VECTORS("decode.tsv"));
	for (row = 0; row < t.rows; row++) {
		struct payload p = {.media_type = "untouched"};
		enum consign_err err;
		size_t len;
		uint8_t *wire = tsv_bytes(&t, row, "payload", &len);

		arena_reset(f->arena);
		err = payload_decode(slice_of(wire, len), f->arena, &p);
		/* Freed before it is compared: nothing may still point into it. */
		free(wire);
		if (err != expected(&t, row))
			fail_msg("%s: error %#x", tsv_cell(&t, row, "name"), (unsigned)err);
		if (err == CONSIGN_OK) {
			assert_cell(&t, row, "media_type", slice_text(p.media_type));
			assert_cell(&t, row, "file_name", p.name);
			assert_cell(&t, row, "content", p.content);
		} else {
			assert_string_equal(p.media_type, "untouched");
		}
	}
	tsv_close(&t);
}

static void
test_payload_decode_refuses_every_truncation(void **state)
{
	struct fixture *f = *state;
	struct payload p = some_payload();
	size_t len;

	assert_int_equal(payload_encode(&p, &f->out), CONSIGN_OK);
	for (len = 0; len < f->out.len; len++) {
		arena_reset(f->arena);
		assert_int_equal(payload_decode(slice_of(f->out.data, len), f->arena, &p), CONSIGN_E_MALFORMED);
	}
	assert_int_equal(payload_decode(buf_slice(&f->out), f->arena, &p), CONSIGN_OK);
}

static void
test_payload_round_trips(void **state)
{
	struct fixture *f = *state;
	struct payload p = some_payload(), got;

	assert_int_equal(payload_encode(&p, &f->out), CONSIGN_OK);
	assert_int_equal(payload_decode(buf_slice(&f->out), f->arena, &got), CONSIGN_OK);
	assert_string_equal(got.media_type, "application/xml");
	assert_true(slice_equal(got.name, p.name));
	assert_true(slice_equal(got.content, p.content));
}

static void
test_payload_encode_appends(void **state)
{
	struct fixture *f = *state;
	struct payload p = {0};

	assert_int_equal(buf_append(&f->out, slice_text("before")), CONSIGN_OK);
	assert_int_equal(payload_encode(&p, &f->out), CONSIGN_OK);
	assert_int_equal(f->out.len, 6 + 4);
	assert_memory_equal(f->out.data, "before\x08\x01\x12\x00", 10);
}

static void
test_payload_takes_the_largest_content_and_refuses_a_larger(void **state)
{
	struct fixture *f = *state;
	char media_type[CONSIGN_MEDIA_TYPE_MAX_BYTES + 1], name[CONSIGN_NAME_MAX_BYTES + 1], problem[256];
	struct payload p = {.name = {(const uint8_t *)name, CONSIGN_NAME_MAX_BYTES}}, got;

	memset(media_type, 'm', sizeof media_type);
	media_type[3] = '/';
	media_type[CONSIGN_MEDIA_TYPE_MAX_BYTES] = '\0';
	memset(name, 'n', sizeof name);
	memcpy(p.media_type, media_type, sizeof media_type);
	p.content = slice_of(content, CONSIGN_CONTENT_MAX_BYTES);
	assert_int_equal(payload_check("x.file", &p, problem), CONSIGN_OK);
	assert_int_equal(payload_encode(&p, &f->out), CONSIGN_OK);
	assert_true(f->out.len <= CONSIGN_PAYLOAD_MAX_BYTES);
	assert_int_equal(payload_decode(buf_slice(&f->out), f->arena, &got), CONSIGN_OK);
	assert_int_equal(got.content.len, CONSIGN_CONTENT_MAX_BYTES);
	assert_memory_equal(got.content.data, content, CONSIGN_CONTENT_MAX_BYTES);

	p.content.len++;
	buf_reset(&f->out);
	assert_int_equal(payload_check("x.file", &p, problem), CONSIGN_E_TOO_BIG);
	assert_int_equal(payload_encode(&p, &f->out), CONSIGN_E_TOO_BIG);
	assert_int_equal(f->out.len, 0);
}

static void
test_payload_decode_refuses_content_one_byte_too_long(void **state)
{
	/* format 1; opaque of 1 MiB + 5 bytes; content of 1 MiB + 1 byte */
	static const uint8_t head[] = {0x08, 0x01, 0x12, 0x85, 0x80, 0x40, 0x1a, 0x81, 0x80, 0x40};
	struct fixture *f = *state;
	struct payload p;

	assert_int_equal(buf_append(&f->out, SLICE_ARRAY(head)), CONSIGN_OK);
	assert_int_equal(buf_append(&f->out, slice_of(content, CONSIGN_CONTENT_MAX_BYTES + 1)), CONSIGN_OK);
	assert_int_equal(payload_decode(buf_slice(&f->out), f->arena, &p), CONSIGN_E_TOO_BIG);
	assert_int_equal(arena_used(f->arena), 0);
}

static void
test_payload_decode_refuses_a_payload_over_its_limit_unread(void **state)
{
	struct fixture *f = *state;
	struct payload p;
	size_t size = CONSIGN_PAYLOAD_MAX_BYTES + 1;

	assert_int_equal(buf_reserve(&f->out, size), CONSIGN_OK);
	memset(f->out.data, 0xff, size);
	assert_int_equal(payload_decode(slice_of(f->out.data, size), f->arena, &p), CONSIGN_E_TOO_BIG);
	assert_int_equal(payload_decode(slice_of(f->out.data, size - 1), f->arena, &p), CONSIGN_E_MALFORMED);
	assert_int_equal(arena_used(f->arena), 0);
}

static void
test_payload_decode_copies_the_content_once(void **state)
{
	struct fixture *f = *state;
	struct payload p = {.content = {content, CONSIGN_CONTENT_MAX_BYTES}}, got;

	assert_int_equal(payload_encode(&p, &f->out), CONSIGN_OK);
	assert_int_equal(payload_decode(buf_slice(&f->out), f->arena, &got), CONSIGN_OK);
	assert_true(arena_used(f->arena) < CONSIGN_CONTENT_MAX_BYTES + 1024);
}

static void
test_payload_decode_says_when_the_arena_is_too_small(void **state)
{
	struct fixture *f = *state;
	struct payload p = some_payload();
	struct arena *small;

	assert_int_equal(payload_encode(&p, &f->out), CONSIGN_OK);
	assert_int_equal(arena_new(64, &small), CONSIGN_OK);
	assert_int_equal(payload_decode(buf_slice(&f->out), small, &p), CONSIGN_E_NO_MEMORY);
	arena_free(&small);
}

static void
test_payload_type_is_known_for_x_with_another_part(void **state)
{
	static const struct {
		const char *type;
		bool is_known;
	} rows[] = {
	    {"x.a", true},
	    {"x.file", true},
	    {"x.lab_1.report", true},
	    {"x", false},
	    {"x.", false},
	    {"x..a", false},
	    {"x.a.", false},
	    {"x.A", false},
	    {"x.*", false},
	    {"x.a b", false},
	    {"xa.b", false},
	    {"y.a", false},
	    {"", false},
	    {"material.shipment.dispatched", false},
	};
	char type[CONSIGN_TYPE_MAX_BYTES + 2] = "x.";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (payload_type_is_known(rows[i].type) != rows[i].is_known)
			fail_msg("%s", rows[i].type);
	}
	memset(type + 2, 'a', CONSIGN_TYPE_MAX_BYTES - 2);
	assert_true(payload_type_is_known(type));
	type[CONSIGN_TYPE_MAX_BYTES] = 'a';
	assert_false(payload_type_is_known(type));
	assert_int_equal(payload_least_label("x.file"), CONSIGN_LABEL_OPEN);
}

static void
test_payload_check_names_the_problem(void **state)
{
	static const struct {
		const char *type, *media_type, *name, *problem;
	} rows[] = {
	    {"trial.x", "", "", "unknown message type trial.x: this version carries x.* only"},
	    {"x.file", "text", "", "the media type is not of the form type/subtype[; parameters]"},
	    {"x.file", "", "a/b", "the name holds a slash: give the file's name, not its path"},
	    {"x.file", "", "a\tb", "the name is not UTF-8 without control characters"},
	};
	char problem[256] = "untouched";
	struct payload p = some_payload();
	size_t i;

	(void)state;
	assert_int_equal(payload_check("x.file", &p, problem), CONSIGN_OK);
	assert_string_equal(problem, "untouched");
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		p = (struct payload){.name = slice_text(rows[i].name)};
		strcpy(p.media_type, rows[i].media_type);
		assert_int_equal(payload_check(rows[i].type, &p, problem), CONSIGN_E_MALFORMED);
		assert_string_equal(problem, rows[i].problem);
	}
}

static void
test_payload_check_survives_a_type_of_any_length(void **state)
{
	char type[2000], problem[256];
	struct payload p = some_payload();

	(void)state;
	memset(type, 'x', sizeof type - 1);
	type[sizeof type - 1] = '\0';
	assert_int_equal(payload_check(type, &p, problem), CONSIGN_E_MALFORMED);
	assert_true(strlen(problem) < sizeof problem);
}

static void
test_payload_encode_refuses_what_decode_would(void **state)
{
	struct fixture *f = *state;
	struct payload p = {.media_type = "no type"};

	assert_int_equal(payload_encode(&p, &f->out), CONSIGN_E_MALFORMED);
	/* Without a NUL it is one byte too long. */
	memset(p.media_type, 'm', sizeof p.media_type);
	assert_int_equal(payload_encode(&p, &f->out), CONSIGN_E_TOO_BIG);
	assert_int_equal(f->out.len, 0);
}

int
main(void)
{
#define EACH(TEST) cmocka_unit_test_setup_teardown(TEST, setup, teardown)
	const struct CMUnitTest tests[] = {
	    EACH(test_payload_decode_keeps_to_the_vectors),
	    EACH(test_payload_decode_refuses_every_truncation),
	    EACH(test_payload_round_trips),
	    EACH(test_payload_encode_appends),
	    EACH(test_payload_takes_the_largest_content_and_refuses_a_larger),
	    EACH(test_payload_decode_refuses_content_one_byte_too_long),
	    EACH(test_payload_decode_refuses_a_payload_over_its_limit_unread),
	    EACH(test_payload_decode_copies_the_content_once),
	    EACH(test_payload_decode_says_when_the_arena_is_too_small),
	    EACH(test_payload_type_is_known_for_x_with_another_part),
	    EACH(test_payload_check_names_the_problem),
	    EACH(test_payload_check_survives_a_type_of_any_length),
	    EACH(test_payload_encode_refuses_what_decode_would),
	};

	memset(content, 0xc5, sizeof content);
	return cmocka_run_group_tests_name("catalogue/payload", tests, NULL, NULL);
}
