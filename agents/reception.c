/* Deliveries: in order, verified, unsealed once, committed, acknowledged. Settlements are in settlement.c. */
#include "reception.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accusations.h"
#include "core/bodies.h"
#include "core/limits.h"
#include "core/log.h"
#include "inbox.h"
#include "judging.h"
#include "ledger/statement.h"
#include "recent.h"
#include "store/store.h"
#include "uplink.h"
#include "verify.h"

#define RECEIPTS_A_FRAME 128u
/* A receipt with problems is large: a frame is closed when it has so much of them. */
#define RECEIPT_BYTES_A_FRAME (512u * 1024u)
/* A broker that has the documents brings them at once; so long it may take on a bad line. */
#define HELD_US 30000000u
/* Below what the broker allows a session: who slept through a hundred versions asks for each, and is not to be sent away for it. */
#define FETCH_EVERY_US (1000000u / (CONSIGN_FETCHES_PER_SECOND * 3 / 4))
#define FETCH_AHEAD_US 500000u
/* Looked at so seldom, this agent was not running meanwhile: nobody else is to blame. */
#define TURN_LATE_US 5000000u

/* A delivery not decided yet. Its checkpoint was verified when it came: later frames build on that. */
struct held_delivery {
	struct arena *arena; /* of what the command frame decodes to */
	const struct session_deliver *deliver;
	struct checkpoint checkpoint;
	struct frame command;
	struct frame manifest;
	struct frame body;
	struct held_delivery *next;
};

struct ready_receipt {
	struct buf receipt; /* encoded delivery_receipt */
	struct ready_receipt *next;
};

struct reception {
	struct agent *agent;
	struct judge *judge;
	uint64_t position; /* decided: committed, or waiting for its commit */
	uint64_t durable;  /* committed */
	uint64_t brought;  /* the last one that this session brought, 0 none: before that the broker waits for no receipt of it */
	struct consign_hash head;
	struct held_delivery *held; /* in order; the first is what waits */
	struct held_delivery **held_end;
	char why_held[224];
	uint64_t held_us; /* steady: since when */
	uint64_t turned_us; /* steady: of the last reception_turn */
	uint64_t fetch_us;  /* steady: when what was asked for would have been, at a steady pace */
	bool fetch_waits;   /* what the first held delivery misses is not asked for yet */
	uint64_t rejected; /* whole consignments, since the start */
	char why_rejected[384]; /* the last of them */
	struct ready_receipt *ready;
	struct ready_receipt **ready_end;
};

enum consign_err
reception_new(struct agent *a, struct reception **ret_reception)
{
	struct reception *r = calloc(1, sizeof *r);
	enum consign_err err = r == NULL ? CONSIGN_E_NO_MEMORY : judge_new(a, &r->judge);

	if (err != CONSIGN_OK) {
		free(r);
		return err;
	}
	r->agent = a;
	r->held_end = &r->held;
	r->ready_end = &r->ready;
	*ret_reception = r;
	return CONSIGN_OK;
}

static void
free_held(struct held_delivery *h)
{
	arena_free(&h->arena);
	frame_clear(&h->command);
	frame_clear(&h->manifest);
	frame_clear(&h->body);
	free(h);
}

void
reception_reset(struct reception *r)
{
	while (r->held != NULL) {
		struct held_delivery *next = r->held->next;

		free_held(r->held);
		r->held = next;
	}
	r->held_end = &r->held;
	r->why_held[0] = '\0';
	r->fetch_waits = false;
	r->brought = 0;
	while (r->ready != NULL) {
		struct ready_receipt *next = r->ready->next;

		buf_clear(&r->ready->receipt);
		free(r->ready);
		r->ready = next;
	}
	r->ready_end = &r->ready;
}

void
reception_free(struct reception **reception)
{
	if (*reception == NULL)
		return;
	reception_reset(*reception);
	judge_free(&(*reception)->judge);
	free(*reception);
	*reception = NULL;
}

