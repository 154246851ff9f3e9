/*
 * Cases: questions with the answers that an administrator expects, kept in a file beside the policy.
 *
 *   - {from: globalcro, to: acme, study: ACME-301, type: trial.query, expect: permit, rule: trial-data-up}
 *   - {from: acme, to: sitecare, study: ACME-301, type: x.lot, label: restricted, expect: CLEARANCE}
 *
 * expect is permit, refuse (with whatever code) or the code of a refusal; rule is the rule that must decide; label is open
 * when left out; at is the time that is asked about, now when left out. Pure.
 */
#ifndef CLI_POLICY_CASES_H
#define CLI_POLICY_CASES_H

#include "policy/policy.h"
#include "policy/policy_file.h"

struct policy_case {
	size_t line; /* where it begins in the file */
	size_t column;
	struct consign_org from;
	struct consign_org to;
	struct consign_study study;
	struct consign_type type;
	enum consign_label label;
	uint64_t at_us; /* 0: now */
	bool expects_permit;
	enum consign_code code;      /* of the refusal expected; NONE: any */
	struct consign_rule_id rule; /* "": any */
};

/*
 * yaml       borrows
 * arena      the cases live in it
 * ret_error  filled when CONFIG is returned: line, column, what was found, what was expected
 * Errors: CONFIG, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err policy_cases_parse(struct consign_slice yaml, struct arena *arena,
    struct policy_case **ret_cases, size_t *ret_n, struct policy_file_error *ret_error);

/* Asks; ret_verdict is what came. now_us: for cases without a time. Whether it is what was expected. */
bool policy_case_holds(
    const struct policy *policy, const struct policy_case *c, uint64_t now_us, struct policy_verdict *ret_verdict);

/* "permit by rule trial-data-up", "refuse", "CLEARANCE". */
#define CASE_WORDS_BYTES 160
const char *policy_case_expected(const struct policy_case *c, char ret_words[CASE_WORDS_BYTES]);
const char *policy_verdict_words(const struct policy_verdict *v, char ret_words[CASE_WORDS_BYTES]);

#endif
