/* The broker's other side, one question at a time: a loop that runs until the answer, the end or the time-out. */
#include "hub_session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/limits.h"
#include "print.h"

static void
on_received(void *context, struct frame *frames, size_t n)
{
	struct hub_session *s = context;

	/* More than one frame is mail, which is not for us. */
	if (n == 1 && s->n_frames < FRAMES_MAX && buf_append(&s->frames[s->n_frames], frame_slice(&frames[0])) == CONSIGN_OK)
		s->n_frames++;
	else
		s->has_failed = true;
	loop_stop(s->loop);
}

static void
on_event(void *context, enum link_event event)
{
	struct hub_session *s = context;

	if (event == LINK_UP)
		return;
	s->is_refused = s->is_refused || event == LINK_REFUSED;
	s->is_down = true;
	loop_stop(s->loop);
}

static void
on_late(void *context)
{
	struct hub_session *s = context;

	s->is_late = true;
	loop_stop(s->loop);
}

/* Says why nothing more comes. */
static enum consign_err
say_end(const struct hub_session *s)
{
	const struct hub_session_options *o = &s->options;

	if (o->is_quiet && !s->is_refused && !s->has_failed)
		return s->is_down ? CONSIGN_E_UNREACHABLE : CONSIGN_E_TIMEOUT;
	if (s->is_refused) {
		say_error("the broker at %s does not admit this key, or is not the broker that it should be", o->endpoint);
		say_hint("%s", o->refused_hint);
		return CONSIGN_E_DENIED;
	}
	if (s->has_failed)
		return say_fail(CONSIGN_E_MALFORMED, "the broker at %s sent what does not belong here", o->endpoint);
	if (s->is_down)
		say_error("the broker at %s cannot be reached, or ended the connection", o->endpoint);
	else
		say_error("the broker at %s does not answer", o->endpoint);
	say_hint("%s", o->unreachable_hint);
	return s->is_down ? CONSIGN_E_UNREACHABLE : CONSIGN_E_TIMEOUT;
}

/* The next frame's bytes; lent until the next call. */
static enum consign_err
next_frame(struct hub_session *s, struct consign_slice *ret_frame)
{
	int timer;

	if (s->next == s->n_frames) {
		for (size_t i = 0; i < s->n_frames; i++)
			buf_clear(&s->frames[i]);
		s->next = s->n_frames = 0;
		s->is_late = false;
		enum consign_err err = s->is_patient ? CONSIGN_OK : loop_once(s->loop, HUB_SESSION_TIMEOUT_MS, on_late, s, &timer);

		if (err != CONSIGN_OK)
			return say_fail(err, "%s", consign_err_text(err));
		/* What arrived before the connection ended may explain the end: it is read first. */
		while (s->n_frames == 0 && !s->is_down && !s->has_failed && !s->is_late && !s->is_interrupted)
			loop_run(s->loop);
		if (!s->is_late && !s->is_patient)
			loop_cancel(s->loop, timer);
		if (s->n_frames == 0 && s->is_interrupted)
			return CONSIGN_E_TIMEOUT;
	}
	if (s->next == s->n_frames)
		return say_end(s);
	*ret_frame = buf_slice(&s->frames[s->next++]);
	return CONSIGN_OK;
}

static enum consign_err
say_bye(const struct hub_session *s, const struct session_bye *bye)
{
	if (s->options.is_quiet && bye->code == CONSIGN_CODE_SHUTTING_DOWN)
		return CONSIGN_E_UNREACHABLE;
	say_error("the broker ended the session: %s%s%.*s", consign_code_text((enum consign_code)bye->code),
	    bye->detail.len > 0 ? ": " : "", (int)bye->detail.len, (const char *)bye->detail.data);
	if (bye->code == CONSIGN_CODE_SHUTTING_DOWN)
		say_hint("run the same command again when the broker is back");
	return CONSIGN_E_DENIED;
}

/* Verifies documents into the hub. Everything signed is checked there, also when it was sent twice. */
static enum consign_err
take_documents(struct hub_session *s, const struct session_documents *documents)
{
	struct hub_stage *stage = NULL;
	struct buf encoded = {0};
	char problem[HUB_PROBLEM_BYTES];
	enum consign_err err = session_documents_encode(documents, &encoded);

	if (err == CONSIGN_OK)
		err = hub_stage(s->hub, buf_slice(&encoded), HUB_PROVEN, &stage, problem);
	else
		snprintf(problem, sizeof problem, "%s", consign_err_text(err));
	if (err == CONSIGN_OK)
		hub_adopt(s->hub, &stage);
	else
		say_error("the broker's documents are refused: %s", problem);
	buf_clear(&encoded);
	return err;
}

