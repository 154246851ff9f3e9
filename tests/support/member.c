/* A member's session: connecting, saying. What is heard is in member_hear.c. See member.h. */
#include "member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/limits.h"
#include "core/secret.h"
#include "member_private.h"

#define WAIT_MS 60000u /* what does not come at all is what ends a wait, not what comes late */

static const char *const known_keys[] = {"hub_id", "hub_name", "endpoint", "broker_transport_key", "party", "name",
    "root_version", "root_hash", "socks_proxy", "log_format", "log_level", NULL};

/* ── its home ── */

static enum consign_err
read_config(struct live_member *m, const char *path)
{
	struct agent *a = &m->agent;
	enum consign_err err = config_open(path, known_keys, &m->config, m->problem);

	if (err != CONSIGN_OK)
		return CONSIGN_E_CONFIG;
	const char *name = config_get(m->config, "name"), *endpoint = config_get(m->config, "endpoint");

	if (name == NULL || strlen(name) > CONSIGN_ORG_MAX_BYTES || endpoint == NULL || strlen(endpoint) >= sizeof m->endpoint ||
	    config_hex(m->config, "hub_id", a->hub_id.b, sizeof a->hub_id.b) != CONSIGN_OK ||
	    config_hex(m->config, "broker_transport_key", m->broker_key.b, sizeof m->broker_key.b) != CONSIGN_OK)
		return CONSIGN_E_CONFIG;
	memcpy(a->org.s, name, strlen(name) + 1);
	memcpy(m->endpoint, endpoint, strlen(endpoint) + 1);
	if (config_u64(m->config, "root_version", 1, INT64_MAX, 0, &a->invited_root.version) != CONSIGN_OK ||
	    (a->invited_root.version > 0 &&
		config_hex(m->config, "root_hash", a->invited_root.hash.b, sizeof a->invited_root.hash.b) != CONSIGN_OK))
		return CONSIGN_E_CONFIG;
	return CONSIGN_OK;
}

static enum consign_err
read_home(struct live_member *m, const char *home)
{
	struct agent *a = &m->agent;
	char *config = path_join(home, "config.yaml"), *keys = path_join(home, "keys/agent.key");
	enum consign_err err = config == NULL || keys == NULL ? CONSIGN_E_NO_MEMORY : read_config(m, config);

	if (err == CONSIGN_OK && keyfile_open(keys, NULL, NULL, &a->keys) != CONSIGN_OK)
		err = CONSIGN_E_KEY_FILE;
	free(config);
	free(keys);
	if (err != CONSIGN_OK)
		return err;
	a->identity_key = keyfile_find(a->keys, "identity", NULL);
	a->storage_key = keyfile_find(a->keys, "storage", NULL);
	m->transport = keyfile_find(a->keys, "transport", NULL);
	return a->identity_key == NULL || m->transport == NULL || a->storage_key == NULL ? CONSIGN_E_KEY_FILE : CONSIGN_OK;
}

enum consign_err
member_open(const char *home, struct live_member **ret_member)
{
	struct live_member *m = calloc(1, sizeof *m);

	if (m == NULL)
		return CONSIGN_E_NO_MEMORY;
	m->agent.clock = clock_system();
	m->agent.home = home;
	m->wait_ms = WAIT_MS;
	m->window_consignments = CONSIGN_WINDOW_CONSIGNMENTS;
	m->window_bytes = CONSIGN_WINDOW_BYTES;
	m->confirms = true;
	m->heard_end = &m->heard;
	m->answers_end = &m->answers;
	m->settled_end = &m->settled;
	enum consign_err err = secret_start();

	if (err == CONSIGN_OK)
		err = read_home(m, home);
	if (err == CONSIGN_OK)
		err = hub_new(&m->agent.hub_id, false, &m->agent.hub);
	if (err == CONSIGN_OK && m->agent.invited_root.version > 0)
		hub_pin(m->agent.hub, m->agent.invited_root.version, &m->agent.invited_root.hash);
	if (err == CONSIGN_OK)
		err = seal_receiver_new(&m->agent.receiver);
	if (err == CONSIGN_OK)
		err = sealing_new(&m->agent, &m->agent.sealing);
	if (err == CONSIGN_OK)
		err = transport_new(1, &m->zmq);
	if (err == CONSIGN_OK)
		err = loop_new(&m->agent.loop);
	if (err != CONSIGN_OK) {
		member_close(&m);
		return err;
	}
	m->problem[0] = '\0';
	*ret_member = m;
	return CONSIGN_OK;
}

