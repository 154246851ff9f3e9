/*
 * Holding a message against its description. Private to this room: check.c walks fields, check_parts.c knows the shapes of parts,
 * check_rules.c the rules over several fields.
 *
 * A walk costs no allocation: the path of a field is a chain on the stack, written out only for a problem.
 */
#ifndef CATALOGUE_CHECK_H
#define CATALOGUE_CHECK_H

#include "catalogue/describe.h"

/* Where the walk is: the message and how it was reached. */
struct place {
	const struct place *outer; /* NULL: the whole message */
	const char *name;          /* of the field in the outer message */
	size_t index;              /* in a list; SIZE_MAX otherwise */
};

struct checking {
	const struct catalogue_type *type;
	enum consign_label label;
	struct problems *problems;
	size_t originals_bytes;
	size_t n_steps; /* elements looked at; bounds what a message may cost */
};

/* The JSON path of `field` (may be NULL: the message itself) at a place. */
void place_path(const struct place *at, const char *field, char ret_path[PROBLEM_PATH_BYTES]);
void report(struct checking *c, const struct place *at, const char *field, const char *rule, struct consign_slice found, const char *expected);
void report_words(struct checking *c, const struct place *at, const char *field, const char *rule, const char *found, const char *expected);

/* Field i of a message: how it lies in memory (protobuf-c.h: quantifiers and offsets). */
bool field_is_present(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f);
size_t field_count(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f); /* of a list; 0 or 1 of any other */
/* Element i of a text or message field. */
struct consign_slice field_text(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, size_t i);
const ProtobufCMessage *field_message(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, size_t i);
int64_t field_number(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f);
bool field_flag(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f);

/* A field found by its path: the message that holds it and its row. */
struct found {
	const ProtobufCMessage *message; /* NULL: a message on the way is absent */
	const ProtobufCFieldDescriptor *field;
	const struct catalogue_field *row;
};
/* Always finds the row (test_describe.c: paths exist); message is NULL when the way there is absent. d and path are constants of the program:
   where they lead is remembered by their addresses. */
struct found path_find(const struct catalogue_message *d, const ProtobufCMessage *m, const char *path);
/* The text of a scalar as rules compare it: text, number, true or false; buffer holds numbers. len 0: absent. */
struct consign_slice found_text(const struct found *f, char buffer[24]);
bool found_is_present(const struct found *f);

void check_message(struct checking *c, const struct place *at, const struct catalogue_message *d, const ProtobufCMessage *m);
/* By shape; row is that of the field that holds the part. */
void check_shape(struct checking *c, const struct place *at, const struct catalogue_field *row, const ProtobufCMessage *part);
void check_rules(struct checking *c, const struct place *at, const struct catalogue_message *d, const ProtobufCMessage *m);
void check_rule(struct checking *c, const struct place *at, const struct catalogue_message *d, const ProtobufCMessage *m, const struct catalogue_rule *rule);

#endif
