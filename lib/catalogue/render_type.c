/* A type, or a part that types share, for a terminal and for programs: what it is, its life, its fields and rules, the parts and code lists. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "catalogue/example_tree.h"
#include "catalogue/formats.h"
#include "catalogue/render.h"
#include "catalogue/render_words.h"

/* The second column, and the narrowest page on which there is one. */
#define COLUMN 22u
#define WIDTH_LEAST 50u

struct sheet {
	struct page page;
	size_t width;
};

/* Parts and lists that everybody shares are named, not repeated with each type: render_part_type has them. */
static const struct catalogue_message *const common[] = {&part_event, &part_when, &part_quantity, &part_text, &part_coded, &part_person,
    &part_signature, &part_reference, &part_source, &part_original};
#define N_COMMON (sizeof common / sizeof common[0])

static bool
is_common(const struct catalogue_message *part)
{
	for (size_t i = 0; i < N_COMMON; i++)
		if (common[i] == part)
			return true;
	return false;
}

static const struct catalogue_message *
find_common(const char *name)
{
	for (size_t i = 0; i < N_COMMON; i++)
		if (strcasecmp(name, common[i]->descriptor->short_name) == 0 || strcasecmp(name, common[i]->title) == 0)
			return common[i];
	return NULL;
}

static bool
is_common_list(const struct catalogue_codes *codes)
{
	return codes == &codes_null_flavor || codes == &codes_precision || codes == &codes_role || codes == &codes_meaning || codes == &codes_reference;
}

/* "  left                 right, wrapped" */
static void
row(struct sheet *s, const char *left, const struct buf *right)
{
	size_t used = 2 + page_width(left);
	char text[2048];

	snprintf(text, sizeof text, "%.*s", (int)right->len, right->data == NULL ? "" : (const char *)right->data);
	page_printf(&s->page, "  %s", left);
	if (used + 2 > COLUMN) {
		page_text(&s->page, "\n");
		used = 0;
	}
	page_spaces(&s->page, COLUMN - used);
	page_wrap(&s->page, text, COLUMN, COLUMN, s->width);
}

static void
row_of(struct sheet *s, const char *left, const char *right)
{
	struct buf text = {0};
	struct page p = {.out = &text};

	if (right == NULL)
		return;
	page_text(&p, right);
	row(s, left, &text);
	s->page.err = s->page.err == CONSIGN_OK ? p.err : s->page.err;
	buf_clear(&text);
}

static void
heading(struct sheet *s, const char *words)
{
	page_printf(&s->page, "\n%s\n", words);
}

static void
print_head(struct sheet *s, const struct catalogue_type *t)
{
	struct buf text = {0};
	struct page p = {.out = &text};

	page_printf(&s->page, "%s: %s, version %u\n", t->name, t->title, t->version);
	page_spaces(&s->page, 2);
	page_wrap(&s->page, t->says, 2, 2, s->width);
	page_text(&s->page, "\n");
	row_of(s, "Standard", t->standard);
	words_listed(&p, t->producers);
	row(s, "From", &text);
	buf_reset(&text);
	words_listed(&p, t->consumers);
	row(s, "To", &text);
	buf_reset(&text);
	page_printf(&p, "%s or higher. %s", consign_label_text(t->least_label), t->label_why);
	row(s, "Label", &text);
	row_of(s, "Clock", t->clock);
	s->page.err = s->page.err == CONSIGN_OK ? p.err : s->page.err;
	buf_clear(&text);
}

static void
print_states(struct sheet *s, const struct catalogue_type *t)
{
	heading(s, "States");
	for (const struct catalogue_state *state = t->states; state->state != NULL; state++) {
		struct buf text = {0};
		struct page p = {.out = &text};

		page_text(&p, state->meaning);
		page_text(&p, state->next[0] == '\0' ? "; ends here" : "; then ");
		words_listed(&p, state->next);
		row(s, state->state, &text);
		s->page.err = s->page.err == CONSIGN_OK ? p.err : s->page.err;
		buf_clear(&text);
	}
}

static void
print_fields(struct sheet *s, const struct catalogue_message *d)
{
	for (unsigned i = 0; i < d->descriptor->n_fields; i++) {
		const struct catalogue_field *f = &d->fields[i];
		char key[EXAMPLE_KEY_BYTES], left[EXAMPLE_KEY_BYTES + 4];
		struct buf text = {0};
		struct page p = {.out = &text};

		example_key(f->name, key);
		snprintf(left, sizeof left, "%s%s", key, f->need == MANDATORY ? " *" : "");
		page_printf(&p, "%s; ", f->title);
		words_of_field(&p, f);
		if (f->source != NULL)
			page_printf(&p, " (%s)", f->source);
		if (f->help != NULL)
			page_printf(&p, ". %s", f->help);
		row(s, left, &text);
		s->page.err = s->page.err == CONSIGN_OK ? p.err : s->page.err;
		buf_clear(&text);
	}
}

