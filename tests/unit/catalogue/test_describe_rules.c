/* Rules of descriptions: their paths and words exist, they have what their kind works on, an id, a sentence and a patch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "describing.h"

#define RULES_SEEN_MAX 4096u

/* Words that a condition or rule compares a field with are words that it can have. */
static void
look_at_values(struct looking *l, const char *id, const struct end *e, const char *values, char by)
{
	struct consign_slice word;

	if (values == NULL || *values == '\0') {
		broken(l, id, "compares with nothing");
		return;
	}
	while (next_word(&values, by, &word)) {
		bool fits = word.len > 0;

		if (e->row->codes != NULL)
			fits = is_code(e->row->codes, word);
		else if (e->row->format == FORMAT_STATE)
			fits = is_state(l->type, word);
		else if (e->row->format == FORMAT_FLAG)
			fits = is_word(word, "true") || is_word(word, "false");
		else if (e->row->format == FORMAT_NUMBER)
			fits = decimal_is(word) && memchr(word.data, '.', word.len) == NULL;
		if (!fits)
			broken(l, id, "\"%.*s\" is nothing that %s can be", (int)word.len, (const char *)word.data, e->row->name);
	}
}

static void
look_at_condition(struct looking *l, const char *id, const struct catalogue_condition *when)
{
	struct end end;

	if (when->test == TEST_NONE) {
		if (when->path != NULL || when->values != NULL)
			broken(l, id, "a condition without a test");
		return;
	}
	if (when->path == NULL || !resolve(l->message, slice_text(when->path), &end)) {
		broken(l, id, "condition on %s, which is no path", when->path == NULL ? "nothing" : when->path);
		return;
	}
	if (when->test == TEST_PRESENT || when->test == TEST_ABSENT) {
		if (when->values != NULL)
			broken(l, id, "presence has no values");
	} else if (!is_scalar(&end)) {
		broken(l, id, "%s is nothing to compare", when->path);
	} else {
		look_at_values(l, id, &end, when->values, '|');
	}
}

struct arity {
	size_t least, most;
	size_t bars; /* in values; SIZE_MAX: any number */
	bool values; /* whether it has any */
};

static struct arity
arity_of(enum catalogue_rule_kind kind)
{
	switch (kind) {
	case RULE_REQUIRED:
	case RULE_FORBIDDEN:
		return (struct arity){1, 1, SIZE_MAX, false};
	case RULE_VALUE:
		return (struct arity){1, 1, SIZE_MAX, true};
	case RULE_EVERY:
		return (struct arity){2, 2, SIZE_MAX, true};
	case RULE_SOME:
		return (struct arity){1, RULE_PATHS_MAX, SIZE_MAX, false};
	case RULE_ONE:
	case RULE_ORDER:
		return (struct arity){2, RULE_PATHS_MAX, SIZE_MAX, false};
	case RULE_DIFFER:
	case RULE_UNIQUE:
	case RULE_DIGEST:
	case RULE_COUNT:
		return (struct arity){2, 2, SIZE_MAX, false};
	case RULE_INDICATOR:
		return (struct arity){4, 4, 2, true};
	case RULE_WITHIN:
		return (struct arity){4, 4, 1, true};
	}
	return (struct arity){0};
}

/* What a rule of order or of limits reads: a number, or a text that is one when it likes. */
static bool
is_comparable(const struct end *e)
{
	if (is_list(e))
		return false;
	if (e->row->format == FORMAT_PART)
		return e->row->part->shape == SHAPE_WHEN || e->row->part->shape == SHAPE_QUANTITY;
	return e->row->format == FORMAT_DECIMAL || e->row->format == FORMAT_NUMBER || e->row->format == FORMAT_LINE;
}

static bool
is_date(const struct end *e)
{
	return e->row->format == FORMAT_PART && e->row->part->shape == SHAPE_WHEN;
}

static void
look_at_limit_values(struct looking *l, const struct catalogue_rule *rule, const struct end *verdict)
{
	const char *values = rule->values;
	struct consign_slice group;
	char words[200];

	while (next_word(&values, '|', &group)) {
		snprintf(words, sizeof words, "%.*s", (int)group.len, (const char *)group.data);
		look_at_values(l, rule->id, verdict, words, ',');
	}
}

