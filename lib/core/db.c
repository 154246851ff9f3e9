/*
 * SQLite behind the verbs of db.h; beside it only wal_writes.c includes sqlite3.h.
 *
 * Invariants   a statement is reset and its bindings are cleared when db_run ends, when db_step has seen the end or an
 *              error, on db_reset, on db_rollback and when it is lent: no bound slice is read after its time, and no
 *              finished read keeps a snapshot open.
 *              A bind that failed is remembered and is what db_run or db_step answers, without running anything.
 */
#include "core/bodies.h"
#include "core/db.h"
#include "core/wal_writes.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#define BUSY_TIMEOUT_MS 5000
#define CHECKPOINT_TIMEOUT_MS 500
/* A power of two, above twice the statements of the largest store, so that probes stay short. */
#define STATEMENT_SLOTS 1024u
#define STATEMENTS_MAX (STATEMENT_SLOTS / 2)

struct db_statement {
	sqlite3_stmt *stmt;
	struct db *db;
	const char *sql;           /* the key, by address */
	enum consign_err bind_err; /* the first bind that failed since the statement was lent */
};

struct db {
	sqlite3 *handle;
	char *path;
	struct bodies *bodies; /* NULL: none attached */
	bool is_writing;
	size_t statement_count;
	struct db_statement *slots[STATEMENT_SLOTS]; /* open addressing; none is ever removed */
};

/* What an answer of SQLite means. handle may be NULL. */
static enum consign_err
error_of(sqlite3 *handle, int rc)
{
	int os_error;

	if (rc == SQLITE_IOERR_NOMEM)
		return CONSIGN_E_NO_MEMORY;
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return CONSIGN_OK;
	case SQLITE_FULL:
		return CONSIGN_E_FULL;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		/* The shared-memory file says "input or output failed" when the disk is full. */
		os_error = handle == NULL ? 0 : sqlite3_system_errno(handle);
		return os_error == ENOSPC || os_error == EDQUOT ? CONSIGN_E_FULL : CONSIGN_E_IO;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return CONSIGN_E_CORRUPT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return CONSIGN_E_BUSY;
	case SQLITE_NOMEM:
		return CONSIGN_E_NO_MEMORY;
	case SQLITE_CONSTRAINT:
		return CONSIGN_E_CONFLICT;
	case SQLITE_TOOBIG:
		return CONSIGN_E_TOO_BIG;
	case SQLITE_ERROR:
	case SQLITE_SCHEMA:
	case SQLITE_MISMATCH:
		/* A table or column that our schema has is not there. */
		return CONSIGN_E_CORRUPT;
	case SQLITE_RANGE:
	case SQLITE_MISUSE:
		return CONSIGN_E_USAGE;
	default:
		return CONSIGN_E_IO;
	}
}

