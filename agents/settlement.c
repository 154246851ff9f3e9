/*
 * Settlements: delivery receipts of consignees, or tombstones, coming back to the consignor. Each is verified, stored,
 * and then confirmed, so that the broker may forget it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accusations.h"
#include "catalogue/problems.h"
#include "core/limits.h"
#include "core/log.h"
#include "ledger/statement.h"
#include "problem_list.h"
#include "reception.h"
#include "seal/seal.h"
#include "store/store.h"
#include "uplink.h"

struct settled_row {
	struct consign_id id;
	struct consign_org org;
	uint64_t at_us;
	uint64_t position;
	bool expired;
	struct consign_slice receipt;
	struct consign_slice statement;
	struct kept_problems {
		uint32_t index;
		struct consign_slice stored;
	} *problems; /* n_problems of them, at rest */
	size_t n_problems;
};

struct settled_job {
	struct commit_job job; /* first */
	struct agent *agent;
	struct arena *arena;
	struct settled_row *rows;
	size_t n;
	uint64_t cursor;
	struct buf note;
};

static enum consign_err
insert_settlements(struct commit_job *job, struct db *db)
{
	struct settled_job *j = (struct settled_job *)job;

	for (size_t i = 0; i < j->n; i++) {
		const struct settled_row *row = &j->rows[i];
		struct db_statement *s;
		/* A delivery receipt that comes after a tombstone is the better news: the mail was on its way when time ran out. */
		enum consign_err err = db_statement(db,
		    "INSERT INTO settlement (id, org, at_us, position, expired, receipt, statement) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
		    " ON CONFLICT (id, org) DO UPDATE SET at_us = ?3, expired = ?5, receipt = ?6, statement = ?7 WHERE expired = 1 AND ?5 = 0",
		    &s);

		if (err != CONSIGN_OK)
			return err;
		db_bind_slice(s, 1, SLICE_ARRAY(row->id.b));
		db_bind_text(s, 2, row->org.s);
		db_bind_u64(s, 3, row->at_us);
		db_bind_u64(s, 4, row->position);
		db_bind_u64(s, 5, row->expired);
		db_bind_slice(s, 6, row->receipt);
		db_bind_slice(s, 7, row->statement);
		err = db_run(s);
		for (size_t k = 0; err == CONSIGN_OK && k < row->n_problems; k++)
			err = problem_list_insert(
			    db, &(struct consign_message_id){row->id, row->problems[k].index}, row->org.s, row->problems[k].stored);
		if (err != CONSIGN_OK)
			return err;
	}
	return store_set_fact(db, "checkpoint", buf_slice(&j->note));
}

static void
settlements_done(struct commit_job *job, enum consign_err err)
{
	struct settled_job *j = (struct settled_job *)job;
	struct session_confirm confirm = {j->cursor};

	if (err != CONSIGN_OK)
		agent_store_failed(j->agent, err);
	else if (uplink_state(j->agent->uplink) == UPLINK_UP
	    && uplink_say(j->agent->uplink, &(struct session_command){.confirm = &confirm}, NULL, NULL) != CONSIGN_OK)
		uplink_break(j->agent->uplink, "a confirmation could not be sent");
	buf_clear(&j->note);
	arena_free(&j->arena);
	free(j);
}

static enum consign_err
keep(struct settled_job *j, const struct settlement *in, struct settled_row *row)
{
	struct statement st = *in->statement;
	struct buf bytes = {0};
	enum consign_err err;

	st.checkpoint = hub_checkpoint_note(j->agent->hub);
	err = statement_encode(&st, &bytes);
	if (err == CONSIGN_OK && (row->statement = arena_copy(j->arena, buf_slice(&bytes))).data == NULL)
		err = CONSIGN_E_NO_MEMORY;
	buf_reset(&bytes);
	if (err == CONSIGN_OK && in->receipt != NULL) {
		err = delivery_receipt_encode(in->receipt, &bytes);
		if (err == CONSIGN_OK && (row->receipt = arena_copy(j->arena, buf_slice(&bytes))).data == NULL)
			err = CONSIGN_E_NO_MEMORY;
	}
	buf_clear(&bytes);
	return err;
}

/* A list is printed for people: what could deceive their eyes was not made by an honest agent, which shows such characters as escapes. */
static bool
is_shown(const struct problem_list *list)
{
	for (size_t i = 0; i < list->items.n; i++)
		for (size_t k = 0; k < list->items.v[i]->problems.n; k++) {
			const struct stated_problem *p = list->items.v[i]->problems.v[k];

			if (!problem_text_is_shown(p->path) || !problem_text_is_shown(p->rule) || !problem_text_is_shown(p->found) || !problem_text_is_shown(p->expected))
				return false;
		}
	return true;
}

/*
 * The problems that a consignee sealed to us: read now, while the seal key is there, and kept under the storage key. What
 * cannot be read or kept is left out: the verdicts stand, and are what the receipt is for.
 */
