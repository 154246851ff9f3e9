/*
 * For test_policy_edit_random.c: what a policy says, as numbers; random ones; and their text in random styles, with comments in
 * odd places, where each line knows to whom it belongs.
 */
#ifndef TESTS_UNIT_POLICY_POLICY_TEXT_H
#define TESTS_UNIT_POLICY_POLICY_TEXT_H

#include "build.h"

#define STUDIES 4u
#define PARTIES 4u
#define RULES 5u
#define LINES 600u

static const char *const org_names[] = {"acme", "bio-make", "cro-one", "lab-x", "site-7"};
static const char *const role_names[] = {"sponsor", "cro", "cdmo", "smo", "lab"};
static const char *const label_names[] = {"open", "restricted", "unblinded"};
static const char *const type_names[] = {"x.report", "trial.*", "*", "*.opened", "lab.result"};

#define ORGS 5u
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* What a policy says. Sets are bits. */
struct party_model {
	unsigned org, roles, clearance; /* clearance 0: not said */
};

struct study_model {
	unsigned id;
	bool has_title;
	struct party_model parties[PARTIES + 1];
	size_t n;
};

struct rule_model {
	unsigned id, types, from_roles, to_orgs, studies, labels;
	bool is_forbid, is_glob; /* is_glob: its studies are "S*" */
};

struct model {
	struct study_model studies[STUDIES + 1];
	size_t n_studies;
	struct rule_model rules[RULES + 1];
	size_t n_rules;
};

/* Who owns a line of the text: it may go or change when its owner does. */
enum { OWNER_NONE, OWNER_STUDY = 100, OWNER_PARTY = 200, OWNER_RULE = 1000 };

struct text {
	struct buf out;
	uint64_t *seed;
	const char *newline;
	unsigned owner, comments;
	unsigned owners[LINES];
	size_t n_lines;
	/* the style */
	bool has_block_rules, has_block_parties, has_block_lists, has_block_ends, is_spaced, is_loud;
	unsigned step, gap;
};

/* ── the policy in the words of its owner ── */

static void
put(struct text *t, const char *text)
{
	assert_int_equal(buf_append(&t->out, slice_text(text)), CONSIGN_OK);
}

static void
blanks(struct text *t, unsigned n)
{
	while (n-- > 0)
		put(t, " ");
}

static void
end_line(struct text *t)
{
	static const char *const comments[] = {"  # why: [a, {b", " # - id: x", "  # 'ü', \"", ""};

	if (t->is_loud && roll(t->seed, 3) == 0)
		put(t, comments[roll(t->seed, COUNT(comments))]);
	put(t, t->newline);
	assert_true(t->n_lines < LINES);
	t->owners[t->n_lines++] = t->owner;
}

/* A line of its own between two things: it belongs to nobody, or to whom it stands in. */
static void
interrupt(struct text *t, unsigned indent)
{
	if (t->is_loud && roll(t->seed, 4) == 0) {
		blanks(t, indent);
		put(t, "# a line of its own: ");
		assert_int_equal(buf_printf(&t->out, "%u", ++t->comments), CONSIGN_OK);
		put(t, t->newline);
		t->owners[t->n_lines++] = t->owner;
	}
}

static void
word(struct text *t, const char *w)
{
	unsigned how = t->is_loud ? roll(t->seed, 6) : 5;
	bool must = w[0] == '*';

	put(t, how == 0 || must ? "\"" : how == 1 ? "'" : "");
	put(t, w);
	put(t, how == 0 || must ? "\"" : how == 1 ? "'" : "");
}

static void
words_in_brackets(struct text *t, const char *const *names, size_t n, unsigned set)
{
	bool is_first = true;

	put(t, "[");
	for (size_t i = 0; i < n; i++) {
		if (!(set >> i & 1))
			continue;
		if (!is_first)
			put(t, t->is_loud && roll(t->seed, 4) == 0 ? " ,  " : ", ");
		word(t, names[i]);
		is_first = false;
	}
	put(t, "]");
}

