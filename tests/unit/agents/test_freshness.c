/* Freshness at an agent: what is believed, when what would be sent waits, who is named for it, and when a statement is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "freshness.h"
#include "hub_fixture.h"
#include "lanes.h"
#include "standing_clock.h"
#include "trust/freshness.h"
#include "uplink.h"

#define SECOND_US 1000000u
#define HOUR_US (3600ull * SECOND_US)

struct fixture {
	struct hub_fixture f;
	struct agent agent;
	uint64_t now_us;
	struct secret *key, *other; /* the root names the first */
};

static struct arena *heard;
static enum uplink_state state_now;
static uint64_t epoch;
static unsigned stated, fetched, pumped, accused;
static char accused_kind[32], accused_what[224];
static struct freshness *last; /* that was stated */

enum uplink_state __wrap_uplink_state(const struct uplink *u);
enum consign_err __wrap_uplink_say(
    struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body);
void __wrap_uplink_facts(const struct uplink *u, struct uplink_facts *ret_facts);
void __wrap_lanes_pump(struct lanes *l);
void __wrap_accuse(struct agent *a, const char *kind, const char *what);

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
	if (command->fetch != NULL) {
		fetched++;
		return CONSIGN_OK;
	}
	assert_non_null(command->freshness);
	assert_int_equal(freshness_decode(command->freshness->statement->content, heard, &last), CONSIGN_OK);
	stated++;
	return CONSIGN_OK;
}

void
__wrap_uplink_facts(const struct uplink *u, struct uplink_facts *ret_facts)
{
	(void)u;
	*ret_facts = (struct uplink_facts){.epoch = epoch};
}

void
__wrap_lanes_pump(struct lanes *l)
{
	(void)l;
	pumped++;
}

void
__wrap_accuse(struct agent *a, const char *kind, const char *what)
{
	(void)a;
	accused++;
	snprintf(accused_kind, sizeof accused_kind, "%s", kind);
	snprintf(accused_what, sizeof accused_what, "%s", what);
}

/* A root that names the key, or nobody; taken in. */
static void
next_root(struct fixture *t, bool names)
{
	t->f.n_freshness = names;
	if (names)
		sign_public(t->key, &t->f.freshness[0]);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
}

static void
take_documents(struct fixture *t)
{
	assert_int_equal(fixture_take(&t->f, t->agent.hub, fixture_all(&t->f, hub_checkpoint(t->agent.hub)->size), HUB_PROVEN), CONSIGN_OK);
	freshness_tend(&t->agent);
}

static int
setup(void **state)
{
	static struct consign_clock clock;
	struct fixture *t = calloc(1, sizeof *t);
	struct consign_public_key public;

	assert_non_null(t);
	state_now = UPLINK_UP;
	epoch = 1;
	stated = fetched = pumped = accused = 0;
	assert_int_equal(arena_new(4u << 20, &heard), CONSIGN_OK);
	hub_fixture_begin(&t->f, 1, 1);
	hub_fixture_standard(&t->f);
	clock = (struct consign_clock)STANDING_CLOCK(&t->now_us);
	t->now_us = FIXTURE_NOW_US + HOUR_US;
	t->agent.clock = &clock;
	t->agent.hub = hub_fixture_hub(&t->f, true);
	t->agent.uplink = (struct uplink *)t; /* is asked by wrapped functions only */
	memcpy(t->agent.org.s, "acme", 5);
	assert_int_equal(keyfile_new("agent", "acme", NULL, &t->agent.keys), CONSIGN_OK);
	assert_int_equal(sign_keypair(&t->key, &public), CONSIGN_OK);
	assert_int_equal(sign_keypair(&t->other, &public), CONSIGN_OK);
	assert_int_equal(freshness_new(&t->agent, &t->agent.freshness), CONSIGN_OK);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	freshness_free(&t->agent.freshness);
	keyfile_free(&t->agent.keys);
	secret_free(&t->key);
	secret_free(&t->other);
	hub_free(&t->agent.hub);
	hub_fixture_end(&t->f);
	arena_free(&heard);
	free(t);
	return 0;
}

/* What somebody with this key would state of what is known here; changed by the test, then signed. */
static struct freshness
content(struct fixture *t)
{
	static struct document_ref root;
	static struct checkpoint_ref checkpoint;
	const struct hub_root *r = hub_root(t->agent.hub);

	root = (struct document_ref){r->root->version, r->hash};
	checkpoint = (struct checkpoint_ref){hub_checkpoint(t->agent.hub)->size, hub_checkpoint(t->agent.hub)->head};
	return (struct freshness){.format = 1, .hub_id = t->f.hub_id, .root = &root, .directory = r->root->directory, .policy = r->root->policy,
	    .checkpoint = &checkpoint, .created_us = t->now_us, .expires_us = t->now_us + CONSIGN_FRESHNESS_LIFE_US};
}

