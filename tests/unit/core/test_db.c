/*
 * Tests of lib/core/db.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/db.h"
#include "folder.h"

static const char *const migrations[] = {
    "CREATE TABLE thing (id INTEGER PRIMARY KEY, body BLOB, note TEXT UNIQUE) STRICT;"
    "CREATE TABLE part (thing INTEGER NOT NULL REFERENCES thing (id)) STRICT",
    "ALTER TABLE thing ADD COLUMN size INTEGER",
};

#define VERSION (sizeof(migrations) / sizeof(migrations[0]))

struct fixture {
	char *folder;
	char *path;
	struct db *db;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->folder = folder_new()) == NULL || (f->path = path_join(f->folder, "store.db")) == NULL)
		return -1;
	*state = f;
	return db_open(f->path, migrations, VERSION, false, &f->db) == CONSIGN_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	db_close(&f->db);
	folder_free(f->folder);
	free(f->path);
	free(f);
	return 0;
}

static struct db_statement *
statement(struct db *db, const char *sql)
{
	struct db_statement *s = NULL;

	assert_int_equal(db_statement(db, sql, &s), CONSIGN_OK);
	return s;
}

static enum consign_err
insert(struct db *db, uint64_t id, struct consign_slice body, const char *note)
{
	struct db_statement *s = statement(db, "INSERT INTO thing (id, body, note) VALUES (?1, ?2, ?3)");

	db_bind_u64(s, 1, id);
	db_bind_slice(s, 2, body);
	db_bind_text(s, 3, note);
	return db_run(s);
}

static uint64_t
number(struct db *db, const char *sql)
{
	struct db_statement *s = statement(db, sql);
	uint64_t v;
	bool row = false;

	assert_int_equal(db_step(s, &row), CONSIGN_OK);
	assert_true(row);
	v = db_column_u64(s, 0);
	db_reset(s);
	return v;
}

static uint64_t
count(struct db *db)
{
	return number(db, "SELECT count(*) FROM thing");
}

static void
test_db_open_is_durable_by_its_settings(void **state)
{
	struct fixture *f = *state;
	struct db_statement *s = statement(f->db, "PRAGMA journal_mode");
	bool row = false;

	assert_int_equal(db_step(s, &row), CONSIGN_OK);
	assert_true(slice_equal(db_column_slice(s, 0), slice_text("wal")));
	db_reset(s);
	assert_int_equal(number(f->db, "PRAGMA synchronous"), 2);
	assert_int_equal(number(f->db, "PRAGMA foreign_keys"), 1);
	assert_int_equal(number(f->db, "PRAGMA busy_timeout"), 5000);
	assert_int_equal(number(f->db, "PRAGMA journal_size_limit"), 64 * 1024 * 1024);
	assert_int_equal(number(f->db, "PRAGMA user_version"), VERSION);
}

static void
test_db_files_are_private_whatever_the_umask(void **state)
{
	static const char *const names[] = {"other.db", "other.db-wal", "other.db-shm"};
	struct fixture *f = *state;
	struct db *db = NULL;
	mode_t before = umask(0);
	char *path = path_join(f->folder, names[0]);

	assert_int_equal(db_open(path, migrations, VERSION, false, &db), CONSIGN_OK);
	umask(before);
	for (size_t i = 0; i < 3; i++) {
		char *file = path_join(f->folder, names[i]);
		struct stat st;

		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		free(file);
	}
	db_close(&db);
	assert_null(db);
	db_close(&db);
	free(path);
}

static void
test_db_values_come_back(void **state)
{
	struct fixture *f = *state;
	struct db_statement *s;
	bool row = false;

	assert_int_equal(insert(f->db, INT64_MAX, slice_of("a\0b", 3), "note"), CONSIGN_OK);
	assert_int_equal(db_last_row(f->db), INT64_MAX);
	assert_int_equal(db_changes(f->db), 1);
	assert_int_equal(insert(f->db, 2, slice_of(NULL, 0), NULL), CONSIGN_OK);

	s = statement(f->db, "SELECT id, body, note FROM thing ORDER BY id");
	assert_int_equal(db_step(s, &row), CONSIGN_OK);
	assert_true(row);
	assert_int_equal(db_column_u64(s, 0), 2);
	assert_false(db_column_is_null(s, 1));
	assert_int_equal(db_column_slice(s, 1).len, 0);
	assert_true(db_column_is_null(s, 2));
	assert_int_equal(db_step(s, &row), CONSIGN_OK);
	assert_true(row);
	assert_int_equal(db_column_u64(s, 0), INT64_MAX);
	assert_true(slice_equal(db_column_slice(s, 1), slice_of("a\0b", 3)));
	assert_true(slice_equal(db_column_slice(s, 2), slice_text("note")));
	assert_int_equal(db_step(s, &row), CONSIGN_OK);
	assert_false(row);
}

/* Copies out of a row: exact lengths and room are checked, whatever the store holds. */
static void
test_db_columns_are_copied_out_or_refused(void **state)
{
	struct fixture *f = *state;
	struct db_statement *s;
	struct arena *arena;
	struct consign_slice copy;
	uint8_t fixed[4];
	char text[5];

	assert_int_equal(arena_new(1024, &arena), CONSIGN_OK);
	assert_int_equal(db_statement(f->db, "SELECT x'01020304', 'four', x'', 1 WHERE ?1 = 1", &s), CONSIGN_OK);
	db_bind_u64(s, 1, 2);
	assert_int_equal(db_row(s), CONSIGN_E_NOT_FOUND);
	db_bind_u64(s, 1, 1);
	assert_int_equal(db_row(s), CONSIGN_OK);
	assert_int_equal(db_column_fixed(s, 0, fixed, 4), CONSIGN_OK);
	assert_memory_equal(fixed, "\1\2\3\4", 4);
	assert_int_equal(db_column_fixed(s, 0, fixed, 3), CONSIGN_E_CORRUPT);
	assert_int_equal(db_column_fixed(s, 2, fixed, 4), CONSIGN_E_CORRUPT);
	assert_int_equal(db_column_text(s, 1, text, 5), CONSIGN_OK);
	assert_string_equal(text, "four");
	assert_int_equal(db_column_text(s, 1, text, 4), CONSIGN_E_CORRUPT);
	assert_int_equal(db_column_copy(s, 0, arena, &copy), CONSIGN_OK);
	assert_int_equal(copy.len, 4);
	assert_int_equal(db_column_copy(s, 2, arena, &copy), CONSIGN_OK);
	assert_int_equal(copy.len, 0);
	db_reset(s);
	arena_free(&arena);
}

