/* Commands between a peer and the broker. */
#include "support/wire_fixture.h"

#include "core/sign.h"
#include "wire/session_wire.h"

static void
test_session_wire_hello_is_signed_unless_joining(void **state)
{
	struct wire_fixture *f = *state;
	uint8_t bytes[64] = {1};
	struct session_hello hello = {.party = PARTY_AGENT,
	    .name = "globalcro",
	    .key_id = slice_of(bytes, 16),
	    .signature = slice_of(bytes, 64),
	    .window_consignments = 64,
	    .software = "consign/0.1.0"};
	struct session_command in = {.hello = &hello}, *out;

	ROUND_TRIP(f, session_command, &in, &out);
	assert_string_equal(out->hello->name, "globalcro");
	assert_int_equal(out->hello->signature.len, 64);
	assert_null(out->hello->checkpoint);
	hello.party = PARTY_JOINING;
	REFUSES_TO_ENCODE(f, session_command, &in);
	hello.key_id.len = hello.signature.len = 0;
	ROUND_TRIP(f, session_command, &in, &out);
	hello.party = PARTY_ADMIN;
	REFUSES_TO_ENCODE(f, session_command, &in);
	hello.key_id.len = 15;
	hello.signature.len = 64;
	REFUSES_TO_ENCODE(f, session_command, &in);
}

static void
test_session_wire_small_commands_keep_their_numbers(void **state)
{
	struct wire_fixture *f = *state;
	struct session_challenge challenge = {.version = 1, .now_us = NOON_US};
	struct session_welcome welcome = {
	    .now_us = NOON_US, .epoch = 5, .window_bytes = CONSIGN_WINDOW_BYTES, .mailbox_position = 9};
	struct session_fetch fetch = {.root_after = 3, .card_org = "acme", .redeliver_from = INT64_MAX};
	struct session_submit submit = {.sequence = 0};
	struct session_release release = {.consignment_id = {{7}}};
	struct session_try_later later = {.sequence = 2, .code = CONSIGN_CODE_DISK_FULL, .retry_ms = 500};
	struct session_credit credit = {.consignments = 3, .bytes = 4};
	struct session_command *out;

	ROUND_TRIP(f, session_command, &(struct session_command){.challenge = &challenge}, &out);
	assert_int_equal(out->challenge->now_us, NOON_US);
	ROUND_TRIP(f, session_command, &(struct session_command){.welcome = &welcome}, &out);
	assert_int_equal(out->welcome->window_bytes, CONSIGN_WINDOW_BYTES);
	ROUND_TRIP(f, session_command, &(struct session_command){.fetch = &fetch}, &out);
	assert_int_equal(out->fetch->redeliver_from, INT64_MAX);
	ROUND_TRIP(f, session_command, &(struct session_command){.submit = &submit}, &out);
	assert_int_equal(f->bytes.len, 2); /* present and empty: all its fields are 0 */
	assert_int_equal(out->submit->sequence, 0);
	ROUND_TRIP(f, session_command, &(struct session_command){.release = &release}, &out);
	assert_int_equal(out->release->consignment_id.b[0], 7);
	ROUND_TRIP(f, session_command, &(struct session_command){.try_later = &later}, &out);
	assert_string_equal(out->try_later->org, "");
	ROUND_TRIP(f, session_command, &(struct session_command){.credit = &credit}, &out);
	assert_int_equal(out->credit->bytes, 4);
}

struct published {
	struct doc_signature signature;
	struct doc_signature *signatures[1];
	struct signed_document document;
	struct leaf leaf;
	struct proof path;
	struct published_document published;
};

static void
make_published(struct published *p, uint32_t kind)
{
	*p = (struct published){0};
	p->signatures[0] = &p->signature;
	p->document =
	    (struct signed_document){.kind = kind, .content = slice_text("content"), .signatures = {.v = p->signatures, .n = 1}};
	p->leaf = (struct leaf){.index = 2, .record = slice_text("record")};
	p->published = (struct published_document){.document = &p->document, .leaf = &p->leaf, .path = &p->path};
}