enum consign_err
reception_load(struct reception *r)
{
	struct buf fact = {0};
	enum consign_err err = store_fact(r->agent->db, "mailbox", &fact);

	reception_reset(r);
	if (err == CONSIGN_E_NOT_FOUND) {
		r->position = 0;
		mailbox_genesis(&r->agent->hub_id, r->agent->org.s, &r->head);
		err = CONSIGN_OK;
	} else if (err == CONSIGN_OK && fact.len == 8 + sizeof r->head.b) {
		r->position = be64_load(fact.data);
		memcpy(r->head.b, fact.data + 8, sizeof r->head.b);
	} else if (err == CONSIGN_OK) {
		err = CONSIGN_E_CORRUPT;
	}
	buf_clear(&fact);
	r->durable = r->position;
	return err;
}

uint64_t
reception_durable(const struct reception *r)
{
	return r->durable;
}

uint64_t
reception_position(const struct reception *r)
{
	return r->position;
}

const char *
reception_held(const struct reception *r)
{
	return r->held != NULL ? r->why_held : NULL;
}

uint64_t
reception_rejected(const struct reception *r, const char **ret_last)
{
	*ret_last = r->why_rejected;
	return r->rejected;
}

static void
ready(struct reception *r, struct consign_slice receipt)
{
	struct ready_receipt *q = calloc(1, sizeof *q);

	if (q == NULL || buf_append(&q->receipt, receipt) != CONSIGN_OK) {
		free(q);
		uplink_break(r->agent->uplink, "out of memory"); /* delivered again, acknowledged then */
		return;
	}
	*r->ready_end = q;
	r->ready_end = &q->next;
}

void
reception_flush(struct reception *r)
{
	while (r->ready != NULL && uplink_state(r->agent->uplink) == UPLINK_UP) {
		struct session_delivered delivered = {0};
		struct arena *arena = NULL;
		size_t bytes = 0;
		enum consign_err err = arena_new(CONSIGN_COMMAND_MAX_BYTES, &arena);

		if (err == CONSIGN_OK && (delivered.receipts.v = arena_alloc(arena, RECEIPTS_A_FRAME * sizeof *delivered.receipts.v)) == NULL)
			err = CONSIGN_E_NO_MEMORY;
		while (err == CONSIGN_OK && r->ready != NULL && delivered.receipts.n < RECEIPTS_A_FRAME && bytes < RECEIPT_BYTES_A_FRAME) {
			struct ready_receipt *q = r->ready;

			err = delivery_receipt_decode(buf_slice(&q->receipt), arena, &delivered.receipts.v[delivered.receipts.n]);
			if (err != CONSIGN_OK)
				break;
			delivered.receipts.n++;
			bytes += q->receipt.len;
			r->ready = q->next;
			if (r->ready == NULL)
				r->ready_end = &r->ready;
			buf_clear(&q->receipt);
			free(q);
		}
		if (err == CONSIGN_OK)
			err = uplink_say(r->agent->uplink, &(struct session_command){.delivered = &delivered}, NULL, NULL);
		arena_free(&arena);
		if (err != CONSIGN_OK) {
			uplink_break(r->agent->uplink, "delivery receipts could not be sent");
			return;
		}
	}
}

/* One delivery on its way through the commit thread. */
struct reception_job {
	struct commit_job job; /* first */
	struct reception *r;
	struct arena *arena;
	struct frame manifest_frame;
	struct frame body_frame;
	struct verified v;
	uint64_t position;
	uint8_t mailbox[8 + 32];
	struct buf note;
	struct buf receipt;   /* encoded delivery_receipt */
	struct buf statement; /* the acceptance, or the tombstone, with the checkpoint it leads to */
	uint64_t received_us;
	uint64_t seq; /* of the inbox row, once it is inserted */
	struct judged judged;
};

static void
free_job(struct reception_job *j)
{
	frame_clear(&j->manifest_frame);
	frame_clear(&j->body_frame);
	buf_clear(&j->note);
	buf_clear(&j->receipt);
	buf_clear(&j->statement);
	recent_mail_free(&j->judged.kept);
	arena_free(&j->arena);
	free(j);
}

