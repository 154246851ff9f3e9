/* The socket door: where it is and for whom, and how frames come and go over it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "door_fixture.h"

/* ── the door ── */

static void
test_socket_is_for_its_owner_only(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char path[96];

	snprintf(path, sizeof path, "%s/agent.sock", f->home);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
test_socket_that_somebody_answers_on_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct socket_door *second = NULL;

	assert_int_equal(socket_door_open(&f->agent, &second), CONSIGN_E_BUSY);
	assert_null(second);
	assert_true(connect_to(f) >= 0);
}

static void
test_socket_that_nobody_answers_on_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	socket_door_close(&f->agent.door);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/agent.sock", f->home);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	assert_int_equal(socket_door_open(&f->agent, &f->agent.door), CONSIGN_OK);
}

static void
test_socket_leaves_a_file_that_is_no_socket(void **state)
{
	struct fixture *f = *state;
	char path[96];
	FILE *file;

	socket_door_close(&f->agent.door);
	snprintf(path, sizeof path, "%s/agent.sock", f->home);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(socket_door_open(&f->agent, &f->agent.door), CONSIGN_E_BUSY);
	assert_int_equal(access(path, F_OK), 0);
}

static void
test_socket_is_gone_when_the_door_closes(void **state)
{
	struct fixture *f = *state;

	socket_door_close(&f->agent.door);
	assert_int_equal(connect_to(f), -1);
	assert_int_equal(errno, ENOENT);
}

static void
test_socket_in_a_deep_home_can_be_opened(void **state)
{
	struct fixture *f = *state;
	char deep[256], path[300];
	int fd;

	socket_door_close(&f->agent.door);
	snprintf(deep, sizeof deep, "%s/%0100d", f->home, 1);
	assert_int_equal(mkdir(deep, 0700), 0);
	f->agent.home = deep;
	assert_int_equal(socket_door_open(&f->agent, &f->agent.door), CONSIGN_OK);
	snprintf(path, sizeof path, "%s/agent.sock", deep);
	fd = open(path, O_PATH);
	assert_true(fd >= 0);
	close(fd);
	socket_door_close(&f->agent.door);
	assert_int_equal(access(path, F_OK), -1);
}

static void
test_socket_turns_the_257th_tool_away_with_a_reason(void **state)
{
	struct fixture *f = *state;
	struct client last;
	int fds[SOCKET_TOOLS_MAX];

	for (size_t i = 0; i < SOCKET_TOOLS_MAX; i++) {
		fds[i] = connect_to(f);
		assert_true(fds[i] >= 0);
		if (i % 32 == 31)
			turn(f, 4);
	}
	turn(f, 300);
	last = (struct client){.f = f, .fd = fds[SOCKET_TOOLS_MAX - 1]};
	ask(&last, &(struct local_request){.number = 1, .status = &(struct local_status){0}});
	assert_non_null(reply(&last)->status);
	buf_clear(&last.in);
	last = client_open(f);
	assert_int_equal(refusal(&last)->code, CONSIGN_CODE_TRY_LATER);
	await(&last, 1);
	assert_true(last.is_closed);
	client_close(&last);
	close(fds[0]);
	turn(f, 4);
	last = client_open(f);
	ask(&last, &(struct local_request){.number = 1, .status = &(struct local_status){0}});
	assert_non_null(reply(&last)->status);
	client_close(&last);
	for (size_t i = 1; i < SOCKET_TOOLS_MAX; i++)
		close(fds[i]);
}

/* ── frames ── */

static void
test_socket_answers_a_malformed_frame_and_closes(void **state)
{
	static const struct {
		const char *name;
		const char *bytes;
		size_t len;
		enum consign_code code;
	} rows[] = {
	    {"no operation", "\0\0\0\0", 4, CONSIGN_CODE_MALFORMED},
	    {"rubbish", "\0\0\0\4\xff\xff\xff\xff", 8, CONSIGN_CODE_MALFORMED},
	    {"two operations", "\0\0\0\4\x42\0\x4a\0", 8, CONSIGN_CODE_MALFORMED},
	    {"over the limit by one", "\0\x80\0\1", 4, CONSIGN_CODE_TOO_BIG},
	    {"far over the limit", "\xff\xff\xff\xff", 4, CONSIGN_CODE_TOO_BIG},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct client c = client_open(*state);
		struct local_reply *r = NULL;

		write_bytes(&c, slice_of(rows[i].bytes, rows[i].len));
		r = reply(&c);
		if (r->error == NULL || r->error->code != rows[i].code || r->number != 0)
			fail_msg("%s: another answer", rows[i].name);
		await(&c, 1);
		if (!c.is_closed)
			fail_msg("%s: still open", rows[i].name);
		client_close(&c);
	}
}

static void
test_socket_takes_a_frame_byte_by_byte(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct buf out = {0};

	put_request(&out, &(struct local_request){.number = 9, .status = &(struct local_status){0}});
	for (size_t i = 0; i < out.len; i++) {
		write_bytes(&c, slice_of(out.data + i, 1));
		turn(f, 2);
	}
	assert_int_equal(reply(&c)->number, 9);
	buf_clear(&out);
	client_close(&c);
}

static void
test_socket_answers_pipelined_requests_each_under_its_number(void **state)
{
	struct client c = client_open(*state);
	struct buf out = {0};

	for (uint64_t i = 1; i <= 50; i++)
		put_request(&out, &(struct local_request){.number = i, .status = &(struct local_status){0}});
	write_bytes(&c, buf_slice(&out));
	for (uint64_t i = 1; i <= 50; i++)
		assert_int_equal(reply(&c)->number, i);
	buf_clear(&out);
	client_close(&c);
}

static void
test_socket_stops_reading_from_a_tool_that_does_not_read(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct buf out = {0};
	const size_t asked = 60000;
	size_t sent = 0;

	/* Each answer is some 900 bytes: what is asked for is far over the bound of unsent output. */
	for (uint64_t i = 1; i <= asked; i++)
		put_request(&out, &(struct local_request){.number = i, .status = &(struct local_status){0}});
	for (unsigned idle = 0; sent < out.len && idle < 20;) {
		ssize_t n = send(c.fd, out.data + sent, out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += n > 0 ? (size_t)n : 0;
		idle = n > 0 ? 0 : idle + 1;
		turn(f, 1);
	}
	assert_true(sent < out.len);
	/* It goes on where it stopped as soon as the tool reads. */
	while (sent < out.len) {
		ssize_t n = send(c.fd, out.data + sent, out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += n > 0 ? (size_t)n : 0;
		await(&c, frames_in(&c) + 1);
	}
	await(&c, asked);
	assert_int_equal(frames_in(&c), asked);
	buf_clear(&out);
	client_close(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, door_setup, door_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_socket_is_for_its_owner_only),
	    TEST(test_socket_that_somebody_answers_on_is_left_alone),
	    TEST(test_socket_that_nobody_answers_on_is_replaced),
	    TEST(test_socket_leaves_a_file_that_is_no_socket),
	    TEST(test_socket_is_gone_when_the_door_closes),
	    TEST(test_socket_in_a_deep_home_can_be_opened),
	    TEST(test_socket_turns_the_257th_tool_away_with_a_reason),
	    TEST(test_socket_answers_a_malformed_frame_and_closes),
	    TEST(test_socket_takes_a_frame_byte_by_byte),
	    TEST(test_socket_answers_pipelined_requests_each_under_its_number),
	    TEST(test_socket_stops_reading_from_a_tool_that_does_not_read),
	};

	return cmocka_run_group_tests_name("agents/socket", tests, NULL, NULL);
}
