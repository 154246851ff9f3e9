/* The lost-writes shim and lost-writes-apply: what no fsync covered is gone after a kill, what one covered is not. */
#include "unit/support/runner.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#define SHIM "shim_lost_writes"
#define NO_FSYNC "SHIM_NO_FSYNC=1"

static int
setup(void **state)
{
	struct runner *runner = malloc(sizeof *runner);
	assert_non_null(runner);
	runner_setup(runner);
	*state = runner;
	return 0;
}

static int
teardown(void **state)
{
	runner_teardown(*state);
	free(*state);
	return 0;
}

/* Runs the steps, which end in a kill, and takes back what was not durable. */
static void
crash(struct runner *runner, const char *extra, const char *steps)
{
	int status = runner_run(runner, SHIM, extra, steps);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	runner_apply(runner);
}

/* One row a case: the store before (steps that end well, without the shim), the steps, a file and its content after. */
static const struct row {
	const char *name;
	const char *before;
	const char *steps;
	const char *file;
	const char *content;
} table[] = {
    {"a synced write stays", "put f 0 hello", "put f 0 HELLO sync f kill", "f", "HELLO"},
    {"fdatasync counts as fsync", "put f 0 hello", "put f 0 HELLO datasync f kill", "f", "HELLO"},
    {"an overwrite without fsync is taken back", "put f 0 hello", "put f 1 EL kill", "f", "hello"},
    {"the last fsync counts, not the last write", "put f 0 hello", "put f 0 HELLO sync f put f 1 xx put f 3 yyyy kill", "f",
	"HELLO"},
    {"overlapping overwrites are taken back in the right order", "put f 0 abcdef", "put f 0 xxxx put f 2 yyyy put f 1 z kill",
	"f", "abcdef"},
    {"an append without fsync is cut off", "put f 0 hello", "append f world kill", "f", "hello"},
    {"a write over the end is cut and restored", "put f 0 hello", "put f 3 LOWORLD kill", "f", "hello"},
    {"writev is seen", "put f 0 hello", "putv f HEL LOWORLD kill", "f", "hello"},
    {"a descriptor that may only write is seen", "put f 0 hello", "blind f HELLOWORLD kill", "f", "hello"},
    {"a cut without fsync is taken back", "put f 0 hello", "cut f 2 kill", "f", "hello"},
    {"a cut of a file opened for appending is taken back", "put f 0 hello", "cutlog f 2 kill", "f", "hello"},
    {"a cut and a regrowth are taken back", "put f 0 hello", "cut f 2 append f yyyyyyy kill", "f", "hello"},
    {"a synced cut stays", "put f 0 hello", "cut f 2 sync f append f zz kill", "f", "he"},
    {"O_TRUNC without fsync is taken back", "put f 0 hello", "reset f put f 0 x kill", "f", "hello"},
    {"a new file without any fsync is gone", "", "put f 0 hello kill", "f", "(absent)"},
    {"a new file whose folder alone was synced is empty", "", "put f 0 hello sync . kill", "f", ""},
    {"a new file that was synced stays", "", "put f 0 hello sync f kill", "f", "hello"},
    {"a rename without fsync of the folder is taken back", "put f 0 old", "put g 0 new sync g rename g f kill", "f", "old"},
    {"the source of a rename taken back is there again", "put f 0 old", "put g 0 new sync g rename g f kill", "g", "new"},
    {"a rename with fsync of the folder stays", "put f 0 old", "put g 0 new sync g rename g f sync . kill", "f", "new"},
    {"a rename before its data was synced yields an empty file", "put f 0 old", "put g 0 new rename g f sync . kill", "f", ""},
    {"an unlink without fsync of the folder is taken back", "put f 0 hello", "unlink f kill", "f", "hello"},
    {"an unlink with fsync of the folder stays", "put f 0 hello", "unlink f sync . kill", "f", "(absent)"},
    {"writes before an unlink are taken back too", "put f 0 hello", "put f 0 HELLO unlink f kill", "f", "hello"},
    {"a synced file in the place of a removed one stays", "put f 0 old", "unlink f put f 0 new sync f kill", "f", "new"},
    {"a new folder and its unsynced file are gone", "", "mkdir d put d/f 0 hello kill", "d/f", "(absent)"},
    {"a synced file keeps its new folder", "", "mkdir d put d/f 0 hello sync d/f kill", "d/f", "hello"},
    {"SQLite's shared memory is not watched", "", "put f-shm 0 hello kill", "f-shm", "(absent)"},
};

static void
test_shim_lost_writes_restores_what_the_last_fsync_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct runner runner;
		runner_setup(&runner);
		if (table[i].before[0] != '\0')
			assert_int_equal(runner_run(&runner, RUNNER_NO_SHIM, NULL, table[i].before), 0);
		crash(&runner, NULL, table[i].steps);
		const char *content = runner_content(&runner, table[i].file);
		if (strcmp(content, table[i].content) != 0)
			fail_msg("%s: expected \"%s\", found \"%s\"", table[i].name, table[i].content, content);
		runner_teardown(&runner);
	}
}

static void
test_shim_lost_writes_changes_nothing_while_the_program_lives(void **state)
{
	struct runner *runner = *state;
	assert_int_equal(runner_run(runner, SHIM, NULL, "put f 0 hello put f 1 EL append f ! rename f g"), 0);
	assert_string_equal(runner_content(runner, "g"), "hELlo!");
}

