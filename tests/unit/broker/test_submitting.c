/* submit: every answer that a consignment can get, what is asked twice, held lanes, and whichever allocation or read fails. */
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
#include "ledger/statement.h"

static uint64_t
refusals_of(struct broker_fixture *t, enum consign_code code)
{
	return atomic_load(&t->broker->metrics->refused[code]);
}

static uint64_t
metric(struct broker_fixture *t, enum metric which)
{
	return atomic_load(&t->broker->metrics->value[which]);
}

static void
submit(struct broker_fixture *t, const struct peer *p, uint64_t sequence, const struct manifest *m)
{
	broker_hears_submit(t, p, sequence, fixture_sign_manifest(&t->f, m), fixture_body());
}

static void
release(struct broker_fixture *t, const struct peer *p, const struct manifest *m)
{
	struct session_release r = {m->consignment_id};

	broker_hears(t, p, &(struct session_command){.release = &r});
}

/* A type that no rule permits: refused, and it may come again as another attempt. */
static struct manifest *
forbidden(struct broker_fixture *t)
{
	struct manifest *m = broker_note(t);

	snprintf(m->items.v[0]->type.s, sizeof m->items.v[0]->type.s, "x.other");
	return m;
}

static void
test_submitting_accepts_with_leaf_position_and_receipt(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct manifest *m = broker_note(t);
	uint64_t next = ledger_next(t->broker->ledger);

	submit(t, &acme, 41, m);
	expect_silence(t, &acme); /* not before it is durable */
	broker_turn(t);
	const struct said *s = expect_said(t, &acme);
	const struct statement *st = s->command->answers->answers.v[0]->statement;
	struct ledger_record *record = NULL;
	struct consign_hash entry;

	assert_int_equal(s->command->answers->answers.n, 1);
	assert_int_equal(s->command->answers->answers.v[0]->sequence, 41);
	assert_int_equal(st->leaf->index, next);
	assert_int_equal(st->openings.n, 1);
	assert_string_equal(st->openings.v[0]->org.s, "bolt");
	assert_int_equal(st->openings.v[0]->position, 1);
	assert_int_equal(
	    statement_verify(st, ledger_checkpoint(t->broker->ledger), t->arena, &record, &entry), CONSIGN_OK);
	assert_memory_equal(record->accepted->consignment_id.b, m->consignment_id.b, 16);
	assert_int_equal(metric(t, METRIC_ACCEPTED), 1);
	assert_int_equal(metric(t, METRIC_ACCEPTED_ITEMS), 1);
	assert_int_equal(metric(t, METRIC_ACCEPTED_BYTES), fixture_body().len);
	expect_silence(t, &acme);
}

static void
test_submitting_answers_the_same_again_with_the_same(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct signed_manifest *sm = fixture_sign_manifest(&t->f, broker_note(t));
	uint64_t leaf[3];

	for (size_t i = 0; i < 3; i++) {
		broker_hears_submit(t, &acme, i + 1, sm, fixture_body());
		broker_turn(t);
		const struct said *s = expect_said(t, &acme);

		assert_int_equal(s->command->answers->answers.v[0]->sequence, i + 1);
		leaf[i] = s->command->answers->answers.v[0]->statement->leaf->index;
	}
	assert_int_equal(leaf[1], leaf[0]);
	assert_int_equal(leaf[2], leaf[0]);
	assert_int_equal(metric(t, METRIC_REPEATED), 2);
	assert_int_equal(metric(t, METRIC_ACCEPTED), 1);
}

