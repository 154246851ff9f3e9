/*
 * Which questions two policies answer differently: over all studies, consignors, consignees, labels and types. Parties that
 * no rule names and that have the same roles and clearance are asked about once, and named together. Pure.
 */
#ifndef CLI_POLICY_COMPARE_H
#define CLI_POLICY_COMPARE_H

#include "policy/policy.h"
#include "policy_types.h"

struct compare_side {
	const struct policy_view *view;
	const struct policy *policy;
};

struct answer {
	enum consign_code code; /* NONE: permitted */
	const char *rule;       /* "" none; lent by the policy */
};

enum change_kind {
	CHANGE_PERMITTED = 1, /* may now be sent */
	CHANGE_REFUSED,       /* may no longer be sent */
	CHANGE_REASON,        /* the same, by another rule or code */
};

struct orgs {
	const char *const *v;
	size_t n;
};

/* The questions of one study with one change of their answer: every consignor of `from` to every other of `to`. */
struct policy_change {
	enum change_kind kind;
	const char *study;
	struct orgs from, to;
	struct answer before, after;
	unsigned labels;   /* 1 << label; filled up below the least label of the types */
	const char **types; /* as shown; globs stand for what they match */
	size_t n_types;
	size_t questions;
};

struct policy_comparison {
	struct policy_change *v; /* in the order of studies, consignors, consignees */
	size_t n, cap;
	size_t questions[CHANGE_REASON + 1]; /* by kind */
	size_t asked;
	bool types_are_cut;
};

/*
 * before, after  borrowed for as long as the comparison lives, as arena is
 * study          only this one; NULL: all
 * at_us          the time asked about
 * Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err policy_compare(const struct compare_side *before, const struct compare_side *after,
    const char *study, uint64_t at_us, struct arena *arena, struct policy_comparison *ret_comparison);
void policy_comparison_clear(struct policy_comparison *c);

/* "open", "up to restricted", "any label", "restricted or unblinded" */
#define LABELS_BYTES 48
const char *policy_labels_text(unsigned labels, char ret_text[LABELS_BYTES]);
/* A line: in ACME-301: globalcro → acme may now send trial.query (open): permitted by trial-data-up */
CONSIGN_MUST_CHECK enum consign_err policy_change_format(const struct policy_change *change, struct buf *out);
json_t *policy_change_json(const struct policy_change *change);

#endif