static enum consign_err
insert_mail(struct reception_job *j, struct db *db)
{
	struct db_statement *s;
	uint64_t manifest_at, at;
	enum consign_err err = bodies_put_mail(db, frame_slice(&j->manifest_frame), frame_slice(&j->body_frame), &manifest_at, &at);

	if (err != CONSIGN_OK)
		return err;
	err = db_statement(db,
	    "INSERT INTO inbox (consignor, id, position, received_us, accepted_us, leaf, key, outcomes, statement, receipt, manifest,"
	    " manifest_at, manifest_bytes, body, body_at, body_bytes)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	    &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, j->v.manifest->consignor.s);
	db_bind_slice(s, 2, SLICE_ARRAY(j->v.manifest->consignment_id.b));
	db_bind_u64(s, 3, j->position);
	db_bind_u64(s, 4, j->received_us);
	db_bind_u64(s, 5, j->v.accepted_us);
	db_bind_u64(s, 6, j->v.leaf);
	db_bind_slice(s, 7, slice_of(j->judged.stored_key, j->judged.has_key ? sizeof j->judged.stored_key : 0));
	db_bind_slice(s, 8, slice_of(j->judged.outcomes, j->judged.outcomes_len));
	db_bind_slice(s, 9, buf_slice(&j->statement));
	db_bind_slice(s, 10, buf_slice(&j->receipt));
	bodies_bind(s, 11, frame_slice(&j->manifest_frame), manifest_at);
	bodies_bind(s, 14, frame_slice(&j->body_frame), at);
	err = db_run(s);
	if (err == CONSIGN_OK)
		j->seq = db_last_row(db);
	return err;
}

static enum consign_err
insert_tombstone(struct reception_job *j, struct db *db)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db,
	    "INSERT INTO tombstone (position, consignor, id, at_us, statement, receipt) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, j->position);
	db_bind_text(s, 2, j->v.accepted->consignor.s);
	db_bind_slice(s, 3, SLICE_ARRAY(j->v.accepted->consignment_id.b));
	db_bind_u64(s, 4, j->received_us);
	db_bind_slice(s, 5, buf_slice(&j->statement));
	db_bind_slice(s, 6, buf_slice(&j->receipt));
	return db_run(s);
}

static enum consign_err
apply_delivery(struct commit_job *job, struct db *db)
{
	struct reception_job *j = (struct reception_job *)job;
	enum consign_err err = j->v.tombstone != NULL ? insert_tombstone(j, db) : insert_mail(j, db);

	if (err == CONSIGN_OK)
		err = store_set_fact(db, "mailbox", SLICE_ARRAY(j->mailbox));
	if (err == CONSIGN_OK)
		err = store_set_fact(db, "checkpoint", buf_slice(&j->note));
	return err;
}

static void
delivery_done(struct commit_job *job, enum consign_err err)
{
	struct reception_job *j = (struct reception_job *)job;

	if (err == CONSIGN_OK) {
		j->r->durable = j->position;
		/* The session that brought it may have ended meanwhile: the next one brings it again, and is answered then. */
		if (j->position <= j->r->brought)
			ready(j->r, buf_slice(&j->receipt));
		if (j->v.tombstone == NULL)
			recent_put(j->r->agent->recent, &j->judged.kept, &(struct recent_row){j->seq, j->position, j->received_us, j->v.accepted_us});
		inbox_news(j->r->agent->inbox);
	} else {
		agent_store_failed(j->r->agent, err);
	}
	free_job(j);
}

