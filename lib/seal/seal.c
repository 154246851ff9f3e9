/*
 * The sending side of a seal: session keys, wraps, items; and consignment keys at rest. Not for choosing whom to seal
 * to (policy) or for signing what was sealed (manifest).
 *
 * Invariants
 *   a session's wraps hold its key, in the order of its consignees, and none is ever added
 *   a session seals for at most CONSIGN_SESSION_KEY_LIFE_US and CONSIGN_SESSION_KEY_USES consignments
 *   a failed call leaves the body as it was
 * Source: docs/CRYPTO.md 4.
 */
#include "seal/seal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "seal/seal_keys.h"

_Static_assert(SEAL_WRAP_BYTES == SEAL_KEY_BYTES + crypto_box_SEALBYTES, "a wrap is a sealed session key");
_Static_assert(SEAL_STORED_KEY_BYTES == SEAL_NONCE_BYTES + SEAL_KEY_BYTES + SEAL_TAG_BYTES, "a stored key's layout");
_Static_assert(sizeof(struct consign_public_key) == crypto_box_PUBLICKEYBYTES, "seal keys are Curve25519");
_Static_assert((CONSIGN_PAYLOAD_MAX_BYTES / SEAL_PAD_BLINDED_BYTES + 1) * SEAL_PAD_BLINDED_BYTES + SEAL_TAG_BYTES <=
		   CONSIGN_SEALED_MAX_BYTES,
    "the largest payload fits when padded and sealed");

struct seal_session {
	struct secret *key; /* the session key; 32 bytes used */
	uint64_t born_us;   /* the caller's steady clock */
	uint32_t uses;      /* consignments begun */
	size_t n;           /* consignees, 1 to CONSIGN_CONSIGNEES_MAX */
	struct consign_public_key keys[CONSIGN_CONSIGNEES_MAX];
	uint8_t wraps[CONSIGN_CONSIGNEES_MAX][SEAL_WRAP_BYTES];
};

enum consign_err
seal_session_new(const struct consign_public_key *keys, size_t n, uint64_t now_us, struct seal_session **ret_session)
{
	enum consign_err err;
	struct seal_session *s;
	size_t i;

	if (n == 0)
		return CONSIGN_E_MALFORMED;
	if (n > CONSIGN_CONSIGNEES_MAX)
		return CONSIGN_E_TOO_BIG;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		return CONSIGN_E_NO_MEMORY;
	err = secret_new(&s->key);
	if (err != CONSIGN_OK)
		goto out;
	randombytes_buf(s->key->b, SEAL_KEY_BYTES);
	for (i = 0; i < n; i++) {
		/* libsodium has one failure for this call: the shared secret came out as zeros, so the key is of low order. */
		if (crypto_box_seal(s->wraps[i], s->key->b, SEAL_KEY_BYTES, keys[i].b) != 0) {
			err = CONSIGN_E_MALFORMED;
			goto out;
		}
		s->keys[i] = keys[i];
	}
	s->n = n;
	s->born_us = now_us;
	*ret_session = s;
	s = NULL;
out:
	seal_session_free(&s);
	return err;
}

void
seal_session_free(struct seal_session **session)
{
	if (session == NULL || *session == NULL)
		return;
	secret_free(&(*session)->key);
	free(*session);
	*session = NULL;
}

bool
seal_session_serves(const struct seal_session *s, const struct consign_public_key *keys, size_t n, uint64_t now_us)
{
	size_t i;

	if (s->uses >= CONSIGN_SESSION_KEY_USES || n != s->n)
		return false;
	/* A clock that went back makes a huge age: then the session ends early, never late. */
	if (now_us - s->born_us >= CONSIGN_SESSION_KEY_LIFE_US)
		return false;
	for (i = 0; i < n; i++) {
		if (memcmp(s->keys[i].b, keys[i].b, sizeof keys[i].b) != 0)
			return false;
	}
	return true;
}

enum consign_err
seal_begin(struct seal_session *s, const struct seal_context *context, struct secret *ret_key, struct buf *body)
{
	enum consign_err err;

	if (s->uses >= CONSIGN_SESSION_KEY_USES)
		return CONSIGN_E_EXPIRED;
	err = buf_append(body, slice_of(s->wraps, s->n * SEAL_WRAP_BYTES));
	if (err != CONSIGN_OK)
		return err;
	s->uses++;
	seal_derive_key(s->key->b, context, ret_key->b);
	return CONSIGN_OK;
}

size_t
seal_item_bytes(size_t plain_bytes, enum consign_label label)
{
	return 4 + seal_padded_bytes(plain_bytes, label) + SEAL_TAG_BYTES;
}

enum consign_err
seal_item(const struct secret *key, const struct seal_context *context, uint32_t index, enum consign_label label,
    struct consign_slice plain, struct buf *body, struct consign_hash *ret_commitment)
{
	enum consign_err err;
	struct consign_hash salt;
	uint8_t nonce[SEAL_NONCE_BYTES];
	uint8_t ad[SEAL_AD_BYTES];
	size_t padded;
	uint8_t *at;

	if (plain.len > CONSIGN_PAYLOAD_MAX_BYTES)
		return CONSIGN_E_TOO_BIG;
	padded = seal_padded_bytes(plain.len, label);
	err = buf_reserve(body, seal_item_bytes(plain.len, label));
	if (err != CONSIGN_OK)
		return err;

	/* Padded and encrypted where it will stand: the plaintext is copied once and overwritten there. */
	at = body->data + body->len;
	be32_store(at, (uint32_t)(padded + SEAL_TAG_BYTES));
	at += 4;
	if (plain.len > 0)
		memcpy(at, plain.data, plain.len);
	at[plain.len] = 0x80;
	memset(at + plain.len + 1, 0, padded - plain.len - 1);
	seal_derive_nonce(index, nonce);
	seal_derive_ad(context, index, label, ad);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(at, NULL, at, padded, ad, sizeof ad, NULL, nonce, key->b);
	body->len += 4 + padded + SEAL_TAG_BYTES;

	seal_salt(key, index, &salt);
	seal_derive_commitment(&salt, plain, ret_commitment);
	sodium_memzero(&salt, sizeof salt);
	return CONSIGN_OK;
}

void
seal_store_key(const struct secret *storage_key, const struct consign_id *id, const struct secret *key,
    uint8_t ret_stored[SEAL_STORED_KEY_BYTES])
{
	randombytes_buf(ret_stored, SEAL_NONCE_BYTES);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(
	    ret_stored + SEAL_NONCE_BYTES, NULL, key->b, SEAL_KEY_BYTES, id->b, sizeof id->b, NULL, ret_stored, storage_key->b);
}

enum consign_err
seal_load_key(const struct secret *storage_key, const struct consign_id *id, struct consign_slice stored, struct secret *ret_key)
{
	uint8_t key[SEAL_KEY_BYTES];
	enum consign_err err = CONSIGN_E_CORRUPT;

	if (stored.len != SEAL_STORED_KEY_BYTES)
		return err;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(key, NULL, NULL, stored.data + SEAL_NONCE_BYTES,
		SEAL_KEY_BYTES + SEAL_TAG_BYTES, id->b, sizeof id->b, stored.data, storage_key->b) != 0)
		goto out;
	memcpy(ret_key->b, key, sizeof key);
	err = CONSIGN_OK;
out:
	sodium_memzero(key, sizeof key);
	return err;
}