static void
take_signed(struct fixture *t, const struct freshness *f, const struct secret *key)
{
	struct published_document *d =
	    fixture_document_by(&t->f, SIGN_FRESHNESS, key, fixture_encode(&t->f, &wire_freshness, f));
	struct session_freshness s = {d->document};

	freshness_take(&t->agent, &s);
}

static void
take_one(struct fixture *t)
{
	struct freshness f = content(t);

	take_signed(t, &f, t->key);
}

static bool
holds(struct fixture *t)
{
	return freshness_holds(&t->agent, NULL);
}

static void
expect_why(struct fixture *t, const char *expected)
{
	char why[FRESHNESS_HELD_BYTES];

	freshness_holds(&t->agent, why);
	assert_string_equal(why, expected);
}

static void
test_freshness_is_nothing_where_the_root_names_nobody(void **state)
{
	struct fixture *t = *state;

	freshness_tend(&t->agent);
	assert_false(holds(t));
	expect_why(t, "none");
	take_one(t);
	assert_false(holds(t));
	assert_int_equal(stated + fetched + accused, 0);
}

static void
test_freshness_holds_until_it_is_stated_and_when_it_is_over(void **state)
{
	struct fixture *t = *state;
	struct freshness_facts x;

	next_root(t, true);
	take_documents(t);
	expect_why(t, "held: no fresh statement since 2023-11-14T23:13:20.000000Z");
	take_one(t);
	assert_false(holds(t));
	assert_int_equal(pumped, 1);
	freshness_facts(&t->agent, &x);
	assert_true(x.is_wanted);
	assert_false(x.is_ours);
	assert_int_equal(x.expires_us, t->now_us + CONSIGN_FRESHNESS_LIFE_US);
	t->now_us += CONSIGN_FRESHNESS_LIFE_US - 1;
	assert_false(holds(t));
	t->now_us++;
	assert_true(holds(t));
	freshness_tend(&t->agent);
	t->now_us += 5 * SECOND_US;
	freshness_tend(&t->agent);
	expect_why(t, "held: no fresh statement since 2023-11-15T23:13:20.000000Z");
	take_one(t);
	assert_false(holds(t));
	assert_int_equal(pumped, 2);
	next_root(t, false);
	take_documents(t);
	assert_false(holds(t));
}

static void
test_freshness_believes_no_other(void **state)
{
	struct fixture *t = *state;
	struct freshness f;

	next_root(t, true);
	take_documents(t);
	f = content(t);
	take_signed(t, &f, t->other);
	assert_true(holds(t));
	f.expires_us++; /* for longer than a day */
	take_signed(t, &f, t->key);
	assert_true(holds(t));
	f = content(t);
	f.created_us = t->now_us + CONSIGN_CLOCK_SKEW_MAX_US + 1;
	f.expires_us = f.created_us + HOUR_US;
	take_signed(t, &f, t->key);
	assert_true(holds(t));
	f.created_us--;
	f.expires_us--;
	f.hub_id.b[0] ^= 1;
	take_signed(t, &f, t->key);
	assert_true(holds(t));
	f.hub_id.b[0] ^= 1;
	take_signed(t, &f, t->key);
	assert_false(holds(t));
	f = content(t); /* an older one replaces none */
	f.expires_us = t->now_us + 1;
	take_signed(t, &f, t->key);
	t->now_us += 2;
	assert_false(holds(t));
	assert_int_equal(accused, 0);
}

/* A root that no longer names its key: nothing that it stated holds. */
static void
test_freshness_ends_with_the_key(void **state)
{
	struct fixture *t = *state;
	struct secret *key = t->key;

	next_root(t, true);
	take_documents(t);
	take_one(t);
	assert_false(holds(t));
	t->key = t->other;
	next_root(t, true);
	take_documents(t);
	assert_true(holds(t));
	take_one(t);
	assert_false(holds(t));
	t->key = key;
	secret_free(&t->other);
	assert_int_equal(sign_keypair(&t->other, &t->f.freshness[1]), CONSIGN_OK);
}

