/*
 * Bytes as text that survives mail and paper: base64 between two lines that say what it is.
 *
 *   -----BEGIN CONSIGN INVITE-----
 *   …
 *   -----END CONSIGN INVITE-----
 *
 * Threads   pure
 */
#ifndef CLI_ARMOR_H
#define CLI_ARMOR_H

#include "core/bytes.h"

/* what: "INVITE". Errors: NO_MEMORY; out may then hold a part */
CONSIGN_MUST_CHECK enum consign_err armor_format(const char *what, struct consign_slice bytes, struct buf *out);
/* The first block of this name in a text, whatever stands around it. Errors: NOT_FOUND, MALFORMED (no base64), NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err armor_parse(const char *what, struct consign_slice text, struct buf *ret_bytes);
/* Why armor_parse refused it, in words for who named the file. */
const char *armor_problem_text(enum consign_err err);

#endif
