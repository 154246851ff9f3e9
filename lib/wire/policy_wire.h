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

/* Exactly one of common, study, source. */
struct policy_part {
	struct consign_hash salt;
	struct policy_common *common;
	struct policy_study *study;
	struct consign_slice source; /* text */
};

WIRE_CODEC(policy_part);

#endif
