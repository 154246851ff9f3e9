/* What administrators watch: what happens is told as the ledger has it, once, whoever reads slowly, and nobody pays for it. */
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
#include "events.h"
#include "watching.h"

static void
ask(struct broker_fixture *t, const struct peer *p, uint64_t request, uint64_t from)
{
	struct session_admin_watch q = {.request = request, .from_leaf = from};

	broker_hears(t, p, &(struct session_command){.admin_watch = &q});
}

static const struct session_admin_events *
expect_events(struct broker_fixture *t, const struct peer *p, uint64_t request)
{
	const struct session_admin_events *e = expect_said(t, p)->command->admin_events;

	assert_non_null(e);
	assert_int_equal(e->request, request);
	return e;
}

/* All that the ledger has from a leaf on, as one who asks at once hears it. */
static size_t
read_all(struct broker_fixture *t, struct session_admin_watch q, const struct admin_event **ret_events, size_t max)
{
	struct peer admin = broker_administrator(t);
	const struct session_admin_events *e;
	size_t n = 0;

	q.at_once = 1;
	do {
		q.request++;
		broker_hears(t, &admin, &(struct session_command){.admin_watch = &q});
		broker_turn(t);
		e = expect_events(t, &admin, q.request);
		for (size_t i = 0; i < e->events.n; i++)
			if (e->events.v[i]->place > 0) {
				assert_true(n < max);
				ret_events[n++] = e->events.v[i];
			}
		q.from_leaf = e->next_leaf;
		q.since_us = 0;
	} while (!e->is_present);
	return n;
}

static bool
is_same(const struct admin_event *a, const struct admin_event *b)
{
	return a->at_us == b->at_us && a->place == b->place && strcmp(a->kind, b->kind) == 0 && slice_equal(a->org, b->org)
	    && slice_equal(a->subject, b->subject) && strcmp(a->study, b->study) == 0 && strcmp(a->type, b->type) == 0 && a->code == b->code
	    && strcmp(a->rule, b->rule) == 0 && slice_equal(a->detail, b->detail) && a->count == b->count
	    && slice_equal(a->consignment_id, b->consignment_id);
}

static void
expect_text(struct consign_slice got, const char *expected)
{
	assert_true(slice_equal(got, slice_text(expected)));
}

static void
refuse_one(struct broker_fixture *t, const struct peer *acme, uint64_t sequence)
{
	struct manifest *m = broker_note(t);

	snprintf(m->items.v[0]->type.s, sizeof m->items.v[0]->type.s, "x.other");
	broker_hears_submit(t, acme, sequence, fixture_sign_manifest(&t->f, m), fixture_body());
	broker_turn(t);
	struct session_release release = {m->consignment_id}; /* else its lane is held */

	broker_hears(t, acme, &(struct session_command){.release = &release});
	hear_all(t, acme);
}

static void
invite_one(struct broker_fixture *t, const char *org)
{
	struct peer admin = broker_administrator(t);
	struct invite_notice notice = {.expires_us = t->wall_us + CONSIGN_INVITE_LIFE_US};
	struct session_invite in = {.request = 1, .notice = &notice};

	snprintf(notice.org.s, sizeof notice.org.s, "%s", org);
	broker_hears(t, &admin, &(struct session_command){.invite = &in});
	broker_turn(t);
	expect_done(t, &admin, 1, CONSIGN_CODE_NONE);
}

/* Answers one after the other, until nothing is told any more; only what has a place. */
static size_t
hear_live(struct broker_fixture *t, const struct peer *p, uint64_t *request, const struct admin_event **ret_events, size_t max)
{
	size_t n = 0;

	for (;;) {
		const struct session_admin_events *e = expect_events(t, p, *request);

		for (size_t i = 0; i < e->events.n; i++)
			if (e->events.v[i]->place > 0) {
				assert_true(n < max);
				ret_events[n++] = e->events.v[i];
			}
		ask(t, p, ++*request, e->next_leaf);
		if (e->is_present)
			return n;
	}
}

