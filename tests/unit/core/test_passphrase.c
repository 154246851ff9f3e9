/* Where a passphrase comes from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/passphrase.h"
#include "folder.h"

static enum consign_err
from_file(const char *content, size_t len, char text[PASSPHRASE_MAX_BYTES + 1])
{
	char *folder = folder_new(), *path = path_join(folder, "passphrase");

	assert_int_equal(file_write(path, slice_of(content, len), 0600), CONSIGN_OK);
	enum consign_err err = passphrase_get(path, "passphrase", false, text);

	free(path);
	folder_free(folder);
	return err;
}

static void
test_passphrase_is_the_first_line_of_the_file(void **state)
{
	char text[PASSPHRASE_MAX_BYTES + 1], content[PASSPHRASE_MAX_BYTES + 2];

	(void)state;
	assert_int_equal(from_file("correct horse\r\nbattery\n", 23, text), CONSIGN_OK);
	assert_string_equal(text, "correct horse");
	assert_int_equal(from_file("\n", 1, text), CONSIGN_E_MALFORMED);
	memset(content, 'x', sizeof content);
	assert_int_equal(from_file(content, PASSPHRASE_MAX_BYTES, text), CONSIGN_OK);
	assert_int_equal(strlen(text), PASSPHRASE_MAX_BYTES);
	assert_int_equal(from_file(content, PASSPHRASE_MAX_BYTES + 1, text), CONSIGN_E_TOO_BIG);
	assert_int_equal(passphrase_get("/nonexistent", "passphrase", false, text), CONSIGN_E_NOT_FOUND);
}

static void
test_passphrase_comes_from_a_credential(void **state)
{
	char text[PASSPHRASE_MAX_BYTES + 1];
	char *folder = folder_new(), *path = path_join(folder, "consign-passphrase");

	(void)state;
	assert_int_equal(file_write(path, slice_text("staple\n"), 0600), CONSIGN_OK);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_int_equal(passphrase_get(NULL, "passphrase", false, text), CONSIGN_OK);
	assert_string_equal(text, "staple");
	unsetenv("CREDENTIALS_DIRECTORY");
	free(path);
	folder_free(folder);
}

/* What a person types on a terminal; standard input is put back afterwards. */
static enum consign_err
typed(const char *line, size_t len, bool twice, char *ret_text)
{
	int master, slave, in = dup(STDIN_FILENO);

	if (openpty(&master, &slave, NULL, NULL, NULL) != 0) {
		print_message("SKIPPED: no pseudo terminals on this machine\n");
		skip();
	}
	assert_true(dup2(slave, STDIN_FILENO) >= 0);
	/* Switching the echo off throws away what was typed before: so the typing is another process's, after the prompt. */
	pid_t child = fork();

	if (child == 0) {
		struct termios t;

		while (tcgetattr(slave, &t) == 0 && (t.c_lflag & (tcflag_t)ECHO) != 0)
			sched_yield();
		_exit(write(master, line, len) == (ssize_t)len ? 0 : 1);
	}
	enum consign_err err = passphrase_get(NULL, "passphrase", twice, ret_text);

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	clearerr(stdin);
	dup2(in, STDIN_FILENO);
	close(in);
	close(master);
	close(slave);
	return err;
}

static void
test_passphrase_is_typed_on_a_terminal(void **state)
{
	char text[PASSPHRASE_MAX_BYTES + 1] = "";

	(void)state;
	assert_int_equal(typed("open sesame\n", 12, false, text), CONSIGN_OK);
	assert_string_equal(text, "open sesame");
}

/* One byte more than may be: refused, and not a byte is written behind the caller's buffer. */
static void
test_passphrase_typed_too_long_is_refused(void **state)
{
	char line[PASSPHRASE_MAX_BYTES + 2];
	char *text = malloc(PASSPHRASE_MAX_BYTES + 1);

	(void)state;
	assert_non_null(text);
	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\n';
	assert_int_equal(typed(line, sizeof line, false, text), CONSIGN_E_TOO_BIG);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_passphrase_is_the_first_line_of_the_file),
	    cmocka_unit_test(test_passphrase_comes_from_a_credential),
	    cmocka_unit_test(test_passphrase_is_typed_on_a_terminal),
	    cmocka_unit_test(test_passphrase_typed_too_long_is_refused),
	};

	return cmocka_run_group_tests_name("core/passphrase", tests, NULL, NULL);
}
