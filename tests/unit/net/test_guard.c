/* The guard by itself: a kernel and a clock that the test turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/guard.h"
#include "standing_clock.h"

#define FDS 64
#define MS 1000u

struct fixture {
	struct guard *guard;
	uint64_t now;
	uint64_t received[FDS];
	uint64_t queued[FDS];
	uint64_t acked[FDS];
	bool is_gone[FDS];
	int cuts[FDS];
	size_t n_cuts;
	size_t asked[FDS]; /* how often */
	int changed[FDS];
	size_t n_changed;
};

static const struct guard_limits limits = {.connections = 8,
    .strangers = 3,
    .stranger_bytes = 1000,
    .stranger_us = 2000 * MS,
    .member_connections = 3,
    .ahead_bytes = 5000,
    .behind_bytes = 6000,
    .message_bytes = 3000,
    .ahead_all_bytes = 8000};

static bool
received(void *context, int fd, uint64_t *ret_bytes)
{
	struct fixture *f = context;

	f->asked[fd]++;
	if (f->is_gone[fd])
		return false;
	*ret_bytes = f->received[fd];
	return true;
}

static bool
queued(void *context, int fd, uint64_t *ret_bytes)
{
	struct fixture *f = context;

	*ret_bytes = f->queued[fd];
	return true;
}

static bool
acked(void *context, int fd, uint64_t *ret_bytes)
{
	*ret_bytes = ((struct fixture *)context)->acked[fd];
	return true;
}

static void
cut(void *context, int fd)
{
	struct fixture *f = context;

	f->cuts[f->n_cuts++] = fd;
}

static struct consign_clock test_clock;

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct guard_io io = {.received = received, .queued = queued, .acked = acked, .cut = cut, .context = f};

	assert_non_null(f);
	f->now = 1000000 * MS;
	test_clock = (struct consign_clock)STANDING_CLOCK(&f->now);
	assert_int_equal(guard_new(&limits, &io, &test_clock, &f->guard), CONSIGN_OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	guard_free(&f->guard);
	assert_null(f->guard);
	free(f);
	return 0;
}

static struct guard_counts
counts_of(const struct fixture *f)
{
	struct guard_counts counts;

	guard_counts(f->guard, &counts);
	return counts;
}

/* One that has said something. */
static void
admit(struct fixture *f, int fd)
{
	guard_accepted(f->guard, fd);
	f->received[fd] += 300; /* greeting, handshake, a hello of 100 */
	guard_read(f->guard, fd, 100);
}

static void
test_guard_leaves_a_stranger_within_its_budget_alone_and_cuts_one_over_it(void **state)
{
	struct fixture *f = *state;

	guard_accepted(f->guard, 5);
	f->received[5] = limits.stranger_bytes;
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 0);
	f->received[5]++;
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(f->cuts[0], 5);
	assert_int_equal(counts_of(f).cut[GUARD_BEFORE], 1);
	/* Not again and again until it is gone. */
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 1);
}

static void
test_guard_cuts_a_stranger_that_takes_its_time(void **state)
{
	struct fixture *f = *state;

	guard_accepted(f->guard, 5);
	admit(f, 6);
	f->now += limits.stranger_us;
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 0);
	f->now++;
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(f->cuts[0], 5);
	assert_int_equal(counts_of(f).cut[GUARD_SLOW], 1);
}

static void
test_guard_holds_what_was_received_against_what_was_read(void **state)
{
	struct fixture *f = *state;

	admit(f, 5);
	/* Any amount, as long as it is read. */
	for (int i = 0; i < 1000; i++) {
		f->received[5] += limits.ahead_bytes;
		guard_look(f->guard, false);
		guard_read(f->guard, 5, limits.ahead_bytes);
	}
	assert_int_equal(f->n_cuts, 0);
	/* A message without an end: nothing is read of it. */
	f->received[5] += limits.ahead_bytes;
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 0);
	f->received[5]++;
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(counts_of(f).cut[GUARD_AHEAD], 1);
}

static void
test_guard_cuts_a_message_without_an_end_when_nothing_else_waits_to_be_read(void **state)
{
	struct fixture *f = *state;

	admit(f, 5);
	f->received[5] += limits.message_bytes;
	guard_look(f->guard, true);
	guard_look(f->guard, true);
	assert_int_equal(f->n_cuts, 0);
	/* At the first look it may be whole messages, which have come just now. */
	f->received[5]++;
	guard_look(f->guard, true);
	assert_int_equal(f->n_cuts, 0);
	guard_look(f->guard, true);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(f->cuts[0], 5);
	assert_int_equal(counts_of(f).cut[GUARD_AHEAD], 1);
}

