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
say_full(const struct share *s, bool is_behind, struct charge_problem *ret_problem)
{
	char limits[LIMITS_BYTES];
	const char *from = s->name.from, *behind = is_behind ? ", and others wait before it" : "";

	describe(&s->quota, limits);
	if (s->name.kind == BUCKET_RULE)
		snprintf(ret_problem->detail, sizeof ret_problem->detail, "more than rule %s permits from %s to %s: %s%s", s->name.of, from, s->name.to, limits, behind);
	else
		snprintf(ret_problem->detail, sizeof ret_problem->detail, "more than the quota of %s%s%s: %s%s", from, from[0] == '\0' ? "study " : " in ",
		    s->name.of, limits, behind);
}

static void
say_not_counted(const struct share *s, enum consign_err err, struct charge_problem *ret_problem)
{
	if (err == CONSIGN_E_FULL)
		snprintf(ret_problem->detail, sizeof ret_problem->detail, "more limits of %s are in use at once than its share of those that the broker counts",
		    s->name.from[0] == '\0' ? s->name.of : s->name.from);
	else
		snprintf(ret_problem->detail, sizeof ret_problem->detail, "%s", consign_err_text(err));
	set_pause(ret_problem, 1000000);
}

/* An agent that is alive comes again in the time that it was told, or a little later: until then what it waits for is held for it. */
#define TURN_GRACE_US 10000000u

bool
charge_shares(struct broker *b, const struct manifest *m, uint64_t bytes, const struct rated *rated, struct charge_problem *ret_problem)
{
	uint64_t now_us = clock_steady_us(b->clock), longest_us = 0;
	const struct rated *rule = rated;
	struct bucket_name line = {.from = ""};
	struct share share;

	buckets_ask(b->buckets, &(struct asker){m->consignor.s, &m->consignment_id});
	for (unsigned at = 0; next_share(b, m, bytes, &at, &rule, &share);) {
		struct bucket_wait wait;
		enum consign_err err = buckets_weigh(b->buckets, &share.name, &share.quota, now_us, share.messages, share.bytes, &wait);

		if (err != CONSIGN_OK) {
			buckets_forget(b->buckets);
			say_not_counted(&share, err, ret_problem);
			return false;
		}
		if (wait.us == 0)
			continue;
		/* First in line for what is its own; only when that has room, for what others wait for as well: they are not to wait for its own. */
		if (line.from[0] == '\0')
			line = share.name;
		if (wait.us > longest_us) {
			longest_us = wait.us;
			say_full(&share, wait.is_behind, ret_problem);
		}
	}
	if (longest_us == 0) {
		buckets_take(b->buckets, now_us);
		return true;
	}
	set_pause(ret_problem, longest_us);
	buckets_wait(b->buckets, &line, now_us, now_us + ret_problem->retry_us + TURN_GRACE_US);
	return false;
}

void
charge_release(struct broker *b, const char *org, const struct consign_id *id)
{
	buckets_release(b->buckets, &(struct asker){org, id}, clock_steady_us(b->clock));
}
