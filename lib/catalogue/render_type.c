/* A type for a terminal: what it is, its life, its fields and rules, the parts and code lists that are its own. */
#include <stdio.h>
#include <string.h>

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

/* Parts and lists that everybody shares are named, not repeated: docs/CATALOGUE.md has them. */
static bool
is_common(const struct catalogue_message *part)
{
	static const struct catalogue_message *const common[] = {&part_event, &part_when, &part_quantity, &part_text, &part_coded, &part_person,
	    &part_signature, &part_reference, &part_source, &part_original};

	for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
		if (common[i] == part)
			return true;
	return false;
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
print_parts(struct sheet *s, const struct reached *reached)
{
	for (size_t i = 0; i < reached->n_parts; i++) {
		const struct catalogue_message *part = reached->parts[i];

		if (is_common(part))
			continue;
		page_printf(&s->page, "\n%s: ", part->descriptor->short_name);
		page_wrap(&s->page, part->says, page_width(part->descriptor->short_name) + 2, 2, s->width);
		print_fields(s, part);
		print_rules(s, part);
	}
}

static void
print_codes(struct sheet *s, const struct reached *reached)
{
	for (size_t i = 0; i < reached->n_codes; i++) {
		const struct catalogue_codes *codes = reached->codes[i];

		if (is_common_list(codes))
			continue;
		page_printf(
		    &s->page, "\n%s%s%s%s\n", codes->name, codes->source != NULL ? " (" : "", codes->source != NULL ? codes->source : "", codes->source != NULL ? ")" : "");
		for (const struct catalogue_code *code = codes->codes; code->code != NULL; code++)
			row_of(s, code->code, code->meaning);
	}
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
	heading(&s, "Fields (* is mandatory; event and the parts that all types share: docs/CATALOGUE.md)");
	print_fields(&s, &t->message);
	if (t->message.n_rules > 0)
		heading(&s, "Rules");
	print_rules(&s, &t->message);
	print_parts(&s, &reached);
	print_codes(&s, &reached);
	if (s.page.err == CONSIGN_OK)
		s.page.err = buf_append(out, buf_slice(&text));
	buf_clear(&text);
	return s.page.err;
}
