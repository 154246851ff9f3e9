/*
 * What the stateful fuzzer knows: who takes part, what was said, and what the broker has promised so far. Everything that the
 * broker says is held against it (listen.c, mail.c); what does not fit ends the run by broken(), with the seed and the last
 * moves.
 *
 *   org          a member of the hub; its model of the mailbox outlives its sessions
 *   seat         a connection of an org; an org has two, so that one can take over from the other
 *   consignment  an id of an org, and the versions that were made under it
 *   version      one signed manifest and body
 *   submission   a version said in a session, until it is answered
 *   place        a position of a mailbox
 *
 * Threads   one
 */
#ifndef FUZZ_BROKER_WORLD_H
#define FUZZ_BROKER_WORLD_H

#include <stdio.h>

#include "member.h"

#define ORGS 4u
#define SEATS 2u
#define STUDIES 3u
#define POLICIES 3u
#define TYPES 3u
#define ITEMS_MAX 6u
/* quota_mailbox_consignments of the broker that is played with (tests/fuzz/broker/run): small, so that mailboxes get full. */
#define MAILBOX_CONSIGNMENTS 40u
/* The welcome's window is 64: the session ends at 128. */
#define UNDER_WAY_MAX 60u
/* Consignments of which the bytes are kept, so that they can be said again. */
#define RECENT 400u

#define SAID_KEPT 16u

struct consignment;

enum flaw {
	FLAW_NONE,
	FLAW_TOO_BIG,   /* the body */
	FLAW_MALFORMED, /* the manifest */
	FLAW_HUB,       /* another hub */
	FLAW_NAME,      /* another's name */
	FLAW_KEY,       /* signed by a key that is nobody's */
	FLAW_KIND,      /* signed as a delivery receipt */
	FLAW_BODY,      /* a byte of the body altered */
	FLAW_LENGTH,    /* the body a byte longer */
	FLAW_FUTURE,    /* made in the future */
	FLAW_EXPIRED,
	FLAW_AHEAD,    /* has seen a root that is not there yet */
	FLAW_ROOT,     /* has seen a root that never was */
	FLAW_POLICY,   /* has seen a policy that its root does not name */
	FLAW_SEAL_KEY, /* sealed to a key that the first consignee does not offer */
	FLAW_FORK,     /* has seen another ledger */
	FLAWS
};

struct version {
	struct consignment *of;
	uint32_t attempt;
	enum flaw flaw;
	unsigned study, label; /* study STUDIES: one that does not exist */
	unsigned to;           /* bits of consignees */
	size_t n_items;
	unsigned types[ITEMS_MAX]; /* TYPES - 1: one that no policy permits */
	uint64_t expires_us;
	struct buf frame, body; /* empty once forgotten */
	struct consign_hash digest, frame_hash, body_hash;
	unsigned under_way; /* submissions in living sessions */
	bool is_uncertain;  /* a session ended before one was answered */
	size_t since;       /* world.state at the first of these */
	struct version *next;
};

struct consignment {
	struct consign_id id;
	unsigned from;
	uint32_t attempts;
	struct version *versions; /* newest first */
	struct version *accepted;
	struct consign_hash receipt; /* of its statement, openings apart */
	struct consign_hash openings;
	bool has_openings;
	uint64_t leaf;
	uint64_t position[ORGS]; /* 0: not known */
	struct version *refused; /* with a place; the highest attempt */
	struct consign_hash refusal;
	struct consignment *next; /* in world.bucket */
};

/* A delivery receipt. */
struct said {
	struct consign_hash hash;
	uint64_t session; /* in which */
	uint64_t nth;     /* of all */
};

struct place {
	struct version *mail;
	struct consign_hash previous, head; /* of the chain: before it and after it */
	bool is_buried;                     /* one of the two saw its tombstone */
	bool is_gone;                       /* the consignee did */
	size_t n_said;                      /* delivery receipts that were said of it */
	struct said *said;
	uint64_t settled_leaf;
	uint64_t settled_move; /* when the consignor heard */
};

struct org {
	const char *name;
	struct consign_hash genesis;
	struct place *places;    /* by position; [0] unused */
	size_t n_places;         /* the highest known position + 1 */
	uint64_t confirmed_leaf; /* the broker has forgotten the settlements up to here */
	uint64_t epoch;
	uint64_t said_us[SAID_KEPT]; /* when its last submissions were said, round about */
	uint64_t n_said;
};

struct submission {
	uint64_t sequence; /* 0: a release */
	struct version *version;
	size_t since; /* world.state when it was said */
	uint64_t said_us, said_move;
	bool was_accepted, was_refused; /* known when it was said, of this version */
	bool must_conflict;             /* another version was accepted, or refused under this attempt or a later one */
	bool is_racy;                   /* something else of its consignment was under way */
	bool is_again;                  /* this version was said before */
	bool is_answered;
	bool is_fresh; /* it may be an acceptance of now */
	bool is_accepted;
	bool holds;              /* its lanes are held from here on */
	enum consign_code later; /* NONE: not postponed */
	uint64_t leaf;
	struct submission *next;
};

/* A consignment in the line of held lanes (PROTOCOL.md 7.6), as far as it can be known. */
struct held_one {
	struct version *version;
	bool is_sure;
	bool is_passing; /* until everything of the session is answered */
	struct held_one *next;
};

struct received {
	struct mail mail;
	uint64_t position;
	size_t bytes;
	struct received *next;
};

