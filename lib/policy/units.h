/*
 * Times, spans and sizes as people write them in the YAML files of this room, and back.
 *
 *   time   2026-12-01 (00:00 UTC) or 2026-12-01T08:30:00Z: RFC 3339 in UTC to the second, one form; the years 2000 to 9999
 *   span   30s, 45m, 4h, 2d: a whole number above 0 and its unit, up to the longest that a consignment lives
 *   size   4096, 64KiB, 1MiB: bytes, or a whole number above 0 and its unit; of a store also 2GiB
 *   rate   20/s, 500/h; of bytes 64MiB/h: a whole number above 0, or a size, in a second, minute, hour or day
 *
 * Reading returns MALFORMED for anything else, and what was read formats as a text that reads the same.
 * Threads   pure
 * Source    docs/POLICY.md 2
 */
#ifndef POLICY_UNITS_H
#define POLICY_UNITS_H

#include <stdbool.h>

#include "core/bytes.h"

#define UNITS_WORDS_OF_TIME "a time in UTC such as 2026-12-01T08:30:00Z, or a date such as 2026-12-01"
#define UNITS_WORDS_OF_SPAN "a number and s, m, h or d, from 1s to 366d, such as 24h"
#define UNITS_WORDS_OF_SIZE "a number of bytes, or one with KiB or MiB, such as 64KiB"
#define UNITS_WORDS_OF_STORE "a number of bytes, or one with KiB, MiB or GiB, such as 2GiB"
#define UNITS_WORDS_OF_COUNT "a whole number above 0, such as 10000"
#define UNITS_WORDS_OF_RATE "a number and /s, /m, /h or /d, such as 500/h"
#define UNITS_WORDS_OF_BYTE_RATE "a size and /s, /m, /h or /d, such as 64MiB/h"

#define UNITS_TEXT_BYTES 24

CONSIGN_MUST_CHECK enum consign_err units_time_parse(struct consign_slice text, uint64_t *ret_us);
/*
 * How a time that is refused is written right: one with an offset, without seconds, with a fraction or with a blank for the T.
 * ret_is_guess: it names no offset, so that it is right only if it was meant in UTC. false: nobody knows.
 */
bool units_time_mend(struct consign_slice text, bool *ret_is_guess, char ret_text[UNITS_TEXT_BYTES]);
/* A date when it is midnight. us is what units_time_parse gives; fractions of a second are left out. */
void units_time_format(uint64_t us, char ret_text[UNITS_TEXT_BYTES]);
CONSIGN_MUST_CHECK enum consign_err units_span_parse(struct consign_slice text, uint64_t *ret_us);
void units_span_format(uint64_t us, char ret_text[UNITS_TEXT_BYTES]);
CONSIGN_MUST_CHECK enum consign_err units_size_parse(struct consign_slice text, uint64_t *ret_bytes);
void units_size_format(uint64_t bytes, char ret_text[UNITS_TEXT_BYTES]);
CONSIGN_MUST_CHECK enum consign_err units_store_parse(struct consign_slice text, uint64_t *ret_bytes);
void units_store_format(uint64_t bytes, char ret_text[UNITS_TEXT_BYTES]);
CONSIGN_MUST_CHECK enum consign_err units_count_parse(struct consign_slice text, uint64_t *ret_count);
/* is_bytes: the number is a size. ret_amount: at most CONSIGN_QUOTA_MAX */
CONSIGN_MUST_CHECK enum consign_err units_rate_parse(struct consign_slice text, bool is_bytes, uint64_t *ret_amount, uint64_t *ret_us);
/* A second, a minute, an hour or a day: there are no other times of a rate. */
bool units_is_rate_time(uint64_t us);
/* us: units_is_rate_time */
void units_rate_format(uint64_t amount, uint64_t us, bool is_bytes, char ret_text[UNITS_TEXT_BYTES]);

#endif
