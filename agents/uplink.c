/*
 * The agent's connection to the broker. A state machine of five states; whatever goes wrong leads to DOWN, and after a
 * pause (doubling, with jitter, at most 15 s) to a new connection. Closing happens in a turn of its own, because a link
 * must not be closed by its own handler.
 */
#include "uplink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accusations.h"
#include "answers.h"
#include "card.h"
#include "core/limits.h"
#include "core/log.h"
#include "documents.h"
#include "freshness.h"
#include "keyring.h"
#include "lanes.h"
#include "reception.h"

#define PAUSE_FIRST_MS 100u
#define PAUSE_MAX_MS 15000u
#define PAUSE_SUPERSEDED_MS 300000u
/* Up for so long: the connection works, and what went wrong before is over. */
#define STEADY_US 5000000u
/* Twice before SILENCE_US. What a thousand idle agents cost their broker are these. */
#define PING_US 20000000u
#define SILENCE_US 45000000u
#define HANDSHAKE_US 15000000u

struct uplink {
	struct agent *agent;
	char configured[256]; /* where the broker is, by config.yaml */
	char endpoint[256];   /* where it is looked for now: there, or where the newest root says that it is */
	bool is_moved;        /* the latter */
	char socks_proxy[256];
	struct consign_public_key server_key;
	struct consign_public_key transport_public; /* of this connection */
	bool is_other;       /* the key that is to be tried is not the one that our card is known to name (keyring_transport) */
	uint64_t hello_card; /* the version of our card that the hello named */
	enum uplink_state state;
	uint64_t since_us;   /* wall: of the state */
	uint64_t entered_us; /* steady: of the state */
	struct link *link;
	uint32_t pause_ms;
	int timer;
	bool closing; /* the link is closed at the next turn */
	uint64_t heard_us; /* steady */
	uint64_t pinged_us;
	char problem[256];
	int64_t skew_us;
	uint64_t epoch;
	struct consign_slice said; /* lent by the frame that is being handled */
};

static void connect_now(void *context);

static void
enter(struct uplink *u, enum uplink_state state)
{
	u->state = state;
	u->since_us = clock_wall_us(u->agent->clock);
	u->entered_us = clock_steady_us(u->agent->clock);
}

const char *
uplink_state_text(enum uplink_state state)
{
	static const char *const names[] = {"down", "connecting", "opened", "greeted", "up"};

	return names[state];
}

enum uplink_state
uplink_state(const struct uplink *u)
{
	return u == NULL ? UPLINK_DOWN : u->state;
}

struct consign_slice
uplink_said(const struct uplink *u)
{
	return u == NULL ? (struct consign_slice){0} : u->said;
}

/* What no honest broker says. */
static void
accuse_broker(struct uplink *u, const char *what)
{
	accuse(u->agent, "session", what);
	uplink_break(u, what);
}

void
uplink_facts(const struct uplink *u, struct uplink_facts *ret_facts)
{
	*ret_facts = (struct uplink_facts){u->state, u->endpoint, u->problem, u->since_us, u->skew_us, u->epoch};
}

static void
schedule(struct uplink *u)
{
	uint32_t jitter;

	random_bytes(&jitter, sizeof jitter);
	uint32_t delay = u->pause_ms / 2 + jitter % (u->pause_ms / 2 + 1);

	u->pause_ms = u->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : u->pause_ms * 2; /* also back from a longer one */
	if (u->timer >= 0)
		loop_cancel(u->agent->loop, u->timer);
	u->timer = -1;
	if (loop_once(u->agent->loop, delay, connect_now, u, &u->timer) != CONSIGN_OK)
		log_event(LOG_ERROR, "uplink.stuck", "reason", "s", "out of memory", NULL);
}

/*
 * A broker that has moved says so in the root while it still answers at its old place. Both are tried in turn until one is the
 * broker, by its key; config.yaml first, because an operator may have his reasons.
 */
static void
try_elsewhere(struct uplink *u)
{
	const struct hub_root *root = hub_root(u->agent->hub);

	u->is_moved = !u->is_moved && root != NULL && strcmp(root->root->broker->endpoint, u->configured) != 0;
	snprintf(u->endpoint, sizeof u->endpoint, "%s", u->is_moved ? root->root->broker->endpoint : u->configured);
}

