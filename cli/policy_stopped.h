/*
 * Companies that a policy names and that the directory has stopped: the policy permits what is refused all the same. Pure.
 */
#ifndef CLI_POLICY_STOPPED_H
#define CLI_POLICY_STOPPED_H

#include "policy/policy_file.h"
#include "wire/identity_wire.h"

/* What a directory says of a company, lent; NULL: it is not known here. */
typedef const struct member *member_finder(void *context, const char *org);

#define STOPPED_SHOWN 20u

/* A company that has ended or is compromised; who is suspended may come back, and is left out. */
struct stopped {
	const struct member *member;
	const struct consign_study *study; /* the first that it is a party to */
	struct policy_file_place at;       /* there */
	size_t n_studies;
};

struct stopped_list {
	struct stopped v[STOPPED_SHOWN]; /* in the order of the file */
	size_t n;
	size_t more; /* parties beyond these companies */
};

void policy_stopped_find(const struct policy_file_parts *parts, member_finder *find, void *context, struct stopped_list *ret_list);
/* "'globalcro' is ended, and a party to study S-1 and 2 more: …" */
#define STOPPED_TEXT_BYTES 256
const char *policy_stopped_text(const struct stopped *stopped, char ret_text[STOPPED_TEXT_BYTES]);

#endif
