/* A policy rendered (policy_view.h). */
#include "policy_view.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "policy/policy.h"
#include "policy/units.h"
#include "print.h"
#include "quota_view.h"

void
policy_view_of(struct policy_part *const *parts, size_t n, struct policy_study **studies, struct policy_view *view)
{
	view->studies = studies;
	for (size_t i = 0; i < n; i++) {
		if (parts[i]->common != NULL)
			view->common = parts[i]->common;
		else if (parts[i]->study != NULL)
			studies[view->n_studies++] = parts[i]->study;
		else if (parts[i]->quotas != NULL)
			view->quotas = parts[i]->quotas;
		else
			view->source = parts[i]->source;
	}
}

/* A rule and where it was found. */
struct placed_rule {
	const struct policy_rule *rule;
	const struct policy_study *study; /* NULL: the common part */
};

static int
by_order(const void *a, const void *b)
{
	const struct placed_rule *x = a, *y = b;

	if (x->rule->order != y->rule->order)
		return x->rule->order < y->rule->order ? -1 : 1;
	return x->study == NULL || y->study == NULL ? 0 : strcmp(x->study->id.s, y->study->id.s);
}

/* Every rule with its place, in the order of the file. free() it. */
static enum consign_err
gather(const struct policy_view *view, struct placed_rule **ret_rules, size_t *ret_n)
{
	size_t most = view->common == NULL ? 0 : view->common->rules.n, n = 0;

	for (size_t i = 0; i < view->n_studies; i++)
		most += view->studies[i]->rules.n;
	struct placed_rule *rules = calloc(most + 1, sizeof *rules);

	if (rules == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; view->common != NULL && i < view->common->rules.n; i++)
		rules[n++] = (struct placed_rule){view->common->rules.v[i], NULL};
	for (size_t i = 0; i < view->n_studies; i++)
		for (size_t j = 0; j < view->studies[i]->rules.n; j++)
			rules[n++] = (struct placed_rule){view->studies[i]->rules.v[j], view->studies[i]};
	qsort(rules, n, sizeof *rules, by_order);
	*ret_rules = rules;
	*ret_n = n;
	return CONSIGN_OK;
}

static bool
is_same(const struct placed_rule *a, const struct placed_rule *b)
{
	return a->rule->order == b->rule->order && strcmp(a->rule->id.s, b->rule->id.s) == 0;
}

enum consign_err
policy_view_count(const struct policy_view *view, size_t *ret_rules)
{
	struct placed_rule *rules;
	size_t n, distinct = 0;
	enum consign_err err = gather(view, &rules, &n);

	if (err != CONSIGN_OK)
		return err;
	for (size_t i = 0; i < n; i++)
		distinct += i == 0 || !is_same(&rules[i], &rules[i - 1]);
	free(rules);
	*ret_rules = distinct;
	return CONSIGN_OK;
}

/* A list's parts in one form, to be joined by put_list or made JSON. */
struct words {
	const char *v[64]; /* roles, labels: few; the lists that may be long are written directly */
	size_t n;
};

static enum consign_err
put_words(const char *before, const struct words *w, const char *after, struct buf *out)
{
	enum consign_err err = buf_printf(out, "%s[", before);

	for (size_t i = 0; err == CONSIGN_OK && i < w->n; i++)
		err = buf_printf(out, "%s%s", i > 0 ? ", " : "", w->v[i]);
	return err == CONSIGN_OK ? buf_printf(out, "]%s", after) : err;
}

static struct words
roles_of(const uint32_t *roles, size_t n)
{
	struct words w = {.n = n < 64 ? n : 64};

	for (size_t i = 0; i < w.n; i++)
		w.v[i] = policy_role_text(roles[i]);
	return w;
}

static struct words
labels_of(const uint32_t *labels, size_t n)
{
	struct words w = {.n = n < 64 ? n : 64};

	for (size_t i = 0; i < w.n; i++)
		w.v[i] = consign_label_text((enum consign_label)labels[i]);
	return w;
}

/* A text in double quotes as YAML reads them. */
static enum consign_err
put_quoted(struct consign_slice text, struct buf *out)
{
	enum consign_err err = buf_append_u8(out, '"');

	for (size_t i = 0; err == CONSIGN_OK && i < text.len; i++) {
		if (text.data[i] == '"' || text.data[i] == '\\')
			err = buf_append_u8(out, '\\');
		if (err == CONSIGN_OK)
			err = buf_append_u8(out, text.data[i]);
	}
	return err == CONSIGN_OK ? buf_append_u8(out, '"') : err;
}

