/*
 * Random policies, as parts, against the naive evaluator (tests/support/naive_policy.c) and against what docs/POLICY.md promises
 * of any policy: validity, sizes, labels, odd globs, organisations by name, equal orders, slices, lists that are long.
 */
#include "build.h"
#include "naive_policy.h"

#define SEED 0x0a11ce5eed0fc04du
/* Together more than 200,000 pairs of policy and question. */
#define POLICIES 1200u
#define QUESTIONS 200u
#define LARGE_POLICIES 6u
#define LARGE_RULES 700u
#define PROPERTY_POLICIES 150u

enum { ORGS = 7, STUDIES = 4, RULES_MAX = 16, PARTS = STUDIES + 1 };

static const char *const globs[] = {"*", "**", "trial.*", "trial.data.*", "trial.data", "trial.d*", "safety.*", "*.opened",
    "trial.*.opened", "x.note", "x.*", "x*", "trial.*a*", "safety.case.opened", "s*e.*", "t*", "trial.data**", "*a*", "x.note.a"};
static const char *const types[] = {"trial.data", "trial.data.crf", "trial.data.opened", "trial", "trial.x.opened",
    "safety.case.opened", "safety.case", "x.note", "x.note.a", "x.note.ab", "xa.b", "trial.opened", "site.opened", "lab", "",
    "trial.*"};
static const char *const orgs[ORGS + 1] = {"acme", "globalcro", "biomake", "sitecare", "lab-one", "lab-two", "agency", "nobody"};
static const char *const studies[STUDIES + 1] = {"ACME-301", "ACME-302", "BETA-1", "GAMMA", "NONE"};
static const uint64_t times[] = {0, 0, 10, 20, 30, 40};
static const uint64_t sizes[] = {0, 0, 256, 512, 4096};

#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof *(a)))

struct random_policy {
	struct arena *arena;
	struct policy_part *parts[PARTS]; /* the common one first */
	struct policy *policy;
	uint32_t next_id;
};

/* ---- the generator ---- */

static void *
make(struct random_policy *p, size_t bytes)
{
	void *made = arena_alloc(p->arena, bytes);
	assert_non_null(made);
	return made;
}

static struct policy_end *
make_end(struct random_policy *p, uint64_t *seed, bool may_name)
{
	if (roll(seed, 4) == 0)
		return NULL;
	struct policy_end *end = make(p, sizeof *end);
	if (roll(seed, 3) != 0) {
		end->roles.n = 1 + roll(seed, 2);
		end->roles.v = make(p, end->roles.n * sizeof *end->roles.v);
		for (size_t i = 0; i < end->roles.n; i++)
			end->roles.v[i] = ROLE_SPONSOR + roll(seed, 4);
	}
	if (may_name && roll(seed, 3) == 0) {
		end->orgs.n = 1 + roll(seed, 3);
		end->orgs.v = make(p, end->orgs.n * sizeof *end->orgs.v);
		for (size_t i = 0; i < end->orgs.n; i++)
			(void)snprintf(end->orgs.v[i].s, sizeof end->orgs.v[i].s, "%s", orgs[roll(seed, ORGS + 1)]);
	}
	return end;
}

static struct policy_rule *
make_rule(struct random_policy *p, uint64_t *seed, bool is_common, uint32_t effect)
{
	struct policy_rule *rule = make(p, sizeof *rule);
	(void)snprintf(rule->id.s, sizeof rule->id.s, "rule-%u%s", p->next_id, roll(seed, 2) ? "-of-a-longer-name" : "");
	p->next_id++;
	rule->order = 1 + roll(seed, 2 * RULES_MAX); /* some alike */
	rule->effect = effect;
	rule->types.n = 1 + roll(seed, 3);
	rule->types.v = make(p, rule->types.n * sizeof *rule->types.v);
	for (size_t i = 0; i < rule->types.n; i++)
		(void)snprintf(rule->types.v[i].s, sizeof rule->types.v[i].s, "%s", globs[roll(seed, COUNT(globs))]);
	/* A common rule that names organisations is allowed, though the parser makes none. */
	rule->from = make_end(p, seed, !is_common || roll(seed, 4) == 0);
	rule->to = make_end(p, seed, !is_common || roll(seed, 4) == 0);
	rule->labels.n = roll(seed, 3) == 0 ? 1 + roll(seed, 2) : 0;
	rule->labels.v = make(p, 2 * sizeof *rule->labels.v);
	for (size_t i = 0; i < rule->labels.n; i++)
		rule->labels.v[i] = 1 + roll(seed, 3);
	if (roll(seed, 4) == 0) {
		rule->from_us = times[roll(seed, COUNT(times))];
		rule->until_us = times[roll(seed, COUNT(times))];
		if (rule->until_us != 0 && rule->until_us <= rule->from_us)
			rule->until_us = rule->from_us + 1;
	}
	if (effect == POLICY_PERMIT && roll(seed, 4) == 0)
		rule->max_bytes = sizes[roll(seed, COUNT(sizes))];
	if (effect == POLICY_PERMIT && roll(seed, 4) == 0)
		rule->deliver_within_us = 1 + roll(seed, 3);
	return rule;
}

