/* Turns: who is before whom in the line of a bucket, and what becomes of a line that somebody leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "turns.h"

#define SECOND UINT64_C(1000000)

/* A message is a second of it, a byte nothing. */
static const struct quota quota = {.messages = {60, 60 * SECOND}};

struct who {
	struct consign_id id;
	struct asker asker;
};

static struct who *
who(const char *consignor, uint8_t number)
{
	static struct who v[64];
	static size_t n;
	struct who *w = &v[n++ % 64];

	*w = (struct who){.id = {{number}}};
	w->asker = (struct asker){consignor, &w->id};
	return w;
}

static uint64_t
ahead(const struct turns *t, const char *consignor, uint8_t number)
{
	struct owed owed = {7, 7};

	turns_ahead(t, &who(consignor, number)->asker, &quota, &owed);
	assert_int_equal(owed.bytes_us, 0);
	return owed.messages_us / SECOND;
}

static void
stand(struct turns *t, const char *consignor, uint8_t number, uint64_t messages, uint64_t until_us)
{
	assert_true(turns_wait(t, &who(consignor, number)->asker, messages, 0, until_us));
}

static void
leave(struct turns *t, const char *consignor, uint8_t number, bool was_served)
{
	turns_leave(t, &who(consignor, number)->asker, was_served);
}

static void
test_turns_are_of_consignors_in_the_order_in_which_they_came(void **state)
{
	struct turns t = {0};

	(void)state;
	assert_int_equal(ahead(&t, "acme", 1), 0);
	stand(&t, "acme", 1, 200, 10);
	stand(&t, "bolt", 1, 3, 10);
	stand(&t, "cora", 1, 4, 10);
	assert_int_equal(t.n, 3);
	assert_int_equal(ahead(&t, "acme", 1), 0);
	assert_int_equal(ahead(&t, "bolt", 1), 200);
	assert_int_equal(ahead(&t, "cora", 1), 203);
	assert_int_equal(ahead(&t, "dora", 1), 207);
	assert_int_equal(ahead(&t, NULL, 1), 207);
	/* Asking again keeps the place. Another attempt may be smaller. */
	stand(&t, "acme", 1, 100, 20);
	assert_int_equal(ahead(&t, "bolt", 1), 100);
	/* Nobody is moved by who has no place, or is not in line. */
	leave(&t, "dora", 1, true);
	leave(&t, "acme", 9, true);
	turns_leave(&t, &(struct asker){0}, true);
	assert_false(turns_wait(&t, &(struct asker){0}, 1, 1, 10));
	assert_int_equal(ahead(&t, NULL, 1), 107);
	leave(&t, "acme", 1, true);
	assert_int_equal(ahead(&t, "bolt", 1), 0);
	assert_int_equal(t.n, 2);
	turns_clear(&t);
	assert_int_equal(t.n, 0);
	assert_int_equal(ahead(&t, "bolt", 1), 0);
}

/* Who has four waiting is served once before each other is. */
static void
test_turns_go_round_the_consignors_and_each_has_its_own_order(void **state)
{
	struct turns t = {0};

	(void)state;
	for (uint8_t i = 1; i <= CONSIGN_TURNS_MAX; i++)
		stand(&t, "acme", i, i, 10);
	stand(&t, "bolt", 1, 100, 10);
	assert_int_equal(t.n, 2);
	/* More of it than have a place stand nowhere. */
	assert_false(turns_wait(&t, &who("acme", 77)->asker, 1, 1, 10));
	assert_int_equal(ahead(&t, "acme", 77), 101);
	assert_int_equal(ahead(&t, "acme", 1), 0);
	assert_int_equal(ahead(&t, "acme", 2), 101);
	leave(&t, "acme", 1, true);
	assert_int_equal(ahead(&t, "bolt", 1), 0);
	assert_int_equal(ahead(&t, "acme", 2), 100);
	assert_int_equal(ahead(&t, "acme", 3), 102);
	/* What was given up makes its place no worse. */
	leave(&t, "bolt", 1, true);
	stand(&t, "bolt", 1, 100, 10);
	leave(&t, "acme", 2, false);
	assert_int_equal(ahead(&t, "acme", 3), 0);
	assert_int_equal(ahead(&t, "bolt", 1), 3);
	turns_clear(&t);
}

static void
test_turns_are_lost_by_who_does_not_ask_again(void **state)
{
	struct turns t = {0};

	(void)state;
	stand(&t, "acme", 1, 200, 10);
	stand(&t, "acme", 2, 2, 30);
	stand(&t, "bolt", 1, 3, 20);
	assert_true(turns_has(&t, 30));
	assert_false(turns_has(&t, 31));
	turns_drop_late(&t, 10);
	assert_int_equal(ahead(&t, "bolt", 1), 200);
	turns_drop_late(&t, 11);
	assert_int_equal(ahead(&t, "bolt", 1), 2);
	turns_drop_late(&t, 21);
	assert_int_equal(t.n, 1);
	assert_int_equal(ahead(&t, "bolt", 1), 2);
	turns_drop_late(&t, 31);
	assert_int_equal(t.n, 0);
	assert_null(t.first);
}

static void
test_turns_are_as_many_as_a_study_has_parties(void **state)
{
	struct turns t = {0};
	char org[32];

	(void)state;
	for (unsigned i = 0; i < CONSIGN_PARTIES_MAX; i++) {
		snprintf(org, sizeof org, "org-%u", i);
		stand(&t, org, 1, 256, 10);
	}
	assert_false(turns_wait(&t, &who("one-more", 1)->asker, 1, 1, 10));
	assert_int_equal(ahead(&t, "one-more", 1), 256u * CONSIGN_PARTIES_MAX);
	leave(&t, "org-5", 1, true);
	stand(&t, "one-more", 1, 1, 10);
	turns_clear(&t);
}

/* However many wait for however long: what is added up does not wrap. */
static void
test_turns_add_up_to_no_more_than_can_be_counted(void **state)
{
	static const struct quota byte_a_day = {.bytes = {1, CONSIGN_QUOTA_PERIOD_MAX_US}};
	struct turns t = {0};
	struct owed owed;
	struct rate rate = {0};
	char org[32];

	(void)state;
	for (unsigned i = 0; i < CONSIGN_PARTIES_MAX; i++) {
		snprintf(org, sizeof org, "org-%u", i);
		assert_true(turns_wait(&t, &who(org, 1)->asker, 1, CONSIGN_BODY_MAX_BYTES, 10));
	}
	turns_ahead(&t, &(struct asker){0}, &byte_a_day, &owed);
	assert_int_equal(owed.messages_us, 0);
	assert_int_equal(owed.bytes_us, UINT64_C(1) << 60);
	rate_add(&rate, &byte_a_day, SECOND, 1, CONSIGN_BODY_MAX_BYTES);
	assert_true(rate_wait_behind(&rate, &byte_a_day, SECOND, &owed, 1, CONSIGN_BODY_MAX_BYTES) > UINT64_C(1) << 60);
	turns_clear(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_turns_are_of_consignors_in_the_order_in_which_they_came),
	    cmocka_unit_test(test_turns_go_round_the_consignors_and_each_has_its_own_order),
	    cmocka_unit_test(test_turns_are_lost_by_who_does_not_ask_again),
	    cmocka_unit_test(test_turns_are_as_many_as_a_study_has_parties),
	    cmocka_unit_test(test_turns_add_up_to_no_more_than_can_be_counted),
	};

	return cmocka_run_group_tests_name("broker/turns", tests, NULL, NULL);
}
