/*
 * One change of the policy in force: its source is read, changed, shown as what differs in meaning, and applied.
 *
 *   policy_change_open(args, &change)        the desk, the reason, the source in force
 *   policy_change_edit(&change, &edit)       or the caller fills change.after
 *   policy_change_commit(&change)            shows; applies, unless --dry-run was said
 *   policy_change_close(&change)
 *
 * Functions here say what is wrong before they return an error.
 */
#ifndef CLI_POLICY_CHANGE_H
#define CLI_POLICY_CHANGE_H

#include "admin.h"
#include "policy/policy_edit.h"
#include "policy/policy_file.h"

struct policy_change {
	struct admin_desk desk;
	const char *reason;
	bool is_dry;
	struct buf before; /* the source in force; written anew when the policy came without one */
	struct buf after;
	struct arena *arena; /* of the parts; NULL until they are checked */
	struct policy_file_parts parts;
};

/* Errors: as admin_open */
CONSIGN_MUST_CHECK enum consign_err policy_change_open(const struct args *args, struct policy_change *ret_change);
/* Says also what had to follow. Errors: as policy_edit */
CONSIGN_MUST_CHECK enum consign_err policy_change_edit(struct policy_change *change, const struct policy_edit *edit);
/* What is to come, read against the directory; mistakes are told by the name. Errors: as policy_apply_parse */
CONSIGN_MUST_CHECK enum consign_err policy_change_check(struct policy_change *change, const char *name);
/* Checks unless that was done. Errors: as policy_apply_parse, policy_apply */
CONSIGN_MUST_CHECK enum consign_err policy_change_commit(struct policy_change *change);
void policy_change_close(struct policy_change *change);
/* open, edit, commit, close. */
CONSIGN_MUST_CHECK enum consign_err policy_change_run(const struct args *args, const struct policy_edit *edit);

/* The source of a policy that the hub holds; written anew when it came without one. Appends. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err policy_change_source(const struct hub_policy *policy, struct buf *out);

#endif