static struct policy_party *
make_party(struct random_policy *p, uint64_t *seed, size_t org)
{
	struct policy_party *party = make(p, sizeof *party);
	(void)snprintf(party->org.s, sizeof party->org.s, "%s", orgs[org]);
	/* Few roles, so that rules meet parties. */
	party->roles.n = 1 + roll(seed, 2);
	party->roles.v = make(p, party->roles.n * sizeof *party->roles.v);
	for (size_t i = 0; i < party->roles.n; i++)
		party->roles.v[i] = ROLE_SPONSOR + roll(seed, 4);
	party->clearance = 1 + roll(seed, 3);
	return party;
}

/* Room for one rule more than there are. */
static void
make_rules(struct random_policy *p, uint64_t *seed, struct policy_rule ***ret_v, size_t *ret_n, size_t most, bool is_common)
{
	*ret_n = roll(seed, (uint32_t)most + 1);
	*ret_v = make(p, (*ret_n + 1) * sizeof **ret_v);
	for (size_t i = 0; i < *ret_n; i++)
		(*ret_v)[i] = make_rule(p, seed, is_common, roll(seed, 4) == 0 ? POLICY_FORBID : POLICY_PERMIT);
}

static void
compile_parts(struct random_policy *p)
{
	policy_free(&p->policy);
	assert_int_equal(policy_compile(p->parts, PARTS, &p->policy), CONSIGN_OK);
}

static void
make_policy(struct random_policy *p, uint64_t *seed, size_t rules)
{
	arena_reset(p->arena);
	p->next_id = 0;
	p->parts[0] = make(p, sizeof *p->parts[0]);
	p->parts[0]->common = make(p, sizeof *p->parts[0]->common);
	make_rules(p, seed, &p->parts[0]->common->rules.v, &p->parts[0]->common->rules.n, rules, true);
	for (size_t s = 0; s < STUDIES; s++) {
		struct policy_study *study = make(p, sizeof *study);
		p->parts[1 + s] = make(p, sizeof *p->parts[1 + s]);
		p->parts[1 + s]->study = study;
		(void)snprintf(study->id.s, sizeof study->id.s, "%s", studies[s]);
		study->parties.v = make(p, ORGS * sizeof *study->parties.v);
		for (size_t o = 0; o < ORGS; o++) {
			if (roll(seed, 5) != 0)
				study->parties.v[study->parties.n++] = make_party(p, seed, o);
		}
		make_rules(p, seed, &study->rules.v, &study->rules.n, rules, false);
	}
	compile_parts(p);
}

static struct policy_question
make_question(uint64_t *seed)
{
	return (struct policy_question){.consignor = orgs[roll(seed, 20) == 0 ? ORGS : roll(seed, ORGS)],
	    .consignee = orgs[roll(seed, 20) == 0 ? ORGS : roll(seed, ORGS)],
	    .study = studies[roll(seed, 20) == 0 ? STUDIES : roll(seed, STUDIES)],
	    .type = types[roll(seed, COUNT(types))],
	    .label = (enum consign_label)(roll(seed, 20) == 0 ? 4 * roll(seed, 2) : 1 + roll(seed, 3)),
	    .at_us = roll(seed, 4) == 0 ? 0 : 9 + roll(seed, 33),
	    .bytes = roll(seed, 4) == 0 ? 0 : 255 * (1 + roll(seed, 18)) + roll(seed, 3)};
}

static struct policy_verdict
decide(const struct policy *policy, const struct policy_question *q)
{
	struct policy_verdict v;
	policy_decide(policy, q, &v);
	return v;
}

