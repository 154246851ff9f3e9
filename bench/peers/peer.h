/*
 * One broker that Consign is compared with, as the load of peer_load.c sees it: a publisher that is told what the broker
 * has acknowledged, and a consumer that acknowledges what it takes. nats.c, rabbitmq.c and mosquitto.c each implement
 * all of it; a program links one of them.
 *
 * This is a bench: what a broker refuses ends the process, by peer_fail().
 *
 * Threads   a publisher belongs to one thread, a consumer to one other. Nothing is shared between them
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that one peer_receive() takes. */
#define PEER_BATCH_MAX 256u

/* Where the broker listens and how it is used. Strings are borrowed until both sides are closed. */
struct peer_place {
	const char *host, *ca_file; /* the host's name stands in its certificate, which this authority signed */
	unsigned port;
	unsigned window; /* the most that may be published and not confirmed; the load keeps it */
	bool is_paced;   /* messages come one by one: what gathers several into one write or ack would only delay them */
};

struct peer_publisher;
struct peer_consumer;

/* What is taken; borrowed during the call. */
typedef void peer_taker(void *context, const uint8_t *message, size_t len);

extern const char *const peer_name;
/* The window at which this broker is fastest. */
extern const unsigned peer_window;

/* Makes the queue, durable; then everything that is published is for this consumer. */
struct peer_consumer *peer_consumer_open(const struct peer_place *place, peer_taker *take, void *context);
/* Waits for a message at most so long, takes what there is, at most PEER_BATCH_MAX, and hands in the acknowledgements. */
void peer_receive(struct peer_consumer *c, int wait_ms);
void peer_consumer_close(struct peer_consumer **c);

/* After the consumer. */
struct peer_publisher *peer_publisher_open(const struct peer_place *place);
void peer_publish(struct peer_publisher *p, const uint8_t *message, size_t len);
/* How many the broker has confirmed since the beginning. Waits at most so long for the next one, not at all with 0. */
uint64_t peer_confirmed(struct peer_publisher *p, int wait_ms);
void peer_publisher_close(struct peer_publisher **p);

/* Of peer_load.c: says why, and ends the process with status 1. */
_Noreturn void peer_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Zeroed memory, or the end. */
void *peer_alloc(size_t n, size_t size);

#endif
