/* lib/seal whichever allocation fails: NO_MEMORY each time, and buffers as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing.h"
#include "seal_fixture.h"

static const struct consign_slice text = {(const uint8_t *)"a text that nobody else may read", 32};

/* Runs what follows until no allocation fails; in it `err` is set. */
#define WALK(LEAST, BUFFER, CALL)                                                                                                \
	for (size_t nth = 1;; nth++) {                                                                                           \
		failing_alloc(nth);                                                                                              \
		enum consign_err err = (CALL);                                                                                   \
		if (!failing_end()) {                                                                                            \
			assert_int_equal(err, CONSIGN_OK);                                                                       \
			assert_true(nth > (LEAST));                                                                              \
			break;                                                                                                   \
		}                                                                                                                \
		assert_int_equal(err, CONSIGN_E_NO_MEMORY);                                                                      \
		assert_int_equal((BUFFER)->len, 0);                                                                              \
	}

static void
test_out_of_memory_seals_and_unseals_nothing(void **state)
{
	struct fixture *f = *state;
	struct consign_hash commitment;
	struct consign_key_id key_id;
	struct seal_body body;

	WALK(1, &f->body, seal_session_new(f->keys, 2, 1000, &f->session));
	WALK(1, &f->body, seal_begin(f->session, &f->context, f->key, &f->body));
	size_t wraps = f->body.len;
	struct buf item = {0};

	WALK(1, &item, seal_item(f->key, &f->context, 0, CONSIGN_LABEL_OPEN, text, &item, &commitment));
	assert_int_equal(buf_append(&f->body, buf_slice(&item)), CONSIGN_OK);
	assert_int_equal(wraps, 2 * SEAL_WRAP_BYTES);
	assert_int_equal(seal_body_parse(buf_slice(&f->body), 2, 1, &body), CONSIGN_OK);
	key_id_of(&f->keys[1], &key_id);
	assert_int_equal(
	    seal_receive(f->receiver, "acme", &key_id, f->secrets[1], &f->keys[1], body.wraps[1], &f->context, f->received),
	    CONSIGN_OK);
	WALK(1, &f->plain, unseal_item(f->received, &f->context, 0, CONSIGN_LABEL_OPEN, body.items[0], &commitment, &f->plain));
	assert_true(slice_equal(buf_slice(&f->plain), text));
	buf_clear(&item);
}

static void
test_out_of_memory_makes_no_receiver(void **state)
{
	struct seal_receiver *receiver = NULL;

	(void)state;
	for (size_t nth = 1; receiver == NULL; nth++) {
		failing_alloc(nth);
		enum consign_err err = seal_receiver_new(&receiver);

		assert_int_equal(err, failing_end() ? CONSIGN_E_NO_MEMORY : CONSIGN_OK);
	}
	seal_receiver_free(&receiver);
}

static void
test_out_of_memory_notes_nothing(void **state)
{
	struct fixture *f = *state;
	struct consign_message_id id = {.index = 3};
	struct buf sealed = {0}, stored = {0}, key = {0};

	WALK(2, &sealed, seal_note(&f->keys[0], text, &sealed));
	WALK(1, &f->plain, unseal_note(f->secrets[0], &f->keys[0], buf_slice(&sealed), &f->plain));
	assert_true(slice_equal(buf_slice(&f->plain), text));
	buf_clear(&f->plain);
	WALK(2, &stored, seal_store_note(f->key, &id, text, &stored));
	WALK(1, &f->plain, seal_load_note(f->key, &id, buf_slice(&stored), &f->plain));
	assert_true(slice_equal(buf_slice(&f->plain), text));
	buf_clear(&sealed);
	buf_clear(&stored);
	buf_clear(&key);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_out_of_memory_##name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(seals_and_unseals_nothing),
	    CASE(makes_no_receiver),
	    CASE(notes_nothing),
	};

	return cmocka_run_group_tests_name("seal/out_of_memory", tests, NULL, NULL);
}
