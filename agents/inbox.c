/*
 * Reading the inbox: listing, finding, unsealing for a tool. Not for taking mail in (reception) nor for the places of
 * subscriptions (subscription.c).
 *
 * One row is a consignment. Its manifest is decoded into a scratch arena; what a caller gets is copied into the caller's.
 * A listing looks at INBOX_ROWS_PER_LIST rows at most and then says that there is more, so that a filter which matches
 * nothing in a million rows does not hold the loop: whoever asks goes on at the next turn.
 */
#include "inbox_private.h"

#include <stdlib.h>
#include <string.h>

#include "catalogue/payload.h"
#include "core/bodies.h"
#include "core/text.h"
#include "recent.h"

#define INBOX_ROWS_PER_LIST 256u
/* Identity keys that a consignor may have had: the directory's, that of the card it had seen, its newest card's. */
#define IDENTITIES 3u

_Static_assert(INBOX_OUTCOME_BYTES == 1 + 4, "outcome and content bytes");

enum { ROW_SEQ, ROW_CONSIGNOR, ROW_POSITION, ROW_RECEIVED, ROW_ACCEPTED, ROW_MANIFEST, ROW_OUTCOMES, ROW_KEY, ROW_BODY };
#define ROW_COLUMNS "seq, consignor, position, received_us, accepted_us, kept(manifest, manifest_at, manifest_bytes), outcomes, key, body, body_at, body_bytes"

/* The row under the reader's eyes. Everything lives until the next step of the statement. */
struct row {
	struct inbox *in;
	struct db_statement *statement;
	struct arena *scratch;
	uint64_t seq;
	struct consign_org consignor;
	struct consign_slice outcomes;
	size_t n_items;
	struct manifest *manifest;      /* NULL until needed */
	struct consign_org *consignees; /* in the caller's arena; NULL until needed */
	struct secret *key;
	struct seal_body *body;
	bool is_open; /* key and body are this row's */
};

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

