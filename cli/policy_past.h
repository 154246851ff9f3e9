/*
 * A message of the past as a question: who sent it to whom, when the hub decided about it, under which policy. An
 * administrator asks the broker, a company its agent, which knows what this company sent and received.
 *
 * Functions here say what is wrong before they return an error.
 */
#ifndef CLI_POLICY_PAST_H
#define CLI_POLICY_PAST_H

#include "policy_pick.h"

struct past_consignee {
	struct consign_org org;
	enum consign_code code;                /* of the refusal or rejection; NONE: accepted */
	bool is_rejected;                      /* by this consignee, after the hub had accepted it; an administrator's home does not know */
	char rule[CONSIGN_RULE_MAX_BYTES + 1]; /* that refused it; may be empty */
};

struct past {
	char id[CONSIGN_MESSAGE_ID_TEXT_BYTES];
	struct consign_org consignor;
	struct consign_study study;
	struct consign_type type;
	enum consign_label label;
	uint64_t at_us;
	struct past_consignee consignees[CONSIGN_CONSIGNEES_MAX];
	size_t n;
};

/*
 * ret_pick   the policy that was in force then; end with pick_clear
 * Errors: NOT_FOUND (no such message here, or not decided yet), those of the policy's source
 */
CONSIGN_MUST_CHECK enum consign_err past_find(
    struct policy_shelf *shelf, const char *id, struct past *ret_past, struct policy_pick *ret_pick);

#endif
