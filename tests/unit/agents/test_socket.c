/*
 * The socket door, spoken to over its socket. The outbox and the uplink are fakes: what a test wants told, it tells.
 * Client and door run in one loop, which ends when the client has what it waits for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "agent_fixture.h"
#include "doors/local.h"
#include "doors/socket.h"
#include "doors/tool.h"
#include "freshness.h"
#include "alarms.h"
#include "card.h"
#include "keyring.h"
#include "outbox.h"
#include "problem_list.h"
#include "reception.h"
#include "lanes.h"
#include "uplink.h"

/* ── fakes ── */

#define PUTS_MAX 2048u

static struct put {
	outbox_outcome *told;
	void *context;
	uint64_t request;
	size_t index;
} handed[PUTS_MAX];
static size_t n_puts;
static unsigned n_flushes;
static bool tell_at_once;
static struct accusation *accused;

static void
tell(const struct put *p, const char *id, enum consign_code code)
{
	struct local_outcome outcome = {.code = code, .detail = slice_text(code == CONSIGN_CODE_NONE ? "" : "said no")};

	snprintf(outcome.id, sizeof outcome.id, "%s", id);
	p->told(p->context, p->request, p->index, &outcome);
}

void
outbox_put(
    struct outbox *o, const struct local_outgoing *message, outbox_outcome *told, void *context, uint64_t request, size_t index)
{
	struct put p = {told, context, request, index};

	(void)o;
	(void)message;
	assert_true(n_puts < PUTS_MAX);
	handed[n_puts++] = p;
	if (tell_at_once)
		tell(&p, "", CONSIGN_CODE_TRY_LATER);
}

void
outbox_flush(struct outbox *o)
{
	(void)o;
	n_flushes++;
}

void
freshness_facts(const struct agent *a, struct freshness_facts *ret_facts)
{
	(void)a;
	*ret_facts = (struct freshness_facts){.is_wanted = true, .by = "globalcro", .created_us = T0, .expires_us = T0 + 1, .root_version = 7};
}

bool
freshness_holds(const struct agent *a, char ret_why[FRESHNESS_HELD_BYTES])
{
	(void)a;
	snprintf(ret_why, FRESHNESS_HELD_BYTES, "held");
	return true;
}

enum consign_err
outbox_facts(struct outbox *o, struct outbox_facts *ret_facts)
{
	(void)o;
	*ret_facts = (struct outbox_facts){.queued = 3, .oldest_us = T0};
	return CONSIGN_OK;
}

void
uplink_facts(const struct uplink *u, struct uplink_facts *ret_facts)
{
	(void)u;
	*ret_facts = (struct uplink_facts){
	    .state = UPLINK_DOWN, .endpoint = "tcp://hub:7000", .last_problem = "refused\x01", .skew_us = -2500};
}

const char *
uplink_state_text(enum uplink_state state)
{
	return state == UPLINK_UP ? "up" : "down";
}

static const struct postponed postponed_here[] = {
    {{CONSIGN_CODE_MAILBOX_FULL, {"biomake"}, "the consignee's mailbox is full", T0}, 12}, {{CONSIGN_CODE_QUOTA, {""}, "too much", T0}, 1}};

size_t
lanes_postponed(const struct lanes *l, struct postponed *ret_list, size_t max)
{
	(void)l;
	assert_true(max >= 2);
	memcpy(ret_list, postponed_here, sizeof postponed_here);
	return 2;
}

const struct postponement *
lanes_postponement(const struct lanes *l, const struct consign_id *id)
{
	(void)l;
	(void)id;
	return NULL;
}

const char *
reception_held(const struct reception *r)
{
	(void)r;
	return NULL;
}

uint64_t
reception_rejected(const struct reception *r, const char **ret_last)
{
	(void)r;
	*ret_last = "";
	return 0;
}

const struct accusation *
accusations(const struct agent *a)
{
	(void)a;
	return accused;
}

/* Own keys: one of each use; what is pending a test says, and what was asked to be replaced it is told. */
static enum uplink_state uplink_now;
static unsigned keys_pending, keys_rotated;

enum uplink_state
uplink_state(const struct uplink *u)
{
	(void)u;
	return uplink_now;
}

enum consign_err
card_rotate(struct agent *a, unsigned uses)
{
	a->card_code = CONSIGN_CODE_NONE;
	keys_rotated = keys_pending = uses;
	return CONSIGN_OK;
}

bool
keyring_is_pending(const struct agent *a, unsigned uses)
{
	(void)a;
	return (keys_pending & uses) != 0;
}

bool
keyring_at(const struct agent *a, size_t n, struct keyring_row *ret_row)
{
	(void)a;
	*ret_row = (struct keyring_row){.use = (enum key_use)(1 << n), .id = {{(uint8_t)n}}, .created_us = T0, .until_us = T0 + n, .state = KEY_OLD};
	return n < 3;
}

/* ── the client's side ── */

struct client {
	struct fixture *f;
	int fd;
	struct buf in;
	size_t used;
	bool is_closed; /* by the agent */
	size_t wanted;  /* frames to wait for */
};

static void
commits(void *context)
{
	struct fixture *f = context;

	commit_reap(f->agent.committer);
}

static int
door_setup(void **state)
{
	struct fixture *f;

	n_puts = 0;
	n_flushes = 0;
	tell_at_once = false;
	accused = NULL;
	assert_int_equal(fixture_setup(state), 0);
	f = *state;
	assert_int_equal(loop_new(&f->agent.loop), CONSIGN_OK);
	assert_int_equal(loop_watch(f->agent.loop, commit_fd(f->agent.committer), LOOP_READ, commits, f), CONSIGN_OK);
	assert_int_equal(socket_door_open(&f->agent, &f->agent.door), CONSIGN_OK);
	return 0;
}

