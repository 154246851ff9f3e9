/*
 * `consign send`. An id on standard output means: queued, durably. A refused message prints none there, so that what a
 * script reads is what will arrive or be refused by the hub with its reason.
 */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent_call.h"
#include "business.h"
#include "catalogue/payload.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"
#include "home.h"
#include "input.h"
#include "print.h"

#define POLL_MS 50u
/* Content of one frame: messages beside it cost little, see CONSIGN_LOCAL_FRAME_MAX_BYTES. */
#define FRAME_CONTENT_MAX_BYTES (CONSIGN_LOCAL_FRAME_MAX_BYTES / 2)

enum wait_for { WAIT_NOT, WAIT_ACCEPTED, WAIT_DELIVERED };

struct sending {
	char *to_text; /* the words of --to, cut at their commas */
	const char **to;
	size_t n_to;
	const char *study, *type, *key, *media_type, *name;
	enum consign_label label;
	const struct catalogue_type *business; /* NULL: a file of type x.* */
	const char **files; /* NULL ended */
	size_t n_files;
	const struct args *args; /* for --attach */
	size_t n_attached;
	enum wait_for wait;
	uint64_t timeout_s;
	uint64_t expires_s; /* 0: the default */
	bool as_json;
	size_t n_refused;
};

static enum consign_err
read_consignees(const struct args *args, struct sending *s)
{
	size_t bytes = 1, commas = 1;
	const char *value;

	for (size_t i = 0; (value = args_nth(args, "to", i)) != NULL; i++) {
		bytes += strlen(value) + 1;
		commas++;
		for (const char *p = value; *p != '\0'; p++)
			commas += *p == ',';
	}
	s->to_text = calloc(bytes, 1);
	s->to = calloc(commas, sizeof *s->to);
	if (s->to_text == NULL || s->to == NULL)
		return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
	for (size_t i = 0; (value = args_nth(args, "to", i)) != NULL; i++) {
		strcat(s->to_text, i > 0 ? "," : "");
		strcat(s->to_text, value);
	}
	for (char *rest = s->to_text, *one; (one = strsep(&rest, ",")) != NULL;) {
		if (!text_is(CHARSET_ORG, slice_text(one)) || strlen(one) > CONSIGN_ORG_MAX_BYTES)
			return say_fail(CONSIGN_E_USAGE, "--to: \"%s\" is no organisation's id", one);
		for (size_t i = 0; i < s->n_to; i++)
			if (strcmp(s->to[i], one) == 0)
				return say_fail(CONSIGN_E_USAGE, "--to: %s stands twice", one);
		s->to[s->n_to++] = one;
	}
	if (s->n_to > CONSIGN_CONSIGNEES_MAX)
		return say_fail(CONSIGN_E_USAGE, "--to: at most %u organisations", CONSIGN_CONSIGNEES_MAX);
	return CONSIGN_OK;
}

static enum consign_err
read_files(const struct args *args, struct sending *s)
{
	size_t n = 0;

	while (args_nth(args, "file", n) != NULL)
		n++;
	s->files = calloc(n + 2, sizeof *s->files);
	if (s->files == NULL)
		return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
	if (n == 0 && isatty(STDIN_FILENO) == 1) {
		say_error("what is to be sent?");
		say_hint("give --file FILE, or the content on standard input");
		return CONSIGN_E_USAGE;
	}
	if (n == 0)
		s->files[n++] = "-";
	else
		for (size_t i = 0; i < n; i++)
			s->files[i] = args_nth(args, "file", i);
	s->n_files = n;
	if (n > CONSIGN_LOCAL_MESSAGES_MAX)
		return say_fail(CONSIGN_E_USAGE, "--file: at most %u files at once", CONSIGN_LOCAL_MESSAGES_MAX);
	if (n > 1 && (s->key != NULL || s->name != NULL))
		return say_fail(CONSIGN_E_USAGE, "--idempotency-key and --name go with one file");
	return CONSIGN_OK;
}

/* What goes with a message of the catalogue, and what does not. */
static enum consign_err
check_business(const struct args *args, struct sending *s)
{
	s->args = args;
	s->business = catalogue_find(s->type);
	while (args_nth(args, "attach", s->n_attached) != NULL)
		s->n_attached++;
	if (s->business == NULL && s->n_attached > 0)
		return say_fail(CONSIGN_E_USAGE, "--attach goes with a type of the catalogue: a type x.* is a file itself");
	if (s->business != NULL && s->name != NULL)
		return say_fail(CONSIGN_E_USAGE, "--name goes with files (x.*): a message of the type %s has no name", s->type);
	if (s->n_attached > 0 && s->n_files > 1)
		return say_fail(CONSIGN_E_USAGE, "--attach goes with one message");
	return CONSIGN_OK;
}

