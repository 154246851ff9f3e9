/* The policy in force, changed (policy_change.h). */
#include "policy_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "policy/policy_changes.h"
#include "policy_apply.h"
#include "policy_view.h"
#include "print.h"

/* A study that closes may change a rule in a thousand ways alike: the first lines show which. */
#define LINES_SHOWN 100u

/* The first lines of a text that was written anew say which version that was, which will not be true of what is made of it. */
static struct consign_slice
behind_comments(struct consign_slice text)
{
	while (text.len > 0 && text.data[0] == '#') {
		const uint8_t *end = memchr(text.data, '\n', text.len);

		text = end == NULL ? (struct consign_slice){0} : slice_of(end + 1, text.len - (size_t)(end + 1 - text.data));
	}
	return text;
}

enum consign_err
policy_change_source(const struct hub_policy *policy, struct buf *out)
{
	struct policy_view view = {0};
	struct policy_study **studies = calloc(policy->n_parts + 1, sizeof *studies);

	if (studies == NULL)
		return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
	policy_view_of(policy->parts, policy->n_parts, studies, &view);
	struct buf written = {0};
	enum consign_err err = view.source.len > 0 ? buf_append(out, view.source) : policy_view_format(&view, &written);

	if (err == CONSIGN_OK && view.source.len == 0)
		err = buf_append(out, behind_comments(buf_slice(&written)));
	buf_clear(&written);
	free(studies);
	return err == CONSIGN_OK ? err : say_fail(err, "%s", consign_err_text(err));
}

enum consign_err
policy_change_open(const struct args *args, struct policy_change *ret_change)
{
	struct policy_change c = {.is_dry = args_has(args, "dry-run")};
	enum consign_err err = admin_reason(args, &c.reason);

	if (err == CONSIGN_OK)
		err = admin_open(args, &c.desk);
	if (err == CONSIGN_OK)
		err = policy_change_source(hub_policy(c.desk.hub), &c.before);
	if (err != CONSIGN_OK) {
		policy_change_close(&c);
		return err;
	}
	*ret_change = c;
	return CONSIGN_OK;
}

static void
say_also(void *context, const char *sentence)
{
	(void)context;
	say_note("%s", sentence);
}

enum consign_err
policy_change_edit(struct policy_change *c, const struct policy_edit *edit)
{
	struct policy_edit_problem problem;
	enum consign_err err = policy_edit(buf_slice(&c->before), edit, say_also, NULL, &c->after, &problem);

	if (err == CONSIGN_OK)
		return err;
	say_error("%s", problem.text);
	if (problem.hint[0] != '\0')
		say_hint("%s", problem.hint);
	return err;
}

static void
print_line(void *context, const char *line)
{
	char shown[PRINT_SHOWN_BYTES];
	size_t *printed = context;

	if ((*printed)++ < LINES_SHOWN)
		printf("%s\n", text_shown(line, shown));
}

enum consign_err
policy_change_check(struct policy_change *c, const char *name)
{
	arena_free(&c->arena);
	enum consign_err err = arena_new(POLICY_PARSE_BUDGET_BYTES, &c->arena);

	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	err = policy_apply_parse(c->desk.hub, name, buf_slice(&c->after), c->arena, &c->parts);
	if (err != CONSIGN_OK)
		arena_free(&c->arena);
	return err;
}

enum consign_err
policy_change_commit(struct policy_change *c)
{
	size_t changes = 0, printed = 0;

	if (slice_equal(buf_slice(&c->before), buf_slice(&c->after))) {
		printf("policy %llu says so already: nothing was changed\n", (unsigned long long)hub_policy(c->desk.hub)->version);
		return CONSIGN_OK;
	}
	enum consign_err err = c->arena != NULL ? CONSIGN_OK : policy_change_check(c, "policy");

	if (err != CONSIGN_OK)
		return err;
	err = policy_changes(buf_slice(&c->before), buf_slice(&c->after), print_line, &printed, &changes);
	if (err != CONSIGN_OK)
		return say_fail(err, "the policies cannot be compared: %s", consign_err_text(err));
	if (changes > LINES_SHOWN)
		printf("and %zu changes more\n", changes - LINES_SHOWN);
	if (changes == 0)
		printf("only words that mean nothing to the policy change: comments, layout, order\n");
	if (c->is_dry) {
		printf("nothing was changed (--dry-run)\n");
		return CONSIGN_OK;
	}
	return policy_apply(&c->desk, &c->parts, buf_slice(&c->after), c->reason, c->arena);
}

void
policy_change_close(struct policy_change *c)
{
	admin_close(&c->desk);
	buf_clear(&c->before);
	buf_clear(&c->after);
	arena_free(&c->arena);
}

enum consign_err
policy_change_run(const struct args *args, const struct policy_edit *edit)
{
	struct policy_change change = {0};
	enum consign_err err = policy_change_open(args, &change);

	if (err != CONSIGN_OK)
		return err;
	err = policy_change_edit(&change, edit);
	if (err == CONSIGN_OK)
		err = policy_change_commit(&change);
	policy_change_close(&change);
	return err;
}
