/*
 * The policy as people write it: one YAML file (docs/POLICY.md), read into the parts that are signed.
 *
 *   studies: [ {id, title, parties: [ {org, roles: [..], clearance} ]} ]
 *   rules:   [ {id, permit: [globs] | forbid: [globs], from: {roles, orgs}, to: {roles, orgs}, studies: [globs], label: [..]} ]
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
};

struct policy_file_parts {
	WIRE_LIST(struct policy_part *)
	parts; /* common (always) first, then studies in file order; salts are zero: the caller fills them */
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
 * Static checks on what was parsed, for warnings before publication: a rule that can never match (no two parties of one
 * study have its roles, or no consignee is cleared for its labels; a rule shadowed entirely by others is not looked for), a
 * party that no permit rule lets send or receive. Calls `say` (NULL: only counts) with one sentence a finding; returns
 * how many.
 */
size_t policy_file_check(const struct policy_file_parts *parts, void (*say)(void *context, const char *sentence), void *context);

#endif
