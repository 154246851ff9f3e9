/*
 * Small changes of a YAML text that leave the rest of it as it was written, byte for byte: comments, blank lines, quotes,
 * indentation. What is added is written as its neighbours are: in brackets or in lines, as deep, as far from its key.
 *
 *   struct yaml_edit edit;
 *   err = yaml_edit_start(&edit, text, form, arena, &root, &error);
 *   yaml_edit_append(&edit, key, yaml_edit_word(&edit, "cro"));       any number of verbs, over nodes of root
 *   yaml_edit_drop(element);
 *   err = yaml_edit_finish(&edit, &out);
 *
 * Each verb changes the tree at once, and notes where the text will change. At the end the changed text is read again: it
 * must be the changed tree, word for word, or it is refused. So a text that is written in a way which this file does not
 * understand is left alone; it never comes to mean anything else.
 *
 * Threads   pure
 */
#ifndef POLICY_YAML_EDIT_H
#define POLICY_YAML_EDIT_H

#include "policy/yaml_tree.h"

struct yaml_splice;

struct yaml_edit {
	struct consign_slice text;
	const struct yaml_form *form;
	struct arena *arena; /* trees and splices live in it */
	struct node *root;
	const char *newline;
	struct yaml_splice *splices;
	size_t n, cap;
	enum consign_err err; /* the first trouble; the verbs do nothing after it */
};

/*
 * text       borrows until the end
 * ret_root   nodes' begin and end are bytes of the text here, also of block lists and mappings, which end with their last word
 * ret_error  filled when CONFIG is returned
 * Errors: CONFIG, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err yaml_edit_start(struct yaml_edit *edit, struct consign_slice text,
    const struct yaml_form *form, struct arena *arena, struct node **ret_root, struct policy_file_error *ret_error);

/* New nodes. is_flow: how they are written when there is no neighbour to go by. NULL after trouble; every verb accepts it. */
struct node *yaml_edit_word(struct yaml_edit *edit, const char *text);
struct node *yaml_edit_list(struct yaml_edit *edit, bool is_flow);
struct node *yaml_edit_map(struct yaml_edit *edit, bool is_flow);
void yaml_edit_fill(struct yaml_edit *edit, struct node *list, struct node *element);
void yaml_edit_fill_key(struct yaml_edit *edit, struct node *map, const char *name, struct node *value);

/*
 * At the end of the list that is a key's value.
 * like   a list whose elements show the style, when this one has none yet; NULL: the nodes' own
 */
void yaml_edit_append(struct yaml_edit *edit, const struct node *parent, const struct node *key, struct node *element, const struct node *like);
/* An element of a list goes, with its lines and the comments in them; comments above it stay. */
void yaml_edit_drop(struct node *element);
void yaml_edit_replace(struct yaml_edit *edit, struct node *word, const char *text);
/* A further key of a mapping. A list that is not to be in brackets has an element a line, each of them in brackets. */
void yaml_edit_put(struct yaml_edit *edit, struct node *map, const char *name, struct node *value);

/*
 * Appends the changed text.
 * Errors: CONFLICT (it is written in a way that cannot be edited safely), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err yaml_edit_finish(struct yaml_edit *edit, struct buf *out);

/* Whether two trees say the same, word for word and in the same order. */
bool yaml_same(const struct node *a, const struct node *b);
/* The key of a mapping; NULL when it has none such, or is no mapping. */
struct node *yaml_find(const struct node *map, const char *name);
/* A node in one line, in brackets, as it would be written. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err yaml_format(const struct node *node, struct buf *out);

#endif
