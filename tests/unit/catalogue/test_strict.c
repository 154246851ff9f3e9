/* Unpacking what strangers encoded: everything that is not the one way to write a message is refused, and nothing of it crashes.
 */
#include "check_fixture.h"

#include "catalogue/example.h"
#include "catalogue/strict.h"

#define LAB (&consign__v1__lab_result__descriptor)

/* ── writing wire by hand ── */

static void
put(struct buf *b, const void *bytes, size_t len)
{
	assert_int_equal(buf_append(b, slice_of(bytes, len)), CONSIGN_OK);
}

static void
put_varint(struct buf *b, uint64_t v)
{
	do {
		assert_int_equal(buf_append_u8(b, (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0))), CONSIGN_OK);
		v >>= 7;
	} while (v > 0);
}

static void
put_bytes(struct buf *b, unsigned field, const void *bytes, size_t len)
{
	put_varint(b, (uint64_t)field << 3 | 2);
	put_varint(b, len);
	put(b, bytes, len);
}

static void
put_text(struct buf *b, unsigned field, const char *text)
{
	put_bytes(b, field, text, strlen(text));
}

/* Wraps what is in the buffer into one field. */
static void
wrap(struct buf *b, unsigned field)
{
	struct buf inner = *b;

	*b = (struct buf){0};
	put_bytes(b, field, inner.data, inner.len);
	buf_clear(&inner);
}

/* ── reading ── */

/* Unpacks from memory that ends where the bytes end, into an arena like those that the programs make. */
static enum consign_err
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

static const Consign__V1__LabResult *
assert_unpacks(struct fixture *f)
{
	const ProtobufCMessage *m = NULL;

	if (unpack_as(f, LAB, buf_slice(&f->out), &m) != CONSIGN_OK) {
		print_problems(&f->problems);
		fail();
	}
	return (const Consign__V1__LabResult *)m;
}

static void
assert_refused(struct fixture *f, const char *path, const char *found, const char *expected)
{
	const ProtobufCMessage *m;

	assert_int_equal(unpack_as(f, LAB, buf_slice(&f->out), &m), CONSIGN_E_MALFORMED);
	assert_only(&f->problems, path, "encoding", found, expected);
	buf_reset(&f->out);
}

/* ── what passes ── */

static void
test_strict_takes_a_message_without_fields(void **state)
{
	const ProtobufCMessage *m;

	assert_int_equal(unpack_as(*state, LAB, (struct consign_slice){0}, &m), CONSIGN_OK);
	assert_null(((const Consign__V1__LabResult *)m)->event);
}

static void
test_strict_takes_fields_in_any_order(void **state)
{
	struct fixture *f = *state;

	put_text(&f->out, 8, "K");
	put_text(&f->out, 2, "S");
	const Consign__V1__LabResult *m = assert_unpacks(f);

	assert_string_equal(m->study_id, "S");
	assert_string_equal(m->test_code, "K");
}

static void
test_strict_keeps_texts_that_are_there_and_empty(void **state)
{
	struct fixture *f = *state;

	put_text(&f->out, 2, "");
	put_bytes(&f->out, 1, "", 0);
	const Consign__V1__LabResult *m = assert_unpacks(f);

	assert_non_null(m->study_id);
	assert_string_equal(m->study_id, "");
	assert_non_null(m->event);
	/* ... and check refuses them. */
	assert_int_equal(check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, m), CONSIGN_E_MALFORMED);
	bool is_named = false;

	for (size_t i = 0; i < f->problems.n; i++)
		is_named =
		    is_named || (strcmp(f->problems.v[i].path, "studyId") == 0 && strcmp(f->problems.v[i].rule, "empty") == 0);
	assert_true(is_named);
}

static void
test_strict_reads_numbers_to_their_ends(void **state)
{
	static const struct {
		unsigned field;
		uint64_t v;
	} good[] = {{5, 0}, {5, 1}, {5, 0x7f}, {5, 0x80}, {5, UINT32_MAX}, {25, 0}, {25, INT32_MAX}, {25, UINT64_MAX},
	    {25, (uint64_t)(int64_t)INT32_MIN}, {20, 0}, {20, 1}};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		buf_reset(&f->out);
		put_varint(&f->out, good[i].field << 3);
		put_varint(&f->out, good[i].v);
		const Consign__V1__LabResult *m = assert_unpacks(f);

		if (good[i].field == 5)
			assert_true(m->has_sequence && m->sequence == good[i].v);
		else if (good[i].field == 25)
			assert_true(m->has_study_day && (uint64_t)(int64_t)m->study_day == good[i].v);
		else
			assert_true(m->has_baseline && (uint64_t)m->baseline == good[i].v);
	}
}

