/*
 * Own keys, from being made to being destroyed: what is in the key file and on the published card at each step, and after a
 * start in between. The broker's part is played by the test: it takes in what was published.
 */
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
#include "keyring.h"
#include "reception.h"
#include "standing_clock.h"

struct fixture {
	struct hub_fixture f;
	struct agent agent;
	struct consign_clock clock;
	uint64_t now_us;
	char home[64];
	struct buf documents; /* the last that were published, encoded; empty: none since */
	struct arena *arena;
};

static struct fixture *here;
static enum uplink_state state_now;
static uint64_t durable_position;

enum uplink_state __wrap_uplink_state(const struct uplink *u);
enum consign_err __wrap_uplink_say(
    struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body);
uint64_t __wrap_reception_durable(const struct reception *r);

enum uplink_state
__wrap_uplink_state(const struct uplink *u)
{
	(void)u;
	return state_now;
}

enum consign_err
__wrap_uplink_say(struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body)
{
	(void)u;
	(void)manifest;
	(void)body;
	buf_reset(&here->documents);
	return session_documents_encode(command->publish->documents, &here->documents);
}

uint64_t
__wrap_reception_durable(const struct reception *r)
{
	(void)r;
	return durable_position;
}

static void
put_key(struct fixture *t, const char *prefix, const struct secret *key, const struct consign_public_key *public_key)
{
	char name[KEYFILE_NAME_BYTES];
	struct consign_key_id id;
	size_t n = (size_t)snprintf(name, sizeof name, "%s", prefix);

	key_id_of(public_key, &id);
	for (size_t i = 0; prefix[n - 1] == '-' && i < sizeof id.b; i++)
		snprintf(name + n + 2 * i, 3, "%02x", id.b[i]);
	assert_int_equal(keyfile_put(t->agent.keys, name, t->now_us, key), CONSIGN_OK);
}

static int
setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	assert_non_null(t);
	here = t;
	state_now = UPLINK_UP;
	durable_position = 0;
	t->clock = (struct consign_clock)STANDING_CLOCK(&t->now_us);
	t->now_us = FIXTURE_NOW_US + FIXTURE_DAY_US;
	keyed_agent_begin(&t->agent, &t->f, &t->clock, t->home);
	t->agent.reception = (struct reception *)t; /* asked for its position only */
	const struct fixture_org *acme = fixture_org(&t->f, "acme");

	put_key(t, "signing-", acme->signing, &acme->signing_public);
	put_key(t, "seal-", acme->seal, &acme->seal_public);
	put_key(t, "transport", acme->transport, &acme->transport_public);
	put_key(t, "storage", acme->seal, &acme->seal_public); /* any: it never rotates */
	assert_int_equal(keyfile_save(t->agent.keys, t->agent.key_path), CONSIGN_OK);
	assert_int_equal(arena_new(1u << 20, &t->arena), CONSIGN_OK);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	keyed_agent_end(&t->agent, &t->f, t->home);
	buf_clear(&t->documents);
	arena_free(&t->arena);
	free(t);
	return 0;
}

/* The card that was published since the last look; fails when there is none. */
static const struct card *
published(struct fixture *t)
{
	struct session_documents *d = NULL;
	struct card *card = NULL;

	assert_true(t->documents.len > 0);
	assert_int_equal(session_documents_decode(buf_slice(&t->documents), t->arena, &d), CONSIGN_OK);
	assert_int_equal(d->cards.n, 1);
	assert_int_equal(card_decode(d->cards.v[0]->document->content, t->arena, &card), CONSIGN_OK);
	return card;
}

/* What was published is in force. */
static void
take_in(struct fixture *t)
{
	char problem[HUB_PROBLEM_BYTES];
	struct hub_stage *stage;

	assert_true(t->documents.len > 0);
	if (hub_stage(t->agent.hub, buf_slice(&t->documents), HUB_PUBLISH, &stage, problem) != CONSIGN_OK)
		fail_msg("%s", problem);
	hub_adopt(t->agent.hub, &stage);
	buf_reset(&t->documents);
}

