/* Quotas: what fits now, when the rest does, and whose share of a mailbox is used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "core/limits.h"
#include "quota.h"

#define SECOND UINT64_C(1000000)

static const struct quota ten = {.messages = {10, SECOND}, .bytes = {1000, SECOND}, .mailbox_consignments = 10, .mailbox_bytes = 1000};

static void
test_quota_lets_pass_what_one_second_holds_and_no_more(void **state)
{
	struct rate r = {0};
	uint64_t retry = 77;

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_true(rate_take(&r, &ten, 5 * SECOND, 1, 1, &retry));
	assert_int_equal(retry, 77);
	assert_false(rate_take(&r, &ten, 5 * SECOND, 1, 1, &retry));
	assert_int_equal(retry, SECOND / 10); /* one message is worked off in a tenth of a second */
	assert_false(rate_take(&r, &ten, 5 * SECOND + retry - 1, 1, 1, &retry));
	assert_int_equal(retry, 1);
	assert_true(rate_take(&r, &ten, 5 * SECOND + SECOND / 10, 1, 1, &retry));
	/* After a pause there is one second's worth again, not more. */
	for (int i = 0; i < 10; i++)
		assert_true(rate_take(&r, &ten, 500 * SECOND, 1, 1, &retry));
	assert_false(rate_take(&r, &ten, 500 * SECOND, 1, 1, &retry));
}

static void
test_quota_counts_bytes_as_it_counts_messages(void **state)
{
	struct rate r = {0};
	uint64_t retry;

	(void)state;
	assert_true(rate_take(&r, &ten, SECOND, 1, 999, &retry));
	assert_false(rate_take(&r, &ten, SECOND, 1, 2, &retry));
	assert_int_equal(retry, SECOND / 1000);
	assert_true(rate_take(&r, &ten, SECOND, 1, 1, &retry));
	/* What was refused took nothing of the messages. */
	assert_false(rate_take(&r, &ten, SECOND, 9, 0, &retry));
	assert_int_equal(retry, SECOND / 10);
	assert_true(rate_take(&r, &ten, SECOND, 8, 0, &retry));
}

static void
test_quota_passes_alone_what_is_more_than_a_second(void **state)
{
	struct rate r = {0};
	uint64_t retry;

	(void)state;
	assert_true(rate_take(&r, &ten, SECOND, 128, 5000, &retry));
	assert_false(rate_take(&r, &ten, SECOND, 1, 1, &retry));
	/* 12.8 s of messages, of which one second may stand in the bucket; the newcomer's tenth goes on top. */
	assert_int_equal(retry, 12800000 + SECOND / 10 - SECOND);
	assert_true(rate_take(&r, &ten, SECOND + retry, 1, 1, &retry));
}

static void
test_quota_owes_at_most_a_full_bucket_when_it_is_lowered(void **state)
{
	static const struct quota large = {.messages = {1000, SECOND}, .bytes = {CONSIGN_QUOTA_MAX, 86400 * SECOND}},
				  least = {.messages = {2, 60 * SECOND}, .bytes = {1, 86400 * SECOND}};
	struct rate r = {0};
	uint64_t messages, bytes;

	(void)state;
	rate_add(&r, &large, SECOND, 1000, UINT64_C(1) << 21);
	for (unsigned i = 0; i < 1000; i++)
		rate_add(&r, &large, SECOND, 0, UINT64_C(1) << 21); /* two gigabytes: at a byte a day they were more microseconds than there are */
	assert_int_equal(rate_wait(&r, &least, SECOND, 1, 0), 30 * SECOND);
	rate_used(&r, SECOND, &messages, &bytes);
	assert_int_equal(messages, 2);
	assert_int_equal(bytes, 1);
	assert_int_equal(rate_wait(&r, &least, SECOND, 1, 1), 86400 * SECOND);
	assert_int_equal(rate_wait(&r, &least, SECOND + 86400 * SECOND, 1, 1), 0);
}

static void
test_quota_gives_back_what_it_took(void **state)
{
	struct rate r = {0}, before;

	(void)state;
	rate_add(&r, &ten, SECOND, 3, 100);
	before = r;
	rate_add(&r, &ten, SECOND, 2, 50);
	rate_give_back(&r, &ten, SECOND, 2, 50);
	assert_memory_equal(&r, &before, sizeof r);
	rate_give_back(&r, &ten, SECOND, 30000, 50000000);
	assert_int_equal(rate_wait(&r, &ten, SECOND, 10, 1000), 0);
}

static void
test_quota_of_asking_is_what_gives_more_in_a_second(void **state)
{
	static const struct quota a_day = {.messages = {300000, 86400 * SECOND}, .bytes = {CONSIGN_QUOTA_MAX, SECOND}};
	struct quota q = quota_of_asking(&ten, &a_day);

	(void)state;
	assert_int_equal(q.messages.amount, 10);
	assert_int_equal(q.bytes.amount, CONSIGN_QUOTA_MAX);
	q = quota_of_asking(&a_day, &ten);
	assert_int_equal(q.messages.amount, 10);
	assert_int_equal(q.messages.us, SECOND);
	assert_int_equal(q.bytes.amount, CONSIGN_QUOTA_MAX);
}

