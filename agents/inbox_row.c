/*
 * One row of the inbox, a consignment, under a reader's eyes (inbox_row.h): decoded, opened and unsealed as far as it is needed.
 */
#include "inbox_row.h"

#include <stdlib.h>
#include <string.h>

#include "catalogue/payload.h"
#include "core/bodies.h"
#include "core/text.h"

/* Identity keys that a consignor may have had: the directory's, that of the card it had seen, its newest card's. */
#define IDENTITIES 3u

_Static_assert(INBOX_OUTCOME_BYTES == 1 + 4, "outcome and content bytes");

enum { ROW_SEQ, ROW_CONSIGNOR, ROW_POSITION, ROW_RECEIVED, ROW_ACCEPTED, ROW_MANIFEST, ROW_OUTCOMES, ROW_KEY, ROW_BODY };

size_t
inbox_row_budget(void)
{
	return inbox_manifest_budget() + CONSIGN_BODY_MAX_BYTES;
}

uint32_t
inbox_row_content_bytes(const struct inbox_row *r, size_t idx)
{
	return be32_load(r->outcomes.data + idx * INBOX_OUTCOME_BYTES + 1);
}

void
inbox_row_clear(struct inbox_row *r)
{
	arena_free(&r->scratch);
	secret_free(&r->key);
	free(r->body);
	r->body = NULL;
}

enum consign_err
inbox_row_take(struct inbox_row *r)
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

enum consign_err
inbox_row_manifest(struct inbox_row *r)
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
identities(const struct inbox_row *r, struct consign_public_key ret_keys[IDENTITIES])
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
row_open(struct inbox_row *r)
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
row_unseal(struct inbox_row *r, size_t idx, struct buf *plain)
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
put_content(struct inbox_row *r, size_t idx, struct arena *arena, struct local_message *m)
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
row_consignees(struct inbox_row *r, struct arena *arena)
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

enum consign_err
inbox_row_message(struct inbox_row *r, size_t idx, bool with_content, struct arena *arena, struct local_message **ret_message)
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
	message->size = inbox_row_content_bytes(r, idx);
	message->consignees.v = r->consignees;
	message->consignees.n = m->consignees.n;
	if (with_content)
		err = put_content(r, idx, arena, message);
	if (err == CONSIGN_OK)
		*ret_message = message;
	return err;
}
