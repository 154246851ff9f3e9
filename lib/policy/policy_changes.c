/* See policy_changes.h. Works on trees, so that whatever the language learns is compared too. */
#include "policy/policy_changes.h"

#include <stdlib.h>
#include <string.h>

#include "policy/policy_reader.h"
#include "policy/table.h"
#include "policy/yaml_edit.h"

#define CHANGES_BUDGET_BYTES (256u * 1024u * 1024u)

struct comparison {
	void (*say)(void *context, const char *line);
	void *context;
	size_t n;
	struct buf line;
	enum consign_err err; /* the first trouble; nothing is said after it */
};

/* ── lines ── */

static void
put(struct comparison *c, const char *text)
{
	if (c->err == CONSIGN_OK)
		c->err = buf_append(&c->line, slice_text(text));
}

static void
put_node(struct comparison *c, const struct node *node)
{
	if (c->err == CONSIGN_OK && node == NULL)
		put(c, "not said");
	else if (c->err == CONSIGN_OK)
		c->err = yaml_format(node, &c->line);
}

static void
end_line(struct comparison *c)
{
	if (c->err == CONSIGN_OK)
		c->err = buf_append_u8(&c->line, '\0');
	if (c->err == CONSIGN_OK) {
		c->say(c->context, (const char *)c->line.data);
		c->n++;
	}
	buf_reset(&c->line);
}

static const char *
text_of(const struct node *map, const char *name)
{
	const struct node *key = yaml_find(map, name);

	return key == NULL || key->value->kind != NODE_WORD ? "" : (const char *)key->value->text.data;
}

/* "rule a", "party acme in S1". study NULL: not of a study */
static void
put_name(struct comparison *c, const char *sign, const char *what, const char *name, const char *study)
{
	put(c, sign);
	put(c, what);
	put(c, " ");
	put(c, name);
	if (study != NULL) {
		put(c, " in ");
		put(c, study);
	}
}

static bool
has_word(const struct node *list, const struct node *word)
{
	for (const struct node *other = list->first; other != NULL; other = other->next)
		if (yaml_same(other, word))
			return true;
	return false;
}

/* Lists of words are sets, mappings have no order: what the language means by them. */
static bool
says_the_same(const struct node *a, const struct node *b)
{
	if (yaml_same(a, b))
		return true;
	if (a->kind != b->kind || a->n != b->n || a->kind == NODE_WORD)
		return false;
	for (const struct node *one = a->first; one != NULL; one = one->next) {
		const struct node *other = a->kind == NODE_MAP ? yaml_find(b, (const char *)one->text.data) : NULL;

		if (a->kind == NODE_MAP ? other == NULL || !says_the_same(one->value, other->value) : !has_word(b, one))
			return false;
	}
	return true;
}

static bool
is_shown(const struct node *key, const char *id)
{
	/* Parties have lines of their own. */
	return !slice_equal(key->text, slice_text(id)) && !slice_equal(key->text, slice_text("parties"));
}

/* What is new or gone: all that it says. */
static void
say_whole(struct comparison *c, const char *sign, const char *what, const struct node *map, const char *id, const char *study)
{
	const char *between = ": ";

	put_name(c, sign, what, text_of(map, id), study);
	for (const struct node *key = map->first; key != NULL; key = key->next) {
		if (!is_shown(key, id))
			continue;
		put(c, between);
		put(c, (const char *)key->text.data);
		put(c, " ");
		put_node(c, key->value);
		between = ", ";
	}
	end_line(c);
}

static void
put_change(struct comparison *c, const char **between, const struct node *key, const struct node *was, const struct node *is)
{
	put(c, *between);
	put(c, (const char *)key->text.data);
	put(c, " was ");
	put_node(c, was);
	put(c, ", is ");
	put_node(c, is);
	*between = "; ";
}

/* Keys of two mappings of the same name. */
static void
say_changed(struct comparison *c, const char *what, const struct node *a, const struct node *b, const char *id, const char *study)
{
	const char *between = ": ";

	buf_reset(&c->line);
	put_name(c, "~ ", what, text_of(b, id), study);
	for (const struct node *key = a->first; key != NULL; key = key->next) {
		const struct node *other = yaml_find(b, (const char *)key->text.data);
		if (is_shown(key, id) && (other == NULL || !says_the_same(key->value, other->value)))
			put_change(c, &between, key, key->value, other == NULL ? NULL : other->value);
	}
	for (const struct node *key = b->first; key != NULL; key = key->next)
		if (is_shown(key, id) && yaml_find(a, (const char *)key->text.data) == NULL)
			put_change(c, &between, key, NULL, key->value);
	if (strcmp(between, "; ") == 0)
		end_line(c);
	buf_reset(&c->line);
}

/* ── lists of named things ── */

struct family {
	const char *what, *id;
	const char *study; /* of parties */
};

static void compare_lists(struct comparison *c, const struct family *f, const struct node *a, const struct node *b);

