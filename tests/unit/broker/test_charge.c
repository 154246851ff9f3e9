/* What a submission is charged to, on a broker without its socket: quotas and rates of the policy in force, and what an administrator is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker_fixture.h"
#include "charge.h"
#include "core/limits.h"

#define SECOND UINT64_C(1000000)

#define STUDIES                                                                                                                  \
	"studies:\n"                                                                                                             \
	"  - {id: one, parties: [{org: acme, roles: [sponsor]}, {org: bolt, roles: [cro]}, {org: cora, roles: [site]}]}\n"          \
	"  - {id: two, parties: [{org: acme, roles: [sponsor]}, {org: cora, roles: [site]}]}\n"

static void
publish(struct broker_fixture *t, const struct peer *admin, const char *yaml)
{
	static uint64_t request = 1000;
	struct session_documents *d = fixture_none(&t->f, 0);

	fixture_add_policy(&t->f, d, fixture_policy(&t->f, yaml, FIXTURE_ALL_SIGN));
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	broker_hears_publish(t, admin, ++request, broker_unproven(t, d));
	broker_turn(t);
	expect_done(t, admin, request, CONSIGN_CODE_NONE);
}

/* The pause that a note is told, 0: it was accepted. detail: the words that it must be told. */
static uint32_t
pause_of(struct broker_fixture *t, const struct peer *from, const char *study, const char *const *to, size_t n_to, const char *detail)
{
	static uint64_t sequence = 500;
	struct manifest *m = fixture_manifest(&t->f, from->name, study, "x.note", CONSIGN_LABEL_OPEN, to, n_to);
	const struct session_try_later *later = NULL;

	m->seen->checkpoint = NULL; /* the fixture's ledger is another one */
	hear_all(t, from);
	broker_hears_submit(t, from, ++sequence, fixture_sign_manifest(&t->f, m), fixture_body());
	broker_turn(t);
	for (size_t i = 0; i < t->n_said; i++)
		if (!t->said[i]->is_heard && t->said[i]->to == from->route.id[4] && t->said[i]->command->try_later != NULL)
			later = t->said[i]->command->try_later;
	if (later == NULL) {
		for (size_t i = 0; i < t->n_said; i++)
			t->said[i]->is_heard = t->said[i]->is_heard || t->said[i]->to != from->route.id[4] || t->said[i]->command->answers == NULL;
		expect_acceptance(t, from, sequence);
		return 0;
	}
	assert_int_equal(later->code, CONSIGN_CODE_QUOTA);
	if (later->detail.len != strlen(detail) || memcmp(later->detail.data, detail, later->detail.len) != 0)
		fail_msg("told: %.*s", (int)later->detail.len, (const char *)later->detail.data);
	/* As if its agent gave it up: the lane is free for the next. */
	broker_hears(t, from, &(struct session_command){.release = &(struct session_release){m->consignment_id}});
	broker_turn(t);
	return later->retry_ms;
}

static const char *const to_bolt[] = {"bolt"}, *const to_cora[] = {"cora"}, *const to_both[] = {"bolt", "cora"};

static void
test_charge_holds_each_to_the_rate_of_a_rule_by_consignor_and_consignee(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), cora = broker_agent(t, "cora"), admin = broker_administrator(t);

	publish(t, &admin, STUDIES "rules: [{id: notes, permit: [x.note], rate: 2/m}]\n");
	assert_int_equal(pause_of(t, &acme, "one", to_bolt, 1, ""), 0);
	assert_int_equal(pause_of(t, &acme, "one", to_both, 2, ""), 0);
	assert_int_not_equal(pause_of(t, &acme, "one", to_bolt, 1, "more than rule notes permits from acme to bolt: 2/m messages"), 0);
	/* Neither of the two took anything: there is room for one more to cora, whatever the study. */
	assert_int_not_equal(pause_of(t, &acme, "one", to_both, 2, "more than rule notes permits from acme to bolt: 2/m messages"), 0);
	assert_int_equal(pause_of(t, &acme, "two", to_cora, 1, ""), 0);
	assert_int_not_equal(pause_of(t, &acme, "one", to_cora, 1, "more than rule notes permits from acme to cora: 2/m messages"), 0);
	assert_int_equal(pause_of(t, &cora, "one", to_bolt, 1, ""), 0);
	t->steady_us += 30 * SECOND;
	assert_int_equal(pause_of(t, &acme, "one", to_bolt, 1, ""), 0);
}

