/*
 * `consign watch --admin`: what happens on the hub, one line each, from the ledger and then as it happens. The broker answers one
 * question at a time, so a reader of our lines that is slow costs nobody anything. When the connection is lost the watch goes on where it
 * was as soon as the broker is there again: what the ledger has is never missed.
 */
#include "cmd.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"
#include "interrupt.h"
#include "print.h"
#include "stated.h"

#define RECONNECT_MS 500
/* What was stated may be on its way a moment before the documents. */
#define WITHHELD_AFTER_US 5000000u

struct admin_watching {
	struct admin_desk desk;
	struct session_admin_watch question;
	bool as_json, once;
	uint64_t limit; /* 0: none */
	uint64_t printed;
	int signals;
	bool is_over;
	enum consign_err lost;         /* of the output, between two answers */
	uint64_t missing_since_us;     /* steady; 0: nothing is missing */
	bool is_told;                  /* that something is */
	char by[CONSIGN_ORG_MAX_BYTES + 1]; /* by whom freshness was stated, or should have been, when it was told */
};

/* ── where to begin ── */

static bool
read_ago(const char *text, uint64_t now_us, uint64_t *ret_us)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char *end;
	unsigned long long n;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (errno == 0 && end[0] == units[i].unit && end[1] == '\0' && n <= now_us / 1000000 / units[i].seconds) {
			*ret_us = now_us - n * units[i].seconds * 1000000;
			return true;
		}
	return false;
}

/* A day, or a second of it, in UTC. */
static bool
read_time(const char *text, uint64_t *ret_us)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i], &tm);
		time_t seconds = end != NULL && *end == '\0' ? timegm(&tm) : -1;

		if (seconds > 0) {
			*ret_us = (uint64_t)seconds * 1000000;
			return true;
		}
	}
	return false;
}

static enum consign_err
read_since(const char *since, struct session_admin_watch *q)
{
	char *end;

	if (strcmp(since, "start") == 0)
		return CONSIGN_OK;
	if (strcmp(since, "now") == 0) {
		q->from_leaf = INT64_MAX;
		return CONSIGN_OK;
	}
	if (read_time(since, &q->since_us) || read_ago(since, clock_wall_us(clock_system()), &q->since_us))
		return CONSIGN_OK;
	errno = 0;
	if (since[0] >= '0' && since[0] <= '9')
		q->from_leaf = strtoull(since, &end, 10);
	if (since[0] < '0' || since[0] > '9' || errno != 0 || *end != '\0' || q->from_leaf > INT64_MAX) {
		say_error("--since %s: expected start, now, a leaf, a time or how long ago", since);
		say_hint("such as --since 0, --since 2026-11-22, --since 2026-11-22T17:00:00Z, --since 90m");
		return CONSIGN_E_USAGE;
	}
	return CONSIGN_OK;
}

static enum consign_err
read_options(const struct args *args, struct admin_watching *w)
{
	static const char *const of_mail[] = {"as", "type", "study", "content"};
	char problem[ARGS_PROBLEM_BYTES];

	for (size_t i = 0; i < sizeof of_mail / sizeof *of_mail; i++)
		if (args_has(args, of_mail[i]))
			return say_fail(CONSIGN_E_USAGE, "--%s is for a company's messages, not for --admin", of_mail[i]);
	if (args_number(args, "limit", 1, INT64_MAX, &w->limit, problem) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "%s", problem);
	w->as_json = args_has(args, "json");
	w->once = args_has(args, "once");
	w->question.at_once = w->once;
	return read_since(args_has(args, "since") ? args_value(args, "since") : w->once ? "start" : "now", &w->question);
}

/* ── lines ── */

static json_t *
json_text(const char *text)
{
	return text[0] == '\0' ? json_null() : json_string(text);
}

static json_t *
json_text_slice(struct consign_slice text)
{
	return text.len == 0 ? json_null() : json_slice(text);
}

static json_t *
json_consignment(struct consign_slice id)
{
	char text[37];
	struct consign_id copy;

	if (id.len != sizeof copy.b)
		return json_null();
	memcpy(copy.b, id.data, sizeof copy.b);
	id_format(&copy, text);
	return json_string(text);
}

