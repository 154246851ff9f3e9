/* The words of a profile: which keys there are and what may stand behind each. The comparison: profile_compare.c. */
#include "policy/profile.h"

#include <stdio.h>
#include <string.h>

#include "policy/table.h"
#include "policy/units.h"
#include "policy/yaml_words.h"

#define TREE_BUDGET_BYTES (PROFILE_MAX_BYTES * 96u)
#define DEFAULT_SUBSCRIPTION "default"

#define FAIL(r, node, ...) yaml_fail_at((r)->error, (node)->line, (node)->column, __VA_ARGS__)

static const struct yaml_form form = {"profile", "role and title", "profiles/cdmo.yaml"};
static const char *const when_words[] = {
    [PROFILE_UNACKNOWLEDGED] = "unacknowledged", [PROFILE_REFUSED] = "refused"};

struct profile_reader {
	struct arena *arena;
	struct policy_file_error *error;
	struct profile *profile;
};

const char *
profile_when_text(enum profile_when when)
{
	return when_words[when];
}

/* One line for people, copied. what: "a title" */
static enum consign_err
read_line(struct profile_reader *r, const struct node *word, const char *what, const char **ret_line)
{
	char text[PROFILE_SAYS_MAX_BYTES + 1];
	enum consign_err err = yaml_read_word(
	    r->error, word, what, CHARSET_UTF8, "one line without control characters", PROFILE_SAYS_MAX_BYTES, text);
	if (err != CONSIGN_OK)
		return err;
	*ret_line = (const char *)arena_copy(r->arena, word->text).data;
	return *ret_line == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

/* Checks the list and makes room for its elements. */
static enum consign_err
open_list(struct profile_reader *r, const struct node *list, const char *what, size_t max, size_t size, void *ret_v)
{
	enum consign_err err = yaml_check_list(r->error, list, what, 0, max);
	if (err != CONSIGN_OK)
		return err;
	void *v = arena_alloc(r->arena, (list->n + 1) * size);
	if (v == NULL)
		return CONSIGN_E_NO_MEMORY;
	memcpy(ret_v, &v, sizeof v);
	return CONSIGN_OK;
}

/* ── sends, receives ── */

/* ends: the key of the roles, "to" or "from". what: "a sends" */
static enum consign_err
read_way(struct profile_reader *r, const struct node *map, const char *what, const char *ends, struct profile_way *way)
{
	const struct node *type = NULL, *roles = NULL;
	const struct yaml_key keys[] = {{"type", &type, true, NULL}, {ends, &roles, true}};
	enum consign_err err = yaml_take_keys(r->error, map, what, keys, sizeof keys / sizeof keys[0]);
	if (err == CONSIGN_OK)
		err = yaml_read_type(r->error, type->value, &way->type);
	if (err == CONSIGN_OK)
		err = yaml_read_roles(r->error, r->arena, roles->value, &way->roles.v, &way->roles.n);
	return err;
}

static enum consign_err
read_ways(struct profile_reader *r, const struct node *list, const char *name, const char *ends, struct profile_way **ret_v,
    size_t *ret_n)
{
	struct names seen = {0};
	struct profile_way *v = NULL;
	char what[32];
	size_t n = 0;
	snprintf(what, sizeof what, "an entry of %s", name);
	enum consign_err err = open_list(r, list, name, PROFILE_WAYS_MAX, sizeof *v, &v);
	for (const struct node *map = list->first; err == CONSIGN_OK && map != NULL; map = map->next, n++) {
		size_t known = seen.n;
		uint32_t number;
		err = read_way(r, map, what, ends, &v[n]);
		if (err == CONSIGN_OK)
			err = names_put(&seen, slice_text(v[n].type.s), &number);
		if (err == CONSIGN_OK && number < known)
			err = FAIL(r, map, "found the type '%s' again in %s: expected one entry with all its roles", v[n].type.s, name);
	}
	names_clear(&seen);
	*ret_v = v;
	*ret_n = n;
	return err;
}

/* ── watches ── */

static const struct profile_watch *
find_watch(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->watches.n; i++)
		if (strcmp(p->watches.v[i].name, name) == 0)
			return &p->watches.v[i];
	return NULL;
}

static enum consign_err
read_watch_name(struct profile_reader *r, const struct node *word, struct profile_watch *watch)
{
	enum consign_err err = yaml_read_word(r->error, word, "the name of a subscription", CHARSET_STUDY, "of A-Z a-z 0-9 . _ -",
	    CONSIGN_SUBSCRIPTION_MAX_BYTES, watch->name);
	if (err != CONSIGN_OK)
		return err;
	if (strcmp(watch->name, DEFAULT_SUBSCRIPTION) == 0)
		return FAIL(r, word, "found '" DEFAULT_SUBSCRIPTION
		    "': expected another name, for that one is there already, with every type and study");
	if (find_watch(r->profile, watch->name) != NULL)
		return FAIL(r, word, "found the subscription '%s' again: expected each name once", watch->name);
	return CONSIGN_OK;
}

