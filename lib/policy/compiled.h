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
 * consignee, one for each label. So the first rule of a list that matches is the lowest bit that is set in three rows at once,
 * and most lists are one load from each. A party that some rule of its study names is a class of its own; the others are one
 * class for each set of roles.
 *
 * A rule with a condition (a glob with a * before its end, validity, size) is entered like any other and asked only when it would
 * be the first: then the lists are gone through again with each such rule asked.
 *
 * What a decision touches is small on purpose, so that 100,000 rules stay in a processor's second cache, and it does the same
 * however many rules there are: two loads of a list, three of bits, and four bytes where the rule's name stands, for which
 * nothing waits.
 *
 * Accepted costs: a list is read 57 positions at a time; rules whose condition fails are asked one by one.
 */
#ifndef POLICY_COMPILED_H
#define POLICY_COMPILED_H

#include "policy/policy.h"
#include "policy/quotas.h"
#include "policy/table.h"

/* Positions of one page. A study that needs more has several. Numbers of 16 bits can say each, and the end. */
#define PAGE_POSITIONS 65535u
/* Nodes of one block of lists, and the numbers that say where these begin and end. */
#define BLOCK_NODES 64u
#define BLOCK_NUMBERS (BLOCK_NODES + 1u)
/* Bytes of a line of the cache, as most processors have them. */
#define LINE_BYTES 64u
/* Bits that one load of 8 bytes has from any bit of its first byte on. */
#define WINDOW_BITS 57u

/*
 * One piece of memory: this, the blocks (in the same line of the cache, unless a policy has hundreds of globs), the lists, the
 * outcomes, the rows. Only the conditions, which are rarely asked, lie elsewhere.
 */
struct page {
	struct page *next;  /* with the later rules of the same study, or NULL */
	uint8_t *rows;      /* from by class, to by class, label by label from 0: see row_from … */
	uint32_t *outcomes; /* by position */
	uint16_t *lists; /* BLOCK_NUMBERS a block: by node the first position of its list; the next list begins where it ends */
	uint32_t *conditions; /* by position: place in policy.conditions. NULL: no rule of the page has one */
	uint32_t n;           /* positions */
	uint32_t row_bytes;   /* behind the last row is room for a load of 8 bytes at the last position */
	uint32_t classes;     /* of parties */
	uint16_t blocks[];    /* by node / BLOCK_NODES: block of lists; 0 is the empty one */
};

/*
 * What a rule makes of a message: place << 1 | whether it has a condition. The place is that of its record, in units of 8 bytes,
 * in policy.records: deliver_within_us (8 bytes of this machine), then the id and a NUL. Places rise as the order of rules does:
 * the lowest one decides.
 */
#define OUTCOME_NONE (UINT32_MAX - 1) /* without a condition */
#define OUTCOME_CONDITIONAL 1u
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
};

struct compiled_study {
	uint32_t first; /* of policy.parties */
	uint32_t n;
	uint32_t slots; /* its own hash table, in policy.party_slots: by org */
	uint32_t slot_mask;
	struct page *page; /* or NULL */
};

/* What a decision asks of a party, where it finds it: a quarter of a line of the cache. */
struct party_slot {
	uint32_t org; /* TABLE_NONE: a free slot */
	uint32_t common_class;
	uint32_t study_class; /* while the policy is compiled: the place in parties */
	uint32_t clearance;
};

struct policy {
	struct names study_ids; /* number: place in studies */
	struct names orgs;
	struct names prefixes; /* globs, without the * and what follows */
	struct names types;    /* globs without any * */
	struct lengths prefix_lengths;
	size_t node_n;          /* nodes are numbered by text: those that a type meets are neighbours */
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

static inline uint8_t *
row_from(const struct page *x, uint32_t class)
{
	return x->rows + (size_t) class * x->row_bytes;
}

static inline uint8_t *
row_to(const struct page *x, uint32_t class)
{
	return row_from(x, x->classes + class);
}

static inline uint8_t *
row_label(const struct page *x, uint32_t label)
{
	return row_from(x, 2 * x->classes + label - CONSIGN_LABEL_OPEN);
}

#define PAGE_ROWS(CLASSES) (2 * (size_t)(CLASSES) + 3)

/* The first slot to look into for an org. */
static inline uint32_t
party_slot(const struct compiled_study *study, uint32_t org)
{
	return (uint32_t)table_spread(org) & study->slot_mask;
}

#endif
