/* What is kept in memory of the consignments committed last: it is what the store would give, or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"
#include "recent.h"

static const struct inbox_cursor start = {0};

static int
setup(void **state)
{
	struct fixture *f;

	assert_int_equal(fixture_setup(state), 0);
	f = *state;
	recent_watch(f->agent.recent);
	return 0;
}

static struct inbox_query
query(uint64_t seq, uint32_t idx, size_t max)
{
	return (struct inbox_query){.after = {seq, idx},
	    .type = "*",
	    .study = "",
	    .acked_by = "default",
	    .only_unacked = true,
	    .with_content = true,
	    .acked_to = &start,
	    .max = max,
	    .max_bytes = 1024 * 1024};
}

static bool
is_kept(struct fixture *f, uint64_t seq)
{
	struct inbox_query q = query(seq, 0, 1);
	struct inbox_page page;
	enum consign_err err = recent_page(f->agent.recent, &q, f->arena, &page);

	assert_true(err == CONSIGN_OK || err == CONSIGN_E_NOT_FOUND);
	return err == CONSIGN_OK;
}

/* Two pages say the same, byte by byte as a tool would get it. */
static void
assert_same(const struct inbox_page *a, const struct inbox_page *b)
{
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->has_more, b->has_more);
	assert_int_equal(a->cursor.seq, b->cursor.seq);
	assert_int_equal(a->cursor.idx, b->cursor.idx);
	for (size_t i = 0; i < a->n; i++) {
		struct local_watch_event x = {.message = a->messages[i]}, y = {.message = b->messages[i]};
		struct buf xs = {0}, ys = {0};

		assert_int_equal(a->places[i].seq, b->places[i].seq);
		assert_int_equal(a->places[i].idx, b->places[i].idx);
		assert_int_equal(local_reply_encode(&(struct local_reply){.number = 1, .watch = &x}, &xs), CONSIGN_OK);
		assert_int_equal(local_reply_encode(&(struct local_reply){.number = 1, .watch = &y}, &ys), CONSIGN_OK);
		assert_true(slice_equal(buf_slice(&xs), buf_slice(&ys)));
		buf_clear(&xs);
		buf_clear(&ys);
	}
}

/* From memory and from the store, page by page to the end. */
static size_t
compare_all(struct fixture *f, struct inbox_query q)
{
	struct inbox_page kept, stored;
	size_t n = 0;

	do {
		struct inbox_query plain = q;

		plain.acked_to = NULL;
		assert_int_equal(recent_page(f->agent.recent, &q, f->arena, &kept), CONSIGN_OK);
		assert_int_equal(inbox_page(f->agent.inbox, &plain, f->arena, &stored), CONSIGN_OK);
		assert_same(&kept, &stored);
		n += kept.n;
		q.after = kept.cursor;
	} while (kept.has_more);
	return n;
}

static void
deliver_mixed(struct fixture *f)
{
	static const char large[5000] = {'l'};
	struct mail_item first[] = {{0, "x.a", "seen", 0, false}, {1, "x.a", "one", 0, false}, {2, "x.b", "rejected", 0, true}};
	struct mail_item second[] = {
	    {3, "x.lab.b", "three", 0, false}, {7, "x.a", "", 0, false}, {9, "x.a", large, sizeof large, false}};
	struct mail_item third[] = {{0, "x.a", "rejected too", 0, true}};
	struct mail_item fourth[] = {{0, "x.a", "elsewhere", 0, false}, {1, "x.lab.c", "last", 0, false}};

	deliver_kept(f, &(struct mail){.items = first, .n = 3});
	deliver_kept(f, &(struct mail){.consignor = 1, .items = second, .n = 3});
	deliver_kept(f, &(struct mail){.consignor = 2, .items = third, .n = 1});
	deliver_kept(f, &(struct mail){.study = "ACME-302", .items = fourth, .n = 2});
}

static void
test_recent_gives_what_the_store_gives(void **state)
{
	struct fixture *f = *state;

	deliver_mixed(f);
	for (size_t max = 1; max < 8; max++)
		assert_int_equal(compare_all(f, query(1, 0, max)), 6);
	assert_int_equal(compare_all(f, query(4, 1, 5)), 0);
}

static void
test_recent_filters_as_the_store_does(void **state)
{
	struct fixture *f = *state;
	struct inbox_query q = query(1, 0, 10);

	deliver_mixed(f);
	q.type = "x.lab.*";
	assert_int_equal(compare_all(f, q), 2);
	q.study = "ACME-302";
	assert_int_equal(compare_all(f, q), 1);
	q.type = "";
	assert_int_equal(compare_all(f, q), 2);
}

