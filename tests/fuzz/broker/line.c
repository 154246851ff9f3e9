/*
 * The line of held lanes (PROTOCOL.md 7.6), as it must be: the submissions of a session are gone through in the order in which
 * they were said, once their answers are known. See world.h.
 */
#include <stdlib.h>

#include "world.h"

static bool
shares_lane(const struct version *a, const struct version *b)
{
	return a->study == b->study && (a->to & b->to) != 0;
}

static struct held_one **
line_place(struct seat *s, const struct consignment *c)
{
	struct held_one **at = &s->line;

	while (*at != NULL && (*at)->version->of != c)
		at = &(*at)->next;
	return at;
}

static void
line_remove(struct seat *s, const struct consignment *c)
{
	struct held_one **at = line_place(s, c), *gone = *at;

	if (gone != NULL) {
		*at = gone->next;
		free(gone);
	}
}

static void
line_add(struct seat *s, struct version *v, bool is_sure, bool is_passing)
{
	struct held_one **at = line_place(s, v->of);

	if (*at != NULL && (*at)->is_passing && !is_passing) {
		(*at)->version = v; /* it may have gone, or stand there for what it was */
		(*at)->is_passing = false;
	}
	if (*at != NULL)
		return;
	*at = calloc(1, sizeof **at);
	if (*at == NULL)
		broken(s, "the fuzzer is out of memory");
	**at = (struct held_one){.version = v, .is_sure = is_sure, .is_passing = is_passing};
}

/* Whether something that surely stands before it holds a lane of it; whether something may. */
static void
line_asked(const struct seat *s, const struct version *v, bool *ret_sure, bool *ret_maybe)
{
	bool is_in = false; /* perhaps it stands here itself: what is behind it then counts, but not surely */

	*ret_sure = *ret_maybe = false;
	for (const struct held_one *h = s->line; h != NULL; h = h->next) {
		if (h->version->of == v->of && h->is_sure)
			return;
		if (h->version->of == v->of) {
			is_in = true;
		} else if (shares_lane(h->version, v)) {
			*ret_maybe = true;
			*ret_sure = *ret_sure || (h->is_sure && !is_in);
		}
	}
}

/* One submission whose answer is known, in the order in which they were said. */
static void
replay_one(struct seat *s, const struct submission *x)
{
	struct version *v = x->version;
	bool sure, maybe;

	if (x->sequence == 0) {
		line_remove(s, v->of);
		return;
	}
	line_asked(s, v, &sure, &maybe);
	if (x->later == CONSIGN_CODE_LANE_HELD && !maybe)
		broken(s, "LANE_HELD of submission %llu, and nothing holds its lanes", (unsigned long long)x->sequence);
	if (x->is_accepted && x->is_fresh && sure)
		broken(s, "submission %llu was accepted before one that holds its lane", (unsigned long long)x->sequence);
	if (x->is_accepted && x->is_fresh) {
		if (x->leaf <= s->fresh_leaf)
			broken(s, "submission %llu was accepted out of order: leaf %llu after %llu",
			    (unsigned long long)x->sequence, (unsigned long long)x->leaf, (unsigned long long)s->fresh_leaf);
		s->fresh_leaf = x->leaf;
	}
	if (x->is_accepted) {
		line_remove(s, v->of);
		if (!x->is_fresh) /* while the first still waited for its commit, this one held its lanes */
			line_add(s, v, false, true);
	} else if (x->holds) {
		line_add(s, v, !x->is_racy, false);
	}
}

void
line_pass(struct seat *s)
{
	for (struct held_one **at = &s->line; *at != NULL;) {
		struct held_one *h = *at;

		if (!h->is_passing) {
			at = &h->next;
			continue;
		}
		*at = h->next;
		free(h);
	}
}

void
line_replay(struct seat *s)
{
	while (s->said != NULL && s->said->is_answered) {
		struct submission *x = s->said;

		replay_one(s, x);
		s->said = x->next;
		if (s->said == NULL)
			s->said_end = &s->said;
		free(x);
	}
}
