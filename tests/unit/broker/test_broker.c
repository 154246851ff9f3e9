/* The broker as a whole: what it needs to open, what its ticks do, a store that fails and comes back, and the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <unistd.h>

#include "broker_fixture.h"
#include "core/file.h"
#include "core/limits.h"

#define SECOND_US 1000000ull

static uint64_t
metric(struct broker_fixture *t, enum metric which)
{
	return atomic_load(&t->broker->metrics->value[which]);
}

static void
remove_home_file(struct broker_fixture *t, const char *name)
{
	char *path = path_join(t->folder, name);

	(void)unlink(path);
	free(path);
}

/* As before its first start: nothing but genesis.documents is in the home. */
static void
forget_store(struct broker_fixture *t)
{
	DIR *home = opendir(t->folder);

	assert_non_null(home);
	for (struct dirent *e; (e = readdir(home)) != NULL;)
		if (e->d_name[0] != '.' && strcmp(e->d_name, "genesis.documents") != 0)
			remove_home_file(t, e->d_name);
	closedir(home);
}

static void
expect_no_start(struct broker_fixture *t, enum consign_err err, const char *words)
{
	char problem[256] = "";

	assert_int_equal(broker_begin(t, problem), err);
	assert_null(t->broker);
	if (strstr(problem, words) == NULL)
		fail_msg("expected '%s' in '%s'", words, problem);
}

static void
test_broker_opens_again_at_what_is_stored(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct signed_manifest *sm = fixture_sign_manifest(&t->f, broker_note(t));
	char problem[256];
	struct leaf leaf;
	struct ledger_record *record = NULL;

	broker_hears_submit(t, &acme, 1, sm, fixture_body());
	broker_turn(t);
	uint64_t next = ledger_next(t->broker->ledger);

	broker_end(t);
	assert_int_equal(broker_begin(t, problem), CONSIGN_OK);
	assert_int_equal(ledger_next(t->broker->ledger), next + 1);
	assert_int_equal(ledger_checkpoint(t->broker->ledger)->size, next + 1);
	assert_int_equal(store_leaf_read(t->broker->db, next, t->arena, &leaf), CONSIGN_OK);
	assert_int_equal(ledger_record_decode(leaf.record, t->arena, &record), CONSIGN_OK);
	assert_string_equal(record->act->act, "restart");
	assert_int_equal(record->act->count, next);
	assert_int_equal(hub_root(t->broker->hub)->root->version, 2);
	acme = broker_agent(t, "acme");
	broker_hears_submit(t, &acme, 2, sm, fixture_body()); /* its receipt is still here */
	broker_turn(t);
	expect_acceptance(t, &acme, 2);
	assert_int_equal(metric(t, METRIC_REPEATED), 1);
}

static void
test_broker_wants_its_genesis(void **state)
{
	struct broker_fixture *t = *state;

	broker_end(t);
	forget_store(t);
	broker_write(t, "genesis.documents", slice_text("garbage"));
	expect_no_start(t, CONSIGN_E_MALFORMED, "");
	remove_home_file(t, "genesis.documents");
	expect_no_start(t, CONSIGN_E_NOT_FOUND, "genesis.documents cannot be read");
	struct session_documents *d = broker_unproven(t, fixture_all(&t->f, 0));

	d->roots.v[1]->document->signatures.v[0]->signature.b[0] ^= 1;
	broker_write(t, "genesis.documents", fixture_encode(&t->f, &wire_session_documents, d));
	expect_no_start(t, CONSIGN_E_BAD_SIGNATURE, "root version 2: too few administrators signed it");
	d->roots.v[1]->document->signatures.v[0]->signature.b[0] ^= 1;
	broker_write(t, "genesis.documents", fixture_encode(&t->f, &wire_session_documents, d));
	t->commit_err = CONSIGN_E_FULL;
	expect_no_start(t, CONSIGN_E_IO, "");
	t->commit_err = CONSIGN_OK;
	char problem[256];

	assert_int_equal(broker_begin(t, problem), CONSIGN_OK);
}

