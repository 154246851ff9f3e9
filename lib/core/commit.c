/*
 * Group commit (commit.h). One mutex guards the two lists and the flags; the connection is the commit thread's alone.
 *
 * Invariants   jobs finish in the order in which they were put. While `failure` is set `pending` is empty and whatever is
 *              put finishes at once with that error: nothing decided on the lost state can slip in behind it.
 *              The eventfd is readable if and only if `finished` is not empty.
 *
 * A COMMIT whose fsync failed is reported as failed and rolled back, yet its frames may already be in the log file, and a
 * crash before the next commit may bring them back. Owners live with that: what they retry has the same ids.
 */
#include "core/commit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct job_list {
	struct commit_job *head;
	struct commit_job **tail; /* where the next one is linked */
};

struct committer {
	struct db *db;
	enum consign_err (*before_commit)(void *context, struct db *db);
	void *context;
	pthread_t thread;
	int event_fd;
	size_t waiting; /* put and not reaped; the owner's alone */

	pthread_mutex_t mutex; /* guards all below */
	pthread_cond_t work;   /* to the thread: pending or stop changed */
	pthread_cond_t rest;   /* to commit_flush: the thread has nothing */
	struct job_list pending;
	bool is_due;             /* of pending, something may not wait */
	struct timespec deadline; /* of pending, when nothing of it is due */
	struct job_list finished;
	enum consign_err failure; /* the error that sticks until commit_resume; CONSIGN_OK when none does */
	bool is_running;          /* a group is being committed */
	bool is_stopping;
};

static void
list_init(struct job_list *list)
{
	list->head = NULL;
	list->tail = &list->head;
}

static void
list_append(struct job_list *list, struct commit_job *job)
{
	job->next = NULL;
	*list->tail = job;
	list->tail = &job->next;
}

/* Moves everything from one list behind the other. */
static void
list_move(struct job_list *to, struct job_list *from)
{
	if (from->head == NULL)
		return;
	*to->tail = from->head;
	to->tail = from->tail;
	list_init(from);
}

/* Hands jobs with their outcome to commit_reap. The mutex is held. */
static void
finish(struct committer *c, struct job_list *jobs, enum consign_err outcome)
{
	const uint64_t one = 1;
	ssize_t written;

	if (jobs->head == NULL)
		return;
	for (struct commit_job *job = jobs->head; job != NULL; job = job->next)
		job->outcome = outcome;
	list_move(&c->finished, jobs);
	/* Cannot fail: the counter of a descriptor that is drained at each reap does not overflow. */
	written = write(c->event_fd, &one, sizeof(one));
	(void)written;
}

/* One transaction for the whole group. */
static enum consign_err
commit_group(struct committer *c, const struct job_list *group)
{
	enum consign_err err;

	err = db_begin(c->db);
	for (struct commit_job *job = group->head; job != NULL && err == CONSIGN_OK; job = job->next)
		err = job->apply(job, c->db);
	if (err == CONSIGN_OK && c->before_commit != NULL)
		err = c->before_commit(c->context, c->db);
	if (err == CONSIGN_OK)
		err = db_commit(c->db);
	if (err != CONSIGN_OK)
		db_rollback(c->db);
	return err;
}

/* Until there is something to commit now, or nothing will come any more. The mutex is held. */
static void
wait_for_work(struct committer *c)
{
	while (!c->is_due && !c->is_stopping) {
		if (c->pending.head == NULL)
			pthread_cond_wait(&c->work, &c->mutex);
		else if (pthread_cond_timedwait(&c->work, &c->mutex, &c->deadline) == ETIMEDOUT)
			c->is_due = true;
	}
}

static void *
run(void *argument)
{
	struct committer *c = argument;

	pthread_mutex_lock(&c->mutex);
	for (;;) {
		struct job_list group;
		enum consign_err err;

		wait_for_work(c);
		if (c->pending.head == NULL)
			break;
		list_init(&group);
		list_move(&group, &c->pending);
		c->is_due = false;
		c->is_running = true;
		pthread_mutex_unlock(&c->mutex);

		err = commit_group(c, &group);

		pthread_mutex_lock(&c->mutex);
		c->is_running = false;
		finish(c, &group, err);
		if (err != CONSIGN_OK) {
			/* What was put meanwhile was decided on the state that has just been lost. */
			c->failure = err;
			finish(c, &c->pending, err);
			c->is_due = false;
		}
		if (c->pending.head == NULL)
			pthread_cond_broadcast(&c->rest);
	}
	pthread_mutex_unlock(&c->mutex);
	return NULL;
}

