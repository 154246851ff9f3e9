/* The proof of a verdict (policy_proof.h). What a rule says is read here as docs/POLICY.md 2 says it. */
#include "policy_proof.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "policy/yaml_tree.h"
#include "trust/hub.h"

/* ── what fits ── */

static bool
end_fits(const struct policy_end *end, const struct policy_party *party)
{
	if (end == NULL)
		return true;
	bool has_role = end->roles.n == 0, has_org = end->orgs.n == 0;

	for (size_t i = 0; !has_role && i < end->roles.n; i++)
		for (size_t j = 0; !has_role && j < party->roles.n; j++)
			has_role = end->roles.v[i] == party->roles.v[j];
	for (size_t i = 0; !has_org && i < end->orgs.n; i++)
		has_org = strcmp(end->orgs.v[i].s, party->org.s) == 0;
	return has_role && has_org;
}

static bool
label_fits(const struct policy_rule *rule, enum consign_label label)
{
	bool fits = rule->labels.n == 0;

	for (size_t i = 0; !fits && i < rule->labels.n; i++)
		fits = rule->labels.v[i] == (uint32_t)label;
	return fits;
}

static bool
type_fits(const struct policy_rule *rule, const char *type)
{
	bool fits = false;

	for (size_t i = 0; !fits && i < rule->types.n; i++)
		fits = glob_match(rule->types.v[i].s, type);
	return fits;
}

/* At a time unknown a rule with a validity is taken as what lets less pass. */
static bool
time_fits(const struct policy_rule *rule, uint64_t at_us)
{
	if (at_us == 0 && (rule->from_us != 0 || rule->until_us != 0))
		return rule->effect == POLICY_FORBID;
	return at_us >= rule->from_us && (rule->until_us == 0 || at_us < rule->until_us);
}

/* What a question comes down to in one study. */
struct asked {
	const struct policy_question *q;
	const struct policy_study *study;
	const struct policy_party *from;
	const struct policy_party *to;
};

/* Those that match stand first, each kind in the order of the file. */
static void
insert_rule(struct proof_rules *rules, const struct proof_rule *r)
{
	size_t at = 0;

	while (at < rules->n
	    && (rules->v[at].matches > r->matches
		|| (rules->v[at].matches == r->matches && rules->v[at].rule->order <= r->rule->order)))
		at++;
	if (rules->n == PROOF_RULES_MAX)
		rules->n_more++;
	if (at == PROOF_RULES_MAX)
		return;
	size_t behind = (rules->n < PROOF_RULES_MAX ? rules->n : PROOF_RULES_MAX - 1) - at;

	memmove(&rules->v[at + 1], &rules->v[at], behind * sizeof rules->v[0]);
	rules->v[at] = *r;
	rules->n += rules->n < PROOF_RULES_MAX;
}

static void
look_at(const struct asked *a, const struct policy_rule *rule, const struct policy_study *study, struct policy_proof *p)
{
	struct proof_rules *rules = rule->effect == POLICY_PERMIT ? &p->permits : &p->forbids;

	if (!type_fits(rule, a->q->type)) {
		rules->n_others++;
		return;
	}
	struct proof_rule r = {.rule = rule,
	    .study = study,
	    .fits_label = label_fits(rule, a->q->label),
	    .fits_from = end_fits(rule->from, a->from),
	    .fits_to = end_fits(rule->to, a->to),
	    .fits_time = time_fits(rule, a->q->at_us),
	    .fits_size = rule->max_bytes == 0 || a->q->bytes <= rule->max_bytes};

	r.matches = r.fits_label && r.fits_from && r.fits_to && r.fits_time && r.fits_size;
	rules->n_matching += r.matches;
	insert_rule(rules, &r);
}

static void
look_at_all(const struct policy_view *view, const struct asked *a, struct policy_proof *p)
{
	for (size_t i = 0; view->common != NULL && i < view->common->rules.n; i++)
		look_at(a, view->common->rules.v[i], NULL, p);
	for (size_t i = 0; i < a->study->rules.n; i++)
		look_at(a, a->study->rules.v[i], a->study, p);
}

