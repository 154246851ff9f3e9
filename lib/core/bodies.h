/*
 * Bodies of mail beside a store. What is too large for a row lies in files of the folder PATH.bodies, each written once
 * from front to back, and the row says where: SQLite would write every byte twice, and read it page by page.
 *
 *   PATH.bodies/00000001 …   up to BODY_FILE_BYTES each
 *   table body_file          n, bytes used, bytes that rows still want; written in the transaction of those rows
 *
 * A row keeps three columns side by side: body (the bytes when they are few, else empty; NULL once dropped), body_at
 * (0: in the row) and body_bytes. What belongs to a body and is large, too, its manifest, lies before it, and has three such
 * columns: a row that is changed later is written anew with all that is in it.
 *
 *   uint64_t at;
 *   err = bodies_put(db, body, &at);                    in the transaction
 *   bodies_bind(s, 7, body, at);                        places 7, 8, 9
 *   …
 *   err = bodies_column(db, s, 4, arena, &body);        columns 4, 5, 6
 *
 * In SQL, kept(manifest, manifest_at, manifest_bytes) is the manifest, wherever it lies; NULL when its file does not hold it.
 *
 * The system's cache is left the file that grows and the one before it.
 *
 * Invariants   a body is on the disk before the COMMIT of the row that names it. No byte that a row may name is written
 *              again, not even one of a row whose COMMIT failed: it may come back after a crash (commit.c).
 *              A file goes when no row wants any of it.
 *
 * Threads   those of the connection
 */
#ifndef CORE_BODIES_H
#define CORE_BODIES_H

#include "core/db.h"

/* Up to so much lies in the row: one more file to sync costs a lone small message more than two more pages. */
#define BODY_IN_ROW_MAX_BYTES 16384u
/* Of a manifest whose body is in a file: so much leaves room for a row or two more in its page. */
#define MANIFEST_IN_ROW_MAX_BYTES 1024u
#define BODY_FILE_BYTES (64u * 1024u * 1024u)

/* The step of a schema that makes what is needed here; the table with the bodies adds its own columns. */
#define BODIES_SCHEMA "CREATE TABLE body_file (n INTEGER PRIMARY KEY, used INTEGER NOT NULL, live INTEGER NOT NULL);"
#define BODIES_COLUMNS(table)                                                                                                     \
	"ALTER TABLE " table " ADD COLUMN body_at INTEGER NOT NULL DEFAULT 0;"                                                    \
	"ALTER TABLE " table " ADD COLUMN body_bytes INTEGER NOT NULL DEFAULT 0;"
#define BODIES_MANIFEST_COLUMNS(table)                                                                                            \
	"ALTER TABLE " table " ADD COLUMN manifest_at INTEGER NOT NULL DEFAULT 0;"                                                \
	"ALTER TABLE " table " ADD COLUMN manifest_bytes INTEGER NOT NULL DEFAULT 0;"

/*
 * Attaches the folder beside the store to a connection; a writing one makes it, and removes files that no row knows.
 * Errors: CORRUPT (a file is missing or shorter than its rows say), IO, FULL, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err bodies_attach(struct db *db);

/* The one store of a home with its folder: db_open for reading, db_open_kept for writing, and bodies_attach. Errors: those of all */
CONSIGN_MUST_CHECK enum consign_err bodies_open(
    const char *path, const char *const *migrations, size_t count, bool read_only, struct db **ret_db);

/*
 * Writes the body when it is too large for its row. In a transaction of the writing connection.
 * ret_at   0: it belongs into the row
 * Errors: FULL, IO, NO_MEMORY, those of the store
 */
CONSIGN_MUST_CHECK enum consign_err bodies_put(struct db *db, struct consign_slice body, uint64_t *ret_at);
/*
 * The same with the manifest of the body, which goes to the file with it.
 * Errors: those of bodies_put
 */
CONSIGN_MUST_CHECK enum consign_err bodies_put_mail(
    struct db *db, struct consign_slice manifest, struct consign_slice body, uint64_t *ret_manifest_at, uint64_t *ret_at);
/* Binds the three columns. body borrows until the statement has run. */
void bodies_bind(struct db_statement *s, int place, struct consign_slice body, uint64_t at);
/*
 * The body that the three columns speak of, copied into the arena; empty when there is none any more.
 * Errors: CORRUPT (the file does not hold it), IO, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err bodies_column(
    struct db *db, struct db_statement *s, int column, struct arena *arena, struct consign_slice *ret_body);
/* A row stops wanting its body. In a transaction; at 0 does nothing. Errors: those of the store */
CONSIGN_MUST_CHECK enum consign_err bodies_drop(struct db *db, uint64_t at, uint64_t bytes);

/* For db.c alone: what lies at an address, and what is done around COMMIT and instead of it. Errors of the first: CORRUPT, IO, NO_MEMORY */
struct bodies;
CONSIGN_MUST_CHECK enum consign_err bodies_read(struct bodies *bodies, uint64_t at, uint8_t *to, uint64_t bytes);
CONSIGN_MUST_CHECK enum consign_err bodies_before_commit(struct bodies *bodies, struct db *db);
void bodies_after_commit(struct bodies *bodies);
void bodies_rolled_back(struct bodies *bodies);
void bodies_close(struct bodies **bodies);

#endif
