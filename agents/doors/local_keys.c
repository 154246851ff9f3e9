/*
 * This organisation's own keys: a list of them, and new ones on demand. Who asks for new ones is answered when they are in
 * force, and safe in the key file under the names of keys that are.
 */
#include <stdlib.h>

#include "card.h"
#include "doors/local.h"
#include "keyring.h"
#include "uplink.h"

_Static_assert((int)LOCAL_KEY_SIGNING == KEY_SIGNING && (int)LOCAL_KEY_SEAL == KEY_SEAL && (int)LOCAL_KEY_TRANSPORT == KEY_TRANSPORT
        && LOCAL_KEYS_ALL == KEY_ALL, "one meaning on both sides of the door");
_Static_assert((int)LOCAL_KEY_CURRENT == KEY_CURRENT && (int)LOCAL_KEY_NEXT == KEY_NEXT && (int)LOCAL_KEY_OLD == KEY_OLD, "likewise");

struct keys_waiting {
	struct tool *tool;
	uint64_t number;
	unsigned uses;
	struct keys_waiting *next;
};

static void
say_keys(struct tool *t, uint64_t number, struct arena *arena)
{
	const struct agent *a = t->door->agent;
	const struct hub_card *card = hub_card(a->hub, a->org.s);
	struct local_keys_reply reply = {.card_version = card == NULL ? 0 : card->card->version};
	struct keyring_row row;

	reply.keys.v = arena_alloc(arena, CONSIGN_LOCAL_KEYS_MAX * sizeof *reply.keys.v);
	for (size_t i = 0; reply.keys.v != NULL && i < CONSIGN_LOCAL_KEYS_MAX && keyring_at(a, i, &row); i++) {
		struct local_key *key = arena_alloc(arena, sizeof *key);

		if (key == NULL) {
			reply.keys.v = NULL;
			break;
		}
		*key = (struct local_key){row.use, row.id, row.state, row.created_us, row.until_us};
		reply.keys.v[reply.keys.n++] = key;
	}
	if (reply.keys.v == NULL)
		tool_fail(t, number, CONSIGN_E_NO_MEMORY);
	else
		tool_reply(t, &(struct local_reply){.number = number, .keys = &reply});
}

/* Signing keys that the card certifies still: a new one would push the oldest out, and with it what it signed and is on its way. */
static bool
is_card_full(const struct agent *a, const struct card *card)
{
	size_t n = 0;

	for (size_t i = 0; i < card->signing_keys.n; i++)
		n += i == 0 || card->signing_keys.v[i]->not_after_us > clock_wall_us(a->clock);
	return n >= CONSIGN_CARD_KEYS_MAX;
}

/* Whether new keys can be had now; else it was said why not. */
static bool
may_rotate(struct tool *t, uint64_t number, unsigned uses)
{
	const struct agent *a = t->door->agent;
	const struct hub_card *card = hub_card(a->hub, a->org.s);

	if (a->stopping) {
		tool_refuse(t, number, CONSIGN_CODE_SHUTTING_DOWN, "the agent stops", "");
	} else if (card == NULL || uplink_state(a->uplink) != UPLINK_UP) {
		tool_refuse(t, number, CONSIGN_CODE_TRY_LATER, "this agent is not connected, and new keys must be published",
		    "`consign status` says why it is not");
	} else if ((uses & KEY_SIGNING) != 0 && !keyring_is_pending(a, KEY_SIGNING) && is_card_full(a, card->card)) {
		tool_refuse(t, number, CONSIGN_CODE_QUOTA, "the card holds as many signing keys as a card may, and the oldest holds still",
		    "`consign key list` says until when");
	} else {
		return true;
	}
	return false;
}

void
local_keys(struct tool *t, uint64_t number, const struct local_keys *keys, struct arena *arena)
{
	struct socket_door *door = t->door;
	struct keys_waiting *w;

	if (keys->rotate == 0) {
		say_keys(t, number, arena);
		return;
	}
	if (!may_rotate(t, number, keys->rotate))
		return;
	w = calloc(1, sizeof *w);
	enum consign_err err = w == NULL ? CONSIGN_E_NO_MEMORY : card_rotate(door->agent, keys->rotate);

	if (err != CONSIGN_OK) {
		free(w);
		tool_fail(t, number, err);
		return;
	}
	*w = (struct keys_waiting){tool_hold(t), number, keys->rotate, door->rotating};
	door->rotating = w;
}

/* True: it has its answer. */
static bool
answer(struct agent *a, struct keys_waiting *w)
{
	struct arena *arena = NULL;

	if (w->tool->door == NULL)
		return true; /* it has gone */
	if (a->card_code != CONSIGN_CODE_NONE && a->card_code != CONSIGN_CODE_STALE_DOCUMENT) {
		tool_refuse(w->tool, w->number, a->card_code, "the hub does not take the card with the new keys",
		    "the agent goes on trying, once a minute; its log says more");
		return true;
	}
	if (keyring_is_pending(a, w->uses) || a->keys_unsaved || uplink_state(a->uplink) != UPLINK_UP)
		return false;
	if (arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES, &arena) != CONSIGN_OK)
		return false;
	say_keys(w->tool, w->number, arena);
	arena_free(&arena);
	return true;
}

void
socket_door_keys(struct socket_door *door)
{
	struct keys_waiting **at = door == NULL ? NULL : &door->rotating;

	while (at != NULL && *at != NULL) {
		struct keys_waiting *w = *at;

		if (!answer(door->agent, w)) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		tool_release(&w->tool);
		free(w);
	}
}

void
local_keys_end(struct socket_door *door)
{
	while (door->rotating != NULL) {
		struct keys_waiting *w = door->rotating;

		door->rotating = w->next;
		tool_release(&w->tool);
		free(w);
	}
}
