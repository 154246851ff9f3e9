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
		return (uint32_t)p->prefixes.n + names_find(&p->types, slice_of(glob, literal));
	return names_find(&p->prefixes, slice_of(glob, literal));
}

/* ── one page ── */

static void
set_bit(uint64_t *row, uint32_t rank)
{
	row[rank / 64] |= (uint64_t)1 << (rank % 64);
}

/*
 * Sets the bits of a rule at one of its ends: for the classes that it names, else for its roles. The rows of roles come to those
 * of the classes when all rules are in.
 */
static void
enter_end(struct page_maker *c, const struct page *x, const struct placed *r, bool is_from, uint64_t *role_rows, uint32_t rank)
{
	const struct policy *p = c->policy;
	const struct policy_end *end = is_from ? r->rule->from : r->rule->to;
	uint32_t roles = 0;
	for (size_t i = 0; pages_names_orgs(end) && i < end->orgs.n; i++) {
		uint32_t party = pages_named_party(p, r->study, end, i), class;
		if (party == TABLE_NONE)
			continue;
		class = p->parties[party].study_class;
		set_bit(is_from ? row_from(x, class) : row_to(x, class), rank);
	}
	if (pages_names_orgs(end))
		return;
	if (end != NULL && pages_role_bits(end->roles.v, end->roles.n, &roles) != CONSIGN_OK)
		return; /* rule_is_sound has seen to it */
	for (uint32_t bits = roles == 0 ? 1u : roles; bits != 0; bits &= bits - 1)
		set_bit(role_rows + (size_t)__builtin_ctz(bits) * x->words, rank);
}

static void
join_roles(const struct page_maker *c, const struct page *x, const uint64_t *role_rows, bool is_from)
{
	for (uint32_t class = 0; class < c->class_n; class ++) {
		uint64_t *row = is_from ? row_from(x, class) : row_to(x, class);
		for (uint32_t bits = c->classes[class]; bits != 0; bits &= bits - 1) {
			const uint64_t *more = role_rows + (size_t)__builtin_ctz(bits) * x->words;
			for (uint32_t i = 0; i < x->words; i++)
				row[i] |= more[i];
		}
	}
}

static void
enter_labels(const struct page *x, const struct policy_rule *rule, uint32_t rank)
{
	for (uint32_t label = CONSIGN_LABEL_OPEN; label <= CONSIGN_LABEL_UNBLINDED; label++) {
		bool is_meant = rule->labels.n == 0;
		for (size_t i = 0; !is_meant && i < rule->labels.n; i++)
			is_meant = rule->labels.v[i] == label;
		if (is_meant)
			set_bit(row_label(x, label), rank);
	}
}

