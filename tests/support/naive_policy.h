/*
 * The access policy a second time, for tests: docs/POLICY.md 3 read line by line over the parts as they are, slow and obvious. It
 * shares nothing with lib/policy, not even how a glob is matched.
 */
#ifndef TESTS_SUPPORT_NAIVE_POLICY_H
#define TESTS_SUPPORT_NAIVE_POLICY_H

#include "policy/policy.h"

/* ret_verdict: rule is borrowed from the parts. */
void
naive_decide(struct policy_part *const *parts, size_t n, const struct policy_question *q, struct policy_verdict *ret_verdict);

#endif
