/* `consign policy diff` and `consign policy matrix`: what a policy means for messages, alone and beside another. */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/text.h"
#include "policy_compare.h"
#include "policy_matrix.h"
#include "policy_pick.h"
#include "print.h"
#include "quota_view.h"

/* Changes and their lists of types; hubs of thousands of parties have few kinds of them. */
#define COMPARE_BUDGET_BYTES (1024ull * 1024 * 1024)

/* ── diff ── */

#define CHANGES_SHOWN 40u

struct diff {
	const struct args *args;
	struct policy_shelf shelf;
	struct policy_pick before, after;
	struct arena *arena;
	struct policy_comparison changes;
};

/* "7 questions are answered by permit now, …"; what has not changed is not said. */
static void
print_counts(const struct diff *d)
{
	const size_t *n = d->changes.questions;

	printf("%s → %s: of %zu questions asked, %zu may now be sent, %zu may no longer be sent, %zu get the same answer for another reason\n",
	    d->before.name, d->after.name, d->changes.asked, n[CHANGE_PERMITTED], n[CHANGE_REFUSED], n[CHANGE_REASON]);
}

/* A kind of change, as far as there is room. */
static enum consign_err
print_kind(const struct diff *d, enum change_kind kind, bool are_all, size_t *shown, size_t *more)
{
	struct buf out = {0};
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < d->changes.n; i++) {
		if (d->changes.v[i].kind != kind)
			continue;
		if (!are_all && *shown == CHANGES_SHOWN) {
			++*more;
			continue;
		}
		++*shown;
		err = policy_change_format(&d->changes.v[i], &out);
	}
	if (err == CONSIGN_OK)
		err = print_bytes(buf_slice(&out));
	buf_clear(&out);
	return err;
}

/* What differs without a question that tells: amounts. is_all: also rates, obligations and titles, where no answer changes. */
static enum consign_err
print_amounts(const struct diff *d, bool is_all)
{
	const struct policy_view *was = &d->before.view, *is = &d->after.view;
	struct buf out = {0};
	enum consign_err err = is_all ? policy_view_compare(was, is, &out) : quota_view_compare(was->quotas, is->quotas, &out);

	if (err == CONSIGN_OK)
		err = print_bytes(buf_slice(&out));
	buf_clear(&out);
	return err;
}

static enum consign_err
print_diff(const struct diff *d)
{
	bool are_all = args_has(d->args, "all");
	size_t shown = 0, more = 0, reasons = d->changes.questions[CHANGE_REASON];

	if (d->changes.n == 0) {
		printf("%s → %s: no question changes its answer, of %zu asked\n", d->before.name, d->after.name, d->changes.asked);
		return print_amounts(d, true);
	}
	print_counts(d);
	enum consign_err err = print_kind(d, CHANGE_REFUSED, are_all, &shown, &more);

	if (err == CONSIGN_OK)
		err = print_kind(d, CHANGE_PERMITTED, are_all, &shown, &more);
	if (err == CONSIGN_OK && are_all)
		err = print_kind(d, CHANGE_REASON, are_all, &shown, &more);
	if (err == CONSIGN_OK && more > 0)
		printf("and %zu more\n", more);
	if (err == CONSIGN_OK)
		err = print_amounts(d, false);
	if (err == CONSIGN_OK && !are_all && (more > 0 || reasons > 0))
		say_note("--all lists everything, also what gets the same answer for another reason");
	return err;
}

static enum consign_err
print_diff_json(const struct diff *d)
{
	const size_t *n = d->changes.questions;
	json_t *list = json_array();

	for (size_t i = 0; i < d->changes.n; i++)
		json_array_append_new(list, policy_change_json(&d->changes.v[i]));
	json_t *json = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:o, s:o}", "before", d->before.name, "after", d->after.name, "asked",
	    (json_int_t)d->changes.asked, "now_permitted", (json_int_t)n[CHANGE_PERMITTED], "now_refused",
	    (json_int_t)n[CHANGE_REFUSED], "other_reason", (json_int_t)n[CHANGE_REASON], "is_cut", (int)d->changes.types_are_cut,
	    "changes", list, "quotas", quota_view_compare_json(d->before.view.quotas, d->after.view.quotas));

	return print_json(&json);
}

static enum consign_err
compare(struct diff *d)
{
	enum consign_err err = arena_new(COMPARE_BUDGET_BYTES, &d->arena);

	if (err == CONSIGN_OK)
		err = policy_compare(&(struct compare_side){&d->before.view, d->before.policy},
		    &(struct compare_side){&d->after.view, d->after.policy}, NULL, clock_wall_us(clock_system()), d->arena, &d->changes);
	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	if (d->changes.types_are_cut)
		say_warning("the two name more than %u types: not all were asked about", POLICY_TYPES_MAX);
	return CONSIGN_OK;
}

enum consign_err
cmd_policy_diff(const struct args *args)
{
	struct diff d = {.args = args, .shelf.args = args};
	enum consign_err err = pick_word(&d.shelf, args->words[0], &d.before);

	if (err == CONSIGN_OK)
		err = pick_word(&d.shelf, args->words[1], &d.after);
	if (err == CONSIGN_OK)
		err = compare(&d);
	if (err == CONSIGN_OK) {
		err = args_has(args, "json") ? print_diff_json(&d) : print_diff(&d);
		if (err != CONSIGN_OK)
			err = say_lost_output();
	}
	policy_comparison_clear(&d.changes);
	arena_free(&d.arena);
	pick_clear(&d.before);
	pick_clear(&d.after);
	shelf_close(&d.shelf);
	return err;
}

