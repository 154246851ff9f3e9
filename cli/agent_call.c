/* One question to the agent (agent_call.h). */
#include "agent_call.h"

#include "home.h"
#include "print.h"

enum consign_err
agent_say_no(const struct consign_reply *reply)
{
	say_error("%s%s%s", consign_code_text(reply->code), reply->detail[0] != '\0' ? ": " : "", reply->detail);
	if (reply->hint[0] != '\0')
		say_hint("%s", reply->hint);
	if (reply->code == CONSIGN_CODE_NOT_FOUND)
		return CONSIGN_E_NOT_FOUND;
	return reply->may_retry ? CONSIGN_E_BUSY : CONSIGN_E_DENIED;
}

enum consign_err
agent_reply(struct consign_client *client, enum consign_err posted, uint64_t number, enum consign_reply_kind wanted,
    const struct consign_reply **ret_reply)
{
	const struct consign_reply *reply;
	enum consign_err err = posted;

	if (err == CONSIGN_E_MALFORMED)
		return say_fail(CONSIGN_E_USAGE, "a word of the command is not of the form that it should have");
	if (err == CONSIGN_OK)
		err = consign_client_wait(client, number, AGENT_REPLY_TIMEOUT_MS, &reply);
	if (err == CONSIGN_E_UNREACHABLE)
		return say_fail(err, "the agent ended the connection");
	if (err != CONSIGN_OK)
		return say_fail(err, "the agent did not answer: %s", consign_err_text(err));
	if (reply->kind == wanted) {
		*ret_reply = reply;
		return CONSIGN_OK;
	}
	err = reply->kind == CONSIGN_REPLY_ERROR ? agent_say_no(reply)
						 : say_fail(CONSIGN_E_MALFORMED, "the agent answered something else");
	consign_reply_free(&reply);
	return err;
}

static enum consign_err
company_status(
    const struct home *home, bool as_json, enum consign_err (*print_facts)(const struct consign_reply *reply, bool as_json))
{
	struct consign_client *client = NULL;
	const struct consign_reply *reply;
	uint64_t number = 0;
	enum consign_err err = home_agent(home, &client);

	if (err != CONSIGN_OK)
		return err;
	err = consign_client_post_status(client, &number);
	err = agent_reply(client, err, number, CONSIGN_REPLY_STATUS, &reply);
	if (err == CONSIGN_OK) {
		err = print_facts(reply, as_json);
		consign_reply_free(&reply);
	}
	consign_client_close(&client);
	return err;
}

enum consign_err
agent_status(const struct args *args, enum consign_err (*at_admin)(const struct args *args),
    enum consign_err (*print_facts)(const struct consign_reply *reply, bool as_json))
{
	struct home home = {0};
	enum consign_err err = home_open(args, HOME_ADMIN | HOME_COMPANY, &home);

	if (err != CONSIGN_OK)
		return err;
	err = home.kind == HOME_ADMIN ? at_admin(args) : company_status(&home, args_has(args, "json"), print_facts);
	home_clear(&home);
	return err;
}
