/* `consign party …`: who takes part in a study, as what, and up to which label. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "policy_change.h"
#include "policy_view.h"
#include "print.h"
#include "word_list.h"

static const struct policy_party *
find_party(const struct hub_policy *policy, const char *study, const char *org)
{
	for (size_t i = 0; i < policy->n_parts; i++) {
		const struct policy_study *s = policy->parts[i]->study;

		for (size_t k = 0; s != NULL && strcmp(s->id.s, study) == 0 && k < s->parties.n; k++)
			if (strcmp(s->parties.v[k]->org.s, org) == 0)
				return s->parties.v[k];
	}
	return NULL;
}

/* A party that is there gets the further roles, and the clearance when one was said. */
static enum consign_err
add_to_party(struct policy_change *change, const struct policy_party *there, const struct policy_edit *edit, struct word_list *roles)
{
	struct policy_edit_party party = edit->parties[0];
	struct policy_edit step = *edit;
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < there->roles.n; i++)
		err = word_list_split(roles, policy_role_text(there->roles.v[i]), ',');
	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	party.roles = word_list_words(roles);
	step.parties = &party;
	step.kind = POLICY_SET_ROLES;
	err = policy_change_edit(change, &step);
	if (err == CONSIGN_OK && party.clearance != NULL) {
		struct buf first = change->before;

		/* The second step starts from what the first one made. */
		change->before = change->after;
		change->after = (struct buf){0};
		step.kind = POLICY_SET_CLEARANCE;
		err = policy_change_edit(change, &step);
		buf_clear(&change->before);
		change->before = first;
	}
	return err;
}

enum consign_err
cmd_party_add(const struct args *args)
{
	struct policy_edit_party party = {.org = args->words[1], .clearance = args_value(args, "clearance")};
	const struct policy_edit edit = {.kind = POLICY_ADD_PARTY, .study = args->words[0], .parties = &party, .n_parties = 1};
	struct policy_change change = {0};
	struct word_list roles = {0};
	enum consign_err err = word_list_given(&roles, args, "role");

	if (err != CONSIGN_OK)
		say_error("%s", consign_err_text(err));
	party.roles = word_list_words(&roles);
	if (err == CONSIGN_OK && (err = policy_change_open(args, &change)) == CONSIGN_OK) {
		const struct policy_party *there = find_party(hub_policy(change.desk.hub), args->words[0], args->words[1]);

		err = there == NULL ? policy_change_edit(&change, &edit) : add_to_party(&change, there, &edit, &roles);
		if (err == CONSIGN_OK)
			err = policy_change_commit(&change);
		policy_change_close(&change);
	}
	word_list_clear(&roles);
	return err;
}

enum consign_err
cmd_party_remove(const struct args *args)
{
	const struct policy_edit_party party = {.org = args->words[1]};
	const struct policy_edit edit = {.kind = POLICY_REMOVE_PARTY, .study = args->words[0], .parties = &party, .n_parties = 1};

	return policy_change_run(args, &edit);
}

enum consign_err
cmd_party_clear(const struct args *args)
{
	const struct policy_edit_party party = {.org = args->words[1], .clearance = args->words[2]};
	const struct policy_edit edit = {.kind = POLICY_SET_CLEARANCE, .study = args->words[0], .parties = &party, .n_parties = 1};
	enum consign_label label;

	if (label_parse(args->words[2], &label) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "%s is no label: expected open, restricted or unblinded", args->words[2]);
	return policy_change_run(args, &edit);
}
