/*
 * A peer with an admitted key that chooses its routing id, in the form in which libzmq's ROUTER makes them: a zero byte and a
 * number that counts connections. It bypasses lib/net, which has no such option.
 *
 * What it must not get: another's session, or a word of one. What it must not do: stand in the way of connections that come
 * later. libzmq ends the process when a number that it gives out is taken already.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "hostile.h"

#define ROUTES_MAX 256
#define PATIENCE_MS 500
#define CONNECTIONS_AFTER 40

static void *
connect_as(void *context, const struct live_member *m, const uint8_t id[5])
{
	void *dealer = zmq_socket(context, ZMQ_DEALER);
	struct consign_public_key public;
	int never = 3600 * 1000, none = 0;

	box_public(m->transport, &public);
	if (dealer != NULL &&
	    (zmq_setsockopt(dealer, ZMQ_ROUTING_ID, id, 5) != 0 || zmq_setsockopt(dealer, ZMQ_LINGER, &none, sizeof none) != 0 ||
		zmq_setsockopt(dealer, ZMQ_RECONNECT_IVL, &never, sizeof never) != 0 ||
		zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, m->broker_key.b, 32) != 0 ||
		zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, public.b, 32) != 0 ||
		zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, m->transport->b, 32) != 0 || zmq_connect(dealer, m->endpoint) != 0)) {
		zmq_close(dealer);
		return NULL;
	}
	return dealer;
}

/* Half of them say `open`; the others are silent. What they hear back may be a challenge or a bye: it is for who asked. */
static unsigned
speak_and_listen(struct liar *l, void *const *dealers, unsigned n)
{
	uint32_t version = 1;
	struct session_open open = {.versions = {&version, 1}, .hub_id = l->m->agent.hub_id};
	struct buf bytes = {0};
	unsigned overheard = 0;
	char said[65536];

	if (step(l, session_command_encode(&(struct session_command){.open = &open}, &bytes), "an open"))
		for (unsigned i = 0; i < n; i += 2)
			zmq_send(dealers[i], bytes.data, bytes.len, ZMQ_DONTWAIT);
	(void)poll(NULL, 0, PATIENCE_MS);
	for (unsigned i = 0; i < n; i++) {
		int len, heard = 0;

		while ((len = zmq_recv(dealers[i], said, sizeof said, ZMQ_DONTWAIT)) >= 0) {
			struct arena *arena = NULL;
			struct session_command *c;

			if (arena_new(1 << 20, &arena) != CONSIGN_OK ||
			    session_command_decode(slice_of(said, (size_t)len), arena, &c) != CONSIGN_OK ||
			    (c->challenge == NULL && c->bye == NULL) || ++heard > 2 || i % 2 == 1)
				overheard++;
			arena_free(&arena);
		}
	}
	buf_clear(&bytes);
	return overheard;
}

void
hostile_routes(struct liar *l, int argc, char **argv)
{
	uint32_t base = (uint32_t)strtoul(argv[0], NULL, 16);
	unsigned n = (unsigned)atoi(argv[1]), made = 0, overheard;
	void *dealers[ROUTES_MAX], *context = zmq_ctx_new();

	(void)argc;
	l->lie = "routing ids of its own choice";
	for (; context != NULL && made < n && made < ROUTES_MAX; made++) {
		uint8_t id[5];

		id[0] = 0;
		be32_store(id + 1, base + made);
		dealers[made] = connect_as(context, l->m, id);
		if (dealers[made] == NULL)
			break;
	}
	if (made < n)
		tell_wrong(l, "only %u connections were made", made);
	overheard = speak_and_listen(l, dealers, made);
	if (overheard > 0)
		tell_wrong(l, "%u commands came that nobody had asked for", overheard);
	/* Those that come now get the numbers that were chosen, if numbers are what is given out. */
	for (unsigned i = 0; i < CONNECTIONS_AFTER; i++)
		if (!step(l, member_greet(l->m), "an honest session"))
			break;
	if (l->wrong == 0)
		tell_ok(l, "nothing of another's, and nobody is in the way");
	for (unsigned i = 0; i < made; i++)
		zmq_close(dealers[i]);
	if (context != NULL)
		zmq_ctx_term(context);
}
