/* Default subscriptions and alarms of a profile, under a clock that is turned by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"
#include "alarms.h"

#define HOUR_US (3600ull * 1000000)

static struct profile_watch watches[] = {
    {.name = "safety", .type = {"safety.*"}, .says = "the safety desk"},
    {.name = "one-study", .type = {"*"}, .study = {"S-1"}, .says = "one study"},
};

/* A profile with these watches and the given alarms. */
static struct alarms *
with_alarms(struct fixture *f, struct profile_alarm *alarms, size_t n)
{
	static struct profile profile;
	struct alarms *x;

	profile = (struct profile){.role = ROLE_CRO, .title = "x", .watches = {watches, 2}, .alarms = {alarms, n}};
	f->now_us = T0;
	assert_int_equal(alarms_new(&f->agent, &profile, &x), CONSIGN_OK);
	return x;
}

static struct profile_alarm
late(const char *type, const char *as)
{
	struct profile_alarm alarm = {
	    .when = PROFILE_UNACKNOWLEDGED, .within_us = HOUR_US, .within = "1h", .says = "late"};

	snprintf(alarm.type.s, sizeof alarm.type.s, "%s", type);
	snprintf(alarm.as, sizeof alarm.as, "%s", as);
	return alarm;
}

static void
assert_raised(struct alarms *x, uint64_t count, uint64_t since_us)
{
	struct alarm alarm;

	alarms_look(x);
	assert_true(alarms_raised(x, 0, &alarm));
	assert_int_equal(alarm.count, count);
	assert_int_equal(alarm.since_us, since_us);
}

static void
assert_quiet(struct alarms *x)
{
	struct alarm alarm;

	alarms_look(x);
	assert_false(alarms_raised(x, 0, &alarm));
}

/* ── subscriptions ── */

static void
test_alarms_turn_makes_the_subscriptions_that_are_not_there(void **state)
{
	struct fixture *f = *state;
	struct alarms *x = with_alarms(f, NULL, 0);
	struct subscription s;

	deliver_one(f, "safety.sae", "before");
	alarms_turn(x);
	alarms_turn(x); /* while the first waits for its commit */
	settle(f);
	assert_int_equal(subscription_find(f->agent.inbox, "safety", &s), CONSIGN_OK);
	assert_string_equal(s.type, "safety.*");
	assert_string_equal(s.study, "");
	assert_int_equal(s.cursor.seq, 0); /* from the start of the inbox: what came before is not lost */
	assert_int_equal(subscription_find(f->agent.inbox, "one-study", &s), CONSIGN_OK);
	assert_string_equal(s.type, "*");
	assert_string_equal(s.study, "S-1");
	alarms_free(&x);
}

static void
test_alarms_turn_leaves_a_subscription_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct subscription s = {.name = "safety", .type = "safety.sae"};
	struct alarms *x = with_alarms(f, NULL, 0);

	deliver_one(f, "safety.sae", "seen");
	subscription_create(f->agent.inbox, &s, true, on_told, f, 0);
	settle(f);
	alarms_turn(x);
	settle(f);
	assert_int_equal(subscription_find(f->agent.inbox, "safety", &s), CONSIGN_OK);
	assert_string_equal(s.type, "safety.sae");
	assert_int_equal(s.cursor.seq, 1);
	alarms_free(&x);
}

static void
test_alarms_turn_tries_again_after_a_failed_commit(void **state)
{
	struct fixture *f = *state;
	struct alarms *x = with_alarms(f, NULL, 0);
	struct subscription s;

	commit_error = CONSIGN_E_FULL;
	alarms_turn(x);
	settle(f);
	assert_true(store_failures > 0);
	assert_int_equal(subscription_find(f->agent.inbox, "safety", &s), CONSIGN_E_NOT_FOUND);
	commit_error = CONSIGN_OK;
	commit_resume(f->agent.committer);
	alarms_turn(x);
	settle(f);
	assert_int_equal(subscription_find(f->agent.inbox, "safety", &s), CONSIGN_OK);
	alarms_free(&x);
}

/* ── what is not acknowledged ── */

static void
test_alarms_count_what_is_older_than_its_time(void **state)
{
	struct fixture *f = *state;
	struct profile_alarm alarm = late("safety.*", "default");
	struct alarms *x = with_alarms(f, &alarm, 1);

	deliver_one(f, "safety.sae", "1");
	deliver_one(f, "x.other", "2");
	deliver_one(f, "safety.icsr", "3");
	assert_quiet(x);
	f->now_us = T0 + HOUR_US; /* the first was received one microsecond behind T0 */
	assert_quiet(x);
	f->now_us = T0 + 1 + HOUR_US;
	assert_raised(x, 1, T0 + 1);
	f->now_us = T0 + 2 * HOUR_US;
	assert_raised(x, 2, T0 + 1);
	alarms_free(&x);
}

