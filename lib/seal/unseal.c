/*
 * The receiving side of a seal: bodies, wrapped session keys, items. Not for deciding whose fault a failure is beyond
 * the error's name: whoever calls has first checked the manifest's signature and the body's digest.
 *
 * A body is well formed if and only if it is exactly
 *
 *   consignees × wrap (80 bytes), then items × { length (4 bytes, big-endian) ‖ ciphertext of that length }
 *
 * and every length is a multiple of 256 plus 16, not less than 272, not over CONSIGN_SEALED_MAX_BYTES.
 *
 * The cache of session keys holds CONSIGN_RECEIVER_KEYS entries from its first day to its last; the one unused for the
 * longest makes room. A consignor that never repeats a wrap can so push out the others' entries: that costs an X25519
 * operation for each of their next consignments, nothing else.
 * Source: docs/CRYPTO.md 4.
 */
#include "seal/seal.h"

#include <endian.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "seal/seal_keys.h"

struct cache_entry {
	uint64_t used; /* the receiver's count when last used; 0: empty */
	struct consign_org consignor;
	struct consign_key_id seal_key_id;
	uint8_t wrap[SEAL_WRAP_BYTES];
};

struct seal_receiver {
	uint8_t *keys; /* CONSIGN_RECEIVER_KEYS × SEAL_KEY_BYTES in guarded memory, one for each entry */
	uint64_t uses;
	struct cache_entry entries[CONSIGN_RECEIVER_KEYS];
};

static enum consign_err
parse_item(struct cursor *c, struct consign_slice *ret_item)
{
	enum consign_err err;
	uint32_t len;

	err = cursor_be32(c, &len);
	if (err != CONSIGN_OK)
		return err;
	if (len > CONSIGN_SEALED_MAX_BYTES || len < SEAL_PAD_OPEN_BYTES + SEAL_TAG_BYTES ||
	    (len - SEAL_TAG_BYTES) % SEAL_PAD_OPEN_BYTES != 0)
		return CONSIGN_E_MALFORMED;
	return cursor_take(c, len, ret_item);
}

enum consign_err
seal_body_parse(struct consign_slice body, size_t consignees, size_t items, struct seal_body *ret_body)
{
	enum consign_err err;
	struct seal_body parsed = {.n_wraps = consignees, .n_items = items};
	struct cursor c = cursor_over(body);
	size_t i;

	if (consignees == 0 || consignees > CONSIGN_CONSIGNEES_MAX || items == 0 || items > CONSIGN_BUNDLE_MAX_ITEMS ||
	    body.len > CONSIGN_BODY_MAX_BYTES)
		return CONSIGN_E_MALFORMED;
	for (i = 0; i < consignees; i++) {
		err = cursor_take(&c, SEAL_WRAP_BYTES, &parsed.wraps[i]);
		if (err != CONSIGN_OK)
			return err;
	}
	for (i = 0; i < items; i++) {
		err = parse_item(&c, &parsed.items[i]);
		if (err != CONSIGN_OK)
			return err;
	}
	if (cursor_left(&c) != 0)
		return CONSIGN_E_MALFORMED;
	*ret_body = parsed;
	return CONSIGN_OK;
}

enum consign_err
seal_receiver_new(struct seal_receiver **ret_receiver)
{
	struct seal_receiver *r = calloc(1, sizeof *r);

	if (r == NULL)
		return CONSIGN_E_NO_MEMORY;
	r->keys = sodium_malloc(CONSIGN_RECEIVER_KEYS * SEAL_KEY_BYTES);
	if (r->keys == NULL) {
		free(r);
		return CONSIGN_E_NO_MEMORY;
	}
	*ret_receiver = r;
	return CONSIGN_OK;
}

void
seal_receiver_free(struct seal_receiver **receiver)
{
	if (receiver == NULL || *receiver == NULL)
		return;
	sodium_free((*receiver)->keys);
	free(*receiver);
	*receiver = NULL;
}

static bool
entry_is_for(const struct cache_entry *e, const char *consignor, const struct consign_key_id *seal_key_id, const uint8_t *wrap)
{
	/* The wrap begins with a fresh public key: one comparison settles nearly every entry. Nothing here is secret. */
	return e->used != 0 && memcmp(e->wrap, wrap, SEAL_WRAP_BYTES) == 0 &&
	       memcmp(e->seal_key_id.b, seal_key_id->b, sizeof seal_key_id->b) == 0 && strcmp(e->consignor.s, consignor) == 0;
}

/* The entry that has the session key, or CONSIGN_RECEIVER_KEYS; ret_oldest is the one that would make room. */
static size_t
find_session(const struct seal_receiver *r, const char *consignor, const struct consign_key_id *seal_key_id, const uint8_t *wrap,
    size_t *ret_oldest)
{
	size_t oldest = 0;
	size_t i;

	for (i = 0; i < CONSIGN_RECEIVER_KEYS; i++) {
		if (entry_is_for(&r->entries[i], consignor, seal_key_id, wrap))
			return i;
		if (r->entries[i].used < r->entries[oldest].used)
			oldest = i;
	}
	*ret_oldest = oldest;
	return CONSIGN_RECEIVER_KEYS;
}

