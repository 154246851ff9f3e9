/* Roots, cards, directories, invites. Mirrors proto/consign/v1/identity.proto, where the fields are explained. */
#ifndef WIRE_IDENTITY_WIRE_H
#define WIRE_IDENTITY_WIRE_H

#include "wire/wire.h"

struct doc_signature {
	struct consign_key_id key_id;
	struct consign_signature signature;
};

struct signed_document {
	uint32_t kind; /* enum sign_kind */
	struct consign_slice content;
	WIRE_LIST(struct doc_signature *) signatures;
};

struct document_ref {
	uint64_t version;
	struct consign_hash hash;
};

struct checkpoint_ref {
	uint64_t size;
	struct consign_hash hash;
};

struct admin {
	char name[CONSIGN_ORG_MAX_BYTES + 1];
	struct consign_public_key signing_key;
	struct consign_public_key transport_key;
};

struct broker_keys {
	struct consign_public_key transport_key;
	struct consign_public_key receipt_key;
	struct consign_public_key ledger_key;
	char endpoint[256];
};

struct witness {
	struct consign_org org;
	struct consign_public_key key;
};

struct log_origin {
	char origin[256];
	struct checkpoint_ref *last_good; /* NULL unless restored */
};

struct root {
	uint32_t format;
	struct consign_slice hub_id; /* 32 bytes; empty in version 1 */
	uint64_t version;
	struct consign_slice previous; /* 32 bytes; empty in version 1 */
	uint64_t created_us;
	uint64_t expires_us; /* 0: never */
	struct consign_slice random;
	struct consign_slice name; /* text */
	WIRE_LIST(struct admin *) admins;
	uint32_t threshold;
	struct broker_keys *broker;
	struct document_ref *directory; /* NULL in version 1 only */
	struct document_ref *policy;    /* NULL in version 1 only */
	WIRE_LIST(struct consign_public_key) freshness_keys;
	WIRE_LIST(struct witness *) witnesses;
	uint32_t witness_quorum;
	struct log_origin *log; /* NULL: the origin that follows from the hub id */
	struct consign_slice reason_digest; /* 32 bytes; empty: there is no reason */
	struct consign_slice reason; /* not in the document: text that came beside it and has this digest (lib/trust); empty: none came */
};

struct reason {
	struct consign_hash salt;
	struct consign_slice text;
};

struct valid_key {
	struct consign_public_key key;
	uint64_t not_before_us;
	uint64_t not_after_us;
};

struct card {
	uint32_t format;
	struct consign_hash hub_id;
	struct consign_org org;
	uint64_t version;
	struct consign_slice previous; /* 32 bytes; empty in version 1 */
	uint64_t created_us;
	uint64_t expires_us;
	struct consign_public_key identity_key;
	WIRE_LIST(struct valid_key *) signing_keys;
	WIRE_LIST(struct valid_key *) seal_keys;
	struct consign_public_key transport_key;
	struct consign_public_key witness_key;
	WIRE_LIST(uint32_t) formats;
	struct consign_slice contact; /* text */
};

/* The heads of directory and policy have one shape. */
struct document_head {
	uint32_t format;
	struct consign_hash hub_id;
	uint64_t version;
	struct consign_slice previous; /* 32 bytes; empty in version 1 */
	uint64_t created_us;
	uint64_t expires_us;
	struct consign_slice reason_digest; /* as in struct root */
	struct consign_slice reason;        /* as in struct root */
	WIRE_LIST(struct consign_hash) parts;
};

enum member_status { MEMBER_ACTIVE = 1, MEMBER_SUSPENDED = 2, MEMBER_ENDED = 3, MEMBER_COMPROMISED = 4 };

struct member {
	struct consign_org org;
	struct consign_slice name; /* text */
	struct consign_public_key identity_key;
	uint32_t status; /* enum member_status */
	uint64_t compromised_since;
};

struct directory_part {
	struct consign_hash salt;
	struct member *member;
};

struct freshness {
	uint32_t format;
	struct consign_hash hub_id;
	struct document_ref *root;
	struct document_ref *directory;
	struct document_ref *policy;
	struct checkpoint_ref *checkpoint;
	uint64_t created_us;
	uint64_t expires_us;
};

struct proposal {
	uint32_t format;
	struct consign_hash hub_id;
	uint64_t created_us;
	uint64_t expires_us;
	char author[CONSIGN_STUDY_MAX_BYTES + 1];
	struct consign_slice reason; /* text */
	uint64_t root_version;
	struct consign_hash documents_digest;
};

enum decision_kind { DECISION_APPROVE = 1, DECISION_REJECT = 2, DECISION_WITHDRAW = 3 };

struct decision {
	uint32_t format;
	struct consign_hash hub_id;
	struct consign_hash proposal;
	uint32_t decision; /* enum decision_kind */
	uint64_t at_us;
	char administrator[CONSIGN_STUDY_MAX_BYTES + 1];
	struct consign_slice reason; /* text */
	WIRE_LIST(struct doc_signature *) signatures;
};

struct invite {
	uint32_t format;
	struct consign_hash hub_id;
	struct consign_slice hub_name; /* text */
	struct consign_org org;
	char endpoint[256];
	struct document_ref *root;
	struct consign_public_key broker_transport_key;
	struct consign_hash transport_secret; /* secret: wipe the arena's source buffer */
	struct consign_hash token;            /* secret */
	uint64_t expires_us;
};

struct invite_notice {
	struct consign_org org;
	struct consign_public_key transport_key;
	struct consign_hash token_hash;
	uint64_t expires_us;
};

struct join_request {
	struct consign_org org;
	struct consign_slice name; /* text */
	struct consign_hash token_hash;
	struct signed_document *card;
	struct consign_hash mac;
};

WIRE_CODEC(signed_document);
WIRE_CODEC(root);
WIRE_CODEC(card);
WIRE_CODEC(document_head); /* directory */
extern const struct wire_message wire_policy_head; /* the same shape under its own name */
WIRE_CODEC(directory_part);
WIRE_CODEC(admin);
WIRE_CODEC(freshness);
WIRE_CODEC(proposal);
WIRE_CODEC(decision);
WIRE_CODEC(invite);
WIRE_CODEC(invite_notice);
WIRE_CODEC(join_request);

#endif
