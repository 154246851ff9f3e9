/* The next card: when, and with which keys. */
#include "card.h"

#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "keyring.h"
#include "uplink.h"

/* A card that was refused, or not answered, is sent again after so long. */
#define TRY_AGAIN_US (60ull * 1000000)

static bool
put_key(struct arena *arena, struct valid_key **list, size_t *n, const struct valid_key *key)
{
	list[*n] = arena_alloc(arena, sizeof **list);
	if (list[*n] == NULL)
		return false;
	*list[(*n)++] = *key;
	return true;
}

/*
 * The signing keys of the next card, newest first. The old ones stay, for what they have signed and is still on its way; without a new
 * one the newest is certified for longer.
 */
static enum consign_err
next_signing_keys(const struct agent *a, const struct card *old, uint64_t now, struct arena *arena, struct card *card)
{
	struct valid_key **list = arena_alloc(arena, CONSIGN_CARD_KEYS_MAX * sizeof *list);
	struct valid_key fresh = {.not_before_us = now - CONSIGN_KEY_EARLY_US, .not_after_us = now + CONSIGN_KEY_LIFE_US};
	bool is_new = keyring_next(a, KEY_SIGNING, &fresh.key, NULL);
	size_t n = 0;

	if (list == NULL || (is_new && !put_key(arena, list, &n, &fresh)))
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < old->signing_keys.n && n < CONSIGN_CARD_KEYS_MAX; i++) {
		const struct valid_key *key = old->signing_keys.v[i];

		if (i > 0 && key->not_after_us <= now)
			continue;
		if (!put_key(arena, list, &n, key))
			return CONSIGN_E_NO_MEMORY;
		if (i == 0 && !is_new)
			list[n - 1]->not_after_us = now + CONSIGN_KEY_LIFE_US;
	}
	card->signing_keys.v = list;
	card->signing_keys.n = n;
	return CONSIGN_OK;
}

/* The seal keys: the next one, and behind it those that mail may still be sealed to; unless it is to be the only one. */
static enum consign_err
next_seal_keys(const struct agent *a, const struct card *old, uint64_t now, struct arena *arena, struct card *card)
{
	struct valid_key **list = arena_alloc(arena, CONSIGN_CARD_KEYS_MAX * sizeof *list);
	struct valid_key fresh = {.not_before_us = now - CONSIGN_KEY_EARLY_US, .not_after_us = now + CONSIGN_KEY_LIFE_US};
	bool is_alone = false;
	size_t n = 0;

	if (list == NULL || (keyring_next(a, KEY_SEAL, &fresh.key, &is_alone) && !put_key(arena, list, &n, &fresh)))
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; !is_alone && i < old->seal_keys.n && n < CONSIGN_CARD_KEYS_MAX; i++)
		if (old->seal_keys.v[i]->not_after_us > now && !put_key(arena, list, &n, old->seal_keys.v[i]))
			return CONSIGN_E_NO_MEMORY;
	card->seal_keys.v = list;
	card->seal_keys.n = n;
	return CONSIGN_OK;
}

static enum consign_err
sign_card(struct agent *a, const struct card *card, struct arena *arena, struct signed_document *ret_document)
{
	struct doc_signature *signature = arena_alloc(arena, sizeof *signature);
	struct doc_signature **list = arena_alloc(arena, sizeof *list);
	struct consign_public_key identity;
	struct buf bytes = {0};
	enum consign_err err = signature == NULL || list == NULL ? CONSIGN_E_NO_MEMORY : card_encode(card, &bytes);

	if (err == CONSIGN_OK && (ret_document->content = arena_copy(arena, buf_slice(&bytes))).data == NULL)
		err = CONSIGN_E_NO_MEMORY;
	buf_clear(&bytes);
	if (err != CONSIGN_OK)
		return err;
	sign_public(a->identity_key, &identity);
	key_id_of(&identity, &signature->key_id);
	sign_make(a->identity_key, SIGN_CARD, &a->hub_id, ret_document->content, &signature->signature);
	list[0] = signature;
	ret_document->kind = SIGN_CARD;
	ret_document->signatures.v = list;
	ret_document->signatures.n = 1;
	return CONSIGN_OK;
}

/* The next card, with every next key of the key file: they were saved before anybody hears of them. */
static enum consign_err
next_card(struct agent *a, const struct hub_card *old, struct arena *arena, struct signed_document *ret_document)
{
	uint64_t now = clock_wall_us(a->clock);
	struct card card = *old->card;
	enum consign_err err = next_signing_keys(a, old->card, now, arena, &card);

	if (err == CONSIGN_OK)
		err = next_seal_keys(a, old->card, now, arena, &card);
	if (err != CONSIGN_OK)
		return err;
	(void)keyring_next(a, KEY_TRANSPORT, &card.transport_key, NULL); /* else as it was */
	card.version++;
	card.previous = SLICE_ARRAY(old->hash.b);
	card.created_us = now;
	card.expires_us = now + CONSIGN_CARD_LIFE_US;
	return sign_card(a, &card, arena, ret_document);
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

void
card_tend(struct agent *a)
{
	const struct hub_card *card = hub_card(a->hub, a->org.s);
	uint64_t now = clock_wall_us(a->clock);

	if (card == NULL || uplink_state(a->uplink) != UPLINK_UP)
		return;
	keyring_settle(a);
	bool is_old = now > card->card->created_us + CONSIGN_CARD_RENEW_US;

	if ((!is_old && !keyring_is_pending(a, KEY_ALL)) || now - a->card_tried_us <= TRY_AGAIN_US || a->documents_waiting > 0)
		return;
	a->card_tried_us = now;
	enum consign_err err = is_old ? keyring_prepare(a, KEY_SEAL, false) : CONSIGN_OK;

	if (err == CONSIGN_OK)
		publish(a, card);
	else
		log_event(LOG_ERROR, "card.not_renewed", "reason", "s", consign_err_text(err), NULL);
}

enum consign_err
card_rotate(struct agent *a, unsigned uses)
{
	enum consign_err err = keyring_prepare(a, uses, true);

	if (err != CONSIGN_OK)
		return err;
	a->card_code = CONSIGN_CODE_NONE;
	a->card_tried_us = 0;
	a->keys_unsettled = true;
	card_tend(a);
	return CONSIGN_OK;
}

void
card_published(struct agent *a, const struct session_done *done)
{
	a->card_code = (enum consign_code)done->code;
	a->keys_unsettled = true;
	if (done->code == CONSIGN_CODE_NONE)
		return;
	log_event(LOG_ERROR, "card.refused", "code", "s", consign_code_text((enum consign_code)done->code), NULL);
	/* Another one of ours was before it: the next one follows that, once it is here. */
	if (done->code == CONSIGN_CODE_STALE_DOCUMENT)
		a->card_tried_us = 0;
}
