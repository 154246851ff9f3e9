/*
 * Tests of lib/core/db_kept.c, and of what it rests on in lib/core/db.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "core/db.h"
#include "folder.h"

static const char *const migrations[] = {"CREATE TABLE thing (id INTEGER PRIMARY KEY)", "CREATE TABLE other (id INTEGER PRIMARY KEY)"};

#define VERSION (sizeof(migrations) / sizeof(migrations[0]))

struct fixture {
	char *folder;
	char *path;
	char *log;
	char *mark;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->folder = folder_new()) == NULL)
		return -1;
	f->path = path_join(f->folder, "store.db");
	f->log = path_join(f->folder, "store.db-wal");
	f->mark = path_join(f->folder, "store.db.made");
	*state = f;
	return f->path != NULL && f->log != NULL && f->mark != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	folder_free(f->folder);
	free(f->path);
	free(f->log);
	free(f->mark);
	free(f);
	return 0;
}

static enum consign_err
open_kept(struct fixture *f)
{
	struct db *db = NULL;
	enum consign_err err = db_open_kept(f->path, migrations, VERSION, &db);

	assert_true((err == CONSIGN_OK) == (db != NULL));
	db_close(&db);
	return err;
}

/* Opens, writes one row, closes. */
static void
fill(struct fixture *f)
{
	struct db *db = NULL;
	struct db_statement *s;

	assert_int_equal(db_open_kept(f->path, migrations, VERSION, &db), CONSIGN_OK);
	assert_int_equal(db_statement(db, "INSERT INTO thing (id) VALUES (1)", &s), CONSIGN_OK);
	assert_int_equal(db_run(s), CONSIGN_OK);
	db_close(&db);
}

static off_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

static void
test_db_open_kept_makes_a_store_once_and_opens_it_again(void **state)
{
	struct fixture *f = *state;

	fill(f);
	assert_true(file_exists(f->mark));
	assert_int_equal(file_check_private(f->mark), CONSIGN_OK);
	assert_int_equal(open_kept(f), CONSIGN_OK);
}

static void
test_db_open_kept_marks_a_store_that_has_no_mark(void **state)
{
	struct fixture *f = *state;

	fill(f);
	assert_int_equal(unlink(f->mark), 0);
	assert_int_equal(open_kept(f), CONSIGN_OK);
	assert_true(file_exists(f->mark));
}

static void
test_db_open_kept_makes_no_new_store_where_one_was(void **state)
{
	struct fixture *f = *state;

	fill(f);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(open_kept(f), CONSIGN_E_NOT_FOUND);
	assert_false(file_exists(f->path));
}

static void
test_db_open_kept_takes_no_empty_file_for_the_store(void **state)
{
	struct fixture *f = *state;

	fill(f);
	assert_int_equal(truncate(f->path, 0), 0);
	assert_int_equal(open_kept(f), CONSIGN_E_CORRUPT);
	assert_int_equal(size_of(f->path), 0);
}

static void
test_db_open_kept_takes_no_store_without_schema_for_the_store(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;

	fill(f);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(unlink(f->log) == 0 || !file_exists(f->log), 1);
	assert_int_equal(db_open(f->path, migrations, 0, false, &db), CONSIGN_OK);
	db_close(&db);
	assert_int_equal(open_kept(f), CONSIGN_E_CORRUPT);
}

static void
test_db_open_kept_says_so_when_half_of_the_store_is_gone(void **state)
{
	struct fixture *f = *state;

	fill(f);
	assert_int_equal(truncate(f->path, size_of(f->path) / 2), 0);
	assert_int_equal(open_kept(f), CONSIGN_E_CORRUPT);
}

static void
test_db_open_kept_still_migrates(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;

	assert_int_equal(db_open_kept(f->path, migrations, 1, &db), CONSIGN_OK);
	db_close(&db);
	assert_int_equal(open_kept(f), CONSIGN_OK);
	assert_int_equal(db_open_kept(f->path, migrations, 1, &db), CONSIGN_E_SCHEMA_VERSION);
}

/* A schema is never in the log alone, and neither is anything after the writer has closed, whoever still reads. */
static void
test_db_close_leaves_nothing_in_the_log(void **state)
{
	struct fixture *f = *state;
	struct db *writing = NULL, *reading = NULL;
	struct db_statement *s;

	assert_int_equal(db_open_kept(f->path, migrations, VERSION, &writing), CONSIGN_OK);
	assert_int_equal(size_of(f->log), 0);
	assert_int_equal(db_open(f->path, migrations, VERSION, true, &reading), CONSIGN_OK);
	assert_int_equal(db_statement(writing, "INSERT INTO thing (id) VALUES (1)", &s), CONSIGN_OK);
	assert_int_equal(db_run(s), CONSIGN_OK);
	assert_true(size_of(f->log) > 0);
	db_close(&writing);
	assert_int_equal(size_of(f->log), 0);
	db_close(&reading);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_db_open_kept_makes_a_store_once_and_opens_it_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_open_kept_marks_a_store_that_has_no_mark, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_open_kept_makes_no_new_store_where_one_was, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_open_kept_takes_no_empty_file_for_the_store, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_open_kept_takes_no_store_without_schema_for_the_store, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_open_kept_says_so_when_half_of_the_store_is_gone, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_open_kept_still_migrates, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_close_leaves_nothing_in_the_log, setup, teardown),
	};

	return cmocka_run_group_tests_name("db_kept", tests, NULL, NULL);
}
