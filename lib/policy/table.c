/*
 * Hash tables with open addressing, linear probing, at most half full; names, which every decision looks up, at most a quarter: each
 * second look is one that no processor foresees. See table.h.
 *
 * The hash reads a word at a time, since every decision hashes four texts. It has a state at each word, from which the hashes of
 * all prefixes follow: that is what looking for the longest one needs.
 */
#include "policy/table.h"

#include <stdlib.h>
#include <string.h>

struct name {
	size_t at; /* in bytes */
	size_t len;
};

/* All that a look-up needs of a text of at most two words: one line of the cache, and no step from it to another. */
struct name_slot {
	uint64_t head, tail; /* its first and its last word */
	uint32_t id;         /* or TABLE_NONE */
	uint32_t len;
	size_t at; /* in bytes */
};

struct number {
	uint64_t key;
	uint32_t value; /* TABLE_NONE: a free slot */
};

#define WORD_BYTES 8u
/* The lengths of struct lengths end before this. */
#define LENGTHS_END 128u

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

static inline uint64_t
load_half(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
}

/* Up to a word of text, with zeros above, without reading outside of it. */
static inline uint64_t
load_short(const uint8_t *text, size_t len)
{
	if (len >= WORD_BYTES)
		return load_le64(text);
	if (len >= 4)
		return load_half(text) | load_half(text + len - 4) << (8 * (len - 4));
	if (len == 0)
		return 0;
	return (uint64_t)text[0] | (uint64_t)text[len / 2] << (8 * (len / 2)) | (uint64_t)text[len - 1] << (8 * (len - 1));
}

/* Words before the last one, which has 1 to 8 bytes. */
static inline size_t
words_before(size_t len)
{
	return len == 0 ? 0 : (len - 1) / WORD_BYTES;
}

#define HASH_START 0xcbf29ce484222325u

static inline uint64_t
hash_end(uint64_t state, uint64_t tail, size_t len)
{
	return table_spread(table_spread(state ^ tail) + len);
}

/* A text with what is looked for: its hash, its first and its last word. */
struct probe {
	const uint8_t *text;
	size_t len;
	uint64_t hash, head, tail;
};

static inline struct probe
probe_of(struct consign_slice text)
{
	struct probe p = {.text = text.data, .len = text.len, .head = load_short(text.data, text.len)};
	uint64_t state = HASH_START;
	p.tail = p.head;
	if (text.len > WORD_BYTES) {
		state = table_spread(state ^ p.head);
		for (size_t at = WORD_BYTES; at + WORD_BYTES < text.len; at += WORD_BYTES)
			state = table_spread(state ^ load_le64(text.data + at));
		p.tail = load_le64(text.data + text.len - WORD_BYTES) >> (8 * (WORD_BYTES - 1 - (text.len - 1) % WORD_BYTES));
	}
	p.hash = hash_end(state, p.tail, text.len);
	return p;
}

void
names_clear(struct names *t)
{
	buf_clear(&t->bytes);
	free(t->v);
	free(t->slots);
	memset(t, 0, sizeof *t);
}

static void
take_slot(const struct names *t, struct name_slot *slots, size_t count, uint32_t id)
{
	const struct name *name = &t->v[id];
	struct probe p = probe_of(slice_of(t->bytes.data + name->at, name->len));
	size_t i = p.hash & (count - 1);
	while (slots[i].id != TABLE_NONE)
		i = (i + 1) & (count - 1);
	slots[i] = (struct name_slot){.head = p.head, .tail = p.tail, .id = id, .len = (uint32_t)name->len, .at = name->at};
}

static enum consign_err
rehash(struct names *t)
{
	if (t->n < t->slot_count / 4)
		return CONSIGN_OK;
	size_t count = t->slot_count == 0 ? 16 : t->slot_count * 2;
	struct name_slot *slots = malloc(count * sizeof *slots);
	if (slots == NULL)
		return CONSIGN_E_NO_MEMORY;
	memset(slots, 0xff, count * sizeof *slots);
	for (uint32_t id = 0; id < t->n; id++)
		take_slot(t, slots, count, id);
	free(t->slots);
	t->slots = slots;
	t->slot_count = count;
	return CONSIGN_OK;
}

static inline uint32_t
find(const struct names *t, const struct probe *p)
{
	if (t->slot_count == 0)
		return TABLE_NONE;
	for (size_t i = p->hash & (t->slot_count - 1);; i = (i + 1) & (t->slot_count - 1)) {
		const struct name_slot *s = &t->slots[i];
		if (s->id == TABLE_NONE)
			return TABLE_NONE;
		if (((s->head ^ p->head) | (s->tail ^ p->tail) | (s->len ^ p->len)) != 0)
			continue;
		if (p->len <= 2 * WORD_BYTES || memcmp(t->bytes.data + s->at, p->text, p->len) == 0)
			return s->id;
	}
}

uint32_t
names_find(const struct names *t, struct consign_slice text)
{
	struct probe p = probe_of(text);
	return find(t, &p);
}

uint32_t
names_find_text(const struct names *t, const char *text)
{
	return names_find(t, slice_text(text));
}

void
lengths_add(struct lengths *lengths, size_t len)
{
	lengths->bits[len / 64] |= (uint64_t)1 << (len % 64);
}

uint32_t
names_find_longest(const struct names *t, const struct lengths *lengths, struct consign_slice text)
{
	uint64_t states[LENGTHS_END / WORD_BYTES], words[LENGTHS_END / WORD_BYTES], state = HASH_START;
	size_t most = text.len < LENGTHS_END - 1 ? text.len : LENGTHS_END - 1, n = 0;
	for (; n < words_before(most); n++) {
		states[n] = state;
		words[n] = load_le64(text.data + n * WORD_BYTES);
		state = table_spread(state ^ words[n]);
	}
	states[n] = state;
	words[n] = n == 0 ? load_short(text.data, most)
			  : load_le64(text.data + most - WORD_BYTES) >> (8 * ((n + 1) * WORD_BYTES - most));
	for (size_t half = most / 64 + 1; half-- > 0;) {
		uint64_t bits = lengths->bits[half];
		if (half == most / 64)
			bits &= UINT64_MAX >> (63 - most % 64);
		while (bits != 0) {
			size_t len = half * 64 + 63 - (size_t)__builtin_clzll(bits), last = words_before(len);
			struct probe p = {.text = text.data, .len = len};
			p.tail = len == 0 ? 0 : words[last] & (UINT64_MAX >> (8 * ((last + 1) * WORD_BYTES - len)));
			p.head = last == 0 ? p.tail : words[0];
			p.hash = hash_end(states[last], p.tail, len);
			uint32_t id = find(t, &p);
			if (id != TABLE_NONE)
				return id;
			bits ^= (uint64_t)1 << (len % 64);
		}
	}
	return TABLE_NONE;
}

enum consign_err
names_put(struct names *t, struct consign_slice text, uint32_t *ret_id)
{
	uint32_t id = names_find(t, text);
	if (id != TABLE_NONE) {
		*ret_id = id;
		return CONSIGN_OK;
	}
	if (t->n >= TABLE_NONE - 1 || text.len > UINT32_MAX)
		return CONSIGN_E_NO_MEMORY;
	enum consign_err err = table_grow(&t->v, sizeof *t->v, t->n, &t->cap);
	if (err == CONSIGN_OK)
		err = rehash(t);
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
	t->v[id] = (struct name){.at = at, .len = text.len};
	take_slot(t, t->slots, t->slot_count, id);
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
	size_t i = table_spread(key) & (slot_count - 1);
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
