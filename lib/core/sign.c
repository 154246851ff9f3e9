/*
 * Keys, signatures and hashes (docs/CRYPTO.md 3).
 *
 * What is signed is 79 bytes whatever the content: its SHA-256 behind the domain. SHA-256 comes from nettle, which uses
 * the processor's instructions for it, cannot fail and needs no memory of its own (docs/decisions/0001).
 */
#include "core/sign.h"

#include <string.h>

#include <nettle/sha2.h>
#include <sodium.h>

#define DOMAIN_LABEL "consign-sig-v1"
#define MESSAGE_BYTES (sizeof(DOMAIN_LABEL) - 1 + 1 + 32 + 32)

_Static_assert(crypto_sign_SECRETKEYBYTES == 64 && crypto_sign_PUBLICKEYBYTES == 32, "Ed25519 as libsodium lays it out");
_Static_assert(crypto_sign_BYTES == sizeof(struct consign_signature), "a signature fits");
_Static_assert(SHA256_DIGEST_SIZE == sizeof(struct consign_hash), "a SHA-256 fits");
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

static void
make_message(enum sign_kind kind, const struct consign_hash *hub_id, struct consign_slice content, uint8_t ret_message[MESSAGE_BYTES])
{
	struct consign_hash digest;
	uint8_t *p = ret_message;

	memcpy(p, DOMAIN_LABEL, sizeof(DOMAIN_LABEL) - 1);
	p += sizeof(DOMAIN_LABEL) - 1;
	*p++ = (uint8_t)kind;
	/* hub_id NULL is the zeros of root version 1, which no hub id can name yet. */
	if (hub_id == NULL)
		memset(p, 0, 32);
	else
		memcpy(p, hub_id->b, 32);
	hash_sha256(content, &digest);
	memcpy(p + 32, digest.b, sizeof(digest.b));
}

void
sign_make(const struct secret *key, enum sign_kind kind, const struct consign_hash *hub_id, struct consign_slice content,
    struct consign_signature *ret_signature)
{
	uint8_t message[MESSAGE_BYTES];

	make_message(kind, hub_id, content, message);
	sign_make_plain(key, SLICE_ARRAY(message), ret_signature);
}

enum consign_err
sign_verify(const struct consign_public_key *key, enum sign_kind kind, const struct consign_hash *hub_id,
    struct consign_slice content, const struct consign_signature *signature)
{
	uint8_t message[MESSAGE_BYTES];

	make_message(kind, hub_id, content, message);
	return sign_verify_plain(key, SLICE_ARRAY(message), signature);
}

void
sign_make_plain(const struct secret *key, struct consign_slice content, struct consign_signature *ret_signature)
{
	(void)crypto_sign_detached(ret_signature->b, NULL, content.data, content.len, key->b);
}

enum consign_err
sign_verify_plain(const struct consign_public_key *key, struct consign_slice content, const struct consign_signature *signature)
{
	return crypto_sign_verify_detached(signature->b, content.data, content.len, key->b) == 0 ? CONSIGN_OK : CONSIGN_E_BAD_SIGNATURE;
}

void
hash_sha256(struct consign_slice content, struct consign_hash *ret_hash)
{
	hash_sha256_2(content, slice_of(NULL, 0), ret_hash);
}

void
hash_sha256_2(struct consign_slice a, struct consign_slice b, struct consign_hash *ret_hash)
{
	struct sha256_ctx state;

	sha256_init(&state);
	if (a.len > 0)
		sha256_update(&state, a.len, a.data);
	if (b.len > 0)
		sha256_update(&state, b.len, b.data);
	sha256_digest(&state, sizeof(ret_hash->b), ret_hash->b);
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