static void
assert_agrees(const struct random_policy *p, const struct policy_question *q, uint32_t round, size_t seen[CONSIGN_CODE_LAST + 1])
{
	struct policy_verdict v = decide(p->policy, q), expected;
	naive_decide(p->parts, PARTS, q, &expected);
	seen[expected.code]++;
	if (v.code == expected.code && strcmp(v.rule, expected.rule) == 0 && v.clearance == expected.clearance &&
	    v.deliver_within_us == expected.deliver_within_us)
		return;
	print_error("policy %u: %s to %s in %s, '%s' label %d at %llu, %llu bytes: found %s by '%s', expected %s by '%s'\n",
	    round, q->consignor, q->consignee, q->study, q->type, (int)q->label, (unsigned long long)q->at_us,
	    (unsigned long long)q->bytes, consign_code_text(v.code), v.rule, consign_code_text(expected.code), expected.rule);
	fail();
}

static void
start(struct random_policy *p)
{
	*p = (struct random_policy){.arena = build_arena()};
}

static void
end(struct random_policy *p)
{
	policy_free(&p->policy);
	arena_free(&p->arena);
}

/* ---- what is promised ---- */

static void
test_decide_naive_agrees_on_code_rule_and_obligation(void **state)
{
	(void)state;
	uint64_t seed = SEED;
	size_t seen[CONSIGN_CODE_LAST + 1] = {0}, pairs = 0;
	struct random_policy p;
	start(&p);
	for (uint32_t round = 0; round < POLICIES; round++) {
		make_policy(&p, &seed, RULES_MAX);
		for (uint32_t i = 0; i < QUESTIONS; i++, pairs++) {
			struct policy_question q = make_question(&seed);
			assert_agrees(&p, &q, round, seen);
		}
	}
	end(&p);
	assert_true(pairs >= 200000);
	/* The generator is worth something: every verdict came up often. */
	const enum consign_code codes[] = {CONSIGN_CODE_NONE, CONSIGN_CODE_STUDY_UNKNOWN, CONSIGN_CODE_NOT_A_PARTY,
	    CONSIGN_CODE_CLEARANCE, CONSIGN_CODE_POLICY_FORBIDDEN, CONSIGN_CODE_POLICY_NO_RULE};
	for (size_t i = 0; i < COUNT(codes); i++)
		assert_true(seen[codes[i]] > pairs / 50);
}

/* Hundreds of rules of one study: lists that are longer than those of a real policy. */
static void
test_decide_naive_agrees_on_large_policies(void **state)
{
	(void)state;
	uint64_t seed = SEED ^ 1;
	size_t seen[CONSIGN_CODE_LAST + 1] = {0};
	struct random_policy p;
	start(&p);
	for (uint32_t round = 0; round < LARGE_POLICIES; round++) {
		make_policy(&p, &seed, LARGE_RULES);
		for (uint32_t i = 0; i < QUESTIONS; i++) {
			struct policy_question q = make_question(&seed);
			assert_agrees(&p, &q, round, seen);
		}
	}
	end(&p);
}

static void
take_rule(struct policy_rule **v, size_t *n, size_t at)
{
	memmove(v + at, v + at + 1, (*n - at - 1) * sizeof *v);
	--*n;
}

/* Design 15: default deny, everywhere. */
static void
test_decide_naive_removing_a_permit_never_permits_more(void **state)
{
	(void)state;
	uint64_t seed = SEED ^ 2;
	size_t lost = 0;
	struct random_policy p;
	start(&p);
	for (uint32_t round = 0; round < PROPERTY_POLICIES; round++) {
		make_policy(&p, &seed, 4); /* with many rules another one permits */
		struct policy *before = p.policy;
		size_t part = roll(&seed, PARTS);
		struct policy_rule **v = part == 0 ? p.parts[0]->common->rules.v : p.parts[part]->study->rules.v;
		size_t *n = part == 0 ? &p.parts[0]->common->rules.n : &p.parts[part]->study->rules.n, at = 0;
		while (at < *n && v[at]->effect != POLICY_PERMIT)
			at++;
		if (at < *n)
			take_rule(v, n, at);
		p.policy = NULL;
		compile_parts(&p);
		for (uint32_t i = 0; i < QUESTIONS; i++) {
			struct policy_question q = make_question(&seed);
			enum consign_code was = decide(before, &q).code, is = decide(p.policy, &q).code;
			if (is != was) {
				assert_int_equal(was, CONSIGN_CODE_NONE);
				assert_int_equal(is, CONSIGN_CODE_POLICY_NO_RULE);
				lost++;
			}
		}
		policy_free(&before);
	}
	end(&p);
	assert_true(lost > 100);
}

