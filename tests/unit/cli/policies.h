/* Policies for tests of the commands that read them: from text to parts, a view and the compiled policy. */
#ifndef TESTS_UNIT_CLI_POLICIES_H
#define TESTS_UNIT_CLI_POLICIES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "policy/policy_file.h"
#include "policy_view.h"

struct read_policy {
	struct arena *arena;
	struct policy_view view;
	struct policy *policy;
};

static inline void
policy_of(const char *yaml, struct read_policy *ret)
{
	struct policy_file_parts parts = {0};
	struct policy_file_error where = {0};

	*ret = (struct read_policy){0};
	assert_int_equal(arena_new(1u << 26, &ret->arena), CONSIGN_OK);
	enum consign_err err = policy_file_parse(slice_text(yaml), NULL, NULL, ret->arena, &parts, &where);

	if (err == CONSIGN_E_CONFIG)
		print_error("%zu:%zu: %s\n", where.line, where.column, where.text);
	assert_int_equal(err, CONSIGN_OK);
	struct policy_study **studies = arena_alloc(ret->arena, (parts.parts.n + 1) * sizeof *studies);

	assert_non_null(studies);
	assert_int_equal(policy_compile(parts.parts.v, parts.parts.n, &ret->policy), CONSIGN_OK);
	policy_view_of(parts.parts.v, parts.parts.n, studies, &ret->view);
	ret->view.source = slice_text(yaml);
}

static inline void
policy_end(struct read_policy *p)
{
	policy_free(&p->policy);
	arena_free(&p->arena);
}

#endif
