/*
 * Subscriptions: a filter and a place, kept durably for a tool. What is acknowledged beyond the place stands in `ack`
 * until the place has moved over it; what the place passes in the same commit never stands there.
 *
 * Invariant   everything at or before the cursor is handled: acknowledged, rejected, or not matching the filter. The
 *             cursor may lag behind what is handled (a commit moves it over ROWS_PER_ACK rows at most); it never runs ahead.
 *
 * apply runs on the commit thread. It answers only with errors of the store: any other would fail what others put into
 * the same commit, so what is wrong with a request goes into its job.
 * Source: docs/PROTOCOL.md 8.3
 */
#include <stdlib.h>
#include <string.h>

#include "inbox_private.h"

#define ROWS_PER_ACK 512u
/* Every item of a consignment is at or before this one. */
#define WHOLE_CONSIGNMENT ((uint32_t)INT32_MAX)

/* ── reading, on any connection ── */

static bool
is_default(const char *name)
{
	return strcmp(name, "default") == 0;
}

static enum consign_err
read_row(struct db_statement *s, struct subscription *r)
{
	enum consign_err err = db_row(s);

	if (err == CONSIGN_OK)
		err = db_column_text(s, 0, r->type, sizeof r->type);
	if (err == CONSIGN_OK)
		err = db_column_text(s, 1, r->study, sizeof r->study);
	if (err == CONSIGN_OK)
		r->cursor = (struct inbox_cursor){db_column_u64(s, 2), (uint32_t)db_column_u64(s, 3)};
	return err;
}

enum consign_err
subscription_read(struct db *db, const char *name, struct subscription *ret_subscription)
{
	struct subscription r = {.type = "*"};
	struct db_statement *s;
	size_t len = strlen(name);
	enum consign_err err = db_statement(db, "SELECT type, study, seq, idx FROM subscription WHERE name = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	if (len >= sizeof r.name)
		return CONSIGN_E_NOT_FOUND;
	memcpy(r.name, name, len);
	db_bind_text(s, 1, name);
	err = read_row(s, &r);
	db_reset(s);
	if (err == CONSIGN_E_NOT_FOUND && is_default(name))
		err = CONSIGN_OK;
	if (err == CONSIGN_OK)
		*ret_subscription = r;
	return err;
}

enum consign_err
subscription_acks(struct db *db, const char *name, uint64_t seq, struct inbox_acks *ret_acks)
{
	struct inbox_acks acks = {0};
	struct db_statement *s;
	bool row;
	enum consign_err err = db_statement(db, "SELECT idx FROM ack WHERE name = ?1 AND seq = ?2", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, name);
	db_bind_u64(s, 2, seq);
	while ((err = db_step(s, &row)) == CONSIGN_OK && row) {
		uint64_t idx = db_column_u64(s, 0);

		if (idx < CONSIGN_BUNDLE_MAX_ITEMS)
			acks.is_acked[idx] = true;
	}
	if (err == CONSIGN_OK)
		*ret_acks = acks;
	return err;
}

enum consign_err
subscription_find(struct inbox *in, const char *name, struct subscription *ret_subscription)
{
	return subscription_read(in->agent->db, name, ret_subscription);
}

/* ── creating ── */

struct create_job {
	struct commit_job job; /* first */
	struct agent *agent;
	struct subscription subscription;
	bool from_now;
	inbox_told *told;
	void *context;
	uint64_t request;
};

static enum consign_err
newest_row(struct db *db, uint64_t *ret_seq)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "SELECT ifnull(max(seq), 0) FROM inbox", &s);

	if (err == CONSIGN_OK)
		err = db_row(s);
	if (err != CONSIGN_OK)
		return err;
	*ret_seq = db_column_u64(s, 0);
	db_reset(s);
	return CONSIGN_OK;
}

static enum consign_err
insert_subscription(struct db *db, const struct subscription *r)
{
	struct db_statement *s;
	enum consign_err err =
	    db_statement(db, "INSERT OR IGNORE INTO subscription (name, type, study, seq, idx) VALUES (?1, ?2, ?3, ?4, ?5)", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, r->name);
	db_bind_text(s, 2, r->type);
	db_bind_text(s, 3, r->study);
	db_bind_u64(s, 4, r->cursor.seq);
	db_bind_u64(s, 5, r->cursor.idx);
	return db_run(s);
}

