/* The receiving side: bodies, wraps and their cache, items in every wrong place, commitments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>

#include "seal_fixture.h"

#define ITEMS 2u

/* A body for two consignees with two small items, parsed. */
struct sealed {
	struct seal_body body;
	struct consign_hash commitments[ITEMS];
};

static const char *const texts[ITEMS] = {"the first item", "the second item"};

static void
seal_two(struct fixture *f, struct sealed *s)
{
	uint32_t i;

	begin_for(f, 2);
	for (i = 0; i < ITEMS; i++)
		assert_int_equal(seal_item(f->key, &f->context, i, CONSIGN_LABEL_RESTRICTED, slice_text(texts[i]), &f->body,
				     &s->commitments[i]),
		    CONSIGN_OK);
	assert_int_equal(seal_body_parse(buf_slice(&f->body), 2, ITEMS, &s->body), CONSIGN_OK);
	buf_reset(&f->plain);
}

/* As the second consignee, from wrap to plaintext, under a context that may differ from the consignor's. */
static enum consign_err
unseal_in(struct fixture *f, const struct sealed *s, const struct seal_context *context, uint32_t index, enum consign_label label)
{
	struct consign_key_id id;
	enum consign_err err;

	key_id_of(&f->keys[1], &id);
	err = seal_receive(f->receiver, "globalcro", &id, f->secrets[1], &f->keys[1], s->body.wraps[1], context, f->received);
	if (err != CONSIGN_OK)
		return err;
	return unseal_item(f->received, context, index, label, s->body.items[0], &s->commitments[0], &f->plain);
}

static void
test_unseal_refuses_every_wrong_part_of_the_context(void **state)
{
	struct fixture *f = *state;
	struct seal_context c;
	struct sealed s;
	int wrong;

	seal_two(f, &s);
	for (wrong = 0; wrong < 5; wrong++) {
		c = f->context;
		c.hub_id.b[0] ^= (uint8_t)(wrong == 0);
		c.consignor_identity.b[0] ^= (uint8_t)(wrong == 1);
		c.consignment_id.b[0] ^= (uint8_t)(wrong == 2);
		c.attempt += wrong == 3;
		c.random.b[0] ^= (uint8_t)(wrong == 4);
		assert_int_equal(unseal_in(f, &s, &c, 0, CONSIGN_LABEL_RESTRICTED), CONSIGN_E_BAD_SEAL);
	}
	assert_int_equal(f->plain.len, 0);
	assert_int_equal(unseal_in(f, &s, &f->context, 0, CONSIGN_LABEL_RESTRICTED), CONSIGN_OK);
	assert_int_equal(f->plain.len, strlen(texts[0]));
}

static void
test_unseal_refuses_every_wrong_label(void **state)
{
	struct fixture *f = *state;
	struct sealed s;

	seal_two(f, &s);
	assert_int_equal(unseal_in(f, &s, &f->context, 0, CONSIGN_LABEL_OPEN), CONSIGN_E_BAD_SEAL);
	assert_int_equal(unseal_in(f, &s, &f->context, 0, CONSIGN_LABEL_UNBLINDED), CONSIGN_E_BAD_SEAL);
	assert_int_equal(f->plain.len, 0);
}

static void
test_unseal_refuses_a_wrong_index(void **state)
{
	struct fixture *f = *state;
	struct sealed s;

	seal_two(f, &s);
	assert_int_equal(unseal_in(f, &s, &f->context, 1, CONSIGN_LABEL_RESTRICTED), CONSIGN_E_BAD_SEAL);
	assert_int_equal(unseal_in(f, &s, &f->context, 0x80000000u, CONSIGN_LABEL_RESTRICTED), CONSIGN_E_BAD_SEAL);
}