static enum consign_err
put_study(const struct policy_study *s, struct buf *out)
{
	enum consign_err err = buf_printf(out, "  - id: %s\n", s->id.s);

	if (err == CONSIGN_OK && s->title.len > 0) {
		err = buf_printf(out, "    title: ");
		if (err == CONSIGN_OK)
			err = put_quoted(s->title, out);
		if (err == CONSIGN_OK)
			err = buf_printf(out, "\n");
	}
	if (err == CONSIGN_OK)
		err = buf_printf(out, "    parties:\n");
	for (size_t i = 0; err == CONSIGN_OK && i < s->parties.n; i++) {
		const struct policy_party *p = s->parties.v[i];
		struct words roles = roles_of(p->roles.v, p->roles.n);

		err = buf_printf(out, "      - {org: %s, roles: ", p->org.s);
		if (err == CONSIGN_OK)
			err = put_words("", &roles, "", out);
		if (err == CONSIGN_OK)
			err = buf_printf(out, ", clearance: %s}\n", consign_label_text((enum consign_label)p->clearance));
	}
	return err;
}

static enum consign_err
put_end(const char *name, const struct policy_end *end, struct buf *out)
{
	if (end == NULL || (end->roles.n == 0 && end->orgs.n == 0))
		return CONSIGN_OK;
	struct words roles = roles_of(end->roles.v, end->roles.n);
	enum consign_err err = buf_printf(out, "    %s: {", name);

	if (err == CONSIGN_OK && roles.n > 0)
		err = put_words("roles: ", &roles, end->orgs.n > 0 ? ", " : "", out);
	for (size_t i = 0; err == CONSIGN_OK && i < end->orgs.n; i++)
		err = buf_printf(out, "%s%s%s", i == 0 ? "orgs: [" : ", ", end->orgs.v[i].s, i + 1 == end->orgs.n ? "]" : "");
	return err == CONSIGN_OK ? buf_printf(out, "}\n") : err;
}

/* What is one number of a rule; 0: the key is not there. */
static const struct {
	const char *key, *json;
	size_t offset;
	void (*format)(uint64_t value, char ret_text[UNITS_TEXT_BYTES]);
	bool is_time;
} units[] = {
    {"since", "since", offsetof(struct policy_rule, from_us), units_time_format, true},
    {"until", "until", offsetof(struct policy_rule, until_us), units_time_format, true},
    {"max-size", "max_size", offsetof(struct policy_rule, max_bytes), units_size_format, false},
    {"deliver-within", "deliver_within_us", offsetof(struct policy_rule, deliver_within_us), units_span_format, false},
};

static uint64_t
unit_of(const struct policy_rule *r, size_t i)
{
	uint64_t value;

	memcpy(&value, (const uint8_t *)r + units[i].offset, sizeof value);
	return value;
}

/* rules[0] to rules[n - 1] are one rule in its studies. */
static enum consign_err
put_rule(const struct placed_rule *rules, size_t n, struct buf *out)
{
	const struct policy_rule *r = rules[0].rule;
	enum consign_err err =
	    buf_printf(out, "  - id: %s\n    %s: [", r->id.s, r->effect == POLICY_PERMIT ? "permit" : "forbid");

	for (size_t i = 0; err == CONSIGN_OK && i < r->types.n; i++)
		err = buf_printf(out, "%s\"%s\"", i > 0 ? ", " : "", r->types.v[i].s);
	if (err == CONSIGN_OK)
		err = buf_printf(out, "]\n");
	if (err == CONSIGN_OK)
		err = put_end("from", r->from, out);
	if (err == CONSIGN_OK)
		err = put_end("to", r->to, out);
	for (size_t i = 0; err == CONSIGN_OK && rules[0].study != NULL && i < n; i++)
		err = buf_printf(out, "%s%s%s", i == 0 ? "    studies: [" : ", ", rules[i].study->id.s, i + 1 == n ? "]\n" : "");
	if (err == CONSIGN_OK && r->labels.n > 0) {
		struct words labels = labels_of(r->labels.v, r->labels.n);

		err = put_words("    label: ", &labels, "\n", out);
	}
	for (size_t i = 0; err == CONSIGN_OK && i < sizeof units / sizeof units[0]; i++) {
		char text[UNITS_TEXT_BYTES];
		uint64_t value = unit_of(r, i);

		units[i].format(value, text);
		if (value != 0)
			err = buf_printf(out, "    %s: %s\n", units[i].key, text);
	}
	if (err == CONSIGN_OK && r->rate_us != 0) {
		char text[UNITS_TEXT_BYTES];

		units_rate_format(r->rate_messages, r->rate_us, false, text);
		err = buf_printf(out, "    rate: %s\n", text);
	}
	return err;
}

