/*
 * The machine's clocks, and the one text form of time.
 */
#include "core/clock.h"

#include <time.h>

#include "core/limits.h"

#define US_PER_SECOND 1000000u
/* 9999-12-31T23:59:59Z: the last second that the text form can say. */
#define LAST_SECOND 253402300799ull

static uint64_t
read_clock(clockid_t id)
{
	struct timespec now;

	/* Cannot fail for these two clocks (clock_gettime(2)). */
	clock_gettime(id, &now);
	if (now.tv_sec < 0)
		return 0;
	return (uint64_t)now.tv_sec * US_PER_SECOND + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t
system_wall_us(void *self)
{
	(void)self;
	return read_clock(CLOCK_REALTIME);
}

static uint64_t
system_steady_us(void *self)
{
	(void)self;
	return read_clock(CLOCK_BOOTTIME);
}

const struct consign_clock *
clock_system(void)
{
	static const struct consign_clock clock = {.wall_us = system_wall_us, .steady_us = system_steady_us};

	return &clock;
}

uint64_t
clock_wall_us(const struct consign_clock *clock)
{
	return clock->wall_us(clock->self);
}

uint64_t
clock_steady_us(const struct consign_clock *clock)
{
	return clock->steady_us(clock->self);
}

/* Writes v with leading zeros into exactly `digits` characters. */
static char *
put_digits(char *p, unsigned v, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		p[i] = (char)('0' + v % 10);
		v /= 10;
	}
	return p + digits;
}

void
clock_format(uint64_t wall_us, char ret_text[CLOCK_TEXT_BYTES])
{
	uint64_t seconds = wall_us / US_PER_SECOND;
	unsigned us = (unsigned)(wall_us % US_PER_SECOND);
	struct tm tm = {0};
	time_t t;
	char *p = ret_text;

	/* Later times, which only a broken clock or a liar gives, are shown as the last one. */
	if (seconds > LAST_SECOND) {
		seconds = LAST_SECOND;
		us = US_PER_SECOND - 1;
	}
	t = (time_t)seconds;
	gmtime_r(&t, &tm);
	p = put_digits(p, (unsigned)tm.tm_year + 1900, 4);
	*p++ = '-';
	p = put_digits(p, (unsigned)tm.tm_mon + 1, 2);
	*p++ = '-';
	p = put_digits(p, (unsigned)tm.tm_mday, 2);
	*p++ = 'T';
	p = put_digits(p, (unsigned)tm.tm_hour, 2);
	*p++ = ':';
	p = put_digits(p, (unsigned)tm.tm_min, 2);
	*p++ = ':';
	p = put_digits(p, (unsigned)tm.tm_sec, 2);
	*p++ = '.';
	p = put_digits(p, us, 6);
	*p++ = 'Z';
	*p = '\0';
}

int64_t
clock_wall_ahead(const struct consign_clock *clock)
{
	return (int64_t)clock_wall_us(clock) - (int64_t)clock_steady_us(clock);
}

enum clock_skew
clock_skew(uint64_t a_us, uint64_t b_us)
{
	uint64_t apart = a_us > b_us ? a_us - b_us : b_us - a_us;

	return apart > CONSIGN_CLOCK_SKEW_MAX_US ? CLOCK_SKEW_TOO_FAR : apart > CONSIGN_CLOCK_SKEW_WARN_US ? CLOCK_SKEW_WARN : CLOCK_SKEW_NONE;
}
