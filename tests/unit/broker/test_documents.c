/* Documents at the broker: who is admitted, what fetch gives to whom, what may be published, and who must leave by it. */
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

static uint64_t
root_version(struct broker_fixture *t)
{
	return hub_root(t->broker->hub)->root->version;
}

/* The next directory and the root that puts it in force, not published yet. */
static struct session_documents *
next_directory(struct broker_fixture *t)
{
	struct session_documents *d = fixture_none(&t->f, 0);

	fixture_add_directory(&t->f, d, fixture_directory(&t->f, FIXTURE_ALL_SIGN));
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	return broker_unproven(t, d);
}

static struct session_documents *
only_card(struct broker_fixture *t, const char *org)
{
	struct session_documents *d = fixture_none(&t->f, 0);

	fixture_add_card(&t->f, d, fixture_card(&t->f, org));
	return broker_unproven(t, d);
}

static void
set_status(struct broker_fixture *t, const char *org, enum member_status status)
{
	fixture_org(&t->f, org)->member.status = status;
}

static void
test_documents_admit_members_administrators_and_the_invited(void **state)
{
	struct broker_fixture *t = *state;
	struct consign_public_key stranger = {{9}};
	struct peer admin = broker_administrator(t);

	assert_true(t->listener.admit(t->broker, &fixture_org(&t->f, "acme")->transport_public));
	assert_true(t->listener.admit(t->broker, &admin.route.key));
	assert_false(t->listener.admit(t->broker, &stranger));
	assert_int_equal(atomic_load(&t->broker->metrics->value[METRIC_ADMISSIONS_REFUSED]), 1);
	set_status(t, "acme", MEMBER_SUSPENDED);
	broker_hears_publish(t, &admin, 1, next_directory(t));
	broker_turn(t);
	assert_false(t->listener.admit(t->broker, &fixture_org(&t->f, "acme")->transport_public));
}

static void
test_documents_are_published_and_told_to_all(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t), bolt = broker_agent(t, "bolt");
	uint64_t next = ledger_next(t->broker->ledger), root = root_version(t);

	broker_hears_publish(t, &admin, 4, next_directory(t));
	expect_silence(t, &bolt);
	broker_turn(t);
	expect_done(t, &admin, 4, CONSIGN_CODE_NONE);
	const struct session_documents *d = expect_said(t, &bolt)->command->documents;

	assert_int_equal(d->roots.n, 1);
	assert_int_equal(d->directories.n, 1);
	assert_int_equal(d->roots.v[0]->leaf->index, next + 1); /* directory, then the root that puts it in force */
	assert_int_equal(root_version(t), root + 1);
	assert_int_equal(broker_session(t, &bolt)->root_version, root + 1);
	d = expect_said(t, &admin)->command->documents;
	assert_int_equal(d->roots.n, 1);
}

static void
test_documents_that_are_known_are_done_at_once(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);
	struct session_documents *d = next_directory(t);

	broker_hears_publish(t, &admin, 1, d);
	broker_turn(t);
	expect_done(t, &admin, 1, CONSIGN_CODE_NONE);
	hear_all(t, &admin);
	uint64_t next = ledger_next(t->broker->ledger);

	broker_hears_publish(t, &admin, 2, d);
	const struct session_done *done = expect_said(t, &admin)->command->done;

	assert_int_equal(done->code, CONSIGN_CODE_NONE);
	assert_true(slice_equal(done->detail, slice_text("was published before")));
	assert_int_equal(ledger_next(t->broker->ledger), next);
}

static void
test_documents_end_the_sessions_of_who_may_not_stay(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t), acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt"), cora = broker_agent(t, "cora");

	set_status(t, "acme", MEMBER_COMPROMISED);
	set_status(t, "bolt", MEMBER_SUSPENDED);
	set_status(t, "cora", MEMBER_ENDED);
	broker_hears_publish(t, &admin, 4, next_directory(t));
	broker_turn(t);
	expect_bye(t, &acme, CONSIGN_CODE_COMPROMISED);
	expect_bye(t, &bolt, CONSIGN_CODE_ORG_SUSPENDED);
	expect_silence(t, &bolt);
	/* It hears of it before it is cut off, so that its agent refuses its tools meanwhile. */
	assert_non_null(expect_said(t, &cora)->command->documents);
	expect_bye(t, &cora, CONSIGN_CODE_ORG_SUSPENDED);
	expect_silence(t, &cora);
}

