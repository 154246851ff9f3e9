/* `consign policy …`: who may send what to whom. One engine (lib/policy) answers here as it does at broker and agents. */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "core/clock.h"
#include "core/limits.h"
#include "input.h"
#include "policy/policy_file.h"
#include "policy_view.h"
#include "print.h"

/* A file of the largest size parsed into parts. */
#define PARSE_BUDGET_BYTES (64u * CONSIGN_POLICY_SOURCE_MAX_BYTES)

#define FINDINGS_SHOWN 20u

/* What is found in a file, on its way to a person or a program. */
struct checked {
	const char *file;
	size_t said;
	json_t *list; /* NULL: for a person */
};

static const char *
name_of(const char *file)
{
	return strcmp(file, "-") == 0 ? "standard input" : file;
}

static void
take_finding(void *context, const struct policy_finding *f)
{
	struct checked *c = context;

	if (c->list != NULL) {
		json_array_append_new(c->list, json_pack("{s:s, s:i, s:i, s:s, s:s, s:s, s:s, s:s}", "kind", f->kind, "line",
						   (int)f->at.line, "column", (int)f->at.column, "rule", f->rule, "study",
						   f->study, "org", f->org, "group", f->group, "sentence", f->sentence));
		return;
	}
	/* A large policy may have thousands of the same kind: the first ones show which. */
	if (c->said++ < FINDINGS_SHOWN)
		say_warning("%s:%u:%u: %s", name_of(c->file), f->at.line, f->at.column, f->sentence);
}

/* Says what is wrong with a file, and for a program prints it too. */
static void
say_mistake(const char *file, const struct policy_file_error *where, bool is_json)
{
	say_error("%s:%zu:%zu: %s", name_of(file), where->line, where->column, where->text);
	if (where->hint[0] != '\0')
		say_hint("%s", where->hint);
	if (!is_json)
		return;
	json_t *json = json_pack("{s:b, s:{s:I, s:I, s:s, s:s}}", "ok", 0, "error", "line", (json_int_t)where->line, "column",
	    (json_int_t)where->column, "reason", where->text, "hint", where->hint);

	(void)(print_json(&json) == CONSIGN_OK);
}

/* Reads and parses; org_known NULL accepts every organisation. */
static enum consign_err
read_file(const char *file, bool (*org_known)(void *, const char *), void *context, struct arena *arena, struct buf *source,
    bool is_json, struct policy_file_parts *ret_parts)
{
	struct policy_file_error where;
	enum consign_err err = input_read(file, CONSIGN_POLICY_SOURCE_MAX_BYTES, source);

	if (err == CONSIGN_E_TOO_BIG)
		say_hint("a policy is at most 1 MiB: rules about roles, and globs, say much in few lines");
	if (err != CONSIGN_OK)
		return err;
	err = policy_file_parse(buf_slice(source), org_known, context, arena, ret_parts, &where);
	if (err == CONSIGN_E_CONFIG)
		say_mistake(file, &where, is_json);
	else if (err != CONSIGN_OK)
		say_error("%s: %s", file, consign_err_text(err));
	return err;
}

static enum consign_err
parse_file(const char *file, bool (*org_known)(void *, const char *), void *context, struct arena *arena, struct buf *source,
    struct policy_file_parts *ret_parts)
{
	struct checked checked = {.file = file};
	enum consign_err err = read_file(file, org_known, context, arena, source, false, ret_parts);

	if (err == CONSIGN_OK &&
	    policy_file_check(ret_parts, clock_wall_us(clock_system()), take_finding, &checked) > FINDINGS_SHOWN)
		say_warning("and %zu more of these", checked.said - FINDINGS_SHOWN);
	return err;
}

/* ── check and apply ── */

static enum consign_err
print_checked(const struct policy_file_parts *parts, size_t studies, size_t rules, const char *file, bool is_json)
{
	struct checked checked = {.file = file, .list = is_json ? json_array() : NULL};

	if (is_json && checked.list == NULL)
		return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
	size_t found = policy_file_check(parts, clock_wall_us(clock_system()), take_finding, &checked);

	if (is_json) {
		json_t *json = json_pack("{s:b, s:I, s:I, s:o}", "ok", 1, "studies", (json_int_t)studies, "rules",
		    (json_int_t)rules, "findings", checked.list);

		return print_json(&json);
	}
	if (found > FINDINGS_SHOWN)
		say_warning("and %zu more of these", found - FINDINGS_SHOWN);
	printf("policy OK: %zu %s, %zu %s\n", studies, studies == 1 ? "study" : "studies", rules, rules == 1 ? "rule" : "rules");
	return CONSIGN_OK;
}