static enum consign_err
print_event_json(const struct admin_event *e)
{
	json_t *json = json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "at", json_time(e->at_us), "leaf",
	    e->place == 0 ? json_null() : json_integer((json_int_t)(e->place - 1)), "kind", e->kind, "org", json_text_slice(e->org), "subject",
	    json_text_slice(e->subject), "study", json_text(e->study), "type", json_text(e->type), "code",
	    e->code == 0 ? json_null() : json_string(consign_code_text((enum consign_code)e->code)), "rule", json_text(e->rule), "detail",
	    json_text_slice(e->detail), "count", (json_int_t)e->count, "consignment", json_consignment(e->consignment_id));

	return print_json(&json);
}

/* Words of others, so that they hide nothing from who reads them. */
static enum consign_err
put_words(struct buf *line, const char *before, struct consign_slice words)
{
	char text[CONSIGN_TEXT_MAX_BYTES + 1], shown[PRINT_SHOWN_BYTES];

	if (words.len == 0 || words.len >= sizeof text)
		return CONSIGN_OK;
	memcpy(text, words.data, words.len);
	text[words.len] = '\0';
	return buf_printf(line, "%s%s", before, text_shown(text, shown));
}

static enum consign_err
put_event(const struct admin_event *e, struct buf *line)
{
	char time[PRINT_TIME_BYTES];
	enum consign_err err = buf_printf(line, "%s  %-12s", time_text(e->at_us, time), e->kind);

	if (err == CONSIGN_OK)
		err = put_words(line, " ", e->org);
	if (err == CONSIGN_OK)
		err = put_words(line, e->org.len > 0 && strcmp(e->kind, "refused") == 0 ? " → " : e->org.len > 0 ? ": " : " ", e->subject);
	if (err == CONSIGN_OK && e->study[0] != '\0')
		err = buf_printf(line, ", %s%s%s", e->study, e->type[0] != '\0' ? " " : "", e->type);
	if (err == CONSIGN_OK && e->code != 0)
		err = buf_printf(line, ", %s", consign_code_text((enum consign_code)e->code));
	if (err == CONSIGN_OK && e->rule[0] != '\0')
		err = buf_printf(line, " by rule %s", e->rule);
	if (err == CONSIGN_OK)
		err = put_words(line, ", ", e->detail);
	if (err == CONSIGN_OK && e->count > 1)
		err = buf_printf(line, ", %llu times", (unsigned long long)e->count);
	if (err == CONSIGN_OK && e->place > 0)
		err = buf_printf(line, "  (leaf %llu)", (unsigned long long)(e->place - 1));
	return err == CONSIGN_OK ? buf_append_u8(line, '\n') : err;
}

static enum consign_err
print_event(const struct admin_event *e, bool as_json)
{
	struct buf line = {0};

	if (as_json)
		return print_event_json(e);
	enum consign_err err = put_event(e, &line);

	if (err == CONSIGN_OK)
		err = print_bytes(buf_slice(&line));
	buf_clear(&line);
	return err;
}

/* ── the watch ── */

/* A reader that went away has what it wanted: that is a clean end. A full disk is not. */
static enum consign_err
lost_output(struct admin_watching *w)
{
	w->is_over = true;
	return errno == EPIPE ? CONSIGN_OK : say_fail(CONSIGN_E_IO, "the lines could not be written: %s", strerror(errno));
}

/* One more line, and no more when that was the last that was asked for. */
static enum consign_err
tell(struct admin_watching *w, const struct admin_event *e)
{
	errno = 0;
	if (print_event(e, w->as_json) != CONSIGN_OK)
		return lost_output(w);
	w->printed++;
	w->is_over = w->limit != 0 && w->printed == w->limit;
	return CONSIGN_OK;
}

static enum consign_err
take_events(struct admin_watching *w, const struct session_admin_events *events)
{
	for (size_t i = 0; i < events->events.n && !w->is_over; i++) {
		enum consign_err err = tell(w, events->events.v[i]);

		if (err != CONSIGN_OK)
			return err;
	}
	errno = 0;
	if (print_flush() != CONSIGN_OK)
		return lost_output(w);
	w->question.from_leaf = events->next_leaf;
	w->question.since_us = 0;
	w->is_over = w->is_over || (w->once && events->is_present);
	return CONSIGN_OK;
}

/* ── what the broker does not show ── */

/* Whether something is missing: documents that were stated to be the newest, or a statement that holds. */
static bool
is_missing(const struct admin_watching *w, const struct stated *s, char ret_what[CONSIGN_TEXT_MAX_BYTES])
{
	const struct root *newest = hub_root(w->desk.hub)->root;
	char time[PRINT_TIME_BYTES];

	if (!s->is_wanted || (s->statement != NULL && s->statement->root->version <= newest->version))
		return false;
	if (s->statement != NULL)
		snprintf(ret_what, CONSIGN_TEXT_MAX_BYTES, "root %llu, stated %s, is not shown: the newest here is root %llu",
		    (unsigned long long)s->statement->root->version, time_text(s->statement->created_us, time),
		    (unsigned long long)newest->version);
	else
		snprintf(ret_what, CONSIGN_TEXT_MAX_BYTES, "no statement holds (%s): that agent does not run, or the broker withholds what it states",
		    s->word);
	return true;
}

