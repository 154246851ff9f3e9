/*
 * SQLite behind a few verbs; the only user of sqlite3.h. WAL, synchronous=FULL, foreign keys on, a schema version that
 * an older binary refuses. Statements are prepared once and cached by their text's address.
 *
 *   struct db_statement *s;
 *   err = db_statement(db, "INSERT INTO leaf (id, salt) VALUES (?1, ?2)", &s);
 *   db_bind_u64(s, 1, id); db_bind_slice(s, 2, salt);
 *   err = db_run(s);
 *
 * Threads   one connection a thread
 */
#ifndef CORE_DB_H
#define CORE_DB_H

#include "core/bytes.h"

struct db;
struct db_statement;

/*
 * Opens or creates. migrations[i] brings schema version i to i + 1; count is the version this binary knows.
 * read_only: no migrations, fails with NOT_FOUND when absent.
 * Errors: IO, FULL, CORRUPT, SCHEMA_VERSION (written by a newer binary), NO_MEMORY, NOT_FOUND.
 */
CONSIGN_MUST_CHECK enum consign_err db_open(const char *path, const char *const *migrations, size_t count, bool read_only, struct db **ret_db);
/*
 * As db_open for writing, of a store that was made before: it is never made anew.
 * Errors: those of db_open; NOT_FOUND (it is gone), CORRUPT (it is empty, or without a schema)
 */
CONSIGN_MUST_CHECK enum consign_err db_open_again(const char *path, const char *const *migrations, size_t count, struct db **ret_db);
/*
 * Opens the one store of a home for writing: makes it the first time, and from then on only opens it. That it was made
 * stands in a file beside it, PATH.made, so that a store that is lost is not replaced by an empty one unnoticed.
 * Errors: those of db_open and of db_open_again
 */
CONSIGN_MUST_CHECK enum consign_err db_open_kept(const char *path, const char *const *migrations, size_t count, struct db **ret_db);
/* Closing a writing connection takes the log over into the file, so that a daemon that has ended leaves one file. */
void db_close(struct db **db);
/* Lends a cached statement, reset and with its bindings cleared; sql must be a constant string. */
CONSIGN_MUST_CHECK enum consign_err db_statement(struct db *db, const char *sql, struct db_statement **ret_statement);
/* Bind by 1-based place. Slices are borrowed until the statement is run or reset. An empty slice is an empty blob. */
void db_bind_u64(struct db_statement *s, int place, uint64_t v); /* values above INT64_MAX are refused by db_run */
void db_bind_slice(struct db_statement *s, int place, struct consign_slice v);
void db_bind_text(struct db_statement *s, int place, const char *v);
void db_bind_null(struct db_statement *s, int place);
/* Runs a statement that returns no rows. */
CONSIGN_MUST_CHECK enum consign_err db_run(struct db_statement *s);
/* Steps to the next row: *ret_row false at the end (the statement is then reset). Lends columns until the next step. */
CONSIGN_MUST_CHECK enum consign_err db_step(struct db_statement *s, bool *ret_row);
void db_reset(struct db_statement *s);
uint64_t db_column_u64(struct db_statement *s, int column);
struct consign_slice db_column_slice(struct db_statement *s, int column); /* blob or text */
bool db_column_is_null(struct db_statement *s, int column);
/* The only row of a query, or its first: NOT_FOUND when there is none. */
CONSIGN_MUST_CHECK enum consign_err db_row(struct db_statement *s);
/* Columns copied out: of exactly len bytes; into an arena (empty stays empty); as text of less than size bytes.
 * Errors: CORRUPT (another length than was stored), NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err db_column_fixed(struct db_statement *s, int column, void *ret_bytes, size_t len);
CONSIGN_MUST_CHECK enum consign_err db_column_copy(struct db_statement *s, int column, struct arena *arena, struct consign_slice *ret_slice);
CONSIGN_MUST_CHECK enum consign_err db_column_text(struct db_statement *s, int column, char *ret_text, size_t size);
CONSIGN_MUST_CHECK enum consign_err db_begin(struct db *db); /* IMMEDIATE */
CONSIGN_MUST_CHECK enum consign_err db_begin_read(struct db *db); /* DEFERRED: a snapshot over several reads */
CONSIGN_MUST_CHECK enum consign_err db_commit(struct db *db); /* durable when it returns OK */
void db_rollback(struct db *db);
uint64_t db_last_row(struct db *db);
uint64_t db_changes(struct db *db);
bool db_is_writing(const struct db *db);
const char *db_path(const struct db *db);
/* What bodies.h attached; NULL: nothing. The connection ends it. */
struct bodies *db_bodies(struct db *db);
void db_set_bodies(struct db *db, struct bodies *bodies);
/* What SQLite said last, for a log line. Lends until the next call. */
const char *db_message(struct db *db);

#endif
