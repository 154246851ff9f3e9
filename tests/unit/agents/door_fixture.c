/* The socket door and a client of it (door_fixture.h). */
#include "door_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "accusations.h"
#include "card.h"
#include "doors/local.h"
#include "freshness.h"
#include "lanes.h"
#include "outbox.h"
#include "reception.h"

/* ── fakes ── */

struct put handed[PUTS_MAX];
size_t n_puts;
unsigned n_flushes;
bool tell_at_once;
struct accusation *accused;
enum uplink_state uplink_now;
unsigned keys_pending, keys_rotated;

void
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
	*ret_facts = (struct freshness_facts){
	    .is_wanted = true, .by = "globalcro", .created_us = T0, .expires_us = T0 + 1, .root_version = 7};
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
    {{CONSIGN_CODE_MAILBOX_FULL, {"biomake"}, "the consignee's mailbox is full", T0}, 12},
    {{CONSIGN_CODE_QUOTA, {""}, "too much", T0}, 1}};

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
	*ret_row = (struct keyring_row){
	    .use = (enum key_use)(1 << n), .id = {{(uint8_t)n}}, .created_us = T0, .until_us = T0 + n, .state = KEY_OLD};
	return n < 3;
}

/* ── the client's side ── */

static void
commits(void *context)
{
	struct fixture *f = context;

	commit_reap(f->agent.committer);
}

int
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

int
door_teardown(void **state)
{
	struct fixture *f = *state;

	socket_door_close(&f->agent.door);
	settle(f); /* while the loop is there: acknowledgements may be told */
	loop_free(&f->agent.loop);
	return fixture_teardown(state);
}

int
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

struct client
client_open(struct fixture *f)
{
	struct client c = {.f = f, .fd = connect_to(f)};

	assert_true(c.fd >= 0);
	return c;
}

void
client_close(struct client *c)
{
	close(c->fd);
	buf_clear(&c->in);
}

void
write_bytes(const struct client *c, struct consign_slice s)
{
	while (s.len > 0) {
		ssize_t n = send(c->fd, s.data, s.len, MSG_NOSIGNAL);

		assert_true(n > 0);
		s = slice_of(s.data + n, s.len - (size_t)n);
	}
}

void
put_request(struct buf *out, const struct local_request *request)
{
	size_t start = out->len;

	assert_int_equal(buf_append_be32(out, 0), CONSIGN_OK);
	assert_int_equal(local_request_encode(request, out), CONSIGN_OK);
	be32_store(out->data + start, (uint32_t)(out->len - start - 4));
}

void
ask(const struct client *c, const struct local_request *request)
{
	struct buf out = {0};

	put_request(&out, request);
	write_bytes(c, buf_slice(&out));
	buf_clear(&out);
}

size_t
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

void
look(struct client *c)
{
	on_reply(c);
}

static void
stop(void *context)
{
	struct fixture *f = context;

	loop_stop(f->agent.loop);
}

void
await(struct client *c, size_t n)
{
	c->wanted = n;
	if (frames_in(c) >= n)
		return;
	assert_int_equal(loop_watch(c->f->agent.loop, c->fd, LOOP_READ, on_reply, c), CONSIGN_OK);
	loop_run(c->f->agent.loop);
	loop_unwatch(c->f->agent.loop, c->fd);
}

void
turn(struct fixture *f, unsigned times)
{
	int timer;

	for (unsigned i = 0; i < times; i++) {
		assert_int_equal(loop_once(f->agent.loop, 1, stop, f, &timer), CONSIGN_OK);
		loop_run(f->agent.loop);
	}
}

struct local_reply *
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

struct local_error *
refusal(struct client *c)
{
	struct local_reply *r = reply(c);

	assert_non_null(r->error);
	return r->error;
}

struct local_outgoing *
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

void
ask_send(struct client *c, uint64_t number, size_t n, size_t size)
{
	struct local_outgoing *messages[PUTS_MAX];
	struct local_send send = {.messages = {messages, n}};

	for (size_t i = 0; i < n; i++)
		messages[i] = outgoing(c->f, size);
	ask(c, &(struct local_request){.number = number, .send = &send});
}

void
ask_watch(struct client *c, uint64_t number, const char *name, const char *type, uint32_t window, const char *since)
{
	struct local_watch watch = {.window = window, .content = 1};

	snprintf(watch.subscription, sizeof watch.subscription, "%s", name);
	snprintf(watch.type, sizeof watch.type, "%s", type);
	snprintf(watch.since, sizeof watch.since, "%s", since);
	ask(c, &(struct local_request){.number = number, .watch = &watch});
}

void
ask_ack(struct client *c, const char *name, const char *const *ids, size_t n)
{
	struct local_message_id list[8];
	struct local_ack request = {.ids = {list, n}};

	snprintf(request.subscription, sizeof request.subscription, "%s", name);
	for (size_t i = 0; i < n; i++)
		snprintf(list[i].s, sizeof list[i].s, "%s", ids[i]);
	ask(c, &(struct local_request){.number = 900, .ack = &request});
}

uint32_t
ack(struct client *c, const char *name, const char *const *ids, size_t n)
{
	struct local_reply *r;

	ask_ack(c, name, ids, n);
	r = reply(c);
	assert_non_null(r->ack);
	return r->ack->acked;
}

const char *
id_text(struct fixture *f, const struct consign_id *id)
{
	struct consign_message_id message = message_of(id, 0);
	char *text = arena_alloc(f->arena, CONSIGN_MESSAGE_ID_TEXT_BYTES);

	assert_non_null(text);
	message_id_format(&message, text);
	return text;
}

void
deliver_news(struct fixture *f, const char *type, const char *content, const char **ret_id)
{
	struct consign_id id = deliver_one(f, type, content);

	*ret_id = id_text(f, &id);
	inbox_news(f->agent.inbox);
}

void
assert_event(struct client *c, uint64_t number, const char *content)
{
	struct local_reply *r = reply(c);

	assert_int_equal(r->number, number);
	assert_non_null(r->watch);
	assert_int_equal(r->watch->message->content.len, strlen(content));
	assert_memory_equal(r->watch->message->content.data, content, strlen(content));
}
