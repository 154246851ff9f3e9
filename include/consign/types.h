/*
 * The small values everything else speaks of. Fixed-size ids and keys are structs, so that two of one size cannot be
 * swapped. Nothing here allocates.
 *
 * Threads   values only
 * Security  public values only; secrets have their own type in lib/core/secret.h, which nothing prints
 * Source    docs/PROTOCOL.md 2
 */
#ifndef CONSIGN_TYPES_H
#define CONSIGN_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define CONSIGN_ORG_MAX_BYTES 40
#define CONSIGN_STUDY_MAX_BYTES 64
#define CONSIGN_TYPE_MAX_BYTES 96
#define CONSIGN_RULE_MAX_BYTES 64
#define CONSIGN_MESSAGE_ID_TEXT_BYTES 41 /* uuid (36), dot, index up to 127, NUL */

/* Bytes that somebody else owns; valid as long as their owner says. data may be NULL when len is 0. */
struct consign_slice {
	const uint8_t *data;
	size_t len;
};

struct consign_hash {
	uint8_t b[32]; /* SHA-256; of a join request's MAC BLAKE2b-256 */
};

struct consign_public_key {
	uint8_t b[32]; /* Ed25519 or Curve25519, as the name of the field says */
};

struct consign_key_id {
	uint8_t b[16]; /* first bytes of SHA-256 of the public key */
};

struct consign_signature {
	uint8_t b[64]; /* Ed25519 */
};

struct consign_id {
	uint8_t b[16]; /* consignment id, UUIDv7 */
};

struct consign_message_id {
	struct consign_id consignment;
	uint32_t index;
};

struct consign_org {
	char s[CONSIGN_ORG_MAX_BYTES + 1]; /* [a-z0-9-]{2,40} */
};

struct consign_study {
	char s[CONSIGN_STUDY_MAX_BYTES + 1]; /* [A-Za-z0-9._-]{1,64} */
};

struct consign_type {
	char s[CONSIGN_TYPE_MAX_BYTES + 1]; /* [a-z0-9_.]{1,96}, no empty part; in rules and filters also * */
};

struct consign_rule_id {
	char s[CONSIGN_RULE_MAX_BYTES + 1]; /* [A-Za-z0-9._-]{1,64} */
};

/* What a message says about treatment, and what a party may receive. Ordered. Source: docs/POLICY.md. */
enum consign_label { CONSIGN_LABEL_OPEN = 1, CONSIGN_LABEL_RESTRICTED = 2, CONSIGN_LABEL_UNBLINDED = 3 };

/* Why a peer was refused; also the numbers on the wire. Source: docs/PROTOCOL.md 10. */
enum consign_code {
	CONSIGN_CODE_NONE = 0,
	CONSIGN_CODE_TOO_BIG = 1,
	CONSIGN_CODE_MALFORMED = 2,
	CONSIGN_CODE_SIGNATURE_BAD = 3,
	CONSIGN_CODE_STUDY_UNKNOWN = 4,
	CONSIGN_CODE_NOT_A_PARTY = 5,
	CONSIGN_CODE_CLEARANCE = 6,
	CONSIGN_CODE_POLICY_NO_RULE = 7,
	CONSIGN_CODE_POLICY_FORBIDDEN = 8,
	CONSIGN_CODE_STALE_DOCUMENT = 9,
	CONSIGN_CODE_STALE_SEAL_KEY = 10,
	CONSIGN_CODE_EXPIRED = 11,
	CONSIGN_CODE_QUOTA = 12,
	CONSIGN_CODE_DUPLICATE_CONFLICT = 13,
	CONSIGN_CODE_TYPE_INVALID = 14,
	CONSIGN_CODE_WRONG_HUB = 15,
	CONSIGN_CODE_CLOCK_SKEW = 16,
	CONSIGN_CODE_ORG_UNKNOWN = 17,
	CONSIGN_CODE_ORG_SUSPENDED = 18,
	CONSIGN_CODE_COMPROMISED = 19,
	CONSIGN_CODE_UNSEAL_FAILED = 20,
	CONSIGN_CODE_BODY_DIGEST = 21,
	CONSIGN_CODE_TRY_LATER = 22,
	CONSIGN_CODE_MAILBOX_FULL = 23,
	CONSIGN_CODE_DISK_FULL = 24,
	CONSIGN_CODE_STATE = 25,
	CONSIGN_CODE_DENIED = 26,
	CONSIGN_CODE_SUPERSEDED = 27,
	CONSIGN_CODE_SHUTTING_DOWN = 28,
	CONSIGN_CODE_INVITE_UNKNOWN = 29,
	CONSIGN_CODE_CHAIN_BROKEN = 30,
	CONSIGN_CODE_NOT_FOUND = 31,
	CONSIGN_CODE_LANE_HELD = 32,
	CONSIGN_CODE_LAST = 32,
};

/* The word for a code ("POLICY_NO_RULE"); "UNKNOWN" for a number that is none. Lends a constant string. */
const char *consign_code_text(enum consign_code code);

/* Whether sending the same again later can succeed (1) or the refusal is final (0). */
int consign_code_may_retry(enum consign_code code);

/* "open", "restricted", "unblinded"; "unknown" for a number that is none. Lends a constant string. */
const char *consign_label_text(enum consign_label label);

#endif