static enum consign_err
read_watch(struct profile_reader *r, const struct node *map, struct profile_watch *watch)
{
	const struct node *as = NULL, *type = NULL, *study = NULL, *says = NULL;
	const struct yaml_key keys[] = {
	    {"as", &as, true, NULL}, {"type", &type, true, NULL}, {"study", &study, false, NULL}, {"says", &says, true, NULL}};
	enum consign_err err = yaml_take_keys(r->error, map, "an entry of watches", keys, sizeof keys / sizeof keys[0]);
	if (err == CONSIGN_OK)
		err = read_watch_name(r, as->value, watch);
	if (err == CONSIGN_OK)
		err = yaml_read_type(r->error, type->value, &watch->type);
	if (err == CONSIGN_OK && study != NULL)
		err = yaml_read_word(r->error, study->value, "a study id or the word any", CHARSET_STUDY, "of A-Z a-z 0-9 . _ -",
		    CONSIGN_STUDY_MAX_BYTES, watch->study.s);
	if (err == CONSIGN_OK && strcmp(watch->study.s, "any") == 0)
		watch->study.s[0] = '\0';
	return err == CONSIGN_OK ? read_line(r, says->value, "what it is for", &watch->says) : err;
}

static enum consign_err
read_watches(struct profile_reader *r, const struct node *list)
{
	struct profile *p = r->profile;
	enum consign_err err = open_list(r, list, "watches", PROFILE_WATCHES_MAX, sizeof *p->watches.v, &p->watches.v);
	for (const struct node *map = list->first; err == CONSIGN_OK && map != NULL; map = map->next) {
		err = read_watch(r, map, &p->watches.v[p->watches.n]);
		p->watches.n += err == CONSIGN_OK;
	}
	return err;
}

/* ── alarms ── */

static enum consign_err
read_when(struct profile_reader *r, const struct node *word, enum profile_when *ret_when)
{
	char shown[SHOWN_BYTES];
	for (enum profile_when when = PROFILE_UNACKNOWLEDGED; when <= PROFILE_REFUSED; when++)
		if (word->kind == NODE_WORD && slice_equal(word->text, slice_text(when_words[when]))) {
			*ret_when = when;
			return CONSIGN_OK;
		}
	return FAIL(r, word, "found %s: expected unacknowledged or refused", yaml_show(word, shown));
}

static enum consign_err
read_within(struct profile_reader *r, const struct node *word, struct profile_alarm *alarm)
{
	char shown[SHOWN_BYTES];
	uint64_t us;
	if (word->kind != NODE_WORD || word->text.len >= sizeof alarm->within || units_span_parse(word->text, &us) != CONSIGN_OK ||
	    us > PROFILE_WITHIN_MAX_US)
		return FAIL(r, word, "found %s: expected a time, " UNITS_WORDS_OF_SPAN, yaml_show(word, shown));
	alarm->within_us = us;
	memcpy(alarm->within, word->text.data, word->text.len);
	alarm->within[word->text.len] = '\0';
	return CONSIGN_OK;
}

/* Whose acknowledgements count beside those of default: of a subscription that has every type of the alarm. */
static enum consign_err
read_alarm_as(struct profile_reader *r, const struct node *as, const struct node *type, struct profile_alarm *alarm)
{
	if (alarm->when != PROFILE_UNACKNOWLEDGED) {
		if (as != NULL)
			return FAIL(r, as, "found the key 'as' in an alarm for what is %s: expected it for unacknowledged only",
			    when_words[alarm->when]);
		return CONSIGN_OK;
	}
	snprintf(alarm->as, sizeof alarm->as, DEFAULT_SUBSCRIPTION);
	if (as == NULL)
		return CONSIGN_OK;
	enum consign_err err = yaml_read_word(r->error, as->value, "the name of a subscription", CHARSET_STUDY,
	    "of A-Z a-z 0-9 . _ -", CONSIGN_SUBSCRIPTION_MAX_BYTES, alarm->as);
	if (err != CONSIGN_OK || strcmp(alarm->as, DEFAULT_SUBSCRIPTION) == 0)
		return err;
	const struct profile_watch *watch = find_watch(r->profile, alarm->as);
	if (watch == NULL)
		return FAIL(r, as->value, "found '%s': expected a name of watches, or " DEFAULT_SUBSCRIPTION, alarm->as);
	/* A * of the alarm is matched by a * only: then the one glob lies within the other. */
	if (!glob_match(watch->type.s, alarm->type.s))
		return FAIL(r, type->value, "found '%s': expected types that the subscription '%s' has, which are %s",
		    alarm->type.s, watch->name, watch->type.s);
	return CONSIGN_OK;
}

