/*
 * A member of the hub in a test's own hands. It has the keys of an agent's home and what an agent verifies, and says to a real
 * broker what the test wants: each step can be taken honestly, altered before it goes, or replaced by any frames.
 *
 *   struct live_member *m;
 *   struct draft d;
 *   struct answer a;
 *   member_open("globalcro", &m);                                the home; its own agent must not run
 *   member_greet(m);                                             connected, welcomed, documents taken in
 *   member_draft_note(m, "acme,biomake", "S1", "hello", &d);      sealed for both
 *   d.manifest->attempt = 7;                                     a lie, if one is wanted
 *   member_sign(m, &d);
 *   member_submit(m, &d, 1);
 *   member_answer(m, 1, &a);                                     a.code, a.detail; proven under the newest checkpoint
 *   draft_clear(&d);
 *   member_close(&m);
 *
 * Every wait lasts wait_ms at most. Nothing here ends the process, whatever the peer says; a failure leaves its words in
 * `problem`. Errors of every function that waits, besides its own: TIMEOUT      nothing came in time STATE        the broker said
 * bye: bye and bye_detail UNREACHABLE  the connection was cut, or never came to be DENIED       the transport key was not
 * admitted What the broker had said before it ended the session can still be heard: the end is reported when nothing that is
 * asked for is left.
 *
 * Threads   a member belongs to one thread; several members may live in one process
 * Source    docs/PROTOCOL.md 7
 */
#ifndef SUPPORT_MEMBER_H
#define SUPPORT_MEMBER_H

#include "agent.h"
#include "sealing.h"
#include "verify.h"
#include "wire/session_wire.h"

#define MEMBER_FRAMES_MAX 8u

struct answer {
	uint64_t sequence;
	enum { ANSWER_ACCEPTED, ANSWER_REFUSED, ANSWER_TRY_LATER } kind;
	enum consign_code code;              /* of the first verdict, or of try_later */
	char org[CONSIGN_ORG_MAX_BYTES + 1]; /* of the first verdict; may be empty */
	char rule[CONSIGN_RULE_MAX_BYTES + 1];
	char detail[256];
	size_t n_verdicts;
	struct consign_id id; /* whom the record speaks of */
	struct consign_org consignor;
	struct consign_hash digest;
	bool has_place;
	uint64_t leaf;     /* with a place */
	uint64_t position; /* of the first consignee, when accepted */
	uint32_t retry_ms;
	enum consign_err proof; /* what verifying the statement gave */
	struct answer *next;    /* the member's */
};

struct settled {
	struct consign_id id;
	struct consign_org consignee;
	bool is_tombstone;
	uint64_t position;
	size_t n_verdicts;
	struct item_verdict first; /* without its reason */
	char reason[256];
	enum consign_err proof;
	struct settled *next; /* the member's */
};

/* A command as it came. */
struct heard {
	struct arena *arena;
	struct session_command *command;
	struct checkpoint checkpoint; /* the newest verified when it came, its own included */
	struct frame frames[TRANSPORT_FRAMES_MAX];
	size_t n;
	struct heard *next;
};
void heard_free(struct heard **heard);

struct live_member {
	/* What the real agent knows: org, hub_id, keys, hub, clock. What agents/ does with no more than these works on it. */
	struct agent agent;
	/* May be set before member_connect. */
	char endpoint[256];
	struct consign_public_key broker_key;
	const struct secret *transport; /* borrowed; at first the home's */
	uint32_t wait_ms;               /* 60000 */
	uint32_t window_consignments;   /* of the hello: 64 and 8 MiB */
	uint64_t window_bytes;
	bool confirms; /* settlements are confirmed as they come: true */
	/* What happened. */
	bool is_up, is_refused, is_down;
	struct session_challenge challenge;
	struct session_welcome welcome;
	bool has_bye;
	enum consign_code bye;
	char bye_detail[256];
	uint64_t n_documents; /* documents commands taken in */
	char problem[256];
	/* Inside. */
	struct config *config;
	struct transport *zmq;
	struct link *link;
	struct consign_public_key transport_public;
	bool is_late;
	struct heard *heard, **heard_end;
	struct answer *answers, **answers_end;
	struct settled *settled, **settled_end;
};

