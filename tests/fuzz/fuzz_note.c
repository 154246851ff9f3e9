/*
 * Checkpoint notes. Input: one byte that picks the form, then
 *   0  a note
 *   1  the text of a note, which is signed here: so that what stands behind the signature check is reached
 *   2  what stands behind a good note
 *
 * A note opens only if it begins with the one text of its checkpoint and bears our signature of that; and whatever is appended
 * changes nothing of what it says.
 */
#include "core/text.h"
#include "fuzz.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"

/* The origin and the key named ledger of tests/vectors/ledger: the seed, then the public key. */
#define ORIGIN "consign.hub/a51d653dd2a106be24fbfc25315987c6135e88ae5d1acfb70a807d95fb183a50"
static const struct secret ledger_key = {
    {0xd3, 0x7b, 0xe0, 0xfb, 0x90, 0xe9, 0x1c, 0xe8, 0xc8, 0x0a, 0xd2, 0xf0, 0x7c, 0xb0, 0xb1, 0xf0, 0x21, 0x22, 0x91, 0x5b, 0x83,
	0x62, 0x62, 0xa6, 0xb5, 0xcb, 0x2e, 0x82, 0xbd, 0x46, 0x59, 0x44, 0x7d, 0x4c, 0x78, 0x45, 0x40, 0x87, 0xe2, 0xe4, 0x29, 0x78,
	0x0e, 0x72, 0xe6, 0xf5, 0x96, 0x7f, 0xcc, 0x8b, 0x10, 0x5f, 0x2b, 0x59, 0x3d, 0x05, 0xc7, 0x0e, 0xca, 0xc2, 0x35, 0x8f, 0x32,
	0xa1}};

/* As C2SP signed-note says, apart from checkpoint.c. */
static void
sign_text(struct consign_slice text, struct buf *out)
{
	static const uint8_t behind_name[2] = {'\n', 1};
	uint8_t key_id_and_signature[4 + 64];
	struct consign_signature signature;
	struct consign_public_key key;
	struct consign_hash hash;
	struct buf named = {0};

	sign_public(&ledger_key, &key);
	check(buf_append(&named, slice_text(ORIGIN)) == CONSIGN_OK && buf_append(&named, SLICE_ARRAY(behind_name)) == CONSIGN_OK);
	hash_sha256_2(buf_slice(&named), SLICE_ARRAY(key.b), &hash);
	buf_clear(&named);
	sign_make_plain(&ledger_key, text, &signature);
	memcpy(key_id_and_signature, hash.b, 4);
	memcpy(key_id_and_signature + 4, &signature, 64);
	check(buf_append(out, text) == CONSIGN_OK && buf_printf(out, "\n\xe2\x80\x94 %s ", ORIGIN) == CONSIGN_OK);
	check(base64_format(SLICE_ARRAY(key_id_and_signature), out) == CONSIGN_OK && buf_append_u8(out, '\n') == CONSIGN_OK);
}

static void
check_opened(struct consign_slice note, const struct checkpoint *got)
{
	struct buf good = {0};
	const uint8_t *blank, *line;
	size_t text_len;

	check(got->size <= TREE_SIZE_MAX);
	check(checkpoint_make(ORIGIN, got, &ledger_key, &good) == CONSIGN_OK);
	blank = memmem(good.data, good.len, "\n\n", 2);
	check(blank != NULL);
	text_len = (size_t)(blank + 2 - good.data);
	line = good.data + text_len;
	check(note.len >= good.len && memcmp(note.data, good.data, text_len) == 0);
	check(memmem(note.data, note.len, line, good.len - text_len) != NULL);
	buf_clear(&good);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct consign_slice in = slice_of(data, size);
	const struct checkpoint fixed = {.size = 7, .head = {{1, 2, 3}}};
	struct checkpoint got = {0};
	struct consign_public_key key, other;
	struct buf note = {0};
	unsigned form = fuzz_byte(&in) % 3;
	enum consign_err err;

	check(secret_start() == CONSIGN_OK);
	sign_public(&ledger_key, &key);
	if (form == 1)
		sign_text(in, &note);
	else if (form == 2)
		check(checkpoint_make(ORIGIN, &fixed, &ledger_key, &note) == CONSIGN_OK);
	if (form != 1)
		check(buf_append(&note, in) == CONSIGN_OK);
	err = checkpoint_open(buf_slice(&note), ORIGIN, &key, &got);
	check(err == CONSIGN_OK || err == CONSIGN_E_MALFORMED || err == CONSIGN_E_BAD_SIGNATURE || err == CONSIGN_E_TOO_BIG);
	if (err == CONSIGN_OK) {
		check_opened(buf_slice(&note), &got);
		check(form != 2 || (got.size == fixed.size && hash_equal(&got.head, &fixed.head)));
		other = key;
		other.b[0] ^= 1;
		check(checkpoint_open(buf_slice(&note), ORIGIN, &other, &got) != CONSIGN_OK);
		check(checkpoint_open(buf_slice(&note), ORIGIN "/2", &key, &got) != CONSIGN_OK);
	}
	buf_clear(&note);
	return 0;
}
