/*
 * From plaintexts to a signed, sealed consignment; and from a stored one to its next attempt. The only place of the
 * agent that seals.
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 5; docs/CRYPTO.md 4
 */
#ifndef AGENTS_SEALING_H
#define AGENTS_SEALING_H

#include "agent.h"

struct sealing_item {
	uint32_t index;
	struct consign_type type;
	struct consign_slice plain; /* an encoded payload */
};

struct sealing_order {
	struct consign_id id;
	uint32_t attempt;
	struct consign_study study;
	enum consign_label label;
	uint64_t created_us;
	uint64_t expires_us;
	const struct consign_org *consignees;
	size_t n_consignees;
	const struct sealing_item *items;
	size_t n_items;
};

struct sealed {
	struct manifest *manifest; /* lives in the arena given */
	struct consign_hash digest; /* of the manifest's bytes */
	struct buf frame;           /* signed manifest, encoded */
	struct buf body;
	uint8_t stored_key[SEAL_STORED_KEY_BYTES];
};

struct sealing;
CONSIGN_MUST_CHECK enum consign_err sealing_new(struct agent *a, struct sealing **ret_sealing);
void sealing_free(struct sealing **sealing);
/*
 * Errors: NOT_FOUND (no signing key, a consignee without a card: the documents changed under us), NO_MEMORY, MALFORMED
 * ret_sealed   ended by sealed_clear
 */
CONSIGN_MUST_CHECK enum consign_err sealing_make(struct sealing *s, const struct sealing_order *order, struct arena *arena, struct sealed *ret_sealed);
void sealed_clear(struct sealed *sealed);
/*
 * The next attempt of a stored consignment: without the items for which drop says so, for the keys and documents of now.
 * signed_manifest, body, stored_key: as stored. ret_dropped_all: nothing is left to send (nothing is made then).
 */
CONSIGN_MUST_CHECK enum consign_err sealing_again(struct sealing *s, struct consign_slice signed_manifest, struct consign_slice body,
    struct consign_slice stored_key, bool (*drop)(void *context, uint32_t index), void *context, struct arena *arena,
    bool *ret_dropped_all, struct sealed *ret_sealed);
/* The newest seal key of an org that is valid now; NULL when it has none. */
const struct valid_key *sealing_key_of(const struct agent *a, const char *org);

#endif
