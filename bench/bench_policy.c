/*
 * bench-policy [--orgs N] [--studies N] [--rules N] [--rounds N] [--json]: what a decision of the access policy costs, on one
 * core.
 *
 * A policy of that size is written as YAML, parsed and compiled; then questions that were prepared beforehand are decided. The
 * same with 100 and with 100,000 rules: flat_ratio is the cost of a decision as a share of the cost at --rules, round by round,
 * so that it says whether rules cost anything. The questions have the same mix of verdicts at each size.
 *
 * A source text may have 1 MiB (limits.h), which is not enough for 100,000 rules. They are then dealt from several texts with the
 * same studies into one set of parts, which the format of parts permits; the report says so.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "measure.h"
#include "policy/policy.h"
#include "policy/policy_file.h"

#define ROUNDS_DEFAULT 15u
#define FEW_RULES 100u
#define MANY_RULES 100000u
#define COMMON_MAX 200u
#define SEED UINT64_C(0x9e3779b97f4a7c15)
#define PARSE_BYTES ((size_t)512 << 20)
#define SOURCES_MAX 64u
/* One study could not hold so many rules (CONSIGN_RULES_MAX), and more studies than these leave no room for any in a source text.
 */
#define STUDIES_MIN 2u
#define STUDIES_MAX 1500u
#define QUESTIONS 65536u /* a power of two */
#define TRIES_MAX 100u
#define DECISIONS_WITHOUT_MEMORY 1000000u

/* Who takes part in each study, in this order. The last three are sites. */
static const struct party {
	const char *roles;
	const char *clearance; /* NULL: open */
} parties[] = {
    {"sponsor", "restricted"},
    {"cro,pv", NULL},
    {"cdmo,depot", "unblinded"},
    {"lab", NULL},
    {"lab", NULL},
    {"irt", "unblinded"},
    {"dsmb", "unblinded"},
    {"regulator", "restricted"},
    {"smo", NULL},
    {"site", NULL},
    {"site", NULL},
    {"site", NULL},
};
#define PARTIES (sizeof parties / sizeof *parties)

/* Roles as rules name them, each with a party that holds it. */
static const struct {
	const char *word;
	uint8_t party;
} roles[] = {{"sponsor", 0}, {"cro", 1}, {"pv", 1}, {"cdmo", 2}, {"depot", 2}, {"lab", 3}, {"lab", 4}, {"irt", 5}, {"dsmb", 6},
    {"regulator", 7}, {"smo", 8}, {"site", 9}, {"site", 10}, {"site", 11}};
#define ROLES (sizeof roles / sizeof *roles)

static const char *const families[] = {"lab", "trial", "safety", "kit", "quality", "batch", "filing", "image", "site", "x"};
static const char *const nouns[] = {"case", "result", "lot", "visit", "query", "file"};
static const char *const events[] = {"new", "final", "sent", "done"};
#define COUNT(a) (sizeof(a) / sizeof *(a))
#define TYPES (COUNT(families) * COUNT(nouns) * COUNT(events))

enum glob { GLOB_EXACT, GLOB_NOUN, GLOB_FAMILY, GLOB_ODD };
enum who { WHO_ANY, WHO_ROLE, WHO_ORG };

struct rule {
	uint16_t study;             /* NO_STUDY: of all */
	uint8_t from_kind, to_kind; /* enum who */
	uint8_t from, to;           /* place in roles or in parties */
	uint8_t glob;
	uint8_t label; /* 0: of all */
	uint16_t type;
	bool forbids;
};
#define NO_STUDY UINT16_MAX

static struct {
	uint64_t orgs, studies;
	char (*org)[24];
	char (*study)[24];
	char type[TYPES][40];
} world;

/*
 * A question, by number in the world. Small, since all of them are gone through again and again: a message that a broker asks
 * about has just been read, and the bench's own memory must not push the policy's out of the caches.
 */
