/* The loop: descriptors, timers, stopping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include "net/loop.h"

struct seen {
	struct loop *loop;
	int fd, timer;
	int reads, ticks;
};

static void
on_read(void *context)
{
	struct seen *s = context;
	eventfd_t v;

	eventfd_read(s->fd, &v);
	s->reads++;
	loop_stop(s->loop);
}

static void
on_tick(void *context)
{
	struct seen *s = context;

	if (++s->ticks == 3)
		loop_stop(s->loop);
}

static void
on_once(void *context)
{
	struct seen *s = context;

	loop_stop(s->loop);
}

static void
never(void *context)
{
	(void)context;
	fail_msg("a handler that was taken away was called");
}

static void
test_loop_calls_the_handler_of_a_ready_descriptor(void **state)
{
	struct seen s = {.fd = eventfd(1, EFD_NONBLOCK)};

	(void)state;
	assert_int_equal(loop_new(&s.loop), CONSIGN_OK);
	assert_int_equal(loop_watch(s.loop, s.fd, LOOP_READ, never, &s), CONSIGN_OK);
	assert_int_equal(loop_watch(s.loop, s.fd, LOOP_READ, on_read, &s), CONSIGN_OK); /* replaces */
	loop_run(s.loop);
	assert_int_equal(s.reads, 1);
	loop_unwatch(s.loop, s.fd);
	eventfd_write(s.fd, 1);
	assert_int_equal(loop_once(s.loop, 1, on_once, &s, &s.timer), CONSIGN_OK);
	loop_run(s.loop); /* runs again after a stop */
	assert_int_equal(s.reads, 1);
	loop_free(&s.loop);
	assert_null(s.loop);
	close(s.fd);
}

static void
test_loop_repeats_until_it_is_cancelled(void **state)
{
	struct seen s = {.fd = -1};
	int doomed;

	(void)state;
	assert_int_equal(loop_new(&s.loop), CONSIGN_OK);
	assert_int_equal(loop_every(s.loop, 1, on_tick, &s, &s.timer), CONSIGN_OK);
	assert_int_equal(loop_every(s.loop, 1, never, &s, &doomed), CONSIGN_OK);
	loop_cancel(s.loop, doomed);
	loop_run(s.loop);
	assert_int_equal(s.ticks, 3);
	loop_cancel(s.loop, s.timer);
	assert_int_equal(loop_once(s.loop, 5, on_once, &s, &doomed), CONSIGN_OK);
	loop_run(s.loop);
	assert_int_equal(s.ticks, 3);
	loop_free(&s.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_loop_calls_the_handler_of_a_ready_descriptor),
	    cmocka_unit_test(test_loop_repeats_until_it_is_cancelled),
	};

	return cmocka_run_group_tests_name("net/loop", tests, NULL, NULL);
}
