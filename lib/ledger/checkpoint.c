/*
 * Checkpoint notes, made and read. One pass over the bytes as they came: three lines, a blank one, signature lines; the
 * signature covers the first three as received, never as we would have written them.
 *
 * Stricter than C2SP asks: extension lines are refused (checkpoint.h has no place for them), and a signature that
 * bears our name and key id must be a good one wherever it stands.
 *
 * Source: C2SP signed-note, tlog-checkpoint; docs/PROTOCOL.md 6
 */
#include "ledger/checkpoint.h"

#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "ledger/tree.h"

#define NOTE_KEY_ID_BYTES 4
#define NOTE_ED25519 0x01
#define ORIGIN_PREFIX "consign.hub/"
#define SIGNATURE_MARK "\xe2\x80\x94 " /* em dash, blank */

struct note_signature {
	uint8_t key_id[NOTE_KEY_ID_BYTES];
	struct consign_signature signature;
};

_Static_assert(sizeof(struct note_signature) == NOTE_KEY_ID_BYTES + 64, "copied as it travels");

void
checkpoint_origin(const struct consign_hash *hub_id, char ret_origin[256])
{
	static const char digits[] = "0123456789abcdef";
	char *p = ret_origin;

	memcpy(p, ORIGIN_PREFIX, sizeof ORIGIN_PREFIX - 1);
	p += sizeof ORIGIN_PREFIX - 1;
	for (size_t i = 0; i < sizeof hub_id->b; i++) {
		*p++ = digits[hub_id->b[i] >> 4];
		*p++ = digits[hub_id->b[i] & 15];
	}
	*p = '\0';
}

static void
note_key_id(const char *name, const struct consign_public_key *key, uint8_t ret_id[NOTE_KEY_ID_BYTES])
{
	uint8_t behind_name[2 + sizeof key->b] = {'\n', NOTE_ED25519};
	struct consign_hash hash;

	memcpy(behind_name + 2, key->b, sizeof key->b);
	hash_sha256_2(slice_text(name), SLICE_ARRAY(behind_name), &hash);
	memcpy(ret_id, hash.b, NOTE_KEY_ID_BYTES);
}

enum consign_err
checkpoint_make(const char *origin, const struct checkpoint *c, const struct secret *ledger_key, struct buf *out)
{
	enum consign_err err;
	struct consign_public_key key;
	struct note_signature signature;
	size_t start = out->len;

	err = buf_printf(out, "%s\n%" PRIu64 "\n", origin, c->size);
	if (err != CONSIGN_OK)
		goto out;
	err = base64_format(SLICE_ARRAY(c->head.b), out);
	if (err != CONSIGN_OK)
		goto out;
	err = buf_append_u8(out, '\n');
	if (err != CONSIGN_OK)
		goto out;
	sign_public(ledger_key, &key);
	note_key_id(origin, &key, signature.key_id);
	sign_make_plain(ledger_key, slice_of(out->data + start, out->len - start), &signature.signature);
	err = buf_printf(out, "\n" SIGNATURE_MARK "%s ", origin);
	if (err != CONSIGN_OK)
		goto out;
	err = base64_format(slice_of(&signature, sizeof signature), out);
	if (err != CONSIGN_OK)
		goto out;
	err = buf_append_u8(out, '\n');
out:
	if (err != CONSIGN_OK)
		out->len = start;
	return err;
}

/* Takes a line with its newline, which is not part of ret_line. */
static enum consign_err
take_line(struct cursor *c, struct consign_slice *ret_line)
{
	enum consign_err err;
	struct consign_slice line;
	const uint8_t *newline;

	if (cursor_left(c) == 0)
		return CONSIGN_E_MALFORMED;
	newline = memchr(c->pos, '\n', cursor_left(c));
	if (newline == NULL)
		return CONSIGN_E_MALFORMED;
	err = cursor_take(c, (size_t)(newline - c->pos) + 1, &line);
	if (err != CONSIGN_OK)
		return err;
	line.len--;
	*ret_line = line;
	return CONSIGN_OK;
}

/* signed-note: UTF-8 without control characters other than newline. */
static bool
is_note_text(struct consign_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] < 0x20 && s.data[i] != '\n')
			return false;
	return text_is(CHARSET_TEXT, s);
}

/* Decimal without leading zeros, at most TREE_SIZE_MAX. */
static enum consign_err
parse_size(struct consign_slice line, uint64_t *ret_size)
{
	uint64_t size = 0;

	if (line.len == 0 || (line.len > 1 && line.data[0] == '0'))
		return CONSIGN_E_MALFORMED;
	for (size_t i = 0; i < line.len; i++) {
		uint64_t digit;

		if (line.data[i] < '0' || line.data[i] > '9')
			return CONSIGN_E_MALFORMED;
		digit = (uint64_t)(line.data[i] - '0');
		if (size > (TREE_SIZE_MAX - digit) / 10)
			return CONSIGN_E_MALFORMED;
		size = size * 10 + digit;
	}
	*ret_size = size;
	return CONSIGN_OK;
}

static enum consign_err
parse_head(struct consign_slice line, struct consign_hash *ret_head)
{
	enum consign_err err;
	struct buf bytes = {0};

	err = base64_parse(line, &bytes);
	if (err != CONSIGN_OK)
		goto out;
	if (bytes.len != sizeof ret_head->b) {
		err = CONSIGN_E_MALFORMED;
		goto out;
	}
	memcpy(ret_head->b, bytes.data, sizeof ret_head->b);
out:
	buf_clear(&bytes);
	return err;
}

