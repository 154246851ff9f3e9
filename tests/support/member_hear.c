/* What a member hears: taken in as it comes, kept until somebody asks. See member.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "member_private.h"

#define LAST_WORDS_MS 20u

static enum consign_err
take_documents(struct live_member *m, const struct session_documents *documents)
{
	struct hub_stage *stage = NULL;
	struct buf bytes = {0};
	char problem[HUB_PROBLEM_BYTES] = "";
	enum consign_err err = session_documents_encode(documents, &bytes);

	if (err == CONSIGN_OK)
		err = hub_stage(m->agent.hub, buf_slice(&bytes), HUB_PROVEN, &stage, problem);
	if (err == CONSIGN_OK) {
		hub_adopt(m->agent.hub, &stage);
		m->n_documents++;
	}
	buf_clear(&bytes);
	return err == CONSIGN_OK ? err : member_fail(m, err, problem);
}

static unsigned
kind_of(const struct session_command *c)
{
	return c->challenge != NULL   ? HEAR_CHALLENGE
	       : c->welcome != NULL   ? HEAR_WELCOME
	       : c->documents != NULL ? HEAR_DOCUMENTS
	       : c->deliver != NULL   ? HEAR_DELIVER
	       : c->done != NULL      ? HEAR_DONE
	       : c->pong != NULL      ? HEAR_PONG
	       : c->credit != NULL    ? HEAR_CREDIT
				      : HEAR_OTHER;
}

static void
take_bye(struct live_member *m, const struct session_bye *bye)
{
	m->has_bye = true;
	m->bye = (enum consign_code)bye->code;
	snprintf(m->bye_detail, sizeof m->bye_detail, "%.*s", (int)bye->detail.len,
	    bye->detail.len > 0 ? (const char *)bye->detail.data : "");
}

/* Checkpoints are verified in the order in which they came: each builds on the one before. */
static enum consign_err
take(struct live_member *m, struct heard *h)
{
	const struct session_command *c = h->command;
	const struct checkpoint_update *update = c->answers != NULL   ? c->answers->checkpoint
						 : c->deliver != NULL ? c->deliver->checkpoint
						 : c->settled != NULL ? c->settled->checkpoint
								      : NULL;
	enum consign_err err = update != NULL ? hub_advance(m->agent.hub, update) : CONSIGN_OK;

	if (err != CONSIGN_OK)
		return member_fail(m, err, "a checkpoint");
	if (c->documents != NULL)
		err = take_documents(m, c->documents);
	h->checkpoint = *hub_checkpoint(m->agent.hub);
	if (c->answers != NULL)
		err = member_take_answers(m, c->answers);
	else if (c->try_later != NULL)
		err = member_take_try_later(m, c->try_later);
	else if (c->settled != NULL)
		err = member_take_settled(m, c->settled);
	else if (c->challenge != NULL)
		m->challenge = *c->challenge;
	else if (c->welcome != NULL)
		m->welcome = *c->welcome;
	else if (c->bye != NULL)
		take_bye(m, c->bye);
	return err;
}

static bool
is_kept(const struct session_command *c)
{
	return c->answers == NULL && c->try_later == NULL && c->settled == NULL && c->bye == NULL;
}

void
member_received(void *context, struct frame *frames, size_t n)
{
	struct live_member *m = context;
	struct heard *h = calloc(1, sizeof *h);
	struct consign_slice bytes = frame_slice(&frames[0]);
	enum consign_err err =
	    h == NULL
		? CONSIGN_E_NO_MEMORY
		: arena_new(2 * CONSIGN_UNPACK_BUDGET_BASE_BYTES + 2 * CONSIGN_UNPACK_BUDGET_PER_BYTE * bytes.len, &h->arena);

	loop_stop(m->agent.loop);
	if (err == CONSIGN_OK)
		err = session_command_decode(bytes, h->arena, &h->command);
	if (err == CONSIGN_OK)
		err = take(m, h);
	else
		(void)member_fail(m, err, "a command of the broker's");
	if (err != CONSIGN_OK || !is_kept(h->command)) {
		heard_free(&h);
		return;
	}
	for (size_t i = 0; i < n; i++)
		frame_move(&h->frames[h->n++], &frames[i]);
	*m->heard_end = h;
	m->heard_end = &h->next;
}

