/* Tracking: every state of a message that was handed in, from the rows that stand for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"
#include "lanes.h"
#include "track.h"

/* The lanes are a fake: what a test wants told, it tells. */
static const struct postponement *postponed;

const struct postponement *
lanes_postponement(const struct lanes *l, const struct consign_id *id)
{
	(void)l;
	(void)id;
	return postponed;
}

#define CREATED 1000u
#define ACCEPTED_AT 2000u
#define SETTLED_AT 3000u

/* A consignment in the outbox: items 0 and 2, for acme and biomake. */
static struct consign_id
send_one(struct fixture *f, enum outbox_state state)
{
	static const char sql[] =
	    "INSERT INTO outbox (id, study, state, attempt, created_us, expires_us, manifest, key, accepted_us, leaf)"
	    " VALUES (?1, 'ACME-301', ?2, 2, ?3, 9000, ?4, x'', ?5, ?6)";
	struct document_ref ref = {.version = 1};
	struct seen seen = {.root = &ref, .directory = &ref, .policy = &ref, .card = &ref};
	struct manifest_consignee acme = {.org = {"acme"}}, biomake = {.org = {"biomake"}};
	struct manifest_consignee *consignees[] = {&acme, &biomake};
	struct manifest_item zero = {.index = 0, .type = {"x.zero"}}, two = {.index = 2, .type = {"x.two"}};
	struct manifest_item *items[] = {&zero, &two};
	struct consign_id id = new_id(f);
	struct manifest m = {.format = 1,
	    .suite = 1,
	    .consignment_id = id,
	    .attempt = 2,
	    .consignor = f->agent.org,
	    .study = {"ACME-301"},
	    .label = CONSIGN_LABEL_OPEN,
	    .created_us = CREATED,
	    .expires_us = 9000,
	    .consignees = {consignees, 2},
	    .items = {items, 2},
	    .body_bytes = 1,
	    .seen = &seen};
	struct signed_manifest sm = {0};
	struct buf bytes = {0}, frame = {0};
	struct db_statement *s;

	assert_int_equal(manifest_encode(&m, &bytes), CONSIGN_OK);
	sm.manifest = buf_slice(&bytes);
	assert_int_equal(signed_manifest_encode(&sm, &frame), CONSIGN_OK);
	assert_int_equal(db_statement(f->writer, sql, &s), CONSIGN_OK);
	db_bind_slice(s, 1, SLICE_ARRAY(id.b));
	db_bind_u64(s, 2, state);
	db_bind_u64(s, 3, CREATED);
	db_bind_slice(s, 4, buf_slice(&frame));
	if (state == OUTBOX_ACCEPTED) {
		db_bind_u64(s, 5, ACCEPTED_AT);
		db_bind_u64(s, 6, 41);
	}
	assert_int_equal(db_run(s), CONSIGN_OK);
	buf_clear(&bytes);
	buf_clear(&frame);
	return id;
}

/* The consignee's receipt: item 0 with this outcome, item 2 accepted. Outcome 0: a tombstone instead. */
static void
settle_one(struct fixture *f, const struct consign_id *id, const char *org, uint32_t outcome)
{
	static const char sql[] = "INSERT INTO settlement (id, org, at_us, position, expired, receipt, statement)"
				  " VALUES (?1, ?2, ?3, 7, ?4, ?5, x'')";
	struct document_ref ref = {.version = 1};
	struct seen seen = {.root = &ref, .directory = &ref, .policy = &ref, .card = &ref};
	struct item_verdict zero = {.index = 0, .outcome = outcome}, two = {.index = 2, .outcome = ITEM_ACCEPTED};
	struct item_verdict *verdicts[] = {&zero, &two};
	struct delivery_receipt_content content = {.format = 1,
	    .consignor = f->agent.org,
	    .consignment_id = *id,
	    .attempt = 2,
	    .position = 7,
	    .at_us = SETTLED_AT,
	    .verdicts = {verdicts, 2},
	    .seen = &seen};
	struct delivery_receipt receipt = {0};
	struct buf bytes = {0}, out = {0};
	struct db_statement *s;

	snprintf(content.consignee.s, sizeof content.consignee.s, "%s", org);
	if (outcome == ITEM_REJECTED) {
		zero.code = CONSIGN_CODE_UNSEAL_FAILED;
		zero.reason = slice_text("it does not unseal");
	}
	if (outcome != 0) {
		assert_int_equal(delivery_receipt_content_encode(&content, &bytes), CONSIGN_OK);
		receipt.content = buf_slice(&bytes);
		assert_int_equal(delivery_receipt_encode(&receipt, &out), CONSIGN_OK);
	}
	assert_int_equal(db_statement(f->writer, sql, &s), CONSIGN_OK);
	db_bind_slice(s, 1, SLICE_ARRAY(id->b));
	db_bind_text(s, 2, org);
	db_bind_u64(s, 3, SETTLED_AT);
	db_bind_u64(s, 4, outcome == 0);
	db_bind_slice(s, 5, buf_slice(&out));
	assert_int_equal(db_run(s), CONSIGN_OK);
	buf_clear(&bytes);
	buf_clear(&out);
}

