/*
 * Every kind of act whose commit fails, at whichever call on the store: nothing of it is there, whoever asked hears
 * TRY_LATER or is asked to connect again, and the same again is done once.
 */
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

/* What an act may need from one try to the next. */
struct context {
	struct broker_fixture *t;
	struct peer peer;
	struct signed_manifest *sm;
	struct session_documents *documents;
	struct join_request join;
	uint64_t number;
};

/* Does the act, in a session of its own, and turns; true when whoever asked was told that it is done. */
typedef bool an_act(struct context *c);

/* Fails at each call in turn; returns how many there are. The act is done once, at the end. */
static size_t
walk(struct context *c, an_act *act)
{
	struct broker_fixture *t = c->t;

	for (size_t step = 1;; step++) {
		uint64_t before = ledger_next(t->broker->ledger);

		t->apply_fails_at = step;
		t->has_failed = false;
		c->number = step;
		bool done = act(c);

		t->apply_fails_at = 0;
		assert_int_equal(done, !t->has_failed);
		if (!t->has_failed)
			return step - 1;
		assert_true(t->broker->store_failed);
		broker_recover(t);
		assert_int_equal(ledger_next(t->broker->ledger), before);
		assert_int_equal(ledger_checkpoint(t->broker->ledger)->size, before);
	}
}

static bool
is_refused(struct context *c)
{
	struct peer acme = broker_agent(c->t, "acme");

	broker_hears_submit(c->t, &acme, c->number, c->sm, fixture_body());
	broker_turn(c->t);
	const struct session_command *said = expect_said(c->t, &acme)->command;

	if (said->answers == NULL)
		assert_int_equal(said->try_later->code, CONSIGN_CODE_TRY_LATER);
	return said->answers != NULL;
}

static void
test_commits_of_a_refusal(void **state)
{
	struct broker_fixture *t = *state;
	struct context c = {.t = t};
	struct manifest *m = broker_note(t);

	snprintf(m->items.v[0]->type.s, sizeof m->items.v[0]->type.s, "x.other");
	c.sm = fixture_sign_manifest(&t->f, m);
	assert_true(walk(&c, is_refused) >= 4);
	uint64_t next = ledger_next(t->broker->ledger);

	assert_true(is_refused(&c));
	assert_int_equal(ledger_next(t->broker->ledger), next);
}

static void
send_note(struct broker_fixture *t)
{
	struct peer acme = broker_agent(t, "acme");
	struct manifest *m = broker_note(t);

	m->created_us = t->wall_us;
	m->expires_us = t->wall_us + 1000;
	broker_hears_submit(t, &acme, 1, fixture_sign_manifest(&t->f, m), fixture_body());
	broker_turn(t);
	expect_acceptance(t, &acme, 1);
}

static bool
is_delivered(struct context *c)
{
	struct peer bolt = broker_agent(c->t, "bolt");

	broker_hears_receipt(c->t, &bolt, broker_receipt(c->t, &bolt, expect_said(c->t, &bolt)));
	broker_turn(c->t);
	if (broker_session(c->t, &bolt)->state == SESSION_AGENT)
		return true;
	expect_bye(c->t, &bolt, CONSIGN_CODE_TRY_LATER);
	return false;
}

static bool
is_confirmed(struct context *c)
{
	struct peer acme = broker_agent(c->t, "acme");
	struct session_confirm confirm = {.cursor = expect_said(c->t, &acme)->command->settled->cursor};

	broker_hears(c->t, &acme, &(struct session_command){.confirm = &confirm});
	broker_turn(c->t);
	if (broker_session(c->t, &acme)->state == SESSION_AGENT)
		return true;
	expect_bye(c->t, &acme, CONSIGN_CODE_TRY_LATER);
	return false;
}

