/*
 * See yaml_edit.h. A verb notes splices: ranges of the text, and what stands there instead. They are sorted and put
 * together at the end; two that overlap, or anything that was not found where it should be, is a refusal.
 */
#include "policy/yaml_edit.h"

#include <stdlib.h>
#include <string.h>

#include "policy/yaml_write.h"

#define STEP 2u

struct yaml_splice {
	size_t begin, end;
	size_t order; /* at one place: as noted */
	struct consign_slice text;
};

/* What this file does not understand well enough to touch. */
static void
refuse(struct yaml_edit *e)
{
	if (e->err == CONSIGN_OK)
		e->err = CONSIGN_E_CONFLICT;
}

static void
splice(struct yaml_edit *e, size_t begin, size_t end, struct consign_slice text)
{
	if (e->err != CONSIGN_OK)
		return;
	if (e->n == e->cap) {
		size_t cap = e->cap == 0 ? 64 : e->cap * 2;
		struct yaml_splice *more = arena_alloc(e->arena, cap * sizeof *more);
		if (more == NULL) {
			e->err = CONSIGN_E_NO_MEMORY;
			return;
		}
		if (e->n > 0)
			memcpy(more, e->splices, e->n * sizeof *more);
		e->splices = more;
		e->cap = cap;
	}
	struct consign_slice kept = text.len == 0 ? text : arena_copy(e->arena, text);
	if (text.len > 0 && kept.data == NULL)
		e->err = CONSIGN_E_NO_MEMORY;
	else
		e->splices[e->n] = (struct yaml_splice){begin, end, e->n, kept};
	e->n += e->err == CONSIGN_OK;
}

/* ── places in the text ── */

static char
at(const struct yaml_edit *e, size_t pos)
{
	return pos < e->text.len ? (char)e->text.data[pos] : '\n';
}

static size_t
skip_blanks(const struct yaml_edit *e, size_t pos)
{
	while (at(e, pos) == ' ' || at(e, pos) == '\t')
		pos++;
	return pos;
}

/* The first byte of the line that pos is in. */
static size_t
line_begin(const struct yaml_edit *e, size_t pos)
{
	while (pos > 0 && e->text.data[pos - 1] != '\n')
		pos--;
	return pos;
}

/* The place before the line's end, whatever ends it. */
static size_t
line_end(const struct yaml_edit *e, size_t pos)
{
	while (at(e, pos) != '\n')
		pos++;
	return pos > 0 && pos < e->text.len && at(e, pos - 1) == '\r' ? pos - 1 : pos;
}

static size_t
next_line(const struct yaml_edit *e, size_t pos)
{
	while (at(e, pos) != '\n')
		pos++;
	return pos < e->text.len ? pos + 1 : pos;
}

/* Only blanks and a comment up to the end of the line. Looks no further than it must: a text may be one long line. */
static bool
is_rest_empty(const struct yaml_edit *e, size_t pos)
{
	size_t next = skip_blanks(e, pos);

	return at(e, next) == '\n' || (at(e, next) == '\r' && at(e, next + 1) == '\n') || (at(e, next) == '#' && next > pos);
}

static bool
is_first_in_line(const struct yaml_edit *e, size_t pos)
{
	while (pos > 0 && (at(e, pos - 1) == ' ' || at(e, pos - 1) == '\t'))
		pos--;
	return pos == 0 || at(e, pos - 1) == '\n';
}

/* Over blanks, line ends and comments. */
static size_t
skip_nothing(const struct yaml_edit *e, size_t pos)
{
	for (;;) {
		pos = skip_blanks(e, pos);
		if (pos >= e->text.len)
			return pos;
		if (at(e, pos) == '#')
			pos = line_end(e, pos);
		else if (at(e, pos) == '\n' || at(e, pos) == '\r')
			pos++;
		else
			return pos;
	}
}

static bool
is_one_line(const struct yaml_edit *e, size_t begin, size_t end)
{
	return memchr(e->text.data + begin, '\n', end - begin) == NULL;
}

/* ── start ── */

/* Characters become bytes; ends of what is written in lines become those of the last word. */
static void
settle(const struct consign_slice text, const uint32_t *byte_of, struct node *node)
{
	node->begin = byte_of[node->begin];
	node->end = byte_of[node->end];
	for (struct node *child = node->first; child != NULL; child = child->next) {
		settle(text, byte_of, child);
		if (child->value != NULL)
			settle(text, byte_of, child->value);
	}
	if (node->kind != NODE_WORD && !node->is_flow && node->last != NULL)
		node->end = node->last->value != NULL ? node->last->value->end : node->last->end;
	/* A word that is written in lines ends behind them. */
	while (node->end > node->begin && strchr(" \t\r\n", text.data[node->end - 1]) != NULL)
		node->end--;
}

