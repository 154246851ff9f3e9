/*
 * A tool's way to its company's agent: hand messages in, read the inbox, follow what was sent. Everything durable is the
 * agent's; a client holds one connection to the agent's socket and nothing else.
 *
 *   struct consign_client *client;
 *   err = consign_client_open("/srv/acme/agent.sock", 10000, &client);
 *   err = consign_client_post_send(client, &message, 1, &number);      as many posts as you like, then
 *   err = consign_client_wait(client, number, 10000, &reply);          their replies, in any order
 *   consign_reply_free(&reply);
 *   consign_client_close(&client);
 *
 * Threads   a client belongs to one thread at a time; different clients are independent
 * Security  the agent checks who is at the other end of the socket; contents are plaintext on both sides of it
 * Source    docs/PROTOCOL.md 8
 */
#ifndef CONSIGN_CLIENT_H
#define CONSIGN_CLIENT_H

#include <stdbool.h>

#include "consign/error.h"
#include "consign/types.h"

struct consign_client;

/* One message to hand in. All texts are NUL-terminated and borrowed. */
struct consign_outgoing {
	const char *const *to; /* organisations */
	size_t n_to;
	const char *study;
	const char *type;
	enum consign_label label; /* 0: the least label of the type */
	const char *media_type;   /* NULL: none */
	const char *name;         /* NULL: none */
	struct consign_slice content;
	const char *idempotency_key; /* NULL: none; the same key again gives the first one's id and sends nothing */
	uint64_t expires_us; /* microseconds since 1970 UTC, by this machine's clock; 0: 30 days from now */
};

/* One thing that is wrong with a message of the catalogue. Texts of up to 256 bytes that are fit to be shown. */
struct consign_problem {
	const char *path; /* items[3].quantity.value; "" the whole message */
	const char *rule; /* mandatory, format, code …, or the id of a rule of the type */
	const char *found;
	const char *expected;
};

/* All of them, as far as the list reaches: total counts those beyond it too. */
struct consign_problems {
	const struct consign_problem *v;
	size_t n;
	uint32_t total;
};

/* What became of one handed in, in the order of handing in. code CONSIGN_CODE_NONE: it is queued, durably. */
struct consign_outcome {
	const char *id; /* also of a refused one: it can be tracked */
	enum consign_code code;
	bool may_retry; /* refused for now, not for good */
	bool is_repeated;
	const char *org;    /* the consignee that it was refused for; "" none */
	const char *rule;   /* "" none */
	const char *detail; /* "" none */
	struct consign_problems problems; /* of TYPE_INVALID */
};

/* A received message. Times are microseconds since 1970-01-01 UTC. */
struct consign_message {
	const char *id;
	const char *consignor;
	const char *study;
	const char *type;
	enum consign_label label;
	uint64_t sent_us;     /* the consignor's clock */
	uint64_t accepted_us; /* the broker's clock */
	uint64_t received_us; /* our agent's clock */
	uint64_t size_bytes;
	uint64_t position; /* in our mailbox */
	bool is_acked;     /* by the subscription "default" */
	const char *media_type;
	const char *name;
	struct consign_slice content; /* empty unless asked for */
	const char *const *consignees;
	size_t n_consignees;
};

struct consign_track_consignee {
	const char *org;
	const char *state;
	uint64_t position; /* 0: none yet */
	uint64_t at_us;    /* 0: nothing happened yet */
	enum consign_code code;
	const char *detail;
	struct consign_problems problems; /* why it rejected the message as no message of its type */
	uint64_t due_us;   /* when it should have arrived, by the rule that permits it; 0: no rule says */
};

/* Where a message that we sent is: "queued", "accepted", "delivered", "rejected", "refused" or "expired". */
struct consign_track {
	const char *id;
	const char *state;
	const char *study;
	const char *type;
	enum consign_label label;
	uint64_t created_us;
	uint64_t accepted_us; /* 0: not yet */
	bool has_leaf;
	uint64_t leaf; /* of its acceptance or refusal, in the hub's ledger */
	uint32_t attempt;
	enum consign_code code; /* of a refusal */
	const char *rule;
	const char *detail;
	struct consign_problems problems; /* why our agent refused it as no message of its type */
	const struct consign_track_consignee *consignees;
	size_t n_consignees;
};

struct consign_fact {
	const char *name;
	const char *value;
};

