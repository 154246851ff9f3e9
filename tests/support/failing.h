/*
 * Calls that fail when a test says so: allocations, and calls on a store. A test walks through them:
 *
 *   for (size_t nth = 1; ; nth++) {
 *           failing_alloc(nth);
 *           err = ...;                         what is tested, once
 *           if (!failing_end())
 *                   break;                     it has fewer than nth allocations: all of them were seen
 *           assert_int_equal(err, CONSIGN_E_NO_MEMORY);
 *   }
 *
 * What counts are the calls of our own code, by the linker's --wrap: not those within a library, nor within the file that
 * defines the function. A test program that links `failing` (failing.cmake) has it.
 *
 * Threads   only calls of the thread that armed it count and fail
 */
#ifndef SUPPORT_FAILING_H
#define SUPPORT_FAILING_H

#include <stdbool.h>
#include <stddef.h>

#include "consign/error.h"

/* From now on the nth (from 1) allocation fails, once: malloc, calloc, realloc, reallocarray, aligned_alloc, sodium_malloc, a
 * piece of an arena. */
void failing_alloc(size_t nth);
/* The same, and pieces of arenas do not count: where much is decoded, and that is not what is tested. */
void failing_heap(size_t nth);
/* The nth call on a store (db.h, those that can fail) fails, once, with err; the call is not made (but a commit is, as when its
 * fsync fails). */
void failing_db(size_t nth, enum consign_err err);
/* For a wrap that a room's own fixture makes: whether this allocation is the one that fails. */
bool failing_alloc_now(void);
/* Between these two nothing counts: for what a fixture does in the middle of what is tested. */
void failing_pause(void);
void failing_go_on(void);
/* No more failures. True when the call that was to fail was made. */
bool failing_end(void);

#endif
