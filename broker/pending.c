/* A hash by the random end of the id. */
#include "pending.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096u

struct pending {
	struct pending_item *bucket[BUCKETS];
};

enum consign_err
pending_new(struct pending **ret_pending)
{
	*ret_pending = calloc(1, sizeof **ret_pending);
	return *ret_pending == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

static size_t
bucket_of(const struct consign_id *id)
{
	return ((size_t)id->b[14] << 8 | id->b[15]) % BUCKETS;
}

void
pending_remove(struct pending *p, struct pending_item *item)
{
	for (struct pending_item **at = &p->bucket[bucket_of(&item->id)]; *at != NULL; at = &(*at)->next)
		if (*at == item) {
			*at = item->next;
			break;
		}
	while (item->waiters != NULL) {
		struct waiter *next = item->waiters->next;

		free(item->waiters);
		item->waiters = next;
	}
	free(item);
}

void
pending_free(struct pending **pending)
{
	if (*pending == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while ((*pending)->bucket[i] != NULL)
			pending_remove(*pending, (*pending)->bucket[i]);
	free(*pending);
	*pending = NULL;
}

struct pending_item *
pending_find(struct pending *p, const char *consignor, const struct consign_id *id)
{
	for (struct pending_item *i = p->bucket[bucket_of(id)]; i != NULL; i = i->next)
		if (memcmp(i->id.b, id->b, sizeof id->b) == 0 && strcmp(i->consignor.s, consignor) == 0)
			return i;
	return NULL;
}

struct pending_item *
pending_add(struct pending *p, const struct manifest *m, const struct consign_hash *digest)
{
	struct pending_item *item = calloc(1, sizeof *item);
	size_t b = bucket_of(&m->consignment_id);

	if (item == NULL)
		return NULL;
	item->consignor = m->consignor;
	item->id = m->consignment_id;
	item->digest = *digest;
	item->next = p->bucket[b];
	p->bucket[b] = item;
	return item;
}

enum consign_err
pending_wait(struct pending_item *item, uint64_t session, uint64_t sequence)
{
	struct waiter *w = calloc(1, sizeof *w);

	if (w == NULL)
		return CONSIGN_E_NO_MEMORY;
	*w = (struct waiter){session, sequence, item->waiters};
	item->waiters = w;
	return CONSIGN_OK;
}
