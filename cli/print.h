/*
 * What people and programs read: words to stderr, results to stdout, as lines, tables or JSON.
 *
 * Threads   one
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <jansson.h>
#include <stdbool.h>

#include "consign/client.h"
#include "core/bytes.h"

/* `consign: error: …`, `consign: hint: …`, `consign: warning: …` and plain words, each a line on stderr. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* say_error, then the error that goes with it: `return say_fail(CONSIGN_E_DENIED, "…")`. */
enum consign_err say_fail(enum consign_err err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Words of another company, fit for eyes and a terminal: a character that hides or turns text stands as an escape, \u{202e}.
 * ret_text is cut, and ends with …, when it has no room for all.
 */
#define PRINT_SHOWN_BYTES 4096
const char *text_shown(const char *text, char ret_text[PRINT_SHOWN_BYTES]);

/* A table that grows by cells, row after row. Zero-initialise with headings and columns; end with table_clear. */
struct table {
	const char *const *headings;
	size_t columns;
	struct buf cells; /* each with a NUL behind */
	size_t n_cells;
	enum consign_err err; /* the first failure; table_render returns it */
};

void table_put(struct table *t, const char *cell);
void table_putf(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_clear(struct table *t);
/*
 * Appends the table. aligned: with headings, columns padded with blanks; else plain, one tab between cells, for programs.
 * Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err table_render(const struct table *t, bool aligned, struct buf *out);
/* Renders to stdout: aligned on a terminal. */
CONSIGN_MUST_CHECK enum consign_err table_print(const struct table *t);

/* All of it, or IO. */
CONSIGN_MUST_CHECK enum consign_err print_bytes(struct consign_slice bytes);
/* One compact line. Takes the value (also NULL, which a failed json_pack gives: NO_MEMORY). */
CONSIGN_MUST_CHECK enum consign_err print_json(json_t **value);
/* stdout is out: a full disk or a closed pipe is an error, not silence. */
CONSIGN_MUST_CHECK enum consign_err print_flush(void);

/* Says why output failed, except that its reader went away, which is the reader's right. Returns IO. */
enum consign_err say_lost_output(void);

/* RFC 3339 UTC; null for 0. New references; NULL out of memory. */
json_t *json_time(uint64_t wall_us);
json_t *json_slice(struct consign_slice text);
json_t *json_base64(struct consign_slice bytes);
/* The members that `inbox --json` prints, and with content the payload too. */
json_t *json_message(const struct consign_message *m, bool with_payload);
/* {"code","rule","detail"}; null when code is none. */
json_t *json_refusal(enum consign_code code, const char *rule, const char *detail);

/* The first 16 digits of a hash, as proposals are named: enough to tell versions apart by eye; JSON has all 64. */
#define PRINT_HASH_BYTES 17
const char *hash_text(const struct consign_hash *hash, char ret_text[PRINT_HASH_BYTES]);
json_t *json_hash(const struct consign_hash *hash);

/* "-" for 0; else RFC 3339 UTC. */
#define PRINT_TIME_BYTES 28
const char *time_text(uint64_t wall_us, char ret_text[PRINT_TIME_BYTES]);

#endif
