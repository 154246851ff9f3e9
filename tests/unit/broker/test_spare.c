/* Memory that nobody uses: given back when it has been free for long, and not again before there is more of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spare.h"

#define SECOND UINT64_C(1000000)
#define MIB ((size_t)1024 * 1024)

/* Whether it was due at any look of so many seconds. */
static bool
look(struct spare *s, size_t free_bytes, uint64_t *now_us, unsigned seconds)
{
	bool is_due = false;

	for (unsigned i = 0; i < seconds; i++)
		is_due = spare_is_due(s, free_bytes, *now_us += SECOND) || is_due;
	return is_due;
}

static void
test_spare_goes_when_it_was_free_for_long(void **state)
{
	struct spare s = {0};
	uint64_t now = 5 * SECOND;

	(void)state;
	assert_false(look(&s, SPARE_MIN_BYTES, &now, SPARE_US / SECOND));
	assert_true(look(&s, SPARE_MIN_BYTES, &now, 1));
	assert_false(look(&s, SPARE_MIN_BYTES, &now, 1000)); /* it is gone */
}

static void
test_spare_stays_when_it_is_little_or_taken_again(void **state)
{
	struct spare s = {0};
	uint64_t now = 5 * SECOND;

	(void)state;
	assert_false(look(&s, SPARE_MIN_BYTES - 1, &now, 1000));
	for (int i = 0; i < 100; i++) {
		assert_false(look(&s, 200 * MIB, &now, 20));
		assert_false(look(&s, 3 * MIB, &now, 1));
	}
}

static void
test_spare_that_was_taken_up_again_goes_again(void **state)
{
	struct spare s = {0};
	uint64_t now = 5 * SECOND;

	(void)state;
	assert_true(look(&s, 50 * MIB, &now, 100));
	assert_false(look(&s, 50 * MIB, &now, 100));
	assert_false(look(&s, 60 * MIB, &now, 100)); /* only 10 MiB of it are held */
	assert_false(look(&s, 20 * MIB, &now, 100)); /* a burst takes 40 MiB of it ... */
	assert_true(look(&s, 60 * MIB, &now, 100));  /* ... and has them no more */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spare_goes_when_it_was_free_for_long),
	    cmocka_unit_test(test_spare_stays_when_it_is_little_or_taken_again),
	    cmocka_unit_test(test_spare_that_was_taken_up_again_goes_again),
	};

	return cmocka_run_group_tests_name("broker/spare", tests, NULL, NULL);
}
