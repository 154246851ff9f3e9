/*
 * Examples that keep every rule, found by trying: a tree is made of the examples of the fields, held against the rules one by one, and mended
 * until no rule is broken. The full example loses what a rule forbids; the minimal one gains what a rule asks for. States are tried in their
 * order, and the one that takes least mending is shown.
 *
 * Invariants
 *   the same description gives the same text, always
 *   trying ends: each mending step of a full example takes away, each of a minimal one adds or takes away for good
 */
#include "catalogue/example.h"

#include <stdlib.h>
#include <string.h>

#include "catalogue/check.h"
#include "catalogue/example_tree.h"
#include "catalogue/json.h"

#define MENDS_MAX 200u

/* One tree on its way. */
struct making {
	const struct catalogue_type *t;
	enum example_kind kind;
	json_t *banned; /* minimal: paths that were given and turned out to be forbidden */
	size_t n_mends;
};

static bool
is_list(const ProtobufCFieldDescriptor *f)
{
	return f->label == PROTOBUF_C_LABEL_REPEATED;
}

/* ── rules ── */

static bool
is_broken(const struct catalogue_type *t, const struct catalogue_message *d, const ProtobufCMessage *m, const struct catalogue_rule *rule)
{
	struct problems problems = {0};
	struct checking c = {.type = t, .label = CONSIGN_LABEL_UNBLINDED, .problems = &problems};
	bool broken;

	check_rule(&c, NULL, d, m, rule);
	broken = problems.total > 0;
	problems_clear(&problems);
	return broken;
}

/* The first rule that the tree breaks; NULL: none, or it cannot be read at all, which the check of the whole finds. */
static const struct catalogue_rule *
broken_rule(const struct catalogue_type *t, const struct catalogue_message *d, const json_t *tree)
{
	char *text = json_dumps(tree, JSON_COMPACT);
	const struct catalogue_rule *rule = NULL;
	struct problems problems = {0};
	struct arena *arena = NULL;
	ProtobufCMessage *m;

	if (text == NULL || arena_new(BUSINESS_ARENA_BYTES(strlen(text)), &arena) != CONSIGN_OK)
		goto out;
	if (json_read(d->descriptor, slice_text(text), arena, &problems, &m) != CONSIGN_OK)
		goto out;
	for (size_t i = 0; i < d->n_rules && rule == NULL; i++)
		if (is_broken(t, d, m, &d->rules[i]))
			rule = &d->rules[i];
out:
	problems_clear(&problems);
	arena_free(&arena);
	free(text);
	return rule;
}

/* ── paths: names of the proto joined by dots, which never enter a list ── */

static const struct catalogue_field *
row_of(const struct catalogue_message *d, const char *path)
{
	return path_find(d, NULL, path).row;
}

/* The first of words parted by `|`, as the JSON of the field. */
static json_t *
first_word(const struct catalogue_field *row, const char *words)
{
	size_t len = strcspn(words, "|");

	if (row->format != FORMAT_FLAG && row->format != FORMAT_NUMBER)
		return json_stringn(words, len);
	return json_loadb(words, len, JSON_DECODE_ANY, NULL);
}

/* ── mending ── */

static bool
counts(const json_t *value)
{
	return value != NULL && !json_is_false(value);
}

/* Of those that exclude each other the first stays. */
static bool
keep_first(const struct catalogue_rule *rule, json_t *tree)
{
	bool has_first = false, dropped = false;

	for (size_t i = 0; i < RULE_PATHS_MAX && rule->paths[i] != NULL; i++) {
		if (!counts(tree_at(tree, rule->paths[i])))
			continue;
		dropped |= has_first && tree_drop(tree, rule->paths[i]);
		has_first = true;
	}
	return dropped;
}

/* A rule that asks for what cannot be given holds no longer when its condition goes. */
static bool
drop_condition(const struct catalogue_rule *rule, json_t *tree)
{
	if (rule->when.test == TEST_PRESENT && tree_drop(tree, rule->when.path))
		return true;
	return rule->and_when.test == TEST_PRESENT && tree_drop(tree, rule->and_when.path);
}

static bool
mend_value(const struct catalogue_message *d, const struct catalogue_rule *rule, json_t *tree)
{
	const struct catalogue_field *row = row_of(d, rule->paths[0]);

	if (rule->kind == RULE_COUNT)
		return tree_put_at(tree, rule->paths[0], json_integer((json_int_t)json_array_size(tree_at(tree, rule->paths[1]))));
	/* The state is given: another one is tried next. */
	return rule->kind == RULE_VALUE && row->format != FORMAT_STATE && tree_put_at(tree, rule->paths[0], first_word(row, rule->values));
}

