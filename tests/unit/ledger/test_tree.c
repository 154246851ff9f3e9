/* The owner's side of the tree, against naive.h and the committed heads; its cost in reads; its store failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/sign.h"
#include "ledger/path.h"
#include "ledger/tree.h"
#include "naive.h"
#include "vectors.h"

#define SMALL 130u

/* A store in memory: a flat array a level. */
struct store {
	struct consign_hash *level[64];
	uint64_t count[64];
	uint64_t cap[64];
	uint64_t reads;
	enum consign_err fails_with; /* when not OK */
	bool is_invented;            /* answers every read with a hash of its place */
};

static struct consign_hash
invented(uint32_t level, uint64_t index)
{
	struct consign_hash hash;
	uint8_t place[12];

	be32_store(place, level);
	be64_store(place + 4, index);
	hash_sha256(SLICE_ARRAY(place), &hash);
	return hash;
}

static enum consign_err
store_read(void *self, uint32_t level, uint64_t index, struct consign_hash *ret_hash)
{
	struct store *s = self;

	assert_true(level < 64);
	s->reads++;
	if (s->fails_with != CONSIGN_OK)
		return s->fails_with;
	if (s->is_invented) {
		*ret_hash = invented(level, index);
		return CONSIGN_OK;
	}
	if (index >= s->count[level])
		return CONSIGN_E_NOT_FOUND;
	*ret_hash = s->level[level][index];
	return CONSIGN_OK;
}

static void
store_write(struct store *s, const struct tree_node *nodes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t level = nodes[i].level;

		if (s->count[level] == s->cap[level]) {
			s->cap[level] = s->cap[level] == 0 ? 64 : s->cap[level] * 2;
			s->level[level] = realloc(s->level[level], s->cap[level] * sizeof(struct consign_hash));
			assert_non_null(s->level[level]);
		}
		assert_int_equal(nodes[i].index, s->count[level]);
		s->level[level][s->count[level]++] = nodes[i].hash;
	}
}

struct fixture {
	struct store store;
	struct tree_store verbs;
	struct tree *tree;
	struct consign_hash entries[SMALL];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	if (f == NULL || secret_start() != CONSIGN_OK)
		return -1;
	f->verbs = (struct tree_store){.read = store_read, .self = &f->store};
	for (size_t i = 0; i < SMALL; i++)
		f->entries[i] = naive_entry(i);
	*state = f;
	return tree_new(&f->verbs, 0, &f->tree) == CONSIGN_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	tree_free(&f->tree);
	tree_free(&f->tree);
	for (size_t i = 0; i < 64; i++)
		free(f->store.level[i]);
	free(f);
	return 0;
}

static void
append(struct fixture *f, uint64_t count, bool is_stored)
{
	struct tree_node nodes[CONSIGN_PATH_MAX];
	size_t n;

	for (uint64_t i = 0; i < count; i++) {
		struct consign_hash entry = naive_entry(tree_size(f->tree));

		tree_append(f->tree, &entry, nodes, &n);
		if (is_stored)
			store_write(&f->store, nodes, n);
	}
}

/* Closes the tree and opens it from the store: nothing is cached. */
static void
reopen(struct fixture *f)
{
	uint64_t size = tree_size(f->tree);

	tree_free(&f->tree);
	assert_null(f->tree);
	assert_int_equal(tree_new(&f->verbs, size, &f->tree), CONSIGN_OK);
	assert_int_equal(tree_size(f->tree), size);
}

static void
check_path(const struct tree_path *got, const struct tree_path *want)
{
	assert_int_equal(got->n, want->n);
	if (want->n > 0)
		assert_memory_equal(got->hash, want->hash, want->n * sizeof want->hash[0]);
}