static enum consign_err
read_options(const struct args *args, struct sending *s)
{
	const char *label = args_value(args, "label"), *wait = args_value(args, "wait");
	char problem[ARGS_PROBLEM_BYTES];

	s->study = args_value(args, "study");
	s->type = args_value(args, "type");
	s->key = args_value(args, "idempotency-key");
	s->media_type = args_value(args, "media-type");
	s->name = args_value(args, "name");
	s->as_json = args_has(args, "json");
	s->timeout_s = 30;
	if (!text_is(CHARSET_STUDY, slice_text(s->study)) || strlen(s->study) > CONSIGN_STUDY_MAX_BYTES)
		return say_fail(CONSIGN_E_USAGE, "--study %s: expected letters, digits, dots, - and _", s->study);
	if (!text_is(CHARSET_TYPE, slice_text(s->type)) || strlen(s->type) > CONSIGN_TYPE_MAX_BYTES)
		return say_fail(CONSIGN_E_USAGE, "--type %s: expected a message type such as x.report", s->type);
	if (label != NULL && label_parse(label, &s->label) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "--label %s: expected open, restricted or unblinded", label);
	if (s->key != NULL && (s->key[0] == '\0' || strlen(s->key) > CONSIGN_IDEMPOTENCY_KEY_MAX_BYTES))
		return say_fail(CONSIGN_E_USAGE, "--idempotency-key: 1 to %u bytes", CONSIGN_IDEMPOTENCY_KEY_MAX_BYTES);
	if (wait != NULL && strcmp(wait, "accepted") != 0 && strcmp(wait, "delivered") != 0)
		return say_fail(CONSIGN_E_USAGE, "--wait %s: expected accepted or delivered", wait);
	s->wait = wait == NULL ? WAIT_NOT : strcmp(wait, "accepted") == 0 ? WAIT_ACCEPTED : WAIT_DELIVERED;
	if (args_number(args, "timeout", 1, 86400, &s->timeout_s, problem) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "%s", problem);
	if (args_number(args, "expires", 1, CONSIGN_EXPIRES_MAX_US / 1000000 - 1, &s->expires_s, problem) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "%s", problem);
	if (args_has(args, "timeout") && s->wait == WAIT_NOT)
		return say_fail(CONSIGN_E_USAGE, "--timeout goes with --wait");
	enum consign_err err = read_consignees(args, s);

	if (err == CONSIGN_OK)
		err = read_files(args, s);
	return err == CONSIGN_OK ? check_business(args, s) : err;
}

/* Reads the files of --attach into the message, and encodes it. kept: their bytes, borrowed until then. */
static enum consign_err
attach_all(const struct sending *s, struct business *b, struct buf *encoded)
{
	struct buf *kept = calloc(s->n_attached, sizeof *kept);
	enum consign_err err = kept == NULL ? say_fail(CONSIGN_E_NO_MEMORY, "out of memory") : CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < s->n_attached; i++) {
		const char *file = args_nth(s->args, "attach", i);

		err = input_read(file, CONSIGN_CONTENT_MAX_BYTES, &kept[i]);
		if (err != CONSIGN_OK)
			break;
		err = business_attach(s->business, b->message, input_media_type(file), input_base_name(file), buf_slice(&kept[i]), b->arena);
		if (err == CONSIGN_E_MALFORMED)
			say_error("the message has no event to attach files to");
		else if (err == CONSIGN_E_TOO_BIG)
			say_error("a message holds at most 16 originals");
		else if (err != CONSIGN_OK)
			say_error("out of memory");
	}
	if (err == CONSIGN_OK && (err = business_encode(b->message, encoded)) != CONSIGN_OK)
		say_error("out of memory");
	/* Below this the agent says it, on record. */
	if (err == CONSIGN_OK && encoded->len > CONSIGN_LOCAL_CONTENT_MAX_BYTES)
		err = say_fail(CONSIGN_E_TOO_BIG, "the originals of a message hold up to 1 MiB together");
	for (size_t i = 0; kept != NULL && i < s->n_attached; i++)
		buf_wipe(&kept[i]);
	free(kept);
	return err;
}

