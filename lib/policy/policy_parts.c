/*
 * Rules are dealt out to parts: a rule that names neither a study nor an organisation into the common part, any other
 * into the part of each study that it can concern, there naming only that study's parties. So a part tells its readers
 * nothing about other studies, and a rule still means in every study what it says in the file: in particular a forbid
 * over several organisations also holds where only one of them takes part.
 * A part is shorter than the source: what is in it stood there once, in more words. So no part passes the limit of documents.
 * Source    docs/POLICY.md 6
 */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "policy/nearest.h"
#include "policy/policy_reader.h"

#define FAIL(r, node, ...) yaml_fail_at((r)->error, (node)->line, (node)->column, __VA_ARGS__)

struct rule_list {
	struct policy_rule **v;
	size_t n, cap;
};

struct dealer {
	struct reader *r;
	struct rule_list *lists; /* the common part's, then one a study */
	uint8_t *is_meant;       /* by study: a glob of the rule in hand matches */
	size_t copies;           /* rules of all study parts together */
};

static enum consign_err
push(struct rule_list *list, struct policy_rule *rule)
{
	enum consign_err err = table_grow(&list->v, sizeof(struct policy_rule *), list->n, &list->cap);
	if (err == CONSIGN_OK)
		list->v[list->n++] = rule;
	return err;
}

static bool
is_study_glob(struct consign_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] != '*' && !text_is(CHARSET_STUDY, slice_of(s.data + i, 1)))
			return false;
	}
	return s.len > 0 && s.len <= CONSIGN_STUDY_MAX_BYTES;
}

static enum consign_err
fail_unknown_study(struct reader *r, const struct node *word)
{
	char shown[SHOWN_BYTES];
	struct nearest near = nearest_to(word->text);
	enum consign_err err =
	    FAIL(r, word, "found the study %s: expected one that stands under studies in this file", yaml_show(word, shown));
	for (size_t s = 0; s < r->study_n; s++)
		nearest_try(&near, r->studies[s]->id.s);
	return near.best == NULL ? err : yaml_hint(r->error, err, "write `%s`, or add the study", near.best);
}

/* Marks the studies that one glob of a rule means; one that means none is a mistake. */
static enum consign_err
mark_studies(struct dealer *d, const struct node *word)
{
	struct reader *r = d->r;
	char shown[SHOWN_BYTES];
	bool is_found = slice_equal(word->text, slice_text("*"));
	if (word->kind != NODE_WORD || !is_study_glob(word->text))
		return FAIL(r, word, "found %s: expected a study id of A-Z a-z 0-9 . _ -, * for any run", yaml_show(word, shown));
	const char *glob = (const char *)word->text.data;
	if (strchr(glob, '*') == NULL) {
		uint32_t number = names_find(&r->study_ids, word->text);
		is_found = number != TABLE_NONE;
		if (is_found)
			d->is_meant[number] = 1;
	}
	for (size_t s = 0; strchr(glob, '*') != NULL && s < r->study_n; s++) {
		if (glob_match(glob, r->studies[s]->id.s)) {
			d->is_meant[s] = 1;
			is_found = true;
		}
	}
	return is_found ? CONSIGN_OK : fail_unknown_study(r, word);
}

/* Sets is_meant for a rule; ret_all: the rule speaks of every study, also of those that this file does not know. */
static enum consign_err
read_studies(struct dealer *d, const struct read_rule *rule, bool *ret_all)
{
	bool is_all = rule->studies == NULL;
	memset(d->is_meant, is_all, d->r->study_n);
	for (const struct node *word = is_all ? NULL : rule->studies->first; word != NULL; word = word->next) {
		enum consign_err err = mark_studies(d, word);
		if (err != CONSIGN_OK)
			return err;
		is_all = is_all || slice_equal(word->text, slice_text("*"));
	}
	*ret_all = is_all;
	return CONSIGN_OK;
}

static bool
is_party(const struct reader *r, size_t study, const char *org)
{
	uint32_t number = names_find_text(&r->orgs, org);
	return number != TABLE_NONE && numbers_find(&r->party_of, (uint64_t)study << 32 | number) != TABLE_NONE;
}