static void
test_charge_holds_all_who_send_in_a_study_to_its_quota(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt"), admin = broker_administrator(t);

	publish(t, &admin,
	    STUDIES "rules: [{id: notes, permit: [x.note]}]\n"
		    "quotas: [{study: one, messages: 3/h}, {org: bolt, study: one, messages: 1/h}]\n");
	assert_int_equal(pause_of(t, &bolt, "one", to_cora, 1, ""), 0);
	assert_int_not_equal(pause_of(t, &bolt, "one", to_cora, 1, "more than the quota of bolt in one: 1/h messages"), 0);
	/* Two consignees are one message. */
	assert_int_equal(pause_of(t, &acme, "one", to_both, 2, ""), 0);
	assert_int_equal(pause_of(t, &acme, "one", to_bolt, 1, ""), 0);
	assert_int_not_equal(pause_of(t, &acme, "one", to_bolt, 1, "more than the quota of study one: 3/h messages"), 0);
	assert_int_equal(pause_of(t, &acme, "two", to_cora, 1, ""), 0);
	/* Without its quota the study has room at once. */
	publish(t, &admin, STUDIES "rules: [{id: notes, permit: [x.note]}]\nquotas: [{org: bolt, study: one, messages: 1/h}]\n");
	assert_int_equal(pause_of(t, &acme, "one", to_bolt, 1, ""), 0);
}

static void
test_charge_takes_the_policys_quota_of_an_organisation_for_the_configurations(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt"), admin = broker_administrator(t);

	publish(t, &admin, STUDIES "rules: [{id: notes, permit: [x.note]}]\nquotas: [{org: acme, messages: 1/m, bytes: 1MiB/m}]\n");
	assert_int_equal(pause_of(t, &acme, "one", to_bolt, 1, ""), 0);
	assert_int_not_equal(pause_of(t, &acme, "one", to_bolt, 1, "more than the quota of acme: 1/m messages or 1MiB/m"), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(pause_of(t, &bolt, "one", to_cora, 1, ""), 0);
}

/* What waits for another limit asks again and again; what it may send is for what is decided. */
static void
test_charge_takes_nothing_of_an_organisations_quota_for_what_is_postponed(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), admin = broker_administrator(t);

	publish(t, &admin, STUDIES "rules: [{id: notes, permit: [x.note], rate: 1/h}]\nquotas: [{org: acme, messages: 2/h}]\n");
	assert_int_equal(pause_of(t, &acme, "one", to_bolt, 1, ""), 0);
	for (unsigned i = 0; i < 10; i++)
		assert_int_not_equal(pause_of(t, &acme, "one", to_bolt, 1, "more than rule notes permits from acme to bolt: 1/h messages"), 0);
	assert_int_equal(pause_of(t, &acme, "one", to_cora, 1, ""), 0);
	assert_int_not_equal(pause_of(t, &acme, "one", to_cora, 1, "more than the quota of acme: 2/h messages or 256MiB/s"), 0);
}

