/*
 * Checkpoints: the signed head of the ledger, as a C2SP tlog-checkpoint in a signed note.
 *
 *   consign.hub/<hub id, hex>[/<n>]
 *   <size, decimal>
 *   <head, base64>
 *
 *   — <origin> <base64 of key id (4 bytes) ‖ Ed25519 signature (64 bytes) over the text above the blank line, newline included>
 *
 * The note's key name is the origin; key id = first 4 bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ public key).
 * Unknown extra signatures (witnesses) are allowed and skipped; a line that is no signature line is refused.
 *
 * Threads   pure
 * Source    C2SP signed-note, tlog-checkpoint; docs/PROTOCOL.md 6
 */
#ifndef LEDGER_CHECKPOINT_H
#define LEDGER_CHECKPOINT_H

#include "core/secret.h"
#include "core/sign.h"

struct checkpoint {
	uint64_t size;
	struct consign_hash head;
};

/* Fills ret_origin ("consign.hub/<hex>"), at most 256 bytes with NUL. */
void checkpoint_origin(const struct consign_hash *hub_id, char ret_origin[256]);
/* Appends the note. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err
checkpoint_make(const char *origin, const struct checkpoint *c, const struct secret *ledger_key, struct buf *out);
/*
 * Reads and verifies. Errors: MALFORMED (shape, other origin, extension lines, no signature by this key), BAD_SIGNATURE,
 * TOO_BIG (the note), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err checkpoint_open(struct consign_slice note, const char *origin,
    const struct consign_public_key *ledger_key, struct checkpoint *ret_checkpoint);

#endif
