/*
 * bench-members FOLDER ACTORS AGENTS BROKER_PID: many members of a hub in one process, for bench-scale.
 *
 * Members 1 to ACTORS (an even number) of FOLDER/org-0001 … exchange messages, those up to AGENTS are connected and idle. When
 * all are, it says `ready` and obeys the lines of its input, each answered by one line, until `quit` or the end of the input:
 *
 *   traffic rate=N seconds=N items=N types=N stride=N
 *       messages N cpu_us N seconds N accepted_p50_us N accepted_p99_us N delivered_p50_us N delivered_p99_us N
 *   rest seconds=N                             nothing but the idle members' pings: cpu_us N seconds N
 *   fill consignments=N first=N last=N         128 messages each, into the mailboxes of those members: messages N seconds N
 *   hush                                       no pings from now on: the broker is about to stop: hushed
 *   return pid=N crowd=0                       it has been started again: first_receipt_at_us N all_back_at_us N, by the wall
 * clock; with crowd=0 the idle members come back after the first receipt, else with all others
 *
 * cpu_us is the cpu time of the broker meanwhile, all its threads. Of what is exchanged everything is verified as an agent does,
 * and everything must arrive: else it says why and ends with 1.
 *
 *   bench-members --title WHAT ROUNDS          the first line of a bench's text
 *   bench-members --json-end ROUNDS            the end of a bench's JSON object
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_members.h"
#include "member_private.h"
#include "report.h"

/* ZeroMQ has 1,023 sockets in a context, a connection takes three, and one that is closed lingers for a moment. */
#define MEMBERS_A_CONTEXT 150u
#define CONTEXTS_MAX 128u
#define CONNECT_S 120u

static struct transport *contexts[CONTEXTS_MAX];

struct bench {
	pid_t broker;
	struct actors *actors;
	struct crowd *crowd;
};

/* ── members ── */

void
bench_fail(const struct live_member *m, const char *what)
{
	fprintf(stderr, "bench-members: error: %s%s%s%s%s\n", m != NULL ? m->agent.org.s : "", m != NULL ? ": " : "", what,
	    m != NULL ? ": " : "", m != NULL ? m->problem : "");
	exit(1);
}

struct live_member *
bench_member_open(const char *folder, unsigned number)
{
	char *home = malloc(strlen(folder) + 16);
	struct transport **shared = &contexts[number / MEMBERS_A_CONTEXT];
	struct live_member *m;

	if (home == NULL || number / MEMBERS_A_CONTEXT >= CONTEXTS_MAX)
		bench_fail(NULL, "too many members");
	sprintf(home, "%s/org-%04u", folder, number);
	enum consign_err err = member_open(home, &m);

	if (err == CONSIGN_OK && *shared == NULL)
		err = transport_new(1, shared);
	if (err != CONSIGN_OK) {
		fprintf(stderr, "bench-members: error: %s: %s\n", home, consign_err_text(err));
		exit(1);
	}
	transport_free(&m->zmq);
	m->zmq = *shared;
	return m;
}

void
bench_member_close(struct live_member **member)
{
	struct live_member *m = *member;

	if (m == NULL)
		return;
	char *home = (char *)(uintptr_t)m->agent.home; /* ours: see bench_member_open */

	m->zmq = NULL; /* shared */
	member_close(member);
	free(home);
}

static bool
is_through(struct live_member *m, void *context)
{
	(void)context;
	return m->is_up;
}

enum consign_err
bench_member_greet(struct live_member *m, const struct link_options *handlers)
{
	/* A context counts its connections without a lock. */
	static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
	struct link_options o = {.received = member_received, .event = member_happened, .context = m};
	struct session_hello hello;
	struct hello_room room;

	if (handlers != NULL)
		o = *handlers;
	o.endpoint = m->endpoint;
	o.server_public = m->broker_key;
	o.transport_secret = m->transport;
	box_public(m->transport, &o.transport_public);
	m->transport_public = o.transport_public;
	pthread_mutex_lock(&opening);
	member_disconnect(m);
	enum consign_err err = link_open(m->zmq, m->agent.loop, &o, &m->link);

	pthread_mutex_unlock(&opening);
	if (err == CONSIGN_OK)
		err = member_wait(m, is_through, NULL);
	if (err == CONSIGN_OK)
		err = member_challenge(m, NULL);
	if (err == CONSIGN_OK)
		err = member_hello(m, &hello, &room);
	return err == CONSIGN_OK ? member_welcome(m, &hello) : err;
}

uint64_t
bench_cpu_of_ns(pid_t pid)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		bench_fail(NULL, "the broker's cpu time cannot be read: is it running?");
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ── commands ── */

/* The number behind " NAME=" in a line; 1 when it is not there, which no command needs otherwise. */
static uint64_t
number_in(const char *line, const char *name)
{
	char key[32];

	snprintf(key, sizeof key, " %s=", name);
	const char *at = strstr(line, key);

	return at == NULL ? 1 : strtoull(at + strlen(key), NULL, 10);
}

