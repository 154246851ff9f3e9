/*
 * A preload library under which the wall clock is wrong by as much as a file says, from the moment it says so.
 *
 *   export SHIM_CLOCK=$work/broker.clock
 *   LD_PRELOAD=$CONSIGN_BIN/shim_clock.so consign-broker --home $home
 *   echo -86400000000 >$work/broker.clock.new && mv $work/broker.clock.new $work/broker.clock     a day back
 *
 *   SHIM_CLOCK    a file that holds the microseconds to add, one decimal number; absent or empty: none
 *
 * What is shifted: clock_gettime of CLOCK_REALTIME and CLOCK_REALTIME_COARSE, gettimeofday, time. Clocks that measure
 * durations are left alone, and so are times that the kernel gives or waits for (files, timers): as when somebody sets the
 * clock of a machine.
 *
 * Threads   any thread
 */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define US_PER_SECOND 1000000

static const char *order_path;

__attribute__((constructor)) static void
start(void)
{
	order_path = getenv("SHIM_CLOCK");
	if (order_path != NULL && order_path[0] == '\0')
		order_path = NULL;
}

/* Microseconds to add. */
static long long
shift(void)
{
	char line[64], *end;
	int saved_errno = errno;
	bool is_told = order_path != NULL && shim_read_line(order_path, line, sizeof line);
	errno = saved_errno;
	if (!is_told)
		return 0;
	long long us = strtoll(line, &end, 10);
	if (end == line || (*end != '\n' && *end != '\0'))
		shim_die("not a number of microseconds", line);
	return us;
}

SHIM_EXPORT int
clock_gettime(clockid_t id, struct timespec *now)
{
	int rc = (int)syscall(SYS_clock_gettime, id, now);
	if (rc != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
		return rc;
	long long us = now->tv_nsec / 1000 + shift(), seconds = us / US_PER_SECOND;
	us %= US_PER_SECOND;
	if (us < 0) {
		us += US_PER_SECOND;
		seconds--;
	}
	now->tv_sec += seconds;
	now->tv_nsec = us * 1000 + now->tv_nsec % 1000;
	return 0;
}

SHIM_EXPORT int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec t;
	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &t) != 0)
		return -1;
	now->tv_sec = t.tv_sec;
	now->tv_usec = t.tv_nsec / 1000;
	return 0;
}

SHIM_EXPORT time_t
time(time_t *ret_now)
{
	struct timespec t;
	if (clock_gettime(CLOCK_REALTIME, &t) != 0)
		return -1;
	if (ret_now != NULL)
		*ret_now = t.tv_sec;
	return t.tv_sec;
}
