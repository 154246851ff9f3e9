/* The only dispatch of what tools ask. */
#include "doors/local.h"

void
local_dispatch(struct tool *t, const struct local_request *r, struct arena *arena)
{
	/* The wire says: exactly one is set. */
	if (r->send != NULL)
		local_send(t, r->number, r->send);
	else if (r->inbox != NULL)
		local_inbox(t, r->number, r->inbox);
	else if (r->show != NULL)
		local_show(t, r->number, r->show, arena);
	else if (r->ack != NULL)
		local_ack(t, r->number, r->ack);
	else if (r->watch != NULL)
		local_watch(t, r->number, r->watch);
	else if (r->track != NULL)
		local_track(t, r->number, r->track, arena);
	else if (r->status != NULL)
		local_status(t, r->number, arena);
	else if (r->policy != NULL)
		local_policy(t, r->number, r->policy, arena);
	else if (r->keys != NULL)
		local_keys(t, r->number, r->keys, arena);
}
