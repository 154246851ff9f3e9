/* Quotas; see quota.h. */
#include "quota.h"

#include <stdio.h>

#include "core/limits.h"

#define SECOND_US 1000000u

enum consign_err
quota_read(const struct config *config, struct quota *ret_quota, char ret_problem[256])
{
	struct quota q = {.messages.us = SECOND_US, .bytes.us = SECOND_US};
	const struct {
		const char *key;
		uint64_t fallback;
		uint64_t *value;
	} keys[] = {
	    {"quota_messages_per_second", CONSIGN_QUOTA_MESSAGES_PER_SECOND, &q.messages.amount},
	    {"quota_bytes_per_second", CONSIGN_QUOTA_BYTES_PER_SECOND, &q.bytes.amount},
	    {"quota_mailbox_consignments", CONSIGN_MAILBOX_MAX_CONSIGNMENTS, &q.mailbox_consignments},
	    {"quota_mailbox_bytes", CONSIGN_MAILBOX_MAX_BYTES, &q.mailbox_bytes},
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (config_u64(config, keys[i].key, 1, CONSIGN_QUOTA_MAX, keys[i].fallback, keys[i].value) != CONSIGN_OK) {
			snprintf(ret_problem, 256, "config.yaml: %s must be a whole number from 1 to %llu", keys[i].key, (unsigned long long)CONSIGN_QUOTA_MAX);
			return CONSIGN_E_CONFIG;
		}
	*ret_quota = q;
	return CONSIGN_OK;
}

struct quota
quota_of(const struct quota *fallback, const struct policy_quota *own)
{
	struct quota q = *fallback;

	if (own == NULL)
		return q;
	if (own->messages != 0)
		q.messages = (struct quota_rate){own->messages, own->messages_us};
	if (own->bytes != 0)
		q.bytes = (struct quota_rate){own->bytes, own->bytes_us};
	if (own->mailbox_consignments != 0)
		q.mailbox_consignments = own->mailbox_consignments;
	if (own->mailbox_bytes != 0)
		q.mailbox_bytes = own->mailbox_bytes;
	return q;
}

static struct quota_rate
faster(const struct quota_rate *a, const struct quota_rate *b)
{
	return (double)a->amount * (double)b->us >= (double)b->amount * (double)a->us ? *a : *b;
}

struct quota
quota_of_asking(const struct quota *a, const struct quota *b)
{
	return (struct quota){.messages = faster(&a->messages, &b->messages), .bytes = faster(&a->bytes, &b->bytes)};
}

/* ── rates: the virtual scheduling of GCRA (ITU-T I.371) ── */

/*
 * What is owed stays as much when the rate at which it is worked off changes. No more than a full bucket: who has used what it was
 * given does not pay for weeks that less is given now, and a gigabyte at a byte a day is more time than there is.
 */
static void
rescale(struct level *l, const struct quota_rate *limit, uint64_t now_us)
{
	if (l->limit.amount == limit->amount && l->limit.us == limit->us)
		return;
	if (limit->amount == 0)
		l->at_us = 0;
	else if (l->at_us > now_us && l->limit.amount != 0) {
		double owed_us =
		    (double)(l->at_us - now_us) * (double)l->limit.amount / (double)l->limit.us * (double)limit->us / (double)limit->amount;

		l->at_us = now_us + (owed_us < (double)limit->us ? (uint64_t)owed_us : limit->us);
	}
	l->limit = *limit;
}

/* Rounded up: nothing is free. What is submitted is below 2^22 bytes and a day below 2^37 us. */
_Static_assert(CONSIGN_BODY_MAX_BYTES + CONSIGN_SIGNED_MANIFEST_MAX_BYTES < 1u << 22 && CONSIGN_QUOTA_PERIOD_MAX_US < 1ull << 37, "costs overflow");
static uint64_t
cost_of(uint64_t amount, const struct quota_rate *limit)
{
	return limit->amount == 0 ? 0 : (amount * limit->us + limit->amount - 1) / limit->amount;
}

/* Of many who wait: more than a bucket holds is all the same, and what is added to it stays below 2^63. */
#define OWED_MAX_US (1ull << 60)

static uint64_t
add_owed(uint64_t owed_us, uint64_t cost_us)
{
	return cost_us < OWED_MAX_US - owed_us ? owed_us + cost_us : OWED_MAX_US;
}

static uint64_t
level_wait(struct level *l, const struct quota_rate *limit, uint64_t now_us, uint64_t ahead_us, uint64_t amount)
{
	rescale(l, limit, now_us);
	uint64_t owed_us = l->at_us > now_us ? l->at_us - now_us : 0;

	if (limit->amount == 0 || (owed_us == 0 && ahead_us == 0))
		return 0;
	uint64_t full = owed_us + ahead_us + cost_of(amount, limit);

	return full > limit->us ? full - limit->us : 0;
}

static void
level_add(struct level *l, const struct quota_rate *limit, uint64_t now_us, uint64_t amount)
{
	rescale(l, limit, now_us);
	l->at_us = (l->at_us > now_us ? l->at_us : now_us) + cost_of(amount, limit);
}

static void
level_give_back(struct level *l, const struct quota_rate *limit, uint64_t now_us, uint64_t amount)
{
	rescale(l, limit, now_us);
	uint64_t cost = cost_of(amount, limit);

	l->at_us -= cost < l->at_us ? cost : l->at_us;
}

uint64_t
rate_wait(struct rate *r, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t bytes)
{
	return rate_wait_behind(r, quota, now_us, &(struct owed){0}, messages, bytes);
}

void
rate_owe(const struct quota *quota, uint64_t messages, uint64_t bytes, struct owed *owed)
{
	owed->messages_us = add_owed(owed->messages_us, cost_of(messages, &quota->messages));
	owed->bytes_us = add_owed(owed->bytes_us, cost_of(bytes, &quota->bytes));
}

uint64_t
rate_wait_behind(struct rate *r, const struct quota *quota, uint64_t now_us, const struct owed *ahead, uint64_t messages, uint64_t bytes)
{
	uint64_t messages_wait = level_wait(&r->messages, &quota->messages, now_us, ahead->messages_us, messages);
	uint64_t bytes_wait = level_wait(&r->bytes, &quota->bytes, now_us, ahead->bytes_us, bytes);

	return messages_wait > bytes_wait ? messages_wait : bytes_wait;
}

void
rate_add(struct rate *r, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t bytes)
{
	level_add(&r->messages, &quota->messages, now_us, messages);
	level_add(&r->bytes, &quota->bytes, now_us, bytes);
}

void
rate_give_back(struct rate *r, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t bytes)
{
	level_give_back(&r->messages, &quota->messages, now_us, messages);
	level_give_back(&r->bytes, &quota->bytes, now_us, bytes);
}

bool
rate_take(struct rate *r, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t bytes, uint64_t *ret_retry_us)
{
	uint64_t wait_us = rate_wait(r, quota, now_us, messages, bytes);

	if (wait_us > 0) {
		*ret_retry_us = wait_us;
		return false;
	}
	rate_add(r, quota, now_us, messages, bytes);
	return true;
}

static uint64_t
level_used(const struct level *l, uint64_t now_us)
{
	if (l->limit.us == 0 || l->at_us <= now_us)
		return 0;
	return (uint64_t)((double)(l->at_us - now_us) * (double)l->limit.amount / (double)l->limit.us + 0.5);
}

void
rate_used(const struct rate *r, uint64_t now_us, uint64_t *ret_messages, uint64_t *ret_bytes)
{
	*ret_messages = level_used(&r->messages, now_us);
	*ret_bytes = level_used(&r->bytes, now_us);
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
