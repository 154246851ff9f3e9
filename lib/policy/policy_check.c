/*
 * Warnings about a policy that is well-formed and yet not what anybody can have meant. Works on the parts, so that it
 * sees rules as each study will. Not in a hurry: it looks at every rule in every study.
 */
#include <stdio.h>

#include "policy/policy.h"
#include "policy/policy_file.h"

struct checker {
	const struct policy_file_parts *parts;
	void (*say)(void *context, const char *sentence);
	void *context;
	size_t findings;
};

static void
report(struct checker *c, const char *sentence)
{
	c->findings++;
	if (c->say != NULL)
		c->say(c->context, sentence);
}

static bool
end_matches(const struct policy_end *end, const struct policy_party *party)
{
	bool has_role = end == NULL || end->roles.n == 0, has_org = end == NULL || end->orgs.n == 0;
	for (size_t i = 0; !has_role && i < end->roles.n; i++) {
		for (size_t j = 0; !has_role && j < party->roles.n; j++)
			has_role = end->roles.v[i] == party->roles.v[j];
	}
	for (size_t i = 0; !has_org && i < end->orgs.n; i++)
		has_org = slice_equal(slice_text(end->orgs.v[i].s), slice_text(party->org.s));
	return has_role && has_org;
}

/* Whether a party may receive any of the labels that a permit speaks of; a forbid above all clearances is harmless care. */
static bool
is_cleared(const struct policy_rule *rule, const struct policy_party *party)
{
	bool is = rule->effect == POLICY_FORBID || rule->labels.n == 0;
	for (size_t i = 0; !is && i < rule->labels.n; i++)
		is = rule->labels.v[i] <= party->clearance;
	return is;
}

/* The first party that may be at one end of the rule, other than `beside`; NULL: none. */
static const struct policy_party *
find_end(const struct policy_study *study, const struct policy_rule *rule, bool is_to, const struct policy_party *beside)
{
	for (size_t i = 0; i < study->parties.n; i++) {
		const struct policy_party *party = study->parties.v[i];
		if (party == beside || !end_matches(is_to ? rule->to : rule->from, party))
			continue;
		if (!is_to || is_cleared(rule, party))
			return party;
	}
	return NULL;
}

/* Whether two parties of the study can be the rule's two ends. */
static bool
can_match(const struct policy_study *study, const struct policy_rule *rule)
{
	const struct policy_party *from = find_end(study, rule, false, NULL);
	if (from == NULL)
		return false;
	if (find_end(study, rule, true, from) != NULL)
		return true;
	/* The only consignee may be that first consignor itself: then another consignor must exist. */
	return find_end(study, rule, true, NULL) != NULL && find_end(study, rule, false, from) != NULL;
}

static bool
can_match_anywhere(const struct checker *c, const struct policy_rule *rule)
{
	bool can = false;
	for (size_t i = 0; !can && i < c->parts->parts.n; i++) {
		const struct policy_study *study = c->parts->parts.v[i]->study;
		can = study != NULL && can_match(study, rule);
	}
	return can;
}

static void
check_common(struct checker *c, const struct policy_common *common)
{
	char sentence[256];
	for (size_t i = 0; i < common->rules.n; i++) {
		const struct policy_rule *rule = common->rules.v[i];
		if (can_match_anywhere(c, rule))
			continue;
		(void)snprintf(sentence, sizeof sentence,
		    "rule '%s' can never match: no study has two parties with its roles and, for a permit, the clearance",
		    rule->id.s);
		report(c, sentence);
	}
}

/* The rule with this order, as one study sees it; NULL: it does not concern the study. Parts keep rules in rising order. */
static const struct policy_rule *
find_rule(const struct policy_study *study, uint32_t order)
{
	size_t low = 0, high = study->rules.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (study->rules.v[middle]->order < order)
			low = middle + 1;
		else
			high = middle;
	}
	return low < study->rules.n && study->rules.v[low]->order == order ? study->rules.v[low] : NULL;
}

/* A rule of several studies is worth a word where it is idle in all of them: said once, in the first of them. */
static bool
is_said_or_alive(const struct checker *c, size_t part, const struct policy_rule *rule)
{
	for (size_t i = 0; i < c->parts->parts.n; i++) {
		const struct policy_study *study = c->parts->parts.v[i]->study;
		const struct policy_rule *there = study == NULL ? NULL : find_rule(study, rule->order);
		if (there != NULL && (i < part || can_match(study, there)))
			return true;
	}
	return false;
}

static void
check_rules_of(struct checker *c, size_t part, const struct policy_study *study)
{
	char sentence[256];
	for (size_t i = 0; i < study->rules.n; i++) {
		const struct policy_rule *rule = study->rules.v[i];
		if (can_match(study, rule) || is_said_or_alive(c, part, rule))
			continue;
		(void)snprintf(sentence, sizeof sentence,
		    "rule '%s' can never match: no study that it covers has two parties with its roles and, for a permit, the "
		    "clearance",
		    rule->id.s);
		report(c, sentence);
	}
}

static bool
is_in_rule(const struct policy_study *study, const struct policy_party *party, const struct policy_rule *rule)
{
	if (rule->effect != POLICY_PERMIT)
		return false;
	if (end_matches(rule->from, party) && find_end(study, rule, true, party) != NULL)
		return true;
	return end_matches(rule->to, party) && is_cleared(rule, party) && find_end(study, rule, false, party) != NULL;
}

static void
check_parties(struct checker *c, const struct policy_common *common, const struct policy_study *study)
{
	char sentence[256];
	for (size_t i = 0; i < study->parties.n; i++) {
		const struct policy_party *party = study->parties.v[i];
		bool is_in = false;
		for (size_t j = 0; !is_in && j < study->rules.n; j++)
			is_in = is_in_rule(study, party, study->rules.v[j]);
		for (size_t j = 0; !is_in && common != NULL && j < common->rules.n; j++)
			is_in = is_in_rule(study, party, common->rules.v[j]);
		if (is_in)
			continue;
		(void)snprintf(sentence, sizeof sentence,
		    "'%s' can neither send nor receive in study %s: no permit rule concerns it", party->org.s, study->id.s);
		report(c, sentence);
	}
}

size_t
policy_file_check(const struct policy_file_parts *parts, void (*say)(void *context, const char *sentence), void *context)
{
	struct checker c = {.parts = parts, .say = say, .context = context};
	const struct policy_common *common = NULL;
	for (size_t i = 0; i < parts->parts.n; i++) {
		if (parts->parts.v[i]->common != NULL)
			common = parts->parts.v[i]->common;
	}
	if (common != NULL)
		check_common(&c, common);
	for (size_t i = 0; i < parts->parts.n; i++) {
		if (parts->parts.v[i]->study == NULL)
			continue;
		check_rules_of(&c, i, parts->parts.v[i]->study);
		check_parties(&c, common, parts->parts.v[i]->study);
	}
	return c.findings;
}
