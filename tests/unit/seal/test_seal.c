/* The sending side: sessions and their end, bodies, items by size and label, stored keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seal_fixture.h"

static uint8_t payload[CONSIGN_PAYLOAD_MAX_BYTES + 1];

static void
test_seal_round_trips_to_1_to_32_consignees(void **state)
{
	struct fixture *f = *state;
	struct consign_hash commitments[3];
	struct seal_body b;
	size_t n, i;
	uint32_t item;

	for (n = 1; n <= CONSIGN_CONSIGNEES_MAX; n++) {
		begin_for(f, n);
		for (item = 0; item < 3; item++)
			assert_int_equal(seal_item(f->key, &f->context, item, CONSIGN_LABEL_OPEN, slice_of(payload, 10 + item),
					     &f->body, &commitments[item]),
			    CONSIGN_OK);
		assert_int_equal(f->body.len, n * SEAL_WRAP_BYTES + 3 * (4 + 256 + 16));
		assert_int_equal(seal_body_parse(buf_slice(&f->body), n, 3, &b), CONSIGN_OK);
		for (i = 0; i < n; i++) {
			assert_int_equal(receive_as(f, i, b.wraps[i]), CONSIGN_OK);
			assert_memory_equal(f->received->b, f->key->b, SEAL_KEY_BYTES);
			for (item = 0; item < 3; item++) {
				buf_reset(&f->plain);
				assert_int_equal(unseal_item(f->received, &f->context, item, CONSIGN_LABEL_OPEN, b.items[item],
						     &commitments[item], &f->plain),
				    CONSIGN_OK);
				assert_int_equal(f->plain.len, 10 + item);
				assert_memory_equal(f->plain.data, payload, 10 + item);
			}
		}
	}
}

static void
test_seal_item_round_trips_at_every_edge_of_size_and_label(void **state)
{
	static const size_t sizes[] = {0, 1, 255, 256, 257, 4095, 4096, CONSIGN_PAYLOAD_MAX_BYTES};
	struct fixture *f = *state;
	struct consign_hash commitment;
	struct seal_body b;
	size_t i, padded;
	int label;

	for (label = CONSIGN_LABEL_OPEN; label <= CONSIGN_LABEL_UNBLINDED; label++) {
		size_t block = label == CONSIGN_LABEL_OPEN ? 256 : 4096;

		for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
			begin_for(f, 1);
			padded = (sizes[i] / block + 1) * block;
			assert_int_equal(seal_item(f->key, &f->context, 9, (enum consign_label)label, slice_of(payload, sizes[i]),
					     &f->body, &commitment),
			    CONSIGN_OK);
			assert_int_equal(f->body.len, SEAL_WRAP_BYTES + 4 + padded + 16);
			assert_true(padded + 16 <= CONSIGN_SEALED_MAX_BYTES);
			assert_int_equal(seal_body_parse(buf_slice(&f->body), 1, 1, &b), CONSIGN_OK);
			buf_reset(&f->plain);
			assert_int_equal(
			    unseal_item(f->key, &f->context, 9, (enum consign_label)label, b.items[0], &commitment, &f->plain),
			    CONSIGN_OK);
			assert_int_equal(f->plain.len, sizes[i]);
			if (sizes[i] > 0)
				assert_memory_equal(f->plain.data, payload, sizes[i]);
		}
	}
}

static void
test_seal_item_refuses_one_byte_over_the_limit_and_leaves_the_body(void **state)
{
	struct fixture *f = *state;
	struct consign_hash commitment = {{42}};

	begin_for(f, 1);
	assert_int_equal(seal_item(f->key, &f->context, 0, CONSIGN_LABEL_OPEN, slice_of(payload, CONSIGN_PAYLOAD_MAX_BYTES + 1),
			     &f->body, &commitment),
	    CONSIGN_E_TOO_BIG);
	assert_int_equal(f->body.len, SEAL_WRAP_BYTES);
	assert_int_equal(commitment.b[0], 42);
}

static void
test_seal_item_gives_the_known_ciphertexts_and_commitments(void **state)
{
	struct fixture *f = *state;
	struct tsv t;
	size_t row, n_good = 0;

	tsv_open(&t, VECTORS("item.tsv"));
	for (row = 0; row < t.rows; row++) {
		struct consign_hash commitment, wanted;
		size_t plain_len, sealed_len;
		uint8_t *plain, *sealed;

		if (expected(&t, row) != CONSIGN_OK)
			continue;
		n_good++;
		plain = tsv_bytes(&t, row, "plaintext", &plain_len);
		sealed = tsv_bytes(&t, row, "ciphertext", &sealed_len);
		tsv_fixed(&t, row, "consignment_key", f->key->b, 32);
		tsv_fixed(&t, row, "commitment", wanted.b, 32);
		read_context(&t, row, &f->context);
		buf_reset(&f->body);
		assert_int_equal(
		    seal_item(f->key, &f->context, (uint32_t)tsv_number(&t, row, "index"),
			(enum consign_label)tsv_number(&t, row, "label"), slice_of(plain, plain_len), &f->body, &commitment),
		    CONSIGN_OK);
		assert_int_equal(f->body.len, 4 + sealed_len);
		assert_int_equal(be32_load(f->body.data), sealed_len);
		assert_memory_equal(f->body.data + 4, sealed, sealed_len);
		assert_memory_equal(commitment.b, wanted.b, 32);
		free(plain);
		free(sealed);
	}
	assert_true(n_good >= 9);
	tsv_close(&t);
}

static void
test_seal_item_hides_the_plaintext_and_its_repetition(void **state)
{
	static const char marker[] = "MARKER-THAT-NOBODY-ELSE-MAY-READ";
	struct fixture *f = *state;
	struct consign_hash a, b;
	size_t i;

	begin_for(f, 2);
	assert_int_equal(seal_item(f->key, &f->context, 0, CONSIGN_LABEL_OPEN, slice_text(marker), &f->body, &a), CONSIGN_OK);
	assert_int_equal(seal_item(f->key, &f->context, 1, CONSIGN_LABEL_OPEN, slice_text(marker), &f->body, &b), CONSIGN_OK);
	assert_null(memmem(f->body.data, f->body.len, marker, sizeof marker - 1));
	assert_memory_not_equal(a.b, b.b, 32);
	i = 2 * SEAL_WRAP_BYTES + 4;
	assert_memory_not_equal(f->body.data + i, f->body.data + i + 272 + 4, 272);
}

static void
test_seal_begin_gives_another_key_for_the_same_id_under_another_random(void **state)
{
	struct fixture *f = *state;
	uint8_t first[SEAL_KEY_BYTES];

	begin_for(f, 3);
	memcpy(first, f->key->b, sizeof first);
	assert_int_equal(seal_begin(f->session, &f->context, f->key, &f->body), CONSIGN_OK);
	assert_memory_equal(f->key->b, first, sizeof first);
	random_bytes(f->context.random.b, 32);
	assert_int_equal(seal_begin(f->session, &f->context, f->key, &f->body), CONSIGN_OK);
	assert_memory_not_equal(f->key->b, first, sizeof first);
	assert_int_equal(f->body.len, 3 * 3 * SEAL_WRAP_BYTES);
}

static void
test_seal_session_serves_its_consignees_in_their_order_only(void **state)
{
	struct fixture *f = *state;
	struct consign_public_key swapped[3];

	begin_for(f, 3);
	swapped[0] = f->keys[1];
	swapped[1] = f->keys[0];
	swapped[2] = f->keys[2];
	assert_true(seal_session_serves(f->session, f->keys, 3, 1));
	assert_false(seal_session_serves(f->session, f->keys, 2, 1));
	assert_false(seal_session_serves(f->session, f->keys, 4, 1));
	assert_false(seal_session_serves(f->session, f->keys + 1, 3, 1));
	assert_false(seal_session_serves(f->session, swapped, 3, 1));
}

static void
test_seal_session_ends_with_its_life(void **state)
{
	const uint64_t born = 1000000;
	struct fixture *f = *state;

	seal_session_free(&f->session);
	assert_int_equal(seal_session_new(f->keys, 1, born, &f->session), CONSIGN_OK);
	assert_true(seal_session_serves(f->session, f->keys, 1, born));
	assert_true(seal_session_serves(f->session, f->keys, 1, born + CONSIGN_SESSION_KEY_LIFE_US - 1));
	assert_false(seal_session_serves(f->session, f->keys, 1, born + CONSIGN_SESSION_KEY_LIFE_US));
	assert_false(seal_session_serves(f->session, f->keys, 1, born - 1));
}

static void
test_seal_session_ends_with_its_uses(void **state)
{
	struct fixture *f = *state;
	uint32_t i;

	begin_for(f, 1);
	for (i = 1; i < CONSIGN_SESSION_KEY_USES; i++) {
		assert_true(seal_session_serves(f->session, f->keys, 1, 0));
		buf_reset(&f->body);
		assert_int_equal(seal_begin(f->session, &f->context, f->key, &f->body), CONSIGN_OK);
	}
	assert_false(seal_session_serves(f->session, f->keys, 1, 0));
	buf_reset(&f->body);
	memset(f->key->b, 0x5a, SEAL_KEY_BYTES);
	assert_int_equal(seal_begin(f->session, &f->context, f->key, &f->body), CONSIGN_E_EXPIRED);
	assert_int_equal(f->body.len, 0);
	assert_int_equal(f->key->b[0], 0x5a);
}

static void
test_seal_session_refuses_none_and_33_consignees(void **state)
{
	struct fixture *f = *state;
	struct consign_public_key keys[CONSIGN_CONSIGNEES_MAX + 1];
	struct seal_session *s = NULL;

	memcpy(keys, f->keys, sizeof f->keys);
	keys[CONSIGN_CONSIGNEES_MAX] = f->keys[0];
	assert_int_equal(seal_session_new(keys, 0, 0, &s), CONSIGN_E_MALFORMED);
	assert_int_equal(seal_session_new(keys, CONSIGN_CONSIGNEES_MAX + 1, 0, &s), CONSIGN_E_TOO_BIG);
	assert_null(s);
}

static void
test_seal_session_refuses_keys_of_low_order(void **state)
{
	/* Orders 4 (u = 1), 1 and 2 (u = 0), 4 (u = p - 1), and 0 again written as p. */
	static const struct consign_public_key low[] = {
	    {{0}},
	    {{1}},
	    {{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
	    {{0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
	};
	struct fixture *f = *state;
	struct seal_session *s = NULL;
	size_t i;

	for (i = 0; i < sizeof low / sizeof low[0]; i++) {
		struct consign_public_key keys[3] = {f->keys[0], f->keys[1], low[i]};

		assert_int_equal(seal_session_new(keys, 3, 0, &s), CONSIGN_E_MALFORMED);
		assert_null(s);
	}
}

static void
test_seal_session_free_accepts_null(void **state)
{
	struct seal_session *s = NULL;

	(void)state;
	seal_session_free(NULL);
	seal_session_free(&s);
	assert_null(s);
}

static void
test_seal_store_key_round_trips_and_differs_each_time(void **state)
{
	struct fixture *f = *state;
	uint8_t a[SEAL_STORED_KEY_BYTES], b[SEAL_STORED_KEY_BYTES];
	struct secret *storage;

	assert_int_equal(secret_new(&storage), CONSIGN_OK);
	random_bytes(storage->b, SEAL_KEY_BYTES);
	begin_for(f, 1);
	seal_store_key(storage, &f->context.consignment_id, f->key, a);
	seal_store_key(storage, &f->context.consignment_id, f->key, b);
	assert_memory_not_equal(a, b, sizeof a);
	assert_null(memmem(a, sizeof a, f->key->b, 8));
	memset(f->received->b, 0, SECRET_BYTES);
	assert_int_equal(seal_load_key(storage, &f->context.consignment_id, SLICE_ARRAY(a), f->received), CONSIGN_OK);
	assert_memory_equal(f->received->b, f->key->b, SEAL_KEY_BYTES);
	secret_free(&storage);
}

static void
test_seal_load_key_refuses_a_flip_of_any_byte(void **state)
{
	struct fixture *f = *state;
	uint8_t stored[SEAL_STORED_KEY_BYTES];
	struct secret *storage;
	size_t i;

	assert_int_equal(secret_new(&storage), CONSIGN_OK);
	random_bytes(storage->b, SEAL_KEY_BYTES);
	begin_for(f, 1);
	seal_store_key(storage, &f->context.consignment_id, f->key, stored);
	memset(f->received->b, 0x5a, SECRET_BYTES);
	for (i = 0; i < sizeof stored; i++) {
		stored[i] ^= 0x80;
		assert_int_equal(
		    seal_load_key(storage, &f->context.consignment_id, SLICE_ARRAY(stored), f->received), CONSIGN_E_CORRUPT);
		stored[i] ^= 0x80;
	}
	assert_int_equal(f->received->b[0], 0x5a);
	assert_int_equal(seal_load_key(f->key, &f->context.consignment_id, SLICE_ARRAY(stored), f->received), CONSIGN_E_CORRUPT);
	secret_free(&storage);
}

static void
test_seal_load_key_keeps_to_the_vectors(void **state)
{
	struct fixture *f = *state;
	struct secret *storage;
	struct tsv t;
	size_t row;

	assert_int_equal(secret_new(&storage), CONSIGN_OK);
	tsv_open(&t, VECTORS("stored.tsv"));
	for (row = 0; row < t.rows; row++) {
		struct consign_id id;
		uint8_t key[32];
		size_t len;
		uint8_t *stored = tsv_bytes(&t, row, "stored", &len);

		tsv_fixed(&t, row, "storage_key", storage->b, 32);
		tsv_fixed(&t, row, "consignment_id", id.b, 16);
		tsv_fixed(&t, row, "consignment_key", key, 32);
		memset(f->received->b, 0, SECRET_BYTES);
		assert_row(&t, row, seal_load_key(storage, &id, slice_of(stored, len), f->received), expected(&t, row));
		if (expected(&t, row) == CONSIGN_OK)
			assert_memory_equal(f->received->b, key, 32);
		free(stored);
	}
	tsv_close(&t);
	secret_free(&storage);
}

static int
group_setup(void **state)
{
	size_t i;

	for (i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)(i * 31 + i / 251);
	return setup(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_seal_round_trips_to_1_to_32_consignees),
	    cmocka_unit_test(test_seal_item_round_trips_at_every_edge_of_size_and_label),
	    cmocka_unit_test(test_seal_item_refuses_one_byte_over_the_limit_and_leaves_the_body),
	    cmocka_unit_test(test_seal_item_gives_the_known_ciphertexts_and_commitments),
	    cmocka_unit_test(test_seal_item_hides_the_plaintext_and_its_repetition),
	    cmocka_unit_test(test_seal_begin_gives_another_key_for_the_same_id_under_another_random),
	    cmocka_unit_test(test_seal_session_serves_its_consignees_in_their_order_only),
	    cmocka_unit_test(test_seal_session_ends_with_its_life),
	    cmocka_unit_test(test_seal_session_ends_with_its_uses),
	    cmocka_unit_test(test_seal_session_refuses_none_and_33_consignees),
	    cmocka_unit_test(test_seal_session_refuses_keys_of_low_order),
	    cmocka_unit_test(test_seal_session_free_accepts_null),
	    cmocka_unit_test(test_seal_store_key_round_trips_and_differs_each_time),
	    cmocka_unit_test(test_seal_load_key_refuses_a_flip_of_any_byte),
	    cmocka_unit_test(test_seal_load_key_keeps_to_the_vectors),
	};

	return cmocka_run_group_tests_name("seal/seal", tests, group_setup, teardown);
}
