/*
 * Statements and the hashes of a mailbox; the byte layouts stand in statement.h. Whether a record says what its reader
 * hoped for (the consignment, the consignee, the chain) is judged by who asked for it, not here.
 *
 * Source: docs/PROTOCOL.md 6; docs/CRYPTO.md 3
 */
#include "ledger/statement.h"

#include <assert.h>
#include <string.h>

#define MAILBOX_DOMAIN "consign-mailbox-v1"
#define CHAIN_DOMAIN "consign-chain-v1"
#define DOMAIN_LEN(text) (sizeof(text) - 1)
#define MAILBOX_PREFIX_BYTES (DOMAIN_LEN(MAILBOX_DOMAIN) + 32 + 1)
#define NO_PLACE UINT64_MAX
#define SIGNED_BYTES (8 + 32)

/* What the receipt key signs. No leaf has the index NO_PLACE: a tree is smaller. */
static void
signed_content(const struct consign_hash *entry, uint8_t ret_content[SIGNED_BYTES])
{
	be64_store(ret_content, NO_PLACE);
	memcpy(ret_content + 8, entry->b, 32);
}

void
statement_sign(const struct secret *receipt_key, const struct consign_hash *hub_id, const struct consign_hash *entry,
    struct consign_signature *ret_signature)
{
	uint8_t content[SIGNED_BYTES];

	signed_content(entry, content);
	sign_make(receipt_key, SIGN_STATEMENT, hub_id, SLICE_ARRAY(content), ret_signature);
}

/* With a place no signature; without one a signature, and nothing that speaks of a place: nothing that comes is left unread. */
static bool
has_shape(const struct statement *s)
{
	if (s->leaf == NULL || s->has_place > 1)
		return false;
	if (s->has_place == 1)
		return s->signature.len == 0;
	return s->signature.len == sizeof(struct consign_signature) && s->leaf->index == 0 && (s->path == NULL || s->path->path.n == 0);
}

enum consign_err
statement_verify(const struct statement *s, const struct checkpoint *checkpoint, struct arena *arena,
    struct ledger_record **ret_record, struct consign_hash *ret_entry)
{
	enum consign_err err;
	struct consign_hash entry;
	struct ledger_record *record;

	if (!has_shape(s))
		return CONSIGN_E_MALFORMED;
	if (s->has_place == 0)
		return CONSIGN_E_BAD_PROOF;
	tree_entry(&s->leaf->salt, s->leaf->record, &entry);
	err = tree_verify_inclusion(&entry, s->leaf->index, checkpoint->size, s->path == NULL ? NULL : s->path->path.v,
	    s->path == NULL ? 0 : s->path->path.n, &checkpoint->head);
	if (err != CONSIGN_OK)
		return err;
	err = ledger_record_decode(s->leaf->record, arena, &record);
	if (err != CONSIGN_OK)
		return err;
	*ret_record = record;
	*ret_entry = entry;
	return CONSIGN_OK;
}

enum consign_err
statement_verify_unplaced(const struct statement *s, const struct consign_public_key *receipt_key, const struct consign_hash *hub_id,
    struct arena *arena, struct ledger_record **ret_record)
{
	enum consign_err err;
	struct consign_hash entry;
	struct consign_signature signature;
	uint8_t content[SIGNED_BYTES];

	if (!has_shape(s) || s->has_place == 1)
		return CONSIGN_E_MALFORMED;
	tree_entry(&s->leaf->salt, s->leaf->record, &entry);
	signed_content(&entry, content);
	memcpy(signature.b, s->signature.data, sizeof signature.b);
	err = sign_verify(receipt_key, SIGN_STATEMENT, hub_id, SLICE_ARRAY(content), &signature);
	if (err != CONSIGN_OK)
		return err;
	return ledger_record_decode(s->leaf->record, arena, ret_record);
}

/* "consign-mailbox-v1" ‖ hub id ‖ org length; the org follows. */
static void
mailbox_prefix(const struct consign_hash *hub_id, size_t org_len, uint8_t ret_prefix[MAILBOX_PREFIX_BYTES])
{
	assert(org_len <= CONSIGN_ORG_MAX_BYTES);
	memcpy(ret_prefix, MAILBOX_DOMAIN, DOMAIN_LEN(MAILBOX_DOMAIN));
	memcpy(ret_prefix + DOMAIN_LEN(MAILBOX_DOMAIN), hub_id->b, 32);
	ret_prefix[MAILBOX_PREFIX_BYTES - 1] = (uint8_t)org_len;
}

void
mailbox_commitment(const struct consign_hash *hub_id, const struct mailbox_opening *opening, struct consign_hash *ret_hash)
{
	uint8_t prefix[MAILBOX_PREFIX_BYTES];
	uint8_t rest[CONSIGN_ORG_MAX_BYTES + 8 + 32 + 32];
	size_t org_len = strnlen(opening->org.s, CONSIGN_ORG_MAX_BYTES);
	uint8_t *p = rest;

	mailbox_prefix(hub_id, org_len, prefix);
	memcpy(p, opening->org.s, org_len);
	p += org_len;
	be64_store(p, opening->position);
	p += 8;
	memcpy(p, opening->previous.b, 32);
	p += 32;
	memcpy(p, opening->salt.b, 32);
	p += 32;
	hash_sha256_2(SLICE_ARRAY(prefix), slice_of(rest, (size_t)(p - rest)), ret_hash);
}

void
mailbox_genesis(const struct consign_hash *hub_id, const char *org, struct consign_hash *ret_head)
{
	uint8_t prefix[MAILBOX_PREFIX_BYTES];
	struct consign_slice text = slice_text(org);

	mailbox_prefix(hub_id, text.len, prefix);
	hash_sha256_2(SLICE_ARRAY(prefix), text, ret_head);
}

void
mailbox_next(
    const struct consign_hash *previous, uint64_t position, const struct consign_hash *entry, struct consign_hash *ret_head)
{
	uint8_t bytes[DOMAIN_LEN(CHAIN_DOMAIN) + 32 + 8 + 32];
	uint8_t *p = bytes;

	memcpy(p, CHAIN_DOMAIN, DOMAIN_LEN(CHAIN_DOMAIN));
	p += DOMAIN_LEN(CHAIN_DOMAIN);
	memcpy(p, previous->b, 32);
	p += 32;
	be64_store(p, position);
	p += 8;
	memcpy(p, entry->b, 32);
	hash_sha256(SLICE_ARRAY(bytes), ret_head);
}
