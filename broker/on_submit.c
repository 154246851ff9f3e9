/*
 * submit: one signed manifest and one sealed body. The order of things (PROTOCOL.md 7.5): shape, duplicate, held lane,
 * judgement, room in the mailboxes, then one entry with its leaf, positions and receipt; the answer leaves when the
 * entry is durable.
 */
#include "broker.h"

#include <stdlib.h>
#include <string.h>

#include "charge.h"
#include "core/limits.h"
#include "core/log.h"
#include "ledger/statement.h"
#include "pending.h"
#include "refusals.h"

/* A submission on its way through the commit thread. */
struct submission {
	struct store_entry entry; /* first */
	struct broker *broker;
	struct pending_item *pending;
	struct frame manifest_frame;
	struct frame body_frame;
	struct statement statement;
	struct leaf leaf;
	bool holds_lanes;
};

struct submitting {
	struct broker *b;
	struct request *r;
	struct session *s;
	uint64_t sequence;
	struct signed_manifest *sm;
	struct manifest *m;
	struct consign_hash digest;
	uint64_t now_us; /* when it is judged: what the policy is asked about is what the record says */
};

void
on_release(struct broker *b, struct request *r)
{
	held_release(&r->session->held, &r->command->release->consignment_id);
	charge_release(b, r->session->name, &r->command->release->consignment_id);
}

/* A refusal without a place in the ledger: malformed input, and what is beyond the flood limit. */
static void
refuse_unplaced(struct submitting *u, struct ledger_record *record)
{
	struct statement st = {0};
	struct leaf leaf = {0};
	struct buf bytes = {0};
	struct consign_hash entry;
	struct consign_signature signature;

	if (ledger_record_encode(record, &bytes) != CONSIGN_OK) {
		say_bye(u->b, u->s, CONSIGN_CODE_MALFORMED, "a refusal that cannot be written down");
		goto out;
	}
	random_bytes(leaf.salt.b, sizeof leaf.salt.b);
	leaf.record = buf_slice(&bytes);
	tree_entry(&leaf.salt, leaf.record, &entry);
	statement_sign(u->b->receipt_key, &u->b->hub_id, &entry, &signature);
	st.signature = SLICE_ARRAY(signature.b);
	st.leaf = &leaf;
	answer_later(u->b, u->s, u->sequence, &st);
out:
	buf_clear(&bytes);
}

/* To those who are here, from memory when they have kept up. */
static void
deliver_accepted(struct submission *x)
{
	struct broker *b = x->broker;
	struct recent_mail *kept = NULL;

	for (size_t i = 0; i < x->entry.n_mailboxes; i++) {
		const struct store_mailbox *row = &x->entry.mailboxes[i];
		struct mailbox *box = mailbox_of(b->mailboxes, row->org.s);

		if (box == NULL)
			continue;
		box->durable = row->position;
		if (sessions_agent(b->sessions, row->org.s) == NULL)
			continue;
		if (box->recent == NULL)
			box->recent = calloc(RECENT_PLACES, sizeof *box->recent);
		if (kept == NULL)
			kept = recent_keep(&b->recent, &x->entry, &x->manifest_frame, &x->body_frame);
		if (box->recent != NULL && kept != NULL)
			recent_put(box->recent, row, kept);
	}
	for (size_t i = 0; i < x->entry.n_mailboxes; i++)
		deliver_to_org(b, x->entry.mailboxes[i].org.s);
}

