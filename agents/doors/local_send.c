/*
 * Messages handed in: each is put into the outbox, and one reply follows when the last of them is durable or refused.
 *
 * The outbox tells by the address of the request, at any later time, also after the connection has ended: the request
 * frees itself with the last outcome, and holds its tool until then.
 */
#include <stdlib.h>
#include <string.h>

#include "doors/local.h"
#include "core/limits.h"
#include "outbox.h"
#include "problem_list.h"

/* What a message costs beside its content while it waits. */
#define MESSAGE_COST_BYTES 512u
/* An outcome that is nothing to track has no id of its own; the wire wants one. */
#define NO_ID "00000000-0000-0000-0000-000000000000.0"

struct send_request {
	struct tool *tool;
	uint64_t number;
	size_t n;
	size_t told;
	size_t bytes;
	struct arena *arena; /* of the outcomes */
	struct arena *lists; /* of their problems: when it is spent, details still have room */
	struct local_outcome **outcomes;
};

static void
free_request(struct send_request *r)
{
	if (r == NULL)
		return;
	tool_release(&r->tool);
	arena_free(&r->arena);
	arena_free(&r->lists);
	free(r);
}

/* As long as there is room; beyond that the number tells, and `track` has the list. */
static void
keep_problems(struct send_request *r, struct local_outcome *mine, const struct local_outcome *outcome)
{
	struct item_problems item = {.problems = {outcome->problems.v, outcome->problems.n}}, *copy;

	mine->problems.v = NULL;
	mine->problems.n = 0;
	if (item.problems.n == 0 || (copy = problem_list_copy(&item, r->lists)) == NULL)
		return;
	mine->problems.v = copy->problems.v;
	mine->problems.n = copy->problems.n;
}

static void
on_outcome(void *context, uint64_t number, size_t index, const struct local_outcome *outcome)
{
	struct send_request *r = context;
	struct local_outcome *mine = r->outcomes[index];

	(void)number;
	*mine = *outcome;
	if (mine->id[0] == '\0')
		memcpy(mine->id, NO_ID, sizeof NO_ID);
	mine->detail = arena_copy(r->arena, outcome->detail);
	if (mine->detail.data == NULL)
		mine->detail.len = 0;
	keep_problems(r, mine, outcome);
	if (++r->told < r->n)
		return;
	struct local_send_reply reply = {.outcomes = {r->outcomes, r->n}};

	tool_reply(r->tool, &(struct local_reply){.number = r->number, .send = &reply});
	tool_unpend(r->tool, r->bytes);
	free_request(r);
}

static enum consign_err
new_request(struct tool *t, uint64_t number, size_t n, struct send_request **ret_request)
{
	size_t each = sizeof(struct local_outcome) + sizeof(struct local_outcome *) + CONSIGN_TEXT_MAX_BYTES + 64;
	struct send_request *r = calloc(1, sizeof *r);
	enum consign_err err = r == NULL ? CONSIGN_E_NO_MEMORY : arena_new((n + 1) * each, &r->arena);

	if (err == CONSIGN_OK)
		err = arena_new(CONSIGN_PROBLEMS_REPLY_MAX_BYTES, &r->lists);
	if (err == CONSIGN_OK && (r->outcomes = arena_alloc(r->arena, n * sizeof *r->outcomes)) == NULL)
		err = CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++)
		if ((r->outcomes[i] = arena_alloc(r->arena, sizeof **r->outcomes)) == NULL)
			err = CONSIGN_E_NO_MEMORY;
	if (err != CONSIGN_OK) {
		free_request(r);
		return err;
	}
	r->tool = tool_hold(t);
	r->number = number;
	r->n = n;
	*ret_request = r;
	return CONSIGN_OK;
}

void
local_send(struct tool *t, uint64_t number, const struct local_send *send)
{
	struct outbox *outbox = t->door->agent->outbox;
	struct send_request *r;
	size_t n = send->messages.n;
	enum consign_err err = new_request(t, number, n, &r);

	if (err != CONSIGN_OK) {
		tool_fail(t, number, err);
		return;
	}
	for (size_t i = 0; i < n; i++)
		r->bytes += MESSAGE_COST_BYTES + send->messages.v[i]->content.len;
	tool_pend(t, r->bytes);
	t->door->are_sends_read = true;
	/* The last one may be told at once, and the request be gone: nothing of it is looked at in here. */
	for (size_t i = 0; i < n; i++)
		outbox_put(outbox, send->messages.v[i], on_outcome, r, number, i);
}
