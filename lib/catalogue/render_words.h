/*
 * What render_type.c and render_catalogue.c both say of a description: the words of a field, and which parts and code lists a message reaches.
 * Private to this room.
 */
#ifndef CATALOGUE_RENDER_WORDS_H
#define CATALOGUE_RENDER_WORDS_H

#include "catalogue/describe.h"
#include "catalogue/render_page.h"

#define REACHED_MAX 160u

/* Parts and code lists in the order in which they are met. Zero-initialise. More than REACHED_MAX are left out; no type has half of that. */
struct reached {
	const struct catalogue_message *parts[REACHED_MAX];
	size_t n_parts;
	const struct catalogue_codes *codes[REACHED_MAX];
	size_t n_codes;
};

void reached_add(struct reached *r, const struct catalogue_message *d);
bool reached_has_part(const struct reached *r, const struct catalogue_message *part);
bool reached_has_codes(const struct reached *r, const struct catalogue_codes *codes);

/* "up to 32 of: id, up to 128 bytes; label restricted or higher" */
void words_of_field(struct page *p, const struct catalogue_field *row);
/* "lab smo" as "lab, smo" */
void words_listed(struct page *p, const char *words);

#endif