static void
test_unseal_refuses_swapped_items(void **state)
{
	struct fixture *f = *state;
	struct sealed s;
	uint32_t i;

	seal_two(f, &s);
	for (i = 0; i < ITEMS; i++) {
		assert_int_equal(unseal_item(f->key, &f->context, i, CONSIGN_LABEL_RESTRICTED, s.body.items[1 - i],
				     &s.commitments[i], &f->plain),
		    CONSIGN_E_BAD_SEAL);
		assert_int_equal(unseal_item(f->key, &f->context, i, CONSIGN_LABEL_RESTRICTED, s.body.items[1 - i],
				     &s.commitments[1 - i], &f->plain),
		    CONSIGN_E_BAD_SEAL);
	}
}

static void
test_unseal_refuses_a_wrong_commitment_and_wipes_what_it_read(void **state)
{
	struct fixture *f = *state;
	struct sealed s;

	seal_two(f, &s);
	assert_int_equal(buf_append(&f->plain, slice_text("before")), CONSIGN_OK);
	assert_int_equal(
	    unseal_item(f->key, &f->context, 0, CONSIGN_LABEL_RESTRICTED, s.body.items[0], &s.commitments[1], &f->plain),
	    CONSIGN_E_BAD_SEAL);
	assert_int_equal(f->plain.len, 6);
	assert_memory_equal(f->plain.data, "before", 6);
	assert_null(memmem(f->plain.data, f->plain.cap, texts[0], strlen(texts[0])));
}

/* What a consignor with two stories would do: one item, sealed in the same place under the same key, for each reader. */
static void
test_unseal_refuses_another_plaintext_that_the_cipher_would_take(void **state)
{
	struct fixture *f = *state;
	struct consign_hash told, other;
	struct seal_body b;

	begin_for(f, 1);
	assert_int_equal(
	    seal_item(f->key, &f->context, 0, CONSIGN_LABEL_OPEN, slice_text("told to all"), &f->body, &told), CONSIGN_OK);
	buf_reset(&f->body);
	assert_int_equal(seal_begin(f->session, &f->context, f->key, &f->body), CONSIGN_OK);
	assert_int_equal(
	    seal_item(f->key, &f->context, 0, CONSIGN_LABEL_OPEN, slice_text("told to one"), &f->body, &other), CONSIGN_OK);
	assert_int_equal(seal_body_parse(buf_slice(&f->body), 1, 1, &b), CONSIGN_OK);
	assert_int_equal(
	    unseal_item(f->key, &f->context, 0, CONSIGN_LABEL_OPEN, b.items[0], &told, &f->plain), CONSIGN_E_BAD_SEAL);
}

static enum consign_err
read_whole_body(struct fixture *f, struct consign_slice body, const struct sealed *s)
{
	struct seal_body b;
	enum consign_err err = seal_body_parse(body, 2, ITEMS, &b);
	size_t i;

	for (i = 0; err == CONSIGN_OK && i < 2; i++)
		err = receive_as(f, i, b.wraps[i]);
	for (i = 0; err == CONSIGN_OK && i < ITEMS; i++)
		err = unseal_item(
		    f->received, &f->context, (uint32_t)i, CONSIGN_LABEL_RESTRICTED, b.items[i], &s->commitments[i], &f->plain);
	return err;
}

static void
test_unseal_notices_a_flip_of_any_byte_of_a_body(void **state)
{
	struct fixture *f = *state;
	struct sealed s;
	size_t i;

	seal_two(f, &s);
	for (i = 0; i < f->body.len; i++) {
		enum consign_err err, wanted = CONSIGN_E_BAD_SEAL;
		size_t into = i < 2 * SEAL_WRAP_BYTES ? 4 : (i - 2 * SEAL_WRAP_BYTES) % (4 + 4096 + 16);

		/* A byte of a length breaks the body's shape, any other one a seal. */
		if (into < 4)
			wanted = i < 2 * SEAL_WRAP_BYTES ? CONSIGN_E_BAD_SEAL : CONSIGN_E_MALFORMED;
		f->body.data[i] ^= 0x01;
		buf_reset(&f->plain);
		err = read_whole_body(f, buf_slice(&f->body), &s);
		f->body.data[i] ^= 0x01;
		if (err != wanted)
			fail_msg("byte %zu: error %#x, wanted %#x", i, (unsigned)err, (unsigned)wanted);
	}
	buf_reset(&f->plain);
	assert_int_equal(read_whole_body(f, buf_slice(&f->body), &s), CONSIGN_OK);
}

