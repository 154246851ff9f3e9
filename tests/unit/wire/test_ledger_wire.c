/* Records, statements, delivery receipts. */
#include "support/wire_fixture.h"

#include "core/sign.h"
#include "wire/ledger_wire.h"

static struct document_ref ref = {.version = 4};

static void
test_ledger_wire_records_every_act_and_one_at_a_time(void **state)
{
	struct wire_fixture *f = *state;
	struct consign_hash mailboxes[2] = {{{1}}, {{2}}};
	struct accepted_record accepted = {
	    .consignor = {"acme"}, .attempt = 1, .root = &ref, .card = &ref, .mailboxes = {.v = mailboxes, .n = 2}};
	struct verdict verdict = {.index = 127, .org = "biomake", .code = CONSIGN_CODE_CLEARANCE};
	struct verdict *verdicts[] = {&verdict};
	struct refused_record refused = {.consignor = {"acme"}, .root = &ref, .verdicts = {.v = verdicts, .n = 1}};
	struct delivered_record delivered = {.consignor = {"acme"}, .consignee = {"biomake"}};
	struct document_record document = {.kind = SIGN_CARD, .org = "acme", .document = &ref};
	struct retention_record retention = {
	    .consignor = {"acme"}, .consignee = {"biomake"}, .position = 1, .reason = RETENTION_EXPIRED};
	struct act_record act = {.act = "restart", .detail = slice_text("after SIGTERM")};
	struct ledger_record in = {.format = 1, .at_us = NOON_US}, *out;

	REFUSES_TO_ENCODE(f, ledger_record, &in);
	in.accepted = &accepted;
	ROUND_TRIP(f, ledger_record, &in, &out);
	assert_int_equal(out->accepted->mailboxes.v[1].b[0], 2);
	in.accepted = NULL;
	in.refused = &refused; /* attempt 0: the manifest could not be read */
	ROUND_TRIP(f, ledger_record, &in, &out);
	assert_int_equal(out->refused->verdicts.v[0]->index, 127);
	assert_string_equal(out->refused->verdicts.v[0]->rule, "");
	in.refused = NULL;
	in.delivered = &delivered;
	ROUND_TRIP(f, ledger_record, &in, &out);
	assert_string_equal(out->delivered->consignee.s, "biomake");
	in.delivered = NULL;
	in.document = &document;
	ROUND_TRIP(f, ledger_record, &in, &out);
	assert_string_equal(out->document->org, "acme");
	in.document = NULL;
	in.retention = &retention;
	ROUND_TRIP(f, ledger_record, &in, &out);
	assert_int_equal(out->retention->reason, RETENTION_EXPIRED);
	in.retention = NULL;
	in.act = &act;
	ROUND_TRIP(f, ledger_record, &in, &out);
	assert_string_equal(out->act->act, "restart");
	in.retention = &retention;
	REFUSES_TO_ENCODE(f, ledger_record, &in);
}

static void
test_ledger_wire_document_record_names_an_org_for_a_card_only(void **state)
{
	struct wire_fixture *f = *state;
	struct document_record document = {.kind = SIGN_ROOT, .document = &ref};
	struct ledger_record in = {.format = 1, .at_us = NOON_US, .document = &document}, *out;

	ROUND_TRIP(f, ledger_record, &in, &out);
	strcpy(document.org, "acme");
	REFUSES_TO_ENCODE(f, ledger_record, &in);
	document.kind = SIGN_CARD;
	document.org[0] = '\0';
	REFUSES_TO_ENCODE(f, ledger_record, &in);
}

static void
test_ledger_wire_statement_proves_its_place_or_claims_none(void **state)
{
	struct wire_fixture *f = *state;
	struct consign_hash hashes[CONSIGN_PATH_MAX + 1] = {{{9}}};
	struct proof path = {.path = {.v = hashes, .n = CONSIGN_PATH_MAX}};
	struct leaf leaf = {.index = 12, .record = slice_text("record")};
	struct mailbox_opening opening = {.org = {"acme"}, .position = 3};
	struct mailbox_opening *openings[] = {&opening};
	struct consign_signature signature = {{7}};
	struct statement in = {.leaf = &leaf,
			     .has_place = 1,
			     .path = &path,
			     .checkpoint = slice_text("consign.hub/00\n13\n\xe2\x80\x94\n"),
			     .openings = {.v = openings, .n = 1}},
			 *out;

	ROUND_TRIP(f, statement, &in, &out);
	assert_int_equal(out->leaf->index, 12);
	assert_int_equal(out->path->path.n, CONSIGN_PATH_MAX);
	assert_int_equal(out->path->path.v[0].b[0], 9);
	assert_int_equal(out->openings.v[0]->position, 3);
	path.path.n++;
	REFUSES_TO_ENCODE(f, statement, &in);
	path.path.n = 0; /* a ledger of one leaf */
	leaf.index = 0;
	ROUND_TRIP(f, statement, &in, &out);
	assert_non_null(out->path);

	in.has_place = 0;
	in.signature = SLICE_ARRAY(signature.b);
	REFUSES_TO_ENCODE(f, statement, &in);
	in = (struct statement){.leaf = &leaf, .signature = SLICE_ARRAY(signature.b)};
	ROUND_TRIP(f, statement, &in, &out);
	assert_null(out->path);
	leaf.index = 12;
	REFUSES_TO_ENCODE(f, statement, &in);
	in.leaf = NULL;
	REFUSES_TO_ENCODE(f, statement, &in);
}