/* A window full of messages, of which none was read yet, or which libzmq has not taken from the kernel. */
static void
test_guard_leaves_whole_messages_their_window(void **state)
{
	struct fixture *f = *state;

	admit(f, 5);
	f->received[5] += limits.ahead_bytes;
	for (int i = 0; i < 3; i++)
		guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 0);
	f->queued[5] = limits.ahead_bytes - limits.message_bytes;
	for (int i = 0; i < 3; i++)
		guard_look(f->guard, true);
	assert_int_equal(f->n_cuts, 0);
	f->queued[5] = limits.ahead_bytes + 1; /* more has come between the two questions */
	for (int i = 0; i < 3; i++)
		guard_look(f->guard, true);
	assert_int_equal(f->n_cuts, 0);
	/* Each time as much again, and something of it read since. */
	f->queued[5] = 0;
	for (int i = 0; i < 10; i++) {
		guard_look(f->guard, true);
		f->received[5] += 100;
		guard_read(f->guard, 5, 100);
	}
	assert_int_equal(f->n_cuts, 0);
	/* Looks while others' messages wait say nothing, for or against. */
	guard_look(f->guard, true);
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 0);
	guard_look(f->guard, true);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(f->cuts[0], 5);
}

static void
test_guard_looks_more_often_while_somebody_is_ahead(void **state)
{
	struct fixture *f = *state;

	admit(f, 5);
	f->received[5] += limits.message_bytes / 4;
	guard_look(f->guard, true);
	assert_int_equal(guard_interval_ms(f->guard), 20);
	f->received[5]++;
	guard_look(f->guard, true);
	assert_int_equal(guard_interval_ms(f->guard), 5);
	guard_read(f->guard, 5, limits.message_bytes / 4);
	guard_look(f->guard, true);
	assert_int_equal(guard_interval_ms(f->guard), 20);
}

/* A stranger that sends more than its budget and then a message has not gained room for as much again. */
static void
test_guard_credits_no_more_than_a_handshake(void **state)
{
	struct fixture *f = *state;

	guard_accepted(f->guard, 5);
	f->received[5] = limits.stranger_bytes + limits.ahead_bytes + 101;
	guard_read(f->guard, 5, 100);
	guard_look(f->guard, false);
	assert_int_equal(counts_of(f).cut[GUARD_AHEAD], 1);
}

static void
test_guard_cuts_the_largest_when_all_together_are_too_much(void **state)
{
	struct fixture *f = *state;

	for (int fd = 5; fd < 8; fd++)
		admit(f, fd);
	f->received[5] += 2000;
	f->received[6] += 4001;
	f->received[7] += 2000;
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(f->cuts[0], 6);
	/* It is gone from the sum at once. */
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 1);
}

static const uint8_t key_one[32] = {1}, key_two[32] = {2};

/* One member's connections share its budget; another's do not. */
static void
test_guard_counts_what_a_member_is_ahead_over_all_its_connections(void **state)
{
	struct fixture *f = *state;

	for (int fd = 5; fd < 8; fd++) {
		admit(f, fd);
		guard_is_of(f->guard, fd, fd == 7 ? key_two : key_one);
	}
	f->received[5] += 2500;
	f->received[6] += 2500;
	f->received[7] += 2500;
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 0);
	f->received[6] += 1;
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(f->cuts[0], 6);
	assert_int_equal(counts_of(f).cut[GUARD_AHEAD], 1);
	/* What was counted in one look is not counted in the next. */
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 1);
}

static void
test_guard_cuts_the_oldest_connection_of_a_member_with_too_many(void **state)
{
	struct fixture *f = *state;

	for (int fd = 5; fd < 9; fd++) {
		admit(f, fd);
		guard_is_of(f->guard, fd, fd == 6 ? key_two : key_one);
		guard_is_of(f->guard, fd, key_two); /* it stays whose it is */
		f->now += MS;
	}
	assert_int_equal(f->n_cuts, 0);
	admit(f, 9);
	guard_is_of(f->guard, 9, key_one);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(f->cuts[0], 5);
	assert_int_equal(counts_of(f).cut[GUARD_CROWD], 1);
	/* Another has room, and so has the same one when one of its own is gone. */
	admit(f, 10);
	guard_is_of(f->guard, 10, key_two);
	guard_closed(f->guard, 5);
	guard_closed(f->guard, 7);
	admit(f, 11);
	guard_is_of(f->guard, 11, key_one);
	assert_int_equal(f->n_cuts, 1);
}

