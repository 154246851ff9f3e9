/*
 * Tests of lib/core/log.c. What is logged is caught in a file that stands in for stderr.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/log.h"

struct fixture {
	int stderr_fd;
	int file;
	char text[65536];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	f->file = memfd_create("stderr", MFD_CLOEXEC);
	f->stderr_fd = dup(STDERR_FILENO);
	if (f->file < 0 || f->stderr_fd < 0 || dup2(f->file, STDERR_FILENO) < 0)
		return -1;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	dup2(f->stderr_fd, STDERR_FILENO);
	close(f->stderr_fd);
	close(f->file);
	free(f);
	return 0;
}

/* Gives stderr back and what was written meanwhile, behind the time of the (only) line: its first `skip` bytes. */
static const char *
logged(struct fixture *f, size_t skip)
{
	ssize_t n;

	dup2(f->stderr_fd, STDERR_FILENO);
	n = pread(f->file, f->text, sizeof(f->text) - 1, 0);
	assert_true(n >= (ssize_t)skip);
	f->text[n] = '\0';
	return f->text + skip;
}

/* Bytes of a line up to the end of its time. */
#define TEXT_TIME 27
#define JSON_TIME 34

static void
test_log_text_line_has_time_level_event_and_fields(void **state)
{
	struct fixture *f = *state;

	log_start("consign-broker", false, LOG_INFO);
	log_event(LOG_INFO, "session.opened", "org", "s", "globalcro", "epoch", "u", UINT64_MAX, "skew", "d", -3, NULL);
	assert_string_equal(logged(f, TEXT_TIME), " INFO  session.opened org=globalcro epoch=18446744073709551615 skew=-3\n");
	assert_int_equal(f->text[10], 'T');
	assert_int_equal(f->text[26], 'Z');
}

static void
test_log_json_line_is_one_object(void **state)
{
	struct fixture *f = *state;

	log_start("consign-broker", true, LOG_INFO);
	log_event(LOG_ERROR, "store.failed", "reason", "s", "full", "tries", "u", (uint64_t)3, "none", "s", NULL, NULL);
	assert_string_equal(logged(f, JSON_TIME),
	    "\",\"level\":\"error\",\"program\":\"consign-broker\",\"event\":\"store.failed\",\"reason\":\"full\",\"tries\":3,"
	    "\"none\":null}\n");
	assert_memory_equal(f->text, "{\"at\":\"", 7);
}

static void
test_log_json_escapes_what_would_break_it(void **state)
{
	struct fixture *f = *state;

	log_start("p", true, LOG_INFO);
	log_event(LOG_WARN, "e", "v", "s", "a\"b\\c\nd\x01\x1b\x7f\xc2\x85\xc3\xa9\xff\xc3", NULL);
	assert_non_null(strstr(logged(f, 0), "\"v\":\"a\\\"b\\\\c\\nd\\u0001\\u001b\\u007f\\u0085\xc3\xa9\\ufffd\\ufffd\"}\n"));
}

static void
test_log_text_quotes_what_could_be_misread(void **state)
{
	struct fixture *f = *state;

	log_start("p", false, LOG_INFO);
	log_event(LOG_WARN, "e", "a", "s", "x y=1", "b", "s", "", "c", "s", "l1\nERROR forged", "d", "s", NULL, NULL);
	assert_string_equal(logged(f, TEXT_TIME), " WARN  e a=\"x y=1\" b=\"\" c=\"l1\\nERROR forged\" d=-\n");
}

static void
test_log_level_hides_what_is_below(void **state)
{
	struct fixture *f = *state;

	log_start("p", false, LOG_WARN);
	log_event(LOG_INFO, "hidden", NULL);
	log_event(LOG_DEBUG, "hidden", NULL);
	assert_string_equal(logged(f, 0), "");
}

static void
test_log_line_stays_whole_when_values_are_long(void **state)
{
	struct fixture *f = *state;
	char *value = calloc(1, 10001);
	const char *text;
	size_t len;

	assert_non_null(value);
	memset(value, 1, 10000);
	log_start("p", true, LOG_INFO);
	/* 2,048 control characters take 12,288: this field goes, the one behind it stays. */
	log_event(LOG_INFO, "e", "long", "s", value, "n", "u", (uint64_t)5, NULL);
	memset(value, 'x', 10000);
	log_event(LOG_INFO, "f", "a", "s", value, "b", "s", value, "c", "s", value, "d", "s", value, "n", "u", (uint64_t)6, NULL);
	text = logged(f, 0);
	assert_non_null(strstr(text, "\"event\":\"e\",\"n\":5,\"cut\":true}\n"));
	len = strlen(text);
	assert_string_equal(text + len - strlen(",\"n\":6,\"cut\":true}\n"), ",\"n\":6,\"cut\":true}\n");
	assert_true(len < 8192 + 200);
	free(value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_log_text_line_has_time_level_event_and_fields, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_log_json_line_is_one_object, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_log_json_escapes_what_would_break_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_log_text_quotes_what_could_be_misread, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_log_level_hides_what_is_below, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_log_line_stays_whole_when_values_are_long, setup, teardown),
	};

	return cmocka_run_group_tests_name("core/log", tests, NULL, NULL);
}
