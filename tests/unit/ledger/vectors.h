/*
 * Reads the tables of tests/vectors/ledger: lines of fields between tabs, lines that begin with # passed over. A file that does
 * not have the form fails the test. Formats: tests/vectors/README.md.
 */
#ifndef TESTS_LEDGER_VECTORS_H
#define TESTS_LEDGER_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/tree.h"

#define VECTORS_COLUMNS_MAX 16

/* Calls check for each row; returns how many there were. */
static inline size_t
vectors_each(const char *file, size_t columns, void (*check)(char **field, void *context), void *context)
{
	char path[1024], *line = NULL, *field[VECTORS_COLUMNS_MAX];
	size_t cap = 0, rows = 0;
	FILE *f;

	assert_true(columns <= VECTORS_COLUMNS_MAX);
	snprintf(path, sizeof path, "%s/tests/vectors/ledger/%s", CONSIGN_SOURCE_DIR, file);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s is missing", path);
	while (getline(&line, &cap, f) > 0) {
		char *rest = line;
		size_t n = 0;

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		while (rest != NULL && n < columns)
			field[n++] = strsep(&rest, "\t");
		if (n != columns || rest != NULL)
			fail_msg("%s: not %zu columns: %s", file, columns, line);
		check(field, context);
		rows++;
	}
	free(line);
	fclose(f);
	return rows;
}

static inline enum consign_err
vectors_expect(const char *word)
{
	static const struct {
		const char *word;
		enum consign_err err;
	} table[] = {
	    {"OK", CONSIGN_OK},
	    {"MALFORMED", CONSIGN_E_MALFORMED},
	    {"TOO_BIG", CONSIGN_E_TOO_BIG},
	    {"BAD_SIGNATURE", CONSIGN_E_BAD_SIGNATURE},
	    {"BAD_PROOF", CONSIGN_E_BAD_PROOF},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strcmp(word, table[i].word) == 0)
			return table[i].err;
	fail_msg("unknown expectation %s", word);
	return CONSIGN_OK;
}

/* Fails naming the row when err is not what it expects. */
static inline void
vectors_check(const char *name, const char *expect, enum consign_err err)
{
	if (err != vectors_expect(expect))
		fail_msg("vector '%s': expected %s, got %#x (%s)", name, expect, (unsigned)err, consign_err_text(err));
}

static inline uint64_t
vectors_u64(const char *text)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	assert_true(end != text && *end == '\0');
	return v;
}

static inline int
vectors_nibble(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	if (at == NULL)
		fail_msg("not a hex digit: %c", c);
	return (int)(at - digits);
}

/* Reads len bytes of hex; returns what follows. */
static inline const char *
vectors_hex(const char *text, uint8_t *ret_bytes, size_t len)
{
	for (size_t i = 0; i < len; i++, text += 2)
		ret_bytes[i] = (uint8_t)(vectors_nibble(text[0]) << 4 | vectors_nibble(text[1]));
	return text;
}

static inline struct consign_hash
vectors_hash(const char *text)
{
	struct consign_hash hash;

	assert_int_equal(*vectors_hex(text, hash.b, sizeof hash.b), '\0');
	return hash;
}

/* Hashes between commas, or -. hash is allocated to the exact size, so that a read beyond is seen; free() it. */
static inline size_t
vectors_path(const char *text, struct consign_hash **ret_hash)
{
	size_t n = strcmp(text, "-") == 0 ? 0 : (strlen(text) + 1) / 65;
	struct consign_hash *hash = n == 0 ? NULL : calloc(n, sizeof *hash);

	assert_true(n == 0 || hash != NULL);
	for (size_t i = 0; i < n; i++) {
		text = vectors_hex(text, hash[i].b, sizeof hash[i].b);
		assert_int_equal(*text, i + 1 < n ? ',' : '\0');
		text++;
	}
	*ret_hash = hash;
	return n;
}

/* A text with \n, \\ and \xHH; allocated to the exact size; free() the data. */
static inline struct consign_slice
vectors_unescape(const char *text)
{
	uint8_t *wide = malloc(strlen(text) + 1), *bytes;
	size_t n = 0;

	assert_non_null(wide);
	while (*text != '\0') {
		if (*text != '\\') {
			wide[n++] = (uint8_t)*text++;
		} else if (text[1] == 'x') {
			text = vectors_hex(text + 2, &wide[n++], 1);
		} else {
			assert_true(text[1] == 'n' || text[1] == '\\');
			wide[n++] = text[1] == 'n' ? '\n' : '\\';
			text += 2;
		}
	}
	bytes = malloc(n == 0 ? 1 : n);
	assert_non_null(bytes);
	memcpy(bytes, wide, n);
	free(wide);
	return (struct consign_slice){.data = bytes, .len = n};
}

/* A secret key of keys.tsv, by its name. */
struct vectors_key {
	const char *name;
	uint8_t seed[32];
	struct consign_public_key public;
	bool is_found;
};

static inline void
vectors_take_key(char **field, void *context)
{
	struct vectors_key *key = context;

	if (strcmp(field[0], key->name) != 0)
		return;
	vectors_hex(field[1], key->seed, sizeof key->seed);
	vectors_hex(field[2], key->public.b, sizeof key->public.b);
	key->is_found = true;
}

/* Gives the key; end it with secret_free. libsodium lays an Ed25519 secret out as seed ‖ public key. */
static inline struct secret *
vectors_secret(const char *name, struct consign_public_key *ret_public)
{
	struct vectors_key key = {.name = name};
	struct secret *secret;

	vectors_each("keys.tsv", 3, vectors_take_key, &key);
	assert_true(key.is_found);
	assert_int_equal(secret_new(&secret), CONSIGN_OK);
	memcpy(secret->b, key.seed, 32);
	memcpy(secret->b + 32, key.public.b, 32);
	*ret_public = key.public;
	return secret;
}

#endif
