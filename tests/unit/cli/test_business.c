/* Tests of cli/business.c: which bytes standard output gets when it is a terminal, and when it is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "business.h"

static const uint8_t escape[] = "\x1b[2J";
static const uint8_t binary[] = {0xff, 0x00, 0x01};

/* Standard output is another file while a test asks; what it printed before is out. */
struct elsewhere {
	int kept;
	int there; /* the other end of a terminal or of a pipe */
};

static struct elsewhere
put_elsewhere(int writes, int reads)
{
	struct elsewhere e = {.there = reads};

	assert_int_equal(fflush(stdout), 0);
	e.kept = dup(STDOUT_FILENO);
	assert_true(e.kept >= 0);
	assert_int_equal(dup2(writes, STDOUT_FILENO), STDOUT_FILENO);
	close(writes);
	return e;
}

static struct elsewhere
to_terminal(void)
{
	int there = posix_openpt(O_RDWR | O_NOCTTY), terminal;
	struct termios plain;

	assert_true(there >= 0);
	assert_int_equal(grantpt(there), 0);
	assert_int_equal(unlockpt(there), 0);
	terminal = open(ptsname(there), O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0);
	assert_int_equal(tcgetattr(terminal, &plain), 0);
	plain.c_oflag &= ~(tcflag_t)OPOST;
	assert_int_equal(tcsetattr(terminal, TCSANOW, &plain), 0);
	return put_elsewhere(terminal, there);
}

static struct elsewhere
to_pipe(void)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	return put_elsewhere(ends[1], ends[0]);
}

/* What came out; nothing when n is 0. Standard output is itself again. */
static size_t
come_back(struct elsewhere *e, uint8_t *ret_bytes, size_t n)
{
	ssize_t got = 0;

	(void)!fflush(stdout);
	assert_int_equal(fcntl(e->there, F_SETFL, O_NONBLOCK), 0);
	got = read(e->there, ret_bytes, n);
	(void)dup2(e->kept, STDOUT_FILENO);
	close(e->kept);
	close(e->there);
	return got < 0 ? 0 : (size_t)got;
}

static void
test_print_content_keeps_bytes_that_are_no_text_from_a_terminal(void **state)
{
	const struct consign_slice unfit[] = {slice_of(binary, sizeof binary), slice_of(escape, sizeof escape - 1), slice_text("a\rb")};

	(void)state;
	for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
		uint8_t got[16];
		struct elsewhere e = to_terminal();
		enum consign_err err = print_content(unfit[i], "show i.0 --raw");
		size_t n = come_back(&e, got, sizeof got);

		assert_int_equal(err, CONSIGN_E_DENIED);
		assert_int_equal(n, 0);
	}
}

static void
test_print_content_writes_text_to_a_terminal(void **state)
{
	uint8_t got[16];
	struct elsewhere e = to_terminal();
	enum consign_err err = print_content(slice_text("gr\xc3\xbc\xc3\x9f\tdich\n"), "show i.0 --raw");
	size_t n = come_back(&e, got, sizeof got);

	(void)state;
	assert_int_equal(err, CONSIGN_OK);
	assert_int_equal(n, 12);
	assert_memory_equal(got, "gr\xc3\xbc\xc3\x9f\tdich\n", n);
}

static void
test_print_content_writes_any_bytes_to_a_pipe(void **state)
{
	uint8_t got[16];
	struct elsewhere e = to_pipe();
	enum consign_err err = print_content(slice_of(binary, sizeof binary), "show i.0 --raw");
	size_t n = come_back(&e, got, sizeof got);

	(void)state;
	assert_int_equal(err, CONSIGN_OK);
	assert_int_equal(n, sizeof binary);
	assert_memory_equal(got, binary, n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_print_content_keeps_bytes_that_are_no_text_from_a_terminal),
	    cmocka_unit_test(test_print_content_writes_text_to_a_terminal),
	    cmocka_unit_test(test_print_content_writes_any_bytes_to_a_pipe),
	};

	return cmocka_run_group_tests_name("cli/business", tests, NULL, NULL);
}
