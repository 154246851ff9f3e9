/*
 * Tests of lib/core/secret.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/secret.h"

static int
start(void **state)
{
	(void)state;
	return secret_start() == CONSIGN_OK ? 0 : -1;
}

static void
test_secret_new_gives_zeros(void **state)
{
	static const uint8_t zeros[SECRET_BYTES];
	struct secret *secret = NULL;

	(void)state;
	assert_int_equal(secret_new(&secret), CONSIGN_OK);
	assert_true(secret_equal(secret->b, zeros, sizeof(zeros)));
	secret_free(&secret);
	assert_null(secret);
	secret_free(&secret);
	secret_free(NULL);
}

/* Pages are used again: more of them than are kept, in any order, and none brings back what it held. */
static void
test_secret_that_was_freed_is_wiped(void **state)
{
	static const uint8_t zeros[SECRET_BYTES];
	struct secret *secrets[20];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 20; i++) {
			assert_int_equal(secret_new(&secrets[i]), CONSIGN_OK);
			assert_true(secret_equal(secrets[i]->b, zeros, sizeof(zeros)));
			memset(secrets[i]->b, 0xa5, sizeof(secrets[i]->b));
			for (size_t j = 0; j < i; j++)
				assert_ptr_not_equal(secrets[i], secrets[j]);
		}
		for (size_t i = 0; i < 20; i++)
			secret_free(&secrets[(i * 7) % 20]);
	}
}

static void
test_secret_equal_compares_len_bytes(void **state)
{
	(void)state;
	assert_true(secret_equal("abcd", "abcx", 3));
	assert_false(secret_equal("abcd", "abcx", 4));
	assert_true(secret_equal("a", "b", 0));
}

static void
test_secret_start_may_come_twice(void **state)
{
	(void)state;
	assert_int_equal(secret_start(), CONSIGN_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_secret_new_gives_zeros),
	    cmocka_unit_test(test_secret_that_was_freed_is_wiped),
	    cmocka_unit_test(test_secret_equal_compares_len_bytes),
	    cmocka_unit_test(test_secret_start_may_come_twice),
	};

	return cmocka_run_group_tests_name("core/secret", tests, start, NULL);
}
