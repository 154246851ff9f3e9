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

#define NO_STUDY UINT32_MAX
/* Bit 0 of a party's roles: rows of rules for any party. */
#define ROLE_ROWS (ROLE_LAST + 1u)

/* A rule where it holds. */
struct placed {
	const struct policy_rule *rule;
	uint32_t study; /* or NO_STUDY: all */
	uint32_t place; /* of the part's rules */
	uint32_t outcome;
};

struct compiler {
	struct policy *policy;
	const struct policy_common *common;
	const struct policy_study **study; /* by number */
	struct placed *rules;
	size_t rule_n, rule_cap;
	bool *is_named;          /* by place in parties */
	struct names role_sets;  /* sets of roles, as bytes; number: the common class */
	uint32_t *set_classes;   /* by set of roles: the class in the study at hand, or TABLE_NONE */
	uint32_t *classes;       /* by class of the page at hand: its roles */
	uint32_t class_n;
	size_t *starts;          /* by study, then of all: its first of sorted; one more at the end */
	struct placed *sorted;   /* by study, then by rank */
	uint64_t *listed;        /* node << 32 | rank, of the page at hand */
	size_t listed_n, listed_cap;
};

/* ── studies and parties ── */

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

/* The slot of an org in a study's own table: where it is, or where it would be. */
static uint32_t *
slot_of(const struct policy *p, const struct compiled_study *study, uint32_t org)
{
	uint32_t *slots = p->party_slots + study->slots, i = party_slot(study, org);
	while (slots[i] != TABLE_NONE && p->parties[slots[i]].org != org)
		i = (i + 1) & study->slot_mask;
	return &slots[i];
}

static enum consign_err
add_party(struct compiler *c, const struct compiled_study *study, const struct policy_party *party)
{
	struct policy *p = c->policy;
	uint32_t roles, org, set;
	if (party->clearance < CONSIGN_LABEL_OPEN || party->clearance > CONSIGN_LABEL_UNBLINDED)
		return CONSIGN_E_MALFORMED;
	enum consign_err err = role_bits(party->roles.v, party->roles.n, &roles);
	roles = err == CONSIGN_OK ? roles | 1u : 0;
	if (err == CONSIGN_OK)
		err = names_put(&p->orgs, slice_text(party->org.s), &org);
	if (err == CONSIGN_OK)
		err = names_put(&c->role_sets, slice_of(&roles, sizeof roles), &set);
	if (err == CONSIGN_OK)
		err = table_grow(&p->parties, sizeof *p->parties, p->party_n, &p->party_cap);
	if (err != CONSIGN_OK)
		return err;
	uint32_t *slot = slot_of(p, study, org);
	if (*slot != TABLE_NONE)
		return CONSIGN_E_MALFORMED; /* the org twice in one study */
	*slot = (uint32_t)p->party_n;
	p->parties[p->party_n++] = (struct compiled_party){
	    .org = org, .roles = roles, .common_class = set, .clearance = (enum consign_label)party->clearance};
	return CONSIGN_OK;
}