static void
traffic(struct bench *b, const char *line)
{
	struct traffic_figures f;
	struct traffic order = {.rate = (unsigned)number_in(line, "rate"),
	    .seconds = (unsigned)number_in(line, "seconds"),
	    .items = (unsigned)number_in(line, "items"),
	    .types = (unsigned)number_in(line, "types"),
	    .stride = (unsigned)number_in(line, "stride")};

	if (order.rate == 0 || order.seconds == 0 || order.types == 0 || order.items == 0 ||
	    order.items > CONSIGN_BUNDLE_MAX_ITEMS)
		bench_fail(NULL, "no such traffic");
	uint64_t before = bench_cpu_of_ns(b->broker);

	actors_exchange(b->actors, &order, &f);
	printf(
	    "messages %" PRIu64
	    " cpu_us %.0f seconds %.3f accepted_p50_us %.0f accepted_p99_us %.0f delivered_p50_us %.0f delivered_p99_us %.0f\n",
	    f.messages, (double)(bench_cpu_of_ns(b->broker) - before) / 1e3, f.seconds, f.accepted[0], f.accepted[1],
	    f.delivered[0], f.delivered[1]);
}

static void
rest(struct bench *b, const char *line)
{
	struct timespec t = {(time_t)number_in(line, "seconds"), 0};
	uint64_t before = bench_cpu_of_ns(b->broker), from = bench_wall_ns();

	nanosleep(&t, NULL);
	printf("cpu_us %.0f seconds %.3f\n", (double)(bench_cpu_of_ns(b->broker) - before) / 1e3,
	    (double)(bench_wall_ns() - from) / 1e9);
}

static void
fill(struct bench *b, const char *line)
{
	uint64_t consignments = number_in(line, "consignments"), from = bench_wall_ns();

	actors_fill(b->actors, consignments, (unsigned)number_in(line, "first"), (unsigned)number_in(line, "last"));
	printf("messages %" PRIu64 " seconds %.3f\n", consignments * CONSIGN_BUNDLE_MAX_ITEMS,
	    (double)(bench_wall_ns() - from) / 1e9);
}

static void
hush(struct bench *b, const char *line)
{
	(void)line;
	crowd_hush(b->crowd);
	puts("hushed");
}

static void
come_back(struct bench *b, const char *line)
{
	bool at_once = number_in(line, "crowd") != 0;

	b->broker = (pid_t)number_in(line, "pid");
	if (at_once)
		crowd_connect(b->crowd);
	uint64_t first_us = actors_first_receipt_us(b->actors, CONNECT_S);

	if (!at_once)
		crowd_connect(b->crowd);
	actors_connect(b->actors);
	crowd_wait(b->crowd, CONNECT_S);
	printf("first_receipt_at_us %" PRIu64 " all_back_at_us %" PRIu64 "\n", first_us, clock_wall_us(clock_system()));
}

static const struct {
	const char *word;
	void (*run)(struct bench *b, const char *line);
} commands[] = {{"traffic", traffic}, {"rest", rest}, {"fill", fill}, {"hush", hush}, {"return", come_back}};

static bool
obey(struct bench *b, const char *line)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		size_t len = strlen(commands[i].word);

		if (strncmp(line, commands[i].word, len) == 0 && (line[len] == ' ' || line[len] == '\0')) {
			commands[i].run(b, line);
			return true;
		}
	}
	return false;
}

static int
serve(struct bench *b)
{
	char line[256];

	puts("ready");
	while (fflush(stdout) == 0 && fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "quit") == 0)
			break;
		if (!obey(b, line)) {
			fprintf(stderr, "bench-members: error: no such command: %s\n", line);
			return 2;
		}
	}
	return 0;
}

static int
usage(void)
{
	fputs("usage: bench-members FOLDER ACTORS AGENTS BROKER_PID | --title WHAT ROUNDS | --json-end ROUNDS\n", stderr);
	return 2;
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "--title") == 0) {
		bench_title(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "--json-end") == 0) {
		bench_json_end((unsigned)strtoul(argv[2], NULL, 10));
		return 0;
	}
	if (argc != 5)
		return usage();
	unsigned n_actors = (unsigned)strtoul(argv[2], NULL, 10), n_agents = (unsigned)strtoul(argv[3], NULL, 10);
	struct bench b = {.broker = (pid_t)strtol(argv[4], NULL, 10)};

	if (n_actors == 0 || n_actors % 2 != 0 || n_agents < n_actors)
		return usage();
	b.actors = actors_open(argv[1], n_actors);
	b.crowd = crowd_open(argv[1], n_actors + 1, n_agents);
	actors_connect(b.actors);
	crowd_connect(b.crowd);
	crowd_wait(b.crowd, CONNECT_S);
	int status = serve(&b);

	crowd_close(&b.crowd);
	actors_close(&b.actors);
	for (size_t i = 0; i < CONTEXTS_MAX; i++)
		transport_free(&contexts[i]);
	return status;
}
