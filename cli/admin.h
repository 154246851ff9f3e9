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
/*
 * Connects again with the same keys, after the session was lost or somebody took their time.
 * is_quiet  says nothing of a broker that is not there. Errors: as admin_open
 */
CONSIGN_MUST_CHECK enum consign_err admin_reopen(struct admin_desk *desk, bool is_quiet);
/* A draft over the newest root; end with draft_clear. Errors: DENIED (we are no administrator) */
CONSIGN_MUST_CHECK enum consign_err admin_draft(const struct admin_desk *desk, const char *reason, struct draft *ret_draft);
/*
 * Puts the draft under a next root. Where one signature is enough it is published, the root remembered as seen, and
 * draft->is_in_force is true: the caller says what holds now. Else it is proposed, and said so here.
 */
CONSIGN_MUST_CHECK enum consign_err admin_publish(struct admin_desk *desk, struct draft *draft);
/* The same, with a root that says something else itself: a copy of the newest, changed. Borrowed. */
CONSIGN_MUST_CHECK enum consign_err admin_publish_root(struct admin_desk *desk, struct draft *draft, const struct root *changed);
/* Remembers a root as the newest seen, at a home's folder. */
CONSIGN_MUST_CHECK enum consign_err root_seen_write(const char *dir, uint64_t version, const struct consign_hash *hash);
/* The newest root of the hub is the one seen here, or follows it. Says what is wrong. Errors: STALE, FORK; as file_read */
CONSIGN_MUST_CHECK enum consign_err root_seen_check(const char *dir, const struct hub *hub);
/* --reason, checked. ret_reason NULL when absent. Errors: USAGE */
CONSIGN_MUST_CHECK enum consign_err admin_reason_if_any(const struct args *args, const char **ret_reason);
/*
 * The same for a change, which is never without one (requirement R5): asked for on a terminal. With --dry-run it may be absent.
 * ret_reason lends until the next call. Errors: USAGE
 */
CONSIGN_MUST_CHECK enum consign_err admin_reason(const struct args *args, const char **ret_reason);

#endif
