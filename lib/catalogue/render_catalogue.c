/*
 * docs/CATALOGUE.md, whole: what is common first, then a chapter a type. Everything but the introduction is read from the tables that check a
 * message, so the page cannot say something else than the check does.
 */
#include <string.h>

#include "catalogue/example_tree.h"
#include "catalogue/formats.h"
#include "catalogue/render.h"
#include "catalogue/render_words.h"

static const char introduction[] =
    "# The catalogue of business messages\n"
    "\n"
    "What companies tell each other through this hub: each message has a type, and each type has its fields, rules and life cycle\n"
    "here. For people who connect a system, and for anybody who wonders why a message was refused.\n"
    "\n"
    "This page is made by `script/update_catalogue.sh` of the tables in `lib/catalogue/types`. The same tables check every message\n"
    "twice: at the consignor before anything is sent, and at the consignee before it is accepted. So what stands here is what is\n"
    "checked; `script/test` fails when the page and the tables differ.\n"
    "\n"
    "## How to read it\n"
    "\n"
    "- A message is handed in as JSON. Names are as in the tables, texts are texts, also decimals; bytes are base64; what is absent is\n"
    "  left out: no `null`, no empty text, no empty list. A name that is not in the tables is refused.\n"
    "- It travels as protobuf (`proto/consign/v1`), sealed and signed; JSON is made of it again at the other end.\n"
    "- **must** marks what no message of the type lacks; of a list, one element at least. What is needed only sometimes is a rule.\n"
    "- A state says how far the thing is that a message is about. Each type lists its states and which may follow which.\n"
    "- A label says who may read: `open`, `restricted`, `unblinded`. A type has a least one, and some fields need a higher one.\n"
    "- A message that is wrong is refused with every problem at once: the path of the field, the rule, what was found, what is\n"
    "  expected. The rule is one of those of the type, or one of `mandatory`, `format`, `code`, `length`, `range`, `count`, `label`,\n"
    "  `unit`, `null-flavour`, `date.least`, `date.no-offset`, `date.precision`, `date.offset`, `date.offset-of`, `original.size`,\n"
    "  `original.digest`; and in JSON `json`, `unknown`, `duplicate`, `kind`, `empty`, `base64`.\n"
    "\n"
    "Try it, without a hub and without keys:\n"
    "\n"
    "```\n"
    "consign catalogue list\n"
    "consign catalogue show lab.result\n"
    "consign catalogue example lab.result > result.json      # --full for every field\n"
    "consign catalogue validate lab.result result.json\n"
    "```\n"
    "\n"
    "The examples are made of the tables too: the minimal one has what is mandatory and what the rules of its state then ask for; the\n"
    "full one has every field that can stand together, in the state that allows most. The column *broken by* says what to change in\n"
    "the full example to break that rule and no other. Tests send each example from one company to another, and try each way to\n"
    "break one.\n";

/* ── tables ── */

static void
key(struct page *p, const char *name)
{
	char text[EXAMPLE_KEY_BYTES];

	example_key(name, text);
	page_printf(p, "`%s`", text);
}

static void
cell_of_field(struct page *p, const struct catalogue_field *row)
{
	struct buf text = {0};
	struct page inner = {.out = &text};

	words_of_field(&inner, row);
	if (inner.err == CONSIGN_OK)
		inner.err = buf_append_u8(&text, '\0');
	if (inner.err == CONSIGN_OK)
		page_cell(p, (const char *)text.data);
	else
		p->err = inner.err;
	buf_clear(&text);
}

static void
print_fields(struct page *p, const struct catalogue_message *d)
{
	bool has_source = false;

	for (unsigned i = 0; i < d->descriptor->n_fields; i++)
		has_source |= d->fields[i].source != NULL;
	page_printf(p, "\n| field | must | what | value |%s\n| --- | --- | --- | --- |%s\n", has_source ? " standard |" : "", has_source ? " --- |" : "");
	for (unsigned i = 0; i < d->descriptor->n_fields; i++) {
		const struct catalogue_field *row = &d->fields[i];

		page_text(p, "| ");
		key(p, row->name);
		page_printf(p, "%s | %s | ", d->descriptor->fields[i].label == PROTOBUF_C_LABEL_REPEATED ? " []" : "", row->need == MANDATORY ? "must" : "");
		page_cell(p, row->title);
		if (row->help != NULL) {
			page_text(p, ". ");
			page_cell(p, row->help);
		}
		page_text(p, " | ");
		cell_of_field(p, row);
		page_text(p, " |");
		if (has_source) {
			page_text(p, " ");
			page_cell(p, row->source == NULL ? "" : row->source);
			page_text(p, " |");
		}
		page_text(p, "\n");
	}
}

