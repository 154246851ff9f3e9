/* Policy parts. Mirrors proto/consign/v1/policy.proto, where the fields are explained. */
#ifndef WIRE_POLICY_WIRE_H
#define WIRE_POLICY_WIRE_H

#include "wire/wire.h"

enum policy_role {
	ROLE_SPONSOR = 1, ROLE_CRO, ROLE_CDMO, ROLE_CMO, ROLE_SMO, ROLE_SITE, ROLE_LAB, ROLE_REGULATOR,
	ROLE_IRT, ROLE_PV, ROLE_DEPOT, ROLE_DSMB,
	ROLE_LAST = ROLE_DSMB,
};

enum policy_effect { POLICY_PERMIT = 1, POLICY_FORBID = 2 };

struct policy_end {
	WIRE_LIST(uint32_t) roles; /* enum policy_role; empty: any */
	WIRE_LIST(struct consign_org) orgs; /* empty: any */
};

struct policy_rule {
	struct consign_rule_id id;
	uint32_t order;
	uint32_t effect; /* enum policy_effect */
	WIRE_LIST(struct consign_type) types; /* globs */
	struct policy_end *from; /* NULL: any */
	struct policy_end *to;   /* NULL: any */
	WIRE_LIST(uint32_t) labels; /* empty: any */
	uint64_t from_us;           /* 0: always */
	uint64_t until_us;          /* 0: for ever */
	uint64_t max_bytes;         /* of a permit; 0: any */
	uint64_t deliver_within_us; /* of a permit; 0: says nothing */
	uint64_t rate_messages;     /* of a permit, from one consignor to one consignee; 0: any */
	uint64_t rate_us;           /* in so long; 0 exactly when rate_messages is */
};

struct policy_party {
	struct consign_org org;
	WIRE_LIST(uint32_t) roles;
	uint32_t clearance; /* enum consign_label */
};

struct policy_study {
	struct consign_study id;
	struct consign_slice title; /* text */
	WIRE_LIST(struct policy_party *) parties;
	WIRE_LIST(struct policy_rule *) rules;
};

struct policy_common {
	WIRE_LIST(struct policy_rule *) rules;
};

/* Amounts that are 0 say nothing, and then their times are 0 too. */
struct policy_quota {
	struct consign_org org;     /* "": of all consignors of the study together */
	struct consign_study study; /* "": of the organisation in all studies together */
	uint64_t messages, messages_us;
	uint64_t bytes, bytes_us; /* of manifests and bodies, as they travel */
	uint64_t mailbox_consignments; /* waiting for the organisation; 0 where a study is named */
	uint64_t mailbox_bytes;
};

struct policy_quotas {
	WIRE_LIST(struct policy_quota *) quotas;
};

/* Exactly one of common, study, source, quotas. */
struct policy_part {
	struct consign_hash salt;
	struct policy_common *common;
	struct policy_study *study;
	struct consign_slice source; /* text */
	struct policy_quotas *quotas;
};

extern const struct wire_message wire_policy_quota; /* also in a session's answer about quotas */

WIRE_CODEC(policy_part);

#endif
