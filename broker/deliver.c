/*
 * Mail to agents, and delivery receipts back to consignors. Both are read by the reader thread, a window at a time; one
 * read a session is under way at once, so memory is bounded by the windows whatever the backlog.
 */
#include "broker.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"

/* One read of mail: enough to fill a small window, little enough to hand over between commits. */
#define MAIL_A_READ 64u
#define MAIL_BYTES_A_READ (1024u * 1024u)
#define SETTLEMENTS_A_READ 128u
/* A receipt with problems is large, and is in memory twice; a frame holds CONSIGN_COMMAND_MAX_BYTES, and so does the arena. */
#define SETTLEMENT_BYTES_A_READ (1024u * 1024u)

struct mail_job {
	struct reader_job job; /* first */
	struct broker *broker;
	uint64_t session;
	struct consign_org org;
	uint64_t from;
	size_t max;
	size_t max_bytes;
	struct arena *arena;
	struct store_mail *mail;
	size_t n;
};

static enum consign_err
read_mail(struct reader_job *job, struct db *db)
{
	struct mail_job *j = (struct mail_job *)job;

	return store_mailbox_read(db, j->org.s, j->from, j->max, j->max_bytes, j->arena, &j->mail, &j->n);
}

/* The acceptance as this consignee may see it: with the opening of its own mailbox only. */
static enum consign_err
mail_statement(struct broker *b, const struct store_mail *m, const char *org, struct arena *arena, struct statement **ret_statement)
{
	struct statement *st = arena_alloc(arena, sizeof *st);
	struct mailbox_opening *o = arena_alloc(arena, sizeof *o);

	if (st == NULL || o == NULL || (st->openings.v = arena_alloc(arena, sizeof *st->openings.v)) == NULL
	    || (st->leaf = arena_alloc(arena, sizeof *st->leaf)) == NULL)
		return CONSIGN_E_NO_MEMORY;
	*st->leaf = m->record;
	st->has_place = 1;
	memcpy(o->org.s, org, strlen(org) + 1);
	o->position = m->position;
	o->previous = m->previous;
	o->salt = m->salt;
	st->openings.v[0] = o;
	st->openings.n = 1;
	enum consign_err err = ledger_prove(b->ledger, m->record.index, arena, &st->path);

	if (err == CONSIGN_OK)
		*ret_statement = st;
	return err;
}

/* manifest and body are taken; empty for a tombstone. */
static enum consign_err
deliver_one(struct broker *b, struct session *s, const struct store_mail *m, struct frame *manifest, struct frame *body)
{
	struct arena *arena = NULL;
	struct session_deliver d = {.position = m->position};
	enum consign_err err = arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES, &arena);

	if (err == CONSIGN_OK)
		err = mail_statement(b, m, s->name, arena, &d.statement);
	if (err == CONSIGN_OK)
		err = ledger_update(b->ledger, s->seen_size, arena, &d.checkpoint);
	if (err == CONSIGN_OK && m->tombstone != NULL) {
		d.tombstone = m->tombstone;
		err = ledger_prove(b->ledger, m->tombstone->leaf->index, arena, &m->tombstone->path);
	} else if (err == CONSIGN_OK && m->seen_size > 0) {
		err = ledger_consistency(b->ledger, m->seen_size, arena, &d.seen);
	}
	if (err == CONSIGN_OK) {
		struct in_flight *f = &s->in_flight[s->n_in_flight++];

		*f = (struct in_flight){.position = m->position, .leaf = m->leaf, .consignor = m->consignor, .consignment_id = m->consignment_id,
		    .digest = m->digest, .bytes = m->manifest.len + m->body.len, .mail_bytes = m->bytes, .is_tombstone = m->tombstone != NULL};
		s->bytes_in_flight += f->bytes;
		s->next_position = m->position + 1;
		s->seen_size = ledger_checkpoint(b->ledger)->size;
		metrics_add(b->metrics, METRIC_DELIVERED, 1);
		say_with(b, s, &(struct session_command){.deliver = &d}, manifest, body);
	}
	frame_clear(manifest);
	frame_clear(body);
	arena_free(&arena);
	return err;
}

