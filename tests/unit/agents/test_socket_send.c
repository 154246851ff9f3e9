/* What tools hand in over the socket: told when all of it is, bounded by what the store keeps up with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>

#include "door_fixture.h"
#include "doors/tool.h"
#include "problem_list.h"

static void
test_socket_replies_to_a_send_once_all_are_told_in_their_order(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct local_reply *r = NULL;

	ask_send(&c, 5, 3, 10);
	while (n_puts < 3)
		turn(f, 1);
	tell(&handed[2], "00000000-0000-0000-0000-000000000003.0", CONSIGN_CODE_NONE);
	tell(&handed[0], "00000000-0000-0000-0000-000000000001.0", CONSIGN_CODE_NONE);
	turn(f, 3);
	assert_int_equal(frames_in(&c), 0);
	tell(&handed[1], "00000000-0000-0000-0000-000000000002.0", CONSIGN_CODE_CLEARANCE);
	r = reply(&c);
	assert_int_equal(r->number, 5);
	assert_non_null(r->send);
	assert_int_equal(r->send->outcomes.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(r->send->outcomes.v[i]->id[35] - '0', i + 1);
	assert_int_equal(r->send->outcomes.v[1]->code, CONSIGN_CODE_CLEARANCE);
	assert_int_equal(r->send->outcomes.v[1]->detail.len, 7);
	assert_true(n_flushes > 0);
	client_close(&c);
}

static void
test_socket_replies_to_a_send_that_is_refused_at_once_and_has_no_id(void **state)
{
	struct client c = client_open(*state);
	struct local_reply *r = NULL;

	tell_at_once = true;
	ask_send(&c, 5, 2, 10);
	r = reply(&c);
	assert_non_null(r->send);
	assert_int_equal(r->send->outcomes.n, 2);
	assert_string_equal(r->send->outcomes.v[0]->id, "00000000-0000-0000-0000-000000000000.0");
	assert_int_equal(r->send->outcomes.v[1]->code, CONSIGN_CODE_TRY_LATER);
	client_close(&c);
}

static void
test_socket_may_be_told_after_the_tool_has_gone(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);

	ask_send(&c, 5, 2, 10);
	while (n_puts < 2)
		turn(f, 1);
	client_close(&c);
	turn(f, 5);
	tell(&handed[0], "00000000-0000-0000-0000-000000000001.0", CONSIGN_CODE_NONE);
	tell(&handed[1], "00000000-0000-0000-0000-000000000002.0", CONSIGN_CODE_NONE);
}

static void
test_socket_may_be_told_after_the_door_has_closed(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);

	ask_send(&c, 5, 1, 10);
	while (n_puts < 1)
		turn(f, 1);
	socket_door_close(&f->agent.door);
	tell(&handed[0], "00000000-0000-0000-0000-000000000001.0", CONSIGN_CODE_NONE);
	client_close(&c);
}

static void
test_socket_sends_what_was_said_before_the_door_closes(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);

	ask_send(&c, 5, 1, 10);
	while (n_puts < 1)
		turn(f, 1);
	tell(&handed[0], "00000000-0000-0000-0000-000000000001.0", CONSIGN_CODE_NONE);
	socket_door_close(&f->agent.door);
	assert_non_null(reply(&c)->send);
	client_close(&c);
}

static void
test_socket_takes_no_more_messages_than_the_store_keeps_up_with(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct buf out = {0};
	struct local_outgoing *message = outgoing(f, 1024 * 1024);
	struct local_send request = {.messages = {&message, 1}};
	size_t sent = 0, told = 0;

	for (uint64_t i = 1; i <= 40; i++)
		put_request(&out, &(struct local_request){.number = i, .send = &request});
	while (told < 40) {
		for (unsigned idle = 0; idle < 5;) {
			ssize_t n = send(c.fd, out.data + sent, out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

			sent += n > 0 ? (size_t)n : 0;
			turn(f, 1);
			idle = n > 0 ? 0 : idle + 1;
		}
		assert_true(n_puts - told <= 16);
		assert_true(n_puts > told);
		tell(&handed[told++], "00000000-0000-0000-0000-000000000001.0", CONSIGN_CODE_NONE);
	}
	await(&c, 40);
	assert_int_equal(frames_in(&c), 40);
	buf_clear(&out);
	client_close(&c);
}

/* The store has told nothing yet: as many messages as its limit are taken, and one request beyond it; none when it is passed. */
static void
test_socket_reads_on_until_what_is_not_told_passes_its_limit(void **state)
{
	const size_t at_limit = TOOL_PENDING_MAX_BYTES / (1024 * 1024), cost = 512;

	for (size_t over = 0; over < 2; over++) {
		struct fixture *f = *state;
		struct client c = client_open(f);
		struct buf out = {0};
		size_t sent = 0, told = 0;

		n_puts = 0;
		for (size_t i = 0; i <= at_limit + 1; i++) {
			struct local_outgoing *message = outgoing(f, 1024 * 1024 - cost + (i == 0 ? over : 0));
			struct local_send request = {.messages = {&message, 1}};

			put_request(&out, &(struct local_request){.number = i + 1, .send = &request});
		}
		for (unsigned idle = 0; idle < 20;) {
			ssize_t n = send(c.fd, out.data + sent, out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

			sent += n > 0 ? (size_t)n : 0;
			turn(f, 1);
			idle = n > 0 ? 0 : idle + 1;
		}
		assert_int_equal(n_puts, at_limit + (over == 0));
		while (told < at_limit + 2) {
			while (told == n_puts) {
				ssize_t n = send(c.fd, out.data + sent, out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

				sent += n > 0 ? (size_t)n : 0;
				turn(f, 1);
			}
			tell(&handed[told++], "00000000-0000-0000-0000-000000000001.0", CONSIGN_CODE_NONE);
		}
		await(&c, at_limit + 2);
		buf_clear(&out);
		client_close(&c);
	}
}

static void
test_socket_tool_is_choked_beyond_its_unsent_output(void **state)
{
	struct tool t = {.out = {.len = 7 + TOOL_UNSENT_MAX_BYTES}, .out_sent = 7};

	(void)state;
	assert_false(tool_is_choked(&t));
	t.out_sent--;
	assert_true(tool_is_choked(&t));
}

/* Lists of problems as long as one message has, told for each of many: as many as fit are in the reply. */
static void
test_socket_reply_to_a_send_has_as_many_problems_as_fit(void **state)
{
	static char text[CONSIGN_PROBLEM_TEXT_MAX_BYTES + 1];
	struct stated_problem problem, *list[CONSIGN_PROBLEMS_MAX];
	struct local_outcome outcome = {.code = CONSIGN_CODE_TYPE_INVALID, .problems = {list, CONSIGN_PROBLEMS_MAX}};
	struct item_problems item = {.problems = {list, CONSIGN_PROBLEMS_MAX}};
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct arena *arena;
	size_t with = 0;

	memset(text, 'x', sizeof text - 1);
	problem = (struct stated_problem){slice_text(text), slice_text(text), slice_text(text), slice_text(text)};
	for (size_t i = 0; i < CONSIGN_PROBLEMS_MAX; i++)
		list[i] = &problem;
	assert_int_equal(arena_new(CONSIGN_PROBLEMS_REPLY_MAX_BYTES, &arena), CONSIGN_OK);
	assert_non_null(problem_list_copy(&item, arena));
	size_t fit = CONSIGN_PROBLEMS_REPLY_MAX_BYTES / arena_used(arena), asked = fit + 2;

	arena_free(&arena);
	ask_send(&c, 1, asked, 1);
	while (n_puts < asked)
		turn(f, 1);
	for (size_t i = 0; i < asked; i++)
		handed[i].told(handed[i].context, handed[i].request, handed[i].index, &outcome);
	struct local_reply *r = reply(&c);

	assert_int_equal(r->send->outcomes.n, asked);
	for (size_t i = 0; i < asked; i++) {
		assert_true(r->send->outcomes.v[i]->problems.n == (i < fit ? CONSIGN_PROBLEMS_MAX : 0));
		with += r->send->outcomes.v[i]->problems.n > 0;
	}
	assert_int_equal(with, fit);
	client_close(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, door_setup, door_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_socket_replies_to_a_send_once_all_are_told_in_their_order),
	    TEST(test_socket_replies_to_a_send_that_is_refused_at_once_and_has_no_id),
	    TEST(test_socket_may_be_told_after_the_tool_has_gone),
	    TEST(test_socket_may_be_told_after_the_door_has_closed),
	    TEST(test_socket_sends_what_was_said_before_the_door_closes),
	    TEST(test_socket_takes_no_more_messages_than_the_store_keeps_up_with),
	    TEST(test_socket_reads_on_until_what_is_not_told_passes_its_limit),
	    TEST(test_socket_tool_is_choked_beyond_its_unsent_output),
	    TEST(test_socket_reply_to_a_send_has_as_many_problems_as_fit),
	};

	return cmocka_run_group_tests_name("agents/socket_send", tests, NULL, NULL);
}
