/*
 * Everything the broker says to a peer. A frame that cannot be handed to the socket ends the peer's session: with credit
 * in both directions that means the peer is gone or does not keep to its window; it loses nothing by connecting again.
 */
#include "broker.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "watching.h"

/* Answers of one frame: each is a few hundred bytes, and a peer has at most a window of them. */
#define ANSWERS_A_FRAME 64u

/* Told once of a session: before its state says that it is over. */
static void
tell_gone(struct broker *b, const struct session *s, enum consign_code code, const char *detail)
{
	struct admin_event e = {.kind = "disconnected", .org = slice_text(s->name), .subject = slice_text(session_state_text(s->state)),
	    .code = code, .detail = slice_text(detail)};

	if (code != CONSIGN_CODE_NONE && code != CONSIGN_CODE_SUPERSEDED)
		memcpy(e.kind, "cut", sizeof "cut");
	if (s->state == SESSION_AGENT || s->state == SESSION_ADMIN || s->state == SESSION_JOINING)
		watching_tell(b, &e);
}

void
say_gone(struct broker *b, const struct session *s, const char *detail)
{
	log_event(LOG_INFO, "session.closed", "name", "s", s->name, NULL);
	tell_gone(b, s, CONSIGN_CODE_NONE, detail);
}

void
say_with(struct broker *b, struct session *s, const struct session_command *command, struct frame *manifest, struct frame *body)
{
	struct buf bytes = {0};
	struct frame frames[TRANSPORT_FRAMES_MAX];
	size_t n = 1;
	enum consign_err err = session_command_encode(command, &bytes);

	frame_init(&frames[0]);
	if (err == CONSIGN_OK)
		err = frame_take(&frames[0], &bytes);
	if (err == CONSIGN_OK && manifest != NULL) {
		frame_move(&frames[n++], manifest);
		frame_move(&frames[n++], body);
	}
	if (err == CONSIGN_OK)
		err = listener_send(b->listener, &s->route, frames, n);
	else
		frame_clear(&frames[0]);
	buf_clear(&bytes);
	if (err != CONSIGN_OK) {
		log_event(LOG_INFO, "session.lost", "name", "s", s->name, "reason", "s", consign_err_text(err), NULL);
		tell_gone(b, s, CONSIGN_CODE_NONE, consign_err_text(err));
		if (err == CONSIGN_E_UNREACHABLE)
			s->route.fd = -1; /* it is gone, and its descriptor may be another's by now: the sweep must not cut that */
		listener_drop(b->listener, &s->route);
		s->state = SESSION_STATES; /* allows nothing; ended when its connection is seen to close, or by the sweep */
	}
}

void
say(struct broker *b, struct session *s, const struct session_command *command)
{
	say_with(b, s, command, NULL, NULL);
}

void
say_done(struct broker *b, struct session *s, uint64_t request, enum consign_code code, const char *detail)
{
	struct session_done done = {.request = request, .code = code, .detail = slice_text(detail)};

	say(b, s, &(struct session_command){.done = &done});
}

void
say_bye(struct broker *b, struct session *s, enum consign_code code, const char *detail)
{
	struct session_bye bye = {.code = code, .detail = slice_text(detail)};

	bool is_orderly = code == CONSIGN_CODE_SHUTTING_DOWN || code == CONSIGN_CODE_SUPERSEDED;

	if (code != CONSIGN_CODE_NONE && s->name[0] != '\0' && is_orderly)
		log_event(LOG_INFO, "session.ending", "name", "s", s->name, "code", "s", consign_code_text(code), NULL);
	else if (code != CONSIGN_CODE_NONE)
		log_event(LOG_INFO, "session.refused", "name", "s", s->name, "code", "s", consign_code_text(code), "detail", "s", detail, NULL);
	tell_gone(b, s, code, detail);
	s->state = SESSION_STATES; /* before it is said: what fails then is not told a second time */
	say(b, s, &(struct session_command){.bye = &bye});
}

static void
postpone(struct broker *b, struct session *s, struct session_try_later *later)
{
	if (s->submitted > 0)
		s->submitted--;
	metrics_add(b->metrics, METRIC_TRY_LATER, 1);
	atomic_fetch_add(&b->metrics->postponed[later->code], 1);
	if (later->code != CONSIGN_CODE_LANE_HELD) /* it follows from another */
		watching_postponed(b, s->name, later->org, (enum consign_code)later->code, later->detail);
	say(b, s, &(struct session_command){.try_later = later});
}

