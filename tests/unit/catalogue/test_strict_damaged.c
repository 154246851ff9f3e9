/* Messages that were cut, flipped or made up by chance: refused, or read whole; none crashes the reader. */
#include "strict_fixture.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_strict_refuses_a_message_cut_at_every_byte_but_between_fields),
	    EACH(test_strict_fails_or_comes_back_for_every_flipped_bit),
	    EACH(test_strict_fails_or_comes_back_for_every_type_and_chance),
	};

	return cmocka_run_group_tests_name("catalogue/strict_damaged", tests, NULL, NULL);
}
