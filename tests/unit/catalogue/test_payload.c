/* Payloads of x.* types: encoding, decoding, every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../support/tsv.h"
#include "catalogue/payload.h"
#include "catalogue/strict.h"
#include "consign/v1/payload.pb-c.h"

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
	char media_type[CONSIGN_MEDIA_TYPE_MAX_BYTES + 1], name[CONSIGN_NAME_MAX_BYTES + 1];
	struct problems problems = {0};
	enum consign_label label = 0;
	struct payload p = {.name = {(const uint8_t *)name, CONSIGN_NAME_MAX_BYTES}}, got;

	memset(media_type, 'm', sizeof media_type);
	media_type[3] = '/';
	media_type[CONSIGN_MEDIA_TYPE_MAX_BYTES] = '\0';
	memset(name, 'n', sizeof name);
	memcpy(p.media_type, media_type, sizeof media_type);
	p.content = slice_of(content, CONSIGN_CONTENT_MAX_BYTES);
	assert_int_equal(payload_make("x.file", &p, 0, f->arena, &problems, &f->out, &label), CONSIGN_OK);
	assert_int_equal(label, CONSIGN_LABEL_OPEN);
	assert_true(f->out.len <= CONSIGN_PAYLOAD_MAX_BYTES);
	assert_int_equal(payload_decode(buf_slice(&f->out), f->arena, &got), CONSIGN_OK);
	assert_int_equal(got.content.len, CONSIGN_CONTENT_MAX_BYTES);
	assert_memory_equal(got.content.data, content, CONSIGN_CONTENT_MAX_BYTES);

	p.content.len++;
	buf_reset(&f->out);
	assert_int_equal(payload_make("x.file", &p, 0, f->arena, &problems, &f->out, &label), CONSIGN_E_TOO_BIG);
	assert_string_equal(problems.v[0].found, "the content is over 1 MiB");
	problems_clear(&problems);
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
	assert_int_equal(arena_new(16, &small), CONSIGN_OK);
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
	    {"material.shipment.dispatched", true},
	    {"material.shipment", false},
	    {"material.shipment.dispatched.more", false},
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
test_payload_make_names_the_problem(void **state)
{
	static const struct {
		const char *type, *media_type, *name, *rule, *found;
	} rows[] = {
	    {"trial.x", "", "", "type", "trial.x"},
	    {"x.file", "text", "", "format", "the media type is not of the form type/subtype[; parameters]"},
	    {"x.file", "", "a/b", "format", "the name holds a slash: give the file's name, not its path"},
	    {"x.file", "", "a\tb", "format", "the name is not UTF-8 without control characters"},
	    {"lab.result", "text/csv", "", "media-type", "text/csv"},
	    {"lab.result", "application/json", "", "json", NULL},
	};
	struct fixture *f = *state;
	enum consign_label label = 77;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct payload p = {.name = slice_text(rows[i].name), .content = slice_text("no JSON")};
		struct problems problems = {0};

		strcpy(p.media_type, rows[i].media_type);
		assert_int_equal(payload_make(rows[i].type, &p, 0, f->arena, &problems, &f->out, &label), CONSIGN_E_MALFORMED);
		assert_int_equal(problems.total, 1);
		assert_string_equal(problems.v[0].rule, rows[i].rule);
		if (rows[i].found != NULL)
			assert_string_equal(problems.v[0].found, rows[i].found);
		problems_clear(&problems);
	}
	assert_int_equal(f->out.len, 0);
	assert_int_equal(label, 77);
}

/* What could be read is checked all the same, and then it has elements where the text has none that fit. */
static void
test_payload_make_goes_on_behind_elements_that_are_none(void **state)
{
	static const struct {
		const char *type, *json, *path;
	} rows[] = {
	    {"lab.result", "{\"event\": {\"references\": [null, {}, 7, {\"nobody\": 1}]}}", "event.references[0]"},
	    {"lab.result", "{\"event\": {\"causes\": [1, \"\"], \"originals\": [[]]}}", "event.causes[0]"},
	    {"material.shipment.dispatched", "{\"items\": [true], \"sscc\": [null, \"\", 1]}", "items[0]"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct payload p = {.media_type = PAYLOAD_JSON, .content = slice_text(rows[i].json)};
		struct problems problems = {0};
		enum consign_label label = 77;

		assert_int_equal(payload_make(rows[i].type, &p, 0, f->arena, &problems, &f->out, &label), CONSIGN_E_MALFORMED);
		assert_true(problems.total > 1);
		assert_string_equal(problems.v[0].path, rows[i].path);
		assert_string_equal(problems.v[0].rule, "kind");
		assert_int_equal(label, 77);
		problems_clear(&problems);
	}
	assert_int_equal(f->out.len, 0);
}

/* One more than a list may have: those beyond are passed over, and nobody looks for them in the list. */
static void
test_payload_make_goes_on_behind_a_list_that_is_too_long(void **state)
{
	struct fixture *f = *state;
	struct payload p = {.media_type = PAYLOAD_JSON};
	struct problems problems = {0};
	enum consign_label label;
	struct buf json = {0};

	assert_int_equal(buf_printf(&json, "{\"items\": [{}"), CONSIGN_OK);
	for (size_t n = 1; n < 20100; n++)
		assert_int_equal(buf_printf(&json, ",{}"), CONSIGN_OK);
	assert_int_equal(buf_printf(&json, "]}"), CONSIGN_OK);
	p.content = buf_slice(&json);
	arena_free(&f->arena);
	assert_int_equal(arena_new(64 << 20, &f->arena), CONSIGN_OK);
	assert_int_equal(payload_make("material.shipment.dispatched", &p, 0, f->arena, &problems, &f->out, &label), CONSIGN_E_MALFORMED);
	assert_string_equal(problems.v[0].path, "items");
	assert_string_equal(problems.v[0].rule, "count");
	problems_clear(&problems);
	buf_clear(&json);
}

static void
test_payload_make_survives_a_type_of_any_length(void **state)
{
	struct fixture *f = *state;
	struct payload p = some_payload();
	struct problems problems = {0};
	enum consign_label label;
	char type[2000];

	memset(type, 'x', sizeof type - 1);
	type[sizeof type - 1] = '\0';
	assert_int_equal(payload_make(type, &p, 0, f->arena, &problems, &f->out, &label), CONSIGN_E_MALFORMED);
	assert_int_equal(problems.total, 1);
	problems_clear(&problems);
}

/* The encoded form of a message, made by hand: {"event": {"state": "final"}} and nothing else. */
static const uint8_t bare_result[] = {0x0a, 0x07, 0x0a, 0x05, 'f', 'i', 'n', 'a', 'l'};

static void
test_payload_business_round_trips_and_says_its_version(void **state)
{
	struct fixture *f = *state;
	struct payload p = {.version = 1, .content = SLICE_ARRAY(bare_result)}, got;

	assert_int_equal(payload_encode(&p, &f->out), CONSIGN_OK);
	/* format 1, business (field 3): version 1, message */
	assert_memory_equal(f->out.data, "\x08\x01\x1a\x0d\x08\x01\x12\x09", 8);
	assert_int_equal(payload_decode(buf_slice(&f->out), f->arena, &got), CONSIGN_OK);
	assert_int_equal(got.version, 1);
	assert_string_equal(got.media_type, "application/protobuf");
	assert_true(slice_equal(got.content, p.content));
}

static void
test_payload_decode_refuses_both_kinds_and_neither(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
	    {"\x08\x01", 2},                                 /* neither */
	    {"\x08\x01\x12\x00\x1a\x04\x08\x01\x12\x00", 10}, /* both */
	    {"\x08\x01\x1a\x02\x12\x00", 6},                 /* business without a version */
	    {"\x08\x01\x1a\x04\x08\x00\x12\x00", 8},         /* version 0 */
	};
	struct fixture *f = *state;
	struct payload p;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(payload_decode(slice_of(rows[i].bytes, rows[i].len), f->arena, &p), CONSIGN_E_MALFORMED);
}

