#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"
#include "judging.h"
#include "sealing.h"

/* A consignment of lab.result items from acme, as verify.c hands it over. */
struct consignment {
	struct manifest m;
	struct manifest_consignee us, *consignees[1];
	struct manifest_item items[CONSIGN_BUNDLE_MAX_ITEMS], *list[CONSIGN_BUNDLE_MAX_ITEMS];
	struct verified v;
	struct buf body;
};

struct bench {
	struct fixture *f;
	struct consignment c;
	struct judge *judge;
	struct judged judged;
};

/* In the place of card.c and sealing.c, which would bring the whole agent. */
static const struct secret *our_seal_key;
static struct valid_key consignor_key;
static bool has_consignor_key;

const struct secret *
agent_seal_key(const struct agent *a, const struct consign_key_id *id)
{
	(void)a;
	(void)id;
	return our_seal_key;
}

const struct valid_key *
sealing_key_of(const struct agent *a, const char *org)
{
	(void)a;
	assert_string_equal(org, "acme");
	return has_consignor_key ? &consignor_key : NULL;
}

static int
setup(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	void *fixture;

	assert_non_null(b);
	assert_int_equal(fixture_setup(&fixture), 0);
	b->f = fixture;
	our_seal_key = b->f->seal_secret;
	has_consignor_key = true;
	consignor_key.key = b->f->seal_public; /* so that the test can open what is sealed to acme */
	assert_int_equal(seal_receiver_new(&b->f->agent.receiver), CONSIGN_OK);
	assert_int_equal(judge_new(&b->f->agent, &b->judge), CONSIGN_OK);
	*state = b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;
	void *fixture = b->f;

	judge_free(&b->judge);
	seal_receiver_free(&b->f->agent.receiver);
	buf_clear(&b->c.body);
	assert_int_equal(fixture_teardown(&fixture), 0);
	free(b);
	return 0;
}

/* Each payload as it is; of type lab.result. */
static void
seal_payloads(struct bench *b, const struct consign_slice *payloads, size_t n)
{
	struct consignment *c = &b->c;
	struct seal_context context = {.hub_id = b->f->agent.hub_id, .consignor_identity = b->f->identity_public[0], .attempt = 1};
	struct seal_session *session;
	struct secret *key;

	c->m = (struct manifest){.format = 1,
	    .suite = 1,
	    .hub_id = b->f->agent.hub_id,
	    .attempt = 1,
	    .label = CONSIGN_LABEL_OPEN,
	    .consignees = {c->consignees, 1},
	    .items = {c->list, n}};
	snprintf(c->m.consignor.s, sizeof c->m.consignor.s, "acme");
	c->us.org = b->f->agent.org;
	c->consignees[0] = &c->us;
	key_id_of(&b->f->seal_public, &c->us.seal_key_id);
	c->v = (struct verified){.outcome = VERIFY_TAKE, .manifest = &c->m, .consignor_identity = b->f->identity_public[0]};
	assert_int_equal(secret_new(&key), CONSIGN_OK);
	assert_int_equal(seal_session_new(&b->f->seal_public, 1, 0, &session), CONSIGN_OK);
	assert_int_equal(seal_begin(session, &context, key, &c->body), CONSIGN_OK);
	for (size_t i = 0; i < n; i++) {
		c->list[i] = &c->items[i];
		c->items[i].index = (uint32_t)i;
		snprintf(c->items[i].type.s, sizeof c->items[i].type.s, "lab.result");
		assert_int_equal(
		    seal_item(key, &context, (uint32_t)i, CONSIGN_LABEL_OPEN, payloads[i], &c->body, &c->items[i].commitment), CONSIGN_OK);
	}
	seal_session_free(&session);
	secret_free(&key);
}

/* A message as a payload; the bytes need not be one. */
static struct consign_slice
payload_of(struct bench *b, struct consign_slice message)
{
	struct payload p = {.version = 1, .content = message};
	struct buf plain = {0};
	struct consign_slice kept;

	assert_int_equal(payload_encode(&p, &plain), CONSIGN_OK);
	kept = arena_copy(b->f->arena, buf_slice(&plain));
	assert_non_null(kept.data);
	buf_clear(&plain);
	return kept;
}

