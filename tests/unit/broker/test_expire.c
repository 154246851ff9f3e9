/* Mail whose time is over: its tombstone is proven to both sides, once; what is on its way is left alone; old bodies go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker_fixture.h"
#include "core/limits.h"

static uint64_t
expired(struct broker_fixture *t)
{
	return atomic_load(&t->broker->metrics->value[METRIC_EXPIRED]);
}

/* n notes that nobody fetches, until after their expiry. */
static struct peer
let_expire(struct broker_fixture *t, size_t n)
{
	struct peer acme = broker_agent(t, "acme");

	for (size_t i = 0; i < n; i++) {
		struct manifest *m = broker_note(t);

		m->created_us = t->wall_us;
		m->expires_us = t->wall_us + 1000;
		broker_hears_submit(t, &acme, i, fixture_sign_manifest(&t->f, m), fixture_body());
	}
	broker_turn(t);
	hear_all(t, &acme);
	t->wall_us += 1000;
	return acme;
}

static void
pass(struct broker_fixture *t)
{
	t->expire(t->broker);
	broker_turn(t);
}

/* Set ahead by more than what two clocks may differ, it buries nothing until it is right again; slewed or set back, it is as any clock. */
static void
test_expire_waits_while_the_clock_has_jumped_ahead(void **state)
{
	struct broker_fixture *t = *state;

	let_expire(t, 1);
	t->wall_us--; /* a moment before */
	pass(t);
	t->wall_us += CONSIGN_CLOCK_SKEW_MAX_US + 1;
	pass(t);
	pass(t);
	assert_true(t->broker->clock_has_jumped);
	assert_int_equal(expired(t), 0);
	t->wall_us -= CONSIGN_CLOCK_SKEW_MAX_US + 1;
	pass(t);
	assert_false(t->broker->clock_has_jumped);
	assert_int_equal(expired(t), 0);
	t->wall_us -= 24 * 3600 * UINT64_C(1000000);
	pass(t);
	assert_true(t->broker->clock_has_jumped);
	t->wall_us += 24 * 3600 * UINT64_C(1000000) + CONSIGN_CLOCK_SKEW_MAX_US;
	pass(t);
	assert_false(t->broker->clock_has_jumped);
	assert_int_equal(expired(t), 1);
}

static void
test_expire_leaves_tombstones_for_both_sides(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = let_expire(t, 2);

	t->wall_us--;
	pass(t);
	assert_int_equal(expired(t), 0);
	t->wall_us++;
	pass(t);
	assert_int_equal(expired(t), 2);
	const struct session_settled *s = expect_said(t, &acme)->command->settled;
	struct ledger_record *record = NULL;

	assert_null(s->settlements.v[0]->receipt);
	assert_int_equal(ledger_record_decode(s->settlements.v[0]->statement->leaf->record, t->arena, &record), CONSIGN_OK);
	assert_int_equal(record->retention->reason, RETENTION_EXPIRED);
	assert_string_equal(record->retention->consignee.s, "bolt");
	pass(t);
	assert_int_equal(expired(t), 2);
	struct peer bolt = broker_agent(t, "bolt");

	for (uint64_t position = 1; position <= 2; position++) {
		const struct said *d = expect_said(t, &bolt);

		assert_int_equal(d->command->deliver->position, position);
		assert_non_null(d->command->deliver->tombstone);
		assert_non_null(d->command->deliver->tombstone->path);
		assert_int_equal(d->manifest.len + d->body.len, 0);
		uint64_t next = ledger_next(t->broker->ledger);

		broker_hears_receipt(t, &bolt, broker_receipt(t, &bolt, d)); /* ends it, and is no leaf */
		broker_turn(t);
		assert_int_equal(ledger_next(t->broker->ledger), next);
	}
	assert_int_equal(broker_session(t, &bolt)->n_in_flight, 0);
	bolt = broker_agent(t, "bolt");
	expect_silence(t, &bolt);
}

static void
test_expire_leaves_alone_what_is_on_its_way(void **state)
{
	struct broker_fixture *t = *state;
	struct peer bolt = broker_agent(t, "bolt");

	let_expire(t, 1);
	const struct said *d = expect_said(t, &bolt);

	pass(t);
	assert_int_equal(expired(t), 0);
	broker_hears_receipt(t, &bolt, broker_receipt(t, &bolt, d));
	broker_turn(t);
	pass(t);
	assert_int_equal(expired(t), 0);
}

