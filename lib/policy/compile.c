/*
 * Parts become a compiled policy. What compiled.h says is laid down here; nothing here decides.
 *
 * Shape (charsets, lengths) was checked by policy_part_decode; numbers that choose a place in a table are checked again,
 * because parts may also come straight from policy_file_parse or a caller's own hand.
 */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "policy/compiled.h"

/* A named end that a party belongs to. */
struct member {
	uint32_t party;
	uint32_t end;
};

struct numbers_list {
	uint32_t *v;
	size_t n, cap;
};

/* One end of a rule in one index. */
struct side {
	uint32_t roles;              /* bits; 0: any */
	bool names_parties;          /* then roles is 0 and parties holds those that match */
	struct numbers_list parties; /* places in policy.parties */
	struct numbers_list ends;
};

struct compiler {
	struct policy *policy;
	const struct policy_common *common;
	const struct policy_study **study; /* by number */
	size_t study_cap;
	struct names named;             /* what a named end is made of: its parties */
	struct numbers_list named_ends; /* by number in named: the end */
	uint32_t *named_n;              /* by index */
	struct member *members;
	size_t member_n, member_cap;
	struct side from, to;
};

static enum consign_err
push(struct numbers_list *list, uint32_t value)
{
	enum consign_err err = table_grow(&list->v, sizeof *list->v, list->n, &list->cap);
	if (err == CONSIGN_OK)
		list->v[list->n++] = value;
	return err;
}

static enum consign_err
role_bits(const uint32_t *roles, size_t n, uint32_t *ret_bits)
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

static enum consign_err
add_party(struct policy *p, uint32_t study, const struct policy_party *party)
{
	uint32_t roles, org, place;
	if (party->clearance < CONSIGN_LABEL_OPEN || party->clearance > CONSIGN_LABEL_UNBLINDED)
		return CONSIGN_E_MALFORMED;
	enum consign_err err = role_bits(party->roles.v, party->roles.n, &roles);
	if (err == CONSIGN_OK)
		err = names_put(&p->orgs, slice_text(party->org.s), &org);
	if (err == CONSIGN_OK)
		err = table_grow(&p->parties, sizeof *p->parties, p->party_n, &p->party_cap);
	if (err == CONSIGN_OK)
		err = numbers_put(&p->party_of, wide_key(study, org), (uint32_t)p->party_n, &place);
	if (err != CONSIGN_OK)
		return err;
	if (place != p->party_n)
		return CONSIGN_E_MALFORMED; /* the org twice in one study */
	p->parties[p->party_n++] = (struct compiled_party){
	    .org = org,
	    .ends = 1u << END_ANY | roles,
	    .clearance = (enum consign_label)party->clearance,
	};
	return CONSIGN_OK;
}

static enum consign_err
add_study(struct compiler *c, const struct policy_study *study)
{
	struct policy *p = c->policy;
	if (p->study_ids.n >= CONSIGN_STUDIES_MAX || study->parties.n > CONSIGN_PARTIES_MAX || study->rules.n > CONSIGN_RULES_MAX)
		return CONSIGN_E_TOO_BIG;
	size_t known = p->study_ids.n;
	uint32_t number;
	enum consign_err err = names_put(&p->study_ids, slice_text(study->id.s), &number);
	if (err != CONSIGN_OK)
		return err;
	if (number != known)
		return CONSIGN_E_MALFORMED; /* the study twice */
	p->studies[number] = (struct compiled_study){.first = (uint32_t)p->party_n, .n = (uint32_t)study->parties.n};
	c->study[number] = study;
	for (size_t i = 0; i < study->parties.n; i++) {
		err = add_party(p, number, study->parties.v[i]);
		if (err != CONSIGN_OK)
			return err;
	}
	return CONSIGN_OK;
}

/* Studies and parties first, all of them: rules then speak of places that no longer move. */
static enum consign_err
add_parts(struct compiler *c, struct policy_part *const *parts, size_t n)
{
	struct policy *p = c->policy;
	size_t studies = 0;
	for (size_t i = 0; i < n; i++)
		studies += parts[i]->study != NULL;
	p->studies = calloc(studies + 1, sizeof *p->studies);
	p->indexes = calloc(studies + 1, sizeof *p->indexes);
	c->study = calloc(studies + 1, sizeof *c->study);
	c->named_n = calloc(studies + 1, sizeof *c->named_n);
	if (p->studies == NULL || p->indexes == NULL || c->study == NULL || c->named_n == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		if (parts[i]->common != NULL && (c->common != NULL || parts[i]->study != NULL))
			return CONSIGN_E_MALFORMED;
		if (parts[i]->common != NULL)
			c->common = parts[i]->common;
		if (parts[i]->study == NULL)
			continue;
		enum consign_err err = add_study(c, parts[i]->study);
		if (err != CONSIGN_OK)
			return err;
	}
	return c->common != NULL && c->common->rules.n > CONSIGN_RULES_MAX ? CONSIGN_E_TOO_BIG : CONSIGN_OK;
}