static void
go_down(struct uplink *u)
{
	if (u->state != UPLINK_UP && !u->is_other)
		try_elsewhere(u);
	enter(u, UPLINK_DOWN);
	u->closing = true;
	lanes_unsent(u->agent->lanes);
	reception_reset(u->agent->reception);
	schedule(u);
}

void
uplink_break(struct uplink *u, const char *why)
{
	if (u->state == UPLINK_DOWN)
		return;
	if (strcmp(u->problem, why) != 0)
		log_event(LOG_WARN, "uplink.down", "reason", "s", why, NULL);
	snprintf(u->problem, sizeof u->problem, "%s", why);
	go_down(u);
}

void
uplink_restart(struct uplink *u, const char *why)
{
	if (u->state == UPLINK_DOWN)
		return;
	log_event(LOG_INFO, "uplink.again", "reason", "s", why, NULL);
	u->pause_ms = PAUSE_FIRST_MS;
	go_down(u);
}

enum consign_err
uplink_say(struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body)
{
	struct buf bytes = {0};
	struct frame frames[TRANSPORT_FRAMES_MAX];
	size_t n = 1;

	if (u->link == NULL || u->closing)
		return CONSIGN_E_UNREACHABLE;
	enum consign_err err = session_command_encode(command, &bytes);

	if (err == CONSIGN_OK)
		err = frame_take(&frames[0], &bytes);
	if (err != CONSIGN_OK) {
		buf_clear(&bytes);
		return err;
	}
	if (manifest != NULL) {
		frame_move(&frames[n++], manifest);
		frame_move(&frames[n++], body);
	}
	return link_send(u->link, frames, n);
}

static void
say_or_break(struct uplink *u, const struct session_command *command)
{
	if (uplink_say(u, command, NULL, NULL) != CONSIGN_OK)
		uplink_break(u, "the broker's queue is full or gone");
}

static void
say_open(struct uplink *u)
{
	uint32_t version = 1;
	struct session_open open = {.hub_id = u->agent->hub_id};

	open.versions.v = &version;
	open.versions.n = 1;
	enter(u, UPLINK_OPENED);
	say_or_break(u, &(struct session_command){.open = &open});
}

static void
on_challenge(struct uplink *u, const struct session_challenge *c)
{
	struct agent *a = u->agent;
	const struct checkpoint *checkpoint = hub_checkpoint(a->hub);
	const struct hub_card *card = hub_card(a->hub, a->org.s);
	const struct hub_root *root = hub_root(a->hub);
	struct checkpoint_ref ref = {checkpoint->size, checkpoint->head};
	struct consign_key_id id;
	struct consign_signature signature;
	uint8_t bytes[32 + 32 + 1 + CONSIGN_ORG_MAX_BYTES];
	const struct secret *key = agent_signing_key(a, &id);
	struct session_hello h = {.party = PARTY_AGENT, .root_version = root != NULL ? root->root->version : 0,
	    .checkpoint = checkpoint->size > 0 ? &ref : NULL, .mailbox_position = reception_position(a->reception),
	    .window_consignments = CONSIGN_WINDOW_CONSIGNMENTS, .window_bytes = CONSIGN_WINDOW_BYTES, .software = "consign-agent/" CONSIGN_VERSION,
	    .card_version = card != NULL ? card->card->version : 1, .documents_size = hub_documents_size(a->hub)};
	int64_t skew = (int64_t)c->now_us - (int64_t)clock_wall_us(a->clock);

	u->skew_us = skew;
	enum clock_skew apart = clock_skew(c->now_us, clock_wall_us(a->clock));

	if (apart == CLOCK_SKEW_TOO_FAR) {
		uplink_break(u, "this machine's clock differs from the broker's by more than two minutes");
		return;
	}
	if (apart == CLOCK_SKEW_WARN)
		log_event(LOG_WARN, "clock.skew", "milliseconds", "d", (int)(skew / 1000), NULL);
	if (c->version != 1 || key == NULL) {
		uplink_break(u, key == NULL ? "no signing key of this organisation's card" : "the broker speaks another session protocol");
		return;
	}
	size_t name = strlen(a->org.s);

	u->hello_card = h.card_version;
	memcpy(h.name, a->org.s, name + 1);
	memcpy(bytes, u->transport_public.b, 32);
	memcpy(bytes + 32, c->nonce.b, 32);
	bytes[64] = PARTY_AGENT;
	memcpy(bytes + 65, a->org.s, name);
	sign_make(key, SIGN_HELLO, &a->hub_id, slice_of(bytes, 65 + name), &signature);
	h.key_id = SLICE_ARRAY(id.b);
	h.signature = SLICE_ARRAY(signature.b);
	enter(u, UPLINK_GREETED);
	say_or_break(u, &(struct session_command){.hello = &h});
}

