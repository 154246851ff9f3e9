/* The line is walked with each submission: CONSIGN_HELD_LANES_MAX bounds it. */
#include "held.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

struct held_lane {
	uint64_t name; /* of study and consignee: a first look */
	struct consign_study study;
	struct consign_org consignee;
	struct consign_id consignment_id;
	struct held_lane *next;
};

/* FNV-1a. Who finds two lanes of one name only has both compared. */
static uint64_t
name_of(const struct consign_study *study, const struct consign_org *consignee)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (const char *c = study->s; *c != '\0'; c++)
		h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	h *= UINT64_C(0x100000001b3);
	for (const char *c = consignee->s; *c != '\0'; c++)
		h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	return h;
}

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
		lane->name = name_of(&lane->study, &lane->consignee);
		*last = lane;
		last = &lane->next;
		h->n++;
	}
}

static bool
shares_lane(const struct held_lane *lane, const struct manifest *m, const uint64_t *names)
{
	for (size_t i = 0; i < m->consignees.n; i++)
		if (lane->name == names[i] && strcmp(lane->study.s, m->study.s) == 0 && strcmp(lane->consignee.s, m->consignees.v[i]->org.s) == 0)
			return true;
	return false;
}

bool
held_blocks(const struct held *h, const struct manifest *m)
{
	uint64_t names[CONSIGN_CONSIGNEES_MAX];

	for (size_t i = 0; i < m->consignees.n; i++)
		names[i] = name_of(&m->study, &m->consignees.v[i]->org);
	for (const struct held_lane *lane = h->first; lane != NULL; lane = lane->next) {
		if (is_of(lane, &m->consignment_id))
			return false;
		if (shares_lane(lane, m, names))
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
