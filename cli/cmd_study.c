/* `consign study …`: which studies the policy knows, and with whom. */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "policy/policy.h"
#include "policy_change.h"
#include "policy_source.h"
#include "print.h"
#include "word_list.h"

/* ── add and close ── */

/* "ORG:ROLE[,ROLE][:CLEARANCE]" into words: the organisation, the clearance or nothing, then the roles. */
static enum consign_err
read_party(const char *text, struct word_list *words, struct policy_edit_party *ret_party)
{
	struct word_list parts = {0};
	enum consign_err err = word_list_split(&parts, text, ':');

	if (err == CONSIGN_OK && (parts.n < 2 || parts.n > 3))
		err = say_fail(CONSIGN_E_USAGE, "--party %s: expected ORG:ROLE[,ROLE][:CLEARANCE], such as biomake:cdmo,depot:unblinded", text);
	else if (err == CONSIGN_OK)
		err = word_list_split(words, parts.v[0], ':');
	if (err == CONSIGN_OK)
		err = word_list_split(words, parts.n == 3 ? parts.v[2] : "", ':');
	if (err == CONSIGN_OK)
		err = word_list_split(words, parts.v[1], ',');
	word_list_clear(&parts);
	if (err == CONSIGN_E_NO_MEMORY)
		say_error("%s", consign_err_text(err));
	if (err != CONSIGN_OK)
		return err;
	*ret_party = (struct policy_edit_party){.org = words->v[0],
	    .clearance = words->v[1][0] != '\0' ? words->v[1] : NULL,
	    .roles = {(const char *const *)words->v + 2, words->n - 2}};
	return CONSIGN_OK;
}

enum consign_err
cmd_study_add(const struct args *args)
{
	size_t n = 0;

	while (args_nth(args, "party", n) != NULL)
		n++;
	struct policy_edit_party *parties = calloc(n, sizeof *parties);
	struct word_list *words = calloc(n, sizeof *words);
	const struct policy_edit edit = {
	    .kind = POLICY_ADD_STUDY, .study = args->words[0], .title = args_value(args, "title"), .parties = parties, .n_parties = n};
	enum consign_err err = CONSIGN_OK;

	if (parties == NULL || words == NULL)
		err = say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++)
		err = read_party(args_nth(args, "party", i), &words[i], &parties[i]);
	if (err == CONSIGN_OK)
		err = policy_change_run(args, &edit);
	for (size_t i = 0; words != NULL && i < n; i++)
		word_list_clear(&words[i]);
	free(words);
	free(parties);
	return err;
}

enum consign_err
cmd_study_close(const struct args *args)
{
	const struct policy_edit edit = {.kind = POLICY_CLOSE_STUDY, .study = args->words[0]};

	return policy_change_run(args, &edit);
}

/* ── list ── */

/* As --party takes it: acme:sponsor:restricted. */
static void
put_party(struct buf *cell, const struct policy_party *p, enum consign_err *err)
{
	for (size_t i = 0; *err == CONSIGN_OK && i < p->roles.n; i++)
		*err = buf_printf(cell, "%s%s", i == 0 ? "" : ",", policy_role_text(p->roles.v[i]));
	if (*err == CONSIGN_OK && p->clearance != CONSIGN_LABEL_OPEN)
		*err = buf_printf(cell, ":%s", consign_label_text((enum consign_label)p->clearance));
}

static enum consign_err
print_studies(const struct policy_view *view)
{
	static const char *const headings[] = {"STUDY", "TITLE", "PARTIES"};
	struct table t = {.headings = headings, .columns = 3};
	char shown[PRINT_SHOWN_BYTES], title[CONSIGN_TEXT_MAX_BYTES + 1];
	struct buf cell = {0};
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < view->n_studies; i++) {
		const struct policy_study *s = view->studies[i];

		buf_reset(&cell);
		for (size_t k = 0; err == CONSIGN_OK && k < s->parties.n; k++) {
			err = buf_printf(&cell, "%s%s:", k == 0 ? "" : " ", s->parties.v[k]->org.s);
			put_party(&cell, s->parties.v[k], &err);
		}
		if (err == CONSIGN_OK)
			err = buf_append_u8(&cell, '\0');
		if (err != CONSIGN_OK)
			break;
		table_put(&t, s->id.s);
		snprintf(title, sizeof title, "%.*s", (int)s->title.len, (const char *)s->title.data);
		table_put(&t, s->title.len > 0 ? text_shown(title, shown) : "-");
		table_put(&t, (const char *)cell.data);
	}
	if (err == CONSIGN_OK)
		err = table_print(&t);
	buf_clear(&cell);
	table_clear(&t);
	return err;
}

static json_t *
json_parties(const struct policy_study *s)
{
	json_t *parties = json_array();

	for (size_t i = 0; i < s->parties.n; i++) {
		const struct policy_party *p = s->parties.v[i];
		json_t *roles = json_array();

		for (size_t k = 0; k < p->roles.n; k++)
			json_array_append_new(roles, json_string(policy_role_text(p->roles.v[k])));
		json_array_append_new(parties, json_pack("{s:s, s:o, s:s}", "org", p->org.s, "roles", roles, "clearance",
					       consign_label_text((enum consign_label)p->clearance)));
	}
	return parties;
}

enum consign_err
cmd_study_list(const struct args *args)
{
	struct policy_source source = {0};
	enum consign_err err = policy_source_open(args, &source);

	if (err != CONSIGN_OK)
		return err;
	if (!args_has(args, "json"))
		err = print_studies(&source.view);
	for (size_t i = 0; args_has(args, "json") && err == CONSIGN_OK && i < source.view.n_studies; i++) {
		const struct policy_study *s = source.view.studies[i];
		json_t *json = json_pack("{s:s, s:o, s:o}", "id", s->id.s, "title", json_slice(s->title), "parties", json_parties(s));

		err = print_json(&json);
	}
	if (err != CONSIGN_OK)
		say_error("%s", consign_err_text(err));
	policy_source_close(&source);
	return err;
}
