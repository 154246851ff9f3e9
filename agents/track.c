/*
 * Tracking: the rows of a message put together. Nothing is kept here and nothing is decided.
 *
 * A message is in one of three places: it never left (local_refusal); it was refused on the way (refused_item; it may be
 * gone from the manifest by then, which holds the items of the newest attempt); or it is an item of the manifest in outbox.
 */
#include "track.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "lanes.h"
#include "problem_list.h"
#include "store/store.h"

/* Least advanced first; the last three are ends. */
enum progress { QUEUED, ACCEPTED, DELIVERED, EXPIRED, REJECTED };
static const char *const progress_text[] = {"queued", "accepted", "delivered", "expired", "rejected"};

struct tracking {
	struct agent *agent;
	const struct consign_message_id *id;
	struct arena *arena;
	struct local_track_reply *reply;
	bool is_refused;
	char refused_for[CONSIGN_ORG_MAX_BYTES + 1]; /* "" none in particular */
};

static void
set_state(char state[17], const char *word)
{
	memcpy(state, word, strlen(word) + 1);
}

static enum consign_err
add_consignee(struct tracking *t, const char *org, size_t len, struct local_track_consignee **ret_consignee)
{
	struct local_track_consignee *c = arena_alloc(t->arena, sizeof *c);

	if (c == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (len >= sizeof c->org.s || t->reply->consignees.n == CONSIGN_CONSIGNEES_MAX)
		return CONSIGN_E_CORRUPT;
	memcpy(c->org.s, org, len);
	t->reply->consignees.v[t->reply->consignees.n++] = c;
	*ret_consignee = c;
	return CONSIGN_OK;
}

/* A refused message is refused for all; the reason stands with the one whom it was refused for. */
static void
refuse_consignee(const struct tracking *t, struct local_track_consignee *c, uint64_t at_us)
{
	set_state(c->state, "refused");
	c->at_us = at_us;
	if (strcmp(c->org.s, t->refused_for) != 0)
		return;
	c->code = t->reply->code;
	c->detail = t->reply->detail;
}

/* What `org` found wrong with it; ret_item stays as it was when nothing was. */
static enum consign_err
find_problems(struct tracking *t, const char *org, struct item_problems **ret_item)
{
	enum consign_err err = problem_list_find(t->agent->db, t->agent->storage_key, t->id, org, t->arena, ret_item);

	return err == CONSIGN_E_NOT_FOUND ? CONSIGN_OK : err;
}

/* ── never left ── */

static enum consign_err
split_consignees(struct tracking *t, struct consign_slice orgs, uint64_t at_us)
{
	const char *p = (const char *)orgs.data, *end = p + orgs.len;
	enum consign_err err = CONSIGN_OK;

	while (err == CONSIGN_OK && p < end) {
		const char *blank = memchr(p, ' ', (size_t)(end - p));
		const char *stop = blank == NULL ? end : blank;
		struct local_track_consignee *c;

		err = add_consignee(t, p, (size_t)(stop - p), &c);
		if (err == CONSIGN_OK)
			refuse_consignee(t, c, at_us);
		p = blank == NULL ? end : blank + 1;
	}
	return err;
}

static enum consign_err
read_local_refusal(struct tracking *t, struct db_statement *s)
{
	struct local_track_reply *r = t->reply;
	struct item_problems *item = NULL;
	enum consign_err err = db_row(s);

	if (err != CONSIGN_OK)
		return err;
	r->created_us = db_column_u64(s, 0);
	r->label = (uint32_t)db_column_u64(s, 4);
	r->code = (uint32_t)db_column_u64(s, 6);
	err = db_column_text(s, 2, r->study.s, sizeof r->study.s);
	if (err == CONSIGN_OK)
		err = db_column_text(s, 3, r->type.s, sizeof r->type.s);
	if (err == CONSIGN_OK)
		err = db_column_text(s, 5, t->refused_for, sizeof t->refused_for);
	if (err == CONSIGN_OK)
		err = db_column_text(s, 7, r->rule, sizeof r->rule);
	if (err == CONSIGN_OK)
		err = db_column_copy(s, 8, t->arena, &r->detail);
	if (err == CONSIGN_OK)
		err = split_consignees(t, db_column_slice(s, 1), r->created_us);
	if (err == CONSIGN_OK)
		err = find_problems(t, t->agent->org.s, &item);
	if (err == CONSIGN_OK && item != NULL) {
		char words[PROBLEM_LIST_WORDS_BYTES];

		r->problems.v = item->problems.v;
		r->problems.n = item->problems.n;
		r->problems_total = item->total;
		problem_list_say(item, words);
		r->detail = arena_copy(t->arena, slice_text(words));
		if (r->detail.data == NULL)
			err = CONSIGN_E_NO_MEMORY;
	}
	if (err == CONSIGN_OK)
		set_state(r->state, "refused");
	return err;
}

static enum consign_err
track_local_refusal(struct tracking *t)
{
	struct db_statement *s;
	enum consign_err err;

	/* It was alone, and had not become part of a consignment. */
	if (t->id->index != 0)
		return CONSIGN_E_NOT_FOUND;
	err = db_statement(t->agent->db,
	    "SELECT at_us, consignees, study, type, label, org, code, rule, detail FROM local_refusal WHERE id = ?1", &s);
	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(t->id->consignment.b));
	err = read_local_refusal(t, s);
	db_reset(s);
	return err;
}

