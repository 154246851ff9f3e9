/* See freshness.h. */
#include "trust/freshness.h"

#include <string.h>

#include "core/limits.h"

bool
freshness_is_wanted(const struct hub *hub)
{
	const struct hub_root *root = hub_root(hub);

	return root != NULL && root->root->freshness_keys.n > 0;
}

bool
freshness_is_key(const struct hub *hub, const struct consign_public_key *key)
{
	const struct hub_root *root = hub_root(hub);

	for (size_t i = 0; root != NULL && i < root->root->freshness_keys.n; i++)
		if (memcmp(root->root->freshness_keys.v[i].b, key->b, sizeof key->b) == 0)
			return true;
	return false;
}

const char *
freshness_org(const struct hub *hub, const struct consign_public_key *key)
{
	const struct hub_card *card;

	for (size_t i = 0; (card = hub_card_nth(hub, i)) != NULL; i++)
		if (memcmp(card->card->witness_key.b, key->b, sizeof key->b) == 0)
			return card->card->org.s;
	return NULL;
}

static enum consign_err
put_content(const struct hub *hub, uint64_t now_us, struct buf *out)
{
	const struct hub_root *root = hub_root(hub);
	const struct checkpoint *checkpoint = hub_checkpoint(hub);
	struct document_ref root_ref;
	struct checkpoint_ref checkpoint_ref = {checkpoint->size, checkpoint->head};

	if (root == NULL || root->root->directory == NULL || checkpoint->size == 0)
		return CONSIGN_E_NOT_FOUND;
	root_ref = (struct document_ref){root->root->version, root->hash};
	struct freshness f = {.format = 1, .hub_id = *hub_id(hub), .root = &root_ref, .directory = root->root->directory,
	    .policy = root->root->policy, .checkpoint = &checkpoint_ref, .created_us = now_us, .expires_us = now_us + CONSIGN_FRESHNESS_LIFE_US};

	return freshness_encode(&f, out);
}

enum consign_err
freshness_make(const struct hub *hub, const struct secret *key, uint64_t now_us, struct arena *arena, struct signed_document **ret_statement)
{
	struct signed_document *d = arena_alloc(arena, sizeof *d);
	struct doc_signature *s = arena_alloc(arena, sizeof *s), **list = arena_alloc(arena, sizeof *list);
	struct consign_public_key public;
	struct buf bytes = {0};
	enum consign_err err = put_content(hub, now_us, &bytes);

	if (err == CONSIGN_OK && (d == NULL || s == NULL || list == NULL || (d->content = arena_copy(arena, buf_slice(&bytes))).data == NULL))
		err = CONSIGN_E_NO_MEMORY;
	buf_clear(&bytes);
	if (err != CONSIGN_OK)
		return err;
	sign_public(key, &public);
	key_id_of(&public, &s->key_id);
	sign_make(key, SIGN_FRESHNESS, hub_id(hub), d->content, &s->signature);
	list[0] = s;
	d->kind = SIGN_FRESHNESS;
	d->signatures.v = list;
	d->signatures.n = 1;
	*ret_statement = d;
	return CONSIGN_OK;
}

static enum consign_err
verify_signature(const struct hub *hub, const struct signed_document *d, struct consign_public_key *ret_key)
{
	const struct hub_root *root = hub_root(hub);
	const struct doc_signature *s = d->signatures.n == 1 ? d->signatures.v[0] : NULL;

	for (size_t i = 0; s != NULL && root != NULL && i < root->root->freshness_keys.n; i++) {
		const struct consign_public_key *key = &root->root->freshness_keys.v[i];
		struct consign_key_id id;

		key_id_of(key, &id);
		if (memcmp(id.b, s->key_id.b, sizeof id.b) != 0)
			continue;
		*ret_key = *key;
		return sign_verify(key, SIGN_FRESHNESS, hub_id(hub), d->content, &s->signature);
	}
	return CONSIGN_E_BAD_SIGNATURE;
}

enum consign_err
freshness_verify(const struct hub *hub, const struct signed_document *d, uint64_t now_us, struct arena *arena,
    struct freshness **ret_freshness, struct consign_public_key *ret_key)
{
	struct freshness *f;
	struct consign_public_key key = {0};
	enum consign_err err = d->kind == SIGN_FRESHNESS ? freshness_decode(d->content, arena, &f) : CONSIGN_E_MALFORMED;

	if (err == CONSIGN_OK && !hash_equal(&f->hub_id, hub_id(hub)))
		err = CONSIGN_E_MALFORMED;
	if (err == CONSIGN_OK)
		err = verify_signature(hub, d, &key);
	if (err == CONSIGN_OK
	    && (f->expires_us <= now_us || f->created_us > now_us + CONSIGN_CLOCK_SKEW_MAX_US
		|| f->expires_us - f->created_us > CONSIGN_FRESHNESS_LIFE_US))
		err = CONSIGN_E_EXPIRED;
	if (err == CONSIGN_OK) {
		*ret_freshness = f;
		*ret_key = key;
	}
	return err;
}
