/*
 * Freshness at the agent. Where the root names a key, what would be sent waits unless there is a statement of that key that holds now and
 * speaks of no newer documents than are here. The agent whose witness key it is makes one every hour and whenever documents change.
 *
 * A statement that is ahead of us: the broker is asked for what it speaks of, and accused when it has not brought it in 30 seconds.
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 3.8
 */
#ifndef AGENTS_FRESHNESS_H
#define AGENTS_FRESHNESS_H

#include "agent.h"
#include "wire/session_wire.h"

#define FRESHNESS_HELD_BYTES 200

struct freshness_view; /* what is known of it */
CONSIGN_MUST_CHECK enum consign_err freshness_new(struct agent *a, struct freshness_view **ret_view);
void freshness_free(struct freshness_view **view);
/* What the broker passed on. */
void freshness_take(struct agent *a, const struct session_freshness *f);
/* Documents were taken in, or time went by: makes a statement when it is ours to make and due, asks for what is missing. */
void freshness_tend(struct agent *a);
/* Whether what would be sent waits. ret_why: NULL, or since when and why, for people; "none" */
bool freshness_holds(const struct agent *a, char ret_why[FRESHNESS_HELD_BYTES]);

struct freshness_facts {
	bool is_wanted;      /* the root names a key */
	bool is_ours;        /* and this agent has it */
	char by[64];         /* who signed the newest: an organisation, or a key; "" nobody yet */
	uint64_t created_us; /* of the newest; 0 none */
	uint64_t expires_us;
	uint64_t root_version;
};
void freshness_facts(const struct agent *a, struct freshness_facts *ret_facts);

#endif