static void
on_welcome(struct uplink *u, const struct session_welcome *w)
{
	enter(u, UPLINK_UP);
	u->epoch = w->epoch;
	u->is_other = false;
	u->agent->mailbox_card = u->hello_card;
	u->agent->mailbox_position = w->mailbox_position;
	u->agent->keys_unsettled = true;
	log_event(LOG_INFO, "uplink.up", "endpoint", "s", u->endpoint, "epoch", "u", w->epoch, NULL);
	lanes_window(u->agent->lanes, w->window_consignments, w->window_bytes);
	/* Submissions wait for the documents that follow: what they say may have changed while we were away. */
}

static void
on_bye(struct uplink *u, const struct session_bye *bye)
{
	char why[256];

	snprintf(why, sizeof why, "the broker said goodbye: %s%s%.*s", consign_code_text((enum consign_code)bye->code),
	    bye->detail.len > 0 ? ": " : "", (int)bye->detail.len, bye->detail.len > 0 ? (const char *)bye->detail.data : "");
	if (bye->code == CONSIGN_CODE_SUPERSEDED)
		u->pause_ms = PAUSE_SUPERSEDED_MS; /* another agent of this organisation is at work: do not fight it */
	if (bye->code == CONSIGN_CODE_SHUTTING_DOWN)
		u->pause_ms = PAUSE_FIRST_MS;
	if (bye->code == CONSIGN_CODE_STALE_DOCUMENT && keyring_is_pending(u->agent, KEY_TRANSPORT))
		uplink_restart(u, "with the new transport key");
	else
		uplink_break(u, why);
}

static void
on_up(struct uplink *u, const struct session_command *c, struct frame *frames, size_t n)
{
	struct agent *a = u->agent;

	if (c->deliver != NULL && n == 3)
		reception_take(a->reception, &frames[0], &frames[1], &frames[2]);
	else if (c->answers != NULL)
		answers_take(a, c->answers);
	else if (c->try_later != NULL)
		answers_try_later(a, c->try_later);
	else if (c->documents != NULL)
		documents_take(a, c->documents);
	else if (c->freshness != NULL)
		freshness_take(a, c->freshness);
	else if (c->settled != NULL)
		settlements_take(a, c->settled);
	else if (c->done != NULL)
		card_published(a, c->done);
	else if (c->credit != NULL)
		lanes_window(a->lanes, c->credit->consignments, c->credit->bytes);
	else if (c->pong == NULL)
		accuse_broker(u, "the broker sent a command that is not for agents");
}

static void
received(void *context, struct frame *frames, size_t n)
{
	struct uplink *u = context;
	struct consign_slice bytes = frame_slice(&frames[0]);
	struct session_command *c;
	struct arena *arena = NULL;

	if (u->closing || u->state == UPLINK_DOWN)
		return;
	u->heard_us = clock_steady_us(u->agent->clock);
	enum consign_err err = bytes.len > CONSIGN_COMMAND_MAX_BYTES
	    ? CONSIGN_E_TOO_BIG
	    : arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES * 2 + 2 * bytes.len * CONSIGN_UNPACK_BUDGET_PER_BYTE, &arena);

	if (err == CONSIGN_OK)
		err = session_command_decode(bytes, arena, &c);
	u->said = bytes;
	if (err != CONSIGN_OK && consign_err_class(err) == CONSIGN_CLASS_PEER)
		accuse_broker(u, "the broker sent a frame that is malformed");
	else if (err != CONSIGN_OK)
		uplink_break(u, consign_err_text(err));
	else if (c->bye != NULL)
		on_bye(u, c->bye);
	else if (u->state == UPLINK_UP)
		on_up(u, c, frames, n);
	else if (u->state == UPLINK_OPENED && c->challenge != NULL)
		on_challenge(u, c->challenge);
	else if (u->state == UPLINK_GREETED && c->welcome != NULL)
		on_welcome(u, c->welcome);
	else
		accuse_broker(u, "the broker sent a command out of turn");
	u->said = (struct consign_slice){0};
	arena_free(&arena);
}

