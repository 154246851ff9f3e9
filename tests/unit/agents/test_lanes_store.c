/*
 * What of the stored outbox is in memory: the first of a study with their frames, and behind them, when all of those wait, what is known
 * without its frames until its turn comes. A real store; what is sent is caught on the way (--wrap).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/bodies.h"
#include "core/limits.h"
#include "folder.h"
#include "hub_fixture.h"
#include "lanes_private.h"
#include "standing_clock.h"
#include "store/store.h"
#include "uplink.h"

#define SENT_MAX 8192u

struct fixture {
	struct hub_fixture f;
	struct agent agent;
	struct manifest *template;
	char *folder;
	uint32_t last; /* number of the last that was stored */
};

static uint64_t now_us;
static const struct consign_clock test_clock = STANDING_CLOCK(&now_us);
/* What was submitted and not answered yet: the number is that of its id. */
static struct {
	uint64_t sequence;
	uint32_t number;
	struct consign_org to;
} sent[SENT_MAX];
static size_t n_sent, n_submitted, n_bodies;

enum uplink_state __wrap_uplink_state(const struct uplink *u);
enum consign_err __wrap_uplink_say(
    struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body);

enum uplink_state
__wrap_uplink_state(const struct uplink *u)
{
	(void)u;
	return UPLINK_UP;
}

enum consign_err
__wrap_uplink_say(struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body)
{
	struct arena *arena;
	struct signed_manifest *sm = NULL;
	struct manifest *m = NULL;

	(void)u;
	if (command->release != NULL)
		return CONSIGN_OK;
	/* Whole, whether it was bare or not. */
	assert_int_equal(arena_new(1u << 20, &arena), CONSIGN_OK);
	assert_int_equal(signed_manifest_decode(frame_slice(manifest), arena, &sm), CONSIGN_OK);
	assert_int_equal(manifest_decode(sm->manifest, arena, &m), CONSIGN_OK);
	n_bodies += slice_equal(frame_slice(body), fixture_body());
	n_submitted++;
	assert_true(n_sent < SENT_MAX);
	sent[n_sent].sequence = command->submit->sequence;
	sent[n_sent].number = be32_load(m->consignment_id.b);
	sent[n_sent++].to = m->consignees.v[0]->org;
	arena_free(&arena);
	return CONSIGN_OK;
}

static int
setup(void **state)
{
	static const char *const to[] = {"bolt"};
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	hub_fixture_begin(&f->f, 1, 1);
	hub_fixture_standard(&f->f);
	f->template = fixture_manifest(&f->f, "acme", "one", "x.note", CONSIGN_LABEL_OPEN, to, 1);
	f->folder = folder_new();
	assert_non_null(f->folder);
	char *path = path_join(f->folder, "agent.db");

	assert_int_equal(agent_store_open(path, false, &f->agent.db), CONSIGN_OK);
	free(path);
	n_sent = n_submitted = n_bodies = 0;
	now_us = 1000000;
	f->agent.clock = &test_clock;
	assert_int_equal(lanes_new(&f->agent, &f->agent.lanes), CONSIGN_OK);
	lanes_window(f->agent.lanes, CONSIGN_WINDOW_CONSIGNMENTS, CONSIGN_WINDOW_BYTES);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	lanes_free(&f->agent.lanes);
	db_close(&f->agent.db);
	folder_free(f->folder);
	hub_fixture_end(&f->f);
	free(f);
	return 0;
}

static void
run_sql(struct fixture *f, const char *sql)
{
	struct db_statement *s;

	assert_int_equal(db_statement(f->agent.db, sql, &s), CONSIGN_OK);
	assert_int_equal(db_run(s), CONSIGN_OK);
}

