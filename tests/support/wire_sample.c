/* See wire_sample.h. */
#include "support/wire_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the rules over several fields ask for: values that differ from the plain ones, by field. 0: absent. */
static const struct value {
	const char *message; /* NULL: any */
	const char *field;
	uint64_t least, more; /* SAMPLE_LEAST, and the others */
} values[] = {
    {"Root", "version", 1, 2},
    {"Card", "version", 1, 2},
    {"DirectoryHead", "version", 1, 2},
    {"PolicyHead", "version", 1, 2},
    {"Member", "status", 1, 4},
    {"DocumentRecord", "kind", 1, 2},
    {"ItemVerdict", "outcome", 1, 2},
    {"Hello", "party", 3, 1},
    {NULL, "created_us", 1700000000000000, 1700000000000000},
    {NULL, "not_before_us", 1700000000000000, 1700000000000000}, /* less the ordinal: newest first */
    {NULL, "expires_us", 1700000001000000, 1700000001000000},
    {NULL, "not_after_us", 1700000001000000, 1700000001000000},
};

static void
must(enum consign_err err)
{
	if (err == CONSIGN_OK)
		return;
	fprintf(stderr, "wire_sample: %s\n", consign_err_text(err));
	exit(1);
}

void
sample_put(struct buf *out, const void *bytes, size_t len)
{
	must(buf_append(out, slice_of(bytes, len)));
}

void
sample_put_varint(struct buf *out, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		must(buf_append_u8(out, (uint8_t)(v | 0x80)));
	must(buf_append_u8(out, (uint8_t)v));
}

void
sample_put_key(struct buf *out, const struct wire_field *f, unsigned wire_type)
{
	sample_put_varint(out, (uint64_t)f->tag << 3 | wire_type);
}

void
sample_put_bytes(struct buf *out, const struct wire_field *f, struct consign_slice s)
{
	sample_put_key(out, f, 2);
	sample_put_varint(out, s.len);
	sample_put(out, s.data, s.len);
}

size_t
sample_row(const struct wire_message *m, const char *field)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (strcmp(m->fields[i].name, field) == 0)
			return i;
	fprintf(stderr, "wire_sample: %s has no field %s\n", m->name, field);
	exit(1);
}

size_t
sample_first_choice(const struct wire_message *m)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (m->fields[i].is_choice)
			return i;
	return 0;
}

/* A statement has a signature when it has no place, which is when nothing but what is required is there. */
static bool
is_signature_of_unplaced(const struct wire_message *m, const struct wire_field *f)
{
	return strcmp(m->name, "Statement") == 0 && strcmp(f->name, "signature") == 0;
}

enum sample_extent
sample_extent_with(const struct wire_message *m, const struct wire_field *f)
{
	return is_signature_of_unplaced(m, f) ? SAMPLE_LEAST : SAMPLE_BROAD;
}

/* An item's index: 0 is a value like any other, and absent. */
static bool
is_item_index(const struct wire_field *f)
{
	return strcmp(f->name, "index") == 0 && f->max < CONSIGN_BUNDLE_MAX_ITEMS;
}

static uint64_t
number_of(const struct wire_message *m, const struct wire_field *f, enum sample_extent extent, uint32_t ordinal)
{
	if (f->is_repeated) /* roles, labels, versions: from the least upwards */
		return f->min + ordinal > f->max ? f->max : f->min + ordinal;
	if (is_item_index(f))
		return ordinal;
	for (size_t i = 0; i < WIRE_ROWS(values); i++) {
		if ((values[i].message != NULL && strcmp(values[i].message, m->name) != 0) ||
		    strcmp(values[i].field, f->name) != 0)
			continue;
		return (extent == SAMPLE_LEAST ? values[i].least : values[i].more) -
		       (strcmp(f->name, "not_before_us") == 0 ? ordinal : 0);
	}
	return f->min > 0 || f->max == 0 ? f->min : 1;
}

void
sample_text(const struct wire_field *f, size_t len, struct buf *out)
{
	static const char id[] = "018bcfe5-6800-7000-8000-000000000000.0";

	for (size_t i = 0; i < len; i++)
		must(buf_append_u8(out, f->form == FORM_MESSAGE_ID && i < sizeof(id) - 1 ? (uint8_t)id[i] : 'a'));
}