static void
test_freshness_names_who_withholds_what_it_speaks_of(void **state)
{
	struct fixture *t = *state;
	struct freshness f;
	struct document_ref ahead;

	next_root(t, true);
	take_documents(t);
	next_root(t, true); /* not taken in */
	f = content(t);
	ahead = (struct document_ref){fixture_newest(&t->f.roots)->version, fixture_newest(&t->f.roots)->hash};
	f.root = &ahead;
	take_signed(t, &f, t->key);
	expect_why(t, "held since 2023-11-14T23:13:20.000000Z: the broker withholds root 4, which a freshness statement names");
	assert_int_equal(fetched, 0); /* it may be on its way */
	t->now_us += 3 * SECOND_US;
	freshness_tend(&t->agent);
	assert_int_equal(fetched, 1);
	t->now_us += 27 * SECOND_US;
	freshness_tend(&t->agent);
	assert_int_equal(accused, 0);
	t->now_us++;
	freshness_tend(&t->agent);
	freshness_tend(&t->agent);
	assert_int_equal(accused, 1);
	assert_string_equal(accused_kind, "withheld");
	assert_non_null(strstr(accused_what, "root 4, which key "));
	assert_non_null(strstr(accused_what, "has not come since 2023-11-14T23:13:20.000000Z"));
	take_documents(t);
	assert_false(holds(t));
	assert_int_equal(pumped, 1);
}

static void
test_freshness_accuses_nobody_who_is_not_there(void **state)
{
	struct fixture *t = *state;
	struct freshness f;
	struct document_ref ahead;

	next_root(t, true);
	take_documents(t);
	next_root(t, true);
	f = content(t);
	ahead = (struct document_ref){fixture_newest(&t->f.roots)->version, fixture_newest(&t->f.roots)->hash};
	f.root = &ahead;
	take_signed(t, &f, t->key);
	state_now = UPLINK_DOWN;
	freshness_tend(&t->agent);
	t->now_us += HOUR_US;
	freshness_tend(&t->agent);
	state_now = UPLINK_UP;
	freshness_tend(&t->agent);
	assert_int_equal(accused, 0);
	assert_true(holds(t));
}

static void
test_freshness_proves_two_histories(void **state)
{
	struct fixture *t = *state;
	struct freshness f;

	next_root(t, true);
	take_documents(t);
	f = content(t);
	f.root->hash.b[0] ^= 1;
	take_signed(t, &f, t->key);
	assert_int_equal(accused, 1);
	assert_string_equal(accused_kind, "fork");
	assert_true(holds(t));
	f = content(t);
	f.checkpoint->hash.b[0] ^= 1;
	take_signed(t, &f, t->key);
	assert_int_equal(accused, 2);
	assert_true(holds(t));
}

static void
test_freshness_is_stated_by_whom_the_root_names(void **state)
{
	struct fixture *t = *state;
	struct freshness_facts x;

	assert_int_equal(keyfile_put(t->agent.keys, "witness", 1, t->key), CONSIGN_OK);
	freshness_tend(&t->agent);
	assert_int_equal(stated, 0);
	next_root(t, true);
	take_documents(t);
	assert_int_equal(stated, 1);
	assert_int_equal(last->root->version, 3);
	assert_int_equal(last->created_us, t->now_us);
	assert_int_equal(last->expires_us, t->now_us + CONSIGN_FRESHNESS_LIFE_US);
	assert_int_equal(last->checkpoint->size, hub_checkpoint(t->agent.hub)->size);
	assert_false(holds(t));
	freshness_facts(&t->agent, &x);
	assert_true(x.is_ours);
	freshness_tend(&t->agent);
	t->now_us += HOUR_US - 1;
	freshness_tend(&t->agent);
	assert_int_equal(stated, 1);
	t->now_us++;
	freshness_tend(&t->agent);
	assert_int_equal(stated, 2);
	next_root(t, true); /* documents change */
	take_documents(t);
	assert_int_equal(stated, 3);
	epoch++; /* another session: the broker may have lost it */
	freshness_tend(&t->agent);
	assert_int_equal(stated, 4);
	state_now = UPLINK_DOWN;
	epoch++;
	freshness_tend(&t->agent);
	assert_int_equal(stated, 4);
	state_now = UPLINK_UP;
	t->now_us -= HOUR_US; /* its clock was set back */
	freshness_tend(&t->agent);
	assert_int_equal(stated, 5);
	freshness_tend(&t->agent);
	assert_int_equal(stated, 5);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_freshness_##name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(is_nothing_where_the_root_names_nobody),
	    CASE(holds_until_it_is_stated_and_when_it_is_over),
	    CASE(believes_no_other),
	    CASE(ends_with_the_key),
	    CASE(names_who_withholds_what_it_speaks_of),
	    CASE(accuses_nobody_who_is_not_there),
	    CASE(proves_two_histories),
	    CASE(is_stated_by_whom_the_root_names),
	};

	return cmocka_run_group_tests_name("agents/freshness", tests, NULL, NULL);
}
