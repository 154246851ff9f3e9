/*
 * Random policies, written as YAML, parsed, dealt into parts and compiled, against a naive evaluator that only knows what
 * docs/POLICY.md says of the whole file. So parser, slices, index and decision are held against one sentence a rule.
 */
#include "build.h"
#include "core/text.h"

#define SEED 0x5eed0fc0451900d5u
#define ROUNDS 250u
#define QUESTIONS 300u
#define RULE_BYTES 32

enum { ORGS = 7, STUDIES = 4, RULES_MAX = 14, GLOBS = 14, TYPES = 12 };

static const char *const globs[GLOBS] = {"*", "trial.*", "trial.data.*", "trial.data", "trial.d*", "safety.*", "*.opened",
    "trial.*.opened", "x.note", "x.*", "x*", "trial.*a*", "safety.case.opened", "s*e.*"};
static const char *const types[TYPES] = {"trial.data", "trial.data.crf", "trial.data.opened", "trial", "trial.x.opened",
    "safety.case.opened", "safety.case", "x.note", "x.note.a", "xa.b", "trial.opened", "site.opened"};
static const char *const orgs[ORGS] = {"acme", "globalcro", "biomake", "sitecare", "lab-one", "lab-two", "agency"};
static const char *const studies[STUDIES] = {"ACME-301", "ACME-302", "BETA-1", "GAMMA"};
static const char *const study_globs[] = {"ACME-301", "ACME-302", "BETA-1", "GAMMA", "ACME-*", "*A*", "*-*"};

struct model_end {
	uint32_t roles; /* bits; 0: any */
	uint32_t orgs;  /* bits; 0: any */
};

struct model_rule {
	bool forbids;
	uint32_t globs, labels, studies; /* bits; labels and studies 0: any; studies: of study_globs */
	struct model_end from, to;
};

struct model {
	uint32_t roles[STUDIES][ORGS]; /* bits; 0: no party */
	uint32_t clearance[STUDIES][ORGS];
	struct model_rule rules[RULES_MAX];
	size_t rule_n;
};

/* ---- the naive evaluator ---- */

static bool
covers(const struct model_rule *rule, size_t study)
{
	bool any = rule->studies == 0;
	for (size_t i = 0; i < sizeof study_globs / sizeof study_globs[0]; i++)
		any = any || ((rule->studies >> i & 1) && glob_match(study_globs[i], studies[study]));
	return any;
}

static bool
end_is(const struct model *m, const struct model_end *end, size_t study, size_t org)
{
	return (end->roles == 0 || (end->roles & m->roles[study][org]) != 0) && (end->orgs == 0 || (end->orgs >> org & 1));
}

static bool
rule_is(
    const struct model *m, const struct model_rule *rule, size_t study, size_t from, size_t to, const char *type, uint32_t label)
{
	bool type_is = false;
	for (size_t i = 0; i < GLOBS; i++)
		type_is = type_is || ((rule->globs >> i & 1) && glob_match(globs[i], type));
	return type_is && covers(rule, study) && (rule->labels == 0 || (rule->labels >> label & 1)) &&
	       end_is(m, &rule->from, study, from) && end_is(m, &rule->to, study, to);
}

static enum consign_code
naive(const struct model *m, size_t study, size_t from, size_t to, const char *type, uint32_t label, char ret_rule[RULE_BYTES])
{
	ret_rule[0] = '\0';
	if (m->roles[study][from] == 0)
		return CONSIGN_CODE_STUDY_UNKNOWN;
	if (m->roles[study][to] == 0)
		return CONSIGN_CODE_NOT_A_PARTY;
	if (label > m->clearance[study][to])
		return CONSIGN_CODE_CLEARANCE;
	for (int forbids = 1; forbids >= 0; forbids--) {
		for (size_t i = 0; i < m->rule_n; i++) {
			if (m->rules[i].forbids != forbids || !rule_is(m, &m->rules[i], study, from, to, type, label))
				continue;
			(void)snprintf(ret_rule, RULE_BYTES, "rule-%zu", i);
			return forbids ? CONSIGN_CODE_POLICY_FORBIDDEN : CONSIGN_CODE_NONE;
		}
	}
	return CONSIGN_CODE_POLICY_NO_RULE;
}