static void
test_session_wire_documents_come_with_their_leaves_or_before_they_have_one(void **state)
{
	struct wire_fixture *f = *state;
	struct published root, head;
	struct published_document *roots[] = {&root.published};
	struct consign_slice parts[2] = {slice_text("part"), slice_text("other part")};
	struct sliced_bundle bundle = {.head = &head.published, .parts = {.v = parts, .n = 2}};
	struct sliced_bundle *bundles[] = {&bundle};
	struct session_documents in = {.roots = {.v = roots, .n = 1}, .directories = {.v = bundles, .n = 1}}, *out;
	struct session_publish publish = {.documents = &in, .request = 6};
	struct session_command command = {.publish = &publish}, *command_out;

	make_published(&root, SIGN_ROOT);
	make_published(&head, SIGN_DIRECTORY);
	ROUND_TRIP(f, session_documents, &in, &out);
	assert_true(slice_equal(out->directories.v[0]->parts.v[1], slice_text("other part")));
	assert_int_equal(out->roots.v[0]->document->kind, SIGN_ROOT);
	assert_int_equal(out->policies.n, 0);
	root.published.leaf = head.published.leaf = NULL;
	REFUSES_TO_ENCODE(f, session_documents, &in);
	root.published.path = head.published.path = NULL;
	ROUND_TRIP(f, session_command, &command, &command_out);
	assert_null(command_out->publish->documents->roots.v[0]->leaf);
	bundle.head = NULL;
	REFUSES_TO_ENCODE(f, session_documents, &in);
}

static void
test_session_wire_answers_with_a_place_bring_the_checkpoint(void **state)
{
	struct wire_fixture *f = *state;
	struct leaf leaf = {.record = slice_text("record")};
	struct statement statement = {.leaf = &leaf, .has_place = 1};
	struct consign_signature signature = {{1}};
	struct checkpoint_update checkpoint = {.note = slice_text("consign.hub/00\n1\nAA==\n")};
	struct session_answer answer = {.sequence = 1, .statement = &statement};
	struct session_answer *list[] = {&answer};
	struct session_answers answers = {.answers = {.v = list, .n = 1}, .checkpoint = &checkpoint};
	struct settlement settlement = {.statement = &statement};
	struct settlement *settlements[] = {&settlement};
	struct session_settled settled = {.settlements = {.v = settlements, .n = 1}, .checkpoint = &checkpoint, .cursor = 4};
	struct session_deliver deliver = {.position = 1, .statement = &statement, .checkpoint = &checkpoint};
	struct session_command *out;

	ROUND_TRIP(f, session_command, &(struct session_command){.answers = &answers}, &out);
	assert_int_equal(out->answers->answers.v[0]->statement->has_place, 1);
	ROUND_TRIP(f, session_command, &(struct session_command){.settled = &settled}, &out);
	assert_null(out->settled->settlements.v[0]->receipt);
	ROUND_TRIP(f, session_command, &(struct session_command){.deliver = &deliver}, &out);
	assert_null(out->deliver->tombstone);
	answers.checkpoint = settled.checkpoint = deliver.checkpoint = NULL;
	REFUSES_TO_ENCODE(f, session_command, &(struct session_command){.answers = &answers});
	REFUSES_TO_ENCODE(f, session_command, &(struct session_command){.settled = &settled});
	REFUSES_TO_ENCODE(f, session_command, &(struct session_command){.deliver = &deliver});
	statement.has_place = 0;
	statement.signature = SLICE_ARRAY(signature.b);
	ROUND_TRIP(f, session_command, &(struct session_command){.answers = &answers}, &out);
	assert_null(out->answers->checkpoint);
	REFUSES_TO_ENCODE(f, session_command, &(struct session_command){.settled = &settled});
	REFUSES_TO_ENCODE(f, session_command, &(struct session_command){.deliver = &deliver});
}

static void
test_session_wire_joins_reply_may_be_empty(void **state)
{
	struct wire_fixture *f = *state;
	struct invite_notice notice = {.org = {"acme"}, .expires_us = LATER_US};
	struct invite_notice *notices[] = {&notice};
	struct session_joins_reply reply = {.request = 3};
	struct session_command in = {.joins_reply = &reply}, *out;

	ROUND_TRIP(f, session_command, &in, &out);
	assert_int_equal(out->joins_reply->joins.n, 0);
	reply.invites.v = notices;
	reply.invites.n = 1;
	ROUND_TRIP(f, session_command, &in, &out);
	assert_string_equal(out->joins_reply->invites.v[0]->org.s, "acme");
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, wire_fixture_setup, wire_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_session_wire_hello_is_signed_unless_joining),
	    TEST(test_session_wire_small_commands_keep_their_numbers),
	    TEST(test_session_wire_documents_come_with_their_leaves_or_before_they_have_one),
	    TEST(test_session_wire_answers_with_a_place_bring_the_checkpoint),
	    TEST(test_session_wire_joins_reply_may_be_empty),
	};

	return cmocka_run_group_tests_name("session wire", tests, NULL, NULL);
}
