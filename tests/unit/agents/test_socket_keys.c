/* Own keys over the socket: listed, and replaced by new ones, which is answered when those are in force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "door_fixture.h"
#include "doors/tool.h"

static void
ask_keys(struct client *c, uint64_t number, uint32_t rotate)
{
	ask(c, &(struct local_request){.number = number, .keys = &(struct local_keys){rotate}});
}

static void
test_socket_lists_own_keys(void **state)
{
	struct client c = client_open(*state);

	ask_keys(&c, 7, 0);
	struct local_reply *r = reply(&c);

	assert_int_equal(r->number, 7);
	assert_non_null(r->keys);
	assert_int_equal(r->keys->keys.n, 3);
	assert_int_equal(r->keys->keys.v[2]->use, LOCAL_KEY_TRANSPORT);
	assert_int_equal(r->keys->keys.v[2]->id.b[0], 2);
	assert_int_equal(r->keys->keys.v[2]->state, LOCAL_KEY_OLD);
	assert_int_equal(r->keys->keys.v[2]->created_us, T0);
	assert_int_equal(r->keys->keys.v[2]->until_us, T0 + 2);
	client_close(&c);
}

static void
test_socket_answers_a_rotation_when_the_new_keys_are_in_force(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);

	uplink_now = UPLINK_DOWN;
	keys_rotated = 0;
	ask_keys(&c, 1, LOCAL_KEY_SEAL);
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_TRY_LATER); /* no card is known */
	snprintf(f->agent.org.s, sizeof f->agent.org.s, "acme");
	ask_keys(&c, 2, LOCAL_KEY_SEAL);
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_TRY_LATER); /* not connected */
	assert_int_equal(keys_rotated, 0);
	uplink_now = UPLINK_UP;
	ask_keys(&c, 3, LOCAL_KEY_SEAL | LOCAL_KEY_TRANSPORT);
	turn(f, 3);
	assert_int_equal(keys_rotated, LOCAL_KEY_SEAL | LOCAL_KEY_TRANSPORT);
	socket_door_keys(f->agent.door);
	turn(f, 3);
	assert_int_equal(frames_in(&c), 0);
	keys_pending = LOCAL_KEY_TRANSPORT;
	socket_door_keys(f->agent.door);
	turn(f, 3);
	assert_int_equal(frames_in(&c), 0);
	keys_pending = 0;
	uplink_now = UPLINK_DOWN; /* with the old key no more, with the new one not yet */
	socket_door_keys(f->agent.door);
	turn(f, 3);
	assert_int_equal(frames_in(&c), 0);
	uplink_now = UPLINK_UP;
	socket_door_keys(f->agent.door);
	struct local_reply *r = reply(&c);

	assert_int_equal(r->number, 3);
	assert_non_null(r->keys);
	client_close(&c);
}

static void
test_socket_says_that_the_hub_refuses_the_card_with_the_new_keys(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);

	snprintf(f->agent.org.s, sizeof f->agent.org.s, "acme");
	uplink_now = UPLINK_UP;
	ask_keys(&c, 1, LOCAL_KEY_SIGNING);
	turn(f, 3);
	f->agent.card_code = CONSIGN_CODE_STALE_DOCUMENT; /* another card of ours was before it: it is made anew */
	socket_door_keys(f->agent.door);
	turn(f, 3);
	assert_int_equal(frames_in(&c), 0);
	f->agent.card_code = CONSIGN_CODE_DENIED;
	socket_door_keys(f->agent.door);
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_DENIED);
	/* Who has gone is not waited for. */
	ask_keys(&c, 2, LOCAL_KEY_SIGNING);
	turn(f, 3);
	client_close(&c);
	turn(f, 3);
	socket_door_keys(f->agent.door);
	assert_null(f->agent.door->rotating);
}

static void
test_socket_makes_no_more_signing_keys_than_a_card_holds(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct valid_key keys[CONSIGN_CARD_KEYS_MAX] = {0}, *list[CONSIGN_CARD_KEYS_MAX];

	snprintf(f->agent.org.s, sizeof f->agent.org.s, "acme");
	struct card *card = (struct card *)(uintptr_t)hub_card(f->agent.hub, "acme")->card;

	for (size_t i = 0; i < CONSIGN_CARD_KEYS_MAX; i++) {
		keys[i].not_after_us = T0 + 1;
		list[i] = &keys[i];
	}
	card->signing_keys.v = list;
	card->signing_keys.n = CONSIGN_CARD_KEYS_MAX;
	uplink_now = UPLINK_UP;
	keys_rotated = keys_pending = 0;
	ask_keys(&c, 1, LOCAL_KEY_SIGNING);
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_QUOTA);
	assert_int_equal(keys_rotated, 0);
	ask_keys(&c, 2, LOCAL_KEY_SEAL);
	turn(f, 3);
	assert_int_equal(keys_rotated, LOCAL_KEY_SEAL);
	keys_pending = keys_rotated = 0;
	keys[CONSIGN_CARD_KEYS_MAX - 1].not_after_us = T0; /* the oldest holds no more */
	ask_keys(&c, 3, LOCAL_KEY_SIGNING);
	turn(f, 3);
	assert_int_equal(keys_rotated, LOCAL_KEY_SIGNING);
	card->signing_keys.n = 0;
	client_close(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, door_setup, door_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_socket_lists_own_keys),
	    TEST(test_socket_answers_a_rotation_when_the_new_keys_are_in_force),
	    TEST(test_socket_says_that_the_hub_refuses_the_card_with_the_new_keys),
	    TEST(test_socket_makes_no_more_signing_keys_than_a_card_holds),
	};

	return cmocka_run_group_tests_name("agents/socket_keys", tests, NULL, NULL);
}
