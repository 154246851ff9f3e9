/* Frames of one tool's connection (tool.h). */
#include "doors/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "doors/local.h"

#define HEAD_BYTES 4u
#define READ_BYTES 65536u
/* An empty buffer keeps this much memory at most. */
#define KEPT_BYTES 262144u

struct tool *
tool_hold(struct tool *t)
{
	t->refs++;
	return t;
}

void
tool_release(struct tool **tool)
{
	struct tool *t = *tool;

	*tool = NULL;
	if (t == NULL || --t->refs > 0)
		return;
	buf_wipe(&t->in);
	buf_wipe(&t->out);
	free(t);
}

void
tool_close(struct tool *t)
{
	struct socket_door *door = t->door;

	if (door == NULL)
		return;
	local_watch_end(t);
	loop_unwatch(door->agent->loop, t->fd);
	close(t->fd);
	t->fd = -1;
	t->door = NULL;
	buf_wipe(&t->in);
	t->in_taken = 0;
	buf_wipe(&t->out);
	t->out_sent = 0;
	socket_door_forget(door, t);
	tool_release(&t);
}

void
tool_wake(struct tool *t)
{
	if (t->door == NULL || t->is_due || t->is_in_turn)
		return;
	t->is_due = true;
	socket_door_wake(t->door);
}

static size_t
unsent(const struct tool *t)
{
	return t->out.len - t->out_sent;
}

bool
tool_is_choked(const struct tool *t)
{
	return unsent(t) > TOOL_UNSENT_MAX_BYTES;
}

/* Whether the next request may be taken. */
static bool
may_take(const struct tool *t)
{
	return t->door != NULL && !t->is_closing && !tool_is_choked(t) && t->pending_bytes <= TOOL_PENDING_MAX_BYTES;
}

void
tool_pend(struct tool *t, size_t bytes)
{
	t->pending_bytes += bytes;
}

void
tool_unpend(struct tool *t, size_t bytes)
{
	t->pending_bytes -= bytes;
	tool_wake(t); /* frames that were held back may be here already: no event would come for them */
}

/* ── replies ── */

/* Appends one frame. */
static enum consign_err
put_frame(struct buf *out, const struct local_reply *reply)
{
	size_t start = out->len;
	enum consign_err err = buf_append_be32(out, 0);

	if (err == CONSIGN_OK)
		err = local_reply_encode(reply, out);
	if (err == CONSIGN_OK && out->len - start - HEAD_BYTES > CONSIGN_LOCAL_FRAME_MAX_BYTES)
		err = CONSIGN_E_TOO_BIG;
	if (err == CONSIGN_OK)
		be32_store(out->data + start, (uint32_t)(out->len - start - HEAD_BYTES));
	else
		out->len = start;
	return err;
}

void
tool_reply(struct tool *t, const struct local_reply *reply)
{
	if (t->door == NULL || t->is_closing)
		return;
	enum consign_err err = put_frame(&t->out, reply);

	if (err != CONSIGN_OK && reply->error == NULL) {
		/* What breaks a form of the wire came out of our store or documents, not from this tool. */
		tool_fail(t, reply->number, err == CONSIGN_E_MALFORMED ? CONSIGN_E_CORRUPT : err);
		return;
	}
	/* Not even a refusal can be said: an end is better than a request that is never answered. */
	if (err != CONSIGN_OK)
		t->is_closing = true;
	tool_wake(t);
}

/* What the wire takes as text: names of studies and the like come into details as their tools wrote them. */
static struct consign_slice
sayable(const char *text)
{
	struct consign_slice s = slice_of(text, strnlen(text, CONSIGN_TEXT_MAX_BYTES));

	return text_is(CHARSET_UTF8, s) ? s : slice_of(NULL, 0);
}

void
tool_refuse(struct tool *t, uint64_t number, enum consign_code code, const char *detail, const char *hint)
{
	struct local_error error = {
	    .code = code, .retry_class = consign_code_may_retry(code) != 0, .detail = sayable(detail), .hint = sayable(hint)};

	tool_reply(t, &(struct local_reply){.number = number, .error = &error});
}

void
tool_fail(struct tool *t, uint64_t number, enum consign_err err)
{
	enum consign_code code = CONSIGN_CODE_TRY_LATER;
	const char *hint = "";

	switch (err) {
	case CONSIGN_E_NOT_FOUND:
		code = CONSIGN_CODE_NOT_FOUND;
		break;
	case CONSIGN_E_MALFORMED:
		code = CONSIGN_CODE_MALFORMED;
		break;
	case CONSIGN_E_TOO_BIG:
		code = CONSIGN_CODE_TOO_BIG;
		hint = "ask for less at a time";
		break;
	case CONSIGN_E_FULL:
		code = CONSIGN_CODE_DISK_FULL;
		hint = "make room on the agent's disk";
		break;
	case CONSIGN_E_CORRUPT:
		code = CONSIGN_CODE_STATE;
		hint = "the agent's log says more; its store may have to be restored from a backup";
		break;
	default:
		hint = "the agent's log says more";
		break;
	}
	tool_refuse(t, number, code, consign_err_text(err), hint);
}

/* ── frames in ── */

static size_t
untaken(const struct tool *t)
{
	return t->in.len - t->in_taken;
}

static bool
has_frame(const struct tool *t)
{
	return untaken(t) >= HEAD_BYTES && be32_load(t->in.data + t->in_taken) <= untaken(t) - HEAD_BYTES;
}

static void
wipe_in(struct tool *t)
{
	buf_wipe(&t->in);
	t->in_taken = 0;
}

