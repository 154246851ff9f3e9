/*
 * Reading the inbox in order, for a tool. One message by its id: inbox_find.c; what a row says: inbox_row.c. Not for taking mail in
 * (reception) nor for the places of subscriptions (subscription.c).
 *
 * One row is a consignment. Its manifest is decoded into a scratch arena; what a caller gets is copied into the caller's.
 * A listing looks at INBOX_ROWS_PER_LIST rows at most and then says that there is more, so that a filter which matches
 * nothing in a million rows does not hold the loop: whoever asks goes on at the next turn.
 */
#include "inbox_row.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "recent.h"

#define INBOX_ROWS_PER_LIST 256u

bool
inbox_is_behind(const struct inbox_cursor *cursor, uint64_t seq, uint32_t idx)
{
	return seq < cursor->seq || (seq == cursor->seq && idx <= cursor->idx);
}

size_t
inbox_manifest_budget(void)
{
	/* Twice: the signed manifest, and the one in it. */
	return 2 * (CONSIGN_UNPACK_BUDGET_BASE_BYTES + (size_t)CONSIGN_MANIFEST_MAX_BYTES * CONSIGN_UNPACK_BUDGET_PER_BYTE);
}

/* What we stored was decoded once already: if it cannot be any more, the store is damaged. */
enum consign_err
inbox_manifest(struct consign_slice column, struct arena *arena, struct manifest **ret_manifest)
{
	struct signed_manifest *sm;
	enum consign_err err = signed_manifest_decode(column, arena, &sm);

	if (err == CONSIGN_OK)
		err = manifest_decode(sm->manifest, arena, ret_manifest);
	return err == CONSIGN_OK || err == CONSIGN_E_NO_MEMORY ? err : CONSIGN_E_CORRUPT;
}

enum consign_err
inbox_outcomes(struct consign_slice column, size_t *ret_items)
{
	if (column.len % INBOX_OUTCOME_BYTES != 0 || column.len > CONSIGN_BUNDLE_MAX_ITEMS * INBOX_OUTCOME_BYTES)
		return CONSIGN_E_CORRUPT;
	*ret_items = column.len / INBOX_OUTCOME_BYTES;
	return CONSIGN_OK;
}

bool
inbox_is_accepted(struct consign_slice outcomes, size_t idx)
{
	return outcomes.data[idx * INBOX_OUTCOME_BYTES] == ITEM_ACCEPTED;
}

bool
inbox_filter_takes(const char *type, const char *study, const char *item_type, const char *item_study)
{
	if (study[0] != '\0' && strcmp(study, item_study) != 0)
		return false;
	return type[0] == '\0' || glob_match(type, item_type);
}

bool
inbox_matches(const char *type, const char *study, const struct manifest *m, size_t idx)
{
	return inbox_filter_takes(type, study, m->items.v[idx]->type.s, m->study.s);
}

/* ── listing ── */

struct listing {
	const struct inbox_query *q;
	struct inbox_row row;
	struct subscription acked_by; /* name "": none */
	struct inbox_acks acks;       /* of the row */
	struct inbox_cursor at;       /* the last item looked at */
	struct arena *arena;
	struct local_message **messages; /* both NULL before the first: a listing that finds nothing costs nothing */
	struct inbox_cursor *places;
	size_t n;
	size_t bytes;
	bool is_full; /* the next item is for another listing */
};

static enum consign_err
take(struct listing *l, size_t idx, bool is_acked)
{
	struct inbox_row *r = &l->row;
	uint32_t bytes = inbox_row_content_bytes(r, idx);

	if (l->messages == NULL) {
		l->messages = arena_alloc(l->arena, l->q->max * sizeof *l->messages);
		l->places = arena_alloc(l->arena, l->q->max * sizeof *l->places);
		if (l->messages == NULL || l->places == NULL)
			return CONSIGN_E_NO_MEMORY;
	}
	enum consign_err err = inbox_row_message(r, idx, l->q->with_content, l->arena, &l->messages[l->n]);

	if (err != CONSIGN_OK)
		return err;
	l->messages[l->n]->acked = is_acked;
	l->places[l->n++] = (struct inbox_cursor){r->seq, (uint32_t)idx};
	l->bytes = bytes > l->q->max_bytes - l->bytes ? l->q->max_bytes : l->bytes + bytes;
	return CONSIGN_OK;
}

/* Looks at one item; takes it when it is asked for. */
static enum consign_err
look_at(struct listing *l, size_t idx)
{
	const struct inbox_query *q = l->q;
	struct inbox_row *r = &l->row;
	bool is_acked =
	    l->acked_by.name[0] != '\0' && (inbox_is_behind(&l->acked_by.cursor, r->seq, (uint32_t)idx) || l->acks.is_acked[idx]);
	enum consign_err err = CONSIGN_OK;

	if (!inbox_is_accepted(r->outcomes, idx) || (is_acked && q->only_unacked))
		return CONSIGN_OK;
	err = inbox_row_manifest(r);
	if (err != CONSIGN_OK || !inbox_matches(q->type, q->study, r->manifest, idx))
		return err;
	/* The first one is given whatever its size: else a large message would stop its readers for good. */
	if (q->with_content && l->n > 0 && inbox_row_content_bytes(r, idx) > q->max_bytes - l->bytes) {
		l->is_full = true;
		return CONSIGN_OK;
	}
	return take(l, idx, is_acked);
}

