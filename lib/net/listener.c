/*
 * The broker's side: ROUTER, ZAP, and a monitor that tells of ended connections. One round reads a bounded number of
 * messages, so that timers and commits get their turn under load.
 */
#include "net/transport_private.h"

#include "net/guard.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "core/limits.h"
#include "core/sign.h"
#include "core/text.h"

#define MESSAGES_A_ROUND 256
#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_DOMAIN "consign"
#define ZAP_FRAMES 9 /* of a request, with the two that a ROUTER puts in front */
#define ZAP_HEAD 4   /* that an answer has too: those two, version and request id */
#define ZAP_DELAY_MS 2
/* Routing ids: this byte, then a number. libzmq's own begin with zero; one is made when its thread was kept from running for ZAP_DELAY_MS. */
#define ROUTE_FIRST_BYTE 1
#define ROUTE_PROPERTY "\10Identity\0\0\0\5"
#define FILES_RESERVED 128u
/* The guard cuts first, and counts it; libzmq would not. */
#define HANDSHAKE_MS 15000
/* From a cut until libzmq has freed what it had of the connection. */
#define TRIM_AFTER_US 250000u
_Static_assert(TRANSPORT_ROUTE_BYTES == 5, "as ROUTE_PROPERTY says");
_Static_assert(LISTENER_CUT_REASONS == GUARD_REASONS, "counts of the guard fit");
/* A draft constant of libzmq 4.3 (src/zmq_draft.h), honoured by the packaged library: a ZAP domain must be handled. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

struct listener {
	struct transport *transport;
	struct loop *loop;
	struct listener_options options;
	void *router;
	void *zap;
	void *monitor;
	struct listener_counts counts;
	struct guard_limits limits;
	struct guard *guard;
	struct guard_io guard_io;
	int look;         /* timer; -1 none */
	bool is_drained;  /* since the last look, at some time */
	struct admission *admissions, **admissions_end; /* asked for, not answered; the oldest first */
	int admitting;    /* timer; -1 none */
	uint32_t next_route;
	uint64_t trim_us; /* when memory is given back; 0: nothing to give */
};

/*
 * An admission is answered a moment after it was asked for, with the routing id that the connection is to have. libzmq takes the id of
 * the answer over the one that the peer chose, when it reads the answer after the peer's metadata; an answer at once could be read before.
 * Chosen ids would be in the way: when the ROUTER counts up to one that is taken, libzmq ends the process. On a machine that is slow to
 * schedule, an answer may come too early all the same: then an honest peer has an id that the ROUTER made, and one that chose an id stands
 * somewhere in 2^32 numbers of which the ROUTER uses few, from a random one on. Neither is told its id.
 */
struct admission {
	struct admission *next;
	zmq_msg_t part[ZAP_FRAMES]; /* as read; the first four go back */
	uint64_t due_us;
	struct consign_public_key key;
	bool is_admitted;
};

static void
free_admission(struct admission *a)
{
	for (size_t i = 0; i < ZAP_FRAMES; i++)
		zmq_msg_close(&a->part[i]);
	free(a);
}

/* The metadata of RFC 27: name, length (4 bytes), value. */
static size_t
put_route(struct listener *l, uint8_t ret_metadata[sizeof ROUTE_PROPERTY - 1 + TRANSPORT_ROUTE_BYTES])
{
	memcpy(ret_metadata, ROUTE_PROPERTY, sizeof ROUTE_PROPERTY - 1);
	ret_metadata[sizeof ROUTE_PROPERTY - 1] = ROUTE_FIRST_BYTE;
	be32_store(ret_metadata + sizeof ROUTE_PROPERTY, l->next_route++);
	return sizeof ROUTE_PROPERTY - 1 + TRANSPORT_ROUTE_BYTES;
}

