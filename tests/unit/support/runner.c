/* See runner.h. */
#include "unit/support/runner.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS_MAX 64

void
runner_setup(struct runner *runner)
{
	memset(runner, 0, sizeof *runner);
	strcpy(runner->work, "/tmp/consign-shim-XXXXXX");
	assert_non_null(mkdtemp(runner->work));
	snprintf(runner->store, sizeof runner->store, "%s/store", runner->work);
	snprintf(runner->undo, sizeof runner->undo, "%s/undo", runner->work);
	snprintf(runner->log, sizeof runner->log, "%s/order.log", runner->work);
	assert_int_equal(mkdir(runner->store, 0700), 0);
	assert_int_equal(mkdir(runner->undo, 0700), 0);
}

void
runner_teardown(struct runner *runner)
{
	char command[100];
	snprintf(command, sizeof command, "rm -rf '%s'", runner->work);
	assert_int_equal(system(command), 0);
}

/* In the child. */
static _Noreturn void
become_subject(const struct runner *runner, const char *shim, const char *extra, const char *steps, int output)
{
	static char program[] = "shim-subject", words[4096];
	char *argv[WORDS_MAX + 2] = {program};
	size_t count = 1;
	snprintf(words, sizeof words, "%s", steps);
	for (char *rest = words, *word; count <= WORDS_MAX && (word = strsep(&rest, " ")) != NULL;)
		argv[count++] = word;
	setenv("SHIM_DIR", runner->store, 1);
	setenv("SHIM_UNDO_DIR", runner->undo, 1);
	setenv("SHIM_ORDER_LOG", runner->log, 1);
	if (extra != NULL)
		putenv(strdup(extra));
	if (shim != RUNNER_NO_SHIM) {
		char path[1024];
		snprintf(path, sizeof path, SUPPORT_BIN "/%s.so", shim);
		setenv("LD_PRELOAD", path, 1);
	}
	if (chdir(runner->store) == 0 && dup2(output, STDOUT_FILENO) == STDOUT_FILENO)
		execv(SUPPORT_BIN "/shim-subject", argv);
	_exit(127);
}

int
runner_run_until(struct runner *runner, const char *shim, const char *extra, const char *steps, unsigned lines)
{
	int pipe_fds[2], status;
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		become_subject(runner, shim, extra, steps, pipe_fds[1]);
	close(pipe_fds[1]);
	size_t len = 0;
	unsigned seen = 0;
	while (len < sizeof runner->output - 1 && read(pipe_fds[0], runner->output + len, 1) == 1) {
		if (runner->output[len++] == '\n' && ++seen == lines)
			kill(child, SIGKILL);
	}
	runner->output[len] = '\0';
	close(pipe_fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

int
runner_run(struct runner *runner, const char *shim, const char *extra, const char *steps)
{
	return runner_run_until(runner, shim, extra, steps, 0);
}

void
runner_apply(struct runner *runner)
{
	char command[1200];
	snprintf(command, sizeof command, SUPPORT_BIN "/lost-writes-apply %s %s >/dev/null", runner->store, runner->undo);
	assert_int_equal(system(command), 0);
}

static const char *
read_text(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return "(absent)";
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

const char *
runner_content(const struct runner *runner, const char *name)
{
	char path[160];
	snprintf(path, sizeof path, "%s/%s", runner->store, name);
	return read_text(path);
}

const char *
runner_order_log(const struct runner *runner)
{
	return read_text(runner->log);
}