/* Paths that are found, of the kind that the rule works on. */
static void
look_at_ends(struct looking *l, const struct catalogue_rule *rule, const struct end *ends, size_t n)
{
	struct end key;

	switch (rule->kind) {
	case RULE_VALUE:
		if (!is_scalar(&ends[0]))
			broken(l, rule->id, "%s has no value to compare", rule->paths[0]);
		else
			look_at_values(l, rule->id, &ends[0], rule->values, '|');
		break;
	case RULE_DIFFER:
		if (!is_scalar(&ends[0]) || !is_scalar(&ends[1]))
			broken(l, rule->id, "compares what has no text");
		break;
	case RULE_ORDER:
		for (size_t i = 0; i < n; i++)
			if (!is_comparable(&ends[i]) || is_date(&ends[i]) != is_date(&ends[0]))
				broken(l, rule->id, "%s has no order with %s", rule->paths[i], rule->paths[0]);
		break;
	case RULE_UNIQUE:
		if (!is_list(&ends[0]) || ends[0].row->part == NULL || !resolve(ends[0].row->part, slice_text(rule->paths[1]), &key))
			broken(l, rule->id, "%s is no list of parts with %s", rule->paths[0], rule->paths[1]);
		else if (is_list(&key) || key.field->type != PROTOBUF_C_TYPE_STRING)
			broken(l, rule->id, "the key %s is no text", rule->paths[1]);
		break;
	case RULE_EVERY:
		if (!is_list(&ends[0]) || ends[0].row->part == NULL || !resolve(ends[0].row->part, slice_text(rule->paths[1]), &key))
			broken(l, rule->id, "%s is no list of parts with %s", rule->paths[0], rule->paths[1]);
		else if (is_list(&key) || key.field->type != PROTOBUF_C_TYPE_STRING)
			broken(l, rule->id, "%s is no text", rule->paths[1]);
		else
			look_at_values(l, rule->id, &key, rule->values, '|');
		break;
	case RULE_DIGEST:
		if (ends[0].row->format != FORMAT_SHA256 || !is_list(&ends[1]) || ends[1].row->part != &part_original)
			broken(l, rule->id, "%s is no digest, or %s are no originals", rule->paths[0], rule->paths[1]);
		break;
	case RULE_COUNT:
		if (ends[0].row->format != FORMAT_NUMBER || !is_list(&ends[1]))
			broken(l, rule->id, "%s does not count %s", rule->paths[0], rule->paths[1]);
		break;
	case RULE_INDICATOR:
	case RULE_WITHIN:
		for (size_t i = 1; i < n; i++)
			if (!is_comparable(&ends[i]) || is_date(&ends[i]))
				broken(l, rule->id, "%s is no number", rule->paths[i]);
		if (ends[0].row->format != FORMAT_CODE)
			broken(l, rule->id, "%s is no code", rule->paths[0]);
		else
			look_at_limit_values(l, rule, &ends[0]);
		break;
	default:
		break;
	}
}

static void
look_at_rule(struct looking *l, const struct catalogue_rule *rule)
{
	struct arity arity = arity_of(rule->kind);
	struct end ends[RULE_PATHS_MAX] = {0};
	size_t n = 0, bars = 0;

	while (n < RULE_PATHS_MAX && rule->paths[n] != NULL)
		n++;
	for (const char *bar = rule->values; bar != NULL && (bar = strchr(bar, '|')) != NULL; bar++)
		bars++;
	if (arity.most == 0 || n < arity.least || n > arity.most) {
		broken(l, rule->id, "%zu paths are not what its kind needs", n);
		return;
	}
	if ((rule->values != NULL) != arity.values || (arity.bars != SIZE_MAX && bars != arity.bars)) {
		broken(l, rule->id, "its values are not what its kind needs");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if ((rule->kind == RULE_UNIQUE || rule->kind == RULE_EVERY) && i == 1)
			continue; /* a path within the elements: look_at_ends */
		if (!resolve(l->message, slice_text(rule->paths[i]), &ends[i])) {
			broken(l, rule->id, "%s is no path, or enters a list", rule->paths[i]);
			return;
		}
	}
	look_at_ends(l, rule, ends, n);
}

