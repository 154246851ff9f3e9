/* Which command a peer may send in which state. Absent means refused (PROTOCOL.md 7.2, compared by a test). */
#include "session.h"

#include <string.h>

#define IN(state) (1u << SESSION_##state)

static const struct session_rule rules[] = {
    {"open", IN(NEW)},
    {"hello", IN(CHALLENGED)},
    {"submit", IN(AGENT)},
    {"release", IN(AGENT)},
    {"delivered", IN(AGENT)},
    {"confirm", IN(AGENT)},
    {"credit", IN(AGENT)},
    {"freshness", IN(AGENT)},
    {"fetch", IN(AGENT) | IN(ADMIN)},
    {"publish", IN(AGENT) | IN(ADMIN)},
    {"invite", IN(ADMIN)},
    {"joins_query", IN(ADMIN)},
    {"propose", IN(ADMIN)},
    {"decide", IN(ADMIN)},
    {"proposals_query", IN(ADMIN)},
    {"admin_watch", IN(ADMIN)},
    {"traffic_query", IN(ADMIN)},
    {"quotas_query", IN(ADMIN)},
    {"join", IN(JOINING)},
    {"ping", IN(AGENT) | IN(ADMIN) | IN(JOINING)},
    {"bye", IN(CHALLENGED) | IN(AGENT) | IN(ADMIN) | IN(JOINING)},
};

const struct session_rule *
session_rules(size_t *ret_n)
{
	*ret_n = sizeof rules / sizeof *rules;
	return rules;
}

bool
session_allows(enum session_state state, const char *command)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (strcmp(rules[i].command, command) == 0)
			return (rules[i].states & 1u << state) != 0;
	return false;
}

const char *
session_state_text(enum session_state state)
{
	static const char *const names[SESSION_STATES] = {"new", "challenged", "agent", "admin", "joining"};

	return (unsigned)state < SESSION_STATES ? names[state] : "none";
}