static void
test_db_bind_errors_are_told_by_run_and_forgotten_by_reset(void **state)
{
	struct fixture *f = *state;
	struct db_statement *s = statement(f->db, "INSERT INTO thing (id) VALUES (?1)");
	bool row = true;

	db_bind_u64(s, 1, (uint64_t)INT64_MAX + 1);
	assert_int_equal(db_run(s), CONSIGN_E_TOO_BIG);
	db_bind_u64(s, 2, 1);
	db_bind_u64(s, 1, 1);
	assert_int_equal(db_step(s, &row), CONSIGN_E_USAGE);
	assert_true(row);
	assert_int_equal(count(f->db), 0);
	db_bind_u64(s, 1, 1);
	assert_int_equal(db_run(s), CONSIGN_OK);
	assert_int_equal(count(f->db), 1);
}

static void
test_db_statement_is_cached_and_lent_clean(void **state)
{
	static const char sql[] = "SELECT ?1";
	struct fixture *f = *state;
	struct db_statement *first = statement(f->db, sql);
	struct db_statement *second;
	bool row = false;

	db_bind_u64(first, 1, 5);
	assert_int_equal(db_step(first, &row), CONSIGN_OK);
	second = statement(f->db, sql);
	assert_ptr_equal(first, second);
	assert_int_equal(db_step(second, &row), CONSIGN_OK);
	assert_true(db_column_is_null(second, 0));
}

static void
test_db_statement_cache_holds_some_hundred(void **state)
{
	enum { MANY = 300, STEP = 24 };
	struct fixture *f = *state;
	struct db_statement *lent[MANY];
	/* Static storage, as constants have. */
	static char sql[MANY][STEP];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(sql[i], STEP, "SELECT %u", i);
		lent[i] = statement(f->db, sql[i]);
	}
	for (unsigned i = 0; i < MANY; i++) {
		assert_ptr_equal(statement(f->db, sql[i]), lent[i]);
		assert_int_equal(number(f->db, sql[i]), i);
	}
}

