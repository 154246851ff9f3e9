/*
 * Holding a message against its description. Private to this room: check.c walks fields, check_parts.c knows the shapes of parts,
 * check_rules.c the rules over several fields.
 *
 * A walk costs no allocation: the path of a field is a chain on the stack, written out only for a problem.
 */
#ifndef CATALOGUE_CHECK_H
#define CATALOGUE_CHECK_H

#include "catalogue/describe.h"
#include "catalogue/field.h"

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
};

/* The JSON path of `field` (may be NULL: the message itself) at a place. */
void place_path(const struct place *at, const char *field, char ret_path[PROBLEM_PATH_BYTES]);
void report(struct checking *c, const struct place *at, const char *field, const char *rule, struct consign_slice found, const char *expected);
void report_words(struct checking *c, const struct place *at, const char *field, const char *rule, const char *found, const char *expected);

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
static inline bool
found_is_present(const struct found *f)
{
	return f->message != NULL && f->field != NULL && field_is_present(f->message, f->field);
}

/* The date of a When as far as it is meant: its text, no finer than its precision, with the offset beside it. false: none, or malformed. */
struct date;
bool when_read(const struct catalogue_message *d, const ProtobufCMessage *when, struct consign_slice *ret_text, struct date *ret_date);

void check_message(struct checking *c, const struct place *at, const struct catalogue_message *d, const ProtobufCMessage *m);
/* By shape; row is that of the field that holds the part. */
void check_shape(struct checking *c, const struct place *at, const struct catalogue_field *row, const ProtobufCMessage *part);
/*
 * A part in its plain form: a date that is only a text, a quantity of value and unit, a text that is there. Those forms keep every rule of
 * their part (test_check_parts.c holds the two against one another), and nearly all parts of all messages have them.
 */
bool is_plain(const struct catalogue_message *d, const ProtobufCMessage *part);
void check_rules(struct checking *c, const struct place *at, const struct catalogue_message *d, const ProtobufCMessage *m);
void check_rule(struct checking *c, const struct place *at, const struct catalogue_message *d, const ProtobufCMessage *m, const struct catalogue_rule *rule);

#endif
