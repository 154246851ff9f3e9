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
	    cmocka_unit_test(test_secret_equal_compares_len_bytes),
	    cmocka_unit_test(test_secret_start_may_come_twice),
	};

	return cmocka_run_group_tests_name("core/secret", tests, start, NULL);
}
