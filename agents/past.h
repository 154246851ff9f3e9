/*
 * A message of the past as a question to the policy: who sent what to whom, when the hub decided about it, and at which leaf. One that
 * this organisation sent, or else one that came here. Pure reading.
 * Threads   the loop
 */
#ifndef AGENTS_PAST_H
#define AGENTS_PAST_H

#include "agent.h"
#include "wire/local_wire.h"

struct past {
	struct local_past *message;
	bool has_leaf; /* the hub has decided about it */
	uint64_t leaf;
};

/*
 * Lives in arena. When two consignors used one id for mail to this organisation: what came first, as for `show`.
 * Errors: NOT_FOUND; EXPIRED (only its tombstone came here, and what it was is not known); those of the store, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err
past_find(struct agent *a, const struct consign_message_id *id, struct arena *arena, struct past *ret_past);

#endif
