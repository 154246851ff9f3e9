/* Reading the inbox: what is listed, found and unsealed, and what is not shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"

struct listed {
	struct local_message **v;
	size_t n;
	struct inbox_cursor cursor;
	bool more;
};

static struct listed
list(struct fixture *f, struct inbox_query q)
{
	struct listed l;

	q.type = q.type == NULL ? "" : q.type;
	q.study = q.study == NULL ? "" : q.study;
	q.acked_by = q.acked_by == NULL ? "" : q.acked_by;
	q.max = q.max == 0 ? 100 : q.max;
	q.max_bytes = q.max_bytes == 0 ? 1024 * 1024 : q.max_bytes;
	assert_int_equal(inbox_list(f->agent.inbox, &q, f->arena, &l.v, &l.n, &l.cursor, &l.more), CONSIGN_OK);
	return l;
}

static void
assert_content(const struct local_message *m, const char *text)
{
	assert_int_equal(m->content.len, strlen(text));
	assert_memory_equal(m->content.data, text, m->content.len);
}

static void
test_inbox_lists_nothing_when_empty(void **state)
{
	struct listed l = list(*state, (struct inbox_query){0});

	assert_int_equal(l.n, 0);
	assert_false(l.more);
	assert_int_equal(l.cursor.seq, 0);
}

static void
test_inbox_lists_what_the_manifest_and_the_row_say(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = deliver_one(f, "x.note", "hello");
	struct consign_message_id message = message_of(&id, 0);
	struct listed l = list(f, (struct inbox_query){0});
	char text[CONSIGN_MESSAGE_ID_TEXT_BYTES];

	message_id_format(&message, text);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0]->id, text);
	assert_string_equal(l.v[0]->consignor.s, "acme");
	assert_string_equal(l.v[0]->study.s, "ACME-301");
	assert_string_equal(l.v[0]->type.s, "x.note");
	assert_int_equal(l.v[0]->label, CONSIGN_LABEL_RESTRICTED);
	assert_int_equal(l.v[0]->sent_us, T0 - 5000000);
	assert_int_equal(l.v[0]->accepted_us, T0 - 1000);
	assert_int_equal(l.v[0]->received_us, T0 + 1);
	assert_int_equal(l.v[0]->position, 1);
	assert_int_equal(l.v[0]->size, 5);
	assert_int_equal(l.v[0]->consignees.n, 1);
	assert_string_equal(l.v[0]->consignees.v[0].s, "sitecare");
	assert_int_equal(l.v[0]->content.len, 0);
	assert_int_equal(l.cursor.seq, 1);
	assert_int_equal(l.cursor.idx, 0);
}

static void
test_inbox_lists_items_in_order_of_arrival_and_manifest(void **state)
{
	struct fixture *f = *state;
	struct mail_item two[] = {{0, "x.a", "1", 0, false}, {1, "x.b", "2", 0, false}};

	deliver(f, &(struct mail){.items = two, .n = 2});
	deliver_one(f, "x.c", "3");
	struct listed l = list(f, (struct inbox_query){.with_content = true});

	assert_int_equal(l.n, 3);
	assert_content(l.v[0], "1");
	assert_content(l.v[1], "2");
	assert_content(l.v[2], "3");
}

static void
test_inbox_never_shows_rejected_items(void **state)
{
	struct fixture *f = *state;
	struct mail_item items[] = {{0, "x.a", "1", 0, true}, {1, "x.a", "2", 0, false}, {2, "x.a", "3", 0, true}};
	struct consign_id id = deliver(f, &(struct mail){.items = items, .n = 3});
	struct consign_message_id rejected = message_of(&id, 2);
	struct local_message *m;
	struct inbox_cursor at;
	struct listed l = list(f, (struct inbox_query){.with_content = true});

	assert_int_equal(l.n, 1);
	assert_content(l.v[0], "2");
	assert_int_equal(l.cursor.idx, 2);
	assert_int_equal(inbox_find(f->agent.inbox, &rejected, f->arena, &m, &at), CONSIGN_E_NOT_FOUND);
}

static void
test_inbox_filters_by_type_and_study(void **state)
{
	static const struct {
		const char *name, *type, *study;
		size_t n;
	} rows[] = {
	    {"everything", "", "", 3},
	    {"star", "*", "", 3},
	    {"exact type", "x.lab.result", "", 1},
	    {"glob", "x.lab.*", "", 2},
	    {"study", "", "ACME-302", 1},
	    {"both", "x.lab.*", "ACME-301", 1},
	    {"none", "x.note", "ACME-302", 0},
	    {"study is no glob", "", "*", 0},
	};
	struct fixture *f = *state;
	struct mail_item other = {0, "x.lab.order", "2", 0, false};

	deliver_one(f, "x.lab.result", "1");
	deliver(f, &(struct mail){.study = "ACME-302", .items = &other, .n = 1});
	deliver_one(f, "x.note", "3");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct listed l = list(f, (struct inbox_query){.type = rows[i].type, .study = rows[i].study});

		if (l.n != rows[i].n)
			fail_msg("%s: %zu messages, wanted %zu", rows[i].name, l.n, rows[i].n);
	}
}

static void
test_inbox_goes_on_after_the_cursor_without_gap_or_repetition(void **state)
{
	struct fixture *f = *state;
	struct mail_item items[5] = {0};
	struct inbox_cursor at = {0};
	size_t seen = 0;
	bool more = true;

	for (uint32_t i = 0; i < 5; i++)
		items[i] = (struct mail_item){i, "x.a", "a", 0, false};
	deliver(f, &(struct mail){.items = items, .n = 5});
	deliver(f, &(struct mail){.items = items, .n = 5});
	while (more) {
		struct listed l = list(f, (struct inbox_query){.after = at, .max = 3});

		for (size_t i = 0; i < l.n; i++, seen++)
			assert_int_equal(l.v[i]->id[37] - '0', seen % 5);
		at = l.cursor;
		more = l.more;
	}
	assert_int_equal(seen, 10);
}

static void
test_inbox_says_there_is_no_more_when_the_page_ends_with_the_last(void **state)
{
	struct fixture *f = *state;

	deliver_many(f, 3, "x.a");
	assert_false(list(f, (struct inbox_query){.max = 3}).more);
	assert_true(list(f, (struct inbox_query){.max = 2}).more);
}

static void
test_inbox_unseals_content_name_and_media_type(void **state)
{
	struct fixture *f = *state;

	deliver_one(f, "x.note", "the truth");
	struct listed l = list(f, (struct inbox_query){.with_content = true});

	assert_content(l.v[0], "the truth");
	assert_string_equal(l.v[0]->media_type, "text/plain");
	assert_int_equal(l.v[0]->name.len, 8);
	assert_memory_equal(l.v[0]->name.data, "note.txt", 8);
}

static void
test_inbox_gives_a_large_message_alone_and_small_ones_up_to_the_bound(void **state)
{
	struct fixture *f = *state;
	char *large = calloc(1, 5000);
	struct mail_item item = {0, "x.large", large, 5000, false};

	deliver(f, &(struct mail){.items = &item, .n = 1});
	deliver_one(f, "x.a", "12345");
	deliver_one(f, "x.a", "12345");
	deliver_one(f, "x.a", "12345");
	struct listed l = list(f, (struct inbox_query){.with_content = true, .max_bytes = 10});

	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0]->content.len, 5000);
	assert_true(l.more);
	l = list(f, (struct inbox_query){.after = l.cursor, .with_content = true, .max_bytes = 10});
	assert_int_equal(l.n, 2);
	assert_true(l.more);
	l = list(f, (struct inbox_query){.after = l.cursor, .with_content = true, .max_bytes = 10});
	assert_int_equal(l.n, 1);
	assert_false(l.more);
	free(large);
}

static void
test_inbox_stops_after_many_rows_and_says_so_when_nothing_matches(void **state)
{
	struct fixture *f = *state;

	deliver_many(f, 300, "x.a");
	deliver_one(f, "x.b", "here");
	struct listed l = list(f, (struct inbox_query){.type = "x.b"});

	assert_int_equal(l.n, 0);
	assert_true(l.more);
	assert_int_equal(l.cursor.seq, 256);
	l = list(f, (struct inbox_query){.after = l.cursor, .type = "x.b"});
	assert_int_equal(l.n, 1);
	assert_false(l.more);
}

static void
test_inbox_finds_a_message_by_its_index_when_earlier_items_were_left_out(void **state)
{
	struct fixture *f = *state;
	struct mail_item items[] = {{3, "x.a", "three", 0, false}, {9, "x.a", "nine", 0, false}};
	struct consign_id id = deliver(f, &(struct mail){.consignor = 1, .items = items, .n = 2});
	struct consign_message_id nine = message_of(&id, 9), one = message_of(&id, 1);
	struct local_message *m;
	struct inbox_cursor at;

	assert_int_equal(inbox_find(f->agent.inbox, &nine, f->arena, &m, &at), CONSIGN_OK);
	assert_content(m, "nine");
	assert_string_equal(m->consignor.s, "biomake");
	assert_int_equal(at.seq, 1);
	assert_int_equal(at.idx, 1);
	assert_int_equal(inbox_find(f->agent.inbox, &one, f->arena, &m, &at), CONSIGN_E_NOT_FOUND);
	id = new_id(f);
	one = message_of(&id, 0);
	assert_int_equal(inbox_find(f->agent.inbox, &one, f->arena, &m, &at), CONSIGN_E_NOT_FOUND);
}

static void
test_inbox_reads_old_mail_when_the_consignor_has_a_new_identity(void **state)
{
	struct fixture *f = *state;
	struct consign_public_key renewed;
	struct secret *secret;

	assert_int_equal(sign_keypair(&secret, &renewed), CONSIGN_OK);
	add_directory(f, "acme", &renewed);
	deliver_one(f, "x.note", "of then"); /* its manifest had seen card 1 */
	assert_content(list(f, (struct inbox_query){.with_content = true}).v[0], "of then");
	secret_free(&secret);
}

