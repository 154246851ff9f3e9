/*
 * The door: listening, admitting, and the turns of what is due. Connections are tool.c's, requests are local_*.c's.
 *
 * Turns   what is told from elsewhere (a commit was reaped, mail came) is not sent from there: the tool is marked due and
 *         a turn of the loop is ordered. So many things told together cost one turn, and nobody is called back into.
 */
#include "doors/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/file.h"
#include "core/limits.h"
#include "core/log.h"
#include "doors/local.h"
#include "outbox.h"

#define SOCKET_NAME "agent.sock"
#define BACKLOG 64
/* When the process has no descriptor left: how long nobody is let in. */
#define REST_MS 100u

/* ── turns ── */

void
socket_door_end_round(struct socket_door *door)
{
	if (!door->are_sends_read)
		return;
	door->are_sends_read = false;
	outbox_flush(door->agent->outbox);
}

static void
run_tasks(struct socket_door *door)
{
	struct local_task *task = door->tasks;

	door->tasks = NULL; /* those that are deferred again have their turn after this one */
	while (task != NULL) {
		struct local_task *next = task->next;

		task->run(task);
		task = next;
	}
}

static void
turn(void *context)
{
	struct socket_door *door = context;

	door->wake_timer = -1;
	run_tasks(door);
	for (size_t i = 0; i < SOCKET_TOOLS_MAX; i++)
		if (door->tools[i] != NULL && door->tools[i]->is_due)
			tool_turn(door->tools[i], false);
	socket_door_end_round(door);
}

void
socket_door_wake(struct socket_door *door)
{
	/* Without memory for a timer the turn comes with the next thing that happens. */
	if (door->wake_timer < 0 && loop_once(door->agent->loop, 0, turn, door, &door->wake_timer) != CONSIGN_OK)
		door->wake_timer = -1;
}

void
socket_door_defer(struct socket_door *door, struct local_task *task)
{
	task->next = door->tasks;
	door->tasks = task;
	socket_door_wake(door);
}

void
socket_door_forget(struct socket_door *door, const struct tool *t)
{
	door->tools[t->slot] = NULL;
	door->n_tools--;
}

void
socket_door_acked(struct socket_door *door, const char *subscription, const struct inbox_cursor *places, size_t n)
{
	for (size_t i = 0; i < SOCKET_TOOLS_MAX; i++)
		if (door->tools[i] != NULL)
			local_watch_acked(door->tools[i], subscription, places, n);
}

static void
on_news(void *context)
{
	struct socket_door *door = context;

	for (size_t i = 0; i < SOCKET_TOOLS_MAX; i++)
		if (door->tools[i] != NULL)
			local_watch_news(door->tools[i]);
}

/* ── admitting ── */

/* Best effort: a tool that is turned away hears why, if the little fits into its socket. */
static void
turn_away(int fd)
{
	struct local_error error = {.code = CONSIGN_CODE_TRY_LATER,
	    .retry_class = 1,
	    .detail = slice_text("256 tools are connected already"),
	    .hint = slice_text("end one of them, or try again")};
	struct buf frame = {0};

	if (buf_append_be32(&frame, 0) == CONSIGN_OK &&
	    local_reply_encode(&(struct local_reply){.error = &error}, &frame) == CONSIGN_OK) {
		be32_store(frame.data, (uint32_t)(frame.len - 4));
		(void)!send(fd, frame.data, frame.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	buf_clear(&frame);
	close(fd);
}

static bool
is_ours(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return false;
	return peer.uid == geteuid() || peer.uid == 0;
}

static void on_listener(void *context);

static void
listen_again(void *context)
{
	struct socket_door *door = context;

	door->rest_timer = -1;
	if (loop_watch(door->agent->loop, door->fd, LOOP_READ, on_listener, door) != CONSIGN_OK &&
	    loop_once(door->agent->loop, REST_MS, listen_again, door, &door->rest_timer) != CONSIGN_OK)
		door->rest_timer = -1;
}

/* Out of descriptors: the listener stays readable, and the loop would spin on it. */
static void
rest(struct socket_door *door, const char *why)
{
	if (!door->is_short)
		log_event(LOG_WARN, "tools.wait", "reason", "s", why, "hint", "s",
		    "new tools wait: end some, or raise the limit (ulimit -n; systemd: LimitNOFILE=)", NULL);
	door->is_short = true;
	if (loop_once(door->agent->loop, REST_MS, listen_again, door, &door->rest_timer) == CONSIGN_OK)
		loop_unwatch(door->agent->loop, door->fd);
	else
		door->rest_timer = -1;
}

static void
admit(struct socket_door *door, int fd)
{
	if (!is_ours(fd)) {
		close(fd);
		return;
	}
	if (door->n_tools == SOCKET_TOOLS_MAX) {
		turn_away(fd);
		return;
	}
	size_t slot = 0;

	while (door->tools[slot] != NULL)
		slot++;
	enum consign_err err = tool_open(door, fd, slot);

	if (err != CONSIGN_OK)
		rest(door, consign_err_text(err));
	else
		door->is_short = false;
}

static void
on_listener(void *context)
{
	struct socket_door *door = context;
	int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		admit(door, fd);
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED)
		rest(door, strerror(errno));
}

/* ── opening ── */

/*
 * A socket's address holds 107 bytes; a home may lie deeper. Then the folder is opened, and the address goes through it.
 * ret_folder   to be closed after use; -1: not needed
 */
static enum consign_err
make_address(const char *home, const char *path, struct sockaddr_un *ret_address, int *ret_folder)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int folder = -1;

	if (strlen(path) < sizeof address.sun_path) {
		memcpy(address.sun_path, path, strlen(path) + 1);
	} else {
		folder = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (folder < 0)
			return CONSIGN_E_IO;
		snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" SOCKET_NAME, folder);
	}
	*ret_address = address;
	*ret_folder = folder;
	return CONSIGN_OK;
}

