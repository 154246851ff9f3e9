/*
 * Receiving: deliveries and settlements. Verified, unsealed once to check commitments and payloads, committed, and only
 * then acknowledged with a signed delivery receipt.
 *
 * Mail is taken strictly in the order of its positions. What must be held (a document is missing) holds what is behind
 * it; the broker's window bounds how much that is.
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 7.7, 7.8
 */
#ifndef AGENTS_RECEPTION_H
#define AGENTS_RECEPTION_H

#include "agent.h"
#include "wire/session_wire.h"

struct reception;
CONSIGN_MUST_CHECK enum consign_err reception_new(struct agent *a, struct reception **ret_reception);
void reception_free(struct reception **reception);
/* Position and chain head from the store; forgets what is held. */
CONSIGN_MUST_CHECK enum consign_err reception_load(struct reception *r);
uint64_t reception_position(const struct reception *r); /* durable or about to be */
uint64_t reception_durable(const struct reception *r);  /* durable */
/* The connection is gone: what was held will be delivered again. */
void reception_reset(struct reception *r);
/* A delivery; takes its frames. command: the encoded command frame. */
void reception_take(struct reception *r, struct frame *command, struct frame *manifest, struct frame *body);
/* New documents are here: what was held is looked at again. */
void reception_retry(struct reception *r);
/* A regular turn: a broker that does not bring documents that it was asked for is accused, and asked anew. */
void reception_turn(struct reception *r);
/* settlement.c */
void settlements_take(struct agent *a, const struct session_settled *settled);
/* A turn, and new documents: what consignees had seen and was not here is compared when it comes, and is accused of when it does not. */
void settlements_tend(struct agent *a);
/* Sends the delivery receipts that became durable; after each reap. */
void reception_flush(struct reception *r);
/* Why mail is held; NULL when none is. */
const char *reception_held(const struct reception *r);
/* How many whole consignments were rejected since the start, and whose the last one was, and why. */
uint64_t reception_rejected(const struct reception *r, const char **ret_last);

#endif
