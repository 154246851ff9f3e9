/*
 * The outbox: messages of local tools, bundled, sealed, signed, committed; kept until a receipt or a final refusal.
 *
 * A tool's message is checked (type, policy) when it is put; what passes joins an open bundle of its study, label and
 * consignees. A bundle is closed, sealed and handed to the commit thread when nothing waits for a commit, or at
 * CONSIGN_BUNDLE_MAX_ITEMS, _BYTES or _AGE; while much of its study is before it, at _BUSY_AGE instead. Ids are told to the tool only when its bundle is durable.
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 5, 8.2
 */
#ifndef AGENTS_OUTBOX_H
#define AGENTS_OUTBOX_H

#include "agent.h"
#include "wire/local_wire.h"

/*
 * What became of one message of a send: called once, when it is durable (or refused, durably, or could not be stored).
 * outcome is borrowed for the call. index: of the message in its request.
 */
typedef void outbox_outcome(void *context, uint64_t request, size_t index, const struct local_outcome *outcome);

CONSIGN_MUST_CHECK enum consign_err outbox_new(struct agent *a, struct outbox **ret_outbox);
void outbox_free(struct outbox **outbox);
/* Puts one message. context must live until told (the door hands a stable one and a request number). */
void outbox_put(struct outbox *o, const struct local_outgoing *message, outbox_outcome *told, void *context, uint64_t request, size_t index);
/* The round of reading tools is over: bundles close when nothing waits for a commit. Also after each reaped commit. */
void outbox_flush(struct outbox *o);

/* Facts for status. */
struct outbox_facts {
	uint64_t queued;      /* consignments without an answer */
	uint64_t oldest_us;   /* created; 0 when none */
};
CONSIGN_MUST_CHECK enum consign_err outbox_facts(struct outbox *o, struct outbox_facts *ret_facts);

#endif