static void
cell_of_patch(struct page *p, const struct catalogue_rule *rule)
{
	struct buf text = {0};
	enum consign_err err = rule->breaks == NULL ? CONSIGN_OK : example_patch_words(rule->breaks, &text);

	if (err == CONSIGN_OK)
		err = buf_append_u8(&text, '\0');
	if (err == CONSIGN_OK)
		page_cell(p, (const char *)text.data);
	else
		p->err = err;
	buf_clear(&text);
}

static void
print_rules(struct page *p, const struct catalogue_message *d, bool broken)
{
	if (d->n_rules == 0)
		return;
	page_printf(p, "\n| rule | says | source |%s\n| --- | --- | --- |%s\n", broken ? " broken by |" : "", broken ? " --- |" : "");
	for (size_t i = 0; i < d->n_rules; i++) {
		const struct catalogue_rule *rule = &d->rules[i];

		/* Several rows of one rule are one rule to a reader, unless each is broken in its own way. */
		if (!broken && i > 0 && strcmp(rule->id, rule[-1].id) == 0)
			continue;
		page_printf(p, "| `%s` | ", rule->id);
		page_cell(p, rule->says);
		page_text(p, " | ");
		page_cell(p, rule->source == NULL ? "" : rule->source);
		page_text(p, " |");
		if (broken) {
			page_text(p, " ");
			cell_of_patch(p, rule);
			page_text(p, " |");
		}
		page_text(p, "\n");
	}
}

static void
print_codes(struct page *p, const struct catalogue_codes *codes)
{
	const char *separator = "";

	page_text(p, "\n**");
	page_cell(p, codes->name);
	page_text(p, "**");
	if (codes->source != NULL) {
		page_text(p, " (");
		page_cell(p, codes->source);
		page_text(p, ")");
	}
	page_text(p, ": ");
	for (const struct catalogue_code *code = codes->codes; code->code != NULL; code++) {
		page_printf(p, "%s`%s` ", separator, code->code);
		page_cell(p, code->meaning);
		separator = "; ";
	}
	page_text(p, ".\n");
}

static void
print_part(struct page *p, const struct catalogue_message *part)
{
	page_printf(p, "\n### %s\n\n", part->descriptor->short_name);
	page_cell(p, part->says);
	page_text(p, "\n");
	print_fields(p, part);
	print_rules(p, part, false);
}

/* ── what is common ── */

/* Whether two types reach it, or the event does, which all types have. */
static size_t
n_types_of(const struct catalogue_message *part, const struct catalogue_codes *codes)
{
	struct reached reached = {0};
	size_t n = 0;

	reached_add(&reached, &part_event);
	if (part == &part_event || reached_has_part(&reached, part) || reached_has_codes(&reached, codes))
		return SIZE_MAX;
	for (size_t i = 0; i < catalogue_n_types; i++) {
		reached = (struct reached){0};
		reached_add(&reached, &catalogue_types[i]->message);
		n += reached_has_part(&reached, part) || reached_has_codes(&reached, codes);
	}
	return n;
}

static void
print_formats(struct page *p)
{
	page_text(p, "\n## Formats\n\nOf the texts in the tables. Text is UTF-8; limits are in bytes.\n\n| format | what | bytes |\n| --- | --- | --- |\n");
	for (int i = FORMAT_LINE; i < FORMATS_END; i++) {
		const struct format *format = format_of((enum catalogue_format)i);

		if (i == FORMAT_PART)
			continue;
		page_printf(p, "| %s | ", format->name);
		page_cell(p, format->expected);
		if (format->max_bytes != 0)
			page_printf(p, " | up to %u |\n", format->max_bytes);
		else
			page_text(p, " | |\n");
	}
}

/* The anchor that a heading of a type's name gets: without its dots. */
static void
print_anchor(struct page *p, const char *name)
{
	for (; *name != '\0'; name++)
		if (*name != '.')
			page_printf(p, "%c", *name);
}

static void
print_list_of_types(struct page *p)
{
	page_text(p, "\n## Types\n\n| type | what | from | to | label |\n| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < catalogue_n_types; i++) {
		const struct catalogue_type *t = catalogue_types[i];

		page_printf(p, "| [%s](#", t->name);
		print_anchor(p, t->name);
		page_printf(p, ") | %s | ", t->title);
		words_listed(p, t->producers);
		page_text(p, " | ");
		words_listed(p, t->consumers);
		page_printf(p, " | %s |\n", consign_label_text(t->least_label));
	}
}