static void
test_inbox_reads_under_the_directory_s_identity_when_there_is_no_card(void **state)
{
	struct fixture *f = *state;

	add_directory(f, "acme", &f->identity_public[0]);
	for (size_t i = 0; i < f->agent.hub->cards.n; i++)
		card_cell_free(f->agent.hub->cards.v[i]);
	f->agent.hub->cards.n = 0;
	deliver_one(f, "x.note", "by directory");
	assert_content(list(f, (struct inbox_query){.with_content = true}).v[0], "by directory");
}

static void
test_inbox_says_corrupt_when_a_row_is_not_what_was_written(void **state)
{
	static const char *const damages[] = {
	    "UPDATE inbox SET key = zeroblob(72)",
	    "UPDATE inbox SET key = x''",
	    "UPDATE inbox SET body = zeroblob(400)",
	    "UPDATE inbox SET manifest = x'00'",
	    "UPDATE inbox SET outcomes = x'01'",
	    "UPDATE inbox SET outcomes = x'01000000010100000001'",
	    "UPDATE inbox SET consignor = 'nobody'",
	};
	struct fixture *f = *state;
	struct inbox_query q = {.type = "", .study = "", .acked_by = "", .max = 10, .max_bytes = 10, .with_content = true};

	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		struct listed l;

		run_sql(f, "DELETE FROM inbox");
		deliver_one(f, "x.note", "whole");
		run_sql(f, damages[i]);
		enum consign_err err = inbox_list(f->agent.inbox, &q, f->arena, &l.v, &l.n, &l.cursor, &l.more);

		if (err != CONSIGN_E_CORRUPT)
			fail_msg("%s: error %#x", damages[i], (unsigned)err);
	}
}

