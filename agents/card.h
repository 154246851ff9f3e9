/*
 * This organisation's card: renewed by the agent itself, with a new seal key each time (design 6: weekly rotation is
 * what forward secrecy there is). Old seal keys are destroyed when nothing sealed to them can still arrive.
 *
 * The new secret is saved in the key file before the card that names it is published.
 * Threads   the loop. Source: docs/PROTOCOL.md 3.3
 */
#ifndef AGENTS_CARD_H
#define AGENTS_CARD_H

#include "agent.h"
#include "wire/session_wire.h"

/* Looks whether the card is due and publishes the next one; destroys old seal keys. After documents, and once an hour. */
void card_tend(struct agent *a);
/* The broker's word on a publication. */
void card_published(struct agent *a, const struct session_done *done);

#endif