static void
refuse_item(struct fixture *f, const struct consign_id *id, uint32_t index, bool has_place)
{
	static const char sql[] = "INSERT INTO refused_item (id, idx, at_us, type, org, code, rule, detail, statement)"
				  " VALUES (?1, ?2, 1500, 'x.one', 'biomake', ?3, 'no-kits', 'the rule says no', ?4)";
	struct leaf leaf = {.index = has_place ? 12 : 0, .record = slice_text("record")};
	struct proof path = {0};
	struct consign_signature signature = {{1}};
	struct statement statement = {.leaf = &leaf,
	    .has_place = has_place,
	    .path = has_place ? &path : NULL,
	    .signature = slice_of(signature.b, has_place ? 0 : sizeof signature.b)};
	struct buf bytes = {0};
	struct db_statement *s;

	assert_int_equal(statement_encode(&statement, &bytes), CONSIGN_OK);
	assert_int_equal(db_statement(f->writer, sql, &s), CONSIGN_OK);
	db_bind_slice(s, 1, SLICE_ARRAY(id->b));
	db_bind_u64(s, 2, index);
	db_bind_u64(s, 3, CONSIGN_CODE_POLICY_FORBIDDEN);
	db_bind_slice(s, 4, buf_slice(&bytes));
	assert_int_equal(db_run(s), CONSIGN_OK);
	buf_clear(&bytes);
}

static struct local_track_reply *
track(struct fixture *f, const struct consign_id *id, uint32_t index)
{
	struct consign_message_id message = message_of(id, index);
	struct local_track_reply *r;
	struct buf encoded = {0};

	assert_int_equal(track_message(&f->agent, &message, f->arena, &r), CONSIGN_OK);
	/* Whatever is answered must fit the wire. */
	assert_int_equal(local_reply_encode(&(struct local_reply){.number = 1, .track = r}, &encoded), CONSIGN_OK);
	buf_clear(&encoded);
	return r;
}

static void
assert_text(struct consign_slice s, const char *text)
{
	assert_int_equal(s.len, strlen(text));
	assert_memory_equal(s.data, text, s.len);
}

static void
test_track_says_queued_until_there_is_an_answer(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = send_one(f, OUTBOX_QUEUED);
	struct local_track_reply *r = track(f, &id, 2);

	assert_string_equal(r->state, "queued");
	assert_string_equal(r->study.s, "ACME-301");
	assert_string_equal(r->type.s, "x.two");
	assert_int_equal(r->label, CONSIGN_LABEL_OPEN);
	assert_int_equal(r->created_us, CREATED);
	assert_int_equal(r->accepted_us, 0);
	assert_int_equal(r->has_leaf, 0);
	assert_int_equal(r->attempt, 2);
	assert_int_equal(r->consignees.n, 2);
	assert_string_equal(r->consignees.v[0]->org.s, "acme");
	assert_string_equal(r->consignees.v[0]->state, "queued");
	assert_int_equal(r->consignees.v[0]->at_us, 0);
}

/* What the broker said last is told to whom it concerns. */
static void
test_track_says_why_it_is_still_queued(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = send_one(f, OUTBOX_QUEUED);

	postponed = &(struct postponement){CONSIGN_CODE_MAILBOX_FULL, {"biomake"}, "the consignee's mailbox is full", CREATED};
	struct local_track_reply *r = track(f, &id, 0);

	assert_string_equal(r->state, "queued");
	assert_int_equal(r->consignees.v[0]->code, CONSIGN_CODE_NONE);
	assert_int_equal(r->consignees.v[1]->code, CONSIGN_CODE_MAILBOX_FULL);
	assert_text(r->consignees.v[1]->detail, "the consignee's mailbox is full");
	postponed = &(struct postponement){CONSIGN_CODE_QUOTA, {""}, "too much", CREATED};
	r = track(f, &id, 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(r->consignees.v[i]->code, CONSIGN_CODE_QUOTA);
		assert_text(r->consignees.v[i]->detail, "too much");
	}
	/* It speaks of what is queued only. */
	id = send_one(f, OUTBOX_ACCEPTED);
	assert_int_equal(track(f, &id, 0)->consignees.v[1]->code, CONSIGN_CODE_NONE);
	postponed = NULL;
}

