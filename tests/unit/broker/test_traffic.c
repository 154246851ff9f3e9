/* traffic_query: what was accepted and refused, counted from a time on, a page an answer; one consignment by its id. */
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

static struct manifest *
note_of(struct broker_fixture *t, const char *type)
{
	struct manifest *m = broker_note(t);

	snprintf(m->items.v[0]->type.s, sizeof m->items.v[0]->type.s, "%s", type);
	return m;
}

static void
submit(struct broker_fixture *t, const struct peer *p, const struct manifest *m)
{
	static uint64_t sequence;

	broker_hears_submit(t, p, ++sequence, fixture_sign_manifest(&t->f, m), fixture_body());
	broker_turn(t);
	hear_all(t, p);
}

static const struct session_traffic_reply *
ask(struct broker_fixture *t, const struct peer *admin, struct session_traffic_query q)
{
	static uint64_t request;

	q.request = ++request;
	broker_hears(t, admin, &(struct session_command){.traffic_query = &q});
	broker_turn(t);
	const struct session_traffic_reply *reply = expect_said(t, admin)->command->traffic_reply;

	assert_non_null(reply);
	assert_int_equal(reply->request, q.request);
	return reply;
}

static void
test_traffic_counts_what_is_alike_with_the_newest_of_it(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), admin = broker_administrator(t);
	struct manifest *last = NULL;
	struct manifest *kept = broker_note(t);

	for (unsigned i = 0; i < 3; i++) {
		t->wall_us += 1000000;
		last = broker_note(t);
		submit(t, &acme, last);
	}
	submit(t, &acme, note_of(t, "x.other"));
	const struct session_traffic_reply *r = ask(t, &admin, (struct session_traffic_query){0});

	assert_int_equal(r->next, 0);
	assert_int_equal(r->rows.n, 2);
	const struct traffic_row *accepted = r->rows.v[0]->code == CONSIGN_CODE_NONE ? r->rows.v[0] : r->rows.v[1];
	const struct traffic_row *refused = accepted == r->rows.v[0] ? r->rows.v[1] : r->rows.v[0];

	assert_int_equal(accepted->code, CONSIGN_CODE_NONE);
	assert_int_equal(accepted->count, 3);
	assert_string_equal(accepted->consignor.s, "acme");
	assert_string_equal(accepted->consignee.s, "bolt");
	assert_string_equal(accepted->study.s, kept->study.s);
	assert_string_equal(accepted->type.s, kept->items.v[0]->type.s);
	assert_int_equal(accepted->label, kept->label);
	assert_memory_equal(accepted->consignment_id.b, last->consignment_id.b, 16);
	assert_int_equal(accepted->at_us, t->wall_us);
	assert_int_equal(accepted->root_version, hub_root(t->broker->hub)->root->version);
	assert_int_equal(refused->code, CONSIGN_CODE_POLICY_NO_RULE);
	assert_string_equal(refused->type.s, "x.other");
	assert_int_equal(refused->count, 1);
}

static void
test_traffic_begins_at_the_time_that_is_asked_for(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), admin = broker_administrator(t);
	uint64_t times[5];

	for (unsigned i = 0; i < 5; i++) {
		t->wall_us += 1000000;
		times[i] = t->wall_us;
		submit(t, &acme, broker_note(t));
	}
	/* The leaves of the hub's beginning bear this machine's time, which is later: the search for the first leaf needs an
	 * order. */
	broker_sql(t, "UPDATE leaf SET record = (SELECT record FROM leaf WHERE id = (SELECT min(leaf) FROM consignment))"
		      " WHERE id < (SELECT min(leaf) FROM consignment)");
	for (unsigned i = 0; i < 5; i++) {
		const struct session_traffic_reply *r = ask(t, &admin, (struct session_traffic_query){.since_us = times[i]});

		assert_int_equal(r->rows.n, 1);
		assert_int_equal(r->rows.v[0]->count, 5 - i);
	}
	assert_int_equal(ask(t, &admin, (struct session_traffic_query){.since_us = times[4] + 1})->rows.n, 0);
}

