/*
 * The pages of a compiled policy: what compile.c makes of the rules of one study, or of those of all. For compile.c only.
 *
 * Threads   one
 */
#ifndef POLICY_PAGES_H
#define POLICY_PAGES_H

#include "policy/compiled.h"

#define NO_STUDY UINT32_MAX

/* A rule where it holds. */
struct placed {
	const struct policy_rule *rule;
	uint32_t study; /* or NO_STUDY: all */
	uint32_t place; /* among the rules of its part */
	uint32_t place_of_record;
};

struct page_maker {
	struct policy *policy; /* with its parties, globs and nodes */
	uint32_t *classes;     /* by class of the pages at hand: its roles */
	uint32_t class_n;
	uint64_t *listed; /* node << 32 | rank, of the page at hand */
	size_t listed_n, listed_cap;
};

/*
 * Makes the pages of rules that are sorted by rank. ret_first: the first of them, from which the others follow; untouched when
 * there are no rules. Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err
pages_add(struct page_maker *maker, const struct placed *rules, size_t n, struct page **ret_first);
void pages_clear(struct page_maker *maker);

/* Roles as bits. Errors: MALFORMED (a number that is none) */
CONSIGN_MUST_CHECK enum consign_err pages_role_bits(const uint32_t *roles, size_t n, uint32_t *ret_bits);
/* The slot of an org in a study's own table: where it is, or where it would be. */
struct party_slot *pages_slot(const struct policy *p, const struct compiled_study *study, uint32_t org);
bool pages_names_orgs(const struct policy_end *end);
/* The party that an end names with its n-th organisation, when that is one in this study, in one of the end's roles; or
 * TABLE_NONE. */
uint32_t pages_named_party(const struct policy *p, uint32_t study, const struct policy_end *end, size_t n);

#endif
