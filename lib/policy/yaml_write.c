/* See yaml_write.h. */
#include "policy/yaml_write.h"

#include <string.h>

#define STEP 2u
#define GAP_MAX 24u

static void
put(struct yaml_writer *w, struct consign_slice s)
{
	if (w->err == CONSIGN_OK)
		w->err = buf_append(w->out, s);
}

void
yaml_write_text(struct yaml_writer *w, const char *text)
{
	put(w, slice_text(text));
}

void
yaml_write_blanks(struct yaml_writer *w, size_t n)
{
	while (n-- > 0)
		put(w, slice_text(" "));
}

static void
begin_line(struct yaml_writer *w, size_t indent)
{
	yaml_write_text(w, w->newline);
	yaml_write_blanks(w, indent);
}

/*
 * Letters, digits and what never means anything to YAML inside a word. A first letter or digit also rules out `- ` and `? `; a
 * colon is that of a time, between digits.
 */
static bool
is_plain(struct consign_slice s)
{
	static const char digits_and_letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (size_t i = 0; i < s.len; i++) {
		char c = (char)s.data[i];
		bool is_of_time = c == ':' && i > 0 && i + 1 < s.len && s.data[i - 1] <= '9' && s.data[i - 1] >= '0' &&
		    s.data[i + 1] <= '9' && s.data[i + 1] >= '0';

		if (is_of_time)
			continue;
		if (c == '\0' || (strchr(digits_and_letters, c) == NULL && (i == 0 || strchr(" ._*/-", c) == NULL)))
			return false;
	}
	return s.len > 0 && s.data[s.len - 1] != ' ';
}

void
yaml_write_word(struct yaml_writer *w, struct consign_slice text)
{
	if (is_plain(text)) {
		put(w, text);
		return;
	}
	yaml_write_text(w, "\"");
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"' || text.data[i] == '\\')
			yaml_write_text(w, "\\");
		put(w, slice_of(text.data + i, 1));
	}
	yaml_write_text(w, "\"");
}

size_t
yaml_gap(struct consign_slice text, size_t mark, size_t begin)
{
	size_t n = 0;

	for (size_t i = mark + 1; i < begin && i < text.len; i++, n++)
		if (text.data[i] != ' ')
			return 1;
	return mark >= begin || n == 0 || n > GAP_MAX ? 1 : n;
}

/* Between the colon of a key and its value. */
static size_t
gap_of_key(const struct yaml_writer *w, const struct node *key)
{
	size_t colon = key == NULL ? 0 : key->end;

	if (key == NULL)
		return 1;
	while (colon < key->value->begin && w->text.data[colon] != ':')
		colon++;
	return yaml_gap(w->text, colon, key->value->begin);
}

static const struct node *
key_of(const struct node *map, struct consign_slice name)
{
	if (map == NULL || map->kind != NODE_MAP)
		return NULL;
	for (const struct node *key = map->first; key != NULL; key = key->next)
		/* What was added in this edit has no place in the text. */
		if (slice_equal(key->text, name) && key->line > 0 && key->value->line > 0)
			return key;
	return NULL;
}

const struct node *
yaml_like_key(struct yaml_like like, struct consign_slice name)
{
	const struct node *found = key_of(like.one, name);

	for (const struct node *e = like.many == NULL ? NULL : like.many->first; e != NULL; e = e->next) {
		const struct node *key = key_of(e, name);
		if (key != NULL)
			found = key;
	}
	return found;
}

/* An element of a list that stands in the text, the last; NULL when there is none. */
static const struct node *
last_like(struct yaml_like like)
{
	const struct node *found = like.one;

	for (const struct node *e = like.many == NULL ? NULL : like.many->first; e != NULL; e = e->next)
		if (e->line > 0)
			found = e;
	return found;
}

/* The column at which all elements have this key, when there are two or more, each in a line of its own; else 0. */
static size_t
aligned_column(struct yaml_like like, struct consign_slice name)
{
	size_t n = 0, column = 0, line = 0;

	for (const struct node *e = like.many == NULL ? NULL : like.many->first; e != NULL; e = e->next) {
		const struct node *key = key_of(e, name);
		if (key == NULL || e->line == 0)
			continue;
		if (!e->is_flow || e->line == line || (n > 0 && key->column != column))
			return 0;
		line = e->line;
		column = key->column;
		n++;
	}
	return n > 1 ? column : 0;
}