enum consign_err
inbox_end(struct db *db, struct inbox_cursor *ret_end)
{
	struct inbox_cursor end = {0};
	enum consign_err err = newest_row(db, &end.seq);

	if (err != CONSIGN_OK)
		return err;
	end.idx = end.seq > 0 ? WHOLE_CONSIGNMENT : 0;
	*ret_end = end;
	return CONSIGN_OK;
}

static enum consign_err
apply_create(struct commit_job *job, struct db *db)
{
	struct create_job *j = (struct create_job *)job;
	enum consign_err err = CONSIGN_OK;

	/* "default" exists, whether or not it has a row yet. */
	if (is_default(j->subscription.name))
		return CONSIGN_OK;
	j->subscription.cursor = (struct inbox_cursor){0};
	if (j->from_now)
		err = inbox_end(db, &j->subscription.cursor);
	return err == CONSIGN_OK ? insert_subscription(db, &j->subscription) : err;
}

static void
done_create(struct commit_job *job, enum consign_err err)
{
	struct create_job *j = (struct create_job *)job;

	if (err != CONSIGN_OK)
		agent_store_failed(j->agent, err);
	j->told(j->context, j->request, err, 0);
	free(j);
}

void
subscription_create(
    struct inbox *in, const struct subscription *s, bool from_now, inbox_told *told, void *context, uint64_t request)
{
	struct create_job *j = calloc(1, sizeof *j);

	if (j == NULL) {
		told(context, request, CONSIGN_E_NO_MEMORY, 0);
		return;
	}
	*j = (struct create_job){.job = {.apply = apply_create, .done = done_create},
	    .agent = in->agent,
	    .subscription = *s,
	    .from_now = from_now,
	    .told = told,
	    .context = context,
	    .request = request};
	if (j->subscription.type[0] == '\0')
		j->subscription.type[0] = '*';
	commit_put(in->agent->committer, &j->job);
}

/* ── acknowledging ── */

struct ack_job {
	struct commit_job job; /* first */
	struct agent *agent;
	char name[CONSIGN_STUDY_MAX_BYTES + 1];
	struct inbox_cursor *places;
	size_t n;
	struct arena *scratch;
	inbox_told *told;
	void *context;
	uint64_t request;
	uint32_t count;           /* out */
	enum consign_err refusal; /* out: NOT_FOUND, no such subscription */
};

static int
by_place(const void *a, const void *b)
{
	const struct inbox_cursor *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return x->idx < y->idx ? -1 : x->idx > y->idx;
}

/* Leaves the job's places in order, each once, and only those beyond the cursor. */
static void
sort_places(struct ack_job *j, const struct inbox_cursor *cursor)
{
	bool is_sorted = true;
	size_t n = 0;

	for (size_t i = 1; i < j->n && is_sorted; i++)
		is_sorted = by_place(&j->places[i - 1], &j->places[i]) < 0;
	if (!is_sorted)
		qsort(j->places, j->n, sizeof *j->places, by_place);
	for (size_t i = 0; i < j->n; i++)
		if (by_place(cursor, &j->places[i]) < 0 && (n == 0 || by_place(&j->places[n - 1], &j->places[i]) < 0))
			j->places[n++] = j->places[i];
	j->n = n;
}

/* Whether anything beyond the cursor was acknowledged before: where all is acknowledged in order, nothing ever is. */
static enum consign_err
has_acks(struct db *db, const char *name, bool *ret_has)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "SELECT 1 FROM ack WHERE name = ?1 LIMIT 1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, name);
	err = db_row(s);
	db_reset(s);
	if (err != CONSIGN_OK && err != CONSIGN_E_NOT_FOUND)
		return err;
	*ret_has = err == CONSIGN_OK;
	return CONSIGN_OK;
}

