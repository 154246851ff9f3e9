/*
 * ZeroMQ under CURVE: the broker's listening side and a peer's side. The only user of zmq.h besides loop.c.
 *
 * Listening: a ROUTER whose ZAP handler is bound first and enforced (without a handler CURVE lets anyone in); every
 * frame carries the transport key that ZAP admitted. Routing ids are the broker's own: a self-chosen one is refused.
 * Peer: a DEALER that never reconnects by itself: the owner does, with backoff, because libzmq gives up for good after
 * a refused handshake and says so to nobody.
 *
 * Threads   a listener or link belongs to the loop it was opened in
 * Source    docs/PROTOCOL.md 7.1
 */
#ifndef NET_TRANSPORT_H
#define NET_TRANSPORT_H

#include <stdbool.h>

#include "core/bytes.h"
#include "core/secret.h"
#include "net/loop.h"

/* One ZeroMQ frame; owns its bytes, which may be those of the socket (no copy). */
struct frame {
	_Alignas(8) unsigned char opaque[64];
};

void frame_init(struct frame *f);
void frame_clear(struct frame *f);
struct consign_slice frame_slice(struct frame *f); /* lends until clear, send or move */
CONSIGN_MUST_CHECK enum consign_err frame_copy(struct frame *f, struct consign_slice s);
/* Takes the buffer's memory without copying; b is empty afterwards. */
CONSIGN_MUST_CHECK enum consign_err frame_take(struct frame *f, struct buf *b);
void frame_move(struct frame *to, struct frame *from);
/* Two frames with the same bytes, which live as long as one of them; nobody may write to them. */
void frame_share(struct frame *to, struct frame *from);

#define TRANSPORT_ROUTE_BYTES 5u

struct transport; /* a ZeroMQ context */

CONSIGN_MUST_CHECK enum consign_err transport_new(int io_threads, struct transport **ret_transport);
void transport_free(struct transport **transport);

/* Where a frame came from. */
struct route {
	uint8_t id[TRANSPORT_ROUTE_BYTES];
	struct consign_public_key key; /* the transport key that ZAP admitted */
	int fd;                        /* of the connection, for listener_drop; -1 unknown */
	uint64_t connection;           /* which one that was: fd may be another's by now */
};

struct listener;
struct listener_options {
	const char *bind; /* tcp://host:port */
	const struct secret *transport_secret;
	struct consign_public_key transport_public;
	/* Whether this transport key may connect now. */
	bool (*admit)(void *context, const struct consign_public_key *key);
	/* A message; takes the frames it wants by frame_move, the rest are cleared. n is 1 to 3. */
	void (*received)(void *context, const struct route *route, struct frame *frames, size_t n);
	/* After a round of received messages: what was gathered may go on. May be NULL. */
	void (*round)(void *context);
	/* A connection ended; every session with this fd is gone. */
	void (*closed)(void *context, int fd);
	void *context;
};

/* Errors: CONFIG (cannot bind: address in use or not ours), NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err listener_open(struct transport *t, struct loop *loop, const struct listener_options *options,
    struct listener **ret_listener);
void listener_close(struct listener **listener, int linger_ms);
/* Moves the frames out. Errors: FULL (its queue is at the high-water mark), UNREACHABLE (it is gone) */
CONSIGN_MUST_CHECK enum consign_err listener_send(struct listener *l, const struct route *route, struct frame *frames, size_t n);
/* Cuts a connection; libzmq has no such call, shutdown(2) on its fd does it in milliseconds. */
void listener_drop(struct listener *l, const struct route *route);
#define LISTENER_CUT_REASONS 5
/* Connections refused by ZAP, malformed multiparts, self-chosen ids, since the start. */
struct listener_counts {
	uint64_t refused;
	uint64_t malformed;
	uint64_t squatters;
	uint64_t not_accepted; /* out of files */
	uint64_t connections; /* open now */
	uint64_t strangers;   /* of them, that have not said anything yet */
	uint64_t cut[LISTENER_CUT_REASONS]; /* by the guard, by reason (guard_reason_text) */
};
void listener_counts(const struct listener *l, struct listener_counts *ret_counts);

struct link;
enum link_event {
	LINK_UP,       /* the handshake succeeded */
	LINK_REFUSED,  /* the broker's ZAP does not admit our key, or is not the broker whose key we hold */
	LINK_DOWN,     /* the connection ended or could not be made */
};
struct link_options {
	const char *endpoint;
	struct consign_public_key server_public;
	const struct secret *transport_secret;
	struct consign_public_key transport_public;
	const char *socks_proxy; /* host:port; NULL none */
	void (*received)(void *context, struct frame *frames, size_t n);
	void (*round)(void *context); /* may be NULL */
	void (*event)(void *context, enum link_event event);
	void *context;
};

CONSIGN_MUST_CHECK enum consign_err link_open(struct transport *t, struct loop *loop, const struct link_options *options, struct link **ret_link);
void link_close(struct link **link);
CONSIGN_MUST_CHECK enum consign_err link_send(struct link *l, struct frame *frames, size_t n);

#endif
