/*
 * The broker's answers to submissions: receipts, refusals, postponements. What the answer makes true is committed before
 * the consignment leaves the outbox's queue.
 */
#include "answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accusations.h"
#include "core/bodies.h"
#include "core/limits.h"
#include "core/log.h"
#include "ledger/statement.h"
#include "lanes.h"
#include "sealing.h"
#include "store/store.h"
#include "uplink.h"
#include "verify.h"

/* Refusals that only say that we sealed for documents or keys of yesterday, or by a wrong clock: the next attempt is for today's. */
#define STALE_TRIES_MAX 20u

struct answer_job {
	struct commit_job job; /* first */
	struct agent *agent;
	struct out_entry *entry;
	struct arena *arena;
	struct buf statement; /* encoded, with the checkpoint it leads to */
	struct buf note;
	uint64_t seq;
	uint64_t at_us;
	uint64_t leaf;
	bool has_leaf;
	bool accepted;
	/* refused: which items for good; the others go on in `sealed` */
	struct verdict **verdicts;
	size_t n_verdicts;
	const struct manifest *manifest; /* of the refused attempt */
	bool again;
	struct sealed sealed;
};

static void
free_job(struct answer_job *j)
{
	buf_clear(&j->statement);
	buf_clear(&j->note);
	sealed_clear(&j->sealed);
	arena_free(&j->arena);
	free(j);
}

