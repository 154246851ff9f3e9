/* The wrapped functions of failing.h. */
#include "failing.h"

#include <stdint.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/db.h"

enum failing_what { FAILING_NOTHING, FAILING_HEAP, FAILING_ALLOC, FAILING_DB };

static _Thread_local struct {
	enum failing_what what;
	size_t left; /* calls until the one that fails; 0: it failed */
	enum consign_err err;
	bool is_paused;
} armed;

static bool
fails(enum failing_what what)
{
	bool counts = armed.what == what || (armed.what == FAILING_ALLOC && what == FAILING_HEAP);

	return counts && !armed.is_paused && armed.left > 0 && --armed.left == 0;
}

void
failing_alloc(size_t nth)
{
	armed.what = FAILING_ALLOC;
	armed.left = nth;
}

void
failing_heap(size_t nth)
{
	armed.what = FAILING_HEAP;
	armed.left = nth;
}

void
failing_db(size_t nth, enum consign_err err)
{
	armed.what = FAILING_DB;
	armed.left = nth;
	armed.err = err;
}

void
failing_pause(void)
{
	armed.is_paused = true;
}

void
failing_go_on(void)
{
	armed.is_paused = false;
}

bool
failing_alloc_now(void)
{
	return fails(FAILING_HEAP);
}

bool
failing_end(void)
{
	bool failed = armed.what != FAILING_NOTHING && armed.left == 0;

	armed.what = FAILING_NOTHING;
	return failed;
}

/* WRAP(type, name, parameters, arguments, what it gives when it fails) */
#define WRAP(WHAT, TYPE, NAME, PARAMETERS, ARGUMENTS, FAILURE)                                                                   \
	TYPE __real_##NAME PARAMETERS;                                                                                           \
	TYPE __wrap_##NAME PARAMETERS;                                                                                           \
	TYPE __wrap_##NAME PARAMETERS                                                                                            \
	{                                                                                                                        \
		return fails(WHAT) ? (FAILURE) : __real_##NAME ARGUMENTS;                                                        \
	}

WRAP(FAILING_HEAP, void *, malloc, (size_t size), (size), NULL)
WRAP(FAILING_HEAP, void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAP(FAILING_HEAP, void *, realloc, (void *p, size_t size), (p, size), NULL)
WRAP(FAILING_HEAP, void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size), NULL)
WRAP(FAILING_HEAP, void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size), NULL)
WRAP(FAILING_HEAP, void *, sodium_malloc, (size_t size), (size), NULL)
WRAP(FAILING_ALLOC, void *, arena_alloc, (struct arena * a, size_t size), (a, size), NULL)
WRAP(FAILING_ALLOC, struct consign_slice, arena_copy, (struct arena * a, struct consign_slice s), (a, s), slice_of(NULL, 0))

WRAP(FAILING_DB, enum consign_err, db_statement, (struct db * db, const char *sql, struct db_statement **ret), (db, sql, ret),
    armed.err)
WRAP(FAILING_DB, enum consign_err, db_run, (struct db_statement * s), (s), armed.err)
WRAP(FAILING_DB, enum consign_err, db_step, (struct db_statement * s, bool *ret_row), (s, ret_row), armed.err)
WRAP(FAILING_DB, enum consign_err, db_row, (struct db_statement * s), (s), armed.err)
WRAP(FAILING_DB, enum consign_err, db_begin, (struct db * db), (db), armed.err)
WRAP(FAILING_DB, enum consign_err, db_begin_read, (struct db * db), (db), armed.err)
WRAP(FAILING_DB, enum consign_err, db_column_fixed, (struct db_statement * s, int column, void *ret, size_t len),
    (s, column, ret, len), armed.err)
WRAP(FAILING_DB, enum consign_err, db_column_copy,
    (struct db_statement * s, int column, struct arena *a, struct consign_slice *ret), (s, column, a, ret), armed.err)
WRAP(FAILING_DB, enum consign_err, db_column_text, (struct db_statement * s, int column, char *ret, size_t size),
    (s, column, ret, size), armed.err)

enum consign_err __real_db_commit(struct db *db);
enum consign_err __wrap_db_commit(struct db *db);
enum consign_err
__wrap_db_commit(struct db *db)
{
	enum consign_err err = __real_db_commit(db);

	return fails(FAILING_DB) ? armed.err : err;
}