static void
test_unseal_body_refuses_every_truncation_and_extension(void **state)
{
	struct fixture *f = *state;
	struct seal_body b = {.n_items = 77};
	struct sealed s;
	size_t len, whole;

	seal_two(f, &s);
	whole = f->body.len;
	for (len = 0; len < whole; len++)
		assert_int_equal(seal_body_parse(slice_of(f->body.data, len), 2, ITEMS, &b), CONSIGN_E_MALFORMED);
	assert_int_equal(buf_append_u8(&f->body, 0), CONSIGN_OK);
	assert_int_equal(seal_body_parse(buf_slice(&f->body), 2, ITEMS, &b), CONSIGN_E_MALFORMED);
	assert_int_equal(seal_body_parse(slice_of(f->body.data, whole), 2, ITEMS + 1, &b), CONSIGN_E_MALFORMED);
	assert_int_equal(seal_body_parse(slice_of(f->body.data, whole), 3, ITEMS, &b), CONSIGN_E_MALFORMED);
	assert_int_equal(seal_body_parse(slice_of(f->body.data, whole), 1, ITEMS, &b), CONSIGN_E_MALFORMED);
	assert_int_equal(b.n_items, 77);
}

static void
test_unseal_body_keeps_to_the_vectors(void **state)
{
	struct tsv t;
	size_t row;

	(void)state;
	tsv_open(&t, VECTORS("body.tsv"));
	for (row = 0; row < t.rows; row++) {
		size_t consignees = tsv_number(&t, row, "consignees"), items = tsv_number(&t, row, "items");
		size_t len;
		uint8_t *body = tsv_bytes(&t, row, "body", &len);
		struct seal_body b = {0};

		assert_row(&t, row, seal_body_parse(slice_of(body, len), consignees, items, &b), expected(&t, row));
		if (expected(&t, row) == CONSIGN_OK) {
			assert_int_equal(b.n_wraps, consignees);
			assert_int_equal(b.n_items, items);
			assert_ptr_equal(b.wraps[0].data, body);
			assert_ptr_equal(b.items[items - 1].data + b.items[items - 1].len, body + len);
		}
		free(body);
	}
	tsv_close(&t);
}

static void
test_unseal_body_takes_the_largest_and_refuses_a_larger(void **state)
{
	struct fixture *f = *state;
	uint8_t wrap[SEAL_WRAP_BYTES] = {0};
	struct seal_body b;
	size_t i;

	for (i = 0; i < 2; i++) {
		/* One block of 4096 more on the second round. */
		size_t len = CONSIGN_SEALED_MAX_BYTES + i * 4096;

		buf_reset(&f->body);
		assert_int_equal(buf_append(&f->body, SLICE_ARRAY(wrap)), CONSIGN_OK);
		assert_int_equal(buf_append_be32(&f->body, (uint32_t)len), CONSIGN_OK);
		assert_int_equal(buf_reserve(&f->body, len), CONSIGN_OK);
		memset(f->body.data + f->body.len, 0, len);
		f->body.len += len;
		assert_int_equal(seal_body_parse(buf_slice(&f->body), 1, 1, &b), i == 0 ? CONSIGN_OK : CONSIGN_E_MALFORMED);
	}
}