void
heard_free(struct heard **heard)
{
	struct heard *h = *heard;

	if (h == NULL)
		return;
	for (size_t i = 0; i < h->n; i++)
		frame_clear(&h->frames[i]);
	arena_free(&h->arena);
	free(h);
	*heard = NULL;
}

static void
forget(struct live_member *m)
{
	while (m->heard != NULL) {
		struct heard *h = m->heard;

		m->heard = h->next;
		heard_free(&h);
	}
	m->heard_end = &m->heard;
	while (m->answers != NULL) {
		struct answer *a = m->answers;

		m->answers = a->next;
		free(a);
	}
	m->answers_end = &m->answers;
	while (m->settled != NULL) {
		struct settled *s = m->settled;

		m->settled = s->next;
		free(s);
	}
	m->settled_end = &m->settled;
}

void
member_close(struct live_member **member)
{
	struct live_member *m = *member;

	if (m == NULL)
		return;
	forget(m);
	link_close(&m->link);
	loop_free(&m->agent.loop);
	transport_free(&m->zmq);
	sealing_free(&m->agent.sealing);
	seal_receiver_free(&m->agent.receiver);
	hub_free(&m->agent.hub);
	keyfile_free(&m->agent.keys);
	config_free(&m->config);
	free(m);
	*member = NULL;
}

enum consign_err
member_fail(struct live_member *m, enum consign_err err, const char *what)
{
	snprintf(m->problem, sizeof m->problem, "%s: %s", what, consign_err_text(err));
	return err;
}

/* ── saying ── */

enum consign_err
member_send(struct live_member *m, const struct consign_slice *frames, size_t n)
{
	struct frame copies[MEMBER_FRAMES_MAX];
	uint64_t from = clock_steady_us(m->agent.clock);
	enum consign_err err;

	if (m->link == NULL || n > MEMBER_FRAMES_MAX)
		return member_fail(m, CONSIGN_E_UNREACHABLE, "sending");
	do { /* a full queue empties into the connection by itself */
		err = CONSIGN_OK;
		for (size_t i = 0; i < n; i++)
			frame_init(&copies[i]);
		for (size_t i = 0; err == CONSIGN_OK && i < n; i++)
			err = frame_copy(&copies[i], frames[i]);
		if (err == CONSIGN_OK)
			err = link_send(m->link, copies, n);
	} while (err == CONSIGN_E_FULL && clock_steady_us(m->agent.clock) - from < (uint64_t)m->wait_ms * 1000);
	return err == CONSIGN_OK ? err : member_fail(m, err, "sending");
}

enum consign_err
member_say(struct live_member *m, const struct session_command *command)
{
	struct buf bytes = {0};
	enum consign_err err = session_command_encode(command, &bytes);

	if (err == CONSIGN_OK)
		err = member_send(m, &(struct consign_slice){bytes.data, bytes.len}, 1);
	else
		(void)member_fail(m, err, "a command of ours");
	buf_clear(&bytes);
	return err;
}

/* ── the session ── */

static bool
is_through(struct live_member *m, void *context)
{
	(void)context;
	return m->is_up;
}

enum consign_err
member_connect(struct live_member *m)
{
	struct link_options o = {.endpoint = m->endpoint,
	    .server_public = m->broker_key,
	    .transport_secret = m->transport,
	    .received = member_received,
	    .event = member_happened,
	    .context = m};

	member_disconnect(m);
	box_public(m->transport, &o.transport_public);
	m->transport_public = o.transport_public;
	enum consign_err err = link_open(m->zmq, m->agent.loop, &o, &m->link);

	return err == CONSIGN_OK ? member_wait(m, is_through, NULL) : member_fail(m, err, m->endpoint);
}

void
member_disconnect(struct live_member *m)
{
	link_close(&m->link);
	forget(m);
	m->is_up = m->is_refused = m->is_down = m->has_bye = false;
	m->bye = CONSIGN_CODE_NONE;
	m->bye_detail[0] = '\0';
	m->welcome = (struct session_welcome){0};
}

