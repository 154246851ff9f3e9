/* Watches over the socket that keep up and are given what is kept in memory: each message once and in order, whoever acknowledges
 * what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "door_fixture.h"

/* Mail that is kept, as reception brings it; the store's copy is then spoiled when that is wanted: who is given it was given it
 * from memory. */
static const char *
bring(struct fixture *f, const char *content, bool is_spoiled)
{
	struct mail_item item = {0, "x.a", content, 0, false};
	struct consign_id id = deliver_kept(f, &(struct mail){.items = &item, .n = 1});

	if (is_spoiled)
		run_sql(f, "UPDATE inbox SET manifest = x'00' WHERE seq = (SELECT max(seq) FROM inbox)");
	inbox_news(f->agent.inbox);
	return id_text(f, &id);
}

/* A watch with the first message acknowledged: from here on it is given what is kept. */
static struct client
watch_begun(struct fixture *f, uint32_t window)
{
	struct client c = client_open(f);
	const char *id;

	ask_watch(&c, 3, "default", "", window, "");
	turn(f, 3);
	assert_true(recent_is_wanted(f->agent.recent));
	id = bring(f, "first", false);
	assert_event(&c, 3, "first");
	assert_int_equal(ack(&c, "default", &id, 1), 1);
	return c;
}

static void
assert_silent(struct client *c)
{
	turn(c->f, 5);
	look(c);
	assert_int_equal(frames_in(c), 0);
}

static void
test_socket_watch_that_keeps_up_needs_no_reading_of_the_store(void **state)
{
	struct fixture *f = *state;
	struct client c = watch_begun(f, 10);
	const char *ids[3];

	for (size_t i = 0; i < 3; i++) {
		ids[i] = bring(f, (const char *[]){"1", "2", "3"}[i], true);
		assert_event(&c, 3, (const char *[]){"1", "2", "3"}[i]);
	}
	assert_int_equal(ack(&c, "default", ids, 3), 3); /* their places too: the store would not find them */
	client_close(&c);
}

static void
test_socket_watch_is_not_given_what_another_tool_acknowledged(void **state)
{
	struct fixture *f = *state;
	struct client c = watch_begun(f, 2), other = client_open(f);
	const char *ids[5];

	for (size_t i = 0; i < 5; i++)
		ids[i] = bring(f, (const char *[]){"1", "2", "3", "4", "5"}[i], false);
	assert_event(&c, 3, "1");
	assert_event(&c, 3, "2");
	assert_silent(&c);
	assert_int_equal(ack(&other, "default", (const char *[]){ids[2], ids[4]}, 2), 2);
	assert_int_equal(ack(&c, "default", ids, 2), 2);
	assert_event(&c, 3, "4");
	assert_silent(&c);
	assert_int_equal(ack(&c, "default", &ids[3], 1), 1);
	bring(f, "6", true); /* nothing is acknowledged behind the cursor any more: it comes from memory again */
	assert_event(&c, 3, "6");
	client_close(&c);
	client_close(&other);
}

static void
test_socket_watches_of_one_subscription_are_each_given_what_is_not_acknowledged(void **state)
{
	struct fixture *f = *state;
	struct client fast = watch_begun(f, 10), slow = client_open(f);
	const char *ids[4];

	ask_watch(&slow, 4, "default", "", 1, "");
	turn(f, 3);
	for (size_t i = 0; i < 4; i++)
		ids[i] = bring(f, (const char *[]){"1", "2", "3", "4"}[i], false);
	assert_event(&slow, 4, "1");
	for (size_t i = 0; i < 4; i++)
		assert_event(&fast, 3, (const char *[]){"1", "2", "3", "4"}[i]);
	assert_int_equal(ack(&fast, "default", &ids[1], 2), 2);
	assert_silent(&slow);
	assert_int_equal(ack(&slow, "default", ids, 1), 1);
	assert_event(&slow, 4, "4");
	assert_int_equal(ack(&slow, "default", ids, 4), 1);
	assert_silent(&slow);
	assert_silent(&fast);
	client_close(&fast);
	client_close(&slow);
}

