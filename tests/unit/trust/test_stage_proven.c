/* Verifying Documents messages: the checkpoint follows the last one, and each document has its leaf under it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stage_fixture.h"

static void
test_stage_refuses_a_checkpoint_smaller_than_the_last(void **state)
{
	struct fixture *t = *state;
	struct checkpoint_update *old = fixture_update(&t->f, 0);

	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_OK);
	struct session_documents *d = fixture_none(&t->f, size_of(t));

	d->checkpoint = old;
	assert_int_equal(stage(t, d, HUB_PROVEN), CONSIGN_E_STALE);
}

static void
test_stage_refuses_a_checkpoint_of_another_history(void **state)
{
	struct fixture *t = *state;
	struct hub_fixture other = t->f; /* the same keys, a ledger of its own */
	struct tree_store nothing = {NULL, NULL};

	other.nodes = NULL;
	other.n_nodes = other.cap_nodes = 0;
	assert_int_equal(tree_new(&nothing, 0, &other.tree), CONSIGN_OK);
	fixture_pass(&other, size_of(t));
	struct session_documents *d = fixture_none(&t->f, 0);

	d->checkpoint = fixture_update(&other, 0);
	assert_int_equal(stage(t, d, HUB_PROVEN), CONSIGN_E_FORK);
	fixture_pass(&other, 3);
	d->checkpoint = fixture_update(&other, size_of(t));
	assert_int_equal(stage(t, d, HUB_PROVEN), CONSIGN_E_BAD_PROOF);
	tree_free(&other.tree);
	free(other.nodes);
}

static void
test_stage_refuses_a_checkpoint_under_another_key(void **state)
{
	struct fixture *t = *state;
	struct hub_fixture other = t->f;

	other.ledger = t->f.receipt;
	struct session_documents *d = fixture_none(&t->f, 0);

	fixture_pass(&t->f, 1);
	d->checkpoint = fixture_update(&other, size_of(t));
	assert_int_not_equal(stage(t, d, HUB_PROVEN), CONSIGN_OK);
}

static void
test_stage_refuses_documents_without_a_checkpoint(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);

	d->checkpoint = NULL;
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_BAD_PROOF);
}

static void
test_stage_refuses_a_leaf_of_another_document(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);

	d->cards.v[0]->leaf = d->cards.v[1]->leaf;
	d->cards.v[0]->path = d->cards.v[1]->path;
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_BAD_PROOF);
}

static void
test_stage_refuses_a_proof_to_another_checkpoint(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0); /* paths to the checkpoint of now */

	fixture_pass(&t->f, 5);
	d->checkpoint = fixture_update(&t->f, 0);
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_BAD_PROOF);
}

static void
test_stage_refuses_a_document_without_leaf(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);

	d->policies.v[0]->head->leaf = NULL;
	d->policies.v[0]->head->path = NULL;
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_BAD_PROOF);
}

static void
test_stage_refuses_roots_whose_leaves_do_not_rise(void **state)
{
	struct fixture *t = *state;
	struct fixture_document *third = fixture_root(&t->f, FIXTURE_ALL_SIGN), *fourth = fixture_root(&t->f, FIXTURE_ALL_SIGN);

	fixture_publish(&t->f, fourth);
	fixture_publish(&t->f, third);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_PROOF);
}

/* The same in two messages: the leaf of the next root must be after the one that is known. */
static void
test_stage_refuses_a_root_whose_leaf_is_before_that_of_the_known_one(void **state)
{
	struct fixture *t = *state;
	struct hub *hub;
	struct fixture_document *third = fixture_root(&t->f, FIXTURE_ALL_SIGN), *fourth = fixture_root(&t->f, FIXTURE_ALL_SIGN);

	fixture_publish(&t->f, fourth);
	fixture_publish(&t->f, third);
	struct session_documents *first = fixture_all(&t->f, 0), *second = fixture_none(&t->f, tree_size(t->f.tree));

	first->roots.n = 3;
	fixture_add_root(&t->f, second, fourth);
	assert_int_equal(hub_new(&t->f.hub_id, false, &hub), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, hub, first, HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, hub, second, HUB_PROVEN), CONSIGN_E_BAD_PROOF);
	hub_free(&hub);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGE_TEST(test_stage_refuses_a_checkpoint_smaller_than_the_last),
	    STAGE_TEST(test_stage_refuses_a_checkpoint_of_another_history),
	    STAGE_TEST(test_stage_refuses_a_checkpoint_under_another_key),
	    STAGE_TEST(test_stage_refuses_documents_without_a_checkpoint),
	    STAGE_TEST(test_stage_refuses_a_leaf_of_another_document),
	    STAGE_TEST(test_stage_refuses_a_proof_to_another_checkpoint),
	    STAGE_TEST(test_stage_refuses_a_document_without_leaf),
	    STAGE_TEST(test_stage_refuses_roots_whose_leaves_do_not_rise),
	    STAGE_TEST(test_stage_refuses_a_root_whose_leaf_is_before_that_of_the_known_one),
	};

	return cmocka_run_group_tests_name("trust/stage_proven", tests, NULL, NULL);
}
