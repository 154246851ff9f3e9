/*
 * Tests of lib/core/keyfile.c and keyfile_text.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/keyfile_text.h"
#include "core/sign.h"
#include "core/text.h"
#include "folder.h"

struct fixture {
	char *folder;
	char *path;
	struct secret *identity;
	struct secret *seal;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct consign_public_key public;

	if (f == NULL || secret_start() != CONSIGN_OK || (f->folder = folder_new()) == NULL)
		return -1;
	f->path = path_join(f->folder, "keys");
	if (f->path == NULL || sign_keypair(&f->identity, &public) != CONSIGN_OK || box_keypair(&f->seal, &public) != CONSIGN_OK)
		return -1;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	secret_free(&f->identity);
	secret_free(&f->seal);
	folder_free(f->folder);
	free(f->path);
	free(f);
	return 0;
}

/* Saves a file with two keys. */
static void
save(struct fixture *f, const char *passphrase)
{
	struct keyfile *file = NULL;

	assert_int_equal(keyfile_new("agent", "globalcro", passphrase, &file), CONSIGN_OK);
	assert_int_equal(keyfile_put(file, "identity", 1795320716000000, f->identity), CONSIGN_OK);
	assert_int_equal(keyfile_put(file, "seal-00ff", 5, f->seal), CONSIGN_OK);
	assert_int_equal(keyfile_save(file, f->path), CONSIGN_OK);
	keyfile_free(&file);
	assert_null(file);
}

static void
assert_holds_both(struct fixture *f, const struct keyfile *file)
{
	const struct secret *key;
	uint64_t created_us = 0;

	assert_string_equal(keyfile_kind(file), "agent");
	assert_string_equal(keyfile_party(file), "globalcro");
	assert_int_equal(keyfile_count(file), 2);
	key = keyfile_find(file, "identity", &created_us);
	assert_non_null(key);
	assert_memory_equal(key->b, f->identity->b, SECRET_BYTES);
	assert_int_equal(created_us, 1795320716000000);
	key = keyfile_find(file, "seal-00ff", NULL);
	assert_non_null(key);
	assert_memory_equal(key->b, f->seal->b, SECRET_BYTES);
	assert_string_equal(keyfile_name_at(file, 1), "seal-00ff");
}

static void
read_text(struct fixture *f, struct buf *text)
{
	buf_reset(text);
	assert_int_equal(file_read(f->path, 1 << 20, text), CONSIGN_OK);
}

static void
write_text(struct fixture *f, struct consign_slice text)
{
	assert_int_equal(file_write(f->path, text, 0600), CONSIGN_OK);
}

static enum consign_err
open_with(struct fixture *f, const char *passphrase)
{
	struct keyfile *file = NULL;
	enum consign_err err = keyfile_open(f->path, passphrase, NULL, &file);

	if (err != CONSIGN_OK)
		assert_null(file);
	keyfile_free(&file);
	return err;
}

static void
test_keyfile_round_trips_under_a_passphrase(void **state)
{
	struct fixture *f = *state;
	struct keyfile *file = NULL;
	bool locked = false;
	struct stat st;

	save(f, "correct horse");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(keyfile_open(f->path, "correct horse", &locked, &file), CONSIGN_OK);
	assert_true(locked);
	assert_true(keyfile_is_locked(file));
	assert_holds_both(f, file);
	keyfile_free(&file);
	keyfile_free(&file);
}

static void
test_keyfile_round_trips_without_a_lock(void **state)
{
	struct fixture *f = *state;
	struct keyfile *file = NULL;
	bool locked = true;

	save(f, NULL);
	assert_int_equal(keyfile_open(f->path, NULL, &locked, &file), CONSIGN_OK);
	assert_false(locked);
	assert_false(keyfile_is_locked(file));
	assert_holds_both(f, file);
	keyfile_free(&file);
}

static void
test_keyfile_open_refuses_a_wrong_passphrase(void **state)
{
	struct fixture *f = *state;

	save(f, "correct horse");
	assert_int_equal(open_with(f, "correct horsf"), CONSIGN_E_BAD_SEAL);
	assert_int_equal(open_with(f, ""), CONSIGN_E_BAD_SEAL);
}