static int
door_teardown(void **state)
{
	struct fixture *f = *state;

	socket_door_close(&f->agent.door);
	settle(f); /* while the loop is there: acknowledgements may be told */
	loop_free(&f->agent.loop);
	return fixture_teardown(state);
}

static int
connect_to(struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/agent.sock", f->home);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct client
client_open(struct fixture *f)
{
	struct client c = {.f = f, .fd = connect_to(f)};

	assert_true(c.fd >= 0);
	return c;
}

static void
client_close(struct client *c)
{
	close(c->fd);
	buf_clear(&c->in);
}

static void
write_bytes(const struct client *c, struct consign_slice s)
{
	while (s.len > 0) {
		ssize_t n = send(c->fd, s.data, s.len, MSG_NOSIGNAL);

		assert_true(n > 0);
		s = slice_of(s.data + n, s.len - (size_t)n);
	}
}

static void
put_request(struct buf *out, const struct local_request *request)
{
	size_t start = out->len;

	assert_int_equal(buf_append_be32(out, 0), CONSIGN_OK);
	assert_int_equal(local_request_encode(request, out), CONSIGN_OK);
	be32_store(out->data + start, (uint32_t)(out->len - start - 4));
}

static void
ask(const struct client *c, const struct local_request *request)
{
	struct buf out = {0};

	put_request(&out, request);
	write_bytes(c, buf_slice(&out));
	buf_clear(&out);
}

static size_t
frames_in(const struct client *c)
{
	size_t n = 0;

	for (size_t at = c->used; c->in.len - at >= 4 && be32_load(c->in.data + at) <= c->in.len - at - 4; n++)
		at += 4 + be32_load(c->in.data + at);
	return n;
}

static void
on_reply(void *context)
{
	struct client *c = context;

	assert_int_equal(buf_reserve(&c->in, 65536), CONSIGN_OK);
	ssize_t n = recv(c->fd, c->in.data + c->in.len, c->in.cap - c->in.len, MSG_DONTWAIT);

	if (n > 0)
		c->in.len += (size_t)n;
	c->is_closed = n == 0 || (n < 0 && errno != EAGAIN);
	if (c->is_closed || frames_in(c) >= c->wanted)
		loop_stop(c->f->agent.loop);
}

static void
stop(void *context)
{
	struct fixture *f = context;

	loop_stop(f->agent.loop);
}

/* Runs the loop until n more frames are here or the agent has closed. */
static void
await(struct client *c, size_t n)
{
	c->wanted = n;
	if (frames_in(c) >= n)
		return;
	assert_int_equal(loop_watch(c->f->agent.loop, c->fd, LOOP_READ, on_reply, c), CONSIGN_OK);
	loop_run(c->f->agent.loop);
	loop_unwatch(c->f->agent.loop, c->fd);
}

/* Lets everything that is ready happen. */
static void
turn(struct fixture *f, unsigned times)
{
	int timer;

	for (unsigned i = 0; i < times; i++) {
		assert_int_equal(loop_once(f->agent.loop, 1, stop, f, &timer), CONSIGN_OK);
		loop_run(f->agent.loop);
	}
}

/* The next reply; fails when there is none. */
static struct local_reply *
reply(struct client *c)
{
	struct local_reply *r = NULL;

	await(c, 1);
	assert_true(frames_in(c) >= 1);
	size_t len = be32_load(c->in.data + c->used);

	assert_int_equal(local_reply_decode(slice_of(c->in.data + c->used + 4, len), c->f->arena, &r), CONSIGN_OK);
	c->used += 4 + len;
	return r;
}

static struct local_error *
refusal(struct client *c)
{
	struct local_reply *r = reply(c);

	assert_non_null(r->error);
	return r->error;
}

static struct local_outgoing *
outgoing(struct fixture *f, size_t size)
{
	struct local_outgoing *m = arena_alloc(f->arena, sizeof *m);
	struct consign_org *to = arena_alloc(f->arena, sizeof *to);

	assert_true(m != NULL && to != NULL);
	snprintf(to->s, sizeof to->s, "acme");
	m->to.v = to;
	m->to.n = 1;
	snprintf(m->study.s, sizeof m->study.s, "ACME-301");
	snprintf(m->type.s, sizeof m->type.s, "x.note");
	m->content = slice_of(arena_alloc(f->arena, size + 1), size);
	assert_non_null(m->content.data);
	return m;
}

static void
ask_send(struct client *c, uint64_t number, size_t n, size_t size)
{
	struct local_outgoing *messages[PUTS_MAX];
	struct local_send send = {.messages = {messages, n}};

	for (size_t i = 0; i < n; i++)
		messages[i] = outgoing(c->f, size);
	ask(c, &(struct local_request){.number = number, .send = &send});
}

static void
ask_watch(struct client *c, uint64_t number, const char *name, const char *type, uint32_t window, const char *since)
{
	struct local_watch watch = {.window = window, .content = 1};

	snprintf(watch.subscription, sizeof watch.subscription, "%s", name);
	snprintf(watch.type, sizeof watch.type, "%s", type);
	snprintf(watch.since, sizeof watch.since, "%s", since);
	ask(c, &(struct local_request){.number = number, .watch = &watch});
}

static void
ask_ack(struct client *c, const char *name, const char *const *ids, size_t n)
{
	struct local_message_id list[8];
	struct local_ack request = {.ids = {list, n}};

	snprintf(request.subscription, sizeof request.subscription, "%s", name);
	for (size_t i = 0; i < n; i++)
		snprintf(list[i].s, sizeof list[i].s, "%s", ids[i]);
	ask(c, &(struct local_request){.number = 900, .ack = &request});
}

static uint32_t
ack(struct client *c, const char *name, const char *const *ids, size_t n)
{
	struct local_reply *r;

	ask_ack(c, name, ids, n);
	r = reply(c);
	assert_non_null(r->ack);
	return r->ack->acked;
}

static const char *
id_text(struct fixture *f, const struct consign_id *id)
{
	struct consign_message_id message = message_of(id, 0);
	char *text = arena_alloc(f->arena, CONSIGN_MESSAGE_ID_TEXT_BYTES);

	assert_non_null(text);
	message_id_format(&message, text);
	return text;
}

static void
deliver_news(struct fixture *f, const char *type, const char *content, const char **ret_id)
{
	struct consign_id id = deliver_one(f, type, content);

	*ret_id = id_text(f, &id);
	inbox_news(f->agent.inbox);
}

/* ── the door ── */

static void
test_socket_is_for_its_owner_only(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char path[96];

	snprintf(path, sizeof path, "%s/agent.sock", f->home);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
test_socket_that_somebody_answers_on_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct socket_door *second = NULL;

	assert_int_equal(socket_door_open(&f->agent, &second), CONSIGN_E_BUSY);
	assert_null(second);
	assert_true(connect_to(f) >= 0);
}

static void
test_socket_that_nobody_answers_on_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	socket_door_close(&f->agent.door);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/agent.sock", f->home);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	assert_int_equal(socket_door_open(&f->agent, &f->agent.door), CONSIGN_OK);
}

