/* Frames that break the grammar of the session: what the peer hears, and that nothing else happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker_fixture.h"
#include "core/limits.h"

static struct session_ping ping = {.at_us = 77};
static struct session_command a_ping = {.ping = &ping};

/* The session is over: nothing more is read from it, and the next ticks cut its connection. */
static void
expect_ended(struct broker_fixture *t, const struct peer *p)
{
	unsigned dropped = t->dropped;

	assert_int_equal(broker_session(t, p)->state, SESSION_STATES);
	broker_hears(t, p, &a_ping);
	expect_silence(t, p);
	t->tick(t->broker);
	assert_int_equal(t->dropped, dropped);
	t->tick(t->broker);
	assert_int_equal(t->dropped, dropped + 1);
	assert_null(broker_session(t, p));
}

static void
test_dispatch_answers_a_ping(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");

	broker_hears(t, &acme, &a_ping);
	const struct said *s = expect_said(t, &acme);

	assert_non_null(s->command->pong);
	assert_int_equal(s->command->pong->at_us, 77);
	expect_silence(t, &acme);
}

static void
test_dispatch_refuses_a_command_of_another_state(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_org(t, "acme");

	broker_hears(t, &acme, &a_ping); /* before open */
	expect_bye(t, &acme, CONSIGN_CODE_STATE);
	assert_int_equal(atomic_load(&t->broker->metrics->refused[CONSIGN_CODE_STATE]), 1);
	assert_int_equal(atomic_load(&t->broker->metrics->value[METRIC_FRAMES_MALFORMED]), 1);
	expect_ended(t, &acme);
}

static void
test_dispatch_refuses_a_command_that_only_the_broker_sends(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");

	broker_hears(t, &acme, &(struct session_command){.pong = &ping});
	expect_bye(t, &acme, CONSIGN_CODE_STATE);
	expect_ended(t, &acme);
}

static void
test_dispatch_refuses_the_wrong_number_of_frames(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");
	struct session_submit submit = {.sequence = 1};
	struct consign_slice frames[3] = {
	    fixture_encode(&t->f, &wire_session_command, &a_ping), slice_text("a"), slice_text("b")};

	broker_hears(t, &acme, &(struct session_command){.submit = &submit});
	expect_bye(t, &acme, CONSIGN_CODE_MALFORMED);
	expect_ended(t, &acme);
	broker_hears_frames(t, &bolt, frames, 3);
	expect_bye(t, &bolt, CONSIGN_CODE_MALFORMED);
	expect_ended(t, &bolt);
}

static void
test_dispatch_refuses_what_is_malformed_or_over_its_limit(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");
	struct consign_slice garbage = slice_text("garbage");
	struct consign_slice large = {.len = CONSIGN_COMMAND_MAX_BYTES + 1};
	uint8_t *bytes = calloc(1, large.len);

	broker_hears_frames(t, &acme, &garbage, 1);
	expect_bye(t, &acme, CONSIGN_CODE_MALFORMED);
	expect_ended(t, &acme);
	large.data = bytes;
	broker_hears_frames(t, &bolt, &large, 1);
	expect_bye(t, &bolt, CONSIGN_CODE_TOO_BIG);
	expect_ended(t, &bolt);
	assert_int_equal(atomic_load(&t->broker->metrics->value[METRIC_FRAMES_MALFORMED]), 2);
	free(bytes);
}

/* Whichever allocation fails: TRY_LATER, or a cut connection, never a wrong answer; and the next ping is answered. */
static void
test_dispatch_survives_that_memory_is_out(void **state)
{
	struct broker_fixture *t = *state;
	struct consign_slice bytes = fixture_encode(&t->f, &wire_session_command, &a_ping);

	for (size_t nth = 1;; nth++) {
		struct peer acme = broker_agent(t, "acme");
		unsigned dropped = t->dropped;

		failing_alloc(nth);
		broker_hears_frames(t, &acme, &bytes, 1);
		bool failed = failing_end();

		if (!failed) {
			assert_non_null(expect_said(t, &acme)->command->pong);
			assert_true(nth > 3);
			break;
		}
		if (t->dropped == dropped)
			expect_bye(t, &acme, CONSIGN_CODE_TRY_LATER);
		expect_silence(t, &acme);
		assert_int_equal(broker_session(t, &acme)->state, SESSION_STATES);
	}
}

static void
test_dispatch_cuts_a_connection_when_there_is_no_memory_for_its_session(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_org(t, "acme");
	struct consign_slice bytes = fixture_encode(&t->f, &wire_session_command, &a_ping);

	failing_alloc(1);
	broker_hears_frames(t, &acme, &bytes, 1);
	assert_true(failing_end());
	assert_int_equal(t->dropped, 1);
	assert_null(broker_session(t, &acme));
	expect_silence(t, &acme);
}

/* While the store takes nothing: a submission comes again, ping and release go on, whoever wants something else waits too. */
static void
test_dispatch_decides_nothing_while_the_store_takes_nothing(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct session_fetch fetch = {.root_after = 1};
	struct session_release release = {{{0}}};

	t->broker->store_failed = true;
	broker_hears_submit(t, &acme, 9, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
	expect_later(t, &acme, 9, CONSIGN_CODE_TRY_LATER);
	broker_hears(t, &acme, &(struct session_command){.release = &release});
	expect_silence(t, &acme);
	broker_hears(t, &acme, &a_ping);
	assert_non_null(expect_said(t, &acme)->command->pong);
	broker_hears(t, &acme, &(struct session_command){.fetch = &fetch});
	expect_bye(t, &acme, CONSIGN_CODE_TRY_LATER);
	expect_ended(t, &acme);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_dispatch_##name, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(answers_a_ping),
	    CASE(refuses_a_command_of_another_state),
	    CASE(refuses_a_command_that_only_the_broker_sends),
	    CASE(refuses_the_wrong_number_of_frames),
	    CASE(refuses_what_is_malformed_or_over_its_limit),
	    CASE(survives_that_memory_is_out),
	    CASE(cuts_a_connection_when_there_is_no_memory_for_its_session),
	    CASE(decides_nothing_while_the_store_takes_nothing),
	};

	return cmocka_run_group_tests_name("broker/dispatch", tests, NULL, NULL);
}
