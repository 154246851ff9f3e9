/*
 * Tests of lib/core/file.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "folder.h"

struct fixture {
	char *folder;
	char *path;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->folder = folder_new()) == NULL || (f->path = path_join(f->folder, "file")) == NULL)
		return -1;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	folder_free(f->folder);
	free(f->path);
	free(f);
	return 0;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
test_file_write_then_read_gives_the_same(void **state)
{
	struct fixture *f = *state;
	struct buf out = {0};
	uint8_t *big = calloc(1, 300000);

	assert_non_null(big);
	big[299999] = 7;
	assert_int_equal(file_write(f->path, slice_of(big, 300000), 0600), CONSIGN_OK);
	assert_int_equal(buf_append(&out, slice_text("kept")), CONSIGN_OK);
	assert_int_equal(file_read(f->path, 300000, &out), CONSIGN_OK);
	assert_int_equal(out.len, 300004);
	assert_memory_equal(out.data, "kept", 4);
	assert_memory_equal(out.data + 4, big, 300000);
	buf_clear(&out);
	free(big);
}

static void
test_file_write_replaces_and_leaves_no_temporary(void **state)
{
	struct fixture *f = *state;
	struct buf out = {0};
	char *temporary = path_join(f->folder, "file.tmp");

	assert_int_equal(file_write(f->path, slice_text("old and longer"), 0644), CONSIGN_OK);
	/* A crash may leave one behind, even one that others can write. */
	assert_int_equal(file_write(temporary, slice_text("left over"), 0666), CONSIGN_OK);
	assert_int_equal(file_write(f->path, slice_text("new"), 0600), CONSIGN_OK);
	assert_int_equal(file_read(f->path, 100, &out), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(&out), slice_text("new")));
	assert_false(file_exists(temporary));
	assert_int_equal(mode_of(f->path), 0600);
	buf_clear(&out);
	free(temporary);
}

static void
test_file_write_sets_the_mode_whatever_the_umask(void **state)
{
	struct fixture *f = *state;
	mode_t before = umask(0077);

	assert_int_equal(file_write(f->path, slice_of(NULL, 0), 0644), CONSIGN_OK);
	umask(before);
	assert_int_equal(mode_of(f->path), 0644);
}

static void
test_file_write_says_io_when_the_folder_is_absent(void **state)
{
	struct fixture *f = *state;
	char *path = path_join(f->folder, "absent/file");

	assert_int_equal(file_write(path, slice_text("x"), 0600), CONSIGN_E_IO);
	free(path);
}

/* A limit on the size of files stands for the full disk. */
static void
test_file_write_says_full_and_keeps_the_old_file(void **state)
{
	struct fixture *f = *state;
	struct rlimit before;
	struct rlimit small;
	struct buf out = {0};
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	char *temporary = path_join(f->folder, "file.tmp");

	assert_int_equal(file_write(f->path, slice_text("old"), 0600), CONSIGN_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(file_write(f->path, slice_text("new and much longer"), 0600), CONSIGN_E_FULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, handler);
	assert_false(file_exists(temporary));
	assert_int_equal(file_read(f->path, 100, &out), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(&out), slice_text("old")));
	buf_clear(&out);
	free(temporary);
}

static void
test_file_read_stops_at_max(void **state)
{
	struct fixture *f = *state;
	struct buf out = {0};

	assert_int_equal(file_write(f->path, slice_text("12345"), 0600), CONSIGN_OK);
	assert_int_equal(file_read(f->path, 4, &out), CONSIGN_E_TOO_BIG);
	assert_int_equal(out.len, 0);
	assert_int_equal(file_read(f->path, 5, &out), CONSIGN_OK);
	assert_int_equal(out.len, 5);
	buf_clear(&out);
	/* A file whose size is not told before. */
	assert_int_equal(file_read("/dev/zero", 10000, &out), CONSIGN_E_TOO_BIG);
	assert_int_equal(out.len, 0);
	buf_clear(&out);
}

static void
test_file_read_tells_absent_from_unreadable(void **state)
{
	struct fixture *f = *state;
	struct buf out = {0};

	assert_int_equal(file_read(f->path, 10, &out), CONSIGN_E_NOT_FOUND);
	assert_int_equal(file_read(f->folder, 10, &out), CONSIGN_E_IO);
	buf_clear(&out);
}