static enum consign_err
tell_of(struct admin_watching *w, const char *kind, const char *what)
{
	struct admin_event e = {.at_us = clock_wall_us(clock_system()), .org = slice_text(w->by), .detail = slice_text(what)};

	snprintf(e.kind, sizeof e.kind, "%s", kind);
	enum consign_err err = tell(w, &e);

	errno = 0;
	return err == CONSIGN_OK && print_flush() != CONSIGN_OK ? lost_output(w) : err;
}

/* The ledger cannot say this, nor the broker: it is found here. */
static enum consign_err
look_for_missing(struct admin_watching *w)
{
	char what[CONSIGN_TEXT_MAX_BYTES];
	struct stated s;
	struct arena *arena = NULL;
	uint64_t now_us = clock_steady_us(clock_system());
	enum consign_err err = arena_new(STATED_ARENA_BYTES, &arena);

	if (err == CONSIGN_OK)
		err = stated_look(&w->desk, arena, &s);
	bool is_there = err == CONSIGN_OK && is_missing(w, &s, what);

	arena_free(&arena);
	if (err != CONSIGN_OK)
		return CONSIGN_OK; /* no memory: the next second is soon */
	if (!is_there)
		w->missing_since_us = 0;
	else if (w->missing_since_us == 0)
		w->missing_since_us = now_us;
	bool is_now = is_there && now_us - w->missing_since_us >= WITHHELD_AFTER_US;

	if (w->is_told ? is_there : !is_now)
		return CONSIGN_OK;
	w->is_told = is_now;
	if (is_now)
		memcpy(w->by, s.by, sizeof w->by);
	return tell_of(w, is_now ? "withheld" : "fresh", is_now ? what : "");
}

static bool
each_second(void *context)
{
	struct admin_watching *w = context;

	if (!w->once && w->lost == CONSIGN_OK)
		w->lost = look_for_missing(w);
	return w->lost == CONSIGN_OK && !w->is_over;
}

/* False when a signal came. */
static bool
pause_before_again(struct admin_watching *w)
{
	struct pollfd p = {.fd = w->signals, .events = POLLIN};

	return poll(&p, 1, RECONNECT_MS) == 0;
}

static enum consign_err
connect_again(struct admin_watching *w)
{
	enum consign_err err = CONSIGN_E_UNREACHABLE;

	say_warning("the broker has ended the connection; the watch goes on when it is back");
	while (err == CONSIGN_E_UNREACHABLE || err == CONSIGN_E_TIMEOUT) {
		if (!pause_before_again(w)) {
			w->is_over = true;
			return CONSIGN_OK;
		}
		err = admin_reopen(&w->desk, true);
	}
	return err;
}

static enum consign_err
run(struct admin_watching *w)
{
	enum consign_err err = CONSIGN_OK;

	while (err == CONSIGN_OK && !w->is_over) {
		const struct session_admin_events *events = NULL;

		err = hub_session_watch(w->desk.session, &w->question, w->signals, each_second, w, &events);
		if (err == CONSIGN_E_UNREACHABLE && !w->once)
			err = connect_again(w);
		else if (err == CONSIGN_E_UNREACHABLE)
			say_error("the broker has ended the connection");
		else if (err == CONSIGN_OK && events != NULL)
			err = take_events(w, events);
		else
			w->is_over = true;
	}
	return err == CONSIGN_OK ? w->lost : err;
}

enum consign_err
watch_admin(const struct args *args)
{
	struct admin_watching w = {.signals = -1};
	enum consign_err err = read_options(args, &w);

	if (err == CONSIGN_OK)
		err = interrupt_open(&w.signals); /* before libzmq has threads, which would take the signals */
	if (err == CONSIGN_OK)
		err = admin_open(args, &w.desk);
	if (err == CONSIGN_OK)
		err = run(&w);
	if (print_flush() != CONSIGN_OK) {
		__fpurge(stdout);
		clearerr(stdout);
	}
	if (w.signals >= 0)
		close(w.signals);
	admin_close(&w.desk);
	return err;
}
