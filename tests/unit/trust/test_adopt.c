/* From a stage into the hub: leaves for what is published, the store copy, taking in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub_fixture.h"

struct assigned {
	struct hub_fixture *f;
	enum sign_kind kinds[16];
	char orgs[16][CONSIGN_ORG_MAX_BYTES + 1];
	size_t n;
};

/* As the broker does: the record of the document becomes the next leaf. */
static void
assign(
    void *context, enum sign_kind kind, const char *org, uint64_t version, const struct consign_hash *hash, struct leaf *ret_leaf)
{
	struct assigned *a = context;
	struct document_ref ref = {version, *hash};
	struct document_record document = {.kind = kind, .document = &ref};
	struct ledger_record record = {.format = 1, .at_us = FIXTURE_NOW_US, .document = &document};

	assert_true(a->n < 16);
	a->kinds[a->n] = kind;
	snprintf(a->orgs[a->n++], CONSIGN_ORG_MAX_BYTES + 1, "%s", org);
	snprintf(document.org, sizeof document.org, "%s", org);
	*ret_leaf = *fixture_leaf(a->f, &record);
}

/* The standard hub's documents, published through HUB_PUBLISH as by an administrator; gives what is for the store. */
static void
publish(struct hub_fixture *f, struct hub *hub, struct assigned *a, struct buf *stored)
{
	struct session_documents *d = fixture_all(f, 0);
	struct hub_stage *stage = NULL;
	char problem[HUB_PROBLEM_BYTES];

	d->checkpoint = NULL;
	for (size_t i = 0; i < d->roots.n; i++) {
		d->roots.v[i]->leaf = NULL; /* not in the ledger yet */
		d->roots.v[i]->path = NULL;
	}
	assert_int_equal(hub_stage(hub, fixture_encode(f, &wire_session_documents, d), HUB_PUBLISH, &stage, problem), CONSIGN_OK);
	assert_false(hub_stage_is_empty(stage));
	*a = (struct assigned){.f = f};
	hub_stage_assign(stage, assign, a);
	assert_int_equal(hub_stage_encode(stage, stored), CONSIGN_OK);
	hub_adopt(hub, &stage);
	assert_null(stage);
}

static void
prepare(struct hub_fixture *f)
{
	hub_fixture_begin(f, 2, 2);
	fixture_card(f, "acme");
	fixture_card(f, "bolt");
	fixture_card(f, "cora");
	fixture_directory(f, FIXTURE_ALL_SIGN);
	fixture_policy(f, fixture_yaml, FIXTURE_ALL_SIGN);
	fixture_root(f, FIXTURE_ALL_SIGN);
}

static void
test_adopt_assigns_leaves_in_the_order_of_the_ledger(void **state)
{
	struct hub_fixture f;
	struct hub *hub;
	struct assigned a;
	struct buf stored = {0};
	static const enum sign_kind order[] = {
	    SIGN_CARD, SIGN_CARD, SIGN_CARD, SIGN_DIRECTORY, SIGN_POLICY, SIGN_ROOT, SIGN_ROOT};

	(void)state;
	prepare(&f);
	assert_int_equal(hub_new(&f.hub_id, true, &hub), CONSIGN_OK);
	publish(&f, hub, &a, &stored);
	assert_int_equal(a.n, sizeof order / sizeof *order);
	for (size_t i = 0; i < a.n; i++)
		assert_int_equal(a.kinds[i], order[i]);
	assert_string_equal(a.orgs[1], "bolt");
	assert_string_equal(a.orgs[3], "");
	assert_int_equal(hub_root_at(hub, 1)->leaf + 1, hub_root_at(hub, 2)->leaf);
	assert_true(hub_card(hub, "cora")->leaf < hub_directory(hub)->leaf);
	assert_true(hub_policy(hub)->leaf < hub_root(hub)->leaf);
	hub_free(&hub);
	buf_clear(&stored);
	hub_fixture_end(&f);
}

