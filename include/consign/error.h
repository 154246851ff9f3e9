/*
 * Errors of Consign: one enum, 0 only for success, and the class of an error tells whose doing it is.
 *
 *   peer      refuse this message, count it, go on
 *   ours      the machine's trouble, may pass: keep the message, try later
 *   operator  say what to fix; at start-up, stop
 *
 * Threads   everything here is pure: any thread
 * Source    docs/PROTOCOL.md 10
 */
#ifndef CONSIGN_ERROR_H
#define CONSIGN_ERROR_H

#define CONSIGN_MUST_CHECK __attribute__((warn_unused_result))

enum consign_err {
	CONSIGN_OK = 0,

	CONSIGN_E_MALFORMED = 0x100, /* bytes that are not what they claim to be */
	CONSIGN_E_TOO_BIG,           /* over a limit of limits.h */
	CONSIGN_E_DENIED,            /* the policy, or the rights of the caller */
	CONSIGN_E_CONFLICT,          /* same id, other content */
	CONSIGN_E_EXPIRED,
	CONSIGN_E_BAD_SIGNATURE,
	CONSIGN_E_BAD_SEAL,     /* does not unseal, or misses its commitment */
	CONSIGN_E_BAD_PROOF,    /* a Merkle proof that does not prove */
	CONSIGN_E_STALE,        /* older than what we know, or than what is needed */
	CONSIGN_E_NOT_FOUND,
	CONSIGN_E_FORK,         /* signed, and inconsistent with what was verified before */
	CONSIGN_E_STATE,        /* a message that its session state does not allow */

	CONSIGN_E_NO_MEMORY = 0x200,
	CONSIGN_E_FULL, /* disk, mailbox, window */
	CONSIGN_E_BUSY,
	CONSIGN_E_IO,
	CONSIGN_E_TIMEOUT,
	CONSIGN_E_CORRUPT, /* our own store does not hold what we wrote */
	CONSIGN_E_UNREACHABLE,

	CONSIGN_E_CONFIG = 0x300,
	CONSIGN_E_KEY_FILE,
	CONSIGN_E_SCHEMA_VERSION,
	CONSIGN_E_USAGE,
};

enum consign_err_class { CONSIGN_CLASS_NONE = 0, CONSIGN_CLASS_PEER, CONSIGN_CLASS_OURS, CONSIGN_CLASS_OPERATOR };

/* Whose doing an error is. */
enum consign_err_class consign_err_class(enum consign_err err);

/* A short English phrase for people ("over a size limit"). Lends a constant string, never NULL. */
const char *consign_err_text(enum consign_err err);

#endif
