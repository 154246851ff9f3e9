/* Lies about who speaks, and what a session does not allow. PROTOCOL.md 7.1 to 7.3, 7.10. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "hostile.h"

/* ── who it is ── */

struct hello_lie {
	const char *name;
	void (*alter)(struct liar *l, struct session_hello *h, struct hello_room *room);
	enum consign_code code;
	const char *detail;
};

static const char *other_org;
static struct consign_signature replayed;

static void
sign_again(struct liar *l, struct session_hello *h, struct hello_room *room)
{
	struct consign_key_id id;

	member_sign_hello(l->m, agent_signing_key(&l->m->agent, &id), h, &room->signature);
}

static void
anothers_name(struct liar *l, struct session_hello *h, struct hello_room *room)
{
	snprintf(h->name, sizeof h->name, "%s", other_org);
	sign_again(l, h, room);
}

static void
a_strangers_key(struct liar *l, struct session_hello *h, struct hello_room *room)
{
	struct secret *key;
	struct consign_public_key public;

	if (sign_keypair(&key, &public) != CONSIGN_OK)
		return;
	key_id_of(&public, &room->key_id);
	member_sign_hello(l->m, key, h, &room->signature);
	secret_free(&key);
}

static void
anothers_key_id(struct liar *l, struct session_hello *h, struct hello_room *room)
{
	const struct hub_card *card = hub_card(l->m->agent.hub, other_org);

	(void)h;
	if (card != NULL)
		key_id_of(&card->card->signing_keys.v[0]->key, &room->key_id);
}

static void
an_old_signature(struct liar *l, struct session_hello *h, struct hello_room *room)
{
	(void)l;
	(void)h;
	room->signature = replayed;
}

static void
an_administrator(struct liar *l, struct session_hello *h, struct hello_room *room)
{
	h->party = PARTY_ADMIN;
	snprintf(h->name, sizeof h->name, "admin");
	sign_again(l, h, room);
}

static void
a_joining_company(struct liar *l, struct session_hello *h, struct hello_room *room)
{
	(void)l;
	(void)room;
	h->party = PARTY_JOINING;
	h->key_id = h->signature = (struct consign_slice){0};
}

static void
no_window(struct liar *l, struct session_hello *h, struct hello_room *room)
{
	(void)l;
	(void)room;
	h->window_bytes = 0;
}

#define NOT_SIGNED "the hello is not signed by a key of the organisation's card"
static const struct hello_lie hellos[] = {
    {"another organisation's name", anothers_name, CONSIGN_CODE_DENIED,
	"this connection's key is not that of an active organisation of this name"},
    {"a signing key that nobody knows", a_strangers_key, CONSIGN_CODE_SIGNATURE_BAD, NOT_SIGNED},
    {"the id of another's signing key", anothers_key_id, CONSIGN_CODE_SIGNATURE_BAD, NOT_SIGNED},
    {"the signature of an earlier session", an_old_signature, CONSIGN_CODE_SIGNATURE_BAD, NOT_SIGNED},
    {"the administrator's name", an_administrator, CONSIGN_CODE_DENIED,
	"this connection's key is not that of an administrator of this name"},
    {"a joining company's party", a_joining_company, CONSIGN_CODE_INVITE_UNKNOWN, "the invite is unknown, used or expired"},
    {"a window of nothing", no_window, CONSIGN_CODE_MALFORMED, "an agent must grant some window"},
};

static void
tell_hello(struct liar *l, const struct hello_lie *lie)
{
	struct session_hello hello;
	struct hello_room room;

	l->lie = lie->name;
	if (!step(l, member_connect(l->m), "the connection") || !step(l, member_challenge(l->m, NULL), "the challenge") ||
	    !step(l, member_hello(l->m, &hello, &room), "an honest hello"))
		return;
	lie->alter(l, &hello, &room);
	if (step(l, member_say(l->m, &(struct session_command){.hello = &hello}), "saying it"))
		expect_bye(l, lie->code, lie->detail);
}

