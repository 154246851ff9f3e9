/*
 * What tools may ask: one local_<operation>.c each. Handlers borrow request and arena for the call; what is answered
 * later is copied and holds its tool.
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 8.2 to 8.4
 */
#ifndef AGENTS_DOORS_LOCAL_H
#define AGENTS_DOORS_LOCAL_H

#include "doors/tool.h"
#include "inbox.h"

/* Something to go on with at the next turn of the loop. run frees it or defers it again; a door that ends runs it too. */
struct local_task {
	void (*run)(struct local_task *task);
	struct local_task *next;
};

struct socket_door {
	struct agent *agent;
	int fd;
	char *path;
	struct tool **tools; /* SOCKET_TOOLS_MAX slots, NULL where free */
	size_t n_tools;
	struct arena *arena; /* one request's */
	struct local_task *tasks;
	bool are_sends_read; /* since the last flush of the outbox */
	int wake_timer;      /* -1: no turn is ordered */
	int rest_timer;      /* -1: listening */
	bool is_short;       /* of files or memory, and that was said */
	struct keys_waiting *rotating; /* tools that wait for new keys to be in force */
};

/* What was readable of a tool was read: messages handed in are bundled. */
void socket_door_end_round(struct socket_door *door);
/* Orders a turn for what is due. */
void socket_door_wake(struct socket_door *door);
void socket_door_defer(struct socket_door *door, struct local_task *task);
/* Forgets a connection that has ended. */
void socket_door_forget(struct socket_door *door, const struct tool *t);
/* Every watch of a subscription: places were acknowledged. */
void socket_door_acked(struct socket_door *door, const char *subscription, const struct inbox_cursor *places, size_t n);

void local_dispatch(struct tool *t, const struct local_request *request, struct arena *arena);

void local_send(struct tool *t, uint64_t number, const struct local_send *send);
void local_inbox(struct tool *t, uint64_t number, const struct local_inbox *inbox);
void local_show(struct tool *t, uint64_t number, const struct local_show *show, struct arena *arena);
void local_ack(struct tool *t, uint64_t number, const struct local_ack *ack);
void local_watch(struct tool *t, uint64_t number, const struct local_watch *watch);
void local_track(struct tool *t, uint64_t number, const struct local_track *track, struct arena *arena);
void local_status(struct tool *t, uint64_t number, struct arena *arena);
void local_policy(struct tool *t, uint64_t number, const struct local_policy *question, struct arena *arena);
void local_keys(struct tool *t, uint64_t number, const struct local_keys *keys, struct arena *arena);
/* The door ends: who waits for keys is told nothing more. */
void local_keys_end(struct socket_door *door);

/* Watches of one tool: there is new mail (or places were acknowledged); send what may be sent; the tool has gone. */
void local_watch_news(struct tool *t);
void local_watch_acked(struct tool *t, const char *subscription, const struct inbox_cursor *places, size_t n);
/*
 * The places of n messages that a watch of this tool has sent, when they are acknowledged in the order of their sending, as most
 * tools do: inbox_find_places would give the same. Lent until the watch goes on; NULL: the inbox has to be asked.
 */
const struct inbox_cursor *
local_watch_places(const struct tool *t, const char *subscription, const struct consign_message_id *ids, size_t n);
/* Places are on their way to be acknowledged, by whatever tool; they were not after all. */
void local_watch_acking(struct tool *t, const char *subscription, const struct inbox_cursor *places, size_t n);
void local_watch_unacked(struct tool *t, const char *subscription);
bool local_watch_fill(struct tool *t); /* true: another turn is wanted */
void local_watch_end(struct tool *t);

#endif
