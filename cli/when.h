/*
 * A time as people type it: as in policy files (policy/units.h), or as this command prints it, with a fraction of a second:
 * 2026-11-22T04:11:56.250000Z. Pure.
 */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include "core/bytes.h"

/* Microseconds since 1970-01-01 UTC; what is below one is dropped. Errors: MALFORMED */
CONSIGN_MUST_CHECK enum consign_err when_parse(struct consign_slice text, uint64_t *ret_us);

#endif
