/* See policy_changes.h. Works on trees, so that whatever the language learns is compared too. */
#include "policy/policy_changes.h"

#include <stdio.h>
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

/* A list of things that have a name: what each is called, and the key of its name. */
struct family {
	const char *what, *id;
	const char *study; /* of parties, which are named within it; else NULL */
	const char *within; /* of quotas: the key of what else names them; else NULL */
};

#define FAMILY_NAME_BYTES 256u

/* "a"; of a quota "acme", "acme in S1", "study S1", which is no organisation's name */
static const char *
name_of(const struct family *f, const struct node *map, char buffer[FAMILY_NAME_BYTES])
{
	const char *name = text_of(map, f->id), *within = f->within == NULL ? "" : text_of(map, f->within);

	if (within[0] == '\0')
		return name;
	(void)snprintf(buffer, FAMILY_NAME_BYTES, "%s%s%s", name, name[0] == '\0' ? "study " : " in ", within);
	return buffer;
}

/* "rule a", "party acme in S1" */
static void
put_name(struct comparison *c, const char *sign, const struct family *f, const struct node *map)
{
	char name[FAMILY_NAME_BYTES];

	put(c, sign);
	put(c, f->what);
	put(c, " ");
	put(c, name_of(f, map, name));
	if (f->study != NULL) {
		put(c, " in ");
		put(c, f->study);
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
is_shown(const struct node *key, const struct family *f)
{
	/* Parties have lines of their own. */
	return !slice_equal(key->text, slice_text(f->id)) && !slice_equal(key->text, slice_text("parties")) &&
	       (f->within == NULL || !slice_equal(key->text, slice_text(f->within)));
}

/* What is new or gone: all that it says. */
static void
say_whole(struct comparison *c, const char *sign, const struct family *f, const struct node *map)
{
	const char *between = ": ";

	put_name(c, sign, f, map);
	for (const struct node *key = map->first; key != NULL; key = key->next) {
		if (!is_shown(key, f))
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
say_changed(struct comparison *c, const struct family *f, const struct node *a, const struct node *b)
{
	const char *between = ": ";

	buf_reset(&c->line);
	put_name(c, "~ ", f, b);
	for (const struct node *key = a->first; key != NULL; key = key->next) {
		const struct node *other = yaml_find(b, (const char *)key->text.data);
		if (is_shown(key, f) && (other == NULL || !says_the_same(key->value, other->value)))
			put_change(c, &between, key, key->value, other == NULL ? NULL : other->value);
	}
	for (const struct node *key = b->first; key != NULL; key = key->next)
		if (is_shown(key, f) && yaml_find(a, (const char *)key->text.data) == NULL)
			put_change(c, &between, key, NULL, key->value);
	if (strcmp(between, "; ") == 0)
		end_line(c);
	buf_reset(&c->line);
}

/* ── lists of named things ── */

static void compare_lists(struct comparison *c, const struct family *f, const struct node *a, const struct node *b);

/* a or b NULL: new, gone */
static void
compare_parties(struct comparison *c, const struct node *a, const struct node *b)
{
	const struct family parties = {"party", "org", text_of(b == NULL ? a : b, "id"), NULL};
	const struct node *was = yaml_find(a, "parties"), *is = yaml_find(b, "parties");

	if (was != NULL || is != NULL)
		compare_lists(c, &parties, was == NULL ? NULL : was->value, is == NULL ? NULL : is->value);
}

static void
compare_one(struct comparison *c, const struct family *f, const struct node *a, const struct node *b)
{
	if (a == NULL)
		say_whole(c, "+ ", f, b);
	else if (b == NULL)
		say_whole(c, "- ", f, a);
	else
		say_changed(c, f, a, b);
	/* Who was in a study that is gone is told by the study's line. */
	if (b != NULL)
		compare_parties(c, a, b);
}

/* Names to elements; the same name twice does not happen in a policy. */
static enum consign_err
index_names(const struct node *list, const struct family *f, struct names *names, const struct node ***ret_elements)
{
	char name[FAMILY_NAME_BYTES];
	const struct node **elements = calloc(list == NULL ? 1 : list->n + 1, sizeof *elements);
	enum consign_err err = elements == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;

	for (const struct node *one = list == NULL ? NULL : list->first; err == CONSIGN_OK && one != NULL; one = one->next) {
		uint32_t number;

		err = names_put(names, slice_text(name_of(f, one, name)), &number);
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
	char name[FAMILY_NAME_BYTES];

	if (c->err == CONSIGN_OK)
		c->err = index_names(a, f, &was_names, &was);
	if (c->err == CONSIGN_OK)
		c->err = index_names(b, f, &is_names, &is);
	for (const struct node *one = a == NULL ? NULL : a->first; c->err == CONSIGN_OK && one != NULL; one = one->next)
		if (names_find(&is_names, slice_text(name_of(f, one, name))) == TABLE_NONE)
			compare_one(c, f, one, NULL);
	for (const struct node *one = b == NULL ? NULL : b->first; c->err == CONSIGN_OK && one != NULL; one = one->next) {
		uint32_t number = names_find(&was_names, slice_text(name_of(f, one, name)));

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
	static const struct {
		const char *key;
		struct family family;
	} lists[] = {
	    {"studies", {"study", "id", NULL, NULL}}, {"rules", {"rule", "id", NULL, NULL}}, {"quotas", {"quota of", "org", NULL, "study"}}};
	const size_t lists_n = sizeof lists / sizeof lists[0];

	for (size_t i = 0; i < lists_n; i++) {
		const struct node *was = yaml_find(a, lists[i].key), *is = yaml_find(b, lists[i].key);

		compare_lists(c, &lists[i].family, was == NULL ? NULL : was->value, is == NULL ? NULL : is->value);
	}
	for (int i = 0; i < 2; i++)
		for (const struct node *key = (i == 0 ? a : b)->first; key != NULL; key = key->next) {
			const char *name = (const char *)key->text.data, *between = "~ ";
			const struct node *other = yaml_find(i == 0 ? b : a, name);

			bool is_told = strcmp(name, "version") == 0;

			for (size_t k = 0; k < lists_n; k++)
				is_told = is_told || strcmp(name, lists[k].key) == 0;
			if (is_told)
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
