/* From a closed bundle to a durable row: sealing, signing, committing, telling. */
#include <stdlib.h>
#include <string.h>

#include "core/bodies.h"
#include "core/text.h"
#include "lanes.h"
#include "outbox_private.h"
#include "sealing.h"

struct bundle_job {
	struct commit_job job; /* first */
	struct agent *agent;
	struct bundle *bundle;
	struct arena *arena;
	struct sealed sealed;
	uint64_t seq; /* out */
};

static enum consign_err
insert_keys(struct bundle_job *j, struct db *db)
{
	const struct bundle *b = j->bundle;

	for (size_t i = 0; i < b->n; i++) {
		struct db_statement *s;
		enum consign_err err;

		if (b->messages[i].key.len == 0)
			continue;
		err = db_statement(db, "INSERT INTO idempotency (key, digest, id, idx, at_us) VALUES (?1, ?2, ?3, ?4, ?5)", &s);
		if (err != CONSIGN_OK)
			return err;
		db_bind_slice(s, 1, buf_slice(&b->messages[i].key));
		db_bind_slice(s, 2, SLICE_ARRAY(b->messages[i].digest.b));
		db_bind_slice(s, 3, SLICE_ARRAY(b->id.b));
		db_bind_u64(s, 4, i);
		db_bind_u64(s, 5, j->sealed.manifest->created_us);
		err = db_run(s);
		if (err != CONSIGN_OK)
			return err;
	}
	return CONSIGN_OK;
}

static enum consign_err
insert_bundle(struct commit_job *job, struct db *db)
{
	struct bundle_job *j = (struct bundle_job *)job;
	const struct manifest *m = j->sealed.manifest;
	struct db_statement *s;
	uint64_t manifest_at, at;
	enum consign_err err = bodies_put_mail(db, buf_slice(&j->sealed.frame), buf_slice(&j->sealed.body), &manifest_at, &at);

	if (err != CONSIGN_OK)
		return err;
	err = db_statement(db,
	    "INSERT INTO outbox (id, study, state, attempt, created_us, expires_us, key, manifest, manifest_at, manifest_bytes, body,"
	    " body_at, body_bytes) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	    &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(m->consignment_id.b));
	db_bind_text(s, 2, m->study.s);
	db_bind_u64(s, 3, m->attempt);
	db_bind_u64(s, 4, m->created_us);
	db_bind_u64(s, 5, m->expires_us);
	db_bind_slice(s, 6, SLICE_ARRAY(j->sealed.stored_key));
	bodies_bind(s, 7, buf_slice(&j->sealed.frame), manifest_at);
	bodies_bind(s, 10, buf_slice(&j->sealed.body), at);
	err = db_run(s);
	if (err != CONSIGN_OK)
		return err;
	j->seq = db_last_row(db);
	return insert_keys(j, db);
}

static void
tell_all(struct agent *a, struct bundle *b, enum consign_code code, const char *detail)
{
	for (size_t i = 0; i < b->n; i++) {
		struct bundle_message *x = &b->messages[i];
		struct local_outcome out = {.code = code, .retry_class = code != CONSIGN_CODE_NONE && consign_code_may_retry(code)};
		struct consign_message_id id = {b->id, (uint32_t)i};

		if (code == CONSIGN_CODE_NONE)
			message_id_format(&id, out.id);
		out.detail = slice_text(detail);
		if (x->key.len > 0)
			outbox_forget_keyed(a->outbox, x);
		x->told(x->context, x->request, x->index, &out);
	}
}

static void
bundle_done(struct commit_job *job, enum consign_err err)
{
	struct bundle_job *j = (struct bundle_job *)job;

	if (err == CONSIGN_OK) {
		lanes_added(j->agent->lanes, j->seq, &j->sealed);
		tell_all(j->agent, j->bundle, CONSIGN_CODE_NONE, "");
	} else {
		agent_store_failed(j->agent, err);
		tell_all(j->agent, j->bundle, err == CONSIGN_E_FULL ? CONSIGN_CODE_DISK_FULL : CONSIGN_CODE_TRY_LATER, consign_err_text(err));
	}
	sealed_clear(&j->sealed);
	arena_free(&j->arena);
	bundle_free(j->bundle);
	free(j);
}

void
outbox_commit_bundle(struct agent *a, struct bundle *b)
{
	struct bundle_job *j = calloc(1, sizeof *j);
	struct sealing_item items[CONSIGN_BUNDLE_MAX_ITEMS];
	uint64_t now = clock_wall_us(a->clock);
	struct sealing_order order = {.id = b->id, .attempt = 1, .study = b->study, .label = b->label, .created_us = now,
	    .expires_us = b->expires_us > now ? b->expires_us : now + (b->expires_us == 0 ? CONSIGN_EXPIRES_DEFAULT_US : 1), .consignees = b->orgs, .n_consignees = b->n_orgs, .items = items, .n_items = b->n};
	enum consign_err err = j == NULL ? CONSIGN_E_NO_MEMORY : arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES * 2, &j->arena);

	for (size_t i = 0; i < b->n; i++)
		items[i] = (struct sealing_item){(uint32_t)i, b->messages[i].type, buf_slice(&b->messages[i].plain)};
	if (err == CONSIGN_OK)
		err = sealing_make(a->sealing, &order, j->arena, &j->sealed);
	if (err != CONSIGN_OK) {
		tell_all(a, b, CONSIGN_CODE_TRY_LATER, err == CONSIGN_E_NOT_FOUND ? "the documents changed meanwhile" : consign_err_text(err));
		bundle_free(b);
		if (j != NULL)
			arena_free(&j->arena);
		free(j);
		return;
	}
	j->agent = a;
	j->bundle = b;
	j->job.apply = insert_bundle;
	j->job.done = bundle_done;
	commit_put(a->committer, &j->job);
}

