/*
 * The connection: frames out, frames in, replies sorted to those who wait for them. What is in the frames is call.c's.
 *
 * While a request is being written, replies are read too: an agent that answers pipelined requests and a client that
 * only writes would otherwise wait for each other with both socket buffers full.
 */
#include "client/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"

#define READ_BYTES 65536u
#define HEAD_BYTES 4u

struct consign_client {
	int fd;
	uint32_t timeout_ms;
	uint64_t numbers;           /* the last one given */
	struct buf in;              /* received, not yet taken apart; starts at a frame */
	size_t used;                /* bytes of `in` that were taken */
	struct buf out;             /* the frame being written */
	struct client_reply *first; /* replies waiting for their turn, in order of arrival */
	struct client_reply **last;
	bool is_broken; /* half a frame may have gone out, or rubbish came in: nothing more on this connection */
};

static uint64_t
deadline_after(uint32_t timeout_ms)
{
	return clock_steady_us(clock_system()) + (uint64_t)timeout_ms * 1000;
}

/* Waits for events until the deadline; what happened. Errors: TIMEOUT, IO */
static enum consign_err
wait_for(int fd, short events, uint64_t deadline_us, short *ret_events)
{
	for (;;) {
		uint64_t now_us = clock_steady_us(clock_system());
		uint64_t left_ms = now_us >= deadline_us ? 0 : (deadline_us - now_us + 999) / 1000;
		struct pollfd p = {.fd = fd, .events = events};
		int n = poll(&p, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);

		if (n > 0) {
			*ret_events = p.revents;
			return CONSIGN_OK;
		}
		if (n == 0)
			return CONSIGN_E_TIMEOUT;
		if (errno != EINTR)
			return CONSIGN_E_IO;
	}
}

static enum consign_err
connect_address(int fd, const struct sockaddr_un *address, uint64_t deadline_us)
{
	short events;
	int error = 0;
	socklen_t len = sizeof error;

	if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
		return CONSIGN_OK;
	/* A unix socket whose backlog is full says EAGAIN, not EINPROGRESS: nothing to poll for; the caller may try again. */
	if (errno == EINPROGRESS) {
		enum consign_err err = wait_for(fd, POLLOUT, deadline_us, &events);

		if (err != CONSIGN_OK)
			return err;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
			return CONSIGN_E_IO;
		if (error == 0)
			return CONSIGN_OK;
		errno = error;
	}
	if (errno == EACCES || errno == EPERM)
		return CONSIGN_E_DENIED;
	return errno == EAGAIN ? CONSIGN_E_BUSY : CONSIGN_E_UNREACHABLE;
}

/*
 * A socket's address holds 107 bytes; a home may lie deeper. Then the folder is opened first, and the address goes
 * through it. ret_folder: close it after connecting; -1 when it was not needed.
 */
static enum consign_err
make_address(const char *path, struct sockaddr_un *ret_address, int *ret_folder)
{
	const char *slash = strrchr(path, '/');
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int folder = -1, n;

	if (strlen(path) < sizeof address.sun_path || slash == NULL) {
		n = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	} else {
		char *dir = strndup(path, (size_t)(slash - path) + 1);

		if (dir == NULL)
			return CONSIGN_E_NO_MEMORY;
		folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		free(dir);
		if (folder < 0)
			return CONSIGN_E_UNREACHABLE;
		n = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", folder, slash + 1);
	}
	if (n < 0 || (size_t)n >= sizeof address.sun_path) {
		if (folder >= 0)
			close(folder);
		return CONSIGN_E_UNREACHABLE;
	}
	*ret_address = address;
	*ret_folder = folder;
	return CONSIGN_OK;
}

enum consign_err
consign_client_open(const char *path, uint32_t timeout_ms, struct consign_client **ret_client)
{
	struct consign_client *c = calloc(1, sizeof *c);
	struct sockaddr_un address;
	int folder = -1;

	if (c == NULL)
		return CONSIGN_E_NO_MEMORY;
	c->timeout_ms = timeout_ms;
	c->last = &c->first;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enum consign_err err = c->fd < 0 ? CONSIGN_E_IO : make_address(path, &address, &folder);

	if (err == CONSIGN_OK)
		err = connect_address(c->fd, &address, deadline_after(timeout_ms));
	if (folder >= 0)
		close(folder);
	if (err != CONSIGN_OK) {
		consign_client_close(&c);
		return err;
	}
	*ret_client = c;
	return CONSIGN_OK;
}

void
consign_client_close(struct consign_client **client)
{
	struct consign_client *c = *client;

	if (c == NULL)
		return;
	while (c->first != NULL) {
		struct client_reply *r = c->first;

		c->first = r->next;
		client_reply_free(&r);
	}
	if (c->fd >= 0)
		close(c->fd);
	buf_wipe(&c->in);
	buf_wipe(&c->out);
	free(c);
	*client = NULL;
}

int
consign_client_fd(const struct consign_client *client)
{
	return client->fd;
}

void
client_reply_free(struct client_reply **reply)
{
	if (*reply == NULL)
		return;
	arena_free(&(*reply)->arena);
	free(*reply);
	*reply = NULL;
}

