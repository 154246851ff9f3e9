/*
 * Key files as text (keyfile.h has the format).
 *
 * Reading is strict: one text for one content, so that any altered byte is refused, by its shape or by the seal. The
 * secret lines are only ever in guarded memory, or, without a lock, also in a buffer that is wiped.
 */
#include "core/keyfile_text.h"

#include "core/file.h"
#include "core/limits.h"
#include "core/sign.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define BASE64_LINE_CHARS 76u
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
/* Base64 of one secret key, with NUL. */
#define SECRET_TEXT_BYTES sodium_base64_ENCODED_LEN(SECRET_BYTES, sodium_base64_VARIANT_ORIGINAL)
/* The longest secret line: name, number, key, two blanks, newline (the NUL counted above). */
#define SECRET_LINE_MAX_BYTES (KEYFILE_NAME_BYTES + 20 + SECRET_TEXT_BYTES + 3)

_Static_assert(KEYFILE_LOCK_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "the lock key fits the cipher");

/* Takes a line without its newline. */
static enum consign_err
take_line(struct consign_slice *rest, struct consign_slice *ret_line)
{
	const uint8_t *newline = rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
	size_t len;

	if (newline == NULL)
		return CONSIGN_E_KEY_FILE;
	len = (size_t)(newline - rest->data);
	*ret_line = slice_of(rest->data, len);
	*rest = slice_of(newline + 1, rest->len - len - 1);
	return CONSIGN_OK;
}

/* Takes a word and the blank behind it, or the last word of the line. Words are not empty. */
static enum consign_err
take_word(struct consign_slice *line, struct consign_slice *ret_word)
{
	const uint8_t *blank = line->len == 0 ? NULL : memchr(line->data, ' ', line->len);
	size_t len = blank == NULL ? line->len : (size_t)(blank - line->data);

	if (len == 0 || len + 1 == line->len)
		return CONSIGN_E_KEY_FILE;
	*ret_word = slice_of(line->data, len);
	*line = blank == NULL ? slice_of(NULL, 0) : slice_of(blank + 1, line->len - len - 1);
	return CONSIGN_OK;
}

static enum consign_err
expect_word(struct consign_slice *line, const char *expected)
{
	struct consign_slice word;
	enum consign_err err = take_word(line, &word);

	if (err == CONSIGN_OK && !slice_equal(word, slice_text(expected)))
		err = CONSIGN_E_KEY_FILE;
	return err;
}

/* A decimal number in its one form. */
static enum consign_err
take_number(struct consign_slice *line, uint64_t *ret_v)
{
	struct consign_slice word;
	enum consign_err err = take_word(line, &word);
	uint64_t v = 0;

	if (err != CONSIGN_OK)
		return err;
	if (word.data[0] == '0' && word.len > 1)
		return CONSIGN_E_KEY_FILE;
	for (size_t i = 0; i < word.len; i++) {
		unsigned digit = (unsigned)word.data[i] - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return CONSIGN_E_KEY_FILE;
		v = v * 10 + digit;
	}
	*ret_v = v;
	return CONSIGN_OK;
}