static void
test_broker_wants_the_keys_that_the_root_names(void **state)
{
	static const char *const names[] = {"transport", "receipt", "ledger"};
	struct broker_fixture *t = *state;

	broker_end(t);
	for (size_t i = 0; i < 3; i++) {
		t->keys = broker_keyfile(t);
		keyfile_drop(t->keys, names[i]);
		expect_no_start(t, CONSIGN_E_KEY_FILE, "keys/broker.key lacks transport, receipt or ledger key");
		t->keys = broker_keyfile(t);
		assert_int_equal(keyfile_put(t->keys, names[i], 1, t->f.admins[0].signing), CONSIGN_OK);
		expect_no_start(t, CONSIGN_E_KEY_FILE, "keys/broker.key does not hold the keys that the root names");
	}
}

static void
test_broker_wants_its_addresses(void **state)
{
	struct broker_fixture *t = *state;
	char problem[256];

	broker_end(t);
	t->bind = "tcp://127.0.0.1:2"; /* which the fixture does not have */
	expect_no_start(t, CONSIGN_E_CONFIG, "cannot listen on tcp://127.0.0.1:2: in use, or not an address of this machine");
	t->bind = "tcp://127.0.0.1:1";
	t->metrics_bind = "nowhere";
	expect_no_start(t, CONSIGN_E_CONFIG, "cannot serve metrics on nowhere");
	t->metrics_bind = "127.0.0.1:0";
	assert_int_equal(broker_begin(t, problem), CONSIGN_OK);
	assert_true(atomic_load(&t->broker->metrics->heartbeat_us) > 0);
}

static void
test_broker_opens_no_store_that_is_newer_or_damaged(void **state)
{
	struct broker_fixture *t = *state;
	char problem[256];

	broker_end(t);
	broker_sql(t, "PRAGMA user_version = 1000");
	expect_no_start(t, CONSIGN_E_SCHEMA_VERSION, "broker.db: ");
	forget_store(t);
	assert_int_equal(broker_begin(t, problem), CONSIGN_OK);
	broker_end(t);
	broker_sql(t, "DELETE FROM checkpoint");
	expect_no_start(t, CONSIGN_E_CORRUPT, "broker.db: ");
	forget_store(t);
	assert_int_equal(broker_begin(t, problem), CONSIGN_OK);
	broker_end(t);
	broker_sql(t, "UPDATE document SET documents = x'00'");
	expect_no_start(t, CONSIGN_E_CORRUPT, "broker.db: ");
	assert_int_equal(logged(t, "store.documents"), 1);
}

/* Opening whichever allocation, or call on the store, fails: refused with that error, and nothing is left behind. */
static void
test_broker_opens_wholly_or_not_at_all(void **state)
{
	struct broker_fixture *t = *state;
	size_t nth = 1, failures = 0;
	char problem[256];

	broker_end(t);
	for (bool failed = true; failed; nth++) {
		t->keys = broker_keyfile(t);
		failing_heap(nth);
		enum consign_err err = broker_begin(t, problem);

		failed = failing_end();
		if (err != CONSIGN_OK) {
			assert_int_equal(err, CONSIGN_E_NO_MEMORY);
			assert_null(t->broker);
			failures++;
		} else {
			broker_end(t);
		}
		assert_true(failed || err == CONSIGN_OK);
	}
	assert_true(failures > 60);
	nth = 1;
	for (bool failed = true; failed; nth++) {
		failing_db(nth, CONSIGN_E_IO);
		enum consign_err err = broker_begin(t, problem);

		failed = failing_end();
		if (err == CONSIGN_OK)
			broker_end(t);
		else
			assert_int_equal(err, CONSIGN_E_IO);
		assert_true(failed ? err != CONSIGN_OK : err == CONSIGN_OK);
	}
	assert_true(nth > 15);
}

