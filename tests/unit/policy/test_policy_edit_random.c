/*
 * Random policies written in random styles, with comments in odd places, changed at random: the result means the old policy
 * with exactly the change, and every line that the change is not about is there still, in its order.
 */
#include "policy_text.h"

#include <stdlib.h>

#include "policy/policy_changes.h"
#include "policy/policy_edit.h"

#define ROUNDS 3000u

/* ── random changes, on the model and as an edit ── */

struct change {
	struct policy_edit edit;
	char id[16];
	const char *words[8][8]; /* what the edit points at */
	struct policy_edit_party parties[PARTIES];
	unsigned owner; /* whose lines may go; OWNER_NONE: nobody's */
	size_t may_lose; /* further lines that may change */
};

static struct policy_words
words_of(struct change *c, size_t at, const char *const *names, size_t n, unsigned set)
{
	struct policy_words w = {c->words[at], 0};

	for (size_t i = 0; i < n; i++)
		if (set >> i & 1)
			c->words[at][w.n++] = names[i];
	return w;
}

static struct policy_edit_party
edit_party(struct change *c, size_t at, const struct party_model *p)
{
	return (struct policy_edit_party){.org = org_names[p->org],
	    .roles = words_of(c, at, role_names, COUNT(role_names), p->roles),
	    .clearance = p->clearance == 0 ? NULL : label_names[p->clearance - 1]};
}

static void
change_rules(struct change *c, struct model *m, uint64_t *seed)
{
	if (roll(seed, 2) == 0 && m->n_rules > 0) {
		unsigned i = roll(seed, (uint32_t)m->n_rules);
		c->edit.kind = POLICY_REMOVE_RULE;
		c->owner = OWNER_RULE + m->rules[i].id;
		sprintf(c->id, "r%u", m->rules[i].id);
		c->edit.rule.id = c->id;
		memmove(&m->rules[i], &m->rules[i + 1], (m->n_rules-- - i - 1) * sizeof m->rules[0]);
		c->may_lose = m->n_rules == 0;
		return;
	}
	struct rule_model r = random_rule(seed, m, 9);
	static const char *const ids[] = {"S0", "S1", "S2", "S3", "S4"}, *const all[] = {"S*"};

	m->rules[m->n_rules++] = r;
	c->edit.kind = POLICY_ADD_RULE;
	c->may_lose = 1; /* `rules: []`, or a comma behind the last */
	c->edit.rule = (struct policy_edit_rule){.id = "r9",
	    .is_forbid = r.is_forbid,
	    .types = words_of(c, 0, type_names, COUNT(type_names), r.types),
	    .from.roles = words_of(c, 1, role_names, COUNT(role_names), r.from_roles),
	    .to.orgs = words_of(c, 2, org_names, COUNT(org_names), r.to_orgs),
	    .studies = r.is_glob ? words_of(c, 3, all, 1, 1) : words_of(c, 3, ids, COUNT(ids), r.studies),
	    .labels = words_of(c, 4, label_names, COUNT(label_names), r.labels)};
}

/* What policy_edit.h says that rules do when parties leave, said again on the model. */
static size_t
tidy(struct model *m, unsigned closed)
{
	size_t n = 0, touched = 0;

	for (size_t i = 0; i < m->n_rules; i++) {
		struct rule_model r = m->rules[i];
		bool goes = false;

		if (r.studies >> closed & 1) {
			r.studies &= ~(1u << closed);
			goes = r.studies == 0;
		}
		if (r.is_glob && m->n_studies == 0)
			goes = true;
		if (!goes && r.to_orgs > 0) {
			r.to_orgs &= reach(m, &r);
			goes = r.to_orgs == 0;
		}
		touched += goes || r.studies != m->rules[i].studies || r.to_orgs != m->rules[i].to_orgs;
		if (!goes)
			m->rules[n++] = r;
	}
	m->n_rules = n;
	return touched;
}

static void
change_studies(struct change *c, struct model *m, uint64_t *seed)
{
	if (roll(seed, 2) == 0 && m->n_studies > 0) {
		unsigned i = roll(seed, (uint32_t)m->n_studies), id = m->studies[i].id;
		c->edit.kind = POLICY_CLOSE_STUDY;
		c->owner = OWNER_STUDY + id;
		study_id(c->id, id);
		c->edit.study = c->id;
		memmove(&m->studies[i], &m->studies[i + 1], (m->n_studies-- - i - 1) * sizeof m->studies[0]);
		c->may_lose = tidy(m, id) > 0 ? LINES : m->n_studies == 0;
		return;
	}
	struct study_model s = random_study(seed, 4);

	m->studies[m->n_studies++] = s;
	c->edit = (struct policy_edit){.kind = POLICY_ADD_STUDY, .study = "S4", .title = s.has_title ? "a # title, für: all" : NULL,
	    .parties = c->parties, .n_parties = s.n};
	for (size_t i = 0; i < s.n; i++)
		c->parties[i] = edit_party(c, i, &s.parties[i]);
	c->may_lose = 1;
}

