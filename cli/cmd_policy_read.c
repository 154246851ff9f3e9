/* `consign policy show` and `consign policy history`: the policy in force, older ones, and what changed between them. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "policy_changes.h"
#include "policy_pick.h"
#include "print.h"

/* ── show ── */

/* What is known of a version beside its text: to stderr, so that the text alone goes into a file. */
static void
say_head(const struct policy_shelf *shelf, const struct policy_pick *pick)
{
	const struct hub *hub = shelf_hub(shelf);
	char time[PRINT_TIME_BYTES], names[SIGNERS_BYTES], reason[PRINT_SHOWN_BYTES], text[CONSIGN_TEXT_MAX_BYTES + 1], hash[PRINT_HASH_BYTES];

	if (hub == NULL || pick->since == NULL)
		return;
	const struct root *root = pick->since->root;

	(void)snprintf(text, sizeof text, "%.*s", (int)pick->view.reason.len, (const char *)pick->view.reason.data);
	say_note("policy %llu (%s), in force since %s (root %llu), signed by %s%s%s", (unsigned long long)pick->view.version,
	    hash_text(&root->policy->hash, hash), time_text(root->created_us, time), (unsigned long long)root->version, root_signers(hub, pick->since, names),
	    text[0] != '\0' ? ": " : "", text_shown(text, reason));
}

static enum consign_err
print_policy_json(const struct policy_shelf *shelf, const struct policy_pick *pick)
{
	const struct hub *hub = shelf_hub(shelf);
	json_t *json = policy_view_json(&pick->view);

	if (json != NULL && hub != NULL && pick->since != NULL) {
		json_object_set_new(json, "hash", json_hash(&pick->since->root->policy->hash));
		json_object_set_new(json, "since", json_time(pick->since->root->created_us));
		json_object_set_new(json, "root", json_integer((json_int_t)pick->since->root->version));
		json_object_set_new(json, "signed_by", root_signers_json(hub, pick->since));
	}
	return print_json(&json);
}

enum consign_err
cmd_policy_show(const struct args *args)
{
	struct policy_shelf shelf = {.args = args};
	struct policy_pick pick = {0};
	struct buf text = {0};
	uint64_t at_us;
	enum consign_err err = pick_option(&shelf, &pick, &at_us);

	if (err == CONSIGN_OK) {
		if (args_has(args, "json")) {
			err = print_policy_json(&shelf, &pick);
		} else if (pick.view.source.len > 0) {
			err = print_bytes(pick.view.source);
		} else {
			err = policy_view_format(&pick.view, &text);
			if (err == CONSIGN_OK)
				err = print_bytes(buf_slice(&text));
		}
		if (err != CONSIGN_OK)
			say_error("%s", consign_err_text(err));
		else if (!args_has(args, "json") && (args_has(args, "version") || args_has(args, "at")))
			say_head(&shelf, &pick);
	}
	buf_clear(&text);
	pick_clear(&pick);
	shelf_close(&shelf);
	return err;
}

/* ── history ── */

#define HISTORY_DEFAULT 20u
#define HISTORY_MAX 1000u

struct history_row {
	const struct hub_root *since;
	uint64_t version;
	const struct consign_hash *hash;
	struct policy_changes changes;
	bool has_changes;
};

/* What a version changed against the one before it; the first one changed everything. */
static enum consign_err
fill_row(struct policy_shelf *shelf, uint64_t version, struct policy_pick *newer, struct history_row *row)
{
	struct policy_pick older = {0};
	const struct hub *hub = shelf_hub(shelf);
	enum consign_err err = version > 1 ? pick_version(shelf, version - 1, &older) : CONSIGN_OK;

	if (err == CONSIGN_OK)
		err = policy_changes_count(&older.view, &newer->view, &row->changes);
	row->since = root_first_with_policy(hub, version);
	row->version = version;
	row->hash = &row->since->root->policy->hash;
	row->has_changes = err == CONSIGN_OK;
	pick_clear(newer);
	*newer = older;
	return err == CONSIGN_E_NOT_FOUND ? CONSIGN_OK : err; /* the change is unknown, what the root says is not */
}

static json_t *
count_json(const struct change_count *c)
{
	return json_pack("{s:I, s:I, s:I}", "added", (json_int_t)c->added, "removed", (json_int_t)c->removed, "changed",
	    (json_int_t)c->changed);
}