static void
test_unseal_item_keeps_to_the_vectors(void **state)
{
	struct fixture *f = *state;
	struct tsv t;
	size_t row;

	tsv_open(&t, VECTORS("item.tsv"));
	for (row = 0; row < t.rows; row++) {
		struct consign_hash commitment;
		struct seal_context c;
		size_t plain_len, sealed_len;
		uint8_t *plain = tsv_bytes(&t, row, "plaintext", &plain_len);
		uint8_t *sealed = tsv_bytes(&t, row, "ciphertext", &sealed_len);

		tsv_fixed(&t, row, "consignment_key", f->key->b, 32);
		tsv_fixed(&t, row, "commitment", commitment.b, 32);
		read_context(&t, row, &c);
		buf_reset(&f->plain);
		assert_row(&t, row,
		    unseal_item(f->key, &c, (uint32_t)tsv_number(&t, row, "index"),
			(enum consign_label)tsv_number(&t, row, "label"), slice_of(sealed, sealed_len), &commitment, &f->plain),
		    expected(&t, row));
		if (expected(&t, row) == CONSIGN_OK) {
			assert_int_equal(f->plain.len, plain_len);
			if (plain_len > 0)
				assert_memory_equal(f->plain.data, plain, plain_len);
		} else {
			assert_int_equal(f->plain.len, 0);
		}
		free(plain);
		free(sealed);
	}
	tsv_close(&t);
}

static void
test_unseal_receive_keeps_to_the_vectors(void **state)
{
	struct fixture *f = *state;
	struct seal_receiver *r;
	struct secret *secret;
	struct tsv t;
	size_t row;

	assert_int_equal(secret_new(&secret), CONSIGN_OK);
	tsv_open(&t, VECTORS("wrap.tsv"));
	for (row = 0; row < t.rows; row++) {
		struct consign_public_key public;
		struct consign_key_id id;
		struct seal_context c;
		uint8_t key[32];
		size_t len;
		uint8_t *wrap = tsv_bytes(&t, row, "wrap", &len);

		/* A receiver for each: the cache must not answer for the cipher. */
		assert_int_equal(seal_receiver_new(&r), CONSIGN_OK);
		tsv_fixed(&t, row, "seal_secret", secret->b, 32);
		tsv_fixed(&t, row, "seal_public", public.b, 32);
		tsv_fixed(&t, row, "consignment_key", key, 32);
		read_context(&t, row, &c);
		key_id_of(&public, &id);
		memset(f->received->b, 0x5a, SECRET_BYTES);
		assert_row(&t, row, seal_receive(r, "globalcro", &id, secret, &public, slice_of(wrap, len), &c, f->received),
		    expected(&t, row));
		if (expected(&t, row) == CONSIGN_OK)
			assert_memory_equal(f->received->b, key, 32);
		else
			assert_int_equal(f->received->b[0], 0x5a);
		seal_receiver_free(&r);
		free(wrap);
	}
	tsv_close(&t);
	secret_free(&secret);
}

static void
test_unseal_receive_refuses_the_wrap_of_a_neighbour(void **state)
{
	struct fixture *f = *state;
	struct sealed s;

	seal_two(f, &s);
	assert_int_equal(receive_as(f, 0, s.body.wraps[1]), CONSIGN_E_BAD_SEAL);
	assert_int_equal(receive_as(f, 1, s.body.wraps[0]), CONSIGN_E_BAD_SEAL);
	assert_int_equal(receive_as(f, 2, s.body.wraps[0]), CONSIGN_E_BAD_SEAL);
}

/* A cached key answers though the secret given is a wrong one: so one can see from outside what is in the cache. */
static enum consign_err
ask_cache(struct fixture *f, const char *consignor, struct consign_slice wrap)
{
	struct consign_key_id id;

	key_id_of(&f->keys[0], &id);
	return seal_receive(f->receiver, consignor, &id, f->secrets[5], &f->keys[0], wrap, &f->context, f->received);
}

