/* The acceptance rule (PROTOCOL.md 7.7): one row an outcome, each a good delivery with one thing changed; what is found, and
 * fetched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verify_fixture.h"

static void
assert_outcome(const struct verify_case *c)
{
	static const char *const words[] = {"take", "reject", "hold", "accuse"};
	struct delivery d;
	struct verified v;
	void *own;

	verify_setup(&own);
	make_delivery(own, c, &d);
	verify_it(&d, &v);
	if (v.outcome != c->outcome || v.code != c->code)
		fail_msg(
		    "%s: %s %s (%s), not %s", c->name, words[v.outcome], consign_code_text(v.code), v.why, words[c->outcome]);
	assert_int_equal(v.why[0] != '\0', c->outcome != VERIFY_TAKE);
	verify_teardown(&own);
}

static void
test_verify_gives_each_outcome_for_its_reason(void **state)
{
	static const struct verify_case *const tables[] = {verify_cases_statement, verify_cases_documents, verify_cases_standing};

	(void)state;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const struct verify_case *c = tables[i]; c->name != NULL; c++)
			assert_outcome(c);
}

static void
test_verify_tells_what_it_found(void **state)
{
	struct fixture *t = *state;
	struct delivery d;
	struct verified v;

	make_delivery(t, &verify_cases_statement[0], &d);
	verify_it(&d, &v);
	assert_int_equal(v.leaf, d.statement.leaf->index);
	assert_int_equal(v.my_place, 0);
	assert_ptr_equal(v.opening, &d.opening);
	assert_string_equal(v.manifest->study.s, "one");
	assert_null(v.tombstone);
	assert_int_equal(v.item_codes[0], CONSIGN_CODE_NONE);
	assert_int_equal(v.accepted_us, FIXTURE_NOW_US);
	assert_memory_equal(v.consignor_identity.b, fixture_org(&t->f, "acme")->identity_public.b, 32);
}

static void
test_verify_says_what_to_fetch(void **state)
{
	struct fixture *t = *state;
	struct delivery d;
	struct verified v;

	make_delivery(t, &(struct verify_case){.record = root_not_here}, &d);
	verify_it(&d, &v);
	assert_int_equal(v.fetch.root_after, 2);
	assert_int_equal(v.fetch.root_version, 0);
	make_delivery(t, &(struct verify_case){.record = card_not_here}, &d);
	verify_it(&d, &v);
	assert_string_equal(v.fetch.card_org, "acme");
	assert_int_equal(v.fetch.card_version, 2);
}

/* The agent joined later and has the newest directory and policy only. */
static void
test_verify_holds_mail_for_an_old_directory_and_policy(void **state)
{
	struct fixture *t = *state;
	struct delivery d;
	struct verified v;

	make_delivery(t, &verify_cases_statement[0], &d);
	fixture_directory(&t->f, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	prove(&d);
	struct session_documents *all = fixture_all(&t->f, 0);

	all->directories.v[0] = all->directories.v[1];
	all->directories.n = 1;
	hub_free(&t->agent.hub);
	assert_int_equal(hub_new(&t->f.hub_id, false, &t->agent.hub), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, t->agent.hub, all, HUB_PROVEN), CONSIGN_OK);
	verify_it(&d, &v);
	assert_int_equal(v.outcome, VERIFY_HOLD);
	assert_int_equal(v.fetch.root_version, 2);
	all = fixture_none(&t->f, 0);
	fixture_add_directory(&t->f, all, fixture_at(&t->f.directories, 1));
	assert_int_equal(fixture_take(&t->f, t->agent.hub, all, HUB_PROVEN), CONSIGN_OK);
	verify_it(&d, &v);
	assert_int_equal(v.outcome, VERIFY_TAKE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verify_gives_each_outcome_for_its_reason),
	    VERIFY_TEST(test_verify_tells_what_it_found),
	    VERIFY_TEST(test_verify_says_what_to_fetch),
	    VERIFY_TEST(test_verify_holds_mail_for_an_old_directory_and_policy),
	};

	return cmocka_run_group_tests_name("agents/verify", tests, NULL, NULL);
}