static enum consign_err
settle_all(struct consign_slice text, struct node *root)
{
	uint32_t *byte_of = malloc((text.len + 2) * sizeof *byte_of);
	size_t n = 0;

	if (byte_of == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < text.len; i++)
		if ((text.data[i] & 0xc0) != 0x80)
			byte_of[n++] = (uint32_t)i;
	while (n < text.len + 2)
		byte_of[n++] = (uint32_t)text.len;
	settle(text, byte_of, root);
	free(byte_of);
	return CONSIGN_OK;
}

enum consign_err
yaml_edit_start(struct yaml_edit *edit, struct consign_slice text, const struct yaml_form *form, struct arena *arena,
    struct node **ret_root, struct policy_file_error *ret_error)
{
	const uint8_t *first = text.len == 0 ? NULL : memchr(text.data, '\n', text.len);

	*edit = (struct yaml_edit){.text = text, .form = form, .arena = arena, .newline = "\n"};
	if (first != NULL && first > text.data && first[-1] == '\r')
		edit->newline = "\r\n";
	enum consign_err err = yaml_tree_read(text, form, arena, &edit->root, ret_error);
	if (err == CONSIGN_OK)
		err = settle_all(text, edit->root);
	if (err == CONSIGN_OK)
		*ret_root = edit->root;
	return err;
}

/* ── nodes ── */

static struct node *
new_node(struct yaml_edit *e, enum node_kind kind, bool is_flow)
{
	struct node *node = e->err != CONSIGN_OK ? NULL : arena_alloc(e->arena, sizeof *node);

	if (node == NULL && e->err == CONSIGN_OK)
		e->err = CONSIGN_E_NO_MEMORY;
	if (node != NULL)
		*node = (struct node){.kind = kind, .is_flow = is_flow};
	return node;
}

struct node *
yaml_edit_word(struct yaml_edit *e, const char *text)
{
	struct node *word = new_node(e, NODE_WORD, false);

	if (word == NULL)
		return NULL;
	word->text = arena_copy(e->arena, slice_text(text));
	if (word->text.data != NULL)
		return word;
	e->err = CONSIGN_E_NO_MEMORY;
	return NULL;
}

struct node *
yaml_edit_list(struct yaml_edit *e, bool is_flow)
{
	return new_node(e, NODE_LIST, is_flow);
}

struct node *
yaml_edit_map(struct yaml_edit *e, bool is_flow)
{
	return new_node(e, NODE_MAP, is_flow);
}

void
yaml_edit_fill(struct yaml_edit *e, struct node *list, struct node *element)
{
	if (e->err != CONSIGN_OK || list == NULL || element == NULL)
		return;
	if (list->last == NULL)
		list->first = element;
	else
		list->last->next = element;
	list->last = element;
	list->n++;
}

void
yaml_edit_fill_key(struct yaml_edit *e, struct node *map, const char *name, struct node *value)
{
	struct node *key = yaml_edit_word(e, name);

	if (key != NULL)
		key->value = value;
	yaml_edit_fill(e, map, key);
}

struct node *
yaml_find(const struct node *map, const char *name)
{
	struct node *key = map == NULL || map->kind != NODE_MAP ? NULL : map->first;

	while (key != NULL && !slice_equal(key->text, slice_text(name)))
		key = key->next;
	return key;
}

bool
yaml_same(const struct node *a, const struct node *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->kind != b->kind || a->n != b->n || (a->kind == NODE_WORD && !slice_equal(a->text, b->text)))
		return false;
	const struct node *x = a->first, *y = b->first;

	for (; x != NULL && y != NULL; x = x->next, y = y->next)
		if (!yaml_same(x, y) || !yaml_same(x->value, y->value))
			return false;
	return x == y;
}

enum consign_err
yaml_format(const struct node *node, struct buf *out)
{
	struct yaml_writer w = {.newline = "\n", .out = out};

	yaml_write_flow(&w, node, (struct yaml_like){0});
	return w.err;
}

/* ── adding ── */

static void
insert(struct yaml_edit *e, size_t pos, struct yaml_writer *w)
{
	if (e->err == CONSIGN_OK)
		e->err = w->err;
	splice(e, pos, pos, buf_slice(w->out));
}

