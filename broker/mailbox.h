/*
 * Mailboxes in memory: for each org the last position, the chain's head, how much waits. The mail itself is in the store.
 * Threads   the loop
 */
#ifndef BROKER_MAILBOX_H
#define BROKER_MAILBOX_H

#include "store/store.h"

struct mailbox {
	struct consign_org org;
	uint64_t position; /* last given */
	struct consign_hash head;
	uint64_t waiting; /* accepted, not settled */
	struct mailbox *next;
};

struct mailboxes;
CONSIGN_MUST_CHECK enum consign_err mailboxes_load(struct db *db, const struct consign_hash *hub_id, struct mailboxes **ret_mailboxes);
void mailboxes_free(struct mailboxes **mailboxes);
/* The mailbox of an org, empty when it never had mail. NULL when out of memory. */
struct mailbox *mailbox_of(struct mailboxes *all, const char *org);
/* The next position: fills in what the store and the receipt need, and moves the mailbox on. */
void mailbox_take(struct mailboxes *all, struct mailbox *m, struct store_mailbox *ret_row);
/* The new head, once the acceptance's entry hash is known. */
void mailbox_chain(struct mailbox *m, const struct consign_hash *entry, struct store_mailbox *row);

#endif