/* Whether the organisation, or a member of the group, is a party to a study of the rule in hand. */
static bool
is_in_rule(struct dealer *d, const struct node *word)
{
	const struct node *org = group_is_named(word) ? groups_find(d->r, GROUP_ORGS, word)->key->value->first : word;
	for (; org != NULL; org = org == word ? NULL : org->next) {
		for (size_t s = 0; s < d->r->study_n; s++) {
			if (d->is_meant[s] && is_party(d->r, s, (const char *)org->text.data))
				return true;
		}
	}
	return false;
}

static enum consign_err
fail_idle_org(struct dealer *d, const struct read_rule *rule, const struct node *word)
{
	if (group_is_named(word))
		return yaml_hint(d->r->error,
		    FAIL(d->r, word,
			"found the group '%s' without a member that is a party to a study that rule '%s' covers: expected one",
			(const char *)word->text.data, rule->rule->id.s),
		    "add one of its members to the study's parties, or take the group out of the rule");
	enum consign_err err = FAIL(d->r, word, "found the organisation '%s': expected a party to a study that rule '%s' covers",
	    (const char *)word->text.data, rule->rule->id.s);
	const char *meant = names_find(&d->r->orgs, word->text) == TABLE_NONE ? reader_nearest_org(d->r, word) : NULL;
	return meant != NULL ? yaml_hint(d->r->error, err, "write `%s`, or add it to the study's parties", meant)
			     : yaml_hint(d->r->error, err, "add it to the study's parties, or take it out of the rule");
}

/* Every organisation that a rule names must be a party where the rule holds, and of every group a member: else its name does
 * nothing. */
static enum consign_err
check_orgs(struct dealer *d, const struct read_rule *rule, const struct node *orgs)
{
	for (const struct node *word = orgs == NULL ? NULL : orgs->first; word != NULL; word = word->next) {
		if (!is_in_rule(d, word))
			return fail_idle_org(d, rule, word);
	}
	return CONSIGN_OK;
}

/* The end as it reads in one study: only its parties are named. ret_end NULL with an end given: none of them is one. */
static enum consign_err
end_in_study(struct reader *r, size_t study, struct policy_end *end, struct policy_end **ret_end)
{
	size_t n = 0;
	for (size_t i = 0; end != NULL && i < end->orgs.n; i++)
		n += is_party(r, study, end->orgs.v[i].s);
	if (end == NULL || n == end->orgs.n || n == 0) {
		*ret_end = end != NULL && n == 0 && end->orgs.n > 0 ? NULL : end;
		return CONSIGN_OK;
	}
	struct policy_end *copy = arena_alloc(r->arena, sizeof *copy);
	struct consign_org *orgs = arena_alloc(r->arena, n * sizeof *orgs);
	if (copy == NULL || orgs == NULL)
		return CONSIGN_E_NO_MEMORY;
	*copy = *end;
	copy->orgs.v = orgs;
	copy->orgs.n = 0;
	for (size_t i = 0; i < end->orgs.n; i++) {
		if (is_party(r, study, end->orgs.v[i].s))
			orgs[copy->orgs.n++] = end->orgs.v[i];
	}
	*ret_end = copy;
	return CONSIGN_OK;
}

/* Puts the rule into one study's part, unless it cannot concern that study. */
static enum consign_err
deal_to_study(struct dealer *d, size_t study, struct policy_rule *rule, bool *ret_concerns)
{
	struct policy_end *from, *to;
	enum consign_err err = end_in_study(d->r, study, rule->from, &from);
	if (err == CONSIGN_OK)
		err = end_in_study(d->r, study, rule->to, &to);
	if (err != CONSIGN_OK)
		return err;
	*ret_concerns = (from != NULL || rule->from == NULL) && (to != NULL || rule->to == NULL);
	if (!*ret_concerns)
		return CONSIGN_OK;
	if (from != rule->from || to != rule->to) {
		struct policy_rule *copy = arena_alloc(d->r->arena, sizeof *copy);
		if (copy == NULL)
			return CONSIGN_E_NO_MEMORY;
		*copy = *rule;
		copy->from = from;
		copy->to = to;
		rule = copy;
	}
	return push(&d->lists[1 + study], rule);
}