/* ── the steps ── */

#define SAY(step, ...) (void)snprintf((step)->words, sizeof(step)->words, __VA_ARGS__)

static const struct policy_party *
find_party(const struct policy_study *study, const char *org)
{
	for (size_t i = 0; study != NULL && i < study->parties.n; i++)
		if (strcmp(study->parties.v[i]->org.s, org) == 0)
			return study->parties.v[i];
	return NULL;
}

static const struct policy_study *
find_study(const struct policy_view *view, const char *id)
{
	for (size_t i = 0; i < view->n_studies; i++)
		if (strcmp(view->studies[i]->id.s, id) == 0)
			return view->studies[i];
	return NULL;
}

/* "sponsor, cro" */
static const char *
roles_text(const struct policy_party *party, char ret_text[128])
{
	size_t at = 0;

	ret_text[0] = '\0';
	for (size_t i = 0; i < party->roles.n && at < 128; i++)
		at += (size_t)snprintf(ret_text + at, 128 - at, "%s%s", i > 0 ? ", " : "", policy_role_text(party->roles.v[i]));
	return ret_text;
}

static bool
decide_consignor(struct policy_proof *p, const struct asked *a)
{
	struct proof_step *step = &p->steps[STEP_CONSIGNOR];
	char roles[128];

	step->mark = a->from != NULL ? PROOF_HOLDS : PROOF_FAILS;
	if (a->from != NULL)
		SAY(step, "%s is a party to %s: %s", a->q->consignor, a->q->study, roles_text(a->from, roles));
	else
		SAY(step, "there is no study %s, or %s is no party to it", a->q->study, a->q->consignor);
	if (a->from == NULL)
		p->code = CONSIGN_CODE_STUDY_UNKNOWN;
	return a->from != NULL;
}

static bool
decide_consignee(struct policy_proof *p, const struct asked *a)
{
	struct proof_step *step = &p->steps[STEP_CONSIGNEE];
	char roles[128];

	step->mark = a->to != NULL ? PROOF_HOLDS : PROOF_FAILS;
	if (a->to != NULL)
		SAY(step, "%s is a party to %s: %s", a->q->consignee, a->q->study, roles_text(a->to, roles));
	else
		SAY(step, "%s is no party to %s", a->q->consignee, a->q->study);
	if (a->to == NULL)
		p->code = CONSIGN_CODE_NOT_A_PARTY;
	return a->to != NULL;
}

static bool
decide_clearance(struct policy_proof *p, const struct asked *a)
{
	struct proof_step *step = &p->steps[STEP_CLEARANCE];
	bool covers = (uint32_t)a->q->label <= a->to->clearance;

	step->mark = covers ? PROOF_HOLDS : PROOF_FAILS;
	SAY(step, "%s may receive up to %s in %s, and the message is %s", a->q->consignee,
	    consign_label_text((enum consign_label)a->to->clearance), a->q->study, consign_label_text(a->q->label));
	if (!covers)
		p->code = CONSIGN_CODE_CLEARANCE;
	return covers;
}

static bool
decide_forbids(struct policy_proof *p)
{
	struct proof_step *step = &p->steps[STEP_FORBIDS];
	size_t n = p->forbids.n + p->forbids.n_more;

	step->mark = p->forbids.n_matching == 0 ? PROOF_HOLDS : PROOF_FAILS;
	if (p->forbids.n_matching > 0) {
		p->code = CONSIGN_CODE_POLICY_FORBIDDEN;
		p->rule = p->forbids.v[0].rule->id.s;
		SAY(step, "rule %s forbids it%s", p->rule, p->forbids.n_matching > 1 ? ", and it is not the only one" : "");
	} else if (n > 0) {
		SAY(step, "no forbid matches: %zu speak%s of this type, %zu of others", n, n == 1 ? "s" : "", p->forbids.n_others);
	} else {
		SAY(step, "no forbid speaks of this type, %zu of others", p->forbids.n_others);
	}
	return p->forbids.n_matching == 0;
}

