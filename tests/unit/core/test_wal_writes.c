/*
 * Tests of lib/core/wal_writes.c, on SQLite itself. The calls of the kernel that its VFS makes are replaced by ones that count,
 * write short, fail, or take a picture of the store as a crash at this moment would leave it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "core/bytes.h"
#include "core/file.h"
#include "core/wal_writes.h"
#include "failing.h"
#include "folder.h"

#define ROW_BYTES 3000

/* What the replaced calls do: to logs alone. */
static struct {
	size_t writes, reads, syncs;
	size_t fail_at; /* the write that fails, from 1; 0: none */
	int error;
	bool is_short;  /* each write takes half of it */
	bool fails_all; /* after fail_at */
	void (*picture)(void *context);
	void *context;
} calls;

static bool
is_log(int fd)
{
	char link[64], path[PATH_MAX];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);

	if (n < 4)
		return false;
	path[n] = '\0';
	return strcmp(path + n - 4, "-wal") == 0;
}

static ssize_t
our_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	if (!is_log(fd))
		return pwrite(fd, bytes, len, at);
	calls.writes++;
	if (calls.fail_at != 0 && (calls.writes == calls.fail_at || (calls.fails_all && calls.writes > calls.fail_at))) {
		/* What a full disk takes before it is full. */
		if (len > 100)
			assert_int_equal(pwrite(fd, bytes, len / 3, at), len / 3);
		errno = calls.error;
		return -1;
	}
	if (calls.picture != NULL) {
		/* Torn in the middle, and whole. */
		assert_int_equal(pwrite(fd, bytes, len / 2, at), len / 2);
		calls.picture(calls.context);
		assert_int_equal(pwrite(fd, bytes, len, at), len);
		calls.picture(calls.context);
		return (ssize_t)len;
	}
	return pwrite(fd, bytes, calls.is_short && len > 1 ? len / 2 : len, at);
}

static ssize_t
our_pread(int fd, void *bytes, size_t len, off_t at)
{
	calls.reads += is_log(fd);
	return pread(fd, bytes, len, at);
}

static void
replace(void *write_call, void *read_call)
{
	static const char *const names[] = {"pwrite", "pwrite64", "pread", "pread64"};
	sqlite3_vfs *vfs = sqlite3_vfs_find("unix");

	for (size_t i = 0; i < 4; i++)
		vfs->xSetSystemCall(vfs, names[i], (sqlite3_syscall_ptr)(i < 2 ? write_call : read_call));
}

struct fixture {
	char *folder;
	char *path;
	char *copy; /* of a picture */
	sqlite3 *db;
	int64_t committed; /* rows that COMMIT said are there */
	int64_t begun;     /* rows of the transaction under way, with them */
	size_t pictures;
};

static sqlite3 *
open_store(const char *path, bool ours)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			     ours ? wal_writes_vfs() : NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	memset(&calls, 0, sizeof calls);
	f->folder = folder_new();
	f->path = path_join(f->folder, "store.db");
	f->copy = path_join(f->folder, "copy.db");
	f->db = open_store(f->path, true);
	assert_int_equal(sqlite3_exec(f->db, "CREATE TABLE t (id INTEGER PRIMARY KEY, bytes BLOB)", NULL, NULL, NULL), SQLITE_OK);
	replace(our_pwrite, our_pread);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	calls.fail_at = 0;
	calls.picture = NULL;
	replace(NULL, NULL);
	assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
	folder_free(f->folder);
	free(f->path);
	free(f->copy);
	free(f);
	return 0;
}

static void
run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static int
insert(sqlite3 *db, int64_t first, int64_t last)
{
	char sql[300];

	snprintf(sql, sizeof sql,
	    "WITH RECURSIVE n(i) AS (VALUES (%lld) UNION ALL SELECT i + 1 FROM n WHERE i < %lld)"
	    " INSERT INTO t SELECT i, CAST(substr(hex(zeroblob(%d)) || i, -%d) AS BLOB) FROM n",
	    (long long)first, (long long)last, ROW_BYTES, ROW_BYTES);
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int64_t
number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(s, 0);

	sqlite3_finalize(s);
	return n;
}

