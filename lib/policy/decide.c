/* Decisions on a compiled policy: look-ups only, no allocation, no writes. How it is laid out: compiled.h. */
#include "policy/compiled.h"

#include <string.h>

#include "core/text.h"

/* One page, seen by one question. */
struct view {
	const struct policy *policy;
	const struct policy_question *question;
	const struct page *page;
	const uint8_t *from, *to, *label;
};

static const struct party_slot *
find_party(const struct policy *p, uint32_t study, const char *org)
{
	uint32_t o = names_find_text(&p->orgs, org);
	if (study == TABLE_NONE || o == TABLE_NONE)
		return NULL;
	const struct compiled_study *s = &p->studies[study];
	const struct party_slot *slots = p->party_slots + s->slots;
	for (uint32_t i = party_slot(s, o); slots[i].org != TABLE_NONE; i = (i + 1) & s->slot_mask) {
		if (slots[i].org == o)
			return &slots[i];
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
		return p->type_nodes[id];
	id = names_find_longest(&p->prefixes, &p->prefix_lengths, text);
	return id == TABLE_NONE ? TABLE_NONE : p->prefix_nodes[id];
}

/* Where the list of a node begins, and behind it where it ends. */
static inline const uint16_t *
list_of(const struct page *x, uint32_t node)
{
	return x->lists + (size_t)x->blocks[node / BLOCK_NODES] * BLOCK_NUMBERS + node % BLOCK_NODES;
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
holds(const struct view *v, uint32_t position)
{
	if ((v->page->outcomes[position] & OUTCOME_CONDITIONAL) == 0)
		return true;
	const struct condition *c = &v->policy->conditions[v->page->conditions[position]];
	return is_in_time(c, v->question->at_us) && (c->max_bytes == 0 || v->question->bytes <= c->max_bytes) &&
	       matches_type(v->policy, c, v->question->type);
}

/* ── the first rule of a list ── */

/* At most WINDOW_BITS positions from `at` on: those that are set in all three rows. */
static inline uint64_t
window(const struct view *v, uint32_t at, uint32_t n)
{
	size_t byte = at / 8;
	uint64_t bits = load_le64(v->from + byte) & load_le64(v->to + byte) & load_le64(v->label + byte);
	return bits >> (at % 8) & (((uint64_t)1 << n) - 1);
}

static inline uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static const uint32_t outcome_none = OUTCOME_NONE;

/* Conditions are not asked. Nothing branches on what is found: no processor could guess it. */
static inline uint32_t
outcome_of_list(const struct view *v, const uint16_t *list)
{
	uint32_t at = list[0], left = list[1] - at, n = least(left, WINDOW_BITS);
	uint64_t bits = window(v, at, n);
	while (left > WINDOW_BITS && bits == 0) {
		at += n;
		left -= n;
		n = least(left, WINDOW_BITS);
		bits = window(v, at, n);
	}
	/* Nothing found is a place to read from, too. As a number, so that compilers choose between two and do not branch. */
	uintptr_t found =
	    (uintptr_t)&v->page->outcomes[at] + sizeof outcome_none * (unsigned)__builtin_ctzll(bits | (uint64_t)1 << 63);
	found = bits != 0 ? found : (uintptr_t)&outcome_none;
	return *(const uint32_t *)found;
}

static uint32_t
outcome_that_holds(const struct view *v, const uint16_t *list)
{
	uint32_t at = list[0], left = list[1] - at;
	while (left > 0) {
		uint32_t n = least(left, WINDOW_BITS);
		for (uint64_t bits = window(v, at, n); bits != 0; bits &= bits - 1) {
			uint32_t position = at + (uint32_t)__builtin_ctzll(bits);
			if (holds(v, position))
				return v->page->outcomes[position];
		}
		at += n;
		left -= n;
	}
	return OUTCOME_NONE;
}

static inline uint32_t
outcome_of_page(const struct view *v, uint32_t node)
{
	const struct policy *p = v->policy;
	uint32_t outcome = OUTCOME_NONE;
	for (uint32_t i = node; i != TABLE_NONE; i = p->parents[i])
		outcome = least(outcome, outcome_of_list(v, list_of(v->page, i)));
	if ((outcome & OUTCOME_CONDITIONAL) == 0)
		return outcome;
	outcome = OUTCOME_NONE;
	for (uint32_t i = node; i != TABLE_NONE; i = p->parents[i])
		outcome = least(outcome, outcome_that_holds(v, list_of(v->page, i)));
	return outcome;
}

static inline uint32_t
outcome_in(struct view *v, const struct page *page, uint32_t from_class, uint32_t to_class, uint32_t node)
{
	uint32_t outcome = OUTCOME_NONE;
	for (; page != NULL; page = page->next) {
		v->page = page;
		v->from = row_from(page, from_class);
		v->to = row_to(page, to_class);
		v->label = row_label(page, (uint32_t)v->question->label);
		outcome = least(outcome, outcome_of_page(v, node));
	}
	return outcome;
}

/* Asks for the rows of a page that will be read, while the type is looked up. More than two lines of each are rarely needed. */
static inline void
fetch_rows(const struct page *x, uint32_t from_class, uint32_t to_class, enum consign_label label)
{
	if (x == NULL)
		return;
	const uint8_t *rows[] = {row_from(x, from_class), row_to(x, to_class), row_label(x, (uint32_t)label)};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		__builtin_prefetch(rows[i]);
		__builtin_prefetch(rows[i] + x->row_bytes - 1);
	}
}

/* The same of what the list of the type itself leads to, while the page of all studies is read. */
static inline void
fetch_outcomes(const struct page *x, uint32_t node)
{
	if (x != NULL && node != TABLE_NONE)
		__builtin_prefetch(&x->outcomes[list_of(x, node)[0]]);
}

static void
apply_rules(const struct policy *policy, const struct policy_question *q, const struct compiled_study *study,
    const struct party_slot *from, const struct party_slot *to, struct policy_verdict *verdict)
{
	struct view v = {.policy = policy, .question = q};
	fetch_rows(study->page, from->study_class, to->study_class, q->label);
	uint32_t node = find_node(policy, q->type);
	fetch_outcomes(study->page, node);
	uint32_t common = outcome_in(&v, policy->common_page, from->common_class, to->common_class, node);
	uint32_t own = outcome_in(&v, study->page, from->study_class, to->study_class, node);
	uint32_t outcome = least(own, common);
	if (outcome == OUTCOME_NONE) {
		verdict->code = CONSIGN_CODE_POLICY_NO_RULE;
		return;
	}
	uint32_t place = outcome / 2;
	const uint8_t *record = policy->records.data + (size_t)place * RECORD_UNIT;
	verdict->code = place < policy->first_permit ? CONSIGN_CODE_POLICY_FORBIDDEN : CONSIGN_CODE_NONE;
	verdict->rule = (const char *)record + sizeof verdict->deliver_within_us;
	if (policy->has_deliver_within)
		memcpy(&verdict->deliver_within_us, record, sizeof verdict->deliver_within_us);
}

/* Asks for what the parties' numbers are looked up in next, while their names are. */
static inline void
fetch_study(const struct policy *p, uint32_t study)
{
	if (study == TABLE_NONE)
		return;
	__builtin_prefetch(p->studies[study].page);
}

void
policy_decide(const struct policy *policy, const struct policy_question *q, struct policy_verdict *ret_verdict)
{
	struct policy_verdict v = {.code = CONSIGN_CODE_NONE, .rule = "", .clearance = CONSIGN_LABEL_OPEN};
	uint32_t study = names_find_text(&policy->study_ids, q->study);
	fetch_study(policy, study);
	const struct party_slot *from = find_party(policy, study, q->consignor);
	const struct party_slot *to = find_party(policy, study, q->consignee);
	/* The order is a promise (docs/POLICY.md): an outsider learns nothing about a study, not even that it exists. */
	if (from == NULL) {
		v.code = CONSIGN_CODE_STUDY_UNKNOWN;
	} else if (to == NULL) {
		v.code = CONSIGN_CODE_NOT_A_PARTY;
	} else {
		v.clearance = (enum consign_label)to->clearance;
		/* A number that is no label is covered by no clearance. */
		if (q->label < CONSIGN_LABEL_OPEN || q->label > v.clearance)
			v.code = CONSIGN_CODE_CLEARANCE;
		else
			apply_rules(policy, q, &policy->studies[study], from, to, &v);
	}
	*ret_verdict = v;
}

bool
policy_clearance(const struct policy *policy, const char *study, const char *org, enum consign_label *ret_clearance)
{
	const struct party_slot *party = find_party(policy, names_find_text(&policy->study_ids, study), org);
	if (party == NULL)
		return false;
	*ret_clearance = (enum consign_label)party->clearance;
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
