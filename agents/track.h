/*
 * What became of a message that this organisation sent: from outbox, refusals, settlements. Pure reading.
 * Threads   the loop
 */
#ifndef AGENTS_TRACK_H
#define AGENTS_TRACK_H

#include "agent.h"
#include "wire/local_wire.h"

/*
 * State of a message: refused when it was; else the least advanced of its consignees': queued, accepted, then delivered,
 * rejected or expired. Lives in arena. Errors: NOT_FOUND, those of the store, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err track_message(struct agent *a, const struct consign_message_id *id, struct arena *arena,
    struct local_track_reply **ret_reply);

#endif
