/*
 * Warnings about a policy that is well-formed and yet not what anybody can have meant. Works on the rules as each study will
 * see them. Not in a hurry: it looks at every rule in every study.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "policy/policy.h"
#include "policy/policy_cover.h"
#include "policy/policy_file.h"
#include "policy/units.h"

struct checker {
	const struct policy_file_parts *parts;
	uint64_t now_us;
	void (*say)(void *context, const struct policy_finding *finding);
	void *context;
	size_t findings;
};

/* A finding of a kind at a place, about nothing yet. */
static struct policy_finding
finding_of(const char *kind, struct policy_file_place at)
{
	return (struct policy_finding){.kind = kind, .at = at, .rule = "", .study = "", .org = "", .group = "", .sentence = ""};
}

static void
report(struct checker *c, struct policy_finding finding, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
report(struct checker *c, struct policy_finding finding, const char *format, ...)
{
	char sentence[384];
	va_list args;
	c->findings++;
	if (c->say == NULL)
		return;
	va_start(args, format);
	(void)vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	finding.sentence = sentence;
	c->say(c->context, &finding);
}

/* ── what can happen in one study ── */

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

/* Whether a party may receive a label. LABEL_ANY asks for none. */
#define LABEL_ANY 0u

static bool
may_receive(const struct policy_party *party, uint32_t label)
{
	return label <= party->clearance;
}

/* The first party that may be at one end of the rule, other than `beside`; NULL: none. label: what it is sent. */
static const struct policy_party *
find_end(const struct policy_study *study, const struct policy_rule *rule, bool is_to, const struct policy_party *beside,
    uint32_t label)
{
	for (size_t i = 0; i < study->parties.n; i++) {
		const struct policy_party *party = study->parties.v[i];
		if (party == beside || !end_matches(is_to ? rule->to : rule->from, party))
			continue;
		if (!is_to || may_receive(party, label))
			return party;
	}
	return NULL;
}

/* Whether two parties of the study can be the rule's two ends, of which one is sent something under the label. */
static bool
can_match(const struct policy_study *study, const struct policy_rule *rule, uint32_t label)
{
	const struct policy_party *from = find_end(study, rule, false, NULL, label);
	if (from == NULL)
		return false;
	if (find_end(study, rule, true, from, label) != NULL)
		return true;
	/* The only consignee may be that first consignor itself: then another consignor must exist. */
	return find_end(study, rule, true, NULL, label) != NULL && find_end(study, rule, false, from, label) != NULL;
}

/* ── rules ── */

/* The rule with this order in a list, which parts keep in rising order; NULL: it is not there. */
static const struct policy_rule *
find_rule(struct policy_rule *const *rules, size_t n, uint32_t order)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (rules[middle]->order < order)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && rules[low]->order == order ? rules[low] : NULL;
}

/* Whether the rule can match in any study, as each of them sees it. */
static bool
can_match_anywhere(const struct checker *c, const struct policy_rule *rule, uint32_t label)
{
	const struct policy_common *common = c->parts->parts.v[0]->common;
	const struct policy_rule *everywhere = find_rule(common->rules.v, common->rules.n, rule->order);
	bool can = false;
	for (size_t i = 1; !can && i < c->parts->parts.n; i++) {
		const struct policy_study *study = c->parts->parts.v[i]->study;
		const struct policy_rule *there = everywhere;
		if (there == NULL)
			there = find_rule(study->rules.v, study->rules.n, rule->order);
		can = there != NULL && can_match(study, there, label);
	}
	return can;
}

static void
check_labels(struct checker *c, const struct policy_file_rule *r)
{
	const struct policy_rule *rule = r->rule;
	for (size_t i = 0; rule->effect == POLICY_PERMIT && i < rule->labels.n; i++) {
		struct policy_finding finding = finding_of("uncleared", r->at);
		finding.rule = rule->id.s;
		if (!can_match_anywhere(c, rule, rule->labels.v[i]))
			report(c, finding, "rule '%s' permits the label %s, which no consignee that it means is cleared for",
			    rule->id.s, consign_label_text((enum consign_label)rule->labels.v[i]));
	}
}

static void
check_cover(struct checker *c, const struct policy_file_rule *r, const struct policy_file_rule *by)
{
	bool is_shadowed = by->rule->effect != r->rule->effect;
	struct policy_finding finding = finding_of(is_shadowed ? "shadowed" : "superfluous", r->at);
	finding.rule = r->rule->id.s;
	if (is_shadowed)
		report(c, finding, "rule '%s' permits nothing: rule '%s' in line %u forbids all of it", r->rule->id.s,
		    by->rule->id.s, by->at.line);
	else
		report(c, finding, "rule '%s' is superfluous: rule '%s' in line %u says all of it", r->rule->id.s, by->rule->id.s,
		    by->at.line);
}

/* by: what covers it, or NULL. */
static void
check_rule(struct checker *c, const struct policy_file_rule *r, const struct policy_file_rule *by)
{
	const struct policy_rule *rule = r->rule;
	struct policy_finding finding = finding_of("never-matches", r->at);
	char until[UNITS_TEXT_BYTES];
	finding.rule = rule->id.s;
	if (!can_match_anywhere(c, rule, LABEL_ANY)) {
		report(c, finding, "rule '%s' can never match: no study that it covers has two parties for its from and its to",
		    rule->id.s);
		return;
	}
	check_labels(c, r);
	if (by != NULL)
		check_cover(c, r, by);
	finding.kind = "past";
	units_time_format(rule->until_us, until);
	if (rule->until_us != 0 && rule->until_us <= c->now_us)
		report(c, finding, "rule '%s' is past: it held until %s", rule->id.s, until);
}

