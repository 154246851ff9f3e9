/* The wire between a peer and the broker. Mirrors proto/consign/v1/session.proto, where the fields are explained. */
#ifndef WIRE_SESSION_WIRE_H
#define WIRE_SESSION_WIRE_H

#include "wire/ledger_wire.h"
#include "wire/policy_wire.h"

struct session_open {
	WIRE_LIST(uint32_t) versions;
	struct consign_hash hub_id;
};

struct session_challenge {
	uint32_t version;
	struct consign_hash nonce;
	uint64_t now_us;
};

enum session_party { PARTY_AGENT = 1, PARTY_ADMIN = 2, PARTY_JOINING = 3 };

struct session_hello {
	uint32_t party;
	char name[CONSIGN_ORG_MAX_BYTES + 1];
	struct consign_slice key_id;    /* 16 bytes; empty when joining */
	struct consign_slice signature; /* 64 bytes; empty when joining */
	uint64_t root_version;
	struct checkpoint_ref *checkpoint; /* NULL before the first */
	uint64_t mailbox_position;
	uint32_t window_consignments;
	uint64_t window_bytes;
	char software[65];
	uint64_t card_version;
	uint64_t documents_size;
};

struct session_welcome {
	uint64_t now_us;
	uint64_t epoch;
	uint32_t window_consignments;
	uint64_t window_bytes;
	uint64_t mailbox_position;
};

struct published_document {
	struct signed_document *document;
	struct leaf *leaf;  /* NULL, with path, while it is not in the ledger: in a publish */
	struct proof *path; /* NULL with leaf */
	struct reason *reason; /* NULL: the document has none, or it is for an organisation */
};

struct sliced_bundle { /* a directory or a policy: head and the parts that concern the receiver */
	struct published_document *head;
	WIRE_LIST(struct consign_slice) parts;
};

struct session_documents {
	WIRE_LIST(struct published_document *) roots;
	WIRE_LIST(struct sliced_bundle *) directories;
	WIRE_LIST(struct sliced_bundle *) policies;
	WIRE_LIST(struct published_document *) cards;
	struct checkpoint_update *checkpoint; /* may be NULL */
};

struct session_fetch {
	uint64_t root_version;
	uint64_t root_after;
	char card_org[CONSIGN_ORG_MAX_BYTES + 1]; /* empty: none */
	uint64_t card_version;
	uint64_t redeliver_from;
};

struct session_submit {
	uint64_t sequence;
};

struct session_release {
	struct consign_id consignment_id;
};

struct session_answer {
	uint64_t sequence;
	struct statement *statement;
};

struct session_answers {
	WIRE_LIST(struct session_answer *) answers;
	struct checkpoint_update *checkpoint; /* NULL only when no statement has a place */
};

struct session_try_later {
	uint64_t sequence;
	char org[CONSIGN_ORG_MAX_BYTES + 1]; /* may be empty */
	uint32_t code;
	struct consign_slice detail;
	uint32_t retry_ms;
};

struct session_deliver {
	uint64_t position;
	struct statement *statement;
	struct checkpoint_update *checkpoint;
	struct statement *tombstone; /* NULL: manifest and body follow */
	struct proof *seen;          /* may be NULL: the manifest saw none, or this very one */
};

struct session_delivered {
	WIRE_LIST(struct delivery_receipt *) receipts;
};

struct settlement {
	struct delivery_receipt *receipt; /* NULL: statement is about a tombstone */
	struct statement *statement;
};

struct seen_proof {
	uint64_t size;
	struct proof *path; /* NULL as good as empty */
};

struct session_settled {
	WIRE_LIST(struct settlement *) settlements;
	struct checkpoint_update *checkpoint;
	uint64_t cursor;
	WIRE_LIST(struct seen_proof *) seen;
};

struct session_confirm {
	uint64_t cursor;
};

struct session_credit {
	uint32_t consignments;
	uint64_t bytes;
};

struct session_publish {
	struct session_documents *documents;
	uint64_t request;
};

struct session_invite {
	uint64_t request;
	struct invite_notice *notice;
};

struct session_join {
	uint64_t request;
	struct join_request *join;
};

struct session_joins_query {
	uint64_t request;
	char org[CONSIGN_ORG_MAX_BYTES + 1]; /* empty: all */
};

struct session_joins_reply {
	uint64_t request;
	WIRE_LIST(struct join_request *) joins;
	WIRE_LIST(struct invite_notice *) invites;
};

struct session_propose {
	uint64_t request;
	struct signed_document *proposal;
	struct session_documents *documents;
};

struct session_decide {
	uint64_t request;
	struct signed_document *decision;
};

struct session_proposals_query {
	uint64_t request;
	struct consign_slice id; /* 32 bytes; empty: the newest */
};