/* a or b NULL: new, gone */
static void
compare_parties(struct comparison *c, const struct node *a, const struct node *b)
{
	const struct family parties = {"party", "org", text_of(b == NULL ? a : b, "id")};
	const struct node *was = yaml_find(a, "parties"), *is = yaml_find(b, "parties");

	if (was != NULL || is != NULL)
		compare_lists(c, &parties, was == NULL ? NULL : was->value, is == NULL ? NULL : is->value);
}

static void
compare_one(struct comparison *c, const struct family *f, const struct node *a, const struct node *b)
{
	if (a == NULL)
		say_whole(c, "+ ", f->what, b, f->id, f->study);
	else if (b == NULL)
		say_whole(c, "- ", f->what, a, f->id, f->study);
	else
		say_changed(c, f->what, a, b, f->id, f->study);
	/* Who was in a study that is gone is told by the study's line. */
	if (b != NULL)
		compare_parties(c, a, b);
}

/* Names to elements; the same name twice does not happen in a policy. */
static enum consign_err
index_names(const struct node *list, const char *id, struct names *names, const struct node ***ret_elements)
{
	const struct node **elements = calloc(list == NULL ? 1 : list->n + 1, sizeof *elements);
	enum consign_err err = elements == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;

	for (const struct node *one = list == NULL ? NULL : list->first; err == CONSIGN_OK && one != NULL; one = one->next) {
		uint32_t number;

		err = names_put(names, slice_text(text_of(one, id)), &number);
		if (err == CONSIGN_OK)
			elements[number] = one;
	}
	*ret_elements = elements;
	return err;
}

static void
compare_lists(struct comparison *c, const struct family *f, const struct node *a, const struct node *b)
{
	struct names was_names = {0}, is_names = {0};
	const struct node **was = NULL, **is = NULL;
	bool is_moved = false;
	uint32_t last = 0;

	if (c->err == CONSIGN_OK)
		c->err = index_names(a, f->id, &was_names, &was);
	if (c->err == CONSIGN_OK)
		c->err = index_names(b, f->id, &is_names, &is);
	for (const struct node *one = a == NULL ? NULL : a->first; c->err == CONSIGN_OK && one != NULL; one = one->next)
		if (names_find(&is_names, slice_text(text_of(one, f->id))) == TABLE_NONE)
			compare_one(c, f, one, NULL);
	for (const struct node *one = b == NULL ? NULL : b->first; c->err == CONSIGN_OK && one != NULL; one = one->next) {
		uint32_t number = names_find(&was_names, slice_text(text_of(one, f->id)));

		compare_one(c, f, number == TABLE_NONE ? NULL : was[number], one);
		if (number != TABLE_NONE) {
			is_moved = is_moved || number < last;
			last = number;
		}
	}
	if (is_moved && strcmp(f->what, "rule") == 0) {
		put(c, "~ the order of rules: verdicts stay, but another rule may be named");
		end_line(c);
	}
	names_clear(&was_names);
	names_clear(&is_names);
	free(was);
	free(is);
}

/* ── the whole ── */

static void
compare_roots(struct comparison *c, const struct node *a, const struct node *b)
{
	static const struct family studies = {"study", "id", NULL}, rules = {"rule", "id", NULL};
	const struct node *nothing = NULL;

	for (int i = 0; i < 2; i++) {
		const struct family *f = i == 0 ? &studies : &rules;
		const struct node *was = yaml_find(a, i == 0 ? "studies" : "rules"), *is = yaml_find(b, i == 0 ? "studies" : "rules");

		compare_lists(c, f, was == NULL ? nothing : was->value, is == NULL ? nothing : is->value);
	}
	for (int i = 0; i < 2; i++)
		for (const struct node *key = (i == 0 ? a : b)->first; key != NULL; key = key->next) {
			const char *name = (const char *)key->text.data, *between = "~ ";
			const struct node *other = yaml_find(i == 0 ? b : a, name);

			if (strcmp(name, "studies") == 0 || strcmp(name, "rules") == 0 || strcmp(name, "version") == 0)
				continue;
			if (i == 0 && (other == NULL || !says_the_same(key->value, other->value)))
				put_change(c, &between, key, key->value, other == NULL ? NULL : other->value);
			else if (i == 1 && other == NULL)
				put_change(c, &between, key, NULL, key->value);
			else
				continue;
			end_line(c);
		}
}

enum consign_err
policy_changes(struct consign_slice before, struct consign_slice after, void (*say)(void *context, const char *line), void *context,
    size_t *ret_n)
{
	struct comparison c = {.say = say, .context = context};
	struct policy_file_error error;
	struct arena *arena = NULL;
	struct node *a, *b;
	enum consign_err err = arena_new(CHANGES_BUDGET_BYTES, &arena);

	if (err == CONSIGN_OK)
		err = yaml_tree_read(before, &policy_form, arena, &a, &error);
	if (err == CONSIGN_OK)
		err = yaml_tree_read(after, &policy_form, arena, &b, &error);
	if (err == CONSIGN_OK) {
		compare_roots(&c, a, b);
		err = c.err;
	}
	if (err == CONSIGN_OK)
		*ret_n = c.n;
	buf_clear(&c.line);
	arena_free(&arena);
	return err;
}