static void
tell_opens(struct liar *l)
{
	uint32_t one = 1, other = 2;
	struct session_open wrong_hub = {.versions = {&one, 1}, .hub_id = l->m->agent.hub_id};
	struct session_open wrong_version = {.versions = {&other, 1}, .hub_id = l->m->agent.hub_id};

	wrong_hub.hub_id.b[0] ^= 1;
	l->lie = "another hub";
	if (step(l, member_connect(l->m), "the connection") &&
	    step(l, member_say(l->m, &(struct session_command){.open = &wrong_hub}), "saying it"))
		expect_bye(l, CONSIGN_CODE_WRONG_HUB, "this is another hub");
	l->lie = "a version that nobody speaks";
	if (step(l, member_connect(l->m), "the connection") &&
	    step(l, member_say(l->m, &(struct session_command){.open = &wrong_version}), "saying it"))
		expect_bye(l, CONSIGN_CODE_STATE, "this broker speaks session protocol 1");
}

static void
tell_transport_key(struct liar *l)
{
	const struct secret *own = l->m->transport;
	struct secret *key;
	struct consign_public_key public;
	enum consign_err err;

	l->lie = "a transport key that nobody admitted";
	if (!step(l, box_keypair(&key, &public), "a key"))
		return;
	l->m->transport = key;
	err = member_connect(l->m);
	if (err == CONSIGN_E_DENIED)
		tell_ok(l, "not admitted");
	else
		tell_wrong(l, "%s, expected not to be admitted", consign_err_text(err));
	member_disconnect(l->m);
	l->m->transport = own;
	secret_free(&key);
}

/* ── out of turn ── */

static void
tell_states(struct liar *l)
{
	struct session_ping ping = {1};
	struct session_confirm confirm = {77};
	struct session_invite invite = {.request = 1};
	struct invite_notice notice = {.org = {"newcomer"}, .expires_us = 1};
	struct session_welcome welcome = {.now_us = 1, .epoch = 1, .window_consignments = 1, .window_bytes = 1};
	const struct {
		const char *name;
		bool is_greeted;
		struct session_command command;
		enum consign_code code;
		const char *detail;
	} lies[] = {
	    {"a ping before the hello", false, {.ping = &ping}, CONSIGN_CODE_STATE, "this command is not allowed in this state"},
	    {"an invite, as an administrator makes them", true, {.invite = &invite}, CONSIGN_CODE_STATE,
		"this command is not allowed in this state"},
	    {"the broker's own welcome", true, {.welcome = &welcome}, CONSIGN_CODE_STATE, "a command that only the broker sends"},
	    {"a confirmation of settlements that never came", true, {.confirm = &confirm}, CONSIGN_CODE_STATE,
		"a confirmation of settlements that were not sent"},
	};

	invite.notice = &notice;
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		l->lie = lies[i].name;
		if (step(l, lies[i].is_greeted ? member_greet(l->m) : member_connect(l->m), "the session") &&
		    step(l, member_say(l->m, &lies[i].command), "saying it"))
			expect_bye(l, lies[i].code, lies[i].detail);
	}
}

/* The documents that it may publish are its own next card only. */
static void
tell_card(struct liar *l)
{
	struct published_document card = {0}, *list = &card;
	struct session_documents documents = {.cards = {&list, 1}};
	struct session_publish publish = {.documents = &documents, .request = 7};
	const struct hub_card *theirs;
	struct heard *h = NULL;

	l->lie = "another's card, published";
	if (!be_greeted(l) || (theirs = hub_card(l->m->agent.hub, other_org)) == NULL)
		return;
	card.document = theirs->document->document;
	if (!step(l, member_say(l->m, &(struct session_command){.publish = &publish}), "saying it") ||
	    !step(l, member_hear(l->m, HEAR_DONE, &h), "the answer"))
		return;
	const struct session_done *done = h->command->done;

	if (done->request == 7 && done->code == CONSIGN_CODE_DENIED)
		tell_ok(l, "done %s: %.*s", consign_code_text(CONSIGN_CODE_DENIED), (int)done->detail.len,
		    (const char *)done->detail.data);
	else
		tell_wrong(l, "done %s, expected DENIED", consign_code_text((enum consign_code)done->code));
	heard_free(&h);
}

void
hostile_session(struct liar *l, int argc, char **argv)
{
	struct session_hello hello;
	struct hello_room room;

	(void)argc;
	other_org = argv[0];
	if (!be_greeted(l)) /* its documents: cards of others are known then */
		return;
	l->lie = "an honest hello";
	if (!step(l, member_connect(l->m), "the connection") || !step(l, member_challenge(l->m, NULL), "the challenge") ||
	    !step(l, member_hello(l->m, &hello, &room), "the hello"))
		return;
	replayed = room.signature;
	tell_transport_key(l);
	tell_opens(l);
	for (size_t i = 0; i < sizeof hellos / sizeof *hellos; i++)
		tell_hello(l, &hellos[i]);
	tell_states(l);
	tell_card(l);
}