static void
look_at_rules(struct looking *l)
{
	for (size_t i = 0; i < l->message->n_rules; i++) {
		const struct catalogue_rule *rule = &l->message->rules[i];

		look_at_rule(l, rule);
		look_at_condition(l, rule->id, &rule->when);
		look_at_condition(l, rule->id, &rule->and_when);
	}
}

static void
test_describe_rules_have_paths_and_words_that_exist(void **state)
{
	(void)state;
	look_at_all(look_at_rules);
}

/* R0011, W0005: rules of the FDA for case safety reports keep their numbers. */
static bool
is_published(const char *id)
{
	return (id[0] == 'R' || id[0] == 'W') && strlen(id) == 5 && strspn(id + 1, "0123456789") == 4;
}

static bool
reaches(const struct catalogue_message *d, const struct catalogue_message *part, unsigned depth)
{
	for (unsigned i = 0; depth < DEPTH_MAX && i < d->descriptor->n_fields; i++)
		if (d->fields[i].part != NULL && (d->fields[i].part == part || reaches(d->fields[i].part, part, depth + 1)))
			return true;
	return false;
}

/* Parts of parts.c, and those that several types have in common: no type's name fits their rules. */
static bool
is_shared(const struct looking *l)
{
	static const struct catalogue_message *const parts[] = {&part_event, &part_when, &part_quantity, &part_text, &part_coded, &part_person,
	    &part_signature, &part_reference, &part_source, &part_original};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (parts[i] == l->message)
			return true;
	for (size_t i = 0; i < catalogue_n_types; i++)
		if (catalogue_types[i] != l->type && reaches(&catalogue_types[i]->message, l->message, 0))
			return true;
	return false;
}

static void
look_at_ids(struct looking *l)
{
	size_t len = strlen(l->type->name);
	bool shared = l->message->n_rules > 0 && is_shared(l);

	for (size_t i = 0; i < l->message->n_rules; i++) {
		const struct catalogue_rule *rule = &l->message->rules[i];

		if (rule->id == NULL || !says_something(rule->says)) {
			broken(l, rule->id == NULL ? "a rule" : rule->id, "has no id or says nothing");
			continue;
		}
		if (strlen(rule->id) >= PROBLEM_RULE_BYTES || strlen(rule->says) >= PROBLEM_EXPECTED_BYTES)
			broken(l, rule->id, "is cut in a problem: id below %u and sentence below %u bytes", PROBLEM_RULE_BYTES, PROBLEM_EXPECTED_BYTES);
		if (strchr(rule->id, '.') == NULL && !is_published(rule->id))
			broken(l, rule->id, "does not say whose rule it is");
		else if (!shared && !is_published(rule->id) && (strncmp(rule->id, l->type->name, len) != 0 || rule->id[len] != '.'))
			broken(l, rule->id, "begins neither with %s. nor is it published", l->type->name);
		if (l->message == &l->type->message && (rule->breaks == NULL || rule->breaks[0] != '{'))
			broken(l, rule->id, "has no patch that breaks it");
	}
}

static void
test_describe_rules_have_an_id_a_sentence_and_a_patch(void **state)
{
	(void)state;
	look_at_all(look_at_ids);
}

static const struct catalogue_rule *seen[RULES_SEEN_MAX];
static size_t n_seen;

static void
look_at_sentences(struct looking *l)
{
	for (size_t i = 0; i < l->message->n_rules; i++) {
		const struct catalogue_rule *rule = &l->message->rules[i];
		size_t k = 0;

		while (k < n_seen && seen[k] != rule && strcmp(seen[k]->id, rule->id) != 0)
			k++;
		if (k < n_seen && strcmp(seen[k]->says, rule->says) != 0)
			broken(l, rule->id, "says \"%s\" and \"%s\"", seen[k]->says, rule->says);
		if (k == n_seen) {
			assert_true(n_seen < RULES_SEEN_MAX);
			seen[n_seen++] = rule;
		}
	}
}

static void
test_describe_rules_use_no_id_for_two_sentences(void **state)
{
	(void)state;
	n_seen = 0;
	look_at_all(look_at_sentences);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_describe_rules_have_paths_and_words_that_exist),
	    cmocka_unit_test(test_describe_rules_have_an_id_a_sentence_and_a_patch),
	    cmocka_unit_test(test_describe_rules_use_no_id_for_two_sentences),
	};

	return cmocka_run_group_tests_name("describe rules", tests, NULL, NULL);
}
