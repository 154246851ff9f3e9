/* See policy_edit.h: what each change means in the tree of a policy file. How the text follows: yaml_edit.c. */
#include "policy/policy_edit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "policy/policy_reader.h"
#include "policy/yaml_edit.h"

/* The tree of the source, that of the result, and the parts: each as large as policy_file.c allows for. */
#define EDIT_BUDGET_BYTES (256u * 1024u * 1024u)

#define SENTENCE_BYTES 256

struct job {
	struct yaml_edit yaml;
	struct node *root;
	const struct policy_edit *edit;
	void (*say)(void *context, const char *sentence);
	void *context;
	struct policy_edit_problem *problem;
};

static enum consign_err fail(struct job *j, enum consign_err err, const char *format, ...) __attribute__((format(printf, 3, 4)));

static enum consign_err
fail(struct job *j, enum consign_err err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(j->problem->text, sizeof j->problem->text, format, args);
	j->problem->hint[0] = '\0';
	va_end(args);
	return err;
}

static void say(struct job *j, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
say(struct job *j, const char *format, ...)
{
	char sentence[SENTENCE_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	if (j->say != NULL)
		j->say(j->context, sentence);
}

/* ── finding; the source was checked: what must be there is there ── */

static bool
is_word(const struct node *node, const char *text)
{
	return node != NULL && node->kind == NODE_WORD && slice_equal(node->text, slice_text(text));
}

static const char *
text_of(const struct node *map, const char *name)
{
	const struct node *key = yaml_find(map, name);

	return key == NULL ? "" : (const char *)key->value->text.data;
}

/* The element of a list whose key has this value. */
static struct node *
element(const struct node *key, const char *name, const char *value)
{
	for (struct node *one = key->value->first; one != NULL; one = one->next) {
		const struct node *found = yaml_find(one, name);
		if (found != NULL && is_word(found->value, value))
			return one;
	}
	return NULL;
}

static enum consign_err
find_study(struct job *j, struct node **ret_study)
{
	struct node *study = element(yaml_find(j->root, "studies"), "id", j->edit->study);

	if (study == NULL)
		return fail(j, CONSIGN_E_NOT_FOUND, "the policy has no study %s", j->edit->study);
	*ret_study = study;
	return CONSIGN_OK;
}

static enum consign_err
find_party(struct job *j, struct node **ret_study, struct node **ret_party)
{
	enum consign_err err = find_study(j, ret_study);

	if (err != CONSIGN_OK)
		return err;
	*ret_party = element(yaml_find(*ret_study, "parties"), "org", j->edit->parties[0].org);
	if (*ret_party == NULL)
		return fail(j, CONSIGN_E_NOT_FOUND, "%s is no party to %s", j->edit->parties[0].org, j->edit->study);
	return CONSIGN_OK;
}

/* ── building ── */

static struct node *
words_node(struct job *j, struct policy_words words)
{
	struct node *list = yaml_edit_list(&j->yaml, true);

	for (size_t i = 0; i < words.n; i++)
		yaml_edit_fill(&j->yaml, list, yaml_edit_word(&j->yaml, words.v[i]));
	return list;
}

static void
fill_words(struct job *j, struct node *map, const char *name, struct policy_words words)
{
	if (words.n > 0)
		yaml_edit_fill_key(&j->yaml, map, name, words_node(j, words));
}

static void
fill_word(struct job *j, struct node *map, const char *name, const char *word)
{
	if (word != NULL)
		yaml_edit_fill_key(&j->yaml, map, name, yaml_edit_word(&j->yaml, word));
}

static void
fill_end(struct job *j, struct node *rule, const char *name, const struct policy_edit_end *end)
{
	if (end->orgs.n + end->roles.n == 0)
		return;
	struct node *map = yaml_edit_map(&j->yaml, true);

	fill_words(j, map, "orgs", end->orgs);
	fill_words(j, map, "roles", end->roles);
	yaml_edit_fill_key(&j->yaml, rule, name, map);
}

static struct node *
rule_node(struct job *j, const char *id)
{
	const struct policy_edit_rule *r = &j->edit->rule;
	struct node *map = yaml_edit_map(&j->yaml, false);

	fill_word(j, map, "id", id);
	fill_words(j, map, r->is_forbid ? "forbid" : "permit", r->types);
	fill_end(j, map, "from", &r->from);
	fill_end(j, map, "to", &r->to);
	fill_words(j, map, "studies", r->studies);
	fill_words(j, map, "label", r->labels);
	fill_word(j, map, "since", r->since);
	fill_word(j, map, "until", r->until);
	return map;
}

static struct node *
party_node(struct job *j, const struct policy_edit_party *party)
{
	struct node *map = yaml_edit_map(&j->yaml, true);

	fill_word(j, map, "org", party->org);
	fill_words(j, map, "roles", party->roles);
	fill_word(j, map, "clearance", party->clearance);
	return map;
}

static struct node *
study_node(struct job *j)
{
	struct node *map = yaml_edit_map(&j->yaml, false), *parties = yaml_edit_list(&j->yaml, false);

	for (size_t i = 0; i < j->edit->n_parties; i++)
		yaml_edit_fill(&j->yaml, parties, party_node(j, &j->edit->parties[i]));
	fill_word(j, map, "id", j->edit->study);
	fill_word(j, map, "title", j->edit->title);
	yaml_edit_fill_key(&j->yaml, map, "parties", parties);
	return map;
}

/* ── what must go with a study or a party ── */

/* Whether one of a rule's globs, or their absence, means a study. */
static bool
covers(const struct node *rule, const struct node *study)
{
	const struct node *key = yaml_find(rule, "studies");
	const char *id = text_of(study, "id");

	if (key == NULL)
		return true;
	for (const struct node *glob = key->value->first; glob != NULL; glob = glob->next)
		if (!glob->is_gone && glob_match((const char *)glob->text.data, id))
			return true;
	return false;
}

static bool
is_party(const struct node *study, struct consign_slice org)
{
	for (const struct node *party = yaml_find(study, "parties")->value->first; party != NULL; party = party->next)
		if (!party->is_gone && slice_equal(yaml_find(party, "org")->value->text, org))
			return true;
	return false;
}

/* The list of a group of organisations that a word of a rule names; NULL when it names none. */
static const struct node *
group_of(const struct job *j, const struct node *word)
{
	const struct node *groups = group_is_named(word) ? yaml_find(j->root, "groups") : NULL;
	const struct node *orgs = groups == NULL ? NULL : yaml_find(groups->value, "orgs");
	const struct node *group = orgs == NULL ? NULL : yaml_find(orgs->value, (const char *)word->text.data + 1);

	return group == NULL ? NULL : group->value;
}

/* Whether an organisation, or one of a group, is a party to a study. */
static bool
names_party(const struct job *j, const struct node *study, const struct node *word)
{
	const struct node *group = group_of(j, word);

	for (const struct node *member = group == NULL ? NULL : group->first; member != NULL; member = member->next)
		if (is_party(study, member->text))
			return true;
	return group == NULL && is_party(study, word->text);
}

static struct node *
orgs_of(const struct node *rule, const char *end)
{
	const struct node *key = yaml_find(rule, end);

	return key == NULL ? NULL : yaml_find(key->value, "orgs");
}

static bool
has_party(const struct job *j, const struct node *study, const struct node *orgs)
{
	for (const struct node *org = orgs == NULL ? NULL : orgs->value->first; org != NULL; org = org->next)
		if (!org->is_gone && names_party(j, study, org))
			return true;
	return orgs == NULL;
}

/* Whether any study is left that a rule covers, in which somebody can be each of the ends that are named. */
static bool
is_of_use(const struct job *j, const struct node *rule, const struct node *from, const struct node *to)
{
	for (const struct node *study = yaml_find(j->root, "studies")->value->first; study != NULL; study = study->next)
		if (!study->is_gone && covers(rule, study) && has_party(j, study, from) && has_party(j, study, to))
			return true;
	return false;
}

/* Takes a word out of a list that nothing meets any more; true when none is left. */
static bool
drop_word(struct node *word, const struct node *list)
{
	word->is_gone = true;
	for (const struct node *other = list->first; other != NULL; other = other->next)
		if (!other->is_gone)
			return false;
	return true;
}

/* The globs of a rule that meant only the closed study. */
static bool
drop_globs(struct job *j, const struct node *rule)
{
	struct node *key = yaml_find(rule, "studies");
	bool is_empty = false;

	for (struct node *glob = key == NULL ? NULL : key->value->first; glob != NULL; glob = glob->next) {
		const char *text = (const char *)glob->text.data;
		bool is_met = strcmp(text, "*") == 0 || !glob_match(text, j->edit->study);

		for (const struct node *s = yaml_find(j->root, "studies")->value->first; !is_met && s != NULL; s = s->next)
			is_met = !s->is_gone && glob_match(text, text_of(s, "id"));
		if (!is_met)
			is_empty = drop_word(glob, key->value);
	}
	return is_empty;
}

static bool
is_among_parties(const struct node *first, const struct node *end, struct consign_slice org)
{
	for (const struct node *party = first; party != end; party = party->next)
		if (slice_equal(yaml_find(party, "org")->value->text, org))
			return true;
	return false;
}

/* The organisations, and groups, of which somebody left and nobody is a party any more where the rule holds. */
static bool
drop_orgs(struct job *j, const struct node *rule, const struct node *orgs, const struct node *first_left, const struct node *end_left)
{
	bool is_empty = false;

	for (struct node *org = orgs == NULL ? NULL : orgs->value->first; org != NULL; org = org->next) {
		const struct node *group = group_of(j, org);
		bool has_left = group == NULL && is_among_parties(first_left, end_left, org->text), is_met = false;

		for (const struct node *member = group == NULL ? NULL : group->first; !has_left && member != NULL; member = member->next)
			has_left = is_among_parties(first_left, end_left, member->text);
		for (const struct node *s = yaml_find(j->root, "studies")->value->first; has_left && !is_met && s != NULL; s = s->next)
			is_met = !s->is_gone && covers(rule, s) && names_party(j, s, org);
		if (has_left && !is_met)
			is_empty = drop_word(org, orgs->value);
	}
	return is_empty;
}

static bool
says(const struct node *map, const char *name, const char *value)
{
	const struct node *key = yaml_find(map, name);

	return value == NULL ? key == NULL : key != NULL && is_word(key->value, value);
}

/* The quota of this owner; NULL there is none. */
static struct node *
find_quota(const struct job *j, const char *org, const char *study)
{
	const struct node *key = yaml_find(j->root, "quotas");

	for (struct node *quota = key == NULL ? NULL : key->value->first; quota != NULL; quota = quota->next)
		if (says(quota, "org", org) && says(quota, "study", study))
			return quota;
	return NULL;
}

/* A study that closed has no quotas, nor has who left it; org NULL: all of the study's. */
static void
tidy_quotas(struct job *j, const char *org)
{
	const struct node *key = yaml_find(j->root, "quotas");

	for (struct node *quota = key == NULL ? NULL : key->value->first; quota != NULL; quota = quota->next) {
		if (!says(quota, "study", j->edit->study) || (org != NULL && !says(quota, "org", org)))
			continue;
		yaml_edit_drop(quota);
		say(j, "the quota of %s%s%s goes", text_of(quota, "org"), yaml_find(quota, "org") == NULL ? "" : " in ", j->edit->study);
	}
}

/* After parties from first to before end left: rules that named the study, or them, follow. */
static void
tidy_rules(struct job *j, const struct node *first_left, const struct node *end_left)
{
	for (struct node *rule = yaml_find(j->root, "rules")->value->first; rule != NULL; rule = rule->next) {
		const struct node *from = orgs_of(rule, "from"), *to = orgs_of(rule, "to");
		bool is_empty = drop_globs(j, rule);

		is_empty = drop_orgs(j, rule, from, first_left, end_left) || is_empty;
		is_empty = drop_orgs(j, rule, to, first_left, end_left) || is_empty;
		/* Only who names both ends, or studies, can lose its last use otherwise. */
		if (is_empty || ((from != NULL || to != NULL) && !is_of_use(j, rule, from, to))) {
			rule->is_gone = true;
			say(j, "rule %s held nowhere else and goes", text_of(rule, "id"));
		}
	}
}

/* ── the changes ── */

static enum consign_err
add_rule(struct job *j)
{
	struct node *rules = yaml_find(j->root, "rules");
	const struct policy_edit_rule *rule = &j->edit->rule;
	char id[CONSIGN_RULE_MAX_BYTES + 32];

	snprintf(id, sizeof id, "%s", rule->id);
	for (unsigned i = 2; rule->may_number && element(rules, "id", id) != NULL; i++)
		snprintf(id, sizeof id, "%s-%u", rule->id, i);
	if (element(rules, "id", id) != NULL)
		return fail(j, CONSIGN_E_CONFLICT, "the policy has a rule %s already", id);
	yaml_edit_append(&j->yaml, j->root, rules, rule_node(j, id), yaml_find(j->root, "studies")->value);
	return CONSIGN_OK;
}

static enum consign_err
remove_rule(struct job *j)
{
	struct node *rule = element(yaml_find(j->root, "rules"), "id", j->edit->rule.id);

	if (rule == NULL)
		return fail(j, CONSIGN_E_NOT_FOUND, "the policy has no rule %s", j->edit->rule.id);
	yaml_edit_drop(rule);
	return CONSIGN_OK;
}

static enum consign_err
add_study(struct job *j)
{
	struct node *studies = yaml_find(j->root, "studies");

	if (element(studies, "id", j->edit->study) != NULL)
		return fail(j, CONSIGN_E_CONFLICT, "the policy has a study %s already", j->edit->study);
	yaml_edit_append(&j->yaml, j->root, studies, study_node(j), yaml_find(j->root, "rules")->value);
	return CONSIGN_OK;
}

static enum consign_err
close_study(struct job *j)
{
	struct node *study;
	enum consign_err err = find_study(j, &study);

	if (err != CONSIGN_OK)
		return err;
	yaml_edit_drop(study);
	tidy_rules(j, yaml_find(study, "parties")->value->first, NULL);
	tidy_quotas(j, NULL);
	return CONSIGN_OK;
}

static enum consign_err
add_party(struct job *j)
{
	struct node *study;
	const struct policy_edit_party *party = &j->edit->parties[0];
	enum consign_err err = find_study(j, &study);

	if (err != CONSIGN_OK)
		return err;
	if (element(yaml_find(study, "parties"), "org", party->org) != NULL)
		return fail(j, CONSIGN_E_CONFLICT, "%s is a party to %s already", party->org, j->edit->study);
	yaml_edit_append(&j->yaml, study, yaml_find(study, "parties"), party_node(j, party), NULL);
	return CONSIGN_OK;
}

static enum consign_err
remove_party(struct job *j)
{
	struct node *study, *party;
	enum consign_err err = find_party(j, &study, &party);

	if (err != CONSIGN_OK)
		return err;
	if (yaml_find(study, "parties")->value->n == 1)
		return fail(j, CONSIGN_E_CONFLICT, "%s is the only party to %s: a study without parties is closed (consign study close %s)",
		    j->edit->parties[0].org, j->edit->study, j->edit->study);
	yaml_edit_drop(party);
	tidy_rules(j, party, party->next);
	tidy_quotas(j, j->edit->parties[0].org);
	return CONSIGN_OK;
}

static enum consign_err
set_clearance(struct job *j)
{
	struct node *study, *party;
	enum consign_err err = find_party(j, &study, &party);

	if (err != CONSIGN_OK)
		return err;
	struct node *key = yaml_find(party, "clearance");
	const char *wanted = j->edit->parties[0].clearance;

	if (key != NULL && !is_word(key->value, wanted))
		yaml_edit_replace(&j->yaml, key->value, wanted);
	else if (key == NULL && strcmp(wanted, consign_label_text(CONSIGN_LABEL_OPEN)) != 0)
		yaml_edit_put(&j->yaml, party, "clearance", yaml_edit_word(&j->yaml, wanted));
	return CONSIGN_OK;
}

static bool
is_among(struct policy_words words, const struct node *word)
{
	for (size_t i = 0; i < words.n; i++)
		if (is_word(word, words.v[i]))
			return true;
	return false;
}

/* Roles that stay keep their place; new ones take the places of those that go, then stand at the end. */
static enum consign_err
set_roles(struct job *j)
{
	struct node *study, *party;
	struct policy_words wanted = j->edit->parties[0].roles;
	enum consign_err err = find_party(j, &study, &party);

	if (err != CONSIGN_OK)
		return err;
	struct node *key = yaml_find(party, "roles"), *free_place = key->value->first;

	for (size_t i = 0; i < wanted.n; i++) {
		bool is_there = false;

		for (const struct node *role = key->value->first; role != NULL; role = role->next)
			is_there = is_there || is_word(role, wanted.v[i]);
		while (!is_there && free_place != NULL && is_among(wanted, free_place))
			free_place = free_place->next;
		if (!is_there && free_place != NULL)
			yaml_edit_replace(&j->yaml, free_place, wanted.v[i]);
		else if (!is_there)
			yaml_edit_append(&j->yaml, party, key, yaml_edit_word(&j->yaml, wanted.v[i]), NULL);
	}
	for (struct node *role = key->value->first; role != NULL; role = role->next)
		role->is_gone = !is_among(wanted, role);
	return CONSIGN_OK;
}

/* What an edit says of one limit. */
static void
set_limit(struct job *j, struct node *quota, const char *name, const char *limit)
{
	struct node *key = yaml_find(quota, name);

	if (limit == NULL)
		return;
	if (key != NULL && !is_word(key->value, limit))
		yaml_edit_replace(&j->yaml, key->value, limit);
	else if (key == NULL)
		yaml_edit_put(&j->yaml, quota, name, yaml_edit_word(&j->yaml, limit));
}

static enum consign_err
set_quota(struct job *j)
{
	const struct policy_edit_quota *q = &j->edit->quota;
	struct node *there = find_quota(j, q->org, q->study), *list = yaml_find(j->root, "quotas");

	if (there != NULL) {
		set_limit(j, there, "messages", q->messages);
		set_limit(j, there, "bytes", q->bytes);
		set_limit(j, there, "mailbox-consignments", q->mailbox_consignments);
		set_limit(j, there, "mailbox-bytes", q->mailbox_bytes);
		return CONSIGN_OK;
	}
	struct node *quota = yaml_edit_map(&j->yaml, true);

	fill_word(j, quota, "org", q->org);
	fill_word(j, quota, "study", q->study);
	fill_word(j, quota, "messages", q->messages);
	fill_word(j, quota, "bytes", q->bytes);
	fill_word(j, quota, "mailbox-consignments", q->mailbox_consignments);
	fill_word(j, quota, "mailbox-bytes", q->mailbox_bytes);
	if (list != NULL) {
		yaml_edit_append(&j->yaml, j->root, list, quota, NULL);
		return CONSIGN_OK;
	}
	struct node *quotas = yaml_edit_list(&j->yaml, false);

	yaml_edit_fill(&j->yaml, quotas, quota);
	yaml_edit_put(&j->yaml, j->root, "quotas", quotas);
	return CONSIGN_OK;
}

static enum consign_err
clear_quota(struct job *j)
{
	const struct policy_edit_quota *q = &j->edit->quota;
	struct node *quota = find_quota(j, q->org, q->study);

	if (quota == NULL)
		return fail(j, CONSIGN_E_NOT_FOUND, "the policy has no quota of %s%s%s", q->org == NULL ? "" : q->org,
		    q->org != NULL && q->study != NULL ? " in " : "", q->study == NULL ? "" : q->study);
	yaml_edit_drop(quota);
	return CONSIGN_OK;
}

static enum consign_err
change(struct job *j)
{
	switch (j->edit->kind) {
	case POLICY_ADD_RULE:
		return add_rule(j);
	case POLICY_REMOVE_RULE:
		return remove_rule(j);
	case POLICY_ADD_STUDY:
		return add_study(j);
	case POLICY_CLOSE_STUDY:
		return close_study(j);
	case POLICY_ADD_PARTY:
		return add_party(j);
	case POLICY_REMOVE_PARTY:
		return remove_party(j);
	case POLICY_SET_CLEARANCE:
		return set_clearance(j);
	case POLICY_SET_ROLES:
		return set_roles(j);
	case POLICY_SET_QUOTA:
		return set_quota(j);
	case POLICY_CLEAR_QUOTA:
		return clear_quota(j);
	}
	return CONSIGN_E_USAGE;
}

/* A tree is only walked when it is that of a policy; and what comes out must be one. */
static enum consign_err
check(struct job *j, struct consign_slice source, struct arena *arena, const char *what)
{
	struct policy_file_parts parts;
	struct policy_file_error error;
	enum consign_err err = policy_file_parse(source, NULL, NULL, arena, &parts, &error);

	if (err == CONSIGN_E_CONFIG) {
		(void)fail(j, err, "%s: %s", what, error.text);
		(void)snprintf(j->problem->hint, sizeof j->problem->hint, "%s", error.hint);
		return err;
	}
	return err == CONSIGN_OK ? err : fail(j, err, "%s: %s", what, consign_err_text(err));
}

enum consign_err
policy_edit(struct consign_slice source, const struct policy_edit *edit, void (*say_also)(void *context, const char *sentence),
    void *context, struct buf *out, struct policy_edit_problem *ret_problem)
{
	struct job j = {.edit = edit, .say = say_also, .context = context, .problem = ret_problem};
	struct arena *arena = NULL;
	struct policy_file_error error;
	struct buf changed = {0};
	enum consign_err err = arena_new(EDIT_BUDGET_BYTES, &arena);

	(void)fail(&j, err, "%s", consign_err_text(CONSIGN_E_NO_MEMORY));
	if (err == CONSIGN_OK)
		err = check(&j, source, arena, "this is no policy");
	if (err == CONSIGN_OK)
		err = yaml_edit_start(&j.yaml, source, &policy_form, arena, &j.root, &error);
	if (err == CONSIGN_OK && (err = change(&j)) == CONSIGN_OK) {
		err = yaml_edit_finish(&j.yaml, &changed);
		if (err == CONSIGN_E_CONFLICT)
			(void)fail(&j, err, "this file is written in a way that cannot be edited safely; change it by hand with `consign policy edit`");
		else if (err != CONSIGN_OK)
			(void)fail(&j, err, "%s", consign_err_text(err));
	}
	if (err == CONSIGN_OK)
		err = check(&j, buf_slice(&changed), arena, "the changed policy would be none");
	if (err == CONSIGN_OK)
		err = buf_append(out, buf_slice(&changed));
	buf_clear(&changed);
	arena_free(&arena);
	return err;
}
