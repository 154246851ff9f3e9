/*
 * One step over UTF-8 (RFC 3629): for the charsets of text.h and for the log, which must not write broken JSON.
 */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include "core/bytes.h"

/*
 * Length in bytes (1 to 4) of the character that s starts with, and its code point; 0 when s is empty or starts with
 * what is not UTF-8: cut short, longer than need be, a surrogate, above U+10FFFF. ret_point is untouched then.
 */
size_t utf8_step(struct consign_slice s, uint32_t *ret_point);

#endif
