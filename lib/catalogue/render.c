/*
 * A message for people: what it is and in which state, what it corrects, its own fields, then what its event says. Titles are aligned; what is
 * a code stands with its meaning, what is missing with the reason.
 */
#include "catalogue/render.h"

#include <inttypes.h>
#include <string.h>

#include "catalogue/check.h"
#include "catalogue/render_page.h"
#include "catalogue/render_part.h"

#define TITLE_LEAST 12u
#define TITLE_MOST 28u
/* One value in a headline. */
#define HEADLINE_VALUE_MOST 80u

/* ── fields ── */

static const char *
meaning_of_state(const struct catalogue_type *t, struct consign_slice state)
{
	for (const struct catalogue_state *s = t->states; s->state != NULL; s++)
		if (slice_equal(state, slice_text(s->state)))
			return s->meaning;
	return NULL;
}

static void
print_code(struct page *p, struct consign_slice code, const char *meaning)
{
	page_shown(p, code, SIZE_MAX);
	if (meaning != NULL && !slice_equal(code, slice_text(meaning)))
		page_printf(p, " (%s)", meaning);
}

struct line {
	const struct catalogue_type *type;
	const struct catalogue_field *row;
	const ProtobufCFieldDescriptor *field;
	const ProtobufCMessage *message;
	size_t i; /* in a list */
};

static void
print_value(struct page *p, const struct line *l, size_t indent)
{
	struct consign_slice text;

	switch (l->field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		part_print(p, l->row, field_message(l->message, l->field, l->i), l->i);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		page_text(p, field_flag(l->message, l->field) ? "yes" : "no");
		break;
	case PROTOBUF_C_TYPE_STRING:
		text = field_text(l->message, l->field, l->i);
		if (l->row->format == FORMAT_CODE)
			print_code(p, text, codes_meaning_of(l->row->codes, text));
		else if (l->row->format == FORMAT_STATE)
			print_code(p, text, meaning_of_state(l->type, text));
		else
			page_shown(p, text, l->row->format == FORMAT_PROSE ? indent : SIZE_MAX);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		page_printf(p, "%zu bytes", field_text(l->message, l->field, 0).len);
		break;
	default:
		page_printf(p, "%" PRId64, field_number(l->message, l->field));
	}
}

/* What the first lines of a message have said already. */
static bool
is_said(const struct catalogue_message *d, const ProtobufCMessage *m, const char *name)
{
	if (d != &part_event)
		return false;
	if (strcmp(name, "reason") == 0)
		return part_text_of(d, m, "supersedes").len > 0 || part_text_of(d, m, "voids").len > 0;
	return strcmp(name, "state") == 0 || strcmp(name, "supersedes") == 0 || strcmp(name, "voids") == 0;
}

static bool
is_numbered(const struct catalogue_field *row, size_t n)
{
	return n > 1 || (row->part != NULL && row->part->shape == SHAPE_ORIGINAL);
}

static void
print_title(struct page *p, const struct catalogue_field *row, size_t n, size_t i, size_t indent, size_t width)
{
	size_t at = p->out->len;

	page_spaces(p, indent);
	page_text(p, row->title);
	if (is_numbered(row, n))
		page_printf(p, " %zu", i + 1);
	if (width > 0) {
		/* Titles are ASCII or nearly so: their width is counted, not their bytes. */
		size_t used = p->out->len - at - indent - (strlen(row->title) - page_width(row->title));

		page_spaces(p, (used < width ? width - used : 0) + 2);
	}
}

static size_t
title_width(const struct catalogue_message *d, const ProtobufCMessage *m, unsigned from)
{
	size_t width = TITLE_LEAST;

	for (unsigned i = from; i < d->descriptor->n_fields; i++) {
		size_t n = field_count(m, &d->descriptor->fields[i]), wide = page_width(d->fields[i].title);

		if (n == 0 || is_said(d, m, d->fields[i].name) || (d->fields[i].part != NULL && !part_is_line(d->fields[i].part)))
			continue;
		for (size_t k = n; is_numbered(&d->fields[i], n) && k > 0; k /= 10)
			wide += k == n ? 2 : 1;
		if (wide > width && wide <= TITLE_MOST)
			width = wide;
	}
	return width;
}

