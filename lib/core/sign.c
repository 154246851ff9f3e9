/*
 * Keys, signatures and hashes (docs/CRYPTO.md 3).
 *
 * Signing hashes domain and content one after the other with libsodium's own SHA-512 and scalar arithmetic, because its
 * one-call signature wants them in one piece and this one cannot fail for want of memory. The result is byte for byte
 * that of crypto_sign_detached (a test compares them). Verification, which may fail, copies the pieces together and uses
 * libsodium's, with its refusals of non-canonical signatures and small-order keys.
 */
#include "core/sign.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define DOMAIN_LABEL "consign-sig-v1"
#define DOMAIN_BYTES (sizeof(DOMAIN_LABEL) - 1 + 1 + 32)
/* Receipts and manifests of a few items are verified without a heap allocation. */
#define VERIFY_STACK_BYTES 8192

_Static_assert(crypto_sign_SECRETKEYBYTES == 64 && crypto_sign_PUBLICKEYBYTES == 32, "Ed25519 as libsodium lays it out");
_Static_assert(crypto_sign_BYTES == sizeof(struct consign_signature), "a signature fits");
_Static_assert(crypto_hash_sha256_BYTES == sizeof(struct consign_hash), "a SHA-256 fits");
_Static_assert(crypto_generichash_KEYBYTES == 32, "keyed BLAKE2b takes 32 bytes");

enum consign_err
sign_keypair(struct secret **ret_secret, struct consign_public_key *ret_public)
{
	struct secret *secret;
	enum consign_err err;

	err = secret_new(&secret);
	if (err != CONSIGN_OK)
		return err;
	crypto_sign_keypair(ret_public->b, secret->b);
	*ret_secret = secret;
	return CONSIGN_OK;
}

enum consign_err
box_keypair(struct secret **ret_secret, struct consign_public_key *ret_public)
{
	struct secret *secret;
	enum consign_err err;

	err = secret_new(&secret);
	if (err != CONSIGN_OK)
		return err;
	crypto_box_keypair(ret_public->b, secret->b);
	*ret_secret = secret;
	return CONSIGN_OK;
}

void
sign_public(const struct secret *secret, struct consign_public_key *ret_public)
{
	memcpy(ret_public->b, secret->b + 32, 32);
}

void
box_public(const struct secret *secret, struct consign_public_key *ret_public)
{
	crypto_scalarmult_base(ret_public->b, secret->b);
}

/* hub_id NULL is the zeros of root version 1, which no hub id can name yet. */
static void
make_domain(enum sign_kind kind, const struct consign_hash *hub_id, uint8_t ret_domain[DOMAIN_BYTES])
{
	const size_t label_len = sizeof(DOMAIN_LABEL) - 1;

	memcpy(ret_domain, DOMAIN_LABEL, label_len);
	ret_domain[label_len] = (uint8_t)kind;
	if (hub_id == NULL)
		memset(ret_domain + label_len + 1, 0, 32);
	else
		memcpy(ret_domain + label_len + 1, hub_id->b, 32);
}

static void
hash_more(crypto_hash_sha512_state *state, struct consign_slice s)
{
	if (s.len > 0)
		crypto_hash_sha512_update(state, s.data, s.len);
}

/* RFC 8032 5.1.6 over domain ‖ content. */
static void
sign_parts(
    const struct secret *key, struct consign_slice domain, struct consign_slice content, struct consign_signature *ret_signature)
{
	const uint8_t *public = key->b + 32;
	crypto_hash_sha512_state state;
	struct consign_signature signature;
	uint8_t expanded[64]; /* scalar, then the prefix that nonces are made from */
	uint8_t wide[64];
	uint8_t nonce[32];
	uint8_t challenge[32];
	uint8_t product[32];
	int failed;

	/* Steps 1 and 2: r = SHA-512(prefix ‖ message). */
	crypto_hash_sha512(expanded, key->b, 32);
	expanded[0] &= 248;
	expanded[31] &= 127;
	expanded[31] |= 64;
	crypto_hash_sha512_init(&state);
	crypto_hash_sha512_update(&state, expanded + 32, 32);
	hash_more(&state, domain);
	hash_more(&state, content);
	crypto_hash_sha512_final(&state, wide);
	crypto_core_ed25519_scalar_reduce(nonce, wide);

	/* Step 3: R = [r]B. It fails only for r = 0, which no hash is but once in 2^252. */
	failed = crypto_scalarmult_ed25519_base_noclamp(signature.b, nonce);
	assert(failed == 0);
	(void)failed;

	/* Steps 4 and 5: S = r + SHA-512(R ‖ public key ‖ message) · s. */
	crypto_hash_sha512_init(&state);
	crypto_hash_sha512_update(&state, signature.b, 32);
	crypto_hash_sha512_update(&state, public, 32);
	hash_more(&state, domain);
	hash_more(&state, content);
	crypto_hash_sha512_final(&state, wide);
	crypto_core_ed25519_scalar_reduce(challenge, wide);
	crypto_core_ed25519_scalar_mul(product, challenge, expanded);
	crypto_core_ed25519_scalar_add(signature.b + 32, product, nonce);
	*ret_signature = signature;

	sodium_memzero(&state, sizeof(state));
	sodium_memzero(expanded, sizeof(expanded));
	sodium_memzero(wide, sizeof(wide));
	sodium_memzero(nonce, sizeof(nonce));
	sodium_memzero(product, sizeof(product));
}