/* Leaves the places that were not acknowledged before. */
static enum consign_err
drop_acked(struct ack_job *j, struct db *db)
{
	struct inbox_acks acks = {0};
	uint64_t seq = 0; /* of the acks */
	size_t n = 0;

	for (size_t i = 0; i < j->n; i++) {
		struct inbox_cursor place = j->places[i];
		enum consign_err err = place.seq == seq ? CONSIGN_OK : subscription_acks(db, j->name, place.seq, &acks);

		if (err != CONSIGN_OK)
			return err;
		seq = place.seq;
		if (place.idx >= CONSIGN_BUNDLE_MAX_ITEMS || !acks.is_acked[place.idx])
			j->places[n++] = place;
	}
	j->n = n;
	return CONSIGN_OK;
}

/* The rows that the cursor moves through. */
struct passage {
	struct db *db;
	struct db_statement *rows; /* seq, outcomes, and manifest if there is a filter */
	struct subscription *subscription;
	const struct ack_job *job;
	size_t next;   /* of the job's places: the first that is not before the item looked at */
	bool has_acks; /* there are some in the store too */
	bool has_filter;
	bool is_at_end; /* an item that is not handled was reached */
};

/* Whether the job acknowledges the item. Items are asked for in order, like the places. */
static bool
is_acked_now(struct passage *p, const struct inbox_cursor *place)
{
	const struct ack_job *j = p->job;

	while (p->next < j->n && by_place(&j->places[p->next], place) < 0)
		p->next++;
	return p->next < j->n && by_place(&j->places[p->next], place) == 0;
}

/* Whether an accepted item that is not acknowledged is none of the subscription's. */
static bool
is_foreign(struct passage *p, struct manifest **manifest, size_t idx)
{
	const struct subscription *r = p->subscription;

	if (!p->has_filter)
		return false;
	if (*manifest == NULL) {
		arena_reset(p->job->scratch);
		/* Without the manifest nobody can say: then the cursor waits here, and nothing is lost by that. */
		if (inbox_manifest(db_column_slice(p->rows, 2), p->job->scratch, manifest) != CONSIGN_OK)
			return false;
	}
	return idx < (*manifest)->items.n && !inbox_matches(r->type, r->study, *manifest, idx);
}

static enum consign_err
pass_row(struct passage *p)
{
	struct subscription *r = p->subscription;
	uint64_t seq = db_column_u64(p->rows, 0);
	struct consign_slice outcomes = db_column_slice(p->rows, 1);
	struct manifest *manifest = NULL;
	struct inbox_acks acks = {0};
	size_t n;
	enum consign_err err = inbox_outcomes(outcomes, &n);

	if (err == CONSIGN_OK && p->has_acks)
		err = subscription_acks(p->db, r->name, seq, &acks);
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++) {
		struct inbox_cursor place = {seq, (uint32_t)i};

		if (inbox_is_behind(&r->cursor, seq, (uint32_t)i))
			continue;
		if (inbox_is_accepted(outcomes, i) && !is_acked_now(p, &place) && !acks.is_acked[i] &&
		    !is_foreign(p, &manifest, i)) {
			p->is_at_end = true;
			return CONSIGN_OK;
		}
		r->cursor = place;
	}
	return err;
}

static enum consign_err
move_cursor(struct db *db, struct subscription *r, const struct ack_job *j, bool has_acks)
{
	struct passage p = {.db = db,
	    .subscription = r,
	    .job = j,
	    .has_acks = has_acks,
	    .has_filter = strcmp(r->type, "*") != 0 || r->study[0] != '\0'};
	bool row;
	enum consign_err err = db_statement(db,
	    p.has_filter ? "SELECT seq, outcomes, kept(manifest, manifest_at, manifest_bytes) FROM inbox WHERE seq >= ?1 ORDER BY seq"
			 : "SELECT seq, outcomes FROM inbox WHERE seq >= ?1 ORDER BY seq",
	    &p.rows);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(p.rows, 1, r->cursor.seq);
	for (size_t rows = 0; rows < ROWS_PER_ACK && !p.is_at_end; rows++) {
		err = db_step(p.rows, &row);
		if (err != CONSIGN_OK || !row)
			break;
		err = pass_row(&p);
		if (err != CONSIGN_OK)
			break;
	}
	db_reset(p.rows);
	return err;
}

