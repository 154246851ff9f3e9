/* What may be sent and may wait, and what was and does: for an administrator, a page an answer. */
#include "broker.h"

#include <string.h>

#include "charge.h"
#include "core/limits.h"

struct rows {
	const struct broker *broker;
	const struct session_quotas_query *query;
	struct arena *arena;
	struct quota_row **v;
	size_t n;
	bool is_full; /* of memory */
};

static struct quota_row *
add_row(struct rows *rows, const char *org, const char *study, const struct quota *quota, bool is_own)
{
	struct quota_row *row = arena_alloc(rows->arena, sizeof *row);
	struct policy_quota *q = arena_alloc(rows->arena, sizeof *q);

	if (row == NULL || q == NULL) {
		rows->is_full = true;
		return NULL;
	}
	memcpy(q->org.s, org, strnlen(org, CONSIGN_ORG_MAX_BYTES));
	memcpy(q->study.s, study, strnlen(study, CONSIGN_STUDY_MAX_BYTES));
	q->messages = quota->messages.amount;
	q->messages_us = quota->messages.us;
	q->bytes = quota->bytes.amount;
	q->bytes_us = quota->bytes.us;
	q->mailbox_consignments = quota->mailbox_consignments;
	q->mailbox_bytes = quota->mailbox_bytes;
	row->quota = q;
	row->is_own = is_own;
	rows->v[rows->n++] = row;
	return row;
}

static bool
is_wanted(const struct session_quotas_query *q, const char *org, const char *study)
{
	return (q->org[0] == '\0' || strcmp(q->org, org) == 0) && (q->study[0] == '\0' || strcmp(q->study, study) == 0);
}

/* Of a study, or of an organisation in one. */
static void
add_of_study(struct rows *rows, const struct policy_quota *own)
{
	struct quota quota = quota_of(&(struct quota){0}, own);
	struct quota_row *row = add_row(rows, own->org.s, own->study.s, &quota, true);

	if (row != NULL)
		(void)buckets_used(rows->broker->buckets, &(struct bucket_name){BUCKET_STUDY, own->study.s, own->org.s, ""},
		    clock_steady_us(rows->broker->clock), &row->used_messages, &row->used_bytes);
}

static void
add_of_org(struct rows *rows, const char *org, const struct policy_quota *own)
{
	struct quota quota = charge_quota_of(rows->broker, org);
	struct mailbox *box = mailbox_of(rows->broker->mailboxes, org);
	struct quota_row *row = box == NULL ? NULL : add_row(rows, org, "", &quota, own != NULL);

	if (box == NULL)
		rows->is_full = true;
	if (row == NULL)
		return;
	rate_used(&box->sent, clock_steady_us(rows->broker->clock), &row->used_messages, &row->used_bytes);
	row->waiting_consignments = box->waiting.consignments;
	row->waiting_bytes = box->waiting.bytes;
}

void
on_quotas_query(struct broker *b, struct request *r)
{
	const struct session_quotas_query *q = r->command->quotas_query;
	const struct policy *policy = hub_policy(b->hub) == NULL ? NULL : hub_policy(b->hub)->policy;
	const struct hub_directory *directory = hub_directory(b->hub);
	size_t quotas_n = policy == NULL ? 0 : policy_quotas_n(policy), members_n = directory == NULL ? 0 : directory->n_members, at = q->from;
	struct rows rows = {.broker = b, .query = q};

	/* The query's own arena is as small as the query. */
	if (arena_new(CONSIGN_QUOTA_ROWS_MAX * (sizeof(struct quota_row *) + sizeof(struct quota_row) + sizeof(struct policy_quota) + 64), &rows.arena)
	    != CONSIGN_OK) {
		say_done(b, r->session, q->request, CONSIGN_CODE_TRY_LATER, "out of memory");
		return;
	}
	rows.v = arena_alloc(rows.arena, CONSIGN_QUOTA_ROWS_MAX * sizeof(struct quota_row *));
	rows.is_full = rows.v == NULL;
	for (; !rows.is_full && rows.n < CONSIGN_QUOTA_ROWS_MAX && at < quotas_n + members_n; at++) {
		const struct policy_quota *own = at < quotas_n ? policy_quota_at(policy, at) : NULL;
		const struct member *member = at < quotas_n ? NULL : directory->members[at - quotas_n];

		/* An organisation's own stands with the organisations. */
		if (own != NULL && own->study.s[0] != '\0' && is_wanted(q, own->org.s, own->study.s))
			add_of_study(&rows, own);
		if (member != NULL && is_wanted(q, member->org.s, ""))
			add_of_org(&rows, member->org.s, policy == NULL ? NULL : policy_quota(policy, member->org.s, ""));
	}
	struct session_quotas_reply reply = {
	    .request = q->request, .rows = {rows.v, rows.n}, .next = at < quotas_n + members_n ? (uint32_t)at : 0};

	if (rows.is_full)
		say_done(b, r->session, q->request, CONSIGN_CODE_TRY_LATER, "out of memory");
	else
		say(b, r->session, &(struct session_command){.quotas_reply = &reply});
	arena_free(&rows.arena);
}