static void
test_watching_tells_what_happens_as_the_ledger_has_it(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t), acme = broker_agent(t, "acme");
	const struct admin_event *live[64], *read[64];
	uint64_t request = 1, from = ledger_checkpoint(t->broker->ledger)->size;
	size_t n;

	ask(t, &admin, request, INT64_MAX);
	expect_silence(t, &admin);
	refuse_one(t, &acme, 1);
	n = hear_live(t, &admin, &request, live, 64);
	invite_one(t, "ever");
	n += hear_live(t, &admin, &request, live + n, 64 - n);
	assert_int_equal(n, 2);
	assert_string_equal(live[0]->kind, "refused");
	expect_text(live[0]->org, "acme");
	expect_text(live[0]->subject, "bolt");
	assert_string_equal(live[0]->study, "one");
	assert_string_equal(live[0]->type, "x.other");
	assert_int_equal(live[0]->code, CONSIGN_CODE_POLICY_NO_RULE);
	assert_int_equal(live[0]->count, 1);
	assert_int_equal(live[0]->consignment_id.len, 16);
	assert_string_equal(live[1]->kind, "invited");
	expect_text(live[1]->subject, "ever");
	assert_int_equal(live[1]->org.len, strlen(admin.name));
	assert_int_equal(read_all(t, (struct session_admin_watch){.from_leaf = from}, read, 64), n);
	for (size_t i = 0; i < n; i++)
		assert_true(is_same(live[i], read[i]));
}

static void
test_watching_says_who_signed_a_document(void **state)
{
	struct broker_fixture *t = *state;
	const struct admin_event *e[64];
	size_t n = read_all(t, (struct session_admin_watch){0}, e, 64), published = 0, restarts = 0;

	for (size_t i = 0; i < n; i++) {
		assert_true(i == 0 || e[i]->place >= e[i - 1]->place);
		if (strcmp(e[i]->kind, "published") == 0) {
			published++;
			assert_true(e[i]->org.len > 0);
			assert_true(e[i]->subject.len > 0);
		}
		restarts += strcmp(e[i]->kind, "restarted") == 0;
	}
	assert_true(published >= 3);
	assert_int_equal(restarts, 1);
}

/* One event for each consignee and reason, which counts its items. */
static void
test_watching_tells_refusals_by_consignee_and_type(void **state)
{
	struct broker_fixture *t = *state;
	struct verdict v[] = {{.index = 0, .org = "bolt", .code = CONSIGN_CODE_CLEARANCE, .type = "x.a"},
	    {.index = 0, .org = "cora", .code = CONSIGN_CODE_CLEARANCE, .type = "x.a"},
	    {.index = 1, .org = "bolt", .code = CONSIGN_CODE_CLEARANCE, .type = "x.a"},
	    {.index = 2, .org = "bolt", .code = CONSIGN_CODE_CLEARANCE, .type = "x.b"},
	    {.index = 3, .org = "bolt", .code = CONSIGN_CODE_POLICY_FORBIDDEN, .rule = "r", .type = "x.a"},
	    {.index = 0, .code = CONSIGN_CODE_EXPIRED, .detail = slice_text("over")}};
	struct verdict *list[] = {&v[0], &v[1], &v[2], &v[3], &v[4], &v[5]};
	struct consign_org orgs[] = {{"bolt"}, {"cora"}};
	struct refused_record refused = {.consignor = {"acme"}, .verdicts = {list, 6}, .study = "one", .consignees = {orgs, 2}};
	struct ledger_record record = {.at_us = 5, .refused = &refused};
	struct event e[EVENTS_A_LEAF];
	size_t n;

	assert_int_equal(events_of_leaf(7, &record, t->arena, e, &n), CONSIGN_OK);
	assert_int_equal(n, 5);
	expect_text(e[0].told.subject, "bolt");
	assert_int_equal(e[0].told.count, 2);
	assert_int_equal(e[0].told.place, 8);
	expect_text(e[1].told.subject, "cora");
	assert_int_equal(e[1].told.count, 1);
	assert_string_equal(e[2].told.type, "x.b");
	assert_string_equal(e[3].told.rule, "r");
	expect_text(e[4].told.subject, "bolt,cora");
	expect_text(e[4].told.detail, "over");
}

