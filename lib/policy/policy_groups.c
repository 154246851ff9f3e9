/*
 * Groups: names for lists of organisations and of message types, written out where a rule uses them. So nothing of a group is in
 * the parts, and whoever reads a part learns of its members only what the rule says there.
 *
 * Written out a policy is longer than its source. What a group adds is counted against the limit of the source, so that a
 * few lines cannot ask for a thousand times their size in memory and documents.
 * Source    docs/POLICY.md 2
 */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "policy/nearest.h"
#include "policy/policy_reader.h"
#include "policy/yaml_words.h"

#define FAIL(r, node, ...) yaml_fail_at((r)->error, (node)->line, (node)->column, __VA_ARGS__)

static const struct {
	const char *key, *what, *plural, *if_none;
	size_t max;
} kinds[GROUP_KINDS] = {
    [GROUP_ORGS] = {"orgs", "a group of organisations", "organisations", "leave `orgs` out to mean any organisation, or name one",
	CONSIGN_PARTIES_MAX},
    [GROUP_TYPES] = {"types", "a group of message types", "message types", "name at least one: `[trial.*]`; `[\"*\"]` is every type",
	CONSIGN_RULE_TYPES_MAX},
};

bool
group_is_named(const struct node *word)
{
	return word->kind == NODE_WORD && word->text.len > 0 && word->text.data[0] == '@';
}

/* ── the definitions ── */

static enum consign_err
read_member(struct reader *r, enum group_kind kind, const struct node *word)
{
	struct consign_org org;
	struct consign_type type;
	char shown[SHOWN_BYTES];
	if (group_is_named(word))
		return yaml_hint(r->error,
		    FAIL(r, word, "found %s in a group: expected %s themselves", yaml_show(word, shown), kinds[kind].plural),
		    "there are no groups of groups: write out what it holds, or name both groups in the rule");
	return kind == GROUP_ORGS ? reader_take_org(r, word, &org) : yaml_read_type(r->error, word, &type);
}

static enum consign_err
read_group(struct reader *r, enum group_kind kind, const struct node *key)
{
	char name[CONSIGN_STUDY_MAX_BYTES + 1];
	const struct node *list = key->value;
	enum consign_err err = yaml_read_word(
	    r->error, key, "the name of a group", CHARSET_STUDY, "of A-Z a-z 0-9 . _ -", CONSIGN_STUDY_MAX_BYTES, name);
	if (err == CONSIGN_OK)
		err = yaml_check_words(r->error, list, kinds[kind].plural, kinds[kind].max, "name a member, or take the group out");
	for (const struct node *word = list->first; err == CONSIGN_OK && word != NULL; word = word->next)
		err = read_member(r, kind, word);
	if (err == CONSIGN_OK)
		err = yaml_check_distinct(r->error, list, kinds[kind].plural);
	if (err == CONSIGN_OK)
		r->groups[r->group_n++] = (struct read_group){.kind = kind, .key = key};
	return err;
}

static enum consign_err
check_mapping(struct reader *r, const struct node *map, const char *what, const char *of)
{
	char shown[SHOWN_BYTES];
	if (map->kind == NODE_MAP && map->n > 0)
		return CONSIGN_OK;
	return FAIL(r, map, "found %s: expected %s, a mapping of %s",
	    map->kind == NODE_MAP ? "an empty mapping" : yaml_show(map, shown), what, of);
}