/* Killed, and started again: what the key file on the disk says. */
static void
start_again(struct fixture *t)
{
	keyfile_free(&t->agent.keys);
	assert_int_equal(keyfile_open(t->agent.key_path, NULL, NULL, &t->agent.keys), CONSIGN_OK);
	t->agent.card_tried_us = 0;
	t->agent.keys_unsettled = false;
	buf_reset(&t->documents);
}

/* How many keys of the file on the disk begin so. */
static size_t
count(struct fixture *t, const char *prefix)
{
	struct keyfile *file;
	size_t n = 0;

	assert_int_equal(keyfile_open(t->agent.key_path, NULL, NULL, &file), CONSIGN_OK);
	for (size_t i = 0; i < keyfile_count(file); i++)
		n += strncmp(keyfile_name_at(file, i), prefix, strlen(prefix)) == 0;
	keyfile_free(&file);
	return n;
}

#define assert_keys(T, NEXT, SIGNING, SEAL, TRANSPORT)                                                                                \
	do {                                                                                                                          \
		assert_int_equal(count(T, "next-") + count(T, "only-"), NEXT);                                                        \
		assert_int_equal(count(T, "signing-"), SIGNING);                                                                      \
		assert_int_equal(count(T, "seal-"), SEAL);                                                                            \
		assert_int_equal(count(T, "transport"), TRANSPORT);                                                                   \
	} while (0)

/* A session that began when our newest card was in force, and how long our mailbox was then. */
static void
begin_session(struct fixture *t, uint64_t position)
{
	t->agent.mailbox_card = hub_card(t->agent.hub, "acme")->card->version;
	t->agent.mailbox_position = position;
}

static void
test_keyring_new_keys_are_on_the_disk_before_the_card_that_names_them(void **state)
{
	struct fixture *t = *state;
	const struct card *old = hub_card(t->agent.hub, "acme")->card;

	assert_int_equal(card_rotate(&t->agent, KEY_ALL), CONSIGN_OK);
	const struct card *card = published(t);

	assert_keys(t, 3, 1, 1, 1);
	assert_int_equal(card->version, old->version + 1);
	/* The old signing key stays for what it has signed; the old seal key is offered no more. */
	assert_int_equal(card->signing_keys.n, 2);
	assert_memory_equal(card->signing_keys.v[1]->key.b, old->signing_keys.v[0]->key.b, 32);
	assert_int_equal(card->signing_keys.v[1]->not_after_us, old->signing_keys.v[0]->not_after_us);
	assert_int_equal(card->signing_keys.v[0]->not_before_us, t->now_us - CONSIGN_KEY_EARLY_US);
	assert_int_equal(card->signing_keys.v[0]->not_after_us, t->now_us + CONSIGN_KEY_LIFE_US);
	assert_int_equal(card->seal_keys.n, 1);
	assert_memory_not_equal(card->seal_keys.v[0]->key.b, old->seal_keys.v[0]->key.b, 32);
	assert_memory_not_equal(card->transport_key.b, old->transport_key.b, 32);
	assert_memory_equal(card->identity_key.b, old->identity_key.b, 32);
}

static void
test_keyring_one_use_leaves_the_others_alone(void **state)
{
	struct fixture *t = *state;
	const struct card *old = hub_card(t->agent.hub, "acme")->card;

	assert_int_equal(card_rotate(&t->agent, KEY_TRANSPORT), CONSIGN_OK);
	const struct card *card = published(t);

	assert_memory_equal(card->signing_keys.v[0]->key.b, old->signing_keys.v[0]->key.b, 32);
	assert_memory_equal(card->seal_keys.v[0]->key.b, old->seal_keys.v[0]->key.b, 32);
	assert_memory_not_equal(card->transport_key.b, old->transport_key.b, 32);
}