/* ---- the generator ---- */

static uint32_t
some_bits(uint64_t *seed, uint32_t n, uint32_t most)
{
	uint32_t bits = 0;
	for (uint32_t i = 1 + roll(seed, most); i > 0; i--)
		bits |= 1u << roll(seed, n);
	return bits;
}

/* Organisations that are parties where the rule holds: the parser refuses others. */
static uint32_t
some_orgs(const struct model *m, const struct model_rule *rule, uint64_t *seed)
{
	uint32_t may = 0;
	for (size_t s = 0; s < STUDIES; s++) {
		for (size_t o = 0; covers(rule, s) && o < ORGS; o++)
			may |= (uint32_t)(m->roles[s][o] != 0) << o;
	}
	return some_bits(seed, ORGS, 4) & may;
}

/* Whether some study has a party for each end that names organisations: the parser refuses other rules. */
static bool
concerns_any(const struct model *m, const struct model_rule *rule)
{
	for (size_t s = 0; s < STUDIES; s++) {
		uint32_t parties = 0;
		for (size_t o = 0; o < ORGS; o++)
			parties |= (uint32_t)(m->roles[s][o] != 0) << o;
		if (covers(rule, s) && (rule->from.orgs == 0 || (rule->from.orgs & parties)) &&
		    (rule->to.orgs == 0 || (rule->to.orgs & parties)))
			return true;
	}
	return false;
}

static struct model
make_model(uint64_t *seed)
{
	struct model m = {0};
	for (size_t s = 0; s < STUDIES; s++) {
		for (size_t o = 0; o < ORGS; o++) {
			/* Few roles, so that rules meet parties. */
			m.roles[s][o] = roll(seed, 3) == 0 ? 0 : some_bits(seed, 4, 2) << 1;
			m.clearance[s][o] = 1 + roll(seed, 3);
		}
		m.roles[s][roll(seed, ORGS)] = 2; /* a study has a party */
	}
	m.rule_n = roll(seed, RULES_MAX + 1);
	for (size_t i = 0; i < m.rule_n; i++) {
		struct model_rule *rule = &m.rules[i];
		rule->forbids = roll(seed, 4) == 0;
		rule->globs = some_bits(seed, GLOBS, 2);
		rule->labels = roll(seed, 3) == 0 ? some_bits(seed, 3, 2) << 1 : 0;
		rule->studies = roll(seed, 3) == 0 ? some_bits(seed, 7, 2) : 0;
		rule->from.roles = roll(seed, 2) ? some_bits(seed, 4, 2) << 1 : 0;
		rule->to.roles = roll(seed, 2) ? some_bits(seed, 4, 2) << 1 : 0;
		rule->from.orgs = roll(seed, 3) == 0 ? some_orgs(&m, rule, seed) : 0;
		rule->to.orgs = roll(seed, 3) == 0 ? some_orgs(&m, rule, seed) : 0;
		if (!concerns_any(&m, rule))
			rule->to.orgs = 0;
	}
	return m;
}

/* ---- the model as YAML ---- */

#define SAY(b, ...) assert_int_equal(buf_printf((b), __VA_ARGS__), CONSIGN_OK)

static void
say_words(struct buf *b, const char *key, uint32_t bits, const char *(*word)(uint32_t i))
{
	const char *between = "";
	SAY(b, "%s: [", key);
	for (uint32_t i = 0; i < 32; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		SAY(b, "%s\"%s\"", between, word(i));
		between = ", ";
	}
	SAY(b, "]");
}

static const char *
glob_word(uint32_t i)
{
	return globs[i];
}

static const char *
org_word(uint32_t i)
{
	return orgs[i];
}

static const char *
study_word(uint32_t i)
{
	return study_globs[i];
}

static const char *
label_word(uint32_t i)
{
	return consign_label_text((enum consign_label)i);
}

static void
say_end(struct buf *b, const char *key, const struct model_end *end)
{
	if (end->roles == 0 && end->orgs == 0)
		return;
	SAY(b, ", %s: {", key);
	if (end->roles != 0)
		say_words(b, "roles", end->roles, policy_role_text);
	if (end->orgs != 0)
		say_words(b, end->roles != 0 ? ", orgs" : "orgs", end->orgs, org_word);
	SAY(b, "}");
}