static void
print_fields(struct page *p, const struct catalogue_type *t, const struct catalogue_message *d, const ProtobufCMessage *m, unsigned from, size_t indent)
{
	size_t width = title_width(d, m, from);

	for (unsigned i = from; i < d->descriptor->n_fields && p->err == CONSIGN_OK; i++) {
		const struct catalogue_field *row = &d->fields[i];
		size_t n = is_said(d, m, row->name) ? 0 : field_count(m, &d->descriptor->fields[i]);

		for (size_t k = 0; k < n; k++) {
			struct line line = {t, row, &d->descriptor->fields[i], m, k};
			bool is_block = row->part != NULL && !part_is_line(row->part);

			print_title(p, row, n, k, indent, is_block ? 0 : width);
			if (!is_block)
				print_value(p, &line, indent + width + 2);
			page_text(p, "\n");
			if (is_block)
				print_fields(p, t, row->part, field_message(m, line.field, k), 0, indent + 2);
		}
	}
}

/* "  Correction    supersedes ID: reason", and how to see that message. */
static void
print_correction(struct page *p, const ProtobufCMessage *event, const char *name, size_t width)
{
	struct consign_slice id = part_text_of(&part_event, event, name), reason = part_text_of(&part_event, event, "reason");

	if (id.len == 0)
		return;
	page_printf(p, "  %-*s  %s ", (int)width, "Correction", name);
	page_shown(p, id, SIZE_MAX);
	if (reason.len > 0) {
		page_text(p, ": ");
		page_shown(p, reason, width + 4);
	}
	page_text(p, "\n");
	page_spaces(p, width + 4);
	page_text(p, "consign show ");
	page_shown(p, id, SIZE_MAX);
	page_text(p, " shows what stood there\n");
}

enum consign_err
render_message(const struct catalogue_type *t, const ProtobufCMessage *message, struct buf *out)
{
	struct buf text = {0};
	struct page p = {.out = &text};
	const ProtobufCMessage *event = part_within(&t->message, message, "event");

	page_text(&p, t->title);
	if (event != NULL && part_text_of(&part_event, event, "state").len > 0) {
		struct consign_slice state = part_text_of(&part_event, event, "state");

		page_text(&p, ": ");
		print_code(&p, state, meaning_of_state(t, state));
	}
	page_text(&p, "\n");
	if (event != NULL) {
		print_correction(&p, event, "supersedes", title_width(&t->message, message, 1));
		print_correction(&p, event, "voids", title_width(&t->message, message, 1));
	}
	/* Row 1 is the event: it comes last. */
	print_fields(&p, t, &t->message, message, 1, 2);
	if (event != NULL) {
		page_printf(&p, "%s\n", t->message.fields[0].title);
		print_fields(&p, t, &part_event, event, 0, 2);
	}
	if (p.err == CONSIGN_OK)
		p.err = buf_append(out, buf_slice(&text));
	buf_wipe(&text);
	return p.err;
}

/* ── headlines ── */

/* "Expires" as a word within a line. */
static void
print_word(struct page *p, const char *title)
{
	bool lower = title[0] >= 'A' && title[0] <= 'Z' && title[1] >= 'a' && title[1] <= 'z';

	page_printf(p, "%c%s", lower ? title[0] - 'A' + 'a' : title[0], title + 1);
}