static enum consign_err
make_receipt(struct reception_job *j)
{
	struct agent *a = j->r->agent;
	const struct accepted_record *accepted = j->v.accepted;
	struct delivery_receipt_content c = {.format = 1, .hub_id = a->hub_id, .consignee = a->org, .consignor = accepted->consignor,
	    .consignment_id = accepted->consignment_id, .attempt = accepted->attempt, .manifest_digest = accepted->manifest_digest,
	    .position = j->position, .mailbox_head = j->r->head, .at_us = j->received_us};
	struct delivery_receipt receipt;
	struct buf content = {0};
	const struct secret *key = agent_signing_key(a, &receipt.signing_key_id);
	enum consign_err err = key == NULL ? CONSIGN_E_NOT_FOUND : agent_seen(a, j->arena, &c.seen);

	if (err == CONSIGN_OK && (c.verdicts.v = arena_alloc(j->arena, j->judged.n * sizeof *c.verdicts.v)) == NULL)
		err = CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; err == CONSIGN_OK && i < j->judged.n; i++)
		c.verdicts.v[c.verdicts.n++] = &j->judged.verdicts[i];
	if (err == CONSIGN_OK)
		err = judge_seal_problems(a, &j->v, &j->judged, j->arena, &c);
	if (err == CONSIGN_OK)
		err = delivery_receipt_content_encode(&c, &content);
	if (err == CONSIGN_OK) {
		receipt.content = buf_slice(&content);
		sign_make(key, SIGN_DELIVERY, &a->hub_id, receipt.content, &receipt.signature);
		err = delivery_receipt_encode(&receipt, &j->receipt);
	}
	buf_clear(&content);
	return err;
}

/* The statement with its path, and the checkpoint that it leads to: complete evidence on its own. */
static enum consign_err
keep_statement(struct reception_job *j, const struct session_deliver *d)
{
	struct statement st = d->tombstone != NULL ? *d->tombstone : *d->statement;

	st.checkpoint = d->checkpoint->note;
	return statement_encode(&st, &j->statement);
}

static enum consign_err
accept_mail(struct reception *r, const struct session_deliver *d, struct reception_job *j, struct consign_slice body)
{
	struct agent *a = r->agent;
	struct consign_hash before = r->head;
	enum consign_err err = CONSIGN_OK;

	j->r = r;
	j->position = d->position;
	j->received_us = clock_wall_us(a->clock);
	if (j->v.tombstone != NULL) {
		j->judged.verdicts[0] = (struct item_verdict){.index = 0, .outcome = ITEM_REJECTED, .code = CONSIGN_CODE_EXPIRED};
		j->judged.n = 1;
	} else {
		err = judge_mail(r->judge, &j->v, body, j->arena, &j->judged);
	}
	if (err != CONSIGN_OK)
		return err;
	mailbox_next(&r->head, d->position, &j->v.entry, &r->head);
	err = make_receipt(j);
	if (err == CONSIGN_OK)
		err = keep_statement(j, d);
	if (err == CONSIGN_OK)
		err = buf_append(&j->note, hub_checkpoint_note(a->hub));
	if (err != CONSIGN_OK) {
		r->head = before;
		return err;
	}
	r->position = r->brought = d->position;
	be64_store(j->mailbox, r->position);
	memcpy(j->mailbox + 8, r->head.b, sizeof r->head.b);
	return CONSIGN_OK;
}

/* Mail we have: say so again. The receipt is the one given then. False: at this position we have other mail. */
static bool
acknowledge_again(struct reception *r, uint64_t position, const struct accepted_record *accepted)
{
	struct db_statement *s;
	bool is_same = true;
	static const char *const queries[] = {"SELECT receipt, id, consignor FROM inbox WHERE position = ?1",
	    "SELECT receipt, id, consignor FROM tombstone WHERE position = ?1"};

	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		if (db_statement(r->agent->db, queries[i], &s) != CONSIGN_OK)
			return is_same;
		db_bind_u64(s, 1, position);
		if (db_row(s) == CONSIGN_OK) {
			is_same = slice_equal(db_column_slice(s, 1), SLICE_ARRAY(accepted->consignment_id.b))
			    && slice_equal(db_column_slice(s, 2), slice_text(accepted->consignor.s));
			if (is_same)
				ready(r, db_column_slice(s, 0));
		}
		db_reset(s);
	}
	return is_same;
}