static void
test_quota_room_ends_at_count_and_bytes(void **state)
{
	static const struct {
		struct use all, consignor;
		uint64_t bytes;
		enum room room;
	} rows[] = {
	    {{0, 0}, {0, 0}, 1, ROOM},
	    {{0, 0}, {0, 0}, 5000, ROOM}, /* alone, whatever its size */
	    {{1, 1}, {0, 0}, 999, ROOM},
	    {{1, 1}, {0, 0}, 1000, ROOM_NONE},
	    {{9, 9}, {0, 0}, 1, ROOM},
	    {{10, 10}, {0, 0}, 1, ROOM_NONE},
	    {{1, 5000}, {1, 5000}, 1, ROOM_NONE},
	    /* One consignor alone: half. */
	    {{4, 4}, {4, 4}, 1, ROOM},
	    {{5, 5}, {5, 5}, 1, ROOM_SHARE_USED},
	    {{1, 400}, {1, 400}, 200, ROOM},
	    {{1, 400}, {1, 400}, 201, ROOM_SHARE_USED},
	    /* Beside another: what nobody uses is what each may have. */
	    {{6, 6}, {3, 3}, 1, ROOM},
	    {{7, 7}, {3, 3}, 1, ROOM_SHARE_USED},
	    {{7, 7}, {2, 2}, 1, ROOM},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (quota_room(&ten, &rows[i].all, &rows[i].consignor, rows[i].bytes) != rows[i].room)
			fail_msg("row %zu", i);
}

/* A mailbox that its consignors fill as they can: none gets so much that a newcomer finds no room. */
static void
test_quota_shares_leave_room_for_a_newcomer(void **state)
{
	static const struct quota quota = {.mailbox_consignments = 1000, .mailbox_bytes = 1000000};
	static const struct use nothing = {0, 0};
	struct use all = {0, 0}, consignors[9] = {{0, 0}};

	(void)state;
	for (size_t n = 0; n < 9; n++) {
		assert_int_equal(quota_room(&quota, &all, &nothing, 10), ROOM);
		while (quota_room(&quota, &all, &consignors[n], 10) == ROOM) {
			all.consignments++;
			all.bytes += 10;
			consignors[n].consignments++;
			consignors[n].bytes += 10;
		}
	}
	assert_int_equal(consignors[0].consignments, 500);
	assert_int_equal(consignors[1].consignments, 250);
	assert_true(consignors[8].consignments > 0);
}

static enum consign_err
read_text(const char *text, struct quota *ret_quota, char problem[256])
{
	char path[] = "/tmp/consign-quota-XXXXXX";
	static const char *const known[] = {"quota_messages_per_second", "quota_bytes_per_second", "quota_mailbox_consignments",
	    "quota_mailbox_bytes", "bind", NULL};
	struct config *config = NULL;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	assert_int_equal(config_open(path, known, &config, problem), CONSIGN_OK);
	enum consign_err err = quota_read(config, ret_quota, problem);

	config_free(&config);
	unlink(path);
	return err;
}

static void
test_quota_read_takes_defaults_and_refuses_what_is_no_number(void **state)
{
	struct quota q;
	char problem[256] = "";

	(void)state;
	assert_int_equal(read_text("bind: \"x\"\n", &q, problem), CONSIGN_OK);
	assert_int_equal(q.messages.amount, CONSIGN_QUOTA_MESSAGES_PER_SECOND);
	assert_int_equal(q.bytes.amount, CONSIGN_QUOTA_BYTES_PER_SECOND);
	assert_int_equal(q.mailbox_consignments, CONSIGN_MAILBOX_MAX_CONSIGNMENTS);
	assert_int_equal(q.mailbox_bytes, CONSIGN_MAILBOX_MAX_BYTES);
	assert_int_equal(read_text("quota_messages_per_second: \"1\"\nquota_mailbox_bytes: \"1099511627776\"\n", &q, problem), CONSIGN_OK);
	assert_int_equal(q.messages.amount, 1);
	assert_int_equal(q.mailbox_bytes, UINT64_C(1) << 40);
	assert_int_equal(read_text("quota_bytes_per_second: \"0\"\n", &q, problem), CONSIGN_E_CONFIG);
	assert_string_equal(problem, "config.yaml: quota_bytes_per_second must be a whole number from 1 to 1099511627776");
	assert_int_equal(read_text("quota_mailbox_consignments: \"1099511627777\"\n", &q, problem), CONSIGN_E_CONFIG);
	assert_int_equal(read_text("quota_mailbox_consignments: \"many\"\n", &q, problem), CONSIGN_E_CONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quota_lets_pass_what_one_second_holds_and_no_more),
	    cmocka_unit_test(test_quota_counts_bytes_as_it_counts_messages),
	    cmocka_unit_test(test_quota_passes_alone_what_is_more_than_a_second),
	    cmocka_unit_test(test_quota_owes_at_most_a_full_bucket_when_it_is_lowered),
	    cmocka_unit_test(test_quota_gives_back_what_it_took),
	    cmocka_unit_test(test_quota_of_asking_is_what_gives_more_in_a_second),
	    cmocka_unit_test(test_quota_room_ends_at_count_and_bytes),
	    cmocka_unit_test(test_quota_shares_leave_room_for_a_newcomer),
	    cmocka_unit_test(test_quota_read_takes_defaults_and_refuses_what_is_no_number),
	};

	return cmocka_run_group_tests_name("broker/quota", tests, NULL, NULL);
}
