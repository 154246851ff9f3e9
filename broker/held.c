/* The line is walked with each submission: CONSIGN_HELD_LANES_MAX bounds it. */
#include "held.h"

#include <stdlib.h>
#include <string.h>

struct held_lane {
	struct consign_study study;
	struct consign_org consignee;
	struct consign_id consignment_id;
	struct held_lane *next;
};

static bool
is_of(const struct held_lane *lane, const struct consign_id *id)
{
	return memcmp(lane->consignment_id.b, id->b, sizeof id->b) == 0;
}

void
held_release(struct held *h, const struct consign_id *consignment_id)
{
	for (struct held_lane **at = &h->first; *at != NULL;) {
		struct held_lane *lane = *at;

		if (!is_of(lane, consignment_id)) {
			at = &lane->next;
			continue;
		}
		*at = lane->next;
		free(lane);
		h->n--;
	}
}

void
held_add(struct held *h, const struct manifest *m)
{
	struct held_lane **last = &h->first;

	for (; *last != NULL; last = &(*last)->next)
		if (is_of(*last, &m->consignment_id))
			return;
	for (size_t i = 0; i < m->consignees.n; i++) {
		struct held_lane *lane = calloc(1, sizeof *lane);

		if (lane == NULL)
			return;
		lane->study = m->study;
		lane->consignee = m->consignees.v[i]->org;
		lane->consignment_id = m->consignment_id;
		*last = lane;
		last = &lane->next;
		h->n++;
	}
}

static bool
shares_lane(const struct held_lane *lane, const struct manifest *m)
{
	if (strcmp(lane->study.s, m->study.s) != 0)
		return false;
	for (size_t i = 0; i < m->consignees.n; i++)
		if (strcmp(lane->consignee.s, m->consignees.v[i]->org.s) == 0)
			return true;
	return false;
}

bool
held_blocks(const struct held *h, const struct manifest *m)
{
	for (const struct held_lane *lane = h->first; lane != NULL; lane = lane->next) {
		if (is_of(lane, &m->consignment_id))
			return false;
		if (shares_lane(lane, m))
			return true;
	}
	return false;
}

void
held_clear(struct held *h)
{
	while (h->first != NULL) {
		struct held_lane *next = h->first->next;

		free(h->first);
		h->first = next;
	}
	h->n = 0;
}