static void
answer(struct listener *l, struct admission *a)
{
	struct buf user = {0};
	uint8_t metadata[sizeof ROUTE_PROPERTY - 1 + TRANSPORT_ROUTE_BYTES];
	size_t n = 0;
	const char *status = a->is_admitted ? "200" : "400";
	const char *text = a->is_admitted ? "OK" : "not admitted";

	if (a->is_admitted && hex_format(SLICE_ARRAY(a->key.b), &user) != CONSIGN_OK) {
		status = "300"; /* out of memory: the peer may try again */
		text = "try again";
	} else if (a->is_admitted) {
		n = put_route(l, metadata);
	}
	for (size_t i = 0; i < ZAP_HEAD; i++)
		zmq_msg_send(&a->part[i], l->zap, ZMQ_SNDMORE);
	zmq_send(l->zap, status, 3, ZMQ_SNDMORE);
	zmq_send(l->zap, text, strlen(text), ZMQ_SNDMORE);
	zmq_send(l->zap, user.data, user.len, ZMQ_SNDMORE);
	zmq_send(l->zap, metadata, n, 0);
	buf_clear(&user);
}

static void
on_due(void *context)
{
	struct listener *l = context;
	uint64_t now = clock_steady_us(clock_system());

	l->admitting = -1;
	while (l->admissions != NULL && l->admissions->due_us <= now) {
		struct admission *a = l->admissions;

		l->admissions = a->next;
		if (l->admissions == NULL)
			l->admissions_end = &l->admissions;
		answer(l, a);
		free_admission(a);
	}
	/* Without a timer the rest is answered with the next that asks; until then libzmq gives them up after HANDSHAKE_MS. */
	if (l->admissions != NULL && loop_once(l->loop, ZAP_DELAY_MS, on_due, l, &l->admitting) != CONSIGN_OK)
		l->admitting = -1;
}

static bool
is_frame(zmq_msg_t *m, const char *text)
{
	return zmq_msg_size(m) == strlen(text) && memcmp(zmq_msg_data(m), text, strlen(text)) == 0;
}

/* A ROUTER's two frames, then RFC 27 (ZAP): version, request id, domain, address, routing id, mechanism, one credential for CURVE. */
static bool
read_admission(struct listener *l, struct admission *a)
{
	size_t n = 0;
	bool more = true;

	for (size_t i = 0; i < ZAP_FRAMES; i++)
		zmq_msg_init(&a->part[i]);
	for (; more && n < ZAP_FRAMES; n++) {
		if (zmq_msg_recv(&a->part[n], l->zap, ZMQ_DONTWAIT) < 0)
			return false;
		more = zmq_msg_more(&a->part[n]);
	}
	if (n == ZAP_FRAMES && !more && is_frame(&a->part[2], "1.0") && is_frame(&a->part[4], ZAP_DOMAIN) && is_frame(&a->part[7], "CURVE")
	    && zmq_msg_size(&a->part[8]) == sizeof a->key.b) {
		memcpy(a->key.b, zmq_msg_data(&a->part[8]), sizeof a->key.b);
		a->is_admitted = l->options.admit(l->options.context, &a->key);
	}
	return true;
}

static void
on_zap(void *context)
{
	struct listener *l = context;
	struct admission *a;

	while ((a = calloc(1, sizeof *a)) != NULL) {
		if (!read_admission(l, a)) {
			free_admission(a);
			break;
		}
		if (!a->is_admitted)
			l->counts.refused++;
		a->due_us = clock_steady_us(clock_system()) + ZAP_DELAY_MS * 1000;
		*l->admissions_end = a;
		l->admissions_end = &a->next;
	}
	if (l->admissions != NULL && l->admitting < 0 && loop_once(l->loop, ZAP_DELAY_MS, on_due, l, &l->admitting) != CONSIGN_OK)
		l->admitting = -1;
}