static void
test_decide_naive_adding_a_forbid_never_permits_more(void **state)
{
	(void)state;
	uint64_t seed = SEED ^ 3;
	size_t lost = 0;
	struct random_policy p;
	start(&p);
	for (uint32_t round = 0; round < PROPERTY_POLICIES; round++) {
		make_policy(&p, &seed, RULES_MAX);
		struct policy *before = p.policy;
		size_t part = roll(&seed, PARTS);
		struct policy_rule **v = part == 0 ? p.parts[0]->common->rules.v : p.parts[part]->study->rules.v;
		size_t *n = part == 0 ? &p.parts[0]->common->rules.n : &p.parts[part]->study->rules.n;
		v[(*n)++] = make_rule(&p, &seed, part == 0, POLICY_FORBID);
		p.policy = NULL;
		compile_parts(&p);
		for (uint32_t i = 0; i < QUESTIONS; i++) {
			struct policy_question q = make_question(&seed);
			enum consign_code was = decide(before, &q).code, is = decide(p.policy, &q).code;
			if (is != was) {
				assert_int_equal(is, CONSIGN_CODE_POLICY_FORBIDDEN);
				lost++;
			}
		}
		policy_free(&before);
	}
	end(&p);
	assert_true(lost > 100);
}

static void
shuffle_and_rename(struct random_policy *p, uint64_t *seed, struct policy_rule **v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t other = roll(seed, (uint32_t)n);
		struct policy_rule *rule = v[i];
		v[i] = v[other];
		v[other] = rule;
	}
	for (size_t i = 0; i < n; i++) {
		struct policy_rule *rule = make(p, sizeof *rule);
		*rule = *v[i];
		rule->order = 1 + roll(seed, UINT32_MAX);
		(void)snprintf(rule->id.s, sizeof rule->id.s, "renamed-%u", roll(seed, 5));
		v[i] = rule;
	}
}

static void
test_decide_naive_order_and_ids_of_rules_never_matter(void **state)
{
	(void)state;
	uint64_t seed = SEED ^ 4;
	struct random_policy p;
	start(&p);
	for (uint32_t round = 0; round < PROPERTY_POLICIES; round++) {
		make_policy(&p, &seed, RULES_MAX);
		struct policy *before = p.policy;
		shuffle_and_rename(&p, &seed, p.parts[0]->common->rules.v, p.parts[0]->common->rules.n);
		for (size_t s = 1; s < PARTS; s++)
			shuffle_and_rename(&p, &seed, p.parts[s]->study->rules.v, p.parts[s]->study->rules.n);
		p.policy = NULL;
		compile_parts(&p);
		for (uint32_t i = 0; i < QUESTIONS; i++) {
			struct policy_question q = make_question(&seed);
			assert_int_equal(decide(p.policy, &q).code, decide(before, &q).code);
		}
		policy_free(&before);
	}
	end(&p);
}

static bool
has_party(const struct policy_study *study, const char *org)
{
	for (size_t i = 0; i < study->parties.n; i++)
		if (strcmp(study->parties.v[i]->org.s, org) == 0)
			return true;
	return false;
}

/* A slice in another order of parts, too: what came first in a document decides nothing. */
static void
test_decide_naive_a_slice_decides_as_the_whole_for_its_parties(void **state)
{
	(void)state;
	uint64_t seed = SEED ^ 5;
	struct random_policy p;
	start(&p);
	for (uint32_t round = 0; round < PROPERTY_POLICIES; round++) {
		make_policy(&p, &seed, RULES_MAX);
		const char *org = orgs[roll(&seed, ORGS)];
		struct policy_part *mine[PARTS];
		struct policy *slice = NULL;
		size_t n = 0;
		for (size_t s = PARTS - 1; s > 0; s--)
			if (has_party(p.parts[s]->study, org))
				mine[n++] = p.parts[s];
		mine[n++] = p.parts[0];
		assert_int_equal(policy_compile(mine, n, &slice), CONSIGN_OK);
		for (uint32_t i = 0; i < QUESTIONS; i++) {
			struct policy_question q = make_question(&seed);
			struct policy_verdict whole = decide(p.policy, &q), own = decide(slice, &q);
			bool is_mine = false;
			for (size_t s = 0; s + 1 < n; s++)
				is_mine = is_mine || strcmp(mine[s]->study->id.s, q.study) == 0;
			assert_int_equal(own.code, is_mine ? whole.code : CONSIGN_CODE_STUDY_UNKNOWN);
			assert_string_equal(own.rule, is_mine ? whole.rule : "");
			assert_int_equal(own.deliver_within_us, is_mine ? whole.deliver_within_us : 0);
		}
		policy_free(&slice);
	}
	end(&p);
}