static void
test_strict_reads_what_protobuf_c_writes(void **state)
{
	struct fixture *f = *state;
	const ProtobufCMessage *m, *again;
	struct arena *arena = NULL;
	struct buf json = {0}, first = {0}, second = {0};

	for (size_t i = 0; catalogue_at(i) != NULL; i++)
		for (int kind = EXAMPLE_MINIMAL; kind <= EXAMPLE_FULL; kind++) {
			const struct catalogue_type *t = catalogue_at(i);

			buf_reset(&json);
			buf_reset(&first);
			buf_reset(&second);
			assert_int_equal(example_make(t, (enum example_kind)kind, &json), CONSIGN_OK);
			arena_free(&arena);
			assert_int_equal(arena_new(BUSINESS_ARENA_BYTES(json.len), &arena), CONSIGN_OK);
			assert_int_equal(business_from_json(t, buf_slice(&json), arena, &f->problems, &m), CONSIGN_OK);
			assert_int_equal(business_encode(m, &first), CONSIGN_OK);
			assert_int_equal(unpack_as(f, t->message.descriptor, buf_slice(&first), &again), CONSIGN_OK);
			assert_int_equal(business_encode(again, &second), CONSIGN_OK);
			assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
		}
	arena_free(&arena);
	buf_clear(&json);
	buf_clear(&first);
	buf_clear(&second);
}

/* ── fields ── */

static void
test_strict_refuses_fields_that_it_does_not_know(void **state)
{
	static const uint64_t fields[] = {
	    26, 100, 18999, 19000, 536870911, 536870912, UINT32_MAX, (1ull << 32) + 2, (1ull << 35) + 2, UINT64_MAX >> 3};
	struct fixture *f = *state;
	char found[40];

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		put_varint(&f->out, fields[i] << 3 | 2);
		put_varint(&f->out, 0);
		snprintf(found, sizeof found, "field %llu", (unsigned long long)fields[i]);
		assert_refused(f, "", found, "a field of this version of the type");
	}
	for (unsigned wire = 0; wire < 8; wire++) {
		put_varint(&f->out, wire);
		assert_refused(f, "", "field 0", "a field of this version of the type");
	}
	/* Deep within, the path says where. */
	put_text(&f->out, 9, "x");
	wrap(&f->out, 11);
	wrap(&f->out, 1);
	assert_refused(f, "event.references[0]", "field 9", "a field of this version of the type");
}

static void
test_strict_refuses_a_field_that_is_there_twice(void **state)
{
	struct fixture *f = *state;

	put_text(&f->out, 2, "A");
	put_text(&f->out, 2, "A");
	assert_refused(f, "studyId", "the field twice", "it once");
	put(&f->out, "\x28\x01\x28\x01", 4);
	assert_refused(f, "sequence", "the field twice", "it once");
	/* A part is not merged of two. */
	put_text(&f->out, 11, "");
	put_text(&f->out, 11, "");
	assert_refused(f, "result", "the field twice", "it once");
	put_text(&f->out, 4, "");
	put_text(&f->out, 4, "");
	wrap(&f->out, 1);
	assert_refused(f, "event.source", "the field twice", "it once");
}

static void
test_strict_takes_elements_of_a_list_apart_from_each_other(void **state)
{
	struct fixture *f = *state;

	put_text(&f->out, 10, "a");
	put_text(&f->out, 15, "between");
	put_text(&f->out, 10, "b");
	wrap(&f->out, 1);
	const Consign__V1__LabResult *m = assert_unpacks(f);

	assert_int_equal(m->event->n_causes, 2);
	assert_string_equal(m->event->causes[1], "b");
	/* ... and the index of the wrong one is said. */
	buf_reset(&f->out);
	put_text(&f->out, 10, "a");
	put_text(&f->out, 10, "b\xff");
	wrap(&f->out, 1);
	assert_refused(f, "event.causes[1]", "bytes that are not UTF-8", "text in UTF-8");
}

