/* A peer's side: one DEALER for one connection. When it ends, the owner closes it and opens another. */
#include "net/transport_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

#define MESSAGES_A_ROUND 256
/* Of large ones, fewer: who reads what they bring has a turn before the next. */
#define BYTES_A_ROUND (512u * 1024u)
/*
 * "Never", as far as a link lives: its owner closes it when the connection ends. Not -1, and not with ZMQ_IMMEDIATE: both
 * make libzmq 4.3.4 take the pipe away at once when the peer dies, and between two frames of a message that is an
 * assertion in the next receive (fq.cpp), which ends the process.
 */
#define NEVER_MS (3600 * 1000)

struct link {
	struct loop *loop;
	struct link_options options;
	void *dealer;
	void *monitor;
};

/* True: there was a message. bytes grows by what it took on the wire. */
static bool
receive_one(struct link *l, uint64_t *bytes)
{
	struct frame frames[TRANSPORT_FRAMES_MAX];
	bool too_many;
	uint64_t wire_bytes;
	size_t n = transport_read(l->dealer, true, frames, &too_many, &wire_bytes);

	*bytes += wire_bytes;
	for (size_t i = 0; i < n; i++)
		frame_received(&frames[i]);
	if (n > 0 && !too_many)
		l->options.received(l->options.context, frames, n);
	for (size_t i = 0; i < n; i++)
		frame_clear(&frames[i]);
	return n > 0;
}

/* A handler must not close the link it is called for (it would still be read here): owners close in a later turn. */
static void
on_dealer(void *context)
{
	struct link *l = context;

	uint64_t bytes = 0;

	for (int i = 0; i < MESSAGES_A_ROUND && bytes < BYTES_A_ROUND; i++)
		if (!receive_one(l, &bytes))
			break;
	if (l->options.round != NULL)
		l->options.round(l->options.context);
}

static void
on_monitor(void *context)
{
	struct link *l = context;
	uint16_t event;
	uint32_t value;
	bool up = false, refused = false, down = false;

	while (transport_monitor_read(l->monitor, &event, &value)) {
		if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
			up = true;
		if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH || event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
			refused = true;
		if (event == ZMQ_EVENT_DISCONNECTED || event == ZMQ_EVENT_CLOSED || event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
		    || event == ZMQ_EVENT_CONNECT_RETRIED)
			down = true;
	}
	if (refused)
		l->options.event(l->options.context, LINK_REFUSED);
	else if (down)
		l->options.event(l->options.context, LINK_DOWN);
	else if (up)
		l->options.event(l->options.context, LINK_UP);
}

static bool
set_options(void *dealer, const struct link_options *o)
{
	int64_t max = CONSIGN_FRAME_MAX_BYTES;

	return transport_set_int(dealer, ZMQ_LINGER, 0) && transport_set_int(dealer, ZMQ_SNDHWM, 8192) && transport_set_int(dealer, ZMQ_RCVHWM, 8192)
	    && transport_set_int(dealer, ZMQ_IPV6, 1) && transport_set_int(dealer, ZMQ_RECONNECT_IVL, NEVER_MS)
	    && transport_set_int(dealer, ZMQ_HANDSHAKE_IVL, 10000) && transport_set_int(dealer, ZMQ_TCP_KEEPALIVE, 1)
	    && transport_set_int(dealer, ZMQ_TCP_KEEPALIVE_IDLE, 60) && zmq_setsockopt(dealer, ZMQ_MAXMSGSIZE, &max, sizeof max) == 0
	    && zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, o->server_public.b, 32) == 0
	    && zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, o->transport_public.b, 32) == 0
	    && zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, o->transport_secret->b, 32) == 0
	    && (o->socks_proxy == NULL || zmq_setsockopt(dealer, ZMQ_SOCKS_PROXY, o->socks_proxy, strlen(o->socks_proxy)) == 0);
}

enum consign_err
link_open(struct transport *t, struct loop *loop, const struct link_options *options, struct link **ret_link)
{
	struct link *l = calloc(1, sizeof *l);
	enum consign_err err = CONSIGN_E_NO_MEMORY;

	if (l == NULL)
		return CONSIGN_E_NO_MEMORY;
	l->loop = loop;
	l->options = *options;
	l->dealer = zmq_socket(t->zmq, ZMQ_DEALER);
	if (l->dealer == NULL || !set_options(l->dealer, options))
		goto fail;
	l->monitor = transport_monitor(t, l->dealer, ZMQ_EVENT_ALL);
	if (l->monitor == NULL)
		goto fail;
	if (zmq_connect(l->dealer, options->endpoint) != 0) {
		err = CONSIGN_E_CONFIG;
		goto fail;
	}
	err = loop_watch_socket(loop, l->dealer, on_dealer, l);
	if (err == CONSIGN_OK)
		err = loop_watch_socket(loop, l->monitor, on_monitor, l);
	if (err != CONSIGN_OK)
		goto fail;
	*ret_link = l;
	return CONSIGN_OK;
fail:
	link_close(&l);
	return err;
}

void
link_close(struct link **link)
{
	struct link *l = *link;

	if (l == NULL)
		return;
	if (l->monitor != NULL) {
		loop_unwatch_socket(l->loop, l->monitor);
		zmq_socket_monitor(l->dealer, NULL, 0);
		zmq_close(l->monitor);
	}
	if (l->dealer != NULL) {
		loop_unwatch_socket(l->loop, l->dealer);
		zmq_close(l->dealer);
	}
	free(l);
	*link = NULL;
}

enum consign_err
link_send(struct link *l, struct frame *frames, size_t n)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; i < n; i++)
		if (zmq_msg_send(frame_message(&frames[i]), l->dealer, ZMQ_DONTWAIT | (i + 1 < n ? ZMQ_SNDMORE : 0)) < 0) {
			err = errno == EAGAIN ? CONSIGN_E_FULL : CONSIGN_E_UNREACHABLE;
			break;
		}
	for (size_t i = 0; i < n; i++)
		frame_clear(&frames[i]);
	return err;
}
