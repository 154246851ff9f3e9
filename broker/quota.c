/* Quotas; see quota.h. */
#include "quota.h"

#include <stdio.h>

#include "core/limits.h"

#define SECOND_US 1000000u
/* 2^40 a second, or waiting, is none that anybody reaches; times 10^6 it stays below 2^63. */
#define QUOTA_MAX (UINT64_C(1) << 40)

enum consign_err
quota_read(const struct config *config, struct quota *ret_quota, char ret_problem[256])
{
	struct quota q;
	const struct {
		const char *key;
		uint64_t fallback;
		uint64_t *value;
	} keys[] = {
	    {"quota_messages_per_second", CONSIGN_QUOTA_MESSAGES_PER_SECOND, &q.messages_per_second},
	    {"quota_bytes_per_second", CONSIGN_QUOTA_BYTES_PER_SECOND, &q.bytes_per_second},
	    {"quota_mailbox_consignments", CONSIGN_MAILBOX_MAX_CONSIGNMENTS, &q.mailbox_consignments},
	    {"quota_mailbox_bytes", CONSIGN_MAILBOX_MAX_BYTES, &q.mailbox_bytes},
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (config_u64(config, keys[i].key, 1, QUOTA_MAX, keys[i].fallback, keys[i].value) != CONSIGN_OK) {
			snprintf(ret_problem, 256, "config.yaml: %s must be a whole number from 1 to %llu", keys[i].key, (unsigned long long)QUOTA_MAX);
			return CONSIGN_E_CONFIG;
		}
	*ret_quota = q;
	return CONSIGN_OK;
}

/* The virtual scheduling of GCRA (ITU-T I.371): `at` is when the bucket will be empty. The time to wait; 0 when it fits now. */
static uint64_t
wait_for(uint64_t at, uint64_t now_us, uint64_t cost_us)
{
	if (at <= now_us)
		return 0;
	uint64_t full = at - now_us + cost_us;

	return full > SECOND_US ? full - SECOND_US : 0;
}

/* Rounded up: nothing is free. */
static uint64_t
cost_of(uint64_t amount, uint64_t per_second)
{
	return (amount * SECOND_US + per_second - 1) / per_second;
}

bool
rate_take(struct rate *r, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t bytes, uint64_t *ret_retry_us)
{
	uint64_t messages_cost = cost_of(messages, quota->messages_per_second), bytes_cost = cost_of(bytes, quota->bytes_per_second);
	uint64_t messages_wait = wait_for(r->messages_us, now_us, messages_cost), bytes_wait = wait_for(r->bytes_us, now_us, bytes_cost);

	if (messages_wait > 0 || bytes_wait > 0) {
		*ret_retry_us = messages_wait > bytes_wait ? messages_wait : bytes_wait;
		return false;
	}
	r->messages_us = (r->messages_us > now_us ? r->messages_us : now_us) + messages_cost;
	r->bytes_us = (r->bytes_us > now_us ? r->bytes_us : now_us) + bytes_cost;
	return true;
}

static bool
fits(uint64_t used, uint64_t more, uint64_t room)
{
	return used <= room && more <= room - used;
}

enum room
quota_room(const struct quota *quota, const struct use *all, const struct use *consignor, uint64_t bytes)
{
	/* What is larger than a mailbox may stand in it alone: it would never arrive otherwise. */
	bool is_empty = all->consignments == 0;

	if (!fits(all->consignments, 1, quota->mailbox_consignments) || (!is_empty && !fits(all->bytes, bytes, quota->mailbox_bytes)))
		return ROOM_NONE;
	if (consignor->consignments == 0)
		return ROOM; /* the first of a consignor needs room only */
	if (!fits(consignor->consignments, 1, quota->mailbox_consignments - all->consignments)
	    || !fits(consignor->bytes, bytes, quota->mailbox_bytes - all->bytes))
		return ROOM_SHARE_USED;
	return ROOM;
}
