/*
 * `consign watch`: a durable subscription as JSON lines. A message is acknowledged only after its line has left this
 * process; so after any end the next watch under the same name begins with the first line that was not written out.
 *
 * Lines that come together are written together: one flush and one acknowledgement for all of them.
 */
#include "cmd.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_call.h"
#include "business.h"
#include "core/limits.h"
#include "core/text.h"
#include "home.h"
#include "interrupt.h"
#include "print.h"

#define WINDOW_MESSAGES 256u
#define WINDOW_WITH_CONTENT 8u /* each may be a mebibyte */

struct watching {
	struct consign_client *client;
	const char *subscription;
	bool with_content;
	uint64_t limit; /* 0: none */
	uint64_t printed;
	uint64_t watch, acks_open;                           /* the watch's number; acknowledgements without a reply yet */
	const struct consign_reply *events[WINDOW_MESSAGES]; /* printed, not yet acknowledged */
	size_t n_events;
	int signals;
	bool is_over; /* a signal came, the reader went away, or the limit is reached */
};

static bool
is_at_limit(const struct watching *w)
{
	return w->limit != 0 && w->printed >= w->limit;
}

/* A reader that went away has what it wanted: that is a clean end. A full disk is not. */
static enum consign_err
lost_output(struct watching *w)
{
	w->is_over = true;
	return errno == EPIPE ? CONSIGN_OK : say_fail(CONSIGN_E_IO, "the lines could not be written: %s", strerror(errno));
}

/* A reply of any kind; takes it. */
static enum consign_err
take_reply(struct watching *w, const struct consign_reply **reply)
{
	const struct consign_reply *r = *reply;
	enum consign_err err = CONSIGN_OK;

	if (r->kind == CONSIGN_REPLY_WATCH && r->number == w->watch && !is_at_limit(w)) {
		json_t *json = w->with_content ? json_message_with_content(&r->messages[0]) : json_message(&r->messages[0], false);

		errno = 0;
		err = print_json(&json);
		if (err != CONSIGN_OK)
			return lost_output(w); /* what was not written is not acknowledged */
		w->printed++;
		w->events[w->n_events++] = r;
		*reply = NULL;
	} else if (r->kind == CONSIGN_REPLY_ACK) {
		w->acks_open--;
	} else if (r->kind == CONSIGN_REPLY_ERROR) {
		err = agent_say_no(r);
	}
	return err;
}

/* Everything that has come already, without waiting, up to one window. */
static enum consign_err
take_ready(struct watching *w)
{
	while (w->n_events < WINDOW_MESSAGES && !w->is_over) {
		const struct consign_reply *reply;
		enum consign_err err = consign_client_wait(w->client, 0, 0, &reply);

		if (err == CONSIGN_E_TIMEOUT)
			return CONSIGN_OK;
		if (err != CONSIGN_OK) {
			say_error("the agent ended the connection");
			say_hint("`consign watch` again goes on where this one stopped");
			return err;
		}
		err = take_reply(w, &reply);
		consign_reply_free(&reply);
		if (err != CONSIGN_OK)
			return err;
	}
	return CONSIGN_OK;
}

/* The lines are out, so the messages are this reader's. */
static enum consign_err
flush_and_ack(struct watching *w)
{
	const char *ids[WINDOW_MESSAGES];
	uint64_t number;
	enum consign_err err = CONSIGN_OK;

	if (w->n_events == 0)
		return CONSIGN_OK;
	errno = 0;
	if (print_flush() != CONSIGN_OK) {
		err = lost_output(w);
	} else {
		for (size_t i = 0; i < w->n_events; i++)
			ids[i] = w->events[i]->messages[0].id;
		err = consign_client_post_ack(w->client, w->subscription, ids, w->n_events, &number);
		if (err == CONSIGN_OK)
			w->acks_open++;
		else
			say_error("the acknowledgement could not be sent: %s", consign_err_text(err));
		w->is_over = w->is_over || is_at_limit(w);
	}
	for (size_t i = 0; i < w->n_events; i++)
		consign_reply_free(&w->events[i]);
	w->n_events = 0;
	return err;
}

/* Waits for the agent, a signal, or the reader of our lines going away. */
static enum consign_err
wait_for_more(struct watching *w)
{
	struct pollfd p[] = {{.fd = consign_client_fd(w->client), .events = POLLIN}, {.fd = w->signals, .events = POLLIN},
	    {.fd = STDOUT_FILENO, .events = 0}};

	if (poll(p, 3, -1) < 0)
		return errno == EINTR ? CONSIGN_OK : say_fail(CONSIGN_E_IO, "%s", consign_err_text(CONSIGN_E_IO));
	if (p[1].revents != 0 || (p[2].revents & (POLLERR | POLLHUP)) != 0)
		w->is_over = true;
	return CONSIGN_OK;
}

