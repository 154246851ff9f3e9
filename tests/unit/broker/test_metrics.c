/* Counters, and their HTTP face. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"
#include "metrics.h"

static uint16_t
free_port(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

/* The whole answer to one request. */
static void
ask(uint16_t port, const char *request, char ret_answer[16384])
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char text[256];
	ssize_t got;
	size_t n = 0;

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", request);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	while (n < 16383 && (got = read(fd, ret_answer + n, 16383 - n)) > 0)
		n += (size_t)got;
	ret_answer[n] = '\0';
	close(fd);
}

static void
test_metrics_are_served(void **state)
{
	struct metrics *m;
	char bind_to[32], answer[16384];
	uint16_t port = free_port();

	(void)state;
	assert_int_equal(metrics_new(&m), CONSIGN_OK);
	snprintf(bind_to, sizeof bind_to, "127.0.0.1:%u", port);
	assert_int_equal(metrics_serve(m, bind_to), CONSIGN_OK);
	metrics_add(m, METRIC_ACCEPTED, 3);
	metrics_add(m, METRIC_ACCEPTED, 4);
	metrics_set(m, METRIC_SESSIONS, 5);
	atomic_fetch_add(&m->refused[CONSIGN_CODE_CLEARANCE], 2);
	atomic_fetch_add(&m->postponed[CONSIGN_CODE_QUOTA], 3);
	ask(port, "GET /metrics", answer);
	assert_non_null(strstr(answer, " 200 "));
	assert_non_null(strstr(answer, "\nconsign_accepted_consignments_total 7\n"));
	assert_non_null(strstr(answer, "# TYPE consign_sessions gauge\nconsign_sessions 5\n"));
	assert_non_null(strstr(answer, "consign_refused_total{code=\"CLEARANCE\"} 2\n"));
	assert_non_null(strstr(answer, "consign_postponed_total{code=\"QUOTA\"} 3\n"));
	atomic_store(&m->heartbeat_us, clock_steady_us(clock_system()));
	ask(port, "GET /healthz", answer);
	assert_non_null(strstr(answer, " 200 "));
	atomic_store(&m->store_ok, 0);
	ask(port, "GET /healthz", answer);
	assert_non_null(strstr(answer, " 503 "));
	atomic_store(&m->store_ok, 1);
	atomic_store(&m->heartbeat_us, clock_steady_us(clock_system()) - 6000000);
	ask(port, "GET /healthz", answer);
	assert_non_null(strstr(answer, "the loop does not turn"));
	ask(port, "GET /other", answer);
	assert_non_null(strstr(answer, " 404 "));
	ask(port, "DELETE /metrics", answer);
	assert_non_null(strstr(answer, " 405 "));
	metrics_free(&m);
	assert_null(m);
}

static const char question[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
#define HALF 10u

/* A connection that has asked so much of its question. */
static int
begin(uint16_t port, size_t len)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval patience = {.tv_usec = 500000};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	(void)send(fd, question, len, MSG_NOSIGNAL); /* may be closed already */
	return fd;
}

static bool
is_answered(int fd)
{
	char answer[512];

	return recv(fd, answer, sizeof answer, 0) > 0;
}

static void
test_metrics_answer_so_many_connections_at_once_and_no_more(void **state)
{
	int fds[CONSIGN_METRICS_CONNECTIONS_MAX], more;
	struct metrics *m;
	char bind_to[32];
	uint16_t port = free_port();

	(void)state;
	assert_int_equal(metrics_new(&m), CONSIGN_OK);
	snprintf(bind_to, sizeof bind_to, "127.0.0.1:%u", port);
	assert_int_equal(metrics_serve(m, bind_to), CONSIGN_OK);
	for (size_t i = 0; i < CONSIGN_METRICS_CONNECTIONS_MAX; i++)
		fds[i] = begin(port, HALF);
	more = begin(port, strlen(question));
	assert_false(is_answered(more));
	for (size_t i = 0; i < CONSIGN_METRICS_CONNECTIONS_MAX; i++) {
		assert_int_equal(send(fds[i], question + HALF, strlen(question) - HALF, MSG_NOSIGNAL), (ssize_t)(strlen(question) - HALF));
		assert_true(is_answered(fds[i]));
		close(fds[i]);
	}
	close(more);
	metrics_free(&m);
}

/* The loop may stamp its heartbeat between our reading of the clock and of the stamp: that is healthy. */
static void
test_metrics_take_a_heartbeat_of_just_now_as_healthy(void **state)
{
	struct metrics *m;
	char bind_to[32], answer[16384];
	uint16_t port = free_port();

	(void)state;
	assert_int_equal(metrics_new(&m), CONSIGN_OK);
	snprintf(bind_to, sizeof bind_to, "127.0.0.1:%u", port);
	assert_int_equal(metrics_serve(m, bind_to), CONSIGN_OK);
	atomic_store(&m->heartbeat_us, clock_steady_us(clock_system()) + 1000000);
	ask(port, "GET /healthz", answer);
	metrics_free(&m);
	assert_non_null(strstr(answer, " 200 "));
}

static void
test_metrics_refuse_what_is_no_address(void **state)
{
	static const char *const bad[] = {
	    "127.0.0.1", "localhost:80", "127.0.0.1:70000", "127.0.0.1:-1", "127.0.0.1:", "127.0.0.1:80x", "127.0.0.1:port"};
	bool was_refused = true;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct metrics *m;

		assert_int_equal(metrics_new(&m), CONSIGN_OK);
		if (metrics_serve(m, bad[i]) != CONSIGN_E_CONFIG) {
			print_error("%s was taken\n", bad[i]);
			was_refused = false;
		}
		metrics_free(&m);
	}
	assert_true(was_refused);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_metrics_are_served),
	    cmocka_unit_test(test_metrics_answer_so_many_connections_at_once_and_no_more),
	    cmocka_unit_test(test_metrics_take_a_heartbeat_of_just_now_as_healthy),
	    cmocka_unit_test(test_metrics_refuse_what_is_no_address),
	};

	return cmocka_run_group_tests_name("broker/metrics", tests, NULL, NULL);
}