static void
test_inbox_marks_what_a_subscription_acknowledged_and_leaves_it_out_when_asked(void **state)
{
	struct fixture *f = *state;

	deliver_many(f, 4, "x.a");
	assert_int_equal(ack_one(f, "default", 1, 0), 1);
	assert_int_equal(ack_one(f, "default", 3, 0), 1);
	struct listed l = list(f, (struct inbox_query){.acked_by = "default"});

	assert_int_equal(l.n, 4);
	assert_int_equal(l.v[0]->acked, 1);
	assert_int_equal(l.v[1]->acked, 0);
	assert_int_equal(l.v[2]->acked, 1);
	assert_int_equal(l.v[3]->acked, 0);
	l = list(f, (struct inbox_query){.acked_by = "default", .only_unacked = true});
	assert_int_equal(l.n, 2);
	assert_int_equal(l.v[0]->position, 2);
	assert_int_equal(l.v[1]->position, 4);
	assert_int_equal(list(f, (struct inbox_query){0}).v[0]->acked, 0);
}

static void
test_inbox_finds_the_places_of_many_ids_and_leaves_unknown_ones_out(void **state)
{
	struct fixture *f = *state;
	struct mail_item items[] = {{0, "x.a", "1", 0, false}, {4, "x.a", "2", 0, false}, {5, "x.a", "3", 0, true}};
	struct consign_id a = deliver(f, &(struct mail){.items = items, .n = 3});
	struct consign_id b = deliver_one(f, "x.a", "4");
	struct consign_id none = new_id(f);
	struct consign_message_id ids[] = {
	    message_of(&a, 4), message_of(&a, 5), message_of(&none, 0), message_of(&b, 0), message_of(&a, 0)};
	struct inbox_places places = {0};

	assert_int_equal(inbox_find_places(f->agent.inbox, NULL, ids, 5, &places), CONSIGN_OK);
	assert_int_equal(places.n, 3);
	assert_true(places.v[0].seq == 1 && places.v[0].idx == 1);
	assert_true(places.v[1].seq == 2 && places.v[1].idx == 0);
	assert_true(places.v[2].seq == 1 && places.v[2].idx == 0);
	free(places.v);
}

