/*
 * Tests of lib/core/bodies.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/bodies.h"
#include "folder.h"

#define LARGE (BODY_IN_ROW_MAX_BYTES + 1u)

static const char *const migrations[] = {"CREATE TABLE mail (id INTEGER PRIMARY KEY, body BLOB);", BODIES_SCHEMA BODIES_COLUMNS("mail"),
    "ALTER TABLE mail ADD COLUMN manifest BLOB;" BODIES_MANIFEST_COLUMNS("mail")};

struct fixture {
	char *folder;
	char *path;
	struct db *db;
	uint8_t *bytes; /* of the largest body */
};

static enum consign_err
open_store(struct fixture *f, bool read_only, struct db **ret_db)
{
	struct db *db = NULL;
	enum consign_err err = db_open(f->path, migrations, 3, read_only, &db);

	if (err == CONSIGN_OK)
		err = bodies_attach(db);
	if (err != CONSIGN_OK)
		db_close(&db);
	*ret_db = db;
	return err;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->folder = folder_new()) == NULL)
		return -1;
	f->path = path_join(f->folder, "store.db");
	f->bytes = malloc(BODY_FILE_BYTES);
	*state = f;
	return f->path != NULL && f->bytes != NULL && open_store(f, false, &f->db) == CONSIGN_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	db_close(&f->db);
	folder_free(f->folder);
	free(f->path);
	free(f->bytes);
	free(f);
	return 0;
}

/* A body that no other id has. */
static struct consign_slice
body_of(struct fixture *f, uint64_t id, size_t len)
{
	for (size_t i = 0; i < len; i++)
		f->bytes[i] = (uint8_t)(i * 31 + id * 7);
	return slice_of(f->bytes, len);
}

/* In a transaction. */
static uint64_t
put(struct fixture *f, uint64_t id, size_t len)
{
	struct consign_slice body = body_of(f, id, len);
	struct db_statement *s;
	uint64_t at;

	assert_int_equal(bodies_put(f->db, body, &at), CONSIGN_OK);
	assert_int_equal(db_statement(f->db, "INSERT INTO mail (id, body, body_at, body_bytes) VALUES (?1, ?2, ?3, ?4)", &s), CONSIGN_OK);
	db_bind_u64(s, 1, id);
	bodies_bind(s, 2, body, at);
	assert_int_equal(db_run(s), CONSIGN_OK);
	return at;
}

static uint64_t
keep(struct fixture *f, uint64_t id, size_t len)
{
	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	uint64_t at = put(f, id, len);

	assert_int_equal(db_commit(f->db), CONSIGN_OK);
	return at;
}

static void
drop(struct fixture *f, uint64_t id, uint64_t at, size_t len)
{
	struct db_statement *s;

	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	assert_int_equal(db_statement(f->db, "DELETE FROM mail WHERE id = ?1", &s), CONSIGN_OK);
	db_bind_u64(s, 1, id);
	assert_int_equal(db_run(s), CONSIGN_OK);
	assert_int_equal(bodies_drop(f->db, at, len), CONSIGN_OK);
	assert_int_equal(db_commit(f->db), CONSIGN_OK);
}

static enum consign_err
read_back(struct fixture *f, struct db *db, uint64_t id, size_t len)
{
	struct db_statement *s;
	struct arena *arena = NULL;
	struct consign_slice body = {0};

	assert_int_equal(arena_new(BODY_FILE_BYTES, &arena), CONSIGN_OK);
	assert_int_equal(db_statement(db, "SELECT body, body_at, body_bytes FROM mail WHERE id = ?1", &s), CONSIGN_OK);
	db_bind_u64(s, 1, id);
	enum consign_err err = db_row(s);

	if (err == CONSIGN_OK)
		err = bodies_column(db, s, 0, arena, &body);
	if (err == CONSIGN_OK)
		assert_true(slice_equal(body, body_of(f, id, len)));
	db_reset(s);
	arena_free(&arena);
	return err;
}

static char *
file_path(struct fixture *f, unsigned n)
{
	char name[64];

	snprintf(name, sizeof name, "store.db.bodies/%08u", n);
	return path_join(f->folder, name);
}

static bool
has_file(struct fixture *f, unsigned n)
{
	char *path = file_path(f, n);
	bool has = access(path, F_OK) == 0;

	free(path);
	return has;
}