static void
test_recent_pages_are_bounded_in_bytes_as_the_store_s(void **state)
{
	struct fixture *f = *state;

	deliver_mixed(f);
	for (size_t bytes = 1; bytes < 6000; bytes += 7) {
		struct inbox_query q = query(1, 0, 10);

		q.max_bytes = bytes;
		assert_int_equal(compare_all(f, q), 6);
		arena_reset(f->arena);
	}
}

static void
test_recent_gives_nothing_before_its_run(void **state)
{
	struct fixture *f = *state;
	struct mail_item item = {0, "x.a", "1", 0, false};

	assert_false(is_kept(f, 0));
	deliver_one(f, "x.a", "before");
	deliver_kept(f, &(struct mail){.items = &item, .n = 1});
	assert_false(is_kept(f, 0));
	assert_false(is_kept(f, 1)); /* there may be more in it than was looked at */
	assert_true(is_kept(f, 2));
	assert_true(is_kept(f, 3)); /* what the loop has not been told of yet */
}

static void
test_recent_gives_nothing_when_something_may_be_acknowledged_behind_the_cursor(void **state)
{
	struct fixture *f = *state;
	struct inbox_query q = query(1, 1, 10);
	struct inbox_page page;
	const struct inbox_cursor places[] = {{1, 0}, {1, 1}, {1, 2}, {2, 0}};

	deliver_mixed(f);
	for (size_t i = 0; i < 4; i++) {
		q.acked_to = &places[i];
		assert_int_equal(recent_page(f->agent.recent, &q, f->arena, &page), i < 2 ? CONSIGN_OK : CONSIGN_E_NOT_FOUND);
	}
	/* The inbox then reads the store, which knows. */
	assert_int_equal(ack_one(f, "default", 2, 0), 1);
	assert_int_equal(inbox_page(f->agent.inbox, &q, f->arena, &page), CONSIGN_OK);
	assert_int_equal(page.n, 4);
	assert_true(page.places[0].seq == 2 && page.places[0].idx == 1);
}

static void
test_recent_is_for_those_who_want_content(void **state)
{
	struct fixture *f = *state;
	struct inbox_query q = query(1, 0, 10);
	struct inbox_page page;

	deliver_mixed(f);
	q.with_content = false;
	assert_int_equal(recent_page(f->agent.recent, &q, f->arena, &page), CONSIGN_E_NOT_FOUND);
}

static void
test_recent_goes_with_the_last_who_watches(void **state)
{
	struct fixture *f = *state;
	struct recent *r = f->agent.recent;

	assert_false(recent_is_wanted(NULL));
	recent_watch(r);
	deliver_mixed(f);
	recent_unwatch(r);
	assert_true(recent_is_wanted(r));
	assert_true(is_kept(f, 4));
	recent_unwatch(r);
	assert_false(recent_is_wanted(r));
	assert_false(is_kept(f, 4));
	deliver_mixed(f); /* was judged while somebody watched */
	assert_false(is_kept(f, 8));
}

static void
test_recent_is_a_run_without_gaps(void **state)
{
	struct fixture *f = *state;
	struct mail_item item = {0, "x.a", "1", 0, false};
	struct recent_mail *none = NULL;

	deliver_mixed(f);
	deliver_one(f, "x.a", "not kept");
	deliver_kept(f, &(struct mail){.items = &item, .n = 1});
	assert_false(is_kept(f, 4));
	assert_true(is_kept(f, 6));
	deliver_one(f, "x.a", "there was no memory for it");
	recent_put(f->agent.recent, &none, &(struct recent_row){.seq = 7});
	assert_false(is_kept(f, 6)); /* else nobody would be shown row 7 before the next one comes */
	deliver_kept(f, &(struct mail){.items = &item, .n = 1});
	assert_true(is_kept(f, 8));
	recent_clear(f->agent.recent);
	assert_false(is_kept(f, 8));
}