/* Both trees hold the small one; one may have it in its cache, the other only in the store. */
static void
check_size(const struct fixture *f, struct tree *trees[2], uint64_t size)
{
	struct consign_hash head, want = naive_head(f->entries, size);
	struct tree_path path, want_path;

	for (int t = 0; t < 2; t++) {
		assert_int_equal(tree_head(trees[t], size, &head), CONSIGN_OK);
		assert_memory_equal(&head, &want, sizeof head);
	}
	for (uint64_t index = 0; index < size; index++) {
		want_path.n = 0;
		naive_path(index, f->entries, size, &want_path);
		for (int t = 0; t < 2; t++) {
			assert_int_equal(tree_inclusion(trees[t], index, size, &path), CONSIGN_OK);
			check_path(&path, &want_path);
		}
	}
	for (uint64_t from = 0; from <= size; from++) {
		want_path.n = 0;
		if (from > 0)
			naive_subproof(from, f->entries, size, true, &want_path);
		for (int t = 0; t < 2; t++) {
			assert_int_equal(tree_consistency(trees[t], from, size, &path), CONSIGN_OK);
			check_path(&path, &want_path);
		}
	}
}

static void
test_tree_gives_what_rfc_6962_says_for_every_small_size(void **state)
{
	struct fixture *f = *state;
	struct tree *trees[2];

	append(f, SMALL, true);
	trees[0] = f->tree;
	assert_int_equal(tree_new(&f->verbs, SMALL, &trees[1]), CONSIGN_OK);
	for (uint64_t size = 0; size <= SMALL; size++)
		check_size(f, trees, size);
	tree_free(&trees[1]);
}

static void
test_tree_head_follows_each_append(void **state)
{
	struct fixture *f = *state;

	for (uint64_t size = 0; size <= SMALL; size++) {
		struct consign_hash head, want = naive_head(f->entries, size);

		assert_int_equal(tree_head(f->tree, size, &head), CONSIGN_OK);
		assert_memory_equal(&head, &want, sizeof head);
		append(f, 1, false);
	}
}

static void
test_tree_appends_the_same_after_opening_at_every_size(void **state)
{
	struct fixture *f = *state;

	for (uint64_t size = 0; size < SMALL; size++) {
		struct consign_hash head, want = naive_head(f->entries, size + 1);

		append(f, 1, true);
		reopen(f);
		assert_int_equal(tree_head(f->tree, size + 1, &head), CONSIGN_OK);
		assert_memory_equal(&head, &want, sizeof head);
	}
}

static void
check_head(char **field, void *context)
{
	struct fixture *f = context;
	struct consign_hash head, want = vectors_hash(field[1]);

	assert_int_equal(tree_head(f->tree, vectors_u64(field[0]), &head), CONSIGN_OK);
	assert_memory_equal(&head, &want, sizeof head);
}

static void
test_tree_heads_are_those_of_the_vectors(void **state)
{
	append(*state, 300, false);
	assert_int_equal(vectors_each("heads.tsv", 2, check_head, *state), 45);
}

static void
test_tree_append_names_the_subtrees_it_completes(void **state)
{
	struct fixture *f = *state;
	struct tree_node nodes[CONSIGN_PATH_MAX];
	struct consign_hash want;
	size_t n;

	for (uint64_t i = 0; i < 8; i++)
		tree_append(f->tree, &f->entries[i], nodes, &n);
	assert_int_equal(n, 4);
	for (uint32_t level = 0; level < 4; level++) {
		uint64_t index = (8u >> level) - 1;

		want = naive_head(f->entries + (index << level), 1u << level);
		assert_int_equal(nodes[level].level, level);
		assert_int_equal(nodes[level].index, index);
		assert_memory_equal(&nodes[level].hash, &want, sizeof want);
	}
	tree_append(f->tree, &f->entries[8], nodes, &n);
	assert_int_equal(n, 1);
}