/* Receipts for mail that came again wait for no commit, so they leave with the round that brought it. */
static void
round_over(void *context)
{
	struct uplink *u = context;

	reception_flush(u->agent->reception);
}

static void
happened(void *context, enum link_event event)
{
	struct uplink *u = context;

	if (u->closing)
		return;
	if (event == LINK_UP && u->state == UPLINK_CONNECTING)
		say_open(u);
	else if (event == LINK_REFUSED) {
		/* While the transport key is exchanged, only the broker knows which one it admits. */
		u->is_other = !u->is_other && keyring_is_pending(u->agent, KEY_TRANSPORT);
		uplink_break(u, "the broker does not admit this agent's key: not approved yet, suspended, or not the broker of the invite");
	}
	else if (event == LINK_DOWN) {
		if (u->state == UPLINK_UP)
			u->pause_ms = PAUSE_FIRST_MS; /* it worked until now: look again soon */
		uplink_break(u, "the broker cannot be reached");
	}
}

static void
connect_now(void *context)
{
	struct uplink *u = context;
	struct agent *a = u->agent;
	const struct secret *secret = keyring_transport(a, u->is_other);

	box_public(secret, &u->transport_public);
	struct link_options o = {.endpoint = u->endpoint, .server_public = u->server_key, .transport_secret = secret,
	    .transport_public = u->transport_public, .socks_proxy = u->socks_proxy[0] != '\0' ? u->socks_proxy : NULL, .received = received,
	    .round = round_over, .event = happened, .context = u};

	u->timer = -1;
	link_close(&u->link);
	u->closing = false;
	if (a->stopping)
		return;
	enter(u, UPLINK_CONNECTING);
	u->heard_us = clock_steady_us(a->clock);
	if (link_open(a->transport, a->loop, &o, &u->link) != CONSIGN_OK)
		uplink_break(u, "the endpoint cannot be used");
}

/* Any bytes are a sign of life; silence is asked about, then taken for death. */
static void
watch_over(void *context)
{
	struct uplink *u = context;
	uint64_t now = clock_steady_us(u->agent->clock);

	if (u->closing) {
		link_close(&u->link);
		u->closing = false;
	}
	if (u->state == UPLINK_DOWN)
		return;
	if (u->state != UPLINK_UP) {
		if (now - u->entered_us > HANDSHAKE_US)
			uplink_break(u, "the broker does not answer");
		return;
	}
	if (now - u->entered_us > STEADY_US && u->pause_ms != PAUSE_FIRST_MS) {
		u->pause_ms = PAUSE_FIRST_MS;
		u->problem[0] = '\0';
	}
	if (now - u->heard_us > SILENCE_US) {
		uplink_break(u, "the broker fell silent");
	} else if (now - u->heard_us > PING_US && now - u->pinged_us > PING_US) {
		struct session_ping ping = {now};

		u->pinged_us = now;
		say_or_break(u, &(struct session_command){.ping = &ping});
	}
	lanes_pump(u->agent->lanes); /* what was postponed may be due */
}

enum consign_err
uplink_new(struct agent *a, const struct agent_options *options, struct uplink **ret_uplink)
{
	struct uplink *u = calloc(1, sizeof *u);
	int timer;

	if (u == NULL)
		return CONSIGN_E_NO_MEMORY;
	u->agent = a;
	u->timer = -1;
	u->pause_ms = PAUSE_FIRST_MS;
	snprintf(u->configured, sizeof u->configured, "%s", options->endpoint);
	snprintf(u->endpoint, sizeof u->endpoint, "%s", options->endpoint);
	snprintf(u->socks_proxy, sizeof u->socks_proxy, "%s", options->socks_proxy != NULL ? options->socks_proxy : "");
	u->server_key = options->broker_transport_key;
	enter(u, UPLINK_DOWN);
	enum consign_err err = loop_every(a->loop, 250, watch_over, u, &timer);

	if (err == CONSIGN_OK)
		err = loop_once(a->loop, 1, connect_now, u, &u->timer);
	if (err != CONSIGN_OK) {
		free(u);
		return err;
	}
	*ret_uplink = u;
	return CONSIGN_OK;
}

void
uplink_free(struct uplink **uplink)
{
	struct uplink *u = *uplink;

	if (u == NULL)
		return;
	link_close(&u->link);
	free(u);
	*uplink = NULL;
}
