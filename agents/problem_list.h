/*
 * Problems of business messages on their way: to a tool, into a delivery receipt, and at rest. What was found in a message is content, so
 * it leaves sealed to the consignor and lies on the disk under the storage key.
 * Threads   the loop's, except that stored bytes may be written by the commit thread
 * Source    docs/PROTOCOL.md 9.3
 */
#ifndef AGENTS_PROBLEM_LIST_H
#define AGENTS_PROBLEM_LIST_H

#include "catalogue/problems.h"
#include "core/db.h"
#include "core/secret.h"
#include "wire/ledger_wire.h"

/* Room for problem_list_say. */
#define PROBLEM_LIST_WORDS_BYTES 256u

/* What a problem counts against a limit: its texts, and what the wire puts around them. */
size_t problem_list_cost(const struct problem *p);
/* The problems of one item as the wire has them, copied into arena; no more than max_bytes of cost. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err problem_list_item(
    const struct problems *p, uint32_t index, size_t max_bytes, struct arena *arena, struct item_problems **ret_item);
/* A deep copy. NULL: the arena is spent. */
struct item_problems *problem_list_copy(const struct item_problems *item, struct arena *arena);

/* The only problem in one line, or how many there are; cut to fit. It is content as the list is: made of it, and never stored beside it. */
void problem_list_say(const struct item_problems *item, char ret_words[PROBLEM_LIST_WORDS_BYTES]);

/* Encoded and sealed under the storage key, appended to out: what problem_list_insert keeps. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err problem_list_store(
    const struct secret *storage_key, const struct consign_message_id *id, struct item_problems *item, struct buf *out);
/* org: whose verdict it is; our own for a message that never left. */
CONSIGN_MUST_CHECK enum consign_err
problem_list_insert(struct db *db, const struct consign_message_id *id, const char *org, struct consign_slice stored);
/* Errors: NOT_FOUND (no list), CORRUPT, NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err problem_list_find(struct db *db, const struct secret *storage_key, const struct consign_message_id *id,
    const char *org, struct arena *arena, struct item_problems **ret_item);

#endif