/*
 * Reads an agent's home: config.yaml and keys/agent.key, unlocked. Nothing of agent.db: documents come from the broker.
 * ret_member gives; end it with member_close. Errors: CONFIG, KEY_FILE, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err member_open(const char *home, struct live_member **ret_member);
/* Disconnects and frees; accepts NULL. */
void member_close(struct live_member **member);

/* ── the session ── */

/* A connection whose handshake is through; what an earlier one left is forgotten, but for documents. */
CONSIGN_MUST_CHECK enum consign_err member_connect(struct live_member *m);
/* Cuts it, without a word. */
void member_disconnect(struct live_member *m);
/* `open`, and waits for the challenge. open NULL: an honest one. */
CONSIGN_MUST_CHECK enum consign_err member_challenge(struct live_member *m, struct session_open *open);
/* An honest hello for the challenge, to be altered. key_id and signature lie in the room given. */
struct hello_room {
	struct consign_key_id key_id;
	struct consign_signature signature;
	struct checkpoint_ref checkpoint;
};
CONSIGN_MUST_CHECK enum consign_err member_hello(struct live_member *m, struct session_hello *ret_hello, struct hello_room *room);
/* Signs transport key ‖ nonce ‖ party ‖ name of the hello as it is now. */
void member_sign_hello(
    struct live_member *m, const struct secret *key, const struct session_hello *h, struct consign_signature *ret_signature);
/* Says the hello, waits for welcome and documents. */
CONSIGN_MUST_CHECK enum consign_err member_welcome(struct live_member *m, struct session_hello *h);
/* All of the above, honestly. */
CONSIGN_MUST_CHECK enum consign_err member_greet(struct live_member *m);
/* `ping`, and waits for its pong: everything said before was read. */
CONSIGN_MUST_CHECK enum consign_err member_ping(struct live_member *m);
/* `bye`, and waits until the broker has cut the connection. */
CONSIGN_MUST_CHECK enum consign_err member_bye(struct live_member *m);
CONSIGN_MUST_CHECK enum consign_err member_credit(struct live_member *m, uint32_t consignments, uint64_t bytes);
/* Waits for the documents that answer; they are in agent.hub then. */
CONSIGN_MUST_CHECK enum consign_err member_fetch(struct live_member *m, struct session_fetch *fetch);
/* Waits until the session has ended: OK when it has (has_bye says whether by a bye). */
CONSIGN_MUST_CHECK enum consign_err member_ended(struct live_member *m);
/* As member_ended, and for the connection to be cut. */
CONSIGN_MUST_CHECK enum consign_err member_is_cut(struct live_member *m);

/* Says a command, encoded as it is. Errors: MALFORMED (not what the tables allow: use member_send), FULL, UNREACHABLE */
CONSIGN_MUST_CHECK enum consign_err member_say(struct live_member *m, const struct session_command *command);
/* Any frames as one message, up to MEMBER_FRAMES_MAX. */
CONSIGN_MUST_CHECK enum consign_err member_send(struct live_member *m, const struct consign_slice *frames, size_t n);

enum hear {
	HEAR_CHALLENGE = 1 << 0,
	HEAR_WELCOME = 1 << 1,
	HEAR_DOCUMENTS = 1 << 2,
	HEAR_DELIVER = 1 << 3,
	HEAR_DONE = 1 << 4,
	HEAR_PONG = 1 << 5,
	HEAR_CREDIT = 1 << 6,
	HEAR_OTHER = 1 << 7,
};
/*
 * The next command of these kinds; others stay for later. Answers, try_later, settlements and bye are not among them: they have
 * functions and members of their own. ret_heard gives.
 */
CONSIGN_MUST_CHECK enum consign_err member_hear(struct live_member *m, unsigned kinds, struct heard **ret_heard);

/* ── consignments ── */

