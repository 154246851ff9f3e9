/* Ledger records, statements, delivery receipts. Mirrors proto/consign/v1/ledger.proto, where the fields are explained. */
#ifndef WIRE_LEDGER_WIRE_H
#define WIRE_LEDGER_WIRE_H

#include "wire/manifest_wire.h"

struct accepted_record {
	struct consign_org consignor;
	struct consign_id consignment_id;
	uint32_t attempt;
	struct consign_hash manifest_digest;
	struct document_ref *root;
	struct document_ref *card;
	WIRE_LIST(struct consign_hash) mailboxes;
};

struct verdict {
	uint32_t index;
	char org[CONSIGN_ORG_MAX_BYTES + 1]; /* may be empty */
	uint32_t code; /* enum consign_code */
	char rule[CONSIGN_RULE_MAX_BYTES + 1]; /* may be empty */
	struct consign_slice detail; /* text */
	char type[CONSIGN_TYPE_MAX_BYTES + 1]; /* may be empty */
};

struct refused_record {
	struct consign_org consignor;
	struct consign_id consignment_id;
	uint32_t attempt;
	struct consign_hash manifest_digest;
	struct document_ref *root;
	WIRE_LIST(struct verdict *) verdicts;
	char study[CONSIGN_STUDY_MAX_BYTES + 1]; /* may be empty */
	WIRE_LIST(struct consign_org) consignees;
};

struct delivered_record {
	struct consign_org consignor;
	struct consign_id consignment_id;
	struct consign_org consignee;
	struct consign_hash receipt_digest;
};

struct document_record {
	uint32_t kind;
	char org[CONSIGN_ORG_MAX_BYTES + 1]; /* of a card; else empty */
	struct document_ref *document;
};

enum retention_reason { RETENTION_EXPIRED = 1, RETENTION_DESTROYED = 2, RETENTION_COMPROMISED = 3 };

struct retention_record {
	struct consign_org consignor;
	struct consign_id consignment_id;
	struct consign_org consignee;
	uint64_t position;
	uint32_t reason;
};

struct act_record {
	char act[65];
	struct consign_slice subject; /* text */
	uint64_t count;
	struct consign_slice detail; /* text */
};

/* Exactly one of accepted … act. */
struct ledger_record {
	uint32_t format;
	uint64_t at_us;
	struct accepted_record *accepted;
	struct refused_record *refused;
	struct delivered_record *delivered;
	struct document_record *document;
	struct retention_record *retention;
	struct act_record *act;
};

struct leaf {
	uint64_t index;
	struct consign_hash salt;
	struct consign_slice record;
};

struct proof {
	WIRE_LIST(struct consign_hash) path;
};

struct checkpoint_update {
	struct consign_slice note;
	uint64_t from_size;
	struct proof *consistency; /* NULL as good as empty: from_size 0, or the same size again */
};

struct mailbox_opening {
	struct consign_org org;
	uint64_t position;
	struct consign_hash previous;
	struct consign_hash salt;
};

struct statement {
	struct leaf *leaf;
	uint32_t has_place;
	struct consign_slice signature; /* 64 bytes without a place; else empty */
	struct proof *path; /* NULL as good as empty: no place, or a ledger of one leaf */
	struct consign_slice checkpoint; /* empty: the one of the frame it came in */
	WIRE_LIST(struct mailbox_opening *) openings;
};

enum item_outcome { ITEM_ACCEPTED = 1, ITEM_REJECTED = 2 };

struct item_verdict {
	uint32_t index;
	uint32_t outcome;
	uint32_t code;
	struct consign_slice reason; /* text */
};

/* Texts. Mirrors struct problem of lib/catalogue, which bounds them. */
struct stated_problem {
	struct consign_slice path;
	struct consign_slice rule;
	struct consign_slice found;
	struct consign_slice expected;
};

struct item_problems {
	uint32_t index;
	uint32_t total;
	WIRE_LIST(struct stated_problem *) problems;
};

struct problem_list {
	WIRE_LIST(struct item_problems *) items;
};

struct delivery_receipt_content {
	uint32_t format;
	struct consign_hash hub_id;
	struct consign_org consignee;
	struct consign_org consignor;
	struct consign_id consignment_id;
	uint32_t attempt;
	struct consign_hash manifest_digest;
	uint64_t position;
	struct consign_hash mailbox_head;
	uint64_t at_us;
	WIRE_LIST(struct item_verdict *) verdicts;
	struct seen *seen;
	struct consign_slice problems_key_id; /* 8 bytes, or absent */
	struct consign_slice problems;        /* sealed */
};

struct delivery_receipt {
	struct consign_slice content;
	struct consign_key_id signing_key_id;
	struct consign_signature signature;
};

WIRE_CODEC(ledger_record);
WIRE_CODEC(statement);
WIRE_CODEC(delivery_receipt_content);
WIRE_CODEC(problem_list);
WIRE_CODEC(delivery_receipt);

#endif
