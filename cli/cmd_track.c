/* `consign track`: where a message is that this company sent. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "agent_call.h"
#include "business.h"
#include "core/clock.h"
#include "core/text.h"
#include "home.h"
#include "print.h"

/* Not there in time: when it came too late, or has not come and its time is over. */
static bool
is_overdue(const struct consign_track_consignee *c)
{
	bool is_under_way = strcmp(c->state, "accepted") == 0;

	if (c->due_us == 0)
		return false;
	return is_under_way ? clock_wall_us(clock_system()) > c->due_us : c->at_us > c->due_us;
}

static json_t *
consignee_json(const struct consign_track_consignee *c)
{
	json_t *json = json_pack("{s:s, s:s, s:o, s:o}", "org", c->org, "state", c->state, "position",
	    c->position == 0 ? json_null() : json_integer((json_int_t)c->position), "at", json_time(c->at_us));

	if (json != NULL && c->due_us > 0) {
		json_object_set_new(json, "due_at", json_time(c->due_us));
		json_object_set_new(json, "overdue", json_boolean(is_overdue(c)));
	}
	if (json != NULL && c->code != CONSIGN_CODE_NONE) {
		json_object_set_new(json, "code", json_string(consign_code_text(c->code)));
		json_object_set_new(json, "detail", json_string(c->detail));
		if (c->problems.total > 0) {
			json_object_set_new(json, "problems", json_stated_problems(&c->problems));
			json_object_set_new(json, "problems_total", json_integer((json_int_t)c->problems.total));
		}
	}
	return json;
}

static enum consign_err
print_track_json(const struct consign_track *t)
{
	json_t *consignees = json_array();

	for (size_t i = 0; i < t->n_consignees; i++)
		json_array_append_new(consignees, consignee_json(&t->consignees[i]));
	json_t *json =
	    json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:i}", "id", t->id, "state", t->state, "consignees",
		consignees, "refusal", json_refusal_with(t->code, t->rule, t->detail, &t->problems), "study", t->study, "type", t->type, "label",
		consign_label_text(t->label), "created_at", json_time(t->created_us), "accepted_at", json_time(t->accepted_us),
		"leaf", t->has_leaf ? json_integer((json_int_t)t->leaf) : json_null(), "attempt", (int)t->attempt);

	return print_json(&json);
}

static enum consign_err
print_track(const struct consign_track *t)
{
	static const char *const headings[] = {"org", "state", "position", "at", "due", "reason"};
	struct table table = {.headings = headings, .columns = 6};
	char time[PRINT_TIME_BYTES], shown[PRINT_SHOWN_BYTES];

	printf("id        %s\nstate     %s\nstudy     %s\ntype      %s\nlabel     %s\ncreated   %s\n", t->id, t->state, t->study,
	    t->type, t->label == 0 ? "-" : consign_label_text(t->label), time_text(t->created_us, time));
	printf("accepted  %s\n", time_text(t->accepted_us, time));
	if (t->has_leaf)
		printf("leaf      %llu\n", (unsigned long long)t->leaf);
	if (t->code != CONSIGN_CODE_NONE)
		printf("refused   %s rule=%s %s\n", consign_code_text(t->code), t->rule[0] != '\0' ? t->rule : "-", text_shown(t->detail, shown));
	for (size_t i = 0; i < t->n_consignees; i++) {
		const struct consign_track_consignee *c = &t->consignees[i];

		table_put(&table, c->org);
		table_put(&table, c->state);
		if (c->position == 0)
			table_put(&table, "-");
		else
			table_putf(&table, "%llu", (unsigned long long)c->position);
		table_put(&table, time_text(c->at_us, time));
		table_put(&table, c->due_us == 0 ? "-" : time_text(c->due_us, time));
		table_putf(&table, "%s%s%s%s", is_overdue(c) ? "overdue " : "", c->code == CONSIGN_CODE_NONE ? "" : consign_code_text(c->code),
		    c->detail[0] != '\0' ? " " : "", text_shown(c->detail, shown));
	}
	if (t->n_consignees > 0)
		printf("\n");
	enum consign_err err = table_print(&table);

	table_clear(&table);
	if (err == CONSIGN_OK && t->problems.total > 0)
		say_stated_problems(&t->problems);
	for (size_t i = 0; err == CONSIGN_OK && i < t->n_consignees; i++)
		if (t->consignees[i].problems.total > 0) {
			say_note("what %s found wrong:", t->consignees[i].org);
			say_stated_problems(&t->consignees[i].problems);
		}
	return err;
}

enum consign_err
cmd_track(const struct args *args)
{
	struct consign_client *client = NULL;
	const struct consign_reply *reply;
	struct consign_message_id id;
	struct home home = {0};
	uint64_t number = 0;
	enum consign_err err = CONSIGN_OK;

	if (message_id_parse(slice_text(args->words[0]), &id) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "%s is no message id", args->words[0]);
	err = home_open(args, HOME_COMPANY, &home);
	if (err == CONSIGN_OK)
		err = home_agent(&home, &client);
	if (err == CONSIGN_OK) {
		err = consign_client_post_track(client, args->words[0], &number);
		err = agent_reply(client, err, number, CONSIGN_REPLY_TRACK, &reply);
	}
	if (err == CONSIGN_OK) {
		err = args_has(args, "json") ? print_track_json(reply->track) : print_track(reply->track);
		if (err != CONSIGN_OK)
			(void)say_lost_output();
		consign_reply_free(&reply);
	}
	consign_client_close(&client);
	home_clear(&home);
	return err;
}
