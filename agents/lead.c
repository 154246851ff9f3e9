/* See lead.h. */
#include "lead.h"

#include "agent.h"
#include "core/log.h"
#include "uplink.h"

/* The broker has that long to bring the documents that others speak of. */
#define BRING_US 30000000u
#define ASK_US 2000000u

static void
ask_for_documents(struct agent *a)
{
	struct session_fetch fetch = {.root_after = hub_root(a->hub)->root->version};

	if (uplink_say(a->uplink, &(struct session_command){.fetch = &fetch}, NULL, NULL) != CONSIGN_OK)
		log_event(LOG_DEBUG, "lead.unasked", NULL);
}

bool
lead_follow(struct agent *a, struct lead *lead, bool is_ahead)
{
	uint64_t now = clock_steady_us(a->clock);

	/* While there is no connection the broker withholds nothing. */
	if (!is_ahead || uplink_state(a->uplink) != UPLINK_UP) {
		*lead = (struct lead){0};
		return false;
	}
	if (lead->since_us == 0) {
		lead->since_us = now;
		lead->since_wall_us = clock_wall_us(a->clock);
		lead->asked_us = now; /* what is on its way comes by itself */
	}
	if (now - lead->asked_us > ASK_US) {
		lead->asked_us = now;
		ask_for_documents(a);
	}
	if (now - lead->since_us <= BRING_US || lead->is_over)
		return false;
	lead->is_over = true;
	return true;
}
