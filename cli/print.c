/* Words, tables, JSON lines. */
#include "print.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalogue/problems.h"
#include "core/clock.h"
#include "core/text.h"
#include "core/utf8.h"

_Static_assert(PRINT_TIME_BYTES == CLOCK_TEXT_BYTES, "one form of a time");

static void
say(const char *kind, const char *format, va_list ap)
{
	int error = errno;

	fflush(stdout); /* results before the words about them, when both go to one place */
	fputs(kind, stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	errno = error;
}

#define SAY(KIND)                                                                                                                \
	do {                                                                                                                     \
		va_list ap;                                                                                                      \
		va_start(ap, format);                                                                                            \
		say(KIND, format, ap);                                                                                           \
		va_end(ap);                                                                                                      \
	} while (0)

void
say_error(const char *format, ...)
{
	SAY("consign: error: ");
}

void
say_hint(const char *format, ...)
{
	SAY("consign: hint: ");
}

void
say_warning(const char *format, ...)
{
	SAY("consign: warning: ");
}

void
say_note(const char *format, ...)
{
	SAY("");
}

enum consign_err
say_fail(enum consign_err err, const char *format, ...)
{
	SAY("consign: error: ");
	return err;
}

const char *
text_shown(const char *text, char ret_text[PRINT_SHOWN_BYTES])
{
	struct consign_slice left = slice_text(text);
	char *out = ret_text, *end = ret_text + PRINT_SHOWN_BYTES - 16; /* for one escape, or what says that there is more */

	while (left.len > 0 && out < end) {
		uint32_t point;
		size_t step = utf8_step(left, &point);

		if (step == 0) {
			out += sprintf(out, "\\x%02x", left.data[0]);
			step = 1;
		} else if (!problem_text_is_shown(slice_of(left.data, step))) {
			out += sprintf(out, "\\u{%x}", (unsigned)point);
		} else {
			memcpy(out, left.data, step);
			out += step;
		}
		left = slice_of(left.data + step, left.len - step);
	}
	strcpy(out, left.len > 0 ? "…" : "");
	return ret_text;
}

void
table_put(struct table *t, const char *cell)
{
	if (t->err == CONSIGN_OK)
		t->err = buf_append(&t->cells, slice_of(cell, strlen(cell) + 1));
	t->n_cells++;
}

void
table_putf(struct table *t, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	int n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0) {
		t->err = CONSIGN_E_NO_MEMORY;
		return;
	}
	table_put(t, text);
	free(text);
}

void
table_clear(struct table *t)
{
	buf_clear(&t->cells);
	t->n_cells = 0;
}

/* Characters, as many columns as most of them take. */
static size_t
width_of(const char *text)
{
	struct consign_slice s = slice_text(text);
	size_t n = 0;

	while (s.len > 0) {
		uint32_t point;
		size_t step = utf8_step(s, &point);

		if (step == 0)
			step = 1;
		s = slice_of(s.data + step, s.len - step);
		n++;
	}
	return n;
}

static enum consign_err
put_cell(const char *cell, size_t width, bool is_last, bool aligned, struct buf *out)
{
	enum consign_err err = buf_append(out, slice_text(cell));

	if (is_last)
		return err == CONSIGN_OK ? buf_append_u8(out, '\n') : err;
	if (!aligned)
		return err == CONSIGN_OK ? buf_append_u8(out, '\t') : err;
	for (size_t n = width_of(cell); err == CONSIGN_OK && n < width + 2; n++)
		err = buf_append_u8(out, ' ');
	return err;
}

enum consign_err
table_render(const struct table *t, bool aligned, struct buf *out)
{
	size_t *widths = calloc(t->columns, sizeof *widths);
	const char *cell = (const char *)t->cells.data;
	enum consign_err err = t->err;

	if (widths == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < t->columns; i++)
		widths[i] = width_of(t->headings[i]);
	for (size_t i = 0; err == CONSIGN_OK && i < t->n_cells; i++, cell += strlen(cell) + 1)
		if (width_of(cell) > widths[i % t->columns])
			widths[i % t->columns] = width_of(cell);
	for (size_t i = 0; err == CONSIGN_OK && aligned && i < t->columns; i++)
		err = put_cell(t->headings[i], widths[i], i + 1 == t->columns, true, out);
	cell = (const char *)t->cells.data;
	for (size_t i = 0; err == CONSIGN_OK && i < t->n_cells; i++, cell += strlen(cell) + 1)
		err = put_cell(cell, widths[i % t->columns], (i + 1) % t->columns == 0, aligned, out);
	free(widths);
	return err;
}

