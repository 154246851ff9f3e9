/*
 * What keyfile.c and keyfile_text.c share; nobody else includes it.
 */
#ifndef CORE_KEYFILE_TEXT_H
#define CORE_KEYFILE_TEXT_H

#include "core/keyfile.h"

#define KEYFILE_SALT_BYTES 16
#define KEYFILE_LOCK_KEY_BYTES 32

struct keyfile_key {
	char name[KEYFILE_NAME_BYTES];
	uint64_t created_us; /* by the clock of the party whose key it is */
	struct secret *secret;
};

struct keyfile {
	char kind[KEYFILE_NAME_BYTES];
	char party[KEYFILE_NAME_BYTES];
	bool is_locked;
	uint64_t opslimit; /* the lock's, as libsodium counts them; 0 without a lock */
	uint64_t memlimit; /* bytes */
	uint8_t salt[KEYFILE_SALT_BYTES];
	struct secret *lock_key; /* first 32 bytes; NULL without a lock */
	struct keyfile_key *keys;
	size_t count;
	size_t capacity;
};

bool keyfile_is_party_word(struct consign_slice s); /* [a-z0-9-]{1,63} */
bool keyfile_is_key_name(struct consign_slice s);   /* [A-Za-z0-9._-]{1,63} */
/* Derives the lock key from the passphrase and the lock's parameters in `file`. Errors: NO_MEMORY. */
CONSIGN_MUST_CHECK enum consign_err keyfile_derive_lock(struct keyfile *file, const char *passphrase);

#endif
