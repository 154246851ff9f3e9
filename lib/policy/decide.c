/* Decisions on a compiled policy: look-ups only, no allocation, no writes. How it is laid out: compiled.h. */
#include "policy/compiled.h"

#include <string.h>

#include "core/text.h"

/* A block of a page, seen by one question. */
struct view {
	const struct policy *policy;
	const struct policy_question *question;
	const struct page *page;
	uint32_t from_row, to_row, label_row;
	const struct block *block;
	const uint8_t *from, *to, *label, *outcomes;
	uint64_t few; /* positions of a block of few that are set in all three rows */
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

/* The block of a node; false: the page has no rule there. */
static inline bool
see_block(struct view *v, uint32_t node)
{
	const struct block *b = page_block(v->page, node / BLOCK_NODES);
	if (b == NULL)
		return false;
	v->block = b;
	const uint8_t *rows = block_rows(b);
	size_t bytes = row_bytes(b);
	v->from = rows + v->from_row * bytes;
	v->to = rows + v->to_row * bytes;
	v->label = rows + v->label_row * bytes;
	v->outcomes = block_outcomes(v->page, b);
	v->few = load_le64(v->from) & load_le64(v->to) & load_le64(v->label);
	return true;
}

/* The outcome that begins with a bit of the first byte; 8 of them can be read. */
static inline uint32_t
load_outcome(const struct view *v, uintptr_t bytes, size_t bit)
{
	uint64_t mask = ((uint64_t)1 << v->policy->outcome_bits) - 1;
	return (uint32_t)(load_le64((const uint8_t *)bytes) >> (bit % 8) & mask);
}

static inline uint32_t
outcome_of_position(const struct view *v, uint32_t position)
{
	size_t bit = (size_t)position * v->policy->outcome_bits;
	return load_outcome(v, (uintptr_t)v->outcomes + bit / 8, bit);
}

/* The positions of a node's list: from the first up to the one behind the last. */
struct list {
	uint32_t at, end;
};

static inline struct list
list_of(const struct block *b, uint32_t node)
{
	if (b->n <= FEW_POSITIONS) {
		const uint8_t *list = &b->bytes[node % BLOCK_NODES];
		return (struct list){list[0], list[1]};
	}
	const uint16_t *list = (const uint16_t *)(const void *)b->bytes + node % BLOCK_NODES;
	return (struct list){list[0], list[1]};
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
	if ((outcome_of_position(v, position) & OUTCOME_CONDITIONAL) == 0)
		return true;
	const struct condition *c = &v->policy->conditions[v->page->conditions[v->block->first + position]];
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

/*
 * The outcome of the lowest of some bits, the first of which is the position `at`. Nothing branches on what is found: no
 * processor could guess it. Nothing found is a place to read from, too; as numbers, since compilers would branch between two
 * places.
 */
static inline uint32_t
outcome_of_bits(const struct view *v, uint64_t bits, uint32_t at)
{
	static const uint8_t nothing[sizeof(uint64_t)];
	uintptr_t is_none = (uintptr_t)0 - (bits == 0), none = (uintptr_t)nothing;
	size_t bit = (size_t)v->policy->outcome_bits * (at + (uint32_t)__builtin_ctzll(bits | (uint64_t)1 << 63));
	uintptr_t found = (uintptr_t)v->outcomes + bit / 8;
	found ^= (found ^ none) & is_none;
	return load_outcome(v, found, bit) | ((uint32_t)is_none & OUTCOME_NONE);
}

/* Conditions are not asked. */
static inline uint32_t
outcome_of_list(const struct view *v, struct list list)
{
	if (v->block->n <= FEW_POSITIONS)
		return outcome_of_bits(v, v->few & (((uint64_t)1 << list.end) - ((uint64_t)1 << list.at)), 0);
	uint32_t at = list.at, left = list.end - at, n = least(left, WINDOW_BITS);
	uint64_t bits = window(v, at, n);
	while (left > WINDOW_BITS && bits == 0) {
		at += n;
		left -= n;
		n = least(left, WINDOW_BITS);
		bits = window(v, at, n);
	}
	return outcome_of_bits(v, bits, at);
}

static uint32_t
outcome_that_holds(const struct view *v, struct list list)
{
	uint32_t at = list.at, left = list.end - at;
	while (left > 0) {
		uint32_t n = least(left, WINDOW_BITS);
		for (uint64_t bits = window(v, at, n); bits != 0; bits &= bits - 1) {
			uint32_t position = at + (uint32_t)__builtin_ctzll(bits);
			if (holds(v, position))
				return outcome_of_position(v, position);
		}
		at += n;
		left -= n;
	}
	return OUTCOME_NONE;
}

/* The first rule of a node and of those above it; with_conditions: each is asked whether it holds. */
static inline uint32_t
outcome_of_nodes(struct view *v, uint32_t node, bool with_conditions)
{
	const struct policy *p = v->policy;
	uint32_t outcome = OUTCOME_NONE, block = TABLE_NONE;
	bool is_there = false;
	for (uint32_t i = node; i != TABLE_NONE; i = p->parents[i]) {
		if (i / BLOCK_NODES != block)
			is_there = see_block(v, i);
		block = i / BLOCK_NODES;
		if (!is_there)
			continue;
		struct list list = list_of(v->block, i);
		outcome = least(outcome, with_conditions ? outcome_that_holds(v, list) : outcome_of_list(v, list));
	}
	return outcome;
}

static inline uint32_t
outcome_in(struct view *v, const struct page *page, uint32_t from_class, uint32_t to_class, uint32_t node)
{
	uint32_t outcome = OUTCOME_NONE;
	for (; page != NULL; page = page->next) {
		v->page = page;
		v->from_row = row_from(from_class);
		v->to_row = row_to(page, to_class);
		v->label_row = row_label((uint32_t)v->question->label);
		uint32_t found = outcome_of_nodes(v, node, false);
		if ((found & OUTCOME_CONDITIONAL) != 0)
			found = outcome_of_nodes(v, node, true);
		outcome = least(outcome, found);
	}
	return outcome;
}

/* Asks for what the parties' numbers are looked up in next, while their names are. */
static inline void
fetch_study(const struct policy *p, uint32_t study)
{
	if (study == TABLE_NONE)
		return;
	__builtin_prefetch(p->studies[study].page);
}

/* The same of the block that will be asked, while the rules of all studies are: its lists and rows, or most of them. Nothing is read: places as numbers, for they may lie behind the page. Of further pages nothing is asked for early. */
static inline void
fetch_block(const struct page *page, uint32_t node)
{
	if (page == NULL || node == TABLE_NONE)
		return;
	uintptr_t block = (uintptr_t)page + page->blocks[node / BLOCK_NODES];
	__builtin_prefetch((const void *)block);
	__builtin_prefetch((const void *)(block + LINE_BYTES));
	__builtin_prefetch((const void *)(block + 2 * LINE_BYTES));
	__builtin_prefetch((const void *)(block + 3 * LINE_BYTES));
}

static void
apply_rules(const struct policy *policy, const struct policy_question *q, const struct compiled_study *study,
    const struct party_slot *from, const struct party_slot *to, struct policy_verdict *verdict)
{
	struct view v = {.policy = policy, .question = q};
	uint32_t node = find_node(policy, q->type);
	fetch_block(study->page, node);
	uint32_t common = outcome_in(&v, policy->common_page, from->common_class, to->common_class, node);
	uint32_t own = outcome_in(&v, study->page, from->study_class, to->study_class, node);
	uint32_t outcome = least(own, common);
	/* Nothing branches here, either: no rule is a rule with an empty id, no obligation, and a code of its own. */
	static const uint64_t no_record[2];
	static const uint8_t codes[] = {
	    CONSIGN_CODE_POLICY_FORBIDDEN, CONSIGN_CODE_NONE, CONSIGN_CODE_POLICY_NO_RULE, CONSIGN_CODE_POLICY_NO_RULE};
	uint32_t place = outcome / 2, is_none = outcome == OUTCOME_NONE;
	uintptr_t record = (uintptr_t)policy->records.data + (size_t)place * RECORD_UNIT;
	record ^= (record ^ (uintptr_t)no_record) & ((uintptr_t)0 - is_none);
	verdict->code = (enum consign_code)codes[2 * is_none + (place >= policy->first_permit)];
	if (policy->has_deliver_within) {
		memcpy(&verdict->deliver_within_us, (const void *)record, sizeof verdict->deliver_within_us);
		record += sizeof verdict->deliver_within_us;
	}
	verdict->rule = (const char *)record;
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
