/*
 * Proposals and what administrators said to them, rows both ways. A proposal is written once and never changed but for its
 * state; what became of it stays for good (21 CFR 11.10(e): who wanted what, and who agreed).
 */
#include "store/store.h"

#include "core/limits.h"

static enum consign_err
put_proposal(struct db *db, const struct store_proposal *p)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db,
	    "INSERT INTO proposal (id, created_us, expires_us, root_version, state, signed, documents) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(p->id.b));
	db_bind_u64(s, 2, p->created_us);
	db_bind_u64(s, 3, p->expires_us);
	db_bind_u64(s, 4, p->root_version);
	db_bind_u64(s, 5, PROPOSAL_OPEN);
	db_bind_slice(s, 6, p->proposal);
	db_bind_slice(s, 7, p->documents);
	return db_run(s);
}

static enum consign_err
put_decision(struct db *db, const struct store_decision *d)
{
	struct db_statement *s;
	enum consign_err err = db_statement(
	    db, "INSERT INTO decision (proposal, n, signed) SELECT ?1, count(*), ?2 FROM decision WHERE proposal = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(d->proposal.b));
	db_bind_slice(s, 2, d->decision);
	err = db_run(s);
	if (err != CONSIGN_OK || d->state == PROPOSAL_OPEN)
		return err;
	err = db_statement(db, "UPDATE proposal SET state = ?2, ended_us = ?3 WHERE id = ?1", &s);
	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(d->proposal.b));
	db_bind_u64(s, 2, d->state);
	db_bind_u64(s, 3, d->at_us);
	return db_run(s);
}

enum consign_err
store_put_proposals(struct db *db, const struct store_entry *e)
{
	enum consign_err err = e->proposal == NULL ? CONSIGN_OK : put_proposal(db, e->proposal);

	return err != CONSIGN_OK || e->decision == NULL ? err : put_decision(db, e->decision);
}

static enum consign_err
read_decisions(struct db *db, struct arena *arena, struct store_proposed *ret)
{
	struct db_statement *s;
	bool row;
	enum consign_err err = db_statement(db, "SELECT signed FROM decision WHERE proposal = ?1 ORDER BY n", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(ret->id.b));
	while ((err = db_step(s, &row)) == CONSIGN_OK && row && ret->n_decisions < CONSIGN_ADMINS_MAX) {
		err = db_column_copy(s, 0, arena, &ret->decisions[ret->n_decisions++]);
		if (err != CONSIGN_OK)
			break;
	}
	db_reset(s);
	return err;
}

enum consign_err
store_proposal(struct db *db, const struct consign_hash *id, bool with_documents, struct arena *arena, struct store_proposed *ret_proposed)
{
	struct store_proposed p = {.id = *id};
	struct db_statement *s;
	enum consign_err err = db_statement(db, with_documents ? "SELECT state, ended_us, signed, documents FROM proposal WHERE id = ?1"
	                                                       : "SELECT state, ended_us, signed FROM proposal WHERE id = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(id->b));
	err = db_row(s);
	if (err == CONSIGN_OK) {
		p.state = (uint32_t)db_column_u64(s, 0);
		p.ended_us = db_column_is_null(s, 1) ? 0 : db_column_u64(s, 1);
		err = db_column_copy(s, 2, arena, &p.proposal);
	}
	if (err == CONSIGN_OK && with_documents)
		err = db_column_copy(s, 3, arena, &p.documents);
	db_reset(s);
	if (err == CONSIGN_OK)
		err = read_decisions(db, arena, &p);
	if (err == CONSIGN_OK)
		*ret_proposed = p;
	return err;
}

/* The index of those that are open is for a number that stands in the statement, not for one that is bound to it. */
_Static_assert(PROPOSAL_OPEN == 1, "as in IS_OPEN");
#define IS_OPEN "(state = 1 AND root_version > ?1 AND expires_us > ?2)"

/* What is open comes first into the answer: whoever proposes and withdraws on and on, or writes a time of tomorrow, hides nothing. */
enum consign_err
store_proposals_newest(struct db *db, uint64_t root_version, uint64_t now_us, size_t max, struct consign_hash *ret_ids, size_t *ret_n)
{
	struct db_statement *s;
	size_t n = 0;
	bool row;
	enum consign_err err = db_statement(db,
	    "SELECT id FROM (SELECT id, created_us, 1 AS is_open FROM proposal WHERE " IS_OPEN " UNION ALL"
	    " SELECT * FROM (SELECT id, created_us, 0 AS is_open FROM proposal WHERE NOT " IS_OPEN " ORDER BY created_us DESC, id LIMIT ?3)"
	    " ORDER BY is_open DESC, created_us DESC, id LIMIT ?3) ORDER BY created_us DESC, id", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, root_version);
	db_bind_u64(s, 2, now_us);
	db_bind_u64(s, 3, max);
	while ((err = db_step(s, &row)) == CONSIGN_OK && row && n < max) {
		err = db_column_fixed(s, 0, ret_ids[n++].b, sizeof ret_ids->b);
		if (err != CONSIGN_OK)
			break;
	}
	db_reset(s);
	if (err == CONSIGN_OK)
		*ret_n = n;
	return err;
}

enum consign_err
store_proposals_open(struct db *db, uint64_t root_version, uint64_t now_us,
    enum consign_err (*each)(void *context, struct consign_slice proposal), void *context)
{
	struct db_statement *s;
	bool row;
	enum consign_err err = db_statement(db, "SELECT signed FROM proposal WHERE " IS_OPEN, &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, root_version);
	db_bind_u64(s, 2, now_us);
	while ((err = db_step(s, &row)) == CONSIGN_OK && row) {
		err = each(context, db_column_slice(s, 0));
		if (err != CONSIGN_OK)
			break;
	}
	db_reset(s);
	return err;
}