/* "key: value" and the end of its line. */
static void
key_of_words(struct text *t, const char *key, const char *const *names, size_t n, unsigned set, unsigned indent)
{
	put(t, key);
	put(t, ":");
	if (!t->has_block_lists) {
		blanks(t, 1 + (t->is_loud ? roll(t->seed, 3) : 0));
		words_in_brackets(t, names, n, set);
		end_line(t);
		return;
	}
	end_line(t);
	for (size_t i = 0; i < n; i++) {
		if (!(set >> i & 1))
			continue;
		interrupt(t, indent + t->step);
		blanks(t, indent + t->step);
		put(t, "- ");
		word(t, names[i]);
		end_line(t);
	}
}

static void
study_id(char *ret_id, unsigned id)
{
	sprintf(ret_id, "S%u", id);
}

static void
write_party(struct text *t, const struct party_model *p, bool is_block, unsigned indent)
{
	if (!is_block) {
		put(t, "{org: ");
		word(t, org_names[p->org]);
		put(t, ", roles: ");
		words_in_brackets(t, role_names, COUNT(role_names), p->roles);
		if (p->clearance > 0) {
			put(t, ", clearance: ");
			word(t, label_names[p->clearance - 1]);
		}
		put(t, "}");
		return;
	}
	put(t, "org: ");
	word(t, org_names[p->org]);
	end_line(t);
	blanks(t, indent);
	key_of_words(t, "roles", role_names, COUNT(role_names), p->roles, indent);
	if (p->clearance > 0) {
		blanks(t, indent);
		put(t, "clearance: ");
		word(t, label_names[p->clearance - 1]);
		end_line(t);
	}
}

static void
write_study(struct text *t, const struct study_model *s, unsigned indent)
{
	char id[16];

	study_id(id, s->id);
	t->owner = OWNER_STUDY + s->id;
	put(t, "id: ");
	word(t, id);
	end_line(t);
	if (s->has_title) {
		blanks(t, indent);
		put(t, "title: \"a # title, für: all\"");
		end_line(t);
	}
	interrupt(t, indent);
	blanks(t, indent);
	put(t, "parties:");
	if (!t->has_block_parties) {
		put(t, " [");
		for (size_t i = 0; i < s->n; i++) {
			put(t, i > 0 ? ", " : "");
			write_party(t, &s->parties[i], false, 0);
		}
		put(t, "]");
		end_line(t);
		return;
	}
	end_line(t);
	for (size_t i = 0; i < s->n; i++) {
		t->owner = OWNER_STUDY + s->id;
		interrupt(t, indent + t->step);
		t->owner = OWNER_PARTY + s->id * 10 + s->parties[i].org;
		blanks(t, indent + t->step);
		put(t, "-");
		blanks(t, t->gap);
		write_party(t, &s->parties[i], t->has_block_ends, indent + t->step + 1 + t->gap);
		if (!t->has_block_ends)
			end_line(t);
	}
}

static void
study_words(struct text *t, const struct rule_model *r, unsigned indent)
{
	static const char *const ids[] = {"S0", "S1", "S2", "S3", "S4"}, *const all[] = {"S*"};

	if (r->is_glob)
		key_of_words(t, "studies", all, 1, 1, indent);
	else
		key_of_words(t, "studies", ids, COUNT(ids), r->studies, indent);
}

static void
write_end(struct text *t, const char *end, const char *key, const char *const *names, size_t n, unsigned set, unsigned indent)
{
	blanks(t, indent);
	put(t, end);
	put(t, ":");
	if (t->has_block_ends) {
		end_line(t);
		blanks(t, indent + 2);
		key_of_words(t, key, names, n, set, indent + 2);
		return;
	}
	put(t, " {");
	put(t, key);
	put(t, ": ");
	words_in_brackets(t, names, n, set);
	put(t, "}");
	end_line(t);
}

