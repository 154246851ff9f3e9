/*
 * A clock that stands still until the test moves it: both of its readings are the microseconds in a uint64_t of the test.
 *
 *   static uint64_t now_us;
 *   static const struct consign_clock test_clock = STANDING_CLOCK(&now_us);
 */
#ifndef SUPPORT_STANDING_CLOCK_H
#define SUPPORT_STANDING_CLOCK_H

#include <stdint.h>

#include "core/clock.h"

/* Reads the uint64_t that self points to; borrows it for as long as the clock is used. */
static inline uint64_t
standing_clock_us(void *self)
{
	const uint64_t *now_us = self;

	return *now_us;
}

#define STANDING_CLOCK(now_us) {.wall_us = standing_clock_us, .steady_us = standing_clock_us, .self = (now_us)}

#endif
