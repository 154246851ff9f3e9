/* A message of the past: what was sent, what came, what only a tombstone is left of, and what was neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"
#include "lanes.h"
#include "past.h"

const struct postponement *
lanes_postponement(const struct lanes *l, const struct consign_id *id)
{
	(void)l;
	(void)id;
	return NULL;
}

/* The receipt given for the newest mail: item `rejected` was not taken; UINT32_MAX: all were. */
static void
give_receipt(struct fixture *f, uint32_t rejected)
{
	struct document_ref ref = {.version = 1};
	struct seen seen = {.root = &ref, .directory = &ref, .policy = &ref, .card = &ref};
	struct item_verdict zero = {.index = 0, .outcome = ITEM_ACCEPTED}, two = {.index = 2, .outcome = ITEM_ACCEPTED};
	struct item_verdict *verdicts[] = {&zero, &two};
	struct delivery_receipt_content content = {.format = 1,
	    .consignor = {"globalcro"},
	    .consignee = f->agent.org,
	    .attempt = 1,
	    .position = 1,
	    .at_us = T0,
	    .verdicts = {verdicts, 2},
	    .seen = &seen};
	struct delivery_receipt receipt = {0};
	struct buf bytes = {0}, out = {0};
	struct db_statement *s;

	for (size_t i = 0; i < 2; i++)
		if (verdicts[i]->index == rejected) {
			verdicts[i]->outcome = ITEM_REJECTED;
			verdicts[i]->code = CONSIGN_CODE_TYPE_INVALID;
			verdicts[i]->reason = slice_text("it is not what its type demands");
		}
	assert_int_equal(delivery_receipt_content_encode(&content, &bytes), CONSIGN_OK);
	receipt.content = buf_slice(&bytes);
	assert_int_equal(delivery_receipt_encode(&receipt, &out), CONSIGN_OK);
	assert_int_equal(db_statement(f->writer, "UPDATE inbox SET receipt = ?2 WHERE seq = ?1", &s), CONSIGN_OK);
	db_bind_u64(s, 1, f->position);
	db_bind_slice(s, 2, buf_slice(&out));
	assert_int_equal(db_run(s), CONSIGN_OK);
	buf_clear(&bytes);
	buf_clear(&out);
}

static struct consign_id
receive(struct fixture *f, size_t consignor, const struct consign_id *id, uint32_t rejected)
{
	struct mail_item items[] = {{0, "x.zero", "a", 0, rejected == 0}, {2, "x.two", "b", 0, rejected == 2}};
	struct consign_id made = deliver(f, &(struct mail){.consignor = consignor, .id = id, .items = items, .n = 2});

	give_receipt(f, rejected);
	return made;
}

static enum consign_err
find(struct fixture *f, const struct consign_id *id, uint32_t index, struct past *ret_past)
{
	struct consign_message_id message = message_of(id, index);

	return past_find(&f->agent, &message, f->arena, ret_past);
}

static void
test_past_of_what_came_is_its_question_and_its_leaf(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = receive(f, 2, NULL, UINT32_MAX);
	struct past past;

	assert_int_equal(find(f, &id, 2, &past), CONSIGN_OK);
	assert_true(past.has_leaf);
	assert_int_equal(past.leaf, 101);
	assert_string_equal(past.message->consignor.s, "globalcro");
	assert_string_equal(past.message->study.s, "ACME-301");
	assert_string_equal(past.message->type.s, "x.two");
	assert_int_equal(past.message->label, CONSIGN_LABEL_RESTRICTED);
	assert_int_equal(past.message->at_us, T0 - 1000);
	assert_int_equal(past.message->consignees.n, 1);
	assert_string_equal(past.message->consignees.v[0]->org.s, "sitecare");
	assert_int_equal(past.message->consignees.v[0]->code, CONSIGN_CODE_NONE);
}

