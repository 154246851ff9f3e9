/*
 * The broker: one loop thread owns the socket and all state; a commit thread writes; a reader thread reads mail.
 *
 *   frame ─► dispatch (state table) ─► on_<command> ─► entry ─► commit thread ─► done ─► answers, mail
 *
 * What is in memory is decided state; it may run ahead of the store by what waits for its commit. When a commit fails,
 * broker_reload brings it back to what is stored, and every peer hears TRY_LATER.
 *
 * Threads   the loop, except metrics (atomics)
 * Source    docs/PROTOCOL.md 7; design 8
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "buckets.h"
#include "core/clock.h"
#include "core/config.h"
#include "core/keyfile.h"
#include "ledger.h"
#include "mailbox.h"
#include "judge.h"
#include "metrics.h"
#include "net/loop.h"
#include "net/transport.h"
#include "pending.h"
#include "reader.h"
#include "session.h"
#include "spare.h"
#include "store/store.h"
#include "trust/hub.h"

struct invited {
	struct invite_notice notice;
	struct buf request; /* encoded join_request; empty until the company asked */
	bool is_asking;     /* a request waits for its commit: no other is taken meanwhile, nor another invite */
	struct invited *next;
};

/* Sessions whose answers wait for the next flush, by number: those that ended meanwhile are not found any more. */
struct answered {
	uint64_t *numbers;
	size_t n, cap;
	bool is_short; /* of memory: any session may have some */
};

struct broker {
	const struct consign_clock *clock;
	struct consign_hash hub_id;
	struct keyfile *keys;
	const struct secret *receipt_key; /* borrowed from keys, like the two below */
	const struct secret *ledger_key;
	const struct secret *transport_secret;
	struct loop *loop;
	struct transport *transport;
	struct listener *listener;
	struct hub *hub;
	struct db *db; /* the loop's reading connection */
	struct ledger *ledger;
	struct store_writer *writer;
	struct committer *committer;
	struct reader *reader;
	struct sessions *sessions;
	struct answered answered;
	struct mailboxes *mailboxes;
	struct recent recent;
	struct pending *pending; /* submissions waiting for their commit, by id */
	struct invited *invited;
	struct buf freshness; /* the newest statement, encoded; empty none */
	struct watching *watching; /* NULL until somebody watches */
	struct metrics *metrics;
	struct spare spare;
	const char *home;
	uint64_t retention_us;
	struct quota quota;      /* of each organisation, where the policy says nothing else */
	struct buckets *buckets; /* what was used of the policy's quotas */
	uint64_t epoch; /* of the newest delivering session */
	int64_t wall_ahead_us;    /* of the steady clock, when it was last trusted */
	bool clock_has_jumped;
	uint32_t traffic_reads; /* questions about traffic under way */
	uint32_t expiring; /* reads and tombstones of the expiry under way */
	struct tombstone *burying; /* tombstones that wait for their commit */
	bool deciding; /* a proposal or a decision waits for its commit: no other is taken meanwhile */
	bool draining;
	bool store_failed;   /* a commit failed; nothing is decided before a reload */
	uint64_t reloaded_us; /* steady: of the last reload */
	uint64_t reload_us;  /* steady: not before */
	uint64_t reload_pause_us;
	bool refusals_counted; /* some organisation's wait to be written down (refusals.h) */
	bool disk_full;
	bool disk_warned;
	uint64_t not_accepted_told;
	uint64_t cut_told[LISTENER_CUT_REASONS]; /* of connections, as the log has it */
	uint64_t drain_until_us;
};

/* Opens store, hub, ledger, listener in that order; the loop is the caller's to run. ret_problem: 256 bytes. */
struct broker_options {
	const char *home;
	const char *bind;
	const char *metrics_bind; /* host:port; NULL none */
	uint64_t retention_days;
	struct quota quota; /* of each organisation */
	struct keyfile **keys; /* taken */
	struct consign_hash hub_id;
};
CONSIGN_MUST_CHECK enum consign_err broker_open(const struct broker_options *options, struct broker **ret_broker, char ret_problem[256]);
void broker_run(struct broker *b); /* until SIGTERM or SIGINT, then drains */
void broker_close(struct broker **broker);

