/*
 * A whole broker in a test, without its socket: broker_open on a home of its own, with the documents of hub_fixture as its
 * genesis. What peers send is given to dispatch_frames, what the broker says is kept by peer; timers are called by hand,
 * clocks are turned by hand, reads are made when the test takes a turn, on its own thread. Commits are real.
 *
 *   struct broker_fixture *t;                     setup and teardown of every test
 *   struct peer acme = broker_agent(t, "acme");   is connected, has said hello, and has been told everything
 *   broker_hears_submit(t, &acme, 1, sm, body);
 *   broker_turn(t);                               commits, reads, answers: until nothing moves
 *   const struct said *s = expect_said(t, &acme);
 *
 * The linker's --wrap replaces the listener, the timers and the reader's queue (tests.cmake).
 */
#ifndef BROKER_FIXTURE_H
#define BROKER_FIXTURE_H

#include "broker.h"
#include "failing.h"
#include "hub_fixture.h"

#define SAID_MAX 256u /* not heard yet */
#define LOGGED_KEPT 64u

struct peer {
	struct route route;
	const char *name;
	const struct secret *signing; /* NULL: joining */
	struct consign_key_id key_id;
	enum session_party party;
	uint64_t window_bytes; /* that its hello grants */
};

/* One message of the broker. */
struct said {
	uint8_t to; /* route.id[4] of the peer */
	struct session_command *command;
	struct consign_slice manifest;
	struct consign_slice body;
	bool is_heard;
};

struct broker_fixture {
	struct hub_fixture f;
	struct arena *arena; /* of what was said */
	char *folder;
	struct broker *broker;
	struct consign_clock clock;
	uint64_t wall_us, steady_us;
	struct said *said[SAID_MAX];
	size_t n_said;
	uint8_t n_peers;
	unsigned dropped;            /* connections that the broker cut */
	enum consign_err send_err;   /* of every message from now on */
	enum consign_err commit_err; /* of every entry from now on */
	enum consign_err read_err;   /* of every read from now on */
	/* In the next commits the nth call on the store, or allocation, fails, on the commit thread; whether that happened. */
	size_t apply_fails_at, note_fails_at;
	bool fails_by_memory, has_failed;
	struct reader_job *reads; /* queued */
	struct listener_options listener;
	struct listener_counts counts; /* what the listener says */
	unsigned disk_used;            /* percent, and what is left */
	uint64_t disk_left_bytes;
	enum consign_err disk_err;
	const char *bind, *metrics_bind; /* for broker_begin */
	struct quota quota;
	struct keyfile *keys; /* for the next broker_begin; NULL: broker_keyfile */
	loop_handler *tick, *expire, *on_signal, *on_commits, *on_reads;
	unsigned loop_stops;
	char logged[LOGGED_KEPT][32]; /* names of the last events of the log */
	size_t n_logged;
};

/* The one of the test under way: wrapped functions have no context. */
extern struct broker_fixture *broker_now;
/* As it is, without failures. */
enum consign_err __real_frame_copy(struct frame *f, struct consign_slice s);

/* cmocka's setup and teardown; *state is the fixture. */
int broker_setup(void **state);
int broker_teardown(void **state);
/* Opens the broker of the fixture's folder; broker_setup has done so once. */
enum consign_err broker_begin(struct broker_fixture *t, char ret_problem[256]);
void broker_end(struct broker_fixture *t);
struct keyfile *broker_keyfile(struct broker_fixture *t);
/* A file in the broker's home. */
void broker_write(struct broker_fixture *t, const char *name, struct consign_slice content);
/* SQL on the broker's store, by a connection of its own. */
void broker_sql(struct broker_fixture *t, const char *sql);

/* A connection; nothing is said yet. */
struct peer broker_peer(struct broker_fixture *t, const char *name, const struct consign_public_key *transport,
    const struct secret *signing, enum session_party party);
struct peer broker_org(struct broker_fixture *t, const char *org);
struct peer broker_admin(struct broker_fixture *t);
/* open and hello; the test hears the answers. */
void broker_hello(struct broker_fixture *t, struct peer *p);
/* A connection that said hello, whose welcome and documents were heard. */
struct peer broker_agent(struct broker_fixture *t, const char *org);
struct peer broker_administrator(struct broker_fixture *t);
struct session *broker_session(struct broker_fixture *t, const struct peer *p);

void broker_hears(struct broker_fixture *t, const struct peer *p, const struct session_command *command);
void broker_hears_frames(struct broker_fixture *t, const struct peer *p, const struct consign_slice *frames, size_t n);
void broker_hears_submit(struct broker_fixture *t, const struct peer *p, uint64_t sequence, const struct signed_manifest *sm,
    struct consign_slice body);
/* Everything that is under way, until nothing moves. */
void broker_turn(struct broker_fixture *t);
/* The reads that are queued, without taking in commits before. */
void broker_read(struct broker_fixture *t);
/* After a store that failed: the clock goes on, the broker reloads. */
void broker_recover(struct broker_fixture *t);

/* The oldest message to this peer that was not heard yet; the test fails when there is none. */
const struct said *expect_said(struct broker_fixture *t, const struct peer *p);
void expect_silence(struct broker_fixture *t, const struct peer *p);
void hear_all(struct broker_fixture *t, const struct peer *p);
/* Its next message is a bye, done, or try_later with this code. */
void expect_bye(struct broker_fixture *t, const struct peer *p, enum consign_code code);
void expect_done(struct broker_fixture *t, const struct peer *p, uint64_t request, enum consign_code code);
void expect_later(struct broker_fixture *t, const struct peer *p, uint64_t sequence, enum consign_code code);
/* Its next message is one answer to this sequence; the record that it holds. */
const struct ledger_record *expect_answer(struct broker_fixture *t, const struct peer *p, uint64_t sequence);
/* ... which refuses the whole with this code; or the one verdict of it has this code. */
void expect_refusal(struct broker_fixture *t, const struct peer *p, uint64_t sequence, enum consign_code code);
void expect_acceptance(struct broker_fixture *t, const struct peer *p, uint64_t sequence);

/* How often the log has had this event, lately. */
size_t logged(struct broker_fixture *t, const char *event);

/* acme's x.note to bolt in study one, as the documents in force have it. */
struct manifest *broker_note(struct broker_fixture *t);
/* The consignee's word on what was delivered: all items accepted. */
struct delivery_receipt *broker_receipt(struct broker_fixture *t, const struct peer *p, const struct said *delivery);
void broker_hears_receipt(struct broker_fixture *t, const struct peer *p, struct delivery_receipt *r);
/* The documents without leaves and proofs, as they are published. */
struct session_documents *broker_unproven(struct broker_fixture *t, const struct session_documents *d);
void broker_hears_publish(struct broker_fixture *t, const struct peer *p, uint64_t request, struct session_documents *d);

#endif