static enum consign_err
read_side(struct compiler *c, uint32_t index, const struct policy_end *end, struct side *side)
{
	const struct policy *p = c->policy;
	uint32_t roles = 0;
	side->parties.n = 0;
	side->ends.n = 0;
	side->names_parties = end != NULL && end->orgs.n > 0;
	if (end != NULL) {
		enum consign_err err = role_bits(end->roles.v, end->roles.n, &roles);
		if (err != CONSIGN_OK)
			return err;
	}
	side->roles = side->names_parties ? 0 : roles;
	for (size_t i = 0; side->names_parties && i < end->orgs.n; i++) {
		uint32_t org = names_find_text(&p->orgs, end->orgs.v[i].s);
		uint32_t party = org == TABLE_NONE ? TABLE_NONE : numbers_find(&p->party_of, wide_key(index - 1, org));
		if (party == TABLE_NONE || (roles != 0 && (p->parties[party].ends & roles) == 0))
			continue;
		enum consign_err err = push(&side->parties, party);
		if (err != CONSIGN_OK)
			return err;
	}
	return CONSIGN_OK;
}

static size_t
side_count(const struct side *side)
{
	if (side->names_parties)
		return side->parties.n;
	return side->roles == 0 ? 1 : (size_t)__builtin_popcount(side->roles);
}

/* Some parties of one study become one end of its index. The same ones always become the same end. */
static enum consign_err
name_end(struct compiler *c, uint32_t index, const uint32_t *parties, size_t n, uint32_t *ret_end)
{
	uint32_t number;
	size_t known = c->named.n;
	enum consign_err err = names_put(&c->named, slice_of(parties, n * sizeof *parties), &number);
	if (err != CONSIGN_OK)
		return err;
	if (number < known) {
		*ret_end = c->named_ends.v[number];
		return CONSIGN_OK;
	}
	uint32_t end = END_NAMED + c->named_n[index]++;
	if (end >= 1u << 20)
		return CONSIGN_E_TOO_BIG; /* pair_key has 20 bits for it */
	err = push(&c->named_ends, end);
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++) {
		err = table_grow(&c->members, sizeof *c->members, c->member_n, &c->member_cap);
		if (err == CONSIGN_OK)
			c->members[c->member_n++] = (struct member){.party = parties[i], .end = end};
	}
	if (err == CONSIGN_OK)
		*ret_end = end;
	return err;
}

static enum consign_err
list_ends(struct compiler *c, uint32_t index, struct side *side, bool as_set)
{
	enum consign_err err = CONSIGN_OK;
	uint32_t end;
	for (size_t i = 0; err == CONSIGN_OK && i < side->parties.n; i += as_set ? side->parties.n : 1) {
		err = name_end(c, index, &side->parties.v[i], as_set ? side->parties.n : 1, &end);
		if (err == CONSIGN_OK)
			err = push(&side->ends, end);
	}
	if (err != CONSIGN_OK || side->names_parties)
		return err;
	if (side->roles == 0)
		return push(&side->ends, END_ANY);
	for (uint32_t bits = side->roles; err == CONSIGN_OK && bits != 0; bits &= bits - 1)
		err = push(&side->ends, (uint32_t)__builtin_ctz(bits));
	return err;
}

static const struct firsts no_firsts = {{{TABLE_NONE, TABLE_NONE, TABLE_NONE}, {TABLE_NONE, TABLE_NONE, TABLE_NONE}}};

static void
improve(const struct policy *p, struct firsts *firsts, const struct policy_rule *rule, uint32_t number)
{
	uint32_t *first = firsts->rule[rule->effect - 1];
	for (uint32_t label = 0; label < 3; label++) {
		bool is_meant = rule->labels.n == 0;
		for (size_t i = 0; !is_meant && i < rule->labels.n; i++)
			is_meant = rule->labels.v[i] == label + 1;
		if (is_meant && rule_is_before(p, number, first[label]))
			first[label] = number;
	}
}

/* The entry of a pair and a glob (2 × exact, or 2 × prefix + 1), made when it is new. */
static enum consign_err
find_entry(struct policy *p, uint32_t pair, uint32_t glob, uint32_t *ret_at)
{
	enum consign_err err = table_grow(&p->entry, sizeof *p->entry, p->entry_n, &p->entry_cap);
	uint32_t at;
	if (err == CONSIGN_OK)
		err = numbers_put(&p->entries, wide_key(pair, glob), (uint32_t)p->entry_n, &at);
	if (err != CONSIGN_OK)
		return err;
	if (at == p->entry_n)
		p->entry[p->entry_n++] = (struct entry){.firsts = no_firsts, .odd = TABLE_NONE};
	*ret_at = at;
	return CONSIGN_OK;
}

