/*
 * A policy as its readers see it: the whole at an administrator, the slices at a company; rendered as the file that
 * would say the same, or as JSON. Pure.
 */
#ifndef CLI_POLICY_VIEW_H
#define CLI_POLICY_VIEW_H

#include <jansson.h>

#include "wire/local_wire.h"

struct policy_view {
	uint64_t version; /* 0: none yet */
	struct consign_slice reason;
	const struct policy_common *common; /* NULL none */
	struct policy_study *const *studies;
	size_t n_studies;
	const struct policy_quotas *quotas; /* NULL none, or not known here */
	struct consign_slice source; /* the file as applied; empty where it is not known */
};

/* Adds what parts say to a view; studies has room for n pointers, which the view borrows. */
void policy_view_of(struct policy_part *const *parts, size_t n, struct policy_study **studies, struct policy_view *view);
/* Distinct rules: one that concerns several studies stands in the part of each. */
CONSIGN_MUST_CHECK enum consign_err policy_view_count(const struct policy_view *view, size_t *ret_rules);
/* What differs, a line or a few an entry: "+ study …", "- rule …", "~ party …". Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err policy_view_compare(const struct policy_view *before, const struct policy_view *after, struct buf *out);
/* In the language of docs/POLICY.md, rules in the order of the file. */
CONSIGN_MUST_CHECK enum consign_err policy_view_format(const struct policy_view *view, struct buf *out);
/* One study in the same language. */
CONSIGN_MUST_CHECK enum consign_err policy_view_study(const struct policy_study *study, struct buf *out);
/* Each distinct rule in the same language, once for each study that it stands in, in the order of the file. words: lent during the call. */
CONSIGN_MUST_CHECK enum consign_err policy_view_each_rule(
    const struct policy_view *view, void (*each)(void *context, const char *id, struct consign_slice words), void *context);
/* One rule in the same language; study NULL: of the common part. */
CONSIGN_MUST_CHECK enum consign_err policy_view_rule(
    const struct policy_rule *rule, const struct policy_study *study, struct buf *out);
/* A new reference; NULL out of memory. */
json_t *policy_view_json(const struct policy_view *view);

#endif
