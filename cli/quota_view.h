/*
 * Quotas of a policy, rendered as its file would say them, or as JSON. Pure.
 */
#ifndef CLI_QUOTA_VIEW_H
#define CLI_QUOTA_VIEW_H

#include <jansson.h>

#include "wire/policy_wire.h"

#define QUOTA_OWNER_BYTES (CONSIGN_ORG_MAX_BYTES + CONSIGN_STUDY_MAX_BYTES + 16)

/* "acme", "acme in S1", "study S1" */
void quota_view_owner(const char *org, const char *study, char ret_owner[QUOTA_OWNER_BYTES]);
/* "{org: acme, messages: 20/s}". Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err quota_view_put(const struct policy_quota *quota, struct buf *out);
/* A new reference, with those keys that the quota has; NULL out of memory. */
json_t *quota_view_json(const struct policy_quota *quota);
/* What differs, a line each: "+ quota of acme: …"; either may be NULL. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err
quota_view_compare(const struct policy_quotas *before, const struct policy_quotas *after, struct buf *out);
/* The same as a list of {"change": "added", "changed" or "removed", "before", "after"}, where NULL is null. A new reference; NULL out of memory. */
json_t *quota_view_compare_json(const struct policy_quotas *before, const struct policy_quotas *after);

/*
 * Those that a message falls under: of its consignor and its study, and of its consignee's mailbox; only those that the policy says
 * something of. A line each, such as "quota      of acme in S-1: messages: 1/h", or a list. quotas: NULL none.
 */
CONSIGN_MUST_CHECK enum consign_err
quota_view_of_message(const struct policy_quotas *quotas, const char *from, const char *to, const char *study, struct buf *out);
json_t *quota_view_of_message_json(const struct policy_quotas *quotas, const char *from, const char *to, const char *study);

#endif
