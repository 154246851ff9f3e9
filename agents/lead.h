/*
 * What somebody else has verified and this agent has not been shown: a root that a freshness statement names, or that a consignee had
 * seen when it gave its receipt. It is waited for: the broker is asked, and has half a minute for it while there is a connection. Who
 * speaks of the root, and what is said of a broker that withholds it, is the caller's.
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 3.8, 5.2, 7.8
 */
#ifndef AGENTS_LEAD_H
#define AGENTS_LEAD_H

#include <stdbool.h>
#include <stdint.h>

struct agent;

/* Zero-initialise. */
struct lead {
	uint64_t since_us;      /* steady; 0: nothing is waited for */
	uint64_t since_wall_us; /* the same moment */
	uint64_t asked_us;      /* steady */
	bool is_over;           /* its time, and that was said */
};

/* To be called at every turn. is_ahead: something is missing now. True once: its time is over, and the broker has not brought it. */
bool lead_follow(struct agent *a, struct lead *lead, bool is_ahead);

#endif
