/*
 * The decoder and the encoder against protobuf-c, over samples of every table and broken copies of them: what decodes is unpacked by
 * protobuf-c too and packed to the bytes that we write; what that takes of memory is what the scan reckons; and a struct whose bytes
 * are lent is the one whose bytes are copied.
 */
#include "support/wire_fixture.h"

#include <protobuf-c/protobuf-c.h>
#include <stdalign.h>

#include "support/wire_sample.h"

#define BROKEN_COPIES 60u
/* More of one field than its row allows, or its budget. */
#define MANY 3000u

struct differential {
	struct arena *arena;
	struct arena *lent;
	struct arena *tree;
	uint64_t random;
	size_t accepted;
	size_t malformed;
	size_t too_big;
};

static uint64_t
next_random(struct differential *d)
{
	d->random ^= d->random << 13;
	d->random ^= d->random >> 7;
	d->random ^= d->random << 17;
	return d->random;
}

static void *
take(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void
give_back(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

static void
compare_trees(struct differential *d, const struct wire_message *m, struct consign_slice in, struct consign_slice encoded, size_t tree)
{
	ProtobufCAllocator allocator = {.alloc = take, .free = give_back, .allocator_data = d->tree};
	ProtobufCMessage *message = protobuf_c_message_unpack(m->descriptor, &allocator, in.len, in.data);
	uint8_t *packed = malloc(encoded.len + 1);

	assert_non_null(message);
	assert_non_null(packed);
	assert_int_equal(arena_used(d->tree), tree);
	assert_int_equal(protobuf_c_message_get_packed_size(message), encoded.len);
	assert_int_equal(protobuf_c_message_pack(message, packed), encoded.len);
	assert_memory_equal(packed, encoded.data, encoded.len);
	free(packed);
}

static void
compare(struct differential *d, const struct wire_message *m, struct consign_slice in)
{
	size_t budget = wire_budget_bytes(in.len);
	void *copied = NULL, *lent = NULL;
	struct buf one = {0}, other = {0};
	struct wire_cost cost;
	bool is_whole = wire_scan(m, in, &cost);

	arena_reset(d->arena);
	arena_reset(d->lent);
	arena_reset(d->tree);
	enum consign_err err = wire_decode(m, in, d->arena, &copied);

	assert_int_equal(wire_decode_lent(m, in, d->lent, &lent), err);
	if (!is_whole || in.len > wire_longest(m))
		assert_int_not_equal(err, CONSIGN_OK);
	else
		assert_int_equal(err == CONSIGN_E_TOO_BIG, cost.tree > budget || cost.structs > budget);
	d->accepted += err == CONSIGN_OK;
	d->malformed += err == CONSIGN_E_MALFORMED;
	d->too_big += err == CONSIGN_E_TOO_BIG;
	if (err == CONSIGN_OK) {
		assert_int_equal(wire_encode(m, copied, &one), CONSIGN_OK);
		assert_int_equal(wire_encode(m, lent, &other), CONSIGN_OK);
		assert_true(slice_equal(buf_slice(&one), buf_slice(&other)));
		assert_true(arena_used(d->lent) <= cost.structs + cost.tree);
		compare_trees(d, m, in, buf_slice(&one), cost.tree);
	}
	buf_clear(&one);
	buf_clear(&other);
}

/* One or two bytes are changed, dropped or added, or the end is cut off. */
static void
break_bytes(struct differential *d, struct buf *b)
{
	for (size_t times = 1 + next_random(d) % 2; times > 0 && b->len > 0; times--) {
		size_t at = next_random(d) % b->len;

		switch (next_random(d) % 4) {
		case 0:
			b->data[at] = (uint8_t)next_random(d);
			break;
		case 1:
			b->len = at;
			break;
		case 2:
			memmove(b->data + at, b->data + at + 1, b->len - at - 1);
			b->len--;
			break;
		default:
			assert_int_equal(buf_append_u8(b, 0), CONSIGN_OK);
			memmove(b->data + at + 1, b->data + at, b->len - at - 1);
			b->data[at] = (uint8_t)next_random(d);
			break;
		}
	}
}

/* Fields out of order, twice, left out, or very often. */
static void
shuffle_fields(struct differential *d, const struct sample *s, struct buf *out)
{
	size_t n = s->message->n_fields, often = next_random(d) % n, times = next_random(d) % 2 == 0 ? 1 : next_random(d) % MANY;

	for (size_t i = 0; i < n; i++) {
		size_t field = next_random(d) % 4 == 0 ? next_random(d) % n : i;

		for (size_t k = field == often ? times : 1; k > 0; k--)
			sample_put(out, s->fields[field].data, s->fields[field].len);
	}
}

static void
compare_broken(struct differential *d, const struct sample *s)
{
	for (size_t i = 0; i < BROKEN_COPIES; i++) {
		struct buf b = {0};

		if (i % 3 == 0) {
			shuffle_fields(d, s, &b);
		} else {
			sample_join(s, &b);
			break_bytes(d, &b);
		}
		compare(d, s->message, buf_slice(&b));
		buf_clear(&b);
	}
}

static void
compare_message(const struct wire_message *m, void *context)
{
	struct differential *d = context;

	for (unsigned extent = SAMPLE_LEAST; extent <= SAMPLE_FULL; extent++)
		for (size_t choice = 0; choice < m->n_fields; choice++) {
			struct sample s;
			struct buf whole = {0};

			if (m->has_choice ? !m->fields[choice].is_choice : choice > 0)
				continue;
			sample_init(&s, m, (enum sample_extent)extent, choice);
			sample_join(&s, &whole);
			compare(d, m, buf_slice(&whole));
			compare_broken(d, &s);
			buf_clear(&whole);
			sample_clear(&s);
		}
}

static void
test_differential_protobuf_c_reads_and_writes_the_same(void **state)
{
	struct differential d = {.random = 88172645463325252u};

	(void)state;
	assert_int_equal(arena_new((size_t)1 << 30, &d.arena), CONSIGN_OK);
	assert_int_equal(arena_new((size_t)1 << 30, &d.lent), CONSIGN_OK);
	assert_int_equal(arena_new((size_t)1 << 30, &d.tree), CONSIGN_OK);
	wire_each_message(compare_message, &d);
	assert_true(d.accepted > 1000 && d.malformed > 1000 && d.too_big > 10);
	arena_free(&d.arena);
	arena_free(&d.lent);
	arena_free(&d.tree);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_differential_protobuf_c_reads_and_writes_the_same),
	};

	return cmocka_run_group_tests_name("wire/differential", tests, NULL, NULL);
}