/* Where the next byte will stand in its line, from 0. */
static size_t
column_now(const struct yaml_writer *w)
{
	for (size_t i = w->out->len; i > 0; i--)
		if (w->out->data[i - 1] == '\n')
			return w->out->len - i;
	return w->column + w->out->len;
}

/* Blanks inside brackets, as the similar node has them. */
static size_t
padding(const struct yaml_writer *w, struct yaml_like like, enum node_kind kind)
{
	const struct node *last = last_like(like);

	return last != NULL && last->kind == kind && last->is_flow && last->n > 0 && last->begin + 1 < w->text.len
	    && w->text.data[last->begin + 1] == ' ';
}

void
yaml_write_flow(struct yaml_writer *w, const struct node *node, struct yaml_like like)
{
	size_t pad = padding(w, like, node->kind);

	if (node->kind == NODE_WORD) {
		yaml_write_word(w, node->text);
		return;
	}
	yaml_write_text(w, node->kind == NODE_LIST ? "[" : "{");
	yaml_write_blanks(w, pad);
	for (const struct node *e = node->first; e != NULL; e = e->next) {
		if (e != node->first)
			yaml_write_text(w, ", ");
		if (node->kind == NODE_LIST) {
			yaml_write_flow(w, e, (struct yaml_like){.many = last_like(like)});
			continue;
		}
		const struct node *similar = yaml_like_key(like, e->text);
		size_t column = e == node->first ? 0 : aligned_column(like, e->text);
		size_t at = column_now(w);

		if (column > at + 1)
			yaml_write_blanks(w, column - 1 - at);
		yaml_write_word(w, e->text);
		yaml_write_text(w, ": ");
		yaml_write_flow(w, e->value, (struct yaml_like){.one = similar == NULL ? NULL : similar->value});
	}
	yaml_write_blanks(w, pad);
	yaml_write_text(w, node->kind == NODE_LIST ? "]" : "}");
}

static void write_lines(struct yaml_writer *w, const struct node *map, struct yaml_like like, size_t indent);

void
yaml_write_element(struct yaml_writer *w, const struct node *node, const struct node *list, size_t indent)
{
	struct yaml_like like = {.many = list};
	const struct node *last = last_like(like);
	bool is_flow = last != NULL && last->kind == node->kind ? last->is_flow : node->is_flow;

	if (node->kind != NODE_MAP || is_flow)
		yaml_write_flow(w, node, like);
	else
		write_lines(w, node, like, indent);
}

/* A list below its key. */
static void
write_below(struct yaml_writer *w, const struct node *list, const struct node *similar, size_t indent)
{
	size_t step = STEP, gap = 1;

	if (similar != NULL && !similar->value->is_flow && similar->value->column >= similar->column)
		step = similar->value->column - similar->column;
	if (similar != NULL && !similar->value->is_flow)
		gap = yaml_gap(w->text, similar->value->begin, similar->value->first->begin);
	for (const struct node *e = list->first; e != NULL; e = e->next) {
		begin_line(w, indent + step);
		yaml_write_text(w, "-");
		yaml_write_blanks(w, gap);
		yaml_write_element(w, e, similar == NULL ? NULL : similar->value, indent + step + 1 + gap);
	}
}

static void
write_value(struct yaml_writer *w, const struct node *value, const struct node *similar, size_t indent)
{
	const struct node *model = similar != NULL && similar->value->kind == value->kind ? similar->value : NULL;
	bool is_flow = value->kind == NODE_WORD || (model != NULL ? model->is_flow : value->is_flow);

	if (is_flow) {
		yaml_write_blanks(w, gap_of_key(w, model == NULL ? NULL : similar));
		yaml_write_flow(w, value, (struct yaml_like){.one = model});
	} else if (value->kind == NODE_LIST) {
		write_below(w, value, model == NULL ? NULL : similar, indent);
	} else {
		size_t step = model != NULL && model->column > similar->column ? model->column - similar->column : STEP;

		begin_line(w, indent + step);
		write_lines(w, value, (struct yaml_like){.one = model}, indent + step);
	}
}

static void
write_lines(struct yaml_writer *w, const struct node *map, struct yaml_like like, size_t indent)
{
	for (const struct node *key = map->first; key != NULL; key = key->next) {
		if (key != map->first)
			begin_line(w, indent);
		yaml_write_word(w, key->text);
		yaml_write_text(w, ":");
		write_value(w, key->value, yaml_like_key(like, key->text), indent);
	}
}
