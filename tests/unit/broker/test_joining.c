/* Invites and requests to join: what is taken, what is refused by which code, and that one token makes one request. */
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

/* A company that was invited, with what it needs to join. */
struct newcomer {
	struct consign_public_key transport;
	struct consign_hash token_hash;
	struct join_request join;
};

static struct newcomer
newcomer(struct broker_fixture *t, const char *org)
{
	struct newcomer n = {.token_hash = {{1, 2, 3}}};
	struct fixture_document *card = fixture_card(&t->f, org);

	n.transport = fixture_org(&t->f, org)->transport_public;
	snprintf(n.join.org.s, sizeof n.join.org.s, "%s", org);
	n.join.name = slice_text("A company");
	n.join.token_hash = n.token_hash;
	n.join.card = card->document->document;
	return n;
}

static void
invite(struct broker_fixture *t, const struct peer *admin, uint64_t request, const struct newcomer *n, uint64_t expires_us)
{
	struct invite_notice notice = {
	    .org = n->join.org, .transport_key = n->transport, .token_hash = n->token_hash, .expires_us = expires_us};
	struct session_invite in = {.request = request, .notice = &notice};

	broker_hears(t, admin, &(struct session_command){.invite = &in});
}

static void
invite_well(struct broker_fixture *t, const struct newcomer *n)
{
	struct peer admin = broker_administrator(t);

	invite(t, &admin, 7, n, t->wall_us + CONSIGN_INVITE_LIFE_US);
	expect_silence(t, &admin); /* not before it is durable */
	broker_turn(t);
	expect_done(t, &admin, 7, CONSIGN_CODE_NONE);
}

static struct peer
joining(struct broker_fixture *t, const struct newcomer *n)
{
	struct peer p = broker_peer(t, n->join.org.s, &n->transport, NULL, PARTY_JOINING);

	broker_hello(t, &p);
	return p;
}

static struct peer
welcome(struct broker_fixture *t, const struct newcomer *n)
{
	struct peer p = joining(t, n);

	assert_non_null(expect_said(t, &p)->command->welcome);
	expect_silence(t, &p); /* no documents */
	return p;
}

static void
join(struct broker_fixture *t, const struct peer *p, uint64_t request, const struct join_request *what)
{
	struct join_request copy = *what;
	struct session_join j = {.request = request, .join = &copy};

	broker_hears(t, p, &(struct session_command){.join = &j});
	broker_turn(t);
}

static const struct session_joins_reply *
query(struct broker_fixture *t, const char *org)
{
	struct peer admin = broker_administrator(t);
	struct session_joins_query q = {.request = 3};

	snprintf(q.org, sizeof q.org, "%s", org);
	broker_hears(t, &admin, &(struct session_command){.joins_query = &q});
	const struct session_joins_reply *r = expect_said(t, &admin)->command->joins_reply;

	assert_non_null(r);
	assert_int_equal(r->request, 3);
	return r;
}

static void
test_joining_invites_asks_and_shows_the_request(void **state)
{
	struct broker_fixture *t = *state;
	struct newcomer n = newcomer(t, "ever"), other = newcomer(t, "frey");
	uint64_t next = ledger_next(t->broker->ledger);

	assert_false(t->listener.admit(t->broker, &n.transport));
	invite_well(t, &n);
	invite_well(t, &other);
	assert_true(t->listener.admit(t->broker, &n.transport));
	struct peer p = welcome(t, &n);

	join(t, &p, 11, &n.join);
	expect_done(t, &p, 11, CONSIGN_CODE_NONE);
	assert_int_equal(ledger_next(t->broker->ledger), next + 3);
	const struct session_joins_reply *r = query(t, "ever");

	assert_int_equal(r->invites.n, 1);
	assert_int_equal(r->joins.n, 1);
	assert_string_equal(r->joins.v[0]->org.s, "ever");
	assert_true(slice_equal(r->joins.v[0]->name, slice_text("A company")));
	r = query(t, "");
	assert_int_equal(r->invites.n, 2);
	assert_int_equal(r->joins.n, 1);
	r = query(t, "nobody");
	assert_int_equal(r->invites.n + r->joins.n, 0);
}

static void
test_joining_keeps_invites_and_requests_over_a_restart(void **state)
{
	struct broker_fixture *t = *state;
	struct newcomer n = newcomer(t, "ever"), other = newcomer(t, "frey");
	char problem[256];

	invite_well(t, &n);
	invite_well(t, &other);
	struct peer p = welcome(t, &n);

	join(t, &p, 1, &n.join);
	expect_done(t, &p, 1, CONSIGN_CODE_NONE);
	broker_end(t);
	assert_int_equal(broker_begin(t, problem), CONSIGN_OK);
	const struct session_joins_reply *r = query(t, "");

	assert_int_equal(r->invites.n, 2);
	assert_int_equal(r->joins.n, 1);
	assert_true(t->listener.admit(t->broker, &other.transport));
}

