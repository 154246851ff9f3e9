/* See policy_cover.h. */
#include "policy/policy_cover.h"

#include <stdlib.h>

#include "core/text.h"
#include "policy/table.h"

/* Comparisons of words: half a second or so. Only thousands of rules with the same beginnings of types need more. */
#define WORK_MAX (1u << 24)

/* ── two rules ── */

static bool
has_number(const uint32_t *v, size_t n, uint32_t number)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i] == number)
			return true;
	}
	return false;
}

/* In lists of numbers as in the others below: an empty one means any. */
static bool
numbers_cover(const uint32_t *by, size_t by_n, const uint32_t *v, size_t n)
{
	for (size_t i = 0; by_n > 0 && i < n; i++) {
		if (!has_number(by, by_n, v[i]))
			return false;
	}
	return by_n == 0 || n > 0;
}

static bool
orgs_cover(const struct policy_end *by, const struct policy_end *end)
{
	for (size_t i = 0; i < end->orgs.n; i++) {
		size_t j = 0;
		while (j < by->orgs.n && strcmp(by->orgs.v[j].s, end->orgs.v[i].s) != 0)
			j++;
		if (j == by->orgs.n)
			return false;
	}
	return end->orgs.n > 0;
}

static bool
end_covers(const struct policy_end *by, const struct policy_end *end)
{
	static const struct policy_end any;
	if (by == NULL)
		return true;
	if (end == NULL)
		end = &any;
	return numbers_cover(by->roles.v, by->roles.n, end->roles.v, end->roles.n) && (by->orgs.n == 0 || orgs_cover(by, end));
}

/* A * of the one is matched by a * of the other only: then all that it matches, the other does. */
static bool
types_cover(const struct policy_rule *by, const struct policy_rule *rule)
{
	for (size_t i = 0; i < rule->types.n; i++) {
		size_t j = 0;
		while (j < by->types.n && !glob_match(by->types.v[j].s, rule->types.v[i].s))
			j++;
		if (j == by->types.n)
			return false;
	}
	return true;
}

static bool
studies_cover(const struct policy_file_rule *by, const struct policy_file_rule *rule)
{
	for (size_t i = 0; i < by->studies.n; i++) {
		if (strcmp(by->studies.v[i].s, "*") == 0)
			return true;
	}
	for (size_t i = 0; by->studies.n > 0 && i < rule->studies.n; i++) {
		size_t j = 0;
		while (j < by->studies.n && !glob_match(by->studies.v[j].s, rule->studies.v[i].s))
			j++;
		if (j == by->studies.n)
			return false;
	}
	return by->studies.n == 0 || rule->studies.n > 0;
}

/* 0 is for ever, and any size. */
static bool
bound_covers(uint64_t by, uint64_t bound)
{
	return by == 0 || (bound != 0 && bound <= by);
}

bool
policy_covers(const struct policy_file_rule *by, const struct policy_file_rule *rule)
{
	const struct policy_rule *a = by->rule, *b = rule->rule;
	return a->from_us <= b->from_us && bound_covers(a->until_us, b->until_us) && bound_covers(a->max_bytes, b->max_bytes) &&
	       numbers_cover(a->labels.v, a->labels.n, b->labels.v, b->labels.n) && end_covers(a->from, b->from) &&
	       end_covers(a->to, b->to) && types_cover(a, b) && studies_cover(by, rule);
}

/* ── all of a file ── */

/* Rules by how a type of theirs begins, up to its first *: whatever covers a type begins as it does, or sooner stops to. */
struct entry {
	uint32_t rule;
	uint32_t next;
};

struct index {
	const struct policy_file_rule *rules;
	size_t n;
	struct names beginnings;
	uint32_t *first; /* by beginning: its first entry */
	size_t first_cap;
	struct entry *entries;
	size_t entry_n, entry_cap;
	uint64_t work;
};

