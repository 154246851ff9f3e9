/*
 * The inbox: consignments received, verified and committed; and the subscriptions of local tools over it.
 *
 * Reading is by cursor (seq, idx): seq numbers consignments in the order of arrival, idx items within. Rejected items are
 * kept as proof and never shown.
 *
 * Threads   the loop (reads on the loop's connection)
 * Source    docs/PROTOCOL.md 8.3
 */
#ifndef AGENTS_INBOX_H
#define AGENTS_INBOX_H

#include "agent.h"
#include "wire/local_wire.h"

struct inbox_cursor {
	uint64_t seq;
	uint32_t idx; /* of the last item seen or handled in seq; with seq 0: nothing yet */
};

/* outcomes column of an inbox row: per item of the manifest, in order: outcome (1 byte), content bytes (4, big-endian) */
#define INBOX_OUTCOME_BYTES 5u
/* ... an outcome beside those of a delivery receipt: was accepted, until its consignor turned out to be compromised before (withdraw.h) */
#define INBOX_WITHDRAWN 3u

struct inbox;
CONSIGN_MUST_CHECK enum consign_err inbox_new(struct agent *a, struct inbox **ret_inbox);
void inbox_free(struct inbox **inbox);

/*
 * Lists items after a cursor that match type glob and study ("" all), oldest first, at most max; with_content unseals.
 * acked_by: a subscription whose acknowledgements fill local_message.acked ("" leaves 0); only_unacked skips acked ones.
 * ret_cursor: the place of the last item looked at. Everything lives in arena.
 * Errors: those of the store, NO_MEMORY, CORRUPT
 */
struct inbox_query {
	struct inbox_cursor after;
	const char *type;
	const char *study;
	const char *acked_by;
	bool only_unacked;
	bool with_content;
	const struct inbox_cursor *acked_to; /* NULL, or: acked_by has acknowledged nothing behind it, so that what is kept in memory may be given */
	size_t max;
	size_t max_bytes; /* of content */
};
CONSIGN_MUST_CHECK enum consign_err inbox_list(struct inbox *in, const struct inbox_query *q, struct arena *arena,
    struct local_message ***ret_messages, size_t *ret_n, struct inbox_cursor *ret_cursor, bool *ret_more);
/* One message by id, with content. NOT_FOUND */
CONSIGN_MUST_CHECK enum consign_err inbox_find(struct inbox *in, const struct consign_message_id *id, struct arena *arena,
    struct local_message **ret_message, struct inbox_cursor *ret_cursor);

/* Subscriptions. "default" exists from the start, with type * and every study. */
struct subscription {
	char name[CONSIGN_STUDY_MAX_BYTES + 1];
	char type[CONSIGN_TYPE_MAX_BYTES + 1];
	char study[CONSIGN_STUDY_MAX_BYTES + 1];
	struct inbox_cursor cursor;
};
CONSIGN_MUST_CHECK enum consign_err subscription_find(struct inbox *in, const char *name, struct subscription *ret_subscription);
/*
 * Durable creation: told runs after the commit. from_now: starts behind what is there.
 * A subscription that exists is left as it is.
 */
typedef void inbox_told(void *context, uint64_t request, enum consign_err err, uint32_t count);
void subscription_create(struct inbox *in, const struct subscription *s, bool from_now, inbox_told *told, void *context, uint64_t request);
/* Durable acknowledgement of messages; count is how many were new. Unknown ids are not counted. */
void subscription_ack(struct inbox *in, const char *name, const struct inbox_cursor *places, size_t n, inbox_told *told, void *context, uint64_t request);

/* Called after new mail is durable. */
void inbox_on_news(struct inbox *in, void (*news)(void *context), void *context);
void inbox_news(struct inbox *in);

struct inbox_facts {
	uint64_t consignments;
	uint64_t position; /* of the mailbox, durable */
};
CONSIGN_MUST_CHECK enum consign_err inbox_facts(struct inbox *in, struct inbox_facts *ret_facts);

#endif
