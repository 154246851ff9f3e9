/*
 * Memory that the allocator keeps although nobody uses it: after a crowd, or after a backlog was taken in, many small pieces lie free
 * between those in use, and the process looks as large as in its worst second. What stays free for long is given back to the system.
 *
 * Not at once: what a busy broker frees it takes again the next moment, and pages that come back cost more than they are worth.
 *
 * Threads   the loop; giving back runs on the reader thread, because it may take 40 ms
 */
#ifndef BROKER_SPARE_H
#define BROKER_SPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than a member that fills its window needs, so that a broker with one such member now and then is left alone. */
#define SPARE_MIN_BYTES (16u * 1024u * 1024u)
#define SPARE_US UINT64_C(30000000)

struct spare {
	size_t gone;        /* of what is free, given back before and not taken up again */
	uint64_t since_us;  /* at each look since then, SPARE_MIN_BYTES were free and not gone; 0: no look yet */
	uint64_t looked_us; /* steady */
};

/* Whether what is free now has been for so long that it goes. Then it counts as gone. */
bool spare_is_due(struct spare *s, size_t free_bytes, uint64_t now_us);

struct broker;
/* Looks once a second, however often it is called. */
void spare_tick(struct broker *b);

#endif
