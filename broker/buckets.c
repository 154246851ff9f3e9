/* See buckets.h. */
#include "buckets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/sign.h"
#include "policy/table.h"

struct bucket {
	struct rate rate;
	struct quota quota; /* that it is weighed under */
	uint64_t messages, bytes;
	bool is_weighed;
	uint32_t owner; /* number in owners; TABLE_NONE: all of a study together */
	struct turns turns; /* who waits for it */
	struct bucket *next_weighed;
};

/* Where a consignment stands in line, by its id: for who gives it up. */
struct standing {
	struct consign_org consignor;
	struct consign_id id;
	uint64_t until_us;     /* as in the line */
	struct bucket *bucket; /* while that is not past: a bucket with somebody in its line is not swept */
	struct standing *next;
};
#define STANDINGS 1024u

struct buckets {
	struct standing *standings[STANDINGS];
	size_t standings_n; /* of all rows; most hubs have none */
	uint64_t seed[2];   /* odd: ids are chosen by who sends */
	struct names names; /* number: place in v */
	struct bucket **v;
	size_t cap;
	struct names owners; /* consignors, as members have them: few, and kept; number: place in owned */
	size_t *owned;       /* buckets of each */
	size_t owned_cap;
	struct bucket *weighed;
	struct asker asker; /* of those */
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
	struct buckets *b = calloc(1, sizeof *b);

	if (b == NULL)
		return NULL;
	random_bytes(b->seed, sizeof b->seed);
	b->seed[0] |= 1;
	b->seed[1] |= 1;
	return b;
}

static void
free_bucket(struct bucket *bucket)
{
	turns_clear(&bucket->turns);
	free(bucket);
}

void
buckets_clear(struct buckets *b)
{
	for (size_t i = 0; i < STANDINGS; i++)
		while (b->standings[i] != NULL) {
			struct standing *next = b->standings[i]->next;

			free(b->standings[i]);
			b->standings[i] = next;
		}
	for (size_t i = 0; i < b->names.n; i++)
		free_bucket(b->v[i]);
	free(b->v);
	free(b->owned);
	names_clear(&b->names);
	names_clear(&b->owners);
	*b = (struct buckets){.seed = {b->seed[0], b->seed[1]}};
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
	return !bucket->is_weighed && bucket->rate.messages.at_us <= now_us && bucket->rate.bytes.at_us <= now_us && !turns_has(&bucket->turns, now_us);
}

/* Drops the empty ones: they are as if they had never been. */
static enum consign_err
sweep(struct buckets *b, uint64_t now_us)
{
	struct buckets kept = {.sweep_us = now_us + SWEEP_PAUSE_US};
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
		if (is_empty(b->v[i], now_us)) {
			if (b->v[i]->owner != TABLE_NONE)
				b->owned[b->v[i]->owner]--;
			free_bucket(b->v[i]);
		}
	names_clear(&b->names);
	free(b->v);
	b->names = kept.names;
	b->v = kept.v;
	b->cap = kept.cap;
	b->sweep_us = kept.sweep_us;
	return CONSIGN_OK;
}

static enum consign_err
number_of_owner(struct buckets *b, const char *consignor, uint32_t *ret_owner)
{
	size_t known = b->owners.n;
	enum consign_err err = CONSIGN_OK;

	*ret_owner = TABLE_NONE;
	if (consignor[0] == '\0')
		return CONSIGN_OK;
	err = table_grow(&b->owned, sizeof *b->owned, known, &b->owned_cap);
	if (err == CONSIGN_OK)
		err = names_put(&b->owners, slice_text(consignor), ret_owner);
	if (err == CONSIGN_OK && *ret_owner == known)
		b->owned[known] = 0;
	return err;
}

/*
 * A share is as large as what nobody uses, as in a mailbox (quota_room): whoever is many pairs of companies under many rules has
 * at most half of them, and others their first. What is of a study together is as many as the policy has, and of nobody's share.
 */
static bool
has_room(const struct buckets *b, uint32_t owner)
{
	size_t left = CONSIGN_BUCKETS_MAX - b->names.n, own = owner == TABLE_NONE ? 0 : b->owned[owner];

	return own < left;
}

static struct bucket *
find(const struct buckets *b, struct consign_slice text)
{
	uint32_t number = names_find(&b->names, text);

	return number == TABLE_NONE ? NULL : b->v[number];
}

static enum consign_err
add(struct buckets *b, struct consign_slice text, const char *consignor, uint64_t now_us, struct bucket **ret_bucket)
{
	uint32_t owner;
	enum consign_err err = number_of_owner(b, consignor, &owner);

	if (err == CONSIGN_OK && !has_room(b, owner))
		err = sweep(b, now_us);
	if (err == CONSIGN_OK && !has_room(b, owner))
		err = CONSIGN_E_FULL;
	if (err != CONSIGN_OK)
		return err;
	struct bucket *bucket = calloc(1, sizeof *bucket);

	if (bucket == NULL)
		return CONSIGN_E_NO_MEMORY;
	err = put(b, text, bucket);
	if (err != CONSIGN_OK) {
		free(bucket);
		return err;
	}
	bucket->owner = owner;
	if (owner != TABLE_NONE)
		b->owned[owner]++;
	*ret_bucket = bucket;
	return CONSIGN_OK;
}