static void
test_keyfile_open_says_locked_when_the_passphrase_is_missing(void **state)
{
	struct fixture *f = *state;
	struct keyfile *file = NULL;
	bool locked = false;

	save(f, "correct horse");
	assert_int_equal(keyfile_open(f->path, NULL, &locked, &file), CONSIGN_E_KEY_FILE);
	assert_true(locked);
	assert_null(file);
	assert_int_equal(open_with(f, NULL), CONSIGN_E_KEY_FILE);
}

static void
test_keyfile_open_refuses_a_file_that_others_may_read(void **state)
{
	struct fixture *f = *state;

	save(f, NULL);
	assert_int_equal(chmod(f->path, 0640), 0);
	assert_int_equal(open_with(f, NULL), CONSIGN_E_KEY_FILE);
	assert_int_equal(chmod(f->path, 0604), 0);
	assert_int_equal(open_with(f, NULL), CONSIGN_E_KEY_FILE);
	assert_int_equal(chmod(f->path, 0400), 0);
	assert_int_equal(open_with(f, NULL), CONSIGN_OK);
}

static void
test_keyfile_open_tells_an_absent_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(open_with(f, NULL), CONSIGN_E_NOT_FOUND);
}

/* Saves a file with two keys under a lock that is quick to try, for tests that try it often. */
static void
save_quick(struct fixture *f, const char *passphrase)
{
	struct keyfile *file = NULL;

	save(f, NULL);
	assert_int_equal(keyfile_open(f->path, NULL, NULL, &file), CONSIGN_OK);
	file->is_locked = true;
	file->opslimit = 1;
	file->memlimit = 8192;
	assert_int_equal(keyfile_derive_lock(file, passphrase), CONSIGN_OK);
	assert_int_equal(keyfile_save(file, f->path), CONSIGN_OK);
	keyfile_free(&file);
	assert_int_equal(open_with(f, passphrase), CONSIGN_OK);
}

/* Any one bit: refused by the shape or by the seal, never taken. */
static void
test_keyfile_open_refuses_an_altered_byte(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};
	size_t seals = 0;

	save_quick(f, "correct horse");
	read_text(f, &text);
	for (size_t i = 0; i < text.len; i++) {
		enum consign_err err;

		text.data[i] ^= (uint8_t)(1u << i % 8);
		write_text(f, buf_slice(&text));
		err = open_with(f, "correct horse");
		text.data[i] ^= (uint8_t)(1u << i % 8);
		if (err != CONSIGN_E_KEY_FILE && err != CONSIGN_E_BAD_SEAL)
			fail_msg("byte %zu of %zu: %s", i, text.len, consign_err_text(err));
		seals += err == CONSIGN_E_BAD_SEAL;
	}
	assert_true(seals > 100);
	/* The name of the party is in the clear, and sealed all the same. */
	memcpy(memmem(text.data, text.len, "globalcro", 9), "globalcra", 9);
	write_text(f, buf_slice(&text));
	assert_int_equal(open_with(f, "correct horse"), CONSIGN_E_BAD_SEAL);
	buf_clear(&text);
}

/* libsodium 1.0.18 reads some of them as letters: found by tests/fuzz/fuzz_keyfile.c. */
static void
test_keyfile_open_refuses_bytes_above_ascii_in_a_key(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};

	save(f, NULL);
	read_text(f, &text);
	for (unsigned byte = 0x80; byte <= 0xff; byte++) {
		text.data[text.len - 20] = (uint8_t)byte;
		write_text(f, buf_slice(&text));
		assert_int_equal(open_with(f, NULL), CONSIGN_E_KEY_FILE);
	}
	buf_clear(&text);
}

static void
test_keyfile_open_refuses_a_file_cut_short(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};

	save_quick(f, "correct horse");
	read_text(f, &text);
	write_text(f, slice_of(text.data, text.len - 1));
	assert_int_equal(open_with(f, "correct horse"), CONSIGN_E_KEY_FILE);
	write_text(f, slice_of(text.data, 40));
	assert_int_equal(open_with(f, "correct horse"), CONSIGN_E_KEY_FILE);
	write_text(f, slice_of(NULL, 0));
	assert_int_equal(open_with(f, "correct horse"), CONSIGN_E_KEY_FILE);
	assert_int_equal(buf_append_u8(&text, '\n'), CONSIGN_OK);
	write_text(f, buf_slice(&text));
	assert_int_equal(open_with(f, "correct horse"), CONSIGN_E_KEY_FILE);
	buf_clear(&text);
}

