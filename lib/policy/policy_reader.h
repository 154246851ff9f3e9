/*
 * A policy file half-read, between policy_file.c (which reads words), policy_groups.c (which writes groups out) and
 * policy_parts.c (which deals rules out to parts). Nodes are kept beside what was read from them, for the lines and columns of
 * errors.
 */
#ifndef POLICY_POLICY_READER_H
#define POLICY_POLICY_READER_H

#include "policy/quotas.h"
#include "policy/table.h"
#include "policy/yaml_tree.h"

/* Of policy files, for whoever reads one as a tree. */
extern const struct yaml_form policy_form;

struct read_rule {
	struct policy_rule *rule; /* whole, with groups written out */
	const struct node *at;
	const struct node *studies;   /* the list of globs, or NULL */
	const struct node *from_orgs; /* the list, or NULL */
	const struct node *to_orgs;
};

enum group_kind { GROUP_ORGS, GROUP_TYPES };
#define GROUP_KINDS 2

struct read_group {
	enum group_kind kind;
	const struct node *key; /* its name; the list is its value */
	bool is_used;
};

struct reader {
	struct arena *arena;   /* the parts live in it */
	struct arena *scratch; /* the tree lives in it */
	bool (*org_known)(void *context, const char *org);
	void *context;
	struct policy_file_error *error;
	struct policy_study **studies;
	const struct node **study_at;
	size_t study_n;
	struct read_rule *rules;
	size_t rule_n;
	struct read_group *groups;
	size_t group_n;
	struct policy_quotas *quotas; /* NULL: there are none */
	size_t written_bytes;   /* of the source with all groups written out */
	struct names study_ids; /* number: place in studies */
	struct names rule_ids;  /* number: place in rules */
	struct names orgs;      /* of parties */
	struct numbers party_of; /* study << 32 | org → the line of its entry */
};

/* An organisation that the directory knows. Errors: CONFIG */
CONSIGN_MUST_CHECK enum consign_err reader_take_org(struct reader *r, const struct node *word, struct consign_org *ret_org);
/* The organisation of the file's studies that is nearest to a mistyped one; NULL: none is. */
const char *reader_nearest_org(const struct reader *r, const struct node *word);

static inline struct policy_file_place
reader_place(const struct node *node)
{
	return (struct policy_file_place){.line = (uint32_t)node->line, .column = (uint32_t)node->column};
}

/* A word of units.h. expected: UNITS_WORDS_OF_… Errors: CONFIG */
CONSIGN_MUST_CHECK enum consign_err reader_take_unit(struct reader *r, const struct node *word,
    enum consign_err (*parse)(struct consign_slice text, uint64_t *ret_value), const char *expected, uint64_t *ret_value);
/* A rate of units.h. Errors: CONFIG */
CONSIGN_MUST_CHECK enum consign_err reader_take_rate(
    struct reader *r, const struct node *word, bool is_bytes, uint64_t *ret_amount, uint64_t *ret_us);

/* Reads what stands behind `quotas`, once studies are known. Errors: CONFIG, NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err quotas_read(struct reader *r, const struct node *list);

/* Deals the rules out and makes the parts. Errors: CONFIG, NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err reader_make_parts(struct reader *r, struct policy_file_parts *ret_parts);

/* Whether a word is the name of a group: "@sites". */
bool group_is_named(const struct node *word);
/* NULL: there is none of that kind. word: one that group_is_named. */
struct read_group *groups_find(struct reader *r, enum group_kind kind, const struct node *word);
/* Reads what stands behind `groups`. Errors: CONFIG, NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err groups_read(struct reader *r, const struct node *map);
/*
 * The words of a rule's list, in which groups stand for their members, each word once. What a word means is not looked at.
 * ret_words  at least one; in scratch
 * Errors: CONFIG, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err groups_write_out(
    struct reader *r, enum group_kind kind, const struct node *list, const struct node *const **ret_words, size_t *ret_n);
/* Tells which groups there were. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err groups_settle(struct reader *r, struct policy_file_parts *ret_parts);

#endif