static void
print_rules(struct sheet *s, const struct catalogue_message *d)
{
	for (size_t i = 0; i < d->n_rules; i++) {
		const struct catalogue_rule *rule = &d->rules[i];

		/* Several rows of one rule are one rule to a reader. */
		if (i > 0 && strcmp(rule->id, rule[-1].id) == 0)
			continue;
		page_printf(&s->page, "  %s%s%s%s\n", rule->id, rule->source != NULL ? " (" : "", rule->source != NULL ? rule->source : "",
		    rule->source != NULL ? ")" : "");
		page_spaces(&s->page, 4);
		page_wrap(&s->page, rule->says, 4, 4, s->width);
	}
}

static void
print_part(struct sheet *s, const struct catalogue_message *part)
{
	page_printf(&s->page, "%s: ", part->descriptor->short_name);
	page_wrap(&s->page, part->says, page_width(part->descriptor->short_name) + 2, 2, s->width);
	print_fields(s, part);
	print_rules(s, part);
}

static void
print_list(struct sheet *s, const struct catalogue_codes *codes)
{
	page_printf(
	    &s->page, "\n%s%s%s%s\n", codes->name, codes->source != NULL ? " (" : "", codes->source != NULL ? codes->source : "", codes->source != NULL ? ")" : "");
	for (const struct catalogue_code *code = codes->codes; code->code != NULL; code++)
		row_of(s, code->code, code->meaning);
}

/* What the type has alone. */
static void
print_own(struct sheet *s, const struct reached *reached)
{
	for (size_t i = 0; i < reached->n_parts; i++)
		if (!is_common(reached->parts[i])) {
			page_text(&s->page, "\n");
			print_part(s, reached->parts[i]);
		}
	for (size_t i = 0; i < reached->n_codes; i++)
		if (!is_common_list(reached->codes[i]))
			print_list(s, reached->codes[i]);
}

static enum consign_err
end_sheet(struct sheet *s, struct buf *out)
{
	if (s->page.err == CONSIGN_OK)
		s->page.err = buf_append(out, buf_slice(s->page.out));
	buf_clear(s->page.out);
	return s->page.err;
}

enum consign_err
render_type(const struct catalogue_type *t, unsigned width, struct buf *out)
{
	struct buf text = {0};
	struct sheet s = {.page = {.out = &text}, .width = width < WIDTH_LEAST ? WIDTH_LEAST : width};
	struct reached reached = {0};

	reached_add(&reached, &t->message);
	print_head(&s, t);
	print_states(&s, t);
	heading(&s, "Fields (* is mandatory; event and shared parts: consign catalogue show event)");
	print_fields(&s, &t->message);
	if (t->message.n_rules > 0)
		heading(&s, "Rules");
	print_rules(&s, &t->message);
	print_own(&s, &reached);
	return end_sheet(&s, out);
}

enum consign_err
render_part_type(const char *name, unsigned width, struct buf *out)
{
	const struct catalogue_message *part = find_common(name);
	struct buf text = {0};
	struct sheet s = {.page = {.out = &text}, .width = width < WIDTH_LEAST ? WIDTH_LEAST : width};
	struct reached reached = {0};

	if (part == NULL)
		return CONSIGN_E_NOT_FOUND;
	reached_add(&reached, part);
	print_part(&s, part);
	/* With the event come also those that it has no field of. */
	for (size_t i = 0; i < N_COMMON; i++)
		if (common[i] != part && (part == &part_event || reached_has_part(&reached, common[i]))) {
			reached_add(&reached, common[i]);
			page_text(&s.page, "\n");
			print_part(&s, common[i]);
		}
	for (size_t i = 0; i < reached.n_codes; i++)
		print_list(&s, reached.codes[i]);
	return end_sheet(&s, out);
}

/* ── for programs ── */

/* "lab smo" as ["lab","smo"] */
static json_t *
json_words(const char *words)
{
	json_t *list = json_array();

	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		json_array_append_new(list, json_stringn(words, len));
		words += len;
		words += strspn(words, " ");
	}
	return list;
}

static json_t *
json_states(const struct catalogue_type *t)
{
	json_t *list = json_array();

	for (const struct catalogue_state *state = t->states; state->state != NULL; state++)
		json_array_append_new(
		    list, json_pack("{s:s, s:o, s:s}", "state", state->state, "next", json_words(state->next), "meaning", state->meaning));
	return list;
}

