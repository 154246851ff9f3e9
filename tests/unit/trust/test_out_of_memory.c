/* lib/trust whichever allocation fails: NO_MEMORY each time, and the hub as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing.h"
#include "hub_fixture.h"

struct fixture {
	struct hub_fixture f;
	struct hub *hub; /* has taken in everything */
	struct arena *arena;
};

static int
setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	hub_fixture_begin(&t->f, 2, 2);
	hub_fixture_standard(&t->f);
	t->hub = hub_fixture_hub(&t->f, true);
	assert_int_equal(arena_new((size_t)64 << 20, &t->arena), CONSIGN_OK);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	hub_free(&t->hub);
	arena_free(&t->arena);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

static void
test_out_of_memory_makes_no_hub(void **state)
{
	struct fixture *t = *state;
	struct hub *hub = NULL;

	failing_alloc(1);
	assert_int_equal(hub_new(&t->f.hub_id, true, &hub), CONSIGN_E_NO_MEMORY);
	assert_true(failing_end());
	assert_null(hub);
}

/* A message of documents in this mode, into a new hub, until nothing fails; then the hub has all of it. */
static void
stage_all(struct fixture *t, struct consign_slice bytes, enum hub_mode mode, struct buf *ret_stored)
{
	struct hub *hub = NULL;
	char problem[HUB_PROBLEM_BYTES];
	size_t nth = 1;

	assert_int_equal(hub_new(&t->f.hub_id, true, &hub), CONSIGN_OK);
	for (;; nth++) {
		struct hub_stage *stage = NULL;

		failing_alloc(nth);
		enum consign_err err = hub_stage(hub, bytes, mode, &stage, problem);

		if (!failing_end()) {
			assert_int_equal(err, CONSIGN_OK);
			if (ret_stored != NULL)
				assert_int_equal(hub_stage_encode(stage, ret_stored), CONSIGN_OK);
			hub_adopt(hub, &stage);
			break;
		}
		assert_int_equal(err, CONSIGN_E_NO_MEMORY);
		assert_null(stage);
		assert_null(hub_root(hub));
		assert_int_equal(hub_checkpoint(hub)->size, 0);
	}
	assert_true(nth > 100);
	assert_int_equal(hub_root(hub)->root->version, 2);
	hub_free(&hub);
}

static void
test_out_of_memory_stages_nothing(void **state)
{
	struct fixture *t = *state;
	struct buf stored = {0};

	stage_all(t, fixture_encode(&t->f, &wire_session_documents, fixture_all(&t->f, 0)), HUB_PROVEN, &stored);
	stage_all(t, buf_slice(&stored), HUB_STORED, NULL);
	buf_clear(&stored);
}

static void
test_out_of_memory_is_not_a_store_that_is_damaged(void **state)
{
	struct fixture *t = *state;
	struct hub_stage *stage = NULL;
	struct hub *hub = NULL;
	struct buf stored = {0};
	char problem[HUB_PROBLEM_BYTES];

	assert_int_equal(hub_new(&t->f.hub_id, true, &hub), CONSIGN_OK);
	assert_int_equal(
	    hub_stage(hub, fixture_encode(&t->f, &wire_session_documents, fixture_all(&t->f, 0)), HUB_PROVEN, &stage, problem),
	    CONSIGN_OK);
	for (size_t nth = 1;; nth++) {
		failing_alloc(nth);
		enum consign_err err = hub_stage_encode(stage, &stored);

		if (!failing_end()) {
			assert_int_equal(err, CONSIGN_OK);
			assert_true(nth > 10);
			break;
		}
		assert_int_equal(err, CONSIGN_E_NO_MEMORY);
		assert_int_equal(stored.len, 0);
		buf_clear(&stored); /* so that it has to grow again */
	}
	hub_stage_free(&stage);
	for (size_t nth = 1;; nth += 7) {
		failing_alloc(nth);
		enum consign_err err = hub_take_stored(hub, buf_slice(&stored), problem);

		if (!failing_end()) {
			assert_int_equal(err, CONSIGN_OK);
			break;
		}
		assert_int_equal(err, CONSIGN_E_NO_MEMORY);
	}
	stored.data[stored.len / 2] ^= 1;
	hub_free(&hub);
	assert_int_equal(hub_new(&t->f.hub_id, true, &hub), CONSIGN_OK);
	assert_int_equal(hub_take_stored(hub, buf_slice(&stored), problem), CONSIGN_E_CORRUPT);
	hub_free(&hub);
	buf_clear(&stored);
}

static void
no_leaf(
    void *context, enum sign_kind kind, const char *org, uint64_t version, const struct consign_hash *hash, struct leaf *ret_leaf)
{
	static const struct consign_slice record = {(const uint8_t *)"a record", 8};

	(void)context;
	(void)kind;
	(void)org;
	(void)version;
	(void)hash;
	*ret_leaf = (struct leaf){.index = 7, .record = record};
}