enum proposal_state {
	PROPOSAL_OPEN = 1,
	PROPOSAL_IN_FORCE,
	PROPOSAL_REJECTED,
	PROPOSAL_WITHDRAWN,
	PROPOSAL_SUPERSEDED,
	PROPOSAL_EXPIRED,
};

struct proposal_row {
	struct signed_document *proposal;
	WIRE_LIST(struct signed_document *) decisions;
	uint32_t state; /* enum proposal_state */
	uint64_t ended_us;
	struct session_documents *documents; /* NULL in a list */
};

struct session_proposals_reply {
	uint64_t request;
	WIRE_LIST(struct proposal_row *) proposals;
};

struct session_traffic_query {
	uint64_t request;
	uint64_t since_us;
	uint64_t from_leaf;
	struct consign_slice consignment_id; /* 16 bytes; empty: what was sent since */
};

struct traffic_row {
	struct consign_org consignor;
	struct consign_org consignee;
	struct consign_study study;
	struct consign_type type;
	uint32_t label; /* enum consign_label */
	uint32_t code;  /* enum consign_code; 0 accepted */
	char rule[CONSIGN_RULE_MAX_BYTES + 1]; /* may be empty */
	uint64_t count;
	struct consign_id consignment_id;
	uint32_t item; /* its index */
	uint64_t at_us;
	uint64_t root_version;
};

struct session_traffic_reply {
	uint64_t request;
	WIRE_LIST(struct traffic_row *) rows;
	uint64_t next; /* 0: that was all */
};

struct session_quotas_query {
	uint64_t request;
	char org[CONSIGN_ORG_MAX_BYTES + 1];     /* "": of all */
	char study[CONSIGN_STUDY_MAX_BYTES + 1]; /* "": of all */
	uint32_t from;
};

struct quota_row {
	struct policy_quota *quota; /* what holds; a study's says nothing of mailboxes */
	uint64_t used_messages, used_bytes;
	uint64_t waiting_consignments, waiting_bytes;
	uint32_t is_own;
};

struct session_quotas_reply {
	uint64_t request;
	WIRE_LIST(struct quota_row *) rows;
	uint32_t next; /* 0: that was all */
};

struct session_done {
	uint64_t request;
	uint32_t code;
	struct consign_slice detail;
};

struct session_ping {
	uint64_t at_us;
};

struct session_bye {
	uint32_t code;
	struct consign_slice detail;
};

struct session_admin_watch {
	uint64_t request;
	uint64_t from_leaf;
	uint64_t since_us; /* 0: from_leaf is meant */
	uint32_t at_once;
};

struct admin_event {
	uint64_t at_us;
	uint64_t place; /* 1 + its leaf; 0 none */
	char kind[65];
	struct consign_slice org;     /* text */
	struct consign_slice subject; /* text */
	char study[CONSIGN_STUDY_MAX_BYTES + 1];
	char type[CONSIGN_TYPE_MAX_BYTES + 1];
	uint32_t code; /* enum consign_code */
	char rule[CONSIGN_RULE_MAX_BYTES + 1];
	struct consign_slice detail; /* text */
	uint64_t count;
	struct consign_slice consignment_id; /* 16 bytes, or absent */
};

struct session_admin_events {
	uint64_t request;
	WIRE_LIST(struct admin_event *) events;
	uint64_t next_leaf;
	uint32_t is_present;
};

struct session_freshness {
	struct signed_document *statement;
};

/* Exactly one is set. */
struct session_command {
	struct session_open *open;
	struct session_challenge *challenge;
	struct session_hello *hello;
	struct session_welcome *welcome;
	struct session_documents *documents;
	struct session_fetch *fetch;
	struct session_submit *submit;
	struct session_release *release;
	struct session_answers *answers;
	struct session_try_later *try_later;
	struct session_deliver *deliver;
	struct session_delivered *delivered;
	struct session_settled *settled;
	struct session_confirm *confirm;
	struct session_credit *credit;
	struct session_publish *publish;
	struct session_invite *invite;
	struct session_join *join;
	struct session_joins_query *joins_query;
	struct session_joins_reply *joins_reply;
	struct session_done *done;
	struct session_ping *ping;
	struct session_ping *pong;
	struct session_bye *bye;
	struct session_propose *propose;
	struct session_decide *decide;
	struct session_proposals_query *proposals_query;
	struct session_proposals_reply *proposals_reply;
	struct session_admin_watch *admin_watch;
	struct session_admin_events *admin_events;
	struct session_freshness *freshness;
	struct session_traffic_query *traffic_query;
	struct session_traffic_reply *traffic_reply;
	struct session_quotas_query *quotas_query;
	struct session_quotas_reply *quotas_reply;
};

WIRE_CODEC(session_command);
WIRE_CODEC(session_documents);

#endif
