/* What the tests of lib/seal share: a consignor's side, some consignees, and vectors' contexts. Include after cmocka.h. */
#ifndef SEAL_FIXTURE_H
#define SEAL_FIXTURE_H

#include <string.h>

#include "../../support/tsv.h"
#include "seal/seal_keys.h"

#define VECTORS(NAME) CONSIGN_SOURCE_DIR "/tests/vectors/seal/" NAME

/* Consignees with their seal keys; a context; a buffer for a body and one for plaintext; two keys. */
struct fixture {
	struct secret *secrets[CONSIGN_CONSIGNEES_MAX];
	struct consign_public_key keys[CONSIGN_CONSIGNEES_MAX];
	struct seal_context context;
	struct secret *key;      /* the consignor's consignment key */
	struct secret *received; /* a consignee's */
	struct seal_receiver *receiver;
	struct seal_session *session;
	struct buf body;
	struct buf plain;
};

static inline int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	size_t i;

	assert_non_null(f);
	assert_int_equal(secret_start(), CONSIGN_OK);
	for (i = 0; i < CONSIGN_CONSIGNEES_MAX; i++)
		assert_int_equal(box_keypair(&f->secrets[i], &f->keys[i]), CONSIGN_OK);
	random_bytes(&f->context, sizeof f->context);
	f->context.attempt = 1;
	assert_int_equal(secret_new(&f->key), CONSIGN_OK);
	assert_int_equal(secret_new(&f->received), CONSIGN_OK);
	assert_int_equal(seal_receiver_new(&f->receiver), CONSIGN_OK);
	*state = f;
	return 0;
}

static inline int
teardown(void **state)
{
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < CONSIGN_CONSIGNEES_MAX; i++)
		secret_free(&f->secrets[i]);
	secret_free(&f->key);
	secret_free(&f->received);
	seal_receiver_free(&f->receiver);
	seal_session_free(&f->session);
	buf_clear(&f->body);
	buf_wipe(&f->plain);
	free(f);
	return 0;
}

/* Begins a body for the first n consignees, with a new session. */
static inline void
begin_for(struct fixture *f, size_t n)
{
	seal_session_free(&f->session);
	buf_reset(&f->body);
	assert_int_equal(seal_session_new(f->keys, n, 0, &f->session), CONSIGN_OK);
	assert_int_equal(seal_begin(f->session, &f->context, f->key, &f->body), CONSIGN_OK);
}

static inline enum consign_err
receive_as(struct fixture *f, size_t consignee, struct consign_slice wrap)
{
	struct consign_key_id id;

	key_id_of(&f->keys[consignee], &id);
	return seal_receive(
	    f->receiver, "globalcro", &id, f->secrets[consignee], &f->keys[consignee], wrap, &f->context, f->received);
}

static inline void
read_context(const struct tsv *t, size_t row, struct seal_context *ret)
{
	tsv_fixed(t, row, "hub_id", ret->hub_id.b, 32);
	tsv_fixed(t, row, "consignor_identity", ret->consignor_identity.b, 32);
	tsv_fixed(t, row, "consignment_id", ret->consignment_id.b, 16);
	ret->attempt = (uint32_t)tsv_number(t, row, "attempt");
	tsv_fixed(t, row, "random", ret->random.b, 32);
}

static inline enum consign_err
expected(const struct tsv *t, size_t row)
{
	const char *word = tsv_cell(t, row, "expect");

	if (strcmp(word, "ok") == 0)
		return CONSIGN_OK;
	if (strcmp(word, "bad_seal") == 0)
		return CONSIGN_E_BAD_SEAL;
	if (strcmp(word, "corrupt") == 0)
		return CONSIGN_E_CORRUPT;
	assert_string_equal(word, "malformed");
	return CONSIGN_E_MALFORMED;
}

/* Names the row that went wrong. */
static inline void
assert_row(const struct tsv *t, size_t row, enum consign_err err, enum consign_err wanted)
{
	if (err != wanted)
		fail_msg("%s: error %#x, wanted %#x", tsv_cell(t, row, "name"), (unsigned)err, (unsigned)wanted);
}

#endif