/* Origin, size, head: the text that is signed. */
static enum consign_err
read_text(struct cursor *c, const char *origin, struct checkpoint *ret_checkpoint)
{
	enum consign_err err;
	struct checkpoint checkpoint;
	struct consign_slice line;

	err = take_line(c, &line);
	if (err != CONSIGN_OK)
		return err;
	if (!slice_equal(line, slice_text(origin)))
		return CONSIGN_E_MALFORMED;
	err = take_line(c, &line);
	if (err != CONSIGN_OK)
		return err;
	err = parse_size(line, &checkpoint.size);
	if (err != CONSIGN_OK)
		return err;
	err = take_line(c, &line);
	if (err != CONSIGN_OK)
		return err;
	err = parse_head(line, &checkpoint.head);
	if (err != CONSIGN_OK)
		return err;
	*ret_checkpoint = checkpoint;
	return CONSIGN_OK;
}

/* signed-note: a key name is not empty and has neither plus nor Unicode spaces. name is valid UTF-8. */
static bool
is_key_name(struct consign_slice name)
{
	/* White_Space beyond ASCII: U+0085 U+00A0 U+1680 U+2028 U+2029 U+202F U+205F U+3000; U+2000 to U+200A below. */
	static const char *const spaces[] = {
	    "\xc2\x85",
	    "\xc2\xa0",
	    "\xe1\x9a\x80",
	    "\xe2\x80\xa8",
	    "\xe2\x80\xa9",
	    "\xe2\x80\xaf",
	    "\xe2\x81\x9f",
	    "\xe3\x80\x80",
	};

	if (name.len == 0)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		const uint8_t *p = name.data + i;
		size_t left = name.len - i;

		if (*p == ' ' || *p == '+')
			return false;
		for (size_t k = 0; k < sizeof spaces / sizeof spaces[0]; k++)
			if (strlen(spaces[k]) <= left && memcmp(p, spaces[k], strlen(spaces[k])) == 0)
				return false;
		if (left >= 3 && p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0x80 && p[2] <= 0x8a)
			return false;
	}
	return true;
}

/* Splits "— name base64" and decodes; bytes receives key id ‖ signature. */
static enum consign_err
parse_signature_line(struct consign_slice line, struct consign_slice *ret_name, struct buf *bytes)
{
	enum consign_err err;
	struct consign_slice mark, name;
	struct cursor c = cursor_over(line);
	const uint8_t *blank;

	err = cursor_take(&c, sizeof SIGNATURE_MARK - 1, &mark);
	if (err != CONSIGN_OK)
		return err;
	if (!slice_equal(mark, slice_text(SIGNATURE_MARK)) || cursor_left(&c) == 0)
		return CONSIGN_E_MALFORMED;
	blank = memchr(c.pos, ' ', cursor_left(&c));
	if (blank == NULL)
		return CONSIGN_E_MALFORMED;
	name = slice_of(c.pos, (size_t)(blank - c.pos));
	if (!is_key_name(name))
		return CONSIGN_E_MALFORMED;
	err = base64_parse(slice_of(blank + 1, (size_t)(c.end - blank) - 1), bytes);
	if (err != CONSIGN_OK)
		return err;
	if (bytes->len <= NOTE_KEY_ID_BYTES)
		return CONSIGN_E_MALFORMED;
	*ret_name = name;
	return CONSIGN_OK;
}

/* A signature line of this note: by our key it must verify; by another it is passed over. */
static enum consign_err
check_signature_line(struct consign_slice line, struct consign_slice text, const char *origin,
    const struct consign_public_key *ledger_key, bool *ret_is_ours)
{
	enum consign_err err;
	struct buf bytes = {0};
	struct consign_slice name;
	struct note_signature signature;
	uint8_t key_id[NOTE_KEY_ID_BYTES];
	bool is_ours;

	err = parse_signature_line(line, &name, &bytes);
	if (err != CONSIGN_OK)
		goto out;
	note_key_id(origin, ledger_key, key_id);
	is_ours = slice_equal(name, slice_text(origin)) && memcmp(bytes.data, key_id, sizeof key_id) == 0;
	if (is_ours) {
		if (bytes.len != sizeof signature) {
			err = CONSIGN_E_MALFORMED;
			goto out;
		}
		memcpy(&signature, bytes.data, sizeof signature);
		err = sign_verify_plain(ledger_key, text, &signature.signature);
		if (err != CONSIGN_OK)
			goto out;
	}
	*ret_is_ours = is_ours;
out:
	buf_clear(&bytes);
	return err;
}

enum consign_err
checkpoint_open(
    struct consign_slice note, const char *origin, const struct consign_public_key *ledger_key, struct checkpoint *ret_checkpoint)
{
	enum consign_err err;
	struct cursor c = cursor_over(note);
	struct checkpoint checkpoint;
	struct consign_slice text, line;
	bool has_ours = false;

	if (note.len > CONSIGN_NOTE_MAX_BYTES)
		return CONSIGN_E_TOO_BIG;
	if (!is_note_text(note))
		return CONSIGN_E_MALFORMED;
	err = read_text(&c, origin, &checkpoint);
	if (err != CONSIGN_OK)
		return err;
	text = slice_of(note.data, (size_t)(c.pos - note.data));
	err = take_line(&c, &line);
	if (err != CONSIGN_OK)
		return err;
	if (line.len != 0)
		return CONSIGN_E_MALFORMED;
	while (cursor_left(&c) > 0) {
		bool is_ours;

		err = take_line(&c, &line);
		if (err != CONSIGN_OK)
			return err;
		err = check_signature_line(line, text, origin, ledger_key, &is_ours);
		if (err != CONSIGN_OK)
			return err;
		has_ours = has_ours || is_ours;
	}
	if (!has_ours)
		return CONSIGN_E_MALFORMED;
	*ret_checkpoint = checkpoint;
	return CONSIGN_OK;
}
