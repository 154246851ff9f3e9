/*
 * Sessions: who is on the other end of a connection, and how far we are with each other. Keyed by routing id and
 * transport key together, so that a frame under another key is never taken for the session's.
 *
 * Threads   the loop
 */
#ifndef BROKER_SESSION_H
#define BROKER_SESSION_H

#include "held.h"
#include "net/transport.h"
#include "quota.h"
#include "wire/session_wire.h"

/* PROTOCOL.md 7.2 prints the table in session_table.c; absent means refused. */
enum session_state { SESSION_NEW, SESSION_CHALLENGED, SESSION_AGENT, SESSION_ADMIN, SESSION_JOINING, SESSION_STATES };

/* Mail on its way to an agent: what its delivery receipt must match. */
struct in_flight {
	uint64_t position;
	uint64_t leaf;
	struct consign_org consignor;
	struct consign_id consignment_id;
	struct consign_hash digest;
	size_t bytes;        /* on their way */
	uint64_t mail_bytes; /* that it takes in the mailbox */
	bool is_tombstone;
	bool settling; /* its receipt waits for its commit */
};

struct queued_answer {
	uint64_t sequence;
	struct buf statement; /* encoded, without path */
	uint64_t leaf;        /* UINT64_MAX: it has no place */
	struct queued_answer *next;
};

struct session {
	uint64_t number; /* never used again: how an entry finds its session back */
	struct route route;
	enum session_state state;
	struct consign_hash nonce;
	char name[CONSIGN_ORG_MAX_BYTES + 1]; /* org or administrator */
	uint64_t epoch;
	uint64_t opened_us;
	uint64_t heard_us;       /* steady */
	uint64_t seen_size;      /* of the newest checkpoint sent; 0 none */
	uint64_t root_version;   /* newest root sent */
	bool had_ended;          /* it was opened by who had left the hub already, and takes what was accepted before */
	uint64_t documents_size; /* it says it holds its slice of that root, with the cards of before this ledger size; 0 it does not, or was sent all */
	/* submissions */
	uint32_t submitted; /* unanswered */
	struct held held;
	struct rate fetched;
	struct queued_answer *answers;
	struct queued_answer **answers_end;
	/* deliveries */
	uint64_t next_position; /* to deliver */
	uint32_t window_consignments;
	uint64_t window_bytes;
	struct in_flight *in_flight; /* window_consignments of room */
	uint32_t n_in_flight;
	uint64_t bytes_in_flight;
	bool reading; /* a read of its mail is under way */
	bool more;    /* there may be more mail than was read */
	bool read_failed; /* its mail or settlements could not be read; said once, tried again by the tick */
	bool stuck;   /* its next mail is damaged in the store; said once, in the log */
	/* settlements */
	bool settling;
	uint64_t settle_cursor; /* sent, not confirmed; 0 none */
	bool settle_more;
	bool doomed; /* was told goodbye before the last tick: the next cuts the connection */
	struct session *next;
};

struct sessions;
CONSIGN_MUST_CHECK enum consign_err sessions_new(struct sessions **ret_sessions);
void sessions_free(struct sessions **sessions);
/* The session of a route, made when it is new. NULL when out of memory or there are too many. */
struct session *sessions_get(struct sessions *all, const struct route *route, uint64_t now_us);
struct session *sessions_by_number(struct sessions *all, uint64_t number);
/* It has said who it is: its name does not change from now on. Before it becomes an agent's. */
void sessions_named(struct sessions *all, struct session *s);
/* The delivering session of an org; NULL when it is not here. */
struct session *sessions_agent(struct sessions *all, const char *org);
void sessions_end(struct sessions *all, struct session *s); /* frees it */
struct session *sessions_first(struct sessions *all); /* walk by ->next; the one at hand may be ended after its next is read */
size_t sessions_count(const struct sessions *all);

/* session_table.c: pure. */
struct session_rule {
	const char *command;
	unsigned states; /* bits 1 << enum session_state */
};
const struct session_rule *session_rules(size_t *ret_n);
bool session_allows(enum session_state state, const char *command);
const char *session_state_text(enum session_state state);

#endif
