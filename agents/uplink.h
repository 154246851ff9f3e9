/*
 * The connection to the broker: connect with backoff and jitter, hello, submissions in order as the window allows,
 * deliveries, settlements, documents.
 * Threads   the loop
 * Source    docs/PROTOCOL.md 7
 */
#ifndef AGENTS_UPLINK_H
#define AGENTS_UPLINK_H

#include "agent.h"
#include "wire/session_wire.h"

enum uplink_state { UPLINK_DOWN, UPLINK_CONNECTING, UPLINK_OPENED, UPLINK_GREETED, UPLINK_UP };

CONSIGN_MUST_CHECK enum consign_err uplink_new(struct agent *a, const struct agent_options *options, struct uplink **ret_uplink);
void uplink_free(struct uplink **uplink); /* says goodbye */
enum uplink_state uplink_state(const struct uplink *u);
/* Ends the connection; it is tried again after a pause. why: one sentence, kept for status. */
void uplink_break(struct uplink *u, const char *why);
/* The same in order: nothing is wrong, and it is tried again at once. */
void uplink_restart(struct uplink *u, const char *why);
CONSIGN_MUST_CHECK enum consign_err uplink_say(struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body);

/* The command that is being handled, as it was said; empty outside of that. For accusations. */
struct consign_slice uplink_said(const struct uplink *u);

struct uplink_facts {
	enum uplink_state state;
	const char *endpoint;
	const char *last_problem; /* "" none */
	uint64_t since_us;        /* wall: of the state */
	int64_t skew_us;          /* broker's clock minus ours, at the last hello */
	uint64_t epoch;
};
void uplink_facts(const struct uplink *u, struct uplink_facts *ret_facts);
const char *uplink_state_text(enum uplink_state state);

#endif
