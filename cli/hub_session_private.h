/*
 * A session with the broker, between hub_session.c (which makes, feeds and ends it) and hub_questions.c (what is asked over it). For
 * these two only.
 *
 * Threads   one
 */
#ifndef CLI_HUB_SESSION_PRIVATE_H
#define CLI_HUB_SESSION_PRIVATE_H

#include "hub_session.h"
#include "net/transport.h"

/* Frames that wait to be read: the broker says little to an administrator. */
#define FRAMES_MAX 64u

struct hub_session {
	struct hub_session_options options;
	char unreachable_hint[HUB_SESSION_HINT_BYTES]; /* whoever opens it may be gone when the broker goes */
	struct transport *transport;
	struct loop *loop;
	struct link *link;
	struct consign_public_key transport_public;
	struct buf frames[FRAMES_MAX]; /* received, oldest at `next` */
	size_t n_frames, next;
	bool is_refused, is_down, has_failed, is_late;
	bool is_patient; /* waits without a limit */
	bool is_interrupted;
	hub_session_tick *each_second;
	void *tick_context;
	struct arena *arena; /* of the last command read */
	struct hub *hub;
	struct buf freshness;
	uint64_t requests;
	uint64_t pong_us; /* the last pong heard */
	bool awaits_pong;
	unsigned fetches;
};

/* The next command; documents are dealt with on the way, pings and pongs too. ret_command lends until the next call. Says what is wrong. */
CONSIGN_MUST_CHECK enum consign_err hub_session_next(struct hub_session *s, bool stop_at_documents, struct session_command **ret_command);
CONSIGN_MUST_CHECK enum consign_err hub_session_send(struct hub_session *s, const struct session_command *command);

#endif