static void
test_traffic_of_one_consignment_has_every_item_and_consignee(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), admin = broker_administrator(t);
	struct manifest *m = broker_note(t), *refused = note_of(t, "x.other");
	struct consign_id nothing = {{9}};

	submit(t, &acme, m);
	submit(t, &acme, refused);
	const struct session_traffic_reply *r =
	    ask(t, &admin, (struct session_traffic_query){.consignment_id = SLICE_ARRAY(m->consignment_id.b)});

	assert_int_equal(r->rows.n, 1);
	assert_int_equal(r->rows.v[0]->item, m->items.v[0]->index);
	assert_int_equal(r->rows.v[0]->count, 1);
	assert_int_equal(r->rows.v[0]->code, CONSIGN_CODE_NONE);
	r = ask(t, &admin, (struct session_traffic_query){.consignment_id = SLICE_ARRAY(refused->consignment_id.b)});
	assert_int_equal(r->rows.n, 1);
	assert_int_equal(r->rows.v[0]->code, CONSIGN_CODE_POLICY_NO_RULE);
	assert_int_equal(ask(t, &admin, (struct session_traffic_query){.consignment_id = SLICE_ARRAY(nothing.b)})->rows.n, 0);
}

static void
test_store_traffic_ends_a_page_at_1024_consignments(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), admin = broker_administrator(t);

	for (unsigned i = 0; i < CONSIGN_TRAFFIC_CONSIGNMENTS_MAX + 1; i++) {
		broker_hears_submit(t, &acme, i + 1, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
		if (i % 60 == 59) {
			broker_turn(t);
			hear_all(t, &acme);
		}
	}
	broker_turn(t);
	hear_all(t, &acme);
	const struct session_traffic_reply *r = ask(t, &admin, (struct session_traffic_query){0});

	assert_int_equal(r->rows.n, 1);
	assert_int_equal(r->rows.v[0]->count, CONSIGN_TRAFFIC_CONSIGNMENTS_MAX);
	assert_true(r->next > 0);
	r = ask(t, &admin, (struct session_traffic_query){.from_leaf = r->next});
	assert_int_equal(r->rows.n, 1);
	assert_int_equal(r->rows.v[0]->count, 1);
	assert_int_equal(r->next, 0);
}

static void
test_on_traffic_query_answers_four_at_once(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);

	for (uint64_t i = 1; i <= CONSIGN_TRAFFIC_READS_MAX + 1; i++) {
		struct session_traffic_query q = {.request = i};

		broker_hears(t, &admin, &(struct session_command){.traffic_query = &q});
	}
	expect_done(t, &admin, CONSIGN_TRAFFIC_READS_MAX + 1, CONSIGN_CODE_TRY_LATER);
	broker_turn(t);
	for (uint64_t i = 1; i <= CONSIGN_TRAFFIC_READS_MAX; i++)
		assert_int_equal(expect_said(t, &admin)->command->traffic_reply->request, i);
	assert_int_equal(ask(t, &admin, (struct session_traffic_query){0})->rows.n, 0);
}

static void
test_on_traffic_query_says_when_the_store_cannot_be_read(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);
	struct session_traffic_query q = {.request = 7};

	t->read_err = CONSIGN_E_IO;
	broker_hears(t, &admin, &(struct session_command){.traffic_query = &q});
	broker_turn(t);
	expect_done(t, &admin, 7, CONSIGN_CODE_TRY_LATER);
	assert_int_equal(t->broker->traffic_reads, 0);
	t->read_err = CONSIGN_OK;
}

static void
test_on_traffic_query_is_for_administrators(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct session_traffic_query q = {.request = 7};

	broker_hears(t, &acme, &(struct session_command){.traffic_query = &q});
	expect_bye(t, &acme, CONSIGN_CODE_STATE);
	assert_int_equal(t->broker->traffic_reads, 0);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, broker_setup, broker_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_traffic_counts_what_is_alike_with_the_newest_of_it),
	    TEST(test_traffic_begins_at_the_time_that_is_asked_for),
	    TEST(test_traffic_of_one_consignment_has_every_item_and_consignee),
	    TEST(test_store_traffic_ends_a_page_at_1024_consignments),
	    TEST(test_on_traffic_query_answers_four_at_once),
	    TEST(test_on_traffic_query_says_when_the_store_cannot_be_read),
	    TEST(test_on_traffic_query_is_for_administrators),
	};

	return cmocka_run_group_tests_name("broker/traffic", tests, NULL, NULL);
}
