/* `consign policy check|apply`: a file, checked; a file, put in force. */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "input.h"
#include "policy_apply.h"
#include "print.h"

static const char *
name_of(const char *file)
{
	return strcmp(file, "-") == 0 ? "standard input" : file;
}

static enum consign_err
read_file(const char *file, struct buf *source)
{
	enum consign_err err = input_read(file, CONSIGN_POLICY_SOURCE_MAX_BYTES, source);

	if (err == CONSIGN_E_TOO_BIG)
		say_hint("a policy is at most 1 MiB: rules about roles, and globs, say much in few lines");
	return err;
}

/* ── check ── */

static void
list_finding(void *context, const struct policy_finding *f)
{
	json_array_append_new(context, json_pack("{s:s, s:i, s:i, s:s, s:s, s:s, s:s, s:s}", "kind", f->kind, "line",
					   (int)f->at.line, "column", (int)f->at.column, "rule", f->rule, "study", f->study, "org",
					   f->org, "group", f->group, "sentence", f->sentence));
}

static enum consign_err
print_checked(const struct policy_file_parts *parts, const char *file, bool is_json)
{
	size_t studies = parts->studies.n, rules = parts->rules.n;

	if (is_json) {
		json_t *list = json_array();

		if (list == NULL)
			return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
		policy_file_check(parts, clock_wall_us(clock_system()), list_finding, list);
		json_t *json = json_pack("{s:b, s:I, s:I, s:o}", "ok", 1, "studies", (json_int_t)studies, "rules",
		    (json_int_t)rules, "findings", list);

		return print_json(&json);
	}
	policy_say_findings(name_of(file), parts);
	printf("policy OK: %zu %s, %zu %s\n", studies, studies == 1 ? "study" : "studies", rules, rules == 1 ? "rule" : "rules");
	return CONSIGN_OK;
}

/* A mistake is said; for a program it is printed, too. */
static enum consign_err
print_mistake(const char *file, const struct policy_file_error *where, bool is_json)
{
	policy_say_mistake(name_of(file), where);
	if (is_json) {
		json_t *json = json_pack("{s:b, s:{s:I, s:I, s:s, s:s}}", "ok", 0, "error", "line", (json_int_t)where->line,
		    "column", (json_int_t)where->column, "reason", where->text, "hint", where->hint);

		(void)(print_json(&json) == CONSIGN_OK);
	}
	return CONSIGN_E_CONFIG;
}

enum consign_err
cmd_policy_check(const struct args *args)
{
	struct arena *arena = NULL;
	struct buf source = {0};
	struct policy_file_parts parts = {0};
	struct policy_file_error where;
	struct policy *policy = NULL;
	bool is_json = args_has(args, "json");
	enum consign_err err = arena_new(POLICY_PARSE_BUDGET_BYTES, &arena);

	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	err = read_file(args->words[0], &source);
	if (err == CONSIGN_OK) {
		/* Without a hub: every organisation will do. */
		err = policy_file_parse(buf_slice(&source), NULL, NULL, arena, &parts, &where);
		if (err == CONSIGN_OK)
			err = policy_compile(parts.parts.v, parts.parts.n, &policy);
		if (err == CONSIGN_OK)
			err = print_checked(&parts, args->words[0], is_json);
		else if (err == CONSIGN_E_CONFIG)
			err = print_mistake(args->words[0], &where, is_json);
		else
			say_error("%s: %s", args->words[0], consign_err_text(err));
	}
	policy_free(&policy);
	buf_clear(&source);
	arena_free(&arena);
	return err;
}

/* ── apply ── */

enum consign_err
cmd_policy_apply(const struct args *args)
{
	struct admin_desk desk = {0};
	struct arena *arena = NULL;
	struct buf source = {0};
	struct policy_file_parts parts = {0};
	const char *reason;
	enum consign_err err = admin_reason(args, &reason);

	if (err == CONSIGN_OK)
		err = arena_new(POLICY_PARSE_BUDGET_BYTES, &arena);
	if (err == CONSIGN_OK)
		err = admin_open(args, &desk);
	if (err == CONSIGN_OK)
		err = read_file(args->words[0], &source);
	if (err == CONSIGN_OK)
		err = policy_apply_parse(desk.hub, name_of(args->words[0]), buf_slice(&source), arena, &parts);
	if (err == CONSIGN_OK && source.len == 0)
		err = say_fail(CONSIGN_E_CONFIG, "%s is empty", args->words[0]);
	if (err == CONSIGN_OK)
		err = policy_apply(&desk, &parts, buf_slice(&source), reason, arena);
	admin_close(&desk);
	buf_clear(&source);
	arena_free(&arena);
	return err;
}