/* A short good text; different for each ordinal. */
static void
text_of(const struct wire_field *f, uint32_t ordinal, struct buf *out)
{
	static const char *const prefixes[] = {
	    [FORM_ORG] = "org-",
	    [FORM_STUDY] = "ACME-",
	    [FORM_TYPE] = "x.note.n",
	    [FORM_GLOB] = "x.*.n",
	    [FORM_ASCII] = "tcp://hub:",
	    [FORM_UTF8] = "Zo\xc3\xab ",
	    [FORM_TEXT] = "line\n\xe2\x80\x94 ",
	    [FORM_MESSAGE_ID] = "018bcfe5-6800-7000-8000-000000000000.",
	};
	char text[64];
	int len;

	if (strcmp(f->name, "since") == 0)
		len = snprintf(text, sizeof(text), "now");
	else
		len = snprintf(text, sizeof(text), "%s%u", prefixes[f->form], ordinal);
	sample_put(out, text, (size_t)len);
}

static void
bytes_of(const struct wire_field *f, uint32_t ordinal, struct buf *out)
{
	size_t len = f->min > 4 ? f->min : 4;

	if (f->form != FORM_RAW) {
		text_of(f, ordinal, out);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		uint8_t b = i == 0 ? (uint8_t)(ordinal >> 8) : i == 1 ? (uint8_t)ordinal : (uint8_t)f->tag;
		must(buf_append_u8(out, b));
	}
}

void
sample_put_element(
    struct buf *out, const struct wire_message *m, const struct wire_field *f, enum sample_extent extent, uint32_t ordinal)
{
	struct buf inner = {0};
	uint64_t v;

	switch (f->kind) {
	case WIRE_U32:
	case WIRE_U64:
		v = number_of(m, f, extent, ordinal);
		if (v == 0)
			break;
		sample_put_key(out, f, 0);
		sample_put_varint(out, v);
		break;
	case WIRE_FIXED:
	case WIRE_TEXT:
	case WIRE_BYTES:
		bytes_of(f, ordinal, &inner);
		sample_put_bytes(out, f, buf_slice(&inner));
		break;
	case WIRE_MESSAGE: {
		enum sample_extent within = extent == SAMPLE_FULL ? SAMPLE_FULL : SAMPLE_LEAST;
		for (size_t i = 0; i < f->sub->n_fields; i++) {
			const struct wire_field *g = &f->sub->fields[i];
			if (is_signature_of_unplaced(f->sub, g) ? within != SAMPLE_LEAST
								: within == SAMPLE_LEAST && g->min_count == 0 && !is_item_index(g))
				continue;
			if (g->is_repeated)
				sample_put_list(&inner, f->sub, g, within, within == SAMPLE_FULL && g->max_count > 1 ? 2 : 1);
			else
				sample_put_element(&inner, f->sub, g, within, ordinal);
		}
		sample_put_bytes(out, f, buf_slice(&inner));
		break;
	}
	}
	buf_clear(&inner);
}

void
sample_put_list(struct buf *out, const struct wire_message *m, const struct wire_field *f, enum sample_extent extent, uint32_t n)
{
	struct buf run = {0};

	if (f->kind == WIRE_U32) {
		for (uint32_t i = 0; i < n; i++)
			sample_put_varint(&run, number_of(m, f, extent, i));
		sample_put_bytes(out, f, buf_slice(&run));
	} else {
		for (uint32_t i = 0; i < n; i++)
			sample_put_element(out, m, f, extent, i);
	}
	buf_clear(&run);
}

/* What is required, and what a rule over several fields asks for: the first root needs its random, which no other does. */
static bool
is_wanted(const struct sample *s, const struct wire_field *f, size_t row, size_t choice)
{
	if (f->is_choice)
		return row == choice;
	if (is_signature_of_unplaced(s->message, f))
		return s->extent == SAMPLE_LEAST;
	if (s->extent != SAMPLE_LEAST || f->min_count > 0)
		return true;
	return strcmp(s->message->name, "Root") == 0 && strcmp(f->name, "random") == 0;
}

void
sample_init(struct sample *s, const struct wire_message *m, enum sample_extent extent, size_t choice)
{
	*s = (struct sample){.message = m, .extent = extent};
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];
		if (!is_wanted(s, f, i, choice))
			continue;
		if (f->is_repeated)
			sample_put_list(&s->fields[i], m, f, extent, extent != SAMPLE_LEAST && f->max_count > 1 ? 2 : 1);
		else
			sample_put_element(&s->fields[i], m, f, extent, 0);
	}
}

void
sample_clear(struct sample *s)
{
	for (size_t i = 0; i < WIRE_FIELDS_MAX; i++)
		buf_clear(&s->fields[i]);
}

void
sample_join(const struct sample *s, struct buf *out)
{
	for (size_t i = 0; i < s->message->n_fields; i++)
		must(buf_append(out, buf_slice(&s->fields[i])));
}