/* The broker assigns leaves and then encodes for its store: a leaf for which there was no memory is found there. */
static void
test_out_of_memory_while_leaves_are_assigned_is_found_when_they_are_stored(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_none(&t->f, 0);
	struct buf stored = {0};
	char problem[HUB_PROBLEM_BYTES];

	d->checkpoint = NULL;
	fixture_add_directory(&t->f, d, fixture_directory(&t->f, FIXTURE_ALL_SIGN));
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	for (size_t nth = 1;; nth++) {
		struct hub_stage *stage = NULL;

		assert_int_equal(
		    hub_stage(t->hub, fixture_encode(&t->f, &wire_session_documents, d), HUB_PUBLISH, &stage, problem),
		    CONSIGN_OK);
		failing_alloc(nth);
		hub_stage_assign(stage, no_leaf, NULL);
		bool failed = failing_end();

		assert_int_equal(hub_stage_encode(stage, &stored), failed ? CONSIGN_E_NO_MEMORY : CONSIGN_OK);
		hub_stage_free(&stage);
		if (!failed) {
			assert_int_equal(nth, 5); /* two documents, a leaf and its record each */
			break;
		}
		assert_int_equal(stored.len, 0);
	}
	buf_clear(&stored);
}

static enum consign_err
prove_some(void *self, uint64_t leaf, struct arena *arena, struct proof **ret_proof)
{
	size_t *left = self; /* proofs until the store fails */

	if ((*left)-- == 0)
		return CONSIGN_E_IO;
	(void)leaf;
	struct proof *proof = arena_alloc(arena, sizeof *proof);

	if (proof == NULL)
		return CONSIGN_E_NO_MEMORY;
	*ret_proof = proof;
	return CONSIGN_OK;
}

static void
test_out_of_memory_slices_nothing(void **state)
{
	struct fixture *t = *state;
	size_t left = SIZE_MAX;
	struct hub_proofs proofs = {prove_some, &left, fixture_update(&t->f, 0)};
	static const char *const readers[] = {NULL, "acme"};

	for (size_t i = 0; i < 4; i++)
		for (size_t nth = 1;; nth++) {
			struct session_documents *d = NULL;

			arena_reset(t->arena);
			failing_alloc(nth);
			enum consign_err err = i < 2 ? hub_slice(t->hub, readers[i], 0, 0, &proofs, t->arena, &d)
						     : hub_slice_card(t->hub, readers[i % 2], "bolt", 1, &proofs, t->arena, &d);

			if (!failing_end()) {
				assert_int_equal(err, CONSIGN_OK);
				assert_int_equal(d->roots.n, i < 2 ? 2 : 0);
				assert_true(nth > 3);
				break;
			}
			assert_int_equal(err, CONSIGN_E_NO_MEMORY);
			assert_null(d);
		}
}

/* The store that proofs come from fails: so does the slice, at whichever document. */
static void
test_out_of_memory_or_a_store_that_fails_ends_a_slice(void **state)
{
	struct fixture *t = *state;
	size_t fails_at = 0;

	for (;; fails_at++) {
		size_t left = fails_at;
		struct hub_proofs proofs = {prove_some, &left, fixture_update(&t->f, 0)};
		struct session_documents *d = NULL;

		arena_reset(t->arena);
		enum consign_err err = hub_slice(t->hub, NULL, 0, 0, &proofs, t->arena, &d);

		if (err == CONSIGN_OK)
			break;
		assert_int_equal(err, CONSIGN_E_IO);
		assert_null(d);
	}
	assert_int_equal(fails_at, 2 + 1 + 1 + 4); /* roots, directory, policy, cards */
	size_t none = 0;
	struct hub_proofs proofs = {prove_some, &none, fixture_update(&t->f, 0)};
	struct session_documents *d = NULL;

	assert_int_equal(hub_slice_card(t->hub, NULL, "bolt", 1, &proofs, t->arena, &d), CONSIGN_E_IO);
	assert_null(d);
}

static void
test_out_of_memory_moves_no_checkpoint(void **state)
{
	struct fixture *t = *state;
	uint64_t size = hub_checkpoint(t->hub)->size;
	struct checkpoint_update *update;

	fixture_pass(&t->f, 3);
	update = fixture_update(&t->f, size);
	for (size_t nth = 1;; nth++) {
		failing_alloc(nth);
		enum consign_err err = hub_advance(t->hub, update);

		if (!failing_end()) {
			assert_int_equal(err, CONSIGN_OK);
			break;
		}
		assert_int_equal(err, CONSIGN_E_NO_MEMORY);
		assert_int_equal(hub_checkpoint(t->hub)->size, size);
	}
	assert_int_equal(hub_checkpoint(t->hub)->size, size + 3);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_out_of_memory_##name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(makes_no_hub),
	    CASE(stages_nothing),
	    CASE(is_not_a_store_that_is_damaged),
	    CASE(while_leaves_are_assigned_is_found_when_they_are_stored),
	    CASE(slices_nothing),
	    CASE(or_a_store_that_fails_ends_a_slice),
	    CASE(moves_no_checkpoint),
	};

	return cmocka_run_group_tests_name("trust/out_of_memory", tests, NULL, NULL);
}
