/*
 * What a record of the ledger is to an administrator who watches. Consignments that were accepted and delivered are nothing; a refusal is an
 * event for each consignee, type and reason; a document, an act and a tombstone are one each.
 *
 * A new act of the ledger is told without a line here, as it is recorded; a row of `acts` gives it better words.
 *
 * Threads   pure: the reader thread reads what was, the loop what is
 * Source    docs/PROTOCOL.md 7.12
 */
#ifndef BROKER_EVENTS_H
#define BROKER_EVENTS_H

#include "trust/hub.h"

struct event {
	struct admin_event told;
	uint32_t document; /* enum sign_kind of a document's record, which events_describe completes; 0 none */
	uint64_t version;
};

/* Events of one leaf at most: each has another verdict. */
#define EVENTS_A_LEAF CONSIGN_VERDICTS_MAX

/*
 * The events of one leaf. What they point to lives in arena, or in the record.
 * ret_events  EVENTS_A_LEAF of room
 * Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err events_of_leaf(uint64_t leaf, const struct ledger_record *record, struct arena *arena,
    struct event *ret_events, size_t *ret_n);

/* Who signed a document, why, and what it changed: what a record of the ledger does not say. On the loop. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err events_describe(const struct hub *hub, struct event *event, struct arena *arena);

#endif
