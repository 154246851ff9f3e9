/* Notes: who may read them, that every changed bit is seen, and that nothing is left behind by a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>

#include "seal_fixture.h"

#define BLOCK 256u
#define STORED_EXTRA_BYTES 40u /* nonce and tag */

static const size_t sizes[] = {0, 1, 2, 254, 255, 256, 257, 511, 512, 513, 8192, 32768};
#define N_SIZES (sizeof sizes / sizeof sizes[0])

static uint8_t text[32768];

static int
setup_text(void **state)
{
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
	return setup(state);
}

/* What padding makes of n bytes: the next multiple of the block, always at least one byte more. */
static size_t
padded(size_t n)
{
	return (n / BLOCK + 1) * BLOCK;
}

static struct consign_message_id
message_id(uint8_t first, uint32_t index)
{
	struct consign_message_id id = {.index = index};

	memset(id.consignment.b, first, sizeof id.consignment.b);
	return id;
}

/* A buffer that holds something, to see that it stays. */
static void
put_before(struct buf *b)
{
	buf_reset(b);
	assert_int_equal(buf_append(b, slice_text("before")), CONSIGN_OK);
}

static void
assert_only_before(const struct buf *b)
{
	assert_int_equal(b->len, 6);
	assert_memory_equal(b->data, "before", 6);
}

/* ── to another organisation ── */

static void
test_note_comes_back_at_every_size(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < N_SIZES; i++) {
		put_before(&f->body);
		put_before(&f->plain);
		assert_int_equal(seal_note(&f->keys[0], slice_of(text, sizes[i]), &f->body), CONSIGN_OK);
		assert_int_equal(f->body.len, 6 + SEAL_NOTE_EXTRA_BYTES + padded(sizes[i]));
		assert_memory_equal(f->body.data, "before", 6);
		assert_int_equal(
		    unseal_note(f->secrets[0], &f->keys[0], slice_of(f->body.data + 6, f->body.len - 6), &f->plain), CONSIGN_OK);
		assert_int_equal(f->plain.len, 6 + sizes[i]);
		assert_memory_equal(f->plain.data, "before", 6);
		assert_memory_equal(f->plain.data + 6, text, sizes[i]);
	}
}

static void
test_note_comes_back_whatever_it_ends_with(void **state)
{
	static const uint8_t ends[][3] = {{0, 0, 0}, {0x80, 0, 0}, {0, 0x80, 0}, {0x80, 0x80, 0x80}, {0xff, 0, 0x80}};
	struct fixture *f = *state;
	uint8_t plain[BLOCK];

	/* What padding is made of may also be text. */
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		for (size_t len = 3; len <= BLOCK; len += len == 3 ? BLOCK - 5 : 1) {
			memset(plain, 'x', sizeof plain);
			memcpy(plain + len - 3, ends[i], 3);
			buf_reset(&f->body);
			buf_reset(&f->plain);
			assert_int_equal(seal_note(&f->keys[0], slice_of(plain, len), &f->body), CONSIGN_OK);
			assert_int_equal(unseal_note(f->secrets[0], &f->keys[0], buf_slice(&f->body), &f->plain), CONSIGN_OK);
			assert_true(slice_equal(buf_slice(&f->plain), slice_of(plain, len)));
		}
}

static void
test_note_of_nothing_may_have_no_bytes_at_all(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(seal_note(&f->keys[0], (struct consign_slice){0}, &f->body), CONSIGN_OK);
	assert_int_equal(f->body.len, SEAL_NOTE_EXTRA_BYTES + BLOCK);
	assert_int_equal(unseal_note(f->secrets[0], &f->keys[0], buf_slice(&f->body), &f->plain), CONSIGN_OK);
	assert_int_equal(f->plain.len, 0);
}