static bool
mend_full(const struct catalogue_message *d, const struct catalogue_rule *rule, json_t *tree)
{
	switch (rule->kind) {
	case RULE_FORBIDDEN:
		return tree_drop(tree, rule->paths[0]);
	case RULE_ONE:
		return keep_first(rule, tree) || drop_condition(rule, tree);
	default:
		return mend_value(d, rule, tree) || drop_condition(rule, tree);
	}
}

static json_t *least_of(struct making *m, const struct catalogue_field *row, bool list, const json_t *source);

/* Adds the field at a path, as the source has it, and the parts on the way with what they need. */
static bool
give(struct making *m, const struct catalogue_message *d, json_t *tree, const json_t *source, const char *path)
{
	json_t *object = tree;

	if (json_object_get(m->banned, path) != NULL)
		return false;
	for (;;) {
		size_t len = strcspn(path, ".");
		char name[EXAMPLE_KEY_BYTES] = "";
		const ProtobufCFieldDescriptor *f;
		const struct catalogue_field *row;

		if (len < sizeof name)
			memcpy(name, path, len);
		f = d == NULL ? NULL : protobuf_c_message_descriptor_get_field_by_name(d->descriptor, name);
		if (f == NULL)
			return false; /* test_describe.c says so */
		row = &d->fields[f - d->descriptor->fields];
		source = tree_member(source, name);
		if (tree_member(object, name) == NULL)
			tree_put(object, name, least_of(m, row, is_list(f), source));
		object = tree_member(object, name);
		if (path[len] == '\0')
			return object != NULL;
		d = row->part;
		path += len + 1;
	}
}

static bool
give_one(struct making *m, const struct catalogue_message *d, const struct catalogue_rule *rule, json_t *tree, const json_t *source)
{
	for (size_t i = 0; i < RULE_PATHS_MAX && rule->paths[i] != NULL; i++) {
		if (row_of(d, rule->paths[i])->format == FORMAT_FLAG) {
			if (tree_put_at(tree, rule->paths[i], json_true()))
				return true;
		} else if (give(m, d, tree, source, rule->paths[i])) {
			return true;
		}
	}
	return false;
}

static bool
mend_minimal(struct making *m, const struct catalogue_message *d, const struct catalogue_rule *rule, json_t *tree, const json_t *source)
{
	switch (rule->kind) {
	case RULE_REQUIRED:
		return give(m, d, tree, source, rule->paths[0]);
	case RULE_SOME:
		return give_one(m, d, rule, tree, source);
	case RULE_ONE:
		return keep_first(rule, tree) || give_one(m, d, rule, tree, source);
	case RULE_FORBIDDEN:
		(void)json_object_set_new(m->banned, rule->paths[0], json_true());
		return tree_drop(tree, rule->paths[0]);
	default:
		return mend_value(d, rule, tree);
	}
}

/* Mends until no rule is broken, or nothing helps. source: what a minimal example takes from; unused for a full one. */
static void
mend(struct making *m, const struct catalogue_message *d, json_t *tree, const json_t *source)
{
	const struct catalogue_rule *rule;
	size_t n = 0;

	while (d->n_rules > 0 && n++ < MENDS_MAX && (rule = broken_rule(m->t, d, tree)) != NULL) {
		if (!(m->kind == EXAMPLE_FULL ? mend_full(d, rule, tree) : mend_minimal(m, d, rule, tree, source)))
			return;
		m->n_mends++;
	}
}

/* ── trees ── */

json_t *
example_value(const struct catalogue_type *t, const struct catalogue_field *row)
{
	if (row->example != NULL)
		return json_loads(row->example, JSON_DECODE_ANY, NULL);
	if (row->part != NULL)
		return example_all(t, row->part);
	return json_string(t->states[0].state);
}

/* As a list when the field is one; an example may be the whole list. */
static json_t *
listed(json_t *value, bool list)
{
	json_t *array = list && !json_is_array(value) ? json_array() : NULL;

	if (array == NULL)
		return value;
	(void)json_array_append_new(array, value);
	return array;
}

json_t *
example_all(const struct catalogue_type *t, const struct catalogue_message *d)
{
	struct making m = {.t = t, .kind = EXAMPLE_FULL};
	json_t *tree = json_object();

	for (unsigned i = 0; i < d->descriptor->n_fields; i++)
		tree_put(tree, d->fields[i].name, listed(example_value(t, &d->fields[i]), is_list(&d->descriptor->fields[i])));
	if (d != &t->message)
		mend(&m, d, tree, NULL);
	return tree;
}

/* What is mandatory of a message, each as its source has it. */
static json_t *
prune(struct making *m, const struct catalogue_message *d, const json_t *source)
{
	json_t *tree = json_object();

	for (unsigned i = 0; i < d->descriptor->n_fields; i++)
		if (d->fields[i].need == MANDATORY)
			tree_put(tree, d->fields[i].name, least_of(m, &d->fields[i], is_list(&d->descriptor->fields[i]), tree_member(source, d->fields[i].name)));
	return tree;
}