/* A message of the catalogue: the agent reads its JSON, unless files are to be put into it here. */
static enum consign_err
read_business(const struct sending *s, const char *file, struct buf *content, struct consign_outgoing *ret_message)
{
	const char *media_type = s->media_type != NULL ? s->media_type : PAYLOAD_JSON;
	struct business b = {0};
	struct buf encoded = {0};
	enum consign_err err = input_read(file, CONSIGN_LOCAL_CONTENT_MAX_BYTES, content);

	if (err == CONSIGN_OK && s->n_attached > 0) {
		err = business_read(s->business, media_type, buf_slice(content), &b);
		if (err == CONSIGN_OK)
			err = attach_all(s, &b, &encoded);
		if (err == CONSIGN_OK) {
			buf_wipe(content);
			*content = encoded;
			encoded = (struct buf){0};
			media_type = PAYLOAD_PROTOBUF;
		}
	}
	if (err == CONSIGN_OK) {
		ret_message->media_type = media_type;
		ret_message->name = "";
		ret_message->content = buf_slice(content);
	}
	buf_wipe(&encoded);
	business_clear(&b);
	return err;
}

/* A file as it is. */
static enum consign_err
read_file(const struct sending *s, const char *file, struct buf *content, struct consign_outgoing *ret_message)
{
	bool is_standard = strcmp(file, "-") == 0;
	enum consign_err err = input_read(file, CONSIGN_CONTENT_MAX_BYTES, content);

	if (err == CONSIGN_E_TOO_BIG)
		say_hint("larger files cannot be sent by this version");
	if (err != CONSIGN_OK)
		return err;
	ret_message->media_type = s->media_type != NULL ? s->media_type : input_media_type(file);
	ret_message->name = s->name != NULL ? s->name : is_standard ? "" : input_base_name(file);
	ret_message->content = buf_slice(content);
	/* The wire would only say that the frame is malformed. */
	if (strlen(ret_message->media_type) > CONSIGN_MEDIA_TYPE_MAX_BYTES || strlen(ret_message->name) > CONSIGN_NAME_MAX_BYTES)
		return say_fail(CONSIGN_E_USAGE, "a media type has at most %u bytes, a name %u", CONSIGN_MEDIA_TYPE_MAX_BYTES, CONSIGN_NAME_MAX_BYTES);
	if (!text_is(CHARSET_UTF8, slice_text(ret_message->name)) || !text_is(CHARSET_ASCII, slice_text(ret_message->media_type)))
		return say_fail(CONSIGN_E_USAGE, "%s: the name or the media type holds what is no plain text", file);
	return CONSIGN_OK;
}

/* Reads one file and fills the message; content is the caller's to wipe. */
static enum consign_err
read_message(const struct sending *s, const char *file, struct buf *content, struct consign_outgoing *ret_message)
{
	*ret_message = (struct consign_outgoing){.to = s->to,
	    .n_to = s->n_to,
	    .study = s->study,
	    .type = s->type,
	    .label = s->label,
	    .idempotency_key = s->key,
	    .expires_us = s->expires_s > 0 ? clock_wall_us(clock_system()) + s->expires_s * 1000000 : 0};
	return s->business != NULL ? read_business(s, file, content, ret_message) : read_file(s, file, content, ret_message);
}

/* "refused: CODE rule=… detail", as every refusal is told. */
static void
say_refusal(enum consign_code code, const char *rule, const char *detail)
{
	char shown[PRINT_SHOWN_BYTES];

	say_error("refused: %s%s%s%s%s", consign_code_text(code), rule[0] != '\0' ? " rule=" : "", rule,
	    detail[0] != '\0' ? " " : "", text_shown(detail, shown));
}

static enum consign_err
print_state(
    const char *id, const char *state, enum consign_code code, const char *rule, const char *detail, const struct consign_problems *problems)
{
	json_t *json = json_pack("{s:s, s:s}", "id", id, "state", state);

	if (json != NULL && code != CONSIGN_CODE_NONE)
		json_object_set_new(json, "refusal", json_refusal_with(code, rule, detail, problems));
	return print_json(&json);
}

static bool
is_policy(enum consign_code code)
{
	return code >= CONSIGN_CODE_STUDY_UNKNOWN && code <= CONSIGN_CODE_POLICY_FORBIDDEN;
}