/* Sealed by somebody who does not pad: it opens, and is no note. Nothing of it is left in the buffer. */
static void
test_note_without_its_padding_is_none(void **state)
{
	static const uint8_t zeros[BLOCK];
	struct fixture *f = *state;
	uint8_t sealed[SEAL_NOTE_EXTRA_BYTES + BLOCK];

	assert_int_equal(crypto_box_seal(sealed, zeros, sizeof zeros, f->keys[0].b), 0);
	put_before(&f->plain);
	assert_int_equal(unseal_note(f->secrets[0], &f->keys[0], SLICE_ARRAY(sealed), &f->plain), CONSIGN_E_BAD_SEAL);
	assert_only_before(&f->plain);
	uint8_t text_only[BLOCK]; /* the last byte that is not zero must be 0x80 */

	memset(text_only, 'x', sizeof text_only);
	assert_int_equal(crypto_box_seal(sealed, text_only, sizeof text_only, f->keys[0].b), 0);
	assert_int_equal(unseal_note(f->secrets[0], &f->keys[0], SLICE_ARRAY(sealed), &f->plain), CONSIGN_E_BAD_SEAL);
	assert_only_before(&f->plain);
}

static void
test_note_hides_its_length_up_to_a_block(void **state)
{
	struct fixture *f = *state;
	size_t first = 0;

	for (size_t len = 0; len < BLOCK; len += 51) {
		buf_reset(&f->body);
		assert_int_equal(seal_note(&f->keys[0], slice_of(text, len), &f->body), CONSIGN_OK);
		first = first == 0 ? f->body.len : first;
		assert_int_equal(f->body.len, first);
	}
}

static void
test_note_is_never_sealed_twice_alike(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(seal_note(&f->keys[0], slice_of(text, 100), &f->body), CONSIGN_OK);
	assert_int_equal(seal_note(&f->keys[0], slice_of(text, 100), &f->plain), CONSIGN_OK);
	assert_false(slice_equal(buf_slice(&f->body), buf_slice(&f->plain)));
}

static void
test_note_is_refused_for_every_flipped_bit(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(seal_note(&f->keys[0], slice_of(text, 300), &f->body), CONSIGN_OK);
	put_before(&f->plain);
	for (size_t i = 0; i < f->body.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			f->body.data[i] ^= (uint8_t)(1u << bit);
			/* X25519 does not read the top bit of a public key; libsodium binds the key as sent by the nonce made of
			 * it. */
			assert_int_equal(
			    unseal_note(f->secrets[0], &f->keys[0], buf_slice(&f->body), &f->plain), CONSIGN_E_BAD_SEAL);
			assert_only_before(&f->plain);
			f->body.data[i] ^= (uint8_t)(1u << bit);
		}
	assert_int_equal(unseal_note(f->secrets[0], &f->keys[0], buf_slice(&f->body), &f->plain), CONSIGN_OK);
}

static void
test_note_is_refused_at_every_other_length(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(seal_note(&f->keys[0], slice_of(text, 300), &f->body), CONSIGN_OK);
	assert_int_equal(f->body.len, SEAL_NOTE_EXTRA_BYTES + 2 * BLOCK);
	put_before(&f->plain);
	for (size_t len = 0; len < f->body.len; len++) {
		/* Memory of exactly so many bytes: the sanitizer sees one too far. */
		uint8_t *cut = malloc(len > 0 ? len : 1);

		assert_non_null(cut);
		memcpy(cut, f->body.data, len);
		assert_int_equal(unseal_note(f->secrets[0], &f->keys[0], slice_of(cut, len), &f->plain), CONSIGN_E_BAD_SEAL);
		assert_only_before(&f->plain);
		free(cut);
	}
	assert_int_equal(buf_append(&f->body, slice_of(text, BLOCK)), CONSIGN_OK);
	for (size_t more = 1; more <= BLOCK; more++)
		assert_int_equal(unseal_note(f->secrets[0], &f->keys[0],
				     slice_of(f->body.data, SEAL_NOTE_EXTRA_BYTES + 2 * BLOCK + more), &f->plain),
		    CONSIGN_E_BAD_SEAL);
	assert_int_equal(unseal_note(f->secrets[0], &f->keys[0], (struct consign_slice){0}, &f->plain), CONSIGN_E_BAD_SEAL);
	assert_only_before(&f->plain);
}