static void
test_strict_refuses_every_other_wire_type(void **state)
{
	static const struct {
		unsigned field;
		const char *path;
		unsigned right;
	} rows[] = {{2, "studyId", 2}, {1, "event", 2}, {5, "sequence", 0}, {20, "baseline", 0}, {25, "studyDay", 0}};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (unsigned wire = 0; wire < 8; wire++) {
			if (wire == rows[i].right)
				continue;
			put_varint(&f->out, rows[i].field << 3 | wire);
			put(&f->out, "\0\0\0\0\0\0\0\0", 8);
			assert_refused(f, rows[i].path, "another wire type", "that of the field");
		}
	/* A list of texts, and one packed as numbers would be. */
	put(&f->out, "\x50\x01", 2);
	wrap(&f->out, 1);
	assert_refused(f, "event.causes", "another wire type", "that of the field");
}

/* ── numbers ── */

static void
test_strict_refuses_numbers_that_do_not_fit(void **state)
{
	static const struct {
		unsigned field;
		uint64_t v;
		const char *path, *found, *expected;
	} rows[] = {
	    {5, 1ull << 32, "sequence", "a wider number", "a number of 32 bits"},
	    {5, UINT64_MAX, "sequence", "a wider number", "a number of 32 bits"},
	    {25, 1ull << 31, "studyDay", "a wider number", "a signed number of 32 bits"},
	    {25, UINT32_MAX, "studyDay", "a wider number",
		"a signed number of 32 bits"}, /* -1 cut to 32 bits is not how -1 is written */
	    {25, (uint64_t)(int64_t)INT32_MIN - 1, "studyDay", "a wider number", "a signed number of 32 bits"},
	    {25, 1ull << 63, "studyDay", "a wider number", "a signed number of 32 bits"},
	    {20, 2, "baseline", "another number", "true or false"},
	    {20, UINT64_MAX, "baseline", "another number", "true or false"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		put_varint(&f->out, rows[i].field << 3);
		put_varint(&f->out, rows[i].v);
		assert_refused(f, rows[i].path, rows[i].found, rows[i].expected);
	}
}

static void
test_strict_refuses_numbers_that_are_longer_than_need_be(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} values[] = {
	    {"\x80\x00", 2},
	    {"\x81\x00", 2},
	    {"\xff\x80\x00", 3},
	    {"\x80\x80\x80\x80\x00", 5},
	    {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10},
	    {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", 10},
	    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10},
	    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},
	    {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11},
	};
	static const char number[] = "a number that is cut short or longer than need be", shortest[] = "its shortest form";
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		put(&f->out, "\x28", 1);
		put(&f->out, values[i].bytes, values[i].len);
		assert_refused(f, "sequence", number, shortest);
		/* As a length, */
		put(&f->out, "\x12", 1);
		put(&f->out, values[i].bytes, values[i].len);
		put(&f->out, "aaaaaaaaaaaaaaaa", 16);
		assert_refused(f, "studyId", number, shortest);
		/* and as a field number. */
		put(&f->out, values[i].bytes, values[i].len);
		put(&f->out, "\x01", 1);
		assert_refused(f, "", "a field number that is cut short or longer than need be", shortest);
	}
	put(&f->out,
	    "\x92\x00\x01"
	    "a",
	    4);
	assert_refused(f, "", "a field number that is cut short or longer than need be", shortest);
}

/* ── lengths ── */

static void
test_strict_refuses_lengths_beyond_the_end(void **state)
{
	static const uint64_t lengths[] = {4, 5, 0x7fffffff, 0xffffffff, 1ull << 32, 1ull << 63, UINT64_MAX};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		put(&f->out, "\x12", 1);
		put_varint(&f->out, lengths[i]);
		put(&f->out, "abc", 3);
		assert_refused(f, "studyId", "fewer bytes than it says", "all of them");
		/* Of an inner message: what stands behind it is not its own. */
		put(&f->out, "\x0a", 1);
		put_varint(&f->out, lengths[i]);
		put(&f->out, "abc", 3);
		wrap(&f->out, 1);
		put_text(&f->out, 2, "behind it stands enough");
		assert_refused(f, "event.state", "fewer bytes than it says", "all of them");
	}
}

/* ── texts ── */