/* Acts: an entry with its arena; then put for commit. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err broker_entry(struct broker *b, size_t arena_bytes, size_t entry_bytes, struct store_entry **ret_entry);
void broker_commit(struct broker *b, struct store_entry *entry);
void broker_commit_later(struct broker *b, struct store_entry *entry); /* nobody waits for it (commit.h) */
/* A record with time and format filled in. */
struct ledger_record broker_record(const struct broker *b);
/* An administrative act that only leaves a leaf: restart, counted refusals. */
void broker_act(struct broker *b, const char *act, const char *subject, uint64_t count, const char *detail);
/* Called by every done: takes in the group's checkpoint, or marks the store as failed. */
void broker_done(struct broker *b, struct store_entry *entry, enum consign_err err);
/* Back to what is stored. */
void broker_reload(struct broker *b);

/* dispatch.c: the only dispatch. */
void dispatch_frames(void *broker, const struct route *route, struct frame *frames, size_t n);

/* Handlers, one file each. manifest and body are frames 2 and 3 of a submit, else empty. */
struct request {
	struct session *session;
	const struct session_command *command;
	struct frame *manifest;
	struct frame *body;
	struct arena *arena; /* of the command; ends with the call */
};
typedef void handler(struct broker *b, struct request *r);
handler on_open, on_hello, on_submit, on_release, on_delivered, on_fetch, on_publish, on_invite, on_join, on_joins_query, on_confirm,
    on_credit, on_ping, on_bye, on_propose, on_decide, on_proposals_query, on_admin_watch, on_freshness, on_traffic_query, on_quotas_query;

/* Everything to say to peers goes through these; a peer that cannot be reached loses its session, nothing else. */
void say(struct broker *b, struct session *s, const struct session_command *command);
void say_with(struct broker *b, struct session *s, const struct session_command *command, struct frame *manifest, struct frame *body);
void say_done(struct broker *b, struct session *s, uint64_t request, enum consign_code code, const char *detail);
void say_bye(struct broker *b, struct session *s, enum consign_code code, const char *detail); /* and ends the session */
/* Says to who watches, and to the log, that this session has ended by itself. */
void say_gone(struct broker *b, const struct session *s, const char *detail);
void say_try_later(struct broker *b, struct session *s, uint64_t sequence, const char *org, enum consign_code code, const char *detail);
void say_try_later_in(struct broker *b, struct session *s, uint64_t sequence, enum consign_code code, const char *detail, uint32_t retry_ms);
/* An answer gathers until the round ends or its checkpoint is there. statement and what it points to: copied. */
void answer_later(struct broker *b, struct session *s, uint64_t sequence, const struct statement *statement);
void answers_flush(struct broker *b);
/* The documents that concern a session's party, after those it has. */
void say_documents(struct broker *b, struct session *s);

/* documents.c: after new documents are durable: tell everyone, drop who may not be here. */
void documents_changed(struct broker *b);
/* The documents a hub begins with, into an empty ledger. */
CONSIGN_MUST_CHECK enum consign_err documents_genesis(struct broker *b, struct consign_slice genesis, char problem[HUB_PROBLEM_BYTES]);
bool admit_key(void *broker, const struct consign_public_key *key);

/* deliver.c */
void deliver_pump(struct broker *b, struct session *s);
void deliver_to_org(struct broker *b, const char *org);
/* From this position on, but for what was acknowledged and waits for its commit. For the next pump. */
void deliver_again(struct session *s, uint64_t position);
void settle_pump(struct broker *b, struct session *s);
/* expire.c */
void expire_tick(void *broker);
/* A tombstone of this position waits for its commit: what was read of it before is not delivered any more. */
bool expire_is_burying(const struct broker *b, const char *org, uint64_t position);

#endif