/* What an agent answers in the place of an id when it could store nothing (PROTOCOL.md 8.2). */
static const char no_id[] = "00000000-0000-0000-0000-000000000000";

static enum consign_err
print_local_refusal(const struct sending *s, const struct consign_outcome *o)
{
	char detail[CONSIGN_TEXT_MAX_BYTES + CONSIGN_ORG_MAX_BYTES + 3];

	snprintf(detail, sizeof detail, "%s%s%s", o->org, o->org[0] != '\0' && o->detail[0] != '\0' ? ": " : "", o->detail);
	/* The agent's own trouble decides nothing: there is no message, and nothing to track. */
	if (strncmp(o->id, no_id, strlen(no_id)) == 0) {
		if (s->as_json) {
			json_t *json = json_pack("{s:n, s:s, s:{s:s, s:s}}", "id", "state", "failed", "error", "code", consign_code_text(o->code), "detail", detail);

			return print_json(&json);
		}
		say_error("not taken: %s%s%s", consign_code_text(o->code), detail[0] != '\0' ? " " : "", detail);
		say_hint("nothing was queued: send it again later");
		return CONSIGN_OK;
	}
	if (s->as_json)
		return print_state(o->id, "refused", o->code, o->rule, detail, &o->problems);
	if (o->problems.n > 0)
		snprintf(detail, sizeof detail, "%u %s", o->problems.total, o->problems.total == 1 ? "problem" : "problems");
	say_refusal(o->code, o->rule, detail);
	say_stated_problems(&o->problems);
	if (o->may_retry)
		say_hint("it may pass later: send it again then");
	else if (s->business != NULL && o->code == CONSIGN_CODE_TYPE_INVALID)
		say_hint("`consign catalogue show %s` says what it holds; `consign track %s` keeps this answer", s->type, o->id);
	else
		say_hint("%s`consign track %s` keeps this answer", is_policy(o->code) ? "`consign policy explain` says why; " : "", o->id);
	return CONSIGN_OK;
}

/* ── waiting ── */

static bool
is_one_of(const char *state, const char *const *states)
{
	for (; *states != NULL; states++)
		if (strcmp(state, *states) == 0)
			return true;
	return false;
}

/* Whether a message has come as far as was asked for, or will never. */
static bool
is_settled(const struct consign_track *t, enum wait_for wait, bool *ret_reached)
{
	static const char *const ends[] = {"delivered", "rejected", "refused", "expired", NULL};

	if (wait == WAIT_ACCEPTED) {
		static const char *const after[] = {"accepted", "delivered", "rejected", NULL};

		*ret_reached = is_one_of(t->state, after) || t->accepted_us > 0;
		return *ret_reached || is_one_of(t->state, ends);
	}
	*ret_reached = strcmp(t->state, "delivered") == 0;
	return is_one_of(t->state, ends);
}

static enum consign_err
say_not_reached(const struct sending *s, const struct consign_track *t)
{
	char shown[PRINT_SHOWN_BYTES];

	if (s->as_json)
		return CONSIGN_E_DENIED; /* the state says it */
	if (t->code != CONSIGN_CODE_NONE)
		say_refusal(t->code, t->rule, t->detail);
	else
		say_error("%s was %s", t->id, t->state);
	for (size_t i = 0; i < t->n_consignees; i++)
		if (t->consignees[i].code != CONSIGN_CODE_NONE)
			say_error("%s %s it: %s %s", t->consignees[i].org, t->consignees[i].state,
			    consign_code_text(t->consignees[i].code), text_shown(t->consignees[i].detail, shown));
	return CONSIGN_E_DENIED;
}