static void
keep_problems(struct settled_job *j, const struct delivery_receipt_content *c, struct settled_row *row)
{
	struct consign_key_id id;
	const struct secret *seal;
	struct consign_public_key public;
	struct problem_list *list;
	struct arena *scratch = NULL;
	struct buf plain = {0}, stored = {0};
	enum consign_err err;

	if (c->problems.len == 0)
		return;
	memcpy(id.b, c->problems_key_id.data, sizeof id.b);
	seal = agent_seal_key(j->agent, &id);
	if (seal == NULL)
		return;
	box_public(seal, &public);
	err = unseal_note(seal, &public, c->problems, &plain);
	if (err == CONSIGN_OK)
		err = arena_new(2 * (CONSIGN_UNPACK_BUDGET_BASE_BYTES + plain.len * CONSIGN_UNPACK_BUDGET_PER_BYTE), &scratch);
	if (err == CONSIGN_OK)
		err = problem_list_decode(buf_slice(&plain), scratch, &list);
	if (err == CONSIGN_OK && !is_shown(list))
		err = CONSIGN_E_MALFORMED;
	if (err == CONSIGN_OK && (row->problems = arena_alloc(j->arena, (list->items.n + 1) * sizeof *row->problems)) == NULL)
		err = CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; err == CONSIGN_OK && i < list->items.n; i++) {
		struct item_problems *item = list->items.v[i];
		struct kept_problems *kept = &row->problems[row->n_problems];

		buf_reset(&stored);
		err = problem_list_store(j->agent->storage_key, &(struct consign_message_id){c->consignment_id, item->index}, item, &stored);
		if (err == CONSIGN_OK && (kept->stored = arena_copy(j->arena, buf_slice(&stored))).data == NULL)
			err = CONSIGN_E_NO_MEMORY;
		kept->index = item->index;
		row->n_problems += err == CONSIGN_OK;
	}
	arena_free(&scratch);
	buf_wipe(&plain);
	buf_clear(&stored);
}

/* The consignee signed it with a key of one of its cards. An old card's key may have signed what was on its way. */
static bool
is_signed(const struct agent *a, const struct delivery_receipt *r, const char *consignee)
{
	const struct hub_card *newest = hub_card(a->hub, consignee);

	for (uint64_t v = newest == NULL ? 0 : newest->card->version; v > 0; v--) {
		const struct hub_card *card = hub_card_at(a->hub, consignee, v);
		const struct valid_key *key = card == NULL ? NULL : card_signing_key(card->card, &r->signing_key_id);

		if (key != NULL)
			return sign_verify(&key->key, SIGN_DELIVERY, &a->hub_id, r->content, &r->signature) == CONSIGN_OK;
	}
	return false;
}

/* Whether mail of ours was called expired before it was. */
static bool
is_early(struct agent *a, const struct consign_id *id, uint64_t at_us)
{
	struct db_statement *s;
	bool is = false;

	if (db_statement(a->db, "SELECT expires_us FROM outbox WHERE id = ?1", &s) != CONSIGN_OK)
		return false;
	db_bind_slice(s, 1, SLICE_ARRAY(id->b));
	if (db_row(s) == CONSIGN_OK)
		is = at_us + CONSIGN_CLOCK_SKEW_MAX_US < db_column_u64(s, 0);
	db_reset(s);
	return is;
}

/* ── what the consignee had seen ── */

static const struct proof *
find_proof(const struct session_settled *settled, uint64_t size)
{
	for (size_t i = 0; i < settled->seen.n; i++)
		if (settled->seen.v[i]->size == size)
			return settled->seen.v[i]->path;
	return NULL;
}

/*
 * What is wrong with it, or NULL. A checkpoint cannot be newer than the frame's, which covers the receipt's own leaf; a root can be, for a
 * moment: then the receipt is taken, and the root waited for.
 */
static const char *
check_seen(struct agent *a, const struct delivery_receipt_content *c, const struct session_settled *settled)
{
	const struct checkpoint_ref *seen = c->seen->checkpoint;
	const struct hub_root *root = hub_root_at(a->hub, c->seen->root->version);
	const struct checkpoint *ours = hub_checkpoint(a->hub);

	if (root != NULL && !hash_equal(&root->hash, &c->seen->root->hash))
		return "the consignee has verified another root than we have: two histories";
	if (root == NULL && c->seen->root->version > a->consignee_lead.root.version) {
		a->consignee_lead.root = *c->seen->root;
		a->consignee_lead.org = c->consignee;
	}
	if (seen == NULL)
		return NULL;
	const struct proof *proof = find_proof(settled, seen->size);

	if (tree_verify_consistency(seen->size, &seen->hash, ours->size, &ours->head, proof == NULL ? NULL : proof->path.v,
	        proof == NULL ? 0 : proof->path.n) != CONSIGN_OK)
		return "the consignee has verified a ledger that is not a beginning of ours: two histories";
	return NULL;
}