/* What was acknowledged is to be kept before we say that it is over: the agent answers once it has it. */
static enum consign_err
await_acks(struct watching *w)
{
	while (w->acks_open > 0) {
		const struct consign_reply *reply;
		enum consign_err err = consign_client_wait(w->client, 0, AGENT_REPLY_TIMEOUT_MS, &reply);

		if (err != CONSIGN_OK)
			return say_fail(err, "the last acknowledgement was not confirmed; its messages may come again");
		if (reply->kind == CONSIGN_REPLY_ACK)
			w->acks_open--;
		else if (reply->kind == CONSIGN_REPLY_ERROR && reply->number != w->watch)
			err = agent_say_no(reply);
		consign_reply_free(&reply);
		if (err != CONSIGN_OK)
			return err;
	}
	return CONSIGN_OK;
}

static enum consign_err
run(struct watching *w)
{
	enum consign_err err = CONSIGN_OK;

	while (err == CONSIGN_OK && !w->is_over) {
		err = take_ready(w);
		if (w->n_events == 0) {
			if (err == CONSIGN_OK && !w->is_over)
				err = wait_for_more(w);
			continue;
		}
		enum consign_err flushed = flush_and_ack(w);

		err = err == CONSIGN_OK ? flushed : err;
	}
	return err == CONSIGN_OK ? await_acks(w) : err;
}

static enum consign_err
read_options(const struct args *args, struct watching *w, struct consign_watch_options *o)
{
	char problem[ARGS_PROBLEM_BYTES];

	o->subscription = args_has(args, "as") ? args_value(args, "as") : "default";
	o->type = args_value(args, "type");
	o->study = args_value(args, "study");
	o->since = args_value(args, "since");
	o->with_content = args_has(args, "content");
	o->window = o->with_content ? WINDOW_WITH_CONTENT : WINDOW_MESSAGES;
	w->subscription = o->subscription;
	w->with_content = o->with_content;
	if (args_has(args, "once"))
		return say_fail(CONSIGN_E_USAGE, "--once is for --admin");
	if (!text_is(CHARSET_STUDY, slice_text(o->subscription)) || strlen(o->subscription) > CONSIGN_SUBSCRIPTION_MAX_BYTES)
		return say_fail(CONSIGN_E_USAGE, "--as %s: expected at most %u letters, digits, dots, - and _", o->subscription,
		    CONSIGN_SUBSCRIPTION_MAX_BYTES);
	if (o->type != NULL && !text_is(CHARSET_GLOB, slice_text(o->type)))
		return say_fail(CONSIGN_E_USAGE, "--type %s: expected a type in which * may stand for anything", o->type);
	if (o->study != NULL && !text_is(CHARSET_STUDY, slice_text(o->study)))
		return say_fail(CONSIGN_E_USAGE, "--study %s: expected letters, digits, dots, - and _", o->study);
	if (o->since != NULL && strcmp(o->since, "start") != 0 && strcmp(o->since, "now") != 0)
		return say_fail(CONSIGN_E_USAGE, "--since %s: expected start or now", o->since);
	if (args_number(args, "limit", 1, INT64_MAX, &w->limit, problem) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "%s", problem);
	return CONSIGN_OK;
}

static enum consign_err
watch_mail(const struct args *args)
{
	struct watching w = {.signals = -1};
	struct consign_watch_options options = {0};
	struct home home = {0};
	enum consign_err err = read_options(args, &w, &options);

	if (err == CONSIGN_OK)
		err = home_open(args, HOME_COMPANY, &home);
	if (err == CONSIGN_OK)
		err = interrupt_open(&w.signals);
	if (err == CONSIGN_OK)
		err = home_agent(&home, &w.client);
	if (err == CONSIGN_OK) {
		err = consign_client_post_watch(w.client, &options, &w.watch);
		if (err != CONSIGN_OK)
			say_error("the agent did not take the request: %s", consign_err_text(err));
	}
	if (err == CONSIGN_OK)
		err = run(&w);
	for (size_t i = 0; i < w.n_events; i++)
		consign_reply_free(&w.events[i]);
	/* What could not be written was said, or need not be; the end of the program shall not try again. */
	if (print_flush() != CONSIGN_OK) {
		__fpurge(stdout);
		clearerr(stdout);
	}
	consign_client_close(&w.client);
	if (w.signals >= 0)
		close(w.signals);
	home_clear(&home);
	return err;
}

enum consign_err
cmd_watch(const struct args *args)
{
	return args_has(args, "admin") ? watch_admin(args) : watch_mail(args);
}
