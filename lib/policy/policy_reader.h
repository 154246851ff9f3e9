/*
 * A policy file half-read, between policy_file.c (which reads words) and policy_parts.c (which deals rules out to parts).
 * Nodes are kept beside what was read from them, for the lines and columns of errors.
 */
#ifndef POLICY_POLICY_READER_H
#define POLICY_POLICY_READER_H

#include "policy/table.h"
#include "policy/yaml_tree.h"

struct read_rule {
	struct policy_rule *rule;
	const struct node *at;
	const struct node *studies;   /* the list of globs, or NULL */
	const struct node *from_orgs; /* the list, or NULL */
	const struct node *to_orgs;
};

struct reader {
	struct arena *arena;   /* the parts live in it */
	struct arena *scratch; /* the tree lives in it */
	bool (*org_known)(void *context, const char *org);
	void *context;
	struct policy_file_error *error;
	struct policy_study **studies;
	size_t study_n;
	struct read_rule *rules;
	size_t rule_n;
	struct names study_ids; /* number: place in studies */
	struct names rule_ids;
	struct names orgs;       /* of parties */
	struct numbers party_of; /* study << 32 | org → 0 */
};

/* Deals the rules out and makes the parts. Errors: CONFIG, NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err reader_make_parts(struct reader *r, struct policy_file_parts *ret_parts);

#endif