/* The least of one field. An example of a date or quantity is whole: its field may need its offset or unit. source: NULL for the field's own. */
static json_t *
least_of(struct making *m, const struct catalogue_field *row, bool list, const json_t *source)
{
	json_t *own = source == NULL ? listed(example_value(m->t, row), list) : NULL;
	json_t *least;

	source = source == NULL ? own : source;
	if (row->part == NULL || (row->example != NULL && row->part->shape != SHAPE_PLAIN)) {
		least = json_deep_copy(source);
	} else {
		source = list ? json_array_get(source, 0) : source;
		least = prune(m, row->part, source);
		mend(m, row->part, least, source);
		least = listed(least, list);
	}
	json_decref(own);
	return least;
}

static json_t *
ordered(const struct catalogue_message *d, const json_t *tree)
{
	json_t *result = json_object();

	for (unsigned i = 0; i < d->descriptor->n_fields; i++) {
		const struct catalogue_message *part = d->fields[i].part;
		json_t *value = tree_member(tree, d->fields[i].name), *list;

		if (value == NULL)
			continue;
		if (part == NULL) {
			tree_put(result, d->fields[i].name, json_incref(value));
		} else if (!json_is_array(value)) {
			tree_put(result, d->fields[i].name, ordered(part, value));
		} else {
			list = json_array();
			for (size_t k = 0; k < json_array_size(value); k++)
				(void)json_array_append_new(list, ordered(part, json_array_get(value, k)));
			tree_put(result, d->fields[i].name, list);
		}
	}
	return result;
}

static size_t
n_leaves(const json_t *tree)
{
	const char *key;
	json_t *value;
	size_t n = 0, i;

	if (!json_is_object(tree) && !json_is_array(tree))
		return 1;
	json_array_foreach(tree, i, value)
		n += n_leaves(value);
	json_object_foreach((json_t *)(uintptr_t)tree, key, value)
		n += n_leaves(value);
	return n;
}

static bool
is_valid(const struct catalogue_type *t, const json_t *tree)
{
	char *text = json_dumps(tree, JSON_COMPACT);
	struct problems problems = {0};
	struct arena *arena = NULL;
	const ProtobufCMessage *m;
	bool valid = false;

	if (text != NULL && arena_new(BUSINESS_ARENA_BYTES(strlen(text)), &arena) == CONSIGN_OK &&
	    business_from_json(t, slice_text(text), arena, &problems, &m) == CONSIGN_OK)
		valid = business_check(t, business_least_label(t, m), m, &problems) == CONSIGN_OK;
	problems_clear(&problems);
	arena_free(&arena);
	free(text);
	return valid;
}

/* In one state, and what it took: mends of a full example, fields of a minimal one. */
static json_t *
tree_in(struct making *m, const json_t *all, const struct catalogue_state *state, size_t *ret_cost)
{
	json_t *tree = m->kind == EXAMPLE_FULL ? json_deep_copy(all) : prune(m, &m->t->message, all), *result;

	m->n_mends = 0;
	json_object_clear(m->banned);
	tree_put(tree_member(tree, "event"), "state", json_string(state->state));
	mend(m, &m->t->message, tree, all);
	result = ordered(&m->t->message, tree);
	*ret_cost = m->kind == EXAMPLE_FULL ? m->n_mends : n_leaves(result);
	json_decref(tree);
	return result;
}

enum consign_err
example_tree(const struct catalogue_type *t, enum example_kind kind, json_t **ret_tree)
{
	struct making m = {.t = t, .kind = kind, .banned = json_object()};
	json_t *all = example_all(t, &t->message), *best = NULL;
	size_t best_cost = SIZE_MAX, cost;

	/* What is broken in every state is mended once: without a state no rule that speaks of it holds. */
	if (kind == EXAMPLE_FULL && tree_drop(all, "event.state"))
		mend(&m, &t->message, all, NULL);
	for (const struct catalogue_state *state = t->states; state->state != NULL && best_cost > 0; state++) {
		json_t *tree = tree_in(&m, all, state, &cost);
		bool valid = is_valid(t, tree);

		if (valid ? cost < best_cost : best == NULL) {
			best_cost = valid ? cost : SIZE_MAX;
			json_decref(best);
			best = tree;
		} else {
			json_decref(tree);
		}
	}
	json_decref(all);
	json_decref(m.banned);
	if (best == NULL)
		return CONSIGN_E_NO_MEMORY;
	*ret_tree = best;
	return CONSIGN_OK;
}

enum consign_err
example_make(const struct catalogue_type *t, enum example_kind kind, struct buf *out)
{
	json_t *tree;
	enum consign_err err = example_tree(t, kind, &tree);

	if (err != CONSIGN_OK)
		return err;
	err = example_text(tree, out);
	json_decref(tree);
	return err;
}
