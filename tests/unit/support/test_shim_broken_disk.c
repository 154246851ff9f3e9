/* The broken-disk shim: the calls that it is told to break fail, with the error it is told; no others do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SHIM "shim_broken_disk"
#define SHIM_ORDER "SHIM_FAULT"
#include "unit/support/ordered_shim.h"

/* One row a case: the order, what the subject does, what it prints. The file f holds "text" before. */
static const struct row {
	const char *name;
	const char *order;
	const char *steps;
	const char *printed;
} table[] = {
    {"nothing fails without an order", NULL, "trywrite f new sync f tryread f", "write ok\ncut ok\nroom ok\nsync ok\nread n\npread n\n"},
    {"nothing fails by an empty order", "", "trywrite f new", "write ok\ncut ok\nroom ok\n"},
    {"writes, cuts and room are writes", "write 28 1 0 1", "trywrite f new sync f tryread f",
	"write ENOSPC\ncut ENOSPC\nroom ENOSPC\nsync ok\nread text\npread text\n"},
    {"the error is the one told", "write 5 1 0 1", "trywrite f new", "write EIO\ncut EIO\nroom EIO\n"},
    {"the first that fails is counted", "write 28 2 0 1", "trywrite f new", "write ok\ncut ENOSPC\nroom ENOSPC\n"},
    {"so many fail, then no more", "write 28 1 2 1", "trywrite f new", "write ENOSPC\ncut ENOSPC\nroom ok\n"},
    {"reads fail", "read 5 1 0 1", "tryread f trywrite f new", "read EIO\npread EIO\nwrite ok\ncut ok\nroom ok\n"},
    {"a read fails once", "read 5 2 1 1", "tryread f tryread f", "read text\npread EIO\nread text\npread text\n"},
    {"fsync fails, and fdatasync", "sync 5 1 0 1", "sync f datasync f trywrite f new", "sync EIO\nsync EIO\nwrite ok\ncut ok\nroom ok\n"},
    {"opening to write fails, to read does not", "open 28 1 0 1", "tryopen f tryopen g tryread f",
	"open ENOSPC\nopen ENOSPC\nread text\npread text\n"},
    {"an open that fails creates nothing", "open 28 1 1 1", "tryopen g unlink f put f 0 x tryread f", "open ENOSPC\nread x\npread x\n"},
    {"what is not in the folder is left alone", "write 28 1 0 1", "put ../out 0 content tryread ../out", "read content\npread content\n"},
    {"SQLite's shared memory is left alone", "write 28 1 0 1", "put s.db-shm 0 content tryread s.db-shm", "read content\npread content\n"},
};

static void
test_shim_broken_disk_breaks_what_it_is_told(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		assert_int_equal(runner_run(&f->runner, RUNNER_NO_SHIM, NULL, "put f 0 text cut f 4"), 0);
		if (strcmp(run(f, table[i].order, table[i].steps), table[i].printed) != 0)
			fail_msg("%s: printed\n%s", table[i].name, f->runner.output);
	}
}

static void
test_shim_broken_disk_tells_each_call_that_it_broke(void **state)
{
	struct fixture *f = *state;
	char expected[400];
	assert_int_equal(runner_run(&f->runner, RUNNER_NO_SHIM, NULL, "put f 0 text"), 0);
	run(f, "write 28 2 0 7", "trywrite f new");
	snprintf(expected, sizeof expected, "write %s/f 2 7\nwrite %s/f 3 7\n", f->runner.store, f->runner.store);
	assert_string_equal(runner_content(&f->runner, "../order.hit"), expected);
}

static void
test_shim_broken_disk_refuses_an_order_that_it_does_not_understand(void **state)
{
	struct fixture *f = *state;
	FILE *file = fopen(f->order, "w");
	assert_non_null(file);
	assert_true(fputs("write soon", file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_not_equal(runner_run(&f->runner, SHIM, f->extra, "put f 0 text"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_shim_broken_disk_breaks_what_it_is_told, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_broken_disk_tells_each_call_that_it_broke, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_broken_disk_refuses_an_order_that_it_does_not_understand, setup, teardown),
	};
	return cmocka_run_group_tests_name("shim_broken_disk", tests, NULL, NULL);
}