enum consign_err
hub_session_next(struct hub_session *s, bool stop_at_documents, struct session_command **ret_command)
{
	for (;;) {
		struct consign_slice frame;
		struct session_command *command;
		enum consign_err err = next_frame(s, &frame);

		if (err != CONSIGN_OK)
			return err;
		arena_free(&s->arena);
		err = arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES + frame.len * CONSIGN_UNPACK_BUDGET_PER_BYTE, &s->arena);
		if (err == CONSIGN_OK)
			err = session_command_decode(frame, s->arena, &command);
		if (err != CONSIGN_OK)
			return say_fail(err, "the broker sent what cannot be read: %s", consign_err_text(err));
		if (command->bye != NULL)
			return say_bye(s, command->bye);
		if (command->documents != NULL) {
			err = take_documents(s, command->documents);
			if (err != CONSIGN_OK)
				return err;
		}
		if (command->freshness != NULL) {
			buf_reset(&s->freshness);
			err = signed_document_encode(command->freshness->statement, &s->freshness);
			if (err != CONSIGN_OK)
				return say_fail(err, "%s", consign_err_text(err));
			continue;
		}
		if (command->pong != NULL)
			s->pong_us = command->pong->at_us;
		if (command->ping == NULL && (command->pong == NULL || s->awaits_pong) && (command->documents == NULL || stop_at_documents)) {
			*ret_command = command;
			return CONSIGN_OK;
		}
	}
}

enum consign_err
hub_session_send(struct hub_session *s, const struct session_command *command)
{
	struct buf encoded = {0};
	struct frame frame;
	enum consign_err err = session_command_encode(command, &encoded);

	frame_init(&frame);
	if (err == CONSIGN_OK && encoded.len > CONSIGN_COMMAND_MAX_BYTES)
		err = CONSIGN_E_TOO_BIG;
	if (err == CONSIGN_OK)
		err = frame_copy(&frame, buf_slice(&encoded));
	buf_wipe(&encoded);
	if (err != CONSIGN_OK)
		return say_fail(err, "the request cannot be sent: %s", consign_err_text(err));
	err = link_send(s->link, &frame, 1);
	if (err == CONSIGN_OK)
		return CONSIGN_OK;
	s->is_down = true;
	return say_end(s);
}

/* Waits until the handshake is through, so that the first send is not dropped by a socket without a connection. */
static void
on_up(void *context, enum link_event event)
{
	struct hub_session *s = context;

	on_event(context, event);
	if (event == LINK_UP)
		loop_stop(s->loop);
}

static enum consign_err
connect_link(struct hub_session *s)
{
	struct link_options link = {
	    .endpoint = s->options.endpoint,
	    .server_public = s->options.broker_transport_key,
	    .transport_secret = s->options.transport,
	    .transport_public = s->transport_public,
	    .socks_proxy = s->options.socks_proxy,
	    .received = on_received,
	    .event = on_up,
	    .context = s,
	};
	int timer;
	enum consign_err err = transport_new(1, &s->transport);

	if (err == CONSIGN_OK)
		err = loop_new(&s->loop);
	if (err == CONSIGN_OK)
		err = link_open(s->transport, s->loop, &link, &s->link);
	if (err == CONSIGN_OK)
		err = loop_once(s->loop, HUB_SESSION_TIMEOUT_MS, on_late, s, &timer);
	if (err != CONSIGN_OK)
		return say_fail(
		    err, "%s: %s", s->options.endpoint, err == CONSIGN_E_CONFIG ? "is not an address" : consign_err_text(err));
	loop_run(s->loop);
	if (s->is_down || s->has_failed || s->is_late)
		return say_end(s);
	loop_cancel(s->loop, timer);
	return CONSIGN_OK;
}

/* docs/PROTOCOL.md 7.3: transport key ‖ nonce ‖ party ‖ name, under the hub's domain. */
static void
sign_hello(const struct hub_session *s, const struct consign_hash *nonce, struct consign_signature *ret_signature)
{
	uint8_t content[32 + 32 + 1 + CONSIGN_ORG_MAX_BYTES];
	size_t name_len = strlen(s->options.name);

	memcpy(content, s->transport_public.b, 32);
	memcpy(content + 32, nonce->b, 32);
	content[64] = (uint8_t)s->options.party;
	memcpy(content + 65, s->options.name, name_len);
	sign_make(s->options.signing, SIGN_HELLO, &s->options.hub_id, slice_of(content, 65 + name_len), ret_signature);
}

/*
 * No document is to be signed with a time that is wrong. A company that joins is warned: its card was signed before, and one of the future is
 * not published. Errors: DENIED
 */
