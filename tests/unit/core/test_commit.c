/*
 * Tests of lib/core/commit.c. A job may wait at a gate inside its apply, so that a test decides which jobs share a group.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "core/commit.h"
#include "folder.h"

static const char *const migrations[] = {
    "CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB) STRICT;"
    "CREATE TABLE child (row INTEGER REFERENCES row (id) DEFERRABLE INITIALLY DEFERRED) STRICT",
};

struct fixture {
	char *folder;
	char *path;
	struct committer *c;
	struct db *reader; /* the owner's own view of what is committed */
	sem_t entered;     /* posted by a job that stands at its gate */
	sem_t gate;
	unsigned groups; /* counted by before_commit */
	enum consign_err before_commit_err;
	size_t done_count;
	struct commit_job *order[64]; /* as their done came */
	pthread_t owner;
	bool is_visible_when_done; /* every successful job was in the store when its done ran */
};

struct job {
	struct commit_job base; /* first: the queue hands this back */
	struct fixture *f;
	uint64_t id;
	size_t body_len;
	bool waits;
	enum consign_err refuse; /* what apply answers instead of writing */
	bool breaks_commit;      /* leaves a foreign key unmet, which only COMMIT sees */
	bool puts_another;
	bool is_done;
	enum consign_err err;
};

static uint64_t
rows(struct db *db, const char *sql)
{
	struct db_statement *s = NULL;
	bool row = false;
	uint64_t v;

	assert_int_equal(db_statement(db, sql, &s), CONSIGN_OK);
	assert_int_equal(db_step(s, &row), CONSIGN_OK);
	assert_true(row);
	v = db_column_u64(s, 0);
	db_reset(s);
	return v;
}

static uint64_t
row_count(struct fixture *f)
{
	return rows(f->reader, "SELECT count(*) FROM row");
}

static enum consign_err
apply(struct commit_job *base, struct db *db)
{
	static const char insert[] = "INSERT INTO row (id, body) VALUES (?1, zeroblob(?2))";
	static const char orphan[] = "INSERT INTO child (row) VALUES (-1)";
	struct job *job = (struct job *)base;
	struct db_statement *s;
	enum consign_err err;

	if (job->waits) {
		sem_post(&job->f->entered);
		sem_wait(&job->f->gate);
	}
	if (job->refuse != CONSIGN_OK)
		return job->refuse;
	err = db_statement(db, job->breaks_commit ? orphan : insert, &s);
	if (err != CONSIGN_OK)
		return err;
	if (!job->breaks_commit) {
		db_bind_u64(s, 1, job->id);
		db_bind_u64(s, 2, job->body_len);
	}
	return db_run(s);
}

static void
done(struct commit_job *base, enum consign_err err)
{
	struct job *job = (struct job *)base;
	struct fixture *f = job->f;

	if (!pthread_equal(pthread_self(), f->owner))
		f->is_visible_when_done = false;
	if (err == CONSIGN_OK) {
		struct db_statement *s = NULL;
		bool row = false;

		/* Another connection sees it: it was committed before, not only applied. */
		if (db_statement(f->reader, "SELECT 1 FROM row WHERE id = ?1", &s) == CONSIGN_OK) {
			db_bind_u64(s, 1, job->id);
			if (db_step(s, &row) != CONSIGN_OK || !row)
				f->is_visible_when_done = false;
			db_reset(s);
		}
	}
	job->is_done = true;
	job->err = err;
	if (f->done_count < 64)
		f->order[f->done_count] = base;
	f->done_count++;
	if (job->puts_another)
		commit_put(f->c, &job[1].base);
}

static enum consign_err
before_commit(void *context, struct db *db)
{
	struct fixture *f = context;

	(void)db;
	f->groups++;
	return f->before_commit_err;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct db *db = NULL;

	if (f == NULL || (f->folder = folder_new()) == NULL || (f->path = path_join(f->folder, "store.db")) == NULL)
		return -1;
	*state = f;
	sem_init(&f->entered, 0, 0);
	sem_init(&f->gate, 0, 0);
	f->owner = pthread_self();
	f->is_visible_when_done = true;
	if (db_open(f->path, migrations, 1, false, &db) != CONSIGN_OK ||
	    db_open(f->path, migrations, 1, true, &f->reader) != CONSIGN_OK ||
	    commit_start(&db, before_commit, f, &f->c) != CONSIGN_OK)
		return -1;
	return db == NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	commit_stop(&f->c);
	db_close(&f->reader);
	sem_destroy(&f->entered);
	sem_destroy(&f->gate);
	folder_free(f->folder);
	free(f->path);
	free(f);
	return 0;
}

static void
job_init(struct job *job, struct fixture *f, uint64_t id)
{
	*job = (struct job){.base = {.apply = apply, .done = done}, .f = f, .id = id};
}

