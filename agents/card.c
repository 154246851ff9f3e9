/* Card renewal and the life of seal keys. */
#include "card.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/text.h"
#include "uplink.h"

/* Without memory: a key that is not found for want of it would be taken for one that is gone, and mail be rejected for that. */
static void
key_name(const char *prefix, const struct consign_key_id *id, char ret_name[KEYFILE_NAME_BYTES])
{
	size_t n = (size_t)snprintf(ret_name, KEYFILE_NAME_BYTES, "%s-", prefix);

	for (size_t i = 0; i < sizeof id->b && n + 2 < KEYFILE_NAME_BYTES; i++)
		n += (size_t)snprintf(ret_name + n, 3, "%02x", id->b[i]);
}

const struct secret *
agent_signing_key(const struct agent *a, struct consign_key_id *ret_id)
{
	const struct hub_card *card = hub_card(a->hub, a->org.s);
	char name[KEYFILE_NAME_BYTES];

	for (size_t i = 0; card != NULL && i < card->card->signing_keys.n; i++) {
		struct consign_key_id id;

		key_id_of(&card->card->signing_keys.v[i]->key, &id);
		key_name("signing", &id, name);
		const struct secret *key = keyfile_find(a->keys, name, NULL);

		if (key != NULL) {
			*ret_id = id;
			return key;
		}
	}
	/* Before the first documents: the key that the first card was made with is the only one there is. */
	for (size_t i = 0; card == NULL && i < keyfile_count(a->keys); i++)
		if (strncmp(keyfile_name_at(a->keys, i), "signing-", 8) == 0) {
			const struct secret *key = keyfile_find(a->keys, keyfile_name_at(a->keys, i), NULL);
			struct consign_public_key public_key;

			sign_public(key, &public_key);
			key_id_of(&public_key, ret_id);
			return key;
		}
	return NULL;
}

const struct secret *
agent_seal_key(const struct agent *a, const struct consign_key_id *id)
{
	char name[KEYFILE_NAME_BYTES];

	key_name("seal", id, name);
	return keyfile_find(a->keys, name, NULL);
}

/* A new seal key in the key file, durable, before anybody hears of it. */
static enum consign_err
make_seal_key(struct agent *a, uint64_t now, struct consign_public_key *ret_public)
{
	struct secret *secret = NULL;
	struct consign_public_key public_key;
	struct consign_key_id id;
	char name[KEYFILE_NAME_BYTES];
	enum consign_err err = box_keypair(&secret, &public_key);

	if (err != CONSIGN_OK)
		return err;
	key_id_of(&public_key, &id);
	key_name("seal", &id, name);
	err = keyfile_put(a->keys, name, now, secret);
	secret_free(&secret);
	if (err == CONSIGN_OK)
		err = keyfile_save(a->keys, a->key_path);
	if (err == CONSIGN_OK)
		*ret_public = public_key;
	return err;
}