/* What a disk did not take comes again: it is charged when it is stored, once. */
static void
test_charge_gives_back_what_a_commit_that_failed_was_charged(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), admin = broker_administrator(t);
	static const enum consign_err errs[] = {CONSIGN_E_FULL, CONSIGN_E_IO};
	uint64_t messages, bytes;

	publish(t, &admin,
	    STUDIES "rules: [{id: notes, permit: [x.note], rate: 1/d}]\n"
		    "quotas: [{org: acme, messages: 1/d}, {study: one, messages: 1/d}, {org: acme, study: one, messages: 1/d}]\n");
	for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++) {
		struct manifest *m = fixture_manifest(&t->f, "acme", "one", "x.note", CONSIGN_LABEL_OPEN, to_bolt, 1);

		m->seen->checkpoint = NULL;
		hear_all(t, &acme);
		t->commit_err = errs[i];
		broker_hears_submit(t, &acme, 300 + i, fixture_sign_manifest(&t->f, m), fixture_body());
		broker_turn(t);
		expect_later(t, &acme, 300 + i, errs[i] == CONSIGN_E_FULL ? CONSIGN_CODE_DISK_FULL : CONSIGN_CODE_TRY_LATER);
		t->commit_err = CONSIGN_OK;
		/* An hour later: of a message a day that is a twenty-fourth. */
		broker_recover(t);
		broker_hears(t, &acme, &(struct session_command){.release = &(struct session_release){m->consignment_id}});
		rate_used(&mailbox_of(t->broker->mailboxes, "acme")->sent, t->steady_us, &messages, &bytes);
		assert_int_equal(messages, 0);
		assert_int_equal(bytes, 0);
	}
	assert_int_equal(pause_of(t, &acme, "one", to_bolt, 1, ""), 0);
	assert_int_not_equal(pause_of(t, &acme, "one", to_cora, 1, "more than the quota of acme: 1/d messages or 256MiB/s"), 0);
}

/* A quota of a day is asked about again within half a minute, because it may have been raised. */
static void
test_charge_asks_again_within_half_a_minute(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), admin = broker_administrator(t);

	publish(t, &admin, STUDIES "rules: [{id: notes, permit: [x.note]}]\nquotas: [{org: acme, messages: 1/d}, {org: acme, study: two, messages: 1/d}]\n");
	assert_int_equal(pause_of(t, &acme, "one", to_bolt, 1, ""), 0);
	assert_int_equal(pause_of(t, &acme, "one", to_bolt, 1, "more than the quota of acme: 1/d messages or 256MiB/s"), CONSIGN_QUOTA_PAUSE_MAX_US / 1000 + 1);
	publish(t, &admin, STUDIES "rules: [{id: notes, permit: [x.note]}]\nquotas: [{org: acme, study: two, messages: 1/d}]\n");
	assert_int_equal(pause_of(t, &acme, "two", to_cora, 1, ""), 0);
	assert_int_equal(pause_of(t, &acme, "two", to_cora, 1, "more than the quota of acme in two: 1/d messages"), CONSIGN_QUOTA_PAUSE_MAX_US / 1000 + 1);
}

/* What has expired is told so at once, although its sender is over its quota; and costs it nothing more. */
static void
test_charge_lets_what_has_expired_be_refused(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), admin = broker_administrator(t);
	const struct ledger_record *record;

	publish(t, &admin, STUDIES "rules: [{id: notes, permit: [x.note]}]\nquotas: [{org: acme, messages: 1/d}]\n");
	assert_int_equal(pause_of(t, &acme, "one", to_bolt, 1, ""), 0);
	struct manifest *m = fixture_manifest(&t->f, "acme", "two", "x.note", CONSIGN_LABEL_OPEN, to_cora, 1);

	m->seen->checkpoint = NULL;
	m->created_us = t->wall_us - SECOND;
	m->expires_us = t->wall_us;
	hear_all(t, &acme);
	broker_hears_submit(t, &acme, 900, fixture_sign_manifest(&t->f, m), fixture_body());
	broker_turn(t);
	record = expect_answer(t, &acme, 900);
	assert_int_equal(record->refused->verdicts.v[0]->code, CONSIGN_CODE_EXPIRED);
	t->steady_us += 86400 * SECOND;
	t->wall_us += 1;
	assert_int_equal(pause_of(t, &acme, "one", to_bolt, 1, ""), 0);
}

/* ── turns ── */

