/* Deliveries that were accepted under other documents, or at another time, than may be, and documents that are not here
 * (verify_fixture.h). */
#include "verify_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
seen_nothing(struct delivery *d)
{
	d->m->seen->checkpoint = NULL;
}

void
root_not_here(struct delivery *d)
{
	d->accepted.root->version = 3;
}

static void
another_root(struct delivery *d)
{
	d->accepted.root->hash.b[0] ^= 1;
}

static void
root_no_longer_in_force(struct delivery *d)
{
	d->accepted.root = fixture_ref(&d->t->f, fixture_at(&d->t->f.roots, 1));
}

void
card_not_here(struct delivery *d)
{
	d->accepted.card->version = 2;
}

static void
another_card(struct delivery *d)
{
	d->accepted.card->hash.b[0] ^= 1;
}

static void
card_no_longer_in_force(struct delivery *d)
{
	fixture_card(&d->t->f, "acme");
	learn(d->t);
}

static void
unsigned_manifest(struct delivery *d)
{
	d->sm->signature.b[0] ^= 1;
	d->frame = fixture_encode(&d->t->f, &wire_signed_manifest, d->sm);
}

static void
key_of_no_card(struct delivery *d)
{
	d->m->signing_key_id.b[0] ^= 1;
}

static void
seen_a_newer_root(struct delivery *d)
{
	d->m->seen->root->version = 3;
}

static void
seen_another_root(struct delivery *d)
{
	d->m->seen->root->hash.b[0] ^= 1;
}

static void
seen_another_ledger(struct delivery *d)
{
	d->m->seen->checkpoint->hash.b[0] ^= 1;
}

static void
no_path_from_seen(struct delivery *d)
{
	d->d.seen = NULL;
}

static void
dated_before(struct delivery *d)
{
	d->record.at_us = d->m->created_us - CONSIGN_CLOCK_SKEW_MAX_US - 1;
}

static void
dated_just_before(struct delivery *d)
{
	d->record.at_us = d->m->created_us - CONSIGN_CLOCK_SKEW_MAX_US;
}

static void
dated_after(struct delivery *d)
{
	d->record.at_us = d->m->expires_us + CONSIGN_CLOCK_SKEW_MAX_US + 1;
}

static void
dated_just_after(struct delivery *d)
{
	d->record.at_us = d->m->expires_us + CONSIGN_CLOCK_SKEW_MAX_US;
}

/* The broker names a root that comes into force only behind the acceptance. */
static void
root_of_later(struct delivery *d)
{
	leave_study(d->t);
	d->accepted.root = fixture_ref(&d->t->f, fixture_newest(&d->t->f.roots));
}

static void
learn_of_later(struct delivery *d)
{
	learn(d->t);
	prove(d);
}

/* What the agent has of the newest directory and policy, without the part at a place; the rest of what it has stays. */
static void
forget_part(struct fixture *t, bool is_policy, size_t place)
{
	struct session_documents *all = fixture_all(&t->f, 0);
	struct sliced_bundle *b = is_policy ? all->policies.v[0] : all->directories.v[0];

	b->parts.v[place] = b->parts.v[--b->parts.n];
	all->cards.n = is_policy ? all->cards.n : 0;
	hub_free(&t->agent.hub);
	assert_int_equal(hub_new(&t->f.hub_id, false, &t->agent.hub), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, t->agent.hub, all, HUB_PROVEN), CONSIGN_OK);
	b->parts.n++; /* the fixture's own */
}

static void
rules_not_here(struct delivery *d)
{
	forget_part(d->t, true, 0);
}

static void
study_not_here(struct delivery *d)
{
	forget_part(d->t, true, 1);
}

static void
another_study_not_here(struct delivery *d)
{
	forget_part(d->t, true, 2);
}

static void
consignor_not_here(struct delivery *d)
{
	forget_part(d->t, false, 0);
}

const struct verify_case verify_cases_documents[] = {
    {"before any checkpoint was seen", seen_nothing, NULL, NULL, VERIFY_TAKE, 0},
    {"a root that is not here", NULL, root_not_here, NULL, VERIFY_HOLD, 0},
    {"another root", NULL, another_root, NULL, VERIFY_ACCUSE, 0},
    {"a root no longer in force", NULL, root_no_longer_in_force, NULL, VERIFY_ACCUSE, 0},
    {"a root that came into force later", NULL, root_of_later, learn_of_later, VERIFY_ACCUSE, 0},
    {"a policy without its rules", NULL, NULL, rules_not_here, VERIFY_HOLD, 0},
    {"a policy without this study", NULL, NULL, study_not_here, VERIFY_HOLD, 0},
    {"a policy without another study", NULL, NULL, another_study_not_here, VERIFY_TAKE, 0},
    {"a directory without the consignor", NULL, NULL, consignor_not_here, VERIFY_HOLD, 0},
    {"a card that is not here", NULL, card_not_here, NULL, VERIFY_HOLD, 0},
    {"another card", NULL, another_card, NULL, VERIFY_ACCUSE, 0},
    {"a card no longer in force", NULL, card_no_longer_in_force, NULL, VERIFY_ACCUSE, 0},
    {"a manifest that does not verify", NULL, NULL, unsigned_manifest, VERIFY_ACCUSE, 0},
    {"a signing key of no card", key_of_no_card, NULL, NULL, VERIFY_ACCUSE, 0},
    {"a newer root seen", seen_a_newer_root, NULL, NULL, VERIFY_ACCUSE, 0},
    {"another root seen", seen_another_root, NULL, NULL, VERIFY_ACCUSE, 0},
    {"another ledger seen", seen_another_ledger, NULL, NULL, VERIFY_ACCUSE, 0},
    {"no path from what was seen", NULL, NULL, no_path_from_seen, VERIFY_ACCUSE, 0},
    {"an acceptance dated before the manifest", NULL, dated_before, NULL, VERIFY_ACCUSE, 0},
    {"... as far as clocks may differ", NULL, dated_just_before, NULL, VERIFY_TAKE, 0},
    {"an acceptance dated after the expiry", NULL, dated_after, NULL, VERIFY_ACCUSE, 0},
    {"... as far as clocks may differ", NULL, dated_just_after, NULL, VERIFY_TAKE, 0},
    {NULL, NULL, NULL, NULL, VERIFY_TAKE, 0},
};