static void
print_common(struct page *p)
{
	struct reached all = {0};

	for (size_t i = 0; i < catalogue_n_types; i++)
		reached_add(&all, &catalogue_types[i]->message);
	page_text(p, "\n## What every message says: event\n\n");
	page_cell(p, part_event.says);
	page_text(p, " It stands under `event`.\n");
	print_fields(p, &part_event);
	print_rules(p, &part_event, false);
	page_text(p,
	    "\nA message is never changed. A wrong one is replaced: the new one names it under `supersedes`. One that should not have been\n"
	    "sent at all is taken back by a message that names it under `voids`. Both say who corrects and why.\n");
	page_text(p, "\n## Parts that types share\n");
	for (size_t i = 0; i < all.n_parts; i++)
		if (all.parts[i] != &part_event && n_types_of(all.parts[i], NULL) > 1)
			print_part(p, all.parts[i]);
	print_formats(p);
	page_text(p, "\n## Code lists that types share\n");
	for (size_t i = 0; i < all.n_codes; i++)
		if (n_types_of(NULL, all.codes[i]) > 1)
			print_codes(p, all.codes[i]);
}

/* ── a type ── */

static void
print_line(struct page *p, const char *title, const char *text)
{
	if (text == NULL)
		return;
	page_printf(p, "- **%s:** ", title);
	page_cell(p, text);
	page_text(p, "\n");
}

static void
print_states(struct page *p, const struct catalogue_type *t)
{
	page_text(p, "\n### Life cycle\n\n| state | means | then |\n| --- | --- | --- |\n");
	for (const struct catalogue_state *s = t->states; s->state != NULL; s++) {
		page_printf(p, "| `%s` | ", s->state);
		page_cell(p, s->meaning);
		page_text(p, " | ");
		words_listed(p, s->next);
		page_text(p, s->next[0] == '\0' ? "– |\n" : " |\n");
	}
}

static void
print_example(struct page *p, const struct catalogue_type *t, enum example_kind kind)
{
	struct buf text = {0};
	enum consign_err err = example_make(t, kind, &text);

	page_printf(p, "\n%s:\n\n```json\n", kind == EXAMPLE_MINIMAL ? "Minimal" : "Full");
	page_printf(p, "%.*s\n```\n", (int)text.len, text.data == NULL ? "" : (const char *)text.data);
	if (err != CONSIGN_OK)
		p->err = err;
	buf_clear(&text);
}

static void
print_type(struct page *p, const struct catalogue_type *t)
{
	struct reached reached = {0};

	reached_add(&reached, &t->message);
	page_printf(p, "\n## %s\n\n**%s**, version %u. ", t->name, t->title, t->version);
	page_cell(p, t->says);
	page_text(p, "\n\n");
	print_line(p, "Standard", t->standard);
	page_text(p, "- **From:** ");
	words_listed(p, t->producers);
	page_text(p, ". **To:** ");
	words_listed(p, t->consumers);
	page_printf(p, ".\n- **Label:** %s or higher. ", consign_label_text(t->least_label));
	page_cell(p, t->label_why);
	page_text(p, "\n");
	print_line(p, "Clock", t->clock);
	print_states(p, t);
	page_text(p, "\n### Fields\n");
	print_fields(p, &t->message);
	for (size_t i = 0; i < reached.n_codes; i++)
		if (n_types_of(NULL, reached.codes[i]) == 1)
			print_codes(p, reached.codes[i]);
	if (t->message.n_rules > 0)
		page_text(p, "\n### Rules\n");
	print_rules(p, &t->message, true);
	for (size_t i = 0; i < reached.n_parts; i++)
		if (n_types_of(reached.parts[i], NULL) == 1)
			print_part(p, reached.parts[i]);
	page_text(p, "\n### Examples\n");
	print_example(p, t, EXAMPLE_MINIMAL);
	print_example(p, t, EXAMPLE_FULL);
}

enum consign_err
render_catalogue(struct buf *out)
{
	struct buf text = {0};
	struct page p = {.out = &text};

	page_text(&p, introduction);
	print_list_of_types(&p);
	print_common(&p);
	for (size_t i = 0; i < catalogue_n_types; i++)
		print_type(&p, catalogue_types[i]);
	if (p.err == CONSIGN_OK)
		p.err = buf_append(out, buf_slice(&text));
	buf_clear(&text);
	return p.err;
}