static void
test_past_tells_what_was_rejected_here(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = receive(f, 2, NULL, 2);
	struct past past;

	assert_int_equal(find(f, &id, 0, &past), CONSIGN_OK);
	assert_int_equal(past.message->consignees.v[0]->rejected, 0);
	assert_int_equal(find(f, &id, 2, &past), CONSIGN_OK);
	assert_int_equal(past.message->consignees.v[0]->rejected, 1);
	assert_int_equal(past.message->consignees.v[0]->code, CONSIGN_CODE_TYPE_INVALID);
}

/* An id is its consignor's invention: a second one under it does not take the place of the first. */
static void
test_past_is_the_first_that_came_when_two_consignors_used_one_id(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = receive(f, 1, NULL, UINT32_MAX);
	struct past past;

	receive(f, 0, &id, UINT32_MAX);
	assert_int_equal(find(f, &id, 0, &past), CONSIGN_OK);
	assert_string_equal(past.message->consignor.s, "biomake");
}

static void
test_past_of_what_was_sent_comes_before_what_came(void **state)
{
	struct fixture *f = *state;
	struct consign_id id = receive(f, 0, NULL, UINT32_MAX);
	struct past past;
	struct db_statement *s;

	assert_int_equal(db_statement(f->writer,
	    "INSERT INTO local_refusal (id, at_us, consignees, study, type, label, org, code, rule, detail)"
	    " VALUES (?1, 5, 'acme biomake', 'S-1', 'x.mine', 0, 'acme', ?2, 'no-drafts', '')", &s), CONSIGN_OK);
	db_bind_slice(s, 1, SLICE_ARRAY(id.b));
	db_bind_u64(s, 2, CONSIGN_CODE_POLICY_FORBIDDEN);
	assert_int_equal(db_run(s), CONSIGN_OK);
	assert_int_equal(find(f, &id, 0, &past), CONSIGN_OK);
	assert_false(past.has_leaf);
	assert_string_equal(past.message->consignor.s, "sitecare");
	assert_string_equal(past.message->type.s, "x.mine");
	assert_int_equal(past.message->at_us, 5);
	assert_int_equal(past.message->consignees.n, 2);
	assert_string_equal(past.message->consignees.v[1]->org.s, "biomake");
	assert_int_equal(past.message->consignees.v[1]->code, CONSIGN_CODE_POLICY_FORBIDDEN);
	assert_int_equal(past.message->consignees.v[1]->rejected, 0);
	assert_string_equal(past.message->consignees.v[1]->rule, "no-drafts");
}

static void
test_past_of_a_tombstone_is_expired_and_of_nothing_not_found(void **state)
{
	struct fixture *f = *state;
	struct consign_id came = receive(f, 0, NULL, UINT32_MAX), gone = new_id(f), unknown = new_id(f);
	struct past past;
	struct db_statement *s;

	assert_int_equal(db_statement(f->writer,
	    "INSERT INTO tombstone (position, consignor, id, at_us, statement, receipt) VALUES (9, 'acme', ?1, 5, x'', x'')", &s), CONSIGN_OK);
	db_bind_slice(s, 1, SLICE_ARRAY(gone.b));
	assert_int_equal(db_run(s), CONSIGN_OK);
	assert_int_equal(find(f, &gone, 0, &past), CONSIGN_E_EXPIRED);
	assert_int_equal(find(f, &unknown, 0, &past), CONSIGN_E_NOT_FOUND);
	assert_int_equal(find(f, &came, 1, &past), CONSIGN_E_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_past_of_what_came_is_its_question_and_its_leaf),
	    TEST(test_past_tells_what_was_rejected_here),
	    TEST(test_past_is_the_first_that_came_when_two_consignors_used_one_id),
	    TEST(test_past_of_what_was_sent_comes_before_what_came),
	    TEST(test_past_of_a_tombstone_is_expired_and_of_nothing_not_found),
	};

	return cmocka_run_group_tests_name("past", tests, NULL, NULL);
}
