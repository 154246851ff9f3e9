/* Both ends of the transport over loopback: who gets in, who does not, and what is cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "core/limits.h"
#include "core/sign.h"
#include "net/guard.h"
#include "net/transport.h"

#define PATIENCE_MS 8000

struct fixture {
	struct transport *transport; /* of the listener: ZAP is one a context */
	struct transport *peers;
	struct loop *loop;
	struct listener *listener;
	struct link *link;
	char endpoint[64];
	struct secret *server, *peer;
	struct consign_public_key server_public, peer_public, admitted;
	struct route route; /* of the last message */
	char text[64];      /* its first frame */
	size_t frames, received, closed, replies, said;
	int link_event; /* -1 none yet */
	bool (*enough)(struct fixture *t);
	bool timed_out;
	bool gone; /* the listener says that the peer is */
};

static bool
admit(void *context, const struct consign_public_key *key)
{
	return memcmp(((struct fixture *)context)->admitted.b, key->b, sizeof key->b) == 0;
}

static void
stop_when_enough(struct fixture *t)
{
	if (t->enough(t))
		loop_stop(t->loop);
}

static void
on_received(void *context, const struct route *route, struct frame *frames, size_t n)
{
	struct fixture *t = context;
	struct consign_slice s = frame_slice(&frames[0]);

	t->route = *route;
	t->frames = n;
	t->received++;
	snprintf(t->text, sizeof t->text, "%.*s", (int)s.len, (const char *)s.data);
	stop_when_enough(t);
}

static void
on_closed(void *context, int fd)
{
	struct fixture *t = context;

	(void)fd;
	t->closed++;
	stop_when_enough(t);
}

static void
on_reply(void *context, struct frame *frames, size_t n)
{
	struct fixture *t = context;

	(void)frames;
	t->replies += n;
	stop_when_enough(t);
}

static void
on_event(void *context, enum link_event event)
{
	struct fixture *t = context;

	if (t->link_event != LINK_REFUSED)
		t->link_event = (int)event;
	stop_when_enough(t);
}

static void
on_late(void *context)
{
	struct fixture *t = context;

	t->timed_out = true;
	loop_stop(t->loop);
}

/* Runs until enough was seen; fails when that takes too long. */
static void
run(struct fixture *t, bool (*enough)(struct fixture *t))
{
	int timer;

	t->enough = enough;
	t->timed_out = false;
	if (enough(t))
		return;
	assert_int_equal(loop_once(t->loop, PATIENCE_MS, on_late, t, &timer), CONSIGN_OK);
	loop_run(t->loop);
	loop_cancel(t->loop, timer);
	assert_false(t->timed_out);
}

/* A port that was free a moment ago. */
static void
choose_endpoint(char endpoint[64])
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	snprintf(endpoint, 64, "tcp://127.0.0.1:%u", ntohs(a.sin_port));
}

static int
setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	assert_int_equal(secret_start(), CONSIGN_OK);
	t->link_event = -1;
	assert_int_equal(loop_new(&t->loop), CONSIGN_OK);
	assert_int_equal(transport_new(1, &t->transport), CONSIGN_OK);
	assert_int_equal(transport_new(1, &t->peers), CONSIGN_OK);
	assert_int_equal(box_keypair(&t->server, &t->server_public), CONSIGN_OK);
	assert_int_equal(box_keypair(&t->peer, &t->peer_public), CONSIGN_OK);
	t->admitted = t->peer_public;
	choose_endpoint(t->endpoint);
	struct listener_options o = {.bind = t->endpoint,
	    .transport_secret = t->server,
	    .transport_public = t->server_public,
	    .admit = admit,
	    .received = on_received,
	    .closed = on_closed,
	    .context = t};

	assert_int_equal(listener_open(t->transport, t->loop, &o, &t->listener), CONSIGN_OK);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	link_close(&t->link);
	listener_close(&t->listener, 0);
	transport_free(&t->peers);
	transport_free(&t->transport);
	loop_free(&t->loop);
	secret_free(&t->server);
	secret_free(&t->peer);
	free(t);
	return 0;
}

static void
dial(struct fixture *t)
{
	struct link_options o = {.endpoint = t->endpoint,
	    .server_public = t->server_public,
	    .transport_secret = t->peer,
	    .transport_public = t->peer_public,
	    .received = on_reply,
	    .event = on_event,
	    .context = t};

	assert_int_equal(link_open(t->peers, t->loop, &o, &t->link), CONSIGN_OK);
}

