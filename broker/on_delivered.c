/*
 * delivered: signed delivery receipts. Each must match mail that is on its way to this agent; it becomes a leaf and goes
 * back to the consignor. An agent that acknowledges what it never got loses its session (PROTOCOL.md 7.7).
 */
#include "broker.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"

struct delivery {
	struct store_entry entry; /* first */
	struct broker *broker;
	uint64_t session;
	struct consign_org consignor;
	uint64_t mail_bytes;
};

static struct in_flight *
find_in_flight(struct session *s, uint64_t position)
{
	for (uint32_t i = 0; i < s->n_in_flight; i++)
		if (s->in_flight[i].position == position)
			return &s->in_flight[i];
	return NULL;
}

static void
land(struct session *s, struct in_flight *f)
{
	s->bytes_in_flight -= f->bytes;
	*f = s->in_flight[--s->n_in_flight];
}

static void
delivery_done(struct commit_job *job, enum consign_err err)
{
	struct delivery *d = (struct delivery *)job;
	struct broker *b = d->broker;
	struct session *s = sessions_by_number(b->sessions, d->session);
	struct mailbox *box = mailbox_of(b->mailboxes, d->entry.consignee.s);

	if (err == CONSIGN_OK && box != NULL)
		recent_forget(box->recent, d->entry.position);
	if (err == CONSIGN_OK && !d->entry.was_settled) {
		metrics_add(b->metrics, METRIC_SETTLED, 1);
		if (box != NULL)
			mailbox_settle(box, d->consignor.s, d->mail_bytes);
	}
	uint64_t position = d->entry.position;
	bool settles = d->entry.n_leaves > 0;
	struct consign_org consignor = d->consignor;

	broker_done(b, &d->entry, err);
	if (s != NULL && s->state == SESSION_AGENT) {
		struct in_flight *f = find_in_flight(s, position);

		/* Not durable: the agent has it all the same and will say so again when it is delivered again. */
		if (f != NULL)
			land(s, f);
		if (err != CONSIGN_OK)
			say_bye(b, s, CONSIGN_CODE_TRY_LATER, "a delivery receipt could not be stored; connect again");
		else
			deliver_pump(b, s);
	}
	if (err == CONSIGN_OK && settles) {
		struct session *to = sessions_agent(b->sessions, consignor.s);

		if (to != NULL) {
			to->settle_more = true;
			settle_pump(b, to);
		}
	}
	store_entry_clear(&d->entry);
	free(d);
}

/* What is wrong with a receipt, or NULL. */
static const char *
check_receipt(struct broker *b, struct session *s, const struct delivery_receipt *r, const struct delivery_receipt_content *c,
    const struct in_flight *f)
{
	const struct hub_card *card = hub_card(b->hub, s->name);
	const struct valid_key *key = card == NULL ? NULL : card_signing_key(card->card, &r->signing_key_id);

	if (key == NULL || sign_verify(&key->key, SIGN_DELIVERY, &b->hub_id, r->content, &r->signature) != CONSIGN_OK)
		return "a delivery receipt's signature does not verify";
	if (memcmp(c->hub_id.b, b->hub_id.b, sizeof c->hub_id.b) != 0 || strcmp(c->consignee.s, s->name) != 0)
		return "a delivery receipt of another hub or organisation";
	if (strcmp(c->consignor.s, f->consignor.s) != 0 || memcmp(c->consignment_id.b, f->consignment_id.b, sizeof f->consignment_id.b) != 0
	    || !hash_equal(&c->manifest_digest, &f->digest))
		return "a delivery receipt for other mail than was delivered at its position";
	return NULL;
}

/*
 * What the consignee had seen is shown to the consignor, who holds it against the ledger that it follows: a receipt that speaks of another
 * one must not go there, or its author could make an honest broker look as if it showed two histories. False: the session was ended.
 */
static bool
seen_is_ours(struct broker *b, struct session *s, const struct seen *seen)
{
	const struct hub_root *root = hub_root_at(b->hub, seen->root->version);
	struct consign_hash head;
	enum consign_err err = seen->checkpoint == NULL ? CONSIGN_OK : ledger_head_at(b->ledger, seen->checkpoint->size, &head);

	if (err != CONSIGN_OK && err != CONSIGN_E_NOT_FOUND) {
		say_bye(b, s, CONSIGN_CODE_TRY_LATER, consign_err_text(err));
		return false;
	}
	if (root != NULL && hash_equal(&root->hash, &seen->root->hash) && err == CONSIGN_OK
	    && (seen->checkpoint == NULL || hash_equal(&head, &seen->checkpoint->hash)))
		return true;
	log_event(LOG_ERROR, "history.differs", "name", "s", s->name, "size", "u", seen->checkpoint == NULL ? 0 : seen->checkpoint->size, NULL);
	say_bye(b, s, CONSIGN_CODE_CHAIN_BROKEN, "a delivery receipt has seen a root or a ledger that this hub never had");
	return false;
}