static enum consign_err
wait_for_one(struct consign_client *client, const struct sending *s, const char *id, uint64_t deadline_us)
{
	for (;;) {
		const struct consign_reply *reply;
		uint64_t number = 0;
		bool is_reached, is_over;
		enum consign_err err = consign_client_post_track(client, id, &number);

		err = agent_reply(client, err, number, CONSIGN_REPLY_TRACK, &reply);
		if (err != CONSIGN_OK)
			return err;
		const struct consign_track *t = reply->track;
		bool is_end = is_settled(t, s->wait, &is_reached);

		is_over = clock_steady_us(clock_system()) >= deadline_us;
		if (is_end && s->as_json)
			err = print_state(id, t->state, t->code, t->rule, t->detail, &t->problems);
		if (err == CONSIGN_OK && is_end && !is_reached)
			err = say_not_reached(s, t);
		if (!is_end && is_over) {
			if (s->as_json)
				err = print_state(id, t->state, t->code, t->rule, t->detail, &t->problems);
			say_error("%s is %s after %llu s, not %s", id, t->state, (unsigned long long)s->timeout_s,
			    s->wait == WAIT_ACCEPTED ? "accepted" : "delivered");
			say_hint("it is safe at the agent and goes on by itself: consign track %s", id);
			err = CONSIGN_E_TIMEOUT;
		}
		consign_reply_free(&reply);
		if (err != CONSIGN_OK || is_end)
			return err;
		nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000l}, NULL);
	}
}

/* ── sending ── */

/* Prints what became of a frame of messages, then waits where that was asked for. */
static enum consign_err
report(struct consign_client *client, struct sending *s, const struct consign_reply *reply, uint64_t deadline_us)
{
	enum consign_err err = CONSIGN_OK, failed = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < reply->n_outcomes; i++) {
		const struct consign_outcome *o = &reply->outcomes[i];

		if (o->code != CONSIGN_CODE_NONE) {
			s->n_refused++;
			err = print_local_refusal(s, o);
		} else if (!s->as_json) {
			printf("%s\n", o->id);
		} else if (s->wait == WAIT_NOT) {
			err = print_state(o->id, "queued", CONSIGN_CODE_NONE, "", "", &o->problems);
		}
	}
	if (err == CONSIGN_OK)
		err = print_flush(); /* before waiting: the ids are promises already */
	if (err != CONSIGN_OK)
		return say_fail(err, "the ids could not be written");
	for (size_t i = 0; s->wait != WAIT_NOT && i < reply->n_outcomes; i++)
		if (reply->outcomes[i].code == CONSIGN_CODE_NONE) {
			err = wait_for_one(client, s, reply->outcomes[i].id, deadline_us);
			failed = failed == CONSIGN_OK ? err : failed;
		}
	return failed;
}

/* Sends files from *at on, as many as one frame holds; *at is then the first of the next frame. */
static enum consign_err
send_frame(struct consign_client *client, struct sending *s, size_t *at, uint64_t deadline_us)
{
	struct consign_outgoing *messages = calloc(s->n_files, sizeof *messages);
	struct buf *contents = calloc(s->n_files, sizeof *contents);
	const struct consign_reply *reply = NULL;
	size_t n = 0, bytes = 0;
	uint64_t number = 0;
	enum consign_err err = messages == NULL || contents == NULL ? say_fail(CONSIGN_E_NO_MEMORY, "out of memory") : CONSIGN_OK;

	while (err == CONSIGN_OK && *at < s->n_files && bytes < FRAME_CONTENT_MAX_BYTES) {
		err = read_message(s, s->files[*at], &contents[n], &messages[n]);
		bytes += contents[n++].len;
		(*at)++;
	}
	if (err == CONSIGN_OK) {
		err = consign_client_post_send(client, messages, n, &number);
		err = agent_reply(client, err, number, CONSIGN_REPLY_SEND, &reply);
	}
	if (err == CONSIGN_OK)
		err = report(client, s, reply, deadline_us);
	consign_reply_free(&reply);
	for (size_t i = 0; contents != NULL && i < n; i++)
		buf_wipe(&contents[i]);
	free(contents);
	free(messages);
	return err;
}

enum consign_err
cmd_send(const struct args *args)
{
	struct sending s = {0};
	struct home home = {0};
	struct consign_client *client = NULL;
	enum consign_err err = read_options(args, &s);

	if (err == CONSIGN_OK)
		err = home_open(args, HOME_COMPANY, &home);
	if (err == CONSIGN_OK)
		err = home_agent(&home, &client);
	uint64_t deadline_us = clock_steady_us(clock_system()) + s.timeout_s * 1000000;

	for (size_t at = 0; err == CONSIGN_OK && at < s.n_files;)
		err = send_frame(client, &s, &at, deadline_us);
	if (err == CONSIGN_OK && s.n_refused > 0)
		err = CONSIGN_E_DENIED;
	consign_client_close(&client);
	home_clear(&home);
	free(s.to_text);
	free(s.to);
	free(s.files);
	return err;
}