static bool
is_readable(struct fixture *f, int timeout_ms)
{
	struct pollfd p = {.fd = commit_fd(f->c), .events = POLLIN};

	return poll(&p, 1, timeout_ms) == 1;
}

/* Waits for what was put and reaps it. */
static void
settle(struct fixture *f)
{
	commit_flush(f->c);
	commit_reap(f->c);
	assert_int_equal(commit_waiting(f->c), 0);
}

static void
test_commit_done_comes_only_after_the_commit(void **state)
{
	struct fixture *f = *state;
	struct job job;

	job_init(&job, f, 1);
	job.waits = true;
	assert_true(commit_is_idle(f->c));
	commit_put(f->c, &job.base);
	sem_wait(&f->entered);
	/* Half-way: applied soon, promised to nobody. */
	assert_false(commit_is_idle(f->c));
	assert_false(is_readable(f, 0));
	assert_int_equal(commit_reap(f->c), 0);
	assert_false(job.is_done);
	assert_int_equal(commit_waiting(f->c), 1);
	sem_post(&f->gate);
	assert_true(is_readable(f, 10000));
	/* Readable until drained, and done only by reap. */
	assert_true(is_readable(f, 0));
	assert_false(job.is_done);
	assert_int_equal(commit_waiting(f->c), 1);
	assert_int_equal(commit_reap(f->c), 1);
	assert_true(job.is_done);
	assert_int_equal(job.err, CONSIGN_OK);
	assert_true(f->is_visible_when_done);
	assert_false(is_readable(f, 0));
	assert_int_equal(commit_reap(f->c), 0);
	assert_int_equal(commit_waiting(f->c), 0);
	commit_flush(f->c);
	assert_true(commit_is_idle(f->c));
}

static void
test_commit_jobs_put_meanwhile_share_the_next_commit(void **state)
{
	struct fixture *f = *state;
	struct job jobs[21];

	for (size_t i = 0; i < 21; i++)
		job_init(&jobs[i], f, i);
	jobs[0].waits = true;
	commit_put(f->c, &jobs[0].base);
	sem_wait(&f->entered);
	for (size_t i = 1; i < 21; i++)
		commit_put(f->c, &jobs[i].base);
	sem_post(&f->gate);
	settle(f);
	assert_int_equal(f->groups, 2);
	assert_int_equal(f->done_count, 21);
	for (size_t i = 0; i < 21; i++) {
		assert_int_equal(jobs[i].err, CONSIGN_OK);
		assert_ptr_equal(f->order[i], &jobs[i].base);
	}
	assert_true(f->is_visible_when_done);
	assert_int_equal(row_count(f), 21);
}

/* What nobody waits for is committed by itself after a while, with what comes before that, and when everything must be. */
static void
test_commit_later_shares_the_commit_of_what_comes_next(void **state)
{
	struct fixture *f = *state;
	struct job jobs[6];

	for (size_t i = 0; i < 6; i++)
		job_init(&jobs[i], f, i);
	commit_put_later(f->c, &jobs[0].base);
	assert_true(is_readable(f, 10000));
	assert_int_equal(commit_reap(f->c), 1);
	assert_int_equal(f->groups, 1);
	commit_put_later(f->c, &jobs[1].base);
	commit_put_later(f->c, &jobs[2].base);
	commit_put(f->c, &jobs[3].base);
	assert_true(is_readable(f, 10000));
	settle(f);
	assert_in_range(f->groups, 2, 3); /* 3: the time was over between them */
	for (size_t i = 0; i < 4; i++) {
		assert_ptr_equal(f->order[i], &jobs[i].base);
		assert_int_equal(jobs[i].err, CONSIGN_OK);
	}
	commit_put_later(f->c, &jobs[4].base);
	settle(f); /* flushed: not waited for */
	assert_true(jobs[4].is_done);
	assert_int_equal(row_count(f), 5);
	job_init(&jobs[3], f, 30);
	jobs[3].refuse = CONSIGN_E_CORRUPT;
	commit_put(f->c, &jobs[3].base);
	settle(f);
	commit_put_later(f->c, &jobs[5].base); /* fails with what failed, like any other */
	assert_true(is_readable(f, 0));
	assert_int_equal(commit_reap(f->c), 1);
	assert_int_equal(jobs[5].err, CONSIGN_E_CORRUPT);
	assert_true(f->is_visible_when_done);
}

static void
test_commit_is_idle_while_only_what_nobody_waits_for_is_there(void **state)
{
	struct fixture *f = *state;
	struct job later, first;

	job_init(&first, f, 1);
	job_init(&later, f, 2);
	first.waits = true;
	commit_put(f->c, &first.base);
	sem_wait(&f->entered);
	commit_put_later(f->c, &later.base);
	assert_false(commit_is_idle(f->c));
	sem_post(&f->gate);
	assert_true(is_readable(f, 10000));
	settle(f);
	assert_true(commit_is_idle(f->c));
	assert_true(later.is_done);
}

