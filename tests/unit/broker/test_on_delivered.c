/* Delivery receipts and confirmations: what is taken, what ends the session, and that nothing is settled without its commit. */
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

struct mail {
	struct broker_fixture *t;
	struct peer acme, bolt;
	const struct said *delivery;
};

/* One consignment on its way to bolt. */
static struct mail
deliver_one(struct broker_fixture *t)
{
	struct mail m = {t, broker_agent(t, "acme"), broker_agent(t, "bolt"), NULL};

	broker_hears_submit(t, &m.acme, 1, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
	broker_turn(t);
	expect_acceptance(t, &m.acme, 1);
	m.delivery = expect_said(t, &m.bolt);
	return m;
}

static uint64_t
settled(struct broker_fixture *t)
{
	return atomic_load(&t->broker->metrics->value[METRIC_SETTLED]);
}

static void
test_on_delivered_makes_a_leaf_and_tells_the_consignor(void **state)
{
	struct mail m = deliver_one(*state);
	uint64_t next = ledger_next(m.t->broker->ledger);
	struct delivery_receipt *r = broker_receipt(m.t, &m.bolt, m.delivery);
	struct consign_hash digest;
	struct ledger_record *record = NULL;

	broker_hears_receipt(m.t, &m.bolt, r);
	expect_silence(m.t, &m.acme);
	assert_int_equal(broker_session(m.t, &m.bolt)->n_in_flight, 1);
	broker_turn(m.t);
	assert_int_equal(broker_session(m.t, &m.bolt)->n_in_flight, 0);
	assert_int_equal(broker_session(m.t, &m.bolt)->bytes_in_flight, 0);
	const struct settlement *s = expect_said(m.t, &m.acme)->command->settled->settlements.v[0];

	assert_int_equal(s->statement->leaf->index, next);
	assert_int_equal(ledger_record_decode(s->statement->leaf->record, m.t->arena, &record), CONSIGN_OK);
	hash_sha256(r->content, &digest);
	assert_memory_equal(record->delivered->receipt_digest.b, digest.b, 32);
	assert_true(slice_equal(s->receipt->content, r->content));
	assert_int_equal(settled(m.t), 1);
}

static void
test_on_delivered_takes_the_same_receipt_twice_as_once(void **state)
{
	struct mail m = deliver_one(*state);
	struct delivery_receipt *r = broker_receipt(m.t, &m.bolt, m.delivery);
	uint64_t next = ledger_next(m.t->broker->ledger);

	broker_hears_receipt(m.t, &m.bolt, r);
	broker_hears_receipt(m.t, &m.bolt, r); /* while the first waits for its commit */
	broker_turn(m.t);
	assert_int_equal(settled(m.t), 1);
	assert_int_equal(ledger_next(m.t->broker->ledger), next + 1);
	assert_int_equal(broker_session(m.t, &m.bolt)->state, SESSION_AGENT);
	broker_hears_receipt(m.t, &m.bolt, r); /* after it: that mail is not on its way any more */
	expect_bye(m.t, &m.bolt, CONSIGN_CODE_STATE);
}

static void
change_content(struct mail *m, struct delivery_receipt *r, void (*change)(struct delivery_receipt_content *c))
{
	struct delivery_receipt_content *c = NULL;

	assert_int_equal(delivery_receipt_content_decode(r->content, m->t->arena, &c), CONSIGN_OK);
	change(c);
	r->content = fixture_encode(&m->t->f, &wire_delivery_receipt_content, c);
	sign_make(m->bolt.signing, SIGN_DELIVERY, &m->t->f.hub_id, r->content, &r->signature);
}

static void
other_position(struct delivery_receipt_content *c)
{
	c->position = 2;
}

static void
other_hub(struct delivery_receipt_content *c)
{
	c->hub_id.b[0] ^= 1;
}

static void
other_consignee(struct delivery_receipt_content *c)
{
	c->consignee = (struct consign_org){"cora"};
}

static void
other_consignor(struct delivery_receipt_content *c)
{
	c->consignor = (struct consign_org){"cora"};
}

static void
other_id(struct delivery_receipt_content *c)
{
	c->consignment_id.b[15] ^= 1;
}

static void
other_digest(struct delivery_receipt_content *c)
{
	c->manifest_digest.b[0] ^= 1;
}

static void
test_on_delivered_ends_a_session_by_a_receipt_for_other_mail(void **state)
{
	static void (*const changes[])(struct delivery_receipt_content * c) = {
	    other_position, other_hub, other_consignee, other_consignor, other_id, other_digest};
	struct mail m = deliver_one(*state);

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct delivery_receipt *r = broker_receipt(m.t, &m.bolt, m.delivery);

		change_content(&m, r, changes[i]);
		broker_hears_receipt(m.t, &m.bolt, r);
		expect_bye(m.t, &m.bolt, CONSIGN_CODE_STATE);
		m.bolt = broker_agent(m.t, "bolt");
		m.delivery = expect_said(m.t, &m.bolt); /* it is delivered again */
	}
	assert_int_equal(settled(m.t), 0);
}