static void
test_unseal_receive_remembers_by_consignor_key_and_wrap(void **state)
{
	struct fixture *f = *state;
	struct consign_key_id other;
	struct sealed s;

	seal_two(f, &s);
	assert_int_equal(ask_cache(f, "globalcro", s.body.wraps[0]), CONSIGN_E_BAD_SEAL);
	assert_int_equal(receive_as(f, 0, s.body.wraps[0]), CONSIGN_OK);
	memset(f->received->b, 0, SECRET_BYTES);
	assert_int_equal(ask_cache(f, "globalcro", s.body.wraps[0]), CONSIGN_OK);
	assert_memory_equal(f->received->b, f->key->b, SEAL_KEY_BYTES);
	assert_int_equal(ask_cache(f, "globalcr", s.body.wraps[0]), CONSIGN_E_BAD_SEAL);
	assert_int_equal(ask_cache(f, "globalcro2", s.body.wraps[0]), CONSIGN_E_BAD_SEAL);
	assert_int_equal(ask_cache(f, "globalcro", s.body.wraps[1]), CONSIGN_E_BAD_SEAL);
	key_id_of(&f->keys[3], &other);
	assert_int_equal(
	    seal_receive(f->receiver, "globalcro", &other, f->secrets[5], &f->keys[0], s.body.wraps[0], &f->context, f->received),
	    CONSIGN_E_BAD_SEAL);
}

static void
test_unseal_receive_does_not_remember_a_failure(void **state)
{
	struct fixture *f = *state;
	struct sealed s;

	seal_two(f, &s);
	assert_int_equal(ask_cache(f, "globalcro", s.body.wraps[0]), CONSIGN_E_BAD_SEAL);
	assert_int_equal(receive_as(f, 0, s.body.wraps[0]), CONSIGN_OK);
}

static void
test_unseal_receive_forgets_the_one_unused_for_the_longest(void **state)
{
	struct fixture *f = *state;
	uint8_t first[SEAL_WRAP_BYTES], second[SEAL_WRAP_BYTES];
	size_t i;

	begin_for(f, 1);
	memcpy(first, f->body.data, sizeof first);
	assert_int_equal(receive_as(f, 0, SLICE_ARRAY(first)), CONSIGN_OK);
	begin_for(f, 1);
	memcpy(second, f->body.data, sizeof second);
	assert_int_equal(receive_as(f, 0, SLICE_ARRAY(second)), CONSIGN_OK);
	for (i = 0; i < CONSIGN_RECEIVER_KEYS - 2; i++) {
		begin_for(f, 1);
		assert_int_equal(receive_as(f, 0, buf_slice(&f->body)), CONSIGN_OK);
	}
	/* All entries are in use; the first is used again, so the next newcomer pushes the second out. */
	assert_int_equal(ask_cache(f, "globalcro", SLICE_ARRAY(first)), CONSIGN_OK);
	begin_for(f, 1);
	assert_int_equal(receive_as(f, 0, buf_slice(&f->body)), CONSIGN_OK);
	assert_int_equal(ask_cache(f, "globalcro", SLICE_ARRAY(first)), CONSIGN_OK);
	assert_int_equal(ask_cache(f, "globalcro", SLICE_ARRAY(second)), CONSIGN_E_BAD_SEAL);
	assert_int_equal(ask_cache(f, "globalcro", buf_slice(&f->body)), CONSIGN_OK);
	assert_int_equal(receive_as(f, 0, SLICE_ARRAY(second)), CONSIGN_OK);
}

static void
test_unseal_receive_refuses_a_name_that_is_no_org(void **state)
{
	struct fixture *f = *state;
	char name[CONSIGN_ORG_MAX_BYTES + 2];
	struct consign_key_id id;

	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	begin_for(f, 1);
	key_id_of(&f->keys[0], &id);
	assert_int_equal(
	    seal_receive(f->receiver, name, &id, f->secrets[0], &f->keys[0], buf_slice(&f->body), &f->context, f->received),
	    CONSIGN_E_BAD_SEAL);
	assert_int_equal(
	    seal_receive(f->receiver, name + 1, &id, f->secrets[0], &f->keys[0], buf_slice(&f->body), &f->context, f->received),
	    CONSIGN_OK);
}