static void
test_socket_leaves_a_file_that_is_no_socket(void **state)
{
	struct fixture *f = *state;
	char path[96];
	FILE *file;

	socket_door_close(&f->agent.door);
	snprintf(path, sizeof path, "%s/agent.sock", f->home);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(socket_door_open(&f->agent, &f->agent.door), CONSIGN_E_BUSY);
	assert_int_equal(access(path, F_OK), 0);
}

static void
test_socket_is_gone_when_the_door_closes(void **state)
{
	struct fixture *f = *state;

	socket_door_close(&f->agent.door);
	assert_int_equal(connect_to(f), -1);
	assert_int_equal(errno, ENOENT);
}

static void
test_socket_in_a_deep_home_can_be_opened(void **state)
{
	struct fixture *f = *state;
	char deep[256], path[300];
	int fd;

	socket_door_close(&f->agent.door);
	snprintf(deep, sizeof deep, "%s/%0100d", f->home, 1);
	assert_int_equal(mkdir(deep, 0700), 0);
	f->agent.home = deep;
	assert_int_equal(socket_door_open(&f->agent, &f->agent.door), CONSIGN_OK);
	snprintf(path, sizeof path, "%s/agent.sock", deep);
	fd = open(path, O_PATH);
	assert_true(fd >= 0);
	close(fd);
	socket_door_close(&f->agent.door);
	assert_int_equal(access(path, F_OK), -1);
}

static void
test_socket_turns_the_257th_tool_away_with_a_reason(void **state)
{
	struct fixture *f = *state;
	struct client last;
	int fds[SOCKET_TOOLS_MAX];

	for (size_t i = 0; i < SOCKET_TOOLS_MAX; i++) {
		fds[i] = connect_to(f);
		assert_true(fds[i] >= 0);
		if (i % 32 == 31)
			turn(f, 4);
	}
	turn(f, 300);
	last = (struct client){.f = f, .fd = fds[SOCKET_TOOLS_MAX - 1]};
	ask(&last, &(struct local_request){.number = 1, .status = &(struct local_status){0}});
	assert_non_null(reply(&last)->status);
	buf_clear(&last.in);
	last = client_open(f);
	assert_int_equal(refusal(&last)->code, CONSIGN_CODE_TRY_LATER);
	await(&last, 1);
	assert_true(last.is_closed);
	client_close(&last);
	close(fds[0]);
	turn(f, 4);
	last = client_open(f);
	ask(&last, &(struct local_request){.number = 1, .status = &(struct local_status){0}});
	assert_non_null(reply(&last)->status);
	client_close(&last);
	for (size_t i = 1; i < SOCKET_TOOLS_MAX; i++)
		close(fds[i]);
}

/* ── frames ── */

static void
test_socket_answers_a_malformed_frame_and_closes(void **state)
{
	static const struct {
		const char *name;
		const char *bytes;
		size_t len;
		enum consign_code code;
	} rows[] = {
	    {"no operation", "\0\0\0\0", 4, CONSIGN_CODE_MALFORMED},
	    {"rubbish", "\0\0\0\4\xff\xff\xff\xff", 8, CONSIGN_CODE_MALFORMED},
	    {"two operations", "\0\0\0\4\x42\0\x4a\0", 8, CONSIGN_CODE_MALFORMED},
	    {"over the limit by one", "\0\x80\0\1", 4, CONSIGN_CODE_TOO_BIG},
	    {"far over the limit", "\xff\xff\xff\xff", 4, CONSIGN_CODE_TOO_BIG},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct client c = client_open(*state);
		struct local_reply *r = NULL;

		write_bytes(&c, slice_of(rows[i].bytes, rows[i].len));
		r = reply(&c);
		if (r->error == NULL || r->error->code != rows[i].code || r->number != 0)
			fail_msg("%s: another answer", rows[i].name);
		await(&c, 1);
		if (!c.is_closed)
			fail_msg("%s: still open", rows[i].name);
		client_close(&c);
	}
}

static void
test_socket_takes_a_frame_byte_by_byte(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct buf out = {0};

	put_request(&out, &(struct local_request){.number = 9, .status = &(struct local_status){0}});
	for (size_t i = 0; i < out.len; i++) {
		write_bytes(&c, slice_of(out.data + i, 1));
		turn(f, 2);
	}
	assert_int_equal(reply(&c)->number, 9);
	buf_clear(&out);
	client_close(&c);
}

