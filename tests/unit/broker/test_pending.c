/* Submissions between their decision and their commit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pending.h"

static void
test_pending_finds_by_consignor_and_id(void **state)
{
	struct pending *p;
	struct manifest m = {.consignor = {"acme"}, .consignment_id = {{1}}},
			other = {.consignor = {"bolt"}, .consignment_id = {{1}}};
	struct consign_hash one = {{1}}, two = {{2}};

	(void)state;
	assert_int_equal(pending_new(&p), CONSIGN_OK);
	assert_null(pending_find(p, "acme", &m.consignment_id));
	struct pending_item *item = pending_add(p, &m, &one), *second = pending_add(p, &other, &two);

	assert_ptr_equal(pending_find(p, "acme", &m.consignment_id), item);
	assert_ptr_equal(pending_find(p, "bolt", &m.consignment_id), second);
	assert_null(pending_find(p, "cora", &m.consignment_id));
	assert_int_equal(pending_wait(item, 7, 8), CONSIGN_OK);
	assert_int_equal(pending_wait(item, 9, 10), CONSIGN_OK);
	assert_int_equal(item->waiters->session, 9);
	assert_int_equal(item->waiters->next->sequence, 8);
	pending_remove(p, item);
	assert_null(pending_find(p, "acme", &m.consignment_id));
	assert_ptr_equal(pending_find(p, "bolt", &m.consignment_id), second);
	pending_free(&p); /* with what is in it */
	assert_null(p);
	pending_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pending_finds_by_consignor_and_id),
	};

	return cmocka_run_group_tests_name("broker/pending", tests, NULL, NULL);
}