/* The next card: a new seal key first, the old ones that mail may still be sealed to behind it. */
static enum consign_err
next_card(struct agent *a, const struct hub_card *old, struct arena *arena, struct signed_document *ret_document)
{
	uint64_t now = clock_wall_us(a->clock);
	struct card card = *old->card;
	struct valid_key fresh = {.not_before_us = now - CONSIGN_KEY_EARLY_US, .not_after_us = now + CONSIGN_KEY_LIFE_US};
	struct valid_key **seal = arena_alloc(arena, (card.seal_keys.n + 1) * sizeof *seal);
	struct doc_signature *signature = arena_alloc(arena, sizeof *signature);
	struct buf bytes = {0};
	struct consign_public_key identity;
	enum consign_err err = seal == NULL || signature == NULL ? CONSIGN_E_NO_MEMORY : make_seal_key(a, now, &fresh.key);

	if (err != CONSIGN_OK)
		return err;
	card.version++;
	card.previous = SLICE_ARRAY(old->hash.b);
	card.created_us = now;
	card.expires_us = now + CONSIGN_CARD_LIFE_US;
	size_t n = 0;

	seal[n++] = &fresh;
	for (size_t i = 0; i < old->card->seal_keys.n && n < CONSIGN_CARD_KEYS_MAX; i++)
		if (old->card->seal_keys.v[i]->not_after_us > now)
			seal[n++] = old->card->seal_keys.v[i];
	card.seal_keys.v = seal;
	card.seal_keys.n = n;
	struct valid_key **signing = arena_alloc(arena, (card.signing_keys.n + 1) * sizeof *signing);

	if (signing == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < card.signing_keys.n; i++) {
		signing[i] = arena_alloc(arena, sizeof **signing);
		if (signing[i] == NULL)
			return CONSIGN_E_NO_MEMORY;
		*signing[i] = *old->card->signing_keys.v[i];
		if (i == 0)
			signing[i]->not_after_us = now + CONSIGN_KEY_LIFE_US; /* the same key, certified for longer */
	}
	card.signing_keys.v = signing;
	err = card_encode(&card, &bytes);
	if (err == CONSIGN_OK && (ret_document->content = arena_copy(arena, buf_slice(&bytes))).data == NULL)
		err = CONSIGN_E_NO_MEMORY;
	buf_clear(&bytes);
	if (err != CONSIGN_OK)
		return err;
	sign_public(a->identity_key, &identity);
	key_id_of(&identity, &signature->key_id);
	sign_make(a->identity_key, SIGN_CARD, &a->hub_id, ret_document->content, &signature->signature);
	ret_document->kind = SIGN_CARD;
	ret_document->signatures.v = arena_alloc(arena, sizeof *ret_document->signatures.v);
	if (ret_document->signatures.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	ret_document->signatures.v[0] = signature;
	ret_document->signatures.n = 1;
	return CONSIGN_OK;
}

static void
publish(struct agent *a, const struct hub_card *old)
{
	struct arena *arena = NULL;
	struct signed_document document = {0};
	struct published_document published = {.document = &document}, *list = &published;
	struct session_documents documents = {0};
	struct session_publish command = {.documents = &documents, .request = 1};
	enum consign_err err = arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES * 2, &arena);

	if (err == CONSIGN_OK)
		err = next_card(a, old, arena, &document);
	documents.cards.v = &list;
	documents.cards.n = 1;
	if (err == CONSIGN_OK)
		err = uplink_say(a->uplink, &(struct session_command){.publish = &command}, NULL, NULL);
	if (err == CONSIGN_OK)
		log_event(LOG_INFO, "card.renewing", "version", "u", old->card->version + 1, NULL);
	else
		log_event(LOG_ERROR, "card.not_renewed", "reason", "s", consign_err_text(err), NULL);
	arena_free(&arena);
}

/* Mail sealed to a key arrives at the latest when it expires: then the key goes, and with it what was sealed to it. */
static void
destroy_old_keys(struct agent *a, const struct card *card, uint64_t now)
{
	bool changed = false;

	for (size_t i = keyfile_count(a->keys); i > 0; i--) {
		const char *name = keyfile_name_at(a->keys, i - 1);
		uint64_t created;
		bool in_card = false;
		char named[KEYFILE_NAME_BYTES];

		if (strncmp(name, "seal-", 5) != 0 || keyfile_find(a->keys, name, &created) == NULL)
			continue;
		for (size_t k = 0; k < card->seal_keys.n && !in_card; k++) {
			struct consign_key_id id;

			key_id_of(&card->seal_keys.v[k]->key, &id);
			key_name("seal", &id, named);
			in_card = strcmp(named, name) == 0;
		}
		if (in_card || now < created + CONSIGN_KEY_LIFE_US + CONSIGN_EXPIRES_MAX_US)
			continue;
		keyfile_drop(a->keys, name);
		changed = true;
	}
	if (!changed)
		return;
	if (keyfile_save(a->keys, a->key_path) != CONSIGN_OK)
		log_event(LOG_ERROR, "keys.not_saved", "hint", "s", "old seal keys could not be destroyed; check the disk", NULL);
	/* The cache may hold what the destroyed keys unwrapped. */
	struct seal_receiver *fresh;

	if (seal_receiver_new(&fresh) == CONSIGN_OK) {
		seal_receiver_free(&a->receiver);
		a->receiver = fresh;
	}
}

void
card_tend(struct agent *a)
{
	const struct hub_card *card = hub_card(a->hub, a->org.s);
	uint64_t now = clock_wall_us(a->clock);

	if (card == NULL || uplink_state(a->uplink) != UPLINK_UP)
		return;
	destroy_old_keys(a, card->card, now);
	if (now > card->card->created_us + CONSIGN_CARD_RENEW_US && now - a->card_tried_us > 60ull * 1000000) {
		a->card_tried_us = now;
		publish(a, card);
	}
}

void
card_published(struct agent *a, const struct session_done *done)
{
	(void)a;
	if (done->code != CONSIGN_CODE_NONE)
		log_event(LOG_ERROR, "card.refused", "code", "s", consign_code_text((enum consign_code)done->code), NULL);
}
