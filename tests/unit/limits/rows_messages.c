/* Limits of payloads, of business messages, and of what is sealed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "catalogue/catalogue.h"
#include "catalogue/payload.h"
#include "core/text.h"
#include "limit_rows.h"
#include "seal/seal.h"

/* n bytes of a letter, valid until the next call. */
static struct consign_slice
letters(uint64_t n)
{
	static char *text;

	text = realloc(text, n + 1);
	assert_non_null(text);
	memset(text, 'x', n);
	return slice_of(text, n);
}

static struct arena *
new_arena(void)
{
	struct arena *arena;

	assert_int_equal(arena_new((size_t)256 << 20, &arena), CONSIGN_OK);
	return arena;
}

static enum consign_err
encode(const struct payload *p)
{
	struct buf out = {0};
	enum consign_err err = payload_encode(p, &out);

	buf_clear(&out);
	return err;
}

static enum consign_err
try_content(const struct limit_row *row, uint64_t n)
{
	struct payload p = {.content = letters(n)};

	(void)row;
	return encode(&p);
}

static enum consign_err
try_name(const struct limit_row *row, uint64_t n)
{
	struct payload p = {.name = letters(n)};

	(void)row;
	return encode(&p);
}

/* Both ends. */
static enum consign_err
try_payload(const struct limit_row *row, uint64_t n)
{
	struct seal_context context = {.attempt = 1};
	struct consign_hash commitment;
	struct arena *arena = new_arena();
	struct payload p;
	struct secret *key;
	struct buf body = {0};

	(void)row;
	assert_int_equal(secret_new(&key), CONSIGN_OK);
	enum consign_err err = seal_item(key, &context, 0, CONSIGN_LABEL_OPEN, letters(n), &body, &commitment);
	enum consign_err read = payload_decode(letters(n), arena, &p);

	/* It is read, and no payload. */
	assert_int_equal(read, err == CONSIGN_OK ? CONSIGN_E_MALFORMED : err);
	secret_free(&key);
	buf_clear(&body);
	arena_free(&arena);
	return err;
}

/* Wraps, then items of these lengths of ciphertext. */
static enum consign_err
parse_body(size_t wraps, size_t items, const uint32_t *lens)
{
	struct seal_body parsed;
	struct buf body = {0};

	assert_int_equal(buf_append(&body, letters(wraps * SEAL_WRAP_BYTES)), CONSIGN_OK);
	for (size_t i = 0; i < items; i++) {
		assert_int_equal(buf_append_be32(&body, lens[i]), CONSIGN_OK);
		assert_int_equal(buf_append(&body, letters(lens[i])), CONSIGN_OK);
	}
	enum consign_err err = seal_body_parse(buf_slice(&body), wraps, items, &parsed);

	buf_clear(&body);
	return err;
}

static enum consign_err
try_sealed(const struct limit_row *row, uint64_t n)
{
	uint32_t len = (uint32_t)n;

	(void)row;
	return parse_body(1, 1, &len);
}

static enum consign_err
try_items(const struct limit_row *row, uint64_t n)
{
	uint32_t lens[CONSIGN_BUNDLE_MAX_ITEMS + 1];

	(void)row;
	for (size_t i = 0; i < n; i++)
		lens[i] = 256 + 16;
	return parse_body(1, n, lens);
}

/* The last index of n items. */
static enum consign_err
try_index(const struct limit_row *row, uint64_t n)
{
	struct consign_message_id id;
	char text[64];

	(void)row;
	snprintf(text, sizeof text, "018bcfe5-6800-7000-8000-000000000000.%llu", (unsigned long long)(n - 1));
	return message_id_parse(slice_text(text), &id);
}

/* A body of exactly n bytes: some wraps, and items whose ciphertexts are multiples of 256 and a tag. */
static enum consign_err
try_body(const struct limit_row *row, uint64_t n)
{
	uint32_t lens[CONSIGN_BUNDLE_MAX_ITEMS];

	(void)row;
	for (size_t wraps = 1; wraps <= CONSIGN_CONSIGNEES_MAX; wraps++)
		for (size_t items = 2; items <= CONSIGN_BUNDLE_MAX_ITEMS; items++) {
			uint64_t left = n - wraps * SEAL_WRAP_BYTES - items * (4 + 16);

			if (left % 256 != 0)
				continue;
			for (size_t i = 0; i < items; i++)
				lens[i] = 256 + 16;
			left -= (items - 2) * 256; /* of the first two, half each */
			lens[0] = (uint32_t)(left / 512 * 256 + 16);
			lens[1] = (uint32_t)(left - left / 512 * 256 + 16);
			return parse_body(wraps, items, lens);
		}
	fail_msg("no body has %llu bytes", (unsigned long long)n);
	return CONSIGN_E_USAGE;
}

