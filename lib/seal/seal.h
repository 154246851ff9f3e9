/*
 * Sealing: what makes the broker blind. NOT linked by the broker (a test reads its symbols).
 *
 * session key     32 random bytes for one set of consignees, wrapped for each with crypto_box_seal (80 bytes)
 * consignment key keyed BLAKE2b-256, key = session key, over "consign-key-v1" ‖ hub id ‖ consignor identity key ‖
 *                 consignment id ‖ attempt (4 bytes BE) ‖ manifest random (32)
 * item            pad (sodium_pad: 256; 4096 above label open), XChaCha20-Poly1305 under the consignment key,
 *                 nonce = 16 zero bytes ‖ item index (8 bytes BE),
 *                 AD = hub id ‖ consignor identity key ‖ consignment id ‖ index (4 bytes BE) ‖ label (1 byte)
 * salt            SHA-256 over "consign-salt-v1" ‖ consignment key ‖ index (4 bytes BE)
 * commitment      SHA-256 over "consign-commit-v1" ‖ salt ‖ plaintext (unpadded)
 * body            80 bytes a consignee in manifest order, then an item each in manifest order: length (4 bytes BE) ‖ ciphertext
 *
 * Threads   a seal_session or seal_receiver belongs to one thread
 * Security  keys in struct secret, wiped; plaintext buffers are the caller's to wipe
 * Source    docs/CRYPTO.md 4
 */
#ifndef SEAL_SEAL_H
#define SEAL_SEAL_H

#include <stdbool.h>

#include "core/limits.h"
#include "core/secret.h"
#include "core/sign.h"
#include "wire/manifest_wire.h"

#define SEAL_WRAP_BYTES 80u

/* What binds an item to its place; the same on both sides. */
struct seal_context {
	struct consign_hash hub_id;
	struct consign_public_key consignor_identity;
	struct consign_id consignment_id;
	uint32_t attempt;
	struct consign_hash random; /* the manifest's */
};

/* A session key and its wraps for one ordered set of consignees. */
struct seal_session;

/*
 * keys      borrows; the consignees' current seal keys (Curve25519), n of them, in manifest order
 * now_us    steady clock: sets the end of its life (CONSIGN_SESSION_KEY_LIFE_US)
 * Errors: NO_MEMORY, MALFORMED (a key of low order; n is 0), TOO_BIG (n over CONSIGN_CONSIGNEES_MAX)
 */
CONSIGN_MUST_CHECK enum consign_err
seal_session_new(const struct consign_public_key *keys, size_t n, uint64_t now_us, struct seal_session **ret_session);
void seal_session_free(struct seal_session **session);
/* Whether it may seal another consignment for exactly these keys now. */
bool seal_session_serves(const struct seal_session *s, const struct consign_public_key *keys, size_t n, uint64_t now_us);
/*
 * Begins a body: appends the wraps, derives the consignment key into ret_key (32 bytes used). Counts one use.
 * Errors: NO_MEMORY, EXPIRED (its uses are spent: ask seal_session_serves first)
 */
CONSIGN_MUST_CHECK enum consign_err
seal_begin(struct seal_session *s, const struct seal_context *context, struct secret *ret_key, struct buf *body);
/*
 * Appends one item to the body and computes its commitment. plain up to CONSIGN_PAYLOAD_MAX_BYTES, not in body.
 * One key seals an index once: a second plaintext under the same index would repeat a nonce.
 * Errors: TOO_BIG, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err seal_item(const struct secret *key, const struct seal_context *context, uint32_t index,
    enum consign_label label, struct consign_slice plain, struct buf *body, struct consign_hash *ret_commitment);

/* What a plaintext of so many bytes is padded to: always at least one byte more. What its item takes of a body. */
size_t seal_padded_bytes(size_t plain_bytes, enum consign_label label);
size_t seal_item_bytes(size_t plain_bytes, enum consign_label label);

/*
 * The receiving side. A body is parsed once: lengths, counts, exact consumption.
 * wraps and ciphertexts borrow from body.
 */