static enum consign_err
verify_parts(const struct consign_public_key *key, struct consign_slice domain, struct consign_slice content,
    const struct consign_signature *signature)
{
	uint8_t stack[VERIFY_STACK_BYTES];
	uint8_t *heap = NULL;
	uint8_t *message = stack;
	enum consign_err err = CONSIGN_OK;

	if (content.len > SIZE_MAX - domain.len)
		return CONSIGN_E_NO_MEMORY;
	if (domain.len + content.len > sizeof(stack)) {
		heap = malloc(domain.len + content.len);
		if (heap == NULL)
			return CONSIGN_E_NO_MEMORY;
		message = heap;
	}
	if (domain.len > 0)
		memcpy(message, domain.data, domain.len);
	if (content.len > 0)
		memcpy(message + domain.len, content.data, content.len);
	if (crypto_sign_verify_detached(signature->b, message, domain.len + content.len, key->b) != 0)
		err = CONSIGN_E_BAD_SIGNATURE;
	free(heap);
	return err;
}

void
sign_make(const struct secret *key, enum sign_kind kind, const struct consign_hash *hub_id, struct consign_slice content,
    struct consign_signature *ret_signature)
{
	uint8_t domain[DOMAIN_BYTES];

	make_domain(kind, hub_id, domain);
	sign_parts(key, SLICE_ARRAY(domain), content, ret_signature);
}

enum consign_err
sign_verify(const struct consign_public_key *key, enum sign_kind kind, const struct consign_hash *hub_id,
    struct consign_slice content, const struct consign_signature *signature)
{
	uint8_t domain[DOMAIN_BYTES];

	make_domain(kind, hub_id, domain);
	return verify_parts(key, SLICE_ARRAY(domain), content, signature);
}

void
sign_make_plain(const struct secret *key, struct consign_slice content, struct consign_signature *ret_signature)
{
	sign_parts(key, slice_of(NULL, 0), content, ret_signature);
}

enum consign_err
sign_verify_plain(const struct consign_public_key *key, struct consign_slice content, const struct consign_signature *signature)
{
	return verify_parts(key, slice_of(NULL, 0), content, signature);
}

void
hash_sha256(struct consign_slice content, struct consign_hash *ret_hash)
{
	hash_sha256_2(content, slice_of(NULL, 0), ret_hash);
}

void
hash_sha256_2(struct consign_slice a, struct consign_slice b, struct consign_hash *ret_hash)
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	if (a.len > 0)
		crypto_hash_sha256_update(&state, a.data, a.len);
	if (b.len > 0)
		crypto_hash_sha256_update(&state, b.data, b.len);
	crypto_hash_sha256_final(&state, ret_hash->b);
}

void
hash_blake2b(struct consign_slice content, struct consign_hash *ret_hash)
{
	crypto_generichash(ret_hash->b, sizeof(ret_hash->b), content.data, content.len, NULL, 0);
}

void
hash_blake2b_keyed(const uint8_t key[32], struct consign_slice content, struct consign_hash *ret_hash)
{
	crypto_generichash(ret_hash->b, sizeof(ret_hash->b), content.data, content.len, key, 32);
}

bool
hash_equal(const struct consign_hash *a, const struct consign_hash *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

void
key_id_of(const struct consign_public_key *key, struct consign_key_id *ret_id)
{
	struct consign_hash hash;

	hash_sha256(SLICE_ARRAY(key->b), &hash);
	memcpy(ret_id->b, hash.b, sizeof(ret_id->b));
}

bool
key_id_equal(const struct consign_key_id *a, const struct consign_key_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

void
random_bytes(void *ret_bytes, size_t len)
{
	randombytes_buf(ret_bytes, len);
}
