/*
 * Notes: texts beside the mail that only one side may read. To another organisation (seal_note), and to oneself at rest
 * (seal_store_note). Not for items: those have keys and commitments of their own (seal.c).
 *
 * Layout   seal_note         crypto_box_seal(padded to 256)
 *          seal_store_note   nonce (24) ‖ XChaCha20-Poly1305(padded to 256), AD = "consign-note-v1" ‖ consignment id ‖ index (4 bytes BE)
 * Source: docs/CRYPTO.md 4.9.
 */
#include <sodium.h>
#include <string.h>

#include "seal/seal.h"

#define NOTE_BLOCK_BYTES 256u
#define NOTE_NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define NOTE_TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
static const char note_domain[] = "consign-note-v1";
#define NOTE_AD_BYTES (sizeof note_domain - 1 + 16 + 4)

_Static_assert(SEAL_NOTE_EXTRA_BYTES == crypto_box_SEALBYTES, "seal.h says what a note costs");

static enum consign_err
pad(struct consign_slice plain, struct buf *ret_padded)
{
	size_t len = (plain.len / NOTE_BLOCK_BYTES + 1) * NOTE_BLOCK_BYTES, padded;
	enum consign_err err = buf_reserve(ret_padded, len);

	if (err != CONSIGN_OK)
		return err;
	if (plain.len > 0)
		memcpy(ret_padded->data, plain.data, plain.len);
	if (sodium_pad(&padded, ret_padded->data, plain.len, NOTE_BLOCK_BYTES, len) != 0)
		return CONSIGN_E_TOO_BIG;
	ret_padded->len = padded;
	return CONSIGN_OK;
}

/* Of `len` bytes at the end of plain that were just opened; what is not ours is wiped. */
static enum consign_err
unpad(struct buf *plain, size_t len, enum consign_err otherwise)
{
	uint8_t *at = plain->data + plain->len;
	size_t without;

	if (len == 0 || sodium_unpad(&without, at, len, NOTE_BLOCK_BYTES) != 0) {
		sodium_memzero(at, len);
		return otherwise;
	}
	plain->len += without;
	return CONSIGN_OK;
}

enum consign_err
seal_note(const struct consign_public_key *to, struct consign_slice plain, struct buf *out)
{
	struct buf padded = {0};
	enum consign_err err = pad(plain, &padded);

	if (err == CONSIGN_OK)
		err = buf_reserve(out, padded.len + crypto_box_SEALBYTES);
	/* A key of low order: cards with one are refused, so this is our own mistake. */
	if (err == CONSIGN_OK && crypto_box_seal(out->data + out->len, padded.data, padded.len, to->b) != 0)
		err = CONSIGN_E_MALFORMED;
	if (err == CONSIGN_OK)
		out->len += padded.len + crypto_box_SEALBYTES;
	buf_wipe(&padded);
	return err;
}

enum consign_err
unseal_note(const struct secret *seal_secret, const struct consign_public_key *seal_public, struct consign_slice sealed, struct buf *plain)
{
	enum consign_err err;
	size_t len;

	if (sealed.len < crypto_box_SEALBYTES + NOTE_BLOCK_BYTES || (sealed.len - crypto_box_SEALBYTES) % NOTE_BLOCK_BYTES != 0)
		return CONSIGN_E_BAD_SEAL;
	len = sealed.len - crypto_box_SEALBYTES;
	err = buf_reserve(plain, len);
	if (err != CONSIGN_OK)
		return err;
	if (crypto_box_seal_open(plain->data + plain->len, sealed.data, sealed.len, seal_public->b, seal_secret->b) != 0)
		return CONSIGN_E_BAD_SEAL;
	return unpad(plain, len, CONSIGN_E_BAD_SEAL);
}

static void
note_ad(const struct consign_message_id *id, uint8_t ret_ad[NOTE_AD_BYTES])
{
	memcpy(ret_ad, note_domain, sizeof note_domain - 1);
	memcpy(ret_ad + sizeof note_domain - 1, id->consignment.b, sizeof id->consignment.b);
	be32_store(ret_ad + sizeof note_domain - 1 + sizeof id->consignment.b, id->index);
}

enum consign_err
seal_store_note(const struct secret *storage_key, const struct consign_message_id *id, struct consign_slice plain, struct buf *out)
{
	uint8_t ad[NOTE_AD_BYTES];
	struct buf padded = {0};
	enum consign_err err = pad(plain, &padded);

	if (err == CONSIGN_OK)
		err = buf_reserve(out, NOTE_NONCE_BYTES + padded.len + NOTE_TAG_BYTES);
	if (err == CONSIGN_OK) {
		uint8_t *nonce = out->data + out->len;

		note_ad(id, ad);
		randombytes_buf(nonce, NOTE_NONCE_BYTES);
		crypto_aead_xchacha20poly1305_ietf_encrypt(
		    nonce + NOTE_NONCE_BYTES, NULL, padded.data, padded.len, ad, sizeof ad, NULL, nonce, storage_key->b);
		out->len += NOTE_NONCE_BYTES + padded.len + NOTE_TAG_BYTES;
	}
	buf_wipe(&padded);
	return err;
}

enum consign_err
seal_load_note(const struct secret *storage_key, const struct consign_message_id *id, struct consign_slice stored, struct buf *plain)
{
	uint8_t ad[NOTE_AD_BYTES];
	enum consign_err err;
	size_t len;

	if (stored.len < NOTE_NONCE_BYTES + NOTE_BLOCK_BYTES + NOTE_TAG_BYTES)
		return CONSIGN_E_CORRUPT;
	len = stored.len - NOTE_NONCE_BYTES - NOTE_TAG_BYTES;
	if (len % NOTE_BLOCK_BYTES != 0)
		return CONSIGN_E_CORRUPT;
	err = buf_reserve(plain, len);
	if (err != CONSIGN_OK)
		return err;
	note_ad(id, ad);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain->data + plain->len, NULL, NULL, stored.data + NOTE_NONCE_BYTES,
		stored.len - NOTE_NONCE_BYTES, ad, sizeof ad, stored.data, storage_key->b) != 0)
		return CONSIGN_E_CORRUPT;
	return unpad(plain, len, CONSIGN_E_CORRUPT);
}