static void
test_keyring_goes_over_once_the_card_is_durable(void **state)
{
	struct fixture *t = *state;
	struct consign_key_id before, after;
	struct consign_public_key key;

	assert_non_null(agent_signing_key(&t->agent, &before));
	assert_int_equal(card_rotate(&t->agent, KEY_ALL), CONSIGN_OK);
	const struct card *card = published(t);

	assert_non_null(agent_signing_key(&t->agent, &after));
	assert_true(key_id_equal(&before, &after)); /* nobody knows the new one yet */
	box_public(keyring_transport(&t->agent, false), &key);
	assert_memory_not_equal(key.b, card->transport_key.b, 32);
	box_public(keyring_transport(&t->agent, true), &key); /* unless only the broker knows */
	assert_memory_equal(key.b, card->transport_key.b, 32);
	t->agent.documents_waiting = 1;
	take_in(t);
	keyring_settle(&t->agent);
	assert_keys(t, 3, 1, 1, 1);
	/* Everything finds the new keys all the same. */
	key_id_of(&card->signing_keys.v[0]->key, &before);
	assert_non_null(agent_signing_key(&t->agent, &after));
	assert_true(key_id_equal(&before, &after));
	key_id_of(&card->seal_keys.v[0]->key, &before);
	assert_non_null(agent_seal_key(&t->agent, &before));
	box_public(keyring_transport(&t->agent, false), &key);
	assert_memory_equal(key.b, card->transport_key.b, 32);
	t->agent.documents_waiting = 0;
	keyring_settle(&t->agent);
	assert_keys(t, 0, 1, 2, 1); /* the old seal key: mail sealed to it may be on its way */
	assert_true(t->agent.keys_unsettled);
	assert_non_null(agent_signing_key(&t->agent, &after));
	box_public(keyring_transport(&t->agent, false), &key);
	assert_memory_equal(key.b, card->transport_key.b, 32);
}

static void
test_keyring_destroys_an_old_seal_key_when_the_mailbox_of_then_is_here(void **state)
{
	struct fixture *t = *state;

	begin_session(t, 0); /* under the old card */
	assert_int_equal(card_rotate(&t->agent, KEY_SEAL), CONSIGN_OK);
	take_in(t);
	keyring_settle(&t->agent);
	assert_keys(t, 0, 1, 2, 1);
	assert_int_equal(restarts, 1); /* this session cannot tell */
	keyring_settle(&t->agent);
	assert_int_equal(restarts, 1);
	durable_position = 100;
	keyring_settle(&t->agent);
	assert_keys(t, 0, 1, 2, 1); /* what it said was before the card */
	begin_session(t, 101);
	keyring_settle(&t->agent);
	assert_keys(t, 0, 1, 2, 1);
	durable_position = 101;
	keyring_settle(&t->agent);
	assert_keys(t, 0, 1, 1, 1);
	assert_false(t->agent.keys_unsettled);
	assert_int_equal(restarts, 1);
}

static void
test_keyring_goes_on_with_what_was_made_before_a_kill(void **state)
{
	struct fixture *t = *state;
	struct buf before = {0};

	state_now = UPLINK_DOWN; /* it never left */
	assert_int_equal(card_rotate(&t->agent, KEY_ALL), CONSIGN_OK);
	assert_int_equal(t->documents.len, 0);
	assert_keys(t, 3, 1, 1, 1);
	start_again(t);
	state_now = UPLINK_UP;
	card_tend(&t->agent);
	const struct card *card = published(t);

	assert_int_equal(card->signing_keys.n, 2);
	assert_int_equal(card->seal_keys.n, 1); /* still to be the only one */
	assert_keys(t, 3, 1, 1, 1);
	/* Killed again, and the broker has it: the same card comes back as the newest. */
	assert_int_equal(buf_append(&before, buf_slice(&t->documents)), CONSIGN_OK);
	start_again(t);
	assert_int_equal(buf_append(&t->documents, buf_slice(&before)), CONSIGN_OK);
	take_in(t);
	card_tend(&t->agent);
	assert_int_equal(t->documents.len, 0); /* nothing is left to publish */
	assert_keys(t, 0, 1, 2, 1);
	begin_session(t, 0);
	start_again(t);
	card_tend(&t->agent);
	assert_keys(t, 0, 1, 1, 1);
	buf_clear(&before);
}

static void
test_keyring_asked_twice_makes_one_key(void **state)
{
	struct fixture *t = *state;

	assert_int_equal(card_rotate(&t->agent, KEY_SIGNING), CONSIGN_OK);
	assert_int_equal(card_rotate(&t->agent, KEY_SIGNING), CONSIGN_OK);
	assert_int_equal(count(t, "next-signing-"), 1);
	assert_int_equal(published(t)->signing_keys.n, 2);
}