static void
test_alarms_end_with_the_acknowledgement_of_their_subscription_or_of_default(void **state)
{
	struct fixture *f = *state;
	struct profile_alarm alarm = late("safety.*", "safety");
	struct alarms *x = with_alarms(f, &alarm, 1);

	alarms_turn(x);
	settle(f);
	for (size_t i = 0; i < 4; i++)
		deliver_one(f, "safety.sae", "x");
	f->now_us = T0 + 2 * HOUR_US;
	assert_raised(x, 4, T0 + 1);
	ack_one(f, "safety", 3, 0); /* beyond its place */
	assert_raised(x, 3, T0 + 1);
	ack_one(f, "safety", 1, 0); /* moves its place */
	assert_raised(x, 2, T0 + 2);
	ack_one(f, "one-study", 2, 0); /* not this one's */
	assert_raised(x, 2, T0 + 2);
	ack_one(f, "default", 2, 0);
	assert_raised(x, 1, T0 + 4);
	ack_one(f, "default", 4, 0);
	assert_quiet(x);
	deliver_one(f, "safety.sae", "5");
	ack_one(f, "default", 5, 0);
	assert_quiet(x);
	alarms_free(&x);
}

static void
test_alarms_see_what_was_acknowledged_before_they_looked(void **state)
{
	struct fixture *f = *state;
	struct profile_alarm alarm = late("x.*", "default");
	struct alarms *x = with_alarms(f, &alarm, 1);
	struct mail_item items[] = {{0, "x.a", "1", 0, false}, {1, "x.b", "2", 0, true}, {2, "x.c", "3", 0, false}};

	deliver_one(f, "x.a", "1");
	deliver(f, &(struct mail){.items = items, .n = 3});
	ack_one(f, "default", 2, 2);
	f->now_us = T0 + 2 * HOUR_US;
	/* Left: the first, and of the bundle one; one of its items was rejected. */
	assert_raised(x, 2, T0 + 1);
	ack_one(f, "default", 1, 0);
	assert_raised(x, 1, T0 + 2);
	ack_one(f, "default", 2, 0);
	assert_quiet(x);
	alarms_free(&x);
}

static void
test_alarms_look_at_the_study_of_their_subscription_only(void **state)
{
	struct fixture *f = *state;
	struct profile_alarm alarm = late("x.*", "one-study");
	struct alarms *x = with_alarms(f, &alarm, 1);
	struct mail_item item = {0, "x.a", "1", 0, false};

	alarms_turn(x);
	settle(f);
	deliver(f, &(struct mail){.items = &item, .n = 1, .study = "S-2"});
	f->now_us = T0 + 2 * HOUR_US;
	assert_quiet(x);
	deliver(f, &(struct mail){.items = &item, .n = 1, .study = "S-1"});
	f->now_us = T0 + 4 * HOUR_US;
	assert_raised(x, 1, T0 + 2);
	alarms_free(&x);
}

static void
test_alarms_do_not_sound_when_the_clock_was_set_back(void **state)
{
	struct fixture *f = *state;
	struct profile_alarm alarm = late("x.*", "default");
	struct alarms *x = with_alarms(f, &alarm, 1);

	deliver_one(f, "x.a", "1");
	f->now_us = T0 - 5 * HOUR_US;
	assert_quiet(x);
	alarms_free(&x);
}

static void
test_alarms_say_or_more_when_there_are_more_than_they_remember(void **state)
{
	struct fixture *f = *state;
	struct profile_alarm alarm = late("x.*", "default");
	struct alarms *x = with_alarms(f, &alarm, 1);
	struct inbox_cursor places[ALARM_OPEN_MAX];
	struct alarm raised;

	deliver_many(f, ALARM_OPEN_MAX, "x.a");
	f->now_us = T0 + 2 * HOUR_US;
	assert_raised(x, ALARM_OPEN_MAX, T0 + 1);
	deliver_many(f, 10, "x.a");
	assert_raised(x, ALARM_OPEN_MAX, T0 + 1);
	assert_true(alarms_raised(x, 0, &raised));
	assert_true(raised.is_more);
	for (uint32_t i = 0; i < ALARM_OPEN_MAX; i++)
		places[i] = (struct inbox_cursor){i + 1, 0};
	ack_places(f, "default", places, ALARM_OPEN_MAX);
	assert_raised(x, 10, T0 + ALARM_OPEN_MAX + 1);
	assert_true(alarms_raised(x, 0, &raised));
	assert_false(raised.is_more);
	alarms_free(&x);
}

static void
test_alarms_turn_goes_through_a_long_inbox_in_bounded_steps(void **state)
{
	struct fixture *f = *state;
	struct profile_alarm alarm = late("x.late", "default");
	struct alarms *x = with_alarms(f, &alarm, 1);
	struct alarm raised;
	unsigned turns = 0;

	deliver_many(f, 3000, "x.other");
	deliver_one(f, "x.late", "the last");
	f->now_us = T0 + 2 * HOUR_US; /* and stands: turns follow without waiting a minute while there is more */
	do {
		alarms_turn(x);
		turns++;
	} while (!alarms_raised(x, 0, &raised) && turns < 100);
	assert_int_equal(turns, 3);
	assert_int_equal(raised.since_us, T0 + 3001);
	settle(f);
	alarms_free(&x);
}