static enum consign_err
apply_acceptance(struct answer_job *j, struct db *db)
{
	struct db_statement *s;
	enum consign_err err
	    = db_statement(db, "UPDATE outbox SET state = 2, accepted_us = ?2, leaf = ?3, receipt = ?4 WHERE seq = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, j->seq);
	db_bind_u64(s, 2, j->at_us);
	db_bind_u64(s, 3, j->leaf);
	db_bind_slice(s, 4, buf_slice(&j->statement));
	return db_run(s);
}

static bool
is_stale(const struct verdict *v)
{
	return v->code == CONSIGN_CODE_STALE_DOCUMENT || v->code == CONSIGN_CODE_STALE_SEAL_KEY || v->code == CONSIGN_CODE_CLOCK_SKEW;
}

/* The verdict that refuses an item for good; NULL when none does. A verdict without org refuses all items. */
static const struct verdict *
final_verdict(const struct answer_job *j, uint32_t index)
{
	for (size_t i = 0; i < j->n_verdicts; i++) {
		const struct verdict *v = j->verdicts[i];

		if ((v->org[0] == '\0' || v->index == index) && !is_stale(v))
			return v;
	}
	return NULL;
}

static enum consign_err
insert_refused(struct answer_job *j, struct db *db, const struct manifest_item *item, const struct verdict *v)
{
	struct db_statement *s;
	char detail[256];
	enum consign_err err = db_statement(db,
	    "INSERT OR IGNORE INTO refused_item (id, idx, at_us, type, org, code, rule, detail, statement)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	    &s);

	if (err != CONSIGN_OK)
		return err;
	snprintf(detail, sizeof detail, "%.*s", (int)v->detail.len, v->detail.len > 0 ? (const char *)v->detail.data : "");
	db_bind_slice(s, 1, SLICE_ARRAY(j->manifest->consignment_id.b));
	db_bind_u64(s, 2, item->index);
	db_bind_u64(s, 3, j->at_us);
	db_bind_text(s, 4, item->type.s);
	db_bind_text(s, 5, v->org);
	db_bind_u64(s, 6, v->code);
	db_bind_text(s, 7, v->rule);
	db_bind_text(s, 8, detail);
	db_bind_slice(s, 9, buf_slice(&j->statement));
	return db_run(s);
}

/* Manifest and body of the attempt that was refused. */
static enum consign_err
drop_attempt(struct db *db, uint64_t seq)
{
	struct db_statement *s;
	uint64_t at[2] = {0}, bytes[2] = {0};
	enum consign_err err
	    = db_statement(db, "SELECT manifest_at, manifest_bytes, body_at, body_bytes FROM outbox WHERE seq = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, seq);
	err = db_row(s);
	for (int i = 0; err == CONSIGN_OK && i < 2; i++) {
		at[i] = db_column_u64(s, 2 * i);
		bytes[i] = db_column_u64(s, 2 * i + 1);
	}
	db_reset(s);
	for (int i = 0; err == CONSIGN_OK && i < 2; i++)
		err = bodies_drop(db, at[i], bytes[i]);
	return err;
}

static enum consign_err
replace_attempt(struct answer_job *j, struct db *db)
{
	struct db_statement *s;
	uint64_t manifest_at, at;
	enum consign_err err = drop_attempt(db, j->seq);

	if (err == CONSIGN_OK)
		err = bodies_put_mail(db, buf_slice(&j->sealed.frame), buf_slice(&j->sealed.body), &manifest_at, &at);
	if (err == CONSIGN_OK)
		err = db_statement(db,
		    "UPDATE outbox SET attempt = ?2, key = ?3, created_us = ?4, expires_us = ?5, manifest = ?6, manifest_at = ?7,"
		    " manifest_bytes = ?8, body = ?9, body_at = ?10, body_bytes = ?11 WHERE seq = ?1",
		    &s);
	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, j->seq);
	db_bind_u64(s, 2, j->sealed.manifest->attempt);
	db_bind_slice(s, 3, SLICE_ARRAY(j->sealed.stored_key));
	/* A clock that was ahead when it was made has moved them (sealing_again). */
	db_bind_u64(s, 4, j->sealed.manifest->created_us);
	db_bind_u64(s, 5, j->sealed.manifest->expires_us);
	bodies_bind(s, 6, buf_slice(&j->sealed.frame), manifest_at);
	bodies_bind(s, 9, buf_slice(&j->sealed.body), at);
	return db_run(s);
}

static enum consign_err
apply_refusal(struct answer_job *j, struct db *db)
{
	struct db_statement *s;
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < j->manifest->items.n; i++) {
		const struct verdict *v = final_verdict(j, j->manifest->items.v[i]->index);

		if (v != NULL)
			err = insert_refused(j, db, j->manifest->items.v[i], v);
	}
	if (err != CONSIGN_OK)
		return err;
	if (!j->again) {
		err = db_statement(db, "UPDATE outbox SET state = 3, receipt = ?2 WHERE seq = ?1", &s);
		if (err != CONSIGN_OK)
			return err;
		db_bind_u64(s, 1, j->seq);
		db_bind_slice(s, 2, buf_slice(&j->statement));
		return db_run(s);
	}
	return replace_attempt(j, db);
}

static enum consign_err
apply_answer(struct commit_job *job, struct db *db)
{
	struct answer_job *j = (struct answer_job *)job;
	enum consign_err err = j->accepted ? apply_acceptance(j, db) : apply_refusal(j, db);

	return err != CONSIGN_OK ? err : store_set_fact(db, "checkpoint", buf_slice(&j->note));
}

static void
answer_done(struct commit_job *job, enum consign_err err)
{
	struct answer_job *j = (struct answer_job *)job;
	struct agent *a = j->agent;

	if (err != CONSIGN_OK) {
		agent_store_failed(a, err); /* the lanes are loaded anew: the entry is theirs */
	} else if (j->again) {
		if (lanes_replaced(a->lanes, j->entry, &j->sealed) != CONSIGN_OK)
			agent_store_failed(a, CONSIGN_E_NO_MEMORY);
	} else {
		struct session_release release = {j->entry->id};

		/* Nothing more will come under this id: the broker may let pass what is behind it. */
		if (!j->accepted && uplink_state(a->uplink) == UPLINK_UP
		    && uplink_say(a->uplink, &(struct session_command){.release = &release}, NULL, NULL) != CONSIGN_OK)
			uplink_break(a->uplink, "a release could not be sent");
		lanes_finished(a->lanes, j->entry);
	}
	lanes_pump(a->lanes);
	free_job(j);
}

static bool
is_final(void *context, uint32_t index)
{
	return final_verdict(context, index) != NULL;
}

/* Reads the stored key of the entry: it is not kept in memory. */
static enum consign_err
stored_key(struct agent *a, uint64_t seq, struct buf *out)
{
	struct db_statement *s;
	enum consign_err err = db_statement(a->db, "SELECT key FROM outbox WHERE seq = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, seq);
	err = db_row(s);
	if (err == CONSIGN_OK)
		err = buf_append(out, db_column_slice(s, 0));
	db_reset(s);
	return err;
}

/* The next attempt, when something is left; too many stale ones in a row make the refusal final. */
static enum consign_err
prepare_again(struct answer_job *j)
{
	struct agent *a = j->agent;
	struct out_entry *e = j->entry;
	struct signed_manifest *sm;
	struct manifest *m;
	struct buf key = {0};
	bool none_left = false, stale = false;
	enum consign_err err = signed_manifest_decode(frame_slice(&e->manifest), j->arena, &sm);

	if (err == CONSIGN_OK)
		err = manifest_decode(sm->manifest, j->arena, &m);
	if (err != CONSIGN_OK)
		return err;
	j->manifest = m;
	for (size_t i = 0; i < j->n_verdicts; i++)
		if (is_stale(j->verdicts[i]))
			stale = true;
	if (stale)
		hub_doubt_documents(a->hub); /* what we were given was not all: the next session brings it whole */
	e->stale_tries = stale ? e->stale_tries + 1 : 0;
	if (e->stale_tries > STALE_TRIES_MAX) {
		for (size_t i = 0; i < j->n_verdicts; i++) /* still stale after all that: final, said as what it is */
			if (is_stale(j->verdicts[i]))
				j->verdicts[i]->code = CONSIGN_CODE_EXPIRED;
	}
	err = stored_key(a, e->seq, &key);
	if (err == CONSIGN_OK)
		err = sealing_again(a->sealing, frame_slice(&e->manifest), frame_slice(&e->body), buf_slice(&key), is_final, j, j->arena, &none_left, &j->sealed);
	if (err == CONSIGN_OK)
		j->again = !none_left;
	buf_clear(&key);
	return err;
}

/* The root that a receipt or refusal names is the one in force at its leaf, as far as we know: a newer one may be on its way. */
static const char *
check_in_force(const struct agent *a, uint64_t leaf, const struct document_ref *ref)
{
	const struct hub_root *root = hub_root_at(a->hub, ref->version);

	if (root == NULL)
		return NULL;
	if (!hash_equal(&root->hash, &ref->hash))
		return "an answer under a root that differs from the one verified here: two histories";
	return root == hub_root_in_force(a->hub, leaf) ? NULL : "an answer under documents that were not in force at its leaf";
}

/* What is wrong with an answer, or NULL. ret_err: our own trouble, of which nobody is to be accused. */
static const char *
check_answer(struct answer_job *j, const struct statement *st, const struct ledger_record **ret_record, enum consign_err *ret_err)
{
	struct agent *a = j->agent;
	const struct out_entry *e = j->entry;
	struct ledger_record *record;
	struct consign_hash entry;

	*ret_err = st->has_place ? statement_verify(st, hub_checkpoint(a->hub), j->arena, &record, &entry)
				 : statement_verify_unplaced(st, hub_receipt_key(a->hub), &a->hub_id, j->arena, &record);
	if (consign_err_class(*ret_err) == CONSIGN_CLASS_OURS)
		return consign_err_text(*ret_err);
	if (*ret_err != CONSIGN_OK)
		return st->has_place ? "an answer that is not proven by the ledger" : "an answer without a place in the ledger that the broker did not sign";
	*ret_record = record;
	if (record->accepted != NULL) {
		const struct accepted_record *r = record->accepted;

		if (!st->has_place || strcmp(r->consignor.s, a->org.s) != 0 || memcmp(r->consignment_id.b, e->id.b, sizeof e->id.b) != 0
		    || !hash_equal(&r->manifest_digest, &e->digest) || st->openings.n != e->n_consignees || r->mailboxes.n != e->n_consignees)
			return "a receipt for something else than was sent";
		for (size_t i = 0; i < st->openings.n; i++) {
			struct consign_hash commitment;

			mailbox_commitment(&a->hub_id, st->openings.v[i], &commitment);
			if (!hash_equal(&commitment, &r->mailboxes.v[i]) || strcmp(st->openings.v[i]->org.s, e->consignees[i].s) != 0)
				return "a receipt whose mailbox positions are not bound by its leaf";
		}
		/* No honest broker accepts what is made in its future, or has expired (PROTOCOL.md 7.5, rows 12 and 13). */
		if (!verify_is_dated_well(e->created_us, e->expires_us, record->at_us))
			return "a receipt dated before its manifest was made, or after it had expired";
		return check_in_force(a, st->leaf->index, r->root);
	}
	if (record->refused == NULL || record->refused->verdicts.n == 0)
		return "an answer that is neither receipt nor refusal";
	/* Only what the broker could not read has no id (PROTOCOL.md 7.5); it has no place either. */
	static const struct consign_id no_id;
	const struct refused_record *r = record->refused;
	bool is_unreadable = memcmp(r->consignment_id.b, no_id.b, sizeof no_id.b) == 0 && !st->has_place;

	if (strcmp(r->consignor.s, a->org.s) != 0
	    || (!is_unreadable && (memcmp(r->consignment_id.b, e->id.b, sizeof e->id.b) != 0 || !hash_equal(&r->manifest_digest, &e->digest))))
		return "a refusal of something else than was sent";
	return st->has_place ? check_in_force(a, st->leaf->index, r->root) : NULL;
}

static void
take_answer(struct agent *a, const struct session_answer *answer)
{
	struct out_entry *e = lanes_answered(a->lanes, answer->sequence);
	struct answer_job *j;
	const struct ledger_record *record = NULL;
	struct statement st = *answer->statement;
	const char *problem;
	enum consign_err err;

	if (e == NULL)
		return; /* asked again after a reconnect, and answered twice */
	j = calloc(1, sizeof *j);
	err = j == NULL ? CONSIGN_E_NO_MEMORY
	                : arena_new(8 * CONSIGN_UNPACK_BUDGET_BASE_BYTES + 2 * CONSIGN_UNPACK_BUDGET_PER_BYTE * (frame_slice(&e->manifest).len + st.leaf->record.len), &j->arena);
	if (err != CONSIGN_OK)
		goto later;
	j->agent = a;
	j->entry = e;
	j->seq = e->seq;
	problem = check_answer(j, &st, &record, &err);
	if (problem != NULL) {
		if (consign_err_class(err) != CONSIGN_CLASS_OURS)
			accuse(a, "answer", problem);
		uplink_break(a->uplink, problem);
		goto later;
	}
	j->at_us = record->at_us;
	j->has_leaf = st.has_place != 0;
	j->leaf = st.leaf->index;
	j->accepted = record->accepted != NULL;
	if (j->has_leaf)
		st.checkpoint = hub_checkpoint_note(a->hub);
	err = statement_encode(&st, &j->statement);
	if (err == CONSIGN_OK)
		err = buf_append(&j->note, hub_checkpoint_note(a->hub));
	if (!j->accepted)
		lanes_holds(a->lanes, e);
	if (err == CONSIGN_OK && !j->accepted) {
		j->verdicts = record->refused->verdicts.v;
		j->n_verdicts = record->refused->verdicts.n;
		log_event(LOG_INFO, "consignment.refused", "study", "s", e->study.s, "code", "s", consign_code_text((enum consign_code)j->verdicts[0]->code),
		    "rule", "s", j->verdicts[0]->rule, NULL);
		err = prepare_again(j);
		/* The next hello compares the clocks; there is no session before they agree. */
		if (record->refused->verdicts.v[0]->code == CONSIGN_CODE_CLOCK_SKEW)
			uplink_break(a->uplink, "the hub's clock and this machine's differ");
	}
	if (err != CONSIGN_OK)
		goto later;
	j->job.apply = apply_answer;
	j->job.done = answer_done;
	commit_put_later(a->committer, &j->job); /* the window has room for more meanwhile */
	return;
later:
	lanes_postpone(a->lanes, e, 1000000);
	if (j != NULL)
		free_job(j);
}

void
answers_take(struct agent *a, const struct session_answers *answers)
{
	if (answers->checkpoint != NULL) {
		enum consign_err err = hub_advance(a->hub, answers->checkpoint);

		if (consign_err_class(err) == CONSIGN_CLASS_OURS) {
			uplink_break(a->uplink, consign_err_text(err));
			return;
		}
		if (err != CONSIGN_OK) {
			if (consign_err_class(err) == CONSIGN_CLASS_PEER)
				accuse_ledger(a, err, NULL);
			uplink_break(a->uplink, "the broker's ledger could not be verified");
			return;
		}
	}
	for (size_t i = 0; i < answers->answers.n && uplink_state(a->uplink) == UPLINK_UP; i++)
		take_answer(a, answers->answers.v[i]);
	lanes_pump(a->lanes);
}

void
answers_try_later(struct agent *a, const struct session_try_later *later)
{
	struct out_entry *e = lanes_answered(a->lanes, later->sequence);

	if (e == NULL)
		return;
	log_event(LOG_DEBUG, "consignment.postponed", "study", "s", e->study.s, "code", "s", consign_code_text((enum consign_code)later->code), "org",
	    "s", later->org, NULL);
	lanes_try_later(a->lanes, e, later);
	lanes_pump(a->lanes);
}
