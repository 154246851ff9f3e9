/* Derivations against known answers that another implementation computed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seal_fixture.h"

static void
test_derive_gives_the_known_keys_and_salts(void **state)
{
	struct fixture *f = *state;
	struct tsv t;
	size_t row;

	tsv_open(&t, VECTORS("derive.tsv"));
	for (row = 0; row < t.rows; row++) {
		uint8_t session[32], key[32], salt[32];
		struct consign_hash got;

		tsv_fixed(&t, row, "session_key", session, 32);
		tsv_fixed(&t, row, "consignment_key", key, 32);
		tsv_fixed(&t, row, "salt", salt, 32);
		read_context(&t, row, &f->context);
		seal_derive_key(session, &f->context, f->key->b);
		assert_memory_equal(f->key->b, key, 32);
		seal_salt(f->key, (uint32_t)tsv_number(&t, row, "index"), &got);
		assert_memory_equal(got.b, salt, 32);
	}
	tsv_close(&t);
}

static void
test_derive_key_changes_with_every_part_of_the_context(void **state)
{
	struct fixture *f = *state;
	uint8_t session[32] = {7};
	uint8_t keys[6][32];
	struct seal_context c;
	size_t i, j;

	for (i = 0; i < 6; i++) {
		c = f->context;
		c.hub_id.b[0] ^= (uint8_t)(i == 1);
		c.consignor_identity.b[31] ^= (uint8_t)(i == 2);
		c.consignment_id.b[15] ^= (uint8_t)(i == 3);
		c.attempt += i == 4;
		c.random.b[31] ^= (uint8_t)(i == 5);
		seal_derive_key(session, &c, keys[i]);
		for (j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], 32);
	}
}

static void
test_derive_nonce_is_the_index_in_the_last_eight_bytes(void **state)
{
	uint8_t want[SEAL_NONCE_BYTES] = {0};
	uint8_t nonce[SEAL_NONCE_BYTES];

	(void)state;
	want[20] = 0x01;
	want[21] = 0x02;
	want[22] = 0x03;
	want[23] = 0x04;
	seal_derive_nonce(0x01020304, nonce);
	assert_memory_equal(nonce, want, sizeof want);
}

static void
test_derive_commitment_depends_on_salt_and_plaintext(void **state)
{
	struct consign_hash salt = {{1}}, other = {{2}}, a, b, c;

	(void)state;
	seal_derive_commitment(&salt, slice_text("lot 17"), &a);
	seal_derive_commitment(&other, slice_text("lot 17"), &b);
	seal_derive_commitment(&salt, slice_text("lot 18"), &c);
	assert_memory_not_equal(a.b, b.b, 32);
	assert_memory_not_equal(a.b, c.b, 32);
}

static void
test_derive_pads_by_label(void **state)
{
	static const struct {
		enum consign_label label;
		size_t plain, padded;
	} rows[] = {
	    {CONSIGN_LABEL_OPEN, 0, 256},
	    {CONSIGN_LABEL_OPEN, 1, 256},
	    {CONSIGN_LABEL_OPEN, 255, 256},
	    {CONSIGN_LABEL_OPEN, 256, 512},
	    {CONSIGN_LABEL_OPEN, 257, 512},
	    {CONSIGN_LABEL_RESTRICTED, 0, 4096},
	    {CONSIGN_LABEL_RESTRICTED, 4095, 4096},
	    {CONSIGN_LABEL_RESTRICTED, 4096, 8192},
	    {CONSIGN_LABEL_UNBLINDED, 1, 4096},
	    {CONSIGN_LABEL_UNBLINDED, 4096, 8192},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(seal_padded_bytes(rows[i].plain, rows[i].label), rows[i].padded);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_derive_gives_the_known_keys_and_salts),
	    cmocka_unit_test(test_derive_key_changes_with_every_part_of_the_context),
	    cmocka_unit_test(test_derive_nonce_is_the_index_in_the_last_eight_bytes),
	    cmocka_unit_test(test_derive_commitment_depends_on_salt_and_plaintext),
	    cmocka_unit_test(test_derive_pads_by_label),
	};

	return cmocka_run_group_tests_name("seal/derive", tests, setup, teardown);
}
