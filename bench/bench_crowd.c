/* Members that are connected and idle. See bench_members.h. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench_members.h"
#include "member.h"

/* As agents/uplink.c has them. */
#define PAUSE_FIRST_MS 100u
#define PAUSE_MAX_MS 15000u
#define PING_MS 20000u
#define STACK_BYTES (256u * 1024u)
#define WAIT_MS 15000u

struct idler {
	struct crowd *crowd;
	struct live_member *m;
	pthread_t connecting;
	bool has_thread;
};

struct crowd {
	struct idler *idlers;
	size_t n;
	atomic_size_t n_up;
	atomic_bool gives_up; /* who is not connected yet stops trying */
	pthread_t keeper;
	bool is_kept;
	pthread_mutex_t lock;
	pthread_cond_t ends;
	bool is_over;
};

static void
sleep_ms(uint32_t ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

struct crowd *
crowd_open(const char *folder, unsigned first, unsigned last)
{
	struct crowd *c = calloc(1, sizeof *c);

	if (c == NULL)
		bench_fail(NULL, "memory");
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->ends, NULL);
	c->n = last < first ? 0 : last - first + 1;
	c->idlers = calloc(c->n + 1, sizeof *c->idlers);
	if (c->idlers == NULL)
		bench_fail(NULL, "memory");
	for (size_t i = 0; i < c->n; i++) {
		c->idlers[i] = (struct idler){.crowd = c, .m = bench_member_open(folder, first + (unsigned)i)};
		c->idlers[i].m->wait_ms = WAIT_MS;
	}
	return c;
}

static void *
connect_one(void *context)
{
	struct idler *i = context;
	uint32_t pause_ms = PAUSE_FIRST_MS, jitter;

	while (!i->crowd->gives_up) {
		random_bytes(&jitter, sizeof jitter);
		sleep_ms(pause_ms / 2 + jitter % (pause_ms / 2 + 1));
		if (bench_member_greet(i->m, NULL) == CONSIGN_OK) {
			i->crowd->n_up++;
			break;
		}
		pause_ms = pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause_ms * 2;
	}
	return NULL;
}

/* One after the other, so that each is heard of every 20 s. */
static void *
keep(void *context)
{
	struct crowd *c = context;
	struct timespec next;

	clock_gettime(CLOCK_REALTIME, &next);
	for (size_t i = 0;; i = (i + 1) % c->n) {
		next.tv_nsec += (long)(PING_MS / c->n % 1000) * 1000000;
		next.tv_sec += (time_t)(PING_MS / c->n / 1000) + next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		pthread_mutex_lock(&c->lock);
		while (!c->is_over && pthread_cond_timedwait(&c->ends, &c->lock, &next) == 0)
			;
		bool is_over = c->is_over;

		pthread_mutex_unlock(&c->lock);
		if (is_over)
			return NULL;
		if (member_ping(c->idlers[i].m) != CONSIGN_OK)
			bench_fail(c->idlers[i].m, "a ping");
	}
}

void
crowd_hush(struct crowd *c)
{
	if (!c->is_kept)
		return;
	pthread_mutex_lock(&c->lock);
	c->is_over = true;
	pthread_cond_signal(&c->ends);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->keeper, NULL);
	c->is_over = c->is_kept = false;
}

void
crowd_connect(struct crowd *c)
{
	pthread_attr_t attr;

	c->n_up = 0;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (size_t i = 0; i < c->n; i++) {
		if (pthread_create(&c->idlers[i].connecting, &attr, connect_one, &c->idlers[i]) != 0)
			bench_fail(NULL, "a thread");
		c->idlers[i].has_thread = true;
	}
	pthread_attr_destroy(&attr);
}

static void
join_all(struct crowd *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->idlers[i].has_thread)
			pthread_join(c->idlers[i].connecting, NULL);
		c->idlers[i].has_thread = false;
	}
}

void
crowd_wait(struct crowd *c, unsigned seconds)
{
	for (unsigned ms = 0; c->n_up < c->n; ms += 5) {
		if (ms >= seconds * 1000) {
			fprintf(stderr, "bench-members: error: %zu of %zu are connected after %u s\n", (size_t)c->n_up, c->n,
			    seconds);
			exit(1);
		}
		sleep_ms(5);
	}
	join_all(c);
	if (c->n == 0)
		return;
	if (pthread_create(&c->keeper, NULL, keep, c) != 0)
		bench_fail(NULL, "a thread");
	c->is_kept = true;
}

void
crowd_close(struct crowd **crowd)
{
	struct crowd *c = *crowd;

	if (c == NULL)
		return;
	crowd_hush(c);
	c->gives_up = true;
	join_all(c);
	for (size_t i = 0; i < c->n; i++)
		bench_member_close(&c->idlers[i].m);
	free(c->idlers);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->ends);
	free(c);
	*crowd = NULL;
}