#define BOX "box AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAA\n"
#define SALT "AAAAAAAAAAAAAAAAAAAAAA==\n"

/* Were one of these believed, the try would take minutes or gigabytes. */
static void
test_keyfile_open_refuses_silly_locks(void **state)
{
	static const char *const bad[] = {
	    "lock argon2id13 11 67108864 " SALT BOX,
	    "lock argon2id13 0 67108864 " SALT BOX,
	    "lock argon2id13 2 1073741825 " SALT BOX,
	    "lock argon2id13 2 4096 " SALT BOX,
	    "lock argon2id13 2 18446744073709551616 " SALT BOX,
	    "lock argon2id13 02 67108864 " SALT BOX,
	    "lock argon2id13 -2 67108864 " SALT BOX,
	    "lock argon2i 2 67108864 " SALT BOX,
	    "lock argon2id13 2 67108864 AAAA\n" BOX,
	    "lock argon2id13 2 67108864 " SALT "box AAAA\nAAAAAAAAAAAAAAAAAAAAAAAA\n",
	    "lock argon2id13 2 67108864 " SALT,
	    "lock argon2id13 2 67108864 " SALT "box AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
	    "lock  none\n",
	    "lock none \n",
	    "lock\n",
	};
	struct fixture *f = *state;
	struct buf text = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		buf_reset(&text);
		assert_int_equal(buf_printf(&text, "consign-key-v1\nparty agent acme\n%s", bad[i]), CONSIGN_OK);
		write_text(f, buf_slice(&text));
		if (open_with(f, "x") != CONSIGN_E_KEY_FILE)
			fail_msg("taken: %s", bad[i]);
	}
	buf_clear(&text);
}

static void
test_keyfile_open_refuses_other_shapes(void **state)
{
	static const char zeros[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
	static const char *const bad[] = {
	    "consign-key-v2\nparty agent acme\nlock none\n",
	    "consign-key-v1\nparty agent\nlock none\n",
	    "consign-key-v1\nparty agent acme more\nlock none\n",
	    "consign-key-v1\nparty Agent acme\nlock none\n",
	    "consign-key-v1\nparty agent acme\nlock none\na 1\n",
	    "consign-key-v1\nparty agent acme\nlock none\na x %s\n",
	    "consign-key-v1\nparty agent acme\nlock none\na 1 AAAA\n",
	    "consign-key-v1\nparty agent acme\nlock none\na/b 1 %s\n",
	    "consign-key-v1\nparty agent acme\nlock none\na 1 %s more\n",
	    "consign-key-v1\nparty agent acme\nlock none\na 1 %s",
	    "consign-key-v1\nparty agent acme\nlock none\n\n",
	    "consign-key-v1\nparty agent acme\nlock none\na 1 %s\na 2 %s\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf text = {0};
		const char *p = bad[i];

		for (const char *hole; (hole = strstr(p, "%s")) != NULL; p = hole + 2) {
			assert_int_equal(buf_append(&text, slice_of(p, (size_t)(hole - p))), CONSIGN_OK);
			assert_int_equal(buf_append(&text, slice_text(zeros)), CONSIGN_OK);
		}
		assert_int_equal(buf_append(&text, slice_text(p)), CONSIGN_OK);
		write_text(f, buf_slice(&text));
		if (open_with(f, NULL) != CONSIGN_E_KEY_FILE)
			fail_msg("taken: %s", bad[i]);
		buf_clear(&text);
	}
	write_text(f, slice_text("consign-key-v1\nparty agent acme\nlock none\n"));
	assert_int_equal(open_with(f, NULL), CONSIGN_OK);
}

static void
test_keyfile_save_works_again_after_unlocking(void **state)
{
	struct fixture *f = *state;
	struct keyfile *file = NULL;
	struct buf first = {0};
	struct buf second = {0};

	save(f, "correct horse");
	read_text(f, &first);
	assert_int_equal(keyfile_open(f->path, "correct horse", NULL, &file), CONSIGN_OK);
	keyfile_drop(file, "identity");
	keyfile_drop(file, "absent");
	assert_int_equal(keyfile_put(file, "signing-1", 9, f->identity), CONSIGN_OK);
	assert_int_equal(keyfile_save(file, f->path), CONSIGN_OK);
	keyfile_free(&file);
	read_text(f, &second);
	assert_false(slice_equal(buf_slice(&first), buf_slice(&second)));
	assert_int_equal(keyfile_open(f->path, "correct horse", NULL, &file), CONSIGN_OK);
	assert_int_equal(keyfile_count(file), 2);
	assert_null(keyfile_find(file, "identity", NULL));
	assert_memory_equal(keyfile_find(file, "signing-1", NULL)->b, f->identity->b, SECRET_BYTES);
	keyfile_free(&file);
	buf_clear(&first);
	buf_clear(&second);
}

static void
test_keyfile_text_shows_no_key_under_a_lock(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};
	struct buf key = {0};

	save(f, "correct horse");
	read_text(f, &text);
	assert_int_equal(base64_format(slice_of(f->identity->b, 30), &key), CONSIGN_OK);
	assert_null(memmem(text.data, text.len, key.data, key.len));
	assert_null(memmem(text.data, text.len, "identity", 8));
	buf_clear(&text);
	buf_clear(&key);
}

