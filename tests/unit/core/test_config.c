/* Configuration files: what is read, and that nothing is silently ignored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/config.h"
#include "folder.h"

static const char *const known[] = {"name", "port", "id", NULL};

static enum consign_err
open_text(const char *text, struct config **ret_config, char problem[256])
{
	char *folder = folder_new(), *path = path_join(folder, "config.yaml");

	assert_int_equal(file_write(path, slice_text(text), 0600), CONSIGN_OK);
	enum consign_err err = config_open(path, known, ret_config, problem);

	free(path);
	folder_free(folder);
	return err;
}

static void
test_config_reads_known_keys(void **state)
{
	struct config *c;
	char problem[256];
	uint8_t id[2];
	uint64_t port;

	(void)state;
	assert_int_equal(open_text("# words\nname: \"a \\\"b\\\"\"\nport: 65535\nid: '0aff'\n", &c, problem), CONSIGN_OK);
	assert_string_equal(config_get(c, "name"), "a \"b\"");
	assert_null(config_get(c, "other"));
	assert_int_equal(config_hex(c, "id", id, 2), CONSIGN_OK);
	assert_int_equal(id[1], 0xff);
	assert_int_equal(config_hex(c, "id", id, 3), CONSIGN_E_CONFIG);
	assert_int_equal(config_hex(c, "name", id, 2), CONSIGN_E_CONFIG);
	assert_int_equal(config_u64(c, "port", 1, 65535, 7, &port), CONSIGN_OK);
	assert_int_equal(port, 65535);
	assert_int_equal(config_u64(c, "port", 1, 65534, 7, &port), CONSIGN_E_CONFIG);
	assert_int_equal(config_u64(c, "name", 1, 65535, 7, &port), CONSIGN_E_CONFIG);
	assert_int_equal(config_u64(c, "absent", 1, 65535, 7, &port), CONSIGN_OK);
	assert_int_equal(port, 7);
	config_free(&c);
	assert_null(c);
}

static void
test_config_refuses_what_it_does_not_know(void **state)
{
	static const struct {
		const char *text, *complaint;
	} cases[] = {
	    {"naem: a\n", ":1: unknown key: naem"},
	    {"name: a\nname: b\n", ":2: key stands twice: name"},
	    {"name:\n  first: a\n", "not a mapping"},
	    {"name: [a]\n", "not a list"},
	    {"name: &x a\nid: *x\n", "alias"},
	    {"just words\n", "key: value"},
	    {"name: a\n---\nid: b\n", ":2: a second document"},
	    {"name: \"a\n", "is not YAML"},
	    {"name: \"a\\0b\"\n", "NUL"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct config *c = NULL;
		char problem[256] = "";

		assert_int_equal(open_text(cases[i].text, &c, problem), CONSIGN_E_CONFIG);
		assert_null(c);
		if (strstr(problem, cases[i].complaint) == NULL)
			fail_msg("%s: %s", cases[i].text, problem);
	}
}

static void
test_config_that_is_absent_is_not_found(void **state)
{
	struct config *c = NULL;
	char problem[256];

	(void)state;
	assert_int_equal(config_open("/nonexistent/config.yaml", known, &c, problem), CONSIGN_E_NOT_FOUND);
	assert_null(c);
}

static void
test_config_line_is_read_back(void **state)
{
	/* The last ones: what YAML folds or refuses when it stands there as it is. */
	static const char *const values[] = {"", "quotes \" and \\ and : # marks", " blanks at both ends ", "Gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80",
	    "tab\tline\nreturn\r\n", "\x01\x1b\x7f", "next\xc2\x85line", "line\xe2\x80\xa8paragraph\xe2\x80\xa9", "\xef\xbb\xbfmark",
	    "none\xef\xbf\xbe"};

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct buf line = {0};
		struct config *c;
		char problem[256];

		assert_int_equal(config_line(&line, "name", values[i]), CONSIGN_OK);
		assert_int_equal(buf_append_u8(&line, 0), CONSIGN_OK);
		assert_int_equal(open_text((char *)line.data, &c, problem), CONSIGN_OK);
		assert_string_equal(config_get(c, "name"), values[i]);
		config_free(&c);
		buf_clear(&line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_config_reads_known_keys),
	    cmocka_unit_test(test_config_refuses_what_it_does_not_know),
	    cmocka_unit_test(test_config_that_is_absent_is_not_found),
	    cmocka_unit_test(test_config_line_is_read_back),
	};

	return cmocka_run_group_tests_name("core/config", tests, NULL, NULL);
}