static void
test_track_says_accepted_with_time_and_leaf(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = send_one(f, OUTBOX_ACCEPTED);
	struct local_track_reply *r = track(f, &id, 0);

	assert_string_equal(r->state, "accepted");
	assert_int_equal(r->accepted_us, ACCEPTED_AT);
	assert_int_equal(r->has_leaf, 1);
	assert_int_equal(r->leaf, 41);
	assert_string_equal(r->consignees.v[1]->state, "accepted");
	assert_int_equal(r->consignees.v[1]->at_us, ACCEPTED_AT);
}

static void
test_track_is_as_far_as_the_least_advanced_consignee_and_ends_as_the_worst(void **state)
{
	enum { NOTHING = 99 };
	static const struct {
		const char *name;
		uint32_t acme, biomake;
		const char *state, *state_acme, *state_biomake;
	} rows[] = {
	    {"one delivered", ITEM_ACCEPTED, NOTHING, "accepted", "delivered", "accepted"},
	    {"one rejected", NOTHING, ITEM_REJECTED, "accepted", "accepted", "rejected"},
	    {"both delivered", ITEM_ACCEPTED, ITEM_ACCEPTED, "delivered", "delivered", "delivered"},
	    {"one of two rejected", ITEM_ACCEPTED, ITEM_REJECTED, "rejected", "delivered", "rejected"},
	    {"one of two expired", 0, ITEM_ACCEPTED, "expired", "expired", "delivered"},
	    {"rejected and expired", ITEM_REJECTED, 0, "rejected", "rejected", "expired"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct consign_id id = send_one(f, OUTBOX_ACCEPTED);

		if (rows[i].acme != NOTHING)
			settle_one(f, &id, "acme", rows[i].acme);
		if (rows[i].biomake != NOTHING)
			settle_one(f, &id, "biomake", rows[i].biomake);
		struct local_track_reply *r = track(f, &id, 0);

		if (strcmp(r->state, rows[i].state) != 0 || strcmp(r->consignees.v[0]->state, rows[i].state_acme) != 0 ||
		    strcmp(r->consignees.v[1]->state, rows[i].state_biomake) != 0)
			fail_msg("%s: %s (%s, %s)", rows[i].name, r->state, r->consignees.v[0]->state, r->consignees.v[1]->state);
	}
}

static void
test_track_gives_each_message_its_own_verdict(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = send_one(f, OUTBOX_ACCEPTED);

	settle_one(f, &id, "acme", ITEM_REJECTED);
	settle_one(f, &id, "biomake", ITEM_ACCEPTED);
	struct local_track_reply *r = track(f, &id, 0);

	assert_int_equal(r->consignees.v[0]->code, CONSIGN_CODE_UNSEAL_FAILED);
	assert_text(r->consignees.v[0]->detail, "it does not unseal");
	assert_int_equal(r->consignees.v[0]->position, 7);
	assert_int_equal(r->consignees.v[0]->at_us, SETTLED_AT);
	r = track(f, &id, 2);
	assert_string_equal(r->state, "delivered");
	assert_int_equal(r->consignees.v[0]->code, CONSIGN_CODE_NONE);
}

static void
test_track_says_refused_for_an_item_that_later_attempts_left_out(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = send_one(f, OUTBOX_ACCEPTED);

	refuse_item(f, &id, 1, true);
	struct local_track_reply *r = track(f, &id, 1);

	assert_string_equal(r->state, "refused");
	assert_string_equal(r->type.s, "x.one");
	assert_int_equal(r->code, CONSIGN_CODE_POLICY_FORBIDDEN);
	assert_string_equal(r->rule, "no-kits");
	assert_text(r->detail, "the rule says no");
	assert_int_equal(r->accepted_us, 0);
	assert_int_equal(r->has_leaf, 1);
	assert_int_equal(r->leaf, 12);
	assert_string_equal(r->consignees.v[0]->state, "refused");
	assert_int_equal(r->consignees.v[0]->code, CONSIGN_CODE_NONE);
	assert_int_equal(r->consignees.v[1]->code, CONSIGN_CODE_POLICY_FORBIDDEN);
	assert_int_equal(r->consignees.v[1]->at_us, 1500);
	assert_string_equal(track(f, &id, 0)->state, "accepted");
}

static void
test_track_says_refused_without_a_leaf_when_the_refusal_has_none(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = send_one(f, OUTBOX_REFUSED);

	refuse_item(f, &id, 0, false);
	assert_string_equal(track(f, &id, 0)->state, "refused");
	assert_int_equal(track(f, &id, 0)->has_leaf, 0);
	assert_string_equal(track(f, &id, 2)->state, "refused");
}

static void
test_track_knows_what_was_refused_before_it_left(void **state)
{
	static const char sql[] =
	    "INSERT INTO local_refusal (id, at_us, consignees, study, type, label, org, code, rule, detail)"
	    " VALUES (?1, 1200, 'acme globalcro', 'ACME-301', 'x.kit', 3, 'globalcro', 6, '', 'not cleared')";
	struct fixture *f = *state;
	struct consign_id id = new_id(f);
	struct consign_message_id second = message_of(&id, 1);
	struct local_track_reply *r;
	struct db_statement *s;

	assert_int_equal(db_statement(f->writer, sql, &s), CONSIGN_OK);
	db_bind_slice(s, 1, SLICE_ARRAY(id.b));
	assert_int_equal(db_run(s), CONSIGN_OK);
	r = track(f, &id, 0);
	assert_string_equal(r->state, "refused");
	assert_int_equal(r->code, CONSIGN_CODE_CLEARANCE);
	assert_int_equal(r->label, CONSIGN_LABEL_UNBLINDED);
	assert_int_equal(r->created_us, 1200);
	assert_int_equal(r->attempt, 0);
	assert_int_equal(r->has_leaf, 0);
	assert_int_equal(r->consignees.n, 2);
	assert_string_equal(r->consignees.v[0]->org.s, "acme");
	assert_int_equal(r->consignees.v[0]->code, CONSIGN_CODE_NONE);
	assert_string_equal(r->consignees.v[1]->org.s, "globalcro");
	assert_int_equal(r->consignees.v[1]->code, CONSIGN_CODE_CLEARANCE);
	assert_text(r->consignees.v[1]->detail, "not cleared");
	assert_int_equal(track_message(&f->agent, &second, f->arena, &r), CONSIGN_E_NOT_FOUND);
}

static void
test_track_does_not_know_ids_that_were_never_handed_in(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = send_one(f, OUTBOX_QUEUED), other = new_id(f);
	struct consign_message_id no_item = message_of(&id, 1), no_consignment = message_of(&other, 0);
	struct local_track_reply *r;

	assert_int_equal(track_message(&f->agent, &no_item, f->arena, &r), CONSIGN_E_NOT_FOUND);
	assert_int_equal(track_message(&f->agent, &no_consignment, f->arena, &r), CONSIGN_E_NOT_FOUND);
}

static void
test_track_says_corrupt_when_the_store_is_damaged(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = send_one(f, OUTBOX_ACCEPTED);
	struct consign_message_id message = message_of(&id, 0);
	struct local_track_reply *r;

	settle_one(f, &id, "acme", ITEM_ACCEPTED);
	run_sql(f, "UPDATE settlement SET receipt = x'ff'");
	assert_int_equal(track_message(&f->agent, &message, f->arena, &r), CONSIGN_E_CORRUPT);
	run_sql(f, "UPDATE outbox SET manifest = x'ff'");
	assert_int_equal(track_message(&f->agent, &message, f->arena, &r), CONSIGN_E_CORRUPT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_track_says_queued_until_there_is_an_answer),
	    TEST(test_track_says_why_it_is_still_queued),
	    TEST(test_track_says_accepted_with_time_and_leaf),
	    TEST(test_track_is_as_far_as_the_least_advanced_consignee_and_ends_as_the_worst),
	    TEST(test_track_gives_each_message_its_own_verdict),
	    TEST(test_track_says_refused_for_an_item_that_later_attempts_left_out),
	    TEST(test_track_says_refused_without_a_leaf_when_the_refusal_has_none),
	    TEST(test_track_knows_what_was_refused_before_it_left),
	    TEST(test_track_does_not_know_ids_that_were_never_handed_in),
	    TEST(test_track_says_corrupt_when_the_store_is_damaged),
	};

	return cmocka_run_group_tests_name("track", tests, NULL, NULL);
}
