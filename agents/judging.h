/*
 * What is inside delivered mail: unsealed once, checked against its type, a verdict for each item. Who may send what is verify.c's; taking
 * mail in is reception.c's.
 * Threads   the loop's
 * Source    docs/PROTOCOL.md 7.4, 9
 */
#ifndef AGENTS_JUDGING_H
#define AGENTS_JUDGING_H

#include "agent.h"
#include "inbox.h"
#include "recent.h"
#include "seal/seal.h"
#include "verify.h"

struct judged {
	struct item_verdict verdicts[CONSIGN_BUNDLE_MAX_ITEMS];
	size_t n;
	uint8_t outcomes[CONSIGN_BUNDLE_MAX_ITEMS * INBOX_OUTCOME_BYTES];
	size_t outcomes_len;
	uint8_t stored_key[SEAL_STORED_KEY_BYTES];
	bool has_key;
	struct problem_list problems; /* of items that are not what their type demands */
	struct recent_mail *kept;     /* for those who watch with content; NULL: nobody does, or there is no memory. The caller's to end */
};

/* What judging keeps from one consignment to the next: guarded memory for a key costs several system calls. No key and no plaintext. */
struct judge;
CONSIGN_MUST_CHECK enum consign_err judge_new(struct agent *a, struct judge **ret_judge);
void judge_free(struct judge **judge);

/*
 * arena   the verdicts' texts and the problems live in it
 * ret     filled; undefined on failure, which is ours: a fault of the consignor is a verdict
 * Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err
judge_mail(struct judge *j, const struct verified *v, struct consign_slice body, struct arena *arena, struct judged *ret);
/*
 * The problems, sealed to the consignor's current seal key: the broker carries receipts, and is to read no message. Absent when there
 * are none, or no key. Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err
judge_seal_problems(struct agent *a, const struct verified *v, const struct judged *judged, struct arena *arena, struct delivery_receipt_content *c);

#endif