static enum consign_err
queue_reply(struct consign_client *c, struct consign_slice frame)
{
	struct client_reply *r = calloc(1, sizeof *r);

	if (r == NULL)
		return CONSIGN_E_NO_MEMORY;
	/* Twice: the wire's structs, and those of consign/client.h that call.c makes of them. */
	enum consign_err err =
	    arena_new(2 * (CONSIGN_UNPACK_BUDGET_BASE_BYTES + frame.len * CONSIGN_UNPACK_BUDGET_PER_BYTE), &r->arena);

	if (err == CONSIGN_OK)
		err = local_reply_decode(frame, r->arena, &r->wire);
	if (err != CONSIGN_OK) {
		client_reply_free(&r);
		return err == CONSIGN_E_TOO_BIG ? CONSIGN_E_MALFORMED : err;
	}
	*c->last = r;
	c->last = &r->next;
	return CONSIGN_OK;
}

/* Takes whole frames out of what was received. */
static enum consign_err
take_frames(struct consign_client *c)
{
	enum consign_err err = CONSIGN_OK;

	while (err == CONSIGN_OK && c->in.len - c->used >= HEAD_BYTES) {
		uint32_t len = be32_load(c->in.data + c->used);

		if (len > CONSIGN_LOCAL_FRAME_MAX_BYTES)
			return CONSIGN_E_MALFORMED;
		if (len > c->in.len - c->used - HEAD_BYTES)
			break;
		err = queue_reply(c, slice_of(c->in.data + c->used + HEAD_BYTES, len));
		if (err == CONSIGN_OK)
			c->used += HEAD_BYTES + len;
	}
	if (c->used > 0) {
		memmove(c->in.data, c->in.data + c->used, c->in.len - c->used);
		c->in.len -= c->used;
		c->used = 0;
	}
	return err;
}

/* Reads what is there. Errors: UNREACHABLE (closed), MALFORMED, NO_MEMORY */
static enum consign_err
read_some(struct consign_client *c)
{
	for (;;) {
		enum consign_err err = buf_reserve(&c->in, READ_BYTES);

		if (err != CONSIGN_OK)
			return err;
		ssize_t n = recv(c->fd, c->in.data + c->in.len, c->in.cap - c->in.len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return CONSIGN_OK;
		if (n <= 0)
			return CONSIGN_E_UNREACHABLE;
		c->in.len += (size_t)n;
		return take_frames(c);
	}
}

static enum consign_err
write_out(struct consign_client *c)
{
	uint64_t deadline_us = deadline_after(c->timeout_ms);
	size_t done = 0;

	while (done < c->out.len) {
		ssize_t n = send(c->fd, c->out.data + done, c->out.len - done, MSG_NOSIGNAL);
		short events;

		if (n > 0) {
			done += (size_t)n;
			deadline_us = deadline_after(c->timeout_ms);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			return CONSIGN_E_UNREACHABLE;
		enum consign_err err = wait_for(c->fd, POLLIN | POLLOUT, deadline_us, &events);

		if (err == CONSIGN_OK && (events & POLLIN) != 0)
			err = read_some(c);
		if (err != CONSIGN_OK)
			return err;
	}
	return CONSIGN_OK;
}

enum consign_err
client_post(struct consign_client *c, struct local_request *request, uint64_t *ret_number)
{
	if (c->is_broken)
		return CONSIGN_E_UNREACHABLE;
	request->number = c->numbers + 1;
	buf_reset(&c->out);
	enum consign_err err = buf_append_be32(&c->out, 0);

	if (err == CONSIGN_OK)
		err = local_request_encode(request, &c->out);
	if (err == CONSIGN_OK && c->out.len - HEAD_BYTES > CONSIGN_LOCAL_FRAME_MAX_BYTES)
		err = CONSIGN_E_TOO_BIG;
	if (err != CONSIGN_OK)
		return err;
	be32_store(c->out.data, (uint32_t)(c->out.len - HEAD_BYTES));
	err = write_out(c);
	if (err != CONSIGN_OK) {
		c->is_broken = true;
		return err;
	}
	*ret_number = ++c->numbers;
	return CONSIGN_OK;
}

/* The first waiting reply with this number, taken out of the queue; NULL when there is none. */
static struct client_reply *
unqueue(struct consign_client *c, uint64_t number)
{
	for (struct client_reply **at = &c->first; *at != NULL; at = &(*at)->next) {
		struct client_reply *r = *at;

		/* Number 0: the agent could not even read which request it was; it concerns whoever waits. */
		if (number != 0 && r->wire->number != number && r->wire->number != 0)
			continue;
		*at = r->next;
		if (c->last == &r->next)
			c->last = at;
		r->next = NULL;
		return r;
	}
	return NULL;
}

enum consign_err
client_take(struct consign_client *c, uint64_t number, uint32_t timeout_ms, struct client_reply **ret_reply)
{
	uint64_t deadline_us = 0; /* none yet: for what is here already no clock is asked */

	for (;;) {
		struct client_reply *r = unqueue(c, number);
		short events;

		if (r != NULL) {
			*ret_reply = r;
			return CONSIGN_OK;
		}
		if (c->is_broken)
			return CONSIGN_E_UNREACHABLE;
		if (deadline_us == 0)
			deadline_us = deadline_after(timeout_ms);
		enum consign_err err = wait_for(c->fd, POLLIN, deadline_us, &events);

		if (err == CONSIGN_OK) {
			err = read_some(c);
			c->is_broken = err != CONSIGN_OK;
			/* What came before the end is still to be had. */
			if (err == CONSIGN_E_UNREACHABLE && c->first != NULL)
				continue;
		}
		if (err != CONSIGN_OK)
			return err;
	}
}
