/*
 * What differs in meaning between two sources of a policy: studies, parties and rules that are new, gone or changed, whatever
 * their order, comments and layout. For people who are about to sign the second.
 *
 * Threads   pure
 */
#ifndef POLICY_POLICY_CHANGES_H
#define POLICY_POLICY_CHANGES_H

#include "policy/policy_file.h"

/*
 * before, after  sources that policy_file_parse accepts; borrows
 * say            called with a line for each change: "+ rule a: permit [x.*]", "- party acme in S1: …", "~ rule b: …"
 * Errors: CONFIG (one is no YAML), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err policy_changes(struct consign_slice before, struct consign_slice after,
    void (*say)(void *context, const char *line), void *context, size_t *ret_n);

#endif