/* PROTOCOL.md 3.3: it comes back for what was accepted before, and later directories leave it alone. */
static void
test_documents_leave_the_next_session_of_who_has_ended(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t), cora = broker_agent(t, "cora");

	set_status(t, "cora", MEMBER_ENDED);
	broker_hears_publish(t, &admin, 4, next_directory(t));
	broker_turn(t);
	hear_all(t, &cora);
	struct peer again = broker_agent(t, "cora");

	broker_hears_publish(t, &admin, 5, next_directory(t));
	broker_turn(t);
	assert_non_null(expect_said(t, &again)->command->documents);
	expect_silence(t, &again);
	assert_int_equal(broker_session(t, &again)->state, SESSION_AGENT);
}

static void
test_documents_refuse_a_publication_by_its_code(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);
	uint64_t next = ledger_next(t->broker->ledger);
	struct fixture_documents directories = t->f.directories, roots = t->f.roots;
	struct session_documents *d = next_directory(t);

	d->roots.v[0]->document->signatures.v[0]->signature.b[0] ^= 1;
	broker_hears_publish(t, &admin, 1, d);
	expect_done(t, &admin, 1, CONSIGN_CODE_SIGNATURE_BAD);
	t->f.directories = directories;
	t->f.roots = roots;
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	d = next_directory(t); /* one root is missing between */
	broker_hears_publish(t, &admin, 2, d);
	expect_done(t, &admin, 2, CONSIGN_CODE_STALE_DOCUMENT);
	t->f.directories = directories;
	t->f.roots = roots;
	t->f.roots.n--;
	t->f.threshold = 1;
	snprintf(t->f.broker.endpoint, sizeof t->f.broker.endpoint, "tcp://127.0.0.1:2");
	d = fixture_none(&t->f, 0);
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN)); /* another root 2 */
	broker_hears_publish(t, &admin, 3, broker_unproven(t, d));
	expect_done(t, &admin, 3, CONSIGN_CODE_CHAIN_BROKEN);
	t->f.roots = roots;
	broker_hears_publish(t, &admin, 4, only_card(t, "nobody"));
	expect_done(t, &admin, 4, CONSIGN_CODE_ORG_UNKNOWN);
	d = only_card(t, "acme");
	d->cards.v[0]->document->kind = SIGN_ROOT;
	broker_hears_publish(t, &admin, 5, d);
	expect_done(t, &admin, 5, CONSIGN_CODE_MALFORMED);
	assert_int_equal(ledger_next(t->broker->ledger), next);
	assert_int_equal(logged(t, "publish.refused"), 5);
}

static struct session_documents *
next_policy(struct broker_fixture *t)
{
	struct session_documents *d = fixture_none(&t->f, 0);

	fixture_add_policy(&t->f, d, fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN));
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	return broker_unproven(t, d);
}

