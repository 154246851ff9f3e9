/*
 * Invites as text. Input: one byte that picks the form (0: the text; 1: the bytes of the invite, put into a text here), then that.
 *
 * An invite that is read is written again, and what is written is read as the same.
 */
#include "core/text.h"
#include "fuzz.h"
#include "invite.h"

static enum consign_err
wrap(struct consign_slice bytes, struct buf *out)
{
	enum consign_err err = buf_append(out, slice_text("-----BEGIN CONSIGN INVITE-----\n"));

	if (err == CONSIGN_OK)
		err = base64_format(bytes, out);
	return err == CONSIGN_OK ? buf_append(out, slice_text("\n-----END CONSIGN INVITE-----\n")) : err;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct consign_slice in = slice_of(data, size);
	bool is_bytes = (fuzz_byte(&in) & 1) != 0;
	struct buf text = {0}, formatted = {0}, first = {0}, second = {0};
	struct invite *invite, *again;
	struct arena *arena = NULL;
	enum consign_err err;

	check((is_bytes ? wrap(in, &text) : buf_append(&text, in)) == CONSIGN_OK);
	check(arena_new(1 << 22, &arena) == CONSIGN_OK);
	err = invite_parse(buf_slice(&text), arena, &invite);
	check(err == CONSIGN_OK || err == CONSIGN_E_NOT_FOUND || err == CONSIGN_E_MALFORMED || err == CONSIGN_E_TOO_BIG);
	check(!is_bytes || err != CONSIGN_E_NOT_FOUND);
	if (err == CONSIGN_OK) {
		check(invite_format(invite, &formatted) == CONSIGN_OK);
		check(text_is(CHARSET_TEXT, buf_slice(&formatted)));
		check(invite_parse(buf_slice(&formatted), arena, &again) == CONSIGN_OK);
		check(invite_encode(invite, &first) == CONSIGN_OK && invite_encode(again, &second) == CONSIGN_OK);
		check(slice_equal(buf_slice(&first), buf_slice(&second)));
	}
	arena_free(&arena);
	buf_clear(&text);
	buf_wipe(&formatted);
	buf_wipe(&first);
	buf_wipe(&second);
	return 0;
}
