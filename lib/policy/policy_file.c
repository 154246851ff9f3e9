/*
 * The words of a policy file: which keys there are, what may stand behind each, and what to say when something else does.
 * Reads everything before it believes anything; the first mistake ends it. Shape of YAML: yaml_tree.c.
 */
#include "policy/policy_file.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "policy/policy.h"
#include "policy/policy_reader.h"
#include "policy/yaml_words.h"

/* A node with its text costs 96 bytes or so and at least two of source; this holds the tree of any source up to its limit. */
#define TREE_BUDGET_BYTES (96u * 1024u * 1024u)

#define WORDS_OF_LABELS "open, restricted, unblinded"

static const struct yaml_form form = {"policy", "studies and rules", "docs/POLICY.md"};

#define FAIL(r, node, ...) yaml_fail_at((r)->error, (node)->line, (node)->column, __VA_ARGS__)

static enum consign_err
read_org(struct reader *r, const struct node *word, struct consign_org *ret_org)
{
	char shown[SHOWN_BYTES];
	enum consign_err err = yaml_read_word(r->error, word, "an organisation", CHARSET_ORG,
	    "an id of a-z 0-9 -, 2 to 40 of them, no - at an end", CONSIGN_ORG_MAX_BYTES, ret_org->s);
	if (err == CONSIGN_OK && r->org_known != NULL && !r->org_known(r->context, ret_org->s))
		return FAIL(r, word, "found the organisation %s: expected one that the directory of this hub knows",
		    yaml_show(word, shown));
	return err;
}

static enum consign_err
read_label(struct reader *r, const struct node *word, const char *what, uint32_t *ret_label)
{
	char shown[SHOWN_BYTES];
	enum consign_label label;
	if (word->kind != NODE_WORD || !text_is(CHARSET_ASCII, word->text) ||
	    label_parse((const char *)word->text.data, &label) != CONSIGN_OK)
		return FAIL(r, word, "found %s: expected a %s, one of " WORDS_OF_LABELS, yaml_show(word, shown), what);
	*ret_label = label;
	return CONSIGN_OK;
}

static enum consign_err
read_party(struct reader *r, const struct node *map, uint32_t study, struct policy_party **ret_party)
{
	const struct node *org = NULL, *roles = NULL, *clearance = NULL;
	const struct yaml_key keys[] = {{"org", &org, true}, {"roles", &roles, true}, {"clearance", &clearance, false}};
	enum consign_err err = yaml_take_keys(r->error, map, "a party", keys, sizeof keys / sizeof keys[0]);
	if (err != CONSIGN_OK)
		return err;
	struct policy_party *party = arena_alloc(r->arena, sizeof *party);
	if (party == NULL)
		return CONSIGN_E_NO_MEMORY;
	party->clearance = CONSIGN_LABEL_OPEN;
	uint32_t number, value;
	size_t known = r->party_of.n;
	err = read_org(r, org->value, &party->org);
	if (err == CONSIGN_OK)
		err = names_put(&r->orgs, slice_text(party->org.s), &number);
	if (err == CONSIGN_OK)
		err = numbers_put(&r->party_of, (uint64_t)study << 32 | number, 0, &value);
	if (err == CONSIGN_OK && r->party_of.n == known)
		err = FAIL(r, org->value, "found the organisation '%s' again in study %s: expected one entry with all its roles",
		    party->org.s, r->studies[study]->id.s);
	if (err == CONSIGN_OK)
		err = yaml_read_roles(r->error, r->arena, roles->value, &party->roles.v, &party->roles.n);
	if (err == CONSIGN_OK && clearance != NULL)
		err = read_label(r, clearance->value, "clearance", &party->clearance);
	if (err == CONSIGN_OK)
		*ret_party = party;
	return err;
}

static enum consign_err
read_study_id(struct reader *r, const struct node *word, struct policy_study *study)
{
	uint32_t number;
	size_t known = r->study_ids.n;
	enum consign_err err =
	    yaml_read_word(r->error, word, "a study id", CHARSET_STUDY, "of A-Z a-z 0-9 . _ -", CONSIGN_STUDY_MAX_BYTES, study->id.s);
	if (err == CONSIGN_OK)
		err = names_put(&r->study_ids, slice_text(study->id.s), &number);
	if (err == CONSIGN_OK && number < known)
		err = FAIL(r, word, "found the study '%s' again: expected each study once", study->id.s);
	return err;
}