static void
test_bodies_lie_in_the_row_up_to_a_size_and_in_files_beyond(void **state)
{
	struct fixture *f = *state;
	struct db *reader;

	assert_int_equal(keep(f, 1, BODY_IN_ROW_MAX_BYTES), 0);
	assert_false(has_file(f, 1));
	assert_int_equal(keep(f, 2, LARGE), UINT64_C(1) << 32);
	assert_int_equal(keep(f, 3, 2 * LARGE), (UINT64_C(1) << 32) + LARGE);
	assert_int_equal(keep(f, 4, 0), 0);
	assert_int_equal(open_store(f, true, &reader), CONSIGN_OK);
	assert_int_equal(read_back(f, reader, 1, BODY_IN_ROW_MAX_BYTES), CONSIGN_OK);
	assert_int_equal(read_back(f, reader, 2, LARGE), CONSIGN_OK);
	assert_int_equal(read_back(f, reader, 3, 2 * LARGE), CONSIGN_OK);
	assert_int_equal(read_back(f, reader, 4, 0), CONSIGN_OK);
	assert_int_equal(read_back(f, f->db, 3, 2 * LARGE), CONSIGN_OK);
	db_close(&reader);
}

static void
test_bodies_of_an_older_store_are_read_where_they_are(void **state)
{
	struct fixture *f = *state;
	struct consign_slice body = body_of(f, 7, 3 * LARGE);
	struct db_statement *s;

	assert_int_equal(db_statement(f->db, "INSERT INTO mail (id, body) VALUES (7, ?1)", &s), CONSIGN_OK);
	db_bind_slice(s, 1, body);
	assert_int_equal(db_run(s), CONSIGN_OK);
	assert_int_equal(read_back(f, f->db, 7, 3 * LARGE), CONSIGN_OK);
}

static void
test_bodies_go_on_where_the_last_commit_ended(void **state)
{
	struct fixture *f = *state;

	keep(f, 1, LARGE);
	db_close(&f->db);
	assert_int_equal(open_store(f, false, &f->db), CONSIGN_OK);
	assert_int_equal(keep(f, 2, LARGE), (UINT64_C(1) << 32) + LARGE);
	assert_int_equal(read_back(f, f->db, 1, LARGE), CONSIGN_OK);
	assert_int_equal(read_back(f, f->db, 2, LARGE), CONSIGN_OK);
}

/* The row of a COMMIT that failed may come back after a crash, with the bytes that were written for it. */
static void
test_bodies_that_were_rolled_back_are_not_written_over(void **state)
{
	struct fixture *f = *state;

	keep(f, 1, LARGE);
	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	assert_int_equal(put(f, 2, LARGE), (UINT64_C(1) << 32) + LARGE);
	db_rollback(f->db);
	assert_int_equal(keep(f, 3, LARGE), UINT64_C(2) << 32);
	assert_int_equal(keep(f, 4, LARGE), (UINT64_C(2) << 32) + LARGE);
	assert_int_equal(read_back(f, f->db, 1, LARGE), CONSIGN_OK);
	assert_int_equal(read_back(f, f->db, 3, LARGE), CONSIGN_OK);
}

static void
test_bodies_fill_one_file_after_the_other(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	assert_int_equal(put(f, 1, BODY_FILE_BYTES - LARGE), UINT64_C(1) << 32);
	assert_int_equal(put(f, 2, LARGE), (UINT64_C(1) << 32) + BODY_FILE_BYTES - LARGE);
	assert_int_equal(put(f, 3, LARGE), UINT64_C(2) << 32);
	assert_int_equal(db_commit(f->db), CONSIGN_OK);
	db_close(&f->db);
	assert_int_equal(open_store(f, false, &f->db), CONSIGN_OK);
	for (uint64_t id = 2; id <= 3; id++)
		assert_int_equal(read_back(f, f->db, id, LARGE), CONSIGN_OK);
	assert_int_equal(read_back(f, f->db, 1, BODY_FILE_BYTES - LARGE), CONSIGN_OK);
}

/* Pages of a file that the system has in memory. */
static size_t
cached_pages(struct fixture *f, unsigned n)
{
	char *path = file_path(f, n);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t pages = 0;

	free(path);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	size_t n_pages = ((size_t)st.st_size + 4095) / 4096;
	unsigned char *is_there = malloc(n_pages);
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);

	assert_non_null(is_there);
	assert_true(map != MAP_FAILED);
	assert_int_equal(mincore(map, (size_t)st.st_size, is_there), 0);
	for (size_t i = 0; i < n_pages; i++)
		pages += is_there[i] & 1;
	munmap(map, (size_t)st.st_size);
	free(is_there);
	close(fd);
	return pages;
}

