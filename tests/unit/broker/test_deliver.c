/* Mail to agents and settlements back to consignors: within windows, once, and what happens when the store cannot be read. */
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

static void
send_notes(struct broker_fixture *t, const struct peer *acme, size_t n)
{
	for (size_t i = 0; i < n; i++)
		broker_hears_submit(t, acme, i, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
	broker_turn(t);
	hear_all(t, acme);
}

/* bolt, granting this window. */
static struct peer
arrive_with(struct broker_fixture *t, uint64_t bytes)
{
	struct peer bolt = broker_org(t, "bolt");

	bolt.window_bytes = bytes;
	broker_hello(t, &bolt);
	broker_turn(t);
	assert_non_null(expect_said(t, &bolt)->command->welcome);
	assert_non_null(expect_said(t, &bolt)->command->documents);
	return bolt;
}

static void
test_deliver_sends_what_was_accepted_with_its_proof(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");
	struct manifest *m = broker_note(t);
	struct checkpoint_ref seen = {2, {{0}}};
	struct signed_manifest *sm;

	assert_int_equal(ledger_head_at(t->broker->ledger, 2, &seen.hash), CONSIGN_OK);
	m->seen->checkpoint = &seen;
	sm = fixture_sign_manifest(&t->f, m);
	broker_hears_submit(t, &acme, 1, sm, fixture_body());
	broker_turn(t);
	const struct said *s = expect_said(t, &bolt);
	const struct session_deliver *d = s->command->deliver;

	assert_int_equal(d->position, 1);
	assert_true(slice_equal(s->body, fixture_body()));
	assert_true(slice_equal(s->manifest, fixture_encode(&t->f, &wire_signed_manifest, sm)));
	assert_int_equal(d->statement->openings.n, 1);
	assert_string_equal(d->statement->openings.v[0]->org.s, "bolt");
	assert_non_null(d->statement->path);
	assert_non_null(d->seen); /* from what the author had seen to this checkpoint */
	assert_null(d->tombstone);
	assert_int_equal(atomic_load(&t->broker->metrics->value[METRIC_DELIVERED]), 1);
	expect_silence(t, &bolt);
}

static void
test_deliver_keeps_within_the_window_and_sends_what_is_larger_alone(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");

	send_notes(t, &acme, 3);
	struct peer bolt = arrive_with(t, 1); /* smaller than any */
	const struct said *s = expect_said(t, &bolt);
	struct session_credit credit = {.bytes = 1u << 20};

	assert_int_equal(s->command->deliver->position, 1);
	expect_silence(t, &bolt);
	broker_hears_receipt(t, &bolt, broker_receipt(t, &bolt, s));
	broker_turn(t);
	assert_int_equal(expect_said(t, &bolt)->command->deliver->position, 2);
	expect_silence(t, &bolt);
	broker_hears(t, &bolt, &(struct session_command){.credit = &credit});
	broker_turn(t);
	assert_int_equal(expect_said(t, &bolt)->command->deliver->position, 3);
	assert_int_equal(broker_session(t, &bolt)->n_in_flight, 2);
}

static void
test_deliver_begins_with_what_has_no_receipt(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");

	send_notes(t, &acme, 3);
	assert_int_equal(expect_said(t, &bolt)->command->deliver->position, 1);
	broker_hears_receipt(t, &bolt, broker_receipt(t, &bolt, expect_said(t, &bolt))); /* for position 2 */
	broker_turn(t);
	bolt = arrive_with(t, 1u << 20);
	assert_int_equal(expect_said(t, &bolt)->command->deliver->position, 1);
	assert_int_equal(expect_said(t, &bolt)->command->deliver->position, 3);
	expect_silence(t, &bolt);
}

static void
test_deliver_says_once_that_mail_cannot_be_read_and_goes_on_when_it_can(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");

	send_notes(t, &acme, 1);
	t->read_err = CONSIGN_E_IO;
	struct peer bolt = arrive_with(t, 1u << 20);

	for (size_t i = 0; i < 3; i++) {
		t->tick(t->broker);
		broker_turn(t);
	}
	expect_silence(t, &bolt);
	assert_int_equal(logged(t, "deliver.failed") + logged(t, "settle.failed"), 1);
	assert_int_equal(broker_session(t, &bolt)->state, SESSION_AGENT);
	t->read_err = CONSIGN_OK;
	t->tick(t->broker);
	broker_turn(t);
	assert_int_equal(expect_said(t, &bolt)->command->deliver->position, 1);
	assert_false(broker_session(t, &bolt)->read_failed);
}

static void
test_deliver_reads_nothing_for_who_keeps_up(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");

	t->read_err = CONSIGN_E_IO;
	send_notes(t, &acme, 5);
	for (uint64_t position = 1; position <= 5; position++) {
		const struct said *s = expect_said(t, &bolt);

		assert_int_equal(s->command->deliver->position, position);
		assert_true(slice_equal(s->body, fixture_body()));
		if (position == 2) {
			broker_hears_receipt(t, &bolt, broker_receipt(t, &bolt, s));
			broker_turn(t);
		}
	}
	expect_silence(t, &bolt);
	assert_int_equal(logged(t, "deliver.failed"), 0);
	/* Another session begins again with what memory has, but for what was settled: there the store is asked. */
	struct peer again = arrive_with(t, 1u << 20);

	assert_int_equal(expect_said(t, &again)->command->deliver->position, 1);
	expect_silence(t, &again);
	assert_int_equal(logged(t, "deliver.failed"), 1);
	t->read_err = CONSIGN_OK;
	t->tick(t->broker);
	broker_turn(t);
	for (uint64_t position = 3; position <= 5; position++)
		assert_int_equal(expect_said(t, &again)->command->deliver->position, position);
	expect_silence(t, &again);
}

static void
test_deliver_never_sends_a_body_that_rotted(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");

	send_notes(t, &acme, 2);
	broker_sql(
	    t, "UPDATE consignment SET body = zeroblob(length(body)) WHERE leaf = (SELECT leaf FROM mailbox WHERE position = 1)");
	struct peer bolt = arrive_with(t, 1u << 20);

	for (size_t i = 0; i < 3; i++) {
		t->tick(t->broker);
		broker_turn(t);
	}
	expect_silence(t, &bolt); /* nor what is behind it */
	assert_true(broker_session(t, &bolt)->stuck);
	assert_int_equal(logged(t, "store.corrupt"), 1);
}

static void
test_deliver_takes_a_read_for_nobody(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_org(t, "bolt");

	send_notes(t, &acme, 1);
	broker_hello(t, &bolt); /* reads are under way */
	hear_all(t, &bolt);
	t->listener.closed(t->broker, bolt.route.fd);
	assert_null(broker_session(t, &bolt));
	broker_turn(t);
	expect_silence(t, &bolt);
	struct session_bye bye = {.code = CONSIGN_CODE_NONE};
	struct peer again = broker_org(t, "bolt");

	broker_hello(t, &again);
	hear_all(t, &again);
	broker_hears(t, &again, &(struct session_command){.bye = &bye});
	broker_turn(t);
	expect_silence(t, &again);
}

/* The reader sees a commit before this thread has taken it in: that mail waits for its proof. */
static void
test_deliver_waits_for_the_checkpoint_that_proves_it(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_org(t, "bolt");

	send_notes(t, &acme, 1);
	broker_hello(t, &bolt);
	hear_all(t, &bolt);
	broker_hears_submit(t, &acme, 1, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
	commit_flush(t->broker->committer); /* durable, not reaped */
	struct reader_job *job = t->reads;

	t->reads = NULL;
	while (job != NULL) {
		struct reader_job *next = job->next;

		job->done(job, job->read(job, t->broker->db));
		job = next;
	}
	assert_int_equal(expect_said(t, &bolt)->command->deliver->position, 1);
	expect_silence(t, &bolt);
	assert_true(broker_session(t, &bolt)->more);
	assert_int_equal(logged(t, "deliver.failed"), 0);
	broker_turn(t);
	assert_int_equal(expect_said(t, &bolt)->command->deliver->position, 2);
	expect_silence(t, &bolt);
}

static void
test_deliver_settles_until_it_is_confirmed(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");
	struct session_confirm confirm = {0};

	send_notes(t, &acme, 2);
	for (size_t i = 0; i < 2; i++) {
		broker_hears_receipt(t, &bolt, broker_receipt(t, &bolt, expect_said(t, &bolt)));
		broker_turn(t);
	}
	const struct session_settled *s = expect_said(t, &acme)->command->settled;

	assert_int_equal(s->settlements.n, 1);
	assert_non_null(s->settlements.v[0]->receipt);
	assert_non_null(s->settlements.v[0]->statement->path);
	expect_silence(t, &acme); /* the second waits for the confirmation of the first */
	confirm.cursor = s->cursor;
	broker_hears(t, &acme, &(struct session_command){.confirm = &confirm});
	broker_turn(t);
	s = expect_said(t, &acme)->command->settled;
	assert_int_equal(s->settlements.n, 1);
	assert_int_equal(s->cursor, confirm.cursor + 1);
	struct peer again = broker_agent(t, "acme"); /* not confirmed: it is said again */

	assert_int_equal(expect_said(t, &again)->command->settled->cursor, s->cursor);
}

static void
test_deliver_says_once_that_settlements_cannot_be_read(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");

	send_notes(t, &acme, 1);
	broker_hears_receipt(t, &bolt, broker_receipt(t, &bolt, expect_said(t, &bolt)));
	commit_flush(t->broker->committer);
	t->read_err = CONSIGN_E_CORRUPT;
	broker_turn(t);
	for (size_t i = 0; i < 3; i++) {
		t->tick(t->broker);
		broker_turn(t);
	}
	expect_silence(t, &acme);
	assert_int_equal(logged(t, "settle.failed"), 1);
	t->read_err = CONSIGN_OK;
	t->tick(t->broker);
	broker_turn(t);
	assert_int_equal(expect_said(t, &acme)->command->settled->settlements.n, 1);
}

/* Whichever allocation fails on the way of one consignment to its consignee and of its receipt back: the next tick brings it. */
static void
test_deliver_brings_it_whichever_allocation_fails(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	size_t nth = 1;

	send_notes(t, &acme, 1);
	for (bool failed = true; failed; nth++) {
		struct peer bolt = broker_agent(t, "bolt"); /* has it on its way: redelivered in this session */
		struct session *s = broker_session(t, &bolt);

		hear_all(t, &bolt);
		s->n_in_flight = 0;
		s->bytes_in_flight = 0;
		s->next_position = 1;
		s->more = true;
		failing_alloc(nth);
		deliver_pump(t->broker, s);
		broker_turn(t);
		failed = failing_end();
		if (s->state == SESSION_AGENT && s->n_in_flight == 0) {
			expect_silence(t, &bolt);
			if (!s->more) { /* no memory even to ask: whoever adds mail, or grants credit, asks again */
				struct session_credit credit = {.bytes = 1u << 20};

				s->more = true;
				broker_hears(t, &bolt, &(struct session_command){.credit = &credit});
			}
			t->tick(t->broker);
			broker_turn(t);
		}
		if (s->state == SESSION_AGENT)
			assert_int_equal(expect_said(t, &bolt)->command->deliver->position, 1);
		assert_true(failed || s->state == SESSION_AGENT);
		hear_all(t, &bolt);
	}
	assert_true(nth > 25); /* a delivery takes 29 since messages are read without a tree in between */
}

static void
test_deliver_settles_whichever_allocation_fails(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");
	size_t nth = 1;

	send_notes(t, &acme, 1);
	broker_hears_receipt(t, &bolt, broker_receipt(t, &bolt, expect_said(t, &bolt)));
	broker_turn(t);
	for (bool failed = true; failed; nth++) {
		struct peer again = broker_agent(t, "acme");
		struct session *s = broker_session(t, &again);

		hear_all(t, &again);
		s->settle_cursor = 0;
		s->settle_more = true;
		failing_alloc(nth);
		settle_pump(t->broker, s);
		broker_turn(t);
		failed = failing_end();
		if (s->state == SESSION_AGENT && s->settle_cursor == 0) {
			expect_silence(t, &again);
			assert_true(s->settle_more);
			t->tick(t->broker);
			broker_turn(t);
		}
		if (s->state == SESSION_AGENT)
			assert_int_equal(expect_said(t, &again)->command->settled->settlements.n, 1);
		assert_true(failed || s->state == SESSION_AGENT);
	}
	assert_true(nth > 20);
}

/* ... and whichever call on the store. */
static void
test_deliver_goes_on_whichever_call_on_the_store_fails(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");
	size_t nth = 1;

	send_notes(t, &acme, 1);
	broker_hears_receipt(t, &bolt, broker_receipt(t, &bolt, expect_said(t, &bolt)));
	broker_turn(t);
	send_notes(t, &acme, 1);
	for (bool failed = true; failed; nth++) {
		struct peer a = broker_org(t, "acme"), b = broker_org(t, "bolt");

		broker_hello(t, &a);
		broker_hello(t, &b);
		hear_all(t, &a);
		hear_all(t, &b);
		failing_db(nth, CONSIGN_E_IO);
		broker_turn(t);
		failed = failing_end();
		for (size_t i = 0; i < 2; i++) {
			t->tick(t->broker);
			broker_turn(t);
		}
		assert_int_equal(expect_said(t, &a)->command->settled->settlements.n, 1);
		assert_int_equal(expect_said(t, &b)->command->deliver->position, 2);
		expect_silence(t, &a);
		expect_silence(t, &b);
	}
	assert_true(nth > 20);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_deliver_##name, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(sends_what_was_accepted_with_its_proof),
	    CASE(keeps_within_the_window_and_sends_what_is_larger_alone),
	    CASE(begins_with_what_has_no_receipt),
	    CASE(says_once_that_mail_cannot_be_read_and_goes_on_when_it_can),
	    CASE(reads_nothing_for_who_keeps_up),
	    CASE(never_sends_a_body_that_rotted),
	    CASE(takes_a_read_for_nobody),
	    CASE(waits_for_the_checkpoint_that_proves_it),
	    CASE(settles_until_it_is_confirmed),
	    CASE(says_once_that_settlements_cannot_be_read),
	    CASE(brings_it_whichever_allocation_fails),
	    CASE(settles_whichever_allocation_fails),
	    CASE(goes_on_whichever_call_on_the_store_fails),
	};

	return cmocka_run_group_tests_name("broker/deliver", tests, NULL, NULL);
}