/* Whether the metadata and the routing id are those of a connection that ZAP let in and we numbered. */
static bool
read_route(struct listener *l, zmq_msg_t *id, zmq_msg_t *body, struct route *ret_route)
{
	const char *user = zmq_msg_gets(body, "User-Id");
	struct buf key = {0};
	bool ok = false;

	if (zmq_msg_size(id) != TRANSPORT_ROUTE_BYTES || *(const uint8_t *)zmq_msg_data(id) > ROUTE_FIRST_BYTE) {
		l->counts.squatters++;
		goto out;
	}
	if (user == NULL || hex_parse(user, &key) != CONSIGN_OK || key.len != sizeof ret_route->key.b) {
		l->counts.malformed++;
		goto out;
	}
	memcpy(ret_route->id, zmq_msg_data(id), TRANSPORT_ROUTE_BYTES);
	memcpy(ret_route->key.b, key.data, sizeof ret_route->key.b);
	ret_route->fd = zmq_msg_get(body, ZMQ_SRCFD);
	ret_route->connection = guard_connection(l->guard, ret_route->fd);
	ok = true;
out:
	buf_clear(&key);
	/* What is not read, for want of memory too, ends its connection: else its sender would wait for an answer for ever. */
	int fd = ok ? -1 : zmq_msg_get(body, ZMQ_SRCFD);

	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
	return ok;
}

static void
on_monitor(void *context)
{
	struct listener *l = context;
	uint16_t event;
	uint32_t value;

	while (transport_monitor_read(l->monitor, &event, &value)) {
		if (event == ZMQ_EVENT_ACCEPT_FAILED)
			l->counts.not_accepted++;
		if (event == ZMQ_EVENT_ACCEPTED)
			guard_accepted(l->guard, (int)value);
		if (event == ZMQ_EVENT_DISCONNECTED) {
			guard_closed(l->guard, (int)value);
			l->options.closed(l->options.context, (int)value);
		}
	}
}

/* Reads one multipart; false when there is none. More frames than the grammar knows: read away, counted, refused. */
static bool
receive_one(struct listener *l)
{
	zmq_msg_t id;
	struct frame frames[TRANSPORT_FRAMES_MAX];
	bool too_many;

	zmq_msg_init(&id);
	if (zmq_msg_recv(&id, l->router, ZMQ_DONTWAIT) < 0) {
		zmq_msg_close(&id);
		return false;
	}
	uint64_t wire_bytes;
	size_t n = transport_read(l->router, zmq_msg_more(&id), frames, &too_many, &wire_bytes);
	struct route route;

	/* What came to an end before this was said is told first: its descriptor may be this connection's now. */
	if (n > 0)
		on_monitor(l);
	if (n > 0)
		guard_read(l->guard, zmq_msg_get(frame_message(&frames[0]), ZMQ_SRCFD), wire_bytes);

	if (n > 0 && read_route(l, &id, frame_message(&frames[0]), &route)) {
		guard_is_of(l->guard, route.fd, route.key.b);
		if (too_many) {
			l->counts.malformed++;
			listener_drop(l, &route);
		} else {
			for (size_t i = 0; i < n; i++)
				frame_received(&frames[i]);
			l->options.received(l->options.context, &route, frames, n);
		}
	}
	for (size_t i = 0; i < n; i++)
		frame_clear(&frames[i]);
	zmq_msg_close(&id);
	return true;
}

static uint64_t
floods(const struct listener *l)
{
	struct guard_counts counts;

	guard_counts(l->guard, &counts);
	return counts.cut[GUARD_BEFORE] + counts.cut[GUARD_AHEAD] + counts.cut[GUARD_BEHIND];
}

/* Many small pieces freed stay with the process, which then looks as if the flood had never ended. */
static void
give_back(struct listener *l, bool has_cut)
{
	uint64_t now = clock_steady_us(clock_system());

	if (l->trim_us != 0 && now >= l->trim_us) {
		malloc_trim(0);
		l->trim_us = 0;
	}
	if (has_cut && l->trim_us == 0)
		l->trim_us = now + TRIM_AFTER_US;
}