/* ── matrix ── */

struct matrix {
	const struct args *args;
	struct policy_shelf shelf;
	struct policy_pick pick;
	uint64_t at_us;
	struct arena *arena;
	struct policy_matrix matrix;
};

static enum consign_err
check_study(const struct matrix *m, const char *id)
{
	for (size_t i = 0; id != NULL && i < m->pick.view.n_studies; i++)
		if (strcmp(m->pick.view.studies[i]->id.s, id) == 0)
			return CONSIGN_OK;
	if (id == NULL)
		return CONSIGN_OK;
	say_error("there is no study %s in %s", text_is(CHARSET_ASCII, slice_text(id)) ? id : "of that name", m->pick.name);
	say_hint("`consign policy show` has the studies");
	return CONSIGN_E_NOT_FOUND;
}

/* Who, when, by whom: what a sheet of paper must say of itself. */
static enum consign_err
put_page(const struct matrix *m, struct buf *out)
{
	const struct hub *hub = shelf_hub(&m->shelf);
	char title[128], since[256 + SIGNERS_BYTES] = "", made[PRINT_TIME_BYTES + 32], time[PRINT_TIME_BYTES], names[SIGNERS_BYTES];
	char name[CONSIGN_NAME_MAX_BYTES + 8] = "";
	const char *lines[3];
	size_t n = 0;

	(void)snprintf(title, sizeof title, "Who may send what to whom: %s", m->pick.name);
	if (hub != NULL && m->pick.since != NULL) {
		const struct root *root = m->pick.since->root;

		(void)snprintf(name, sizeof name, "Hub: %.*s", (int)root->name.len, (const char *)root->name.data);
		(void)snprintf(since, sizeof since, "In force since %s (root %llu), signed by %s", time_text(root->created_us, time),
		    (unsigned long long)root->version, root_signers(hub, m->pick.since, names));
		lines[n++] = name;
		lines[n++] = since;
	}
	(void)snprintf(made, sizeof made, "Asked on %s", time_text(m->at_us, time));
	lines[n++] = made;
	return policy_matrix_html(&m->matrix, &(struct matrix_page){title, lines, n}, out);
}

static enum consign_err
write_page(const struct matrix *m, const char *file)
{
	struct buf page = {0};
	enum consign_err err = put_page(m, &page);

	if (err == CONSIGN_OK)
		err = strcmp(file, "-") == 0 ? print_bytes(buf_slice(&page)) : file_write(file, buf_slice(&page), 0644);
	if (err != CONSIGN_OK)
		say_error("%s: %s", file, consign_err_text(err));
	else if (strcmp(file, "-") != 0)
		say_note("%s: %zu bytes, to be printed on A4 landscape", file, page.len);
	buf_clear(&page);
	return err;
}

static enum consign_err
print_matrix(const struct matrix *m)
{
	struct buf out = {0};
	enum consign_err err;

	if (args_has(m->args, "json")) {
		json_t *json = json_pack("{s:s, s:I, s:o}", "policy", m->pick.name, "version", (json_int_t)m->pick.view.version, "studies",
		    policy_matrix_json(&m->matrix));

		err = print_json(&json);
	} else {
		err = isatty(STDOUT_FILENO) == 1 ? policy_matrix_format(&m->matrix, &out) : policy_matrix_lines(&m->matrix, &out);
		if (err == CONSIGN_OK)
			err = print_bytes(buf_slice(&out));
		buf_clear(&out);
	}
	return err == CONSIGN_OK ? err : say_lost_output();
}

/* The standing of a company when the policy that is shown was in force; a file says nothing of it. */
static const struct member *
find_member(void *context, const char *org)
{
	const struct matrix *m = context;

	if (m->pick.directory != NULL)
		return hub_member(m->pick.directory, org);
	return m->shelf.is_open ? policy_source_member(&m->shelf.source, org) : NULL;
}

static enum consign_err
show_matrix(struct matrix *m)
{
	const char *study = args_value(m->args, "study"), *file = args_value(m->args, "html");
	enum consign_err err = check_study(m, study);

	if (err != CONSIGN_OK)
		return err;
	err = arena_new(COMPARE_BUDGET_BYTES, &m->arena);
	if (err == CONSIGN_OK)
		err = policy_matrix_make(&m->pick.view, m->pick.policy, study, m->at_us, m->arena, &m->matrix);
	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	m->matrix.find = find_member;
	m->matrix.context = m;
	if (m->matrix.flows.types_are_cut)
		say_warning("the policy names more than %u types: not all were asked about", POLICY_TYPES_MAX);
	return file != NULL ? write_page(m, file) : print_matrix(m);
}

enum consign_err
cmd_policy_matrix(const struct args *args)
{
	struct matrix m = {.args = args, .shelf.args = args, .at_us = clock_wall_us(clock_system())};
	const char *file = args_value(args, "policy");
	enum consign_err err = file != NULL ? pick_file(file, &m.pick) : pick_option(&m.shelf, &m.pick, &m.at_us);

	if (err == CONSIGN_OK)
		err = show_matrix(&m);
	policy_matrix_clear(&m.matrix);
	arena_free(&m.arena);
	pick_clear(&m.pick);
	shelf_close(&m.shelf);
	return err;
}
