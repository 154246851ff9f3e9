/*
 * What the tests of shims share that are told by a file what to do, while they run. SHIM, and SHIM_ORDER for the variable that names the file,
 * are defined before it is included; after cmocka.h.
 */
#ifndef UNIT_SUPPORT_ORDERED_SHIM_H
#define UNIT_SUPPORT_ORDERED_SHIM_H

#include "unit/support/runner.h"

struct fixture {
	struct runner runner;
	char order[100];  /* the file that tells the shim what to do */
	char extra[120];  /* its variable */
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	runner_setup(&f->runner);
	snprintf(f->order, sizeof f->order, "%s/order", f->runner.work);
	snprintf(f->extra, sizeof f->extra, SHIM_ORDER "=%s", f->order);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	runner_teardown(&f->runner);
	free(f);
	return 0;
}

/* Under the shim, with this line in the order's file; NULL: without the file. Gives what the subject printed. */
static const char *
run(struct fixture *f, const char *line, const char *steps)
{
	if (line != NULL) {
		FILE *file = fopen(f->order, "w");
		assert_non_null(file);
		assert_true(fputs(line, file) >= 0);
		assert_int_equal(fclose(file), 0);
	} else {
		unlink(f->order);
	}
	assert_int_equal(runner_run(&f->runner, SHIM, f->extra, steps), 0);
	return f->runner.output;
}

#endif
