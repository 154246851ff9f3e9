/*
 * The client against an agent that is played here, in the same thread: what a client writes waits in the socket until it
 * is read. Only where both sides must run at once there is a thread, and it asserts nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/exchange.h"
#include "core/limits.h"

#define ID "01939f6e-1b2c-7abc-8def-0123456789ab.0"
#define ID_2 "01939f6e-1b2c-7abc-8def-0123456789ab.1"
#define WAIT_MS 5000u
#define SHORT_MS 10u

struct fixture {
	char dir[64];
	char path[100];
	int listener;
	int fd; /* the agent's end */
	struct consign_client *client;
	struct arena *arena;
};

static int
listen_at(const char path[100])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	strcpy(f->dir, "/tmp/consign-client-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof f->path, "%s/agent.sock", f->dir);
	f->listener = listen_at(f->path);
	assert_int_equal(consign_client_open(f->path, WAIT_MS, &f->client), CONSIGN_OK);
	f->fd = accept(f->listener, NULL, NULL);
	assert_true(f->fd >= 0);
	assert_int_equal(arena_new(1u << 24, &f->arena), CONSIGN_OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	consign_client_close(&f->client);
	arena_free(&f->arena);
	if (f->fd >= 0)
		close(f->fd);
	close(f->listener);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

/* The next request, as the agent reads it. */
static struct local_request *
read_request(struct fixture *f)
{
	uint8_t head[4];
	struct local_request *request = NULL;

	assert_int_equal(recv(f->fd, head, sizeof head, MSG_WAITALL), sizeof head);
	size_t len = be32_load(head);
	uint8_t *body = malloc(len + 1);

	assert_non_null(body);
	assert_int_equal(recv(f->fd, body, len, MSG_WAITALL), len);
	assert_int_equal(local_request_decode(slice_of(body, len), f->arena, &request), CONSIGN_OK);
	free(body);
	return request;
}

static void
frame_of(const struct local_reply *reply, struct buf *out)
{
	assert_int_equal(buf_append_be32(out, 0), CONSIGN_OK);
	assert_int_equal(local_reply_encode(reply, out), CONSIGN_OK);
	be32_store(out->data, (uint32_t)(out->len - 4));
}

static void
write_reply(struct fixture *f, const struct local_reply *reply)
{
	struct buf frame = {0};

	frame_of(reply, &frame);
	assert_int_equal(send(f->fd, frame.data, frame.len, MSG_NOSIGNAL), frame.len);
	buf_clear(&frame);
}

static void
write_ack(struct fixture *f, uint64_t number, uint32_t acked)
{
	struct local_ack_reply ack = {.acked = acked};

	write_reply(f, &(struct local_reply){.number = number, .ack = &ack});
}

static struct local_message
a_message(const char *id, const char *content)
{
	struct local_message m = {.label = CONSIGN_LABEL_OPEN,
	    .sent_us = 1,
	    .received_us = 3,
	    .accepted_us = 2,
	    .size = strlen(content),
	    .position = 7,
	    .name = slice_text("Über.txt"),
	    .content = slice_text(content)};

	strcpy(m.id, id);
	strcpy(m.consignor.s, "acme");
	strcpy(m.study.s, "ACME-301");
	strcpy(m.type.s, "x.note");
	strcpy(m.media_type, "text/plain");
	return m;
}

static const char *const to_acme[] = {"acme"};

static struct consign_outgoing
an_outgoing(void)
{
	return (struct consign_outgoing){.to = to_acme,
	    .n_to = 1,
	    .study = "ACME-301",
	    .type = "x.note",
	    .media_type = "text/plain",
	    .name = "n.txt",
	    .content = slice_text("hello"),
	    .idempotency_key = "k1"};
}

static void
test_client_open_says_unreachable_when_nobody_listens(void **state)
{
	struct fixture *f = *state;
	struct consign_client *client = NULL;
	char path[192];

	snprintf(path, sizeof path, "%s/nobody.sock", f->dir);
	assert_int_equal(consign_client_open(path, SHORT_MS, &client), CONSIGN_E_UNREACHABLE);
	assert_null(client);
}

static void
test_client_open_reaches_a_socket_in_a_deep_folder(void **state)
{
	struct fixture *f = *state;
	struct consign_client *client = NULL;
	char deep[256], path[300];

	snprintf(deep, sizeof deep, "%s/%0120d", f->dir, 0);
	assert_int_equal(mkdir(deep, 0700), 0);
	snprintf(path, sizeof path, "%s/agent.sock", deep);
	assert_int_equal(link(f->path, path), 0); /* the same socket under a name too long for an address */
	assert_int_equal(consign_client_open(path, WAIT_MS, &client), CONSIGN_OK);
	consign_client_close(&client);
	assert_null(client);
	unlink(path);
	rmdir(deep);
}

static void
test_client_send_carries_the_message_and_gives_the_outcomes(void **state)
{
	struct fixture *f = *state;
	struct consign_outgoing out = an_outgoing();
	const struct consign_reply *reply = NULL;
	uint64_t number = 0;

	assert_int_equal(consign_client_post_send(f->client, &out, 1, &number), CONSIGN_OK);
	struct local_request *request = read_request(f);

	assert_int_equal(request->number, number);
	assert_non_null(request->send);
	assert_int_equal(request->send->messages.n, 1);
	assert_string_equal(request->send->messages.v[0]->to.v[0].s, "acme");
	assert_string_equal(request->send->messages.v[0]->media_type, "text/plain");
	assert_true(slice_equal(request->send->messages.v[0]->content, slice_text("hello")));
	assert_true(slice_equal(request->send->messages.v[0]->idempotency_key, slice_text("k1")));

	struct local_outcome good = {.id = ID, .repeated = 1};
	struct local_outcome bad = {
	    .id = ID_2, .code = CONSIGN_CODE_POLICY_NO_RULE, .org = "acme", .rule = "r1", .detail = slice_text("no")};
	struct local_outcome *outcomes[] = {&good, &bad};
	struct local_send_reply sent = {.outcomes = {outcomes, 2}};

	write_reply(f, &(struct local_reply){.number = number, .send = &sent});
	assert_int_equal(consign_client_wait(f->client, number, WAIT_MS, &reply), CONSIGN_OK);
	assert_int_equal(reply->kind, CONSIGN_REPLY_SEND);
	assert_int_equal(reply->n_outcomes, 2);
	assert_string_equal(reply->outcomes[0].id, ID);
	assert_true(reply->outcomes[0].is_repeated);
	assert_int_equal(reply->outcomes[0].code, CONSIGN_CODE_NONE);
	assert_int_equal(reply->outcomes[1].code, CONSIGN_CODE_POLICY_NO_RULE);
	assert_string_equal(reply->outcomes[1].rule, "r1");
	assert_string_equal(reply->outcomes[1].detail, "no");
	consign_reply_free(&reply);
	assert_null(reply);
}

static void
test_client_wait_sorts_replies_that_come_in_another_order(void **state)
{
	struct fixture *f = *state;
	const char *const ids[] = {ID};
	uint64_t numbers[3];

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(consign_client_post_ack(f->client, "default", ids, 1, &numbers[i]), CONSIGN_OK);
	for (uint32_t i = 3; i > 0; i--)
		write_ack(f, numbers[i - 1], i);
	for (size_t i = 0; i < 3; i++) {
		const struct consign_reply *reply = NULL;

		assert_int_equal(consign_client_wait(f->client, numbers[i], WAIT_MS, &reply), CONSIGN_OK);
		assert_int_equal(reply->kind, CONSIGN_REPLY_ACK);
		assert_int_equal(reply->acked, i + 1);
		consign_reply_free(&reply);
	}
}

static void
test_client_wait_puts_a_reply_together_that_comes_in_bytes(void **state)
{
	struct fixture *f = *state;
	struct local_ack_reply ack = {.acked = 9};
	struct buf frame = {0};
	const struct consign_reply *reply = NULL;

	frame_of(&(struct local_reply){.number = 1, .ack = &ack}, &frame);
	for (size_t i = 0; i < frame.len; i++) {
		assert_int_equal(consign_client_wait(f->client, 1, 0, &reply), CONSIGN_E_TIMEOUT);
		assert_int_equal(send(f->fd, frame.data + i, 1, MSG_NOSIGNAL), 1);
	}
	assert_int_equal(consign_client_wait(f->client, 1, WAIT_MS, &reply), CONSIGN_OK);
	assert_int_equal(reply->acked, 9);
	consign_reply_free(&reply);
	buf_clear(&frame);
}

static void
test_client_wait_gives_the_agents_no_as_a_reply(void **state)
{
	struct fixture *f = *state;
	struct local_error no = {.code = CONSIGN_CODE_NOT_FOUND,
	    .retry_class = 1,
	    .detail = slice_text("no such id"),
	    .hint = slice_text("look again")};
	const struct consign_reply *reply = NULL;
	uint64_t number;

	assert_int_equal(consign_client_post_show(f->client, ID, &number), CONSIGN_OK);
	assert_string_equal(read_request(f)->show->id, ID);
	write_reply(f, &(struct local_reply){.number = number, .error = &no});
	assert_int_equal(consign_client_wait(f->client, number, WAIT_MS, &reply), CONSIGN_OK);
	assert_int_equal(reply->kind, CONSIGN_REPLY_ERROR);
	assert_int_equal(reply->code, CONSIGN_CODE_NOT_FOUND);
	assert_true(reply->may_retry);
	assert_string_equal(reply->detail, "no such id");
	assert_string_equal(reply->hint, "look again");
	consign_reply_free(&reply);
}

static void
test_client_wait_gives_an_error_without_number_to_whoever_waits(void **state)
{
	struct fixture *f = *state;
	struct local_error no = {.code = CONSIGN_CODE_MALFORMED};
	const struct consign_reply *reply = NULL;

	write_reply(f, &(struct local_reply){.error = &no});
	assert_int_equal(consign_client_wait(f->client, 77, WAIT_MS, &reply), CONSIGN_OK);
	assert_int_equal(reply->code, CONSIGN_CODE_MALFORMED);
	consign_reply_free(&reply);
}

static void
test_client_watch_streams_events_between_acknowledgements(void **state)
{
	struct fixture *f = *state;
	struct consign_watch_options options = {.subscription = "archive", .type = "x.*", .with_content = true, .since = "now"};
	struct local_message message = a_message(ID, "one");
	struct local_watch_event event = {.message = &message};
	const struct consign_reply *reply = NULL;
	const char *const ids[] = {ID};
	uint64_t watch, ack;

	assert_int_equal(consign_client_post_watch(f->client, &options, &watch), CONSIGN_OK);
	struct local_request *request = read_request(f);

	assert_string_equal(request->watch->subscription, "archive");
	assert_string_equal(request->watch->type, "x.*");
	assert_string_equal(request->watch->since, "now");
	assert_int_equal(request->watch->content, 1);
	assert_true(request->watch->window > 0);
	write_reply(f, &(struct local_reply){.number = watch, .watch = &event});
	assert_int_equal(consign_client_post_ack(f->client, "archive", ids, 1, &ack), CONSIGN_OK);
	write_ack(f, ack, 1);
	write_reply(f, &(struct local_reply){.number = watch, .watch = &event});
	for (int i = 0; i < 2; i++) {
		assert_int_equal(consign_client_wait(f->client, watch, WAIT_MS, &reply), CONSIGN_OK);
		assert_int_equal(reply->kind, CONSIGN_REPLY_WATCH);
		assert_int_equal(reply->n_messages, 1);
		assert_string_equal(reply->messages[0].name, "Über.txt");
		assert_string_equal(reply->messages[0].consignor, "acme");
		assert_true(slice_equal(reply->messages[0].content, slice_text("one")));
		consign_reply_free(&reply);
	}
	assert_int_equal(consign_client_wait(f->client, 0, WAIT_MS, &reply), CONSIGN_OK);
	assert_int_equal(reply->number, ack);
	consign_reply_free(&reply);
}

static void
test_client_inbox_track_and_status_are_carried_whole(void **state)
{
	struct fixture *f = *state;
	struct consign_inbox_filter filter = {.type = "x.*", .study = "ACME-301", .unacked = true, .limit = 5, .after = ID};
	struct local_message message = a_message(ID, "");
	struct local_message *messages[] = {&message};
	struct local_inbox_reply inbox = {.messages = {messages, 1}, .more = 1};
	struct local_track_consignee consignee = {.org = {"acme"}, .state = "delivered", .position = 3, .at_us = 4};
	struct local_track_consignee *consignees[] = {&consignee};
	struct local_track_reply track = {.id = ID,
	    .state = "delivered",
	    .consignees = {consignees, 1},
	    .study = {"S"},
	    .type = {"x.note"},
	    .has_leaf = 1,
	    .leaf = 12,
	    .attempt = 2};
	struct local_fact fact = {.name = "connection", .value = slice_text("up")};
	struct local_fact *facts[] = {&fact};
	struct local_status_reply status = {.facts = {facts, 1}};
	const struct consign_reply *reply = NULL;
	uint64_t n;

	assert_int_equal(consign_client_post_inbox(f->client, &filter, &n), CONSIGN_OK);
	struct local_request *request = read_request(f);

	assert_int_equal(request->inbox->limit, 5);
	assert_int_equal(request->inbox->unacked, 1);
	assert_string_equal(request->inbox->after, ID);
	write_reply(f, &(struct local_reply){.number = n, .inbox = &inbox});
	assert_int_equal(consign_client_wait(f->client, n, WAIT_MS, &reply), CONSIGN_OK);
	assert_true(reply->has_more);
	assert_int_equal(reply->messages[0].position, 7);
	consign_reply_free(&reply);

	assert_int_equal(consign_client_post_track(f->client, ID, &n), CONSIGN_OK);
	write_reply(f, &(struct local_reply){.number = n, .track = &track});
	assert_int_equal(consign_client_wait(f->client, n, WAIT_MS, &reply), CONSIGN_OK);
	assert_string_equal(reply->track->consignees[0].org, "acme");
	assert_int_equal(reply->track->leaf, 12);
	assert_int_equal(reply->track->attempt, 2);
	consign_reply_free(&reply);

	assert_int_equal(consign_client_post_status(f->client, &n), CONSIGN_OK);
	write_reply(f, &(struct local_reply){.number = n, .status = &status});
	assert_int_equal(consign_client_wait(f->client, n, WAIT_MS, &reply), CONSIGN_OK);
	assert_string_equal(reply->facts[0].value, "up");
	consign_reply_free(&reply);
}

static void
test_client_wait_says_timeout_when_the_agent_is_silent(void **state)
{
	struct fixture *f = *state;
	const struct consign_reply *reply = NULL;

	assert_int_equal(consign_client_wait(f->client, 0, SHORT_MS, &reply), CONSIGN_E_TIMEOUT);
	assert_null(reply);
	write_ack(f, 1, 1); /* and goes on when it speaks */
	assert_int_equal(consign_client_wait(f->client, 0, WAIT_MS, &reply), CONSIGN_OK);
	consign_reply_free(&reply);
}

static void
test_client_wait_gives_what_came_before_the_end_and_then_says_unreachable(void **state)
{
	struct fixture *f = *state;
	const struct consign_reply *reply = NULL;
	uint64_t number;

	write_ack(f, 1, 5);
	close(f->fd);
	f->fd = -1;
	assert_int_equal(consign_client_wait(f->client, 2, WAIT_MS, &reply), CONSIGN_E_UNREACHABLE);
	assert_int_equal(consign_client_wait(f->client, 1, WAIT_MS, &reply), CONSIGN_OK);
	assert_int_equal(reply->acked, 5);
	consign_reply_free(&reply);
	assert_int_equal(consign_client_wait(f->client, 1, WAIT_MS, &reply), CONSIGN_E_UNREACHABLE);
	assert_int_equal(consign_client_post_status(f->client, &number), CONSIGN_E_UNREACHABLE);
}

static void
test_client_wait_refuses_a_frame_over_the_limit(void **state)
{
	struct fixture *f = *state;
	const struct consign_reply *reply = NULL;
	uint8_t head[4];

	be32_store(head, CONSIGN_LOCAL_FRAME_MAX_BYTES + 1);
	assert_int_equal(send(f->fd, head, sizeof head, MSG_NOSIGNAL), sizeof head);
	assert_int_equal(consign_client_wait(f->client, 0, WAIT_MS, &reply), CONSIGN_E_MALFORMED);
}

static void
test_client_wait_refuses_bytes_that_are_no_reply(void **state)
{
	struct fixture *f = *state;
	const struct consign_reply *reply = NULL;
	const uint8_t garbage[] = {0, 0, 0, 3, 0xff, 0xff, 0xff};

	assert_int_equal(send(f->fd, garbage, sizeof garbage, MSG_NOSIGNAL), sizeof garbage);
	assert_int_equal(consign_client_wait(f->client, 0, WAIT_MS, &reply), CONSIGN_E_MALFORMED);
	assert_int_equal(consign_client_wait(f->client, 0, WAIT_MS, &reply), CONSIGN_E_UNREACHABLE);
}

static void
test_client_post_refuses_what_breaks_the_form_and_stays_usable(void **state)
{
	struct fixture *f = *state;
	static const char *const nobody[] = {"Not An Org"};
	struct consign_outgoing bad_org = an_outgoing(), long_study = an_outgoing(), no_type = an_outgoing();
	char study[CONSIGN_STUDY_MAX_BYTES + 2];
	uint64_t number;

	memset(study, 'S', sizeof study);
	study[sizeof study - 1] = '\0';
	bad_org.to = nobody;
	long_study.study = study;
	no_type.type = "";
	assert_int_equal(consign_client_post_send(f->client, &bad_org, 1, &number), CONSIGN_E_MALFORMED);
	assert_int_equal(consign_client_post_send(f->client, &long_study, 1, &number), CONSIGN_E_MALFORMED);
	assert_int_equal(consign_client_post_send(f->client, &no_type, 1, &number), CONSIGN_E_MALFORMED);
	assert_int_equal(consign_client_post_show(f->client, "no-id", &number), CONSIGN_E_MALFORMED);
	assert_int_equal(consign_client_post_status(f->client, &number), CONSIGN_OK);
	assert_non_null(read_request(f)->status);
}

static void
test_client_send_refuses_content_one_byte_over_the_limit(void **state)
{
	struct fixture *f = *state;
	struct consign_outgoing out = an_outgoing();
	uint8_t *content = calloc(1, CONSIGN_LOCAL_CONTENT_MAX_BYTES + 1);
	uint64_t number;

	assert_non_null(content);
	out.content = slice_of(content, CONSIGN_LOCAL_CONTENT_MAX_BYTES + 1);
	assert_int_equal(consign_client_post_send(f->client, &out, 1, &number), CONSIGN_E_TOO_BIG);
	free(content);
}

/* An agent that says a lot before it listens: both sides' socket buffers are full unless the client reads. */
static void *
talk_first(void *context)
{
	struct fixture *f = context;
	struct local_ack_reply ack = {.acked = 1};
	struct buf frame = {0};
	uint8_t sink[65536];
	size_t sent = 0;

	if (buf_append_be32(&frame, 0) != CONSIGN_OK ||
	    local_reply_encode(&(struct local_reply){.number = 9, .ack = &ack}, &frame) != CONSIGN_OK)
		return NULL;
	be32_store(frame.data, (uint32_t)(frame.len - 4));
	while (sent < 1024u * 1024u && send(f->fd, frame.data, frame.len, MSG_NOSIGNAL) == (ssize_t)frame.len)
		sent += frame.len;
	buf_clear(&frame);
	while (recv(f->fd, sink, sizeof sink, 0) > 0)
		;
	return NULL;
}

static void
test_client_post_reads_while_it_writes_so_that_nobody_waits_for_ever(void **state)
{
	struct fixture *f = *state;
	struct consign_outgoing out[4];
	uint8_t *content = calloc(1, CONSIGN_CONTENT_MAX_BYTES);
	pthread_t agent;
	uint64_t number;

	assert_non_null(content);
	for (size_t i = 0; i < 4; i++) {
		out[i] = an_outgoing();
		out[i].content = slice_of(content, CONSIGN_CONTENT_MAX_BYTES);
	}
	assert_int_equal(pthread_create(&agent, NULL, talk_first, f), 0);
	assert_int_equal(consign_client_post_send(f->client, out, 4, &number), CONSIGN_OK);
	consign_client_close(&f->client); /* the agent's reading ends */
	assert_int_equal(pthread_join(agent, NULL), 0);
	free(content);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_client_open_says_unreachable_when_nobody_listens),
	    TEST(test_client_open_reaches_a_socket_in_a_deep_folder),
	    TEST(test_client_send_carries_the_message_and_gives_the_outcomes),
	    TEST(test_client_wait_sorts_replies_that_come_in_another_order),
	    TEST(test_client_wait_puts_a_reply_together_that_comes_in_bytes),
	    TEST(test_client_wait_gives_the_agents_no_as_a_reply),
	    TEST(test_client_wait_gives_an_error_without_number_to_whoever_waits),
	    TEST(test_client_watch_streams_events_between_acknowledgements),
	    TEST(test_client_inbox_track_and_status_are_carried_whole),
	    TEST(test_client_wait_says_timeout_when_the_agent_is_silent),
	    TEST(test_client_wait_gives_what_came_before_the_end_and_then_says_unreachable),
	    TEST(test_client_wait_refuses_a_frame_over_the_limit),
	    TEST(test_client_wait_refuses_bytes_that_are_no_reply),
	    TEST(test_client_post_refuses_what_breaks_the_form_and_stays_usable),
	    TEST(test_client_send_refuses_content_one_byte_over_the_limit),
	    TEST(test_client_post_reads_while_it_writes_so_that_nobody_waits_for_ever),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