enum consign_err
member_challenge(struct live_member *m, struct session_open *open)
{
	uint32_t version = 1;
	struct session_open honest = {.versions = {&version, 1}, .hub_id = m->agent.hub_id};
	enum consign_err err = member_say(m, &(struct session_command){.open = open != NULL ? open : &honest});

	return err == CONSIGN_OK ? member_hear_away(m, HEAR_CHALLENGE) : err;
}

void
member_sign_hello(
    struct live_member *m, const struct secret *key, const struct session_hello *h, struct consign_signature *ret_signature)
{
	uint8_t bytes[32 + 32 + 1 + CONSIGN_ORG_MAX_BYTES];
	size_t name = strlen(h->name);

	memcpy(bytes, m->transport_public.b, 32);
	memcpy(bytes + 32, m->challenge.nonce.b, 32);
	bytes[64] = (uint8_t)h->party;
	memcpy(bytes + 65, h->name, name);
	sign_make(key, SIGN_HELLO, &m->agent.hub_id, slice_of(bytes, 65 + name), ret_signature);
}

enum consign_err
member_hello(struct live_member *m, struct session_hello *ret_hello, struct hello_room *room)
{
	struct agent *a = &m->agent;
	const struct hub_root *root = hub_root(a->hub);
	const struct checkpoint *checkpoint = hub_checkpoint(a->hub);
	const struct secret *key = agent_signing_key(a, &room->key_id);
	struct session_hello h = {.party = PARTY_AGENT,
	    .root_version = root != NULL ? root->root->version : 0,
	    .window_consignments = m->window_consignments,
	    .window_bytes = m->window_bytes,
	    .software = "member",
	    .documents_size = hub_documents_size(a->hub)};

	if (key == NULL)
		return member_fail(m, CONSIGN_E_NOT_FOUND, "a signing key");
	if (checkpoint->size > 0) {
		room->checkpoint = (struct checkpoint_ref){checkpoint->size, checkpoint->head};
		h.checkpoint = &room->checkpoint;
	}
	memcpy(h.name, a->org.s, sizeof h.name);
	member_sign_hello(m, key, &h, &room->signature);
	h.key_id = SLICE_ARRAY(room->key_id.b);
	h.signature = SLICE_ARRAY(room->signature.b);
	*ret_hello = h;
	return CONSIGN_OK;
}

enum consign_err
member_welcome(struct live_member *m, struct session_hello *h)
{
	enum consign_err err = member_say(m, &(struct session_command){.hello = h});

	if (err == CONSIGN_OK)
		err = member_hear_away(m, HEAR_WELCOME);
	return err == CONSIGN_OK ? member_hear_away(m, HEAR_DOCUMENTS) : err;
}

enum consign_err
member_greet(struct live_member *m)
{
	struct session_hello hello;
	struct hello_room room;
	enum consign_err err = member_connect(m);

	if (err == CONSIGN_OK)
		err = member_challenge(m, NULL);
	if (err == CONSIGN_OK)
		err = member_hello(m, &hello, &room);
	return err == CONSIGN_OK ? member_welcome(m, &hello) : err;
}

enum consign_err
member_ping(struct live_member *m)
{
	struct session_ping ping = {clock_wall_us(m->agent.clock)};
	enum consign_err err = member_say(m, &(struct session_command){.ping = &ping});

	return err == CONSIGN_OK ? member_hear_away(m, HEAR_PONG) : err;
}

enum consign_err
member_bye(struct live_member *m)
{
	struct session_bye bye = {0};
	enum consign_err err = member_say(m, &(struct session_command){.bye = &bye});

	return err == CONSIGN_OK ? member_is_cut(m) : err;
}

enum consign_err
member_credit(struct live_member *m, uint32_t consignments, uint64_t bytes)
{
	struct session_credit credit = {consignments, bytes};

	return member_say(m, &(struct session_command){.credit = &credit});
}

enum consign_err
member_fetch(struct live_member *m, struct session_fetch *fetch)
{
	enum consign_err err = member_say(m, &(struct session_command){.fetch = fetch});

	return err == CONSIGN_OK ? member_hear_away(m, HEAR_DOCUMENTS) : err;
}
