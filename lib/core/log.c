/*
 * One line an event, on stderr, built on the stack and written by one write(2), so that lines of several threads do not
 * mix and logging never fails for want of memory.
 *
 * Invariants   a line is complete: a value is cut at CONSIGN_LOG_VALUE_MAX_BYTES, and a field that does not fit is left out as a
 *              whole and `cut` added. Nothing a peer sent can end a line, forge a field or reach a terminal unescaped.
 */
#include "core/log.h"

#include "core/clock.h"
#include "core/limits.h"
#include "core/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Room for what ends a line, cut or not. */
#define TAIL_BYTES 16u

struct line {
	size_t len;
	char text[CONSIGN_LOG_LINE_MAX_BYTES + TAIL_BYTES];
};

static const struct {
	const char *json;
	const char *text;
} level_words[] = {
    [LOG_ERROR] = {"error", "ERROR"},
    [LOG_WARN] = {"warn", "WARN "},
    [LOG_INFO] = {"info", "INFO "},
    [LOG_DEBUG] = {"debug", "DEBUG"},
};

/* Set once, before there are threads; only the level is read often. */
static const char *program_name = "consign";
static bool is_json;
static atomic_int level_shown = LOG_INFO;

void
log_start(const char *program, bool json, enum log_level level)
{
	program_name = program;
	is_json = json;
	atomic_store(&level_shown, (int)level);
}

static bool
put(struct line *line, const char *bytes, size_t len)
{
	if (len > CONSIGN_LOG_LINE_MAX_BYTES - line->len)
		return false;
	memcpy(line->text + line->len, bytes, len);
	line->len += len;
	return true;
}

static bool
put_text(struct line *line, const char *text)
{
	return put(line, text, strlen(text));
}

/* One character of a JSON string (RFC 8259 7). What is not UTF-8 becomes U+FFFD. */
static bool
put_escaped(struct line *line, struct consign_slice rest, size_t *ret_len)
{
	uint32_t point = 0xfffd;
	char escape[8];
	size_t len = utf8_step(rest, &point);

	*ret_len = len == 0 ? 1 : len;
	if (point == '"' || point == '\\') {
		escape[0] = '\\';
		escape[1] = (char)point;
		return put(line, escape, 2);
	}
	if (point == '\n')
		return put(line, "\\n", 2);
	if (len == 0 || point < 0x20 || (point >= 0x7f && point <= 0x9f)) {
		snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)(point & 0xffff));
		return put(line, escape, 6);
	}
	return put(line, (const char *)rest.data, len);
}

static struct consign_slice
value_slice(const char *value)
{
	return slice_of(value, strnlen(value, CONSIGN_LOG_VALUE_MAX_BYTES));
}

static bool
put_string(struct line *line, const char *value)
{
	struct consign_slice rest = value_slice(value);
	bool fits = put(line, "\"", 1);

	while (fits && rest.len > 0) {
		size_t len;

		fits = put_escaped(line, rest, &len);
		rest = slice_of(rest.data + len, rest.len - len);
	}
	return fits && put(line, "\"", 1);
}

/* A value for people: bare when nothing in it could be misread, else as a JSON string. */
static bool
put_value(struct line *line, const char *value)
{
	struct consign_slice s = value_slice(value);
	bool is_plain = s.len > 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] <= 0x20 || s.data[i] >= 0x7f || s.data[i] == '"' || s.data[i] == '\\' || s.data[i] == '=')
			is_plain = false;
	}
	return is_plain ? put(line, (const char *)s.data, s.len) : put_string(line, value);
}

static bool
put_name(struct line *line, const char *name)
{
	if (is_json)
		return put(line, ",", 1) && put_string(line, name) && put(line, ":", 1);
	return put(line, " ", 1) && put_text(line, name) && put(line, "=", 1);
}

/* Value of the form; false when the form is unknown (*ret_known) or it does not fit. */
static bool
put_form(struct line *line, const char *form, va_list *args, bool *ret_known)
{
	char number[24];
	const char *value;

	*ret_known = true;
	switch (form[0]) {
	case 's':
		value = va_arg(*args, const char *);
		if (value == NULL)
			return put_text(line, is_json ? "null" : "-");
		return is_json ? put_string(line, value) : put_value(line, value);
	case 'u':
		snprintf(number, sizeof(number), "%" PRIu64, va_arg(*args, uint64_t));
		return put_text(line, number);
	case 'd':
		snprintf(number, sizeof(number), "%d", va_arg(*args, int));
		return put_text(line, number);
	default:
		*ret_known = false;
		return false;
	}
}

static void
put_head(struct line *line, enum log_level level, const char *event)
{
	char at[CLOCK_TEXT_BYTES];

	clock_format(clock_wall_us(clock_system()), at);
	/* Constants of ours, short: all of it fits. */
	if (!is_json) {
		put_text(line, at);
		put_text(line, " ");
		put_text(line, level_words[level].text);
		put_text(line, " ");
		put_value(line, event);
		return;
	}
	put_text(line, "{\"at\":");
	put_string(line, at);
	put_text(line, ",\"level\":");
	put_string(line, level_words[level].json);
	put_text(line, ",\"program\":");
	put_string(line, program_name);
	put_text(line, ",\"event\":");
	put_string(line, event);
}

static void
write_line(struct line *line, bool is_cut)
{
	const char *tail = is_json ? (is_cut ? ",\"cut\":true}\n" : "}\n") : (is_cut ? " cut=1\n" : "\n");
	size_t len = strlen(tail);
	ssize_t written;

	memcpy(line->text + line->len, tail, len);
	line->len += len;
	do
		written = write(STDERR_FILENO, line->text, line->len);
	while (written < 0 && errno == EINTR);
}

void
log_event(enum log_level level, const char *event, ...)
{
	struct line line;
	const char *name;
	bool is_cut = false;
	bool is_known = true;
	va_list args;

	if ((int)level > atomic_load(&level_shown))
		return;
	line.len = 0;
	put_head(&line, level, event);
	va_start(args, event);
	while (is_known && (name = va_arg(args, const char *)) != NULL) {
		const char *form = va_arg(args, const char *);
		size_t before = line.len;
		bool fits = put_name(&line, name);

		/* The value is taken from the list in any case, so that the next field is found. */
		fits = put_form(&line, form, &args, &is_known) && fits;
		if (!fits) {
			line.len = before;
			is_cut = true;
		}
	}
	va_end(args);
	write_line(&line, is_cut);
}
