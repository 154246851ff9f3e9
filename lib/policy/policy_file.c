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

/* A node with its text costs 96 bytes or so and at least two of source; this holds the tree of any source up to its limit. */
#define TREE_BUDGET_BYTES (96u * 1024u * 1024u)

/* What policy_wire.c takes in one rule. */
#define GLOBS_MAX 256u

#define WORDS_OF_LABELS "open, restricted, unblinded"

/* A key of a mapping: where its value goes, and whether it must be there. */
struct key {
	const char *name;
	const struct node **ret_key;
	bool is_required;
};

#define FAIL(r, node, ...) yaml_fail_at((r)->error, (node)->line, (node)->column, __VA_ARGS__)

/* "id, title, parties" */
static void
list_keys(const struct key *keys, size_t n, char *ret_text, size_t size)
{
	size_t at = 0;
	ret_text[0] = '\0';
	for (size_t i = 0; i < n && at < size; i++)
		at += (size_t)snprintf(ret_text + at, size - at, "%s%s", i == 0 ? "" : ", ", keys[i].name);
}

/* what: "a study" */
static enum consign_err
take_keys(struct reader *r, const struct node *map, const char *what, const struct key *keys, size_t n)
{
	char shown[SHOWN_BYTES], names[128];
	list_keys(keys, n, names, sizeof names);
	if (map->kind != NODE_MAP)
		return FAIL(r, map, "found %s: expected %s, a mapping with the keys %s", yaml_show(map, shown), what, names);
	for (const struct node *key = map->first; key != NULL; key = key->next) {
		size_t i = 0;
		while (i < n && !slice_equal(slice_text(keys[i].name), key->text))
			i++;
		if (i == n)
			return FAIL(
			    r, key, "found the unknown key %s in %s: expected one of %s", yaml_show(key, shown), what, names);
		*keys[i].ret_key = key;
	}
	for (size_t i = 0; i < n; i++) {
		if (keys[i].is_required && *keys[i].ret_key == NULL)
			return FAIL(r, map, "found no key '%s' in %s: expected it beside %s", keys[i].name, what, names);
	}
	return CONSIGN_OK;
}

/* A list with at least min elements; what: "roles". */
static enum consign_err
check_list(struct reader *r, const struct node *list, const char *what, size_t min, size_t max)
{
	char shown[SHOWN_BYTES];
	if (list->kind != NODE_LIST)
		return FAIL(r, list, "found %s: expected a list of %s", yaml_show(list, shown), what);
	if (list->n < min)
		return FAIL(r, list, "found an empty list of %s: expected at least one", what);
	if (list->n > max)
		return FAIL(r, list, "found %zu %s: expected at most %zu", list->n, what, max);
	return CONSIGN_OK;
}

/* The words of a list must differ. Lists of words are short or bounded by the size of the source; names keeps it linear. */
static enum consign_err
check_distinct(struct reader *r, const struct node *list, const char *what)
{
	struct names seen = {0};
	char shown[SHOWN_BYTES];
	enum consign_err err = CONSIGN_OK;
	for (const struct node *word = list->first; err == CONSIGN_OK && word != NULL; word = word->next) {
		size_t known = seen.n;
		uint32_t number;
		err = names_put(&seen, word->text, &number);
		if (err == CONSIGN_OK && number < known)
			err = FAIL(r, word, "found %s again: expected each of the %s once", yaml_show(word, shown), what);
	}
	names_clear(&seen);
	return err;
}

/* A word of a charset. ret_text has room for max bytes and a NUL. */
static enum consign_err
read_word(struct reader *r, const struct node *word, const char *what, enum charset charset, const char *expected, size_t max,
    char *ret_text)
{
	char shown[SHOWN_BYTES];
	if (word->kind != NODE_WORD || word->text.len == 0)
		return FAIL(r, word, "found %s: expected %s", yaml_show(word, shown), what);
	if (word->text.len > max)
		return FAIL(r, word, "found %s of %zu bytes: expected %s of at most %zu", yaml_show(word, shown), word->text.len,
		    what, max);
	if (!text_is(charset, word->text))
		return FAIL(r, word, "found %s: expected %s, %s", yaml_show(word, shown), what, expected);
	memcpy(ret_text, word->text.data, word->text.len);
	ret_text[word->text.len] = '\0';
	return CONSIGN_OK;
}

