/* Statements proven by their place, or signed without one, every part altered; the hashes of a mailbox; the vectors of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/statement.h"
#include "naive.h"
#include "vectors.h"

#define SIZE 7u
#define INDEX 5u

struct fixture {
	struct secret *key;
	struct consign_public_key public;
	struct consign_hash hub_id;
	struct buf record;
	struct leaf leaf;
	struct tree_path path;
	struct proof proof;
	struct statement statement;
	struct consign_signature signature;
	struct checkpoint checkpoint;
	struct consign_hash entry;
	struct arena *arena;
	size_t signed_vectors;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct act_record act = {
	    .act = "restart", .subject = slice_text("broker"), .count = 1, .detail = slice_text("in a test")};
	struct ledger_record record = {.format = 1, .at_us = 1795000000000000, .act = &act};
	struct consign_hash entries[SIZE];

	*state = f;
	if (f == NULL || secret_start() != CONSIGN_OK || sign_keypair(&f->key, &f->public) != CONSIGN_OK)
		return -1;
	if (arena_new(1u << 16, &f->arena) != CONSIGN_OK || ledger_record_encode(&record, &f->record) != CONSIGN_OK)
		return -1;
	f->hub_id = naive_entry(1000);
	f->leaf = (struct leaf){.index = INDEX, .salt = naive_entry(1001), .record = buf_slice(&f->record)};
	tree_entry(&f->leaf.salt, f->leaf.record, &f->entry);
	for (size_t i = 0; i < SIZE; i++)
		entries[i] = i == INDEX ? f->entry : naive_entry(i);
	naive_path(INDEX, entries, SIZE, &f->path);
	f->proof.path.v = f->path.hash;
	f->proof.path.n = f->path.n;
	f->checkpoint = (struct checkpoint){.size = SIZE, .head = naive_head(entries, SIZE)};
	f->statement.leaf = &f->leaf;
	f->statement.has_place = 1;
	f->statement.path = &f->proof;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	buf_clear(&f->record);
	secret_free(&f->key);
	free(f);
	return 0;
}

/* The same leaf as a statement without a place. */
static void
take_place(struct fixture *f)
{
	f->leaf.index = 0;
	f->statement.has_place = 0;
	f->statement.path = NULL;
	statement_sign(f->key, &f->hub_id, &f->entry, &f->signature);
	f->statement.signature = SLICE_ARRAY(f->signature.b);
}

static enum consign_err
verify(struct fixture *f)
{
	struct ledger_record *const untouched = (struct ledger_record *)&f->record;
	struct ledger_record *record = untouched;
	const struct consign_hash before = naive_entry(99);
	struct consign_hash entry = before;
	enum consign_err err;

	err = statement_verify(&f->statement, &f->checkpoint, f->arena, &record, &entry);
	if (err == CONSIGN_OK) {
		assert_memory_equal(&entry, &f->entry, sizeof entry);
		assert_non_null(record->act);
		assert_string_equal(record->act->act, "restart");
	} else {
		assert_ptr_equal(record, untouched);
		assert_memory_equal(&entry, &before, sizeof entry);
	}
	return err;
}

static enum consign_err
verify_unplaced(struct fixture *f)
{
	struct ledger_record *const untouched = (struct ledger_record *)&f->record;
	struct ledger_record *record = untouched;
	enum consign_err err = statement_verify_unplaced(&f->statement, &f->public, &f->hub_id, f->arena, &record);

	if (err == CONSIGN_OK)
		assert_string_equal(record->act->act, "restart");
	else
		assert_ptr_equal(record, untouched);
	return err;
}

static void
expect_each_altered_bit_refused(struct fixture *f, enum consign_err (*verifies)(struct fixture *f), enum consign_err expected)
{
	for (size_t i = 0; i < f->record.len; i++) {
		f->record.data[i] ^= 1;
		assert_int_equal(verifies(f), expected);
		f->record.data[i] ^= 1;
	}
	for (size_t i = 0; i < 32; i++) {
		f->leaf.salt.b[i] ^= 0x10;
		assert_int_equal(verifies(f), expected);
		f->leaf.salt.b[i] ^= 0x10;
	}
	assert_int_equal(verifies(f), CONSIGN_OK);
}

static void
test_statement_verify_gives_record_and_entry_of_what_the_ledger_holds(void **state)
{
	assert_int_equal(verify(*state), CONSIGN_OK);
}