static void
test_keyfile_put_replaces_and_holds_many(void **state)
{
	struct fixture *f = *state;
	struct keyfile *file = NULL;
	char name[32];
	uint64_t created_us = 0;

	assert_int_equal(keyfile_new("broker", "hub", NULL, &file), CONSIGN_OK);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "seal-%u", i);
		assert_int_equal(keyfile_put(file, name, i, f->seal), CONSIGN_OK);
	}
	assert_int_equal(keyfile_put(file, "seal-50", 1000, f->identity), CONSIGN_OK);
	assert_int_equal(keyfile_count(file), 100);
	assert_memory_equal(keyfile_find(file, "seal-50", &created_us)->b, f->identity->b, SECRET_BYTES);
	assert_int_equal(created_us, 1000);
	assert_int_equal(keyfile_save(file, f->path), CONSIGN_OK);
	keyfile_free(&file);
	assert_int_equal(keyfile_open(f->path, NULL, NULL, &file), CONSIGN_OK);
	assert_int_equal(keyfile_count(file), 100);
	keyfile_free(&file);
}

static void
test_keyfile_put_refuses_names_that_are_none(void **state)
{
	struct fixture *f = *state;
	struct keyfile *file = NULL;
	char name[KEYFILE_NAME_BYTES + 1];

	assert_int_equal(keyfile_new("agent", "bad name", NULL, &file), CONSIGN_E_MALFORMED);
	assert_int_equal(keyfile_new("", "acme", NULL, &file), CONSIGN_E_MALFORMED);
	assert_null(file);
	assert_int_equal(keyfile_new("agent", "acme", NULL, &file), CONSIGN_OK);
	assert_int_equal(keyfile_put(file, "", 0, f->seal), CONSIGN_E_MALFORMED);
	assert_int_equal(keyfile_put(file, "a b", 0, f->seal), CONSIGN_E_MALFORMED);
	assert_int_equal(keyfile_put(file, "a\n", 0, f->seal), CONSIGN_E_MALFORMED);
	memset(name, 'a', sizeof(name));
	name[KEYFILE_NAME_BYTES] = '\0';
	assert_int_equal(keyfile_put(file, name, 0, f->seal), CONSIGN_E_MALFORMED);
	name[KEYFILE_NAME_BYTES - 1] = '\0';
	assert_int_equal(keyfile_put(file, name, 0, f->seal), CONSIGN_OK);
	assert_int_equal(keyfile_count(file), 1);
	keyfile_free(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_keyfile_round_trips_under_a_passphrase, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_round_trips_without_a_lock, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_open_refuses_a_wrong_passphrase, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_open_says_locked_when_the_passphrase_is_missing, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_open_refuses_a_file_that_others_may_read, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_open_tells_an_absent_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_open_refuses_an_altered_byte, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_open_refuses_bytes_above_ascii_in_a_key, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_open_refuses_a_file_cut_short, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_open_refuses_silly_locks, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_open_refuses_other_shapes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_save_works_again_after_unlocking, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_text_shows_no_key_under_a_lock, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_put_replaces_and_holds_many, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keyfile_put_refuses_names_that_are_none, setup, teardown),
	};

	return cmocka_run_group_tests_name("core/keyfile", tests, NULL, NULL);
}
