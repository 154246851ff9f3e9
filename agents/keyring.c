/* This organisation's own keys (keyring.h). */
#include "keyring.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "reception.h"
#include "uplink.h"

/* How names of the key file begin. The longer ones first: one is no beginning of another. */
static const struct prefix {
	const char *text;
	enum key_use use;
	bool is_next, is_alone, has_id;
} prefixes[] = {
    {"next-signing-", KEY_SIGNING, true, false, true},
    {"next-seal-", KEY_SEAL, true, false, true},
    {"only-seal-", KEY_SEAL, true, true, true},
    {"next-transport", KEY_TRANSPORT, true, false, false},
    {"signing-", KEY_SIGNING, false, false, true},
    {"seal-", KEY_SEAL, false, false, true},
    {"transport", KEY_TRANSPORT, false, false, false},
};
#define PREFIXES (sizeof prefixes / sizeof *prefixes)

static const struct prefix *
prefix_of(const char *name)
{
	for (size_t i = 0; i < PREFIXES; i++)
		if (strncmp(name, prefixes[i].text, strlen(prefixes[i].text)) == 0)
			return &prefixes[i];
	return NULL;
}

static const struct prefix *
prefix_for(enum key_use use, bool is_next, bool is_alone)
{
	for (size_t i = 0; i < PREFIXES; i++)
		if (prefixes[i].use == use && prefixes[i].is_next == is_next && prefixes[i].is_alone == (is_alone && use == KEY_SEAL))
			return &prefixes[i];
	return NULL;
}

