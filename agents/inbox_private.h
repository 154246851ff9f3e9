/*
 * What inbox.c, inbox_find.c (reading, on the loop) and subscription.c (places, on the commit thread) share: how a row is looked at.
 *
 * A place is (seq, idx): idx counts the items of the manifest in its order, from 0. It is not the index in a message id:
 * a later attempt leaves items out.
 */
#ifndef AGENTS_INBOX_PRIVATE_H
#define AGENTS_INBOX_PRIVATE_H

#include "core/limits.h"
#include "inbox.h"
#include "store/store.h"

struct inbox {
	struct agent *agent;
	void (*news)(void *context);
	void *news_context;
};

/* Places of one consignment that a subscription has acknowledged. */
struct inbox_acks {
	bool is_acked[CONSIGN_BUNDLE_MAX_ITEMS];
};

/* Whether the cursor lies at or behind the place. */
bool inbox_is_behind(const struct inbox_cursor *cursor, uint64_t seq, uint32_t idx);
/* The arena's budget that one manifest needs at most. */
size_t inbox_manifest_budget(void);
/* manifest: the column, a signed manifest as received. Errors: NO_MEMORY, CORRUPT */
CONSIGN_MUST_CHECK enum consign_err
inbox_manifest(struct consign_slice column, struct arena *arena, struct manifest **ret_manifest);
/* The outcomes column. Errors: CORRUPT */
CONSIGN_MUST_CHECK enum consign_err inbox_outcomes(struct consign_slice column, size_t *ret_items);
bool inbox_is_accepted(struct consign_slice outcomes, size_t idx);
/* A filter and an item of this type, in this study. type "" or "*": every one; study "": every one. */
bool inbox_filter_takes(const char *type, const char *study, const char *item_type, const char *item_study);
bool inbox_matches(const char *type, const char *study, const struct manifest *m, size_t idx);

/* A place behind all mail that is there. Errors: those of the store */
CONSIGN_MUST_CHECK enum consign_err inbox_end(struct db *db, struct inbox_cursor *ret_end);

/* Not committed before the first acknowledgement, "default" is there all the same. NOT_FOUND */
CONSIGN_MUST_CHECK enum consign_err subscription_read(struct db *db, const char *name, struct subscription *ret_subscription);
CONSIGN_MUST_CHECK enum consign_err subscription_acks(struct db *db, const char *name, uint64_t seq, struct inbox_acks *ret_acks);

/*
 * What inbox_list gives, with the place of each message. messages and places live in the arena, and may be NULL when n is 0. With acked_to
 * contents and consignees may be lent by what is kept in memory: until the next turn of the loop.
 */
struct inbox_page {
	struct local_message **messages;
	struct inbox_cursor *places;
	size_t n;
	struct inbox_cursor cursor;
	bool has_more;
};
CONSIGN_MUST_CHECK enum consign_err
inbox_page(struct inbox *in, const struct inbox_query *q, struct arena *arena, struct inbox_page *ret_page);

/* A list of places that grows. Zero-initialise; free(v). */
struct inbox_places {
	struct inbox_cursor *v;
	size_t n;
	size_t cap;
};
/*
 * Appends the places of received messages, without unsealing them. An unknown id has none. An id is its consignor's
 * invention: when two consignors used one, it has two, in the order of arrival.
 * unacked_by  NULL, or a subscription: then each id has one place at most, the first that the subscription has not acknowledged. So what
 *             was read is acknowledged, and not what came later under the same id; an id that stands n times has n places.
 */
CONSIGN_MUST_CHECK enum consign_err inbox_find_places(
    struct inbox *in, const char *unacked_by, const struct consign_message_id *ids, size_t n, struct inbox_places *places);

#endif
