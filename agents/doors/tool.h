/*
 * One connection of a local tool: frames in, frames out. What is in them is local.h's.
 *
 * A tool that does not read its replies, or asks faster than the store takes, is not read from until it has caught up:
 * it can cost the agent a bounded amount of memory, and nobody else anything.
 *
 * A connection may end while an answer for it waits for a commit. Who holds such an answer holds the tool (tool_hold);
 * what is said to a tool that has gone is dropped.
 *
 * Threads   the loop
 * Security  frames hold plaintext: the buffers are wiped
 * Source    docs/PROTOCOL.md 8.1
 */
#ifndef AGENTS_DOORS_TOOL_H
#define AGENTS_DOORS_TOOL_H

#include "core/limits.h"
#include "doors/socket.h"
#include "wire/local_wire.h"

struct local_watch_state;

struct tool {
	struct socket_door *door; /* NULL: the connection has ended */
	size_t refs;
	int fd;
	size_t slot;   /* in the door */
	struct buf in;
	size_t in_taken; /* bytes of in that were taken: there a frame starts */
	struct buf out;
	size_t out_sent; /* bytes of out that are gone */
	size_t pending_bytes;
	bool is_closing; /* once out is sent; nothing is read any more */
	bool is_due;     /* has something to do at the next turn */
	bool is_in_turn;
	enum loop_events events; /* watched for; 0: none */
	struct local_watch_state *watches;
	size_t n_watches;
};

/* Takes the descriptor, whatever comes of it. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err tool_open(struct socket_door *door, int fd, size_t slot);
/* Ends the connection; the object lives on while somebody holds it. */
void tool_close(struct tool *t);
/* The same after a last attempt to send what was said: what the socket takes without waiting. */
void tool_finish(struct tool *t);
struct tool *tool_hold(struct tool *t);
void tool_release(struct tool **tool);
/* Everything that can be done for it now: send, take frames, fill watches. may_read: the descriptor is ready. */
void tool_turn(struct tool *t, bool may_read);
/* A turn is wanted, from wherever this is called. */
void tool_wake(struct tool *t);
bool tool_is_choked(const struct tool *t);
/* Messages handed in (bytes of them), and told. */
void tool_pend(struct tool *t, size_t bytes);
void tool_unpend(struct tool *t, size_t bytes);

void tool_reply(struct tool *t, const struct local_reply *reply);
/* detail and hint: one sentence each; hint may be "". */
void tool_refuse(struct tool *t, uint64_t number, enum consign_code code, const char *detail, const char *hint);
/* The same for an error of ours. */
void tool_fail(struct tool *t, uint64_t number, enum consign_err err);

#endif