/* Signals are the loop's: none is ever handled on the commit thread. */
static int
start_thread(struct committer *c)
{
	sigset_t all;
	sigset_t before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&c->thread, NULL, run, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

enum consign_err
commit_start(struct db **db, enum consign_err (*before_commit)(void *context, struct db *db), void *context,
    struct committer **ret_committer)
{
	struct committer *c = calloc(1, sizeof(*c));
	pthread_condattr_t steady;

	if (c == NULL)
		return CONSIGN_E_NO_MEMORY;
	c->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->event_fd < 0) {
		free(c);
		return CONSIGN_E_IO;
	}
	c->db = *db;
	c->before_commit = before_commit;
	c->context = context;
	list_init(&c->pending);
	list_init(&c->finished);
	/* With default attributes these three do not fail on Linux. */
	pthread_mutex_init(&c->mutex, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&c->work, &steady);
	pthread_condattr_destroy(&steady);
	pthread_cond_init(&c->rest, NULL);
	if (start_thread(c) != 0) {
		pthread_cond_destroy(&c->rest);
		pthread_cond_destroy(&c->work);
		pthread_mutex_destroy(&c->mutex);
		close(c->event_fd);
		free(c);
		return CONSIGN_E_NO_MEMORY;
	}
	*db = NULL;
	*ret_committer = c;
	return CONSIGN_OK;
}

void
commit_stop(struct committer **committer)
{
	struct committer *c;

	if (committer == NULL || *committer == NULL)
		return;
	c = *committer;
	pthread_mutex_lock(&c->mutex);
	c->is_stopping = true;
	pthread_cond_signal(&c->work);
	pthread_mutex_unlock(&c->mutex);
	pthread_join(c->thread, NULL);

	pthread_cond_destroy(&c->rest);
	pthread_cond_destroy(&c->work);
	pthread_mutex_destroy(&c->mutex);
	close(c->event_fd);
	db_close(&c->db);
	free(c);
	*committer = NULL;
}

static void
put(struct committer *c, struct commit_job *job, bool is_due)
{
	struct job_list one;

	c->waiting++;
	pthread_mutex_lock(&c->mutex);
	if (c->failure != CONSIGN_OK) {
		list_init(&one);
		list_append(&one, job);
		finish(c, &one, c->failure);
	} else if (is_due) {
		list_append(&c->pending, job);
		c->is_due = true;
		pthread_cond_signal(&c->work);
	} else {
		bool is_first = c->pending.head == NULL;

		list_append(&c->pending, job);
		if (is_first) {
			clock_gettime(CLOCK_MONOTONIC, &c->deadline);
			c->deadline.tv_nsec += COMMIT_LATER_MS * 1000000L;
			c->deadline.tv_sec += c->deadline.tv_nsec / 1000000000L;
			c->deadline.tv_nsec %= 1000000000L;
			pthread_cond_signal(&c->work); /* to wait until then */
		}
	}
	pthread_mutex_unlock(&c->mutex);
}

void
commit_put(struct committer *c, struct commit_job *job)
{
	put(c, job, true);
}

void
commit_put_later(struct committer *c, struct commit_job *job)
{
	put(c, job, false);
}

int
commit_fd(const struct committer *c)
{
	return c->event_fd;
}

size_t
commit_reap(struct committer *c)
{
	struct commit_job *job;
	uint64_t drained;
	ssize_t got;
	size_t count = 0;

	pthread_mutex_lock(&c->mutex);
	got = read(c->event_fd, &drained, sizeof(drained));
	(void)got; /* EAGAIN: nothing has finished */
	job = c->finished.head;
	list_init(&c->finished);
	pthread_mutex_unlock(&c->mutex);

	/* Without the mutex: `done` may put the next job, or resume. It frees its own job, so the next is read before. */
	while (job != NULL) {
		struct commit_job *next = job->next;

		c->waiting--;
		count++;
		job->done(job, job->outcome);
		job = next;
	}
	return count;
}

size_t
commit_waiting(const struct committer *c)
{
	return c->waiting;
}

bool
commit_is_idle(struct committer *c)
{
	bool is_idle;

	pthread_mutex_lock(&c->mutex);
	is_idle = !c->is_due && !c->is_running;
	pthread_mutex_unlock(&c->mutex);
	return is_idle;
}

void
commit_resume(struct committer *c)
{
	pthread_mutex_lock(&c->mutex);
	c->failure = CONSIGN_OK;
	pthread_mutex_unlock(&c->mutex);
}

void
commit_flush(struct committer *c)
{
	pthread_mutex_lock(&c->mutex);
	if (c->pending.head != NULL) {
		c->is_due = true;
		pthread_cond_signal(&c->work);
	}
	while (c->pending.head != NULL || c->is_running)
		pthread_cond_wait(&c->rest, &c->mutex);
	pthread_mutex_unlock(&c->mutex);
}