static void
test_inbox_finds_two_places_when_two_consignors_used_one_id(void **state)
{
	struct fixture *f = *state;
	struct mail_item item = {0, "x.a", "mine", 0, false}, forged = {0, "x.a", "also mine", 0, false};
	struct consign_id id = deliver(f, &(struct mail){.consignor = 0, .items = &item, .n = 1});
	struct consign_message_id message = message_of(&id, 0);
	struct inbox_places places = {0};
	struct local_message *m;
	struct inbox_cursor at;

	deliver(f, &(struct mail){.consignor = 2, .id = &id, .items = &forged, .n = 1});
	assert_int_equal(inbox_find_places(f->agent.inbox, NULL, &message, 1, &places), CONSIGN_OK);
	assert_int_equal(places.n, 2);
	assert_int_equal(inbox_find(f->agent.inbox, &message, f->arena, &m, &at), CONSIGN_OK);
	assert_content(m, "mine");
	free(places.v);
}

static void
test_inbox_acknowledges_one_message_at_a_time_under_an_id_that_two_consignors_used(void **state)
{
	struct fixture *f = *state;
	struct mail_item item = {0, "x.a", "mine", 0, false}, forged = {0, "x.a", "also mine", 0, false};
	struct consign_id id = deliver(f, &(struct mail){.consignor = 0, .items = &item, .n = 1});
	struct consign_message_id twice[] = {message_of(&id, 0), message_of(&id, 0)};
	struct inbox_places places = {0};

	deliver(f, &(struct mail){.consignor = 2, .id = &id, .items = &forged, .n = 1});
	assert_int_equal(inbox_find_places(f->agent.inbox, "default", twice, 1, &places), CONSIGN_OK);
	assert_int_equal(places.n, 1);
	assert_int_equal(places.v[0].seq, 1);
	places.n = 0;
	assert_int_equal(inbox_find_places(f->agent.inbox, "default", twice, 2, &places), CONSIGN_OK);
	assert_int_equal(places.n, 2);
	assert_true(places.v[0].seq == 1 && places.v[1].seq == 2);
	places.n = 0;
	assert_int_equal(ack_one(f, "default", 1, 0), 1);
	assert_int_equal(inbox_find_places(f->agent.inbox, "default", twice, 2, &places), CONSIGN_OK);
	assert_int_equal(places.n, 1);
	assert_int_equal(places.v[0].seq, 2);
	free(places.v);
}

