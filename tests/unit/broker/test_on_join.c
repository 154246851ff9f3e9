/* How long an invite lives, at the broker and to the microsecond: when it is announced, and when somebody comes with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker.h"
#include "core/limits.h"
#include "done_wraps.h"
#include "hub_fixture.h"
#include "standing_clock.h"

#define NOW_US FIXTURE_NOW_US

static uint64_t now_us = NOW_US;
static const struct consign_clock standing = STANDING_CLOCK(&now_us);

struct fixture {
	struct hub_fixture f;
	struct broker b;
	struct session s;
};

static int
setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	assert_non_null(t);
	hub_fixture_begin(&t->f, 1, 1);
	hub_fixture_standard(&t->f);
	t->b.clock = &standing;
	t->b.hub = hub_fixture_hub(&t->f, true);
	assert_int_equal(metrics_new(&t->b.metrics), CONSIGN_OK);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	metrics_free(&t->b.metrics);
	hub_free(&t->b.hub);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

static enum consign_code
announce(struct fixture *t, uint64_t expires_us)
{
	struct invite_notice notice = {.org = {"newcomer"}, .expires_us = expires_us};
	struct session_invite in = {.notice = &notice};
	struct session_command command = {.invite = &in};
	struct request r = {.session = &t->s, .command = &command};

	done_code = CONSIGN_CODE_NONE;
	on_invite(&t->b, &r);
	return done_code;
}

static void
test_on_invite_takes_a_life_of_two_weeks_and_not_a_microsecond_more(void **state)
{
	struct fixture *t = *state;

	assert_int_equal(announce(t, NOW_US + CONSIGN_INVITE_LIFE_US), CONSIGN_CODE_TRY_LATER);
	assert_int_equal(announce(t, NOW_US + 2 * CONSIGN_INVITE_LIFE_US), CONSIGN_CODE_TRY_LATER);
	assert_int_equal(announce(t, NOW_US + 2 * CONSIGN_INVITE_LIFE_US + 1), CONSIGN_CODE_DENIED);
	assert_string_equal(done_detail, "an invite must expire within two weeks");
	assert_int_equal(announce(t, NOW_US + 1), CONSIGN_CODE_TRY_LATER);
	assert_int_equal(announce(t, NOW_US), CONSIGN_CODE_DENIED);
}

static void
test_on_join_knows_an_invite_until_the_microsecond_of_its_end(void **state)
{
	struct fixture *t = *state;
	struct invited *invited = calloc(1, sizeof *invited);
	struct join_request request = {.org = {"newcomer"}};
	struct session_join in = {.join = &request};
	struct session_command command = {.join = &in};
	struct request r = {.session = &t->s, .command = &command};

	assert_non_null(invited);
	invited->notice.org = request.org;
	memset(invited->notice.transport_key.b, 7, 32);
	t->s.route.key = invited->notice.transport_key;
	snprintf(t->s.name, sizeof t->s.name, "newcomer");
	t->b.invited = invited;
	invited->notice.expires_us = NOW_US + 1;
	assert_true(admit_key(&t->b, &invited->notice.transport_key));
	on_join(&t->b, &r);
	assert_int_not_equal(done_code, CONSIGN_CODE_INVITE_UNKNOWN);
	invited->notice.expires_us = NOW_US;
	assert_false(admit_key(&t->b, &invited->notice.transport_key));
	on_join(&t->b, &r);
	assert_int_equal(done_code, CONSIGN_CODE_INVITE_UNKNOWN);
	free(invited);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_on_invite_takes_a_life_of_two_weeks_and_not_a_microsecond_more),
	    TEST(test_on_join_knows_an_invite_until_the_microsecond_of_its_end),
	};

	return cmocka_run_group_tests_name("broker/on_join", tests, NULL, NULL);
}