static enum consign_err
check_clock(const struct hub_session *s, uint64_t broker_us)
{
	uint64_t now_us = clock_wall_us(clock_system());
	unsigned long long apart_s = (now_us > broker_us ? now_us - broker_us : broker_us - now_us) / 1000000;
	enum clock_skew skew = clock_skew(now_us, broker_us);

	if (skew == CLOCK_SKEW_WARN || (skew == CLOCK_SKEW_TOO_FAR && s->options.party == PARTY_JOINING))
		say_warning("this machine's clock and the broker's differ by %llu s", apart_s);
	if (skew != CLOCK_SKEW_TOO_FAR || s->options.party == PARTY_JOINING)
		return CONSIGN_OK;
	say_error("this machine's clock and the broker's differ by %llu s; more than two minutes are too much to sign anything", apart_s);
	say_hint("set the one that is wrong: `timedatectl` shows whether a machine keeps its time by NTP");
	return CONSIGN_E_DENIED;
}

static enum consign_err
say_hello(struct hub_session *s)
{
	uint32_t versions[] = {1};
	struct session_open open = {.versions = {versions, 1}, .hub_id = s->options.hub_id};
	struct session_hello hello = {.party = s->options.party, .window_consignments = 1, .window_bytes = 65536};
	struct session_command *answer;
	struct consign_public_key signing_public;
	struct consign_key_id key_id;
	struct consign_signature signature;

	if (strlen(s->options.name) > CONSIGN_ORG_MAX_BYTES)
		return say_fail(CONSIGN_E_CONFIG, "the name %s is too long", s->options.name);
	enum consign_err err = hub_session_send(s, &(struct session_command){.open = &open});

	if (err == CONSIGN_OK)
		err = hub_session_next(s, true, &answer);
	if (err != CONSIGN_OK)
		return err;
	if (answer->challenge == NULL || answer->challenge->version != 1)
		return say_fail(CONSIGN_E_STATE, "the broker does not speak this version of the protocol");
	err = check_clock(s, answer->challenge->now_us);
	if (err != CONSIGN_OK)
		return err;
	snprintf(hello.name, sizeof hello.name, "%s", s->options.name);
	snprintf(hello.software, sizeof hello.software, "consign/%s", CONSIGN_VERSION);
	if (s->options.signing != NULL) {
		sign_public(s->options.signing, &signing_public);
		key_id_of(&signing_public, &key_id);
		sign_hello(s, &answer->challenge->nonce, &signature);
		hello.key_id = SLICE_ARRAY(key_id.b);
		hello.signature = SLICE_ARRAY(signature.b);
	}
	return hub_session_send(s, &(struct session_command){.hello = &hello});
}

/* Welcome, then documents until there is a root. */
static enum consign_err
await_welcome(struct hub_session *s)
{
	struct session_command *answer;
	bool is_welcome = false;

	while (!is_welcome || hub_root(s->hub) == NULL) {
		enum consign_err err = hub_session_next(s, true, &answer);

		if (err != CONSIGN_OK)
			return err;
		is_welcome = is_welcome || answer->welcome != NULL;
	}
	return CONSIGN_OK;
}

enum consign_err
hub_session_open(const struct hub_session_options *options, struct hub_session **ret_session)
{
	struct hub_session *s = calloc(1, sizeof *s);

	if (s == NULL)
		return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
	s->options = *options;
	snprintf(s->unreachable_hint, sizeof s->unreachable_hint, "%s", options->unreachable_hint);
	s->options.unreachable_hint = s->unreachable_hint;
	box_public(options->transport, &s->transport_public);
	enum consign_err err = hub_new(&options->hub_id, true, &s->hub);

	if (err != CONSIGN_OK)
		say_error("%s", consign_err_text(err));
	else
		err = connect_link(s);
	if (err == CONSIGN_OK)
		err = say_hello(s);
	if (err == CONSIGN_OK && options->party == PARTY_ADMIN)
		err = await_welcome(s);
	if (err != CONSIGN_OK) {
		hub_session_close(&s);
		return err;
	}
	*ret_session = s;
	return CONSIGN_OK;
}

void
hub_session_close(struct hub_session **session)
{
	struct hub_session *s = *session;

	if (s == NULL)
		return;
	link_close(&s->link);
	loop_free(&s->loop);
	transport_free(&s->transport);
	for (size_t i = 0; i < s->n_frames; i++)
		buf_clear(&s->frames[i]);
	arena_free(&s->arena);
	hub_free(&s->hub);
	buf_clear(&s->freshness);
	free(s);
	*session = NULL;
}

const struct hub *
hub_session_hub(const struct hub_session *session)
{
	return session->hub;
}

struct consign_slice
hub_session_freshness(const struct hub_session *session)
{
	return buf_slice(&session->freshness);
}
