/* Sealing and signing, with a small cache of session keys, one for each set of consignees. */
#include "sealing.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

#define SESSIONS 64u

struct sealing {
	struct agent *agent;
	struct seal_session *session[SESSIONS];
	size_t next; /* the next place to use, round about */
};

enum consign_err
sealing_new(struct agent *a, struct sealing **ret_sealing)
{
	struct sealing *s = calloc(1, sizeof *s);

	if (s == NULL)
		return CONSIGN_E_NO_MEMORY;
	s->agent = a;
	*ret_sealing = s;
	return CONSIGN_OK;
}

void
sealing_free(struct sealing **sealing)
{
	if (*sealing == NULL)
		return;
	for (size_t i = 0; i < SESSIONS; i++)
		seal_session_free(&(*sealing)->session[i]);
	free(*sealing);
	*sealing = NULL;
}

void
sealed_clear(struct sealed *sealed)
{
	buf_clear(&sealed->frame);
	buf_clear(&sealed->body);
}

const struct valid_key *
sealing_key_of(const struct agent *a, const char *org)
{
	const struct hub_card *card = hub_card(a->hub, org);
	uint64_t now = clock_wall_us(a->clock);

	if (card == NULL || card->card->seal_keys.n == 0)
		return NULL;
	const struct valid_key *key = card->card->seal_keys.v[0]; /* newest first */

	return key->not_after_us > now ? key : NULL;
}

static enum consign_err
session_for(struct sealing *s, const struct consign_public_key *keys, size_t n, struct seal_session **ret_session)
{
	uint64_t now = clock_steady_us(s->agent->clock);

	for (size_t i = 0; i < SESSIONS; i++)
		if (s->session[i] != NULL && seal_session_serves(s->session[i], keys, n, now)) {
			*ret_session = s->session[i];
			return CONSIGN_OK;
		}
	struct seal_session *made;
	enum consign_err err = seal_session_new(keys, n, now, &made);

	if (err != CONSIGN_OK)
		return err;
	seal_session_free(&s->session[s->next]);
	s->session[s->next] = made;
	s->next = (s->next + 1) % SESSIONS;
	*ret_session = made;
	return CONSIGN_OK;
}

/* Manifest without items, commitments and digest; and the consignees' keys. */
static enum consign_err
begin_manifest(struct sealing *s, const struct sealing_order *o, struct arena *arena, struct consign_public_key *keys, struct manifest **ret_m)
{
	struct agent *a = s->agent;
	struct manifest *m = arena_alloc(arena, sizeof *m);

	if (m == NULL)
		return CONSIGN_E_NO_MEMORY;
	m->format = 1;
	m->suite = 1;
	m->hub_id = a->hub_id;
	m->consignment_id = o->id;
	m->attempt = o->attempt;
	random_bytes(m->random.b, sizeof m->random.b);
	m->consignor = a->org;
	m->study = o->study;
	m->label = o->label;
	m->created_us = o->created_us;
	m->expires_us = o->expires_us;
	if (agent_signing_key(a, &m->signing_key_id) == NULL)
		return CONSIGN_E_NOT_FOUND;
	m->consignees.v = arena_alloc(arena, o->n_consignees * sizeof *m->consignees.v);
	m->items.v = arena_alloc(arena, o->n_items * sizeof *m->items.v);
	if (m->consignees.v == NULL || m->items.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < o->n_consignees; i++) {
		struct manifest_consignee *c = arena_alloc(arena, sizeof *c);
		const struct valid_key *key = sealing_key_of(a, o->consignees[i].s);

		if (c == NULL)
			return CONSIGN_E_NO_MEMORY;
		if (key == NULL)
			return CONSIGN_E_NOT_FOUND;
		c->org = o->consignees[i];
		key_id_of(&key->key, &c->seal_key_id);
		keys[i] = key->key;
		m->consignees.v[m->consignees.n++] = c;
	}
	enum consign_err err = agent_seen(a, arena, &m->seen);

	if (err == CONSIGN_OK)
		*ret_m = m;
	return err;
}

/* All of it at once: a body that grows is copied, and what it leaves behind overwritten, again and again. */
static enum consign_err
reserve_body(const struct sealing_order *o, struct buf *body)
{
	size_t bytes = o->n_consignees * SEAL_WRAP_BYTES;

	for (size_t i = 0; i < o->n_items; i++)
		bytes += seal_item_bytes(o->items[i].plain.len, o->label);
	return buf_reserve(body, bytes);
}

static enum consign_err
seal_items(const struct sealing_order *o, const struct secret *key, const struct seal_context *context, struct arena *arena,
    struct manifest *m, struct buf *body)
{
	for (size_t i = 0; i < o->n_items; i++) {
		struct manifest_item *item = arena_alloc(arena, sizeof *item);
		enum consign_err err;

		if (item == NULL)
			return CONSIGN_E_NO_MEMORY;
		item->index = o->items[i].index;
		item->type = o->items[i].type;
		err = seal_item(key, context, item->index, o->label, o->items[i].plain, body, &item->commitment);
		if (err != CONSIGN_OK)
			return err;
		m->items.v[m->items.n++] = item;
	}
	return CONSIGN_OK;
}

static enum consign_err
sign_manifest(struct sealing *s, const struct manifest *m, struct buf *frame, struct consign_hash *ret_digest)
{
	struct buf bytes = {0};
	struct signed_manifest sm;
	struct consign_key_id id;
	const struct secret *key = agent_signing_key(s->agent, &id);
	enum consign_err err = key == NULL ? CONSIGN_E_KEY_FILE : manifest_encode(m, &bytes);

	if (err == CONSIGN_OK) {
		sm.manifest = buf_slice(&bytes);
		hash_sha256(sm.manifest, ret_digest);
		sign_make(key, SIGN_MANIFEST, &s->agent->hub_id, sm.manifest, &sm.signature);
		err = signed_manifest_encode(&sm, frame);
	}
	buf_clear(&bytes);
	return err;
}