static void
test_statement_verify_refuses_each_altered_bit_of_record_and_salt(void **state)
{
	expect_each_altered_bit_refused(*state, verify, CONSIGN_E_BAD_PROOF);
}

static void
test_statement_verify_refuses_an_altered_index_path_or_checkpoint(void **state)
{
	struct fixture *f = *state;

	f->leaf.index = INDEX + 1;
	assert_int_equal(verify(f), CONSIGN_E_BAD_PROOF);
	f->leaf.index = INDEX;
	for (size_t i = 0; i < f->path.n; i++) {
		f->path.hash[i].b[31] ^= 1;
		assert_int_equal(verify(f), CONSIGN_E_BAD_PROOF);
		f->path.hash[i].b[31] ^= 1;
	}
	f->proof.path.n--;
	assert_int_equal(verify(f), CONSIGN_E_BAD_PROOF);
	f->proof.path.n += 2;
	assert_int_equal(verify(f), CONSIGN_E_BAD_PROOF);
	f->proof.path.n--;
	f->statement.path = NULL;
	assert_int_equal(verify(f), CONSIGN_E_BAD_PROOF);
	f->statement.path = &f->proof;
	f->checkpoint.head.b[0] ^= 1;
	assert_int_equal(verify(f), CONSIGN_E_BAD_PROOF);
	f->checkpoint.head.b[0] ^= 1;
	assert_int_equal(verify(f), CONSIGN_OK);
	f->checkpoint.size--;
	assert_int_equal(verify(f), CONSIGN_E_BAD_PROOF);
	f->checkpoint = (struct checkpoint){0}; /* before the first */
	assert_int_equal(verify(f), CONSIGN_E_BAD_PROOF);
}

static void
test_statement_with_a_place_has_no_signature(void **state)
{
	struct fixture *f = *state;

	statement_sign(f->key, &f->hub_id, &f->entry, &f->signature);
	f->statement.signature = SLICE_ARRAY(f->signature.b);
	assert_int_equal(verify(f), CONSIGN_E_MALFORMED);
	assert_int_equal(verify_unplaced(f), CONSIGN_E_MALFORMED);
	f->statement.signature.len = 0;
	assert_int_equal(verify(f), CONSIGN_OK);
	assert_int_equal(verify_unplaced(f), CONSIGN_E_MALFORMED);
}

static void
test_statement_without_a_place_passes_only_by_its_signature(void **state)
{
	struct fixture *f = *state;

	take_place(f);
	assert_int_equal(verify(f), CONSIGN_E_BAD_PROOF);
	expect_each_altered_bit_refused(f, verify_unplaced, CONSIGN_E_BAD_SIGNATURE);
	for (size_t i = 0; i < sizeof f->signature.b; i++) {
		f->signature.b[i] ^= 4;
		assert_int_equal(verify_unplaced(f), CONSIGN_E_BAD_SIGNATURE);
		f->signature.b[i] ^= 4;
	}
	f->hub_id.b[0] ^= 1;
	assert_int_equal(verify_unplaced(f), CONSIGN_E_BAD_SIGNATURE);
	f->hub_id.b[0] ^= 1;
	f->public.b[0] ^= 1;
	assert_int_equal(verify_unplaced(f), CONSIGN_E_BAD_SIGNATURE);
	f->public.b[0] ^= 1;
	f->statement.signature.len--;
	assert_int_equal(verify_unplaced(f), CONSIGN_E_MALFORMED);
	f->statement.signature.len = 0;
	assert_int_equal(verify_unplaced(f), CONSIGN_E_MALFORMED);
}

static void
test_statement_without_a_place_speaks_of_none(void **state)
{
	struct fixture *f = *state;

	take_place(f);
	f->statement.path = &f->proof;
	assert_int_equal(verify_unplaced(f), CONSIGN_E_MALFORMED);
	f->statement.path = NULL;
	f->leaf.index = INDEX;
	assert_int_equal(verify_unplaced(f), CONSIGN_E_MALFORMED);
	f->leaf.index = 0;
	assert_int_equal(verify_unplaced(f), CONSIGN_OK);
}