static bool
has_event(struct fixture *t)
{
	return t->link_event >= 0;
}

static bool
has_received(struct fixture *t)
{
	return t->received > 0;
}

static bool
has_reply(struct fixture *t)
{
	return t->replies > 0;
}

static bool
has_closed(struct fixture *t)
{
	return t->closed > 0;
}

static void
say(struct fixture *t, size_t n)
{
	struct frame frames[4];

	for (size_t i = 0; i < n; i++)
		assert_int_equal(frame_copy(&frames[i], slice_text("hello")), CONSIGN_OK);
	assert_int_equal(link_send(t->link, frames, n), CONSIGN_OK);
}

static void
test_listener_talks_to_an_admitted_key_and_knows_it(void **state)
{
	struct fixture *t = *state;
	struct frame reply[2];
	struct listener_counts counts;

	dial(t);
	run(t, has_event);
	assert_int_equal(t->link_event, LINK_UP);
	say(t, TRANSPORT_FRAMES_MAX);
	run(t, has_received);
	assert_string_equal(t->text, "hello");
	assert_int_equal(t->frames, TRANSPORT_FRAMES_MAX);
	assert_memory_equal(t->route.key.b, t->peer_public.b, 32);
	assert_int_equal(t->route.id[0], 1);
	assert_true(t->route.fd >= 0);
	assert_int_equal(frame_copy(&reply[0], slice_text("welcome")), CONSIGN_OK);
	assert_int_equal(frame_copy(&reply[1], slice_text("")), CONSIGN_OK);
	assert_int_equal(listener_send(t->listener, &t->route, reply, 2), CONSIGN_OK);
	run(t, has_reply);
	assert_int_equal(t->replies, 2);
	listener_counts(t->listener, &counts);
	assert_int_equal(counts.connections, 1);
	assert_int_equal(counts.refused + counts.malformed + counts.squatters, 0);
}

static void
test_listener_refuses_an_unknown_key_and_the_peer_hears_it(void **state)
{
	struct fixture *t = *state;
	struct listener_counts counts;

	t->admitted.b[0] ^= 1;
	dial(t);
	run(t, has_event);
	assert_int_equal(t->link_event, LINK_REFUSED);
	listener_counts(t->listener, &counts);
	assert_int_equal(counts.refused, 1);
	assert_int_equal(t->received, 0);
}

static void
test_listener_is_left_alone_by_who_expects_another_server(void **state)
{
	struct fixture *t = *state;

	t->server_public = t->peer_public;
	dial(t);
	run(t, has_event);
	assert_int_not_equal(t->link_event, LINK_UP);
	assert_int_equal(t->received, 0);
}

static void
test_listener_cuts_off_who_sends_too_many_frames(void **state)
{
	struct fixture *t = *state;
	struct listener_counts counts;

	dial(t);
	run(t, has_event);
	say(t, TRANSPORT_FRAMES_MAX + 1);
	run(t, has_closed);
	assert_int_equal(t->received, 0);
	listener_counts(t->listener, &counts);
	assert_int_equal(counts.malformed, 1);
	assert_int_equal(counts.connections, 0);
}

/* What CURVE puts around a frame: name of the command, nonce, MAC, flags (CurveZMQ, RFC 26). */
#define CURVE_BYTES (8u + 8u + 16u + 1u)

static bool
is_down_or_has_reply(struct fixture *t)
{
	return t->link_event == LINK_DOWN || t->replies > 0;
}

/* To whom the broker is: a ROUTER without our guard, which would cut such a frame before. */
static void
send_frame(void *router, const uint8_t *id, size_t id_len, size_t len)
{
	uint8_t *bytes = calloc(1, len);

	assert_non_null(bytes);
	assert_int_equal(zmq_send(router, id, id_len, ZMQ_SNDMORE), (int)id_len);
	assert_int_equal(zmq_send(router, bytes, len, 0), (int)len);
	free(bytes);
}

