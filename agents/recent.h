/*
 * The consignments committed last, as they were judged: a watch with content that keeps up is given what reception has just
 * unsealed, instead of reading, decoding and unsealing it a second time. Only a copy: the inbox has all of it, and is read where
 * this has nothing.
 *
 * Invariant   a dense run of the inbox's rows, seq by seq, that ends with the newest one that the loop has been told of.
 *             Kept only while somebody watches with content; what is over RECENT_MAX or RECENT_MAX_BYTES goes, the oldest first.
 * Threads     the loop
 * Security    plaintext: wiped when it goes
 */
#ifndef AGENTS_RECENT_H
#define AGENTS_RECENT_H

#include "catalogue/payload.h"
#include "inbox_private.h"

/* Consignments. */
#define RECENT_MAX 256u
/* Of contents and what is known of them: what four windows of the broker bring. A tool that is a moment behind one reads all from then on, at half the speed. */
#define RECENT_MAX_BYTES (4u * CONSIGN_WINDOW_BYTES)

struct recent;
CONSIGN_MUST_CHECK enum consign_err recent_new(struct recent **ret_recent);
void recent_free(struct recent **recent);
/* Somebody begins to watch with content, and ends: with the last one everything goes. */
void recent_watch(struct recent *r);
void recent_unwatch(struct recent *r);
/* Whether mail is to be kept when it is judged. r may be NULL. */
bool recent_is_wanted(const struct recent *r);
/* What was decided is gone with a failed commit, or nobody needs it any more. r may be NULL. */
void recent_clear(struct recent *r);

/* One consignment on its way here: made when it is judged, put when it is durable. */
struct recent_mail;
/* room: at least the bytes of what will be added, such as those of the sealed body. Every item is rejected until it is added. */
CONSIGN_MUST_CHECK enum consign_err recent_mail_new(const struct manifest *m, size_t room, struct recent_mail **ret_mail);
void recent_mail_free(struct recent_mail **mail);
/* An item, by its place in the manifest, is accepted. Errors: NO_MEMORY (it has no room) */
CONSIGN_MUST_CHECK enum consign_err recent_mail_add(struct recent_mail *mail, size_t idx, const struct payload *payload);

/* The row that it became. */
struct recent_row {
	uint64_t seq;
	uint64_t position;
	uint64_t received_us;
	uint64_t accepted_us;
};
/* Takes the mail of a row that is durable; *mail NULL: nothing was kept of it, and the run ends there. */
void recent_put(struct recent *r, struct recent_mail **mail, const struct recent_row *row);

/*
 * inbox_page for a query with content and acked_to. Contents and consignees are lent until the next put or clear.
 * Errors: NOT_FOUND (the inbox has to be read: the cursor is not in the run, or something may be acknowledged behind it),
 * NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err
recent_page(const struct recent *r, const struct inbox_query *q, struct arena *arena, struct inbox_page *ret_page);
/* Whether the message at this place is here and has this id. */
bool recent_has(const struct recent *r, const struct inbox_cursor *place, const struct consign_message_id *id);

#endif
