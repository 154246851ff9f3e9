/*
 * Statements: a ledger record, the broker's signature over its place, and the proof of that place. Receipts, refusals
 * and tombstones are statements. Here they are made (broker) and verified (agents, command).
 *
 * Signature: receipt key, domain SIGN_STATEMENT, over index (8 bytes big-endian; 2^64-1 when it has no place) ‖ entry.
 * Mailbox commitment = SHA-256("consign-mailbox-v1" ‖ hub id ‖ org length (1 byte) ‖ org ‖ position (8 bytes, big-endian)
 *                      ‖ previous ‖ salt)
 * Mailbox chain: head of nothing = SHA-256("consign-mailbox-v1" ‖ hub id ‖ org length ‖ org);
 *                next = SHA-256("consign-chain-v1" ‖ previous ‖ position ‖ entry of the acceptance)
 *
 * Threads   pure
 * Source    docs/PROTOCOL.md 6
 */
#ifndef LEDGER_STATEMENT_H
#define LEDGER_STATEMENT_H

#include "core/sign.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"
#include "wire/ledger_wire.h"

void statement_sign(const struct secret *receipt_key, const struct consign_hash *hub_id, bool has_place, uint64_t index,
    const struct consign_hash *entry, struct consign_signature *ret_signature);

/*
 * Verifies signature and, when it has a place, inclusion under the checkpoint; decodes the record.
 * checkpoint   borrows; already verified by the caller. NULL only with may_be_unplaced
 * ret_record   lives in arena
 * Errors: MALFORMED, BAD_SIGNATURE, BAD_PROOF (no place where one is needed, too), TOO_BIG (the record), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err statement_verify(const struct statement *s, const struct consign_public_key *receipt_key,
    const struct consign_hash *hub_id, const struct checkpoint *checkpoint, bool may_be_unplaced, struct arena *arena,
    struct ledger_record **ret_record, struct consign_hash *ret_entry);

void mailbox_commitment(const struct consign_hash *hub_id, const struct mailbox_opening *opening, struct consign_hash *ret_hash);
void mailbox_genesis(const struct consign_hash *hub_id, const char *org, struct consign_hash *ret_head);
void mailbox_next(
    const struct consign_hash *previous, uint64_t position, const struct consign_hash *entry, struct consign_hash *ret_head);

#endif
