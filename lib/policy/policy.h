/*
 * The access policy: a pure function (policy, directory's view is the caller's) → verdict and rule. One copy, linked by
 * broker, agents and command. Compiled at load, so that a decision is a few look-ups whatever the number of rules.
 *
 *   struct policy *p;
 *   err = policy_compile(parts, n, &p);
 *   policy_decide(p, &question, &verdict);
 *
 * A message passes if consignor and consignee are both parties to the study, the consignee's clearance covers the label,
 * some permit rule matches and no forbid rule matches. Everything else is refused.
 *
 * Threads   a compiled policy is immutable: any number of threads may decide on it
 * Source    docs/POLICY.md, docs/PROTOCOL.md 4
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>

#include "wire/policy_wire.h"

struct policy;

/*
 * at_us    when the broker accepts the message, microseconds UTC. 0: unknown; then a permit with a validity never matches, and a
 *          forbid with one always does
 * bytes    its size for `max-size`: that of the padded plaintext, which consignor, broker and consignee know alike. 0: unknown;
 * then no permit fails for it
 */
struct policy_question {
	const char *consignor;
	const char *consignee;
	const char *study;
	const char *type;
	enum consign_label label;
	uint64_t at_us;
	uint64_t bytes;
};

/*
 * code   CONSIGN_CODE_NONE: permitted; else STUDY_UNKNOWN (no such study, or the consignor is no party: the same words
 *        for both), NOT_A_PARTY (the consignee), CLEARANCE, POLICY_FORBIDDEN, POLICY_NO_RULE
 * rule   the first matching forbid, else the first matching permit, by `order`; "" when no rule decided. Borrowed from
 *        the policy.
 * Checked in the order: study and consignor, consignee, clearance, forbid, permit.
 */
struct policy_verdict {
	enum consign_code code;
	const char *rule;
	enum consign_label clearance; /* the consignee's, when it is a party; else open, which says nothing */
	uint64_t deliver_within_us;   /* of the permit that decided; 0: none */
};

/*
 * Compiles the parts (slices of one version: any number of studies, at most one common part; source parts are skipped).
 * parts     borrows; copied
 * ret       gives; end with policy_free
 * Errors: MALFORMED (two common parts or two of quotas, a study twice, a party twice, a number that is no role, label or effect, a validity that
 * ends before it begins, an obligation of a forbid, what quotas_compile refuses), TOO_BIG
 * (studies, parties or rules over limits.h), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err policy_compile(struct policy_part *const *parts, size_t n, struct policy **ret_policy);
void policy_free(struct policy **policy);
/* Never fails: what is not permitted is refused. */
void policy_decide(const struct policy *policy, const struct policy_question *q, struct policy_verdict *ret_verdict);
/* What a rule permits from one consignor to one consignee: so many messages in so long. Verdicts do not know of it; the broker counts. */
struct policy_rate {
	uint64_t messages;
	uint64_t us;
};
bool policy_has_rates(const struct policy *policy);
/* NULL: the rule has none. */
const struct policy_rate *policy_rule_rate(const struct policy *policy, const char *rule);

/*
 * The quota of an organisation (study ""), of a study (org ""), of an organisation in a study. NULL: the policy has none, or holds no
 * part with quotas. Lends, as those below.
 */
const struct policy_quota *policy_quota(const struct policy *policy, const char *org, const char *study);
size_t policy_quotas_n(const struct policy *policy);
/* In the order of the file; i below policy_quotas_n. */
const struct policy_quota *policy_quota_at(const struct policy *policy, size_t i);

/* The clearance of a party; false when org is no party to the study. */
bool policy_clearance(const struct policy *policy, const char *study, const char *org, enum consign_label *ret_clearance);
/* Whether two orgs share a study (then each may know of the other). */
bool policy_share_study(const struct policy *policy, const char *a, const char *b);
bool policy_is_party(const struct policy *policy, const char *study, const char *org);

/* Role words: "sponsor", "cro", … ; 0 when it is none. Lends a constant; "unknown" for a number that is none. */
uint32_t policy_role_parse(const char *word);
const char *policy_role_text(uint32_t role);

#endif
