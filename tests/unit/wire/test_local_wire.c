/* Requests and replies between a tool and its agent. */
#include "support/wire_fixture.h"

#include "wire/local_wire.h"

#define ID "018bcfe5-6800-7000-8000-000000000000.0"

static void
test_local_wire_send_carries_any_content_up_to_the_limit(void **state)
{
	struct wire_fixture *f = *state;
	uint8_t *content = calloc(1, CONSIGN_LOCAL_CONTENT_MAX_BYTES + 1);
	struct consign_org to[] = {{"globalcro"}, {"biomake"}};
	struct local_outgoing message = {.to = {.v = to, .n = 2},
	    .study = {"ACME-301"},
	    .type = {"x.note"},
	    .media_type = "text/plain",
	    .name = slice_text("Pr\xc3\xbc"
			       "fung.txt"),
	    .content = slice_of(content, CONSIGN_LOCAL_CONTENT_MAX_BYTES)};
	struct local_outgoing *messages[] = {&message};
	struct local_send send = {.messages = {.v = messages, .n = 1}};
	struct local_request in = {.number = 8, .send = &send}, *out;

	assert_non_null(content);
	ROUND_TRIP(f, local_request, &in, &out);
	assert_int_equal(out->number, 8);
	assert_string_equal(out->send->messages.v[0]->to.v[1].s, "biomake");
	assert_int_equal(out->send->messages.v[0]->label, 0);
	assert_true(slice_equal(out->send->messages.v[0]->content, message.content));
	message.content.len++;
	REFUSES_TO_ENCODE(f, local_request, &in);
	message.content.len = 0;
	ROUND_TRIP(f, local_request, &in, &out);
	message.to.n = 0;
	REFUSES_TO_ENCODE(f, local_request, &in);
	free(content);
}

static void
test_local_wire_frame_holds_the_most_messages_and_no_more(void **state)
{
	struct wire_fixture *f = *state;
	struct consign_org to[] = {{"globalcro"}};
	struct local_outgoing message = {.to = {.v = to, .n = 1}, .study = {"S"}, .type = {"x.n"}};
	struct local_outgoing *messages[CONSIGN_LOCAL_MESSAGES_MAX + 1];
	struct local_send send = {.messages = {.v = messages, .n = CONSIGN_LOCAL_MESSAGES_MAX}};
	struct local_request in = {.send = &send}, *out;

	for (size_t i = 0; i <= CONSIGN_LOCAL_MESSAGES_MAX; i++)
		messages[i] = &message;
	ROUND_TRIP(f, local_request, &in, &out);
	assert_int_equal(out->send->messages.n, CONSIGN_LOCAL_MESSAGES_MAX);
	send.messages.n++;
	REFUSES_TO_ENCODE(f, local_request, &in);
}

static void
test_local_wire_ids_are_message_ids(void **state)
{
	static const char *const bad[] = {"", "x", "018bcfe5-6800-7000-8000-000000000000",
	    "018bcfe5-6800-7000-8000-000000000000.512", "018bcfe5-6800-7000-8000-00000000000g.1",
	    "018bcfe5x6800-7000-8000-000000000000.1"};
	struct wire_fixture *f = *state;
	struct local_message_id ids[1] = {{ID}};
	struct local_ack ack = {.subscription = "default", .ids = {.v = ids, .n = 1}};
	struct local_request in = {.ack = &ack}, *out;

	ROUND_TRIP(f, local_request, &in, &out);
	assert_string_equal(out->ack->ids.v[0].s, ID);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(ids[0].s, bad[i]);
		REFUSES_TO_ENCODE(f, local_request, &in);
	}
}

static void
test_local_wire_watch_starts_somewhere_known(void **state)
{
	struct wire_fixture *f = *state;
	struct local_watch watch = {.subscription = "lims", .type = "x.*", .window = 64, .since = "now"};
	struct local_request in = {.watch = &watch}, *out;

	ROUND_TRIP(f, local_request, &in, &out);
	assert_string_equal(out->watch->since, "now");
	assert_string_equal(out->watch->study, "");
	strcpy(watch.since, "then");
	REFUSES_TO_ENCODE(f, local_request, &in);
	watch.since[0] = '\0';
	watch.window = 0;
	REFUSES_TO_ENCODE(f, local_request, &in);
}