/* Base64 of exactly `len` bytes, in constant time: it may be a key. */
static enum consign_err
take_bytes(struct consign_slice *line, void *ret_bytes, size_t len)
{
	struct consign_slice word;
	enum consign_err err = take_word(line, &word);
	uint8_t bits = 0;
	size_t got = 0;

	if (err != CONSIGN_OK)
		return err;
	/* libsodium 1.0.18 takes some bytes above 127 for letters. */
	for (size_t i = 0; i < word.len; i++)
		bits |= word.data[i];
	if (bits > 0x7f || word.len != (len + 2) / 3 * 4 ||
	    sodium_base642bin(
		ret_bytes, len, (const char *)word.data, word.len, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return CONSIGN_E_KEY_FILE;
	return got == len ? CONSIGN_OK : CONSIGN_E_KEY_FILE;
}

static enum consign_err
take_party_word(struct consign_slice *line, char ret_word[KEYFILE_NAME_BYTES])
{
	struct consign_slice word;
	enum consign_err err = take_word(line, &word);

	if (err == CONSIGN_OK && !keyfile_is_party_word(word))
		err = CONSIGN_E_KEY_FILE;
	if (err == CONSIGN_OK) {
		memcpy(ret_word, word.data, word.len);
		ret_word[word.len] = '\0';
	}
	return err;
}

/* "argon2id13 <opslimit> <memlimit> <salt>" or "none". */
static enum consign_err
parse_lock(struct consign_slice line, struct keyfile *file)
{
	enum consign_err err;

	if (slice_equal(line, slice_text("none")))
		return CONSIGN_OK;
	err = expect_word(&line, "argon2id13");
	if (err == CONSIGN_OK)
		err = take_number(&line, &file->opslimit);
	if (err == CONSIGN_OK)
		err = take_number(&line, &file->memlimit);
	if (err == CONSIGN_OK)
		err = take_bytes(&line, file->salt, sizeof(file->salt));
	if (err != CONSIGN_OK)
		return err;
	if (line.len != 0 || file->opslimit < crypto_pwhash_argon2id_OPSLIMIT_MIN || file->opslimit > KEYFILE_OPSLIMIT_MAX ||
	    file->memlimit < crypto_pwhash_argon2id_MEMLIMIT_MIN || file->memlimit > KEYFILE_MEMLIMIT_MAX)
		return CONSIGN_E_KEY_FILE;
	file->is_locked = true;
	return CONSIGN_OK;
}

/* Everything above the secrets. The nonce is set when there is a lock. */
static enum consign_err
parse_head(struct consign_slice *rest, struct keyfile *file, uint8_t ret_nonce[NONCE_BYTES])
{
	struct consign_slice line;
	enum consign_err err;

	err = take_line(rest, &line);
	if (err == CONSIGN_OK && !slice_equal(line, slice_text("consign-key-v1")))
		err = CONSIGN_E_KEY_FILE;
	if (err == CONSIGN_OK)
		err = take_line(rest, &line);
	if (err == CONSIGN_OK)
		err = expect_word(&line, "party");
	if (err == CONSIGN_OK)
		err = take_party_word(&line, file->kind);
	if (err == CONSIGN_OK)
		err = take_party_word(&line, file->party);
	if (err == CONSIGN_OK && line.len != 0)
		err = CONSIGN_E_KEY_FILE;
	if (err == CONSIGN_OK)
		err = take_line(rest, &line);
	if (err == CONSIGN_OK)
		err = expect_word(&line, "lock");
	if (err == CONSIGN_OK)
		err = parse_lock(line, file);
	if (err != CONSIGN_OK || !file->is_locked)
		return err;
	err = take_line(rest, &line);
	if (err == CONSIGN_OK)
		err = expect_word(&line, "box");
	if (err == CONSIGN_OK)
		err = take_bytes(&line, ret_nonce, NONCE_BYTES);
	if (err == CONSIGN_OK && line.len != 0)
		err = CONSIGN_E_KEY_FILE;
	return err;
}

static enum consign_err
parse_secret_line(struct consign_slice line, struct keyfile *file)
{
	struct consign_slice word;
	struct secret *secret = NULL;
	char name[KEYFILE_NAME_BYTES] = "";
	uint64_t created_us = 0;
	enum consign_err err;

	err = take_word(&line, &word);
	if (err == CONSIGN_OK && !keyfile_is_key_name(word))
		err = CONSIGN_E_KEY_FILE;
	if (err == CONSIGN_OK) {
		memcpy(name, word.data, word.len);
		err = take_number(&line, &created_us);
	}
	if (err == CONSIGN_OK)
		err = secret_new(&secret);
	if (err == CONSIGN_OK)
		err = take_bytes(&line, secret->b, sizeof(secret->b));
	if (err == CONSIGN_OK && (line.len != 0 || keyfile_find(file, name, NULL) != NULL))
		err = CONSIGN_E_KEY_FILE;
	if (err == CONSIGN_OK)
		err = keyfile_put(file, name, created_us, secret);
	secret_free(&secret);
	return err;
}

static enum consign_err
parse_secrets(struct consign_slice rest, struct keyfile *file)
{
	enum consign_err err = CONSIGN_OK;

	while (rest.len > 0 && err == CONSIGN_OK) {
		struct consign_slice line;

		err = take_line(&rest, &line);
		if (err == CONSIGN_OK)
			err = parse_secret_line(line, file);
	}
	return err;
}

/* Base64 in lines of 76 characters, the last one shorter or as long, none empty. */
static enum consign_err
parse_box(struct consign_slice rest, struct buf *out)
{
	struct buf joined = {0};
	enum consign_err err = CONSIGN_OK;

	while (rest.len > 0 && err == CONSIGN_OK) {
		struct consign_slice line;

		err = take_line(&rest, &line);
		if (err == CONSIGN_OK &&
		    (line.len == 0 || line.len > BASE64_LINE_CHARS || (rest.len > 0 && line.len != BASE64_LINE_CHARS)))
			err = CONSIGN_E_KEY_FILE;
		if (err == CONSIGN_OK)
			err = buf_append(&joined, line);
	}
	if (err == CONSIGN_OK)
		err = base64_parse(buf_slice(&joined), out);
	if (err == CONSIGN_E_MALFORMED || (err == CONSIGN_OK && out->len < TAG_BYTES))
		err = CONSIGN_E_KEY_FILE;
	buf_clear(&joined);
	return err;
}

static enum consign_err
unlock(struct keyfile *file, const char *passphrase, struct consign_slice head, const uint8_t nonce[NONCE_BYTES],
    struct consign_slice box_text)
{
	struct buf box = {0};
	uint8_t *plain = NULL;
	unsigned long long len = 0;
	enum consign_err err;

	/* The shape first: it is cheaper than the passphrase. */
	err = parse_box(box_text, &box);
	if (err != CONSIGN_OK)
		goto out;
	err = keyfile_derive_lock(file, passphrase);
	if (err != CONSIGN_OK)
		goto out;
	plain = sodium_malloc(box.len);
	if (plain == NULL) {
		err = CONSIGN_E_NO_MEMORY;
		goto out;
	}
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		plain, &len, NULL, box.data, box.len, head.data, head.len, nonce, file->lock_key->b) != 0)
		err = CONSIGN_E_BAD_SEAL;
	else
		err = parse_secrets(slice_of(plain, (size_t)len), file);
out:
	sodium_free(plain);
	buf_clear(&box);
	return err;
}

