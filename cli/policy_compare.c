/* Asking two policies the same questions (policy_compare.h). */
#include "policy_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "policy_ask.h"

#define LABELS 3u
#define ALL_LABELS (1u << CONSIGN_LABEL_OPEN | 1u << CONSIGN_LABEL_RESTRICTED | 1u << CONSIGN_LABEL_UNBLINDED)

/* What of a party decides: two with the same of it get the same answers. */
struct party_kind {
	const char *org;
	const char *named; /* the org, when some rule of the study names it; else "" */
	uint32_t roles[2];
	uint32_t clearance[2]; /* 0: no party on that side */
};

struct comparing {
	const struct compare_side *sides[2];
	uint64_t at_us;
	struct arena *arena;
	struct asked_types types;
	struct policy_comparison *result;
	/* of the study at hand */
	const char *study;
	struct party_kind *parties;
	const char **orgs; /* of the parties, in their order */
	size_t n_parties;
	size_t *places; /* room for every type */
};

/* ── parties ── */

static const struct policy_study *
find_study(const struct policy_view *view, const char *id)
{
	for (size_t i = 0; i < view->n_studies; i++)
		if (strcmp(view->studies[i]->id.s, id) == 0)
			return view->studies[i];
	return NULL;
}

static bool
end_names(const struct policy_end *end, const char *org)
{
	for (size_t i = 0; end != NULL && i < end->orgs.n; i++)
		if (strcmp(end->orgs.v[i].s, org) == 0)
			return true;
	return false;
}

static bool
is_named(const struct policy_study *study, const char *org)
{
	for (size_t i = 0; study != NULL && i < study->rules.n; i++)
		if (end_names(study->rules.v[i]->from, org) || end_names(study->rules.v[i]->to, org))
			return true;
	return false;
}

static struct party_kind *
party_of(struct comparing *c, const char *org)
{
	for (size_t i = 0; i < c->n_parties; i++)
		if (strcmp(c->parties[i].org, org) == 0)
			return &c->parties[i];
	c->parties[c->n_parties] = (struct party_kind){.org = org, .named = ""};
	return &c->parties[c->n_parties++];
}

static void
take_parties(struct comparing *c, const struct policy_study *study, unsigned side)
{
	for (size_t i = 0; study != NULL && i < study->parties.n; i++) {
		struct party_kind *p = party_of(c, study->parties.v[i]->org.s);

		p->clearance[side] = study->parties.v[i]->clearance;
		for (size_t j = 0; j < study->parties.v[i]->roles.n; j++)
			p->roles[side] |= 1u << study->parties.v[i]->roles.v[j];
	}
}

static int
by_kind(const void *a, const void *b)
{
	const struct party_kind *x = a, *y = b;
	int order = strcmp(x->named, y->named);

	if (order == 0)
		order = memcmp(x->roles, y->roles, sizeof x->roles);
	return order != 0 ? order : memcmp(x->clearance, y->clearance, sizeof x->clearance);
}

static int
by_kind_and_org(const void *a, const void *b)
{
	int order = by_kind(a, b);

	return order != 0 ? order : strcmp(((const struct party_kind *)a)->org, ((const struct party_kind *)b)->org);
}

static enum consign_err
gather_parties(struct comparing *c, const struct policy_study *before, const struct policy_study *after)
{
	size_t most = (before == NULL ? 0 : before->parties.n) + (after == NULL ? 0 : after->parties.n);

	c->parties = arena_alloc(c->arena, (most + 1) * sizeof *c->parties);
	c->orgs = arena_alloc(c->arena, (most + 1) * sizeof *c->orgs);
	c->n_parties = 0;
	if (c->parties == NULL || c->orgs == NULL)
		return CONSIGN_E_NO_MEMORY;
	take_parties(c, before, 0);
	take_parties(c, after, 1);
	for (size_t i = 0; i < c->n_parties; i++)
		if (is_named(before, c->parties[i].org) || is_named(after, c->parties[i].org))
			c->parties[i].named = c->parties[i].org;
	qsort(c->parties, c->n_parties, sizeof *c->parties, by_kind_and_org);
	for (size_t i = 0; i < c->n_parties; i++)
		c->orgs[i] = c->parties[i].org;
	return CONSIGN_OK;
}

