/* When the agent renews its card, how long what is in it lives, and when an old seal key is destroyed: to the microsecond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "card.h"
#include "core/limits.h"
#include "keyed_agent.h"
#include "standing_clock.h"

#define BORN_US FIXTURE_NOW_US /* of the fixture's cards */

struct fixture {
	struct hub_fixture f;
	struct agent agent;
	uint64_t now_us;
	char home[64];
};

static struct arena *said;
static struct card *published; /* the last one, in `said`; NULL none */

enum uplink_state __wrap_uplink_state(const struct uplink *u);
enum consign_err __wrap_uplink_say(
    struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body);

enum uplink_state
__wrap_uplink_state(const struct uplink *u)
{
	(void)u;
	return UPLINK_UP;
}

enum consign_err
__wrap_uplink_say(struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body)
{
	(void)u;
	(void)manifest;
	(void)body;
	assert_non_null(command->publish);
	assert_int_equal(command->publish->documents->cards.n, 1);
	assert_int_equal(card_decode(command->publish->documents->cards.v[0]->document->content, said, &published), CONSIGN_OK);
	return CONSIGN_OK;
}

static int
setup(void **state)
{
	static struct consign_clock clock;
	struct fixture *t = calloc(1, sizeof *t);

	assert_non_null(t);
	published = NULL;
	assert_int_equal(arena_new(1u << 20, &said), CONSIGN_OK);
	clock = (struct consign_clock)STANDING_CLOCK(&t->now_us);
	t->now_us = BORN_US;
	keyed_agent_begin(&t->agent, &t->f, &clock, t->home);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	keyed_agent_end(&t->agent, &t->f, t->home);
	arena_free(&said);
	free(t);
	return 0;
}

static bool
renews_at(struct fixture *t, uint64_t now_us)
{
	published = NULL;
	t->now_us = now_us;
	card_tend(&t->agent);
	return published != NULL;
}

static void
test_card_is_renewed_when_it_is_older_than_a_week(void **state)
{
	struct fixture *t = *state;
	const uint64_t due_us = BORN_US + CONSIGN_CARD_RENEW_US;

	assert_false(renews_at(t, due_us));
	assert_true(renews_at(t, due_us + 1));
	assert_int_equal(published->version, 2);
	assert_int_equal(published->created_us, due_us + 1);
	assert_int_equal(published->expires_us, due_us + 1 + CONSIGN_CARD_LIFE_US);
	/* The new seal key stands in front, and the signing key is certified for longer. */
	assert_int_equal(published->seal_keys.n, 2);
	assert_int_equal(published->seal_keys.v[0]->not_before_us, due_us + 1 - CONSIGN_KEY_EARLY_US);
	assert_int_equal(published->seal_keys.v[0]->not_after_us, due_us + 1 + CONSIGN_KEY_LIFE_US);
	assert_int_equal(published->signing_keys.v[0]->not_after_us, due_us + 1 + CONSIGN_KEY_LIFE_US);
}

static void
test_card_destroys_a_seal_key_when_nothing_sealed_to_it_can_arrive(void **state)
{
	struct fixture *t = *state;
	const uint64_t end_us = BORN_US + CONSIGN_KEY_LIFE_US + CONSIGN_EXPIRES_MAX_US;
	struct secret *old;

	assert_int_equal(secret_new(&old), CONSIGN_OK);
	assert_int_equal(keyfile_put(t->agent.keys, "seal-old", BORN_US, old), CONSIGN_OK);
	secret_free(&old);
	t->agent.card_tried_us = end_us - 1; /* no renewal now */
	assert_false(renews_at(t, end_us - 1));
	assert_non_null(keyfile_find(t->agent.keys, "seal-old", NULL));
	assert_false(renews_at(t, end_us));
	assert_null(keyfile_find(t->agent.keys, "seal-old", NULL));
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_card_is_renewed_when_it_is_older_than_a_week),
	    TEST(test_card_destroys_a_seal_key_when_nothing_sealed_to_it_can_arrive),
	};

	return cmocka_run_group_tests_name("agents/card", tests, NULL, NULL);
}
