/*
 * What a broker shows an administrator of freshness: who is to state it, and what was stated last.
 *
 * Threads   one
 * Source    docs/PROTOCOL.md 3.8, 7.13
 */
#ifndef CLI_STATED_H
#define CLI_STATED_H

#include "admin.h"
#include "core/limits.h"
#include "trust/freshness.h"

#define STATED_ARENA_BYTES (4 * CONSIGN_UNPACK_BUDGET_BASE_BYTES + CONSIGN_FRESHNESS_MAX_BYTES * CONSIGN_UNPACK_BUDGET_PER_BYTE)

struct stated {
	char by[CONSIGN_ORG_MAX_BYTES + 1]; /* "": nobody whom we know */
	const char *standing;               /* of that company: "active" and so on; NULL when nobody is named */
	const struct freshness *statement;  /* NULL: none that holds; lives in the arena */
	const char *word;
	bool is_wanted; /* the newest root names somebody */
};

/* Silent. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err stated_look(const struct admin_desk *desk, struct arena *arena, struct stated *ret_stated);

#endif