static void
other_root(struct delivery_receipt_content *c)
{
	c->seen->root->hash.b[0] ^= 1;
}

static void
newer_root(struct delivery_receipt_content *c)
{
	c->seen->root->version++;
}

static void
other_ledger(struct delivery_receipt_content *c)
{
	static struct checkpoint_ref ref = {.size = 1};

	c->seen->checkpoint = &ref;
}

static void
longer_ledger(struct delivery_receipt_content *c)
{
	static struct checkpoint_ref ref = {.size = 1000000};

	c->seen->checkpoint = &ref;
}

/* Its consignor would hold it against this broker, which has not shown what it speaks of. */
static void
test_on_delivered_ends_a_session_by_a_receipt_that_has_seen_another_history(void **state)
{
	static void (*const changes[])(struct delivery_receipt_content * c) = {other_root, newer_root, other_ledger, longer_ledger};
	struct mail m = deliver_one(*state);

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct delivery_receipt *r = broker_receipt(m.t, &m.bolt, m.delivery);

		change_content(&m, r, changes[i]);
		broker_hears_receipt(m.t, &m.bolt, r);
		expect_bye(m.t, &m.bolt, CONSIGN_CODE_CHAIN_BROKEN);
		m.bolt = broker_agent(m.t, "bolt");
		m.delivery = expect_said(m.t, &m.bolt); /* it is delivered again */
	}
	assert_int_equal(settled(m.t), 0);
}

static struct checkpoint_ref *to_see;

static void
sees(struct delivery_receipt_content *c)
{
	c->seen->checkpoint = to_see;
}

