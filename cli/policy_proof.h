/*
 * Why: the steps of docs/POLICY.md 3 for one question, each with what was found and whether it lets the message pass, and
 * the rules that were looked at with what of them fits. Worked out here anew, slowly and obviously, from the parts of the
 * policy; the engine's verdict stands beside it, and must be the same. Pure.
 */
#ifndef CLI_POLICY_PROOF_H
#define CLI_POLICY_PROOF_H

#include "policy_view.h"
#include "policy/policy.h"

#define PROOF_WORDS_BYTES 320
/* Rules that are shown of one effect; the others are counted. */
#define PROOF_RULES_MAX 64u

enum proof_mark { PROOF_HOLDS = 1, PROOF_FAILS, PROOF_OPEN }; /* ✓, ✗, not reached */

/* A rule that speaks of the type, and what else of it fits the question. */
struct proof_rule {
	const struct policy_rule *rule;
	const struct policy_study *study; /* in whose part it stands; NULL: the common part */
	bool fits_label, fits_from, fits_to, fits_time, fits_size;
	bool matches; /* all of them */
};

struct proof_rules {
	struct proof_rule v[PROOF_RULES_MAX]; /* those that match first, then in the order of the file */
	size_t n;
	size_t n_matching;
	size_t n_more;   /* that speak of the type, beyond these */
	size_t n_others; /* that speak of other types */
};

struct proof_step {
	const char *what; /* "study and consignor" */
	enum proof_mark mark;
	char words[PROOF_WORDS_BYTES];
};

enum proof_steps { STEP_CONSIGNOR, STEP_CONSIGNEE, STEP_CLEARANCE, STEP_FORBIDS, STEP_PERMITS, STEP_MEMBERS, PROOF_STEPS };

struct policy_proof {
	struct proof_step steps[PROOF_STEPS];
	struct proof_rules forbids;
	struct proof_rules permits;
	enum consign_code code; /* that the steps come to, without the members' */
	const char *rule;       /* "" none */
};

/* What the directory says of the two; NULL: unknown here, so nothing is said. */
struct proof_members {
	bool is_known; /* false: the step stays open */
	const struct member *consignor;
	const struct member *consignee;
};

/*
 * view   the parts that the question is about
 * ret    points into view; its steps are filled to the last
 */
void proof_make(const struct policy_view *view, const struct policy_question *q, const struct proof_members *members, struct policy_proof *ret_proof);
/* The refusal that the directory adds when the policy permits: NONE, ORG_UNKNOWN, ORG_SUSPENDED, COMPROMISED. */
enum consign_code proof_member_code(const struct member *member);
/* A rule as it stands in the policy's file; when there is none, as the language would write it. Appends lines. */
CONSIGN_MUST_CHECK enum consign_err proof_rule_text(const struct policy_view *view, const struct proof_rule *rule, struct buf *out);
/* For people: the tree, with ✓ and ✗ (plain: + and -). */
CONSIGN_MUST_CHECK enum consign_err proof_format(const struct policy_view *view, const struct policy_proof *proof, struct buf *out);
/* A list of steps; NULL: no memory. */
json_t *proof_json(const struct policy_view *view, const struct policy_proof *proof);

#endif
