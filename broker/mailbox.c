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

struct mailbox_share *
mailbox_share(struct mailbox *m, const char *consignor)
{
	for (struct mailbox_share *s = m->shares; s != NULL; s = s->next)
		if (strcmp(s->consignor.s, consignor) == 0)
			return s;
	struct mailbox_share *s = calloc(1, sizeof *s);

	if (s == NULL || strlen(consignor) > CONSIGN_ORG_MAX_BYTES) {
		free(s);
		return NULL;
	}
	memcpy(s->consignor.s, consignor, strlen(consignor) + 1);
	s->next = m->shares;
	m->shares = s;
	return s;
}

void
mailboxes_each(struct mailboxes *all, void (*each)(void *context, struct mailbox *m), void *context)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct mailbox *m = all->bucket[i]; m != NULL; m = m->next)
			each(context, m);
}

static void
inherit_one(void *context, struct mailbox *before)
{
	struct mailbox *m = mailbox_of(context, before->org.s);

	if (m == NULL)
		return;
	m->sent = before->sent;
	m->asked = before->asked;
	m->refusals = before->refusals;
}

void
mailboxes_inherit(struct mailboxes *all, struct mailboxes *before)
{
	if (before != NULL)
		mailboxes_each(before, inherit_one, all);
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
	m->position = m->durable = tail->position;
	m->head = tail->head;
}

static void
load_use(void *context, const struct store_use *use)
{
	struct mailboxes *all = context;
	struct mailbox *m = mailbox_of(all, use->org.s);
	struct mailbox_share *share = m == NULL ? NULL : mailbox_share(m, use->consignor.s);

	if (share == NULL) {
		all->failed = true;
		return;
	}
	share->waiting = (struct use){use->consignments, use->bytes};
	m->waiting.consignments += use->consignments;
	m->waiting.bytes += use->bytes;
}

enum consign_err
mailboxes_load(struct db *db, const struct consign_hash *hub_id, struct mailboxes **ret_mailboxes)
{
	struct mailboxes *all = calloc(1, sizeof *all);

	if (all == NULL)
		return CONSIGN_E_NO_MEMORY;
	all->hub_id = *hub_id;
	enum consign_err err = store_tails(db, load, all);

	if (err == CONSIGN_OK)
		err = store_uses(db, load_use, all);
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
			struct mailbox *m = (*mailboxes)->bucket[i];

			(*mailboxes)->bucket[i] = m->next;
			while (m->shares != NULL) {
				struct mailbox_share *next = m->shares->next;

				free(m->shares);
				m->shares = next;
			}
			recent_free_places(&m->recent);
			free(m);
		}
	free(*mailboxes);
	*mailboxes = NULL;
}

void
mailbox_take(struct mailbox *m, struct mailbox_share *share, uint64_t bytes, struct store_mailbox *ret_row)
{
	ret_row->org = m->org;
	ret_row->position = ++m->position;
	ret_row->previous = m->head;
	random_bytes(ret_row->salt.b, sizeof ret_row->salt.b);
	m->waiting.consignments++;
	m->waiting.bytes += bytes;
	share->waiting.consignments++;
	share->waiting.bytes += bytes;
}

static void
give_back(struct use *u, uint64_t bytes)
{
	u->consignments -= u->consignments > 0;
	u->bytes -= bytes < u->bytes ? bytes : u->bytes;
}

void
mailbox_settle(struct mailbox *m, const char *consignor, uint64_t bytes)
{
	struct mailbox_share *share = mailbox_share(m, consignor);

	give_back(&m->waiting, bytes);
	if (share != NULL)
		give_back(&share->waiting, bytes);
}

void
mailbox_chain(struct mailbox *m, const struct consign_hash *entry, struct store_mailbox *row)
{
	mailbox_next(&row->previous, row->position, entry, &row->head);
	m->head = row->head;
}