/* One more of study one, queued in the store. */
static uint32_t
store(struct fixture *f, const char *to)
{
	struct manifest *m = f->template;
	struct signed_manifest sm = {.signature = {{1}}};
	struct buf bytes = {0}, frame = {0};
	struct db_statement *s;
	uint64_t at;

	be32_store(m->consignment_id.b, ++f->last);
	m->consignees.v[0]->org = (struct consign_org){{0}};
	snprintf(m->consignees.v[0]->org.s, sizeof m->consignees.v[0]->org.s, "%s", to);
	assert_int_equal(manifest_encode(m, &bytes), CONSIGN_OK);
	sm.manifest = buf_slice(&bytes);
	assert_int_equal(signed_manifest_encode(&sm, &frame), CONSIGN_OK);
	assert_int_equal(bodies_put(f->agent.db, fixture_body(), &at), CONSIGN_OK);
	assert_int_equal(db_statement(f->agent.db,
			     "INSERT INTO outbox (id, study, state, attempt, created_us, expires_us, manifest, key, body, body_at, body_bytes)"
			     " VALUES (?1, ?2, 1, 1, 1, 2, ?3, x'00', ?4, ?5, ?6)",
			     &s),
	    CONSIGN_OK);
	db_bind_slice(s, 1, SLICE_ARRAY(m->consignment_id.b));
	db_bind_text(s, 2, m->study.s);
	db_bind_slice(s, 3, buf_slice(&frame));
	bodies_bind(s, 4, fixture_body(), at);
	assert_int_equal(db_run(s), CONSIGN_OK);
	buf_clear(&bytes);
	buf_clear(&frame);
	return f->last;
}

static void
store_many(struct fixture *f, const char *to, size_t n)
{
	run_sql(f, "BEGIN");
	while (n-- > 0)
		store(f, to);
	run_sql(f, "COMMIT");
}

/* All that is under way is answered: to `closed` nothing passes. Returns the number of the last that was accepted, 0 none. */
static uint32_t
answer(struct fixture *f, const char *closed)
{
	uint32_t accepted = 0;
	size_t n = n_sent;

	for (size_t i = 0; i < n; i++) {
		struct out_entry *e = lanes_answered(f->agent.lanes, sent[i].sequence);
		struct session_try_later later = {.code = i == 0 ? CONSIGN_CODE_QUOTA : CONSIGN_CODE_LANE_HELD, .retry_ms = i == 0 ? 20000 : 0};

		assert_non_null(e);
		if (strcmp(sent[i].to.s, closed) == 0)
			lanes_try_later(f->agent.lanes, e, &later);
		else {
			assert_true(sent[i].number > accepted); /* in order */
			accepted = sent[i].number;
			struct db_statement *s;

			assert_int_equal(db_statement(f->agent.db, "UPDATE outbox SET state = 2 WHERE seq = ?1", &s), CONSIGN_OK);
			db_bind_u64(s, 1, e->seq);
			assert_int_equal(db_run(s), CONSIGN_OK);
			lanes_finished(f->agent.lanes, e);
		}
	}
	n_sent -= n;
	memmove(sent, sent + n, n_sent * sizeof sent[0]);
	return accepted;
}

static const struct out_study *
study(struct fixture *f)
{
	assert_non_null(f->agent.lanes->studies);
	return f->agent.lanes->studies;
}

/* As after a restart: as many as fit are read first, and the others are not forgotten when that is exactly as many. */
static void
test_lanes_store_goes_on_behind_what_was_read_first(void **state)
{
	static const size_t stored[] = {127, 128, 129, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof stored / sizeof stored[0]; i++) {
		struct fixture *f;

		assert_int_equal(setup((void **)&f), 0);
		store_many(f, "bolt", stored[i]);
		assert_int_equal(lanes_load(f->agent.lanes), CONSIGN_OK);
		for (unsigned k = 0; k < 50; k++) {
			lanes_pump(f->agent.lanes);
			(void)answer(f, "");
		}
		assert_int_equal(n_submitted, stored[i]);
		assert_int_equal(n_bodies, stored[i]);
		assert_int_equal(teardown((void **)&f), 0);
	}
}