static enum consign_err
deliver_read(struct broker *b, struct session *s, const struct store_mail *m)
{
	struct frame manifest, body;
	enum consign_err err = CONSIGN_OK;

	frame_init(&manifest);
	frame_init(&body);
	if (m->tombstone == NULL)
		err = frame_copy(&manifest, m->manifest);
	if (err == CONSIGN_OK && m->tombstone == NULL)
		err = frame_copy(&body, m->body);
	if (err == CONSIGN_OK)
		return deliver_one(b, s, m, &manifest, &body);
	frame_clear(&manifest);
	frame_clear(&body);
	return err;
}

static bool
is_settling(const struct session *s, uint64_t position)
{
	for (uint32_t i = 0; i < s->n_in_flight; i++)
		if (s->in_flight[i].position == position && s->in_flight[i].settling)
			return true;
	return false;
}

/* Once, until something could be read again: the tick tries five times a second. */
static void
say_failed(struct session *s, const char *event, enum consign_err err)
{
	if (!s->read_failed)
		log_event(LOG_ERROR, event, "org", "s", s->name, "reason", "s", consign_err_text(err), NULL);
	s->read_failed = true;
}

static void
mail_read(struct reader_job *job, enum consign_err err)
{
	struct mail_job *j = (struct mail_job *)job;
	struct broker *b = j->broker;
	struct session *s = sessions_by_number(b->sessions, j->session);

	if (s == NULL)
		goto out;
	s->reading = false;
	if (s->state != SESSION_AGENT || err == CONSIGN_E_STATE)
		goto out;
	if (j->from != s->next_position) { /* asked to begin elsewhere meanwhile */
		s->more = true;
		deliver_pump(b, s);
		goto out;
	}
	for (size_t i = 0; err == CONSIGN_OK && i < j->n && s->state == SESSION_AGENT; i++) {
		/* The reader may be a commit ahead of what this thread has taken in: taking that in pumps again. */
		if (j->mail[i].record.index >= ledger_checkpoint(b->ledger)->size) {
			s->more = true;
			goto out;
		}
		if (j->mail[i].corrupt) {
			if (!s->stuck)
				log_event(LOG_ERROR, "store.corrupt", "org", "s", s->name, "position", "u", j->mail[i].position, "leaf", "u",
				    j->mail[i].leaf, "hint", "s", "the stored body is not what was accepted; restore it from a backup", NULL);
			s->stuck = true;
			s->more = false;
			goto out;
		}
		if (j->mail[i].tombstone == NULL && expire_is_burying(b, s->name, j->mail[i].position)) {
			s->more = true; /* its commit pumps again */
			goto out;
		}
		if (is_settling(s, j->mail[i].position))
			s->next_position = j->mail[i].position + 1;
		else
			err = deliver_read(b, s, &j->mail[i]);
	}
	if (err != CONSIGN_OK) {
		say_failed(s, "deliver.failed", err);
		s->more = true; /* the tick tries again */
		goto out;
	}
	s->read_failed = false;
	if (j->n > 0) {
		const struct mailbox *box = mailbox_of(b->mailboxes, s->name);

		/* The read may have been cut short by its size. */
		s->more = s->more || (box != NULL && box->durable >= s->next_position);
		deliver_pump(b, s);
	}
out:
	arena_free(&j->arena);
	free(j);
}

static bool
may_deliver(const struct broker *b, const struct session *s)
{
	return s->state == SESSION_AGENT && !s->reading && s->more && !b->draining && s->n_in_flight < s->window_consignments
	    && s->bytes_in_flight < s->window_bytes;
}

/* What is still in memory: who keeps up is served from there. */
static void
deliver_recent(struct broker *b, struct session *s, const struct mailbox *box)
{
	struct store_mail mail;
	struct recent_mail *kept;

	while (may_deliver(b, s) && (kept = recent_find(box->recent, s->next_position, &mail)) != NULL) {
		struct frame manifest, body;
		enum consign_err err;

		if (is_settling(s, mail.position)) {
			s->next_position = mail.position + 1;
			continue;
		}
		frame_share(&manifest, &kept->manifest);
		frame_share(&body, &kept->body);
		err = deliver_one(b, s, &mail, &manifest, &body);
		if (err != CONSIGN_OK) {
			say_failed(s, "deliver.failed", err);
			return; /* the tick tries again */
		}
	}
	/* What is not durable yet pumps when it is. */
	if (s->next_position > box->durable)
		s->more = false;
}