/* Codes that are numbers or yes and no say nothing by themselves. */
static void
print_code_in_headline(struct page *p, const struct line *l)
{
	struct consign_slice code = field_text(l->message, l->field, l->i);
	const char *meaning = codes_meaning_of(l->row->codes, code);
	bool yes = slice_equal(code, slice_text("true"));

	if (yes || slice_equal(code, slice_text("false"))) {
		page_text(p, yes ? "" : "not ");
		print_word(p, l->row->title);
	} else if (meaning != NULL && code.len == strspn((const char *)code.data, "0123456789")) {
		page_text(p, meaning);
	} else {
		page_cut(p, code, HEADLINE_VALUE_MOST);
	}
}

/* Whatever is printed in one line, cut. */
static void
print_value_in_headline(struct page *p, const struct line *l)
{
	struct consign_slice date = {0};
	struct buf value = {0};
	struct page inner = {.out = &value};

	if (l->row->part != NULL && l->row->part->shape == SHAPE_WHEN)
		date = part_text_of(l->row->part, field_message(l->message, l->field, l->i), "text");
	if (date.len > 0)
		page_shown(&inner, date, SIZE_MAX);
	else
		print_value(&inner, l, 0);
	if (inner.err == CONSIGN_OK)
		page_cut(p, buf_slice(&value), HEADLINE_VALUE_MOST);
	else
		p->err = inner.err;
	buf_wipe(&value);
}

static void
print_in_headline(struct page *p, const struct line *l, size_t n)
{
	enum catalogue_shape shape = l->row->part != NULL ? l->row->part->shape : SHAPE_PLAIN;

	if (l->row->part != NULL && !part_is_line(l->row->part)) {
		page_printf(p, "%zu ", n);
		print_word(p, l->row->title);
		return;
	}
	if (l->row->format == FORMAT_FLAG) {
		page_text(p, field_flag(l->message, l->field) ? "" : "not ");
		print_word(p, l->row->title);
		return;
	}
	/* A number or a date says little without its name. */
	if (l->row->format == FORMAT_NUMBER || shape == SHAPE_WHEN || shape == SHAPE_QUANTITY) {
		print_word(p, l->row->title);
		page_text(p, " ");
	}
	if (l->row->format == FORMAT_CODE)
		print_code_in_headline(p, l);
	else if (l->field->type == PROTOBUF_C_TYPE_STRING)
		page_cut(p, field_text(l->message, l->field, l->i), HEADLINE_VALUE_MOST);
	else
		print_value_in_headline(p, l);
	if (n > 1)
		page_printf(p, " and %zu more", n - 1);
}

/* The fields of a list of names that are there, parted by blanks: whether there was any. */
static bool
print_names(struct page *p, const struct catalogue_type *t, const ProtobufCMessage *m, const char *names)
{
	bool any = false;

	while (*names != '\0') {
		size_t len = strcspn(names, " ");
		char name[64] = "";
		const ProtobufCFieldDescriptor *f;

		if (len < sizeof name)
			memcpy(name, names, len);
		f = protobuf_c_message_descriptor_get_field_by_name(t->message.descriptor, name);
		if (f != NULL && field_is_present(m, f)) {
			struct line line = {t, &t->message.fields[f - t->message.descriptor->fields], f, m, 0};

			page_text(p, any ? " " : "");
			print_in_headline(p, &line, field_count(m, f));
			any = true;
		}
		names += len;
		names += strspn(names, " ");
	}
	return any;
}

enum consign_err
render_headline(const struct catalogue_type *t, const ProtobufCMessage *message, struct buf *out)
{
	struct buf text = {0};
	struct page p = {.out = &text};
	struct consign_slice state = part_text_of(&t->message, message, "event.state");
	bool any = print_names(&p, t, message, t->headline) || print_names(&p, t, message, t->key);

	if (!any)
		page_text(&p, t->title);
	if (state.len > 0) {
		page_text(&p, ", ");
		page_cut(&p, state, HEADLINE_VALUE_MOST);
	}
	if (p.err == CONSIGN_OK)
		p.err = buf_append(out, buf_slice(&text));
	buf_wipe(&text);
	return p.err;
}