/* Nothing after a broken frame can be trusted to be one: the tool is told, and the connection ends. */
static void
end_after_refusal(struct tool *t, enum consign_code code, const char *detail, const char *hint)
{
	tool_refuse(t, 0, code, detail, hint);
	t->is_closing = true;
	wipe_in(t);
}

static void
take_frame(struct tool *t, struct consign_slice frame)
{
	struct arena *arena = t->door->arena;
	struct local_request *request;
	enum consign_err err;

	arena_reset(arena);
	err = local_request_decode_lent(frame, arena, &request); /* nothing is read or closed before it is dispatched */
	if (err == CONSIGN_OK)
		local_dispatch(t, request, arena);
	else if (err == CONSIGN_E_NO_MEMORY)
		end_after_refusal(t, CONSIGN_CODE_TRY_LATER, "out of memory", "");
	else
		end_after_refusal(t, err == CONSIGN_E_TOO_BIG ? CONSIGN_CODE_TOO_BIG : CONSIGN_CODE_MALFORMED,
		    "the frame is no request", "a request has one operation, and keeps to the forms and limits of local.proto");
}

static void
close_up(struct tool *t)
{
	memmove(t->in.data, t->in.data + t->in_taken, untaken(t));
	t->in.len = untaken(t);
	t->in_taken = 0;
	if (t->in.len == 0 && t->in.cap > KEPT_BYTES)
		wipe_in(t);
}

static void
take_frames(struct tool *t)
{
	while (may_take(t) && untaken(t) >= HEAD_BYTES) {
		const uint8_t *frame = t->in.data + t->in_taken;
		uint32_t len = be32_load(frame);

		if (len > CONSIGN_LOCAL_FRAME_MAX_BYTES) {
			end_after_refusal(
			    t, CONSIGN_CODE_TOO_BIG, "the frame is over 8 MiB", "hand messages in with several requests");
			return;
		}
		if (len > untaken(t) - HEAD_BYTES)
			break;
		t->in_taken += HEAD_BYTES + len; /* before the buffer may go, with a connection that ends */
		take_frame(t, slice_of(frame + HEAD_BYTES, len));
	}
	if (t->in_taken > 0 && untaken(t) == 0)
		close_up(t);
}

/* Reads once: the loop comes back while there is more, and serves others in between. */
static void
read_some(struct tool *t)
{
	ssize_t n;

	/* Rather than more memory, unless that would move a few bytes' room at the cost of many. */
	if (t->in.cap - t->in.len < READ_BYTES && t->in_taken > untaken(t) / 4)
		close_up(t);
	if (buf_reserve(&t->in, READ_BYTES) != CONSIGN_OK) {
		tool_close(t);
		return;
	}
	do
		n = recv(t->fd, t->in.data + t->in.len, t->in.cap - t->in.len, 0);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		t->in.len += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
		tool_close(t);
}

/* ── bytes out ── */

static void
write_some(struct tool *t)
{
	while (t->door != NULL && unsent(t) > 0) {
		ssize_t n = send(t->fd, t->out.data + t->out_sent, unsent(t), MSG_NOSIGNAL);

		if (n > 0)
			t->out_sent += (size_t)n;
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		else
			tool_close(t);
	}
	if (t->door == NULL)
		return;
	if (unsent(t) == 0) {
		buf_reset(&t->out);
		t->out_sent = 0;
		if (t->out.cap > KEPT_BYTES)
			buf_wipe(&t->out);
		if (t->is_closing)
			tool_close(t);
	} else if (t->out_sent > KEPT_BYTES && t->out_sent >= unsent(t)) { /* so no more bytes are moved than were sent */
		memmove(t->out.data, t->out.data + t->out_sent, unsent(t));
		t->out.len -= t->out_sent;
		t->out_sent = 0;
	}
}

void
tool_finish(struct tool *t)
{
	struct tool *held = tool_hold(t);

	write_some(t);
	tool_close(t);
	tool_release(&held);
}

static void
on_ready(void *context)
{
	struct tool *t = context;
	struct socket_door *door = t->door;

	tool_turn(t, true);
	socket_door_end_round(door);
}

static void
set_events(struct tool *t)
{
	enum loop_events events = (enum loop_events)((may_take(t) ? LOOP_READ : 0) | (unsent(t) > 0 ? LOOP_WRITE : 0));

	if (events == t->events)
		return;
	t->events = events;
	if (events == 0)
		loop_unwatch(t->door->agent->loop, t->fd);
	else if (loop_watch(t->door->agent->loop, t->fd, events, on_ready, t) != CONSIGN_OK)
		tool_close(t);
}

void
tool_turn(struct tool *t, bool may_read)
{
	struct tool *held = tool_hold(t);

	t->is_due = false;
	t->is_in_turn = true;
	write_some(t);
	if (may_read && may_take(t))
		read_some(t);
	take_frames(t);
	bool again = local_watch_fill(t);

	write_some(t);
	t->is_in_turn = false;
	if (t->door != NULL)
		set_events(t);
	/* What was written just now may have made room for a frame that was held back. */
	if (again || (may_take(t) && has_frame(t)))
		tool_wake(t);
	tool_release(&held);
}

enum consign_err
tool_open(struct socket_door *door, int fd, size_t slot)
{
	struct tool *t = calloc(1, sizeof *t);

	if (t == NULL) {
		close(fd);
		return CONSIGN_E_NO_MEMORY;
	}
	*t = (struct tool){.door = door, .refs = 1, .fd = fd, .slot = slot, .events = LOOP_READ};
	if (loop_watch(door->agent->loop, fd, LOOP_READ, on_ready, t) != CONSIGN_OK) {
		close(fd);
		free(t);
		return CONSIGN_E_NO_MEMORY;
	}
	door->tools[slot] = t;
	door->n_tools++;
	return CONSIGN_OK;
}