static enum consign_err
print_row_json(const struct hub *hub, const struct history_row *row)
{
	json_t *json = json_pack("{s:I, s:o, s:I, s:o, s:o, s:o}", "version", (json_int_t)row->version, "hash", json_hash(row->hash), "root",
	    (json_int_t)row->since->root->version, "since", json_time(row->since->root->created_us), "signed_by",
	    root_signers_json(hub, row->since), "reason", json_slice(row->since->root->reason));

	if (json != NULL) {
		json_object_set_new(json, "studies", row->has_changes ? count_json(&row->changes.studies) : json_null());
		json_object_set_new(json, "rules", row->has_changes ? count_json(&row->changes.rules) : json_null());
	}
	return print_json(&json);
}

/* "+1 -2 ~3"; "-" nothing. */
static void
put_count(struct table *table, const struct history_row *row, const struct change_count *c)
{
	char text[96];
	int at = 0;

	text[0] = '\0';
	if (c->added > 0)
		at += snprintf(text + at, sizeof text - (size_t)at, "%s+%zu", at > 0 ? " " : "", c->added);
	if (c->removed > 0)
		at += snprintf(text + at, sizeof text - (size_t)at, "%s-%zu", at > 0 ? " " : "", c->removed);
	if (c->changed > 0)
		at += snprintf(text + at, sizeof text - (size_t)at, "%s~%zu", at > 0 ? " " : "", c->changed);
	table_put(table, !row->has_changes ? "?" : at == 0 ? "-" : text);
}

static void
put_row(const struct hub *hub, const struct history_row *row, struct table *table)
{
	char time[PRINT_TIME_BYTES], names[SIGNERS_BYTES], shown[PRINT_SHOWN_BYTES], reason[CONSIGN_TEXT_MAX_BYTES + 1], hash[PRINT_HASH_BYTES];

	table_putf(table, "%llu", (unsigned long long)row->version);
	table_put(table, hash_text(row->hash, hash));
	table_put(table, time_text(row->since->root->created_us, time));
	table_putf(table, "%llu", (unsigned long long)row->since->root->version);
	table_put(table, root_signers(hub, row->since, names));
	put_count(table, row, &row->changes.studies);
	put_count(table, row, &row->changes.rules);
	(void)snprintf(reason, sizeof reason, "%.*s", (int)row->since->root->reason.len, (const char *)row->since->root->reason.data);
	table_put(table, text_shown(reason, shown));
}

static enum consign_err
print_history(struct policy_shelf *shelf, uint64_t limit)
{
	static const char *const headings[] = {"policy", "hash", "since", "root", "signed by", "studies", "rules", "reason"};
	struct table table = {.headings = headings, .columns = sizeof headings / sizeof headings[0]};
	const struct hub *hub = shelf_hub(shelf);
	uint64_t newest = hub_root(hub)->root->policy->version;
	struct policy_pick newer = {0};
	enum consign_err err = pick_in_force(shelf, &newer);

	for (uint64_t v = newest; err == CONSIGN_OK && v > 0 && newest - v < limit; v--) {
		struct history_row row = {0};

		err = fill_row(shelf, v, &newer, &row);
		if (err == CONSIGN_OK && args_has(shelf->args, "json"))
			err = print_row_json(hub, &row);
		else if (err == CONSIGN_OK)
			put_row(hub, &row, &table);
	}
	if (err == CONSIGN_OK)
		err = table_print(&table);
	if (err == CONSIGN_OK && newest > limit && !args_has(shelf->args, "json"))
		say_note("and %llu more: --limit N shows them", (unsigned long long)(newest - limit));
	pick_clear(&newer);
	table_clear(&table);
	return err;
}

enum consign_err
cmd_policy_history(const struct args *args)
{
	struct policy_shelf shelf = {.args = args};
	char problem[ARGS_PROBLEM_BYTES];
	uint64_t limit = HISTORY_DEFAULT;
	enum consign_err err = args_number(args, "limit", 1, HISTORY_MAX, &limit, problem);

	if (err != CONSIGN_OK)
		return say_fail(err, "%s", problem);
	err = shelf_open(&shelf);
	if (err == CONSIGN_OK && shelf_hub(&shelf) == NULL) {
		err = say_fail(CONSIGN_E_USAGE, "a company's home knows the policy in force only, not what was before it");
		say_hint("ask an administrator, who holds every version");
	}
	if (err == CONSIGN_OK) {
		err = print_history(&shelf, limit);
		if (err == CONSIGN_E_IO)
			(void)say_lost_output();
	}
	shelf_close(&shelf);
	return err;
}