/* Administrators whose signatures are good, and whose versions, order or clocks are not. */
static void
test_documents_refuse_what_was_signed_for_another_place_or_time(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);
	uint64_t next = ledger_next(t->broker->ledger), root = hub_root(t->broker->hub)->root->version;
	const struct hub_fixture before = t->f;
	struct session_documents *d;

	d = next_policy(t);
	d->policies.v[0]->head->document->signatures.v[0]->signature.b[0] ^= 1;
	broker_hears_publish(t, &admin, 1, d);
	expect_done(t, &admin, 1, CONSIGN_CODE_SIGNATURE_BAD);
	t->f.roots = before.roots;
	t->f.policies = before.policies;
	t->f.policies.v[t->f.policies.n - 1].version += 10;
	broker_hears_publish(t, &admin, 2, next_policy(t));
	expect_done(t, &admin, 2, CONSIGN_CODE_STALE_DOCUMENT);
	t->f.roots = before.roots;
	t->f.policies = before.policies;
	t->wall_us -= 24 * 3600 * UINT64_C(1000000); /* theirs is a day ahead of the broker's */
	broker_hears_publish(t, &admin, 3, next_policy(t));
	expect_done(t, &admin, 3, CONSIGN_CODE_CLOCK_SKEW);
	t->wall_us += 24 * 3600 * UINT64_C(1000000);
	t->f.roots = before.roots;
	t->f.policies = before.policies;
	d = fixture_none(&t->f, 0);
	fixture_add_root(&t->f, d, fixture_newest(&t->f.roots)); /* the one in force, once more */
	broker_hears_publish(t, &admin, 4, broker_unproven(t, d));
	expect_done(t, &admin, 4, CONSIGN_CODE_NONE);
	assert_int_equal(ledger_next(t->broker->ledger), next);
	assert_int_equal(hub_root(t->broker->hub)->root->version, root);
	broker_hears_publish(t, &admin, 5, next_policy(t));
	broker_turn(t);
	expect_done(t, &admin, 5, CONSIGN_CODE_NONE);
	assert_int_equal(hub_root(t->broker->hub)->root->version, root + 1);
}

static void
test_documents_take_from_an_agent_its_own_card_only(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");
	struct session_documents *d;
	uint64_t version;

	broker_hears_publish(t, &acme, 1, next_directory(t));
	expect_done(t, &acme, 1, CONSIGN_CODE_DENIED);
	broker_hears_publish(t, &acme, 2, only_card(t, "bolt"));
	expect_done(t, &acme, 2, CONSIGN_CODE_DENIED);
	t->f.cards.n--;
	d = only_card(t, "acme");
	d->cards.v[d->cards.n++] = d->cards.v[0];
	broker_hears_publish(t, &acme, 3, d);
	expect_done(t, &acme, 3, CONSIGN_CODE_DENIED);
	d->cards.n--;
	d->cards.v[0]->document->content = slice_text("garbage");
	broker_hears_publish(t, &acme, 4, d);
	expect_done(t, &acme, 4, CONSIGN_CODE_DENIED);
	t->f.cards.n--;
	version = hub_card(t->broker->hub, "acme")->card->version;
	broker_hears_publish(t, &acme, 5, only_card(t, "acme"));
	broker_turn(t);
	expect_done(t, &acme, 5, CONSIGN_CODE_NONE);
	assert_int_equal(hub_card(t->broker->hub, "acme")->card->version, version + 1);
	assert_int_equal(expect_said(t, &bolt)->command->documents->cards.n, 2); /* the newest of each that it may know */
}

static void
test_documents_forget_the_invite_of_who_has_joined(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);
	struct fixture_document *card = fixture_card(&t->f, "ever");
	struct invite_notice notice = {
	    .org = {"ever"}, .transport_key = fixture_org(&t->f, "ever")->transport_public, .expires_us = t->wall_us + 1000};
	struct session_invite in = {.request = 1, .notice = &notice};
	struct session_documents *d;

	broker_hears(t, &admin, &(struct session_command){.invite = &in});
	broker_turn(t);
	expect_done(t, &admin, 1, CONSIGN_CODE_NONE);
	assert_non_null(t->broker->invited);
	d = next_directory(t);
	fixture_add_card(&t->f, d, card);
	d->cards.v[0] = broker_unproven(t, d)->cards.v[0];
	broker_hears_publish(t, &admin, 2, d);
	broker_turn(t);
	expect_done(t, &admin, 2, CONSIGN_CODE_NONE);
	assert_null(t->broker->invited);
	t->wall_us += 2000; /* not by the invite any more */
	assert_true(t->listener.admit(t->broker, &notice.transport_key));
	broker_agent(t, "ever");
}

