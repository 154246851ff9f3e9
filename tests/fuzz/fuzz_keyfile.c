/*
 * Key files. Input: the file.
 *
 * One text for one content: what is read without a lock is written as the same bytes. A locked file opens with its passphrase
 * or not at all, and says that it is locked. Locks that cost more than the least are not tried.
 */
#include "core/file.h"
#include "core/keyfile.h"
#include "core/secret.h"
#include "fuzz_file.h"

#define PASSPHRASE "correct horse"
#define LEAST_LOCK "\nlock argon2id13 1 8192 "

int LLVMFuzzerInitialize(int *argc, char ***argv);

static char saved[] = "/dev/shm/fuzz-keyfile.XXXXXX";
static char *saved_path;

static void
remove_saved(void)
{
	unlink(saved_path);
	rmdir(saved);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	check(secret_start() == CONSIGN_OK && mkdtemp(saved) != NULL);
	saved_path = path_join(saved, "keys");
	check(saved_path != NULL && atexit(remove_saved) == 0);
	return 0;
}

static void
check_same(const struct keyfile *a, const struct keyfile *b)
{
	check(strcmp(keyfile_kind(a), keyfile_kind(b)) == 0 && strcmp(keyfile_party(a), keyfile_party(b)) == 0);
	check(keyfile_count(a) == keyfile_count(b) && keyfile_is_locked(a) == keyfile_is_locked(b));
	for (size_t i = 0; i < keyfile_count(a); i++) {
		const char *name = keyfile_name_at(a, i);
		uint64_t created_a, created_b;
		const struct secret *key_a = keyfile_find(a, name, &created_a), *key_b = keyfile_find(b, name, &created_b);

		check(key_a != NULL && key_b != NULL && created_a == created_b && secret_equal(key_a->b, key_b->b, SECRET_BYTES));
	}
}

static void
check_opened(const struct keyfile *file, const char *passphrase, struct consign_slice text)
{
	struct keyfile *again = NULL;
	struct buf written = {0};
	enum consign_err err;

	check(keyfile_save(file, saved_path) == CONSIGN_OK);
	err = keyfile_open(saved_path, passphrase, NULL, &again);
	if (err == CONSIGN_E_NO_MEMORY) /* thousands of keys in guarded memory */
		return;
	check(err == CONSIGN_OK);
	check_same(file, again);
	check(file_read(saved_path, 1 << 20, &written) == CONSIGN_OK);
	check(passphrase != NULL || slice_equal(buf_slice(&written), text));
	keyfile_free(&again);
	buf_wipe(&written);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_file input;
	struct consign_slice text = slice_of(data, size);
	struct keyfile *file = NULL;
	bool is_locked = false;
	enum consign_err err;

	fuzz_file_set(&input, text);
	err = keyfile_open(input.path, NULL, &is_locked, &file);
	check(err == CONSIGN_OK || err == CONSIGN_E_KEY_FILE || err == CONSIGN_E_NO_MEMORY);
	check(!is_locked || err != CONSIGN_OK);
	if (err == CONSIGN_OK) {
		check(!keyfile_is_locked(file));
		check_opened(file, NULL, text);
	} else if (is_locked && memmem(data, size, LEAST_LOCK, sizeof LEAST_LOCK - 1) != NULL) {
		err = keyfile_open(input.path, PASSPHRASE, NULL, &file);
		check(err == CONSIGN_OK || err == CONSIGN_E_KEY_FILE || err == CONSIGN_E_BAD_SEAL);
		if (err == CONSIGN_OK)
			check_opened(file, PASSPHRASE, text);
	}
	keyfile_free(&file);
	return 0;
}
