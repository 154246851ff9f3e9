/* Checkpoint notes: made and read back, and every vector, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/checkpoint.h"
#include "naive.h"
#include "vectors.h"

struct fixture {
	struct secret *key;
	struct consign_public_key public;
	struct consign_hash hub_id;
	char origin[256];
	struct buf note;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	if (f == NULL || secret_start() != CONSIGN_OK || sign_keypair(&f->key, &f->public) != CONSIGN_OK)
		return -1;
	f->hub_id = naive_entry(1);
	checkpoint_origin(&f->hub_id, f->origin);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	buf_clear(&f->note);
	secret_free(&f->key);
	free(f);
	return 0;
}

static void
test_checkpoint_origin_is_the_hub_id_in_hex(void **state)
{
	struct consign_hash hub_id = {.b = {0x01, 0xab, 0xf0}};
	char origin[256];

	(void)state;
	checkpoint_origin(&hub_id, origin);
	assert_string_equal(origin, "consign.hub/01abf00000000000000000000000000000000000000000000000000000000000");
}

static void
test_checkpoint_open_reads_what_make_made(void **state)
{
	struct fixture *f = *state;
	const uint64_t sizes[] = {0, 1, 9, 10, 12345678901234567, UINT64_C(1) << 63};

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct checkpoint in = {.size = sizes[i], .head = naive_entry(i)}, out;

		buf_reset(&f->note);
		assert_int_equal(checkpoint_make(f->origin, &in, f->key, &f->note), CONSIGN_OK);
		assert_int_equal(checkpoint_open(buf_slice(&f->note), f->origin, &f->public, &out), CONSIGN_OK);
		assert_int_equal(out.size, in.size);
		assert_memory_equal(&out.head, &in.head, sizeof in.head);
	}
}

static void
test_checkpoint_make_appends_behind_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct checkpoint in = {.size = 7, .head = naive_entry(7)}, out;

	assert_int_equal(buf_append(&f->note, slice_text("before")), CONSIGN_OK);
	assert_int_equal(checkpoint_make(f->origin, &in, f->key, &f->note), CONSIGN_OK);
	assert_memory_equal(f->note.data, "before", 6);
	assert_int_equal(checkpoint_open(slice_of(f->note.data + 6, f->note.len - 6), f->origin, &f->public, &out), CONSIGN_OK);
}

/* Ed25519 is deterministic: our note of the vectors' key is the vectors' note, byte for byte. */
static void
check_made(char **field, void *context)
{
	struct secret *key;
	struct consign_public_key public;
	struct checkpoint c;
	struct consign_slice want;
	struct buf note = {0};

	(void)context;
	if (strcmp(field[0], "good") != 0 && strncmp(field[0], "good: size", 10) != 0)
		return;
	key = vectors_secret("ledger", &public);
	c = (struct checkpoint){.size = vectors_u64(field[4]), .head = vectors_hash(field[5])};
	assert_int_equal(checkpoint_make(field[2], &c, key, &note), CONSIGN_OK);
	want = vectors_unescape(field[6]);
	assert_int_equal(note.len, want.len);
	assert_memory_equal(note.data, want.data, want.len);
	free((void *)(uintptr_t)want.data);
	buf_clear(&note);
	secret_free(&key);
}

static void
test_checkpoint_make_gives_the_bytes_of_the_vectors(void **state)
{
	vectors_each("checkpoint.tsv", 7, check_made, *state);
}

static void
check_opened(char **field, void *context)
{
	struct consign_public_key key;
	struct consign_slice note = vectors_unescape(field[6]);
	const struct checkpoint before = {.size = 77, .head = naive_entry(77)};
	struct checkpoint c = before;

	(void)context;
	vectors_hex(field[3], key.b, sizeof key.b);
	vectors_check(field[0], field[1], checkpoint_open(note, field[2], &key, &c));
	if (strcmp(field[1], "OK") == 0) {
		struct consign_hash head = vectors_hash(field[5]);

		assert_int_equal(c.size, vectors_u64(field[4]));
		assert_memory_equal(&c.head, &head, sizeof head);
	} else {
		assert_memory_equal(&c, &before, sizeof c);
	}
	free((void *)(uintptr_t)note.data);
}

static void
test_checkpoint_open_vectors(void **state)
{
	assert_true(vectors_each("checkpoint.tsv", 7, check_opened, *state) > 100);
}

static void
test_checkpoint_open_refuses_a_note_without_bytes(void **state)
{
	struct fixture *f = *state;
	struct checkpoint c;

	assert_int_equal(checkpoint_open(slice_of(NULL, 0), f->origin, &f->public, &c), CONSIGN_E_MALFORMED);
}

static void
test_checkpoint_open_refuses_every_prefix_of_a_note(void **state)
{
	struct fixture *f = *state;
	struct checkpoint in = {.size = 7, .head = naive_entry(7)}, out;

	assert_int_equal(checkpoint_make(f->origin, &in, f->key, &f->note), CONSIGN_OK);
	for (size_t len = 0; len < f->note.len; len++)
		assert_int_equal(checkpoint_open(slice_of(f->note.data, len), f->origin, &f->public, &out), CONSIGN_E_MALFORMED);
}

#define CHECKPOINT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CHECKPOINT_TEST(test_checkpoint_origin_is_the_hub_id_in_hex),
	    CHECKPOINT_TEST(test_checkpoint_open_reads_what_make_made),
	    CHECKPOINT_TEST(test_checkpoint_make_appends_behind_what_is_there),
	    CHECKPOINT_TEST(test_checkpoint_make_gives_the_bytes_of_the_vectors),
	    CHECKPOINT_TEST(test_checkpoint_open_vectors),
	    CHECKPOINT_TEST(test_checkpoint_open_refuses_a_note_without_bytes),
	    CHECKPOINT_TEST(test_checkpoint_open_refuses_every_prefix_of_a_note),
	};

	return cmocka_run_group_tests_name("ledger.checkpoint", tests, NULL, NULL);
}
