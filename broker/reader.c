/* One thread, one queue in, one out, an eventfd that tells the loop. */
#include "reader.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct job_list {
	struct reader_job *first;
	struct reader_job **last;
};

struct reader {
	struct db *db;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job_list waiting;
	struct job_list finished;
	int fd;
	bool stopping;
};

static void
list_init(struct job_list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

static void
list_put(struct job_list *list, struct reader_job *job)
{
	job->next = NULL;
	*list->last = job;
	list->last = &job->next;
}

static struct reader_job *
list_take(struct job_list *list)
{
	struct reader_job *job = list->first;

	if (job != NULL && (list->first = job->next) == NULL)
		list->last = &list->first;
	return job;
}

static void *
run(void *arg)
{
	struct reader *r = arg;

	pthread_mutex_lock(&r->lock);
	while (!r->stopping) {
		struct reader_job *job = list_take(&r->waiting);

		if (job == NULL) {
			pthread_cond_wait(&r->wake, &r->lock);
			continue;
		}
		pthread_mutex_unlock(&r->lock);
		job->outcome = job->read(job, r->db);
		pthread_mutex_lock(&r->lock);
		list_put(&r->finished, job);
		eventfd_write(r->fd, 1);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

enum consign_err
reader_start(struct db **db, struct reader **ret_reader)
{
	struct reader *r = calloc(1, sizeof *r);

	if (r == NULL)
		return CONSIGN_E_NO_MEMORY;
	list_init(&r->waiting);
	list_init(&r->finished);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->wake, NULL);
	r->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r->db = *db;
	if (r->fd < 0 || pthread_create(&r->thread, NULL, run, r) != 0) {
		if (r->fd >= 0)
			close(r->fd);
		free(r);
		return CONSIGN_E_IO;
	}
	*db = NULL;
	*ret_reader = r;
	return CONSIGN_OK;
}

void
reader_stop(struct reader **reader)
{
	struct reader *r = *reader;
	struct reader_job *job;

	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	while ((job = list_take(&r->finished)) != NULL)
		job->done(job, CONSIGN_E_STATE);
	while ((job = list_take(&r->waiting)) != NULL)
		job->done(job, CONSIGN_E_STATE);
	db_close(&r->db);
	close(r->fd);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->wake);
	free(r);
	*reader = NULL;
}

void
reader_put(struct reader *r, struct reader_job *job)
{
	pthread_mutex_lock(&r->lock);
	list_put(&r->waiting, job);
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

int
reader_fd(const struct reader *r)
{
	return r->fd;
}

void
reader_reap(struct reader *r)
{
	eventfd_t count;
	struct job_list done;
	struct reader_job *job;

	eventfd_read(r->fd, &count);
	list_init(&done);
	pthread_mutex_lock(&r->lock);
	while ((job = list_take(&r->finished)) != NULL)
		list_put(&done, job);
	pthread_mutex_unlock(&r->lock);
	while ((job = list_take(&done)) != NULL)
		job->done(job, job->outcome);
}
