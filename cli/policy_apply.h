/*
 * A policy's source becomes the policy in force: parsed against the directory, made into parts, signed and published.
 *
 * Functions here say what is wrong before they return an error.
 */
#ifndef CLI_POLICY_APPLY_H
#define CLI_POLICY_APPLY_H

#include "admin.h"
#include "policy/policy_file.h"

/* A file of the largest size parsed into parts. */
#define POLICY_PARSE_BUDGET_BYTES (64u * CONSIGN_POLICY_SOURCE_MAX_BYTES)

/*
 * Parses, and says mistakes as name:line:column and what cannot have been meant as warnings.
 * hub  whose directory must know every organisation, and which is warned of when it has ended or is compromised; NULL: any will do
 * Errors: CONFIG, TOO_BIG, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err policy_apply_parse(const struct hub *hub, const char *name, struct consign_slice source,
    struct arena *arena, struct policy_file_parts *ret_parts);
/* What cannot have been meant, as warnings; a mistake with its place and hint. name: of the file, for people */
void policy_say_findings(const char *name, const struct policy_file_parts *parts);
void policy_say_mistake(const char *name, const struct policy_file_error *where);
/* Signs and publishes, and prints what is in force then. The source that is in force already changes nothing. */
CONSIGN_MUST_CHECK enum consign_err policy_apply(struct admin_desk *desk, const struct policy_file_parts *parts,
    struct consign_slice source, const char *reason, struct arena *arena);

#endif