static void
test_socket_answers_pipelined_requests_each_under_its_number(void **state)
{
	struct client c = client_open(*state);
	struct buf out = {0};

	for (uint64_t i = 1; i <= 50; i++)
		put_request(&out, &(struct local_request){.number = i, .status = &(struct local_status){0}});
	write_bytes(&c, buf_slice(&out));
	for (uint64_t i = 1; i <= 50; i++)
		assert_int_equal(reply(&c)->number, i);
	buf_clear(&out);
	client_close(&c);
}

static void
test_socket_stops_reading_from_a_tool_that_does_not_read(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct buf out = {0};
	const size_t asked = 60000;
	size_t sent = 0;

	/* Each answer is some 900 bytes: what is asked for is far over the bound of unsent output. */
	for (uint64_t i = 1; i <= asked; i++)
		put_request(&out, &(struct local_request){.number = i, .status = &(struct local_status){0}});
	for (unsigned idle = 0; sent < out.len && idle < 20;) {
		ssize_t n = send(c.fd, out.data + sent, out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += n > 0 ? (size_t)n : 0;
		idle = n > 0 ? 0 : idle + 1;
		turn(f, 1);
	}
	assert_true(sent < out.len);
	/* It goes on where it stopped as soon as the tool reads. */
	while (sent < out.len) {
		ssize_t n = send(c.fd, out.data + sent, out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += n > 0 ? (size_t)n : 0;
		await(&c, frames_in(&c) + 1);
	}
	await(&c, asked);
	assert_int_equal(frames_in(&c), asked);
	buf_clear(&out);
	client_close(&c);
}

/* ── send ── */

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

/* ── inbox, show, ack, track ── */

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

/* ── watch ── */

static void
assert_event(struct client *c, uint64_t number, const char *content)
{
	struct local_reply *r = reply(c);

	assert_int_equal(r->number, number);
	assert_non_null(r->watch);
	assert_int_equal(r->watch->message->content.len, strlen(content));
	assert_memory_equal(r->watch->message->content.data, content, strlen(content));
}

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
	on_reply(&c);
	assert_int_equal(frames_in(&c), 0);
	assert_int_equal(ack(&other, "archive", &ids[1], 1), 1); /* on another connection, out of order */
	assert_event(&c, 3, "3");
	turn(f, 5);
	on_reply(&c);
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

/* ── watches that are given what is kept in memory ── */

/* Mail that is kept, as reception brings it; the store's copy is then spoiled when that is wanted: who is given it was given it from memory. */
static const char *
bring(struct fixture *f, const char *content, bool is_spoiled)
{
	struct mail_item item = {0, "x.a", content, 0, false};
	struct consign_id id = deliver_kept(f, &(struct mail){.items = &item, .n = 1});

	if (is_spoiled)
		run_sql(f, "UPDATE inbox SET manifest = x'00' WHERE seq = (SELECT max(seq) FROM inbox)");
	inbox_news(f->agent.inbox);
	return id_text(f, &id);
}

/* A watch with the first message acknowledged: from here on it is given what is kept. */
static struct client
watch_begun(struct fixture *f, uint32_t window)
{
	struct client c = client_open(f);
	const char *id;

	ask_watch(&c, 3, "default", "", window, "");
	turn(f, 3);
	assert_true(recent_is_wanted(f->agent.recent));
	id = bring(f, "first", false);
	assert_event(&c, 3, "first");
	assert_int_equal(ack(&c, "default", &id, 1), 1);
	return c;
}

static void
assert_silent(struct client *c)
{
	turn(c->f, 5);
	on_reply(c);
	assert_int_equal(frames_in(c), 0);
}

static void
test_socket_watch_that_keeps_up_needs_no_reading_of_the_store(void **state)
{
	struct fixture *f = *state;
	struct client c = watch_begun(f, 10);
	const char *ids[3];

	for (size_t i = 0; i < 3; i++) {
		ids[i] = bring(f, (const char *[]){"1", "2", "3"}[i], true);
		assert_event(&c, 3, (const char *[]){"1", "2", "3"}[i]);
	}
	assert_int_equal(ack(&c, "default", ids, 3), 3); /* their places too: the store would not find them */
	client_close(&c);
}

static void
test_socket_watch_is_not_given_what_another_tool_acknowledged(void **state)
{
	struct fixture *f = *state;
	struct client c = watch_begun(f, 2), other = client_open(f);
	const char *ids[5];

	for (size_t i = 0; i < 5; i++)
		ids[i] = bring(f, (const char *[]){"1", "2", "3", "4", "5"}[i], false);
	assert_event(&c, 3, "1");
	assert_event(&c, 3, "2");
	assert_silent(&c);
	assert_int_equal(ack(&other, "default", (const char *[]){ids[2], ids[4]}, 2), 2);
	assert_int_equal(ack(&c, "default", ids, 2), 2);
	assert_event(&c, 3, "4");
	assert_silent(&c);
	assert_int_equal(ack(&c, "default", &ids[3], 1), 1);
	bring(f, "6", true); /* nothing is acknowledged behind the cursor any more: it comes from memory again */
	assert_event(&c, 3, "6");
	client_close(&c);
	client_close(&other);
}

static void
test_socket_watches_of_one_subscription_are_each_given_what_is_not_acknowledged(void **state)
{
	struct fixture *f = *state;
	struct client fast = watch_begun(f, 10), slow = client_open(f);
	const char *ids[4];

	ask_watch(&slow, 4, "default", "", 1, "");
	turn(f, 3);
	for (size_t i = 0; i < 4; i++)
		ids[i] = bring(f, (const char *[]){"1", "2", "3", "4"}[i], false);
	assert_event(&slow, 4, "1");
	for (size_t i = 0; i < 4; i++)
		assert_event(&fast, 3, (const char *[]){"1", "2", "3", "4"}[i]);
	assert_int_equal(ack(&fast, "default", &ids[1], 2), 2);
	assert_silent(&slow);
	assert_int_equal(ack(&slow, "default", ids, 1), 1);
	assert_event(&slow, 4, "4");
	assert_int_equal(ack(&slow, "default", ids, 4), 1);
	assert_silent(&slow);
	assert_silent(&fast);
	client_close(&fast);
	client_close(&slow);
}

static void
test_socket_watch_that_comes_and_goes_is_given_all_that_is_not_acknowledged(void **state)
{
	struct fixture *f = *state;
	struct client c = watch_begun(f, 10), other = client_open(f);
	const char *ids[4];

	for (size_t i = 0; i < 3; i++)
		ids[i] = bring(f, (const char *[]){"1", "2", "3"}[i], false);
	for (size_t i = 0; i < 3; i++)
		assert_event(&c, 3, (const char *[]){"1", "2", "3"}[i]);
	assert_int_equal(ack(&c, "default", &ids[1], 1), 1);
	client_close(&c);
	turn(f, 5);
	assert_false(recent_is_wanted(f->agent.recent));
	bring(f, "nobody watches", false);
	ask_watch(&other, 5, "archive", "", 10, "now"); /* so that mail is kept again */
	turn(f, 5);
	ids[3] = bring(f, "4", false);
	assert_event(&other, 5, "4");
	c = client_open(f);
	ask_watch(&c, 6, "default", "", 10, "");
	assert_event(&c, 6, "1");
	assert_event(&c, 6, "3");
	assert_event(&c, 6, "nobody watches");
	assert_event(&c, 6, "4");
	assert_int_equal(ack(&c, "default", &ids[3], 1), 1);
	bring(f, "5", false);
	assert_event(&c, 6, "5");
	assert_event(&other, 5, "5");
	client_close(&c);
	client_close(&other);
}

static void
test_socket_watch_begun_after_an_acknowledgement_is_not_given_it(void **state)
{
	struct fixture *f = *state;
	struct client fast = watch_begun(f, 10), late = client_open(f);
	const char *ids[2];

	for (size_t i = 0; i < 2; i++) {
		ids[i] = bring(f, (const char *[]){"1", "2"}[i], false);
		assert_event(&fast, 3, (const char *[]){"1", "2"}[i]);
	}
	assert_int_equal(ack(&fast, "default", &ids[1], 1), 1);
	ask_watch(&late, 4, "default", "", 1, "");
	assert_event(&late, 4, "1");
	assert_int_equal(ack(&late, "default", &ids[0], 1), 1);
	bring(f, "3", false);
	assert_event(&late, 4, "3");
	client_close(&fast);
	client_close(&late);
}

static void
test_socket_ack_under_an_id_of_two_consignors_means_the_first_that_was_sent(void **state)
{
	struct fixture *f = *state;
	struct client c = watch_begun(f, 10);
	struct mail_item item = {0, "x.a", "mine", 0, false}, forged = {0, "x.a", "also mine", 0, false};
	struct consign_id id = deliver_kept(f, &(struct mail){.items = &item, .n = 1});
	const char *twice[2] = {id_text(f, &id), id_text(f, &id)}, *between = bring(f, "between", false);

	deliver_kept(f, &(struct mail){.consignor = 2, .id = &id, .items = &forged, .n = 1});
	inbox_news(f->agent.inbox);
	assert_event(&c, 3, "mine");
	assert_event(&c, 3, "between");
	assert_event(&c, 3, "also mine");
	assert_int_equal(ack(&c, "default", &between, 1), 1);
	assert_int_equal(ack(&c, "default", twice, 1), 1);
	client_close(&c);
	c = client_open(f);
	ask_watch(&c, 4, "default", "", 10, "");
	assert_event(&c, 4, "also mine");
	assert_int_equal(ack(&c, "default", twice, 1), 1);
	assert_int_equal(ack(&c, "default", twice, 2), 0);
	client_close(&c);
}

static void
test_socket_ack_that_was_not_stored_may_be_asked_for_again(void **state)
{
	struct fixture *f = *state;
	struct client c = watch_begun(f, 10);
	const char *ids[2];

	for (size_t i = 0; i < 2; i++) {
		ids[i] = bring(f, (const char *[]){"1", "2"}[i], true);
		assert_event(&c, 3, (const char *[]){"1", "2"}[i]);
	}
	commit_error = CONSIGN_E_FULL;
	ask_ack(&c, "default", ids, 2);
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_DISK_FULL);
	commit_error = CONSIGN_OK;
	commit_resume(f->agent.committer);
	assert_int_equal(ack(&c, "default", ids, 2), 2);
	client_close(&c);
}

static void
test_socket_acks_that_are_on_their_way_are_followed_in_order(void **state)
{
	struct fixture *f = *state;
	struct client c = watch_begun(f, 100);
	const char *ids[20];

	for (size_t i = 0; i < 20; i++)
		ids[i] = bring(f, "many", true);
	await(&c, 20);
	for (size_t i = 0; i < 20; i++)
		assert_event(&c, 3, "many");
	for (size_t i = 0; i < 20; i += 2)
		ask_ack(&c, "default", &ids[i], 2);
	for (size_t i = 0; i < 20; i += 2) {
		struct local_reply *r = reply(&c);

		assert_non_null(r->ack);
		assert_int_equal(r->ack->acked, 2);
	}
	client_close(&c);
}

#define PLAYED 120u
#define PLAYED_WINDOW 5u

/* What a watch and two tools that acknowledge do, and what the watch should have been given so far. */
struct play {
	struct client watching, other;
	const char *ids[PLAYED];
	bool is_acked[PLAYED];
	size_t n;          /* brought */
	size_t at;         /* looked at by the watch */
	size_t n_underway; /* sent to it and not acknowledged */
	size_t unacked;    /* the first */
};

static void
assert_given(struct play *p)
{
	char content[24];

	for (; p->at < p->n && p->n_underway < PLAYED_WINDOW; p->at++) {
		if (p->is_acked[p->at])
			continue;
		snprintf(content, sizeof content, "%zu", p->at);
		assert_event(&p->watching, 3, content);
		p->n_underway++;
	}
	turn(p->watching.f, 2);
	on_reply(&p->watching);
	assert_int_equal(frames_in(&p->watching), 0);
}

static void
play_acks(struct play *p, size_t first, size_t n, bool by_other)
{
	uint32_t fresh = 0;

	if (n > p->n - first)
		n = p->n - first;
	for (size_t i = first; i < first + n; i++) {
		fresh += !p->is_acked[i];
		p->n_underway -= !p->is_acked[i] && i < p->at;
		p->is_acked[i] = true;
	}
	assert_int_equal(ack(by_other ? &p->other : &p->watching, "default", &p->ids[first], n), fresh);
	while (p->unacked < p->n && p->is_acked[p->unacked])
		p->unacked++;
}

static void
test_socket_watch_is_given_each_once_and_in_order_whoever_acknowledges_what(void **state)
{
	struct fixture *f = *state;
	struct play p = {.watching = watch_begun(f, PLAYED_WINDOW), .other = client_open(f)};
	uint32_t random = 1;

	while (p.unacked < PLAYED) {
		random = random * 1664525u + 1013904223u;
		uint32_t what = random >> 24, n = 1 + (random >> 20) % 4, far = (random >> 16) % 8;

		if (p.n < PLAYED && (what < 120 || p.unacked == p.n)) {
			char *content = arena_alloc(f->arena, 24);

			assert_non_null(content);
			snprintf(content, 24, "%zu", p.n);
			p.ids[p.n++] = bring(f, content, false);
		} else if (what < 220) {
			play_acks(&p, p.unacked, n, what % 5 == 0);
		} else if (p.unacked + far < p.n) {
			play_acks(&p, p.unacked + far, n, what % 2 == 0);
		}
		assert_given(&p);
	}
	client_close(&p.watching);
	client_close(&p.other);
}

/* ── status, policy ── */

static uint64_t
later_clock(void *self)
{
	(void)self;
	return T0 + 2000000;
}

static void
test_socket_status_says_its_facts_in_their_order(void **state)
{
	static const struct {
		const char *name, *value; /* value NULL: whatever it is */
	} rows[] = {
	    {"hub", "Test hub"},
	    {"org", "sitecare"},
	    {"hub_id", "0707070707070707070707070707070707070707070707070707070707070707"},
	    {"connection", "down"},
	    {"endpoint", "tcp://hub:7000"},
	    {"last_problem", "refused?"},
	    {"clock_skew_ms", "-2"},
	    {"root_version", "1"},
	    {"root_hash", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"},
	    {"directory_version", "1"},
	    {"directory_hash", "0000000000000000000000000000000000000000000000000000000000000000"},
	    {"policy_version", "0"},
	    {"policy_hash", "none"},
	    {"checkpoint_size", "0"},
	    {"card_version", "0"},
	    {"card_expires", "none"},
	    {"freshness", "stated"},
	    {"freshness_by", "globalcro"},
	    {"freshness_root", "7"},
	    {"freshness_stated", "2027-01-15T08:00:00.000000Z"},
	    {"freshness_until", "2027-01-15T08:00:00.000001Z"},
	    {"sending_held", "held"},
	    {"outbox_queued", "3"},
	    {"outbox_oldest", "2027-01-15T08:00:00.000000Z"},
	    {"inbox_consignments", "1"},
	    {"mailbox_position", "1"},
	    {"outbox_postponed", "13"},
	    {"postponed", "12 consignments since 2027-01-15T08:00:00.000000Z: MAILBOX_FULL for biomake, the consignee's mailbox is full"},
	    {"postponed", "1 consignment since 2027-01-15T08:00:00.000000Z: QUOTA, too much"},
	    {"disk", NULL},
	    {"mail_held", "none"},
	    {"mail_rejected", "none"},
	    {"profile", "cdmo"},
	    {"alarms", "1"},
	    {"alarm", "1 x.* unacknowledged for 1s, the oldest of 2027-01-15T08:00:00.000001Z: mail waits"},
	    {"accusations", "1"},
	    {"accusation",
		"2027-01-15T08:00:00.000000Z the broker, fork: two histories (2 times since the start, the last 2027-01-15T08:00:00.000001Z);"
		" evidence: none could be kept"},
	    {"software", NULL},
	    {"started", "none"},
	};
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct accusation fork = {.since_us = T0, .at_us = T0 + 1, .kind = "fork", .what = "two histories", .count = 2};
	struct profile_alarm alarms[] = {
	    {.type = {"x.*"}, .when = PROFILE_UNACKNOWLEDGED, .as = "default", .within = "1s", .within_us = 1000000, .says = "mail waits"},
	    {.type = {"x.*"}, .when = PROFILE_REFUSED, .within = "1s", .within_us = 1000000, .says = "refused"}};
	struct profile profile = {.role = ROLE_CDMO, .title = "Maker", .alarms = {alarms, 2}};
	const struct consign_clock later = {.wall_us = later_clock, .steady_us = later_clock};

	accused = &fork;
	add_directory(f, "acme", &f->identity_public[0]);
	memset(((struct root_cell *)f->agent.hub->roots.v[0])->root.hash.b, 0x0a, sizeof(struct consign_hash));
	deliver_one(f, "x.a", "1");
	f->agent.clock = &later;
	assert_int_equal(alarms_new(&f->agent, &profile, &f->agent.alarms), CONSIGN_OK);
	ask(&c, &(struct local_request){.number = 1, .status = &(struct local_status){0}});
	struct local_reply *r = reply(&c);

	assert_non_null(r->status);
	assert_int_equal(r->status->facts.n, sizeof rows / sizeof *rows);
	for (size_t i = 0; i < r->status->facts.n; i++) {
		const struct local_fact *fact = r->status->facts.v[i];

		assert_string_equal(fact->name, rows[i].name);
		if (rows[i].value != NULL && !slice_equal(fact->value, slice_text(rows[i].value)))
			fail_msg("%s: %.*s", fact->name, (int)fact->value.len, (const char *)fact->value.data);
	}
	client_close(&c);
	alarms_free(&f->agent.alarms);
	f->agent.clock = &test_clock;
}

static void
test_socket_policy_is_refused_for_now_before_there_is_one(void **state)
{
	struct client c = client_open(*state);
	struct local_error *e;

	ask(&c, &(struct local_request){.number = 1, .policy = &(struct local_policy){0}});
	e = refusal(&c);
	assert_int_equal(e->code, CONSIGN_CODE_TRY_LATER);
	assert_int_equal(e->retry_class, 1);
	client_close(&c);
}

static void
ask_keys(struct client *c, uint64_t number, uint32_t rotate)
{
	ask(c, &(struct local_request){.number = number, .keys = &(struct local_keys){rotate}});
}

static void
test_socket_lists_own_keys(void **state)
{
	struct client c = client_open(*state);

	ask_keys(&c, 7, 0);
	struct local_reply *r = reply(&c);

	assert_int_equal(r->number, 7);
	assert_non_null(r->keys);
	assert_int_equal(r->keys->keys.n, 3);
	assert_int_equal(r->keys->keys.v[2]->use, LOCAL_KEY_TRANSPORT);
	assert_int_equal(r->keys->keys.v[2]->id.b[0], 2);
	assert_int_equal(r->keys->keys.v[2]->state, LOCAL_KEY_OLD);
	assert_int_equal(r->keys->keys.v[2]->created_us, T0);
	assert_int_equal(r->keys->keys.v[2]->until_us, T0 + 2);
	client_close(&c);
}

static void
test_socket_answers_a_rotation_when_the_new_keys_are_in_force(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);

	uplink_now = UPLINK_DOWN;
	keys_rotated = 0;
	ask_keys(&c, 1, LOCAL_KEY_SEAL);
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_TRY_LATER); /* no card is known */
	snprintf(f->agent.org.s, sizeof f->agent.org.s, "acme");
	ask_keys(&c, 2, LOCAL_KEY_SEAL);
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_TRY_LATER); /* not connected */
	assert_int_equal(keys_rotated, 0);
	uplink_now = UPLINK_UP;
	ask_keys(&c, 3, LOCAL_KEY_SEAL | LOCAL_KEY_TRANSPORT);
	turn(f, 3);
	assert_int_equal(keys_rotated, LOCAL_KEY_SEAL | LOCAL_KEY_TRANSPORT);
	socket_door_keys(f->agent.door);
	turn(f, 3);
	assert_int_equal(frames_in(&c), 0);
	keys_pending = LOCAL_KEY_TRANSPORT;
	socket_door_keys(f->agent.door);
	turn(f, 3);
	assert_int_equal(frames_in(&c), 0);
	keys_pending = 0;
	uplink_now = UPLINK_DOWN; /* with the old key no more, with the new one not yet */
	socket_door_keys(f->agent.door);
	turn(f, 3);
	assert_int_equal(frames_in(&c), 0);
	uplink_now = UPLINK_UP;
	socket_door_keys(f->agent.door);
	struct local_reply *r = reply(&c);

	assert_int_equal(r->number, 3);
	assert_non_null(r->keys);
	client_close(&c);
}

