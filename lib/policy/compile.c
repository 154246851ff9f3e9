/*
 * Parts become a compiled policy. What compiled.h says is laid down here; nothing here decides.
 *
 * Shape (charsets, lengths) was checked by policy_part_decode; numbers that choose a place in a table are checked again,
 * because parts may also come straight from policy_file_parse or a caller's own hand.
 */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "policy/pages.h"

struct compiler {
	struct policy *policy;
	const struct policy_common *common;
	const struct policy_study **study; /* by number */
	struct placed *rules;
	size_t rule_n, rule_cap;
	bool *is_named;         /* by place in parties */
	struct names role_sets; /* sets of roles, as bytes; number: the common class */
	uint32_t *set_classes;  /* by set of roles: the class in the study at hand, or TABLE_NONE */
	size_t *starts;         /* by study, then of all: its first of sorted; one more at the end */
	struct placed *sorted;  /* by study, then by rank */
	struct page_maker maker;
};

/* ── studies and parties ── */

static enum consign_err
add_party(struct compiler *c, const struct compiled_study *study, const struct policy_party *party)
{
	struct policy *p = c->policy;
	uint32_t roles, org, set;
	if (party->clearance < CONSIGN_LABEL_OPEN || party->clearance > CONSIGN_LABEL_UNBLINDED)
		return CONSIGN_E_MALFORMED;
	enum consign_err err = pages_role_bits(party->roles.v, party->roles.n, &roles);
	roles = err == CONSIGN_OK ? roles | 1u : 0;
	if (err == CONSIGN_OK)
		err = names_put(&p->orgs, slice_text(party->org.s), &org);
	if (err == CONSIGN_OK)
		err = names_put(&c->role_sets, slice_of(&roles, sizeof roles), &set);
	if (err == CONSIGN_OK)
		err = table_grow(&p->parties, sizeof *p->parties, p->party_n, &p->party_cap);
	if (err != CONSIGN_OK)
		return err;
	struct party_slot *slot = pages_slot(p, study, org);
	if (slot->org != TABLE_NONE)
		return CONSIGN_E_MALFORMED; /* the org twice in one study */
	*slot = (struct party_slot){
	    .org = org, .common_class = set, .study_class = (uint32_t)p->party_n - study->first, .clearance = party->clearance};
	p->parties[p->party_n++] = (struct compiled_party){.org = org, .roles = roles, .common_class = set};
	return CONSIGN_OK;
}

/* Twice as many slots as parties, and always a free one. */
static size_t
slots_of(size_t parties)
{
	size_t count = 2;
	while (count < 2 * parties)
		count *= 2;
	return count;
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
	size_t slots = slots_of(study->parties.n);
	*s = (struct compiled_study){.first = (uint32_t)p->party_n,
	    .n = (uint32_t)study->parties.n,
	    .slots = (uint32_t)p->slot_n,
	    .slot_mask = (uint32_t)slots - 1};
	p->slot_n += slots;
	c->study[number] = study;
	for (size_t i = 0; err == CONSIGN_OK && i < study->parties.n; i++)
		err = add_party(c, s, study->parties.v[i]);
	return err;
}

/* Studies and parties first, all of them: rules then speak of places that no longer move. */
static enum consign_err
add_parts(struct compiler *c, struct policy_part *const *parts, size_t n)
{
	struct policy *p = c->policy;
	size_t studies = 0, slots = 0;
	for (size_t i = 0; i < n; i++) {
		studies += parts[i]->study != NULL;
		slots += parts[i]->study != NULL ? slots_of(parts[i]->study->parties.n) : 0;
	}
	p->party_slots = malloc((slots + 1) * sizeof *p->party_slots);
	p->studies = calloc(studies + 1, sizeof *p->studies);
	c->study = calloc(studies + 1, sizeof *c->study);
	if (p->party_slots == NULL || p->studies == NULL || c->study == NULL)
		return CONSIGN_E_NO_MEMORY;
	memset(p->party_slots, 0xff, slots * sizeof *p->party_slots);
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
	return (rule->from == NULL || pages_role_bits(rule->from->roles.v, rule->from->roles.n, &roles) == CONSIGN_OK) &&
	       (rule->to == NULL || pages_role_bits(rule->to->roles.v, rule->to->roles.n, &roles) == CONSIGN_OK);
}

