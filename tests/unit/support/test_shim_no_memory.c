/* The no-memory shim: the allocations of the program that it is told to break fail; those of libraries never do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SHIM "shim_no_memory"
#define SHIM_ORDER "SHIM_NO_MEMORY"
#include "unit/support/ordered_shim.h"

static void
test_shim_no_memory_breaks_the_allocations_that_it_is_told(void **state)
{
	static const struct {
		const char *order;
		const char *printed;
	} table[] = {
	    {NULL, "memory ++++++\n"}, {"", "memory ++++++\n"}, {"1 1 1", "memory -+++++\n"}, {"2 1 1", "memory +-++++\n"},
	    {"3 1 1", "memory ++-+++\n"}, {"2 3 1", "memory +---++\n"}, {"4 0 1", "memory +++---\n"}, {"7 1 1", "memory ++++++\n"}};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		assert_string_equal(run(f, table[i].order, "memory 6"), table[i].printed);
}

static void
test_shim_no_memory_leaves_libraries_alone(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(run(f, "1 0 1", "foreign 5"), "foreign +++++\n");
	assert_string_equal(runner_content(&f->runner, "../order.hit"), "(absent)");
}

static void
test_shim_no_memory_tells_each_call_that_it_broke(void **state)
{
	struct fixture *f = *state;
	char call[3][16];
	unsigned long long offset[3], n[3], nonce[3];
	run(f, "2 3 9", "memory 6");
	assert_int_equal(sscanf(runner_content(&f->runner, "../order.hit"), "%15s 0x%llx %llu %llu %15s 0x%llx %llu %llu %15s 0x%llx %llu %llu",
			     call[0], &offset[0], &n[0], &nonce[0], call[1], &offset[1], &n[1], &nonce[1], call[2], &offset[2], &n[2], &nonce[2]),
	    12);
	assert_string_equal(call[0], "calloc");
	assert_string_equal(call[1], "realloc");
	assert_string_equal(call[2], "malloc");
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(n[i], 2 + i);
		assert_int_equal(nonce[i], 9);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_shim_no_memory_breaks_the_allocations_that_it_is_told, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_no_memory_leaves_libraries_alone, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_no_memory_tells_each_call_that_it_broke, setup, teardown),
	};
	return cmocka_run_group_tests_name("shim_no_memory", tests, NULL, NULL);
}
