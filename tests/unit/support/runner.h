/*
 * Runs shim-subject under a preload shim, in a folder of its own: what the shims' tests share. Asserts inside: a runner
 * that cannot run ends the test.
 */
#ifndef SUPPORT_RUNNER_H
#define SUPPORT_RUNNER_H

#include <stddef.h>
#include <sys/types.h>

struct runner {
	char work[64];      /* a folder under /tmp */
	char store[80];     /* work/store: SHIM_DIR and the subject's working folder */
	char undo[80];      /* work/undo */
	char log[80];       /* work/order.log */
	char output[65536]; /* what the last subject printed; NUL-terminated, cut at the end of the array */
};

#define RUNNER_NO_SHIM NULL

void runner_setup(struct runner *runner);
void runner_teardown(struct runner *runner);

/*
 * Runs the subject to its end with the shim of this name preloaded. extra: one more NAME=VALUE, or NULL.
 * steps: words of shim-subject separated by blanks.
 * Returns the status of waitpid.
 */
int runner_run(struct runner *runner, const char *shim, const char *extra, const char *steps);
/* The same, but kills it with SIGKILL when it has printed this many lines. */
int runner_run_until(struct runner *runner, const char *shim, const char *extra, const char *steps, unsigned lines);
/* lost-writes-apply; asserts that it succeeds. */
void runner_apply(struct runner *runner);
/* Content of a file of the store; "(absent)" when there is none. Lends until the next call. */
const char *runner_content(const struct runner *runner, const char *name);
/* The text of the order log. Lends until the next call. */
const char *runner_order_log(const struct runner *runner);

#endif
