/*
 * Which rules of a file say nothing because another one says it: a permit whose every message a forbid refuses, and a rule all of
 * which an earlier one of the same effect says. Told of one rule by one other, from what stands in the two: so what is found is so,
 * and not everything is found.
 *
 * Threads   pure
 * Source    docs/POLICY.md 7
 */
#ifndef POLICY_POLICY_COVER_H
#define POLICY_POLICY_COVER_H

#include "policy/policy_file.h"

/* Whether all that `rule` speaks of, `by` speaks of too: ends, types, labels, studies, times and sizes. */
bool policy_covers(const struct policy_file_rule *by, const struct policy_file_rule *rule);

/*
 * ret_by      by rule: the place of the rule that covers it, the first forbid before the first other; or n, when there is none
 * ret_is_all  false: there were too many to compare all
 * Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err
policy_cover_find(const struct policy_file_rule *rules, size_t n, uint32_t *ret_by, bool *ret_is_all);

#endif
