/*
 * The load that every peer gets, and what is measured of it; see usage below. bench/peers/run starts the broker and calls this.
 *
 * One publisher and one consumer, a thread each. Message i holds i, the time at which it was due, then bytes that do not
 * compress, which are compared where they arrive. At-least-once: what comes twice is counted, what never comes ends the run as a
 * failure.
 *
 * Without a rate, messages go out as fast as the window of unconfirmed ones lets them: the time counts from the first hand-in
 * until the last message is received and acknowledged and every publish is confirmed. With a rate message i is due at i/rate
 * after the begin, however late the ones before it are; its latency counts from then until its acknowledgement was handed to the
 * client library.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"
#include "../report.h"

#define MESSAGES_MAX 100000000ull
#define SIZE_MAX_BYTES 1048576ull
#define RATE_MAX 1000000ull
#define PIDS_MAX 8u
/* After so long without a message sent, confirmed or received the run has failed. */
#define STUCK_S 30u
#define WAIT_MS 100
#define POOL_BYTES 1048576u
#define POOL_STEP 61u /* message i takes its bytes from i * this on, so that neighbours differ */

/* The first bytes of a message, in the order of the machine: it never leaves it. */
struct head {
	uint64_t number;
	uint64_t due_ns; /* CLOCK_MONOTONIC */
};

struct options {
	struct peer_place place;
	uint64_t messages, size, rate; /* rate: a second; 0 is as fast as it goes */
	unsigned long pids[PIDS_MAX];  /* the processes of the broker */
	unsigned n_pids;
	const char *server; /* its name and version */
	bool as_json;
};

struct load {
	struct options o;
	struct peer_publisher *publisher;
	struct peer_consumer *consumer;
	uint8_t *pool;
	_Atomic uint64_t published, confirmed, received; /* received: each message once */
	uint64_t begun_ns, confirmed_ns, received_ns;    /* confirmed_ns, received_ns: when the last one was */

	/* of the consumer's thread */
	uint8_t *seen; /* a bit a message */
	double *latency_us;
	uint64_t duplicates;
	uint64_t batch_due_ns[PEER_BATCH_MAX]; /* taken since the last acknowledgement */
	unsigned batch;
};

static const char usage[] = "usage: bench-%s --port P --ca FILE --messages N --size BYTES [--rate R] [--window N] [--host NAME]\n"
			    "       [--pid PID]... [--server TEXT] [--json]\n";

void
peer_fail(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "bench-%s: error: ", peer_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(1); /* other threads are still at it */
}

void *
peer_alloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		peer_fail("out of memory");
	return p;
}

/* ── options ── */

static _Noreturn void
fail_usage(void)
{
	fprintf(stderr, usage, peer_name);
	exit(2);
}

static uint64_t
number(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || n < least || n > most) {
		fprintf(stderr, "bench-%s: error: %s is not a number from %llu to %llu\n", peer_name, text,
		    (unsigned long long)least, (unsigned long long)most);
		fail_usage();
	}
	return n;
}

static void
read_option(struct options *o, const char *name, const char *value)
{
	if (strcmp(name, "--port") == 0)
		o->place.port = (unsigned)number(value, 1, 65535);
	else if (strcmp(name, "--host") == 0)
		o->place.host = value;
	else if (strcmp(name, "--ca") == 0)
		o->place.ca_file = value;
	else if (strcmp(name, "--messages") == 0)
		o->messages = number(value, 1, MESSAGES_MAX);
	else if (strcmp(name, "--size") == 0)
		o->size = number(value, sizeof(struct head), SIZE_MAX_BYTES);
	else if (strcmp(name, "--rate") == 0)
		o->rate = number(value, 1, RATE_MAX);
	else if (strcmp(name, "--window") == 0)
		o->place.window = (unsigned)number(value, 1, 65535);
	else if (strcmp(name, "--server") == 0)
		o->server = value;
	else if (strcmp(name, "--pid") == 0 && o->n_pids < PIDS_MAX)
		o->pids[o->n_pids++] = number(value, 1, INT32_MAX);
	else
		fail_usage();
}

static struct options
read_options(int argc, char **argv)
{
	struct options o = {.place = {.host = "localhost", .window = peer_window}, .server = "unknown"};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			o.as_json = true;
		else if (i + 1 < argc) {
			read_option(&o, argv[i], argv[i + 1]);
			i++;
		} else
			fail_usage();
	}
	if (o.place.port == 0 || o.place.ca_file == NULL || o.messages == 0 || o.size == 0 || strpbrk(o.server, "\"\\\n") != NULL)
		fail_usage();
	o.place.is_paced = o.rate != 0;
	return o;
}

