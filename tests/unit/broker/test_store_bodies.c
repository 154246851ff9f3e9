/* How long the broker's store keeps bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_store_drops_bodies_of_what_was_settled_before),
	};

	return cmocka_run_group_tests_name("broker/store_bodies", tests, NULL, NULL);
}