static struct seal_session *
session_for(uint64_t n, uint64_t born_us, enum consign_err *ret_err)
{
	struct consign_public_key keys[CONSIGN_CONSIGNEES_MAX + 1];
	struct seal_session *session = NULL;

	for (size_t i = 0; i < n; i++) {
		struct secret *secret;

		assert_int_equal(box_keypair(&secret, &keys[i]), CONSIGN_OK);
		secret_free(&secret);
	}
	*ret_err = seal_session_new(keys, n, born_us, &session);
	return session;
}

static enum consign_err
try_consignees(const struct limit_row *row, uint64_t n)
{
	enum consign_err err;
	struct seal_session *session = session_for(n, 0, &err);

	(void)row;
	seal_session_free(&session);
	return err;
}

/* The n-th use. */
static enum consign_err
try_uses(const struct limit_row *row, uint64_t n)
{
	struct seal_context context = {.attempt = 1};
	struct buf body = {0};
	struct secret *key;
	enum consign_err err;
	struct seal_session *session = session_for(1, 0, &err);

	(void)row;
	assert_int_equal(err, CONSIGN_OK);
	assert_int_equal(secret_new(&key), CONSIGN_OK);
	for (uint64_t i = 0; i < n; i++) {
		assert_int_equal(err, CONSIGN_OK);
		buf_reset(&body);
		err = seal_begin(session, &context, key, &body);
	}
	secret_free(&key);
	buf_clear(&body);
	seal_session_free(&session);
	return err;
}

/* In its n-th microsecond. */
static enum consign_err
try_session_life(const struct limit_row *row, uint64_t n)
{
	struct consign_public_key key;
	struct seal_session *session;
	struct secret *secret;

	(void)row;
	assert_int_equal(box_keypair(&secret, &key), CONSIGN_OK);
	assert_int_equal(seal_session_new(&key, 1, 1000, &session), CONSIGN_OK);
	bool serves = seal_session_serves(session, &key, 1, 1000 + n - 1);

	seal_session_free(&session);
	secret_free(&secret);
	return serves ? CONSIGN_OK : CONSIGN_E_EXPIRED;
}

/* ── business messages ── */

/* All originals, and n bytes of fields: one text that fills them, a field whose length has three bytes. */
static enum consign_err
try_fields(const struct limit_row *row, uint64_t n)
{
	const struct ProtobufCMessage *message;
	const size_t size = CONSIGN_CONTENT_MAX_BYTES + n, len = size - 4;
	struct arena *arena = new_arena();
	struct problems problems = {0};
	uint8_t *bytes = (uint8_t *)(uintptr_t)letters(size).data;

	(void)row;
	bytes[0] = 2 << 3 | 2;
	bytes[1] = (uint8_t)(len | 0x80);
	bytes[2] = (uint8_t)(len >> 7 | 0x80);
	bytes[3] = (uint8_t)(len >> 14);
	enum consign_err err = business_decode(catalogue_find("lab.result"), slice_of(bytes, size), arena, &problems, &message);

	problems_clear(&problems);
	arena_free(&arena);
	return err;
}

static enum consign_err
read_json(struct consign_slice text, struct arena *arena, struct problems *problems, const struct ProtobufCMessage **ret_message)
{
	return business_from_json(catalogue_find("lab.result"), text, arena, problems, ret_message);
}

static enum consign_err
try_json_size(const struct limit_row *row, uint64_t n)
{
	const struct ProtobufCMessage *message;
	struct arena *arena = new_arena();
	struct problems problems = {0};
	char *text = (char *)(uintptr_t)letters(n).data;

	(void)row;
	memset(text, ' ', n);
	memcpy(text, "{}", 2);
	enum consign_err err = read_json(slice_of(text, n), arena, &problems, &message);

	problems_clear(&problems);
	arena_free(&arena);
	return err;
}

/* MALFORMED when a problem of this text expects so; what else is wrong with it does not count. */
static enum consign_err
read_and_find(const struct buf *text, const char *expected)
{
	const struct ProtobufCMessage *message;
	struct arena *arena = new_arena();
	struct problems problems = {0};
	enum consign_err err = read_json(buf_slice(text), arena, &problems, &message);
	bool is_found = false;

	assert_true(err == CONSIGN_OK || err == CONSIGN_E_MALFORMED);
	for (size_t i = 0; i < problems.n; i++)
		is_found = is_found || strcmp(problems.v[i].expected, expected) == 0;
	problems_clear(&problems);
	arena_free(&arena);
	return is_found ? CONSIGN_E_MALFORMED : CONSIGN_OK;
}

static enum consign_err
try_json_depth(const struct limit_row *row, uint64_t n)
{
	struct buf text = {0};

	(void)row;
	assert_int_equal(buf_printf(&text, "{\"unknown\":"), CONSIGN_OK);
	for (uint64_t i = 1; i < n; i++)
		assert_int_equal(buf_append_u8(&text, '['), CONSIGN_OK);
	for (uint64_t i = 1; i < n; i++)
		assert_int_equal(buf_append_u8(&text, ']'), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&text, '}'), CONSIGN_OK);
	enum consign_err err = read_and_find(&text, "no more than 64 objects and lists in each other");

	buf_clear(&text);
	return err;
}