/* Acts: by their rows; one that nobody thought of here, as it is recorded. */
static void
test_watching_tells_acts(void **state)
{
	struct broker_fixture *t = *state;
	uint64_t from = ledger_next(t->broker->ledger);
	const struct admin_event *e[8];

	broker_act(t->broker, "proposal.made", "abcd", 1, "alice: because: so");
	broker_act(t->broker, "proposal.approved", "abcd", 1, "bob");
	broker_act(t->broker, "refusals", "acme", 7, "beyond");
	broker_act(t->broker, "something.new", "what", 3, "why");
	broker_turn(t);
	assert_int_equal(read_all(t, (struct session_admin_watch){.from_leaf = from}, e, 8), 4);
	assert_string_equal(e[0]->kind, "proposed");
	expect_text(e[0]->org, "alice");
	expect_text(e[0]->subject, "abcd");
	expect_text(e[0]->detail, "because: so");
	assert_string_equal(e[1]->kind, "approved");
	expect_text(e[1]->org, "bob");
	expect_text(e[1]->detail, "");
	assert_string_equal(e[2]->kind, "refused");
	expect_text(e[2]->org, "acme");
	assert_int_equal(e[2]->count, 7);
	assert_string_equal(e[3]->kind, "something.new");
	expect_text(e[3]->subject, "what");
	expect_text(e[3]->detail, "why");
	assert_int_equal(e[3]->count, 3);
}

static void
test_watching_begins_at_a_time(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	const struct admin_event *e[64];

	t->wall_us = clock_wall_us(clock_system()) + 1000000; /* the genesis has the machine's time */
	t->steady_us += 1000000;
	refuse_one(t, &acme, 1);
	uint64_t between = t->wall_us + 1;

	t->wall_us += 1000000;
	t->steady_us += 1000000;
	refuse_one(t, &acme, 2);
	assert_int_equal(read_all(t, (struct session_admin_watch){.since_us = between}, e, 64), 1);
	assert_int_equal(e[0]->at_us, t->wall_us);
	assert_int_equal(read_all(t, (struct session_admin_watch){.since_us = between - 1}, e, 64), 2);
	assert_int_equal(read_all(t, (struct session_admin_watch){.since_us = t->wall_us + 1}, e, 64), 0);
}

static const struct admin_event *
expect_one(struct broker_fixture *t, const struct peer *p, uint64_t *request, const char *kind)
{
	const struct session_admin_events *e = expect_events(t, p, *request);

	assert_int_equal(e->events.n, 1);
	assert_string_equal(e->events.v[0]->kind, kind);
	ask(t, p, ++*request, e->next_leaf);
	return e->events.v[0];
}

static void
test_watching_tells_what_is_in_no_ledger(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);
	uint64_t request = 1;

	ask(t, &admin, request, INT64_MAX);
	struct peer acme = broker_agent(t, "acme");

	broker_turn(t);
	expect_text(expect_one(t, &admin, &request, "connected")->org, "acme");
	broker_hears(t, &acme, &(struct session_command){.bye = &(struct session_bye){0}});
	broker_turn(t);
	expect_text(expect_one(t, &admin, &request, "disconnected")->org, "acme");
	acme = broker_agent(t, "acme");
	broker_turn(t);
	expect_one(t, &admin, &request, "connected");
	broker_hears(t, &acme, &(struct session_command){.joins_query = &(struct session_joins_query){0}});
	broker_turn(t);
	assert_int_equal(expect_one(t, &admin, &request, "cut")->code, CONSIGN_CODE_STATE);
	t->disk_used = CONSIGN_DISK_WARN_PERCENT;
	t->tick(t->broker);
	expect_one(t, &admin, &request, "disk");
	t->tick(t->broker);
	expect_silence(t, &admin);
}

static void
test_watching_counts_what_is_postponed_by_the_second(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);
	uint64_t request = 1;

	ask(t, &admin, request, INT64_MAX);
	for (int i = 0; i < 5; i++)
		watching_postponed(t->broker, "acme", "bolt", CONSIGN_CODE_QUOTA, slice_text("too much"));
	watching_pump(t->broker);
	const struct admin_event *e = expect_one(t, &admin, &request, "postponed");

	assert_int_equal(e->count, 1);
	expect_text(e->subject, "bolt");
	t->tick(t->broker);
	expect_silence(t, &admin);
	t->steady_us += 1000000;
	t->tick(t->broker);
	assert_int_equal(expect_one(t, &admin, &request, "postponed")->count, 4);
}

