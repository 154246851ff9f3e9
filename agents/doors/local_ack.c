/*
 * Acknowledgements for a subscription: durable before the reply. Afterwards the watches of that subscription, on
 * whatever connection, have room for as many more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "doors/local.h"
#include "inbox_private.h"

struct ack_request {
	struct tool *tool;
	char subscription[65];
	struct inbox_places places;
};

static void
free_request(struct ack_request *r)
{
	tool_release(&r->tool);
	free(r->places.v);
	free(r);
}

/* Every watch of the subscription, on whatever connection. */
static void
say_acking(const struct ack_request *r)
{
	struct socket_door *door = r->tool->door;

	for (size_t i = 0; i < SOCKET_TOOLS_MAX; i++)
		if (door->tools[i] != NULL)
			local_watch_acking(door->tools[i], r->subscription, r->places.v, r->places.n);
}

static void
say_unacked(const struct ack_request *r)
{
	struct socket_door *door = r->tool->door;

	for (size_t i = 0; door != NULL && i < SOCKET_TOOLS_MAX; i++)
		if (door->tools[i] != NULL)
			local_watch_unacked(door->tools[i], r->subscription);
}

static void
on_told(void *context, uint64_t number, enum consign_err err, uint32_t count)
{
	struct ack_request *r = context;
	struct local_ack_reply reply = {.acked = count};
	char detail[128];

	if (err == CONSIGN_OK) {
		tool_reply(r->tool, &(struct local_reply){.number = number, .ack = &reply});
		if (r->tool->door != NULL)
			socket_door_acked(r->tool->door, r->subscription, r->places.v, r->places.n);
	} else if (err == CONSIGN_E_NOT_FOUND) {
		snprintf(detail, sizeof detail, "no subscription is named %s", r->subscription);
		tool_refuse(r->tool, number, CONSIGN_CODE_NOT_FOUND, detail, "a watch under that name makes it");
	} else {
		say_unacked(r);
		tool_fail(r->tool, number, err);
	}
	free_request(r);
}

static enum consign_err
copy_places(const struct inbox_cursor *from, size_t n, struct inbox_places *places)
{
	places->v = calloc(n, sizeof *places->v);
	if (places->v == NULL)
		return CONSIGN_E_NO_MEMORY;
	memcpy(places->v, from, n * sizeof *from);
	places->n = places->cap = n;
	return CONSIGN_OK;
}

static enum consign_err
find_places(const struct tool *t, const struct local_ack *ack, struct inbox_places *places)
{
	const struct inbox_cursor *sent = NULL;
	struct consign_message_id *ids = calloc(ack->ids.n, sizeof *ids);
	enum consign_err err = ids == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < ack->ids.n; i++)
		err = message_id_parse(slice_text(ack->ids.v[i].s), &ids[i]);
	if (err == CONSIGN_OK)
		sent = local_watch_places(t, ack->subscription, ids, ack->ids.n);
	if (sent != NULL)
		err = copy_places(sent, ack->ids.n, places);
	else if (err == CONSIGN_OK)
		err = inbox_find_places(t->door->agent->inbox, ack->subscription, ids, ack->ids.n, places);
	free(ids);
	return err;
}

void
local_ack(struct tool *t, uint64_t number, const struct local_ack *ack)
{
	struct agent *a = t->door->agent;
	struct ack_request *r = calloc(1, sizeof *r);
	enum consign_err err;

	if (r == NULL) {
		tool_fail(t, number, CONSIGN_E_NO_MEMORY);
		return;
	}
	r->tool = tool_hold(t);
	memcpy(r->subscription, ack->subscription, sizeof r->subscription);
	err = find_places(t, ack, &r->places);
	if (err != CONSIGN_OK) {
		tool_fail(t, number, err);
		free_request(r);
		return;
	}
	say_acking(r);
	subscription_ack(a->inbox, r->subscription, r->places.v, r->places.n, on_told, r, number);
}