/* Marks the parties that an end names. Returns whether any party can meet it. */
static bool
mark_named(struct compiler *c, uint32_t study, const struct policy_end *end)
{
	bool any = !pages_names_orgs(end);
	for (size_t i = 0; pages_names_orgs(end) && i < end->orgs.n; i++) {
		uint32_t party = pages_named_party(c->policy, study, end, i);
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
	if (!pages_names_orgs(rule->from) && !pages_names_orgs(rule->to))
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

static int
compare(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

/* Forbids, then permits; each by order, then by place. Rules of one place are one rule in several studies. */
static int
by_rank(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	int order = compare(y->rule->effect, x->rule->effect);
	if (order == 0)
		order = compare(x->rule->order, y->rule->order);
	return order != 0 ? order : compare(x->place, y->place);
}

static bool
has_same_record(const struct placed *a, const struct placed *b)
{
	return a->rule->effect == b->rule->effect && a->rule->order == b->rule->order &&
	       a->rule->deliver_within_us == b->rule->deliver_within_us && strcmp(a->rule->id.s, b->rule->id.s) == 0;
}

/* A rule of many studies has one record. */
static enum consign_err
write_record(struct policy *p, const struct policy_rule *rule, uint32_t *ret_place)
{
	static const uint8_t zeros[RECORD_UNIT];
	struct buf *b = &p->records;
	size_t at = b->len / RECORD_UNIT, id_bytes = strlen(rule->id.s) + 1;
	if (at >= OUTCOME_NONE / 2)
		return CONSIGN_E_TOO_BIG;
	enum consign_err err = CONSIGN_OK;
	if (p->has_deliver_within)
		err = buf_append(b, slice_of(&rule->deliver_within_us, sizeof rule->deliver_within_us));
	if (err == CONSIGN_OK)
		err = buf_append(b, slice_of(rule->id.s, id_bytes));
	if (err == CONSIGN_OK && id_bytes % RECORD_UNIT != 0)
		err = buf_append(b, slice_of(zeros, RECORD_UNIT - id_bytes % RECORD_UNIT));
	if (err != CONSIGN_OK)
		return err;
	*ret_place = (uint32_t)at;
	return CONSIGN_OK;
}

static enum consign_err
rank_rules(struct compiler *c)
{
	struct policy *p = c->policy;
	p->first_permit = OUTCOME_NONE;
	if (c->rule_n > 0)
		qsort(c->rules, c->rule_n, sizeof *c->rules, by_rank);
	for (size_t i = 0; i < c->rule_n; i++)
		p->has_deliver_within = p->has_deliver_within || c->rules[i].rule->deliver_within_us != 0;
	for (size_t i = 0; i < c->rule_n; i++) {
		struct placed *r = &c->rules[i];
		if (i > 0 && has_same_record(r, r - 1)) {
			r->place_of_record = r[-1].place_of_record;
			continue;
		}
		enum consign_err err = write_record(p, r->rule, &r->place_of_record);
		if (err != CONSIGN_OK)
			return err;
		if (r->rule->effect == POLICY_PERMIT && p->first_permit == OUTCOME_NONE)
			p->first_permit = r->place_of_record;
	}
	/* Of the place, which is less than this, and of the condition. */
	p->outcome_bits = bits_of(p->records.len / RECORD_UNIT) + 1;
	return CONSIGN_OK;
}

/* ── globs and nodes ── */

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

struct node_text {
	const char *text;
	uint32_t *node; /* where its number goes */
	bool is_exact;
	uint32_t parent; /* by place among the texts; TABLE_NONE: there is none */
	uint32_t family; /* itself and what it begins */
};

/* What a text begins comes behind it, the exact type behind the prefix: so parents are before their children, and near. */
static int
by_text(const void *a, const void *b)
{
	const struct node_text *x = a, *y = b;
	int order = strcmp(x->text, y->text);
	return order != 0 ? order : (int)x->is_exact - (int)y->is_exact;
}

static uint32_t
find_parent(const struct policy *p, const struct node_text *t)
{
	size_t len = strlen(t->text);
	if (!t->is_exact && len == 0)
		return TABLE_NONE;
	/* A prefix is not its own parent. */
	uint32_t id = names_find_longest(&p->prefixes, &p->prefix_lengths, slice_of(t->text, t->is_exact ? len : len - 1));
	return id == TABLE_NONE ? TABLE_NONE : p->prefix_nodes[id];
}

/* Sorts the texts, with what each has of a family. Until they are numbered, their places are their numbers. */
static void
sort_texts(struct policy *p, struct node_text *texts, size_t n)
{
	qsort(texts, n, sizeof *texts, by_text);
	for (uint32_t i = 0; i < n; i++)
		*texts[i].node = i;
	for (uint32_t i = 0; i < n; i++) {
		texts[i].parent = find_parent(p, &texts[i]);
		texts[i].family = 1;
	}
	for (size_t i = n; i-- > 0;) {
		if (texts[i].parent != TABLE_NONE)
			texts[texts[i].parent].family += texts[i].family;
	}
}

/* A family that fits into a block, but no more into this one, begins the next. Returns how many numbers that takes. */
static size_t
deal_numbers(const struct node_text *texts, size_t n)
{
	size_t next = 0;
	for (size_t i = 0; i < n; i++, next++) {
		size_t left = BLOCK_NODES - next % BLOCK_NODES;
		if (texts[i].family > left && texts[i].family <= BLOCK_NODES)
			next += left;
		*texts[i].node = (uint32_t)next;
	}
	return next;
}

static enum consign_err
number_nodes(struct policy *p)
{
	size_t prefix_n = p->prefixes.n, n = prefix_n + p->types.n;
	struct node_text *texts = calloc(n + 1, sizeof *texts);
	p->prefix_nodes = calloc(prefix_n + 1, sizeof *p->prefix_nodes);
	p->type_nodes = calloc(p->types.n + 1, sizeof *p->type_nodes);
	bool is_there = texts != NULL && p->prefix_nodes != NULL && p->type_nodes != NULL;
	for (uint32_t i = 0; is_there && i < prefix_n; i++)
		texts[i] = (struct node_text){.text = names_text(&p->prefixes, i), .node = &p->prefix_nodes[i]};
	for (uint32_t i = 0; is_there && i < p->types.n; i++)
		texts[prefix_n + i] =
		    (struct node_text){.text = names_text(&p->types, i), .node = &p->type_nodes[i], .is_exact = true};
	if (is_there) {
		sort_texts(p, texts, n);
		p->node_n = deal_numbers(texts, n);
		p->parents = calloc(p->node_n + 1, sizeof *p->parents);
		is_there = p->parents != NULL;
	}
	for (uint32_t i = 0; is_there && i < n; i++)
		p->parents[*texts[i].node] = texts[i].parent == TABLE_NONE ? TABLE_NONE : *texts[texts[i].parent].node;
	free(texts);
	return is_there ? CONSIGN_OK : CONSIGN_E_NO_MEMORY;
}

/* Gives each party of a study its class there. */
static void
class_parties(struct compiler *c, const struct compiled_study *study)
{
	struct policy *p = c->policy;
	c->maker.class_n = 0;
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
			*shared = c->maker.class_n;
		party->study_class = c->maker.class_n;
		c->maker.classes[c->maker.class_n++] = party->roles;
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
	c->maker.classes = calloc(most, sizeof *c->maker.classes);
	if (err == CONSIGN_OK && (c->set_classes == NULL || c->maker.classes == NULL))
		err = CONSIGN_E_NO_MEMORY;
	for (uint32_t s = 0; err == CONSIGN_OK && s < studies; s++) {
		class_parties(c, &p->studies[s]);
		err = pages_add(&c->maker, c->sorted + c->starts[s], c->starts[s + 1] - c->starts[s], &p->studies[s].page);
	}
	if (err != CONSIGN_OK)
		return err;
	c->maker.class_n = (uint32_t)sets;
	for (uint32_t i = 0; i < sets; i++)
		memcpy(&c->maker.classes[i], names_text(&c->role_sets, i), sizeof c->maker.classes[i]);
	return pages_add(&c->maker, c->sorted + c->starts[studies], c->starts[studies + 1] - c->starts[studies], &p->common_page);
}

/* No slot is asked for its place any more. */
static void
settle_slots(struct policy *p)
{
	for (size_t s = 0; s < p->study_ids.n; s++) {
		const struct compiled_study *study = &p->studies[s];
		for (size_t i = study->slots; i <= study->slots + study->slot_mask; i++) {
			struct party_slot *slot = &p->party_slots[i];
			if (slot->org != TABLE_NONE)
				slot->study_class = p->parties[study->first + slot->study_class].study_class;
		}
	}
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
	c.maker.policy = c.policy;
	enum consign_err err = add_parts(&c, parts, n);
	if (err == CONSIGN_OK)
		err = place_rules(&c);
	if (err == CONSIGN_OK)
		err = rank_rules(&c);
	if (err == CONSIGN_OK)
		err = name_globs(&c);
	if (err == CONSIGN_OK)
		err = number_nodes(c.policy);
	if (err == CONSIGN_OK)
		err = add_all_pages(&c);
	if (err == CONSIGN_OK)
		err = list_studies(c.policy);
	if (err == CONSIGN_OK)
		err = quotas_compile(parts, n, &c.policy->quotas);
	if (err == CONSIGN_OK) {
		settle_slots(c.policy);
		*ret_policy = c.policy;
		c.policy = NULL;
	}
	policy_free(&c.policy);
	free(c.study);
	free(c.rules);
	free(c.is_named);
	names_clear(&c.role_sets);
	free(c.set_classes);
	pages_clear(&c.maker);
	free(c.starts);
	free(c.sorted);
	return err;
}