/* Without memory: a key that is not found for want of it would be taken for one that is gone, and mail be rejected for that. */
static void
name_key(const struct prefix *p, const struct consign_key_id *id, char ret_name[KEYFILE_NAME_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	size_t n = (size_t)snprintf(ret_name, KEYFILE_NAME_BYTES, "%s", p->text);

	for (size_t i = 0; p->has_id && i < sizeof id->b && n + 2 < KEYFILE_NAME_BYTES; i++) {
		ret_name[n++] = digits[id->b[i] >> 4];
		ret_name[n++] = digits[id->b[i] & 15];
	}
	ret_name[n] = '\0';
}

static void
public_of(enum key_use use, const struct secret *key, struct consign_public_key *ret_public)
{
	if (use == KEY_SIGNING)
		sign_public(key, ret_public);
	else
		box_public(key, ret_public);
}

/* A key of ours by its id, in use or next. */
static const struct secret *
find_key(const struct agent *a, enum key_use use, const struct consign_key_id *id)
{
	char name[KEYFILE_NAME_BYTES];

	for (size_t i = 0; i < PREFIXES; i++) {
		if (prefixes[i].use != use)
			continue;
		name_key(&prefixes[i], id, name);
		const struct secret *key = keyfile_find(a->keys, name, NULL);

		if (key != NULL)
			return key;
	}
	return NULL;
}

/* The newest of the key file, whatever the card says. */
static const struct secret *
newest_signing_key(const struct agent *a, struct consign_key_id *ret_id)
{
	const struct secret *newest = NULL;
	uint64_t newest_us = 0, created;

	for (size_t i = 0; i < keyfile_count(a->keys); i++) {
		const char *name = keyfile_name_at(a->keys, i);
		const struct prefix *p = prefix_of(name);
		const struct secret *key = keyfile_find(a->keys, name, &created);
		struct consign_public_key public_key;

		if (p == NULL || p->use != KEY_SIGNING || p->is_next || (newest != NULL && created <= newest_us))
			continue;
		newest = key;
		newest_us = created;
		sign_public(key, &public_key);
		key_id_of(&public_key, ret_id);
	}
	return newest;
}

const struct secret *
agent_signing_key(const struct agent *a, struct consign_key_id *ret_id)
{
	const struct hub_card *card = hub_card(a->hub, a->org.s);

	for (size_t i = 0; card != NULL && i < card->card->signing_keys.n; i++) {
		struct consign_key_id id;

		key_id_of(&card->card->signing_keys.v[i]->key, &id);
		const struct secret *key = find_key(a, KEY_SIGNING, &id);

		if (key != NULL) {
			*ret_id = id;
			return key;
		}
	}
	/* Before the first documents; or the store is from a backup that is older than the key file: the hub knows the newer card. */
	return newest_signing_key(a, ret_id);
}

const struct secret *
agent_seal_key(const struct agent *a, const struct consign_key_id *id)
{
	return find_key(a, KEY_SEAL, id);
}

/* ── next keys ── */

bool
keyring_next(const struct agent *a, enum key_use use, struct consign_public_key *ret_key, bool *ret_alone)
{
	const struct prefix *found = NULL;

	for (size_t i = 0; i < keyfile_count(a->keys); i++) {
		const char *name = keyfile_name_at(a->keys, i);
		const struct prefix *p = prefix_of(name);

		/* One that is to be alone goes before one that is not. */
		if (p == NULL || p->use != use || !p->is_next || (found != NULL && !p->is_alone))
			continue;
		found = p;
		public_of(use, keyfile_find(a->keys, name, NULL), ret_key);
	}
	if (found != NULL && ret_alone != NULL)
		*ret_alone = found->is_alone;
	return found != NULL;
}

bool
keyring_is_pending(const struct agent *a, unsigned uses)
{
	struct consign_public_key key;

	for (unsigned use = KEY_SIGNING; use <= KEY_TRANSPORT; use <<= 1)
		if ((uses & use) != 0 && keyring_next(a, (enum key_use)use, &key, NULL))
			return true;
	return false;
}

static enum consign_err
make_key(struct agent *a, const struct prefix *p, char ret_name[KEYFILE_NAME_BYTES])
{
	struct secret *secret = NULL;
	struct consign_public_key public_key;
	struct consign_key_id id;
	enum consign_err err = p->use == KEY_SIGNING ? sign_keypair(&secret, &public_key) : box_keypair(&secret, &public_key);

	if (err != CONSIGN_OK)
		return err;
	key_id_of(&public_key, &id);
	name_key(p, &id, ret_name);
	err = keyfile_put(a->keys, ret_name, clock_wall_us(a->clock), secret);
	secret_free(&secret);
	return err;
}

enum consign_err
keyring_prepare(struct agent *a, unsigned uses, bool alone)
{
	char made[3][KEYFILE_NAME_BYTES];
	size_t n = 0;
	enum consign_err err = CONSIGN_OK;

	for (unsigned use = KEY_SIGNING; err == CONSIGN_OK && use <= KEY_TRANSPORT; use <<= 1) {
		struct consign_public_key key;
		bool is_alone = false;

		if ((uses & use) == 0
		    || (keyring_next(a, (enum key_use)use, &key, &is_alone) && (use != KEY_SEAL || !alone || is_alone)))
			continue;
		err = make_key(a, prefix_for((enum key_use)use, true, alone), made[n]);
		if (err == CONSIGN_OK)
			n++;
	}
	if (err == CONSIGN_OK && n > 0)
		err = keyfile_save(a->keys, a->key_path);
	for (size_t i = 0; err != CONSIGN_OK && i < n; i++)
		keyfile_drop(a->keys, made[i]);
	return err;
}

const struct secret *
keyring_transport(const struct agent *a, bool other)
{
	const struct hub_card *card = hub_card(a->hub, a->org.s);
	const struct secret *next = keyfile_find(a->keys, "next-transport", NULL), *now = keyfile_find(a->keys, "transport", NULL);
	struct consign_public_key key;

	if (next == NULL)
		return now;
	box_public(next, &key);
	bool is_next = card != NULL && memcmp(card->card->transport_key.b, key.b, sizeof key.b) == 0;

	return is_next != other ? next : now;
}

/* ── once a card is in force ── */

/* Whether the card names the key: as the first of its use, or at all. */
static bool
is_named(const struct card *card, enum key_use use, const struct consign_public_key *key, bool first)
{
	const struct valid_key *const *list = use == KEY_SIGNING ? (const struct valid_key *const *)card->signing_keys.v
	                                                         : (const struct valid_key *const *)card->seal_keys.v;
	size_t n = use == KEY_SIGNING ? card->signing_keys.n : card->seal_keys.n;

	if (use == KEY_TRANSPORT)
		return memcmp(card->transport_key.b, key->b, sizeof key->b) == 0;
	for (size_t i = 0; i < n && (i == 0 || !first); i++)
		if (memcmp(list[i]->key.b, key->b, sizeof key->b) == 0)
			return true;
	return false;
}

/* Next keys that the card names take their places. True: the ring has changed. */
static bool
promote(struct agent *a, const struct card *card)
{
	bool changed = false;

	for (size_t i = keyfile_count(a->keys); i > 0; i--) {
		const char *name = keyfile_name_at(a->keys, i - 1);
		const struct prefix *p = prefix_of(name);
		uint64_t created;
		const struct secret *key = keyfile_find(a->keys, name, &created);
		struct consign_public_key public_key;
		struct consign_key_id id;
		char old_name[KEYFILE_NAME_BYTES], new_name[KEYFILE_NAME_BYTES];

		if (p == NULL || !p->is_next)
			continue;
		public_of(p->use, key, &public_key);
		if (!is_named(card, p->use, &public_key, false))
			continue;
		key_id_of(&public_key, &id);
		snprintf(old_name, sizeof old_name, "%s", name);
		name_key(prefix_for(p->use, false, false), &id, new_name);
		if (keyfile_put(a->keys, new_name, created, key) != CONSIGN_OK)
			return changed; /* it is found under its name of now, and tried again */
		keyfile_drop(a->keys, old_name);
		changed = true;
		i = keyfile_count(a->keys) + 1; /* they have moved: from the end again */
	}
	return changed;
}

/*
 * Whether all that was sealed to keys which the newest card does not name has come: the session that told us how long our mailbox is
 * began when the broker judged by that card, or a newer one, and so much of it is safe in the inbox.
 */
static bool
has_all_of_before(const struct agent *a, const struct card *card)
{
	return a->mailbox_card >= card->version && a->reception != NULL && reception_durable(a->reception) >= a->mailbox_position;
}

static bool
may_destroy(const struct agent *a, const struct card *card, const struct prefix *p, const struct consign_public_key *key, uint64_t created)
{
	if (p == NULL || p->is_next || p->use == KEY_TRANSPORT)
		return false;
	/* What was signed is verified by the card, not by us: the secret is of no use once another signs. */
	if (p->use == KEY_SIGNING)
		return !is_named(card, KEY_SIGNING, key, true);
	return !is_named(card, KEY_SEAL, key, false)
	    && (has_all_of_before(a, card) || clock_wall_us(a->clock) >= created + CONSIGN_KEY_LIFE_US + CONSIGN_EXPIRES_MAX_US);
}

/* Whether another signing key than this one would sign from now on. */
static bool
has_first_signing_key(const struct agent *a, const struct card *card)
{
	struct consign_key_id id;

	if (card->signing_keys.n == 0)
		return false;
	key_id_of(&card->signing_keys.v[0]->key, &id);
	return find_key(a, KEY_SIGNING, &id) != NULL;
}

/* ret_left: an old seal key remains, of which nothing but a new session can say that it is not needed. */
static bool
destroy_old(struct agent *a, const struct card *card, bool *ret_seal_left, bool *ret_seal_gone)
{
	bool changed = false, may_sign = has_first_signing_key(a, card);

	for (size_t i = keyfile_count(a->keys); i > 0; i--) {
		const char *name = keyfile_name_at(a->keys, i - 1);
		const struct prefix *p = prefix_of(name);
		uint64_t created;
		const struct secret *key = keyfile_find(a->keys, name, &created);
		struct consign_public_key public_key;

		if (p == NULL || p->is_next || p->use == KEY_TRANSPORT || (p->use == KEY_SIGNING && !may_sign))
			continue;
		public_of(p->use, key, &public_key);
		if (may_destroy(a, card, p, &public_key, created)) {
			*ret_seal_gone = *ret_seal_gone || p->use == KEY_SEAL;
			keyfile_drop(a->keys, name);
			changed = true;
		} else if (p->use == KEY_SEAL && !is_named(card, KEY_SEAL, &public_key, false)) {
			*ret_seal_left = true;
		}
	}
	return changed;
}

/* The cache may hold what destroyed keys unwrapped. */
static void
forget_unwrapped(struct agent *a)
{
	struct seal_receiver *fresh;

	if (seal_receiver_new(&fresh) != CONSIGN_OK)
		return;
	seal_receiver_free(&a->receiver);
	a->receiver = fresh;
}

void
keyring_settle(struct agent *a)
{
	const struct hub_card *card = hub_card(a->hub, a->org.s);
	bool seal_left = false, seal_gone = false;

	if (card == NULL || a->documents_waiting > 0)
		return;
	bool promoted = promote(a, card->card), destroyed = destroy_old(a, card->card, &seal_left, &seal_gone);

	if ((promoted || destroyed || a->keys_unsaved) && !(a->keys_unsaved = keyfile_save(a->keys, a->key_path) != CONSIGN_OK))
		log_event(LOG_INFO, "keys.settled", "card", "u", card->card->version, "destroyed", "s", destroyed ? "yes" : "no", NULL);
	if (a->keys_unsaved)
		log_event(LOG_ERROR, "keys.not_saved", "hint", "s", "old keys could not be destroyed, or new ones not put in their place; check the disk",
		    NULL);
	a->keys_unsettled = seal_left || a->keys_unsaved || keyring_is_pending(a, KEY_ALL);
	if (seal_gone)
		forget_unwrapped(a);
	/* Once a card: what a session said at its beginning is as good as it gets until the next. */
	if (seal_left && a->mailbox_card < card->card->version && a->mailbox_asked < card->card->version
	    && uplink_state(a->uplink) == UPLINK_UP) {
		a->mailbox_asked = card->card->version;
		uplink_restart(a->uplink, "a new session, to learn what the mailbox holds that is sealed to an old key");
	}
}

/* ── for people ── */

static uint64_t
until(const struct card *card, enum key_use use, const struct consign_public_key *key)
{
	size_t n = use == KEY_SIGNING ? card->signing_keys.n : use == KEY_SEAL ? card->seal_keys.n : 0;

	for (size_t i = 0; i < n; i++) {
		const struct valid_key *v = use == KEY_SIGNING ? card->signing_keys.v[i] : card->seal_keys.v[i];

		if (memcmp(v->key.b, key->b, sizeof key->b) == 0)
			return v->not_after_us;
	}
	return 0;
}

bool
keyring_at(const struct agent *a, size_t n, struct keyring_row *ret_row)
{
	const struct hub_card *card = hub_card(a->hub, a->org.s);

	for (size_t i = 0; i < keyfile_count(a->keys); i++) {
		const char *name = keyfile_name_at(a->keys, i);
		const struct prefix *p = prefix_of(name);
		struct consign_public_key key;
		struct keyring_row row = {0};

		if (p == NULL || n-- > 0)
			continue;
		row.use = p->use;
		public_of(p->use, keyfile_find(a->keys, name, &row.created_us), &key);
		key_id_of(&key, &row.id);
		row.until_us = card == NULL ? 0 : until(card->card, p->use, &key);
		row.state = p->is_next                                                 ? KEY_NEXT
		    : card == NULL || is_named(card->card, p->use, &key, true) ? KEY_CURRENT
		                                                                       : KEY_OLD;
		*ret_row = row;
		return true;
	}
	return false;
}
