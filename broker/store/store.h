/*
 * The broker's store: what is promised is here first. SQLite, a row a consignment; one writing connection (the commit
 * thread's), reading connections for the loop (point look-ups) and the reader thread (mail).
 *
 *   leaf         index → salt, record            every act, forever
 *   node         perfect subtrees of the ledger  level << 48 | index → hash
 *   checkpoint   the newest note
 *   consignment  leaf → consignor, id, digest, manifest, body; body goes at the end of its retention
 *   refusal      (consignor, id, attempt) → digest and leaf, so that the same question hears the same answer; and its manifest
 *   mailbox      (org, position) → leaf, chain, settled, tombstone, size
 *   mailbox_tail org → last position and chain head
 *   mailbox_use  (org, consignor) → how much waits: sums over mailbox, so that a start need not count
 *   settlement   (consignor, n) → delivery receipt or tombstone on its way back
 *   document     encoded Documents messages in the order in which they came into force
 *   invite, join what waits for an administrator
 *   proposal     id → signed proposal, what it would publish, what became of it
 *   decision     (proposal, n) → what an administrator said to it
 *
 * Invariant: an entry is written in one transaction with its leaves; positions and leaves are dense.
 * Threads   a struct db belongs to one thread; entries are handed over whole
 */
#ifndef BROKER_STORE_H
#define BROKER_STORE_H

#include <stdatomic.h>

#include "core/commit.h"
#include "core/sign.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"
#include "wire/session_wire.h"

/* Opens (and migrates, when writing). Errors: those of db_open. */
CONSIGN_MUST_CHECK enum consign_err store_open(const char *path, bool read_only, struct db **ret_db);

/* The note of one commit group, shared by its entries. */
struct store_note {
	atomic_size_t refs; /* entries of the group hold it on both threads */
	struct checkpoint checkpoint;
	struct buf note;
};

struct store_leaf {
	uint64_t index;
	struct consign_hash salt;
	struct consign_hash entry;
	struct consign_slice record;
};

struct store_mailbox {
	struct consign_org org;
	uint64_t position;
	struct consign_hash previous;
	struct consign_hash salt;
	struct consign_hash head; /* after this position */
};

/* A change that waits for k administrators. */
struct store_proposal {
	struct consign_hash id;
	uint64_t created_us;
	uint64_t expires_us;
	uint64_t root_version; /* that it would put in force: an earlier one supersedes it */
	struct consign_slice proposal;  /* encoded signed_document */
	struct consign_slice documents; /* encoded session_documents, signed by the author */
};

struct store_decision {
	struct consign_hash proposal;
	struct consign_slice decision; /* encoded signed_document */
	uint32_t state;                /* of the proposal from now on: enum proposal_state */
	uint64_t at_us;
};

/* What one act writes. Zero-initialised; only what is set is written. Slices live in `arena` or in the owner's frames. */
struct store_entry {
	struct commit_job job; /* first; done is the owner's, apply is store_apply */
	struct store_writer *writer;
	struct arena *arena; /* owned; freed by store_entry_clear */
	struct store_note *note; /* out: of the group it was committed in */

	struct store_leaf *leaves;
	size_t n_leaves;

	bool has_consignment; /* accepted: leaves[0] is its leaf */
	const struct manifest *manifest;
	struct consign_hash manifest_digest;
	struct consign_slice manifest_frame;
	struct consign_slice body;
	struct store_mailbox *mailboxes;
	size_t n_mailboxes;

	bool has_refusal; /* leaves[0] is its leaf */

	bool was_settled;  /* once applied, with has_delivery: by an earlier receipt */
	bool has_delivery; /* leaves[0]: the delivered record; or, for a tombstone's acknowledgement, no leaf */
	struct consign_org consignee;
	uint64_t position;
	uint64_t mail_leaf; /* of the acceptance */
	struct consign_org consignor;
	struct consign_id consignment_id;
	struct consign_slice receipt; /* encoded delivery_receipt */

	bool has_tombstone; /* leaves[0]: the retention record, for consignee and position above */

	struct consign_slice documents; /* encoded; to append */

	const struct invite_notice *invite;
	struct consign_slice join; /* encoded join_request of `consignee` */
	bool has_joined;           /* forget invite and join of `consignee` */

	const struct store_proposal *proposal; /* with its slices in the arena */
	const struct store_decision *decision; /* likewise */

	bool has_confirm; /* forget settlements of `consignor` up to `confirm_to` */
	uint64_t confirm_to;
};

/* The commit thread's side: its own tree, the key that signs there. */
struct store_writer;
/*
 * ledger_key   borrows for the writer's life
 * Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err store_writer_new(
    const struct consign_hash *hub_id, const struct secret *ledger_key, struct store_writer **ret_writer);
void store_writer_free(struct store_writer **writer);
/* For commit_start: signs and stores the group's checkpoint. context is the writer. */
enum consign_err store_before_commit(void *context, struct db *db);
/* The apply of every entry. */
enum consign_err store_apply(struct commit_job *job, struct db *db);
void store_entry_clear(struct store_entry *entry); /* releases arena and note */

/* Reading, on any connection. */
struct store_tail {
	struct consign_org org;
	uint64_t position;
	struct consign_hash head;
};

/* What one consignor has waiting in a mailbox. */
struct store_use {
	struct consign_org org;
	struct consign_org consignor;
	uint64_t consignments;
	uint64_t bytes;
};

