/* What stands in for the broker's socket, timers and reading thread (broker_fixture.h), by the linker's --wrap. */
#include "broker_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/file.h"
#include "core/log.h"

struct broker_fixture *broker_now;

void __wrap_log_event(enum log_level level, const char *event, ...);
enum consign_err
__wrap_listener_open(struct transport *t, struct loop *loop, const struct listener_options *o, struct listener **ret_l);
void __wrap_listener_close(struct listener **l, int linger_ms);
enum consign_err __wrap_listener_send(struct listener *l, const struct route *route, struct frame *frames, size_t n);
void __wrap_listener_drop(struct listener *l, const struct route *route);
void __wrap_listener_counts(const struct listener *l, struct listener_counts *ret_counts);
enum consign_err __wrap_loop_every(struct loop *loop, uint32_t ms, loop_handler *call, void *context, int *ret_timer);
enum consign_err __wrap_loop_watch(struct loop *loop, int fd, enum loop_events events, loop_handler *call, void *context);
enum consign_err __wrap_loop_on_signals(struct loop *loop, loop_handler *call, void *context);
void __wrap_loop_stop(struct loop *loop);
void __wrap_reader_put(struct reader *reader, struct reader_job *job);
enum consign_err __wrap_store_apply(struct commit_job *job, struct db *db);
enum consign_err __wrap_store_before_commit(void *context, struct db *db);
enum consign_err __real_store_before_commit(void *context, struct db *db);
enum consign_err __wrap_file_disk_use(const char *path, unsigned *ret_percent, uint64_t *ret_left_bytes);
enum consign_err __real_store_apply(struct commit_job *job, struct db *db);
enum consign_err __wrap_frame_copy(struct frame *f, struct consign_slice s);
enum consign_err __wrap_frame_take(struct frame *f, struct buf *b);
enum consign_err __real_frame_take(struct frame *f, struct buf *b);

void
__wrap_log_event(enum log_level level, const char *event, ...)
{
	(void)level;
	if (broker_now != NULL)
		snprintf(broker_now->logged[broker_now->n_logged++ % LOGGED_KEPT], sizeof broker_now->logged[0], "%s", event);
}

enum consign_err
__wrap_listener_open(struct transport *t, struct loop *loop, const struct listener_options *o, struct listener **ret_l)
{
	(void)t;
	(void)loop;
	if (strcmp(o->bind, "tcp://127.0.0.1:1") != 0)
		return CONSIGN_E_CONFIG;
	if (failing_alloc_now())
		return CONSIGN_E_NO_MEMORY;
	broker_now->listener = *o;
	*ret_l = (struct listener *)broker_now;
	return CONSIGN_OK;
}

void
__wrap_listener_close(struct listener **l, int linger_ms)
{
	(void)linger_ms;
	*l = NULL;
}

/* What was heard makes room. */
static struct said *
new_said(struct broker_fixture *t)
{
	struct said *s = arena_alloc(t->arena, sizeof *s);
	size_t kept = 0;

	assert_non_null(s);
	for (size_t i = 0; i < t->n_said; i++)
		if (!t->said[i]->is_heard)
			t->said[kept++] = t->said[i];
	t->n_said = kept;
	assert_true(t->n_said < SAID_MAX);
	t->said[t->n_said++] = s;
	return s;
}

enum consign_err
__wrap_listener_send(struct listener *l, const struct route *route, struct frame *frames, size_t n)
{
	struct broker_fixture *t = (struct broker_fixture *)l;

	failing_pause();
	if (t->send_err == CONSIGN_OK) {
		struct said *s = new_said(t);

		s->to = route->id[4];
		struct consign_slice bytes = arena_copy(t->arena, frame_slice(&frames[0]));

		assert_int_equal(session_command_decode(bytes, t->arena, &s->command), CONSIGN_OK);
		if (n == 3) {
			s->manifest = arena_copy(t->arena, frame_slice(&frames[1]));
			s->body = arena_copy(t->arena, frame_slice(&frames[2]));
		}
	}
	for (size_t i = 0; i < n; i++)
		frame_clear(&frames[i]);
	failing_go_on();
	return t->send_err;
}

void
__wrap_listener_drop(struct listener *l, const struct route *route)
{
	(void)route;
	((struct broker_fixture *)l)->dropped++;
}

void
__wrap_listener_counts(const struct listener *l, struct listener_counts *ret_counts)
{
	*ret_counts = ((const struct broker_fixture *)l)->counts;
}

enum consign_err
__wrap_loop_every(struct loop *loop, uint32_t ms, loop_handler *call, void *context, int *ret_timer)
{
	(void)loop;
	(void)context;
	if (failing_alloc_now())
		return CONSIGN_E_NO_MEMORY;
	*(ms < 1000 ? &broker_now->tick : &broker_now->expire) = call;
	*ret_timer = 0;
	return CONSIGN_OK;
}

enum consign_err
__wrap_loop_watch(struct loop *loop, int fd, enum loop_events events, loop_handler *call, void *context)
{
	(void)loop;
	(void)events;
	if (failing_alloc_now())
		return CONSIGN_E_NO_MEMORY;
	*(fd == commit_fd(((struct broker *)context)->committer) ? &broker_now->on_commits : &broker_now->on_reads) = call;
	return CONSIGN_OK;
}

enum consign_err
__wrap_loop_on_signals(struct loop *loop, loop_handler *call, void *context)
{
	(void)loop;
	(void)context;
	if (failing_alloc_now())
		return CONSIGN_E_NO_MEMORY;
	broker_now->on_signal = call;
	return CONSIGN_OK;
}

void
__wrap_loop_stop(struct loop *loop)
{
	(void)loop;
	broker_now->loop_stops++;
}

void
__wrap_reader_put(struct reader *reader, struct reader_job *job)
{
	struct reader_job **last = &broker_now->reads;

	(void)reader;
	while (*last != NULL)
		last = &(*last)->next;
	job->next = NULL;
	*last = job;
}

static void
arm(size_t nth)
{
	if (broker_now->fails_by_memory)
		failing_alloc(nth);
	else
		failing_db(nth, CONSIGN_E_IO);
}

enum consign_err
__wrap_store_apply(struct commit_job *job, struct db *db)
{
	if (broker_now->commit_err != CONSIGN_OK)
		return broker_now->commit_err;
	if (broker_now->apply_fails_at > 0)
		arm(broker_now->apply_fails_at);
	enum consign_err err = __real_store_apply(job, db);

	broker_now->has_failed |= failing_end();
	return err;
}

enum consign_err
__wrap_store_before_commit(void *context, struct db *db)
{
	if (broker_now->note_fails_at > 0)
		arm(broker_now->note_fails_at);
	enum consign_err err = __real_store_before_commit(context, db);

	broker_now->has_failed |= failing_end();
	return err;
}

enum consign_err
__wrap_file_disk_use(const char *path, unsigned *ret_percent, uint64_t *ret_left_bytes)
{
	(void)path;
	*ret_percent = broker_now->disk_used;
	*ret_left_bytes = broker_now->disk_left_bytes;
	return broker_now->disk_err;
}

enum consign_err
__wrap_frame_copy(struct frame *f, struct consign_slice s)
{
	return failing_alloc_now() ? CONSIGN_E_NO_MEMORY : __real_frame_copy(f, s);
}

enum consign_err
__wrap_frame_take(struct frame *f, struct buf *b)
{
	return failing_alloc_now() ? CONSIGN_E_NO_MEMORY : __real_frame_take(f, b);
}

/* The disk of a test need not outlive the power: what waits for it is what takes the time. SQLite finds these first. */
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}
