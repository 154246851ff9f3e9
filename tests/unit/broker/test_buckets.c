/* Buckets: all or none of what a submission falls under, what they forget, and how many there may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "buckets.h"
#include "core/limits.h"

#define SECOND UINT64_C(1000000)

static const struct quota ten = {.messages = {10, SECOND}}, five_an_hour = {.messages = {5, 3600 * SECOND}}, bytes = {.bytes = {100, SECOND}};
static const struct bucket_name study = {BUCKET_STUDY, "S", "", ""}, of_acme = {BUCKET_STUDY, "S", "acme", ""},
				rule = {BUCKET_RULE, "r", "acme", "beta"}, rule_to_other = {BUCKET_RULE, "r", "acme", "gamma"},
				study_called_as_rule = {BUCKET_STUDY, "r", "acme", "beta"};

static uint64_t
weigh(struct buckets *b, const struct bucket_name *name, const struct quota *quota, uint64_t now_us, uint64_t messages, uint64_t n_bytes)
{
	struct bucket_wait wait = {.us = 77};

	assert_int_equal(buckets_weigh(b, name, quota, now_us, messages, n_bytes, &wait), CONSIGN_OK);
	return wait.us;
}

static void
expect_used(const struct buckets *b, const struct bucket_name *name, uint64_t now_us, uint64_t messages, uint64_t n_bytes)
{
	uint64_t used_messages, used_bytes;

	(void)buckets_used(b, name, now_us, &used_messages, &used_bytes);
	assert_int_equal(used_messages, messages);
	assert_int_equal(used_bytes, n_bytes);
}

static void
test_buckets_give_all_or_nothing(void **state)
{
	struct buckets *b = buckets_new();

	(void)state;
	assert_int_equal(weigh(b, &study, &ten, SECOND, 4, 0), 0);
	assert_int_equal(weigh(b, &of_acme, &five_an_hour, SECOND, 4, 0), 0);
	buckets_take(b, SECOND);
	expect_used(b, &study, SECOND, 4, 0);
	expect_used(b, &of_acme, SECOND, 4, 0);
	/* The study has room for four more, acme has not. */
	assert_int_equal(weigh(b, &study, &ten, SECOND, 4, 0), 0);
	assert_int_equal(weigh(b, &of_acme, &five_an_hour, SECOND, 4, 0), 3 * 720 * SECOND);
	buckets_forget(b);
	expect_used(b, &study, SECOND, 4, 0);
	/* One does fit. */
	assert_int_equal(weigh(b, &study, &ten, SECOND, 1, 0), 0);
	assert_int_equal(weigh(b, &of_acme, &five_an_hour, SECOND, 1, 0), 0);
	buckets_take(b, SECOND);
	expect_used(b, &study, SECOND, 5, 0);
	expect_used(b, &of_acme, SECOND, 5, 0);
	/* Half a second later the study's are worked off, acme's are not. */
	expect_used(b, &study, SECOND + SECOND / 2, 0, 0);
	expect_used(b, &of_acme, SECOND + SECOND / 2, 5, 0);
	buckets_free(&b);
	assert_null(b);
	buckets_free(&b);
}

static void
test_buckets_add_up_what_comes_twice(void **state)
{
	struct buckets *b = buckets_new();

	(void)state;
	assert_int_equal(weigh(b, &rule, &five_an_hour, SECOND, 3, 0), 0);
	assert_int_equal(weigh(b, &rule_to_other, &five_an_hour, SECOND, 3, 0), 0);
	assert_int_equal(weigh(b, &study_called_as_rule, &five_an_hour, SECOND, 3, 0), 0);
	assert_int_equal(weigh(b, &rule, &five_an_hour, SECOND, 2, 0), 0);
	buckets_take(b, SECOND);
	assert_int_equal(weigh(b, &rule, &five_an_hour, SECOND, 1, 0), 720 * SECOND);
	buckets_forget(b);
	assert_int_equal(weigh(b, &rule_to_other, &five_an_hour, SECOND, 2, 0), 0);
	buckets_forget(b);
	expect_used(b, &rule, SECOND, 5, 0);
	expect_used(b, &rule_to_other, SECOND, 3, 0);
	buckets_free(&b);
}