static enum consign_err
check_alarm_new(struct profile_reader *r, const struct node *map, const struct profile_alarm *alarm)
{
	for (size_t i = 0; i < r->profile->alarms.n; i++) {
		const struct profile_alarm *other = &r->profile->alarms.v[i];
		if (other->when == alarm->when && strcmp(other->type.s, alarm->type.s) == 0 && strcmp(other->as, alarm->as) == 0)
			return FAIL(r, map, "found the alarm for '%s' %s again: expected it once", alarm->type.s,
			    when_words[alarm->when]);
	}
	return CONSIGN_OK;
}

static enum consign_err
read_alarm(struct profile_reader *r, const struct node *map, struct profile_alarm *alarm)
{
	const struct node *type = NULL, *when = NULL, *within = NULL, *as = NULL, *says = NULL;
	const struct yaml_key keys[] = {{"type", &type, true, NULL}, {"when", &when, true, NULL}, {"within", &within, true, NULL},
	    {"as", &as, false, NULL}, {"says", &says, true, NULL}};
	enum consign_err err = yaml_take_keys(r->error, map, "an entry of alarms", keys, sizeof keys / sizeof keys[0]);
	if (err == CONSIGN_OK)
		err = yaml_read_type(r->error, type->value, &alarm->type);
	if (err == CONSIGN_OK)
		err = read_when(r, when->value, &alarm->when);
	if (err == CONSIGN_OK)
		err = read_within(r, within->value, alarm);
	if (err == CONSIGN_OK)
		err = read_alarm_as(r, as, type, alarm);
	if (err == CONSIGN_OK)
		err = check_alarm_new(r, map, alarm);
	return err == CONSIGN_OK ? read_line(r, says->value, "what it means", &alarm->says) : err;
}

static enum consign_err
read_alarms(struct profile_reader *r, const struct node *list)
{
	struct profile *p = r->profile;
	enum consign_err err = open_list(r, list, "alarms", PROFILE_ALARMS_MAX, sizeof *p->alarms.v, &p->alarms.v);
	for (const struct node *map = list->first; err == CONSIGN_OK && map != NULL; map = map->next) {
		err = read_alarm(r, map, &p->alarms.v[p->alarms.n]);
		p->alarms.n += err == CONSIGN_OK;
	}
	return err;
}

/* ── the whole ── */

static enum consign_err
read_root(struct profile_reader *r, const struct node *root)
{
	const struct node *role = NULL, *title = NULL, *sends = NULL, *receives = NULL, *watches = NULL, *alarms = NULL;
	const struct yaml_key keys[] = {{"role", &role, true, NULL}, {"title", &title, true, NULL}, {"sends", &sends, false, NULL},
	    {"receives", &receives, false, NULL}, {"watches", &watches, false, NULL}, {"alarms", &alarms, false, NULL}};
	struct profile *p = r->profile;
	enum consign_err err = yaml_take_keys(r->error, root, "a profile", keys, sizeof keys / sizeof keys[0]);
	if (err == CONSIGN_OK)
		err = yaml_read_role(r->error, role->value, &p->role);
	if (err == CONSIGN_OK)
		err = read_line(r, title->value, "a title", &p->title);
	if (err == CONSIGN_OK && sends != NULL)
		err = read_ways(r, sends->value, "sends", "to", &p->sends.v, &p->sends.n);
	if (err == CONSIGN_OK && receives != NULL)
		err = read_ways(r, receives->value, "receives", "from", &p->receives.v, &p->receives.n);
	/* Alarms name watches, wherever in the file those stand. */
	if (err == CONSIGN_OK && watches != NULL)
		err = read_watches(r, watches->value);
	if (err == CONSIGN_OK && alarms != NULL)
		err = read_alarms(r, alarms->value);
	return err;
}

enum consign_err
profile_read(struct consign_slice yaml, struct arena *arena, struct profile **ret_profile, struct policy_file_error *ret_error)
{
	struct profile_reader r = {.arena = arena, .error = ret_error};
	struct arena *scratch = NULL;
	struct node *root;
	if (yaml.len > PROFILE_MAX_BYTES)
		return CONSIGN_E_TOO_BIG;
	enum consign_err err = arena_new(TREE_BUDGET_BYTES, &scratch);
	if (err == CONSIGN_OK)
		err = yaml_tree_read(yaml, &form, scratch, &root, ret_error);
	if (err == CONSIGN_OK)
		err = (r.profile = arena_alloc(arena, sizeof *r.profile)) == NULL ? CONSIGN_E_NO_MEMORY : read_root(&r, root);
	arena_free(&scratch);
	if (err == CONSIGN_OK)
		*ret_profile = r.profile;
	return err;
}