void
settlements_tend(struct agent *a)
{
	struct document_ref *seen = &a->consignee_lead.root;
	const struct hub_root *root = seen->version == 0 ? NULL : hub_root_at(a->hub, seen->version);
	const char *org = a->consignee_lead.org.s;
	char what[224], since[CLOCK_TEXT_BYTES];

	if (root != NULL) {
		if (!hash_equal(&root->hash, &seen->hash)) {
			snprintf(what, sizeof what, "%s has verified another root %" PRIu64 " than the broker brought here", org, seen->version);
			accuse(a, "fork", what);
		}
		seen->version = 0;
	}
	if (!lead_follow(a, &a->consignee_lead.lead, seen->version != 0))
		return;
	clock_format(a->consignee_lead.lead.since_wall_us, since);
	snprintf(what, sizeof what, "root %" PRIu64 ", which %s had verified when it gave a receipt, has not come since %s", seen->version, org, since);
	accuse(a, "withheld", what);
}

/* ── one settlement ── */

/* What is wrong with it, or NULL. */
static const char *
check(struct settled_job *j, const struct session_settled *settled, const struct settlement *in, struct settled_row *row, enum consign_err *ret_err)
{
	struct agent *a = j->agent;
	struct ledger_record *record;
	struct consign_hash entry, digest;
	struct delivery_receipt_content *c = NULL;

	*ret_err = statement_verify(in->statement, hub_checkpoint(a->hub), j->arena, &record, &entry);
	if (consign_err_class(*ret_err) == CONSIGN_CLASS_OURS)
		return consign_err_text(*ret_err);
	if (*ret_err != CONSIGN_OK)
		return "a settlement that is not proven by the ledger";
	if (record->retention != NULL && in->receipt == NULL) {
		row->id = record->retention->consignment_id;
		row->org = record->retention->consignee;
		row->at_us = record->at_us;
		row->position = record->retention->position;
		row->expired = true;
		/* It stays what it is: the mail will not be delivered any more. */
		if (is_early(a, &row->id, record->at_us))
			accuse(a, "settlement", "a tombstone from before the time at which its mail was to expire");
		return strcmp(record->retention->consignor.s, a->org.s) == 0 ? NULL : "a tombstone of another consignor's mail";
	}
	if (record->delivered == NULL || in->receipt == NULL)
		return "a settlement without a delivery receipt";
	hash_sha256(in->receipt->content, &digest);
	*ret_err = delivery_receipt_content_decode(in->receipt->content, j->arena, &c);
	if (consign_err_class(*ret_err) == CONSIGN_CLASS_OURS)
		return consign_err_text(*ret_err);
	if (!hash_equal(&digest, &record->delivered->receipt_digest) || *ret_err != CONSIGN_OK)
		return "a delivery receipt that is not the one in the ledger";
	if (strcmp(c->consignor.s, a->org.s) != 0 || strcmp(c->consignee.s, record->delivered->consignee.s) != 0
	    || memcmp(c->consignment_id.b, record->delivered->consignment_id.b, sizeof c->consignment_id.b) != 0)
		return "a delivery receipt of other mail";
	if (!is_signed(a, in->receipt, c->consignee.s))
		return "a delivery receipt that its consignee did not sign";
	row->id = c->consignment_id;
	row->org = c->consignee;
	row->at_us = c->at_us;
	row->position = c->position;
	const char *problem = check_seen(a, c, settled);

	if (problem == NULL)
		keep_problems(j, c, row);
	return problem;
}

void
settlements_take(struct agent *a, const struct session_settled *settled)
{
	struct settled_job *j = calloc(1, sizeof *j);
	size_t budget = CONSIGN_COMMAND_MAX_BYTES * 6;
	enum consign_err err = j == NULL ? CONSIGN_E_NO_MEMORY : arena_new(budget, &j->arena);

	if (err == CONSIGN_OK) {
		j->agent = a;
		j->cursor = settled->cursor;
		j->rows = arena_alloc(j->arena, (settled->settlements.n + 1) * sizeof *j->rows);
		err = j->rows == NULL ? CONSIGN_E_NO_MEMORY : hub_advance(a->hub, settled->checkpoint);
	}
	for (size_t i = 0; err == CONSIGN_OK && i < settled->settlements.n; i++) {
		const char *problem = check(j, settled, settled->settlements.v[i], &j->rows[j->n], &err);

		if (problem != NULL) {
			/* Nothing of it is stored or confirmed: the messages stay `accepted` until it is proven. */
			if (consign_err_class(err) != CONSIGN_CLASS_OURS)
				accuse(a, "settlement", problem);
			arena_free(&j->arena);
			free(j);
			return;
		}
		err = keep(j, settled->settlements.v[i], &j->rows[j->n]);
		j->n++;
	}
	if (err == CONSIGN_OK)
		err = buf_append(&j->note, hub_checkpoint_note(a->hub));
	if (err != CONSIGN_OK) {
		if (consign_err_class(err) == CONSIGN_CLASS_PEER)
			accuse_ledger(a, err, NULL);
		uplink_break(a->uplink, consign_err_text(err));
		if (j != NULL) {
			buf_clear(&j->note);
			arena_free(&j->arena);
		}
		free(j);
		return;
	}
	j->job.apply = insert_settlements;
	j->job.done = settlements_done;
	commit_put_later(a->committer, &j->job);
}