/* Whether the file is a socket on which nobody answers. */
static bool
is_stale(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, rc;
	bool is_refused;

	if (lstat(address->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	rc = connect(fd, (const struct sockaddr *)address, sizeof *address);
	is_refused = rc != 0 && errno == ECONNREFUSED;
	close(fd);
	return is_refused;
}

static enum consign_err
bind_socket(int fd, const struct sockaddr_un *address)
{
	const struct sockaddr *a = (const struct sockaddr *)address;

	/* The file takes the mode of the socket: there is no moment in which others may connect. */
	if (fchmod(fd, 0600) != 0)
		return CONSIGN_E_IO;
	if (bind(fd, a, sizeof *address) == 0)
		return CONSIGN_OK;
	if (errno != EADDRINUSE)
		return errno == ENOSPC ? CONSIGN_E_FULL : CONSIGN_E_IO;
	if (!is_stale(address))
		return CONSIGN_E_BUSY;
	if (unlink(address->sun_path) != 0 || bind(fd, a, sizeof *address) != 0)
		return CONSIGN_E_IO;
	return CONSIGN_OK;
}

static enum consign_err
open_socket(const char *home, const char *path, int *ret_fd)
{
	struct sockaddr_un address;
	int folder = -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enum consign_err err = fd < 0 ? CONSIGN_E_IO : make_address(home, path, &address, &folder);

	if (err == CONSIGN_OK)
		err = bind_socket(fd, &address);
	if (folder >= 0)
		close(folder);
	if (err == CONSIGN_OK && listen(fd, BACKLOG) != 0) {
		(void)unlink(path);
		err = CONSIGN_E_IO;
	}
	if (err != CONSIGN_OK) {
		if (fd >= 0)
			close(fd);
		return err;
	}
	*ret_fd = fd;
	return CONSIGN_OK;
}

enum consign_err
socket_door_open(struct agent *a, struct socket_door **ret_door)
{
	struct socket_door *door = calloc(1, sizeof *door);
	enum consign_err err;

	if (door == NULL)
		return CONSIGN_E_NO_MEMORY;
	*door = (struct socket_door){.agent = a, .fd = -1, .wake_timer = -1, .rest_timer = -1};
	door->path = path_join(a->home, SOCKET_NAME);
	door->tools = calloc(SOCKET_TOOLS_MAX, sizeof *door->tools);
	/* The wire bounds what a frame may cost by its length; this is that bound for the largest. */
	err = door->path == NULL || door->tools == NULL
		  ? CONSIGN_E_NO_MEMORY
		  : arena_new(2 * (CONSIGN_UNPACK_BUDGET_BASE_BYTES +
				      (size_t)CONSIGN_LOCAL_FRAME_MAX_BYTES * CONSIGN_UNPACK_BUDGET_PER_BYTE),
			&door->arena);
	if (err == CONSIGN_OK)
		err = open_socket(a->home, door->path, &door->fd);
	if (err == CONSIGN_OK)
		err = loop_watch(a->loop, door->fd, LOOP_READ, on_listener, door);
	if (err != CONSIGN_OK) {
		socket_door_close(&door);
		return err;
	}
	inbox_on_news(a->inbox, on_news, door);
	*ret_door = door;
	return CONSIGN_OK;
}

void
socket_door_close(struct socket_door **door)
{
	struct socket_door *d = *door;

	if (d == NULL)
		return;
	if (d->agent->inbox != NULL)
		inbox_on_news(d->agent->inbox, NULL, NULL);
	for (size_t i = 0; d->tools != NULL && i < SOCKET_TOOLS_MAX; i++)
		if (d->tools[i] != NULL)
			tool_finish(d->tools[i]);
	run_tasks(d); /* their tools have gone: each ends itself */
	local_keys_end(d);
	if (d->wake_timer >= 0)
		loop_cancel(d->agent->loop, d->wake_timer);
	if (d->rest_timer >= 0)
		loop_cancel(d->agent->loop, d->rest_timer);
	if (d->fd >= 0) {
		loop_unwatch(d->agent->loop, d->fd);
		close(d->fd);
		(void)unlink(d->path);
	}
	arena_free(&d->arena);
	free(d->tools);
	free(d->path);
	free(d);
	*door = NULL;
}
