/*
 * When a bundle closes, and how long what is in it may live. The outbox itself, with what it would seal caught on the way (--wrap).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/payload.h"
#include "hub_fixture.h"
#include "outbox_private.h"
#include "random_study.h"
#include "sealing.h"

#define NOW_US FIXTURE_NOW_US

struct fixture {
	struct hub_fixture f;
	struct agent agent;
	uint64_t steady_us;
};

/* The consignments that were to be sealed. */
static size_t n_sealed, items[4], bytes[4];
static uint64_t life_us;
static bool is_idle, is_busy; /* the commit thread; the lanes of the study */
static enum consign_code refused;

enum consign_err __wrap_sealing_make(
    struct sealing *s, const struct sealing_order *order, struct arena *arena, struct sealed *ret_sealed);
bool __wrap_commit_is_idle(struct committer *c);
bool __wrap_lanes_are_busy(const struct lanes *l, const struct consign_study *study);
void __wrap_outbox_commit_refusal(struct agent *a, const struct local_outgoing *m, enum consign_label label, const struct consign_id *id,
    enum consign_code code, const char *org, const char *rule, const char *detail, const struct problems *problems, outbox_outcome *told,
    void *context, uint64_t request, size_t index);

enum consign_err
__wrap_sealing_make(struct sealing *s, const struct sealing_order *order, struct arena *arena, struct sealed *ret_sealed)
{
	(void)s;
	(void)arena;
	(void)ret_sealed;
	assert_true(n_sealed < 4);
	items[n_sealed] = order->n_items;
	bytes[n_sealed] = 0;
	for (size_t i = 0; i < order->n_items; i++)
		bytes[n_sealed] += order->items[i].plain.len;
	life_us = order->expires_us - order->created_us;
	n_sealed++;
	return CONSIGN_E_NO_MEMORY; /* and nothing is stored */
}

bool
__wrap_commit_is_idle(struct committer *c)
{
	(void)c;
	return is_idle;
}

bool
__wrap_lanes_are_busy(const struct lanes *l, const struct consign_study *study)
{
	(void)l;
	assert_string_equal(study->s, "one");
	return is_busy;
}

void
__wrap_outbox_commit_refusal(struct agent *a, const struct local_outgoing *m, enum consign_label label, const struct consign_id *id,
    enum consign_code code, const char *org, const char *rule, const char *detail, const struct problems *problems, outbox_outcome *told,
    void *context, uint64_t request, size_t index)
{
	(void)a;
	(void)m;
	(void)label;
	(void)id;
	(void)org;
	(void)rule;
	(void)detail;
	(void)problems;
	(void)told;
	(void)context;
	(void)request;
	(void)index;
	refused = code;
}

static void
on_told(void *context, uint64_t request, size_t index, const struct local_outcome *outcome)
{
	(void)context;
	(void)request;
	(void)index;
	(void)outcome;
}

static uint64_t
wall(void *self)
{
	(void)self;
	return NOW_US;
}

static uint64_t
steady(void *self)
{
	return ((struct fixture *)self)->steady_us;
}