/* ── below a command ── */

#define DEEP_BYTES 60000u
/* Over the limit of a command, and below what makes the connection cut while it comes. */
#define TOO_BIG_BYTES (CONSIGN_COMMAND_MAX_BYTES + 1)

/* Messages in messages: each level is a tag of field 3 and the length of what is inside. */
static size_t
deep(uint8_t *bytes, size_t size)
{
	size_t at = size, inside = 0;

	while (at > 4) {
		size_t n = 0;
		uint8_t head[4] = {0x1a};

		for (size_t left = inside; n == 0 || left > 0; left >>= 7)
			head[++n] = (uint8_t)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
		at -= n + 1;
		memcpy(bytes + at, head, n + 1);
		inside += n + 1;
	}
	memmove(bytes, bytes + at, size - at);
	return size - at;
}

static void
tell_frames(
    struct liar *l, const char *name, const struct consign_slice *frames, size_t n, enum consign_code code, const char *detail)
{
	l->lie = name;
	if (!step(l, member_greet(l->m), "an honest session") || !step(l, member_send(l->m, frames, n), "sending"))
		return;
	if (detail == NULL)
		expect_cut(l);
	else
		expect_bye(l, code, detail);
}

void
hostile_frames(struct liar *l, int argc, char **argv)
{
	static const char garbage[] = "GET / HTTP/1.0\r\n\r\n", malformed[] = "the command frame is malformed";
	static const char frames_text[] = "wrong number of frames for this command";
	struct session_submit submit = {1};
	struct session_ping ping = {1};
	struct buf submit_bytes = {0}, ping_bytes = {0}, twice = {0};
	uint8_t *large = calloc(1, TOO_BIG_BYTES);
	size_t deep_len = large != NULL ? deep(large, DEEP_BYTES) : 0;
	enum consign_err err = session_command_encode(&(struct session_command){.submit = &submit}, &submit_bytes);

	(void)argc;
	(void)argv;
	if (err == CONSIGN_OK)
		err = session_command_encode(&(struct session_command){.ping = &ping}, &ping_bytes);
	if (err == CONSIGN_OK)
		err = buf_append(&twice, buf_slice(&ping_bytes));
	if (err == CONSIGN_OK)
		err = buf_append(&twice, buf_slice(&submit_bytes));
	if (large == NULL || !step(l, err, "preparing"))
		goto out;
	struct consign_slice a_submit = buf_slice(&submit_bytes), a_ping = buf_slice(&ping_bytes), empty = {0};
	const struct consign_slice four[] = {a_submit, empty, empty, empty};

	tell_frames(l, "garbage", &(struct consign_slice){(const uint8_t *)garbage, sizeof garbage - 1}, 1,
	    CONSIGN_CODE_MALFORMED, malformed);
	tell_frames(l, "an empty frame", &empty, 1, CONSIGN_CODE_MALFORMED, malformed);
	tell_frames(l, "messages in messages, fifteen thousand deep", &(struct consign_slice){large, deep_len}, 1,
	    CONSIGN_CODE_MALFORMED, malformed);
	tell_frames(
	    l, "two commands in one", &(struct consign_slice){twice.data, twice.len}, 1, CONSIGN_CODE_MALFORMED, malformed);
	tell_frames(l, "a submission without its body", four, 2, CONSIGN_CODE_MALFORMED, frames_text);
	tell_frames(l, "a submission alone", four, 1, CONSIGN_CODE_MALFORMED, frames_text);
	tell_frames(l, "a ping with a manifest and a body", (const struct consign_slice[]){a_ping, a_submit, a_submit}, 3,
	    CONSIGN_CODE_MALFORMED, frames_text);
	tell_frames(l, "four frames", four, 4, CONSIGN_CODE_NONE, NULL);
	memset(large, 0, TOO_BIG_BYTES);
	tell_frames(l, "a command of 4 MiB and a byte", &(struct consign_slice){large, TOO_BIG_BYTES}, 1, CONSIGN_CODE_TOO_BIG,
	    "the command frame is over its limit");
out:
	buf_clear(&submit_bytes);
	buf_clear(&ping_bytes);
	buf_clear(&twice);
	free(large);
}
