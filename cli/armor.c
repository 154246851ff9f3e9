/* Bytes as text (armor.h). */
#include "armor.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

#define LINE_BYTES 64u
#define EDGE_BYTES 64u

static const char *
edge(const char *side, const char *what, char ret_line[EDGE_BYTES])
{
	(void)snprintf(ret_line, EDGE_BYTES, "-----%s CONSIGN %s-----", side, what);
	return ret_line;
}

enum consign_err
armor_format(const char *what, struct consign_slice bytes, struct buf *out)
{
	char line[EDGE_BYTES];
	struct buf text = {0};
	enum consign_err err = base64_format(bytes, &text);

	if (err == CONSIGN_OK)
		err = buf_printf(out, "%s\n", edge("BEGIN", what, line));
	for (size_t at = 0; err == CONSIGN_OK && at < text.len; at += LINE_BYTES) {
		size_t len = text.len - at < LINE_BYTES ? text.len - at : LINE_BYTES;

		err = buf_append(out, slice_of(text.data + at, len));
		if (err == CONSIGN_OK)
			err = buf_append_u8(out, '\n');
	}
	if (err == CONSIGN_OK)
		err = buf_printf(out, "%s\n", edge("END", what, line));
	buf_wipe(&text);
	return err;
}

/* The place of the needle; NULL when it is not there. */
static const uint8_t *
find(struct consign_slice text, const char *needle)
{
	return text.len == 0 ? NULL : memmem(text.data, text.len, needle, strlen(needle));
}

enum consign_err
armor_parse(const char *what, struct consign_slice text, struct buf *ret_bytes)
{
	char line[EDGE_BYTES];
	struct buf base64 = {0};
	const uint8_t *begin = find(text, edge("BEGIN", what, line)), *end;
	enum consign_err err = CONSIGN_OK;

	if (begin == NULL)
		return CONSIGN_E_NOT_FOUND;
	begin += strlen(line);
	end = find(slice_of(begin, (size_t)(text.data + text.len - begin)), edge("END", what, line));
	if (end == NULL)
		return CONSIGN_E_NOT_FOUND;
	/* A mail program may have wrapped or indented it: blanks mean nothing. */
	for (const uint8_t *p = begin; err == CONSIGN_OK && p < end; p++)
		if (*p != '\n' && *p != '\r' && *p != ' ' && *p != '\t')
			err = buf_append_u8(&base64, *p);
	if (err == CONSIGN_OK)
		err = base64_parse(buf_slice(&base64), ret_bytes);
	buf_wipe(&base64);
	return err;
}

const char *
armor_problem_text(enum consign_err err)
{
	if (err == CONSIGN_E_NOT_FOUND)
		return "no such block is in it, from its line BEGIN CONSIGN to its line END CONSIGN";
	return consign_err_text(err);
}
