/*
 * The only dispatch: frames to a session, the state table, a handler. A peer that breaks the grammar hears why and loses
 * its connection; nothing else happens.
 */
#include "broker.h"

#include <stddef.h>

#include "core/limits.h"
#include "core/log.h"

static const struct {
	const char *command; /* as in session_table.c */
	size_t offset;       /* of its pointer in struct session_command */
	handler *handler;
} handlers[] = {
#define HANDLER(NAME) {#NAME, offsetof(struct session_command, NAME), on_##NAME}
    HANDLER(open),
    HANDLER(hello),
    HANDLER(submit),
    HANDLER(release),
    HANDLER(delivered),
    HANDLER(fetch),
    HANDLER(publish),
    HANDLER(invite),
    HANDLER(join),
    HANDLER(joins_query),
    HANDLER(confirm),
    HANDLER(credit),
    HANDLER(ping),
    HANDLER(bye),
    HANDLER(propose),
    HANDLER(decide),
    HANDLER(proposals_query),
    HANDLER(admin_watch),
    HANDLER(freshness),
    HANDLER(traffic_query),
    HANDLER(quotas_query),
#undef HANDLER
};

static void
refuse_frame(struct broker *b, struct session *s, enum consign_code code, const char *detail)
{
	metrics_add(b->metrics, METRIC_FRAMES_MALFORMED, 1);
	atomic_fetch_add(&b->metrics->refused[code], 1);
	say_bye(b, s, code, detail);
}

static void
dispatch_command(struct broker *b, struct session *s, const struct session_command *command, struct frame *frames, size_t n,
    struct arena *arena)
{
	struct request r = {.session = s, .command = command, .arena = arena};

	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
		if (*(void *const *)(const void *)((const char *)command + handlers[i].offset) == NULL)
			continue;
		if (!session_allows(s->state, handlers[i].command)) {
			refuse_frame(b, s, CONSIGN_CODE_STATE, "this command is not allowed in this state");
			return;
		}
		if ((handlers[i].handler == on_submit) != (n == 3)) {
			refuse_frame(b, s, CONSIGN_CODE_MALFORMED, "wrong number of frames for this command");
			return;
		}
		if (b->store_failed) {
			/* What cannot be written down is not decided: submissions come again, the rest of the session waits too. */
			if (handlers[i].handler == on_submit)
				say_try_later(b, s, command->submit->sequence, "", CONSIGN_CODE_TRY_LATER, "the broker's store takes nothing at the moment");
			else if (handlers[i].handler == on_ping || handlers[i].handler == on_release)
				handlers[i].handler(b, &r); /* nothing of it is written down */
			else
				say_bye(b, s, CONSIGN_CODE_TRY_LATER, "the broker's store takes nothing at the moment");
			return;
		}
		if (n == 3) {
			r.manifest = &frames[1];
			r.body = &frames[2];
		}
		handlers[i].handler(b, &r);
		return;
	}
	refuse_frame(b, s, CONSIGN_CODE_STATE, "a command that only the broker sends");
}

void
dispatch_frames(void *context, const struct route *route, struct frame *frames, size_t n)
{
	struct broker *b = context;
	struct session *s = sessions_get(b->sessions, route, clock_steady_us(b->clock));
	struct consign_slice bytes = frame_slice(&frames[0]);
	struct session_command *command;
	struct arena *arena = NULL;

	if (s == NULL) {
		listener_drop(b->listener, route);
		return;
	}
	if (s->state == SESSION_STATES)
		return; /* it was told goodbye; what was on its way is not read */
	if (bytes.len > CONSIGN_COMMAND_MAX_BYTES) {
		refuse_frame(b, s, CONSIGN_CODE_TOO_BIG, "the command frame is over its limit");
		return;
	}
	enum consign_err err = arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES + 2 * bytes.len * CONSIGN_UNPACK_BUDGET_PER_BYTE, &arena);

	if (err == CONSIGN_OK)
		err = session_command_decode(bytes, arena, &command);
	if (err == CONSIGN_OK)
		dispatch_command(b, s, command, frames, n, arena);
	else if (consign_err_class(err) == CONSIGN_CLASS_PEER)
		refuse_frame(b, s, err == CONSIGN_E_TOO_BIG ? CONSIGN_CODE_TOO_BIG : CONSIGN_CODE_MALFORMED, "the command frame is malformed");
	else
		say_bye(b, s, CONSIGN_CODE_TRY_LATER, consign_err_text(err));
	arena_free(&arena);
}
