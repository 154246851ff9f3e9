/* lib/ledger when memory is out, or the store under the tree fails: that error, and nothing is half done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing.h"
#include "ledger/checkpoint.h"
#include "naive.h"
#include "ledger/tree.h"

static void
test_out_of_memory_makes_no_checkpoint(void **state)
{
	struct secret *key;
	struct consign_public_key public;
	struct consign_hash hub_id = naive_entry(1);
	struct checkpoint c = {.size = 12345, .head = naive_entry(2)}, opened;
	char origin[256];

	(void)state;
	assert_int_equal(secret_start(), CONSIGN_OK);
	assert_int_equal(sign_keypair(&key, &public), CONSIGN_OK);
	checkpoint_origin(&hub_id, origin);
	/* What is in the buffer before moves the places where it has to grow. */
	for (size_t before = 0; before < 400; before++) {
		struct buf note = {0};

		for (size_t i = 0; i < before; i++)
			assert_int_equal(buf_append_u8(&note, 7), CONSIGN_OK);
		for (size_t nth = 1;; nth++) {
			failing_alloc(nth);
			enum consign_err err = checkpoint_make(origin, &c, key, &note);

			if (!failing_end()) {
				assert_int_equal(err, CONSIGN_OK);
				break;
			}
			assert_int_equal(err, CONSIGN_E_NO_MEMORY);
			assert_int_equal(note.len, before);
		}
		if (before % 100 == 0)
			assert_int_equal(
			    checkpoint_open(slice_of(note.data + before, note.len - before), origin, &public, &opened),
			    CONSIGN_OK);
		buf_clear(&note);
	}
	secret_free(&key);
}

struct nodes {
	struct tree_node v[64];
	size_t n;
	size_t fails_after; /* reads until one fails */
};

static enum consign_err
read_node(void *self, uint32_t level, uint64_t index, struct consign_hash *ret_hash)
{
	struct nodes *nodes = self;

	if (nodes->fails_after-- == 0)
		return CONSIGN_E_IO;
	for (size_t i = 0; i < nodes->n; i++)
		if (nodes->v[i].level == level && nodes->v[i].index == index) {
			*ret_hash = nodes->v[i].hash;
			return CONSIGN_OK;
		}
	return CONSIGN_E_NOT_FOUND;
}

static void
test_out_of_memory_or_a_store_that_fails_opens_no_tree(void **state)
{
	struct nodes nodes = {.fails_after = SIZE_MAX};
	struct tree_store store = {read_node, &nodes};
	struct tree *tree = NULL;
	struct tree_path path;

	(void)state;
	failing_alloc(1);
	assert_int_equal(tree_new(&store, 0, &tree), CONSIGN_E_NO_MEMORY);
	assert_true(failing_end());
	assert_null(tree);
	assert_int_equal(tree_new(&store, 0, &tree), CONSIGN_OK);
	for (uint64_t i = 0; i < 13; i++) {
		struct consign_hash entry = naive_entry(i);
		size_t n;

		tree_append(tree, &entry, nodes.v + nodes.n, &n);
		nodes.n += n;
	}
	tree_free(&tree);
	for (size_t reads = 0;; reads++) {
		nodes.fails_after = reads;
		enum consign_err err = tree_new(&store, 13, &tree);

		if (err == CONSIGN_OK) {
			assert_int_equal(reads, 3); /* 13 is 8 + 4 + 1 */
			break;
		}
		assert_int_equal(err, CONSIGN_E_IO);
		assert_null(tree);
	}
	for (size_t reads = 0;; reads++) {
		path.n = 0;
		nodes.fails_after = reads;
		enum consign_err err = tree_inclusion(tree, 3, 11, &path);

		if (err == CONSIGN_OK) {
			assert_true(reads > 0);
			break;
		}
		assert_int_equal(err, CONSIGN_E_IO);
	}
	for (size_t reads = 0;; reads++) {
		path.n = 0;
		nodes.fails_after = reads;
		enum consign_err err = tree_consistency(tree, 6, 11, &path);

		if (err == CONSIGN_OK) {
			assert_true(reads > 0);
			break;
		}
		assert_int_equal(err, CONSIGN_E_IO);
	}
	tree_free(&tree);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_out_of_memory_makes_no_checkpoint),
	    cmocka_unit_test(test_out_of_memory_or_a_store_that_fails_opens_no_tree),
	};

	return cmocka_run_group_tests_name("ledger/out_of_memory", tests, NULL, NULL);
}