/* ── in the outbox ── */

/* The leaf of a refusal, from the broker's statement; one of ours has none. */
static enum consign_err
read_leaf(struct tracking *t, struct consign_slice bytes)
{
	struct arena *scratch = NULL;
	struct statement *statement;
	enum consign_err err;

	if (bytes.len == 0)
		return CONSIGN_OK;
	err = arena_new(2 * (CONSIGN_UNPACK_BUDGET_BASE_BYTES + bytes.len * CONSIGN_UNPACK_BUDGET_PER_BYTE), &scratch);
	if (err == CONSIGN_OK)
		err = statement_decode(bytes, scratch, &statement);
	if (err == CONSIGN_OK && statement->has_place == 1) {
		t->reply->has_leaf = 1;
		t->reply->leaf = statement->leaf->index;
	}
	arena_free(&scratch);
	return err == CONSIGN_OK || err == CONSIGN_E_NO_MEMORY ? err : CONSIGN_E_CORRUPT;
}

static enum consign_err
read_refusal(struct tracking *t, struct db_statement *s, uint64_t *ret_at_us)
{
	struct local_track_reply *r = t->reply;
	enum consign_err err = db_row(s);

	if (err != CONSIGN_OK)
		return err;
	r->code = (uint32_t)db_column_u64(s, 3);
	err = db_column_text(s, 1, r->type.s, sizeof r->type.s);
	if (err == CONSIGN_OK)
		err = db_column_text(s, 2, t->refused_for, sizeof t->refused_for);
	if (err == CONSIGN_OK)
		err = db_column_text(s, 4, r->rule, sizeof r->rule);
	if (err == CONSIGN_OK)
		err = db_column_copy(s, 5, t->arena, &r->detail);
	if (err == CONSIGN_OK)
		err = read_leaf(t, db_column_slice(s, 6));
	if (err == CONSIGN_OK)
		*ret_at_us = db_column_u64(s, 0);
	return err;
}

/* NOT_FOUND: it was not refused. */
static enum consign_err
find_refusal(struct tracking *t, uint64_t *ret_at_us)
{
	struct db_statement *s;
	enum consign_err err = db_statement(t->agent->db,
	    "SELECT at_us, type, org, code, rule, detail, statement FROM refused_item WHERE id = ?1 AND idx = ?2", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(t->id->consignment.b));
	db_bind_u64(s, 2, t->id->index);
	err = read_refusal(t, s, ret_at_us);
	db_reset(s);
	return err;
}

/* What the consignee's delivery receipt says about this item. */
static enum consign_err
read_receipt(struct tracking *t, struct consign_slice bytes, struct local_track_consignee *c, enum progress *ret_progress)
{
	struct arena *scratch = NULL;
	struct delivery_receipt *receipt;
	struct delivery_receipt_content *content;
	enum consign_err err =
	    arena_new(2 * (CONSIGN_UNPACK_BUDGET_BASE_BYTES + bytes.len * CONSIGN_UNPACK_BUDGET_PER_BYTE), &scratch);

	if (err == CONSIGN_OK)
		err = delivery_receipt_decode(bytes, scratch, &receipt);
	if (err == CONSIGN_OK)
		err = delivery_receipt_content_decode(receipt->content, scratch, &content);
	for (size_t i = 0; err == CONSIGN_OK && i < content->verdicts.n; i++) {
		const struct item_verdict *v = content->verdicts.v[i];

		if (v->index != t->id->index)
			continue;
		*ret_progress = v->outcome == ITEM_REJECTED ? REJECTED : DELIVERED;
		if (v->outcome != ITEM_REJECTED)
			break;
		c->code = v->code;
		c->detail = arena_copy(t->arena, v->reason);
		if (c->detail.data == NULL)
			err = CONSIGN_E_NO_MEMORY;
		break;
	}
	arena_free(&scratch);
	return err == CONSIGN_OK || err == CONSIGN_E_NO_MEMORY ? err : CONSIGN_E_CORRUPT;
}