/* A blank line stands between most elements. */
static bool
has_blank_lines(const struct yaml_edit *e, const struct node *list)
{
	size_t blank = 0;

	for (const struct node *one = list->first; one != NULL && one->next != NULL; one = one->next) {
		for (size_t pos = next_line(e, one->end); pos < one->next->begin; pos = next_line(e, pos))
			if (skip_blanks(e, pos) >= line_end(e, pos)) {
				blank++;
				break;
			}
	}
	return list->n > 1 && blank * 2 >= list->n;
}

/* Behind the comments that follow an element and stand deeper than the list's dashes: they are about the element. */
static size_t
end_of_comments(const struct yaml_edit *e, size_t pos, size_t dash)
{
	for (;;) {
		size_t line = next_line(e, pos), first = skip_blanks(e, line);
		if (line == pos || line >= e->text.len || at(e, first) != '#' || first - line <= dash)
			return line_end(e, pos);
		pos = line;
	}
}

/* The last element that stands in the text; those that this edit adds come behind it, in their order. */
static const struct node *
last_placed(const struct node *list)
{
	const struct node *last = NULL;

	for (const struct node *one = list->first; one != NULL; one = one->next)
		if (one->line > 0)
			last = one;
	return last;
}

/* In lines, at the end of a list that has some. */
static void
append_lines(struct yaml_edit *e, const struct node *list, const struct node *element)
{
	struct buf out = {0};
	struct yaml_writer w = {.text = e->text, .newline = e->newline, .out = &out};
	const struct node *last = last_placed(list);
	size_t dash = list->column - 1, gap = yaml_gap(e->text, list->begin, list->first->begin);

	if (!is_rest_empty(e, last->end) || at(e, list->begin) != '-')
		refuse(e);
	yaml_write_text(&w, e->newline);
	if (has_blank_lines(e, list))
		yaml_write_text(&w, e->newline);
	yaml_write_blanks(&w, dash);
	yaml_write_text(&w, "-");
	yaml_write_blanks(&w, gap);
	yaml_write_element(&w, element, list, dash + 1 + gap);
	insert(e, end_of_comments(e, last->end, dash), &w);
	buf_clear(&out);
}

/* Behind the colon of a key; 0, refused, when there is none. */
static size_t
behind_colon(struct yaml_edit *e, const struct node *key)
{
	size_t pos = skip_blanks(e, key->end);

	if (at(e, pos) == ':')
		return pos + 1;
	refuse(e);
	return 0;
}

/* `rules: []` becomes `rules:` and lines below. */
static void
append_first(struct yaml_edit *e, const struct node *parent, const struct node *key, const struct node *element, const struct node *like)
{
	struct buf out = {0};
	struct yaml_writer w = {.text = e->text, .newline = e->newline, .out = &out};
	bool is_like = like != NULL && !like->is_flow && like->first != NULL;
	size_t indent = parent->column - 1, gap = is_like ? yaml_gap(e->text, like->begin, like->first->begin) : 1;
	size_t dash = is_like && like->column > indent ? like->column - 1 : indent + STEP;

	splice(e, behind_colon(e, key), key->value->end, (struct consign_slice){0});
	if (!is_rest_empty(e, key->value->end))
		refuse(e);
	yaml_write_text(&w, e->newline);
	yaml_write_blanks(&w, dash);
	yaml_write_text(&w, "-");
	yaml_write_blanks(&w, gap);
	yaml_write_element(&w, element, NULL, dash + 1 + gap);
	insert(e, line_end(e, key->value->end), &w);
	buf_clear(&out);
}

/* Behind the last element of a list in brackets: a line of its own when that one has one. */
static void
append_in_brackets(struct yaml_edit *e, const struct node *list, const struct node *element)
{
	struct buf out = {0};
	struct yaml_writer w = {.text = e->text, .newline = e->newline, .out = &out};
	const struct node *last = last_placed(list);
	size_t pos = last == NULL ? list->begin + 1 : last->end, comma = skip_nothing(e, pos);
	bool is_further = list->last != last;
	bool has_line = last != NULL && is_first_in_line(e, last->begin);
	bool has_comma = last != NULL && at(e, comma) == ',';
	/* Behind a comment there is no place but the next line. */
	bool is_below = has_line && !is_one_line(e, pos, list->end - 1);

	if (at(e, list->end - 1) != ']')
		refuse(e);
	if (is_below && has_comma)
		pos = comma + 1;
	else if (is_below && is_further)
		yaml_write_text(&w, ",");
	else if (is_below)
		splice(e, pos, pos, slice_text(","));
	else if (last != NULL)
		yaml_write_text(&w, has_line ? "," : ", ");
	if (is_below && !is_rest_empty(e, pos))
		refuse(e);
	if (has_line) {
		yaml_write_text(&w, e->newline);
		yaml_write_blanks(&w, last->begin - line_begin(e, last->begin));
	}
	yaml_write_flow(&w, element, (struct yaml_like){.many = list});
	if (is_below && has_comma)
		yaml_write_text(&w, ",");
	insert(e, is_below ? line_end(e, pos) : pos, &w);
	buf_clear(&out);
}

