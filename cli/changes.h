/*
 * What a change means, for those who must agree to it: two states of root, directory and policy compared, a line each
 * ("+ organisation …", "~ rule …"). Read from what is signed, never from what its author says of it.
 *
 * Threads   pure
 */
#ifndef CLI_CHANGES_H
#define CLI_CHANGES_H

#include "trust/hub.h"

/* directory and policy may be the same before and after; not NULL. */
struct hub_state {
	const struct root *root;
	const struct hub_directory *directory;
	const struct hub_policy *policy;
};

/*
 * Appends the lines; none when only numbers and dates differ. hub: whose cards name the companies of keys.
 * Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err changes_format(
    const struct hub *hub, const struct hub_state *before, const struct hub_state *after, struct buf *out);
/*
 * Whether the source text, which administrators read, says what the parts, which are obeyed, say. A policy without source
 * says nothing wrong. Errors: CONFLICT (it says something else), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err changes_check_source(const struct hub_policy *policy);

/* The six words of an administrator's two keys. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err admin_fingerprint(const struct consign_hash *hub_id, const struct admin *admin, char ret_text[36]);

#endif