static void
test_buckets_count_bytes_and_no_messages_where_only_bytes_are_limited(void **state)
{
	struct buckets *b = buckets_new();

	(void)state;
	assert_int_equal(weigh(b, &study, &bytes, SECOND, 1000, 100), 0);
	buckets_take(b, SECOND);
	expect_used(b, &study, SECOND, 0, 100);
	assert_int_equal(weigh(b, &study, &bytes, SECOND, 1, 50), SECOND / 2);
	buckets_forget(b);
	buckets_free(&b);
}

/* A quota that is changed while something is owed: as many messages are owed under the new one. */
static void
test_buckets_owe_as_much_when_a_quota_changes(void **state)
{
	struct buckets *b = buckets_new();
	uint64_t messages, n_bytes;

	(void)state;
	assert_int_equal(weigh(b, &of_acme, &five_an_hour, SECOND, 5, 0), 0);
	buckets_take(b, SECOND);
	assert_int_equal(weigh(b, &of_acme, &ten, SECOND, 5, 0), 0);
	assert_int_equal(weigh(b, &of_acme, &ten, SECOND, 1, 0), SECOND / 10);
	buckets_forget(b);
	/* Without any limit nothing is owed. */
	assert_int_equal(weigh(b, &of_acme, &bytes, SECOND, 1000, 1), 0);
	buckets_take(b, SECOND);
	assert_true(buckets_used(b, &of_acme, SECOND, &messages, &n_bytes));
	assert_int_equal(messages, 0);
	assert_false(buckets_used(b, &rule, SECOND, &messages, &n_bytes));
	buckets_free(&b);
}

static void
test_buckets_are_as_many_as_have_something_in_them(void **state)
{
	struct buckets *b = buckets_new();
	struct bucket_wait wait;
	char org[32];
	struct bucket_name name = {BUCKET_STUDY, "S", org, ""};

	(void)state;
	for (unsigned i = 0; i < CONSIGN_BUCKETS_MAX; i++) {
		snprintf(org, sizeof org, "org-%u", i);
		/* Every other one is worked off after a second. */
		assert_int_equal(weigh(b, &name, i % 2 == 0 ? &ten : &five_an_hour, SECOND, 5, 0), 0);
		buckets_take(b, SECOND);
	}
	snprintf(org, sizeof org, "one-more");
	assert_int_equal(buckets_weigh(b, &name, &ten, SECOND, 1, 0, &wait), CONSIGN_E_FULL);
	buckets_forget(b);
	/* Some are empty when it is asked for again, but who asks does not make the broker walk them all each time. */
	assert_int_equal(buckets_weigh(b, &name, &ten, 2 * SECOND - 1, 1, 0, &wait), CONSIGN_E_FULL);
	buckets_forget(b);
	/* What is empty makes room, what is owed stays, and so does what is being weighed. */
	snprintf(org, sizeof org, "org-1");
	assert_int_equal(weigh(b, &name, &five_an_hour, 3 * SECOND, 1, 0), 718 * SECOND);
	buckets_forget(b);
	snprintf(org, sizeof org, "org-0");
	assert_int_equal(weigh(b, &name, &ten, 3 * SECOND, 1, 0), 0);
	snprintf(org, sizeof org, "one-more");
	assert_int_equal(weigh(b, &name, &ten, 3 * SECOND, 2, 0), 0);
	buckets_take(b, 3 * SECOND);
	expect_used(b, &name, 3 * SECOND, 2, 0);
	snprintf(org, sizeof org, "org-0");
	expect_used(b, &name, 3 * SECOND, 1, 0);
	snprintf(org, sizeof org, "org-1");
	expect_used(b, &name, 3 * SECOND, 5, 0);
	buckets_free(&b);
}

