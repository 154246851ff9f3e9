/*
 * Tests of lib/core/sign.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "core/sign.h"

struct fixture {
	struct secret *secret;
	struct consign_public_key public;
	struct consign_hash hub;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL || secret_start() != CONSIGN_OK || sign_keypair(&f->secret, &f->public) != CONSIGN_OK)
		return -1;
	memset(f->hub.b, 7, sizeof(f->hub.b));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	secret_free(&f->secret);
	free(f);
	return 0;
}

static void
hex(const char *text, void *ret_bytes, size_t len)
{
	size_t got = 0;

	assert_int_equal(sodium_hex2bin(ret_bytes, len, text, strlen(text), NULL, &got, NULL), 0);
	assert_int_equal(got, len);
}

/* RFC 8032 7.1, test 3. */
static void
test_sign_plain_is_ed25519(void **state)
{
	struct secret *secret;
	struct consign_signature signature;
	struct consign_signature expected;
	struct consign_public_key public;
	uint8_t message[2];

	(void)state;
	assert_int_equal(secret_new(&secret), CONSIGN_OK);
	hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", secret->b, 32);
	hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", secret->b + 32, 32);
	hex("af82", message, 2);
	hex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027"
	    "beceea1"
	    "ec40a",
	    expected.b, 64);
	sign_public(secret, &public);
	sign_make_plain(secret, SLICE_ARRAY(message), &signature);
	assert_memory_equal(signature.b, expected.b, 64);
	assert_int_equal(sign_verify_plain(&public, SLICE_ARRAY(message), &signature), CONSIGN_OK);
	secret_free(&secret);
}

/* The bytes that are signed, put together here once more from docs/CRYPTO.md 3.1. */
static void
test_sign_signs_the_digest_behind_the_domain(void **state)
{
	struct fixture *f = *state;
	static const size_t lengths[] = {0, 1, 31, 63, 64, 127, 128, 1000, 100000};
	uint8_t *content = malloc(100000);
	uint8_t whole[14 + 1 + 32 + 32];

	assert_non_null(content);
	random_bytes(content, 100000);
	memcpy(whole, "consign-sig-v1", 14);
	whole[14] = SIGN_MANIFEST;
	memcpy(whole + 15, f->hub.b, 32);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct consign_slice s = slice_of(content, lengths[i]);
		struct consign_signature ours;
		struct consign_signature theirs;

		crypto_hash_sha256(whole + 47, content, lengths[i]);
		sign_make(f->secret, SIGN_MANIFEST, &f->hub, s, &ours);
		crypto_sign_detached(theirs.b, NULL, whole, sizeof(whole), f->secret->b);
		assert_memory_equal(ours.b, theirs.b, 64);
		assert_int_equal(sign_verify(&f->public, SIGN_MANIFEST, &f->hub, s, &ours), CONSIGN_OK);
	}
	free(content);
}

/* Two libraries, one function: whatever the processor has instructions for. */
static void
test_sign_sha256_is_that_of_libsodium(void **state)
{
	uint8_t content[300];

	(void)state;
	random_bytes(content, sizeof(content));
	for (size_t len = 0; len <= sizeof(content); len++) {
		struct consign_hash ours;
		struct consign_hash split;
		uint8_t theirs[32];

		crypto_hash_sha256(theirs, content, len);
		hash_sha256(slice_of(content, len), &ours);
		assert_memory_equal(ours.b, theirs, 32);
		hash_sha256_2(slice_of(content, len / 3), slice_of(content + len / 3, len - len / 3), &split);
		assert_memory_equal(split.b, theirs, 32);
	}
}

