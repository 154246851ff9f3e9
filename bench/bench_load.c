/*
 * bench-load: the load of bench-exchange. Tools at several companies, each on its agent's socket, through the public
 * interface: consignors hand messages in, consignees receive and acknowledge them.
 *
 * A message counts from its hand-in to the reply that acknowledges it, durably, at the other company; with --rate from the
 * time at which it was due, so that a hub which holds the tool up is not measured as if nothing had been handed in. "told" counts
 * to where bench/peers ends: the tool has the message and has handed its acknowledgement to the library. Every message must
 * arrive, once, in order: anything else ends the run with an error.
 *
 * A consignee whose socket is "-" has nobody who receives; those come last. With such ones only, a message counts as handed
 * in.
 *
 * Threads   one a tool, as their agents would see them
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "consign/client.h"
#include "report.h"

#define TOOLS_MAX 64u
#define PIDS_MAX 130u
#define ROUNDS_MAX 101u
#define FRAME_MAX 512u
#define HEAD_BYTES 32u
#define WINDOW 8192u
#define ACKS_MAX 512u
#define ACKS_UNDERWAY 64u
#define TIMEOUT_MS 30000u

struct head {
	uint64_t round, from, sequence, at_ns;
};
_Static_assert(sizeof(struct head) == HEAD_BYTES, "the beginning of a message's content");

struct process {
	const char *name;
	long pid;
};

struct options {
	const char *from[TOOLS_MAX], *to[TOOLS_MAX], *to_org[TOOLS_MAX];
	size_t n_from, n_to, n_tools, n_pids; /* n_tools: of n_to, those where somebody receives; they come first */
	struct process pids[PIDS_MAX];
	const char *study, *type, *subscription;
	uint64_t messages; /* of all consignors together, in a round */
	uint64_t warm_up;  /* likewise, in a round before the first, which is not measured */
	size_t size;
	uint64_t rate;
	unsigned frame, underway, rounds;
	bool as_json;
};

struct round {
	uint64_t number;
	uint64_t begin_ns;
	atomic_uint_fast64_t end_ns; /* of the last acknowledgement */
};

struct consignor {
	const struct options *o;
	struct round *round;
	size_t place;
	uint64_t n;
	struct consign_client *client;
	pthread_t thread;
	char *contents; /* a frame of them */
};

struct consignee {
	const struct options *o;
	struct round *round;
	size_t place;
	struct consign_client *client;
	pthread_t thread;
	uint64_t next[TOOLS_MAX]; /* of each consignor */
	double *took_us;          /* of the round's messages, until the acknowledgement is durable */
	double *told_us;          /* likewise, until it is handed over */
	uint64_t expected, received, told, done;
	struct {
		uint64_t number;
		size_t n;
		uint64_t at_ns[ACKS_MAX];
	} acks[ACKS_UNDERWAY];
	size_t n_acks;
	char ids[ACKS_MAX][64];
	uint64_t at_ns[ACKS_MAX];
	size_t n_ids;
};

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "bench-load: error: %s: %s\n", what, why);
	exit(1);
}

static void
must(enum consign_err err, const char *what)
{
	if (err != CONSIGN_OK)
		die(what, consign_err_text(err));
}

/* ── handing in ── */

static void
take_outcomes(struct consignor *c, uint32_t timeout_ms, unsigned *underway)
{
	const struct consign_reply *r;
	enum consign_err err = consign_client_wait(c->client, 0, timeout_ms, &r);

	if (err == CONSIGN_E_TIMEOUT && timeout_ms == 0)
		return;
	must(err, "waiting for what became of a hand-in");
	if (r->kind != CONSIGN_REPLY_SEND)
		die("handing in", r->detail);
	for (size_t i = 0; i < r->n_outcomes; i++)
		if (r->outcomes[i].code != CONSIGN_CODE_NONE)
			die("a message was not taken", r->outcomes[i].detail);
	consign_reply_free(&r);
	--*underway;
}

