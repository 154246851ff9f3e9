/* Subscriptions: their filters, their places, and what is left in the store behind a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"

static struct subscription
find(struct fixture *f, const char *name)
{
	struct subscription s;

	assert_int_equal(subscription_find(f->agent.inbox, name, &s), CONSIGN_OK);
	return s;
}

static void
create(struct fixture *f, const char *name, const char *type, const char *study, bool from_now)
{
	struct subscription s = {0};

	snprintf(s.name, sizeof s.name, "%s", name);
	snprintf(s.type, sizeof s.type, "%s", type);
	snprintf(s.study, sizeof s.study, "%s", study);
	subscription_create(f->agent.inbox, &s, from_now, on_told, f, 5);
	settle(f);
	assert_int_equal(f->told_err, CONSIGN_OK);
}

static void
assert_cursor(struct fixture *f, const char *name, uint64_t seq, uint32_t idx)
{
	struct subscription s = find(f, name);

	assert_int_equal(s.cursor.seq, seq);
	assert_int_equal(s.cursor.idx, idx);
}

static uint64_t
acks_left(struct fixture *f)
{
	struct db_statement *s;
	uint64_t n;

	assert_int_equal(db_statement(f->writer, "SELECT count(*) FROM ack", &s), CONSIGN_OK);
	assert_int_equal(db_row(s), CONSIGN_OK);
	n = db_column_u64(s, 0);
	db_reset(s);
	return n;
}

static size_t
unacked(struct fixture *f, const char *name)
{
	struct subscription s = find(f, name);
	struct inbox_query q = {
	    .type = s.type, .study = s.study, .acked_by = name, .only_unacked = true, .after = s.cursor, .max = 1000};
	struct inbox_page page;

	assert_int_equal(inbox_page(f->agent.inbox, &q, f->arena, &page), CONSIGN_OK);
	return page.n;
}

static void
test_subscription_default_exists_from_the_start(void **state)
{
	struct subscription s = find(*state, "default");

	assert_string_equal(s.name, "default");
	assert_string_equal(s.type, "*");
	assert_string_equal(s.study, "");
	assert_int_equal(s.cursor.seq, 0);
}

static void
test_subscription_find_does_not_know_others(void **state)
{
	struct fixture *f = *state;
	struct subscription s;
	char name[200];

	assert_int_equal(subscription_find(f->agent.inbox, "archive", &s), CONSIGN_E_NOT_FOUND);
	memset(name, 'a', sizeof name);
	name[199] = '\0';
	assert_int_equal(subscription_find(f->agent.inbox, name, &s), CONSIGN_E_NOT_FOUND);
}

static void
test_subscription_create_is_durable_when_told(void **state)
{
	struct fixture *f = *state;
	struct subscription s;

	create(f, "archive", "x.lab.*", "ACME-301", false);
	assert_int_equal(f->told, 1);
	assert_int_equal(f->told_request, 5);
	s = find(f, "archive");
	assert_string_equal(s.type, "x.lab.*");
	assert_string_equal(s.study, "ACME-301");
	assert_int_equal(s.cursor.seq, 0);
}

static void
test_subscription_create_leaves_one_that_exists_as_it_is(void **state)
{
	struct fixture *f = *state;

	create(f, "archive", "x.lab.*", "", false);
	create(f, "archive", "x.note", "", false);
	assert_string_equal(find(f, "archive").type, "x.lab.*");
	create(f, "default", "x.note", "", true);
	assert_string_equal(find(f, "default").type, "*");
}

static void
test_subscription_create_without_a_type_means_every_type(void **state)
{
	create(*state, "archive", "", "", false);
	assert_string_equal(find(*state, "archive").type, "*");
}

static void
test_subscription_from_now_begins_behind_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct mail_item items[] = {{0, "x.a", "1", 0, false}, {1, "x.a", "2", 0, false}};

	create(f, "early", "", "", true);
	assert_cursor(f, "early", 0, 0);
	deliver(f, &(struct mail){.items = items, .n = 2});
	create(f, "late", "", "", true);
	assert_int_equal(unacked(f, "late"), 0);
	assert_int_equal(unacked(f, "early"), 2);
	deliver_one(f, "x.a", "3");
	assert_int_equal(unacked(f, "late"), 1);
	assert_int_equal(ack_one(f, "late", 2, 0), 1);
	assert_cursor(f, "late", 2, 0);
}

static void
test_subscription_ack_moves_the_cursor_and_leaves_no_rows_when_in_order(void **state)
{
	struct fixture *f = *state;

	deliver_many(f, 3, "x.a");
	assert_int_equal(ack_one(f, "default", 1, 0), 1);
	assert_cursor(f, "default", 1, 0);
	assert_int_equal(ack_one(f, "default", 2, 0), 1);
	assert_cursor(f, "default", 2, 0);
	assert_int_equal(acks_left(f), 0);
	assert_int_equal(unacked(f, "default"), 1);
	assert_int_equal(f->told_request, 77);
}

static void
test_subscription_ack_is_kept_beyond_a_gap_until_the_gap_closes(void **state)
{
	struct fixture *f = *state;
	struct mail_item items[] = {
	    {0, "x.a", "1", 0, false}, {1, "x.a", "2", 0, false}, {2, "x.a", "3", 0, false}, {3, "x.a", "4", 0, false}};

	deliver(f, &(struct mail){.items = items, .n = 4});
	assert_int_equal(ack_one(f, "default", 1, 1), 1);
	assert_int_equal(ack_one(f, "default", 1, 3), 1);
	assert_cursor(f, "default", 0, 0);
	assert_int_equal(acks_left(f), 2);
	assert_int_equal(unacked(f, "default"), 2);
	assert_int_equal(ack_one(f, "default", 1, 0), 1);
	assert_cursor(f, "default", 1, 1);
	assert_int_equal(acks_left(f), 1);
	assert_int_equal(ack_one(f, "default", 1, 2), 1);
	assert_cursor(f, "default", 1, 3);
	assert_int_equal(acks_left(f), 0);
}

static void
test_subscription_ack_counts_new_ones_only(void **state)
{
	struct fixture *f = *state;
	struct inbox_cursor places[] = {{1, 0}, {3, 0}, {3, 0}};

	deliver_many(f, 3, "x.a");
	assert_int_equal(ack_places(f, "default", places, 3), 2);
	assert_int_equal(ack_places(f, "default", places, 3), 0);
	assert_int_equal(ack_places(f, "default", places, 0), 0);
	assert_int_equal(unacked(f, "default"), 1);
}

static void
test_subscription_cursor_passes_over_what_is_rejected(void **state)
{
	struct fixture *f = *state;
	struct mail_item items[] = {{0, "x.a", "1", 0, false}, {1, "x.a", "2", 0, true}};
	struct mail_item all_rejected = {0, "x.a", "3", 0, true};

	deliver(f, &(struct mail){.items = items, .n = 2});
	deliver(f, &(struct mail){.items = &all_rejected, .n = 1});
	deliver_one(f, "x.a", "4");
	assert_int_equal(ack_one(f, "default", 1, 0), 1);
	assert_cursor(f, "default", 2, 0);
}

static void
test_subscription_cursor_passes_over_what_does_not_match(void **state)
{
	struct fixture *f = *state;
	struct mail_item items[] = {{0, "x.lab", "1", 0, false}, {1, "x.note", "2", 0, false}};
	struct mail_item elsewhere = {0, "x.lab", "3", 0, false};

	create(f, "labs", "x.lab", "ACME-301", false);
	deliver(f, &(struct mail){.items = items, .n = 2});
	deliver(f, &(struct mail){.study = "ACME-302", .items = &elsewhere, .n = 1});
	deliver_one(f, "x.note", "4");
	deliver_one(f, "x.lab", "5");
	assert_int_equal(ack_one(f, "labs", 1, 0), 1);
	assert_cursor(f, "labs", 3, 0);
	assert_int_equal(unacked(f, "labs"), 1);
	assert_cursor(f, "default", 0, 0);
}

static void
test_subscription_cursor_moves_over_many_rows_in_steps(void **state)
{
	struct fixture *f = *state;

	create(f, "labs", "x.lab", "", false);
	deliver_one(f, "x.lab", "1");
	deliver_many(f, 600, "x.note");
	deliver_many(f, 2, "x.lab");
	assert_int_equal(ack_one(f, "labs", 1, 0), 1);
	assert_cursor(f, "labs", 512, 0);
	assert_int_equal(ack_one(f, "labs", 602, 0), 1);
	assert_cursor(f, "labs", 602, 0);
	assert_int_equal(acks_left(f), 0);
	assert_int_equal(unacked(f, "labs"), 1);
}

static void
test_subscription_places_are_each_subscription_s_own(void **state)
{
	struct fixture *f = *state;

	create(f, "archive", "", "", false);
	deliver_many(f, 2, "x.a");
	assert_int_equal(ack_one(f, "archive", 2, 0), 1);
	assert_int_equal(unacked(f, "default"), 2);
	assert_int_equal(unacked(f, "archive"), 1);
}

static void
test_subscription_ack_of_an_unknown_one_is_refused_and_fails_nobody_else(void **state)
{
	struct fixture *f = *state;
	struct inbox_cursor place = {1, 0};

	deliver_many(f, 1, "x.a");
	subscription_ack(f->agent.inbox, "nobody", &place, 1, on_told, f, 1);
	settle(f);
	assert_int_equal(f->told_err, CONSIGN_E_NOT_FOUND);
	assert_int_equal(f->told_count, 0);
	assert_int_equal(ack_one(f, "default", 1, 0), 1);
	assert_int_equal(store_failures, 0);
}

static void
test_subscription_tells_of_a_failed_commit_and_keeps_nothing(void **state)
{
	struct fixture *f = *state;
	struct inbox_cursor place = {1, 0};
	struct subscription s = {.name = "archive", .type = "*"};

	deliver_many(f, 1, "x.a");
	commit_error = CONSIGN_E_FULL;
	subscription_ack(f->agent.inbox, "default", &place, 1, on_told, f, 1);
	settle(f);
	assert_int_equal(f->told_err, CONSIGN_E_FULL);
	subscription_create(f->agent.inbox, &s, false, on_told, f, 2);
	settle(f);
	assert_int_equal(f->told, 2);
	assert_int_equal(f->told_err, CONSIGN_E_FULL);
	assert_int_equal(store_failures, 2);
	assert_int_equal(unacked(f, "default"), 1);
	assert_int_equal(subscription_find(f->agent.inbox, "archive", &s), CONSIGN_E_NOT_FOUND);
	commit_error = CONSIGN_OK;
	commit_resume(f->agent.committer);
}

static void
test_subscription_place_is_where_it_was_after_reopening(void **state)
{
	struct fixture *f = *state;

	deliver_many(f, 3, "x.a");
	ack_one(f, "default", 1, 0);
	ack_one(f, "default", 3, 0);
	inbox_free(&f->agent.inbox);
	db_close(&f->agent.db);
	assert_int_equal(agent_store_open(f->path, true, &f->agent.db), CONSIGN_OK);
	assert_int_equal(inbox_new(&f->agent, &f->agent.inbox), CONSIGN_OK);
	assert_cursor(f, "default", 1, 0);
	assert_int_equal(unacked(f, "default"), 1);
}

/* ── against a model ── */

