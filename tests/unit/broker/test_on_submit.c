/*
 * Limits of submissions at the broker: how many, how large, how many lanes they may hold, how many refusals get a leaf. on_submit
 * itself, with what it says to the peer and what it puts for commit caught on the way (--wrap).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker.h"
#include "core/limits.h"
#include "hub_fixture.h"

struct said {
	enum consign_code bye;
	enum consign_code refused; /* without a place: of the first verdict */
	char detail[160];
	unsigned leaves; /* entries begun for a refusal with a place */
	unsigned unplaced;
	uint64_t counted; /* refusals told in one leaf */
};

struct fixture {
	struct hub_fixture f;
	struct broker b;
	struct session s;
	struct arena *arena;
	uint64_t steady_us;
	struct frame manifest, body;
};

static struct said said;
static struct mailbox mailbox; /* the consignor's */

/* ── caught ── */

void __wrap_say_bye(struct broker *b, struct session *s, enum consign_code code, const char *detail);
void __wrap_say_try_later(struct broker *b, struct session *s, uint64_t sequence, const char *org, enum consign_code code, const char *detail);
void __wrap_answer_later(struct broker *b, struct session *s, uint64_t sequence, const struct statement *statement);
void __wrap_broker_act(struct broker *b, const char *act, const char *subject, uint64_t count, const char *detail);
enum consign_err __wrap_broker_entry(struct broker *b, size_t arena_bytes, size_t entry_bytes, struct store_entry **ret_entry);
enum consign_err __wrap_store_past(
    struct db *db, const char *consignor, const struct consign_id *id, struct arena *arena, struct store_past *ret_past);
struct mailbox *__wrap_mailbox_of(struct mailboxes *all, const char *org);

void
__wrap_say_bye(struct broker *b, struct session *s, enum consign_code code, const char *detail)
{
	(void)b;
	(void)s;
	(void)detail;
	said.bye = code;
}

void
__wrap_say_try_later(struct broker *b, struct session *s, uint64_t sequence, const char *org, enum consign_code code, const char *detail)
{
	(void)b;
	(void)s;
	(void)sequence;
	(void)org;
	(void)code;
	(void)detail;
}

void
__wrap_answer_later(struct broker *b, struct session *s, uint64_t sequence, const struct statement *statement)
{
	struct arena *arena;
	struct ledger_record *record = NULL;

	(void)b;
	(void)s;
	(void)sequence;
	assert_int_equal(arena_new(1u << 20, &arena), CONSIGN_OK);
	assert_int_equal(ledger_record_decode(statement->leaf->record, arena, &record), CONSIGN_OK);
	assert_non_null(record->refused);
	assert_false(statement->has_place);
	said.unplaced++;
	said.refused = (enum consign_code)record->refused->verdicts.v[0]->code;
	snprintf(said.detail, sizeof said.detail, "%.*s", (int)record->refused->verdicts.v[0]->detail.len,
	    (const char *)record->refused->verdicts.v[0]->detail.data);
	arena_free(&arena);
}

void
__wrap_broker_act(struct broker *b, const char *act, const char *subject, uint64_t count, const char *detail)
{
	(void)b;
	(void)detail;
	assert_string_equal(act, "refusals");
	assert_string_equal(subject, "acme");
	said.counted += count;
}

/* Only for a refusal that gets a leaf; that it goes no further is all the same here. */
enum consign_err
__wrap_broker_entry(struct broker *b, size_t arena_bytes, size_t entry_bytes, struct store_entry **ret_entry)
{
	(void)b;
	(void)arena_bytes;
	(void)entry_bytes;
	(void)ret_entry;
	said.leaves++;
	return CONSIGN_E_NO_MEMORY;
}

enum consign_err
__wrap_store_past(struct db *db, const char *consignor, const struct consign_id *id, struct arena *arena, struct store_past *ret_past)
{
	(void)db;
	(void)consignor;
	(void)id;
	(void)arena;
	(void)ret_past;
	return CONSIGN_E_NOT_FOUND;
}

struct mailbox *
__wrap_mailbox_of(struct mailboxes *all, const char *org)
{
	(void)all;
	assert_string_equal(org, mailbox.org.s);
	return &mailbox;
}

/* ── a broker that has what on_submit looks at ── */

static uint64_t
wall(void *self)
{
	(void)self;
	return FIXTURE_NOW_US;
}

static uint64_t
steady(void *self)
{
	return ((struct fixture *)self)->steady_us;
}

