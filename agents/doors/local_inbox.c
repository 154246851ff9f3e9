/*
 * A page of the inbox. A listing that looks at many rows before its page is full goes on at the next turn of the loop,
 * so that others are served in between.
 */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/limits.h"
#include "doors/local.h"
#include "inbox_private.h"

struct page_request {
	struct local_task task; /* first */
	struct tool *tool;
	uint64_t number;
	struct local_inbox filter;
	size_t max;
	struct inbox_cursor at;
	struct arena *arena;
	struct local_message *messages[LOCAL_PAGE_MESSAGES];
	size_t n;
};

static void
free_page(struct page_request *r)
{
	tool_release(&r->tool);
	arena_free(&r->arena);
	free(r);
}

static void
reply_page(struct page_request *r, bool has_more)
{
	struct local_inbox_reply reply = {.messages = {r->messages, r->n}, .more = has_more};

	tool_reply(r->tool, &(struct local_reply){.number = r->number, .inbox = &reply});
	free_page(r);
}

static void
go_on(struct local_task *task)
{
	struct page_request *r = (struct page_request *)task;
	struct socket_door *door = r->tool->door;
	struct inbox_query q = {.after = r->at,
	    .type = r->filter.type,
	    .study = r->filter.study,
	    .acked_by = "default",
	    .only_unacked = r->filter.unacked == 1,
	    .max = r->max - r->n};
	struct inbox_page page;

	if (door == NULL) {
		free_page(r);
		return;
	}
	enum consign_err err = inbox_page(door->agent->inbox, &q, r->arena, &page);

	if (err != CONSIGN_OK) {
		tool_fail(r->tool, r->number, err);
		free_page(r);
		return;
	}
	for (size_t i = 0; i < page.n; i++)
		r->messages[r->n++] = page.messages[i];
	r->at = page.cursor;
	if (r->n == r->max || !page.has_more)
		reply_page(r, page.has_more);
	else
		socket_door_defer(door, &r->task);
}

/* When an id has two places the later one is meant: pages then always come to an end. */
static enum consign_err
find_start(struct page_request *r)
{
	struct inbox_places places = {0};
	struct consign_message_id id;
	enum consign_err err;

	if (r->filter.after[0] == '\0')
		return CONSIGN_OK;
	err = message_id_parse(slice_text(r->filter.after), &id);
	if (err == CONSIGN_OK)
		err = inbox_find_places(r->tool->door->agent->inbox, NULL, &id, 1, &places);
	if (err == CONSIGN_OK && places.n == 0)
		err = CONSIGN_E_NOT_FOUND;
	if (err == CONSIGN_OK)
		r->at = places.v[places.n - 1];
	free(places.v);
	return err;
}

void
local_inbox(struct tool *t, uint64_t number, const struct local_inbox *inbox)
{
	struct page_request *r = calloc(1, sizeof *r);
	size_t max = inbox->limit == 0 || inbox->limit > LOCAL_PAGE_MESSAGES ? LOCAL_PAGE_MESSAGES : inbox->limit;
	/* A message with its consignees, and the lists of each turn that finds one: of what is left to find. */
	size_t budget = max * max * (sizeof(void *) + sizeof(struct inbox_cursor)) +
			max * (sizeof(struct local_message) + CONSIGN_CONSIGNEES_MAX * sizeof(struct consign_org) + 128);
	enum consign_err err = r == NULL ? CONSIGN_E_NO_MEMORY : arena_new(budget, &r->arena);

	if (err != CONSIGN_OK) {
		free(r);
		tool_fail(t, number, err);
		return;
	}
	r->task.run = go_on;
	r->tool = tool_hold(t);
	r->number = number;
	r->filter = *inbox;
	r->max = max;
	err = find_start(r);
	if (err == CONSIGN_OK) {
		go_on(&r->task);
		return;
	}
	if (err == CONSIGN_E_NOT_FOUND)
		tool_refuse(t, number, CONSIGN_CODE_NOT_FOUND, "no message to continue after", "begin without `after`");
	else
		tool_fail(t, number, err);
	free_page(r);
}