static void
say_model(const struct model *m, size_t without, struct buf *b)
{
	buf_reset(b);
	SAY(b, "studies:\n");
	for (size_t s = 0; s < STUDIES; s++) {
		SAY(b, "  - id: %s\n    parties:\n", studies[s]);
		for (size_t o = 0; o < ORGS; o++) {
			if (m->roles[s][o] == 0)
				continue;
			SAY(b, "      - {org: %s, clearance: %s, ", orgs[o], label_word(m->clearance[s][o]));
			say_words(b, "roles", m->roles[s][o], policy_role_text);
			SAY(b, "}\n");
		}
	}
	SAY(b, "rules: [\n");
	for (size_t i = 0; i < m->rule_n; i++) {
		const struct model_rule *rule = &m->rules[i];
		if (i == without)
			continue;
		SAY(b, "  {id: rule-%zu, ", i);
		say_words(b, rule->forbids ? "forbid" : "permit", rule->globs, glob_word);
		if (rule->labels != 0)
			say_words(b, ", label", rule->labels, label_word);
		if (rule->studies != 0)
			say_words(b, ", studies", rule->studies, study_word);
		say_end(b, "from", &rule->from);
		say_end(b, "to", &rule->to);
		SAY(b, "},\n");
	}
	SAY(b, "]\n");
	assert_int_equal(buf_append_u8(b, 0), CONSIGN_OK);
}

struct question {
	size_t study, from, to;
	const char *type;
	enum consign_label label;
};

static struct question
make_question(uint64_t *seed)
{
	struct question q = {.study = roll(seed, STUDIES), .from = roll(seed, ORGS), .to = roll(seed, ORGS)};
	q.type = types[roll(seed, TYPES)];
	q.label = (enum consign_label)(1 + roll(seed, 3));
	return q;
}

static struct policy_verdict
ask_question(const struct policy *policy, const struct question *q)
{
	return ask(policy, orgs[q->from], orgs[q->to], studies[q->study], q->type, q->label);
}

static void
test_decide_random_policies_agree_with_the_naive_evaluator(void **state)
{
	(void)state;
	uint64_t seed = SEED;
	struct buf yaml = {0};
	size_t seen[CONSIGN_CODE_LAST + 1] = {0};
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct model m = make_model(&seed);
		say_model(&m, SIZE_MAX, &yaml);
		struct policy *policy = build_policy((const char *)yaml.data);
		for (uint32_t i = 0; i < QUESTIONS; i++) {
			char rule[RULE_BYTES];
			struct question q = make_question(&seed);
			struct policy_verdict v = ask_question(policy, &q);
			enum consign_code code = naive(&m, q.study, q.from, q.to, q.type, q.label, rule);
			seen[code]++;
			if (code == v.code && strcmp(rule, v.rule) == 0)
				continue;
			print_error("round %u: %s to %s in %s, %s %s: found %s by '%s', expected %s by '%s', under\n%s\n", round,
			    orgs[q.from], orgs[q.to], studies[q.study], q.type, consign_label_text(q.label),
			    consign_code_text(v.code), v.rule, consign_code_text(code), rule, (const char *)yaml.data);
			policy_free(&policy);
			fail();
		}
		policy_free(&policy);
	}
	buf_clear(&yaml);
	/* The generator is worth something: every verdict came up often. */
	const enum consign_code codes[] = {CONSIGN_CODE_NONE, CONSIGN_CODE_STUDY_UNKNOWN, CONSIGN_CODE_NOT_A_PARTY,
	    CONSIGN_CODE_CLEARANCE, CONSIGN_CODE_POLICY_FORBIDDEN, CONSIGN_CODE_POLICY_NO_RULE};
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		assert_true(seen[codes[i]] > ROUNDS * QUESTIONS / 50);
}

