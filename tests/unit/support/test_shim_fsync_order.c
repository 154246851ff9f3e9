/* The fsync-order shim: its log tells the order of writes, fsyncs and sends; it delays and breaks fsync as told. */
#include "unit/support/runner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHIM "shim_fsync_order"

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

/* The log's events about the store and sockets, first words only: "write fsync-start fsync-done send". */
static void
read_events(const struct runner *runner, char *ret_events, size_t size)
{
	const char *line = runner_order_log(runner);
	ret_events[0] = '\0';
	for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		size_t used = strlen(ret_events);
		int word = (int)strcspn(line, " ");
		snprintf(ret_events + used, size - used, "%s%.*s", used == 0 ? "" : " ", word, line);
	}
}

/* The last word of the first line that begins with this event: its time in microseconds. */
static unsigned long long
time_of(const struct runner *runner, const char *event)
{
	const char *line = strstr(runner_order_log(runner), event);
	assert_non_null(line);
	const char *end = strchr(line, '\n');
	assert_non_null(end);
	while (end > line && end[-1] != ' ')
		end--;
	return strtoull(end, NULL, 10);
}

static void
test_shim_fsync_order_logs_write_fsync_and_send_in_order(void **state)
{
	struct runner *runner = *state;
	char events[256], file[120];
	assert_int_equal(runner_run(runner, SHIM, NULL, "put f 0 hello sync f send receipt"), 0);
	read_events(runner, events, sizeof events);
	assert_string_equal(events, "write fsync-start fsync-done send");
	snprintf(file, sizeof file, "write %s/f 5 ", runner->store);
	assert_non_null(strstr(runner_order_log(runner), file));
	assert_non_null(strstr(runner_order_log(runner), " 7 unix "));
	assert_string_equal(runner_content(runner, "f"), "hello");
}

static void
test_shim_fsync_order_shows_a_promise_that_came_too_early(void **state)
{
	struct runner *runner = *state;
	char events[256];
	assert_int_equal(runner_run(runner, SHIM, NULL, "put f 0 hello send receipt sync f"), 0);
	read_events(runner, events, sizeof events);
	assert_string_equal(events, "write send fsync-start fsync-done");
}

static void
test_shim_fsync_order_sees_the_commits_of_sqlite(void **state)
{
	struct runner *runner = *state;
	assert_int_equal(runner_run(runner, SHIM, NULL, "sql s.db 3 send receipt"), 0);
	const char *log = runner_order_log(runner);
	assert_non_null(strstr(log, "/s.db-wal "));
	assert_null(strstr(log, "-shm"));
	const char *last_write = NULL, *last_done = NULL;
	for (const char *at = log; (at = strstr(at, "write ")) != NULL; at++)
		last_write = at;
	for (const char *at = log; (at = strstr(at, "fsync-done ")) != NULL; at++)
		last_done = at;
	assert_non_null(last_write);
	assert_true(last_done > last_write);
}

static void
test_shim_fsync_order_delays_fsync(void **state)
{
	struct runner *runner = *state;
	assert_int_equal(runner_run(runner, SHIM, "SHIM_FSYNC_DELAY_MS=30", "put f 0 hello sync f send receipt"), 0);
	unsigned long long started = time_of(runner, "fsync-start "), done = time_of(runner, "fsync-done ");
	assert_true(done - started >= 30000);
	assert_true(time_of(runner, "send ") >= done);
}

static void
test_shim_fsync_order_fails_from_the_nth_fsync_on(void **state)
{
	struct runner *runner = *state;
	char events[256];
	assert_int_equal(runner_run(runner, SHIM, "SHIM_FSYNC_FAIL_AFTER=2", "put f 0 hello sync f datasync f sync ."), 0);
	assert_string_equal(runner->output, "sync ok\nsync EIO\nsync EIO\n");
	read_events(runner, events, sizeof events);
	assert_string_equal(events, "write fsync-start fsync-done fsync-start fsync-failed fsync-start fsync-failed");
}

static void
test_shim_fsync_order_makes_trouble_only_while_its_control_file_exists(void **state)
{
	struct runner *runner = *state;
	char control[120];
	assert_int_equal(setenv("SHIM_FSYNC_FAIL_AFTER", "1", 1), 0);
	snprintf(control, sizeof control, "SHIM_FSYNC_CONTROL=%s/on", runner->store);
	assert_int_equal(runner_run(runner, SHIM, control, "put f 0 hello sync f put on 0 x sync f unlink on sync f"), 0);
	assert_int_equal(unsetenv("SHIM_FSYNC_FAIL_AFTER"), 0);
	assert_string_equal(runner->output, "sync ok\nsync EIO\nsync ok\n");
}

static void
test_shim_fsync_order_logs_no_fsync_when_fsync_is_a_no_op(void **state)
{
	struct runner *runner = *state;
	char events[256];
	assert_int_equal(runner_run(runner, SHIM, "SHIM_NO_FSYNC=1", "put f 0 hello sync f send receipt"), 0);
	assert_string_equal(runner->output, "sync ok\n");
	read_events(runner, events, sizeof events);
	assert_string_equal(events, "write send");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_shim_fsync_order_logs_write_fsync_and_send_in_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_fsync_order_shows_a_promise_that_came_too_early, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_fsync_order_sees_the_commits_of_sqlite, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_fsync_order_delays_fsync, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_fsync_order_fails_from_the_nth_fsync_on, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_shim_fsync_order_makes_trouble_only_while_its_control_file_exists, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shim_fsync_order_logs_no_fsync_when_fsync_is_a_no_op, setup, teardown),
	};
	return cmocka_run_group_tests_name("shim_fsync_order", tests, NULL, NULL);
}