/* Who has many pairs of companies under many rules fills half of what is counted, and only itself waits then. */
static void
test_buckets_are_shared_by_consignors_so_that_one_leaves_half_to_others(void **state)
{
	struct buckets *b = buckets_new();
	struct bucket_wait wait;
	char to[32];
	struct bucket_name of_flood = {BUCKET_RULE, "r", "flood", to}, of_other = {BUCKET_RULE, "r", "other", to}, of_all = {BUCKET_STUDY, "S", "", ""};

	(void)state;
	for (unsigned i = 0; i < CONSIGN_BUCKETS_MAX / 2; i++) {
		snprintf(to, sizeof to, "org-%u", i);
		assert_int_equal(weigh(b, &of_flood, i % 2 == 0 ? &ten : &five_an_hour, SECOND, 5, 0), 0);
		buckets_take(b, SECOND);
	}
	snprintf(to, sizeof to, "one-more");
	assert_int_equal(buckets_weigh(b, &of_flood, &five_an_hour, SECOND, 1, 0, &wait), CONSIGN_E_FULL);
	buckets_forget(b);
	/* What it has goes on, and so do all others; a study's is nobody's. */
	snprintf(to, sizeof to, "org-2");
	assert_int_equal(weigh(b, &of_flood, &ten, SECOND, 1, 0), 0);
	buckets_forget(b);
	assert_int_equal(weigh(b, &of_all, &ten, SECOND, 1, 0), 0);
	buckets_take(b, SECOND);
	for (unsigned i = 0; i < CONSIGN_BUCKETS_MAX / 4 - 1; i++) {
		snprintf(to, sizeof to, "org-%u", i);
		assert_int_equal(weigh(b, &of_other, &five_an_hour, SECOND, 5, 0), 0);
		buckets_take(b, SECOND);
	}
	/* A second later half of what it used is empty, and is its no more. */
	snprintf(to, sizeof to, "one-more");
	assert_int_equal(buckets_weigh(b, &of_flood, &five_an_hour, SECOND, 1, 0, &wait), CONSIGN_E_FULL);
	buckets_forget(b);
	assert_int_equal(weigh(b, &of_flood, &five_an_hour, 3 * SECOND, 1, 0), 0);
	buckets_take(b, 3 * SECOND);
	buckets_free(&b);
}

/* ── who waits ── */

static const struct consign_id first_id = {{1}}, second_id = {{2}};
static const struct asker acme_first = {"acme", &first_id}, cora_second = {"cora", &second_id};

/* What it would wait: alone, so that nothing is left of it. */
static uint64_t
weigh_as(struct buckets *b, const struct asker *asker, const struct bucket_name *name, const struct quota *quota, uint64_t now_us, uint64_t messages)
{
	buckets_ask(b, asker);
	uint64_t wait_us = weigh(b, name, quota, now_us, messages, 0);

	buckets_forget(b);
	return wait_us;
}

static void
wait_for(struct buckets *b, const struct asker *asker, const struct bucket_name *name, const struct quota *quota, uint64_t now_us, uint64_t messages)
{
	buckets_ask(b, asker);
	assert_true(weigh(b, name, quota, now_us, messages, 0) > 0);
	buckets_wait(b, name, now_us, now_us + 40 * SECOND);
}

