/*
 * Secrets in guarded memory. The only thing done with one here is to make it, compare it and destroy it.
 */
#include "core/secret.h"

#include <sodium.h>

_Static_assert(SECRET_BYTES >= crypto_sign_SECRETKEYBYTES, "an Ed25519 secret key fits");
_Static_assert(SECRET_BYTES >= crypto_box_SECRETKEYBYTES, "a Curve25519 secret key fits");

enum consign_err
secret_start(void)
{
	return sodium_init() < 0 ? CONSIGN_E_CONFIG : CONSIGN_OK;
}

enum consign_err
secret_new(struct secret **ret_secret)
{
	struct secret *secret = sodium_malloc(sizeof(*secret));

	if (secret == NULL)
		return CONSIGN_E_NO_MEMORY;
	sodium_memzero(secret, sizeof(*secret));
	*ret_secret = secret;
	return CONSIGN_OK;
}

void
secret_free(struct secret **secret)
{
	if (secret == NULL || *secret == NULL)
		return;
	sodium_free(*secret); /* overwrites first */
	*secret = NULL;
}

bool
secret_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}
