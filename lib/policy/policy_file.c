/*
 * The words of a policy file: which keys there are, what may stand behind each, and what to say when something else does.
 * Reads everything before it believes anything; the first mistake ends it. Shape of YAML: yaml_tree.c.
 */
#include "policy/policy_file.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "policy/nearest.h"
#include "policy/policy.h"
#include "policy/policy_reader.h"
#include "policy/units.h"
#include "policy/yaml_words.h"

/* A node with its text costs 104 bytes or so and at least two of source; this holds the tree of any source up to its limit. */
#define TREE_BUDGET_BYTES (96u * 1024u * 1024u)

#define WORDS_OF_LABELS "open, restricted, unblinded"

const struct yaml_form policy_form = {"policy", "studies and rules", "docs/POLICY.md",
    "a list that recurs gets a name under groups, which rules write as \"@name\""};

#define FAIL(r, node, ...) yaml_fail_at((r)->error, (node)->line, (node)->column, __VA_ARGS__)

const char *
reader_nearest_org(const struct reader *r, const struct node *word)
{
	struct nearest near = nearest_to(word->text);
	for (size_t i = 0; i < r->orgs.n; i++)
		nearest_try(&near, names_text(&r->orgs, (uint32_t)i));
	return near.best;
}

enum consign_err
reader_take_org(struct reader *r, const struct node *word, struct consign_org *ret_org)
{
	char shown[SHOWN_BYTES];
	enum consign_err err = yaml_read_word(r->error, word, "an organisation", CHARSET_ORG,
	    "an id of a-z 0-9 -, 2 to 40 of them, no - at an end", CONSIGN_ORG_MAX_BYTES, ret_org->s);
	if (err != CONSIGN_OK || r->org_known == NULL || r->org_known(r->context, ret_org->s))
		return err;
	err =
	    FAIL(r, word, "found the organisation %s: expected one that the directory of this hub knows", yaml_show(word, shown));
	const char *meant = reader_nearest_org(r, word);
	return meant != NULL
		   ? yaml_hint(r->error, err, "write `%s`, or admit it first: `consign org invite %s`", meant, ret_org->s)
		   : yaml_hint(r->error, err, "admit it first: `consign org invite %s`", ret_org->s);
}

static enum consign_err
read_label(struct reader *r, const struct node *word, const char *what, uint32_t *ret_label)
{
	char shown[SHOWN_BYTES];
	enum consign_label label;
	if (word->kind == NODE_WORD && text_is(CHARSET_ASCII, word->text) &&
	    label_parse((const char *)word->text.data, &label) == CONSIGN_OK) {
		*ret_label = label;
		return CONSIGN_OK;
	}
	enum consign_err err = FAIL(r, word, "found %s: expected a %s, one of " WORDS_OF_LABELS, yaml_show(word, shown), what);
	/* A slip must never be mended into its opposite: `blinded` is two letters from `unblinded`. */
	if (word->text.len > 0 && memcmp(word->text.data, "b", 1) == 0)
		return yaml_hint(r->error, err, "who must stay blind is cleared for `open`");
	struct nearest near = nearest_to(word->text);
	for (label = CONSIGN_LABEL_OPEN; label <= CONSIGN_LABEL_UNBLINDED; label++)
		nearest_try(&near, consign_label_text(label));
	return near.best == NULL ? err : yaml_hint(r->error, err, "write `%s`", near.best);
}

