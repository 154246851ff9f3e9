/* Confinement, as a process of its own feels it: each row is something that a child, confined to a home, tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/confine.h"
#include "folder.h"

static char home[] = "/tmp/consign-confine-XXXXXX", other[] = "/tmp/consign-other-XXXXXX";
static int listening = -1; /* a TCP port of the parent */
static struct sockaddr_in port;
static int abi;

static int
opened(const char *folder, const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, flags, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Each gives 0 or the errno. */
static int
create_at_home(void)
{
	return opened(home, "new", O_CREAT | O_WRONLY);
}

static int
replace_at_home(void)
{
	char from[128], to[128];

	snprintf(from, sizeof from, "%s/new", home);
	snprintf(to, sizeof to, "%s/newer", home);
	return create_at_home() != 0 || rename(from, to) != 0 || truncate(to, 0) != 0 || unlink(to) != 0 ? errno : 0;
}

static int
make_socket_at_home(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s/socket", home);
	return bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || unlink(a.sun_path) != 0 ? errno : 0;
}

static int
read_names(void)
{
	return opened("/etc", "passwd", O_RDONLY);
}

static int
write_null(void)
{
	return opened("/dev", "null", O_WRONLY);
}

static int
create_elsewhere(void)
{
	return opened(other, "new", O_CREAT | O_WRONLY);
}

static int
read_elsewhere(void)
{
	return opened(other, "file", O_RDONLY);
}

static int
run_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int
connect_out(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&port, sizeof port) != 0 ? errno : 0;
}

static int
listen_on(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return bind(fd, (struct sockaddr *)&any, sizeof any) != 0 ? errno : 0;
}

static int
signal_parent(void)
{
	return kill(getppid(), 0) != 0 ? errno : 0;
}

/* What a child gets, confined like that. */
static int
tried(const struct confinement *c, int (*what)(void))
{
	pid_t child = fork();
	int status, known;

	assert_true(child >= 0);
	if (child == 0) {
		if (c != NULL && confine(c, &known) != CONSIGN_OK)
			_exit(255);
		_exit(what());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
test_confine_leaves_the_home_and_takes_the_rest(void **state)
{
	static const struct {
		const char *name;
		int (*what)(void);
		int abi; /* from here on the kernel keeps it from happening; 0: it happens */
		int error;
	} rows[] = {
	    {"create a file at home", create_at_home, 0, 0},
	    {"rename, truncate and remove it", replace_at_home, 0, 0},
	    {"make a socket at home", make_socket_at_home, 0, 0},
	    {"read what names are looked up in", read_names, 0, 0},
	    {"write to /dev/null", write_null, 0, 0},
	    {"create a file elsewhere", create_elsewhere, 1, EACCES},
	    {"read a file elsewhere", read_elsewhere, 1, EACCES},
	    {"start a program", run_program, 1, EACCES},
	    {"connect", connect_out, 4, EACCES},
	    {"listen", listen_on, 4, EACCES},
	    {"signal another process", signal_parent, 6, EPERM},
	};
	const struct confinement all = {.home = home, .no_connect = true, .no_listen = true};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int free_error = tried(NULL, rows[i].what), error = tried(&all, rows[i].what);
		int expected = rows[i].abi != 0 && rows[i].abi <= abi ? rows[i].error : 0;

		if (free_error != 0)
			fail_msg("%s, not confined: %s", rows[i].name, strerror(free_error));
		if (error != expected)
			fail_msg("%s: '%s', expected '%s'", rows[i].name, strerror(error), strerror(expected));
	}
}

static void
test_confine_leaves_the_network_that_is_needed(void **state)
{
	const struct confinement broker = {.home = home, .no_connect = true}, agent = {.home = home, .no_listen = true};

	(void)state;
	if (abi < 4) {
		print_message("SKIPPED: this kernel's Landlock knows nothing of networks\n");
		skip();
	}
	assert_int_equal(tried(&broker, listen_on), 0);
	assert_int_equal(tried(&broker, connect_out), EACCES);
	assert_int_equal(tried(&agent, connect_out), 0);
	assert_int_equal(tried(&agent, listen_on), EACCES);
}

static void
test_confine_fails_without_a_home(void **state)
{
	const struct confinement none = {.home = "/nonexistent"};

	(void)state;
	assert_int_equal(tried(&none, read_names), 255);
}

static int
setup(void **state)
{
	socklen_t len = sizeof port;
	char path[128];

	(void)state;
	assert_non_null(mkdtemp(home));
	assert_non_null(mkdtemp(other));
	snprintf(path, sizeof path, "%s/file", other);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
	port = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	listening = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&port, sizeof port), 0);
	assert_int_equal(listen(listening, 8), 0);
	return getsockname(listening, (struct sockaddr *)&port, &len);
}

static int
teardown(void **state)
{
	(void)state;
	close(listening);
	folder_remove(home);
	folder_remove(other);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_confine_leaves_the_home_and_takes_the_rest),
	    cmocka_unit_test(test_confine_leaves_the_network_that_is_needed),
	    cmocka_unit_test(test_confine_fails_without_a_home),
	};
	struct confinement probe = {.home = "/nonexistent"};

	if (confine(&probe, &abi) == CONSIGN_E_NOT_FOUND) {
		puts("SKIPPED: this kernel has no Landlock, or does not let us use it");
		return 77;
	}
	return cmocka_run_group_tests_name("core/confine", tests, setup, teardown);
}
