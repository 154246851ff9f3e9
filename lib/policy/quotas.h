/*
 * Quotas and rates of a compiled policy: look-ups by name, for the broker, which alone can hold anybody to them. Agents have no
 * part with quotas, and see the rates of their rules.
 *
 * Threads   pure
 */
#ifndef POLICY_QUOTAS_H
#define POLICY_QUOTAS_H

#include "policy/policy.h"
#include "policy/table.h"

struct quota_table {
	struct names owners; /* quotas_key; number: place in quotas */
	struct policy_quota *quotas;
	struct names rules; /* ids of those that have a rate; number: place in rates */
	struct policy_rate *rates;
};

/* "org\nstudy". Returns its length. */
size_t quotas_key(const char *org, const char *study, char ret_key[CONSIGN_ORG_MAX_BYTES + CONSIGN_STUDY_MAX_BYTES + 2]);
/*
 * What the parts say of quotas and rates.
 * Errors: MALFORMED (an amount without its time or the other way, a time that is no second, minute, hour or day, an owner twice or none, a mailbox of a study, two rates of one rule
 * id, or a rate and none), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err quotas_compile(struct policy_part *const *parts, size_t n, struct quota_table *ret_table);
void quotas_clear(struct quota_table *table);

#endif