#define MODEL_ROWS 24u
#define MODEL_ITEMS 3u

/* The rule in its simplest form: a set of what is acknowledged, and a cursor that moves over what is handled. */
struct model {
	bool is_foreign[MODEL_ROWS * MODEL_ITEMS]; /* rejected, or not matching: place by place */
	bool is_acked[MODEL_ROWS * MODEL_ITEMS];
	size_t cursor; /* places that are passed */
};

static uint32_t
model_ack(struct model *m, const size_t *places, size_t n)
{
	uint32_t fresh = 0;

	for (size_t i = 0; i < n; i++) {
		if (places[i] < m->cursor || m->is_acked[places[i]])
			continue;
		m->is_acked[places[i]] = true;
		fresh++;
	}
	while (fresh > 0 && m->cursor < MODEL_ROWS * MODEL_ITEMS && (m->is_acked[m->cursor] || m->is_foreign[m->cursor]))
		m->cursor++;
	return fresh;
}

static uint64_t
model_left(const struct model *m)
{
	uint64_t n = 0;

	for (size_t i = m->cursor; i < MODEL_ROWS * MODEL_ITEMS; i++)
		n += m->is_acked[i];
	return n;
}

static struct inbox_cursor
place_of(size_t i)
{
	return (struct inbox_cursor){1 + i / MODEL_ITEMS, (uint32_t)(i % MODEL_ITEMS)};
}

