/* Unpacking what strangers encoded: everything that is not the one way to write a message is refused. */
#include "strict_fixture.h"

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
	    EACH(test_strict_needs_no_list_of_problems),
	};

	return cmocka_run_group_tests_name("catalogue/strict", tests, NULL, NULL);
}
