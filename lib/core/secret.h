/*
 * Secrets: 32 bytes in guarded memory. No function formats, logs or encodes one.
 *
 * Threads   a secret may be read by several threads, never while one frees it; making and freeing is for any thread
 * Security  sodium_malloc: guard pages, not in core dumps, wiped at the end
 */
#ifndef CORE_SECRET_H
#define CORE_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "consign/error.h"
#include "consign/types.h"

#define SECRET_BYTES 64 /* room for an Ed25519 secret key; Curve25519 and symmetric keys use the first 32 */

struct secret {
	uint8_t b[SECRET_BYTES];
};

/* Gives a zeroed secret in guarded memory; end it with secret_free. Errors: CONSIGN_E_NO_MEMORY. */
CONSIGN_MUST_CHECK enum consign_err secret_new(struct secret **ret_secret);
void secret_free(struct secret **secret); /* wipes, and keeps a few pages for the next; accepts NULL */
/* Constant-time comparison of len bytes. */
bool secret_equal(const void *a, const void *b, size_t len);
/* Once per process, before any other call into cryptography. Errors: CONSIGN_E_CONFIG. */
CONSIGN_MUST_CHECK enum consign_err secret_start(void);

#endif