enum consign_err
groups_read(struct reader *r, const struct node *map)
{
	const struct node *of[GROUP_KINDS] = {NULL};
	const struct yaml_key keys[] = {{"orgs", &of[GROUP_ORGS], false, " organisations parties "},
	    {"types", &of[GROUP_TYPES], false, " messages globs permit "}};
	enum consign_err err = check_mapping(r, map, "groups", "orgs, types or both");
	if (err == CONSIGN_OK)
		err = yaml_take_keys(r->error, map, "groups", keys, sizeof keys / sizeof keys[0]);
	if (err != CONSIGN_OK)
		return err;
	r->groups = arena_alloc(r->scratch, (size_t)GROUP_KINDS * CONSIGN_YAML_KEYS_MAX * sizeof *r->groups);
	if (r->groups == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (int kind = 0; err == CONSIGN_OK && kind < GROUP_KINDS; kind++) {
		if (of[kind] == NULL)
			continue;
		err = check_mapping(r, of[kind]->value, kinds[kind].key, "names to lists");
		const struct node *key = err == CONSIGN_OK ? of[kind]->value->first : NULL;
		for (; err == CONSIGN_OK && key != NULL; key = key->next)
			err = read_group(r, (enum group_kind)kind, key);
	}
	return err;
}

/* ── their use ── */

struct read_group *
groups_find(struct reader *r, enum group_kind kind, const struct node *word)
{
	struct consign_slice name = slice_of(word->text.data + 1, word->text.len - 1);
	for (size_t i = 0; i < r->group_n; i++) {
		if (r->groups[i].kind == kind && slice_equal(r->groups[i].key->text, name))
			return &r->groups[i];
	}
	return NULL;
}

static enum consign_err
fail_unknown(struct reader *r, enum group_kind kind, const struct node *word)
{
	char shown[SHOWN_BYTES];
	enum group_kind other = kind == GROUP_ORGS ? GROUP_TYPES : GROUP_ORGS;
	struct nearest near = nearest_to(slice_of(word->text.data + 1, word->text.len - 1));
	enum consign_err err = FAIL(r, word, "found the unknown group %s: expected one that stands under groups, %s",
	    yaml_show(word, shown), kinds[kind].key);
	if (groups_find(r, other, word) != NULL)
		return yaml_hint(r->error, err, "%s is %s", yaml_show(word, shown), kinds[other].what);
	for (size_t i = 0; i < r->group_n; i++) {
		if (r->groups[i].kind == kind)
			nearest_try(&near, (const char *)r->groups[i].key->text.data);
	}
	return near.best != NULL ? yaml_hint(r->error, err, "write `\"@%s\"`", near.best)
				 : yaml_hint(r->error, err, "write out its members here, or add it: `groups: {%s: {NAME: [...]}}`", kinds[kind].key);
}

struct writer {
	const struct node **words;
	size_t n, cap;
	struct names seen;
};

/* Takes a word unless the list has it already. */
static enum consign_err
write_word(struct writer *w, const struct node *word, bool *ret_is_new)
{
	uint32_t number;
	size_t known = w->seen.n;
	enum consign_err err = names_put(&w->seen, word->text, &number);
	if (err == CONSIGN_OK && number == known)
		err = table_grow(&w->words, sizeof(struct node *), w->n, &w->cap);
	if (err != CONSIGN_OK)
		return err;
	*ret_is_new = number == known;
	if (*ret_is_new)
		w->words[w->n++] = word;
	return CONSIGN_OK;
}

static enum consign_err
write_group(struct reader *r, enum group_kind kind, const struct node *word, struct writer *w)
{
	char shown[SHOWN_BYTES];
	struct read_group *group = groups_find(r, kind, word);
	if (group == NULL)
		return fail_unknown(r, kind, word);
	group->is_used = true;
	for (const struct node *member = group->key->value->first; member != NULL; member = member->next) {
		bool is_new;
		enum consign_err err = write_word(w, member, &is_new);
		if (err != CONSIGN_OK)
			return err;
		if (is_new)
			r->written_bytes += member->text.len + 2; /* as it would stand in the list: with ", " */
	}
	if (r->written_bytes > CONSIGN_POLICY_SOURCE_MAX_BYTES)
		return yaml_hint(r->error,
		    FAIL(r, word, "found %s to be one too many: expected at most %u bytes of policy with all groups written out",
			yaml_show(word, shown), CONSIGN_POLICY_SOURCE_MAX_BYTES),
		    "use roles instead of groups where you can: a role costs nothing, however many parties hold it");
	return CONSIGN_OK;
}

static enum consign_err
write_out(struct reader *r, enum group_kind kind, const struct node *list, struct writer *w)
{
	enum consign_err err = yaml_check_words(r->error, list, kinds[kind].plural, kinds[kind].max, kinds[kind].if_none);
	if (err == CONSIGN_OK)
		err = yaml_check_distinct(r->error, list, kinds[kind].plural);
	for (const struct node *word = list->first; err == CONSIGN_OK && word != NULL; word = word->next) {
		bool is_new;
		err = group_is_named(word) ? write_group(r, kind, word, w) : write_word(w, word, &is_new);
		if (err == CONSIGN_OK && w->n > kinds[kind].max)
			err = FAIL(r, word, "found %zu %s with this group written out: expected at most %zu", w->n,
			    kinds[kind].plural, kinds[kind].max);
	}
	return err;
}

enum consign_err
groups_write_out(
    struct reader *r, enum group_kind kind, const struct node *list, const struct node *const **ret_words, size_t *ret_n)
{
	struct writer w = {0};
	enum consign_err err = write_out(r, kind, list, &w);
	const struct node **words = err == CONSIGN_OK ? arena_alloc(r->scratch, w.n * sizeof *words) : NULL;
	if (err == CONSIGN_OK && words == NULL)
		err = CONSIGN_E_NO_MEMORY;
	if (err == CONSIGN_OK) {
		memcpy(words, w.words, w.n * sizeof *words);
		*ret_words = words;
		*ret_n = w.n;
	}
	names_clear(&w.seen);
	free(w.words);
	return err;
}

enum consign_err
groups_settle(struct reader *r, struct policy_file_parts *ret_parts)
{
	struct policy_file_group *groups = arena_alloc(r->arena, (r->group_n + 1) * sizeof *groups);
	if (groups == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < r->group_n; i++) {
		const struct node *key = r->groups[i].key;
		memcpy(groups[i].name.s, key->text.data, key->text.len);
		groups[i].is_of_types = r->groups[i].kind == GROUP_TYPES;
		groups[i].is_used = r->groups[i].is_used;
		groups[i].at = reader_place(key);
		for (const struct node *word = key->value->first; word != NULL && !groups[i].is_of_types; word = word->next) {
			if (groups[i].idle.s[0] == '\0' && names_find(&r->orgs, word->text) == TABLE_NONE)
				memcpy(groups[i].idle.s, word->text.data, word->text.len);
		}
	}
	ret_parts->groups.v = groups;
	ret_parts->groups.n = r->group_n;
	return CONSIGN_OK;
}
