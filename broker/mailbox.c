/* Positions are dense and given in the order of acceptance. */
#include "mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/statement.h"

#define BUCKETS 1024u

struct mailboxes {
	struct consign_hash hub_id;
	struct mailbox *bucket[BUCKETS];
	bool failed; /* out of memory while loading */
};

static size_t
bucket_of(const char *org)
{
	size_t h = 5381;

	for (; *org != '\0'; org++)
		h = h * 33 + (unsigned char)*org;
	return h % BUCKETS;
}

struct mailbox *
mailbox_of(struct mailboxes *all, const char *org)
{
	size_t b = bucket_of(org);

	for (struct mailbox *m = all->bucket[b]; m != NULL; m = m->next)
		if (strcmp(m->org.s, org) == 0)
			return m;
	struct mailbox *m = calloc(1, sizeof *m);

	if (m == NULL || strlen(org) > CONSIGN_ORG_MAX_BYTES) {
		free(m);
		return NULL;
	}
	memcpy(m->org.s, org, strlen(org) + 1);
	mailbox_genesis(&all->hub_id, org, &m->head);
	m->next = all->bucket[b];
	all->bucket[b] = m;
	return m;
}

static void
load(void *context, const struct store_tail *tail)
{
	struct mailboxes *all = context;
	struct mailbox *m = mailbox_of(all, tail->org.s);

	if (m == NULL) {
		all->failed = true;
		return;
	}
	m->position = tail->position;
	m->head = tail->head;
	m->waiting = tail->waiting;
}

enum consign_err
mailboxes_load(struct db *db, const struct consign_hash *hub_id, struct mailboxes **ret_mailboxes)
{
	struct mailboxes *all = calloc(1, sizeof *all);

	if (all == NULL)
		return CONSIGN_E_NO_MEMORY;
	all->hub_id = *hub_id;
	enum consign_err err = store_tails(db, load, all);

	if (err == CONSIGN_OK && all->failed)
		err = CONSIGN_E_NO_MEMORY;
	if (err != CONSIGN_OK) {
		mailboxes_free(&all);
		return err;
	}
	*ret_mailboxes = all;
	return CONSIGN_OK;
}

void
mailboxes_free(struct mailboxes **mailboxes)
{
	if (*mailboxes == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while ((*mailboxes)->bucket[i] != NULL) {
			struct mailbox *next = (*mailboxes)->bucket[i]->next;

			free((*mailboxes)->bucket[i]);
			(*mailboxes)->bucket[i] = next;
		}
	free(*mailboxes);
	*mailboxes = NULL;
}

void
mailbox_take(struct mailboxes *all, struct mailbox *m, struct store_mailbox *ret_row)
{
	(void)all;
	ret_row->org = m->org;
	ret_row->position = ++m->position;
	ret_row->previous = m->head;
	random_bytes(ret_row->salt.b, sizeof ret_row->salt.b);
	m->waiting++;
}

void
mailbox_chain(struct mailbox *m, const struct consign_hash *entry, struct store_mailbox *row)
{
	mailbox_next(&row->previous, row->position, entry, &row->head);
	m->head = row->head;
}
