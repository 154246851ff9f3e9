/* Quotas as they are shown: what differs between two policies, as text and as JSON, and what one message falls under. */
#include "policies.h"
#include "quota_view.h"

#define STUDIES                                                                                                                  \
	"studies:\n"                                                                                                             \
	"  - {id: S-1, parties: [{org: acme, roles: [sponsor]}, {org: bolt, roles: [cro]}]}\n"                                    \
	"  - {id: S-2, parties: [{org: acme, roles: [sponsor]}, {org: bolt, roles: [cro]}]}\n"                                    \
	"rules: []\n"

static const char before_yaml[] = STUDIES "quotas:\n"
					  "  - {org: acme, messages: 1/s}\n"
					  "  - {study: S-1, messages: 2/h}\n"
					  "  - {org: acme, study: S-1, bytes: 3MiB/d}\n";
static const char after_yaml[] = STUDIES "quotas:\n"
					 "  - {org: acme, messages: 1/s, mailbox-consignments: 5}\n"
					 "  - {org: acme, study: S-1, bytes: 3MiB/d}\n"
					 "  - {org: bolt, mailbox-bytes: 1GiB, messages: 7/m}\n";

static void
expect_json(json_t *json, const char *expected)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
	json_decref(json);
}

static void
expect_words(struct buf *words, const char *expected)
{
	assert_int_equal(buf_append_u8(words, 0), CONSIGN_OK);
	assert_string_equal((const char *)words->data, expected);
	buf_clear(words);
}

static void
test_quota_view_compare_says_the_same_in_words_and_in_json(void **state)
{
	struct read_policy before, after;
	struct buf out = {0};

	(void)state;
	policy_of(before_yaml, &before);
	policy_of(after_yaml, &after);
	assert_int_equal(quota_view_compare(before.view.quotas, after.view.quotas, &out), CONSIGN_OK);
	expect_words(&out, "~ quota of acme: messages: 1/s, mailbox-consignments: 5\n"
			   "+ quota of bolt: messages: 7/m, mailbox-bytes: 1GiB\n"
			   "- quota of study S-1: messages: 2/h\n");
	expect_json(quota_view_compare_json(before.view.quotas, after.view.quotas),
	    "[{\"after\":{\"mailbox_consignments\":5,\"messages\":1,\"messages_us\":1000000,\"org\":\"acme\"},"
	    "\"before\":{\"messages\":1,\"messages_us\":1000000,\"org\":\"acme\"},\"change\":\"changed\"},"
	    "{\"after\":{\"mailbox_bytes\":1073741824,\"messages\":7,\"messages_us\":60000000,\"org\":\"bolt\"},\"before\":null,\"change\":\"added\"},"
	    "{\"after\":null,\"before\":{\"messages\":2,\"messages_us\":3600000000,\"study\":\"S-1\"},\"change\":\"removed\"}]");
	expect_json(quota_view_compare_json(before.view.quotas, before.view.quotas), "[]");
	expect_json(quota_view_compare_json(NULL, NULL), "[]");
	assert_int_equal(quota_view_compare(NULL, NULL, &out), CONSIGN_OK);
	assert_int_equal(quota_view_compare(NULL, before.view.quotas, &out), CONSIGN_OK);
	expect_words(&out, "+ quota of acme: messages: 1/s\n"
			   "+ quota of study S-1: messages: 2/h\n"
			   "+ quota of acme in S-1: bytes: 3MiB/d\n");
	policy_end(&before);
	policy_end(&after);
}

static void
test_quota_view_of_a_message_has_its_consignor_s_its_study_s_and_the_mailbox_of_its_consignee(void **state)
{
	struct read_policy before, after;
	struct buf out = {0};

	(void)state;
	policy_of(before_yaml, &before);
	policy_of(after_yaml, &after);
	assert_int_equal(quota_view_of_message(before.view.quotas, "acme", "bolt", "S-1", &out), CONSIGN_OK);
	expect_words(&out, "quota      of acme: messages: 1/s\n"
			   "quota      of study S-1: messages: 2/h\n"
			   "quota      of acme in S-1: bytes: 3MiB/d\n");
	/* What the consignee may send, and what may wait for the consignor, is not about it. */
	assert_int_equal(quota_view_of_message(after.view.quotas, "acme", "bolt", "S-2", &out), CONSIGN_OK);
	expect_words(&out, "quota      of acme: messages: 1/s\n"
			   "quota      of bolt: mailbox-bytes: 1GiB\n");
	expect_json(quota_view_of_message_json(after.view.quotas, "bolt", "acme", "S-1"),
	    "[{\"messages\":7,\"messages_us\":60000000,\"org\":\"bolt\"},{\"mailbox_consignments\":5,\"org\":\"acme\"}]");
	expect_json(quota_view_of_message_json(before.view.quotas, "bolt", "acme", "S-2"), "[]");
	assert_int_equal(quota_view_of_message(NULL, "acme", "bolt", "S-1", &out), CONSIGN_OK);
	assert_int_equal(out.len, 0);
	policy_end(&before);
	policy_end(&after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quota_view_compare_says_the_same_in_words_and_in_json),
	    cmocka_unit_test(test_quota_view_of_a_message_has_its_consignor_s_its_study_s_and_the_mailbox_of_its_consignee),
	};

	return cmocka_run_group_tests_name("cli/quota_view", tests, NULL, NULL);
}
