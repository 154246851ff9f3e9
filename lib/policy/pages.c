/* Pages: rows, conditions and lists of the rules that hold in one place. How they are laid out: compiled.h. */
#include "policy/pages.h"

#include <stdlib.h>
#include <string.h>

enum consign_err
pages_role_bits(const uint32_t *roles, size_t n, uint32_t *ret_bits)
{
	uint32_t bits = 0;
	for (size_t i = 0; i < n; i++) {
		if (roles[i] < ROLE_SPONSOR || roles[i] > ROLE_LAST)
			return CONSIGN_E_MALFORMED;
		bits |= 1u << roles[i];
	}
	*ret_bits = bits;
	return CONSIGN_OK;
}

struct party_slot *
pages_slot(const struct policy *p, const struct compiled_study *study, uint32_t org)
{
	struct party_slot *slots = p->party_slots + study->slots;
	uint32_t i = party_slot(study, org);
	while (slots[i].org != TABLE_NONE && slots[i].org != org)
		i = (i + 1) & study->slot_mask;
	return &slots[i];
}

bool
pages_names_orgs(const struct policy_end *end)
{
	return end != NULL && end->orgs.n > 0;
}

uint32_t
pages_named_party(const struct policy *p, uint32_t study, const struct policy_end *end, size_t n)
{
	const struct compiled_study *s = &p->studies[study];
	uint32_t org = names_find_text(&p->orgs, end->orgs.v[n].s), roles, party = TABLE_NONE;
	if (org != TABLE_NONE) {
		const struct party_slot *slot = pages_slot(p, s, org);
		party = slot->org == TABLE_NONE ? TABLE_NONE : s->first + slot->study_class;
	}
	if (party == TABLE_NONE || end->roles.n == 0)
		return party;
	return pages_role_bits(end->roles.v, end->roles.n, &roles) == CONSIGN_OK && (p->parties[party].roles & roles) != 0
		   ? party
		   : TABLE_NONE;
}

static bool
has_validity(const struct policy_rule *rule)
{
	return rule->from_us != 0 || rule->until_us != 0;
}

static bool
glob_is_odd(const char *glob)
{
	const char *star = strchr(glob, '*');
	return star != NULL && star[strspn(star, "*")] != '\0';
}

static uint32_t
node_of(const struct policy *p, const char *glob)
{
	size_t literal = strcspn(glob, "*");
	if (glob[literal] == '\0')
		return p->type_nodes[names_find(&p->types, slice_of(glob, literal))];
	return p->prefix_nodes[names_find(&p->prefixes, slice_of(glob, literal))];
}

/* ── one page ── */

/* Bits that are zero so far, the lowest first. */
static void
set_bits(uint8_t *bytes, size_t bit, uint32_t value)
{
	for (; value != 0; bit++, value >>= 1)
		bytes[bit / 8] |= (uint8_t)((value & 1) << (bit % 8));
}

/* A block of a page while it is laid. */
struct laid {
	const struct page *page;
	struct block *block;
	uint8_t *rows, *outcomes; /* of it */
};

static void
set_row(const struct laid *l, uint32_t row, uint32_t position)
{
	l->rows[row * row_bytes(l->block) + position / 8] |= (uint8_t)(1u << (position % 8));
}

/* Sets the bit of a position at one end of its rule: for the classes that it names, else for those that have one of its roles. */
static void
enter_end(const struct page_maker *c, const struct laid *l, const struct placed *r, bool is_from, uint32_t position)
{
	const struct policy *p = c->policy;
	const struct policy_end *end = is_from ? r->rule->from : r->rule->to;
	uint32_t roles = 0;
	for (size_t i = 0; pages_names_orgs(end) && i < end->orgs.n; i++) {
		uint32_t party = pages_named_party(p, r->study, end, i), class;
		if (party == TABLE_NONE)
			continue;
		class = p->parties[party].study_class;
		set_row(l, is_from ? row_from(class) : row_to(l->page, class), position);
	}
	if (pages_names_orgs(end))
		return;
	if (end != NULL && pages_role_bits(end->roles.v, end->roles.n, &roles) != CONSIGN_OK)
		return; /* rule_is_sound has seen to it */
	for (uint32_t class = 0; class < c->class_n; class ++) {
		/* Bit 0 is one that all have. */
		if ((c->classes[class] & (roles == 0 ? 1u : roles)) != 0)
			set_row(l, is_from ? row_from(class) : row_to(l->page, class), position);
	}
}

static void
enter_labels(const struct laid *l, const struct policy_rule *rule, uint32_t position)
{
	for (uint32_t label = CONSIGN_LABEL_OPEN; label <= CONSIGN_LABEL_UNBLINDED; label++) {
		bool is_meant = rule->labels.n == 0;
		for (size_t i = 0; !is_meant && i < rule->labels.n; i++)
			is_meant = rule->labels.v[i] == label;
		if (is_meant)
			set_row(l, row_label(label), position);
	}
}