/* ── the two sides ── */

static const uint8_t *
content(const struct load *l, uint64_t i)
{
	return l->pool + i * POOL_STEP % POOL_BYTES;
}

static void
sleep_until(uint64_t ns)
{
	struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static void
look_for_confirms(struct load *l, int wait_ms)
{
	atomic_store(&l->confirmed, peer_confirmed(l->publisher, wait_ms));
}

static void *
publish_all(void *arg)
{
	struct load *l = arg;
	const struct options *o = &l->o;
	uint8_t *message = peer_alloc(1, o->size);

	prctl(PR_SET_TIMERSLACK, 1ul); /* else a paced message is up to 50 us late of the kernel's own will */
	l->begun_ns = bench_wall_ns();
	for (uint64_t i = 0; i < o->messages; i++) {
		struct head head = {.number = i};

		if (o->rate != 0) {
			look_for_confirms(l, 0);
			head.due_ns = l->begun_ns + (uint64_t)((double)i * 1e9 / (double)o->rate);
			sleep_until(head.due_ns);
		}
		while (i - l->confirmed >= o->place.window)
			look_for_confirms(l, WAIT_MS);
		if (o->rate == 0)
			head.due_ns = bench_wall_ns();
		memcpy(message, &head, sizeof head);
		memcpy(message + sizeof head, content(l, i), o->size - sizeof head);
		peer_publish(l->publisher, message, o->size);
		atomic_store(&l->published, i + 1);
	}
	while (l->confirmed < o->messages)
		look_for_confirms(l, WAIT_MS);
	l->confirmed_ns = bench_wall_ns();
	free(message);
	return NULL;
}

static void
take(void *context, const uint8_t *message, size_t len)
{
	struct load *l = context;
	struct head head;
	uint8_t *seen, bit;

	if (len != l->o.size)
		peer_fail("a message of %zu bytes arrived, all were sent with %llu", len, (unsigned long long)l->o.size);
	memcpy(&head, message, sizeof head);
	if (head.number >= l->o.messages || memcmp(message + sizeof head, content(l, head.number), len - sizeof head) != 0)
		peer_fail("a message arrived that was not sent so");
	seen = &l->seen[head.number / 8];
	bit = (uint8_t)(1u << head.number % 8);
	if (*seen & bit) {
		l->duplicates++;
		return;
	}
	*seen |= bit;
	if (l->batch == PEER_BATCH_MAX)
		peer_fail("more messages at once than agreed");
	l->batch_due_ns[l->batch++] = head.due_ns;
}

static void *
receive_all(void *arg)
{
	struct load *l = arg;
	uint64_t n = 0;

	while (n < l->o.messages) {
		peer_receive(l->consumer, WAIT_MS);
		l->received_ns = bench_wall_ns();
		for (unsigned i = 0; i < l->batch; i++)
			l->latency_us[n++] = (double)(l->received_ns - l->batch_due_ns[i]) / 1000.0;
		l->batch = 0;
		atomic_store(&l->received, n);
	}
	return NULL;
}

/* Returns when both are done, or ends the process when nothing moves. */
static void
watch(struct load *l)
{
	uint64_t before = 0, moved_ns = bench_wall_ns();

	while (l->confirmed < l->o.messages || l->received < l->o.messages) {
		uint64_t now = l->published + l->confirmed + l->received;

		if (now != before) {
			before = now;
			moved_ns = bench_wall_ns();
		} else if (bench_wall_ns() - moved_ns > STUCK_S * 1000000000ull)
			peer_fail("no progress for %u s: of %llu messages %llu were published, %llu confirmed, %llu received",
			    STUCK_S, (unsigned long long)l->o.messages, (unsigned long long)l->published,
			    (unsigned long long)l->confirmed, (unsigned long long)l->received);
		sleep_until(bench_wall_ns() + WAIT_MS * 1000000ull);
	}
}

/* ── figures ── */

/* User and system time of the broker's processes. */
static double
server_cpu_us(const struct options *o)
{
	double ticks = 0;

	for (unsigned i = 0; i < o->n_pids; i++) {
		char path[64], line[1024];
		unsigned long user = 0, kernel = 0;
		const char *after;
		FILE *f;

		snprintf(path, sizeof path, "/proc/%lu/stat", o->pids[i]);
		f = fopen(path, "r");
		/* The name of the program is in parentheses and may hold anything; what follows is numbered from 3. */
		after = f != NULL && fgets(line, sizeof line, f) != NULL ? strrchr(line, ')') : NULL;
		if (after == NULL ||
		    sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
			peer_fail("the broker's process %lu has ended", o->pids[i]);
		fclose(f);
		ticks += (double)user + (double)kernel;
	}
	return ticks * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static void
report(const struct load *l, double server_us, double client_us)
{
	const struct options *o = &l->o;
	uint64_t end_ns = l->confirmed_ns > l->received_ns ? l->confirmed_ns : l->received_ns;
	double n = (double)o->messages, per_s = n * 1e9 / (double)(end_ns - l->begun_ns),
	       mb_per_s = per_s * (double)o->size / 1e6;
	double p50, p99, p999;

	sort_values(l->latency_us, o->messages);
	p50 = share_of(l->latency_us, o->messages, 0.5);
	p99 = share_of(l->latency_us, o->messages, 0.99);
	p999 = share_of(l->latency_us, o->messages, 0.999);
	if (o->as_json) {
		printf("{\"bench\":\"%s\",\"messages\":%llu,\"size\":%llu,\"rate\":%llu,\"window\":%u,\"msgs_per_s\":%.1f,\"mb_"
		       "per_s\":%.3f,",
		    peer_name, (unsigned long long)o->messages, (unsigned long long)o->size, (unsigned long long)o->rate,
		    o->place.window, per_s, mb_per_s);
		printf("\"cpu_us_per_msg\":%.2f,\"client_cpu_us_per_msg\":%.2f,", (server_us + client_us) / n, client_us / n);
		if (o->rate != 0)
			printf("\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,", p50, p99, p999);
		else /* how long a window waits in queues says nothing about the broker */
			printf("\"p50_us\":null,\"p99_us\":null,\"p999_us\":null,");
		printf("\"duplicates\":%llu,\"server\":\"%s\"", (unsigned long long)l->duplicates, o->server);
		bench_json_end(1);
		return;
	}
	printf("bench-%s: %s, commit %s on %s\n\n", peer_name, o->server, bench_commit(), bench_machine());
	printf("  %-22s %llu of %llu bytes, duplicates %llu\n", "messages", (unsigned long long)o->messages,
	    (unsigned long long)o->size, (unsigned long long)l->duplicates);
	if (o->rate != 0)
		printf("  %-22s %llu/s, each in its time\n", "rate", (unsigned long long)o->rate);
	printf("  %-22s %.0f/s, %.1f MB/s, at most %u unconfirmed\n", "throughput", per_s, mb_per_s, o->place.window);
	printf("  %-22s %.1f us, of which %.1f in the clients\n", "cpu a message", (server_us + client_us) / n, client_us / n);
	if (o->rate != 0)
		printf("  %-22s median %.0f us, 99 %% %.0f us, 99.9 %% %.0f us\n", "latency", p50, p99, p999);
}

static void
start(pthread_t *thread, void *(*act)(void *), struct load *l)
{
	if (pthread_create(thread, NULL, act, l) != 0)
		peer_fail("no thread");
}

int
main(int argc, char **argv)
{
	struct load load = {.o = read_options(argc, argv)}, *l = &load;
	pthread_t publishing, receiving;
	double server_us, client_us;

	l->pool = peer_alloc(1, POOL_BYTES + l->o.size);
	for (size_t at = 0; at < POOL_BYTES + l->o.size;) {
		ssize_t got = getrandom(l->pool + at, POOL_BYTES + l->o.size - at, 0);

		if (got < 0 && errno != EINTR)
			peer_fail("random bytes: %s", strerror(errno));
		at += got > 0 ? (size_t)got : 0;
	}
	l->seen = peer_alloc(l->o.messages / 8 + 1, 1);
	l->latency_us = peer_alloc(l->o.messages, sizeof *l->latency_us);
	l->consumer = peer_consumer_open(&l->o.place, take, l);
	l->publisher = peer_publisher_open(&l->o.place);

	server_us = server_cpu_us(&l->o);
	client_us = (double)bench_cpu_ns() / 1000.0;
	start(&receiving, receive_all, l);
	start(&publishing, publish_all, l);
	watch(l);
	pthread_join(publishing, NULL);
	pthread_join(receiving, NULL);
	client_us = (double)bench_cpu_ns() / 1000.0 - client_us;
	server_us = server_cpu_us(&l->o) - server_us;

	peer_publisher_close(&l->publisher);
	peer_consumer_close(&l->consumer);
	report(l, server_us, client_us);
	free(l->latency_us);
	free(l->seen);
	free(l->pool);
	return 0;
}
