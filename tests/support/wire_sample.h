/*
 * Valid encodings of any message, built from its table byte by byte, without the encoder under test. Each field's bytes
 * are kept apart, so that one can be broken while the others stay good.
 *
 * Values are fixed: the same table always gives the same bytes. Elements of lists differ and rise, later dates are later.
 */
#ifndef SUPPORT_WIRE_SAMPLE_H
#define SUPPORT_WIRE_SAMPLE_H

#include "support/wire_rules.h"

enum sample_extent {
	SAMPLE_LEAST, /* what is required, here and inside */
	SAMPLE_BROAD, /* every field here, what is required inside */
	SAMPLE_FULL,  /* every field, here and inside */
};

struct sample {
	const struct wire_message *message;
	enum sample_extent extent;
	struct buf fields[WIRE_FIELDS_MAX]; /* by row; keys included; empty: absent */
};

/* choice: the row to take of an "exactly one of"; ignored by messages without. Ends the program when out of memory. */
void sample_init(struct sample *s, const struct wire_message *m, enum sample_extent extent, size_t choice);
void sample_clear(struct sample *s);
/* Appends all fields, in order. */
void sample_join(const struct sample *s, struct buf *out);
/* The row of a field; ends the program when there is none. */
size_t sample_row(const struct wire_message *m, const char *field);
/* The first choice of a message; 0 when it has none. */
size_t sample_first_choice(const struct wire_message *m);
/* The largest sample of a message in which this field may stand: SAMPLE_BROAD, unless what else is there forbids it. */
enum sample_extent sample_extent_with(const struct wire_message *m, const struct wire_field *f);

/* Pieces of an encoding. */
void sample_put(struct buf *out, const void *bytes, size_t len);
void sample_put_varint(struct buf *out, uint64_t v);
void sample_put_key(struct buf *out, const struct wire_field *f, unsigned wire_type);
void sample_put_bytes(struct buf *out, const struct wire_field *f, struct consign_slice s); /* key, length, bytes */
/* One element (key included) of a field as the sample has it; ordinal tells elements apart. */
void sample_put_element(
    struct buf *out, const struct wire_message *m, const struct wire_field *f, enum sample_extent extent, uint32_t ordinal);
/* A list of n elements with rising ordinals. */
void
sample_put_list(struct buf *out, const struct wire_message *m, const struct wire_field *f, enum sample_extent extent, uint32_t n);
/* A good text of exactly len bytes (forms of no fixed shape). */
void sample_text(const struct wire_field *f, size_t len, struct buf *out);

#endif
