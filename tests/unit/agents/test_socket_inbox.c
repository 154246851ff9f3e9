/* Reading and acknowledging the inbox over the socket: pages, one message, acknowledgements; and tracking what was sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "door_fixture.h"

static void
test_socket_inbox_comes_in_pages(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct local_inbox request = {0};
	size_t sizes[] = {256, 256, 88};

	deliver_many(f, 600, "x.a");
	for (size_t page = 0; page < 3; page++) {
		ask(&c, &(struct local_request){.number = page + 1, .inbox = &request});
		struct local_reply *r = reply(&c);

		assert_non_null(r->inbox);
		assert_int_equal(r->inbox->messages.n, sizes[page]);
		assert_int_equal(r->inbox->messages.v[0]->position, page * 256 + 1);
		assert_int_equal(r->inbox->more, page < 2);
		memcpy(request.after, r->inbox->messages.v[sizes[page] - 1]->id, sizeof request.after);
	}
	client_close(&c);
}

static void
test_socket_inbox_page_is_whole_or_says_that_there_is_more(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct local_inbox request = {.limit = LOCAL_PAGE_MESSAGES + 1};

	deliver_many(f, LOCAL_PAGE_MESSAGES, "x.a");
	for (uint32_t more = 0; more < 2; more++) {
		ask(&c, &(struct local_request){.number = 1, .inbox = &request});
		struct local_reply *r = reply(&c);

		assert_int_equal(r->inbox->messages.n, LOCAL_PAGE_MESSAGES);
		assert_int_equal(r->inbox->more, more);
		deliver_one(f, "x.a", "one more");
	}
	client_close(&c);
}

static void
test_socket_inbox_finds_one_among_many_and_serves_others_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct local_inbox request = {.type = "x.b", .limit = 1};

	deliver_many(f, 1000, "x.a");
	deliver_one(f, "x.b", "here");
	ask(&c, &(struct local_request){.number = 1, .inbox = &request});
	ask(&c, &(struct local_request){.number = 2, .status = &(struct local_status){0}});
	assert_int_equal(reply(&c)->number, 2);
	struct local_reply *r = reply(&c);

	assert_int_equal(r->number, 1);
	assert_int_equal(r->inbox->messages.n, 1);
	assert_int_equal(r->inbox->messages.v[0]->position, 1001);
	client_close(&c);
}

static void
test_socket_inbox_that_is_being_listed_may_be_left(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f), d = client_open(f);
	struct local_inbox request = {.type = "x.b", .limit = 1};

	deliver_many(f, 1000, "x.a");
	ask(&c, &(struct local_request){.number = 1, .inbox = &request});
	client_close(&c);
	ask(&d, &(struct local_request){.number = 1, .inbox = &request});
	turn(f, 2);
	socket_door_close(&f->agent.door);
	client_close(&d);
}

static void
test_socket_inbox_after_an_unknown_id_is_refused(void **state)
{
	struct client c = client_open(*state);
	struct local_inbox request = {.after = "00000000-0000-0000-0000-00000000ffff.0"};

	ask(&c, &(struct local_request){.number = 1, .inbox = &request});
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_NOT_FOUND);
	client_close(&c);
}

static void
test_socket_shows_a_message_with_its_content(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct local_show request = {0};
	const char *id;

	deliver_news(f, "x.note", "to be read", &id);
	memcpy(request.id, id, strlen(id));
	ask(&c, &(struct local_request){.number = 1, .show = &request});
	struct local_reply *r = reply(&c);

	assert_non_null(r->show);
	assert_int_equal(r->show->message->content.len, 10);
	assert_memory_equal(r->show->message->content.data, "to be read", 10);
	request.id[35] = 'f';
	ask(&c, &(struct local_request){.number = 2, .show = &request});
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_NOT_FOUND);
	client_close(&c);
}

static void
test_socket_show_of_damaged_mail_says_that_it_is_the_agent_s_trouble(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct local_show request = {0};
	const char *id;

	deliver_news(f, "x.note", "damaged", &id);
	run_sql(f, "UPDATE inbox SET key = zeroblob(72)");
	memcpy(request.id, id, strlen(id));
	ask(&c, &(struct local_request){.number = 1, .show = &request});
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_STATE);
	client_close(&c);
}

static void
test_socket_acknowledges_durably_and_counts_new_ones(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	const char *ids[3];

	deliver_news(f, "x.a", "1", &ids[0]);
	deliver_news(f, "x.a", "2", &ids[1]);
	ids[2] = "00000000-0000-0000-0000-00000000ffff.0";
	assert_int_equal(ack(&c, "default", ids, 3), 2);
	assert_int_equal(ack(&c, "default", ids, 3), 0);
	client_close(&c);
}

static void
test_socket_ack_for_an_unknown_subscription_is_refused(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct local_message_id id = {"00000000-0000-0000-0000-000000000001.0"};
	struct local_ack request = {.subscription = "nobody", .ids = {&id, 1}};

	deliver_one(f, "x.a", "1");
	ask(&c, &(struct local_request){.number = 1, .ack = &request});
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_NOT_FOUND);
	client_close(&c);
}

static void
test_socket_track_of_an_unknown_id_is_refused(void **state)
{
	struct client c = client_open(*state);
	struct local_track request = {.id = "00000000-0000-0000-0000-00000000ffff.0"};

	ask(&c, &(struct local_request){.number = 1, .track = &request});
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_NOT_FOUND);
	client_close(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, door_setup, door_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_socket_inbox_comes_in_pages),
	    TEST(test_socket_inbox_page_is_whole_or_says_that_there_is_more),
	    TEST(test_socket_inbox_finds_one_among_many_and_serves_others_meanwhile),
	    TEST(test_socket_inbox_that_is_being_listed_may_be_left),
	    TEST(test_socket_inbox_after_an_unknown_id_is_refused),
	    TEST(test_socket_shows_a_message_with_its_content),
	    TEST(test_socket_show_of_damaged_mail_says_that_it_is_the_agent_s_trouble),
	    TEST(test_socket_acknowledges_durably_and_counts_new_ones),
	    TEST(test_socket_ack_for_an_unknown_subscription_is_refused),
	    TEST(test_socket_track_of_an_unknown_id_is_refused),
	};

	return cmocka_run_group_tests_name("agents/socket_inbox", tests, NULL, NULL);
}
