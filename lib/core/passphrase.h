/*
 * Where a passphrase comes from: a file, a systemd credential, a terminal; in that order, and never from an argument or
 * the environment, which other users may read.
 */
#ifndef CORE_PASSPHRASE_H
#define CORE_PASSPHRASE_H

#include "core/keyfile.h"
#include "core/limits.h"

/*
 * file          its first line; NULL: $CREDENTIALS_DIRECTORY/consign-passphrase when it is there, else a terminal
 * prompt        what the terminal shows
 * twice         asks again and compares: for a new passphrase
 * ret_text      PASSPHRASE_MAX_BYTES + 1 bytes of the caller's, to be wiped by it
 * Errors: NOT_FOUND (no file, no credential, no terminal), TOO_BIG, MALFORMED (empty, or the two differ), IO
 */
CONSIGN_MUST_CHECK enum consign_err passphrase_get(const char *file, const char *prompt, bool twice, char *ret_text);
/* Opens a key file, asking for a passphrase only when it is locked. ret_problem: 256 bytes. */
CONSIGN_MUST_CHECK enum consign_err passphrase_open_keys(const char *path, const char *file, struct keyfile **ret_keys, char ret_problem[256]);

#endif
