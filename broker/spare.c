/* See spare.h. mallinfo2 takes some 50 us: it walks lists of free pieces, not the pieces. */
#include "spare.h"

#include <malloc.h>
#include <stdlib.h>

#include "broker.h"

#define LOOK_US UINT64_C(1000000)

bool
spare_is_due(struct spare *s, size_t free_bytes, uint64_t now_us)
{
	if (free_bytes < s->gone)
		s->gone = free_bytes;
	if (s->since_us == 0 || free_bytes - s->gone < SPARE_MIN_BYTES) {
		s->since_us = now_us;
		return false;
	}
	if (now_us - s->since_us < SPARE_US)
		return false;
	s->gone = free_bytes;
	s->since_us = now_us;
	return true;
}

static enum consign_err
give_back(struct reader_job *job, struct db *db)
{
	(void)job;
	(void)db;
	malloc_trim(0);
	return CONSIGN_OK;
}

static void
given_back(struct reader_job *job, enum consign_err err)
{
	(void)err;
	free(job);
}

void
spare_tick(struct broker *b)
{
	uint64_t now = clock_steady_us(b->clock);

	if (now - b->spare.looked_us < LOOK_US)
		return;
	b->spare.looked_us = now;
	if (!spare_is_due(&b->spare, mallinfo2().fordblks, now))
		return;
	struct reader_job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return;
	job->read = give_back;
	job->done = given_back;
	reader_put(b->reader, job);
}