static void
test_bodies_leave_the_cache_but_for_the_newest(void **state)
{
	struct fixture *f = *state;
	struct statfs st;

	assert_int_equal(statfs(f->folder, &st), 0);
	if (st.f_type == TMPFS_MAGIC) {
		puts("SKIPPED: in this folder files are memory");
		skip();
	}
	keep(f, 1, BODY_FILE_BYTES - LARGE);
	keep(f, 2, BODY_FILE_BYTES - LARGE);
	assert_true(cached_pages(f, 1) > BODY_FILE_BYTES / 4096 / 2); /* whoever is a little behind reads it from there */
	keep(f, 3, 2 * LARGE);
	assert_int_equal(cached_pages(f, 1), 0);
	assert_true(cached_pages(f, 2) > BODY_FILE_BYTES / 4096 / 2);
	assert_int_equal(read_back(f, f->db, 1, BODY_FILE_BYTES - LARGE), CONSIGN_OK);
}

static void
test_bodies_files_go_with_their_last_body(void **state)
{
	struct fixture *f = *state;
	uint64_t first = keep(f, 1, LARGE), second = keep(f, 2, LARGE);

	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	db_rollback(f->db);
	assert_true(has_file(f, 1)); /* nothing was written: the file goes on */
	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	put(f, 3, LARGE);
	db_rollback(f->db);
	uint64_t third = keep(f, 4, LARGE); /* in file 2 */

	drop(f, 1, first, LARGE);
	assert_true(has_file(f, 1));
	drop(f, 2, second, LARGE);
	assert_false(has_file(f, 1));
	drop(f, 4, third, LARGE);
	assert_true(has_file(f, 2)); /* the one that grows stays */
	keep(f, 5, LARGE);
	assert_int_equal(read_back(f, f->db, 5, LARGE), CONSIGN_OK);
	db_close(&f->db);
	assert_int_equal(open_store(f, false, &f->db), CONSIGN_OK);
	assert_int_equal(read_back(f, f->db, 5, LARGE), CONSIGN_OK);
}

