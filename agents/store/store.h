/*
 * The agent's store: outbox, inbox, subscriptions, and what was verified of the hub. SQLite, a row a consignment; one
 * writing connection (the commit thread's) and the loop's reading connection. Bodies stay sealed at rest; the
 * consignment key beside them is locked under the storage key (lib/seal seal_store_key).
 *
 *   document       encoded Documents messages, without proofs, in the order taken in
 *   fact           name → value: "owner" (hub id, organisation), "checkpoint" (note), "mailbox" (position, chain head)
 *   outbox         seq → consignment: state, manifest, body, key, receipt
 *   refused_item   (id, idx) → why one message of a consignment was refused (by broker or here)
 *   settlement     (id, org) → the consignee's delivery receipt, or the tombstone
 *   local_refusal  id → a message that never left: what it was and why
 *   idempotency    key → message
 *   inbox          seq → consignment received: manifest, body, key, verdicts, receipt sent
 *   subscription   name → filter and cursor: everything up to (seq, idx) is handled
 *   ack            (subscription, seq, idx) acknowledged beyond the cursor
 *
 * Threads   a struct db belongs to one thread
 */
#ifndef AGENTS_STORE_H
#define AGENTS_STORE_H

#include "core/db.h"

/* States of an outbox row. */
enum outbox_state { OUTBOX_QUEUED = 1, OUTBOX_ACCEPTED = 2, OUTBOX_REFUSED = 3 };

CONSIGN_MUST_CHECK enum consign_err agent_store_open(const char *path, bool read_only, struct db **ret_db);

CONSIGN_MUST_CHECK enum consign_err store_fact(struct db *db, const char *name, struct buf *ret_value); /* NOT_FOUND */
CONSIGN_MUST_CHECK enum consign_err store_set_fact(struct db *db, const char *name, struct consign_slice value);
/* The store is this owner's, from the first time on. Errors: CONFIG (it is another's). */
CONSIGN_MUST_CHECK enum consign_err store_claim(struct db *db, struct consign_slice owner);
CONSIGN_MUST_CHECK enum consign_err store_add_documents(struct db *db, struct consign_slice documents);
CONSIGN_MUST_CHECK enum consign_err store_each_documents(struct db *db,
    enum consign_err (*each)(void *context, struct consign_slice documents), void *context);

#endif
