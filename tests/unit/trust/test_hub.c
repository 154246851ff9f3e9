/* Finding in what is known of a hub, and following its checkpoints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub_fixture.h"

struct fixture {
	struct hub_fixture f;
	struct hub *hub;
};

static int
setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	hub_fixture_begin(&t->f, 1, 1);
	hub_fixture_standard(&t->f);
	t->hub = hub_fixture_hub(&t->f, true);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	hub_free(&t->hub);
	assert_null(t->hub);
	hub_free(&t->hub); /* accepts NULL */
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

static void
take_all(struct fixture *t)
{
	fixture_publish_all(&t->f);
	assert_int_equal(fixture_take(&t->f, t->hub, fixture_all(&t->f, hub_checkpoint(t->hub)->size), HUB_PROVEN), CONSIGN_OK);
}

static void
test_hub_is_empty_before_the_first_documents(void **state)
{
	struct fixture *t = *state;
	struct hub *hub;

	assert_int_equal(hub_new(&t->f.hub_id, false, &hub), CONSIGN_OK);
	assert_null(hub_root(hub));
	assert_null(hub_root_at(hub, 1));
	assert_null(hub_root_in_force(hub, 100));
	assert_null(hub_receipt_key(hub));
	assert_null(hub_directory(hub));
	assert_null(hub_policy(hub));
	assert_null(hub_card(hub, "acme"));
	assert_null(hub_card_nth(hub, 0));
	assert_null(hub_member(hub_directory(hub), "acme"));
	assert_null(hub_admin_by_transport(hub, &t->f.admins[0].admin.transport_key));
	assert_int_equal(hub_checkpoint(hub)->size, 0);
	assert_int_equal(hub_advance(hub, fixture_update(&t->f, 0)), CONSIGN_E_STATE);
	assert_int_equal(hub_restore_checkpoint(hub, fixture_update(&t->f, 0)->note), CONSIGN_E_STATE);
	hub_free(&hub);
}

static void
test_hub_gives_the_receipt_key_of_the_newest_root(void **state)
{
	struct fixture *t = *state;
	struct consign_public_key before = t->f.broker.receipt_key;

	assert_memory_equal(hub_receipt_key(t->hub), &before, sizeof before);
	random_bytes(&t->f.broker.receipt_key, sizeof t->f.broker.receipt_key);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	take_all(t);
	assert_memory_equal(hub_receipt_key(t->hub), &t->f.broker.receipt_key, sizeof before);
	assert_memory_not_equal(hub_receipt_key(t->hub), &before, sizeof before);
}

static void
test_hub_finds_members_and_administrators(void **state)
{
	struct fixture *t = *state;
	struct consign_key_id id;

	assert_string_equal(hub_member(hub_directory(t->hub), "cora")->org.s, "cora");
	assert_null(hub_member(hub_directory(t->hub), "cor"));
	assert_null(hub_member(hub_directory(t->hub), "zeta"));
	assert_string_equal(hub_admin_by_transport(t->hub, &t->f.admins[0].admin.transport_key)->name, "admin-0");
	assert_null(hub_admin_by_transport(t->hub, &t->f.admins[0].admin.signing_key));
	key_id_of(&t->f.admins[0].admin.signing_key, &id);
	assert_string_equal(hub_admin_by_signing(t->hub, &id)->name, "admin-0");
	id.b[0] ^= 1;
	assert_null(hub_admin_by_signing(t->hub, &id));
}

static void
test_hub_root_in_force_is_the_last_one_before_the_leaf(void **state)
{
	struct fixture *t = *state;

	fixture_pass(&t->f, 3);
	fixture_root(&t->f, 1);
	take_all(t);
	uint64_t first = hub_root_at(t->hub, 1)->leaf, second = hub_root_at(t->hub, 2)->leaf,
		 third = hub_root_at(t->hub, 3)->leaf;

	assert_true(first < second && second + 3 < third);
	assert_null(hub_root_in_force(t->hub, first));
	assert_int_equal(hub_root_in_force(t->hub, first + 1)->root->version, 1);
	assert_int_equal(hub_root_in_force(t->hub, second)->root->version, 1);
	assert_int_equal(hub_root_in_force(t->hub, second + 1)->root->version, 2);
	assert_int_equal(hub_root_in_force(t->hub, third)->root->version, 2);
	assert_int_equal(hub_root_in_force(t->hub, third + 1)->root->version, 3);
	assert_int_equal(hub_root_in_force(t->hub, HUB_LEAF_UNKNOWN)->root->version, 3);
	assert_null(hub_root_at(t->hub, 0));
	assert_null(hub_root_at(t->hub, 4));
}