static void
test_guard_cuts_who_does_not_read_what_was_said(void **state)
{
	struct fixture *f = *state;

	guard_accepted(f->guard, 5);
	f->received[5] += 300;
	f->acked[5] = 400; /* of the handshake: no burden */
	guard_read(f->guard, 5, 100);
	guard_said(f->guard, 5, limits.behind_bytes);
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 0);
	guard_said(f->guard, 5, 1);
	f->acked[5] += 1;
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 0);
	guard_said(f->guard, 5, 1);
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(f->cuts[0], 5);
	assert_int_equal(counts_of(f).cut[GUARD_BEHIND], 1);
	assert_string_equal(guard_reason_text(GUARD_BEHIND), "behind");
	guard_said(f->guard, 6, 1); /* nobody */
}

static void
test_guard_keeps_room_for_those_who_come_after_a_crowd(void **state)
{
	struct fixture *f = *state;

	for (int fd = 5; fd < 8; fd++) {
		guard_accepted(f->guard, fd);
		f->now += MS;
	}
	assert_int_equal(counts_of(f).strangers, limits.strangers);
	/* All of them are new: the newest has to come again. */
	guard_accepted(f->guard, 8);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(f->cuts[0], 8);
	/* Half a second later the oldest has had its time. */
	f->now += 500 * MS;
	guard_accepted(f->guard, 9);
	assert_int_equal(f->n_cuts, 2);
	assert_int_equal(f->cuts[1], 5);
	assert_int_equal(counts_of(f).strangers, limits.strangers);
	assert_int_equal(counts_of(f).cut[GUARD_CROWD], 2);
	/* Who was admitted makes room for strangers, and is never cut for them. */
	f->received[9] = 200;
	guard_read(f->guard, 9, 100);
	assert_int_equal(counts_of(f).strangers, limits.strangers - 1);
	guard_accepted(f->guard, 10);
	assert_int_equal(f->n_cuts, 2);
}

static void
test_guard_caps_connections(void **state)
{
	struct fixture *f = *state;

	for (int fd = 5; fd < 5 + (int)limits.connections; fd++)
		admit(f, fd);
	assert_int_equal(counts_of(f).connections, limits.connections);
	guard_accepted(f->guard, 40);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(f->cuts[0], 40);
	guard_closed(f->guard, 7);
	guard_accepted(f->guard, 41);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(counts_of(f).connections, limits.connections);
}

/* libzmq may tell of a number's new life before its end. */
static void
test_guard_begins_anew_with_a_number_that_comes_again(void **state)
{
	struct fixture *f = *state;

	admit(f, 5);
	f->received[5] = limits.stranger_bytes;
	uint64_t first = guard_connection(f->guard, 5);

	assert_int_not_equal(first, 0);
	guard_accepted(f->guard, 5);
	assert_int_not_equal(guard_connection(f->guard, 5), 0);
	assert_int_not_equal(guard_connection(f->guard, 5), first);
	assert_int_equal(guard_connection(f->guard, 6), 0);
	assert_int_equal(counts_of(f).connections, 1);
	assert_int_equal(counts_of(f).strangers, 1);
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 0);
	guard_closed(f->guard, 5);
	guard_closed(f->guard, 5);
	guard_read(f->guard, 5, 100);
	assert_int_equal(counts_of(f).connections, 0);
	f->received[5] = UINT64_MAX;
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 0);
}

static void
test_guard_passes_by_who_is_gone_for_the_kernel(void **state)
{
	struct fixture *f = *state;

	guard_accepted(f->guard, 5);
	f->is_gone[5] = true;
	f->now += 10 * limits.stranger_us;
	guard_look(f->guard, false);
	assert_int_equal(f->n_cuts, 0);
}

static size_t
changed(void *context, int *ret_fds, size_t max)
{
	struct fixture *f = context;
	size_t n = 0;

	while (n < max && f->n_changed > 0)
		ret_fds[n++] = f->changed[--f->n_changed];
	return n;
}

static bool
watch(void *context, int fd)
{
	(void)context;
	return fd != 4; /* of that one the kernel cannot tell */
}

