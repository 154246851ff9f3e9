/*
 * Key files: the named secret keys of one party, locked under a passphrase or said aloud to be unlocked.
 *
 *   consign-key-v1
 *   party <kind> <name>                       kind: admin, broker, agent
 *   lock argon2id13 <opslimit> <memlimit> <salt, base64>      or:  lock none
 *   box <nonce, base64>                                       (absent with lock none)
 *   <base64 lines: XChaCha20-Poly1305 of the secret lines; additional data is everything above, byte for byte;
 *    with lock none the secret lines as they are>
 *
 * The secret lines: `<name> <created_us> <secret key, base64>`, one a key. Written whole (file_write, mode 0600).
 * A file that others may read is refused with CONSIGN_E_KEY_FILE.
 *
 * Threads   one owner at a time
 * Security  keys live in struct secret; the lock key is kept in one too, so that keys can be rotated while running
 * Source    docs/CRYPTO.md 7
 */
#ifndef CORE_KEYFILE_H
#define CORE_KEYFILE_H

#include "core/bytes.h"
#include "core/secret.h"

#define KEYFILE_NAME_BYTES 64 /* a key's name, with NUL: "identity", "signing-<hex id>", "seal-<hex id>" … */

struct keyfile;

/*
 * An empty key file in memory.
 * kind, name   borrows; [a-z0-9-]
 * passphrase   borrows; NULL means no lock (--no-passphrase)
 * ret_file     gives; end with keyfile_free
 * Errors: NO_MEMORY. Cost: Argon2id (2 passes over 64 MiB) when there is a passphrase.
 */
CONSIGN_MUST_CHECK enum consign_err keyfile_new(const char *kind, const char *name, const char *passphrase, struct keyfile **ret_file);
/*
 * Reads and unlocks. passphrase NULL and the file locked: CONSIGN_E_KEY_FILE with *ret_locked true (when not NULL).
 * Errors: NOT_FOUND, KEY_FILE (mode, shape), BAD_SEAL (wrong passphrase), NO_MEMORY, IO.
 */
CONSIGN_MUST_CHECK enum consign_err keyfile_open(const char *path, const char *passphrase, bool *ret_locked, struct keyfile **ret_file);
void keyfile_free(struct keyfile **file);
/* Writes the file, durable when it returns OK. Errors: IO, FULL, NO_MEMORY. */
CONSIGN_MUST_CHECK enum consign_err keyfile_save(const struct keyfile *file, const char *path);

const char *keyfile_kind(const struct keyfile *file); /* lends */
const char *keyfile_party(const struct keyfile *file); /* lends */
bool keyfile_is_locked(const struct keyfile *file);

/* Adds or replaces a key; copies the secret. Errors: NO_MEMORY, MALFORMED (name). */
CONSIGN_MUST_CHECK enum consign_err keyfile_put(struct keyfile *file, const char *name, uint64_t created_us, const struct secret *key);
/* Lends until the file changes; NULL when absent. ret_created_us may be NULL. */
const struct secret *keyfile_find(const struct keyfile *file, const char *name, uint64_t *ret_created_us);
void keyfile_drop(struct keyfile *file, const char *name);
size_t keyfile_count(const struct keyfile *file);
const char *keyfile_name_at(const struct keyfile *file, size_t i); /* lends */

#endif
