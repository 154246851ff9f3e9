/*
 * The compiled policy, between compile.c and pages.c (which build it) and decide.c (which only reads it).
 *
 * Rules are sorted once: forbids before permits, then by order, then by place. A type is a node: its own when a rule names it
 * exactly, else that of the longest prefix of a glob that begins it. The parent of a node is the next shorter such prefix, so the
 * rules that may match a type are those of a few nodes.
 *
 * The rules of one study, and those of all studies, are a page each. In it every rule has a position for each node of its globs;
 * the positions of one node are its list, one run of them, in the order of the rules. Who may be consignor and consignee and
 * under which label is kept in rows of bits, one bit a position: a row for each class of parties as consignor, one for it as
 * consignee, one for each label. So the first rule of a list that matches is the lowest bit that is set in three rows at once.
 * A party that some rule of its study names is a class of its own; the others are one class for each set of roles.
 *
 * Nodes come in blocks, by text: a type and what begins it are in one, if they can be. What a page has for one block (lists,
 * rows, outcomes) lies together. Where that is few positions, as in most pages, three loads have all that its rows say.
 *
 * A rule with a condition (a glob with a * before its end, validity, size) is entered like any other and asked only when it would
 * be the first: then the lists are gone through again with each such rule asked.
 *
 * What a decision touches is small on purpose, so that 100,000 rules stay in a processor's second cache even when half of that is
 * somebody else's, and it does the same however many rules there are: of a page its first line and some four of one block.
 *
 * Accepted costs: a list is read 57 positions at a time; rules whose condition fails are asked one by one.
 */
#ifndef POLICY_COMPILED_H
#define POLICY_COMPILED_H

#include "core/limits.h"
#include "policy/policy.h"
#include "policy/quotas.h"
#include "policy/table.h"

/* Positions of one page. A study that needs more has several. Numbers of 16 bits can say each, and the end. */
#define PAGE_POSITIONS 65535u
/* Nodes of one block, and the numbers that say where their lists begin and end. */
#define BLOCK_NODES 32u
#define BLOCK_NUMBERS (BLOCK_NODES + 1u)
/* Bytes of a line of the cache, as most processors have them. */
#define LINE_BYTES 64u
/* Bits that one load of 8 bytes has from any bit of its first byte on. */
#define WINDOW_BITS 57u
/* Positions of a block with few: a row of them is one load. */
#define FEW_POSITIONS 63u

/*
 * One piece of memory: this (with the numbers of the blocks in the same line of the cache, unless a policy has hundreds of
 * globs), then the blocks. Only the conditions, which are rarely asked, lie elsewhere.
 */
struct page {
	struct page *next;    /* with the later rules of the same study, or NULL */
	uint32_t *conditions; /* by position: place in policy.conditions. NULL: no rule of the page has one */
	uint32_t n;           /* positions */
	uint32_t classes;     /* of parties */
	uint32_t blocks[];    /* by block of nodes: bytes from the page to its block; 0: no rule */
};

/*
 * What a page has for the nodes of one block, side by side: this; where the list of each node begins, counted from the first
 * position on, and behind them where the last one ends (a byte each in a block of few positions, else two); the rows (a row for
 * each label, for each class as consignor, for each as consignee); the outcomes. Behind the last of a page is room for a load of
 * 8 bytes at its last bit.
 */
struct block {
	uint16_t first; /* position */
	uint16_t n;     /* positions */
	uint8_t bytes[];
};

/*
 * What a rule makes of a message: place << 1 | whether it has a condition. The place is that of its record, in units of 8 bytes,
 * in policy.records: deliver_within_us (8 bytes of this machine), unless no rule of the policy has one; then the id and a NUL.
 * Places rise as the order of rules does: the lowest one decides. In a block it has policy.outcome_bits, side by side.
 */
#define OUTCOME_NONE (UINT32_MAX - 1) /* without a condition */
#define OUTCOME_CONDITIONAL 1u
#define RECORD_UNIT 8u

struct condition {
	uint64_t from_us, until_us, max_bytes;
	bool is_permit;
	uint32_t globs_at, globs_n; /* in condition_globs: all of the rule's when one has a * before its end, else none */
};