static void
test_shim_lost_writes_leaves_an_empty_undo_folder_after_apply(void **state)
{
	struct runner *runner = *state;
	crash(runner, NULL, "put f 0 hello sync f put f 0 HELLO unlink f kill");
	DIR *dir = opendir(runner->undo);
	assert_non_null(dir);
	size_t entries = 0;
	while (readdir(dir) != NULL)
		entries++;
	closedir(dir);
	assert_int_equal(entries, 2); /* . and .. */
	/* and so a second apply changes nothing */
	runner_apply(runner);
	assert_string_equal(runner_content(runner, "f"), "hello");
}

static void
test_shim_lost_writes_remembers_over_a_restart_without_apply(void **state)
{
	struct runner *runner = *state;
	assert_int_equal(runner_run(runner, RUNNER_NO_SHIM, NULL, "put f 0 hello"), 0);
	assert_true(WIFSIGNALED(runner_run(runner, SHIM, NULL, "put f 0 HELLO append f one kill")));
	crash(runner, NULL, "append f two kill");
	assert_string_equal(runner_content(runner, "f"), "hello");
}

static void
test_shim_lost_writes_takes_back_everything_when_fsync_is_a_no_op(void **state)
{
	struct runner *runner = *state;
	assert_int_equal(runner_run(runner, RUNNER_NO_SHIM, NULL, "put f 0 hello"), 0);
	crash(runner, NO_FSYNC, "put f 0 HELLO sync f put g 0 new sync g sync . kill");
	assert_string_equal(runner_content(runner, "f"), "hello");
	assert_string_equal(runner_content(runner, "g"), "(absent)");
}

static void
test_shim_lost_writes_keeps_files_of_threads_apart(void **state)
{
	struct runner *runner = *state;
	crash(runner, NULL, "threads 8 kill");
	for (int i = 0; i < 8; i++) {
		char name[16];
		snprintf(name, sizeof name, "t%d", i);
		assert_string_equal(runner_content(runner, name), "round 50");
	}
}

/* The N of the last line "<word> N" of what the subject printed; 0 when there is none. */
static long
last_number(const struct runner *runner, const char *word)
{
	long number = 0;
	for (const char *at = runner->output; (at = strstr(at, word)) != NULL; at += strlen(word))
		number = strtol(at + strlen(word), NULL, 10);
	return number;
}

/* Kills SQLite after that many commits; returns how many rows are left of how many were reported. */
static long
rows_after_crash(struct runner *runner, const char *extra, unsigned commits, long *ret_reported)
{
	int status = runner_run_until(runner, SHIM, extra, "sql store.db 100000", commits);
	assert_true(WIFSIGNALED(status));
	*ret_reported = last_number(runner, "committed ");
	runner_apply(runner);
	assert_int_equal(runner_run(runner, RUNNER_NO_SHIM, NULL, "rows store.db"), 0);
	assert_non_null(strstr(runner->output, "rows "));
	return last_number(runner, "rows ");
}

static void
test_shim_lost_writes_keeps_every_commit_of_sqlite(void **state)
{
	struct runner *runner = *state;
	long before = 0;
	/* uneven, so that kills fall before, in and after checkpoints and resets of the WAL */
	static const unsigned commits[] = {1, 2, 19, 23, 41, 7, 64, 3, 37, 11};
	for (size_t i = 0; i < sizeof commits / sizeof commits[0]; i++) {
		long reported, rows = rows_after_crash(runner, NULL, commits[i], &reported);
		assert_true(reported >= before + (long)commits[i]);
		assert_in_range(rows, reported, reported + 1); /* one may have been durable before it was told */
		before = rows;
	}
}

static void
test_shim_lost_writes_loses_commits_of_sqlite_when_fsync_is_a_no_op(void **state)
{
	struct runner *runner = *state;
	long reported, rows = rows_after_crash(runner, NO_FSYNC, 50, &reported);
	assert_true(reported >= 50);
	assert_true(rows < reported);
}

/* Each instant of a write, its fsync and one more write is the last, in turn; what is there then is what the fsync had covered. */
static void
test_shim_lost_writes_kills_at_each_instant(void **state)
{
	struct runner *runner = *state;
	static const char *const left[] = {"hello", "hello", "HELLO", "HELLO"};
	char kill_file[96], extra[128];

	snprintf(kill_file, sizeof kill_file, "%s/kill", runner->work);
	snprintf(extra, sizeof extra, "SHIM_KILL_FILE=%s", kill_file);
	for (size_t n = 0; n <= sizeof left / sizeof left[0]; n++) {
		assert_int_equal(runner_run(runner, RUNNER_NO_SHIM, NULL, "put f 0 hello"), 0);
		FILE *f = fopen(kill_file, "w");
		assert_non_null(f);
		fprintf(f, "%zu\n", n + 1);
		assert_int_equal(fclose(f), 0);
		int status = runner_run(runner, SHIM, extra, "put f 0 HELLO sync f put f 0 again");
		if (n == sizeof left / sizeof left[0]) {
			assert_int_equal(status, 0); /* there is no such instant */
			break;
		}
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		runner_apply(runner);
		assert_string_equal(runner_content(runner, "f"), left[n]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shim_lost_writes_restores_what_the_last_fsync_left),
	    cmocka_unit_test_setup_teardown(test_shim_lost_writes_changes_nothing_while_the_program_lives, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_lost_writes_leaves_an_empty_undo_folder_after_apply, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_lost_writes_remembers_over_a_restart_without_apply, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_lost_writes_takes_back_everything_when_fsync_is_a_no_op, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_lost_writes_keeps_files_of_threads_apart, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_lost_writes_kills_at_each_instant, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_lost_writes_keeps_every_commit_of_sqlite, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_lost_writes_loses_commits_of_sqlite_when_fsync_is_a_no_op, setup, teardown),
	};
	return cmocka_run_group_tests_name("shim_lost_writes", tests, NULL, NULL);
}
