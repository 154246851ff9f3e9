/*
 * What the tests of unpacking share: wire written by hand, and reading it as the programs do. What is refused leaves no message,
 * and says why.
 */
#ifndef STRICT_FIXTURE_H
#define STRICT_FIXTURE_H

#include "catalogue/example.h"
#include "catalogue/strict.h"
#include "check_fixture.h"

#define LAB (&consign__v1__lab_result__descriptor)

/* ── writing wire by hand ── */

static MAYBE_UNUSED void
put(struct buf *b, const void *bytes, size_t len)
{
	assert_int_equal(buf_append(b, slice_of(bytes, len)), CONSIGN_OK);
}

static MAYBE_UNUSED void
put_varint(struct buf *b, uint64_t v)
{
	do {
		assert_int_equal(buf_append_u8(b, (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0))), CONSIGN_OK);
		v >>= 7;
	} while (v > 0);
}

static MAYBE_UNUSED void
put_bytes(struct buf *b, unsigned field, const void *bytes, size_t len)
{
	put_varint(b, (uint64_t)field << 3 | 2);
	put_varint(b, len);
	put(b, bytes, len);
}

static MAYBE_UNUSED void
put_text(struct buf *b, unsigned field, const char *text)
{
	put_bytes(b, field, text, strlen(text));
}

/* Wraps what is in the buffer into one field. */
static MAYBE_UNUSED void
wrap(struct buf *b, unsigned field)
{
	struct buf inner = *b;

	*b = (struct buf){0};
	put_bytes(b, field, inner.data, inner.len);
	buf_clear(&inner);
}

/* A laboratory result with all that its type has, as protobuf-c writes it. */
static MAYBE_UNUSED void
encode_example(struct buf *out)
{
	const struct catalogue_type *t = type_of("lab.result");
	const ProtobufCMessage *m;
	struct problems problems = {0};
	struct arena *arena = NULL;
	struct buf json = {0};

	assert_int_equal(example_make(t, EXAMPLE_FULL, &json), CONSIGN_OK);
	assert_int_equal(arena_new(BUSINESS_ARENA_BYTES(json.len), &arena), CONSIGN_OK);
	assert_int_equal(business_from_json(t, buf_slice(&json), arena, &problems, &m), CONSIGN_OK);
	assert_int_equal(business_encode(m, out), CONSIGN_OK);
	arena_free(&arena);
	buf_clear(&json);
}

/* ── reading ── */

/* Unpacks from memory that ends where the bytes end, into an arena like those that the programs make. */
static MAYBE_UNUSED enum consign_err
unpack_as(
    struct fixture *f, const ProtobufCMessageDescriptor *d, struct consign_slice bytes, const ProtobufCMessage **ret_message)
{
	static const ProtobufCMessage untouched;
	const ProtobufCMessage *m = &untouched;
	uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);
	enum consign_err err;

	assert_non_null(copy);
	if (bytes.len > 0)
		memcpy(copy, bytes.data, bytes.len);
	arena_free(&f->arena);
	assert_int_equal(arena_new(BUSINESS_ARENA_BYTES(bytes.len), &f->arena), CONSIGN_OK);
	problems_clear(&f->problems);
	err = strict_unpack(d, slice_of(copy, bytes.len), f->arena, &f->problems, &m);
	free(copy);
	if (err == CONSIGN_OK) {
		assert_ptr_not_equal(m, &untouched);
		assert_int_equal(f->problems.total, 0);
		*ret_message = m;
	} else {
		assert_ptr_equal(m, &untouched);
		assert_int_equal(f->problems.total, err == CONSIGN_E_MALFORMED);
		for (size_t i = 0; i < f->problems.n; i++)
			assert_string_equal(f->problems.v[i].rule, "encoding");
	}
	return err;
}

static MAYBE_UNUSED const Consign__V1__LabResult *
assert_unpacks(struct fixture *f)
{
	const ProtobufCMessage *m = NULL;

	if (unpack_as(f, LAB, buf_slice(&f->out), &m) != CONSIGN_OK) {
		print_problems(&f->problems);
		fail();
	}
	return (const Consign__V1__LabResult *)m;
}

static MAYBE_UNUSED void
assert_refused(struct fixture *f, const char *path, const char *found, const char *expected)
{
	const ProtobufCMessage *m;

	assert_int_equal(unpack_as(f, LAB, buf_slice(&f->out), &m), CONSIGN_E_MALFORMED);
	assert_only(&f->problems, path, "encoding", found, expected);
	buf_reset(&f->out);
}

#endif