/* Studies of few parties: else any two organisations meet somewhere. */
static void
test_decide_naive_orgs_share_a_study_when_some_part_has_both(void **state)
{
	(void)state;
	uint64_t seed = SEED ^ 7;
	size_t shared = 0, apart = 0;
	struct random_policy p;
	start(&p);
	for (uint32_t round = 0; round < PROPERTY_POLICIES; round++) {
		make_policy(&p, &seed, 1);
		for (size_t s = 1; s < PARTS; s++)
			p.parts[s]->study->parties.n = roll(&seed, 1 + (uint32_t)(p.parts[s]->study->parties.n + 1) / 2);
		compile_parts(&p);
		for (size_t a = 0; a <= ORGS; a++) {
			for (size_t b = 0; b <= ORGS; b++) {
				bool expected = false;
				for (size_t s = 1; s < PARTS; s++)
					expected = expected || (has_party(p.parts[s]->study, orgs[a]) &&
								   has_party(p.parts[s]->study, orgs[b]));
				assert_int_equal(policy_share_study(p.policy, orgs[a], orgs[b]), expected);
				shared += expected;
				apart += !expected;
			}
		}
	}
	end(&p);
	assert_true(shared > 1000 && apart > 1000);
}

/* Requirement R21: asked of the engine with every permit there is. */
static void
test_decide_naive_r21_no_label_above_the_clearance_is_ever_permitted(void **state)
{
	(void)state;
	uint64_t seed = SEED ^ 6;
	size_t above = 0, permitted = 0;
	struct random_policy p;
	start(&p);
	for (uint32_t round = 0; round < PROPERTY_POLICIES; round++) {
		make_policy(&p, &seed, RULES_MAX);
		struct policy_rule *all = make_rule(&p, &seed, true, POLICY_PERMIT), *rules[] = {all};
		*all = (struct policy_rule){.id = {"everything"}, .effect = POLICY_PERMIT, .types = all->types};
		(void)snprintf(all->types.v[0].s, sizeof all->types.v[0].s, "*");
		if (round % 2 == 0) {
			p.parts[0]->common->rules.v = rules;
			p.parts[0]->common->rules.n = 1;
			compile_parts(&p);
		}
		for (uint32_t i = 0; i < QUESTIONS; i++) {
			struct policy_question q = make_question(&seed);
			enum consign_label clearance;
			if (!policy_clearance(p.policy, q.study, q.consignee, &clearance))
				continue;
			enum consign_code code = decide(p.policy, &q).code;
			permitted += code == CONSIGN_CODE_NONE;
			if (q.label <= clearance)
				continue;
			above++;
			assert_true(code == CONSIGN_CODE_CLEARANCE || code == CONSIGN_CODE_STUDY_UNKNOWN);
		}
	}
	end(&p);
	assert_true(above > 1000 && permitted > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decide_naive_agrees_on_code_rule_and_obligation),
	    cmocka_unit_test(test_decide_naive_agrees_on_large_policies),
	    cmocka_unit_test(test_decide_naive_removing_a_permit_never_permits_more),
	    cmocka_unit_test(test_decide_naive_adding_a_forbid_never_permits_more),
	    cmocka_unit_test(test_decide_naive_order_and_ids_of_rules_never_matter),
	    cmocka_unit_test(test_decide_naive_a_slice_decides_as_the_whole_for_its_parties),
	    cmocka_unit_test(test_decide_naive_orgs_share_a_study_when_some_part_has_both),
	    cmocka_unit_test(test_decide_naive_r21_no_label_above_the_clearance_is_ever_permitted),
	};
	return cmocka_run_group_tests_name("decide_naive", tests, NULL, NULL);
}
