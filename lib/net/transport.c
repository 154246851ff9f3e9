/* Context and frames. The two sides are in listener.c and link.c. */
#include "net/transport_private.h"

#include "net/guard.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct frame) == sizeof(zmq_msg_t), "a frame is a zmq_msg_t");
_Static_assert(_Alignof(struct frame) >= _Alignof(zmq_msg_t), "a frame is aligned like a zmq_msg_t");

void
frame_init(struct frame *f)
{
	zmq_msg_init(frame_message(f));
}

void
frame_clear(struct frame *f)
{
	zmq_msg_close(frame_message(f));
	zmq_msg_init(frame_message(f));
}

struct consign_slice
frame_slice(struct frame *f)
{
	return slice_of(zmq_msg_data(frame_message(f)), zmq_msg_size(frame_message(f)));
}

enum consign_err
frame_copy(struct frame *f, struct consign_slice s)
{
	if (zmq_msg_init_size(frame_message(f), s.len) != 0) {
		zmq_msg_init(frame_message(f));
		return CONSIGN_E_NO_MEMORY;
	}
	if (s.len > 0)
		memcpy(zmq_msg_data(frame_message(f)), s.data, s.len);
	return CONSIGN_OK;
}

static void
free_buffer(void *data, void *hint)
{
	(void)hint;
	free(data);
}

enum consign_err
frame_take(struct frame *f, struct buf *b)
{
	if (b->data == NULL) {
		zmq_msg_init(frame_message(f));
		return CONSIGN_OK;
	}
	if (zmq_msg_init_data(frame_message(f), b->data, b->len, free_buffer, NULL) != 0) {
		zmq_msg_init(frame_message(f));
		return CONSIGN_E_NO_MEMORY;
	}
	*b = (struct buf){0};
	return CONSIGN_OK;
}

void
frame_move(struct frame *to, struct frame *from)
{
	zmq_msg_init(frame_message(to));
	zmq_msg_move(frame_message(to), frame_message(from));
}

void
frame_share(struct frame *to, struct frame *from)
{
	zmq_msg_init(frame_message(to));
	zmq_msg_copy(frame_message(to), frame_message(from));
}

#if defined(__SANITIZE_THREAD__)
__attribute__((no_sanitize("thread"), noinline)) static void
copy_unseen(volatile uint8_t *to, const volatile uint8_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = from[i];
}

void
frame_received(struct frame *f)
{
	struct consign_slice s = frame_slice(f);
	struct frame own;
	uint8_t *copy = malloc(s.len + 1);

	if (copy == NULL)
		return;
	copy_unseen(copy, s.data, s.len);
	if (zmq_msg_init_data(frame_message(&own), copy, s.len, free_buffer, NULL) != 0) {
		free(copy);
		return;
	}
	frame_clear(f);
	frame_move(f, &own);
}
#endif

enum consign_err
transport_new(int io_threads, struct transport **ret_transport)
{
	struct transport *t = calloc(1, sizeof *t);

	if (t == NULL)
		return CONSIGN_E_NO_MEMORY;
	t->zmq = zmq_ctx_new();
	if (t->zmq == NULL) {
		free(t);
		return CONSIGN_E_NO_MEMORY;
	}
	zmq_ctx_set(t->zmq, ZMQ_IO_THREADS, io_threads);
	*ret_transport = t;
	return CONSIGN_OK;
}

void
transport_free(struct transport **transport)
{
	if (*transport == NULL)
		return;
	zmq_ctx_term((*transport)->zmq);
	free(*transport);
	*transport = NULL;
}

size_t
transport_read(void *socket, bool more, struct frame frames[TRANSPORT_FRAMES_MAX], bool *ret_too_many, uint64_t *ret_wire_bytes)
{
	size_t n = 0;

	*ret_too_many = false;
	*ret_wire_bytes = 0;
	while (more) {
		struct frame f;

		frame_init(&f);
		if (zmq_msg_recv(frame_message(&f), socket, ZMQ_DONTWAIT) < 0) {
			frame_clear(&f);
			break;
		}
		more = zmq_msg_more(frame_message(&f));
		*ret_wire_bytes += guard_wire_bytes(zmq_msg_size(frame_message(&f)));
		if (n < TRANSPORT_FRAMES_MAX) {
			frame_move(&frames[n++], &f);
		} else {
			*ret_too_many = true;
			frame_clear(&f);
		}
	}
	return n;
}

bool
transport_set_int(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

void *
transport_monitor(struct transport *t, void *socket, int events)
{
	char address[64];

	snprintf(address, sizeof address, "inproc://monitor-%d", ++t->monitors);
	if (zmq_socket_monitor(socket, address, events) != 0)
		return NULL;
	void *monitor = zmq_socket(t->zmq, ZMQ_PAIR);

	if (monitor == NULL || zmq_connect(monitor, address) != 0) {
		zmq_socket_monitor(socket, NULL, 0);
		if (monitor != NULL)
			zmq_close(monitor);
		return NULL;
	}
	return monitor;
}

bool
transport_monitor_read(void *monitor, uint16_t *ret_event, uint32_t *ret_value)
{
	zmq_msg_t msg;
	bool ok = false;

	zmq_msg_init(&msg);
	if (zmq_msg_recv(&msg, monitor, ZMQ_DONTWAIT) < 0)
		goto out;
	/* Frame 1: event (16 bits), value (32 bits), host byte order (zmq_socket_monitor(3)); frame 2: the address. */
	if (zmq_msg_size(&msg) == 6) {
		memcpy(ret_event, zmq_msg_data(&msg), 2);
		memcpy(ret_value, (const uint8_t *)zmq_msg_data(&msg) + 2, 4);
		ok = true;
	}
	while (zmq_msg_more(&msg) && zmq_msg_recv(&msg, monitor, ZMQ_DONTWAIT) >= 0)
		;
out:
	zmq_msg_close(&msg);
	return ok;
}