static void
test_submitting_answers_everyone_who_asks_before_the_commit(void **state)
{
	struct broker_fixture *t = *state;
	struct peer first = broker_agent(t, "acme");
	struct signed_manifest *sm = fixture_sign_manifest(&t->f, broker_note(t));
	struct manifest *other = broker_note(t), *m = NULL;

	broker_hears_submit(t, &first, 1, sm, fixture_body());
	broker_hears_submit(t, &first, 2, sm, fixture_body());
	assert_int_equal(manifest_decode(sm->manifest, t->arena, &m), CONSIGN_OK);
	other->consignment_id = m->consignment_id; /* other content before the first has its answer */
	other->attempt = 2;
	submit(t, &first, 3, other);
	expect_later(t, &first, 3, CONSIGN_CODE_TRY_LATER);
	broker_turn(t);
	const struct session_answers *a = expect_said(t, &first)->command->answers;

	assert_int_equal(a->answers.n, 2);
	assert_int_equal(a->answers.v[0]->sequence + a->answers.v[1]->sequence, 3);
	assert_int_equal(a->answers.v[0]->statement->leaf->index, a->answers.v[1]->statement->leaf->index);
	assert_int_equal(metric(t, METRIC_ACCEPTED), 1);
}

static void
test_submitting_answers_a_newer_session_and_not_one_that_ended(void **state)
{
	struct broker_fixture *t = *state;
	struct peer first = broker_agent(t, "acme");
	struct signed_manifest *sm = fixture_sign_manifest(&t->f, broker_note(t));

	broker_hears_submit(t, &first, 1, sm, fixture_body());
	struct peer second = broker_org(t, "acme");

	broker_hello(t, &second);
	hear_all(t, &second);
	expect_bye(t, &first, CONSIGN_CODE_SUPERSEDED);
	broker_hears_submit(t, &second, 8, sm, fixture_body());
	broker_turn(t);
	expect_silence(t, &first);
	const struct said *s = expect_said(t, &second);

	while (s->command->answers == NULL) /* documents and mail may come before */
		s = expect_said(t, &second);
	assert_int_equal(s->command->answers->answers.v[0]->sequence, 8);
}

static void
test_submitting_refuses_other_content_under_an_id_that_was_accepted(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct manifest *m = broker_note(t);

	submit(t, &acme, 1, m);
	broker_turn(t);
	expect_acceptance(t, &acme, 1);
	m->created_us--;
	m->attempt = 2;
	submit(t, &acme, 2, m);
	broker_turn(t);
	expect_refusal(t, &acme, 2, CONSIGN_CODE_DUPLICATE_CONFLICT);
	struct manifest *next = broker_note(t); /* a conflict holds no lane */

	submit(t, &acme, 3, next);
	broker_turn(t);
	expect_acceptance(t, &acme, 3);
}

static void
test_submitting_takes_a_higher_attempt_after_a_refusal_only(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct manifest *m = forbidden(t);

	m->attempt = 3;
	submit(t, &acme, 1, m);
	broker_turn(t);
	expect_refusal(t, &acme, 1, CONSIGN_CODE_POLICY_NO_RULE);
	submit(t, &acme, 2, m); /* the same question: the same answer */
	broker_turn(t);
	expect_refusal(t, &acme, 2, CONSIGN_CODE_POLICY_NO_RULE);
	assert_int_equal(refusals_of(t, CONSIGN_CODE_POLICY_NO_RULE), 1);
	snprintf(m->items.v[0]->type.s, sizeof m->items.v[0]->type.s, "x.note");
	submit(t, &acme, 3, m); /* other content, and not a higher attempt */
	broker_turn(t);
	expect_refusal(t, &acme, 3, CONSIGN_CODE_DUPLICATE_CONFLICT);
	m->attempt = 4;
	submit(t, &acme, 4, m);
	broker_turn(t);
	expect_acceptance(t, &acme, 4);
}