static void
test_tree_refuses_places_and_sizes_it_does_not_have(void **state)
{
	struct fixture *f = *state;
	struct consign_hash head, untouched = naive_entry(7);
	struct tree_path path = {.n = 77};

	append(f, 5, true);
	head = untouched;
	assert_int_equal(tree_head(f->tree, 6, &head), CONSIGN_E_NOT_FOUND);
	assert_int_equal(tree_head(f->tree, UINT64_MAX, &head), CONSIGN_E_NOT_FOUND);
	assert_memory_equal(&head, &untouched, sizeof head);
	assert_int_equal(tree_inclusion(f->tree, 5, 5, &path), CONSIGN_E_NOT_FOUND);
	assert_int_equal(tree_inclusion(f->tree, 0, 0, &path), CONSIGN_E_NOT_FOUND);
	assert_int_equal(tree_inclusion(f->tree, 0, 6, &path), CONSIGN_E_NOT_FOUND);
	assert_int_equal(tree_inclusion(f->tree, UINT64_MAX, UINT64_MAX, &path), CONSIGN_E_NOT_FOUND);
	assert_int_equal(tree_consistency(f->tree, 4, 3, &path), CONSIGN_E_NOT_FOUND);
	assert_int_equal(tree_consistency(f->tree, 0, 6, &path), CONSIGN_E_NOT_FOUND);
	assert_int_equal(tree_consistency(f->tree, 6, 6, &path), CONSIGN_E_NOT_FOUND);
	assert_int_equal(path.n, 77);
}

static void
test_tree_reports_what_its_store_reports_and_touches_nothing(void **state)
{
	struct fixture *f = *state;
	struct consign_hash head, untouched = naive_entry(7);
	struct tree_path path = {.n = 77};
	struct tree *other = NULL;

	append(f, 100, true);
	reopen(f);
	f->store.fails_with = CONSIGN_E_IO;
	head = untouched;
	assert_int_equal(tree_head(f->tree, 99, &head), CONSIGN_E_IO);
	assert_memory_equal(&head, &untouched, sizeof head);
	assert_int_equal(tree_inclusion(f->tree, 5, 100, &path), CONSIGN_E_IO);
	f->store.fails_with = CONSIGN_E_CORRUPT;
	assert_int_equal(tree_consistency(f->tree, 5, 100, &path), CONSIGN_E_CORRUPT);
	assert_int_equal(path.n, 77);
	assert_int_equal(tree_new(&f->verbs, 100, &other), CONSIGN_E_CORRUPT);
	assert_null(other);
	/* The edge is held: the head of now and appending need no store. */
	assert_int_equal(tree_head(f->tree, 100, &head), CONSIGN_OK);
	append(f, 1, false);
	assert_int_equal(tree_size(f->tree), 101);
}

static void
test_tree_refuses_to_open_over_the_largest_size(void **state)
{
	struct fixture *f = *state;
	struct tree *other = NULL;

	f->store.is_invented = true;
	assert_int_equal(tree_new(&f->verbs, TREE_SIZE_MAX + 1, &other), CONSIGN_E_CORRUPT);
	assert_int_equal(tree_new(&f->verbs, UINT64_MAX, &other), CONSIGN_E_CORRUPT);
	assert_null(other);
	assert_int_equal(tree_new(&f->verbs, TREE_SIZE_MAX, &other), CONSIGN_OK);
	tree_free(&other);
}

/* Nothing is consistent in an invented store but shape: what is asked, how often, and that no arithmetic overflows. */
static void
test_tree_reads_no_more_nodes_than_its_height_at_the_largest_sizes(void **state)
{
	struct fixture *f = *state;
	const uint64_t sizes[] = {TREE_SIZE_MAX, TREE_SIZE_MAX - 1, (UINT64_C(1) << 62) + 12345, (UINT64_C(1) << 40) - 1};
	struct tree_path path;

	f->store.is_invented = true;
	for (size_t i = 0; i < 4; i++) {
		const uint64_t places[] = {0, 1, sizes[i] / 3, sizes[i] / 2, sizes[i] - 2, sizes[i] - 1};

		tree_free(&f->tree);
		f->store.reads = 0;
		assert_int_equal(tree_new(&f->verbs, sizes[i], &f->tree), CONSIGN_OK);
		assert_int_equal(f->store.reads, __builtin_popcountll(sizes[i]));
		for (size_t k = 0; k < 6; k++) {
			f->store.reads = 0;
			assert_int_equal(tree_inclusion(f->tree, places[k], sizes[i], &path), CONSIGN_OK);
			assert_true(path.n <= 63);
			assert_true(f->store.reads <= 2 * 63);
			f->store.reads = 0;
			assert_int_equal(tree_consistency(f->tree, places[k] + 1, sizes[i], &path), CONSIGN_OK);
			assert_true(path.n <= CONSIGN_PATH_MAX);
			assert_true(f->store.reads <= 2 * 63);
		}
	}
}