/* Waiting for a quota of a day, in three lanes that each ask every half minute: it is told once, then ever more rarely. */
static void
test_watching_tells_of_a_quota_once_and_rarely_while_it_goes_on(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);
	struct consign_slice quota = slice_text("more than the quota of study S-1: 3/d messages"),
			     behind = slice_text("more than the quota of study S-1: 3/d messages, and others wait before it"),
			     other = slice_text("more than rule notes permits from acme to bolt: 1/d messages");
	uint64_t request = 1, tellings = 0, counted = 0;
	char detail[128];

	ask(t, &admin, request, INT64_MAX);
	watching_postponed(t->broker, "acme", "", CONSIGN_CODE_QUOTA, quota);
	watching_pump(t->broker);
	expect_text(expect_one(t, &admin, &request, "postponed")->detail, "more than the quota of study S-1: 3/d messages");
	/* Another quota, and another company at the same, are something else. */
	watching_postponed(t->broker, "acme", "", CONSIGN_CODE_QUOTA, other);
	watching_pump(t->broker);
	expect_text(expect_one(t, &admin, &request, "postponed")->detail, "more than rule notes permits from acme to bolt: 1/d messages");
	watching_postponed(t->broker, "cora", "", CONSIGN_CODE_QUOTA, quota);
	watching_pump(t->broker);
	expect_text(expect_one(t, &admin, &request, "postponed")->org, "cora");
	snprintf(detail, sizeof detail, "more than the quota of study S-1: 3/d messages, since ");
	size_t since = strlen(detail);

	clock_format(t->wall_us, detail + since);
	for (unsigned seconds = 0; seconds < 3600; seconds += 10) {
		t->steady_us += 10000000;
		t->wall_us += 10000000;
		watching_postponed(t->broker, "acme", "", CONSIGN_CODE_QUOTA, seconds % 30 == 0 ? quota : behind);
		watching_tick(t->broker);
		watching_pump(t->broker);
		for (size_t i = 0; i < t->n_said; i++) {
			if (t->said[i]->is_heard || t->said[i]->to != admin.route.id[4] || t->said[i]->command->admin_events == NULL)
				continue;
			const struct admin_event *e = expect_one(t, &admin, &request, "postponed");

			expect_text(e->org, "acme");
			expect_text(e->detail, detail);
			tellings++;
			counted += e->count;
		}
	}
	assert_true(tellings >= 12 && tellings <= 20);
	assert_true(counted > 300);
	/* Two minutes without it, and it is something new. */
	t->steady_us += 121000000;
	watching_postponed(t->broker, "acme", "", CONSIGN_CODE_QUOTA, quota);
	watching_pump(t->broker);
	expect_text(expect_one(t, &admin, &request, "postponed")->detail, "more than the quota of study S-1: 3/d messages");
}

/* A question that has no answer yet is one; another is no question. An agent asks none. */
static void
test_watching_takes_one_question_at_a_time(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t), acme = broker_agent(t, "acme");

	ask(t, &admin, 1, INT64_MAX);
	ask(t, &admin, 2, INT64_MAX);
	expect_bye(t, &admin, CONSIGN_CODE_STATE);
	ask(t, &acme, 1, 0);
	expect_bye(t, &acme, CONSIGN_CODE_STATE);
}

/* CONSIGN_WATCHERS_MAX */
static void
test_watching_is_for_so_many_and_not_one_more(void **state)
{
	struct broker_fixture *t = *state;
	struct peer first = broker_administrator(t), last;

	ask(t, &first, 1, INT64_MAX);
	for (unsigned i = 1; i < CONSIGN_WATCHERS_MAX; i++) {
		last = broker_administrator(t);
		ask(t, &last, 1, INT64_MAX);
		hear_all(t, &first);
	}
	expect_silence(t, &last);
	last = broker_administrator(t);
	ask(t, &last, 9, INT64_MAX);
	expect_done(t, &last, 9, CONSIGN_CODE_QUOTA);
	broker_hears(t, &first, &(struct session_command){.bye = &(struct session_bye){0}});
	ask(t, &last, 10, INT64_MAX);
	expect_silence(t, &last);
}