struct question {
	uint64_t consignor : 14, consignee : 14, study : 11, type : 8, label : 2;
};
_Static_assert(CONSIGN_ORGS_MAX <= 1u << 14 && STUDIES_MAX < 1u << 11 && TYPES <= 1u << 8 && CONSIGN_LABEL_UNBLINDED < 1u << 2, "what a question says");
_Static_assert(sizeof(struct question) == 8, "small");

struct subject {
	size_t n_rules;
	struct rule *rules;
	struct policy *policy;
	struct question *questions;
	size_t at;
	size_t codes[CONSIGN_CODE_LAST + 1]; /* of the questions */
	size_t sources;
	size_t source_bytes; /* of all together */
	size_t rules_of_a_source;
	double parse_ms, compile_ms;
	long parse_bytes, compiled_bytes;
	long left_over_bytes;
};

static uint32_t
roll(uint64_t *seed, uint64_t sides)
{
	/* xorshift64*: the same policy everywhere */
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return (uint32_t)(((*seed * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % sides);
}

/* What the allocator has given out, large blocks included. */
static long
allocated(void)
{
	struct mallinfo2 m = mallinfo2();

	return (long)(m.uordblks + m.hblkhd);
}

/* ── the world ── */

static void
make_world(void)
{
	size_t n = 0;

	world.org = calloc(world.orgs, sizeof *world.org);
	world.study = calloc(world.studies + 1, sizeof *world.study);
	must_be(world.org != NULL && world.study != NULL, "out of memory");
	for (size_t i = 0; i < world.orgs; i++)
		snprintf(world.org[i], sizeof world.org[i], "org%zu", i);
	for (size_t i = 0; i < world.studies; i++)
		snprintf(world.study[i], sizeof world.study[i], "S-%zu", i);
	/* One that no policy knows. */
	snprintf(world.study[world.studies], sizeof world.study[0], "S-none");
	for (size_t f = 0; f < COUNT(families); f++)
		for (size_t o = 0; o < COUNT(nouns); o++)
			for (size_t e = 0; e < COUNT(events); e++)
				snprintf(world.type[n++], sizeof world.type[0], "%s.%s.%s", families[f], nouns[o], events[e]);
}

/* Every organisation has its turn, in several studies. */
static size_t
org_of(size_t study, size_t party)
{
	return (study * PARTIES + party) % world.orgs;
}

/* ── the policy ── */

/*
 * Of a hundred rules 10 forbid, 20 name organisations instead of roles, 20 leave an end open. 20 are of all studies, until there
 * are COMMON_MAX: a policy grows by its studies' rules, and one with thousands for everybody would refuse nothing.
 */
static struct rule
make_rule(uint64_t *seed, size_t *common)
{
	static const uint8_t globs[] = {
	    GLOB_EXACT, GLOB_EXACT, GLOB_EXACT, GLOB_EXACT, GLOB_EXACT, GLOB_NOUN, GLOB_NOUN, GLOB_NOUN, GLOB_FAMILY};
	struct rule r = {.study = NO_STUDY, .from_kind = WHO_ROLE, .to_kind = WHO_ROLE};
	uint32_t kind = roll(seed, 100);

	r.type = (uint16_t)roll(seed, TYPES);
	r.glob = roll(seed, 100) == 0 ? GLOB_ODD : globs[roll(seed, sizeof globs)];
	r.from = (uint8_t)roll(seed, ROLES);
	r.to = (uint8_t)roll(seed, ROLES);
	if (kind < 80 || *common == COMMON_MAX)
		r.study = (uint16_t)roll(seed, world.studies);
	else
		(*common)++;
	if (kind < 20) {
		r.from_kind = r.to_kind = WHO_ORG;
		r.from = (uint8_t)roll(seed, PARTIES);
		r.to = (uint8_t)roll(seed, PARTIES);
	}
	if (kind % 10 == 9) {
		r.forbids = true;
		r.label = (uint8_t)roll(seed, 3);
	}
	if (kind % 10 == 8)
		r.to_kind = WHO_ANY;
	else if (kind % 10 == 9)
		r.from_kind = WHO_ANY;
	return r;
}

#define SAY(...) must(buf_printf(out, __VA_ARGS__), "source")

static void
say_end(struct buf *out, const char *key, const struct rule *r, enum who kind, size_t place)
{
	if (kind == WHO_ROLE)
		SAY(",%s: {roles: [%s]}", key, roles[place].word);
	else if (kind == WHO_ORG)
		SAY(",%s: {orgs: [%s]}", key, world.org[org_of(r->study, place)]);
}

static void
say_glob(struct buf *out, const struct rule *r)
{
	const char *type = world.type[r->type], *last = strrchr(type, '.');
	const char *family = families[r->type / (COUNT(nouns) * COUNT(events))];

	if (r->glob == GLOB_EXACT)
		SAY("[%s]", type);
	else if (r->glob == GLOB_NOUN)
		SAY("[%.*s.*]", (int)(last - type), type);
	else if (r->glob == GLOB_FAMILY)
		SAY("[%s.*]", family);
	else
		SAY("[%s.*%s]", family, last);
}

static void
say_rule(struct buf *out, const struct rule *r, size_t number)
{
	SAY("- {id: r%zu,%s: ", number, r->forbids ? "forbid" : "permit");
	say_glob(out, r);
	if (r->study != NO_STUDY)
		SAY(",studies: [%s]", world.study[r->study]);
	if (r->label != 0)
		SAY(",label: [%s]", consign_label_text((enum consign_label)(r->label + 1)));
	say_end(out, "from", r, r->from_kind, r->from);
	say_end(out, "to", r, r->to_kind, r->to);
	SAY("}\n");
}

static void
say_studies(struct buf *out)
{
	SAY("studies:\n");
	for (size_t s = 0; s < world.studies; s++) {
		SAY("- {id: %s,parties: [", world.study[s]);
		for (size_t p = 0; p < PARTIES; p++) {
			SAY("%s{org: %s,roles: [%s]", p == 0 ? "" : ",", world.org[org_of(s, p)], parties[p].roles);
			if (parties[p].clearance != NULL)
				SAY(",clearance: %s", parties[p].clearance);
			SAY("}");
		}
		SAY("]}\n");
	}
	SAY("rules:\n");
}

/* As many texts as the limit of one asks for. Returns how many. */
static size_t
say_policy(const struct subject *s, struct buf *texts)
{
	struct buf head = {0}, rule = {0};
	size_t n = 0;

	say_studies(&head);
	for (size_t i = 0; i < s->n_rules; i++) {
		buf_reset(&rule);
		say_rule(&rule, &s->rules[i], i);
		must_be(head.len + rule.len <= CONSIGN_POLICY_SOURCE_MAX_BYTES,
		    "so many studies leave no room for rules in a source text");
		if (n == 0 || texts[n - 1].len + rule.len > CONSIGN_POLICY_SOURCE_MAX_BYTES) {
			must_be(n < SOURCES_MAX, "too many source texts: fewer studies leave more room for rules");
			must(buf_append(&texts[n++], buf_slice(&head)), "source");
		}
		must(buf_append(&texts[n - 1], buf_slice(&rule)), "source");
	}
	buf_clear(&head);
	buf_clear(&rule);
	return n;
}

/* The rules of part `from` behind those of part `to`. Their numbers may repeat: they only choose which rule is named. */
#define JOIN(TO, FROM)                                                                                                           \
	do {                                                                                                                     \
		struct policy_rule **v =                                                                                         \
		    arena_alloc(arena, ((TO)->rules.n + (FROM)->rules.n + 1) * sizeof(struct policy_rule *));                    \
		must_be(v != NULL, "out of memory");                                                                             \
		memcpy(v, (TO)->rules.v, (TO)->rules.n * sizeof(struct policy_rule *));                                          \
		memcpy(v + (TO)->rules.n, (FROM)->rules.v, (FROM)->rules.n * sizeof(struct policy_rule *));                      \
		(TO)->rules.v = v;                                                                                               \
		(TO)->rules.n += (FROM)->rules.n;                                                                                \
	} while (0)

static void
join_parts(struct arena *arena, struct policy_file_parts *to, const struct policy_file_parts *from)
{
	JOIN(to->parts.v[0]->common, from->parts.v[0]->common);
	for (size_t i = 1; i < to->parts.n; i++)
		JOIN(to->parts.v[i]->study, from->parts.v[i]->study);
}

static void
parse_all(struct buf *texts, size_t n, struct arena *arena, struct policy_file_parts *ret_parts)
{
	for (size_t i = 0; i < n; i++) {
		struct policy_file_parts parts;
		struct policy_file_error error = {0};
		enum consign_err err = policy_file_parse(buf_slice(&texts[i]), NULL, NULL, arena, &parts, &error);

		if (err == CONSIGN_E_CONFIG)
			fprintf(stderr, "%zu:%zu: %s\n", error.line, error.column, error.text);
		must(err, "parse");
		if (i == 0)
			*ret_parts = parts;
		else
			join_parts(arena, ret_parts, &parts);
	}
}

static void
build(struct subject *s)
{
	struct buf texts[SOURCES_MAX] = {0};
	struct policy_file_parts parts = {0};
	struct arena *arena;

	s->sources = say_policy(s, texts);
	for (size_t i = 0; i < s->sources; i++)
		s->source_bytes += texts[i].len;
	s->rules_of_a_source = s->n_rules / s->sources;
	must(arena_new(PARSE_BYTES, &arena), "arena");
	long before = allocated();
	uint64_t from = bench_cpu_ns();

	parse_all(texts, s->sources, arena, &parts);
	uint64_t parsed = bench_cpu_ns();

	s->parse_bytes = allocated() - before;
	before = allocated();
	must(policy_compile(parts.parts.v, parts.parts.n, &s->policy), "compile");
	s->compile_ms = (double)(bench_cpu_ns() - parsed) / 1e6;
	s->parse_ms = (double)(parsed - from) / 1e6;
	s->compiled_bytes = allocated() - before;
	arena_free(&arena);
	for (size_t i = 0; i < s->sources; i++)
		buf_clear(&texts[i]);
}

/* ── the questions ── */

/* Of a hundred questions so many, and what they are refused for. */
static const struct {
	enum consign_code code;
	uint32_t percent;
	const char *name;
} mix[] = {{CONSIGN_CODE_NONE, 50, "permitted"}, {CONSIGN_CODE_POLICY_NO_RULE, 20, "no rule"},
    {CONSIGN_CODE_POLICY_FORBIDDEN, 10, "forbidden"}, {CONSIGN_CODE_STUDY_UNKNOWN, 10, "study unknown"},
    {CONSIGN_CODE_NOT_A_PARTY, 5, "not a party"}, {CONSIGN_CODE_CLEARANCE, 5, "clearance"}};

static size_t
party_of(enum who kind, size_t place, uint64_t *seed)
{
	return kind == WHO_ROLE ? roles[place].party : kind == WHO_ORG ? place : roll(seed, PARTIES);
}

/* A question that may hit a rule: between its ends, of a type that its glob matches. */
static struct question
aim(const struct subject *s, uint64_t *seed)
{
	const struct rule *r = &s->rules[roll(seed, s->n_rules)];
	size_t study = r->study != NO_STUDY ? r->study : roll(seed, world.studies);

	return (struct question){.consignor = org_of(study, party_of(r->from_kind, r->from, seed)),
	    .consignee = org_of(study, party_of(r->to_kind, r->to, seed)),
	    .study = study,
	    .type = r->type,
	    .label = r->label != 0 ? r->label + 1u : CONSIGN_LABEL_OPEN};
}

static struct question
candidate(const struct subject *s, enum consign_code wanted, uint64_t *seed)
{
	struct question q;
	size_t study = roll(seed, world.studies);

	if (wanted == CONSIGN_CODE_NONE || wanted == CONSIGN_CODE_POLICY_FORBIDDEN)
		return aim(s, seed);
	q = (struct question){.consignor = org_of(study, roll(seed, PARTIES)),
	    .consignee = org_of(study, roll(seed, PARTIES)),
	    .study = study,
	    .type = roll(seed, TYPES),
	    .label = CONSIGN_LABEL_OPEN};
	if (wanted == CONSIGN_CODE_STUDY_UNKNOWN && roll(seed, 2) == 0)
		q.study = world.studies;
	else if (wanted == CONSIGN_CODE_STUDY_UNKNOWN)
		q.consignor = roll(seed, world.orgs);
	else if (wanted == CONSIGN_CODE_NOT_A_PARTY)
		q.consignee = roll(seed, world.orgs);
	else if (wanted == CONSIGN_CODE_CLEARANCE)
		q.label = CONSIGN_LABEL_UNBLINDED;
	return q;
}

static void
ask(const struct policy *policy, const struct question *q, struct policy_verdict *ret_verdict)
{
	const struct policy_question asked = {.consignor = world.org[q->consignor],
	    .consignee = world.org[q->consignee],
	    .study = world.study[q->study],
	    .type = world.type[q->type],
	    .label = (enum consign_label)q->label};

	policy_decide(policy, &asked, ret_verdict);
}

static void
prepare_questions(struct subject *s)
{
	uint64_t seed = SEED ^ 7;

	s->questions = calloc(QUESTIONS, sizeof *s->questions);
	must_be(s->questions != NULL, "out of memory");
	for (size_t i = 0; i < QUESTIONS; i++) {
		uint32_t percent = roll(&seed, 100);
		struct policy_verdict v;
		size_t kind = 0;

		while (percent >= mix[kind].percent)
			percent -= mix[kind++].percent;
		/* A policy may have no such question, with few orgs for example: then another takes its place, and the mix says
		 * so. */
		for (size_t tries = 0; tries < TRIES_MAX; tries++) {
			s->questions[i] = candidate(s, mix[kind].code, &seed);
			ask(s->policy, &s->questions[i], &v);
			if (v.code == mix[kind].code)
				break;
		}
		s->codes[v.code]++;
	}
}

static void
do_decide(void *context)
{
	struct subject *s = context;
	struct policy_verdict v;

	ask(s->policy, &s->questions[s->at++ & (QUESTIONS - 1)], &v);
}

static void
prepare(struct subject *s, size_t n_rules)
{
	uint64_t seed = SEED;
	size_t common = 0;

	s->n_rules = n_rules;
	s->rules = calloc(n_rules, sizeof *s->rules);
	must_be(s->rules != NULL, "out of memory");
	for (size_t i = 0; i < n_rules; i++)
		s->rules[i] = make_rule(&seed, &common);
	build(s);
	prepare_questions(s);
}

static void
count_memory(struct subject *s)
{
	long before = allocated();

	for (size_t i = 0; i < DECISIONS_WITHOUT_MEMORY; i++)
		do_decide(s);
	s->left_over_bytes = allocated() - before;
}

/* ── what comes of it ── */

static struct spread
ratio_of(const struct measured *m, const struct measured *to, unsigned rounds)
{
	double ratio[MEASURE_ROUNDS_MAX];

	for (unsigned r = 0; r < rounds; r++)
		ratio[r] = m->ns[r] / to->ns[r];
	return spread_of(ratio, rounds);
}

static void
report_text(const struct subject *s, const struct measured *m, const struct measured *to, unsigned rounds)
{
	struct spread ns = measured_spread(m->ns, rounds), ratio = ratio_of(m, to, rounds);
	char each[40], flat[40];

	snprintf(each, sizeof each, "%.0f (%.0f to %.0f)", ns.median, ns.low, ns.high);
	snprintf(flat, sizeof flat, "%.2f (%.2f to %.2f)", ratio.median, ratio.low, ratio.high);
	printf("%7zu %9.0f  %-20s %-20s %9.1f %11.1f %10.1f %12.1f %10ld\n", s->n_rules, 1e9 / ns.median, each, flat, s->parse_ms,
	    s->compile_ms, (double)s->parse_bytes / 1e6, (double)s->compiled_bytes / 1e6, s->left_over_bytes);
}

static void
report_mix(const struct subject *s)
{
	printf("\n%zu rules, %zu questions:", s->n_rules, (size_t)QUESTIONS);
	for (size_t i = 0; i < COUNT(mix); i++)
		printf("%s %.1f %% %s", i == 0 ? "" : ",", 100.0 * (double)s->codes[mix[i].code] / QUESTIONS, mix[i].name);
	printf("; source %zu bytes", s->source_bytes);
	if (s->sources > 1)
		printf(" in %zu texts: one may have %u bytes, some %zu of these rules; dealt into the parts of one policy",
		    s->sources, CONSIGN_POLICY_SOURCE_MAX_BYTES, s->rules_of_a_source);
}

static void
report_json(const struct subject *s, const struct measured *m, const struct measured *to, unsigned rounds)
{
	struct spread ns = measured_spread(m->ns, rounds), ratio = ratio_of(m, to, rounds);

	printf("{\"bench\":\"policy\",\"orgs\":%llu,\"studies\":%llu,\"rules\":%zu,\"sources\":%zu,\"source_bytes\":%zu,"
	       "\"decisions_per_s\":%.0f,"
	       "\"decision_ns\":%.1f,\"decision_ns_quartiles\":[%.1f,%.1f],\"flat_ratio\":%.3f,\"flat_ratio_quartiles\":[%.3f,%."
	       "3f],\"parse_ms\":%.1f,"
	       "\"compile_ms\":%.1f,\"parsed_bytes\":%ld,\"compiled_bytes\":%ld,\"left_over_bytes\":%ld",
	    (unsigned long long)world.orgs, (unsigned long long)world.studies, s->n_rules, s->sources, s->source_bytes,
	    1e9 / ns.median, ns.median, ns.low, ns.high, ratio.median, ratio.low, ratio.high, s->parse_ms, s->compile_ms,
	    s->parse_bytes, s->compiled_bytes, s->left_over_bytes);
	bench_json_end(rounds);
}

int
main(int argc, char **argv)
{
	static struct subject subjects[3];
	static struct measured measured[COUNT(subjects)];
	struct measured *all[COUNT(subjects)];
	uint64_t rules = 10000;
	char title[96];

	world.orgs = 1000;
	world.studies = 200;
	const struct option_number numbers[] = {{"--orgs", &world.orgs, PARTIES, CONSIGN_ORGS_MAX},
	    {"--studies", &world.studies, STUDIES_MIN, STUDIES_MAX}, {"--rules", &rules, 1, MANY_RULES}, {0}};
	struct bench_run run = {.rounds = ROUNDS_DEFAULT};

	options_read(argc, argv, numbers, &run);
	make_world();
	const size_t sizes[COUNT(subjects)] = {FEW_RULES, rules, MANY_RULES};

	for (size_t i = 0; i < COUNT(subjects); i++) {
		prepare(&subjects[i], sizes[i]);
		measured[i] = (struct measured){.act = do_decide, .context = &subjects[i]};
		all[i] = &measured[i];
	}
	measure(all, COUNT(subjects), run.rounds);
	for (size_t i = 0; i < COUNT(subjects); i++)
		count_memory(&subjects[i]);
	if (!run.as_json) {
		snprintf(title, sizeof title, "bench-policy, orgs %llu, studies %llu, rules %llu", (unsigned long long)world.orgs,
		    (unsigned long long)world.studies, (unsigned long long)rules);
		bench_title(title, run.rounds);
		printf("%7s %9s  %-20s %-20s %9s %11s %10s %12s %10s\n", "rules", "per s", "ns each", "flat_ratio", "parse ms",
		    "compile ms", "parsed MB", "compiled MB", "left over");
	}
	for (size_t i = 0; i < COUNT(subjects); i++)
		(run.as_json ? report_json : report_text)(&subjects[i], &measured[i], &measured[1], run.rounds);
	for (size_t i = 0; i < COUNT(subjects); i++) {
		if (!run.as_json)
			report_mix(&subjects[i]);
		policy_free(&subjects[i].policy);
		free(subjects[i].rules);
		free(subjects[i].questions);
	}
	if (!run.as_json)
		printf("\n");
	free(world.org);
	free(world.study);
	return 0;
}