static void
write_rule(struct text *t, const struct rule_model *r, unsigned indent)
{
	char id[16];

	sprintf(id, "r%u", r->id);
	t->owner = OWNER_RULE + r->id;
	put(t, "id: ");
	word(t, id);
	end_line(t);
	interrupt(t, indent);
	blanks(t, indent);
	key_of_words(t, r->is_forbid ? "forbid" : "permit", type_names, COUNT(type_names), r->types, indent);
	if (r->from_roles > 0)
		write_end(t, "from", "roles", role_names, COUNT(role_names), r->from_roles, indent);
	if (r->to_orgs > 0)
		write_end(t, "to", "orgs", org_names, COUNT(org_names), r->to_orgs, indent);
	if (r->studies > 0 || r->is_glob) {
		blanks(t, indent);
		study_words(t, r, indent);
	}
	if (r->labels > 0) {
		blanks(t, indent);
		key_of_words(t, "label", label_names, COUNT(label_names), r->labels, indent);
	}
}

static void
write_rule_in_brackets(struct text *t, const struct rule_model *r)
{
	static const char *const ids[] = {"S0", "S1", "S2", "S3", "S4"}, *const all[] = {"S*"};

	assert_int_equal(buf_printf(&t->out, "{id: r%u, %s: ", r->id, r->is_forbid ? "forbid" : "permit"), CONSIGN_OK);
	words_in_brackets(t, type_names, COUNT(type_names), r->types);
	if (r->from_roles > 0) {
		put(t, ", from: {roles: ");
		words_in_brackets(t, role_names, COUNT(role_names), r->from_roles);
		put(t, "}");
	}
	if (r->to_orgs > 0) {
		put(t, ", to: {orgs: ");
		words_in_brackets(t, org_names, COUNT(org_names), r->to_orgs);
		put(t, "}");
	}
	if (r->studies > 0 || r->is_glob) {
		put(t, ", studies: ");
		words_in_brackets(t, r->is_glob ? all : ids, r->is_glob ? 1 : COUNT(ids), r->is_glob ? 1 : r->studies);
	}
	if (r->labels > 0) {
		put(t, ", label: ");
		words_in_brackets(t, label_names, COUNT(label_names), r->labels);
	}
	put(t, "}");
}

static void
write_studies(struct text *t, const struct model *m)
{
	t->owner = OWNER_NONE;
	put(t, "studies:");
	if (m->n_studies == 0)
		put(t, roll(t->seed, 2) == 0 ? " []" : " [ ]");
	end_line(t);
	for (size_t i = 0; i < m->n_studies; i++) {
		t->owner = OWNER_NONE;
		interrupt(t, t->step);
		if (t->is_spaced)
			end_line(t);
		blanks(t, t->step);
		put(t, "-");
		blanks(t, t->gap);
		write_study(t, &m->studies[i], t->step + 1 + t->gap);
	}
}

static void
write_rules(struct text *t, const struct model *m)
{
	t->owner = OWNER_NONE;
	put(t, "rules:");
	if (m->n_rules == 0)
		put(t, " []");
	else if (!t->has_block_rules)
		put(t, " [");
	end_line(t);
	for (size_t i = 0; i < m->n_rules; i++) {
		t->owner = OWNER_NONE;
		if (t->is_spaced && t->has_block_rules)
			end_line(t);
		interrupt(t, t->step);
		blanks(t, t->step);
		if (t->has_block_rules) {
			put(t, "-");
			blanks(t, t->gap);
			write_rule(t, &m->rules[i], t->step + 1 + t->gap);
		} else {
			t->owner = OWNER_RULE + m->rules[i].id;
			write_rule_in_brackets(t, &m->rules[i]);
			put(t, i + 1 < m->n_rules || roll(t->seed, 2) == 0 ? "," : "");
			end_line(t);
		}
	}
	t->owner = OWNER_NONE;
	if (m->n_rules > 0 && !t->has_block_rules) {
		put(t, "  ]");
		end_line(t);
	}
}

