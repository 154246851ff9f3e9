/* Held lanes: what was turned back is overtaken by nothing that shares a lane with it, nor with what waits behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "held.h"

struct shipment {
	struct manifest m;
	struct manifest_consignee orgs[3];
	struct manifest_consignee *list[3];
};

static void
make(struct shipment *x, uint8_t id, const char *study, const char *const *to, size_t n)
{
	*x = (struct shipment){.m = {.consignment_id = {{id}}}};
	snprintf(x->m.study.s, sizeof x->m.study.s, "%s", study);
	for (size_t i = 0; i < n; i++) {
		snprintf(x->orgs[i].org.s, sizeof x->orgs[i].org.s, "%s", to[i]);
		x->list[i] = &x->orgs[i];
	}
	x->m.consignees.v = x->list;
	x->m.consignees.n = n;
}

static void
test_held_blocks_those_behind_it_in_its_lanes(void **state)
{
	struct held h = {0};
	struct shipment first, same_lane, other_study, other_org, shares_one;

	(void)state;
	make(&first, 1, "S-1", (const char *const[]){"acme", "bolt"}, 2);
	make(&same_lane, 2, "S-1", (const char *const[]){"bolt"}, 1);
	make(&other_study, 3, "S-2", (const char *const[]){"bolt"}, 1);
	make(&other_org, 4, "S-1", (const char *const[]){"cora"}, 1);
	make(&shares_one, 5, "S-1", (const char *const[]){"cora", "acme"}, 2);
	assert_false(held_blocks(&h, &first.m));
	held_add(&h, &first.m);
	held_add(&h, &first.m); /* where it stands already */
	assert_int_equal(h.n, 2);
	assert_false(held_blocks(&h, &first.m));
	assert_true(held_blocks(&h, &same_lane.m));
	assert_false(held_blocks(&h, &other_study.m));
	assert_false(held_blocks(&h, &other_org.m));
	assert_true(held_blocks(&h, &shares_one.m));
	/* What waits behind it holds its own lanes in turn. */
	held_add(&h, &shares_one.m);
	assert_int_equal(h.n, 4);
	assert_true(held_blocks(&h, &other_org.m));
	/* The first goes: who stood behind it is next, the rest still waits for that. */
	held_release(&h, &first.m.consignment_id);
	assert_int_equal(h.n, 2);
	assert_false(held_blocks(&h, &shares_one.m));
	assert_false(held_blocks(&h, &same_lane.m));
	assert_true(held_blocks(&h, &other_org.m));
	held_release(&h, &first.m.consignment_id); /* again: nothing */
	held_clear(&h);
	assert_int_equal(h.n, 0);
	assert_false(held_blocks(&h, &other_org.m));
	held_clear(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_held_blocks_those_behind_it_in_its_lanes),
	};

	return cmocka_run_group_tests_name("broker/held", tests, NULL, NULL);
}
