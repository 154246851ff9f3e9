/*
 * The acceptance rule (design 7, PROTOCOL.md 7.7): what a delivered consignment must prove before anything of it is
 * believed. Reads the hub and the delivery; changes nothing.
 *
 * Threads   the loop
 */
#ifndef AGENTS_VERIFY_H
#define AGENTS_VERIFY_H

#include "agent.h"
#include "core/limits.h"
#include "ledger/statement.h"
#include "wire/session_wire.h"

enum verify_outcome {
	VERIFY_TAKE,   /* to be unsealed; items may still be rejected */
	VERIFY_REJECT, /* the consignor's doing, or rule (e): a signed rejection of every item, code says why */
	VERIFY_HOLD,   /* a document is missing: fetch says which */
	VERIFY_ACCUSE, /* the broker's doing: nothing is acknowledged */
};

struct verified {
	enum verify_outcome outcome;
	enum consign_code code;
	char why[224];
	struct session_fetch fetch; /* with HOLD */
	const struct accepted_record *accepted;
	struct consign_hash entry;
	uint64_t leaf;
	uint64_t accepted_us;
	const struct mailbox_opening *opening;
	const struct manifest *manifest; /* NULL with a tombstone */
	struct consign_slice signed_manifest;
	size_t my_place; /* in the manifest's consignees */
	const struct retention_record *tombstone; /* NULL for mail */
	struct consign_public_key consignor_identity;
	enum consign_code item_codes[CONSIGN_BUNDLE_MAX_ITEMS]; /* by place: what the policy in force says of each */
};

/* Whether a manifest can have been accepted at this time: not well before it was made, nor well after it had expired. */
bool verify_is_dated_well(uint64_t created_us, uint64_t expires_us, uint64_t accepted_us);

/*
 * checkpoint   verified, and the one the delivery's paths lead to
 * arena        everything lives there
 * Errors: NO_MEMORY; everything else is an outcome
 */
CONSIGN_MUST_CHECK enum consign_err verify_delivery(const struct agent *a, const struct session_deliver *d, struct consign_slice manifest,
    struct consign_slice body, const struct checkpoint *checkpoint, struct arena *arena, struct verified *ret_verified);

#endif