/* Twice as many slots as parties, and always a free one. */
static enum consign_err
add_slots(struct policy *p, struct compiled_study *study)
{
	uint32_t count = 2;
	while (count < 2 * study->n)
		count *= 2;
	uint32_t *slots = realloc(p->party_slots, (p->slot_n + count) * sizeof *slots);
	if (slots == NULL)
		return CONSIGN_E_NO_MEMORY;
	memset(slots + p->slot_n, 0xff, count * sizeof *slots);
	p->party_slots = slots;
	study->slots = (uint32_t)p->slot_n;
	study->slot_mask = count - 1;
	p->slot_n += count;
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
	struct compiled_study *s = &p->studies[number];
	*s = (struct compiled_study){.first = (uint32_t)p->party_n, .n = (uint32_t)study->parties.n, .page = TABLE_NONE};
	c->study[number] = study;
	err = add_slots(p, s);
	for (size_t i = 0; err == CONSIGN_OK && i < study->parties.n; i++)
		err = add_party(c, s, study->parties.v[i]);
	return err;
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
	c->study = calloc(studies + 1, sizeof *c->study);
	if (p->studies == NULL || c->study == NULL)
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

/* ── rules ── */

static bool
has_validity(const struct policy_rule *rule)
{
	return rule->from_us != 0 || rule->until_us != 0;
}

static bool
rule_is_sound(const struct policy_rule *rule)
{
	if ((rule->effect != POLICY_PERMIT && rule->effect != POLICY_FORBID) || rule->types.n == 0)
		return false;
	if (rule->until_us != 0 && rule->until_us <= rule->from_us)
		return false;
	if (rule->effect == POLICY_FORBID && (rule->max_bytes != 0 || rule->deliver_within_us != 0))
		return false;
	for (size_t i = 0; i < rule->types.n; i++) {
		if (strnlen(rule->types.v[i].s, sizeof rule->types.v[i].s) > CONSIGN_TYPE_MAX_BYTES)
			return false;
	}
	for (size_t i = 0; i < rule->labels.n; i++) {
		if (rule->labels.v[i] < CONSIGN_LABEL_OPEN || rule->labels.v[i] > CONSIGN_LABEL_UNBLINDED)
			return false;
	}
	uint32_t roles;
	return (rule->from == NULL || role_bits(rule->from->roles.v, rule->from->roles.n, &roles) == CONSIGN_OK)
	       && (rule->to == NULL || role_bits(rule->to->roles.v, rule->to->roles.n, &roles) == CONSIGN_OK);
}

static bool
names_orgs(const struct policy_end *end)
{
	return end != NULL && end->orgs.n > 0;
}

/* The party that an end names with its n-th organisation, when that is one in this study, in one of the end's roles. */
static uint32_t
named_party(const struct policy *p, uint32_t study, const struct policy_end *end, size_t n)
{
	uint32_t org = names_find_text(&p->orgs, end->orgs.v[n].s), roles;
	uint32_t party = org == TABLE_NONE ? TABLE_NONE : *slot_of(p, &p->studies[study], org);
	if (party == TABLE_NONE || end->roles.n == 0)
		return party;
	return role_bits(end->roles.v, end->roles.n, &roles) == CONSIGN_OK && (p->parties[party].roles & roles) != 0 ? party : TABLE_NONE;
}

/* Marks the parties that an end names. Returns whether any party can meet it. */
static bool
mark_named(struct compiler *c, uint32_t study, const struct policy_end *end)
{
	bool any = !names_orgs(end);
	for (size_t i = 0; names_orgs(end) && i < end->orgs.n; i++) {
		uint32_t party = named_party(c->policy, study, end, i);
		if (party == TABLE_NONE)
			continue;
		c->is_named[party] = true;
		any = true;
	}
	return any;
}

static enum consign_err
place_rule(struct compiler *c, uint32_t study, const struct policy_rule *rule, size_t place)
{
	if (study != NO_STUDY) {
		bool meets_from = mark_named(c, study, rule->from), meets_to = mark_named(c, study, rule->to);
		if (!meets_from || !meets_to)
			return CONSIGN_OK; /* names parties of other studies only */
	}
	enum consign_err err = table_grow(&c->rules, sizeof *c->rules, c->rule_n, &c->rule_cap);
	if (err == CONSIGN_OK)
		c->rules[c->rule_n++] = (struct placed){.rule = rule, .study = study, .place = (uint32_t)place};
	return err;
}

static enum consign_err
place_common(struct compiler *c, const struct policy_rule *rule, size_t place)
{
	enum consign_err err = CONSIGN_OK;
	if (!rule_is_sound(rule))
		return CONSIGN_E_MALFORMED;
	if (!names_orgs(rule->from) && !names_orgs(rule->to))
		return place_rule(c, NO_STUDY, rule, place);
	/* policy_file_parse makes no such common rule; the format allows it. Parties are known per study only. */
	for (uint32_t s = 0; err == CONSIGN_OK && s < c->policy->study_ids.n; s++)
		err = place_rule(c, s, rule, place);
	return err;
}

/* Places of a study's own rules come behind those of all common ones: equal orders are settled so. */
static enum consign_err
place_rules(struct compiler *c)
{
	size_t common_n = c->common == NULL ? 0 : c->common->rules.n;
	enum consign_err err = CONSIGN_OK;
	c->is_named = calloc(c->policy->party_n + 1, sizeof *c->is_named);
	if (c->is_named == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; err == CONSIGN_OK && i < common_n; i++)
		err = place_common(c, c->common->rules.v[i], i);
	for (uint32_t s = 0; err == CONSIGN_OK && s < c->policy->study_ids.n; s++) {
		for (size_t i = 0; err == CONSIGN_OK && i < c->study[s]->rules.n; i++) {
			const struct policy_rule *rule = c->study[s]->rules.v[i];
			err = rule_is_sound(rule) ? place_rule(c, s, rule, common_n + i) : CONSIGN_E_MALFORMED;
		}
	}
	return err;
}

/* Forbids, then permits; each by order, then by place. */
static int
by_rank(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	if (x->rule->effect != y->rule->effect)
		return x->rule->effect == POLICY_FORBID ? -1 : 1;
	if (x->rule->order != y->rule->order)
		return x->rule->order < y->rule->order ? -1 : 1;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->study < y->study ? -1 : x->study > y->study;
}

static bool
has_same_record(const struct placed *a, const struct placed *b)
{
	return a->rule->effect == b->rule->effect && a->rule->order == b->rule->order &&
	       a->rule->deliver_within_us == b->rule->deliver_within_us && strcmp(a->rule->id.s, b->rule->id.s) == 0;
}

/* A rule of many studies has one record. */
static enum consign_err
write_record(struct policy *p, const struct policy_rule *rule, uint32_t *ret_outcome)
{
	static const uint8_t zeros[RECORD_UNIT];
	struct buf *b = &p->records;
	size_t at = b->len / RECORD_UNIT, id_bytes = strlen(rule->id.s) + 1;
	if (at >= OUTCOME_NONE)
		return CONSIGN_E_TOO_BIG;
	enum consign_err err = buf_append(b, slice_of(&rule->deliver_within_us, sizeof rule->deliver_within_us));
	if (err == CONSIGN_OK)
		err = buf_append(b, slice_of(rule->id.s, id_bytes));
	if (err == CONSIGN_OK && id_bytes % RECORD_UNIT != 0)
		err = buf_append(b, slice_of(zeros, RECORD_UNIT - id_bytes % RECORD_UNIT));
	if (err != CONSIGN_OK)
		return err;
	p->has_deliver_within = p->has_deliver_within || rule->deliver_within_us != 0;
	*ret_outcome = (uint32_t)at;
	return CONSIGN_OK;
}

static enum consign_err
rank_rules(struct compiler *c)
{
	struct policy *p = c->policy;
	p->first_permit = OUTCOME_NONE;
	if (c->rule_n > 1)
		qsort(c->rules, c->rule_n, sizeof *c->rules, by_rank);
	for (size_t i = 0; i < c->rule_n; i++) {
		struct placed *r = &c->rules[i];
		if (i > 0 && has_same_record(r, r - 1)) {
			r->outcome = r[-1].outcome;
			continue;
		}
		enum consign_err err = write_record(p, r->rule, &r->outcome);
		if (err != CONSIGN_OK)
			return err;
		if (r->rule->effect == POLICY_PERMIT && p->first_permit == OUTCOME_NONE)
			p->first_permit = r->outcome;
	}
	return CONSIGN_OK;
}

/* ── globs and nodes ── */

static bool
glob_is_odd(const char *glob)
{
	const char *star = strchr(glob, '*');
	return star != NULL && star[strspn(star, "*")] != '\0';
}

static enum consign_err
name_globs(struct compiler *c)
{
	struct policy *p = c->policy;
	for (size_t i = 0; i < c->rule_n; i++) {
		const struct policy_rule *rule = c->rules[i].rule;
		for (size_t g = 0; g < rule->types.n; g++) {
			const char *glob = rule->types.v[g].s;
			size_t literal = strcspn(glob, "*");
			bool is_exact = glob[literal] == '\0';
			uint32_t id;
			enum consign_err err = names_put(is_exact ? &p->types : &p->prefixes, slice_of(glob, literal), &id);
			if (err != CONSIGN_OK)
				return err;
			if (!is_exact)
				lengths_add(&p->prefix_lengths, literal);
		}
	}
	return CONSIGN_OK;
}

static enum consign_err
link_nodes(struct policy *p)
{
	size_t prefix_n = p->prefixes.n, n = prefix_n + p->types.n;
	p->parents = calloc(n + 1, sizeof *p->parents);
	if (p->parents == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++) {
		bool is_exact = i >= prefix_n;
		const char *text = is_exact ? names_text(&p->types, i - (uint32_t)prefix_n) : names_text(&p->prefixes, i);
		size_t len = strlen(text);
		/* A prefix is not its own parent. */
		if (is_exact || len > 0)
			p->parents[i] = names_find_longest(&p->prefixes, &p->prefix_lengths, slice_of(text, is_exact ? len : len - 1));
		else
			p->parents[i] = TABLE_NONE;
	}
	return CONSIGN_OK;
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
 * Sets the bits of a rule at one of its ends: for the classes that it names, else for its roles. The rows of roles come to those of
 * the classes when all rules are in.
 */
static void
enter_end(struct compiler *c, const struct page *x, const struct placed *r, bool is_from, uint64_t *role_rows, uint32_t rank)
{
	const struct policy *p = c->policy;
	const struct policy_end *end = is_from ? r->rule->from : r->rule->to;
	uint32_t roles = 0;
	for (size_t i = 0; names_orgs(end) && i < end->orgs.n; i++) {
		uint32_t party = named_party(p, r->study, end, i), class;
		if (party == TABLE_NONE)
			continue;
		class = p->parties[party].study_class;
		set_bit(is_from ? row_from(x, class) : row_to(x, class), rank);
	}
	if (names_orgs(end))
		return;
	if (end != NULL && role_bits(end->roles.v, end->roles.n, &roles) != CONSIGN_OK)
		return; /* rule_is_sound has seen to it */
	for (uint32_t bits = roles == 0 ? 1u : roles; bits != 0; bits &= bits - 1)
		set_bit(role_rows + (size_t)__builtin_ctz(bits) * x->words, rank);
}

static void
join_roles(const struct compiler *c, const struct page *x, const uint64_t *role_rows, bool is_from)
{
	for (uint32_t class = 0; class < c->class_n; class++) {
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
lay_rows(struct compiler *c, struct page *x, const struct placed *rules)
{
	x->rows = calloc(PAGE_ROWS(x->classes) * x->words, sizeof *x->rows);
	uint64_t *from = calloc((size_t)ROLE_ROWS * x->words, sizeof *from), *to = calloc((size_t)ROLE_ROWS * x->words, sizeof *to);
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
	struct condition condition = {.from_us = rule->from_us, .until_us = rule->until_us, .max_bytes = rule->max_bytes,
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
lay_outcomes(struct compiler *c, struct page *x, const struct placed *rules)
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
list_rules(struct compiler *c, const struct page *x, const struct placed *rules)
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
list_length(const struct compiler *c, size_t i)
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
make_room(struct compiler *c, struct page *x)
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
lay_lists(struct compiler *c, struct page *x, const struct placed *rules)
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
add_page(struct compiler *c, const struct placed *rules, size_t n, uint32_t *ret_page)
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

static enum consign_err
add_pages(struct compiler *c, const struct placed *rules, size_t n, uint32_t *ret_first)
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

/* Gives each party of a study its class there. */
static void
class_parties(struct compiler *c, const struct compiled_study *study)
{
	struct policy *p = c->policy;
	c->class_n = 0;
	for (uint32_t i = study->first; i < study->first + study->n; i++)
		c->set_classes[p->parties[i].common_class] = TABLE_NONE;
	for (uint32_t i = study->first; i < study->first + study->n; i++) {
		struct compiled_party *party = &p->parties[i];
		uint32_t *shared = &c->set_classes[party->common_class];
		if (!c->is_named[i] && *shared != TABLE_NONE) {
			party->study_class = *shared;
			continue;
		}
		if (!c->is_named[i])
			*shared = c->class_n;
		party->study_class = c->class_n;
		c->classes[c->class_n++] = party->roles;
	}
}

/* Deals the ranked rules to their studies: a counting sort, which keeps their order. */
static enum consign_err
deal_rules(struct compiler *c)
{
	size_t studies = c->policy->study_ids.n;
	c->starts = calloc(studies + 3, sizeof *c->starts);
	c->sorted = calloc(c->rule_n + 1, sizeof *c->sorted);
	if (c->starts == NULL || c->sorted == NULL)
		return CONSIGN_E_NO_MEMORY;
	/* Counted two places on, so that filling moves each start to where the next one's rules begin. */
	for (size_t i = 0; i < c->rule_n; i++)
		c->starts[(c->rules[i].study == NO_STUDY ? studies : c->rules[i].study) + 2]++;
	for (size_t i = 2; i < studies + 3; i++)
		c->starts[i] += c->starts[i - 1];
	for (size_t i = 0; i < c->rule_n; i++)
		c->sorted[c->starts[(c->rules[i].study == NO_STUDY ? studies : c->rules[i].study) + 1]++] = c->rules[i];
	return CONSIGN_OK;
}

static enum consign_err
add_all_pages(struct compiler *c)
{
	struct policy *p = c->policy;
	size_t studies = p->study_ids.n, sets = c->role_sets.n;
	size_t most = sets > CONSIGN_PARTIES_MAX ? sets : CONSIGN_PARTIES_MAX;
	enum consign_err err = deal_rules(c);
	c->set_classes = calloc(sets + 1, sizeof *c->set_classes);
	c->classes = calloc(most, sizeof *c->classes);
	if (err == CONSIGN_OK && (c->set_classes == NULL || c->classes == NULL))
		err = CONSIGN_E_NO_MEMORY;
	for (uint32_t s = 0; err == CONSIGN_OK && s < studies; s++) {
		class_parties(c, &p->studies[s]);
		err = add_pages(c, c->sorted + c->starts[s], c->starts[s + 1] - c->starts[s], &p->studies[s].page);
	}
	if (err != CONSIGN_OK)
		return err;
	c->class_n = (uint32_t)sets;
	for (uint32_t i = 0; i < sets; i++)
		memcpy(&c->classes[i], names_text(&c->role_sets, i), sizeof c->classes[i]);
	return add_pages(c, c->sorted + c->starts[studies], c->starts[studies + 1] - c->starts[studies], &p->common_page);
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
	c.policy->common_page = TABLE_NONE;
	enum consign_err err = add_parts(&c, parts, n);
	if (err == CONSIGN_OK)
		err = place_rules(&c);
	if (err == CONSIGN_OK)
		err = rank_rules(&c);
	if (err == CONSIGN_OK)
		err = name_globs(&c);
	if (err == CONSIGN_OK)
		err = link_nodes(c.policy);
	if (err == CONSIGN_OK)
		err = add_all_pages(&c);
	if (err == CONSIGN_OK)
		err = list_studies(c.policy);
	if (err == CONSIGN_OK) {
		*ret_policy = c.policy;
		c.policy = NULL;
	}
	policy_free(&c.policy);
	free(c.study);
	free(c.rules);
	free(c.is_named);
	names_clear(&c.role_sets);
	free(c.set_classes);
	free(c.classes);
	free(c.starts);
	free(c.sorted);
	free(c.listed);
	return err;
}