static void
sleep_until(uint64_t at_ns)
{
	struct timespec t = {(time_t)(at_ns / 1000000000u), (long)(at_ns % 1000000000u)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static void *
run_consignor(void *arg)
{
	struct consignor *c = arg;
	const struct options *o = c->o;
	struct consign_outgoing messages[FRAME_MAX];
	unsigned underway = 0;

	(void)prctl(PR_SET_TIMERSLACK, 1); /* else the kernel wakes it up to 50 us after it is due */
	for (size_t i = 0; i < o->frame; i++)
		messages[i] = (struct consign_outgoing){.to = o->to_org, .n_to = o->n_to, .study = o->study, .type = o->type,
		    .content = {(uint8_t *)c->contents + i * o->size, o->size}};
	for (uint64_t next = 0; next < c->n;) {
		size_t n = c->n - next < o->frame ? (size_t)(c->n - next) : o->frame;
		uint64_t at_ns = bench_wall_ns(), number;

		if (o->rate > 0) {
			at_ns = c->round->begin_ns + (next * o->n_from + c->place) * 1000000000u / o->rate;
			sleep_until(at_ns);
		}
		for (size_t i = 0; i < n; i++)
			memcpy(c->contents + i * o->size, &(struct head){c->round->number, c->place, next + i, at_ns}, HEAD_BYTES);
		must(consign_client_post_send(c->client, messages, n, &number), "handing in");
		next += n;
		underway++;
		while (underway >= o->underway)
			take_outcomes(c, TIMEOUT_MS, &underway);
		if (o->rate > 0)
			take_outcomes(c, 0, &underway);
	}
	while (underway > 0)
		take_outcomes(c, TIMEOUT_MS, &underway);
	return NULL;
}

/* ── receiving ── */

static void
send_acks(struct consignee *c)
{
	const char *ids[ACKS_MAX];

	if (c->n_ids == 0 || c->n_acks == ACKS_UNDERWAY)
		return;
	for (size_t i = 0; i < c->n_ids; i++)
		ids[i] = c->ids[i];
	must(consign_client_post_ack(c->client, c->o->subscription, ids, c->n_ids, &c->acks[c->n_acks].number), "acknowledging");
	uint64_t now = bench_wall_ns();

	for (size_t i = 0; i < c->n_ids; i++)
		c->told_us[c->told++] = (double)(now - c->at_ns[i]) / 1000;
	memcpy(c->acks[c->n_acks].at_ns, c->at_ns, c->n_ids * sizeof *c->at_ns);
	c->acks[c->n_acks++].n = c->n_ids;
	c->n_ids = 0;
}

static void
take_message(struct consignee *c, const struct consign_message *m)
{
	struct head h;

	if (m->content.len != c->o->size)
		die("a message arrived with another size", m->id);
	memcpy(&h, m->content.data, sizeof h);
	if (h.round != c->round->number || h.from >= c->o->n_from || h.sequence != c->next[h.from])
		die("a message did not arrive once and in order", m->id);
	c->next[h.from]++;
	snprintf(c->ids[c->n_ids], sizeof c->ids[0], "%s", m->id);
	c->at_ns[c->n_ids++] = h.at_ns;
	c->received++;
}

static void
take_acked(struct consignee *c, const struct consign_reply *r)
{
	uint64_t now = bench_wall_ns();
	size_t i = 0;

	while (i < c->n_acks && c->acks[i].number != r->number)
		i++;
	if (i == c->n_acks || r->acked != c->acks[i].n)
		die("acknowledging", "not all that was acknowledged was taken");
	for (size_t k = 0; k < c->acks[i].n; k++)
		c->took_us[c->done++] = (double)(now - c->acks[i].at_ns[k]) / 1000;
	c->acks[i] = c->acks[--c->n_acks];
	atomic_store(&c->round->end_ns, now);
}

static void *
run_consignee(void *arg)
{
	struct consignee *c = arg;

	memset(c->next, 0, sizeof c->next);
	c->received = c->told = c->done = 0;
	while (c->done < c->expected) {
		const struct consign_reply *r;
		bool is_behind = c->n_ids > 0 && c->n_acks < ACKS_UNDERWAY; /* what is there is taken first, then acknowledged */
		/* No room for another message: the acknowledgements under way come first. */
		uint64_t number = c->n_ids == ACKS_MAX ? c->acks[0].number : 0;
		enum consign_err err = consign_client_wait(c->client, number, is_behind ? 0 : TIMEOUT_MS, &r);

		if (err == CONSIGN_E_TIMEOUT && is_behind) {
			send_acks(c);
			continue;
		}
		must(err, "waiting for messages");
		if (r->kind == CONSIGN_REPLY_WATCH)
			take_message(c, &r->messages[0]);
		else if (r->kind == CONSIGN_REPLY_ACK)
			take_acked(c, r);
		else
			die("receiving", r->detail);
		consign_reply_free(&r);
		if (c->n_ids == ACKS_MAX)
			send_acks(c);
	}
	return NULL;
}

/* ── cost ── */

/* User and system time of a process so far, in µs. */
static double
cpu_us(long pid)
{
	char path[64], line[1024];
	unsigned long user = 0, system = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	f = fopen(path, "r");
	if (f == NULL || fgets(line, sizeof line, f) == NULL)
		die("reading what a daemon cost", path);
	fclose(f);
	char *after = strrchr(line, ')');

	if (after == NULL || sscanf(after, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
		die("reading what a daemon cost", path);
	return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static double
own_cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* ── rounds ── */

struct latencies {
	double p50[ROUNDS_MAX], p99[ROUNDS_MAX], p999[ROUNDS_MAX];
};

struct figures {
	double msgs_per_s[ROUNDS_MAX], cpu_us[ROUNDS_MAX], tools_us[ROUNDS_MAX];
	struct latencies took, told;
	double each_us[PIDS_MAX][ROUNDS_MAX];
};

static void
take_latencies(struct latencies *l, unsigned round, double *us, uint64_t n)
{
	sort_values(us, n);
	l->p50[round] = share_of(us, n, 0.5);
	l->p99[round] = share_of(us, n, 0.99);
	l->p999[round] = share_of(us, n, 0.999);
}

static void
run_round(const struct options *o, struct consignor *from, struct consignee *to, struct round *round, unsigned r, struct figures *f)
{
	double before[PIDS_MAX], tools = own_cpu_us(), daemons = 0;
	uint64_t deliveries = o->messages * (o->n_tools > 0 ? o->n_tools : o->n_to);
	double *took = to[0].took_us, *told = to[0].told_us;

	for (size_t i = 0; i < o->n_pids; i++)
		before[i] = cpu_us(o->pids[i].pid);
	round->number = r;
	round->begin_ns = bench_wall_ns();
	atomic_store(&round->end_ns, 0);
	for (size_t i = 0; i < o->n_tools; i++) {
		to[i].expected = o->messages;
		to[i].took_us = took + i * o->messages;
		to[i].told_us = told + i * o->messages;
		if (pthread_create(&to[i].thread, NULL, run_consignee, &to[i]) != 0)
			die("starting a tool", "no thread");
	}
	for (size_t i = 0; i < o->n_from; i++) {
		from[i].n = o->messages / o->n_from + (i < o->messages % o->n_from);
		if (pthread_create(&from[i].thread, NULL, run_consignor, &from[i]) != 0)
			die("starting a tool", "no thread");
	}
	for (size_t i = 0; i < o->n_from; i++)
		pthread_join(from[i].thread, NULL);
	if (o->n_tools == 0)
		atomic_store(&round->end_ns, bench_wall_ns());
	for (size_t i = 0; i < o->n_tools; i++)
		pthread_join(to[i].thread, NULL);
	f->tools_us[r] = (own_cpu_us() - tools) / (double)deliveries;
	for (size_t i = 0; i < o->n_pids; i++) {
		double us = cpu_us(o->pids[i].pid) - before[i];

		f->each_us[i][r] = us / (double)deliveries;
		daemons += us;
	}
	f->cpu_us[r] = daemons / (double)deliveries + f->tools_us[r];
	f->msgs_per_s[r] = (double)deliveries * 1e9 / (double)(atomic_load(&round->end_ns) - round->begin_ns);
	if (o->n_tools == 0)
		return;
	take_latencies(&f->took, r, took, deliveries);
	take_latencies(&f->told, r, told, deliveries);
}

static void
print_json_latencies(const char *what, struct latencies *l, unsigned rounds)
{
	struct spread s = spread_of(l->p50, rounds);

	printf(",\"%sp50_us\":%.0f,\"%sp50_us_quartiles\":[%.0f,%.0f]", what, s.median, what, s.low, s.high);
	s = spread_of(l->p99, rounds);
	printf(",\"%sp99_us\":%.0f,\"%sp99_us_quartiles\":[%.0f,%.0f]", what, s.median, what, s.low, s.high);
	printf(",\"%sp999_us\":%.0f", what, spread_of(l->p999, rounds).median);
}

static void
print_json(const struct options *o, struct figures *f)
{
	struct spread s = spread_of(f->msgs_per_s, o->rounds);

	printf("{\"bench\":\"exchange\",\"messages\":%llu,\"size\":%zu,\"rate\":%llu,\"consignors\":%zu,\"consignees\":%zu,\"msgs_per_s\":%.0f,"
	       "\"msgs_per_s_quartiles\":[%.0f,%.0f],\"mb_per_s\":%.1f",
	    (unsigned long long)o->messages, o->size, (unsigned long long)o->rate, o->n_from, o->n_to, s.median, s.low, s.high,
	    s.median * (double)o->size / 1e6);
	s = spread_of(f->cpu_us, o->rounds);
	printf(",\"cpu_us_per_msg\":%.2f,\"cpu_us_per_msg_quartiles\":[%.2f,%.2f],\"tools_cpu_us_per_msg\":%.2f", s.median, s.low, s.high,
	    spread_of(f->tools_us, o->rounds).median);
	for (size_t i = 0; i < o->n_pids; i++)
		printf(",\"%s_cpu_us_per_msg\":%.2f", o->pids[i].name, spread_of(f->each_us[i], o->rounds).median);
	print_json_latencies("", &f->took, o->rounds);
	print_json_latencies("told_", &f->told, o->rounds);
	bench_json_end(o->rounds);
}

static void
print_line(const char *what, const char *unit, double *values, unsigned rounds)
{
	struct spread s = spread_of(values, rounds);

	printf("%-28s %12.2f  (%.2f to %.2f) %s\n", what, s.median, s.low, s.high, unit);
}

static void
print_text(const struct options *o, struct figures *f)
{
	char name[64];

	bench_title("bench-exchange", o->rounds);
	printf("%llu messages of %zu bytes, %zu consignors to %zu consignees, ", (unsigned long long)o->messages, o->size, o->n_from, o->n_to);
	if (o->rate > 0)
		printf("%llu a second\n\n", (unsigned long long)o->rate);
	else
		printf("as fast as they are taken\n\n");
	print_line("deliveries", "a second", f->msgs_per_s, o->rounds);
	print_line("cpu, all", "us a message", f->cpu_us, o->rounds);
	for (size_t i = 0; i < o->n_pids; i++) {
		snprintf(name, sizeof name, "    %s", o->pids[i].name);
		print_line(name, "us a message", f->each_us[i], o->rounds);
	}
	print_line("    tools", "us a message", f->tools_us, o->rounds);
	print_line("hand-in to at the tool, p50", "us", f->told.p50, o->rounds);
	print_line("p99", "us", f->told.p99, o->rounds);
	print_line("hand-in to acknowledged, p50", "us", f->took.p50, o->rounds);
	print_line("p99", "us", f->took.p99, o->rounds);
	print_line("p99.9", "us", f->took.p999, o->rounds);
}

/* ── what was asked ── */

static void
usage(void)
{
	fprintf(stderr, "usage: bench-load --from SOCKET... --to ORG=SOCKET... --study ID --messages N --size BYTES [--rate R] [--type T] [--frame N]\n"
	                "                  [--warm-up N] [--underway N] [--rounds N] [--subscription NAME] [--pid NAME=PID]... [--json]\n");
	exit(2);
}

static uint64_t
number(const char *text, uint64_t min, uint64_t max)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n < min || n > max) {
		fprintf(stderr, "bench-load: error: %s is not a number from %llu to %llu\n", text, (unsigned long long)min, (unsigned long long)max);
		exit(2);
	}
	return n;
}

/* NAME=VALUE in two. */
static const char *
cut(char *text)
{
	char *equals = strchr(text, '=');

	if (equals == NULL)
		usage();
	*equals = '\0';
	return equals + 1;
}

static void
read_options(int argc, char **argv, struct options *o)
{
	*o = (struct options){.type = "x.bench", .subscription = "bench", .frame = 64, .underway = 32, .rounds = 1};
	for (int i = 1; i < argc; i++) {
		char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(name, "--json") == 0) {
			o->as_json = true;
			continue;
		}
		if (value == NULL)
			usage();
		i++;
		if (strcmp(name, "--from") == 0 && o->n_from < TOOLS_MAX)
			o->from[o->n_from++] = value;
		else if (strcmp(name, "--to") == 0 && o->n_to < TOOLS_MAX) {
			o->to[o->n_to] = cut(value);
			o->to_org[o->n_to++] = value;
		} else if (strcmp(name, "--pid") == 0 && o->n_pids < PIDS_MAX) {
			o->pids[o->n_pids].pid = (long)number(cut(value), 1, INT32_MAX);
			o->pids[o->n_pids++].name = value;
		} else if (strcmp(name, "--study") == 0)
			o->study = value;
		else if (strcmp(name, "--type") == 0)
			o->type = value;
		else if (strcmp(name, "--subscription") == 0)
			o->subscription = value;
		else if (strcmp(name, "--messages") == 0)
			o->messages = number(value, 1, 100000000);
		else if (strcmp(name, "--warm-up") == 0)
			o->warm_up = number(value, 1, 100000000);
		else if (strcmp(name, "--size") == 0)
			o->size = number(value, HEAD_BYTES, 1000000);
		else if (strcmp(name, "--rate") == 0)
			o->rate = number(value, 1, 1000000);
		else if (strcmp(name, "--frame") == 0)
			o->frame = (unsigned)number(value, 1, FRAME_MAX);
		else if (strcmp(name, "--underway") == 0)
			o->underway = (unsigned)number(value, 1, 1024);
		else if (strcmp(name, "--rounds") == 0)
			o->rounds = (unsigned)number(value, 1, ROUNDS_MAX - 1);
		else
			usage();
	}
	if (o->n_from == 0 || o->n_to == 0 || o->study == NULL || o->messages == 0 || o->size == 0)
		usage();
	while (o->n_tools < o->n_to && strcmp(o->to[o->n_tools], "-") != 0)
		o->n_tools++;
	for (size_t i = o->n_tools; i < o->n_to; i++)
		if (strcmp(o->to[i], "-") != 0)
			usage();
	if (o->rate > 0)
		o->frame = 1; /* each is handed in by itself when it is due */
}

static void
open_tools(const struct options *o, struct consignor *from, struct consignee *to, struct round *round)
{
	for (size_t i = 0; i < o->n_tools; i++) {
		const struct consign_watch_options w = {.subscription = o->subscription, .window = WINDOW, .with_content = true};
		uint64_t number_of_watch;

		to[i].o = o;
		to[i].round = round;
		to[i].place = i;
		must(consign_client_open(o->to[i], TIMEOUT_MS, &to[i].client), o->to[i]);
		must(consign_client_post_watch(to[i].client, &w, &number_of_watch), "watching");
	}
	for (size_t i = 0; i < o->n_from; i++) {
		from[i] = (struct consignor){.o = o, .round = round, .place = i};
		must(consign_client_open(o->from[i], TIMEOUT_MS, &from[i].client), o->from[i]);
		from[i].contents = malloc(o->frame * o->size);
		if (from[i].contents == NULL)
			die("opening the tools", "out of memory");
		for (size_t at = 0; at < o->frame * o->size; at += 256)
			if (getrandom(from[i].contents + at, o->frame * o->size - at < 256 ? o->frame * o->size - at : 256, 0) < 0)
				die("opening the tools", strerror(errno));
	}
}

int
main(int argc, char **argv)
{
	static struct options o;
	static struct consignor from[TOOLS_MAX];
	static struct consignee to[TOOLS_MAX];
	static struct figures f;
	static struct round round;

	read_options(argc, argv, &o);
	size_t deliveries = (o.messages > o.warm_up ? o.messages : o.warm_up) * o.n_to;
	double *took = malloc(deliveries * sizeof *took), *told = malloc(deliveries * sizeof *told);

	if (took == NULL || told == NULL)
		die("opening the tools", "out of memory");
	to[0].took_us = took;
	to[0].told_us = told;
	open_tools(&o, from, to, &round);
	if (o.warm_up > 0) {
		struct options warm = o;

		warm.messages = o.warm_up;
		run_round(&warm, from, to, &round, ROUNDS_MAX - 1, &f);
	}
	for (unsigned r = 0; r < o.rounds; r++)
		run_round(&o, from, to, &round, r, &f);
	if (o.as_json)
		print_json(&o, &f);
	else
		print_text(&o, &f);
	free(took);
	free(told);
	for (size_t i = 0; i < o.n_tools; i++)
		consign_client_close(&to[i].client);
	for (size_t i = 0; i < o.n_from; i++) {
		consign_client_close(&from[i].client);
		free(from[i].contents);
	}
	return 0;
}
