/* What the tests of the JSON converter share: reading from memory of exact size, random messages, repeatable chance. */
#ifndef JSON_FIXTURE_H
#define JSON_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/json.h"
#include "consign/v1/lab.pb-c.h"

#define LAB (&consign__v1__lab_result__descriptor)
#define MAYBE_UNUSED __attribute__((unused))

struct fixture {
	struct arena *arena;
	struct problems problems;
	struct buf out, packed, again;
	ProtobufCMessage *message; /* of the last read that succeeded; else NULL */
};

static MAYBE_UNUSED int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_int_equal(arena_new(BUSINESS_ARENA_BYTES(CONSIGN_LOCAL_CONTENT_MAX_BYTES), &f->arena), CONSIGN_OK);
	*state = f;
	return 0;
}

static MAYBE_UNUSED int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	problems_clear(&f->problems);
	buf_clear(&f->out);
	buf_clear(&f->packed);
	buf_clear(&f->again);
	free(f);
	return 0;
}

/* Reads a copy that ends where its memory ends, so that the sanitizer sees one byte too far; the list of problems begins anew. */
static MAYBE_UNUSED enum consign_err
read_as(struct fixture *f, const ProtobufCMessageDescriptor *d, struct consign_slice text)
{
	uint8_t *copy = malloc(text.len > 0 ? text.len : 1);
	ProtobufCMessage *m = NULL;
	enum consign_err err;

	assert_non_null(copy);
	if (text.len > 0)
		memcpy(copy, text.data, text.len);
	arena_reset(f->arena);
	problems_clear(&f->problems);
	err = json_read(d, slice_of(copy, text.len), f->arena, &f->problems, &m);
	free(copy);
	if (err == CONSIGN_OK)
		assert_non_null(m);
	else if (err != CONSIGN_E_MALFORMED) /* of a text with problems there is what could be read */
		assert_null(m);
	assert_int_equal(err == CONSIGN_E_MALFORMED, f->problems.total > 0);
	f->message = m;
	return err;
}

static MAYBE_UNUSED enum consign_err
read_text(struct fixture *f, const char *text)
{
	return read_as(f, LAB, slice_text(text));
}

static MAYBE_UNUSED void
pack(const ProtobufCMessage *m, struct buf *out)
{
	buf_reset(out);
	assert_int_equal(buf_reserve(out, protobuf_c_message_get_packed_size(m) + 1), CONSIGN_OK);
	out->len = protobuf_c_message_pack(m, out->data);
}

/* Writes the message into f->out, one line or indented. */
static MAYBE_UNUSED void
write_message(struct fixture *f, const ProtobufCMessage *m, unsigned indent)
{
	buf_reset(&f->out);
	assert_int_equal(json_write(m, indent, &f->out), CONSIGN_OK);
}

static MAYBE_UNUSED void
assert_out(const struct fixture *f, const char *expected)
{
	if (f->out.len != strlen(expected) || memcmp(f->out.data, expected, f->out.len) != 0)
		fail_msg("wrote %.*s instead of %s", (int)f->out.len, (const char *)f->out.data, expected);
}

/* The message just read, written and read again, is the same message. */
static MAYBE_UNUSED void
assert_comes_back(struct fixture *f)
{
	unsigned indent = (unsigned)f->message->descriptor->n_fields % 3;
	const ProtobufCMessageDescriptor *d = f->message->descriptor;

	pack(f->message, &f->packed);
	write_message(f, f->message, indent);
	assert_int_equal(read_as(f, d, buf_slice(&f->out)), CONSIGN_OK);
	pack(f->message, &f->again);
	assert_true(slice_equal(buf_slice(&f->packed), buf_slice(&f->again)));
}

static MAYBE_UNUSED void
assert_problem(const struct fixture *f, size_t i, const char *path, const char *rule, const char *found, const char *expected)
{
	const struct problem *p;

	assert_true(i < f->problems.n);
	p = &f->problems.v[i];
	assert_string_equal(p->path, path);
	assert_string_equal(p->rule, rule);
	assert_string_equal(p->found, found);
	assert_string_equal(p->expected, expected);
}

/* xorshift64*: the same in every run. */
struct chance {
	uint64_t state;
};

static MAYBE_UNUSED uint32_t
chance_below(struct chance *c, uint32_t n)
{
	c->state ^= c->state >> 12;
	c->state ^= c->state << 25;
	c->state ^= c->state >> 27;
	return (uint32_t)(c->state * UINT64_C(2685821657736338717) >> 33) % n;
}

/* A text of 1 to 20 characters of all lengths, with what JSON must escape among them. */
static MAYBE_UNUSED char *
random_text(struct chance *c, struct arena *arena)
{
	static const char *const characters[] = {"a", "Z", "0", " ", "_", "\"", "\\", "/", "\x01", "\n", "\t", "\x1f", "\x7f",
	    "é", "€", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf", "lab", "abcdefgh"};
	char *text = arena_alloc(arena, 200);

	assert_non_null(text);
	for (uint32_t n = 1 + chance_below(c, 20); n > 0; n--)
		strcat(text, characters[chance_below(c, sizeof characters / sizeof characters[0])]);
	return text;
}

/* A message with about half of its fields. */
static MAYBE_UNUSED ProtobufCMessage *
random_message(struct chance *c, const ProtobufCMessageDescriptor *d, struct arena *arena)
{
	static const uint32_t edges[] = {0, 1, 9, 10, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff};
	ProtobufCMessage *m = arena_alloc(arena, d->sizeof_message);

	assert_non_null(m);
	d->message_init(m);
	for (unsigned i = 0; i < d->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &d->fields[i];
		void *at = (uint8_t *)m + f->offset, *quantifier = (uint8_t *)m + f->quantifier_offset;

		if (chance_below(c, 2) == 0)
			continue;
		if (f->label == PROTOBUF_C_LABEL_REPEATED) {
			size_t n = 1 + chance_below(c, 9);
			void **v = arena_alloc(arena, n * sizeof *v);

			assert_non_null(v);
			for (size_t k = 0; k < n; k++)
				v[k] = f->type == PROTOBUF_C_TYPE_STRING ? (void *)random_text(c, arena)
									 : random_message(c, f->descriptor, arena);
			*(void ***)at = v;
			*(size_t *)quantifier = n;
		} else if (f->type == PROTOBUF_C_TYPE_STRING) {
			*(char **)at = random_text(c, arena);
		} else if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
			*(ProtobufCMessage **)at = random_message(c, f->descriptor, arena);
		} else if (f->type == PROTOBUF_C_TYPE_BYTES) {
			char *bytes = random_text(c, arena);

			*(ProtobufCBinaryData *)at = (ProtobufCBinaryData){.len = strlen(bytes), .data = (uint8_t *)bytes};
			*(protobuf_c_boolean *)quantifier = 1;
		} else {
			*(uint32_t *)at = f->type == PROTOBUF_C_TYPE_BOOL
					      ? chance_below(c, 2)
					      : edges[chance_below(c, sizeof edges / sizeof edges[0])];
			*(protobuf_c_boolean *)quantifier = 1;
		}
	}
	return m;
}

#endif
