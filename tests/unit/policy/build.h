/* Builders of the policy tests: a policy from YAML text, a question in one line, a seeded generator. */
#ifndef TESTS_UNIT_POLICY_BUILD_H
#define TESTS_UNIT_POLICY_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "policy/policy.h"
#include "policy/policy_file.h"

#define BUILD_BUDGET_BYTES (256u * 1024u * 1024u)

static inline struct arena *
build_arena(void)
{
	struct arena *arena = NULL;
	assert_int_equal(arena_new(BUILD_BUDGET_BYTES, &arena), CONSIGN_OK);
	return arena;
}

/* Parses text that must be a policy; the parse error is printed when it is none. */
static inline struct policy_file_parts
build_parts(struct arena *arena, const char *yaml)
{
	struct policy_file_parts parts = {0};
	struct policy_file_error error = {0};
	enum consign_err err = policy_file_parse(slice_text(yaml), NULL, NULL, arena, &parts, &error);
	if (err == CONSIGN_E_CONFIG)
		print_error("%zu:%zu: %s\n", error.line, error.column, error.text);
	assert_int_equal(err, CONSIGN_OK);
	return parts;
}

static inline struct policy *
build_policy(const char *yaml)
{
	struct arena *arena = build_arena();
	struct policy_file_parts parts = build_parts(arena, yaml);
	struct policy *policy = NULL;
	assert_int_equal(policy_compile(parts.parts.v, parts.parts.n, &policy), CONSIGN_OK);
	/* What was compiled does not need its parts any more. */
	arena_free(&arena);
	return policy;
}

static inline struct policy_verdict
ask(const struct policy *policy, const char *from, const char *to, const char *study, const char *type, enum consign_label label)
{
	struct policy_question q = {.consignor = from, .consignee = to, .study = study, .type = type, .label = label};
	struct policy_verdict verdict;
	policy_decide(policy, &q, &verdict);
	return verdict;
}

/* xorshift64*: the same sequence everywhere, so that a failure repeats. */
static inline uint32_t
roll(uint64_t *seed, uint32_t sides)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return (uint32_t)((*seed * 0x2545f4914f6cdd1du) >> 33) % sides;
}

#endif
