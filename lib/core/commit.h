/*
 * Group commit: one thread that writes. Jobs handed over while a commit is under way share the next one. What somebody waits
 * for never waits for a timer; what nobody waits for (commit_put_later) shares the commit of what comes next. A job's `done` runs on the owner's thread, in order, after the fsync that made it durable: so nobody can
 * promise early.
 *
 *   owner thread                       commit thread
 *   commit_put(c, &job) ───────────►   BEGIN; apply(job) for all that wait; COMMIT (fsync)
 *   commit_reap(c) ◄── fd readable ──  job list, each with its outcome
 *
 * When one apply or the COMMIT fails, the whole group is rolled back and fails with that error, and every job put
 * before commit_resume() fails with it too: their owner decided them on a state that did not come to be. The owner
 * reloads its state from the store, then calls commit_resume.
 *
 * Threads   one owner thread; apply runs on the commit thread and touches only the job and the connection it is given
 */
#ifndef CORE_COMMIT_H
#define CORE_COMMIT_H

#include "core/db.h"

struct commit_job {
	enum consign_err (*apply)(struct commit_job *job, struct db *db);
	void (*done)(struct commit_job *job, enum consign_err err); /* owns the job from here: frees it */
	struct commit_job *next;                                    /* the queue's */
	enum consign_err outcome;                                   /* the queue's */
};

struct committer;

/*
 * Starts the thread. before_commit, when not NULL, runs on the commit thread after a group's applies and before COMMIT
 * (the broker signs the group's checkpoint there).
 * db        takes: the connection belongs to the thread until commit_stop
 */
CONSIGN_MUST_CHECK enum consign_err commit_start(struct db **db,
    enum consign_err (*before_commit)(void *context, struct db *db), void *context, struct committer **ret_committer);
/* Waits for what was put, runs no `done` after the last reap, closes the connection. Reap once more before the end. */
void commit_stop(struct committer **committer);
/* Takes the job. Never fails: the queue is bounded by the windows of those who put. */
void commit_put(struct committer *c, struct commit_job *job);
/*
 * The same for what nobody waits for: it is committed with the next job that is put, or with what is under way behind it, or
 * after COMMIT_LATER_MS. Order is as put.
 */
#define COMMIT_LATER_MS 3
void commit_put_later(struct committer *c, struct commit_job *job);
/* Readable (level-triggered) while there is something to reap. */
int commit_fd(const struct committer *c);
/* Runs `done` of every finished job; returns how many. */
size_t commit_reap(struct committer *c);
/* Jobs put and not yet reaped. */
size_t commit_waiting(const struct committer *c);
/* True when the thread has nothing that somebody waits for: what is put now is committed at once. */
bool commit_is_idle(struct committer *c);
/*
 * Ends the failing. Flush and reap until nothing waits, reload, then resume: so that no failure which is still unreaped is
 * taken for a new one later.
 */
void commit_resume(struct committer *c);
/* Blocks until everything put so far is finished (not reaped): for draining. */
void commit_flush(struct committer *c);

#endif
