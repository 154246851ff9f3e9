/*
 * Configuration files: one flat YAML mapping of known keys to texts. Unknown and doubled keys are refused with their
 * line; nothing is ever silently ignored.
 * Threads   one owner
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "core/bytes.h"

struct config;

/*
 * known       NULL-terminated list of keys that may stand in it
 * ret_problem 256 bytes: file, line and what is wrong
 * Errors: NOT_FOUND, CONFIG (ret_problem), IO, NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err config_open(const char *path, const char *const *known, struct config **ret_config, char ret_problem[256]);
void config_free(struct config **config);
/* Lends; NULL when absent. */
const char *config_get(const struct config *config, const char *key);
/* The text decoded from hex into exactly len bytes. Errors: CONFIG (absent or not that) */
CONSIGN_MUST_CHECK enum consign_err config_hex(const struct config *config, const char *key, void *ret_bytes, size_t len);
/* An unsigned number within [min, max]; absent gives fallback. Errors: CONFIG */
CONSIGN_MUST_CHECK enum consign_err config_u64(const struct config *config, const char *key, uint64_t min, uint64_t max, uint64_t fallback, uint64_t *ret_v);
/* Appends `key: "value"` with YAML double-quoted escapes. */
CONSIGN_MUST_CHECK enum consign_err config_line(struct buf *out, const char *key, const char *value);

#endif
