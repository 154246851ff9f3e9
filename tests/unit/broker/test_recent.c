/* Mail in memory: found at its place until it is forgotten or the oldest of too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recent.h"

struct fixture {
	struct recent recent;
	struct recent_place *bolt, *cora; /* two mailboxes */
	uint64_t leaf;
};

static int
setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	t->bolt = calloc(RECENT_PLACES, sizeof *t->bolt);
	t->cora = calloc(RECENT_PLACES, sizeof *t->cora);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	recent_free_places(&t->bolt);
	recent_free_places(&t->cora);
	recent_clear(&t->recent);
	assert_int_equal(t->recent.bytes, 0);
	free(t);
	return 0;
}

/* A consignment whose body has so many bytes, all of its leaf's number. */
static struct recent_mail *
keep(struct fixture *t, size_t len)
{
	struct seen seen = {0};
	struct manifest m = {.consignor = {"acme"}, .seen = &seen};
	struct store_leaf leaf = {.index = ++t->leaf, .record = slice_text("record")};
	struct store_entry entry = {.leaves = &leaf, .n_leaves = 1, .manifest = &m};
	struct frame manifest, body;
	uint8_t *bytes = malloc(len);

	memset(bytes, (int)t->leaf, len);
	assert_int_equal(frame_copy(&manifest, slice_text("manifest")), CONSIGN_OK);
	assert_int_equal(frame_copy(&body, slice_of(bytes, len)), CONSIGN_OK);
	struct recent_mail *mail = recent_keep(&t->recent, &entry, &manifest, &body);

	assert_non_null(mail);
	/* What is small keeps nothing of what was received with it; what is large is not copied. */
	assert_ptr_not_equal(mail->mail.manifest.data, frame_slice(&manifest).data);
	assert_int_equal(mail->mail.body.data == frame_slice(&body).data, len >= 8192);
	frame_clear(&manifest);
	frame_clear(&body);
	free(bytes);
	return mail;
}

static void
put(struct recent_place *places, uint64_t position, struct recent_mail *mail)
{
	struct store_mailbox row = {.position = position, .previous = {{(uint8_t)position}}, .salt = {{(uint8_t)(position + 1)}}};

	recent_put(places, &row, mail);
}

static void
assert_leaf(const struct recent_place *places, uint64_t position, uint64_t leaf)
{
	struct store_mail mail;

	assert_non_null(recent_find(places, position, &mail));
	assert_int_equal(mail.position, position);
	assert_int_equal(mail.leaf, leaf);
	assert_int_equal(mail.record.index, leaf);
	assert_true(slice_equal(mail.record.record, slice_text("record")));
	assert_string_equal(mail.consignor.s, "acme");
	assert_int_equal(mail.previous.b[0], (uint8_t)position);
	assert_int_equal(mail.salt.b[0], (uint8_t)(position + 1));
	assert_true(slice_equal(mail.manifest, slice_text("manifest")));
	assert_int_equal(mail.body.data[0], (uint8_t)leaf);
	assert_int_equal(mail.bytes, mail.manifest.len + mail.body.len);
}

static void
assert_nothing(const struct recent_place *places, uint64_t position)
{
	struct store_mail mail;

	assert_null(recent_find(places, position, &mail));
}

static void
test_recent_is_found_at_each_of_its_places(void **state)
{
	struct fixture *t = *state;
	struct recent_mail *mail = keep(t, 100);

	put(t->bolt, 7, mail);
	put(t->cora, 3, mail);
	assert_leaf(t->bolt, 7, 1);
	assert_leaf(t->cora, 3, 1);
	assert_nothing(t->bolt, 3);
	assert_nothing(t->bolt, 7 + RECENT_PLACES);
	assert_nothing(t->cora, 7);
	assert_nothing(NULL, 7);
}

static void
test_recent_forgets_one_place_and_keeps_the_other(void **state)
{
	struct fixture *t = *state;
	struct recent_mail *mail = keep(t, 100);

	put(t->bolt, 7, mail);
	put(t->cora, 3, mail);
	recent_forget(t->bolt, 7 + RECENT_PLACES); /* another position */
	assert_leaf(t->bolt, 7, 1);
	recent_forget(t->bolt, 7);
	recent_forget(t->bolt, 7);
	recent_forget(NULL, 7);
	assert_nothing(t->bolt, 7);
	assert_leaf(t->cora, 3, 1);
}

static void
test_recent_knows_the_last_places_of_a_mailbox(void **state)
{
	struct fixture *t = *state;

	for (uint64_t position = 1; position <= RECENT_PLACES + 1; position++)
		put(t->bolt, position, keep(t, 100));
	assert_nothing(t->bolt, 1);
	assert_leaf(t->bolt, 2, 2);
	assert_leaf(t->bolt, RECENT_PLACES + 1, RECENT_PLACES + 1);
}

static void
test_recent_is_bounded_and_the_oldest_goes(void **state)
{
	struct fixture *t = *state;
	const size_t quarter = RECENT_MAX_BYTES / 4;

	for (uint64_t position = 1; position <= 3; position++)
		put(t->bolt, position, keep(t, quarter));
	assert_leaf(t->bolt, 1, 1);
	put(t->bolt, 4, keep(t, quarter)); /* with its manifest, one too many */
	assert_nothing(t->bolt, 1);
	assert_leaf(t->bolt, 2, 2);
	assert_true(t->recent.bytes <= RECENT_MAX_BYTES);
	put(t->bolt, 5, keep(t, RECENT_MAX_BYTES)); /* larger than all there is room for: alone */
	for (uint64_t position = 1; position <= 4; position++)
		assert_nothing(t->bolt, position);
	assert_leaf(t->bolt, 5, 5);
	put(t->bolt, 6, keep(t, 100));
	assert_nothing(t->bolt, 5);
	assert_leaf(t->bolt, 6, 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_recent_is_found_at_each_of_its_places, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_recent_forgets_one_place_and_keeps_the_other, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_recent_knows_the_last_places_of_a_mailbox, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_recent_is_bounded_and_the_oldest_goes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