static void
test_keyring_weekly_renewal_keeps_offering_the_old_seal_key(void **state)
{
	struct fixture *t = *state;

	t->now_us = FIXTURE_NOW_US + CONSIGN_CARD_RENEW_US + 1;
	card_tend(&t->agent);
	assert_int_equal(published(t)->seal_keys.n, 2);
	take_in(t);
	begin_session(t, 0);
	keyring_settle(&t->agent);
	assert_keys(t, 0, 1, 2, 1);
	assert_int_equal(restarts, 0);
}

static void
test_keyring_keeps_everything_when_the_file_cannot_be_saved(void **state)
{
	struct fixture *t = *state;
	size_t before = keyfile_count(t->agent.keys);

	snprintf(t->agent.key_path, sizeof t->agent.key_path, "%s/nowhere/agent.key", t->home);
	assert_int_not_equal(card_rotate(&t->agent, KEY_ALL), CONSIGN_OK);
	assert_int_equal(keyfile_count(t->agent.keys), before);
	assert_int_equal(t->documents.len, 0);
	snprintf(t->agent.key_path, sizeof t->agent.key_path, "%s/agent.key", t->home);
	assert_keys(t, 0, 1, 1, 1);
}

static void
test_keyring_signs_with_what_it_has_when_the_store_is_older_than_the_key_file(void **state)
{
	struct fixture *t = *state;
	struct hub *old = hub_fixture_hub(&t->f, true);
	struct consign_key_id after, id;

	assert_int_equal(card_rotate(&t->agent, KEY_SIGNING), CONSIGN_OK);
	const struct card *card = published(t);

	take_in(t);
	keyring_settle(&t->agent);
	hub_free(&t->agent.hub);
	t->agent.hub = old;
	key_id_of(&card->signing_keys.v[0]->key, &after);
	assert_non_null(agent_signing_key(&t->agent, &id));
	assert_true(key_id_equal(&after, &id));
}

static void
test_keyring_lists_what_rotates_with_its_state(void **state)
{
	struct fixture *t = *state;
	struct keyring_row row;
	size_t n[4] = {0};

	assert_int_equal(card_rotate(&t->agent, KEY_SEAL | KEY_TRANSPORT), CONSIGN_OK);
	for (size_t i = 0; keyring_at(&t->agent, i, &row); i++)
		n[row.state]++;
	assert_int_equal(n[KEY_CURRENT], 3);
	assert_int_equal(n[KEY_NEXT], 2);
	take_in(t);
	keyring_settle(&t->agent);
	memset(n, 0, sizeof n);
	for (size_t i = 0; keyring_at(&t->agent, i, &row); i++) {
		n[row.state]++;
		assert_true(row.state != KEY_OLD || row.use == KEY_SEAL);
		assert_int_equal(row.until_us > 0, row.state == KEY_CURRENT && row.use != KEY_TRANSPORT);
	}
	assert_int_equal(n[KEY_CURRENT], 3);
	assert_int_equal(n[KEY_OLD], 1);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_keyring_new_keys_are_on_the_disk_before_the_card_that_names_them),
	    TEST(test_keyring_one_use_leaves_the_others_alone),
	    TEST(test_keyring_goes_over_once_the_card_is_durable),
	    TEST(test_keyring_destroys_an_old_seal_key_when_the_mailbox_of_then_is_here),
	    TEST(test_keyring_goes_on_with_what_was_made_before_a_kill),
	    TEST(test_keyring_asked_twice_makes_one_key),
	    TEST(test_keyring_weekly_renewal_keeps_offering_the_old_seal_key),
	    TEST(test_keyring_keeps_everything_when_the_file_cannot_be_saved),
	    TEST(test_keyring_signs_with_what_it_has_when_the_store_is_older_than_the_key_file),
	    TEST(test_keyring_lists_what_rotates_with_its_state),
	};

	return cmocka_run_group_tests_name("agents/keyring", tests, NULL, NULL);
}
