/*
 * What both sides of a seal derive alike. Private to lib/seal and its tests: deterministic, no randomness, no state.
 *
 * Threads   pure
 * Security  derived keys go where the caller says; intermediate states are wiped
 * Source    docs/CRYPTO.md 4
 */
#ifndef SEAL_SEAL_KEYS_H
#define SEAL_SEAL_KEYS_H

#include "seal/seal.h"

#define SEAL_KEY_BYTES 32u
#define SEAL_NONCE_BYTES 24u
#define SEAL_TAG_BYTES 16u
#define SEAL_AD_BYTES (32u + 32u + 16u + 4u + 1u)
#define SEAL_PAD_OPEN_BYTES 256u
#define SEAL_PAD_BLINDED_BYTES 4096u

/* session: SEAL_KEY_BYTES. The consignment key: never the same twice, because the manifest's random never is. */
void seal_derive_key(const uint8_t *session, const struct seal_context *context, uint8_t ret_key[SEAL_KEY_BYTES]);
void seal_derive_nonce(uint32_t index, uint8_t ret_nonce[SEAL_NONCE_BYTES]);
void seal_derive_ad(const struct seal_context *context, uint32_t index, enum consign_label label, uint8_t ret_ad[SEAL_AD_BYTES]);
void seal_derive_commitment(const struct consign_hash *salt, struct consign_slice plain, struct consign_hash *ret_commitment);
/* The block that plaintexts under this label are padded to. */
size_t seal_pad_block(enum consign_label label);
/*
 * What sodium_unpad does: behind the plaintext stand 0x80 and zeros, at most a block of both. block: a multiple of 8; padded: of block.
 * False: they do not.
 */
bool seal_unpad(const uint8_t *at, size_t padded, size_t block, size_t *ret_len);

#endif
