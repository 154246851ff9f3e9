/*
 * This organisation's card: renewed by the agent itself, with a new seal key each time (weekly rotation is what forward
 * secrecy there is), and whenever somebody asks for other keys.
 *
 * A new secret is saved in the key file before the card that names it is published.
 * Threads   the loop. Source: docs/PROTOCOL.md 3.3
 */
#ifndef AGENTS_CARD_H
#define AGENTS_CARD_H

#include "agent.h"
#include "wire/session_wire.h"

/*
 * Puts in place what the newest card has brought (keyring.h), and publishes the next one when that is due or names new keys. After
 * documents, once an hour, and while keys are unsettled.
 */
void card_tend(struct agent *a);
/*
 * New keys of these uses (enum key_use, or-ed): made, saved, and published at once. The old seal keys are offered no more.
 * Errors: as keyring_prepare
 */
CONSIGN_MUST_CHECK enum consign_err card_rotate(struct agent *a, unsigned uses);
/* The broker's word on a publication. */
void card_published(struct agent *a, const struct session_done *done);

#endif