static json_t *
json_codes(const struct catalogue_codes *codes)
{
	json_t *list = json_array();

	for (const struct catalogue_code *code = codes == NULL ? NULL : codes->codes; code != NULL && code->code != NULL; code++)
		json_array_append_new(list, json_string(code->code));
	return list;
}

static json_t *
json_limit(uint32_t limit)
{
	return limit == 0 ? json_null() : json_integer((json_int_t)limit);
}

static json_t *
json_field(const struct catalogue_field *f, bool is_list, const char *path)
{
	const struct format *format = format_of(f->format);

	return json_pack("{s:s, s:s, s:s?, s:s?, s:b, s:b, s:s, s:s?, s:o, s:o, s:o, s:s?, s:s?, s:s?, s:s?}", "path", path, "title", f->title,
	    "help", f->help, "source", f->source, "mandatory", (int)(f->need == MANDATORY), "list", (int)is_list, "format", format->name,
	    "part", f->part == NULL ? NULL : f->part->descriptor->short_name, "codes", json_codes(f->codes), "max_bytes",
	    json_limit(f->max_bytes != 0 ? f->max_bytes : format->max_bytes), "max_count", json_limit(f->max_count), "low", f->lo, "high",
	    f->hi, "unit", f->unit, "least_label", f->least_label == 0 ? NULL : consign_label_text(f->least_label));
}

/* Depth first, so that the fields of a part follow it. No part contains itself. */
static void
add_fields(json_t *list, const struct catalogue_message *d, const char *outer)
{
	for (unsigned i = 0; i < d->descriptor->n_fields; i++) {
		const struct catalogue_field *f = &d->fields[i];
		bool is_list = d->descriptor->fields[i].label == PROTOBUF_C_LABEL_REPEATED;
		char key[EXAMPLE_KEY_BYTES], path[512];

		example_key(f->name, key);
		snprintf(path, sizeof path, "%s%s", outer, key);
		json_array_append_new(list, json_field(f, is_list, path));
		if (f->part == NULL || is_common(f->part))
			continue;
		snprintf(path, sizeof path, "%s%s%s.", outer, key, is_list ? "[]" : "");
		add_fields(list, f->part, path);
	}
}

static json_t *
json_fields(const struct catalogue_message *d)
{
	json_t *list = json_array();

	add_fields(list, d, "");
	return list;
}

static void
add_rules(json_t *list, const struct catalogue_message *d)
{
	for (size_t i = 0; i < d->n_rules; i++)
		if (i == 0 || strcmp(d->rules[i].id, d->rules[i - 1].id) != 0)
			json_array_append_new(
			    list, json_pack("{s:s, s:s, s:s?}", "id", d->rules[i].id, "says", d->rules[i].says, "source", d->rules[i].source));
}

/* Of the message and of the parts whose fields stand with it. */
static json_t *
json_rules(const struct catalogue_message *d)
{
	struct reached reached = {0};
	json_t *list = json_array();

	reached_add(&reached, d);
	add_rules(list, d);
	for (size_t i = 0; i < reached.n_parts; i++)
		if (!is_common(reached.parts[i]))
			add_rules(list, reached.parts[i]);
	return list;
}

/* Takes the value, also NULL, which is out of memory. */
static enum consign_err
end_json(json_t *json, struct buf *out)
{
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	enum consign_err err = text == NULL ? CONSIGN_E_NO_MEMORY : buf_append(out, slice_text(text));

	free(text);
	json_decref(json);
	return err;
}

enum consign_err
render_type_json(const struct catalogue_type *t, struct buf *out)
{
	return end_json(json_pack("{s:s, s:I, s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o}", "type", t->name, "version", (json_int_t)t->version,
			    "title", t->title, "says", t->says, "message", t->message.descriptor->name, "producers", json_words(t->producers),
			    "consumers", json_words(t->consumers), "least_label", consign_label_text(t->least_label), "states", json_states(t),
			    "fields", json_fields(&t->message), "rules", json_rules(&t->message)),
	    out);
}

enum consign_err
render_part_type_json(const char *name, struct buf *out)
{
	const struct catalogue_message *part = find_common(name);

	if (part == NULL)
		return CONSIGN_E_NOT_FOUND;
	return end_json(json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "part", part->descriptor->short_name, "title", part->title, "says", part->says,
			    "message", part->descriptor->name, "fields", json_fields(part), "rules", json_rules(part)),
	    out);
}