static void
test_buckets_hold_what_comes_in_for_who_waits_in_one_line_at_a_time(void **state)
{
	struct buckets *b = buckets_new();
	uint64_t now_us = SECOND;

	(void)state;
	assert_int_equal(weigh(b, &study, &ten, now_us, 10, 0), 0);
	assert_int_equal(weigh(b, &of_acme, &ten, now_us, 10, 0), 0);
	buckets_take(b, now_us);
	wait_for(b, &acme_first, &study, &ten, now_us, 8);
	now_us += SECOND / 2;
	/* There are five; eight are acme's. */
	assert_int_equal(weigh_as(b, &cora_second, &study, &ten, now_us, 3), 6 * SECOND / 10);
	assert_int_equal(weigh_as(b, &acme_first, &study, &ten, now_us, 8), 3 * SECOND / 10);
	/* It waits for its own now, and no more here. */
	wait_for(b, &acme_first, &of_acme, &ten, now_us, 8);
	assert_int_equal(weigh_as(b, &cora_second, &study, &ten, now_us, 3), 0);
	assert_int_equal(weigh_as(b, &cora_second, &of_acme, &ten, now_us, 3), 6 * SECOND / 10);
	/* Given up: nobody waits for it. Twice is as once, and so is who never waited. */
	buckets_release(b, &acme_first, now_us);
	buckets_release(b, &acme_first, now_us);
	buckets_release(b, &cora_second, now_us);
	assert_int_equal(weigh_as(b, &cora_second, &of_acme, &ten, now_us, 3), 0);
	/* Accepted: the same. */
	wait_for(b, &acme_first, &study, &ten, now_us, 8);
	buckets_ask(b, &acme_first);
	assert_int_equal(weigh(b, &study, &ten, now_us + SECOND, 8, 0), 0);
	buckets_take(b, now_us + SECOND);
	assert_int_equal(weigh_as(b, &cora_second, &study, &ten, now_us + SECOND, 2), 0);
	/* A new start has no lines. */
	wait_for(b, &acme_first, &study, &ten, now_us + SECOND, 8);
	buckets_clear(b);
	assert_int_equal(weigh_as(b, &cora_second, &study, &ten, now_us + SECOND, 8), 0);
	buckets_free(&b);
}

/* A bucket that is empty and for which somebody waits, who needs more than it holds, is no empty one. */
static void
test_buckets_keep_those_for_which_somebody_waits(void **state)
{
	struct buckets *b = buckets_new();
	struct bucket_wait wait;
	char org[32];
	struct bucket_name name = {BUCKET_STUDY, "S", org, ""};

	(void)state;
	assert_int_equal(weigh(b, &study, &ten, SECOND, 10, 0), 0);
	buckets_take(b, SECOND);
	wait_for(b, &acme_first, &study, &ten, SECOND, 200);
	for (unsigned i = 1; i < CONSIGN_BUCKETS_MAX; i++) {
		snprintf(org, sizeof org, "org-%u", i);
		assert_int_equal(weigh(b, &name, &ten, SECOND, 5, 0), 0);
		buckets_take(b, SECOND);
	}
	snprintf(org, sizeof org, "one-more");
	assert_int_equal(weigh(b, &name, &ten, 10 * SECOND, 5, 0), 0);
	buckets_take(b, 10 * SECOND);
	assert_true(weigh_as(b, &cora_second, &study, &ten, 10 * SECOND, 1) > 0);
	assert_int_equal(weigh_as(b, &acme_first, &study, &ten, 10 * SECOND, 200), 0);
	/* Who does not come back is waited for no longer, and then it goes as well. */
	assert_int_equal(weigh_as(b, &cora_second, &study, &ten, 42 * SECOND, 1), 0);
	buckets_ask(b, &cora_second);
	assert_int_equal(buckets_weigh(b, &study, &ten, 42 * SECOND, 1, 0, &wait), CONSIGN_OK);
	assert_false(wait.is_behind);
	buckets_forget(b);
	buckets_release(b, &acme_first, 42 * SECOND);
	buckets_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_buckets_give_all_or_nothing),
	    cmocka_unit_test(test_buckets_add_up_what_comes_twice),
	    cmocka_unit_test(test_buckets_count_bytes_and_no_messages_where_only_bytes_are_limited),
	    cmocka_unit_test(test_buckets_owe_as_much_when_a_quota_changes),
	    cmocka_unit_test(test_buckets_are_as_many_as_have_something_in_them),
	    cmocka_unit_test(test_buckets_hold_what_comes_in_for_who_waits_in_one_line_at_a_time),
	    cmocka_unit_test(test_buckets_keep_those_for_which_somebody_waits),
	    cmocka_unit_test(test_buckets_are_shared_by_consignors_so_that_one_leaves_half_to_others),
	};

	return cmocka_run_group_tests_name("broker/buckets", tests, NULL, NULL);
}