static void
test_expire_buries_one_position_beside_another_on_its_way(void **state)
{
	struct broker_fixture *t = *state;
	struct peer bolt = broker_org(t, "bolt");

	bolt.window_bytes = 1; /* one at a time */
	broker_hello(t, &bolt);
	broker_turn(t);
	let_expire(t, 2);
	pass(t);
	assert_int_equal(expired(t), 1);
}

static void
test_expire_makes_one_round_at_a_time_and_none_while_it_stops(void **state)
{
	struct broker_fixture *t = *state;

	let_expire(t, 1);
	t->expire(t->broker);
	t->expire(t->broker); /* the first is not read yet */
	assert_int_equal(t->broker->expiring, 1);
	t->broker->draining = true;
	broker_turn(t); /* what is read now buries nothing */
	assert_int_equal(t->broker->expiring, 0);
	assert_int_equal(expired(t), 0);
	t->expire(t->broker);
	assert_int_equal(t->broker->expiring, 0);
	t->broker->draining = false;
	pass(t);
	assert_int_equal(expired(t), 1);
}

static void
test_expire_buries_nothing_when_a_commit_fails(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = let_expire(t, 1);

	t->commit_err = CONSIGN_E_IO;
	pass(t);
	assert_int_equal(expired(t), 0);
	expect_silence(t, &acme);
	t->commit_err = CONSIGN_OK;
	broker_recover(t);
	pass(t);
	assert_int_equal(expired(t), 1);
	assert_int_equal(expect_said(t, &acme)->command->settled->settlements.n, 1);
}

static void
test_expire_drops_bodies_at_the_end_of_their_retention(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");
	struct signed_manifest *sm = fixture_sign_manifest(&t->f, broker_note(t));
	struct db_statement *s = NULL;

	broker_hears_submit(t, &acme, 1, sm, fixture_body());
	broker_turn(t);
	expect_acceptance(t, &acme, 1);
	broker_hears_receipt(t, &bolt, broker_receipt(t, &bolt, expect_said(t, &bolt)));
	broker_turn(t);
	pass(t); /* settled by the machine's clock, which is ahead of this one */
	assert_int_equal(db_statement(t->broker->db, "SELECT count(body) FROM consignment", &s), CONSIGN_OK);
	assert_int_equal(db_row(s), CONSIGN_OK);
	assert_int_equal(db_column_u64(s, 0), 1);
	db_reset(s);
	broker_sql(t, "UPDATE consignment SET settled_us = 1");
	t->commit_err = CONSIGN_E_IO; /* touches no entry's apply: this job has its own */
	pass(t);
	t->commit_err = CONSIGN_OK;
	assert_int_equal(db_row(s), CONSIGN_OK);
	assert_int_equal(db_column_u64(s, 0), 0);
	db_reset(s);
	hear_all(t, &acme);
	broker_hears_submit(t, &acme, 2, sm, fixture_body()); /* the receipt outlives the body */
	broker_turn(t);
	expect_acceptance(t, &acme, 2);
}

static void
test_expire_goes_on_whichever_allocation_or_call_fails(void **state)
{
	struct broker_fixture *t = *state;

	for (size_t round = 0; round < 2; round++)
		for (size_t nth = 1;; nth++) {
			struct peer acme = let_expire(t, 1);
			uint64_t before = expired(t);

			if (round == 0)
				failing_alloc(nth);
			else
				failing_db(nth, CONSIGN_E_IO);
			pass(t);
			bool failed = failing_end();

			if (t->broker->store_failed)
				broker_recover(t);
			if (expired(t) == before) {
				t->steady_us += 2000000;
				pass(t);
			}
			assert_int_equal(expired(t), before + 1);
			hear_all(t, &acme);
			if (!failed) {
				assert_true(nth > 5);
				break;
			}
		}
	assert_true(logged(t, "expire.failed") > 5);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_expire_##name, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(waits_while_the_clock_has_jumped_ahead),
	    CASE(leaves_tombstones_for_both_sides),
	    CASE(leaves_alone_what_is_on_its_way),
	    CASE(buries_one_position_beside_another_on_its_way),
	    CASE(makes_one_round_at_a_time_and_none_while_it_stops),
	    CASE(buries_nothing_when_a_commit_fails),
	    CASE(drops_bodies_at_the_end_of_their_retention),
	    CASE(goes_on_whichever_allocation_or_call_fails),
	};

	return cmocka_run_group_tests_name("broker/expire", tests, NULL, NULL);
}