static void
test_submitting_gives_no_place_to_what_it_cannot_read(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct session_submit s = {.sequence = 1};
	uint8_t *large = calloc(1, CONSIGN_BODY_MAX_BYTES + 1);
	struct consign_slice command = fixture_encode(&t->f, &wire_session_command, &(struct session_command){.submit = &s});
	struct consign_slice sound = fixture_encode(&t->f, &wire_signed_manifest, fixture_sign_manifest(&t->f, broker_note(t)));
	struct signed_manifest hollow = *fixture_sign_manifest(&t->f, broker_note(t));
	uint64_t next = ledger_next(t->broker->ledger);

	hollow.manifest = slice_text("no manifest");
	struct consign_slice no_manifest = fixture_encode(&t->f, &wire_signed_manifest, &hollow);
	const struct {
		struct consign_slice manifest, body;
		enum consign_code code;
	} cases[] = {
	    {slice_of(large, CONSIGN_SIGNED_MANIFEST_MAX_BYTES + 1), fixture_body(), CONSIGN_CODE_TOO_BIG},
	    {sound, slice_of(large, CONSIGN_BODY_MAX_BYTES + 1), CONSIGN_CODE_TOO_BIG},
	    {slice_text("garbage"), fixture_body(), CONSIGN_CODE_MALFORMED},
	    {no_manifest, fixture_body(), CONSIGN_CODE_MALFORMED},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct consign_slice frames[3] = {command, cases[i].manifest, cases[i].body};

		broker_hears_frames(t, &acme, frames, 3);
		broker_turn(t);
		const struct said *said = expect_said(t, &acme);
		const struct statement *st = said->command->answers->answers.v[0]->statement;
		struct ledger_record *record = NULL;

		assert_false(st->has_place);
		assert_int_equal(
		    statement_verify_unplaced(st, &t->f.broker.receipt_key, &t->f.hub_id, t->arena, &record), CONSIGN_OK);
		assert_int_equal(record->refused->verdicts.v[0]->code, cases[i].code);
		assert_memory_equal(record->refused->consignment_id.b, (uint8_t[16]){0}, 16);
		assert_string_equal(record->refused->consignor.s, "acme");
	}
	assert_int_equal(ledger_next(t->broker->ledger), next);
	free(large);
}

static void
test_submitting_gives_no_place_to_what_another_signed(void **state)
{
	struct broker_fixture *t = *state;
	struct peer bolt = broker_agent(t, "bolt");
	uint64_t next = ledger_next(t->broker->ledger);

	submit(t, &bolt, 1, broker_note(t)); /* acme's */
	broker_turn(t);
	const struct ledger_record *record = expect_answer(t, &bolt, 1);

	assert_int_equal(record->refused->verdicts.v[0]->code, CONSIGN_CODE_SIGNATURE_BAD);
	assert_string_equal(record->refused->consignor.s, "bolt");
	assert_int_equal(ledger_next(t->broker->ledger), next);
}

static void
test_submitting_refuses_who_has_seen_another_ledger(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	const struct checkpoint *own = ledger_checkpoint(t->broker->ledger);
	struct checkpoint_ref seen = {own->size, own->head};
	struct manifest *m = broker_note(t);

	m->seen->checkpoint = &seen;
	submit(t, &acme, 1, m);
	broker_turn(t);
	expect_acceptance(t, &acme, 1);
	m = broker_note(t);
	seen.hash.b[7] ^= 1;
	m->seen->checkpoint = &seen;
	submit(t, &acme, 2, m);
	broker_turn(t);
	expect_refusal(t, &acme, 2, CONSIGN_CODE_CHAIN_BROKEN);
	release(t, &acme, m);
	m = broker_note(t);
	seen.size = 1000;
	m->seen->checkpoint = &seen;
	submit(t, &acme, 3, m);
	broker_turn(t);
	expect_refusal(t, &acme, 3, CONSIGN_CODE_CHAIN_BROKEN);
	assert_int_equal(logged(t, "history.differs"), 2);
}

/* A head that cannot be computed is the broker's own trouble, not a refusal. */
static void
test_submitting_postpones_when_what_was_seen_cannot_be_looked_up(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct checkpoint_ref seen = {3, ledger_checkpoint(t->broker->ledger)->head};
	struct manifest *m = broker_note(t);
	size_t postponed = 0;

	m->seen->checkpoint = &seen;
	for (size_t nth = 1;; nth++) {
		failing_db(nth, CONSIGN_E_IO);
		submit(t, &acme, nth, m);
		if (!failing_end())
			break;
		expect_later(t, &acme, nth, CONSIGN_CODE_TRY_LATER);
		postponed++;
	}
	assert_true(postponed >= 4); /* look-ups of the id, and of the nodes */
	broker_turn(t);
	assert_int_equal(refusals_of(t, CONSIGN_CODE_CHAIN_BROKEN), 1);
}