static void
on_look(void *context)
{
	struct listener *l = context;
	uint64_t before = floods(l);
	int events = ZMQ_POLLIN;
	size_t size = sizeof events;

	l->look = -1;
	if (zmq_getsockopt(l->router, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) == 0)
		l->is_drained = true;
	guard_look(l->guard, l->is_drained);
	l->is_drained = false;
	give_back(l, floods(l) > before);
	/* Without a timer nobody would be cut off any more, so it is asked for again with the next message: see on_router. */
	if (loop_once(l->loop, guard_interval_ms(l->guard), on_look, l, &l->look) != CONSIGN_OK)
		l->look = -1;
}

static void
on_router(void *context)
{
	struct listener *l = context;

	for (int i = 0; i < MESSAGES_A_ROUND; i++)
		if (!receive_one(l)) {
			l->is_drained = true;
			break;
		}
	if (l->look < 0)
		on_look(l);
	if (l->options.round != NULL)
		l->options.round(l->options.context);
}

static bool
set_options(void *router, const struct listener_options *o)
{
	int64_t max = CONSIGN_FRAME_MAX_BYTES;

	return transport_set_int(router, ZMQ_LINGER, 0) && transport_set_int(router, ZMQ_ROUTER_MANDATORY, 1)
	    && transport_set_int(router, ZMQ_SNDHWM, 8192) && transport_set_int(router, ZMQ_RCVHWM, 1024) && transport_set_int(router, ZMQ_IPV6, 1)
	    && transport_set_int(router, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) && transport_set_int(router, ZMQ_TCP_KEEPALIVE, 1)
	    && transport_set_int(router, ZMQ_TCP_KEEPALIVE_IDLE, 60) && transport_set_int(router, ZMQ_BACKLOG, 1024)
	    && zmq_setsockopt(router, ZMQ_MAXMSGSIZE, &max, sizeof max) == 0
	    && zmq_setsockopt(router, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) == 0
	    && transport_set_int(router, ZMQ_ZAP_ENFORCE_DOMAIN, 1) && transport_set_int(router, ZMQ_CURVE_SERVER, 1)
	    && zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, o->transport_secret->b, 32) == 0;
}

/* At EMFILE libzmq spins: so there are always descriptors left for stores, logs and whatever else is opened. */
static void
limit_connections(struct guard_limits *limits)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
		return;
	rlim_t most = files.rlim_cur > 2 * FILES_RESERVED ? files.rlim_cur - FILES_RESERVED : files.rlim_cur / 2;

	if (most < limits->connections)
		limits->connections = (uint32_t)most;
}

enum consign_err
listener_open(struct transport *t, struct loop *loop, const struct listener_options *options, struct listener **ret_listener)
{
	struct listener *l = calloc(1, sizeof *l);
	enum consign_err err = CONSIGN_E_NO_MEMORY;

	if (l == NULL)
		return CONSIGN_E_NO_MEMORY;
	l->transport = t;
	l->loop = loop;
	l->options = *options;
	l->look = l->admitting = -1;
	l->admissions_end = &l->admissions;
	random_bytes(&l->next_route, sizeof l->next_route);
	l->limits = guard_defaults;
	limit_connections(&l->limits);
	guard_tcp_open(&l->guard_io);
	if (guard_new(&l->limits, &l->guard_io, clock_system(), &l->guard) != CONSIGN_OK)
		goto fail;
	/* The handler first: between a bound socket and a bound handler, anyone would be let in. */
	l->zap = zmq_socket(t->zmq, ZMQ_ROUTER);
	if (l->zap == NULL || zmq_bind(l->zap, ZAP_ENDPOINT) != 0)
		goto fail;
	unsigned seed;

	/* The ROUTER counts its own ids from rand(): from nowhere that a peer could know, should it ever make one. */
	random_bytes(&seed, sizeof seed);
	srand(seed);
	l->router = zmq_socket(t->zmq, ZMQ_ROUTER);
	if (l->router == NULL || !set_options(l->router, options))
		goto fail;
	l->monitor = transport_monitor(t, l->router, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_DISCONNECTED);
	if (l->monitor == NULL)
		goto fail;
	if (zmq_bind(l->router, options->bind) != 0) {
		err = CONSIGN_E_CONFIG;
		goto fail;
	}
	err = loop_watch_socket(loop, l->zap, on_zap, l);
	if (err == CONSIGN_OK)
		err = loop_watch_socket(loop, l->router, on_router, l);
	if (err == CONSIGN_OK)
		err = loop_watch_socket(loop, l->monitor, on_monitor, l);
	if (err == CONSIGN_OK)
		err = loop_once(loop, guard_interval_ms(l->guard), on_look, l, &l->look);
	if (err != CONSIGN_OK)
		goto fail;
	*ret_listener = l;
	return CONSIGN_OK;
fail:
	listener_close(&l, 0);
	return err;
}