/* A lab.result with nothing in it but so many references of no kind and no id: 6 problems, and two a reference. */
static struct consign_slice
hollow(struct bench *b, size_t references)
{
	struct buf event = {0}, message = {0};
	struct consign_slice payload;

	for (size_t i = 0; i < references; i++)
		assert_int_equal(buf_append(&event, slice_of("\x5a", 2)), CONSIGN_OK); /* field 11, no bytes */
	assert_int_equal(buf_append_u8(&message, 0x0a), CONSIGN_OK);
	assert_true(event.len < 128);
	assert_int_equal(buf_append_u8(&message, (uint8_t)event.len), CONSIGN_OK);
	assert_int_equal(buf_append(&message, buf_slice(&event)), CONSIGN_OK);
	payload = payload_of(b, buf_slice(&message));
	buf_clear(&event);
	buf_clear(&message);
	return payload;
}

/* What reception.c leaves for it when the manifest is as short as can be: a commitment and its frame for each item. */
static size_t
receipt_arena_bytes(const struct bench *b)
{
	return 3 * CONSIGN_PROBLEMS_MAX_BYTES + 2 * CONSIGN_UNPACK_BUDGET_BASE_BYTES + CONSIGN_UNPACK_BUDGET_PER_BYTE * b->c.m.items.n * 36;
}

static enum consign_err
judge(struct bench *b, size_t arena_bytes, struct arena **ret_arena)
{
	assert_int_equal(arena_new(arena_bytes, ret_arena), CONSIGN_OK);
	memset(&b->judged, 0, sizeof b->judged);
	return judge_mail(b->judge, &b->c.v, buf_slice(&b->c.body), *ret_arena, &b->judged);
}

static void
test_judging_names_what_is_wrong_with_each_item(void **state)
{
	struct bench *b = *state;
	struct consign_slice payloads[3] = {hollow(b, 0), slice_text("\xff\xff"), payload_of(b, slice_text("\xff\xff"))};
	struct arena *arena;

	seal_payloads(b, payloads, 3);
	assert_int_equal(judge(b, receipt_arena_bytes(b), &arena), CONSIGN_OK);
	assert_int_equal(b->judged.n, 3);
	assert_true(b->judged.has_key);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(b->judged.verdicts[i].outcome, ITEM_REJECTED);
		assert_int_equal(b->judged.verdicts[i].code, CONSIGN_CODE_TYPE_INVALID);
		assert_true(slice_equal(b->judged.verdicts[i].reason, slice_text("is not what its type demands")));
		assert_int_equal(b->judged.outcomes[i * INBOX_OUTCOME_BYTES], ITEM_REJECTED);
	}
	assert_int_equal(b->judged.problems.items.n, 3);
	assert_true(b->judged.problems.items.v[0]->problems.n > 5);
	assert_true(slice_equal(b->judged.problems.items.v[0]->problems.v[0]->path, slice_text("event.state")));
	assert_true(slice_equal(b->judged.problems.items.v[1]->problems.v[0]->rule, slice_text("payload")));
	assert_true(slice_equal(b->judged.problems.items.v[2]->problems.v[0]->rule, slice_text("encoding")));
	arena_free(&arena);
}

static void
test_judging_leaves_no_item_without_its_first_problems(void **state)
{
	struct bench *b = *state;
	struct consign_slice payloads[CONSIGN_BUNDLE_MAX_ITEMS];
	struct buf encoded = {0};
	struct arena *arena;

	for (size_t i = 0; i < CONSIGN_BUNDLE_MAX_ITEMS; i++)
		payloads[i] = hollow(b, 60);
	seal_payloads(b, payloads, CONSIGN_BUNDLE_MAX_ITEMS);
	assert_int_equal(judge(b, receipt_arena_bytes(b), &arena), CONSIGN_OK);
	assert_int_equal(b->judged.problems.items.n, CONSIGN_BUNDLE_MAX_ITEMS);
	for (size_t i = 0; i < CONSIGN_BUNDLE_MAX_ITEMS; i++) {
		assert_int_equal(b->judged.problems.items.v[i]->index, i);
		assert_true(b->judged.problems.items.v[i]->total > 120);
		assert_in_range(b->judged.problems.items.v[i]->problems.n, 2, 10);
	}
	assert_int_equal(problem_list_encode(&b->judged.problems, &encoded), CONSIGN_OK);
	assert_in_range(encoded.len, CONSIGN_PROBLEMS_MAX_BYTES / 2, CONSIGN_PROBLEMS_MAX_BYTES);
	buf_clear(&encoded);
	arena_free(&arena);
}

