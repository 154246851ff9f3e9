/* Unsealing and checking delivered items. See judging.h. */
#include "judging.h"

#include <stdlib.h>
#include <string.h>

#include "catalogue/catalogue.h"
#include "catalogue/payload.h"
#include "core/limits.h"
#include "problem_list.h"
#include "sealing.h"

/* Of all texts of one receipt: what is around them on the wire fits into the rest. */
#define PROBLEM_TEXTS_MAX_BYTES (CONSIGN_PROBLEMS_MAX_BYTES - CONSIGN_BUNDLE_MAX_ITEMS * 16u)

struct judge {
	struct agent *agent;
	struct secret *key;    /* zero between two consignments */
	struct arena *scratch; /* of the item under way */
	struct buf plain;      /* its plaintext */
	/* Of the consignment under way. */
	const struct manifest *m;
	struct seal_context context;
	struct seal_body body;
	struct arena *arena;
	struct problems *found; /* by the place of the item */
	struct judged *out;
};

enum consign_err
judge_new(struct agent *a, struct judge **ret_judge)
{
	struct judge *j = calloc(1, sizeof *j);
	enum consign_err err = j == NULL ? CONSIGN_E_NO_MEMORY : secret_new(&j->key);

	if (err == CONSIGN_OK)
		err = arena_new(BUSINESS_ARENA_BYTES(CONSIGN_PAYLOAD_MAX_BYTES), &j->scratch);
	if (err != CONSIGN_OK) {
		judge_free(&j);
		return err;
	}
	j->agent = a;
	*ret_judge = j;
	return CONSIGN_OK;
}

void
judge_free(struct judge **judge)
{
	if (*judge == NULL)
		return;
	arena_free(&(*judge)->scratch);
	secret_free(&(*judge)->key);
	free(*judge);
	*judge = NULL;
}

static void
set_outcome(struct judged *j, size_t i, enum item_outcome outcome, size_t size)
{
	j->outcomes[i * INBOX_OUTCOME_BYTES] = (uint8_t)outcome;
	be32_store(&j->outcomes[i * INBOX_OUTCOME_BYTES + 1], (uint32_t)size);
	j->outcomes_len = (i + 1) * INBOX_OUTCOME_BYTES;
}

/*
 * How much of the room of a receipt the problems of each item get: the first of every item, then the second of every item, and so on,
 * so that one item with many leaves no other without.
 */
static void
share_room(const struct problems *found, size_t n, size_t ret_bytes[CONSIGN_BUNDLE_MAX_ITEMS])
{
	bool is_cut[CONSIGN_BUNDLE_MAX_ITEMS] = {false};
	size_t left = PROBLEM_TEXTS_MAX_BYTES;

	memset(ret_bytes, 0, n * sizeof *ret_bytes);
	for (size_t round = 0; round < CONSIGN_PROBLEMS_MAX; round++)
		for (size_t i = 0; i < n; i++) {
			if (is_cut[i] || round >= found[i].n)
				continue;
			size_t cost = problem_list_cost(&found[i].v[round]);

			is_cut[i] = cost > left;
			if (is_cut[i])
				continue;
			left -= cost;
			ret_bytes[i] += cost;
		}
}

static enum consign_err
keep_problems(struct judge *j)
{
	struct problem_list *list = &j->out->problems;
	size_t n = j->m->items.n, bytes[CONSIGN_BUNDLE_MAX_ITEMS], first = 0;
	enum consign_err err = CONSIGN_OK;

	while (first < n && j->found[first].total == 0)
		first++;
	if (first == n)
		return CONSIGN_OK;
	share_room(j->found, n, bytes);
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++) {
		if (j->found[i].total == 0)
			continue;
		if (list->items.v == NULL && (list->items.v = arena_alloc(j->arena, n * sizeof *list->items.v)) == NULL)
			return CONSIGN_E_NO_MEMORY;
		err = problem_list_item(&j->found[i], j->m->items.v[i]->index, bytes[i], j->arena, &list->items.v[list->items.n]);
		list->items.n += err == CONSIGN_OK;
	}
	return err;
}

/* What is wrong with one item, or NONE. */
static enum consign_err
judge_item(struct judge *j, size_t i, enum consign_code *ret_code, const char **ret_reason, size_t *ret_size)
{
	const struct manifest_item *item = j->m->items.v[i];
	enum consign_label label = (enum consign_label)j->m->label;
	struct payload payload;

	arena_reset(j->scratch);
	buf_reset(&j->plain);
	enum consign_err err = unseal_item(j->key, &j->context, item->index, label, j->body.items[i], &item->commitment, &j->plain);

	*ret_code = CONSIGN_CODE_NONE;
	if (err == CONSIGN_E_BAD_SEAL) {
		*ret_reason = "does not unseal to what its commitment binds";
		*ret_code = CONSIGN_CODE_UNSEAL_FAILED;
		return CONSIGN_OK;
	}
	if (err == CONSIGN_OK)
		err = payload_accept(item->type.s, label, buf_slice(&j->plain), j->scratch, &j->found[i], &payload);
	if (err == CONSIGN_OK) {
		*ret_size = payload.content.len;
		if (j->out->kept != NULL && recent_mail_add(j->out->kept, i, &payload) != CONSIGN_OK)
			recent_mail_free(&j->out->kept);
	} else if (err != CONSIGN_E_NO_MEMORY) {
		*ret_reason = "is not what its type demands";
		*ret_code = CONSIGN_CODE_TYPE_INVALID;
		err = CONSIGN_OK;
	}
	return err;
}

