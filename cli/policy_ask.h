/* Asking a policy: what every command that reads one does in the same way. */
#ifndef CLI_POLICY_ASK_H
#define CLI_POLICY_ASK_H

#include "policy/policy.h"

/* Rules with a validity hold at some times and not at others; a policy without them answers the same at all. */
static inline void
question_at(struct policy_question *q, uint64_t at_us)
{
	q->at_us = at_us;
}

#endif