/* A thousand connections that say nothing cost no call of the kernel each. */
static void
test_guard_asks_only_about_those_that_received_something(void **state)
{
	struct fixture *f = *state;
	struct guard_io io = {.received = received, .queued = queued, .acked = acked, .cut = cut, .changed = changed, .watch = watch, .context = f};
	struct guard *g;

	assert_int_equal(guard_new(&limits, &io, &test_clock, &g), CONSIGN_OK);
	for (int fd = 3; fd <= 5; fd++) {
		guard_accepted(g, fd);
		guard_look(g, false);
		guard_look(g, false);
		assert_int_equal(f->asked[fd], 2); /* a stranger, each time */
		guard_read(g, fd, 100);
		f->received[fd] = 100;
		f->asked[fd] = 0;
	}
	guard_look(g, false);
	memset(f->asked, 0, sizeof f->asked);
	guard_look(g, false);
	assert_int_equal(f->asked[3] + f->asked[5], 0);
	assert_int_equal(f->asked[4], 1);
	/* Too much comes of a quiet one: the kernel tells, and it is cut at that look. */
	f->received[3] = 100 + limits.ahead_bytes + 1;
	guard_look(g, false);
	assert_int_equal(f->n_cuts, 0);
	f->changed[f->n_changed++] = 3;
	f->changed[f->n_changed++] = 99; /* nobody's any more */
	guard_look(g, false);
	assert_int_equal(f->n_cuts, 1);
	assert_int_equal(f->cuts[0], 3);
	/* What was said to it may stand in the way of being told: it is asked about until the peer has taken it. */
	guard_said(g, 5, 50);
	memset(f->asked, 0, sizeof f->asked);
	guard_look(g, false);
	guard_look(g, false);
	assert_int_equal(f->asked[5], 2);
	f->acked[5] = 50;
	guard_look(g, false);
	guard_look(g, false);
	assert_int_equal(f->asked[5], 3);
	guard_free(&g);
}

static void
test_guard_looks_less_often_at_many(void **state)
{
	static const struct guard_limits wide = {.connections = 20000, .strangers = 20000, .stranger_bytes = 1, .stranger_us = 1};
	struct fixture *f = *state;
	struct guard_io io = {.received = received, .queued = queued, .acked = acked, .cut = cut, .context = f};
	struct guard *g;

	assert_int_equal(guard_interval_ms(f->guard), 20);
	assert_int_equal(guard_new(&wide, &io, &test_clock, &g), CONSIGN_OK);
	for (int fd = 0; fd < 1000; fd++)
		guard_accepted(g, fd);
	assert_int_equal(guard_interval_ms(g), 20);
	for (int fd = 1000; fd < 5000; fd++)
		guard_accepted(g, fd);
	assert_int_equal(guard_interval_ms(g), 50);
	for (int fd = 5000; fd < 12000; fd++)
		guard_accepted(g, fd);
	assert_int_equal(guard_interval_ms(g), 100);
	guard_free(&g);
}

static void
test_guard_counts_frames_as_they_are_on_the_wire(void **state)
{
	(void)state;
	assert_int_equal(guard_wire_bytes(0), 2 + 33);
	assert_int_equal(guard_wire_bytes(222), 2 + 255);
	assert_int_equal(guard_wire_bytes(223), 9 + 256);
}

int
main(void)
{
#define EACH(TEST) cmocka_unit_test_setup_teardown(TEST, setup, teardown)
	const struct CMUnitTest tests[] = {
	    EACH(test_guard_leaves_a_stranger_within_its_budget_alone_and_cuts_one_over_it),
	    EACH(test_guard_cuts_a_stranger_that_takes_its_time),
	    EACH(test_guard_holds_what_was_received_against_what_was_read),
	    EACH(test_guard_cuts_a_message_without_an_end_when_nothing_else_waits_to_be_read),
	    EACH(test_guard_leaves_whole_messages_their_window),
	    EACH(test_guard_looks_more_often_while_somebody_is_ahead),
	    EACH(test_guard_credits_no_more_than_a_handshake),
	    EACH(test_guard_cuts_the_largest_when_all_together_are_too_much),
	    EACH(test_guard_counts_what_a_member_is_ahead_over_all_its_connections),
	    EACH(test_guard_cuts_the_oldest_connection_of_a_member_with_too_many),
	    EACH(test_guard_cuts_who_does_not_read_what_was_said),
	    EACH(test_guard_keeps_room_for_those_who_come_after_a_crowd),
	    EACH(test_guard_caps_connections),
	    EACH(test_guard_begins_anew_with_a_number_that_comes_again),
	    EACH(test_guard_passes_by_who_is_gone_for_the_kernel),
	    EACH(test_guard_asks_only_about_those_that_received_something),
	    EACH(test_guard_looks_less_often_at_many),
	    EACH(test_guard_counts_frames_as_they_are_on_the_wire),
	};

	return cmocka_run_group_tests_name("net/guard", tests, NULL, NULL);
}