static void
change_party(struct change *c, struct model *m, uint64_t *seed)
{
	struct study_model *s = &m->studies[roll(seed, (uint32_t)m->n_studies)];
	unsigned org = roll(seed, ORGS), i = roll(seed, (uint32_t)s->n), what = roll(seed, 3);

	study_id(c->id, s->id);
	c->edit = (struct policy_edit){.study = c->id, .parties = c->parties, .n_parties = 1};
	c->may_lose = 1;
	if (!is_party(s, org)) {
		s->parties[s->n] = random_party(seed, org);
		c->edit.kind = POLICY_ADD_PARTY;
		c->parties[0] = edit_party(c, 0, &s->parties[s->n++]);
		return;
	}
	c->owner = OWNER_PARTY + s->id * 10 + s->parties[i].org;
	if (what == 0 && s->n > 1) {
		c->edit.kind = POLICY_REMOVE_PARTY;
		c->parties[0] = edit_party(c, 0, &s->parties[i]);
		memmove(&s->parties[i], &s->parties[i + 1], (s->n-- - i - 1) * sizeof s->parties[0]);
		if (tidy(m, 31) > 0)
			c->may_lose = LINES;
	} else if (what == 1) {
		unsigned old = s->parties[i].roles;
		s->parties[i].roles = any_set(seed, COUNT(role_names));
		c->edit.kind = POLICY_SET_ROLES;
		c->parties[0] = edit_party(c, 0, &s->parties[i]);
		c->may_lose += old == s->parties[i].roles ? 0 : COUNT(role_names) * 2;
	} else {
		unsigned label = 1 + roll(seed, 3);
		c->edit.kind = POLICY_SET_CLEARANCE;
		if (label > 1 || s->parties[i].clearance > 0)
			s->parties[i].clearance = label;
		c->parties[0] = (struct policy_edit_party){.org = org_names[s->parties[i].org], .clearance = label_names[label - 1]};
	}
}

/* ── checks ── */

/* Two sources mean the same, up to the order in which roles and the like are said. */
static void
say_difference(void *context, const char *line)
{
	(void)context;
	print_error("%s\n", line);
}

static void
print_round(unsigned round, const struct text *t, const struct buf *out)
{
	print_error("round %u\nbefore:\n%.*s\nafter:\n%.*s\n", round, (int)t->out.len, (const char *)t->out.data, (int)out->len,
	    out->len > 0 ? (const char *)out->data : "");
}

static int
by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Parts as bytes, with sets in one order: what is signed, compared. */
static void
canonical(struct consign_slice source, struct buf *out)
{
	struct arena *arena = build_arena();
	struct policy_file_parts parts;
	struct policy_file_error error;

	assert_int_equal(policy_file_parse(source, NULL, NULL, arena, &parts, &error), CONSIGN_OK);
	for (size_t i = 0; i < parts.parts.n; i++) {
		struct policy_study *s = parts.parts.v[i]->study;
		for (size_t k = 0; s != NULL && k < s->parties.n; k++)
			qsort(s->parties.v[k]->roles.v, s->parties.v[k]->roles.n, sizeof(uint32_t), by_number);
		assert_int_equal(policy_part_encode(parts.parts.v[i], out), CONSIGN_OK);
	}
	arena_free(&arena);
}

/* The next line of a text, without its end. */
static bool
next_line(struct consign_slice *text, struct consign_slice *ret_line)
{
	if (text->len == 0)
		return false;
	const uint8_t *end = memchr(text->data, '\n', text->len);
	size_t len = end == NULL ? text->len : (size_t)(end - text->data), all = end == NULL ? len : len + 1;

	*ret_line = slice_of(text->data, len > 0 && text->data[len - 1] == '\r' ? len - 1 : len);
	*text = slice_of(text->data + all, text->len - all);
	return true;
}