static enum consign_err
parse(struct consign_slice text, const char *passphrase, struct keyfile *file)
{
	struct consign_slice rest = text;
	struct consign_slice head;
	uint8_t nonce[NONCE_BYTES];
	enum consign_err err;

	err = parse_head(&rest, file, nonce);
	if (err != CONSIGN_OK)
		return err;
	head = slice_of(text.data, text.len - rest.len);
	if (!file->is_locked)
		return parse_secrets(rest, file);
	if (passphrase == NULL)
		return CONSIGN_E_KEY_FILE;
	return unlock(file, passphrase, head, nonce, rest);
}

enum consign_err
keyfile_open(const char *path, const char *passphrase, bool *ret_locked, struct keyfile **ret_file)
{
	struct buf text = {0};
	struct keyfile *file = NULL;
	enum consign_err err;

	err = file_read_private(path, CONSIGN_KEYFILE_MAX_BYTES, &text);
	if (err == CONSIGN_E_TOO_BIG)
		err = CONSIGN_E_KEY_FILE;
	if (err != CONSIGN_OK)
		goto out;
	file = calloc(1, sizeof(*file));
	if (file == NULL) {
		err = CONSIGN_E_NO_MEMORY;
		goto out;
	}
	err = parse(buf_slice(&text), passphrase, file);
	/* Also told on the one failure that a passphrase would mend. */
	if (ret_locked != NULL && (err == CONSIGN_OK || (err == CONSIGN_E_KEY_FILE && passphrase == NULL)))
		*ret_locked = file->is_locked;
	if (err == CONSIGN_OK) {
		*ret_file = file;
		file = NULL;
	}
out:
	keyfile_free(&file);
	buf_wipe(&text);
	return err;
}