void
member_happened(void *context, enum link_event event)
{
	struct live_member *m = context;

	m->is_up = m->is_up || event == LINK_UP;
	m->is_refused = m->is_refused || event == LINK_REFUSED;
	m->is_down = m->is_down || event != LINK_UP;
	loop_stop(m->agent.loop);
}

static void
late(void *context)
{
	struct live_member *m = context;

	m->is_late = true;
	loop_stop(m->agent.loop);
}

enum consign_err
member_wait(struct live_member *m, bool (*is)(struct live_member *m, void *context), void *context)
{
	int timer;

	m->is_late = false;
	if (is(m, context))
		return CONSIGN_OK;
	enum consign_err err = loop_once(m->agent.loop, m->wait_ms, late, m, &timer);

	if (err != CONSIGN_OK)
		return member_fail(m, err, "waiting");
	while (!is(m, context) && !m->is_late && !m->is_down && !m->has_bye)
		loop_run(m->agent.loop);
	if (!m->is_late)
		loop_cancel(m->agent.loop, timer);
	/* The end may be seen before what came before it is read. */
	m->is_late = false;
	if (m->is_down && !is(m, context) && loop_once(m->agent.loop, LAST_WORDS_MS, late, m, &timer) == CONSIGN_OK)
		while (!m->is_late)
			loop_run(m->agent.loop);
	if (is(m, context))
		return CONSIGN_OK;
	if (m->has_bye)
		return member_fail(m, CONSIGN_E_STATE, m->bye_detail);
	if (m->is_refused)
		return member_fail(m, CONSIGN_E_DENIED, "the handshake");
	return m->is_down ? member_fail(m, CONSIGN_E_UNREACHABLE, "the connection")
			  : member_fail(m, CONSIGN_E_TIMEOUT, "waiting");
}

struct wanted {
	unsigned kinds;
	struct heard **at;
};

static bool
is_heard(struct live_member *m, void *context)
{
	struct wanted *w = context;

	for (w->at = &m->heard; *w->at != NULL; w->at = &(*w->at)->next)
		if ((kind_of((*w->at)->command) & w->kinds) != 0)
			return true;
	return false;
}

enum consign_err
member_hear(struct live_member *m, unsigned kinds, struct heard **ret_heard)
{
	struct wanted w = {.kinds = kinds};
	enum consign_err err = member_wait(m, is_heard, &w);

	if (err != CONSIGN_OK)
		return err;
	struct heard *h = *w.at;

	*w.at = h->next;
	if (m->heard_end == &h->next)
		m->heard_end = w.at;
	h->next = NULL;
	*ret_heard = h;
	return CONSIGN_OK;
}

enum consign_err
member_hear_away(struct live_member *m, unsigned kinds)
{
	struct heard *h = NULL;
	enum consign_err err = member_hear(m, kinds, &h);

	heard_free(&h);
	return err;
}

static bool
has_ended(struct live_member *m, void *context)
{
	(void)context;
	return m->has_bye || m->is_down;
}

static bool
is_down(struct live_member *m, void *context)
{
	(void)context;
	return m->is_down;
}

enum consign_err
member_ended(struct live_member *m)
{
	return member_wait(m, has_ended, NULL);
}

enum consign_err
member_is_cut(struct live_member *m)
{
	bool had_bye = m->has_bye;

	m->has_bye = false; /* it ends no waiting here */
	enum consign_err err = member_wait(m, has_ended, NULL);

	had_bye = had_bye || m->has_bye;
	m->has_bye = false;
	if (err == CONSIGN_OK)
		err = member_wait(m, is_down, NULL);
	m->has_bye = had_bye;
	return err;
}