static enum consign_err
execute(struct db *db, const char *sql)
{
	return error_of(db->handle, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

static enum consign_err
read_version(struct db *db, uint64_t *ret_version)
{
	sqlite3_stmt *stmt = NULL;
	enum consign_err err;
	int rc;

	rc = sqlite3_prepare_v2(db->handle, "PRAGMA user_version", -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	err = error_of(db->handle, rc);
	if (rc == SQLITE_ROW)
		*ret_version = (uint64_t)sqlite3_column_int64(stmt, 0);
	else if (err == CONSIGN_OK)
		err = CONSIGN_E_CORRUPT;
	sqlite3_finalize(stmt);
	return err;
}

/* One step of the schema in one transaction; *ret_version is what holds then. */
static enum consign_err
migrate_once(struct db *db, const char *const *migrations, size_t count, uint64_t *ret_version)
{
	enum consign_err err;
	uint64_t version = 0;
	char *pragma = NULL;

	err = execute(db, "BEGIN IMMEDIATE");
	if (err != CONSIGN_OK)
		return err;
	/* Read again under the lock: another process may have come first. */
	err = read_version(db, &version);
	if (err != CONSIGN_OK || version >= count)
		goto out;
	err = execute(db, migrations[version]);
	if (err != CONSIGN_OK)
		goto out;
	pragma = sqlite3_mprintf("PRAGMA user_version = %llu", (unsigned long long)version + 1);
	err = pragma == NULL ? CONSIGN_E_NO_MEMORY : execute(db, pragma);
	if (err == CONSIGN_OK)
		err = execute(db, "COMMIT");
	if (err == CONSIGN_OK)
		version++;
out:
	sqlite3_free(pragma);
	db_rollback(db); /* does nothing after a COMMIT */
	if (err == CONSIGN_OK)
		*ret_version = version;
	return err;
}

/* Takes the log over into the file, as far as readers and the disk let it: what stays in the log is as durable there. */
static void
checkpoint(struct db *db)
{
	sqlite3_busy_timeout(db->handle, CHECKPOINT_TIMEOUT_MS);
	sqlite3_exec(db->handle, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
}

static enum consign_err
bring_to_version(struct db *db, const char *const *migrations, size_t count, bool read_only, bool must_be)
{
	enum consign_err err;
	uint64_t version = 0, before;

	err = read_version(db, &version);
	if (err == CONSIGN_OK && version == 0 && must_be)
		return CONSIGN_E_CORRUPT; /* all that was in it is gone, its schema too */
	before = version;
	while (err == CONSIGN_OK && version < count && !read_only)
		err = migrate_once(db, migrations, count, &version);
	if (err == CONSIGN_OK && version != count)
		err = CONSIGN_E_SCHEMA_VERSION;
	if (err == CONSIGN_OK && version != before)
		checkpoint(db); /* from now on the file by itself is not mistaken for a new one */
	return err;
}

/* The folder's umask must not decide who reads the store; SQLite gives its WAL the mode of this file. */
static enum consign_err
create_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == ENOSPC || errno == EDQUOT ? CONSIGN_E_FULL : CONSIGN_E_IO;
	close(fd);
	return CONSIGN_OK;
}

/* kept(bytes, at, length): see bodies.h. What its file does not hold is NULL, so that whoever reads it says whose it was. */
static void
kept(sqlite3_context *context, int n, sqlite3_value **values)
{
	struct db *db = sqlite3_user_data(context);
	uint64_t at = (uint64_t)sqlite3_value_int64(values[1]), bytes = (uint64_t)sqlite3_value_int64(values[2]);
	enum consign_err err;
	uint8_t *to;

	(void)n;
	if (at == 0) {
		sqlite3_result_value(context, values[0]);
		return;
	}
	if (db->bodies == NULL || bytes > BODY_FILE_BYTES)
		return;
	to = sqlite3_malloc64(bytes);
	err = to == NULL ? CONSIGN_E_NO_MEMORY : bodies_read(db->bodies, at, to, bytes);
	if (err == CONSIGN_OK) {
		sqlite3_result_blob64(context, to, bytes, sqlite3_free);
		return;
	}
	sqlite3_free(to);
	if (err != CONSIGN_E_CORRUPT)
		sqlite3_result_error_code(context, err == CONSIGN_E_NO_MEMORY ? SQLITE_NOMEM : SQLITE_IOERR_READ);
}

static enum consign_err
set_up(struct db *db, bool read_only)
{
	enum consign_err err;

	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	err = error_of(db->handle,
	    sqlite3_create_function_v2(db->handle, "kept", 3, SQLITE_UTF8 | SQLITE_DIRECTONLY, db, kept, NULL, NULL, NULL));
	if (err != CONSIGN_OK)
		return err;
	/* Bodies do not pass through the cache (bodies.h), so it is small. No mmap: an I/O error would be a signal instead of an answer. Temporary tables never touch the disk. */
	err =
	    execute(db, "PRAGMA cache_size = -8192; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;"
			"PRAGMA cell_size_check = ON"); /* damaged pages are found when they are read, not when they are changed */
	if (err != CONSIGN_OK)
		return err;
	/* A reader looks up rows of any age, so its cache fills with what is not asked for again: the kernel's serves as well. */
	if (read_only)
		return execute(db, "PRAGMA cache_size = -4096");
	return execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864");
}

static enum consign_err
open_db(const char *path, const char *const *migrations, size_t count, bool read_only, bool must_be, struct db **ret_db)
{
	int flags = SQLITE_OPEN_NOMUTEX | (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	struct stat st;
	struct db *db;
	enum consign_err err;
	int rc;

	if ((read_only || must_be) && stat(path, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR ? CONSIGN_E_NOT_FOUND : CONSIGN_E_IO;
	if (must_be && st.st_size == 0)
		return CONSIGN_E_CORRUPT; /* SQLite would take it for new, and throw away the log beside it */
	db = calloc(1, sizeof(*db));
	if (db == NULL)
		return CONSIGN_E_NO_MEMORY;
	db->is_writing = !read_only;
	db->path = strdup(path);
	if (db->path == NULL) {
		err = CONSIGN_E_NO_MEMORY;
		goto out;
	}
	if (!read_only) {
		err = create_file(path);
		if (err != CONSIGN_OK)
			goto out;
	}
	rc = sqlite3_open_v2(path, &db->handle, flags, read_only ? NULL : wal_writes_vfs());
	err = error_of(db->handle, rc);
	if (err != CONSIGN_OK)
		goto out;
	err = set_up(db, read_only);
	if (err != CONSIGN_OK)
		goto out;
	err = bring_to_version(db, migrations, count, read_only, must_be);
out:
	if (err != CONSIGN_OK) {
		db->is_writing = false; /* what is refused is left as it is, and so is the log beside it */
		if (db->handle != NULL)
			sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		db_close(&db);
		return err;
	}
	*ret_db = db;
	return CONSIGN_OK;
}

enum consign_err
db_open(const char *path, const char *const *migrations, size_t count, bool read_only, struct db **ret_db)
{
	return open_db(path, migrations, count, read_only, false, ret_db);
}

enum consign_err
db_open_again(const char *path, const char *const *migrations, size_t count, struct db **ret_db)
{
	return open_db(path, migrations, count, false, true, ret_db);
}

void
db_close(struct db **db)
{
	if (db == NULL || *db == NULL)
		return;
	for (size_t i = 0; i < STATEMENT_SLOTS; i++) {
		struct db_statement *s = (*db)->slots[i];

		if (s == NULL)
			continue;
		sqlite3_finalize(s->stmt);
		free(s);
	}
	/* SQLite does this only when no other connection is left, and the readers of a daemon close after its writer. */
	if ((*db)->is_writing && (*db)->handle != NULL)
		checkpoint(*db);
	sqlite3_close((*db)->handle);
	bodies_close(&(*db)->bodies);
	free((*db)->path);
	free(*db);
	*db = NULL;
}

/* The slot of a statement, or the empty one where it belongs. */
static struct db_statement **
slot_of(struct db *db, const char *sql)
{
	/* Fibonacci hashing: addresses of constants differ in their low and middle bits. */
	uint64_t hash = (uint64_t)(uintptr_t)sql * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(hash >> 32) % STATEMENT_SLOTS;

	while (db->slots[i] != NULL && db->slots[i]->sql != sql)
		i = (i + 1) % STATEMENT_SLOTS;
	return &db->slots[i];
}

enum consign_err
db_statement(struct db *db, const char *sql, struct db_statement **ret_statement)
{
	struct db_statement **slot = slot_of(db, sql);
	struct db_statement *s = *slot;
	int rc;

	if (s != NULL) {
		/* The same address with another text: the caller's sql was no constant. */
		assert(strcmp(sqlite3_sql(s->stmt), sql) == 0);
		db_reset(s);
		*ret_statement = s;
		return CONSIGN_OK;
	}
	if (db->statement_count == STATEMENTS_MAX)
		return CONSIGN_E_NO_MEMORY;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return CONSIGN_E_NO_MEMORY;
	rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->stmt, NULL);
	if (rc != SQLITE_OK || s->stmt == NULL) {
		free(s);
		return rc == SQLITE_OK ? CONSIGN_E_USAGE : error_of(db->handle, rc);
	}
	s->db = db;
	s->sql = sql;
	*slot = s;
	db->statement_count++;
	*ret_statement = s;
	return CONSIGN_OK;
}

static void
note_bind(struct db_statement *s, int rc)
{
	if (s->bind_err == CONSIGN_OK)
		s->bind_err = error_of(s->db->handle, rc);
}

void
db_bind_u64(struct db_statement *s, int place, uint64_t v)
{
	if (v > INT64_MAX)
		note_bind(s, SQLITE_TOOBIG);
	else
		note_bind(s, sqlite3_bind_int64(s->stmt, place, (sqlite3_int64)v));
}

void
db_bind_slice(struct db_statement *s, int place, struct consign_slice v)
{
	/* NULL would bind NULL; an empty slice is an empty blob. */
	note_bind(s, sqlite3_bind_blob64(s->stmt, place, v.len == 0 ? (const void *)"" : v.data, v.len, SQLITE_STATIC));
}

void
db_bind_text(struct db_statement *s, int place, const char *v)
{
	if (v == NULL)
		db_bind_null(s, place);
	else
		note_bind(s, sqlite3_bind_text(s->stmt, place, v, -1, SQLITE_TRANSIENT));
}

void
db_bind_null(struct db_statement *s, int place)
{
	note_bind(s, sqlite3_bind_null(s->stmt, place));
}

enum consign_err
db_step(struct db_statement *s, bool *ret_row)
{
	enum consign_err err = s->bind_err;
	int rc = SQLITE_DONE;

	if (err == CONSIGN_OK) {
		rc = sqlite3_step(s->stmt);
		err = error_of(s->db->handle, rc);
	}
	if (rc != SQLITE_ROW)
		db_reset(s);
	if (err == CONSIGN_OK)
		*ret_row = rc == SQLITE_ROW;
	return err;
}

enum consign_err
db_run(struct db_statement *s)
{
	enum consign_err err;
	bool row = true;

	/* Rows of a RETURNING or a PRAGMA are passed over. */
	do
		err = db_step(s, &row);
	while (err == CONSIGN_OK && row);
	return err;
}

void
db_reset(struct db_statement *s)
{
	/* Its answer repeats the error of the last step, which was reported then. */
	sqlite3_reset(s->stmt);
	sqlite3_clear_bindings(s->stmt);
	s->bind_err = CONSIGN_OK;
}

uint64_t
db_column_u64(struct db_statement *s, int column)
{
	return (uint64_t)sqlite3_column_int64(s->stmt, column);
}

struct consign_slice
db_column_slice(struct db_statement *s, int column)
{
	/* In this order (SQLite's rule): the bytes may be counted anew by the conversion. */
	const void *data = sqlite3_column_blob(s->stmt, column);
	int len = sqlite3_column_bytes(s->stmt, column);

	return slice_of(data, data == NULL ? 0 : (size_t)len);
}

bool
db_column_is_null(struct db_statement *s, int column)
{
	return sqlite3_column_type(s->stmt, column) == SQLITE_NULL;
}

/* Runs one of the statements that begin and end transactions; sql is a constant. */
static enum consign_err
run_constant(struct db *db, const char *sql)
{
	struct db_statement *s;
	enum consign_err err;

	err = db_statement(db, sql, &s);
	return err == CONSIGN_OK ? db_run(s) : err;
}

enum consign_err
db_begin(struct db *db)
{
	static const char sql[] = "BEGIN IMMEDIATE";

	return run_constant(db, sql);
}

enum consign_err
db_begin_read(struct db *db)
{
	static const char sql[] = "BEGIN DEFERRED";

	return run_constant(db, sql);
}

enum consign_err
db_commit(struct db *db)
{
	static const char sql[] = "COMMIT";
	enum consign_err err = db->bodies == NULL ? CONSIGN_OK : bodies_before_commit(db->bodies, db);

	if (err == CONSIGN_OK)
		err = run_constant(db, sql);
	if (err == CONSIGN_OK && db->bodies != NULL)
		bodies_after_commit(db->bodies);
	return err;
}

void
db_rollback(struct db *db)
{
	for (size_t i = 0; i < STATEMENT_SLOTS; i++) {
		if (db->slots[i] != NULL)
			db_reset(db->slots[i]);
	}
	/* After some errors SQLite has rolled back by itself. Out of a transaction there is nothing to undo. */
	if (sqlite3_get_autocommit(db->handle) == 0)
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	if (db->bodies != NULL)
		bodies_rolled_back(db->bodies);
}

uint64_t
db_last_row(struct db *db)
{
	return (uint64_t)sqlite3_last_insert_rowid(db->handle);
}

uint64_t
db_changes(struct db *db)
{
	return (uint64_t)sqlite3_changes64(db->handle);
}

bool
db_is_writing(const struct db *db)
{
	return db->is_writing;
}

const char *
db_path(const struct db *db)
{
	return db->path;
}

struct bodies *
db_bodies(struct db *db)
{
	return db->bodies;
}

void
db_set_bodies(struct db *db, struct bodies *bodies)
{
	db->bodies = bodies;
}

const char *
db_message(struct db *db)
{
	return sqlite3_errmsg(db->handle);
}

enum consign_err
db_row(struct db_statement *s)
{
	bool row;
	enum consign_err err = db_step(s, &row);

	return err != CONSIGN_OK ? err : row ? CONSIGN_OK : CONSIGN_E_NOT_FOUND;
}

enum consign_err
db_column_fixed(struct db_statement *s, int column, void *ret_bytes, size_t len)
{
	struct consign_slice v = db_column_slice(s, column);

	if (v.len != len)
		return CONSIGN_E_CORRUPT;
	memcpy(ret_bytes, v.data, len);
	return CONSIGN_OK;
}

enum consign_err
db_column_copy(struct db_statement *s, int column, struct arena *arena, struct consign_slice *ret_slice)
{
	struct consign_slice v = db_column_slice(s, column), copy = {0};

	if (v.len > 0) {
		copy = arena_copy(arena, v);
		if (copy.data == NULL)
			return CONSIGN_E_NO_MEMORY;
	}
	*ret_slice = copy;
	return CONSIGN_OK;
}

enum consign_err
db_column_text(struct db_statement *s, int column, char *ret_text, size_t size)
{
	struct consign_slice v = db_column_slice(s, column);

	if (v.len >= size)
		return CONSIGN_E_CORRUPT;
	if (v.len > 0)
		memcpy(ret_text, v.data, v.len);
	ret_text[v.len] = '\0';
	return CONSIGN_OK;
}