static void
test_tree_append_completes_64_nodes_at_most(void **state)
{
	struct fixture *f = *state;
	struct tree_node nodes[CONSIGN_PATH_MAX];
	struct consign_hash head;
	size_t n;

	f->store.is_invented = true;
	tree_free(&f->tree);
	assert_int_equal(tree_new(&f->verbs, TREE_SIZE_MAX - 1, &f->tree), CONSIGN_OK);
	tree_append(f->tree, &f->entries[0], nodes, &n);
	assert_int_equal(n, 64);
	assert_int_equal(nodes[63].level, 63);
	assert_int_equal(nodes[63].index, 0);
	assert_int_equal(tree_size(f->tree), TREE_SIZE_MAX);
	assert_int_equal(tree_head(f->tree, TREE_SIZE_MAX, &head), CONSIGN_OK);
	assert_memory_equal(&head, &nodes[63].hash, sizeof head);
}

/* The cache is larger than this tree of 32768 unstored leaves, and old reads do not push new nodes out. */
static void
test_tree_proves_places_that_are_not_stored_yet(void **state)
{
	struct fixture *f = *state;
	struct consign_hash head, entry;
	struct tree_path path;
	uint64_t size;

	append(f, 70000, true);
	append(f, 32768, false);
	size = tree_size(f->tree);
	for (uint64_t old = 0; old < 70000; old += 61)
		assert_int_equal(tree_inclusion(f->tree, old, 70000, &path), CONSIGN_OK);
	assert_int_equal(tree_head(f->tree, size, &head), CONSIGN_OK);
	for (uint64_t index = 70000; index < size; index += 13) {
		entry = naive_entry(index);
		assert_int_equal(tree_inclusion(f->tree, index, size, &path), CONSIGN_OK);
		assert_int_equal(tree_verify_inclusion(&entry, index, size, path.hash, path.n, &head), CONSIGN_OK);
	}
	for (uint64_t from = 70000; from < size; from += 977) {
		struct consign_hash older;

		assert_int_equal(tree_head(f->tree, from, &older), CONSIGN_OK);
		assert_int_equal(tree_consistency(f->tree, from, size, &path), CONSIGN_OK);
		assert_int_equal(tree_verify_consistency(from, &older, size, &head, path.hash, path.n), CONSIGN_OK);
	}
}

static void
test_tree_reads_the_store_once_for_a_recent_node(void **state)
{
	struct fixture *f = *state;
	struct tree_path path;
	uint64_t first;

	append(f, 1000, true);
	reopen(f);
	f->store.reads = 0;
	assert_int_equal(tree_inclusion(f->tree, 998, 1000, &path), CONSIGN_OK);
	first = f->store.reads;
	assert_true(first > 0 && first <= 10);
	assert_int_equal(tree_inclusion(f->tree, 998, 1000, &path), CONSIGN_OK);
	assert_int_equal(f->store.reads, first);
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TREE_TEST(test_tree_gives_what_rfc_6962_says_for_every_small_size),
	    TREE_TEST(test_tree_head_follows_each_append),
	    TREE_TEST(test_tree_appends_the_same_after_opening_at_every_size),
	    TREE_TEST(test_tree_heads_are_those_of_the_vectors),
	    TREE_TEST(test_tree_append_names_the_subtrees_it_completes),
	    TREE_TEST(test_tree_refuses_places_and_sizes_it_does_not_have),
	    TREE_TEST(test_tree_reports_what_its_store_reports_and_touches_nothing),
	    TREE_TEST(test_tree_refuses_to_open_over_the_largest_size),
	    TREE_TEST(test_tree_reads_no_more_nodes_than_its_height_at_the_largest_sizes),
	    TREE_TEST(test_tree_append_completes_64_nodes_at_most),
	    TREE_TEST(test_tree_proves_places_that_are_not_stored_yet),
	    TREE_TEST(test_tree_reads_the_store_once_for_a_recent_node),
	};

	return cmocka_run_group_tests_name("ledger.tree", tests, NULL, NULL);
}