static void
test_socket_says_that_the_hub_refuses_the_card_with_the_new_keys(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);

	snprintf(f->agent.org.s, sizeof f->agent.org.s, "acme");
	uplink_now = UPLINK_UP;
	ask_keys(&c, 1, LOCAL_KEY_SIGNING);
	turn(f, 3);
	f->agent.card_code = CONSIGN_CODE_STALE_DOCUMENT; /* another card of ours was before it: it is made anew */
	socket_door_keys(f->agent.door);
	turn(f, 3);
	assert_int_equal(frames_in(&c), 0);
	f->agent.card_code = CONSIGN_CODE_DENIED;
	socket_door_keys(f->agent.door);
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_DENIED);
	/* Who has gone is not waited for. */
	ask_keys(&c, 2, LOCAL_KEY_SIGNING);
	turn(f, 3);
	client_close(&c);
	turn(f, 3);
	socket_door_keys(f->agent.door);
	assert_null(f->agent.door->rotating);
}

static void
test_socket_makes_no_more_signing_keys_than_a_card_holds(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct valid_key keys[CONSIGN_CARD_KEYS_MAX] = {0}, *list[CONSIGN_CARD_KEYS_MAX];

	snprintf(f->agent.org.s, sizeof f->agent.org.s, "acme");
	struct card *card = (struct card *)(uintptr_t)hub_card(f->agent.hub, "acme")->card;

	for (size_t i = 0; i < CONSIGN_CARD_KEYS_MAX; i++) {
		keys[i].not_after_us = T0 + 1;
		list[i] = &keys[i];
	}
	card->signing_keys.v = list;
	card->signing_keys.n = CONSIGN_CARD_KEYS_MAX;
	uplink_now = UPLINK_UP;
	keys_rotated = keys_pending = 0;
	ask_keys(&c, 1, LOCAL_KEY_SIGNING);
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_QUOTA);
	assert_int_equal(keys_rotated, 0);
	ask_keys(&c, 2, LOCAL_KEY_SEAL);
	turn(f, 3);
	assert_int_equal(keys_rotated, LOCAL_KEY_SEAL);
	keys_pending = keys_rotated = 0;
	keys[CONSIGN_CARD_KEYS_MAX - 1].not_after_us = T0; /* the oldest holds no more */
	ask_keys(&c, 3, LOCAL_KEY_SIGNING);
	turn(f, 3);
	assert_int_equal(keys_rotated, LOCAL_KEY_SIGNING);
	card->signing_keys.n = 0;
	client_close(&c);
}

