/* consign-agent: the start-up story. Refuses to start rather than start insecure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "core/file.h"
#include "core/log.h"
#include "core/start.h"
#include "core/text.h"
#include "policy/profile.h"

static const char *const known_keys[] = {"hub_id", "hub_name", "endpoint", "broker_transport_key", "party", "name", "root_version", "root_hash",
    "socks_proxy", "confine", "log_format", "log_level", NULL};

/*
 * HOME/profile.yaml, when there is one. One that cannot be read stops the start: an alarm that is missing because of a
 * slip of the pen would be missed when it is needed.
 * Returns -1 to go on.
 */
static int
read_profile(const struct start *s, struct arena *arena, struct profile **ret_profile)
{
	char *path = path_join(s->home, "profile.yaml"), problem[1024];
	struct policy_file_error where;
	struct buf text = {0};
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : file_read(path, PROFILE_MAX_BYTES, &text);
	int status = -1;

	if (err == CONSIGN_OK)
		err = profile_read(buf_slice(&text), arena, ret_profile, &where);
	if (err == CONSIGN_E_CONFIG)
		snprintf(problem, sizeof problem, "%s:%zu:%zu: %s", path, where.line, where.column, where.text);
	else
		snprintf(problem, sizeof problem, "%s: %s", path != NULL ? path : "profile.yaml", consign_err_text(err));
	if (err != CONSIGN_OK && err != CONSIGN_E_NOT_FOUND)
		status = start_fail(s, problem, "put it right, or move it away: without a profile "
		                                "the agent does everything but its default subscriptions and alarms");
	buf_clear(&text);
	free(path);
	return status;
}

static int
run_agent(const struct start *s, const struct agent_options *options)
{
	struct agent *agent;
	char problem[256];
	enum consign_err err = agent_open(options, &agent, problem);

	if (err != CONSIGN_OK)
		return start_fail(s, problem, err == CONSIGN_E_SCHEMA_VERSION ? "this store was written by a newer consign-agent" : consign_err_text(err));
	log_event(LOG_INFO, "agent.started", "org", "s", options->org.s, "endpoint", "s", options->endpoint, "home", "s", s->home, "profile", "s",
	    options->profile != NULL ? policy_role_text(options->profile->role) : "none", NULL);
	agent_run(agent);
	agent_close(&agent);
	log_event(LOG_INFO, "agent.stopped", NULL);
	return 0;
}

static int
run(struct start *s)
{
	struct agent_options options = {.home = s->home, .keys = &s->keys};
	const char *name = config_get(s->config, "name"), *party = config_get(s->config, "party");
	struct profile *profile = NULL;
	struct arena *arena;

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
	if (arena_new(PROFILE_ARENA_BYTES, &arena) != CONSIGN_OK)
		return start_fail(s, "out of memory", NULL);
	int status = read_profile(s, arena, &profile);

	options.profile = profile;
	if (status < 0)
		status = start_commit(s);
	if (status < 0)
		status = run_agent(s, &options);
	arena_free(&arena);
	return status;
}

int
main(int argc, char **argv)
{
	struct start s = {.program = "consign-agent", .about_home = "the company's home, made by `consign join FILE`", .key_file = "keys/agent.key",
	    .known_keys = known_keys, .confinement = {.no_listen = true}, .unreadable = true};
	int status = start_begin(&s, argc, argv);

	if (status < 0)
		status = run(&s);
	start_clear(&s);
	return status;
}
