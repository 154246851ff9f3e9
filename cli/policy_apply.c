/* A source in force (policy_apply.h). */
#include "policy_apply.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "policy_stopped.h"
#include "policy_view.h"
#include "print.h"

#define FINDINGS_SHOWN 20u

/* A large policy may have thousands of the same kind: the first ones show which. */
struct said {
	const char *name;
	size_t n;
};

static void
say_finding(void *context, const struct policy_finding *f)
{
	struct said *said = context;

	if (said->n++ < FINDINGS_SHOWN)
		say_warning("%s:%u:%u: %s", said->name, f->at.line, f->at.column, f->sentence);
}

void
policy_say_findings(const char *name, const struct policy_file_parts *parts)
{
	struct said said = {.name = name};

	if (policy_file_check(parts, clock_wall_us(clock_system()), say_finding, &said) > FINDINGS_SHOWN)
		say_warning("and %zu more of these", said.n - FINDINGS_SHOWN);
}

void
policy_say_mistake(const char *name, const struct policy_file_error *where)
{
	say_error("%s:%zu:%zu: %s", name, where->line, where->column, where->text);
	if (where->hint[0] != '\0')
		say_hint("%s", where->hint);
}

static const struct member *
find_member(void *context, const char *org)
{
	return hub_member(hub_directory(context), org);
}

static bool
is_member(void *context, const char *org)
{
	return find_member(context, org) != NULL;
}

static void
say_stopped(const struct hub *hub, const char *name, const struct policy_file_parts *parts)
{
	struct stopped_list stopped;
	char text[STOPPED_TEXT_BYTES];

	policy_stopped_find(parts, find_member, (void *)(uintptr_t)hub, &stopped);
	for (size_t i = 0; i < stopped.n; i++)
		say_warning("%s:%u:%u: %s", name, stopped.v[i].at.line, stopped.v[i].at.column, policy_stopped_text(&stopped.v[i], text));
	if (stopped.more > 0)
		say_warning("and %zu more parties that are ended or compromised", stopped.more);
}

enum consign_err
policy_apply_parse(const struct hub *hub, const char *name, struct consign_slice source, struct arena *arena,
    struct policy_file_parts *ret_parts)
{
	struct policy_file_error where;
	void *context = (void *)(uintptr_t)hub;
	enum consign_err err = policy_file_parse(source, hub == NULL ? NULL : is_member, context, arena, ret_parts, &where);

	if (err == CONSIGN_E_CONFIG)
		policy_say_mistake(name, &where);
	else if (err != CONSIGN_OK)
		say_error("%s: %s", name, consign_err_text(err));
	else
		policy_say_findings(name, ret_parts);
	if (err == CONSIGN_OK && hub != NULL)
		say_stopped(hub, name, ret_parts);
	return err;
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

enum consign_err
policy_apply(struct admin_desk *desk, const struct policy_file_parts *parts, struct consign_slice source, const char *reason,
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