struct draft {
	struct arena *arena;
	struct manifest *manifest; /* in arena: alter it, then member_sign */
	struct buf body;           /* alter it, then draft_digest and member_sign */
	struct buf frame;          /* signed manifest, encoded */
};
void draft_clear(struct draft *d);
/* Sealed, with commitments, digest, seen and signature: what an honest agent would send. Errors: as sealing_make */
CONSIGN_MUST_CHECK enum consign_err
member_draft(struct live_member *m, const struct sealing_order *order, struct draft *ret_draft);
/* The same of one x.note, label open, under a new id, for a list of organisations with commas. */
CONSIGN_MUST_CHECK enum consign_err
member_draft_note(struct live_member *m, const char *to, const char *study, const char *text, struct draft *ret_draft);
/* The same under an id of the caller's choice. */
CONSIGN_MUST_CHECK enum consign_err member_draft_note_under(struct live_member *m, const struct consign_id *id, const char *to,
    const char *study, const char *text, struct draft *ret_draft);
/* The payload of a file, encoded. Appended to out. */
CONSIGN_MUST_CHECK enum consign_err member_payload(struct consign_slice content, struct buf *out);
/* Length and digest of the body as it is, into the manifest. */
void draft_digest(struct draft *d);
/* Encodes the manifest as it is and signs it, into frame. Errors: MALFORMED (the tables refuse to encode it), NOT_FOUND (no key)
 */
CONSIGN_MUST_CHECK enum consign_err member_sign(struct live_member *m, struct draft *d);
CONSIGN_MUST_CHECK enum consign_err
member_sign_by(struct live_member *m, const struct secret *key, enum sign_kind kind, struct draft *d);
CONSIGN_MUST_CHECK enum consign_err member_submit(struct live_member *m, const struct draft *d, uint64_t sequence);
CONSIGN_MUST_CHECK enum consign_err member_release(struct live_member *m, const struct consign_id *id);
/* What was answered under that sequence; 0: whatever was answered next. */
CONSIGN_MUST_CHECK enum consign_err member_answer(struct live_member *m, uint64_t sequence, struct answer *ret_answer);
/* member_submit and member_answer. */
CONSIGN_MUST_CHECK enum consign_err
member_ask(struct live_member *m, const struct draft *d, uint64_t sequence, struct answer *ret_answer);

/* ── mail ── */

struct mail {
	struct heard *heard;
	const struct session_deliver *deliver; /* in heard */
	struct consign_slice manifest, body;   /* in heard */
	struct arena *arena;
	struct verified v; /* what an honest agent finds: v.outcome */
};
void mail_clear(struct mail *mail);
/* The next delivery, verified. Not acknowledged. */
CONSIGN_MUST_CHECK enum consign_err member_mail(struct live_member *m, struct mail *ret_mail);
/* An item of it, unsealed: its encoded payload, appended to plain. Errors: BAD_SEAL, MALFORMED, NOT_FOUND (no seal key) */
CONSIGN_MUST_CHECK enum consign_err
member_unseal(struct live_member *m, const struct mail *mail, size_t place, struct buf *plain);

struct receipt {
	struct arena *arena;
	struct delivery_receipt_content *content; /* in arena: alter it, then member_sign_receipt */
	struct delivery_receipt receipt;
};
void receipt_clear(struct receipt *r);
/* Every item accepted: content, and signed. */
CONSIGN_MUST_CHECK enum consign_err member_receipt(struct live_member *m, const struct mail *mail, struct receipt *ret_receipt);
CONSIGN_MUST_CHECK enum consign_err member_sign_receipt(struct live_member *m, struct receipt *r);
/* Says `delivered` with these. */
CONSIGN_MUST_CHECK enum consign_err member_delivered(struct live_member *m, struct receipt *const *receipts, size_t n);
/* member_receipt and member_delivered. */
CONSIGN_MUST_CHECK enum consign_err member_acknowledge(struct live_member *m, const struct mail *mail);

/* What became of a consignment of ours at a consignee. id NULL: the next of any. */
CONSIGN_MUST_CHECK enum consign_err
member_settled(struct live_member *m, const struct consign_id *id, struct settled *ret_settled);

#endif