static void
test_file_make_dir_makes_parents(void **state)
{
	struct fixture *f = *state;
	char *path = path_join(f->folder, "a//b/c/");
	char *file = path_join(f->folder, "a/file");
	char *below = path_join(f->folder, "a/file/x");

	assert_int_equal(file_make_dir(path, 0700), CONSIGN_OK);
	assert_true(file_exists(path));
	assert_int_equal(mode_of(path), 0700);
	assert_int_equal(file_make_dir(path, 0700), CONSIGN_OK);
	assert_int_equal(file_write(file, slice_text("x"), 0600), CONSIGN_OK);
	assert_int_equal(file_make_dir(file, 0700), CONSIGN_E_IO);
	assert_int_equal(file_make_dir(below, 0700), CONSIGN_E_IO);
	free(path);
	free(file);
	free(below);
}

static void
test_file_make_dir_denies_a_folder_of_others(void **state)
{
	struct stat st;

	(void)state;
	if (geteuid() != 0 || seteuid(65534) != 0)
		skip();
	assert_int_equal(stat("/usr", &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(file_make_dir("/usr", 0700), CONSIGN_E_DENIED);
	assert_int_equal(file_make_dir("/usr/consign-test", 0700), CONSIGN_E_DENIED);
	assert_int_equal(seteuid(0), 0);
}

static void
test_file_check_private_refuses_what_others_may_read(void **state)
{
	static const mode_t bad[] = {0640, 0604, 0620, 0610, 0601, 0644};
	struct fixture *f = *state;
	struct buf out = {0};

	assert_int_equal(file_check_private(f->path), CONSIGN_E_NOT_FOUND);
	assert_int_equal(file_write(f->path, slice_text("x"), 0600), CONSIGN_OK);
	assert_int_equal(file_check_private(f->path), CONSIGN_OK);
	assert_int_equal(file_read_private(f->path, 10, &out), CONSIGN_OK);
	assert_int_equal(out.len, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(chmod(f->path, bad[i]), 0);
		assert_int_equal(file_check_private(f->path), CONSIGN_E_KEY_FILE);
		assert_int_equal(file_read_private(f->path, 10, &out), CONSIGN_E_KEY_FILE);
	}
	assert_int_equal(chmod(f->path, 0400), 0);
	assert_int_equal(file_check_private(f->path), CONSIGN_OK);
	assert_int_equal(file_check_private(f->folder), CONSIGN_E_KEY_FILE);
	assert_int_equal(out.len, 1);
	buf_clear(&out);
}

static void
test_file_lock_is_taken_once(void **state)
{
	struct fixture *f = *state;
	int first = -1;
	int second = -1;

	assert_int_equal(file_lock(f->path, &first), CONSIGN_OK);
	assert_int_equal(file_lock(f->path, &second), CONSIGN_E_BUSY);
	assert_int_equal(second, -1);
	close(first);
	assert_int_equal(file_lock(f->path, &second), CONSIGN_OK);
	close(second);
	assert_int_equal(file_lock("/absent/lock", &second), CONSIGN_E_IO);
}

static void
test_file_path_join_puts_one_slash(void **state)
{
	static const char *const rows[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "b"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *path = path_join(rows[i][0], rows[i][1]);

		assert_string_equal(path, rows[i][2]);
		free(path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_file_write_then_read_gives_the_same, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_file_write_replaces_and_leaves_no_temporary, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_file_write_sets_the_mode_whatever_the_umask, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_file_write_says_io_when_the_folder_is_absent, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_file_write_says_full_and_keeps_the_old_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_file_read_stops_at_max, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_file_read_tells_absent_from_unreadable, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_file_make_dir_makes_parents, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_file_make_dir_denies_a_folder_of_others, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_file_check_private_refuses_what_others_may_read, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_file_lock_is_taken_once, setup, teardown),
	    cmocka_unit_test(test_file_path_join_puts_one_slash),
	};

	return cmocka_run_group_tests_name("core/file", tests, NULL, NULL);
}
