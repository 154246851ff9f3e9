/* What a message costs in memory is counted before it is unpacked, and bounded by its size. */
#include "strict_fixture.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_strict_says_when_the_arena_is_too_small),
	    EACH(test_strict_refuses_empty_elements_by_the_hundred_thousand),
	    EACH(test_strict_never_spends_an_arena_that_is_large_enough),
	    EACH(test_strict_takes_full_lists_of_short_names),
	};

	return cmocka_run_group_tests_name("catalogue/strict_memory", tests, NULL, NULL);
}
