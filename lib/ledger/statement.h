/*
 * Statements: a ledger record, and what proves it: the path from its place to a checkpoint, or, when it has no place, the
 * broker's signature. Receipts, refusals and tombstones are statements; without a place there are refusals only. Here
 * they are verified (agents, command), and signed where they are (broker).
 *
 * Signature: receipt key, domain SIGN_STATEMENT, over 2^64-1 (8 bytes, big-endian: the index that no leaf has) ‖ entry.
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

/* For a statement without a place. */
void statement_sign(const struct secret *receipt_key, const struct consign_hash *hub_id, const struct consign_hash *entry,
    struct consign_signature *ret_signature);

/*
 * Verifies inclusion under the checkpoint; decodes the record. Whose ledger it is, the checkpoint says.
 * checkpoint   borrows; already verified by the caller
 * ret_record   lives in arena
 * Errors: MALFORMED (a signature, too), BAD_PROOF (no place, too), TOO_BIG (the record), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err statement_verify(const struct statement *s, const struct checkpoint *checkpoint,
    struct arena *arena, struct ledger_record **ret_record, struct consign_hash *ret_entry);

/*
 * Verifies the signature of a statement without a place; decodes the record.
 * receipt_key   borrows; of the newest root
 * ret_record    lives in arena
 * Errors: MALFORMED (a place, no signature, too), BAD_SIGNATURE, TOO_BIG (the record), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err statement_verify_unplaced(const struct statement *s, const struct consign_public_key *receipt_key,
    const struct consign_hash *hub_id, struct arena *arena, struct ledger_record **ret_record);

void mailbox_commitment(const struct consign_hash *hub_id, const struct mailbox_opening *opening, struct consign_hash *ret_hash);
void mailbox_genesis(const struct consign_hash *hub_id, const char *org, struct consign_hash *ret_head);
void mailbox_next(
    const struct consign_hash *previous, uint64_t position, const struct consign_hash *entry, struct consign_hash *ret_head);

#endif