static void
test_adopt_reloads_the_same_hub_from_the_store(void **state)
{
	struct hub_fixture f;
	struct hub *hub, *again;
	struct assigned a;
	struct hub_stage *stage = NULL;
	char problem[HUB_PROBLEM_BYTES];
	struct buf stored = {0}, next = {0};

	(void)state;
	prepare(&f);
	assert_int_equal(hub_new(&f.hub_id, true, &hub), CONSIGN_OK);
	publish(&f, hub, &a, &stored);
	/* A second publication: a card alone. */
	fixture_card(&f, "bolt");
	struct session_documents *d = fixture_none(&f, 0);

	d->checkpoint = NULL;
	fixture_add_card(&f, d, fixture_newest(&f.cards));
	assert_int_equal(
	    hub_stage(hub, fixture_encode(&f, &wire_session_documents, d), HUB_PUBLISH, &stage, problem), CONSIGN_OK);
	hub_stage_assign(stage, assign, &a);
	assert_int_equal(hub_stage_encode(stage, &next), CONSIGN_OK);
	hub_adopt(hub, &stage);

	assert_int_equal(hub_new(&f.hub_id, true, &again), CONSIGN_OK);
	assert_int_equal(hub_stage(again, buf_slice(&stored), HUB_STORED, &stage, problem), CONSIGN_OK);
	hub_adopt(again, &stage);
	assert_int_equal(hub_stage(again, buf_slice(&next), HUB_STORED, &stage, problem), CONSIGN_OK);
	hub_adopt(again, &stage);
	assert_true(hash_equal(&hub_root(again)->hash, &hub_root(hub)->hash));
	assert_true(hash_equal(&hub_directory(again)->hash, &hub_directory(hub)->hash));
	assert_true(hash_equal(&hub_policy(again)->hash, &hub_policy(hub)->hash));
	for (uint64_t v = 1; v <= 2; v++)
		assert_int_equal(hub_root_at(again, v)->leaf, hub_root_at(hub, v)->leaf);
	assert_int_equal(hub_directory(again)->leaf, hub_directory(hub)->leaf);
	assert_int_equal(hub_policy(again)->leaf, hub_policy(hub)->leaf);
	const struct hub_card *card;

	for (size_t i = 0; (card = hub_card_nth(hub, i)) != NULL; i++) {
		assert_true(hash_equal(&hub_card_nth(again, i)->hash, &card->hash));
		assert_int_equal(hub_card_nth(again, i)->leaf, card->leaf);
	}
	assert_null(hub_card_nth(again, 3));
	assert_int_equal(hub_card(again, "bolt")->card->version, 2);
	assert_int_equal(hub_directory(again)->n_members, 3);
	assert_int_equal(hub_policy(again)->n_parts, hub_policy(hub)->n_parts);
	hub_free(&again);
	hub_free(&hub);
	buf_clear(&stored);
	buf_clear(&next);
	hub_fixture_end(&f);
}

static void
test_adopt_keeps_the_newest_versions_and_every_root(void **state)
{
	struct hub_fixture f;

	(void)state;
	prepare(&f);
	fixture_publish_all(&f);
	struct hub *hub = hub_fixture_hub(&f, true);

	for (int i = 0; i < 5; i++) {
		fixture_directory(&f, FIXTURE_ALL_SIGN);
		fixture_root(&f, FIXTURE_ALL_SIGN);
	}
	fixture_publish_all(&f);
	assert_int_equal(fixture_take(&f, hub, fixture_all(&f, hub_checkpoint(hub)->size), HUB_PROVEN), CONSIGN_OK);
	for (uint64_t v = 1; v <= 6; v++)
		assert_int_equal(hub_directory_at(hub, v)->version, v);
	assert_int_equal(hub_directory(hub)->version, 6);
	assert_int_equal(hub_root_at(hub, 3)->root->directory->version, 2);
	assert_null(hub_directory_at(hub, 7));
	assert_null(hub_policy_at(hub, 2));
	hub_free(&hub);
	hub_fixture_end(&f);
}

static void
test_adopt_takes_an_older_directory_behind_the_newest(void **state)
{
	struct hub_fixture f;
	struct hub *hub;

	(void)state;
	prepare(&f);
	fixture_directory(&f, FIXTURE_ALL_SIGN);
	fixture_root(&f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&f);
	struct session_documents *d = fixture_all(&f, 0), *older = fixture_none(&f, 0);

	older->directories.v[older->directories.n++] = d->directories.v[0];
	d->directories.v[0] = d->directories.v[1];
	d->directories.n = 1;
	assert_int_equal(hub_new(&f.hub_id, false, &hub), CONSIGN_OK);
	assert_int_equal(fixture_take(&f, hub, d, HUB_PROVEN), CONSIGN_OK);
	assert_null(hub_directory_at(hub, 1));
	assert_int_equal(fixture_take(&f, hub, older, HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(hub_directory_at(hub, 1)->version, 1);
	assert_int_equal(hub_directory(hub)->version, 2);
	hub_free(&hub);
	hub_fixture_end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_adopt_assigns_leaves_in_the_order_of_the_ledger),
	    cmocka_unit_test(test_adopt_reloads_the_same_hub_from_the_store),
	    cmocka_unit_test(test_adopt_keeps_the_newest_versions_and_every_root),
	    cmocka_unit_test(test_adopt_takes_an_older_directory_behind_the_newest),
	};

	return cmocka_run_group_tests_name("trust/adopt", tests, NULL, NULL);
}
