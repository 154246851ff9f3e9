/*
 * For tests of descriptions: a walk over every type and every part that a type reaches, and the paths within. All that does not
 * fit is printed before a test fails, so that an author sees it at once. Include it after cmocka.h.
 */
#ifndef TESTS_CATALOGUE_DESCRIBING_H
#define TESTS_CATALOGUE_DESCRIBING_H

#include <stdio.h>
#include <string.h>

#include "catalogue/describe.h"
#include "catalogue/formats.h"
#include "core/text.h"

#define DEPTH_MAX 8u /* no part contains itself */

struct looking {
	const struct catalogue_type *type;
	const struct catalogue_message *message; /* the type's own, or a part's */
	size_t n_broken;
};

static inline void broken(struct looking *l, const char *what, const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline void
broken(struct looking *l, const char *what, const char *format, ...)
{
	char words[400];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	print_error("%s: %s: %s: %s\n", l->type->name, l->message->descriptor->name, what, words);
	l->n_broken++;
}

static inline void
walk(struct looking *l, const struct catalogue_message *d, unsigned depth, void (*look)(struct looking *l))
{
	const struct catalogue_message *outer = l->message;

	l->message = d;
	look(l);
	for (unsigned i = 0; i < d->descriptor->n_fields; i++) {
		if (d->fields[i].part == NULL)
			continue;
		if (depth == DEPTH_MAX) {
			broken(l, d->fields[i].name, "parts within parts within parts: does one contain itself?");
			break;
		}
		walk(l, d->fields[i].part, depth + 1, look);
	}
	l->message = outer;
}

/* Looks at each type's message and at all parts that it reaches. */
static inline void
look_at_all(void (*look)(struct looking *l))
{
	size_t n_broken = 0;

	assert_true(catalogue_n_types > 0);
	for (size_t i = 0; i < catalogue_n_types; i++) {
		struct looking l = {.type = catalogue_types[i], .message = &catalogue_types[i]->message};

		walk(&l, &catalogue_types[i]->message, 0, look);
		n_broken += l.n_broken;
	}
	assert_int_equal(n_broken, 0);
}

/* Looks at each type only. */
static inline void
look_at_types(void (*look)(struct looking *l))
{
	size_t n_broken = 0;

	for (size_t i = 0; i < catalogue_n_types; i++) {
		struct looking l = {.type = catalogue_types[i], .message = &catalogue_types[i]->message};

		look(&l);
		n_broken += l.n_broken;
	}
	assert_int_equal(n_broken, 0);
}

/* ── words ── */

/* The next word of a list parted by `by`; empty words count. false: there are no more. */
static inline bool
next_word(const char **at, char by, struct consign_slice *ret_word)
{
	if (*at == NULL)
		return false;
	const char *stop = strchr(*at, by);

	*ret_word = slice_of(*at, stop == NULL ? strlen(*at) : (size_t)(stop - *at));
	*at = stop == NULL ? NULL : stop + 1;
	return true;
}

static inline bool
is_word(struct consign_slice word, const char *text)
{
	return slice_equal(word, slice_text(text));
}

static inline bool
is_code(const struct catalogue_codes *codes, struct consign_slice word)
{
	for (const struct catalogue_code *c = codes->codes; c->code != NULL; c++)
		if (is_word(word, c->code))
			return true;
	return false;
}

static inline bool
is_state(const struct catalogue_type *type, struct consign_slice word)
{
	for (const struct catalogue_state *s = type->states; s->state != NULL; s++)
		if (is_word(word, s->state))
			return true;
	return false;
}

static inline bool
says_something(const char *text)
{
	return text != NULL && *text != '\0' && text_is(CHARSET_UTF8, slice_text(text));
}

/* ── paths ── */

struct end {
	const struct catalogue_field *row;
	const ProtobufCFieldDescriptor *field;
};

/* Where a path ends. It may end at a list, and never enters one. */
static inline bool
resolve(const struct catalogue_message *d, struct consign_slice path, struct end *ret_end)
{
	while (path.len > 0) {
		const uint8_t *dot = memchr(path.data, '.', path.len);
		size_t len = dot == NULL ? path.len : (size_t)(dot - path.data);
		unsigned i = 0;

		while (i < d->descriptor->n_fields && !is_word(slice_of(path.data, len), d->descriptor->fields[i].name))
			i++;
		if (i == d->descriptor->n_fields)
			return false;
		if (dot == NULL) {
			*ret_end = (struct end){&d->fields[i], &d->descriptor->fields[i]};
			return true;
		}
		if (d->fields[i].part == NULL || d->descriptor->fields[i].label == PROTOBUF_C_LABEL_REPEATED)
			return false;
		d = d->fields[i].part;
		path = slice_of(dot + 1, path.len - len - 1);
	}
	return false;
}

static inline bool
is_list(const struct end *e)
{
	return e->field->label == PROTOBUF_C_LABEL_REPEATED;
}

static inline bool
is_scalar(const struct end *e)
{
	return !is_list(e) && e->row->format != FORMAT_PART && e->row->format != FORMAT_BYTES;
}

#endif