void
listener_close(struct listener **listener, int linger_ms)
{
	struct listener *l = *listener;

	if (l == NULL)
		return;
	if (l->monitor != NULL) {
		loop_unwatch_socket(l->loop, l->monitor);
		zmq_socket_monitor(l->router, NULL, 0);
		zmq_close(l->monitor);
	}
	if (l->router != NULL) {
		loop_unwatch_socket(l->loop, l->router);
		transport_set_int(l->router, ZMQ_LINGER, linger_ms);
		zmq_close(l->router);
	}
	if (l->zap != NULL) {
		loop_unwatch_socket(l->loop, l->zap);
		transport_set_int(l->zap, ZMQ_LINGER, 0);
		zmq_close(l->zap);
	}
	if (l->look >= 0)
		loop_cancel(l->loop, l->look);
	if (l->admitting >= 0)
		loop_cancel(l->loop, l->admitting);
	while (l->admissions != NULL) {
		struct admission *a = l->admissions;

		l->admissions = a->next;
		free_admission(a);
	}
	guard_free(&l->guard);
	guard_tcp_close(&l->guard_io);
	free(l);
	*listener = NULL;
}

enum consign_err
listener_send(struct listener *l, const struct route *route, struct frame *frames, size_t n)
{
	enum consign_err err = CONSIGN_OK;

	/* With ROUTER_MANDATORY the verdict falls on the routing id; the frames behind it follow without failing. */
	if (zmq_send(l->router, route->id, sizeof route->id, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
		err = errno == EAGAIN ? CONSIGN_E_FULL : CONSIGN_E_UNREACHABLE;
		goto out;
	}
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += guard_wire_bytes(zmq_msg_size(frame_message(&frames[i])));
	guard_said(l->guard, route->fd, bytes);
	for (size_t i = 0; i < n; i++)
		if (zmq_msg_send(frame_message(&frames[i]), l->router, ZMQ_DONTWAIT | (i + 1 < n ? ZMQ_SNDMORE : 0)) < 0)
			err = CONSIGN_E_UNREACHABLE;
out:
	for (size_t i = 0; i < n; i++)
		frame_clear(&frames[i]);
	return err;
}

void
listener_drop(struct listener *l, const struct route *route)
{
	/* What is said by who has gone already has no connection any more; its descriptor is nobody's, or another's. */
	if (route->fd >= 0 && route->connection != 0 && guard_connection(l->guard, route->fd) == route->connection)
		shutdown(route->fd, SHUT_RDWR);
}

void
listener_counts(const struct listener *l, struct listener_counts *ret_counts)
{
	struct guard_counts guarded;

	guard_counts(l->guard, &guarded);
	*ret_counts = l->counts;
	ret_counts->connections = guarded.connections;
	ret_counts->strangers = guarded.strangers;
	for (size_t i = 0; i < GUARD_REASONS; i++)
		ret_counts->cut[i] = guarded.cut[i];
}
