/*
 * Nodes as YAML text, in the style of a text that is there: what yaml_edit.c adds. Whatever is guessed wrong here is found
 * by yaml_edit_finish, which reads the text again.
 *
 * Threads   pure
 */
#ifndef POLICY_YAML_WRITE_H
#define POLICY_YAML_WRITE_H

#include "policy/yaml_tree.h"

/* What shows the style: a similar node, or the list whose elements are similar. Both NULL: the node's own. */
struct yaml_like {
	const struct node *one;
	const struct node *many;
};

struct yaml_writer {
	struct consign_slice text; /* that is there, for gaps; nodes of it have begin and end in bytes */
	const char *newline;
	struct buf *out;
	size_t column; /* where what is in out begins, from 0 */
	enum consign_err err;
};

/* The last similar mapping that has a key; NULL when none has. */
const struct node *yaml_like_key(struct yaml_like like, struct consign_slice name);
/* A word as YAML reads it again: plain where that is safe, else in quotes. */
void yaml_write_word(struct yaml_writer *w, struct consign_slice text);
/* In one line, in brackets. */
void yaml_write_flow(struct yaml_writer *w, const struct node *node, struct yaml_like like);
/* An element of a list: in brackets or in lines, which begin at column indent; the first line's indentation is written already. */
void yaml_write_element(struct yaml_writer *w, const struct node *node, const struct node *list, size_t indent);
void yaml_write_blanks(struct yaml_writer *w, size_t n);
void yaml_write_text(struct yaml_writer *w, const char *text);
/* Blanks between a key's colon, or a list's dash, and what it stands before, when they share a line; else 1. */
size_t yaml_gap(struct consign_slice text, size_t mark, size_t begin);

#endif