static void
decide_permits(struct policy_proof *p)
{
	struct proof_step *step = &p->steps[STEP_PERMITS];
	size_t n = p->permits.n + p->permits.n_more;

	step->mark = p->permits.n_matching > 0 ? PROOF_HOLDS : PROOF_FAILS;
	if (p->permits.n_matching > 0) {
		p->rule = p->permits.v[0].rule->id.s;
		SAY(step, "rule %s permits it", p->rule);
		return;
	}
	p->code = CONSIGN_CODE_POLICY_NO_RULE;
	if (n > 0)
		SAY(step, "no permit matches: %zu speak%s of this type, %zu of others", n, n == 1 ? "s" : "", p->permits.n_others);
	else
		SAY(step, "no permit speaks of this type, %zu of others", p->permits.n_others);
}

enum consign_code
proof_member_code(const struct member *member)
{
	if (member == NULL)
		return CONSIGN_CODE_ORG_UNKNOWN;
	switch (member->status) {
	case MEMBER_ACTIVE:
		return CONSIGN_CODE_NONE;
	case MEMBER_COMPROMISED:
		return CONSIGN_CODE_COMPROMISED;
	default:
		return CONSIGN_CODE_ORG_SUSPENDED;
	}
}

static const char *
status_text(const struct member *member)
{
	return member == NULL ? "no member" : member_status_text(member->status);
}

static void
decide_members(struct policy_proof *p, const struct asked *a, const struct proof_members *members)
{
	struct proof_step *step = &p->steps[STEP_MEMBERS];
	bool are_active = members->is_known && proof_member_code(members->consignor) == CONSIGN_CODE_NONE
	    && proof_member_code(members->consignee) == CONSIGN_CODE_NONE;

	if (!members->is_known)
		return;
	step->mark = are_active ? PROOF_HOLDS : PROOF_FAILS;
	SAY(step, "%s is %s, %s is %s", a->q->consignor, status_text(members->consignor), a->q->consignee,
	    status_text(members->consignee));
}

void
proof_make(const struct policy_view *view, const struct policy_question *q, const struct proof_members *members,
    struct policy_proof *ret_proof)
{
	static const char *const names[] = {
	    "study and consignor", "consignee", "clearance and label", "forbids", "permits", "membership"};
	struct asked a = {.q = q, .study = find_study(view, q->study)};

	*ret_proof = (struct policy_proof){.code = CONSIGN_CODE_NONE, .rule = ""};
	for (size_t i = 0; i < PROOF_STEPS; i++) {
		ret_proof->steps[i].what = names[i];
		ret_proof->steps[i].mark = PROOF_OPEN;
		SAY(&ret_proof->steps[i], "not asked");
	}
	a.from = find_party(a.study, q->consignor);
	a.to = find_party(a.study, q->consignee);
	if (!decide_consignor(ret_proof, &a) || !decide_consignee(ret_proof, &a) || !decide_clearance(ret_proof, &a))
		return;
	look_at_all(view, &a, ret_proof);
	if (decide_forbids(ret_proof))
		decide_permits(ret_proof);
	if (ret_proof->code == CONSIGN_CODE_NONE)
		decide_members(ret_proof, &a, members);
}

/* ── a rule's own text ── */

/* The rule of an id in the tree of a policy file. */
static const struct node *
find_rule_node(const struct node *root, const char *id)
{
	for (const struct node *key = root->kind == NODE_MAP ? root->first : NULL; key != NULL; key = key->next) {
		if (!slice_equal(key->text, slice_text("rules")) || key->value->kind != NODE_LIST)
			continue;
		for (const struct node *rule = key->value->first; rule != NULL; rule = rule->next)
			for (const struct node *k = rule->kind == NODE_MAP ? rule->first : NULL; k != NULL; k = k->next)
				if (slice_equal(k->text, slice_text("id")) && slice_equal(k->value->text, slice_text(id)))
					return rule;
	}
	return NULL;
}

