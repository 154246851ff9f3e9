/*
 * What a verifier knows of its hub: the chain of roots, the directories and policies that they name, the cards of
 * organisations, the last checkpoint it verified. Everything in here was verified on the way in; nothing is ever rolled
 * back. One copy of these rules serves broker, agents and command.
 *
 *   struct hub *hub;
 *   hub_new(&id, false, &hub);
 *   hub_stage(hub, bytes, HUB_PROVEN, &stage, problem);  verify a Documents message as a whole
 *   hub_adopt(hub, &stage);                       then take it in
 *
 * "In force at leaf L" is the last root whose own leaf is before L (docs/PROTOCOL.md 3.5).
 *
 * Threads   one owner
 * Source    docs/PROTOCOL.md 3; design 6
 */
#ifndef TRUST_HUB_H
#define TRUST_HUB_H

#include <stdbool.h>

#include "core/sign.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"
#include "policy/policy.h"
#include "wire/session_wire.h"

#define HUB_PROBLEM_BYTES 256
#define HUB_LEAF_UNKNOWN UINT64_MAX

struct hub;

enum hub_mode {
	HUB_PROVEN, /* agents, command: every document comes with its leaf, proven under the message's checkpoint */
	HUB_STORED, /* from one's own store: leaves are believed, proofs absent */
	HUB_PUBLISH, /* broker: documents from an administrator or org; leaves are assigned between stage and adopt */
	HUB_PROPOSED, /* as HUB_PUBLISH, signed by one administrator at least: to look at, never to adopt */
};

/* A document taken in. Borrowed from the hub until it is freed or the version is dropped (roots, newest: never). */
struct hub_root {
	const struct root *root;
	struct consign_hash hash;
	uint64_t leaf;
	const struct published_document *document;
};

struct hub_directory {
	uint64_t version;
	struct consign_hash hash;
	uint64_t leaf;
	const struct document_head *head;
	const struct sliced_bundle *bundle;
	const struct member **members; /* those whose parts we hold, sorted by org */
	size_t n_members;
	const struct consign_slice *member_parts; /* parallel to members: the part as hashed */
};

struct hub_policy {
	uint64_t version;
	struct consign_hash hash;
	uint64_t leaf;
	const struct document_head *head;
	const struct sliced_bundle *bundle;
	struct policy_part **parts; /* parallel to bundle->parts */
	size_t n_parts;
	struct policy *policy;
};

struct hub_card {
	const struct card *card;
	struct consign_hash hash;
	uint64_t leaf;
	const struct published_document *document;
};

/* complete: all parts of directory and policy are demanded (broker, administrators); else a slice is enough. */
CONSIGN_MUST_CHECK enum consign_err hub_new(const struct consign_hash *hub_id, bool complete, struct hub **ret_hub);
void hub_free(struct hub **hub);
/* A root learned by another way (an invite): the chain must contain it, or it is a fork. */
void hub_pin(struct hub *hub, uint64_t version, const struct consign_hash *hash);
const struct consign_hash *hub_id(const struct hub *hub);

/* What a document holds of the reason that stands beside it. */
void hub_reason_digest(const struct reason *reason, struct consign_hash *ret_digest);

/* Documents that were verified and are not yet in. Ended by hub_adopt or hub_stage_free. */
struct hub_stage;

/*
 * Verifies a Documents message (encoded session_documents) against what is known: chain, versions, signatures (k of the
 * previous root's administrators, counted here), hashes of parts, cards against the directory, proofs, and that a
 * document known already is the same.
 * A reason that came with a root or a head stands in it then, as text (struct root, struct document_head).
 * ret_problem   what is wrong, for people, on any error
 * Errors: MALFORMED, TOO_BIG, NO_MEMORY; BAD_SIGNATURE; BAD_PROOF; STALE (older than known, or a gap: ask for what is
 *         between); FORK (signed, and other than what is known under that version); NOT_FOUND (a card of an org that the
 *         directory does not name); DENIED (not complete, for who demands it)
 */
CONSIGN_MUST_CHECK enum consign_err hub_stage(struct hub *hub, struct consign_slice documents, enum hub_mode mode,
    struct hub_stage **ret_stage, char ret_problem[HUB_PROBLEM_BYTES]);
void hub_stage_free(struct hub_stage **stage);
/* Nothing new is in it: everything was known. */
bool hub_stage_is_empty(const struct hub_stage *stage);
/* What was staged, to look at: the newest root, directory, policy of it; NULL when it has none. Lent by the stage. */
const struct hub_root *hub_stage_root(const struct hub_stage *stage);
const struct hub_directory *hub_stage_directory(const struct hub_stage *stage);
const struct hub_policy *hub_stage_policy(const struct hub_stage *stage);
/*
 * For HUB_PUBLISH: calls assign for every document in ledger order (cards, directory, policy, root last, which puts
 * them in force); assign answers its leaf.
 */
void hub_stage_assign(struct hub_stage *stage, void (*assign)(void *context, enum sign_kind kind, const char *org,
    uint64_t version, const struct consign_hash *hash, struct leaf *ret_leaf), void *context);
/* What was staged, with leaves, as encoded session_documents without proofs: for one's own store. */
CONSIGN_MUST_CHECK enum consign_err hub_stage_encode(const struct hub_stage *stage, struct buf *out);
/* Takes it in. Never fails: everything was made in staging. */
void hub_adopt(struct hub *hub, struct hub_stage **stage);