static void
test_submitting_postpones_while_it_stops_or_its_disk_is_full(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct manifest *m = broker_note(t);

	t->broker->disk_full = true;
	submit(t, &acme, 1, m);
	expect_later(t, &acme, 1, CONSIGN_CODE_DISK_FULL);
	t->broker->disk_full = false;
	t->broker->draining = true;
	submit(t, &acme, 2, m);
	expect_later(t, &acme, 2, CONSIGN_CODE_SHUTTING_DOWN);
	t->broker->draining = false;
	submit(t, &acme, 3, m);
	broker_turn(t);
	expect_acceptance(t, &acme, 3);
	assert_int_equal(metric(t, METRIC_TRY_LATER), 2);
}

static void
test_submitting_postpones_what_has_seen_newer_documents(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct manifest *m = broker_note(t);

	m->seen->root->version += 1;
	submit(t, &acme, 1, m);
	expect_later(t, &acme, 1, CONSIGN_CODE_TRY_LATER);
}

static void
test_submitting_holds_the_lanes_of_what_it_turned_back(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct manifest *refused = forbidden(t), *behind = broker_note(t), *third = broker_note(t);
	static const char *const to_cora[] = {"cora"};
	struct manifest *elsewhere = fixture_manifest(&t->f, "acme", "two", "x.note", CONSIGN_LABEL_OPEN, to_cora, 1);

	elsewhere->seen->checkpoint = NULL;
	submit(t, &acme, 1, refused);
	broker_turn(t);
	expect_refusal(t, &acme, 1, CONSIGN_CODE_POLICY_NO_RULE);
	submit(t, &acme, 2, behind);
	const struct said *s = expect_said(t, &acme);

	assert_int_equal(s->command->try_later->code, CONSIGN_CODE_LANE_HELD);
	assert_int_equal(s->command->try_later->retry_ms, 0);
	submit(t, &acme, 3, elsewhere); /* another lane */
	broker_turn(t);
	expect_acceptance(t, &acme, 3);
	release(t, &acme, refused);
	submit(t, &acme, 4, third); /* what waited behind it is overtaken by nothing */
	expect_later(t, &acme, 4, CONSIGN_CODE_LANE_HELD);
	submit(t, &acme, 5, behind);
	broker_turn(t);
	expect_acceptance(t, &acme, 5);
	submit(t, &acme, 6, third);
	broker_turn(t);
	expect_acceptance(t, &acme, 6);
	assert_null(broker_session(t, &acme)->held.first);
}

static void
test_submitting_gives_leaves_to_ten_refusals_a_second_and_counts_the_others_in_one(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	uint64_t next = ledger_next(t->broker->ledger);

	for (size_t i = 0; i < CONSIGN_REFUSAL_LEAVES_PER_SECOND + 3; i++) {
		struct manifest *m = forbidden(t);

		submit(t, &acme, i, m);
		broker_turn(t);
		const struct said *s = expect_said(t, &acme);

		assert_int_equal(s->command->answers->answers.v[0]->statement->has_place, i < CONSIGN_REFUSAL_LEAVES_PER_SECOND);
		release(t, &acme, m);
	}
	assert_int_equal(ledger_next(t->broker->ledger), next + CONSIGN_REFUSAL_LEAVES_PER_SECOND);
	t->steady_us += 1000000;
	submit(t, &acme, 99, forbidden(t));
	broker_turn(t);
	struct leaf leaf;
	struct ledger_record *record = NULL;

	assert_int_equal(ledger_next(t->broker->ledger), next + CONSIGN_REFUSAL_LEAVES_PER_SECOND + 2);
	assert_int_equal(store_leaf_read(t->broker->db, next + CONSIGN_REFUSAL_LEAVES_PER_SECOND, t->arena, &leaf), CONSIGN_OK);
	assert_int_equal(ledger_record_decode(leaf.record, t->arena, &record), CONSIGN_OK);
	assert_string_equal(record->act->act, "refusals");
	assert_int_equal(record->act->count, 3);
}