enum consign_err
cmd_policy_check(const struct args *args)
{
	struct arena *arena = NULL;
	struct buf source = {0};
	struct policy_file_parts parts = {0};
	struct policy *policy = NULL;
	bool is_json = args_has(args, "json");
	enum consign_err err = arena_new(PARSE_BUDGET_BYTES, &arena);

	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	err = read_file(args->words[0], NULL, NULL, arena, &source, is_json, &parts);
	if (err == CONSIGN_OK) {
		err = policy_compile(parts.parts.v, parts.parts.n, &policy);
		if (err == CONSIGN_OK)
			err = print_checked(&parts, parts.studies.n, parts.rules.n, args->words[0], is_json);
		else
			say_error("%s", consign_err_text(err));
	}
	policy_free(&policy);
	buf_clear(&source);
	arena_free(&arena);
	return err;
}

static bool
is_member(void *context, const char *org)
{
	return hub_member(hub_directory(context), org) != NULL;
}

static bool
has_study(const struct policy_view *view, const char *id)
{
	for (size_t i = 0; i < view->n_studies; i++)
		if (strcmp(view->studies[i]->id.s, id) == 0)
			return true;
	return false;
}

static enum consign_err
print_applied(const struct draft *draft, const struct policy_view *before, const struct policy_view *after)
{
	size_t rules, added = 0, gone = 0;
	enum consign_err err = policy_view_count(after, &rules);

	if (err != CONSIGN_OK)
		return err;
	for (size_t i = 0; i < after->n_studies; i++)
		added += !has_study(before, after->studies[i]->id.s);
	for (size_t i = 0; i < before->n_studies; i++)
		gone += !has_study(after, before->studies[i]->id.s);
	printf("policy %llu is in force, by root %llu: %zu %s (%zu new, %zu gone), %zu %s\n",
	    (unsigned long long)draft->policy->version, (unsigned long long)draft->root.version, after->n_studies,
	    after->n_studies == 1 ? "study" : "studies", added, gone, rules, rules == 1 ? "rule" : "rules");
	return CONSIGN_OK;
}

/* The parts as signed: each with a fresh salt, and the file itself, which only administrators get to read. */
static enum consign_err
draft_parts(
    struct draft *draft, const struct policy_file_parts *parts, struct consign_slice source, const struct hub_policy *before)
{
	struct policy_part text = {.source = source};
	struct consign_slice *encoded = arena_alloc(draft->arena, (parts->parts.n + 1) * sizeof *encoded);
	enum consign_err err = encoded == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < parts->parts.n; i++)
		err = draft_policy_part(draft, parts->parts.v[i], &encoded[i]);
	if (err == CONSIGN_OK)
		err = draft_policy_part(draft, &text, &encoded[parts->parts.n]);
	return err == CONSIGN_OK ? draft_policy(draft, before, encoded, parts->parts.n + 1) : err;
}

static enum consign_err
apply(struct admin_desk *desk, const struct policy_file_parts *parts, struct consign_slice source, const char *reason,
    struct arena *arena)
{
	const struct hub_policy *before = hub_policy(desk->hub);
	struct policy_view was = {0}, is = {0};
	struct policy_study **old = arena_alloc(arena, (before->n_parts + 1) * sizeof *old);
	struct policy_study **new = arena_alloc(arena, (parts->parts.n + 1) * sizeof *new);
	struct draft draft = {0};

	if (old == NULL || new == NULL)
		return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
	policy_view_of(before->parts, before->n_parts, old, &was);
	policy_view_of(parts->parts.v, parts->parts.n, new, &is);
	if (was.source.len > 0 && slice_equal(was.source, source)) {
		printf("policy %llu says so already: nothing was changed\n", (unsigned long long)before->version);
		return CONSIGN_OK;
	}
	enum consign_err err = admin_draft(desk, reason, &draft);

	if (err != CONSIGN_OK)
		return err;
	err = draft_parts(&draft, parts, source, before);
	if (err != CONSIGN_OK)
		say_error("the policy cannot be made: %s", consign_err_text(err));
	else
		err = admin_publish(desk, &draft);
	if (err == CONSIGN_OK && draft.is_in_force)
		err = print_applied(&draft, &was, &is);
	draft_clear(&draft);
	return err;
}

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
		err = arena_new(PARSE_BUDGET_BYTES, &arena);
	if (err == CONSIGN_OK)
		err = admin_open(args, &desk);
	if (err == CONSIGN_OK)
		err = parse_file(args->words[0], is_member, (void *)(uintptr_t)desk.hub, arena, &source, &parts);
	if (err == CONSIGN_OK && source.len == 0)
		err = say_fail(CONSIGN_E_CONFIG, "%s is empty", args->words[0]);
	if (err == CONSIGN_OK)
		err = apply(&desk, &parts, buf_slice(&source), reason, arena);
	admin_close(&desk);
	buf_clear(&source);
	arena_free(&arena);
	return err;
}