/* type: of the subscription. Each third item is of another, each seventh is rejected. */
static void
play(struct fixture *f, const char *name, const char *type, uint32_t seed)
{
	struct model m = {0};
	uint32_t random = seed;

	if (strcmp(name, "default") != 0)
		create(f, name, type, "", false);
	for (size_t i = 0; i < MODEL_ROWS * MODEL_ITEMS; i++)
		m.is_foreign[i] = i % 7 == 6 || (strcmp(type, "x.a") == 0 && i % 3 == 2);
	while (m.cursor < MODEL_ROWS * MODEL_ITEMS) {
		struct inbox_cursor places[8];
		size_t chosen[8], n = 1 + (random >> 28) % 8;

		for (size_t i = 0; i < n; i++) {
			random = random * 1664525u + 1013904223u;
			chosen[i] = (m.cursor + (random >> 24) % 12) % (MODEL_ROWS * MODEL_ITEMS);
			if ((random >> 20) % 3 == 0 && i > 0) /* in order, as most tools do */
				chosen[i] = (chosen[i - 1] + 1) % (MODEL_ROWS * MODEL_ITEMS);
			places[i] = place_of(chosen[i]);
		}
		assert_int_equal(ack_places(f, name, places, n), model_ack(&m, chosen, n));
		assert_int_equal(acks_left(f), model_left(&m));
		struct inbox_cursor cursor = m.cursor == 0 ? (struct inbox_cursor){0} : place_of(m.cursor - 1);

		assert_cursor(f, name, cursor.seq, cursor.idx);
	}
	assert_int_equal(acks_left(f), 0);
}