void
deliver_pump(struct broker *b, struct session *s)
{
	const struct mailbox *box = may_deliver(b, s) ? mailbox_of(b->mailboxes, s->name) : NULL;

	if (box != NULL)
		deliver_recent(b, s, box);
	if (!may_deliver(b, s))
		return;
	struct mail_job *j = calloc(1, sizeof *j);

	if (j == NULL || arena_new(MAIL_A_READ * CONSIGN_UNPACK_BUDGET_BASE_BYTES + 2 * CONSIGN_BODY_MAX_BYTES + MAIL_BYTES_A_READ, &j->arena) != CONSIGN_OK) {
		free(j);
		return; /* the next delivery receipt or the tick tries again */
	}
	j->job.read = read_mail;
	j->job.done = mail_read;
	j->broker = b;
	j->session = s->number;
	memcpy(j->org.s, s->name, sizeof j->org.s);
	j->from = s->next_position;
	j->max = s->window_consignments - s->n_in_flight;
	if (j->max > MAIL_A_READ)
		j->max = MAIL_A_READ;
	j->max_bytes = s->window_bytes - s->bytes_in_flight;
	if (j->max_bytes > MAIL_BYTES_A_READ)
		j->max_bytes = MAIL_BYTES_A_READ;
	s->reading = true;
	s->more = false; /* set again by whoever adds mail, and when the read was cut short */
	reader_put(b->reader, &j->job);
}

void
deliver_again(struct session *s, uint64_t position)
{
	uint32_t kept = 0;

	s->next_position = position;
	s->bytes_in_flight = 0;
	for (uint32_t i = 0; i < s->n_in_flight; i++)
		if (s->in_flight[i].settling) {
			s->bytes_in_flight += s->in_flight[i].bytes;
			s->in_flight[kept++] = s->in_flight[i];
		}
	s->n_in_flight = kept;
}

void
deliver_to_org(struct broker *b, const char *org)
{
	struct session *s = sessions_agent(b->sessions, org);

	if (s == NULL)
		return;
	s->more = true;
	deliver_pump(b, s);
}

struct settle_job {
	struct reader_job job; /* first */
	struct broker *broker;
	uint64_t session;
	struct consign_org org;
	struct arena *arena;
	struct store_settlement *list;
	size_t n;
};

static enum consign_err
read_settlements(struct reader_job *job, struct db *db)
{
	struct settle_job *j = (struct settle_job *)job;

	return store_settlements(db, j->org.s, SETTLEMENTS_A_READ, SETTLEMENT_BYTES_A_READ, j->arena, &j->list, &j->n);
}

static enum consign_err
one_settlement(struct broker *b, const struct store_settlement *in, struct arena *arena, struct settlement **ret_settlement)
{
	struct settlement *out = arena_alloc(arena, sizeof *out);
	struct statement *st = arena_alloc(arena, sizeof *st);
	enum consign_err err = CONSIGN_OK;

	if (out == NULL || st == NULL || (st->leaf = arena_alloc(arena, sizeof *st->leaf)) == NULL)
		return CONSIGN_E_NO_MEMORY;
	*st->leaf = in->record;
	st->has_place = 1;
	out->statement = st;
	if (in->receipt.len > 0)
		err = delivery_receipt_decode(in->receipt, arena, &out->receipt);
	if (err == CONSIGN_OK)
		err = ledger_prove(b->ledger, in->record.index, arena, &st->path);
	if (err == CONSIGN_OK)
		*ret_settlement = out;
	return err;
}