static void
test_alarms_turn_looks_once_a_minute(void **state)
{
	struct fixture *f = *state;
	struct profile_alarm alarm = late("x.*", "default");
	struct alarms *x = with_alarms(f, &alarm, 1);
	struct alarm raised;

	deliver_one(f, "x.a", "1");
	f->now_us = T0 + HOUR_US;
	alarms_turn(x); /* at the start */
	assert_false(alarms_raised(x, 0, &raised));
	f->now_us += ALARM_EVERY_US - 1;
	alarms_turn(x);
	assert_false(alarms_raised(x, 0, &raised));
	f->now_us += 1;
	alarms_turn(x);
	assert_true(alarms_raised(x, 0, &raised));
	settle(f);
	alarms_free(&x);
}

/* ── what was refused ── */

static void
test_alarms_count_refusals_of_their_time_and_type(void **state)
{
	struct fixture *f = *state;
	struct profile_alarm alarm = {
	    .type = {"quality.*"}, .when = PROFILE_REFUSED, .within_us = HOUR_US, .within = "1h", .says = "refused"};
	struct alarms *x = with_alarms(f, &alarm, 1);

	/* T0 is 1800000000000000. */
	run_sql(f, "INSERT INTO refused_item (id, idx, at_us, type, org, code, rule, detail) VALUES"
		   " (x'01', 0, 1800000001000000, 'quality.coa', 'acme', 1, '', ''),"
		   " (x'01', 1, 1800000002000000, 'batch.release', 'acme', 1, '', '')");
	run_sql(f, "INSERT INTO local_refusal (id, at_us, consignees, study, type, label, org, code, rule, detail) VALUES"
		   " (x'02', 1800000003000000, 'acme', 'S-1', 'quality.deviation', 1, 'acme', 1, '', '')");
	f->now_us = T0 + 10000000;
	assert_raised(x, 2, T0 + 1000000);
	f->now_us = T0 + 1000000 + HOUR_US;
	assert_raised(x, 1, T0 + 3000000);
	f->now_us = T0 + 3000000 + HOUR_US;
	assert_quiet(x);
	alarms_free(&x);
}

static void
test_alarms_are_told_in_the_order_of_the_profile(void **state)
{
	struct fixture *f = *state;
	struct profile_alarm alarms[] = {late("x.a", "default"), late("x.b", "default"), late("x.c", "default")};
	struct alarms *x = with_alarms(f, alarms, 3);
	struct alarm raised;

	deliver_one(f, "x.c", "1");
	deliver_one(f, "x.a", "2");
	f->now_us = T0 + 2 * HOUR_US;
	alarms_look(x);
	assert_true(alarms_raised(x, 0, &raised));
	assert_ptr_equal(raised.profile, &alarms[0]);
	assert_true(alarms_raised(x, 1, &raised));
	assert_ptr_equal(raised.profile, &alarms[2]);
	assert_false(alarms_raised(x, 2, &raised));
	alarms_free(&x);
}

static void
test_alarms_without_a_profile_do_nothing(void **state)
{
	struct fixture *f = *state;
	struct alarms *x;
	struct alarm raised;

	assert_int_equal(alarms_new(&f->agent, NULL, &x), CONSIGN_OK);
	alarms_turn(x);
	alarms_look(x);
	assert_null(alarms_profile(x));
	assert_false(alarms_raised(x, 0, &raised));
	assert_int_equal(commit_waiting(f->agent.committer), 0);
	alarms_free(&x);
	alarms_free(&x);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_alarms_turn_makes_the_subscriptions_that_are_not_there),
	    TEST(test_alarms_turn_leaves_a_subscription_as_it_is),
	    TEST(test_alarms_turn_tries_again_after_a_failed_commit),
	    TEST(test_alarms_count_what_is_older_than_its_time),
	    TEST(test_alarms_end_with_the_acknowledgement_of_their_subscription_or_of_default),
	    TEST(test_alarms_see_what_was_acknowledged_before_they_looked),
	    TEST(test_alarms_look_at_the_study_of_their_subscription_only),
	    TEST(test_alarms_do_not_sound_when_the_clock_was_set_back),
	    TEST(test_alarms_say_or_more_when_there_are_more_than_they_remember),
	    TEST(test_alarms_turn_goes_through_a_long_inbox_in_bounded_steps),
	    TEST(test_alarms_turn_looks_once_a_minute),
	    TEST(test_alarms_count_refusals_of_their_time_and_type),
	    TEST(test_alarms_are_told_in_the_order_of_the_profile),
	    TEST(test_alarms_without_a_profile_do_nothing),
	};

	return cmocka_run_group_tests_name("alarms", tests, NULL, NULL);
}
