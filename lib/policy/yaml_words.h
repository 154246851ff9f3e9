/*
 * What may stand where in the YAML files of this room: known keys, lists, distinct words, types and roles. Shared by
 * policy_file.c and profile.c, so that the same mistake hears the same words in both.
 *
 * Every function fills the error and returns CONFIG when something else stands there.
 * Threads   pure
 */
#ifndef POLICY_YAML_WORDS_H
#define POLICY_YAML_WORDS_H

#include <stdbool.h>

#include "core/text.h"
#include "policy/yaml_tree.h"

/* A key of a mapping: where its node goes (the key, whose value is ->value), and whether it must be there. */
struct yaml_key {
	const char *name;
	const struct node **ret_key;
	bool is_required;
	const char *slips; /* other words that people write for it, each between blanks: " allow grant "; or NULL */
};

/* Refuses any key that is not among these. what: "a study" */
CONSIGN_MUST_CHECK enum consign_err yaml_take_keys(
    struct policy_file_error *error, const struct node *map, const char *what, const struct yaml_key *keys, size_t n);
/* A list of min to max elements, which are mappings. what: "parties" */
CONSIGN_MUST_CHECK enum consign_err
yaml_check_list(struct policy_file_error *error, const struct node *list, const char *what, size_t min, size_t max);
/* Likewise of words, at least one. if_none: what to do about an empty list or the word `all`, for a hint */
CONSIGN_MUST_CHECK enum consign_err yaml_check_words(
    struct policy_file_error *error, const struct node *list, const char *what, size_t max, const char *if_none);
/* The words of a list differ. Errors: also NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err
yaml_check_distinct(struct policy_file_error *error, const struct node *list, const char *what);
/*
 * A word of a charset.
 * what      "a study id"
 * expected  the charset in words
 * ret_text  has room for max bytes and a NUL
 */
CONSIGN_MUST_CHECK enum consign_err yaml_read_word(struct policy_file_error *error, const struct node *word, const char *what,
    enum charset charset, const char *expected, size_t max, char *ret_text);
/* The name of a message type, or a glob of them. */
CONSIGN_MUST_CHECK enum consign_err
yaml_read_type(struct policy_file_error *error, const struct node *word, struct consign_type *ret_type);
CONSIGN_MUST_CHECK enum consign_err
yaml_read_role(struct policy_file_error *error, const struct node *word, uint32_t *ret_role);
/* A list of at least one role, each once. Errors: also NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err yaml_read_roles(struct policy_file_error *error, struct arena *arena, const struct node *list,
    uint32_t **ret_roles, size_t *ret_n);

#endif