static void
test_joining_refuses_an_invite(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);
	struct newcomer n = newcomer(t, "ever"), member = newcomer(t, "acme");

	invite(t, &admin, 1, &member, t->wall_us + 1000);
	expect_done(t, &admin, 1, CONSIGN_CODE_DENIED);
	invite(t, &admin, 2, &n, t->wall_us);
	expect_done(t, &admin, 2, CONSIGN_CODE_DENIED);
	invite(t, &admin, 3, &n, t->wall_us + 2 * CONSIGN_INVITE_LIFE_US + 1);
	expect_done(t, &admin, 3, CONSIGN_CODE_DENIED);
	invite(t, &admin, 4, &n, t->wall_us + 2 * CONSIGN_INVITE_LIFE_US);
	broker_turn(t);
	expect_done(t, &admin, 4, CONSIGN_CODE_NONE);
}

static void
test_joining_knows_no_invite_that_expired_or_is_of_another(void **state)
{
	struct broker_fixture *t = *state;
	struct newcomer n = newcomer(t, "ever"), stranger = newcomer(t, "frey"), other;

	invite_well(t, &n);
	struct peer p = joining(t, &stranger);

	expect_bye(t, &p, CONSIGN_CODE_INVITE_UNKNOWN);
	other = n;
	snprintf(other.join.org.s, sizeof other.join.org.s, "frey"); /* with the key of ever's invite */
	p = joining(t, &other);
	expect_bye(t, &p, CONSIGN_CODE_INVITE_UNKNOWN);
	p = welcome(t, &n);
	other = n;
	other.join.token_hash.b[0] ^= 1;
	join(t, &p, 1, &other.join);
	expect_done(t, &p, 1, CONSIGN_CODE_INVITE_UNKNOWN);
	join(t, &p, 2, &stranger.join);
	expect_done(t, &p, 2, CONSIGN_CODE_INVITE_UNKNOWN);
	t->wall_us += CONSIGN_INVITE_LIFE_US;
	join(t, &p, 3, &n.join);
	expect_done(t, &p, 3, CONSIGN_CODE_INVITE_UNKNOWN);
	assert_false(t->listener.admit(t->broker, &n.transport));
	p = joining(t, &n);
	expect_bye(t, &p, CONSIGN_CODE_INVITE_UNKNOWN);
}

static void
test_joining_takes_one_request_for_a_token(void **state)
{
	struct broker_fixture *t = *state;
	struct newcomer n = newcomer(t, "ever");

	invite_well(t, &n);
	struct peer p = welcome(t, &n);
	uint64_t next = ledger_next(t->broker->ledger);

	join(t, &p, 1, &n.join);
	expect_done(t, &p, 1, CONSIGN_CODE_NONE);
	join(t, &p, 2, &n.join);
	expect_done(t, &p, 2, CONSIGN_CODE_NONE);
	n.join.name = slice_text("Another company");
	join(t, &p, 3, &n.join);
	expect_done(t, &p, 3, CONSIGN_CODE_DENIED);
	assert_int_equal(ledger_next(t->broker->ledger), next + 1);
	assert_true(slice_equal(query(t, "ever")->joins.v[0]->name, slice_text("A company")));
}

static void
test_joining_makes_the_old_invite_useless_by_a_new_one(void **state)
{
	struct broker_fixture *t = *state;
	struct newcomer n = newcomer(t, "ever"), again = n;
	struct secret *secret;

	assert_int_equal(box_keypair(&secret, &again.transport), CONSIGN_OK);
	secret_free(&secret);
	again.join.token_hash.b[0] ^= 1;
	again.token_hash.b[0] ^= 1;
	invite_well(t, &n);
	struct peer p = welcome(t, &n);

	invite_well(t, &again);
	assert_int_equal(query(t, "")->invites.n, 1);
	join(t, &p, 1, &n.join);
	expect_done(t, &p, 1, CONSIGN_CODE_INVITE_UNKNOWN);
	p = joining(t, &n);
	expect_bye(t, &p, CONSIGN_CODE_INVITE_UNKNOWN);
	p = welcome(t, &again);
	join(t, &p, 2, &again.join);
	expect_done(t, &p, 2, CONSIGN_CODE_NONE);
}