/* Those that the cursor has not passed. */
static enum consign_err
insert_acks(const struct ack_job *j, const struct subscription *r, struct db *db)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < j->n; i++) {
		struct db_statement *s;

		if (inbox_is_behind(&r->cursor, j->places[i].seq, j->places[i].idx))
			continue;
		err = db_statement(db, "INSERT INTO ack (name, seq, idx) VALUES (?1, ?2, ?3)", &s);
		if (err != CONSIGN_OK)
			return err;
		db_bind_text(s, 1, r->name);
		db_bind_u64(s, 2, j->places[i].seq);
		db_bind_u64(s, 3, j->places[i].idx);
		err = db_run(s);
	}
	return err;
}

static enum consign_err
delete_acks(const struct subscription *r, struct db *db)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "DELETE FROM ack WHERE name = ?1 AND (seq, idx) <= (?2, ?3)", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, r->name);
	db_bind_u64(s, 2, r->cursor.seq);
	db_bind_u64(s, 3, r->cursor.idx);
	return db_run(s);
}

static enum consign_err
store_cursor(struct db *db, const struct subscription *r)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "UPDATE subscription SET seq = ?2, idx = ?3 WHERE name = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, r->name);
	db_bind_u64(s, 2, r->cursor.seq);
	db_bind_u64(s, 3, r->cursor.idx);
	return db_run(s);
}

static enum consign_err
apply_ack(struct commit_job *job, struct db *db)
{
	struct ack_job *j = (struct ack_job *)job;
	struct subscription r;
	bool has = false;
	enum consign_err err = subscription_read(db, j->name, &r);

	if (err == CONSIGN_E_NOT_FOUND) {
		j->refusal = err;
		return CONSIGN_OK;
	}
	if (err == CONSIGN_OK && is_default(r.name))
		err = insert_subscription(db, &r); /* its first acknowledgement */
	if (err == CONSIGN_OK)
		err = has_acks(db, r.name, &has);
	if (err != CONSIGN_OK)
		return err;
	sort_places(j, &r.cursor);
	if (has)
		err = drop_acked(j, db);
	if (err != CONSIGN_OK || j->n == 0)
		return err;
	j->count = (uint32_t)j->n;
	err = move_cursor(db, &r, j, has);
	if (err == CONSIGN_OK)
		err = insert_acks(j, &r, db);
	if (err == CONSIGN_OK && has)
		err = delete_acks(&r, db);
	return err == CONSIGN_OK ? store_cursor(db, &r) : err;
}

static void
free_ack(struct ack_job *j)
{
	if (j == NULL)
		return;
	arena_free(&j->scratch);
	free(j->places);
	free(j);
}

static void
done_ack(struct commit_job *job, enum consign_err err)
{
	struct ack_job *j = (struct ack_job *)job;

	if (err != CONSIGN_OK)
		agent_store_failed(j->agent, err);
	else
		err = j->refusal;
	j->told(j->context, j->request, err, err == CONSIGN_OK ? j->count : 0);
	free_ack(j);
}

void
subscription_ack(struct inbox *in, const char *name, const struct inbox_cursor *places, size_t n, inbox_told *told, void *context,
    uint64_t request)
{
	struct ack_job *j = calloc(1, sizeof *j);
	size_t len = strlen(name);
	enum consign_err err = j == NULL ? CONSIGN_E_NO_MEMORY : arena_new(inbox_manifest_budget(), &j->scratch);

	if (err == CONSIGN_OK && len >= sizeof j->name)
		err = CONSIGN_E_NOT_FOUND;
	if (err == CONSIGN_OK && (j->places = calloc(n + 1, sizeof *places)) == NULL)
		err = CONSIGN_E_NO_MEMORY;
	if (err != CONSIGN_OK) {
		free_ack(j);
		told(context, request, err, 0);
		return;
	}
	memcpy(j->name, name, len);
	if (n > 0)
		memcpy(j->places, places, n * sizeof *places);
	j->n = n;
	j->agent = in->agent;
	j->told = told;
	j->context = context;
	j->request = request;
	j->job.apply = apply_ack;
	j->job.done = done_ack;
	commit_put(in->agent->committer, &j->job);
}