static void
test_commits_of_a_delivery_receipt_and_its_confirmation(void **state)
{
	struct broker_fixture *t = *state;
	struct context c = {.t = t};

	send_note(t);
	assert_true(walk(&c, is_delivered) >= 8);
	assert_int_equal(atomic_load(&t->broker->metrics->value[METRIC_SETTLED]), 1);
	struct peer bolt = broker_agent(t, "bolt");

	expect_silence(t, &bolt);
	assert_true(walk(&c, is_confirmed) >= 2);
	struct peer acme = broker_agent(t, "acme");

	expect_silence(t, &acme);
}

static bool
is_buried(struct context *c)
{
	uint64_t before = atomic_load(&c->t->broker->metrics->value[METRIC_EXPIRED]);

	c->t->expire(c->t->broker);
	broker_turn(c->t);
	return atomic_load(&c->t->broker->metrics->value[METRIC_EXPIRED]) > before;
}

static void
test_commits_of_a_tombstone(void **state)
{
	struct broker_fixture *t = *state;
	struct context c = {.t = t};

	send_note(t);
	t->wall_us += 1000;
	assert_true(walk(&c, is_buried) >= 6);
	assert_false(is_buried(&c));
}

/* done with NONE, or with TRY_LATER */
static bool
is_done(struct context *c, const struct peer *p)
{
	broker_turn(c->t);
	const struct session_done *done = expect_said(c->t, p)->command->done;

	assert_int_equal(done->request, c->number);
	if (done->code != CONSIGN_CODE_NONE)
		assert_int_equal(done->code, CONSIGN_CODE_TRY_LATER);
	hear_all(c->t, p);
	return done->code == CONSIGN_CODE_NONE;
}

static bool
is_published(struct context *c)
{
	broker_hears_publish(c->t, &c->peer, c->number, c->documents);
	return is_done(c, &c->peer);
}

static bool
is_invited(struct context *c)
{
	struct invite_notice notice = {.org = c->join.org,
	    .transport_key = fixture_org(&c->t->f, c->join.org.s)->transport_public,
	    .token_hash = c->join.token_hash,
	    .expires_us = c->t->wall_us + 1000000};
	struct session_invite in = {.request = c->number, .notice = &notice};

	broker_hears(c->t, &c->peer, &(struct session_command){.invite = &in});
	return is_done(c, &c->peer);
}

static bool
has_joined(struct context *c)
{
	struct peer p =
	    broker_peer(c->t, c->join.org.s, &fixture_org(&c->t->f, c->join.org.s)->transport_public, NULL, PARTY_JOINING);
	struct session_join join = {.request = c->number, .join = &c->join};

	broker_hello(c->t, &p);
	assert_non_null(expect_said(c->t, &p)->command->welcome);
	broker_hears(c->t, &p, &(struct session_command){.join = &join});
	return is_done(c, &p);
}

static void
test_commits_of_an_invite_a_request_and_the_card_that_ends_them(void **state)
{
	struct broker_fixture *t = *state;
	struct context c = {
	    .t = t, .peer = broker_administrator(t), .join = {.org = {"ever"}, .name = slice_text("Ever"), .token_hash = {{5}}}};
	struct fixture_document *card = fixture_card(&t->f, "ever");
	struct session_documents *d = fixture_none(&t->f, 0);

	c.join.card = card->document->document;
	assert_true(walk(&c, is_invited) >= 4);
	assert_true(walk(&c, has_joined) >= 4);
	fixture_add_directory(&t->f, d, fixture_directory(&t->f, FIXTURE_ALL_SIGN));
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	fixture_add_card(&t->f, d, card);
	c.documents = broker_unproven(t, d);
	assert_non_null(t->broker->invited);
	assert_true(walk(&c, is_published) >= 8);
	assert_null(t->broker->invited);
	assert_int_equal(hub_card(t->broker->hub, "ever")->card->version, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_commits_##name, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(of_a_refusal),
	    CASE(of_a_delivery_receipt_and_its_confirmation),
	    CASE(of_a_tombstone),
	    CASE(of_an_invite_a_request_and_the_card_that_ends_them),
	};

	return cmocka_run_group_tests_name("broker/commits", tests, NULL, NULL);
}
