/*
 * The compiled policy, between compile.c (which builds it) and decide.c (which only reads it).
 *
 * Rules are sorted once: forbids before permits, then by order, then by place. The rules of one study, and those of all studies,
 * are a page each: in it a rule is its rank, and the first match is the lowest rank. Which rules could match is kept as rows of
 * bits, one bit a rule: a row for each class of parties as consignor, one for it as consignee, one for each label. A party that
 * some rule of its study names is a class of its own; the others are one class for each set of roles.
 *
 * A type is a node: its own when a rule names it exactly, else that of the longest prefix of a glob that begins it. The parent of
 * a node is the next shorter such prefix, so the rules that may match a type are the lists of a few nodes. A list holds
 * ranks in groups of four; one that is longer than LIST_MAX is a row of bits instead. A decision tests the ranks of the lists of
 * the type's nodes against three rows, without a branch for each, in the page of all studies and in the study's own.
 *
 * A rule with a condition (a glob with a * before its end, validity, size) is entered like any other and asked only when it would
 * be the first: then the lists are gone through again with each such rule asked.
 *
 * What a decision touches is small on purpose, so that 100,000 rules stay in a processor's second cache: two bytes for a rule in
 * a list, one bit in a row, four bytes where its name stands, which nothing waits for.
 *
 * Accepted costs: a list that is no row is tested rank by rank (LIST_MAX bounds it), a row word by word (PAGE_RULES bounds it);
 * rules whose condition fails are asked one by one.
 */
#ifndef POLICY_COMPILED_H
#define POLICY_COMPILED_H

#include "policy/policy.h"
#include "policy/table.h"

/* Rules of one page. A study with more has several. A rank, and one more for "none", fits 16 bits. */
#define PAGE_RULES 32768u
#define GROUP_RANKS 4u
/* Ranks of a list before it becomes a row of bits. */
#define LIST_MAX 128u
/* Nodes of one block of lists. */
#define BLOCK_NODES 64u

/* Where a list is: its first group << 8 | how many more groups; or the word of its row << 8 | LIST_IS_ROW. 0 is the empty list.
 */
#define LIST_IS_ROW 255u
_Static_assert(LIST_MAX / GROUP_RANKS <= LIST_IS_ROW, "the groups of a list are counted in 8 bits");

struct page {
	uint32_t n;                      /* rules; also the rank that is none: its bit is clear in every row */
	uint32_t words;                  /* of a row */
	uint32_t classes;                /* of parties */
	uint32_t next;                   /* page with the later rules of the same study, or TABLE_NONE */
	uint64_t *rows;                  /* from by class, to by class, label by label from 0, conditional: see row_from … */
	uint32_t *outcomes;              /* by rank, and one more: OUTCOME_NONE */
	uint32_t *blocks;                /* by node / BLOCK_NODES: block of lists; 0 is the empty one */
	uint32_t *lists;                 /* BLOCK_NODES a block */
	uint16_t (*groups)[GROUP_RANKS]; /* rising; filled up with n. The first is empty. */
	uint64_t *list_rows;
	uint32_t *conditions; /* by rank: place in policy.conditions, or TABLE_NONE. NULL: no rule of the page has one */
};

/*
 * What a rule makes of a message: place of its record, in units of 8 bytes, in policy.records: deliver_within_us (8 bytes of this
 * machine), then the id and a NUL. Places rise as ranks do: of two pages the lower one decides.
 */
#define OUTCOME_NONE UINT32_MAX
#define RECORD_UNIT 8u

struct condition {
	uint64_t from_us, until_us, max_bytes;
	bool is_permit;
	uint32_t globs_at, globs_n; /* in condition_globs: all of the rule's when one has a * before its end, else none */
};

struct compiled_party {
	uint32_t org;
	uint32_t roles;        /* bits, and bit 0 */
	uint32_t common_class; /* its class in the pages of all studies, in those of its study */
	uint32_t study_class;
	enum consign_label clearance;
};

struct compiled_study {
	uint32_t first; /* of policy.parties */
	uint32_t n;
	uint32_t slots; /* its own hash table, in policy.party_slots: by org */
	uint32_t slot_mask;
	uint32_t page; /* or TABLE_NONE */
};

struct policy {
	struct names study_ids; /* number: place in studies */
	struct names orgs;
	struct names prefixes; /* globs, without the * and what follows; number: the node */
	struct names types;    /* globs without any *; number + prefixes.n: the node */
	struct lengths prefix_lengths;
	uint32_t *parents; /* by node; TABLE_NONE: there is none */

	struct compiled_study *studies;
	struct compiled_party *parties;
	size_t party_n, party_cap;
	uint32_t *party_slots; /* place in parties, or TABLE_NONE */
	size_t slot_n;

	struct page *pages;
	size_t page_n, page_cap;
	uint32_t common_page; /* or TABLE_NONE */
	struct buf records;
	uint32_t first_permit; /* outcomes below are forbids */
	bool has_deliver_within;
	struct condition *conditions;
	size_t condition_n, condition_cap;
	struct names globs;
	uint32_t *condition_globs; /* numbers in globs */
	size_t condition_glob_n, condition_glob_cap;

	uint32_t *org_first;   /* by org: its first in org_studies; one more at the end */
	uint32_t *org_studies; /* rising within an org */
};

static inline uint64_t *
row_from(const struct page *x, uint32_t class)
{
	return x->rows + (size_t) class * x->words;
}

static inline uint64_t *
row_to(const struct page *x, uint32_t class)
{
	return row_from(x, x->classes + class);
}

static inline uint64_t *
row_label(const struct page *x, uint32_t label)
{
	return row_from(x, 2 * x->classes + label - CONSIGN_LABEL_OPEN);
}

static inline uint64_t *
row_conditional(const struct page *x)
{
	return row_from(x, 2 * x->classes + 3);
}

#define PAGE_ROWS(CLASSES) (2 * (size_t)(CLASSES) + 4)

static inline bool
row_has(const uint64_t *row, uint32_t rank)
{
	return row[rank / 64] >> (rank % 64) & 1;
}

/* The first slot to look into for an org. */
static inline uint32_t
party_slot(const struct compiled_study *study, uint32_t org)
{
	return (uint32_t)table_spread(org) & study->slot_mask;
}

#endif