/* Group 1 commits; group 2 fails at its second job; jobs put before the resume fail with it; later ones pass. */
static void
test_commit_a_failing_apply_fails_its_group_and_all_until_resume(void **state)
{
	struct fixture *f = *state;
	struct job jobs[8];

	for (size_t i = 0; i < 8; i++)
		job_init(&jobs[i], f, i);
	jobs[0].waits = true;
	jobs[2].waits = true;
	jobs[2].refuse = CONSIGN_E_CONFLICT;
	commit_put(f->c, &jobs[0].base);
	sem_wait(&f->entered);
	for (size_t i = 1; i < 4; i++)
		commit_put(f->c, &jobs[i].base);
	sem_post(&f->gate);
	sem_wait(&f->entered);
	/* The second group (1, 2, 3) is being applied: these two queue behind it. */
	commit_put(f->c, &jobs[4].base);
	commit_put(f->c, &jobs[5].base);
	sem_post(&f->gate);
	commit_flush(f->c);
	/* After the failure, before the resume. */
	commit_put(f->c, &jobs[6].base);
	assert_true(commit_is_idle(f->c));
	assert_int_equal(commit_reap(f->c), 7);
	assert_int_equal(jobs[0].err, CONSIGN_OK);
	for (size_t i = 1; i < 7; i++) {
		assert_true(jobs[i].is_done);
		assert_int_equal(jobs[i].err, CONSIGN_E_CONFLICT);
		assert_ptr_equal(f->order[i], &jobs[i].base);
	}
	assert_int_equal(row_count(f), 1);
	assert_int_equal(f->groups, 1);

	commit_resume(f->c);
	commit_put(f->c, &jobs[7].base);
	settle(f);
	assert_int_equal(jobs[7].err, CONSIGN_OK);
	assert_int_equal(row_count(f), 2);
	assert_true(f->is_visible_when_done);
}

static void
test_commit_a_failure_sticks_without_resume(void **state)
{
	struct fixture *f = *state;
	struct job jobs[4];

	for (size_t i = 0; i < 4; i++)
		job_init(&jobs[i], f, i);
	jobs[0].refuse = CONSIGN_E_CORRUPT;
	commit_put(f->c, &jobs[0].base);
	settle(f);
	for (size_t i = 1; i < 4; i++) {
		commit_put(f->c, &jobs[i].base);
		assert_true(is_readable(f, 0));
		assert_int_equal(commit_reap(f->c), 1);
		assert_int_equal(jobs[i].err, CONSIGN_E_CORRUPT);
	}
	assert_int_equal(row_count(f), 0);
}

static void
test_commit_a_failing_commit_fails_its_group(void **state)
{
	struct fixture *f = *state;
	struct job jobs[3];

	for (size_t i = 0; i < 3; i++)
		job_init(&jobs[i], f, i);
	jobs[0].waits = true;
	jobs[1].breaks_commit = true;
	/* The gate holds the first job, not its group: all three are applied, then COMMIT refuses. */
	commit_put(f->c, &jobs[0].base);
	sem_wait(&f->entered);
	commit_put(f->c, &jobs[1].base);
	commit_put(f->c, &jobs[2].base);
	sem_post(&f->gate);
	settle(f);
	assert_int_equal(f->groups, 2);
	assert_int_equal(jobs[0].err, CONSIGN_OK);
	assert_int_equal(jobs[1].err, CONSIGN_E_CONFLICT);
	assert_int_equal(jobs[2].err, CONSIGN_E_CONFLICT);
	assert_int_equal(row_count(f), 1);
	commit_resume(f->c);
	job_init(&jobs[2], f, 2);
	commit_put(f->c, &jobs[2].base);
	settle(f);
	assert_int_equal(jobs[2].err, CONSIGN_OK);
	assert_int_equal(row_count(f), 2);
}

/* The file may not grow while COMMIT writes its frames. */
static void
test_commit_a_failing_write_fails_its_group(void **state)
{
	struct fixture *f = *state;
	struct job jobs[2];
	struct rlimit before;
	struct rlimit small;
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);

	job_init(&jobs[0], f, 0);
	job_init(&jobs[1], f, 1);
	jobs[0].body_len = 1000000;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 200000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	commit_put(f->c, &jobs[0].base);
	settle(f);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, handler);
	assert_int_equal(f->groups, 1);
	assert_int_equal(jobs[0].err, CONSIGN_E_IO);
	assert_int_equal(row_count(f), 0);
	commit_resume(f->c);
	commit_put(f->c, &jobs[1].base);
	settle(f);
	assert_int_equal(jobs[1].err, CONSIGN_OK);
	assert_int_equal(row_count(f), 1);
}