/* It is queued: what the hub said of it last, to whom it may concern. */
static enum consign_err
add_postponement(struct tracking *t, struct local_track_consignee *c)
{
	const struct postponement *why = lanes_postponement(t->agent->lanes, &t->id->consignment);

	if (why == NULL || (why->org.s[0] != '\0' && strcmp(why->org.s, c->org.s) != 0))
		return CONSIGN_OK;
	c->code = why->code;
	c->detail = arena_copy(t->arena, slice_text(why->detail));
	return c->detail.data == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

/* NOT_FOUND: nothing has come back from this consignee. */
static enum consign_err
find_settlement(struct tracking *t, struct local_track_consignee *c, enum progress *ret_progress)
{
	struct db_statement *s;
	enum consign_err err =
	    db_statement(t->agent->db, "SELECT at_us, position, expired, receipt FROM settlement WHERE id = ?1 AND org = ?2", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(t->id->consignment.b));
	db_bind_text(s, 2, c->org.s);
	err = db_row(s);
	if (err == CONSIGN_OK) {
		c->at_us = db_column_u64(s, 0);
		c->position = db_column_u64(s, 1);
		if (db_column_u64(s, 2) != 0)
			*ret_progress = EXPIRED;
		else
			err = read_receipt(t, db_column_slice(s, 3), c, ret_progress);
	}
	db_reset(s);
	return err;
}

static enum consign_err
add_problems(struct tracking *t, struct local_track_consignee *c)
{
	struct item_problems *item = NULL;
	enum consign_err err = find_problems(t, c->org.s, &item);

	if (err == CONSIGN_OK && item != NULL) {
		c->problems.v = item->problems.v;
		c->problems.n = item->problems.n;
		c->problems_total = item->total;
	}
	return err;
}

/* When the newest policy wants it there, counted from its acceptance; 0: it does not say. */
static uint64_t
due_of(const struct tracking *t, const struct manifest *m, const char *org)
{
	const struct local_track_reply *r = t->reply;
	const struct hub_policy *policy = hub_policy(t->agent->hub);
	struct policy_question q = {.consignor = t->agent->org.s, .consignee = org, .study = m->study.s, .type = r->type.s,
	    .label = (enum consign_label)m->label, .at_us = r->accepted_us};
	struct policy_verdict v;

	if (policy == NULL || r->accepted_us == 0)
		return 0;
	policy_decide(policy->policy, &q, &v);
	return v.code == CONSIGN_CODE_NONE && v.deliver_within_us > 0 && v.deliver_within_us < UINT64_MAX - r->accepted_us
	    ? r->accepted_us + v.deliver_within_us : 0;
}

static enum consign_err
track_consignees(struct tracking *t, const struct manifest *m, uint64_t refused_us)
{
	struct local_track_reply *r = t->reply;
	enum progress least = REJECTED, worst = QUEUED;
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < m->consignees.n; i++) {
		const char *org = m->consignees.v[i]->org.s;
		enum progress progress = r->accepted_us == 0 ? QUEUED : ACCEPTED;
		struct local_track_consignee *c;

		err = add_consignee(t, org, strlen(org), &c);
		if (err != CONSIGN_OK)
			break;
		if (t->is_refused) {
			refuse_consignee(t, c, refused_us);
			continue;
		}
		c->at_us = r->accepted_us;
		c->due_us = due_of(t, m, org);
		err = find_settlement(t, c, &progress);
		if (err == CONSIGN_OK && progress == REJECTED)
			err = add_problems(t, c);
		if (err == CONSIGN_E_NOT_FOUND)
			err = progress == QUEUED ? add_postponement(t, c) : CONSIGN_OK;
		set_state(c->state, progress_text[progress]);
		least = progress < least ? progress : least;
		worst = progress > worst ? progress : worst;
	}
	/* While one is still under way so is the message; when all have ended, the worst end is what is to be seen. */
	set_state(r->state, t->is_refused ? "refused" : progress_text[least < DELIVERED ? least : worst]);
	return err;
}