static enum consign_err
enter_odd(struct policy *p, uint32_t at, const char *glob, const struct policy_rule *rule, uint32_t number)
{
	uint32_t name;
	enum consign_err err = names_put(&p->globs_odd, slice_text(glob), &name);
	if (err != CONSIGN_OK)
		return err;
	uint32_t o = p->entry[at].odd;
	while (o != TABLE_NONE && p->odd[o].glob != name)
		o = p->odd[o].next;
	if (o == TABLE_NONE) {
		err = table_grow(&p->odd, sizeof *p->odd, p->odd_n, &p->odd_cap);
		if (err != CONSIGN_OK)
			return err;
		o = (uint32_t)p->odd_n++;
		p->odd[o] = (struct odd_entry){.firsts = no_firsts, .glob = name, .next = p->entry[at].odd};
		p->entry[at].odd = o;
	}
	improve(p, &p->odd[o].firsts, rule, number);
	return CONSIGN_OK;
}

static enum consign_err
enter_glob(struct policy *p, uint32_t pair, const char *glob, const struct policy_rule *rule, uint32_t number)
{
	size_t literal = strcspn(glob, "*");
	bool is_exact = glob[literal] == '\0';
	uint32_t name, at;
	enum consign_err err = names_put(is_exact ? &p->globs_exact : &p->globs_prefix, slice_of(glob, literal), &name);
	if (err == CONSIGN_OK)
		err = find_entry(p, pair, is_exact ? name * 2 : name * 2 + 1, &at);
	if (err != CONSIGN_OK)
		return err;
	if (!is_exact)
		p->prefix_lengths[literal / 64] |= (uint64_t)1 << (literal % 64);
	if (!is_exact && glob[literal + strspn(glob + literal, "*")] != '\0')
		return enter_odd(p, at, glob, rule, number);
	improve(p, &p->entry[at].firsts, rule, number);
	return CONSIGN_OK;
}

static enum consign_err
enter_pair(struct policy *p, uint32_t index, uint32_t from, uint32_t to, const struct policy_rule *rule, uint32_t number)
{
	uint32_t pair;
	enum consign_err err = numbers_put(&p->pairs, pair_key(index, from, to), (uint32_t)p->pairs.n, &pair);
	if (err == CONSIGN_OK && from < END_NAMED && to < END_NAMED)
		p->indexes[index].reach[from] |= 1u << to;
	for (size_t i = 0; err == CONSIGN_OK && i < rule->types.n; i++)
		err = enter_glob(p, pair, rule->types.v[i].s, rule, number);
	return err;
}

static enum consign_err
enter_rule(struct compiler *c, uint32_t index, const struct policy_rule *rule, uint32_t number)
{
	enum consign_err err = read_side(c, index, rule->from, &c->from);
	if (err == CONSIGN_OK)
		err = read_side(c, index, rule->to, &c->to);
	if (err != CONSIGN_OK)
		return err;
	size_t from_n = side_count(&c->from), to_n = side_count(&c->to);
	if (from_n == 0 || to_n == 0)
		return CONSIGN_OK; /* names parties of other studies only */
	/* With at most 12 roles an end can only be too long when it names parties, and only the longer of two is. */
	bool is_large = from_n * to_n > EXPAND_MAX * (from_n + to_n);
	err = list_ends(c, index, &c->from, is_large && from_n >= to_n);
	if (err == CONSIGN_OK)
		err = list_ends(c, index, &c->to, is_large && from_n < to_n);
	for (size_t f = 0; f < c->from.ends.n; f++) {
		for (size_t t = 0; err == CONSIGN_OK && t < c->to.ends.n; t++)
			err = enter_pair(c->policy, index, c->from.ends.v[f], c->to.ends.v[t], rule, number);
	}
	return err;
}

static bool
rule_is_sound(const struct policy_rule *rule)
{
	if ((rule->effect != POLICY_PERMIT && rule->effect != POLICY_FORBID) || rule->types.n == 0)
		return false;
	/* What is not obeyed is refused. */
	if (rule->from_us != 0 || rule->until_us != 0 || rule->max_bytes != 0 || rule->deliver_within_us != 0)
		return false;
	for (size_t i = 0; i < rule->types.n; i++) {
		if (strnlen(rule->types.v[i].s, sizeof rule->types.v[i].s) > CONSIGN_TYPE_MAX_BYTES)
			return false;
	}
	for (size_t i = 0; i < rule->labels.n; i++) {
		if (rule->labels.v[i] < CONSIGN_LABEL_OPEN || rule->labels.v[i] > CONSIGN_LABEL_UNBLINDED)
			return false;
	}
	return true;
}