/* The first root names policy 1: one common part, one study. Lives in the fixture's arena. */
static void
add_policy(struct fixture *f)
{
	static struct policy_common common;
	static struct policy_study study = {.id = {"ACME-301"}};
	static struct policy_part parts[2] = {{.common = &common}, {.study = &study}};
	static struct policy_part *list[2] = {&parts[0], &parts[1]};
	static struct document_head head = {.version = 1};
	static struct document_ref ref = {.version = 1};
	struct policy_cell *cell = calloc(1, sizeof *cell);

	assert_non_null(cell);
	study.title = slice_text("Phase III");
	cell->policy.version = 1;
	cell->policy.head = &head;
	cell->policy.parts = list;
	cell->policy.n_parts = 2;
	assert_int_equal(cell_list_put(&f->agent.hub->policies, cell), CONSIGN_OK);
	((struct root *)(uintptr_t)hub_root(f->agent.hub)->root)->policy = &ref;
}

static void
test_socket_policy_gives_the_slices_and_the_members(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);

	add_directory(f, "acme", &f->identity_public[0]);
	((struct member *)(uintptr_t)hub_directory(f->agent.hub)->members[0])->status = MEMBER_ACTIVE;
	((struct member *)(uintptr_t)hub_directory(f->agent.hub)->members[0])->name = slice_text("Acme");
	add_policy(f);
	ask(&c, &(struct local_request){.number = 1, .policy = &(struct local_policy){0}});
	struct local_reply *r = reply(&c);

	assert_non_null(r->policy);
	assert_int_equal(r->policy->version, 1);
	assert_non_null(r->policy->common);
	assert_int_equal(r->policy->studies.n, 1);
	assert_string_equal(r->policy->studies.v[0]->id.s, "ACME-301");
	assert_int_equal(r->policy->members.n, 1);
	assert_string_equal(r->policy->members.v[0]->org.s, "acme");
	client_close(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, door_setup, door_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_socket_is_for_its_owner_only),
	    TEST(test_socket_that_somebody_answers_on_is_left_alone),
	    TEST(test_socket_that_nobody_answers_on_is_replaced),
	    TEST(test_socket_leaves_a_file_that_is_no_socket),
	    TEST(test_socket_is_gone_when_the_door_closes),
	    TEST(test_socket_in_a_deep_home_can_be_opened),
	    TEST(test_socket_turns_the_257th_tool_away_with_a_reason),
	    TEST(test_socket_answers_a_malformed_frame_and_closes),
	    TEST(test_socket_takes_a_frame_byte_by_byte),
	    TEST(test_socket_answers_pipelined_requests_each_under_its_number),
	    TEST(test_socket_stops_reading_from_a_tool_that_does_not_read),
	    TEST(test_socket_replies_to_a_send_once_all_are_told_in_their_order),
	    TEST(test_socket_replies_to_a_send_that_is_refused_at_once_and_has_no_id),
	    TEST(test_socket_may_be_told_after_the_tool_has_gone),
	    TEST(test_socket_may_be_told_after_the_door_has_closed),
	    TEST(test_socket_sends_what_was_said_before_the_door_closes),
	    TEST(test_socket_takes_no_more_messages_than_the_store_keeps_up_with),
	    TEST(test_socket_reads_on_until_what_is_not_told_passes_its_limit),
	    TEST(test_socket_tool_is_choked_beyond_its_unsent_output),
	    TEST(test_socket_reply_to_a_send_has_as_many_problems_as_fit),
	    TEST(test_socket_inbox_page_is_whole_or_says_that_there_is_more),
	    TEST(test_socket_inbox_comes_in_pages),
	    TEST(test_socket_inbox_finds_one_among_many_and_serves_others_meanwhile),
	    TEST(test_socket_inbox_that_is_being_listed_may_be_left),
	    TEST(test_socket_inbox_after_an_unknown_id_is_refused),
	    TEST(test_socket_shows_a_message_with_its_content),
	    TEST(test_socket_show_of_damaged_mail_says_that_it_is_the_agent_s_trouble),
	    TEST(test_socket_acknowledges_durably_and_counts_new_ones),
	    TEST(test_socket_ack_for_an_unknown_subscription_is_refused),
	    TEST(test_socket_track_of_an_unknown_id_is_refused),
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
	    TEST(test_socket_watch_that_keeps_up_needs_no_reading_of_the_store),
	    TEST(test_socket_watch_is_not_given_what_another_tool_acknowledged),
	    TEST(test_socket_watches_of_one_subscription_are_each_given_what_is_not_acknowledged),
	    TEST(test_socket_watch_that_comes_and_goes_is_given_all_that_is_not_acknowledged),
	    TEST(test_socket_watch_begun_after_an_acknowledgement_is_not_given_it),
	    TEST(test_socket_ack_under_an_id_of_two_consignors_means_the_first_that_was_sent),
	    TEST(test_socket_ack_that_was_not_stored_may_be_asked_for_again),
	    TEST(test_socket_acks_that_are_on_their_way_are_followed_in_order),
	    TEST(test_socket_watch_is_given_each_once_and_in_order_whoever_acknowledges_what),
	    TEST(test_socket_status_says_its_facts_in_their_order),
	    TEST(test_socket_lists_own_keys),
	    TEST(test_socket_answers_a_rotation_when_the_new_keys_are_in_force),
	    TEST(test_socket_says_that_the_hub_refuses_the_card_with_the_new_keys),
	    TEST(test_socket_makes_no_more_signing_keys_than_a_card_holds),
	    TEST(test_socket_policy_is_refused_for_now_before_there_is_one),
	    TEST(test_socket_policy_gives_the_slices_and_the_members),
	};

	return cmocka_run_group_tests_name("socket", tests, NULL, NULL);
}
