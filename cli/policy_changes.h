/*
 * Two versions of a policy counted against one another: studies and rules that came, went, or say something else, by their
 * ids. A rule also says something else when it goes for other studies. What a change means for messages: policy_compare.h.
 * Pure.
 */
#ifndef CLI_POLICY_CHANGES_H
#define CLI_POLICY_CHANGES_H

#include "policy_view.h"

struct change_count {
	size_t added, removed, changed;
};

struct policy_changes {
	struct change_count studies; /* parties and titles */
	struct change_count rules;
};

CONSIGN_MUST_CHECK enum consign_err policy_changes_count(
    const struct policy_view *before, const struct policy_view *after, struct policy_changes *ret_changes);

#endif
