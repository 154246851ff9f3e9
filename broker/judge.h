/*
 * What becomes of a submission: a pure function of the documents in force, the manifest and the time. Duplicates, held
 * lanes and full mailboxes are looked at before and after, by on_submit.c.
 *
 * Threads   pure
 * Source    docs/PROTOCOL.md 7.5 gives the order of the checks
 */
#ifndef BROKER_JUDGE_H
#define BROKER_JUDGE_H

#include "policy/policy.h"
#include "trust/hub.h"

/* What a rule with a rate permits of a consignment, to one consignee. */
struct rated {
	const char *rule; /* lent by the policy, as the rate */
	const struct policy_rate *rate;
	const char *consignee; /* lent by the manifest */
	uint64_t messages;
	struct rated *next;
};

struct judgement {
	/* CONSIGN_CODE_NONE: accept. TRY_LATER: postpone, with detail. Else the verdicts say why it is refused. */
	enum consign_code code;
	char detail[160];
	struct verdict **verdicts; /* one for the whole (index 0, no org), or one for each refused item and consignee */
	size_t n;
	struct rated *rated; /* by rules with a rate; a rule may stand in it more than once. Lives in the arena */
};

/*
 * org         of the connection
 * sm, m       the signed manifest and what it decodes to
 * body        as received
 * arena       verdicts live there
 * Errors: NO_MEMORY; everything else is a judgement
 */
CONSIGN_MUST_CHECK enum consign_err judge_submission(const struct hub *hub, const char *org, const struct signed_manifest *sm,
    const struct manifest *m, struct consign_slice body, uint64_t now_us, struct arena *arena, struct judgement *ret_judgement);

/* A judgement of one verdict about the whole consignment. */
CONSIGN_MUST_CHECK enum consign_err judge_whole(struct arena *arena, enum consign_code code, const char *detail, struct judgement *ret_judgement);

#endif
