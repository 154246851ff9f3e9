/*
 * One question to the agent, one answer. Says what is wrong before it returns an error, the agent's own "no" included.
 */
#ifndef CLI_AGENT_CALL_H
#define CLI_AGENT_CALL_H

#include "args.h"
#include "consign/client.h"

#define AGENT_REPLY_TIMEOUT_MS 30000u

/*
 * Waits for the reply to a post; a reply of another kind than wanted is an error.
 * posted     what the post returned: its error is said too
 * ret_reply  gives; end with consign_reply_free
 * Errors: NOT_FOUND, DENIED, BUSY (the agent's no), and as consign_client_wait
 */
CONSIGN_MUST_CHECK enum consign_err agent_reply(struct consign_client *client, enum consign_err posted, uint64_t number,
    enum consign_reply_kind wanted, const struct consign_reply **ret_reply);
/*
 * How things are: at an administrator's by the first; at a company's the facts of its agent, printed by the second.
 */
CONSIGN_MUST_CHECK enum consign_err agent_status(const struct args *args, enum consign_err (*at_admin)(const struct args *args),
    enum consign_err (*print_facts)(const struct consign_reply *reply, bool as_json));
/* Says an agent's "no". */
enum consign_err agent_say_no(const struct consign_reply *reply);

#endif