enum consign_err
sealing_make(struct sealing *s, const struct sealing_order *o, struct arena *arena, struct sealed *ret_sealed)
{
	struct agent *a = s->agent;
	struct consign_public_key keys[CONSIGN_CONSIGNEES_MAX];
	struct seal_context context = {.hub_id = a->hub_id, .consignment_id = o->id, .attempt = o->attempt};
	struct sealed out = {0};
	struct seal_session *session;
	struct secret *key = NULL;
	enum consign_err err = o->n_consignees > CONSIGN_CONSIGNEES_MAX ? CONSIGN_E_TOO_BIG : secret_new(&key);

	if (err == CONSIGN_OK)
		err = begin_manifest(s, o, arena, keys, &out.manifest);
	if (err == CONSIGN_OK)
		err = session_for(s, keys, o->n_consignees, &session);
	if (err != CONSIGN_OK)
		goto out;
	context.random = out.manifest->random;
	sign_public(a->identity_key, &context.consignor_identity);
	err = reserve_body(o, &out.body);
	if (err == CONSIGN_OK)
		err = seal_begin(session, &context, key, &out.body);
	if (err == CONSIGN_OK)
		err = seal_items(o, key, &context, arena, out.manifest, &out.body);
	if (err != CONSIGN_OK)
		goto out;
	out.manifest->body_bytes = out.body.len;
	hash_sha256(buf_slice(&out.body), &out.manifest->body_digest);
	seal_store_key(a->storage_key, &o->id, key, out.stored_key);
	err = sign_manifest(s, out.manifest, &out.frame, &out.digest);
out:
	secret_free(&key);
	if (err != CONSIGN_OK) {
		sealed_clear(&out);
		return err;
	}
	*ret_sealed = out;
	return CONSIGN_OK;
}

/* Unseals what is kept of a stored consignment, into plains (one buffer an item, wiped by the caller). */
static enum consign_err
open_stored(struct sealing *s, const struct manifest *m, struct consign_slice body, struct consign_slice stored_key,
    bool (*drop)(void *context, uint32_t index), void *drop_context, struct sealing_item *items, struct buf *plains, size_t *ret_n)
{
	struct seal_context context = {.hub_id = m->hub_id, .consignment_id = m->consignment_id, .attempt = m->attempt, .random = m->random};
	struct secret *key = NULL;
	struct seal_body *parsed = calloc(1, sizeof *parsed);
	size_t n = 0;
	enum consign_err err = parsed == NULL ? CONSIGN_E_NO_MEMORY : secret_new(&key);

	sign_public(s->agent->identity_key, &context.consignor_identity);
	if (err == CONSIGN_OK)
		err = seal_load_key(s->agent->storage_key, &m->consignment_id, stored_key, key);
	if (err == CONSIGN_OK)
		err = seal_body_parse(body, m->consignees.n, m->items.n, parsed);
	for (size_t i = 0; err == CONSIGN_OK && i < m->items.n; i++) {
		const struct manifest_item *item = m->items.v[i];

		if (drop(drop_context, item->index))
			continue;
		err = unseal_item(key, &context, item->index, (enum consign_label)m->label, parsed->items[i], &item->commitment, &plains[n]);
		items[n] = (struct sealing_item){item->index, item->type, buf_slice(&plains[n])};
		n++;
	}
	secret_free(&key);
	free(parsed);
	if (err == CONSIGN_OK)
		*ret_n = n;
	return err;
}

enum consign_err
sealing_again(struct sealing *s, struct consign_slice signed_bytes, struct consign_slice body, struct consign_slice stored_key,
    bool (*drop)(void *context, uint32_t index), void *context, struct arena *arena, bool *ret_dropped_all, struct sealed *ret_sealed)
{
	struct signed_manifest *sm;
	struct manifest *m;
	struct sealing_item items[CONSIGN_BUNDLE_MAX_ITEMS];
	struct buf plains[CONSIGN_BUNDLE_MAX_ITEMS] = {0};
	struct consign_org consignees[CONSIGN_CONSIGNEES_MAX];
	size_t n = 0;
	enum consign_err err = signed_manifest_decode(signed_bytes, arena, &sm);

	if (err == CONSIGN_OK)
		err = manifest_decode(sm->manifest, arena, &m);
	if (err == CONSIGN_OK)
		err = open_stored(s, m, body, stored_key, drop, context, items, plains, &n);
	if (err == CONSIGN_OK && n > 0) {
		for (size_t i = 0; i < m->consignees.n; i++)
			consignees[i] = m->consignees.v[i]->org;
		uint64_t now = clock_wall_us(s->agent->clock);
		struct sealing_order order = {.id = m->consignment_id, .attempt = m->attempt + 1, .study = m->study,
		    .label = (enum consign_label)m->label, .created_us = m->created_us, .expires_us = m->expires_us, .consignees = consignees,
		    .n_consignees = m->consignees.n, .items = items, .n_items = n};

		/* It was made while this clock was ahead. */
		if (order.created_us > now) {
			order.expires_us -= order.created_us - now;
			order.created_us = now;
		}
		err = sealing_make(s, &order, arena, ret_sealed);
	}
	for (size_t i = 0; i < CONSIGN_BUNDLE_MAX_ITEMS; i++)
		buf_wipe(&plains[i]);
	if (err == CONSIGN_OK)
		*ret_dropped_all = n == 0;
	return err;
}
