/*
 * What each organisation may use of the broker: so much in a time of what it sends, and so much waiting in a mailbox. Whoever is over a quota
 * is told TRY_LATER; nothing is lost, its own lanes wait, nobody else's. What config.yaml says holds for every organisation of which the
 * policy says nothing else; quotas of studies, and rates of rules, are the policy's alone (buckets.h counts for those).
 *
 * Pure. Threads: any, a struct rate belongs to one.
 * Source    docs/PROTOCOL.md 7.5; docs/OPERATIONS.md 4
 */
#ifndef BROKER_QUOTA_H
#define BROKER_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "consign/error.h"
#include "core/config.h"
#include "wire/policy_wire.h"

/* So much in so long; amount 0: any. us: at most CONSIGN_QUOTA_PERIOD_MAX_US. */
struct quota_rate {
	uint64_t amount;
	uint64_t us;
};

struct quota {
	struct quota_rate messages;
	struct quota_rate bytes; /* of manifests and bodies, as they travel */
	uint64_t mailbox_consignments;
	uint64_t mailbox_bytes;
};

/* From config.yaml; what is not there is as in core/limits.h. ret_problem: 256 bytes. Errors: CONFIG */
CONSIGN_MUST_CHECK enum consign_err quota_read(const struct config *config, struct quota *ret_quota, char ret_problem[256]);

/* The quota of one owner: what the policy says of it, and else the default's. own: NULL none. Pure. */
struct quota quota_of(const struct quota *fallback, const struct policy_quota *own);

/* The one of two that gives more in a second, of messages and of bytes. Pure. */
struct quota quota_of_asking(const struct quota *a, const struct quota *b);

/* A leaky bucket that holds what a rate gives in its time. */
struct level {
	uint64_t at_us;          /* steady: when it will be empty */
	struct quota_rate limit; /* that it was last filled under */
};

/* Of one owner. Zero-initialised: nothing was taken. */
struct rate {
	struct level messages;
	struct level bytes;
};

/*
 * How long until so much fits: 0 when it does now. What alone is more than a bucket holds fits when that is empty, and the debt is
 * worked off. When a quota was changed, what is owed under the old one is owed under the new one, up to all that this holds.
 */
uint64_t rate_wait(struct rate *r, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t bytes);
/* What others will take before: the time in which a bucket works it off, of messages and of bytes. Zero: nobody waits. */
struct owed {
	uint64_t messages_us;
	uint64_t bytes_us;
};
void rate_owe(const struct quota *quota, uint64_t messages, uint64_t bytes, struct owed *owed);
/* rate_wait, beside what they will take: it fits when that will fit still. An empty bucket is then for the first of them, should it need more than that holds. */
uint64_t rate_wait_behind(
    struct rate *r, const struct quota *quota, uint64_t now_us, const struct owed *ahead, uint64_t messages, uint64_t bytes);
/* Takes it, whether it fits or not. */
void rate_add(struct rate *r, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t bytes);
/* As if it had not been taken. */
void rate_give_back(struct rate *r, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t bytes);
/* Takes it if it fits. False when it does not: nothing is taken, and *ret_retry_us says when there is room. */
bool rate_take(struct rate *r, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t bytes, uint64_t *ret_retry_us);
/* What stands in the buckets now. */
void rate_used(const struct rate *r, uint64_t now_us, uint64_t *ret_messages, uint64_t *ret_bytes);

/* What waits in a mailbox, of one consignor or of all. */
struct use {
	uint64_t consignments;
	uint64_t bytes;
};

enum room { ROOM, ROOM_NONE, ROOM_SHARE_USED };
/*
 * Whether one more consignment has room: in the mailbox, and in its consignor's share of it. A share is as large as what nobody uses:
 * alone, a consignor gets half of a mailbox; two get a third each; there is always room for a newcomer.
 */
enum room quota_room(const struct quota *quota, const struct use *all, const struct use *consignor, uint64_t bytes);

#endif
