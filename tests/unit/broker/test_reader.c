/* The reader thread: reads there, done here, and at the end nothing is left undone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

#include "failing.h"
#include "reader.h"

struct job {
	struct reader_job job; /* first */
	enum consign_err answer;
	sem_t *begun, *go; /* NULL: does not wait */
	pthread_t thread;  /* that read */
	enum consign_err err;
	unsigned done;
	unsigned *order;
	unsigned place;
};

static enum consign_err
read_it(struct reader_job *job, struct db *db)
{
	struct job *j = (struct job *)job;

	assert_null(db);
	j->thread = pthread_self();
	if (j->begun != NULL) {
		sem_post(j->begun);
		sem_wait(j->go);
	}
	return j->answer;
}

static void
done_it(struct reader_job *job, enum consign_err err)
{
	struct job *j = (struct job *)job;

	j->err = err;
	j->done++;
	j->place = ++*j->order;
}

static void
wait_for(struct reader *r, const struct job *j)
{
	struct pollfd p = {.fd = reader_fd(r), .events = POLLIN};

	while (j->done == 0) {
		assert_int_equal(poll(&p, 1, 10000), 1);
		reader_reap(r);
	}
}

static void
test_reader_reads_on_its_thread_and_is_done_on_ours_in_order(void **state)
{
	struct db *db = NULL; /* the reader only hands it on */
	struct reader *r;
	unsigned order = 0;
	struct job a = {.job = {read_it, done_it}, .answer = CONSIGN_OK, .order = &order}, b = a;

	(void)state;
	b.answer = CONSIGN_E_CORRUPT;
	assert_int_equal(reader_start(&db, &r), CONSIGN_OK);
	reader_put(r, &a.job);
	reader_put(r, &b.job);
	wait_for(r, &b);
	assert_int_equal(a.err, CONSIGN_OK);
	assert_int_equal(b.err, CONSIGN_E_CORRUPT);
	assert_int_equal(a.place, 1);
	assert_int_equal(b.place, 2);
	assert_false(pthread_equal(a.thread, pthread_self()));
	reader_reap(r); /* nothing finished: nothing happens */
	reader_stop(&r);
	assert_null(r);
	assert_int_equal(a.done + b.done, 2);
}

static void
test_reader_is_done_with_what_it_had_not_begun_when_it_stops(void **state)
{
	struct db *db = NULL;
	struct reader *r;
	sem_t begun, go;
	unsigned order = 0;
	struct job first = {.job = {read_it, done_it}, .order = &order}, slow = first, never = first;

	(void)state;
	sem_init(&begun, 0, 0);
	sem_init(&go, 0, 0);
	slow.begun = &begun;
	slow.go = &go;
	assert_int_equal(reader_start(&db, &r), CONSIGN_OK);
	reader_put(r, &first.job);
	reader_put(r, &slow.job);
	reader_put(r, &never.job);
	sem_wait(&begun); /* the first is finished and not reaped */
	sem_post(&go);
	reader_stop(&r);
	assert_int_equal(first.done, 1);
	assert_int_equal(first.err, CONSIGN_E_STATE);
	assert_int_equal(slow.done, 1);
	assert_int_equal(slow.err, CONSIGN_E_STATE);
	assert_int_equal(never.done, 1);
	sem_destroy(&begun);
	sem_destroy(&go);
}

static void
test_reader_leaves_the_store_to_its_owner_when_it_cannot_start(void **state)
{
	struct db *db = (struct db *)&db;
	struct reader *r = NULL;

	(void)state;
	failing_alloc(1);
	assert_int_equal(reader_start(&db, &r), CONSIGN_E_NO_MEMORY);
	assert_true(failing_end());
	assert_ptr_equal(db, &db);
	assert_null(r);
	reader_stop(&r); /* takes what never was */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reader_reads_on_its_thread_and_is_done_on_ours_in_order),
	    cmocka_unit_test(test_reader_is_done_with_what_it_had_not_begun_when_it_stops),
	    cmocka_unit_test(test_reader_leaves_the_store_to_its_owner_when_it_cannot_start),
	};

	return cmocka_run_group_tests_name("broker/reader", tests, NULL, NULL);
}