/* The last line of what a node says: the deepest node that stands last. */
static size_t
last_line(const struct node *node)
{
	size_t line = node->line;

	if (node->kind == NODE_WORD)
		return line;
	for (const struct node *n = node->first; n != NULL; n = n->next) {
		size_t below = last_line(node->kind == NODE_MAP ? n->value : n);

		line = below > line ? below : line;
	}
	return line;
}

static enum consign_err
copy_lines(struct consign_slice text, size_t from, size_t to, struct buf *out)
{
	size_t line = 1, start = 0;

	for (size_t i = 0; i < text.len && line <= to; i++) {
		if (text.data[i] != '\n' && i + 1 < text.len)
			continue;
		size_t end = text.data[i] == '\n' ? i : i + 1;

		if (line >= from) {
			enum consign_err err = buf_append(out, slice_of(text.data + start, end - start));

			if (err == CONSIGN_OK)
				err = buf_append_u8(out, '\n');
			if (err != CONSIGN_OK)
				return err;
		}
		start = i + 1;
		line++;
	}
	return CONSIGN_OK;
}

#define TREE_BUDGET_BYTES (96u * 1024u * 1024u)

static enum consign_err
text_of_source(struct consign_slice source, const char *id, struct buf *out)
{
	static const struct yaml_form form = {"policy", "studies and rules", "docs/POLICY.md"};
	struct policy_file_error where;
	struct arena *arena = NULL;
	struct node *root;
	const struct node *rule = NULL;
	enum consign_err err = arena_new(TREE_BUDGET_BYTES, &arena);

	if (err == CONSIGN_OK)
		err = yaml_tree_read(source, &form, arena, &root, &where);
	if (err == CONSIGN_OK)
		rule = find_rule_node(root, id);
	if (rule != NULL) {
		/* A bracket alone on a line behind the last word is not shown: it says nothing. */
		err = copy_lines(source, rule->line, last_line(rule), out);
	}
	arena_free(&arena);
	return err;
}

enum consign_err
proof_rule_text(const struct policy_view *view, const struct proof_rule *rule, struct buf *out)
{
	size_t before = out->len;
	enum consign_err err = CONSIGN_OK;

	if (view->source.len > 0)
		err = text_of_source(view->source, rule->rule->id.s, out);
	if (err == CONSIGN_E_NO_MEMORY || out->len > before)
		return err;
	return policy_view_rule(rule->rule, rule->study, out);
}

/* ── for people ── */

static const char *
mark_text(enum proof_mark mark)
{
	return mark == PROOF_HOLDS ? "✓" : mark == PROOF_FAILS ? "✗" : "·";
}

/* "matches", or what does not fit. */
static const char *
fit_words(const struct proof_rule *r, char ret_words[96])
{
	(void)snprintf(ret_words, 96, "%s%s%s%s%s%s", r->matches ? "matches" : "not for", r->fits_from ? "" : " this consignor,",
	    r->fits_to ? "" : " this consignee,", r->fits_label ? "" : " this label,", r->fits_time ? "" : " this time,", r->fits_size ? "" : " this size,");
	size_t len = strlen(ret_words);

	if (ret_words[len - 1] == ',')
		ret_words[len - 1] = '\0';
	return ret_words;
}

/* Text in lines, each behind so many blanks. */
static enum consign_err
put_indented(struct consign_slice text, const char *indent, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t at = 0; err == CONSIGN_OK && at < text.len;) {
		const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
		size_t len = end == NULL ? text.len - at : (size_t)(end - (text.data + at));

		err = buf_printf(out, "%s%.*s\n", indent, (int)len, (const char *)text.data + at);
		at += len + 1;
	}
	return err;
}