static void
keep_session(struct seal_receiver *r, size_t i, const char *consignor, const struct consign_key_id *seal_key_id,
    const uint8_t *wrap, const uint8_t *session)
{
	struct cache_entry *e = &r->entries[i];

	memcpy(e->consignor.s, consignor, strlen(consignor) + 1);
	e->seal_key_id = *seal_key_id;
	memcpy(e->wrap, wrap, SEAL_WRAP_BYTES);
	memcpy(r->keys + i * SEAL_KEY_BYTES, session, SEAL_KEY_BYTES);
}

enum consign_err
seal_receive(struct seal_receiver *r, const char *consignor, const struct consign_key_id *seal_key_id,
    const struct secret *seal_secret, const struct consign_public_key *seal_public, struct consign_slice wrap,
    const struct seal_context *context, struct secret *ret_key)
{
	uint8_t session[SEAL_KEY_BYTES];
	enum consign_err err = CONSIGN_E_BAD_SEAL;
	size_t i, oldest;

	if (wrap.len != SEAL_WRAP_BYTES || strlen(consignor) > CONSIGN_ORG_MAX_BYTES)
		return err;
	i = find_session(r, consignor, seal_key_id, wrap.data, &oldest);
	if (i == CONSIGN_RECEIVER_KEYS) {
		/* Into the stack first: a wrap that does not unwrap must not cost an entry. */
		if (crypto_box_seal_open(session, wrap.data, SEAL_WRAP_BYTES, seal_public->b, seal_secret->b) != 0)
			goto out;
		i = oldest;
		keep_session(r, i, consignor, seal_key_id, wrap.data, session);
	}
	r->entries[i].used = ++r->uses;
	seal_derive_key(r->keys + i * SEAL_KEY_BYTES, context, ret_key->b);
	err = CONSIGN_OK;
out:
	sodium_memzero(session, sizeof session);
	return err;
}

/* Like sodium_unpad the same steps whatever the bytes are, of eight bytes each. */
bool
seal_unpad(const uint8_t *at, size_t padded, size_t block, size_t *ret_len)
{
	uint64_t last = 0, place = 0, is_found = 0; /* the last eight bytes that are not all zero */

	for (size_t i = 8; i <= block; i += 8) {
		uint64_t word;

		memcpy(&word, at + padded - i, sizeof word);
		word = le64toh(word);
		uint64_t is_set = (word | (0 - word)) >> 63, is_last = 0 - (is_set & ~is_found);

		last |= word & is_last;
		place |= i & is_last;
		is_found |= is_set;
	}
	if (is_found == 0)
		return false;
	unsigned top = 7 - (unsigned)__builtin_clzll(last) / 8; /* of the eight, the last that is not zero */

	*ret_len = padded - (size_t)place + top;
	return last >> (8 * top) == 0x80;
}

enum consign_err
unseal_item(const struct secret *key, const struct seal_context *context, uint32_t index, enum consign_label label,
    struct consign_slice ciphertext, const struct consign_hash *commitment, struct buf *plain)
{
	enum consign_err err;
	struct consign_hash salt;
	uint8_t nonce[SEAL_NONCE_BYTES];
	uint8_t ad[SEAL_AD_BYTES];
	size_t block = seal_pad_block(label);
	size_t len = 0;
	size_t padded;
	uint8_t *at;

	if (ciphertext.len < block + SEAL_TAG_BYTES || ciphertext.len > CONSIGN_SEALED_MAX_BYTES)
		return CONSIGN_E_BAD_SEAL;
	padded = ciphertext.len - SEAL_TAG_BYTES;
	if (padded % block != 0)
		return CONSIGN_E_BAD_SEAL;
	err = buf_reserve(plain, padded);
	if (err != CONSIGN_OK)
		return err;

	at = plain->data + plain->len;
	seal_derive_nonce(index, nonce);
	seal_derive_ad(context, index, label, ad);
	err = CONSIGN_E_BAD_SEAL;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		at, NULL, NULL, ciphertext.data, ciphertext.len, ad, sizeof ad, nonce, key->b) != 0)
		goto out;
	if (!seal_unpad(at, padded, block, &len) || len > CONSIGN_PAYLOAD_MAX_BYTES)
		goto out;
	/* CRYPTO.md 5: the cipher does not commit to its key; without this, two consignees could read two different things. */
	seal_salt(key, index, &salt);
	err = seal_check_commitment(&salt, slice_of(at, len), commitment);
	sodium_memzero(&salt, sizeof salt);
out:
	if (err == CONSIGN_OK)
		plain->len += len;
	else
		sodium_memzero(at, padded);
	return err;
}

enum consign_err
seal_check_commitment(const struct consign_hash *salt, struct consign_slice plain, const struct consign_hash *commitment)
{
	struct consign_hash computed;

	seal_derive_commitment(salt, plain, &computed);
	return secret_equal(computed.b, commitment->b, sizeof computed.b) ? CONSIGN_OK : CONSIGN_E_BAD_SEAL;
}
