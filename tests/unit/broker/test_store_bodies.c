/* How long the broker's store keeps bodies and the large manifests beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/bodies.h"
#include "store_fixture.h"

static void
test_store_drops_bodies_of_what_was_settled_before(void **state)
{
	struct fixture *t = *state;
	struct mail waiting, settled;
	struct store_mail *read;
	size_t n;
	uint64_t dropped;

	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &waiting), CONSIGN_OK);
	assert_int_equal(accept_mail(t, (const char *const[]){"cora"}, 1, &settled), CONSIGN_OK);
	assert_int_equal(deliver_mail(t, &settled, "cora", 1), CONSIGN_OK);
	assert_int_equal(store_drop_bodies(t->db, 1, &dropped), CONSIGN_OK);
	assert_int_equal(dropped, 0);
	assert_int_equal(store_drop_bodies(t->db, INT64_MAX, &dropped), CONSIGN_OK);
	assert_int_equal(dropped, 1);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &read, &n), CONSIGN_OK);
	assert_false(read[0].corrupt);
	struct store_past past; /* the receipt outlives the body */

	assert_int_equal(store_past(t->reading, "acme", &settled.m->consignment_id, t->arena, &past), CONSIGN_OK);
}

static uint64_t
count(struct db *db, const char *sql)
{
	struct db_statement *s;

	assert_int_equal(db_statement(db, sql, &s), CONSIGN_OK);
	assert_int_equal(db_row(s), CONSIGN_OK);
	uint64_t n = db_column_u64(s, 0);

	db_reset(s);
	return n;
}

/* The manifest of a large body lies in the file beside it, and moves into the row when the body goes: it keeps no file. */
static void
test_store_keeps_large_manifests_beside_their_bodies_and_longer(void **state)
{
	struct fixture *t = *state;
	struct mail waiting, settled;
	struct store_mail *read;
	struct store_traffic traffic;
	struct store_past past;
	size_t n;
	uint64_t dropped;

	t->body = (struct consign_slice){arena_alloc(t->arena, BODY_IN_ROW_MAX_BYTES + 1), BODY_IN_ROW_MAX_BYTES + 1};
	memset((uint8_t *)t->body.data, 7, t->body.len);
	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &waiting), CONSIGN_OK);
	assert_int_equal(accept_mail(t, (const char *const[]){"cora"}, 1, &settled), CONSIGN_OK);
	assert_int_equal(count(t->reading, "SELECT sum(length(manifest)) FROM consignment"), 0);
	assert_int_equal(count(t->reading, "SELECT min(manifest_at > 0 AND manifest_at < body_at) FROM consignment"), 1);
	assert_int_equal(count(t->reading, "SELECT live FROM body_file"),
	    waiting.frame.len + settled.frame.len + 2 * (BODY_IN_ROW_MAX_BYTES + 1));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &read, &n), CONSIGN_OK);
		assert_int_equal(n, 1);
		assert_false(read[0].corrupt);
		assert_true(slice_equal(read[0].manifest, waiting.frame));
		assert_true(slice_equal(read[0].body, t->body));
		assert_int_equal(store_traffic_of(t->reading, &settled.m->consignment_id, t->arena, &traffic), CONSIGN_OK);
		assert_int_equal(traffic.n, 64);
		assert_int_equal(store_past(t->reading, "acme", &settled.m->consignment_id, t->arena, &past), CONSIGN_OK);
		if (i == 1)
			break;
		assert_int_equal(deliver_mail(t, &settled, "cora", 1), CONSIGN_OK);
		assert_int_equal(store_drop_bodies(t->db, INT64_MAX, &dropped), CONSIGN_OK);
		assert_int_equal(dropped, 1);
		assert_int_equal(count(t->reading, "SELECT live FROM body_file"), waiting.frame.len + BODY_IN_ROW_MAX_BYTES + 1);
		assert_int_equal(
		    count(t->reading, "SELECT length(manifest) FROM consignment WHERE manifest_at = 0"), settled.frame.len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_store_drops_bodies_of_what_was_settled_before),
	    STORE_TEST(test_store_keeps_large_manifests_beside_their_bodies_and_longer),
	};

	return cmocka_run_group_tests_name("broker/store_bodies", tests, NULL, NULL);
}
