/*
 * The loop's view of the ledger: the next leaf, proofs, and the newest checkpoint that is durable. Leaves are made here
 * in the order in which acts happen; they become durable with their entry (store.h).
 *
 * Threads   the loop
 */
#ifndef BROKER_LEDGER_H
#define BROKER_LEDGER_H

#include "store/store.h"
#include "trust/hub.h"

struct ledger;

/* Opens at what is stored. db borrows: the loop's reading connection. */
CONSIGN_MUST_CHECK enum consign_err ledger_open(struct db *db, const struct consign_hash *hub_id, struct ledger **ret_ledger);
void ledger_close(struct ledger **ledger);
/* Starts over from what is stored, after a commit that failed. */
CONSIGN_MUST_CHECK enum consign_err ledger_reload(struct ledger *ledger);
/*
 * Encodes the record and makes the next leaf of it; the record's bytes live in arena.
 * Errors: NO_MEMORY, MALFORMED: then no leaf was made
 */
CONSIGN_MUST_CHECK enum consign_err ledger_append(struct ledger *ledger, const struct ledger_record *record, struct arena *arena,
    struct store_leaf *ret_leaf);
uint64_t ledger_next(const struct ledger *ledger);
/* A group became durable: its checkpoint is the newest. */
CONSIGN_MUST_CHECK enum consign_err ledger_committed(struct ledger *ledger, const struct store_note *note);
/* The newest durable checkpoint; size 0 and an empty note before the first. */
const struct checkpoint *ledger_checkpoint(const struct ledger *ledger);
/* The checkpoint with its consistency from a size (0: none needed), for one peer. Lives in arena. */
CONSIGN_MUST_CHECK enum consign_err ledger_update(struct ledger *ledger, uint64_t from_size, struct arena *arena, struct checkpoint_update **ret_update);
/* Inclusion of a durable leaf under the newest checkpoint; also the form hub_slice wants (self is the ledger). */
CONSIGN_MUST_CHECK enum consign_err ledger_prove(void *ledger, uint64_t leaf, struct arena *arena, struct proof **ret_proof);
/* Consistency from an older size to the newest checkpoint. Errors: NOT_FOUND (size beyond it) */
CONSIGN_MUST_CHECK enum consign_err ledger_consistency(struct ledger *ledger, uint64_t from_size, struct arena *arena, struct proof **ret_proof);
/* The head at a size, to compare with what a peer has seen. Errors: NOT_FOUND (we never were that large) */
CONSIGN_MUST_CHECK enum consign_err ledger_head_at(struct ledger *ledger, uint64_t size, struct consign_hash *ret_head);

#endif