static void
test_db_statement_refuses_what_does_not_prepare(void **state)
{
	struct fixture *f = *state;
	struct db_statement *s = NULL;

	assert_int_equal(db_statement(f->db, "SELECT 1 FROM nowhere", &s), CONSIGN_E_CORRUPT);
	assert_non_null(strstr(db_message(f->db), "nowhere"));
	assert_int_equal(db_statement(f->db, "", &s), CONSIGN_E_USAGE);
	assert_null(s);
}

static void
test_db_constraints_are_conflicts(void **state)
{
	struct fixture *f = *state;
	struct db_statement *s;

	assert_int_equal(insert(f->db, 1, slice_of(NULL, 0), "same"), CONSIGN_OK);
	assert_int_equal(insert(f->db, 1, slice_of(NULL, 0), "other"), CONSIGN_E_CONFLICT);
	assert_int_equal(insert(f->db, 2, slice_of(NULL, 0), "same"), CONSIGN_E_CONFLICT);
	s = statement(f->db, "INSERT INTO part (thing) VALUES (7)");
	assert_int_equal(db_run(s), CONSIGN_E_CONFLICT);
	assert_int_equal(count(f->db), 1);
}

static void
test_db_rollback_undoes_and_resets_statements(void **state)
{
	struct fixture *f = *state;
	struct db_statement *s;
	bool row = false;

	assert_int_equal(insert(f->db, 1, slice_text("x"), NULL), CONSIGN_OK);
	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	assert_int_equal(insert(f->db, 2, slice_text("y"), NULL), CONSIGN_OK);
	s = statement(f->db, "SELECT id FROM thing");
	assert_int_equal(db_step(s, &row), CONSIGN_OK);
	db_rollback(f->db);
	assert_int_equal(count(f->db), 1);
	/* Not in the middle of its rows any more. */
	assert_int_equal(db_step(s, &row), CONSIGN_OK);
	assert_int_equal(db_column_u64(s, 0), 1);
	db_reset(s);
	db_rollback(f->db);
	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	assert_int_equal(db_commit(f->db), CONSIGN_OK);
}

static void
test_db_commit_outlives_the_connection(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	assert_int_equal(insert(f->db, 1, slice_text("x"), NULL), CONSIGN_OK);
	assert_int_equal(db_commit(f->db), CONSIGN_OK);
	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	assert_int_equal(insert(f->db, 2, slice_text("y"), NULL), CONSIGN_OK);
	db_close(&f->db);
	assert_int_equal(db_open(f->path, migrations, VERSION, false, &f->db), CONSIGN_OK);
	assert_int_equal(count(f->db), 1);
}

static void
test_db_begin_read_sees_one_snapshot(void **state)
{
	struct fixture *f = *state;
	struct db *reader = NULL;

	assert_int_equal(db_open(f->path, migrations, VERSION, true, &reader), CONSIGN_OK);
	assert_int_equal(db_begin_read(reader), CONSIGN_OK);
	assert_int_equal(count(reader), 0);
	assert_int_equal(insert(f->db, 1, slice_text("x"), NULL), CONSIGN_OK);
	assert_int_equal(count(reader), 0);
	assert_int_equal(db_commit(reader), CONSIGN_OK);
	assert_int_equal(count(reader), 1);
	/* And writes nothing. */
	assert_int_equal(insert(reader, 2, slice_text("x"), NULL), CONSIGN_E_IO);
	db_close(&reader);
}

static void
test_db_begin_says_busy_when_another_writes(void **state)
{
	struct fixture *f = *state;
	struct db *other = NULL;

	assert_int_equal(db_open(f->path, migrations, VERSION, false, &other), CONSIGN_OK);
	/* The test need not wait for what it knows. */
	assert_int_equal(db_run(statement(other, "PRAGMA busy_timeout = 0")), CONSIGN_OK);
	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	assert_int_equal(db_begin(other), CONSIGN_E_BUSY);
	assert_int_equal(db_commit(f->db), CONSIGN_OK);
	assert_int_equal(db_begin(other), CONSIGN_OK);
	db_close(&other);
}