static void
test_hub_keeps_every_version_of_a_card(void **state)
{
	struct fixture *t = *state;

	fixture_card(&t->f, "bolt");
	take_all(t);
	assert_int_equal(hub_card(t->hub, "bolt")->card->version, 2);
	assert_int_equal(hub_card_at(t->hub, "bolt", 1)->card->version, 1);
	assert_null(hub_card_at(t->hub, "bolt", 3));
	assert_null(hub_card(t->hub, "bol"));
	uint64_t second = hub_card(t->hub, "bolt")->leaf;

	assert_int_equal(hub_card_in_force(t->hub, "bolt", second)->card->version, 1);
	assert_int_equal(hub_card_in_force(t->hub, "bolt", second + 1)->card->version, 2);
	assert_null(hub_card_in_force(t->hub, "bolt", hub_card_at(t->hub, "bolt", 1)->leaf));
}

static void
test_hub_walks_the_newest_card_of_each_org(void **state)
{
	struct fixture *t = *state;
	static const char *const names[] = {"acme", "bolt", "cora", "dune"};

	fixture_card(&t->f, "bolt");
	take_all(t);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(hub_card_nth(t->hub, i)->card->org.s, names[i]);
	assert_int_equal(hub_card_nth(t->hub, 1)->card->version, 2);
	assert_null(hub_card_nth(t->hub, 4));
}

static void
test_hub_finds_the_org_of_a_transport_key(void **state)
{
	struct fixture *t = *state;
	struct consign_public_key nobody = {{9}};

	assert_string_equal(hub_card_by_transport(t->hub, &fixture_org(&t->f, "cora")->transport_public)->card->org.s, "cora");
	assert_null(hub_card_by_transport(t->hub, &nobody));
}

/* An agent that renews its card keeps its transport key: it must still be found by it. */
static void
test_hub_finds_a_transport_key_that_a_renewed_card_keeps(void **state)
{
	struct fixture *t = *state;

	fixture_card(&t->f, "cora");
	take_all(t);
	const struct hub_card *card = hub_card_by_transport(t->hub, &fixture_org(&t->f, "cora")->transport_public);

	assert_non_null(card);
	assert_int_equal(card->card->version, 2);
}

static void
test_hub_forgets_a_transport_key_that_the_newest_card_replaced(void **state)
{
	struct fixture *t = *state;
	struct consign_public_key old = fixture_org(&t->f, "cora")->transport_public;

	fixture_org(&t->f, "cora")->transport_public.b[0] ^= 1;
	fixture_card(&t->f, "cora");
	take_all(t);
	assert_null(hub_card_by_transport(t->hub, &old));
	assert_int_equal(hub_card_by_transport(t->hub, &fixture_org(&t->f, "cora")->transport_public)->card->version, 2);
}

static void
test_hub_finds_keys_of_a_card_by_their_ids(void **state)
{
	struct fixture *t = *state;
	const struct card *card = hub_card(t->hub, "acme")->card;
	struct consign_key_id signing, seal;

	key_id_of(&fixture_org(&t->f, "acme")->signing_public, &signing);
	key_id_of(&fixture_org(&t->f, "acme")->seal_public, &seal);
	assert_non_null(card_signing_key(card, &signing));
	assert_null(card_signing_key(card, &seal));
	assert_non_null(card_seal_key(card, &seal));
	assert_null(card_seal_key(card, &signing));
}

static void
test_hub_advances_with_a_consistent_ledger(void **state)
{
	struct fixture *t = *state;
	uint64_t before = hub_checkpoint(t->hub)->size;

	fixture_pass(&t->f, 7);
	struct checkpoint_update *u = fixture_update(&t->f, before);

	assert_int_equal(hub_advance(t->hub, u), CONSIGN_OK);
	assert_int_equal(hub_checkpoint(t->hub)->size, before + 7);
	assert_true(slice_equal(hub_checkpoint_note(t->hub), u->note));
	assert_int_equal(hub_advance(t->hub, u), CONSIGN_OK); /* the same again */
}

