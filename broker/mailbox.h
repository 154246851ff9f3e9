/*
 * Mailboxes in memory: for each org the last position, the chain's head, how much waits and of whom. The mail itself is in the store.
 * Threads   the loop
 */
#ifndef BROKER_MAILBOX_H
#define BROKER_MAILBOX_H

#include "quota.h"
#include "recent.h"
#include "store/store.h"

/* What one consignor has waiting in a mailbox. */
struct mailbox_share {
	struct consign_org consignor;
	struct use waiting;
	struct mailbox_share *next;
};

/* Refusals of what an org sent, in one second. */
struct refusals {
	uint64_t second; /* steady seconds */
	uint32_t placed; /* in the ledger, one by one */
	uint64_t others; /* beyond the limit: one leaf will count them */
};

/* An org's account with the broker: what waits for it, and what it sends. */
struct mailbox {
	struct consign_org org;
	uint64_t position; /* last given */
	uint64_t durable;  /* last that is in the store */
	struct consign_hash head;
	struct use waiting; /* accepted, not settled */
	struct mailbox_share *shares;
	struct rate sent;  /* by this org, to others: what was decided */
	struct rate asked; /* and what was postponed, as often as it came */
	struct refusals refusals;
	struct recent_place *recent; /* NULL: none are kept */
	struct mailbox *next;
};

struct mailboxes;
CONSIGN_MUST_CHECK enum consign_err mailboxes_load(struct db *db, const struct consign_hash *hub_id, struct mailboxes **ret_mailboxes);
void mailboxes_free(struct mailboxes **mailboxes);
/* The mailbox of an org, empty when it never had mail. NULL when out of memory. */
struct mailbox *mailbox_of(struct mailboxes *all, const char *org);
/* What a consignor has waiting in it; NULL when out of memory. */
struct mailbox_share *mailbox_share(struct mailbox *m, const char *consignor);
/* The next position, for so many bytes of this consignor: fills in what the store and the receipt need, and moves the mailbox on. */
void mailbox_take(struct mailbox *m, struct mailbox_share *share, uint64_t bytes, struct store_mailbox *ret_row);
/* A position of this consignor was settled. */
void mailbox_settle(struct mailbox *m, const char *consignor, uint64_t bytes);
/* After a reload: what is no part of the store, rates and refusals not written down yet, is as it was. */
void mailboxes_inherit(struct mailboxes *all, struct mailboxes *before);
void mailboxes_each(struct mailboxes *all, void (*each)(void *context, struct mailbox *m), void *context);
/* The new head, once the acceptance's entry hash is known. */
void mailbox_chain(struct mailbox *m, const struct consign_hash *entry, struct store_mailbox *row);

#endif