static void
test_submitting_ends_a_session_with_too_many_unanswered(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct signed_manifest *sm = fixture_sign_manifest(&t->f, broker_note(t));

	for (uint64_t i = 0; i < 2 * CONSIGN_WINDOW_CONSIGNMENTS; i++)
		broker_hears_submit(t, &acme, i, sm, fixture_body());
	expect_silence(t, &acme);
	broker_hears_submit(t, &acme, 999, sm, fixture_body());
	expect_bye(t, &acme, CONSIGN_CODE_QUOTA);
	broker_turn(t);
	assert_int_equal(metric(t, METRIC_ACCEPTED), 1);
	expect_silence(t, &acme);
}

static void
test_submitting_promises_nothing_when_a_commit_fails(void **state)
{
	struct broker_fixture *t = *state;
	static const struct {
		enum consign_err err;
		enum consign_code code;
	} cases[] = {{CONSIGN_E_FULL, CONSIGN_CODE_DISK_FULL}, {CONSIGN_E_IO, CONSIGN_CODE_TRY_LATER}};
	struct manifest *m = broker_note(t);
	struct peer acme = broker_agent(t, "acme");

	for (size_t i = 0; i < 2; i++) {
		uint64_t durable = ledger_checkpoint(t->broker->ledger)->size;

		t->commit_err = cases[i].err;
		submit(t, &acme, i, m);
		broker_turn(t);
		expect_later(t, &acme, i, cases[i].code);
		expect_silence(t, &acme);
		assert_true(t->broker->store_failed);
		assert_int_equal(atomic_load(&t->broker->metrics->store_ok), 0);
		t->commit_err = CONSIGN_OK;
		broker_recover(t);
		assert_int_equal(ledger_next(t->broker->ledger), durable);
	}
	assert_int_equal(logged(t, "store.failed"), 2);
	assert_int_equal(logged(t, "store.reloaded"), 2);
	submit(t, &acme, 7, m);
	broker_turn(t);
	expect_acceptance(t, &acme, 7);
	assert_int_equal(metric(t, METRIC_ACCEPTED), 1);
}

/* What its consignor gave up meanwhile holds nothing for the rest of the session. */
static void
test_submitting_hears_a_release_while_the_store_takes_nothing(void **state)
{
	struct broker_fixture *t = *state;
	struct manifest *given_up = broker_note(t), *next = broker_note(t);
	struct peer acme = broker_agent(t, "acme");

	next->consignment_id.b[15] ^= 1;
	t->commit_err = CONSIGN_E_IO;
	submit(t, &acme, 1, given_up);
	broker_turn(t);
	expect_later(t, &acme, 1, CONSIGN_CODE_TRY_LATER);
	assert_true(t->broker->store_failed);
	release(t, &acme, given_up);
	t->commit_err = CONSIGN_OK;
	broker_recover(t);
	submit(t, &acme, 2, next);
	broker_turn(t);
	expect_acceptance(t, &acme, 2);
}

/* Says the same until nothing fails any more. What came between may be TRY_LATER, a goodbye, a cut connection or the answer
 * itself. */
