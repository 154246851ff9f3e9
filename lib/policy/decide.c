/* Decisions on a compiled policy: look-ups only, no allocation, no writes. How it is laid out: compiled.h. */
#include "policy/compiled.h"

#include <string.h>

#include "core/text.h"

/* One page, seen by one question. */
struct view {
	const struct policy *policy;
	const struct policy_question *question;
	const struct page *page;
	const uint64_t *from, *to, *label, *conditional;
};

static const struct compiled_party *
find_party(const struct policy *p, uint32_t study, const char *org)
{
	uint32_t o = names_find_text(&p->orgs, org);
	if (study == TABLE_NONE || o == TABLE_NONE)
		return NULL;
	const struct compiled_study *s = &p->studies[study];
	const uint32_t *slots = p->party_slots + s->slots;
	for (uint32_t i = party_slot(s, o); slots[i] != TABLE_NONE; i = (i + 1) & s->slot_mask) {
		if (p->parties[slots[i]].org == o)
			return &p->parties[slots[i]];
	}
	return NULL;
}

/* The node of a type, from which its parents follow; TABLE_NONE when no glob begins it. */
static uint32_t
find_node(const struct policy *p, const char *type)
{
	struct consign_slice text = slice_text(type);
	uint32_t id = names_find(&p->types, text);
	if (id != TABLE_NONE)
		return (uint32_t)p->prefixes.n + id;
	return names_find_longest(&p->prefixes, &p->prefix_lengths, text);
}

static uint32_t
list_of(const struct page *x, uint32_t node)
{
	return x->lists[(size_t)x->blocks[node / BLOCK_NODES] * BLOCK_NODES + node % BLOCK_NODES];
}

/* ── a rule with a condition ── */

static bool
is_in_time(const struct condition *c, uint64_t at_us)
{
	if (c->from_us == 0 && c->until_us == 0)
		return true;
	/* When nobody knows the time, what depends on it may not help a message. */
	if (at_us == 0)
		return !c->is_permit;
	return at_us >= c->from_us && (c->until_us == 0 || at_us < c->until_us);
}

static bool
matches_type(const struct policy *p, const struct condition *c, const char *type)
{
	if (c->globs_n == 0)
		return true; /* then its lists said enough */
	for (uint32_t i = 0; i < c->globs_n; i++) {
		if (glob_match(names_text(&p->globs, p->condition_globs[c->globs_at + i]), type))
			return true;
	}
	return false;
}

static bool
holds(const struct view *v, uint32_t rank)
{
	if (!row_has(v->conditional, rank))
		return true;
	const struct condition *c = &v->policy->conditions[v->page->conditions[rank]];
	return is_in_time(c, v->question->at_us) && (c->max_bytes == 0 || v->question->bytes <= c->max_bytes) &&
	       matches_type(v->policy, c, v->question->type);
}

/* ── the lowest rank of a list ── */

static inline uint64_t
word_of(const struct view *v, uint32_t at)
{
	return v->from[at] & v->to[at] & v->label[at];
}

static uint32_t
first_of_row(const struct view *v, const uint64_t *row)
{
	for (uint32_t at = 0; at < v->page->words; at++) {
		for (uint64_t word = row[at] & word_of(v, at); word != 0; word &= word - 1) {
			uint32_t rank = at * 64 + (uint32_t)__builtin_ctzll(word);
			if (holds(v, rank))
				return rank;
		}
	}
	return v->page->n;
}

/* Conditions are not asked, and nothing branches on what a rank finds: lists are short, and no processor guesses well. */
static inline uint32_t
first_of_groups(const struct view *v, uint32_t list)
{
	const uint16_t(*group)[GROUP_RANKS] = (const uint16_t(*)[GROUP_RANKS])v->page->groups + (list >> 8);
	uint32_t none = v->page->n, first = none;
	for (uint32_t left = list & 255;; left--, group++) {
		for (uint32_t i = 0; i < GROUP_RANKS; i++) {
			uint32_t rank = (*group)[i];
			uint32_t found = word_of(v, rank / 64) >> (rank % 64) & 1 ? rank : none;
			first = found < first ? found : first;
		}
		if (left == 0)
			return first;
	}
}

static uint32_t
first_that_holds(const struct view *v, uint32_t list)
{
	const uint16_t *ranks = v->page->groups[list >> 8];
	for (uint32_t i = 0; i < ((list & 255) + 1) * GROUP_RANKS; i++) {
		if (word_of(v, ranks[i] / 64) >> (ranks[i] % 64) & 1 && holds(v, ranks[i]))
			return ranks[i];
	}
	return v->page->n;
}

static inline uint32_t
first_of_nodes(const struct view *v, uint32_t node, bool asks)
{
	const struct page *x = v->page;
	uint32_t first = x->n;
	for (; node != TABLE_NONE; node = v->policy->parents[node]) {
		uint32_t list = list_of(x, node), found;
		if ((list & 255) == LIST_IS_ROW)
			found = first_of_row(v, x->list_rows + (list >> 8));
		else
			found = asks ? first_that_holds(v, list) : first_of_groups(v, list);
		first = found < first ? found : first;
	}
	return first;
}

static inline uint32_t
outcome_in(struct view *v, uint32_t page, uint32_t from_class, uint32_t to_class, uint32_t node)
{
	uint32_t outcome = OUTCOME_NONE;
	for (; page != TABLE_NONE; page = v->page->next) {
		v->page = &v->policy->pages[page];
		v->from = row_from(v->page, from_class);
		v->to = row_to(v->page, to_class);
		v->label = row_label(v->page, (uint32_t)v->question->label);
		v->conditional = row_conditional(v->page);
		uint32_t first = first_of_nodes(v, node, false);
		if (row_has(v->conditional, first))
			first = first_of_nodes(v, node, true);
		uint32_t found = v->page->outcomes[first];
		outcome = found < outcome ? found : outcome;
	}
	return outcome;
}

static void
apply_rules(const struct policy *policy, const struct policy_question *q, const struct compiled_study *study,
    const struct compiled_party *from, const struct compiled_party *to, struct policy_verdict *verdict)
{
	struct view v = {.policy = policy, .question = q};
	uint32_t node = find_node(policy, q->type);
	uint32_t common = outcome_in(&v, policy->common_page, from->common_class, to->common_class, node);
	uint32_t own = outcome_in(&v, study->page, from->study_class, to->study_class, node);
	uint32_t outcome = own < common ? own : common;
	if (outcome == OUTCOME_NONE) {
		verdict->code = CONSIGN_CODE_POLICY_NO_RULE;
		return;
	}
	const uint8_t *record = policy->records.data + (size_t)outcome * RECORD_UNIT;
	verdict->code = outcome < policy->first_permit ? CONSIGN_CODE_POLICY_FORBIDDEN : CONSIGN_CODE_NONE;
	verdict->rule = (const char *)record + sizeof verdict->deliver_within_us;
	if (policy->has_deliver_within)
		memcpy(&verdict->deliver_within_us, record, sizeof verdict->deliver_within_us);
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
		else
			apply_rules(policy, q, &policy->studies[study], from, to, &v);
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