static void
test_documents_are_as_before_when_their_commit_fails(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t), bolt = broker_agent(t, "bolt");
	uint64_t root = root_version(t);
	struct session_documents *d = next_directory(t);

	t->commit_err = CONSIGN_E_IO;
	broker_hears_publish(t, &admin, 1, d);
	broker_turn(t);
	expect_done(t, &admin, 1, CONSIGN_CODE_TRY_LATER);
	expect_silence(t, &bolt);
	t->commit_err = CONSIGN_OK;
	broker_recover(t);
	assert_int_equal(root_version(t), root);
	broker_hears_publish(t, &admin, 2, d);
	broker_turn(t);
	expect_done(t, &admin, 2, CONSIGN_CODE_NONE);
	assert_int_equal(root_version(t), root + 1);
}

/* A publication that is decided and not durable: who says hello now is told what is durable when it is. */
static void
test_documents_wait_for_the_commit_before_they_are_told(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t), bolt = broker_org(t, "bolt");

	broker_hears_publish(t, &admin, 1, next_directory(t));
	broker_hello(t, &bolt);
	assert_non_null(expect_said(t, &bolt)->command->welcome);
	expect_silence(t, &bolt);
	assert_int_equal(logged(t, "documents.waiting"), 1);
	broker_turn(t);
	const struct session_documents *d = expect_said(t, &bolt)->command->documents;

	assert_int_equal(d->roots.n, 3);
	expect_silence(t, &bolt);
}

static const struct session_documents *
fetch(struct broker_fixture *t, const struct peer *p, const struct session_fetch *what)
{
	struct session_fetch f = *what;

	broker_hears(t, p, &(struct session_command){.fetch = &f});
	broker_turn(t);
	return expect_said(t, p)->command->documents;
}

static void
test_documents_are_fetched_by_who_may_know_them(void **state)
{
	struct broker_fixture *t = *state;
	struct peer bolt = broker_agent(t, "bolt"), admin = broker_administrator(t);
	const struct session_documents *d = fetch(t, &bolt, &(struct session_fetch){.card_org = "acme", .card_version = 1});
	struct session_fetch cora = {.card_org = "cora", .card_version = 1}, future = {.card_org = "acme", .card_version = 9},
			     no_root = {.root_version = 9};

	assert_int_equal(d->cards.n, 1);
	assert_non_null(d->cards.v[0]->path);
	assert_int_equal(d->roots.n, 0);
	d = fetch(t, &bolt, &(struct session_fetch){.root_version = 2});
	assert_int_equal(d->directories.n, 1);
	assert_int_equal(d->policies.n, 1);
	assert_int_equal(d->cards.n, 0);
	d = fetch(t, &bolt, &(struct session_fetch){.root_after = 1});
	assert_int_equal(d->roots.n, 1);
	assert_int_equal(d->cards.n, 2); /* its own and acme's */
	d = fetch(t, &admin, &cora);
	assert_int_equal(d->cards.n, 1);
	broker_hears(t, &bolt, &(struct session_command){.fetch = &cora}); /* shares no study */
	broker_hears(t, &bolt, &(struct session_command){.fetch = &future});
	broker_hears(t, &bolt, &(struct session_command){.fetch = &no_root});
	expect_silence(t, &bolt);
	assert_int_equal(logged(t, "fetch.refused"), 3);
	assert_int_equal(broker_session(t, &bolt)->state, SESSION_AGENT);
}