static void
insist(struct broker_fixture *t, struct signed_manifest *sm, bool is_refused)
{
	for (size_t nth = 1;; nth++) {
		struct peer acme = broker_agent(t, "acme");
		struct session_submit s = {.sequence = nth};
		struct consign_slice frames[3] = {
		    fixture_encode(&t->f, &wire_session_command, &(struct session_command){.submit = &s}),
		    fixture_encode(&t->f, &wire_signed_manifest, sm), fixture_body()};
		unsigned dropped = t->dropped;

		failing_alloc(nth);
		broker_hears_frames(t, &acme, frames, 3);
		bool failed = failing_end();

		broker_turn(t);
		if (t->broker->store_failed)
			broker_recover(t);
		if (t->dropped == dropped) {
			const struct session_command *c = expect_said(t, &acme)->command;
			bool answered = c->answers != NULL;

			if (!answered)
				assert_true(consign_code_may_retry(c->bye != NULL ? c->bye->code : c->try_later->code));
			else
				assert_true(c->answers->answers.v[0]->statement->has_place);
			expect_silence(t, &acme);
			if (!failed) {
				assert_true(answered && nth > 20);
				break;
			}
		}
		assert_true(failed);
		assert_int_equal(mailbox_of(t->broker->mailboxes, "bolt")->position, metric(t, METRIC_ACCEPTED));
	}
	assert_int_equal(metric(t, METRIC_ACCEPTED), is_refused ? 0 : 1);
	assert_int_equal(mailbox_of(t->broker->mailboxes, "bolt")->position, is_refused ? 0 : 1);
}

static void
test_submitting_accepts_once_whichever_allocation_fails(void **state)
{
	struct broker_fixture *t = *state;

	insist(t, fixture_sign_manifest(&t->f, broker_note(t)), false);
}

static void
test_submitting_refuses_once_whichever_allocation_fails(void **state)
{
	struct broker_fixture *t = *state;
	struct leaf leaf;
	struct ledger_record *record = NULL;
	size_t refused = 0;

	insist(t, fixture_sign_manifest(&t->f, forbidden(t)), true);
	for (uint64_t i = 0; i < ledger_next(t->broker->ledger); i++) {
		assert_int_equal(store_leaf_read(t->broker->db, i, t->arena, &leaf), CONSIGN_OK);
		assert_int_equal(ledger_record_decode(leaf.record, t->arena, &record), CONSIGN_OK);
		refused += record->refused != NULL;
	}
	assert_int_equal(refused, 1);
}

static void
test_submitting_answers_what_it_cannot_read_whichever_allocation_fails(void **state)
{
	struct broker_fixture *t = *state;

	for (size_t nth = 1;; nth++) {
		struct peer acme = broker_agent(t, "acme");
		struct session_submit s = {.sequence = nth};
		struct consign_slice frames[3] = {
		    fixture_encode(&t->f, &wire_session_command, &(struct session_command){.submit = &s}), slice_text("garbage"),
		    fixture_body()};
		unsigned dropped = t->dropped;

		failing_alloc(nth);
		broker_hears_frames(t, &acme, frames, 3);
		t->listener.round(t->broker);
		bool failed = failing_end();

		if (t->dropped > dropped)
			continue;
		const struct session_command *c = expect_said(t, &acme)->command;

		if (!failed) {
			assert_non_null(c->answers);
			break;
		}
		if (c->answers == NULL && c->try_later == NULL)
			assert_non_null(c->bye);
		expect_silence(t, &acme);
	}
}

/* An answer that is asked for again: whichever allocation or call on the store fails, it is the same answer or TRY_LATER. */
static void
test_submitting_repeats_an_answer_or_says_try_later(void **state)
{
	struct broker_fixture *t = *state;
	struct signed_manifest *both[] = {
	    fixture_sign_manifest(&t->f, broker_note(t)), fixture_sign_manifest(&t->f, forbidden(t))};

	for (size_t i = 0; i < 4; i++) {
		struct signed_manifest *sm = both[i % 2];
		struct peer acme = broker_agent(t, "acme");
		uint64_t leaf;

		broker_hears_submit(t, &acme, 1, sm, fixture_body());
		broker_turn(t);
		leaf = expect_said(t, &acme)->command->answers->answers.v[0]->statement->leaf->index;
		for (size_t nth = 1;; nth++) {
			struct session_submit s = {.sequence = nth};
			struct consign_slice frames[3] = {
			    fixture_encode(&t->f, &wire_session_command, &(struct session_command){.submit = &s}),
			    fixture_encode(&t->f, &wire_signed_manifest, sm), fixture_body()};
			unsigned dropped = t->dropped;

			acme = broker_agent(t, "acme");
			if (i < 2)
				failing_db(nth, CONSIGN_E_IO);
			else
				failing_alloc(nth);
			broker_hears_frames(t, &acme, frames, 3);
			t->listener.round(t->broker);
			bool failed = failing_end();

			if (t->dropped > dropped)
				continue;
			const struct session_command *c = expect_said(t, &acme)->command;

			if (c->answers != NULL && c->answers->answers.v[0]->statement->has_place)
				assert_int_equal(c->answers->answers.v[0]->statement->leaf->index, leaf);
			else
				assert_true(failed);
			if (c->answers == NULL)
				assert_int_equal(c->bye != NULL ? c->bye->code : c->try_later->code, CONSIGN_CODE_TRY_LATER);
			if (!failed)
				break;
		}
	}
}