static void
test_db_says_full_when_the_store_may_not_grow(void **state)
{
	struct fixture *f = *state;
	uint8_t *big = calloc(1, 100000);

	assert_non_null(big);
	assert_int_equal(db_run(statement(f->db, "PRAGMA max_page_count = 12")), CONSIGN_OK);
	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	assert_int_equal(insert(f->db, 1, slice_of(big, 100000), NULL), CONSIGN_E_FULL);
	db_rollback(f->db);
	assert_int_equal(insert(f->db, 1, slice_text("small"), NULL), CONSIGN_OK);
	free(big);
}

static void
test_db_open_refuses_a_newer_schema(void **state)
{
	struct fixture *f = *state;
	struct db *older = NULL;

	assert_int_equal(db_open(f->path, migrations, VERSION - 1, false, &older), CONSIGN_E_SCHEMA_VERSION);
	assert_int_equal(db_open(f->path, migrations, VERSION - 1, true, &older), CONSIGN_E_SCHEMA_VERSION);
	assert_null(older);
}

static void
test_db_open_migrates_an_older_schema(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;
	char *path = path_join(f->folder, "older.db");

	assert_int_equal(db_open(path, migrations, 1, false, &db), CONSIGN_OK);
	assert_int_equal(insert(db, 1, slice_text("kept"), NULL), CONSIGN_OK);
	db_close(&db);
	assert_int_equal(db_open(path, migrations, VERSION, true, &db), CONSIGN_E_SCHEMA_VERSION);
	assert_int_equal(db_open(path, migrations, VERSION, false, &db), CONSIGN_OK);
	assert_int_equal(number(db, "SELECT count(*) FROM thing WHERE size IS NULL"), 1);
	db_close(&db);
	free(path);
}

static void
test_db_open_leaves_no_half_migration(void **state)
{
	static const char *const broken[] = {"CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"};
	static const char *const mended[] = {"CREATE TABLE a (x)", "CREATE TABLE b (x)"};
	struct fixture *f = *state;
	struct db *db = NULL;
	char *path = path_join(f->folder, "broken.db");

	assert_int_equal(db_open(path, broken, 2, false, &db), CONSIGN_E_CORRUPT);
	assert_null(db);
	assert_int_equal(db_open(path, mended, 2, false, &db), CONSIGN_OK);
	assert_int_equal(number(db, "SELECT count(*) FROM b"), 0);
	db_close(&db);
	free(path);
}

static void
test_db_open_tells_absent_from_damaged(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;
	char *absent = path_join(f->folder, "absent.db");
	char *damaged = path_join(f->folder, "damaged.db");
	char *nowhere = path_join(f->folder, "no/where.db");

	assert_int_equal(db_open(absent, migrations, VERSION, true, &db), CONSIGN_E_NOT_FOUND);
	assert_false(file_exists(absent));
	assert_int_equal(file_write(damaged,
			     slice_text("This is no database, and long enough to be seen as none. "
					"This is no database, and long enough to be seen as none."),
			     0600),
	    CONSIGN_OK);
	assert_int_equal(db_open(damaged, migrations, VERSION, false, &db), CONSIGN_E_CORRUPT);
	assert_int_equal(db_open(damaged, migrations, VERSION, true, &db), CONSIGN_E_CORRUPT);
	assert_int_equal(db_open(nowhere, migrations, VERSION, false, &db), CONSIGN_E_IO);
	assert_null(db);
	free(absent);
	free(damaged);
	free(nowhere);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_db_open_is_durable_by_its_settings, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_files_are_private_whatever_the_umask, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_values_come_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_columns_are_copied_out_or_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_bind_errors_are_told_by_run_and_forgotten_by_reset, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_statement_is_cached_and_lent_clean, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_statement_cache_holds_some_hundred, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_statement_refuses_what_does_not_prepare, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_constraints_are_conflicts, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_rollback_undoes_and_resets_statements, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_commit_outlives_the_connection, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_begin_read_sees_one_snapshot, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_begin_says_busy_when_another_writes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_says_full_when_the_store_may_not_grow, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_open_refuses_a_newer_schema, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_open_migrates_an_older_schema, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_open_leaves_no_half_migration, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_db_open_tells_absent_from_damaged, setup, teardown),
	};

	return cmocka_run_group_tests_name("core/db", tests, NULL, NULL);
}
