/* `consign policy test`: cases in a file, held against the policy in force or a draft of the next. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "input.h"
#include "policy_cases.h"
#include "policy_pick.h"
#include "print.h"

/* As many cases as the largest file holds; each is some 400 bytes. */
#define CASES_BUDGET_BYTES (64u * CONSIGN_POLICY_SOURCE_MAX_BYTES)

struct testing {
	const struct args *args;
	const char *name; /* of the file, for people */
	struct buf source;
	struct arena *arena;
	struct policy_case *cases;
	size_t n;
	struct policy_shelf shelf;
	struct policy_pick pick;
	size_t failed;
};

static enum consign_err
read_cases(struct testing *t)
{
	const char *file = t->args->words[0];
	struct policy_file_error where = {0};
	enum consign_err err = input_read(file, CONSIGN_POLICY_SOURCE_MAX_BYTES, &t->source);

	t->name = strcmp(file, "-") == 0 ? "standard input" : file;
	if (err != CONSIGN_OK)
		return err;
	err = arena_new(CASES_BUDGET_BYTES, &t->arena);
	if (err == CONSIGN_OK)
		err = policy_cases_parse(buf_slice(&t->source), t->arena, &t->cases, &t->n, &where);
	if (err == CONSIGN_E_CONFIG) {
		say_error("%s:%zu:%zu: %s", t->name, where.line, where.column, where.text);
		say_hint("%s", where.hint[0] != '\0' ? where.hint : "a case is: - {from: ORG, to: ORG, study: ID, type: TYPE, expect: permit|refuse|CODE, rule: ID}");
	} else if (err != CONSIGN_OK) {
		say_error("%s: %s", t->name, consign_err_text(err));
	}
	return err;
}

static json_t *
case_json(const struct testing *t, const struct policy_case *c, const struct policy_verdict *v)
{
	char expected[CASE_WORDS_BYTES], came[CASE_WORDS_BYTES];

	return json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:s?}", "file", t->name, "line", (json_int_t)c->line,
	    "from", c->from.s, "to", c->to.s, "study", c->study.s, "type", c->type.s, "label", consign_label_text(c->label),
	    "expected", policy_case_expected(c, expected), "came", policy_verdict_words(v, came), "code",
	    v->code == CONSIGN_CODE_NONE ? NULL : consign_code_text(v->code), "rule", v->rule[0] != '\0' ? v->rule : NULL);
}

static void
print_failure(const struct testing *t, const struct policy_case *c, const struct policy_verdict *v)
{
	char expected[CASE_WORDS_BYTES], came[CASE_WORDS_BYTES];

	printf("%s:%zu: %s → %s in %s: %s (%s): expected %s, came %s\n", t->name, c->line, c->from.s, c->to.s, c->study.s, c->type.s,
	    consign_label_text(c->label), policy_case_expected(c, expected), policy_verdict_words(v, came));
}

static enum consign_err
print_summary(const struct testing *t, json_t *failures)
{
	if (args_has(t->args, "json")) {
		json_t *json = json_pack("{s:s, s:I, s:I, s:I, s:o}", "policy", t->pick.name, "cases", (json_int_t)t->n, "passed",
		    (json_int_t)(t->n - t->failed), "failed", (json_int_t)t->failed, "failures", failures);

		return print_json(&json);
	}
	printf("%zu of %zu %s against %s\n", t->n - t->failed, t->n, t->n == 1 ? "case holds" : "cases hold", t->pick.name);
	return CONSIGN_OK;
}

static enum consign_err
run_cases(struct testing *t)
{
	uint64_t now_us = clock_wall_us(clock_system());
	bool is_json = args_has(t->args, "json");
	json_t *failures = is_json ? json_array() : NULL;

	for (size_t i = 0; i < t->n; i++) {
		struct policy_verdict v = {.rule = ""};

		if (policy_case_holds(t->pick.policy, &t->cases[i], now_us, &v))
			continue;
		t->failed++;
		if (is_json)
			json_array_append_new(failures, case_json(t, &t->cases[i], &v));
		else
			print_failure(t, &t->cases[i], &v);
	}
	if (print_summary(t, failures) != CONSIGN_OK)
		return say_lost_output();
	return t->failed == 0 ? CONSIGN_OK : CONSIGN_E_DENIED;
}

enum consign_err
cmd_policy_test(const struct args *args)
{
	struct testing t = {.args = args, .shelf.args = args};
	const char *file = args_value(args, "policy");
	enum consign_err err = read_cases(&t);

	if (err == CONSIGN_OK)
		err = file != NULL ? pick_file(file, &t.pick) : pick_in_force(&t.shelf, &t.pick);
	if (err == CONSIGN_OK)
		err = run_cases(&t);
	pick_clear(&t.pick);
	shelf_close(&t.shelf);
	arena_free(&t.arena);
	buf_clear(&t.source);
	return err;
}