static void
test_socket_watch_that_comes_and_goes_is_given_all_that_is_not_acknowledged(void **state)
{
	struct fixture *f = *state;
	struct client c = watch_begun(f, 10), other = client_open(f);
	const char *ids[4];

	for (size_t i = 0; i < 3; i++)
		ids[i] = bring(f, (const char *[]){"1", "2", "3"}[i], false);
	for (size_t i = 0; i < 3; i++)
		assert_event(&c, 3, (const char *[]){"1", "2", "3"}[i]);
	assert_int_equal(ack(&c, "default", &ids[1], 1), 1);
	client_close(&c);
	turn(f, 5);
	assert_false(recent_is_wanted(f->agent.recent));
	bring(f, "nobody watches", false);
	ask_watch(&other, 5, "archive", "", 10, "now"); /* so that mail is kept again */
	turn(f, 5);
	ids[3] = bring(f, "4", false);
	assert_event(&other, 5, "4");
	c = client_open(f);
	ask_watch(&c, 6, "default", "", 10, "");
	assert_event(&c, 6, "1");
	assert_event(&c, 6, "3");
	assert_event(&c, 6, "nobody watches");
	assert_event(&c, 6, "4");
	assert_int_equal(ack(&c, "default", &ids[3], 1), 1);
	bring(f, "5", false);
	assert_event(&c, 6, "5");
	assert_event(&other, 5, "5");
	client_close(&c);
	client_close(&other);
}

static void
test_socket_watch_begun_after_an_acknowledgement_is_not_given_it(void **state)
{
	struct fixture *f = *state;
	struct client fast = watch_begun(f, 10), late = client_open(f);
	const char *ids[2];

	for (size_t i = 0; i < 2; i++) {
		ids[i] = bring(f, (const char *[]){"1", "2"}[i], false);
		assert_event(&fast, 3, (const char *[]){"1", "2"}[i]);
	}
	assert_int_equal(ack(&fast, "default", &ids[1], 1), 1);
	ask_watch(&late, 4, "default", "", 1, "");
	assert_event(&late, 4, "1");
	assert_int_equal(ack(&late, "default", &ids[0], 1), 1);
	bring(f, "3", false);
	assert_event(&late, 4, "3");
	client_close(&fast);
	client_close(&late);
}

static void
test_socket_ack_under_an_id_of_two_consignors_means_the_first_that_was_sent(void **state)
{
	struct fixture *f = *state;
	struct client c = watch_begun(f, 10);
	struct mail_item item = {0, "x.a", "mine", 0, false}, forged = {0, "x.a", "also mine", 0, false};
	struct consign_id id = deliver_kept(f, &(struct mail){.items = &item, .n = 1});
	const char *twice[2] = {id_text(f, &id), id_text(f, &id)}, *between = bring(f, "between", false);

	deliver_kept(f, &(struct mail){.consignor = 2, .id = &id, .items = &forged, .n = 1});
	inbox_news(f->agent.inbox);
	assert_event(&c, 3, "mine");
	assert_event(&c, 3, "between");
	assert_event(&c, 3, "also mine");
	assert_int_equal(ack(&c, "default", &between, 1), 1);
	assert_int_equal(ack(&c, "default", twice, 1), 1);
	client_close(&c);
	c = client_open(f);
	ask_watch(&c, 4, "default", "", 10, "");
	assert_event(&c, 4, "also mine");
	assert_int_equal(ack(&c, "default", twice, 1), 1);
	assert_int_equal(ack(&c, "default", twice, 2), 0);
	client_close(&c);
}

static void
test_socket_ack_that_was_not_stored_may_be_asked_for_again(void **state)
{
	struct fixture *f = *state;
	struct client c = watch_begun(f, 10);
	const char *ids[2];

	for (size_t i = 0; i < 2; i++) {
		ids[i] = bring(f, (const char *[]){"1", "2"}[i], true);
		assert_event(&c, 3, (const char *[]){"1", "2"}[i]);
	}
	commit_error = CONSIGN_E_FULL;
	ask_ack(&c, "default", ids, 2);
	assert_int_equal(refusal(&c)->code, CONSIGN_CODE_DISK_FULL);
	commit_error = CONSIGN_OK;
	commit_resume(f->agent.committer);
	assert_int_equal(ack(&c, "default", ids, 2), 2);
	client_close(&c);
}

