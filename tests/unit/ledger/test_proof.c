/* The verifier: every true proof of a small tree passes, every altered one fails; the committed vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/sign.h"
#include "ledger/tree.h"
#include "naive.h"
#include "vectors.h"

#define SMALL 130u

struct fixture {
	struct consign_hash entries[SMALL];
	struct consign_hash heads[SMALL + 1];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	if (f == NULL || secret_start() != CONSIGN_OK)
		return -1;
	for (size_t i = 0; i < SMALL; i++)
		f->entries[i] = naive_entry(i);
	for (size_t n = 0; n <= SMALL; n++)
		f->heads[n] = naive_head(f->entries, n);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static void
test_proof_entry_is_the_hash_of_salt_and_record(void **state)
{
	struct consign_hash salt = naive_entry(1), entry, want;
	uint8_t bytes[32 + 6];

	(void)state;
	memcpy(bytes, salt.b, 32);
	memcpy(bytes + 32, "record", 6);
	hash_sha256(SLICE_ARRAY(bytes), &want);
	tree_entry(&salt, slice_text("record"), &entry);
	assert_memory_equal(&entry, &want, sizeof entry);
}

static void
check_altered_inclusions(const struct fixture *f, uint64_t index, uint64_t size, struct tree_path *path)
{
	const struct consign_hash *entry = &f->entries[index], *head = &f->heads[size];

	for (size_t i = 0; i < path->n; i++) {
		path->hash[i].b[i % 32] ^= 1;
		assert_int_equal(tree_verify_inclusion(entry, index, size, path->hash, path->n, head), CONSIGN_E_BAD_PROOF);
		path->hash[i].b[i % 32] ^= 1;
	}
	if (path->n > 0) {
		assert_int_equal(tree_verify_inclusion(entry, index, size, path->hash, path->n - 1, head), CONSIGN_E_BAD_PROOF);
		assert_int_equal(
		    tree_verify_inclusion(entry, index, size, path->hash + 1, path->n - 1, head), CONSIGN_E_BAD_PROOF);
	}
	for (uint64_t bit = 1; bit <= size; bit *= 2)
		assert_int_equal(tree_verify_inclusion(entry, index ^ bit, size, path->hash, path->n, head), CONSIGN_E_BAD_PROOF);
	path->hash[path->n] = *head;
	assert_int_equal(tree_verify_inclusion(entry, index, size, path->hash, path->n + 1, head), CONSIGN_E_BAD_PROOF);
	assert_int_equal(
	    tree_verify_inclusion(entry, index, size, path->hash, path->n, &f->heads[size - 1]), CONSIGN_E_BAD_PROOF);
}

static void
test_proof_of_every_place_in_every_small_tree_holds_and_altered_fails(void **state)
{
	const struct fixture *f = *state;

	for (uint64_t size = 1; size <= SMALL; size++) {
		for (uint64_t index = 0; index < size; index++) {
			struct tree_path path = {.n = 0};

			naive_path(index, f->entries, size, &path);
			assert_int_equal(
			    tree_verify_inclusion(&f->entries[index], index, size, path.hash, path.n, &f->heads[size]),
			    CONSIGN_OK);
			check_altered_inclusions(f, index, size, &path);
		}
	}
}

static void
check_altered_growth(const struct fixture *f, uint64_t from, uint64_t to, struct tree_path *path)
{
	const struct consign_hash *older = &f->heads[from], *newer = &f->heads[to];

	for (size_t i = 0; i < path->n; i++) {
		path->hash[i].b[i % 32] ^= 0x80;
		assert_int_equal(tree_verify_consistency(from, older, to, newer, path->hash, path->n), CONSIGN_E_BAD_PROOF);
		path->hash[i].b[i % 32] ^= 0x80;
	}
	if (path->n > 0) {
		assert_int_equal(tree_verify_consistency(from, older, to, newer, path->hash, path->n - 1), CONSIGN_E_BAD_PROOF);
		assert_int_equal(
		    tree_verify_consistency(from, older, to, newer, path->hash + 1, path->n - 1), CONSIGN_E_BAD_PROOF);
	}
	path->hash[path->n] = *newer;
	assert_int_equal(tree_verify_consistency(from, older, to, newer, path->hash, path->n + 1), CONSIGN_E_BAD_PROOF);
	if (from == 0)
		return;
	assert_int_equal(tree_verify_consistency(from, &f->heads[from - 1], to, newer, path->hash, path->n), CONSIGN_E_BAD_PROOF);
	assert_int_equal(tree_verify_consistency(from, older, to, &f->heads[to - 1], path->hash, path->n), CONSIGN_E_BAD_PROOF);
}

static void
test_proof_of_every_growth_of_a_small_tree_holds_and_altered_fails(void **state)
{
	const struct fixture *f = *state;

	for (uint64_t to = 0; to <= SMALL; to++) {
		for (uint64_t from = 0; from <= to; from++) {
			struct tree_path path = {.n = 0};

			if (from > 0)
				naive_subproof(from, f->entries, to, true, &path);
			assert_int_equal(
			    tree_verify_consistency(from, &f->heads[from], to, &f->heads[to], path.hash, path.n), CONSIGN_OK);
			check_altered_growth(f, from, to, &path);
			if (from < to)
				assert_int_equal(
				    tree_verify_consistency(to, &f->heads[to], from, &f->heads[from], path.hash, path.n),
				    CONSIGN_E_BAD_PROOF);
		}
	}
}

static void
check_inclusion(char **field, void *context)
{
	struct consign_hash entry = vectors_hash(field[4]), head = vectors_hash(field[6]), *path;
	size_t n = vectors_path(field[5], &path);

	(void)context;
	vectors_check(
	    field[0], field[1], tree_verify_inclusion(&entry, vectors_u64(field[2]), vectors_u64(field[3]), path, n, &head));
	free(path);
}

static void
test_proof_inclusion_vectors(void **state)
{
	(void)state;
	assert_true(vectors_each("inclusion.tsv", 7, check_inclusion, NULL) > 50);
}

static void
check_consistency(char **field, void *context)
{
	struct consign_hash older = vectors_hash(field[3]), newer = vectors_hash(field[5]), *path;
	size_t n = vectors_path(field[6], &path);

	(void)context;
	vectors_check(
	    field[0], field[1], tree_verify_consistency(vectors_u64(field[2]), &older, vectors_u64(field[4]), &newer, path, n));
	free(path);
}

static void
test_proof_consistency_vectors(void **state)
{
	(void)state;
	assert_true(vectors_each("consistency.tsv", 7, check_consistency, NULL) > 65);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_proof_entry_is_the_hash_of_salt_and_record),
	    cmocka_unit_test(test_proof_of_every_place_in_every_small_tree_holds_and_altered_fails),
	    cmocka_unit_test(test_proof_of_every_growth_of_a_small_tree_holds_and_altered_fails),
	    cmocka_unit_test(test_proof_inclusion_vectors),
	    cmocka_unit_test(test_proof_consistency_vectors),
	};

	return cmocka_run_group_tests_name("ledger.proof", tests, setup, teardown);
}
