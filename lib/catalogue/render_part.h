/*
 * Parts for people, in one line each, and what is looked up in them. Private to render*.c.
 */
#ifndef CATALOGUE_RENDER_PART_H
#define CATALOGUE_RENDER_PART_H

#include "catalogue/describe.h"
#include "catalogue/render_page.h"

/* A text of a message by a constant path (check.h: path_find); len 0: absent. */
struct consign_slice part_text_of(const struct catalogue_message *d, const ProtobufCMessage *m, const char *path);
/* A part of a message; NULL: absent. */
const ProtobufCMessage *part_within(const struct catalogue_message *d, const ProtobufCMessage *m, const char *name);
/* NULL: no such code. */
const char *codes_meaning_of(const struct catalogue_codes *codes, struct consign_slice code);

/* Whether a part is printed in one line; others are printed field by field. */
bool part_is_line(const struct catalogue_message *part);
/* row: of the field that holds the part; i: which of a list it is. */
void part_print(struct page *p, const struct catalogue_field *row, const ProtobufCMessage *m, size_t i);

#endif
