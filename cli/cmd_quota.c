/* `consign quota …`: what organisations may send and keep waiting, and what may be sent in a study. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "core/text.h"
#include "policy/units.h"
#include "policy_change.h"
#include "print.h"
#include "quota_view.h"

/* ── set and clear ── */

static enum consign_err
take_owner(const struct args *args, struct policy_edit_quota *quota)
{
	quota->org = args_value(args, "org");
	quota->study = args_value(args, "study");
	if (quota->org != NULL || quota->study != NULL)
		return CONSIGN_OK;
	say_error("whose quota?");
	say_hint("say --org ORG, --study ID, or both");
	return CONSIGN_E_USAGE;
}

enum consign_err
cmd_quota_set(const struct args *args)
{
	struct policy_edit edit = {.kind = POLICY_SET_QUOTA,
	    .quota = {.messages = args_value(args, "messages"),
		.bytes = args_value(args, "bytes"),
		.mailbox_consignments = args_value(args, "mailbox-consignments"),
		.mailbox_bytes = args_value(args, "mailbox-bytes")}};
	const struct policy_edit_quota *q = &edit.quota;
	enum consign_err err = take_owner(args, &edit.quota);

	if (err != CONSIGN_OK)
		return err;
	if (q->messages == NULL && q->bytes == NULL && q->mailbox_consignments == NULL && q->mailbox_bytes == NULL) {
		say_error("which quota?");
		say_hint("say --messages, --bytes, --mailbox-consignments or --mailbox-bytes, such as --messages 500/h");
		return CONSIGN_E_USAGE;
	}
	return policy_change_run(args, &edit);
}

enum consign_err
cmd_quota_clear(const struct args *args)
{
	struct policy_edit edit = {.kind = POLICY_CLEAR_QUOTA};
	enum consign_err err = take_owner(args, &edit.quota);

	return err == CONSIGN_OK ? policy_change_run(args, &edit) : err;
}

/* ── list ── */

/* "12 of LIMIT", or "-" when there is no limit. */
static void
put_use(struct table *t, uint64_t used, bool is_bytes, bool is_limited, const char *limit)
{
	char now[UNITS_TEXT_BYTES];

	if (is_bytes)
		units_store_format(used, now);
	else
		snprintf(now, sizeof now, "%llu", (unsigned long long)used);
	if (is_limited)
		table_putf(t, "%s of %s", now, limit);
	else
		table_put(t, "-");
}

static void
put_rate(struct table *t, uint64_t used, uint64_t amount, uint64_t us, bool is_bytes)
{
	char limit[UNITS_TEXT_BYTES];

	units_rate_format(amount, us, is_bytes, limit);
	put_use(t, used, is_bytes, amount != 0, limit);
}

static void
put_amount(struct table *t, uint64_t used, uint64_t amount, bool is_bytes)
{
	char limit[UNITS_TEXT_BYTES];

	if (is_bytes)
		units_store_format(amount, limit);
	else
		snprintf(limit, sizeof limit, "%llu", (unsigned long long)amount);
	put_use(t, used, is_bytes, amount != 0, limit);
}

static void
put_row(struct table *t, const struct quota_row *row)
{
	const struct policy_quota *q = row->quota;
	char owner[QUOTA_OWNER_BYTES];

	quota_view_owner(q->org.s, q->study.s, owner);
	table_put(t, owner);
	put_rate(t, row->used_messages, q->messages, q->messages_us, false);
	put_rate(t, row->used_bytes, q->bytes, q->bytes_us, true);
	put_amount(t, row->waiting_consignments, q->mailbox_consignments, false);
	put_amount(t, row->waiting_bytes, q->mailbox_bytes, true);
	table_put(t, row->is_own ? "policy" : "hub");
}

static json_t *
row_json(const struct quota_row *row)
{
	json_t *json = quota_view_json(row->quota);

	if (json != NULL) {
		json_object_set_new(json, "used_messages", json_integer((json_int_t)row->used_messages));
		json_object_set_new(json, "used_bytes", json_integer((json_int_t)row->used_bytes));
		json_object_set_new(json, "waiting_consignments", json_integer((json_int_t)row->waiting_consignments));
		json_object_set_new(json, "waiting_bytes", json_integer((json_int_t)row->waiting_bytes));
		json_object_set_new(json, "by", json_string(row->is_own ? "policy" : "hub"));
	}
	return json;
}

enum consign_err
cmd_quota_list(const struct args *args)
{
	static const char *const headings[] = {"QUOTA OF", "MESSAGES", "BYTES", "WAITING", "WAITING BYTES", "BY"};
	const char *org = args_value(args, "org"), *study = args_value(args, "study");
	struct table t = {.headings = headings, .columns = 6};
	const struct session_quotas_reply *reply = NULL;
	bool is_json = args_has(args, "json");
	struct admin_desk desk = {0};
	uint32_t from = 0;

	if ((org != NULL && !text_is(CHARSET_ORG, slice_text(org))) || (study != NULL && !text_is(CHARSET_STUDY, slice_text(study))))
		return say_fail(CONSIGN_E_USAGE, "%s is no id", org != NULL && !text_is(CHARSET_ORG, slice_text(org)) ? org : study);
	enum consign_err err = admin_open(args, &desk);

	if (err != CONSIGN_OK)
		return err;
	do {
		err = hub_session_quotas(desk.session, org == NULL ? "" : org, study == NULL ? "" : study, from, &reply);
		for (size_t i = 0; err == CONSIGN_OK && i < reply->rows.n; i++) {
			json_t *json = is_json ? row_json(reply->rows.v[i]) : NULL;

			if (is_json)
				err = print_json(&json);
			else
				put_row(&t, reply->rows.v[i]);
		}
		from = err == CONSIGN_OK ? reply->next : 0;
	} while (from != 0);
	if (err == CONSIGN_OK && !is_json && (err = table_print(&t)) != CONSIGN_OK)
		say_error("%s", consign_err_text(err));
	table_clear(&t);
	admin_close(&desk);
	return err;
}
