/*
 * An administrator at work: home, keys, a session with the broker, the hub's documents verified and not older than seen.
 *
 * Functions here say what is wrong before they return an error.
 */
#ifndef CLI_ADMIN_H
#define CLI_ADMIN_H

#include "draft.h"
#include "home.h"
#include "hub_session.h"

struct admin_desk {
	struct home home;
	struct keyfile *keys;
	struct hub_session *session;
	const struct hub *hub; /* lent by the session */
	const struct secret *signing;
};

/*
 * Opens everything. Refuses a broker that shows an older root than was seen before, or another under its version.
 * Errors: STALE, FORK; as home_open, home_keys, hub_session_open
 */
CONSIGN_MUST_CHECK enum consign_err admin_open(const struct args *args, struct admin_desk *ret_desk);
void admin_close(struct admin_desk *desk);
/* A draft over the newest root; end with draft_clear. Errors: DENIED (one signature is not enough, or we are no admin) */
CONSIGN_MUST_CHECK enum consign_err admin_draft(const struct admin_desk *desk, const char *reason, struct draft *ret_draft);
/* Puts the draft under a next root, publishes it, remembers the root as seen. */
CONSIGN_MUST_CHECK enum consign_err admin_publish(struct admin_desk *desk, struct draft *draft);
/* --reason, checked. ret_reason NULL when absent. Errors: USAGE */
CONSIGN_MUST_CHECK enum consign_err admin_reason(const struct args *args, const char **ret_reason);

#endif