struct seat {
	unsigned org, number;
	struct live_member *m;
	bool is_open;
	uint64_t session; /* its number, of all */
	uint64_t opened_move;
	uint64_t sequence;
	/* submissions, in the order in which they were said */
	struct submission *said, **said_end;
	size_t under_way;
	struct held_one *line;
	uint64_t fresh_leaf;
	/* deliveries */
	uint64_t position;      /* the last */
	uint64_t again;         /* mail was asked for again from here, and has not come; 0 none */
	bool must_again;        /* it will: some of it was not acknowledged */
	uint64_t floor;         /* what is below it does not come in this session; 0 all comes */
	uint64_t landed_to;     /* acknowledged while it was on its way again: the broker may take its second coming for landed */
	bool is_starved;        /* it gave a window of nothing */
	bool is_bent;           /* it said what nobody knows: there may be answers to it */
	uint64_t window_bytes;  /* the largest of this session */
	struct received *got;   /* not acknowledged */
	struct received *given; /* acknowledged; the last few */
	/* settlements */
	uint64_t cursor; /* not confirmed; 0 none */
	uint64_t settled_leaf;
	bool is_confirmed; /* the confirmation was said, and not proven durable yet */
	/* how it may end */
	uint64_t may_say; /* bits of codes */
	bool may_cut;
};

/* What decides beside the consignment itself. */
struct state {
	unsigned policy;
	unsigned suspended; /* bits of orgs */
};

struct world {
	uint64_t seed, random, moves, receipts, sessions;
	struct org orgs[ORGS];
	struct seat seats[ORGS][SEATS];
	struct state *states; /* as they followed; the last is the one of now */
	size_t n_states;
	bool is_stopping, is_down;
	struct consignment *bucket[4096];
	struct consignment **recent; /* their bytes are kept; round about */
	size_t n_consignments;
	struct consign_hash *heads; /* of the ledger, by size */
	bool *has_head;
	size_t n_heads;
	uint64_t accepted, delivered, settled, refused, kills;
	long rss_max_kib, broker;
};
extern struct world world;

/* world.c */
uint32_t pick(uint32_t n); /* 0 … n - 1, by the seed */
bool one_in(uint32_t n);
void note_all(const char *folder); /* into moves.log of it, too */
void note(const struct seat *seat, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void broken(const struct seat *seat, const char *format, ...) __attribute__((format(printf, 2, 3)));
void *grow(void *list, size_t n, size_t size); /* one more than n; new ones zeroed */
struct consignment *consignment_new(unsigned from, const struct consign_id *id);
struct consignment *consignment_find(const char *from, const struct consign_id *id);
struct version *version_find(const struct consignment *c, const struct consign_hash *digest);
unsigned org_number(const char *name); /* ORGS: none */
const struct state *state_now(void);
void state_next(struct state s);
const char *study_name(unsigned study);
const char *type_name(unsigned type);
/* Writes policy number p as `consign policy apply` reads it. */
void policy_write(unsigned p, FILE *f);
/* What a state makes of a version. */
enum consign_code verdict_of(const struct version *v, const struct state *s);
bool verdict_may_be(const struct version *v, size_t since, enum consign_code code);
/* A position was given to a version: by a receipt or a delivery. entry: of the acceptance. */
void place_given(const struct seat *seat, unsigned org, struct version *v, const struct mailbox_opening *opening,
    const struct consign_hash *entry);
void head_seen(const struct seat *seat, const struct checkpoint *c);

/* seats.c */
bool seat_open(struct seat *s);
/* What a member's function gave; false: the session is over, as it may be. */
bool seat_ok(struct seat *s, enum consign_err err);
void seat_lost(struct seat *s);
void seat_leave(struct seat *s); /* by a bye, or cut */
void seat_end(struct seat *s);   /* for good */
/* Everything said so far was read; what came is taken in. False: the session is over. */
bool seat_settle(struct seat *s);
/* Every submission is answered. */
bool seat_answered(struct seat *s);
/* Asks the script; the answer is a number. */
long ask(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* listen.c */
/* What makes a promise what it is, wherever it is shown: all but the path, and the openings of others. */
void statement_hash(const struct statement *st, struct consign_hash *ret_hash);

/* submit.c */
struct version *version_make(struct seat *s, struct consignment *c, uint32_t attempt, enum flaw flaw);
/* A good one of one item, first attempt. */
struct version *version_make_to(struct seat *s, struct consignment *c, unsigned to, unsigned study);
void version_forget(struct version *v);
bool version_submit(struct seat *s, struct version *v);
bool version_release(struct seat *s, struct version *v);
struct consignment *consignment_begin(struct seat *s);

/* line.c */
void line_replay(struct seat *s); /* as far as the answers are known */
void line_pass(struct seat *s);   /* everything is answered */

/* mail.c */
bool mail_take(struct seat *s);                               /* what has come */
bool mail_acknowledge(struct seat *s, size_t n, bool in_one); /* so many, any */
bool mail_acknowledge_again(struct seat *s);
bool mail_redeliver(struct seat *s); /* asks for it again, from some position */
bool mail_await(struct seat *s);     /* takes and acknowledges what is known to wait */
bool mail_confirm(struct seat *s);   /* the settlements that came last */
void received_free(struct received **list);

/* known.c: sequences that found something once */
void known_play(void);

/* odd.c: what nobody says who means well */
bool odd_move(struct seat *s);
void odd_opening(struct seat *s);

#endif