static const struct manifest_item *
find_item(const struct manifest *m, uint32_t index)
{
	for (size_t i = 0; i < m->items.n; i++)
		if (m->items.v[i]->index == index)
			return m->items.v[i];
	return NULL;
}

static enum consign_err
read_outbox(struct tracking *t, struct db_statement *s, const struct manifest *m)
{
	struct local_track_reply *r = t->reply;
	const struct manifest_item *item = find_item(m, t->id->index);
	enum outbox_state state = (enum outbox_state)db_column_u64(s, 0);
	uint64_t refused_us = 0;
	enum consign_err err;

	r->attempt = (uint32_t)db_column_u64(s, 1);
	r->created_us = db_column_u64(s, 2);
	r->study = m->study;
	r->label = m->label;
	err = find_refusal(t, &refused_us);
	t->is_refused = err == CONSIGN_OK;
	if (err == CONSIGN_E_NOT_FOUND && item == NULL)
		return err; /* the consignment is ours, but has no such message */
	if (err != CONSIGN_OK && err != CONSIGN_E_NOT_FOUND)
		return err;
	if (!t->is_refused) {
		r->type = item->type;
		t->is_refused = state == OUTBOX_REFUSED;
	}
	if (!t->is_refused && state == OUTBOX_ACCEPTED) {
		r->accepted_us = db_column_u64(s, 4);
		r->has_leaf = !db_column_is_null(s, 5);
		r->leaf = r->has_leaf ? db_column_u64(s, 5) : 0;
	}
	return track_consignees(t, m, refused_us);
}

static enum consign_err
track_outbox(struct tracking *t)
{
	struct arena *scratch = NULL;
	struct db_statement *s;
	struct signed_manifest *sm;
	struct manifest *m = NULL;
	enum consign_err err = db_statement(
	    t->agent->db, "SELECT state, attempt, created_us, kept(manifest, manifest_at, manifest_bytes), accepted_us, leaf FROM outbox"
			  " WHERE id = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(t->id->consignment.b));
	err = db_row(s);
	if (err != CONSIGN_OK)
		return err;
	err = arena_new(
	    2 * (CONSIGN_UNPACK_BUDGET_BASE_BYTES + (size_t)CONSIGN_MANIFEST_MAX_BYTES * CONSIGN_UNPACK_BUDGET_PER_BYTE),
	    &scratch);
	if (err == CONSIGN_OK)
		err = signed_manifest_decode(db_column_slice(s, 3), scratch, &sm);
	if (err == CONSIGN_OK)
		err = manifest_decode(sm->manifest, scratch, &m);
	if (err != CONSIGN_OK && err != CONSIGN_E_NO_MEMORY)
		err = CONSIGN_E_CORRUPT;
	if (err == CONSIGN_OK)
		err = read_outbox(t, s, m);
	db_reset(s);
	arena_free(&scratch);
	return err;
}

static enum consign_err
track_in_snapshot(struct tracking *t)
{
	enum consign_err err = track_outbox(t);

	return err == CONSIGN_E_NOT_FOUND ? track_local_refusal(t) : err;
}

enum consign_err
track_message(struct agent *a, const struct consign_message_id *id, struct arena *arena, struct local_track_reply **ret_reply)
{
	struct tracking t = {.agent = a, .id = id, .arena = arena};
	enum consign_err err;

	t.reply = arena_alloc(arena, sizeof *t.reply);
	if (t.reply == NULL)
		return CONSIGN_E_NO_MEMORY;
	message_id_format(id, t.reply->id);
	t.reply->consignees.v = arena_alloc(arena, CONSIGN_CONSIGNEES_MAX * sizeof *t.reply->consignees.v);
	if (t.reply->consignees.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	/* One snapshot: an acceptance and its settlements are written by different commits. */
	err = db_begin_read(a->db);
	if (err != CONSIGN_OK)
		return err;
	err = track_in_snapshot(&t);
	db_rollback(a->db);
	if (err == CONSIGN_OK)
		*ret_reply = t.reply;
	return err;
}