/* A company whose limit is used up for a day does not hold up the others of its study, however much waits for it. */
static void
test_lanes_store_finds_what_may_go_behind_what_waits_and_knows_that_without_its_frames(void **state)
{
	struct fixture *f = *state;

	store_many(f, "bolt", 1000);
	uint32_t past = store(f, "cora");

	store_many(f, "bolt", 10);
	uint32_t past_too = store(f, "cora"), accepted = 0;

	assert_int_equal(lanes_load(f->agent.lanes), CONSIGN_OK);
	for (unsigned i = 0; i < 50 && accepted != past_too; i++) {
		uint32_t now;

		lanes_pump(f->agent.lanes);
		if ((now = answer(f, "bolt")) != 0)
			accepted = now;
		assert_true(now == 0 || now == past || now == past_too);
	}
	assert_int_equal(accepted, past_too);
	/* What waits is known, and takes no room that frames would take. */
	assert_true(study(f)->bare_n > 800);
	assert_true(study(f)->n <= 128 + CONSIGN_WINDOW_CONSIGNMENTS);
	assert_true(study(f)->bytes < 4u * 1024u * 1024u);
	/* And it goes, whole and in its order, when there is room again. */
	n_bodies = n_submitted = 0;
	now_us += 20000000;
	for (unsigned i = 0; i < 50; i++) {
		lanes_pump(f->agent.lanes);
		(void)answer(f, "");
	}
	assert_int_equal(n_submitted, 1010);
	assert_int_equal(n_bodies, 1010);
	assert_int_equal(study(f)->n + study(f)->bare_n, 0);
	assert_int_equal(study(f)->bytes, 0);
	assert_null(study(f)->first);
}

static void
test_lanes_store_knows_4096_that_wait_and_no_more(void **state)
{
	struct fixture *f = *state;

	store_many(f, "bolt", 128 + 4096);
	uint32_t past = store(f, "cora");

	store_many(f, "bolt", 200);
	store(f, "cora");
	assert_int_equal(lanes_load(f->agent.lanes), CONSIGN_OK);
	for (unsigned i = 0; i < 60; i++) {
		uint32_t accepted;

		lanes_pump(f->agent.lanes);
		accepted = answer(f, "bolt");
		assert_true(accepted == 0 || accepted == past);
	}
	assert_true(study(f)->bare_n >= 4096 && study(f)->bare_n < 4096 + 128);
}

/* A bare one whose frames cannot be read holds its lane, is tried again, and others pass. */
static void
test_lanes_store_tries_again_what_cannot_be_read(void **state)
{
	struct fixture *f = *state;

	store_many(f, "bolt", 200);
	store(f, "cora");
	assert_int_equal(lanes_load(f->agent.lanes), CONSIGN_OK);
	for (unsigned i = 0; i < 10; i++) {
		lanes_pump(f->agent.lanes);
		(void)answer(f, "bolt");
	}
	assert_true(study(f)->bare_n >= 70);
	/* Number 129 is the first that is bare. */
	run_sql(f, "CREATE TEMP TABLE kept AS SELECT manifest FROM outbox WHERE seq = 129");
	run_sql(f, "UPDATE outbox SET manifest = x'FF' WHERE seq = 129");
	now_us += 20000000;
	n_submitted = 0;
	for (unsigned i = 0; i < 20; i++) {
		lanes_pump(f->agent.lanes);
		(void)answer(f, "");
	}
	assert_int_equal(n_submitted, 128);
	run_sql(f, "UPDATE outbox SET manifest = (SELECT manifest FROM kept) WHERE seq = 129");
	lanes_pump(f->agent.lanes);
	assert_int_equal(n_submitted, 128); /* not at once: it is logged each time */
	now_us += 1000000;
	for (unsigned i = 0; i < 20; i++) {
		lanes_pump(f->agent.lanes);
		(void)answer(f, "");
	}
	assert_int_equal(n_submitted, 200);
	assert_null(study(f)->first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lanes_store_goes_on_behind_what_was_read_first),
	    cmocka_unit_test_setup_teardown(test_lanes_store_finds_what_may_go_behind_what_waits_and_knows_that_without_its_frames, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lanes_store_knows_4096_that_wait_and_no_more, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lanes_store_tries_again_what_cannot_be_read, setup, teardown),
	};

	return cmocka_run_group_tests_name("agents/lanes_store", tests, NULL, NULL);
}