/* 0: it was charged; else the pause in seconds, and *is_behind whether only others were before it. */
static uint64_t
charge(struct broker_fixture *t, const char *from, uint8_t number, uint64_t messages, bool *is_behind)
{
	struct manifest m = {.study = {"one"}, .consignment_id = {{number}}, .items.n = messages};
	struct charge_problem problem = {.retry_us = 0};

	snprintf(m.consignor.s, sizeof m.consignor.s, "%s", from);
	if (charge_shares(t->broker, &m, 100, NULL, &problem))
		return 0;
	*is_behind = strstr(problem.detail, ", and others wait before it") != NULL;
	return problem.retry_us / SECOND;
}

static void
expect_charged(struct broker_fixture *t, const char *from, uint8_t number, uint64_t messages)
{
	bool is_behind;

	assert_int_equal(charge(t, from, number, messages, &is_behind), 0);
}

static void
expect_waits(struct broker_fixture *t, const char *from, uint8_t number, uint64_t messages, uint64_t seconds, bool is_behind)
{
	bool is = !is_behind;

	assert_int_equal(charge(t, from, number, messages, &is), seconds);
	assert_int_equal(is, is_behind);
}

/* A study with a message each second, and room for a minute of them. */
static void
publish_a_minute(struct broker_fixture *t, const struct peer *admin, const char *other)
{
	char yaml[1024];

	snprintf(yaml, sizeof yaml, STUDIES "rules: [{id: notes, permit: [x.note]}]\nquotas: [{study: one, messages: 60/m}%s]\n", other);
	publish(t, admin, yaml);
}

/* Singles of another organisation always took what had just trickled in. */
static void
test_charge_lets_much_pass_in_its_turn_although_others_ask_for_little_at_all_times(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);

	publish_a_minute(t, &admin, "");
	expect_charged(t, "bolt", 1, 60);
	expect_waits(t, "acme", 1, 20, 20, false);
	for (uint8_t i = 0; i < 19; i++) {
		t->steady_us += SECOND;
		expect_waits(t, "bolt", 2, 1, 20 - i, true);
	}
	t->steady_us += SECOND;
	expect_waits(t, "bolt", 2, 1, 1, true);
	expect_charged(t, "acme", 1, 20);
	/* And now it is bolt's: who comes back with more is behind it. */
	expect_waits(t, "acme", 2, 20, 21, false);
	t->steady_us += SECOND;
	expect_charged(t, "bolt", 2, 1);
	expect_waits(t, "acme", 2, 20, 20, false);
	t->steady_us += 20 * SECOND;
	expect_charged(t, "acme", 2, 20);
}

/* What is more than a whole minute has its turn too, once nothing is owed; what it is too much is worked off after. */
static void
test_charge_lets_more_than_all_pass_in_its_turn_and_its_debt_is_of_one_consignment(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);

	publish_a_minute(t, &admin, "");
	expect_charged(t, "bolt", 1, 10);
	expect_waits(t, "acme", 1, CONSIGN_BUNDLE_MAX_ITEMS, 30, false);
	t->steady_us += 10 * SECOND;
	/* Empty, and not for who came later. */
	expect_waits(t, "bolt", 2, 1, 30, true);
	expect_waits(t, "cora", 1, CONSIGN_BUNDLE_MAX_ITEMS, 30, true);
	expect_charged(t, "acme", 1, CONSIGN_BUNDLE_MAX_ITEMS);
	/* 256 seconds of debt, and no second bundle on top of it: the single one, then the other bundle. */
	for (unsigned waited = 0; waited < CONSIGN_BUNDLE_MAX_ITEMS - 59; waited++) {
		bool is_behind;

		assert_int_not_equal(charge(t, "bolt", 2, 1, &is_behind), 0);
		assert_int_not_equal(charge(t, "cora", 1, CONSIGN_BUNDLE_MAX_ITEMS, &is_behind), 0);
		t->steady_us += SECOND;
	}
	expect_charged(t, "bolt", 2, 1);
	for (unsigned waited = 0; waited < 60; waited++) {
		expect_waits(t, "cora", 1, CONSIGN_BUNDLE_MAX_ITEMS, 30, false);
		t->steady_us += SECOND;
	}
	expect_charged(t, "cora", 1, CONSIGN_BUNDLE_MAX_ITEMS);
}