struct refusal_job {
	struct commit_job job; /* first */
	struct agent *agent;
	struct consign_id id;
	uint64_t at_us;
	char consignees[CONSIGN_CONSIGNEES_MAX * (CONSIGN_ORG_MAX_BYTES + 1) + 1]; /* separated by blanks */
	struct consign_study study;
	struct consign_type type;
	enum consign_label label;
	enum consign_code code;
	char org[CONSIGN_ORG_MAX_BYTES + 1];
	char rule[CONSIGN_RULE_MAX_BYTES + 1];
	char detail[PROBLEM_LIST_WORDS_BYTES];
	struct arena *arena;             /* of problems */
	struct item_problems *problems;  /* NULL: none */
	struct buf stored;               /* the same, at rest */
	outbox_outcome *told;
	void *context;
	uint64_t request;
	size_t index;
};

static enum consign_err
insert_refusal(struct commit_job *job, struct db *db)
{
	struct refusal_job *j = (struct refusal_job *)job;
	struct db_statement *s;
	enum consign_err err = db_statement(db,
	    "INSERT INTO local_refusal (id, at_us, consignees, study, type, label, org, code, rule, detail)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	    &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(j->id.b));
	db_bind_u64(s, 2, j->at_us);
	db_bind_text(s, 3, j->consignees);
	db_bind_text(s, 4, j->study.s);
	db_bind_text(s, 5, j->type.s);
	db_bind_u64(s, 6, j->label);
	db_bind_text(s, 7, j->org);
	db_bind_u64(s, 8, j->code);
	db_bind_text(s, 9, j->rule);
	/* What was found is content: the words that name it are made of the sealed list again (track.c). */
	db_bind_text(s, 10, j->problems == NULL ? j->detail : "");
	err = db_run(s);
	if (err == CONSIGN_OK && j->stored.len > 0)
		err = problem_list_insert(db, &(struct consign_message_id){j->id, 0}, j->agent->org.s, buf_slice(&j->stored));
	return err;
}

static void
free_refusal(struct refusal_job *j)
{
	arena_free(&j->arena);
	buf_clear(&j->stored);
	free(j);
}

static enum consign_err
keep_problems(struct refusal_job *j, const struct problems *problems)
{
	enum consign_err err;

	if (problems->n == 0)
		return CONSIGN_OK;
	err = arena_new(2 * CONSIGN_PROBLEMS_MAX_BYTES + CONSIGN_UNPACK_BUDGET_BASE_BYTES, &j->arena);
	if (err == CONSIGN_OK)
		err = problem_list_item(problems, 0, CONSIGN_PROBLEMS_MAX_BYTES - 1024, j->arena, &j->problems);
	if (err == CONSIGN_OK)
		err = problem_list_store(j->agent->storage_key, &(struct consign_message_id){j->id, 0}, j->problems, &j->stored);
	return err;
}

static void
refusal_done(struct commit_job *job, enum consign_err err)
{
	struct refusal_job *j = (struct refusal_job *)job;
	struct local_outcome out = {.code = j->code, .retry_class = consign_code_may_retry(j->code) != 0};
	struct consign_message_id id = {j->id, 0};

	if (err != CONSIGN_OK)
		agent_store_failed(j->agent, err);
	else
		message_id_format(&id, out.id);
	memcpy(out.org, j->org, sizeof out.org);
	memcpy(out.rule, j->rule, sizeof out.rule);
	out.detail = slice_text(j->detail);
	if (j->problems != NULL) {
		out.problems.v = j->problems->problems.v;
		out.problems.n = j->problems->problems.n;
		out.problems_total = j->problems->total;
	}
	j->told(j->context, j->request, j->index, &out);
	free_refusal(j);
}

static void
copy_text(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len >= size)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

void
outbox_commit_refusal(struct agent *a, const struct local_outgoing *m, enum consign_label label, const struct consign_id *id,
    enum consign_code code, const char *org, const char *rule, const char *detail, const struct problems *problems, outbox_outcome *told,
    void *context, uint64_t request, size_t index)
{
	struct refusal_job *j = calloc(1, sizeof *j);

	if (j != NULL) {
		j->agent = a;
		j->id = *id;
	}
	if (j == NULL || keep_problems(j, problems) != CONSIGN_OK) {
		if (j != NULL)
			free_refusal(j);
		struct local_outcome out = {.code = CONSIGN_CODE_TRY_LATER, .retry_class = 1, .detail = slice_text("out of memory")};

		told(context, request, index, &out);
		return;
	}
	j->at_us = clock_wall_us(a->clock);
	for (size_t i = 0; i < m->to.n && i < CONSIGN_CONSIGNEES_MAX; i++) {
		if (i > 0)
			strcat(j->consignees, " ");
		strcat(j->consignees, m->to.v[i].s);
	}
	j->study = m->study;
	j->type = m->type;
	j->label = label;
	j->code = code;
	copy_text(j->org, sizeof j->org, org);
	copy_text(j->rule, sizeof j->rule, rule);
	copy_text(j->detail, sizeof j->detail, detail);
	if (j->problems != NULL)
		problem_list_say(j->problems, j->detail);
	j->told = told;
	j->context = context;
	j->request = request;
	j->index = index;
	j->job.apply = insert_refusal;
	j->job.done = refusal_done;
	commit_put(a->committer, &j->job);
}

enum consign_err
outbox_find_key(struct db *db, struct consign_slice key, struct consign_hash *ret_digest, struct consign_message_id *ret_id)
{
	struct db_statement *s;
	struct consign_hash digest;
	struct consign_message_id id;
	enum consign_err err = db_statement(db, "SELECT digest, id, idx FROM idempotency WHERE key = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, key);
	err = db_row(s);
	if (err == CONSIGN_OK)
		err = db_column_fixed(s, 0, digest.b, sizeof digest.b);
	if (err == CONSIGN_OK)
		err = db_column_fixed(s, 1, id.consignment.b, sizeof id.consignment.b);
	id.index = err == CONSIGN_OK ? (uint32_t)db_column_u64(s, 2) : 0;
	db_reset(s);
	if (err == CONSIGN_OK) {
		*ret_digest = digest;
		*ret_id = id;
	}
	return err;
}