static void
submission_done(struct commit_job *job, enum consign_err err)
{
	struct submission *x = (struct submission *)job;
	struct broker *b = x->broker;

	if (err == CONSIGN_OK && x->entry.has_consignment) {
		metrics_add(b->metrics, METRIC_ACCEPTED, 1);
		metrics_add(b->metrics, METRIC_ACCEPTED_ITEMS, x->entry.manifest->items.n);
		metrics_add(b->metrics, METRIC_ACCEPTED_BYTES, x->entry.body.len);
	}
	broker_done(b, &x->entry, err);
	if (err != CONSIGN_OK && x->entry.has_consignment)
		charge_give_back(b, x->entry.manifest->consignor.s, x->entry.manifest->items.n, frame_slice(&x->manifest_frame).len + x->entry.body.len);
	for (struct waiter *w = x->pending->waiters; w != NULL; w = w->next) {
		struct session *s = sessions_by_number(b->sessions, w->session);

		if (s == NULL || s->state != SESSION_AGENT)
			continue;
		if (err != CONSIGN_OK) {
			held_add(&s->held, x->entry.manifest);
			say_try_later(b, s, w->sequence, "", err == CONSIGN_E_FULL ? CONSIGN_CODE_DISK_FULL : CONSIGN_CODE_TRY_LATER, consign_err_text(err));
			continue;
		}
		if (x->entry.has_consignment)
			held_release(&s->held, &x->pending->id);
		answer_later(b, s, w->sequence, &x->statement);
	}
	if (err == CONSIGN_OK && x->entry.has_consignment)
		deliver_accepted(x);
	pending_remove(b->pending, x->pending);
	frame_clear(&x->manifest_frame);
	frame_clear(&x->body_frame);
	store_entry_clear(&x->entry);
	free(x);
}

/*
 * An entry that holds the frames (no copy of the body between socket and store) and a manifest of its own, decoded
 * from them into the entry's arena.
 */
static enum consign_err
new_submission(struct submitting *u, struct submission **ret_x)
{
	struct store_entry *entry;
	struct signed_manifest *sm;
	struct manifest *m;
	size_t budget = CONSIGN_UNPACK_BUDGET_BASE_BYTES * 2 + frame_slice(u->r->manifest).len * 2 * CONSIGN_UNPACK_BUDGET_PER_BYTE
	    + CONSIGN_RECORD_MAX_BYTES;
	enum consign_err err = broker_entry(u->b, budget, sizeof(struct submission), &entry);

	if (err != CONSIGN_OK)
		return err;
	struct submission *x = (struct submission *)entry;

	frame_init(&x->manifest_frame);
	frame_init(&x->body_frame);
	x->broker = u->b;
	x->entry.job.done = submission_done;
	err = signed_manifest_decode(frame_slice(u->r->manifest), entry->arena, &sm);
	if (err == CONSIGN_OK)
		err = manifest_decode(sm->manifest, entry->arena, &m);
	if (err == CONSIGN_OK && (entry->leaves = arena_alloc(entry->arena, sizeof *entry->leaves)) == NULL)
		err = CONSIGN_E_NO_MEMORY;
	if (err == CONSIGN_OK && (x->pending = pending_add(u->b->pending, m, &u->digest)) == NULL)
		err = CONSIGN_E_NO_MEMORY;
	if (err == CONSIGN_OK && pending_wait(x->pending, u->s->number, u->sequence) != CONSIGN_OK) {
		pending_remove(u->b->pending, x->pending);
		err = CONSIGN_E_NO_MEMORY;
	}
	if (err != CONSIGN_OK) {
		store_entry_clear(entry);
		free(x);
		return err;
	}
	entry->manifest = m;
	entry->manifest_digest = u->digest;
	entry->n_leaves = 1;
	*ret_x = x;
	return CONSIGN_OK;
}

/* The statement as it will be answered, pointing into the entry. */
static void
fill_statement(struct submission *x)
{
	const struct store_leaf *leaf = &x->entry.leaves[0];

	x->leaf = (struct leaf){leaf->index, leaf->salt, leaf->record};
	x->statement.leaf = &x->leaf;
	x->statement.has_place = 1;
}

static void
abandon(struct broker *b, struct submission *x)
{
	pending_remove(b->pending, x->pending);
	store_entry_clear(&x->entry);
	free(x);
}