static enum consign_err
try_json_count(const struct limit_row *row, uint64_t n)
{
	struct buf text = {0};

	(void)row;
	assert_int_equal(buf_printf(&text, "{\"event\":{\"causes\":["), CONSIGN_OK);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(buf_printf(&text, "%s\"a.0\"", i == 0 ? "" : ","), CONSIGN_OK);
	assert_int_equal(buf_printf(&text, "]}}"), CONSIGN_OK);
	enum consign_err err = read_and_find(&text, "no more than 20000 elements");

	buf_clear(&text);
	return err;
}

/* The n-th original. */
static enum consign_err
try_originals(const struct limit_row *row, uint64_t n)
{
	const struct ProtobufCMessage *message;
	struct arena *arena = new_arena();
	struct problems problems = {0};
	enum consign_err err = read_json(slice_text("{\"event\":{\"state\":\"final\"}}"), arena, &problems, &message);

	(void)row;
	for (uint64_t i = 0; i < n; i++) {
		assert_int_equal(err, CONSIGN_OK);
		err = business_attach(catalogue_find("lab.result"), message, "text/plain", "note.txt", slice_text("x"), arena);
	}
	arena_free(&arena);
	problems_clear(&problems);
	return err;
}

/* FULL: counted only. */
static enum consign_err
try_problems(const struct limit_row *row, uint64_t n)
{
	struct problems problems = {0};
	char path[32];

	(void)row;
	for (uint64_t i = 0; i < n; i++) {
		snprintf(path, sizeof path, "p[%llu]", (unsigned long long)i);
		problems_add_words(&problems, path, "rule", "found", "expected");
	}
	assert_int_equal(problems.total, n);
	enum consign_err err = problems.n == n ? CONSIGN_OK : CONSIGN_E_FULL;

	problems_clear(&problems);
	return err;
}

const struct limit_row limit_rows_messages[] = {
    {LIMIT(CONSIGN_CONTENT_MAX_BYTES), .tries = try_content, .refused = CONSIGN_E_TOO_BIG},
    {LIMIT(CONSIGN_NAME_MAX_BYTES), .tries = try_name, .refused = CONSIGN_E_TOO_BIG, .of = "of a payload"},
    {LIMIT(CONSIGN_PAYLOAD_MAX_BYTES), .tries = try_payload, .refused = CONSIGN_E_TOO_BIG},
    {LIMIT(CONSIGN_SEALED_MAX_BYTES), .tries = try_sealed, .refused = CONSIGN_E_MALFORMED, .next = CONSIGN_SEALED_MAX_BYTES + 256},
    {LIMIT(CONSIGN_BUNDLE_MAX_ITEMS), .tries = try_items, .refused = CONSIGN_E_MALFORMED, .of = "of a body"},
    {LIMIT(CONSIGN_BUNDLE_MAX_ITEMS), .tries = try_index, .refused = CONSIGN_E_MALFORMED, .of = "of a message id"},
    {LIMIT(CONSIGN_BODY_MAX_BYTES), .tries = try_body, .refused = CONSIGN_E_MALFORMED, .next = CONSIGN_BODY_MAX_BYTES + 4, .of = "of a body"},
    {LIMIT(CONSIGN_CONSIGNEES_MAX), .tries = try_consignees, .refused = CONSIGN_E_TOO_BIG, .of = "of a session key"},
    {LIMIT(CONSIGN_SESSION_KEY_USES), .tries = try_uses, .refused = CONSIGN_E_EXPIRED},
    {LIMIT(CONSIGN_SESSION_KEY_LIFE_US), .tries = try_session_life, .refused = CONSIGN_E_EXPIRED},
    {LIMIT(BUSINESS_FIELDS_MAX_BYTES), .tries = try_fields, .refused = CONSIGN_E_TOO_BIG},
    {LIMIT(CONSIGN_LOCAL_CONTENT_MAX_BYTES), .tries = try_json_size, .refused = CONSIGN_E_TOO_BIG, .of = "of JSON"},
    {LIMIT(JSON_DEPTH_MAX), .tries = try_json_depth, .refused = CONSIGN_E_MALFORMED},
    {LIMIT(JSON_COUNT_MAX), .tries = try_json_count, .refused = CONSIGN_E_MALFORMED},
    {LIMIT(CONSIGN_ORIGINALS_MAX), .tries = try_originals, .refused = CONSIGN_E_TOO_BIG},
    {LIMIT(CONSIGN_PROBLEMS_MAX), .tries = try_problems, .refused = CONSIGN_E_FULL, .of = "of a list"},
    {LIMIT(CONSIGN_RECEIVER_KEYS),
	.shown = "tests/unit/seal/test_unseal.c::test_unseal_receive_forgets_the_one_unused_for_the_longest"},
    {0},
};