/* Nobody waits behind who waits for something else, who stays away, or who gave it up. */
static void
test_charge_holds_a_turn_only_for_who_waits_for_that_and_comes_again(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), admin = broker_administrator(t);
	struct consign_id given_up = {{3}};

	publish_a_minute(t, &admin, ", {org: acme, study: one, messages: 3/d}");
	expect_charged(t, "acme", 1, 3);
	expect_charged(t, "bolt", 1, 57);
	/* For both: it is the study's turn only when its own has room, which is in a day. */
	expect_waits(t, "acme", 2, 3, 30, false);
	t->steady_us += SECOND;
	expect_charged(t, "bolt", 2, 1);
	hear_all(t, &admin);
	publish_a_minute(t, &admin, "");
	expect_waits(t, "acme", 2, 3, 3, false);
	t->steady_us += 2 * SECOND;
	expect_waits(t, "bolt", 3, 1, 2, true);
	/* It was told three seconds, and has ten more. */
	t->steady_us += 12 * SECOND;
	expect_waits(t, "bolt", 3, 15, 1, false);
	t->steady_us += SECOND;
	expect_charged(t, "bolt", 3, 15);
	/* Given up by its agent. */
	expect_waits(t, "acme", 3, 20, 20, false);
	expect_waits(t, "bolt", 4, 1, 21, false);
	t->steady_us += SECOND;
	expect_waits(t, "bolt", 4, 1, 20, true);
	broker_hears(t, &acme, &(struct session_command){.release = &(struct session_release){given_up}});
	broker_turn(t);
	expect_charged(t, "bolt", 4, 1);
}

/* ── what is told of them ── */

static const struct session_quotas_reply *
ask(struct broker_fixture *t, const struct peer *admin, struct session_quotas_query q)
{
	static uint64_t request;

	q.request = ++request;
	hear_all(t, admin);
	broker_hears(t, admin, &(struct session_command){.quotas_query = &q});
	broker_turn(t);
	const struct session_quotas_reply *reply = expect_said(t, admin)->command->quotas_reply;

	assert_non_null(reply);
	assert_int_equal(reply->request, q.request);
	return reply;
}

static void
test_on_quotas_query_tells_what_holds_and_what_is_used(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), admin = broker_administrator(t);

	publish(t, &admin,
	    STUDIES "rules: [{id: notes, permit: [x.note]}]\n"
		    "quotas: [{org: acme, messages: 5/h}, {study: one, messages: 7/h}, {org: acme, study: one, bytes: 1MiB/d}]\n");
	assert_int_equal(pause_of(t, &acme, "one", to_both, 2, ""), 0);
	const struct session_quotas_reply *r = ask(t, &admin, (struct session_quotas_query){0});

	assert_int_equal(r->next, 0);
	assert_int_equal(r->rows.n, 2 + 4);
	assert_string_equal(r->rows.v[0]->quota->study.s, "one");
	assert_string_equal(r->rows.v[0]->quota->org.s, "");
	assert_int_equal(r->rows.v[0]->used_messages, 1);
	assert_int_equal(r->rows.v[0]->quota->mailbox_bytes, 0);
	assert_string_equal(r->rows.v[1]->quota->org.s, "acme");
	assert_int_equal(r->rows.v[1]->used_messages, 0);
	assert_true(r->rows.v[1]->used_bytes > 100);
	for (size_t i = 2; i < r->rows.n; i++) {
		const struct quota_row *row = r->rows.v[i];
		bool is_acme = strcmp(row->quota->org.s, "acme") == 0;

		assert_string_equal(row->quota->study.s, "");
		assert_int_equal(row->is_own, is_acme);
		assert_int_equal(row->quota->messages, is_acme ? 5 : CONSIGN_QUOTA_MESSAGES_PER_SECOND);
		assert_int_equal(row->quota->bytes, CONSIGN_QUOTA_BYTES_PER_SECOND);
		assert_int_equal(row->quota->mailbox_bytes, CONSIGN_MAILBOX_MAX_BYTES);
		assert_int_equal(row->used_messages, is_acme ? 1 : 0);
		assert_int_equal(row->waiting_consignments, strcmp(row->quota->org.s, "bolt") == 0 || strcmp(row->quota->org.s, "cora") == 0);
	}
	r = ask(t, &admin, (struct session_quotas_query){.org = "acme"});
	assert_int_equal(r->rows.n, 2);
	r = ask(t, &admin, (struct session_quotas_query){.study = "one"});
	assert_int_equal(r->rows.n, 2);
	r = ask(t, &admin, (struct session_quotas_query){.org = "acme", .study = "two"});
	assert_int_equal(r->rows.n, 0);
}