/* The rows 1 to n, each as it was inserted, and a sound file. */
static void
assert_rows(sqlite3 *db, int64_t n)
{
	assert_int_equal(number(db, "SELECT count(*) FROM t"), n);
	assert_int_equal(number(db, "SELECT ifnull(max(id), 0) FROM t"), n);
	assert_int_equal(
	    number(db, "SELECT count(*) FROM t WHERE length(bytes) <> 3000 OR CAST(ltrim(CAST(bytes AS TEXT), '0') AS INTEGER)"
		       " <> CAST(ltrim(CAST(id AS TEXT), '0') AS INTEGER)"),
	    0);
	assert_int_equal(number(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
}

static void
test_wal_writes_makes_one_call_of_a_commit(void **state)
{
	struct fixture *f = *state;
	sqlite3 *other = open_store(f->path, false);

	calls.writes = calls.reads = 0;
	assert_int_equal(insert(f->db, 1, 20), SQLITE_OK);
	assert_int_equal(calls.writes, 1);
	assert_int_equal(calls.reads, 0);
	assert_rows(other, 20);
	/* SQLite by itself makes two a page. */
	calls.writes = 0;
	assert_int_equal(insert(other, 21, 40), SQLITE_OK);
	assert_true(calls.writes > 40);
	assert_rows(f->db, 40);
	/* A commit that is larger than what is gathered: as many calls as that takes. */
	calls.writes = 0;
	assert_int_equal(insert(f->db, 41, 240), SQLITE_OK);
	assert_in_range(calls.writes, 2, 200 * 4200 / (WAL_GATHER_MAX_BYTES / 2));
	assert_rows(other, 240);
	sqlite3_close(other);
}

/* A log that begins anew, has its size limited, is cut, and is read back by recovery. */
static void
test_wal_writes_holds_through_checkpoints_and_recovery(void **state)
{
	struct fixture *f = *state;
	int64_t n = 0;

	run(f->db, "PRAGMA wal_autocheckpoint = 50; PRAGMA journal_size_limit = 100000");
	for (int round = 0; round < 30; round++) {
		assert_int_equal(insert(f->db, n + 1, n + 7), SQLITE_OK);
		n += 7;
		if (round % 10 == 9)
			run(f->db, round % 20 == 9 ? "PRAGMA wal_checkpoint(TRUNCATE)" : "PRAGMA wal_checkpoint(RESTART)");
	}
	assert_rows(f->db, n);
	run(f->db, "PRAGMA wal_autocheckpoint = 0");
	assert_int_equal(insert(f->db, n + 1, n + 7), SQLITE_OK);
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_close(f->db);
	f->db = open_store(f->path, true);
	assert_rows(f->db, n + 7);
}

/* A cache of a few pages: what a transaction writes goes to the log before its end, and is read back from there. */
static void
test_wal_writes_gives_back_what_spilled_before_its_commit(void **state)
{
	struct fixture *f = *state;
	sqlite3 *other = open_store(f->path, false);

	run(f->db, "PRAGMA cache_size = 5; PRAGMA cache_spill = 5");
	calls.reads = 0;
	run(f->db, "BEGIN IMMEDIATE");
	assert_int_equal(insert(f->db, 1, 100), SQLITE_OK);
	assert_rows(f->db, 100);
	assert_true(calls.reads > 0);
	assert_rows(other, 0);
	/* Frames that are written over within the transaction, and some that are given up. */
	run(f->db, "UPDATE t SET bytes = zeroblob(3000); SAVEPOINT a; DELETE FROM t WHERE id > 50; ROLLBACK TO a; RELEASE a;"
		   "DELETE FROM t WHERE id > 60");
	run(f->db, "DELETE FROM t");
	assert_int_equal(insert(f->db, 1, 90), SQLITE_OK);
	run(f->db, "COMMIT");
	assert_rows(f->db, 90);
	assert_rows(other, 90);
	sqlite3_close(other);
}

/* What was rolled back is not written later, over what another connection has committed in its place. */
static void
test_wal_writes_forgets_what_was_rolled_back(void **state)
{
	struct fixture *f = *state;
	sqlite3 *other = open_store(f->path, true);

	run(f->db, "PRAGMA cache_size = 5; PRAGMA cache_spill = 5");
	run(other, "PRAGMA wal_autocheckpoint = 0");
	run(f->db, "PRAGMA wal_autocheckpoint = 0");
	for (int64_t n = 0; n < 40; n += 20) {
		run(other, "PRAGMA wal_checkpoint(TRUNCATE)"); /* so that going back reads nothing from the log */
		calls.writes = 0;
		run(f->db, "BEGIN IMMEDIATE");
		/* Spills, too little to be written by itself. */
		assert_int_equal(insert(f->db, n + 1, n + 12), SQLITE_OK);
		run(f->db, "ROLLBACK");
		assert_int_equal(calls.writes, 1); /* the log's own header, which is synced at once */
		assert_int_equal(insert(other, n + 1, n + 10), SQLITE_OK);
		assert_int_equal(calls.writes, 3);
		assert_rows(f->db, n + 10); /* reads */
		assert_int_equal(insert(f->db, n + 11, n + 20), SQLITE_OK);
	}
	sqlite3_close(other);
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_close(f->db);
	f->db = open_store(f->path, false);
	assert_rows(f->db, 40);
}

static void
test_wal_writes_goes_on_after_short_writes(void **state)
{
	struct fixture *f = *state;
	sqlite3 *other = open_store(f->path, false);

	calls.is_short = true;
	assert_int_equal(insert(f->db, 1, 30), SQLITE_OK);
	assert_int_equal(insert(f->db, 31, 60), SQLITE_OK);
	calls.is_short = false;
	assert_rows(other, 60);
	sqlite3_close(other);
}

/* Every write fails once, and all from it on: the transaction fails, nothing of it is there, and the next one goes well. */
static void
walk_failures(struct fixture *f, int error, int code, bool all, bool spills)
{
	sqlite3 *other = open_store(f->path, false);
	int64_t n = number(other, "SELECT count(*) FROM t");

	run(f->db, spills ? "PRAGMA cache_size = 5; PRAGMA cache_spill = 5" : "PRAGMA cache_size = 1000");
	for (size_t nth = 1;; nth++) {
		calls.writes = 0;
		calls.fail_at = nth;
		calls.error = error;
		calls.fails_all = all;
		int rc = sqlite3_exec(f->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

		assert_int_equal(rc, SQLITE_OK);
		rc = insert(f->db, n + 1, n + 100);
		if (rc == SQLITE_OK)
			rc = sqlite3_exec(f->db, "SELECT sum(length(bytes)) FROM t; COMMIT", NULL, NULL, NULL);
		bool was_hit = calls.writes >= nth;

		calls.fail_at = 0;
		if (!was_hit) {
			assert_int_equal(rc, SQLITE_OK);
			assert_rows(other, n + 100);
			assert_true(nth > 2);
			break;
		}
		assert_int_equal(rc & 0xff, code);
		if (sqlite3_get_autocommit(f->db) == 0)
			run(f->db, "ROLLBACK");
		assert_rows(other, n);
		assert_rows(f->db, n);
		assert_int_equal(insert(f->db, n + 1, n + 1), SQLITE_OK);
		n++;
		assert_rows(other, n);
	}
	sqlite3_close(other);
}

static void
test_wal_writes_loses_nothing_when_writes_fail(void **state)
{
	for (int way = 0; way < 4; way++) {
		walk_failures(*state, ENOSPC, SQLITE_FULL, way % 2 == 1, way / 2 == 1);
		walk_failures(*state, EIO, SQLITE_IOERR, way % 2 == 1, way / 2 == 1);
	}
}

/*
 * A full disk takes back the statement alone, and the transaction may go on: a commit must not follow when frames of its earlier
 * statements were lost.
 */
static void
test_wal_writes_fails_until_the_lock_goes(void **state)
{
	struct fixture *f = *state;

	run(f->db, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA cache_size = 5; PRAGMA cache_spill = 5; BEGIN IMMEDIATE");
	assert_int_equal(insert(f->db, 1, 12), SQLITE_OK); /* gathered */
	calls.writes = 0;
	calls.fail_at = 1;
	calls.error = ENOSPC;
	int rc = sqlite3_exec(f->db, "INSERT INTO t SELECT id + 100, bytes FROM t", NULL, NULL, NULL); /* wants them back */

	assert_int_equal(rc, SQLITE_FULL);
	calls.fail_at = 0;
	assert_int_equal(sqlite3_get_autocommit(f->db), 0);
	assert_int_not_equal(sqlite3_exec(f->db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	if (sqlite3_get_autocommit(f->db) == 0)
		run(f->db, "ROLLBACK");
	assert_rows(f->db, 0);
	assert_int_equal(insert(f->db, 1, 12), SQLITE_OK);
	assert_rows(f->db, 12);
}

static void
test_wal_writes_does_without_memory(void **state)
{
	struct fixture *f = *state;

	for (size_t nth = 1;; nth++) {
		int64_t n = number(f->db, "SELECT count(*) FROM t");

		sqlite3_close(f->db); /* what it has gathered in goes with it */
		f->db = open_store(f->path, true);
		run(f->db, "SELECT 1 FROM t");
		failing_heap(nth);
		int rc = insert(f->db, n + 1, n + 40);

		if (!failing_end())
			break;
		assert_int_equal(rc, SQLITE_OK);
		assert_rows(f->db, n + 40);
		assert_true(nth < 100);
	}
}

static void
copy_file(const char *from, const char *to)
{
	struct buf bytes = {0};

	unlink(to);
	if (file_read(from, 64 * 1024 * 1024, &bytes) == CONSIGN_OK)
		assert_int_equal(file_write(to, buf_slice(&bytes), 0600), CONSIGN_OK);
	buf_clear(&bytes);
}

/* A kill at this moment: what is there then are the rows that were committed, or those of the commit under way as well. */
static void
picture(void *context)
{
	struct fixture *f = context;
	void (*again)(void *context) = calls.picture;
	char log[PATH_MAX], log_copy[PATH_MAX], shm[PATH_MAX];

	calls.picture = NULL;
	snprintf(log, sizeof log, "%s-wal", f->path);
	snprintf(log_copy, sizeof log_copy, "%s-wal", f->copy);
	snprintf(shm, sizeof shm, "%s-shm", f->copy);
	copy_file(f->path, f->copy);
	copy_file(log, log_copy);
	unlink(shm);
	sqlite3 *db = open_store(f->copy, true);
	int64_t n = number(db, "SELECT count(*) FROM t");

	if (n != f->committed)
		assert_int_equal(n, f->begun);
	assert_rows(db, n);
	sqlite3_close(db);
	f->pictures++;
	calls.picture = again;
}

static void
test_wal_writes_may_be_killed_at_any_instant(void **state)
{
	struct fixture *f = *state;

	run(f->db, "PRAGMA wal_autocheckpoint = 60; PRAGMA cache_size = 40; PRAGMA cache_spill = 40");
	calls.picture = picture;
	calls.context = f;
	for (int round = 0; round < 12; round++) {
		f->begun = f->committed + (round % 4 == 3 ? 80 : 6);
		run(f->db, "BEGIN IMMEDIATE");
		assert_int_equal(insert(f->db, f->committed + 1, f->begun), SQLITE_OK);
		if (round % 3 == 2) {
			f->begun = f->committed;
			run(f->db, "ROLLBACK");
			continue;
		}
		run(f->db, "COMMIT");
		f->committed = f->begun;
		picture(f);
	}
	calls.picture = NULL;
	assert_true(f->pictures > 30);
	assert_rows(f->db, f->committed);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_wal_writes_##name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(makes_one_call_of_a_commit),
	    CASE(holds_through_checkpoints_and_recovery),
	    CASE(gives_back_what_spilled_before_its_commit),
	    CASE(forgets_what_was_rolled_back),
	    CASE(goes_on_after_short_writes),
	    CASE(loses_nothing_when_writes_fail),
	    CASE(fails_until_the_lock_goes),
	    CASE(does_without_memory),
	    CASE(may_be_killed_at_any_instant),
	};

	return cmocka_run_group_tests_name("core/wal_writes", tests, NULL, NULL);
}
