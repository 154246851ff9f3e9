/*
 * Words for errors, codes and labels, and whose doing an error is. Constant tables, no state.
 *
 * The class of an error is its number's hundreds, so that a new error cannot forget to have one.
 */
#include "consign/error.h"
#include "consign/types.h"

enum consign_err_class
consign_err_class(enum consign_err err)
{
	switch ((unsigned)err >> 8) {
	case 1:
		return CONSIGN_CLASS_PEER;
	case 2:
		return CONSIGN_CLASS_OURS;
	case 3:
		return CONSIGN_CLASS_OPERATOR;
	default:
		return CONSIGN_CLASS_NONE;
	}
}

const char *
consign_err_text(enum consign_err err)
{
	switch (err) {
	case CONSIGN_OK:
		return "done";
	case CONSIGN_E_MALFORMED:
		return "malformed";
	case CONSIGN_E_TOO_BIG:
		return "over a size limit";
	case CONSIGN_E_DENIED:
		return "not permitted";
	case CONSIGN_E_CONFLICT:
		return "the same id with other content";
	case CONSIGN_E_EXPIRED:
		return "expired";
	case CONSIGN_E_BAD_SIGNATURE:
		return "a signature does not verify";
	case CONSIGN_E_BAD_SEAL:
		return "does not unseal or unlock";
	case CONSIGN_E_BAD_PROOF:
		return "a proof does not prove";
	case CONSIGN_E_STALE:
		return "older than what is known";
	case CONSIGN_E_NOT_FOUND:
		return "not found";
	case CONSIGN_E_FORK:
		return "signed, but inconsistent with what was verified before";
	case CONSIGN_E_STATE:
		return "not allowed in this state";
	case CONSIGN_E_NO_MEMORY:
		return "out of memory";
	case CONSIGN_E_FULL:
		return "full";
	case CONSIGN_E_BUSY:
		return "busy";
	case CONSIGN_E_IO:
		return "input or output failed";
	case CONSIGN_E_TIMEOUT:
		return "timed out";
	case CONSIGN_E_CORRUPT:
		return "the store is damaged";
	case CONSIGN_E_UNREACHABLE:
		return "not reachable";
	case CONSIGN_E_CONFIG:
		return "the configuration is wrong";
	case CONSIGN_E_KEY_FILE:
		return "the key file cannot be used";
	case CONSIGN_E_SCHEMA_VERSION:
		return "the store was written by another version";
	case CONSIGN_E_USAGE:
		return "wrong usage";
	}
	return "unknown error";
}

/* PROTOCOL.md 10. The number is the place in the table. */
static const struct {
	const char *text;
	int may_retry;
} codes[] = {
    [CONSIGN_CODE_NONE] = {"NONE", 0},
    [CONSIGN_CODE_TOO_BIG] = {"TOO_BIG", 0},
    [CONSIGN_CODE_MALFORMED] = {"MALFORMED", 0},
    [CONSIGN_CODE_SIGNATURE_BAD] = {"SIGNATURE_BAD", 0},
    [CONSIGN_CODE_STUDY_UNKNOWN] = {"STUDY_UNKNOWN", 0},
    [CONSIGN_CODE_NOT_A_PARTY] = {"NOT_A_PARTY", 0},
    [CONSIGN_CODE_CLEARANCE] = {"CLEARANCE", 0},
    [CONSIGN_CODE_POLICY_NO_RULE] = {"POLICY_NO_RULE", 0},
    [CONSIGN_CODE_POLICY_FORBIDDEN] = {"POLICY_FORBIDDEN", 0},
    /* The two stale ones: the same message passes once it is sealed anew under fresh documents, as a next attempt. */
    [CONSIGN_CODE_STALE_DOCUMENT] = {"STALE_DOCUMENT", 1},
    [CONSIGN_CODE_STALE_SEAL_KEY] = {"STALE_SEAL_KEY", 1},
    [CONSIGN_CODE_EXPIRED] = {"EXPIRED", 0},
    [CONSIGN_CODE_QUOTA] = {"QUOTA", 1},
    [CONSIGN_CODE_DUPLICATE_CONFLICT] = {"DUPLICATE_CONFLICT", 0},
    [CONSIGN_CODE_TYPE_INVALID] = {"TYPE_INVALID", 0},
    [CONSIGN_CODE_WRONG_HUB] = {"WRONG_HUB", 0},
    /* The clock will be set right; nothing about the message is wrong. */
    [CONSIGN_CODE_CLOCK_SKEW] = {"CLOCK_SKEW", 1},
    [CONSIGN_CODE_ORG_UNKNOWN] = {"ORG_UNKNOWN", 0},
    [CONSIGN_CODE_ORG_SUSPENDED] = {"ORG_SUSPENDED", 0},
    [CONSIGN_CODE_COMPROMISED] = {"COMPROMISED", 0},
    [CONSIGN_CODE_UNSEAL_FAILED] = {"UNSEAL_FAILED", 0},
    [CONSIGN_CODE_BODY_DIGEST] = {"BODY_DIGEST", 0},
    [CONSIGN_CODE_TRY_LATER] = {"TRY_LATER", 1},
    [CONSIGN_CODE_MAILBOX_FULL] = {"MAILBOX_FULL", 1},
    [CONSIGN_CODE_DISK_FULL] = {"DISK_FULL", 1},
    [CONSIGN_CODE_STATE] = {"STATE", 0},
    [CONSIGN_CODE_DENIED] = {"DENIED", 0},
    [CONSIGN_CODE_SUPERSEDED] = {"SUPERSEDED", 0},
    [CONSIGN_CODE_SHUTTING_DOWN] = {"SHUTTING_DOWN", 1},
    [CONSIGN_CODE_INVITE_UNKNOWN] = {"INVITE_UNKNOWN", 0},
    [CONSIGN_CODE_CHAIN_BROKEN] = {"CHAIN_BROKEN", 0},
    [CONSIGN_CODE_NOT_FOUND] = {"NOT_FOUND", 0},
    /* Refused only because it travelled with a refused item; the agent sends it again without that one. */
    [CONSIGN_CODE_LANE_HELD] = {"LANE_HELD", 1},
};

_Static_assert(sizeof(codes) / sizeof(codes[0]) == CONSIGN_CODE_LAST + 1, "every code has its row");

/* Codes come from the wire as any number. */
static int
is_code(enum consign_code code)
{
	return (unsigned)code <= CONSIGN_CODE_LAST;
}

const char *
consign_code_text(enum consign_code code)
{
	return is_code(code) ? codes[code].text : "UNKNOWN";
}

int
consign_code_may_retry(enum consign_code code)
{
	return is_code(code) ? codes[code].may_retry : 0;
}

const char *
consign_label_text(enum consign_label label)
{
	switch (label) {
	case CONSIGN_LABEL_OPEN:
		return "open";
	case CONSIGN_LABEL_RESTRICTED:
		return "restricted";
	case CONSIGN_LABEL_UNBLINDED:
		return "unblinded";
	}
	return "unknown";
}
