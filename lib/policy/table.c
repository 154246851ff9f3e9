/* Hash tables with open addressing, linear probing, at most half full. See table.h. */
#include "policy/table.h"

#include <stdlib.h>
#include <string.h>

struct name {
	uint64_t hash;
	size_t at; /* in bytes */
	size_t len;
};

struct number {
	uint64_t key;
	uint32_t value; /* TABLE_NONE: a free slot */
};

enum consign_err
table_grow(void *array, size_t size, size_t n, size_t *cap)
{
	if (n < *cap)
		return CONSIGN_OK;
	size_t more = *cap == 0 ? 16 : *cap * 2;
	if (more > SIZE_MAX / size)
		return CONSIGN_E_NO_MEMORY;
	void *old;
	memcpy(&old, array, sizeof old);
	void *grown = realloc(old, more * size);
	if (grown == NULL)
		return CONSIGN_E_NO_MEMORY;
	memcpy(array, &grown, sizeof grown);
	*cap = more;
	return CONSIGN_OK;
}

/* FNV-1a: it can be grown a byte at a time, which is what looking up all prefixes of a type needs. */
uint64_t
names_hash_start(void)
{
	return 0xcbf29ce484222325u;
}

uint64_t
names_hash_next(uint64_t hash, uint8_t byte)
{
	return (hash ^ byte) * 0x100000001b3u;
}

/* Spreads a key or hash over all bits, so that the low ones can choose the slot (the finaliser of splitmix64). */
static uint64_t
spread(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

void
names_clear(struct names *t)
{
	buf_clear(&t->bytes);
	free(t->v);
	free(t->slots);
	memset(t, 0, sizeof *t);
}

static enum consign_err
rehash_names(struct names *t)
{
	if (t->n < t->slot_count / 2)
		return CONSIGN_OK;
	size_t count = t->slot_count == 0 ? 16 : t->slot_count * 2;
	uint32_t *slots = malloc(count * sizeof *slots);
	if (slots == NULL)
		return CONSIGN_E_NO_MEMORY;
	memset(slots, 0xff, count * sizeof *slots);
	for (uint32_t id = 0; id < t->n; id++) {
		size_t i = spread(t->v[id].hash) & (count - 1);
		while (slots[i] != TABLE_NONE)
			i = (i + 1) & (count - 1);
		slots[i] = id;
	}
	free(t->slots);
	t->slots = slots;
	t->slot_count = count;
	return CONSIGN_OK;
}

uint32_t
names_find_hashed(const struct names *t, uint64_t hash, const char *text, size_t len)
{
	if (t->slot_count == 0)
		return TABLE_NONE;
	for (size_t i = spread(hash) & (t->slot_count - 1); t->slots[i] != TABLE_NONE; i = (i + 1) & (t->slot_count - 1)) {
		const struct name *name = &t->v[t->slots[i]];
		if (name->hash == hash && name->len == len && (len == 0 || memcmp(t->bytes.data + name->at, text, len) == 0))
			return t->slots[i];
	}
	return TABLE_NONE;
}

static uint64_t
hash_slice(struct consign_slice text)
{
	uint64_t hash = names_hash_start();
	for (size_t i = 0; i < text.len; i++)
		hash = names_hash_next(hash, text.data[i]);
	return hash;
}

uint32_t
names_find(const struct names *t, struct consign_slice text)
{
	return names_find_hashed(t, hash_slice(text), (const char *)text.data, text.len);
}

uint32_t
names_find_text(const struct names *t, const char *text)
{
	return names_find(t, slice_text(text));
}

enum consign_err
names_put(struct names *t, struct consign_slice text, uint32_t *ret_id)
{
	uint64_t hash = hash_slice(text);
	uint32_t id = names_find_hashed(t, hash, (const char *)text.data, text.len);
	if (id != TABLE_NONE) {
		*ret_id = id;
		return CONSIGN_OK;
	}
	if (t->n >= TABLE_NONE - 1)
		return CONSIGN_E_NO_MEMORY;
	enum consign_err err = table_grow(&t->v, sizeof *t->v, t->n, &t->cap);
	if (err == CONSIGN_OK)
		err = rehash_names(t);
	if (err == CONSIGN_OK)
		err = buf_reserve(&t->bytes, text.len + 1);
	size_t at = t->bytes.len;
	if (err == CONSIGN_OK && text.len > 0)
		err = buf_append(&t->bytes, text);
	if (err == CONSIGN_OK)
		err = buf_append_u8(&t->bytes, 0);
	if (err != CONSIGN_OK)
		return err;
	id = (uint32_t)t->n++;
	t->v[id] = (struct name){.hash = hash, .at = at, .len = text.len};
	size_t i = spread(hash) & (t->slot_count - 1);
	while (t->slots[i] != TABLE_NONE)
		i = (i + 1) & (t->slot_count - 1);
	t->slots[i] = id;
	*ret_id = id;
	return CONSIGN_OK;
}

const char *
names_text(const struct names *t, uint32_t id)
{
	return (const char *)t->bytes.data + t->v[id].at;
}

void
numbers_clear(struct numbers *t)
{
	free(t->slots);
	memset(t, 0, sizeof *t);
}

/* The slot that holds the key, or the free one where it belongs. */
static struct number *
slot_of(struct number *slots, size_t slot_count, uint64_t key)
{
	size_t i = spread(key) & (slot_count - 1);
	while (slots[i].value != TABLE_NONE && slots[i].key != key)
		i = (i + 1) & (slot_count - 1);
	return &slots[i];
}

static enum consign_err
rehash_numbers(struct numbers *t)
{
	if (t->n < t->slot_count / 2)
		return CONSIGN_OK;
	size_t count = t->slot_count == 0 ? 16 : t->slot_count * 2;
	struct number *slots = malloc(count * sizeof *slots);
	if (slots == NULL)
		return CONSIGN_E_NO_MEMORY;
	memset(slots, 0xff, count * sizeof *slots);
	for (size_t i = 0; i < t->slot_count; i++) {
		if (t->slots[i].value != TABLE_NONE)
			*slot_of(slots, count, t->slots[i].key) = t->slots[i];
	}
	free(t->slots);
	t->slots = slots;
	t->slot_count = count;
	return CONSIGN_OK;
}

uint32_t
numbers_find(const struct numbers *t, uint64_t key)
{
	return t->slot_count == 0 ? TABLE_NONE : slot_of(t->slots, t->slot_count, key)->value;
}

enum consign_err
numbers_put(struct numbers *t, uint64_t key, uint32_t value, uint32_t *ret_value)
{
	enum consign_err err = rehash_numbers(t);
	if (err != CONSIGN_OK)
		return err;
	struct number *slot = slot_of(t->slots, t->slot_count, key);
	if (slot->value == TABLE_NONE) {
		slot->key = key;
		slot->value = value;
		t->n++;
	}
	*ret_value = slot->value;
	return CONSIGN_OK;
}
