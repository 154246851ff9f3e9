/*
 * Key files in memory: the keys, and the lock under which they are written again. The text form is in keyfile_text.c.
 *
 * Invariants   names differ; keys and lock key are in guarded memory and nowhere else once a call has returned.
 */
#include "core/keyfile_text.h"

#include "core/sign.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

_Static_assert(KEYFILE_SALT_BYTES == crypto_pwhash_argon2id_SALTBYTES, "an Argon2id salt");

bool
keyfile_is_party_word(struct consign_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return s.len > 0 && s.len < KEYFILE_NAME_BYTES;
}

bool
keyfile_is_key_name(struct consign_slice s)
{
	return s.len < KEYFILE_NAME_BYTES && text_is(CHARSET_STUDY, s);
}

enum consign_err
keyfile_derive_lock(struct keyfile *file, const char *passphrase)
{
	struct secret *key;
	enum consign_err err;

	err = secret_new(&key);
	if (err != CONSIGN_OK)
		return err;
	/* Fails only when the memory that the file asks for cannot be had. */
	if (crypto_pwhash_argon2id(key->b, KEYFILE_LOCK_KEY_BYTES, passphrase, strlen(passphrase), file->salt, file->opslimit,
		(size_t)file->memlimit, crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
		secret_free(&key);
		return CONSIGN_E_NO_MEMORY;
	}
	secret_free(&file->lock_key);
	file->lock_key = key;
	return CONSIGN_OK;
}

enum consign_err
keyfile_new(const char *kind, const char *name, const char *passphrase, struct keyfile **ret_file)
{
	struct keyfile *file;
	enum consign_err err = CONSIGN_OK;

	if (!keyfile_is_party_word(slice_text(kind)) || !keyfile_is_party_word(slice_text(name)))
		return CONSIGN_E_MALFORMED;
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return CONSIGN_E_NO_MEMORY;
	memcpy(file->kind, kind, strlen(kind));
	memcpy(file->party, name, strlen(name));
	if (passphrase != NULL) {
		file->is_locked = true;
		file->opslimit = crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE;
		file->memlimit = crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE;
		random_bytes(file->salt, sizeof(file->salt));
		err = keyfile_derive_lock(file, passphrase);
	}
	if (err != CONSIGN_OK) {
		keyfile_free(&file);
		return err;
	}
	*ret_file = file;
	return CONSIGN_OK;
}

void
keyfile_free(struct keyfile **file)
{
	if (file == NULL || *file == NULL)
		return;
	for (size_t i = 0; i < (*file)->count; i++)
		secret_free(&(*file)->keys[i].secret);
	free((*file)->keys);
	secret_free(&(*file)->lock_key);
	free(*file);
	*file = NULL;
}

const char *
keyfile_kind(const struct keyfile *file)
{
	return file->kind;
}

const char *
keyfile_party(const struct keyfile *file)
{
	return file->party;
}

bool
keyfile_is_locked(const struct keyfile *file)
{
	return file->is_locked;
}

static struct keyfile_key *
find(const struct keyfile *file, const char *name)
{
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->keys[i].name, name) == 0)
			return &file->keys[i];
	}
	return NULL;
}

/* Makes room for one more key. */
static enum consign_err
grow(struct keyfile *file)
{
	struct keyfile_key *keys;
	size_t capacity = file->capacity == 0 ? 8 : file->capacity * 2;

	if (file->count < file->capacity)
		return CONSIGN_OK;
	/* Names and pointers only: the keys themselves stay where they are. */
	keys = reallocarray(file->keys, capacity, sizeof(*keys));
	if (keys == NULL)
		return CONSIGN_E_NO_MEMORY;
	file->keys = keys;
	file->capacity = capacity;
	return CONSIGN_OK;
}

enum consign_err
keyfile_put(struct keyfile *file, const char *name, uint64_t created_us, const struct secret *key)
{
	struct keyfile_key *entry;
	struct secret *copy;
	enum consign_err err;

	if (!keyfile_is_key_name(slice_text(name)))
		return CONSIGN_E_MALFORMED;
	err = grow(file);
	if (err != CONSIGN_OK)
		return err;
	err = secret_new(&copy);
	if (err != CONSIGN_OK)
		return err;
	memcpy(copy->b, key->b, sizeof(copy->b));
	entry = find(file, name);
	if (entry == NULL) {
		entry = &file->keys[file->count++];
		memset(entry, 0, sizeof(*entry));
		memcpy(entry->name, name, strlen(name));
	}
	secret_free(&entry->secret);
	entry->secret = copy;
	entry->created_us = created_us;
	return CONSIGN_OK;
}

const struct secret *
keyfile_find(const struct keyfile *file, const char *name, uint64_t *ret_created_us)
{
	const struct keyfile_key *entry = find(file, name);

	if (entry == NULL)
		return NULL;
	if (ret_created_us != NULL)
		*ret_created_us = entry->created_us;
	return entry->secret;
}

void
keyfile_drop(struct keyfile *file, const char *name)
{
	struct keyfile_key *entry = find(file, name);
	size_t i;

	if (entry == NULL)
		return;
	secret_free(&entry->secret);
	i = (size_t)(entry - file->keys);
	memmove(entry, entry + 1, (file->count - i - 1) * sizeof(*entry));
	file->count--;
}

size_t
keyfile_count(const struct keyfile *file)
{
	return file->count;
}

const char *
keyfile_name_at(const struct keyfile *file, size_t i)
{
	return file->keys[i].name;
}