static void
stop(struct reception *r, const char *kind, const char *why, struct held_delivery *h)
{
	accuse_with(r->agent, kind, why, &(struct evidence){frame_slice(&h->command), frame_slice(&h->manifest), frame_slice(&h->body)});
	uplink_break(r->agent->uplink, why);
}

/* Positions are dense. The chain tells whether the broker signed that nothing is between, or has not brought what is. */
static void
stop_at_gap(struct reception *r, const struct verified *v, struct held_delivery *h)
{
	unsigned long long last = r->position, position = h->deliver->position;
	char why[224];

	if (hash_equal(&v->opening->previous, &r->head))
		snprintf(why, sizeof why, "the broker signed that mailbox position %llu follows %llu: a position was invented", position, last);
	else
		snprintf(why, sizeof why,
		    "mail was left out: position %llu came after %llu. The broker withholds it, or this home is older than its mailbox"
		    " (a copy, or an old backup) and it was acknowledged elsewhere", position, last);
	stop(r, "mailbox", why, h);
}

/* Asks for what a delivery misses, or leaves it to a later turn. */
static void
fetch_missing(struct reception *r, const struct session_fetch *fetch)
{
	uint64_t now = clock_steady_us(r->agent->clock);

	r->fetch_waits = r->fetch_us > now + FETCH_AHEAD_US;
	if (r->fetch_waits)
		return;
	r->fetch_us = (r->fetch_us > now ? r->fetch_us : now) + FETCH_EVERY_US;
	if (uplink_say(r->agent->uplink, &(struct session_command){.fetch = (struct session_fetch *)(uintptr_t)fetch}, NULL, NULL) != CONSIGN_OK)
		uplink_break(r->agent->uplink, "a missing document could not be asked for");
}

/* Looks at one delivery. False: it must be held, or the session is broken; the frames are then still the caller's. */
static bool
look(struct reception *r, struct held_delivery *h)
{
	struct agent *a = r->agent;
	const struct session_deliver *d = h->deliver;
	struct consign_slice body = frame_slice(&h->body);
	struct reception_job *j = calloc(1, sizeof *j);
	size_t budget = 3 * CONSIGN_PROBLEMS_MAX_BYTES + 4 * CONSIGN_UNPACK_BUDGET_BASE_BYTES + 2 * CONSIGN_UNPACK_BUDGET_PER_BYTE * frame_slice(&h->manifest).len;
	enum consign_err err = j == NULL ? CONSIGN_E_NO_MEMORY : arena_new(budget, &j->arena);

	if (j != NULL) {
		frame_init(&j->manifest_frame);
		frame_init(&j->body_frame);
	}
	if (err == CONSIGN_OK)
		err = verify_delivery(a, d, frame_slice(&h->manifest), body, &h->checkpoint, j->arena, &j->v);
	if (err != CONSIGN_OK) {
		uplink_break(a->uplink, consign_err_text(err));
		goto no;
	}
	if (j->v.outcome == VERIFY_ACCUSE) {
		stop(r, "delivery", j->v.why, h);
		goto no;
	}
	if (d->position <= r->position) {
		r->brought = d->position;
		/* What waits for its commit still is acknowledged by that, once. */
		if (d->position <= r->durable && !acknowledge_again(r, d->position, j->v.accepted)) {
			stop(r, "mailbox", "two consignments at one mailbox position, both in the ledger", h);
			goto no;
		}
		free_job(j);
		return true;
	}
	if (d->position > r->position + 1) {
		stop_at_gap(r, &j->v, h);
		goto no;
	}
	if (!hash_equal(&j->v.opening->previous, &r->head)) {
		stop(r, "mailbox", "the mailbox chain does not continue from the mail before it", h);
		goto no;
	}
	if (j->v.outcome == VERIFY_HOLD) {
		snprintf(r->why_held, sizeof r->why_held, "%s", j->v.why);
		if (r->held == NULL)
			r->held_us = clock_steady_us(a->clock);
		fetch_missing(r, &j->v.fetch);
		goto no;
	}
	err = accept_mail(r, d, j, body);
	if (err != CONSIGN_OK) {
		uplink_break(a->uplink, consign_err_text(err));
		goto no;
	}
	if (j->v.outcome == VERIFY_REJECT) {
		r->rejected++;
		snprintf(r->why_rejected, sizeof r->why_rejected, "%.64s, %s: %s", j->v.manifest->consignor.s, consign_code_text(j->v.code), j->v.why);
		log_event(LOG_WARN, "mail.rejected", "consignor", "s", j->v.manifest->consignor.s, "position", "u", d->position, "code", "s", consign_code_text(j->v.code), NULL);
	}
	frame_move(&j->manifest_frame, &h->manifest);
	frame_move(&j->body_frame, &h->body);
	j->job.apply = apply_delivery;
	j->job.done = delivery_done;
	commit_put(a->committer, &j->job);
	return true;
no:
	if (j != NULL)
		free_job(j);
	return false;
}