/* How many from `at` on are of one kind. */
static size_t
kind_run(const struct comparing *c, size_t at)
{
	size_t n = 1;

	while (at + n < c->n_parties && by_kind(&c->parties[at], &c->parties[at + n]) == 0)
		n++;
	return n;
}

/* ── answers ── */

/* One change of an answer, and under which labels each type has it. */
struct outcome {
	struct answer before, after;
	uint8_t *labels; /* of each type */
};

struct outcomes {
	struct outcome *v;
	size_t n, cap;
};

static bool
is_same_answer(const struct answer *a, const struct answer *b)
{
	return a->code == b->code && strcmp(a->rule, b->rule) == 0;
}

static struct answer
ask(const struct comparing *c, unsigned side, const char *from, const char *to, const char *type, enum consign_label label)
{
	struct policy_question q = {.consignor = from, .consignee = to, .study = c->study, .type = type, .label = label};
	struct policy_verdict v = {.rule = ""};

	question_at(&q, c->at_us);
	policy_decide(c->sides[side]->policy, &q, &v);
	return (struct answer){v.code, v.rule};
}

static enum consign_err
find_outcome(struct comparing *c, struct outcomes *o, const struct answer *before, const struct answer *after, struct outcome **ret)
{
	for (size_t i = 0; i < o->n; i++)
		if (is_same_answer(&o->v[i].before, before) && is_same_answer(&o->v[i].after, after)) {
			*ret = &o->v[i];
			return CONSIGN_OK;
		}
	if (o->n == o->cap) {
		struct outcome *v = realloc(o->v, (o->cap * 2 + 8) * sizeof *v);

		if (v == NULL)
			return CONSIGN_E_NO_MEMORY;
		o->v = v;
		o->cap = o->cap * 2 + 8;
	}
	uint8_t *labels = calloc(c->types.n + 1, 1);

	if (labels == NULL)
		return CONSIGN_E_NO_MEMORY;
	o->v[o->n] = (struct outcome){*before, *after, labels};
	*ret = &o->v[o->n++];
	return CONSIGN_OK;
}

static void
clear_outcomes(struct outcomes *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->v[i].labels);
	free(o->v);
	*o = (struct outcomes){0};
}

static enum consign_err
ask_pair(struct comparing *c, const char *from, const char *to, struct outcomes *o)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t t = 0; err == CONSIGN_OK && t < c->types.n; t++)
		for (enum consign_label label = c->types.v[t].least; err == CONSIGN_OK && label <= CONSIGN_LABEL_UNBLINDED; label++) {
			struct answer before = ask(c, 0, from, to, c->types.v[t].type, label);
			struct answer after = ask(c, 1, from, to, c->types.v[t].type, label);
			struct outcome *outcome;

			c->result->asked++;
			if (is_same_answer(&before, &after))
				continue;
			err = find_outcome(c, o, &before, &after, &outcome);
			if (err == CONSIGN_OK)
				outcome->labels[t] |= (uint8_t)(1u << label);
		}
	return err;
}

/* ── changes ── */

static enum change_kind
kind_of(const struct answer *before, const struct answer *after)
{
	if ((before->code == CONSIGN_CODE_NONE) == (after->code == CONSIGN_CODE_NONE))
		return CHANGE_REASON;
	return after->code == CONSIGN_CODE_NONE ? CHANGE_PERMITTED : CHANGE_REFUSED;
}

static unsigned
below(enum consign_label least)
{
	unsigned labels = 0;

	for (unsigned l = CONSIGN_LABEL_OPEN; l < (unsigned)least; l++)
		labels |= 1u << l;
	return labels;
}

static unsigned
count_bits(unsigned bits)
{
	unsigned n = 0;

	for (; bits != 0; bits &= bits - 1)
		n++;
	return n;
}

static enum consign_err
put_change(struct comparing *c, const struct policy_change *change)
{
	struct policy_comparison *r = c->result;

	if (r->n == r->cap) {
		size_t cap = r->cap * 2 + 16;
		struct policy_change *v = realloc(r->v, cap * sizeof *v);

		if (v == NULL)
			return CONSIGN_E_NO_MEMORY;
		r->v = v;
		r->cap = cap;
	}
	r->v[r->n++] = *change;
	r->questions[change->kind] += change->questions;
	return CONSIGN_OK;
}