static bool
is_blank(const struct yaml_edit *e, size_t begin, size_t end)
{
	while (begin < end && strchr(" \t\r\n", at(e, begin)) != NULL)
		begin++;
	return begin >= end;
}

void
yaml_edit_append(
    struct yaml_edit *e, const struct node *parent, const struct node *key, struct node *element, const struct node *like)
{
	if (e->err != CONSIGN_OK || element == NULL)
		return;
	struct node *list = key->value;

	if (list->n > 0 && last_placed(list) == NULL)
		refuse(e); /* a first one has no neighbour to stand behind */
	else if (!list->is_flow)
		append_lines(e, list, element);
	else if (list->n == 0 && !parent->is_flow && !element->is_flow && is_blank(e, list->begin + 1, list->end - 1))
		append_first(e, parent, key, element, like);
	else
		append_in_brackets(e, list, element);
	yaml_edit_fill(e, list, element);
}

void
yaml_edit_replace(struct yaml_edit *e, struct node *word, const char *text)
{
	struct buf out = {0};
	struct yaml_writer w = {.text = e->text, .newline = e->newline, .out = &out};
	struct node *changed = yaml_edit_word(e, text);

	if (changed == NULL)
		return;
	yaml_write_word(&w, changed->text);
	if (e->err == CONSIGN_OK)
		e->err = w.err;
	splice(e, word->begin, word->end, buf_slice(&out));
	word->text = changed->text;
	buf_clear(&out);
}

void
yaml_edit_put(struct yaml_edit *e, struct node *map, const char *name, struct node *value)
{
	struct buf out = {0};
	struct yaml_writer w = {.text = e->text, .newline = e->newline, .out = &out};

	if (e->err != CONSIGN_OK || value == NULL)
		return;
	size_t pos = map->last->value->end;

	if (map->is_flow) {
		yaml_write_text(&w, ", ");
	} else {
		if (!is_rest_empty(e, pos))
			refuse(e);
		pos = line_end(e, pos);
		yaml_write_text(&w, e->newline);
		yaml_write_blanks(&w, map->column - 1);
	}
	yaml_write_word(&w, slice_text(name));
	bool is_in_lines = value->kind == NODE_LIST && !value->is_flow && !map->is_flow;

	yaml_write_text(&w, is_in_lines ? ":" : ": ");
	for (const struct node *one = value->first; is_in_lines && one != NULL; one = one->next) {
		yaml_write_text(&w, e->newline);
		yaml_write_blanks(&w, map->column + 1);
		yaml_write_text(&w, "- ");
		yaml_write_flow(&w, one, (struct yaml_like){0});
	}
	if (!is_in_lines)
		yaml_write_flow(&w, value, (struct yaml_like){0});
	insert(e, pos, &w);
	buf_clear(&out);
	yaml_edit_fill_key(e, map, name, value);
}

/* ── taking away ── */

void
yaml_edit_drop(struct node *element)
{
	if (element != NULL)
		element->is_gone = true;
}

/* Whole lines, from begin's to end's. */
static void
cut_lines(struct yaml_edit *e, size_t begin, size_t end)
{
	splice(e, line_begin(e, begin), next_line(e, end), (struct consign_slice){0});
}

/* An element with its dash. */
static void
cut_from_lines(struct yaml_edit *e, const struct node *list, const struct node *before, const struct node *one)
{
	size_t dash = before == NULL ? list->begin : skip_nothing(e, before->end);

	if (at(e, dash) != '-' || !is_first_in_line(e, dash) || dash >= one->begin || !is_rest_empty(e, one->end))
		refuse(e);
	else
		cut_lines(e, dash, one->end);
}