static void
test_statement_verify_refuses_one_without_a_leaf(void **state)
{
	struct fixture *f = *state;

	f->statement.leaf = NULL;
	assert_int_equal(verify(f), CONSIGN_E_MALFORMED);
	take_place(f);
	assert_int_equal(verify_unplaced(f), CONSIGN_E_MALFORMED);
}

static void
test_statement_verify_reports_an_arena_that_is_spent(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	assert_int_equal(arena_new(1, &f->arena), CONSIGN_OK);
	assert_int_equal(verify(f), CONSIGN_E_NO_MEMORY);
	take_place(f);
	assert_int_equal(verify_unplaced(f), CONSIGN_E_NO_MEMORY);
}

static void
check_statement(char **field, void *context)
{
	struct consign_hash hub_id = vectors_hash(field[2]), entry, want, *path;
	struct consign_public_key key;
	struct checkpoint checkpoint = {0};
	size_t n = vectors_path(field[12], &path), record_len = strcmp(field[10], "-") == 0 ? 0 : strlen(field[10]) / 2;
	uint8_t *record_bytes = malloc(record_len == 0 ? 1 : record_len);
	uint8_t signature[65];
	struct leaf leaf = {.index = vectors_u64(field[8]), .salt = vectors_hash(field[9])};
	struct proof proof = {.path = {path, n}};
	struct statement s = {.leaf = &leaf, .has_place = (uint32_t)vectors_u64(field[7]), .path = &proof};
	struct ledger_record *record;
	struct arena *arena;
	enum consign_err err;

	(void)context;
	assert_non_null(record_bytes);
	vectors_hex(field[10], record_bytes, record_len);
	leaf.record = slice_of(record_bytes, record_len);
	vectors_hex(field[3], key.b, sizeof key.b);
	if (strcmp(field[11], "-") != 0) {
		s.signature = slice_of(signature, strlen(field[11]) / 2);
		assert_true(s.signature.len <= sizeof signature);
		vectors_hex(field[11], signature, s.signature.len);
	}
	if (strcmp(field[5], "-") != 0)
		checkpoint = (struct checkpoint){.size = vectors_u64(field[4]), .head = vectors_hash(field[5])};
	assert_int_equal(arena_new(1u << 20, &arena), CONSIGN_OK);
	bool is_placed = vectors_u64(field[6]) == 0 || s.has_place != 0;

	err = is_placed ? statement_verify(&s, &checkpoint, arena, &record, &entry)
			: statement_verify_unplaced(&s, &key, &hub_id, arena, &record);
	vectors_check(field[0], field[1], err);
	if (err == CONSIGN_OK) {
		tree_entry(&leaf.salt, leaf.record, &want);
		if (is_placed)
			assert_memory_equal(&entry, &want, sizeof entry);
		assert_int_equal(record->at_us, 1795000000000000);
		assert_int_equal(record->act->count, 1);
	}
	arena_free(&arena);
	free(record_bytes);
	free(path);
}

static void
test_statement_vectors(void **state)
{
	assert_true(vectors_each("statement.tsv", 13, check_statement, *state) > 40);
}

static void
check_signed(char **field, void *context)
{
	struct fixture *f = context;
	struct consign_public_key public;
	struct secret *key;
	uint8_t want[64], record[256];
	struct consign_hash salt = vectors_hash(field[9]), hub_id = vectors_hash(field[2]), entry;
	struct consign_signature signature;

	if (strcmp(field[1], "OK") != 0 || strcmp(field[11], "-") == 0)
		return;
	key = vectors_secret("receipt", &public);
	assert_true(strlen(field[10]) / 2 <= sizeof record);
	vectors_hex(field[10], record, strlen(field[10]) / 2);
	vectors_hex(field[11], want, sizeof want);
	tree_entry(&salt, slice_of(record, strlen(field[10]) / 2), &entry);
	statement_sign(key, &hub_id, &entry, &signature);
	assert_memory_equal(signature.b, want, sizeof want);
	secret_free(&key);
	f->signed_vectors++;
}

static void
test_statement_sign_gives_the_signatures_of_the_vectors(void **state)
{
	struct fixture *f = *state;

	vectors_each("statement.tsv", 13, check_signed, f);
	assert_int_equal(f->signed_vectors, 2);
}