static enum consign_err
lay_rows(struct page_maker *c, struct page *x, const struct placed *rules)
{
	x->rows = calloc(PAGE_ROWS(x->classes) * x->words, sizeof *x->rows);
	uint64_t *from = calloc((size_t)ROLE_ROWS * x->words, sizeof *from),
		 *to = calloc((size_t)ROLE_ROWS * x->words, sizeof *to);
	bool is_there = x->rows != NULL && from != NULL && to != NULL;
	for (uint32_t rank = 0; is_there && rank < x->n; rank++) {
		enter_end(c, x, &rules[rank], true, from, rank);
		enter_end(c, x, &rules[rank], false, to, rank);
		enter_labels(x, rules[rank].rule, rank);
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

static enum consign_err
lay_condition(struct policy *p, struct page *x, const struct policy_rule *rule, uint32_t rank)
{
	struct condition condition = {.from_us = rule->from_us,
	    .until_us = rule->until_us,
	    .max_bytes = rule->max_bytes,
	    .is_permit = rule->effect == POLICY_PERMIT};
	enum consign_err err = add_condition_globs(p, rule, &condition);
	if (err != CONSIGN_OK || (!has_validity(rule) && rule->max_bytes == 0 && condition.globs_n == 0))
		return err;
	if (x->conditions == NULL)
		x->conditions = calloc(x->n, sizeof *x->conditions);
	if (x->conditions == NULL)
		return CONSIGN_E_NO_MEMORY;
	err = table_grow(&p->conditions, sizeof *p->conditions, p->condition_n, &p->condition_cap);
	if (err != CONSIGN_OK)
		return err;
	x->conditions[rank] = (uint32_t)p->condition_n;
	p->conditions[p->condition_n++] = condition;
	set_bit(row_conditional(x), rank);
	return CONSIGN_OK;
}

static enum consign_err
lay_outcomes(struct page_maker *c, struct page *x, const struct placed *rules)
{
	enum consign_err err = CONSIGN_OK;
	x->outcomes = calloc((size_t)x->n + 1, sizeof *x->outcomes);
	if (x->outcomes == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (uint32_t rank = 0; err == CONSIGN_OK && rank < x->n; rank++) {
		x->outcomes[rank] = rules[rank].outcome;
		err = lay_condition(c->policy, x, rules[rank].rule, rank);
	}
	x->outcomes[x->n] = OUTCOME_NONE;
	return err;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* Lists every rule under the node of each of its globs: by node, rising, each once. */
static enum consign_err
list_rules(struct page_maker *c, const struct page *x, const struct placed *rules)
{
	size_t n = 0;
	c->listed_n = 0;
	for (uint32_t rank = 0; rank < x->n; rank++) {
		for (size_t g = 0; g < rules[rank].rule->types.n; g++) {
			enum consign_err err = table_grow(&c->listed, sizeof *c->listed, c->listed_n, &c->listed_cap);
			if (err != CONSIGN_OK)
				return err;
			c->listed[c->listed_n++] = (uint64_t)node_of(c->policy, rules[rank].rule->types.v[g].s) << 32 | rank;
		}
	}
	qsort(c->listed, c->listed_n, sizeof *c->listed, by_number);
	for (size_t i = 0; i < c->listed_n; i++) {
		if (n == 0 || c->listed[n - 1] != c->listed[i])
			c->listed[n++] = c->listed[i];
	}
	c->listed_n = n;
	return CONSIGN_OK;
}

/* How many of the list that begins at i. */
static size_t
list_length(const struct page_maker *c, size_t i)
{
	size_t end = i;
	while (end < c->listed_n && c->listed[end] >> 32 == c->listed[i] >> 32)
		end++;
	return end - i;
}

static size_t
group_count(size_t ranks)
{
	return (ranks + GROUP_RANKS - 1) / GROUP_RANKS;
}

/* Memory for all lists of the page: the first group and the first block are empty, and so is what they are of. */
static enum consign_err
make_room(struct page_maker *c, struct page *x)
{
	size_t block_n = (c->policy->prefixes.n + c->policy->types.n) / BLOCK_NODES + 1;
	size_t groups = 1, rows = 0, blocks = 1;
	uint64_t last = UINT64_MAX;
	for (size_t i = 0, n; i < c->listed_n; i += n) {
		n = list_length(c, i);
		groups += n > LIST_MAX ? 0 : group_count(n);
		rows += n > LIST_MAX;
		blocks += (c->listed[i] >> 32) / BLOCK_NODES != last;
		last = (c->listed[i] >> 32) / BLOCK_NODES;
	}
	x->blocks = calloc(block_n, sizeof *x->blocks);
	x->lists = calloc(blocks * BLOCK_NODES, sizeof *x->lists);
	x->groups = malloc(groups * sizeof *x->groups);
	x->list_rows = calloc(rows * x->words + 1, sizeof *x->list_rows);
	if (x->blocks == NULL || x->lists == NULL || x->groups == NULL || x->list_rows == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < groups * GROUP_RANKS; i++)
		x->groups[i / GROUP_RANKS][i % GROUP_RANKS] = (uint16_t)x->n;
	return CONSIGN_OK;
}

static enum consign_err
lay_lists(struct page_maker *c, struct page *x, const struct placed *rules)
{
	size_t group = 1, row = 0, blocks = 1;
	enum consign_err err = list_rules(c, x, rules);
	if (err == CONSIGN_OK)
		err = make_room(c, x);
	for (size_t i = 0, n; err == CONSIGN_OK && i < c->listed_n; i += n) {
		uint32_t node = (uint32_t)(c->listed[i] >> 32), *block = &x->blocks[node / BLOCK_NODES], *list;
		n = list_length(c, i);
		if (*block == 0)
			*block = (uint32_t)blocks++;
		list = &x->lists[(size_t)*block * BLOCK_NODES + node % BLOCK_NODES];
		if (n > LIST_MAX) {
			for (size_t j = 0; j < n; j++)
				set_bit(x->list_rows + row, (uint32_t)c->listed[i + j]);
			*list = (uint32_t)row << 8 | LIST_IS_ROW;
			row += x->words;
			continue;
		}
		for (size_t j = 0; j < n; j++)
			x->groups[group + j / GROUP_RANKS][j % GROUP_RANKS] = (uint16_t)c->listed[i + j];
		*list = (uint32_t)group << 8 | (uint32_t)(group_count(n) - 1);
		group += group_count(n);
	}
	return err;
}

/* ── pages ── */

/* One page of rules. ret_page: its number, behind which the next one follows. */
static enum consign_err
add_page(struct page_maker *c, const struct placed *rules, size_t n, uint32_t *ret_page)
{
	struct policy *p = c->policy;
	enum consign_err err = table_grow(&p->pages, sizeof *p->pages, p->page_n, &p->page_cap);
	if (err != CONSIGN_OK)
		return err;
	struct page *x = &p->pages[p->page_n];
	*x = (struct page){.n = (uint32_t)n, .words = (uint32_t)n / 64 + 1, .classes = c->class_n, .next = TABLE_NONE};
	*ret_page = (uint32_t)p->page_n++;
	err = lay_rows(c, x, rules);
	if (err == CONSIGN_OK)
		err = lay_outcomes(c, x, rules);
	if (err == CONSIGN_OK)
		err = lay_lists(c, x, rules);
	return err;
}

enum consign_err
pages_add(struct page_maker *c, const struct placed *rules, size_t n, uint32_t *ret_first)
{
	uint32_t before = TABLE_NONE, page;
	for (size_t at = 0; at < n; at += PAGE_RULES) {
		enum consign_err err = add_page(c, rules + at, n - at < PAGE_RULES ? n - at : PAGE_RULES, &page);
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
