/*
 * Examples while they are made: JSON values of jansson, and the steps that example.c and example_break.c share. Speed does not matter here.
 * Private to this room.
 */
#ifndef CATALOGUE_EXAMPLE_TREE_H
#define CATALOGUE_EXAMPLE_TREE_H

#include <jansson.h>

#include "catalogue/describe.h"
#include "catalogue/example.h"

#define EXAMPLE_KEY_BYTES 64u

/* The key of a field in the JSON form. */
void example_key(const char *name, char ret_key[EXAMPLE_KEY_BYTES]);
/* Members by the name of a field: NULL when absent. put takes the value over; what is missing for want of memory fails the check of the whole. */
json_t *tree_member(const json_t *object, const char *name);
void tree_put(json_t *object, const char *name, json_t *value);
/* By a path: names of fields joined by dots, which never enter a list. put and drop say whether there is such a place. */
json_t *tree_at(json_t *object, const char *path);
bool tree_put_at(json_t *object, const char *path, json_t *value);
bool tree_drop(json_t *object, const char *path);
/* A JSON merge patch (RFC 7386) of an object. */
void tree_merge(json_t *target, const json_t *patch);
/* One value of a field, whether or not it is a list: its example, or one made of its part. NULL: no memory. */
json_t *example_value(const struct catalogue_type *t, const struct catalogue_field *row);
/* Every field of a message, those that exclude each other too; what a part's own rules forbid is left out. NULL: no memory. */
json_t *example_all(const struct catalogue_type *t, const struct catalogue_message *d);
/* The example itself, keys in the order of fields. A description that no example can keep gives one that breaks it: the tests find that.
   Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err example_tree(const struct catalogue_type *t, enum example_kind kind, json_t **ret_tree);
/* Appends the text of a tree, indented. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err example_text(const json_t *tree, struct buf *out);
/* "event.state "draft", without issuedAt": what a JSON merge patch does, in words. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err example_patch_words(const char *patch, struct buf *out);

#endif