static void
lay_rows(const struct page_maker *c, const struct laid *l, const struct placed *rules)
{
	for (uint32_t i = 0; i < l->block->n; i++) {
		const struct placed *r = &rules[(uint32_t)c->listed[l->block->first + i]];
		enter_end(c, l, r, true, i);
		enter_end(c, l, r, false, i);
		enter_labels(l, r->rule, i);
	}
}

static void
lay_outcomes(const struct page_maker *c, const struct laid *l, const struct placed *rules)
{
	for (uint32_t i = 0; i < l->block->n; i++) {
		const struct placed *r = &rules[(uint32_t)c->listed[l->block->first + i]];
		set_bits(l->outcomes, (size_t)i * c->policy->outcome_bits, r->place_of_record * 2);
	}
}

static uint8_t *
outcomes_of(const struct page *x, struct block *b)
{
	return b->bytes + (block_outcomes(x, b) - b->bytes);
}

static enum consign_err
add_condition_globs(struct policy *p, const struct policy_rule *rule, struct condition *condition)
{
	bool is_odd = false;
	for (size_t i = 0; i < rule->types.n; i++)
		is_odd = is_odd || glob_is_odd(rule->types.v[i].s);
	condition->globs_at = (uint32_t)p->condition_glob_n;
	for (size_t i = 0; is_odd && i < rule->types.n; i++) {
		uint32_t id;
		enum consign_err err =
		    table_grow(&p->condition_globs, sizeof *p->condition_globs, p->condition_glob_n, &p->condition_glob_cap);
		if (err == CONSIGN_OK)
			err = names_put(&p->globs, slice_text(rule->types.v[i].s), &id);
		if (err != CONSIGN_OK)
			return err;
		p->condition_globs[p->condition_glob_n++] = id;
		condition->globs_n++;
	}
	return CONSIGN_OK;
}

/* The condition of a rule, in ret_condition; TABLE_NONE when it has none. */
static enum consign_err
add_condition(struct policy *p, const struct policy_rule *rule, uint32_t *ret_condition)
{
	struct condition condition = {.from_us = rule->from_us,
	    .until_us = rule->until_us,
	    .max_bytes = rule->max_bytes,
	    .is_permit = rule->effect == POLICY_PERMIT};
	enum consign_err err = add_condition_globs(p, rule, &condition);
	*ret_condition = TABLE_NONE;
	if (err != CONSIGN_OK || (!has_validity(rule) && rule->max_bytes == 0 && condition.globs_n == 0))
		return err;
	err = table_grow(&p->conditions, sizeof *p->conditions, p->condition_n, &p->condition_cap);
	if (err != CONSIGN_OK)
		return err;
	*ret_condition = (uint32_t)p->condition_n;
	p->conditions[p->condition_n++] = condition;
	return CONSIGN_OK;
}

static uint32_t
node_at(const struct page_maker *c, uint32_t position)
{
	return (uint32_t)(c->listed[position] >> 32);
}

