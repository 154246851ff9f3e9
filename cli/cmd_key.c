/* `consign key list` and `consign key rotate`: a company's own keys, through its agent. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "client/exchange.h"
#include "core/text.h"
#include "home.h"
#include "print.h"

#define LIST_TIMEOUT_MS 10000u
/* The agent publishes a card, connects again with the new transport key, and commits: under load that may take its time. */
#define ROTATE_TIMEOUT_MS 60000u

static const char *
use_text(uint32_t use)
{
	return use == LOCAL_KEY_SIGNING ? "signing" : use == LOCAL_KEY_SEAL ? "seal" : "transport";
}

static const char *
state_text(uint32_t state)
{
	return state == LOCAL_KEY_CURRENT ? "current" : state == LOCAL_KEY_NEXT ? "next" : "old";
}

static enum consign_err
say_refusal(const struct local_error *e)
{
	say_error("%s%s%.*s", consign_code_text((enum consign_code)e->code), e->detail.len > 0 ? ": " : "", (int)e->detail.len,
	    e->detail.len > 0 ? (const char *)e->detail.data : "");
	if (e->hint.len > 0)
		say_hint("%.*s", (int)e->hint.len, (const char *)e->hint.data);
	return e->retry_class != 0 ? CONSIGN_E_BUSY : CONSIGN_E_DENIED;
}

/* rotate: 0, or which. ret_reply gives. */
static enum consign_err
ask_agent(const struct args *args, uint32_t rotate, uint32_t timeout_ms, struct client_reply **ret_reply)
{
	struct local_keys question = {.rotate = rotate};
	struct consign_client *client = NULL;
	struct client_reply *reply = NULL;
	struct home home = {0};
	uint64_t number;
	enum consign_err err = home_open(args, HOME_COMPANY, &home);

	if (err == CONSIGN_OK)
		err = home_agent(&home, &client);
	if (err == CONSIGN_OK) {
		err = client_post(client, &(struct local_request){.keys = &question}, &number);
		if (err == CONSIGN_OK)
			err = client_take(client, number, timeout_ms, &reply);
		if (err != CONSIGN_OK)
			say_error("the agent did not answer: %s", consign_err_text(err));
		if (err == CONSIGN_E_TIMEOUT && rotate != 0)
			say_hint("it goes on by itself: `consign key list` shows next keys until they are in force");
	}
	consign_client_close(&client);
	home_clear(&home);
	if (err == CONSIGN_OK && reply->wire->keys == NULL)
		err = reply->wire->error != NULL ? say_refusal(reply->wire->error)
						 : say_fail(CONSIGN_E_MALFORMED, "the agent answered something else");
	if (err == CONSIGN_OK)
		*ret_reply = reply;
	else
		client_reply_free(&reply);
	return err;
}

static enum consign_err
put_key(const struct local_key *k, struct table *table, bool as_json)
{
	char id[33], time[PRINT_TIME_BYTES];

	hex_text(k->id.b, sizeof k->id.b, id);
	if (as_json) {
		json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:o}", "use", use_text(k->use), "id", id, "state", state_text(k->state),
		    "created_at", json_time(k->created_us), "until", json_time(k->until_us));

		return print_json(&json);
	}
	table_put(table, use_text(k->use));
	table_put(table, id);
	table_put(table, state_text(k->state));
	table_put(table, time_text(k->created_us, time));
	table_put(table, time_text(k->until_us, time));
	return table->err;
}

static enum consign_err
print_keys(const struct local_keys_reply *r, bool as_json)
{
	static const char *const headings[] = {"use", "id", "state", "made", "until"};
	struct table table = {.headings = headings, .columns = 5};
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < r->keys.n; i++)
		err = put_key(r->keys.v[i], &table, as_json);
	if (err == CONSIGN_OK && !as_json)
		err = table_print(&table);
	table_clear(&table);
	return err;
}

enum consign_err
cmd_key_list(const struct args *args)
{
	struct client_reply *reply = NULL;
	enum consign_err err = ask_agent(args, 0, LIST_TIMEOUT_MS, &reply);

	if (err == CONSIGN_OK)
		err = print_keys(reply->wire->keys, args_has(args, "json"));
	client_reply_free(&reply);
	return err;
}

enum consign_err
cmd_key_rotate(const struct args *args)
{
	static const struct {
		const char *word;
		uint32_t uses;
	} words[] = {{"all", LOCAL_KEYS_ALL}, {"signing", LOCAL_KEY_SIGNING}, {"seal", LOCAL_KEY_SEAL}, {"transport", LOCAL_KEY_TRANSPORT}};
	const char *word = args->n_words > 0 ? args->words[0] : "all";
	struct client_reply *reply = NULL;
	uint32_t uses = 0;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(word, words[i].word) == 0)
			uses = words[i].uses;
	if (uses == 0)
		return say_fail(CONSIGN_E_USAGE, "%s: expected signing, seal, transport or all", word);
	enum consign_err err = ask_agent(args, uses, ROTATE_TIMEOUT_MS, &reply);

	if (err == CONSIGN_OK)
		printf("%s\tcard %llu\n", word, (unsigned long long)reply->wire->keys->card_version);
	client_reply_free(&reply);
	return err;
}
