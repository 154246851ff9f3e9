/*
 * What a submission is charged to, and whether that has room: its consignor's own quota first, before anything is verified; once it is
 * judged, the quotas of its study, and the rates of the rules that permit it. Room in mailboxes is quota.h's.
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 7.5
 */
#ifndef BROKER_CHARGE_H
#define BROKER_CHARGE_H

#include "broker.h"

/* What was full, in the words of whoever wrote the limit, and when to come again. */
struct charge_problem {
	char detail[384];
	uint64_t retry_us; /* at most CONSIGN_QUOTA_PAUSE_MAX_US */
};

/* The quota of an organisation now: the policy's, and the configuration's where that says nothing. */
struct quota charge_quota_of(const struct broker *b, const char *org);
/*
 * False: nothing was taken. Beside its quota an organisation has the larger of this and the broker's configuration for all that it
 * asks, however often: verifying is what a flood would cost.
 * has_expired  only its asking is charged: it will be refused, and to wait for room first would tell that late
 */
bool charge_consignor(
    struct broker *b, const char *org, uint64_t messages, uint64_t bytes, bool has_expired, struct charge_problem *ret_problem);
/* What was taken of its quota is given back: it was postponed, and comes again. */
void charge_give_back(struct broker *b, const char *org, uint64_t messages, uint64_t bytes);
/*
 * rated  of its judgement. False: nothing was taken from any, and it waits in the line of one (buckets.h): who waits longest is next. What is told is known to who asks: the judgement found it to be a party
 * to the study, and its slice has the rule.
 */
bool charge_shares(struct broker *b, const struct manifest *m, uint64_t bytes, const struct rated *rated, struct charge_problem *ret_problem);
/* It will not come again soon: it stands in no line for what others wait for too. */
void charge_release(struct broker *b, const char *org, const struct consign_id *id);

#endif
