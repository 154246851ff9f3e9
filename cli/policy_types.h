/*
 * The message types that questions are asked about: those of the catalogue, those that rules name, and for each glob one
 * type that stands for all others that it matches. A glob is shown as it stands; for two globs that overlap there is one
 * that both match. So that a list of answers over these types is a list over all types. Pure.
 */
#ifndef CLI_POLICY_TYPES_H
#define CLI_POLICY_TYPES_H

#include <stdbool.h>

#include "policy_view.h"

/* Types of one list: more are left out, and the list says so. */
#define POLICY_TYPES_MAX 4096u

struct asked_type {
	const char *type;  /* to ask about */
	const char *shown; /* the type, or the glob that it stands for */
	bool is_glob;
	enum consign_label least; /* a message of this type has this label at least */
};

struct asked_types {
	struct asked_type *v; /* by shown */
	size_t n;
	bool is_cut;
};

/* Of the rules of several policies. arena: the list lives in it. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err policy_types_list(
    const struct policy_view *const *views, size_t n, struct arena *arena, struct asked_types *ret_types);
/*
 * Of some types (places in the list, rising), the shown forms with what a glob covers left out: where a glob of them matches
 * other types and all of these are among them. ret_shown: room for n. How many.
 */
size_t policy_types_fold(const struct asked_types *types, const size_t *places, size_t n, const char **ret_shown);

#endif
