/*
 * A business message, and a type, for people.
 * Threads   pure
 * Security  what is printed is fit for a terminal: text of strangers is checked (business_check) or escaped
 */
#ifndef CATALOGUE_RENDER_H
#define CATALOGUE_RENDER_H

#include "catalogue/catalogue.h"

/*
 * One line a field: its title, then its value with its unit; parts indented, lists numbered; null flavours, corrections, originals (name, media
 * type, size, SHA-256) in words. Works on a message that breaks rules too. Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err render_message(const struct catalogue_type *t, const struct ProtobufCMessage *message, struct buf *out);
/* What it is about, in one line without newline: "ACME-301-101-1007 Potassium 6.4 mmol/L HIGH HIGH, final". Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err render_headline(const struct catalogue_type *t, const struct ProtobufCMessage *message, struct buf *out);

/* What a type is, its fields and rules: for a terminal of `width` columns. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err render_type(const struct catalogue_type *t, unsigned width, struct buf *out);
/* The same as one JSON object in one line, for programs. Fields stand with their paths, also those within parts of the type's own
   ("items[].quantity"); a part that types share is named. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err render_type_json(const struct catalogue_type *t, struct buf *out);
/*
 * A part that types share, the parts it is made of, and their code lists. `event` shows all shared parts.
 * name   in the proto or its title, whatever its case: When, Date, "Coded value"
 * Errors: NOT_FOUND (no such part), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err render_part_type(const char *name, unsigned width, struct buf *out);
CONSIGN_MUST_CHECK enum consign_err render_part_type_json(const char *name, struct buf *out);
/* The whole of docs/CATALOGUE.md. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err render_catalogue(struct buf *out);

#endif
