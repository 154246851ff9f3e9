/*
 * The policy as people write it: one YAML file (docs/POLICY.md), read into the parts that are signed.
 *
 *   studies: [ {id, title, parties: [ {org, roles: [..], clearance} ]} ]
 *   rules:   [ {id, permit: [globs] | forbid: [globs], from: {roles, orgs}, to: {roles, orgs}, studies: [globs], label: [..],
 *               since, until, max-size, deliver-within, rate} ]
 *   groups:  {orgs: {name: [..]}, types: {name: [globs]}}      named in rules as "@name", and written out there
 *   quotas:  [ {org and/or study, messages, bytes, mailbox-consignments, mailbox-bytes} ]
 *
 * Unknown keys, words, orgs, studies, duplicate ids, empty lists, anchors and aliases are refused with line and column;
 * nothing is ever silently ignored. A rule that names studies or orgs goes, with its order, into the part of each study
 * it can concern: whose id matches a glob, and in which each end that names orgs has one of them as a party. There it
 * names only the orgs that are parties to that study. A rule that names neither (or the studies "*") goes into the common
 * part. So that an org never learns from its slices of a study it is no party to, and a rule means in every study what it
 * says in the file. A rule that concerns no study, and an org in a rule that is no party where the rule holds, are
 * refused: they could never match.
 *
 * Threads   pure
 */
#ifndef POLICY_POLICY_FILE_H
#define POLICY_POLICY_FILE_H

#include "wire/policy_wire.h"

struct policy_file_error {
	size_t line;    /* from 1 */
	size_t column;  /* from 1 */
	char text[256]; /* what is wrong and what was expected */
	char hint[160]; /* what to do about it; may be empty */
};

/* Where something stands in the file, from 1. */
struct policy_file_place {
	uint32_t line, column;
};

/* A rule as the file has it, with its groups written out. In a part it names that study's parties only. */
struct policy_file_rule {
	const struct policy_rule *rule;
	WIRE_LIST(struct consign_study) studies; /* ids and globs; empty: every study */
	struct policy_file_place at;
};

struct policy_file_study {
	struct policy_file_place at;
	struct policy_file_place *parties; /* one a party, in their order */
};

struct policy_file_group {
	struct consign_study name;
	bool is_of_types; /* else of organisations */
	bool is_used;
	struct consign_org idle; /* the first member that is no party to any study, or "" */
	struct policy_file_place at;
};

struct policy_file_parts {
	WIRE_LIST(struct policy_part *)
	parts; /* common (always) first, then studies in file order, then quotas if there are any; salts are zero: the caller fills them */
	/* What the parts do not say: for checks and tools. */
	WIRE_LIST(struct policy_file_rule) rules;    /* in file order: `order` is the place, from 1 */
	WIRE_LIST(struct policy_file_study) studies; /* as their parts */
	WIRE_LIST(struct policy_file_group) groups;
};

/*
 * yaml       borrows; at most CONSIGN_POLICY_SOURCE_MAX_BYTES
 * org_known  asked for every org named; false refuses it. NULL accepts all (a check without a hub)
 * arena      the parts live in it
 * ret_error  filled when CONSIGN_E_CONFIG is returned
 * Errors: CONFIG (see ret_error), TOO_BIG, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err
policy_file_parse(struct consign_slice yaml, bool (*org_known)(void *context, const char *org), void *context,
    struct arena *arena, struct policy_file_parts *ret_parts, struct policy_file_error *ret_error);

/*
 * What is well-formed and yet cannot have been meant: for warnings before publication.
 *
 *   never-matches   no two parties of one study can be the rule's two ends
 *   uncleared       a permit names a label that no consignee which it means may receive
 *   shadowed        a permit whose every message a forbid refuses
 *   superfluous     an earlier rule of the same effect says all that this one does
 *   past            a rule whose time is over
 *   idle-party      a party that no permit lets send or receive
 *   no-sponsor      a study without one
 *   unused-group    a group that no rule names
 *   idle-member     a member of a group that is no party to any study
 *   not-compared    there are so many rules alike that not all were held against each other
 *
 * Covering is told of one rule by one other, and from what stands in them: what takes several rules together to cover, or knowledge
 * of which parties hold which roles, is not found. What is found is so.
 */
struct policy_finding {
	const char *kind; /* one of the words above */
	struct policy_file_place at;
	const char *rule; /* "" where it is about none; likewise below */
	const char *study;
	const char *org;
	const char *group;
	const char *sentence;
};

/*
 * parts   as policy_file_parse gave them
 * now_us  the wall clock, for rules that are past; 0: nothing is
 * say     gets one finding after the other, which it borrows; NULL: only counts
 * Returns how many. Out of memory for comparing rules they are said to be not-compared.
 */
size_t policy_file_check(const struct policy_file_parts *parts, uint64_t now_us,
    void (*say)(void *context, const struct policy_finding *finding), void *context);

#endif
