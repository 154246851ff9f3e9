/*
 * What was used of the policy's own quotas: of a study, of an organisation in a study, of a rule from one company to another. Each is a
 * leaky bucket (quota.h) under its name. They live through new versions of the policy, and not through a restart of the broker:
 * what was used before it is forgiven.
 *
 * A submission is weighed against all that it falls under, and takes from all of them or from none:
 *
 *   buckets_weigh(buckets, &name, &quota, now_us, messages, bytes, &wait_us);    for each
 *   buckets_take(buckets, now_us);                                               or, when something has no room, buckets_forget(buckets)
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 7.5
 */
#ifndef BROKER_BUCKETS_H
#define BROKER_BUCKETS_H

#include "quota.h"

/* Names: what the policy says of organisations, studies and rules. */
enum bucket_kind { BUCKET_STUDY = 'q', BUCKET_RULE = 'r' };
struct bucket_name {
	enum bucket_kind kind;
	const char *of;    /* the study, or the rule */
	const char *from;  /* the consignor; "" all of the study together */
	const char *to;    /* of a rule: the consignee; else "" */
};

struct buckets;
/* NULL when out of memory. */
struct buckets *buckets_new(void);
void buckets_free(struct buckets **buckets);
/* Nothing was used, as after a restart. */
void buckets_clear(struct buckets *b);

/*
 * Adds to what is being weighed. The same name again adds up.
 * ret_wait_us  until all that was weighed under this name fits; 0: now
 * Errors: NO_MEMORY; FULL (more buckets than CONSIGN_BUCKETS_MAX have something in them)
 */
CONSIGN_MUST_CHECK enum consign_err buckets_weigh(struct buckets *b, const struct bucket_name *name, const struct quota *quota, uint64_t now_us,
    uint64_t messages, uint64_t bytes, uint64_t *ret_wait_us);
/* Takes all that was weighed. */
void buckets_take(struct buckets *b, uint64_t now_us);
void buckets_forget(struct buckets *b);
/* What stands in one; false, and zeros, when it was never weighed. */
bool buckets_used(const struct buckets *b, const struct bucket_name *name, uint64_t now_us, uint64_t *ret_messages, uint64_t *ret_bytes);

#endif