enum consign_err
table_print(const struct table *t)
{
	struct buf out = {0};
	enum consign_err err = t->n_cells == 0 ? t->err : table_render(t, isatty(STDOUT_FILENO) == 1, &out);

	if (err == CONSIGN_OK)
		err = print_bytes(buf_slice(&out));
	buf_clear(&out);
	return err;
}

enum consign_err
print_bytes(struct consign_slice bytes)
{
	if (bytes.len > 0 && fwrite(bytes.data, 1, bytes.len, stdout) != bytes.len)
		return CONSIGN_E_IO;
	return CONSIGN_OK;
}

enum consign_err
print_json(json_t **value)
{
	char *text = *value == NULL ? NULL : json_dumps(*value, JSON_COMPACT);
	enum consign_err err = text == NULL ? CONSIGN_E_NO_MEMORY : print_bytes(slice_text(text));

	if (err == CONSIGN_OK)
		err = print_bytes(slice_text("\n"));
	free(text);
	json_decref(*value);
	*value = NULL;
	return err;
}

enum consign_err
print_flush(void)
{
	return fflush(stdout) == 0 && !ferror(stdout) ? CONSIGN_OK : CONSIGN_E_IO;
}

enum consign_err
say_lost_output(void)
{
	if (errno != EPIPE)
		say_error("the output could not be written: %s", strerror(errno));
	return CONSIGN_E_IO;
}

const char *
time_text(uint64_t wall_us, char ret_text[PRINT_TIME_BYTES])
{
	if (wall_us == 0)
		memcpy(ret_text, "-", 2);
	else
		clock_format(wall_us, ret_text);
	return ret_text;
}

json_t *
json_time(uint64_t wall_us)
{
	char text[PRINT_TIME_BYTES];

	return wall_us == 0 ? json_null() : json_string(time_text(wall_us, text));
}

const char *
hash_text(const struct consign_hash *hash, char ret_text[PRINT_HASH_BYTES])
{
	hex_text(hash->b, (PRINT_HASH_BYTES - 1) / 2, ret_text);
	return ret_text;
}

json_t *
json_hash(const struct consign_hash *hash)
{
	char text[2 * sizeof hash->b + 1];

	hex_text(hash->b, sizeof hash->b, text);
	return json_string(text);
}

json_t *
json_slice(struct consign_slice text)
{
	return json_stringn(text.len == 0 ? "" : (const char *)text.data, text.len);
}

json_t *
json_base64(struct consign_slice bytes)
{
	struct buf text = {0};
	json_t *json = base64_format(bytes, &text) == CONSIGN_OK ? json_slice(buf_slice(&text)) : NULL;

	buf_wipe(&text);
	return json;
}

json_t *
json_refusal(enum consign_code code, const char *rule, const char *detail)
{
	if (code == CONSIGN_CODE_NONE)
		return json_null();
	return json_pack("{s:s, s:s, s:s}", "code", consign_code_text(code), "rule", rule, "detail", detail);
}

static json_t *
json_consignees(const struct consign_message *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_consignees; i++)
		if (json_array_append_new(list, json_string(m->consignees[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

json_t *
json_message(const struct consign_message *m, bool with_payload)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:b, s:o, s:I, s:o}", "id", m->id, "consignor", m->consignor,
	    "study", m->study, "type", m->type, "label", consign_label_text(m->label), "sent_at", json_time(m->sent_us), "received_at",
	    json_time(m->received_us), "size", (json_int_t)m->size_bytes, "acked", (int)m->is_acked, "consignees", json_consignees(m),
	    "position", (json_int_t)m->position, "accepted_at", json_time(m->accepted_us));

	if (json == NULL || !with_payload)
		return json;
	json_t *payload = json_pack("{s:s, s:s, s:s, s:o}", "media_type", m->media_type, "name", m->name, "encoding", "base64",
	    "content", json_base64(m->content));

	if (payload == NULL || json_object_set_new(json, "payload", payload) != 0) {
		json_decref(json);
		return NULL;
	}
	return json;
}
