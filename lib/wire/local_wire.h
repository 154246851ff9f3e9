/* A tool and its agent. Mirrors proto/consign/v1/local.proto, where the fields are explained. */
#ifndef WIRE_LOCAL_WIRE_H
#define WIRE_LOCAL_WIRE_H

#include "wire/identity_wire.h"
#include "wire/ledger_wire.h"
#include "wire/policy_wire.h"

struct local_outgoing {
	WIRE_LIST(struct consign_org) to;
	struct consign_study study;
	struct consign_type type;
	uint32_t label; /* 0: the least label of the type */
	char media_type[128];
	struct consign_slice name; /* text */
	struct consign_slice content;
	struct consign_slice idempotency_key;
	uint64_t expires_us; /* 0: the default */
};

struct local_send {
	WIRE_LIST(struct local_outgoing *) messages;
};

struct local_outcome {
	char id[CONSIGN_MESSAGE_ID_TEXT_BYTES];
	uint32_t code;
	uint32_t retry_class;
	char org[CONSIGN_ORG_MAX_BYTES + 1];
	char rule[CONSIGN_RULE_MAX_BYTES + 1];
	struct consign_slice detail;
	uint32_t repeated;
	WIRE_LIST(struct stated_problem *) problems;
	uint32_t problems_total;
};

struct local_send_reply {
	WIRE_LIST(struct local_outcome *) outcomes;
};

struct local_inbox {
	char type[CONSIGN_TYPE_MAX_BYTES + 1];
	char study[CONSIGN_STUDY_MAX_BYTES + 1];
	uint32_t unacked;
	uint32_t limit;
	char after[CONSIGN_MESSAGE_ID_TEXT_BYTES];
};

struct local_message {
	char id[CONSIGN_MESSAGE_ID_TEXT_BYTES];
	struct consign_org consignor;
	struct consign_study study;
	struct consign_type type;
	uint32_t label;
	uint64_t sent_us;
	uint64_t received_us;
	uint64_t size;
	uint32_t acked;
	char media_type[128];
	struct consign_slice name;
	struct consign_slice content;
	uint64_t position;
	uint64_t accepted_us;
	WIRE_LIST(struct consign_org) consignees;
};

struct local_inbox_reply {
	WIRE_LIST(struct local_message *) messages;
	uint32_t more;
};

struct local_show {
	char id[CONSIGN_MESSAGE_ID_TEXT_BYTES];
};

struct local_show_reply {
	struct local_message *message;
};

struct local_message_id {
	char s[CONSIGN_MESSAGE_ID_TEXT_BYTES];
};

struct local_ack {
	char subscription[65];
	WIRE_LIST(struct local_message_id) ids;
};

struct local_ack_reply {
	uint32_t acked;
};

struct local_watch {
	char subscription[65];
	char type[CONSIGN_TYPE_MAX_BYTES + 1];
	char study[CONSIGN_STUDY_MAX_BYTES + 1];
	uint32_t window;
	uint32_t content;
	char since[9];
};

struct local_watch_event {
	struct local_message *message;
};

struct local_track {
	char id[CONSIGN_MESSAGE_ID_TEXT_BYTES];
};

struct local_track_consignee {
	struct consign_org org;
	char state[17];
	uint64_t position;
	uint64_t at_us;
	uint32_t code;
	struct consign_slice detail;
	WIRE_LIST(struct stated_problem *) problems;
	uint32_t problems_total;
	uint64_t due_us; /* 0: no rule says */
};

struct local_track_reply {
	char id[CONSIGN_MESSAGE_ID_TEXT_BYTES];
	char state[17];
	WIRE_LIST(struct local_track_consignee *) consignees;
	uint32_t code;
	char rule[CONSIGN_RULE_MAX_BYTES + 1];
	struct consign_slice detail;
	struct consign_study study;
	struct consign_type type;
	uint32_t label;
	uint64_t created_us;
	uint64_t accepted_us;
	uint64_t leaf;
	uint32_t has_leaf;
	uint32_t attempt;
	WIRE_LIST(struct stated_problem *) problems;
	uint32_t problems_total;
};

struct local_status {
	uint32_t unused;
};

struct local_fact {
	char name[65];
	struct consign_slice value;
};

struct local_status_reply {
	WIRE_LIST(struct local_fact *) facts;
};

struct local_policy {
	uint32_t unused;
	char message[CONSIGN_MESSAGE_ID_TEXT_BYTES]; /* may be empty: the newest policy is meant */
};

struct local_past_consignee {
	struct consign_org org;
	uint32_t code;
	char rule[CONSIGN_RULE_MAX_BYTES + 1];
	uint32_t rejected;
};

struct local_past {
	struct consign_org consignor;
	struct consign_study study;
	struct consign_type type;
	uint32_t label; /* 0: none */
	uint64_t at_us;
	uint32_t decided;
	WIRE_LIST(struct local_past_consignee *) consignees;
};

struct local_policy_reply {
	uint64_t version;
	struct policy_common *common; /* may be NULL */
	WIRE_LIST(struct policy_study *) studies;
	WIRE_LIST(struct member *) members;
	struct local_past *past; /* NULL unless a message was asked about */
};

/* One of this organisation's own keys. */
enum local_key_use { LOCAL_KEY_SIGNING = 1, LOCAL_KEY_SEAL = 2, LOCAL_KEY_TRANSPORT = 4 };
#define LOCAL_KEYS_ALL 7u
enum local_key_state { LOCAL_KEY_CURRENT = 1, LOCAL_KEY_NEXT = 2, LOCAL_KEY_OLD = 3 };

struct local_keys {
	uint32_t rotate; /* enum local_key_use, added up; 0: only to be told */
};

struct local_key {
	uint32_t use;
	struct consign_key_id id;
	uint32_t state;
	uint64_t created_us;
	uint64_t until_us; /* by the card; 0: it says nothing */
};

struct local_keys_reply {
	WIRE_LIST(struct local_key *) keys;
	uint64_t card_version;
};

struct local_error {
	uint32_t code;
	uint32_t retry_class;
	struct consign_slice detail;
	struct consign_slice hint;
};

/* Exactly one operation is set. */
struct local_request {
	uint64_t number;
	struct local_send *send;
	struct local_inbox *inbox;
	struct local_show *show;
	struct local_ack *ack;
	struct local_watch *watch;
	struct local_track *track;
	struct local_status *status;
	struct local_policy *policy;
	struct local_keys *keys;
};

struct local_reply {
	uint64_t number;
	struct local_send_reply *send;
	struct local_inbox_reply *inbox;
	struct local_show_reply *show;
	struct local_ack_reply *ack;
	struct local_watch_event *watch;
	struct local_track_reply *track;
	struct local_status_reply *status;
	struct local_policy_reply *policy;
	struct local_error *error;
	struct local_keys_reply *keys;
};

WIRE_CODEC(local_request);
WIRE_CODEC(local_reply);

#endif
