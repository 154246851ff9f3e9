/*
 * The connection guard: what a connection may cost before it has proven itself, and after.
 *
 * libzmq takes in whatever comes: frames of a message that never ends are kept until its end, a handshake may take for ever,
 * and a thousand strangers may knock at once. It also keeps whatever is said to a peer that does not read. So each connection's
 * bytes received by the kernel (TCP_INFO) are compared with what has been read of it, and what was said to it with what it has
 * acknowledged, every few milliseconds; who is over a budget is cut off, and what the kernel still has of it is thrown away. It
 * decides nothing else: who may connect is ZAP's, what may be said is the session's.
 *
 * A connection is a stranger until its first message was read: only then is it known that ZAP admitted it, and whose it is. What
 * a member may be ahead, and how many connections it may have, is counted over all of them.
 *
 * Threads   the loop's
 * Source    docs/PROTOCOL.md 7.1, docs/THREATS.md
 */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "consign/error.h"
#include "core/clock.h"

enum guard_reason {
	GUARD_CROWD,   /* too many strangers, or connections, at once */
	GUARD_BEFORE,  /* a stranger sent more than a greeting, handshake and first message take */
	GUARD_SLOW,    /* a stranger took too long over it */
	GUARD_AHEAD,   /* sent more than its windows allow, or more than a message has without the end of one */
	GUARD_BEHIND,  /* does not read what it asked for */
	GUARD_REASONS
};
const char *guard_reason_text(enum guard_reason reason);

struct guard_limits {
	uint32_t connections;     /* at once */
	uint32_t strangers;       /* of them */
	uint64_t stranger_bytes;  /* of one */
	uint64_t stranger_us;     /* from accept to first message */
	uint32_t member_connections; /* of one member; the oldest goes */
	uint64_t ahead_bytes;     /* received and not read, of one, and of all of one member */
	uint64_t behind_bytes;    /* said and not acknowledged, of one */
	uint64_t message_bytes;   /* of one, that libzmq has and cannot give us, because their message has no end yet */
	uint64_t ahead_all_bytes; /* of all together: the largest goes */
};
extern const struct guard_limits guard_defaults;

/* The kernel's side, given in. received: false when the connection is gone. */
struct guard_io {
	bool (*received)(void *context, int fd, uint64_t *ret_bytes);
	bool (*queued)(void *context, int fd, uint64_t *ret_bytes); /* of them, that libzmq has not taken yet */
	bool (*acked)(void *context, int fd, uint64_t *ret_bytes);  /* of what was sent, by the peer's kernel */
	void (*cut)(void *context, int fd);
	/*
	 * Which connections the kernel has received something of since it was asked last: at most max of them; called until it gives fewer.
	 * Both NULL: any may have. watch: a connection came; false: it cannot be told of it.
	 */
	size_t (*changed)(void *context, int *ret_fds, size_t max);
	bool (*watch)(void *context, int fd);
	void *context;
};
/* Of the kernel's sockets; its context is this one's. Without an epoll every look asks about each connection. */
void guard_tcp_open(struct guard_io *ret_io);
void guard_tcp_close(struct guard_io *io);

struct guard;
/* limits, clock borrowed for as long as it lives. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err guard_new(
    const struct guard_limits *limits, const struct guard_io *io, const struct consign_clock *clock, struct guard **ret_guard);
void guard_free(struct guard **guard);

/* A connection came; it may be cut at once. Without memory for it, it is. */
void guard_accepted(struct guard *g, int fd);
/* `bytes` of it, on the wire, were read as whole messages. The first make it no stranger any more. */
void guard_read(struct guard *g, int fd, uint64_t bytes);
/* Whose it is: the key that ZAP admitted, 32 bytes. After guard_read; again and again does no harm. */
void guard_is_of(struct guard *g, int fd, const uint8_t key[32]);
/* `bytes`, on the wire, were handed to libzmq for it. */
void guard_said(struct guard *g, int fd, uint64_t bytes);
void guard_closed(struct guard *g, int fd);
/* Which connection has this number now: none has been it before. 0: none has. */
uint64_t guard_connection(const struct guard *g, int fd);
/*
 * Looks at every connection; to be called every guard_interval_ms, which grows with their number, and shrinks while somebody is
 * ahead. is_drained: at some time since the last look libzmq had no whole message for us, so what it had then was of
 * messages without an end.
 */
void guard_look(struct guard *g, bool is_drained);
uint32_t guard_interval_ms(const struct guard *g);

/* Bytes that a frame of len takes on the wire under CURVE (ZMTP 3.1: header, MESSAGE command, nonce, MAC, flags). */
uint64_t guard_wire_bytes(uint64_t len);

struct guard_counts {
	uint64_t cut[GUARD_REASONS]; /* since the start */
	uint32_t connections;        /* now */
	uint32_t strangers;
};
void guard_counts(const struct guard *g, struct guard_counts *ret_counts);

#endif
