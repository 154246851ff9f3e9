/*
 * Submissions decided and not yet durable: the same id may come again before its commit is done.
 * Threads   the loop
 */
#ifndef BROKER_PENDING_H
#define BROKER_PENDING_H

#include "wire/manifest_wire.h"

struct pending;

/* Who wants to hear the outcome. */
struct waiter {
	uint64_t session; /* number */
	uint64_t sequence;
	struct waiter *next;
};

struct pending_item {
	struct consign_org consignor;
	struct consign_id id;
	struct consign_hash digest;
	bool is_conflict; /* refused as other content under its id: it holds no lanes */
	struct waiter *waiters;
	struct pending_item *next;
};

CONSIGN_MUST_CHECK enum consign_err pending_new(struct pending **ret_pending);
void pending_free(struct pending **pending);
struct pending_item *pending_find(struct pending *p, const char *consignor, const struct consign_id *id);
/* NULL when out of memory. */
struct pending_item *pending_add(struct pending *p, const struct manifest *m, const struct consign_hash *digest);
CONSIGN_MUST_CHECK enum consign_err pending_wait(struct pending_item *item, uint64_t session, uint64_t sequence);
void pending_remove(struct pending *p, struct pending_item *item); /* frees it and its waiters */

#endif
