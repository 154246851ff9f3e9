/*
 * Role profiles at the command: where they are found, and what doctor says about one. What they are: policy/profile.h.
 */
#ifndef CLI_PROFILES_H
#define CLI_PROFILES_H

#include "policy/profile.h"

/* Folders with NAME.yaml, in the order in which they are asked: the installed one, then that of the source tree. NULL ended. */
extern const char *const profiles_folders[];

#define PROFILES_PROBLEM_BYTES 1024

/*
 * Reads and checks a profile file.
 * text         appended to
 * ret_profile  lives in arena (PROFILE_ARENA_BYTES)
 * ret_problem  what is wrong, with its place; filled for every error but NOT_FOUND
 * Errors: NOT_FOUND, CONFIG, TOO_BIG, IO, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err profiles_read(const char *path, struct arena *arena, struct buf *text, struct profile **ret_profile,
    char ret_problem[PROFILES_PROBLEM_BYTES]);

/*
 * The text of a profile, checked: of a known name; or of a file, when there is a slash in what is wanted. Says what is
 * wrong, and which names are known, before it returns an error.
 * Errors: NOT_FOUND, CONFIG, TOO_BIG, IO, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err profiles_take(const char *const *folders, const char *wanted, struct buf *ret_text);

/*
 * A gap in words: `text` what does not pass and why, `todo` what the hub's administrator would have to change.
 * Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err profiles_gap_words(
    const struct profile *profile, const struct profile_gap *gap, struct buf *text, struct buf *todo);
/* What was compared, in one line. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err profiles_sum_words(
    const struct profile *profile, const struct profile_sum *sum, struct buf *text);

#endif