static void
test_joining_promises_nothing_when_a_commit_fails(void **state)
{
	struct broker_fixture *t = *state;
	struct newcomer n = newcomer(t, "ever");
	struct peer admin = broker_administrator(t);

	t->commit_err = CONSIGN_E_FULL;
	invite(t, &admin, 1, &n, t->wall_us + 1000000);
	broker_turn(t);
	expect_done(t, &admin, 1, CONSIGN_CODE_TRY_LATER);
	t->commit_err = CONSIGN_OK;
	broker_recover(t);
	assert_false(t->listener.admit(t->broker, &n.transport));
	invite_well(t, &n);
	struct peer p = welcome(t, &n);

	t->commit_err = CONSIGN_E_IO;
	join(t, &p, 2, &n.join);
	expect_done(t, &p, 2, CONSIGN_CODE_TRY_LATER);
	t->commit_err = CONSIGN_OK;
	broker_recover(t);
	assert_int_equal(query(t, "")->joins.n, 0);
	join(t, &p, 3, &n.join);
	expect_done(t, &p, 3, CONSIGN_CODE_NONE);
	assert_int_equal(query(t, "")->joins.n, 1);
}

static void
test_joining_is_told_nothing_when_it_left_before_the_commit(void **state)
{
	struct broker_fixture *t = *state;
	struct newcomer n = newcomer(t, "ever");
	struct peer admin = broker_administrator(t);

	invite(t, &admin, 1, &n, t->wall_us + 1000000);
	t->listener.closed(t->broker, admin.route.fd);
	broker_turn(t);
	expect_silence(t, &admin);
	assert_true(t->listener.admit(t->broker, &n.transport));
}

/* The command whichever allocation fails, in hearing it or in its done: TRY_LATER or cut off; when it was done, it is stored. */
static void
walk(struct broker_fixture *t, const struct newcomer *n, bool joins)
{
	for (size_t nth = 1;; nth++) {
		struct peer p = joins ? welcome(t, n) : broker_administrator(t);
		struct invite_notice notice = {.org = n->join.org,
		    .transport_key = n->transport,
		    .token_hash = n->token_hash,
		    .expires_us = t->wall_us + CONSIGN_INVITE_LIFE_US};
		struct session_invite in = {.request = nth, .notice = &notice};
		struct join_request request = n->join;
		struct session_join j = {.request = nth, .join = &request};
		struct session_command command = {.invite = joins ? NULL : &in, .join = joins ? &j : NULL};
		struct consign_slice bytes = fixture_encode(&t->f, &wire_session_command, &command);
		unsigned dropped = t->dropped;

		failing_alloc(nth);
		broker_hears_frames(t, &p, &bytes, 1);
		broker_turn(t);
		bool failed = failing_end();

		broker_turn(t);
		if (t->broker->store_failed)
			broker_recover(t);
		if (t->dropped == dropped) {
			const struct session_command *c = expect_said(t, &p)->command;

			if (!failed) {
				assert_int_equal(c->done->code, CONSIGN_CODE_NONE);
				assert_true(nth > 10);
				break;
			}
			if (c->done == NULL || c->done->code != CONSIGN_CODE_NONE)
				assert_int_equal(c->done != NULL ? c->done->code : c->bye->code, CONSIGN_CODE_TRY_LATER);
			else
				assert_int_equal(joins ? query(t, "")->joins.n : query(t, "")->invites.n, 1);
		}
		assert_true(failed);
		hear_all(t, &p);
	}
}

static void
test_joining_survives_that_memory_is_out(void **state)
{
	struct broker_fixture *t = *state;
	struct newcomer n = newcomer(t, "ever");

	walk(t, &n, false);
	assert_int_equal(query(t, "")->invites.n, 1);
	walk(t, &n, true);
	assert_int_equal(query(t, "")->joins.n, 1);
	for (size_t nth = 1;; nth++) {
		struct peer admin = broker_administrator(t);
		struct session_joins_query q = {.request = nth};
		struct consign_slice bytes =
		    fixture_encode(&t->f, &wire_session_command, &(struct session_command){.joins_query = &q});
		unsigned dropped = t->dropped;

		failing_alloc(nth);
		broker_hears_frames(t, &admin, &bytes, 1);
		bool failed = failing_end();

		if (t->dropped > dropped)
			continue;
		const struct session_command *c = expect_said(t, &admin)->command;

		if (!failed) {
			assert_int_equal(c->joins_reply->joins.n, 1);
			break;
		}
		assert_int_equal(c->done != NULL ? c->done->code : c->bye->code, CONSIGN_CODE_TRY_LATER);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_joining_##name, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(invites_asks_and_shows_the_request),
	    CASE(keeps_invites_and_requests_over_a_restart),
	    CASE(refuses_an_invite),
	    CASE(knows_no_invite_that_expired_or_is_of_another),
	    CASE(takes_one_request_for_a_token),
	    CASE(makes_the_old_invite_useless_by_a_new_one),
	    CASE(promises_nothing_when_a_commit_fails),
	    CASE(is_told_nothing_when_it_left_before_the_commit),
	    CASE(survives_that_memory_is_out),
	};

	return cmocka_run_group_tests_name("broker/joining", tests, NULL, NULL);
}
