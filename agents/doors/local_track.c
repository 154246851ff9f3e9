/* What became of a message that was handed in. */
#include "core/text.h"
#include "doors/local.h"
#include "track.h"

void
local_track(struct tool *t, uint64_t number, const struct local_track *track, struct arena *arena)
{
	struct consign_message_id id;
	struct local_reply reply = {.number = number};
	enum consign_err err = message_id_parse(slice_text(track->id), &id);

	if (err == CONSIGN_OK)
		err = track_message(t->door->agent, &id, arena, &reply.track);
	if (err == CONSIGN_OK)
		tool_reply(t, &reply);
	else if (err == CONSIGN_E_NOT_FOUND)
		tool_refuse(t, number, CONSIGN_CODE_NOT_FOUND, "no message of this id was handed in here",
		    "only messages that this organisation sent can be tracked; `consign show` shows received ones");
	else
		tool_fail(t, number, err);
}