/* Receipts that had seen the same share a proof. What is beyond our ledger has none: a stored receipt from before it was looked at. */
static enum consign_err
prove_seen(struct broker *b, const struct delivery_receipt *r, struct arena *arena, struct session_settled *settled)
{
	struct delivery_receipt_content *c;
	struct arena *scratch = NULL;
	struct seen_proof *proof;
	uint64_t size = 0;
	enum consign_err err = arena_new(2 * CONSIGN_UNPACK_BUDGET_BASE_BYTES + r->content.len * CONSIGN_UNPACK_BUDGET_PER_BYTE, &scratch);

	if (err == CONSIGN_OK)
		err = delivery_receipt_content_decode(r->content, scratch, &c);
	if (err == CONSIGN_OK && c->seen->checkpoint != NULL)
		size = c->seen->checkpoint->size;
	arena_free(&scratch);
	for (size_t i = 0; i < settled->seen.n; i++)
		if (settled->seen.v[i]->size == size)
			return err;
	if (err != CONSIGN_OK || size == 0 || size > ledger_checkpoint(b->ledger)->size)
		return err;
	proof = arena_alloc(arena, sizeof *proof);
	if (proof == NULL)
		return CONSIGN_E_NO_MEMORY;
	proof->size = size;
	err = ledger_consistency(b->ledger, size, arena, &proof->path);
	if (err == CONSIGN_OK)
		settled->seen.v[settled->seen.n++] = proof;
	return err;
}

static void
settlements_read(struct reader_job *job, enum consign_err err)
{
	struct settle_job *j = (struct settle_job *)job;
	struct broker *b = j->broker;
	struct session *s = sessions_by_number(b->sessions, j->session);
	struct session_settled settled = {0};
	size_t bytes = 0;

	if (s == NULL || s->state != SESSION_AGENT)
		goto out;
	s->settling = false;
	settled.settlements.v = err == CONSIGN_OK ? arena_alloc(j->arena, (j->n + 1) * sizeof *settled.settlements.v) : NULL;
	settled.seen.v = err == CONSIGN_OK ? arena_alloc(j->arena, (j->n + 1) * sizeof *settled.seen.v) : NULL;
	if (settled.settlements.v == NULL || settled.seen.v == NULL) {
		err = err == CONSIGN_OK ? CONSIGN_E_NO_MEMORY : err;
		goto out;
	}
	for (size_t i = 0; i < j->n; i++) {
		if (j->list[i].record.index >= ledger_checkpoint(b->ledger)->size) {
			s->settle_more = true;
			break;
		}
		struct settlement **one = &settled.settlements.v[settled.settlements.n];

		err = one_settlement(b, &j->list[i], j->arena, one);
		if (err == CONSIGN_OK && (*one)->receipt != NULL)
			err = prove_seen(b, (*one)->receipt, j->arena, &settled);
		if (err != CONSIGN_OK)
			goto out;
		settled.settlements.n++;
		bytes += j->list[i].receipt.len;
		settled.cursor = j->list[i].n;
	}
	if (settled.settlements.n == 0)
		goto out;
	/* There may be more behind what was cut; when not, the next read finds none. */
	if (settled.settlements.n == SETTLEMENTS_A_READ || bytes >= SETTLEMENT_BYTES_A_READ)
		s->settle_more = true;
	err = ledger_update(b->ledger, s->seen_size, j->arena, &settled.checkpoint);
	if (err != CONSIGN_OK)
		goto out;
	s->seen_size = ledger_checkpoint(b->ledger)->size;
	s->settle_cursor = settled.cursor;
	say(b, s, &(struct session_command){.settled = &settled});
	s->read_failed = false;
out:
	if (err != CONSIGN_OK && err != CONSIGN_E_STATE && s != NULL) {
		say_failed(s, "settle.failed", err);
		s->settle_more = true; /* the tick tries again */
	}
	arena_free(&j->arena);
	free(j);
}

void
settle_pump(struct broker *b, struct session *s)
{
	if (s->state != SESSION_AGENT || s->settling || s->settle_cursor != 0 || !s->settle_more || b->draining)
		return;
	struct settle_job *j = calloc(1, sizeof *j);

	if (j == NULL || arena_new(CONSIGN_COMMAND_MAX_BYTES, &j->arena) != CONSIGN_OK) {
		free(j);
		return;
	}
	j->job.read = read_settlements;
	j->job.done = settlements_read;
	j->broker = b;
	j->session = s->number;
	memcpy(j->org.s, s->name, sizeof j->org.s);
	s->settling = true;
	s->settle_more = false;
	reader_put(b->reader, &j->job);
}