/* Conditions of all rules first; a page whose rules have none keeps no list of them. */
static enum consign_err
lay_conditions(struct page_maker *c, struct page *x, const struct placed *rules, size_t rule_n)
{
	uint32_t *by_rule = calloc(rule_n, sizeof *by_rule);
	enum consign_err err = by_rule == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	size_t before = c->policy->condition_n;
	for (size_t i = 0; err == CONSIGN_OK && i < rule_n; i++)
		err = add_condition(c->policy, rules[i].rule, &by_rule[i]);
	if (err == CONSIGN_OK && c->policy->condition_n > before) {
		x->conditions = calloc(c->listed_n, sizeof *x->conditions);
		err = x->conditions == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	}
	for (uint32_t i = 0; err == CONSIGN_OK && x->conditions != NULL && i < c->listed_n; i++) {
		struct block *b = page_block(x, node_at(c, i) / BLOCK_NODES);
		x->conditions[i] = by_rule[(uint32_t)c->listed[i]];
		if (x->conditions[i] != TABLE_NONE)
			set_bits(outcomes_of(x, b), (size_t)(i - b->first) * c->policy->outcome_bits, OUTCOME_CONDITIONAL);
	}
	free(by_rule);
	return err;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/*
 * Lists as many rules as a page has room for, each under the node of each of its globs: by node, rising, each once. These are the
 * positions. ret_n: how many rules.
 */
static enum consign_err
list_rules(struct page_maker *c, const struct placed *rules, size_t rule_n, size_t *ret_n)
{
	size_t taken = 0, n = 0;
	c->listed_n = 0;
	for (; taken < rule_n && c->listed_n + rules[taken].rule->types.n <= PAGE_POSITIONS; taken++) {
		for (size_t g = 0; g < rules[taken].rule->types.n; g++) {
			enum consign_err err = table_grow(&c->listed, sizeof *c->listed, c->listed_n, &c->listed_cap);
			if (err != CONSIGN_OK)
				return err;
			c->listed[c->listed_n++] = (uint64_t)node_of(c->policy, rules[taken].rule->types.v[g].s) << 32 | taken;
		}
	}
	qsort(c->listed, c->listed_n, sizeof *c->listed, by_number);
	for (size_t i = 0; i < c->listed_n; i++) {
		if (n == 0 || c->listed[n - 1] != c->listed[i])
			c->listed[n++] = c->listed[i];
	}
	c->listed_n = n;
	*ret_n = taken;
	return CONSIGN_OK;
}

static size_t
in_units(size_t bytes, size_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}

/* The first position behind `at` whose node is in another block. */
static uint32_t
block_end(const struct page_maker *c, uint32_t at)
{
	uint32_t block = node_at(c, at) / BLOCK_NODES;
	while (at < c->listed_n && node_at(c, at) / BLOCK_NODES == block)
		at++;
	return at;
}

static size_t
block_bytes(const struct policy *p, const struct page *x, const struct block *b)
{
	size_t before = (size_t)(block_outcomes(x, b) - (const uint8_t *)b);
	return in_units(before + in_units((size_t)b->n * p->outcome_bits, 8) / 8, sizeof(uint16_t));
}

/* Bytes of a page before its first block. */
static size_t
blocks_at(const struct policy *p)
{
	return offsetof(struct page, blocks) + (p->node_n / BLOCK_NODES + 1) * sizeof(uint32_t);
}

/* A page with room for all of its blocks, which say nothing yet, for the rules that are listed; NULL: no memory. */
static struct page *
make_page(const struct page_maker *c)
{
	struct page head = {.n = (uint32_t)c->listed_n, .classes = c->class_n};
	size_t bytes = blocks_at(c->policy);
	for (uint32_t at = 0, end; at < c->listed_n; at = end) {
		end = block_end(c, at);
		struct block b = {.n = (uint16_t)(end - at)};
		bytes += block_bytes(c->policy, &head, &b);
	}
	bytes = in_units(bytes + sizeof(uint64_t), LINE_BYTES);
	struct page *x = aligned_alloc(LINE_BYTES, bytes);
	if (x == NULL)
		return NULL;
	memset(x, 0, bytes);
	*x = head;
	return x;
}

/* What the lists of a block begin and end with: as many positions as there are of the nodes before. */
static void
lay_lists(const struct page_maker *c, struct block *b, uint32_t number)
{
	for (uint32_t i = 0, at = 0; i < BLOCK_NUMBERS; i++) {
		while (at < b->n && node_at(c, b->first + at) < number * BLOCK_NODES + i)
			at++;
		if (b->n <= FEW_POSITIONS)
			b->bytes[i] = (uint8_t)at;
		else
			((uint16_t *)(void *)b->bytes)[i] = (uint16_t)at;
	}
}

static void
lay_blocks(const struct page_maker *c, struct page *x, const struct placed *rules)
{
	size_t bytes = blocks_at(c->policy);
	for (uint32_t at = 0, end; at < c->listed_n; at = end) {
		uint32_t number = node_at(c, at) / BLOCK_NODES;
		struct block *b = (struct block *)(void *)((uint8_t *)x + bytes);
		end = block_end(c, at);
		x->blocks[number] = (uint32_t)bytes;
		*b = (struct block){.first = (uint16_t)at, .n = (uint16_t)(end - at)};
		bytes += block_bytes(c->policy, x, b);
		struct laid l = {
		    .page = x, .block = b, .rows = b->bytes + (block_rows(b) - b->bytes), .outcomes = outcomes_of(x, b)};
		lay_lists(c, b, number);
		lay_rows(c, &l, rules);
		lay_outcomes(c, &l, rules);
	}
}

/*
 * One page, of as many rules as it has room for. ret_page: when it is set, the caller's, whatever fails then. ret_n: how many
 * rules.
 */
static enum consign_err
add_page(struct page_maker *c, const struct placed *rules, size_t rule_n, size_t *ret_n, struct page **ret_page)
{
	enum consign_err err = list_rules(c, rules, rule_n, ret_n);
	if (err != CONSIGN_OK)
		return err;
	struct page *x = make_page(c);
	if (x == NULL)
		return CONSIGN_E_NO_MEMORY;
	*ret_page = x;
	c->policy->page_n++;
	lay_blocks(c, x, rules);
	return lay_conditions(c, x, rules, *ret_n);
}

enum consign_err
pages_add(struct page_maker *c, const struct placed *rules, size_t n, struct page **ret_first)
{
	enum consign_err err = CONSIGN_OK;
	struct page **page = ret_first;
	for (size_t at = 0, taken = 0; err == CONSIGN_OK && at < n; at += taken) {
		err = add_page(c, rules + at, n - at, &taken, page);
		if (err == CONSIGN_OK)
			page = &(*page)->next;
	}
	return err;
}

void
pages_clear(struct page_maker *c)
{
	free(c->classes);
	free(c->listed);
}