/* The types of an outcome that have it under the same labels, as one change. */
static enum consign_err
put_types(struct comparing *c, const struct outcome *o, unsigned labels, size_t pairs, struct policy_change change)
{
	const char **shown;
	size_t n = 0;

	change.labels = labels;
	for (size_t t = 0; t < c->types.n; t++)
		if (o->labels[t] != 0 && (o->labels[t] | below(c->types.v[t].least)) == labels) {
			c->places[n++] = t;
			change.questions += pairs * count_bits(o->labels[t]);
		}
	if (n == 0)
		return CONSIGN_OK;
	shown = arena_alloc(c->arena, n * sizeof *shown);
	if (shown == NULL)
		return CONSIGN_E_NO_MEMORY;
	change.n_types = policy_types_fold(&c->types, c->places, n, shown);
	change.types = shown;
	return put_change(c, &change);
}

/* The parties at [f, f + n_from) to those at [t, t + n_to): each kind is asked about once. */
static enum consign_err
compare_kinds(struct comparing *c, size_t f, size_t n_from, size_t t, size_t n_to)
{
	size_t pairs = f == t ? n_from * (n_from - 1) : n_from * n_to;
	struct outcomes o = {0};

	if (pairs == 0)
		return CONSIGN_OK;
	enum consign_err err = ask_pair(c, c->orgs[f], c->orgs[f == t ? t + 1 : t], &o);

	for (size_t i = 0; err == CONSIGN_OK && i < o.n; i++)
		for (unsigned labels = 1u << CONSIGN_LABEL_OPEN; err == CONSIGN_OK && labels <= ALL_LABELS; labels++)
			err = put_types(c, &o.v[i], labels, pairs,
			    (struct policy_change){.kind = kind_of(&o.v[i].before, &o.v[i].after),
				.study = c->study,
				.from = {&c->orgs[f], n_from},
				.to = {&c->orgs[t], n_to},
				.before = o.v[i].before,
				.after = o.v[i].after});
	clear_outcomes(&o);
	return err;
}

static enum consign_err
compare_study(struct comparing *c, const char *id)
{
	c->study = id;
	enum consign_err err = gather_parties(c, find_study(c->sides[0]->view, id), find_study(c->sides[1]->view, id));

	for (size_t f = 0, nf; err == CONSIGN_OK && f < c->n_parties; f += nf) {
		nf = kind_run(c, f);
		for (size_t t = 0, nt; err == CONSIGN_OK && t < c->n_parties; t += nt) {
			nt = kind_run(c, t);
			err = compare_kinds(c, f, nf, t, nt);
		}
	}
	return err;
}

enum consign_err
policy_compare(const struct compare_side *before, const struct compare_side *after, const char *study, uint64_t at_us,
    struct arena *arena, struct policy_comparison *ret_comparison)
{
	struct comparing c = {.sides = {before, after}, .at_us = at_us, .arena = arena, .result = ret_comparison};
	const struct policy_view *views[] = {before->view, after->view};

	*ret_comparison = (struct policy_comparison){0};
	enum consign_err err = policy_types_list(views, 2, arena, &c.types);

	c.places = arena_alloc(arena, (c.types.n + 1) * sizeof *c.places);
	if (err == CONSIGN_OK && c.places == NULL)
		err = CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; err == CONSIGN_OK && i < after->view->n_studies; i++)
		if (study == NULL || strcmp(after->view->studies[i]->id.s, study) == 0)
			err = compare_study(&c, after->view->studies[i]->id.s);
	for (size_t i = 0; err == CONSIGN_OK && i < before->view->n_studies; i++)
		if (find_study(after->view, before->view->studies[i]->id.s) == NULL
		    && (study == NULL || strcmp(before->view->studies[i]->id.s, study) == 0))
			err = compare_study(&c, before->view->studies[i]->id.s);
	ret_comparison->types_are_cut = c.types.is_cut;
	if (err != CONSIGN_OK)
		policy_comparison_clear(ret_comparison);
	return err;
}

void
policy_comparison_clear(struct policy_comparison *c)
{
	free(c->v);
	*c = (struct policy_comparison){0};
}