static enum consign_err
deal_rule(struct dealer *d, const struct read_rule *rule)
{
	bool is_all, is_dealt = false;
	enum consign_err err = read_studies(d, rule, &is_all);
	if (err != CONSIGN_OK)
		return err;
	if (is_all && rule->from_orgs == NULL && rule->to_orgs == NULL)
		return push(&d->lists[0], rule->rule);
	err = check_orgs(d, rule, rule->from_orgs);
	if (err == CONSIGN_OK)
		err = check_orgs(d, rule, rule->to_orgs);
	for (size_t s = 0; err == CONSIGN_OK && s < d->r->study_n; s++) {
		bool concerns = false;
		if (d->is_meant[s])
			err = deal_to_study(d, s, rule->rule, &concerns);
		is_dealt = is_dealt || concerns;
		d->copies += concerns;
		if (d->copies > CONSIGN_RULE_COPIES_MAX)
			return FAIL(d->r, rule->at,
			    "found rule '%s' to be one too many for its studies: expected at most %u rules in all studies "
			    "together",
			    rule->rule->id.s, CONSIGN_RULE_COPIES_MAX);
	}
	if (err == CONSIGN_OK && !is_dealt)
		return yaml_hint(d->r->error,
		    FAIL(d->r, rule->at,
			"found rule '%s', which can never match: expected a study with a party for its from and its to",
			rule->rule->id.s),
		    "the organisations that it names share no study that it covers");
	return err;
}

/* The arena's copy of a list. */
static enum consign_err
settle_list(struct reader *r, const struct rule_list *list, struct policy_rule ***ret_v)
{
	struct policy_rule **v = arena_alloc(r->arena, (list->n + 1) * sizeof(struct policy_rule *));
	if (v == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (list->n > 0)
		memcpy(v, list->v, list->n * sizeof(struct policy_rule *));
	*ret_v = v;
	return CONSIGN_OK;
}

static enum consign_err
make_parts(struct dealer *d, struct policy_file_parts *ret_parts)
{
	struct reader *r = d->r;
	size_t n = 1 + r->study_n + (r->quotas != NULL);
	struct policy_part **parts = arena_alloc(r->arena, n * sizeof(struct policy_part *));
	struct policy_common *common = arena_alloc(r->arena, sizeof *common);
	if (parts == NULL || common == NULL)
		return CONSIGN_E_NO_MEMORY;
	enum consign_err err = settle_list(r, &d->lists[0], &common->rules.v);
	common->rules.n = d->lists[0].n;
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++) {
		parts[i] = arena_alloc(r->arena, sizeof *parts[i]);
		if (parts[i] == NULL)
			return CONSIGN_E_NO_MEMORY;
		if (i == 0) {
			parts[i]->common = common;
			continue;
		}
		if (i == 1 + r->study_n) {
			parts[i]->quotas = r->quotas;
			continue;
		}
		struct policy_study *study = r->studies[i - 1];
		err = settle_list(r, &d->lists[i], &study->rules.v);
		study->rules.n = d->lists[i].n;
		parts[i]->study = study;
	}
	if (err == CONSIGN_OK) {
		ret_parts->parts.v = parts;
		ret_parts->parts.n = n;
	}
	return err;
}

enum consign_err
reader_make_parts(struct reader *r, struct policy_file_parts *ret_parts)
{
	enum consign_err err = CONSIGN_OK;
	struct dealer d = {
	    .r = r,
	    .lists = calloc(1 + r->study_n, sizeof *d.lists),
	    .is_meant = calloc(1 + r->study_n, 1),
	};
	if (d.lists == NULL || d.is_meant == NULL)
		err = CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; err == CONSIGN_OK && i < r->rule_n; i++)
		err = deal_rule(&d, &r->rules[i]);
	if (err == CONSIGN_OK)
		err = make_parts(&d, ret_parts);
	for (size_t i = 0; d.lists != NULL && i < 1 + r->study_n; i++)
		free(d.lists[i].v);
	free(d.lists);
	free(d.is_meant);
	return err;
}