static int
setup(void **state)
{
	static struct consign_clock clock;
	struct fixture *t = calloc(1, sizeof *t);

	assert_non_null(t);
	n_sealed = 0;
	refused = CONSIGN_CODE_NONE;
	is_idle = is_busy = false;
	hub_fixture_begin(&t->f, 1, 1);
	hub_fixture_standard(&t->f);
	clock = (struct consign_clock){wall, steady, t};
	t->steady_us = 1000000;
	t->agent.clock = &clock;
	t->agent.hub = hub_fixture_hub(&t->f, true);
	t->agent.hub_id = t->f.hub_id;
	snprintf(t->agent.org.s, sizeof t->agent.org.s, "acme");
	assert_int_equal(loop_new(&t->agent.loop), CONSIGN_OK);
	assert_int_equal(outbox_new(&t->agent, &t->agent.outbox), CONSIGN_OK);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	outbox_free(&t->agent.outbox);
	loop_free(&t->agent.loop);
	hub_free(&t->agent.hub);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

static void
put_typed(struct fixture *t, const char *type, size_t len, uint64_t expires_us)
{
	static uint8_t content[CONSIGN_BUNDLE_MAX_BYTES + 1];
	struct consign_org bolt = {"bolt"};
	struct local_outgoing m = {.to = {&bolt, 1}, .content = {content, len}, .expires_us = expires_us};

	assert_true(len <= sizeof content);
	snprintf(m.study.s, sizeof m.study.s, "one");
	snprintf(m.type.s, sizeof m.type.s, "%s", type);
	outbox_put(t->agent.outbox, &m, on_told, NULL, 1, 0);
}

/* Hands in one message with so much content. */
static void
put(struct fixture *t, size_t len, uint64_t expires_us)
{
	put_typed(t, "x.note", len, expires_us);
}

/* The content of a payload that has so many bytes: what is around it is the same for all that are near. */
static size_t
content_of(size_t payload_bytes)
{
	static uint8_t content[CONSIGN_BUNDLE_MAX_BYTES];
	struct payload p = {.content = {content, payload_bytes}};
	struct buf encoded = {0};

	assert_int_equal(payload_encode(&p, &encoded), CONSIGN_OK);
	size_t around = encoded.len - payload_bytes;

	buf_clear(&encoded);
	return payload_bytes - around;
}

static void
test_outbox_closes_a_bundle_at_its_last_item(void **state)
{
	struct fixture *t = *state;

	for (size_t i = 1; i < CONSIGN_BUNDLE_MAX_ITEMS; i++)
		put(t, 1, 0);
	assert_int_equal(n_sealed, 0);
	put(t, 1, 0);
	assert_int_equal(n_sealed, 1);
	assert_int_equal(items[0], CONSIGN_BUNDLE_MAX_ITEMS);
	put(t, 1, 0);
	assert_int_equal(n_sealed, 1); /* the next one begins another */
}

static void
test_outbox_closes_a_bundle_at_its_last_byte_and_lets_nothing_pass_it(void **state)
{
	struct fixture *t = *state;
	const size_t half = CONSIGN_BUNDLE_MAX_BYTES / 2;

	put(t, content_of(half), 0);
	put(t, content_of(half), 0);
	assert_int_equal(n_sealed, 1);
	assert_int_equal(items[0], 2);
	assert_int_equal(bytes[0], CONSIGN_BUNDLE_MAX_BYTES);
	/* A byte more: the first goes alone. */
	put(t, content_of(half), 0);
	put(t, content_of(half + 1), 0);
	assert_int_equal(n_sealed, 2);
	assert_int_equal(items[1], 1);
	assert_int_equal(bytes[1], half);
	/* A byte less: there is room. */
	put(t, content_of(half - 2), 0);
	assert_int_equal(n_sealed, 2);
}

static uint64_t until_us;

static void
until_then_and_two_blocks(struct policy_rule *rule)
{
	if (rule->effect != POLICY_PERMIT)
		return;
	rule->until_us = until_us;
	rule->max_bytes = 512;
}

static void
new_policy(struct fixture *t, uint64_t until)
{
	until_us = until;
	t->f.bend_rule = until_then_and_two_blocks;
	fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	assert_int_equal(
	    fixture_take(&t->f, t->agent.hub, fixture_all(&t->f, hub_checkpoint(t->agent.hub)->size), HUB_PROVEN), CONSIGN_OK);
}

/* As the broker will: with the time that it is, and the size that the payload has when it is padded. */
static void
test_outbox_asks_the_policy_with_time_and_padded_size(void **state)
{
	struct fixture *t = *state;

	new_policy(t, NOW_US + 1);
	put(t, content_of(511), 0);
	assert_int_equal(refused, CONSIGN_CODE_NONE);
	put(t, content_of(512), 0);
	assert_int_equal(refused, CONSIGN_CODE_POLICY_NO_RULE);
	refused = CONSIGN_CODE_NONE;
	new_policy(t, NOW_US);
	put(t, 1, 0);
	assert_int_equal(refused, CONSIGN_CODE_POLICY_NO_RULE);
}

static void
test_outbox_closes_a_bundle_at_its_age(void **state)
{
	struct fixture *t = *state;

	put(t, 1, 0);
	t->steady_us += CONSIGN_BUNDLE_MAX_AGE_US - 1;
	outbox_flush(t->agent.outbox);
	assert_int_equal(n_sealed, 0);
	t->steady_us++;
	outbox_flush(t->agent.outbox);
	assert_int_equal(n_sealed, 1);
}

static void
test_outbox_closes_a_bundle_at_once_when_nothing_waits_for_a_commit(void **state)
{
	struct fixture *t = *state;

	put(t, 1, 0);
	is_idle = true;
	outbox_flush(t->agent.outbox);
	assert_int_equal(n_sealed, 1);
}

/* It would only wait behind what is before it: even when nothing waits for a commit, but not for ever, and not when the agent stops. */
static void
test_outbox_fills_a_bundle_while_much_is_before_it(void **state)
{
	struct fixture *t = *state;

	is_idle = is_busy = true;
	put(t, 1, 0);
	t->steady_us += CONSIGN_BUNDLE_BUSY_AGE_US - 1;
	outbox_flush(t->agent.outbox);
	put(t, 1, 0);
	assert_int_equal(n_sealed, 0);
	t->steady_us++;
	outbox_flush(t->agent.outbox);
	assert_int_equal(n_sealed, 1);
	assert_int_equal(items[0], 2);
	put(t, 1, 0);
	outbox_flush(t->agent.outbox);
	assert_int_equal(n_sealed, 1);
	is_busy = false;
	outbox_flush(t->agent.outbox);
	assert_int_equal(n_sealed, 2);
	is_busy = true;
	put(t, 1, 0);
	t->agent.stopping = true;
	outbox_flush(t->agent.outbox);
	assert_int_equal(n_sealed, 3);
}

static void
test_outbox_gives_a_message_the_life_that_is_asked_for_or_the_usual_one(void **state)
{
	struct fixture *t = *state;
	const uint64_t asked[] = {0, 1, CONSIGN_EXPIRES_MAX_US - 1};
	const uint64_t given[] = {CONSIGN_EXPIRES_DEFAULT_US, 1, CONSIGN_EXPIRES_MAX_US - 1};

	for (size_t i = 0; i < 3; i++) {
		put(t, 1, asked[i] == 0 ? 0 : NOW_US + asked[i]);
		t->steady_us += CONSIGN_BUNDLE_MAX_AGE_US;
		outbox_flush(t->agent.outbox);
		assert_int_equal(n_sealed, i + 1);
		assert_int_equal(life_us, given[i]);
		assert_int_equal(refused, CONSIGN_CODE_NONE);
	}
	put(t, 1, NOW_US + CONSIGN_EXPIRES_MAX_US + 1);
	assert_int_equal(refused, CONSIGN_CODE_EXPIRED);
	refused = CONSIGN_CODE_NONE;
	put(t, 1, NOW_US);
	assert_int_equal(refused, CONSIGN_CODE_EXPIRED);
}

/* More would pass whole when nothing was sent for a while: it is weighed as one. */
static void
test_outbox_closes_a_bundle_at_what_a_rate_gives_in_its_time(void **state)
{
	struct fixture *t = *state;

	fixture_policy(&t->f,
	    "studies: [{id: one, parties: [{org: acme, roles: [sponsor]}, {org: bolt, roles: [cro]}]}]\n"
	    "rules: [{id: alarms, permit: [x.alarm], rate: 3/d}, {id: logs, permit: [x.log], rate: 1000/s}, {id: all, permit: [x.*]}]\n",
	    FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	hub_free(&t->agent.hub);
	t->agent.hub = hub_fixture_hub(&t->f, true);
	for (size_t i = 0; i < 4; i++)
		put_typed(t, "x.alarm", 1, 0);
	assert_int_equal(n_sealed, 1);
	assert_int_equal(items[0], 3);
	/* What has no rate closes with it; what is already too many for it goes before it. */
	put(t, 1, 0);
	put(t, 1, 0);
	assert_int_equal(n_sealed, 2);
	assert_int_equal(items[1], 3);
	for (size_t i = 0; i < 5; i++)
		put_typed(t, i % 2 == 0 ? "x.log" : "x.note", 1, 0);
	assert_int_equal(n_sealed, 2);
	put_typed(t, "x.alarm", 1, 0);
	assert_int_equal(n_sealed, 3);
	assert_int_equal(items[2], 5);
}

/* ── blinding ── */

static const char *const companies[] = {"acme", "bolt", "cora", "dune"};
#define COMPANIES (sizeof companies / sizeof *companies)

/* A hub whose only study was made by chance. */
static void
set_random_study(struct fixture *t, uint64_t *seed, uint32_t clearance[COMPANIES])
{
	char yaml[RANDOM_STUDY_BYTES];

	random_study(seed, companies, COMPANIES, clearance, yaml);
	fixture_policy(&t->f, yaml, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	hub_free(&t->agent.hub);
	t->agent.hub = hub_fixture_hub(&t->f, true);
}

/* One message of acme's to the companies whose bits are set; whether it was sealed. */
static bool
is_sealed(struct fixture *t, uint32_t to, uint32_t label)
{
	struct consign_org orgs[COMPANIES];
	struct local_outgoing m = {.to = {orgs, 0}, .content = slice_text("content"), .label = label};

	for (size_t i = 0; i < COMPANIES; i++)
		if ((to >> i & 1) != 0)
			snprintf(orgs[m.to.n++].s, sizeof orgs[0].s, "%s", companies[i]);
	snprintf(m.study.s, sizeof m.study.s, RANDOM_STUDY_ID);
	snprintf(m.type.s, sizeof m.type.s, "x.note");
	n_sealed = 0;
	refused = CONSIGN_CODE_NONE;
	outbox_put(t->agent.outbox, &m, on_told, NULL, 1, 0);
	t->steady_us += 10000000;
	outbox_flush(t->agent.outbox);
	assert_int_equal(n_sealed, refused == CONSIGN_CODE_NONE);
	return n_sealed > 0;
}

/* Whatever a tool hands in, of whichever study: nothing above a consignee's clearance is sealed, and everything else is. */
static void
R21_outbox_seals_nothing_above_a_clearance(void **state)
{
	uint64_t seed = 0x21a9e47u;
	size_t n[2] = {0};

	(void)state;
	for (size_t round = 0; round < 40; round++) {
		uint32_t clearance[COMPANIES];
		struct fixture *t;
		void *own;

		setup(&own);
		t = own;
		set_random_study(t, &seed, clearance);
		for (uint32_t to = 2; to < 1u << COMPANIES; to += 2) /* all but acme, which sends */
			for (uint32_t label = CONSIGN_LABEL_OPEN; label <= CONSIGN_LABEL_UNBLINDED; label++) {
				bool parties = true, cleared = true;

				for (size_t i = 1; i < COMPANIES; i++) {
					parties = parties && ((to >> i & 1) == 0 || clearance[i] > 0);
					cleared = cleared && ((to >> i & 1) == 0 || clearance[i] >= label);
				}
				assert_int_equal(is_sealed(t, to, label), cleared);
				assert_true(cleared || refused == CONSIGN_CODE_CLEARANCE || (!parties && refused == CONSIGN_CODE_NOT_A_PARTY));
				n[cleared]++;
			}
		teardown(&own);
	}
	assert_true(n[0] > 200 && n[1] > 200);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_outbox_asks_the_policy_with_time_and_padded_size),
	    TEST(test_outbox_closes_a_bundle_at_its_last_item),
	    TEST(test_outbox_closes_a_bundle_at_its_last_byte_and_lets_nothing_pass_it),
	    TEST(test_outbox_closes_a_bundle_at_its_age),
	    TEST(test_outbox_closes_a_bundle_at_once_when_nothing_waits_for_a_commit),
	    TEST(test_outbox_fills_a_bundle_while_much_is_before_it),
	    TEST(test_outbox_gives_a_message_the_life_that_is_asked_for_or_the_usual_one),
	    TEST(test_outbox_closes_a_bundle_at_what_a_rate_gives_in_its_time),
	    cmocka_unit_test(R21_outbox_seals_nothing_above_a_clearance),
	};

	return cmocka_run_group_tests_name("agents/outbox", tests, NULL, NULL);
}
