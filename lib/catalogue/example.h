/*
 * Examples, made of the descriptions: nothing of them is written twice.
 * Threads   pure
 */
#ifndef CATALOGUE_EXAMPLE_H
#define CATALOGUE_EXAMPLE_H

#include "catalogue/catalogue.h"

enum example_kind {
	EXAMPLE_MINIMAL, /* what is mandatory, in the first state that asks for least */
	EXAMPLE_FULL,    /* every field that no rule forbids, one element in each list */
};

/* The JSON form, indented. Both are valid under the label that they need (business_least_label). Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err example_make(const struct catalogue_type *t, enum example_kind kind, struct buf *out);

/* A message that breaks one rule: what the tests show for every rule, and docs/CATALOGUE.md for those of the type. */
struct example_broken {
	const char *rule;                 /* that the check must name: "mandatory", "code", … or a rule's id */
	char path[PROBLEM_PATH_BYTES];    /* where; "" when the rule itself says */
	char what[160];                   /* in words: "without subjectKey" */
	enum consign_label label;         /* that it is checked under; 0: the least that it needs */
};

/*
 * Broken example number i of a type, from 0: for each field (to the depth of parts) each thing that may be wrong with it, then each rule.
 * Errors: NOT_FOUND (there are no more), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err example_break(const struct catalogue_type *t, size_t i, struct example_broken *ret_broken, struct buf *json);

#endif
