/* A watch over the socket: what is there and what comes, within its window and its filter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "door_fixture.h"

static void
test_socket_watch_gets_what_is_there_and_what_comes(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	const char *id;

	deliver_news(f, "x.a", "old", &id);
	ask_watch(&c, 3, "archive", "", 10, "");
	assert_event(&c, 3, "old");
	deliver_news(f, "x.a", "new", &id);
	assert_event(&c, 3, "new");
	client_close(&c);
}

static void
test_socket_watch_stops_at_its_window_and_goes_on_with_each_acknowledgement(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f), other = client_open(f);
	const char *ids[4];

	for (size_t i = 0; i < 4; i++)
		deliver_news(f, "x.a", (const char *[]){"1", "2", "3", "4"}[i], &ids[i]);
	ask_watch(&c, 3, "archive", "", 2, "");
	assert_event(&c, 3, "1");
	assert_event(&c, 3, "2");
	turn(f, 5);
	look(&c);
	assert_int_equal(frames_in(&c), 0);
	assert_int_equal(ack(&other, "archive", &ids[1], 1), 1); /* on another connection, out of order */
	assert_event(&c, 3, "3");
	turn(f, 5);
	look(&c);
	assert_int_equal(frames_in(&c), 0);
	assert_int_equal(ack(&other, "archive", (const char *[]){ids[0], ids[2]}, 2), 2);
	assert_event(&c, 3, "4");
	client_close(&c);
	client_close(&other);
}

static void
test_socket_watch_resumes_with_what_was_not_acknowledged(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	const char *ids[3];

	for (size_t i = 0; i < 3; i++)
		deliver_news(f, "x.a", (const char *[]){"1", "2", "3"}[i], &ids[i]);
	ask_watch(&c, 3, "archive", "*", 10, "");
	await(&c, 3);
	assert_event(&c, 3, "1");
	assert_event(&c, 3, "2");
	assert_event(&c, 3, "3");
	assert_int_equal(ack(&c, "archive", &ids[1], 1), 1);
	client_close(&c);
	c = client_open(f);
	ask_watch(&c, 4, "archive", "", 10, "");
	assert_event(&c, 4, "1");
	assert_event(&c, 4, "3");
	client_close(&c);
}

static void
test_socket_watch_since_now_leaves_out_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct subscription s;
	const char *id;

	deliver_news(f, "x.a", "old", &id);
	ask_watch(&c, 3, "fresh", "", 10, "now");
	while (subscription_find(f->agent.inbox, "fresh", &s) != CONSIGN_OK)
		turn(f, 1);
	deliver_news(f, "x.a", "new", &id);
	assert_event(&c, 3, "new");
	client_close(&c);
}

static void
test_socket_watch_with_another_filter_is_refused(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	const char *id;

	deliver_news(f, "x.lab", "result", &id);
	ask_watch(&c, 3, "labs", "x.lab", 10, "");
	assert_event(&c, 3, "result");
	ask_watch(&c, 4, "labs", "x.note", 10, "");
	struct local_reply *r = reply(&c);

	assert_int_equal(r->number, 4);
	assert_int_equal(r->error->code, CONSIGN_CODE_STATE);
	assert_non_null(memmem(r->error->detail.data, r->error->detail.len, "x.lab", 5));
	ask_watch(&c, 5, "default", "x.note", 10, "");
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_STATE);
	client_close(&c);
}

static void
test_socket_watch_without_a_filter_takes_the_subscription_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	const char *id;

	ask_watch(&c, 3, "labs", "x.lab", 10, "");
	deliver_news(f, "x.note", "no", &id);
	deliver_news(f, "x.lab", "result", &id);
	assert_event(&c, 3, "result");
	ask_watch(&c, 4, "labs", "", 10, "");
	assert_event(&c, 4, "result");
	ask_watch(&c, 5, "labs", "*", 10, "");
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_STATE);
	client_close(&c);
}

static void
test_socket_watch_matches_its_filter_only(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	const char *id;

	deliver_news(f, "x.note", "no", &id);
	deliver_news(f, "x.lab.result", "yes", &id);
	ask_watch(&c, 3, "labs", "x.lab.*", 10, "");
	assert_event(&c, 3, "yes");
	client_close(&c);
}

static void
test_socket_watches_of_one_connection_each_get_their_messages(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	const char *id;

	ask_watch(&c, 3, "default", "", 10, "");
	ask_watch(&c, 4, "archive", "", 10, "");
	deliver_news(f, "x.a", "both", &id);
	await(&c, 2);
	assert_int_equal(frames_in(&c), 2);
	assert_int_equal(reply(&c)->number + reply(&c)->number, 7);
	client_close(&c);
}

static void
test_socket_watch_takes_a_long_backlog_in_order(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);

	deliver_many(f, 500, "x.a");
	ask_watch(&c, 3, "archive", "", 65536, "");
	for (uint64_t i = 1; i <= 500; i++)
		assert_int_equal(reply(&c)->watch->message->position, i);
	client_close(&c);
}

static void
test_socket_watch_refused_beyond_64_on_one_connection(void **state)
{
	struct client c = client_open(*state);

	for (uint64_t i = 1; i <= LOCAL_WATCHES_MAX + 1; i++)
		ask_watch(&c, i, "default", "", 10, "");
	struct local_reply *r = reply(&c);

	assert_int_equal(r->number, LOCAL_WATCHES_MAX + 1);
	assert_int_equal(r->error->code, CONSIGN_CODE_QUOTA);
	client_close(&c);
}

static void
test_socket_watch_may_be_left_while_its_subscription_is_made(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct subscription s;

	ask_watch(&c, 3, "archive", "", 10, "");
	client_close(&c);
	while (subscription_find(f->agent.inbox, "archive", &s) != CONSIGN_OK)
		turn(f, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, door_setup, door_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_socket_watch_gets_what_is_there_and_what_comes),
	    TEST(test_socket_watch_stops_at_its_window_and_goes_on_with_each_acknowledgement),
	    TEST(test_socket_watch_resumes_with_what_was_not_acknowledged),
	    TEST(test_socket_watch_since_now_leaves_out_what_is_there),
	    TEST(test_socket_watch_with_another_filter_is_refused),
	    TEST(test_socket_watch_without_a_filter_takes_the_subscription_as_it_is),
	    TEST(test_socket_watch_matches_its_filter_only),
	    TEST(test_socket_watches_of_one_connection_each_get_their_messages),
	    TEST(test_socket_watch_takes_a_long_backlog_in_order),
	    TEST(test_socket_watch_refused_beyond_64_on_one_connection),
	    TEST(test_socket_watch_may_be_left_while_its_subscription_is_made),
	};

	return cmocka_run_group_tests_name("agents/socket_watch", tests, NULL, NULL);
}
