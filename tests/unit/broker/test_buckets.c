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
	uint64_t wait_us = 77;

	assert_int_equal(buckets_weigh(b, name, quota, now_us, messages, n_bytes, &wait_us), CONSIGN_OK);
	return wait_us;
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
	uint64_t wait_us = 0;
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
	assert_int_equal(buckets_weigh(b, &name, &ten, SECOND, 1, 0, &wait_us), CONSIGN_E_FULL);
	buckets_forget(b);
	/* Some are empty when it is asked for again, but who asks does not make the broker walk them all each time. */
	assert_int_equal(buckets_weigh(b, &name, &ten, 2 * SECOND - 1, 1, 0, &wait_us), CONSIGN_E_FULL);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_buckets_give_all_or_nothing),
	    cmocka_unit_test(test_buckets_add_up_what_comes_twice),
	    cmocka_unit_test(test_buckets_count_bytes_and_no_messages_where_only_bytes_are_limited),
	    cmocka_unit_test(test_buckets_owe_as_much_when_a_quota_changes),
	    cmocka_unit_test(test_buckets_are_as_many_as_have_something_in_them),
	};

	return cmocka_run_group_tests_name("broker/buckets", tests, NULL, NULL);
}
