/*
 * Changes that k administrators decide on together: proposed, approved, rejected, withdrawn (docs/PROTOCOL.md 3.6).
 *
 * The broker decides nothing here: it counts signatures that it cannot make, over bytes that it cannot change, and publishes
 * what k of them cover. All state is in the store; one act is under way at a time (broker.deciding).
 *
 * Threads   the loop
 */
#ifndef BROKER_PROPOSALS_H
#define BROKER_PROPOSALS_H

#include "broker.h"

/* What is written down with a publication, or alone: a proposal or a decision, and its leaf. */
struct decided {
	const struct store_proposal *proposal;
	const struct store_decision *decision;
	const char *act;             /* of the leaf */
	const struct consign_hash *id;
	const char *administrator;
	struct consign_slice reason;
	size_t bytes; /* that the entry's arena needs for it */
};

/* Makes the leaf and puts copies into the entry. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err decided_enter(struct broker *b, const struct decided *decided, struct store_entry *entry);

/*
 * documents.c: verifies documents as k administrators must have signed them, and puts them in force with what is decided.
 * decided   NULL: nothing but the documents
 * Errors: those of hub_stage; nothing has changed then
 */
CONSIGN_MUST_CHECK enum consign_err documents_publish(struct broker *b, struct session *s, const struct session_documents *d,
    uint64_t request, const struct decided *decided, char problem[HUB_PROBLEM_BYTES]);
enum consign_code documents_code(enum consign_err err);

#endif
