/*
 * Role profiles: what an agent of a role usually sends, receives and watches, in one YAML file (agents/profiles).
 *
 *   role: cdmo
 *   title: Contract development and manufacturing organisation
 *   sends:    [ {type: quality.coa, to: [sponsor, cmo]} ]
 *   receives: [ {type: material.order, from: [sponsor]} ]
 *   watches:  [ {as: orders, type: material.order, study: any, says: …} ]
 *   alarms:   [ {type: material.order, when: unacknowledged, within: 24h, as: orders, says: …} ]
 *
 * A profile is a convenience, never a right: it gives an agent its first subscriptions and its alarms, and doctor
 * something to compare the policy with. Nothing that decides about a message reads it.
 *
 * Types are names or globs. Unknown keys and words, and whatever is named twice, are refused with line and column. What
 * an alarm's subscription (`as`) or `default` has acknowledged is acknowledged; so an alarm must not name more types than
 * its subscription has.
 *
 * Threads   pure
 */
#ifndef POLICY_PROFILE_H
#define POLICY_PROFILE_H

#include "core/limits.h"
#include "policy/policy.h"
#include "policy/policy_file.h"

/* An arena of this size reads any profile. */
#define PROFILE_ARENA_BYTES (8u * 1024u * 1024u)

/* A type that is sent to, or received from, parties of these roles. */
struct profile_way {
	struct consign_type type; /* a glob */
	WIRE_LIST(uint32_t) roles;
};

struct profile_watch {
	char name[CONSIGN_SUBSCRIPTION_MAX_BYTES + 1];
	struct consign_type type;   /* a glob */
	struct consign_study study; /* "": any */
	const char *says;           /* what it is for, one line */
};

enum profile_when {
	PROFILE_UNACKNOWLEDGED = 1, /* received longer ago than `within`, and acknowledged by neither `as` nor default */
	PROFILE_REFUSED,            /* sent from here and refused, not longer ago than `within` */
};

struct profile_alarm {
	struct consign_type type; /* a glob */
	enum profile_when when;
	char as[CONSIGN_SUBSCRIPTION_MAX_BYTES + 1]; /* of UNACKNOWLEDGED: the subscription, maybe default */
	uint64_t within_us;
	char within[9]; /* as it was written: "24h" */
	const char *says;
};

struct profile {
	uint32_t role; /* enum policy_role */
	const char *title;
	WIRE_LIST(struct profile_way) sends;
	WIRE_LIST(struct profile_way) receives;
	WIRE_LIST(struct profile_watch) watches;
	WIRE_LIST(struct profile_alarm) alarms;
};

/*
 * yaml         borrows; at most PROFILE_MAX_BYTES
 * arena        the profile lives in it; PROFILE_ARENA_BYTES are enough
 * ret_error    filled when CONFIG is returned
 * Errors: CONFIG (see ret_error), TOO_BIG, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err profile_read(
    struct consign_slice yaml, struct arena *arena, struct profile **ret_profile, struct policy_file_error *ret_error);
/* "unacknowledged", "refused". Lends a constant. */
const char *profile_when_text(enum profile_when when);

/* ── what the policy lacks ── */

/* A type that this version knows. Under x.* there is no list; those types are all known, and open. */
struct profile_type {
	const char *name;
	enum consign_label label; /* the least that a message of it has */
};

/* All of it borrowed. */
struct profile_question {
	const struct profile *profile;
	const char *org;             /* whose profile it is */
	const struct policy *policy; /* compiled of these studies and the common rules */
	struct policy_study *const *studies;
	size_t n_studies;
	const struct profile_type *types;
	size_t n_types;
};

enum profile_gap_kind {
	PROFILE_GAP_ROLE = 1, /* in this study the organisation has other roles than the profile's: not compared */
	PROFILE_GAP_SEND,
	PROFILE_GAP_RECEIVE,
};

/* Types between the organisation and one partner in one study that the policy does not let through, for one reason. */
struct profile_gap {
	enum profile_gap_kind kind;
	const struct policy_study *study;
	const struct policy_party *own;
	const struct policy_party *partner; /* NULL: GAP_ROLE */
	uint32_t role;                      /* the partner's, by which the profile means it */
	enum consign_code code;             /* CLEARANCE, POLICY_FORBIDDEN, POLICY_NO_RULE */
	const char *rule;                   /* that forbids; "" else */
	enum consign_label label;           /* the types' */
	const char *const *types;           /* names; lent for the call */
	size_t n_types;
};

/* Counts of types between the organisation and a partner in a study. */
struct profile_sum {
	size_t studies; /* in which the organisation has the profile's role */
	size_t permitted;
	size_t missing;
	size_t unknown; /* entries of the profile that name no type that this version knows; not compared */
};

/*
 * Asks the policy about each study in which the organisation has the profile's role, and there about each type between
 * it and each party of a role that the profile names. A glob stands for the types it matches. `say` hears every gap, in
 * the order of the studies, their parties, and the profile.
 * Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err profile_compare(const struct profile_question *q,
    void (*say)(void *context, const struct profile_gap *gap), void *context, struct profile_sum *ret_sum);

#endif