/* What is kept beside a consignment is not what was written: no answer is made of it. */
static void
test_submitting_answers_nothing_out_of_a_damaged_store(void **state)
{
	static const char *const damages[] = {
	    "UPDATE consignment SET openings = x'00'",
	    "UPDATE consignment SET openings = CAST(openings || x'00' AS BLOB)",
	    "UPDATE consignment SET manifest = x'00'",
	    "UPDATE consignment SET digest = x'00'",
	    "UPDATE leaf SET salt = x'00' WHERE id = (SELECT leaf FROM consignment)",
	    "UPDATE leaf SET salt = CAST(salt || x'00' AS BLOB) WHERE id = (SELECT leaf FROM consignment)",
	};

	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		if (i > 0)
			broker_setup(state);
		struct broker_fixture *t = *state;
		struct peer acme = broker_agent(t, "acme");
		struct signed_manifest *sm = fixture_sign_manifest(&t->f, broker_note(t));

		broker_hears_submit(t, &acme, 1, sm, fixture_body());
		broker_turn(t);
		expect_acceptance(t, &acme, 1);
		broker_sql(t, damages[i]);
		broker_hears_submit(t, &acme, 2, sm, fixture_body());
		broker_turn(t);
		expect_later(t, &acme, 2, CONSIGN_CODE_TRY_LATER);
		if (i + 1 < sizeof damages / sizeof *damages)
			broker_teardown(state);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_submitting_##name, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(accepts_with_leaf_position_and_receipt),
	    CASE(answers_the_same_again_with_the_same),
	    CASE(answers_everyone_who_asks_before_the_commit),
	    CASE(answers_a_newer_session_and_not_one_that_ended),
	    CASE(refuses_other_content_under_an_id_that_was_accepted),
	    CASE(takes_a_higher_attempt_after_a_refusal_only),
	    CASE(gives_no_place_to_what_it_cannot_read),
	    CASE(gives_no_place_to_what_another_signed),
	    CASE(refuses_who_has_seen_another_ledger),
	    CASE(postpones_when_what_was_seen_cannot_be_looked_up),
	    CASE(postpones_while_it_stops_or_its_disk_is_full),
	    CASE(postpones_what_has_seen_newer_documents),
	    CASE(holds_the_lanes_of_what_it_turned_back),
	    CASE(gives_leaves_to_ten_refusals_a_second_and_counts_the_others_in_one),
	    CASE(ends_a_session_with_too_many_unanswered),
	    CASE(promises_nothing_when_a_commit_fails),
	    CASE(hears_a_release_while_the_store_takes_nothing),
	    CASE(accepts_once_whichever_allocation_fails),
	    CASE(refuses_once_whichever_allocation_fails),
	    CASE(answers_what_it_cannot_read_whichever_allocation_fails),
	    CASE(repeats_an_answer_or_says_try_later),
	    CASE(answers_nothing_out_of_a_damaged_store),
	};

	return cmocka_run_group_tests_name("broker/submitting", tests, NULL, NULL);
}