static enum consign_err
read_title(struct reader *r, const struct node *word, struct policy_study *study)
{
	char text[CONSIGN_TEXT_MAX_BYTES + 1];
	enum consign_err err =
	    yaml_read_word(r->error, word, "a title", CHARSET_UTF8, "one line without control characters", CONSIGN_TEXT_MAX_BYTES, text);
	if (err != CONSIGN_OK)
		return err;
	study->title = arena_copy(r->arena, word->text);
	return study->title.data == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

static enum consign_err
read_study(struct reader *r, const struct node *map)
{
	const struct node *id = NULL, *title = NULL, *parties = NULL;
	const struct yaml_key keys[] = {{"id", &id, true}, {"title", &title, false}, {"parties", &parties, true}};
	uint32_t number = (uint32_t)r->study_n;
	enum consign_err err = yaml_take_keys(r->error, map, "a study", keys, sizeof keys / sizeof keys[0]);
	if (err != CONSIGN_OK)
		return err;
	struct policy_study *study = arena_alloc(r->arena, sizeof *study);
	if (study == NULL)
		return CONSIGN_E_NO_MEMORY;
	r->studies[r->study_n++] = study;
	err = read_study_id(r, id->value, study);
	if (err == CONSIGN_OK && title != NULL)
		err = read_title(r, title->value, study);
	if (err == CONSIGN_OK)
		err = yaml_check_list(r->error, parties->value, "parties", 1, CONSIGN_PARTIES_MAX);
	if (err != CONSIGN_OK)
		return err;
	study->parties.v = arena_alloc(r->arena, parties->value->n * sizeof *study->parties.v);
	if (study->parties.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (const struct node *party = parties->value->first; err == CONSIGN_OK && party != NULL; party = party->next)
		err = read_party(r, party, number, &study->parties.v[study->parties.n++]);
	return err;
}

static enum consign_err
read_end(struct reader *r, const struct node *map, const char *what, struct policy_end **ret_end, const struct node **ret_orgs)
{
	const struct node *roles = NULL, *orgs = NULL;
	const struct yaml_key keys[] = {{"roles", &roles, false}, {"orgs", &orgs, false}};
	enum consign_err err = yaml_take_keys(r->error, map, what, keys, sizeof keys / sizeof keys[0]);
	if (err == CONSIGN_OK && map->n == 0)
		err = FAIL(r, map, "found an empty mapping: expected %s with roles, orgs or both (without the key: any)", what);
	if (err != CONSIGN_OK)
		return err;
	struct policy_end *end = arena_alloc(r->arena, sizeof *end);
	if (end == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (roles != NULL)
		err = yaml_read_roles(r->error, r->arena, roles->value, &end->roles.v, &end->roles.n);
	if (err == CONSIGN_OK && orgs != NULL) {
		err = yaml_check_list(r->error, orgs->value, "organisations", 1, CONSIGN_PARTIES_MAX);
		if (err != CONSIGN_OK)
			return err;
		end->orgs.v = arena_alloc(r->arena, orgs->value->n * sizeof *end->orgs.v);
		if (end->orgs.v == NULL)
			return CONSIGN_E_NO_MEMORY;
		for (const struct node *org = orgs->value->first; err == CONSIGN_OK && org != NULL; org = org->next)
			err = read_org(r, org, &end->orgs.v[end->orgs.n++]);
		if (err == CONSIGN_OK)
			err = yaml_check_distinct(r->error, orgs->value, "organisations");
		*ret_orgs = orgs->value;
	}
	*ret_end = end;
	return err;
}

static enum consign_err
read_globs(struct reader *r, const struct node *list, struct policy_rule *rule)
{
	enum consign_err err = yaml_check_list(r->error, list, "message types", 1, CONSIGN_RULE_TYPES_MAX);
	if (err != CONSIGN_OK)
		return err;
	rule->types.v = arena_alloc(r->arena, list->n * sizeof *rule->types.v);
	if (rule->types.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (const struct node *word = list->first; err == CONSIGN_OK && word != NULL; word = word->next)
		err = yaml_read_type(r->error, word, &rule->types.v[rule->types.n++]);
	return err == CONSIGN_OK ? yaml_check_distinct(r->error, list, "message types") : err;
}

static enum consign_err
read_labels(struct reader *r, const struct node *list, struct policy_rule *rule)
{
	enum consign_err err = yaml_check_list(r->error, list, "labels", 1, CONSIGN_LABEL_UNBLINDED);
	if (err != CONSIGN_OK)
		return err;
	rule->labels.v = arena_alloc(r->arena, list->n * sizeof *rule->labels.v);
	if (rule->labels.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (const struct node *word = list->first; err == CONSIGN_OK && word != NULL; word = word->next)
		err = read_label(r, word, "label", &rule->labels.v[rule->labels.n++]);
	return err == CONSIGN_OK ? yaml_check_distinct(r->error, list, "labels") : err;
}

static enum consign_err
read_rule_id(struct reader *r, const struct node *word, struct policy_rule *rule)
{
	uint32_t number;
	size_t known = r->rule_ids.n;
	enum consign_err err =
	    yaml_read_word(r->error, word, "a rule id", CHARSET_STUDY, "of A-Z a-z 0-9 . _ -", CONSIGN_RULE_MAX_BYTES, rule->id.s);
	if (err == CONSIGN_OK)
		err = names_put(&r->rule_ids, slice_text(rule->id.s), &number);
	if (err == CONSIGN_OK && number < known)
		err = FAIL(r, word, "found the rule '%s' again: expected each rule id once", rule->id.s);
	return err;
}

static enum consign_err
read_rule(struct reader *r, const struct node *map)
{
	const struct node *id = NULL, *permit = NULL, *forbid = NULL, *from = NULL, *to = NULL, *studies = NULL, *label = NULL;
	const struct yaml_key keys[] = {{"id", &id, true}, {"permit", &permit, false}, {"forbid", &forbid, false},
	    {"from", &from, false}, {"to", &to, false}, {"studies", &studies, false}, {"label", &label, false}};
	enum consign_err err = yaml_take_keys(r->error, map, "a rule", keys, sizeof keys / sizeof keys[0]);
	if (err != CONSIGN_OK)
		return err;
	struct policy_rule *rule = arena_alloc(r->arena, sizeof *rule);
	if (rule == NULL)
		return CONSIGN_E_NO_MEMORY;
	struct read_rule *read = &r->rules[r->rule_n++];
	*read = (struct read_rule){.rule = rule, .at = map, .studies = studies == NULL ? NULL : studies->value};
	err = read_rule_id(r, id->value, rule);
	if (err != CONSIGN_OK)
		return err;
	if (permit != NULL && forbid != NULL)
		return FAIL(r,
		    forbid->line > permit->line || (forbid->line == permit->line && forbid->column > permit->column) ? forbid
														     : permit,
		    "found both permit and forbid in rule '%s': expected exactly one", rule->id.s);
	if (permit == NULL && forbid == NULL)
		return FAIL(r, map, "found neither permit nor forbid in rule '%s': expected exactly one", rule->id.s);
	rule->order = (uint32_t)r->rule_n; /* from 1, in the order of the file */
	rule->effect = permit != NULL ? POLICY_PERMIT : POLICY_FORBID;
	err = read_globs(r, permit != NULL ? permit->value : forbid->value, rule);
	if (err == CONSIGN_OK && from != NULL)
		err = read_end(r, from->value, "a from", &rule->from, &read->from_orgs);
	if (err == CONSIGN_OK && to != NULL)
		err = read_end(r, to->value, "a to", &rule->to, &read->to_orgs);
	if (err == CONSIGN_OK && studies != NULL)
		err = yaml_check_list(r->error, studies->value, "studies", 1, CONSIGN_STUDIES_MAX);
	if (err == CONSIGN_OK && label != NULL)
		err = read_labels(r, label->value, rule);
	return err;
}

static enum consign_err
read_root(struct reader *r, const struct node *root)
{
	const struct node *version = NULL, *studies = NULL, *rules = NULL;
	const struct yaml_key keys[] = {{"studies", &studies, true}, {"rules", &rules, true}, {"version", &version, false}};
	char shown[SHOWN_BYTES];
	enum consign_err err = yaml_take_keys(r->error, root, "a policy", keys, sizeof keys / sizeof keys[0]);
	if (err != CONSIGN_OK)
		return err;
	if (version != NULL && (version->value->kind != NODE_WORD || !slice_equal(version->value->text, slice_text("1"))))
		return FAIL(r, version->value, "found %s: expected the version, which is 1", yaml_show(version->value, shown));
	err = yaml_check_list(r->error, studies->value, "studies", 0, CONSIGN_STUDIES_MAX);
	if (err == CONSIGN_OK)
		err = yaml_check_list(r->error, rules->value, "rules", 0, CONSIGN_RULES_MAX);
	if (err != CONSIGN_OK)
		return err;
	r->studies = arena_alloc(r->scratch, (studies->value->n + 1) * sizeof(struct policy_study *));
	r->rules = arena_alloc(r->scratch, (rules->value->n + 1) * sizeof *r->rules);
	if (r->studies == NULL || r->rules == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (const struct node *study = studies->value->first; err == CONSIGN_OK && study != NULL; study = study->next)
		err = read_study(r, study);
	for (const struct node *rule = rules->value->first; err == CONSIGN_OK && rule != NULL; rule = rule->next)
		err = read_rule(r, rule);
	return err;
}

enum consign_err
policy_file_parse(struct consign_slice yaml, bool (*org_known)(void *context, const char *org), void *context,
    struct arena *arena, struct policy_file_parts *ret_parts, struct policy_file_error *ret_error)
{
	struct reader r = {.arena = arena, .org_known = org_known, .context = context, .error = ret_error};
	struct node *root;
	if (yaml.len > CONSIGN_POLICY_SOURCE_MAX_BYTES)
		return CONSIGN_E_TOO_BIG;
	enum consign_err err = arena_new(TREE_BUDGET_BYTES, &r.scratch);
	if (err == CONSIGN_OK)
		err = yaml_tree_read(yaml, &form, r.scratch, &root, ret_error);
	if (err == CONSIGN_OK)
		err = read_root(&r, root);
	if (err == CONSIGN_OK)
		err = reader_make_parts(&r, ret_parts);
	names_clear(&r.study_ids);
	names_clear(&r.rule_ids);
	names_clear(&r.orgs);
	numbers_clear(&r.party_of);
	arena_free(&r.scratch);
	return err;
}