static enum consign_err
get(struct buckets *b, const struct bucket_name *name, uint64_t now_us, struct bucket **ret_bucket)
{
	char buffer[NAME_BYTES];
	struct consign_slice text = text_of(name, buffer);
	struct bucket *bucket = find(b, text);
	enum consign_err err = CONSIGN_OK;

	if (bucket == NULL)
		err = add(b, text, name->from, now_us, &bucket);
	if (err == CONSIGN_OK)
		*ret_bucket = bucket;
	return err;
}

void
buckets_ask(struct buckets *b, const struct asker *asker)
{
	b->asker = *asker;
}

enum consign_err
buckets_weigh(struct buckets *b, const struct bucket_name *name, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t bytes,
    struct bucket_wait *ret_wait)
{
	struct bucket *bucket;
	struct owed ahead;
	enum consign_err err = get(b, name, now_us, &bucket);

	if (err != CONSIGN_OK)
		return err;
	if (!bucket->is_weighed) {
		bucket->is_weighed = true;
		bucket->quota = *quota;
		bucket->next_weighed = b->weighed;
		b->weighed = bucket;
		turns_drop_late(&bucket->turns, now_us);
	}
	bucket->messages += messages;
	bucket->bytes += bytes;
	turns_ahead(&bucket->turns, &b->asker, &bucket->quota, &ahead);
	uint64_t alone_us = rate_wait(&bucket->rate, &bucket->quota, now_us, bucket->messages, bucket->bytes);
	uint64_t wait_us = rate_wait_behind(&bucket->rate, &bucket->quota, now_us, &ahead, bucket->messages, bucket->bytes);

	*ret_wait = (struct bucket_wait){.us = wait_us, .is_behind = wait_us > 0 && alone_us == 0};
	return CONSIGN_OK;
}

/* ── who waits ── */

static struct standing **
standings_of(struct buckets *b, const struct consign_id *id)
{
	return &b->standings[(load_le64(id->b) * b->seed[0] + load_le64(id->b + 8) * b->seed[1]) >> 32 & (STANDINGS - 1)];
}

static bool
is_its(const struct standing *s, const struct asker *asker)
{
	return memcmp(s->id.b, asker->id->b, sizeof s->id.b) == 0 && strcmp(s->consignor.s, asker->consignor) == 0;
}

/* NULL: none. What is late in its row goes, so that what nobody gave up does not pile up. */
static struct standing *
find_standing(struct buckets *b, const struct asker *asker, uint64_t now_us)
{
	struct standing *its = NULL;

	for (struct standing **at = standings_of(b, asker->id); b->standings_n > 0 && *at != NULL;) {
		struct standing *s = *at;

		if (s->until_us < now_us) {
			*at = s->next;
			free(s);
			b->standings_n--;
			continue;
		}
		if (is_its(s, asker))
			its = s;
		at = &s->next;
	}
	return its;
}

/* It leaves the line where it stands. */
static void
leave(struct buckets *b, const struct asker *asker, bool was_served, uint64_t now_us)
{
	struct standing *s = find_standing(b, asker, now_us);

	if (s == NULL)
		return;
	turns_leave(&s->bucket->turns, asker, was_served);
	s->until_us = 0; /* goes when its row is looked at next */
}

static void
stand(struct buckets *b, struct bucket *bucket, uint64_t now_us, uint64_t until_us)
{
	struct standing *s = find_standing(b, &b->asker, now_us), **row = standings_of(b, b->asker.id);

	if (s != NULL && s->bucket != bucket)
		turns_leave(&s->bucket->turns, &b->asker, false);
	if (s == NULL && (s = calloc(1, sizeof *s)) != NULL) {
		memcpy(s->consignor.s, b->asker.consignor, strnlen(b->asker.consignor, CONSIGN_ORG_MAX_BYTES));
		s->id = *b->asker.id;
		s->next = *row;
		*row = s;
		b->standings_n++;
	}
	if (s == NULL)
		return; /* out of memory: behind all */
	s->bucket = bucket;
	s->until_us = turns_wait(&bucket->turns, &b->asker, bucket->messages, bucket->bytes, until_us) ? until_us : 0;
}

void
buckets_wait(struct buckets *b, const struct bucket_name *name, uint64_t now_us, uint64_t until_us)
{
	char buffer[NAME_BYTES];
	struct bucket *bucket = find(b, text_of(name, buffer));

	if (bucket != NULL && b->asker.consignor != NULL)
		stand(b, bucket, now_us, until_us);
	buckets_forget(b);
}

void
buckets_release(struct buckets *b, const struct asker *asker, uint64_t now_us)
{
	leave(b, asker, false, now_us);
}

void
buckets_take(struct buckets *b, uint64_t now_us)
{
	for (struct bucket *i = b->weighed; i != NULL; i = i->next_weighed)
		rate_add(&i->rate, &i->quota, now_us, i->messages, i->bytes);
	if (b->asker.consignor != NULL)
		leave(b, &b->asker, true, now_us);
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
	b->asker = (struct asker){0};
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