/* An element with the comma that is no longer needed. has_kept: some element before it stays; is_last: none behind it does. */
static void
cut_from_brackets(struct yaml_edit *e, const struct node *before, const struct node *one, bool has_kept, bool is_last)
{
	size_t comma = skip_nothing(e, one->end);
	bool has_comma = at(e, comma) == ',' && is_one_line(e, one->end, comma);
	size_t behind = has_comma ? comma + 1 : one->end;

	if (is_first_in_line(e, one->begin) && is_rest_empty(e, behind) && (has_comma || one->next == NULL))
		cut_lines(e, one->begin, behind);
	else if (is_last && has_kept)
		splice(e, is_one_line(e, before->end, one->begin) ? before->end : one->begin, one->end, (struct consign_slice){0});
	else if (one->next == NULL)
		splice(e, one->begin, has_comma && !has_kept ? behind : one->end, (struct consign_slice){0});
	else if (is_one_line(e, one->end, one->next->begin))
		splice(e, one->begin, one->next->begin, (struct consign_slice){0});
	else if (has_comma)
		splice(e, one->begin, comma + 1, (struct consign_slice){0});
	else
		refuse(e);
}

static void
cut_gone(struct yaml_edit *e, const struct node *key)
{
	const struct node *list = key->value, *before = NULL, *last_kept = NULL;
	size_t gone = 0;
	bool has_kept = false;

	for (const struct node *one = list->first; one != NULL; one = one->next) {
		gone += one->is_gone;
		if (!one->is_gone)
			last_kept = one;
	}
	if (gone == 0)
		return;
	if (gone == list->n && !list->is_flow) {
		size_t colon = behind_colon(e, key);
		splice(e, colon, colon, slice_text(" []"));
	}
	bool is_last = last_kept == NULL;

	for (const struct node *one = list->first; one != NULL; before = one, one = one->next) {
		if (one->is_gone && list->is_flow)
			cut_from_brackets(e, before, one, has_kept, is_last);
		else if (one->is_gone)
			cut_from_lines(e, list, before, one);
		has_kept = has_kept || !one->is_gone;
		is_last = is_last || one == last_kept;
	}
}

/* Notes the splices of what is gone below a node, then takes it out of the tree. A part of what is gone goes with it. */
static void
take_gone(struct yaml_edit *e, struct node *node)
{
	for (struct node *child = node->first; child != NULL; child = child->next) {
		if (child->is_gone)
			continue;
		if (child->value != NULL && child->value->kind == NODE_LIST)
			cut_gone(e, child);
		take_gone(e, child->value != NULL ? child->value : child);
	}
	struct node *first = NULL, *last = NULL, *next;

	for (struct node *child = node->first; child != NULL; child = next) {
		next = child->next;
		if (child->is_gone) {
			node->n--;
			continue;
		}
		child->next = NULL;
		if (last == NULL)
			first = child;
		else
			last->next = child;
		last = child;
	}
	node->first = first;
	node->last = last;
}

/* ── the end ── */

static int
by_place(const void *a, const void *b)
{
	const struct yaml_splice *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static enum consign_err
join(struct yaml_edit *e, struct buf *out)
{
	size_t pos = 0;

	if (e->n > 0)
		qsort(e->splices, e->n, sizeof *e->splices, by_place);
	for (size_t i = 0; i < e->n; i++) {
		const struct yaml_splice *s = &e->splices[i];
		if (s->begin < pos || s->end < s->begin)
			return CONSIGN_E_CONFLICT;
		enum consign_err err = buf_append(out, slice_of(e->text.data + pos, s->begin - pos));
		if (err == CONSIGN_OK)
			err = buf_append(out, s->text);
		if (err != CONSIGN_OK)
			return err;
		pos = s->end;
	}
	return buf_append(out, slice_of(e->text.data + pos, e->text.len - pos));
}

enum consign_err
yaml_edit_finish(struct yaml_edit *e, struct buf *out)
{
	struct buf changed = {0};
	struct node *again;
	struct policy_file_error error;

	take_gone(e, e->root);
	enum consign_err err = e->err == CONSIGN_OK ? join(e, &changed) : e->err;
	if (err == CONSIGN_OK)
		err = yaml_tree_read(buf_slice(&changed), e->form, e->arena, &again, &error);
	if (err == CONSIGN_E_CONFIG || (err == CONSIGN_OK && !yaml_same(e->root, again)))
		err = CONSIGN_E_CONFLICT;
	if (err == CONSIGN_OK)
		err = buf_append(out, buf_slice(&changed));
	buf_clear(&changed);
	return err;
}