/* The consignee's side: kind and version belong to the type of the manifest. */
static void
test_payload_accept_refuses_another_kind_version_or_content(void **state)
{
	static const struct {
		const char *type;
		uint32_t version;
		const char *rule;
	} rows[] = {
	    {"x.file", 1, "payload"},
	    {"lab.result", 0, "payload"},
	    {"lab.result", 2, "version"},
	    {"lab.result", 1, "mandatory"},
	    {"lab.other", 1, "type"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct payload p = {.version = rows[i].version, .content = SLICE_ARRAY(bare_result)}, got;
		struct problems problems = {0};

		buf_reset(&f->out);
		assert_int_equal(payload_encode(&p, &f->out), CONSIGN_OK);
		assert_int_equal(
		    payload_accept(rows[i].type, CONSIGN_LABEL_OPEN, buf_slice(&f->out), f->arena, &problems, &got), CONSIGN_E_MALFORMED);
		assert_true(problems.total >= 1);
		assert_string_equal(problems.v[0].rule, rows[i].rule);
		problems_clear(&problems);
	}
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

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* One to three bytes are changed, dropped, doubled or taken from elsewhere in the payload. */
static void
break_bytes(uint64_t *random, uint8_t *bytes, size_t *len)
{
	for (size_t times = 1 + next_random(random) % 3; times > 0 && *len > 1; times--) {
		size_t at = next_random(random) % *len;

		switch (next_random(random) % 4) {
		case 0:
			bytes[at] = (uint8_t)next_random(random);
			break;
		case 1:
			bytes[at] = bytes[next_random(random) % *len];
			break;
		case 2:
			memmove(bytes + at, bytes + at + 1, *len - at - 1);
			--*len;
			break;
		default:
			memmove(bytes + at + 1, bytes + at, *len - at);
			++*len;
			break;
		}
	}
}

/* By the walk that all business messages go through, and protobuf-c. */
static enum consign_err
decode_by_strict(struct consign_slice in, struct arena *arena, const Consign__V1__Payload **ret_message)
{
	const ProtobufCMessage *unpacked;
	enum consign_err err = strict_unpack(&consign__v1__payload__descriptor, in, arena, NULL, &unpacked);

	if (err != CONSIGN_OK)
		return err;
	*ret_message = (const Consign__V1__Payload *)unpacked;
	if ((*ret_message)->format != 1 || ((*ret_message)->opaque == NULL) == ((*ret_message)->business == NULL))
		return CONSIGN_E_MALFORMED;
	return (*ret_message)->business != NULL && (*ret_message)->business->version == 0 ? CONSIGN_E_MALFORMED : CONSIGN_OK;
}

/* What was read is written as protobuf-c writes it. */
static void
assert_packs_to(struct fixture *f, const Consign__V1__Payload *m, const struct payload *p)
{
	uint8_t packed[256];

	assert_true(consign__v1__payload__get_packed_size(m) <= sizeof packed);
	buf_reset(&f->out);
	assert_int_equal(payload_encode(p, &f->out), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(&f->out), slice_of(packed, consign__v1__payload__pack(m, packed))));
}

/* The same verdict, but that decode also looks at names and media types; and the same fields. */
static void
test_payload_decode_reads_what_the_strict_walk_reads(void **state)
{
	const struct payload kinds[] = {some_payload(), {.version = 3, .content = slice_text("message")}, {.name = slice_text("a")}};
	struct fixture *f = *state;
	uint64_t random = 88172645463325252u;
	size_t n[2] = {0};

	for (size_t i = 0; i < 60000; i++) {
		const Consign__V1__Payload *m = NULL;
		struct payload p;
		uint8_t bytes[128];

		buf_reset(&f->out);
		arena_reset(f->arena);
		assert_int_equal(payload_encode(&kinds[i % 3], &f->out), CONSIGN_OK);
		memcpy(bytes, f->out.data, f->out.len);
		break_bytes(&random, bytes, &f->out.len);
		enum consign_err err = payload_decode(slice_of(bytes, f->out.len), f->arena, &p);
		enum consign_err strictly = decode_by_strict(slice_of(bytes, f->out.len), f->arena, &m);

		n[err == CONSIGN_OK]++;
		if (err != CONSIGN_OK) {
			assert_true(strictly == CONSIGN_E_MALFORMED || m->opaque != NULL);
			continue;
		}
		assert_int_equal(strictly, CONSIGN_OK);
		assert_packs_to(f, m, &p);
		const ProtobufCBinaryData *got = m->business != NULL ? &m->business->message : &m->opaque->content;

		assert_true(slice_equal(p.content, slice_of(got->data, got->len)));
		assert_int_equal(p.version, m->business != NULL ? m->business->version : 0);
		if (m->business != NULL)
			continue;
		assert_true(slice_equal(p.name, slice_of(m->opaque->name.data, m->opaque->name.len)));
		assert_true(slice_equal(slice_text(p.media_type), slice_of(m->opaque->media_type.data, m->opaque->media_type.len)));
	}
	assert_true(n[0] > 1000 && n[1] > 1000);
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
	    EACH(test_payload_make_names_the_problem),
	    EACH(test_payload_make_goes_on_behind_elements_that_are_none),
	    EACH(test_payload_make_goes_on_behind_a_list_that_is_too_long),
	    EACH(test_payload_make_survives_a_type_of_any_length),
	    EACH(test_payload_business_round_trips_and_says_its_version),
	    EACH(test_payload_decode_refuses_both_kinds_and_neither),
	    EACH(test_payload_accept_refuses_another_kind_version_or_content),
	    EACH(test_payload_encode_refuses_what_decode_would),
	    EACH(test_payload_decode_reads_what_the_strict_walk_reads),
	};

	memset(content, 0xc5, sizeof content);
	return cmocka_run_group_tests_name("catalogue/payload", tests, NULL, NULL);
}