static void
test_commit_a_full_store_says_full_and_goes_on_with_less(void **state)
{
	struct fixture *f = *state;
	struct job jobs[2];
	struct committer *c = NULL;
	struct db *db = NULL;
	struct db_statement *s = NULL;

	assert_int_equal(db_open(f->path, migrations, 1, false, &db), CONSIGN_OK);
	assert_int_equal(db_statement(db, "PRAGMA max_page_count = 10", &s), CONSIGN_OK);
	assert_int_equal(db_run(s), CONSIGN_OK);
	assert_int_equal(commit_start(&db, NULL, NULL, &c), CONSIGN_OK);
	job_init(&jobs[0], f, 0);
	job_init(&jobs[1], f, 1);
	jobs[0].body_len = 1000000;
	commit_put(c, &jobs[0].base);
	commit_flush(c);
	assert_int_equal(commit_reap(c), 1);
	assert_int_equal(jobs[0].err, CONSIGN_E_FULL);
	assert_int_equal(row_count(f), 0);
	commit_resume(c);
	commit_put(c, &jobs[1].base);
	commit_flush(c);
	assert_int_equal(commit_reap(c), 1);
	assert_int_equal(jobs[1].err, CONSIGN_OK);
	assert_int_equal(row_count(f), 1);
	commit_stop(&c);
	assert_null(c);
}

static void
test_commit_a_failing_before_commit_fails_its_group(void **state)
{
	struct fixture *f = *state;
	struct job job;

	job_init(&job, f, 1);
	f->before_commit_err = CONSIGN_E_NO_MEMORY;
	commit_put(f->c, &job.base);
	settle(f);
	assert_int_equal(job.err, CONSIGN_E_NO_MEMORY);
	assert_int_equal(row_count(f), 0);
}

static void
test_commit_done_may_put_the_next_job(void **state)
{
	struct fixture *f = *state;
	struct job jobs[2];

	job_init(&jobs[0], f, 0);
	job_init(&jobs[1], f, 1);
	jobs[0].puts_another = true;
	commit_put(f->c, &jobs[0].base);
	commit_flush(f->c);
	assert_int_equal(commit_reap(f->c), 1);
	assert_int_equal(commit_waiting(f->c), 1);
	settle(f);
	assert_true(jobs[1].is_done);
	assert_int_equal(row_count(f), 2);
}

static void
test_commit_stop_waits_for_what_was_put_and_runs_no_done(void **state)
{
	struct fixture *f = *state;
	struct job jobs[50];

	for (size_t i = 0; i < 50; i++) {
		job_init(&jobs[i], f, i);
		commit_put(f->c, &jobs[i].base);
	}
	commit_stop(&f->c);
	assert_null(f->c);
	commit_stop(&f->c);
	assert_int_equal(f->done_count, 0);
	assert_int_equal(row_count(f), 50);
}

/* The owner puts and reaps while the thread commits, as fast as both can. */
static void
test_commit_many_jobs_arrive_once_and_in_order(void **state)
{
	enum { MANY = 3000 };
	struct fixture *f = *state;
	struct job *jobs = calloc(MANY, sizeof(*jobs));
	size_t reaped = 0;

	assert_non_null(jobs);
	for (size_t i = 0; i < MANY; i++) {
		job_init(&jobs[i], f, i);
		commit_put(f->c, &jobs[i].base);
		reaped += commit_reap(f->c);
		assert_int_equal(commit_waiting(f->c), i + 1 - reaped);
	}
	while (reaped < MANY) {
		assert_true(is_readable(f, 60000));
		reaped += commit_reap(f->c);
	}
	assert_int_equal(f->done_count, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(jobs[i].err, CONSIGN_OK);
	for (size_t i = 0; i < 64; i++)
		assert_ptr_equal(f->order[i], &jobs[i].base);
	assert_true(f->is_visible_when_done);
	assert_int_equal(row_count(f), MANY);
	free(jobs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_commit_done_comes_only_after_the_commit, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_commit_jobs_put_meanwhile_share_the_next_commit, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_commit_later_shares_the_commit_of_what_comes_next, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_commit_is_idle_while_only_what_nobody_waits_for_is_there, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_commit_a_failing_apply_fails_its_group_and_all_until_resume, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_commit_a_failure_sticks_without_resume, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_commit_a_failing_commit_fails_its_group, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_commit_a_failing_write_fails_its_group, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_commit_a_full_store_says_full_and_goes_on_with_less, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_commit_a_failing_before_commit_fails_its_group, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_commit_done_may_put_the_next_job, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_commit_stop_waits_for_what_was_put_and_runs_no_done, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_commit_many_jobs_arrive_once_and_in_order, setup, teardown),
	};

	return cmocka_run_group_tests_name("core/commit", tests, NULL, NULL);
}