static enum consign_err
take_receipt(struct broker *b, struct session *s, const struct delivery_receipt *r, struct in_flight *f)
{
	struct store_entry *entry;
	struct buf bytes = {0};
	enum consign_err err = broker_entry(b, CONSIGN_UNPACK_BUDGET_BASE_BYTES + r->content.len * 2, sizeof(struct delivery), &entry);

	if (err != CONSIGN_OK)
		return err;
	struct delivery *d = (struct delivery *)entry;

	d->broker = b;
	d->session = s->number;
	d->consignor = f->consignor;
	d->mail_bytes = f->mail_bytes;
	entry->job.done = delivery_done;
	entry->has_delivery = true;
	memcpy(entry->consignee.s, s->name, sizeof entry->consignee.s);
	entry->consignor = f->consignor;
	entry->consignment_id = f->consignment_id;
	entry->position = f->position;
	entry->mail_leaf = f->leaf;
	if (!f->is_tombstone) {
		struct delivered_record delivered = {.consignor = f->consignor, .consignment_id = f->consignment_id, .consignee = entry->consignee};
		struct ledger_record record = broker_record(b);

		record.delivered = &delivered;
		hash_sha256(r->content, &delivered.receipt_digest);
		err = delivery_receipt_encode(r, &bytes);
		if (err == CONSIGN_OK)
			entry->receipt = arena_copy(entry->arena, buf_slice(&bytes));
		if (err == CONSIGN_OK && (entry->receipt.data == NULL || (entry->leaves = arena_alloc(entry->arena, sizeof *entry->leaves)) == NULL))
			err = CONSIGN_E_NO_MEMORY;
		if (err == CONSIGN_OK)
			err = ledger_append(b->ledger, &record, entry->arena, &entry->leaves[0]);
		entry->n_leaves = 1;
	}
	buf_clear(&bytes);
	if (err != CONSIGN_OK) {
		store_entry_clear(entry);
		free(d);
		return err;
	}
	f->settling = true;
	broker_commit_later(b, entry);
	return CONSIGN_OK;
}

void
on_delivered(struct broker *b, struct request *r)
{
	const struct session_delivered *delivered = r->command->delivered;
	struct session *s = r->session;

	for (size_t i = 0; i < delivered->receipts.n && s->state == SESSION_AGENT; i++) {
		const struct delivery_receipt *receipt = delivered->receipts.v[i];
		struct delivery_receipt_content *content;
		struct arena *arena = NULL;
		enum consign_err err = arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES * 2 + receipt->content.len * CONSIGN_UNPACK_BUDGET_PER_BYTE, &arena);

		if (err == CONSIGN_OK)
			err = delivery_receipt_content_decode(receipt->content, arena, &content);
		if (err != CONSIGN_OK) {
			arena_free(&arena);
			if (err == CONSIGN_E_NO_MEMORY)
				say_bye(b, s, CONSIGN_CODE_TRY_LATER, "out of memory");
			else
				say_bye(b, s, CONSIGN_CODE_MALFORMED, "a delivery receipt is malformed");
			return;
		}
		struct in_flight *f = find_in_flight(s, content->position);
		const char *problem = f == NULL ? "a delivery receipt for mail that is not on its way" : check_receipt(b, s, receipt, content, f);

		if (problem != NULL)
			say_bye(b, s, CONSIGN_CODE_STATE, problem);
		else if (!f->settling && seen_is_ours(b, s, content->seen) && take_receipt(b, s, receipt, f) != CONSIGN_OK)
			say_bye(b, s, CONSIGN_CODE_TRY_LATER, "out of memory");
		arena_free(&arena);
	}
}

struct confirmation {
	struct store_entry entry; /* first */
	struct broker *broker;
	uint64_t session;
};

static void
confirmed(struct commit_job *job, enum consign_err err)
{
	struct confirmation *c = (struct confirmation *)job;
	struct session *s = sessions_by_number(c->broker->sessions, c->session);

	broker_done(c->broker, &c->entry, err);
	if (s != NULL && err == CONSIGN_OK) {
		s->settle_cursor = 0;
		settle_pump(c->broker, s);
	} else if (s != NULL && s->state == SESSION_AGENT) {
		say_bye(c->broker, s, CONSIGN_CODE_TRY_LATER, "a confirmation could not be stored; connect again");
	}
	store_entry_clear(&c->entry);
	free(c);
}

void
on_confirm(struct broker *b, struct request *r)
{
	struct session *s = r->session;
	struct store_entry *entry;

	if (s->settle_cursor == 0 || r->command->confirm->cursor != s->settle_cursor) {
		say_bye(b, s, CONSIGN_CODE_STATE, "a confirmation of settlements that were not sent");
		return;
	}
	if (broker_entry(b, 0, sizeof(struct confirmation), &entry) != CONSIGN_OK) {
		say_bye(b, s, CONSIGN_CODE_TRY_LATER, "out of memory");
		return;
	}
	struct confirmation *c = (struct confirmation *)entry;

	c->broker = b;
	c->session = s->number;
	entry->job.done = confirmed;
	entry->has_confirm = true;
	entry->confirm_to = s->settle_cursor;
	memcpy(entry->consignor.s, s->name, sizeof entry->consignor.s);
	broker_commit_later(b, entry);
}
