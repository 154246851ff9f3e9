/*
 * A hub in memory for tests: administrators, broker keys, organisations, documents with real signatures, and a ledger
 * whose leaves and proofs are real. Not for speed: everything lives in one arena until hub_fixture_end.
 *
 *   struct hub_fixture f;
 *   hub_fixture_begin(&f, 3, 2);                    root 1, three administrators of whom two must sign
 *   hub_fixture_standard(&f);                       four organisations, two studies, root 2; all of it in the ledger
 *   struct hub *hub = hub_fixture_hub(&f, true);    somebody who has verified all of that
 *
 * Invariant: a test that fails to build something stops here with a failed cmocka assert.
 */
#ifndef SUPPORT_HUB_FIXTURE_H
#define SUPPORT_HUB_FIXTURE_H

#include "core/sign.h"
#include "ledger/statement.h"
#include "trust/hub.h"

#define FIXTURE_NOW_US UINT64_C(1700000000000000)
#define FIXTURE_DAY_US (UINT64_C(24) * 3600 * 1000000)
#define FIXTURE_DOCUMENTS 32u
#define FIXTURE_ALL_SIGN 0xffu

struct fixture_admin {
	struct admin admin;
	struct secret *signing;
	struct secret *transport;
};

struct fixture_org {
	struct member member;
	struct secret *identity, *signing, *seal, *transport;
	struct consign_public_key identity_public, signing_public, seal_public, transport_public;
	bool is_listed; /* in the next directory */
};

struct fixture_document {
	struct published_document *document; /* roots and cards */
	struct sliced_bundle *bundle;        /* directories and policies */
	uint64_t version;
	struct consign_hash hash;
	struct consign_org org; /* cards */
};

struct fixture_documents {
	struct fixture_document v[FIXTURE_DOCUMENTS];
	size_t n;
};

struct hub_fixture {
	struct arena *arena;
	struct consign_hash hub_id;
	struct fixture_admin admins[4];
	size_t n_admins;
	uint32_t threshold;
	struct broker_keys broker;
	struct secret *receipt, *ledger, *transport; /* of the broker */
	struct fixture_org orgs[8];
	size_t n_orgs;
	struct fixture_documents roots, directories, policies, cards;
	struct consign_public_key freshness[2]; /* that the next root names */
	size_t n_freshness;
	const char *reason; /* of the roots, directories and policies that are made from now on; NULL: none */
	struct tree *tree;
	struct tree_node *nodes;
	size_t n_nodes, cap_nodes;
	void (*bend_rule)(struct policy_rule *rule); /* of the policies that are made from now on; NULL: as they are written */
};

/* Keys, and root 1 signed by all; it is in the ledger at leaf 0. */
void hub_fixture_begin(struct hub_fixture *f, size_t n_admins, uint32_t threshold);
void hub_fixture_end(struct hub_fixture *f);

/* The organisation of that name, made with keys when it is new (active, and in the next directory). */
struct fixture_org *fixture_org(struct hub_fixture *f, const char *name);
/* A body that is laid out as it must be: a wrap for one consignee, and items of these sizes when padded. */
struct consign_slice fixture_body_of(struct hub_fixture *f, const uint32_t *sizes, size_t n);
/* Puts n items of the type of the first into the manifest, and the body. */
void fixture_give_body(struct hub_fixture *f, struct manifest *m, size_t n, struct consign_slice body);
/* The next version, signed by the administrators whose bits are set; remembered as the newest; not in the ledger yet. */
struct fixture_document *fixture_directory(struct hub_fixture *f, unsigned signers);
struct fixture_document *fixture_policy(struct hub_fixture *f, const char *yaml, unsigned signers);
/* Names the newest directory and policy. */
struct fixture_document *fixture_root(struct hub_fixture *f, unsigned signers);
struct fixture_document *fixture_card(struct hub_fixture *f, const char *org);
/* Signs content by administrators. */
struct signed_document *fixture_sign(struct hub_fixture *f, enum sign_kind kind, const struct consign_hash *hub_id,
    struct consign_slice content, unsigned signers);
/* A document of any content, signed by one key: for cards that a test makes by hand. */
struct published_document *
fixture_document_by(struct hub_fixture *f, enum sign_kind kind, const struct secret *key, struct consign_slice content);
/* Zeroed; until hub_fixture_end. */
void *fixture_alloc(struct hub_fixture *f, size_t size);
/* Encodes a struct into the arena. */
struct consign_slice fixture_encode(struct hub_fixture *f, const struct wire_message *table, const void *message);

/* Gives the document its leaf, now. */
void fixture_publish(struct hub_fixture *f, struct fixture_document *d);
/* Cards, directories, policies, roots that have no leaf yet, in this order. */
void fixture_publish_all(struct hub_fixture *f);
/* A leaf with this record; lives in the arena. */
struct leaf *fixture_leaf(struct hub_fixture *f, const struct ledger_record *record);
/* n leaves that say nothing of interest. */
void fixture_pass(struct hub_fixture *f, size_t n);
struct proof *fixture_path(struct hub_fixture *f, uint64_t leaf);
struct proof *fixture_consistency(struct hub_fixture *f, uint64_t from);
struct checkpoint fixture_checkpoint(struct hub_fixture *f);
struct checkpoint_update *fixture_update(struct hub_fixture *f, uint64_t from);
/* For hub_slice: self is the fixture. */
enum consign_err fixture_prove(void *self, uint64_t leaf, struct arena *arena, struct proof **ret_proof);

/* Everything remembered, in the order of versions, with proofs and the newest checkpoint (from a size). */
struct session_documents *fixture_all(struct hub_fixture *f, uint64_t from);
/* Empty documents with the newest checkpoint, and adding to them (with a proof when the document has a leaf). */
struct session_documents *fixture_none(struct hub_fixture *f, uint64_t from);
void fixture_add_root(struct hub_fixture *f, struct session_documents *d, const struct fixture_document *root);
void fixture_add_directory(struct hub_fixture *f, struct session_documents *d, const struct fixture_document *directory);
void fixture_add_policy(struct hub_fixture *f, struct session_documents *d, const struct fixture_document *policy);
void fixture_add_card(struct hub_fixture *f, struct session_documents *d, const struct fixture_document *card);
const struct fixture_document *fixture_at(const struct fixture_documents *all, uint64_t version);
const struct fixture_document *fixture_newest(const struct fixture_documents *all);

/* acme (sponsor), bolt (cro), cora (site), dune (lab); study one: acme, bolt; study two: acme, cora; dune in neither. */
extern const char fixture_yaml[];
void hub_fixture_standard(struct hub_fixture *f);
/* Stages and, when that succeeds, adopts. */
enum consign_err fixture_take(struct hub_fixture *f, struct hub *hub, const struct session_documents *d, enum hub_mode mode);
/* A hub that has taken in everything (proven). Ended by hub_free. */
struct hub *hub_fixture_hub(struct hub_fixture *f, bool complete);

/* A manifest of one item from an org to others, for a body of a few bytes; not encoded yet, so that a test may change it. */
struct manifest *fixture_manifest(struct hub_fixture *f, const char *from, const char *study, const char *type,
    enum consign_label label, const char *const *to, size_t n_to);
struct consign_slice fixture_body(void); /* the body that fixture_manifest speaks of */
/* Encoded, signed with the consignor's signing key. */
struct signed_manifest *fixture_sign_manifest(struct hub_fixture *f, const struct manifest *m);
struct document_ref *fixture_ref(struct hub_fixture *f, const struct fixture_document *d);

#endif