enum consign_reply_kind {
	CONSIGN_REPLY_ERROR = 1, /* the agent would not: code, may_retry, detail, hint */
	CONSIGN_REPLY_SEND,      /* outcomes */
	CONSIGN_REPLY_INBOX,     /* messages, has_more */
	CONSIGN_REPLY_SHOW,      /* messages: one, with content */
	CONSIGN_REPLY_ACK,       /* acked */
	CONSIGN_REPLY_WATCH,     /* messages: one; more replies with this number follow */
	CONSIGN_REPLY_TRACK,     /* track */
	CONSIGN_REPLY_STATUS,    /* facts */
};

/* What belongs to other kinds is zero. Everything in it lives as long as the reply. */
struct consign_reply {
	uint64_t number; /* of the post that it answers */
	enum consign_reply_kind kind;
	const struct consign_outcome *outcomes;
	size_t n_outcomes;
	const struct consign_message *messages;
	size_t n_messages;
	bool has_more;
	uint32_t acked;
	const struct consign_track *track;
	const struct consign_fact *facts;
	size_t n_facts;
	enum consign_code code;
	bool may_retry;
	const char *detail;
	const char *hint;
};

/* Filters; NULL or 0 means any. */
struct consign_inbox_filter {
	const char *type; /* glob */
	const char *study;
	bool unacked;
	uint32_t limit;
	const char *after; /* message id to go on after */
};

struct consign_watch_options {
	const char *subscription; /* its place is kept by the agent under this name */
	const char *type;         /* glob */
	const char *study;
	uint32_t window; /* unacknowledged messages on their way at once; 0: the agent's choice */
	bool with_content;
	const char *since; /* "start" or "now": where a new subscription begins; NULL: "start" */
};

/*
 * path        of the agent's socket, <home>/agent.sock
 * timeout_ms  for connecting and for each write: an agent that does not read for so long is given up
 * ret_client  gives; end with consign_client_close
 * Errors: UNREACHABLE (nobody listens there), DENIED (not allowed to), BUSY (too many are connecting), TIMEOUT, IO,
 *         NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err
consign_client_open(const char *path, uint32_t timeout_ms, struct consign_client **ret_client);
void consign_client_close(struct consign_client **client);
/* For one's own poll: after it is readable, call consign_client_wait with timeout 0 until that answers TIMEOUT. */
int consign_client_fd(const struct consign_client *client);

/*
 * Posts hand a request over and return at once; ret_number names the reply. Texts and contents are borrowed for the call.
 * Errors of all: TOO_BIG (over a limit of the frame), MALFORMED (what breaks the form: an org, study, type, id …),
 *                UNREACHABLE (the agent is gone), TIMEOUT, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err
consign_client_post_send(struct consign_client *client, const struct consign_outgoing *messages, size_t n, uint64_t *ret_number);
CONSIGN_MUST_CHECK enum consign_err
consign_client_post_inbox(struct consign_client *client, const struct consign_inbox_filter *filter, uint64_t *ret_number);
CONSIGN_MUST_CHECK enum consign_err consign_client_post_show(struct consign_client *client, const char *id, uint64_t *ret_number);
CONSIGN_MUST_CHECK enum consign_err consign_client_post_ack(
    struct consign_client *client, const char *subscription, const char *const *ids, size_t n, uint64_t *ret_number);
CONSIGN_MUST_CHECK enum consign_err
consign_client_post_watch(struct consign_client *client, const struct consign_watch_options *options, uint64_t *ret_number);
CONSIGN_MUST_CHECK enum consign_err
consign_client_post_track(struct consign_client *client, const char *id, uint64_t *ret_number);
CONSIGN_MUST_CHECK enum consign_err consign_client_post_status(struct consign_client *client, uint64_t *ret_number);

/*
 * The next reply to a post, waiting at most timeout_ms (0: not at all); replies to other posts are kept for their turn.
 * number     of the post; 0: of any
 * ret_reply  gives; end with consign_reply_free. An agent's "no" is a reply too: CONSIGN_REPLY_ERROR
 * Errors: TIMEOUT, UNREACHABLE (the agent closed), MALFORMED (not an agent of ours), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err
consign_client_wait(struct consign_client *client, uint64_t number, uint32_t timeout_ms, const struct consign_reply **ret_reply);
void consign_reply_free(const struct consign_reply **reply);

#endif