/* Parties of a study, sets of roles (bit 0 is in all of them), and labels are few. */
#define STUDY_CLASS_BITS 10u
#define COMMON_CLASS_BITS (ROLE_LAST + 0u)
#define CLEARANCE_BITS 2u
_Static_assert(CONSIGN_PARTIES_MAX <= 1u << STUDY_CLASS_BITS, "the classes of a study");
_Static_assert(CONSIGN_LABEL_UNBLINDED < 1u << CLEARANCE_BITS, "the labels");
_Static_assert(STUDY_CLASS_BITS + COMMON_CLASS_BITS + CLEARANCE_BITS <= 32, "one number for all");

struct compiled_party {
	uint32_t org;
	uint32_t roles;        /* bits, and bit 0 */
	uint32_t common_class; /* its class in the pages of all studies, in those of its study */
	uint32_t study_class;
};

struct compiled_study {
	uint32_t first; /* of policy.parties */
	uint32_t n;
	uint32_t slots; /* its own hash table, in policy.party_slots: by org */
	uint32_t slot_mask;
	struct page *page; /* or NULL */
};

/* What a decision asks of a party, where it finds it: an eighth of a line of the cache. */
struct party_slot {
	uint32_t org; /* TABLE_NONE: a free slot */
	uint32_t common_class : COMMON_CLASS_BITS;
	uint32_t study_class : STUDY_CLASS_BITS; /* while the policy is compiled: the place among the parties of the study */
	uint32_t clearance : CLEARANCE_BITS;
};

struct policy {
	struct names study_ids; /* number: place in studies */
	struct names orgs;
	struct names prefixes; /* globs, without the * and what follows */
	struct names types;    /* globs without any * */
	struct lengths prefix_lengths;
	size_t node_n; /* nodes are numbered by text, with gaps: those that a type meets are in one block, if they can be */
	uint32_t *prefix_nodes; /* by number in prefixes */
	uint32_t *type_nodes;   /* by number in types */
	uint32_t *parents;      /* by node; TABLE_NONE: there is none */

	struct compiled_study *studies;
	struct compiled_party *parties;
	size_t party_n, party_cap;
	struct party_slot *party_slots;
	size_t slot_n;

	struct page *common_page; /* or NULL */
	size_t page_n;            /* with those of studies */
	struct buf records;
	uint32_t outcome_bits;
	uint32_t first_permit; /* places below are of forbids */
	bool has_deliver_within;
	struct condition *conditions;
	size_t condition_n, condition_cap;
	struct names globs;
	uint32_t *condition_globs; /* numbers in globs */
	size_t condition_glob_n, condition_glob_cap;

	uint32_t *org_first;   /* by org: its first in org_studies; one more at the end */
	uint32_t *org_studies; /* rising within an org */

	struct quota_table quotas;
};

/* Bits that a number up to n takes. */
static inline uint32_t
bits_of(uint64_t n)
{
	return n == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(n);
}

#define LABELS 3u
#define PAGE_ROWS(CLASSES) (2 * (size_t)(CLASSES) + LABELS)

static inline uint32_t
row_label(uint32_t label)
{
	return label - CONSIGN_LABEL_OPEN;
}

static inline uint32_t
row_from(uint32_t class)
{
	return LABELS + class;
}

static inline uint32_t
row_to(const struct page *x, uint32_t class)
{
	return LABELS + x->classes + class;
}

static inline size_t
row_bytes(const struct block *b)
{
	return (b->n + 7u) / 8;
}

static inline const uint8_t *
block_rows(const struct block *b)
{
	return b->bytes + (b->n <= FEW_POSITIONS ? BLOCK_NUMBERS : BLOCK_NUMBERS * sizeof(uint16_t));
}

static inline const uint8_t *
block_outcomes(const struct page *x, const struct block *b)
{
	return block_rows(b) + PAGE_ROWS(x->classes) * row_bytes(b);
}

/* NULL: no rule of the page is under a node of it. */
static inline struct block *
page_block(const struct page *x, uint32_t block)
{
	return x->blocks[block] == 0 ? NULL : (struct block *)((uint8_t *)x + x->blocks[block]);
}

/* The first slot to look into for an org. */
static inline uint32_t
party_slot(const struct compiled_study *study, uint32_t org)
{
	return (uint32_t)table_spread(org) & study->slot_mask;
}

#endif
