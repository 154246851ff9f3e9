/*
 * Time is given in. Programs use clock_system(); tests turn a clock by hand.
 * All times are microseconds since 1970-01-01 UTC (wall) or since some start (steady).
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct consign_clock {
	uint64_t (*wall_us)(void *self);
	uint64_t (*steady_us)(void *self);
	void *self;
};

/* The machine's clocks. Lends a constant. */
const struct consign_clock *clock_system(void);
uint64_t clock_wall_us(const struct consign_clock *clock);
uint64_t clock_steady_us(const struct consign_clock *clock);

/* How far the wall clock is ahead of the steady one: it changes when somebody sets the wall clock. */
int64_t clock_wall_ahead(const struct consign_clock *clock);

/* What two clocks that are so far apart mean (CONSIGN_CLOCK_SKEW_WARN_US, CONSIGN_CLOCK_SKEW_MAX_US). */
enum clock_skew { CLOCK_SKEW_NONE, CLOCK_SKEW_WARN, CLOCK_SKEW_TOO_FAR };
enum clock_skew clock_skew(uint64_t a_us, uint64_t b_us);

#define CLOCK_TEXT_BYTES 28
/* RFC 3339 UTC with microseconds: 2026-11-22T04:11:56.000000Z. Source: requirement R7. */
void clock_format(uint64_t wall_us, char ret_text[CLOCK_TEXT_BYTES]);

#endif
