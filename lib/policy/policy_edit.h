/*
 * Small changes of a policy's source that leave everything else in it as it was written (yaml_edit.h): a rule or study more
 * or less, a party, its roles or clearance.
 *
 * The result was read again: it is the old policy with exactly this change. What else had to go with it is said: a study
 * that is closed goes from the lists of rules too, and so does who is no longer a party where a rule holds; a rule that is
 * left with an empty list, or could never match, goes as a whole. That changes no answer but those about the closed study
 * or the party that left.
 *
 * Threads   pure
 * Source    docs/POLICY.md 2
 */
#ifndef POLICY_POLICY_EDIT_H
#define POLICY_POLICY_EDIT_H

#include "core/bytes.h"

struct policy_words {
	const char *const *v;
	size_t n; /* 0: the key is left out */
};

struct policy_edit_end {
	struct policy_words orgs, roles;
};

struct policy_edit_rule {
	const char *id;
	bool may_number; /* when the id is taken: the first of id-2, id-3 … that is not */
	bool is_forbid;
	struct policy_words types, studies, labels;
	struct policy_edit_end from, to;
	const char *since, *until; /* NULL: left out */
};

struct policy_edit_party {
	const char *org;
	struct policy_words roles;
	const char *clearance; /* NULL: left out, which is open */
};

/* Of an organisation, of a study, or of one in the other: the other is NULL. Limits as the file has them; NULL: left out. */
struct policy_edit_quota {
	const char *org, *study;
	const char *messages, *bytes, *mailbox_consignments, *mailbox_bytes;
};

enum policy_edit_kind {
	POLICY_ADD_RULE,      /* rule */
	POLICY_REMOVE_RULE,   /* rule.id */
	POLICY_ADD_STUDY,     /* study, title, parties */
	POLICY_CLOSE_STUDY,   /* study */
	POLICY_ADD_PARTY,     /* study, parties[0] */
	POLICY_REMOVE_PARTY,  /* study, parties[0].org */
	POLICY_SET_CLEARANCE, /* study, parties[0].org and .clearance */
	POLICY_SET_ROLES,     /* study, parties[0].org and .roles: those it has from now on */
	POLICY_SET_QUOTA,     /* quota: what it says from now on; what is NULL stays */
	POLICY_CLEAR_QUOTA,   /* quota.org and .study */
};

struct policy_edit {
	enum policy_edit_kind kind;
	struct policy_edit_rule rule;
	const char *study;
	const char *title; /* NULL: left out */
	const struct policy_edit_party *parties;
	size_t n_parties;
	struct policy_edit_quota quota;
};

/* What is wrong, for people, and what to do about it, which may be empty. */
struct policy_edit_problem {
	char text[320];
	char hint[160];
};

/*
 * source       borrows
 * say          called with a sentence for each rule that had to go with it; NULL: nobody is told
 * out          the new source is appended
 * ret_problem  filled on any error
 * Errors: NOT_FOUND (no such rule, study, party), CONFLICT (it is there already; or the file is written in a way that
 *         cannot be edited safely), CONFIG (the result would be no policy; or the source is none), NO_MEMORY, TOO_BIG
 */
CONSIGN_MUST_CHECK enum consign_err policy_edit(struct consign_slice source, const struct policy_edit *edit,
    void (*say)(void *context, const char *sentence), void *context, struct buf *out, struct policy_edit_problem *ret_problem);

#endif