/* Receipts that had seen the same ledger share its proof, which the consignor can follow. */
static void
test_on_delivered_proves_to_the_consignor_what_the_consignee_had_seen(void **state)
{
	struct mail m = deliver_one(*state);
	struct broker_fixture *t = m.t;
	const struct said *second;
	const struct checkpoint *now;
	static struct checkpoint_ref ref;

	broker_hears_submit(t, &m.acme, 2, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
	broker_turn(t);
	expect_acceptance(t, &m.acme, 2);
	second = expect_said(t, &m.bolt);
	now = ledger_checkpoint(t->broker->ledger);
	ref = (struct checkpoint_ref){now->size, now->head};
	const struct said *const deliveries[] = {m.delivery, second};

	for (size_t i = 0; i < 2; i++) {
		struct delivery_receipt *r = broker_receipt(t, &m.bolt, deliveries[i]);

		to_see = &ref;
		change_content(&m, r, sees);
		broker_hears_receipt(t, &m.bolt, r);
	}
	broker_turn(t);
	const struct session_settled *s = expect_said(t, &m.acme)->command->settled;
	struct checkpoint checkpoint;

	assert_int_equal(s->settlements.n, 2);
	assert_int_equal(s->seen.n, 1);
	assert_int_equal(s->seen.v[0]->size, ref.size);
	checkpoint = *ledger_checkpoint(t->broker->ledger);
	assert_int_equal(tree_verify_consistency(ref.size, &ref.hash, checkpoint.size, &checkpoint.head, s->seen.v[0]->path->path.v,
			     s->seen.v[0]->path->path.n), CONSIGN_OK);
}

static void
test_on_delivered_ends_a_session_by_a_bad_signature(void **state)
{
	struct mail m = deliver_one(*state);
	struct delivery_receipt *r = broker_receipt(m.t, &m.bolt, m.delivery);

	r->signature.b[3] ^= 1;
	broker_hears_receipt(m.t, &m.bolt, r);
	expect_bye(m.t, &m.bolt, CONSIGN_CODE_STATE);
	m.bolt = broker_agent(m.t, "bolt");
	r = broker_receipt(m.t, &m.bolt, expect_said(m.t, &m.bolt));
	r->signing_key_id.b[0] ^= 1;
	broker_hears_receipt(m.t, &m.bolt, r);
	expect_bye(m.t, &m.bolt, CONSIGN_CODE_STATE);
	m.bolt = broker_agent(m.t, "bolt");
	r = broker_receipt(m.t, &m.bolt, expect_said(m.t, &m.bolt));
	r->content = slice_text("garbage");
	broker_hears_receipt(m.t, &m.bolt, r);
	expect_bye(m.t, &m.bolt, CONSIGN_CODE_MALFORMED);
	assert_int_equal(settled(m.t), 0);
}

static void
test_on_delivered_settles_nothing_when_the_commit_fails(void **state)
{
	struct mail m = deliver_one(*state);
	struct broker_fixture *t = m.t;

	t->commit_err = CONSIGN_E_IO;
	broker_hears_receipt(t, &m.bolt, broker_receipt(t, &m.bolt, m.delivery));
	broker_turn(t);
	expect_bye(t, &m.bolt, CONSIGN_CODE_TRY_LATER);
	t->commit_err = CONSIGN_OK;
	broker_recover(t);
	expect_silence(t, &m.acme);
	assert_int_equal(settled(t), 0);
	m.bolt = broker_agent(t, "bolt");
	broker_hears_receipt(t, &m.bolt, broker_receipt(t, &m.bolt, expect_said(t, &m.bolt)));
	broker_turn(t);
	assert_int_equal(expect_said(t, &m.acme)->command->settled->settlements.n, 1);
	assert_int_equal(settled(t), 1);
}

static void
test_on_delivered_confirms_what_was_sent_only(void **state)
{
	struct mail m = deliver_one(*state);
	struct broker_fixture *t = m.t;
	struct session_confirm confirm = {.cursor = 1};

	broker_hears(t, &m.acme, &(struct session_command){.confirm = &confirm});
	expect_bye(t, &m.acme, CONSIGN_CODE_STATE);
	m.acme = broker_agent(t, "acme");
	broker_hears_receipt(t, &m.bolt, broker_receipt(t, &m.bolt, m.delivery));
	broker_turn(t);
	confirm.cursor = expect_said(t, &m.acme)->command->settled->cursor + 1;
	broker_hears(t, &m.acme, &(struct session_command){.confirm = &confirm});
	expect_bye(t, &m.acme, CONSIGN_CODE_STATE);
}

static void
test_on_delivered_keeps_settlements_when_a_confirmation_cannot_be_stored(void **state)
{
	struct mail m = deliver_one(*state);
	struct broker_fixture *t = m.t;
	struct session_confirm confirm;

	broker_hears_receipt(t, &m.bolt, broker_receipt(t, &m.bolt, m.delivery));
	broker_turn(t);
	confirm.cursor = expect_said(t, &m.acme)->command->settled->cursor;
	t->commit_err = CONSIGN_E_FULL;
	broker_hears(t, &m.acme, &(struct session_command){.confirm = &confirm});
	broker_turn(t);
	expect_bye(t, &m.acme, CONSIGN_CODE_TRY_LATER);
	t->commit_err = CONSIGN_OK;
	broker_recover(t);
	m.acme = broker_agent(t, "acme");
	assert_int_equal(expect_said(t, &m.acme)->command->settled->cursor, confirm.cursor);
	broker_hears(t, &m.acme, &(struct session_command){.confirm = &confirm});
	t->listener.closed(t->broker, m.acme.route.fd); /* gone before the commit */
	broker_turn(t);
	m.acme = broker_agent(t, "acme");
	expect_silence(t, &m.acme);
}

/* Whichever allocation fails: the session ends, and the receipt counts once in the end. */
static void
test_on_delivered_settles_once_whichever_allocation_fails(void **state)
{
	struct mail m = deliver_one(*state);
	struct broker_fixture *t = m.t;
	size_t nth = 1;

	for (;; nth++) {
		struct delivery_receipt *receipts[] = {broker_receipt(t, &m.bolt, m.delivery)};
		struct session_delivered delivered = {.receipts = {receipts, 1}};
		struct consign_slice bytes =
		    fixture_encode(&t->f, &wire_session_command, &(struct session_command){.delivered = &delivered});

		failing_alloc(nth);
		broker_hears_frames(t, &m.bolt, &bytes, 1);
		bool failed = failing_end();

		broker_turn(t);
		if (t->broker->store_failed)
			broker_recover(t);
		if (!failed)
			break;
		assert_int_equal(broker_session(t, &m.bolt)->state, SESSION_STATES);
		assert_int_equal(settled(t), 0);
		m.bolt = broker_agent(t, "bolt");
		m.delivery = expect_said(t, &m.bolt);
	}
	assert_true(nth > 15);
	assert_int_equal(settled(t), 1);
	uint64_t cursor = expect_said(t, &m.acme)->command->settled->cursor;

	for (nth = 1;; nth++) {
		struct session_confirm confirm = {.cursor = cursor};
		struct consign_slice bytes =
		    fixture_encode(&t->f, &wire_session_command, &(struct session_command){.confirm = &confirm});

		failing_alloc(nth);
		broker_hears_frames(t, &m.acme, &bytes, 1);
		bool failed = failing_end();

		broker_turn(t);
		if (!failed)
			break;
		assert_int_equal(broker_session(t, &m.acme)->state, SESSION_STATES);
		m.acme = broker_agent(t, "acme");
		assert_int_equal(expect_said(t, &m.acme)->command->settled->cursor, cursor);
	}
	m.acme = broker_agent(t, "acme");
	expect_silence(t, &m.acme);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_on_delivered_##name, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(makes_a_leaf_and_tells_the_consignor),
	    CASE(takes_the_same_receipt_twice_as_once),
	    CASE(ends_a_session_by_a_receipt_for_other_mail),
	    CASE(ends_a_session_by_a_receipt_that_has_seen_another_history),
	    CASE(proves_to_the_consignor_what_the_consignee_had_seen),
	    CASE(ends_a_session_by_a_bad_signature),
	    CASE(settles_nothing_when_the_commit_fails),
	    CASE(confirms_what_was_sent_only),
	    CASE(keeps_settlements_when_a_confirmation_cannot_be_stored),
	    CASE(settles_once_whichever_allocation_fails),
	};

	return cmocka_run_group_tests_name("broker/on_delivered", tests, NULL, NULL);
}
