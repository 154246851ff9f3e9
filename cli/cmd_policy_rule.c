/* `consign policy allow|forbid|revoke`: one rule more or less in the policy in force, whose file stays as it was written. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "policy_change.h"
#include "print.h"
#include "word_list.h"

#define ROLE_PREFIX "role:"

/* A rule's id that was not given: short enough to grow by a number. */
#define MADE_ID_BYTES (CONSIGN_RULE_MAX_BYTES - 8)

struct rule_words {
	struct word_list from, to, types, studies, labels;
};

static void
clear_words(struct rule_words *w)
{
	word_list_clear(&w->from);
	word_list_clear(&w->to);
	word_list_clear(&w->types);
	word_list_clear(&w->studies);
	word_list_clear(&w->labels);
}

/* `role:cro` and organisations in one end would have to hold both, which nobody means who says the option twice. */
static enum consign_err
read_end(const char *option, struct word_list *words, struct policy_edit_end *ret_end)
{
	size_t roles = 0;

	if (words->n == 1 && strcmp(words->v[0], "*") == 0)
		return CONSIGN_OK;
	for (size_t i = 0; i < words->n; i++) {
		bool is_role = strncmp(words->v[i], ROLE_PREFIX, strlen(ROLE_PREFIX)) == 0;

		if (is_role)
			memmove(words->v[i], words->v[i] + strlen(ROLE_PREFIX), strlen(words->v[i]) - strlen(ROLE_PREFIX) + 1);
		else if (words->v[i][0] != '@' && !text_is(CHARSET_ORG, slice_text(words->v[i])))
			return say_fail(CONSIGN_E_USAGE,
			    "--%s %s: expected an organisation, a role such as role:sponsor, a group such as @sites, or '*' alone",
			    option, words->v[i]);
		roles += is_role;
	}
	if (roles > 0 && roles < words->n) {
		say_error("--%s names organisations and roles: a rule would want both of the same party", option);
		say_hint("make two rules, or say it with `consign policy edit`");
		return CONSIGN_E_USAGE;
	}
	*(roles > 0 ? &ret_end->roles : &ret_end->orgs) = word_list_words(words);
	return CONSIGN_OK;
}

static void
grow_id(char id[CONSIGN_RULE_MAX_BYTES + 1], const char *before, const char *word)
{
	size_t len = strlen(id);

	for (const char *part[] = {before, word}, **p = part; p < part + 2; p++)
		for (const char *c = *p; *c != '\0' && len < MADE_ID_BYTES; c++)
			if (text_is(CHARSET_STUDY, slice_of(c, 1)) && !(*c == '.' && (c[1] == '\0' || c[1] == '*')))
				id[len++] = *c;
	id[len] = '\0';
}

/*
 * "permit-trial.query-from-cro-to-sponsor". A rule's id stands in the part of every study that the rule concerns, so it names
 * an organisation only where that one is named in each of them: alone at its end. Never a study.
 */
static void
make_id(const struct policy_edit_rule *rule, char ret_id[CONSIGN_RULE_MAX_BYTES + 1])
{
	const struct policy_edit_end *ends[] = {&rule->from, &rule->to};

	ret_id[0] = '\0';
	grow_id(ret_id, rule->is_forbid ? "forbid" : "permit", "");
	for (size_t i = 0; i < rule->types.n; i++)
		grow_id(ret_id, "-", strcmp(rule->types.v[i], "*") == 0 ? "all" : rule->types.v[i]);
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < ends[i]->roles.n; k++)
			grow_id(ret_id, k > 0 ? "-" : i == 0 ? "-from-" : "-to-", ends[i]->roles.v[k]);
		/* A group may have members elsewhere. */
		if (ends[i]->orgs.n == 1 && ends[i]->orgs.v[0][0] != '@')
			grow_id(ret_id, i == 0 ? "-from-" : "-to-", ends[i]->orgs.v[0]);
	}
}

static enum consign_err
read_rule(const struct args *args, struct rule_words *words, struct policy_edit_rule *rule)
{
	enum consign_err err = word_list_given(&words->from, args, "from");

	if (err == CONSIGN_OK)
		err = word_list_given(&words->to, args, "to");
	if (err == CONSIGN_OK)
		err = word_list_given(&words->types, args, "type");
	if (err == CONSIGN_OK)
		err = word_list_given(&words->studies, args, "study");
	if (err == CONSIGN_OK)
		err = word_list_given(&words->labels, args, "label");
	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	err = read_end("from", &words->from, &rule->from);
	if (err == CONSIGN_OK)
		err = read_end("to", &words->to, &rule->to);
	rule->types = word_list_words(&words->types);
	rule->studies = word_list_words(&words->studies);
	rule->labels = word_list_words(&words->labels);
	rule->since = args_value(args, "since");
	rule->until = args_value(args, "until");
	return err;
}

static enum consign_err
add_rule(const struct args *args, bool is_forbid)
{
	struct policy_edit edit = {.kind = POLICY_ADD_RULE, .rule = {.is_forbid = is_forbid}};
	struct rule_words words = {0};
	char made[CONSIGN_RULE_MAX_BYTES + 1];
	enum consign_err err = read_rule(args, &words, &edit.rule);

	if (err == CONSIGN_OK) {
		make_id(&edit.rule, made);
		edit.rule.id = args_value(args, "id");
		edit.rule.may_number = edit.rule.id == NULL;
		if (edit.rule.id == NULL)
			edit.rule.id = made;
		err = policy_change_run(args, &edit);
	}
	clear_words(&words);
	return err;
}

enum consign_err
cmd_policy_allow(const struct args *args)
{
	return add_rule(args, false);
}

enum consign_err
cmd_policy_forbid(const struct args *args)
{
	return add_rule(args, true);
}

enum consign_err
cmd_policy_revoke(const struct args *args)
{
	const struct policy_edit edit = {.kind = POLICY_REMOVE_RULE, .rule = {.id = args->words[0]}};

	return policy_change_run(args, &edit);
}