static enum consign_err
put_quotas(const struct policy_quotas *quotas, struct buf *out)
{
	enum consign_err err = quotas == NULL ? CONSIGN_OK : buf_printf(out, "quotas:\n");

	for (size_t i = 0; err == CONSIGN_OK && quotas != NULL && i < quotas->quotas.n; i++) {
		err = buf_printf(out, "  - ");
		if (err == CONSIGN_OK)
			err = quota_view_put(quotas->quotas.v[i], out);
		if (err == CONSIGN_OK)
			err = buf_printf(out, "\n");
	}
	return err;
}

enum consign_err
policy_view_format(const struct policy_view *view, struct buf *out)
{
	struct placed_rule *rules;
	size_t n;
	enum consign_err err = gather(view, &rules, &n);

	if (err != CONSIGN_OK)
		return err;
	err = buf_printf(out, "# policy %llu\n", (unsigned long long)view->version);
	if (err == CONSIGN_OK && view->reason.len > 0)
		err = buf_printf(out, "# %.*s\n", (int)view->reason.len, (const char *)view->reason.data);
	if (err == CONSIGN_OK)
		err = buf_printf(out, view->n_studies == 0 ? "studies: []\n" : "studies:\n");
	for (size_t i = 0; err == CONSIGN_OK && i < view->n_studies; i++)
		err = put_study(view->studies[i], out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, n == 0 ? "rules: []\n" : "rules:\n");
	for (size_t i = 0, same; err == CONSIGN_OK && i < n; i += same) {
		for (same = 1; i + same < n && is_same(&rules[i], &rules[i + same]); same++)
			;
		err = put_rule(rules + i, same, out);
	}
	free(rules);
	return err == CONSIGN_OK ? put_quotas(view->quotas, out) : err;
}

enum consign_err
policy_view_study(const struct policy_study *study, struct buf *out)
{
	return put_study(study, out);
}

enum consign_err
policy_view_each_rule(
    const struct policy_view *view, void (*each)(void *context, const char *id, struct consign_slice words), void *context)
{
	struct placed_rule *rules;
	struct buf words = {0};
	size_t n;
	enum consign_err err = gather(view, &rules, &n);

	if (err != CONSIGN_OK)
		return err;
	for (size_t i = 0, same; err == CONSIGN_OK && i < n; i += same) {
		for (same = 1; i + same < n && is_same(&rules[i], &rules[i + same]); same++)
			;
		buf_reset(&words);
		/* One by one: in each study it names only the parties to that study. */
		for (size_t k = 0; err == CONSIGN_OK && k < same; k++)
			err = put_rule(rules + i + k, 1, &words);
		if (err == CONSIGN_OK)
			each(context, rules[i].rule->id.s, buf_slice(&words));
	}
	buf_clear(&words);
	free(rules);
	return err;
}

enum consign_err
policy_view_rule(const struct policy_rule *rule, const struct policy_study *study, struct buf *out)
{
	return put_rule(&(struct placed_rule){rule, study}, 1, out);
}

/* ── what differs ── */

static const struct policy_study *
find_study(const struct policy_view *view, const char *id)
{
	for (size_t i = 0; i < view->n_studies; i++)
		if (strcmp(view->studies[i]->id.s, id) == 0)
			return view->studies[i];
	return NULL;
}

static const struct policy_party *
find_party(const struct policy_study *study, const char *org)
{
	for (size_t i = 0; i < study->parties.n; i++)
		if (strcmp(study->parties.v[i]->org.s, org) == 0)
			return study->parties.v[i];
	return NULL;
}

/* "globalcro [cro], open" */
static enum consign_err
put_party(const char *sign, const char *study, const struct policy_party *p, struct buf *out)
{
	struct words roles = roles_of(p->roles.v, p->roles.n);
	enum consign_err err = buf_printf(out, "%s party of %s: %s ", sign, study, p->org.s);

	if (err == CONSIGN_OK)
		err = put_words("", &roles, ", ", out);
	return err == CONSIGN_OK ? buf_printf(out, "receives up to %s\n", consign_label_text((enum consign_label)p->clearance)) : err;
}