static size_t
row_budget(void)
{
	return inbox_manifest_budget() + CONSIGN_BODY_MAX_BYTES;
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

static uint32_t
content_bytes(const struct row *r, size_t idx)
{
	return be32_load(r->outcomes.data + idx * INBOX_OUTCOME_BYTES + 1);
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

/* ── one row ── */

static void
row_clear(struct row *r)
{
	arena_free(&r->scratch);
	secret_free(&r->key);
	free(r->body);
	r->body = NULL;
}

/* Takes over the row that the statement stands on. */
static enum consign_err
row_take(struct row *r)
{
	r->seq = db_column_u64(r->statement, ROW_SEQ);
	r->outcomes = db_column_slice(r->statement, ROW_OUTCOMES);
	r->manifest = NULL;
	r->consignees = NULL;
	r->is_open = false;
	arena_reset(r->scratch);
	enum consign_err err = db_column_text(r->statement, ROW_CONSIGNOR, r->consignor.s, sizeof r->consignor.s);

	return err == CONSIGN_OK ? inbox_outcomes(r->outcomes, &r->n_items) : err;
}

static enum consign_err
row_manifest(struct row *r)
{
	if (r->manifest != NULL)
		return CONSIGN_OK;
	enum consign_err err = inbox_manifest(db_column_slice(r->statement, ROW_MANIFEST), r->scratch, &r->manifest);

	if (err != CONSIGN_OK)
		return err;
	return r->manifest->items.n == r->n_items ? CONSIGN_OK : CONSIGN_E_CORRUPT;
}

/* The key that the mail was bound to is the one of then: it may have been replaced since (PROTOCOL.md 3.3). */
static size_t
identities(const struct row *r, struct consign_public_key ret_keys[IDENTITIES])
{
	const struct hub *hub = r->in->agent->hub;
	const struct member *member = hub_member(hub_directory(hub), r->consignor.s);
	const struct hub_card *seen = NULL, *newest = hub_card(hub, r->consignor.s);
	size_t n = 0;

	if (r->manifest->seen->card != NULL)
		seen = hub_card_at(hub, r->consignor.s, r->manifest->seen->card->version);
	if (member != NULL)
		ret_keys[n++] = member->identity_key;
	if (seen != NULL)
		ret_keys[n++] = seen->card->identity_key;
	if (newest != NULL && newest != seen)
		ret_keys[n++] = newest->card->identity_key;
	return n;
}

static enum consign_err
row_open(struct row *r)
{
	if (r->is_open)
		return CONSIGN_OK;
	struct consign_slice body;
	enum consign_err err = r->key == NULL ? secret_new(&r->key) : CONSIGN_OK;

	if (err == CONSIGN_OK && r->body == NULL && (r->body = malloc(sizeof *r->body)) == NULL)
		err = CONSIGN_E_NO_MEMORY;
	if (err == CONSIGN_OK)
		err = seal_load_key(
		    r->in->agent->storage_key, &r->manifest->consignment_id, db_column_slice(r->statement, ROW_KEY), r->key);
	if (err == CONSIGN_OK)
		err = bodies_column(r->in->agent->db, r->statement, ROW_BODY, r->scratch, &body);
	if (err == CONSIGN_OK)
		err = seal_body_parse(body, r->manifest->consignees.n, r->n_items, r->body);
	r->is_open = err == CONSIGN_OK;
	return err == CONSIGN_E_MALFORMED ? CONSIGN_E_CORRUPT : err;
}

/* It unsealed when it was taken in, so what does not unseal now is our store's doing. */
static enum consign_err
row_unseal(struct row *r, size_t idx, struct buf *plain)
{
	const struct manifest *m = r->manifest;
	const struct manifest_item *item = m->items.v[idx];
	struct consign_public_key keys[IDENTITIES];
	size_t n = identities(r, keys);
	enum consign_err err = row_open(r);

	if (err != CONSIGN_OK)
		return err;
	err = CONSIGN_E_BAD_SEAL;
	for (size_t i = 0; err == CONSIGN_E_BAD_SEAL && i < n; i++) {
		struct seal_context context = {.hub_id = m->hub_id,
		    .consignor_identity = keys[i],
		    .consignment_id = m->consignment_id,
		    .attempt = m->attempt,
		    .random = m->random};

		buf_reset(plain);
		err = unseal_item(
		    r->key, &context, item->index, (enum consign_label)m->label, r->body->items[idx], &item->commitment, plain);
	}
	return err == CONSIGN_E_BAD_SEAL ? CONSIGN_E_CORRUPT : err;
}

static enum consign_err
put_content(struct row *r, size_t idx, struct arena *arena, struct local_message *m)
{
	struct buf plain = {0};
	struct payload payload;
	enum consign_err err = row_unseal(r, idx, &plain);

	if (err == CONSIGN_OK)
		err = payload_decode(buf_slice(&plain), arena, &payload);
	buf_wipe(&plain);
	if (err != CONSIGN_OK)
		return err == CONSIGN_E_NO_MEMORY ? err : CONSIGN_E_CORRUPT;
	memcpy(m->media_type, payload.media_type, sizeof m->media_type);
	m->name = payload.name;
	m->content = payload.content;
	return CONSIGN_OK;
}

/* One copy for all messages of the row. */
static enum consign_err
row_consignees(struct row *r, struct arena *arena)
{
	const struct manifest *m = r->manifest;

	if (r->consignees != NULL)
		return CONSIGN_OK;
	r->consignees = arena_alloc(arena, m->consignees.n * sizeof *r->consignees);
	if (r->consignees == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < m->consignees.n; i++)
		r->consignees[i] = m->consignees.v[i]->org;
	return CONSIGN_OK;
}

static enum consign_err
row_message(struct row *r, size_t idx, bool with_content, struct arena *arena, struct local_message **ret_message)
{
	const struct manifest *m = r->manifest;
	struct local_message *message = arena_alloc(arena, sizeof *message);
	enum consign_err err = message == NULL ? CONSIGN_E_NO_MEMORY : row_consignees(r, arena);

	if (err != CONSIGN_OK)
		return err;
	struct consign_message_id id = {m->consignment_id, m->items.v[idx]->index};

	message_id_format(&id, message->id);
	message->consignor = r->consignor;
	message->study = m->study;
	message->type = m->items.v[idx]->type;
	message->label = m->label;
	message->sent_us = m->created_us;
	message->received_us = db_column_u64(r->statement, ROW_RECEIVED);
	message->accepted_us = db_column_u64(r->statement, ROW_ACCEPTED);
	message->position = db_column_u64(r->statement, ROW_POSITION);
	message->size = content_bytes(r, idx);
	message->consignees.v = r->consignees;
	message->consignees.n = m->consignees.n;
	if (with_content)
		err = put_content(r, idx, arena, message);
	if (err == CONSIGN_OK)
		*ret_message = message;
	return err;
}

/* ── listing ── */

struct listing {
	const struct inbox_query *q;
	struct row row;
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
	struct row *r = &l->row;
	uint32_t bytes = content_bytes(r, idx);

	if (l->messages == NULL) {
		l->messages = arena_alloc(l->arena, l->q->max * sizeof *l->messages);
		l->places = arena_alloc(l->arena, l->q->max * sizeof *l->places);
		if (l->messages == NULL || l->places == NULL)
			return CONSIGN_E_NO_MEMORY;
	}
	enum consign_err err = row_message(r, idx, l->q->with_content, l->arena, &l->messages[l->n]);

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
	struct row *r = &l->row;
	bool is_acked =
	    l->acked_by.name[0] != '\0' && (inbox_is_behind(&l->acked_by.cursor, r->seq, (uint32_t)idx) || l->acks.is_acked[idx]);
	enum consign_err err = CONSIGN_OK;

	if (!inbox_is_accepted(r->outcomes, idx) || (is_acked && q->only_unacked))
		return CONSIGN_OK;
	err = row_manifest(r);
	if (err != CONSIGN_OK || !inbox_matches(q->type, q->study, r->manifest, idx))
		return err;
	/* The first one is given whatever its size: else a large message would stop its readers for good. */
	if (q->with_content && l->n > 0 && content_bytes(r, idx) > q->max_bytes - l->bytes) {
		l->is_full = true;
		return CONSIGN_OK;
	}
	return take(l, idx, is_acked);
}

static enum consign_err
look_at_row(struct listing *l)
{
	struct row *r = &l->row;
	enum consign_err err = row_take(r);

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
	    db_statement(db, "SELECT " ROW_COLUMNS " FROM inbox WHERE seq >= ?1 ORDER BY seq", &l->row.statement);

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
	err = arena_new(row_budget(), &l.row.scratch);
	/* One snapshot: a cursor read before a commit and acknowledgements read after it would show acknowledged messages. */
	if (err == CONSIGN_OK)
		err = db_begin_read(in->agent->db);
	if (err == CONSIGN_OK) {
		err = list_in_snapshot(&l, &more);
		db_rollback(in->agent->db);
	}
	row_clear(&l.row);
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

/* ── finding ── */

/* Consignments with this id, one row for each consignor that used it. */
static enum consign_err
find_rows(struct row *r, const struct consign_id *id)
{
	enum consign_err err =
	    db_statement(r->in->agent->db, "SELECT " ROW_COLUMNS " FROM inbox WHERE id = ?1 ORDER BY seq", &r->statement);

	if (err == CONSIGN_OK)
		db_bind_slice(r->statement, 1, SLICE_ARRAY(id->b));
	return err;
}

/* Errors: NOT_FOUND (there is no further row), NO_MEMORY, CORRUPT, those of the store */
static enum consign_err
next_row(struct row *r)
{
	enum consign_err err = db_row(r->statement);

	if (err == CONSIGN_OK)
		err = row_take(r);
	return err == CONSIGN_OK ? row_manifest(r) : err;
}

/* Whether the row has this item, not rejected. */
static bool
row_has(const struct row *r, uint32_t index, size_t *ret_idx)
{
	for (size_t i = 0; i < r->n_items; i++)
		if (r->manifest->items.v[i]->index == index && inbox_is_accepted(r->outcomes, i)) {
			*ret_idx = i;
			return true;
		}
	return false;
}

/* Leaves the row on the first consignment with this message. */
static enum consign_err
find_message(struct row *r, const struct consign_message_id *id, size_t *ret_idx)
{
	enum consign_err err = find_rows(r, &id->consignment);

	if (err != CONSIGN_OK)
		return err;
	while ((err = next_row(r)) == CONSIGN_OK)
		if (row_has(r, id->index, ret_idx))
			return CONSIGN_OK;
	db_reset(r->statement);
	return err;
}

static enum consign_err
find_in_snapshot(
    struct row *r, const struct consign_message_id *id, struct arena *arena, struct local_message **ret_message, size_t *ret_idx)
{
	struct db *db = r->in->agent->db;
	struct subscription s;
	struct inbox_acks acks;
	struct local_message *message;
	size_t idx;
	enum consign_err err = find_message(r, id, &idx);

	if (err != CONSIGN_OK)
		return err;
	err = row_message(r, idx, true, arena, &message);
	if (err == CONSIGN_OK)
		err = subscription_read(db, "default", &s);
	if (err == CONSIGN_OK)
		err = subscription_acks(db, s.name, r->seq, &acks);
	if (err != CONSIGN_OK)
		return err == CONSIGN_E_NOT_FOUND ? CONSIGN_E_CORRUPT : err;
	message->acked = inbox_is_behind(&s.cursor, r->seq, (uint32_t)idx) || acks.is_acked[idx];
	*ret_message = message;
	*ret_idx = idx;
	return CONSIGN_OK;
}

enum consign_err
inbox_find(struct inbox *in, const struct consign_message_id *id, struct arena *arena, struct local_message **ret_message,
    struct inbox_cursor *ret_cursor)
{
	struct row r = {.in = in};
	struct local_message *message = NULL;
	size_t idx = 0;
	enum consign_err err = arena_new(row_budget(), &r.scratch);

	if (err == CONSIGN_OK)
		err = db_begin_read(in->agent->db);
	if (err == CONSIGN_OK) {
		err = find_in_snapshot(&r, id, arena, &message, &idx);
		db_rollback(in->agent->db);
	}
	row_clear(&r);
	if (err != CONSIGN_OK)
		return err;
	*ret_message = message;
	*ret_cursor = (struct inbox_cursor){r.seq, (uint32_t)idx};
	return CONSIGN_OK;
}

static enum consign_err
put_place(struct inbox_places *places, uint64_t seq, size_t idx)
{
	if (places->n == places->cap) {
		size_t cap = places->cap == 0 ? 64 : 2 * places->cap;
		struct inbox_cursor *v = reallocarray(places->v, cap, sizeof *v);

		if (v == NULL)
			return CONSIGN_E_NO_MEMORY;
		places->v = v;
		places->cap = cap;
	}
	places->v[places->n++] = (struct inbox_cursor){seq, (uint32_t)idx};
	return CONSIGN_OK;
}

/* What an acknowledgement looks for: places that the subscription shows and has not acknowledged. */
struct unacked {
	struct subscription by;                  /* name "": any place will do */
	struct inbox_acks acks;                  /* of the row */
	bool is_taken[CONSIGN_BUNDLE_MAX_ITEMS]; /* places of the row, by an id before */
};

static enum consign_err
next_unacked_row(struct row *r, struct unacked *u)
{
	enum consign_err err = next_row(r);

	if (err != CONSIGN_OK || u->by.name[0] == '\0')
		return err;
	memset(u->is_taken, 0, sizeof u->is_taken);
	err = subscription_acks(r->in->agent->db, u->by.name, r->seq, &u->acks);
	return err == CONSIGN_E_NOT_FOUND ? CONSIGN_E_CORRUPT : err;
}

/* An id that was served takes no second place: the next message under it, another consignor's, has not been seen yet. */
static enum consign_err
take_place(struct row *r, struct unacked *u, size_t idx, bool *is_served, struct inbox_places *places)
{
	if (u->by.name[0] != '\0') {
		if (*is_served || u->is_taken[idx] || u->acks.is_acked[idx] ||
		    inbox_is_behind(&u->by.cursor, r->seq, (uint32_t)idx) ||
		    !inbox_matches(u->by.type, u->by.study, r->manifest, idx))
			return CONSIGN_OK;
		*is_served = u->is_taken[idx] = true;
	}
	return put_place(places, r->seq, idx);
}

/* The places of n messages of one consignment id, in the order of arrival. */
static enum consign_err
find_neighbours(struct row *r, struct unacked *u, const struct consign_message_id *ids, size_t n, struct inbox_places *places)
{
	bool *is_served = calloc(n, sizeof *is_served);
	size_t idx;
	enum consign_err err = is_served == NULL ? CONSIGN_E_NO_MEMORY : find_rows(r, &ids[0].consignment);

	if (err != CONSIGN_OK) {
		free(is_served);
		return err;
	}
	while (err == CONSIGN_OK && (err = next_unacked_row(r, u)) == CONSIGN_OK)
		for (size_t i = 0; err == CONSIGN_OK && i < n; i++)
			if (row_has(r, ids[i].index, &idx))
				err = take_place(r, u, idx, &is_served[i], places);
	db_reset(r->statement);
	free(is_served);
	return err == CONSIGN_E_NOT_FOUND ? CONSIGN_OK : err;
}

enum consign_err
inbox_find_places(
    struct inbox *in, const char *unacked_by, const struct consign_message_id *ids, size_t n, struct inbox_places *places)
{
	struct row r = {.in = in};
	struct unacked u = {0};
	size_t run;
	enum consign_err err = arena_new(row_budget(), &r.scratch);

	if (err == CONSIGN_OK && unacked_by != NULL)
		err = subscription_read(in->agent->db, unacked_by, &u.by);
	if (err == CONSIGN_E_NOT_FOUND) /* it has acknowledged nothing; whoever acknowledges for it hears that it is none */
		err = CONSIGN_OK;

	/* Neighbours are acknowledged together: one look at their row serves them all. */
	for (size_t i = 0; err == CONSIGN_OK && i < n; i += run) {
		for (run = 1; i + run < n; run++)
			if (memcmp(ids[i].consignment.b, ids[i + run].consignment.b, sizeof ids[i].consignment.b) != 0)
				break;
		err = find_neighbours(&r, &u, ids + i, run, places);
	}
	row_clear(&r);
	return err;
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
