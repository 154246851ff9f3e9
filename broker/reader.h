/*
 * The reader thread: mail and settlements are read from the store here, so that a long backlog never holds up the loop.
 * A job's `read` runs on the reader thread, its `done` on the loop.
 */
#ifndef BROKER_READER_H
#define BROKER_READER_H

#include "core/db.h"

struct reader_job {
	enum consign_err (*read)(struct reader_job *job, struct db *db);
	void (*done)(struct reader_job *job, enum consign_err err); /* owns the job from here */
	struct reader_job *next;
	enum consign_err outcome;
};

struct reader;
/* db takes. */
CONSIGN_MUST_CHECK enum consign_err reader_start(struct db **db, struct reader **ret_reader);
/* Waits for the job under way; those not begun are done with CONSIGN_E_STATE, which no read returns. */
void reader_stop(struct reader **reader);
void reader_put(struct reader *reader, struct reader_job *job);
int reader_fd(const struct reader *reader);
void reader_reap(struct reader *reader);

#endif
