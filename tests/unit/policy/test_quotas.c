/* Quotas and rates of a compiled policy: what is found by name, what no policy may say, and that no verdict knows of them. */
#include <stdlib.h>

#include "build.h"

#define POLICY                                                                                                                   \
	"studies:\n"                                                                                                             \
	"  - {id: S1, parties: [{org: acme, roles: [sponsor]}, {org: beta, roles: [cro]}]}\n"                                     \
	"  - {id: S2, parties: [{org: acme, roles: [sponsor]}, {org: beta, roles: [cro]}]}\n"                                     \
	"rules:\n"                                                                                                               \
	"  - {id: everywhere, permit: [a], rate: 3/m}\n"                                                                         \
	"  - {id: named, permit: [b], to: {orgs: [beta]}, rate: 4/h}\n"                                                          \
	"  - {id: free, permit: [c]}\n"                                                                                          \
	"quotas:\n"                                                                                                              \
	"  - {org: acme, messages: 1/s}\n"                                                                                       \
	"  - {study: S1, messages: 2/s}\n"                                                                                       \
	"  - {org: acme, study: S1, messages: 3/s}\n"

static void
test_quotas_are_found_by_organisation_study_and_both(void **state)
{
	static const struct {
		const char *org, *study;
		uint64_t messages; /* 0: none */
	} asked[] = {{"acme", "", 1}, {"", "S1", 2}, {"acme", "S1", 3}, {"beta", "", 0}, {"", "S2", 0}, {"acme", "S2", 0}, {"beta", "S1", 0},
	    {"", "", 0}, {"S1", "", 0}, {"", "acme", 0}};
	struct policy *p = build_policy(POLICY);

	(void)state;
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		const struct policy_quota *q = policy_quota(p, asked[i].org, asked[i].study);
		assert_int_equal(q == NULL ? 0 : q->messages, asked[i].messages);
	}
	assert_int_equal(policy_quotas_n(p), 3);
	assert_string_equal(policy_quota_at(p, 1)->study.s, "S1");
	policy_free(&p);
	p = build_policy("studies: []\nrules: []\n");
	assert_null(policy_quota(p, "acme", ""));
	assert_int_equal(policy_quotas_n(p), 0);
	policy_free(&p);
}

static void
test_quotas_rates_are_found_by_the_rule_and_verdicts_do_not_know_them(void **state)
{
	struct policy *p = build_policy(POLICY);

	(void)state;
	assert_true(policy_has_rates(p));
	assert_int_equal(policy_rule_rate(p, "everywhere")->messages, 3);
	assert_int_equal(policy_rule_rate(p, "everywhere")->us, 60000000);
	assert_int_equal(policy_rule_rate(p, "named")->messages, 4);
	assert_null(policy_rule_rate(p, "free"));
	assert_null(policy_rule_rate(p, ""));
	for (int i = 0; i < 100; i++)
		assert_string_equal(ask(p, "acme", "beta", "S1", "a", CONSIGN_LABEL_OPEN).rule, "everywhere");
	policy_free(&p);
	p = build_policy("studies: []\nrules: [{id: free, permit: [c]}]\n");
	assert_false(policy_has_rates(p));
	assert_null(policy_rule_rate(p, "free"));
	policy_free(&p);
}

static enum consign_err
compile_quotas(struct policy_quota *first, struct policy_quota *second, bool in_two_parts)
{
	struct policy_quota *both[] = {first, second};
	struct policy_quotas one = {.quotas = {both, second != NULL && !in_two_parts ? 2 : 1}}, other = {.quotas = {&both[1], 1}};
	struct policy_part a = {.quotas = &one}, b = {.quotas = &other};
	struct policy_part *parts[] = {&a, &b};
	struct policy *p = NULL;
	enum consign_err err = policy_compile(parts, in_two_parts ? 2 : 1, &p);

	policy_free(&p);
	return err;
}

static void
test_quotas_that_no_file_says_are_malformed(void **state)
{
	static struct policy_quota good = {.org = {"acme"}, .messages = 1, .messages_us = 1000000}, in_study = {.org = {"acme"}, .study = {"S"}, .bytes = 1, .bytes_us = UINT64_C(86400000000)},
				   of_nobody = {.messages = 1, .messages_us = 1000000}, no_time = {.org = {"acme"}, .messages = 1},
				   no_amount = {.org = {"acme"}, .messages_us = 1}, no_byte_time = {.org = {"acme"}, .bytes = 1},
				   long_time = {.org = {"acme"}, .bytes = 1, .bytes_us = CONSIGN_QUOTA_PERIOD_MAX_US + 1},
				   much = {.org = {"acme"}, .messages = CONSIGN_QUOTA_MAX + 1, .messages_us = 1000000},
				   odd_time = {.org = {"acme"}, .messages = 10, .messages_us = UINT64_C(86400000000) - 1}, /* would be shown as 10/s */
				   short_time = {.org = {"acme"}, .bytes = 10, .bytes_us = 1},
				   mailbox = {.study = {"S"}, .mailbox_consignments = 1}, mailbox_bytes = {.org = {"acme"}, .study = {"S"}, .mailbox_bytes = 1};
	struct policy_quota *bad[] = {&of_nobody, &no_time, &no_amount, &no_byte_time, &long_time, &odd_time, &short_time, &much, &mailbox, &mailbox_bytes};

	(void)state;
	assert_int_equal(compile_quotas(&good, NULL, false), CONSIGN_OK);
	assert_int_equal(compile_quotas(&good, &in_study, false), CONSIGN_OK);
	assert_int_equal(compile_quotas(&good, &good, false), CONSIGN_E_MALFORMED);
	assert_int_equal(compile_quotas(&good, &in_study, true), CONSIGN_E_MALFORMED);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (compile_quotas(bad[i], NULL, false) != CONSIGN_E_MALFORMED)
			fail_msg("quota %zu", i);
}

