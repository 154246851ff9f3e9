/* Reasons of documents: the one that was signed and no other, for all who demand everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stage_fixture.h"

/* The next of everything, with a reason; the document that a case is about: the root, the directory, the policy. */
static void
make_with_reason(struct fixture *t, struct published_document *ret_documents[3])
{
	t->f.reason = "four eyes saw it";
	ret_documents[1] = fixture_directory(&t->f, FIXTURE_ALL_SIGN)->bundle->head;
	ret_documents[2] = fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN)->bundle->head;
	ret_documents[0] = fixture_root(&t->f, FIXTURE_ALL_SIGN)->document;
	fixture_publish_all(&t->f);
}

static enum consign_err
stage_all(struct fixture *t)
{
	return stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN);
}

static void
test_stage_refuses_any_reason_but_the_one_that_was_signed(void **state)
{
	struct fixture *t = *state;
	struct published_document *documents[3];

	make_with_reason(t, documents);
	for (size_t i = 0; i < 3; i++) {
		struct reason *good = documents[i]->reason, altered = *good;

		documents[i]->reason = &altered;
		altered.text = slice_text("nobody saw it");
		assert_int_equal(stage_all(t), CONSIGN_E_BAD_SIGNATURE);
		assert_int_equal(stage_fresh(t, fixture_all(&t->f, 0)), CONSIGN_E_BAD_SIGNATURE); /* an organisation, too */
		altered.text = good->text;
		altered.salt.b[0] ^= 1;
		assert_int_equal(stage_all(t), CONSIGN_E_BAD_SIGNATURE);
		documents[i]->reason = good;
	}
	assert_int_equal(stage_all(t), CONSIGN_OK);
	assert_true(slice_equal(hub_root(t->hub)->root->reason, slice_text("four eyes saw it")));
	assert_true(slice_equal(hub_directory(t->hub)->head->reason, slice_text("four eyes saw it")));
	assert_true(slice_equal(hub_policy(t->hub)->head->reason, slice_text("four eyes saw it")));
}

/* Who demands everything is not put off with a digest; an organisation gets no more. */
static void
test_stage_demands_the_reason_for_who_has_to_have_everything(void **state)
{
	struct fixture *t = *state;
	struct published_document *documents[3];

	make_with_reason(t, documents);
	for (size_t i = 0; i < 3; i++) {
		struct reason *good = documents[i]->reason;

		documents[i]->reason = NULL;
		assert_int_equal(stage_all(t), CONSIGN_E_DENIED);
		assert_int_equal(stage_fresh(t, fixture_all(&t->f, 0)), CONSIGN_OK);
		documents[i]->reason = good;
	}
	assert_int_equal(stage_all(t), CONSIGN_OK);
}

static void
test_stage_refuses_a_reason_where_none_was_signed(void **state)
{
	struct fixture *t = *state;
	struct reason invented = {.text = slice_text("words put into their mouths")};
	struct fixture_document *root = fixture_root(&t->f, FIXTURE_ALL_SIGN), *card = fixture_card(&t->f, "bolt");

	fixture_publish_all(&t->f);
	root->document->reason = &invented;
	assert_int_equal(stage_all(t), CONSIGN_E_BAD_SIGNATURE);
	root->document->reason = NULL;
	card->document->reason = &invented;
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_MALFORMED);
	card->document->reason = NULL;
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGE_TEST(test_stage_refuses_any_reason_but_the_one_that_was_signed),
	    STAGE_TEST(test_stage_demands_the_reason_for_who_has_to_have_everything),
	    STAGE_TEST(test_stage_refuses_a_reason_where_none_was_signed),
	};

	return cmocka_run_group_tests_name("trust/stage_reasons", tests, NULL, NULL);
}
