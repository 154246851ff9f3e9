/*
 * Tokens of a JSON text, strictly RFC 8259: over a slice, without allocation. Not for meaning: what belongs where is
 * json_read.c's.
 *
 *     struct json_scan s = json_scan_over(text);
 *     while ((token = json_scan_next(&s)) != JSON_END && token != JSON_BAD)
 *
 * A text token is valid UTF-8 with valid escapes. \u0000 and half surrogate pairs are JSON but no text: such a token has a flaw.
 *
 * Threads   one scan belongs to one thread
 * Source    RFC 8259
 */
#ifndef CATALOGUE_JSON_SCAN_H
#define CATALOGUE_JSON_SCAN_H

#include <stdbool.h>

#include "core/bytes.h"
#include "core/limits.h"

enum json_token {
	JSON_BAD = 0, /* `start` is the byte that does not belong; what stands behind is not read */
	JSON_END,
	JSON_OBJECT,
	JSON_OBJECT_END,
	JSON_LIST,
	JSON_LIST_END,
	JSON_COLON,
	JSON_COMMA,
	JSON_TEXT,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

enum json_flaw { JSON_FLAWLESS = 0, JSON_FLAW_NUL, JSON_FLAW_SURROGATE };

struct json_scan {
	const uint8_t *begin, *pos, *end;
	const uint8_t *start;      /* of the last token */
	struct consign_slice text; /* of TEXT: between the quotes, escapes as written; of NUMBER: as written. Borrows */
	bool has_escape;           /* of TEXT */
	enum json_flaw flaw;       /* of TEXT */
	const char *expected;      /* of BAD: what was expected; NULL when only the caller knows */
};

struct json_scan json_scan_over(struct consign_slice text);
enum json_token json_scan_next(struct json_scan *s);

/* Passes white space. */
static inline void
json_scan_blanks(struct json_scan *s)
{
	const uint8_t *p = s->pos;

	while (p < s->end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
		p++;
	s->pos = p;
}

/* A short cut of json_scan_next for what mostly stands next: passes the byte c when it does. */
static inline bool
json_scan_take(struct json_scan *s, uint8_t c)
{
	if (s->pos == s->end || *s->pos != c)
		return false;
	s->start = s->pos++;
	return true;
}

/*
 * Passes the value that the last token, `first`, begins; open: objects and lists around it. false: it is not JSON, and start and
 * expected say where and why.
 */
bool json_scan_skip(struct json_scan *s, enum json_token first, unsigned open);

/* Where the last token starts, for people: lines and columns from 1, columns in characters. */
void json_scan_place(const struct json_scan *s, size_t *ret_line, size_t *ret_column);
/* Names what starts there and the place, fit to be shown: "'}' at line 3, column 14". size: of ret_words; 96 is enough. */
void json_scan_name_place(const struct json_scan *s, char *ret_words, size_t size);

/* Writes a flawless TEXT token without its escapes and gives the length, at most text.len; works in place. */
size_t json_unescape(struct consign_slice text, uint8_t *ret_bytes);

#endif