static bool
party_is_same(const struct policy_party *a, const struct policy_party *b)
{
	uint32_t x = 0, y = 0;

	for (size_t i = 0; i < a->roles.n; i++)
		x |= 1u << (a->roles.v[i] & 31);
	for (size_t i = 0; i < b->roles.n; i++)
		y |= 1u << (b->roles.v[i] & 31);
	return x == y && a->clearance == b->clearance;
}

static enum consign_err
compare_study(const struct policy_study *was, const struct policy_study *is, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	if (was == NULL)
		err = buf_printf(out, "+ study %s%s%.*s\n", is->id.s, is->title.len > 0 ? ": " : "", (int)is->title.len, (const char *)is->title.data);
	else if (!slice_equal(was->title, is->title))
		err = buf_printf(out, "~ study %s is called %.*s\n", is->id.s, (int)is->title.len, (const char *)is->title.data);
	for (size_t i = 0; err == CONSIGN_OK && i < is->parties.n; i++) {
		const struct policy_party *before = was == NULL ? NULL : find_party(was, is->parties.v[i]->org.s);

		if (before == NULL || !party_is_same(before, is->parties.v[i]))
			err = put_party(before == NULL ? "+" : "~", is->id.s, is->parties.v[i], out);
	}
	for (size_t i = 0; err == CONSIGN_OK && was != NULL && i < was->parties.n; i++)
		if (find_party(is, was->parties.v[i]->org.s) == NULL)
			err = buf_printf(out, "- party of %s: %s\n", is->id.s, was->parties.v[i]->org.s);
	return err;
}

/* A rule as the file would say it, without where it stands. */
struct rule_text {
	const char *id;
	struct buf text;
};

static void
free_texts(struct rule_text *v, size_t n)
{
	for (size_t i = 0; v != NULL && i < n; i++)
		buf_clear(&v[i].text);
	free(v);
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct rule_text *)a)->id, ((const struct rule_text *)b)->id);
}

/* Each distinct rule once, sorted by id. End with free_texts. */
static enum consign_err
rule_texts(const struct policy_view *view, struct rule_text **ret_v, size_t *ret_n)
{
	struct placed_rule *rules;
	size_t n, count = 0;
	enum consign_err err = gather(view, &rules, &n);

	if (err != CONSIGN_OK)
		return err;
	struct rule_text *v = calloc(n + 1, sizeof *v);

	err = v == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	for (size_t i = 0, same; err == CONSIGN_OK && i < n; i += same) {
		for (same = 1; i + same < n && is_same(&rules[i], &rules[i + same]); same++)
			;
		v[count].id = rules[i].rule->id.s;
		err = put_rule(rules + i, same, &v[count++].text);
	}
	free(rules);
	if (err != CONSIGN_OK) {
		free_texts(v, count);
		return err;
	}
	qsort(v, count, sizeof *v, by_id);
	*ret_v = v;
	*ret_n = count;
	return CONSIGN_OK;
}

static enum consign_err
put_rule_text(const char *sign, const struct rule_text *r, struct buf *out)
{
	enum consign_err err = buf_printf(out, "%s rule %s\n", sign, r->id);

	/* All but the line of its id, which stands above. */
	const char *rest = memchr(r->text.data, '\n', r->text.len);
	size_t len = rest == NULL ? 0 : r->text.len - (size_t)(rest + 1 - (const char *)r->text.data);

	return err == CONSIGN_OK && len > 0 ? buf_append(out, slice_of(rest + 1, len)) : err;
}

static enum consign_err
compare_rules(const struct policy_view *before, const struct policy_view *after, struct buf *out)
{
	struct rule_text *was = NULL, *is = NULL;
	size_t n_was = 0, n_is = 0;
	enum consign_err err = rule_texts(before, &was, &n_was);

	if (err == CONSIGN_OK)
		err = rule_texts(after, &is, &n_is);
	for (size_t i = 0, k = 0; err == CONSIGN_OK && (i < n_was || k < n_is);) {
		int order = i == n_was ? 1 : k == n_is ? -1 : by_id(&was[i], &is[k]);

		if (order < 0)
			err = buf_printf(out, "- rule %s\n", was[i].id);
		else if (order > 0)
			err = put_rule_text("+", &is[k], out);
		else if (!slice_equal(buf_slice(&was[i].text), buf_slice(&is[k].text)))
			err = put_rule_text("~", &is[k], out);
		i += order <= 0;
		k += order >= 0;
	}
	free_texts(was, n_was);
	free_texts(is, n_is);
	return err;
}