static void
test_local_wire_questions_without_fields_are_still_asked(void **state)
{
	struct wire_fixture *f = *state;
	struct local_status status = {0};
	struct local_policy policy = {0};
	struct local_inbox inbox = {0};
	struct local_request *out;

	ROUND_TRIP(f, local_request, (&(struct local_request){.number = 1, .status = &status}), &out);
	assert_non_null(out->status);
	ROUND_TRIP(f, local_request, (&(struct local_request){.number = 2, .policy = &policy}), &out);
	assert_non_null(out->policy);
	ROUND_TRIP(f, local_request, (&(struct local_request){.number = 3, .inbox = &inbox}), &out);
	assert_string_equal(out->inbox->after, "");
	REFUSES_TO_ENCODE(f, local_request, (&(struct local_request){.number = 4}));
	REFUSES_TO_ENCODE(f, local_request, (&(struct local_request){.status = &status, .policy = &policy}));
}

static void
test_local_wire_replies_tell_what_happened(void **state)
{
	struct wire_fixture *f = *state;
	struct local_outcome outcome = {
	    .id = ID, .code = CONSIGN_CODE_POLICY_FORBIDDEN, .org = "sitecare", .rule = "no-unblinded"};
	struct local_outcome *outcomes[] = {&outcome};
	struct local_send_reply sent = {.outcomes = {.v = outcomes, .n = 1}};
	struct consign_org consignees[] = {{"globalcro"}};
	struct local_message message = {.id = ID,
	    .consignor = {"acme"},
	    .study = {"S"},
	    .type = {"x.n"},
	    .label = CONSIGN_LABEL_OPEN,
	    .content = slice_text("hello"),
	    .consignees = {.v = consignees, .n = 1}};
	struct local_show_reply show = {.message = &message};
	struct local_track_consignee consignee = {.org = {"globalcro"}, .state = "delivered", .position = 4};
	struct local_track_consignee *list[] = {&consignee};
	struct local_track_reply track = {
	    .id = ID, .state = "delivered", .consignees = {.v = list, .n = 1}, .study = {"S"}, .type = {"x.n"}};
	struct local_fact fact = {.name = "broker", .value = slice_text("connected")};
	struct local_fact *facts[] = {&fact};
	struct local_status_reply status = {.facts = {.v = facts, .n = 1}};
	struct local_error error = {.code = CONSIGN_CODE_NOT_FOUND, .hint = slice_text("consign inbox lists what there is")};
	struct local_reply *out;

	ROUND_TRIP(f, local_reply, &(struct local_reply){.send = &sent}, &out);
	assert_string_equal(out->send->outcomes.v[0]->rule, "no-unblinded");
	ROUND_TRIP(f, local_reply, &(struct local_reply){.show = &show}, &out);
	assert_true(slice_equal(out->show->message->content, slice_text("hello")));
	assert_string_equal(out->show->message->consignees.v[0].s, "globalcro");
	ROUND_TRIP(f, local_reply, &(struct local_reply){.track = &track}, &out);
	assert_string_equal(out->track->consignees.v[0]->state, "delivered");
	ROUND_TRIP(f, local_reply, &(struct local_reply){.status = &status}, &out);
	assert_string_equal(out->status->facts.v[0]->name, "broker");
	ROUND_TRIP(f, local_reply, &(struct local_reply){.error = &error}, &out);
	assert_int_equal(out->error->code, CONSIGN_CODE_NOT_FOUND);
	error.code = CONSIGN_CODE_LAST + 1;
	REFUSES_TO_ENCODE(f, local_reply, &(struct local_reply){.error = &error});
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, wire_fixture_setup, wire_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_local_wire_send_carries_any_content_up_to_the_limit),
	    TEST(test_local_wire_frame_holds_the_most_messages_and_no_more),
	    TEST(test_local_wire_ids_are_message_ids),
	    TEST(test_local_wire_watch_starts_somewhere_known),
	    TEST(test_local_wire_questions_without_fields_are_still_asked),
	    TEST(test_local_wire_replies_tell_what_happened),
	};

	return cmocka_run_group_tests_name("local wire", tests, NULL, NULL);
}
