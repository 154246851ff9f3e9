/* consign-agent: the start-up story. Refuses to start rather than start insecure. */
#include <string.h>

#include "agent.h"
#include "core/log.h"
#include "core/start.h"
#include "core/text.h"

static const char *const known_keys[] = {"hub_id", "hub_name", "endpoint", "broker_transport_key", "party", "name", "root_version", "root_hash",
    "socks_proxy", "log_format", "log_level", NULL};

static int
run(struct start *s)
{
	struct agent_options options = {.home = s->home, .keys = &s->keys};
	const char *name = config_get(s->config, "name"), *party = config_get(s->config, "party");
	struct agent *agent;
	char problem[256];

	if (party == NULL || strcmp(party, "agent") != 0)
		return start_fail(s, "this is not a company's home", "`consign join FILE --home DIR` makes one; an administrator's home has no agent");
	if (name == NULL || strlen(name) > CONSIGN_ORG_MAX_BYTES || !text_is(CHARSET_ORG, slice_text(name))
	    || config_hex(s->config, "hub_id", options.hub_id.b, sizeof options.hub_id.b) != CONSIGN_OK
	    || config_hex(s->config, "broker_transport_key", options.broker_transport_key.b, sizeof options.broker_transport_key.b) != CONSIGN_OK
	    || config_get(s->config, "endpoint") == NULL)
		return start_fail(s, "config.yaml: name, hub_id, broker_transport_key and endpoint must be there and well-formed", NULL);
	if (config_u64(s->config, "root_version", 1, INT64_MAX, 0, &options.invited_root.version) != CONSIGN_OK
	    || (options.invited_root.version > 0
	        && config_hex(s->config, "root_hash", options.invited_root.hash.b, sizeof options.invited_root.hash.b) != CONSIGN_OK))
		return start_fail(s, "config.yaml: root_version and root_hash must be those of the invite", NULL);
	memcpy(options.org.s, name, strlen(name) + 1);
	options.endpoint = config_get(s->config, "endpoint");
	options.socks_proxy = config_get(s->config, "socks_proxy");
	int status = start_commit(s);

	if (status >= 0)
		return status;
	enum consign_err err = agent_open(&options, &agent, problem);

	if (err != CONSIGN_OK)
		return start_fail(s, problem, err == CONSIGN_E_SCHEMA_VERSION ? "this store was written by a newer consign-agent" : consign_err_text(err));
	log_event(LOG_INFO, "agent.started", "org", "s", options.org.s, "endpoint", "s", options.endpoint, "home", "s", s->home, NULL);
	agent_run(agent);
	agent_close(&agent);
	log_event(LOG_INFO, "agent.stopped", NULL);
	return 0;
}

int
main(int argc, char **argv)
{
	struct start s = {.program = "consign-agent", .about_home = "the company's home, made by `consign join FILE`", .key_file = "keys/agent.key",
	    .known_keys = known_keys};
	int status = start_begin(&s, argc, argv);

	if (status < 0)
		status = run(&s);
	start_clear(&s);
	return status;
}