enum consign_err
policy_view_compare(const struct policy_view *before, const struct policy_view *after, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < after->n_studies; i++)
		err = compare_study(find_study(before, after->studies[i]->id.s), after->studies[i], out);
	for (size_t i = 0; err == CONSIGN_OK && i < before->n_studies; i++)
		if (find_study(after, before->studies[i]->id.s) == NULL)
			err = buf_printf(out, "- study %s\n", before->studies[i]->id.s);
	if (err == CONSIGN_OK)
		err = compare_rules(before, after, out);
	return err == CONSIGN_OK ? quota_view_compare(before->quotas, after->quotas, out) : err;
}

/* ── JSON: jansson drops what cannot be appended, and gives NULL for what cannot be made; both mean no memory ── */

static json_t *
words_json(const struct words *w)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->n; i++)
		json_array_append_new(list, json_string(w->v[i]));
	return list;
}

static json_t *
study_json(const struct policy_study *s)
{
	json_t *parties = json_array();

	for (size_t i = 0; i < s->parties.n; i++) {
		struct words roles = roles_of(s->parties.v[i]->roles.v, s->parties.v[i]->roles.n);

		json_array_append_new(
		    parties, json_pack("{s:s, s:o, s:s}", "org", s->parties.v[i]->org.s, "roles", words_json(&roles), "clearance",
				 consign_label_text((enum consign_label)s->parties.v[i]->clearance)));
	}
	return json_pack("{s:s, s:o, s:o}", "id", s->id.s, "title", json_slice(s->title), "parties", parties);
}

static json_t *
end_json(const struct policy_end *end)
{
	static const struct policy_end any;
	const struct policy_end *e = end == NULL ? &any : end;
	struct words roles = roles_of(e->roles.v, e->roles.n);
	json_t *orgs = json_array();

	for (size_t i = 0; i < e->orgs.n; i++)
		json_array_append_new(orgs, json_string(e->orgs.v[i].s));
	return json_pack("{s:o, s:o}", "roles", words_json(&roles), "orgs", orgs);
}

static json_t *
rule_json(const struct placed_rule *rules, size_t n)
{
	const struct policy_rule *r = rules[0].rule;
	struct words labels = labels_of(r->labels.v, r->labels.n);
	json_t *types = json_array(), *studies = json_array();

	for (size_t i = 0; i < r->types.n; i++)
		json_array_append_new(types, json_string(r->types.v[i].s));
	for (size_t i = 0; rules[0].study != NULL && i < n; i++)
		json_array_append_new(studies, json_string(rules[i].study->id.s));
	json_t *json = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", r->id.s, "effect",
	    r->effect == POLICY_PERMIT ? "permit" : "forbid", "types", types, "from", end_json(r->from), "to", end_json(r->to),
	    "label", words_json(&labels), "studies", studies);

	/* Only where the rule says it, as in the file. */
	for (size_t i = 0; json != NULL && i < sizeof units / sizeof units[0]; i++) {
		uint64_t value = unit_of(r, i);

		if (value != 0)
			json_object_set_new(
			    json, units[i].json, units[i].is_time ? json_time(value) : json_integer((json_int_t)value));
	}
	if (json != NULL && r->rate_us != 0) {
		json_object_set_new(json, "rate_messages", json_integer((json_int_t)r->rate_messages));
		json_object_set_new(json, "rate_us", json_integer((json_int_t)r->rate_us));
	}
	return json;
}

json_t *
policy_view_json(const struct policy_view *view)
{
	struct placed_rule *rules;
	size_t n;

	if (gather(view, &rules, &n) != CONSIGN_OK)
		return NULL;
	json_t *studies = json_array(), *list = json_array();

	for (size_t i = 0; i < view->n_studies; i++)
		json_array_append_new(studies, study_json(view->studies[i]));
	for (size_t i = 0, same; i < n; i += same) {
		for (same = 1; i + same < n && is_same(&rules[i], &rules[i + same]); same++)
			;
		json_array_append_new(list, rule_json(rules + i, same));
	}
	free(rules);
	json_t *json = json_pack("{s:I, s:o, s:o, s:o}", "version", (json_int_t)view->version, "reason", json_slice(view->reason),
	    "studies", studies, "rules", list);

	if (json != NULL && view->quotas != NULL) {
		json_t *quotas = json_array();

		for (size_t i = 0; i < view->quotas->quotas.n; i++)
			json_array_append_new(quotas, quota_view_json(view->quotas->quotas.v[i]));
		json_object_set_new(json, "quotas", quotas);
	}
	if (json != NULL && view->source.len > 0)
		json_object_set_new(json, "source", json_slice(view->source));
	return json;
}