static void
test_on_quotas_query_ends_a_page_at_1024_rows(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);
	struct buf yaml = {0};

	assert_int_equal(buf_printf(&yaml, "rules: []\nstudies: [{id: S, parties: ["), CONSIGN_OK);
	for (unsigned i = 0; i < CONSIGN_QUOTA_ROWS_MAX; i++)
		assert_int_equal(buf_printf(&yaml, "{org: org-%u, roles: [site]},\n", i), CONSIGN_OK);
	assert_int_equal(buf_printf(&yaml, "]}]\nquotas:\n"), CONSIGN_OK);
	for (unsigned i = 0; i < CONSIGN_QUOTA_ROWS_MAX; i++)
		assert_int_equal(buf_printf(&yaml, "  - {org: org-%u, study: S, messages: %u/s}\n", i, i + 1), CONSIGN_OK);
	assert_int_equal(buf_printf(&yaml, "  - {study: S, messages: %u/s}\n", CONSIGN_QUOTA_ROWS_MAX + 1), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&yaml, 0), CONSIGN_OK);
	publish(t, &admin, (const char *)yaml.data);
	buf_clear(&yaml);
	const struct session_quotas_reply *r = ask(t, &admin, (struct session_quotas_query){0});

	assert_int_equal(r->rows.n, CONSIGN_QUOTA_ROWS_MAX);
	assert_int_equal(r->next, CONSIGN_QUOTA_ROWS_MAX);
	r = ask(t, &admin, (struct session_quotas_query){.from = r->next});
	assert_int_equal(r->rows.n, 1 + 4);
	assert_int_equal(r->rows.v[0]->quota->messages, CONSIGN_QUOTA_ROWS_MAX + 1);
	assert_int_equal(r->next, 0);
}

static void
test_on_quotas_query_is_for_administrators(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct session_quotas_query q = {.request = 7};

	broker_hears(t, &acme, &(struct session_command){.quotas_query = &q});
	broker_turn(t);
	expect_bye(t, &acme, CONSIGN_CODE_STATE);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_charge_holds_each_to_the_rate_of_a_rule_by_consignor_and_consignee),
	    TEST(test_charge_holds_all_who_send_in_a_study_to_its_quota),
	    TEST(test_charge_takes_the_policys_quota_of_an_organisation_for_the_configurations),
	    TEST(test_charge_takes_nothing_of_an_organisations_quota_for_what_is_postponed),
	    TEST(test_charge_gives_back_what_a_commit_that_failed_was_charged),
	    TEST(test_charge_asks_again_within_half_a_minute),
	    TEST(test_charge_lets_what_has_expired_be_refused),
	    TEST(test_charge_lets_much_pass_in_its_turn_although_others_ask_for_little_at_all_times),
	    TEST(test_charge_lets_more_than_all_pass_in_its_turn_and_its_debt_is_of_one_consignment),
	    TEST(test_charge_holds_a_turn_only_for_who_waits_for_that_and_comes_again),
	    TEST(test_on_quotas_query_tells_what_holds_and_what_is_used),
	    TEST(test_on_quotas_query_ends_a_page_at_1024_rows),
	    TEST(test_on_quotas_query_is_for_administrators),
	};

	return cmocka_run_group_tests_name("broker/charge", tests, NULL, NULL);
}
