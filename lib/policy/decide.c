/* Decisions on a compiled policy: look-ups only, no allocation, no writes. How it is laid out: compiled.h. */
#include "policy/compiled.h"

#include <string.h>

#include "core/text.h"

/* The globs of the policy that match a type, save the odd ones: at most its exact form and one prefix per length. */
struct matches {
	uint32_t glob[CONSIGN_TYPE_MAX_BYTES + 2];
	size_t n;
};

struct search {
	const struct policy *policy;
	const char *type;
	uint32_t label; /* from 0 */
	struct matches matches;
	uint32_t first[2]; /* the best rule so far, by effect from 0 */
};

static const struct compiled_party *
find_party(const struct policy *p, uint32_t study, const char *org)
{
	uint32_t o = names_find_text(&p->orgs, org);
	if (study == TABLE_NONE || o == TABLE_NONE)
		return NULL;
	uint32_t party = numbers_find(&p->party_of, wide_key(study, o));
	return party == TABLE_NONE ? NULL : &p->parties[party];
}

static void
match_type(const struct policy *p, const char *type, struct matches *ret_matches)
{
	ret_matches->n = 0;
	uint64_t hash = names_hash_start();
	for (size_t len = 0; len <= CONSIGN_TYPE_MAX_BYTES; len++) {
		if (p->prefix_lengths[len / 64] >> (len % 64) & 1) {
			uint32_t id = names_find_hashed(&p->globs_prefix, hash, type, len);
			if (id != TABLE_NONE)
				ret_matches->glob[ret_matches->n++] = id * 2 + 1;
		}
		if (type[len] == '\0') {
			uint32_t id = names_find_hashed(&p->globs_exact, hash, type, len);
			if (id != TABLE_NONE)
				ret_matches->glob[ret_matches->n++] = id * 2;
			return;
		}
		hash = names_hash_next(hash, (uint8_t)type[len]);
	}
	/* Longer than any type may be: only prefixes matched, and no exact type can. */
}

static void
consider(struct search *s, const struct firsts *firsts)
{
	for (unsigned effect = 0; effect < 2; effect++) {
		uint32_t rule = firsts->rule[effect][s->label];
		if (rule_is_before(s->policy, rule, s->first[effect]))
			s->first[effect] = rule;
	}
}

static void
visit_pair(struct search *s, uint32_t index, uint32_t from, uint32_t to)
{
	const struct policy *p = s->policy;
	uint32_t pair = numbers_find(&p->pairs, pair_key(index, from, to));
	if (pair == TABLE_NONE)
		return;
	for (size_t i = 0; i < s->matches.n; i++) {
		uint32_t at = numbers_find(&p->entries, wide_key(pair, s->matches.glob[i]));
		if (at == TABLE_NONE)
			continue;
		consider(s, &p->entry[at].firsts);
		for (uint32_t o = p->entry[at].odd; o != TABLE_NONE; o = p->odd[o].next) {
			if (glob_match(names_text(&p->globs_odd, p->odd[o].glob), s->type))
				consider(s, &p->odd[o].firsts);
		}
	}
}

/* Visits every pair of an end of `from` and an end of `to` that some rule of the index speaks of. */
static void
search_index(struct search *s, uint32_t index, const struct compiled_party *from, const struct compiled_party *to)
{
	const struct policy *p = s->policy;
	const struct compiled_index *x = &p->indexes[index];
	/* The common rules speak of roles only. */
	uint32_t from_n = index == INDEX_COMMON ? 0 : from->named_n;
	uint32_t to_n = index == INDEX_COMMON ? 0 : to->named_n;
	for (uint32_t ends = from->ends; ends != 0; ends &= ends - 1) {
		uint32_t f = (uint32_t)__builtin_ctz(ends);
		for (uint32_t bits = x->reach[f] & to->ends; bits != 0; bits &= bits - 1)
			visit_pair(s, index, f, (uint32_t)__builtin_ctz(bits));
		for (uint32_t j = 0; j < to_n; j++)
			visit_pair(s, index, f, p->ends[to->named_at + j]);
	}
	for (uint32_t i = 0; i < from_n; i++) {
		uint32_t f = p->ends[from->named_at + i];
		for (uint32_t bits = to->ends; bits != 0; bits &= bits - 1)
			visit_pair(s, index, f, (uint32_t)__builtin_ctz(bits));
		for (uint32_t j = 0; j < to_n; j++)
			visit_pair(s, index, f, p->ends[to->named_at + j]);
	}
}

void
policy_decide(const struct policy *policy, const struct policy_question *q, struct policy_verdict *ret_verdict)
{
	struct policy_verdict v = {.code = CONSIGN_CODE_NONE, .rule = "", .clearance = CONSIGN_LABEL_OPEN};
	uint32_t study = names_find_text(&policy->study_ids, q->study);
	const struct compiled_party *from = find_party(policy, study, q->consignor);
	const struct compiled_party *to = find_party(policy, study, q->consignee);
	/* The order is a promise (docs/POLICY.md): an outsider learns nothing about a study, not even that it exists. */
	if (from == NULL) {
		v.code = CONSIGN_CODE_STUDY_UNKNOWN;
	} else if (to == NULL) {
		v.code = CONSIGN_CODE_NOT_A_PARTY;
	} else {
		v.clearance = to->clearance;
		/* A number that is no label is covered by no clearance. */
		if (q->label < CONSIGN_LABEL_OPEN || q->label > to->clearance)
			v.code = CONSIGN_CODE_CLEARANCE;
	}
	if (v.code == CONSIGN_CODE_NONE) {
		struct search s = {
		    .policy = policy, .type = q->type, .label = (uint32_t)q->label - 1, .first = {TABLE_NONE, TABLE_NONE}};
		match_type(policy, q->type, &s.matches);
		search_index(&s, INDEX_COMMON, from, to);
		search_index(&s, 1 + study, from, to);
		uint32_t forbid = s.first[POLICY_FORBID - 1], permit = s.first[POLICY_PERMIT - 1];
		uint32_t rule = forbid != TABLE_NONE ? forbid : permit;
		if (forbid != TABLE_NONE)
			v.code = CONSIGN_CODE_POLICY_FORBIDDEN;
		else if (permit == TABLE_NONE)
			v.code = CONSIGN_CODE_POLICY_NO_RULE;
		if (rule != TABLE_NONE)
			v.rule = names_text(&policy->rule_ids, policy->rules[rule].id);
	}
	*ret_verdict = v;
}

bool
policy_clearance(const struct policy *policy, const char *study, const char *org, enum consign_label *ret_clearance)
{
	const struct compiled_party *party = find_party(policy, names_find_text(&policy->study_ids, study), org);
	if (party == NULL)
		return false;
	*ret_clearance = party->clearance;
	return true;
}

bool
policy_is_party(const struct policy *policy, const char *study, const char *org)
{
	return find_party(policy, names_find_text(&policy->study_ids, study), org) != NULL;
}

bool
policy_share_study(const struct policy *policy, const char *a, const char *b)
{
	uint32_t oa = names_find_text(&policy->orgs, a), ob = names_find_text(&policy->orgs, b);
	if (oa == TABLE_NONE || ob == TABLE_NONE)
		return false;
	uint32_t i = policy->org_first[oa], j = policy->org_first[ob];
	while (i < policy->org_first[oa + 1] && j < policy->org_first[ob + 1]) {
		uint32_t sa = policy->org_studies[i], sb = policy->org_studies[j];
		if (sa == sb)
			return true;
		i += sa < sb;
		j += sb < sa;
	}
	return false;
}
