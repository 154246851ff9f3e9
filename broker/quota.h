/*
 * What each organisation may use of the broker: so much a second of what it sends, and so much waiting in a mailbox. Whoever is over a quota
 * is told TRY_LATER; nothing is lost, its own lanes wait, nobody else's.
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

/* Of one organisation. */
struct quota {
	uint64_t messages_per_second;
	uint64_t bytes_per_second; /* of manifests and bodies, as they travel */
	uint64_t mailbox_consignments;
	uint64_t mailbox_bytes;
};

/* From config.yaml; what is not there is as in core/limits.h. ret_problem: 256 bytes. Errors: CONFIG */
CONSIGN_MUST_CHECK enum consign_err quota_read(const struct config *config, struct quota *ret_quota, char ret_problem[256]);

/* When what was taken will have been worked off (steady us): a leaky bucket that holds one second. Zero-initialised. */
struct rate {
	uint64_t messages_us;
	uint64_t bytes_us;
};

/*
 * Takes so much of this second. False when it is over the quota: nothing is taken, and *ret_retry_us says when there is room.
 * What alone is more than a second's worth passes when nothing was taken before it, and the debt is worked off.
 */
bool rate_take(struct rate *r, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t bytes, uint64_t *ret_retry_us);

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
