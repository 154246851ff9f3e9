/* The shape of paths, at the sizes where arithmetic could overflow; its hashes are measured in test_tree and test_proof. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/sign.h"
#include "ledger/path.h"
#include "ledger/tree.h"
#include "naive.h"

static void
test_path_leaf_and_join_prefix_their_input(void **state)
{
	struct consign_hash entry = naive_entry(0), left = naive_entry(1), right = naive_entry(2), got, want;

	(void)state;
	want = naive_head(&entry, 1);
	path_leaf(&entry, &got);
	assert_memory_equal(&got, &want, sizeof got);
	path_leaf(&entry, &entry);
	assert_memory_equal(&entry, &want, sizeof want);
	want = naive_join(left, right);
	path_concat(&left, &right, &got);
	assert_memory_equal(&got, &want, sizeof got);
	path_concat(&left, &right, &right);
	assert_memory_equal(&right, &want, sizeof want);
}

/* The steps and the end of the way lie side by side and cover the tree; each step starts where its size fits. */
static void
check_cover(const struct path_shape *shape, uint64_t size)
{
	uint64_t left = 0, right = size;

	assert_true(shape->n < CONSIGN_PATH_MAX);
	for (size_t i = 0; i < shape->n; i++) {
		const struct path_step *step = &shape->step[i];
		uint64_t width = 1;

		assert_true(step->len > 0);
		while (width < step->len)
			width *= 2;
		assert_int_equal(step->start % width, 0);
		if (step->is_left) {
			assert_int_equal(step->start, left);
			left += step->len;
		} else {
			right -= step->len;
			assert_int_equal(step->start, right);
		}
	}
	assert_int_equal(shape->start, left);
	assert_int_equal(shape->start + shape->len, right);
}

static const uint64_t sizes[] = {
    1,
    2,
    3,
    7,
    UINT64_C(1) << 32,
    (UINT64_C(1) << 32) + 1,
    (UINT64_C(1) << 62) + 1,
    TREE_SIZE_MAX - 1,
    TREE_SIZE_MAX,
};
#define SIZES (sizeof sizes / sizeof sizes[0])

static void
test_path_to_leaf_covers_the_tree_up_to_the_largest(void **state)
{
	struct path_shape shape;

	(void)state;
	for (size_t i = 0; i < SIZES; i++) {
		const uint64_t indices[] = {0, sizes[i] / 3, sizes[i] / 2, sizes[i] - 1};

		for (size_t k = 0; k < 4; k++) {
			path_to_leaf(indices[k], sizes[i], &shape);
			check_cover(&shape, sizes[i]);
			assert_int_equal(shape.start, indices[k]);
			assert_int_equal(shape.len, 1);
		}
	}
	path_to_leaf(TREE_SIZE_MAX - 1, TREE_SIZE_MAX, &shape);
	assert_int_equal(shape.n, 63);
}

static void
test_path_to_prefix_ends_where_the_older_tree_ends(void **state)
{
	struct path_shape shape;

	(void)state;
	for (size_t i = 0; i < SIZES; i++) {
		for (size_t k = 0; k <= i; k++) {
			path_to_prefix(sizes[k], sizes[i], &shape);
			check_cover(&shape, sizes[i]);
			assert_int_equal(shape.start + shape.len, sizes[k]);
		}
	}
	path_to_prefix(TREE_SIZE_MAX - 1, TREE_SIZE_MAX, &shape);
	assert_int_equal(shape.n, 63);
	assert_int_equal(shape.len, 1);
	path_to_prefix(TREE_SIZE_MAX / 2, TREE_SIZE_MAX, &shape);
	assert_int_equal(shape.n, 1);
	assert_int_equal(shape.start, 0);
}

static int
start(void **state)
{
	(void)state;
	return secret_start() == CONSIGN_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_path_leaf_and_join_prefix_their_input),
	    cmocka_unit_test(test_path_to_leaf_covers_the_tree_up_to_the_largest),
	    cmocka_unit_test(test_path_to_prefix_ends_where_the_older_tree_ends),
	};

	return cmocka_run_group_tests_name("ledger.path", tests, start, NULL);
}
