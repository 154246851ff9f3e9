/* See freshness.h. */
#include "freshness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/text.h"
#include "lanes.h"
#include "lead.h"
#include "trust/freshness.h"
#include "uplink.h"

#define RENEW_US (3600ull * 1000000)
#define STATEMENT_ARENA_BYTES (4 * CONSIGN_UNPACK_BUDGET_BASE_BYTES + CONSIGN_FRESHNESS_MAX_BYTES * CONSIGN_UNPACK_BUDGET_PER_BYTE)

struct freshness_view {
	/* the newest that was verified */
	uint64_t created_us, expires_us;
	struct document_ref root;
	struct consign_public_key key;
	struct buf statement; /* the newest that came, whether or not it could be verified: its root may come after it */
	uint64_t sent_epoch;  /* of the session in which ours was sent last */
	struct lead lead;     /* the root that it speaks of and that is not here */
	bool is_holding;      /* as it was said in the log */
	uint64_t held_us;     /* wall: since when nothing may be sent; 0 it may */
};

enum consign_err
freshness_new(struct agent *a, struct freshness_view **ret_view)
{
	(void)a;
	*ret_view = calloc(1, sizeof **ret_view);
	return *ret_view == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

void
freshness_free(struct freshness_view **view)
{
	if (*view == NULL)
		return;
	buf_clear(&(*view)->statement);
	free(*view);
	*view = NULL;
}

/* The organisation whose witness key it is, as far as its card is here. */
static void
name_signer(const struct agent *a, const struct consign_public_key *key, char ret_name[64])
{
	const struct hub_card *card;
	struct consign_key_id id;
	struct buf hex = {0};

	for (size_t i = 0; (card = hub_card_nth(a->hub, i)) != NULL; i++)
		if (memcmp(card->card->witness_key.b, key->b, sizeof key->b) == 0) {
			snprintf(ret_name, 64, "%s", card->card->org.s);
			return;
		}
	key_id_of(key, &id);
	if (hex_format(SLICE_ARRAY(id.b), &hex) == CONSIGN_OK)
		snprintf(ret_name, 64, "key %.*s", (int)hex.len, (const char *)hex.data);
	else
		snprintf(ret_name, 64, "a key");
	buf_clear(&hex);
}

/* ── what came ── */

static void
accuse_of_fork(struct agent *a, const struct freshness *f, const char *by)
{
	char what[224];

	snprintf(what, sizeof what, "%s states another root %" PRIu64 " than the broker brought here", by, f->root->version);
	accuse(a, "fork", what);
}

/* False when it proves that the broker shows two histories. */
static bool
agrees(struct agent *a, const struct freshness *f, const struct consign_public_key *key)
{
	const struct hub_root *same = hub_root_at(a->hub, f->root->version);
	const struct checkpoint *checkpoint = hub_checkpoint(a->hub);
	char by[64];

	name_signer(a, key, by);
	if (same != NULL && !hash_equal(&same->hash, &f->root->hash)) {
		accuse_of_fork(a, f, by);
		return false;
	}
	if (checkpoint->size == f->checkpoint->size && !hash_equal(&checkpoint->head, &f->checkpoint->hash)) {
		accuse(a, "fork", "the ledger that a freshness statement has verified is not the one that the broker brought here");
		return false;
	}
	return true;
}

static void
look_at_statement(struct agent *a)
{
	struct freshness_view *v = a->freshness;
	struct arena *arena = NULL;
	struct signed_document *d;
	struct freshness *f;
	struct consign_public_key key;
	enum consign_err err = v->statement.len == 0 ? CONSIGN_E_NOT_FOUND : arena_new(STATEMENT_ARENA_BYTES, &arena);

	if (err == CONSIGN_OK)
		err = signed_document_decode(buf_slice(&v->statement), arena, &d);
	if (err == CONSIGN_OK)
		err = freshness_verify(a->hub, d, clock_wall_us(a->clock), arena, &f, &key);
	/* An older one is no news; and by a key that the root no longer names none holds. */
	if (err == CONSIGN_OK && (f->created_us >= v->created_us || !freshness_is_key(a->hub, &v->key)) && agrees(a, f, &key)) {
		v->created_us = f->created_us;
		v->expires_us = f->expires_us;
		v->root = *f->root;
		v->key = key;
	}
	if (err != CONSIGN_E_BAD_SIGNATURE) /* else its root may be on its way */
		buf_reset(&v->statement);
	arena_free(&arena);
}

static bool
is_ahead(const struct agent *a)
{
	const struct hub_root *root = hub_root(a->hub);

	return root != NULL && a->freshness->created_us > 0 && a->freshness->root.version > root->root->version;
}

/* ── what is held ── */

static bool
is_fresh(const struct agent *a)
{
	const struct freshness_view *v = a->freshness;

	return v->created_us > 0 && v->expires_us > clock_wall_us(a->clock) && freshness_is_key(a->hub, &v->key);
}

bool
freshness_holds(const struct agent *a, char ret_why[FRESHNESS_HELD_BYTES])
{
	const struct freshness_view *v = a->freshness;
	bool holds = v != NULL && freshness_is_wanted(a->hub) && (!is_fresh(a) || is_ahead(a));
	char since[CLOCK_TEXT_BYTES];

	if (ret_why == NULL)
		return holds;
	if (!holds) {
		snprintf(ret_why, FRESHNESS_HELD_BYTES, "none");
		return false;
	}
	clock_format(v->held_us > 0 ? v->held_us : clock_wall_us(a->clock), since);
	if (is_fresh(a))
		snprintf(ret_why, FRESHNESS_HELD_BYTES, "held since %s: the broker withholds root %" PRIu64 ", which a freshness statement names", since,
		    v->root.version);
	else
		snprintf(ret_why, FRESHNESS_HELD_BYTES, "held: no fresh statement since %s", since);
	return true;
}

/* Says it in the log once, and lets go when it is over. */
static void
follow_hold(struct agent *a)
{
	struct freshness_view *v = a->freshness;
	bool holds = freshness_holds(a, NULL), is_over = v->held_us > 0 && !holds;
	uint64_t now = clock_wall_us(a->clock);

	/* A statement that has just expired has held until then. */
	if (holds && v->held_us == 0)
		v->held_us = v->expires_us > 0 && v->expires_us < now ? v->expires_us : now;
	if (!holds)
		v->held_us = 0;
	if (holds != v->is_holding) {
		char why[FRESHNESS_HELD_BYTES];

		freshness_holds(a, why);
		log_event(holds ? LOG_WARN : LOG_INFO, holds ? "freshness.held" : "freshness.fresh", "sending", "s", why, NULL);
		v->is_holding = holds;
	}
	if (is_over)
		lanes_pump(a->lanes);
}

/* ── what is missing ── */

static void
accuse_of_withholding(struct agent *a)
{
	const struct freshness_view *v = a->freshness;
	char what[224], by[64], stated[CLOCK_TEXT_BYTES], since[CLOCK_TEXT_BYTES];

	name_signer(a, &v->key, by);
	clock_format(v->created_us, stated);
	clock_format(v->lead.since_wall_us, since);
	snprintf(what, sizeof what, "root %" PRIu64 ", which %s states at %s, has not come since %s", v->root.version, by, stated, since);
	accuse(a, "withheld", what);
}

/* ── what we state ── */

static const struct secret *
our_key(const struct agent *a)
{
	const struct secret *key = keyfile_find(a->keys, "witness", NULL);
	struct consign_public_key public;

	if (key == NULL || !freshness_is_wanted(a->hub))
		return NULL;
	sign_public(key, &public);
	return freshness_is_key(a->hub, &public) ? key : NULL;
}

static bool
is_due(const struct agent *a)
{
	const struct freshness_view *v = a->freshness;
	struct uplink_facts u;
	uint64_t now = clock_wall_us(a->clock);

	uplink_facts(a->uplink, &u);
	return v->sent_epoch != u.epoch || v->root.version != hub_root(a->hub)->root->version || v->created_us > now
	    || now - v->created_us >= RENEW_US || !is_fresh(a);
}

static void
state_freshness(struct agent *a, const struct secret *key)
{
	struct freshness_view *v = a->freshness;
	struct arena *arena = NULL;
	struct session_freshness f;
	struct uplink_facts u;
	uint64_t now = clock_wall_us(a->clock);
	enum consign_err err = arena_new(STATEMENT_ARENA_BYTES, &arena);

	if (err == CONSIGN_OK)
		err = freshness_make(a->hub, key, now, arena, &f.statement);
	if (err == CONSIGN_OK)
		err = uplink_say(a->uplink, &(struct session_command){.freshness = &f}, NULL, NULL);
	if (err == CONSIGN_OK) {
		uplink_facts(a->uplink, &u);
		v->sent_epoch = u.epoch;
		v->created_us = now;
		v->expires_us = now + CONSIGN_FRESHNESS_LIFE_US;
		v->root = (struct document_ref){hub_root(a->hub)->root->version, hub_root(a->hub)->hash};
		sign_public(key, &v->key);
		log_event(LOG_INFO, "freshness.stated", "root", "u", v->root.version, NULL);
	}
	arena_free(&arena);
}

void
freshness_tend(struct agent *a)
{
	const struct secret *key;

	if (a->freshness == NULL || a->uplink == NULL || hub_root(a->hub) == NULL)
		return;
	look_at_statement(a);
	key = our_key(a);
	if (key != NULL && uplink_state(a->uplink) == UPLINK_UP && is_due(a))
		state_freshness(a, key);
	if (lead_follow(a, &a->freshness->lead, is_ahead(a)))
		accuse_of_withholding(a);
	follow_hold(a);
}

void
freshness_take(struct agent *a, const struct session_freshness *f)
{
	buf_reset(&a->freshness->statement);
	if (signed_document_encode(f->statement, &a->freshness->statement) != CONSIGN_OK)
		buf_reset(&a->freshness->statement);
	freshness_tend(a);
}

void
freshness_facts(const struct agent *a, struct freshness_facts *ret_facts)
{
	const struct freshness_view *v = a->freshness;

	*ret_facts = (struct freshness_facts){.is_wanted = v != NULL && freshness_is_wanted(a->hub)};
	if (!ret_facts->is_wanted)
		return;
	ret_facts->is_ours = our_key(a) != NULL;
	if (v->created_us == 0)
		return;
	name_signer(a, &v->key, ret_facts->by);
	ret_facts->created_us = v->created_us;
	ret_facts->expires_us = v->expires_us;
	ret_facts->root_version = v->root.version;
}
