/*
 * What the tests of limits share. A limit of lib/core/limits.h has at least one row, which tries the product with as much as the limit
 * says, and with the next that it refuses; or names the test that does so, where only a daemon shows it.
 *
 * Include after cmocka.h.
 */
#ifndef LIMIT_ROWS_H
#define LIMIT_ROWS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "consign/error.h"
#include "core/limits.h"

struct limit_row {
	const char *name;
	uint64_t value;
	/* What the product answers to n. Cut short without an error: FULL. */
	enum consign_err (*tries)(const struct limit_row *row, uint64_t n);
	enum consign_err refused; /* its answer to `next` */
	uint64_t next;            /* 0: value + 1. Else what comes next, where there are steps between */
	const char *of;           /* for rows that share a function */
	/* Instead of all that: path::function of tests/unit, which names the limit; or a test of tests/e2e, which does. */
	const char *shown;
};
#define LIMIT(NAME) .name = #NAME, .value = (NAME)
#define ROWS(ARRAY) (ARRAY), sizeof(ARRAY) / sizeof((ARRAY)[0])

/* One file each. The last row has no name. */
extern const struct limit_row limit_rows_wire[];
extern const struct limit_row limit_rows_messages[];
extern const struct limit_row limit_rows_policy[];
extern const struct limit_row limit_rows_files[];
extern const struct limit_row limit_rows_broker[];
extern const struct limit_row limit_rows_shown[];

/* A folder of its own, gone when the program ends; path of a file in it with this content, valid until the next call. */
const char *limit_file(const char *name, const void *bytes, size_t len);
const char *limit_folder(void);
void limit_folder_remove(void);

#endif
