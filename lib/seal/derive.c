/*
 * Derivations shared by sealing and unsealing. Not for anything random or stateful: the same inputs give the same
 * bytes, and tests/vectors/seal/ holds those bytes.
 *
 * What is hashed begins with a text of its own, and all that follows it except a last plaintext has a fixed length:
 * no two inputs of different meaning are the same bytes. A consignment has one key and up to 256 salts and commitments,
 * so those are SHA-256, which processors have instructions for.
 * Source: docs/CRYPTO.md 4.
 */
#include "seal/seal_keys.h"

#include <nettle/sha2.h>
#include <sodium.h>
#include <string.h>

_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a consignment key is a cipher key");
_Static_assert(SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce size");
_Static_assert(SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag size");
_Static_assert(SEAL_KEY_BYTES >= crypto_generichash_KEYBYTES_MIN && SEAL_KEY_BYTES <= crypto_generichash_KEYBYTES_MAX,
    "BLAKE2b takes our keys");
_Static_assert(SEAL_KEY_BYTES == crypto_generichash_BYTES, "BLAKE2b-256 makes our keys");
_Static_assert(sizeof(struct consign_hash) == SHA256_DIGEST_SIZE, "SHA-256");

#define KEY_DOMAIN "consign-key-v1"
#define SALT_DOMAIN "consign-salt-v1"
#define COMMIT_DOMAIN "consign-commit-v1"

/* SHA-256 over domain (without its NUL) ‖ secret ‖ content. */
static void
hash_behind(const char *domain, const uint8_t secret[32], struct consign_slice content, struct consign_hash *ret_hash)
{
	struct sha256_ctx state;

	sha256_init(&state);
	sha256_update(&state, strlen(domain), (const uint8_t *)domain);
	sha256_update(&state, 32, secret);
	if (content.len > 0)
		sha256_update(&state, content.len, content.data);
	sha256_digest(&state, sizeof ret_hash->b, ret_hash->b);
	sodium_memzero(&state, sizeof state);
}

void
seal_derive_key(const uint8_t *session, const struct seal_context *context, uint8_t ret_key[SEAL_KEY_BYTES])
{
	uint8_t input[sizeof KEY_DOMAIN - 1 + 32 + 32 + 16 + 4 + 32];
	uint8_t *p = input;

	memcpy(p, KEY_DOMAIN, sizeof KEY_DOMAIN - 1);
	p += sizeof KEY_DOMAIN - 1;
	memcpy(p, context->hub_id.b, 32);
	p += 32;
	memcpy(p, context->consignor_identity.b, 32);
	p += 32;
	memcpy(p, context->consignment_id.b, 16);
	p += 16;
	be32_store(p, context->attempt);
	p += 4;
	memcpy(p, context->random.b, 32);
	/* Cannot fail: the sizes are asserted above. */
	(void)crypto_generichash(ret_key, SEAL_KEY_BYTES, input, sizeof input, session, SEAL_KEY_BYTES);
}

void
seal_derive_nonce(uint32_t index, uint8_t ret_nonce[SEAL_NONCE_BYTES])
{
	memset(ret_nonce, 0, SEAL_NONCE_BYTES);
	be64_store(ret_nonce + SEAL_NONCE_BYTES - 8, index);
}

void
seal_derive_ad(const struct seal_context *context, uint32_t index, enum consign_label label, uint8_t ret_ad[SEAL_AD_BYTES])
{
	memcpy(ret_ad, context->hub_id.b, 32);
	memcpy(ret_ad + 32, context->consignor_identity.b, 32);
	memcpy(ret_ad + 64, context->consignment_id.b, 16);
	be32_store(ret_ad + 80, index);
	ret_ad[84] = (uint8_t)label;
}

void
seal_salt(const struct secret *key, uint32_t index, struct consign_hash *ret_salt)
{
	uint8_t input[4];

	be32_store(input, index);
	hash_behind(SALT_DOMAIN, key->b, slice_of(input, sizeof input), ret_salt);
}

void
seal_derive_commitment(const struct consign_hash *salt, struct consign_slice plain, struct consign_hash *ret_commitment)
{
	hash_behind(COMMIT_DOMAIN, salt->b, plain, ret_commitment);
}

size_t
seal_pad_block(enum consign_label label)
{
	/* Above open, size can give the treatment away: two arms whose reports differ by a line must look alike. */
	return label == CONSIGN_LABEL_OPEN ? SEAL_PAD_OPEN_BYTES : SEAL_PAD_BLINDED_BYTES;
}

size_t
seal_padded_bytes(size_t plain_bytes, enum consign_label label)
{
	size_t block = seal_pad_block(label);

	return (plain_bytes / block + 1) * block;
}
