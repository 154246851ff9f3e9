/* See buckets.h. */
#include "buckets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "policy/table.h"

struct bucket {
	struct rate rate;
	struct quota quota; /* that it is weighed under */
	uint64_t messages, bytes;
	bool is_weighed;
	struct bucket *next_weighed;
};

struct buckets {
	struct names names; /* number: place in v */
	struct bucket **v;
	size_t cap;
	struct bucket *weighed;
	uint64_t sweep_us; /* steady: not swept again before */
};

/* A sweep walks all of them, while the loop has others to serve. */
#define SWEEP_PAUSE_US 1000000u

#define NAME_BYTES (CONSIGN_RULE_MAX_BYTES + CONSIGN_STUDY_MAX_BYTES + 2 * CONSIGN_ORG_MAX_BYTES + 8)

/* No id has a newline. */
static struct consign_slice
text_of(const struct bucket_name *name, char buffer[NAME_BYTES])
{
	int n = snprintf(buffer, NAME_BYTES, "%c%s\n%s\n%s", (char)name->kind, name->of, name->from, name->to);

	return slice_of(buffer, (size_t)n < NAME_BYTES ? (size_t)n : NAME_BYTES - 1);
}

struct buckets *
buckets_new(void)
{
	return calloc(1, sizeof(struct buckets));
}

void
buckets_clear(struct buckets *b)
{
	for (size_t i = 0; i < b->names.n; i++)
		free(b->v[i]);
	free(b->v);
	names_clear(&b->names);
	*b = (struct buckets){0};
}

void
buckets_free(struct buckets **buckets)
{
	if (*buckets != NULL)
		buckets_clear(*buckets);
	free(*buckets);
	*buckets = NULL;
}

static enum consign_err
put(struct buckets *b, struct consign_slice text, struct bucket *bucket)
{
	uint32_t number;
	enum consign_err err = table_grow(&b->v, sizeof(struct bucket *), b->names.n, &b->cap);

	if (err == CONSIGN_OK)
		err = names_put(&b->names, text, &number);
	if (err == CONSIGN_OK)
		b->v[number] = bucket;
	return err;
}

static bool
is_empty(const struct bucket *bucket, uint64_t now_us)
{
	return !bucket->is_weighed && bucket->rate.messages.at_us <= now_us && bucket->rate.bytes.at_us <= now_us;
}

/* Drops the empty ones: they are as if they had never been. */
static enum consign_err
sweep(struct buckets *b, uint64_t now_us)
{
	struct buckets kept = {.weighed = b->weighed, .sweep_us = now_us + SWEEP_PAUSE_US};
	enum consign_err err = CONSIGN_OK;

	if (now_us < b->sweep_us)
		return CONSIGN_E_FULL;
	for (size_t i = 0; err == CONSIGN_OK && i < b->names.n; i++)
		if (!is_empty(b->v[i], now_us))
			err = put(&kept, slice_text(names_text(&b->names, (uint32_t)i)), b->v[i]);
	if (err != CONSIGN_OK) {
		names_clear(&kept.names);
		free(kept.v);
		return err;
	}
	for (size_t i = 0; i < b->names.n; i++)
		if (is_empty(b->v[i], now_us))
			free(b->v[i]);
	names_clear(&b->names);
	free(b->v);
	*b = kept;
	return b->names.n < CONSIGN_BUCKETS_MAX ? CONSIGN_OK : CONSIGN_E_FULL;
}

static struct bucket *
find(const struct buckets *b, struct consign_slice text)
{
	uint32_t number = names_find(&b->names, text);

	return number == TABLE_NONE ? NULL : b->v[number];
}

static enum consign_err
get(struct buckets *b, const struct bucket_name *name, uint64_t now_us, struct bucket **ret_bucket)
{
	char buffer[NAME_BYTES];
	struct consign_slice text = text_of(name, buffer);
	struct bucket *bucket = find(b, text);
	enum consign_err err = CONSIGN_OK;

	if (bucket == NULL) {
		if (b->names.n >= CONSIGN_BUCKETS_MAX)
			err = sweep(b, now_us);
		if (err == CONSIGN_OK && (bucket = calloc(1, sizeof *bucket)) == NULL)
			err = CONSIGN_E_NO_MEMORY;
		if (err == CONSIGN_OK && (err = put(b, text, bucket)) != CONSIGN_OK)
			free(bucket);
	}
	if (err == CONSIGN_OK)
		*ret_bucket = bucket;
	return err;
}

enum consign_err
buckets_weigh(struct buckets *b, const struct bucket_name *name, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t bytes,
    uint64_t *ret_wait_us)
{
	struct bucket *bucket;
	enum consign_err err = get(b, name, now_us, &bucket);

	if (err != CONSIGN_OK)
		return err;
	if (!bucket->is_weighed) {
		bucket->is_weighed = true;
		bucket->quota = *quota;
		bucket->next_weighed = b->weighed;
		b->weighed = bucket;
	}
	bucket->messages += messages;
	bucket->bytes += bytes;
	*ret_wait_us = rate_wait(&bucket->rate, &bucket->quota, now_us, bucket->messages, bucket->bytes);
	return CONSIGN_OK;
}

void
buckets_take(struct buckets *b, uint64_t now_us)
{
	for (struct bucket *i = b->weighed; i != NULL; i = i->next_weighed)
		rate_add(&i->rate, &i->quota, now_us, i->messages, i->bytes);
	buckets_forget(b);
}

void
buckets_forget(struct buckets *b)
{
	for (struct bucket *i = b->weighed; i != NULL; i = i->next_weighed) {
		i->is_weighed = false;
		i->messages = i->bytes = 0;
	}
	b->weighed = NULL;
}

bool
buckets_used(const struct buckets *b, const struct bucket_name *name, uint64_t now_us, uint64_t *ret_messages, uint64_t *ret_bytes)
{
	char buffer[NAME_BYTES];
	const struct bucket *bucket = find(b, text_of(name, buffer));

	*ret_messages = *ret_bytes = 0;
	if (bucket == NULL)
		return false;
	rate_used(&bucket->rate, now_us, ret_messages, ret_bytes);
	return true;
}
