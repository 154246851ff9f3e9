/* Freshness statements at the broker: taken from whom the root names, the newest passed on to everybody, and kept over a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker_fixture.h"
#include "core/limits.h"
#include "trust/freshness.h"

/* A root that names the witness key of acme's card, which is its identity key in the fixture. */
static void
name_acme(struct broker_fixture *t)
{
	struct peer admin = broker_administrator(t);
	struct session_documents *d = fixture_none(&t->f, 0);

	t->f.freshness[0] = fixture_org(&t->f, "acme")->identity_public;
	t->f.n_freshness = 1;
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	broker_hears_publish(t, &admin, 1, broker_unproven(t, d));
	broker_turn(t);
	expect_done(t, &admin, 1, CONSIGN_CODE_NONE);
	hear_all(t, &admin);
}

static struct signed_document *
statement(struct broker_fixture *t, const char *org, uint64_t now_us)
{
	const struct hub_root *root = hub_root(t->broker->hub);
	struct document_ref ref = {root->root->version, root->hash};
	struct checkpoint_ref checkpoint = {1, {{1}}};
	struct freshness f = {.format = 1, .hub_id = t->f.hub_id, .root = &ref, .directory = root->root->directory, .policy = root->root->policy,
	    .checkpoint = &checkpoint, .created_us = now_us, .expires_us = now_us + CONSIGN_FRESHNESS_LIFE_US};

	return fixture_document_by(&t->f, SIGN_FRESHNESS, fixture_org(&t->f, org)->identity, fixture_encode(&t->f, &wire_freshness, &f))->document;
}

static void
say_statement(struct broker_fixture *t, const struct peer *p, struct signed_document *d)
{
	struct session_freshness s = {d};

	broker_hears(t, p, &(struct session_command){.freshness = &s});
	broker_turn(t);
}

static void
expect_statement(struct broker_fixture *t, const struct peer *p, const struct signed_document *d)
{
	const struct session_freshness *f = expect_said(t, p)->command->freshness;

	assert_non_null(f);
	assert_true(slice_equal(f->statement->content, d->content));
}

/* What a newcomer hears beside welcome and documents; NULL: nothing. */
static const struct session_freshness *
hello_hears(struct broker_fixture *t, struct peer p)
{
	const struct session_freshness *f = NULL;

	broker_hello(t, &p);
	for (size_t i = 0; i < t->n_said; i++)
		if (t->said[i]->to == p.route.id[4] && t->said[i]->command->freshness != NULL)
			f = t->said[i]->command->freshness;
	return f;
}

static void
test_freshness_goes_to_everybody_and_outlives_a_restart(void **state)
{
	struct broker_fixture *t = *state;
	char problem[256];

	assert_null(hello_hears(t, broker_org(t, "bolt")));
	name_acme(t);
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");
	struct signed_document *d = statement(t, "acme", t->wall_us), *newer = statement(t, "acme", t->wall_us + 1);

	say_statement(t, &acme, d);
	expect_statement(t, &bolt, d);
	expect_silence(t, &acme);
	say_statement(t, &acme, d); /* again */
	expect_silence(t, &bolt);
	t->wall_us += 2;
	say_statement(t, &acme, newer);
	expect_statement(t, &bolt, newer);
	say_statement(t, &acme, d); /* an older one */
	expect_silence(t, &bolt);
	const struct session_freshness *f = hello_hears(t, broker_org(t, "cora"));

	assert_non_null(f);
	assert_true(slice_equal(f->statement->content, newer->content));
	assert_non_null(hello_hears(t, broker_admin(t)));
	broker_end(t);
	assert_int_equal(broker_begin(t, problem), CONSIGN_OK);
	f = hello_hears(t, broker_org(t, "cora"));
	assert_non_null(f);
	assert_true(slice_equal(f->statement->content, newer->content));
}

static void
test_freshness_is_taken_from_nobody_else(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");
	struct signed_document *d = statement(t, "acme", t->wall_us);

	say_statement(t, &acme, d); /* the root names nobody */
	expect_silence(t, &bolt);
	name_acme(t);
	hear_all(t, &acme);
	hear_all(t, &bolt);
	say_statement(t, &bolt, statement(t, "bolt", t->wall_us));
	expect_silence(t, &acme);
	say_statement(t, &bolt, d); /* acme's, by another */
	expect_silence(t, &acme);
	say_statement(t, &acme, statement(t, "acme", t->wall_us - CONSIGN_FRESHNESS_LIFE_US));
	say_statement(t, &acme, statement(t, "acme", t->wall_us + CONSIGN_CLOCK_SKEW_MAX_US + 1));
	expect_silence(t, &bolt);
	say_statement(t, &acme, statement(t, "acme", t->wall_us + 1 - CONSIGN_FRESHNESS_LIFE_US));
	assert_non_null(expect_said(t, &bolt)->command->freshness);
	struct peer admin = broker_admin(t);

	broker_hello(t, &admin);
	hear_all(t, &admin);
	say_statement(t, &admin, d);
	expect_bye(t, &admin, CONSIGN_CODE_STATE);
}

/* CONSIGN_FRESHNESS_MAX_BYTES: what is kept is a file, and somebody may have written into it. */
/* Its agent comes back for what was accepted before, and is no part of the hub any more. */
static void
test_freshness_is_not_taken_from_who_has_left(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);
	struct session_documents *d = fixture_none(&t->f, 0);

	name_acme(t);
	hear_all(t, &admin);
	fixture_org(&t->f, "acme")->member.status = MEMBER_ENDED;
	fixture_add_directory(&t->f, d, fixture_directory(&t->f, FIXTURE_ALL_SIGN));
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	broker_hears_publish(t, &admin, 2, broker_unproven(t, d));
	broker_turn(t);
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");

	say_statement(t, &acme, statement(t, "acme", t->wall_us));
	expect_silence(t, &acme);
	expect_silence(t, &bolt);
	assert_int_equal(logged(t, "freshness.refused"), 1);
	assert_int_equal(t->broker->freshness.len, 0);
}

static void
test_freshness_file_that_is_none_is_nothing(void **state)
{
	struct broker_fixture *t = *state;
	static uint8_t junk[CONSIGN_FRESHNESS_MAX_BYTES + 1];
	char problem[256];

	for (size_t len = CONSIGN_FRESHNESS_MAX_BYTES; len <= sizeof junk; len++) {
		broker_end(t);
		broker_write(t, "freshness.statement", slice_of(junk, len));
		assert_int_equal(broker_begin(t, problem), CONSIGN_OK);
		assert_int_equal(t->broker->freshness.len, len <= CONSIGN_FRESHNESS_MAX_BYTES ? len : 0);
		assert_null(hello_hears(t, broker_org(t, "bolt")));
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_freshness_##name, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(goes_to_everybody_and_outlives_a_restart),
	    CASE(is_taken_from_nobody_else),
	    CASE(is_not_taken_from_who_has_left),
	    CASE(file_that_is_none_is_nothing),
	};

	return cmocka_run_group_tests_name("broker/freshness", tests, NULL, NULL);
}
