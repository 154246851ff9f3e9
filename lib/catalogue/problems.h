/*
 * What is wrong with a message: every problem, each with its path, its rule, what was found and what is expected.
 *
 * A list is bounded: beyond CONSIGN_PROBLEMS_MAX problems are counted, and `total` says how many there are. What was found is cut to
 * what a person needs to recognise it.
 *
 * Security  `found` is content. A list that leaves the company is sealed to the consignor (agents/reception.c).
 * Threads   one at a time
 */
#ifndef CATALOGUE_PROBLEMS_H
#define CATALOGUE_PROBLEMS_H

#include "core/bytes.h"
#include "core/limits.h"

#define PROBLEM_PATH_BYTES 160u
#define PROBLEM_RULE_BYTES 64u
#define PROBLEM_FOUND_BYTES 96u
#define PROBLEM_EXPECTED_BYTES 224u

struct problem {
	char path[PROBLEM_PATH_BYTES];         /* JSON path: items[3].quantity.value; "" is the message */
	char rule[PROBLEM_RULE_BYTES];         /* "mandatory", "format", "code" …, or the id of a rule of the type */
	char found[PROBLEM_FOUND_BYTES];       /* in quotes when it is text of the message; "nothing" */
	char expected[PROBLEM_EXPECTED_BYTES]; /* in words */
};

/* Zero-initialise; end with problems_clear. No memory is used while there is no problem. */
struct problems {
	struct problem *v; /* n of them */
	size_t n;
	size_t total; /* n and those beyond CONSIGN_PROBLEMS_MAX, or for which there was no memory */
};

void problems_clear(struct problems *p);
/* Adds one; path, rule and expected are copied, found is made fit to be shown and put in quotes. Never fails: it counts. */
void problems_add(struct problems *p, const char *path, const char *rule, struct consign_slice found, const char *expected);
/* As above, with found as it is: our own words. */
void problems_add_words(struct problems *p, const char *path, const char *rule, const char *found, const char *expected);
/* Of a list that came from elsewhere: no text of ours would move a cursor or deceive an eye. */
bool problem_text_is_shown(struct consign_slice text);
/* Adds those of `more` that are about other places: what is wrong in or around a place that is named already follows from that. */
void problems_merge(struct problems *p, const struct problems *more);
/* "path: found X, expected Y (rule)". One line, without the newline. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err problem_format(const struct problem *p, struct buf *out);

#endif