static void
test_bodies_that_no_row_knows_are_removed_at_the_start(void **state)
{
	struct fixture *f = *state;
	char *other = path_join(f->folder, "store.db.bodies/notes.txt");
	int fd;

	keep(f, 1, LARGE);
	for (unsigned n = 2; n <= 3; n++) {
		char *stray = file_path(f, n);

		fd = open(stray, O_WRONLY | O_CREAT, 0600);
		assert_true(fd >= 0);
		close(fd);
		free(stray);
	}
	fd = open(other, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	db_close(&f->db);
	assert_int_equal(open_store(f, false, &f->db), CONSIGN_OK);
	assert_true(has_file(f, 1));
	assert_false(has_file(f, 2));
	assert_false(has_file(f, 3));
	assert_int_equal(access(other, F_OK), 0);
	unlink(other);
	free(other);
}

static void
test_bodies_that_are_missing_or_cut_are_not_taken_for_whole(void **state)
{
	struct fixture *f = *state;
	char *path = file_path(f, 1);
	struct db *reader;

	keep(f, 1, LARGE);
	keep(f, 2, LARGE);
	assert_int_equal(open_store(f, true, &reader), CONSIGN_OK);
	assert_int_equal(truncate(path, 2 * LARGE - 1), 0);
	assert_int_equal(read_back(f, reader, 1, LARGE), CONSIGN_OK);
	assert_int_equal(read_back(f, reader, 2, LARGE), CONSIGN_E_CORRUPT);
	db_close(&reader);
	db_close(&f->db);
	assert_int_equal(open_store(f, false, &f->db), CONSIGN_E_CORRUPT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(open_store(f, false, &f->db), CONSIGN_E_CORRUPT);
	assert_int_equal(open_store(f, true, &reader), CONSIGN_OK);
	assert_int_equal(read_back(f, reader, 1, LARGE), CONSIGN_E_CORRUPT);
	db_close(&reader);
	free(path);
}

/* What kept() says in SQL of a row's manifest: its bytes, or NULL (false). */
static bool
manifest_is(struct db *db, uint64_t id, struct consign_slice manifest)
{
	struct db_statement *s;

	assert_int_equal(db_statement(db, "SELECT kept(manifest, manifest_at, manifest_bytes) FROM mail WHERE id = ?1", &s), CONSIGN_OK);
	db_bind_u64(s, 1, id);
	assert_int_equal(db_row(s), CONSIGN_OK);
	bool is = !db_column_is_null(s, 0);

	if (is)
		assert_true(slice_equal(db_column_slice(s, 0), manifest));
	db_reset(s);
	return is;
}

static void
test_bodies_have_their_manifests_beside_them(void **state)
{
	static const struct {
		size_t manifest, body;
		bool manifest_in_file, body_in_file;
	} cases[] = {{MANIFEST_IN_ROW_MAX_BYTES + 1, LARGE, true, true}, {MANIFEST_IN_ROW_MAX_BYTES, LARGE, false, true},
	    {MANIFEST_IN_ROW_MAX_BYTES + 1, LARGE - 1, false, false}, {BODY_IN_ROW_MAX_BYTES * 8, LARGE - 1, false, false},
	    {300000, LARGE, true, true}};
	struct fixture *f = *state;
	struct db *reader;
	uint8_t *bytes = calloc(1, 300000);
	uint64_t at, manifest_at;
	char *path = file_path(f, 1);

	assert_non_null(bytes);
	memset(bytes, 'm', 300000);
	assert_int_equal(open_store(f, true, &reader), CONSIGN_OK);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct consign_slice manifest = slice_of(bytes, cases[i].manifest), body = body_of(f, i, cases[i].body);
		struct db_statement *s;

		assert_int_equal(db_begin(f->db), CONSIGN_OK);
		assert_int_equal(bodies_put_mail(f->db, manifest, body, &manifest_at, &at), CONSIGN_OK);
		assert_int_equal(manifest_at != 0, cases[i].manifest_in_file);
		assert_int_equal(at != 0, cases[i].body_in_file);
		assert_int_equal(db_statement(f->db,
				     "INSERT INTO mail (id, body, body_at, body_bytes, manifest, manifest_at, manifest_bytes)"
				     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
				     &s),
		    CONSIGN_OK);
		db_bind_u64(s, 1, i);
		bodies_bind(s, 2, body, at);
		bodies_bind(s, 5, manifest, manifest_at);
		assert_int_equal(db_run(s), CONSIGN_OK);
		assert_int_equal(db_commit(f->db), CONSIGN_OK);
		assert_int_equal(read_back(f, reader, i, cases[i].body), CONSIGN_OK);
		assert_true(manifest_is(f->db, i, manifest));
		assert_true(manifest_is(reader, i, manifest));
	}
	/* What the file does not hold is told by itself: the statement goes on. */
	assert_int_equal(truncate(path, (off_t)(manifest_at & UINT32_MAX) + 299999), 0);
	assert_false(manifest_is(reader, sizeof cases / sizeof *cases - 1, slice_of(bytes, 300000)));
	assert_true(manifest_is(reader, 0, slice_of(bytes, cases[0].manifest)));
	/* Nor does a row that rotted make it ask for more than a file can hold. */
	assert_int_equal(db_begin(f->db), CONSIGN_OK);
	struct db_statement *s;

	assert_int_equal(db_statement(f->db, "UPDATE mail SET manifest_bytes = -1 WHERE id = 0", &s), CONSIGN_OK);
	assert_int_equal(db_run(s), CONSIGN_OK);
	assert_int_equal(db_commit(f->db), CONSIGN_OK);
	assert_false(manifest_is(reader, 0, slice_of(bytes, 1)));
	db_close(&reader);
	free(path);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_bodies_lie_in_the_row_up_to_a_size_and_in_files_beyond, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bodies_of_an_older_store_are_read_where_they_are, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bodies_go_on_where_the_last_commit_ended, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bodies_that_were_rolled_back_are_not_written_over, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bodies_fill_one_file_after_the_other, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bodies_leave_the_cache_but_for_the_newest, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bodies_files_go_with_their_last_body, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bodies_that_no_row_knows_are_removed_at_the_start, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bodies_have_their_manifests_beside_them, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bodies_that_are_missing_or_cut_are_not_taken_for_whole, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