static void
test_strict_refuses_nul_and_what_is_not_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		bool nul;
	} rows[] = {
	    {"\0", 1, true},
	    {"abc\0", 4, true},
	    {"a\0b", 3, true},
	    {"\xc3\xa9\0", 3, true},
	    {"\xff", 1, false},
	    {"\x80", 1, false},
	    {"a\xc3", 2, false},
	    {"\xc0\x80", 2, false},
	    {"\xe0\x80\x80", 3, false},
	    {"\xed\xa0\x80", 3, false},
	    {"\xf4\x90\x80\x80", 4, false},
	    {"\xf8\x88\x80\x80\x80", 5, false},
	    {"\xe2\x82", 2, false},
	    {"\xf0\x9f\x98", 3, false},
	    {"\xe2\x28\xa1", 3, false},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *found = rows[i].nul ? "a NUL in the text" : "bytes that are not UTF-8";
		const char *expected = rows[i].nul ? "text without NUL" : "text in UTF-8";

		put_bytes(&f->out, 2, rows[i].text, rows[i].len);
		/* What follows does not complete it. */
		put(&f->out, "\x1a\x01x", 3);
		assert_refused(f, "studyId", found, expected);
		put_bytes(&f->out, 3, rows[i].text, rows[i].len);
		wrap(&f->out, 24);
		assert_refused(f, "collectedAt.offset", found, expected);
	}
	/* Bytes may hold anything. */
	put_bytes(&f->out, 5, "a\0\xff", 3);
	wrap(&f->out, 14);
	wrap(&f->out, 1);
	const Consign__V1__LabResult *m = assert_unpacks(f);

	assert_true(slice_equal(
	    slice_of(m->event->originals[0]->content.data, m->event->originals[0]->content.len), slice_of("a\0\xff", 3)));
}

static void
test_strict_takes_a_mebibyte_of_text_whole(void **state)
{
	struct fixture *f = *state;
	size_t len = 1u << 20;
	char *text = malloc(len);

	assert_non_null(text);
	memset(text, 'x', len);
	put_bytes(&f->out, 2, text, len);
	assert_int_equal(strlen(assert_unpacks(f)->study_id), len);
	buf_reset(&f->out);
	text[len - 1] = '\0';
	put_bytes(&f->out, 2, text, len);
	assert_refused(f, "studyId", "a NUL in the text", "text without NUL");
	free(text);
}

/* ── cut and flipped ── */

static void
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

/* Where the fields of the whole message begin: cut there, it is another whole message. */
static bool
is_boundary(struct consign_slice bytes, size_t end)
{
	size_t at = 0;

	while (at < end) {
		uint64_t v = 0;
		unsigned shift = 0;
		bool is_number = true;

		for (int part = 0; part < 2; part++) {
			v = 0;
			shift = 0;
			do
				v |= (uint64_t)(bytes.data[at] & 0x7f) << shift, shift += 7;
			while (bytes.data[at++] & 0x80);
			if (part == 0)
				is_number = (v & 7) == 0;
		}
		at += is_number ? 0 : v;
	}
	return at == end;
}

static void
test_strict_refuses_a_message_cut_at_every_byte_but_between_fields(void **state)
{
	struct fixture *f = *state;
	const ProtobufCMessage *m;
	size_t whole = 0;

	encode_example(&f->out);
	assert_true(f->out.len > 500);
	for (size_t len = 0; len < f->out.len; len++) {
		enum consign_err err = unpack_as(f, LAB, slice_of(f->out.data, len), &m);

		assert_int_equal(err, is_boundary(buf_slice(&f->out), len) ? CONSIGN_OK : CONSIGN_E_MALFORMED);
		whole += err == CONSIGN_OK;
	}
	assert_true(whole >= 10);
}

/* Whatever it reads, it has read all of it: written and read again it is the same. */
static void
assert_fails_or_comes_back(
    struct fixture *f, const ProtobufCMessageDescriptor *d, struct consign_slice bytes, struct buf *first, struct buf *second)
{
	const ProtobufCMessage *m;
	enum consign_err err = unpack_as(f, d, bytes, &m);

	if (err != CONSIGN_OK) {
		assert_int_equal(err, CONSIGN_E_MALFORMED);
		return;
	}
	buf_reset(first);
	buf_reset(second);
	assert_int_equal(business_encode(m, first), CONSIGN_OK);
	/* Nothing is lost: only the order of fields may differ. */
	assert_int_equal(first->len, bytes.len);
	assert_int_equal(unpack_as(f, d, buf_slice(first), &m), CONSIGN_OK);
	assert_int_equal(business_encode(m, second), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(first), buf_slice(second)));
}

static void
test_strict_fails_or_comes_back_for_every_flipped_bit(void **state)
{
	struct fixture *f = *state;
	struct buf first = {0}, second = {0};

	encode_example(&f->out);
	for (size_t i = 0; i < f->out.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			f->out.data[i] ^= (uint8_t)(1u << bit);
			assert_fails_or_comes_back(f, LAB, buf_slice(&f->out), &first, &second);
			f->out.data[i] ^= (uint8_t)(1u << bit);
		}
	buf_clear(&first);
	buf_clear(&second);
}