static void
test_broker_begins_wholly_or_not_at_all(void **state)
{
	struct broker_fixture *t = *state;
	char problem[256];
	size_t nth = 1;

	for (bool failed = true; failed; nth += 5) {
		broker_end(t);
		forget_store(t);
		t->keys = broker_keyfile(t);
		failing_heap(nth);
		enum consign_err err = broker_begin(t, problem);

		failed = failing_end();
		if (err != CONSIGN_OK) {
			assert_true(failed);
			assert_null(t->broker);
			assert_int_equal(consign_err_class(err), CONSIGN_CLASS_OURS);
			assert_int_equal(broker_begin(t, problem), CONSIGN_OK); /* and nothing is in the way of the next start */
		}
		if (t->broker->store_failed)
			broker_recover(t);
		assert_int_equal(hub_root(t->broker->hub)->root->version, 2);
		assert_int_equal(ledger_checkpoint(t->broker->ledger)->size, ledger_next(t->broker->ledger));
	}
}

static void
test_broker_cuts_who_does_not_say_hello_in_time(void **state)
{
	struct broker_fixture *t = *state;
	struct peer slow = broker_org(t, "acme"), agent = broker_agent(t, "bolt");
	uint32_t version = 1;
	struct session_open open = {.versions = {&version, 1}, .hub_id = t->f.hub_id};

	broker_hears(t, &slow, &(struct session_command){.open = &open});
	t->steady_us += 15 * SECOND_US;
	t->tick(t->broker);
	assert_int_equal(broker_session(t, &slow)->state, SESSION_CHALLENGED);
	t->steady_us += 1;
	t->tick(t->broker);
	assert_int_equal(broker_session(t, &slow)->state, SESSION_STATES);
	t->tick(t->broker);
	assert_null(broker_session(t, &slow));
	assert_int_equal(t->dropped, 1);
	assert_int_equal(broker_session(t, &agent)->state, SESSION_AGENT);
	assert_int_equal(metric(t, METRIC_SESSIONS), 1);
}

static void
test_broker_forgets_the_sessions_of_a_connection_that_closed(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt"), silent = broker_org(t, "cora");
	struct session_bye bye = {.code = CONSIGN_CODE_NONE};

	t->listener.closed(t->broker, 9999);
	assert_int_equal(sessions_count(t->broker->sessions), 2);
	t->listener.closed(t->broker, acme.route.fd);
	assert_null(broker_session(t, &acme));
	assert_int_equal(logged(t, "session.closed"), 1);
	broker_hears(t, &bolt, &(struct session_command){.bye = &bye});
	t->listener.closed(t->broker, bolt.route.fd); /* said goodbye: its end was told already */
	assert_int_equal(logged(t, "session.closed"), 2);
	uint32_t version = 1;
	struct session_open open = {.versions = {&version, 1}, .hub_id = t->f.hub_id};

	broker_hears(t, &silent, &(struct session_command){.open = &open});
	t->listener.closed(t->broker, silent.route.fd); /* has no name yet */
	assert_int_equal(logged(t, "session.closed"), 2);
	assert_int_equal(sessions_count(t->broker->sessions), 0);
}

static void
test_broker_drops_a_session_that_cannot_be_told(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct session_ping ping = {.at_us = 1};

	t->send_err = CONSIGN_E_FULL;
	broker_hears(t, &acme, &(struct session_command){.ping = &ping});
	assert_int_equal(t->dropped, 1);
	assert_int_equal(broker_session(t, &acme)->state, SESSION_STATES);
	assert_int_equal(logged(t, "session.lost"), 1);
}

static void
test_broker_counts_and_says_what_the_guard_cut(void **state)
{
	struct broker_fixture *t = *state;

	t->counts = (struct listener_counts){.connections = 7, .strangers = 3, .cut = {0, 5, 0, 1}};
	t->tick(t->broker);
	assert_int_equal(logged(t, "connections.cut"), 2);
	t->tick(t->broker);
	assert_int_equal(logged(t, "connections.cut"), 2);
	t->counts.cut[1]++;
	t->tick(t->broker);
	assert_int_equal(logged(t, "connections.cut"), 3);
	assert_int_equal(metric(t, METRIC_CONNECTIONS), 7);
	assert_int_equal(metric(t, METRIC_STRANGERS), 3);
	assert_int_equal(metric(t, METRIC_CUT_CROWD + 1), 6);
	assert_int_equal(metric(t, METRIC_CUT_CROWD + 3), 1);
}

