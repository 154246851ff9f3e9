/*
 * Freshness: an agent that the root names states which documents are the newest, and how far it has verified the ledger. A statement holds
 * for 24 hours, so a broker that shows an old hub is found out within a day: it cannot make one (design 6).
 *
 * Threads   pure
 * Source    docs/PROTOCOL.md 3.8
 */
#ifndef TRUST_FRESHNESS_H
#define TRUST_FRESHNESS_H

#include "trust/hub.h"

/* Whether the newest root names any key; whether it names this one. */
bool freshness_is_wanted(const struct hub *hub);
bool freshness_is_key(const struct hub *hub, const struct consign_public_key *key);
/* Whose agent has this key, of the newest cards that are held. Lends; NULL: nobody's. */
const char *freshness_org(const struct hub *hub, const struct consign_public_key *key);
/* Signs what this hub knows to be newest, for CONSIGN_FRESHNESS_LIFE_US from now. Lives in arena. Errors: NOT_FOUND (no documents), NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err freshness_make(
    const struct hub *hub, const struct secret *key, uint64_t now_us, struct arena *arena, struct signed_document **ret_statement);
/*
 * A statement of this hub, by a key that the newest root names, that holds now.
 * ret_key  which
 * Errors: MALFORMED; BAD_SIGNATURE (no such key, or not by it); EXPIRED (over, of the future, or for too long); NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err freshness_verify(const struct hub *hub, const struct signed_document *statement, uint64_t now_us,
    struct arena *arena, struct freshness **ret_freshness, struct consign_public_key *ret_key);

#endif
