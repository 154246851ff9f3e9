/* Tests of cli/input.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "input.h"

static void
test_input_media_type_goes_by_the_end_of_the_name(void **state)
{
	static const char *const rows[][2] = {{"a.json", "application/json"}, {"dir.x/A.XML", "application/xml"},
	    {"a.tar.gz", "application/gzip"}, {"report.PDF", "application/pdf"}, {"a", "application/octet-stream"},
	    {".json", "application/octet-stream"}, {"-", "application/octet-stream"}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(input_media_type(rows[i][0]), rows[i][1]);
}

static void
test_input_base_name_is_the_last_part(void **state)
{
	(void)state;
	assert_string_equal(input_base_name("/a/b/c.txt"), "c.txt");
	assert_string_equal(input_base_name("c.txt"), "c.txt");
}

static void
test_input_read_takes_exactly_the_limit_and_not_one_byte_more(void **state)
{
	char path[] = "/tmp/consign-input-XXXXXX";
	struct buf out = {0};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "12345", 5), 5);
	close(fd);
	assert_int_equal(input_read(path, 5, &out), CONSIGN_OK);
	assert_int_equal(out.len, 5);
	buf_clear(&out);
	assert_int_equal(input_read(path, 4, &out), CONSIGN_E_TOO_BIG);
	buf_clear(&out);
	unlink(path);
	assert_int_equal(input_read(path, 5, &out), CONSIGN_E_NOT_FOUND);
	assert_int_equal(input_read("/tmp", 5, &out), CONSIGN_E_IO); /* a folder */
	assert_int_equal(out.len, 0);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_input_media_type_goes_by_the_end_of_the_name),
	    cmocka_unit_test(test_input_base_name_is_the_last_part),
	    cmocka_unit_test(test_input_read_takes_exactly_the_limit_and_not_one_byte_more),
	};

	return cmocka_run_group_tests_name("cli/input", tests, NULL, NULL);
}