static int
setup(void **state)
{
	static struct consign_clock clock;
	struct fixture *t = calloc(1, sizeof *t);

	assert_non_null(t);
	hub_fixture_begin(&t->f, 1, 1);
	hub_fixture_standard(&t->f);
	clock = (struct consign_clock){wall, steady, t};
	t->steady_us = 5000000;
	t->b.clock = &clock;
	t->b.hub = hub_fixture_hub(&t->f, true);
	t->b.hub_id = t->f.hub_id;
	t->b.receipt_key = t->f.receipt;
	t->b.quota = (struct quota){{1000000, 1000000}, {UINT64_C(1) << 40, 1000000}, 1000, UINT64_C(1) << 40};
	assert_int_equal(metrics_new(&t->b.metrics), CONSIGN_OK);
	assert_int_equal(pending_new(&t->b.pending), CONSIGN_OK);
	assert_non_null(t->b.buckets = buckets_new());
	assert_int_equal(arena_new(1u << 20, &t->arena), CONSIGN_OK);
	snprintf(t->s.name, sizeof t->s.name, "acme");
	mailbox = (struct mailbox){.org = {"acme"}};
	t->s.state = SESSION_AGENT;
	frame_init(&t->manifest);
	frame_init(&t->body);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	held_clear(&t->s.held);
	frame_clear(&t->manifest);
	frame_clear(&t->body);
	arena_free(&t->arena);
	pending_free(&t->b.pending);
	buckets_free(&t->b.buckets);
	metrics_free(&t->b.metrics);
	hub_free(&t->b.hub);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

/* What the broker says to these frames. */
static struct said
submit(struct fixture *t, struct consign_slice manifest, struct consign_slice body)
{
	struct session_submit in = {.sequence = 1};
	struct session_command command = {.submit = &in};
	struct request r = {&t->s, &command, &t->manifest, &t->body, t->arena};
	struct said before = said;

	frame_clear(&t->manifest);
	frame_clear(&t->body);
	assert_int_equal(frame_copy(&t->manifest, manifest), CONSIGN_OK);
	assert_int_equal(frame_copy(&t->body, body), CONSIGN_OK);
	said = (struct said){0};
	on_submit(&t->b, &r);

	struct said now = said;

	said = before;
	return now;
}

static struct consign_slice
zeros(size_t n)
{
	static uint8_t bytes[CONSIGN_BODY_MAX_BYTES + 1];

	assert_true(n <= sizeof bytes);
	return slice_of(bytes, n);
}

static void
test_on_submit_takes_twice_the_window_and_not_one_more(void **state)
{
	struct fixture *t = *state;

	t->s.submitted = 2 * CONSIGN_WINDOW_CONSIGNMENTS - 1;
	assert_int_equal(submit(t, zeros(10), zeros(10)).refused, CONSIGN_CODE_MALFORMED);
	assert_int_equal(t->s.submitted, 2 * CONSIGN_WINDOW_CONSIGNMENTS);

	struct said over = submit(t, zeros(10), zeros(10));

	assert_int_equal(over.bye, CONSIGN_CODE_QUOTA);
	assert_int_equal(over.unplaced, 0);
}

static void
test_on_submit_refuses_a_manifest_or_a_body_over_its_limit(void **state)
{
	struct fixture *t = *state;
	struct said largest = submit(t, zeros(CONSIGN_SIGNED_MANIFEST_MAX_BYTES), zeros(CONSIGN_BODY_MAX_BYTES));

	assert_int_equal(largest.refused, CONSIGN_CODE_MALFORMED); /* it was read */

	struct said manifest = submit(t, zeros(CONSIGN_SIGNED_MANIFEST_MAX_BYTES + 1), zeros(1));
	struct said body = submit(t, zeros(1), zeros(CONSIGN_BODY_MAX_BYTES + 1));

	assert_int_equal(manifest.refused, CONSIGN_CODE_TOO_BIG);
	assert_string_equal(manifest.detail, "the manifest is over its limit");
	assert_int_equal(body.refused, CONSIGN_CODE_TOO_BIG);
	assert_string_equal(body.detail, "the body is over its limit");
}

static void
test_on_submit_ends_a_session_that_holds_too_many_lanes(void **state)
{
	struct fixture *t = *state;

	t->s.held.n = CONSIGN_HELD_LANES_MAX;
	assert_int_equal(submit(t, zeros(10), zeros(10)).refused, CONSIGN_CODE_MALFORMED);
	t->s.held.n = CONSIGN_HELD_LANES_MAX + 1;
	assert_int_equal(submit(t, zeros(10), zeros(10)).bye, CONSIGN_CODE_QUOTA);
	t->s.held.n = 0;
}

/* One that is refused for what it says: it is for another hub. */
static struct said
refuse_one(struct fixture *t)
{
	static const char *const to[] = {"bolt"};
	struct manifest *m = fixture_manifest(&t->f, "acme", "one", "x.note", CONSIGN_LABEL_OPEN, to, 1);
	struct buf frame = {0};

	m->hub_id.b[0] ^= 1;
	assert_int_equal(signed_manifest_encode(fixture_sign_manifest(&t->f, m), &frame), CONSIGN_OK);

	struct said now = submit(t, buf_slice(&frame), fixture_body());

	buf_clear(&frame);
	held_clear(&t->s.held);
	return now;
}

static void
test_on_submit_gives_so_many_refusals_of_a_second_a_leaf_and_counts_the_rest(void **state)
{
	struct fixture *t = *state;

	for (unsigned i = 0; i < CONSIGN_REFUSAL_LEAVES_PER_SECOND; i++) {
		struct said one = refuse_one(t);

		assert_int_equal(one.leaves, 1);
		assert_int_equal(one.unplaced, 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct said more = refuse_one(t);

		assert_int_equal(more.leaves, 0);
		assert_int_equal(more.unplaced, 1);
		assert_int_equal(more.refused, CONSIGN_CODE_WRONG_HUB);
	}
	/* The last microsecond of the same second, and the first of the next, which counts those that had none. */
	t->steady_us = 5999999;
	assert_int_equal(refuse_one(t).unplaced, 1);
	t->steady_us = 6000000;

	struct said next = refuse_one(t);

	assert_int_equal(next.leaves, 1);
	assert_int_equal(next.counted, 3);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_on_submit_takes_twice_the_window_and_not_one_more),
	    TEST(test_on_submit_refuses_a_manifest_or_a_body_over_its_limit),
	    TEST(test_on_submit_ends_a_session_that_holds_too_many_lanes),
	    TEST(test_on_submit_gives_so_many_refusals_of_a_second_a_leaf_and_counts_the_rest),
	};

	return cmocka_run_group_tests_name("broker/on_submit", tests, NULL, NULL);
}