static void
test_strict_fails_or_comes_back_for_every_type_and_chance(void **state)
{
	struct fixture *f = *state;
	struct buf first = {0}, second = {0};
	uint64_t chance = 88172645463325252u;
	uint8_t bytes[48];

	for (size_t round = 0; round < 20000; round++) {
		size_t len = round % sizeof bytes;

		for (size_t i = 0; i < len; i++) {
			chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
			/* Small numbers make fields that exist. */
			bytes[i] = (uint8_t)(chance >> 33 & 1 ? chance >> 40 & 0x1f : chance >> 40);
		}
		assert_fails_or_comes_back(
		    f, catalogue_at(round % catalogue_n_types)->message.descriptor, slice_of(bytes, len), &first, &second);
	}
	buf_clear(&first);
	buf_clear(&second);
}

/* ── memory ── */

static void
test_strict_says_when_the_arena_is_too_small(void **state)
{
	struct fixture *f = *state;
	const ProtobufCMessage *untouched = NULL, *m = untouched;
	struct arena *arena;
	size_t enough = 0;

	encode_example(&f->out);
	for (size_t budget = 0; enough == 0; budget += 64) {
		assert_true(budget < BUSINESS_ARENA_BYTES(f->out.len));
		assert_int_equal(arena_new(budget, &arena), CONSIGN_OK);
		enum consign_err err = strict_unpack(LAB, buf_slice(&f->out), arena, &f->problems, &m);

		if (err == CONSIGN_OK) {
			enough = budget;
		} else {
			assert_int_equal(err, CONSIGN_E_NO_MEMORY);
			assert_ptr_equal(m, untouched);
		}
		assert_int_equal(f->problems.total, 0);
		arena_free(&arena);
	}
	assert_true(enough > f->out.len);
}

/* Two bytes an element: no arena that the programs make would hold them, and trying again would not help. */
static void
test_strict_refuses_empty_elements_by_the_hundred_thousand(void **state)
{
	struct fixture *f = *state;
	const ProtobufCMessage *m;
	struct buf inner = {0};

	for (size_t n = 500; n <= 500000; n *= 10) {
		buf_reset(&inner);
		for (size_t i = 0; i < n; i++)
			put(&inner, "\x5a\x00", 2);
		buf_reset(&f->out);
		put_bytes(&f->out, 1, inner.data, inner.len);
		enum consign_err err = unpack_as(f, LAB, buf_slice(&f->out), &m);

		assert_int_equal(err, n == 500 ? CONSIGN_OK : CONSIGN_E_MALFORMED);
		if (err != CONSIGN_OK) {
			assert_memory_equal(f->problems.v[0].path, "event", 5);
			assert_string_equal(f->problems.v[0].found, "more parts than a message of its size may have");
			assert_string_equal(f->problems.v[0].expected, "fewer empty elements");
		}
	}
	/* Texts of nothing cost as much. */
	buf_reset(&inner);
	for (size_t i = 0; i < 400000; i++)
		put(&inner, "\x52\x00", 2);
	buf_reset(&f->out);
	put_bytes(&f->out, 1, inner.data, inner.len);
	assert_int_equal(unpack_as(f, LAB, buf_slice(&f->out), &m), CONSIGN_E_MALFORMED);
	buf_clear(&inner);
}

/* A message of random fields, many and small; longest 0: with nothing in them. */
static void
put_random(struct buf *b, const ProtobufCMessageDescriptor *d, uint64_t *chance, size_t longest, unsigned depth)
{
	for (unsigned i = 0; i < d->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &d->fields[i];
		size_t n;

		*chance ^= *chance << 13, *chance ^= *chance >> 7, *chance ^= *chance << 17;
		n = field->label == PROTOBUF_C_LABEL_REPEATED ? *chance >> 20 & (depth == 0 ? 0x3ff : 0x1f) : *chance >> 20 & 1;
		for (size_t k = 0; k < n && b->len < 200000; k++) {
			struct buf inner = {0};

			if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
				if (longest > 0)
					put_random(&inner, (const ProtobufCMessageDescriptor *)field->descriptor, chance, longest,
					    depth + 1);
				put_bytes(b, field->id, inner.data, inner.len);
			} else if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES) {
				put_bytes(b, field->id, "aaaaaaaa", longest == 0 ? 0 : *chance >> 40 & longest);
			} else {
				put_varint(b, field->id << 3);
				put_varint(b, 1);
			}
			buf_clear(&inner);
		}
	}
}