/* Lines of others that are not there any more, in their order. */
static size_t
count_lost(const struct text *t, const struct buf *out, unsigned owner)
{
	struct consign_slice before = buf_slice(&t->out), after = buf_slice(out), line, other;
	size_t lost = 0;

	for (size_t i = 0; next_line(&before, &line); i++) {
		struct consign_slice rest = after;
		unsigned of = t->owners[i];
		/* A party's lines are its study's, too. */
		bool is_own = of == owner ||
		    (owner >= OWNER_STUDY && owner < OWNER_PARTY && of >= OWNER_PARTY && of < OWNER_RULE &&
			(of - OWNER_PARTY) / 10 == owner - OWNER_STUDY);
		bool is_found = false;

		if (is_own && owner != OWNER_NONE)
			continue;
		while (!is_found && next_line(&rest, &other))
			is_found = slice_equal(line, other);
		if (is_found)
			after = rest;
		else
			lost++;
	}
	return lost;
}

static void
test_policy_edit_random_means_the_change_and_nothing_else(void **state)
{
	(void)state;
	uint64_t seed = 20261122;
	unsigned kinds[8] = {0};

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct model m = random_model(&seed);
		struct text t, wanted;
		struct change c = {0};
		struct buf out = {0}, is = {0}, should = {0};
		struct policy_edit_problem problem = {.text = ""};
		unsigned what = roll(&seed, 3);
		size_t differences = 0;

		write_text(&t, &m, &seed, true);
		if (what == 0 && m.n_studies > 0)
			change_party(&c, &m, &seed);
		else if (what == 1)
			change_studies(&c, &m, &seed);
		else
			change_rules(&c, &m, &seed);
		write_text(&wanted, &m, &seed, false);
		enum consign_err err = policy_edit(buf_slice(&t.out), &c.edit, NULL, NULL, &out, &problem);

		if (err != CONSIGN_OK) {
			print_error("kind %d: %s\n", c.edit.kind, problem.text);
			print_round(round, &t, &out);
		}
		assert_int_equal(err, CONSIGN_OK);
		canonical(buf_slice(&out), &is);
		canonical(buf_slice(&wanted.out), &should);
		if (!slice_equal(buf_slice(&is), buf_slice(&should))) {
			print_round(round, &t, &out);
			assert_int_equal(policy_changes(buf_slice(&wanted.out), buf_slice(&out), say_difference, NULL, &differences), CONSIGN_OK);
		}
		assert_true(slice_equal(buf_slice(&is), buf_slice(&should)));
		if (count_lost(&t, &out, c.owner) > c.may_lose) {
			print_error("kind %d lost %zu lines of others\n", c.edit.kind, count_lost(&t, &out, c.owner));
			print_round(round, &t, &out);
		}
		assert_true(count_lost(&t, &out, c.owner) <= c.may_lose);
		kinds[c.edit.kind]++;
		buf_clear(&out);
		buf_clear(&is);
		buf_clear(&should);
		buf_clear(&t.out);
		buf_clear(&wanted.out);
	}
	for (size_t i = 0; i < COUNT(kinds); i++)
		assert_true(kinds[i] > ROUNDS / 50);
}

/* Sources with a slip of the pen: most are no policy any more; those that are one are edited or refused, and nothing else. */
static void
test_policy_edit_random_survives_slips_of_the_pen(void **state)
{
	(void)state;
	static const char slips[] = " \n\t#:,-[]{}'\"*&!|>\r\\ax\xc3";
	uint64_t seed = 7;
	unsigned done = 0, refused = 0;

	for (unsigned round = 0; round < ROUNDS * 2; round++) {
		struct model m = random_model(&seed);
		struct text t;
		struct change c = {0};
		struct buf out = {0};
		struct policy_edit_problem problem = {.text = ""};

		write_text(&t, &m, &seed, true);
		for (unsigned i = 1 + roll(&seed, 3); i > 0 && t.out.len > 0; i--)
			t.out.data[roll(&seed, (uint32_t)t.out.len)] = (uint8_t)slips[roll(&seed, sizeof slips - 1)];
		if (roll(&seed, 2) == 0 && m.n_studies > 0)
			change_party(&c, &m, &seed);
		else if (roll(&seed, 2) == 0)
			change_studies(&c, &m, &seed);
		else
			change_rules(&c, &m, &seed);
		enum consign_err err = policy_edit(buf_slice(&t.out), &c.edit, NULL, NULL, &out, &problem);

		if (err == CONSIGN_OK) {
			done++;
		} else {
			assert_true(err == CONSIGN_E_CONFIG || err == CONSIGN_E_CONFLICT || err == CONSIGN_E_NOT_FOUND);
			assert_true(problem.text[0] != '\0' && out.len == 0);
			refused++;
		}
		buf_clear(&out);
		buf_clear(&t.out);
	}
	assert_true(done > ROUNDS / 10 && refused > ROUNDS / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_edit_random_means_the_change_and_nothing_else),
	    cmocka_unit_test(test_policy_edit_random_survives_slips_of_the_pen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