/* The secret lines in guarded memory, which the caller frees with sodium_free. */
static enum consign_err
format_secrets(const struct keyfile *file, char **ret_lines, size_t *ret_len)
{
	size_t capacity = file->count * SECRET_LINE_MAX_BYTES + 1;
	char *lines = sodium_malloc(capacity);
	size_t len = 0;

	if (lines == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < file->count; i++) {
		const struct keyfile_key *key = &file->keys[i];

		len += (size_t)snprintf(lines + len, capacity - len, "%s %llu ", key->name, (unsigned long long)key->created_us);
		sodium_bin2base64(
		    lines + len, capacity - len, key->secret->b, sizeof(key->secret->b), sodium_base64_VARIANT_ORIGINAL);
		len += SECRET_TEXT_BYTES - 1;
		lines[len++] = '\n';
	}
	*ret_lines = lines;
	*ret_len = len;
	return CONSIGN_OK;
}

static enum consign_err
append_base64_line(struct buf *out, const char *before, struct consign_slice bytes)
{
	enum consign_err err = buf_append(out, slice_text(before));

	if (err == CONSIGN_OK)
		err = base64_format(bytes, out);
	if (err == CONSIGN_OK)
		err = buf_append_u8(out, '\n');
	return err;
}

static enum consign_err
format_head(const struct keyfile *file, const uint8_t nonce[NONCE_BYTES], struct buf *out)
{
	enum consign_err err;

	err = buf_printf(out, "consign-key-v1\nparty %s %s\n", file->kind, file->party);
	if (err != CONSIGN_OK)
		return err;
	if (!file->is_locked)
		return buf_append(out, slice_text("lock none\n"));
	err =
	    buf_printf(out, "lock argon2id13 %llu %llu ", (unsigned long long)file->opslimit, (unsigned long long)file->memlimit);
	if (err == CONSIGN_OK)
		err = append_base64_line(out, "", SLICE_ARRAY(file->salt));
	if (err == CONSIGN_OK)
		err = append_base64_line(out, "box ", slice_of(nonce, NONCE_BYTES));
	return err;
}

/* Locks the secret lines under the head that `out` holds so far, and appends them. */
static enum consign_err
append_box(const struct keyfile *file, const uint8_t nonce[NONCE_BYTES], struct consign_slice lines, struct buf *out)
{
	const size_t step = BASE64_LINE_CHARS / 4 * 3;
	struct buf box = {0};
	enum consign_err err;

	err = buf_reserve(&box, lines.len + TAG_BYTES);
	if (err != CONSIGN_OK)
		return err;
	crypto_aead_xchacha20poly1305_ietf_encrypt(
	    box.data, NULL, lines.data, lines.len, out->data, out->len, NULL, nonce, file->lock_key->b);
	box.len = lines.len + TAG_BYTES;
	for (size_t i = 0; i < box.len && err == CONSIGN_OK; i += step)
		err = append_base64_line(out, "", slice_of(box.data + i, box.len - i < step ? box.len - i : step));
	buf_clear(&box);
	return err;
}

enum consign_err
keyfile_save(const struct keyfile *file, const char *path)
{
	uint8_t nonce[NONCE_BYTES];
	struct buf out = {0};
	char *lines = NULL;
	size_t len = 0;
	enum consign_err err;

	random_bytes(nonce, sizeof(nonce));
	err = format_head(file, nonce, &out);
	if (err != CONSIGN_OK)
		goto out;
	err = format_secrets(file, &lines, &len);
	if (err != CONSIGN_OK)
		goto out;
	if (file->is_locked)
		err = append_box(file, nonce, slice_of(lines, len), &out);
	else
		err = buf_append(&out, slice_of(lines, len));
	if (err == CONSIGN_OK)
		err = file_write(path, buf_slice(&out), 0600);
out:
	sodium_free(lines);
	buf_wipe(&out);
	return err;
}
