/*
 * YAML, the strict part of it: one document of mappings, lists and words, each with its line and column. Anchors,
 * aliases, tags, directives, keys that are not words, keys that appear twice and deep nesting are refused here, so that
 * a file means what it looks like; and every character that may not travel in the source of a policy (CHARSET_TEXT).
 * What may stand where: yaml_words.h. What the words mean: policy_file.c, profile.c.
 *
 * Threads   pure
 * Source    docs/POLICY.md 2
 */
#ifndef POLICY_YAML_TREE_H
#define POLICY_YAML_TREE_H

#include <stdbool.h>

#include "policy/policy_file.h"

enum node_kind { NODE_WORD, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	bool is_flow;              /* of a list or mapping: in brackets */
	bool is_gone;              /* for who edits (yaml_edit.h); false as read */
	uint32_t begin, end;       /* in characters from 0; a block list or mapping ends where what follows it begins */
	size_t line, column;       /* from 1 */
	struct consign_slice text; /* of a word; a NUL follows */
	struct node *value;        /* of a key */
	struct node *first, *last; /* of a list its elements, of a mapping its keys */
	struct node *next;         /* beside this one */
	size_t n;                  /* elements or keys */
};

/* Which file it is, for errors. */
struct yaml_form {
	const char *name; /* "policy" */
	const char *keys; /* that it must have: "studies and rules" */
	const char *page; /* that explains it */
	const char *recurs; /* what to do instead of anchors, when something stands there often; NULL: nothing */
};

/*
 * yaml       borrows
 * arena      the tree lives in it
 * ret_error  filled when CONFIG is returned
 * Errors: CONFIG, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err yaml_tree_read(struct consign_slice yaml, const struct yaml_form *form, struct arena *arena,
    struct node **ret_root, struct policy_file_error *ret_error);

/* Fills the error, without a hint, and returns CONFIG. */
CONSIGN_MUST_CHECK enum consign_err yaml_fail_at(
    struct policy_file_error *error, size_t line, size_t column, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Says what to do about it: `return yaml_hint(error, FAIL(…), "…")`. Returns err. */
CONSIGN_MUST_CHECK enum consign_err yaml_hint(
    struct policy_file_error *error, enum consign_err err, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define SHOWN_BYTES 56
/* What a node is, for an error: 'its word' (shortened, printable), "a list", "a mapping", "nothing". */
const char *yaml_show(const struct node *node, char ret_shown[SHOWN_BYTES]);

#endif