static void
check_rules(struct checker *c)
{
	const struct policy_file_rule *rules = c->parts->rules.v;
	size_t n = c->parts->rules.n;
	bool is_all = false;
	uint32_t *by = calloc(n + 1, sizeof *by);
	bool is_found = by != NULL && policy_cover_find(rules, n, by, &is_all) == CONSIGN_OK;
	for (size_t i = 0; i < n; i++)
		check_rule(c, &rules[i], is_found && by[i] < n ? &rules[by[i]] : NULL);
	if (!is_all)
		report(c, finding_of("not-compared", (struct policy_file_place){1, 1}),
		    "there are too many rules alike to compare all: some that others make superfluous may not be said");
	free(by);
}

/* ── studies and groups ── */

/* The labels of a permit from the least on: a party below it receives nothing by it. */
static uint32_t
least_label(const struct policy_rule *rule)
{
	uint32_t least = rule->labels.n == 0 ? LABEL_ANY : CONSIGN_LABEL_UNBLINDED;
	for (size_t i = 0; i < rule->labels.n; i++)
		least = rule->labels.v[i] < least ? rule->labels.v[i] : least;
	return least;
}

static bool
is_in_rule(const struct policy_study *study, const struct policy_party *party, const struct policy_rule *rule)
{
	uint32_t least = least_label(rule);
	if (end_matches(rule->from, party) && find_end(study, rule, true, party, least) != NULL)
		return true;
	return end_matches(rule->to, party) && may_receive(party, least) && find_end(study, rule, false, party, least) != NULL;
}

/* Lays off the parties of a list that a rule concerns. Each rule that can match concerns two at least, so few are asked about
 * all. */
static void
drop_concerned(const struct policy_study *study, const struct policy_rule *rule, uint32_t *idle, size_t *n)
{
	size_t kept = 0;
	if (rule->effect != POLICY_PERMIT || !can_match(study, rule, least_label(rule)))
		return;
	for (size_t i = 0; i < *n; i++) {
		if (!is_in_rule(study, study->parties.v[idle[i]], rule))
			idle[kept++] = idle[i];
	}
	*n = kept;
}

static void
check_parties(struct checker *c, const struct policy_study *study, const struct policy_file_study *in_file)
{
	const struct policy_common *common = c->parts->parts.v[0]->common;
	uint32_t idle[CONSIGN_PARTIES_MAX];
	size_t n = 0;
	for (uint32_t i = 0; i < study->parties.n && i < CONSIGN_PARTIES_MAX; i++)
		idle[n++] = i;
	for (size_t j = 0; n > 0 && j < study->rules.n; j++)
		drop_concerned(study, study->rules.v[j], idle, &n);
	for (size_t j = 0; n > 0 && j < common->rules.n; j++)
		drop_concerned(study, common->rules.v[j], idle, &n);
	for (size_t i = 0; i < n; i++) {
		struct policy_finding finding = finding_of("idle-party", in_file->parties[idle[i]]);
		finding.study = study->id.s;
		finding.org = study->parties.v[idle[i]]->org.s;
		report(c, finding, "'%s' can neither send nor receive in study %s: no permit rule concerns it", finding.org,
		    study->id.s);
	}
}

static void
check_sponsor(struct checker *c, const struct policy_study *study, const struct policy_file_study *in_file)
{
	struct policy_finding finding = finding_of("no-sponsor", in_file->at);
	for (size_t i = 0; i < study->parties.n; i++) {
		const struct policy_party *party = study->parties.v[i];
		for (size_t j = 0; j < party->roles.n; j++) {
			if (party->roles.v[j] == ROLE_SPONSOR)
				return;
		}
	}
	finding.study = study->id.s;
	report(c, finding, "study %s has no sponsor", study->id.s);
}

static void
check_group(struct checker *c, const struct policy_file_group *group)
{
	struct policy_finding finding = finding_of("unused-group", group->at);
	finding.group = group->name.s;
	if (!group->is_used)
		report(
		    c, finding, "the group '%s' of %s is used by no rule", group->name.s, group->is_of_types ? "types" : "orgs");
	if (group->idle.s[0] == '\0')
		return;
	finding.kind = "idle-member";
	finding.org = group->idle.s;
	report(c, finding, "'%s' of the group '%s' is a party to no study", group->idle.s, group->name.s);
}

size_t
policy_file_check(const struct policy_file_parts *parts, uint64_t now_us,
    void (*say)(void *context, const struct policy_finding *finding), void *context)
{
	struct checker c = {.parts = parts, .now_us = now_us, .say = say, .context = context};
	for (size_t i = 0; i < parts->groups.n; i++)
		check_group(&c, &parts->groups.v[i]);
	for (size_t i = 0; i < parts->studies.n; i++) {
		check_sponsor(&c, parts->parts.v[1 + i]->study, &parts->studies.v[i]);
		check_parties(&c, parts->parts.v[1 + i]->study, &parts->studies.v[i]);
	}
	check_rules(&c);
	return c.findings;
}