/* From one's own store: stages and adopts. Errors: CORRUPT (it does not verify: ret_problem), NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err hub_take_stored(struct hub *hub, struct consign_slice documents, char ret_problem[HUB_PROBLEM_BYTES]);

/* The newest root; NULL before the first. */
const struct hub_root *hub_root(const struct hub *hub);
const struct hub_root *hub_root_at(const struct hub *hub, uint64_t version);
/* The root in force at a leaf; NULL when there is none. */
const struct hub_root *hub_root_in_force(const struct hub *hub, uint64_t leaf);
/* The newest root's, which signs statements without a place. NULL before the first root. */
const struct consign_public_key *hub_receipt_key(const struct hub *hub);
/* By version; NULL when not held. */
const struct hub_directory *hub_directory_at(const struct hub *hub, uint64_t version);
const struct hub_policy *hub_policy_at(const struct hub *hub, uint64_t version);
/* Those the newest root names; NULL when not held. */
const struct hub_directory *hub_directory(const struct hub *hub);
const struct hub_policy *hub_policy(const struct hub *hub);
const struct member *hub_member(const struct hub_directory *directory, const char *org);
/* "active", "suspended", "ended", "compromised"; "unknown" for a number that is none. PROTOCOL.md 3.3. */
const char *member_status_text(uint32_t status);
/* The newest card of an org; a given version (kept: all that were taken in); the one in force at a leaf. */
const struct hub_card *hub_card(const struct hub *hub, const char *org);
const struct hub_card *hub_card_at(const struct hub *hub, const char *org, uint64_t version);
const struct hub_card *hub_card_in_force(const struct hub *hub, const char *org, uint64_t leaf);
/* The org whose newest card has this transport key; NULL when none. */
const struct hub_card *hub_card_by_transport(const struct hub *hub, const struct consign_public_key *key);
/* The nth org with a card, for walking; NULL past the end. */
const struct hub_card *hub_card_nth(const struct hub *hub, size_t n);
const struct admin *hub_admin_by_transport(const struct hub *hub, const struct consign_public_key *key);
const struct admin *hub_admin_by_signing(const struct hub *hub, const struct consign_key_id *id);
/* A signing or seal key of a card by its id; NULL when it has none. */
const struct valid_key *card_signing_key(const struct card *card, const struct consign_key_id *id);
const struct valid_key *card_seal_key(const struct card *card, const struct consign_key_id *id);

/* The last checkpoint verified; size 0 before the first. */
const struct checkpoint *hub_checkpoint(const struct hub *hub);
struct consign_slice hub_checkpoint_note(const struct hub *hub);
/*
 * Verifies a checkpoint under the newest root's ledger key and its consistency with the last one, and moves on.
 * Errors: MALFORMED, BAD_SIGNATURE; STALE (smaller than ours: the hub was rolled back, or the frame is old);
 *         BAD_PROOF (the proof is missing or does not fit); FORK (same size, other head: proven)
 */
CONSIGN_MUST_CHECK enum consign_err hub_advance(struct hub *hub, const struct checkpoint_update *update);
/* Sets what one's own store remembers. */
CONSIGN_MUST_CHECK enum consign_err hub_restore_checkpoint(struct hub *hub, struct consign_slice note);

/*
 * Under which ledger size the last whole slice (hub_slice) was taken from the broker by this process: no newest card of before it, and
 * nothing that the newest root names, needs to be sent again. 0: none was, or it is doubted since hub_doubt_documents.
 */
uint64_t hub_documents_size(const struct hub *hub);
void hub_doubt_documents(struct hub *hub);

/* What concerns an org: appends encoded session_documents of everything after root_after (0: from the first root). */
struct hub_proofs {
	/* Fills in the proof of a leaf under the checkpoint that goes with the message. */
	enum consign_err (*prove)(void *self, uint64_t leaf, struct arena *arena, struct proof **ret_proof);
	void *self;
	const struct checkpoint_update *checkpoint;
};
/*
 * org NULL: everything (administrators); else without the reasons of documents. Roots after root_after, the newest directory and policy in their slices, the
 * newest cards of the orgs it shares a study with. With root_only_version > 0: the directory and policy that this root
 * names, and no cards.
 */
CONSIGN_MUST_CHECK enum consign_err hub_slice(const struct hub *hub, const char *org, uint64_t root_after, uint64_t root_only_version,
    const struct hub_proofs *proofs, struct arena *arena, struct session_documents **ret_documents);
/*
 * For a reader that holds its slice of the newest root (hub_documents_size): the newest cards of its hub_slice whose leaves are not
 * before `size`, mostly none. A look at each card's leaf, where the whole slice is a look at every study and a proof of each card.
 */
CONSIGN_MUST_CHECK enum consign_err hub_slice_since(const struct hub *hub, const char *org, uint64_t size, const struct hub_proofs *proofs,
    struct arena *arena, struct session_documents **ret_documents);
/* One card version for an org that may know of it, or might when the card was its owner's newest; NOT_FOUND otherwise. */
CONSIGN_MUST_CHECK enum consign_err hub_slice_card(const struct hub *hub, const char *reader, const char *org, uint64_t version,
    const struct hub_proofs *proofs, struct arena *arena, struct session_documents **ret_documents);
/* Whether a may know of b: the same org, or they share a study of the newest policy. */
bool hub_may_know(const struct hub *hub, const char *a, const char *b);

#endif