static uint64_t
dropped_of(struct broker_fixture *t, unsigned told, uint64_t *ret_heard)
{
	struct peer admin = broker_administrator(t);
	uint64_t request = 1, dropped = 0;
	const struct session_admin_events *e;

	*ret_heard = 0;
	ask(t, &admin, request, INT64_MAX);
	watching_tell(t->broker, &(struct admin_event){.kind = "first"});
	watching_pump(t->broker);
	e = expect_events(t, &admin, request);
	assert_int_equal(e->events.n, 1);
	for (unsigned i = 0; i < told; i++) /* it does not ask meanwhile */
		watching_tell(t->broker, &(struct admin_event){.kind = "more"});
	do {
		ask(t, &admin, ++request, e->next_leaf);
		broker_turn(t);
		e = expect_events(t, &admin, request);
		for (size_t i = 0; i < e->events.n; i++)
			if (strcmp(e->events.v[i]->kind, "dropped") == 0)
				dropped += e->events.v[i]->count;
			else
				++*ret_heard;
	} while (!e->is_present);
	return dropped;
}

/* CONSIGN_EVENTS_KEPT */
static void
test_watching_keeps_so_many_for_who_is_slow_and_says_what_it_dropped(void **state)
{
	struct broker_fixture *t = *state;
	uint64_t heard;

	assert_int_equal(dropped_of(t, CONSIGN_EVENTS_KEPT, &heard), 0);
	assert_int_equal(heard, CONSIGN_EVENTS_KEPT);
	assert_int_equal(dropped_of(t, CONSIGN_EVENTS_KEPT + 1, &heard), 1);
	assert_int_equal(heard, CONSIGN_EVENTS_KEPT);
}

/* What was pushed out of memory is in the ledger: told all the same, once, in order. */
static void
test_watching_reads_from_the_ledger_what_it_did_not_keep(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t), acme = broker_agent(t, "acme");
	const struct admin_event *live[64];
	uint64_t request = 1;

	ask(t, &admin, request, INT64_MAX);
	watching_tell(t->broker, &(struct admin_event){.kind = "first"});
	watching_pump(t->broker);
	const struct session_admin_events *e = expect_events(t, &admin, request);

	refuse_one(t, &acme, 1);
	refuse_one(t, &acme, 2);
	for (unsigned i = 0; i < CONSIGN_EVENTS_KEPT - 1; i++)
		watching_tell(t->broker, &(struct admin_event){.kind = "more"});
	ask(t, &admin, ++request, e->next_leaf);
	broker_turn(t);
	size_t n = 0;

	do {
		e = expect_events(t, &admin, request);
		for (size_t i = 0; i < e->events.n; i++)
			if (e->events.v[i]->place > 0)
				live[n++] = e->events.v[i];
		ask(t, &admin, ++request, e->next_leaf);
		broker_turn(t);
	} while (!e->is_present);
	assert_int_equal(n, 2);
	assert_int_equal(live[0]->place + 1, live[1]->place);
}

static void
test_watching_says_that_a_read_failed(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);

	t->read_err = CONSIGN_E_IO;
	ask(t, &admin, 4, 0);
	broker_turn(t);
	expect_done(t, &admin, 4, CONSIGN_CODE_TRY_LATER);
	t->read_err = CONSIGN_OK;
	ask(t, &admin, 5, 0);
	broker_turn(t);
	assert_true(expect_events(t, &admin, 5)->events.n > 0);
}

static void
test_watching_survives_that_who_asked_is_gone(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);

	ask(t, &admin, 4, 0);
	broker_hears(t, &admin, &(struct session_command){.bye = &(struct session_bye){0}});
	broker_turn(t);
	t->tick(t->broker);
	watching_tell(t->broker, &(struct admin_event){.kind = "more"});
	watching_pump(t->broker);
	expect_silence(t, &admin);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_watching_##name, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(tells_what_happens_as_the_ledger_has_it),
	    CASE(says_who_signed_a_document),
	    CASE(tells_refusals_by_consignee_and_type),
	    CASE(tells_acts),
	    CASE(begins_at_a_time),
	    CASE(tells_what_is_in_no_ledger),
	    CASE(counts_what_is_postponed_by_the_second),
	    CASE(tells_of_a_quota_once_and_rarely_while_it_goes_on),
	    CASE(takes_one_question_at_a_time),
	    CASE(is_for_so_many_and_not_one_more),
	    CASE(keeps_so_many_for_who_is_slow_and_says_what_it_dropped),
	    CASE(reads_from_the_ledger_what_it_did_not_keep),
	    CASE(says_that_a_read_failed),
	    CASE(survives_that_who_asked_is_gone),
	};

	return cmocka_run_group_tests_name("broker/watching", tests, NULL, NULL);
}