static void
test_inbox_facts_count_and_know_the_position_of_a_tombstone(void **state)
{
	struct fixture *f = *state;
	struct inbox_facts facts;

	assert_int_equal(inbox_facts(f->agent.inbox, &facts), CONSIGN_OK);
	assert_int_equal(facts.consignments, 0);
	assert_int_equal(facts.position, 0);
	deliver_many(f, 2, "x.a");
	run_sql(f,
	    "INSERT INTO tombstone (position, consignor, id, at_us, statement, receipt) VALUES (3, 'acme', x'01', 1, x'', x'')");
	assert_int_equal(inbox_facts(f->agent.inbox, &facts), CONSIGN_OK);
	assert_int_equal(facts.consignments, 2);
	assert_int_equal(facts.position, 3);
}

static void
count_news(void *context)
{
	++*(unsigned *)context;
}

static void
test_inbox_news_reach_the_one_who_asked_for_them(void **state)
{
	struct fixture *f = *state;
	unsigned news = 0;

	inbox_news(f->agent.inbox);
	inbox_on_news(f->agent.inbox, count_news, &news);
	inbox_news(f->agent.inbox);
	assert_int_equal(news, 1);
	inbox_on_news(f->agent.inbox, NULL, NULL);
	inbox_news(f->agent.inbox);
	assert_int_equal(news, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_inbox_lists_nothing_when_empty),
	    TEST(test_inbox_lists_what_the_manifest_and_the_row_say),
	    TEST(test_inbox_lists_items_in_order_of_arrival_and_manifest),
	    TEST(test_inbox_never_shows_rejected_items),
	    TEST(test_inbox_filters_by_type_and_study),
	    TEST(test_inbox_goes_on_after_the_cursor_without_gap_or_repetition),
	    TEST(test_inbox_says_there_is_no_more_when_the_page_ends_with_the_last),
	    TEST(test_inbox_unseals_content_name_and_media_type),
	    TEST(test_inbox_gives_a_large_message_alone_and_small_ones_up_to_the_bound),
	    TEST(test_inbox_stops_after_many_rows_and_says_so_when_nothing_matches),
	    TEST(test_inbox_finds_a_message_by_its_index_when_earlier_items_were_left_out),
	    TEST(test_inbox_reads_old_mail_when_the_consignor_has_a_new_identity),
	    TEST(test_inbox_reads_under_the_directory_s_identity_when_there_is_no_card),
	    TEST(test_inbox_says_corrupt_when_a_row_is_not_what_was_written),
	    TEST(test_inbox_marks_what_a_subscription_acknowledged_and_leaves_it_out_when_asked),
	    TEST(test_inbox_finds_the_places_of_many_ids_and_leaves_unknown_ones_out),
	    TEST(test_inbox_finds_two_places_when_two_consignors_used_one_id),
	    TEST(test_inbox_acknowledges_one_message_at_a_time_under_an_id_that_two_consignors_used),
	    TEST(test_inbox_facts_count_and_know_the_position_of_a_tombstone),
	    TEST(test_inbox_news_reach_the_one_who_asked_for_them),
	};

	return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}