static void
test_judging_gives_one_bad_item_among_many_the_whole_room(void **state)
{
	struct bench *b = *state;
	struct consign_slice payloads[2] = {hollow(b, 60), slice_text("")};
	struct arena *arena;

	seal_payloads(b, payloads, 2);
	assert_int_equal(judge(b, receipt_arena_bytes(b), &arena), CONSIGN_OK);
	assert_int_equal(b->judged.problems.items.v[0]->problems.n, CONSIGN_PROBLEMS_MAX);
	assert_int_equal(b->judged.problems.items.v[1]->problems.n, 1);
	arena_free(&arena);
}

/* Two bytes a piece of a message: what unpacking them costs must not look like a lack of memory, or the mail comes again for ever. */
static void
test_judging_rejects_a_flood_of_empty_parts(void **state)
{
	struct bench *b = *state;
	const size_t n = 500000;
	uint8_t *message = malloc(4 + 2 * n);
	struct consign_slice payload;
	struct arena *arena;

	assert_non_null(message);
	memcpy(message, "\x0a\xc0\x84\x3d", 4); /* the event, of 1,000,000 bytes */
	for (size_t i = 0; i < n; i++)
		memcpy(message + 4 + 2 * i, "\x5a", 2);
	payload = payload_of(b, slice_of(message, 4 + 2 * n));
	free(message);
	seal_payloads(b, &payload, 1);
	assert_int_equal(judge(b, receipt_arena_bytes(b), &arena), CONSIGN_OK);
	assert_int_equal(b->judged.verdicts[0].code, CONSIGN_CODE_TYPE_INVALID);
	assert_int_equal(b->judged.problems.items.n, 1);
	arena_free(&arena);
}

static void
test_judging_lists_nothing_of_mail_that_is_refused_as_a_whole(void **state)
{
	struct bench *b = *state;
	struct consign_slice payload = hollow(b, 0);
	struct delivery_receipt_content content = {0};
	struct arena *arena;

	seal_payloads(b, &payload, 1);
	b->c.body.len--;
	assert_int_equal(judge(b, receipt_arena_bytes(b), &arena), CONSIGN_OK);
	assert_int_equal(b->judged.verdicts[0].code, CONSIGN_CODE_MALFORMED);
	assert_int_equal(b->judged.problems.items.n, 0);
	assert_int_equal(judge_seal_problems(&b->f->agent, &b->c.v, &b->judged, arena, &content), CONSIGN_OK);
	assert_int_equal(content.problems.len, 0);
	arena_free(&arena);
}

static void
test_judging_problems_are_left_out_when_the_consignor_has_no_seal_key(void **state)
{
	struct bench *b = *state;
	struct consign_slice payload = hollow(b, 0);
	struct delivery_receipt_content content = {0};
	struct arena *arena;

	has_consignor_key = false;
	seal_payloads(b, &payload, 1);
	assert_int_equal(judge(b, receipt_arena_bytes(b), &arena), CONSIGN_OK);
	assert_int_equal(judge_seal_problems(&b->f->agent, &b->c.v, &b->judged, arena, &content), CONSIGN_OK);
	assert_int_equal(content.problems.len, 0);
	assert_int_equal(content.problems_key_id.len, 0);
	arena_free(&arena);
}

static void
test_judging_seals_the_problems_so_that_the_consignor_reads_them(void **state)
{
	struct bench *b = *state;
	struct consign_slice payload = hollow(b, 60);
	struct delivery_receipt_content content = {0};
	struct consign_key_id id;
	struct problem_list *list = NULL;
	struct buf plain = {0};
	struct arena *arena;

	seal_payloads(b, &payload, 1);
	assert_int_equal(judge(b, receipt_arena_bytes(b), &arena), CONSIGN_OK);
	assert_int_equal(judge_seal_problems(&b->f->agent, &b->c.v, &b->judged, arena, &content), CONSIGN_OK);
	key_id_of(&consignor_key.key, &id);
	assert_true(slice_equal(content.problems_key_id, SLICE_ARRAY(id.b)));
	assert_in_range(content.problems.len, 1, CONSIGN_PROBLEMS_SEALED_MAX_BYTES);
	assert_null(memmem(content.problems.data, content.problems.len, "references", 10));
	assert_int_equal(unseal_note(b->f->seal_secret, &b->f->seal_public, content.problems, &plain), CONSIGN_OK);
	assert_int_equal(problem_list_decode(buf_slice(&plain), b->f->arena, &list), CONSIGN_OK);
	assert_int_equal(list->items.n, 1);
	assert_int_equal(list->items.v[0]->problems.n, CONSIGN_PROBLEMS_MAX);
	assert_int_equal(list->items.v[0]->total, b->judged.problems.items.v[0]->total);
	buf_clear(&plain);
	arena_free(&arena);
}