static void
test_note_is_read_with_its_key_only(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(seal_note(&f->keys[0], slice_of(text, 10), &f->body), CONSIGN_OK);
	put_before(&f->plain);
	assert_int_equal(unseal_note(f->secrets[1], &f->keys[1], buf_slice(&f->body), &f->plain), CONSIGN_E_BAD_SEAL);
	assert_int_equal(unseal_note(f->secrets[0], &f->keys[1], buf_slice(&f->body), &f->plain), CONSIGN_E_BAD_SEAL);
	assert_int_equal(unseal_note(f->secrets[1], &f->keys[0], buf_slice(&f->body), &f->plain), CONSIGN_E_BAD_SEAL);
	assert_only_before(&f->plain);
}

static void
test_note_to_a_key_of_low_order_is_refused(void **state)
{
	struct consign_public_key low = {{0}};
	struct fixture *f = *state;

	put_before(&f->body);
	assert_int_equal(seal_note(&low, slice_of(text, 10), &f->body), CONSIGN_E_MALFORMED);
	assert_only_before(&f->body);
	low.b[0] = 1;
	assert_int_equal(seal_note(&low, slice_of(text, 10), &f->body), CONSIGN_E_MALFORMED);
	assert_only_before(&f->body);
}

/* ── at rest ── */

static void
test_note_stored_comes_back_at_every_size(void **state)
{
	struct consign_message_id id = message_id(0xab, 7);
	struct fixture *f = *state;

	for (size_t i = 0; i < N_SIZES; i++) {
		put_before(&f->body);
		put_before(&f->plain);
		assert_int_equal(seal_store_note(f->key, &id, slice_of(text, sizes[i]), &f->body), CONSIGN_OK);
		assert_int_equal(f->body.len, 6 + STORED_EXTRA_BYTES + padded(sizes[i]));
		assert_memory_equal(f->body.data, "before", 6);
		assert_int_equal(seal_load_note(f->key, &id, slice_of(f->body.data + 6, f->body.len - 6), &f->plain), CONSIGN_OK);
		assert_int_equal(f->plain.len, 6 + sizes[i]);
		assert_memory_equal(f->plain.data, "before", 6);
		assert_memory_equal(f->plain.data + 6, text, sizes[i]);
	}
}

static void
test_note_stored_belongs_to_one_message(void **state)
{
	const struct consign_message_id id = message_id(0xab, 7), others[] = {message_id(0xab, 6), message_id(0xab, 0),
								      message_id(0xab, 0x07000000), message_id(0xac, 7)};
	struct fixture *f = *state;

	assert_int_equal(seal_store_note(f->key, &id, slice_of(text, 10), &f->body), CONSIGN_OK);
	put_before(&f->plain);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(seal_load_note(f->key, &others[i], buf_slice(&f->body), &f->plain), CONSIGN_E_CORRUPT);
	for (size_t i = 0; i < sizeof id.consignment.b; i++) {
		struct consign_message_id other = id;

		other.consignment.b[i] ^= 1;
		assert_int_equal(seal_load_note(f->key, &other, buf_slice(&f->body), &f->plain), CONSIGN_E_CORRUPT);
	}
	assert_only_before(&f->plain);
	assert_int_equal(seal_load_note(f->key, &id, buf_slice(&f->body), &f->plain), CONSIGN_OK);
}

static void
test_note_stored_is_read_with_its_key_only(void **state)
{
	struct consign_message_id id = message_id(0xab, 7);
	struct fixture *f = *state;

	random_bytes(f->key->b, sizeof f->key->b);
	random_bytes(f->received->b, sizeof f->received->b);
	assert_int_equal(seal_store_note(f->key, &id, slice_of(text, 10), &f->body), CONSIGN_OK);
	put_before(&f->plain);
	assert_int_equal(seal_load_note(f->received, &id, buf_slice(&f->body), &f->plain), CONSIGN_E_CORRUPT);
	assert_only_before(&f->plain);
}

