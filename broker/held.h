/*
 * Held lanes: a lane is (study, consignee) of one consignor. What was turned back holds its lanes, in the order of first arrival, until it
 * is accepted or released: so nothing overtakes it, nor what waits behind it.
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 7.6
 */
#ifndef BROKER_HELD_H
#define BROKER_HELD_H

#include "wire/manifest_wire.h"

struct held_lane;

/* The line of a session. Zero-initialised. */
struct held {
	struct held_lane *first;
	uint32_t n; /* lanes */
};

/* To the end of the line, or where it stands already. Out of memory it stands nowhere: order is then only as good as the agent's patience. */
void held_add(struct held *h, const struct manifest *m);
void held_release(struct held *h, const struct consign_id *consignment_id);
/* Whether somebody before it in the line holds one of its lanes. */
bool held_blocks(const struct held *h, const struct manifest *m);
void held_clear(struct held *h);

#endif