/* For those who watch: the refusal of a whole consignment says for whom it was. */
static enum consign_err
name_consignees(struct submitting *u, struct refused_record *r)
{
	size_t n = u->m->consignees.n;

	if (n == 0)
		return CONSIGN_OK;
	r->consignees.v = arena_alloc(u->r->arena, n * sizeof *r->consignees.v);
	if (r->consignees.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		r->consignees.v[i] = u->m->consignees.v[i]->org;
	r->consignees.n = n;
	return CONSIGN_OK;
}

static void
refuse(struct submitting *u, const struct judgement *j, bool hold)
{
	struct broker *b = u->b;
	const struct hub_root *root = hub_root(b->hub);
	struct document_ref ref = {root->root->version, root->hash};
	struct refused_record refused = {.consignor = u->m->consignor, .consignment_id = u->m->consignment_id, .attempt = u->m->attempt,
	    .manifest_digest = u->digest, .root = &ref};
	struct ledger_record record = broker_record(b);
	struct submission *x;

	memcpy(refused.consignor.s, u->s->name, sizeof refused.consignor.s);
	refused.verdicts.v = j->verdicts;
	refused.verdicts.n = j->n;
	memcpy(refused.study, u->m->study.s, sizeof refused.study);
	if (name_consignees(u, &refused) != CONSIGN_OK) {
		say_try_later(b, u->s, u->sequence, "", CONSIGN_CODE_TRY_LATER, "out of memory");
		return;
	}
	record.refused = &refused;
	for (size_t i = 0; i < j->n; i++)
		atomic_fetch_add(&b->metrics->refused[j->verdicts[i]->code], 1);
	log_event(LOG_INFO, "submit.refused", "org", "s", u->s->name, "study", "s", u->m->study.s, "code", "s", consign_code_text(j->code),
	    "rule", "s", j->n > 0 ? j->verdicts[0]->rule : "", NULL);
	if (hold)
		held_add(&u->s->held, u->m);
	/* A refusal under another org's name must not take a place under that name's ids. */
	if (strcmp(u->m->consignor.s, u->s->name) != 0 || !refusal_may_have_leaf(b, u->s->name)) {
		refuse_unplaced(u, &record);
		return;
	}
	enum consign_err err = new_submission(u, &x);

	if (err == CONSIGN_OK) {
		err = ledger_append(b->ledger, &record, x->entry.arena, &x->entry.leaves[0]);
		if (err != CONSIGN_OK)
			abandon(b, x);
	}
	if (err != CONSIGN_OK) {
		say_try_later(b, u->s, u->sequence, "", CONSIGN_CODE_TRY_LATER, consign_err_text(err));
		return;
	}
	x->pending->is_conflict = j->code == CONSIGN_CODE_DUPLICATE_CONFLICT;
	x->entry.has_refusal = !x->pending->is_conflict;
	frame_move(&x->manifest_frame, u->r->manifest);
	x->entry.manifest_frame = frame_slice(&x->manifest_frame);
	fill_statement(x);
	broker_commit(b, &x->entry);
}

static void
refuse_whole(struct submitting *u, enum consign_code code, const char *detail, bool hold)
{
	struct judgement j;

	if (judge_whole(u->r->arena, code, detail, &j) != CONSIGN_OK)
		say_try_later(u->b, u->s, u->sequence, "", CONSIGN_CODE_TRY_LATER, "out of memory");
	else
		refuse(u, &j, hold);
}

/* What cannot even be read has no id to be refused under: all zeros stands for it. */
static void
refuse_unreadable(struct submitting *u, enum consign_code code, const char *detail)
{
	static struct signed_manifest no_sm;
	struct manifest none = {.attempt = 1};

	memcpy(none.consignor.s, "--", 3); /* no org's name: the refusal gets no place */
	u->sm = &no_sm;
	u->m = &none;
	refuse_whole(u, code, detail, false);
}

/* True when an earlier submission under this id has answered the question. */
static bool
was_decided(struct submitting *u)
{
	struct broker *b = u->b;
	struct pending_item *pending = pending_find(b->pending, u->s->name, &u->m->consignment_id);
	struct store_past past;

	if (pending != NULL) {
		if (!pending->is_conflict)
			held_add(&u->s->held, u->m); /* until its outcome is known in this session too */
		if (hash_equal(&pending->digest, &u->digest)) {
			if (pending_wait(pending, u->s->number, u->sequence) != CONSIGN_OK)
				say_try_later(b, u->s, u->sequence, "", CONSIGN_CODE_TRY_LATER, "out of memory");
		} else {
			/* Another attempt may follow only an answer, and this one has none yet. */
			say_try_later(b, u->s, u->sequence, "", CONSIGN_CODE_TRY_LATER, "an earlier attempt has no answer yet");
		}
		return true;
	}
	enum consign_err err = store_past(b->db, u->s->name, &u->m->consignment_id, u->r->arena, &past);

	if (err == CONSIGN_E_NOT_FOUND)
		return false;
	if (err != CONSIGN_OK) {
		say_try_later(b, u->s, u->sequence, "", CONSIGN_CODE_TRY_LATER, consign_err_text(err));
		return true;
	}
	if (hash_equal(&past.digest, &u->digest)) {
		metrics_add(b->metrics, METRIC_REPEATED, 1);
		if (past.accepted)
			held_release(&u->s->held, &u->m->consignment_id);
		else
			held_add(&u->s->held, u->m);
		answer_later(b, u->s, u->sequence, past.statement);
		return true;
	}
	if (past.accepted || u->m->attempt <= past.attempt) {
		refuse_whole(u, CONSIGN_CODE_DUPLICATE_CONFLICT, "this id was used before, for other content", false);
		return true;
	}
	return false;
}

static uint64_t
size_of(const struct submitting *u)
{
	return frame_slice(u->r->manifest).len + frame_slice(u->r->body).len;
}

/* False when a consignee's mailbox has no room for it: postponed, naming the consignee. */
static bool
has_room(struct submitting *u)
{
	for (size_t i = 0; i < u->m->consignees.n; i++) {
		const char *org = u->m->consignees.v[i]->org.s;
		struct mailbox *box = mailbox_of(u->b->mailboxes, org);
		const struct mailbox_share *share = box == NULL ? NULL : mailbox_share(box, u->s->name);
		struct quota quota = charge_quota_of(u->b, org);
		enum room room = share == NULL ? ROOM_NONE : quota_room(&quota, &box->waiting, &share->waiting, size_of(u));

		if (room == ROOM)
			continue;
		held_add(&u->s->held, u->m);
		say_try_later(u->b, u->s, u->sequence, org, CONSIGN_CODE_MAILBOX_FULL,
		    room == ROOM_NONE ? "the consignee's mailbox is full" : "this organisation's share of the consignee's mailbox is full");
		return false;
	}
	return true;
}

static bool
postpone_charge(struct submitting *u, const struct charge_problem *problem)
{
	held_add(&u->s->held, u->m);
	say_try_later_in(u->b, u->s, u->sequence, CONSIGN_CODE_QUOTA, problem->detail, (uint32_t)(problem->retry_us / 1000 + 1));
	return false;
}

/* Before anything is verified: verifying is what a flood would cost. */
static bool
is_within_quota(struct submitting *u, bool has_expired)
{
	struct charge_problem problem;

	return charge_consignor(u->b, u->s->name, u->m->items.n, size_of(u), has_expired, &problem) || postpone_charge(u, &problem);
}

static bool
is_within_shares(struct submitting *u, const struct judgement *j)
{
	struct charge_problem problem;

	return charge_shares(u->b, u->m, size_of(u), j->rated, &problem) || postpone_charge(u, &problem);
}

static enum consign_err
fill_acceptance(struct submitting *u, struct submission *x)
{
	struct broker *b = u->b;
	struct store_entry *e = &x->entry;
	const struct manifest *m = e->manifest;
	size_t n = m->consignees.n;
	const struct hub_root *root = hub_root(b->hub);
	const struct hub_card *card = hub_card(b->hub, u->s->name);
	struct document_ref root_ref = {root->root->version, root->hash}, card_ref = {card->card->version, card->hash};
	struct accepted_record accepted = {.consignor = m->consignor, .consignment_id = m->consignment_id, .attempt = m->attempt,
	    .manifest_digest = u->digest, .root = &root_ref, .card = &card_ref};
	struct mailbox_opening *openings = arena_alloc(e->arena, n * sizeof *openings);
	struct ledger_record record = broker_record(b);

	e->mailboxes = arena_alloc(e->arena, n * sizeof *e->mailboxes);
	x->statement.openings.v = arena_alloc(e->arena, n * sizeof *x->statement.openings.v);
	accepted.mailboxes.v = arena_alloc(e->arena, n * sizeof *accepted.mailboxes.v);
	if (openings == NULL || e->mailboxes == NULL || x->statement.openings.v == NULL || accepted.mailboxes.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		struct store_mailbox *row = &e->mailboxes[i];
		struct mailbox *box = mailbox_of(b->mailboxes, m->consignees.v[i]->org.s);

		mailbox_take(box, mailbox_share(box, u->s->name), size_of(u), row);
		openings[i] = (struct mailbox_opening){row->org, row->position, row->previous, row->salt};
		x->statement.openings.v[i] = &openings[i];
		mailbox_commitment(&b->hub_id, &openings[i], &accepted.mailboxes.v[i]);
	}
	x->statement.openings.n = accepted.mailboxes.n = e->n_mailboxes = n;
	record.accepted = &accepted;
	record.at_us = u->now_us;
	/* From here on a failure would leave a gap in the mailboxes: the record fits by construction, memory is checked. */
	enum consign_err err = ledger_append(b->ledger, &record, e->arena, &e->leaves[0]);

	if (err != CONSIGN_OK) {
		b->store_failed = true; /* reload: the positions just given were not */
		return err;
	}
	for (size_t i = 0; i < n; i++)
		mailbox_chain(mailbox_of(b->mailboxes, e->mailboxes[i].org.s), &e->leaves[0].entry, &e->mailboxes[i]);
	return CONSIGN_OK;
}

/* False: it was postponed. */
static bool
accept(struct submitting *u)
{
	struct submission *x;
	enum consign_err err = new_submission(u, &x);

	if (err == CONSIGN_OK) {
		err = fill_acceptance(u, x);
		if (err != CONSIGN_OK)
			abandon(u->b, x);
	}
	if (err != CONSIGN_OK) {
		held_add(&u->s->held, u->m);
		say_try_later(u->b, u->s, u->sequence, "", CONSIGN_CODE_TRY_LATER, consign_err_text(err));
		return false;
	}
	held_release(&u->s->held, &u->m->consignment_id); /* decided: what follows is decided after it */
	frame_move(&x->manifest_frame, u->r->manifest);
	frame_move(&x->body_frame, u->r->body);
	x->entry.has_consignment = true;
	x->entry.manifest_frame = frame_slice(&x->manifest_frame);
	x->entry.body = frame_slice(&x->body_frame);
	fill_statement(x);
	broker_commit(u->b, &x->entry);
	return true;
}

/* Shape: sizes first, then what the wire room says. False when it was refused. */
static bool
read_submission(struct submitting *u)
{
	struct consign_slice manifest = frame_slice(u->r->manifest), body = frame_slice(u->r->body);

	if (manifest.len > CONSIGN_SIGNED_MANIFEST_MAX_BYTES || body.len > CONSIGN_BODY_MAX_BYTES) {
		refuse_unreadable(u, CONSIGN_CODE_TOO_BIG,
		    manifest.len > CONSIGN_SIGNED_MANIFEST_MAX_BYTES ? "the manifest is over its limit" : "the body is over its limit");
		return false;
	}
	/* The arena of the command frame is small: manifests get one of their own, ended by the caller. */
	enum consign_err err = signed_manifest_decode(manifest, u->r->arena, &u->sm);

	if (err == CONSIGN_OK)
		err = manifest_decode(u->sm->manifest, u->r->arena, &u->m);
	if (err == CONSIGN_E_NO_MEMORY) {
		say_try_later(u->b, u->s, u->sequence, "", CONSIGN_CODE_TRY_LATER, "out of memory");
		return false;
	}
	if (err != CONSIGN_OK) {
		refuse_unreadable(u, CONSIGN_CODE_MALFORMED, "the manifest is malformed");
		return false;
	}
	hash_sha256(u->sm->manifest, &u->digest);
	return true;
}

/*
 * The ledger that the author has verified must be a beginning of ours: what we could not prove to the consignees later
 * must not be accepted now. NONE: it is; TRY_LATER: postponed; else refused.
 */
static enum consign_code
look_at_seen(struct submitting *u)
{
	const struct checkpoint_ref *seen = u->m->seen->checkpoint;
	struct consign_hash head;

	if (seen == NULL)
		return CONSIGN_CODE_NONE;
	enum consign_err err = ledger_head_at(u->b->ledger, seen->size, &head);

	if (err == CONSIGN_OK && hash_equal(&head, &seen->hash))
		return CONSIGN_CODE_NONE;
	if (err != CONSIGN_OK && err != CONSIGN_E_NOT_FOUND) {
		held_add(&u->s->held, u->m);
		say_try_later(u->b, u->s, u->sequence, "", CONSIGN_CODE_TRY_LATER, consign_err_text(err));
		return CONSIGN_CODE_TRY_LATER;
	}
	log_event(LOG_ERROR, "history.differs", "name", "s", u->s->name, "size", "u", seen->size, NULL);
	refuse_whole(u, CONSIGN_CODE_CHAIN_BROKEN, "the manifest has seen a ledger that is not a beginning of this one", true);
	return CONSIGN_CODE_CHAIN_BROKEN;
}

/* False: it was postponed. */
static bool
judge(struct submitting *u)
{
	struct broker *b = u->b;
	struct judgement j;

	u->now_us = clock_wall_us(b->clock);
	if (judge_submission(b->hub, u->s->name, u->sm, u->m, frame_slice(u->r->body), u->now_us, u->r->arena, &j) != CONSIGN_OK) {
		held_add(&u->s->held, u->m);
		say_try_later(b, u->s, u->sequence, "", CONSIGN_CODE_TRY_LATER, "out of memory");
		return false;
	}
	if (j.code == CONSIGN_CODE_TRY_LATER) {
		held_add(&u->s->held, u->m);
		say_try_later(b, u->s, u->sequence, "", CONSIGN_CODE_TRY_LATER, j.detail);
		return false;
	}
	if (j.code != CONSIGN_CODE_NONE) {
		refuse(u, &j, true);
		return true;
	}
	enum consign_code seen = look_at_seen(u);

	if (seen != CONSIGN_CODE_NONE)
		return seen != CONSIGN_CODE_TRY_LATER;
	return has_room(u) && is_within_shares(u, &j) && accept(u);
}

static void
decide(struct submitting *u)
{
	struct broker *b = u->b;

	if (strcmp(u->m->consignor.s, u->s->name) == 0 && was_decided(u))
		return;
	if (b->draining || b->disk_full) {
		held_add(&u->s->held, u->m);
		say_try_later(b, u->s, u->sequence, "", b->draining ? CONSIGN_CODE_SHUTTING_DOWN : CONSIGN_CODE_DISK_FULL,
		    b->draining ? "the broker is stopping" : "the broker's disk is nearly full");
		return;
	}
	if (held_blocks(&u->s->held, u->m)) {
		held_add(&u->s->held, u->m); /* and what is behind it waits for it in turn */
		say_try_later(b, u->s, u->sequence, "", CONSIGN_CODE_LANE_HELD, "an earlier consignment of its lane comes first");
		return;
	}
	bool has_expired = u->m->expires_us <= clock_wall_us(b->clock);

	/* What is postponed comes again every second or half minute: what it may send in an hour would be used up by asking. */
	if (is_within_quota(u, has_expired) && !judge(u) && !has_expired)
		charge_give_back(b, u->s->name, u->m->items.n, size_of(u));
}

void
on_submit(struct broker *b, struct request *r)
{
	struct submitting u = {.b = b, .r = r, .s = r->session, .sequence = r->command->submit->sequence};
	struct arena *command = r->arena, *arena = NULL;

	if (u.s->submitted >= 2 * CONSIGN_WINDOW_CONSIGNMENTS) {
		say_bye(b, u.s, CONSIGN_CODE_QUOTA, "more submissions under way than the window allows");
		return;
	}
	if (u.s->held.n > CONSIGN_HELD_LANES_MAX) {
		say_bye(b, u.s, CONSIGN_CODE_QUOTA, "too much that was postponed or refused holds its lanes; release what will not come again");
		return;
	}
	u.s->submitted++;
	size_t budget = 2 * CONSIGN_UNPACK_BUDGET_BASE_BYTES + CONSIGN_BUNDLE_MAX_ITEMS * CONSIGN_CONSIGNEES_MAX * 256u
	    + 4 * frame_slice(r->manifest).len * CONSIGN_UNPACK_BUDGET_PER_BYTE;

	if (frame_slice(r->manifest).len > CONSIGN_SIGNED_MANIFEST_MAX_BYTES)
		budget = 2 * CONSIGN_UNPACK_BUDGET_BASE_BYTES;
	if (arena_new(budget, &arena) != CONSIGN_OK) {
		say_try_later(b, u.s, u.sequence, "", CONSIGN_CODE_TRY_LATER, "out of memory");
		return;
	}
	r->arena = arena;
	if (read_submission(&u))
		decide(&u);
	r->arena = command;
	arena_free(&arena);
}
