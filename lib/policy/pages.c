/* Pages: rows, conditions and lists of the rules that hold in one place. How they are laid out: compiled.h. */
#include "policy/pages.h"

#include <stdlib.h>
#include <string.h>

/* Bit 0 of a party's roles: rows of rules for any party. */
#define ROLE_ROWS (ROLE_LAST + 1u)

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
	uint32_t org = names_find_text(&p->orgs, end->orgs.v[n].s), roles;
	uint32_t party = org == TABLE_NONE ? TABLE_NONE : pages_slot(p, &p->studies[study], org)->study_class;
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

static void
set_bit(uint8_t *row, uint32_t position)
{
	row[position / 8] |= (uint8_t)(1u << (position % 8));
}

/*
 * Sets the bit of a position at one end of its rule: for the classes that it names, else for its roles. The rows of roles come to
 * those of the classes when all rules are in.
 */
static void
enter_end(struct page_maker *c, const struct page *x, const struct placed *r, bool is_from, uint8_t *role_rows, uint32_t position)
{
	const struct policy *p = c->policy;
	const struct policy_end *end = is_from ? r->rule->from : r->rule->to;
	uint32_t roles = 0;
	for (size_t i = 0; pages_names_orgs(end) && i < end->orgs.n; i++) {
		uint32_t party = pages_named_party(p, r->study, end, i), class;
		if (party == TABLE_NONE)
			continue;
		class = p->parties[party].study_class;
		set_bit(is_from ? row_from(x, class) : row_to(x, class), position);
	}
	if (pages_names_orgs(end))
		return;
	if (end != NULL && pages_role_bits(end->roles.v, end->roles.n, &roles) != CONSIGN_OK)
		return; /* rule_is_sound has seen to it */
	for (uint32_t bits = roles == 0 ? 1u : roles; bits != 0; bits &= bits - 1)
		set_bit(role_rows + (size_t)__builtin_ctz(bits) * x->row_bytes, position);
}

static void
join_roles(const struct page_maker *c, const struct page *x, const uint8_t *role_rows, bool is_from)
{
	for (uint32_t class = 0; class < c->class_n; class ++) {
		uint8_t *row = is_from ? row_from(x, class) : row_to(x, class);
		for (uint32_t bits = c->classes[class]; bits != 0; bits &= bits - 1) {
			const uint8_t *more = role_rows + (size_t)__builtin_ctz(bits) * x->row_bytes;
			for (uint32_t i = 0; i < x->row_bytes; i++)
				row[i] |= more[i];
		}
	}
}

static void
enter_labels(const struct page *x, const struct policy_rule *rule, uint32_t position)
{
	for (uint32_t label = CONSIGN_LABEL_OPEN; label <= CONSIGN_LABEL_UNBLINDED; label++) {
		bool is_meant = rule->labels.n == 0;
		for (size_t i = 0; !is_meant && i < rule->labels.n; i++)
			is_meant = rule->labels.v[i] == label;
		if (is_meant)
			set_bit(row_label(x, label), position);
	}
}

static enum consign_err
lay_rows(struct page_maker *c, struct page *x, const struct placed *rules)
{
	uint8_t *from = calloc(ROLE_ROWS, x->row_bytes), *to = calloc(ROLE_ROWS, x->row_bytes);
	bool is_there = from != NULL && to != NULL;
	for (uint32_t i = 0; is_there && i < c->listed_n; i++) {
		const struct placed *r = &rules[(uint32_t)c->listed[i]];
		enter_end(c, x, r, true, from, i);
		enter_end(c, x, r, false, to, i);
		enter_labels(x, r->rule, i);
	}
	if (is_there) {
		join_roles(c, x, from, true);
		join_roles(c, x, to, false);
	}
	free(from);
	free(to);
	return is_there ? CONSIGN_OK : CONSIGN_E_NO_MEMORY;
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
		x->conditions[i] = by_rule[(uint32_t)c->listed[i]];
		if (x->conditions[i] != TABLE_NONE)
			x->outcomes[i] |= OUTCOME_CONDITIONAL;
	}
	free(by_rule);
	return err;
}

static void
lay_outcomes(const struct page_maker *c, const struct page *x, const struct placed *rules)
{
	for (uint32_t i = 0; i < c->listed_n; i++)
		x->outcomes[i] = rules[(uint32_t)c->listed[i]].place_of_record * 2;
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

static uint32_t
node_at(const struct page_maker *c, uint32_t position)
{
	return (uint32_t)(c->listed[position] >> 32);
}

/* Blocks of nodes that have a list, and the empty one. */
static uint32_t
count_blocks(const struct page_maker *c)
{
	uint32_t blocks = 1;
	for (uint32_t i = 0; i < c->listed_n; i++)
		blocks += i == 0 || node_at(c, i) / BLOCK_NODES != node_at(c, i - 1) / BLOCK_NODES;
	return blocks;
}

/* Of each block that has a list, what its lists begin and end with: as many positions as there are of the nodes before. */
static void
lay_lists(const struct page_maker *c, struct page *x)
{
	uint32_t at = 0;
	for (uint16_t block = 1; at < c->listed_n; block++) {
		uint32_t number = node_at(c, at) / BLOCK_NODES;
		uint16_t *list = x->lists + (size_t)block * BLOCK_NUMBERS;
		x->blocks[number] = block;
		for (uint32_t i = 0; i < BLOCK_NUMBERS; i++) {
			while (at < c->listed_n && node_at(c, at) < number * BLOCK_NODES + i)
				at++;
			list[i] = (uint16_t)at;
		}
	}
}

static size_t
in_units(size_t bytes, size_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}

/* A page with all of its parts, empty, for the rules that are listed; NULL: no memory. */
static struct page *
make_page(const struct page_maker *c)
{
	size_t row_bytes = in_units(c->listed_n, 8) / 8;
	size_t lists_at = offsetof(struct page, blocks) + (c->policy->node_n / BLOCK_NODES + 1) * sizeof(uint16_t);
	size_t outcomes_at = in_units(lists_at + (size_t)count_blocks(c) * BLOCK_NUMBERS * sizeof(uint16_t), sizeof(uint32_t));
	size_t rows_at = outcomes_at + c->listed_n * sizeof(uint32_t);
	size_t bytes = in_units(rows_at + PAGE_ROWS(c->class_n) * row_bytes + sizeof(uint64_t), LINE_BYTES);
	struct page *x = aligned_alloc(LINE_BYTES, bytes);
	if (x == NULL)
		return NULL;
	memset(x, 0, bytes);
	x->rows = (uint8_t *)x + rows_at;
	x->outcomes = (uint32_t *)((uint8_t *)x + outcomes_at);
	x->lists = (uint16_t *)((uint8_t *)x + lists_at);
	x->n = (uint32_t)c->listed_n;
	x->row_bytes = (uint32_t)row_bytes;
	x->classes = c->class_n;
	return x;
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
	lay_outcomes(c, x, rules);
	lay_lists(c, x);
	err = lay_rows(c, x, rules);
	return err == CONSIGN_OK ? lay_conditions(c, x, rules, *ret_n) : err;
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
