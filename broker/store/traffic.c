/*
 * What was sent, as manifests and records say it: for an administrator who wants to know what another policy would have
 * done. A page at a time: as many consignments as one answer holds, counted by what they have in common. Reads metadata
 * only, as everything here does.
 */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

/* One consignment as it is read. */
struct sent {
	uint64_t leaf;
	const struct manifest *manifest;
	const struct ledger_record *record;
};

struct page {
	struct arena *arena;
	struct store_traffic *traffic;
	uint64_t since_us;
};

/* The time of an act. Leaves follow one another in time, as far as the broker's clock did. */
static enum consign_err
leaf_time(struct db *db, uint64_t leaf, uint64_t *ret_us)
{
	struct arena *arena = NULL;
	struct leaf l;
	struct ledger_record *record;
	enum consign_err err = arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES + CONSIGN_RECORD_MAX_BYTES * CONSIGN_UNPACK_BUDGET_PER_BYTE, &arena);

	if (err == CONSIGN_OK)
		err = store_leaf_read(db, leaf, arena, &l);
	if (err == CONSIGN_OK)
		err = ledger_record_decode(l.record, arena, &record) == CONSIGN_OK ? CONSIGN_OK : CONSIGN_E_CORRUPT;
	if (err == CONSIGN_OK)
		*ret_us = record->at_us;
	arena_free(&arena);
	return err;
}

/* The first leaf of a period, by halves. */
static enum consign_err
first_leaf(struct db *db, uint64_t since_us, uint64_t *ret_leaf)
{
	uint64_t low = 0, high;
	enum consign_err err = store_size(db, &high);

	while (err == CONSIGN_OK && low < high) {
		uint64_t middle = low + (high - low) / 2, at_us;

		err = leaf_time(db, middle, &at_us);
		if (err == CONSIGN_OK && at_us < since_us)
			low = middle + 1;
		else if (err == CONSIGN_OK)
			high = middle;
	}
	if (err == CONSIGN_OK)
		*ret_leaf = low;
	return err;
}

/* leaf, signed manifest, record at columns 0 … 2. */
static enum consign_err
read_sent(struct db_statement *s, struct arena *arena, struct sent *ret_sent)
{
	struct signed_manifest *sm;
	struct manifest *m;
	struct ledger_record *record;
	struct consign_slice manifest, bytes;
	enum consign_err err = db_column_copy(s, 1, arena, &manifest);

	if (err == CONSIGN_OK)
		err = db_column_copy(s, 2, arena, &bytes);
	if (err != CONSIGN_OK)
		return err;
	err = signed_manifest_decode(manifest, arena, &sm);
	if (err == CONSIGN_OK)
		err = manifest_decode(sm->manifest, arena, &m);
	if (err == CONSIGN_OK)
		err = ledger_record_decode(bytes, arena, &record);
	if (err != CONSIGN_OK || (record->accepted == NULL && record->refused == NULL))
		return err == CONSIGN_E_NO_MEMORY ? err : CONSIGN_E_CORRUPT;
	*ret_sent = (struct sent){db_column_u64(s, 0), m, record};
	return CONSIGN_OK;
}

/* What a refusal says of one item to one consignee; NULL: nothing, it was sent again without those that were refused. */
static const struct verdict *
verdict_of(const struct refused_record *refused, uint32_t index, const char *consignee)
{
	for (size_t i = 0; i < refused->verdicts.n; i++) {
		const struct verdict *v = refused->verdicts.v[i];

		if (v->index == index && (v->org[0] == '\0' || strcmp(v->org, consignee) == 0))
			return v;
	}
	return NULL;
}

static enum consign_err
put_row(struct page *p, const struct sent *sent, const struct manifest_item *item, const struct consign_org *consignee,
    const struct verdict *verdict)
{
	const struct document_ref *root = sent->record->accepted != NULL ? sent->record->accepted->root : sent->record->refused->root;
	struct traffic_row *row = arena_alloc(p->arena, sizeof *row);

	if (row == NULL)
		return CONSIGN_E_NO_MEMORY;
	*row = (struct traffic_row){.consignor = sent->manifest->consignor,
	    .consignee = *consignee,
	    .study = sent->manifest->study,
	    .type = item->type,
	    .label = sent->manifest->label,
	    .code = verdict == NULL ? CONSIGN_CODE_NONE : verdict->code,
	    .count = 1,
	    .consignment_id = sent->manifest->consignment_id,
	    .item = item->index,
	    .at_us = sent->record->at_us,
	    .root_version = root->version};
	if (verdict != NULL)
		memcpy(row->rule, verdict->rule, sizeof row->rule);
	p->traffic->rows[p->traffic->n++] = row;
	return CONSIGN_OK;
}

static enum consign_err
put_sent(struct page *p, const struct sent *sent)
{
	const struct refused_record *refused = sent->record->refused;
	const struct manifest *m = sent->manifest;
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < m->items.n; i++)
		for (size_t j = 0; err == CONSIGN_OK && j < m->consignees.n; j++) {
			const struct consign_org *consignee = &m->consignees.v[j]->org;
			const struct verdict *v = refused == NULL ? NULL : verdict_of(refused, m->items.v[i]->index, consignee->s);

			if (refused == NULL || v != NULL)
				err = put_row(p, sent, m->items.v[i], consignee, v);
		}
	return err;
}