/* ── words ── */

const char *
policy_labels_text(unsigned labels, char ret_text[LABELS_BYTES])
{
	const unsigned open = 1u << CONSIGN_LABEL_OPEN, restricted = 1u << CONSIGN_LABEL_RESTRICTED;
	size_t at = 0;

	if (labels == ALL_LABELS)
		return strcpy(ret_text, "any label");
	if (labels == (open | restricted))
		return strcpy(ret_text, "up to restricted");
	ret_text[0] = '\0';
	for (enum consign_label l = CONSIGN_LABEL_OPEN; l <= CONSIGN_LABEL_UNBLINDED; l++)
		if ((labels & 1u << l) != 0)
			at += (size_t)snprintf(ret_text + at, LABELS_BYTES - at, "%s%s", at > 0 ? " or " : "", consign_label_text(l));
	return ret_text;
}

#define NAMES_SHOWN 3u

/* "a, b, c and 4 more" */
static enum consign_err
put_names(const char *const *names, size_t n, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;
	size_t shown = n <= NAMES_SHOWN + 1 ? n : NAMES_SHOWN; /* "and 1 more" would take as much room as its name */

	for (size_t i = 0; err == CONSIGN_OK && i < shown; i++)
		err = buf_printf(out, "%s%s", i > 0 ? ", " : "", names[i]);
	if (err == CONSIGN_OK && shown < n)
		err = buf_printf(out, " and %zu more", n - shown);
	return err;
}

/* "permitted by trial-data-up", "refused: CLEARANCE", "refused: POLICY_FORBIDDEN by no-lots" */
static enum consign_err
put_answer(const struct answer *a, struct buf *out)
{
	bool is_permitted = a->code == CONSIGN_CODE_NONE;

	return buf_printf(out, "%s%s%s%s", is_permitted ? "permitted" : "refused: ", is_permitted ? "" : consign_code_text(a->code),
	    a->rule[0] != '\0' ? " by " : "", a->rule);
}

enum consign_err
policy_change_format(const struct policy_change *change, struct buf *out)
{
	static const char *const verbs[] = {"", "may now send", "may no longer send", "as before for"};
	char labels[LABELS_BYTES];
	enum consign_err err = buf_printf(out, "in %s: ", change->study);

	if (err == CONSIGN_OK)
		err = put_names(change->from.v, change->from.n, out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, " → ");
	if (err == CONSIGN_OK)
		err = put_names(change->to.v, change->to.n, out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, " %s ", verbs[change->kind]);
	if (err == CONSIGN_OK)
		err = put_names(change->types, change->n_types, out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, " (%s): ", policy_labels_text(change->labels, labels));
	if (err == CONSIGN_OK && change->kind == CHANGE_REASON)
		err = put_answer(&change->before, out);
	if (err == CONSIGN_OK && change->kind == CHANGE_REASON)
		err = buf_printf(out, ", now ");
	if (err == CONSIGN_OK)
		err = put_answer(&change->after, out);
	return err == CONSIGN_OK ? buf_append_u8(out, '\n') : err;
}

static json_t *
names_json(const char *const *names, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *
answer_json(const struct answer *a)
{
	bool is_permitted = a->code == CONSIGN_CODE_NONE;

	return json_pack("{s:b, s:s?, s:s?}", "permitted", (int)is_permitted, "code", is_permitted ? NULL : consign_code_text(a->code),
	    "rule", a->rule[0] != '\0' ? a->rule : NULL);
}

json_t *
policy_change_json(const struct policy_change *change)
{
	static const char *const kinds[] = {"", "permitted", "refused", "reason"};
	json_t *labels = json_array();

	for (enum consign_label l = CONSIGN_LABEL_OPEN; l <= CONSIGN_LABEL_UNBLINDED; l++)
		if ((change->labels & 1u << l) != 0)
			json_array_append_new(labels, json_string(consign_label_text(l)));
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "change", kinds[change->kind], "study", change->study, "from",
	    names_json(change->from.v, change->from.n), "to", names_json(change->to.v, change->to.n), "labels", labels, "types",
	    names_json(change->types, change->n_types), "before", answer_json(&change->before), "after",
	    answer_json(&change->after), "questions", (json_int_t)change->questions);
}