/* What refuses the whole body, or NONE; with the key of its items otherwise. A fault in it is the consignor's (design 4). */
static enum consign_err
open_body(struct judge *j, const struct verified *v, struct consign_slice body, enum consign_code *ret_code, const char **ret_reason)
{
	const struct manifest_consignee *me = j->m->consignees.v[v->my_place];
	const struct secret *seal = agent_seal_key(j->agent, &me->seal_key_id);
	struct consign_public_key seal_public;
	enum consign_err err;

	if (v->outcome == VERIFY_REJECT) {
		*ret_code = v->code;
		*ret_reason = v->why;
		return CONSIGN_OK;
	}
	if (seal_body_parse(body, j->m->consignees.n, j->m->items.n, &j->body) != CONSIGN_OK) {
		*ret_code = CONSIGN_CODE_MALFORMED;
		*ret_reason = "the body is not laid out as its manifest says";
		return CONSIGN_OK;
	}
	if (seal == NULL) {
		*ret_code = CONSIGN_CODE_STALE_SEAL_KEY;
		*ret_reason = "sealed to a key that this organisation no longer has";
		return CONSIGN_OK;
	}
	box_public(seal, &seal_public);
	err = seal_receive(j->agent->receiver, j->m->consignor.s, &me->seal_key_id, seal, &seal_public, j->body.wraps[v->my_place], &j->context, j->key);
	if (err == CONSIGN_E_BAD_SEAL) {
		*ret_code = CONSIGN_CODE_UNSEAL_FAILED;
		*ret_reason = "the session key does not unwrap";
		return CONSIGN_OK;
	}
	if (err != CONSIGN_OK)
		return err;
	seal_store_key(j->agent->storage_key, &j->m->consignment_id, j->key, j->out->stored_key);
	j->out->has_key = true;
	return CONSIGN_OK;
}

/* Nothing of a consignment is left but what went out. */
static void
forget(struct judge *j)
{
	for (size_t i = 0; j->found != NULL && i < j->m->items.n; i++)
		problems_clear(&j->found[i]);
	free(j->found);
	j->found = NULL;
	arena_reset(j->scratch);
	buf_wipe(&j->plain);
	explicit_bzero(j->key->b, sizeof j->key->b);
}

enum consign_err
judge_mail(struct judge *j, const struct verified *v, struct consign_slice body, struct arena *arena, struct judged *ret)
{
	const struct manifest *m = v->manifest;
	enum consign_code all = CONSIGN_CODE_NONE;
	const char *reason = "";
	enum consign_err err;

	j->m = m;
	j->context = (struct seal_context){m->hub_id, v->consignor_identity, m->consignment_id, m->attempt, m->random};
	j->arena = arena;
	j->out = ret;
	j->found = calloc(m->items.n, sizeof *j->found);
	ret->kept = NULL;
	/* Without memory for it the inbox is read instead. */
	if (recent_is_wanted(j->agent->recent) && recent_mail_new(m, body.len, &ret->kept) != CONSIGN_OK)
		ret->kept = NULL;
	err = j->found == NULL ? CONSIGN_E_NO_MEMORY : open_body(j, v, body, &all, &reason);
	for (size_t i = 0; err == CONSIGN_OK && i < m->items.n; i++) {
		size_t size = 0;
		const char *why = reason;
		enum consign_code code = all != CONSIGN_CODE_NONE ? all : v->item_codes[i];

		if (code != CONSIGN_CODE_NONE && all == CONSIGN_CODE_NONE)
			why = "the policy in force did not permit it";
		if (code == CONSIGN_CODE_NONE)
			err = judge_item(j, i, &code, &why, &size);
		ret->verdicts[i] = (struct item_verdict){m->items.v[i]->index, code == CONSIGN_CODE_NONE ? ITEM_ACCEPTED : ITEM_REJECTED, code,
		    code == CONSIGN_CODE_NONE ? (struct consign_slice){0} : arena_copy(arena, slice_text(why))};
		set_outcome(ret, i, code == CONSIGN_CODE_NONE ? ITEM_ACCEPTED : ITEM_REJECTED, size);
		ret->n = i + 1;
	}
	if (err == CONSIGN_OK)
		err = keep_problems(j);
	if (err != CONSIGN_OK)
		recent_mail_free(&ret->kept);
	forget(j);
	return err;
}

enum consign_err
judge_seal_problems(struct agent *a, const struct verified *v, const struct judged *judged, struct arena *arena, struct delivery_receipt_content *c)
{
	const struct valid_key *key = judged->problems.items.n == 0 ? NULL : sealing_key_of(a, v->manifest->consignor.s);
	struct buf plain = {0}, sealed = {0};
	struct consign_key_id id;
	enum consign_err err;

	if (key == NULL)
		return CONSIGN_OK;
	key_id_of(&key->key, &id);
	err = problem_list_encode(&judged->problems, &plain);
	if (err == CONSIGN_OK)
		err = seal_note(&key->key, buf_slice(&plain), &sealed);
	if (err == CONSIGN_OK) {
		c->problems = arena_copy(arena, buf_slice(&sealed));
		c->problems_key_id = arena_copy(arena, SLICE_ARRAY(id.b));
		if (c->problems.data == NULL || c->problems_key_id.data == NULL)
			err = CONSIGN_E_NO_MEMORY;
	}
	buf_wipe(&plain);
	buf_clear(&sealed);
	return err;
}
