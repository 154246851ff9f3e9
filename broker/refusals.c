/* See refusals.h. */
#include "refusals.h"

#include "core/limits.h"

static uint64_t
this_second(const struct broker *b)
{
	return clock_steady_us(b->clock) / 1000000;
}

static void
write_down(struct broker *b, struct mailbox *m)
{
	if (m->refusals.others > 0)
		broker_act(b, "refusals", m->org.s, m->refusals.others, "refused beyond the limit of leaves a second");
	m->refusals.others = 0;
}

bool
refusal_may_have_leaf(struct broker *b, const char *org)
{
	struct mailbox *m = mailbox_of(b->mailboxes, org);
	uint64_t second = this_second(b);

	if (m == NULL)
		return false;
	if (m->refusals.second != second) {
		write_down(b, m);
		m->refusals.second = second;
		m->refusals.placed = 0;
	}
	if (m->refusals.placed < CONSIGN_REFUSAL_LEAVES_PER_SECOND) {
		m->refusals.placed++;
		return true;
	}
	m->refusals.others++;
	b->refusals_counted = true;
	return false;
}

struct counting {
	struct broker *b;
	bool all;
	bool is_left;
};

static void
count_one(void *context, struct mailbox *m)
{
	struct counting *c = context;

	if (c->all || m->refusals.second != this_second(c->b))
		write_down(c->b, m);
	if (m->refusals.others > 0)
		c->is_left = true;
}

void
refusals_count(struct broker *b, bool all)
{
	struct counting c = {b, all, false};

	if (!b->refusals_counted)
		return;
	mailboxes_each(b->mailboxes, count_one, &c);
	b->refusals_counted = c.is_left;
}