/* Two that are none, and a file. */
static void
seal_two_bad_and_a_file(struct bench *b, struct buf *file)
{
	struct payload p = {.media_type = "text/plain", .name = slice_text("a.txt"), .content = slice_text("hello")};
	struct consign_slice payloads[3] = {hollow(b, 0), payload_of(b, slice_text("\xff\xff")), {0}};

	assert_int_equal(payload_encode(&p, file), CONSIGN_OK);
	payloads[2] = buf_slice(file);
	seal_payloads(b, payloads, 3);
	snprintf(b->c.items[2].type.s, sizeof b->c.items[2].type.s, "x.file");
}

static void
test_judging_keeps_what_it_accepted_while_somebody_watches(void **state)
{
	struct bench *b = *state;
	struct recent *recent = b->f->agent.recent;
	struct inbox_query q = {.type = "", .study = "", .acked_by = "", .with_content = true, .acked_to = &(struct inbox_cursor){0},
	    .after = {7, 0}, .max = 10, .max_bytes = 1000};
	struct inbox_page page;
	struct buf file = {0};
	struct arena *arena;

	seal_two_bad_and_a_file(b, &file);
	assert_int_equal(judge(b, receipt_arena_bytes(b), &arena), CONSIGN_OK);
	assert_null(b->judged.kept);
	arena_free(&arena);
	recent_watch(recent);
	assert_int_equal(judge(b, receipt_arena_bytes(b), &arena), CONSIGN_OK);
	assert_non_null(b->judged.kept);
	recent_put(recent, &b->judged.kept, &(struct recent_row){.seq = 7, .position = 9});
	assert_null(b->judged.kept);
	assert_int_equal(recent_page(recent, &q, arena, &page), CONSIGN_OK);
	assert_int_equal(page.n, 1);
	assert_string_equal(page.messages[0]->type.s, "x.file");
	assert_string_equal(page.messages[0]->media_type, "text/plain");
	assert_true(slice_equal(page.messages[0]->name, slice_text("a.txt")));
	assert_true(slice_equal(page.messages[0]->content, slice_text("hello")));
	assert_int_equal(page.messages[0]->position, 9);
	assert_int_equal(page.places[0].idx, 2);
	recent_unwatch(recent);
	arena_free(&arena);
	buf_clear(&file);
}

static void
test_judging_keeps_no_item_of_mail_that_is_refused_as_a_whole(void **state)
{
	struct bench *b = *state;
	struct buf file = {0};
	struct arena *arena;

	recent_watch(b->f->agent.recent);
	seal_two_bad_and_a_file(b, &file);
	b->c.v.outcome = VERIFY_REJECT;
	b->c.v.code = CONSIGN_CODE_STALE_DOCUMENT;
	assert_int_equal(judge(b, receipt_arena_bytes(b), &arena), CONSIGN_OK);
	recent_put(b->f->agent.recent, &b->judged.kept, &(struct recent_row){.seq = 7});
	for (uint32_t i = 0; i < 3; i++)
		assert_false(recent_has(
		    b->f->agent.recent, &(struct inbox_cursor){7, i}, &(struct consign_message_id){b->c.m.consignment_id, i}));
	recent_unwatch(b->f->agent.recent);
	arena_free(&arena);
	buf_clear(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_judging_names_what_is_wrong_with_each_item, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judging_leaves_no_item_without_its_first_problems, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judging_gives_one_bad_item_among_many_the_whole_room, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judging_rejects_a_flood_of_empty_parts, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judging_lists_nothing_of_mail_that_is_refused_as_a_whole, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judging_keeps_what_it_accepted_while_somebody_watches, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judging_keeps_no_item_of_mail_that_is_refused_as_a_whole, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judging_problems_are_left_out_when_the_consignor_has_no_seal_key, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judging_seals_the_problems_so_that_the_consignor_reads_them, setup, teardown),
	};

	return cmocka_run_group_tests_name("judging", tests, NULL, NULL);
}
