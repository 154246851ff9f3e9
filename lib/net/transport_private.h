/* What listener.c and link.c share. Private to lib/net. */
#ifndef NET_TRANSPORT_PRIVATE_H
#define NET_TRANSPORT_PRIVATE_H

#include <stdint.h>
#include <stdio.h>
#include <zmq.h>

#include "core/limits.h"
#include "net/transport.h"

struct transport {
	void *zmq;
	int monitors; /* numbers the inproc addresses */
};

static inline zmq_msg_t *
frame_message(struct frame *f)
{
	return (zmq_msg_t *)(void *)f->opaque;
}

/*
 * A frame was received. ThreadSanitizer cannot see that libzmq hands its buffers over (atomics in code that is not
 * instrumented), and would take every byte that we read for a race: in such a build the bytes move to memory of our own.
 */
#if defined(__SANITIZE_THREAD__)
void frame_received(struct frame *f);
#else
static inline void
frame_received(struct frame *f)
{
	(void)f;
}
#endif

/*
 * Reads one multipart without waiting: its first TRANSPORT_FRAMES_MAX frames, the rest is read away. Returns how many were
 * kept; 0: there is none. ret_wire_bytes: what all of them took on the wire. All `frames` up to that count are the caller's to clear.
 */
size_t transport_read(void *socket, bool more, struct frame frames[TRANSPORT_FRAMES_MAX], bool *ret_too_many, uint64_t *ret_wire_bytes);
bool transport_set_int(void *socket, int option, int value);

/* A monitor socket for events of `socket`; close it with zmq_close after zmq_socket_monitor(socket, NULL, 0). */
void *transport_monitor(struct transport *t, void *socket, int events);
/* One event without waiting; false when there is none. */
bool transport_monitor_read(void *monitor, uint16_t *ret_event, uint32_t *ret_value);

#endif