static enum consign_err
read_org(struct reader *r, const struct node *word, struct consign_org *ret_org)
{
	char shown[SHOWN_BYTES];
	enum consign_err err = read_word(r, word, "an organisation", CHARSET_ORG,
	    "an id of a-z 0-9 -, 2 to 40 of them, no - at an end", CONSIGN_ORG_MAX_BYTES, ret_org->s);
	if (err == CONSIGN_OK && r->org_known != NULL && !r->org_known(r->context, ret_org->s))
		return FAIL(r, word, "found the organisation %s: expected one that the directory of this hub knows",
		    yaml_show(word, shown));
	return err;
}

static enum consign_err
read_role(struct reader *r, const struct node *word, uint32_t *ret_role)
{
	char shown[SHOWN_BYTES], words[128];
	uint32_t role = 0;
	if (word->kind == NODE_WORD && text_is(CHARSET_ASCII, word->text))
		role = policy_role_parse((const char *)word->text.data);
	if (role == 0) {
		size_t at = 0;
		for (uint32_t i = ROLE_SPONSOR; i <= ROLE_LAST && at < sizeof words; i++)
			at += (size_t)snprintf(
			    words + at, sizeof words - at, "%s%s", i == ROLE_SPONSOR ? "" : ", ", policy_role_text(i));
		return FAIL(r, word, "found %s%s: expected one of %s", word->kind == NODE_WORD ? "the unknown role " : "",
		    yaml_show(word, shown), words);
	}
	*ret_role = role;
	return CONSIGN_OK;
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
read_roles(struct reader *r, const struct node *list, uint32_t **ret_roles, size_t *ret_n)
{
	enum consign_err err = check_list(r, list, "roles", 1, ROLE_LAST);
	if (err != CONSIGN_OK)
		return err;
	uint32_t *roles = arena_alloc(r->arena, list->n * sizeof *roles);
	if (roles == NULL)
		return CONSIGN_E_NO_MEMORY;
	size_t n = 0;
	for (const struct node *word = list->first; err == CONSIGN_OK && word != NULL; word = word->next)
		err = read_role(r, word, &roles[n++]);
	if (err == CONSIGN_OK)
		err = check_distinct(r, list, "roles");
	*ret_roles = roles;
	*ret_n = n;
	return err;
}

static enum consign_err
read_party(struct reader *r, const struct node *map, uint32_t study, struct policy_party **ret_party)
{
	const struct node *org = NULL, *roles = NULL, *clearance = NULL;
	const struct key keys[] = {{"org", &org, true}, {"roles", &roles, true}, {"clearance", &clearance, false}};
	enum consign_err err = take_keys(r, map, "a party", keys, sizeof keys / sizeof keys[0]);
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
		err = read_roles(r, roles->value, &party->roles.v, &party->roles.n);
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
	    read_word(r, word, "a study id", CHARSET_STUDY, "of A-Z a-z 0-9 . _ -", CONSIGN_STUDY_MAX_BYTES, study->id.s);
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
	    read_word(r, word, "a title", CHARSET_UTF8, "one line without control characters", CONSIGN_TEXT_MAX_BYTES, text);
	if (err != CONSIGN_OK)
		return err;
	study->title = arena_copy(r->arena, word->text);
	return study->title.data == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

static enum consign_err
read_study(struct reader *r, const struct node *map)
{
	const struct node *id = NULL, *title = NULL, *parties = NULL;
	const struct key keys[] = {{"id", &id, true}, {"title", &title, false}, {"parties", &parties, true}};
	uint32_t number = (uint32_t)r->study_n;
	enum consign_err err = take_keys(r, map, "a study", keys, sizeof keys / sizeof keys[0]);
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
		err = check_list(r, parties->value, "parties", 1, CONSIGN_PARTIES_MAX);
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
	const struct key keys[] = {{"roles", &roles, false}, {"orgs", &orgs, false}};
	enum consign_err err = take_keys(r, map, what, keys, sizeof keys / sizeof keys[0]);
	if (err == CONSIGN_OK && map->n == 0)
		err = FAIL(r, map, "found an empty mapping: expected %s with roles, orgs or both (without the key: any)", what);
	if (err != CONSIGN_OK)
		return err;
	struct policy_end *end = arena_alloc(r->arena, sizeof *end);
	if (end == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (roles != NULL)
		err = read_roles(r, roles->value, &end->roles.v, &end->roles.n);
	if (err == CONSIGN_OK && orgs != NULL) {
		err = check_list(r, orgs->value, "organisations", 1, CONSIGN_ORGS_MAX);
		if (err != CONSIGN_OK)
			return err;
		end->orgs.v = arena_alloc(r->arena, orgs->value->n * sizeof *end->orgs.v);
		if (end->orgs.v == NULL)
			return CONSIGN_E_NO_MEMORY;
		for (const struct node *org = orgs->value->first; err == CONSIGN_OK && org != NULL; org = org->next)
			err = read_org(r, org, &end->orgs.v[end->orgs.n++]);
		if (err == CONSIGN_OK)
			err = check_distinct(r, orgs->value, "organisations");
		*ret_orgs = orgs->value;
	}
	*ret_end = end;
	return err;
}

static enum consign_err
read_globs(struct reader *r, const struct node *list, struct policy_rule *rule)
{
	enum consign_err err = check_list(r, list, "message types", 1, GLOBS_MAX);
	if (err != CONSIGN_OK)
		return err;
	rule->types.v = arena_alloc(r->arena, list->n * sizeof *rule->types.v);
	if (rule->types.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (const struct node *word = list->first; err == CONSIGN_OK && word != NULL; word = word->next)
		err = read_word(r, word, "a message type", CHARSET_GLOB,
		    "of a-z 0-9 _ in parts joined by single dots, * for any run", CONSIGN_TYPE_MAX_BYTES,
		    rule->types.v[rule->types.n++].s);
	return err == CONSIGN_OK ? check_distinct(r, list, "message types") : err;
}

static enum consign_err
read_labels(struct reader *r, const struct node *list, struct policy_rule *rule)
{
	enum consign_err err = check_list(r, list, "labels", 1, CONSIGN_LABEL_UNBLINDED);
	if (err != CONSIGN_OK)
		return err;
	rule->labels.v = arena_alloc(r->arena, list->n * sizeof *rule->labels.v);
	if (rule->labels.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (const struct node *word = list->first; err == CONSIGN_OK && word != NULL; word = word->next)
		err = read_label(r, word, "label", &rule->labels.v[rule->labels.n++]);
	return err == CONSIGN_OK ? check_distinct(r, list, "labels") : err;
}

static enum consign_err
read_rule_id(struct reader *r, const struct node *word, struct policy_rule *rule)
{
	uint32_t number;
	size_t known = r->rule_ids.n;
	enum consign_err err =
	    read_word(r, word, "a rule id", CHARSET_STUDY, "of A-Z a-z 0-9 . _ -", CONSIGN_RULE_MAX_BYTES, rule->id.s);
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
	const struct key keys[] = {{"id", &id, true}, {"permit", &permit, false}, {"forbid", &forbid, false},
	    {"from", &from, false}, {"to", &to, false}, {"studies", &studies, false}, {"label", &label, false}};
	enum consign_err err = take_keys(r, map, "a rule", keys, sizeof keys / sizeof keys[0]);
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
		err = check_list(r, studies->value, "studies", 1, CONSIGN_STUDIES_MAX);
	if (err == CONSIGN_OK && label != NULL)
		err = read_labels(r, label->value, rule);
	return err;
}

static enum consign_err
read_root(struct reader *r, const struct node *root)
{
	const struct node *version = NULL, *studies = NULL, *rules = NULL;
	const struct key keys[] = {{"studies", &studies, true}, {"rules", &rules, true}, {"version", &version, false}};
	char shown[SHOWN_BYTES];
	enum consign_err err = take_keys(r, root, "a policy", keys, sizeof keys / sizeof keys[0]);
	if (err != CONSIGN_OK)
		return err;
	if (version != NULL && (version->value->kind != NODE_WORD || !slice_equal(version->value->text, slice_text("1"))))
		return FAIL(r, version->value, "found %s: expected the version, which is 1", yaml_show(version->value, shown));
	err = check_list(r, studies->value, "studies", 0, CONSIGN_STUDIES_MAX);
	if (err == CONSIGN_OK)
		err = check_list(r, rules->value, "rules", 0, CONSIGN_RULES_MAX);
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
		err = yaml_tree_read(yaml, r.scratch, &root, ret_error);
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