/* What the walk lets by fits: its reckoning is never below what protobuf-c takes. */
static void
test_strict_never_spends_an_arena_that_is_large_enough(void **state)
{
	uint64_t chance = 0x9e3779b97f4a7c15u;
	struct fixture *f = *state;
	size_t n_read = 0, n_refused = 0;

	for (size_t round = 0; round < 4 * catalogue_n_types; round++) {
		const ProtobufCMessageDescriptor *d = catalogue_at(round % catalogue_n_types)->message.descriptor;
		const ProtobufCMessage *m;

		buf_reset(&f->out);
		put_random(&f->out, d, &chance, round % 2 == 0 ? 0 : 7, 0);
		enum consign_err err = unpack_as(f, d, buf_slice(&f->out), &m);

		if (err == CONSIGN_OK) {
			n_read++;
			/* The rest is for the payload around it. */
			assert_true(arena_used(f->arena) + f->out.len + 1024 <= BUSINESS_ARENA_BYTES(f->out.len));
		} else {
			n_refused++;
			assert_int_equal(err, CONSIGN_E_MALFORMED);
			assert_string_equal(f->problems.v[0].found, "more parts than a message of its size may have");
		}
	}
	assert_true(n_read > catalogue_n_types);
	assert_true(n_refused > catalogue_n_types / 2);
}

/* 500 things with short names, the most that a list may have, in four lists. */
static void
test_strict_takes_full_lists_of_short_names(void **state)
{
	const struct catalogue_type *t = type_of("material.shipment.received");
	struct fixture *f = *state;
	const ProtobufCMessage *m;
	char kit[16];

	for (unsigned i = 0; i < t->message.descriptor->n_fields; i++) {
		if (t->message.fields[i].max_count != 500)
			continue;
		for (int k = 0; k < 500; k++) {
			struct buf inner = {0};

			snprintf(kit, sizeof kit, "%03d", k);
			put_text(&inner, 1, kit);
			put_bytes(&f->out, i + 1, inner.data, inner.len);
			buf_clear(&inner);
		}
	}
	assert_true(f->out.len > 10000);
	if (unpack_as(f, t->message.descriptor, buf_slice(&f->out), &m) != CONSIGN_OK)
		print_problems(&f->problems);
	assert_int_equal(f->problems.total, 0);
}

static void
test_strict_needs_no_list_of_problems(void **state)
{
	struct fixture *f = *state;
	const ProtobufCMessage *m;

	put(&f->out, "\x12\x05", 2);
	assert_int_equal(strict_unpack(LAB, buf_slice(&f->out), f->arena, NULL, &m), CONSIGN_E_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_strict_takes_a_message_without_fields),
	    EACH(test_strict_takes_fields_in_any_order),
	    EACH(test_strict_keeps_texts_that_are_there_and_empty),
	    EACH(test_strict_reads_numbers_to_their_ends),
	    EACH(test_strict_reads_what_protobuf_c_writes),
	    EACH(test_strict_refuses_fields_that_it_does_not_know),
	    EACH(test_strict_refuses_a_field_that_is_there_twice),
	    EACH(test_strict_takes_elements_of_a_list_apart_from_each_other),
	    EACH(test_strict_refuses_every_other_wire_type),
	    EACH(test_strict_refuses_numbers_that_do_not_fit),
	    EACH(test_strict_refuses_numbers_that_are_longer_than_need_be),
	    EACH(test_strict_refuses_lengths_beyond_the_end),
	    EACH(test_strict_refuses_nul_and_what_is_not_utf8),
	    EACH(test_strict_takes_a_mebibyte_of_text_whole),
	    EACH(test_strict_refuses_a_message_cut_at_every_byte_but_between_fields),
	    EACH(test_strict_fails_or_comes_back_for_every_flipped_bit),
	    EACH(test_strict_fails_or_comes_back_for_every_type_and_chance),
	    EACH(test_strict_says_when_the_arena_is_too_small),
	    EACH(test_strict_refuses_empty_elements_by_the_hundred_thousand),
	    EACH(test_strict_never_spends_an_arena_that_is_large_enough),
	    EACH(test_strict_takes_full_lists_of_short_names),
	    EACH(test_strict_needs_no_list_of_problems),
	};

	return cmocka_run_group_tests_name("strict", tests, NULL, NULL);
}