static void
test_sign_verify_refuses_another_domain_or_content(void **state)
{
	struct fixture *f = *state;
	struct consign_signature signature;
	struct consign_hash other_hub = f->hub;
	struct consign_public_key other_key = f->public;

	sign_make(f->secret, SIGN_CARD, &f->hub, slice_text("content"), &signature);
	assert_int_equal(sign_verify(&f->public, SIGN_CARD, &f->hub, slice_text("content"), &signature), CONSIGN_OK);
	assert_int_equal(
	    sign_verify(&f->public, SIGN_POLICY, &f->hub, slice_text("content"), &signature), CONSIGN_E_BAD_SIGNATURE);
	assert_int_equal(sign_verify(&f->public, SIGN_CARD, &f->hub, slice_text("Content"), &signature), CONSIGN_E_BAD_SIGNATURE);
	assert_int_equal(sign_verify_plain(&f->public, slice_text("content"), &signature), CONSIGN_E_BAD_SIGNATURE);
	other_hub.b[31] ^= 1;
	assert_int_equal(
	    sign_verify(&f->public, SIGN_CARD, &other_hub, slice_text("content"), &signature), CONSIGN_E_BAD_SIGNATURE);
	other_key.b[0] ^= 1;
	assert_int_equal(sign_verify(&other_key, SIGN_CARD, &f->hub, slice_text("content"), &signature), CONSIGN_E_BAD_SIGNATURE);
	for (size_t i = 0; i < sizeof(signature.b); i++) {
		signature.b[i] ^= 0x10;
		assert_int_equal(
		    sign_verify(&f->public, SIGN_CARD, &f->hub, slice_text("content"), &signature), CONSIGN_E_BAD_SIGNATURE);
		signature.b[i] ^= 0x10;
	}
}

/* The neutral element as a key, with R its encoding and S zero, would verify for every message. */
static void
test_sign_verify_refuses_a_small_order_key(void **state)
{
	struct fixture *f = *state;
	struct consign_public_key key = {.b = {1}};
	struct consign_signature signature = {.b = {1}};

	assert_int_equal(sign_verify(&key, SIGN_CARD, &f->hub, slice_text("any"), &signature), CONSIGN_E_BAD_SIGNATURE);
}

static void
test_sign_without_hub_is_over_zeros(void **state)
{
	struct fixture *f = *state;
	struct consign_hash zeros = {.b = {0}};
	struct consign_signature signature;

	sign_make(f->secret, SIGN_ROOT, NULL, slice_text("root"), &signature);
	assert_int_equal(sign_verify(&f->public, SIGN_ROOT, &zeros, slice_text("root"), &signature), CONSIGN_OK);
}

static void
test_sign_public_keys_come_back_from_secrets(void **state)
{
	struct fixture *f = *state;
	struct consign_public_key public;
	struct consign_public_key again;
	struct secret *box;

	sign_public(f->secret, &public);
	assert_memory_equal(public.b, f->public.b, 32);
	assert_int_equal(box_keypair(&box, &public), CONSIGN_OK);
	box_public(box, &again);
	assert_memory_equal(public.b, again.b, 32);
	secret_free(&box);
}

static void
test_sign_hashes_are_the_standard_ones(void **state)
{
	struct consign_hash expected;
	struct consign_hash hash;
	struct consign_key_id id;
	struct consign_key_id other;
	struct consign_public_key abc = {.b = "abc"};
	uint8_t key[32] = {1};

	(void)state;
	hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", expected.b, 32);
	hash_sha256(slice_text("abc"), &hash);
	assert_true(hash_equal(&hash, &expected));
	hash_sha256_2(slice_text("a"), slice_text("bc"), &hash);
	assert_true(hash_equal(&hash, &expected));
	hash_sha256_2(slice_of(NULL, 0), slice_text("abc"), &hash);
	assert_true(hash_equal(&hash, &expected));
	hash_blake2b_keyed(key, slice_text("abc"), &hash);
	assert_false(hash_equal(&hash, &expected));

	key_id_of(&abc, &id);
	hash_sha256(SLICE_ARRAY(abc.b), &hash);
	assert_memory_equal(id.b, hash.b, sizeof(id.b));
	other = id;
	assert_true(key_id_equal(&id, &other));
	other.b[15] ^= 1;
	assert_false(key_id_equal(&id, &other));
}

static void
test_sign_random_bytes_differ(void **state)
{
	uint8_t a[32] = {0};
	uint8_t b[32] = {0};

	(void)state;
	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sign_plain_is_ed25519),
	    cmocka_unit_test(test_sign_signs_the_digest_behind_the_domain),
	    cmocka_unit_test(test_sign_sha256_is_that_of_libsodium),
	    cmocka_unit_test(test_sign_verify_refuses_another_domain_or_content),
	    cmocka_unit_test(test_sign_verify_refuses_a_small_order_key),
	    cmocka_unit_test(test_sign_without_hub_is_over_zeros),
	    cmocka_unit_test(test_sign_public_keys_come_back_from_secrets),
	    cmocka_unit_test(test_sign_hashes_are_the_standard_ones),
	    cmocka_unit_test(test_sign_random_bytes_differ),
	};

	return cmocka_run_group_tests_name("core/sign", tests, setup, teardown);
}
