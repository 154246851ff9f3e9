/*
 * 100,000 altered notes, the same each run: checkpoint_open answers each with an error of the peer's, or, when only the
 * signature lines changed in a way that may be (a line twice), with the checkpoint that was signed. Each note stands
 * in memory of its exact size, so that the address sanitizer sees a read beyond it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/checkpoint.h"
#include "naive.h"
#include "vectors.h"

#define ROUNDS 100000u
#define NOTE_CAP 16384u

/* xorshift64*: seeded, so that a failure comes again. */
struct dice {
	uint64_t x;
};

static uint64_t
roll(struct dice *d, uint64_t sides)
{
	d->x ^= d->x >> 12;
	d->x ^= d->x << 25;
	d->x ^= d->x >> 27;
	return (d->x * UINT64_C(0x2545f4914f6cdd1d) >> 16) % sides;
}

struct scratch {
	uint8_t bytes[NOTE_CAP];
	size_t len;
};

/* Puts len bytes in at a place, when there is room. */
static void
insert(struct scratch *s, size_t at, const uint8_t *bytes, size_t len)
{
	if (len > NOTE_CAP - s->len)
		return;
	memmove(s->bytes + at + len, s->bytes + at, s->len - at);
	memcpy(s->bytes + at, bytes, len);
	s->len += len;
}

static void
mutate(struct dice *d, struct scratch *s)
{
	static const char *const tokens[] = {"\n", "\n\n", "\r\n", " ", "\t", "=", "==", "0", "9", "+", "/", "\xe2\x80\x94 ",
	    "\xe2\x80\x94", "\xe2\x80\x94 w MTIzNDU=\n", "\xc2\xa0", "\xe2\x80\x80", "\xff", "18446744073709551616",
	    "consign.hub/"};
	uint8_t copy[1024];
	size_t at = roll(d, s->len + 1), from, len;
	uint8_t byte = (uint8_t)roll(d, 256);

	switch (roll(d, 8)) {
	case 0:
		if (at < s->len)
			s->bytes[at] ^= (uint8_t)(1u << roll(d, 8));
		break;
	case 1:
		if (at < s->len)
			s->bytes[at] = byte;
		break;
	case 2:
		insert(s, at, &byte, 1);
		break;
	case 3: { /* a token of the grammar, or nearly one */
		const char *token = tokens[roll(d, sizeof tokens / sizeof tokens[0])];

		insert(s, at, (const uint8_t *)token, strlen(token));
		break;
	}
	case 4: /* a stretch gone */
		len = roll(d, s->len - at + 1);
		memmove(s->bytes + at, s->bytes + at + len, s->len - at - len);
		s->len -= len;
		break;
	case 5: /* a stretch twice */
		from = roll(d, s->len + 1);
		len = roll(d, (s->len - from < sizeof copy ? s->len - from : sizeof copy) + 1);
		memcpy(copy, s->bytes + from, len);
		insert(s, at, copy, len);
		break;
	case 6: /* cut */
		s->len = at;
		break;
	case 7: /* two bytes change places */
		if (at < s->len) {
			from = roll(d, s->len);
			byte = s->bytes[at];
			s->bytes[at] = s->bytes[from];
			s->bytes[from] = byte;
		}
		break;
	}
}

static enum consign_err
open_exactly(const struct scratch *s, const struct buf *good, const struct checkpoint *signed_one, const char *origin,
    const struct consign_public_key *key)
{
	struct checkpoint c;
	uint8_t *bytes = malloc(s->len == 0 ? 1 : s->len);
	enum consign_err err;

	assert_non_null(bytes);
	memcpy(bytes, s->bytes, s->len);
	err = checkpoint_open(slice_of(bytes, s->len), origin, key, &c);
	if (err == CONSIGN_OK) {
		size_t text_len = (size_t)((uint8_t *)memmem(good->data, good->len, "\n\n", 2) - good->data) + 2;

		assert_int_equal(c.size, signed_one->size);
		assert_memory_equal(&c.head, &signed_one->head, sizeof c.head);
		assert_true(s->len >= text_len);
		assert_memory_equal(bytes, good->data, text_len);
	} else if (err != CONSIGN_E_MALFORMED && err != CONSIGN_E_BAD_SIGNATURE && err != CONSIGN_E_TOO_BIG) {
		fail_msg("an altered note gave %#x (%s)", (unsigned)err, consign_err_text(err));
	}
	free(bytes);
	return err;
}

static void
test_checkpoint_open_survives_altered_notes(void **state)
{
	struct consign_public_key key;
	struct secret *secret = vectors_secret("ledger", &key);
	struct consign_hash hub_id = naive_entry(1);
	struct checkpoint c = {.size = 123456, .head = naive_entry(7)};
	struct buf good = {0};
	struct dice d = {.x = 0x9e3779b97f4a7c15};
	static struct scratch s;
	char origin[256];
	unsigned unharmed = 0, unsigned_now = 0;

	(void)state;
	checkpoint_origin(&hub_id, origin);
	assert_int_equal(checkpoint_make(origin, &c, secret, &good), CONSIGN_OK);
	assert_int_equal(buf_append(&good, slice_text("\xe2\x80\x94 witness.example/w1 Zm91cmFuZG1vcmU=\n")), CONSIGN_OK);
	for (unsigned i = 0; i < ROUNDS; i++) {
		memcpy(s.bytes, good.data, good.len);
		s.len = good.len;
		for (uint64_t n = 1 + roll(&d, 4); n > 0; n--)
			mutate(&d, &s);
		switch (open_exactly(&s, &good, &c, origin, &key)) {
		case CONSIGN_OK:
			unharmed++;
			break;
		case CONSIGN_E_BAD_SIGNATURE:
			unsigned_now++;
			break;
		default:
			break;
		}
	}
	/* The dice reach every depth: shapes that hold with signatures that do not, and changes that do no harm. */
	assert_true(unsigned_now > ROUNDS / 50);
	assert_true(unharmed > ROUNDS / 1000);
	buf_clear(&good);
	secret_free(&secret);
}

static int
start(void **state)
{
	(void)state;
	return secret_start() == CONSIGN_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_checkpoint_open_survives_altered_notes),
	};

	return cmocka_run_group_tests_name("ledger.checkpoint_mutations", tests, start, NULL);
}