struct seal_body {
	struct consign_slice wraps[CONSIGN_CONSIGNEES_MAX];
	size_t n_wraps;
	struct consign_slice items[CONSIGN_BUNDLE_MAX_ITEMS];
	size_t n_items;
};

/* consignees, items: the manifest's counts. Errors: MALFORMED (whatever is wrong: a body is as long as it says, or it is none) */
CONSIGN_MUST_CHECK enum consign_err
seal_body_parse(struct consign_slice body, size_t consignees, size_t items, struct seal_body *ret_body);

/*
 * Cache of unwrapped session keys by (consignor, seal-key id, wrapped bytes), bounded, of constant size. Whoever destroys
 * a seal key also ends its receiver and makes a new one: the cache may hold session keys that the seal key unwrapped.
 */
struct seal_receiver;
CONSIGN_MUST_CHECK enum consign_err seal_receiver_new(struct seal_receiver **ret_receiver);
void seal_receiver_free(struct seal_receiver **receiver);
/*
 * The consignment key of a received body. seal_secret: our seal key that the manifest names.
 * Errors: BAD_SEAL (does not unwrap: the consignor's fault), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err seal_receive(struct seal_receiver *r, const char *consignor,
    const struct consign_key_id *seal_key_id, const struct secret *seal_secret, const struct consign_public_key *seal_public,
    struct consign_slice wrap, const struct seal_context *context, struct secret *ret_key);
/*
 * Unseals one item, appended to plain, and checks its commitment.
 * Errors: BAD_SEAL, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err unseal_item(const struct secret *key, const struct seal_context *context, uint32_t index,
    enum consign_label label, struct consign_slice ciphertext, const struct consign_hash *commitment, struct buf *plain);
/* Plaintext and salt against a commitment: what an auditor does. Errors of the check: BAD_SEAL */
void seal_salt(const struct secret *key, uint32_t index, struct consign_hash *ret_salt);
CONSIGN_MUST_CHECK enum consign_err
seal_check_commitment(const struct consign_hash *salt, struct consign_slice plain, const struct consign_hash *commitment);

/*
 * A consignment key kept at rest: XChaCha20-Poly1305 under the agent's storage key, AD = consignment id.
 * 72 bytes: nonce (24) ‖ ciphertext (32) ‖ tag (16). Errors of the load: CORRUPT (not what we wrote, or not for this id)
 */
#define SEAL_STORED_KEY_BYTES 72u
void seal_store_key(const struct secret *storage_key, const struct consign_id *id, const struct secret *key,
    uint8_t ret_stored[SEAL_STORED_KEY_BYTES]);
CONSIGN_MUST_CHECK enum consign_err
seal_load_key(const struct secret *storage_key, const struct consign_id *id, struct consign_slice stored, struct secret *ret_key);

/*
 * A note to one organisation beside the mail: crypto_box_seal of the padded text (multiples of 256 bytes) to its seal key.
 * Whoever reads it learns nothing of its author: what carries it is signed. Errors: NO_MEMORY; of unsealing BAD_SEAL
 */
#define SEAL_NOTE_EXTRA_BYTES 48u /* the ephemeral key and the tag */
CONSIGN_MUST_CHECK enum consign_err
seal_note(const struct consign_public_key *to, struct consign_slice plain, struct buf *out);
CONSIGN_MUST_CHECK enum consign_err
unseal_note(const struct secret *seal_secret, const struct consign_public_key *seal_public, struct consign_slice sealed, struct buf *plain);

/* A text kept at rest under the agent's storage key, bound to a message. Errors: NO_MEMORY; of the load CORRUPT */
CONSIGN_MUST_CHECK enum consign_err
seal_store_note(const struct secret *storage_key, const struct consign_message_id *id, struct consign_slice plain, struct buf *out);
CONSIGN_MUST_CHECK enum consign_err seal_load_note(
    const struct secret *storage_key, const struct consign_message_id *id, struct consign_slice stored, struct buf *plain);

#endif