static enum consign_err
read_command(struct reception *r, struct consign_slice bytes, struct held_delivery *h)
{
	struct session_command *command;
	enum consign_err err = arena_new(2 * CONSIGN_UNPACK_BUDGET_BASE_BYTES + 2 * CONSIGN_UNPACK_BUDGET_PER_BYTE * bytes.len, &h->arena);

	if (err == CONSIGN_OK)
		err = session_command_decode(bytes, h->arena, &command);
	if (err == CONSIGN_OK)
		err = hub_advance(r->agent->hub, command->deliver->checkpoint);
	if (err == CONSIGN_OK) {
		h->deliver = command->deliver;
		h->checkpoint = *hub_checkpoint(r->agent->hub);
	}
	return err;
}

void
reception_take(struct reception *r, struct frame *command, struct frame *manifest, struct frame *body)
{
	struct held_delivery *h = calloc(1, sizeof *h);
	enum consign_err err;

	if (h == NULL) {
		uplink_break(r->agent->uplink, "out of memory");
		return;
	}
	frame_move(&h->command, command);
	frame_move(&h->manifest, manifest);
	frame_move(&h->body, body);
	err = read_command(r, frame_slice(&h->command), h);
	if (err != CONSIGN_OK) {
		if (consign_err_class(err) == CONSIGN_CLASS_PEER)
			accuse_ledger(r->agent, err, &(struct evidence){.command = frame_slice(&h->command)});
		uplink_break(r->agent->uplink, "the broker's ledger could not be verified");
		free_held(h);
		return;
	}
	/* A delivery that ended the session is not kept: the next session brings it again. */
	if ((r->held == NULL && look(r, h)) || uplink_state(r->agent->uplink) != UPLINK_UP) {
		free_held(h);
		return;
	}
	*r->held_end = h;
	r->held_end = &h->next;
}

void
reception_retry(struct reception *r)
{
	while (r->held != NULL && look(r, r->held)) {
		struct held_delivery *h = r->held;

		r->held = h->next;
		if (r->held == NULL)
			r->held_end = &r->held;
		r->held_us = clock_steady_us(r->agent->clock);
		free_held(h);
	}
}

/* Without the documents neither this mail nor what is behind it can be judged. A new session begins with all that are in force. */
void
reception_turn(struct reception *r)
{
	struct agent *a = r->agent;
	uint64_t now = clock_steady_us(a->clock), since = now - r->turned_us;
	char what[320];

	r->turned_us = now;
	if (since > TURN_LATE_US)
		r->held_us = now;
	if (r->held != NULL && r->fetch_waits && uplink_state(a->uplink) == UPLINK_UP)
		reception_retry(r);
	if (r->held == NULL || uplink_state(a->uplink) != UPLINK_UP || now - r->held_us < HELD_US)
		return;
	snprintf(what, sizeof what, "mail waits and the broker does not bring what it was asked for: %s", r->why_held);
	stop(r, "withheld", what, r->held);
}