static enum consign_err
add_rule(struct compiler *c, uint32_t index, const struct policy_rule *rule)
{
	struct policy *p = c->policy;
	uint32_t id, number = (uint32_t)p->rule_n;
	if (!rule_is_sound(rule))
		return CONSIGN_E_MALFORMED;
	enum consign_err err = names_put(&p->rule_ids, slice_text(rule->id.s), &id);
	if (err == CONSIGN_OK)
		err = table_grow(&p->rules, sizeof *p->rules, p->rule_n, &p->rule_cap);
	if (err != CONSIGN_OK)
		return err;
	p->rules[p->rule_n++] = (struct compiled_rule){.order = rule->order, .id = id};
	bool names_orgs = (rule->from != NULL && rule->from->orgs.n > 0) || (rule->to != NULL && rule->to->orgs.n > 0);
	if (index != INDEX_COMMON || !names_orgs)
		return enter_rule(c, index, rule, number);
	/* policy_file_parse makes no such common rule; the format allows it. Parties are known per study only. */
	for (uint32_t s = 0; err == CONSIGN_OK && s < p->study_ids.n; s++)
		err = enter_rule(c, 1 + s, rule, number);
	return err;
}

static enum consign_err
add_rules(struct compiler *c)
{
	enum consign_err err = CONSIGN_OK;
	for (size_t i = 0; c->common != NULL && err == CONSIGN_OK && i < c->common->rules.n; i++)
		err = add_rule(c, INDEX_COMMON, c->common->rules.v[i]);
	for (uint32_t s = 0; err == CONSIGN_OK && s < c->policy->study_ids.n; s++) {
		for (size_t i = 0; err == CONSIGN_OK && i < c->study[s]->rules.n; i++)
			err = add_rule(c, 1 + s, c->study[s]->rules.v[i]);
	}
	return err;
}

/* Gives every party its list of named ends. */
static enum consign_err
deal_members(struct compiler *c)
{
	struct policy *p = c->policy;
	p->ends = calloc(c->member_n + 1, sizeof *p->ends);
	if (p->ends == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < c->member_n; i++)
		p->parties[c->members[i].party].named_n++;
	uint32_t at = 0;
	for (size_t i = 0; i < p->party_n; i++) {
		p->parties[i].named_at = at;
		at += p->parties[i].named_n;
		p->parties[i].named_n = 0;
	}
	for (size_t i = 0; i < c->member_n; i++) {
		struct compiled_party *party = &p->parties[c->members[i].party];
		p->ends[party->named_at + party->named_n++] = c->members[i].end;
	}
	return CONSIGN_OK;
}

/* Lists the studies of each org, rising because parties are kept in the order of their studies. */
static enum consign_err
list_studies(struct policy *p)
{
	p->org_first = calloc(p->orgs.n + 2, sizeof *p->org_first);
	p->org_studies = calloc(p->party_n + 1, sizeof *p->org_studies);
	if (p->org_first == NULL || p->org_studies == NULL)
		return CONSIGN_E_NO_MEMORY;
	/* Counted two places on, so that filling moves each start to where the next one's list begins. */
	for (size_t i = 0; i < p->party_n; i++)
		p->org_first[p->parties[i].org + 2]++;
	for (size_t i = 2; i < p->orgs.n + 2; i++)
		p->org_first[i] += p->org_first[i - 1];
	for (uint32_t s = 0; s < p->study_ids.n; s++) {
		for (uint32_t i = 0; i < p->studies[s].n; i++)
			p->org_studies[p->org_first[p->parties[p->studies[s].first + i].org + 1]++] = s;
	}
	return CONSIGN_OK;
}

enum consign_err
policy_compile(struct policy_part *const *parts, size_t n, struct policy **ret_policy)
{
	struct compiler c = {.policy = calloc(1, sizeof *c.policy)};
	if (c.policy == NULL)
		return CONSIGN_E_NO_MEMORY;
	enum consign_err err = add_parts(&c, parts, n);
	if (err == CONSIGN_OK)
		err = add_rules(&c);
	if (err == CONSIGN_OK)
		err = deal_members(&c);
	if (err == CONSIGN_OK)
		err = list_studies(c.policy);
	if (err == CONSIGN_OK) {
		*ret_policy = c.policy;
		c.policy = NULL;
	}
	policy_free(&c.policy);
	free(c.study);
	free(c.named_n);
	free(c.named_ends.v);
	free(c.members);
	free(c.from.parties.v);
	free(c.from.ends.v);
	free(c.to.parties.v);
	free(c.to.ends.v);
	names_clear(&c.named);
	return err;
}