static void
test_unseal_check_commitment_convinces_an_auditor(void **state)
{
	struct fixture *f = *state;
	struct consign_hash salt, neighbour;
	struct sealed s;

	seal_two(f, &s);
	seal_salt(f->key, 0, &salt);
	seal_salt(f->key, 1, &neighbour);
	assert_memory_not_equal(salt.b, neighbour.b, 32);
	assert_int_equal(seal_check_commitment(&salt, slice_text(texts[0]), &s.commitments[0]), CONSIGN_OK);
	assert_int_equal(seal_check_commitment(&salt, slice_text(texts[1]), &s.commitments[0]), CONSIGN_E_BAD_SEAL);
	assert_int_equal(seal_check_commitment(&salt, slice_text(texts[1]), &s.commitments[1]), CONSIGN_E_BAD_SEAL);
	assert_int_equal(seal_check_commitment(&neighbour, slice_text(texts[0]), &s.commitments[0]), CONSIGN_E_BAD_SEAL);
	assert_int_equal(seal_check_commitment(&salt, slice_of(NULL, 0), &s.commitments[0]), CONSIGN_E_BAD_SEAL);
}

static void
test_unseal_receiver_free_accepts_null(void **state)
{
	struct seal_receiver *r = NULL;

	(void)state;
	seal_receiver_free(NULL);
	seal_receiver_free(&r);
	assert_null(r);
}

/* At every place in the last block a byte of 0x80 and a neighbour of it, with zeros or rubbish around. */
static void
test_unseal_unpads_as_libsodium_does(void **state)
{
	static const size_t blocks[] = {SEAL_PAD_OPEN_BYTES, SEAL_PAD_BLINDED_BYTES};
	static const uint8_t ends[] = {0x80, 0x00, 0x01, 0x40, 0x81, 0xff};
	uint8_t bytes[2 * SEAL_PAD_BLINDED_BYTES];

	(void)state;
	for (size_t b = 0; b < 2; b++)
		for (size_t i = 0; i <= blocks[b]; i++)
			for (size_t e = 0; e < sizeof ends; e++) {
				size_t padded = 2 * blocks[b], expected_len = 0, len = 0;

				memset(bytes, e % 2 == 0 ? 0 : 0xa5, padded);
				memset(bytes + padded - i, 0, i);
				bytes[padded - i - 1] = ends[e];
				bool is_padded = sodium_unpad(&expected_len, bytes, padded, blocks[b]) == 0;

				assert_int_equal(seal_unpad(bytes, padded, blocks[b], &len), is_padded);
				assert_int_equal(is_padded, e == 0 && i < blocks[b]);
				if (is_padded)
					assert_int_equal(len, expected_len);
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unseal_refuses_every_wrong_part_of_the_context),
	    cmocka_unit_test(test_unseal_refuses_every_wrong_label),
	    cmocka_unit_test(test_unseal_refuses_a_wrong_index),
	    cmocka_unit_test(test_unseal_refuses_swapped_items),
	    cmocka_unit_test(test_unseal_refuses_a_wrong_commitment_and_wipes_what_it_read),
	    cmocka_unit_test(test_unseal_refuses_another_plaintext_that_the_cipher_would_take),
	    cmocka_unit_test(test_unseal_notices_a_flip_of_any_byte_of_a_body),
	    cmocka_unit_test(test_unseal_body_refuses_every_truncation_and_extension),
	    cmocka_unit_test(test_unseal_body_keeps_to_the_vectors),
	    cmocka_unit_test(test_unseal_body_takes_the_largest_and_refuses_a_larger),
	    cmocka_unit_test(test_unseal_item_keeps_to_the_vectors),
	    cmocka_unit_test(test_unseal_receive_keeps_to_the_vectors),
	    cmocka_unit_test_setup_teardown(test_unseal_receive_refuses_the_wrap_of_a_neighbour, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_unseal_receive_remembers_by_consignor_key_and_wrap, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_unseal_receive_does_not_remember_a_failure, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_unseal_receive_forgets_the_one_unused_for_the_longest, setup, teardown),
	    cmocka_unit_test(test_unseal_receive_refuses_a_name_that_is_no_org),
	    cmocka_unit_test(test_unseal_check_commitment_convinces_an_auditor),
	    cmocka_unit_test(test_unseal_unpads_as_libsodium_does),
	    cmocka_unit_test(test_unseal_receiver_free_accepts_null),
	};

	return cmocka_run_group_tests_name("seal/unseal", tests, setup, teardown);
}