void
say_try_later(struct broker *b, struct session *s, uint64_t sequence, const char *org, enum consign_code code, const char *detail)
{
	struct session_try_later later = {.sequence = sequence, .code = code, .detail = slice_text(detail), .retry_ms = code == CONSIGN_CODE_LANE_HELD ? 0 : 1000};

	memcpy(later.org, org, strlen(org) + 1);
	postpone(b, s, &later);
}

void
say_try_later_in(struct broker *b, struct session *s, uint64_t sequence, enum consign_code code, const char *detail, uint32_t retry_ms)
{
	postpone(b, s, &(struct session_try_later){.sequence = sequence, .code = code, .detail = slice_text(detail), .retry_ms = retry_ms});
}

static void
note_answered(struct answered *a, const struct session *s)
{
	if (a->n == a->cap) {
		size_t cap = a->cap == 0 ? 64 : 2 * a->cap;
		uint64_t *grown = reallocarray(a->numbers, cap, sizeof *grown);

		if (grown == NULL) {
			a->is_short = true;
			return;
		}
		a->numbers = grown;
		a->cap = cap;
	}
	a->numbers[a->n++] = s->number;
}

void
answer_later(struct broker *b, struct session *s, uint64_t sequence, const struct statement *statement)
{
	struct queued_answer *q = calloc(1, sizeof *q);

	if (s->submitted > 0)
		s->submitted--;
	if (q == NULL || statement_encode(statement, &q->statement) != CONSIGN_OK) {
		free(q);
		say_bye(b, s, CONSIGN_CODE_TRY_LATER, "out of memory");
		return;
	}
	q->sequence = sequence;
	q->leaf = statement->has_place ? statement->leaf->index : UINT64_MAX;
	if (s->answers == NULL)
		note_answered(&b->answered, s);
	*s->answers_end = q;
	s->answers_end = &q->next;
}

/* One frame of answers, all under the newest checkpoint. */
static enum consign_err
flush_some(struct broker *b, struct session *s, struct arena *arena)
{
	struct session_answers a = {0};
	enum consign_err err = CONSIGN_OK;

	a.answers.v = arena_alloc(arena, ANSWERS_A_FRAME * sizeof *a.answers.v);
	if (a.answers.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	while (err == CONSIGN_OK && s->answers != NULL && a.answers.n < ANSWERS_A_FRAME) {
		struct queued_answer *q = s->answers;
		struct session_answer *answer = arena_alloc(arena, sizeof *answer);

		if (answer == NULL)
			return CONSIGN_E_NO_MEMORY;
		answer->sequence = q->sequence;
		err = statement_decode(buf_slice(&q->statement), arena, &answer->statement);
		if (err == CONSIGN_OK && q->leaf != UINT64_MAX)
			err = ledger_prove(b->ledger, q->leaf, arena, &answer->statement->path);
		if (err != CONSIGN_OK)
			break;
		a.answers.v[a.answers.n++] = answer;
		s->answers = q->next;
		if (s->answers == NULL)
			s->answers_end = &s->answers;
		buf_clear(&q->statement);
		free(q);
	}
	if (err == CONSIGN_OK && ledger_checkpoint(b->ledger)->size > 0) {
		err = ledger_update(b->ledger, s->seen_size, arena, &a.checkpoint);
		s->seen_size = ledger_checkpoint(b->ledger)->size;
	}
	if (err == CONSIGN_OK)
		say(b, s, &(struct session_command){.answers = &a});
	return err;
}

static void
flush_session(struct broker *b, struct session *s)
{
	while (s->answers != NULL && s->state == SESSION_AGENT) {
		struct arena *arena = NULL;
		enum consign_err err = arena_new(CONSIGN_COMMAND_MAX_BYTES, &arena);

		if (err == CONSIGN_OK)
			err = flush_some(b, s, arena);
		arena_free(&arena);
		if (err != CONSIGN_OK) {
			log_event(LOG_ERROR, "answers.failed", "name", "s", s->name, "reason", "s", consign_err_text(err), NULL);
			say_bye(b, s, CONSIGN_CODE_TRY_LATER, "answers could not be proven; connect again");
		}
	}
}

void
answers_flush(struct broker *b)
{
	struct answered *a = &b->answered;

	for (size_t i = 0; i < a->n; i++) {
		struct session *s = sessions_by_number(b->sessions, a->numbers[i]);

		if (s != NULL)
			flush_session(b, s);
	}
	a->n = 0;
	for (struct session *s = sessions_first(b->sessions); a->is_short && s != NULL; s = s->next)
		flush_session(b, s);
	a->is_short = false;
}