/* The largest frame, as it is on the wire; with a byte more libzmq ends the connection. */
static void
test_listener_s_peer_takes_the_largest_frame_and_not_a_byte_more(void **state)
{
	struct fixture *t = *state;
	void *context = zmq_ctx_new(), *router = zmq_socket(context, ZMQ_ROUTER);
	const int yes = 1, none = 0, patience = PATIENCE_MS;
	uint8_t id[8];
	char text[16];

	assert_non_null(router);
	choose_endpoint(t->endpoint);
	assert_int_equal(zmq_setsockopt(router, ZMQ_CURVE_SERVER, &yes, sizeof yes), 0);
	assert_int_equal(zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, t->server->b, 32), 0);
	assert_int_equal(zmq_setsockopt(router, ZMQ_LINGER, &none, sizeof none), 0);
	assert_int_equal(zmq_setsockopt(router, ZMQ_RCVTIMEO, &patience, sizeof patience), 0);
	assert_int_equal(zmq_bind(router, t->endpoint), 0);
	dial(t);
	run(t, has_event);
	say(t, 1);
	int id_len = zmq_recv(router, id, sizeof id, 0);

	assert_true(id_len > 0);
	assert_int_equal(zmq_recv(router, text, sizeof text, 0), 5);
	send_frame(router, id, (size_t)id_len, CONSIGN_FRAME_MAX_BYTES - CURVE_BYTES);
	run(t, is_down_or_has_reply);
	assert_int_equal(t->replies, 1);
	t->replies = 0;
	send_frame(router, id, (size_t)id_len, CONSIGN_FRAME_MAX_BYTES - CURVE_BYTES + 1);
	run(t, is_down_or_has_reply);
	assert_int_equal(t->replies, 0);
	assert_int_equal(t->link_event, LINK_DOWN);
	zmq_close(router);
	zmq_ctx_term(context);
}

static bool
is_gone(struct fixture *t)
{
	return t->gone;
}

/* libzmq forgets a peer a moment after its connection has closed: asked until then, within the patience of run. */
static void
ask_whether_gone(void *context)
{
	struct fixture *t = context;
	struct frame reply;

	assert_int_equal(frame_copy(&reply, slice_text("late")), CONSIGN_OK);
	if (listener_send(t->listener, &t->route, &reply, 1) == CONSIGN_E_UNREACHABLE) {
		t->gone = true;
		loop_stop(t->loop);
	}
}

static void
test_listener_drop_ends_the_connection(void **state)
{
	struct fixture *t = *state;
	int timer;

	dial(t);
	run(t, has_event);
	say(t, 1);
	run(t, has_received);
	listener_drop(t->listener, &t->route);
	run(t, has_closed);
	assert_int_equal(loop_every(t->loop, 5, ask_whether_gone, t, &timer), CONSIGN_OK);
	run(t, is_gone);
	loop_cancel(t->loop, timer);
	assert_true(t->gone);
}

static void
test_listener_does_not_bind_what_is_taken(void **state)
{
	struct fixture *t = *state;
	struct transport *other;
	struct listener *l = NULL;
	struct listener_options o = {.bind = t->endpoint,
	    .transport_secret = t->server,
	    .transport_public = t->server_public,
	    .admit = admit,
	    .received = on_received,
	    .closed = on_closed,
	    .context = t};

	assert_int_equal(transport_new(1, &other), CONSIGN_OK);
	assert_int_equal(listener_open(other, t->loop, &o, &l), CONSIGN_E_CONFIG);
	assert_null(l);
	transport_free(&other);
}

/* Peers that are no link of ours, with a context of their own. */
struct raw {
	void *context, *dealer;
};

static struct raw
raw_dealer(struct fixture *t, bool with_curve)
{
	struct raw r = {.context = zmq_ctx_new()};
	int zero = 0;

	r.dealer = zmq_socket(r.context, ZMQ_DEALER);
	zmq_setsockopt(r.dealer, ZMQ_LINGER, &zero, sizeof zero);
	if (with_curve) {
		assert_int_equal(zmq_setsockopt(r.dealer, ZMQ_CURVE_SERVERKEY, t->server_public.b, 32), 0);
		assert_int_equal(zmq_setsockopt(r.dealer, ZMQ_CURVE_PUBLICKEY, t->peer_public.b, 32), 0);
		assert_int_equal(zmq_setsockopt(r.dealer, ZMQ_CURVE_SECRETKEY, t->peer->b, 32), 0);
	}
	return r;
}

static void
raw_end(struct raw *r)
{
	zmq_close(r->dealer);
	zmq_ctx_term(r->context);
}

static void
raw_hello(struct fixture *t, struct raw *r)
{
	assert_int_equal(zmq_connect(r->dealer, t->endpoint), 0);
	assert_int_equal(zmq_send(r->dealer, "hello", 5, 0), 5);
}

