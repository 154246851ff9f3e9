/* `consign policy simulate`: what another policy would have done with the messages that were sent. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/text.h"
#include "policy/units.h"
#include "policy_pick.h"
#include "policy_simulate.h"
#include "print.h"

#define SPAN_DEFAULT "30d"

struct simulating {
	const struct args *args;
	const char *span;
	uint64_t since_us;
	struct policy_shelf shelf;
	struct policy_pick pick;
	struct simulation simulation;
};

static enum consign_err
read_span(struct simulating *s)
{
	uint64_t now_us = clock_wall_us(clock_system()), span_us;

	s->span = args_value(s->args, "last");
	if (s->span == NULL)
		s->span = SPAN_DEFAULT;
	if (units_span_parse(slice_text(s->span), &span_us) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "--last %s: expected " UNITS_WORDS_OF_SPAN, s->span);
	s->since_us = span_us < now_us ? now_us - span_us : 0;
	return CONSIGN_OK;
}

static enum consign_err
open_hub(struct simulating *s)
{
	enum consign_err err = shelf_open(&s->shelf);

	if (err != CONSIGN_OK || shelf_hub(&s->shelf) != NULL)
		return err;
	say_error("what others sent is for administrators only");
	say_hint("`consign policy test` and `consign policy diff` work at a company's home too");
	return CONSIGN_E_USAGE;
}

/* Every page that the broker has. */
static enum consign_err
ask_all(struct simulating *s)
{
	struct hub_session *session = s->shelf.source.desk.session;
	uint64_t from = 0;
	enum consign_err err;

	s->simulation.policy = s->pick.policy;
	do {
		const struct session_traffic_reply *reply;

		err = hub_session_traffic(session, s->since_us, from, NULL, &reply);
		if (err != CONSIGN_OK)
			return err;
		/* A broker that leads in circles is left. */
		if (reply->next != 0 && reply->next <= from)
			return say_fail(CONSIGN_E_MALFORMED, "the broker's pages do not end");
		from = reply->next;
		err = simulation_take(&s->simulation, reply->rows.v, reply->rows.n);
	} while (err == CONSIGN_OK && from != 0);
	simulation_end(&s->simulation);
	return err == CONSIGN_OK ? err : say_fail(err, "%s", consign_err_text(err));
}

static enum consign_err
print_simulation_json(const struct simulating *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->simulation.n; i++)
		json_array_append_new(list, simulated_json(&s->simulation.v[i]));
	json_t *json = json_pack("{s:s, s:o, s:I, s:I, s:I, s:o}", "policy", s->pick.name, "since", json_time(s->since_us), "messages",
	    (json_int_t)s->simulation.asked, "would_be_refused", (json_int_t)s->simulation.refused, "would_be_permitted",
	    (json_int_t)s->simulation.permitted, "changes", list);

	return print_json(&json);
}

static void
put_row(const struct simulated *x, struct table *table)
{
	struct consign_message_id id = {.consignment = x->row.consignment_id, .index = x->row.item};
	char text[CONSIGN_MESSAGE_ID_TEXT_BYTES], time[PRINT_TIME_BYTES];
	bool is_permitted = x->code == CONSIGN_CODE_NONE;

	message_id_format(&id, text);
	table_put(table, is_permitted ? "permitted" : consign_code_text(x->code));
	table_put(table, x->rule[0] != '\0' ? x->rule : "-");
	table_putf(table, "%llu", (unsigned long long)x->row.count);
	table_put(table, x->row.consignor.s);
	table_put(table, x->row.consignee.s);
	table_put(table, x->row.study.s);
	table_put(table, x->row.type.s);
	table_put(table, consign_label_text((enum consign_label)x->row.label));
	table_put(table, text);
	table_put(table, time_text(x->row.at_us, time));
}

static enum consign_err
print_simulation(const struct simulating *s)
{
	static const char *const headings[] = {
	    "would be", "by", "messages", "from", "to", "study", "type", "label", "the newest", "at"};
	struct table table = {.headings = headings, .columns = sizeof headings / sizeof headings[0]};

	printf("%s: of %llu messages of the last %s, %llu would have been refused, %llu that were refused would have been permitted\n",
	    s->pick.name, (unsigned long long)s->simulation.asked, s->span, (unsigned long long)s->simulation.refused,
	    (unsigned long long)s->simulation.permitted);
	for (size_t i = 0; i < s->simulation.n; i++)
		put_row(&s->simulation.v[i], &table);
	enum consign_err err = table_print(&table);

	table_clear(&table);
	return err;
}

/* They change no answer, only when it comes, and what is recorded has no times to tell that from. */
static void
note_amounts(const struct simulating *s)
{
	bool has_rates = policy_has_rates(s->pick.policy), has_quotas = s->pick.view.quotas != NULL;

	if (has_rates || has_quotas)
		say_note("%s has %s, which refuse nothing and make messages wait: that is not simulated", s->pick.name,
		    has_rates && has_quotas ? "rates and quotas" : has_rates ? "rates" : "quotas");
}

enum consign_err
cmd_policy_simulate(const struct args *args)
{
	struct simulating s = {.args = args, .shelf.args = args};
	enum consign_err err = read_span(&s);

	if (err == CONSIGN_OK)
		err = open_hub(&s);
	if (err == CONSIGN_OK)
		err = pick_word(&s.shelf, args->words[0], &s.pick);
	if (err == CONSIGN_OK)
		err = ask_all(&s);
	if (err == CONSIGN_OK && (args_has(args, "json") ? print_simulation_json(&s) : print_simulation(&s)) != CONSIGN_OK)
		err = say_lost_output();
	if (err == CONSIGN_OK)
		note_amounts(&s);
	simulation_clear(&s.simulation);
	pick_clear(&s.pick);
	shelf_close(&s.shelf);
	return err;
}
