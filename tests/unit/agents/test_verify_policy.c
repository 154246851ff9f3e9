/* What a consignee's agent asks the policy of what was delivered: of each item, at the time of its acceptance, and of its own
 * clearance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random_study.h"
#include "verify_fixture.h"

static void
forbidden(struct delivery *d)
{
	snprintf(d->m->items.v[0]->type.s, sizeof d->m->items.v[0]->type.s, "x.secret");
}

static void
some_forbidden(struct delivery *d)
{
	static const char *const types[] = {"x.note", "x.secret", "x.secret", "x.note", "x.note", "x.secret"};
	const struct manifest_item first = *d->m->items.v[0];

	d->m->items.v = arena_alloc(d->t->arena, 6 * sizeof *d->m->items.v);
	for (uint32_t i = 0; i < 6; i++) {
		d->m->items.v[i] = arena_alloc(d->t->arena, sizeof first);
		*d->m->items.v[i] = first;
		d->m->items.v[i]->index = i;
		snprintf(d->m->items.v[i]->type.s, sizeof first.type.s, "%s", types[i]);
	}
	d->m->items.n = 6;
}

/* What the broker should have refused is rejected item by item. */
static void
test_verify_asks_the_policy_of_each_item(void **state)
{
	struct fixture *t = *state;
	struct delivery d;
	struct verified v;

	make_delivery(t, &(struct verify_case){.manifest = forbidden}, &d);
	verify_it(&d, &v);
	assert_int_equal(v.outcome, VERIFY_TAKE);
	assert_int_equal(v.item_codes[0], CONSIGN_CODE_POLICY_FORBIDDEN);
	make_delivery(t, &(struct verify_case){.manifest = some_forbidden}, &d);
	verify_it(&d, &v);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(v.item_codes[i], i == 0 || i == 3 || i == 4 ? CONSIGN_CODE_NONE : CONSIGN_CODE_POLICY_FORBIDDEN);
}

static void
ten_more_microseconds_and_two_blocks(struct policy_rule *rule)
{
	if (rule->effect != POLICY_PERMIT)
		return;
	rule->until_us = FIXTURE_NOW_US + 10;
	rule->max_bytes = 512;
}

static void
of_three_sizes(struct delivery *d)
{
	static const uint32_t sizes[] = {512, 768, 256};

	d->body = fixture_body_of(&d->t->f, sizes, 3);
	fixture_give_body(&d->t->f, d->m, 3, d->body);
}

static void
accepted_in_time(struct delivery *d)
{
	d->record.at_us = FIXTURE_NOW_US + 9;
}

static void
accepted_too_late(struct delivery *d)
{
	d->record.at_us = FIXTURE_NOW_US + 10;
}

/* The time is that of the record, not of the arrival; the sizes are those that the broker saw. */
static void
test_verify_asks_with_the_time_of_acceptance_and_the_size_of_each_item(void **state)
{
	struct fixture *t = *state;
	struct delivery d;
	struct verified v;

	t->f.bend_rule = ten_more_microseconds_and_two_blocks;
	fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	learn(t);
	make_delivery(t, &(struct verify_case){.manifest = of_three_sizes, .record = accepted_in_time}, &d);
	verify_it(&d, &v);
	assert_int_equal(v.outcome, VERIFY_TAKE);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(v.item_codes[i], i == 1 ? CONSIGN_CODE_POLICY_NO_RULE : CONSIGN_CODE_NONE);
	make_delivery(t, &(struct verify_case){.manifest = of_three_sizes, .record = accepted_too_late}, &d);
	verify_it(&d, &v);
	assert_int_equal(v.outcome, VERIFY_TAKE);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(v.item_codes[i], CONSIGN_CODE_POLICY_NO_RULE);
}

/* A study by chance, of which bolt, which is us, is mostly a party. Returns our clearance; 0: no party. */
static uint32_t
set_random_study(struct fixture *t, uint64_t *seed)
{
	static const char *const orgs[] = {"acme", "bolt", "cora"};
	uint32_t clearance[3];
	char yaml[RANDOM_STUDY_BYTES];

	random_study(seed, orgs, 3, clearance, yaml);
	fixture_policy(&t->f, (const char *)arena_copy(t->f.arena, slice_of(yaml, strlen(yaml) + 1)).data, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	learn(t);
	return clearance[1];
}

/* What a broker delivers that accepted it under one random study, to an agent that knows the next. */
static bool
is_taken(uint64_t *seed, uint32_t label, uint32_t *ret_then, uint32_t *ret_now, struct verified *v)
{
	struct delivery d;
	void *own;

	verify_setup(&own);
	*ret_then = set_random_study(own, seed);
	write_manifest(own, &d);
	d.m->label = label;
	write_record(&d);
	state_it(&d, &d.record, &d.statement);
	*ret_now = set_random_study(own, seed);
	prove(&d);
	verify_it(&d, v);
	verify_teardown(&own);
	return v->outcome == VERIFY_TAKE && v->item_codes[0] == CONSIGN_CODE_NONE;
}

/* Whatever a broker delivers: nothing above the clearance of then, nor above that of now, is taken. Who has left since is open's. */
static void
R21_verify_takes_nothing_above_the_clearance_of_then_and_now(void **state)
{
	uint64_t seed = 0x21fe51u;
	size_t n[2] = {0};

	(void)state;
	for (size_t round = 0; round < 250; round++) {
		uint32_t label = 1 + random_below(&seed, 3), then, now;
		struct verified v;
		bool taken = is_taken(&seed, label, &then, &now, &v);
		uint32_t of_now = now == 0 ? CONSIGN_LABEL_OPEN : now;

		assert_int_equal(taken, label <= then && label <= of_now);
		assert_int_not_equal(v.outcome, VERIFY_ACCUSE);
		assert_int_not_equal(v.outcome, VERIFY_HOLD);
		if (then == 0)
			assert_int_equal(v.item_codes[0], CONSIGN_CODE_NOT_A_PARTY);
		else if (label > then)
			assert_int_equal(v.item_codes[0], CONSIGN_CODE_CLEARANCE);
		else if (label > of_now)
			assert_int_equal(v.code, CONSIGN_CODE_CLEARANCE);
		n[taken]++;
	}
	assert_true(n[0] > 50 && n[1] > 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    VERIFY_TEST(test_verify_asks_the_policy_of_each_item),
	    VERIFY_TEST(test_verify_asks_with_the_time_of_acceptance_and_the_size_of_each_item),
	    cmocka_unit_test(R21_verify_takes_nothing_above_the_clearance_of_then_and_now),
	};

	return cmocka_run_group_tests_name("agents/verify_policy", tests, NULL, NULL);
}
