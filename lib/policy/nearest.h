/*
 * The word that somebody who mistyped one will have meant: for hints beside "unknown …".
 *
 *   struct nearest n = nearest_to(word);
 *   nearest_try(&n, "sponsor"); nearest_try(&n, "site"); …
 *   n.best: the nearest so far, or NULL when none is near
 *
 * Near is at most one slip (a character too many, too few, another, or two swapped) for each three characters, in capitals or not.
 * Of words equally near the first tried wins. Threads   pure
 */
#ifndef POLICY_NEAREST_H
#define POLICY_NEAREST_H

#include "core/bytes.h"

struct nearest {
	struct consign_slice word;
	const char *best; /* borrowed from whoever tried it */
	size_t slips;     /* from here on nothing is near enough */
};

struct nearest nearest_to(struct consign_slice word);
void nearest_try(struct nearest *n, const char *candidate);

#endif
