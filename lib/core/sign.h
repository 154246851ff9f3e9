/*
 * Keys, signatures and hashes of public things. Every signature has a domain (docs/CRYPTO.md 3):
 *
 *   Ed25519 over "consign-sig-v1" ‖ kind (1 byte) ‖ hub id (32 bytes; zeros for root version 1) ‖ SHA-256(content)
 *
 * The ledger key is apart: it signs checkpoint notes only, in the C2SP form.
 * Threads   pure
 */
#ifndef CORE_SIGN_H
#define CORE_SIGN_H

#include "core/bytes.h"
#include "core/secret.h"

enum sign_kind {
	SIGN_ROOT = 1,
	SIGN_CARD = 2,
	SIGN_DIRECTORY = 3,
	SIGN_POLICY = 4,
	SIGN_FRESHNESS = 5,
	SIGN_MANIFEST = 6,
	SIGN_STATEMENT = 7, /* broker: refusals without a place in the ledger */
	SIGN_DELIVERY = 8,  /* delivery receipts */
	SIGN_HELLO = 9,
	SIGN_PROPOSAL = 10,
	SIGN_DECISION = 11, /* on a proposal */
};

/* An Ed25519 pair; secret holds 64 bytes as libsodium lays them out. */
CONSIGN_MUST_CHECK enum consign_err sign_keypair(struct secret **ret_secret, struct consign_public_key *ret_public);
/* A Curve25519 pair (seal keys and CurveZMQ transport keys). */
CONSIGN_MUST_CHECK enum consign_err box_keypair(struct secret **ret_secret, struct consign_public_key *ret_public);
void sign_public(const struct secret *secret, struct consign_public_key *ret_public);
void box_public(const struct secret *secret, struct consign_public_key *ret_public);

/* hub_id NULL is the zeros of root version 1. Cannot fail. */
void sign_make(const struct secret *key, enum sign_kind kind, const struct consign_hash *hub_id, struct consign_slice content,
    struct consign_signature *ret_signature);
/* Errors: BAD_SIGNATURE (and nothing else) */
CONSIGN_MUST_CHECK enum consign_err sign_verify(const struct consign_public_key *key, enum sign_kind kind,
    const struct consign_hash *hub_id, struct consign_slice content, const struct consign_signature *signature);
/* Without a domain: for checkpoint notes only (lib/ledger). */
void sign_make_plain(const struct secret *key, struct consign_slice content, struct consign_signature *ret_signature);
CONSIGN_MUST_CHECK enum consign_err sign_verify_plain(const struct consign_public_key *key, struct consign_slice content,
    const struct consign_signature *signature);

void hash_sha256(struct consign_slice content, struct consign_hash *ret_hash);
void hash_sha256_2(struct consign_slice a, struct consign_slice b, struct consign_hash *ret_hash); /* over a ‖ b */
/* Keyed BLAKE2b-256; key 32 bytes. */
void hash_blake2b_keyed(const uint8_t key[32], struct consign_slice content, struct consign_hash *ret_hash);
bool hash_equal(const struct consign_hash *a, const struct consign_hash *b);
void key_id_of(const struct consign_public_key *key, struct consign_key_id *ret_id);
bool key_id_equal(const struct consign_key_id *a, const struct consign_key_id *b);
/* Cryptographic randomness. */
void random_bytes(void *ret_bytes, size_t len);

#endif