static enum consign_err
enter(struct index *x, uint32_t rule, const char *glob)
{
	uint32_t beginning;
	size_t known = x->beginnings.n;
	enum consign_err err = table_grow(&x->first, sizeof *x->first, known, &x->first_cap);
	if (err == CONSIGN_OK)
		err = names_put(&x->beginnings, slice_of(glob, strcspn(glob, "*")), &beginning);
	if (err != CONSIGN_OK)
		return err;
	if (beginning == known)
		x->first[beginning] = TABLE_NONE;
	else if (x->first[beginning] != TABLE_NONE && x->entries[x->first[beginning]].rule == rule)
		return CONSIGN_OK; /* by another type of the same rule */
	err = table_grow(&x->entries, sizeof *x->entries, x->entry_n, &x->entry_cap);
	if (err != CONSIGN_OK)
		return err;
	x->entries[x->entry_n] = (struct entry){.rule = rule, .next = x->first[beginning]};
	x->first[beginning] = (uint32_t)x->entry_n++;
	return CONSIGN_OK;
}

static enum consign_err
enter_all(struct index *x)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct policy_rule *rule = x->rules[i].rule;
		for (size_t j = 0; j < rule->types.n; j++) {
			enum consign_err err = enter(x, (uint32_t)i, rule->types.v[j].s);
			if (err != CONSIGN_OK)
				return err;
		}
	}
	return CONSIGN_OK;
}

static size_t
orgs_of(const struct policy_end *end)
{
	return end == NULL ? 0 : end->orgs.n;
}

/* Whether a rule may make another one say nothing: a forbid any permit, else an earlier one of the same effect. */
static bool
may_replace(const struct index *x, uint32_t by, uint32_t rule)
{
	uint32_t effect = x->rules[by].rule->effect;
	return effect == x->rules[rule].rule->effect ? by < rule : effect == POLICY_FORBID;
}

static bool
is_better(const struct index *x, uint32_t by, uint32_t than)
{
	if (than == x->n)
		return true;
	uint32_t a = x->rules[by].rule->effect, b = x->rules[than].rule->effect;
	return a != b ? a == POLICY_FORBID : by < than;
}

static void
compare(struct index *x, uint32_t by, uint32_t rule, uint32_t *best)
{
	const struct policy_rule *a = x->rules[by].rule, *b = x->rules[rule].rule;
	x->work++;
	if (!may_replace(x, by, rule) || !is_better(x, by, *best))
		return;
	x->work += (uint64_t)a->types.n * b->types.n + orgs_of(a->from) * orgs_of(b->from) + orgs_of(a->to) * orgs_of(b->to) +
		   x->rules[by].studies.n * x->rules[rule].studies.n;
	if (policy_covers(&x->rules[by], &x->rules[rule]))
		*best = by;
}

static void
find_cover(struct index *x, uint32_t rule, uint32_t *best)
{
	const char *type = x->rules[rule].rule->types.v[0].s;
	size_t len = strcspn(type, "*");
	for (size_t part = 0; part <= len; part++) {
		uint32_t beginning = names_find(&x->beginnings, slice_of(type, part));
		uint32_t at = beginning == TABLE_NONE ? TABLE_NONE : x->first[beginning];
		for (; at != TABLE_NONE && x->work < WORK_MAX; at = x->entries[at].next)
			compare(x, x->entries[at].rule, rule, best);
	}
}

enum consign_err
policy_cover_find(const struct policy_file_rule *rules, size_t n, uint32_t *ret_by, bool *ret_is_all)
{
	struct index x = {.rules = rules, .n = n};
	enum consign_err err = enter_all(&x);
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++) {
		ret_by[i] = (uint32_t)n;
		find_cover(&x, (uint32_t)i, &ret_by[i]);
	}
	if (err == CONSIGN_OK)
		*ret_is_all = x.work < WORK_MAX;
	names_clear(&x.beginnings);
	free(x.first);
	free(x.entries);
	return err;
}