static enum consign_err
read_party(struct reader *r, const struct node *map, uint32_t study, struct policy_party **ret_party)
{
	const struct node *org = NULL, *roles = NULL, *clearance = NULL;
	const struct yaml_key keys[] = {{"org", &org, true, " id organisation "}, {"roles", &roles, true, NULL},
	    {"clearance", &clearance, false, " label cleared "}};
	enum consign_err err = yaml_take_keys(r->error, map, "a party", keys, sizeof keys / sizeof keys[0]);
	if (err != CONSIGN_OK)
		return err;
	struct policy_party *party = arena_alloc(r->arena, sizeof *party);
	if (party == NULL)
		return CONSIGN_E_NO_MEMORY;
	party->clearance = CONSIGN_LABEL_OPEN;
	uint32_t number, value;
	size_t known = r->party_of.n;
	err = reader_take_org(r, org->value, &party->org);
	if (err == CONSIGN_OK)
		err = names_put(&r->orgs, slice_text(party->org.s), &number);
	if (err == CONSIGN_OK)
		err = numbers_put(&r->party_of, (uint64_t)study << 32 | number, (uint32_t)org->value->line, &value);
	if (err == CONSIGN_OK && r->party_of.n == known)
		err = yaml_hint(r->error,
		    FAIL(r, org->value, "found the organisation '%s' again in study %s: expected one entry with all its roles",
			party->org.s, r->studies[study]->id.s),
		    "its first entry is in line %u: put all roles there", value);
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
	enum consign_err err = yaml_read_word(
	    r->error, word, "a study id", CHARSET_STUDY, "of A-Z a-z 0-9 . _ -", CONSIGN_STUDY_MAX_BYTES, study->id.s);
	if (err == CONSIGN_OK)
		err = names_put(&r->study_ids, slice_text(study->id.s), &number);
	if (err == CONSIGN_OK && number < known)
		err = yaml_hint(r->error, FAIL(r, word, "found the study '%s' again: expected each study once", study->id.s),
		    "the first one is in line %zu: put all parties there, or give this one another id",
		    r->study_at[number]->line);
	return err;
}