static void
test_recent_keeps_the_newest_within_its_bounds(void **state)
{
	struct fixture *f = *state;
	static char large[1024 * 1024];
	const size_t n = RECENT_MAX_BYTES / sizeof large;
	struct mail_item small = {0, "x.a", "1", 0, false}, big = {0, "x.a", large, sizeof large, false};

	assert_int_equal(db_begin(f->writer), CONSIGN_OK);
	for (size_t i = 0; i < RECENT_MAX + 3; i++)
		deliver_kept(f, &(struct mail){.items = &small, .n = 1});
	assert_false(is_kept(f, 3));
	assert_true(is_kept(f, 4));
	for (size_t i = 0; i < n; i++)
		deliver_kept(f, &(struct mail){.items = &big, .n = 1});
	assert_int_equal(db_commit(f->writer), CONSIGN_OK);
	assert_false(is_kept(f, RECENT_MAX + 4)); /* the first big one: so many are over the bound by what is known of each */
	assert_true(is_kept(f, RECENT_MAX + 5));
	assert_int_equal(compare_all(f, query(RECENT_MAX + n - 3, 0, 10)), 6);
}

static void
test_recent_does_not_keep_what_is_over_its_bound(void **state)
{
	struct fixture *f = *state;
	struct manifest m = {.items = {0}};
	struct recent_mail *mail;

	deliver_mixed(f);
	assert_int_equal(recent_mail_new(&m, RECENT_MAX_BYTES, &mail), CONSIGN_OK);
	recent_put(f->agent.recent, &mail, &(struct recent_row){.seq = 5});
	assert_null(mail);
	assert_false(is_kept(f, 4));
	assert_false(is_kept(f, 5));
}

static void
test_recent_mail_has_the_room_that_was_asked_for(void **state)
{
	struct manifest_item item = {.index = 0}, *items[] = {&item};
	struct manifest m = {.items = {items, 1}};
	struct payload p = {.media_type = "a/b", .name = slice_text("n"), .content = slice_text("12345")};
	struct recent_mail *mail;

	(void)state;
	assert_int_equal(recent_mail_new(&m, 8, &mail), CONSIGN_OK);
	assert_int_equal(recent_mail_add(mail, 0, &p), CONSIGN_E_NO_MEMORY);
	recent_mail_free(&mail);
	assert_int_equal(recent_mail_new(&m, 9, &mail), CONSIGN_OK);
	assert_int_equal(recent_mail_add(mail, 0, &p), CONSIGN_OK);
	recent_mail_free(&mail);
	assert_null(mail);
	recent_mail_free(&mail);
}

static void
test_recent_knows_the_ids_of_what_it_shows(void **state)
{
	struct fixture *f = *state;
	struct mail_item items[] = {{3, "x.a", "1", 0, false}, {4, "x.a", "2", 0, true}};
	struct consign_id id = deliver_kept(f, &(struct mail){.items = items, .n = 2}), other = new_id(f);
	struct consign_message_id message = message_of(&id, 3), rejected = message_of(&id, 4), none = message_of(&other, 3);
	const struct recent *r = f->agent.recent;

	assert_true(recent_has(r, &(struct inbox_cursor){1, 0}, &message));
	assert_false(recent_has(r, &(struct inbox_cursor){1, 1}, &message));
	assert_false(recent_has(r, &(struct inbox_cursor){1, 1}, &rejected));
	assert_false(recent_has(r, &(struct inbox_cursor){1, 2}, &message));
	assert_false(recent_has(r, &(struct inbox_cursor){1, 0}, &none));
	assert_false(recent_has(r, &(struct inbox_cursor){2, 0}, &message));
	assert_false(recent_has(r, &(struct inbox_cursor){0, 0}, &message));
	assert_false(recent_has(NULL, &(struct inbox_cursor){1, 0}, &message));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_recent_gives_what_the_store_gives),
	    TEST(test_recent_filters_as_the_store_does),
	    TEST(test_recent_pages_are_bounded_in_bytes_as_the_store_s),
	    TEST(test_recent_gives_nothing_before_its_run),
	    TEST(test_recent_gives_nothing_when_something_may_be_acknowledged_behind_the_cursor),
	    TEST(test_recent_is_for_those_who_want_content),
	    TEST(test_recent_goes_with_the_last_who_watches),
	    TEST(test_recent_is_a_run_without_gaps),
	    TEST(test_recent_keeps_the_newest_within_its_bounds),
	    TEST(test_recent_does_not_keep_what_is_over_its_bound),
	    TEST(test_recent_mail_has_the_room_that_was_asked_for),
	    TEST(test_recent_knows_the_ids_of_what_it_shows),
	};

	return cmocka_run_group_tests_name("recent", tests, NULL, NULL);
}
