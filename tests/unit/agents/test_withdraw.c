/* Mail of a company that turns out to be compromised: from which leaf on, whose, and that it stays as proof. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"
#include "withdraw.h"

/* The fixture's leaves: 101, 102, 103 … */
#define LEAF(n) (100u + (n))

static void
deliver_from(struct fixture *f, unsigned consignor)
{
	const struct mail_item items[2] = {{0, "x.a", "one", 0, false}, {1, "x.b", "two", 0, true}};

	deliver(f, &(struct mail){.items = items, .n = 2, .consignor = consignor});
}

static uint64_t
withdrawn(struct fixture *f, const char *consignor, uint64_t since)
{
	uint64_t n = 77;

	assert_int_equal(withdraw_mail(f->writer, consignor, since, &n), CONSIGN_OK);
	return n;
}

static size_t
shown(struct fixture *f)
{
	struct inbox_query q = {.type = "", .study = "", .acked_by = "", .max = 100, .max_bytes = 1024};
	struct local_message **v;
	struct inbox_cursor cursor;
	size_t n;
	bool more;

	assert_int_equal(inbox_list(f->agent.inbox, &q, f->arena, &v, &n, &cursor, &more), CONSIGN_OK);
	return n;
}

static void
test_withdraw_takes_from_tools_what_was_accepted_at_the_leaf_or_after_it(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 4; i++)
		deliver_from(f, 0);
	assert_int_equal(shown(f), 4);
	assert_int_equal(withdrawn(f, "acme", LEAF(5)), 0);
	assert_int_equal(shown(f), 4);
	assert_int_equal(withdrawn(f, "acme", LEAF(3)), 2);
	assert_int_equal(shown(f), 2);
	assert_int_equal(withdrawn(f, "acme", LEAF(3)), 0);
	assert_int_equal(withdrawn(f, "acme", 0), 2);
	assert_int_equal(shown(f), 0);
}

static void
test_withdraw_leaves_others_mail_alone(void **state)
{
	struct fixture *f = *state;

	deliver_from(f, 0);
	deliver_from(f, 1);
	deliver_from(f, 0);
	deliver_from(f, 2);
	assert_int_equal(withdrawn(f, "nobody", 0), 0);
	assert_int_equal(withdrawn(f, "acme", 0), 2);
	assert_int_equal(shown(f), 2);
}

static void
test_withdraw_keeps_the_proof_and_lets_subscriptions_pass(void **state)
{
	struct fixture *f = *state;
	struct inbox_facts facts;
	struct subscription s;

	deliver_from(f, 0);
	deliver_from(f, 1);
	assert_int_equal(withdrawn(f, "acme", 0), 1);
	assert_int_equal(inbox_facts(f->agent.inbox, &facts), CONSIGN_OK);
	assert_int_equal(facts.consignments, 2);
	assert_int_equal(ack_one(f, "default", 2, 0), 1);
	assert_int_equal(subscription_find(f->agent.inbox, "default", &s), CONSIGN_OK);
	assert_int_equal(s.cursor.seq, 2); /* it does not wait for mail that nobody is given */
}

static void
test_withdraw_says_corrupt_when_a_row_is_not_what_was_written(void **state)
{
	struct fixture *f = *state;
	uint64_t n = 77;

	deliver_from(f, 0);
	run_sql(f, "UPDATE inbox SET outcomes = x'0100'");
	assert_int_equal(withdraw_mail(f->writer, "acme", 0, &n), CONSIGN_E_CORRUPT);
	assert_int_equal(n, 77);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_withdraw_takes_from_tools_what_was_accepted_at_the_leaf_or_after_it),
	    TEST(test_withdraw_leaves_others_mail_alone),
	    TEST(test_withdraw_keeps_the_proof_and_lets_subscriptions_pass),
	    TEST(test_withdraw_says_corrupt_when_a_row_is_not_what_was_written),
	};

	return cmocka_run_group_tests_name("withdraw", tests, NULL, NULL);
}