static void
test_hub_refuses_a_checkpoint_that_does_not_follow(void **state)
{
	struct fixture *t = *state;
	uint64_t before = hub_checkpoint(t->hub)->size;
	struct checkpoint_update *old = fixture_update(&t->f, 0);

	fixture_pass(&t->f, 2);
	struct checkpoint_update *u = fixture_update(&t->f, before);

	u->from_size--;
	assert_int_equal(hub_advance(t->hub, u), CONSIGN_E_BAD_PROOF);
	u->from_size++;
	u->consistency->path.v[0].b[0] ^= 1;
	assert_int_equal(hub_advance(t->hub, u), CONSIGN_E_BAD_PROOF);
	u->consistency->path.v[0].b[0] ^= 1;
	u->consistency->path.n--;
	assert_int_equal(hub_advance(t->hub, u), CONSIGN_E_BAD_PROOF);
	u->consistency = NULL;
	assert_int_equal(hub_advance(t->hub, u), CONSIGN_E_BAD_PROOF);
	assert_int_equal(hub_checkpoint(t->hub)->size, before);
	assert_int_equal(hub_advance(t->hub, fixture_update(&t->f, before)), CONSIGN_OK);
	assert_int_equal(hub_advance(t->hub, old), CONSIGN_E_STALE);
}

static void
test_hub_proves_a_fork(void **state)
{
	struct fixture *t = *state;
	struct hub_fixture other = t->f;
	struct tree_store nothing = {NULL, NULL};

	other.nodes = NULL;
	other.n_nodes = other.cap_nodes = 0;
	assert_int_equal(tree_new(&nothing, 0, &other.tree), CONSIGN_OK);
	fixture_pass(&other, hub_checkpoint(t->hub)->size);
	assert_int_equal(hub_advance(t->hub, fixture_update(&other, 0)), CONSIGN_E_FORK);
	tree_free(&other.tree);
	free(other.nodes);
}

static void
test_hub_restores_a_checkpoint_of_its_own(void **state)
{
	struct fixture *t = *state;

	fixture_pass(&t->f, 1);
	struct checkpoint_update *u = fixture_update(&t->f, 0);

	assert_int_equal(hub_restore_checkpoint(t->hub, u->note), CONSIGN_OK);
	assert_int_equal(hub_checkpoint(t->hub)->size, tree_size(t->f.tree));
	assert_int_equal(hub_restore_checkpoint(t->hub, slice_text("no note")), CONSIGN_E_MALFORMED);
	assert_int_equal(hub_checkpoint(t->hub)->size, tree_size(t->f.tree));
}

/* The invite named a root: another under its version is a fork, a chain that ends before it was cut short. */
static void
test_hub_holds_a_chain_to_the_root_of_the_invite(void **state)
{
	struct fixture *t = *state;
	const struct hub_root *newest = hub_root(t->hub);
	struct consign_hash other = newest->hash;
	struct hub *hub;

	assert_int_equal(hub_new(&t->f.hub_id, false, &hub), CONSIGN_OK);
	hub_pin(hub, newest->root->version, &newest->hash);
	assert_int_equal(fixture_take(&t->f, hub, fixture_all(&t->f, 0), HUB_PROVEN), CONSIGN_OK);
	hub_free(&hub);
	other.b[0] ^= 1;
	assert_int_equal(hub_new(&t->f.hub_id, false, &hub), CONSIGN_OK);
	hub_pin(hub, newest->root->version, &other);
	assert_int_equal(fixture_take(&t->f, hub, fixture_all(&t->f, 0), HUB_PROVEN), CONSIGN_E_FORK);
	hub_pin(hub, newest->root->version + 1, &newest->hash);
	assert_int_equal(fixture_take(&t->f, hub, fixture_all(&t->f, 0), HUB_PROVEN), CONSIGN_E_STALE);
	assert_null(hub_root(hub));
	hub_free(&hub);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_hub_##name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(is_empty_before_the_first_documents),
	    CASE(gives_the_receipt_key_of_the_newest_root),
	    CASE(finds_members_and_administrators),
	    CASE(root_in_force_is_the_last_one_before_the_leaf),
	    CASE(keeps_every_version_of_a_card),
	    CASE(walks_the_newest_card_of_each_org),
	    CASE(finds_the_org_of_a_transport_key),
	    CASE(finds_a_transport_key_that_a_renewed_card_keeps),
	    CASE(forgets_a_transport_key_that_the_newest_card_replaced),
	    CASE(finds_keys_of_a_card_by_their_ids),
	    CASE(advances_with_a_consistent_ledger),
	    CASE(refuses_a_checkpoint_that_does_not_follow),
	    CASE(proves_a_fork),
	    CASE(restores_a_checkpoint_of_its_own),
	    CASE(holds_a_chain_to_the_root_of_the_invite),
	};

	return cmocka_run_group_tests_name("trust/hub", tests, NULL, NULL);
}