static void
test_ledger_wire_statement_has_a_place_or_a_signature(void **state)
{
	struct wire_fixture *f = *state;
	struct leaf leaf = {.record = slice_text("record")};
	struct consign_signature signature;
	struct statement in = {.leaf = &leaf, .has_place = 1}, *out;

	FILL(signature, 5);
	ROUND_TRIP(f, statement, &in, &out);
	assert_int_equal(out->signature.len, 0);
	in.signature = SLICE_ARRAY(signature.b);
	REFUSES_TO_ENCODE(f, statement, &in);
	in.has_place = 0;
	ROUND_TRIP(f, statement, &in, &out);
	assert_true(slice_equal(out->signature, in.signature));
	in.signature.len--;
	REFUSES_TO_ENCODE(f, statement, &in);
	in.signature.len = 0;
	REFUSES_TO_ENCODE(f, statement, &in);
}

static void
test_ledger_wire_receipt_has_a_verdict_for_items_in_order(void **state)
{
	struct wire_fixture *f = *state;
	struct seen seen = {.root = &ref, .directory = &ref, .policy = &ref, .card = &ref};
	struct item_verdict verdicts[2] = {{.index = 0, .outcome = ITEM_ACCEPTED},
	    {.index = 4, .outcome = ITEM_REJECTED, .code = CONSIGN_CODE_UNSEAL_FAILED, .reason = slice_text("does not unseal")}};
	struct item_verdict *list[] = {&verdicts[0], &verdicts[1]};
	struct delivery_receipt_content in = {.format = 1,
					    .consignee = {"biomake"},
					    .consignor = {"acme"},
					    .attempt = 1,
					    .position = 8,
					    .at_us = NOON_US,
					    .verdicts = {.v = list, .n = 2},
					    .seen = &seen},
					*out;

	ROUND_TRIP(f, delivery_receipt_content, &in, &out);
	assert_int_equal(out->verdicts.v[1]->code, CONSIGN_CODE_UNSEAL_FAILED);
	assert_true(slice_equal(out->verdicts.v[1]->reason, slice_text("does not unseal")));
	verdicts[1].index = 0;
	REFUSES_TO_ENCODE(f, delivery_receipt_content, &in);
	verdicts[1].index = 1;
	verdicts[1].code = 0;
	REFUSES_TO_ENCODE(f, delivery_receipt_content, &in);
	verdicts[1].code = CONSIGN_CODE_UNSEAL_FAILED;
	verdicts[0].code = CONSIGN_CODE_UNSEAL_FAILED;
	REFUSES_TO_ENCODE(f, delivery_receipt_content, &in);
}

static void
test_ledger_wire_delivery_receipt_carries_what_was_signed(void **state)
{
	struct wire_fixture *f = *state;
	struct delivery_receipt in = {.content = slice_text("content")}, *out;

	FILL(in.signature, 64);
	FILL(in.signing_key_id, 16);
	ROUND_TRIP(f, delivery_receipt, &in, &out);
	assert_true(slice_equal(out->content, in.content));
	assert_memory_equal(&out->signature, &in.signature, sizeof(in.signature));
	assert_memory_equal(&out->signing_key_id, &in.signing_key_id, sizeof(in.signing_key_id));
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, wire_fixture_setup, wire_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_ledger_wire_records_every_act_and_one_at_a_time),
	    TEST(test_ledger_wire_document_record_names_an_org_for_a_card_only),
	    TEST(test_ledger_wire_statement_proves_its_place_or_claims_none),
	    TEST(test_ledger_wire_statement_has_a_place_or_a_signature),
	    TEST(test_ledger_wire_receipt_has_a_verdict_for_items_in_order),
	    TEST(test_ledger_wire_delivery_receipt_carries_what_was_signed),
	};

	return cmocka_run_group_tests_name("ledger wire", tests, NULL, NULL);
}