CONSIGN_MUST_CHECK enum consign_err store_size(struct db *db, uint64_t *ret_leaves);
CONSIGN_MUST_CHECK enum consign_err store_note_read(struct db *db, struct buf *ret_note); /* NOT_FOUND before the first */
CONSIGN_MUST_CHECK enum consign_err store_node(struct db *db, uint32_t level, uint64_t index, struct consign_hash *ret_hash);
CONSIGN_MUST_CHECK enum consign_err store_leaf_read(struct db *db, uint64_t index, struct arena *arena, struct leaf *ret_leaf);
CONSIGN_MUST_CHECK enum consign_err store_tails(struct db *db, void (*each)(void *context, const struct store_tail *tail), void *context);
CONSIGN_MUST_CHECK enum consign_err store_uses(struct db *db, void (*each)(void *context, const struct store_use *use), void *context);
CONSIGN_MUST_CHECK enum consign_err store_documents(struct db *db,
    enum consign_err (*each)(void *context, struct consign_slice documents), void *context);
CONSIGN_MUST_CHECK enum consign_err store_invites(struct db *db,
    enum consign_err (*each)(void *context, const struct invite_notice *notice, struct consign_slice join), void *context);

/* A proposal as it is stored; slices live in arena. state: OPEN also when it has expired or was superseded. */
struct store_proposed {
	struct consign_hash id;
	uint32_t state;
	uint64_t ended_us; /* 0: it has not */
	struct consign_slice proposal;
	struct consign_slice documents; /* empty unless asked for */
	struct consign_slice decisions[CONSIGN_ADMINS_MAX];
	size_t n_decisions;
};
CONSIGN_MUST_CHECK enum consign_err store_proposal(struct db *db, const struct consign_hash *id, bool with_documents, struct arena *arena,
    struct store_proposed *ret_proposed); /* NOT_FOUND */
/* Ids, newest first: those that are open still when this root is the newest, and of the others the newest. ret_ids has room for max. */
CONSIGN_MUST_CHECK enum consign_err store_proposals_newest(
    struct db *db, uint64_t root_version, uint64_t now_us, size_t max, struct consign_hash *ret_ids, size_t *ret_n);
/* Calls `each` with every one that is open still when this root is the newest: encoded signed_document, lent for the call. */
CONSIGN_MUST_CHECK enum consign_err store_proposals_open(struct db *db, uint64_t root_version, uint64_t now_us,
    enum consign_err (*each)(void *context, struct consign_slice proposal), void *context);
/* For store_apply: the entry's proposal and decision. */
CONSIGN_MUST_CHECK enum consign_err store_put_proposals(struct db *db, const struct store_entry *entry);

/* What an earlier submission under this id became. NOT_FOUND: nothing. statement lives in arena, without path. */
struct store_past {
	bool accepted;
	uint32_t attempt; /* of the acceptance, or of the newest refusal */
	struct consign_hash digest;
	struct statement *statement;
};
CONSIGN_MUST_CHECK enum consign_err store_past(struct db *db, const char *consignor, const struct consign_id *id, struct arena *arena,
    struct store_past *ret_past);

/* Mail from a position on, unsettled entries only. */
struct store_mail {
	uint64_t position;
	uint64_t leaf;
	struct consign_hash previous;
	struct consign_hash salt;
	struct leaf record;
	struct consign_slice manifest; /* signed manifest frame; empty with a tombstone */
	struct consign_slice body;
	struct statement *tombstone; /* NULL unless it expired or was destroyed */
	struct consign_org consignor;
	struct consign_id consignment_id;
	struct consign_hash digest;
	uint64_t seen_size; /* the manifest's seen checkpoint; 0 none */
	uint64_t bytes;     /* that it takes in the mailbox */
	bool corrupt;       /* the body is not what was stored: it is not delivered */
};
CONSIGN_MUST_CHECK enum consign_err store_mailbox_read(struct db *db, const char *org, uint64_t from, size_t max, size_t max_bytes,
    struct arena *arena, struct store_mail **ret_mail, size_t *ret_n);

/* What was accepted and refused, for who must say what another policy would have done with it. */
struct store_traffic {
	struct traffic_row **rows; /* live in the arena */
	size_t n;
	uint64_t next; /* leaf to go on from; 0: that was all */
};
/*
 * Counted, from a leaf on (0: from the first one of the period), as much as one answer holds.
 * Errors: CORRUPT (a row that was not written so), NO_MEMORY, those of db_step
 */
CONSIGN_MUST_CHECK enum consign_err store_traffic_since(
    struct db *db, uint64_t since_us, uint64_t from_leaf, struct arena *arena, struct store_traffic *ret_traffic);
/* Of one consignment, each item and consignee by itself; no rows: there is none of this id. */
CONSIGN_MUST_CHECK enum consign_err store_traffic_of(
    struct db *db, const struct consign_id *id, struct arena *arena, struct store_traffic *ret_traffic);

struct store_settlement {
	uint64_t n;
	struct consign_slice receipt; /* encoded; empty for a tombstone */
	struct leaf record;
};
/* The oldest: max of them, or as many as reach max_bytes of receipts. */
CONSIGN_MUST_CHECK enum consign_err store_settlements(struct db *db, const char *consignor, size_t max, size_t max_bytes, struct arena *arena,
    struct store_settlement **ret_settlements, size_t *ret_n);

/* Unsettled, without tombstone, past their expiry. */
struct store_expired {
	struct consign_org consignee;
	uint64_t position;
	struct consign_org consignor;
	struct consign_id consignment_id;
};
CONSIGN_MUST_CHECK enum consign_err store_expired(struct db *db, uint64_t now_us, size_t max, struct arena *arena,
    struct store_expired **ret_expired, size_t *ret_n);
/* Drops the bodies of consignments wholly settled before this time; manifests and leaves stay. For the commit thread. */
CONSIGN_MUST_CHECK enum consign_err store_drop_bodies(struct db *db, uint64_t settled_before_us, uint64_t *ret_dropped);

#endif
