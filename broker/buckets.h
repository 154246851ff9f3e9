/*
 * What was used of the policy's own quotas: of a study, of an organisation in a study, of a rule from one company to another. Each is a
 * leaky bucket (quota.h) under its name. They live through new versions of the policy, and not through a restart of the broker:
 * what was used before it is forgiven.
 *
 * A submission is weighed against all that it falls under, and takes from all of them or from none:
 *
 *   buckets_ask(buckets, &asker);
 *   buckets_weigh(buckets, &name, &quota, now_us, messages, bytes, &wait);    for each
 *   buckets_take(buckets, now_us);                                            or, when something has no room, buckets_wait or buckets_forget
 *
 * Who waits for a bucket stands in its line (turns.h): others find there only what it leaves. A consignment stands in one line at a
 * time, so that what waits for its own limits holds up nobody at a limit that is shared.
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 7.5
 */
#ifndef BROKER_BUCKETS_H
#define BROKER_BUCKETS_H

#include "turns.h"

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

struct bucket_wait {
	uint64_t us;	/* until all that was weighed under this name fits; 0: now */
	bool is_behind; /* there is room for it, but others wait before it */
};

/* Who asks for all that follows, until take, wait or forget; lent until then. Nobody: stands in no line. */
void buckets_ask(struct buckets *b, const struct asker *asker);
/*
 * Adds to what is being weighed. The same name again adds up.
 * Errors: NO_MEMORY; FULL (as many buckets as CONSIGN_BUCKETS_MAX have something in them, or this consignor has as many of them as are
 * left: it alone waits then)
 */
CONSIGN_MUST_CHECK enum consign_err buckets_weigh(struct buckets *b, const struct bucket_name *name, const struct quota *quota, uint64_t now_us,
    uint64_t messages, uint64_t bytes, struct bucket_wait *ret_wait);
/* Takes all that was weighed. */
void buckets_take(struct buckets *b, uint64_t now_us);
/* Nothing is taken; the asker waits in the line of this one, which was weighed, until then (steady) or until it asks again, and in no other of them. */
void buckets_wait(struct buckets *b, const struct bucket_name *name, uint64_t now_us, uint64_t until_us);
/* Nothing is taken, and lines are as they were. */
void buckets_forget(struct buckets *b);
/* It was given up: whoever waits behind it need not wait for it to be late. */
void buckets_release(struct buckets *b, const struct asker *asker, uint64_t now_us);
/* What stands in one; false, and zeros, when it was never weighed. */
bool buckets_used(const struct buckets *b, const struct bucket_name *name, uint64_t now_us, uint64_t *ret_messages, uint64_t *ret_bytes);

#endif
