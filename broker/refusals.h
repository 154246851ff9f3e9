/*
 * Refusals are written into the ledger, but a flood of them must not fill it: so many of an organisation's get a leaf each second, and one leaf
 * counts the rest. What is counted belongs to the organisation: a new session is no new allowance.
 *
 * Threads   the loop
 * Source    design 5; docs/PROTOCOL.md 6.4
 */
#ifndef BROKER_REFUSALS_H
#define BROKER_REFUSALS_H

#include "broker.h"

/* Whether a refusal of this organisation gets a leaf of its own; else it was counted. */
bool refusal_may_have_leaf(struct broker *b, const char *org);
/* Writes down what was counted in seconds that are over; for the tick. At the end (`all`): of this second, too. */
void refusals_count(struct broker *b, bool all);

#endif