static void
write_text(struct text *t, const struct model *m, uint64_t *seed, bool is_loud)
{
	*t = (struct text){.seed = seed, .newline = is_loud && roll(seed, 4) == 0 ? "\r\n" : "\n", .is_loud = is_loud, .step = 2, .gap = 1};
	bool are_rules_first = false;

	if (is_loud) {
		t->has_block_rules = roll(seed, 3) > 0;
		t->has_block_parties = roll(seed, 3) > 0;
		t->has_block_lists = roll(seed, 3) == 0;
		t->has_block_ends = roll(seed, 3) == 0;
		t->is_spaced = roll(seed, 3) == 0;
		t->step = roll(seed, 3) * 2;
		t->gap = 1 + roll(seed, 2) * 2;
		are_rules_first = roll(seed, 4) == 0;
	}
	interrupt(t, 0);
	if (are_rules_first)
		write_rules(t, m);
	write_studies(t, m);
	interrupt(t, 0);
	if (!are_rules_first)
		write_rules(t, m);
	t->owner = OWNER_NONE;
	interrupt(t, 0);
	if (is_loud && roll(seed, 4) == 0) {
		size_t end = strlen(t->newline);
		t->out.len -= end; /* no newline at the end */
	}
}

/* ── random policies ── */

static bool
is_party(const struct study_model *s, unsigned org)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->parties[i].org == org)
			return true;
	return false;
}

static unsigned
any_set(uint64_t *seed, unsigned n)
{
	unsigned set = roll(seed, 1u << n);

	return set == 0 ? 1u << roll(seed, n) : set;
}

static struct party_model
random_party(uint64_t *seed, unsigned org)
{
	return (struct party_model){org, any_set(seed, COUNT(role_names)), roll(seed, 4)};
}

static struct study_model
random_study(uint64_t *seed, unsigned id)
{
	struct study_model s = {.id = id, .has_title = roll(seed, 2) == 0};
	unsigned from = roll(seed, ORGS), n = 1 + roll(seed, PARTIES);

	for (unsigned i = 0; i < n; i++)
		s.parties[s.n++] = random_party(seed, (from + i) % ORGS);
	return s;
}

static bool
covers(const struct rule_model *r, unsigned study)
{
	return r->is_glob || r->studies == 0 || (r->studies >> study & 1);
}

/* The organisations that are parties where the rule holds. */
static unsigned
reach(const struct model *m, const struct rule_model *r)
{
	unsigned orgs = 0;

	for (size_t i = 0; i < m->n_studies; i++)
		for (size_t k = 0; covers(r, m->studies[i].id) && k < m->studies[i].n; k++)
			orgs |= 1u << m->studies[i].parties[k].org;
	return orgs;
}

static struct rule_model
random_rule(uint64_t *seed, const struct model *m, unsigned id)
{
	struct rule_model r = {.id = id, .types = any_set(seed, COUNT(type_names)), .is_forbid = roll(seed, 3) == 0};

	if (roll(seed, 2) == 0)
		r.from_roles = any_set(seed, COUNT(role_names));
	if (roll(seed, 3) == 0)
		r.labels = any_set(seed, COUNT(label_names));
	for (size_t i = 0; roll(seed, 2) == 0 && i < m->n_studies; i++)
		r.studies |= roll(seed, 2) << m->studies[i].id;
	r.is_glob = r.studies == 0 && m->n_studies > 0 && roll(seed, 4) == 0;
	if (roll(seed, 2) == 0)
		r.to_orgs = roll(seed, 1u << ORGS) & reach(m, &r);
	return r;
}

static struct model
random_model(uint64_t *seed)
{
	struct model m = {0};

	m.n_studies = roll(seed, STUDIES + 1);
	for (unsigned i = 0; i < m.n_studies; i++)
		m.studies[i] = random_study(seed, i);
	m.n_rules = roll(seed, RULES + 1);
	for (unsigned i = 0; i < m.n_rules; i++)
		m.rules[i] = random_rule(seed, &m, i);
	return m;
}

#endif