static void
test_documents_fetch_delivers_again_from_a_position(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt");
	struct session_fetch again = {.redeliver_from = 1}, ahead = {.redeliver_from = 7};

	broker_hears_submit(t, &acme, 1, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
	broker_turn(t);
	assert_int_equal(expect_said(t, &bolt)->command->deliver->position, 1);
	assert_int_equal(broker_session(t, &bolt)->n_in_flight, 1);
	broker_hears(t, &bolt, &(struct session_command){.fetch = &again});
	broker_turn(t);
	const struct said *s = expect_said(t, &bolt);

	assert_int_equal(s->command->deliver->position, 1);
	assert_int_equal(broker_session(t, &bolt)->n_in_flight, 1);
	broker_hears(t, &bolt, &(struct session_command){.fetch = &ahead});
	broker_turn(t);
	expect_silence(t, &bolt);
	broker_hears_receipt(t, &bolt, broker_receipt(t, &bolt, s));
	broker_turn(t);
	assert_int_equal(broker_session(t, &bolt)->n_in_flight, 0);
}

/* The same publication whichever allocation fails: it is in force with all its leaves, or it never was. */
static void
test_documents_come_into_force_once_whichever_allocation_fails(void **state)
{
	struct broker_fixture *t = *state;
	struct session_documents *d = next_directory(t);
	uint64_t root = root_version(t), before = ledger_next(t->broker->ledger);
	struct session_publish publish = {.documents = d, .request = 1};
	struct consign_slice bytes = fixture_encode(&t->f, &wire_session_command, &(struct session_command){.publish = &publish});
	size_t nth = 1;

	for (bool failed = true; failed; nth++) {
		struct peer admin = broker_administrator(t);

		failing_alloc(nth);
		broker_hears_frames(t, &admin, &bytes, 1);
		broker_turn(t);
		failed = failing_end();
		if (t->broker->store_failed)
			broker_recover(t);
		if (root_version(t) == root)
			assert_int_equal(ledger_next(t->broker->ledger), before);
		else
			assert_int_equal(ledger_next(t->broker->ledger), before + 2);
		for (size_t i = 0; i < t->n_said; i++) { /* nobody is blamed for it */
			const struct session_command *c = t->said[i]->command;

			if (!t->said[i]->is_heard && c->done != NULL && c->done->code != CONSIGN_CODE_NONE)
				assert_string_equal(consign_code_text(c->done->code), "TRY_LATER");
			if (!t->said[i]->is_heard && c->bye != NULL)
				assert_string_equal(consign_code_text(c->bye->code), "TRY_LATER");
		}
		hear_all(t, &admin);
		sessions_end(t->broker->sessions, broker_session(t, &admin));
	}
	assert_int_equal(root_version(t), root + 1);
	assert_true(nth > 40);
}

static void
test_documents_fetch_survives_that_memory_is_out(void **state)
{
	struct broker_fixture *t = *state;
	struct session_fetch f = {.root_after = 1};
	struct consign_slice bytes = fixture_encode(&t->f, &wire_session_command, &(struct session_command){.fetch = &f});

	for (size_t nth = 1;; nth++) {
		struct peer bolt = broker_agent(t, "bolt");

		failing_alloc(nth);
		broker_hears_frames(t, &bolt, &bytes, 1);
		if (!failing_end()) {
			assert_int_equal(expect_said(t, &bolt)->command->documents->roots.n, 1);
			assert_true(nth > 10);
			break;
		}
		if (broker_session(t, &bolt)->state == SESSION_AGENT) /* no answer, and the peer may ask again */
			assert_int_equal(fetch(t, &bolt, &f)->roots.n, 1);
		hear_all(t, &bolt);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_documents_##name, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(admit_members_administrators_and_the_invited),
	    CASE(are_published_and_told_to_all),
	    CASE(that_are_known_are_done_at_once),
	    CASE(end_the_sessions_of_who_may_not_stay),
	    CASE(leave_the_next_session_of_who_has_ended),
	    CASE(refuse_a_publication_by_its_code),
	    CASE(refuse_what_was_signed_for_another_place_or_time),
	    CASE(take_from_an_agent_its_own_card_only),
	    CASE(forget_the_invite_of_who_has_joined),
	    CASE(are_as_before_when_their_commit_fails),
	    CASE(wait_for_the_commit_before_they_are_told),
	    CASE(are_fetched_by_who_may_know_them),
	    CASE(fetch_delivers_again_from_a_position),
	    CASE(come_into_force_once_whichever_allocation_fails),
	    CASE(fetch_survives_that_memory_is_out),
	};

	return cmocka_run_group_tests_name("broker/documents", tests, NULL, NULL);
}
