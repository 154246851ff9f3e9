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
/* The whole of docs/CATALOGUE.md. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err render_catalogue(struct buf *out);

#endif