/* Design 15: default deny, everywhere. */
static void
test_decide_removing_a_permit_never_adds_a_permitted_message(void **state)
{
	(void)state;
	uint64_t seed = SEED ^ 1;
	struct buf yaml = {0};
	size_t lost = 0;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct model m = make_model(&seed);
		size_t without = 0;
		while (without < m.rule_n && m.rules[without].forbids)
			without++;
		if (without == m.rule_n)
			continue;
		say_model(&m, SIZE_MAX, &yaml);
		struct policy *before = build_policy((const char *)yaml.data);
		say_model(&m, without, &yaml);
		struct policy *after = build_policy((const char *)yaml.data);
		for (uint32_t i = 0; i < QUESTIONS; i++) {
			struct question q = make_question(&seed);
			enum consign_code was = ask_question(before, &q).code, is = ask_question(after, &q).code;
			if (is == CONSIGN_CODE_NONE)
				assert_int_equal(was, CONSIGN_CODE_NONE);
			else if (was != CONSIGN_CODE_NONE)
				assert_int_equal(is, was);
			else
				lost++;
		}
		policy_free(&before);
		policy_free(&after);
	}
	buf_clear(&yaml);
	assert_true(lost > 100);
}

static void
test_decide_slices_give_the_same_verdicts_and_know_no_other_study(void **state)
{
	(void)state;
	uint64_t seed = SEED ^ 2;
	struct buf yaml = {0};
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct model m = make_model(&seed);
		struct arena *arena = build_arena();
		say_model(&m, SIZE_MAX, &yaml);
		struct policy_file_parts all = build_parts(arena, (const char *)yaml.data);
		struct policy *whole = NULL, *slice = NULL;
		struct policy_part *mine[1 + STUDIES];
		size_t org = roll(&seed, ORGS), n = 0;
		assert_int_equal(all.parts.n, 1 + STUDIES);
		mine[n++] = all.parts.v[0];
		for (size_t s = 0; s < STUDIES; s++) {
			if (m.roles[s][org] != 0)
				mine[n++] = all.parts.v[1 + s];
		}
		assert_int_equal(policy_compile(all.parts.v, all.parts.n, &whole), CONSIGN_OK);
		assert_int_equal(policy_compile(mine, n, &slice), CONSIGN_OK);
		for (uint32_t i = 0; i < QUESTIONS; i++) {
			struct question q = make_question(&seed);
			struct policy_verdict a = ask_question(whole, &q), b = ask_question(slice, &q);
			bool is_mine = m.roles[q.study][org] != 0;
			assert_int_equal(b.code, is_mine ? a.code : CONSIGN_CODE_STUDY_UNKNOWN);
			assert_string_equal(b.rule, is_mine ? a.rule : "");
			assert_int_equal(b.clearance, is_mine ? a.clearance : CONSIGN_LABEL_OPEN);
		}
		policy_free(&whole);
		policy_free(&slice);
		arena_free(&arena);
	}
	buf_clear(&yaml);
}

static void
test_decide_slices_name_no_org_of_another_study(void **state)
{
	(void)state;
	uint64_t seed = SEED ^ 3;
	struct buf yaml = {0};
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct model m = make_model(&seed);
		struct arena *arena = build_arena();
		say_model(&m, SIZE_MAX, &yaml);
		struct policy_file_parts all = build_parts(arena, (const char *)yaml.data);
		for (size_t s = 0; s <= STUDIES; s++) {
			struct buf bytes = {0};
			assert_int_equal(policy_part_encode(all.parts.v[s], &bytes), CONSIGN_OK);
			for (size_t o = 0; o < ORGS; o++) {
				bool is_named = memmem(bytes.data, bytes.len, orgs[o], strlen(orgs[o])) != NULL;
				assert_int_equal(is_named, s > 0 && m.roles[s - 1][o] != 0);
			}
			for (size_t other = 0; other < STUDIES; other++) {
				bool is_named = memmem(bytes.data, bytes.len, studies[other], strlen(studies[other])) != NULL;
				assert_int_equal(is_named, s > 0 && s - 1 == other);
			}
			buf_clear(&bytes);
		}
		arena_free(&arena);
	}
	buf_clear(&yaml);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decide_random_policies_agree_with_the_naive_evaluator),
	    cmocka_unit_test(test_decide_removing_a_permit_never_adds_a_permitted_message),
	    cmocka_unit_test(test_decide_slices_give_the_same_verdicts_and_know_no_other_study),
	    cmocka_unit_test(test_decide_slices_name_no_org_of_another_study),
	};
	return cmocka_run_group_tests_name("decide_random", tests, NULL, NULL);
}
