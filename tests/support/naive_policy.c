#include "naive_policy.h"

#include <string.h>

/* Section 5: a * stands for any run of characters, also for none; everything else for itself. */
static bool
glob_is(const char *glob, const char *text)
{
	if (*glob == '\0')
		return *text == '\0';
	if (*glob == '*')
		return glob_is(glob + 1, text) || (*text != '\0' && glob_is(glob, text + 1));
	return *glob == *text && glob_is(glob + 1, text + 1);
}

static const struct policy_party *
party_in(const struct policy_study *study, const char *org)
{
	for (size_t i = 0; study != NULL && i < study->parties.n; i++)
		if (strcmp(study->parties.v[i]->org.s, org) == 0)
			return study->parties.v[i];
	return NULL;
}

static bool
holds_a_role(const struct policy_party *party, const struct policy_end *end)
{
	for (size_t i = 0; i < end->roles.n; i++)
		for (size_t j = 0; j < party->roles.n; j++)
			if (end->roles.v[i] == party->roles.v[j])
				return true;
	return end->roles.n == 0;
}

static bool
is_named(const struct policy_party *party, const struct policy_end *end)
{
	for (size_t i = 0; i < end->orgs.n; i++)
		if (strcmp(end->orgs.v[i].s, party->org.s) == 0)
			return true;
	return end->orgs.n == 0;
}

static bool
meets(const struct policy_party *party, const struct policy_end *end)
{
	return end == NULL || (holds_a_role(party, end) && is_named(party, end));
}

static bool
is_of_type(const struct policy_rule *rule, const char *type)
{
	for (size_t i = 0; i < rule->types.n; i++)
		if (glob_is(rule->types.v[i].s, type))
			return true;
	return false;
}

static bool
is_under_label(const struct policy_rule *rule, enum consign_label label)
{
	for (size_t i = 0; i < rule->labels.n; i++)
		if (rule->labels.v[i] == label)
			return true;
	return rule->labels.n == 0;
}

static bool
is_valid_then(const struct policy_rule *rule, uint64_t at_us)
{
	if (rule->from_us == 0 && rule->until_us == 0)
		return true;
	if (at_us == 0)
		return rule->effect == POLICY_FORBID;
	if (rule->from_us != 0 && at_us < rule->from_us)
		return false;
	if (rule->until_us != 0 && at_us >= rule->until_us)
		return false;
	return true;
}

static bool
is_small_enough(const struct policy_rule *rule, uint64_t bytes)
{
	if (rule->max_bytes == 0 || bytes == 0)
		return true;
	return bytes <= rule->max_bytes;
}

static bool
matches(const struct policy_rule *rule, const struct policy_question *q, const struct policy_party *from,
    const struct policy_party *to)
{
	return is_of_type(rule, q->type) && is_under_label(rule, q->label) && meets(from, rule->from) && meets(to, rule->to) &&
	       is_valid_then(rule, q->at_us) && is_small_enough(rule, q->bytes);
}

/* The first by order of those that match; of equal orders the one that stands first, common rules before a study's. */
static const struct policy_rule *
first_rule(struct policy_rule *const *rules, size_t n, uint32_t effect, const struct policy_question *q,
    const struct policy_party *from, const struct policy_party *to, const struct policy_rule *first)
{
	for (size_t i = 0; i < n; i++)
		if (rules[i]->effect == effect && matches(rules[i], q, from, to) &&
		    (first == NULL || rules[i]->order < first->order))
			first = rules[i];
	return first;
}

void
naive_decide(struct policy_part *const *parts, size_t n, const struct policy_question *q, struct policy_verdict *ret_verdict)
{
	struct policy_verdict v = {.rule = "", .clearance = CONSIGN_LABEL_OPEN};
	const struct policy_study *study = NULL;
	const struct policy_common *common = NULL;

	for (size_t i = 0; i < n; i++) {
		if (parts[i]->common != NULL)
			common = parts[i]->common;
		if (parts[i]->study != NULL && strcmp(parts[i]->study->id.s, q->study) == 0)
			study = parts[i]->study;
	}
	const struct policy_party *from = party_in(study, q->consignor), *to = party_in(study, q->consignee);
	const struct policy_rule *rule = NULL;

	if (from == NULL) {
		v.code = CONSIGN_CODE_STUDY_UNKNOWN;
	} else if (to == NULL) {
		v.code = CONSIGN_CODE_NOT_A_PARTY;
	} else {
		v.clearance = (enum consign_label)to->clearance;
		v.code = CONSIGN_CODE_CLEARANCE;
		if (q->label >= CONSIGN_LABEL_OPEN && q->label <= v.clearance) {
			for (uint32_t effect = POLICY_FORBID; rule == NULL && effect >= POLICY_PERMIT; effect--) {
				if (common != NULL)
					rule = first_rule(common->rules.v, common->rules.n, effect, q, from, to, NULL);
				rule = first_rule(study->rules.v, study->rules.n, effect, q, from, to, rule);
			}
			v.code = CONSIGN_CODE_POLICY_NO_RULE;
		}
	}
	if (rule != NULL) {
		v.code = rule->effect == POLICY_FORBID ? CONSIGN_CODE_POLICY_FORBIDDEN : CONSIGN_CODE_NONE;
		v.rule = rule->id.s;
		v.deliver_within_us = rule->deliver_within_us;
	}
	*ret_verdict = v;
}