static void
test_quotas_are_as_much_as_the_limits_say(void **state)
{
	static struct policy_quota most = {.org = {"acme"}, .messages = CONSIGN_QUOTA_MAX, .messages_us = CONSIGN_QUOTA_PERIOD_MAX_US};
	struct policy_quota *all = calloc(CONSIGN_QUOTAS_MAX + 1, sizeof *all), **list = calloc(CONSIGN_QUOTAS_MAX + 1, sizeof(struct policy_quota *));
	struct policy_quotas quotas = {.quotas = {list, CONSIGN_QUOTAS_MAX}};
	struct policy_part part = {.quotas = &quotas}, *parts[] = {&part};
	struct policy *p = NULL;

	(void)state;
	assert_int_equal(compile_quotas(&most, NULL, false), CONSIGN_OK);
	assert_true(all != NULL && list != NULL);
	for (unsigned i = 0; i <= CONSIGN_QUOTAS_MAX; i++) {
		all[i].mailbox_bytes = 1;
		(void)snprintf(all[i].org.s, sizeof all[i].org.s, "org-%u", i);
		list[i] = &all[i];
	}
	assert_int_equal(policy_compile(parts, 1, &p), CONSIGN_OK);
	assert_int_equal(policy_quotas_n(p), CONSIGN_QUOTAS_MAX);
	policy_free(&p);
	quotas.quotas.n++;
	assert_int_equal(policy_compile(parts, 1, &p), CONSIGN_E_TOO_BIG);
	free(list);
	free(all);
}

/* messages and us of a rule in each of two parts; forbid: the first is one. */
static enum consign_err
compile_rates(uint64_t a_messages, uint64_t a_us, uint64_t b_messages, uint64_t b_us, bool is_forbid)
{
	struct consign_type type = {"a"};
	struct policy_rule a = {.id = {"r"}, .order = 1, .effect = is_forbid ? POLICY_FORBID : POLICY_PERMIT, .types = {&type, 1}, .rate_messages = a_messages, .rate_us = a_us};
	struct policy_rule b = {.id = {"r"}, .order = 1, .effect = POLICY_PERMIT, .types = {&type, 1}, .rate_messages = b_messages, .rate_us = b_us};
	struct policy_rule *as[] = {&a}, *bs[] = {&b};
	struct policy_study one = {.id = {"A"}, .rules = {as, 1}}, two = {.id = {"B"}, .rules = {bs, 1}};
	struct policy_part first = {.study = &one}, second = {.study = &two};
	struct policy_part *parts[] = {&first, &second};
	struct policy *p = NULL;
	enum consign_err err = policy_compile(parts, 2, &p);

	policy_free(&p);
	return err;
}

static void
test_quotas_rates_are_whole_of_permits_and_the_same_in_all_studies(void **state)
{
	(void)state;
	assert_int_equal(compile_rates(2, 1000000, 2, 1000000, false), CONSIGN_OK);
	assert_int_equal(compile_rates(0, 0, 0, 0, true), CONSIGN_OK);
	assert_int_equal(compile_rates(2, 1000000, 3, 1000000, false), CONSIGN_E_MALFORMED);
	assert_int_equal(compile_rates(2, 1000000, 2, 1000001, false), CONSIGN_E_MALFORMED);
	assert_int_equal(compile_rates(2, 999999, 2, 999999, false), CONSIGN_E_MALFORMED);
	assert_int_equal(compile_rates(2, 0, 0, 0, false), CONSIGN_E_MALFORMED);
	assert_int_equal(compile_rates(0, 2, 0, 0, false), CONSIGN_E_MALFORMED);
	assert_int_equal(compile_rates(2, 1000000, 0, 0, true), CONSIGN_E_MALFORMED);
	assert_int_equal(compile_rates(CONSIGN_QUOTA_MAX + 1, 1000000, 0, 0, false), CONSIGN_E_MALFORMED);
}

/* Where a rate is found by the id, a rule without one beside it would be rated too. */
static void
test_quotas_rate_no_other_rule_of_the_same_id(void **state)
{
	(void)state;
	assert_int_equal(compile_rates(2, 1000000, 0, 0, false), CONSIGN_E_MALFORMED);
	assert_int_equal(compile_rates(0, 0, 2, 1000000, false), CONSIGN_E_MALFORMED);
	assert_int_equal(compile_rates(0, 0, 2, 1000000, true), CONSIGN_E_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quotas_are_found_by_organisation_study_and_both),
	    cmocka_unit_test(test_quotas_rates_are_found_by_the_rule_and_verdicts_do_not_know_them),
	    cmocka_unit_test(test_quotas_that_no_file_says_are_malformed),
	    cmocka_unit_test(test_quotas_are_as_much_as_the_limits_say),
	    cmocka_unit_test(test_quotas_rates_are_whole_of_permits_and_the_same_in_all_studies),
	    cmocka_unit_test(test_quotas_rate_no_other_rule_of_the_same_id),
	};
	return cmocka_run_group_tests_name("policy/quotas", tests, NULL, NULL);
}
