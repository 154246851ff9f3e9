/* Recorded traffic under another policy: what it would have refused, what it would have permitted. Pure. */
#ifndef CLI_POLICY_SIMULATE_H
#define CLI_POLICY_SIMULATE_H

#include <jansson.h>

#include "policy/policy.h"
#include "wire/session_wire.h"

/* Messages alike, for which the policy decides otherwise than it was decided. */
struct simulated {
	struct traffic_row row; /* as it was; newest id and time of them */
	enum consign_code code; /* as it would be; NONE: permitted */
	char rule[CONSIGN_RULE_MAX_BYTES + 1];
};

struct simulation {
	const struct policy *policy;
	struct simulated *v; /* those to be refused first, then by count */
	size_t n, cap;
	uint64_t asked;     /* messages */
	uint64_t refused;   /* of them: accepted then, refused by this policy */
	uint64_t permitted; /* refused by the policy then, permitted by this one */
};

/* Asks about a page of rows. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err simulation_take(struct simulation *s, struct traffic_row *const *rows, size_t n);
/* Puts what is alike on several pages together, in order. */
void simulation_end(struct simulation *s);
void simulation_clear(struct simulation *s);
json_t *simulated_json(const struct simulated *x);

#endif
