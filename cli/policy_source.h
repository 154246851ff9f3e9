/*
 * The policy in force, from wherever this home learns of it: an administrator from the broker, a company from its agent.
 * Says what is wrong before it returns an error.
 */
#ifndef CLI_POLICY_SOURCE_H
#define CLI_POLICY_SOURCE_H

#include "admin.h"
#include "policy_view.h"

struct policy_source {
	struct policy_view view;
	const struct policy *policy; /* compiled; lent */
	struct policy *own_policy;   /* the one compiled here, at a company */
	bool is_complete;            /* every study is known: an administrator's */
	struct admin_desk desk;      /* an administrator's, open */
	struct home home;            /* a company's */
	struct client_reply *reply;  /* a company's, which the view borrows from */
	void *memory;                /* lists of the view */
};

CONSIGN_MUST_CHECK enum consign_err policy_source_open(const struct args *args, struct policy_source *ret_source);
/*
 * At a company's home: the policy under which the hub decided about a message, as far as the agent holds it; with what the agent knows of
 * the message (policy_source_past). NOT_FOUND: it was neither sent nor received here
 */
CONSIGN_MUST_CHECK enum consign_err policy_source_open_of(const struct args *args, const char *message, struct policy_source *ret_source);
/* Lent by the source; NULL unless it was opened for a message. */
const struct local_past *policy_source_past(const struct policy_source *source);
/* The slices that an agent showed, compiled as it compiles them. gives; end with policy_free. Errors: as policy_compile */
CONSIGN_MUST_CHECK enum consign_err policy_source_compile(const struct local_policy_reply *reply, struct policy **ret_policy);
void policy_source_close(struct policy_source *source);
/* The member by its id, as far as this home knows; NULL when not. */
const struct member *policy_source_member(const struct policy_source *source, const char *org);

#endif
