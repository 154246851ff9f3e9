/*
 * Secrets in guarded memory. The only thing done with one here is to make it, compare it and destroy it.
 *
 * A guarded page costs nine system calls between its beginning and its end, and agents make a key for every consignment.
 * So a few that were freed are wiped and kept for the next.
 */
#include "core/secret.h"

#include <pthread.h>
#include <sodium.h>

#define SPARE_MAX 8u /* more keys than any thread has at once */

static pthread_mutex_t spare_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct secret *spare[SPARE_MAX]; /* n_spare of them, all zeros */
static size_t n_spare;

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
	struct secret *secret = NULL;

	pthread_mutex_lock(&spare_mutex);
	if (n_spare > 0)
		secret = spare[--n_spare];
	pthread_mutex_unlock(&spare_mutex);
	if (secret == NULL) {
		secret = sodium_malloc(sizeof(*secret));
		if (secret == NULL)
			return CONSIGN_E_NO_MEMORY;
		sodium_memzero(secret, sizeof(*secret));
	}
	*ret_secret = secret;
	return CONSIGN_OK;
}

void
secret_free(struct secret **secret)
{
	if (secret == NULL || *secret == NULL)
		return;
	sodium_memzero(*secret, sizeof(**secret));
	pthread_mutex_lock(&spare_mutex);
	if (n_spare < SPARE_MAX) {
		spare[n_spare++] = *secret;
		*secret = NULL;
	}
	pthread_mutex_unlock(&spare_mutex);
	sodium_free(*secret); /* accepts NULL */
	*secret = NULL;
}

bool
secret_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}