static void
check_mailbox(char **field, void *context)
{
	struct consign_hash hub_id = vectors_hash(field[1]), want = vectors_hash(field[6]), got, salt;
	struct mailbox_opening opening = {0};

	(void)context;
	if (strcmp(field[0], "genesis") == 0) {
		mailbox_genesis(&hub_id, field[2], &got);
		assert_memory_equal(&got, &want, sizeof got);
		return;
	}
	memcpy(opening.org.s, field[2], strlen(field[2]));
	opening.position = vectors_u64(field[3]);
	opening.previous = vectors_hash(field[4]);
	salt = vectors_hash(field[5]);
	if (strcmp(field[0], "commitment") == 0) {
		opening.salt = salt;
		mailbox_commitment(&hub_id, &opening, &got);
	} else {
		assert_string_equal(field[0], "next");
		mailbox_next(&opening.previous, opening.position, &salt, &got);
	}
	assert_memory_equal(&got, &want, sizeof got);
}

static void
test_mailbox_vectors(void **state)
{
	assert_int_equal(vectors_each("mailbox.tsv", 7, check_mailbox, *state), 33);
}

static void
test_mailbox_commitment_binds_every_part(void **state)
{
	struct consign_hash hub_id = naive_entry(1), other_hub = naive_entry(2), base, changed;
	struct mailbox_opening opening = {
	    .org = {"globalcro"}, .position = 3, .previous = naive_entry(3), .salt = naive_entry(4)};
	struct mailbox_opening altered[5];

	(void)state;
	mailbox_commitment(&hub_id, &opening, &base);
	mailbox_commitment(&other_hub, &opening, &changed);
	assert_memory_not_equal(&base, &changed, sizeof base);
	for (size_t i = 0; i < 5; i++)
		altered[i] = opening;
	altered[0].org = (struct consign_org){"globalcr"};
	altered[1].org = (struct consign_org){"globalcrp"};
	altered[2].position = 4;
	altered[3].previous.b[31] ^= 1;
	altered[4].salt.b[31] ^= 1;
	for (size_t i = 0; i < 5; i++) {
		mailbox_commitment(&hub_id, &altered[i], &changed);
		assert_memory_not_equal(&base, &changed, sizeof base);
	}
}

static void
test_mailbox_chain_tells_every_change_of_history(void **state)
{
	struct consign_hash hub_id = naive_entry(1), head, dropped, swapped, moved, entries[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		entries[i] = naive_entry(i);
	mailbox_genesis(&hub_id, "globalcro", &head);
	dropped = swapped = moved = head;
	for (uint64_t i = 0; i < 3; i++) {
		mailbox_next(&head, i + 1, &entries[i], &head);
		mailbox_next(&swapped, i + 1, &entries[i == 2 ? 2 : 1 - i], &swapped);
		mailbox_next(&moved, i + 2, &entries[i], &moved);
	}
	mailbox_next(&dropped, 1, &entries[0], &dropped);
	mailbox_next(&dropped, 2, &entries[2], &dropped);
	assert_memory_not_equal(&head, &dropped, sizeof head);
	assert_memory_not_equal(&head, &swapped, sizeof head);
	assert_memory_not_equal(&head, &moved, sizeof head);
}

#define STATEMENT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STATEMENT_TEST(test_statement_verify_gives_record_and_entry_of_what_the_ledger_holds),
	    STATEMENT_TEST(test_statement_verify_refuses_each_altered_bit_of_record_and_salt),
	    STATEMENT_TEST(test_statement_verify_refuses_an_altered_index_path_or_checkpoint),
	    STATEMENT_TEST(test_statement_with_a_place_has_no_signature),
	    STATEMENT_TEST(test_statement_without_a_place_passes_only_by_its_signature),
	    STATEMENT_TEST(test_statement_without_a_place_speaks_of_none),
	    STATEMENT_TEST(test_statement_verify_refuses_one_without_a_leaf),
	    STATEMENT_TEST(test_statement_verify_reports_an_arena_that_is_spent),
	    STATEMENT_TEST(test_statement_vectors),
	    STATEMENT_TEST(test_statement_sign_gives_the_signatures_of_the_vectors),
	    STATEMENT_TEST(test_mailbox_vectors),
	    STATEMENT_TEST(test_mailbox_commitment_binds_every_part),
	    STATEMENT_TEST(test_mailbox_chain_tells_every_change_of_history),
	};

	return cmocka_run_group_tests_name("ledger.statement", tests, NULL, NULL);
}