static void
test_subscription_acks_are_those_of_a_simple_model(void **state)
{
	struct fixture *f = *state;

	for (size_t row = 0; row < MODEL_ROWS; row++) {
		struct mail_item items[MODEL_ITEMS];

		for (uint32_t i = 0; i < MODEL_ITEMS; i++) {
			size_t at = row * MODEL_ITEMS + i;

			items[i] = (struct mail_item){i, at % 3 == 2 ? "x.b" : "x.a", "1", 0, at % 7 == 6};
		}
		deliver(f, &(struct mail){.items = items, .n = MODEL_ITEMS});
	}
	play(f, "default", "*", 1);
	play(f, "every", "*", 2);
	play(f, "some", "x.a", 3);
	play(f, "others", "x.a", 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_subscription_default_exists_from_the_start),
	    TEST(test_subscription_find_does_not_know_others),
	    TEST(test_subscription_create_is_durable_when_told),
	    TEST(test_subscription_create_leaves_one_that_exists_as_it_is),
	    TEST(test_subscription_create_without_a_type_means_every_type),
	    TEST(test_subscription_from_now_begins_behind_what_is_there),
	    TEST(test_subscription_ack_moves_the_cursor_and_leaves_no_rows_when_in_order),
	    TEST(test_subscription_ack_is_kept_beyond_a_gap_until_the_gap_closes),
	    TEST(test_subscription_ack_counts_new_ones_only),
	    TEST(test_subscription_cursor_passes_over_what_is_rejected),
	    TEST(test_subscription_cursor_passes_over_what_does_not_match),
	    TEST(test_subscription_cursor_moves_over_many_rows_in_steps),
	    TEST(test_subscription_places_are_each_subscription_s_own),
	    TEST(test_subscription_ack_of_an_unknown_one_is_refused_and_fails_nobody_else),
	    TEST(test_subscription_tells_of_a_failed_commit_and_keeps_nothing),
	    TEST(test_subscription_acks_are_those_of_a_simple_model),
	    TEST(test_subscription_place_is_where_it_was_after_reopening),
	};

	return cmocka_run_group_tests_name("subscription", tests, NULL, NULL);
}