static int
by_what_counts(const void *a, const void *b)
{
	const struct traffic_row *x = *(struct traffic_row *const *)a, *y = *(struct traffic_row *const *)b;
	int order = strcmp(x->study.s, y->study.s);

	if (order == 0)
		order = strcmp(x->consignor.s, y->consignor.s);
	if (order == 0)
		order = strcmp(x->consignee.s, y->consignee.s);
	if (order == 0)
		order = strcmp(x->type.s, y->type.s);
	if (order == 0 && x->label != y->label)
		order = x->label < y->label ? -1 : 1;
	if (order == 0 && x->code != y->code)
		order = x->code < y->code ? -1 : 1;
	return order != 0 ? order : strcmp(x->rule, y->rule);
}

/* Alike rows become one, with the id and time of the newest. */
static void
count_alike(struct store_traffic *t)
{
	size_t n = 0;

	qsort(t->rows, t->n, sizeof(struct traffic_row *), by_what_counts);
	for (size_t i = 0; i < t->n; i++) {
		struct traffic_row *row = t->rows[i];

		if (n == 0 || by_what_counts(&t->rows[n - 1], &row) != 0) {
			t->rows[n++] = row;
			continue;
		}
		row->count += t->rows[n - 1]->count;
		if (row->at_us < t->rows[n - 1]->at_us) {
			t->rows[n - 1]->count = row->count;
			continue;
		}
		t->rows[n - 1] = row;
	}
	t->n = n;
}

static enum consign_err
start_page(struct page *p, struct store_traffic *traffic)
{
	*traffic = (struct store_traffic){.rows = arena_alloc(p->arena, CONSIGN_TRAFFIC_ROWS_MAX * sizeof(struct traffic_row *))};
	p->traffic = traffic;
	return traffic->rows == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

enum consign_err
store_traffic_since(struct db *db, uint64_t since_us, uint64_t from_leaf, struct arena *arena, struct store_traffic *ret_traffic)
{
	struct page p = {.arena = arena, .since_us = since_us};
	struct store_traffic traffic;
	struct db_statement *s;
	size_t seen = 0;
	bool row;
	enum consign_err err = start_page(&p, &traffic);

	if (err == CONSIGN_OK && from_leaf == 0)
		err = first_leaf(db, since_us, &from_leaf);
	if (err == CONSIGN_OK)
		err = db_statement(db,
		    "SELECT u.leaf, kept(u.manifest, u.at, u.bytes), l.record"
		    " FROM (SELECT leaf, manifest, manifest_at AS at, manifest_bytes AS bytes FROM consignment WHERE leaf >= ?1 UNION ALL"
		    " SELECT leaf, manifest, 0, 0 FROM refusal WHERE leaf >= ?1 AND manifest IS NOT NULL ORDER BY leaf LIMIT ?2) u"
		    " JOIN leaf l ON l.id = u.leaf ORDER BY u.leaf",
		    &s);
	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, from_leaf);
	db_bind_u64(s, 2, CONSIGN_TRAFFIC_CONSIGNMENTS_MAX);
	while ((err = db_step(s, &row)) == CONSIGN_OK && row) {
		struct sent sent;

		err = read_sent(s, arena, &sent);
		if (err != CONSIGN_OK)
			break;
		if (sent.manifest->items.n * sent.manifest->consignees.n > CONSIGN_TRAFFIC_ROWS_MAX - traffic.n) {
			traffic.next = sent.leaf;
			break;
		}
		if (sent.record->at_us >= since_us)
			err = put_sent(&p, &sent);
		if (err != CONSIGN_OK)
			break;
		if (++seen == CONSIGN_TRAFFIC_CONSIGNMENTS_MAX)
			traffic.next = sent.leaf + 1;
	}
	db_reset(s);
	if (err != CONSIGN_OK)
		return err;
	count_alike(&traffic);
	*ret_traffic = traffic;
	return CONSIGN_OK;
}

enum consign_err
store_traffic_of(struct db *db, const struct consign_id *id, struct arena *arena, struct store_traffic *ret_traffic)
{
	struct page p = {.arena = arena};
	struct store_traffic traffic;
	struct db_statement *s;
	bool row;
	enum consign_err err = start_page(&p, &traffic);

	if (err == CONSIGN_OK)
		err = db_statement(db,
		    "SELECT u.leaf, kept(u.manifest, u.at, u.bytes), l.record"
		    " FROM (SELECT leaf, manifest, manifest_at AS at, manifest_bytes AS bytes FROM consignment WHERE id = ?1 UNION ALL"
		    " SELECT leaf, manifest, 0, 0 FROM refusal WHERE id = ?1 AND manifest IS NOT NULL ORDER BY leaf) u"
		    " JOIN leaf l ON l.id = u.leaf ORDER BY u.leaf DESC",
		    &s);
	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(id->b));
	/* The newest attempts: what is beyond one answer was refused before. */
	while ((err = db_step(s, &row)) == CONSIGN_OK && row) {
		struct sent sent;

		err = read_sent(s, arena, &sent);
		if (err != CONSIGN_OK || sent.manifest->items.n * sent.manifest->consignees.n > CONSIGN_TRAFFIC_ROWS_MAX - traffic.n)
			break;
		err = put_sent(&p, &sent);
		if (err != CONSIGN_OK)
			break;
	}
	db_reset(s);
	if (err == CONSIGN_OK)
		*ret_traffic = traffic;
	return err;
}