/* The rules that matched with their text, the first few others in a line. */
#define OTHERS_SHOWN 8u

static enum consign_err
put_rules(const struct policy_view *view, const struct proof_rules *rules, bool are_good, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;
	size_t others = 0;

	for (size_t i = 0; err == CONSIGN_OK && i < rules->n; i++) {
		const struct proof_rule *r = &rules->v[i];
		struct buf text = {0};
		char words[96];

		others += !r->matches;
		if (!r->matches && others > OTHERS_SHOWN)
			continue;
		err = buf_printf(out, "      %s %s: %s\n", r->matches ? (are_good ? "✓" : "✗") : "·", r->rule->id.s, fit_words(r, words));
		if (err == CONSIGN_OK && r->matches)
			err = proof_rule_text(view, r, &text);
		if (err == CONSIGN_OK && r->matches)
			err = put_indented(buf_slice(&text), "          ", out);
		buf_clear(&text);
	}
	if (others > OTHERS_SHOWN)
		others -= OTHERS_SHOWN;
	else
		others = 0;
	if (err == CONSIGN_OK && others + rules->n_more > 0)
		err = buf_printf(out, "      and %zu more that do not fit\n", others + rules->n_more);
	return err;
}

enum consign_err
proof_format(const struct policy_view *view, const struct policy_proof *proof, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < PROOF_STEPS; i++) {
		const struct proof_step *step = &proof->steps[i];

		err = buf_printf(out, "  %s %zu %s: %s\n", mark_text(step->mark), i + 1, step->what, step->words);
		if (err == CONSIGN_OK && i == STEP_FORBIDS && step->mark != PROOF_OPEN)
			err = put_rules(view, &proof->forbids, false, out);
		if (err == CONSIGN_OK && i == STEP_PERMITS && step->mark != PROOF_OPEN)
			err = put_rules(view, &proof->permits, true, out);
	}
	return err;
}

/* ── for programs ── */

static json_t *
rule_json(const struct policy_view *view, const struct proof_rule *r)
{
	struct buf text = {0};
	json_t *json = NULL;

	if (!r->matches || proof_rule_text(view, r, &text) == CONSIGN_OK)
		json = json_pack("{s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:s?}", "id", r->rule->id.s, "matches", (int)r->matches, "from_fits",
		    (int)r->fits_from, "to_fits", (int)r->fits_to, "label_fits", (int)r->fits_label, "time_fits", (int)r->fits_time, "size_fits",
		    (int)r->fits_size, "study", r->study == NULL ? NULL : r->study->id.s);
	if (json != NULL && r->matches)
		json_object_set_new(json, "text", json_stringn(text.len == 0 ? "" : (const char *)text.data, text.len));
	buf_clear(&text);
	return json;
}

static json_t *
rules_json(const struct policy_view *view, const struct proof_rules *rules)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rules->n; i++)
		json_array_append_new(list, rule_json(view, &rules->v[i]));
	return list;
}

json_t *
proof_json(const struct policy_view *view, const struct policy_proof *proof)
{
	json_t *list = json_array();

	for (size_t i = 0; i < PROOF_STEPS; i++) {
		const struct proof_step *step = &proof->steps[i];
		json_t *json = json_pack("{s:s, s:o, s:s}", "step", step->what, "holds",
		    step->mark == PROOF_OPEN ? json_null() : json_boolean(step->mark == PROOF_HOLDS), "words", step->words);
		const struct proof_rules *rules = i == STEP_FORBIDS ? &proof->forbids : i == STEP_PERMITS ? &proof->permits : NULL;

		if (json != NULL && rules != NULL && step->mark != PROOF_OPEN) {
			json_object_set_new(json, "rules", rules_json(view, rules));
			json_object_set_new(json, "of_other_types", json_integer((json_int_t)rules->n_others));
		}
		json_array_append_new(list, json);
	}
	return list;
}
