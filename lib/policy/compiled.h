/*
 * The compiled policy, between compile.c (which builds it) and decide.c (which only reads it).
 *
 * A rule has two ends, and an end is reduced to small numbers:
 *
 *   0             any party
 *   1..ROLE_LAST  a party that holds this role in the study
 *   above         a named end of one study: one party, or a set of them
 *
 * There is one index for the common rules and one per study. A party knows the ends it matches: `any` and its roles as
 * bits, named ends as a short list. A rule is entered under each (index, from end, to end, glob); entries that meet
 * under one key keep only the first rule by order for each effect and label. So a decision looks up
 * (ends of the consignor) × (ends of the consignee) × (globs that match the type), whatever the number of rules.
 *
 * A glob is an exact type; or a prefix with one * behind, found by looking up every prefix of the type whose length
 * occurs in the policy; or odd (a * elsewhere), kept in a list under its prefix and the same two ends.
 *
 * Accepted costs: odd globs under the same prefix and ends are tried one by one; distinct sets that a party belongs to
 * are looked up one by one. A set is made only where entering every pair would cost EXPAND_MAX times the rule's own
 * length, that is where both ends name many organisations.
 */
#ifndef POLICY_COMPILED_H
#define POLICY_COMPILED_H

#include "policy/policy.h"
#include "policy/table.h"

#define END_ANY 0u
#define END_NAMED (ROLE_LAST + 1u)
/* Pairs of ends entered per end written; beyond it the longer end becomes one set. */
#define EXPAND_MAX 16u
#define INDEX_COMMON 0u

/* First rule by order for [effect - 1][label - 1]; TABLE_NONE: none. */
struct firsts {
	uint32_t rule[2][3];
};

struct entry {
	struct firsts firsts;
	uint32_t odd; /* first of the odd globs under this prefix, or TABLE_NONE */
};

struct odd_entry {
	struct firsts firsts;
	uint32_t glob; /* in globs_odd */
	uint32_t next; /* or TABLE_NONE */
};

struct compiled_rule {
	uint32_t order;
	uint32_t id; /* in rule_ids */
};

struct compiled_index {
	uint32_t reach[END_NAMED]; /* by from end: bits of the to ends below END_NAMED that any rule pairs with it */
};

struct compiled_party {
	uint32_t org;
	uint32_t ends; /* bit 0 (any) and one bit a role */
	enum consign_label clearance;
	uint32_t named_at; /* its named ends: in policy.ends */
	uint32_t named_n;
};

struct compiled_study {
	uint32_t first; /* of policy.parties */
	uint32_t n;
};

struct policy {
	struct names study_ids; /* number: place in studies; its index is 1 + number */
	struct names orgs;
	struct names rule_ids;
	struct names globs_exact;
	struct names globs_prefix;  /* without the * */
	struct names globs_odd;     /* whole */
	uint64_t prefix_lengths[2]; /* bit n: some prefix has n bytes */

	struct compiled_study *studies;
	struct compiled_party *parties;
	size_t party_n, party_cap;
	struct numbers party_of; /* study << 32 | org → place in parties */
	struct compiled_rule *rules;
	size_t rule_n, rule_cap;
	struct compiled_index *indexes;

	struct numbers pairs;   /* pair_key → number of the pair */
	struct numbers entries; /* pair << 32 | glob → place in entry; glob: 2 × exact, or 2 × prefix + 1 */
	struct entry *entry;
	size_t entry_n, entry_cap;
	struct odd_entry *odd;
	size_t odd_n, odd_cap;
	uint32_t *ends;        /* named ends of the parties */
	uint32_t *org_first;   /* by org: its first in org_studies; one more at the end */
	uint32_t *org_studies; /* rising within an org */
};

/* 24 bits of index, 20 of each end: compile.c refuses what would not fit. */
static inline uint64_t
pair_key(uint32_t index, uint32_t from, uint32_t to)
{
	return (uint64_t)index << 40 | (uint64_t)from << 20 | to;
}

static inline uint64_t
wide_key(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | low;
}

/* Whether rule a comes before rule b: by order, then by place (the common part was compiled first). */
static inline bool
rule_is_before(const struct policy *p, uint32_t a, uint32_t b)
{
	if (a == TABLE_NONE || b == TABLE_NONE)
		return a != TABLE_NONE;
	if (p->rules[a].order != p->rules[b].order)
		return p->rules[a].order < p->rules[b].order;
	return a < b;
}

#endif