static bool
has_received_or_closed(struct fixture *t)
{
	return t->received > 0 || t->closed > 0;
}

/* Whatever id a peer chooses, it gets the listener's: so nobody can stand where the ROUTER counts up to, which would end the process. */
static void
test_listener_gives_its_own_routing_id_to_who_chooses_one(void **state)
{
	static const char *const chosen[] = {"mine!", "\x01\x02\x03\x04\x05", "a longer one"};
	struct fixture *t = *state;
	uint8_t before[TRANSPORT_ROUTE_BYTES] = {0};

	for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) {
		/* Where threads are kept waiting it may be cut off instead: once is as good as any. */
		for (int tries = 0; tries < 5; tries++) {
			struct raw r = raw_dealer(t, true);

			assert_int_equal(zmq_setsockopt(r.dealer, ZMQ_ROUTING_ID, chosen[i], strlen(chosen[i])), 0);
			t->received = t->closed = 0;
			raw_hello(t, &r);
			run(t, has_received_or_closed);
			raw_end(&r);
			run(t, has_closed);
			if (t->received > 0 && t->route.id[0] == 1)
				break;
		}
		assert_int_equal(t->received, 1);
		assert_int_equal(t->route.id[0], 1);
		assert_memory_not_equal(t->route.id, chosen[i], sizeof t->route.id);
		assert_memory_not_equal(t->route.id, before, sizeof before);
		memcpy(before, t->route.id, sizeof before);
	}
}

static bool
has_cut(struct fixture *t)
{
	struct listener_counts counts;

	listener_counts(t->listener, &counts);
	return counts.cut[GUARD_BEHIND] > 0;
}

static void
say_a_megabyte(void *context)
{
	static uint8_t bytes[1 << 20];
	struct fixture *t = context;
	struct frame frame;

	if (t->said < 200 && !has_cut(t)) {
		assert_int_equal(frame_copy(&frame, slice_of(bytes, sizeof bytes)), CONSIGN_OK);
		if (listener_send(t->listener, &t->route, &frame, 1) == CONSIGN_OK)
			t->said++;
	}
	stop_when_enough(t);
}

static void
test_listener_cuts_off_who_does_not_read(void **state)
{
	struct fixture *t = *state;
	struct raw r = raw_dealer(t, true);
	int one = 1, timer;

	assert_int_equal(zmq_setsockopt(r.dealer, ZMQ_RCVHWM, &one, sizeof one), 0);
	raw_hello(t, &r);
	run(t, has_received);
	assert_int_equal(loop_every(t->loop, 2, say_a_megabyte, t, &timer), CONSIGN_OK);
	run(t, has_cut);
	loop_cancel(t->loop, timer);
	/* More than the budget, and what the two kernels hold, but not all of it. */
	assert_true(t->said > 16 && t->said < 200);
	raw_end(&r);
}

static void
test_listener_refuses_a_peer_without_encryption(void **state)
{
	struct fixture *t = *state;
	struct raw r = raw_dealer(t, false);

	raw_hello(t, &r);
	run(t, has_closed);
	assert_int_equal(t->received, 0);
	raw_end(&r);
}

static void
test_listener_refuses_a_peer_with_a_password(void **state)
{
	struct fixture *t = *state;
	struct raw r = raw_dealer(t, false);

	assert_int_equal(zmq_setsockopt(r.dealer, ZMQ_PLAIN_USERNAME, "acme", 4), 0);
	assert_int_equal(zmq_setsockopt(r.dealer, ZMQ_PLAIN_PASSWORD, "acme", 4), 0);
	raw_hello(t, &r);
	run(t, has_closed);
	assert_int_equal(t->received, 0);
	raw_end(&r);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_listener_##name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(talks_to_an_admitted_key_and_knows_it),
	    CASE(refuses_an_unknown_key_and_the_peer_hears_it),
	    CASE(is_left_alone_by_who_expects_another_server),
	    CASE(cuts_off_who_sends_too_many_frames),
	    CASE(s_peer_takes_the_largest_frame_and_not_a_byte_more),
	    CASE(drop_ends_the_connection),
	    CASE(does_not_bind_what_is_taken),
	    CASE(gives_its_own_routing_id_to_who_chooses_one),
	    CASE(cuts_off_who_does_not_read),
	    CASE(refuses_a_peer_without_encryption),
	    CASE(refuses_a_peer_with_a_password),
	};

	return cmocka_run_group_tests_name("net/listener", tests, NULL, NULL);
}
