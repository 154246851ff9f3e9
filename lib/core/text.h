/*
 * Text forms: hex, base64, ids, spoken fingerprints, charsets, globs. Pure.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>

#include "core/bytes.h"

enum charset {
	CHARSET_ORG,    /* a-z 0-9 -, at least 2, no - at either end */
	CHARSET_STUDY,  /* A-Z a-z 0-9 . _ -; also rule ids and subscription names */
	CHARSET_TYPE,   /* a-z 0-9 _ parts joined by single dots */
	CHARSET_GLOB,   /* a type in which * may stand for any run of characters; or * alone */
	CHARSET_ASCII,  /* printable ASCII, no control characters: media types, endpoints, words */
	CHARSET_UTF8,   /* valid UTF-8, no control characters (names, reasons, titles) */
	CHARSET_TEXT,   /* valid UTF-8, also tab and newline, no NUL (policy source) */
};

/* Whether every byte belongs to the charset, with its rules for parts; the empty text belongs to none but the last three. */
bool text_is(enum charset charset, struct consign_slice s);
/* How many bytes from the first on are CHARSET_TEXT: all of them, or up to the first character that is not. */
size_t text_run(struct consign_slice s);

/* Whether a glob (* any run of characters, everything else itself) matches the whole text. */
bool glob_match(const char *glob, const char *text);

CONSIGN_MUST_CHECK enum consign_err hex_format(struct consign_slice s, struct buf *out);
/* Without memory: n bytes as 2 n digits and a NUL. */
void hex_text(const uint8_t *bytes, size_t n, char *ret_text);
CONSIGN_MUST_CHECK enum consign_err hex_parse(const char *text, struct buf *out);
/* Standard base64 with padding (RFC 4648 4); parse refuses anything else, also non-zero trailing bits. */
CONSIGN_MUST_CHECK enum consign_err base64_format(struct consign_slice s, struct buf *out);
CONSIGN_MUST_CHECK enum consign_err base64_parse(struct consign_slice text, struct buf *out);

/* UUID text of a consignment id; message id text is uuid.index. */
void id_format(const struct consign_id *id, char ret_text[37]);
void message_id_format(const struct consign_message_id *id, char ret_text[CONSIGN_MESSAGE_ID_TEXT_BYTES]);
CONSIGN_MUST_CHECK enum consign_err message_id_parse(struct consign_slice text, struct consign_message_id *ret_id);

/* A UUIDv7: 48 bits of milliseconds, 74 random bits. random: 10 bytes given in. Ids made by one caller rise. */
void id_make(uint64_t wall_us, const uint8_t random[10], struct consign_id *ret_id);

/*
 * Six pronounceable words of five letters, consonant-vowel alternating, for 96 bits (12 bytes): read aloud on a
 * telephone. fingerprint_match ignores case, blanks and hyphens around and between words, in constant time.
 */
#define FINGERPRINT_TEXT_BYTES 36
void fingerprint_format(const uint8_t bits[12], char ret_text[FINGERPRINT_TEXT_BYTES]);
bool fingerprint_match(const char *expected, const char *typed);

CONSIGN_MUST_CHECK enum consign_err label_parse(const char *text, enum consign_label *ret_label);

#endif
