/* `consign inbox`, `consign ack`: received messages, as the agent keeps them. */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_call.h"
#include "core/limits.h"
#include "core/text.h"
#include "home.h"
#include "print.h"

/* Messages asked for at a time: a reply stays small whatever the inbox holds. */
#define PAGE_MESSAGES 512u
#define SUBSCRIPTION "default"

static const char *const inbox_headings[] = {"id", "consignor", "study", "type", "label", "received", "size", "acked"};

static void
put_message(const struct consign_message *m, struct table *table)
{
	char received[PRINT_TIME_BYTES];

	table_put(table, m->id);
	table_put(table, m->consignor);
	table_put(table, m->study);
	table_put(table, m->type);
	table_put(table, consign_label_text(m->label));
	table_put(table, time_text(m->received_us, received));
	table_putf(table, "%llu", (unsigned long long)m->size_bytes);
	table_put(table, m->is_acked ? "yes" : "no");
}

static enum consign_err
print_page(const struct consign_reply *reply, struct table *table, bool as_json)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < reply->n_messages; i++) {
		if (as_json) {
			json_t *json = json_message(&reply->messages[i], false);

			err = print_json(&json);
		} else {
			put_message(&reply->messages[i], table);
		}
	}
	return err == CONSIGN_OK ? table->err : err;
}

static enum consign_err
read_filter(const struct args *args, struct consign_inbox_filter *filter, uint64_t *ret_limit)
{
	char problem[ARGS_PROBLEM_BYTES];

	filter->type = args_value(args, "type");
	filter->study = args_value(args, "study");
	filter->unacked = args_has(args, "unacked");
	if (args_number(args, "limit", 1, UINT32_MAX, ret_limit, problem) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "%s", problem);
	if (filter->type != NULL && !text_is(CHARSET_GLOB, slice_text(filter->type)))
		return say_fail(CONSIGN_E_USAGE, "--type %s: expected a type in which * may stand for anything", filter->type);
	if (filter->study != NULL && !text_is(CHARSET_STUDY, slice_text(filter->study)))
		return say_fail(CONSIGN_E_USAGE, "--study %s: expected letters, digits, dots, - and _", filter->study);
	return CONSIGN_OK;
}

static enum consign_err
list(struct consign_client *client, struct consign_inbox_filter *filter, uint64_t limit, struct table *table, bool as_json)
{
	char after[CONSIGN_MESSAGE_ID_TEXT_BYTES];

	for (uint64_t left = limit;;) {
		const struct consign_reply *reply;
		uint64_t number = 0;

		filter->limit = limit != 0 && left < PAGE_MESSAGES ? (uint32_t)left : PAGE_MESSAGES;
		enum consign_err err = consign_client_post_inbox(client, filter, &number);

		err = agent_reply(client, err, number, CONSIGN_REPLY_INBOX, &reply);
		if (err != CONSIGN_OK)
			return err;
		err = print_page(reply, table, as_json);
		bool is_last = !reply->has_more || reply->n_messages == 0;

		if (!is_last) {
			snprintf(after, sizeof after, "%s", reply->messages[reply->n_messages - 1].id);
			filter->after = after;
		}
		left -= reply->n_messages < left ? reply->n_messages : left;
		consign_reply_free(&reply);
		if (err != CONSIGN_OK)
			return say_lost_output();
		if (is_last || (limit != 0 && left == 0))
			return CONSIGN_OK;
	}
}

enum consign_err
cmd_inbox(const struct args *args)
{
	struct table table = {.headings = inbox_headings, .columns = sizeof inbox_headings / sizeof inbox_headings[0]};
	struct consign_inbox_filter filter = {0};
	struct consign_client *client = NULL;
	struct home home = {0};
	uint64_t limit = 0;
	enum consign_err err = read_filter(args, &filter, &limit);

	if (err == CONSIGN_OK)
		err = home_open(args, HOME_COMPANY, &home);
	if (err == CONSIGN_OK)
		err = home_agent(&home, &client);
	if (err == CONSIGN_OK)
		err = list(client, &filter, limit, &table, args_has(args, "json"));
	if (err == CONSIGN_OK && !args_has(args, "json"))
		err = table_print(&table);
	table_clear(&table);
	consign_client_close(&client);
	home_clear(&home);
	return err;
}

/* ── ack ── */

static enum consign_err
check_id(const char *id)
{
	struct consign_message_id parsed;

	if (message_id_parse(slice_text(id), &parsed) == CONSIGN_OK)
		return CONSIGN_OK;
	return say_fail(CONSIGN_E_USAGE, "%s is no message id", id);
}

enum consign_err
cmd_ack(const struct args *args)
{
	struct consign_client *client = NULL;
	struct home home = {0};
	enum consign_err err = CONSIGN_OK;
	size_t acked = 0;

	for (size_t i = 0; err == CONSIGN_OK && i < args->n_words; i++)
		err = check_id(args->words[i]);
	if (err == CONSIGN_OK)
		err = home_open(args, HOME_COMPANY, &home);
	if (err == CONSIGN_OK)
		err = home_agent(&home, &client);
	for (size_t at = 0; err == CONSIGN_OK && at < args->n_words;) {
		size_t n = args->n_words - at < CONSIGN_LOCAL_MESSAGES_MAX ? args->n_words - at : CONSIGN_LOCAL_MESSAGES_MAX;
		const struct consign_reply *reply;
		uint64_t number = 0;

		err = consign_client_post_ack(client, SUBSCRIPTION, args->words + at, n, &number);
		err = agent_reply(client, err, number, CONSIGN_REPLY_ACK, &reply);
		if (err == CONSIGN_OK) {
			acked += reply->acked;
			consign_reply_free(&reply);
		}
		at += n;
	}
	if (err == CONSIGN_OK)
		say_note("%zu acknowledged", acked);
	consign_client_close(&client);
	home_clear(&home);
	return err;
}
