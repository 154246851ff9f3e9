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

uint32_t *
pages_slot(const struct policy *p, const struct compiled_study *study, uint32_t org)
{
	uint32_t *slots = p->party_slots + study->slots, i = party_slot(study, org);
	while (slots[i] != TABLE_NONE && p->parties[slots[i]].org != org)
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
	uint32_t party = org == TABLE_NONE ? TABLE_NONE : *pages_slot(p, &p->studies[study], org);
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
	x->rows = calloc(PAGE_ROWS(x->classes), x->row_bytes);
	uint8_t *from = calloc(ROLE_ROWS, x->row_bytes), *to = calloc(ROLE_ROWS, x->row_bytes);
	bool is_there = x->rows != NULL && from != NULL && to != NULL;
	for (uint32_t i = 0; is_there && i < x->n; i++) {
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
		x->conditions = calloc(x->n, sizeof *x->conditions);
		err = x->conditions == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	}
	for (uint32_t i = 0; err == CONSIGN_OK && x->conditions != NULL && i < x->n; i++) {
		x->conditions[i] = by_rule[(uint32_t)c->listed[i]];
		if (x->conditions[i] != TABLE_NONE)
			x->outcomes[i] |= OUTCOME_CONDITIONAL;
	}
	free(by_rule);
	return err;
}

static enum consign_err
lay_outcomes(struct page_maker *c, struct page *x, const struct placed *rules)
{
	x->outcomes = calloc(x->n, sizeof *x->outcomes);
	if (x->outcomes == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (uint32_t i = 0; i < x->n; i++)
		x->outcomes[i] = rules[(uint32_t)c->listed[i]].place_of_record * 2;
	return CONSIGN_OK;
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

static enum consign_err
lay_lists(struct page_maker *c, struct page *x)
{
	uint32_t blocks = 1, *list = NULL;
	for (uint32_t i = 0; i < x->n; i++)
		blocks += i == 0 || node_at(c, i) / BLOCK_NODES != node_at(c, i - 1) / BLOCK_NODES;
	x->blocks = calloc(c->policy->node_n / BLOCK_NODES + 1, sizeof *x->blocks);
	x->lists = calloc((size_t)blocks * BLOCK_NODES, sizeof *x->lists);
	if (x->blocks == NULL || x->lists == NULL)
		return CONSIGN_E_NO_MEMORY;
	blocks = 1;
	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t node = node_at(c, i), *block = &x->blocks[node / BLOCK_NODES];
		if (*block == 0)
			*block = blocks++;
		if (i == 0 || node != node_at(c, i - 1)) {
			list = &x->lists[(size_t)*block * BLOCK_NODES + node % BLOCK_NODES];
			*list = i;
		}
		*list += 1u << 16;
	}
	return CONSIGN_OK;
}

/* One page, of as many rules as it has room for. ret_page: its number. */
static enum consign_err
add_page(struct page_maker *c, const struct placed *rules, size_t rule_n, size_t *ret_n, uint32_t *ret_page)
{
	struct policy *p = c->policy;
	enum consign_err err = table_grow(&p->pages, sizeof *p->pages, p->page_n, &p->page_cap);
	if (err == CONSIGN_OK)
		err = list_rules(c, rules, rule_n, ret_n);
	if (err != CONSIGN_OK)
		return err;
	struct page *x = &p->pages[p->page_n];
	*x = (struct page){.n = (uint32_t)c->listed_n,
	    .row_bytes = (uint32_t)(c->listed_n / 64 + 2) * 8,
	    .classes = c->class_n,
	    .next = TABLE_NONE};
	*ret_page = (uint32_t)p->page_n++;
	err = lay_rows(c, x, rules);
	if (err == CONSIGN_OK)
		err = lay_outcomes(c, x, rules);
	if (err == CONSIGN_OK)
		err = lay_conditions(c, x, rules, *ret_n);
	if (err == CONSIGN_OK)
		err = lay_lists(c, x);
	return err;
}

enum consign_err
pages_add(struct page_maker *c, const struct placed *rules, size_t n, uint32_t *ret_first)
{
	uint32_t before = TABLE_NONE, page;
	size_t taken;
	for (size_t at = 0; at < n; at += taken) {
		enum consign_err err = add_page(c, rules + at, n - at, &taken, &page);
		if (err != CONSIGN_OK)
			return err;
		if (before == TABLE_NONE)
			*ret_first = page;
		else
			c->policy->pages[before].next = page;
		before = page;
	}
	return CONSIGN_OK;
}

void
pages_clear(struct page_maker *c)
{
	free(c->classes);
	free(c->listed);
}
