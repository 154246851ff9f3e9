/* See charge.h. */
#include "charge.h"

#include <stdio.h>

#include "core/limits.h"
#include "policy/units.h"

static const struct policy_quota *
policy_quota_of(const struct broker *b, const char *org, const char *study)
{
	const struct hub_policy *policy = hub_policy(b->hub);

	return policy == NULL ? NULL : policy_quota(policy->policy, org, study);
}

struct quota
charge_quota_of(const struct broker *b, const char *org)
{
	return quota_of(&b->quota, policy_quota_of(b, org, ""));
}

/* ── words ── */

#define LIMITS_BYTES (2 * UNITS_TEXT_BYTES + 16)

/* "100/h messages or 64MiB/h" */
static void
describe(const struct quota *quota, char ret_text[LIMITS_BYTES])
{
	char messages[UNITS_TEXT_BYTES] = "", bytes[UNITS_TEXT_BYTES] = "";
	bool has_messages = quota->messages.amount != 0, has_bytes = quota->bytes.amount != 0;

	if (has_messages)
		units_rate_format(quota->messages.amount, quota->messages.us, false, messages);
	if (has_bytes)
		units_rate_format(quota->bytes.amount, quota->bytes.us, true, bytes);
	snprintf(ret_text, LIMITS_BYTES, "%s%s%s%s", messages, has_messages ? " messages" : "", has_messages && has_bytes ? " or " : "", bytes);
}

static void
set_pause(struct charge_problem *p, uint64_t retry_us)
{
	p->retry_us = retry_us < CONSIGN_QUOTA_PAUSE_MAX_US ? retry_us : CONSIGN_QUOTA_PAUSE_MAX_US;
}

/* ── charges ── */

bool
charge_consignor(
    struct broker *b, const char *org, uint64_t messages, uint64_t bytes, bool has_expired, struct charge_problem *ret_problem)
{
	struct mailbox *own = mailbox_of(b->mailboxes, org);
	struct quota quota = charge_quota_of(b, org), asked = quota_of_asking(&b->quota, &quota);
	uint64_t retry_us = 1000000, now_us = clock_steady_us(b->clock);
	char limits[LIMITS_BYTES];
	bool has_room = own != NULL && (has_expired || (retry_us = rate_wait(&own->sent, &quota, now_us, messages, bytes)) == 0);

	if (has_room && rate_take(&own->asked, &asked, now_us, messages, bytes, &retry_us)) {
		if (!has_expired)
			rate_add(&own->sent, &quota, now_us, messages, bytes);
		return true;
	}
	describe(has_room ? &asked : &quota, limits);
	snprintf(ret_problem->detail, sizeof ret_problem->detail, "more than the quota of %s: %s", org, limits);
	set_pause(ret_problem, retry_us);
	return false;
}

void
charge_give_back(struct broker *b, const char *org, uint64_t messages, uint64_t bytes)
{
	struct mailbox *own = mailbox_of(b->mailboxes, org);
	struct quota quota = charge_quota_of(b, org);

	if (own != NULL)
		rate_give_back(&own->sent, &quota, clock_steady_us(b->clock), messages, bytes);
}

/* One thing that a submission is charged to; the first two are of its study. */
struct share {
	struct bucket_name name;
	struct quota quota;
	uint64_t messages, bytes;
};

/* The next one of a submission, in a fixed order: the study, the consignor in it, then each rule. False: there is no more. */
static bool
next_share(const struct broker *b, const struct manifest *m, uint64_t bytes, unsigned *at, const struct rated **rated, struct share *ret_share)
{
	while (*at < 2) {
		const char *org = (*at)++ == 0 ? "" : m->consignor.s;
		const struct policy_quota *own = policy_quota_of(b, org, m->study.s);

		if (own == NULL)
			continue;
		*ret_share = (struct share){.name = {BUCKET_STUDY, m->study.s, org, ""}, .messages = m->items.n, .bytes = bytes};
		ret_share->quota = quota_of(&ret_share->quota, own);
		return true;
	}
	const struct rated *r = *rated;

	if (r == NULL)
		return false;
	*ret_share = (struct share){.name = {BUCKET_RULE, r->rule, m->consignor.s, r->consignee},
	    .quota.messages = {r->rate->messages, r->rate->us}, .messages = r->messages};
	*rated = r->next;
	return true;
}

static void
say_full(const struct share *s, struct charge_problem *ret_problem)
{
	char limits[LIMITS_BYTES];
	const char *from = s->name.from;

	describe(&s->quota, limits);
	if (s->name.kind == BUCKET_RULE)
		snprintf(ret_problem->detail, sizeof ret_problem->detail, "more than rule %s permits from %s to %s: %s", s->name.of, from, s->name.to, limits);
	else
		snprintf(ret_problem->detail, sizeof ret_problem->detail, "more than the quota of %s%s%s: %s", from, from[0] == '\0' ? "study " : " in ",
		    s->name.of, limits);
}

bool
charge_shares(struct broker *b, const struct manifest *m, uint64_t bytes, const struct rated *rated, struct charge_problem *ret_problem)
{
	uint64_t now_us = clock_steady_us(b->clock), longest_us = 0;
	const struct rated *rule = rated;
	struct share share;

	for (unsigned at = 0; next_share(b, m, bytes, &at, &rule, &share);) {
		uint64_t wait_us;
		enum consign_err err = buckets_weigh(b->buckets, &share.name, &share.quota, now_us, share.messages, share.bytes, &wait_us);

		if (err != CONSIGN_OK) {
			buckets_forget(b->buckets);
			snprintf(ret_problem->detail, sizeof ret_problem->detail, "%s",
			    err == CONSIGN_E_FULL ? "more quotas are in use at once than the broker counts" : consign_err_text(err));
			set_pause(ret_problem, 1000000);
			return false;
		}
		if (wait_us > longest_us) {
			longest_us = wait_us;
			say_full(&share, ret_problem);
		}
	}
	if (longest_us == 0) {
		buckets_take(b->buckets, now_us);
		return true;
	}
	buckets_forget(b->buckets);
	set_pause(ret_problem, longest_us);
	return false;
}