static enum consign_err
look_at_row(struct listing *l)
{
	struct inbox_row *r = &l->row;
	enum consign_err err = inbox_row_take(r);

	if (err != CONSIGN_OK || r->n_items == 0 || inbox_is_behind(&l->at, r->seq, (uint32_t)r->n_items - 1))
		return err;
	if (l->acked_by.name[0] != '\0')
		err = subscription_acks(r->in->agent->db, l->acked_by.name, r->seq, &l->acks);
	for (size_t i = 0; err == CONSIGN_OK && i < r->n_items; i++) {
		if (inbox_is_behind(&l->at, r->seq, (uint32_t)i))
			continue;
		if (l->n == l->q->max)
			l->is_full = true;
		else
			err = look_at(l, i);
		if (err != CONSIGN_OK || l->is_full)
			return err;
		l->at = (struct inbox_cursor){r->seq, (uint32_t)i};
	}
	return err;
}

static enum consign_err
look_at_rows(struct listing *l, bool *ret_more)
{
	struct db *db = l->row.in->agent->db;
	bool is_row = false;
	enum consign_err err =
	    db_statement(db, "SELECT " INBOX_ROW_COLUMNS " FROM inbox WHERE seq >= ?1 ORDER BY seq", &l->row.statement);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(l->row.statement, 1, l->at.seq);
	for (size_t rows = 0; (err = db_step(l->row.statement, &is_row)) == CONSIGN_OK && is_row; rows++) {
		if (rows == INBOX_ROWS_PER_LIST)
			break;
		err = look_at_row(l);
		if (err != CONSIGN_OK || l->is_full)
			break;
	}
	db_reset(l->row.statement);
	if (err == CONSIGN_OK)
		*ret_more = is_row;
	return err;
}

static enum consign_err
list_in_snapshot(struct listing *l, bool *ret_more)
{
	const struct inbox_query *q = l->q;
	struct agent *a = l->row.in->agent;
	enum consign_err err = CONSIGN_OK;

	if (q->acked_by[0] != '\0')
		err = subscription_read(a->db, q->acked_by, &l->acked_by);
	if (err == CONSIGN_E_NOT_FOUND) /* nothing is acknowledged by who does not exist */
		err = CONSIGN_OK;
	if (err == CONSIGN_OK && q->only_unacked && inbox_is_behind(&l->acked_by.cursor, l->at.seq, l->at.idx))
		l->at = l->acked_by.cursor;
	return err == CONSIGN_OK ? look_at_rows(l, ret_more) : err;
}

enum consign_err
inbox_page(struct inbox *in, const struct inbox_query *q, struct arena *arena, struct inbox_page *ret_page)
{
	struct listing l = {.q = q, .row.in = in, .at = q->after, .arena = arena};
	bool more = false;
	enum consign_err err = q->acked_to == NULL ? CONSIGN_E_NOT_FOUND : recent_page(in->agent->recent, q, arena, ret_page);

	if (err != CONSIGN_E_NOT_FOUND)
		return err;
	err = arena_new(inbox_row_budget(), &l.row.scratch);
	/* One snapshot: a cursor read before a commit and acknowledgements read after it would show acknowledged messages. */
	if (err == CONSIGN_OK)
		err = db_begin_read(in->agent->db);
	if (err == CONSIGN_OK) {
		err = list_in_snapshot(&l, &more);
		db_rollback(in->agent->db);
	}
	inbox_row_clear(&l.row);
	if (err == CONSIGN_OK)
		*ret_page = (struct inbox_page){l.messages, l.places, l.n, l.at, more};
	return err;
}

enum consign_err
inbox_list(struct inbox *in, const struct inbox_query *q, struct arena *arena, struct local_message ***ret_messages,
    size_t *ret_n, struct inbox_cursor *ret_cursor, bool *ret_more)
{
	struct inbox_page page;
	enum consign_err err = inbox_page(in, q, arena, &page);

	if (err != CONSIGN_OK)
		return err;
	*ret_messages = page.messages;
	*ret_n = page.n;
	*ret_cursor = page.cursor;
	*ret_more = page.has_more;
	return CONSIGN_OK;
}

/* ── the object ── */

enum consign_err
inbox_new(struct agent *a, struct inbox **ret_inbox)
{
	struct inbox *in = calloc(1, sizeof *in);

	if (in == NULL)
		return CONSIGN_E_NO_MEMORY;
	in->agent = a;
	*ret_inbox = in;
	return CONSIGN_OK;
}

void
inbox_free(struct inbox **inbox)
{
	free(*inbox);
	*inbox = NULL;
}

void
inbox_on_news(struct inbox *in, void (*news)(void *context), void *context)
{
	in->news = news;
	in->news_context = context;
}

void
inbox_news(struct inbox *in)
{
	if (in->news != NULL)
		in->news(in->news_context);
}

/* The count walks an index of all rows: milliseconds for each hundred thousand, and asked for by people only. */
enum consign_err
inbox_facts(struct inbox *in, struct inbox_facts *ret_facts)
{
	struct inbox_facts facts;
	struct db_statement *s;
	enum consign_err err = db_statement(in->agent->db,
	    "SELECT (SELECT count(*) FROM inbox), max(ifnull((SELECT max(position) FROM inbox), 0),"
	    " ifnull((SELECT max(position) FROM tombstone), 0))",
	    &s);

	if (err == CONSIGN_OK)
		err = db_row(s);
	if (err != CONSIGN_OK)
		return err;
	facts.consignments = db_column_u64(s, 0);
	facts.position = db_column_u64(s, 1);
	db_reset(s);
	*ret_facts = facts;
	return CONSIGN_OK;
}