static enum consign_err
read_title(struct reader *r, const struct node *word, struct policy_study *study)
{
	char text[CONSIGN_TEXT_MAX_BYTES + 1];
	enum consign_err err = yaml_read_word(
	    r->error, word, "a title", CHARSET_UTF8, "one line without control characters", CONSIGN_TEXT_MAX_BYTES, text);
	if (err != CONSIGN_OK && word->text.len > CONSIGN_TEXT_MAX_BYTES)
		return yaml_hint(r->error, err, "shorten it: what is longer can stand in a comment, behind a #");
	if (err != CONSIGN_OK)
		return yaml_hint(r->error, err, "write it in one line and in quotes: `title: \"Phase III: double-blind\"`, or leave the key out");
	study->title = arena_copy(r->arena, word->text);
	return study->title.data == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

static enum consign_err
read_study(struct reader *r, const struct node *map)
{
	const struct node *id = NULL, *title = NULL, *parties = NULL;
	const struct yaml_key keys[] = {{"id", &id, true, NULL}, {"title", &title, false, " name "},
	    {"parties", &parties, true, " orgs organisations members "}};
	uint32_t number = (uint32_t)r->study_n;
	enum consign_err err = yaml_take_keys(r->error, map, "a study", keys, sizeof keys / sizeof keys[0]);
	if (err != CONSIGN_OK)
		return err;
	struct policy_study *study = arena_alloc(r->arena, sizeof *study);
	if (study == NULL)
		return CONSIGN_E_NO_MEMORY;
	r->study_at[r->study_n] = map;
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
read_orgs(struct reader *r, const struct node *list, struct policy_end *end)
{
	const struct node *const *words;
	size_t n;
	enum consign_err err = groups_write_out(r, GROUP_ORGS, list, &words, &n);
	if (err != CONSIGN_OK)
		return err;
	end->orgs.v = arena_alloc(r->arena, n * sizeof *end->orgs.v);
	if (end->orgs.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	while (err == CONSIGN_OK && end->orgs.n < n) {
		err = reader_take_org(r, words[end->orgs.n], &end->orgs.v[end->orgs.n]);
		end->orgs.n++;
	}
	return err;
}

/* Whether somebody meant a time by it, rightly written or not. */
static bool
is_meant_as_time(const struct node *word, char ret_time[UNITS_TEXT_BYTES])
{
	bool is_guess;
	uint64_t us;
	if (word->kind != NODE_WORD)
		return false;
	if (units_time_parse(word->text, &us) != CONSIGN_OK)
		return units_time_mend(word->text, &is_guess, ret_time);
	units_time_format(us, ret_time);
	return true;
}

/* What stands for a mapping of roles or orgs: a time, which has a key of its own, or the words themselves. */
static enum consign_err
hint_at_end(struct reader *r, enum consign_err err, const struct node *node, bool is_from)
{
	const char *key = is_from ? "from" : "to";
	const struct node *word = node->kind == NODE_LIST && node->n > 0 ? node->first : node;
	char time[UNITS_TEXT_BYTES];
	if (is_meant_as_time(node, time))
		return yaml_hint(r->error, err, "`%s` says who %s; %s when the rule holds is written `%s: %s`", key, is_from ? "sends" : "receives",
		    is_from ? "since" : "until", is_from ? "since" : "until", time);
	if (word->kind != NODE_WORD || word->text.len == 0)
		return yaml_hint(r->error, err, "leave `%s` out to mean any party", key);
	bool is_role = text_is(CHARSET_ASCII, word->text) && policy_role_parse((const char *)word->text.data) != 0;
	return yaml_hint(r->error, err, "write `%s: {%s: [...]}`", key, is_role ? "roles" : "orgs");
}

static enum consign_err
read_end(struct reader *r, const struct node *map, const char *what, struct policy_end **ret_end, const struct node **ret_orgs)
{
	bool is_from = strcmp(what, "a from") == 0;
	const struct node *roles = NULL, *orgs = NULL;
	const struct yaml_key keys[] = {{"roles", &roles, false, NULL}, {"orgs", &orgs, false, " organisations parties groups "}};
	enum consign_err err = yaml_take_keys(r->error, map, what, keys, sizeof keys / sizeof keys[0]);
	if (err == CONSIGN_OK && map->n == 0)
		err = FAIL(r, map, "found an empty mapping: expected %s with roles, orgs or both (without the key: any)", what);
	if (err != CONSIGN_OK)
		return map->n == 0 || map->kind != NODE_MAP ? hint_at_end(r, err, map, is_from) : err;
	struct policy_end *end = arena_alloc(r->arena, sizeof *end);
	if (end == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (roles != NULL)
		err = yaml_read_roles(r->error, r->arena, roles->value, &end->roles.v, &end->roles.n);
	if (err == CONSIGN_E_CONFIG && roles != NULL && roles->value->kind == NODE_LIST && roles->value->n == 0)
		return yaml_hint(r->error, err, "leave `roles` out to mean any role, or name one: `[sponsor]`");
	if (err == CONSIGN_OK && orgs != NULL) {
		err = read_orgs(r, orgs->value, end);
		*ret_orgs = orgs->value;
	}
	*ret_end = end;
	return err;
}

static enum consign_err
read_globs(struct reader *r, const struct node *list, struct policy_rule *rule)
{
	const struct node *const *words;
	size_t n;
	enum consign_err err = groups_write_out(r, GROUP_TYPES, list, &words, &n);
	if (err != CONSIGN_OK)
		return err;
	rule->types.v = arena_alloc(r->arena, n * sizeof *rule->types.v);
	if (rule->types.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	while (err == CONSIGN_OK && rule->types.n < n) {
		err = yaml_read_type(r->error, words[rule->types.n], &rule->types.v[rule->types.n]);
		rule->types.n++;
	}
	return err;
}

static enum consign_err
read_labels(struct reader *r, const struct node *list, struct policy_rule *rule)
{
	enum consign_err err =
	    yaml_check_words(r->error, list, "labels", CONSIGN_LABEL_UNBLINDED, "leave `label` out to mean all, or name one: `[open]`");
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
	enum consign_err err = yaml_read_word(
	    r->error, word, "a rule id", CHARSET_STUDY, "of A-Z a-z 0-9 . _ -", CONSIGN_RULE_MAX_BYTES, rule->id.s);
	if (err == CONSIGN_OK)
		err = names_put(&r->rule_ids, slice_text(rule->id.s), &number);
	if (err == CONSIGN_OK && number < known)
		err = yaml_hint(r->error, FAIL(r, word, "found the rule '%s' again: expected each rule id once", rule->id.s),
		    "the first one is in line %zu: give one of them another id", r->rules[number].at->line);
	return err;
}

/* ── when a rule holds, and what a permit asks for ── */

/* The keys of a rule where they stand; NULL: not there. */
struct rule_keys {
	const struct node *id, *permit, *forbid, *from, *to, *studies, *label, *since, *until, *max_size, *deliver_within, *rate;
};

static enum consign_err
read_time(struct reader *r, const struct node *word, uint64_t *ret_us)
{
	char mended[UNITS_TEXT_BYTES];
	bool is_guess;
	enum consign_err err = reader_take_unit(r, word, units_time_parse, UNITS_WORDS_OF_TIME, ret_us);
	if (err == CONSIGN_OK || word->kind != NODE_WORD || !units_time_mend(word->text, &is_guess, mended))
		return err;
	return is_guess ? yaml_hint(r->error, err, "write `%s` if that was meant in UTC", mended)
			: yaml_hint(r->error, err, "write `%s`, the same time in UTC to the second", mended);
}

static enum consign_err
read_validity(struct reader *r, const struct node *since, const struct node *until, struct policy_rule *rule)
{
	enum consign_err err = CONSIGN_OK;
	if (since != NULL)
		err = read_time(r, since->value, &rule->from_us);
	if (err == CONSIGN_OK && until != NULL)
		err = read_time(r, until->value, &rule->until_us);
	if (err == CONSIGN_OK && until != NULL && since != NULL && rule->until_us <= rule->from_us)
		return yaml_hint(r->error,
		    FAIL(r, until->value, "found an until of rule '%s' that is not after its since: expected a later time",
			rule->id.s),
		    "the rule holds from since on and no longer at until; a date is its first moment, 00:00 UTC");
	return err;
}

/* Sizes are counted padded (docs/POLICY.md 3): no message is smaller than a step of the padding of lib/seal. */
#define LEAST_OPEN_BYTES 256u
#define LEAST_BLINDED_BYTES 4096u

/* The size of the smallest message that a rule speaks of. */
static uint64_t
least_bytes(const struct policy_rule *rule)
{
	bool has_open = rule->labels.n == 0;
	for (size_t i = 0; i < rule->labels.n; i++)
		has_open = has_open || rule->labels.v[i] == CONSIGN_LABEL_OPEN;
	return has_open ? LEAST_OPEN_BYTES : LEAST_BLINDED_BYTES;
}

static enum consign_err
read_max_size(struct reader *r, const struct node *word, struct policy_rule *rule)
{
	enum consign_err err = reader_take_unit(r, word, units_size_parse, UNITS_WORDS_OF_SIZE, &rule->max_bytes);
	if (err != CONSIGN_OK)
		return err;
	if (rule->max_bytes > CONSIGN_CONTENT_MAX_BYTES)
		return yaml_hint(r->error,
		    FAIL(r, word, "found a max-size of %s: expected at most 1MiB", (const char *)word->text.data),
		    "no message is larger than that: leave max-size out");
	if (rule->max_bytes < least_bytes(rule))
		return yaml_hint(r->error,
		    FAIL(r, word,
			"found a max-size of %s, which no message under the labels of rule '%s' has: expected at least %u",
			(const char *)word->text.data, rule->id.s, (unsigned)least_bytes(rule)),
		    "messages are padded before they are counted: to 256 bytes under open, to 4096 above");
	return CONSIGN_OK;
}

static enum consign_err
read_obligations(struct reader *r, const struct rule_keys *k, struct policy_rule *rule)
{
	const struct node *max_size = k->max_size, *within = k->deliver_within;
	const struct node *first = max_size != NULL ? max_size : within != NULL ? within : k->rate;
	if (first != NULL && rule->effect == POLICY_FORBID)
		return yaml_hint(r->error,
		    FAIL(r, first, "found %s in rule '%s', which forbids: expected it in a rule that permits",
			(const char *)first->text.data, rule->id.s),
		    "a forbid holds whatever the size and however fast: put `%s` into the permit",
		    (const char *)first->text.data);
	enum consign_err err = CONSIGN_OK;
	if (max_size != NULL)
		err = read_max_size(r, max_size->value, rule);
	if (err == CONSIGN_OK && within != NULL)
		err = reader_take_unit(r, within->value, units_span_parse, UNITS_WORDS_OF_SPAN, &rule->deliver_within_us);
	if (err == CONSIGN_OK && k->rate != NULL)
		err = reader_take_rate(r, k->rate->value, false, &rule->rate_messages, &rule->rate_us);
	return err;
}

/* ── rules ── */

static enum consign_err
take_rule_keys(struct reader *r, const struct node *map, struct rule_keys *k)
{
	const struct yaml_key keys[] = {
	    {"id", &k->id, true, " name "},
	    {"permit", &k->permit, false, " allow grant accept types "},
	    {"forbid", &k->forbid, false, " deny refuse reject block "},
	    {"from", &k->from, false, " consignor sender "},
	    {"to", &k->to, false, " consignee consignees receiver "},
	    {"studies", &k->studies, false, NULL},
	    {"label", &k->label, false, NULL},
	    {"since", &k->since, false, " valid-from from-date starts after "},
	    {"until", &k->until, false, " valid-until expires ends before "},
	    {"max-size", &k->max_size, false, " max-bytes size limit "},
	    {"deliver-within", &k->deliver_within, false, " within deadline "},
	    {"rate", &k->rate, false, " limit-rate at-most throttle "},
	};
	return yaml_take_keys(r->error, map, "a rule", keys, sizeof keys / sizeof keys[0]);
}

static enum consign_err
read_effect(struct reader *r, const struct node *map, const struct rule_keys *k, struct policy_rule *rule)
{
	const struct node *permit = k->permit, *forbid = k->forbid;
	if (permit != NULL && forbid != NULL)
		return yaml_hint(r->error,
		    FAIL(r,
			forbid->line > permit->line || (forbid->line == permit->line && forbid->column > permit->column) ? forbid
															 : permit,
			"found both permit and forbid in rule '%s': expected exactly one", rule->id.s),
		    "make two rules of it, each with its id; the forbid wins where both match");
	if (permit == NULL && forbid == NULL)
		return yaml_hint(r->error,
		    FAIL(r, map, "found neither permit nor forbid in rule '%s': expected exactly one", rule->id.s),
		    "say which message types it permits or forbids: `permit: [trial.*]`");
	rule->effect = permit != NULL ? POLICY_PERMIT : POLICY_FORBID;
	return read_globs(r, permit != NULL ? permit->value : forbid->value, rule);
}

static enum consign_err
read_rule(struct reader *r, const struct node *map)
{
	struct rule_keys k = {0};
	enum consign_err err = take_rule_keys(r, map, &k);
	if (err != CONSIGN_OK)
		return err;
	struct policy_rule *rule = arena_alloc(r->arena, sizeof *rule);
	if (rule == NULL)
		return CONSIGN_E_NO_MEMORY;
	struct read_rule *read = &r->rules[r->rule_n++];
	*read = (struct read_rule){.rule = rule, .at = map, .studies = k.studies == NULL ? NULL : k.studies->value};
	rule->order = (uint32_t)r->rule_n; /* from 1, in the order of the file */
	err = read_rule_id(r, k.id->value, rule);
	if (err == CONSIGN_OK)
		err = read_effect(r, map, &k, rule);
	if (err == CONSIGN_OK && k.from != NULL)
		err = read_end(r, k.from->value, "a from", &rule->from, &read->from_orgs);
	if (err == CONSIGN_OK && k.to != NULL)
		err = read_end(r, k.to->value, "a to", &rule->to, &read->to_orgs);
	if (err == CONSIGN_OK && k.studies != NULL)
		err = yaml_check_words(r->error, k.studies->value, "studies", CONSIGN_STUDIES_MAX,
		    "leave `studies` out to mean every study, or name one");
	if (err == CONSIGN_OK && k.studies != NULL)
		err = yaml_check_distinct(r->error, k.studies->value, "studies");
	if (err == CONSIGN_OK && k.label != NULL)
		err = read_labels(r, k.label->value, rule);
	if (err == CONSIGN_OK)
		err = read_validity(r, k.since, k.until, rule);
	return err == CONSIGN_OK ? read_obligations(r, &k, rule) : err;
}

static enum consign_err
read_root(struct reader *r, const struct node *root)
{
	const struct node *version = NULL, *studies = NULL, *rules = NULL, *groups = NULL, *quotas = NULL;
	const struct yaml_key keys[] = {{"studies", &studies, true, NULL}, {"rules", &rules, true, NULL},
	    {"groups", &groups, false, NULL}, {"quotas", &quotas, false, " limits "}, {"version", &version, false, NULL}};
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
	r->study_at = arena_alloc(r->scratch, (studies->value->n + 1) * sizeof(struct node *));
	r->rules = arena_alloc(r->scratch, (rules->value->n + 1) * sizeof *r->rules);
	if (r->studies == NULL || r->study_at == NULL || r->rules == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (const struct node *study = studies->value->first; err == CONSIGN_OK && study != NULL; study = study->next)
		err = read_study(r, study);
	if (err == CONSIGN_OK && groups != NULL)
		err = groups_read(r, groups->value);
	if (err == CONSIGN_OK && quotas != NULL)
		err = quotas_read(r, quotas->value);
	for (const struct node *rule = rules->value->first; err == CONSIGN_OK && rule != NULL; rule = rule->next)
		err = read_rule(r, rule);
	return err;
}

/* ── what the parts do not say ── */

static enum consign_err
settle_rule(struct reader *r, const struct read_rule *read, struct policy_file_rule *rule)
{
	rule->rule = read->rule;
	rule->at = reader_place(read->at);
	if (read->studies == NULL)
		return CONSIGN_OK;
	rule->studies.v = arena_alloc(r->arena, read->studies->n * sizeof *rule->studies.v);
	if (rule->studies.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (const struct node *word = read->studies->first; word != NULL; word = word->next)
		memcpy(rule->studies.v[rule->studies.n++].s, word->text.data, word->text.len);
	return CONSIGN_OK;
}

static enum consign_err
settle_study(struct reader *r, size_t study, struct policy_file_study *ret_study)
{
	const struct policy_study *s = r->studies[study];
	ret_study->at = reader_place(r->study_at[study]);
	ret_study->parties = arena_alloc(r->arena, s->parties.n * sizeof *ret_study->parties);
	if (ret_study->parties == NULL)
		return CONSIGN_E_NO_MEMORY;
	const struct node *key = r->study_at[study]->first;
	while (!slice_equal(key->text, slice_text("parties")))
		key = key->next;
	size_t n = 0;
	for (const struct node *party = key->value->first; party != NULL; party = party->next)
		ret_study->parties[n++] = reader_place(party);
	return CONSIGN_OK;
}

static enum consign_err
settle(struct reader *r, struct policy_file_parts *parts)
{
	struct policy_file_rule *rules = arena_alloc(r->arena, (r->rule_n + 1) * sizeof *rules);
	struct policy_file_study *studies = arena_alloc(r->arena, (r->study_n + 1) * sizeof *studies);
	enum consign_err err = rules == NULL || studies == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	for (size_t i = 0; err == CONSIGN_OK && i < r->rule_n; i++)
		err = settle_rule(r, &r->rules[i], &rules[i]);
	for (size_t i = 0; err == CONSIGN_OK && i < r->study_n; i++)
		err = settle_study(r, i, &studies[i]);
	if (err != CONSIGN_OK)
		return err;
	parts->rules.v = rules;
	parts->rules.n = r->rule_n;
	parts->studies.v = studies;
	parts->studies.n = r->study_n;
	return groups_settle(r, parts);
}

enum consign_err
policy_file_parse(struct consign_slice yaml, bool (*org_known)(void *context, const char *org), void *context,
    struct arena *arena, struct policy_file_parts *ret_parts, struct policy_file_error *ret_error)
{
	struct reader r = {
	    .arena = arena, .org_known = org_known, .context = context, .error = ret_error, .written_bytes = yaml.len};
	struct policy_file_parts parts = {0};
	struct node *root;
	if (yaml.len > CONSIGN_POLICY_SOURCE_MAX_BYTES)
		return CONSIGN_E_TOO_BIG;
	enum consign_err err = arena_new(TREE_BUDGET_BYTES, &r.scratch);
	if (err == CONSIGN_OK)
		err = yaml_tree_read(yaml, &policy_form, r.scratch, &root, ret_error);
	if (err == CONSIGN_OK)
		err = read_root(&r, root);
	if (err == CONSIGN_OK)
		err = reader_make_parts(&r, &parts);
	if (err == CONSIGN_OK)
		err = settle(&r, &parts);
	if (err == CONSIGN_OK)
		*ret_parts = parts;
	names_clear(&r.study_ids);
	names_clear(&r.rule_ids);
	names_clear(&r.orgs);
	numbers_clear(&r.party_of);
	arena_free(&r.scratch);
	return err;
}
