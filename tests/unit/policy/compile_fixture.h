/*
 * Parts of a policy built by hand, for what no policy file can say: a common part and two studies, of two parties and one rule
 * each, that a test changes and compiles.
 */
#ifndef COMPILE_FIXTURE_H
#define COMPILE_FIXTURE_H

#include <stdlib.h>

#include "build.h"
#include "policy/compiled.h"

struct fixture {
	struct arena *arena;
	struct policy_common common;
	struct policy_study study, other;
	struct policy_part common_part, study_part, other_part, source_part;
};

/* A party, and below it a rule, with what it must have; lent by the arena. */
static inline struct policy_party *
make_party(struct arena *arena, const char *org, uint32_t role)
{
	struct policy_party *party = arena_alloc(arena, sizeof *party);
	(void)snprintf(party->org.s, sizeof party->org.s, "%s", org);
	party->roles.v = arena_alloc(arena, sizeof *party->roles.v);
	party->roles.v[0] = role;
	party->roles.n = 1;
	party->clearance = CONSIGN_LABEL_OPEN;
	return party;
}

static inline struct policy_rule *
make_rule(struct arena *arena, const char *id, uint32_t order, const char *glob)
{
	struct policy_rule *rule = arena_alloc(arena, sizeof *rule);
	(void)snprintf(rule->id.s, sizeof rule->id.s, "%s", id);
	rule->order = order;
	rule->effect = POLICY_PERMIT;
	rule->types.v = arena_alloc(arena, sizeof *rule->types.v);
	(void)snprintf(rule->types.v[0].s, sizeof rule->types.v[0].s, "%s", glob);
	rule->types.n = 1;
	rule->from = arena_alloc(arena, sizeof *rule->from);
	rule->to = arena_alloc(arena, sizeof *rule->to);
	return rule;
}

/* org-0, org-1, … all of them sites. */
static inline void
give_parties(struct arena *arena, struct policy_study *study, size_t n)
{
	char org[32];
	study->parties.v = arena_alloc(arena, n * sizeof(struct policy_party *));
	study->parties.n = n;
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(org, sizeof org, "org-%zu", i);
		study->parties.v[i] = make_party(arena, org, ROLE_SITE);
	}
}

/* n times the same rule. */
static inline void
give_rules(struct arena *arena, struct policy_rule ***ret_v, size_t *ret_n, size_t n, const char *glob)
{
	struct policy_rule *rule = make_rule(arena, "same", 1, glob);
	*ret_v = arena_alloc(arena, n * sizeof(struct policy_rule *));
	*ret_n = n;
	for (size_t i = 0; i < n; i++)
		(*ret_v)[i] = rule;
}

/* One end of a rule is org-first and the n - 1 behind it. */
static inline void
name_orgs(struct arena *arena, struct policy_end *end, size_t first, size_t n)
{
	end->orgs.v = arena_alloc(arena, n * sizeof *end->orgs.v);
	end->orgs.n = n;
	for (size_t i = 0; i < n; i++)
		(void)snprintf(end->orgs.v[i].s, sizeof end->orgs.v[i].s, "org-%zu", first + i);
}

static inline int
setup(void **state)
{
	static struct fixture f;
	f = (struct fixture){.arena = build_arena(), .study = {.id = {"S1"}}, .other = {.id = {"S2"}}};
	give_parties(f.arena, &f.study, 2);
	give_parties(f.arena, &f.other, 2);
	give_rules(f.arena, &f.common.rules.v, &f.common.rules.n, 1, "a.*");
	give_rules(f.arena, &f.study.rules.v, &f.study.rules.n, 1, "b.*");
	f.common_part.common = &f.common;
	f.study_part.study = &f.study;
	f.other_part.study = &f.other;
	f.source_part.source = slice_text("rules: []");
	*state = &f;
	return 0;
}

static inline int
teardown(void **state)
{
	struct fixture *f = *state;
	arena_free(&f->arena);
	return 0;
}

#define COMPILE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