static void
test_socket_acks_that_are_on_their_way_are_followed_in_order(void **state)
{
	struct fixture *f = *state;
	struct client c = watch_begun(f, 100);
	const char *ids[20];

	for (size_t i = 0; i < 20; i++)
		ids[i] = bring(f, "many", true);
	await(&c, 20);
	for (size_t i = 0; i < 20; i++)
		assert_event(&c, 3, "many");
	for (size_t i = 0; i < 20; i += 2)
		ask_ack(&c, "default", &ids[i], 2);
	for (size_t i = 0; i < 20; i += 2) {
		struct local_reply *r = reply(&c);

		assert_non_null(r->ack);
		assert_int_equal(r->ack->acked, 2);
	}
	client_close(&c);
}

#define PLAYED 120u
#define PLAYED_WINDOW 5u

/* What a watch and two tools that acknowledge do, and what the watch should have been given so far. */
struct play {
	struct client watching, other;
	const char *ids[PLAYED];
	bool is_acked[PLAYED];
	size_t n;          /* brought */
	size_t at;         /* looked at by the watch */
	size_t n_underway; /* sent to it and not acknowledged */
	size_t unacked;    /* the first */
};

static void
assert_given(struct play *p)
{
	char content[24];

	for (; p->at < p->n && p->n_underway < PLAYED_WINDOW; p->at++) {
		if (p->is_acked[p->at])
			continue;
		snprintf(content, sizeof content, "%zu", p->at);
		assert_event(&p->watching, 3, content);
		p->n_underway++;
	}
	turn(p->watching.f, 2);
	look(&p->watching);
	assert_int_equal(frames_in(&p->watching), 0);
}

static void
play_acks(struct play *p, size_t first, size_t n, bool by_other)
{
	uint32_t fresh = 0;

	if (n > p->n - first)
		n = p->n - first;
	for (size_t i = first; i < first + n; i++) {
		fresh += !p->is_acked[i];
		p->n_underway -= !p->is_acked[i] && i < p->at;
		p->is_acked[i] = true;
	}
	assert_int_equal(ack(by_other ? &p->other : &p->watching, "default", &p->ids[first], n), fresh);
	while (p->unacked < p->n && p->is_acked[p->unacked])
		p->unacked++;
}

static void
test_socket_watch_is_given_each_once_and_in_order_whoever_acknowledges_what(void **state)
{
	struct fixture *f = *state;
	struct play p = {.watching = watch_begun(f, PLAYED_WINDOW), .other = client_open(f)};
	uint32_t random = 1;

	while (p.unacked < PLAYED) {
		random = random * 1664525u + 1013904223u;
		uint32_t what = random >> 24, n = 1 + (random >> 20) % 4, far = (random >> 16) % 8;

		if (p.n < PLAYED && (what < 120 || p.unacked == p.n)) {
			char *content = arena_alloc(f->arena, 24);

			assert_non_null(content);
			snprintf(content, 24, "%zu", p.n);
			p.ids[p.n++] = bring(f, content, false);
		} else if (what < 220) {
			play_acks(&p, p.unacked, n, what % 5 == 0);
		} else if (p.unacked + far < p.n) {
			play_acks(&p, p.unacked + far, n, what % 2 == 0);
		}
		assert_given(&p);
	}
	client_close(&p.watching);
	client_close(&p.other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, door_setup, door_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_socket_watch_that_keeps_up_needs_no_reading_of_the_store),
	    TEST(test_socket_watch_is_not_given_what_another_tool_acknowledged),
	    TEST(test_socket_watches_of_one_subscription_are_each_given_what_is_not_acknowledged),
	    TEST(test_socket_watch_that_comes_and_goes_is_given_all_that_is_not_acknowledged),
	    TEST(test_socket_watch_begun_after_an_acknowledgement_is_not_given_it),
	    TEST(test_socket_ack_under_an_id_of_two_consignors_means_the_first_that_was_sent),
	    TEST(test_socket_ack_that_was_not_stored_may_be_asked_for_again),
	    TEST(test_socket_acks_that_are_on_their_way_are_followed_in_order),
	    TEST(test_socket_watch_is_given_each_once_and_in_order_whoever_acknowledges_what),
	};

	return cmocka_run_group_tests_name("agents/socket_recent", tests, NULL, NULL);
}
