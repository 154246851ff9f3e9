#include "problem_list.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "seal/seal.h"

_Static_assert(PROBLEM_PATH_BYTES <= 256 && PROBLEM_RULE_BYTES <= 256 && PROBLEM_FOUND_BYTES <= 256 && PROBLEM_EXPECTED_BYTES <= 256,
    "lib/wire has room for every text of a problem");

static struct stated_problem *
state(struct arena *arena, struct consign_slice path, struct consign_slice rule, struct consign_slice found, struct consign_slice expected)
{
	struct stated_problem *s = arena_alloc(arena, sizeof *s);

	if (s == NULL)
		return NULL;
	*s = (struct stated_problem){arena_copy(arena, path), arena_copy(arena, rule), arena_copy(arena, found), arena_copy(arena, expected)};
	return s->path.data == NULL || s->rule.data == NULL || s->found.data == NULL || s->expected.data == NULL ? NULL : s;
}

/* On the wire a text has 3 bytes before it, and the problem itself 3: fewer than 16. */
size_t
problem_list_cost(const struct problem *p)
{
	return strlen(p->path) + strlen(p->rule) + strlen(p->found) + strlen(p->expected) + 16;
}

enum consign_err
problem_list_item(const struct problems *p, uint32_t index, size_t max_bytes, struct arena *arena, struct item_problems **ret_item)
{
	struct item_problems *item = arena_alloc(arena, sizeof *item);
	size_t n = 0, left = max_bytes;

	for (size_t cost; n < p->n && (cost = problem_list_cost(&p->v[n])) <= left; n++)
		left -= cost;
	if (item == NULL || (item->problems.v = arena_alloc(arena, (n + 1) * sizeof *item->problems.v)) == NULL)
		return CONSIGN_E_NO_MEMORY;
	item->index = index;
	item->total = p->total > UINT32_MAX ? UINT32_MAX : (uint32_t)p->total;
	for (size_t i = 0; i < n; i++) {
		const struct problem *x = &p->v[i];
		struct stated_problem *s = state(arena, slice_text(x->path), slice_text(x->rule), slice_text(x->found), slice_text(x->expected));

		if (s == NULL)
			return CONSIGN_E_NO_MEMORY;
		item->problems.v[item->problems.n++] = s;
	}
	*ret_item = item;
	return CONSIGN_OK;
}

struct item_problems *
problem_list_copy(const struct item_problems *from, struct arena *arena)
{
	struct item_problems *item = arena_alloc(arena, sizeof *item);

	if (item == NULL || (item->problems.v = arena_alloc(arena, (from->problems.n + 1) * sizeof *item->problems.v)) == NULL)
		return NULL;
	item->index = from->index;
	item->total = from->total;
	for (size_t i = 0; i < from->problems.n; i++) {
		const struct stated_problem *x = from->problems.v[i];

		item->problems.v[i] = state(arena, x->path, x->rule, x->found, x->expected);
		if (item->problems.v[i] == NULL)
			return NULL;
		item->problems.n++;
	}
	return item;
}

void
problem_list_say(const struct item_problems *item, char ret_words[PROBLEM_LIST_WORDS_BYTES])
{
	size_t len;

	if (item->total != 1 || item->problems.n != 1) {
		snprintf(ret_words, PROBLEM_LIST_WORDS_BYTES, "%u %s", (unsigned)item->total, item->total == 1 ? "problem" : "problems");
		return;
	}
	const struct stated_problem *p = item->problems.v[0];

	snprintf(ret_words, PROBLEM_LIST_WORDS_BYTES, "%.*s%sfound %.*s, expected %.*s (%.*s)", (int)p->path.len, (const char *)p->path.data, p->path.len > 0 ? ": " : "",
	    (int)p->found.len, (const char *)p->found.data, (int)p->expected.len, (const char *)p->expected.data, (int)p->rule.len,
	    (const char *)p->rule.data);
	/* Cut between characters. */
	for (len = strlen(ret_words); len > 0 && !text_is(CHARSET_UTF8, slice_of(ret_words, len)); ret_words[--len] = '\0')
		;
}

enum consign_err
problem_list_store(const struct secret *storage_key, const struct consign_message_id *id, struct item_problems *item, struct buf *out)
{
	struct problem_list list = {.items = {&item, 1}};
	struct buf plain = {0};
	enum consign_err err = problem_list_encode(&list, &plain);

	if (err == CONSIGN_OK)
		err = seal_store_note(storage_key, id, buf_slice(&plain), out);
	buf_wipe(&plain);
	return err;
}

enum consign_err
problem_list_insert(struct db *db, const struct consign_message_id *id, const char *org, struct consign_slice stored)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "INSERT OR REPLACE INTO problem (id, idx, org, list) VALUES (?1, ?2, ?3, ?4)", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(id->consignment.b));
	db_bind_u64(s, 2, id->index);
	db_bind_text(s, 3, org);
	db_bind_slice(s, 4, stored);
	return db_run(s);
}

static enum consign_err
load(const struct secret *storage_key, const struct consign_message_id *id, struct consign_slice stored, struct arena *arena,
    struct item_problems **ret_item)
{
	struct arena *scratch = NULL;
	struct problem_list *list;
	struct item_problems *item;
	struct buf plain = {0};
	enum consign_err err = seal_load_note(storage_key, id, stored, &plain);

	if (err == CONSIGN_OK)
		err = arena_new(2 * (CONSIGN_UNPACK_BUDGET_BASE_BYTES + plain.len * CONSIGN_UNPACK_BUDGET_PER_BYTE), &scratch);
	if (err == CONSIGN_OK)
		err = problem_list_decode(buf_slice(&plain), scratch, &list);
	if (err == CONSIGN_OK && list->items.n != 1)
		err = CONSIGN_E_CORRUPT;
	if (err == CONSIGN_OK && (item = problem_list_copy(list->items.v[0], arena)) == NULL)
		err = CONSIGN_E_NO_MEMORY;
	if (err == CONSIGN_OK)
		*ret_item = item;
	arena_free(&scratch);
	buf_wipe(&plain);
	return err == CONSIGN_OK || err == CONSIGN_E_NO_MEMORY ? err : CONSIGN_E_CORRUPT;
}

enum consign_err
problem_list_find(struct db *db, const struct secret *storage_key, const struct consign_message_id *id, const char *org, struct arena *arena,
    struct item_problems **ret_item)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "SELECT list FROM problem WHERE id = ?1 AND idx = ?2 AND org = ?3", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, SLICE_ARRAY(id->consignment.b));
	db_bind_u64(s, 2, id->index);
	db_bind_text(s, 3, org);
	err = db_row(s);
	if (err == CONSIGN_OK)
		err = load(storage_key, id, db_column_slice(s, 0), arena, ret_item);
	db_reset(s);
	return err;
}