static void
test_note_stored_is_refused_for_every_flipped_bit_and_other_length(void **state)
{
	struct consign_message_id id = message_id(0xab, 7);
	struct fixture *f = *state;

	assert_int_equal(seal_store_note(f->key, &id, slice_of(text, 300), &f->body), CONSIGN_OK);
	assert_int_equal(f->body.len, STORED_EXTRA_BYTES + 2 * BLOCK);
	put_before(&f->plain);
	for (size_t i = 0; i < f->body.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			f->body.data[i] ^= (uint8_t)(1u << bit);
			assert_int_equal(seal_load_note(f->key, &id, buf_slice(&f->body), &f->plain), CONSIGN_E_CORRUPT);
			f->body.data[i] ^= (uint8_t)(1u << bit);
		}
	for (size_t len = 0; len < f->body.len; len++) {
		uint8_t *cut = malloc(len > 0 ? len : 1);

		assert_non_null(cut);
		memcpy(cut, f->body.data, len);
		assert_int_equal(seal_load_note(f->key, &id, slice_of(cut, len), &f->plain), CONSIGN_E_CORRUPT);
		free(cut);
	}
	assert_int_equal(buf_append(&f->body, slice_of(text, BLOCK)), CONSIGN_OK);
	assert_int_equal(seal_load_note(f->key, &id, buf_slice(&f->body), &f->plain), CONSIGN_E_CORRUPT);
	assert_int_equal(seal_load_note(f->key, &id, (struct consign_slice){0}, &f->plain), CONSIGN_E_CORRUPT);
	assert_only_before(&f->plain);
}

/* A key at rest and a note at rest are sealed under the same storage key, and neither passes for the other. */
static void
test_note_stored_is_no_key_and_a_key_is_no_note(void **state)
{
	struct consign_message_id id = message_id(0xab, 0);
	uint8_t stored[SEAL_STORED_KEY_BYTES];
	struct fixture *f = *state;

	seal_store_key(f->key, &id.consignment, f->received, stored);
	put_before(&f->plain);
	assert_int_equal(seal_load_note(f->key, &id, SLICE_ARRAY(stored), &f->plain), CONSIGN_E_CORRUPT);
	assert_only_before(&f->plain);
	assert_int_equal(seal_store_note(f->key, &id, slice_of(text, 10), &f->body), CONSIGN_OK);
	assert_int_equal(seal_load_key(f->key, &id.consignment, slice_of(f->body.data, SEAL_STORED_KEY_BYTES), f->received),
	    CONSIGN_E_CORRUPT);
	assert_int_equal(seal_load_key(f->key, &id.consignment, buf_slice(&f->body), f->received), CONSIGN_E_CORRUPT);
}

#define EACH(TEST) cmocka_unit_test_setup_teardown(TEST, setup_text, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_note_comes_back_at_every_size),
	    EACH(test_note_comes_back_whatever_it_ends_with),
	    EACH(test_note_of_nothing_may_have_no_bytes_at_all),
	    EACH(test_note_without_its_padding_is_none),
	    EACH(test_note_hides_its_length_up_to_a_block),
	    EACH(test_note_is_never_sealed_twice_alike),
	    EACH(test_note_is_refused_for_every_flipped_bit),
	    EACH(test_note_is_refused_at_every_other_length),
	    EACH(test_note_is_read_with_its_key_only),
	    EACH(test_note_to_a_key_of_low_order_is_refused),
	    EACH(test_note_stored_comes_back_at_every_size),
	    EACH(test_note_stored_belongs_to_one_message),
	    EACH(test_note_stored_is_read_with_its_key_only),
	    EACH(test_note_stored_is_refused_for_every_flipped_bit_and_other_length),
	    EACH(test_note_stored_is_no_key_and_a_key_is_no_note),
	};

	return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
