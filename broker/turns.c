/* See turns.h. */
#include "turns.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

struct turn {
	struct consign_id id;
	uint64_t messages, bytes;
	uint64_t until_us; /* steady: it has left when it has not asked again by then */
};

struct turns_place {
	struct consign_org consignor;
	struct turn turns[CONSIGN_TURNS_MAX]; /* in the order of their first asking */
	size_t n;			      /* 1 or more */
	struct turns_place *next;
};

/* Where its place hangs; at the end, where NULL is, when it has none. */
static struct turns_place **
place_of(struct turns *t, const char *consignor)
{
	struct turns_place **at = &t->first;

	while (*at != NULL && strcmp((*at)->consignor.s, consignor) != 0)
		at = &(*at)->next;
	return at;
}

/* CONSIGN_TURNS_MAX or less; n when it does not stand there. */
static size_t
turn_of(const struct turns_place *p, const struct consign_id *id)
{
	size_t i = 0;

	while (i < p->n && memcmp(p->turns[i].id.b, id->b, sizeof id->b) != 0)
		i++;
	return i;
}

static void
remove_turn(struct turns_place *p, size_t i)
{
	p->n--;
	memmove(&p->turns[i], &p->turns[i + 1], (p->n - i) * sizeof p->turns[0]);
}

static void
unlink_place(struct turns *t, struct turns_place **at)
{
	struct turns_place *p = *at;

	*at = p->next;
	p->next = NULL;
	t->n--;
}

static void
link_last(struct turns *t, struct turns_place *p)
{
	struct turns_place **at = &t->first;

	while (*at != NULL)
		at = &(*at)->next;
	*at = p;
	t->n++;
}

void
turns_drop_late(struct turns *t, uint64_t now_us)
{
	for (struct turns_place **at = &t->first; *at != NULL;) {
		struct turns_place *p = *at;

		for (size_t i = p->n; i > 0; i--)
			if (p->turns[i - 1].until_us < now_us)
				remove_turn(p, i - 1);
		if (p->n > 0) {
			at = &p->next;
			continue;
		}
		unlink_place(t, at);
		free(p);
	}
}

void
turns_ahead(const struct turns *t, const struct asker *asker, const struct quota *quota, struct owed *ret_ahead)
{
	struct owed ahead = {0};

	for (const struct turns_place *p = t->first; p != NULL; p = p->next) {
		if (asker->consignor != NULL && strcmp(p->consignor.s, asker->consignor) == 0 && turn_of(p, asker->id) == 0)
			break;
		rate_owe(quota, p->turns[0].messages, p->turns[0].bytes, &ahead);
	}
	*ret_ahead = ahead;
}

static struct turns_place *
add_place(struct turns *t, const char *consignor)
{
	struct turns_place *p = t->n >= CONSIGN_PARTIES_MAX ? NULL : calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	memcpy(p->consignor.s, consignor, strnlen(consignor, CONSIGN_ORG_MAX_BYTES));
	link_last(t, p);
	return p;
}

bool
turns_wait(struct turns *t, const struct asker *asker, uint64_t messages, uint64_t bytes, uint64_t until_us)
{
	if (asker->consignor == NULL)
		return false;
	struct turns_place *p = *place_of(t, asker->consignor);

	if (p == NULL && (p = add_place(t, asker->consignor)) == NULL)
		return false;
	size_t i = turn_of(p, asker->id);

	if (i == CONSIGN_TURNS_MAX)
		return false;
	p->turns[i] = (struct turn){*asker->id, messages, bytes, until_us};
	if (i == p->n)
		p->n++;
	return true;
}

void
turns_leave(struct turns *t, const struct asker *asker, bool was_served)
{
	if (asker->consignor == NULL)
		return;
	struct turns_place **at = place_of(t, asker->consignor), *p = *at;
	size_t i = p == NULL ? 0 : turn_of(p, asker->id);

	if (p == NULL || i == p->n)
		return;
	remove_turn(p, i);
	if (p->n > 0 && !was_served)
		return;
	unlink_place(t, at);
	if (p->n > 0)
		link_last(t, p);
	else
		free(p);
}

bool
turns_has(const struct turns *t, uint64_t now_us)
{
	for (const struct turns_place *p = t->first; p != NULL; p = p->next)
		for (size_t i = 0; i < p->n; i++)
			if (p->turns[i].until_us >= now_us)
				return true;
	return false;
}

void
turns_clear(struct turns *t)
{
	while (t->first != NULL) {
		struct turns_place *next = t->first->next;

		free(t->first);
		t->first = next;
	}
	t->n = 0;
}
