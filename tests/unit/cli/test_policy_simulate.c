/* Tests of cli/policy_simulate.c: what another policy would have done with what was sent, counted over pages. */
#include "policies.h"

#include "policy_simulate.h"

static const char text[] = "studies:\n"
			   "  - id: S-1\n"
			   "    parties: [{org: acme, roles: [sponsor]}, {org: bolt, roles: [cro]}]\n"
			   "rules:\n"
			   "  - {id: up, permit: [x.a, x.c]}\n"
			   "  - {id: no, forbid: [x.c]}\n";

static struct traffic_row
row_of(const char *type, enum consign_code code, uint64_t count, uint64_t at_us)
{
	struct traffic_row r = {.label = CONSIGN_LABEL_OPEN, .code = code, .count = count, .at_us = at_us};

	strcpy(r.consignor.s, "acme");
	strcpy(r.consignee.s, "bolt");
	strcpy(r.study.s, "S-1");
	strcpy(r.type.s, type);
	r.consignment_id.b[0] = (uint8_t)at_us;
	return r;
}

static void
test_simulation_finds_what_would_be_decided_otherwise(void **state)
{
	struct traffic_row all[] = {
	    row_of("x.a", CONSIGN_CODE_NONE, 5, 1),           /* as it was */
	    row_of("x.b", CONSIGN_CODE_NONE, 2, 2),           /* no rule permits it now */
	    row_of("x.c", CONSIGN_CODE_NONE, 9, 3),           /* forbidden now */
	    row_of("x.a", CONSIGN_CODE_POLICY_NO_RULE, 4, 4), /* permitted now */
	    row_of("x.b", CONSIGN_CODE_CLEARANCE, 1, 5),      /* refused still, for another reason */
	    row_of("x.a", CONSIGN_CODE_QUOTA, 8, 6),          /* not the policy's doing */
	};
	struct traffic_row *rows[6];
	struct read_policy p;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		rows[i] = &all[i];
	policy_of(text, &p);
	struct simulation s = {.policy = p.policy};

	assert_int_equal(simulation_take(&s, rows, 6), CONSIGN_OK);
	simulation_end(&s);
	assert_int_equal(s.asked, 29);
	assert_int_equal(s.refused, 11);
	assert_int_equal(s.permitted, 4);
	assert_int_equal(s.n, 3);
	/* Refused first, the most of it first. */
	assert_string_equal(s.v[0].row.type.s, "x.c");
	assert_int_equal(s.v[0].code, CONSIGN_CODE_POLICY_FORBIDDEN);
	assert_string_equal(s.v[0].rule, "no");
	assert_string_equal(s.v[1].row.type.s, "x.b");
	assert_int_equal(s.v[1].code, CONSIGN_CODE_POLICY_NO_RULE);
	assert_int_equal(s.v[2].code, CONSIGN_CODE_NONE);
	assert_string_equal(s.v[2].rule, "up");
	json_t *json = simulated_json(&s.v[0]);

	assert_int_equal(json_integer_value(json_object_get(json, "count")), 9);
	assert_true(json_is_true(json_object_get(json_object_get(json, "was"), "permitted")));
	assert_string_equal(json_string_value(json_object_get(json_object_get(json, "would_be"), "rule")), "no");
	json_decref(json);
	simulation_clear(&s);
	policy_end(&p);
}

static void
test_simulation_puts_pages_together_with_the_newest(void **state)
{
	struct read_policy p;

	(void)state;
	policy_of(text, &p);
	struct simulation s = {.policy = p.policy};

	for (unsigned page = 0; page < 40; page++) {
		struct traffic_row b = row_of("x.b", CONSIGN_CODE_NONE, 2, page == 20 ? 200 : page + 1), c = row_of("x.c", CONSIGN_CODE_NONE, 1, 1);
		struct traffic_row *rows[] = {&b, &c};

		assert_int_equal(simulation_take(&s, rows, 2), CONSIGN_OK);
	}
	simulation_end(&s);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.v[0].row.count, 80);
	assert_int_equal(s.v[0].row.at_us, 200);
	assert_int_equal(s.v[0].row.consignment_id.b[0], 200);
	assert_int_equal(s.v[1].row.count, 40);
	assert_int_equal(s.refused, 120);
	simulation_clear(&s);
	policy_end(&p);
}

static void
test_simulation_of_nothing_is_nothing(void **state)
{
	struct simulation s = {0};

	(void)state;
	simulation_end(&s);
	assert_int_equal(s.n, 0);
	simulation_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_simulation_finds_what_would_be_decided_otherwise),
	    cmocka_unit_test(test_simulation_puts_pages_together_with_the_newest),
	    cmocka_unit_test(test_simulation_of_nothing_is_nothing),
	};

	return cmocka_run_group_tests_name("policy_simulate", tests, NULL, NULL);
}
