/*
 * The parts of bench-members: a crowd that is connected and idle, and actors that exchange messages.
 *
 * Both are members of a real hub with keys and home of their own (tests/support/member.h), many in one process: they share ZeroMQ
 * contexts, so that a thousand do not need two thousand threads.
 *
 * Threads   a member belongs to one thread at a time; what they share is locked in bench_members.c
 */
#ifndef BENCH_MEMBERS_H
#define BENCH_MEMBERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "consign/error.h"

struct live_member;
struct link_options;

/* ── what both use (bench_members.c) ── */

/* A member by its number, in a ZeroMQ context that it shares. Ends the process when that fails. */
struct live_member *bench_member_open(const char *folder, unsigned number);
void bench_member_close(struct live_member **m);
/* As member_greet. handlers: who hears what comes (received, round, event, context); NULL: the member itself. */
enum consign_err bench_member_greet(struct live_member *m, const struct link_options *handlers);
/* Says what failed and ends the process. m may be NULL. */
_Noreturn void bench_fail(const struct live_member *m, const char *what);
/* Cpu time of another process since its start. */
uint64_t bench_cpu_of_ns(pid_t pid);

/* ── the crowd (bench_crowd.c): each connects as an agent does, and then pings every 20 s ── */

struct crowd;
/* Members first to last; none when last is below first. */
struct crowd *crowd_open(const char *folder, unsigned first, unsigned last);
/* All at once, each in a thread with an agent's pauses between its attempts. */
void crowd_connect(struct crowd *c);
/* Until all are connected; ends the process when one is not after seconds. */
void crowd_wait(struct crowd *c, unsigned seconds);
/* No pings until it is connected again: the broker is about to stop. */
void crowd_hush(struct crowd *c);
/* The connections are cut without a word. */
void crowd_close(struct crowd **c);

/* ── actors (bench_actors.c): pairs, one submits, the other acknowledges what it has verified ── */

struct actors;
struct actors *actors_open(const char *folder, unsigned n); /* members 1 to n; n is even */
void actors_connect(struct actors *all);
void actors_close(struct actors **all);

struct traffic {
	unsigned rate;    /* consignments a second, of all pairs together */
	unsigned seconds; /* that it goes on */
	unsigned items;   /* messages of a consignment */
	unsigned types;   /* so many message types take turns */
	unsigned stride;  /* between their numbers */
};
struct traffic_figures {
	uint64_t messages;
	double seconds;      /* from the first submission to the last delivery receipt */
	double accepted[2];  /* from a submission to its receipt, in µs: median and p99 */
	double delivered[2]; /* ... to the delivery receipt that the consignor gets */
};
/* Everything that was submitted was accepted, delivered, acknowledged and settled; else the process ends. */
void actors_exchange(struct actors *all, const struct traffic *order, struct traffic_figures *ret_figures);
/* So many consignments of 128 messages into the mailboxes of members first to last, as fast as the broker takes them. */
void actors_fill(struct actors *all, uint64_t consignments, unsigned first, unsigned last);
/* After a restart of the broker: the first actor connects again and submits; when its receipt came, by the wall clock.
 * actors_connect follows. */
uint64_t actors_first_receipt_us(struct actors *all, unsigned seconds);

#endif