static void
test_broker_watches_its_disk(void **state)
{
	struct broker_fixture *t = *state;
	static const struct {
		unsigned used;
		uint64_t left;
		const char *said;
		bool full;
	} steps[] = {
	    {79, 1, NULL, false},
	    {80, 1ull << 40, "disk.filling", false},
	    {81, 1ull << 40, "disk.filling", false}, /* once */
	    {90, 1ull << 30, "disk.filling", false}, /* a large disk at 90 % still has room */
	    {90, (1ull << 30) - 1, "disk.full", true},
	    {95, 0, "disk.full", true}, /* once */
	    {89, 0, "disk.has_room", false},
	};

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		t->disk_used = steps[i].used;
		t->disk_left_bytes = steps[i].left;
		t->tick(t->broker);
		assert_int_equal(t->broker->disk_full, steps[i].full);
		if (steps[i].said != NULL)
			assert_int_equal(logged(t, steps[i].said), 1);
	}
	t->disk_used = 99;
	t->disk_err = CONSIGN_E_IO; /* not known: as before */
	t->tick(t->broker);
	assert_false(t->broker->disk_full);
}

static void
test_broker_asks_a_store_that_keeps_failing_at_growing_distances(void **state)
{
	struct broker_fixture *t = *state;
	static const uint64_t pauses_ms[] = {500, 1000, 2000, 4000, 8000, 15000, 15000};
	struct peer acme = broker_agent(t, "acme");

	t->commit_err = CONSIGN_E_IO;
	for (size_t i = 0; i < sizeof pauses_ms / sizeof *pauses_ms; i++) {
		broker_hears_submit(t, &acme, i, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
		broker_turn(t);
		assert_true(t->broker->store_failed);
		assert_int_equal(t->broker->reload_pause_us, pauses_ms[i] * 1000);
		t->steady_us += pauses_ms[i] * 1000 - 1;
		t->tick(t->broker);
		assert_true(t->broker->store_failed);
		t->steady_us += 1;
		t->tick(t->broker);
		assert_false(t->broker->store_failed);
		assert_int_equal(atomic_load(&t->broker->metrics->store_ok), 1);
		held_clear(&broker_session(t, &acme)->held);
	}
	t->steady_us += 61 * SECOND_US; /* it was calm: soon again */
	broker_hears_submit(t, &acme, 99, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
	broker_turn(t);
	assert_int_equal(t->broker->reload_pause_us, 500 * 1000);
	assert_int_equal(metric(t, METRIC_COMMITS_FAILED), 8);
}

static void
test_broker_stays_failed_until_all_was_read_again(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	size_t nth = 1;

	for (bool failed = true; failed; nth++) {
		t->commit_err = CONSIGN_E_IO;
		broker_act(t->broker, "restart", "broker", 1, "for a test");
		broker_turn(t);
		t->commit_err = CONSIGN_OK;
		assert_true(t->broker->store_failed);
		t->steady_us += 20 * SECOND_US;
		failing_db(nth, CONSIGN_E_IO);
		t->tick(t->broker);
		failed = failing_end();
		assert_int_equal(t->broker->store_failed, failed);
		t->tick(t->broker);
		assert_false(t->broker->store_failed);
		assert_int_equal(hub_root(t->broker->hub)->root->version, 2);
	}
	assert_true(nth > 10);
	broker_hears_submit(t, &acme, 1, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
	broker_turn(t);
	expect_acceptance(t, &acme, 1);
}

static void
test_broker_says_that_an_act_could_not_be_written(void **state)
{
	struct broker_fixture *t = *state;
	size_t nth = 1;

	for (;; nth++) {
		uint64_t next = ledger_next(t->broker->ledger);

		failing_alloc(nth);
		broker_act(t->broker, "restart", "broker", 1, "for a test");
		bool failed = failing_end();

		broker_turn(t);
		assert_int_equal(ledger_next(t->broker->ledger), next + !failed);
		if (!failed)
			break;
	}
	assert_true(nth > 3);
	assert_int_equal(logged(t, "act.failed"), nth - 1);
}

/* Whichever call on the store, or allocation, fails while an act of each kind is committed: nothing of it is there; then it is,
 * once. */
static void
commit_each(struct broker_fixture *t, bool by_memory, size_t *apply, size_t *note)
{
	for (size_t step = 1;; step++) {
		struct peer acme = broker_agent(t, "acme");
		uint64_t next = ledger_next(t->broker->ledger);
		size_t *at = *apply > 0 ? &t->apply_fails_at : &t->note_fails_at;

		t->fails_by_memory = by_memory;
		t->has_failed = false;
		*at = step;
		broker_hears_submit(t, &acme, step, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
		broker_turn(t);
		*at = 0;
		const struct session_command *c = expect_said(t, &acme)->command;

		if (!t->has_failed) {
			assert_non_null(c->answers);
			*(*apply > 0 ? apply : note) = step;
			return;
		}
		assert_int_equal(c->try_later->code, CONSIGN_CODE_TRY_LATER);
		broker_recover(t);
		assert_int_equal(ledger_next(t->broker->ledger), next);
	}
}

static void
test_broker_commits_a_consignment_wholly_or_not_at_all(void **state)
{
	struct broker_fixture *t = *state;

	for (int by_memory = 0; by_memory < 2; by_memory++) {
		size_t apply = 1, note = 0, none = 0;

		commit_each(t, by_memory, &apply, &note);
		commit_each(t, by_memory, &none, &note);
		if (!by_memory)
			assert_true(apply > 10 && note > 3);
	}
	assert_int_equal(metric(t, METRIC_ACCEPTED), 4);
	assert_int_equal(mailbox_of(t->broker->mailboxes, "bolt")->position, 4);
}

static void
test_broker_stops_when_everything_decided_is_answered(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), gone = broker_agent(t, "bolt");
	struct session_bye bye = {.code = CONSIGN_CODE_NONE};

	broker_hears(t, &gone, &(struct session_command){.bye = &bye});
	broker_hears_submit(t, &acme, 1, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
	t->on_signal(t->broker);
	t->on_signal(t->broker); /* once is enough */
	assert_int_equal(logged(t, "broker.draining"), 1);
	t->tick(t->broker);
	assert_int_equal(t->loop_stops, 0); /* what was decided waits for its commit */
	expect_silence(t, &acme);
	commit_flush(t->broker->committer);
	t->on_commits(t->broker);
	t->tick(t->broker);
	assert_int_equal(t->loop_stops, 1);
	expect_acceptance(t, &acme, 1);
	expect_bye(t, &acme, CONSIGN_CODE_SHUTTING_DOWN);
	expect_silence(t, &gone);
}

static void
test_broker_does_not_wait_for_ever_to_stop(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");

	broker_hears_submit(t, &acme, 1, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
	t->on_signal(t->broker);
	t->steady_us += 5 * SECOND_US - 1;
	t->tick(t->broker);
	assert_int_equal(t->loop_stops, 0);
	t->steady_us += 1;
	t->tick(t->broker);
	assert_int_equal(t->loop_stops, 1);
	expect_bye(t, &acme, CONSIGN_CODE_SHUTTING_DOWN);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_broker_##name, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(opens_again_at_what_is_stored),
	    CASE(wants_its_genesis),
	    CASE(wants_the_keys_that_the_root_names),
	    CASE(wants_its_addresses),
	    CASE(opens_no_store_that_is_newer_or_damaged),
	    CASE(opens_wholly_or_not_at_all),
	    CASE(begins_wholly_or_not_at_all),
	    CASE(cuts_who_does_not_say_hello_in_time),
	    CASE(forgets_the_sessions_of_a_connection_that_closed),
	    CASE(drops_a_session_that_cannot_be_told),
	    CASE(counts_and_says_what_the_guard_cut),
	    CASE(watches_its_disk),
	    CASE(asks_a_store_that_keeps_failing_at_growing_distances),
	    CASE(stays_failed_until_all_was_read_again),
	    CASE(says_that_an_act_could_not_be_written),
	    CASE(commits_a_consignment_wholly_or_not_at_all),
	    CASE(stops_when_everything_decided_is_answered),
	    CASE(does_not_wait_for_ever_to_stop),
	};

	return cmocka_run_group_tests_name("broker/broker", tests, NULL, NULL);
}
