/* One received message, with its content. */
#include "core/text.h"
#include "doors/local.h"

void
local_show(struct tool *t, uint64_t number, const struct local_show *show, struct arena *arena)
{
	struct consign_message_id id;
	struct inbox_cursor place;
	struct local_show_reply reply;
	enum consign_err err = message_id_parse(slice_text(show->id), &id);

	if (err == CONSIGN_OK)
		err = inbox_find(t->door->agent->inbox, &id, arena, &reply.message, &place);
	if (err == CONSIGN_OK)
		tool_reply(t, &(struct local_reply){.number = number, .show = &reply});
	else if (err == CONSIGN_E_NOT_FOUND)
		tool_refuse(t, number, CONSIGN_CODE_NOT_FOUND, "no received message has this id",
		    "`consign inbox` lists received messages; one that was sent is followed with `consign track`");
	else
		tool_fail(t, number, err);
}
